#include "dnssec/p256.h"

#include <string.h>

#include "base/mem.h"
#include "dnssec/p256_field.h"
#include "dnssec/p256_order.h"

/* A factor is cut into digits of 7 bits, −63 to 64; row i holds 1 to 64 times 2^(14·i)·Q, and serves the
 * digits 2·i and 2·i + 1: those of odd places are summed first and their sum is doubled 7 times. */
#define DIGIT_BITS 7u
#define DIGITS 37u /* 259 bits */
#define MULTIPLES (1u << (DIGIT_BITS - 1))
#define ROWS P256_STEPS
_Static_assert(ROWS == (DIGITS + 1) / 2, "a row for two digits");

/* Coordinates in Montgomery's form, canonical. A line of the CPU's cache. */
struct affine {
    struct p256_words x, y;
};

/* Jacobian: (x/z², y/z³). z = 0: at infinity, and that it stays whatever is added, so a sum that came by a
 * rare case of the group law ends there, too. */
struct jacobian {
    struct fe x, y, z;
};

struct p256_multiples {
    struct affine rows[ROWS][MULTIPLES];
    struct fe x, y; /* of the next row's first */
    unsigned made;
    void *memory;
};

static const struct fe ONE = {{0x10, 0xf000000000000, 0xfffffffffffff, 0xffeffffffffff, 0xfffff}};
static const struct fe R_SQUARED = {
    {0x300, 0xffffffff00000, 0xffffefffffffb, 0xfdfffffffffff, 0x4ffffff}}; /* 2^520 mod p */
static const struct p256_words P_LESS_N = {{0x0c46353d039cdaae, 0x4319055358e8617b, 0, 0}};
/* FIPS 186-4 D.1.2.3 */
static const uint8_t BASE[P256_POINT_LEN] =
    "\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2"
    "\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96"
    "\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16"
    "\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5";

/* ---- the field ---- */

static void add_p(struct fe *a, int64_t times)
{
    a->v[0] += times * FE_P0;
    a->v[1] += times * FE_P1;
    a->v[3] += times * FE_P3;
    a->v[4] += times * FE_P4;
    fe_carry(a);
}

void fe_canonical(struct fe *a)
{
    fe_carry(a);
    fe_settle(a);
    fe_carry(a);
    for (unsigned i = 0; i < 2 && a->v[4] < 0; i++)
        add_p(a, 1);
    for (unsigned i = 0; i < 2; i++) {
        struct fe less = *a;
        add_p(&less, -1);
        if (less.v[4] < 0)
            break;
        *a = less;
    }
}

bool fe_is_zero(const struct fe *a)
{
    struct fe c = *a;
    fe_canonical(&c);
    return (c.v[0] | c.v[1] | c.v[2] | c.v[3] | c.v[4]) == 0;
}

void fe_pack(struct p256_words *out, const struct fe *a)
{
    struct fe c = *a;
    fe_canonical(&c);
    uint64_t v[FE_LIMBS];
    for (unsigned i = 0; i < FE_LIMBS; i++)
        v[i] = (uint64_t)c.v[i];
    *out = (struct p256_words){
        {v[0] | v[1] << 52, v[1] >> 12 | v[2] << 40, v[2] >> 24 | v[3] << 28, v[3] >> 36 | v[4] << 16}};
}

static void fe_of_words(struct fe *out, const struct p256_words *w)
{
    fe_unpack(out, w);
    fe_mul(out, out, &R_SQUARED);
}

/* a^(p − 2) (Fermat). */
static void fe_inverse(struct fe *out, const struct fe *a)
{
    static const uint64_t EXPONENT[4] = {0xfffffffffffffffdu, 0x00000000ffffffffu, 0, 0xffffffff00000001u};
    struct fe r = ONE;
    for (unsigned i = 256; i-- > 0;) {
        fe_sqr(&r, &r);
        if (EXPONENT[i / 64] >> i % 64 & 1)
            fe_mul(&r, &r, a);
    }
    *out = r;
}

/* ---- points ---- */

