/* Signatures made by the signer of tests/sign, and each thing about them wrong. */
#include "dnssec/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "defs/limits.h"
#include "dns/rdata.h"
#include "dns/rrtype.h"
#include "sign_rrset.h"

#define NOW 1600000000u
#define DAY 86400u

static struct arena arena;
static struct verifier *verifier;
static struct dnssec_policy policy;
static struct budget budget;

static int set_up(void **state)
{
    static const struct hash_key key = {1, 2};
    arena_init(&arena);
    verifier = verifier_new(16, 64, &key);
    dnssec_policy_default(&policy);
    policy.algorithms |= 1u << ALGORITHM_RSASHA1 | 1u << ALGORITHM_RSASHA1_NSEC3_SHA1;
    budget = (struct budget){0};
    return 0;
}

static int tear_down(void **state)
{
    verifier_free(verifier);
    arena_fini(&arena);
    return 0;
}

static const name_t *name_of(const char *text)
{
    name_t *n = arena_alloc(&arena, NAME_MAX_LEN);
    assert_int_equal(name_from_text(n, text, strlen(text), NULL), ERR_OK);
    return n;
}

/* records: apart by '|'. */
static struct rrset *set_of(const char *owner, uint16_t type, const char *records)
{
    struct rrset *s = ARENA_NEW(&arena, struct rrset);
    *s = (struct rrset){.owner = name_of(owner), .type = type, .class = CLASS_IN, .ttl = 3600};
    for (const char *p = records; *p;) {
        size_t len = strcspn(p, "|");
        struct rdata rd;
        assert_int_equal(rdata_from_text(&rd, type, CLASS_IN, p, len, NULL, &arena), ERR_OK);
        rrset_add(s, rd, &arena);
        p += len + (p[len] == '|');
    }
    s->sigs = ARENA_ARRAY(&arena, struct rdata, RRSET_RECORDS_MAX);
    return s;
}

static struct rrset *keys_of(const char *zone, struct sign_key *const *keys, unsigned count)
{
    struct rrset *s = ARENA_NEW(&arena, struct rrset);
    *s = (struct rrset){.owner = name_of(zone), .type = TYPE_DNSKEY, .class = CLASS_IN, .ttl = 3600};
    s->rdata = ARENA_ARRAY(&arena, struct rdata, RRSET_RECORDS_MAX);
    for (unsigned i = 0; i < count; i++)
        s->rdata[s->count++] = keys[i]->dnskey;
    return s;
}

static struct sign_how how_of(const struct sign_key *key, const char *signer)
{
    return (struct sign_how){
        .key = key, .signer = name_of(signer), .inception = NOW - DAY, .expiry = NOW + DAY};
}

static void sign(struct rrset *s, const struct sign_how *how)
{
    s->sigs[s->sig_count++] = sign_rrset(s, how, &arena);
}

static now_t at(int64_t wall_s)
{
    return (now_t){.cache_s = 1000, .mono_ms = 1, .wall_s = wall_s, .wall_known = true};
}

static struct rrset_check check_at(
    const struct rrset *s, const char *zone, const struct rrset *keys, uint32_t algorithms, now_t now)
{
    struct rrset_check c;
    unsigned slice = 1000;
    rrset_check_init(&c, s, name_of(zone), keys, &policy, now);
    c.algorithms = algorithms;
    assert_true(rrset_check_run(&c, verifier, &budget, &slice));
    return c;
}

static struct rrset_check check(const struct rrset *s, const char *zone, const struct rrset *keys)
{
    return check_at(s, zone, keys, 0, at(NOW));
}

static void assert_bogus(const struct rrset_check *c, enum fault_kind kind)
{
    assert_int_equal(c->verdict, VERDICT_BOGUS);
    assert_string_equal(fault_tag(c->fault.kind), fault_tag(kind));
}

/* ---- what is right ---- */

