#include "dnssec/p256_order.h"

#define ROUND_BITS 62u
#define ROUND_MASK ((1ULL << ROUND_BITS) - 1)
/* 741 division steps suffice for 256 bits (Bernstein and Yang, "Fast constant-time gcd computation and
 * modular inversion", theorem 11.2). */
#define ROUNDS_MAX 12u

__extension__ typedef unsigned __int128 wide;

const struct p256_words P256_N = {
    {0xf3b9cac2fc632551u, 0xbce6faada7179e84u, 0xffffffffffffffffu, 0xffffffff00000000u}};
static const struct p256_words R_SQUARED = {
    {0x83244c95be79eea2u, 0x4699799c49bd6fa6u, 0x2845b2392b6bec59u, 0x66e12d94f3d95620u}}; /* 2^512 mod n */
#define N_INVERSE_64 0xccd1c8aaee00bc4fu /* −1/n mod 2^64 */
#define N_INVERSE_62 0x332e375511ff43b1u /* 1/n mod 2^62 */

void words_read(struct p256_words *out, const uint8_t octets[32])
{
    for (unsigned i = 0; i < 4; i++) {
        uint64_t w = 0;
        for (unsigned j = 0; j < 8; j++)
            w = w << 8 | octets[8 * (3 - i) + j];
        out->v[i] = w;
    }
}

bool words_sub(struct p256_words *out, const struct p256_words *a, const struct p256_words *b)
{
    uint64_t borrow = 0;
    for (unsigned i = 0; i < 4; i++) {
        wide d = (wide)a->v[i] - b->v[i] - borrow;
        out->v[i] = (uint64_t)d;
        borrow = (uint64_t)(d >> 64) & 1;
    }
    return borrow != 0;
}

bool words_add(struct p256_words *out, const struct p256_words *a, const struct p256_words *b)
{
    wide c = 0;
    for (unsigned i = 0; i < 4; i++) {
        c += (wide)a->v[i] + b->v[i];
        out->v[i] = (uint64_t)c;
        c >>= 64;
    }
    return c != 0;
}

bool words_less(const struct p256_words *a, const struct p256_words *b)
{
    struct p256_words d;
    return words_sub(&d, a, b);
}

bool words_are_zero(const struct p256_words *a)
{
    return (a->v[0] | a->v[1] | a->v[2] | a->v[3]) == 0;
}

/* a·b/2^256 mod n (Montgomery). */
static void redc_mul(struct p256_words *out, const struct p256_words *a, const struct p256_words *b)
{
    uint64_t t[6] = {0};
    for (unsigned i = 0; i < 4; i++) {
        wide c = 0;
        for (unsigned j = 0; j < 4; j++) {
            c += (wide)a->v[i] * b->v[j] + t[j];
            t[j] = (uint64_t)c;
            c >>= 64;
        }
        c += t[4];
        t[4] = (uint64_t)c;
        t[5] = (uint64_t)(c >> 64);
        uint64_t m = t[0] * N_INVERSE_64;
        c = ((wide)m * P256_N.v[0] + t[0]) >> 64;
        for (unsigned j = 1; j < 4; j++) {
            c += (wide)m * P256_N.v[j] + t[j];
            t[j - 1] = (uint64_t)c;
            c >>= 64;
        }
        c += t[4];
        t[3] = (uint64_t)c;
        t[4] = t[5] + (uint64_t)(c >> 64);
    }
    struct p256_words r = {{t[0], t[1], t[2], t[3]}};
    if (t[4] || !words_less(&r, &P256_N))
        words_sub(&r, &r, &P256_N);
    *out = r;
}

void order_mul(struct p256_words *out, const struct p256_words *a, const struct p256_words *b)
{
    struct p256_words t;
    redc_mul(&t, a, b);
    redc_mul(out, &t, &R_SQUARED);
}

/* ---- inversion: Bernstein and Yang's division steps, 62 at a time on the low words ---- */

/* Five limbs of 62 bits, the highest signed. */
struct limbs {
    int64_t v[5];
};

/* f' = (u·f + v·g)/2^62, g' = (q·f + r·g)/2^62; |u| + |v| and |q| + |r| are at most 2^62. */
struct turn {
    int64_t u, v, q, r;
};

/* divstep(delta, f, g): with delta > 0 and g odd (1 − delta, g, (g − f)/2), else (1 + delta, f, (g + (g mod
 * 2)·f)/2). */
static int64_t round_of_steps(int64_t delta, uint64_t f, uint64_t g, struct turn *out)
{
    uint64_t u = 1, v = 0, q = 0, r = 1;
    unsigned left = ROUND_BITS;
    for (;;) {
        unsigned zeros = (unsigned)__builtin_ctzll(g | 1ULL << left);
        g >>= zeros;
        u <<= zeros;
        v <<= zeros;
        delta += zeros;
        left -= zeros;
        if (!left)
            break;
        if (delta > 0) {
            uint64_t old = f;
            delta = -delta;
            f = g, g = 0 - old;
            old = u, u = q, q = 0 - old;
            old = v, v = r, r = 0 - old;
        }
        g += f;
        q += u;
        r += v;
    }
    *out = (struct turn){(int64_t)u, (int64_t)v, (int64_t)q, (int64_t)r};
    return delta;
}

