#include "sign_key.h"

#include <assert.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "dns/rdata.h"
#include "dns/rrtype.h"

enum {
    RSASHA1 = 5,
    RSASHA1_NSEC3 = 7,
    RSASHA256 = 8,
    RSASHA512 = 10,
    P256 = 13,
    P384 = 14,
    ED25519 = 15,
    ED448 = 16
};

static const struct {
    const char *p, *q;
} rsa_keys[] = {
#define RSA_KEY(bits, p, q) {p, q},
#include "rsa_keys.def"
#undef RSA_KEY
};

static bool is_rsa(uint8_t algorithm)
{
    return algorithm <= RSASHA512;
}

static const EVP_MD *digest_of(uint8_t algorithm)
{
    switch (algorithm) {
    case RSASHA1:
    case RSASHA1_NSEC3:
        return EVP_sha1();
    case RSASHA256:
    case P256:
        return EVP_sha256();
    case P384:
        return EVP_sha384();
    case RSASHA512:
        return EVP_sha512();
    default:
        return NULL; /* EdDSA has its own */
    }
}

/* 64 octets that depend on the seed alone. */
static void secret_of(uint32_t seed, uint8_t algorithm, uint8_t out[64])
{
    uint8_t in[5] = {algorithm};
    put_u32(in + 1, seed);
    int ok = EVP_Digest(in, sizeof in, out, NULL, EVP_sha512(), NULL);
    assert(ok);
    (void)ok;
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *bld)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;
    int ok = EVP_PKEY_fromdata_init(ctx) > 0 && EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) > 0;
    assert(ok);
    (void)ok;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(bld);
    return pkey;
}

static EVP_PKEY *rsa_new(uint32_t seed)
{
    unsigned row = seed % (sizeof rsa_keys / sizeof *rsa_keys);
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *p = NULL, *q = NULL, *n = BN_new(), *e = BN_new(), *phi = BN_new(), *p1 = BN_new(),
           *q1 = BN_new();
    BN_hex2bn(&p, rsa_keys[row].p);
    BN_hex2bn(&q, rsa_keys[row].q);
    BN_set_word(e, 65537);
    BN_mul(n, p, q, ctx);
    BN_sub(p1, p, BN_value_one());
    BN_sub(q1, q, BN_value_one());
    BN_mul(phi, p1, q1, ctx);
    BIGNUM *d = BN_mod_inverse(NULL, e, phi, ctx), *dp = BN_new(), *dq = BN_new();
    BN_mod(dp, d, p1, ctx);
    BN_mod(dq, d, q1, ctx);
    BIGNUM *inverse = BN_mod_inverse(NULL, q, p, ctx);
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e);
    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_D, d);
    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_FACTOR1, p);
    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_FACTOR2, q);
    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_EXPONENT1, dp);
    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_EXPONENT2, dq);
    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, inverse);
    EVP_PKEY *pkey = from_params("RSA", bld);
    BIGNUM *all[] = {p, q, n, e, phi, p1, q1, d, dp, dq, inverse};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        BN_free(all[i]);
    BN_CTX_free(ctx);
    return pkey;
}

static EVP_PKEY *ec_new(uint8_t algorithm, const uint8_t secret[64])
{
    size_t octets = algorithm == P256 ? 32 : 48;
    EC_GROUP *group = EC_GROUP_new_by_curve_name(algorithm == P256 ? NID_X9_62_prime256v1 : NID_secp384r1);
    uint8_t scalar[48];
    memcpy(scalar, secret, octets);
    scalar[0] &= 0x7f; /* below the order of the group */
    BIGNUM *d = BN_bin2bn(scalar, (int)octets, NULL);
    EC_POINT *point = EC_POINT_new(group);
    EC_POINT_mul(group, point, d, NULL, NULL, NULL);
    uint8_t public[97];
    size_t len = EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, public, sizeof public, NULL);
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    const char *curve = algorithm == P256 ? "P-256" : "P-384";
    OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0);
    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, d);
    OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, public, len);
    EVP_PKEY *pkey = from_params("EC", bld);
    BN_free(d);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return pkey;
}

/* The public key field (RFC 3110 2, RFC 6605 4, RFC 8080 3). */
static size_t write_public(const struct sign_key *k, uint8_t *out, size_t cap)
{
    if (is_rsa(k->algorithm)) {
        BIGNUM *n = NULL, *e = NULL;
        EVP_PKEY_get_bn_param(k->pkey, OSSL_PKEY_PARAM_RSA_N, &n);
        EVP_PKEY_get_bn_param(k->pkey, OSSL_PKEY_PARAM_RSA_E, &e);
        out[0] = (uint8_t)BN_num_bytes(e);
        size_t len = 1 + (size_t)BN_bn2bin(e, out + 1);
        len += (size_t)BN_bn2bin(n, out + len);
        BN_free(n);
        BN_free(e);
        return len;
    }
    size_t len = cap;
    if (k->algorithm == ED25519 || k->algorithm == ED448) {
        EVP_PKEY_get_raw_public_key(k->pkey, out, &len);
        return len;
    }
    uint8_t point[97];
    EVP_PKEY_get_octet_string_param(k->pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &len);
    memcpy(out, point + 1, len - 1); /* without "uncompressed" */
    return len - 1;
}

