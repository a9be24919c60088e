/* What each zone and each client costs in jobs, and who is given up when there are too many. */
#include <assert.h>
#include <string.h>

#include "resolve/job.h"

/* In a heap, the least comes first: who has more; among equals, the one that was there first. */
static int64_t rank(unsigned count, int64_t since_ms)
{
    return since_ms - ((int64_t)count << 40);
}

static struct load_zone *zone_of(struct load *l, uint64_t hash)
{
    struct table_node *n = table_find(&l->zones, hash);
    if (n)
        return HOLDER(n, struct load_zone, node);
    struct load_zone *z = mem_alloc(sizeof *z);
    table_add(&l->zones, &z->node, hash);
    return z;
}

static struct load_client *client_of_zone(
    struct load *l, const struct hash_key *key, struct load_zone *z, const struct addr *client)
{
    uint64_t hash = hash_octets(key, client, sizeof *client) ^ z->node.key;
    for (struct table_node *n = table_find(&l->clients, hash); n; n = table_next(n)) {
        struct load_client *c = HOLDER(n, struct load_client, node);
        if (c->zone == z && addr_equal(&c->client, client))
            return c;
    }
    struct load_client *c = mem_alloc(sizeof *c);
    c->zone = z;
    c->client = *client;
    table_add(&l->clients, &c->node, hash);
    return c;
}

/* A job counts once and once more for each waiter. */
static void count(struct load *l, struct load_client *c, int delta)
{
    struct load_zone *z = c->zone;
    c->count += (unsigned)delta;
    z->count += (unsigned)delta;
    if (c->count > 0) {
        assert(c->first && "who counts has a job");
        heap_set(&z->clients, &c->rank, rank(c->count, c->first->begin_ms));
    } else {
        heap_remove(&z->clients, &c->rank);
        table_remove(&l->clients, &c->node);
        mem_free(c);
    }
    if (z->count > 0) {
        const struct load_client *most = HOLDER(heap_first(&z->clients), struct load_client, rank);
        heap_set(&l->ranks, &z->rank, rank(z->count, most->first->begin_ms));
    } else {
        heap_remove(&l->ranks, &z->rank);
        heap_fini(&z->clients);
        table_remove(&l->zones, &z->node);
        mem_free(z);
    }
}

void load_enter(struct job *j)
{
    struct resolver *r = j->r;
    load_leave(j);
    struct load_client *c =
        client_of_zone(&r->load, &r->key, zone_of(&r->load, j->zone.hash), &j->work->client);
    j->load = (struct load_place){.client = c, .prev = c->last};
    *(c->last ? &c->last->load.next : &c->first) = j;
    c->last = j;
    count(&r->load, c, (int)j->waiter_count + 1);
}

void load_waiters(struct job *j, int delta)
{
    j->waiter_count += (unsigned)delta;
    if (j->load.client)
        count(&j->r->load, j->load.client, delta);
}

void load_leave(struct job *j)
{
    struct load_client *c = j->load.client;
    if (!c)
        return;
    *(j->load.prev ? &j->load.prev->load.next : &c->first) = j->load.next;
    *(j->load.next ? &j->load.next->load.prev : &c->last) = j->load.prev;
    count(&j->r->load, c, -((int)j->waiter_count + 1));
    j->load = (struct load_place){0};
}

/* The question of a client that caused the job. There are no circles (job.c: waits_for). */
static struct job *cause_of(struct job *j)
{
    while (!j->waiters && j->parents)
        j = j->parents->parent;
    return j;
}

bool load_evict(struct resolver *r)
{
    struct heap_node *n = heap_first(&r->load.ranks);
    if (!n)
        return false;
    struct load_zone *z = HOLDER(n, struct load_zone, rank);
    struct load_client *c = HOLDER(heap_first(&z->clients), struct load_client, rank);
    struct job *j = cause_of(c->first);
    r->counters.evicted++;
    j->turned_away = true;
    j->state = job_fail(
        j, EDE_OTHER, "too-many-questions", "more questions are pending than there are places for them");
    job_wake(j);
    return true;
}

void load_init(struct load *l)
{
    table_init(&l->zones);
    table_init(&l->clients);
}

void load_fini(struct load *l)
{
    table_fini(&l->zones);
    table_fini(&l->clients);
    heap_fini(&l->ranks);
}
