/* A cryptographic generator: ChaCha20 keyed from getrandom(2), or from a seed for tests and the simulator. */
#ifndef HARK_BASE_RANDOM_H
#define HARK_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random; /* not shared between threads */

/** seed NULL: from the kernel. Else 32 octets, and the sequence is a function of the seed. */
struct random *random_new(const uint8_t seed[32]);
void random_free(struct random *r);
void random_octets(struct random *r, void *out, size_t n);
uint16_t random_u16(struct random *r);
uint64_t random_u64(struct random *r);
/** Uniform in [0, n); n > 0. */
uint32_t random_below(struct random *r, uint32_t n);

#endif
