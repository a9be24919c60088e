/* Our own link, the address families, and clients that come back: what is learnt from silence, and what is
 * not. */
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

enum { ZONES = 12, DEAD = 50 };

/* Any name has an address. */
static void any_name(struct world_rule *rule, const char *name, struct arena *a)
{
    char *line = arena_alloc(a, strlen(name) + 32);
    snprintf(line, strlen(name) + 32, "%s 1 A 192.0.2.1\n", name);
    rule->answer = line;
}

/* The root refers <name>.<letter>. to the zone of that letter, whose server is 10.1.0.<n>; zones are
 * unrelated. */
struct net {
    struct world_rule rules[2 * (ZONES + DEAD)];
    char text[ZONES + DEAD][4][64];
    size_t count;
};

static void net_zone(struct net *n, unsigned i, const char *stem, const char *block, enum world_how how)
{
    snprintf(n->text[i][0], 64, "*.%s%u.", stem, i);
    snprintf(n->text[i][1], 64, "%s%u. NS ns.%s%u.\n", stem, i, stem, i);
    snprintf(n->text[i][2], 64, "ns.%s%u. A %s.%u\n", stem, i, block, i + 1);
    snprintf(n->text[i][3], 64, "%s.%u", block, i + 1);
    n->rules[n->count++] = (struct world_rule){
        .addr = "10.0.0.1", .name = n->text[i][0], .authority = n->text[i][1], .additional = n->text[i][2]};
    n->rules[n->count++] = (struct world_rule){
        .addr = n->text[i][3], .flags = FLAG_AA, .make = any_name, .how = how, .delay_ms = 20};
}

static void net_init(struct net *n, unsigned dead)
{
    n->count = 0;
    for (unsigned i = 0; i < ZONES; i++)
        net_zone(n, i, "z", "10.1.0", HOW_ANSWER);
    for (unsigned i = ZONES; i < ZONES + dead; i++)
        net_zone(n, i, "d", "10.2.0", HOW_SILENT);
}

/* 100 questions a second for new names. */
static void load(struct world *w, unsigned seconds, unsigned *next)
{
    for (unsigned i = 0; i < 100 * seconds; i++, ++*next) {
        char name[40];
        snprintf(name, sizeof name, "n%u.z%u.", *next, *next % ZONES);
        world_begin(w, name, TYPE_A);
        world_run(w, 10);
    }
}

static void nobody_is_penalised(struct world *w)
{
    assert_int_equal(world_facts(w, "10.0.0.1").timeouts, 0);
    for (unsigned i = 0; i < ZONES; i++) {
        char addr[20];
        snprintf(addr, sizeof addr, "10.1.0.%u", i + 1);
        assert_int_equal(world_facts(w, addr).timeouts, 0);
    }
}

static void count_one(void *ctx, const struct endpoint *at, uint32_t age_ms)
{
    assert_int_equal(at->port, 53);
    *(unsigned *)ctx += age_ms > 0;
}

static unsigned silences(struct world *w)
{
    unsigned count = 0;
    resolve_each_silence(world_resolver(w), (now_t){.mono_ms = world_now_ms(w)}, count_one, &count);
    return count;
}

static void a_dead_link_teaches_nothing_of_servers(void **state)
{
    static struct net n;
    for (unsigned shape = 0; shape < 4; shape++) {
        net_init(&n, 0);
        struct world *w = world_new(n.rules, n.count, NULL);
        unsigned next = 0;
        load(w, 5, &next);
        world_link(w, shape % 2 ? LINK_NO_ROUTE : LINK_SILENT);
        load(w, 60, &next);
        const struct outcome *o = world_ask(w, "during.z1.", TYPE_A);
        assert_int_equal(o->rcode, RCODE_SERVFAIL);
        assert_string_equal(o->reason.tag, "link-down");
        if (shape % 2 == 0) /* they are told as what they are */
            assert_in_range(silences(w), 1, REACH_HELD_MAX);
        world_link(w, LINK_UP);
        if (shape >= 2)
            world_network_changed(w);
        nobody_is_penalised(w);
        for (unsigned i = 0; i < ZONES; i++) {
            char name[40];
            snprintf(name, sizeof name, "after.z%u.", i);
            int64_t begin_ms = world_now_ms(w);
            assert_int_equal(world_ask(w, name, TYPE_A)->rcode, RCODE_NOERROR);
            assert_in_range(world_now_ms(w) - begin_ms, 0, 1000);
        }
        nobody_is_penalised(w);
        /* Nor is the name that failed kept back for longer than a second. */
        world_run(w, 1000);
        assert_int_equal(world_ask(w, "during.z1.", TYPE_A)->rcode, RCODE_NOERROR);
        nobody_is_penalised(w);
        world_drain(w);
        assert_int_equal(silences(w), 0);
        const struct resolve_counters *c = resolve_counters(world_resolver(w));
        assert_int_equal(c->jobs + c->waiters + c->sends, 0);
        world_free(w);
    }
}

