#include "policy/clients.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "defs/limits.h"

#define WAYS 8u
#define SETS (CLIENTS_SLOTS / WAYS)
#define SHARDS 64u /* locks: misses only come here, and 64 are enough that workers seldom meet */

/* A place is taken while something is pending or `free_us`, the time at which the client's share of the wire
 * is free again, lies ahead (the generic cell rate algorithm). */
struct place {
    uint64_t tag; /* keyed hash of the client */
    int64_t free_us;
    uint32_t pending;
};

struct clients {
    struct hash_key key;
    unsigned pending_max;
    atomic_uint active, at_limit;
    pthread_mutex_t locks[SHARDS];
    struct place places[CLIENTS_SLOTS];
};

_Static_assert(sizeof(struct clients) <= 4u << 20, "the table of fault F19");

struct addr client_of(const struct addr *a)
{
    struct addr out = *a;
    if (out.family == FAMILY_V6)
        memset(out.ip + 7, 0, 9);
    return out;
}

struct clients *clients_new(const struct hash_key *key, unsigned pending_max)
{
    struct clients *c = mem_alloc(sizeof *c);
    c->key = *key;
    c->pending_max = pending_max;
    for (unsigned i = 0; i < SHARDS; i++)
        pthread_mutex_init(&c->locks[i], NULL);
    return c;
}

void clients_free(struct clients *c)
{
    if (!c)
        return;
    for (unsigned i = 0; i < SHARDS; i++)
        pthread_mutex_destroy(&c->locks[i]);
    mem_free(c);
}

static pthread_mutex_t *lock_of(struct clients *c, uint32_t slot)
{
    return &c->locks[slot / WAYS % SHARDS];
}

static struct place *find_or_take(struct clients *c, uint32_t first, uint64_t tag, int64_t now_us)
{
    struct place *unused = NULL;
    for (uint32_t i = first; i < first + WAYS; i++) {
        struct place *p = &c->places[i];
        bool in_use = p->pending > 0 || p->free_us > now_us;
        if (in_use && p->tag == tag)
            return p;
        if (!in_use && !unused)
            unused = p;
    }
    if (unused)
        *unused = (struct place){.tag = tag, .free_us = now_us};
    return unused;
}

bool clients_enter(struct clients *c, const struct addr *client, bool proven, int64_t now_us, uint32_t *slot)
{
    struct addr who = client_of(client);
    uint64_t tag = hash_octets(&c->key, &who, sizeof who);
    uint32_t first = (uint32_t)(tag % SETS) * WAYS;
    unsigned most = c->pending_max * (proven ? CLIENT_PROVEN_FACTOR : 1);
    bool ok = true;
    pthread_mutex_t *lock = lock_of(c, first);
    pthread_mutex_lock(lock);
    struct place *p = find_or_take(c, first, tag, now_us);
    *slot = p ? (uint32_t)(p - c->places) : CLIENT_UNKNOWN;
    if (p) {
        ok = p->pending < most;
        p->pending += ok;
        if (ok && p->pending == 1)
            atomic_fetch_add_explicit(&c->active, 1, memory_order_relaxed);
        if (ok && p->pending == c->pending_max)
            atomic_fetch_add_explicit(&c->at_limit, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(lock);
    return ok;
}

void clients_leave(struct clients *c, uint32_t slot)
{
    if (slot == CLIENT_UNKNOWN)
        return;
    struct place *p = &c->places[slot];
    pthread_mutex_lock(lock_of(c, slot));
    assert(p->pending > 0);
    if (p->pending == c->pending_max)
        atomic_fetch_sub_explicit(&c->at_limit, 1, memory_order_relaxed);
    if (--p->pending == 0)
        atomic_fetch_sub_explicit(&c->active, 1, memory_order_relaxed);
    pthread_mutex_unlock(lock_of(c, slot));
}

unsigned clients_pending(struct clients *c, uint32_t slot)
{
    if (slot == CLIENT_UNKNOWN)
        return 0;
    pthread_mutex_lock(lock_of(c, slot));
    unsigned n = c->places[slot].pending;
    pthread_mutex_unlock(lock_of(c, slot));
    return n;
}

int64_t clients_pace(struct clients *c, uint32_t slot, size_t octets, int64_t now_us)
{
    if (slot == CLIENT_UNKNOWN)
        return 0;
    int64_t cost = (int64_t)octets * CLIENT_PACE_OCTET_US;
    if (cost < CLIENT_PACE_MESSAGE_US)
        cost = CLIENT_PACE_MESSAGE_US;
    struct place *p = &c->places[slot];
    pthread_mutex_lock(lock_of(c, slot));
    if (p->free_us < now_us)
        p->free_us = now_us;
    p->free_us += cost;
    int64_t wait = p->free_us - now_us - CLIENT_PACE_BURST_US;
    pthread_mutex_unlock(lock_of(c, slot));
    return wait > 0 ? wait : 0;
}

unsigned clients_active(const struct clients *c)
{
    return atomic_load_explicit(&c->active, memory_order_relaxed);
}

unsigned clients_at_limit(const struct clients *c)
{
    return atomic_load_explicit(&c->at_limit, memory_order_relaxed);
}