static void verifies_every_algorithm(void **state)
{
    static const uint8_t ALGORITHMS[] = {5, 7, 8, 10, 13, 14, 15, 16};
    for (unsigned i = 0; i < sizeof ALGORITHMS; i++) {
        struct sign_key *key = sign_key_new(SIGN_ZSK, ALGORITHMS[i], i % 3);
        struct rrset *s = set_of("www.example.", TYPE_A, "192.0.2.3|192.0.2.1|192.0.2.2");
        struct sign_how how = how_of(key, "example.");
        sign(s, &how);
        struct sign_key *keys[] = {key};
        policy.rsa_bits_min = 512;
        struct rrset_check c = check(s, "example.", keys_of("example.", keys, 1));
        assert_int_equal(c.verdict, VERDICT_SECURE);
        assert_int_equal(c.good.tag, key->tag);
        assert_false(c.expanded);
        assert_int_equal(c.ttl_max, 3600);
        assert_int_equal(verifier_counters(verifier)->verified[ALGORITHMS[i]], 1);

        s->ttl = 7200; /* the same signature, of a TTL that it was not made for: only the original counts */
        assert_int_equal(check(s, "example.", keys_of("example.", keys, 1)).verdict, VERDICT_SECURE);
        how.flip = true;
        s->sig_count = 0;
        sign(s, &how);
        c = check(s, "example.", keys_of("example.", keys, 1));
        assert_bogus(&c, FAULT_RRSIG_WRONG);
        budget = (struct budget){0};
        sign_key_free(key);
    }
}

/* RFC 3110 2: the exponent's length in one octet or in three, and zeroes before either number. */
static void reads_every_form_of_rsa_keys(void **state)
{
    static const struct {
        const char *before_modulus;
        uint8_t len;
        enum fault_kind fault;
    } FORMS[] = {
        {"\3\1\0\1", 4, FAULT_NONE}, {"\0\0\3\1\0\1", 6, FAULT_NONE}, {"\5\0\0\1\0\1", 6, FAULT_NONE},
        {"\3\1\0\1\0\0", 6, FAULT_NONE}, {"\3\1\0\3", 4, FAULT_RRSIG_WRONG}, {"\0\0\0", 3, FAULT_KEY_INVALID},
        {"\0\4\0", 3, FAULT_KEY_INVALID},               /* longer than the key */
        {"\5\10\0\0\0\1", 6, FAULT_KEY_INVALID},        /* 36 bits */
        {"\5\7\377\377\377\377", 6, FAULT_RRSIG_WRONG}, /* 35 bits */
    };
    struct sign_key *key = sign_key_new(SIGN_ZSK, 8, 0);
    for (unsigned i = 0; i < sizeof FORMS / sizeof *FORMS; i++) {
        uint8_t octets[600];
        size_t rest = key->dnskey.len - 8u; /* the modulus: the signer's exponent is 65537 */
        memcpy(octets, key->dnskey.data, 4);
        memcpy(octets + 4, FORMS[i].before_modulus, FORMS[i].len);
        memcpy(octets + 4 + FORMS[i].len, key->dnskey.data + 8, rest);
        struct rrset *dnskeys = keys_of("example.", &key, 1);
        dnskeys->rdata[0] = (struct rdata){.data = octets, .len = (uint16_t)(4 + FORMS[i].len + rest)};
        struct rrset *s = set_of("www.example.", TYPE_A, "192.0.2.1");
        struct sign_how how = how_of(key, "example.");
        how.tag_xor = key->tag ^ dnskey_tag(&dnskeys->rdata[0]);
        sign(s, &how);
        struct rrset_check c = check(s, "example.", dnskeys);
        assert_string_equal(fault_tag(c.fault.kind), fault_tag(FORMS[i].fault));
    }
    sign_key_free(key);
}

