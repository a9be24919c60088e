/* What was found: the one record of it, from who said it to those who asked (decision 31).
 *
 *   a reply, scrubbed    reply.found: the part of it that answers                    (scrub.c)
 *   the cache            found_known(); what proofs of other questions deny or make  (found.c, job_denied.c)
 *   a delegation         DS or its denial came along                                 (job_reply.c, found.c)
 *        │
 *   found_begin() ──▶ JOB_VALIDATE judges it in place                                (validate.c)
 *        │                │
 *   found_end()  ◀────────┘   the cache keeps it, the job's outcome grows by it
 *
 * An outcome is what all findings of a chain of aliases add up to, each by a job of its own; a `struct
 * negative` is how the cache keeps a denial.
 */
#ifndef HARK_RESOLVE_FOUND_H
#define HARK_RESOLVE_FOUND_H

#include "dnssec/fault.h"
#include "resolve/resolve.h"

struct job;

enum found_kind {
    FOUND_ANSWER, /* links (maybe none) and the data */
    FOUND_ALIAS,  /* links alone: the walk goes on at target, of which nothing was said, or by nobody who may
                   */
    FOUND_TOO_LONG, /* a DNAME makes the name too long (YXDOMAIN, RFC 6672 2.2) */
    FOUND_NODATA,
    FOUND_NXDOMAIN,
};

/* In the job's arena. */
struct found {
    enum found_kind kind;
    bool cached;   /* by the cache or a delegation: no server was asked for it */
    bool settled;  /* judged before, and kept as it is */
    bool from_cut; /* of the delegation: DS or its denial */
    int candidate; /* who said so; -1: the cache */
    bool over_tcp;
    const name_t *zone;   /* of the server; NULL: the cache */
    bool of_zone;         /* it says itself that it is of that zone: its NS or SOA is there */
    const name_t *target; /* the end of the links: whom data and denial are about */
    uint16_t type;
    struct rrset_list links;  /* CNAME and DNAME in order; a CNAME after a DNAME is made of it */
    struct rrset_list data;   /* ANSWER: one RRset; more for ANY */
    struct rrset *soa;        /* of a denial; may be NULL */
    struct rrset_list proofs; /* NSEC, NSEC3 */
    uint32_t negative_ttl;
    uint32_t stored_s;           /* a denial from the cache: when it was put */
    struct rrset *ns;            /* shown without minimal_answers */
    struct rrset_list addresses; /* likewise */
    /* judged */
    enum verdict verdict; /* the least of all parts */
    enum verdict denial;  /* of the negative part */
    struct fault fault;   /* INSECURE: why */
    bool no_name;
};

static inline bool found_is_negative(const struct found *f)
{
    return f->kind == FOUND_NODATA || f->kind == FOUND_NXDOMAIN;
}

/** That its outcome will have. */
uint16_t found_rcode(const struct found *f);
/** Without a server, about what the job asks. */
struct found *found_new(struct job *j, enum found_kind kind);
/** What the cache, or for DS the delegation, knows. NULL: nothing. */
struct found *found_known(struct job *j);
/** The state that follows: JOB_VALIDATE, or what found_end() says. found: in the job's arena. */
enum job_state found_begin(struct job *j, struct found *found);
/** Stores what is to be kept and fills the outcome. Returns JOB_DONE or what the alias leads to. */
enum job_state found_end(struct job *j, struct found *found);
/** The cache keeps the denial, as it is judged by now. Without an SOA it does not. */
void found_keep_denial(struct job *j, const struct found *f);

/** What is remembered to be denied of that name and type, by who may speak of it. */
bool known_negative(struct job *j, const name_t *name, uint16_t type, struct negative *out);
/** Is it a CNAME that the DNAME before it makes? */
bool link_is_made(const struct rrset_list *links, size_t i);

#endif
