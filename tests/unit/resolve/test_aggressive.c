/* Aggressive use from end to end (RFC 8198): what validation learns of one question answers the next; how
 * many messages and signature checks that saves; and what it must not learn (threats P16, P17). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dns/rrtype.h"
#include "dnssec/anchors.h"
#include "world.h"

#define ZONES_MAX 4u

static struct anchors *anchors;
static bool aggressive = true;

static void with_anchors(struct resolve_settings *s)
{
    s->anchors = anchors;
    s->aggressive = aggressive;
}

static void answer_all(struct world_rule *rule, const char *name, struct arena *a)
{
    struct text t;
    char text[300];
    text_init_fixed(&t, text, sizeof text);
    text_printf(&t, "%s 3600 A 192.0.2.9", name);
    rule->answer = arena_strdup(a, text);
}

/* The servers of unsigned zones. */
static const struct world_rule rules[] = {{.addr = "10.0.1.1", .flags = FLAG_AA, .make = answer_all}};

/* A signed root at 10.0.0.1 with org. at 10.0.0.2, and zones of org. */
struct scene {
    struct sign_key *key;
    struct sign_zone *zones[ZONES_MAX];
    unsigned count;
    struct world *w;
    struct arena a;
};

static struct sign_zone *serve(struct scene *s, const char *addr, struct sign_zone_plan plan)
{
    plan.ksk = s->key;
    struct sign_zone *z = sign_zone_new(&plan);
    s->zones[s->count++] = z;
    world_serve(s->w, addr, z);
    return z;
}

static const char *ds_text(struct scene *s, const char *zone)
{
    name_t name[NAME_MAX_LEN];
    name_from_text(name, zone, strlen(zone), NULL);
    return sign_key_text(s->key, name, TYPE_DS, &s->a);
}

static void scene_begin(struct scene *s)
{
    *s = (struct scene){.key = sign_key_new(SIGN_KSK, 15, 1)};
    arena_init(&s->a);
    struct dnssec_policy policy;
    dnssec_policy_default(&policy);
    struct rdata ds = sign_key_ds(s->key, NAME_ROOT, 2, &s->a);
    anchors = anchors_new();
    anchors_add(anchors, NAME_ROOT, TYPE_DS, &ds);
    anchors_settle(anchors, &policy);
    s->w = world_new(rules, 1, with_anchors);
    char text[512];
    struct text t;
    text_init_fixed(&t, text, sizeof text);
    text_printf(&t,
        ". SOA root.ns. x. 1 2 3 4 300\n. NS root.ns.\nroot.ns. A 10.0.0.1\n"
        "org. NS ns.org.\nns.org. A 10.0.0.2\n%s\n",
        ds_text(s, "org."));
    serve(s, "10.0.0.1", (struct sign_zone_plan){.origin = ".", .text = text});
}

static void scene_end(struct scene *s)
{
    world_free(s->w);
    for (unsigned i = 0; i < s->count; i++)
        sign_zone_free(s->zones[i]);
    sign_key_free(s->key);
    anchors_free(anchors);
    arena_fini(&s->a);
}

static uint64_t checks(const struct scene *s)
{
    return verifier_counters(resolve_verifier(world_resolver(s->w)))->verified[15];
}

static unsigned items(const struct scene *s)
{
    struct nsecs_stats st;
    nsecs_read_stats(cache_nsecs(world_cache(s->w)), &st);
    return (unsigned)st.items;
}

/* Text of the answer; *sent: messages that it took. */
static const char *ask(struct scene *s, const char *name, uint16_t type, unsigned *sent)
{
    unsigned before = world_sent(s->w, NULL, NULL, 0);
    const struct outcome *o = world_ask(s->w, name, type);
    *sent = world_sent(s->w, NULL, NULL, 0) - before;
    return o ? world_text(s->w, o) : "no answer";
}

static void assert_known(struct scene *s, const char *name, uint16_t type, const char *answer)
{
    unsigned sent;
    assert_string_equal(ask(s, name, type, &sent), answer);
    assert_int_equal(sent, 0);
}

