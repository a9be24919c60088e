#include "daemon/own.h"

#include <ifaddrs.h>
#include <string.h>

#define OWN_MAX                                                                                              \
    1024u /* a host with more addresses than that asks itself, and is stopped by the work counter */

struct list {
    struct endpoint *items;
    size_t count;
};

static void add(struct list *l, const struct endpoint *e)
{
    if (l->count < OWN_MAX)
        l->items[l->count++] = *e;
}

static bool is_wildcard(const struct addr *a)
{
    static const uint8_t zero[16];
    return memcmp(a->ip, zero, sizeof zero) == 0;
}

static void add_interfaces(struct list *l, const struct ifaddrs *all, const struct endpoint *wildcard)
{
    for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
        if (!i->ifa_addr)
            continue;
        struct endpoint e = endpoint_of_sockaddr(i->ifa_addr);
        e.port = wildcard->port;
        if (e.addr.family == wildcard->addr.family)
            add(l, &e);
    }
}

const struct endpoint *own_endpoints(
    const struct endpoint *listen, size_t listen_count, size_t *count, struct arena *a)
{
    struct list l = {.items = ARENA_ARRAY(a, struct endpoint, OWN_MAX)};
    struct ifaddrs *all = NULL;
    if (getifaddrs(&all) < 0)
        all = NULL;
    for (size_t i = 0; i < listen_count; i++) {
        add(&l, &listen[i]);
        if (is_wildcard(&listen[i].addr))
            add_interfaces(&l, all, &listen[i]);
    }
    if (all)
        freeifaddrs(all);
    *count = l.count;
    return l.items;
}
