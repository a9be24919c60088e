/* Numbers modulo p = 2^256 − 2^224 + 2^192 + 2^96 − 1, the prime of P-256 (FIPS 186-4 D.1.2.3), as
 * a·2^260 mod p (Montgomery's form). Variable time: only for what is public. Internal to p256.c.
 *
 * Five signed limbs of 52 bits, so that sums and differences need no carries. Bounds, in units of p: a
 * product of a and b is within [−|a||b|/16, |a||b|/16 + 1], since 2^260 > 16p; limbs may be as long as 57
 * bits on the way in and are 52 bits on the way out, the highest apart. */
#ifndef HARK_DNSSEC_P256_FIELD_H
#define HARK_DNSSEC_P256_FIELD_H

#include <stdbool.h>
#include <stdint.h>

#define FE_LIMBS 5u
#define FE_BITS 52u
#define FE_MASK ((1LL << FE_BITS) - 1)

struct fe {
    int64_t v[FE_LIMBS];
};

/* Four words of 64 bits, the lowest first. */
struct p256_words {
    uint64_t v[4];
};

__extension__ typedef __int128 fe_wide;

/* p's own limbs */
#define FE_P0 0xfffffffffffffLL
#define FE_P1 0x00fffffffffffLL
#define FE_P3 0x0001000000000LL
#define FE_P4 0x0ffffffff0000LL

static inline fe_wide fe_by(int64_t a, int64_t b)
{
    return (fe_wide)a * b;
}

/* p is −1 modulo 2^52: what makes a column's low limb zero is that limb itself, and times p it is added at
 * 2^96 and 2^192, taken from itself and at 2^224, and added at 2^256. */
static inline fe_wide fe_at44(int64_t m)
{
    return (fe_wide)m << 44;
}

static inline fe_wide fe_at36(int64_t m)
{
    return (fe_wide)m << 36;
}

static inline fe_wide fe_top(int64_t m)
{
    return fe_by(m, FE_P4);
}

static inline void fe_end(struct fe *out, const fe_wide t[4], fe_wide c)
{
    for (unsigned i = 0; i < 4; i++) {
        c += t[i];
        out->v[i] = (int64_t)c & FE_MASK;
        c >>= FE_BITS;
    }
    out->v[4] = (int64_t)c;
}

static inline void fe_reduce(struct fe *out, const fe_wide lo[5], const fe_wide hi[4])
{
    fe_wide c = lo[0];
    int64_t m0 = (int64_t)c & FE_MASK;
    c = (c >> FE_BITS) + lo[1] + fe_at44(m0);
    int64_t m1 = (int64_t)c & FE_MASK;
    c = (c >> FE_BITS) + lo[2] + fe_at44(m1);
    int64_t m2 = (int64_t)c & FE_MASK;
    c = (c >> FE_BITS) + lo[3] + fe_at44(m2) + fe_at36(m0);
    int64_t m3 = (int64_t)c & FE_MASK;
    c = (c >> FE_BITS) + lo[4] + fe_at44(m3) + fe_at36(m1) + fe_top(m0);
    int64_t m4 = (int64_t)c & FE_MASK;
    fe_wide t[4] = {hi[0] + fe_at44(m4) + fe_at36(m2) + fe_top(m1), hi[1] + fe_at36(m3) + fe_top(m2),
        hi[2] + fe_at36(m4) + fe_top(m3), hi[3] + fe_top(m4)};
    fe_end(out, t, c >> FE_BITS);
}

static inline void fe_mul(struct fe *out, const struct fe *x, const struct fe *y)
{
    const int64_t *a = x->v, *b = y->v;
    fe_wide lo[5] = {fe_by(a[0], b[0]), fe_by(a[0], b[1]) + fe_by(a[1], b[0]),
        fe_by(a[0], b[2]) + fe_by(a[1], b[1]) + fe_by(a[2], b[0]),
        fe_by(a[0], b[3]) + fe_by(a[1], b[2]) + fe_by(a[2], b[1]) + fe_by(a[3], b[0]),
        fe_by(a[0], b[4]) + fe_by(a[1], b[3]) + fe_by(a[2], b[2]) + fe_by(a[3], b[1]) + fe_by(a[4], b[0])};
    fe_wide hi[4] = {fe_by(a[1], b[4]) + fe_by(a[2], b[3]) + fe_by(a[3], b[2]) + fe_by(a[4], b[1]),
        fe_by(a[2], b[4]) + fe_by(a[3], b[3]) + fe_by(a[4], b[2]), fe_by(a[3], b[4]) + fe_by(a[4], b[3]),
        fe_by(a[4], b[4])};
    fe_reduce(out, lo, hi);
}

static inline void fe_sqr(struct fe *out, const struct fe *x)
{
    const int64_t *a = x->v, a0 = 2 * a[0], a1 = 2 * a[1], a2 = 2 * a[2], a3 = 2 * a[3];
    fe_wide lo[5] = {fe_by(a[0], a[0]), fe_by(a0, a[1]), fe_by(a0, a[2]) + fe_by(a[1], a[1]),
        fe_by(a0, a[3]) + fe_by(a1, a[2]), fe_by(a0, a[4]) + fe_by(a1, a[3]) + fe_by(a[2], a[2])};
    fe_wide hi[4] = {fe_by(a1, a[4]) + fe_by(a2, a[3]), fe_by(a2, a[4]) + fe_by(a[3], a[3]), fe_by(a3, a[4]),
        fe_by(a[4], a[4])};
    fe_reduce(out, lo, hi);
}

static inline void fe_add(struct fe *out, const struct fe *a, const struct fe *b)
{
    for (unsigned i = 0; i < FE_LIMBS; i++)
        out->v[i] = a->v[i] + b->v[i];
}

static inline void fe_sub(struct fe *out, const struct fe *a, const struct fe *b)
{
    for (unsigned i = 0; i < FE_LIMBS; i++)
        out->v[i] = a->v[i] - b->v[i];
}

static inline void fe_times(struct fe *out, const struct fe *a, int64_t small)
{
    for (unsigned i = 0; i < FE_LIMBS; i++)
        out->v[i] = a->v[i] * small;
}

/* To about 0 to p: as many p are taken away as 2^256 is in it. */
static inline void fe_settle(struct fe *a)
{
    int64_t q = a->v[4] >> 48;
    a->v[0] -= q * FE_P0;
    a->v[1] -= q * FE_P1;
    a->v[3] -= q * FE_P3;
    a->v[4] -= q * FE_P4;
}

static inline void fe_carry(struct fe *a)
{
    for (unsigned i = 0; i < 4; i++) {
        a->v[i + 1] += a->v[i] >> FE_BITS;
        a->v[i] &= FE_MASK;
    }
}

/* From 0 to p − 1, limbs of 52 bits. */
void fe_canonical(struct fe *a);
bool fe_is_zero(const struct fe *a);
void fe_pack(struct p256_words *out, const struct fe *a);

static inline void fe_unpack(struct fe *out, const struct p256_words *w)
{
    const uint64_t *v = w->v;
    out->v[0] = (int64_t)(v[0] & (uint64_t)FE_MASK);
    out->v[1] = (int64_t)((v[0] >> 52 | v[1] << 12) & (uint64_t)FE_MASK);
    out->v[2] = (int64_t)((v[1] >> 40 | v[2] << 24) & (uint64_t)FE_MASK);
    out->v[3] = (int64_t)((v[2] >> 28 | v[3] << 36) & (uint64_t)FE_MASK);
    out->v[4] = (int64_t)(v[3] >> 16);
}

#endif