static void assert_asked(struct scene *s, const char *name, uint16_t type, const char *answer)
{
    unsigned sent;
    assert_string_equal(ask(s, name, type, &sent), answer);
    assert_true(sent > 0);
}

/* ---- what it saves ---- */

/* Messages for so many names that a stranger makes up below a zone of eight names (threat A16's questions).
 */
static unsigned attack(struct sign_zone_plan plan, unsigned names)
{
    struct scene s;
    scene_begin(&s);
    plan.origin = "org.";
    plan.text = "@ SOA ns x 1 2 3 4 300\n@ NS ns\nns A 10.0.0.2\nwww A 192.0.2.1\nmail A 192.0.2.2\n"
                "ftp A 192.0.2.3\nimap A 192.0.2.4\na A 192.0.2.5\nz A 192.0.2.6\n";
    serve(&s, "10.0.0.2", plan);
    unsigned sent = 0;
    for (unsigned i = 0; i < names; i++) {
        char name[32];
        unsigned took;
        snprintf(name, sizeof name, "%c%u.org.", 'a' + i * 7 % 26, i);
        assert_string_equal(ask(&s, name, TYPE_A, &took), "NXDOMAIN");
        sent += took;
    }
    scene_end(&s);
    return sent;
}

static void made_up_names_cost_a_message_for_each_span(struct sign_zone_plan plan)
{
    aggressive = false;
    unsigned without = attack(plan, 300);
    aggressive = true;
    unsigned with = attack(plan, 300);
    assert_in_range(without, 300, 320);
    assert_in_range(with, 8, 8 + 8); /* at most a message a span, and the walk there with its keys */
}

static void made_up_names_cost_a_message_for_each_nsec(void **state)
{
    made_up_names_cost_a_message_for_each_span((struct sign_zone_plan){.denial = SIGN_NSEC});
}

static void made_up_names_cost_a_message_for_each_nsec3(void **state)
{
    made_up_names_cost_a_message_for_each_span((struct sign_zone_plan){.denial = SIGN_NSEC3});
}

/* Unsigned delegations of a registry: the span is verified once, with opt-out or without. */
static void insecure_delegations_of_a_span_are_verified_once(struct sign_zone_plan plan, unsigned want)
{
    struct scene s;
    struct text t;
    char text[4096];
    scene_begin(&s);
    text_init_fixed(&t, text, sizeof text);
    text_add(&t, "@ SOA ns x 1 2 3 4 300\n@ NS ns\nns A 10.0.0.2\n");
    for (unsigned i = 0; i < 40; i++)
        text_printf(&t, "d%u NS ns.d%u\nns.d%u A 10.0.1.1\n", i, i, i);
    plan.origin = "org.";
    plan.text = text;
    serve(&s, "10.0.0.2", plan);
    uint64_t before = 0;
    for (unsigned i = 0; i < 40; i++) {
        char name[32], answer[64];
        unsigned sent;
        snprintf(name, sizeof name, "www.d%u.org.", i);
        snprintf(answer, sizeof answer, "NOERROR; www.d%u.org. 3600 A 192.0.2.9", i);
        assert_string_equal(ask(&s, name, TYPE_A, &sent), answer);
        if (i > 0)
            assert_int_equal(sent, 2); /* the referral and the answer */
        if (i == 0)
            before = checks(&s);
    }
    assert_int_equal(resolve_counters(world_resolver(s.w))->synthesised, want);
    assert_int_equal(checks(&s) - before, 39 - want);
    scene_end(&s);
}

static void opt_out_span_is_verified_once(void **state)
{
    insecure_delegations_of_a_span_are_verified_once(
        (struct sign_zone_plan){.denial = SIGN_NSEC3, .opt_out = true}, 39);
}

/* ---- when, and for how long ---- */

#define ORG_TEXT                                                                                             \
    "@ SOA ns x 1 2 3 4 300\n@ NS ns\nns A 10.0.0.2\n*.wild A 192.0.2.2\nm.wild A 192.0.2.3\n"               \
    "evil NS ns.evil\nns.evil A 10.0.0.3\nvictim A 192.0.2.4\n"

