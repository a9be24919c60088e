/* The cache: truth with its rank, verdict and expiry. All workers share one; every call is safe from any
 * thread. Times are now_t.cache_s seconds.
 *
 *   rrsets     owner, type, class → RRset with signatures, rank (RFC 2181 5.4.1) and verdict
 *   negatives  owner, type → NXDOMAIN or NODATA with its SOA and proofs (RFC 2308)
 *   cuts       zone → its delegation as the parent gave it: name-server names and the glue that is used for
 *              it alone
 *   answers    question, and who asks → the finished wire
 *   servers    address → RTT, EDNS, case facts; address → cookie; (zone, address) → lameness
 *   failures   question → how often in a row it failed, until when it is not tried again (RFC 9520)
 *   nsecs      zone → its verified NSEC and NSEC3 in order, for answers without asking (cache/nsecs.h)
 */
#ifndef HARK_CACHE_CACHE_H
#define HARK_CACHE_CACHE_H

#include "base/addr.h"
#include "base/mem.h"
#include "cache/inflight.h"
#include "cache/nsecs.h"
#include "cache/store.h"
#include "defs/limits.h"
#include "dns/rr.h"

struct cache_settings {
    size_t size;           /* octets, a hard bound */
    uint32_t ttl_min;      /* shorter TTLs are raised to it, by who hears them (default 0) */
    uint32_t ttl_max;      /* longer TTLs are cut to it (default TTL_MAX_DEFAULT) */
    uint32_t negative_max; /* likewise for negative answers (default TTL_NEGATIVE_MAX) */
    /* Messages in flight to a zone and to an address to begin with, and questions that may be pending; 0: the
     * defaults (cache/inflight.h). */
    unsigned zone_start, server_start, questions_max;
};

/* One thread's handle: used by one thread at a time, and it holds what a reader without locks needs. All
 * handles that were joined to one another share all that is in the cache. */
struct cache;

/** NULL: the system gives no memory. ttl_max and negative_max of 0 mean their defaults. */
struct cache *cache_new(const struct cache_settings *settings, const struct hash_key *key);
/** One more handle, for another thread; called by the thread that c belongs to, or while that does nothing.
 */
struct cache *cache_join(struct cache *c);
/** The last handle takes the cache with it. */
void cache_free(struct cache *c);
/** This thread holds nothing of the cache on its stack: memory that it might have been reading may go. Once a
 * turn of its loop, before it sleeps; a handle that never rests keeps memory from being used again. */
void cache_rest(struct cache *c);
struct cache_settings cache_settings(const struct cache *c);
/** Other bounds of TTLs for what is stored from now on; the size stays. From any thread. */
void cache_settings_set(struct cache *c, const struct cache_settings *settings);
void cache_stats(struct cache *c, struct store_stats *out);
/** Messages in flight, of all workers. */
struct inflight *cache_inflight(const struct cache *c);
/** The index for aggressive use. */
struct nsecs *cache_nsecs(const struct cache *c);
/** What was judged counts as not judged yet, since something else is trusted now: verdicts, insecure
 * delegations, bogus failures; finished answers and the index for aggressive use go. */
void cache_verdicts_flush(struct cache *c);
/** Forgets everything. */
void cache_clear(struct cache *c);
/** Forgets what is known of exactly this name (records, denials, its delegation, failures), or of all names
 * at and below one; finished answers go with it. Returns how many items went. Looks through the whole cache:
 * half a second for one of 512 MiB, so not for a worker's thread. What is in flight may bring its data back.
 */
size_t cache_flush_name(struct cache *c, const name_t *name);
size_t cache_flush_zone(struct cache *c, const name_t *zone);

/* Data that expired stays readable until its room is needed: who takes it for better than nothing (RFC 8767)
 * looks for what was not expired at an earlier time. Its TTL as given back means nothing then. */
static inline uint32_t cache_as_of(uint32_t now_s, uint32_t stale_max_s)
{
    return now_s > stale_max_s ? now_s - stale_max_s : 0;
}

/** What is now known of the name and type has no TTL, so that it is not kept: of what was known before, that
 * which expired is not to be taken for better than nothing any more. */
void cache_expired_drop(struct cache *c, const name_t *name, uint16_t type, uint16_t class, uint32_t now_s);