/* A signature is as long as its algorithm has it, whatever the numbers in it are. */
static void lengths_of_signatures_are_fixed(void **state)
{
    static const uint8_t ALGORITHMS[] = {8, 13, 14, 15, 16};
    for (unsigned i = 0; i < sizeof ALGORITHMS; i++) {
        struct sign_key *key = sign_key_new(SIGN_ZSK, ALGORITHMS[i], 0);
        struct rrset *dnskeys = keys_of("example.", &key, 1);
        for (int longer = -1; longer <= 1; longer++) {
            struct rrset *s = set_of("www.example.", TYPE_A, "192.0.2.1");
            struct sign_how how = how_of(key, "example.");
            sign(s, &how);
            uint8_t *octets = arena_alloc(&arena, s->sigs[0].len + 1u);
            memcpy(octets, s->sigs[0].data, s->sigs[0].len);
            s->sigs[0] = (struct rdata){.data = octets, .len = (uint16_t)(s->sigs[0].len + longer)};
            budget = (struct budget){0};
            assert_int_equal(check(s, "example.", dnskeys).verdict, longer ? VERDICT_BOGUS : VERDICT_SECURE);
        }
        sign_key_free(key);
    }
}

static void brings_into_canonical_form(void **state)
{
    struct sign_key *key = sign_key_new(SIGN_ZSK, 13, 1), *keys[] = {key};
    struct sign_how how = how_of(key, "example.");
    struct rrset *s = set_of("www.example.", TYPE_MX, "10 b.example.|5 zz.example.|10 a.example.");
    sign(s, &how);
    struct rrset *t =
        set_of("WWW.Example.", TYPE_MX, "5 ZZ.EXAMPLE.|10 A.example.|10 b.Example.|10 a.example.");
    assert_int_equal(t->count, 4); /* one is there twice, but for letter case */
    t->sigs = s->sigs;
    t->sig_count = 1;
    struct rrset_check c = check(t, "EXAMPLE.", keys_of("exAmple.", keys, 1));
    assert_int_equal(c.verdict, VERDICT_SECURE);
    sign_key_free(key);
}

static void expands_wildcards(void **state)
{
    struct sign_key *key = sign_key_new(SIGN_ZSK, 13, 1), *keys[] = {key};
    struct sign_how how = how_of(key, "example.");
    name_t made_of[NAME_MAX_LEN];
    char text[NAME_TEXT_LEN];
    how.labels_more = -2;
    struct rrset *s = set_of("a.b.w.example.", TYPE_TXT, "x");
    sign(s, &how);
    struct rrset_check c = check(s, "example.", keys_of("example.", keys, 1));
    assert_int_equal(c.verdict, VERDICT_SECURE);
    assert_true(c.expanded);
    assert_int_equal(c.good.labels, 2);
    rrsig_wildcard(s->owner, &c.good, made_of);
    assert_string_equal(name_text(made_of, text), "*.w.example.");

    how.labels_more = 0; /* asked for by its own name */
    s = set_of("*.w.example.", TYPE_TXT, "x");
    sign(s, &how);
    c = check(s, "example.", keys_of("example.", keys, 1));
    assert_int_equal(c.verdict, VERDICT_SECURE);
    assert_false(c.expanded);
    rrsig_wildcard(s->owner, &c.good, made_of);
    assert_string_equal(name_text(made_of, text), "*.w.example.");
    sign_key_free(key);
}

static void ttl_ends_with_the_signature(void **state)
{
    struct sign_key *key = sign_key_new(SIGN_ZSK, 13, 1), *keys[] = {key};
    struct sign_how how = how_of(key, "example.");
    how.expiry = NOW + 100;
    struct rrset *s = set_of("www.example.", TYPE_A, "192.0.2.1");
    sign(s, &how);
    assert_int_equal(check(s, "example.", keys_of("example.", keys, 1)).ttl_max, 100);
    sign_key_free(key);
}

/* ---- what is wrong ---- */

