/* What is proven already answers without a message (RFC 8198, RFC 8020; threats P16, P17): right as the
 * zone's own server would, and only where it would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/rrtype.h"
#include "dnssec/anchors.h"
#include "world.h"

static struct anchors *anchors;
static bool aggressive;
static enum nxdomain_cut nxdomain_cut;

static void with_anchors(struct resolve_settings *s)
{
    s->anchors = anchors;
    s->aggressive = aggressive;
    s->nxdomain_cut = nxdomain_cut;
}

/* A signed root with org., which is signed as the plan says, and a resolver that knows what prepare() gives
 * it. */
struct scene {
    struct sign_key *key;
    struct sign_zone *root, *org;
    struct world *w;
    void (*prepare)(struct scene *s);
    struct arena a;
};

#define ORG_TEXT                                                                                             \
    "@ SOA ns x 1 2 3 4 300\n@ NS ns\nns A 10.0.0.2\nwww A 192.0.2.1\nwww TXT \"t\"\n"                       \
    "*.wild A 192.0.2.2\n*.alias CNAME www\nwild TXT \"w\"\nthere.wild TXT \"x\"\n"                          \
    "a.b.empty A 192.0.2.3\nplain NS ns.other.\nsub.dname A 192.0.2.4\ndname DNAME www\n"                    \
    "signed NS ns.other.\nsigned DS 1 13 2 "                                                                 \
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"

/* Forgets all that was learnt. */
static void renew(struct scene *s)
{
    if (s->w)
        world_free(s->w);
    s->w = world_new(NULL, 0, with_anchors);
    world_serve(s->w, "10.0.0.1", s->root);
    world_serve(s->w, "10.0.0.2", s->org);
    s->prepare(s);
}

static void scene_begin(struct scene *s, struct sign_zone_plan plan, void (*prepare)(struct scene *s))
{
    *s = (struct scene){.key = sign_key_new(SIGN_KSK, 15, 1), .prepare = prepare};
    arena_init(&s->a);
    struct rdata ds = sign_key_ds(s->key, NAME_ROOT, 2, &s->a);
    anchors = anchors_new();
    anchors_add(anchors, NAME_ROOT, TYPE_DS, &ds);
    struct dnssec_policy policy;
    dnssec_policy_default(&policy);
    anchors_settle(anchors, &policy);
    name_t org[NAME_MAX_LEN];
    name_from_text(org, "org.", 4, NULL);
    char text[512];
    struct text t;
    text_init_fixed(&t, text, sizeof text);
    text_printf(&t,
        ". SOA root.ns. x. 1 2 3 4 300\n. NS root.ns.\nroot.ns. A 10.0.0.1\n"
        "org. NS ns.org.\nns.org. A 10.0.0.2\n%s\n",
        sign_key_text(s->key, org, TYPE_DS, &s->a));
    s->root = sign_zone_new(&(struct sign_zone_plan){.origin = ".", .ksk = s->key, .text = text});
    plan.origin = "org.";
    plan.ksk = s->key;
    plan.text = plan.text ? plan.text : ORG_TEXT;
    s->org = sign_zone_new(&plan);
    s->w = NULL;
    renew(s);
}

static void scene_end(struct scene *s)
{
    world_free(s->w);
    sign_zone_free(s->root);
    sign_zone_free(s->org);
    sign_key_free(s->key);
    anchors_free(anchors);
    arena_fini(&s->a);
}

static const name_t *name_of(struct scene *s, const char *text)
{
    name_t *out = arena_alloc(&s->a, NAME_MAX_LEN);
    assert_int_equal(name_from_text(out, text, strlen(text), NULL), ERR_OK);
    return out;
}

static uint32_t now_s(const struct scene *s)
{
    return (uint32_t)(1000 + (world_now_ms(s->w) - 1000000) / 1000);
}

static void keep(struct scene *s, const struct rrset *rs, uint32_t ttl)
{
    struct rrset copy = *rs;
    copy.ttl = ttl;
    copy.verdict = VERDICT_SECURE;
    nsecs_put(cache_nsecs(world_cache(s->w)), s->org->origin, &copy, now_s(s));
}

