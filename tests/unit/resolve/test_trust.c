/* What is believed, of whom, and for how long: cases that scenarios/ and test_walk.c leave out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "small_tree.h"

/* threat P9: the parent's TTL bounds a delegation, whatever the child says. */
static void forgets_a_delegation_when_the_parents_ttl_ends(void **state)
{
    struct world_rule rules[] = {ROOT_ORG,
        ORG_ZONE("zone.org. 20 NS ns.zone.org.\n", "ns.zone.org. 86400 A 10.1.0.1\n"),
        {.addr = "10.1.0.1",
            .flags = FLAG_AA,
            .answer = "x.zone.org. 1 A 192.0.2.1\n",
            .authority = "zone.org. 86400 NS ns.zone.org.\n",
            .additional = "ns.zone.org. 86400 A 10.1.0.1\n"}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), "NOERROR; x.zone.org. 1 A 192.0.2.1");
        world_pass(w, 4);
    }
    rules[1] = (struct world_rule){.addr = "10.0.0.2",
        .flags = FLAG_AA,
        .rcode = RCODE_NXDOMAIN,
        .authority = "org. 900 SOA ns.org. host.org. 1 2 3 4 300\n"};
    world_pass(w, 5);
    assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), "NXDOMAIN");
    world_free(w);
}

/* threat P5: 1,232 octets were announced; what is longer may have been put together from forged fragments. */
static void asks_over_tcp_when_a_udp_answer_is_longer_than_announced(void **state)
{
#define LONG                                                                                                 \
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwx" \
    "yz"
#define LINE(n) "x.zone.org. 60 TXT " #n LONG " " LONG "\n"
    struct world_rule rules[] = {ROOT_ORG, ORG_ZONE_1,
        {.addr = "10.1.0.1", .flags = FLAG_AA, .answer = LINE(1) LINE(2) LINE(3) LINE(4) LINE(5) LINE(6)}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    const struct outcome *o = world_ask(w, "x.zone.org.", TYPE_TXT);
    assert_int_equal(o->rcode, RCODE_NOERROR);
    assert_int_equal(o->answer.items[0]->count, 6);
    assert_int_equal(world_sent_tcp(w), 1);
    assert_int_equal(world_sent(w, "10.1.0.1", NULL, 0), 2);
    world_free(w);
}

static void takes_huge_ttls_for_zero_and_keeps_no_zero(void **state)
{
    static const struct {
        const char *answer, *wanted, *why;
        unsigned asked; /* after two questions */
    } cases[] = {
        {"x.zone.org. 0 A 192.0.2.1\n", "NOERROR; x.zone.org. 0 A 192.0.2.1", "RFC 1035 3.2.1", 2},
        {"x.zone.org. 2147483648 A 192.0.2.1\n", "NOERROR; x.zone.org. 0 A 192.0.2.1", "RFC 2181 8", 2},
        {"x.zone.org. 604800 A 192.0.2.1\n", "NOERROR; x.zone.org. 86400 A 192.0.2.1", "ttl_max", 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct world_rule rules[] = {
            ROOT_ORG, ORG_ZONE_1, {.addr = "10.1.0.1", .flags = FLAG_AA, .answer = cases[i].answer}};
        struct world *w = world_new(rules, COUNT(rules), NULL);
        print_message("%s\n", cases[i].why);
        assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), cases[i].wanted);
        assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), cases[i].wanted);
        assert_int_equal(world_sent(w, "10.1.0.1", NULL, 0), cases[i].asked);
        world_free(w);
    }
}

