/* No way down (threat P18): what somebody on the way puts into a reply never makes a signed zone's names
 * insecure, and what is honestly unsigned still is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/rrtype.h"
#include "dnssec/anchors.h"
#include "world.h"

static struct anchors *anchors;

static void with_anchors(struct resolve_settings *s)
{
    s->anchors = anchors;
}

/* A signed root with org., signed; both have an unsigned zone below. Below that of the root an island,
 * signed, with a trust anchor of its own. */
struct scene {
    struct sign_key *key;
    struct sign_zone *root, *org, *plain, *bare, *isle;
    struct world *w;
    struct arena a;
    enum sign_denial denial;
};

#define ORG_TEXT                                                                                             \
    "@ SOA ns x 1 2 3 4 300\n@ NS ns\nns A 10.0.0.2\nwww A 192.0.2.1\nalias CNAME x.plain\n"                 \
    "plain NS ns\n*.wild CNAME x.plain\n*.made A 192.0.2.7\ndn DNAME www\n"

static const char *ds_of_org(struct scene *s)
{
    name_t org[NAME_MAX_LEN];
    name_from_text(org, "org.", 4, NULL);
    return sign_key_text(s->key, org, TYPE_DS, &s->a);
}

static void scene_zones(struct scene *s, enum sign_denial denial)
{
    char text[512];
    struct text t;
    text_init_fixed(&t, text, sizeof text);
    text_printf(&t,
        ". SOA root.ns. x. 1 2 3 4 300\n. NS root.ns.\nroot.ns. A 10.0.0.1\n"
        "bare. NS ns.bare.\nns.bare. A 10.0.0.3\norg. NS ns.org.\nns.org. A 10.0.0.2\n%s\n",
        ds_of_org(s));
    s->root =
        sign_zone_new(&(struct sign_zone_plan){.origin = ".", .ksk = s->key, .denial = denial, .text = text});
    s->org = sign_zone_new(
        &(struct sign_zone_plan){.origin = "org.", .ksk = s->key, .denial = denial, .text = ORG_TEXT});
    s->plain = sign_zone_new(&(struct sign_zone_plan){
        .origin = "plain.org.", .text = "@ SOA ns x 1 2 3 4 300\n@ NS ns.org.\nx A 192.0.2.9\n"});
    s->bare = sign_zone_new(&(struct sign_zone_plan){.origin = "bare.",
        .text = "@ SOA ns x 1 2 3 4 300\n@ NS ns\nns A 10.0.0.3\nx A 192.0.2.8\nc CNAME x.plain.org.\n"
                "isle NS ns.isle\nns.isle A 10.0.0.4\n"});
    s->isle = sign_zone_new(&(struct sign_zone_plan){.origin = "isle.bare.",
        .ksk = s->key,
        .denial = denial,
        .text = "@ SOA ns x 1 2 3 4 300\n@ NS ns\nns A 10.0.0.4\nwww A 192.0.2.10\n"});
}

static void scene_begin(
    struct scene *s, enum sign_denial denial, const struct world_rule *rules, size_t count)
{
    *s = (struct scene){.key = sign_key_new(SIGN_KSK, 15, 1)};
    arena_init(&s->a);
    struct rdata ds = sign_key_ds(s->key, NAME_ROOT, 2, &s->a);
    anchors = anchors_new();
    anchors_add(anchors, NAME_ROOT, TYPE_DS, &ds);
    name_t isle[NAME_MAX_LEN];
    name_from_text(isle, "isle.bare.", 10, NULL);
    ds = sign_key_ds(s->key, isle, 2, &s->a);
    anchors_add(anchors, isle, TYPE_DS, &ds);
    struct dnssec_policy policy;
    dnssec_policy_default(&policy);
    anchors_settle(anchors, &policy);
    scene_zones(s, denial);
    s->w = world_new(rules, count, with_anchors);
    world_serve(s->w, "10.0.0.1", s->root);
    world_serve(s->w, "10.0.0.2", s->org);
    world_serve(s->w, "10.0.0.2", s->plain);
    world_serve(s->w, "10.0.0.3", s->bare);
    world_serve(s->w, "10.0.0.4", s->isle);
}