/* As if all of the zone's chain had come by in verified denials. */
static void keep_all(struct scene *s)
{
    keep(s, sign_zone_set(s->org, "org.", TYPE_SOA), 300);
    for (size_t i = 0; i < s->org->link_count; i++)
        keep(s, s->org->links[i].set, 200);
}

static void keep_wildcard(struct scene *s, const char *owner, uint16_t type)
{
    struct rrset copy = *sign_zone_set(s->org, owner, type);
    copy.verdict = VERDICT_SECURE;
    copy.rank = RANK_ANSWER;
    copy.ttl = 100;
    cache_rrset_put(world_cache(s->w), &copy, now_s(s));
}

static const char *const names[] = {"org.", "www.org.", "WWW.org.", "nx.org.", "x.nx.org.", "a.b.c.d.nx.org.",
    "wild.org.", "x.wild.org.", "*.wild.org.", "x.y.wild.org.", "there.wild.org.", "x.there.wild.org.",
    "x.alias.org.", "alias.org.", "empty.org.", "b.empty.org.", "c.empty.org.", "x.a.b.empty.org.",
    "plain.org.", "x.plain.org.", "signed.org.", "x.signed.org.", "dname.org.", "x.dname.org.", "0.org.",
    "zzz.org.", "\\000.org.", "www\\000.org.", "*.org.", "*.www.org.", "x.ns.org."};
static const uint16_t types[] = {TYPE_A, TYPE_TXT, TYPE_MX, TYPE_DS, TYPE_NS, TYPE_SOA, TYPE_CNAME};

/* What the zone's server says: denied, with that rcode; or not (data, a referral, an alias). */
static bool is_denied(struct scene *s, const char *name, uint16_t type, uint16_t *rcode)
{
    struct sign_reply r = {0};
    struct msg_question q = {.type = type, .class = CLASS_IN};
    name_copy(q.name, name_of(s, name));
    sign_zone_answer(&s->org, 1, &q, true, &r, &s->a);
    *rcode = r.rcode;
    return r.sections[SECTION_ANSWER].count == 0 &&
           rrset_list_find(&r.sections[SECTION_AUTHORITY], s->org->origin, TYPE_SOA);
}

static void assert_proof(const struct outcome *o)
{
    assert_int_equal(o->verdict, VERDICT_SECURE);
    assert_true(o->from_cache);
    assert_int_equal(o->reason.ede, EDE_SYNTHESIZED);
    assert_int_equal(o->answer.count, 0);
    assert_in_range(o->authority.count, 2, 4);
    assert_int_equal(o->authority.items[0]->type, TYPE_SOA);
    for (size_t i = 0; i < o->authority.count; i++) {
        assert_true(o->authority.items[i]->sig_count > 0);
        assert_int_equal(o->authority.items[i]->ttl, 200);
    }
}

/* Asks; were all messages saved? If not, what it learnt is forgotten, and the outcome with it. */
static bool is_known(struct scene *s, const char *name, uint16_t type, const struct outcome **o)
{
    uint64_t made = resolve_counters(world_resolver(s->w))->synthesised;
    unsigned before = world_sent(s->w, NULL, NULL, 0);
    const struct outcome *got = world_ask(s->w, name, type);
    assert_non_null(got);
    bool known = world_sent(s->w, NULL, NULL, 0) == before &&
                 resolve_counters(world_resolver(s->w))->synthesised > made;
    if (o)
        *o = got;
    if (!known)
        renew(s);
    return known;
}

/* Every name and type: what the zone denies is denied without a message, all else goes to the servers. */
static void denies_as_the_zone_does(struct sign_zone_plan plan, unsigned least)
{
    struct scene s;
    unsigned denied = 0;
    scene_begin(&s, plan, keep_all);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
            uint16_t rcode;
            const struct outcome *o;
            bool want = is_denied(&s, names[i], types[k], &rcode) &&
                        !(i == 0 && types[k] == TYPE_DS); /* that is for the parent to say */
            if (is_known(&s, names[i], types[k], &o) != want)
                fail_msg("%s %u: %s", names[i], types[k], want ? "not denied" : "denied");
            if (!want)
                continue;
            denied++;
            if (o->rcode != rcode)
                fail_msg("%s %u: rcode %u", names[i], types[k], o->rcode);
            assert_proof(o);
        }
    }
    assert_true(denied >= least);
    scene_end(&s);
}

