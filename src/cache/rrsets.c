/* Value: rank 1 | verdict 1 | epoch of the verdict 2 | stored_s 4 | length of the owner 1 | owner | flat
 * body. The owner is there only if it is not all in lower case, as the key has it. */
#include <string.h>

#include "cache/flat.h"
#include "cache/inner.h"
#include "dns/rrtype.h"

#define HEAD_LEN 9u

struct rrset *cache_rrset_get(
    struct cache *c, const name_t *owner, uint16_t type, uint16_t class, uint32_t now_s, struct arena *a)
{
    uint8_t key[CACHE_KEY_MAX];
    size_t key_len = cache_key(key, owner, type, class);
    size_t len;
    const uint8_t *value = store_get_copy(c->store, STORE_RRSET, key, key_len, now_s, a, &len);
    if (!value)
        return NULL;
    struct rrset *rs = ARENA_NEW(a, struct rrset);
    struct reader r = reader_of(value, len);
    rs->type = type;
    rs->class = class;
    rs->rank = read_u8(&r);
    rs->verdict = read_u8(&r);
    if (read_u16(&r) != cache_verdicts_epoch(c))
        rs->verdict = VERDICT_UNCHECKED;
    uint32_t stored_s = rs->stored_s = read_u32(&r);
    rs->owner = read_u8(&r) ? flat_read_name(&r) : arena_copy(a, key, key_len - 4);
    if (!flat_read_body(&r, rs, a))
        return NULL;
    rs->ttl = cache_left(rs->ttl, cache_elapsed(stored_s, now_s));
    for (size_t i = 0; rs->proofs && i < rs->proofs->count; i++) {
        struct rrset *proof = rs->proofs->items[i];
        proof->ttl = cache_left(proof->ttl, cache_elapsed(stored_s, now_s));
    }
    return rs;
}

struct newcomer {
    const struct rrset *rs;
    uint16_t epoch;
};

static bool outranked(const void *old, size_t old_len, void *ctx)
{
    const struct newcomer *new = ctx;
    struct reader r = reader_of(old, old_len);
    uint8_t rank = read_u8(&r), verdict = read_u8(&r);
    if (rank != new->rs->rank)
        return new->rs->rank > rank;
    return verdict != VERDICT_SECURE || read_u16(&r) != new->epoch || new->rs->verdict == VERDICT_SECURE;
}

void cache_rrset_put(struct cache *c, const struct rrset *rs, uint32_t now_s)
{
    uint32_t ttl = cache_bound_ttl(rs->ttl, atomic_load_explicit(&c->common->ttl_max, memory_order_relaxed));
    if (ttl == 0 || rs->count == 0 || rs->count > RRSET_RECORDS_MAX || rs->sig_count > RRSET_RECORDS_MAX)
        return;
    uint8_t key[CACHE_KEY_MAX];
    size_t key_len = cache_key(key, rs->owner, rs->type, rs->class), owner_len = key_len - 4;
    if (memcmp(key, rs->owner, owner_len) == 0)
        owner_len = 0;
    size_t len = HEAD_LEN + owner_len + flat_body_len(rs);
    if (len > RRSET_OCTETS_MAX)
        return;
    struct newcomer new = {.rs = rs, .epoch = cache_verdicts_epoch(c)};
    struct flat_room room;
    struct writer w = flat_room_init(&room, len);
    write_u8(&w, rs->rank);
    write_u8(&w, rs->verdict);
    write_u16(&w, new.epoch);
    write_u32(&w, now_s);
    write_u8(&w, (uint8_t)owner_len);
    write_octets(&w, rs->owner, owner_len);
    flat_write_body(&w, rs, ttl);
    if (rs->type == TYPE_DNAME)
        cache_depth_set(c, DEPTH_DNAME, rs->owner);
    store_put(
        c->store, STORE_RRSET, key, key_len, w.data, w.pos, cache_expiry(now_s, ttl), now_s, outranked, &new);
    flat_room_fini(&room);
}
