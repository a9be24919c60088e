/* A small Internet for world.h: its delegations, and what tests do with it. */
#ifndef HARK_TESTS_RESOLVE_SMALL_TREE_H
#define HARK_TESTS_RESOLVE_SMALL_TREE_H

#include "world.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Root 10.0.0.1 → org 10.0.0.2 → zone.org 10.1.0.1; com 10.0.0.3 → host.com 10.2.0.1 */
#define ROOT_ORG                                                                                             \
    {                                                                                                        \
        .addr = "10.0.0.1", .name = "*.org.", .authority = "org. NS ns.org.\n",                              \
        .additional = "ns.org. A 10.0.0.2\n"                                                                 \
    }
#define ROOT_COM                                                                                             \
    {                                                                                                        \
        .addr = "10.0.0.1", .name = "*.com.", .authority = "com. NS ns.com.\n",                              \
        .additional = "ns.com. A 10.0.0.3\n"                                                                 \
    }
#define ORG_ZONE(ns, glue)                                                                                   \
    {                                                                                                        \
        .addr = "10.0.0.2", .name = "*.zone.org.", .authority = ns, .additional = glue                       \
    }
#define ORG_ZONE_1 ORG_ZONE("zone.org. NS ns.zone.org.\n", "ns.zone.org. A 10.1.0.1\n")
#define ORG_ZONE_2                                                                                           \
    ORG_ZONE("zone.org. NS ns1.zone.org.\nzone.org. NS ns2.zone.org.\n",                                     \
        "ns1.zone.org. A 10.1.0.1\nns2.zone.org. A 10.1.0.2\n")
#define COM_HOST                                                                                             \
    {                                                                                                        \
        .addr = "10.0.0.3", .name = "*.host.com.", .authority = "host.com. NS a.host.com.\n",                \
        .additional = "a.host.com. A 10.2.0.1\n"                                                             \
    }
#define SOA "zone.org. 900 SOA ns.zone.org. host.zone.org. 1 2 3 4 300\n"
#define X_ANSWER "x.zone.org. 60 A 192.0.2.1\n"
#define X_TEXT "NOERROR; x.zone.org. 60 A 192.0.2.1"

static inline const char *ask_text(struct world *w, const char *name, uint16_t type)
{
    return world_text(w, world_ask(w, name, type));
}

static inline void assert_idle(struct world *w)
{
    world_drain(w);
    const struct resolve_counters *c = resolve_counters(world_resolver(w));
    assert_int_equal(c->jobs, 0);
    assert_int_equal(c->waiters, 0);
    assert_int_equal(c->sends, 0);
}

static inline void explores(struct resolve_settings *s)
{
    s->explore = true;
}

#endif
