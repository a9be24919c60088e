/* Serve-stale (RFC 8767): who gets what expired, when, and what nobody gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/edns.h"
#include "dnssec/anchors.h"
#include "world.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define STALE_MAX 86400u

/* The root knows test. for 100,000 s; its server is 10.0.0.2, that of other. 10.0.0.3. */
enum { ROOT_TEST, ROOT_OTHER, WWW, SHORT, NONE, NO_DATA, ALIAS, AWAY, ZERO, REST, OTHER, RULES };

static const struct world_rule RULES_AT_START[RULES] = {
    [ROOT_TEST] = {.addr = "10.0.0.1",
        .name = "*.test.",
        .authority = "test. 100000 NS ns.test.\n",
        .additional = "ns.test. 100000 A 10.0.0.2\n"},
    [ROOT_OTHER] = {.addr = "10.0.0.1",
        .name = "*.other.",
        .authority = "other. 100000 NS ns.other.\n",
        .additional = "ns.other. 100000 A 10.0.0.3\n"},
    [WWW] = {.addr = "10.0.0.2",
        .name = "www.test.",
        .type = TYPE_A,
        .flags = FLAG_AA,
        .answer = "www.test. 60 A 192.0.2.1\n"},
    [SHORT] = {.addr = "10.0.0.2",
        .name = "short.test.",
        .type = TYPE_A,
        .flags = FLAG_AA,
        .answer = "short.test. 5 A 192.0.2.5\n"},
    [NONE] = {.addr = "10.0.0.2",
        .name = "none.test.",
        .flags = FLAG_AA,
        .rcode = RCODE_NXDOMAIN,
        .authority = "test. 60 SOA ns.test. x. 1 2 3 4 60\n"},
    [NO_DATA] = {.addr = "10.0.0.2",
        .name = "nodata.test.",
        .flags = FLAG_AA,
        .authority = "test. 60 SOA ns.test. x. 1 2 3 4 60\n"},
    [ALIAS] = {.addr = "10.0.0.2",
        .name = "alias.test.",
        .flags = FLAG_AA,
        .answer = "alias.test. 3600 CNAME www.test.\n"},
    [AWAY] = {.addr = "10.0.0.2",
        .name = "away.test.",
        .flags = FLAG_AA,
        .answer = "away.test. 60 CNAME www.other.\n"},
    [ZERO] = {.addr = "10.0.0.2",
        .name = "zero.test.",
        .flags = FLAG_AA,
        .answer = "zero.test. 0 A 192.0.2.9\n"},
    [REST] = {.addr = "10.0.0.2", .flags = FLAG_AA, .authority = "test. 60 SOA ns.test. x. 1 2 3 4 60\n"},
    [OTHER] = {.addr = "10.0.0.3",
        .name = "www.other.",
        .flags = FLAG_AA,
        .answer = "www.other. 3600 A 192.0.2.3\n"},
};

struct scene {
    struct world_rule rules[RULES];
    struct world *w;
};

static unsigned wait_ms = 1800;

static void settings(struct resolve_settings *s)
{
    s->stale_wait_ms = wait_ms;
}

static int setup(void **state)
{
    struct scene *s = mem_alloc(sizeof *s);
    memcpy(s->rules, RULES_AT_START, sizeof s->rules);
    s->w = world_new(s->rules, RULES, settings);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct scene *s = *state;
    world_drain(s->w);
    assert_int_equal(resolve_counters(world_resolver(s->w))->jobs, 0);
    assert_int_equal(resolve_counters(world_resolver(s->w))->waiters, 0);
    world_free(s->w);
    mem_free(s);
    return 0;
}

static ask_id begin_of(struct world *w, const char *text, uint16_t type, bool cd)
{
    name_t name[NAME_MAX_LEN];
    assert_int_equal(name_from_text(name, text, strlen(text), NULL), ERR_OK);
    return world_begin_question(w, &(struct question){.name = name,
                                       .type = type,
                                       .class = CLASS_IN,
                                       .dnssec_ok = true,
                                       .checking_disabled = cd,
                                       .stale_ok = true});
}

