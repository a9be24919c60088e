/* Keyed hash for tables whose keys strangers choose. */
#ifndef HARK_BASE_HASH_H
#define HARK_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
    uint64_t k0, k1;
};

/** SipHash-1-3 of n octets (Aumasson and Bernstein, 2012; the 1-3 variant is enough for hash tables). */
uint64_t hash_octets(const struct hash_key *key, const void *data, size_t n);
/** SipHash-2-4 as its authors publish it, for what goes over the wire: key and result are octets, the same on
 * every machine. */
void hash_mac(uint8_t out[8], const uint8_t key[16], const void *data, size_t n);

#endif