/* RFC 9520 3.2: 1, 2, 4 … seconds of rest, and one success ends it. */
static void rests_longer_after_each_failure(void **state)
{
    struct world_rule rules[] = {ROOT_ORG, ORG_ZONE_1, {.addr = "10.1.0.1", .rcode = RCODE_SERVFAIL}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    uint32_t rest_s = FAILURE_TTL_MIN;
    for (int i = 0; i < 10; i++) {
        assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), "SERVFAIL");
        world_drain(w);
        unsigned before = world_sent(w, "10.1.0.1", NULL, 0);
        if (rest_s > 1)
            world_pass(w, rest_s - 1);
        assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), "SERVFAIL");
        assert_int_equal(world_sent(w, "10.1.0.1", NULL, 0), before);
        world_pass(w, 1);
        rest_s = rest_s * 2 < FAILURE_TTL_MAX ? rest_s * 2 : FAILURE_TTL_MAX;
    }
    rules[2] =
        (struct world_rule){.addr = "10.1.0.1", .flags = FLAG_AA, .answer = "x.zone.org. 1 A 192.0.2.1\n"};
    assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), "NOERROR; x.zone.org. 1 A 192.0.2.1");
    world_free(w);
}

/* threat P14 */
static void never_asks_addresses_that_are_no_name_servers(void **state)
{
    static const char *const glue[] = {"0.0.0.0", "0.1.2.3", "127.0.0.1", "127.9.9.9", "169.254.1.1",
        "224.0.0.1", "255.255.255.255", "::", "::1", "ff02::1", "::ffff:127.0.0.1"};
    for (size_t i = 0; i < COUNT(glue); i++) {
        char line[80];
        snprintf(line, sizeof line, "ns.zone.org. %s %s\n", strchr(glue[i], ':') ? "AAAA" : "A", glue[i]);
        struct world_rule rules[] = {ROOT_ORG, ORG_ZONE("zone.org. NS ns.zone.org.\n", line)};
        struct world *w = world_new(rules, COUNT(rules), NULL);
        print_message("%s\n", glue[i]);
        assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), "SERVFAIL");
        world_drain(w);
        assert_int_equal(world_sent(w, NULL, NULL, 0),
            world_sent(w, "10.0.0.1", NULL, 0) + world_sent(w, "10.0.0.2", NULL, 0));
        world_free(w);
    }
}

static const struct endpoint own = {.addr = {.family = FAMILY_V4, .ip = {10, 1, 0, 1}}, .port = 53};

static void listens_there(struct resolve_settings *s)
{
    s->own = &own;
    s->own_count = 1;
}

static void never_asks_itself(void **state)
{
    struct world_rule rules[] = {ROOT_ORG, ORG_ZONE_1};
    struct world *w = world_new(rules, COUNT(rules), listens_there);
    assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), "SERVFAIL");
    assert_int_equal(world_sent(w, "10.1.0.1", NULL, 0), 0);
    world_free(w);
}

static void only_v6(struct resolve_settings *s)
{
    static struct root_hint hint;
    addr_parse(&hint.addrs[0], "2001:db8::1");
    hint.addr_count = 1;
    hint.name = s->hints[0].name;
    s->hints = &hint;
    s->use_v4 = false;
}

static void only_v4(struct resolve_settings *s)
{
    s->use_v6 = false;
}

static void asks_over_the_families_allowed(void **state)
{
    struct world_rule rules[] = {{.addr = "2001:db8::1",
                                     .name = "*.org.",
                                     .authority = "org. NS ns.org.\n",
                                     .additional = "ns.org. A 10.0.0.2\nns.org. AAAA 2001:db8::2\n"},
        {.addr = "2001:db8::2", .name = "*.org.", .flags = FLAG_AA, .answer = "x.org. 60 A 192.0.2.1\n"}};
    struct world *w = world_new(rules, COUNT(rules), only_v6);
    assert_string_equal(ask_text(w, "x.org.", TYPE_A), "NOERROR; x.org. 60 A 192.0.2.1");
    assert_int_equal(world_sent(w, "10.0.0.2", NULL, 0), 0);
    world_free(w);

    struct world_rule no_v4[] = {
        ROOT_ORG, ORG_ZONE("zone.org. NS ns.zone.org.\n", "ns.zone.org. AAAA 2001:db8::5\n")};
    w = world_new(no_v4, COUNT(no_v4), only_v4);
    assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), "SERVFAIL");
    assert_int_equal(world_sent(w, "2001:db8::5", NULL, 0), 0);
    world_free(w);
}

