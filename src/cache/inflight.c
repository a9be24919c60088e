#include "cache/inflight.h"

#include <string.h>

#include "base/mem.h"
#include "defs/limits.h"

/* All counters are hints with relaxed order; nothing else is published by them. */
struct slot {
    atomic_uint count; /* messages in flight */
    atomic_uint cap;   /* 0: never changed, the start */
    union {
        atomic_uint waiting; /* zones: questions that wait for room */
        atomic_uint silent;  /* servers: 1 + slot of the zone whose silence was counted last */
    };
};

struct inflight {
    struct hash_key key;
    unsigned zone_start, server_start, questions_max;
    atomic_uint questions, jobs;
    struct slot slots[2 * INFLIGHT_SLOTS]; /* zones, then servers */
};

static unsigned get(const atomic_uint *a)
{
    return atomic_load_explicit(a, memory_order_relaxed);
}

static unsigned add(atomic_uint *a, int delta)
{
    return atomic_fetch_add_explicit(a, (unsigned)delta, memory_order_relaxed) + (unsigned)delta;
}

struct inflight *inflight_new(
    const struct hash_key *key, unsigned zone_start, unsigned server_start, unsigned questions_max)
{
    struct inflight *i = mem_alloc(sizeof *i);
    i->key = *key;
    i->zone_start = zone_start ? zone_start : INFLIGHT_ZONE_START;
    i->server_start = server_start ? server_start : INFLIGHT_SERVER_START;
    i->questions_max = questions_max ? questions_max : CLIENT_QUESTIONS_MAX;
    return i;
}

void inflight_free(struct inflight *i)
{
    mem_free(i);
}

uint64_t inflight_zone_hash(const struct inflight *i, const name_t *zone)
{
    name_t lower[NAME_MAX_LEN];
    return hash_octets(&i->key, lower, name_lower_copy(lower, zone));
}

uint32_t inflight_zone_slot(uint64_t hash)
{
    return (uint32_t)(hash % INFLIGHT_SLOTS);
}

uint32_t inflight_server(const struct inflight *i, const struct addr *server)
{
    return INFLIGHT_SLOTS + (uint32_t)(hash_octets(&i->key, server, sizeof *server) % INFLIGHT_SLOTS);
}

/* ---- caps ---- */

static unsigned start_of(const struct inflight *i, uint32_t slot)
{
    return slot < INFLIGHT_SLOTS ? i->zone_start : i->server_start;
}

static unsigned floor_of(const struct inflight *i, uint32_t slot)
{
    unsigned least = slot < INFLIGHT_SLOTS ? INFLIGHT_ZONE_FLOOR : INFLIGHT_SERVER_FLOOR;
    return least < start_of(i, slot) ? least : start_of(i, slot);
}

static unsigned cap_of(const struct inflight *i, uint32_t slot)
{
    unsigned cap = get(&i->slots[slot].cap);
    return cap ? cap : start_of(i, slot);
}

/* One step, up to most or down to least as the cap is at that very moment; if another thread makes one at the
 * same time, this one is lost, which does no harm. */
static void step(struct inflight *i, uint32_t slot, int delta, unsigned least, unsigned most)
{
    unsigned seen = get(&i->slots[slot].cap), cap = seen ? seen : start_of(i, slot);
    if (delta < 0 ? cap <= least : cap >= most)
        return;
    atomic_compare_exchange_weak_explicit(
        &i->slots[slot].cap, &seen, cap + (unsigned)delta, memory_order_relaxed, memory_order_relaxed);
}

/* Above the start it grows only while it is in use: a cap that nobody tried says nothing. */
static void grow(struct inflight *i, uint32_t slot)
{
    unsigned cap = cap_of(i, slot);
    if (cap < start_of(i, slot) || 2 * get(&i->slots[slot].count) >= cap)
        step(i, slot, 1, 0, INFLIGHT_CAP_MAX);
}

static void shrink(struct inflight *i, uint32_t slot)
{
    step(i, slot, -1, floor_of(i, slot), INFLIGHT_CAP_MAX);
}

/* An address must not shrink because of one zone that its server does not answer for (threat P14): a silence
 * counts only if the one before it was another zone's. */
static void shrink_server(struct inflight *i, uint32_t zone, uint32_t server)
{
    if (atomic_exchange_explicit(&i->slots[server].silent, zone + 1, memory_order_relaxed) != zone + 1)
        shrink(i, server);
}

unsigned inflight_room(const struct inflight *i, uint32_t slot)
{
    unsigned count = get(&i->slots[slot].count), cap = cap_of(i, slot);
    return cap > count ? cap - count : 0;
}

void inflight_begin(struct inflight *i, uint32_t zone, uint32_t server)
{
    add(&i->slots[zone].count, 1);
    add(&i->slots[server].count, 1);
}

void inflight_late(struct inflight *i, uint32_t zone, uint32_t server)
{
    grow(i, zone);
    grow(i, server);
}

void inflight_end(struct inflight *i, uint32_t zone, uint32_t server, enum flight_end how)
{
    if (how == FLIGHT_ANSWERED) { /* while it is still counted: it was in use */
        grow(i, zone);
        grow(i, server);
    } else if (how == FLIGHT_SILENT) {
        shrink(i, zone);
        shrink_server(i, zone, server);
    }
    add(&i->slots[zone].count, -1);
    add(&i->slots[server].count, -1);
}

/* ---- who waits ---- */

unsigned inflight_wait(struct inflight *i, uint32_t zone, int delta)
{
    return add(&i->slots[zone].waiting, delta);
}

void inflight_question(struct inflight *i, int delta)
{
    add(&i->questions, delta);
}

unsigned inflight_free_places(const struct inflight *i)
{
    unsigned n = get(&i->questions);
    return n < i->questions_max ? i->questions_max - n : 0;
}

void inflight_job(struct inflight *i, int delta)
{
    add(&i->jobs, delta);
}

bool inflight_is_crowded(const struct inflight *i)
{
    return get(&i->questions) > i->questions_max || get(&i->jobs) / 2 > i->questions_max;
}

void inflight_read(const struct inflight *i, struct inflight_figures *out)
{
    *out = (struct inflight_figures){0};
    for (uint32_t n = 0; n < 2 * INFLIGHT_SLOTS; n++) {
        const struct slot *s = &i->slots[n];
        bool full = inflight_room(i, n) == 0;
        if (n < INFLIGHT_SLOTS) {
            out->messages += get(&s->count);
            out->zones_at_cap += full;
            out->zones_waiting += get(&s->waiting) > 0;
            out->zones_at_floor += get(&s->cap) && cap_of(i, n) <= floor_of(i, n);
        } else {
            out->servers_at_cap += full;
        }
    }
}

void inflight_read_server(
    const struct inflight *i, const struct addr *server, unsigned *messages, unsigned *cap)
{
    uint32_t slot = inflight_server(i, server);
    *messages = get(&i->slots[slot].count);
    *cap = cap_of(i, slot);
}
