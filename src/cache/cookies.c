/* Value: epoch 4 | client's part 8 | unwanted 1 | server's part 0, 8…32. */
#include <string.h>

#include "cache/inner.h"

#define VALUE_MIN 13u
#define ADDR_KEY_LEN 23u

static void cookie_key(uint8_t key[ADDR_KEY_LEN], const struct endpoint *server)
{
    key[0] = server->addr.family;
    memcpy(key + 1, server->addr.ip, sizeof server->addr.ip);
    put_u16(key + 17, server->port);
    put_u32(key + 19, server->scope);
}

uint32_t cache_cookies_epoch(const struct cache *c)
{
    return atomic_load_explicit(&c->common->cookies_epoch, memory_order_relaxed);
}

bool cache_cookie_get(
    struct cache *c, const struct endpoint *server, uint32_t now_s, struct server_cookie *out)
{
    uint8_t key[ADDR_KEY_LEN], value[VALUE_MIN + COOKIE_SERVER_MAX];
    cookie_key(key, server);
    size_t len = store_get(c->store, STORE_COOKIE, key, sizeof key, value, sizeof value, now_s);
    *out = (struct server_cookie){.epoch = cache_cookies_epoch(c)};
    if (len < VALUE_MIN || get_u32(value) != out->epoch)
        return false;
    memcpy(out->client, value + 4, COOKIE_CLIENT_LEN);
    out->unwanted = value[12];
    out->server_len = (uint8_t)(len - VALUE_MIN);
    memcpy(out->server, value + VALUE_MIN, out->server_len);
    return true;
}

void cache_cookie_put(
    struct cache *c, const struct endpoint *server, const struct server_cookie *cookie, uint32_t now_s)
{
    uint8_t key[ADDR_KEY_LEN], value[VALUE_MIN + COOKIE_SERVER_MAX];
    if (cookie->epoch != cache_cookies_epoch(c))
        return;
    cookie_key(key, server);
    put_u32(value, cookie->epoch); /* flushed since a moment ago: nobody reads it */
    memcpy(value + 4, cookie->client, COOKIE_CLIENT_LEN);
    value[12] = cookie->unwanted;
    memcpy(value + VALUE_MIN, cookie->server, cookie->server_len);
    store_put(c->store, STORE_COOKIE, key, sizeof key, value, VALUE_MIN + cookie->server_len,
        cache_expiry(now_s, SERVER_FACTS_TTL), now_s, NULL, NULL);
}

void cache_cookies_flush(struct cache *c)
{
    atomic_fetch_add_explicit(&c->common->cookies_epoch, 1, memory_order_relaxed);
}
