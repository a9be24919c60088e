#include "dnssec/pubkey.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/mem.h"
#include "defs/limits.h"

#define ED25519_KEY_LEN 32u /* RFC 8080 3 */
#define ED448_KEY_LEN 57u   /* RFC 8080 3 */
#define COORDINATE_MAX 48u  /* P-384 */
#define DER_MAX (2 + 2 * (2 + 1 + COORDINATE_MAX))

/* Two forms: with `whole` (EdDSA) OpenSSL takes the octets as they are; without, digest and signature are
 * checked apart, so that nothing is set up for a check. */
struct pubkey {
    EVP_PKEY *pkey;
    EVP_PKEY_CTX *context;
    EVP_MD_CTX *whole;
    const struct digests *digests;
    const EVP_MD *digest;
    size_t coordinate_len;    /* ECDSA */
    struct p256_point *point; /* of P-256, which needs nothing else of these */
};

static EVP_PKEY *pkey_of_params(const char *kind, int parts, const OSSL_PARAM *params)
{
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
    if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, parts, (OSSL_PARAM *)(uintptr_t)params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

static EVP_PKEY *curve_new(const char *group)
{
    char name[16];
    size_t len = strlen(group);
    memcpy(name, group, len + 1);
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, len), OSSL_PARAM_construct_end()};
    return pkey_of_params("EC", EVP_PKEY_KEY_PARAMETERS, params);
}

void digests_init(struct digests *d)
{
    *d = (struct digests){.sha1 = EVP_MD_fetch(NULL, "SHA1", NULL),
        .sha256 = EVP_MD_fetch(NULL, "SHA256", NULL),
        .sha384 = EVP_MD_fetch(NULL, "SHA384", NULL),
        .sha512 = EVP_MD_fetch(NULL, "SHA512", NULL),
        .work = EVP_MD_CTX_new(),
        .room = p256_room_new(),
        .p384 = curve_new("P-384")};
}

void digests_fini(struct digests *d)
{
    EVP_MD_free(d->sha1);
    EVP_MD_free(d->sha256);
    EVP_MD_free(d->sha384);
    EVP_MD_free(d->sha512);
    EVP_MD_CTX_free(d->work);
    p256_room_free(d->room);
    EVP_PKEY_free(d->p384);
}

static bool take_digest(
    const struct digests *d, const EVP_MD *kind, const uint8_t *octets, size_t len, uint8_t *out)
{
    return EVP_DigestInit_ex2(d->work, kind, NULL) == 1 && EVP_DigestUpdate(d->work, octets, len) == 1 &&
           EVP_DigestFinal_ex(d->work, out, NULL) == 1;
}

bool digests_sha256(const struct digests *d, const uint8_t *octets, size_t len, uint8_t out[32])
{
    return take_digest(d, d->sha256, octets, len, out);
}

