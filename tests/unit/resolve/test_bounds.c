/* What one question may cost others: the attacks M1–M23 of docs/threats.md and the harmless cases just beside
 * them, in virtual time, with numbers varied by ±20 % over many seeds. */
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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

static unsigned roll(struct scene *s, unsigned sides)
{
    s->dice = s->dice * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(s->dice >> 33) % sides;
}

/* n by ±20 % */
static unsigned vary(struct scene *s, unsigned n)
{
    return n - n / 5 + roll(s, 2 * (n / 5) + 1);
}

static void begin(struct scene *s, uint32_t seed)
{
    *s = (struct scene){.seed = seed, .dice = seed * 2654435761u + 1};
    arena_init(&s->arena);
}

__attribute__((format(printf, 2, 3))) static char *say(struct arena *a, const char *format, ...)
{
    char buf[400];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(buf, sizeof buf, format, args);
    va_end(args);
    assert(n > 0 && (size_t)n < sizeof buf);
    char *out = arena_alloc(a, (size_t)n + 1);
    memcpy(out, buf, (size_t)n + 1);
    return out;
}

static struct world_rule *add(struct scene *s, const char *addr, const char *name)
{
    assert(s->count < RULES_MAX - 4);
    s->rules[s->count] = (struct world_rule){.addr = addr, .name = name, .flags = FLAG_AA};
    return &s->rules[s->count++];
}

/* The TLD refers `zone` to servers with names by a format; glue with addresses by another, or none. */
static struct world_rule *delegate(
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
    struct world_rule *rule = add(s, "10.0.0.2", say(&s->arena, "*.%s", zone));
    rule->flags = 0;
    rule->authority = arena_copy(&s->arena, ns.data, strlen(ns.data) + 1);
    rule->additional = glue_format ? arena_copy(&s->arena, glue.data, strlen(glue.data) + 1) : NULL;
    text_fini(&ns);
    text_fini(&glue);
    return rule;
}

/* Servers 10.3.0.1 … 10.3.0.count behave as `like` says. */
static void servers(struct scene *s, unsigned count, struct world_rule like)
{
    for (unsigned i = 0; i < count; i++) {
        struct world_rule *rule = add(s, say(&s->arena, "10.3.0.%u", i + 1), NULL);
        const char *addr = rule->addr;
        *rule = like;
        rule->addr = addr;
    }
}

static void as_shipped(struct resolve_settings *set)
{
    set->explore = true;
    set->extra_addresses = true;
}

static void start(struct scene *s)
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

static unsigned sent(const struct scene *s)
{
    return world_sent(s->w, NULL, NULL, 0) - s->before;
}

static void end(struct scene *s)
{
    world_drain(s->w);
    const struct resolve_counters *c = resolve_counters(world_resolver(s->w));
    assert_int_equal(c->jobs + c->waiters + c->sends, 0);
    world_free(s->w);
    arena_fini(&s->arena);
}

/* ---- M1–M16: bounds ---- */

static void victim(struct scene *s)
{
    delegate(s, "vic.zz.", 1, "ns.vic.zz.", "10.2.0.1");
    struct world_rule *rule = add(s, "10.2.0.1", NULL);
    rule->rcode = RCODE_NXDOMAIN;
    rule->authority = "vic.zz. 300 SOA ns.vic.zz. host.vic.zz. 1 2 3 4 300\n";
}

static void m1(struct scene *s)
{
    delegate(s, "m.zz.", vary(s, 50), "n%u.vic.zz.", NULL);
    victim(s);
}

static void m2(struct scene *s)
{
    delegate(s, "m.zz.", vary(s, 500), "name-server-%u.vic.zz.", NULL)->how = HOW_TRUNCATE_UDP;
    victim(s);
}

