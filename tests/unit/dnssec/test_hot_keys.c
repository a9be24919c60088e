/* Keys of P-256 that sign much: when they are made ready, what that changes, and what it costs. */
#include "dnssec/hot_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dns/rdata.h"
#include "dns/rrtype.h"
#include "dnssec/verify.h"
#include "sign_rrset.h"

#define NOW 1600000000u
/* Good signatures until a key is ready; before the first, the base point's multiples are made. */
#define UNTIL_READY (HOT_KEY_AFTER + P256_STEPS)
#define UNTIL_FIRST_READY (UNTIL_READY + P256_STEPS)

static const name_t OWNER[] = "\3www\7example", ZONE[] = "\7example";

struct subject {
    struct arena arena;
    struct verifier *verifier;
    struct dnssec_policy policy;
    struct sign_key *key;
    struct rrset keys;
    unsigned signed_sets;
};

static int set_up(void **state)
{
    static const struct hash_key HASH = {1, 2};
    static struct subject s;
    s = (struct subject){.verifier = verifier_new(64, 16, &HASH), .key = sign_key_new(SIGN_ZSK, 13, 1)};
    arena_init(&s.arena);
    dnssec_policy_default(&s.policy);
    s.keys = (struct rrset){
        .owner = ZONE, .type = TYPE_DNSKEY, .class = CLASS_IN, .count = 1, .rdata = &s.key->dnskey};
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    struct subject *s = *state;
    verifier_free(s->verifier);
    sign_key_free(s->key);
    arena_fini(&s->arena);
    return 0;
}

/* Another RRset each time. */
static enum verdict check(struct subject *s, bool flip)
{
    uint8_t address[4] = {10, 0, (uint8_t)(s->signed_sets >> 8), (uint8_t)s->signed_sets};
    struct rdata record = {.data = address, .len = 4}, sig;
    struct rrset set = {.owner = OWNER,
        .type = TYPE_A,
        .class = CLASS_IN,
        .ttl = 3600,
        .count = 1,
        .rdata = &record,
        .sig_count = 1,
        .sigs = &sig};
    struct rrset_check c;
    struct budget budget = {0};
    unsigned slice = 10;
    s->signed_sets++;
    sig = sign_rrset(&set,
        &(struct sign_how){
            .key = s->key, .signer = ZONE, .inception = NOW - 9, .expiry = NOW + 86400, .flip = flip},
        &s->arena);
    rrset_check_init(
        &c, &set, ZONE, &s->keys, &s->policy, (now_t){.cache_s = 5, .wall_s = NOW, .wall_known = true});
    assert_true(rrset_check_run(&c, s->verifier, &budget, &slice));
    return c.verdict;
}

static const struct verifier_counters *counters(struct subject *s)
{
    return verifier_counters(s->verifier);
}

static void a_key_is_ready_after_so_many_good_signatures(void **state)
{
    struct subject *s = *state;
    for (unsigned i = 0; i < UNTIL_FIRST_READY; i++) {
        assert_int_equal(check(s, false), VERDICT_SECURE);
        assert_int_equal(counters(s)->hot, 0);
        assert_int_equal(counters(s)->keys_hot, i >= HOT_KEY_AFTER);
    }
    for (unsigned i = 1; i <= 5; i++) {
        assert_int_equal(check(s, false), VERDICT_SECURE);
        assert_int_equal(counters(s)->hot, i);
    }
    assert_int_equal(counters(s)->verified[13], UNTIL_FIRST_READY + 5);
    assert_int_equal(counters(s)->failed, 0);
}

static void a_ready_key_refuses_what_is_wrong(void **state)
{
    struct subject *s = *state;
    for (unsigned i = 0; i < UNTIL_FIRST_READY; i++)
        check(s, false);
    assert_int_equal(check(s, true), VERDICT_BOGUS);
    assert_int_equal(counters(s)->failed, 1);
    assert_int_equal(counters(s)->hot, 0);
    assert_int_equal(check(s, false), VERDICT_SECURE);
    assert_int_equal(counters(s)->hot, 1);
}

static void bad_signatures_make_nothing_ready(void **state)
{
    struct subject *s = *state;
    for (unsigned i = 0; i < 4 * UNTIL_FIRST_READY; i++)
        assert_int_equal(check(s, true), VERDICT_BOGUS);
    assert_int_equal(counters(s)->keys_hot, 0);
}

static void the_setting_switches_it_off(void **state)
{
    struct subject *s = *state;
    s->policy.prepare_keys = false;
    for (unsigned i = 0; i < 2 * UNTIL_FIRST_READY; i++)
        assert_int_equal(check(s, false), VERDICT_SECURE);
    assert_int_equal(counters(s)->keys_hot, 0);
    assert_int_equal(counters(s)->hot, 0);
}

/* ---- how many ---- */

static const uint8_t *point_of(struct subject *s)
{
    return s->key->dnskey.data + 4;
}

static void the_longest_unused_key_makes_room(void **state)
{
    struct subject *s = *state;
    static struct hot_key keys[HOT_KEYS_MAX + 1];
    struct hot_keys h = {0};
    memset(keys, 0, sizeof keys);
    for (unsigned i = 0; i < HOT_KEYS_MAX; i++)
        for (unsigned j = 0; j < HOT_KEY_AFTER + 1; j++)
            hot_key_signed(&h, &keys[i], point_of(s));
    assert_int_equal(h.count, HOT_KEYS_MAX);
    hot_key_signed(&h, &keys[0], point_of(s)); /* now the second is the oldest */
    for (unsigned j = 0; j < HOT_KEY_AFTER; j++)
        hot_key_signed(&h, &keys[HOT_KEYS_MAX], point_of(s));
    assert_non_null(keys[1].multiples);
    hot_key_signed(&h, &keys[HOT_KEYS_MAX], point_of(s));
    assert_int_equal(h.count, HOT_KEYS_MAX);
    assert_non_null(keys[0].multiples);
    assert_null(keys[1].multiples);
    assert_int_equal(keys[1].good, 0); /* it begins anew */
    hot_keys_fini(&h);
    assert_null(keys[HOT_KEYS_MAX].multiples);
}

static void a_key_that_is_forgotten_takes_its_multiples_along(void **state)
{
    struct subject *s = *state;
    struct hot_key key = {0}, other = {0};
    struct hot_keys h = {0};
    for (unsigned j = 0; j < UNTIL_FIRST_READY; j++)
        hot_key_signed(&h, &key, point_of(s));
    assert_true(hot_key_is_ready(&h, &key));
    hot_key_fini(&h, &other);
    assert_int_equal(h.count, 1);
    hot_key_fini(&h, &key);
    assert_int_equal(h.count, 0);
    assert_false(hot_key_is_ready(&h, &key));
    for (unsigned j = 0; j < UNTIL_READY; j++) /* the base is ready already */
        hot_key_signed(&h, &key, point_of(s));
    assert_true(hot_key_is_ready(&h, &key));
    hot_keys_fini(&h);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_key_is_ready_after_so_many_good_signatures),
        T(a_ready_key_refuses_what_is_wrong),
        T(bad_signatures_make_nothing_ready),
        T(the_setting_switches_it_off),
        T(the_longest_unused_key_makes_room),
        T(a_key_that_is_forgotten_takes_its_multiples_along),
    };
    return cmocka_run_group_tests_name("hot_keys", tests, NULL, NULL);
}