static void who_waits_is_answered_when_the_link_is_back(void **state)
{
    static struct net n;
    for (unsigned told = 0; told < 2; told++) {
        net_init(&n, 0);
        struct world *w = world_new(n.rules, n.count, NULL);
        unsigned next = 0;
        load(w, 5, &next);
        world_link(w, LINK_NO_ROUTE);
        ask_id ids[ZONES];
        for (unsigned i = 0; i < ZONES; i++) {
            char name[40];
            snprintf(name, sizeof name, "waits.z%u.", i);
            ids[i] = world_begin(w, name, TYPE_A);
        }
        world_link(w, LINK_SILENT);
        for (unsigned i = 0; i < ZONES && told; i++) {
            char name[40];
            snprintf(name, sizeof name, "likewise.z%u.", i);
            ids[i] = world_begin(w, name, TYPE_A);
        }
        world_run(w, 2500);
        world_link(w, LINK_UP);
        if (told)
            world_network_changed(w);
        int64_t begin_ms = world_now_ms(w);
        for (unsigned i = 0; i < ZONES; i++) {
            const struct outcome *o = world_wait(w, ids[i]);
            assert_non_null(o);
            if (told)
                assert_int_equal(o->rcode, RCODE_NOERROR);
        }
        if (told)
            assert_in_range(world_now_ms(w) - begin_ms, 0, 100);
        world_free(w);
    }
}

/* The twin: dead zones beside live ones are learnt. */
static void dead_zones_beside_live_ones_are_learnt(void **state)
{
    static struct net n;
    for (unsigned once_alive = 0; once_alive < 2; once_alive++) {
        net_init(&n, DEAD);
        for (unsigned i = 0; i < DEAD && once_alive; i++)
            n.rules[2 * (ZONES + i) + 1].how = HOW_ANSWER;
        struct world *w = world_new(n.rules, n.count, NULL);
        unsigned next = 0;
        for (unsigned i = 0; i < DEAD && once_alive; i++) {
            char name[40];
            snprintf(name, sizeof name, "x.d%u.", ZONES + i);
            assert_int_equal(world_ask(w, name, TYPE_A)->rcode, RCODE_NOERROR);
            n.rules[2 * (ZONES + i) + 1].how = HOW_SILENT;
        }
        load(w, 2, &next);
        for (unsigned i = 0; i < DEAD; i++) {
            char name[40];
            snprintf(name, sizeof name, "y.d%u.", ZONES + i);
            world_begin(w, name, TYPE_A);
        }
        load(w, 10, &next);
        for (unsigned i = 0; i < DEAD; i++) {
            char addr[20];
            snprintf(addr, sizeof addr, "10.2.0.%u", ZONES + i + 1);
            assert_in_range(world_facts(w, addr).timeouts, 3, 20);
        }
        nobody_is_penalised(w);
        /* Failures are kept with back-off as ever: two in a row rest two seconds. */
        world_run(w, 2000);
        assert_string_equal(world_ask(w, "y.d20.", TYPE_A)->reason.tag, "silent-servers");
        unsigned before = world_sent(w, "10.2.0.21", NULL, 0);
        world_run(w, 1100);
        world_ask(w, "y.d20.", TYPE_A);
        assert_int_equal(world_sent(w, "10.2.0.21", NULL, 0), before);
        world_free(w);
    }
}

/* ---- threat F7: address families ---- */

static void dual_root(struct resolve_settings *s)
{
    static struct root_hint hint;
    addr_parse(&hint.addrs[0], "10.0.0.1");
    addr_parse(&hint.addrs[1], "2001:db8::1");
    hint.addr_count = 2;
    hint.name = s->hints[0].name;
    s->hints = &hint;
    s->explore = true;
}

/* Three levels, each with one server of two addresses, of which one family is dead. Returns the ms of a walk.
 */
static int64_t walk(struct world *w, unsigned n)
{
    char name[40];
    snprintf(name, sizeof name, "x%u.zone%u.org.", n, n % 40);
    int64_t begin_ms = world_now_ms(w);
    assert_int_equal(world_ask(w, name, TYPE_A)->rcode, RCODE_NOERROR);
    return world_now_ms(w) - begin_ms;
}