static void nsec_denies_as_the_zone_does(void **state)
{
    denies_as_the_zone_does((struct sign_zone_plan){.denial = SIGN_NSEC}, 100);
}

static void nsec3_denies_as_the_zone_does(void **state)
{
    denies_as_the_zone_does(
        (struct sign_zone_plan){.denial = SIGN_NSEC3, .iterations = 3, .salt_len = 4, .salt = {1, 2, 3, 4}},
        100);
}

static void wildcards_stand_for_each_name_that_is_denied(struct sign_zone_plan plan)
{
    struct scene s;
    const struct outcome *o;
    scene_begin(&s, plan, keep_all);
    assert_false(is_known(&s, "x.wild.org.", TYPE_A, NULL));
    keep_wildcard(&s, "*.wild.org.", TYPE_A);
    assert_true(is_known(&s, "y.wild.org.", TYPE_A, &o));
    assert_string_equal(world_text(s.w, o), "NOERROR; y.wild.org. 100 A 192.0.2.2");
    assert_int_equal(o->verdict, VERDICT_SECURE);
    assert_int_equal(o->answer.items[0]->sig_count, 1);
    assert_non_null(o->answer.items[0]->proofs);
    assert_int_equal(o->answer.items[0]->proofs->count, 1);
    assert_int_equal(o->answer.items[0]->proofs->items[0]->ttl, 100);
    assert_true(is_known(&s, "x.Y.wild.org.", TYPE_A, &o));
    assert_string_equal(world_text(s.w, o), "NOERROR; x.y.wild.org. 100 A 192.0.2.2");
    /* Nearer names of the zone stand in its way (RFC 4592 2.2.1). */
    assert_true(is_known(&s, "x.there.wild.org.", TYPE_A, &o));
    assert_int_equal(o->rcode, RCODE_NXDOMAIN);
    assert_true(is_known(&s, "there.wild.org.", TYPE_A, &o));
    assert_string_equal(world_text(s.w, o), "NOERROR");
    assert_true(is_known(&s, "wild.org.", TYPE_MX, &o));
    assert_string_equal(world_text(s.w, o), "NOERROR");
    assert_true(is_known(&s, "z.wild.org.", TYPE_TXT, &o));
    assert_string_equal(world_text(s.w, o), "NOERROR");
    scene_end(&s);
}

static void nsec_wildcard_stands_for_each_name_that_is_denied(void **state)
{
    wildcards_stand_for_each_name_that_is_denied((struct sign_zone_plan){.denial = SIGN_NSEC});
}

static void nsec3_wildcard_stands_for_each_name_that_is_denied(void **state)
{
    wildcards_stand_for_each_name_that_is_denied((struct sign_zone_plan){.denial = SIGN_NSEC3});
}

static void wildcard_alias_leads_on(void **state)
{
    struct scene s;
    const struct outcome *o;
    scene_begin(&s, (struct sign_zone_plan){.denial = SIGN_NSEC}, keep_all);
    world_ask(s.w, "www.org.", TYPE_A);
    keep_wildcard(&s, "*.alias.org.", TYPE_CNAME);
    assert_true(is_known(&s, "x.alias.org.", TYPE_A, &o));
    assert_string_equal(
        world_text(s.w, o), "NOERROR; x.alias.org. 100 CNAME www.org.; www.org. 3600 A 192.0.2.1");
    assert_true(is_known(&s, "x.alias.org.", TYPE_CNAME, &o));
    assert_string_equal(world_text(s.w, o), "NOERROR; x.alias.org. 100 CNAME www.org.");
    scene_end(&s);
}

static void keep_soa_and_wildcard(struct scene *s)
{
    keep(s, sign_zone_set(s->org, "org.", TYPE_SOA), 300);
    keep_wildcard(s, "*.wild.org.", TYPE_A);
}

static void keep_all_and_unchecked_wildcard(struct scene *s)
{
    keep_all(s);
    struct rrset copy = *sign_zone_set(s->org, "*.wild.org.", TYPE_A);
    copy.rank = RANK_ANSWER;
    copy.verdict = VERDICT_UNCHECKED;
    cache_rrset_put(world_cache(s->w), &copy, now_s(s));
}

