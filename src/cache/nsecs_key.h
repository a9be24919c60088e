/* Keys of the index for aggressive use: octets whose plain order is the order of the chain (nsecs.c has the
 * layout). Only nsecs.c and its tests include this. */
#ifndef HARK_CACHE_NSECS_KEY_H
#define HARK_CACHE_NSECS_KEY_H

#include "cache/nsecs.h"

/* In the order in which the records of a zone lie. */
enum nsecs_section { NSECS_SOA, NSECS_NSEC, NSECS_NSEC3 };

/* zone, section; labels whose octets 0 and 1 are written as two, with an end each; or parameters and hash. */
#define NSECS_KEY_MAX (NAME_MAX_LEN + 1 + 2 * NAME_MAX_LEN)

struct nsecs_key {
    enum nsecs_section section;
    size_t zone_len;  /* what the shard is chosen by */
    size_t group_len; /* what all of a chain have in common */
    size_t len;
    uint8_t octets[NSECS_KEY_MAX];
};

int nsecs_key_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len);
void nsecs_key_soa(struct nsecs_key *k, const name_t *zone);
/** False: name is not within the zone. */
bool nsecs_key_nsec(struct nsecs_key *k, const name_t *zone, const name_t *name);
void nsecs_key_nsec3(struct nsecs_key *k, const name_t *zone, const struct nsec3_chain *chain,
    const uint8_t hash[NSECS_HASH_LEN]);
/** What all NSEC3 of a zone have in common. */
void nsecs_key_chains(struct nsecs_key *k, const name_t *zone);
/** What follows that in such a key. */
void nsecs_key_chain_read(struct nsec3_chain *out, const uint8_t *octets);
/** The key of an RRset, if it may be kept (nsecs_put). */
bool nsecs_key_of(struct nsecs_key *k, const name_t *zone, const struct rrset *rs);
/** The key of the next name or hash in RDATA of the kind that k is of. */
bool nsecs_key_of_next(struct nsecs_key *next, const struct nsecs_key *k, const struct rdata *rd);

#endif