/* RFC 9077: no longer than the SOA's own TTL, although its minimum and the NSEC's TTL are longer. */
static void soa_bounds_how_long_denials_live(void **state)
{
    struct scene s;
    scene_begin(&s);
    struct sign_zone *org =
        serve(&s, "10.0.0.2", (struct sign_zone_plan){.origin = "org.", .text = ORG_TEXT});
    sign_zone_set(org, "org.", TYPE_SOA)->ttl = 30;
    assert_asked(&s, "x.org.", TYPE_A, "NXDOMAIN");
    assert_known(&s, "xx.org.", TYPE_A, "NXDOMAIN");
    world_pass(s.w, 29);
    assert_known(&s, "xxx.org.", TYPE_A, "NXDOMAIN");
    world_pass(s.w, 1);
    assert_asked(&s, "xxxx.org.", TYPE_A, "NXDOMAIN");
    scene_end(&s);
}

static const char *ask_unchecked(struct scene *s, const char *name, unsigned *sent)
{
    name_t n[NAME_MAX_LEN];
    name_from_text(n, name, strlen(name), NULL);
    struct question q = {.name = n, .type = TYPE_A, .class = CLASS_IN, .checking_disabled = true};
    unsigned before = world_sent(s->w, NULL, NULL, 0);
    const struct outcome *o = world_wait(s->w, world_begin_question(s->w, &q));
    *sent = world_sent(s->w, NULL, NULL, 0) - before;
    return o ? world_text(s->w, o) : "no answer";
}

static void unchecked_questions_neither_teach_nor_are_answered(void **state)
{
    struct scene s;
    unsigned sent;
    scene_begin(&s);
    serve(&s, "10.0.0.2", (struct sign_zone_plan){.origin = "org.", .text = ORG_TEXT});
    assert_string_equal(ask_unchecked(&s, "x.org.", &sent), "NXDOMAIN");
    assert_int_equal(items(&s), 0);
    assert_asked(&s, "xx.org.", TYPE_A, "NXDOMAIN");
    assert_true(items(&s) > 0);
    assert_string_equal(ask_unchecked(&s, "xxx.org.", &sent), "NXDOMAIN");
    assert_true(sent > 0);
    scene_end(&s);
}

/* ---- threat P17 ---- */

static void wildcard_is_replayed_only_where_its_proof_reaches(void **state)
{
    struct scene s;
    scene_begin(&s);
    serve(&s, "10.0.0.2", (struct sign_zone_plan){.origin = "org.", .text = ORG_TEXT});
    assert_asked(&s, "q.org.", TYPE_A, "NXDOMAIN"); /* the SOA is known */
    assert_asked(&s, "a.wild.org.", TYPE_A, "NOERROR; a.wild.org. 3600 A 192.0.2.2");
    /* The span from *.wild to m.wild came with it; that from m.wild on did not. */
    assert_known(&s, "b.wild.org.", TYPE_A, "NOERROR; b.wild.org. 300 A 192.0.2.2");
    assert_asked(&s, "m.wild.org.", TYPE_A, "NOERROR; m.wild.org. 3600 A 192.0.2.3");
    assert_asked(&s, "n.wild.org.", TYPE_A, "NOERROR; n.wild.org. 3600 A 192.0.2.2");
    assert_known(&s, "o.wild.org.", TYPE_A, "NOERROR; o.wild.org. 300 A 192.0.2.2");
    assert_known(&s, "x.m.wild.org.", TYPE_A, "NXDOMAIN");
    /* The cache's own copies carry their proofs. */
    const struct outcome *o = world_ask(s.w, "n.wild.org.", TYPE_A);
    assert_int_equal(o->verdict, VERDICT_SECURE);
    assert_non_null(o->answer.items[0]->proofs);
    assert_int_equal(o->answer.items[0]->proofs->items[0]->type, TYPE_NSEC);
    o = world_ask(s.w, "b.wild.org.", TYPE_A);
    assert_non_null(o->answer.items[0]->proofs);
    scene_end(&s);
}