static void turn_limbs(struct limbs *f, struct limbs *g, const struct turn *t)
{
    fe_wide cf = 0, cg = 0;
    for (unsigned i = 0; i < 5; i++) {
        int64_t a = f->v[i], b = g->v[i];
        cf += fe_by(t->u, a) + fe_by(t->v, b);
        cg += fe_by(t->q, a) + fe_by(t->r, b);
        if (i > 0) {
            f->v[i - 1] = (int64_t)((uint64_t)cf & ROUND_MASK);
            g->v[i - 1] = (int64_t)((uint64_t)cg & ROUND_MASK);
        }
        cf >>= ROUND_BITS;
        cg >>= ROUND_BITS;
    }
    f->v[4] = (int64_t)cf;
    g->v[4] = (int64_t)cg;
}

static const struct limbs N62 = {
    {0x33b9cac2fc632551, 0x339beab69c5e7a13, 0x3ffffffffffffffb, 0x3fffffc00000003f, 0xff}};

/* The same modulo n: so many n are added that the division by 2^62 has no rest. Each grows by at most n. */
static void turn_limbs_mod_n(struct limbs *d, struct limbs *e, const struct turn *t)
{
    fe_wide cd = 0, ce = 0;
    int64_t md = 0, me = 0;
    for (unsigned i = 0; i < 5; i++) {
        int64_t a = d->v[i], b = e->v[i];
        cd += fe_by(t->u, a) + fe_by(t->v, b);
        ce += fe_by(t->q, a) + fe_by(t->r, b);
        if (i == 0) {
            md = (int64_t)((0 - (uint64_t)cd * N_INVERSE_62) & ROUND_MASK);
            me = (int64_t)((0 - (uint64_t)ce * N_INVERSE_62) & ROUND_MASK);
        }
        cd += fe_by(md, N62.v[i]);
        ce += fe_by(me, N62.v[i]);
        if (i > 0) {
            d->v[i - 1] = (int64_t)((uint64_t)cd & ROUND_MASK);
            e->v[i - 1] = (int64_t)((uint64_t)ce & ROUND_MASK);
        }
        cd >>= ROUND_BITS;
        ce >>= ROUND_BITS;
    }
    d->v[4] = (int64_t)cd;
    e->v[4] = (int64_t)ce;
}

static void add_n(struct limbs *d, int64_t times)
{
    int64_t c = 0;
    for (unsigned i = 0; i < 5; i++) {
        c += d->v[i] + times * N62.v[i];
        d->v[i] = i < 4 ? (int64_t)((uint64_t)c & ROUND_MASK) : c;
        c >>= ROUND_BITS;
    }
}

static void negate(struct limbs *d)
{
    int64_t c = 0;
    for (unsigned i = 0; i < 5; i++) {
        c -= d->v[i];
        d->v[i] = i < 4 ? (int64_t)((uint64_t)c & ROUND_MASK) : c;
        c >>= ROUND_BITS;
    }
}

void order_inverse(struct p256_words *out, const struct p256_words *a)
{
    const uint64_t *w = a->v;
    struct limbs f = N62, d = {{0}}, e = {{1}};
    struct limbs g = {{(int64_t)(w[0] & ROUND_MASK), (int64_t)((w[0] >> 62 | w[1] << 2) & ROUND_MASK),
        (int64_t)((w[1] >> 60 | w[2] << 4) & ROUND_MASK), (int64_t)((w[2] >> 58 | w[3] << 6) & ROUND_MASK),
        (int64_t)(w[3] >> 56)}};
    int64_t delta = 1;
    for (unsigned i = 0; i < ROUNDS_MAX; i++) { /* a·d = f and a·e = g, modulo n, all along */
        struct turn t;
        delta = round_of_steps(delta, (uint64_t)f.v[0], (uint64_t)g.v[0], &t);
        turn_limbs_mod_n(&d, &e, &t);
        turn_limbs(&f, &g, &t);
        if ((g.v[0] | g.v[1] | g.v[2] | g.v[3] | g.v[4]) == 0)
            break;
    }
    if (f.v[4] < 0) /* f is 1 or −1: n is a prime */
        negate(&d);
    for (unsigned i = 0; i < 2 * ROUNDS_MAX && d.v[4] < 0; i++)
        add_n(&d, 1);
    for (unsigned i = 0; i < 2 * ROUNDS_MAX && d.v[4] > 0xff; i++)
        add_n(&d, -1);
    const int64_t *v = d.v;
    struct p256_words r = {{(uint64_t)v[0] | (uint64_t)v[1] << 62, (uint64_t)v[1] >> 2 | (uint64_t)v[2] << 60,
        (uint64_t)v[2] >> 4 | (uint64_t)v[3] << 58, (uint64_t)v[3] >> 6 | (uint64_t)v[4] << 56}};
    if (!words_less(&r, &P256_N))
        words_sub(&r, &r, &P256_N);
    *out = r;
}
