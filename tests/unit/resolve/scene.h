/* Scenes of attacks and of their harmless twins: a TLD, what it refers to, and how servers behave. */
#ifndef HARK_TESTS_RESOLVE_SCENE_H
#define HARK_TESTS_RESOLVE_SCENE_H

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "world.h"

enum { SEEDS = 24, RULES_MAX = 400 };

/* The root (10.0.0.1) delegates zz to 10.0.0.2; what a test adds comes before the rules that are always
 * there. */
struct scene {
    uint32_t seed;
    uint64_t dice;
    struct world_rule rules[RULES_MAX];
    size_t count;
    struct arena arena;
    struct world *w;
    unsigned before;
};

static inline unsigned roll(struct scene *s, unsigned sides)
{
    s->dice = s->dice * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(s->dice >> 33) % sides;
}

/* n by ±20 % */
static inline unsigned vary(struct scene *s, unsigned n)
{
    return n - n / 5 + roll(s, 2 * (n / 5) + 1);
}

static inline void begin(struct scene *s, uint32_t seed)
{
    *s = (struct scene){.seed = seed, .dice = seed * 2654435761u + 1};
    arena_init(&s->arena);
}

static inline struct world_rule *add(struct scene *s, const char *addr, const char *name)
{
    assert(s->count < RULES_MAX - 4);
    s->rules[s->count] = (struct world_rule){.addr = addr, .name = name, .flags = FLAG_AA};
    return &s->rules[s->count++];
}

/* The TLD refers `zone` to servers with names by a format; glue with addresses by another, or none. */
static inline struct world_rule *delegate(
    struct scene *s, const char *zone, unsigned names, const char *name_format, const char *glue_format)
{
    struct text ns, glue;
    text_init(&ns);
    text_init(&glue);
    for (unsigned i = 0; i < names; i++) {
        char name[80], addr[40];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(name, sizeof name, name_format, i); // cppcheck-suppress wrongPrintfScanfArgNum
        text_printf(&ns, "%s NS %s\n", zone, name);
        if (glue_format) {
            snprintf(addr, sizeof addr, glue_format, i + 1); // cppcheck-suppress wrongPrintfScanfArgNum
            text_printf(&glue, "%s A %s\n", name, addr);
        }
#pragma GCC diagnostic pop
    }
    struct world_rule *rule = add(s, "10.0.0.2", arena_printf(&s->arena, "*.%s", zone));
    rule->flags = 0;
    rule->authority = arena_copy(&s->arena, ns.data, strlen(ns.data) + 1);
    rule->additional = glue_format ? arena_copy(&s->arena, glue.data, strlen(glue.data) + 1) : NULL;
    text_fini(&ns);
    text_fini(&glue);
    return rule;
}

/* Servers 10.3.0.1 … 10.3.0.count behave as `like` says. */
static inline void servers(struct scene *s, unsigned count, struct world_rule like)
{
    for (unsigned i = 0; i < count; i++) {
        struct world_rule *rule = add(s, arena_printf(&s->arena, "10.3.0.%u", i + 1), NULL);
        const char *addr = rule->addr;
        *rule = like;
        rule->addr = addr;
    }
}

static inline void as_shipped(struct resolve_settings *set)
{
    set->explore = true;
    set->extra_addresses = true;
}

static inline void start(struct scene *s)
{
    *add(s, "10.0.0.1", NULL) = (struct world_rule){
        .addr = "10.0.0.1", .authority = "zz. NS ns.zz.\n", .additional = "ns.zz. A 10.0.0.2\n"};
    struct world_rule *rule = add(s, "10.0.0.2", NULL);
    rule->rcode = RCODE_NXDOMAIN;
    rule->authority = "zz. 900 SOA ns.zz. host.zz. 1 2 3 4 300\n";
    s->w = world_new_seeded(s->rules, s->count, as_shipped, s->seed);
    world_ask(s->w, "warm.zz.", TYPE_A);
    s->before = world_sent(s->w, NULL, NULL, 0);
}

static inline unsigned sent(const struct scene *s)
{
    return world_sent(s->w, NULL, NULL, 0) - s->before;
}

static inline void end(struct scene *s)
{
    world_drain(s->w);
    const struct resolve_counters *c = resolve_counters(world_resolver(s->w));
    assert_int_equal(c->jobs + c->waiters + c->sends, 0);
    world_free(s->w);
    arena_fini(&s->arena);
}

static inline void victim(struct scene *s)
{
    delegate(s, "vic.zz.", 1, "ns.vic.zz.", "10.2.0.1");
    struct world_rule *rule = add(s, "10.2.0.1", NULL);
    rule->rcode = RCODE_NXDOMAIN;
    rule->authority = "vic.zz. 300 SOA ns.vic.zz. host.vic.zz. 1 2 3 4 300\n";
}

static inline void crowd(struct scene *s, struct world_rule like)
{
    delegate(s, "m.zz.", 13, "n%u.m.zz.", "10.3.0.%u");
    like.delay_ms = vary(s, 20);
    servers(s, 13, like);
}

/* Zones l0.zz, l1.zz … : www of each is an alias to the next; each has `bad` names without address and one
 * good. */
static inline void links(struct scene *s, unsigned count, unsigned bad, bool last)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned good = roll(s, bad + 1);
        struct text ns;
        text_init(&ns);
        for (unsigned k = 0; k <= bad; k++)
            text_printf(&ns, "l%u.zz. NS %s%u-%u.vic.zz.\n", i, k == good ? "good" : "x", i, k);
        struct world_rule *tld = add(s, "10.0.0.2", arena_printf(&s->arena, "*.l%u.zz.", i));
        tld->flags = 0;
        tld->authority = arena_copy(&s->arena, ns.data, strlen(ns.data) + 1);
        text_fini(&ns);
        const char *at = arena_printf(&s->arena, "10.1.1.%u", i + 1);
        add(s, "10.2.0.1", arena_printf(&s->arena, "good%u-%u.vic.zz.", i, good))->answer =
            arena_printf(&s->arena, "good%u-%u.vic.zz. A %s\n", i, good, at);
        add(s, at, NULL)->answer = last && i == count - 1
                                       ? arena_printf(&s->arena, "www.l%u.zz. A 192.0.2.9\n", i)
                                       : arena_printf(&s->arena, "www.l%u.zz. CNAME www.l%u.zz.\n", i, i + 1);
    }
    victim(s);
}

#define GOOD_TEXT "NOERROR; www.m.zz. 3600 A 192.0.2.9"

static inline struct world_rule *good(struct scene *s, const char *at)
{
    struct world_rule *rule = add(s, at, "www.m.zz.");
    rule->answer = "www.m.zz. A 192.0.2.9\n";
    return rule;
}

static inline const char *answer_of(struct scene *s, const char *name)
{
    return world_text(s->w, world_ask(s->w, name, TYPE_A));
}

#endif
