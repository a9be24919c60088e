/* Prepared keys of P-256 against OpenSSL's own verification: both say the same, whatever the numbers.
 * P256_CASES: how many signatures (2,000; 100,000 by ./dev nightly). */
#include "dnssec/p256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>

#include "base/random.h"
#include "dnssec/pubkey.h"

#define KEYS 40u /* the cases are shared among them */

/* A key whose private part is known, and what is said of its signatures. */
struct signer {
    BIGNUM *d;
    uint8_t point[P256_POINT_LEN];
    struct p256_key *ready;
    struct pubkey *pubkey; /* without multiples */
    EVP_PKEY *evp;
    EVP_PKEY_CTX *evp_ctx;
};

struct signature {
    uint8_t octets[32]; /* signed; no digest is foreseen, so: */
    uint8_t digest[P256_DIGEST_LEN], rs[P256_POINT_LEN];
};

static EC_GROUP *group;
static const BIGNUM *n;
static BIGNUM *p;
static BN_CTX *ctx;
static struct random *rng;
static struct digests digests;
static struct p256_room *room;

static int set_up(void **state)
{
    static const uint8_t seed[32] = "multiples";
    group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    n = EC_GROUP_get0_order(group);
    p = BN_new();
    ctx = BN_CTX_new();
    EC_GROUP_get_curve(group, p, NULL, NULL, ctx);
    rng = random_new(seed);
    digests_init(&digests);
    room = p256_room_new();
    return 0;
}

static int tear_down(void **state)
{
    p256_room_free(room);
    digests_fini(&digests);
    random_free(rng);
    BN_CTX_free(ctx);
    BN_free(p);
    EC_GROUP_free(group);
    return 0;
}

/* ---- numbers ---- */

static BIGNUM *random_number(void)
{
    uint8_t octets[32];
    random_octets(rng, octets, sizeof octets);
    return BN_bin2bn(octets, sizeof octets, NULL);
}

/* From 1 to n − 1. */
static BIGNUM *random_factor(void)
{
    BIGNUM *a = random_number();
    BN_mod(a, a, n, ctx);
    if (BN_is_zero(a))
        BN_one(a);
    return a;
}

/* ---- signatures ---- */

static void point_octets(const EC_POINT *q, uint8_t out[P256_POINT_LEN])
{
    uint8_t octets[1 + P256_POINT_LEN];
    assert_int_equal(EC_POINT_point2oct(group, q, POINT_CONVERSION_UNCOMPRESSED, octets, sizeof octets, ctx),
        sizeof octets);
    memcpy(out, octets + 1, P256_POINT_LEN);
}

static void make_evp(struct signer *s)
{
    uint8_t octets[1 + P256_POINT_LEN] = {4};
    char name[] = "P-256";
    memcpy(octets + 1, s->point, P256_POINT_LEN);
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, octets, sizeof octets),
        OSSL_PARAM_construct_end()};
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    assert_int_equal(EVP_PKEY_fromdata_init(maker), 1);
    assert_int_equal(EVP_PKEY_fromdata(maker, &s->evp, EVP_PKEY_PUBLIC_KEY, params), 1);
    EVP_PKEY_CTX_free(maker);
    s->evp_ctx = EVP_PKEY_CTX_new_from_pkey(NULL, s->evp, NULL);
    assert_int_equal(EVP_PKEY_verify_init(s->evp_ctx), 1);
}

static void signer_of_point(struct signer *s, const EC_POINT *q)
{
    *s = (struct signer){0};
    point_octets(q, s->point);
    s->ready = p256_key_new(s->point);
    assert_non_null(s->ready);
    struct dnskey key = {.flags = 256,
        .protocol = 3,
        .algorithm = ALGORITHM_ECDSAP256SHA256,
        .key = s->point,
        .key_len = P256_POINT_LEN};
    s->pubkey = pubkey_new(&key, &digests);
    assert_non_null(s->pubkey);
    make_evp(s);
}

