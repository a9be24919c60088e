#include "base/hash.h"

#include <endian.h>
#include <string.h>

struct sip {
    uint64_t a, b, c, d;
};

static inline uint64_t rotl(uint64_t x, int n)
{
    return x << n | x >> (64 - n);
}

static inline void sip_round(struct sip *s)
{
    s->a += s->b;
    s->c += s->d;
    s->b = rotl(s->b, 13) ^ s->a;
    s->d = rotl(s->d, 16) ^ s->c;
    s->a = rotl(s->a, 32);
    s->c += s->b;
    s->a += s->d;
    s->b = rotl(s->b, 17) ^ s->c;
    s->d = rotl(s->d, 21) ^ s->a;
    s->c = rotl(s->c, 32);
}

/* Inlined, so that the numbers of rounds are constants and the loops unroll. */
#define ALWAYS_INLINE __attribute__((always_inline)) static inline

ALWAYS_INLINE void sip_word(struct sip *s, uint64_t m, int rounds)
{
    s->d ^= m;
    for (int i = 0; i < rounds; i++)
        sip_round(s);
    s->a ^= m;
}

/* The `left` octets at p, fewer than 8, of n that end there; the first is the lowest. */
ALWAYS_INLINE uint64_t last_octets(const uint8_t *p, size_t left, size_t n)
{
    uint64_t m = 0;
    if (n < 8) {
        for (size_t i = 0; i < left; i++) /* memcpy() of so few would cost all others a guarded stack */
            m |= (uint64_t)p[i] << 8 * i;
        return m;
    }
    /* Those before them are read with them and shifted out; a shift by all 64 bits is not defined. */
    memcpy(&m, p + left - 8, 8);
    return le64toh(m) >> 1 >> (63 - 8 * left);
}

ALWAYS_INLINE uint64_t sip(
    const struct hash_key *key, const uint8_t *p, size_t n, int word_rounds, int final_rounds)
{
    struct sip s = {
        .a = key->k0 ^ 0x736f6d6570736575u,
        .b = key->k1 ^ 0x646f72616e646f6du,
        .c = key->k0 ^ 0x6c7967656e657261u,
        .d = key->k1 ^ 0x7465646279746573u,
    };
    uint64_t m;
    size_t left = n;
    for (; left >= 8; left -= 8, p += 8) {
        memcpy(&m, p, 8);
        sip_word(&s, le64toh(m), word_rounds);
    }
    sip_word(&s, last_octets(p, left, n) | (uint64_t)n << 56, word_rounds);
    s.c ^= 0xff;
    for (int i = 0; i < final_rounds; i++)
        sip_round(&s);
    return s.a ^ s.b ^ s.c ^ s.d;
}

uint64_t hash_octets(const struct hash_key *key, const void *data, size_t n)
{
    return sip(key, data, n, 1, 3);
}

void hash_mac(uint8_t out[8], const uint8_t key[16], const void *data, size_t n)
{
    struct hash_key k;
    memcpy(&k.k0, key, 8);
    memcpy(&k.k1, key + 8, 8);
    k.k0 = le64toh(k.k0);
    k.k1 = le64toh(k.k1);
    uint64_t h = htole64(sip(&k, data, n, 2, 4));
    memcpy(out, &h, 8);
}
