/* Servers that are silent, odd, or claim too much, in virtual time against a scripted Internet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "python_org.h"

/* One zone with servers that misbehave; whatever they do, the good one answers, or SERVFAIL comes in time. */
#define ORG_BAD(ns, glue)                                                                                    \
    {                                                                                                        \
        .addr = "10.0.0.2", .name = "*.bad.org.", .authority = ns, .additional = glue                        \
    }
#define GOOD(at)                                                                                             \
    {                                                                                                        \
        .addr = at, .name = "www.bad.org.", .flags = FLAG_AA, .answer = "www.bad.org. A 192.0.2.9\n"         \
    }

struct misbehaviour {
    struct world_rule rule;
    const char *tag;
    unsigned messages_max;
};

static const struct misbehaviour misbehaviours[] = {
    {{.addr = "10.1.0.2", .how = HOW_SILENT, .why = "silent"}, "silent-servers", 10},
    {{.addr = "10.1.0.2", .how = HOW_REFUSE_PORT, .why = "port closed"}, "port-closed", 3},
    {{.addr = "10.1.0.2", .how = HOW_UNREACHABLE, .why = "no route"}, "unreachable", 3},
    {{.addr = "10.1.0.2", .rcode = RCODE_SERVFAIL, .why = "SERVFAIL"}, "servfail", 3},
    {{.addr = "10.1.0.2", .rcode = RCODE_REFUSED, .why = "REFUSED"}, "refused", 3},
    {{.addr = "10.1.0.2", .rcode = RCODE_NOTIMP, .why = "NOTIMP"}, "formerr", 4},
    {{.addr = "10.1.0.2", .authority = ". NS root.ns.\n", .why = "upward referral"}, "upward-referral", 3},
    {{.addr = "10.1.0.2", .authority = "bad.org. NS ns1.bad.org.\n", .why = "refers to itself"},
        "not-authoritative", 3},
    {{.addr = "10.1.0.2", .why = "empty, without AA"}, "not-authoritative", 3},
    {{.addr = "10.1.0.2", .how = HOW_TCP_CLOSES, .why = "TC, and TCP closes"}, "stream-closed", 4},
};

static void fails_with_a_reason_when_no_server_is_good(void **state)
{
    for (size_t i = 0; i < COUNT(misbehaviours); i++) {
        struct world_rule rules[] = {ROOT_ORG,
            ORG_BAD("bad.org. NS ns1.bad.org.\n", "ns1.bad.org. A 10.1.0.2\n"), misbehaviours[i].rule};
        struct world *w = world_new(rules, COUNT(rules), NULL);
        int64_t begin = world_now_ms(w);
        const struct outcome *o = world_ask(w, "www.bad.org.", TYPE_A);
        print_message("%s\n", misbehaviours[i].rule.why);
        assert_non_null(o);
        assert_int_equal(o->rcode, RCODE_SERVFAIL);
        assert_string_equal(o->reason.tag, misbehaviours[i].tag);
        assert_true(world_now_ms(w) - begin <= ANSWER_MS_MAX);
        world_drain(w);
        assert_true(world_sent(w, NULL, NULL, 0) <= misbehaviours[i].messages_max);
        assert_int_equal(resolve_counters(world_resolver(w))->sends, 0);
        /* RFC 9520: asked again at once, nobody is bothered. */
        unsigned before = world_sent(w, NULL, NULL, 0);
        assert_int_equal(world_ask(w, "www.bad.org.", TYPE_A)->rcode, RCODE_SERVFAIL);
        assert_int_equal(world_sent(w, NULL, NULL, 0), before);
        world_free(w);
    }
}

static void finds_the_good_server_among_bad_ones(void **state)
{
    for (size_t i = 0; i < COUNT(misbehaviours); i++) {
        struct world_rule rules[] = {ROOT_ORG,
            ORG_BAD("bad.org. NS ns1.bad.org.\nbad.org. NS ns2.bad.org.\n",
                "ns1.bad.org. A 10.1.0.2\nns2.bad.org. A 10.1.0.3\n"),
            misbehaviours[i].rule, GOOD("10.1.0.3")};
        struct world *w = world_new(rules, COUNT(rules), NULL);
        print_message("%s\n", misbehaviours[i].rule.why);
        assert_string_equal(
            world_text(w, world_ask(w, "www.bad.org.", TYPE_A)), "NOERROR; www.bad.org. 3600 A 192.0.2.9");
        assert_true(world_now_ms(w) - 1000000 <= 1000);
        world_free(w);
    }
}

