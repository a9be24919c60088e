/* Somebody on the way changes replies at random: takes records away, adds real ones of elsewhere and forged
 * ones, moves, swaps and answers another question. Whatever he does, a name that is secure is answered as it
 * is, or not at all (threats P15 to P18). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "dns/rdata.h"
#include "dns/rrtype.h"
#include "dnssec/anchors.h"
#include "dnssec/verify.h"
#include "world.h"

enum { WORLDS = 150, QUESTIONS = 12, ZONES = 9 };

static struct anchors *anchors;

static void with_anchors(struct resolve_settings *s)
{
    s->anchors = anchors;
    s->aggressive = true;
}

static bool verify_fake(void *ctx, const struct dnskey *key, const uint8_t *octets, size_t len,
    const uint8_t *signature, size_t signature_len)
{
    return sign_fake_verify(key->key, key->key_len, octets, len, signature, signature_len);
}

struct scene {
    struct sign_key *key;
    struct sign_zone *zones[ZONES];
    struct arena a;
    uint64_t dice;
    unsigned percent; /* of the replies are changed */
    bool owner;       /* he owns kid.org. too, and signs in its name whatever he likes */
};

static uint32_t roll(struct scene *s, uint32_t below)
{
    s->dice = s->dice * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(s->dice >> 33) % below;
}

/* ---- the zones ---- */

static const struct {
    const char *origin, *addr, *text;
    bool is_signed;
} ZONE[ZONES] = {
    {".", "10.0.0.1",
        ". SOA root.ns. x. 1 2 3 4 300\n. NS root.ns.\nroot.ns. A 10.0.0.1\nbare. NS ns.bare.\n"
        "ns.bare. A 10.0.0.3\norg. NS ns.org.\nns.org. A 10.0.0.2\n",
        true},
    {"org.", "10.0.0.2",
        "@ SOA ns x 1 2 3 4 300\n@ NS ns\nns A 10.0.0.2\nwww A 192.0.2.1\nwww TXT \"t\"\nalias CNAME www\n"
        "far CNAME x.sub\nout CNAME x.plain\nplain NS ns\nsub NS ns\nkid NS ns.kid\nns.kid A 10.0.0.4\n"
        "*.wild A 192.0.2.7\n*.wc CNAME www.sub\na.b.empty A 192.0.2.6\ndn DNAME sub\na.deep NS ns\nodd NS "
        "ns\nodd DS 1 "
        "200 2 "
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\nzz A 192.0.2.5\n",
        true},
    {"sub.org.", "10.0.0.2",
        "@ SOA ns x 1 2 3 4 300\n@ NS ns.org.\nwww A 192.0.2.11\nx A 192.0.2.12\n*.w TXT \"w\"\n", true},
    {"plain.org.", "10.0.0.2", "@ SOA ns x 1 2 3 4 300\n@ NS ns.org.\nx A 192.0.2.9\nwww A 192.0.2.10\n",
        false},
    {"kid.org.", "10.0.0.4",
        "@ SOA ns x 1 2 3 4 300\n@ NS ns\nns A 10.0.0.4\nwww A 192.0.2.21\nback CNAME www.org.\n"
        "*.q CNAME zz.org.\n",
        true},
    {"odd.org.", "10.0.0.2", "@ SOA ns x 1 2 3 4 300\n@ NS ns.org.\nwww A 192.0.2.41\n", false},
    {"bare.", "10.0.0.3", "@ SOA ns x 1 2 3 4 300\n@ NS ns\nns A 10.0.0.3\nwww A 192.0.2.31\nisle NS ns\n",
        false},
    {"a.deep.org.", "10.0.0.2", "@ SOA ns x 1 2 3 4 300\n@ NS ns.org.\nwww A 192.0.2.51\n", true},
    {"isle.bare.", "10.0.0.3",
        "@ SOA ns x 1 2 3 4 300\n@ NS ns.bare.\nwww A 192.0.2.61\n*.w CNAME www.org.\n", true},
};

