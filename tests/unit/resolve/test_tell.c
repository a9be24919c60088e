/* What is told without being asked: error reports (RFC 9567), trusted keys (RFC 8145). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define ROOT "10.0.0.1"
#define ORG "10.1.0.1"
#define AGENT "10.2.0.1"

static void reporting(struct resolve_settings *s)
{
    s->tell_failures = true;
}

/* The root → org, whose server fails all, and → watch, where reports go. */
static struct world *begin(struct world_rule rules[4], const char *agent, uint16_t rcode,
    void (*settings)(struct resolve_settings *))
{
    rules[0] = (struct world_rule){.addr = ROOT,
        .name = "*.org.",
        .authority = "org. NS ns.org.\n",
        .additional = "ns.org. A " ORG "\n"};
    rules[1] = (struct world_rule){.addr = ROOT,
        .name = "*.watch.",
        .authority = "watch. NS ns.watch.\n",
        .additional = "ns.watch. A " AGENT "\n"};
    rules[2] = (struct world_rule){.addr = ORG, .rcode = rcode, .flags = FLAG_AA, .agent = agent};
    rules[3] = (struct world_rule){.addr = AGENT,
        .name = "*.watch.",
        .type = TYPE_TXT,
        .flags = FLAG_AA,
        .make = NULL,
        .answer = "_er.1.x.org.22._er.watch. 60 TXT thanks\n_er.1.y.org.22._er.watch. 60 TXT thanks\n"};
    return world_new(rules, 4, settings);
}

static void ends(struct world *w)
{
    world_drain(w);
    const struct resolve_counters *c = resolve_counters(world_resolver(w));
    assert_int_equal(c->jobs + c->waiters + c->sends, 0);
    world_free(w);
}

/* Fails, and gives the report time to go. */
static const char *fails(struct world *w, const char *name, uint16_t type)
{
    static char tag[12];
    const struct outcome *o = world_ask(w, name, type);
    assert_non_null(o);
    assert_int_equal(o->rcode, RCODE_SERVFAIL);
    snprintf(tag, sizeof tag, "%d", o->reason.ede);
    world_drain(w);
    return tag;
}

static void failure_is_told_to_the_zones_agent(void **state)
{
    struct world_rule rules[4];
    struct world *w = begin(rules, "watch.", RCODE_SERVFAIL, reporting);
    char report[64];
    snprintf(report, sizeof report, "_er.1.x.org.%s._er.watch.", fails(w, "x.org.", TYPE_A));
    assert_int_equal(world_sent(w, AGENT, report, TYPE_TXT), 1);
    assert_int_equal(world_sent(w, AGENT, NULL, 0), 1); /* in one piece: no label of it is probed */
    ends(w);
}

