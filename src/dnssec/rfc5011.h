/* Automated updates of trust anchors (RFC 5011): what was seen of a zone's keys, and which are trusted for
 * it.
 *
 *   rfc5011_see()      a DNSKEY RRset that was found secure: each key's state moves on (4.1, 4.2)
 *   rfc5011_failed()   there was none to be had
 *   r->next_s          when to look again (2.3)
 *   rfc5011_apply()    what follows for the trust anchors
 *   rfc5011_write()    … and what must survive a restart
 *
 * Pure: the caller has the clock and the file. */
#ifndef HARK_DNSSEC_RFC5011_H
#define HARK_DNSSEC_RFC5011_H

#include "dnssec/anchors.h"
#include "dnssec/verify.h"

#define RFC5011_KEYS_MAX 32u    /* RFC 5011 6.1 wants at least five; the revoked ones stay for ever */
#define RFC5011_FILE_MAX 65536u /* octets of what rfc5011_write() makes: 32 keys of RSA-4096 take 25,000 */

/* The order of the file's words, too. */
enum rfc5011_state {
    RFC5011_START,    /* not known; such keys are not kept */
    RFC5011_ADD_PEND, /* seen; trusted once it was there for 30 days */
    RFC5011_VALID,    /* trusted */
    RFC5011_MISSING,  /* trusted, though it was not in the last RRset */
    RFC5011_REVOKED,  /* its own signature says that it is not to be trusted */
    RFC5011_REMOVED,  /* revoked, and out of the RRset for 30 days; remembered so that it never returns */
};

struct rfc5011_key {
    uint8_t *data; /* DNSKEY RDATA without the REVOKE flag; owned */
    uint16_t len;
    enum rfc5011_state state;
    int64_t since_s; /* it came into this state */
    int64_t until_s; /* ADD_PEND, and REVOKED once it is out of the RRset: the hold-down's end; else 0 */
};

/* One trust point. Times are now_t.wall_s. */
struct rfc5011 {
    name_t zone[NAME_MAX_LEN];
    struct rfc5011_key keys[RFC5011_KEYS_MAX];
    unsigned count;
    int64_t seen_s; /* the last RRset; 0: none so far */
    int64_t next_s; /* look again then */
    int64_t retry;  /* s between attempts, once one failed */
};

void rfc5011_init(struct rfc5011 *r, const name_t *zone);
void rfc5011_fini(struct rfc5011 *r);

/* What was seen. */
struct rfc5011_sight {
    const struct rrset *keys;     /* DNSKEY, with RRSIGs; secure */
    const bool *revoked;          /* of each: has REVOKE, and signed the RRset (rfc5011_revocations()) */
    const struct anchor *initial; /* trusted without having been seen for 30 days; may be NULL */
    int64_t now_s;
};

struct rfc5011_change {
    uint16_t tag; /* without REVOKE */
    enum rfc5011_state from, to;
};

/** Returns how many keys changed; of these the first RFC5011_KEYS_MAX are in `changes`. */
unsigned rfc5011_see(
    struct rfc5011 *r, const struct rfc5011_sight *sight, struct rfc5011_change changes[RFC5011_KEYS_MAX]);
/** No secure RRset was to be had: the next attempt is put off. */
void rfc5011_failed(struct rfc5011 *r, int64_t now_s);
/** revoked[keys->count]: which keys have REVOKE and signed the RRset, which is what makes it count (2.1). */
void rfc5011_revocations(const struct rrset *keys, const struct dnssec_policy *policy, struct verifier *v,
    now_t now, bool *revoked);
/** Adds keys that are VALID or MISSING, takes away those that are REVOKED or REMOVED. anchors_settle() comes
 * after it. */
void rfc5011_apply(const struct rfc5011 *r, struct anchors *a);
/** The second half of it alone. */
void rfc5011_take_away(const struct rfc5011 *r, struct anchors *a);

/** "valid". */
const char *rfc5011_state_text(enum rfc5011_state state);

/** The state file: text, versioned, with a checksum at its end. */
void rfc5011_write(const struct rfc5011 *r, struct text *t);
/** From a file. ERR_FORMAT, ERR_RANGE: nothing of it counts, `why` says in words; r is empty then, of the
 * zone that it had. */
enum err rfc5011_read(struct rfc5011 *r, const char *text, size_t len, struct text *why);

#endif
