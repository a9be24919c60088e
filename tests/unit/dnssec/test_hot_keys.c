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

/* What a driver does between turns. */
static bool fulfil(struct subject *s)
{
    uint8_t wish[VERIFIER_WISH_LEN];
    if (!verifier_wish(s->verifier, wish))
        return false;
    assert_memory_equal(wish, s->key->dnskey.data + 4, sizeof wish);
    assert_false(verifier_wish(s->verifier, wish)); /* one at a time */
    verifier_fulfil(s->verifier, verifier_prepare(wish));
    return true;
}

static void sign_until_it_is_hot(struct subject *s)
{
    for (unsigned i = 0; i < HOT_KEY_AFTER; i++) {
        assert_false(fulfil(s));
        assert_int_equal(check(s, false), VERDICT_SECURE);
    }
    assert_int_equal(counters(s)->hot, 0);
}

static void a_key_is_ready_after_so_many_good_signatures(void **state)
{
    struct subject *s = *state;
    sign_until_it_is_hot(s);
    assert_int_equal(check(s, false), VERDICT_SECURE); /* nobody has made it ready yet */
    assert_int_equal(counters(s)->hot, 0);
    assert_true(fulfil(s));
    assert_int_equal(counters(s)->keys_hot, 1);
    for (unsigned i = 1; i <= 5; i++) {
        assert_int_equal(check(s, false), VERDICT_SECURE);
        assert_int_equal(counters(s)->hot, i);
    }
    assert_false(fulfil(s));
    assert_int_equal(counters(s)->verified[13], HOT_KEY_AFTER + 6);
    assert_int_equal(counters(s)->failed, 0);
}

static void a_ready_key_refuses_what_is_wrong(void **state)
{
    struct subject *s = *state;
    sign_until_it_is_hot(s);
    fulfil(s);
    assert_int_equal(check(s, true), VERDICT_BOGUS);
    assert_int_equal(counters(s)->failed, 1);
    assert_int_equal(check(s, false), VERDICT_SECURE);
    assert_int_equal(counters(s)->hot, 2);
}

static void bad_signatures_make_nothing_ready(void **state)
{
    struct subject *s = *state;
    for (unsigned i = 0; i < 2 * HOT_KEY_AFTER; i++)
        assert_int_equal(check(s, true), VERDICT_BOGUS);
    assert_false(fulfil(s));
}

static void the_setting_switches_it_off(void **state)
{
    struct subject *s = *state;
    s->policy.prepare_keys = false;
    for (unsigned i = 0; i < 2 * HOT_KEY_AFTER; i++)
        assert_int_equal(check(s, false), VERDICT_SECURE);
    assert_false(fulfil(s));
}

static void what_could_not_be_made_ready_is_wished_for_again(void **state)
{
    struct subject *s = *state;
    uint8_t wish[VERIFIER_WISH_LEN];
    sign_until_it_is_hot(s);
    assert_true(verifier_wish(s->verifier, wish));
    verifier_fulfil(s->verifier, NULL);
    assert_false(verifier_wish(s->verifier, wish));
    assert_int_equal(check(s, false), VERDICT_SECURE);
    assert_true(fulfil(s));
    assert_int_equal(counters(s)->keys_hot, 1);
}

/* ---- how many ---- */

static void the_longest_unused_key_makes_room(void **state)
{
    struct subject *s = *state;
    const uint8_t *point = s->key->dnskey.data + 4;
    uint8_t digest[P256_DIGEST_LEN] = {1}, signature[P256_POINT_LEN] = {0};
    static struct hot_key keys[HOT_KEYS_MAX + 1];
    struct hot_keys h = {0};
    memset(keys, 0, sizeof keys);
    for (unsigned i = 0; i < HOT_KEYS_MAX; i++)
        hot_key_is_made(&h, &keys[i], p256_key_new(point));
    assert_int_equal(h.count, HOT_KEYS_MAX);
    assert_false(hot_key_is_good(&h, &keys[0], digest, signature)); /* now the second is the oldest */
    hot_key_is_made(&h, &keys[HOT_KEYS_MAX], p256_key_new(point));
    assert_int_equal(h.count, HOT_KEYS_MAX);
    assert_non_null(keys[0].ready);
    assert_null(keys[1].ready);
    assert_int_equal(keys[1].good, 0); /* it begins anew */
    hot_key_fini(&h, &keys[0]);
    assert_int_equal(h.count, HOT_KEYS_MAX - 1);
    hot_keys_fini(&h);
    assert_null(keys[HOT_KEYS_MAX].ready);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_key_is_ready_after_so_many_good_signatures),
        T(a_ready_key_refuses_what_is_wrong),
        T(bad_signatures_make_nothing_ready),
        T(the_setting_switches_it_off),
        T(what_could_not_be_made_ready_is_wished_for_again),
        T(the_longest_unused_key_makes_room),
    };
    return cmocka_run_group_tests_name("hot_keys", tests, NULL, NULL);
}