static ask_id begin(struct world *w, const char *name, uint16_t type)
{
    return begin_of(w, name, type, false);
}

static const struct outcome *ask(struct world *w, const char *name, uint16_t type)
{
    return world_wait(w, begin(w, name, type));
}

/* Its servers say nothing any more. */
static void hush(struct scene *s, enum world_how how)
{
    for (unsigned i = WWW; i < RULES; i++)
        s->rules[i].how = how;
}

static void is_fresh(struct world *w, const struct outcome *o, const char *text)
{
    assert_non_null(o);
    assert_false(o->stale);
    assert_int_not_equal(o->reason.ede, EDE_STALE_ANSWER);
    assert_string_equal(world_text(w, o), text);
}

static void is_stale(struct world *w, const struct outcome *o, int ede, const char *text)
{
    assert_non_null(o);
    assert_true(o->stale);
    assert_true(o->from_cache);
    assert_int_equal(o->reason.ede, ede);
    assert_non_null(o->reason.text);
    assert_string_equal(world_text(w, o), text);
}

static void has_failed(const struct outcome *o)
{
    assert_non_null(o);
    assert_int_equal(o->rcode, RCODE_SERVFAIL);
    assert_false(o->stale);
}

static const char WWW_FRESH[] = "NOERROR; www.test. 60 A 192.0.2.1",
                  WWW_STALE[] = "NOERROR; www.test. 30 A 192.0.2.1";

/* Known, and expired since a second. */
static void know(struct world *w)
{
    is_fresh(w, ask(w, "www.test.", TYPE_A), WWW_FRESH);
    world_pass(w, 61);
}

/* ---- when ---- */

static void who_would_wait_longer_than_1800_ms_gets_what_expired_and_the_work_goes_on(void **state)
{
    struct scene *s = *state;
    know(s->w);
    s->rules[WWW].delay_ms = 2500;
    int64_t begun = world_now_ms(s->w);
    ask_id id = begin(s->w, "www.test.", TYPE_A);
    world_run(s->w, 1799);
    assert_null(world_answer(s->w, id));
    is_stale(s->w, world_wait(s->w, id), EDE_STALE_ANSWER, WWW_STALE);
    assert_int_equal(world_now_ms(s->w) - begun, 1800);
    assert_int_equal(resolve_counters(world_resolver(s->w))->jobs, 1);
    assert_int_equal(resolve_counters(world_resolver(s->w))->waiters, 0);
    assert_int_equal(resolve_counters(world_resolver(s->w))->stale_answers, 1);
    world_drain(s->w);
    assert_in_range(world_now_ms(s->w) - begun, 2500, 4000);
    unsigned sent = world_sent(s->w, NULL, NULL, 0);
    const struct outcome *o = ask(s->w, "www.test.", TYPE_A);
    assert_int_equal(o->reason.ede, EDE_NONE);
    assert_true(o->answer.items[0]->ttl > 50);
    assert_int_equal(world_sent(s->w, NULL, NULL, 0), sent);
}

static void a_server_that_answers_in_time_is_waited_for(void **state)
{
    struct scene *s = *state;
    know(s->w);
    s->rules[WWW].delay_ms = 1500;
    is_fresh(s->w, ask(s->w, "www.test.", TYPE_A), WWW_FRESH);
}

static void a_failure_is_not_waited_for(void **state)
{
    struct scene *s = *state;
    know(s->w);
    hush(s, HOW_REFUSE_PORT);
    int64_t begun = world_now_ms(s->w);
    is_stale(s->w, ask(s->w, "www.test.", TYPE_A), EDE_STALE_ANSWER, WWW_STALE);
    assert_in_range(world_now_ms(s->w) - begun, 0, 1000);
}

