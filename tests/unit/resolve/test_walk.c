/* The walk, in virtual time against a scripted Internet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "python_org.h"

static const struct world_rule plain[] = {
    ROOT_ORG,
    ORG_PYTHON,
    WWW_PYTHON,
    {.addr = "10.1.0.1",
        .name = "alias.python.org.",
        .flags = FLAG_AA,
        .answer = "alias.python.org. CNAME www.python.org.\n"},
    {.addr = "10.1.0.1",
        .name = "loop.python.org.",
        .flags = FLAG_AA,
        .answer = "loop.python.org. CNAME pool.python.org.\n"},
    {.addr = "10.1.0.1",
        .name = "pool.python.org.",
        .flags = FLAG_AA,
        .answer = "pool.python.org. CNAME loop.python.org.\n"},
    {.addr = "10.1.0.1",
        .name = "circle.python.org.",
        .flags = FLAG_AA,
        .answer = "circle.python.org. CNAME round.python.org.\nround.python.org. CNAME circle.python.org.\n"},
    {.addr = "10.1.0.1",
        .name = "*.old.python.org.",
        .flags = FLAG_AA,
        .answer = "old.python.org. DNAME new.python.org.\n"},
    {.addr = "10.1.0.1",
        .name = "x.new.python.org.",
        .type = TYPE_A,
        .flags = FLAG_AA,
        .answer = "x.new.python.org. A 192.0.2.7\n"},
    {.addr = "10.1.0.1",
        .name = "*.none.python.org.",
        .flags = FLAG_AA,
        .rcode = RCODE_NXDOMAIN,
        .authority = SOA_PYTHON},
    {.addr = "10.1.0.1", .flags = FLAG_AA, .authority = SOA_PYTHON},
};

static void walks_from_the_root(void **state)
{
    struct world *w = world_new(plain, COUNT(plain), NULL);
    const struct outcome *o = world_ask(w, "www.python.org.", TYPE_A);
    assert_string_equal(world_text(w, o), "NOERROR; www.python.org. 5 A 192.0.2.1");
    assert_int_equal(world_sent(w, NULL, NULL, 0), 3);
    assert_int_equal(world_sent(w, "10.0.0.1", "org.", TYPE_A), 1);
    assert_int_equal(o->messages, 3);
    world_free(w);
}

static void a_referrals_port_serves_the_message_to_the_zone_below(void **state)
{
    struct world *w = world_new(plain, COUNT(plain), NULL);
    world_ask(w, "www.python.org.", TYPE_A);
    assert_null(world_sent_port_of(w, "10.0.0.1", "org."));
    assert_string_equal(world_sent_port_of(w, "10.0.0.2", "python.org."), "10.0.0.1");
    assert_string_equal(world_sent_port_of(w, "10.1.0.1", "www.python.org."), "10.0.0.2");
    /* An alias of the zone leads elsewhere, and who is asked in the same zone is no higher. */
    world_ask(w, "a.b.python.org.", TYPE_A);
    assert_null(world_sent_port_of(w, "10.1.0.1", "b.python.org."));
    world_ask(w, "alias.python.org.", TYPE_TXT);
    assert_null(world_sent_port_of(w, "10.1.0.1", "alias.python.org."));
    assert_null(world_sent_port_of(w, "10.1.0.1", "www.python.org."));
    world_free(w);
}

/* shop.org is served by ns.host.com, of which com's referral to host.com gives an address. */
#define SHOP(host_glue)                                                                                      \
    ROOT_ORG, ROOT_COM,                                                                                      \
        {.addr = "10.0.0.2", .name = "*.shop.org.", .authority = "shop.org. NS ns.host.com.\n"},             \
        {.addr = "10.0.0.3",                                                                                 \
            .name = "*.host.com.",                                                                           \
            .authority = "host.com. NS ns.host.com.\nhost.com. NS ns2.host.com.\n",                          \
            .additional = "ns.host.com. A " host_glue "\nns2.host.com. A 10.9.9.9\n"},                       \
        {.addr = "10.9.9.7", .flags = FLAG_AA, .answer = "www.shop.org. A 192.0.2.3\n"},                     \
    {                                                                                                        \
        .addr = "10.9.9.9", .name = "ns.host.com.", .type = TYPE_A, .flags = FLAG_AA,                        \
        .answer = "ns.host.com. A 10.9.9.7\n"                                                                \
    }

