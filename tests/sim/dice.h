/* Chance from a seed: the same seed gives the same throws on every machine (splitmix64, Steele and others
 * 2014). */
#ifndef HARK_SIM_DICE_H
#define HARK_SIM_DICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dice {
    uint64_t state;
};

static inline uint64_t dice_next(struct dice *d)
{
    uint64_t z = d->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/** 0 … sides - 1. */
static inline unsigned roll(struct dice *d, unsigned sides)
{
    return (unsigned)(dice_next(d) >> 33) % sides;
}

static inline bool chance(struct dice *d, unsigned percent)
{
    return roll(d, 100) < percent;
}

/** lo … hi. */
static inline unsigned between(struct dice *d, unsigned lo, unsigned hi)
{
    return lo + roll(d, hi - lo + 1);
}

#define ONE_OF(d, table) ((table)[roll((d), (unsigned)(sizeof(table) / sizeof *(table)))])

#endif
