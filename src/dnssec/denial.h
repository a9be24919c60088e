/* What NSEC and NSEC3 records prove (RFC 4035 5.4, RFC 5155 8, RFC 6840 4, RFC 9824). Pure.
 *
 * The records given are believed already: each was signed by `zone`. Whether they may speak of the name is
 * decided here (threat P16): owner and next name inside the zone, the owner's first label off an NSEC3 is the
 * zone itself, an NSEC(3) of an ancestor's delegation (NS without SOA) or of a DNAME never proves anything
 * below it. */
#ifndef HARK_DNSSEC_DENIAL_H
#define HARK_DNSSEC_DENIAL_H

#include "base/mem.h"
#include "dns/rr.h"
#include "dnssec/fault.h"
#include "dnssec/policy.h"

struct proofs {
    const name_t *zone;            /* the signer */
    const struct rrset_list *list; /* NSEC, NSEC3; other types are skipped */
    const struct dnssec_policy *policy;
    struct budget *budget; /* hashes are paid here */
    struct arena *arena;
    /* its own */
    struct hashed *hashed; /* names hashed so far, for these parameters */
};

enum denial {
    DENIAL_NONE, /* not proven: fault says what lacks */
    DENIAL_PROVEN,
    DENIAL_OPT_OUT,  /* proven but for names in an opt-out span: insecure, never AD (RFC 5155 9.2) */
    DENIAL_INSECURE, /* more iterations than the policy has: insecure, EDE 27; fault is NSEC3_ITERATIONS */
    DENIAL_SPENT,    /* the budget of hashes is used up: fault is HASHES_SPENT */
};

struct denial_result {
    enum denial denial;
    struct fault fault;
    const name_t *closest; /* closest encloser, points into the name asked; where the kind of proof has one */
    bool no_name;          /* NODATA by an NSEC with NXNAME (RFC 9824): the name does not exist */
    bool empty;            /* NODATA: the name is an empty non-terminal */
    bool wildcard;         /* NODATA of a wildcard that covers the name */
};

/** name does not exist, nor does a wildcard for it (RFC 4035 5.4, RFC 5155 8.4). */
struct denial_result denial_nxdomain(struct proofs *p, const name_t *name);
/** name, or the wildcard that stands for it, has no data of that type and no CNAME (RFC 5155 8.5, 8.6, 8.7;
 * for DS: the parent's record alone counts, RFC 4035 5.2; an opt-out span gives DENIAL_OPT_OUT). */
struct denial_result denial_nodata(struct proofs *p, const name_t *name, uint16_t type);
/** An answer made of the wildcard under `closest` (rrsig_wildcard): no closer match exists (RFC 4035 5.3.4,
 * RFC 5155 8.8). closest_labels: labels of the closest encloser of name, which is RRSIG's labels field. */
struct denial_result denial_wildcard(struct proofs *p, const name_t *name, unsigned closest_labels);

/* Is there a zone cut at `name`, which has no DS? */
enum cut_denial {
    CUT_UNPROVEN, /* fault */
    CUT_INSECURE, /* a delegation without DS, or in an opt-out span, or too many iterations: below it all is
                     insecure */
    CUT_NONE,     /* no delegation: the name belongs to the zone, or does not exist */
};
/** Reads a denial of DS at name (which is below the zone). result: as of denial_nodata or denial_nxdomain. */
enum cut_denial denial_ds(struct proofs *p, const name_t *name, struct denial_result *result);

/* ---- for the index of aggressive use (cache/nsecs) and for tests ---- */

#define NSEC3_HASH_LEN 20u
#define NSEC3_FLAG_OPT_OUT 1u

struct nsec3 {
    uint8_t hash_algorithm, flags;
    uint16_t iterations;
    const uint8_t *salt, *next, *types;
    uint8_t salt_len, next_len;
    uint16_t types_len;
};
bool nsec3_read(const struct rdata *rd, struct nsec3 *out);
/** RFC 5155 5; one chain of 1 + iterations SHA-1. */
void nsec3_hash(const name_t *name, const struct nsec3 *param, uint8_t out[NSEC3_HASH_LEN]);
/** The hash in the owner's first label (base32hex). False: it is none, or the rest is not the zone. */
bool nsec3_owner_hash(const name_t *owner, const name_t *zone, uint8_t out[NSEC3_HASH_LEN]);
/** Is the type in the bitmap (RFC 4034 4.1.2) of `len` octets? */
bool typemap_has(const uint8_t *types, size_t len, uint16_t type);
/** The next name and bitmap of NSEC RDATA. */
const name_t *nsec_read(const struct rdata *rd, const uint8_t **types, size_t *types_len);
/** Does it cover the name: owner < name < next in canonical order, the last one reaching round to the apex?
 */
bool nsec_covers(const name_t *owner, const name_t *next, const name_t *name, const name_t *zone);

#endif