static const char *const NAMES[] = {".", "org.", "www.org.", "alias.org.", "far.org.", "out.org.",
    "plain.org.", "x.plain.org.", "sub.org.", "www.sub.org.", "x.sub.org.", "nx.sub.org.", "y.w.sub.org.",
    "kid.org.", "www.kid.org.", "back.kid.org.", "y.q.kid.org.", "nx.kid.org.", "y.wild.org.",
    "x.y.wild.org.", "y.wc.org.", "empty.org.", "b.empty.org.", "nx.empty.org.", "dn.org.", "www.dn.org.",
    "nx.dn.org.", "nx.org.", "a.nx.org.", "zz.org.", "ghost.org.", "x.ghost.org.", "deep.org.", "a.deep.org.",
    "www.a.deep.org.", "isle.bare.", "www.isle.bare.", "nx.isle.bare.", "y.w.isle.bare.", "odd.org.",
    "www.odd.org.", "nx.odd.org.", "bare.", "www.bare.", "nx."};
static const uint16_t TYPES_ASKED[] = {
    TYPE_A, TYPE_A, TYPE_A, TYPE_TXT, TYPE_DS, TYPE_DNSKEY, TYPE_NS, TYPE_CNAME};

static void make_zones(struct scene *s)
{
    for (unsigned i = 0; i < ZONES; i++) {
        struct text t;
        text_init(&t);
        text_add(&t, ZONE[i].text);
        for (unsigned k = i + 1; k < ZONES; k++) {
            name_t name[NAME_MAX_LEN];
            name_from_text(name, ZONE[k].origin, strlen(ZONE[k].origin), NULL);
            bool child = ZONE[k].is_signed && (i == 0 ? k == 1 : i == 1 && k > 1 && k < ZONES - 1);
            if (child)
                text_printf(&t, "%s\n", sign_key_text(s->key, name, TYPE_DS, &s->a));
        }
        s->zones[i] = sign_zone_new(&(struct sign_zone_plan){.origin = ZONE[i].origin,
            .text = t.data,
            .ksk = ZONE[i].is_signed ? s->key : NULL,
            .denial = (enum sign_denial)roll(s, 3),
            .opt_out = roll(s, 4) == 0,
            .iterations = (uint16_t)roll(s, 2)});
        text_fini(&t);
    }
}

static void scene_begin(struct scene *s, unsigned seed)
{
    *s = (struct scene){.key = sign_key_new_fake(SIGN_KSK, 15, 1), .dice = seed};
    arena_init(&s->a);
    roll(s, 1);
    struct dnssec_policy policy;
    dnssec_policy_default(&policy);
    struct rdata ds = sign_key_ds(s->key, NAME_ROOT, 2, &s->a);
    anchors = anchors_new();
    anchors_add(anchors, NAME_ROOT, TYPE_DS, &ds);
    name_t isle[NAME_MAX_LEN], sub[NAME_MAX_LEN];
    name_from_text(isle, "isle.bare.", 10, NULL);
    name_from_text(sub, "sub.org.", 8, NULL);
    if (roll(s, 2))
        anchors_add(anchors, isle, TYPE_DNSKEY, &s->key->dnskey);
    if (roll(s, 4) == 0)
        anchors_add_negative(anchors, sub, INT64_MAX);
    anchors_settle(anchors, &policy);
    make_zones(s);
}

static void scene_end(struct scene *s)
{
    for (unsigned i = 0; i < ZONES; i++)
        sign_zone_free(s->zones[i]);
    sign_key_free(s->key);
    anchors_free(anchors);
    arena_fini(&s->a);
}

static struct world *new_world(struct scene *s)
{
    struct world *w = world_new(NULL, 0, with_anchors);
    for (unsigned i = 0; i < ZONES; i++)
        world_serve(w, ZONE[i].addr, s->zones[i]);
    verifier_inject(resolve_verifier(world_resolver(w)), verify_fake, NULL);
    return w;
}

/* ---- what somebody on the way does ---- */