static void scene_end(struct scene *s)
{
    world_free(s->w);
    sign_zone_free(s->root);
    sign_zone_free(s->org);
    sign_zone_free(s->plain);
    sign_zone_free(s->bare);
    sign_zone_free(s->isle);
    sign_key_free(s->key);
    anchors_free(anchors);
    arena_fini(&s->a);
}

static const char *verdict_word(const struct outcome *o)
{
    static const char *const words[] = {[VERDICT_UNCHECKED] = "unchecked",
        [VERDICT_INDETERMINATE] = "indeterminate",
        [VERDICT_INSECURE] = "insecure",
        [VERDICT_BOGUS] = "bogus",
        [VERDICT_SECURE] = "secure"};
    return o ? words[o->verdict] : "no answer";
}

struct expected {
    const char *name;
    uint16_t type;
    const char *verdict, *answer; /* answer NULL: whatever */
};

/* Returns how often it was not so: 0 or 1. */
static unsigned check(struct scene *s, const struct expected *e, const char *which)
{
    const struct outcome *o = world_ask(s->w, e->name, e->type);
    if (!strcmp(verdict_word(o), e->verdict) && (!e->answer || !strcmp(world_text(s->w, o), e->answer)))
        return 0;
    print_error("%s, chain %d: %s %u is %s: %s (%s)\n", which, (int)s->root->plan.denial, e->name, e->type,
        verdict_word(o), o ? world_text(s->w, o) : "", o && o->reason.text ? o->reason.text : "");
    return 1;
}

static const enum sign_denial DENIALS[] = {SIGN_NSEC, SIGN_NSEC3, SIGN_COMPACT};

/* ---- honest ---- */

static void honest_zones_are_what_they_are(void **state)
{
    static const struct expected cases[] = {
        {"www.org.", TYPE_A, "secure", "NOERROR; www.org. 3600 A 192.0.2.1"},
        {"www.org.", TYPE_TXT, "secure", "NOERROR"},
        {"nx.www.org.", TYPE_A, "secure", NULL},
        {"x.plain.org.", TYPE_A, "insecure", "NOERROR; x.plain.org. 3600 A 192.0.2.9"},
        {"x.plain.org.", TYPE_TXT, "insecure", "NOERROR"},
        {"nx.plain.org.", TYPE_A, "insecure", "NXDOMAIN"},
        {"plain.org.", TYPE_DS, "secure", "NOERROR"},
        {"plain.org.", TYPE_SOA, "insecure", NULL},
        {"alias.org.", TYPE_A, "insecure",
            "NOERROR; alias.org. 3600 CNAME x.plain.org.; x.plain.org. 3600 A 192.0.2.9"},
        {"y.wild.org.", TYPE_A, "insecure",
            "NOERROR; y.wild.org. 3600 CNAME x.plain.org.; x.plain.org. 3600 A 192.0.2.9"},
        {"y.made.org.", TYPE_A, "secure", "NOERROR; y.made.org. 3600 A 192.0.2.7"},
        {"y.made.org.", TYPE_TXT, "secure", "NOERROR"},
        {"www.isle.bare.", TYPE_A, "secure", "NOERROR; www.isle.bare. 3600 A 192.0.2.10"},
        {"www.isle.bare.", TYPE_TXT, "secure", "NOERROR"},
        {"x.bare.", TYPE_A, "insecure", "NOERROR; x.bare. 3600 A 192.0.2.8"},
        {"nx.bare.", TYPE_A, "insecure", "NXDOMAIN"},
        {"bare.", TYPE_DS, "secure", "NOERROR"},
        {"c.bare.", TYPE_A, "insecure", NULL},
        {"nx.", TYPE_A, "secure", NULL},
        {"org.", TYPE_DNSKEY, "secure", NULL},
        {"org.", TYPE_DS, "secure", NULL},
    };
    unsigned failures = 0;
    for (size_t d = 0; d < sizeof DENIALS / sizeof *DENIALS; d++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            struct scene s;
            if (DENIALS[d] == SIGN_COMPACT &&
                (strstr(cases[i].name, "wild") || strstr(cases[i].name, "made")))
                continue;
            scene_begin(&s, DENIALS[d], NULL, 0);
            failures += check(&s, &cases[i], "cold");
            failures += check(&s, &cases[i], "warm");
            scene_end(&s);
        }
    assert_int_equal(failures, 0);
}

