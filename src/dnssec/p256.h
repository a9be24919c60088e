/* ECDSA with P-256 (RFC 6605) under keys that signed much: sums of prepared multiples instead of doublings
 * (decision 17). Public data only: the time that it takes depends on it. Internal to the layer.
 *
 * Its "good" is meant; its "not good" is not: the caller asks OpenSSL then. So the rare cases of the group
 * law (a point at infinity, a point added to itself) need no code of their own, and no mistake here can
 * refuse a good signature. */
#ifndef HARK_DNSSEC_P256_H
#define HARK_DNSSEC_P256_H

#include <stdbool.h>
#include <stdint.h>

#define P256_POINT_LEN 64u /* x | y, as in a DNSKEY (RFC 6605 4); r | s of a signature are as long */
#define P256_DIGEST_LEN 32u
#define P256_STEPS 19u /* in which multiples are made, each cheaper than one verification */

/* Multiples of one point, 76 KiB. */
struct p256_multiples;

/** The caller knows that the point is on the curve. */
struct p256_multiples *p256_multiples_new(const uint8_t point[P256_POINT_LEN]);
/** Of the curve's own base point. */
struct p256_multiples *p256_multiples_of_base(void);
void p256_multiples_free(struct p256_multiples *m);
/** One of P256_STEPS; nothing once all are done. */
void p256_multiples_step(struct p256_multiples *m);
bool p256_multiples_are_made(const struct p256_multiples *m);

/** Both made. True: the signature (r | s) over that digest is good. False: it is bad, or that is not known.
 */
bool p256_is_good(const struct p256_multiples *base, const struct p256_multiples *key,
    const uint8_t digest[P256_DIGEST_LEN], const uint8_t signature[P256_POINT_LEN]);

#endif