static void m3(struct scene *s)
{
    unsigned dead = vary(s, 13);
    delegate(s, "m.zz.", vary(s, 20), "n%u.dead.zz.", NULL);
    delegate(s, "dead.zz.", dead, "s%u.dead.zz.", "10.3.0.%u");
    servers(s, dead, (struct world_rule){.how = HOW_SILENT});
}

/* The other reading of M3: the dead servers are the zone's own. */
static void m3_own(struct scene *s)
{
    unsigned names = vary(s, 20);
    delegate(s, "m.zz.", names, "n%u.m.zz.", "10.3.0.%u");
    servers(s, names, (struct world_rule){.how = HOW_SILENT});
}

static void crowd(struct scene *s, struct world_rule like)
{
    delegate(s, "m.zz.", 13, "n%u.m.zz.", "10.3.0.%u");
    like.delay_ms = vary(s, 20);
    servers(s, 13, like);
}

static void m4(struct scene *s)
{
    crowd(s, (struct world_rule){.how = HOW_SILENT});
}

static void refers_to_itself(struct scene *s, unsigned names, unsigned each, unsigned step)
{
    struct text ns, glue;
    text_init(&ns);
    text_init(&glue);
    for (unsigned i = 0; i < names; i++) {
        text_printf(&ns, "m.zz. NS n%u.m.zz.\n", i);
        for (unsigned k = 0; k < each; k++)
            text_printf(&glue, "n%u.m.zz. A 10.3.0.%u\n", i, i * step + k + 1);
    }
    struct world_rule like = {.authority = arena_copy(&s->arena, ns.data, strlen(ns.data) + 1),
        .additional = arena_copy(&s->arena, glue.data, strlen(glue.data) + 1)};
    struct world_rule *tld = add(s, "10.0.0.2", "*.m.zz.");
    tld->flags = 0;
    tld->how = names * each > 50 ? HOW_TRUNCATE_UDP : HOW_ANSWER;
    tld->authority = like.authority;
    tld->additional = like.additional;
    like.how = tld->how;
    servers(s, (names - 1) * step + each, like);
    text_fini(&ns);
    text_fini(&glue);
}

static void m5(struct scene *s)
{
    refers_to_itself(s, vary(s, 10), 13, 0);
}

static void m6(struct scene *s)
{
    refers_to_itself(s, vary(s, 10), 13, 13);
}

static void m7(struct scene *s)
{
    crowd(s, (struct world_rule){.rcode = RCODE_SERVFAIL});
}

static void m8(struct scene *s)
{
    crowd(s, (struct world_rule){.rcode = RCODE_REFUSED});
}

static void m9(struct scene *s)
{
    crowd(s, (struct world_rule){.rcode = RCODE_FORMERR});
}

static void m9_signed(struct scene *s)
{
    m9(s);
    s->rules[0].authority = say(&s->arena, "%s%s",
        "m.zz. DS 1 8 2 0000000000000000000000000000000000000000000000000000000000000000\n",
        "m.zz. NS n0.m.zz.\nm.zz. NS n1.m.zz.\nm.zz. NS n2.m.zz.\nm.zz. NS n3.m.zz.\nm.zz. NS n4.m.zz.\n"
        "m.zz. NS n5.m.zz.\nm.zz. NS n6.m.zz.\nm.zz. NS n7.m.zz.\nm.zz. NS n8.m.zz.\nm.zz. NS n9.m.zz.\n"
        "m.zz. NS n10.m.zz.\nm.zz. NS n11.m.zz.\nm.zz. NS n12.m.zz.\n");
}

static void m10(struct scene *s)
{
    crowd(s, (struct world_rule){.how = HOW_TCP_CLOSES});
}

static void one_link(struct world_rule *rule, const char *name, struct arena *a)
{
    unsigned n = (unsigned)strtoul(name + 1, NULL, 10);
    rule->answer = say(a, "%s CNAME c%u.m.zz.\n", name, n + 1);
}