static const name_t *any_name(struct scene *s, struct arena *a)
{
    name_t *n = arena_alloc(a, NAME_MAX_LEN);
    const char *text = NAMES[roll(s, sizeof NAMES / sizeof *NAMES)];
    name_from_text(n, text, strlen(text), NULL);
    return n;
}

/* An RRset of one of the zones, as it stands there or in its chain. */
static struct rrset *any_rrset(struct scene *s, struct arena *a)
{
    const struct sign_zone *z = s->zones[roll(s, ZONES)];
    if (z->link_count && roll(s, 2))
        return rrset_copy(z->links[roll(s, (uint32_t)z->link_count)].set, a);
    const struct sign_node *n = &z->nodes[roll(s, (uint32_t)z->node_count)];
    return n->sets.count ? rrset_copy(n->sets.items[roll(s, (uint32_t)n->sets.count)], a) : NULL;
}

static struct rrset *forged(struct scene *s, const name_t *owner, struct arena *a)
{
    static const struct {
        uint16_t type;
        const char *text;
    } LIES[] = {{TYPE_A, "192.0.2.66"}, {TYPE_CNAME, "www.bare."}, {TYPE_CNAME, "x.plain.org."},
        {TYPE_NSEC, "zzz.plain.org. A"}, {TYPE_NSEC, "zzz.bare. A"}, {TYPE_DNAME, "bare."},
        {TYPE_NS, "ns.bare."}, {TYPE_SOA, "a. b. 1 2 3 4 5"}, {TYPE_DS, "1 15 2 00"}, {TYPE_DS, "1 200 2 00"},
        {TYPE_DNSKEY, "257 3 15 AAAA"}, {TYPE_DNSKEY, "257 3 200 AAAA"}, {TYPE_TXT, "lie"}};
    unsigned i = roll(s, sizeof LIES / sizeof *LIES);
    struct rdata rd;
    if (rdata_from_text(&rd, LIES[i].type, CLASS_IN, LIES[i].text, strlen(LIES[i].text), NULL, a))
        return NULL;
    struct rrset *rs = ARENA_NEW(a, struct rrset);
    *rs = (struct rrset){.owner = owner, .type = LIES[i].type, .class = CLASS_IN, .ttl = 300};
    rrset_add(rs, rd, a);
    return rs;
}

/* Signed by kid.org. as it should not be: for names of others, with next names outside, of fewer labels than
 * its own. */
static struct rrset *signed_by_child(struct scene *s, const struct msg_question *q, struct arena *a)
{
    static const char *const OWNERS[] = {
        "kid.org.", "*.kid.org.", "*.org.", "*.", "a.kid.org.", "\\000.kid.org."};
    static const char *const LIES[] = {"zzz.org. A RRSIG NSEC", "kid.org. A RRSIG NSEC", "org. A RRSIG NSEC",
        ". A RRSIG NSEC", "zz.org. NS RRSIG NSEC", "\\000.www.org. RRSIG NSEC NXNAME"};
    name_t *owner = arena_alloc(a, NAME_MAX_LEN), *signer = arena_alloc(a, NAME_MAX_LEN);
    const char *text = OWNERS[roll(s, sizeof OWNERS / sizeof *OWNERS)];
    name_from_text(owner, text, strlen(text), NULL);
    name_from_text(signer, "kid.org.", 8, NULL);
    unsigned how_owned = roll(s, 3);
    const name_t *at = how_owned == 0 ? owner : how_owned == 1 ? name_dup(q->name, a) : any_name(s, a);
    struct rrset *rs = forged(s, at, a);
    if (!rs)
        return NULL;
    unsigned kind = roll(s, 4);
    if (kind == 0) {
        const char *lie = LIES[roll(s, sizeof LIES / sizeof *LIES)];
        rs->type = TYPE_NSEC;
        if (rdata_from_text(&rs->rdata[0], TYPE_NSEC, CLASS_IN, lie, strlen(lie), NULL, a))
            return NULL;
    } else if (kind == 1 && name_len(at) < NAME_MAX_LEN - 40) {
        /* all hashes but one, of whichever zone its owner says */
        static const char lie[] = "1 0 0 - 00000000000000000000000000000000 A RRSIG",
                          hash[] = "\40"
                                   "00000000000000000000000000000000";
        uint8_t *long_owner = arena_alloc(a, NAME_MAX_LEN);
        memcpy(long_owner, hash, 33);
        name_copy(long_owner + 33, at);
        rs->owner = long_owner;
        rs->type = TYPE_NSEC3;
        if (rdata_from_text(&rs->rdata[0], TYPE_NSEC3, CLASS_IN, lie, sizeof lie - 1, NULL, a))
            return NULL;
    }
    struct sign_how how = {.key = s->key,
        .signer = signer,
        .inception = 1000000000,
        .expiry = 2000000000,
        .labels_more = -(int)roll(s, 3)};
    if (name_labels(rs->owner) < 2)
        how.labels_more = 0;
    rs->sigs = ARENA_NEW(a, struct rdata);
    rs->sigs[0] = sign_rrset(rs, &how, a);
    rs->sig_count = 1;
    if (roll(s, 4) == 0)
        rs->owner = name_dup(q->name, a);
    return rs;
}