static void finds_the_one_good_server_after_twelve_silent_ones(void **state)
{
    static char ns[13 * 32], glue[13 * 40];
    struct world_rule rules[2 + 12 + 1] = {ROOT_ORG};
    static char addrs[13][16];
    size_t n = 0, g = 0;
    for (int i = 0; i < 13; i++) {
        snprintf(addrs[i], sizeof addrs[i], "10.3.0.%d", i + 1);
        n += (size_t)snprintf(ns + n, sizeof ns - n, "bad.org. NS n%d.bad.org.\n", i);
        g += (size_t)snprintf(glue + g, sizeof glue - g, "n%d.bad.org. A %s\n", i, addrs[i]);
        rules[2 + i] = i < 12 ? (struct world_rule){.addr = addrs[i], .how = HOW_SILENT}
                              : (struct world_rule)GOOD(addrs[12]);
    }
    rules[1] = (struct world_rule)ORG_BAD(ns, glue);
    struct world *w = world_new(rules, COUNT(rules), NULL);
    const struct outcome *o = world_ask(w, "www.bad.org.", TYPE_A);
    assert_int_equal(o->rcode, RCODE_NOERROR);
    world_free(w);
}

struct oddity {
    struct world_rule rule;
    unsigned messages, tcp;
    int64_t within_ms;
};

static const struct oddity oddities[] = {
    {{.how = HOW_TRUNCATE_UDP, .why = "truncated"}, 4, 1, 100},
    {{.how = HOW_LOWER_CASE, .why = "spoils letter case"}, 4, 1, 100},
    {{.how = HOW_NO_EDNS, .why = "FORMERR to EDNS"}, 4, 0, 100},
    {{.how = HOW_BARE_FORMERR, .why = "bare FORMERR to EDNS: believed when the timer ends"}, 4, 0, 400},
    {{.how = HOW_GARBAGE_FIRST, .delay_ms = 50, .why = "garbage with the right ID first"}, 4, 1, 110},
    {{.how = HOW_ANSWER, .delay_ms = 1000, .why = "answers after 1 s: late answers count"}, 6, 0, 1300},
    {{.how = HOW_ANSWER, .delay_ms = 3000, .why = "answers after 3 s"}, 8, 0, 3500},
    {{.how = HOW_ANSWER, .lose_first = 3, .why = "three messages are lost"}, 6, 0, 3000},
};

static void gets_the_answer_of_an_odd_server(void **state)
{
    for (size_t i = 0; i < COUNT(oddities); i++) {
        struct world_rule odd = oddities[i].rule;
        odd.addr = "10.1.0.2";
        odd.flags = FLAG_AA;
        odd.answer = "www.bad.org. A 192.0.2.9\n";
        struct world_rule rules[] = {
            ROOT_ORG, ORG_BAD("bad.org. NS ns1.bad.org.\n", "ns1.bad.org. A 10.1.0.2\n"), odd};
        struct world *w = world_new(rules, COUNT(rules), NULL);
        print_message("%s\n", odd.why);
        assert_string_equal(
            world_text(w, world_ask(w, "www.bad.org.", TYPE_A)), "NOERROR; www.bad.org. 3600 A 192.0.2.9");
        assert_true(world_now_ms(w) - 1000000 <= oddities[i].within_ms + 20);
        assert_true(world_sent(w, NULL, NULL, 0) <= oddities[i].messages);
        assert_int_equal(world_sent_tcp(w), oddities[i].tcp);
        world_free(w);
    }
}

