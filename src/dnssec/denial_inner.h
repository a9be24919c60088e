/* Shared by denial.c and its two kinds of evidence; nobody else includes it. */
#ifndef HARK_DNSSEC_DENIAL_INNER_H
#define HARK_DNSSEC_DENIAL_INNER_H

#include "dnssec/denial.h"

/* What comes after these is not looked at: work is bounded whoever calls. An honest answer has 3 for each of
 * its aliases at most, and the caller takes VALIDATION_DENIALS_MAX. */
#define DENIAL_RECORDS_MAX 32u
/* Sets of NSEC3 parameters that are tried: two while a zone changes its salt. */
#define DENIAL_CHAINS_MAX 2u

/* An NSEC or NSEC3 that may speak of names in the zone. */
struct denial_record {
    const name_t *owner;
    const name_t *next;           /* of an NSEC; NULL says that it is an NSEC3 */
    struct nsec3 n3;              /* of an NSEC3 */
    uint8_t hash[NSEC3_HASH_LEN]; /* of an NSEC3: its owner's */
    const uint8_t *types;
    size_t types_len;
    bool at_apex; /* of an NSEC: owner is the zone. Of an NSEC3 only who hashed the name knows */
};

/* The records of one chain: all NSEC, or NSEC3 with the parameters of `param`. */
struct chain {
    struct proofs *p;
    const struct denial_record *records[DENIAL_RECORDS_MAX];
    unsigned count;
    const struct nsec3 *param; /* NULL: NSEC */
    bool spent;                /* set when a hash could not be paid */
};

/* What a chain says of one name. */
enum standing_kind {
    STANDING_UNKNOWN,
    STANDING_THERE, /* it has a record of its own: types */
    STANDING_EMPTY, /* an empty non-terminal (NSEC; an NSEC3 chain has a record of it) */
    STANDING_ABSENT /* it does not exist: closest */
};

struct standing {
    enum standing_kind kind;
    const uint8_t *types; /* THERE */
    size_t types_len;
    bool at_apex;
    const name_t *closest; /* ABSENT: closest encloser, within the name */
    bool opt_out;          /* ABSENT: there may be an unsigned delegation (RFC 5155 6) */
    bool forbidden;        /* UNKNOWN: a record spoke of it that may not (below a cut or a DNAME) */
};

/** Does a bitmap forbid its record to speak of names below the owner (RFC 6840 4.1, RFC 5155 8.3)? */
bool types_end_zone(const uint8_t *types, size_t len, bool at_apex);

struct standing nsec_standing(struct chain *c, const name_t *name);
/** Of a name whose parent is known to be the closest encloser of what is asked: "*.closest". */
struct standing nsec_wildcard_standing(struct chain *c, const name_t *wildcard);
/** Is the ancestor of name with `labels` + 1 labels absent? *opt_out: but for unsigned delegations. */
bool nsec_next_closer_absent(struct chain *c, const name_t *name, unsigned labels, bool *opt_out);

bool nsec3_same_parameters(const struct nsec3 *a, const struct nsec3 *b);
struct standing nsec3_standing(struct chain *c, const name_t *name);
struct standing nsec3_wildcard_standing(struct chain *c, const name_t *wildcard);
bool nsec3_next_closer_absent(struct chain *c, const name_t *name, unsigned labels, bool *opt_out);

#endif
