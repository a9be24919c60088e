/* Servers that are silent, slow, lossy, or stumble over EDNS and streams. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "small_tree.h"

/* The probe's answer comes when the whole name was asked elsewhere in vain:
 * its server gets the whole name, at once. */
static void a_late_answer_to_a_probe_goes_on(void **state)
{
    struct world_rule rules[] = {ROOT_ORG, ORG_ZONE_2,
        {.addr = "10.1.0.1",
            .name = "x.zone.org.",
            .how = HOW_TRUNCATE_UDP,
            .flags = FLAG_AA,
            .authority = SOA,
            .tcp_delay_ms = 2000},
        {.addr = "10.1.0.1", .flags = FLAG_AA, .answer = "a.x.zone.org. 60 A 192.0.2.1\n"},
        {.addr = "10.1.0.2", .rcode = RCODE_SERVFAIL, .delay_ms = 20}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    /* Known to be fast: asked first. */
    for (int i = 0; i < 10 && world_sent(w, "10.1.0.1", NULL, 0) == 0; i++)
        world_ask(w, i % 2 ? "y.zone.org." : "z.zone.org.", TYPE_A);
    int64_t begin = world_now_ms(w);
    assert_string_equal(ask_text(w, "a.x.zone.org.", TYPE_A), "NOERROR; a.x.zone.org. 60 A 192.0.2.1");
    assert_true(world_now_ms(w) - begin < 2500);
    assert_idle(w);
    world_free(w);
}

struct stream_fault {
    struct world_rule rule;
    const char *text;
    int64_t within_ms;
};

static const struct stream_fault stream_faults[] = {
    {{.how = HOW_TRUNCATE_UDP, .flags = FLAG_AA | FLAG_TC, .why = "TC over TCP"}, "SERVFAIL", 100},
    {{.how = HOW_DAMAGED_ONCE, .flags = FLAG_AA, .why = "none, and a damaged packet"}, X_TEXT, 700},
    {{.how = HOW_TCP_CLOSES, .flags = FLAG_AA, .why = "closes"}, "SERVFAIL", 100},
    {{.how = HOW_TCP_SILENT, .flags = FLAG_AA, .why = "silent"}, "SERVFAIL", 4100},
    {{.how = HOW_TRUNCATE_UDP, .flags = FLAG_AA, .tcp_delay_ms = 3000, .why = "slow"}, X_TEXT, 3100},
};

/* threat F3 */
static void survives_faults_of_streams(void **state)
{
    for (size_t i = 0; i < COUNT(stream_faults); i++) {
        struct world_rule rules[] = {ROOT_ORG, ORG_ZONE_1, stream_faults[i].rule};
        rules[2].addr = "10.1.0.1";
        rules[2].answer = X_ANSWER;
        struct world *w = world_new(rules, COUNT(rules), NULL);
        print_message("%s\n", rules[2].why);
        assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), stream_faults[i].text);
        assert_true(world_now_ms(w) - 1000000 <= stream_faults[i].within_ms);
        assert_true(world_sent(w, "10.1.0.1", NULL, 0) <= 4);
        assert_idle(w);
        world_free(w);
    }
}

