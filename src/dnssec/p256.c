/* OpenSSL 3 deprecates EC_GROUP_precompute_mult() and EC_POINT_get_Jprojective_coordinates_GFp(), and has
 * nothing in their place; in that of ECDSA_do_verify() and EC_KEY, what costs more. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "dnssec/p256.h"

#include <assert.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/obj_mac.h>

#include "base/mem.h"

#define UNCOMPRESSED 4u /* SEC 1 2.3.3 */

struct p256_key {
    EC_GROUP *curve; /* P-256, but for the generator */
};

struct p256_point {
    EC_POINT *q;
};

struct p256_room {
    EC_GROUP *curve;
    BN_CTX *ctx;
    EC_POINT *of_base, *of_key;
    ECDSA_SIG *signature; /* owns r and s */
    EC_KEY *key;          /* each point's in turn */
    BIGNUM *r, *s, *e, *x, *z;
};

static bool prepare(EC_GROUP *curve, const uint8_t point[P256_POINT_LEN], BN_CTX *ctx)
{
    uint8_t octets[1 + P256_POINT_LEN] = {UNCOMPRESSED};
    memcpy(octets + 1, point, P256_POINT_LEN);
    EC_POINT *q = EC_POINT_new(curve);
    /* Which looks whether it is on the curve. */
    bool ok = q && EC_POINT_oct2point(curve, q, octets, sizeof octets, ctx) == 1 &&
              EC_GROUP_set_generator(curve, q, EC_GROUP_get0_order(curve), BN_value_one()) == 1 &&
              EC_GROUP_precompute_mult(curve, ctx) == 1;
    EC_POINT_free(q);
    return ok;
}

struct p256_key *p256_key_new(const uint8_t point[P256_POINT_LEN])
{
    struct p256_key *k = mem_alloc(sizeof *k);
    BN_CTX *ctx = BN_CTX_new();
    k->curve = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    bool ok = ctx && k->curve && prepare(k->curve, point, ctx);
    BN_CTX_free(ctx);
    if (ok)
        return k;
    p256_key_free(k);
    return NULL;
}

void p256_key_free(struct p256_key *k)
{
    if (!k)
        return;
    EC_GROUP_free(k->curve);
    mem_free(k);
}

struct p256_room *p256_room_new(void)
{
    struct p256_room *room = mem_alloc(sizeof *room);
    room->curve = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    room->ctx = BN_CTX_new();
    room->of_base = EC_POINT_new(room->curve);
    room->of_key = EC_POINT_new(room->curve);
    room->r = BN_new();
    room->s = BN_new();
    room->e = BN_new();
    room->x = BN_new();
    room->z = BN_new();
    room->signature = ECDSA_SIG_new();
    room->key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
    assert(room->ctx && room->of_base && room->of_key && room->e && room->x && room->z && room->key);
    bool owned = room->signature && ECDSA_SIG_set0(room->signature, room->r, room->s) == 1;
    assert(owned);
    return room;
}

void p256_room_free(struct p256_room *room)
{
    if (!room)
        return;
    EC_POINT_free(room->of_base);
    EC_POINT_free(room->of_key);
    ECDSA_SIG_free(room->signature);
    EC_KEY_free(room->key);
    BN_free(room->e);
    BN_free(room->x);
    BN_free(room->z);
    BN_CTX_free(room->ctx);
    EC_GROUP_free(room->curve);
    mem_free(room);
}

static bool is_factor(const BIGNUM *a, const BIGNUM *order)
{
    return !BN_is_zero(a) && BN_cmp(a, order) < 0;
}

/* e and s become what the base point and the key are multiplied by: e/s and r/s. */
static bool take_factors(struct p256_room *m, const uint8_t digest[P256_DIGEST_LEN],
    const uint8_t signature[P256_POINT_LEN], const BIGNUM *order)
{
    return BN_bin2bn(signature, 32, m->r) && BN_bin2bn(signature + 32, 32, m->s) &&
           BN_bin2bn(digest, P256_DIGEST_LEN, m->e) && is_factor(m->r, order) && is_factor(m->s, order) &&
           BN_mod_inverse(m->s, m->s, order, m->ctx) && BN_mod_mul(m->e, m->e, m->s, order, m->ctx) == 1 &&
           BN_mod_mul(m->s, m->r, m->s, order, m->ctx) == 1;
}

/* Is it r times z squared? */
static bool is_multiple(struct p256_room *m, const BIGNUM *field)
{
    return BN_mod_mul(m->e, m->r, m->z, field, m->ctx) == 1 && BN_cmp(m->e, m->x) == 0;
}

/* The sum is (x/z^2, …): that x modulo the order is r, is asked without the division. x may be r + order too,
 * where that is within the field. */
static bool sum_is_r(struct p256_room *m, const BIGNUM *order)
{
    const BIGNUM *field = EC_GROUP_get0_field(m->curve);
    if (EC_POINT_get_Jprojective_coordinates_GFp(m->curve, m->of_base, m->x, NULL, m->z, m->ctx) != 1 ||
        BN_nnmod(m->x, m->x, field, m->ctx) != 1 || BN_mod_sqr(m->z, m->z, field, m->ctx) != 1)
        return false;
    return is_multiple(m, field) ||
           (BN_add(m->r, m->r, order) == 1 && BN_cmp(m->r, field) < 0 && is_multiple(m, field));
}

bool p256_is_good(struct p256_room *m, const struct p256_key *key, const uint8_t digest[P256_DIGEST_LEN],
    const uint8_t signature[P256_POINT_LEN])
{
    const BIGNUM *order = EC_GROUP_get0_order(m->curve);
    return take_factors(m, digest, signature, order) &&
           EC_POINT_mul(m->curve, m->of_base, m->e, NULL, NULL, m->ctx) == 1 &&
           EC_POINT_mul(key->curve, m->of_key, m->s, NULL, NULL, m->ctx) == 1 &&
           EC_POINT_add(m->curve, m->of_base, m->of_base, m->of_key, m->ctx) == 1 &&
           !EC_POINT_is_at_infinity(m->curve, m->of_base) && sum_is_r(m, order);
}

struct p256_point *p256_point_new(struct p256_room *m, const uint8_t point[P256_POINT_LEN])
{
    uint8_t octets[1 + P256_POINT_LEN] = {UNCOMPRESSED};
    struct p256_point *p = mem_alloc(sizeof *p);
    memcpy(octets + 1, point, P256_POINT_LEN);
    p->q = EC_POINT_new(m->curve);
    /* Which looks whether it is on the curve. */
    if (p->q && EC_POINT_oct2point(m->curve, p->q, octets, sizeof octets, m->ctx) == 1)
        return p;
    p256_point_free(p);
    return NULL;
}

void p256_point_free(struct p256_point *p)
{
    if (!p)
        return;
    EC_POINT_free(p->q);
    mem_free(p);
}

bool p256_point_is_good(struct p256_room *m, const struct p256_point *key,
    const uint8_t digest[P256_DIGEST_LEN], const uint8_t signature[P256_POINT_LEN])
{
    return BN_bin2bn(signature, 32, m->r) && BN_bin2bn(signature + 32, 32, m->s) &&
           EC_KEY_set_public_key(m->key, key->q) == 1 &&
           ECDSA_do_verify(digest, P256_DIGEST_LEN, m->signature, m->key) == 1;
}