static void sixty_links(struct world_rule *rule, const char *name, struct arena *a)
{
    unsigned n = (unsigned)strtoul(name + 1, NULL, 10);
    struct text t;
    text_init(&t);
    for (unsigned i = n; i < n + 60; i++)
        text_printf(&t, "c%u.m.zz. CNAME c%u.m.zz.\n", i, i + 1);
    rule->answer = arena_copy(a, t.data, strlen(t.data) + 1);
    text_fini(&t);
}

static void m11(struct scene *s)
{
    delegate(s, "m.zz.", 1, "n.m.zz.", "10.1.0.1");
    add(s, "10.1.0.1", NULL)->make = one_link;
}

static void m12(struct scene *s)
{
    delegate(s, "m.zz.", 1, "n.m.zz.", "10.1.0.1");
    add(s, "10.1.0.1", NULL)->make = sixty_links;
}

/* Zones l0.zz, l1.zz … : www of each is an alias to the next; each has `bad` names without address and one
 * good. */
static void links(struct scene *s, unsigned count, unsigned bad, bool last)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned good = roll(s, bad + 1);
        struct text ns;
        text_init(&ns);
        for (unsigned k = 0; k <= bad; k++)
            text_printf(&ns, "l%u.zz. NS %s%u-%u.vic.zz.\n", i, k == good ? "good" : "x", i, k);
        struct world_rule *tld = add(s, "10.0.0.2", say(&s->arena, "*.l%u.zz.", i));
        tld->flags = 0;
        tld->authority = arena_copy(&s->arena, ns.data, strlen(ns.data) + 1);
        text_fini(&ns);
        const char *at = say(&s->arena, "10.1.1.%u", i + 1);
        add(s, "10.2.0.1", say(&s->arena, "good%u-%u.vic.zz.", i, good))->answer =
            say(&s->arena, "good%u-%u.vic.zz. A %s\n", i, good, at);
        add(s, at, NULL)->answer = last && i == count - 1
                                       ? say(&s->arena, "www.l%u.zz. A 192.0.2.9\n", i)
                                       : say(&s->arena, "www.l%u.zz. CNAME www.l%u.zz.\n", i, i + 1);
    }
    victim(s);
}

static void m13(struct scene *s)
{
    links(s, 20, vary(s, 9), false);
}

static void m14(struct scene *s)
{
    delegate(s, "m.zz.", 1, "ns.lb.zz.", NULL);
    delegate(s, "lb.zz.", 1, "ns.m.zz.", NULL);
}

static void deeper(struct world_rule *rule, const char *name, struct arena *a)
{
    const char *zone = strchr(name, 'd');
    if (!zone) /* warm.zz */
        return;
    unsigned n = (unsigned)strtoul(zone + 1, NULL, 10);
    rule->authority = say(a, "d%u.zz. NS ns.d%u.zz.\n", n, n + 1);
}

static void m15(struct scene *s)
{
    delegate(s, "m.zz.", 1, "ns.d0.zz.", NULL);
    struct world_rule *rule = add(s, "10.0.0.2", "*.zz.");
    rule->flags = 0;
    rule->make = deeper;
}

static void wider(struct world_rule *rule, const char *name, struct arena *a)
{
    size_t zone = strcspn(name, "t");
    if (!name[zone])
        return;
    size_t n = strcspn(name + zone, ".");
    struct text t;
    text_init(&t);
    for (unsigned i = 0; i < rule->damage; i++)
        text_printf(&t, "%.*s.zz. NS ns.%.*s%u.zz.\n", (int)n, name + zone, (int)n, name + zone, i);
    rule->authority = arena_copy(a, t.data, strlen(t.data) + 1);
    text_fini(&t);
}

static void m16(struct scene *s)
{
    unsigned width = vary(s, 8);
    delegate(s, "m.zz.", width, "ns.t%u.zz.", NULL);
    struct world_rule *rule = add(s, "10.0.0.2", "*.zz.");
    rule->flags = 0;
    rule->damage = width;
    rule->make = wider;
}

