/* Signatures of tests: right ones, and each thing about them wrong at will. */
#ifndef HARK_SIGN_RRSET_H
#define HARK_SIGN_RRSET_H

#include "sign_key.h"

struct sign_how {
    const struct sign_key *key;
    const name_t *signer;
    uint32_t inception, expiry;
    /* Forgeries; all zero: a right signature. The signature itself holds for the fields as written. */
    int labels_more;       /* added to the label count: below 0 it signs a wildcard above the owner */
    uint32_t original_ttl; /* 0: the RRset's */
    uint16_t tag_xor;      /* spoils the key tag */
    uint8_t algorithm;     /* 0: the key's */
    uint16_t covered;      /* type covered; 0: the RRset's */
    bool flip;             /* spoils a bit of the signature */
};

/** RDATA of an RRSIG over it (RFC 4034 3.1.8.1). */
struct rdata sign_rrset(const struct rrset *rs, const struct sign_how *how, struct arena *a);
/** Labels of a name as an RRSIG counts them: without the root and a leading "*". */
uint8_t sign_labels(const name_t *n);
/** out[20] of RFC 5155 5. */
void sign_nsec3_hash(
    uint8_t out[20], const name_t *n, uint16_t iterations, const uint8_t *salt, uint8_t salt_len);
/** Writes the type bitmap of these types (in any order). Returns its length; out has 2 + 34 * 256 octets at
 * most. */
size_t sign_typemap(uint8_t *out, size_t cap, const uint16_t *types, size_t count);

#endif
