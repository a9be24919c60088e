/* Keys of P-256 that sign much: those of the root and of TLDs, of operators who sign all their zones by one
 * key. After some good signatures their multiples are made (dnssec/p256.h), a part with each further one, so
 * that no verification takes much longer than without; then a signature costs less than half. Decision 17.
 * Internal to the layer. */
#ifndef HARK_DNSSEC_HOT_KEYS_H
#define HARK_DNSSEC_HOT_KEYS_H

#include "defs/limits.h"
#include "dnssec/p256.h"

/* Of one key. Zeroed: it is new. */
struct hot_key {
    struct p256_multiples *multiples; /* NULL: not begun */
    unsigned good;                    /* signatures found good, up to HOT_KEY_AFTER */
    uint64_t used;
};

/* Of a verifier. Zeroed: empty. */
struct hot_keys {
    struct p256_multiples *base;
    struct hot_key *keys[HOT_KEYS_MAX]; /* with multiples, or some of them */
    unsigned count;
    uint64_t uses;
};

void hot_keys_fini(struct hot_keys *h);
/** The key is forgotten: so are its multiples. */
void hot_key_fini(struct hot_keys *h, struct hot_key *k);
/** May it be asked? */
bool hot_key_is_ready(const struct hot_keys *h, const struct hot_key *k);
/** As p256_is_good(); it must be ready. */
bool hot_key_is_good(struct hot_keys *h, struct hot_key *k, const uint8_t digest[P256_DIGEST_LEN],
    const uint8_t signature[P256_POINT_LEN]);
/** OpenSSL found a signature by it good: a step on. point: of a key that OpenSSL took. */
void hot_key_signed(struct hot_keys *h, struct hot_key *k, const uint8_t point[P256_POINT_LEN]);

#endif