/* What is looked for at all names above one: a name of 112 labels would cost as many look-ups each. */
enum depth_kind { DEPTH_DNAME, DEPTH_NXDOMAIN, DEPTH_CUT, DEPTH_KIND_COUNT };
/** May there be one of that kind at a name of so many labels? False: there is none. */
bool cache_may_be_at(const struct cache *c, enum depth_kind kind, unsigned labels);

/* ---- rrsets (rrsets.c) ---- */

/** A copy in the arena with the TTL left, or NULL. */
struct rrset *cache_rrset_get(
    struct cache *c, const name_t *owner, uint16_t type, uint16_t class, uint32_t now_s, struct arena *a);
/** Stores rs (its ttl bounded by the settings; values above TTL_WIRE_MAX count as 0: RFC 2181 8; TTL 0 is not
 * stored). An entry that is not expired and has a higher rank stays (RFC 2181 5.4.1); so does, at equal rank,
 * one that is SECURE against one that is not. Sets over the limits are not stored. */
void cache_rrset_put(struct cache *c, const struct rrset *rs, uint32_t now_s);

/* ---- negatives (negatives.c) ---- */

struct negative {
    bool nxdomain;     /* else NODATA */
    uint8_t verdict;   /* enum verdict */
    uint8_t fault;     /* as in struct rrset */
    bool no_name;      /* NODATA that says that there is no such name (compact denial, RFC 9824) */
    uint32_t ttl;      /* s; put: the lesser of SOA's TTL and MINIMUM (RFC 2308 5); got: what is left */
    uint32_t stored_s; /* got: when it was put, now_t.cache_s */
    struct rrset_list authority; /* SOA first, then NSEC/NSEC3 proofs, with signatures; TTLs as left */
};

/** NXDOMAIN is looked for under type 0 first (it denies all types), then NODATA of that type. False: none. */
bool cache_negative_get(struct cache *c, const name_t *name, uint16_t type, uint16_t class, uint32_t now_s,
    struct arena *a, struct negative *out);
/** Likewise, but of NXDOMAIN and NODATA the one that was stored later: among what expired, it is nearer to
 * the truth. */
bool cache_negative_newer(struct cache *c, const name_t *name, uint16_t type, uint16_t class, uint32_t now_s,
    struct arena *a, struct negative *out);
/** Stores under type (NODATA) or under type 0 (NXDOMAIN). The TTL is bounded by the settings; 0 is not
 * stored. One that is SECURE and not expired stays against one that is not. No RRset of the authority section
 * is given back with a longer TTL than the whole (RFC 2308 5, RFC 9077). */
void cache_negative_put(struct cache *c, const name_t *name, uint16_t type, uint16_t class,
    const struct negative *n, uint32_t now_s);

/* ---- cuts (cuts.c) ---- */

/* One name server of a delegation, with the glue that came with it. */
struct cut_server {
    const name_t *name;
    unsigned addr_count;
    struct addr addrs[DELEGATION_ADDRS_PER_NAME];
};

/* A delegation as the parent gave it. It lives for the parent's TTL, whatever the child says (threat P9). */
struct cut {
    const name_t *zone;
    uint32_t ttl;          /* seconds left */
    uint32_t age_s;        /* since the parent gave it; not stored as such */
    bool listed_many;      /* the referral listed more than DELEGATION_NAMES_MAX names */
    bool hint;             /* made of root hints */
    bool insecure;         /* proven to have no DS, or none of use; it lives for the proof's TTL */
    uint8_t fault;         /* then: why (enum fault_kind) */
    unsigned server_count; /* at most DELEGATION_NAMES_MAX */
    struct cut_server *servers;
    struct rrset_list proofs; /* DS, or NSEC/NSEC3 that deny it, with signatures, as sent by the parent */
};

/** The delegation of exactly this zone, in the arena; NULL if none. */
struct cut *cache_cut_get(struct cache *c, const name_t *zone, uint32_t now_s, struct arena *a);
/** The deepest delegation at or above name; NULL if not even the root's is known. */
struct cut *cache_cut_deepest(struct cache *c, const name_t *name, uint32_t now_s, struct arena *a);
/** Its TTL is kept as it is, but for ttl_max. */
void cache_cut_put(struct cache *c, const struct cut *cut, uint32_t now_s);
void cache_cut_remove(struct cache *c, const name_t *zone);