static void judges_times_by_serial_arithmetic(void **state)
{
    static const struct {
        uint32_t inception, expiry;
        int64_t now;
        enum fault_kind fault;
        int64_t seconds;
    } CASES[] = {
        {NOW, NOW, NOW, FAULT_NONE, 0},
        {NOW - 10, NOW - 1, NOW, FAULT_RRSIG_EXPIRED, 1},
        {NOW + 5, NOW + 10, NOW, FAULT_RRSIG_EARLY, 5},
        {NOW + 5, NOW - 5, NOW, FAULT_RRSIG_BACKWARDS, 0},
        {0xfffffff0, 0x10, 0x100000000, FAULT_NONE, 0}, /* across 2106 */
        {0xfffffff0, 0x10, 0x100000011, FAULT_RRSIG_EXPIRED, 1},
        {0xfffffff0, 0x10, 0xffffffef, FAULT_RRSIG_EARLY, 1},
    };
    struct sign_key *key = sign_key_new(SIGN_ZSK, 13, 1), *keys[] = {key};
    for (unsigned i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct sign_how how = how_of(key, "example.");
        how.inception = CASES[i].inception;
        how.expiry = CASES[i].expiry;
        struct rrset *s = set_of("www.example.", TYPE_A, "192.0.2.1");
        sign(s, &how);
        struct rrset_check c = check_at(s, "example.", keys_of("example.", keys, 1), 0, at(CASES[i].now));
        assert_int_equal(c.fault.kind, CASES[i].fault);
        assert_int_equal(c.fault.seconds, CASES[i].seconds);
        now_t unknown = at(CASES[i].now);
        unknown.wall_known = false;
        c = check_at(s, "example.", keys_of("example.", keys, 1), 0, unknown);
        assert_int_equal(c.verdict, CASES[i].fault == FAULT_RRSIG_BACKWARDS ? VERDICT_BOGUS : VERDICT_SECURE);
    }
    sign_key_free(key);
}

/* Threat P15: a child signs `*.example.` with its own key, or its own name with too few labels. */
static void nobody_signs_above_itself(void **state)
{
    struct sign_key *key = sign_key_new(SIGN_ZSK, 13, 1), *keys[] = {key};
    struct rrset *dnskeys = keys_of("child.example.", keys, 1);
    struct sign_how how = how_of(key, "child.example.");
    how.labels_more = -2; /* "*.example." */
    struct rrset *s = set_of("www.child.example.", TYPE_A, "192.0.2.1");
    sign(s, &how);
    struct rrset_check c = check(s, "child.example.", dnskeys);
    assert_bogus(&c, FAULT_RRSIG_LABELS);

    how.labels_more = 0;
    s = set_of("www.example.", TYPE_A, "192.0.2.1"); /* not below the signer */
    sign(s, &how);
    c = check(s, "child.example.", dnskeys);
    assert_bogus(&c, FAULT_RRSIG_SIGNER);
    c = check(s, "example.", dnskeys); /* another zone than the chain has come to */
    assert_bogus(&c, FAULT_RRSIG_SIGNER);

    how.labels_more = 1;
    s = set_of("www.child.example.", TYPE_A, "192.0.2.1");
    sign(s, &how);
    c = check(s, "child.example.", dnskeys);
    assert_bogus(&c, FAULT_RRSIG_LABELS);

    how.labels_more = 0; /* a DS is the parent's */
    s = set_of(
        "child.example.", TYPE_DS, "1 13 2 0102030405060708091011121314151617181920212223242526272829303132");
    sign(s, &how);
    c = check(s, "child.example.", dnskeys);
    assert_bogus(&c, FAULT_RRSIG_SIGNER);
    assert_int_equal(budget.checks, 0);
    sign_key_free(key);
}

/* Else the wildcard's own NSEC, replayed under any name, would deny types there. */
static void denials_are_not_made_of_wildcards(void **state)
{
    struct sign_key *key = sign_key_new(SIGN_ZSK, 13, 1), *keys[] = {key};
    struct sign_how how = how_of(key, "example.");
    how.labels_more = -1;
    struct rrset *s = set_of("www.example.", TYPE_NSEC, "z.example. TXT RRSIG NSEC");
    sign(s, &how);
    struct rrset_check c = check(s, "example.", keys_of("example.", keys, 1));
    assert_bogus(&c, FAULT_RRSIG_LABELS);
    unsigned slice = 1000;
    rrset_check_init(&c, s, name_of("example."), keys_of("example.", keys, 1), &policy, at(NOW));
    c.as_data = true; /* it was asked for by its type */
    assert_true(rrset_check_run(&c, verifier, &budget, &slice));
    assert_int_equal(c.verdict, VERDICT_SECURE);
    assert_true(c.expanded);
    sign_key_free(key);
}