static void signer_init(struct signer *s, BIGNUM *d)
{
    EC_POINT *q = EC_POINT_new(group);
    EC_POINT_mul(group, q, d, NULL, NULL, ctx);
    signer_of_point(s, q);
    s->d = d;
    EC_POINT_free(q);
}

static void signer_fini(struct signer *s)
{
    BN_free(s->d);
    p256_key_free(s->ready);
    pubkey_free(s->pubkey);
    EVP_PKEY_CTX_free(s->evp_ctx);
    EVP_PKEY_free(s->evp);
}

static void take_digest(struct signature *g)
{
    assert_true(digests_sha256(&digests, g->octets, sizeof g->octets, g->digest));
}

/* FIPS 186-4 6.4, with a nonce that anybody could find out. */
static void sign(const struct signer *s, struct signature *g)
{
    BIGNUM *k = random_factor(), *r = BN_new(), *t = BN_new(), *e;
    EC_POINT *point = EC_POINT_new(group);
    random_octets(rng, g->octets, sizeof g->octets);
    take_digest(g);
    e = BN_bin2bn(g->digest, sizeof g->digest, NULL);
    EC_POINT_mul(group, point, k, NULL, NULL, ctx);
    EC_POINT_get_affine_coordinates(group, point, r, NULL, ctx);
    BN_nnmod(r, r, n, ctx);
    BN_mod_mul(t, r, s->d, n, ctx);
    BN_mod_add(t, t, e, n, ctx);
    BN_mod_inverse(k, k, n, ctx);
    BN_mod_mul(t, t, k, n, ctx);
    BN_bn2binpad(r, g->rs, 32);
    BN_bn2binpad(t, g->rs + 32, 32);
    EC_POINT_free(point);
    BN_free(k);
    BN_free(r);
    BN_free(t);
    BN_free(e);
}

static bool openssl_says(const struct signer *s, const struct signature *g)
{
    uint8_t *der = NULL;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    ECDSA_SIG_set0(sig, BN_bin2bn(g->rs, 32, NULL), BN_bin2bn(g->rs + 32, 32, NULL));
    int len = i2d_ECDSA_SIG(sig, &der);
    assert_true(len > 0);
    bool good = EVP_PKEY_verify(s->evp_ctx, der, (size_t)len, g->digest, sizeof g->digest) == 1;
    ERR_clear_error();
    OPENSSL_free(der);
    ECDSA_SIG_free(sig);
    return good;
}

/* By the curve alone, which must find all that is good, and as the verifier asks, with EVP behind it. */
static void assert_others_say(const struct signer *s, const struct signature *g, bool is_good)
{
    struct p256_point *point = p256_point_new(room, s->point);
    assert_int_equal(p256_point_is_good(room, point, g->digest, g->rs), is_good);
    p256_point_free(point);
    assert_int_equal(pubkey_verify(s->pubkey, g->octets, sizeof g->octets, g->rs, sizeof g->rs), is_good);
}

static bool ready_says(const struct signer *s, const struct signature *g)
{
    return p256_is_good(room, s->ready, g->digest, g->rs);
}

/* Half of the signature becomes one of the numbers at which something ends. */
static void put_edge(uint8_t half[32])
{
    BIGNUM *a = BN_new();
    unsigned which = random_below(rng, 10);
    int more = (int)random_below(rng, 3) - 1;
    if (which < 3)
        BN_copy(a, n);
    else if (which < 5)
        BN_sub(a, p, n);
    else if (which < 6)
        BN_copy(a, p);
    else if (which < 7)
        BN_set_bit(a, 255);
    else if (which < 8)
        BN_one(a);
    else if (which < 9) /* the other signature that is as good */
        BN_sub(a, n, BN_bin2bn(half, 32, a));
    if (more > 0)
        BN_add_word(a, 1);
    else if (more < 0 && !BN_is_zero(a))
        BN_sub_word(a, 1);
    if (BN_is_negative(a) || BN_num_bits(a) > 256)
        memset(half, 0xff, 32);
    else
        BN_bn2binpad(a, half, 32);
    BN_free(a);
}

