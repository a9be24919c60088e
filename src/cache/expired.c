/* What is past its TTL and must not come back. */
#include "cache/inner.h"
#include "dns/rrtype.h"

static bool is_there(const void *value, size_t len, void *ctx)
{
    (void)value;
    (void)len;
    (void)ctx;
    return true;
}

void cache_expired_drop(struct cache *c, const name_t *name, uint16_t type, uint16_t class, uint32_t now_s)
{
    const struct {
        enum store_kind kind;
        uint16_t type;
    } rows[] = {{STORE_RRSET, type}, {STORE_RRSET, TYPE_CNAME}, {STORE_NEGATIVE, type}, {STORE_NEGATIVE, 0}};
    uint8_t key[CACHE_KEY_MAX];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = cache_key(key, name, rows[i].type, class);
        if (!store_read(c->store, rows[i].kind, key, len, now_s, is_there, NULL))
            store_remove(c->store, rows[i].kind, key, len);
    }
}
