/* Value: verdict 1 | nxdomain 1 | fault 1 | no_name 1 | epoch of the verdict 2 | stored_s 4 | ttl 4
 *   | flat list of the authority section. */
#include "cache/flat.h"
#include "cache/inner.h"

#define HEAD_LEN 14u

static bool get_one(struct cache *c, const uint8_t *key, size_t key_len, uint32_t now_s, struct arena *a,
    struct negative *out)
{
    size_t len;
    const uint8_t *value = store_get_copy(c->store, STORE_NEGATIVE, key, key_len, now_s, a, &len);
    if (!value)
        return false;
    struct reader r = reader_of(value, len);
    *out = (struct negative){.verdict = read_u8(&r)};
    out->nxdomain = read_u8(&r) != 0;
    out->fault = read_u8(&r);
    out->no_name = read_u8(&r) != 0;
    if (read_u16(&r) != cache_verdicts_epoch(c)) {
        out->verdict = VERDICT_UNCHECKED;
        out->fault = 0;
    }
    out->stored_s = read_u32(&r);
    uint32_t elapsed = cache_elapsed(out->stored_s, now_s);
    out->ttl = cache_left(read_u32(&r), elapsed);
    if (!flat_read_list(&r, &out->authority, a))
        return false;
    /* No part of it is believed for longer than the whole: RFC 2308 5, RFC 9077. */
    for (size_t i = 0; i < out->authority.count; i++) {
        struct rrset *rs = out->authority.items[i];
        rs->stored_s = out->stored_s;
        rs->ttl = cache_left(rs->ttl, elapsed);
        if (rs->ttl > out->ttl)
            rs->ttl = out->ttl;
    }
    return true;
}

bool cache_negative_get(struct cache *c, const name_t *name, uint16_t type, uint16_t class, uint32_t now_s,
    struct arena *a, struct negative *out)
{
    uint8_t key[CACHE_KEY_MAX];
    size_t key_len = cache_key(key, name, 0, class);
    if (get_one(c, key, key_len, now_s, a, out))
        return true;
    if (type == 0)
        return false;
    put_u16(key + key_len - 4, type);
    return get_one(c, key, key_len, now_s, a, out);
}

bool cache_negative_newer(struct cache *c, const name_t *name, uint16_t type, uint16_t class, uint32_t now_s,
    struct arena *a, struct negative *out)
{
    uint8_t key[CACHE_KEY_MAX];
    size_t key_len = cache_key(key, name, 0, class);
    struct negative nodata;
    bool nxdomain = get_one(c, key, key_len, now_s, a, out);
    put_u16(key + key_len - 4, type);
    if (!get_one(c, key, key_len, now_s, a, &nodata))
        return nxdomain;
    if (!nxdomain || nodata.stored_s > out->stored_s)
        *out = nodata;
    return true;
}

/* As with RRsets of one rank: what is not proven does not replace what is. */
struct newcomer {
    uint8_t verdict;
    uint16_t epoch;
};

static bool not_better(const void *old, size_t old_len, void *ctx)
{
    const struct newcomer *new = ctx;
    struct reader r = reader_of(old, old_len);
    uint8_t verdict = read_u8(&r);
    read_octets(&r, 3);
    return verdict != VERDICT_SECURE || read_u16(&r) != new->epoch || new->verdict == VERDICT_SECURE;
}

void cache_negative_put(struct cache *c, const name_t *name, uint16_t type, uint16_t class,
    const struct negative *n, uint32_t now_s)
{
    uint32_t most = atomic_load_explicit(&c->common->negative_max, memory_order_relaxed);
    uint32_t ttl = cache_bound_ttl(n->ttl, most);
    size_t len = HEAD_LEN + flat_list_len(&n->authority);
    if (ttl == 0 || n->authority.count > UINT16_MAX || len > RRSET_OCTETS_MAX)
        return;
    uint8_t key[CACHE_KEY_MAX];
    size_t key_len = cache_key(key, name, n->nxdomain ? 0 : type, class);
    struct newcomer new = {.verdict = n->verdict, .epoch = cache_verdicts_epoch(c)};
    struct flat_room room;
    struct writer w = flat_room_init(&room, len);
    write_u8(&w, n->verdict);
    write_u8(&w, n->nxdomain);
    write_u8(&w, n->fault);
    write_u8(&w, n->no_name);
    write_u16(&w, new.epoch);
    write_u32(&w, now_s);
    write_u32(&w, ttl);
    write_u16(&w, (uint16_t)n->authority.count);
    for (size_t i = 0; i < n->authority.count; i++)
        flat_write_rrset(&w, n->authority.items[i], cache_bound_ttl(n->authority.items[i]->ttl, most));
    if (n->nxdomain)
        cache_depth_set(c, DEPTH_NXDOMAIN, name);
    store_put(c->store, STORE_NEGATIVE, key, key_len, w.data, w.pos, cache_expiry(now_s, ttl), now_s,
        not_better, &new);
    flat_room_fini(&room);
}