static void says_what_is_wrong_with_the_key(void **state)
{
    struct sign_key *key = sign_key_new(SIGN_ZSK, 13, 1), *other = sign_key_new(SIGN_ZSK, 13, 2),
                    *ed = sign_key_new(SIGN_ZSK, 15, 3);
    struct sign_how how = how_of(key, "example.");
    struct rrset *s = set_of("www.example.", TYPE_A, "192.0.2.1");
    struct sign_key *others[] = {other};
    struct rrset_check c = check(s, "example.", keys_of("example.", others, 1));
    assert_bogus(&c, FAULT_RRSIG_MISSING);
    sign(s, &how);
    c = check(s, "example.", keys_of("example.", others, 1));
    assert_bogus(&c, FAULT_RRSIG_KEYLESS);
    assert_int_equal(c.fault.key_tag, key->tag);
    c = check(s, "example.", keys_of("example.", others, 0));
    assert_bogus(&c, FAULT_RRSIG_KEYLESS);

    struct sign_key *own[] = {key};
    sign_key_flags(key, SIGN_ZSK | SIGN_REVOKED);
    s->sig_count = 0;
    sign(s, &how);
    c = check(s, "example.", keys_of("example.", own, 1));
    assert_bogus(&c, FAULT_KEY_REVOKED);
    sign_key_flags(key, 0);
    s->sig_count = 0;
    sign(s, &how);
    c = check(s, "example.", keys_of("example.", own, 1));
    assert_bogus(&c, FAULT_KEY_ZONELESS);

    s->sig_count = 0;
    how.key = ed;
    sign(s, &how);
    policy.algorithms &= ~(1u << 15);
    c = check(s, "example.", keys_of("example.", own, 1));
    assert_bogus(&c, FAULT_RRSIG_ALGORITHM);
    assert_int_equal(budget.checks, 0);
    sign_key_free(key);
    sign_key_free(other);
    sign_key_free(ed);
}

static void short_rsa_keys_are_as_if_unknown(void **state)
{
    struct sign_key *key = sign_key_new(SIGN_ZSK, 8, 2), *keys[] = {key}; /* 1024 bits */
    struct sign_how how = how_of(key, "example.");
    struct rrset *s = set_of("www.example.", TYPE_A, "192.0.2.1");
    sign(s, &how);
    assert_int_equal(check(s, "example.", keys_of("example.", keys, 1)).verdict, VERDICT_SECURE);
    policy.rsa_bits_min = 1025;
    struct rrset_check c = check(s, "example.", keys_of("example.", keys, 1));
    assert_bogus(&c, FAULT_RRSIG_ALGORITHM);
    sign_key_free(key);
}

static void finds_the_good_one_among_the_useless(void **state)
{
    struct sign_key *key = sign_key_new(SIGN_ZSK, 13, 1), *gone = sign_key_new(SIGN_ZSK, 13, 2),
                    *unknown = sign_key_new(SIGN_ZSK, 16, 3), *keys[] = {unknown, key};
    struct rrset *s = set_of("www.example.", TYPE_A, "192.0.2.1");
    policy.algorithms &= ~(1u << 16);
    struct sign_how how = how_of(unknown, "example.");
    sign(s, &how);
    how = how_of(gone, "example.");
    for (unsigned i = 0; i < 100; i++)
        sign(s, &how);
    how = how_of(key, "example.");
    how.expiry = NOW - 1;
    sign(s, &how);
    how = how_of(key, "other.");
    sign(s, &how);
    how = how_of(key, "example.");
    how.flip = true;
    sign(s, &how);
    how.flip = false;
    sign(s, &how);
    assert_int_equal(check(s, "example.", keys_of("example.", keys, 2)).verdict, VERDICT_SECURE);
    assert_int_equal(budget.checks, 2);
    assert_int_equal(budget.failures, 1);
    sign_key_free(key);
    sign_key_free(gone);
    sign_key_free(unknown);
}

/* ---- bounds ---- */