/* Each broken message costs memory until the question ends: few are read. */
static void reads_few_broken_messages_of_a_stream(void **state)
{
    struct world_rule rules[] = {ROOT_ORG, ORG_ZONE_1,
        {.addr = "10.1.0.1", .how = HOW_TCP_GARBAGE, .flags = FLAG_AA, .answer = X_ANSWER}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    assert_non_null(world_ask(w, "x.zone.org.", TYPE_A));
    assert_true(resolve_counters(world_resolver(w))->near_misses <= NEAR_MISSES_MAX + 1);
    assert_idle(w);
    world_free(w);
}

/* Every label of a deep name may meet losses; those that were made good do not add up. */
static void losses_at_one_label_do_not_count_at_the_next(void **state)
{
    static const char *const labels[] = {
        "d.zone.org.", "c.d.zone.org.", "b.c.d.zone.org.", "a.b.c.d.zone.org.", "y.a.b.c.d.zone.org."};
    struct world_rule rules[2 + 5 + 1] = {ROOT_ORG, ORG_ZONE_1};
    for (size_t i = 0; i < 5; i++)
        rules[2 + i] = (struct world_rule){
            .addr = "10.1.0.1", .name = labels[i], .flags = FLAG_AA, .authority = SOA, .lose_first = 2};
    rules[7] = (struct world_rule){
        .addr = "10.1.0.1", .flags = FLAG_AA, .answer = "x.y.a.b.c.d.zone.org. 60 A 192.0.2.1\n"};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    assert_string_equal(
        ask_text(w, "x.y.a.b.c.d.zone.org.", TYPE_A), "NOERROR; x.y.a.b.c.d.zone.org. 60 A 192.0.2.1");
    assert_idle(w);
    world_free(w);
}

/* threat A14: each (server, transport, feature) once. */
static void slow_objections_to_edns_cause_one_fallback(void **state)
{
    struct world_rule rules[] = {ROOT_ORG, ORG_ZONE_1,
        {.addr = "10.1.0.1", .how = HOW_NO_EDNS, .delay_ms = 1000, .flags = FLAG_AA, .answer = X_ANSWER}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), X_TEXT);
    assert_int_equal(resolve_counters(world_resolver(w))->edns_fallbacks, 1);
    assert_idle(w);
    world_free(w);
}

/* After TCP has answered for a server that spoils case, the next label waits for nothing. */
static void goes_on_at_once_after_tcp(void **state)
{
    struct world_rule rules[] = {ROOT_ORG, ORG_ZONE_1,
        {.addr = "10.1.0.1",
            .name = "y.zone.org.",
            .how = HOW_GARBAGE_FIRST,
            .flags = FLAG_AA,
            .authority = SOA,
            .delay_ms = 30},
        {.addr = "10.1.0.1", .flags = FLAG_AA, .answer = "x.y.zone.org. 60 A 192.0.2.1\n"}};
    rules[2].how = HOW_LOWER_CASE;
    struct world *w = world_new(rules, COUNT(rules), NULL);
    assert_string_equal(ask_text(w, "x.y.zone.org.", TYPE_A), "NOERROR; x.y.zone.org. 60 A 192.0.2.1");
    assert_true(world_now_ms(w) - 1000000 <= 150);
    world_free(w);
}

/* threat P13: a forged FORMERR must not cost a signed zone its signatures. */
static void a_signed_zones_server_is_not_remembered_without_edns(void **state)
{
    struct world_rule rules[] = {ROOT_ORG,
        ORG_ZONE("zone.org. NS ns.zone.org.\nzone.org. DS 1 8 2 "
                 "0000000000000000000000000000000000000000000000000000000000000000\n",
            "ns.zone.org. A 10.1.0.1\n"),
        {.addr = "10.1.0.1", .how = HOW_NO_EDNS, .flags = FLAG_AA, .answer = "x.zone.org. 1 A 192.0.2.1\n"}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), "NOERROR; x.zone.org. 1 A 192.0.2.1");
    assert_int_equal(world_sent_tcp(w), 2); /* with EDNS first, then without */
    struct endpoint at = {.port = 53};
    addr_parse(&at.addr, "10.1.0.1");
    struct server_facts facts;
    cache_server_get(world_cache(w), &at, 1000, &facts);
    assert_int_not_equal(facts.edns, EDNS_FACT_BROKEN);
    world_free(w);
}

/* Thirteen servers that are all alike, and thirteen of which one is good. */
struct crowd {
    struct world_rule bad;
    unsigned messages_max; /* nobody good: to the zone */
    int64_t within_ms;
};