/* A chain c0 → c1 → … → c<links>, whose end has an address. */
static void follows_as_many_aliases_as_the_limit_says(void **state)
{
    for (unsigned links = ALIAS_MAX; links <= ALIAS_MAX + 1; links++) {
        static char names[ALIAS_MAX + 2][24], lines[ALIAS_MAX + 2][64];
        struct world_rule rules[2 + ALIAS_MAX + 2] = {ROOT_ORG, ORG_ZONE_1};
        for (unsigned i = 0; i <= links; i++) {
            snprintf(names[i], sizeof names[i], "c%u.zone.org.", i);
            if (i < links)
                snprintf(lines[i], sizeof lines[i], "c%u.zone.org. CNAME c%u.zone.org.\n", i, i + 1);
            else
                snprintf(lines[i], sizeof lines[i], "c%u.zone.org. A 192.0.2.1\n", i);
            rules[2 + i] = (struct world_rule){
                .addr = "10.1.0.1", .name = names[i], .flags = FLAG_AA, .answer = lines[i]};
        }
        struct world *w = world_new(rules, 3 + links, NULL);
        const struct outcome *o = world_ask(w, "c0.zone.org.", TYPE_A);
        assert_int_equal(o->rcode, links <= ALIAS_MAX ? RCODE_NOERROR : RCODE_SERVFAIL);
        assert_int_equal(o->answer.count, links <= ALIAS_MAX ? links + 1 : 0);
        world_free(w);
    }
}