/* M21: keys of one tag and algorithm, all different, and as many bad signatures. */
static void keytrap_costs_two_checks(void **state)
{
    struct sign_key *key = sign_key_new(SIGN_ZSK, 8, 2);
    struct rrset *dnskeys = keys_of("example.", &key, 0);
    for (unsigned i = 0; i < 100; i++) { /* words of the modulus change places: the sum stays */
        uint8_t *copy = arena_copy(&arena, key->dnskey.data, key->dnskey.len);
        uint8_t *a = copy + 20 + 2 * (i / 10), *b = copy + 60 + 2 * (i % 10);
        uint8_t swap[2] = {a[0], a[1]};
        memcpy(a, b, 2);
        memcpy(b, swap, 2);
        struct rdata rd = {.data = copy, .len = key->dnskey.len};
        assert_int_equal(dnskey_tag(&rd), key->tag);
        dnskeys->rdata[dnskeys->count++] = rd;
    }
    struct rrset *s = set_of("www.example.", TYPE_A, "192.0.2.1");
    struct sign_how how = how_of(key, "example.");
    for (unsigned i = 0; i < 100; i++) {
        how.expiry = NOW + DAY + i;
        sign(s, &how);
    }
    struct rrset_check c = check(s, "example.", dnskeys);
    assert_bogus(&c, FAULT_CHECKS_SPENT);
    assert_int_equal(budget.checks, VALIDATION_RRSET_FAILURES_MAX);
    for (unsigned i = 0; i < 10; i++) { /* a question with many such RRsets */
        c = check(s, "example.", dnskeys);
        assert_bogus(&c, FAULT_CHECKS_SPENT);
    }
    assert_int_equal(budget.checks, VALIDATION_FAILURES_MAX);
    assert_int_equal(verifier_counters(verifier)->failed, VALIDATION_FAILURES_MAX);
    sign_key_free(key);
}

/* CVE-2025-8677: what is no key costs like a bad signature. */
static void invalid_keys_are_failures(void **state)
{
    struct sign_key *key = sign_key_new(SIGN_ZSK, 13, 1);
    struct rrset *dnskeys = keys_of("example.", &key, 1);
    uint8_t *off_curve = arena_copy(&arena, key->dnskey.data, key->dnskey.len);
    off_curve[10] ^= 1;
    off_curve[12] ^= 1;
    dnskeys->rdata[0].data = off_curve;
    struct rrset *s = set_of("www.example.", TYPE_A, "192.0.2.1");
    struct sign_how how = how_of(key, "example.");
    how.tag_xor = key->tag ^ dnskey_tag(&dnskeys->rdata[0]);
    sign(s, &how);
    struct rrset_check c = check(s, "example.", dnskeys);
    assert_bogus(&c, FAULT_KEY_INVALID);
    assert_int_equal(budget.checks, 1);
    assert_int_equal(budget.failures, 1);
    check(s, "example.", dnskeys);
    assert_int_equal(verifier_counters(verifier)->keys_parsed, 1);
    sign_key_free(key);
}

static void waits_when_the_slice_is_used_up(void **state)
{
    struct sign_key *key = sign_key_new(SIGN_ZSK, 13, 1), *keys[] = {key};
    struct rrset *s = set_of("www.example.", TYPE_A, "192.0.2.1"),
                 *between = set_of("other.example.", TYPE_MX, "1 a.|2 b.");
    struct rrset *dnskeys = keys_of("example.", keys, 1);
    struct sign_how how = how_of(key, "example.");
    how.flip = true;
    sign(s, &how);
    how.flip = false;
    sign(s, &how);
    sign(between, &how);
    struct rrset_check c;
    rrset_check_init(&c, s, name_of("example."), dnskeys, &policy, at(NOW));
    unsigned slice = 0;
    assert_false(rrset_check_run(&c, verifier, &budget, &slice));
    assert_int_equal(budget.checks, 0);
    slice = 1;
    assert_false(rrset_check_run(&c, verifier, &budget, &slice));
    assert_int_equal(budget.checks, 1);
    assert_int_equal(c.verdict, VERDICT_UNCHECKED);
    assert_int_equal(check(between, "example.", dnskeys).verdict, VERDICT_SECURE);
    slice = 1;
    assert_true(rrset_check_run(&c, verifier, &budget, &slice));
    assert_int_equal(c.verdict, VERDICT_SECURE);
    assert_int_equal(c.fault.kind, FAULT_NONE);
    sign_key_free(key);
}

