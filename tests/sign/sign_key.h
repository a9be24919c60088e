/* Keys of signers in tests, made from a seed: the same seed gives the same key. Nothing here uses src/dnssec,
 * which it is there to test. */
#ifndef HARK_SIGN_KEY_H
#define HARK_SIGN_KEY_H

#include <openssl/evp.h>
#include <stdbool.h>

#include "dns/rr.h"

enum { SIGN_ZSK = 256, SIGN_KSK = 257, SIGN_REVOKED = 0x80 };
enum { SIGN_DNSKEY_MAX = 600 };

struct sign_key {
    EVP_PKEY *pkey; /* NULL: a fake */
    uint16_t flags;
    uint8_t algorithm;
    uint16_t tag;        /* RFC 4034 appendix B */
    struct rdata dnskey; /* in octets */
    uint8_t octets[SIGN_DNSKEY_MAX];
};

/** algorithm: 5, 7, 8, 10 (RSA: seed mod 4 chooses 2048, 2048, 1024, 512 bits), 13, 14, 15, 16. */
struct sign_key *sign_key_new(uint16_t flags, uint8_t algorithm, uint32_t seed);
/** A key without mathematics: its signatures are a keyed hash that anybody can compute. For simulators and
 * fuzzers, which put sign_fake_verify() in the verifier's place. algorithm 13, 15: its lengths. */
struct sign_key *sign_key_new_fake(uint16_t flags, uint8_t algorithm, uint32_t seed);
/** Did the fake key whose public part this is sign these octets? */
bool sign_fake_verify(
    const uint8_t *key, size_t key_len, const uint8_t *p, size_t n, const uint8_t *sig, size_t sig_len);
void sign_key_free(struct sign_key *k);
/** The same key with other flags (SIGN_REVOKED): its tag changes (RFC 5011 2.1). */
void sign_key_flags(struct sign_key *k, uint16_t flags);
/** RDATA of a DS; digest: 1, 2, 4. */
struct rdata sign_key_ds(const struct sign_key *k, const name_t *owner, uint8_t digest, struct arena *a);
/** "owner DS tag algorithm digest hex", "owner DNSKEY …": one line, as an anchor is written. */
const char *sign_key_text(const struct sign_key *k, const name_t *owner, uint16_t type, struct arena *a);
/** Signature in the form of DNS over n octets; out has 512 octets. Returns its length. */
size_t sign_key_sign(const struct sign_key *k, const uint8_t *p, size_t n, uint8_t out[512]);

#endif
