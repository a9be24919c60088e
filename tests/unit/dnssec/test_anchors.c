#include "dnssec/anchors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "defs/limits.h"
#include "dns/rdata.h"
#include "dns/rrtype.h"

#define KEY                                                                                                  \
    "AwEAAcUlFV1vhmqx6NSOUOq2R/dsR7Xm3upJ ( j7IommWSpJABVfW8Q0rOvXdM6kzt+TAu92L9 AbsUdblMFin8CVF3n4s= )"
#define DIGEST1 "6f4973ab543aa0ef73c9ff5e3160288ef672c9b2"
#define DIGEST2 "6F8512D1E82EECBD684FC4A76F39F8C5B411AF385494873BDEAD663DDB78A88B"

static enum err add(struct anchors *a, const char *text, struct text *complaint)
{
    return anchors_add_text(a, text, strlen(text), complaint);
}

static const name_t *name_of(name_t out[NAME_MAX_LEN], const char *text)
{
    assert_int_equal(name_from_text(out, text, strlen(text), NULL), ERR_OK);
    return out;
}

static void rdata_is(const struct anchor *anchor, uint16_t type, const char *text)
{
    const struct rrset *set = type == TYPE_DS ? &anchor->ds : &anchor->keys;
    struct arena arena;
    struct rdata rd;
    arena_init(&arena);
    assert_int_equal(set->count, 1);
    assert_int_equal(set->type, type);
    assert_int_equal(set->class, CLASS_IN);
    assert_true(name_equal(set->owner, anchor->zone));
    assert_int_equal(rdata_from_text(&rd, type, CLASS_IN, text, strlen(text), NULL, &arena), ERR_OK);
    assert_int_equal(rdata_compare(&set->rdata[0], &rd), 0);
    arena_fini(&arena);
}