static struct rrset *one_of(struct scene *s, struct sign_reply *r, struct rrset_list **list, size_t *at)
{
    *list = &r->sections[SECTION_ANSWER + (int)roll(s, 2)];
    if ((*list)->count == 0)
        return NULL;
    *at = roll(s, (uint32_t)(*list)->count);
    return (*list)->items[*at];
}

static void change(struct scene *s, const struct msg_question *q, struct sign_reply *r, struct arena *a)
{
    struct rrset_list *list;
    size_t at = 0;
    struct rrset *rs = one_of(s, r, &list, &at), *more = NULL;
    struct msg_question other = *q;
    switch (roll(s, s->owner ? 16 : 12)) {
    case 0:
        if (rs)
            list->items[at] = list->items[--list->count];
        return;
    case 1:
        if (rs)
            rs->sig_count = 0;
        return;
    case 2:
        more = any_rrset(s, a);
        break;
    case 3:
        more = any_rrset(s, a);
        if (more)
            more->owner = roll(s, 2) ? name_dup(q->name, a) : any_name(s, a);
        break;
    case 4:
        more = forged(s, roll(s, 2) ? name_dup(q->name, a) : any_name(s, a), a);
        break;
    case 5:
        r->rcode = r->rcode == RCODE_NXDOMAIN ? RCODE_NOERROR : RCODE_NXDOMAIN;
        return;
    case 6:
        if (rs && rs->rdata[0].len > 0) {
            uint8_t *octets = arena_copy(a, rs->rdata[0].data, rs->rdata[0].len);
            octets[rs->rdata[0].len - 1] ^= 1;
            if (rdata_check(rs->type, rs->class, octets, rs->rdata[0].len) == ERR_OK)
                rs->rdata[0].data = octets;
        }
        return;
    case 7:
    case 8: /* another question's answer; with the name asked in its records' place */
        name_copy(other.name, any_name(s, a));
        other.type = TYPES_ASKED[roll(s, sizeof TYPES_ASKED / sizeof *TYPES_ASKED)];
        sign_zone_answer(s->zones, ZONES, &other, true, r, a);
        for (size_t i = 0; i < r->sections[SECTION_ANSWER].count && roll(s, 2); i++)
            if (name_equal(r->sections[SECTION_ANSWER].items[i]->owner, other.name))
                r->sections[SECTION_ANSWER].items[i]->owner = name_dup(q->name, a);
        return;
    case 9:
        r->sections[SECTION_ANSWER].count = 0;
        return;
    case 10:
        r->sections[SECTION_AUTHORITY].count = 0;
        return;
    case 12:
    case 13:
    case 14:
    case 15:
        more = signed_by_child(s, q, a);
        break;
    default:
        if (rs && rs->sig_count > 0) {
            more = any_rrset(s, a);
            if (more && more->sig_count > 0)
                rs->sigs[0] = more->sigs[0];
            more = NULL;
        }
        return;
    }
    if (more)
        rrset_list_add(&r->sections[SECTION_ANSWER + (int)roll(s, 3)], more, a);
}

