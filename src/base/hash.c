#include "base/hash.h"

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

static inline void sip_word(struct sip *s, uint64_t m)
{
    s->d ^= m;
    sip_round(s);
    s->a ^= m;
}

uint64_t hash_octets(const struct hash_key *key, const void *data, size_t n)
{
    const uint8_t *p = data;
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
        sip_word(&s, m);
    }
    m = 0;
    memcpy(&m, p, left);
    sip_word(&s, m | (uint64_t)n << 56);
    s.c ^= 0xff;
    sip_round(&s);
    sip_round(&s);
    sip_round(&s);
    return s.a ^ s.b ^ s.c ^ s.d;
}
