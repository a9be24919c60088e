/* Questions that share look-ups, limits and aliases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "small_tree.h"

static void an_answer_that_lies_ready_is_not_given_to_who_left(void **state)
{
    struct resolve_settings set;
    resolve_settings_default(&set);
    set.use_v4 = set.use_v6 = set.prime = false; /* nobody to ask: the answer is there at once */
    const struct cache_settings cs = {.size = (size_t)1 << 20, .ttl_max = 60};
    const struct hash_key hash = {1, 2};
    struct cache *c = cache_new(&cs, &hash);
    const uint8_t seed[32] = {1};
    struct random *rng = random_new(seed);
    struct resolver *r = resolve_new(&set, c, rng);
    const now_t now = {.mono_ms = 1000, .cache_s = 1};
    const struct question q = {.name = (const name_t *)"\1a", .type = TYPE_A, .class = CLASS_IN};
    ask_id ids[3];
    for (unsigned i = 0; i < COUNT(ids); i++)
        ids[i] = resolve_ask(r, &q, now);
    resolve_cancel(r, ids[1], now);
    resolve_cancel(r, ids[1], now);
    struct action act;
    unsigned answers = 0;
    for (unsigned i = 0; i < 100 && resolve_next(r, &act, now); i++)
        if (act.kind == ACTION_ANSWER) {
            assert_int_equal(act.answer.id, ids[answers ? 2 : 0]);
            answers++;
        }
    assert_int_equal(answers, 2);
    resolve_free(r);
    random_free(rng);
    cache_free(c);
}

/* A zone of org whose server has a name in another: five such steps are beyond its asker's limit. */
#define ORG_STEP(zone, server)                                                                               \
    {                                                                                                        \
        .addr = "10.0.0.2", .name = "*." zone, .authority = zone " NS " server "\n"                          \
    }
#define A_TO_E                                                                                               \
    ORG_STEP("a.org.", "ns.b.org."), ORG_STEP("b.org.", "ns.c.org."), ORG_STEP("c.org.", "ns.d.org."),       \
        ORG_STEP("d.org.", "ns.e.org."), ORG_STEP("e.org.", "x.zone.org.")

/* A question that ends at a limit of its asker's work says nothing about itself:
 * others must not find it "failed recently". */
