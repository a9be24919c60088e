/* Refreshing in the background what is still asked for when it is about to expire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dnssec/anchors.h"
#include "world.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Any name has an address for 100 s. */
static void any_name(struct world_rule *rule, const char *name, struct arena *a)
{
    char *line = arena_alloc(a, strlen(name) + 32);
    snprintf(line, strlen(name) + 32, "%s 100 A 192.0.2.1\n", name);
    rule->answer = line;
}

enum { ROOT_TEST, WWW, SHORT, NONE, ALIAS, REST, RULES };

static const struct world_rule RULES_AT_START[RULES] = {
    [ROOT_TEST] = {.addr = "10.0.0.1",
        .name = "*.test.",
        .authority = "test. 100000 NS ns.test.\n",
        .additional = "ns.test. 100000 A 10.0.0.2\n"},
    [WWW] = {.addr = "10.0.0.2",
        .name = "www.test.",
        .type = TYPE_A,
        .flags = FLAG_AA,
        .answer = "www.test. 100 A 192.0.2.1\n",
        .delay_ms = 20},
    [SHORT] = {.addr = "10.0.0.2",
        .name = "short.test.",
        .flags = FLAG_AA,
        .answer = "short.test. 9 A 192.0.2.5\n"},
    [NONE] = {.addr = "10.0.0.2",
        .name = "none.test.",
        .flags = FLAG_AA,
        .rcode = RCODE_NXDOMAIN,
        .authority = "test. 100 SOA ns.test. x. 1 2 3 4 100\n"},
    [ALIAS] = {.addr = "10.0.0.2",
        .name = "alias.test.",
        .flags = FLAG_AA,
        .answer = "alias.test. 3600 CNAME www.test.\n"},
    [REST] = {.addr = "10.0.0.2", .flags = FLAG_AA, .make = any_name, .delay_ms = 20},
};

struct scene {
    struct world_rule rules[RULES];
    struct world *w;
};

static bool is_on = true;

static void settings(struct resolve_settings *s)
{
    s->prefetch = is_on;
}

static int setup(void **state)
{
    struct scene *s = mem_alloc(sizeof *s);
    memcpy(s->rules, RULES_AT_START, sizeof s->rules);
    s->w = world_new(s->rules, RULES, settings);
    *state = s;
    return 0;
}

static int setup_off(void **state)
{
    is_on = false;
    int bad = setup(state);
    is_on = true;
    return bad;
}

static int teardown(void **state)
{
    struct scene *s = *state;
    world_drain(s->w);
    assert_int_equal(resolve_counters(world_resolver(s->w))->jobs, 0);
    world_free(s->w);
    mem_free(s);
    return 0;
}

static const struct resolve_counters *counters(const struct scene *s)
{
    return resolve_counters(world_resolver(s->w));
}

static unsigned sent(const struct scene *s)
{
    return world_sent(s->w, NULL, NULL, 0);
}

/* Answered at once, from the cache. */
static void is_known(struct scene *s, const char *name, uint16_t type)
{
    int64_t at_ms = world_now_ms(s->w);
    const struct outcome *o = world_ask(s->w, name, type);
    assert_non_null(o);
    assert_true(o->from_cache);
    assert_int_equal(world_now_ms(s->w), at_ms);
}

/* A finished answer of serve/ was given, near its end. */
static void hit_type(struct scene *s, const char *text, uint16_t type)
{
    name_t name[NAME_MAX_LEN];
    assert_int_equal(name_from_text(name, text, strlen(text), NULL), ERR_OK);
    world_hit(s->w, &(struct question){.name = name, .type = type, .class = CLASS_IN});
}

static void hit(struct scene *s, const char *text)
{
    hit_type(s, text, TYPE_A);
}

static void what_is_asked_for_in_the_last_tenth_is_there_when_it_would_have_expired(void **state)
{
    struct scene *s = *state;
    world_ask(s->w, "www.test.", TYPE_A);
    world_pass(s->w, 89);
    unsigned before = sent(s);
    is_known(s, "www.test.", TYPE_A);
    assert_int_equal(sent(s), before);
    world_pass(s->w, 1);
    is_known(s, "www.test.", TYPE_A);
    assert_int_equal(counters(s)->refreshes, 1);
    world_drain(s->w);
    assert_int_equal(sent(s), before + 1);
    world_pass(s->w, 60);
    is_known(s, "www.test.", TYPE_A);
    assert_int_equal(sent(s), before + 1);
}

