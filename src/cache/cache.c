#include "cache/inner.h"

#define NSECS_PART 16u /* of cache.size */

/* How many labels next to the root name somebody: two, but below arpa and names like co.uk more. */
static unsigned group_labels(const name_t *name, unsigned labels)
{
    const name_t *top = name_parent(name, labels - 1), *second = name_parent(name, labels - 2);
    if (name_equal(top, (const name_t *)"\4arpa"))
        return 4;
    return top[0] == 2 && second[0] <= 3 ? 3 : 2;
}

/* Whoever floods from many names has them below few of these. */
static uint32_t group_of(enum store_kind kind, const void *key, size_t key_len)
{
    const name_t *name = key;
    if (kind == STORE_SERVER || kind == STORE_COOKIE || name_check(key, key_len) == 0)
        return 0;
    unsigned labels = name_labels(name), most = labels > 2 ? group_labels(name, labels) : labels;
    if (labels > most)
        name = name_parent(name, labels - most);
    return (uint32_t)hash_octets(&(struct hash_key){0}, name, name_len(name));
}

static struct cache *handle_new(struct cache_common *common, struct store *store)
{
    struct cache *c = mem_alloc(sizeof *c);
    *c = (struct cache){.common = common, .store = store};
    return c;
}

struct cache *cache_new(const struct cache_settings *settings, const struct hash_key *key)
{
    size_t nsecs_size = settings->size / NSECS_PART;
    struct nsecs *nsecs = nsecs_new(nsecs_size, key);
    struct store *store = nsecs ? store_new(settings->size - nsecs_size, key) : NULL;
    if (!store) {
        nsecs_free(nsecs);
        return NULL;
    }
    store_group_names(store, group_of);
    struct cache_common *common = mem_alloc(sizeof *common);
    common->handles = 1;
    common->nsecs = nsecs;
    common->size = settings->size;
    common->inflight =
        inflight_new(key, settings->zone_start, settings->server_start, settings->questions_max);
    struct cache *c = handle_new(common, store);
    cache_settings_set(c, settings);
    return c;
}

struct cache *cache_join(struct cache *c)
{
    atomic_fetch_add_explicit(&c->common->handles, 1, memory_order_relaxed);
    return handle_new(c->common, store_join(c->store));
}

void cache_free(struct cache *c)
{
    if (!c)
        return;
    struct cache_common *common = c->common;
    store_free(c->store);
    mem_free(c);
    if (atomic_fetch_sub_explicit(&common->handles, 1, memory_order_acq_rel) > 1)
        return;
    nsecs_free(common->nsecs);
    inflight_free(common->inflight);
    mem_free(common);
}

void cache_rest(struct cache *c)
{
    store_rest(c->store);
}

struct cache_settings cache_settings(const struct cache *c)
{
    return (struct cache_settings){
        .size = c->common->size,
        .ttl_min = atomic_load_explicit(&c->common->ttl_min, memory_order_relaxed),
        .ttl_max = atomic_load_explicit(&c->common->ttl_max, memory_order_relaxed),
        .negative_max = atomic_load_explicit(&c->common->negative_max, memory_order_relaxed),
    };
}

void cache_settings_set(struct cache *c, const struct cache_settings *settings)
{
    uint32_t max = settings->ttl_max ? settings->ttl_max : TTL_MAX_DEFAULT,
             negative_max = settings->negative_max ? settings->negative_max : TTL_NEGATIVE_MAX;
    atomic_store_explicit(&c->common->ttl_min, settings->ttl_min, memory_order_relaxed);
    atomic_store_explicit(&c->common->ttl_max, max, memory_order_relaxed);
    atomic_store_explicit(&c->common->negative_max, negative_max, memory_order_relaxed);
}

void cache_stats(struct cache *c, struct store_stats *out)
{
    store_read_stats(c->store, out);
}

struct inflight *cache_inflight(const struct cache *c)
{
    return c->common->inflight;
}

struct nsecs *cache_nsecs(const struct cache *c)
{
    return c->common->nsecs;
}

void cache_verdicts_flush(struct cache *c)
{
    atomic_fetch_add_explicit(&c->common->verdicts_epoch, 1, memory_order_acq_rel);
    nsecs_clear(c->common->nsecs);
    cache_answers_flush(c);
}

void cache_clear(struct cache *c)
{
    store_clear(c->store);
    nsecs_clear(c->common->nsecs);
}

bool cache_may_be_at(const struct cache *c, enum depth_kind kind, unsigned labels)
{
    uint64_t bits = atomic_load_explicit(&c->common->depths[kind][labels / 64], memory_order_relaxed);
    return (bits >> labels % 64 & 1) != 0;
}

/* ---- flushing by name ---- */

struct flushed {
    const name_t *name;
    bool below; /* what is below it too */
};

static bool is_of_name(enum store_kind kind, const void *key, size_t key_len, void *ctx)
{
    const struct flushed *f = ctx;
    if (kind == STORE_SERVER || kind == STORE_COOKIE || name_check(key, key_len) == 0)
        return false;
    return f->below ? name_is_within(key, f->name) : name_equal(key, f->name);
}

static size_t flush(struct cache *c, struct flushed *f)
{
    size_t n = store_remove_where(c->store, is_of_name, f);
    nsecs_flush(c->common->nsecs, f->name);
    cache_answers_flush(c); /* their parts may be of other names */
    return n;
}

size_t cache_flush_name(struct cache *c, const name_t *name)
{
    struct flushed flushed = {.name = name};
    return flush(c, &flushed);
}

size_t cache_flush_zone(struct cache *c, const name_t *zone)
{
    struct flushed flushed = {.name = zone, .below = true};
    return flush(c, &flushed);
}
