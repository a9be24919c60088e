/* Cookies to servers: RFC 7873, RFC 9018; threats F4 and A14. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "world.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define AT "10.1.0.1"

/* The root → org at AT, which answers for whatever it is asked. */
static struct world *begin(struct world_rule *rules, enum world_cookie cookie)
{
    rules[0] = (struct world_rule){.addr = "10.0.0.1",
        .name = "*.org.",
        .authority = "org. NS ns.org.\n",
        .additional = "ns.org. A " AT "\n"};
    rules[1] = (struct world_rule){.addr = AT,
        .flags = FLAG_AA,
        .cookie = cookie,
        .answer = "x.org. 1 A 192.0.2.1\ny.org. 1 A 192.0.2.1\nz.org. 1 A 192.0.2.1\n"};
    return world_new(rules, 2, NULL);
}

static void resolves(struct world *w, const char *name)
{
    assert_int_equal(world_ask(w, name, TYPE_A)->answer.count, 1);
}

static void ends(struct world *w)
{
    world_drain(w);
    const struct resolve_counters *c = resolve_counters(world_resolver(w));
    assert_int_equal(c->jobs + c->waiters + c->sends, 0);
    world_free(w);
}

/* RFC 7873 5.1, 5.3 */
static void a_cookie_that_was_given_comes_back(void **state)
{
    struct world_rule rules[2];
    struct world *w = begin(rules, COOKIE_GIVES);
    unsigned with_server;
    uint64_t first, second;
    resolves(w, "x.org.");
    assert_int_equal(world_sent_cookies(w, AT, &with_server, &first), 1);
    assert_int_equal(with_server, 0);
    resolves(w, "y.org.");
    assert_int_equal(world_sent_cookies(w, AT, &with_server, &second), 2);
    assert_int_equal(with_server, 1);
    assert_true(first == second);
    assert_int_equal(world_sent(w, AT, NULL, 0), 2);
    ends(w);
}

/* RFC 7873 6: nobody is to be followed by them. */
static void no_two_servers_and_no_two_networks_see_one_cookie(void **state)
{
    struct world_rule rules[2];
    struct world *w = begin(rules, COOKIE_GIVES);
    unsigned with_server;
    uint64_t root, before, after;
    resolves(w, "x.org.");
    world_sent_cookies(w, "10.0.0.1", &with_server, &root);
    world_sent_cookies(w, AT, &with_server, &before);
    assert_true(root != before);
    world_network_changed(w);
    resolves(w, "y.org.");
    world_sent_cookies(w, AT, &with_server, &after);
    assert_true(after != before);
    assert_int_equal(with_server, 0);
    ends(w);
}

/* threat F4; RFC 7873 5.3: not the server's answer. */
static void a_wrong_or_missing_cookie_is_a_near_miss(void **state)
{
    static const enum world_cookie wrong[] = {COOKIE_FORGES, COOKIE_IGNORES};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct world_rule rules[2];
        struct world *w = begin(rules, COOKIE_GIVES);
        resolves(w, "x.org.");
        rules[1].cookie = wrong[i];
        resolves(w, "y.org.");
        assert_int_equal(resolve_counters(world_resolver(w))->near_misses, 1);
        assert_int_equal(world_sent_tcp(w), 1);
        /* One that has given cookies up costs this once. */
        if (wrong[i] == COOKIE_IGNORES) {
            resolves(w, "z.org.");
            assert_int_equal(world_sent_tcp(w), 1);
        }
        ends(w);
    }
}

struct habit {
    enum world_cookie cookie;
    const char *why;
    unsigned messages, tcp; /* of the first question */
    unsigned next;          /* messages of the second */
    int64_t within_ms;
};

static const struct habit habits[] = {
    {COOKIE_IGNORES, "knows none", 1, 0, 1, 20},
    {COOKIE_WANTS, "BADCOOKIE to a stranger", 2, 0, 1, 20},
    {COOKIE_FORGES, "another client's part over UDP", 2, 1, 2, 30},
    {COOKIE_MANGLES, "nine octets", 2, 1, 2, 30},
    {COOKIE_OBJECTS, "FORMERR to the option", 2, 0, 1, 20},
    {COOKIE_DROPS, "silent to the option", 2, 0, 1, 320},
};

static void gets_the_answer_whatever_servers_make_of_cookies(void **state)
{
    for (size_t i = 0; i < COUNT(habits); i++) {
        struct world_rule rules[2];
        struct world *w = begin(rules, habits[i].cookie);
        int64_t begin_ms = world_now_ms(w);
        print_message("%s\n", habits[i].why);
        resolves(w, "x.org.");
        assert_in_range(world_now_ms(w) - begin_ms, 0, habits[i].within_ms);
        assert_int_equal(world_sent(w, AT, NULL, 0), habits[i].messages);
        assert_int_equal(world_sent_tcp(w), habits[i].tcp);
        resolves(w, "y.org.");
        assert_int_equal(world_sent(w, AT, NULL, 0), habits[i].messages + habits[i].next);
        ends(w);
    }
}

/* threat A14 */
static void who_always_says_badcookie_is_asked_three_times(void **state)
{
    struct world_rule rules[2];
    struct world *w = begin(rules, COOKIE_REFUSES);
    const struct outcome *o = world_ask(w, "x.org.", TYPE_A);
    assert_int_equal(o->rcode, RCODE_SERVFAIL);
    assert_string_equal(o->reason.tag, "badcookie");
    assert_int_equal(world_sent(w, AT, NULL, 0), 3);
    assert_int_equal(world_sent_tcp(w), 1);
    ends(w);
}