static void servfail_and_refused_of_all_servers_are_failures(void **state)
{
    static const uint16_t rcodes[] = {RCODE_SERVFAIL, RCODE_REFUSED};
    struct scene *s = *state;
    know(s->w);
    for (unsigned i = 0; i < COUNT(rcodes); i++) {
        s->rules[WWW] = (struct world_rule){.addr = "10.0.0.2", .name = "www.test.", .rcode = rcodes[i]};
        is_stale(s->w, ask(s->w, "www.test.", TYPE_A), EDE_STALE_ANSWER, WWW_STALE);
        world_pass(s->w, 100);
    }
}

static void what_failed_is_not_tried_again_for_30_s(void **state)
{
    struct scene *s = *state;
    know(s->w);
    hush(s, HOW_REFUSE_PORT);
    is_stale(s->w, ask(s->w, "www.test.", TYPE_A), EDE_STALE_ANSWER, WWW_STALE);
    unsigned sent = world_sent(s->w, NULL, NULL, 0);
    for (unsigned i = 0; i < 5; i++) {
        world_pass(s->w, 5);
        int64_t begun = world_now_ms(s->w);
        is_stale(s->w, ask(s->w, "www.test.", TYPE_A), EDE_STALE_ANSWER, WWW_STALE);
        assert_int_equal(world_now_ms(s->w), begun);
    }
    assert_int_equal(world_sent(s->w, NULL, NULL, 0), sent);
    world_pass(s->w, 6);
    hush(s, HOW_ANSWER);
    is_fresh(s->w, ask(s->w, "www.test.", TYPE_A), WWW_FRESH);
}

static void a_target_that_failed_is_not_tried_again_for_those_who_follow_an_alias_either(void **state)
{
    static const char stale[] = "NOERROR; alias.test. 3539 CNAME www.test.; www.test. 30 A 192.0.2.1";
    struct scene *s = *state;
    ask(s->w, "alias.test.", TYPE_A);
    world_pass(s->w, 61);
    hush(s, HOW_REFUSE_PORT);
    is_stale(s->w, ask(s->w, "alias.test.", TYPE_A), EDE_STALE_ANSWER, stale);
    unsigned sent = world_sent(s->w, NULL, NULL, 0);
    world_pass(s->w, 20);
    assert_true(ask(s->w, "alias.test.", TYPE_A)->stale);
    assert_int_equal(world_sent(s->w, NULL, NULL, 0), sent);
}

static void who_takes_nothing_stale_hears_of_the_failure_and_has_it_tried_again(void **state)
{
    struct scene *s = *state;
    know(s->w);
    hush(s, HOW_SILENT);
    ask_id strict = world_begin(s->w, "www.test.", TYPE_A), lenient = begin(s->w, "www.test.", TYPE_A);
    is_stale(s->w, world_wait(s->w, lenient), EDE_STALE_ANSWER, WWW_STALE);
    assert_null(world_answer(s->w, strict));
    has_failed(world_wait(s->w, strict));
    world_drain(s->w);
    unsigned sent = world_sent(s->w, NULL, NULL, 0);
    world_pass(s->w, 10);
    hush(s, HOW_ANSWER);
    is_fresh(s->w, world_ask(s->w, "www.test.", TYPE_A), WWW_FRESH);
    assert_int_equal(world_sent(s->w, NULL, NULL, 0), sent + 1);
}

static void who_comes_while_it_is_slow_does_not_wait_anew_and_begins_nothing(void **state)
{
    struct scene *s = *state;
    know(s->w);
    hush(s, HOW_SILENT);
    int64_t begun = world_now_ms(s->w);
    ask(s->w, "www.test.", TYPE_A);
    static const int64_t at_ms[] = {1900, 4000, 6000, 7900};
    for (unsigned i = 0; i < COUNT(at_ms); i++) {
        world_run(s->w, begun + at_ms[i] - world_now_ms(s->w));
        is_stale(s->w, ask(s->w, "www.test.", TYPE_A), EDE_STALE_ANSWER, WWW_STALE);
        assert_int_equal(world_now_ms(s->w) - begun, at_ms[i]);
        assert_int_equal(resolve_counters(world_resolver(s->w))->jobs, 1);
    }
    world_drain(s->w);
    assert_in_range(world_now_ms(s->w) - begun, 0, 8100);
    begun = world_now_ms(s->w);
    is_stale(s->w, ask(s->w, "www.test.", TYPE_A), EDE_STALE_ANSWER, WWW_STALE);
    assert_int_equal(world_now_ms(s->w), begun);
}

