/* Delegations, priming and glue that a hostile or broken Internet hands out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "small_tree.h"

/* RDATA of another class is opaque: an "address" of no octets must not be read as one. */
static void believes_no_record_of_another_class(void **state)
{
    struct world_rule rules[] = {ROOT_ORG, ROOT_COM, COM_HOST, ORG_ZONE("zone.org. NS ns.host.com.\n", NULL),
        {.addr = "10.2.0.1", .flags = FLAG_AA, .answer = "ns.host.com. 60 CH A \\# 0\n"},
        {.addr = "10.1.0.1", .flags = FLAG_AA, .answer = X_ANSWER}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), "SERVFAIL");
    assert_string_equal(ask_text(w, "ns.host.com.", TYPE_A), "NOERROR");
    assert_idle(w);
    world_free(w);
}

static void primes(struct resolve_settings *s)
{
    s->prime = true;
}

/* RFC 9609 3.3: without addresses the root's names are worth nothing; the hints go on serving. */
static void a_priming_answer_without_addresses_changes_nothing(void **state)
{
    static const char *const names[] = {". NS root.ns.\n", ". NS other.ns.\n"};
    for (size_t i = 0; i < COUNT(names); i++) {
        struct world_rule rules[] = {
            {.addr = "10.0.0.1", .name = ".", .type = TYPE_NS, .flags = FLAG_AA, .answer = names[i]},
            ROOT_ORG, ORG_ZONE_1, {.addr = "10.1.0.1", .flags = FLAG_AA, .answer = X_ANSWER}};
        struct world *w = world_new(rules, COUNT(rules), primes);
        assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), X_TEXT);
        world_pass(w, 3601);
        assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), X_TEXT);
        assert_idle(w);
        world_free(w);
    }
}

static void a_silent_root_fails_priming_and_everybody_hears_in_time(void **state)
{
    struct world_rule rules[] = {{.addr = "10.0.0.1", .how = HOW_SILENT}};
    struct world *w = world_new(rules, COUNT(rules), primes);
    int64_t begin = world_now_ms(w);
    ask_id a = world_begin(w, "a.org.", TYPE_A), b = world_begin(w, "b.com.", TYPE_A);
    assert_string_equal(world_text(w, world_wait(w, a)), "SERVFAIL");
    assert_string_equal(world_text(w, world_wait(w, b)), "SERVFAIL");
    assert_true(world_now_ms(w) - begin <= ANSWER_MS_MAX);
    assert_idle(w);
    world_free(w);
}