static void what_nobody_asks_for_is_not(void **state)
{
    struct scene *s = *state;
    world_ask(s->w, "www.test.", TYPE_A);
    world_pass(s->w, 50);
    is_known(s, "www.test.", TYPE_A);
    world_pass(s->w, 45);
    world_drain(s->w);
    assert_int_equal(counters(s)->refreshes, 0);
}

static void it_is_one_for_all_who_ask_meanwhile(void **state)
{
    struct scene *s = *state;
    world_ask(s->w, "www.test.", TYPE_A);
    world_pass(s->w, 95);
    unsigned before = sent(s);
    for (unsigned i = 0; i < 50; i++) {
        is_known(s, "www.test.", TYPE_A);
        hit(s, "www.test.");
    }
    assert_int_equal(counters(s)->jobs, 1);
    world_drain(s->w);
    for (unsigned i = 0; i < 50; i++)
        hit(s, "www.test.");
    world_drain(s->w);
    assert_int_equal(sent(s), before + 1);
    assert_int_equal(counters(s)->refreshes, 1);
}

static void who_asks_when_it_expired_meanwhile_waits_for_the_same(void **state)
{
    struct scene *s = *state;
    s->rules[WWW].delay_ms = 1500;
    world_ask(s->w, "www.test.", TYPE_A);
    world_pass(s->w, 99);
    hit(s, "www.test.");
    world_run(s->w, 1000);
    assert_int_equal(counters(s)->jobs, 1);
    const struct outcome *o = world_ask(s->w, "www.test.", TYPE_A);
    assert_int_equal(o->rcode, RCODE_NOERROR);
    assert_int_equal(counters(s)->joined, 1);
    assert_int_equal(counters(s)->jobs, 0);
}

static void of_a_chain_only_the_link_that_is_due(void **state)
{
    struct scene *s = *state;
    world_ask(s->w, "alias.test.", TYPE_A);
    world_pass(s->w, 95);
    hit(s, "alias.test.");
    world_drain(s->w);
    assert_int_equal(world_sent(s->w, "10.0.0.2", "www.test.", TYPE_A), 2);
    assert_int_equal(world_sent(s->w, "10.0.0.2", "alias.test.", TYPE_A), 1);
    world_pass(s->w, 95);
    is_known(s, "alias.test.", TYPE_A);
    world_drain(s->w);
    assert_int_equal(world_sent(s->w, "10.0.0.2", "www.test.", TYPE_A), 3);
    assert_int_equal(world_sent(s->w, "10.0.0.2", "alias.test.", TYPE_A), 1);
}

/* Of those, what stands at the name itself is the answer (RFC 1034 4.3.2, RFC 4035 3.1.4.1). */
static void an_alias_is_no_answer_to_any_nor_to_ds(void **state)
{
    struct scene *s = *state;
    world_ask(s->w, "alias.test.", TYPE_A);
    world_pass(s->w, 3500);
    unsigned before = sent(s);
    hit_type(s, "alias.test.", TYPE_ANY);
    hit_type(s, "alias.test.", TYPE_DS);
    world_drain(s->w);
    assert_int_equal(sent(s), before);
    hit(s, "alias.test."); /* and of an address it is */
    world_drain(s->w);
    assert_true(sent(s) > before);
}

static void denials_too(void **state)
{
    struct scene *s = *state;
    world_ask(s->w, "none.test.", TYPE_A);
    world_pass(s->w, 95);
    unsigned before = sent(s);
    hit(s, "none.test.");
    world_drain(s->w);
    assert_int_equal(sent(s), before + 1);
    world_pass(s->w, 50);
    assert_int_equal(world_ask(s->w, "none.test.", TYPE_A)->rcode, RCODE_NXDOMAIN);
    assert_int_equal(sent(s), before + 1);
}

