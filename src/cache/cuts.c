/* Value:
 *
 *   stored_s 4 | ttl 4 | flags 1 | fault 1 | epoch of the verdict 2 | zone
 *   | servers 1 | (name | addresses 1 | (family 1 | address 4 or 16) for each address) for each server
 *   | flat list of the proofs */
#include <string.h>

#include "cache/flat.h"
#include "cache/inner.h"

#define FLAG_LISTED_MANY 1u
#define FLAG_HINT 2u
#define FLAG_INSECURE 4u
#define FIXED_LEN 13u

/* ---- reading ---- */

static bool read_addr(struct reader *r, struct addr *out)
{
    out->family = read_u8(r);
    if (out->family != FAMILY_V4 && out->family != FAMILY_V6)
        r->bad = true;
    const uint8_t *ip = read_octets(r, addr_len(out));
    if (ip)
        memcpy(out->ip, ip, addr_len(out));
    return ip != NULL;
}

static bool read_server(struct reader *r, struct cut_server *out)
{
    out->name = flat_read_name(r);
    out->addr_count = read_u8(r);
    if (out->addr_count > DELEGATION_ADDRS_PER_NAME)
        r->bad = true;
    for (unsigned i = 0; i < out->addr_count && !r->bad; i++)
        read_addr(r, &out->addrs[i]);
    return !r->bad;
}

static struct cut *read_cut(
    const struct cache *c, const uint8_t *value, size_t len, uint32_t now_s, struct arena *a)
{
    struct reader r = reader_of(value, len);
    struct cut *cut = ARENA_NEW(a, struct cut);
    uint32_t elapsed = cache_elapsed(read_u32(&r), now_s);
    cut->ttl = cache_left(read_u32(&r), elapsed);
    cut->age_s = elapsed;
    uint8_t flags = read_u8(&r);
    cut->listed_many = (flags & FLAG_LISTED_MANY) != 0;
    cut->hint = (flags & FLAG_HINT) != 0;
    cut->insecure = (flags & FLAG_INSECURE) != 0;
    cut->fault = read_u8(&r);
    if (read_u16(&r) != cache_verdicts_epoch(c))
        cut->insecure = false;
    cut->zone = flat_read_name(&r);
    cut->server_count = read_u8(&r);
    if (r.bad || cut->server_count > DELEGATION_NAMES_MAX)
        return NULL;
    cut->servers = ARENA_ARRAY(a, struct cut_server, cut->server_count);
    for (unsigned i = 0; i < cut->server_count; i++) {
        if (!read_server(&r, &cut->servers[i]))
            return NULL;
    }
    if (!flat_read_list(&r, &cut->proofs, a))
        return NULL;
    for (size_t i = 0; i < cut->proofs.count; i++)
        cut->proofs.items[i]->ttl = cache_left(cut->proofs.items[i]->ttl, elapsed);
    return cut;
}

static struct cut *get_one(
    struct cache *c, const uint8_t *key, size_t key_len, uint32_t now_s, struct arena *a)
{
    size_t len;
    const uint8_t *value = store_get_copy(c->store, STORE_CUT, key, key_len, now_s, a, &len);
    return value ? read_cut(c, value, len, now_s, a) : NULL;
}

struct cut *cache_cut_get(struct cache *c, const name_t *zone, uint32_t now_s, struct arena *a)
{
    name_t key[NAME_MAX_LEN];
    size_t key_len = name_lower_copy(key, zone);
    return get_one(c, key, key_len, now_s, a);
}

struct cut *cache_cut_deepest(struct cache *c, const name_t *name, uint32_t now_s, struct arena *a)
{
    name_t key[NAME_MAX_LEN];
    size_t left = name_lower_copy(key, name);
    unsigned labels = name_labels(key);
    /* Each step takes the first label off, the last one looks for the root. */
    for (const name_t *p = key;; left -= 1u + *p, p += 1u + *p, labels--) {
        struct cut *cut = cache_may_be_at(c, DEPTH_CUT, labels) ? get_one(c, p, left, now_s, a) : NULL;
        if (cut || *p == 0)
            return cut;
    }
}

/* ---- writing ---- */

static size_t cut_len(const struct cut *cut)
{
    size_t n = FIXED_LEN + name_len(cut->zone) + flat_list_len(&cut->proofs);
    for (unsigned i = 0; i < cut->server_count; i++) {
        const struct cut_server *s = &cut->servers[i];
        n += name_len(s->name) + 1;
        for (unsigned k = 0; k < s->addr_count; k++)
            n += 1 + addr_len(&s->addrs[k]);
    }
    return n;
}

static void write_server(struct writer *w, const struct cut_server *s)
{
    write_octets(w, s->name, name_len(s->name));
    write_u8(w, (uint8_t)s->addr_count);
    for (unsigned k = 0; k < s->addr_count; k++) {
        write_u8(w, s->addrs[k].family);
        write_octets(w, s->addrs[k].ip, addr_len(&s->addrs[k]));
    }
}

static bool has_room(const struct cut *cut)
{
    if (cut->server_count > DELEGATION_NAMES_MAX || cut->proofs.count > UINT16_MAX)
        return false;
    for (unsigned i = 0; i < cut->server_count; i++) {
        if (cut->servers[i].addr_count > DELEGATION_ADDRS_PER_NAME)
            return false;
    }
    return true;
}

void cache_cut_put(struct cache *c, const struct cut *cut, uint32_t now_s)
{
    /* Not raised to ttl_min: the referral's TTL was, before the delegation of the zone above bounded it. */
    uint32_t most = atomic_load_explicit(&c->common->ttl_max, memory_order_relaxed);
    uint32_t ttl = cut->ttl > TTL_WIRE_MAX ? 0 : cut->ttl < most ? cut->ttl : most;
    if (ttl == 0 || !has_room(cut))
        return;
    size_t len = cut_len(cut);
    if (len > RRSET_OCTETS_MAX)
        return;
    name_t key[NAME_MAX_LEN];
    size_t key_len = name_lower_copy(key, cut->zone);
    struct flat_room room;
    struct writer w = flat_room_init(&room, len);
    write_u32(&w, now_s);
    write_u32(&w, ttl);
    write_u8(&w, (uint8_t)((cut->listed_many ? FLAG_LISTED_MANY : 0) | (cut->hint ? FLAG_HINT : 0) |
                           (cut->insecure ? FLAG_INSECURE : 0)));
    write_u8(&w, cut->fault);
    write_u16(&w, cache_verdicts_epoch(c));
    write_octets(&w, cut->zone, name_len(cut->zone));
    write_u8(&w, (uint8_t)cut->server_count);
    for (unsigned i = 0; i < cut->server_count; i++)
        write_server(&w, &cut->servers[i]);
    write_u16(&w, (uint16_t)cut->proofs.count);
    for (size_t i = 0; i < cut->proofs.count; i++) {
        const struct rrset *rs = cut->proofs.items[i];
        flat_write_rrset(&w, rs, cache_bound_ttl(rs->ttl, most));
    }
    cache_depth_set(c, DEPTH_CUT, cut->zone);
    store_put(c->store, STORE_CUT, key, key_len, w.data, w.pos, cache_expiry(now_s, ttl), now_s, NULL, NULL);
    flat_room_fini(&room);
}

void cache_cut_remove(struct cache *c, const name_t *zone)
{
    name_t key[NAME_MAX_LEN];
    size_t key_len = name_lower_copy(key, zone);
    store_remove(c->store, STORE_CUT, key, key_len);
}