static void resolves_name_servers_in_other_zones(void **state)
{
    struct world_rule rules[] = {ROOT_ORG, ROOT_COM, ORG_BAD("bad.org. NS ns.host.com.\n", NULL),
        {.addr = "10.0.0.3",
            .name = "*.host.com.",
            .authority = "host.com. NS a.host.com.\n",
            .additional = "a.host.com. A 10.2.0.1\n"},
        {.addr = "10.2.0.1",
            .name = "ns.host.com.",
            .type = TYPE_A,
            .flags = FLAG_AA,
            .answer = "ns.host.com. A 10.1.0.2\n"},
        GOOD("10.1.0.2")};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    assert_string_equal(
        world_text(w, world_ask(w, "www.bad.org.", TYPE_A)), "NOERROR; www.bad.org. 3600 A 192.0.2.9");
    assert_int_equal(world_sent(w, NULL, NULL, TYPE_AAAA), 0);
    world_free(w);
}

static void asks_the_parent_for_glue_that_a_referral_left_out(void **state)
{
    struct world_rule rules[] = {ROOT_ORG,
        {.addr = "10.0.0.2", .name = "ns1.bad.org.", .type = TYPE_A, .answer = "ns1.bad.org. A 10.1.0.2\n"},
        ORG_BAD("bad.org. NS ns1.bad.org.\n", NULL),
        {.addr = "10.1.0.2",
            .name = "ns1.bad.org.",
            .type = TYPE_A,
            .flags = FLAG_AA,
            .answer = "ns1.bad.org. A 10.1.0.2\n"},
        GOOD("10.1.0.2")};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    assert_string_equal(
        world_text(w, world_ask(w, "www.bad.org.", TYPE_A)), "NOERROR; www.bad.org. 3600 A 192.0.2.9");
    world_free(w);
    /* A parent that has no address either: the end comes at once. */
    struct world_rule none[] = {ROOT_ORG, ORG_BAD("bad.org. NS ns1.bad.org.\n", NULL)};
    w = world_new(none, COUNT(none), NULL);
    assert_int_equal(world_ask(w, "www.bad.org.", TYPE_A)->rcode, RCODE_SERVFAIL);
    assert_true(world_sent(w, NULL, NULL, 0) <= 4);
    world_free(w);
}

