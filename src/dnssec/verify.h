/* Signatures, keys and DS (RFC 4034, 4035 5.3, 4509, 5702, 6605, 8080). Pure: no clock, no cache of data;
 * what is kept is arithmetic (parsed keys, remembered results).
 *
 * An RRset is checked in slices, since a signature costs up to half a millisecond (P-384) and a stranger
 * chooses how many there are (KeyTrap, CVE-2023-50387):
 *
 *   rrset_check_init(&c, rrset, zone, keys, …);
 *   while (!rrset_check_run(&c, verifier, &budget, &slice)) … come back with another slice
 *   c.verdict, c.fault
 */
#ifndef HARK_DNSSEC_VERIFY_H
#define HARK_DNSSEC_VERIFY_H

#include "base/hash.h"
#include "base/now.h"
#include "dns/rr.h"
#include "dnssec/fault.h"
#include "dnssec/policy.h"

/* ---- records, read in place; what they point to is the RDATA ---- */

#define DNSKEY_FLAG_ZONE 0x0100u   /* RFC 4034 2.1.1 */
#define DNSKEY_FLAG_REVOKE 0x0080u /* RFC 5011 2.1 */
#define DNSKEY_FLAG_SEP 0x0001u

struct dnskey {
    uint16_t flags, tag;
    uint8_t protocol, algorithm;
    const uint8_t *key;
    uint16_t key_len;
};

struct rrsig {
    uint16_t covered, tag;
    uint8_t algorithm, labels;
    uint32_t original_ttl, expiration, inception;
    const name_t *signer;
    const uint8_t *signature;
    uint16_t signature_len;
};

struct ds {
    uint16_t tag;
    uint8_t algorithm, digest_type;
    const uint8_t *digest;
    uint16_t digest_len;
};

/** False: RDATA is not of that layout. */
bool dnskey_read(const struct rdata *rd, struct dnskey *out);
bool rrsig_read(const struct rdata *rd, struct rrsig *out);
bool ds_read(const struct rdata *rd, struct ds *out);
/** RFC 4034 appendix B (algorithm 1 is not of interest). */
uint16_t dnskey_tag(const struct rdata *rd);

/* ---- the verifier: one a worker ---- */

struct verifier_counters {
    uint64_t verified[32]; /* by algorithm: the mathematics done */
    uint64_t saved[32];    /* remembered from before */
    uint64_t failed;       /* of verified: bad */
    uint64_t keys_kept, keys_parsed;
    uint64_t hot; /* of verified: by keys that were made ready (dnssec/hot_keys.h) */
    uint64_t keys_hot;
};

struct verifier;

/** Keeps up to `keys` parsed public keys (by their octets, whatever the zone: operators share keys) and
 * remembers up to `results` good signatures (by key, signed octets and signature) until the earlier of TTL
 * and expiration. Both are bounded; key seeds their hashes. */
struct verifier *verifier_new(size_t keys, size_t results, const struct hash_key *key);
void verifier_free(struct verifier *v);
const struct verifier_counters *verifier_counters(const struct verifier *v);

/* A key that signs much is made ready for more (decision 17), which takes so long that it is done elsewhere:
 *
 *   if (verifier_wish(v, wish))              in the verifier's thread, now and then; at most one is under way
 *       ready = verifier_prepare(wish);      in any thread, some 20 ms
 *       verifier_fulfil(v, ready);           in the verifier's thread again; NULL: it could not be made
 */
#define VERIFIER_WISH_LEN 64u
struct p256_key;
bool verifier_wish(struct verifier *v, uint8_t wish[VERIFIER_WISH_LEN]);
struct p256_key *verifier_prepare(const uint8_t wish[VERIFIER_WISH_LEN]);
void verifier_fulfil(struct verifier *v, struct p256_key *ready);

/** For fuzzers and simulators: the mathematics are replaced by this. Returns whether `signature` over
 * `octets` by the key is good. NULL: OpenSSL again. */
typedef bool verify_fn(void *ctx, const struct dnskey *key, const uint8_t *octets, size_t len,
    const uint8_t *signature, size_t signature_len);
void verifier_inject(struct verifier *v, verify_fn *fn, void *ctx);

/* ---- one RRset ---- */

