/* Signed zones behind the core: what each kind of denial takes is believed, and what is spoilt is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/rdata.h"
#include "world.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct sign_key *key, *other;
static struct anchors *anchors;

static const char ROOT[] = ". SOA root.ns. x. 1 2 3 4 300\n. NS root.ns.\nroot.ns. A 10.0.0.1\n*. TXT star\n"
                           "org. NS ns.org.\nns.org. A 10.0.0.2\norg. DS ";
static const char ORG[] =
    "@ SOA ns x 1 2 3 4 300\n@ NS ns\nns A 10.0.0.2\nwww A 192.0.2.1\na.b.ent TXT x\n"
    "*.w A 192.0.2.2\nx.y.w A 192.0.2.3\nalias CNAME www\n*.c CNAME www\nout DNAME w\n"
    "wide CNAME q.w\ngone CNAME none\nunsigned NS ns.unsigned\nns.unsigned A 10.0.0.3\n";
static const char BARE[] = "@ SOA ns x 1 2 3 4 300\n@ NS ns\nns A 10.0.0.3\nwww A 192.0.2.9\n";

struct internet {
    struct sign_zone *root, *org, *unsigned_;
    struct world *w;
};

static bool minimise = true;

static void settings(struct resolve_settings *s)
{
    s->anchors = anchors;
    s->minimise = minimise;
}

/* more: further lines of the root, before the DS of org. */
static struct internet internet_with(const char *more, enum sign_denial denial, bool opt_out)
{
    struct internet i = {0};
    struct arena a;
    arena_init(&a);
    struct text text;
    text_init(&text);
    text_add(&text, more);
    text_add(&text, ROOT);
    text_add(&text, strstr(sign_key_text(key, (const name_t *)"\003org", TYPE_DS, &a), "DS ") + 3);
    struct sign_zone_plan plan = {.origin = ".",
        .text = text.data,
        .ksk = key,
        .denial = denial,
        .iterations = 1,
        .salt_len = 2,
        .salt = {1, 2},
        .opt_out = opt_out};
    i.root = sign_zone_new(&plan);
    plan.origin = "org.";
    plan.text = ORG;
    i.org = sign_zone_new(&plan);
    plan.origin = "unsigned.org.";
    plan.text = BARE;
    plan.ksk = NULL;
    i.unsigned_ = sign_zone_new(&plan);
    i.w = world_new(NULL, 0, settings);
    world_serve(i.w, "10.0.0.1", i.root);
    world_serve(i.w, "10.0.0.2", i.org);
    world_serve(i.w, "10.0.0.3", i.unsigned_);
    text_fini(&text);
    arena_fini(&a);
    return i;
}

static struct internet internet_of(enum sign_denial denial, bool opt_out)
{
    return internet_with("", denial, opt_out);
}

static void internet_end(struct internet *i)
{
    world_free(i->w);
    sign_zone_free(i->root);
    sign_zone_free(i->org);
    sign_zone_free(i->unsigned_);
}

static const char *verdict_word(const struct outcome *o)
{
    static const char *const texts[] = {"unchecked", "indeterminate", "insecure", "bogus", "secure"};
    return texts[o->verdict];
}