/* ---- attacks ---- */

#define AA FLAG_AA
#define FORGED_WWW                                                                                           \
    {                                                                                                        \
        "10.0.0.2", "www.org.", TYPE_A, .flags = AA, .answer = "www.org. 3600 A 192.0.2.66"                  \
    }

struct attack {
    const char *what;
    struct world_rule rules[4];
    struct expected expected;
};

#define WWW                                                                                                  \
    {                                                                                                        \
        "www.org.", TYPE_A, "bogus", "SERVFAIL"                                                              \
    }

static const struct attack attacks[] = {
    {"no signatures", {FORGED_WWW}, WWW},
    {"DS denied without proof",
        {FORGED_WWW, {"10.0.0.1", "org.", TYPE_DS, .flags = AA, .authority = ". 300 SOA a. b. 1 2 3 4 300"},
            {"10.0.0.1", "org.", 0, .authority = "org. 3600 NS ns.org.",
                .additional = "ns.org. 3600 A 10.0.0.2"},
            {"10.0.0.1", "www.org.", 0, .authority = "org. 3600 NS ns.org.",
                .additional = "ns.org. 3600 A 10.0.0.2"}},
        WWW},
    {"DS denied by an NSEC of an unsigned zone",
        {FORGED_WWW, {"10.0.0.1", "org.", TYPE_DS, .flags = AA, .authority = "a.bare. 300 NSEC z.bare. A"},
            {"10.0.0.1", "org.", 0, .authority = "org. 3600 NS ns.org.",
                .additional = "ns.org. 3600 A 10.0.0.2"},
            {"10.0.0.1", "www.org.", 0, .authority = "org. 3600 NS ns.org.",
                .additional = "ns.org. 3600 A 10.0.0.2"}},
        WWW},
    {"a referral with an NSEC of an unsigned zone",
        {FORGED_WWW,
            {"10.0.0.1", "*.org.", 0, .authority = "org. 3600 NS ns.org.\na.bare. 300 NSEC z.bare. A",
                .additional = "ns.org. 3600 A 10.0.0.2"}},
        WWW},
    {"DNSKEY denied by an NSEC of an unsigned zone",
        {FORGED_WWW, {"10.0.0.2", "org.", TYPE_DNSKEY, .flags = AA,
                         .authority = "a.plain.org. 300 NSEC z.plain.org. A"}},
        WWW},
    {"a name denied by an NSEC of an unsigned zone",
        {{"10.0.0.2", "www.org.", 0, .flags = AA, .rcode = RCODE_NXDOMAIN,
            .authority = "a.plain.org. 300 NSEC z.plain.org. A"}},
        WWW},
    {"a type denied by an NSEC of an unsigned zone, with SOA",
        {{"10.0.0.2", "www.org.", 0, .flags = AA,
            .authority = "org. 300 SOA a. b. 1 2 3 4 300\na.plain.org. 300 NSEC z.plain.org. A"}},
        WWW},
    {"an alias into an unsigned zone is no delegation",
        {{"10.0.0.2", "alias.org.", TYPE_A, .flags = AA, .answer = "alias.org. 3600 A 192.0.2.66"}},
        {"alias.org.", TYPE_A, "bogus", "SERVFAIL"}},
    {"nor is a wildcard's",
        {{"10.0.0.2", "y.wild.org.", TYPE_A, .flags = AA, .answer = "y.wild.org. 3600 A 192.0.2.66"}},
        {"y.wild.org.", TYPE_A, "bogus", "SERVFAIL"}},
    {"keys that are an alias",
        {FORGED_WWW, {"10.0.0.2", "org.", TYPE_DNSKEY, .flags = AA, .answer = "org. 3600 CNAME x.bare."}},
        WWW},
    {"DS that is an alias",
        {FORGED_WWW, {"10.0.0.1", "org.", TYPE_DS, .flags = AA, .answer = "org. 3600 CNAME x.bare."},
            {"10.0.0.1", "*.org.", 0, .authority = "org. 3600 NS ns.org.",
                .additional = "ns.org. 3600 A 10.0.0.2"}},
        WWW},
    {"a zone that nobody delegated",
        {{"10.0.0.2", "www.org.", 0, .authority = "www.org. 3600 NS ns.www.org.",
             .additional = "ns.www.org. 3600 A 10.0.0.6"},
            {"10.0.0.6", NULL, 0, .flags = AA, .answer = "www.org. 3600 A 192.0.2.66"}},
        WWW},
    {"an alias beside a DNAME",
        {{"10.0.0.2", "dn.org.", 255, .flags = AA,
            .answer = "dn.org. 3600 DNAME www.org.\ndn.org. 3600 CNAME x.bare."}},
        {"dn.org.", 255, "bogus", "SERVFAIL"}},
};

