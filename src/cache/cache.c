#include "cache/inner.h"

#define NSECS_PART 16u /* of cache.size */

struct cache *cache_new(const struct cache_settings *settings, const struct hash_key *key)
{
    size_t nsecs_size = settings->size / NSECS_PART;
    struct nsecs *nsecs = nsecs_new(nsecs_size, key);
    struct store *store = nsecs ? store_new(settings->size - nsecs_size, key) : NULL;
    if (!store) {
        nsecs_free(nsecs);
        return NULL;
    }
    struct cache *c = mem_alloc(sizeof *c);
    c->store = store;
    c->nsecs = nsecs;
    c->size = settings->size;
    c->inflight = inflight_new(key, settings->zone_start, settings->server_start, settings->questions_max);
    cache_settings_set(c, settings);
    return c;
}

void cache_free(struct cache *c)
{
    if (!c)
        return;
    store_free(c->store);
    nsecs_free(c->nsecs);
    inflight_free(c->inflight);
    mem_free(c);
}

struct cache_settings cache_settings(const struct cache *c)
{
    return (struct cache_settings){
        .size = c->size,
        .ttl_min = atomic_load_explicit(&c->ttl_min, memory_order_relaxed),
        .ttl_max = atomic_load_explicit(&c->ttl_max, memory_order_relaxed),
        .negative_max = atomic_load_explicit(&c->negative_max, memory_order_relaxed),
    };
}

void cache_settings_set(struct cache *c, const struct cache_settings *settings)
{
    uint32_t max = settings->ttl_max ? settings->ttl_max : TTL_MAX_DEFAULT,
             negative_max = settings->negative_max ? settings->negative_max : TTL_NEGATIVE_MAX;
    atomic_store_explicit(&c->ttl_min, settings->ttl_min, memory_order_relaxed);
    atomic_store_explicit(&c->ttl_max, max, memory_order_relaxed);
    atomic_store_explicit(&c->negative_max, negative_max, memory_order_relaxed);
}

void cache_stats(struct cache *c, struct store_stats *out)
{
    store_read_stats(c->store, out);
}

struct inflight *cache_inflight(const struct cache *c)
{
    return c->inflight;
}

struct nsecs *cache_nsecs(const struct cache *c)
{
    return c->nsecs;
}

void cache_verdicts_flush(struct cache *c)
{
    atomic_fetch_add_explicit(&c->verdicts_epoch, 1, memory_order_acq_rel);
    nsecs_clear(c->nsecs);
    cache_answers_flush(c);
}

void cache_clear(struct cache *c)
{
    store_clear(c->store);
    nsecs_clear(c->nsecs);
}

bool cache_may_be_at(const struct cache *c, enum depth_kind kind, unsigned labels)
{
    uint64_t bits = atomic_load_explicit(&c->depths[kind][labels / 64], memory_order_relaxed);
    return (bits >> labels % 64 & 1) != 0;
}