/* ---- threat P16: a zone's keys sign what speaks of others' names ---- */

/* Gives the NSEC of the owner in evil.org. that next name. */
static void set_next(struct sign_zone *z, const char *owner, const char *next)
{
    struct rrset *rs = sign_zone_link(z, owner);
    uint8_t *rd = arena_alloc(&z->arena, NAME_MAX_LEN + 64);
    size_t old = name_len(rs->rdata[0].data), rest = rs->rdata[0].len - old;
    name_from_text(rd, next, strlen(next), NULL);
    size_t n = name_len(rd);
    memcpy(rd + n, rs->rdata[0].data + old, rest);
    rs->rdata[0] = (struct rdata){.data = rd, .len = (uint16_t)(n + rest)};
    sign_zone_resign(z, rs, NULL);
}

static void set_owner(struct sign_zone *z, struct rrset *rs, const char *owner)
{
    name_t *n = arena_alloc(&z->arena, NAME_MAX_LEN);
    name_from_text(n, owner, strlen(owner), NULL);
    rs->owner = n;
    sign_zone_resign(z, rs, NULL);
}

static struct sign_zone *begin_with_evil(struct scene *s, enum sign_denial denial)
{
    char text[1024];
    struct text t;
    scene_begin(s);
    text_init_fixed(&t, text, sizeof text);
    text_printf(&t, "%s\n%s\n", ORG_TEXT, ds_text(s, "evil.org."));
    serve(s, "10.0.0.2", (struct sign_zone_plan){.origin = "org.", .text = text, .denial = denial});
    return serve(s, "10.0.0.3",
        (struct sign_zone_plan){.origin = "evil.org.",
            .denial = denial,
            .text = "@ SOA ns x 1 2 3 4 300\n@ NS ns\nns A 10.0.0.3\n"});
}

static void assert_victim_is_reachable(struct scene *s)
{
    unsigned sent;
    assert_string_equal(ask(s, "victim.org.", TYPE_A, &sent), "NOERROR; victim.org. 3600 A 192.0.2.4");
    assert_string_equal(ask(s, "m.wild.org.", TYPE_A, &sent), "NOERROR; m.wild.org. 3600 A 192.0.2.3");
}

static void nsec_that_reaches_out_of_its_zone_denies_no_other_name(void **state)
{
    struct scene s;
    unsigned sent;
    struct sign_zone *evil = begin_with_evil(&s, SIGN_NSEC);
    set_next(evil, "ns.evil.org.", "zzz.org.");
    ask(&s, "x.evil.org.", TYPE_A, &sent);
    assert_victim_is_reachable(&s);
    scene_end(&s);
}

static void nsec_whose_owner_is_above_its_zone_denies_no_other_name(void **state)
{
    struct scene s;
    unsigned sent;
    struct sign_zone *evil = begin_with_evil(&s, SIGN_NSEC);
    set_owner(evil, sign_zone_link(evil, "ns.evil.org."), "f.org.");
    ask(&s, "x.evil.org.", TYPE_A, &sent);
    assert_victim_is_reachable(&s);
    scene_end(&s);
}

static void nsec3_of_a_child_is_none_of_its_parent(void **state)
{
    struct scene s;
    unsigned sent;
    struct sign_zone *evil = begin_with_evil(&s, SIGN_NSEC3);
    for (size_t i = 0; i < evil->link_count; i++) {
        char owner[NAME_TEXT_LEN];
        const name_t *n = evil->links[i].set->owner;
        snprintf(owner, sizeof owner, "%.*s.org.", n[0], (const char *)n + 1);
        set_owner(evil, evil->links[i].set, owner);
    }
    ask(&s, "x.evil.org.", TYPE_A, &sent);
    assert_victim_is_reachable(&s);
    scene_end(&s);
}

/* The hashes of the zone above cover names below its delegation too: w.kid.org. exists, whatever org.'s chain
 * says of its hash, so kid.org.'s wildcard stands for nothing below it. The child's own spans are not known
 * (its denials live 0 s), those of org. all are. */