struct bound {
    const char *id;
    void (*make)(struct scene *s);
    unsigned most;
    int64_t most_ms;
};

static const struct bound bounds[] = {
    {"M1", m1, 6, 5000},
    {"M2", m2, 6, 5000},
    {"M3", m3, 12, 5000},
    {"M3, the dead servers its own", m3_own, 12, 5000},
    {"M4", m4, 14, 5000},
    {"M5", m5, 14, 5000},
    {"M6", m6, 28, 5000},
    {"M7", m7, 14, 5000},
    {"M8", m8, 14, 5000},
    {"M9", m9, 18, 5000},
    {"M9 with a DS", m9_signed, 27, 5000},
    {"M10", m10, 27, 3000},
    {"M11", m11, 12, 5000},
    {"M12", m12, 12, 5000},
    {"M13", m13, 32, 5000},
    {"M14", m14, 4, 1000},
    {"M15", m15, 8, 5000},
    {"M16", m16, 24, 5000},
};

static void no_question_costs_more_than_its_bound(void **state)
{
    static struct scene s;
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        unsigned worst = 0;
        int64_t slowest_ms = 0;
        bool chain = bounds[i].make == m11 || bounds[i].make == m12;
        for (uint32_t seed = 1; seed <= SEEDS; seed++) {
            begin(&s, seed);
            bounds[i].make(&s);
            start(&s);
            int64_t begin_ms = world_now_ms(s.w);
            const char *name = bounds[i].make == m13 ? "www.l0.zz." : chain ? "c0.m.zz." : "www.m.zz.";
            const struct outcome *o = world_ask(s.w, name, TYPE_A);
            assert_non_null(o);
            assert_int_equal(o->rcode, RCODE_SERVFAIL);
            assert_true(o->reason.ede != EDE_NONE);
            if (world_now_ms(s.w) - begin_ms > slowest_ms)
                slowest_ms = world_now_ms(s.w) - begin_ms;
            world_drain(s.w);
            if (sent(&s) > worst)
                worst = sent(&s);
            if (bounds[i].make == m13)
                assert_true(world_sent(s.w, "10.1.1.1", NULL, 0) > 0);
            end(&s);
        }
        print_message(
            "%s: at most %u messages (%u), %d ms\n", bounds[i].id, worst, bounds[i].most, (int)slowest_ms);
        assert_in_range(worst, 1, bounds[i].most);
        assert_true(slowest_ms <= bounds[i].most_ms);
    }
}

static void zones_that_need_each_other_cost_nothing_more_afterwards(void **state)
{
    static struct scene s;
    begin(&s, 1);
    m14(&s);
    start(&s);
    world_ask(s.w, "www.m.zz.", TYPE_A);
    s.before = world_sent(s.w, NULL, NULL, 0);
    for (unsigned i = 0; i < 10; i++) {
        char name[20];
        snprintf(name, sizeof name, "w%u.m.zz.", i);
        assert_int_equal(world_ask(s.w, name, TYPE_A)->rcode, RCODE_SERVFAIL);
    }
    assert_int_equal(sent(&s), 0);
    end(&s);
}

/* ---- M18, M20, M23, P2 ---- */

#define GOOD_TEXT "NOERROR; www.m.zz. 3600 A 192.0.2.9"

static struct world_rule *good(struct scene *s, const char *at)
{
    struct world_rule *rule = add(s, at, "www.m.zz.");
    rule->answer = "www.m.zz. A 192.0.2.9\n";
    return rule;
}

static const char *answer_of(struct scene *s, const char *name)
{
    return world_text(s->w, world_ask(s->w, name, TYPE_A));
}