static void without_patience_it_is_given_at_once_and_asked_for_behind(void **state)
{
    struct scene *s = *state;
    know(s->w);
    int64_t begun = world_now_ms(s->w);
    is_stale(s->w, ask(s->w, "www.test.", TYPE_A), EDE_STALE_ANSWER, WWW_STALE);
    assert_int_equal(world_now_ms(s->w), begun);
    world_drain(s->w);
    is_fresh(s->w, ask(s->w, "www.test.", TYPE_A), WWW_FRESH);
}

static void while_our_own_link_is_down_nobody_waits(void **state)
{
    struct scene *s = *state;
    know(s->w);
    ask(s->w, "www.other.", TYPE_A);
    world_pass(s->w, 61);
    world_link(s->w, LINK_NO_ROUTE);
    int64_t begun = world_now_ms(s->w);
    is_stale(s->w, ask(s->w, "www.test.", TYPE_A), EDE_STALE_ANSWER, WWW_STALE);
    assert_int_equal(world_now_ms(s->w), begun);
    world_link(s->w, LINK_UP);
    world_network_changed(s->w);
    world_pass(s->w, 31);
    is_fresh(s->w, ask(s->w, "www.test.", TYPE_A), WWW_FRESH);
}

/* ---- what ---- */

static void denials_are_given_too(void **state)
{
    struct scene *s = *state;
    assert_int_equal(ask(s->w, "none.test.", TYPE_A)->rcode, RCODE_NXDOMAIN);
    assert_int_equal(ask(s->w, "nodata.test.", TYPE_A)->rcode, RCODE_NOERROR);
    world_pass(s->w, 61);
    hush(s, HOW_REFUSE_PORT);
    const struct outcome *o = ask(s->w, "none.test.", TYPE_A);
    is_stale(s->w, o, EDE_STALE_NXDOMAIN, "NXDOMAIN");
    assert_int_equal(o->authority.count, 1);
    assert_int_equal(o->authority.items[0]->type, TYPE_SOA);
    assert_int_equal(o->authority.items[0]->ttl, 30);
    o = ask(s->w, "nodata.test.", TYPE_A);
    is_stale(s->w, o, EDE_STALE_ANSWER, "NOERROR");
    assert_int_equal(o->authority.count, 1);
    assert_int_equal(resolve_counters(world_resolver(s->w))->stale_nxdomains, 1);
}

static void what_expired_longer_ago_than_a_day_is_not(void **state)
{
    struct scene *s = *state;
    ask(s->w, "www.test.", TYPE_A);
    world_pass(s->w, 60 + STALE_MAX - 1);
    hush(s, HOW_REFUSE_PORT);
    is_stale(s->w, ask(s->w, "www.test.", TYPE_A), EDE_STALE_ANSWER, WWW_STALE);
    world_pass(s->w, 1);
    has_failed(ask(s->w, "www.test.", TYPE_A));
}