/* x ends within about 0 to p, y within 4p, z within 3p: each product stays within its bounds. */
static void point_add(struct jacobian *r, const struct fe *x, const struct fe *y)
{
    struct fe zz, u, s, h, d, hh, hhh, v, t;
    fe_sqr(&zz, &r->z);
    fe_mul(&u, x, &zz);
    fe_mul(&s, &zz, &r->z);
    fe_mul(&s, &s, y);
    fe_sub(&h, &u, &r->x);
    fe_sub(&d, &s, &r->y);
    fe_sqr(&hh, &h);
    fe_mul(&hhh, &hh, &h);
    fe_mul(&v, &hh, &r->x);
    fe_mul(&r->z, &r->z, &h);
    fe_sqr(&r->x, &d);
    fe_sub(&r->x, &r->x, &hhh);
    fe_times(&t, &v, 2);
    fe_sub(&r->x, &r->x, &t);
    fe_settle(&r->x);
    fe_sub(&v, &v, &r->x);
    fe_mul(&v, &v, &d);
    fe_mul(&t, &r->y, &hhh);
    fe_sub(&r->y, &v, &t);
}

static void point_double(struct jacobian *r)
{
    struct fe delta, gamma, beta, alpha, t;
    fe_sqr(&delta, &r->z);
    fe_sqr(&gamma, &r->y);
    fe_mul(&beta, &gamma, &r->x);
    fe_mul(&r->z, &r->z, &r->y);
    fe_times(&r->z, &r->z, 2);
    fe_sub(&t, &r->x, &delta);
    fe_add(&alpha, &r->x, &delta);
    fe_mul(&alpha, &alpha, &t);
    fe_times(&alpha, &alpha, 3);
    fe_times(&beta, &beta, 4);
    fe_times(&t, &beta, 2);
    fe_sqr(&r->x, &alpha);
    fe_sub(&r->x, &r->x, &t);
    fe_settle(&r->x);
    fe_sub(&beta, &beta, &r->x);
    fe_mul(&alpha, &alpha, &beta);
    fe_sqr(&gamma, &gamma);
    fe_times(&gamma, &gamma, 8);
    fe_sub(&r->y, &alpha, &gamma);
    fe_settle(&r->y);
}

/* ---- multiples ---- */

struct p256_multiples *p256_multiples_new(const uint8_t point[P256_POINT_LEN])
{
    void *memory = mem_alloc(sizeof(struct p256_multiples) + 63);
    struct p256_multiples *m = (void *)(((uintptr_t)memory + 63) & ~(uintptr_t)63);
    struct p256_words w;
    m->memory = memory;
    words_read(&w, point);
    fe_of_words(&m->x, &w);
    words_read(&w, point + 32);
    fe_of_words(&m->y, &w);
    return m;
}

struct p256_multiples *p256_multiples_of_base(void)
{
    return p256_multiples_new(BASE);
}

void p256_multiples_free(struct p256_multiples *m)
{
    if (m)
        mem_free(m->memory);
}

bool p256_multiples_are_made(const struct p256_multiples *m)
{
    return m && m->made == ROWS;
}

/* To z = 1, all with one inversion; none is at infinity. */
static void make_affine(struct jacobian *points, unsigned count)
{
    struct fe products[MULTIPLES + 1], inverse, zz;
    products[0] = points[0].z;
    for (unsigned i = 1; i < count; i++)
        fe_mul(&products[i], &products[i - 1], &points[i].z);
    fe_inverse(&inverse, &products[count - 1]);
    for (unsigned i = count; i-- > 0;) {
        struct jacobian *p = &points[i];
        struct fe z = inverse;
        if (i)
            fe_mul(&z, &inverse, &products[i - 1]);
        fe_mul(&inverse, &inverse, &p->z);
        fe_sqr(&zz, &z);
        fe_mul(&p->x, &p->x, &zz);
        fe_mul(&zz, &zz, &z);
        fe_mul(&p->y, &p->y, &zz);
        p->z = ONE;
    }
}

void p256_multiples_step(struct p256_multiples *m)
{
    struct jacobian points[MULTIPLES + 1]; /* and the next row's first */
    if (m->made == ROWS)
        return;
    points[0] = (struct jacobian){m->x, m->y, ONE};
    points[1] = points[0];
    point_double(&points[1]);
    for (unsigned i = 2; i < MULTIPLES; i++) { /* i·Q + Q: never equal, the order is a large prime */
        points[i] = points[i - 1];
        point_add(&points[i], &m->x, &m->y);
    }
    points[MULTIPLES] = points[MULTIPLES - 1];
    for (unsigned i = DIGIT_BITS - 1; i < 2 * DIGIT_BITS; i++)
        point_double(&points[MULTIPLES]);
    make_affine(points, MULTIPLES + 1);
    for (unsigned i = 0; i < MULTIPLES; i++) {
        fe_pack(&m->rows[m->made][i].x, &points[i].x);
        fe_pack(&m->rows[m->made][i].y, &points[i].y);
    }
    m->x = points[MULTIPLES].x;
    m->y = points[MULTIPLES].y;
    m->made++;
}