static void survives_each_malformed_packet_before_the_answer(void **state)
{
    static struct scene s;
    for (unsigned which = 0; which < WORLD_DAMAGES; which++)
        for (uint32_t seed = 1; seed <= SEEDS; seed++) {
            begin(&s, seed);
            delegate(&s, "m.zz.", 1, "n.m.zz.", "10.1.0.1");
            struct world_rule *rule = good(&s, "10.1.0.1");
            rule->how = HOW_MALFORMED_FIRST;
            rule->damage = which;
            rule->delay_ms = vary(&s, 50);
            start(&s);
            print_message("%u\n", which);
            assert_string_equal(answer_of(&s, "www.m.zz."), GOOD_TEXT);
            assert_in_range(world_sent(s.w, "10.1.0.1", NULL, 0), 1, 3);
            end(&s);
        }
}

/* One server; `warm`: it is known to answer within a millisecond. */
static void many_ask_a_slow_server(unsigned askers, unsigned over_ms, unsigned delay_ms, bool warm)
{
    static struct scene s;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        begin(&s, seed);
        delegate(&s, "m.zz.", 1, "n.m.zz.", "10.1.0.1");
        good(&s, "10.1.0.1")->delay_ms = vary(&s, delay_ms);
        struct world_rule *fast = add(&s, "10.1.0.1", NULL);
        fast->answer = "warm.m.zz. A 192.0.2.8\n";
        fast->delay_ms = 1;
        start(&s);
        if (warm)
            answer_of(&s, "warm.m.zz.");
        ask_id ids[1000];
        for (unsigned i = 0; i < askers; i++) {
            ids[i] = world_begin(s.w, "www.m.zz.", TYPE_A);
            if (over_ms)
                world_run(s.w, (int64_t)over_ms / askers);
        }
        for (unsigned i = 0; i < askers; i++)
            assert_int_equal(world_wait(s.w, ids[i])->answer.count, 1);
        world_drain(s.w);
        assert_in_range(world_sent(s.w, "10.1.0.1", "www.m.zz.", 0), 1, 2);
        end(&s);
    }
}

static void a_thousand_askers_cause_two_messages(void **state)
{
    for (unsigned warm = 0; warm < 2; warm++) {
        many_ask_a_slow_server(1000, 0, 1000, warm);
        many_ask_a_slow_server(200, 1000, 1200, warm);
    }
}

static void a_silent_zone_harms_no_other_zone_at_its_address(void **state)
{
    static struct scene s;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        begin(&s, seed);
        delegate(&s, "m.zz.", 1, "ns.m.zz.", "10.1.0.1");
        add(&s, "10.1.0.1", "*.m.zz.")->how = HOW_SILENT;
        for (unsigned i = 0; i < 8; i++) {
            delegate(&s, say(&s.arena, "o%u.zz.", i), 1, say(&s.arena, "ns.o%u.zz.", i), "10.1.0.1");
            struct world_rule *rule = add(&s, "10.1.0.1", say(&s.arena, "*.o%u.zz.", i));
            rule->answer = say(&s.arena, "www.o%u.zz. A 192.0.2.9\n", i);
            rule->delay_ms = 2;
        }
        start(&s);
        assert_string_equal(answer_of(&s, "www.m.zz."), "SERVFAIL");
        for (unsigned i = 0; i < 8; i++) {
            int64_t begin_ms = world_now_ms(s.w);
            assert_int_equal(world_ask(s.w, say(&s.arena, "www.o%u.zz.", i), TYPE_A)->rcode, RCODE_NOERROR);
            assert_in_range(world_now_ms(s.w) - begin_ms, 0, 5 + 2 + 3);
        }
        end(&s);
    }
}

/* ---- the twins: partial failure must still resolve ---- */

struct twin {
    struct world_rule bad;
    unsigned most;
};