static void glue_on_the_way_to_a_servers_address_will_do(void **state)
{
    static const struct world_rule rules[] = {SHOP("10.9.9.7")};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    const struct outcome *o = world_ask(w, "www.shop.org.", TYPE_A);
    assert_string_equal(world_text(w, o), "NOERROR; www.shop.org. 3600 A 192.0.2.3");
    assert_int_equal(world_sent(w, NULL, "ns.host.com.", 0), 0);
    assert_int_equal(world_sent(w, "10.0.0.3", "host.com.", TYPE_A), 1);
    /* It is not what a client gets. */
    world_ask(w, "ns.host.com.", TYPE_A);
    assert_int_equal(
        world_sent(w, "10.9.9.9", "ns.host.com.", TYPE_A) + world_sent(w, "10.9.9.7", "ns.host.com.", TYPE_A),
        1);
    world_free(w);
}

static void where_glue_does_not_serve_the_servers_own_zone_is_asked(void **state)
{
    static const struct world_rule rules[] = {
        SHOP("10.9.9.6"), {.addr = "10.9.9.6", .flags = FLAG_AA, .rcode = RCODE_REFUSED}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    const struct outcome *o = world_ask(w, "www.shop.org.", TYPE_A);
    assert_string_equal(world_text(w, o), "NOERROR; www.shop.org. 3600 A 192.0.2.3");
    assert_true(world_sent(w, "10.9.9.9", "ns.host.com.", TYPE_A) > 0);
    world_free(w);
}

static void a_referral_over_tcp_or_after_a_wrong_packet_gives_no_port(void **state)
{
    static const enum world_how how[] = {HOW_TRUNCATE_UDP, HOW_GARBAGE_FIRST};
    for (size_t i = 0; i < COUNT(how); i++) {
        struct world_rule rules[] = {ROOT_ORG, ORG_PYTHON, WWW_PYTHON};
        rules[1].how = how[i];
        struct world *w = world_new(rules, COUNT(rules), NULL);
        world_ask(w, "www.python.org.", TYPE_A);
        assert_int_equal(world_sent(w, "10.1.0.1", "www.python.org.", TYPE_A), 1);
        assert_null(world_sent_port_of(w, "10.1.0.1", "www.python.org."));
        world_free(w);
    }
}

static void serves_ttl_5_at_4_s_and_asks_again_at_5_s(void **state)
{
    struct world *w = world_new(plain, COUNT(plain), NULL);
    world_ask(w, "www.python.org.", TYPE_A);
    world_pass(w, 4);
    assert_string_equal(
        world_text(w, world_ask(w, "WWW.python.org.", TYPE_A)), "NOERROR; www.python.org. 1 A 192.0.2.1");
    assert_int_equal(world_sent(w, NULL, NULL, 0), 3);
    world_pass(w, 1);
    assert_string_equal(
        world_text(w, world_ask(w, "www.python.org.", TYPE_A)), "NOERROR; www.python.org. 5 A 192.0.2.1");
    assert_int_equal(world_sent(w, NULL, NULL, 0), 4);
    world_free(w);
}

static void follows_aliases_by_questions_of_their_own(void **state)
{
    struct world *w = world_new(plain, COUNT(plain), NULL);
    assert_string_equal(world_text(w, world_ask(w, "alias.python.org.", TYPE_A)),
        "NOERROR; alias.python.org. 3600 CNAME www.python.org.; www.python.org. 5 A 192.0.2.1");
    assert_string_equal(world_text(w, world_ask(w, "x.old.python.org.", TYPE_A)),
        "NOERROR; old.python.org. 3600 DNAME new.python.org.; x.old.python.org. 3600 CNAME "
        "x.new.python.org.; "
        "x.new.python.org. 3600 A 192.0.2.7");
    /* The DNAME is known now: another name below it costs only its target's question. */
    unsigned before = world_sent(w, NULL, NULL, 0);
    world_ask(w, "y.old.python.org.", TYPE_A);
    assert_int_equal(world_sent(w, NULL, "*.old.python.org.", 0), 2); /* old., x.old. of before */
    assert_true(world_sent(w, NULL, NULL, 0) <= before + 2);
    world_free(w);
}

static void ends_an_alias_loop(void **state)
{
    struct world *w = world_new(plain, COUNT(plain), NULL);
    const struct outcome *o = world_ask(w, "loop.python.org.", TYPE_A);
    assert_int_equal(o->rcode, RCODE_SERVFAIL);
    assert_string_equal(o->reason.tag, "alias-loop");
    assert_int_equal(resolve_counters(world_resolver(w))->jobs, 0);
    world_free(w);
}

static void ends_a_loop_within_one_reply(void **state)
{
    struct world *w = world_new(plain, COUNT(plain), NULL);
    const struct outcome *o = world_ask(w, "circle.python.org.", TYPE_A);
    assert_int_equal(o->rcode, RCODE_SERVFAIL);
    assert_string_equal(o->reason.tag, "alias-loop");
    world_free(w);
}

static void keeps_denials_for_the_lesser_of_ttl_and_minimum(void **state)
{
    struct world *w = world_new(plain, COUNT(plain), NULL);
    const struct outcome *o = world_ask(w, "a.none.python.org.", TYPE_A);
    assert_int_equal(o->rcode, RCODE_NXDOMAIN);
    assert_int_equal(o->authority.items[0]->ttl, 300);
    unsigned before = world_sent(w, NULL, NULL, 0);
    world_pass(w, 299);
    o = world_ask(w, "a.none.python.org.", TYPE_MX);
    assert_int_equal(o->rcode, RCODE_NXDOMAIN);
    assert_int_equal(o->authority.items[0]->ttl, 1);
    assert_int_equal(world_sent(w, NULL, NULL, 0), before);
    o = world_ask(w, "www.python.org.", TYPE_MX);
    assert_int_equal(o->rcode, RCODE_NOERROR);
    assert_int_equal(o->answer.count, 0);
    assert_int_equal(o->authority.items[0]->type, TYPE_SOA);
    world_free(w);
}

static void joins_equal_questions_in_flight(void **state)
{
    struct world *w = world_new(plain, COUNT(plain), NULL);
    ask_id a = world_begin(w, "www.python.org.", TYPE_A), b = world_begin(w, "www.PYTHON.org.", TYPE_A);
    assert_non_null(world_wait(w, a));
    assert_non_null(world_wait(w, b));
    assert_int_equal(world_sent(w, NULL, NULL, 0), 3);
    assert_int_equal(resolve_counters(world_resolver(w))->jobs, 0);
    assert_int_equal(resolve_counters(world_resolver(w))->waiters, 0);
    assert_int_equal(resolve_counters(world_resolver(w))->sends, 0);
    world_free(w);
}

static void cancels_one_waiter_and_keeps_the_other(void **state)
{
    struct world *w = world_new(plain, COUNT(plain), NULL);
    ask_id a = world_begin(w, "www.python.org.", TYPE_A), b = world_begin(w, "www.python.org.", TYPE_A);
    resolve_cancel(world_resolver(w), a, (now_t){.cache_s = 1000, .mono_ms = 1000000});
    assert_non_null(world_wait(w, b));
    assert_null(world_wait(w, a));
    ask_id c = world_begin(w, "www.python.org.", TYPE_TXT);
    resolve_cancel(world_resolver(w), c, (now_t){.cache_s = 1000, .mono_ms = world_now_ms(w)});
    assert_int_equal(resolve_counters(world_resolver(w))->jobs, 0);
    assert_int_equal(resolve_counters(world_resolver(w))->sends, 0);
    world_free(w);
}

/* RFC 9824: a compact denial of a label on the way is as good as NXDOMAIN: the whole name comes next. */
static void a_compact_denial_ends_the_minimising(void **state)
{
    struct world_rule rules[] = {ROOT_ORG, ORG_PYTHON,
        {.addr = "10.1.0.1",
            .name = "d.python.org.",
            .flags = FLAG_AA,
            .authority = SOA_PYTHON "d.python.org. 300 NSEC \\000.d.python.org. RRSIG NSEC TYPE128\n"},
        {.addr = "10.1.0.1", .flags = FLAG_AA, .authority = SOA_PYTHON}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    assert_int_equal(world_ask(w, "a.b.c.d.python.org.", TYPE_A)->rcode, RCODE_NOERROR);
    assert_int_equal(world_sent(w, "10.1.0.1", NULL, 0), 2);
    assert_int_equal(world_sent(w, "10.1.0.1", "a.b.c.d.python.org.", 0), 1);
    world_free(w);
    rules[2].authority = SOA_PYTHON "d.python.org. 300 NSEC \\000.d.python.org. A RRSIG NSEC\n";
    w = world_new(rules, COUNT(rules), NULL);
    world_ask(w, "a.b.c.d.python.org.", TYPE_A);
    assert_int_equal(world_sent(w, "10.1.0.1", NULL, 0), 4);
    world_free(w);
}

static void no_minimisation(struct resolve_settings *s)
{
    s->minimise = false;
}

static void asks_for_no_more_labels_than_needed(void **state)
{
    struct world *w = world_new(plain, COUNT(plain), NULL);
    world_ask(w, "_a._tcp.deep.www.python.org.", TYPE_SRV);
    assert_int_equal(world_sent(w, "10.0.0.1", "org.", TYPE_A), 1);
    assert_int_equal(world_sent(w, "10.0.0.1", NULL, 0), 1);
    assert_int_equal(world_sent(w, "10.0.0.2", "python.org.", TYPE_A), 1);
    assert_int_equal(world_sent(w, "10.1.0.1", "_tcp.deep.www.python.org.", 0), 0);
    world_free(w);
    w = world_new(plain, COUNT(plain), no_minimisation);
    world_ask(w, "www.python.org.", TYPE_A);
    assert_int_equal(world_sent(w, NULL, "www.python.org.", TYPE_A), 3);
    world_free(w);
}

static void asks_once_about_a_name_on_the_way(void **state)
{
    struct world *w = world_new(plain, COUNT(plain), NULL);
    world_ask(w, "a.pages.python.org.", TYPE_AAAA);
    world_ask(w, "b.pages.python.org.", TYPE_AAAA);
    assert_int_equal(world_sent(w, "10.1.0.1", "pages.python.org.", TYPE_A), 1);
    assert_int_equal(world_sent(w, NULL, NULL, 0), 2 + 1 + 2);
    world_ask(w, "a.gone.none.python.org.", TYPE_AAAA);
    world_ask(w, "b.gone.none.python.org.", TYPE_AAAA);
    assert_int_equal(world_sent(w, "10.1.0.1", "none.python.org.", TYPE_A), 1);
    world_free(w);
}

static void nxdomain_to_a_probe_does_not_deny_the_name_below(void **state)
{
    struct world_rule rules[] = {ROOT_ORG, ORG_PYTHON,
        {.addr = "10.1.0.1",
            .name = "empty.python.org.",
            .flags = FLAG_AA,
            .rcode = RCODE_NXDOMAIN,
            .authority = SOA_PYTHON},
        {.addr = "10.1.0.1",
            .name = "a.empty.python.org.",
            .flags = FLAG_AA,
            .answer = "a.empty.python.org. A 192.0.2.3\n"}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    assert_string_equal(world_text(w, world_ask(w, "a.empty.python.org.", TYPE_A)),
        "NOERROR; a.empty.python.org. 3600 A 192.0.2.3");
    world_free(w);
}

static void prime(struct resolve_settings *s)
{
    s->prime = true;
}

static void primes_once_and_uses_the_root_servers_of_today(void **state)
{
    struct world_rule rules[] = {{.addr = "10.0.0.1",
                                     .name = ".",
                                     .type = TYPE_NS,
                                     .flags = FLAG_AA,
                                     .answer = ". NS new.ns.\n",
                                     .additional = "new.ns. A 10.0.0.9\n"},
        {.addr = "10.0.0.9",
            .name = "*.org.",
            .authority = "org. NS ns.org.\n",
            .additional = "ns.org. A 10.0.0.2\n"},
        ORG_PYTHON, WWW_PYTHON};
    struct world *w = world_new(rules, COUNT(rules), prime);
    assert_int_equal(world_ask(w, "www.python.org.", TYPE_A)->rcode, RCODE_NOERROR);
    assert_int_equal(world_sent(w, "10.0.0.1", NULL, 0), 1);
    assert_int_equal(world_sent(w, "10.0.0.9", NULL, 0), 1);
    world_free(w);
}

static void enters_a_delegation_by_glue_that_another_brought(void **state)
{
    static const struct world_rule rules[] = {
        {.addr = "10.0.0.1", .authority = "org. NS ns.org.", .additional = "ns.org. A 10.0.0.2"},
        {.addr = "10.0.0.2",
            .name = "*.b.org.",
            .authority = "b.org. NS ns.b.org.",
            .additional = "ns.b.org. A 10.1.0.1"},
        {.addr = "10.0.0.2", .name = "*.a.org.", .authority = "a.org. NS ns.b.org."},
        {.addr = "10.1.0.1", .name = "www.b.org.", .flags = FLAG_AA, .answer = "www.b.org. A 192.0.2.1"},
        {.addr = "10.1.0.1", .name = "www.a.org.", .flags = FLAG_AA, .answer = "www.a.org. A 192.0.2.2"},
    };
    struct world *w = world_new(rules, COUNT(rules), NULL);
    assert_string_equal(
        world_text(w, world_ask(w, "www.b.org.", TYPE_A)), "NOERROR; www.b.org. 3600 A 192.0.2.1");
    assert_string_equal(
        world_text(w, world_ask(w, "www.a.org.", TYPE_A)), "NOERROR; www.a.org. 3600 A 192.0.2.2");
    assert_int_equal(world_sent(w, NULL, "ns.b.org.", 0), 0);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_compact_denial_ends_the_minimising),
        cmocka_unit_test(walks_from_the_root),
        cmocka_unit_test(a_referrals_port_serves_the_message_to_the_zone_below),
        cmocka_unit_test(glue_on_the_way_to_a_servers_address_will_do),
        cmocka_unit_test(where_glue_does_not_serve_the_servers_own_zone_is_asked),
        cmocka_unit_test(a_referral_over_tcp_or_after_a_wrong_packet_gives_no_port),
        cmocka_unit_test(serves_ttl_5_at_4_s_and_asks_again_at_5_s),
        cmocka_unit_test(follows_aliases_by_questions_of_their_own),
        cmocka_unit_test(ends_an_alias_loop),
        cmocka_unit_test(ends_a_loop_within_one_reply),
        cmocka_unit_test(keeps_denials_for_the_lesser_of_ttl_and_minimum),
        cmocka_unit_test(joins_equal_questions_in_flight),
        cmocka_unit_test(cancels_one_waiter_and_keeps_the_other),
        cmocka_unit_test(asks_for_no_more_labels_than_needed),
        cmocka_unit_test(asks_once_about_a_name_on_the_way),
        cmocka_unit_test(nxdomain_to_a_probe_does_not_deny_the_name_below),
        cmocka_unit_test(primes_once_and_uses_the_root_servers_of_today),
        cmocka_unit_test(enters_a_delegation_by_glue_that_another_brought),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
