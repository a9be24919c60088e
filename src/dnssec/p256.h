/* ECDSA with P-256 (RFC 6605) under keys that signed much, by OpenSSL's public calls: a curve whose generator
 * is the key has multiples of it prepared, as the usual curve has of its base point (decision 17). Public
 * data only: the time that it takes depends on it. Internal to the layer. */
#ifndef HARK_DNSSEC_P256_H
#define HARK_DNSSEC_P256_H

#include <stdbool.h>
#include <stdint.h>

#define P256_POINT_LEN 64u /* x | y, as in a DNSKEY (RFC 6605 4); r | s of a signature are as long */
#define P256_DIGEST_LEN 32u

/* A key with its multiples, about 160 KiB. Read by any thread. */
struct p256_key;
/* What a verification needs beside; of one thread. */
struct p256_room;

/** Takes some 20 ms; from any thread. NULL: the point is not on the curve. */
struct p256_key *p256_key_new(const uint8_t point[P256_POINT_LEN]);
void p256_key_free(struct p256_key *k);
struct p256_room *p256_room_new(void);
void p256_room_free(struct p256_room *room);
/* A key without multiples, for OpenSSL's own verification without what EVP's calls cost around it. */
struct p256_point;
/** NULL: it is not on the curve. */
struct p256_point *p256_point_new(struct p256_room *room, const uint8_t point[P256_POINT_LEN]);
void p256_point_free(struct p256_point *p);
bool p256_point_is_good(struct p256_room *room, const struct p256_point *key,
    const uint8_t digest[P256_DIGEST_LEN], const uint8_t signature[P256_POINT_LEN]);
/** Is the signature (r | s) over that digest good (SEC 1 4.1.4)? */
bool p256_is_good(struct p256_room *room, const struct p256_key *key, const uint8_t digest[P256_DIGEST_LEN],
    const uint8_t signature[P256_POINT_LEN]);

#endif