static void org_zone(struct world_rule *rule, const char *name, struct arena *a)
{
    const char *zone = strstr(name, "zone");
    unsigned n = (unsigned)strtoul(zone + 4, NULL, 10);
    char *text = arena_alloc(a, 200);
    snprintf(text, 100, "zone%u.org. NS ns.zone%u.org.\n", n, n);
    rule->authority = text;
    snprintf(text + 100, 100, "ns.zone%u.org. A 10.3.0.%u\nns.zone%u.org. AAAA 2001:db8::3:%u\n", n, n + 1, n,
        n + 1);
    rule->additional = text + 100;
}

static size_t dual_rules(struct world_rule *rules, bool v6_dead, enum world_how how)
{
    static char addrs[2][40][24];
    size_t count = 0;
    for (unsigned family = 0; family < 2; family++) {
        enum world_how here = (family == 1) == v6_dead ? how : HOW_ANSWER;
        rules[count++] = (struct world_rule){.addr = family ? "2001:db8::1" : "10.0.0.1",
            .how = here,
            .authority = "org. NS ns.org.\n",
            .additional = "ns.org. A 10.0.0.2\nns.org. AAAA 2001:db8::2\n"};
        rules[count++] =
            (struct world_rule){.addr = family ? "2001:db8::2" : "10.0.0.2", .how = here, .make = org_zone};
        for (unsigned i = 0; i < 40; i++) {
            snprintf(
                addrs[family][i], sizeof addrs[family][i], family ? "2001:db8::3:%u" : "10.3.0.%u", i + 1);
            rules[count++] = (struct world_rule){
                .addr = addrs[family][i], .how = here, .flags = FLAG_AA, .make = any_name};
        }
    }
    return count;
}

static void a_dead_family_costs_one_timeout(void **state)
{
    for (uint32_t seed = 1; seed <= 20; seed++)
        for (unsigned v6_dead = 0; v6_dead < 2; v6_dead++) {
            static struct world_rule rules[100];
            size_t count = dual_rules(rules, v6_dead, HOW_SILENT);
            struct world *w = world_new_seeded(rules, count, dual_root, seed);
            unsigned n = 0;
            assert_in_range(walk(w, n++), 0, 15 + 300);
            for (unsigned i = 0; i < 200; i++) {
                int64_t ms = walk(w, n++);
                if (i > 30) /* each choice of the first few may be the first that meets the dead family */
                    assert_in_range(ms, 0, 15 + 50);
                world_run(w, 1000);
            }
            world_free(w);
        }
}

static void a_family_without_route_is_off_at_once(void **state)
{
    for (uint32_t seed = 1; seed <= 20; seed++)
        for (unsigned v6_dead = 0; v6_dead < 2; v6_dead++) {
            static struct world_rule rules[100];
            size_t count = dual_rules(rules, v6_dead, HOW_UNREACHABLE);
            struct world *w = world_new_seeded(rules, count, dual_root, seed);
            unsigned tried = 0;
            for (unsigned n = 0; n < 30; n++) {
                assert_in_range(walk(w, n), 0, 20);
                for (unsigned i = 0; i < 2; i++)
                    tried = world_sent(w, v6_dead ? "2001:db8::1" : "10.0.0.1", NULL, 0) +
                            world_sent(w, v6_dead ? "2001:db8::2" : "10.0.0.2", NULL, 0);
            }
            assert_in_range(tried, 0, 2);
            world_free(w);
        }
}

/* ... and when the family is back, it is found again. */
static void a_family_that_is_back_is_used_again(void **state)
{
    static struct world_rule rules[100];
    size_t count = dual_rules(rules, true, HOW_SILENT);
    struct world *w = world_new_seeded(rules, count, dual_root, 3);
    unsigned n = 0;
    while (n < 60)
        walk(w, n++);
    for (size_t i = 0; i < count; i++)
        rules[i].how = HOW_ANSWER;
    world_run(w, 61000);
    for (unsigned i = 0; i < 60; i++)
        walk(w, n++);
    size_t v6 = 0;
    for (unsigned i = 0; i < 40; i++) {
        char addr[24];
        snprintf(addr, sizeof addr, "2001:db8::3:%u", i + 1);
        v6 += world_facts(w, addr).heard;
    }
    assert_true(v6 >= 1);
    world_free(w);
}

/* ---- clients that come back ---- */

static struct world_rule late_zone[] = {{.addr = "10.0.0.1",
                                            .name = "*.org.",
                                            .authority = "org. NS ns.org.\n",
                                            .additional = "ns.org. A 10.1.0.1\n"},
    {.addr = "10.1.0.1", .how = HOW_SILENT, .flags = FLAG_AA, .answer = "x.org. 60 A 192.0.2.1\n"}};