static void nothing_makes_a_signed_name_insecure(void **state)
{
    unsigned failures = 0;
    for (size_t d = 0; d < sizeof DENIALS / sizeof *DENIALS; d++)
        for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
            struct scene s;
            size_t count = 0;
            if (DENIALS[d] == SIGN_COMPACT && strstr(attacks[i].expected.name, "wild"))
                continue;
            while (count < 4 && attacks[i].rules[count].addr)
                count++;
            scene_begin(&s, DENIALS[d], attacks[i].rules, count);
            failures += check(&s, &attacks[i].expected, attacks[i].what);
            scene_end(&s);
        }
    assert_int_equal(failures, 0);
}

#define DNAME_ABOVE "bare. 3600 DNAME plain.org.\n"

/* RFC 6672 2.4: nothing is below a DNAME, so one above a trust anchor redirects nothing below it. */
static void an_island_is_not_redirected_from_above_its_anchor(void **state)
{
    static const struct world_rule known[] = {
        {"10.0.0.3", "y.bare.", 0, .flags = AA, .answer = DNAME_ABOVE "y.bare. 3600 CNAME y.plain.org.\n"}};
    static const struct world_rule sent[] = {{"10.0.0.3", "*.isle.bare.", 0, .flags = AA,
        .answer = DNAME_ABOVE "www.isle.bare. 3600 CNAME www.isle.plain.org.\n"}};
    static const struct expected redirected = {"y.bare.", TYPE_A, "insecure", NULL},
                                 island = {"www.isle.bare.", TYPE_A, "secure",
                                     "NOERROR; www.isle.bare. 3600 A 192.0.2.10"},
                                 refused[] = {{"www.isle.bare.", TYPE_A, "bogus", "SERVFAIL"},
                                     {"www.isle.bare.", TYPE_CNAME, "bogus", "SERVFAIL"},
                                     {"www.isle.bare.", 255, "bogus", "SERVFAIL"}};
    unsigned failures = 0;
    for (size_t d = 0; d < sizeof DENIALS / sizeof *DENIALS; d++) {
        struct scene s;
        scene_begin(&s, DENIALS[d], known, 1);
        failures += check(&s, &redirected, "a DNAME");
        failures += check(&s, &island, "below a DNAME that is known");
        scene_end(&s);
        for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
            scene_begin(&s, DENIALS[d], sent, 1);
            failures += check(&s, &refused[i], "below a DNAME that is sent");
            scene_end(&s);
        }
    }
    assert_int_equal(failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_zones_are_what_they_are),
        cmocka_unit_test(nothing_makes_a_signed_name_insecure),
        cmocka_unit_test(an_island_is_not_redirected_from_above_its_anchor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
