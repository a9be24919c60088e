#include "policy/strangers.h"

#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "defs/limits.h"

#define WAYS 4u
#define INTERVAL_MS (1000u / STRANGER_REFUSALS_PER_S)
#define BURST_MS (STRANGER_REFUSALS_BURST * INTERVAL_MS)

/* A bucket is one word: the neighbourhood's tag in the upper half, in the lower the time (ms of a clock that
 * begins anew every 49 days) at which the bucket will be full again: the generic cell rate algorithm. A time
 * that has passed says nothing any more, so such a slot is free. */
struct strangers {
    struct hash_key key;
    _Atomic uint64_t slots[STRANGERS_SLOTS];
};

static uint32_t full_at(uint64_t slot)
{
    return (uint32_t)slot;
}

/* In serial numbers: a time further ahead than a bucket can be is one that passed weeks ago. 0 was never
 * used. */
static uint32_t wait_ms(uint64_t slot, uint32_t now)
{
    uint32_t ahead = full_at(slot) - now;
    return slot && ahead <= BURST_MS ? ahead : 0;
}

static uint64_t hash_of(const struct strangers *s, const struct addr *client)
{
    uint8_t network[8] = {client->family};
    memcpy(network + 1, client->ip, client->family == FAMILY_V4 ? 3 : 7);
    return hash_octets(&s->key, network, sizeof network);
}

/* Takes a token of the bucket in this slot. False: there is none, or the slot changed meanwhile. */
static bool take(_Atomic uint64_t *slot, uint64_t seen, uint32_t tag, uint32_t now)
{
    uint32_t wait = wait_ms(seen, now);
    if (wait + INTERVAL_MS > BURST_MS)
        return false;
    uint64_t next = (uint64_t)tag << 32 | (uint32_t)(now + wait + INTERVAL_MS);
    return atomic_compare_exchange_strong_explicit(
        slot, &seen, next, memory_order_relaxed, memory_order_relaxed);
}

bool strangers_may_hear(struct strangers *s, const struct addr *client, int64_t mono_ms)
{
    uint64_t hash = hash_of(s, client);
    uint32_t tag = (uint32_t)(hash >> 32), now = (uint32_t)mono_ms;
    _Atomic uint64_t *set = s->slots + (hash & (STRANGERS_SLOTS / WAYS - 1)) * WAYS, *free_slot = NULL;
    uint64_t free_seen = 0;
    for (unsigned i = 0; i < WAYS; i++) {
        uint64_t seen = atomic_load_explicit(&set[i], memory_order_relaxed);
        bool active = wait_ms(seen, now) > 0;
        if (active && seen >> 32 == tag)
            return take(&set[i], seen, tag, now);
        if (!active) {
            free_slot = &set[i];
            free_seen = seen;
        }
    }
    return free_slot && take(free_slot, free_seen, tag, now);
}

struct strangers *strangers_new(const struct hash_key *key)
{
    struct strangers *s = mem_alloc(sizeof *s);
    s->key = *key;
    return s;
}

void strangers_free(struct strangers *s)
{
    mem_free(s);
}