static const struct crowd crowds[] = {
    {{.how = HOW_SILENT, .why = "dead"}, 14, 5000},
    {{.rcode = RCODE_SERVFAIL, .why = "SERVFAIL"}, 14, 1000},
    {{.rcode = RCODE_REFUSED, .why = "REFUSED"}, 14, 1000},
    {{.how = HOW_NO_EDNS, .rcode = RCODE_FORMERR, .why = "FORMERR"}, 18, 1000},
    {{.how = HOW_TCP_CLOSES, .why = "TC, TCP closes"}, 27, 3000},
    {{.how = HOW_REFUSE_PORT, .why = "port closed"}, 13, 1000},
    {{.how = HOW_BARE_FORMERR, .rcode = RCODE_FORMERR, .why = "bare FORMERR"}, 26, 5000},
    {{.authority = ". NS root.ns.\n", .why = "upward referral"}, 14, 1000},
    {{.how = HOW_ANSWER, .rcode = 23, .why = "BADCOOKIE"}, 14, 1000},
};

static void crowd_rules(struct world_rule *rules, const struct crowd *c)
{
    static char ns[13 * 40], glue[13 * 40], addrs[13][16];
    size_t n = 0, g = 0;
    rules[0] = (struct world_rule)ROOT_ORG;
    for (int i = 0; i < 13; i++) {
        snprintf(addrs[i], sizeof addrs[i], "10.3.0.%d", i + 1);
        n += (size_t)snprintf(ns + n, sizeof ns - n, "zone.org. NS n%d.zone.org.\n", i);
        g += (size_t)snprintf(glue + g, sizeof glue - g, "n%d.zone.org. A %s\n", i, addrs[i]);
        rules[2 + i] = c->bad;
        rules[2 + i].addr = addrs[i];
    }
    rules[1] = (struct world_rule)ORG_ZONE(ns, glue);
}

static void crowds_cost_little_and_hide_no_good_server(void **state)
{
    for (size_t i = 0; i < COUNT(crowds); i++) {
        print_message("%s\n", crowds[i].bad.why);
        for (uint32_t seed = 1; seed <= 20; seed++) {
            struct world_rule rules[15];
            crowd_rules(rules, &crowds[i]);
            struct world *w = world_new_seeded(rules, COUNT(rules), explores, seed);
            assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), "SERVFAIL");
            assert_true(world_now_ms(w) - 1000000 <= crowds[i].within_ms);
            assert_idle(w);
            assert_in_range(world_sent(w, NULL, NULL, 0) - 2, 0, crowds[i].messages_max);
            world_free(w);
            rules[2 + seed % 13].how = HOW_ANSWER;
            rules[2 + seed % 13].rcode = RCODE_NOERROR;
            rules[2 + seed % 13].flags = FLAG_AA;
            rules[2 + seed % 13].authority = NULL;
            rules[2 + seed % 13].answer = X_ANSWER;
            w = world_new_seeded(rules, COUNT(rules), explores, seed);
            assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), X_TEXT);
            assert_true(world_now_ms(w) - 1000000 <= 5000);
            assert_idle(w);
            world_free(w);
        }
    }
}

static void resolves_thirty_names_with_two_messages_of_five_lost(void **state)
{
    unsigned total = 0, failed = 0;
    for (uint32_t seed = 1; seed <= 20; seed++) {
        struct world_rule rules[] = {
            ROOT_ORG, ORG_ZONE_1, {.addr = "10.1.0.1", .flags = FLAG_AA, .lose_percent = 40}};
        static char answers[30 * 40];
        size_t n = 0;
        for (unsigned i = 0; i < 30; i++)
            n += (size_t)snprintf(answers + n, sizeof answers - n, "x%u.zone.org. A 192.0.2.1\n", i);
        rules[2].answer = answers;
        struct world *w = world_new_seeded(rules, COUNT(rules), explores, seed);
        for (unsigned i = 0; i < 30; i++) {
            char name[20];
            snprintf(name, sizeof name, "x%u.zone.org.", i);
            /* Seven losses in a row, 1 of 600: the client's second try. */
            if (world_ask(w, name, TYPE_A)->rcode != RCODE_NOERROR) {
                failed++;
                world_drain(w);
                world_pass(w, 2);
                assert_int_equal(world_ask(w, name, TYPE_A)->rcode, RCODE_NOERROR);
            }
        }
        assert_true(world_sent(w, NULL, NULL, 0) <= 80 + 2);
        total += world_sent(w, NULL, NULL, 0) - 2;
        world_free(w);
    }
    print_message("%u messages a seed, %u failures\n", total / 20, failed);
    assert_true(failed <= 3);
    assert_true(total <= 20 * 55);
}