static void who_comes_back_gets_a_chance_of_his_own(void **state)
{
    late_zone[1].how = HOW_SILENT;
    struct world *w = world_new(late_zone, COUNT(late_zone), NULL);
    assert_int_equal(world_ask(w, "x.org.", TYPE_A)->rcode, RCODE_SERVFAIL);
    unsigned first = world_sent(w, "10.1.0.1", NULL, 0);
    /* RFC 9520: a failure rests a second. */
    assert_string_equal(world_ask(w, "x.org.", TYPE_A)->reason.tag, "failed-recently");
    world_run(w, 1100);
    late_zone[1].how = HOW_ANSWER;
    int64_t begin_ms = world_now_ms(w);
    assert_int_equal(world_ask(w, "x.org.", TYPE_A)->rcode, RCODE_NOERROR);
    assert_in_range(world_now_ms(w) - begin_ms, 0, 20);
    assert_int_equal(world_sent(w, "10.1.0.1", NULL, 0), first + 1);
    world_drain(w);
    assert_int_equal(resolve_counters(world_resolver(w))->jobs, 0);
    world_free(w);
}

/* Asked again and again for a minute, a dead zone costs what RFC 9520's rests leave room for. */
static void coming_back_does_not_unbind_the_work(void **state)
{
    late_zone[1].how = HOW_SILENT;
    struct world *w = world_new(late_zone, COUNT(late_zone), NULL);
    unsigned first = 0;
    for (unsigned i = 0; i < 120; i++) {
        world_begin(w, "x.org.", TYPE_A);
        world_run(w, 500);
        if (i == 9)
            first = world_sent(w, "10.1.0.1", NULL, 0);
    }
    assert_in_range(first, 1, TRIES_PER_ADDRESS_MAX);
    /* 5 s each, with rests of 1, 2, 4, 8 s between: at most six begin within the minute. */
    assert_in_range(world_sent(w, "10.1.0.1", NULL, 0), 2 * first, 6 * TRIES_PER_ADDRESS_MAX);
    world_drain(w);
    assert_int_equal(resolve_counters(world_resolver(w))->jobs, 0);
    world_free(w);
}

static void a_late_answer_serves_who_came_back(void **state)
{
    late_zone[1].how = HOW_ANSWER;
    late_zone[1].delay_ms = 6600;
    struct world *w = world_new(late_zone, COUNT(late_zone), NULL);
    assert_int_equal(world_ask(w, "x.org.", TYPE_A)->rcode, RCODE_SERVFAIL);
    world_run(w, 1300);
    int64_t begin_ms = world_now_ms(w);
    assert_int_equal(world_ask(w, "x.org.", TYPE_A)->rcode, RCODE_NOERROR);
    assert_in_range(world_now_ms(w) - begin_ms, 0, 400);
    late_zone[1].delay_ms = 0;
    world_drain(w);
    assert_int_equal(resolve_counters(world_resolver(w))->jobs, 0);
    world_free(w);
}

/* The answer that tells that the link is back is handled at once, and not asked for again. */
static void the_answer_that_shows_the_link_is_the_answer(void **state)
{
    static struct net n;
    net_init(&n, 0);
    struct world *w = world_new(n.rules, n.count, NULL);
    unsigned next = 0;
    load(w, 5, &next);
    world_link(w, LINK_SILENT);
    load(w, 10, &next);
    const struct outcome *o = world_ask(w, "during.z1.", TYPE_A);
    assert_string_equal(o->reason.tag, "link-down");
    world_drain(w);
    world_link(w, LINK_UP);
    unsigned before = world_sent(w, NULL, NULL, 0);
    int64_t begin_ms = world_now_ms(w);
    assert_int_equal(world_ask(w, "back.z2.", TYPE_A)->rcode, RCODE_NOERROR);
    assert_in_range(world_now_ms(w) - begin_ms, 0, 20);
    assert_int_equal(world_sent(w, NULL, NULL, 0) - before, 1);
    world_drain(w);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dead_link_teaches_nothing_of_servers),
        cmocka_unit_test(the_answer_that_shows_the_link_is_the_answer),
        cmocka_unit_test(who_waits_is_answered_when_the_link_is_back),
        cmocka_unit_test(dead_zones_beside_live_ones_are_learnt),
        cmocka_unit_test(a_dead_family_costs_one_timeout),
        cmocka_unit_test(a_family_without_route_is_off_at_once),
        cmocka_unit_test(a_family_that_is_back_is_used_again),
        cmocka_unit_test(who_comes_back_gets_a_chance_of_his_own),
        cmocka_unit_test(coming_back_does_not_unbind_the_work),
        cmocka_unit_test(a_late_answer_serves_who_came_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
