/* Validation: a second machine over what a job found (RFC 4035 5, RFC 6840).
 *
 *   found         links, data, denial, as a reply, the cache or a delegation gave them (found.c)
 *   JOB_VALIDATE  each RRset of it in turn: whose zone is it of, is that zone signed (DS, of the parent),
 *                 with which keys (DNSKEY), is the signature good (validate.c); then: what does the denial
 *                 prove (validate_denial.c)
 *   chain         DS and DNSKEY are ordinary questions, which other jobs answer (validate_chain.c)
 *   work          signature checks wait in line; the driver gives slices (validate_work.c)
 *   found_end     what was found goes into the cache with its verdict, and to the asker (found.c)
 *
 * Questions with flags.unchecked (CD, addresses of name servers) go from `found` to `found_end` directly.
 */
#ifndef HARK_RESOLVE_VALIDATE_H
#define HARK_RESOLVE_VALIDATE_H

#include "dnssec/denial.h"
#include "dnssec/verify.h"
#include "resolve/found.h"

struct link;

/* ---- validate.c ---- */

enum item_role {
    ITEM_DATA,    /* an RRset of the answer */
    ITEM_SOA,     /* of a denial */
    ITEM_PROOF,   /* NSEC or NSEC3; one that does not verify is left out */
    ITEM_EXTRA,   /* NS shown beside the answer; likewise */
    ITEM_ABSENCE, /* nothing was sent that could be verified: is the name in an insecure zone? */
};

/* One thing to judge. */
struct item {
    enum item_role role;
    struct rrset *rrset; /* NULL for ITEM_ABSENCE */
    const name_t *owner;
    uint16_t type;
    enum verdict verdict;
    struct fault fault;
    const name_t *signer; /* SECURE: the zone */
    bool expanded;        /* made of a wildcard, */
    unsigned labels;      /* of which so many labels are the closest encloser's */
};

/* A zone known to be secure: its DS set, and its keys when they are needed. */
struct secure_zone {
    const name_t *zone; /* NULL: none */
    const struct rrset *ds, *keys;
    uint32_t algorithms; /* of its DS */
    bool by_anchor;      /* which ds was made of */
};

enum validate_phase { PHASE_ITEM, PHASE_ZONE, PHASE_KEYS, PHASE_CHECK, PHASE_SEARCH };

struct validation {
    struct found *found;
    struct item *items;
    unsigned count, at;
    enum validate_phase phase;
    bool proven; /* the denial has been looked at */
    bool checking;
    bool is_signed;         /* the present item, by a signer that may be its zone */
    const name_t *zone;     /* that it is taken to be of */
    unsigned search_labels; /* of the name whose DS is asked in PHASE_SEARCH */
    struct secure_zone secure;
    const name_t *insecure; /* a zone found to be, and why */
    struct fault insecure_fault;
    struct fault fault;    /* why the present item is bogus, unless it lies in an insecure zone */
    struct fault left_out; /* the first thing wrong with a proof */
    struct link *link;     /* the sub-question in flight */
    bool asked_anew;       /* one that another question paid for ran out of its work */
    struct rrset_check check;
    struct job *prev_in_line, *next_in_line;
    bool in_line;
    /* over several replies */
    unsigned retries_wrong, retries_unsigned;
    struct reason refused; /* what was wrong before the retry */
    bool unjudged;         /* DS or DNSKEY could not be had, which says nothing of the answer */
};

enum job_state step_validate(struct job *j);
/** Does an RRSIG say that the RRset was made of a wildcard? */
bool rrset_is_expanded(const struct rrset *rs);
/** Sets the job's validation up for what was found. */
void validate_begin(struct job *j, struct found *found);
/** What is found says nothing that could be verified: is its target in an insecure zone? */
void validate_absence(struct validation *v);
/** It ends as bogus: another server is asked, or the job fails with this reason. */
enum job_state validate_refuse(struct job *j, const struct fault *fault);
/** A denial ends as bogus. Where it stands behind aliases, who speaks for their target is asked for it
 * instead: the alias' own server had no need to say anything of it. */
enum job_state validate_refuse_denial(struct job *j, const struct fault *fault);
/** A fault as a reason, its text in the arena. */
struct reason fault_reason(struct job *j, const struct fault *fault);

/* ---- validate_denial.c ---- */

/** All items are judged: what do the proofs prove? Sets found's verdict, or adds an item. */
enum job_state validate_conclude(struct job *j);

/* ---- validate_chain.c ---- */

/** Does a trust anchor lie between owner, an unsigned DNAME's, and name, which it would redirect? There is
 * nothing below a DNAME (RFC 6672 2.4), so it is a lie. */
bool chain_is_cut_short(const struct job *j, const name_t *owner, const name_t *name);

enum chain {
    CHAIN_WAIT,     /* a sub-question runs */
    CHAIN_SECURE,   /* there is a cut with DS, or there are keys */
    CHAIN_INSECURE, /* the zone is proven to be insecure */
    CHAIN_NO_CUT,   /* no zone begins at the name */
    CHAIN_NO_NAME,  /* nor is there such a name, or anything below it */
    CHAIN_FAILED,   /* reason */
};

struct chain_result {
    const struct rrset *rrset; /* SECURE: DS or DNSKEY */
    struct fault fault;        /* INSECURE, or FAILED by a denial that does not hold: why */
    struct reason reason;      /* FAILED */
    bool unjudged;             /* FAILED: it could not be had; nobody said what is false */
};

/** SECURE, or as good as that while the clock is not known; judged again once it is. */
bool verdict_is_believed(const struct job *j, uint8_t verdict);
/** Is zone, which is below an anchor, a signed zone of its parent? */
enum chain chain_ds(struct job *j, const name_t *zone, struct chain_result *out);
/** The believed DNSKEY RRset of a zone that is secure. */
enum chain chain_keys(struct job *j, const name_t *zone, struct chain_result *out);

/* ---- validate_work.c ---- */

/** The job's check waits for its slices; the job is woken when it is over. */
void work_line_up(struct job *j);
void work_leave(struct job *j);
/** The resolver's verifier, made when first needed. */
struct verifier *work_verifier(struct resolver *r);

/* ---- job_denied.c: what is kept for aggressive use (RFC 8198), and for cheap insecure delegations ---- */

/** A denial, or the proof beside a wildcard's answer, was validated: these NSEC or NSEC3 RRsets (verdict
 * SECURE, with RRSIGs, TTLs bounded by their signatures) and SOA (may be NULL) of the zone are kept. Of a
 * referral without DS too. */
void denied_learn(
    struct job *j, const name_t *zone, const struct rrset *soa, const struct rrset_list *proofs);
/** A positive answer was validated that is made of a wildcard (rrset_check.expanded, good.labels): the
 * wildcard itself is kept, for other names. */
void wildcard_learn(struct job *j, const struct rrset *rs, unsigned labels);

#endif
