/* What is verified, and how strictly: settings of this layer. */
#ifndef HARK_DNSSEC_POLICY_H
#define HARK_DNSSEC_POLICY_H

#include <stdbool.h>
#include <stdint.h>

enum dnssec_algorithm {
#define ALGORITHM(name, number, text, use) ALGORITHM_##name = (number),
#include "defs/algorithm.def"
#undef ALGORITHM
};

enum ds_digest {
#define DIGEST(name, number, text, octets, use) DIGEST_##name = (number),
#include "defs/digest.def"
#undef DIGEST
};

struct dnssec_policy {
    uint32_t algorithms;   /* bit 1 << number: verified; the others are as if unknown */
    uint32_t digests;      /* likewise, of DS */
    unsigned rsa_bits_min; /* a shorter RSA key is as if its algorithm were unknown */
    bool all_algorithms;   /* each algorithm of the DS set must verify; else one valid path suffices (RFC
                              6840 5.11) */
    bool prepare_keys;     /* keys of P-256 that sign much are made ready for it (dnssec/hot_keys.h) */
    unsigned nsec3_iterations_max; /* more: insecure, EDE 27 (RFC 9276 3.2) */
};

/** "ED25519", "SHA-256": mnemonics of the registries, or NULL. */
const char *algorithm_text(uint8_t number);
const char *digest_text(uint8_t number);
/** The policy of a harkd without configuration. */
void dnssec_policy_default(struct dnssec_policy *p);
static inline bool policy_verifies(const struct dnssec_policy *p, uint8_t algorithm)
{
    return algorithm < 32 && (p->algorithms >> algorithm & 1) != 0;
}
static inline bool policy_digests(const struct dnssec_policy *p, uint8_t digest)
{
    return digest < 32 && (p->digests >> digest & 1) != 0;
}

/* What the validation of one client's question has cost so far, sub-questions included (limits.h:
 * VALIDATION_*). It is owned by the question and never reset. */
struct budget {
    uint32_t checks;   /* signatures verified, good and bad; remembered ones are free */
    uint32_t failures; /* of these, bad */
    uint32_t hashes;   /* NSEC3 chains of SHA-1 */
};

#endif