/* The answer to a probe came over UDP after all, while TCP was under way: the only server is asked on. */
static void garbage_before_a_probes_answer_costs_no_server(void **state)
{
    struct world_rule rules[] = {ROOT_ORG, ORG_ZONE_1,
        {.addr = "10.1.0.1",
            .name = "y.x.zone.org.",
            .how = HOW_GARBAGE_FIRST,
            .flags = FLAG_AA,
            .answer = "y.x.zone.org. 60 A 192.0.2.1\n",
            .delay_ms = 50,
            .tcp_delay_ms = 200},
        {.addr = "10.1.0.1",
            .how = HOW_GARBAGE_FIRST,
            .flags = FLAG_AA,
            .authority = SOA,
            .delay_ms = 50,
            .tcp_delay_ms = 200}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    assert_string_equal(ask_text(w, "y.x.zone.org.", TYPE_A), "NOERROR; y.x.zone.org. 60 A 192.0.2.1");
    assert_idle(w);
    world_free(w);
}

/* A server that truncates and whose TCP is silent answers quickly, so that it is preferred: but once only. */
static void waits_for_a_silent_stream_once(void **state)
{
#define TRUE_ANSWER .flags = FLAG_AA, .answer = "a.b.c.d.zone.org. 60 A 192.0.2.1\n"
    struct world_rule rules[] = {ROOT_ORG, ORG_ZONE_2,
        {.addr = "10.1.0.1", .how = HOW_TCP_SILENT, .delay_ms = 2, .flags = FLAG_AA},
        {.addr = "10.1.0.2", .name = "a.b.c.d.zone.org.", .type = TYPE_A, .delay_ms = 40, TRUE_ANSWER},
        {.addr = "10.1.0.2", .delay_ms = 40, .flags = FLAG_AA, .authority = SOA}};
    for (uint32_t seed = 1; seed <= 20; seed++) {
        struct world *w = world_new_seeded(rules, COUNT(rules), NULL, seed);
        int64_t begin_ms = world_now_ms(w);
        assert_string_equal(
            ask_text(w, "a.b.c.d.zone.org.", TYPE_A), "NOERROR; a.b.c.d.zone.org. 60 A 192.0.2.1");
        assert_in_range(world_now_ms(w) - begin_ms, 1, 2000);
        begin_ms = world_now_ms(w);
        assert_string_equal(ask_text(w, "x.y.zone.org.", TYPE_TXT), "NOERROR");
        assert_in_range(world_now_ms(w) - begin_ms, 1, 1800);
        begin_ms = world_now_ms(w);
        assert_string_equal(ask_text(w, "x.z.zone.org.", TYPE_TXT), "NOERROR");
        assert_in_range(world_now_ms(w) - begin_ms, 1, 300);
        assert_idle(w);
        world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_late_answer_to_a_probe_goes_on),
        cmocka_unit_test(survives_faults_of_streams),
        cmocka_unit_test(reads_few_broken_messages_of_a_stream),
        cmocka_unit_test(losses_at_one_label_do_not_count_at_the_next),
        cmocka_unit_test(slow_objections_to_edns_cause_one_fallback),
        cmocka_unit_test(goes_on_at_once_after_tcp),
        cmocka_unit_test(a_signed_zones_server_is_not_remembered_without_edns),
        cmocka_unit_test(crowds_cost_little_and_hide_no_good_server),
        cmocka_unit_test(resolves_thirty_names_with_two_messages_of_five_lost),
        cmocka_unit_test(garbage_before_a_probes_answer_costs_no_server),
        cmocka_unit_test(waits_for_a_silent_stream_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