static void what_lives_for_less_than_10_s_is_not(void **state)
{
    struct scene *s = *state;
    world_ask(s->w, "short.test.", TYPE_A);
    world_pass(s->w, 8);
    is_known(s, "short.test.", TYPE_A);
    hit(s, "short.test.");
    assert_int_equal(counters(s)->refreshes, 0);
}

static void nothing_is_where_it_is_off(void **state)
{
    struct scene *s = *state;
    world_ask(s->w, "www.test.", TYPE_A);
    world_pass(s->w, 95);
    is_known(s, "www.test.", TYPE_A);
    hit(s, "www.test.");
    assert_int_equal(counters(s)->refreshes, 0);
}

static void one_that_fails_takes_nothing_away_and_is_not_repeated_at_once(void **state)
{
    struct scene *s = *state;
    world_ask(s->w, "www.test.", TYPE_A);
    world_pass(s->w, 90);
    s->rules[WWW].how = HOW_REFUSE_PORT;
    unsigned before = sent(s);
    for (unsigned i = 0; i < 9; i++) {
        is_known(s, "www.test.", TYPE_A);
        hit(s, "www.test.");
        world_drain(s->w);
        world_pass(s->w, 1);
    }
    assert_in_range(sent(s) - before, 1, 4); /* back-off: RFC 9520 3.2 */
    is_known(s, "www.test.", TYPE_A);
}

/* The name is gone, but what is known of it is there until it expires. */
static void one_that_changes_nothing_is_not_repeated_at_once(void **state)
{
    struct scene *s = *state;
    s->rules[WWW].answer = "www.test. 1000 A 192.0.2.1\n";
    world_ask(s->w, "www.test.", TYPE_A);
    world_pass(s->w, 900);
    s->rules[WWW] = s->rules[NONE];
    s->rules[WWW].name = "www.test.";
    unsigned before = sent(s);
    for (unsigned i = 0; i < 99; i++) {
        is_known(s, "www.test.", TYPE_A);
        hit(s, "www.test.");
        world_drain(s->w);
        world_pass(s->w, 1);
    }
    assert_in_range(sent(s) - before, 2, 8);
    world_pass(s->w, 1);
    assert_int_equal(world_ask(s->w, "www.test.", TYPE_A)->rcode, RCODE_NXDOMAIN);
}

static void few_are_in_flight_at_a_time_and_many_are_spread(void **state)
{
    struct scene *s = *state;
    char name[32];
    enum { NAMES = 300 };
    for (unsigned i = 0; i < NAMES; i++) {
        snprintf(name, sizeof name, "n%u.test.", i);
        world_begin(s->w, name, TYPE_A);
    }
    world_drain(s->w);
    world_pass(s->w, 92);
    for (unsigned i = 0; i < NAMES; i++) {
        snprintf(name, sizeof name, "n%u.test.", i);
        is_known(s, name, TYPE_A);
    }
    /* the first few, and about a fourth of the rest as far as there is room */
    assert_in_range(counters(s)->jobs, REFRESH_JOBS_EASY + 20, REFRESH_JOBS_MAX);
    world_drain(s->w);
    uint64_t by_chance = counters(s)->refreshes;
    world_pass(s->w, 4);
    for (unsigned i = 0; i < NAMES; i++) {
        snprintf(name, sizeof name, "n%u.test.", i);
        is_known(s, name, TYPE_A);
        assert_true(counters(s)->jobs <= REFRESH_JOBS_MAX);
    }
    assert_int_equal(counters(s)->refreshes - by_chance, REFRESH_JOBS_MAX);
}