static void remembers_what_was_good(void **state)
{
    struct sign_key *key = sign_key_new(SIGN_ZSK, 13, 1), *keys[] = {key};
    struct rrset *s = set_of("www.example.", TYPE_A, "192.0.2.1"), *dnskeys = keys_of("example.", keys, 1);
    struct sign_how how = how_of(key, "example.");
    sign(s, &how);
    const struct verifier_counters *counters = verifier_counters(verifier);
    unsigned none = 0;
    struct rrset_check c = check(s, "example.", dnskeys);
    rrset_check_init(&c, s, name_of("example."), dnskeys, &policy, at(NOW));
    assert_true(rrset_check_run(&c, verifier, &budget, &none)); /* is free */
    assert_int_equal(c.verdict, VERDICT_SECURE);
    assert_int_equal(counters->verified[13], 1);
    assert_int_equal(counters->saved[13], 1);
    assert_int_equal(budget.checks, 1);

    now_t later = at(NOW + 3600);
    later.cache_s += 3600; /* the TTL is over */
    assert_int_equal(check_at(s, "example.", dnskeys, 0, later).verdict, VERDICT_SECURE);
    assert_int_equal(counters->verified[13], 2);

    later.wall_s = NOW + DAY + 1; /* remembered, but expired by the clock */
    c = check_at(s, "example.", dnskeys, 0, later);
    assert_bogus(&c, FAULT_RRSIG_EXPIRED);
    sign_key_free(key);
}

static void remembers_a_result_of_nothing_else(void **state)
{
    struct sign_key *key = sign_key_new(SIGN_ZSK, 13, 1), *other = sign_key_new(SIGN_ZSK, 13, 2),
                    *keys[] = {key};
    struct rrset *s = set_of("www.example.", TYPE_A, "192.0.2.1"), *dnskeys = keys_of("example.", keys, 1);
    struct sign_how how = how_of(key, "example.");
    sign(s, &how);
    assert_int_equal(check(s, "example.", dnskeys).verdict, VERDICT_SECURE);

    struct rrset *data = set_of("www.example.", TYPE_A, "192.0.2.2");
    data->sigs[data->sig_count++] = s->sigs[0];
    assert_int_equal(check(data, "example.", dnskeys).verdict, VERDICT_BOGUS);

    struct rrset *owner = set_of("ww.example.", TYPE_A, "192.0.2.1");
    owner->sigs[owner->sig_count++] = s->sigs[0];
    assert_int_equal(check(owner, "example.", dnskeys).verdict, VERDICT_BOGUS);

    uint8_t *sig = arena_copy(&arena, s->sigs[0].data, s->sigs[0].len);
    sig[s->sigs[0].len - 1] ^= 1;
    s->sigs[0].data = sig;
    assert_int_equal(check(s, "example.", dnskeys).verdict, VERDICT_BOGUS);
    sig[s->sigs[0].len - 1] ^= 1;

    keys[0] = other; /* another key of the same tag */
    uint8_t *forged = arena_copy(&arena, other->dnskey.data, other->dnskey.len);
    put_u16(forged + 4, (uint16_t)(get_u16(forged + 4) + key->tag - other->tag));
    dnskeys->rdata[0].data = forged;
    if (dnskey_tag(&dnskeys->rdata[0]) == key->tag)
        assert_int_equal(check(s, "example.", dnskeys).verdict, VERDICT_BOGUS);
    assert_int_equal(verifier_counters(verifier)->saved[13], 0);
    sign_key_free(key);
    sign_key_free(other);
}