static void an_alias_ends_in_a_denial(void **state)
{
    struct world_rule rules[] = {ROOT_ORG, ORG_ZONE_1,
        {.addr = "10.1.0.1",
            .name = "a.zone.org.",
            .flags = FLAG_AA,
            .answer = "a.zone.org. 60 CNAME gone.zone.org.\n"},
        {.addr = "10.1.0.1",
            .name = "b.zone.org.",
            .flags = FLAG_AA,
            .answer = "b.zone.org. 60 CNAME empty.zone.org.\n"},
        {.addr = "10.1.0.1",
            .name = "gone.zone.org.",
            .flags = FLAG_AA,
            .rcode = RCODE_NXDOMAIN,
            .authority = SOA},
        {.addr = "10.1.0.1", .flags = FLAG_AA, .authority = SOA}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    for (int again = 0; again < 2; again++) { /* from the servers, then from the cache */
        const struct outcome *o = world_ask(w, "a.zone.org.", TYPE_A);
        assert_string_equal(world_text(w, o), "NXDOMAIN; a.zone.org. 60 CNAME gone.zone.org.");
        assert_int_equal(o->authority.count, 1);
        o = world_ask(w, "b.zone.org.", TYPE_A);
        assert_string_equal(world_text(w, o), "NOERROR; b.zone.org. 60 CNAME empty.zone.org.");
        assert_int_equal(o->authority.count, 1);
    }
    assert_string_equal(
        ask_text(w, "a.zone.org.", TYPE_CNAME), "NOERROR; a.zone.org. 60 CNAME gone.zone.org.");
    world_free(w);
}

/* RFC 6672, threat P11 */
static void synthesises_below_a_dname_itself(void **state)
{
    struct world_rule rules[] = {ROOT_ORG, ORG_ZONE_1,
        {.addr = "10.1.0.1",
            .name = "*.old.zone.org.",
            .flags = FLAG_AA,
            .answer = "old.zone.org. 60 DNAME new.zone.org.\nx.old.zone.org. 60 CNAME evil.zone.org.\n"},
        {.addr = "10.1.0.1",
            .name = "x.new.zone.org.",
            .flags = FLAG_AA,
            .answer = "x.new.zone.org. 60 A 192.0.2.1\n"},
        {.addr = "10.1.0.1",
            .name = "evil.zone.org.",
            .flags = FLAG_AA,
            .answer = "evil.zone.org. 60 A 6.6.6.6\n"},
        {.addr = "10.1.0.1", .flags = FLAG_AA, .authority = SOA}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    assert_string_equal(ask_text(w, "x.old.zone.org.", TYPE_A),
        "NOERROR; old.zone.org. 60 DNAME new.zone.org.; x.old.zone.org. 60 CNAME x.new.zone.org.; "
        "x.new.zone.org. 60 A 192.0.2.1");
    assert_int_equal(world_sent(w, NULL, "evil.zone.org.", 0), 0);
    world_free(w);
}

#define LABEL_60 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void says_yxdomain_when_a_dname_makes_the_name_too_long(void **state)
{
    struct world_rule rules[] = {ROOT_ORG, ORG_ZONE_1,
        {.addr = "10.1.0.1",
            .name = "*.old.zone.org.",
            .flags = FLAG_AA,
            .answer = "old.zone.org. 60 DNAME " LABEL_60 "." LABEL_60 "." LABEL_60 ".zone.org.\n"},
        {.addr = "10.1.0.1", .flags = FLAG_AA, .authority = SOA}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    for (int again = 0; again < 2; again++) {
        const struct outcome *o = world_ask(w, "bb." LABEL_60 ".old.zone.org.", TYPE_A);
        assert_int_equal(o->rcode, RCODE_YXDOMAIN);
        assert_int_equal(o->answer.count, 1);
    }
    world_free(w);
}

/* Lame for one zone is not lame for another, and it is asked last, not never. */
static void remembers_lameness_by_zone(void **state)
{
    struct world_rule rules[] = {ROOT_ORG,
        ORG_ZONE("zone.org. NS ns1.zone.org.\nzone.org. NS ns2.zone.org.\n",
            "ns1.zone.org. A 10.1.0.1\nns2.zone.org. A 10.1.0.2\n"),
        {.addr = "10.0.0.2",
            .name = "*.other.org.",
            .authority = "other.org. NS ns.other.org.\n",
            .additional = "ns.other.org. A 10.1.0.1\n"},
        {.addr = "10.1.0.1",
            .name = "*.other.org.",
            .flags = FLAG_AA,
            .answer = "x.other.org. 60 A 192.0.2.2\n"},
        {.addr = "10.1.0.1", .authority = ". NS root.ns.\n"},
        {.addr = "10.1.0.2", .flags = FLAG_AA, .answer = "x.zone.org. 1 A 192.0.2.1\n"}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    for (int i = 0; i < 8; i++) {
        assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), "NOERROR; x.zone.org. 1 A 192.0.2.1");
        world_pass(w, 2);
    }
    assert_true(world_sent(w, "10.1.0.1", "*.zone.org.", 0) <= 1);
    assert_string_equal(ask_text(w, "x.other.org.", TYPE_A), "NOERROR; x.other.org. 60 A 192.0.2.2");
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forgets_a_delegation_when_the_parents_ttl_ends),
        cmocka_unit_test(takes_huge_ttls_for_zero_and_keeps_no_zero),
        cmocka_unit_test(rests_longer_after_each_failure),
        cmocka_unit_test(never_asks_addresses_that_are_no_name_servers),
        cmocka_unit_test(never_asks_itself),
        cmocka_unit_test(asks_over_the_families_allowed),
        cmocka_unit_test(follows_as_many_aliases_as_the_limit_says),
        cmocka_unit_test(an_alias_ends_in_a_denial),
        cmocka_unit_test(asks_over_tcp_when_a_udp_answer_is_longer_than_announced),
        cmocka_unit_test(synthesises_below_a_dname_itself),
        cmocka_unit_test(says_yxdomain_when_a_dname_makes_the_name_too_long),
        cmocka_unit_test(remembers_lameness_by_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