static void each_link_of_a_chain_is_as_fresh_as_it_is(void **state)
{
    struct scene *s = *state;
    ask(s->w, "away.test.", TYPE_A);
    world_pass(s->w, 100);
    hush(s, HOW_REFUSE_PORT);
    is_stale(s->w, ask(s->w, "away.test.", TYPE_A), EDE_STALE_ANSWER,
        "NOERROR; away.test. 30 CNAME www.other.; www.other. 3500 A 192.0.2.3");
    s->rules[OTHER].how = HOW_ANSWER;
    world_pass(s->w, 3600);
    assert_int_equal(world_ask(s->w, "www.other.", TYPE_A)->rcode, RCODE_NOERROR);
    is_stale(s->w, ask(s->w, "away.test.", TYPE_A), EDE_STALE_ANSWER,
        "NOERROR; away.test. 30 CNAME www.other.; www.other. 3600 A 192.0.2.3");
}

static void a_chain_of_which_one_link_was_never_known_is_not(void **state)
{
    struct scene *s = *state;
    ask(s->w, "away.test.", TYPE_CNAME);
    hush(s, HOW_REFUSE_PORT);
    world_pass(s->w, 61);
    has_failed(ask(s->w, "away.test.", TYPE_A));
}

static void an_alias_is_not_followed_for_who_asks_for_any_type(void **state)
{
    struct scene *s = *state;
    s->rules[ALIAS].answer = "alias.test. 3600 CNAME none.test.\n";
    assert_int_equal(ask(s->w, "alias.test.", TYPE_A)->rcode, RCODE_NXDOMAIN);
    world_pass(s->w, 61);
    hush(s, HOW_REFUSE_PORT);
    is_stale(s->w, ask(s->w, "alias.test.", TYPE_A), EDE_STALE_NXDOMAIN,
        "NXDOMAIN; alias.test. 3539 CNAME none.test.");
    has_failed(ask(s->w, "alias.test.", TYPE_ANY));
    is_stale(s->w, ask(s->w, "none.test.", TYPE_ANY), EDE_STALE_NXDOMAIN, "NXDOMAIN");
}

static void what_is_fresh_hides_what_is_stale_and_what_was_heard_later_what_was_earlier(void **state)
{
    struct scene *s = *state;
    struct world_rule there = s->rules[WWW], gone = s->rules[NONE];
    gone.name = "www.test.";
    know(s->w);
    s->rules[WWW] = gone;
    assert_int_equal(ask(s->w, "www.test.", TYPE_A)->rcode, RCODE_NXDOMAIN);
    hush(s, HOW_REFUSE_PORT);
    assert_int_equal(ask(s->w, "www.test.", TYPE_A)->rcode, RCODE_NXDOMAIN);
    world_pass(s->w, 100);
    is_stale(s->w, ask(s->w, "www.test.", TYPE_A), EDE_STALE_NXDOMAIN, "NXDOMAIN");
    /* and back */
    world_pass(s->w, 100);
    s->rules[WWW] = there;
    is_fresh(s->w, ask(s->w, "www.test.", TYPE_A), WWW_FRESH);
    world_pass(s->w, 100);
    hush(s, HOW_REFUSE_PORT);
    is_stale(s->w, ask(s->w, "www.test.", TYPE_A), EDE_STALE_ANSWER, WWW_STALE);
}

static void what_has_no_ttl_is_never_stale_and_ends_what_was_known_before(void **state)
{
    struct scene *s = *state;
    is_fresh(s->w, ask(s->w, "zero.test.", TYPE_A), "NOERROR; zero.test. 0 A 192.0.2.9");
    know(s->w);
    struct world_rule there = s->rules[WWW];
    s->rules[WWW].answer = "www.test. 0 A 192.0.2.77\n";
    is_fresh(s->w, ask(s->w, "www.test.", TYPE_A), "NOERROR; www.test. 0 A 192.0.2.77");
    hush(s, HOW_REFUSE_PORT);
    has_failed(ask(s->w, "zero.test.", TYPE_A));
    has_failed(ask(s->w, "www.test.", TYPE_A));
    /* a denial that nobody may keep ends it too */
    world_pass(s->w, 700);
    s->rules[WWW] = there;
    hush(s, HOW_ANSWER);
    know(s->w);
    s->rules[WWW] = (struct world_rule){
        .addr = "10.0.0.2", .name = "www.test.", .flags = FLAG_AA, .rcode = RCODE_NXDOMAIN};
    assert_int_equal(ask(s->w, "www.test.", TYPE_A)->rcode, RCODE_NXDOMAIN);
    hush(s, HOW_REFUSE_PORT);
    has_failed(ask(s->w, "www.test.", TYPE_A));
}