static void reads_every_form_that_master_files_have(void **state)
{
    static const struct {
        const char *text, *zone;
        uint16_t type;
        const char *rdata, *why;
    } rows[] = {
        {"example.com. 3600 IN DS 1566 15 1 " DIGEST1, "example.com.", TYPE_DS, "1566 15 1 " DIGEST1, ""},
        {"example.com.\t\tIN DS 438 8 2 6F8512D1E82EECBD684FC4A76F39F8C5B411AF385494873BDEAD663 DDB78A88B",
            "example.com.", TYPE_DS, "438 8 2 " DIGEST2, "tabs, no TTL, a digest in two pieces"},
        {"ORG. DS 21366 7 1 " DIGEST1, "org.", TYPE_DS, "21366 7 1 " DIGEST1, "upper case, no class"},
        {"sub.example.com IN 3600 DS 30899 RSASHA1 1 " DIGEST1, "sub.example.com.", TYPE_DS,
            "30899 5 1 " DIGEST1, "no final dot, class first, a mnemonic"},
        {"example. DNSKEY  257 3 7 " KEY, "example.", TYPE_DNSKEY, "257 3 7 " KEY, "parentheses"},
        {"example. DNSKEY ( 256 3\n\t7 ; the key\n" KEY " ) ;{id = 30899 (zsk), size = 512b}\n\n", "example.",
            TYPE_DNSKEY, "256 3 7 " KEY, "lines and comments"},
        {"; of the root\n.\t172800\tIN\tDS\t1 8 2 " DIGEST2 " \n", ".", TYPE_DS, "1 8 2 " DIGEST2, "comment"},
        {"DS 1 8 2 " DIGEST2, ".", TYPE_DS, "1 8 2 " DIGEST2, "no owner: the root"},
        {". CLASS1 TYPE43 \\# 24 00010f01 " DIGEST1, ".", TYPE_DS, "1 15 1 " DIGEST1, "RFC 3597"},
        {"ds. DS 1 8 2 " DIGEST2, "ds.", TYPE_DS, "1 8 2 " DIGEST2, "a zone that is called like a type"},
        {". DS 2854 208 1 " DIGEST1, ".", TYPE_DS, "2854 208 1 " DIGEST1, "an unknown algorithm"},
        {". DS 1 8 99 00", ".", TYPE_DS, "1 8 99 00", "an unknown digest"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        name_t zone[NAME_MAX_LEN];
        struct anchors *a = anchors_new();
        char why[200];
        struct text complaint;
        text_init_fixed(&complaint, why, sizeof why);
        if (add(a, rows[i].text, &complaint))
            fail_msg("%s (%s): %s", rows[i].text, rows[i].why, why);
        assert_int_equal(a->count, 1);
        assert_true(name_same_case(a->items[0].zone, name_of(zone, rows[i].zone)));
        rdata_is(&a->items[0], rows[i].type, rows[i].rdata);
        anchors_free(a);
    }
}

static void adds_all_records_of_a_text_and_none_twice(void **state)
{
    struct anchors *a = anchors_new();
    assert_int_equal(add(a,
                         "; two zones\n"
                         "a. DS 1 8 2 " DIGEST2 "\n"
                         "a. IN DS 1 8 2 " DIGEST2 " ; the same\n"
                         "A. DS 2 8 1 " DIGEST1 "\n"
                         "\n"
                         "b. DNSKEY 257 3 7 " KEY "\n"
                         "a. DNSKEY 257 3 7 (\n" KEY "\n)",
                         NULL),
        ERR_OK);
    assert_int_equal(a->count, 2);
    assert_int_equal(a->items[0].ds.count, 2);
    assert_int_equal(a->items[0].keys.count, 1);
    assert_int_equal(a->items[1].ds.count, 0);
    assert_int_equal(a->items[1].keys.count, 1);
    anchors_free(a);
}

static void says_what_is_wrong_with_a_text(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"", "holds no record"},
        {" ; nothing\n", "holds no record"},
        {"example. A 192.0.2.1", "neither a DS nor a DNSKEY"},
        {"example.", "neither a DS nor a DNSKEY"},
        {"example. CH DS 1 8 2 " DIGEST2, "class other than IN"},
        {"IN DS 1 8 2 " DIGEST2, "begins with its class"},
        {"a..b DS 1 8 2 " DIGEST2, "does not begin with a name"},
        {"\"a\" DS 1 8 2 " DIGEST2, "does not begin with a name"},
        {"a. DS 1 8 2 xyz", "not of the form OWNER DS"},
        {"a. DS 1 8 2", "not of the form OWNER DS"},
        {"a. DS 1 8 2 " DIGEST1, "a digest of 20 octets: those of type 2 have 32"},
        {"a. DS 1 8 1 " DIGEST2, "a digest of 32 octets: those of type 1 have 20"},
        {"a. DNSKEY 257 3 8", "not of the form OWNER DNSKEY"},
        {"a. DNSKEY \\# 4 01010308", "not of the form OWNER DNSKEY"},
        {"a. DNSKEY 257 3 8 !!!", "not of the form OWNER DNSKEY"},
        {"a. DNSKEY 0 3 8 AwEAAQ==", "no key of a zone"},
        {"a. DNSKEY 385 3 8 AwEAAQ==", "revoked"},
        {"a. DNSKEY 257 2 8 AwEAAQ==", "protocol"},
        {"a. DNSKEY 257 3 8 ( AwEAAQ==", "not of the form OWNER DNSKEY"},
        {"a. DS 1 8 2 " DIGEST2 "\nb. DS", "not of the form OWNER DS"},
        {") a.", "parenthesis"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct anchors *a = anchors_new();
        char why[200];
        struct text complaint;
        text_init_fixed(&complaint, why, sizeof why);
        assert_int_equal(add(a, rows[i].text, &complaint), ERR_FORMAT);
        if (!strstr(why, rows[i].says))
            fail_msg("\"%s\" is said of: %s", why, rows[i].text);
        assert_int_equal(add(a, rows[i].text, NULL), ERR_FORMAT);
        anchors_free(a);
    }
}

