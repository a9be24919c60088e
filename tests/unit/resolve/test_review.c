/* Corners of the walk that a hostile or broken Internet leads into. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Root 10.0.0.1 → org 10.0.0.2 → zone.org 10.1.0.1; com 10.0.0.3 → host.com 10.2.0.1 */
#define ROOT_ORG                                                                                             \
    {                                                                                                        \
        .addr = "10.0.0.1", .name = "*.org.", .authority = "org. NS ns.org.\n",                              \
        .additional = "ns.org. A 10.0.0.2\n"                                                                 \
    }
#define ROOT_COM                                                                                             \
    {                                                                                                        \
        .addr = "10.0.0.1", .name = "*.com.", .authority = "com. NS ns.com.\n",                              \
        .additional = "ns.com. A 10.0.0.3\n"                                                                 \
    }
#define ORG_ZONE(ns, glue)                                                                                   \
    {                                                                                                        \
        .addr = "10.0.0.2", .name = "*.zone.org.", .authority = ns, .additional = glue                       \
    }
#define ORG_ZONE_1 ORG_ZONE("zone.org. NS ns.zone.org.\n", "ns.zone.org. A 10.1.0.1\n")
#define ORG_ZONE_2                                                                                           \
    ORG_ZONE("zone.org. NS ns1.zone.org.\nzone.org. NS ns2.zone.org.\n",                                     \
        "ns1.zone.org. A 10.1.0.1\nns2.zone.org. A 10.1.0.2\n")
#define COM_HOST                                                                                             \
    {                                                                                                        \
        .addr = "10.0.0.3", .name = "*.host.com.", .authority = "host.com. NS a.host.com.\n",                \
        .additional = "a.host.com. A 10.2.0.1\n"                                                             \
    }
#define SOA "zone.org. 900 SOA ns.zone.org. host.zone.org. 1 2 3 4 300\n"
#define X_ANSWER "x.zone.org. 60 A 192.0.2.1\n"
#define X_TEXT "NOERROR; x.zone.org. 60 A 192.0.2.1"

static const char *ask_text(struct world *w, const char *name, uint16_t type)
{
    return world_text(w, world_ask(w, name, type));
}

static void assert_idle(struct world *w)
{
    world_drain(w);
    const struct resolve_counters *c = resolve_counters(world_resolver(w));
    assert_int_equal(c->jobs, 0);
    assert_int_equal(c->waiters, 0);
    assert_int_equal(c->sends, 0);
}

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

/* ---- a zone that moved, while its old delegation is still known ---- */

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

/* ---- an asker that leaves ---- */

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

/* A question that ends at a limit of its asker's work says nothing about itself:
 * others must not find it "failed recently". */
static void anothers_limits_are_no_failure_of_mine(void **state)
{
    struct world_rule rules[] = {ROOT_ORG, ROOT_COM, COM_HOST,
        {.addr = "10.0.0.2", .name = "*.a.org.", .authority = "a.org. NS ns.b.org.\n"},
        {.addr = "10.0.0.2", .name = "*.b.org.", .authority = "b.org. NS ns.c.org.\n"},
        {.addr = "10.0.0.2", .name = "*.c.org.", .authority = "c.org. NS ns.d.org.\n"},
        {.addr = "10.0.0.2", .name = "*.d.org.", .authority = "d.org. NS ns.e.org.\n"},
        {.addr = "10.0.0.2", .name = "*.e.org.", .authority = "e.org. NS x.zone.org.\n"},
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
    struct world_rule rules[] = {ROOT_ORG, ROOT_COM, COM_HOST,
        {.addr = "10.0.0.2", .name = "*.a.org.", .authority = "a.org. NS ns.b.org.\n"},
        {.addr = "10.0.0.2", .name = "*.b.org.", .authority = "b.org. NS ns.c.org.\n"},
        {.addr = "10.0.0.2", .name = "*.c.org.", .authority = "c.org. NS ns.d.org.\n"},
        {.addr = "10.0.0.2", .name = "*.d.org.", .authority = "d.org. NS ns.e.org.\n"},
        {.addr = "10.0.0.2", .name = "*.e.org.", .authority = "e.org. NS x.zone.org.\n"},
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

static void explores(struct resolve_settings *s)
{
    s->explore = true;
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
        cmocka_unit_test(believes_no_record_of_another_class),
        cmocka_unit_test(a_priming_answer_without_addresses_changes_nothing),
        cmocka_unit_test(a_silent_root_fails_priming_and_everybody_hears_in_time),
        cmocka_unit_test(a_delegation_does_not_outlive_its_parents),
        cmocka_unit_test(a_raised_ttl_does_not_let_a_delegation_outlive_its_parents),
        cmocka_unit_test(a_zone_that_moved_is_found_again_at_its_parent),
        cmocka_unit_test(a_lame_zone_costs_its_parent_one_message),
        cmocka_unit_test(an_answer_that_lies_ready_is_not_given_to_who_left),
        cmocka_unit_test(ns_records_beside_an_answer_are_no_answer),
        cmocka_unit_test(anothers_limits_are_no_failure_of_mine),
        cmocka_unit_test(who_joins_a_question_that_hits_its_askers_limit_starts_over),
        cmocka_unit_test(joined_questions_make_no_longer_chains),
        cmocka_unit_test(a_late_answer_to_a_probe_goes_on),
        cmocka_unit_test(survives_faults_of_streams),
        cmocka_unit_test(reads_few_broken_messages_of_a_stream),
        cmocka_unit_test(a_cname_question_below_a_dname_gets_what_the_dname_makes),
        cmocka_unit_test(counts_each_dname_link_once),
        cmocka_unit_test(losses_at_one_label_do_not_count_at_the_next),
        cmocka_unit_test(finds_the_v6_addresses_when_v4_has_no_route),
        cmocka_unit_test(looks_up_the_address_where_the_glue_is_useless),
        cmocka_unit_test(slow_objections_to_edns_cause_one_fallback),
        cmocka_unit_test(goes_on_at_once_after_tcp),
        cmocka_unit_test(a_signed_zones_server_is_not_remembered_without_edns),
        cmocka_unit_test(crowds_cost_little_and_hide_no_good_server),
        cmocka_unit_test(finds_one_good_among_nine_dead_names_without_glue),
        cmocka_unit_test(resolves_thirty_names_with_two_messages_of_five_lost),
        cmocka_unit_test(great_delegations_cost_no_more_than_small_ones),
        cmocka_unit_test(endless_dependencies_end_soon),
        cmocka_unit_test(garbage_before_a_probes_answer_costs_no_server),
        cmocka_unit_test(an_alias_to_the_apex_gets_its_ds_from_the_parent),
        cmocka_unit_test(an_alias_at_the_apex_is_no_answer_to_ds),
        cmocka_unit_test(waits_for_a_silent_stream_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