static uint16_t tag_of(const uint8_t *p, size_t n)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
    return (uint16_t)(sum + (sum >> 16));
}

/* With the public part that is in place. */
static void set_flags(struct sign_key *k, uint16_t flags, size_t public_len)
{
    k->flags = flags;
    put_u16(k->octets, flags);
    k->octets[2] = 3;
    k->octets[3] = k->algorithm;
    k->dnskey = (struct rdata){.data = k->octets, .len = (uint16_t)(4 + public_len)};
    k->tag = tag_of(k->octets, 4 + public_len);
}

void sign_key_flags(struct sign_key *k, uint16_t flags)
{
    set_flags(k, flags, k->dnskey.len - 4u);
}

struct sign_key *sign_key_new(uint16_t flags, uint8_t algorithm, uint32_t seed)
{
    struct sign_key *k = mem_alloc(sizeof *k);
    uint8_t secret[64];
    k->algorithm = algorithm;
    secret_of(seed, algorithm, secret);
    if (is_rsa(algorithm))
        k->pkey = rsa_new(seed);
    else if (algorithm == P256 || algorithm == P384)
        k->pkey = ec_new(algorithm, secret);
    else if (algorithm == ED25519)
        k->pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, 32);
    else if (algorithm == ED448)
        k->pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED448, NULL, secret, 57);
    assert(k->pkey);
    set_flags(k, flags, write_public(k, k->octets + 4, sizeof k->octets - 4));
    return k;
}

struct sign_key *sign_key_new_fake(uint16_t flags, uint8_t algorithm, uint32_t seed)
{
    assert(algorithm == P256 || algorithm == ED25519);
    struct sign_key *k = mem_alloc(sizeof *k);
    k->algorithm = algorithm;
    for (uint32_t i = 0; i < 8; i++)
        hash_mac(k->octets + 4 + 8 * i, (const uint8_t *)"the seed is all.", (uint32_t[]){seed, i}, 8);
    set_flags(k, flags, algorithm == P256 ? 64 : 32);
    return k;
}

static void fake(const uint8_t *key, const uint8_t *p, size_t n, uint8_t out[64])
{
    memset(out, 0, 64);
    hash_mac(out, key, p, n);
    hash_mac(out + 32, key + 8, p, n);
}

bool sign_fake_verify(
    const uint8_t *key, size_t key_len, const uint8_t *p, size_t n, const uint8_t *sig, size_t sig_len)
{
    uint8_t want[64];
    if (key_len < 32 || sig_len != sizeof want)
        return false;
    fake(key, p, n, want);
    return memcmp(sig, want, sizeof want) == 0;
}

void sign_key_free(struct sign_key *k)
{
    if (k)
        EVP_PKEY_free(k->pkey);
    mem_free(k);
}

struct rdata sign_key_ds(const struct sign_key *k, const name_t *owner, uint8_t digest, struct arena *a)
{
    uint8_t in[NAME_MAX_LEN + SIGN_DNSKEY_MAX], out[4 + EVP_MAX_MD_SIZE];
    size_t n = name_lower_copy(in, owner);
    memcpy(in + n, k->dnskey.data, k->dnskey.len);
    n += k->dnskey.len;
    put_u16(out, k->tag);
    out[2] = k->algorithm;
    out[3] = digest;
    const EVP_MD *md = digest == 1 ? EVP_sha1() : digest == 2 ? EVP_sha256() : EVP_sha384();
    unsigned len = 0;
    EVP_Digest(in, n, out + 4, &len, md, NULL);
    return (struct rdata){.data = arena_copy(a, out, 4 + len), .len = (uint16_t)(4 + len)};
}

const char *sign_key_text(const struct sign_key *k, const name_t *owner, uint16_t type, struct arena *a)
{
    struct text t;
    text_init(&t);
    name_to_text(&t, owner);
    text_char(&t, ' ');
    rrtype_to_text(&t, type);
    text_char(&t, ' ');
    struct rdata rd = type == TYPE_DS ? sign_key_ds(k, owner, 2, a) : k->dnskey;
    rdata_to_text(&t, type, CLASS_IN, &rd);
    char *out = arena_strdup(a, t.data);
    text_fini(&t);
    return out;
}

/* r and s of equal length, one after the other (RFC 6605 4). */
static size_t ecdsa_from_der(const uint8_t *der, size_t n, size_t octets, uint8_t *out)
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
    assert(sig);
    BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, (int)octets);
    BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + octets, (int)octets);
    ECDSA_SIG_free(sig);
    return 2 * octets;
}

size_t sign_key_sign(const struct sign_key *k, const uint8_t *p, size_t n, uint8_t out[512])
{
    if (!k->pkey) {
        fake(k->octets + 4, p, n, out);
        return 64;
    }
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t sig[512];
    size_t len = sizeof sig;
    int ok = EVP_DigestSignInit(ctx, NULL, digest_of(k->algorithm), NULL, k->pkey) > 0 &&
             EVP_DigestSign(ctx, sig, &len, p, n) > 0;
    assert(ok);
    (void)ok;
    EVP_MD_CTX_free(ctx);
    if (k->algorithm == P256 || k->algorithm == P384)
        return ecdsa_from_der(sig, len, k->algorithm == P256 ? 32 : 48, out);
    memcpy(out, sig, len);
    return len;
}
