/* The ordered index for aggressive use of denial (RFC 8198): NSEC and NSEC3 records that were verified, and
 * the SOA that goes with them, each under the zone that signed it. Only misses look here. Safe from any
 * thread.
 *
 * What lies here is believed: a caller puts only RRsets whose signatures it verified, which their zone
 * signed. Whether they prove what is asked is for dnssec/denial.h to say; this index finds the few that
 * might.
 *
 * Names are found in canonical order (RFC 4034 6.1), hashes in their order, apart for each set of parameters
 * of the zone. */
#ifndef HARK_CACHE_NSECS_H
#define HARK_CACHE_NSECS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/mem.h"
#include "dns/rr.h"

#define NSECS_HASH_LEN 20u /* SHA-1, the only hash that NSEC3 has (RFC 5155 11) */
#define NSECS_CHAINS_MAX                                                                                     \
    2u /* sets of parameters of a zone that are looked at: the old and the new one while                     \
          it changes (RFC 5155 10.4) */

/* What makes the hashes of one chain. */
struct nsec3_chain {
    uint16_t iterations;
    uint8_t salt_len;
    uint8_t salt[255];
};

struct nsecs;

/** size: octets, a hard bound. NULL: the system gives no memory. */
struct nsecs *nsecs_new(size_t size, const struct hash_key *key);
void nsecs_free(struct nsecs *n);

/** Stores a copy until rs->ttl seconds from now: NSEC, NSEC3 or SOA that `zone` signed. True: it is kept. Not
 * kept are TTL 0, an owner or a next name outside the zone, a type other than these, a hash other than SHA-1,
 * and records that cover next to nothing, made for one answer only (RFC 4470, RFC 7129 B, RFC 9824): they
 * help nobody else. */
bool nsecs_put(struct nsecs *n, const name_t *zone, const struct rrset *rs, uint32_t now_s);

/** The deepest zone at or above the name of which something is kept; points into the name. NULL: none. */
const name_t *nsecs_deepest(struct nsecs *n, const name_t *name);
/** The zone's SOA, in the arena with the TTL left; NULL: none is known, so the zone's denials are of no use
 * here. */
struct rrset *nsecs_soa(struct nsecs *n, const name_t *zone, uint32_t now_s, struct arena *a);
/** The NSEC of the zone that has the name as its owner, or that covers it; NULL: none is known. */
struct rrset *nsecs_find(
    struct nsecs *n, const name_t *zone, const name_t *name, uint32_t now_s, struct arena *a);
/** The sets of parameters that NSEC3 records of the zone have; returns their number. */
unsigned nsecs_chains(
    struct nsecs *n, const name_t *zone, uint32_t now_s, struct nsec3_chain out[NSECS_CHAINS_MAX]);
/** The NSEC3 of that chain that has the hash in its owner, or that covers it; NULL: none is known. */
struct rrset *nsecs_find_hash(struct nsecs *n, const name_t *zone, const struct nsec3_chain *chain,
    const uint8_t hash[NSECS_HASH_LEN], uint32_t now_s, struct arena *a);

/** Forgets all: what was believed is not any more. */
void nsecs_clear(struct nsecs *n);
/** Forgets what zones at or below `top` signed, and of zones above it what speaks of names there (of their
 * NSEC3, which do not tell of which names they speak: all). */
void nsecs_flush(struct nsecs *n, const name_t *top);

struct nsecs_stats {
    size_t size, used; /* octets */
    uint64_t items;
    uint64_t puts, kept, evicted, refused; /* kept: put again although it was there, with time left */
    uint64_t found, missed;
};
void nsecs_read_stats(struct nsecs *n, struct nsecs_stats *out);

#endif
