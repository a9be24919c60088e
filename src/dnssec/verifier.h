/* The verifier as rrset_check sees it: kept keys, remembered results, and room for the octets that are
 * signed. Internal to the layer. */
#ifndef HARK_DNSSEC_VERIFIER_H
#define HARK_DNSSEC_VERIFIER_H

#include "dnssec/verify.h"

/* RFC 4034 3.1.8.1: what a signature is made over. The RRs are put together once and serve each signature
 * that gives the same labels and original TTL; the RRSIG's fields before them are its own. Lies in the
 * verifier, valid until the next rrset is begun. */
struct signed_octets {
    uint8_t *octets;
    size_t len;
};

/** Sorts the RRset's RDATA in canonical form, without duplicates (RFC 4034 6.3). */
void verifier_begin(struct verifier *v, const struct rrset *rrset);
/** The octets that sig covers. `owner` is as it was signed: rrsig_wildcard(). */
struct signed_octets verifier_octets(
    struct verifier *v, const struct rrset *rrset, const struct rrsig *sig, const struct rdata *sig_rdata);

/* Names key, octets and signature: 128 bits of a keyed hash, so nobody makes two that are alike. */
struct memo {
    uint64_t words[2];
};

struct memo verifier_memo(
    struct verifier *v, const struct dnskey *key, const struct signed_octets *o, const struct rrsig *sig);
/** Was it found good before? Counts it as saved. */
bool verifier_remembers(struct verifier *v, const struct memo *m, uint8_t algorithm, uint32_t cache_s);
void verifier_remember(struct verifier *v, const struct memo *m, uint32_t until_cache_s);

enum verified { VERIFIED_GOOD, VERIFIED_BAD, VERIFIED_NO_KEY };
/** The mathematics. VERIFIED_NO_KEY: there is no public key in the DNSKEY. */
enum verified verifier_verify(struct verifier *v, const struct dnskey *key, const struct signed_octets *o,
    const struct rrsig *sig, const struct dnssec_policy *policy);

#endif