/* ---- a signature ---- */

struct digits {
    int8_t v[DIGITS + 1]; /* the last is 0 */
};

static void cut(struct digits *out, const struct p256_words *w, const struct p256_multiples *m)
{
    unsigned carry = 0;
    for (unsigned i = 0; i < DIGITS; i++) {
        unsigned at = i * DIGIT_BITS, word = at / 64, shift = at % 64;
        uint64_t bits = w->v[word] >> shift;
        if (shift > 64 - DIGIT_BITS && word < 3)
            bits |= w->v[word + 1] << (64 - shift);
        unsigned d = ((unsigned)bits & ((1u << DIGIT_BITS) - 1)) + carry;
        carry = d > MULTIPLES;
        int digit = (int)d - (carry ? (int)(2 * MULTIPLES) : 0);
        out->v[i] = (int8_t)digit;
        if (digit) /* the lines are on their way when their time comes */
            __builtin_prefetch(&m->rows[i / 2][(unsigned)(digit < 0 ? -digit : digit) - 1]);
    }
    out->v[DIGITS] = 0;
}

/* Nothing yet: z = 0 with x = 0, which no sum has. */
static void add_digit(struct jacobian *sum, bool *begun, const struct affine *row, int digit)
{
    struct fe x, y;
    if (!digit)
        return;
    const struct affine *a = &row[(digit < 0 ? -digit : digit) - 1];
    fe_unpack(&x, &a->x);
    fe_unpack(&y, &a->y);
    if (digit < 0)
        fe_times(&y, &y, -1);
    if (*begun) {
        point_add(sum, &x, &y);
    } else {
        *sum = (struct jacobian){x, y, ONE};
        *begun = true;
    }
}

/* Is it the x of that point, x = r modulo n? */
static bool has_x(const struct jacobian *sum, const struct p256_words *r)
{
    struct fe zz, x;
    fe_sqr(&zz, &sum->z);
    fe_of_words(&x, r);
    fe_mul(&x, &x, &zz);
    fe_sub(&x, &x, &sum->x);
    return fe_is_zero(&x);
}

/* SEC 1 4.1.4. */
bool p256_is_good(const struct p256_multiples *base, const struct p256_multiples *key,
    const uint8_t digest[P256_DIGEST_LEN], const uint8_t signature[P256_POINT_LEN])
{
    struct p256_words r, s, e, factor;
    struct digits of_base, of_key;
    words_read(&r, signature);
    words_read(&s, signature + 32);
    words_read(&e, digest);
    if (words_are_zero(&r) || words_are_zero(&s) || !words_less(&r, &P256_N) || !words_less(&s, &P256_N))
        return false;
    if (!words_less(&e, &P256_N))
        words_sub(&e, &e, &P256_N);
    order_inverse(&s, &s);
    order_mul(&factor, &e, &s);
    cut(&of_base, &factor, base);
    order_mul(&factor, &r, &s);
    cut(&of_key, &factor, key);
    struct jacobian sum = {0};
    bool begun = false;
    for (unsigned i = 0; i < ROWS; i++) {
        add_digit(&sum, &begun, base->rows[i], of_base.v[2 * i + 1]);
        add_digit(&sum, &begun, key->rows[i], of_key.v[2 * i + 1]);
    }
    for (unsigned i = 0; i < DIGIT_BITS && begun; i++)
        point_double(&sum);
    for (unsigned i = 0; i < ROWS; i++) {
        add_digit(&sum, &begun, base->rows[i], of_base.v[2 * i]);
        add_digit(&sum, &begun, key->rows[i], of_key.v[2 * i]);
    }
    if (!begun || fe_is_zero(&sum.z))
        return false;
    if (has_x(&sum, &r))
        return true;
    if (!words_less(&r, &P_LESS_N))
        return false;
    words_add(&r, &r, &P256_N); /* x was between n and p */
    return has_x(&sum, &r);
}
