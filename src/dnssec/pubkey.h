/* Public keys as OpenSSL has them, and what is read from the octets of a DNSKEY before. Internal to the
 * layer. */
#ifndef HARK_DNSSEC_PUBKEY_H
#define HARK_DNSSEC_PUBKEY_H

#include <openssl/evp.h>

#include "dnssec/fault.h"
#include "dnssec/p256.h"
#include "dnssec/verify.h"

/* RFC 3110 2, leading zeroes left out. */
struct rsa_octets {
    const uint8_t *exponent, *modulus;
    size_t exponent_len, modulus_len; /* at least 1 */
};

bool algorithm_is_rsa(uint8_t algorithm);
/** False: the octets are not an exponent and a modulus. */
bool dnskey_rsa(const struct dnskey *key, struct rsa_octets *out);
unsigned rsa_modulus_bits(const struct rsa_octets *rsa);
unsigned rsa_exponent_bits(const struct rsa_octets *rsa);
/** An RSA key of fewer bits than the policy wants: as if its algorithm were unknown. */
bool dnskey_is_short(const struct dnskey *key, const struct dnssec_policy *policy);
/** Why it never verifies zone data (no zone key, or revoked), or FAULT_NONE. */
enum fault_kind dnskey_unusable(const struct dnskey *key);

/* What is fetched once for all keys: a fetch costs as much as the digest of a short RRset. */
struct digests {
    EVP_MD *sha1, *sha256, *sha384, *sha512;
    EVP_MD_CTX *work;
    struct p256_room *room;
    EVP_PKEY *p384; /* the curve without a point: a key made of one costs a third */
};

void digests_init(struct digests *d);
void digests_fini(struct digests *d);
bool digests_sha256(const struct digests *d, const uint8_t *octets, size_t len, uint8_t out[32]);

struct pubkey;

/** NULL: the octets are no key of that algorithm (CVE-2025-8677), or one that is too dear: RSA beyond
 * RSA_BITS_MAX, RSA_EXPONENT_BITS_MAX. `digests` must outlive it. */
struct pubkey *pubkey_new(const struct dnskey *key, const struct digests *digests);
void pubkey_free(struct pubkey *k);
bool pubkey_verify(
    struct pubkey *k, const uint8_t *octets, size_t len, const uint8_t *signature, size_t signature_len);

#endif