/* Threat P9. */
static void a_delegation_lives_as_long_as_its_parent_said_however_often_what_is_stale_is_given(void **state)
{
    struct scene *s = *state;
    s->rules[ROOT_TEST].authority = "test. 20 NS ns.test.\n";
    s->rules[ROOT_TEST].additional = "ns.test. 20 A 10.0.0.2\n";
    ask(s->w, "short.test.", TYPE_A);
    s->rules[SHORT].answer = "short.test. 5 A 192.0.2.5\n";
    s->rules[SHORT].authority = "test. 86400 NS ns.test.\n";
    s->rules[SHORT].additional = "ns.test. 86400 A 10.0.0.2\n";
    for (unsigned t = 0; t < 18; t += 6) {
        world_pass(s->w, 6);
        assert_int_equal(ask(s->w, "short.test.", TYPE_A)->rcode, RCODE_NOERROR);
    }
    /* the parent takes it back: it does not exist, and what was known of it is not given any more */
    s->rules[ROOT_TEST] = (struct world_rule){.addr = "10.0.0.1",
        .name = "*.test.",
        .flags = FLAG_AA,
        .rcode = RCODE_NXDOMAIN,
        .authority = ". 60 SOA root.ns. x. 1 2 3 4 60\n"};
    world_pass(s->w, 6);
    for (unsigned i = 0; i < 3; i++) {
        const struct outcome *o = ask(s->w, "short.test.", TYPE_A);
        assert_int_equal(o->rcode, RCODE_NXDOMAIN);
        assert_false(o->stale);
        world_pass(s->w, 5);
    }
    world_pass(s->w, 100);
    s->rules[ROOT_TEST].how = HOW_REFUSE_PORT;
    is_stale(s->w, ask(s->w, "short.test.", TYPE_A), EDE_STALE_NXDOMAIN, "NXDOMAIN");
}

/* ---- signed zones ---- */

static struct anchors *anchors;

static void signed_settings(struct resolve_settings *s)
{
    settings(s);
    s->anchors = anchors;
    s->aggressive = false;
}

/* A signed root that has all names itself. */
struct signed_scene {
    struct sign_key *key;
    struct sign_zone *zone;
    struct world_rule rules[1];
    struct world *w;
    struct arena a;
};

static void signed_begin(struct signed_scene *s, uint32_t expiry)
{
    *s = (struct signed_scene){.key = sign_key_new(SIGN_KSK, 15, 1)};
    arena_init(&s->a);
    struct dnssec_policy policy;
    dnssec_policy_default(&policy);
    struct rdata ds = sign_key_ds(s->key, NAME_ROOT, 2, &s->a);
    anchors = anchors_new();
    anchors_add(anchors, NAME_ROOT, TYPE_DS, &ds);
    anchors_settle(anchors, &policy);
    s->zone = sign_zone_new(&(struct sign_zone_plan){.origin = ".",
        .ksk = s->key,
        .inception = 1700000000,
        .expiry = expiry,
        .text = ". SOA root.ns. x. 1 2 3 4 60\n. NS root.ns.\nroot.ns. A 10.0.0.1\n"
                "www.x. 60 A 192.0.2.1\n*.w.x. 60 A 192.0.2.2\nalias.x. 60 CNAME a.w.x.\n"});
    /* answers nothing for as long as `how` says so */
    s->rules[0] = (struct world_rule){.addr = "10.0.0.99"};
    s->w = world_new(s->rules, 1, signed_settings);
    world_serve(s->w, "10.0.0.1", s->zone);
}