static void believes_what_each_denial_takes(void **state)
{
    static const struct {
        const char *name;
        uint16_t type;
        const char *wanted, *verdict;
    } rows[] = {
        {"www.org.", TYPE_A, "NOERROR; www.org. 3600 A 192.0.2.1", "secure"},
        {"www.org.", TYPE_MX, "NOERROR", "secure"},
        {"b.ent.org.", TYPE_A, "NOERROR", "secure"},
        {"no.org.", TYPE_A, "NXDOMAIN", "opt-out"},
        {"a.no.org.", TYPE_A, "NXDOMAIN", "opt-out"},
        {"q.w.org.", TYPE_A, "NOERROR; q.w.org. 3600 A 192.0.2.2", "opt-out"},
        {"p.q.w.org.", TYPE_A, "NOERROR; p.q.w.org. 3600 A 192.0.2.2", "opt-out"},
        {"q.w.org.", TYPE_MX, "NOERROR", "opt-out"},
        {"p.y.w.org.", TYPE_A, "NXDOMAIN", "opt-out"},
        {"alias.org.", TYPE_A, "NOERROR; alias.org. 3600 CNAME www.org.; www.org. 3600 A 192.0.2.1",
            "secure"},
        {"wide.org.", TYPE_A, "NOERROR; wide.org. 3600 CNAME q.w.org.; q.w.org. 3600 A 192.0.2.2", "opt-out"},
        {"q.c.org.", TYPE_A, "NOERROR; q.c.org. 3600 CNAME www.org.; www.org. 3600 A 192.0.2.1", "opt-out"},
        {"gone.org.", TYPE_A, "NXDOMAIN; gone.org. 3600 CNAME none.org.", "opt-out"},
        {"z.out.org.", TYPE_A,
            "NOERROR; out.org. 3600 DNAME w.org.; z.out.org. 3600 CNAME z.w.org.; z.w.org. 3600 A 192.0.2.2",
            "opt-out"},
        {"www.unsigned.org.", TYPE_A, "NOERROR; www.unsigned.org. 3600 A 192.0.2.9", "insecure"},
        {"no.unsigned.org.", TYPE_A, "NXDOMAIN", "insecure"},
        {"unsigned.org.", TYPE_DS, "NOERROR", "opt-out"},
        {"www.org.", TYPE_DS, "NOERROR", "secure"},
        {"q.w.org.", TYPE_DS, "NOERROR", "opt-out"},
        {"any.thing.", TYPE_TXT, "NOERROR; any.thing. 3600 TXT \"star\"", "opt-out"},
        {"any.thing.", TYPE_DS, "NOERROR", "opt-out"},
        {"org.", TYPE_DNSKEY, NULL, "secure"},
    };
    for (unsigned kind = 0; kind < 4; kind++) {
        bool opt_out = kind == 3;
        for (size_t i = 0; i < COUNT(rows); i++) {
            struct internet net = internet_of(opt_out ? SIGN_NSEC3 : (enum sign_denial)kind, opt_out);
            const struct outcome *o = world_ask(net.w, rows[i].name, rows[i].type);
            const char *verdict = rows[i].verdict;
            if (strcmp(verdict, "opt-out") == 0)
                verdict = opt_out ? "insecure" : "secure";
            const char *got = world_text(net.w, o);
            bool nxdomain = rows[i].wanted && strncmp(rows[i].wanted, "NXDOMAIN", 8) == 0;
            bool compact = kind == SIGN_COMPACT && nxdomain && o->rcode == RCODE_NOERROR && o->no_name;
            if ((rows[i].wanted && strcmp(got, rows[i].wanted) != 0 && !compact) ||
                strcmp(verdict_word(o), verdict) != 0)
                fail_msg("denial %u, %s type %u: %s, %s (%s)", kind, rows[i].name, rows[i].type, got,
                    verdict_word(o), o->reason.text ? o->reason.text : "");
            internet_end(&net);
        }
    }
}

/* Who asks for NSEC or ANY gets the NSEC as data; one that a wildcard makes is none the worse for that, but
 * is never a proof (RFC 4592 4.7, CVE-2017-15105). */