static void nsec3_of_a_parent_expands_no_wildcard_of_its_child(void **state)
{
    struct scene s;
    unsigned sent;
    char text[1024];
    struct text t;
    scene_begin(&s);
    text_init_fixed(&t, text, sizeof text);
    text_printf(&t, "%skid NS ns.kid\nns.kid A 10.0.0.3\n%s\n", ORG_TEXT, ds_text(&s, "kid.org."));
    serve(&s, "10.0.0.2", (struct sign_zone_plan){.origin = "org.", .text = text, .denial = SIGN_NSEC3});
    struct sign_zone *kid = serve(&s, "10.0.0.3",
        (struct sign_zone_plan){.origin = "kid.org.",
            .text = "@ SOA ns x 1 2 3 4 300\n@ NS ns\nns A 10.0.0.3\n* A 192.0.2.5\nw A 192.0.2.6\n",
            .denial = SIGN_NSEC3});
    sign_zone_set(kid, "kid.org.", TYPE_SOA)->ttl = 0;
    for (size_t i = 0; i < kid->link_count; i++)
        kid->links[i].set->ttl = 0;
    assert_asked(&s, "x.kid.org.", TYPE_A, "NOERROR; x.kid.org. 3600 A 192.0.2.5");
    for (unsigned i = 0; i < 60; i++) {
        char name[32];
        snprintf(name, sizeof name, "q%u.org.", i);
        assert_string_equal(ask(&s, name, TYPE_A, &sent), "NXDOMAIN");
    }
    assert_known(&s, "q60.org.", TYPE_A, "NXDOMAIN");
    for (unsigned i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof name, "y%u.w.kid.org.", i);
        assert_asked(&s, name, TYPE_A, "NXDOMAIN");
    }
    scene_end(&s);
}

/* *.b.org. was asked for when nothing was at or below b.org., so *.org. made its answer. Now c.b.org. is
 * there, and below b.org. no wildcard stands for anything. */
static void what_a_wildcard_made_is_no_wildcard(void **state)
{
    struct scene s;
    unsigned sent;
    name_t star[NAME_MAX_LEN];
    scene_begin(&s);
    struct sign_zone *org = serve(&s, "10.0.0.2",
        (struct sign_zone_plan){.origin = "org.",
            .text = "@ SOA ns x 1 2 3 4 300\n@ NS ns\nns A 10.0.0.2\n* A 192.0.2.5\nc.b A 192.0.2.6\n",
            .denial = SIGN_NSEC});
    struct rrset made = *sign_zone_set(org, "*.org.", TYPE_A);
    name_from_text(star, "*.b.org.", 8, NULL);
    made.owner = star;
    made.verdict = VERDICT_SECURE;
    made.rank = RANK_ANSWER;
    cache_rrset_put(world_cache(s.w), &made, 1000);
    assert_string_equal(ask(&s, "c.b.org.", TYPE_TXT, &sent), "NOERROR");
    assert_asked(&s, "d.b.org.", TYPE_A, "NXDOMAIN");
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_up_names_cost_a_message_for_each_nsec),
        cmocka_unit_test(made_up_names_cost_a_message_for_each_nsec3),
        cmocka_unit_test(opt_out_span_is_verified_once),
        cmocka_unit_test(soa_bounds_how_long_denials_live),
        cmocka_unit_test(unchecked_questions_neither_teach_nor_are_answered),
        cmocka_unit_test(wildcard_is_replayed_only_where_its_proof_reaches),
        cmocka_unit_test(nsec_that_reaches_out_of_its_zone_denies_no_other_name),
        cmocka_unit_test(nsec_whose_owner_is_above_its_zone_denies_no_other_name),
        cmocka_unit_test(nsec3_of_a_child_is_none_of_its_parent),
        cmocka_unit_test(nsec3_of_a_parent_expands_no_wildcard_of_its_child),
        cmocka_unit_test(what_a_wildcard_made_is_no_wildcard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