/* A signature and a key of its tag and algorithm: places in rrset->sigs and keys->rdata. */
struct check_pair {
    uint16_t sig, key;
};
#define CHECK_PAIRS_MAX 32u /* as many as four signatures of four algorithms have with two keys each */

struct rrset_check {
    /* given */
    const struct rrset *rrset; /* with its RRSIGs */
    const name_t *zone;        /* the only signer that counts (RFC 4035 5.3.1) */
    const struct rrset *keys;  /* DNSKEYs of the zone that are believed */
    const struct dnssec_policy *policy;
    uint32_t algorithms; /* with policy->all_algorithms: each of these (bits) must verify; else 0 */
    bool as_data;        /* it was asked for, and is not to deny anything */
    bool revocation;     /* revoked keys count: did this one sign what revokes it? (RFC 5011 2.1) */
    now_t now;           /* wall_known false: inception and expiration are not looked at */
    /* found, when it is over */
    enum verdict verdict; /* SECURE or BOGUS; UNCHECKED while it runs */
    struct fault fault;   /* BOGUS: the most telling of what was wrong */
    struct rrsig good;    /* SECURE */
    bool expanded;        /* good.labels is less than the owner's: made of a wildcard (RFC 4035 5.3.4) */
    uint32_t ttl_max;     /* RFC 4035 5.3.3: original TTL, and what is left of the signature's life */
    /* its own */
    struct check_pair pairs[CHECK_PAIRS_MAX]; /* to be tried, in this order */
    unsigned pair, pair_count, failures;
    uint32_t done; /* algorithms that verified */
    bool chosen;   /* the pairs are */
    bool left_out; /* there are more of them than the limits allow */
};

/** rrset, zone, keys, policy, now: borrowed until it is over. The caller may set `algorithms`,
 * `as_data` and `revocation` after it. */
void rrset_check_init(struct rrset_check *c, const struct rrset *rrset, const name_t *zone,
    const struct rrset *keys, const struct dnssec_policy *policy, now_t now);
/** Goes on until there is a verdict (true) or *slice, the checks that may be done now, is used up (false).
 * Bounds: VALIDATION_* of limits.h; beyond them the verdict is BOGUS with FAULT_CHECKS_SPENT. Keys that are
 * revoked, without the zone flag or of protocol other than 3 never count (RFC 4035 5.3.1, RFC 5011 2.1). */
bool rrset_check_run(struct rrset_check *c, struct verifier *v, struct budget *b, unsigned *slice);

/** The name that signed data of `owner` was made from: "*.closest.encloser" if sig->labels says so, else
 * owner. out has NAME_MAX_LEN octets. */
void rrsig_wildcard(const name_t *owner, const struct rrsig *sig, name_t *out);

/* ---- DS ---- */

enum ds_match {
    DS_MATCHED,     /* `matched` holds the keys that a DS names; the DNSKEY RRset must be signed by one */
    DS_UNSUPPORTED, /* no DS of a supported algorithm and digest: the zone is insecure (RFC 4035 5.2);
                       fault says DS_ALGORITHM or DS_DIGEST */
    DS_NO_MATCH,    /* there is one that should match and none does: bogus */
};

struct ds_result {
    struct rrset matched; /* DNSKEYs, in the arena (RDATA borrowed of keys) */
    uint32_t algorithms;  /* bits: algorithms that the DS set has and the policy verifies */
    struct fault fault;
};

/** Which keys of the zone `keys->owner` does its parent name? ds: believed. Where a digest stronger than
 * SHA-1 is there for an algorithm, SHA-1 does not count (RFC 4509 3). At most VALIDATION_DS_MAX are looked
 * at, of each tag VALIDATION_KEYS_OF_TAG_MAX keys. An RSA key shorter than the policy wants, where it is all
 * there is, makes DS_UNSUPPORTED with fault DS_ALGORITHM. keys NULL: only whether the set is supported at all
 * (DS_MATCHED or DS_UNSUPPORTED). */
enum ds_match ds_match(const struct rrset *ds, const struct rrset *keys, const struct dnssec_policy *policy,
    struct arena *a, struct ds_result *out);
/** The DS RDATA of a key with that digest (for anchors, tests, `hark ctl anchors`). False: unknown digest. */
bool ds_make(
    const name_t *owner, const struct rdata *key, uint8_t digest_type, struct arena *a, struct rdata *out);

#endif