/* Threat P17: neither unproven nor unverified. */
static void wildcard_needs_its_proof_and_its_verdict(void **state)
{
    struct scene s;
    scene_begin(&s, (struct sign_zone_plan){.denial = SIGN_NSEC}, keep_soa_and_wildcard);
    assert_false(is_known(&s, "a.wild.org.", TYPE_A, NULL));
    keep_all(&s);
    assert_true(is_known(&s, "a.wild.org.", TYPE_A, NULL));
    scene_end(&s);
    scene_begin(&s, (struct sign_zone_plan){.denial = SIGN_NSEC}, keep_all_and_unchecked_wildcard);
    assert_false(is_known(&s, "a.wild.org.", TYPE_A, NULL));
    scene_end(&s);
}

static void keep_root(struct scene *s)
{
    struct nsecs *n = cache_nsecs(world_cache(s->w));
    struct rrset copy = *sign_zone_set(s->root, ".", TYPE_SOA);
    copy.verdict = VERDICT_SECURE;
    nsecs_put(n, NAME_ROOT, &copy, now_s(s));
    for (size_t i = 0; i < s->root->link_count; i++) {
        copy = *s->root->links[i].set;
        copy.verdict = VERDICT_SECURE;
        nsecs_put(n, NAME_ROOT, &copy, now_s(s));
    }
}

/* Threat P16: the parent's record of a delegation says nothing of what is below it. */
static void parents_records_deny_nothing_below_the_cut(void **state)
{
    struct scene s;
    scene_begin(&s, (struct sign_zone_plan){.denial = SIGN_NSEC}, keep_root);
    assert_false(is_known(&s, "www.org.", TYPE_A, NULL));
    assert_false(is_known(&s, "nx.org.", TYPE_A, NULL));
    assert_false(is_known(&s, "org.", TYPE_MX, NULL));
    assert_true(is_known(&s, "example.", TYPE_A, NULL));
    assert_true(is_known(&s, "x.root.ns.", TYPE_A, NULL));
    scene_end(&s);
}

static void keep_apex_and_ns(struct scene *s)
{
    keep(s, sign_zone_set(s->org, "org.", TYPE_SOA), 300);
    keep(s, sign_zone_link(s->org, "ns.org."), 50);
    keep(s, sign_zone_link(s->org, "org."), 60);
}

static void keep_ns(struct scene *s)
{
    keep(s, sign_zone_set(s->org, "org.", TYPE_SOA), 300);
    keep(s, sign_zone_link(s->org, "ns.org."), 50);
}

static void part_of_a_chain_denies_its_part(void **state)
{
    struct scene s;
    /* From ns to plain; that there is no *.org is not known. */
    scene_begin(&s, (struct sign_zone_plan){.denial = SIGN_NSEC}, keep_ns);
    assert_false(is_known(&s, "o.org.", TYPE_A, NULL));
    scene_end(&s);
    scene_begin(&s, (struct sign_zone_plan){.denial = SIGN_NSEC}, keep_apex_and_ns);
    assert_true(is_known(&s, "o.org.", TYPE_A, NULL));
    assert_false(is_known(&s, "t.org.", TYPE_A, NULL));
    world_pass(s.w, 49);
    assert_true(is_known(&s, "o.org.", TYPE_A, NULL));
    world_pass(s.w, 1);
    assert_false(is_known(&s, "o.org.", TYPE_A, NULL));
    scene_end(&s);
}

static void keep_links(struct scene *s)
{
    for (size_t i = 0; i < s->org->link_count; i++)
        keep(s, s->org->links[i].set, 200);
}

static void nothing_is_denied_without_soa(void **state)
{
    struct scene s;
    scene_begin(&s, (struct sign_zone_plan){.denial = SIGN_NSEC}, keep_links);
    assert_false(is_known(&s, "nx.org.", TYPE_A, NULL));
    assert_false(is_known(&s, "plain.org.", TYPE_DS, NULL));
    scene_end(&s);
}

static void keep_all_and_wildcard(struct scene *s)
{
    keep_all(s);
    keep_wildcard(s, "*.wild.org.", TYPE_A);
}