static void has_both_keys_of_the_root_built_in(void **state)
{
    struct anchors *a = anchors_new();
    anchors_add_builtin(a);
    assert_int_equal(a->count, 1);
    assert_true(name_is_root(a->items[0].zone));
    assert_int_equal(a->items[0].ds.count, 2);
    const uint8_t *first = a->items[0].ds.rdata[0].data, *second = a->items[0].ds.rdata[1].data;
    assert_int_equal(get_u16(first), 20326);
    assert_int_equal(get_u16(second), 38696);
    assert_int_equal(first[2], ALGORITHM_RSASHA256);
    assert_int_equal(a->items[0].ds.rdata[1].len, 4 + 32);
    anchors_free(a);
}

/* Three zones inside each other, one of an algorithm that is not verified, and negative ones. */
static void finds_what_is_nearest_above_a_name(void **state)
{
    struct dnssec_policy policy;
    dnssec_policy_default(&policy);
    struct anchors *a = anchors_new();
    name_t buf[NAME_MAX_LEN];
    assert_int_equal(add(a,
                         ". DS 1 8 2 " DIGEST2 "\n"
                         "example.com. DS 2 8 2 " DIGEST2 "\n"
                         "unknown.example.com. DS 3 200 2 " DIGEST2 "\n"
                         "both.test. DS 4 8 2 " DIGEST2,
                         NULL),
        ERR_OK);
    anchors_add_negative(a, name_of(buf, "bad.example.com."), INT64_MAX);
    anchors_add_negative(a, name_of(buf, "test."), 1000);
    anchors_add_negative(a, name_of(buf, "Both.Test."), 1000);
    anchors_settle(a, &policy);
    static const struct {
        const char *name;
        int64_t wall_s;
        enum trust trust;
        const char *zone, *why;
    } rows[] = {
        {".", 0, TRUST_ANCHOR, ".", ""},
        {"www.example.", 0, TRUST_ANCHOR, ".", ""},
        {"example.com.", 0, TRUST_ANCHOR, "example.com.", ""},
        {"www.EXAMPLE.com.", 0, TRUST_ANCHOR, "example.com.", "in any case"},
        {"notexample.com.", 0, TRUST_ANCHOR, ".", "whole labels"},
        {"x.unknown.example.com.", 0, TRUST_ANCHOR, "example.com.", "unsupported ones do not count"},
        {"bad.example.com.", 0, TRUST_NEGATIVE, "bad.example.com.", "deeper"},
        {"x.bad.example.com.", 1 << 30, TRUST_NEGATIVE, "bad.example.com.", "for ever"},
        {"a.test.", 999, TRUST_NEGATIVE, "test.", ""},
        {"a.test.", 1000, TRUST_ANCHOR, ".", "its time is over"},
        {"a.both.test.", 999, TRUST_NEGATIVE, "both.test.", "negative wins at equal depth"},
        {"a.both.test.", 1000, TRUST_ANCHOR, "both.test.", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct anchor *anchor;
        const struct negative_anchor *negative;
        name_t zone[NAME_MAX_LEN];
        name_of(zone, rows[i].zone);
        enum trust trust = anchors_closest(a, name_of(buf, rows[i].name), rows[i].wall_s, &anchor, &negative);
        if (trust != rows[i].trust || (trust == TRUST_ANCHOR) != (anchor != NULL) ||
            (trust == TRUST_NEGATIVE) != (negative != NULL) ||
            !name_equal(anchor ? anchor->zone : negative->zone, zone))
            fail_msg("%s at %lld (%s)", rows[i].name, (long long)rows[i].wall_s, rows[i].why);
    }
    assert_int_equal(anchors_closest(NULL, NAME_ROOT, 0, NULL, NULL), TRUST_NONE);
    anchors_free(a);
}

static void an_anchor_of_unsupported_keys_alone_is_none(void **state)
{
    static const struct {
        const char *text;
        bool unsupported;
    } rows[] = {
        {"a. DS 1 8 2 " DIGEST2, false},
        {"a. DS 1 200 2 " DIGEST2, true},
        {"a. DS 1 8 3 " DIGEST2, true},
        {"a. DS 1 8 3 " DIGEST2 "\na. DS 1 8 2 " DIGEST2, false},
        {"a. DNSKEY 257 3 200 AwEAAQ==", true},
        {"a. DNSKEY 257 3 15 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", false},
        {"a. DNSKEY 257 3 8 AwEAAcUlFV1vhmqx", true}, /* RSA of 72 bits */
        {"a. DNSKEY 257 3 8 AwEAAcUlFV1vhmqx\na. DS 1 8 2 " DIGEST2, false},
    };
    struct dnssec_policy policy;
    dnssec_policy_default(&policy);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct anchors *a = anchors_new();
        name_t buf[NAME_MAX_LEN];
        assert_int_equal(add(a, rows[i].text, NULL), ERR_OK);
        anchors_settle(a, &policy);
        assert_int_equal(a->items[0].unsupported, rows[i].unsupported);
        assert_int_equal(anchors_closest(a, name_of(buf, "a."), 0, NULL, NULL),
            rows[i].unsupported ? TRUST_NONE : TRUST_ANCHOR);
        anchors_free(a);
    }
}

