/* Numbers modulo n, the order of P-256's group. Variable time: only for what is public. Internal to p256.c.
 */
#ifndef HARK_DNSSEC_P256_ORDER_H
#define HARK_DNSSEC_P256_ORDER_H

#include "dnssec/p256_field.h"

extern const struct p256_words P256_N;

void words_read(struct p256_words *out, const uint8_t octets[32]);
bool words_less(const struct p256_words *a, const struct p256_words *b);
bool words_are_zero(const struct p256_words *a);
/** a − b; returns the borrow. */
bool words_sub(struct p256_words *out, const struct p256_words *a, const struct p256_words *b);
/** a + b; returns the carry. */
bool words_add(struct p256_words *out, const struct p256_words *a, const struct p256_words *b);
/** a·b mod n; both below n. */
void order_mul(struct p256_words *out, const struct p256_words *a, const struct p256_words *b);
/** 1/a mod n; 0 < a < n. */
void order_inverse(struct p256_words *out, const struct p256_words *a);

#endif