/* ---- answers (answers.c) ---- */

/** When an RRset should be asked for anew if somebody still asks for it: in the last tenth of its TTL,
 * counted from when the cache got it. UINT32_MAX: not at all (REFRESH_LIFE_MIN). */
uint32_t cache_due_s(const struct rrset *rs, uint32_t now_s);

#define ANSWER_RECORDS_MAX 127u /* of all sections; each count is one octet in the block */
#define ANSWER_REASON_MAX 256u

/* What is asked, and by whom. */
struct answer_question {
    const name_t *name; /* in any letter case */
    size_t name_len;
    uint16_t type, class;
    bool dnssec_ok;               /* DO */
    bool compact_ok;              /* CO, which says something beside DO alone (RFC 9824 5.1) */
    const struct answer_key *key; /* get: if it was made; may be NULL */
    bool unchecked;               /* get: CD, who takes what others get too; put: for askers with CD alone */
};

/* What stands before the records of a message, or of that part of it that is for askers without DO. */
struct answer_head {
    uint16_t flags;     /* with the low bits of the rcode */
    uint16_t counts[3]; /* records of each section */
    size_t len;         /* of all records, octets */
};

/* Bits of answer.for_whom. */
#define ANSWER_FOR_PLAIN 1u /* askers without DO: `plain` says how much of it */
#define ANSWER_FOR_DO 2u    /* askers with DO: the whole */
#define ANSWER_NO_NAME 4u   /* NODATA of a compact denial: NXDOMAIN but for who has DO without CO */

/* A finished message to be stored. One item serves askers with DO and without wherever the message for those
 * without is the beginning of the other, as what is for DO alone (signatures, proofs) stands last. */
struct answer {
    struct answer_head head, plain; /* plain.flags does not count */
    uint8_t for_whom;
    const uint8_t *records;      /* octets after the question */
    const uint16_t *ttl_offsets; /* where the records' TTL fields stand in the message, one each */
    uint32_t life_s;             /* the least TTL of its parts */
    uint32_t due_s;              /* when a part of it is due for a refresh: cache_due_s() */
    int ede;              /* enum ede_code: a reason that goes with it (insecure, and why); EDE_NONE: none */
    const char *ede_text; /* longer than ANSWER_REASON_MAX - 1: cut */
};

/* Where a copy of one is put. */
struct answer_room {
    uint8_t *records;
    size_t cap;
    char *ede_text; /* ANSWER_REASON_MAX octets */
    /* got */
    struct answer_head head;
    bool due; /* little of its life is left: who is still asked for it asks anew (REFRESH_LIFE_MIN) */
    int ede;  /* EDE_NONE: then ede_text is not written */
};

/* A question's key in the cache, made before the question is looked for. */
struct answer_key {
    struct store_spot spot;
    uint16_t len; /* 0: not made */
    uint8_t octets[NAME_MAX_LEN + 5];
};

/** Of a question as it stands in a message: name, of name_len octets, type and class. Whoever has several
 * questions makes the keys of all, then calls cache_answer_nearer() for each, then cache_answer_get(): so
 * nobody waits for memory. */
void cache_answer_key(
    const struct cache *c, const uint8_t *question, size_t name_len, struct answer_key *key);
void cache_answer_nearer(const struct cache *c, struct answer_key *key);
/** Copies the records to out->records with their TTLs lowered by the time since they were put; if they are
 * longer than out->cap, they are not copied, and the rest is as if they were. False: none is known. */
bool cache_answer_get(
    struct cache *c, const struct answer_question *q, uint32_t now_s, struct answer_room *out);
/** What is empty, dead or over the limits is not stored. */
void cache_answer_put(
    struct cache *c, const struct answer_question *q, const struct answer *answer, uint32_t now_s);
/** What it is made of is known for longer: the next asker gets another. */
void cache_answer_drop(struct cache *c, const name_t *qname, uint16_t type, uint16_t class);
/** Kills all answers at once. */
void cache_answers_flush(struct cache *c);

/* ---- servers (servers.c) ---- */

enum edns_fact { EDNS_FACT_UNKNOWN, EDNS_FACT_WORKS, EDNS_FACT_BROKEN };

