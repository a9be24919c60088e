/* What one question may cost others: the attacks M1–M23 of docs/threats.md, in virtual time, with numbers
 * varied by ±20 % over many seeds. */
#include <stdlib.h>

#include "scene.h"

/* ---- M1–M16: bounds ---- */

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
    s->rules[0].authority = arena_printf(&s->arena, "%s%s",
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
    rule->answer = arena_printf(a, "%s CNAME c%u.m.zz.\n", name, n + 1);
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
    rule->authority = arena_printf(a, "d%u.zz. NS ns.d%u.zz.\n", n, n + 1);
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
            delegate(&s, arena_printf(&s.arena, "o%u.zz.", i), 1, arena_printf(&s.arena, "ns.o%u.zz.", i),
                "10.1.0.1");
            struct world_rule *rule = add(&s, "10.1.0.1", arena_printf(&s.arena, "*.o%u.zz.", i));
            rule->answer = arena_printf(&s.arena, "www.o%u.zz. A 192.0.2.9\n", i);
            rule->delay_ms = 2;
        }
        start(&s);
        assert_string_equal(answer_of(&s, "www.m.zz."), "SERVFAIL");
        for (unsigned i = 0; i < 8; i++) {
            int64_t begin_ms = world_now_ms(s.w);
            assert_int_equal(
                world_ask(s.w, arena_printf(&s.arena, "www.o%u.zz.", i), TYPE_A)->rcode, RCODE_NOERROR);
            assert_in_range(world_now_ms(s.w) - begin_ms, 0, 5 + 2 + 3);
        }
        end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_question_costs_more_than_its_bound),
        cmocka_unit_test(zones_that_need_each_other_cost_nothing_more_afterwards),
        cmocka_unit_test(survives_each_malformed_packet_before_the_answer),
        cmocka_unit_test(a_thousand_askers_cause_two_messages),
        cmocka_unit_test(a_silent_zone_harms_no_other_zone_at_its_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