static void spoil(struct signature *g)
{
    unsigned bit = random_below(rng, 256);
    switch (random_below(rng, 8)) {
    case 0:
    case 1:
    case 2:
        break; /* good as it is */
    case 3:
        g->octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
        take_digest(g);
        break;
    case 4:
        g->rs[bit / 8] ^= (uint8_t)(1u << bit % 8);
        break;
    case 5:
        g->rs[32 + bit / 8] ^= (uint8_t)(1u << bit % 8);
        break;
    case 6:
        put_edge(g->rs + 32 * random_below(rng, 2));
        break;
    case 7:
        put_edge(g->rs);
        put_edge(g->rs + 32);
        break;
    }
}

static void says_what_openssl_says(void **state)
{
    const char *told = getenv("P256_CASES");
    unsigned cases = told ? (unsigned)strtoul(told, NULL, 10) : 2000, good = 0;
    assert_true(cases >= KEYS);
    for (unsigned i = 0; i < KEYS; i++) {
        struct signer s;
        signer_init(&s, random_factor());
        for (unsigned j = 0; j < cases / KEYS; j++) {
            struct signature g;
            sign(&s, &g);
            spoil(&g);
            bool is_good = openssl_says(&s, &g);
            assert_int_equal(ready_says(&s, &g), is_good);
            assert_others_say(&s, &g, is_good);
            good += is_good;
        }
        signer_fini(&s);
    }
    assert_in_range(good, cases / 4, cases / 2);
}

/* u1·G and u2·Q are then equal or opposite now and then, or one of them has a small factor. */
static void says_the_same_of_keys_that_are_the_base_s_multiples(void **state)
{
    for (int d = -9; d <= 9; d++) {
        struct signer s;
        BIGNUM *private = BN_new();
        if (d == 0 || !BN_set_word(private, (BN_ULONG)abs(d))) {
            BN_free(private);
            continue;
        }
        if (d < 0)
            BN_sub(private, n, private);
        signer_init(&s, private);
        for (unsigned j = 0; j < 50; j++) {
            struct signature g;
            sign(&s, &g);
            spoil(&g);
            assert_int_equal(ready_says(&s, &g), openssl_says(&s, &g));
            assert_others_say(&s, &g, openssl_says(&s, &g));
        }
        signer_fini(&s);
    }
}

/* e and r alike under the key that is the base point: the two points are one, so it is doubled. */
static void adds_a_point_to_itself(void **state)
{
    struct signer s;
    signer_init(&s, BN_dup(BN_value_one()));
    for (unsigned i = 0; i < 20; i++) {
        struct signature g = {0};
        random_octets(rng, g.octets, sizeof g.octets);
        take_digest(&g);
        BIGNUM *e = BN_bin2bn(g.digest, sizeof g.digest, NULL), *factor = random_factor();
        BN_nnmod(e, e, n, ctx);
        BN_bn2binpad(e, g.rs, 32);
        BN_bn2binpad(factor, g.rs + 32, 32);
        assert_int_equal(ready_says(&s, &g), openssl_says(&s, &g));
        assert_others_say(&s, &g, openssl_says(&s, &g));
        BN_free(e);
        BN_free(factor);
    }
    signer_fini(&s);
}

static void takes_no_point_that_is_not_on_the_curve(void **state)
{
    uint8_t point[P256_POINT_LEN] = {0};
    assert_null(p256_key_new(point));
    assert_null(p256_point_new(room, point));
    memset(point, 0xff, sizeof point);
    assert_null(p256_key_new(point));
    assert_null(p256_point_new(room, point));
    point_octets(EC_GROUP_get0_generator(group), point);
    point[63] ^= 1;
    assert_null(p256_key_new(point));
    assert_null(p256_point_new(room, point));
}