static void gives_up_on_zones_that_need_each_other(void **state)
{
    struct world_rule rules[] = {ROOT_ORG,
        {.addr = "10.0.0.2", .name = "*.la.org.", .authority = "la.org. NS ns.lb.org.\n"},
        {.addr = "10.0.0.2", .name = "*.lb.org.", .authority = "lb.org. NS ns.la.org.\n"}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    const struct outcome *o = world_ask(w, "www.la.org.", TYPE_A);
    assert_int_equal(o->rcode, RCODE_SERVFAIL);
    assert_true(world_now_ms(w) - 1000000 <= 1000);
    assert_true(world_sent(w, NULL, NULL, 0) <= 5);
    unsigned before = world_sent(w, NULL, NULL, 0);
    for (int i = 0; i < 10; i++)
        world_ask(w, "www.la.org.", TYPE_A);
    assert_int_equal(world_sent(w, NULL, NULL, 0), before);
    world_free(w);
}

static void asks_for_few_of_fifty_missing_addresses(void **state)
{
    static char ns[50 * 40];
    size_t n = 0;
    for (int i = 0; i < 50; i++)
        n += (size_t)snprintf(ns + n, sizeof ns - n, "bad.org. NS n%d.python.org.\n", i);
    struct world_rule rules[] = {ROOT_ORG, ORG_BAD(ns, NULL), ORG_PYTHON,
        {.addr = "10.1.0.1", .flags = FLAG_AA, .rcode = RCODE_NXDOMAIN, .authority = SOA_PYTHON}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    assert_int_equal(world_ask(w, "www.bad.org.", TYPE_A)->rcode, RCODE_SERVFAIL);
    assert_true(world_sent(w, "10.1.0.1", NULL, 0) <= DELEGATION_BIG_FAILURES_MAX);
    world_free(w);
}

static void sends_at_most_the_work_of_one_question(void **state)
{
    /* Each answer is an alias into a zone whose thirteen servers fail: chain × servers would be 150. */
    static char ns[13 * 32], glue[13 * 40];
    size_t n = 0, g = 0;
    for (int i = 0; i < 13; i++) {
        n += (size_t)snprintf(ns + n, sizeof ns - n, "bad.org. NS n%d.bad.org.\n", i);
        g += (size_t)snprintf(glue + g, sizeof glue - g, "n%d.bad.org. A 10.3.0.%d\n", i, i + 1);
    }
    struct world_rule rules[16] = {ROOT_ORG, ORG_BAD(ns, glue)};
    static char addrs[13][16];
    for (int i = 0; i < 13; i++) {
        snprintf(addrs[i], sizeof addrs[i], "10.3.0.%d", i + 1);
        rules[2 + i] = (struct world_rule){.addr = addrs[i], .how = HOW_NO_EDNS, .rcode = RCODE_SERVFAIL};
    }
    struct world *w = world_new(rules, 15, NULL);
    assert_int_equal(world_ask(w, "a.b.c.d.e.bad.org.", TYPE_A)->rcode, RCODE_SERVFAIL);
    assert_true(world_sent(w, NULL, NULL, 0) <= 2 + 13 + 3 + 2);
    world_free(w);
}

/* Two servers are asked at once. One fails, twice; the other spoils letter case over UDP, and over TCP
 * answers what was asked before the whole name was: its answer in the wrong case is not waited for beyond its
 * time. */
static void nobody_to_choose_does_not_end_the_patience_with_who_was_asked(void **state)
{
    static const struct world_rule rules[] = {ROOT_ORG,
        {.addr = "10.0.0.2",
            .authority = "python.org. NS ns1.python.org.\npython.org. NS ns2.python.org.\n",
            .additional = "ns1.python.org. A 10.1.0.1\nns2.python.org. A 10.1.0.2\n"},
        {.addr = "10.1.0.1", .rcode = RCODE_SERVFAIL, .delay_ms = 60},
        {.addr = "10.1.0.2",
            .name = "a.b.python.org.",
            .how = HOW_LOWER_CASE,
            .flags = FLAG_AA,
            .answer = "a.b.python.org. A 192.0.2.1\n",
            .delay_ms = 50,
            .tcp_delay_ms = 100},
        {.addr = "10.1.0.2",
            .how = HOW_LOWER_CASE,
            .flags = FLAG_AA,
            .authority = SOA_PYTHON,
            .delay_ms = 50,
            .tcp_delay_ms = 100}};
    (void)state;
    unsigned both = 0;
    for (uint32_t seed = 0; seed < 8; seed++) {
        struct world *w = world_new_seeded(rules, COUNT(rules), NULL, seed);
        ask_id id = world_begin(w, "a.b.python.org.", TYPE_A);
        for (unsigned ms = 0; ms < 100 && world_sent(w, NULL, "b.python.org.", 0) == 0; ms++)
            world_run(w, 1);
        world_network_changed(w); /* who waits asks another at once */
        both += world_sent(w, "10.1.0.1", "b.python.org.", 0) == 1 &&
                world_sent(w, "10.1.0.2", "b.python.org.", 0) == 1;
        int64_t begin_ms = world_now_ms(w);
        const struct outcome *o = world_wait(w, id);
        assert_non_null(o);
        assert_string_equal(world_text(w, o), "NOERROR; a.b.python.org. 3600 A 192.0.2.1");
        assert_in_range(world_now_ms(w) - begin_ms, 0, 1000);
        world_free(w);
    }
    assert_true(both > 0);
}

static void answers_in_time_while_the_work_goes_on(void **state)
{
    struct world_rule rules[] = {ROOT_ORG, ORG_BAD("bad.org. NS ns1.bad.org.\n", "ns1.bad.org. A 10.1.0.2\n"),
        {.addr = "10.1.0.2", .flags = FLAG_AA, .answer = "www.bad.org. A 192.0.2.9\n", .delay_ms = 6000}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    const struct outcome *o = world_ask(w, "www.bad.org.", TYPE_A);
    assert_int_equal(o->rcode, RCODE_SERVFAIL);
    assert_int_equal(world_now_ms(w) - 1000000, ANSWER_MS_MAX);
    world_drain(w);
    unsigned before = world_sent(w, NULL, NULL, 0);
    assert_int_equal(world_ask(w, "www.bad.org.", TYPE_A)->rcode, RCODE_NOERROR);
    assert_int_equal(world_sent(w, NULL, NULL, 0), before);
    world_free(w);
}

/* ---- bailiwick: what a server says beyond its zone is not believed (threat P6, P7, P10) ---- */

struct lie {
    const char *answer, *authority, *additional, *victim;
    uint16_t victim_type;
    const char *why;
};

static const struct lie lies[] = {
    {"x.evil.org. A 10.9.0.1\nwww.python.org. A 6.6.6.6\n", NULL, NULL, "www.python.org.", TYPE_A,
        "a foreign record in the answer section"},
    {"x.evil.org. A 10.9.0.1\n", "python.org. NS ns.evil.org.\n", "ns.evil.org. A 10.9.0.1\n",
        "www.python.org.", TYPE_A, "NS of a sibling"},
    {"x.evil.org. A 10.9.0.1\n", "org. NS ns.evil.org.\n", "ns.evil.org. A 10.9.0.1\n", "www.python.org.",
        TYPE_A, "NS of the parent"},
    {"x.evil.org. A 10.9.0.1\n", ". NS ns.evil.org.\n", "ns.evil.org. A 10.9.0.1\n", "www.python.org.",
        TYPE_A, "NS of the root"},
    {"x.evil.org. A 10.9.0.1\n", NULL, "www.python.org. A 6.6.6.6\n", "www.python.org.", TYPE_A,
        "a foreign record in the additional section"},
    {"x.evil.org. CNAME www.python.org.\nwww.python.org. A 6.6.6.6\n", NULL, NULL, "www.python.org.", TYPE_A,
        "the alias's target from the alias's server"},
    {NULL, "python.org. NS ns.evil.org.\n", "ns.evil.org. A 10.9.0.1\n", "www.python.org.", TYPE_A,
        "a referral to a sibling"},
    {NULL, "org. NS ns.evil.org.\n", "ns.evil.org. A 10.9.0.1\n", "www.python.org.", TYPE_A,
        "a referral upwards"},
    {NULL, "sub.evil.org. NS ns.python.org.\n", "ns.python.org. A 10.9.0.1\n", "www.python.org.", TYPE_A,
        "foreign glue in a referral"},
    {"org. DNAME evil.org.\n", NULL, NULL, "www.python.org.", TYPE_A, "a DNAME above the zone"},
};

static void believes_no_server_beyond_its_zone(void **state)
{
    for (size_t i = 0; i < COUNT(lies); i++) {
        struct world_rule rules[] = {ROOT_ORG,
            {.addr = "10.0.0.2",
                .name = "*.evil.org.",
                .authority = "evil.org. NS ns.evil.org.\n",
                .additional = "ns.evil.org. A 10.9.0.1\n"},
            ORG_PYTHON, WWW_PYTHON,
            {.addr = "10.9.0.1",
                .name = "*.python.org.",
                .flags = FLAG_AA,
                .answer = "www.python.org. A 6.6.6.6\n"},
            {.addr = "10.9.0.1",
                .flags = FLAG_AA,
                .answer = lies[i].answer,
                .authority = lies[i].authority,
                .additional = lies[i].additional},
            {.addr = "10.1.0.1", .flags = FLAG_AA, .authority = SOA_PYTHON}};
        struct world *w = world_new(rules, COUNT(rules), NULL);
        print_message("%s\n", lies[i].why);
        world_ask(w, "x.evil.org.", TYPE_A);
        world_ask(w, "x.sub.evil.org.", TYPE_A);
        assert_string_equal(world_text(w, world_ask(w, lies[i].victim, lies[i].victim_type)),
            "NOERROR; www.python.org. 5 A 192.0.2.1");
        world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fails_with_a_reason_when_no_server_is_good),
        cmocka_unit_test(finds_the_good_server_among_bad_ones),
        cmocka_unit_test(finds_the_one_good_server_after_twelve_silent_ones),
        cmocka_unit_test(gets_the_answer_of_an_odd_server),
        cmocka_unit_test(resolves_name_servers_in_other_zones),
        cmocka_unit_test(asks_the_parent_for_glue_that_a_referral_left_out),
        cmocka_unit_test(gives_up_on_zones_that_need_each_other),
        cmocka_unit_test(asks_for_few_of_fifty_missing_addresses),
        cmocka_unit_test(sends_at_most_the_work_of_one_question),
        cmocka_unit_test(nobody_to_choose_does_not_end_the_patience_with_who_was_asked),
        cmocka_unit_test(answers_in_time_while_the_work_goes_on),
        cmocka_unit_test(believes_no_server_beyond_its_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