/* What is known of an address. Flat. Zeroed: nothing known. */
struct server_facts {
    uint16_t srtt_ms, rttvar_ms; /* RFC 6298 smoothing; 0 0: never measured */
    uint8_t timeouts;            /* in a row */
    uint8_t edns;                /* enum edns_fact; BROKEN never after WORKS (threat P13) */
    uint8_t case_broken;         /* does not echo letter case: ask over TCP */
    uint8_t heard;               /* ever answered */
    uint8_t
        loss; /* share of messages to it that are lost, of 255: smoothed, an answer that came late is none */
    /* Where these are not set, there is nothing to look for; once set, they stay as long as the facts do. */
    uint8_t lame_somewhere; /* cache_lame_put() */
    uint8_t cookie_known;   /* cache_cookie_put() */
};

void cache_server_get(
    struct cache *c, const struct endpoint *server, uint32_t now_s, struct server_facts *out);
/** Last writer wins: facts are hints, a lost update costs one measurement. */
void cache_server_put(
    struct cache *c, const struct endpoint *server, const struct server_facts *facts, uint32_t now_s);
#define COOKIE_CLIENT_LEN 8u  /* RFC 7873 4 */
#define COOKIE_SERVER_MAX 32u /* at least 8 */

/* What a server gave us, for the client's part that it was sent. */
struct server_cookie {
    uint8_t client[COOKIE_CLIENT_LEN];
    uint8_t server[COOKIE_SERVER_MAX];
    uint8_t server_len; /* 0: nothing yet */
    bool unwanted;      /* it does not answer who sends a cookie */
    uint32_t epoch;     /* between which two flushes the client's part was drawn */
};
/** False, and zeroes but for the epoch: nothing known. Kept for SERVER_FACTS_TTL. */
bool cache_cookie_get(
    struct cache *c, const struct endpoint *server, uint32_t now_s, struct server_cookie *out);
/** One of before the last flush is not kept. */
void cache_cookie_put(
    struct cache *c, const struct endpoint *server, const struct server_cookie *cookie, uint32_t now_s);
/** How often they were flushed. */
uint32_t cache_cookies_epoch(const struct cache *c);
/** Forgets all: this machine may have other addresses now. */
void cache_cookies_flush(struct cache *c);
/** Is this address lame for this zone (LAME_TTL)? */
bool cache_lame_get(struct cache *c, const name_t *zone, const struct addr *addr, uint32_t now_s);
/** Endpoints of which something is, or was, remembered, at most cap of them. Returns how many there are.
 * Looks at all that is in the cache. */
size_t cache_servers(struct cache *c, struct endpoint *out, size_t cap);
/** Calls fn for zones for which this address is lame, not more than some hundreds. Likewise. */
void cache_lame_zones(struct cache *c, const struct addr *addr, uint32_t now_s,
    void (*fn)(void *ctx, const name_t *zone), void *ctx);
void cache_lame_put(struct cache *c, const name_t *zone, const struct addr *addr, uint32_t now_s);

/* ---- failures (failures.c) ---- */

#define FAILURE_TEXT_MAX 240u

struct failure {
    uint16_t ede;     /* why, enum ede_code */
    uint16_t streak;  /* failures in a row */
    uint32_t retry_s; /* seconds until it may be tried again; 0: now */
    uint32_t age_s;   /* since the last one */
    bool bogus;       /* DNSSEC was what failed: of no concern to who does not want validation (CD) */
    bool unjudged;    /* and nothing was false: what it is to be judged by could not be had */
    char tag[32];
    char text[FAILURE_TEXT_MAX]; /* both as given, zero-terminated, cut if need be */
};

/** False: no failure known. True with retry_s 0: known and due for another try. */
bool cache_failure_get(
    struct cache *c, const name_t *name, uint16_t type, uint16_t class, uint32_t now_s, struct failure *out);
/** One more failure: not tried again for 1, 2, 4 … 300 s (RFC 9520 3.2), what is false for 60, 120, 240, 300.
 * ede, bogus, unjudged, tag and text of f count. excused: our own link was to blame; for 1 s, and it does not
 * count. */
void cache_failure_put(struct cache *c, const name_t *name, uint16_t type, uint16_t class,
    const struct failure *f, bool excused, uint32_t now_s);
void cache_failure_clear(struct cache *c, const name_t *name, uint16_t type, uint16_t class);

#endif