/* RFC 5155 9.2: a span with opt-out says nothing of names in it. */
static void opt_out_spans_deny_no_name(void **state)
{
    struct scene s;
    scene_begin(&s, (struct sign_zone_plan){.denial = SIGN_NSEC3, .opt_out = true}, keep_all_and_wildcard);
    assert_false(is_known(&s, "nx.org.", TYPE_A, NULL));
    assert_false(is_known(&s, "x.wild.org.", TYPE_A, NULL));
    assert_false(is_known(&s, "nx.org.", TYPE_DS, NULL));
    assert_false(is_known(&s, "plain.org.", TYPE_DS, NULL));
    assert_true(is_known(&s, "www.org.", TYPE_MX, NULL));
    scene_end(&s);
}

static void more_iterations_than_the_policy_has_deny_nothing(void **state)
{
    struct scene s;
    scene_begin(&s, (struct sign_zone_plan){.denial = SIGN_NSEC3, .iterations = 50}, keep_all);
    assert_true(is_known(&s, "nx.org.", TYPE_A, NULL));
    scene_end(&s);
    scene_begin(&s, (struct sign_zone_plan){.denial = SIGN_NSEC3, .iterations = 51}, keep_all);
    assert_false(is_known(&s, "nx.org.", TYPE_A, NULL));
    scene_end(&s);
}

/* Threat M22: a name of 100 labels costs the hashes of its next closer name. */
static void deep_names_cost_few_hashes(void **state)
{
    struct scene s;
    char name[256];
    memset(name, 0, sizeof name);
    for (unsigned i = 0; i < 100; i++)
        memcpy(name + 2 * i, "d.", 2);
    memcpy(name + 200, "org.", 5);
    scene_begin(&s, (struct sign_zone_plan){.denial = SIGN_NSEC3, .iterations = 50}, keep_all);
    assert_true(is_known(&s, name, TYPE_A, NULL));
    scene_end(&s);
}

static void setting_off_leaves_delegations_without_ds(void **state)
{
    struct scene s;
    aggressive = false;
    scene_begin(&s, (struct sign_zone_plan){.denial = SIGN_NSEC}, keep_all);
    assert_false(is_known(&s, "nx.org.", TYPE_A, NULL));
    assert_false(is_known(&s, "www.org.", TYPE_MX, NULL));
    assert_false(is_known(&s, "nxx.org.", TYPE_DS, NULL));
    assert_true(is_known(&s, "plain.org.", TYPE_DS, NULL));
    scene_end(&s);
    aggressive = true;
}

static void nothing_is_denied_below_a_negative_anchor(void **state)
{
    struct scene s;
    scene_begin(&s, (struct sign_zone_plan){.denial = SIGN_NSEC}, keep_all);
    anchors_add_negative(anchors, name_of(&s, "org."), INT64_MAX);
    assert_false(is_known(&s, "nx.org.", TYPE_A, NULL));
    scene_end(&s);
}

/* What has an anchor of its own is not its ancestors' to deny. */
static void nothing_is_denied_from_above_an_anchor(void **state)
{
    struct scene s;
    scene_begin(&s, (struct sign_zone_plan){.denial = SIGN_NSEC}, keep_all);
    struct rdata ds = sign_key_ds(s.key, name_of(&s, "nx.org."), 2, &s.a);
    struct dnssec_policy policy;
    dnssec_policy_default(&policy);
    anchors_add(anchors, name_of(&s, "nx.org."), TYPE_DS, &ds);
    anchors_settle(anchors, &policy);
    assert_false(is_known(&s, "nx.org.", TYPE_A, NULL));
    assert_false(is_known(&s, "a.b.nx.org.", TYPE_A, NULL));
    assert_true(is_known(&s, "xx.org.", TYPE_A, NULL));
    scene_end(&s);
}

/* ---- RFC 8020 ---- */

static enum verdict gone_verdict;

static void put_nxdomain(struct scene *s)
{
    struct negative n = {.nxdomain = true, .verdict = (uint8_t)gone_verdict, .ttl = 100};
    rrset_list_add(&n.authority, sign_zone_set(s->org, "org.", TYPE_SOA), &s->a);
    cache_negative_put(world_cache(s->w), name_of(s, "gone.org."), 0, CLASS_IN, &n, now_s(s));
}

