/* Keys of P-256 that sign much: those of the root and of TLDs, of operators who sign all their zones by one
 * key. After many good signatures a key is made ready for more (dnssec/p256.h), in the background; then a
 * signature costs less than half. Decision 17. Internal to the layer. */
#ifndef HARK_DNSSEC_HOT_KEYS_H
#define HARK_DNSSEC_HOT_KEYS_H

#include "defs/limits.h"
#include "dnssec/p256.h"

/* Of one key. Zeroed: it is new. */
struct hot_key {
    struct p256_key *ready; /* NULL: it is not */
    unsigned good;          /* signatures found good, up to HOT_KEY_AFTER */
    uint64_t used;
};

/* Of a verifier. Zeroed: empty. */
struct hot_keys {
    struct p256_room *room;
    struct hot_key *keys[HOT_KEYS_MAX]; /* that are ready */
    unsigned count;
    uint64_t uses;
    bool wished, given;           /* one at a time is to be made ready; its making has begun */
    uint8_t wish[P256_POINT_LEN]; /* which */
};

void hot_keys_fini(struct hot_keys *h);
/** The key is forgotten. */
void hot_key_fini(struct hot_keys *h, struct hot_key *k);
/** As p256_is_good(); it must be ready. */
bool hot_key_is_good(struct hot_keys *h, struct hot_key *k, const uint8_t digest[P256_DIGEST_LEN],
    const uint8_t signature[P256_POINT_LEN]);
/** A signature by it was found good. point: of a key that OpenSSL took. */
void hot_key_signed(struct hot_keys *h, struct hot_key *k, const uint8_t point[P256_POINT_LEN]);
/** It is ready now, and ours to free. */
void hot_key_is_made(struct hot_keys *h, struct hot_key *k, struct p256_key *ready);

#endif
