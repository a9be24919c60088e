#include "cache/inner.h"

struct cache *cache_new(const struct cache_settings *settings, const struct hash_key *key)
{
    struct store *store = store_new(settings->size, key);
    if (!store)
        return NULL;
    struct cache *c = mem_alloc(sizeof *c);
    c->store = store;
    c->settings = *settings;
    if (c->settings.ttl_max == 0)
        c->settings.ttl_max = TTL_MAX_DEFAULT;
    if (c->settings.negative_max == 0)
        c->settings.negative_max = TTL_NEGATIVE_MAX;
    return c;
}

void cache_free(struct cache *c)
{
    if (!c)
        return;
    store_free(c->store);
    mem_free(c);
}

const struct cache_settings *cache_settings(const struct cache *c)
{
    return &c->settings;
}

void cache_stats(struct cache *c, struct store_stats *out)
{
    store_read_stats(c->store, out);
}

void cache_clear(struct cache *c)
{
    store_clear(c->store);
}
