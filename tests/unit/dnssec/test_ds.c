#include "dnssec/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "defs/limits.h"
#include "dns/rdata.h"
#include "dns/rrtype.h"
#include "sign_key.h"

static struct arena arena;
static struct dnssec_policy policy;
static struct sign_key *ec, *other, *ed, *rsa_short;

static int set_up(void **state)
{
    arena_init(&arena);
    dnssec_policy_default(&policy);
    policy.rsa_bits_min = 1025;
    ec = sign_key_new(SIGN_KSK, 13, 1);
    other = sign_key_new(SIGN_KSK, 13, 2);
    ed = sign_key_new(SIGN_KSK, 15, 3);
    rsa_short = sign_key_new(SIGN_KSK, 8, 2);
    return 0;
}

static int tear_down(void **state)
{
    sign_key_free(ec);
    sign_key_free(other);
    sign_key_free(ed);
    sign_key_free(rsa_short);
    arena_fini(&arena);
    return 0;
}

static const name_t *name_of(const char *text)
{
    name_t *n = arena_alloc(&arena, NAME_MAX_LEN);
    assert_int_equal(name_from_text(n, text, strlen(text), NULL), ERR_OK);
    return n;
}

static struct rrset *set_new(uint16_t type)
{
    struct rrset *s = ARENA_NEW(&arena, struct rrset);
    *s = (struct rrset){.owner = name_of("Example."), .type = type, .class = CLASS_IN, .ttl = 3600};
    s->rdata = ARENA_ARRAY(&arena, struct rdata, RRSET_RECORDS_MAX);
    return s;
}

static void add(struct rrset *s, struct rdata rd)
{
    s->rdata[s->count++] = rd;
}

static void add_ds(struct rrset *s, const struct sign_key *key, uint8_t digest)
{
    add(s, sign_key_ds(key, s->owner, digest, &arena));
}

/* A DS of any kind, which no key matches. */
static void add_text(struct rrset *s, const char *text)
{
    struct rdata rd;
    assert_int_equal(rdata_from_text(&rd, TYPE_DS, CLASS_IN, text, strlen(text), NULL, &arena), ERR_OK);
    add(s, rd);
}

static struct rrset *keys_of(const struct sign_key *a, const struct sign_key *b)
{
    struct rrset *s = set_new(TYPE_DNSKEY);
    if (a)
        add(s, a->dnskey);
    if (b)
        add(s, b->dnskey);
    return s;
}

static void expect(
    const struct rrset *ds, const struct rrset *keys, enum ds_match match, enum fault_kind kind)
{
    struct ds_result r;
    assert_int_equal(ds_match(ds, keys, &policy, &arena, &r), match);
    assert_string_equal(fault_tag(r.fault.kind), fault_tag(kind));
}

static void each_digest_matches(void **state)
{
    static const uint8_t DIGESTS[] = {1, 2, 4};
    for (unsigned i = 0; i < sizeof DIGESTS; i++) {
        struct rrset *ds = set_new(TYPE_DS), *keys = keys_of(other, ec);
        struct ds_result r;
        struct rdata made;
        add_ds(ds, ec, DIGESTS[i]);
        assert_int_equal(ds_match(ds, keys, &policy, &arena, &r), DS_MATCHED);
        assert_int_equal(r.matched.count, 1);
        assert_ptr_equal(r.matched.rdata[0].data, ec->dnskey.data);
        assert_int_equal(r.algorithms, 1u << 13);
        assert_true(ds_make(ds->owner, &ec->dnskey, DIGESTS[i], &arena, &made));
        assert_int_equal(rdata_compare(&made, &ds->rdata[0]), 0);
        expect(ds, keys_of(other, NULL), DS_NO_MATCH, FAULT_DS_KEYLESS);
        expect(ds, keys_of(NULL, NULL), DS_NO_MATCH, FAULT_KEY_MISSING);
        expect(ds, NULL, DS_MATCHED, FAULT_NONE);
    }
}

static void unknown_digests_are_not_made(void **state)
{
    struct rdata made;
    struct rdata nothing = {.data = (const uint8_t *)"\1\1\3", .len = 3};
    assert_false(ds_make(NAME_ROOT, &ec->dnskey, 3, &arena, &made));
    assert_false(ds_make(NAME_ROOT, &nothing, 2, &arena, &made));
}

static void weak_digests_give_way(void **state)
{
    struct rrset *ds = set_new(TYPE_DS), *keys = keys_of(ec, ed);
    add_ds(ds, ec, 1);
    add_text(ds, "1 13 2 00");
    expect(ds, keys, DS_NO_MATCH, FAULT_DS_KEYLESS); /* of this algorithm there is SHA-256 */
    add_ds(ds, ed, 1);
    expect(ds, keys, DS_MATCHED, FAULT_NONE); /* of that one there is not */
    policy.digests &= ~(1u << 2);
    ds->count = 2;
    expect(ds, keys, DS_MATCHED, FAULT_NONE);
}