static void keeps_no_more_keys_than_it_may(void **state)
{
    static const struct hash_key hash = {1, 2};
    verifier_free(verifier);
    verifier = verifier_new(2, 0, &hash);
    struct sign_key *keys[3];
    static const unsigned ORDER[] = {0, 1, 0, 2, 0, 1}; /* 1 goes when 2 comes */
    for (unsigned i = 0; i < 3; i++)
        keys[i] = sign_key_new(SIGN_ZSK, 15, i);
    for (unsigned i = 0; i < sizeof ORDER / sizeof *ORDER; i++) {
        char text[16] = {'1', '0', '.', '0', '.', '0', '.', (char)('1' + i)};
        struct rrset *s = set_of("www.example.", TYPE_A, text);
        struct sign_how how = how_of(keys[ORDER[i]], "example.");
        sign(s, &how);
        assert_int_equal(check(s, "example.", keys_of("example.", keys, 3)).verdict, VERDICT_SECURE);
    }
    assert_int_equal(verifier_counters(verifier)->keys_parsed, 4);
    assert_int_equal(verifier_counters(verifier)->keys_kept, 2);
    for (unsigned i = 0; i < 3; i++)
        sign_key_free(keys[i]);
}

static void wants_every_algorithm_if_told(void **state)
{
    struct sign_key *ec = sign_key_new(SIGN_ZSK, 13, 1), *ed = sign_key_new(SIGN_ZSK, 15, 2),
                    *keys[] = {ec, ed};
    struct rrset *s = set_of("www.example.", TYPE_A, "192.0.2.1"), *dnskeys = keys_of("example.", keys, 2);
    struct sign_how how = how_of(ec, "example.");
    sign(s, &how);
    uint32_t both = 1u << 13 | 1u << 15;
    struct rrset_check c = check_at(s, "example.", dnskeys, both, at(NOW));
    assert_bogus(&c, FAULT_ALGORITHM_LACKING);
    assert_int_equal(c.fault.algorithm, 15);
    how.key = ed;
    how.flip = true;
    sign(s, &how);
    c = check_at(s, "example.", dnskeys, both, at(NOW));
    assert_int_equal(c.verdict, VERDICT_BOGUS);
    how.flip = false;
    sign(s, &how);
    assert_int_equal(check_at(s, "example.", dnskeys, both, at(NOW)).verdict, VERDICT_SECURE);
    sign_key_free(ec);
    sign_key_free(ed);
}

static bool says_yes(void *ctx, const struct dnskey *key, const uint8_t *octets, size_t len,
    const uint8_t *signature, size_t signature_len)
{
    ++*(unsigned *)ctx;
    return true;
}

static void mathematics_can_be_replaced(void **state)
{
    struct sign_key *key = sign_key_new(SIGN_ZSK, 13, 1), *keys[] = {key};
    struct rrset *s = set_of("www.example.", TYPE_A, "192.0.2.1"), *dnskeys = keys_of("example.", keys, 1);
    struct sign_how how = how_of(key, "example.");
    unsigned calls = 0;
    how.flip = true;
    sign(s, &how);
    verifier_inject(verifier, says_yes, &calls);
    assert_int_equal(check(s, "example.", dnskeys).verdict, VERDICT_SECURE);
    assert_int_equal(calls, 1);
    verifier_inject(verifier, NULL, NULL); /* forgets what the other said */
    assert_int_equal(check(s, "example.", dnskeys).verdict, VERDICT_BOGUS);
    sign_key_free(key);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(verifies_every_algorithm),
        TEST(reads_every_form_of_rsa_keys),
        TEST(lengths_of_signatures_are_fixed),
        TEST(brings_into_canonical_form),
        TEST(expands_wildcards),
        TEST(ttl_ends_with_the_signature),
        TEST(judges_times_by_serial_arithmetic),
        TEST(nobody_signs_above_itself),
        TEST(denials_are_not_made_of_wildcards),
        TEST(says_what_is_wrong_with_the_key),
        TEST(short_rsa_keys_are_as_if_unknown),
        TEST(finds_the_good_one_among_the_useless),
        TEST(keytrap_costs_two_checks),
        TEST(invalid_keys_are_failures),
        TEST(waits_when_the_slice_is_used_up),
        TEST(remembers_what_was_good),
        TEST(remembers_a_result_of_nothing_else),
        TEST(keeps_no_more_keys_than_it_may),
        TEST(wants_every_algorithm_if_told),
        TEST(mathematics_can_be_replaced),
    };
    return cmocka_run_group_tests_name("rrset_check", tests, NULL, NULL);
}
