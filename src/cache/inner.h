/* What the files of the cache share and nobody else sees: the cache itself, keys, the arithmetic of TTLs. */
#ifndef HARK_CACHE_INNER_H
#define HARK_CACHE_INNER_H

#include <stdatomic.h>

#include "base/cursor.h"
#include "cache/cache.h"

/* What all handles share. */
struct cache_common {
    _Atomic uint32_t handles;
    _Atomic uint32_t ttl_min, ttl_max, negative_max; /* cache_settings; set while others read */
    size_t size;
    struct inflight *inflight;
    struct nsecs *nsecs;
    _Atomic uint32_t cookies_epoch; /* a cookie of another epoch is dead */
    _Atomic uint32_t answers_epoch; /* likewise an answer */
    /* Of each kind: the numbers of labels that names with one have had; a bit each, never taken back. */
    _Atomic uint64_t depths[DEPTH_KIND_COUNT][2];
    /* A verdict of another epoch is none. 65,536 changes of anchors within a TTL would be needed to confuse
     * two. */
    _Atomic uint16_t verdicts_epoch;
};

/* One thread's. */
struct cache {
    struct cache_common *common;
    struct store *store;
};

/* Lower-case name, then fixed fields. */
#define CACHE_KEY_MAX (NAME_MAX_LEN + 17u)

/** Key of (name, type, class); returns its length. */
static inline size_t cache_key(uint8_t key[CACHE_KEY_MAX], const name_t *name, uint16_t type, uint16_t class)
{
    size_t n = name_lower_copy(key, name);
    put_u16(key + n, type);
    put_u16(key + n + 2, class);
    return n + 4;
}

static inline uint16_t cache_verdicts_epoch(const struct cache *c)
{
    return atomic_load_explicit(&c->common->verdicts_epoch, memory_order_acquire);
}

/* A clock that stepped back counts as standing still: nothing ever gets a greater TTL than was put. */
static inline uint32_t cache_elapsed(uint32_t stored_s, uint32_t now_s)
{
    return now_s > stored_s ? now_s - stored_s : 0;
}

static inline uint32_t cache_left(uint32_t ttl, uint32_t elapsed)
{
    return ttl > elapsed ? ttl - elapsed : 0;
}

static inline uint32_t cache_expiry(uint32_t now_s, uint32_t ttl)
{
    return ttl > UINT32_MAX - now_s ? UINT32_MAX : now_s + ttl;
}

/* RFC 2181 8, then `most`. Not raised to ttl_min: who hears data from a server does that, once; what is put
 * again with what is left of it, or bounded by a signature's or a delegation's life, is not to live longer.
 */
static inline uint32_t cache_bound_ttl(uint32_t ttl, uint32_t most)
{
    if (ttl > TTL_WIRE_MAX)
        ttl = 0;
    return ttl < most ? ttl : most;
}

static inline void cache_depth_set(struct cache *c, enum depth_kind kind, const name_t *name)
{
    unsigned labels = name_labels(name);
    atomic_fetch_or_explicit(
        &c->common->depths[kind][labels / 64], UINT64_C(1) << labels % 64, memory_order_relaxed);
}

#endif