/* threat P9: a zone cannot outlive its own delegation by delegating below itself. */
static void a_delegation_does_not_outlive_its_parents(void **state)
{
    struct world_rule rules[] = {ROOT_ORG,
        ORG_ZONE("zone.org. 20 NS ns.zone.org.\n", "ns.zone.org. 20 A 10.1.0.1\n"),
        {.addr = "10.1.0.1",
            .authority = "sub.zone.org. 86400 NS ns.sub.zone.org.\n",
            .additional = "ns.sub.zone.org. 86400 A 10.1.0.2\n"},
        {.addr = "10.1.0.2", .flags = FLAG_AA, .answer = "x.sub.zone.org. 1 A 192.0.2.1\n"}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    assert_string_equal(ask_text(w, "x.sub.zone.org.", TYPE_A), "NOERROR; x.sub.zone.org. 1 A 192.0.2.1");
    rules[1] = (struct world_rule){.addr = "10.0.0.2",
        .flags = FLAG_AA,
        .rcode = RCODE_NXDOMAIN,
        .authority = "org. 900 SOA ns.org. host.org. 1 2 3 4 300\n"};
    world_pass(w, 21);
    assert_string_equal(ask_text(w, "x.sub.zone.org.", TYPE_A), "NXDOMAIN");
    world_free(w);
}

/* Nor where short TTLs are raised. */
static void a_raised_ttl_does_not_let_a_delegation_outlive_its_parents(void **state)
{
    struct world_rule rules[] = {ROOT_ORG,
        ORG_ZONE("zone.org. 20 NS ns.zone.org.\n", "ns.zone.org. 20 A 10.1.0.1\n"),
        {.addr = "10.1.0.1",
            .name = "y.zone.org.",
            .flags = FLAG_AA,
            .answer = "y.zone.org. 1 A 192.0.2.1\n"},
        {.addr = "10.1.0.1",
            .authority = "sub.zone.org. 86400 NS ns.sub.zone.org.\n",
            .additional = "ns.sub.zone.org. 86400 A 10.1.0.2\n"},
        {.addr = "10.1.0.2", .flags = FLAG_AA, .answer = "x.sub.zone.org. 1 A 192.0.2.1\n"}};
    const struct cache_settings cs = {
        .size = (size_t)1 << 20, .ttl_min = 300, .ttl_max = 86400, .negative_max = 1};
    struct world *w = world_new_cached(rules, COUNT(rules), NULL, 1, &cs);
    assert_int_equal(world_ask(w, "y.zone.org.", TYPE_A)->answer.count, 1);
    world_pass(w, 290);
    assert_int_equal(world_ask(w, "x.sub.zone.org.", TYPE_A)->answer.count, 1);
    rules[1] = (struct world_rule){.addr = "10.0.0.2",
        .flags = FLAG_AA,
        .rcode = RCODE_NXDOMAIN,
        .authority = "org. 900 SOA ns.org. host.org. 1 2 3 4 300\n"};
    world_pass(w, 20);
    assert_string_equal(ask_text(w, "z.sub.zone.org.", TYPE_A), "NXDOMAIN");
    world_free(w);
}

static struct world *move(struct world_rule rules[4], const char *ns, const char *glue)
{
    rules[0] = (struct world_rule)ROOT_ORG;
    rules[1] = (struct world_rule)ORG_ZONE_1;
    rules[2] = (struct world_rule){.addr = "10.1.0.1", .flags = FLAG_AA, .answer = X_ANSWER};
    rules[3] = (struct world_rule){.addr = "10.1.0.2",
        .flags = FLAG_AA,
        .answer = "y.zone.org. 60 A 192.0.2.2\nw.zone.org. 60 A 192.0.2.3\n"};
    struct world *w = world_new(rules, 4, NULL);
    assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), X_TEXT);
    world_pass(w, 100);
    rules[1] = (struct world_rule)ORG_ZONE(ns, glue);
    rules[2] = (struct world_rule){.addr = "10.1.0.1", .rcode = RCODE_REFUSED};
    return w;
}

static void a_zone_that_moved_is_found_again_at_its_parent(void **state)
{
    struct world_rule rules[4];
    struct world *w = move(rules, "zone.org. NS n2.zone.org.\n", "n2.zone.org. A 10.1.0.2\n");
    unsigned before = world_sent(w, NULL, NULL, 0);
    assert_string_equal(ask_text(w, "y.zone.org.", TYPE_A), "NOERROR; y.zone.org. 60 A 192.0.2.2");
    assert_int_equal(world_sent(w, NULL, NULL, 0) - before, 3);
    assert_string_equal(ask_text(w, "w.zone.org.", TYPE_A), "NOERROR; w.zone.org. 60 A 192.0.2.3");
    assert_int_equal(world_sent(w, NULL, NULL, 0) - before, 4);
    assert_idle(w);
    world_free(w);
}

/* And where it is only broken, that costs its parent one message for as long as lameness is remembered. */
static void a_lame_zone_costs_its_parent_one_message(void **state)
{
    struct world_rule rules[4];
    struct world *w = move(rules, "zone.org. NS ns.zone.org.\n", "ns.zone.org. A 10.1.0.1\n");
    unsigned before = world_sent(w, "10.0.0.2", NULL, 0);
    unsigned all = world_sent(w, NULL, NULL, 0);
    const struct outcome *o = world_ask(w, "y.zone.org.", TYPE_A);
    assert_int_equal(o->rcode, RCODE_SERVFAIL);
    assert_string_equal(o->reason.tag, "refused");
    assert_int_equal(world_sent(w, NULL, NULL, 0) - all, 2);
    for (unsigned i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof name, "n%u.zone.org.", i);
        assert_int_equal(world_ask(w, name, TYPE_A)->rcode, RCODE_SERVFAIL);
        world_run(w, 1000);
    }
    assert_int_equal(world_sent(w, "10.0.0.2", NULL, 0) - before, 1);
    assert_idle(w);
    world_free(w);
}