static void signed_end(struct signed_scene *s)
{
    world_drain(s->w);
    world_free(s->w);
    sign_zone_free(s->zone);
    sign_key_free(s->key);
    anchors_free(anchors);
    anchors = NULL;
    arena_fini(&s->a);
}

static void signed_hush(struct signed_scene *s)
{
    s->rules[0] = (struct world_rule){.addr = "10.0.0.1", .how = HOW_REFUSE_PORT};
}

static void it_keeps_the_verdict_that_it_had(void **state)
{
    struct signed_scene s;
    signed_begin(&s, 1900000000);
    assert_int_equal(ask(s.w, "www.x.", TYPE_A)->verdict, VERDICT_SECURE);
    assert_int_equal(ask(s.w, "none.x.", TYPE_A)->verdict, VERDICT_SECURE);
    world_pass(s.w, 301);
    signed_hush(&s);
    const struct outcome *o = ask(s.w, "www.x.", TYPE_A);
    is_stale(s.w, o, EDE_STALE_ANSWER, "NOERROR; www.x. 30 A 192.0.2.1");
    assert_int_equal(o->verdict, VERDICT_SECURE);
    assert_int_equal(o->answer.items[0]->sig_count, 1);
    o = ask(s.w, "none.x.", TYPE_A);
    is_stale(s.w, o, EDE_STALE_NXDOMAIN, "NXDOMAIN");
    assert_int_equal(o->verdict, VERDICT_SECURE);
    for (size_t i = 0; i < o->authority.count; i++) {
        assert_int_equal(o->authority.items[i]->ttl, 30);
        assert_int_equal(o->authority.items[i]->sig_count, 1);
    }
    signed_end(&s);
}

static void it_is_not_given_past_its_signatures(void **state)
{
    struct signed_scene s;
    signed_begin(&s, 1800000200); /* the world begins at 1,800,000,000 */
    ask(s.w, "www.x.", TYPE_A);
    ask(s.w, "none.x.", TYPE_A);
    signed_hush(&s);
    world_pass(s.w, 150);
    assert_true(ask(s.w, "www.x.", TYPE_A)->stale);
    world_pass(s.w, 60);
    has_failed(ask(s.w, "www.x.", TYPE_A));
    has_failed(ask(s.w, "none.x.", TYPE_A));
    /* who validates himself may judge himself */
    assert_true(world_wait(s.w, begin_of(s.w, "www.x.", TYPE_A, true))->stale);
    signed_end(&s);
}

static void what_was_judged_by_other_anchors_is_not_given(void **state)
{
    struct signed_scene s;
    signed_begin(&s, 1900000000);
    ask(s.w, "www.x.", TYPE_A);
    world_pass(s.w, 61);
    signed_hush(&s);
    cache_verdicts_flush(world_cache(s.w));
    has_failed(ask(s.w, "www.x.", TYPE_A));
    signed_end(&s);
}

/* Somebody on the way, or the zone itself, signs wrongly. */
static void what_its_servers_say_wrongly_now_is_not_hidden_by_what_they_said_rightly(void **state)
{
    struct signed_scene s;
    signed_begin(&s, 1900000000);
    assert_int_equal(ask(s.w, "www.x.", TYPE_A)->verdict, VERDICT_SECURE);
    world_pass(s.w, 61);
    struct rrset *www = sign_zone_set(s.zone, "www.x.", TYPE_A);
    uint8_t lie[4] = {192, 0, 2, 66};
    www->rdata[0].data = lie;
    for (unsigned i = 0; i < 3; i++) {
        const struct outcome *o = ask(s.w, "www.x.", TYPE_A);
        has_failed(o);
        assert_int_equal(o->verdict, VERDICT_BOGUS);
        world_pass(s.w, i == 1 ? 200 : 1);
    }
    /* nor when they are silent after that */
    signed_hush(&s);
    s.rules[0].how = HOW_SILENT;
    world_pass(s.w, 250);
    has_failed(ask(s.w, "www.x.", TYPE_A));
    signed_end(&s);
}