static void anothers_limits_are_no_failure_of_mine(void **state)
{
    struct world_rule rules[] = {ROOT_ORG, ROOT_COM, COM_HOST, A_TO_E,
        ORG_ZONE("zone.org. NS ns.host.com.\n", NULL),
        {.addr = "10.2.0.1", .flags = FLAG_AA, .answer = "ns.host.com. 60 A 10.1.0.1\n"},
        {.addr = "10.1.0.1", .flags = FLAG_AA, .answer = X_ANSWER}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    assert_string_equal(ask_text(w, "x.a.org.", TYPE_A), "SERVFAIL");
    assert_string_equal(ask_text(w, "x.zone.org.", TYPE_A), X_TEXT);
    assert_idle(w);
    world_free(w);
}

static void who_joins_a_question_that_hits_its_askers_limit_starts_over(void **state)
{
    struct world_rule rules[] = {ROOT_ORG, ROOT_COM, COM_HOST, A_TO_E,
        {.addr = "10.0.0.2",
            .name = "wait.org.",
            .flags = FLAG_AA,
            .answer = "wait.org. A 192.0.2.1\n",
            .delay_ms = 70},
        ORG_ZONE("zone.org. NS ns.host.com.\n", NULL),
        {.addr = "10.2.0.1", .flags = FLAG_AA, .answer = "ns.host.com. 60 A 10.1.0.1\n"},
        {.addr = "10.1.0.1", .flags = FLAG_AA, .answer = X_ANSWER}};
    rules[9].delay_ms = 100;
    struct world *w = world_new(rules, COUNT(rules), NULL);
    ask_id deep = world_begin(w, "x.a.org.", TYPE_A);
    world_ask(w, "wait.org.", TYPE_A);
    ask_id joined = world_begin(w, "x.zone.org.", TYPE_A), second = world_begin(w, "x.zone.org.", TYPE_A);
    assert_int_equal(resolve_counters(world_resolver(w))->joined, 2);
    assert_string_equal(world_text(w, world_wait(w, joined)), X_TEXT);
    assert_string_equal(world_text(w, world_wait(w, second)), X_TEXT);
    assert_non_null(world_wait(w, deep));
    assert_idle(w);
    world_free(w);
}

/* Questions asked from the end of a chain backwards each join the one before:
 * still no answer is longer than the limit. */
static void joined_questions_make_no_longer_chains(void **state)
{
    enum { LINKS = 40 };
    static char names[LINKS + 1][24], lines[LINKS + 1][64];
    static struct world_rule rules[2 + LINKS + 1];
    rules[0] = (struct world_rule)ROOT_ORG;
    rules[1] = (struct world_rule)ORG_ZONE_1;
    for (unsigned i = 0; i <= LINKS; i++) {
        snprintf(names[i], sizeof names[i], "c%u.zone.org.", i);
        if (i < LINKS)
            snprintf(lines[i], sizeof lines[i], "c%u.zone.org. CNAME c%u.zone.org.\n", i, i + 1);
        else
            snprintf(lines[i], sizeof lines[i], "c%u.zone.org. A 192.0.2.1\n", i);
        rules[2 + i] = (struct world_rule){.addr = "10.1.0.1",
            .name = names[i],
            .flags = FLAG_AA,
            .answer = lines[i],
            .delay_ms = i == LINKS ? 200 : 2};
    }
    struct world *w = world_new(rules, COUNT(rules), NULL);
    ask_id ids[LINKS + 1];
    ids[0] = world_begin(w, "c0.zone.org.", TYPE_MX); /* warm */
    world_wait(w, ids[0]);
    for (int i = LINKS; i >= 0; i--)
        ids[i] = world_begin(w, names[i], TYPE_A);
    for (int i = 0; i <= LINKS; i++) {
        const struct outcome *o = world_wait(w, ids[i]);
        assert_non_null(o);
        assert_true(o->answer.count <= ALIAS_MAX + 1);
        if (LINKS - i <= (int)ALIAS_MAX)
            assert_int_equal(o->rcode, RCODE_NOERROR);
    }
    assert_idle(w);
    world_free(w);
}

/* RFC 6672 2.4: below a DNAME there is no CNAME but the one that it makes. */
static void a_cname_question_below_a_dname_gets_what_the_dname_makes(void **state)
{
    struct world_rule rules[] = {ROOT_ORG, ORG_ZONE_1,
        {.addr = "10.1.0.1",
            .name = "*.old.zone.org.",
            .flags = FLAG_AA,
            .answer = "old.zone.org. 60 DNAME new.zone.org.\nx.old.zone.org. 60 CNAME evil.zone.org.\n"},
        {.addr = "10.1.0.1", .flags = FLAG_AA, .authority = SOA}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    for (int again = 0; again < 2; again++)
        assert_string_equal(ask_text(w, "x.old.zone.org.", TYPE_CNAME),
            "NOERROR; old.zone.org. 60 DNAME new.zone.org.; x.old.zone.org. 60 CNAME x.new.zone.org.");
    world_free(w);
}

static void counts_each_dname_link_once(void **state)
{
    enum { LINKS = 9 };
    static char names[LINKS][24], lines[LINKS][80], end[64];
    struct world_rule rules[2 + LINKS + 1] = {ROOT_ORG, ORG_ZONE_1};
    for (unsigned i = 0; i < LINKS; i++) {
        snprintf(names[i], sizeof names[i], "*.d%u.zone.org.", i);
        snprintf(lines[i], sizeof lines[i], "d%u.zone.org. DNAME d%u.zone.org.\n", i, i + 1);
        rules[2 + i] =
            (struct world_rule){.addr = "10.1.0.1", .name = names[i], .flags = FLAG_AA, .answer = lines[i]};
    }
    snprintf(end, sizeof end, "x.d%u.zone.org. A 192.0.2.1\n", (unsigned)LINKS);
    rules[2 + LINKS] = (struct world_rule){.addr = "10.1.0.1", .flags = FLAG_AA, .answer = end};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    const struct outcome *o = world_ask(w, "x.d0.zone.org.", TYPE_A);
    assert_int_equal(o->rcode, RCODE_NOERROR);
    assert_int_equal(o->answer.count, 2 * LINKS + 1);
    world_free(w);
}

/* M15, M16: names whose name servers' names' name servers … */
static void endless_dependencies_end_soon(void **state)
{
    struct world_rule rules[] = {ROOT_ORG,
        {.addr = "10.0.0.2",
            .name = "*.a.org.",
            .authority = "a.org. NS n.b.org.\na.org. NS m.b.org.\na.org. NS l.b.org.\na.org. NS k.b.org.\n"},
        {.addr = "10.0.0.2",
            .name = "*.b.org.",
            .authority = "b.org. NS n.c.org.\nb.org. NS m.c.org.\nb.org. NS l.c.org.\nb.org. NS k.c.org.\n"},
        {.addr = "10.0.0.2",
            .name = "*.c.org.",
            .authority = "c.org. NS n.d.org.\nc.org. NS m.d.org.\nc.org. NS l.d.org.\nc.org. NS k.d.org.\n"},
        {.addr = "10.0.0.2",
            .name = "*.d.org.",
            .authority = "d.org. NS n.e.org.\nd.org. NS m.e.org.\nd.org. NS l.e.org.\nd.org. NS k.e.org.\n"},
        {.addr = "10.0.0.2",
            .name = "*.e.org.",
            .authority = "e.org. NS n.f.org.\ne.org. NS m.f.org.\ne.org. NS l.f.org.\ne.org. NS k.f.org.\n"},
        {.addr = "10.0.0.2",
            .name = "*.f.org.",
            .authority = "f.org. NS n.g.org.\nf.org. NS m.g.org.\nf.org. NS l.g.org.\nf.org. NS k.g.org.\n"},
        {.addr = "10.0.0.2", .name = "*.g.org.", .authority = "g.org. NS n.h.org.\n"}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    assert_string_equal(ask_text(w, "x.a.org.", TYPE_A), "SERVFAIL");
    assert_in_range(world_sent(w, NULL, NULL, 0), 1, 24);
    assert_idle(w);
    world_free(w);
}

/* RFC 4035 3.1.4.1: the child's own word on its DS, at the end of an alias inside it, is its parent's to say.
 */
static void an_alias_to_the_apex_gets_its_ds_from_the_parent(void **state)
{
#define DS_TEXT "zone.org. 60 DS 1 13 2 0000000000000000000000000000000000000000000000000000000000000000"
    struct world_rule rules[] = {ROOT_ORG,
        {.addr = "10.0.0.2", .name = "zone.org.", .type = TYPE_DS, .flags = FLAG_AA, .answer = DS_TEXT "\n"},
        ORG_ZONE_1,
        {.addr = "10.1.0.1",
            .name = "c.zone.org.",
            .flags = FLAG_AA,
            .answer = "c.zone.org. 60 CNAME zone.org.\n",
            .authority = SOA},
        {.addr = "10.1.0.1", .flags = FLAG_AA, .authority = SOA}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    assert_string_equal(
        ask_text(w, "c.zone.org.", TYPE_DS), "NOERROR; c.zone.org. 60 CNAME zone.org.; " DS_TEXT);
    assert_idle(w);
    world_free(w);
}

/* Likewise a child's alias at its apex, from the cache. */
static void an_alias_at_the_apex_is_no_answer_to_ds(void **state)
{
    struct world_rule rules[] = {ROOT_ORG,
        {.addr = "10.0.0.2", .name = "zone.org.", .type = TYPE_DS, .flags = FLAG_AA, .answer = DS_TEXT "\n"},
        ORG_ZONE_1,
        {.addr = "10.1.0.1",
            .name = "zone.org.",
            .flags = FLAG_AA,
            .answer = "zone.org. 60 CNAME x.zone.org.\n" X_ANSWER}};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    assert_string_equal(ask_text(w, "zone.org.", TYPE_A),
        "NOERROR; zone.org. 60 CNAME x.zone.org.; x.zone.org. 60 A 192.0.2.1");
    assert_string_equal(ask_text(w, "zone.org.", TYPE_DS), "NOERROR; " DS_TEXT);
    assert_idle(w);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_that_lies_ready_is_not_given_to_who_left),
        cmocka_unit_test(anothers_limits_are_no_failure_of_mine),
        cmocka_unit_test(who_joins_a_question_that_hits_its_askers_limit_starts_over),
        cmocka_unit_test(joined_questions_make_no_longer_chains),
        cmocka_unit_test(a_cname_question_below_a_dname_gets_what_the_dname_makes),
        cmocka_unit_test(counts_each_dname_link_once),
        cmocka_unit_test(endless_dependencies_end_soon),
        cmocka_unit_test(an_alias_to_the_apex_gets_its_ds_from_the_parent),
        cmocka_unit_test(an_alias_at_the_apex_is_no_answer_to_ds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