static void thirteen_that_say_badcookie_cost_no_more_than_other_crowds(void **state)
{
    static char ns[13 * 32], glue[13 * 32], at[13][16];
    struct world_rule rules[14];
    size_t n = 0, g = 0;
    for (unsigned i = 0; i < 13; i++) {
        snprintf(at[i], sizeof at[i], "10.3.0.%u", i + 1);
        n += (size_t)snprintf(ns + n, sizeof ns - n, "org. NS n%u.org.\n", i);
        g += (size_t)snprintf(glue + g, sizeof glue - g, "n%u.org. A %s\n", i, at[i]);
        rules[1 + i] = (struct world_rule){.addr = at[i], .cookie = COOKIE_REFUSES};
    }
    rules[0] = (struct world_rule){.addr = "10.0.0.1", .name = "*.org.", .authority = ns, .additional = glue};
    for (uint32_t seed = 1; seed <= 20; seed++) {
        struct world *w = world_new_seeded(rules, COUNT(rules), NULL, seed);
        assert_int_equal(world_ask(w, "x.org.", TYPE_A)->rcode, RCODE_SERVFAIL);
        assert_in_range(world_sent(w, NULL, NULL, 0), 13, 27);
        ends(w);
    }
}

static void without(struct resolve_settings *s)
{
    s->cookies = false;
}

static void sends_none_where_none_are_wanted(void **state)
{
    struct world_rule rules[2];
    world_free(begin(rules, COOKIE_GIVES));
    struct world *w = world_new(rules, 2, without);
    unsigned with_server;
    uint64_t client;
    resolves(w, "x.org.");
    assert_int_equal(world_sent_cookies(w, AT, &with_server, &client), 0);
    ends(w);
}

/* Messages that left before the new cookie was there come back as BADCOOKIE too: none is held against it. */
static void badcookies_to_earlier_tries_do_not_count(void **state)
{
    struct world_rule rules[2];
    struct world *w = begin(rules, COOKIE_GIVES);
    resolves(w, "x.org.");
    rules[1].cookie = COOKIE_REFUSES; /* its secret was changed (RFC 9018 5) */
    rules[1].delay_ms = 700;
    ask_id id = world_begin(w, "y.org.", TYPE_A);
    world_run(w, 650);
    unsigned before = world_sent(w, AT, NULL, 0);
    assert_in_range(before, 3, 5);
    rules[1].cookie = COOKIE_WANTS;
    rules[1].delay_ms = 300;
    const struct outcome *o = world_wait(w, id);
    assert_int_equal(o->rcode, RCODE_NOERROR);
    assert_int_equal(o->answer.count, 1);
    assert_int_equal(world_sent_tcp(w), 0);
    ends(w);
}

/* RFC 7873 6: a reply that was under way when the network changed brings no cookie back. */
static void a_cookie_under_way_across_a_flush_is_not_kept(void **state)
{
    struct world_rule rules[2];
    struct world *w = begin(rules, COOKIE_GIVES);
    unsigned with_server;
    uint64_t before, after;
    rules[1].delay_ms = 200;
    ask_id id = world_begin(w, "x.org.", TYPE_A);
    world_run(w, 100);
    assert_int_equal(world_sent_cookies(w, AT, &with_server, &before), 1);
    world_network_changed(w);
    cache_cookies_flush(world_cache(w)); /* by another worker, after this one asked again */
    assert_int_equal(world_wait(w, id)->answer.count, 1);
    world_drain(w);
    resolves(w, "y.org.");
    world_sent_cookies(w, AT, &with_server, &after);
    assert_int_equal(with_server, 0);
    assert_true(before != after);
    ends(w);
}

/* One that wants cookies is not taken for one that accepts none. */
static void a_badcookie_under_way_across_a_flush_is_no_objection(void **state)
{
    struct world_rule rules[2];
    struct world *w = begin(rules, COOKIE_WANTS);
    rules[1].delay_ms = 200;
    ask_id id = world_begin(w, "x.org.", TYPE_A);
    world_run(w, 100);
    for (unsigned i = 0; i < 3; i++) {
        world_network_changed(w);
        world_run(w, 90);
    }
    const struct outcome *o = world_wait(w, id);
    assert_int_equal(o->rcode, RCODE_NOERROR);
    assert_int_equal(world_sent_tcp(w), 0);
    ends(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cookie_that_was_given_comes_back),
        cmocka_unit_test(no_two_servers_and_no_two_networks_see_one_cookie),
        cmocka_unit_test(a_wrong_or_missing_cookie_is_a_near_miss),
        cmocka_unit_test(gets_the_answer_whatever_servers_make_of_cookies),
        cmocka_unit_test(badcookies_to_earlier_tries_do_not_count),
        cmocka_unit_test(a_cookie_under_way_across_a_flush_is_not_kept),
        cmocka_unit_test(a_badcookie_under_way_across_a_flush_is_no_objection),
        cmocka_unit_test(who_always_says_badcookie_is_asked_three_times),
        cmocka_unit_test(thirteen_that_say_badcookie_cost_no_more_than_other_crowds),
        cmocka_unit_test(sends_none_where_none_are_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