/* threat P7 */
static void ns_records_beside_an_answer_are_no_answer(void **state)
{
    struct world_rule rules[] = {ROOT_ORG, ORG_ZONE_1,
        {.addr = "10.1.0.1",
            .name = "x.zone.org.",
            .flags = FLAG_AA,
            .answer = X_ANSWER,
            .authority = "zone.org. NS ns.evil.com.\n"},
        {.addr = "10.1.0.1", .flags = FLAG_AA, .answer = "zone.org. 60 NS ns.zone.org.\n"}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), X_TEXT);
    assert_string_equal(ask_text(w, "zone.org.", TYPE_NS), "NOERROR; zone.org. 60 NS ns.zone.org.");
    world_free(w);
}

static void v6_root(struct resolve_settings *s)
{
    static struct root_hint hint;
    addr_parse(&hint.addrs[0], "2001:db8::1");
    hint.addr_count = 1;
    hint.name = s->hints[0].name;
    s->hints = &hint;
}

/* threat F7: IPv4 is allowed but has no route. */
static void finds_the_v6_addresses_when_v4_has_no_route(void **state)
{
    struct world_rule rules[] = {{.addr = "2001:db8::1",
                                     .name = "*.org.",
                                     .authority = "org. NS ns.org.\n",
                                     .additional = "ns.org. AAAA 2001:db8::2\n"},
        {.addr = "2001:db8::2", .name = "*.zone.org.", .authority = "zone.org. NS ns.host.org.\n"},
        {.addr = "2001:db8::2",
            .name = "*.host.org.",
            .authority = "host.org. NS a.host.org.\n",
            .additional = "a.host.org. AAAA 2001:db8::3\n"},
        {.addr = "2001:db8::3",
            .name = "ns.host.org.",
            .type = TYPE_A,
            .flags = FLAG_AA,
            .answer = "ns.host.org. 60 A 10.9.9.9\n"},
        {.addr = "2001:db8::3",
            .name = "ns.host.org.",
            .type = TYPE_AAAA,
            .flags = FLAG_AA,
            .answer = "ns.host.org. 60 AAAA 2001:db8::4\n"},
        {.addr = "10.9.9.9", .how = HOW_UNREACHABLE},
        {.addr = "2001:db8::4", .flags = FLAG_AA, .answer = X_ANSWER}};
    struct world *w = world_new(rules, COUNT(rules), v6_root);
    assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), X_TEXT);
    assert_idle(w);
    world_free(w);
}

/* Glue that no server can have does not stand for the address that can be looked up. */
static void looks_up_the_address_where_the_glue_is_useless(void **state)
{
    static const char *const glue[] = {"127.0.0.1", "0.0.0.0", "255.255.255.255"};
    for (size_t i = 0; i < COUNT(glue); i++) {
        char line[64];
        snprintf(line, sizeof line, "ns.host.org. A %s\n", glue[i]);
        struct world_rule rules[] = {ROOT_ORG, ORG_ZONE("zone.org. NS ns.host.org.\n", line),
            {.addr = "10.0.0.2",
                .name = "*.host.org.",
                .authority = "host.org. NS a.host.org.\n",
                .additional = "a.host.org. A 10.2.0.1\n"},
            {.addr = "10.2.0.1", .flags = FLAG_AA, .answer = "ns.host.org. 60 A 10.1.0.1\n"},
            {.addr = "10.1.0.1", .flags = FLAG_AA, .answer = X_ANSWER}};
        struct world *w = world_new(rules, COUNT(rules), NULL);
        assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), X_TEXT);
        world_free(w);
    }
}

