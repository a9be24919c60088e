/* Values: server_facts as srtt_ms 2 | rttvar_ms 2 | timeouts 1 | edns 1 | case_broken 1 | heard 1 | loss 1 |
 * lame_somewhere 1 | cookie_known 1; lameness is one octet. */
#include <string.h>

#include "cache/inner.h"

#define ADDR_KEY_LEN 17u
#define SERVER_KEY_LEN (ADDR_KEY_LEN + 6u)
#define FACTS_LEN 11u
#define EDNS_AT 5u
#define LAME_AT 9u
#define COOKIE_AT 10u

static void addr_key(uint8_t key[ADDR_KEY_LEN], const struct addr *addr)
{
    key[0] = addr->family;
    memcpy(key + 1, addr->ip, sizeof addr->ip);
}

static void server_key(uint8_t key[SERVER_KEY_LEN], const struct endpoint *server)
{
    addr_key(key, &server->addr);
    put_u16(key + ADDR_KEY_LEN, server->port);
    put_u32(key + ADDR_KEY_LEN + 2, server->scope);
}

void cache_server_get(
    struct cache *c, const struct endpoint *server, uint32_t now_s, struct server_facts *out)
{
    uint8_t key[SERVER_KEY_LEN];
    server_key(key, server);
    uint8_t value[FACTS_LEN];
    struct reader r =
        reader_of(value, store_get(c->store, STORE_SERVER, key, sizeof key, value, sizeof value, now_s));
    /* Of an unknown server every read gives 0. */
    *out = (struct server_facts){.srtt_ms = read_u16(&r)};
    out->rttvar_ms = read_u16(&r);
    out->timeouts = read_u8(&r);
    out->edns = read_u8(&r);
    out->case_broken = read_u8(&r);
    out->heard = read_u8(&r);
    out->loss = read_u8(&r);
    out->lame_somewhere = read_u8(&r);
    out->cookie_known = read_u8(&r);
}

/* EDNS that worked once is never believed broken: a forged FORMERR would cost a signed zone its signatures
 * (threat P13). What is to be looked for elsewhere is not forgotten by who did not know it yet. */
static bool keep_old(const void *old, size_t old_len, void *ctx)
{
    const uint8_t *before = old;
    uint8_t *value = ctx;
    if (old_len == FACTS_LEN && before[EDNS_AT] == EDNS_FACT_WORKS && value[EDNS_AT] == EDNS_FACT_BROKEN)
        value[EDNS_AT] = EDNS_FACT_WORKS;
    if (old_len == FACTS_LEN) {
        value[LAME_AT] |= before[LAME_AT];
        value[COOKIE_AT] |= before[COOKIE_AT];
    }
    return true;
}

void cache_server_put(
    struct cache *c, const struct endpoint *server, const struct server_facts *facts, uint32_t now_s)
{
    uint8_t key[SERVER_KEY_LEN];
    server_key(key, server);
    uint8_t value[FACTS_LEN];
    struct writer w = writer_of(value, sizeof value);
    write_u16(&w, facts->srtt_ms);
    write_u16(&w, facts->rttvar_ms);
    write_u8(&w, facts->timeouts);
    write_u8(&w, facts->edns);
    write_u8(&w, facts->case_broken);
    write_u8(&w, facts->heard);
    write_u8(&w, facts->loss);
    write_u8(&w, facts->lame_somewhere);
    write_u8(&w, facts->cookie_known);
    store_put(c->store, STORE_SERVER, key, sizeof key, value, sizeof value,
        cache_expiry(now_s, SERVER_FACTS_TTL), now_s, keep_old, value);
}

static size_t lame_key(uint8_t key[CACHE_KEY_MAX], const name_t *zone, const struct addr *addr)
{
    size_t n = name_lower_copy(key, zone);
    addr_key(key + n, addr);
    return n + ADDR_KEY_LEN;
}

bool cache_lame_get(struct cache *c, const name_t *zone, const struct addr *addr, uint32_t now_s)
{
    uint8_t key[CACHE_KEY_MAX], lame;
    size_t key_len = lame_key(key, zone, addr);
    return store_get(c->store, STORE_LAME, key, key_len, &lame, sizeof lame, now_s) > 0;
}

void cache_lame_put(struct cache *c, const name_t *zone, const struct addr *addr, uint32_t now_s)
{
    uint8_t key[CACHE_KEY_MAX], lame = 1;
    size_t key_len = lame_key(key, zone, addr);
    store_put(c->store, STORE_LAME, key, key_len, &lame, sizeof lame, cache_expiry(now_s, LAME_TTL), now_s,
        NULL, NULL);
}

/* ---- all of them: choosers of items that choose none ---- */

struct servers {
    struct endpoint *out;
    size_t cap, count;
};

static bool see_server(enum store_kind kind, const void *key, size_t key_len, void *ctx)
{
    struct servers *s = ctx;
    if (kind != STORE_SERVER || key_len != SERVER_KEY_LEN)
        return false;
    if (s->count < s->cap) {
        struct reader r = reader_of(key, key_len);
        struct endpoint *e = &s->out[s->count];
        e->addr.family = read_u8(&r);
        memcpy(e->addr.ip, read_octets(&r, sizeof e->addr.ip), sizeof e->addr.ip);
        e->port = read_u16(&r);
        e->scope = read_u32(&r);
    }
    s->count++;
    return false;
}

size_t cache_servers(struct cache *c, struct endpoint *out, size_t cap)
{
    struct servers s = {.out = out, .cap = cap};
    store_remove_where(c->store, see_server, &s);
    return s.count;
}

#define LAME_ZONES_MAX 256u

struct lame_zones {
    uint8_t addr[ADDR_KEY_LEN];
    size_t count;
    name_t zones[LAME_ZONES_MAX][NAME_MAX_LEN];
};

static bool see_lame_zone(enum store_kind kind, const void *key, size_t key_len, void *ctx)
{
    struct lame_zones *l = ctx;
    const uint8_t *octets = key;
    if (kind != STORE_LAME || l->count == LAME_ZONES_MAX || key_len < ADDR_KEY_LEN + 1u ||
        memcmp(octets + key_len - ADDR_KEY_LEN, l->addr, ADDR_KEY_LEN) != 0)
        return false;
    memcpy(l->zones[l->count++], octets, key_len - ADDR_KEY_LEN);
    return false;
}

void cache_lame_zones(struct cache *c, const struct addr *addr, uint32_t now_s,
    void (*fn)(void *ctx, const name_t *zone), void *ctx)
{
    struct lame_zones *l = mem_alloc(sizeof *l);
    addr_key(l->addr, addr);
    store_remove_where(c->store, see_lame_zone, l);
    for (size_t i = 0; i < l->count; i++)
        if (cache_lame_get(c, l->zones[i], addr, now_s))
            fn(ctx, l->zones[i]);
    mem_free(l);
}