/* Threat P9. */
static void a_delegation_is_not_prolonged(void **state)
{
    struct scene *s = *state;
    s->rules[ROOT_TEST].authority = "test. 30 NS ns.test.\n";
    s->rules[ROOT_TEST].additional = "ns.test. 30 A 10.0.0.2\n";
    s->rules[WWW].answer = "www.test. 10 A 192.0.2.1\n";
    s->rules[WWW].authority = "test. 86400 NS ns.test.\n";
    s->rules[WWW].additional = "ns.test. 86400 A 10.0.0.2\n";
    world_ask(s->w, "www.test.", TYPE_A);
    s->rules[ROOT_TEST] = (struct world_rule){.addr = "10.0.0.1",
        .name = "*.test.",
        .flags = FLAG_AA,
        .rcode = RCODE_NXDOMAIN,
        .authority = ". 60 SOA root.ns. x. 1 2 3 4 60\n"};
    for (unsigned t = 1; t < 30; t++) {
        world_pass(s->w, 1);
        assert_int_equal(world_ask(s->w, "www.test.", TYPE_A)->rcode, RCODE_NOERROR);
        world_drain(s->w);
    }
    assert_in_range(counters(s)->refreshes, 2, 4);
    /* what was refreshed last lives for 10 s yet, what is asked at the end of that is NXDOMAIN */
    world_pass(s->w, 11);
    assert_int_equal(world_ask(s->w, "www.test.", TYPE_A)->rcode, RCODE_NXDOMAIN);
}

static struct anchors *anchors;

static void signed_settings(struct resolve_settings *s)
{
    settings(s);
    s->anchors = anchors;
    s->aggressive = false;
}

static void keys_of_zones_in_use_are_refreshed(void **state)
{
    struct arena a;
    arena_init(&a);
    struct sign_key *key = sign_key_new(SIGN_KSK, 15, 1);
    struct dnssec_policy policy;
    dnssec_policy_default(&policy);
    struct rdata ds = sign_key_ds(key, NAME_ROOT, 2, &a);
    anchors = anchors_new();
    anchors_add(anchors, NAME_ROOT, TYPE_DS, &ds);
    anchors_settle(anchors, &policy);
    struct sign_zone *zone = sign_zone_new(&(struct sign_zone_plan){.origin = ".",
        .ksk = key,
        .text = ". SOA root.ns. x. 1 2 3 4 60\n. NS root.ns.\nroot.ns. A 10.0.0.1\n"
                "a.x. 60 A 192.0.2.1\nb.x. 60 A 192.0.2.2\nc.x. 60 A 192.0.2.3\n"});
    struct world *w = world_new(NULL, 0, signed_settings);
    world_serve(w, "10.0.0.1", zone);
    assert_int_equal(world_ask(w, "a.x.", TYPE_A)->verdict, VERDICT_SECURE);
    assert_int_equal(world_sent(w, NULL, ".", TYPE_DNSKEY), 1);
    world_pass(w, 3000);
    world_ask(w, "b.x.", TYPE_A);
    world_drain(w);
    assert_int_equal(world_sent(w, NULL, ".", TYPE_DNSKEY), 1);
    world_pass(w, 400);
    world_ask(w, "c.x.", TYPE_A);
    world_drain(w);
    assert_int_equal(world_sent(w, NULL, ".", TYPE_DNSKEY), 2);
    world_pass(w, 400);
    assert_int_equal(world_ask(w, "a.x.", TYPE_A)->verdict, VERDICT_SECURE);
    assert_int_equal(world_sent(w, NULL, ".", TYPE_DNSKEY), 2);
    world_free(w);
    sign_zone_free(zone);
    sign_key_free(key);
    anchors_free(anchors);
    anchors = NULL;
    arena_fini(&a);
}

#define SCENE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(what_is_asked_for_in_the_last_tenth_is_there_when_it_would_have_expired),
        SCENE_TEST(what_nobody_asks_for_is_not),
        SCENE_TEST(it_is_one_for_all_who_ask_meanwhile),
        SCENE_TEST(who_asks_when_it_expired_meanwhile_waits_for_the_same),
        SCENE_TEST(of_a_chain_only_the_link_that_is_due),
        SCENE_TEST(an_alias_is_no_answer_to_any_nor_to_ds),
        SCENE_TEST(denials_too),
        SCENE_TEST(what_lives_for_less_than_10_s_is_not),
        cmocka_unit_test_setup_teardown(nothing_is_where_it_is_off, setup_off, teardown),
        SCENE_TEST(one_that_fails_takes_nothing_away_and_is_not_repeated_at_once),
        SCENE_TEST(one_that_changes_nothing_is_not_repeated_at_once),
        SCENE_TEST(few_are_in_flight_at_a_time_and_many_are_spread),
        SCENE_TEST(a_delegation_is_not_prolonged),
        cmocka_unit_test(keys_of_zones_in_use_are_refreshed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