static void the_least_rsa_key_is_a_setting(void **state)
{
    struct dnssec_policy policy;
    dnssec_policy_default(&policy);
    struct anchors *a = anchors_new();
    assert_int_equal(add(a, "a. DNSKEY 257 3 8 AwEAAUUlFV1vhmqx", NULL), ERR_OK); /* RSA of 63 bits */
    policy.rsa_bits_min = 63;
    anchors_settle(a, &policy);
    assert_false(a->items[0].unsupported);
    policy.rsa_bits_min = 64;
    anchors_settle(a, &policy);
    assert_true(a->items[0].unsupported);
    anchors_free(a);
}

static void tags_are_in_order_and_each_is_there_once(void **state)
{
    struct anchors *a = anchors_new();
    const struct anchor *root;
    uint16_t tags[ANCHOR_TAGS_MAX + 1];
    anchors_add_builtin(a);
    assert_int_equal(add(a, ". DS 20326 8 1 " DIGEST1 "\n. DNSKEY 257 3 8 " KEY "\n", NULL), ERR_OK);
    assert_int_equal(anchors_closest(a, NAME_ROOT, 0, &root, NULL), TRUST_ANCHOR);
    unsigned count = anchor_tags(root, tags);
    assert_int_equal(count, 3);
    for (unsigned i = 1; i < count; i++)
        assert_true(tags[i - 1] < tags[i]);
    for (unsigned i = 0; i < 2 * ANCHOR_TAGS_MAX; i++) {
        char text[100];
        snprintf(text, sizeof text, ". DS %u 8 1 " DIGEST1, 2 * ANCHOR_TAGS_MAX - i);
        assert_int_equal(add(a, text, NULL), ERR_OK);
    }
    tags[ANCHOR_TAGS_MAX] = 7777;
    assert_int_equal(anchor_tags(root, tags), ANCHOR_TAGS_MAX);
    assert_int_equal(tags[ANCHOR_TAGS_MAX], 7777);
    anchors_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_form_that_master_files_have),
        cmocka_unit_test(adds_all_records_of_a_text_and_none_twice),
        cmocka_unit_test(says_what_is_wrong_with_a_text),
        cmocka_unit_test(has_both_keys_of_the_root_built_in),
        cmocka_unit_test(finds_what_is_nearest_above_a_name),
        cmocka_unit_test(an_anchor_of_unsupported_keys_alone_is_none),
        cmocka_unit_test(the_least_rsa_key_is_a_setting),
        cmocka_unit_test(tags_are_in_order_and_each_is_there_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