static EVP_PKEY *rsa_pkey(const struct dnskey *key)
{
    struct rsa_octets rsa;
    if (!dnskey_rsa(key, &rsa) || rsa_modulus_bits(&rsa) > RSA_BITS_MAX ||
        rsa_exponent_bits(&rsa) > RSA_EXPONENT_BITS_MAX)
        return NULL;
    BIGNUM *n = BN_bin2bn(rsa.modulus, (int)rsa.modulus_len, NULL);
    BIGNUM *e = BN_bin2bn(rsa.exponent, (int)rsa.exponent_len, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY *pkey = NULL;
    if (n && e && build && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e))
        params = OSSL_PARAM_BLD_to_param(build);
    if (params)
        pkey = pkey_of_params("RSA", EVP_PKEY_PUBLIC_KEY, params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    BN_free(e);
    return pkey;
}

/* RFC 6605 4: x | y; OpenSSL wants to hear that it is not compressed, and checks that it is on the curve. */
static EVP_PKEY *ec_pkey(const uint8_t *key, size_t key_len, const EVP_PKEY *curve, size_t coordinate_len)
{
    uint8_t point[1 + 2 * COORDINATE_MAX];
    if (key_len != 2 * coordinate_len || !curve)
        return NULL;
    point[0] = 4; /* SEC 1 2.3.3 */
    memcpy(point + 1, key, key_len);
    EVP_PKEY *pkey = EVP_PKEY_new();
    if (pkey && EVP_PKEY_copy_parameters(pkey, curve) == 1 &&
        EVP_PKEY_set1_encoded_public_key(pkey, point, 1u + key_len) == 1)
        return pkey;
    EVP_PKEY_free(pkey);
    return NULL;
}

static EVP_PKEY *raw_pkey(const struct dnskey *key, const char *kind, size_t len)
{
    if (key->key_len != len)
        return NULL;
    return EVP_PKEY_new_raw_public_key_ex(NULL, kind, NULL, key->key, len);
}

static void read_key(struct pubkey *k, const struct dnskey *key)
{
    const struct digests *d = k->digests;
    switch ((enum dnssec_algorithm)key->algorithm) {
    case ALGORITHM_RSASHA1:
    case ALGORITHM_RSASHA1_NSEC3_SHA1:
        k->digest = d->sha1;
        k->pkey = rsa_pkey(key);
        break;
    case ALGORITHM_RSASHA256:
        k->digest = d->sha256;
        k->pkey = rsa_pkey(key);
        break;
    case ALGORITHM_RSASHA512:
        k->digest = d->sha512;
        k->pkey = rsa_pkey(key);
        break;
    case ALGORITHM_ECDSAP256SHA256:
        k->digest = d->sha256;
        k->coordinate_len = 32;
        if (key->key_len == P256_POINT_LEN)
            k->point = p256_point_new(d->room, key->key);
        break;
    case ALGORITHM_ECDSAP384SHA384:
        k->digest = d->sha384;
        k->coordinate_len = 48;
        k->pkey = ec_pkey(key->key, key->key_len, d->p384, k->coordinate_len);
        break;
    case ALGORITHM_ED25519:
        k->pkey = raw_pkey(key, "ED25519", ED25519_KEY_LEN);
        break;
    case ALGORITHM_ED448:
        k->pkey = raw_pkey(key, "ED448", ED448_KEY_LEN);
        break;
    }
}

/* What can be said once, before the first signature. */
static bool prepare(struct pubkey *k, bool rsa)
{
    if (!k->digest) {
        k->whole = EVP_MD_CTX_new();
        return k->whole != NULL;
    }
    k->context = EVP_PKEY_CTX_new_from_pkey(NULL, k->pkey, NULL);
    if (!k->context || EVP_PKEY_verify_init(k->context) != 1)
        return false;
    if (rsa && EVP_PKEY_CTX_set_rsa_padding(k->context, RSA_PKCS1_PADDING) != 1)
        return false;
    return EVP_PKEY_CTX_set_signature_md(k->context, k->digest) == 1;
}

struct pubkey *pubkey_new(const struct dnskey *key, const struct digests *digests)
{
    struct pubkey *k = mem_alloc(sizeof *k);
    k->digests = digests;
    read_key(k, key);
    if (k->point || (k->pkey && prepare(k, algorithm_is_rsa(key->algorithm))))
        return k;
    pubkey_free(k);
    ERR_clear_error();
    return NULL;
}

void pubkey_free(struct pubkey *k)
{
    if (!k)
        return;
    EVP_MD_CTX_free(k->whole);
    EVP_PKEY_CTX_free(k->context);
    EVP_PKEY_free(k->pkey);
    p256_point_free(k->point);
    mem_free(k);
}

/* A DER INTEGER of an unsigned number of `len` octets. */
static void write_integer(struct writer *w, const uint8_t *p, size_t len)
{
    while (len > 1 && !*p) {
        p++;
        len--;
    }
    bool sign = p[0] & 0x80; /* would be taken for negative */
    write_u8(w, 2);
    write_u8(w, (uint8_t)(len + sign));
    if (sign)
        write_u8(w, 0);
    write_octets(w, p, len);
}

/* RFC 6605 4: r | s, each as long as the curve's order. */
static size_t ecdsa_der(uint8_t out[DER_MAX], const uint8_t *signature, size_t coordinate_len)
{
    struct writer w = writer_of(out, DER_MAX);
    uint8_t *head = write_room(&w, 2);
    write_integer(&w, signature, coordinate_len);
    write_integer(&w, signature + coordinate_len, coordinate_len);
    head[0] = 0x30; /* SEQUENCE; shorter than 128 octets, so its length has one */
    head[1] = (uint8_t)(w.pos - 2);
    return w.pos;
}

static bool verify_digest(
    struct pubkey *k, const uint8_t *octets, size_t len, const uint8_t *signature, size_t signature_len)
{
    uint8_t digest[EVP_MAX_MD_SIZE], der[DER_MAX];
    if ((k->coordinate_len && signature_len != 2 * k->coordinate_len) ||
        !take_digest(k->digests, k->digest, octets, len, digest))
        return false;
    if (k->point)
        return p256_point_is_good(k->digests->room, k->point, digest, signature);
    if (k->coordinate_len) {
        signature_len = ecdsa_der(der, signature, k->coordinate_len);
        signature = der;
    }
    return EVP_PKEY_verify(
               k->context, signature, signature_len, digest, (size_t)EVP_MD_get_size(k->digest)) == 1;
}

static bool verify_whole(
    struct pubkey *k, const uint8_t *octets, size_t len, const uint8_t *signature, size_t signature_len)
{
    return EVP_DigestVerifyInit_ex(k->whole, NULL, NULL, NULL, NULL, k->pkey, NULL) == 1 &&
           EVP_DigestVerify(k->whole, signature, signature_len, octets, len) == 1;
}

bool pubkey_verify(
    struct pubkey *k, const uint8_t *octets, size_t len, const uint8_t *signature, size_t signature_len)
{
    bool good = k->whole ? verify_whole(k, octets, len, signature, signature_len)
                         : verify_digest(k, octets, len, signature, signature_len);
    if (!good)
        ERR_clear_error();
    return good;
}