static void what_is_not_verified_is_insecure(void **state)
{
    struct rrset *ds = set_new(TYPE_DS), *keys = keys_of(ec, ed);
    add_text(ds, "1 17 2 00");
    expect(ds, keys, DS_UNSUPPORTED, FAULT_DS_ALGORITHM);
    expect(ds, NULL, DS_UNSUPPORTED, FAULT_DS_ALGORITHM);
    add_text(ds, "1 13 3 00");
    expect(ds, keys, DS_UNSUPPORTED, FAULT_DS_DIGEST);
    add_text(ds, "1 12 2 00");
    expect(ds, keys, DS_UNSUPPORTED, FAULT_DS_DIGEST);
    add_ds(ds, ec, 2);
    expect(ds, keys, DS_MATCHED, FAULT_NONE);
    policy.algorithms &= ~(1u << 13);
    ds->count = 0;
    add_ds(ds, ec, 2);
    expect(ds, keys, DS_UNSUPPORTED, FAULT_DS_ALGORITHM);
    ds->count = 0;
    expect(ds, keys, DS_UNSUPPORTED, FAULT_NONE);
}

/* Threat P18: wherever it stands, and however little it says. */
static void one_supported_ds_forbids_insecurity(void **state)
{
    struct rrset *ds = set_new(TYPE_DS), *keys = keys_of(ed, NULL);
    for (unsigned i = 0; i < 100; i++)
        add_text(ds, "1 17 2 00");
    add_text(ds, "1 13 2 00"); /* a digest of one octet */
    expect(ds, keys, DS_NO_MATCH, FAULT_DS_KEYLESS);
    for (unsigned i = 0; i < VALIDATION_DS_MAX; i++)
        add_text(ds, "1 15 2 00");
    add_ds(ds, ed, 2); /* beyond those that are looked at */
    expect(ds, keys, DS_NO_MATCH, FAULT_DS_KEYLESS);
}

static void useless_keys_match_nothing(void **state)
{
    struct rrset *ds = set_new(TYPE_DS);
    sign_key_flags(ec, SIGN_KSK | SIGN_REVOKED);
    add_ds(ds, ec, 2);
    expect(ds, keys_of(ec, ed), DS_NO_MATCH, FAULT_KEY_REVOKED);
    sign_key_flags(ec, 1);
    ds->count = 0;
    add_ds(ds, ec, 2);
    expect(ds, keys_of(ec, ed), DS_NO_MATCH, FAULT_KEY_ZONELESS);
    add_ds(ds, ed, 2);
    expect(ds, keys_of(ec, ed), DS_MATCHED, FAULT_NONE);
}

static void short_rsa_alone_is_insecure(void **state)
{
    struct rrset *ds = set_new(TYPE_DS), *keys = keys_of(rsa_short, ec);
    struct ds_result r;
    add_ds(ds, rsa_short, 2);
    expect(ds, keys, DS_UNSUPPORTED, FAULT_DS_ALGORITHM);
    add_ds(ds, ec, 2);
    assert_int_equal(ds_match(ds, keys, &policy, &arena, &r), DS_MATCHED);
    assert_int_equal(r.matched.count, 1);
    assert_int_equal(r.algorithms, 1u << 13);
    expect(ds, keys_of(rsa_short, NULL), DS_NO_MATCH, FAULT_DS_KEYLESS);
    ds->count = 1;
    policy.rsa_bits_min = 1024;
    expect(ds, keys, DS_MATCHED, FAULT_NONE);
}

static void a_key_named_twice_is_there_once(void **state)
{
    struct rrset *ds = set_new(TYPE_DS), *keys = keys_of(ec, ed);
    struct ds_result r;
    add_ds(ds, ec, 2);
    add_ds(ds, ec, 4);
    add_ds(ds, ed, 2);
    assert_int_equal(ds_match(ds, keys, &policy, &arena, &r), DS_MATCHED);
    assert_int_equal(r.matched.count, 2);
    assert_int_equal(r.algorithms, 1u << 13 | 1u << 15);
}

static void reads_only_what_is_long_enough(void **state)
{
    static const uint8_t OCTETS[64] = {0};
    struct dnskey key;
    struct rrsig sig;
    struct ds ds;
    for (uint16_t len = 0; len < 24; len++) {
        struct rdata rd = {.data = OCTETS, .len = len};
        assert_int_equal(dnskey_read(&rd, &key), len > 4);
        assert_int_equal(ds_read(&rd, &ds), len > 4);
        assert_int_equal(rrsig_read(&rd, &sig), len > 19); /* 18, the root, one octet of signature */
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(each_digest_matches),
        TEST(unknown_digests_are_not_made),
        TEST(weak_digests_give_way),
        TEST(what_is_not_verified_is_insecure),
        TEST(one_supported_ds_forbids_insecurity),
        TEST(useless_keys_match_nothing),
        TEST(short_rsa_alone_is_insecure),
        TEST(a_key_named_twice_is_there_once),
        TEST(reads_only_what_is_long_enough),
    };
    return cmocka_run_group_tests_name("ds", tests, NULL, NULL);
}