static const struct twin twins[] = {
    {{.rcode = RCODE_SERVFAIL, .why = "12 SERVFAIL and 1 good"}, 14},
    {{.rcode = RCODE_REFUSED, .why = "12 REFUSED and 1 good"}, 14},
    {{.how = HOW_SILENT, .why = "12 dead and 1 good"}, 14},
    {{.how = HOW_UNREACHABLE, .why = "12 without a route and 1 good"}, 14},
    {{.how = HOW_REFUSE_PORT, .why = "12 closed ports and 1 good"}, 14},
    {{.rcode = RCODE_FORMERR, .why = "12 FORMERR and 1 good"}, 18},
    {{.rcode = RCODE_NOTIMP, .why = "12 NOTIMP and 1 good"}, 18},
    {{.how = HOW_TCP_CLOSES, .why = "12 with TC and no TCP, and 1 good"}, 26},
    {{.how = HOW_TCP_SILENT, .why = "12 with TC and silent TCP, and 1 good"}, 26},
    {{.authority = ". NS root.ns.\n", .why = "12 upward referrals and 1 good"}, 14},
    {{.authority = "m.zz. NS n0.m.zz.\n", .why = "12 referrals to the same zone and 1 good"}, 14},
    {{.why = "12 empty answers without AA and 1 good"}, 14},
    {{.how = HOW_BARE_FORMERR, .rcode = RCODE_FORMERR, .why = "12 bare FORMERR and 1 good"}, 30},
};

static void finds_the_one_good_server_of_thirteen(void **state)
{
    static struct scene s;
    for (size_t i = 0; i < sizeof twins / sizeof *twins; i++) {
        unsigned worst = 0;
        for (uint32_t seed = 1; seed <= SEEDS; seed++) {
            begin(&s, seed);
            crowd(&s, twins[i].bad);
            struct world_rule *one = &s.rules[1 + roll(&s, 13)];
            *one = (struct world_rule){.addr = one->addr,
                .flags = FLAG_AA,
                .answer = "www.m.zz. A 192.0.2.9\n",
                .delay_ms = vary(&s, 20)};
            start(&s);
            int64_t begin_ms = world_now_ms(s.w);
            assert_string_equal(answer_of(&s, "www.m.zz."), GOOD_TEXT);
            assert_true(world_now_ms(s.w) - begin_ms <= 5000);
            if (sent(&s) > worst)
                worst = sent(&s);
            end(&s);
        }
        print_message("%s: at most %u messages\n", twins[i].bad.why, worst);
        assert_in_range(worst, 1, twins[i].most);
    }
}

static void follows_chains_through_zones_with_half_of_their_servers_gone(void **state)
{
    static struct scene s;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        begin(&s, seed);
        links(&s, 6, 1, true);
        start(&s);
        assert_int_equal(world_ask(s.w, "www.l0.zz.", TYPE_A)->rcode, RCODE_NOERROR);
        end(&s);
    }
}

static ask_id begin_in_background(struct scene *s, const char *text)
{
    name_t name[NAME_MAX_LEN];
    name_from_text(name, text, strlen(text), NULL);
    struct question q = {.name = name, .type = TYPE_A, .class = CLASS_IN, .background = true};
    return world_begin_question(s->w, &q);
}

/* He may join a look-up of his own name or of one that it needs, at its start or in the middle. */
static void who_joins_background_work_has_a_question_s_budget(void **state)
{
    static struct scene s;
    static const char *const joined[] = {NULL, "www.l0.zz.", "www.l4.zz."};
    for (size_t i = 0; i < sizeof joined / sizeof *joined; i++)
        for (unsigned after_ms = 0; after_ms <= 60; after_ms += 60) {
            begin(&s, 1);
            links(&s, 7, 1, true);
            start(&s);
            ask_id first = begin_in_background(&s, "www.l0.zz.");
            world_run(s.w, after_ms);
            if (joined[i])
                assert_int_equal(world_ask(s.w, joined[i], TYPE_A)->rcode, RCODE_NOERROR);
            const struct outcome *o = world_wait(s.w, first);
            if (!joined[i]) {
                assert_int_equal(o->rcode, RCODE_SERVFAIL);
                assert_int_equal(o->messages, WORK_MESSAGES_BACKGROUND);
            }
            end(&s);
        }
}