static void finds_one_good_among_nine_dead_names_without_glue(void **state)
{
    for (uint32_t seed = 1; seed <= 20; seed++) {
        static char ns[10 * 40];
        size_t n = 0;
        for (unsigned i = 0; i < 10; i++)
            n += (size_t)snprintf(
                ns + n, sizeof ns - n, "zone.org. NS %s%u.host.com.\n", i == seed % 10 ? "good" : "dead", i);
        char good[16];
        snprintf(good, sizeof good, "good%u.host.com.", seed % 10);
        char address[48];
        snprintf(address, sizeof address, "%s A 10.1.0.1\n", good);
        struct world_rule rules[] = {ROOT_ORG, ROOT_COM, COM_HOST, ORG_ZONE(ns, NULL),
            {.addr = "10.2.0.1", .name = good, .flags = FLAG_AA, .answer = address},
            {.addr = "10.2.0.1",
                .flags = FLAG_AA,
                .rcode = RCODE_NXDOMAIN,
                .authority = "host.com. 60 SOA a. b. 1 2 3 4 60\n"},
            {.addr = "10.1.0.1", .flags = FLAG_AA, .answer = X_ANSWER}};
        struct world *w = world_new_seeded(rules, COUNT(rules), explores, seed);
        assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), X_TEXT);
        assert_in_range(world_sent(w, NULL, NULL, 0), 1, 20);
        world_free(w);
    }
}

/* M3, M6: many names or addresses, none of which answers usefully. */
static void great_delegations_cost_no_more_than_small_ones(void **state)
{
    static char ns[40 * 40], glue[140 * 40], addrs[130][16];
    static struct world_rule rules[2 + 130];
    for (unsigned shape = 0; shape < 2; shape++) {
        unsigned names = shape ? 10 : 20, each = shape ? 13 : 0;
        size_t n = 0, g = 0;
        for (unsigned i = 0; i < names; i++) {
            n += (size_t)snprintf(ns + n, sizeof ns - n, "zone.org. NS n%u.zone.org.\n", i);
            for (unsigned k = 0; k < each; k++)
                g += (size_t)snprintf(glue + g, sizeof glue - g, "n%u.zone.org. A 10.3.%u.%u\n", i, i, k + 1);
            if (!each && i < 13)
                g += (size_t)snprintf(glue + g, sizeof glue - g, "n%u.zone.org. A 10.3.0.%u\n", i, i + 1);
        }
        rules[0] = (struct world_rule)ROOT_ORG;
        rules[1] = (struct world_rule)ORG_ZONE(ns, glue);
        for (unsigned i = 0; i < 130; i++) {
            snprintf(addrs[i], sizeof addrs[i], "10.3.%u.%u", i / 13, i % 13 + 1);
            rules[2 + i] = (struct world_rule){.addr = addrs[i], .how = HOW_SILENT};
            if (shape) /* refers to itself */
                rules[2 + i] = (struct world_rule){.addr = addrs[i], .authority = ns, .additional = glue};
        }
        struct world *w = world_new(rules, COUNT(rules), explores);
        assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), "SERVFAIL");
        assert_true(world_now_ms(w) - 1000000 <= 5000);
        assert_idle(w);
        print_message("%u messages\n", world_sent(w, NULL, NULL, 0) - 2);
        assert_in_range(world_sent(w, NULL, NULL, 0) - 2, 0, shape ? 28 : 14);
        world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(believes_no_record_of_another_class),
        cmocka_unit_test(a_priming_answer_without_addresses_changes_nothing),
        cmocka_unit_test(a_silent_root_fails_priming_and_everybody_hears_in_time),
        cmocka_unit_test(a_delegation_does_not_outlive_its_parents),
        cmocka_unit_test(a_raised_ttl_does_not_let_a_delegation_outlive_its_parents),
        cmocka_unit_test(a_zone_that_moved_is_found_again_at_its_parent),
        cmocka_unit_test(a_lame_zone_costs_its_parent_one_message),
        cmocka_unit_test(ns_records_beside_an_answer_are_no_answer),
        cmocka_unit_test(finds_the_v6_addresses_when_v4_has_no_route),
        cmocka_unit_test(looks_up_the_address_where_the_glue_is_useless),
        cmocka_unit_test(finds_one_good_among_nine_dead_names_without_glue),
        cmocka_unit_test(great_delegations_cost_no_more_than_small_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