/* Threat P17. */
static void what_was_made_of_a_wildcard_is_given_with_its_proof_and_for_no_other_name(void **state)
{
    struct signed_scene s;
    signed_begin(&s, 1900000000);
    const struct outcome *o = ask(s.w, "a.w.x.", TYPE_A);
    assert_int_equal(o->verdict, VERDICT_SECURE);
    ask(s.w, "alias.x.", TYPE_A);
    world_pass(s.w, 301);
    signed_hush(&s);
    o = ask(s.w, "a.w.x.", TYPE_A);
    is_stale(s.w, o, EDE_STALE_ANSWER, "NOERROR; a.w.x. 30 A 192.0.2.2");
    assert_int_equal(o->verdict, VERDICT_SECURE);
    const struct rrset_list *proofs = o->answer.items[0]->proofs;
    assert_non_null(proofs);
    assert_int_equal(proofs->items[0]->type, TYPE_NSEC);
    assert_int_equal(proofs->items[0]->ttl, 30);
    o = ask(s.w, "alias.x.", TYPE_A);
    is_stale(s.w, o, EDE_STALE_ANSWER, "NOERROR; alias.x. 30 CNAME a.w.x.; a.w.x. 30 A 192.0.2.2");
    assert_non_null(o->answer.items[1]->proofs);
    has_failed(ask(s.w, "b.w.x.", TYPE_A));
    has_failed(ask(s.w, "www.x.w.x.", TYPE_A));
    has_failed(ask(s.w, "a.w.x.", TYPE_AAAA));
    signed_end(&s);
}

static int setup_hasty(void **state)
{
    wait_ms = 0;
    int bad = setup(state);
    wait_ms = 1800;
    return bad;
}

#define SCENE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(who_would_wait_longer_than_1800_ms_gets_what_expired_and_the_work_goes_on),
        SCENE_TEST(a_server_that_answers_in_time_is_waited_for),
        SCENE_TEST(a_failure_is_not_waited_for),
        SCENE_TEST(servfail_and_refused_of_all_servers_are_failures),
        SCENE_TEST(what_failed_is_not_tried_again_for_30_s),
        SCENE_TEST(a_target_that_failed_is_not_tried_again_for_those_who_follow_an_alias_either),
        SCENE_TEST(who_takes_nothing_stale_hears_of_the_failure_and_has_it_tried_again),
        SCENE_TEST(who_comes_while_it_is_slow_does_not_wait_anew_and_begins_nothing),
        cmocka_unit_test_setup_teardown(
            without_patience_it_is_given_at_once_and_asked_for_behind, setup_hasty, teardown),
        SCENE_TEST(while_our_own_link_is_down_nobody_waits),
        SCENE_TEST(denials_are_given_too),
        SCENE_TEST(what_expired_longer_ago_than_a_day_is_not),
        SCENE_TEST(each_link_of_a_chain_is_as_fresh_as_it_is),
        SCENE_TEST(a_chain_of_which_one_link_was_never_known_is_not),
        SCENE_TEST(an_alias_is_not_followed_for_who_asks_for_any_type),
        SCENE_TEST(what_is_fresh_hides_what_is_stale_and_what_was_heard_later_what_was_earlier),
        SCENE_TEST(what_has_no_ttl_is_never_stale_and_ends_what_was_known_before),
        SCENE_TEST(a_delegation_lives_as_long_as_its_parent_said_however_often_what_is_stale_is_given),
        cmocka_unit_test(it_keeps_the_verdict_that_it_had),
        cmocka_unit_test(it_is_not_given_past_its_signatures),
        cmocka_unit_test(what_was_judged_by_other_anchors_is_not_given),
        cmocka_unit_test(what_its_servers_say_wrongly_now_is_not_hidden_by_what_they_said_rightly),
        cmocka_unit_test(what_was_made_of_a_wildcard_is_given_with_its_proof_and_for_no_other_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