static bool is_cut(struct scene *s, const char *name)
{
    unsigned before = world_sent(s->w, NULL, NULL, 0);
    const struct outcome *o = world_ask(s->w, name, TYPE_A);
    assert_non_null(o);
    assert_int_equal(o->rcode, RCODE_NXDOMAIN);
    bool cut = world_sent(s->w, NULL, NULL, 0) == before;
    if (!cut)
        renew(s);
    return cut;
}

static void nxdomain_above_an_anchor_denies_nothing_below_it(void **state)
{
    struct scene s;
    gone_verdict = VERDICT_SECURE;
    scene_begin(&s, (struct sign_zone_plan){.denial = SIGN_NSEC}, put_nxdomain);
    anchors_add_negative(anchors, name_of(&s, "x.gone.org."), INT64_MAX);
    anchors_add_negative(anchors, name_of(&s, "y.gone.org."), INT64_MAX);
    assert_true(is_cut(&s, "z.gone.org."));
    assert_false(is_cut(&s, "x.gone.org."));
    assert_false(is_cut(&s, "a.b.x.gone.org."));
    assert_false(is_cut(&s, "a.y.gone.org."));
    scene_end(&s);
}

static void validated_nxdomain_denies_the_names_below(void **state)
{
    static const struct {
        enum nxdomain_cut cut;
        enum verdict verdict;
        bool denied;
    } rows[] = {
        {NXDOMAIN_CUT_VALIDATED, VERDICT_SECURE, true},
        {NXDOMAIN_CUT_VALIDATED, VERDICT_INSECURE, false},
        {NXDOMAIN_CUT_VALIDATED, VERDICT_UNCHECKED, false},
        {NXDOMAIN_CUT_ALL, VERDICT_SECURE, true},
        {NXDOMAIN_CUT_ALL, VERDICT_INSECURE, true},
        {NXDOMAIN_CUT_ALL, VERDICT_UNCHECKED, false},
        {NXDOMAIN_CUT_OFF, VERDICT_SECURE, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scene s;
        nxdomain_cut = rows[i].cut;
        gone_verdict = rows[i].verdict;
        scene_begin(&s, (struct sign_zone_plan){.denial = SIGN_NSEC}, put_nxdomain);
        assert_int_equal(is_cut(&s, "a.gone.org."), rows[i].denied);
        assert_int_equal(is_cut(&s, "x.y.z.gone.org."), rows[i].denied);
        assert_false(is_cut(&s, "agone.org."));
        world_pass(s.w, 100);
        assert_false(is_cut(&s, "b.gone.org."));
        scene_end(&s);
    }
    nxdomain_cut = NXDOMAIN_CUT_VALIDATED;
}

int main(void)
{
    aggressive = true;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nsec_denies_as_the_zone_does),
        cmocka_unit_test(nsec3_denies_as_the_zone_does),
        cmocka_unit_test(nsec_wildcard_stands_for_each_name_that_is_denied),
        cmocka_unit_test(nsec3_wildcard_stands_for_each_name_that_is_denied),
        cmocka_unit_test(wildcard_alias_leads_on),
        cmocka_unit_test(wildcard_needs_its_proof_and_its_verdict),
        cmocka_unit_test(parents_records_deny_nothing_below_the_cut),
        cmocka_unit_test(part_of_a_chain_denies_its_part),
        cmocka_unit_test(nothing_is_denied_without_soa),
        cmocka_unit_test(opt_out_spans_deny_no_name),
        cmocka_unit_test(more_iterations_than_the_policy_has_deny_nothing),
        cmocka_unit_test(deep_names_cost_few_hashes),
        cmocka_unit_test(setting_off_leaves_delegations_without_ds),
        cmocka_unit_test(nothing_is_denied_below_a_negative_anchor),
        cmocka_unit_test(nothing_is_denied_from_above_an_anchor),
        cmocka_unit_test(nxdomain_above_an_anchor_denies_nothing_below_it),
        cmocka_unit_test(validated_nxdomain_denies_the_names_below),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