/* The key of which that is a signature: (s·R − e·G)/r. */
static void signer_that_signed(
    struct signer *s, const EC_POINT *r_point, const BIGNUM *r, const BIGNUM *factor, const BIGNUM *e)
{
    EC_POINT *q = EC_POINT_new(group);
    BIGNUM *minus_e = BN_new(), *inverse = BN_mod_inverse(NULL, r, n, ctx);
    BN_mod_sub(minus_e, n, e, n, ctx);
    EC_POINT_mul(group, q, minus_e, r_point, factor, ctx);
    EC_POINT_mul(group, q, NULL, q, inverse, ctx);
    signer_of_point(s, q);
    EC_POINT_free(q);
    BN_free(minus_e);
    BN_free(inverse);
}

/* SEC 1 4.1.4: r is x modulo n, and x may be from n to p − 1, which no random signature shows. */
static void takes_an_x_beyond_the_order(void **state)
{
    unsigned found = 0;
    BIGNUM *x = BN_dup(n), *r = BN_new();
    EC_POINT *point = EC_POINT_new(group);
    for (unsigned i = 0; i < 40; i++, BN_add_word(x, 1)) {
        struct signature g = {0};
        struct signer s;
        if (BN_is_zero(BN_sub(r, x, n) ? r : NULL) ||
            !EC_POINT_set_compressed_coordinates(group, point, x, i & 1, ctx))
            continue;
        BIGNUM *factor = random_factor(), *e;
        random_octets(rng, g.octets, sizeof g.octets);
        take_digest(&g);
        e = BN_bin2bn(g.digest, sizeof g.digest, NULL);
        signer_that_signed(&s, point, r, factor, e);
        BN_bn2binpad(r, g.rs, 32);
        BN_bn2binpad(factor, g.rs + 32, 32);
        assert_true(openssl_says(&s, &g));
        assert_true(ready_says(&s, &g));
        assert_others_say(&s, &g, true);
        BN_bn2binpad(x, g.rs, 32); /* but not x itself */
        assert_false(openssl_says(&s, &g));
        assert_false(ready_says(&s, &g));
        assert_others_say(&s, &g, false);
        found++;
        signer_fini(&s);
        BN_free(factor);
        BN_free(e);
    }
    assert_true(found > 9);
    EC_POINT_free(point);
    BN_free(x);
    BN_free(r);
}

/* u1·G + u2·Q = 0: with Q = d·G, where e = −r·d. */
static void refuses_the_point_at_infinity(void **state)
{
    for (unsigned i = 0; i < 50; i++) {
        struct signature g = {0};
        struct signer s;
        random_octets(rng, g.octets, sizeof g.octets);
        take_digest(&g);
        BIGNUM *e = BN_bin2bn(g.digest, sizeof g.digest, NULL), *r = random_factor(),
               *d = BN_mod_inverse(NULL, r, n, ctx), *factor = random_factor();
        BN_mod_mul(d, d, e, n, ctx);
        BN_sub(d, n, d);
        signer_init(&s, d);
        BN_bn2binpad(r, g.rs, 32);
        BN_bn2binpad(factor, g.rs + 32, 32);
        assert_false(openssl_says(&s, &g));
        assert_false(ready_says(&s, &g));
        assert_others_say(&s, &g, false);
        signer_fini(&s);
        BN_free(e);
        BN_free(r);
        BN_free(factor);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_no_point_that_is_not_on_the_curve),
        cmocka_unit_test(says_what_openssl_says),
        cmocka_unit_test(says_the_same_of_keys_that_are_the_base_s_multiples),
        cmocka_unit_test(adds_a_point_to_itself),
        cmocka_unit_test(takes_an_x_beyond_the_order),
        cmocka_unit_test(refuses_the_point_at_infinity),
    };
    return cmocka_run_group_tests_name("p256", tests, set_up, tear_down);
}