static void nothing_is_told_unless_wanted(void **state)
{
    static const struct {
        const char *agent, *why;
        void (*settings)(struct resolve_settings *);
        const char *name;
    } rows[] = {
        {NULL, "no agent", reporting, "x.org."},
        {".", "RFC 9567 6.1: the root is none", reporting, "x.org."},
        {"watch.", "off by default", NULL, "x.org."},
        {"watch.", "a name that reports go to", reporting, "_er.x.org."},
        {"_er.watch.", "an agent that is itself below _er", reporting, "x.org."},
        {"sub.x.org.", "the agent is what failed", reporting, "x.org."},
        {"watch.", "longer than a name can be", reporting,
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.org."},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world_rule rules[4];
        struct world *w = begin(rules, rows[i].agent, RCODE_SERVFAIL, rows[i].settings);
        fails(w, rows[i].name, TYPE_A);
        assert_int_equal(world_sent(w, NULL, NULL, TYPE_TXT), 0);
        assert_int_equal(world_sent(w, AGENT, NULL, 0), 0);
        ends(w);
    }
}

static void answers_are_no_failures(void **state)
{
    struct world_rule rules[4];
    struct world *w = begin(rules, "watch.", RCODE_NXDOMAIN, reporting);
    rules[2].authority = "org. SOA ns hostmaster 1 2 3 4 60\n";
    world_ask(w, "x.org.", TYPE_A);
    world_drain(w);
    assert_int_equal(world_sent(w, AGENT, NULL, 0), 0);
    ends(w);
}

/* The report's own failure, though its servers name an agent too, is nobody's news. */
static void report_of_a_report_is_never_sent(void **state)
{
    struct world_rule rules[4];
    struct world *w = begin(rules, "watch.", RCODE_SERVFAIL, reporting);
    rules[3] = (struct world_rule){.addr = AGENT, .rcode = RCODE_SERVFAIL, .agent = "other.org."};
    fails(w, "x.org.", TYPE_A);
    assert_true(world_sent(w, AGENT, NULL, 0) > 0);
    assert_int_equal(world_sent(w, NULL, "*.other.org.", 0), 0);
    ends(w);
}

/* What is looked up for a report is not reported either, nor does it ask without end. */
static void agents_that_fail_cost_little(void **state)
{
    struct world_rule rules[4];
    struct world *w = begin(rules, "agent.x1.org.", RCODE_SERVFAIL, reporting);
    fails(w, "x.org.", TYPE_A);
    unsigned sent = world_sent(w, NULL, NULL, 0);
    assert_true(world_sent(w, ORG, "*.agent.x1.org.", 0) > 0);
    assert_int_equal(
        world_sent(w, NULL, "*._er.agent.x1.org.", TYPE_TXT), world_sent(w, NULL, NULL, TYPE_TXT));
    assert_true(sent <= 2 + 2 * WORK_MESSAGES_BACKGROUND);
    ends(w);
}

static void the_same_is_told_once_an_hour_and_all_are_paced(void **state)
{
    struct world_rule rules[4];
    struct world *w = begin(rules, "watch.", RCODE_SERVFAIL, reporting);
    for (int i = 0; i < 4; i++) {
        fails(w, "x.org.", TYPE_A);
        world_pass(w, 400); /* past the memory of failures */
    }
    assert_int_equal(world_sent(w, AGENT, "*.x.org.22._er.watch.", TYPE_TXT), 1);
    world_pass(w, 3600);
    fails(w, "x.org.", TYPE_A);
    assert_int_equal(world_sent(w, AGENT, "*.x.org.22._er.watch.", TYPE_TXT), 2);
    unsigned before = world_sent(w, AGENT, NULL, TYPE_TXT);
    int64_t since_ms = world_now_ms(w);
    for (unsigned i = 0; i < 200; i++) {
        char name[32];
        snprintf(name, sizeof name, "n%u.org.", i);
        world_begin(w, name, TYPE_A);
        if (i % 10 == 9)
            world_run(w, 1);
    }
    world_drain(w);
    unsigned reports = world_sent(w, AGENT, NULL, TYPE_TXT) - before;
    int64_t took_ms = world_now_ms(w) - since_ms;
    assert_true(reports >= 5);
    assert_true(reports <= (REPORT_BURST_MS + took_ms) / REPORT_SPACING_MS + 1);
    ends(w);
}

/* ---- keys ---- */

static struct anchors *anchors;

static void signalling(struct resolve_settings *s)
{
    s->tell_keys = true;
    s->anchors = anchors;
}

static void trusted_keys_are_told_with_and_after_dnskey(void **state)
{
    static const char text[] =
        ". DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16\n"
        ". DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n"
        ". DS 20326 8 1 0000000000000000000000000000000000000000\n";
    anchors = anchors_new();
    assert_int_equal(anchors_add_text(anchors, text, sizeof text - 1, NULL), ERR_OK);
    struct world_rule rules[] = {
        {.addr = ROOT,
            .name = ".",
            .type = TYPE_DNSKEY,
            .flags = FLAG_AA,
            .answer = ". 10 DNSKEY 257 3 8 AwEAAQ==\n"},
        {.addr = ROOT,
            .name = "_ta-4f66-9728.",
            .rcode = RCODE_NXDOMAIN,
            .flags = FLAG_AA,
            .authority = ". 86400 SOA a. b. 1 2 3 4 86400\n"},
        {.addr = ROOT,
            .name = "*.org.",
            .authority = "org. NS ns.org.\n",
            .additional = "ns.org. A " ORG "\n"},
        {.addr = ORG, .flags = FLAG_AA, .answer = "org. DNSKEY 257 3 8 AwEAAQ==\n"},
    };
    uint8_t tags[64];
    for (int told = 0; told < 2; told++) {
        struct world *w = world_new(rules, COUNT(rules), told ? signalling : NULL);
        struct question q = {
            .name = NAME_ROOT, .type = TYPE_DNSKEY, .class = CLASS_IN, .checking_disabled = true};
        assert_non_null(world_wait(w, world_begin_question(w, &q)));
        world_drain(w);
        assert_int_equal(world_sent_key_tags(w, ROOT, ".", TYPE_DNSKEY, tags), told ? 2 : 0);
        if (told)
            assert_memory_equal(tags, "\x4f\x66\x97\x28", 4);
        assert_int_equal(world_sent(w, ROOT, "_ta-4f66-9728.", TYPE_NULL), told);
        /* From the cache: nothing. Fetched again: again, though the denial is cached. */
        assert_non_null(world_wait(w, world_begin_question(w, &q)));
        world_drain(w);
        assert_int_equal(world_sent(w, ROOT, "_ta-4f66-9728.", TYPE_NULL), told);
        world_pass(w, 20);
        assert_non_null(world_wait(w, world_begin_question(w, &q)));
        world_drain(w);
        assert_int_equal(world_sent(w, ROOT, "_ta-4f66-9728.", TYPE_NULL), 2 * told);
        ends(w);
    }
    anchors_free(anchors);
}

static void zones_without_an_anchor_hear_nothing(void **state)
{
    static const char text[] = "example. DS 1 8 1 0000000000000000000000000000000000000000\n";
    anchors = anchors_new();
    assert_int_equal(anchors_add_text(anchors, text, sizeof text - 1, NULL), ERR_OK);
    struct world_rule rules[] = {
        {.addr = ROOT,
            .name = "*.org.",
            .authority = "org. NS ns.org.\n",
            .additional = "ns.org. A " ORG "\n"},
        {.addr = ORG, .name = "org.", .flags = FLAG_AA, .answer = "org. DNSKEY 257 3 8 AwEAAQ==\n"},
    };
    uint8_t tags[64];
    struct world *w = world_new(rules, COUNT(rules), signalling);
    name_t org[NAME_MAX_LEN];
    assert_int_equal(name_from_text(org, "org.", 4, NULL), ERR_OK);
    struct question q = {.name = org, .type = TYPE_DNSKEY, .class = CLASS_IN, .checking_disabled = true};
    assert_non_null(world_wait(w, world_begin_question(w, &q)));
    world_drain(w);
    assert_int_equal(world_sent(w, ORG, NULL, TYPE_DNSKEY), 1);
    assert_int_equal(world_sent_key_tags(w, ORG, "org.", TYPE_DNSKEY, tags), 0);
    assert_int_equal(world_sent(w, NULL, NULL, TYPE_NULL), 0);
    ends(w);
    anchors_free(anchors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failure_is_told_to_the_zones_agent),
        cmocka_unit_test(nothing_is_told_unless_wanted),
        cmocka_unit_test(answers_are_no_failures),
        cmocka_unit_test(report_of_a_report_is_never_sent),
        cmocka_unit_test(agents_that_fail_cost_little),
        cmocka_unit_test(the_same_is_told_once_an_hour_and_all_are_paced),
        cmocka_unit_test(trusted_keys_are_told_with_and_after_dnskey),
        cmocka_unit_test(zones_without_an_anchor_hear_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