static void spoil(void *ctx, const struct msg_question *q, struct sign_reply *r, struct arena *a)
{
    struct scene *s = ctx;
    while (roll(s, 100) < s->percent)
        change(s, q, r, a);
}

/* ---- what must hold ---- */

/* Rcode and records without TTLs. */
static char *said(struct world *w, const struct outcome *o)
{
    char *copy = mem_alloc(4096), *to = copy;
    const char *p = world_text(w, o);
    if (o->no_name) { /* whichever rcode a compact denial has */
        memcpy(to, "NXDOMAIN", 8);
        to += 8;
        p += strcspn(p, ";");
    }
    for (; *p && to < copy + 4000; p++) {
        if (p[0] == ' ' && p[1] >= '0' && p[1] <= '9' && strchr(". ", p[-1])) { /* the TTL */
            while (p[1] >= '0' && p[1] <= '9')
                p++;
            continue;
        }
        *to++ = *p;
    }
    return copy;
}

static unsigned compare(const char *name, uint16_t type, const struct outcome *honest, const char *truth,
    const struct outcome *o, const char *lie)
{
    bool failed = o->rcode == RCODE_SERVFAIL;
    if (honest->verdict == VERDICT_SECURE &&
        (failed || (o->verdict == VERDICT_SECURE && !strcasecmp(truth, lie))))
        return 0;
    if (honest->verdict != VERDICT_SECURE && (failed || o->verdict != VERDICT_SECURE))
        return 0;
    print_error("%s %u: honestly %s (verdict %u), but %s (verdict %u)\n", name, type, truth, honest->verdict,
        lie, o->verdict);
    return 1;
}

static unsigned ask_both(struct scene *s, struct world *spoofed, unsigned *secure)
{
    const char *name = NAMES[roll(s, sizeof NAMES / sizeof *NAMES)];
    while (s->owner && strstr(name, "kid.org.")) /* there what he says is so */
        name = NAMES[roll(s, sizeof NAMES / sizeof *NAMES)];
    uint16_t type = TYPES_ASKED[roll(s, sizeof TYPES_ASKED / sizeof *TYPES_ASKED)];
    struct world *clean = new_world(s);
    if (roll(s, 4) == 0)
        world_pass(spoofed, roll(s, 2) ? 70 : 500);
    const struct outcome *honest = world_ask(clean, name, type), *o = world_ask(spoofed, name, type);
    assert_non_null(honest);
    assert_non_null(o);
    char *truth = said(clean, honest), *lie = said(spoofed, o);
    unsigned failures = compare(name, type, honest, truth, o, lie);
    *secure += o->verdict == VERDICT_SECURE;
    if (honest->rcode == RCODE_SERVFAIL) {
        print_error("%s %u: honestly SERVFAIL: %s\n", name, type, honest->reason.text);
        failures++;
    }
    mem_free(truth);
    mem_free(lie);
    world_free(clean);
    return failures;
}

static void a_secure_name_is_answered_as_it_is_or_not_at_all(void **state)
{
    const char *more = getenv("SPOOF_SEEDS"), *first = getenv("SPOOF_FIRST");
    unsigned failures = 0, secure = 0, from = first ? (unsigned)atoi(first) : 1;
    for (unsigned seed = from; seed < from + (more ? (unsigned)atoi(more) : WORLDS); seed++) {
        struct scene s;
        scene_begin(&s, seed);
        struct world *w = new_world(&s);
        s.percent = 10 + roll(&s, 4) * 10;
        s.owner = roll(&s, 2);
        world_spoil(w, spoil, &s);
        unsigned wrong = 0;
        for (unsigned i = 0; i < QUESTIONS; i++)
            wrong += ask_both(&s, w, &secure);
        if (wrong)
            print_error("seed %u\n", seed);
        failures += wrong;
        world_free(w);
        scene_end(&s);
    }
    assert_int_equal(failures, 0);
    assert_true(secure > WORLDS); /* he does not spoil everything */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secure_name_is_answered_as_it_is_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