static void finds_the_one_good_name_of_ten(void **state)
{
    static struct scene s;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        begin(&s, seed);
        links(&s, 1, 9, true);
        start(&s);
        assert_int_equal(world_ask(s.w, "www.l0.zz.", TYPE_A)->rcode, RCODE_NOERROR);
        assert_in_range(sent(&s), 1, 20);
        end(&s);
    }
}

static void waits_for_slow_servers(void **state)
{
    static struct scene s;
    for (uint32_t seed = 1; seed <= SEEDS; seed++)
        for (unsigned delay_ms = 1000; delay_ms <= 3000; delay_ms += 2000) {
            begin(&s, seed);
            delegate(&s, "m.zz.", 1, "n.m.zz.", "10.1.0.1");
            unsigned wait_ms = vary(&s, delay_ms);
            good(&s, "10.1.0.1")->delay_ms = wait_ms;
            start(&s);
            int64_t begin_ms = world_now_ms(s.w);
            assert_string_equal(answer_of(&s, "www.m.zz."), GOOD_TEXT);
            assert_in_range(world_now_ms(s.w) - begin_ms, wait_ms, wait_ms + 50);
            assert_in_range(sent(&s), 1, 8);
            end(&s);
        }
}

static void any_name(struct world_rule *rule, const char *name, struct arena *a)
{
    rule->answer = say(a, "%s A 192.0.2.9\n", name);
}

static void resolves_thirty_names_with_two_exchanges_of_five_lost(void **state)
{
    static struct scene s;
    unsigned total = 0, most = 0, count = 0;
    int64_t slowest_ms = 0;
    for (uint32_t seed = 1; seed <= SEEDS; seed++, count++) {
        begin(&s, seed);
        delegate(&s, "m.zz.", 1, "n.m.zz.", "10.1.0.1");
        struct world_rule *rule = add(&s, "10.1.0.1", NULL);
        rule->make = any_name;
        rule->lose_percent = 40;
        rule->delay_ms = 1 + roll(&s, 5);
        start(&s);
        int64_t begin_ms = world_now_ms(s.w);
        for (unsigned i = 0; i < 30; i++) {
            char name[20];
            snprintf(name, sizeof name, "x%u.m.zz.", i);
            assert_int_equal(world_ask(s.w, name, TYPE_A)->rcode, RCODE_NOERROR);
        }
        if (world_now_ms(s.w) - begin_ms > slowest_ms)
            slowest_ms = world_now_ms(s.w) - begin_ms;
        total += sent(&s);
        most = sent(&s) > most ? sent(&s) : most;
        end(&s);
    }
    print_message("%.1f messages, at most %u, at most %d ms\n", (double)total / count, most, (int)slowest_ms);
    assert_true(total <= count * 55);
    assert_in_range(most, 30, 80);
    assert_true(slowest_ms <= 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_question_costs_more_than_its_bound),
        cmocka_unit_test(zones_that_need_each_other_cost_nothing_more_afterwards),
        cmocka_unit_test(survives_each_malformed_packet_before_the_answer),
        cmocka_unit_test(a_thousand_askers_cause_two_messages),
        cmocka_unit_test(a_silent_zone_harms_no_other_zone_at_its_address),
        cmocka_unit_test(finds_the_one_good_server_of_thirteen),
        cmocka_unit_test(follows_chains_through_zones_with_half_of_their_servers_gone),
        cmocka_unit_test(who_joins_background_work_has_a_question_s_budget),
        cmocka_unit_test(finds_the_one_good_name_of_ten),
        cmocka_unit_test(waits_for_slow_servers),
        cmocka_unit_test(resolves_thirty_names_with_two_exchanges_of_five_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