static void an_nsec_that_was_asked_for_is_data(void **state)
{
    static const struct {
        const char *name;
        uint16_t type;
        const char *wanted;
    } rows[] = {
        {"www.org.", TYPE_NSEC, "NOERROR; www.org. 300 NSEC org. A RRSIG NSEC"},
        {"q.w.org.", TYPE_NSEC, "NOERROR; q.w.org. 300 NSEC x.y.w.org. A RRSIG NSEC"},
        {"q.w.org.", TYPE_ANY,
            "NOERROR; q.w.org. 3600 A 192.0.2.2; q.w.org. 300 NSEC x.y.w.org. A RRSIG NSEC"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct internet net = internet_of(SIGN_NSEC, false);
        for (unsigned again = 0; again < 2; again++) {
            const struct outcome *o = world_ask(net.w, rows[i].name, rows[i].type);
            assert_string_equal(world_text(net.w, o), rows[i].wanted);
            assert_int_equal(o->verdict, VERDICT_SECURE);
        }
        /* It says nothing of the name that it was made for. */
        const struct outcome *o = world_ask(net.w, "q.w.org.", TYPE_MX);
        assert_string_equal(world_text(net.w, o), "NOERROR");
        assert_int_equal(o->verdict, VERDICT_SECURE);
        o = world_ask(net.w, "p.q.w.org.", TYPE_A);
        assert_non_null(strstr(world_text(net.w, o), " A 192.0.2.2"));
        internet_end(&net);
    }
}

/* What is spoilt in org. after it was signed. */
enum spoil {
    EXPIRED,
    EARLY,
    BACKWARDS,
    FLIPPED,
    OTHER_TAG,
    OTHER_SIGNER,
    MORE_LABELS,
    FEWER_LABELS,
    OTHER_ALGORITHM,
    OTHER_DATA,
    UNSIGNED,
    KEYS_UNSIGNED,
    KEYS_EXPIRED,
    KEY_REVOKED,
    DENIAL_UNSIGNED,
    DENIAL_OF_ELSEWHERE,
};

static void spoil(struct sign_zone *z, enum spoil what)
{
    struct rrset *www = sign_zone_set(z, "www", TYPE_A), *keys = sign_zone_set(z, "@", TYPE_DNSKEY);
    struct sign_how how = sign_zone_how(z, TYPE_A);
    switch (what) {
    case EXPIRED:
    case KEYS_EXPIRED:
        how.inception = 1700000000;
        how.expiry = 1790000000;
        sign_zone_resign(z, what == EXPIRED ? www : keys, &how);
        return;
    case EARLY:
        how.inception = 1900000000;
        break;
    case BACKWARDS:
        how.inception = how.expiry;
        how.expiry = 1000000000;
        break;
    case FLIPPED:
        how.flip = true;
        break;
    case OTHER_TAG:
        how.tag_xor = 1;
        break;
    case OTHER_SIGNER:
        how.signer = NAME_ROOT;
        break;
    case MORE_LABELS:
        how.labels_more = 1;
        break;
    case FEWER_LABELS: /* made of *.org., it says, which is not there, and www is */
        how.labels_more = -1;
        break;
    case OTHER_ALGORITHM:
        how.algorithm = 13;
        break;
    case OTHER_DATA:
        www->rdata[0].data = (const uint8_t *)"\6\6\6\6";
        return;
    case UNSIGNED:
        www->sig_count = 0;
        return;
    case KEYS_UNSIGNED:
        keys->sig_count = 0;
        return;
    case KEY_REVOKED: {
        uint8_t *rd = arena_copy(&z->arena, keys->rdata[0].data, keys->rdata[0].len);
        rd[1] |= SIGN_REVOKED;
        keys->rdata[0].data = rd;
        sign_zone_resign(z, keys, NULL);
        return;
    }
    case DENIAL_UNSIGNED:
        for (size_t i = 0; i < z->link_count; i++)
            z->links[i].set->sig_count = 0;
        return;
    case DENIAL_OF_ELSEWHERE:
        for (size_t i = 0; i < z->link_count; i++)
            *z->links[i].set = *sign_zone_link(z, "www");
        return;
    }
    sign_zone_resign(z, www, &how);
}

static const struct wrong {
    enum spoil what;
    const char *name;
    uint16_t type;
    int ede;
    const char *tag;
} WRONG[] = {
    {EXPIRED, "www.org.", TYPE_A, EDE_SIGNATURE_EXPIRED, "rrsig-expired"},
    {EARLY, "www.org.", TYPE_A, EDE_SIGNATURE_NOT_YET_VALID, "rrsig-not-yet-valid"},
    {BACKWARDS, "www.org.", TYPE_A, EDE_SIGNATURE_EXPIRED_BEFORE_VALID, "rrsig-expired-before-valid"},
    {FLIPPED, "www.org.", TYPE_A, EDE_DNSSEC_BOGUS, "rrsig-wrong"},
    {OTHER_TAG, "www.org.", TYPE_A, EDE_DNSKEY_MISSING, "rrsig-keyless"},
    {OTHER_SIGNER, "www.org.", TYPE_A, EDE_DNSSEC_BOGUS, "rrsig-signer"},
    {MORE_LABELS, "www.org.", TYPE_A, EDE_DNSSEC_BOGUS, "rrsig-labels"},
    {FEWER_LABELS, "www.org.", TYPE_A, EDE_NSEC_MISSING, "wildcard-unproven"},
    {OTHER_ALGORITHM, "www.org.", TYPE_A, EDE_DNSKEY_MISSING, "rrsig-keyless"},
    {OTHER_DATA, "www.org.", TYPE_A, EDE_DNSSEC_BOGUS, "rrsig-wrong"},
    {UNSIGNED, "www.org.", TYPE_A, EDE_RRSIGS_MISSING, "rrsig-missing"},
    {KEYS_UNSIGNED, "www.org.", TYPE_A, EDE_RRSIGS_MISSING, "rrsig-missing"},
    {KEYS_EXPIRED, "www.org.", TYPE_A, EDE_SIGNATURE_EXPIRED, "rrsig-expired"},
    {KEY_REVOKED, "www.org.", TYPE_A, EDE_DNSKEY_MISSING, "ds-keyless"},
    {DENIAL_UNSIGNED, "no.org.", TYPE_A, EDE_RRSIGS_MISSING, "rrsig-missing"},
    {DENIAL_UNSIGNED, "www.org.", TYPE_MX, EDE_RRSIGS_MISSING, "rrsig-missing"},
    {DENIAL_OF_ELSEWHERE, "no.org.", TYPE_A, EDE_NSEC_MISSING, "denial-missing"},
    {DENIAL_OF_ELSEWHERE, "alias.org.", TYPE_NS, EDE_NONE, NULL},
};

static const struct outcome *ask_unchecked(struct world *w, const char *text, uint16_t type)
{
    name_t name[NAME_MAX_LEN];
    name_from_text(name, text, strlen(text), NULL);
    struct question q = {.name = name, .type = type, .class = CLASS_IN, .checking_disabled = true};
    return world_wait(w, world_begin_question(w, &q));
}

static void says_what_is_wrong_with_a_zone(void **state)
{
    for (size_t i = 0; i < COUNT(WRONG); i++) {
        struct internet net = internet_of(SIGN_NSEC, false);
        spoil(net.org, WRONG[i].what);
        const struct outcome *o = world_ask(net.w, WRONG[i].name, WRONG[i].type);
        bool right =
            o->rcode == (WRONG[i].tag ? RCODE_SERVFAIL : RCODE_NOERROR) && o->reason.ede == WRONG[i].ede;
        if (!right || (WRONG[i].tag && strcmp(o->reason.tag, WRONG[i].tag) != 0))
            fail_msg("row %zu, %s: rcode %u, EDE %d, %s: %s", i, WRONG[i].name, o->rcode, o->reason.ede,
                o->reason.tag ? o->reason.tag : "no tag", o->reason.text ? o->reason.text : "");
        if (WRONG[i].tag) {
            /* And the next one hears the same, without a message; who has CD gets what there is. */
            unsigned sent = world_sent(net.w, NULL, NULL, 0);
            o = world_ask(net.w, WRONG[i].name, WRONG[i].type);
            assert_int_equal(o->rcode, RCODE_SERVFAIL);
            assert_string_equal(o->reason.tag, WRONG[i].tag);
            assert_int_equal(world_sent(net.w, NULL, NULL, 0), sent);
            o = ask_unchecked(net.w, WRONG[i].name, WRONG[i].type);
            assert_int_not_equal(o->rcode, RCODE_SERVFAIL);
            assert_int_not_equal(o->verdict, VERDICT_SECURE);
        }
        internet_end(&net);
    }
}

static void refuse_keys(void *ctx, const struct msg_question *q, struct sign_reply *reply, struct arena *a)
{
    const bool *refuses = ctx;
    if (*refuses && q->type == TYPE_DNSKEY)
        *reply = (struct sign_reply){.rcode = RCODE_REFUSED};
}

/* Keys that nobody gives say nothing of an answer: it is asked for again soon, as after any failure, and not
 * after BOGUS_TTL, as what is false. CD is not told of it. */
static void what_only_lacks_keys_is_asked_for_again_soon(void **state)
{
    for (unsigned untrue = 0; untrue < 2; untrue++) {
        struct internet net = internet_of(SIGN_NSEC, false);
        bool refuses = !untrue;
        struct rrset *www = sign_zone_set(net.org, "www", TYPE_A);
        struct sign_how how = sign_zone_how(net.org, TYPE_A);
        how.flip = untrue;
        sign_zone_resign(net.org, www, &how);
        world_spoil(net.w, refuse_keys, &refuses);
        const struct outcome *o = world_ask(net.w, "www.org.", TYPE_A);
        assert_int_equal(o->rcode, RCODE_SERVFAIL);
        assert_int_equal(o->reason.ede, untrue ? EDE_DNSSEC_BOGUS : EDE_DNSKEY_MISSING);
        assert_int_equal(ask_unchecked(net.w, "www.org.", TYPE_A)->rcode, RCODE_NOERROR);
        world_drain(net.w);
        refuses = how.flip = false;
        sign_zone_resign(net.org, www, &how);
        world_pass(net.w, 2 * FAILURE_TTL_MIN);
        o = world_ask(net.w, "www.org.", TYPE_A);
        assert_int_equal(o->rcode, untrue ? RCODE_SERVFAIL : RCODE_NOERROR);
        assert_string_equal(verdict_word(o), untrue ? "bogus" : "secure");
        internet_end(&net);
    }
}

/* To find out of which zone an unsigned alias is, which lies so many labels deep, takes two hashes a label.
 * It leads to somebody else's name, for which too few are left: that says nothing of this name (threat A5).
 */
static void whoever_spends_his_hashes_makes_no_other_name_fail(void **state)
{
    unsigned reached = 0;
    minimise = false; /* one message a label */
    for (unsigned labels = 44; labels <= 48; labels++) {
        struct text zone, line, alias;
        text_init(&zone);
        text_init(&line);
        text_init(&alias);
        text_add(&zone, "z.");
        for (unsigned i = 0; i < labels; i++)
            text_add(&zone, "a.");
        text_printf(&line, "%s NS ns.org.\n", zone.data);
        text_printf(&alias, "alias.%s", zone.data);
        struct internet net = internet_with(line.data, SIGN_NSEC3, false);
        struct sign_zone *deep = sign_zone_new(&(struct sign_zone_plan){.origin = zone.data,
            .text = "@ SOA ns x 1 2 3 4 300\n@ NS ns.org.\nalias CNAME www.unsigned.org.\n"});
        world_serve(net.w, "10.0.0.1", deep);
        assert_int_equal(world_ask(net.w, "unsigned.org.", TYPE_DS)->rcode, RCODE_NOERROR);
        bool failed = world_ask(net.w, alias.data, TYPE_A)->rcode == RCODE_SERVFAIL;
        reached += failed && world_sent(net.w, "10.0.0.3", NULL, 0) > 0;
        const struct outcome *o = world_ask(net.w, "www.unsigned.org.", TYPE_A);
        assert_int_equal(o->rcode, RCODE_NOERROR);
        assert_string_equal(verdict_word(o), "insecure");
        internet_end(&net);
        sign_zone_free(deep);
        text_fini(&zone);
        text_fini(&line);
        text_fini(&alias);
    }
    minimise = true;
    assert_true(reached > 0);
}

/* One server of org. strips signatures, one spoils them, the third is sound: whichever is asked first. */
static void finds_the_sound_server_behind_one_that_strips_and_one_that_spoils(void **state)
{
    static const char MORE[] =
        "org. NS ns2.org.\norg. NS ns3.org.\nns2.org. A 10.0.0.5\nns3.org. A 10.0.0.6\n";
    static const enum spoil HOW[] = {UNSIGNED, FLIPPED};
    for (uint32_t seed = 1; seed <= 20; seed++) {
        struct internet net = internet_with(MORE, SIGN_NSEC, false);
        struct sign_zone *org[2];
        world_free(net.w);
        net.w = world_new_seeded(NULL, 0, settings, seed);
        world_serve(net.w, "10.0.0.1", net.root);
        world_serve(net.w, "10.0.0.2", net.org);
        for (unsigned i = 0; i < 2; i++) {
            org[i] = sign_zone_new(&net.org->plan);
            spoil(org[i], HOW[i]);
            world_serve(net.w, i ? "10.0.0.6" : "10.0.0.5", org[i]);
        }
        const struct outcome *o = world_ask(net.w, "www.org.", TYPE_A);
        assert_string_equal(world_text(net.w, o), "NOERROR; www.org. 3600 A 192.0.2.1");
        assert_int_equal(o->verdict, VERDICT_SECURE);
        internet_end(&net);
        for (unsigned i = 0; i < 2; i++)
            sign_zone_free(org[i]);
    }
}

/* The sound server is slow and answers over TCP alone; while it does, one that strips signatures is asked and
 * is faster. What the first was about to say was given up for that, so it is asked once more. */
static void a_slow_stream_is_begun_again_when_somebody_faster_is_refused(void **state)
{
    static const char MORE[] = "org. NS ns2.org.\nns2.org. A 10.0.0.5\n";
    for (uint32_t seed = 1; seed <= 20; seed++) {
        struct internet net = internet_with(MORE, SIGN_NSEC, false);
        const struct rrset *www = sign_zone_set(net.org, "www.org.", TYPE_A);
        struct text t;
        text_init(&t);
        text_add(&t, "www.org. 3600 A 192.0.2.1\nwww.org. 3600 RRSIG ");
        rdata_to_text(&t, TYPE_RRSIG, CLASS_IN, &www->sigs[0]);
        const struct world_rule slow = {.addr = "10.0.0.2",
            .name = "www.org.",
            .how = HOW_TRUNCATE_UDP,
            .flags = FLAG_AA,
            .answer = t.data,
            .tcp_delay_ms = 900};
        struct sign_zone *stripped = sign_zone_new(&net.org->plan);
        spoil(stripped, UNSIGNED);
        world_free(net.w);
        net.w = world_new_seeded(&slow, 1, settings, seed);
        world_serve(net.w, "10.0.0.1", net.root);
        world_serve(net.w, "10.0.0.2", net.org);
        world_serve(net.w, "10.0.0.5", stripped);
        const struct outcome *o = world_ask(net.w, "www.org.", TYPE_A);
        assert_string_equal(world_text(net.w, o), "NOERROR; www.org. 3600 A 192.0.2.1");
        assert_int_equal(o->verdict, VERDICT_SECURE);
        internet_end(&net);
        sign_zone_free(stripped);
        text_fini(&t);
    }
}

/* Who comes after somebody with CD hears the same as if he were the first: of what was kept unchecked, too,
 * no signature counts but those of the zone whose server said it, or of one below (RFC 4035 5.3.1). */
static void what_was_heard_unchecked_is_judged_no_milder(void **state)
{
    for (size_t i = 0; i < COUNT(WRONG); i++) {
        struct internet net = internet_of(SIGN_NSEC, false);
        spoil(net.org, WRONG[i].what);
        ask_unchecked(net.w, WRONG[i].name, WRONG[i].type);
        const struct outcome *o = world_ask(net.w, WRONG[i].name, WRONG[i].type);
        if (o->rcode != (WRONG[i].tag ? RCODE_SERVFAIL : RCODE_NOERROR) || o->reason.ede != WRONG[i].ede)
            fail_msg("row %zu, %s: rcode %u, EDE %d, %s: %s", i, WRONG[i].name, o->rcode, o->reason.ede,
                verdict_word(o), o->reason.text ? o->reason.text : "");
        internet_end(&net);
    }
}

/* Nothing is verified twice: the next name of the zone costs one check, what the cache holds none. */
static void verifies_once(void **state)
{
    struct internet net = internet_of(SIGN_NSEC, false);
    const struct verifier_counters *c = verifier_counters(resolve_verifier(world_resolver(net.w)));
    world_ask(net.w, "www.org.", TYPE_A);
    uint64_t first = c->verified[15];
    assert_int_equal(first, 4); /* the root's keys, DS of org., its keys, the data */
    world_ask(net.w, "ns.org.", TYPE_A);
    assert_int_equal(c->verified[15], first + 1);
    world_ask(net.w, "www.org.", TYPE_A);
    assert_int_equal(c->verified[15], first + 1);
    assert_int_equal(c->failed, 0);
    internet_end(&net);
}

/* What was heard for somebody with CD is judged when it is asked for without: it does not live longer for
 * that, whatever the least TTL of the settings is. */
static void what_is_judged_later_does_not_live_longer(void **state)
{
    static const struct cache_settings least = {
        .size = 4u << 20, .ttl_min = 3600, .ttl_max = TTL_MAX_DEFAULT, .negative_max = TTL_NEGATIVE_MAX};
    struct internet net = internet_of(SIGN_NSEC, false);
    world_free(net.w);
    net.w = world_new_cached(NULL, 0, settings, 7, &least);
    world_serve(net.w, "10.0.0.1", net.root);
    world_serve(net.w, "10.0.0.2", net.org);
    const struct outcome *o = ask_unchecked(net.w, "www.org.", TYPE_A);
    assert_int_equal(o->answer.items[0]->ttl, 3600);
    world_pass(net.w, 3000);
    for (unsigned i = 0; i < 2; i++) {
        o = world_ask(net.w, "www.org.", TYPE_A);
        assert_int_equal(o->verdict, VERDICT_SECURE);
        assert_int_equal(o->answer.items[0]->ttl, 600);
    }
    assert_int_equal(world_sent(net.w, NULL, "www.org.", TYPE_A), 1);
    internet_end(&net);
}

static int begin(void **state)
{
    key = sign_key_new(SIGN_KSK, 15, 1);
    other = sign_key_new(SIGN_KSK, 15, 2);
    anchors = anchors_new();
    anchors_add(anchors, NAME_ROOT, TYPE_DNSKEY, &key->dnskey);
    struct dnssec_policy policy;
    dnssec_policy_default(&policy);
    anchors_settle(anchors, &policy);
    return 0;
}

static int end(void **state)
{
    sign_key_free(key);
    sign_key_free(other);
    anchors_free(anchors);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(believes_what_each_denial_takes),
        cmocka_unit_test(an_nsec_that_was_asked_for_is_data),
        cmocka_unit_test(says_what_is_wrong_with_a_zone),
        cmocka_unit_test(what_only_lacks_keys_is_asked_for_again_soon),
        cmocka_unit_test(whoever_spends_his_hashes_makes_no_other_name_fail),
        cmocka_unit_test(finds_the_sound_server_behind_one_that_strips_and_one_that_spoils),
        cmocka_unit_test(a_slow_stream_is_begun_again_when_somebody_faster_is_refused),
        cmocka_unit_test(what_was_heard_unchecked_is_judged_no_milder),
        cmocka_unit_test(verifies_once),
        cmocka_unit_test(what_is_judged_later_does_not_live_longer),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
