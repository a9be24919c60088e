#include "daemon/pending.h"

#include <assert.h>

struct pending_slab {
    struct pending_slab *next;
    struct pending items[PENDING_SLAB];
};

void pending_pool_init(struct pending_pool *p, atomic_uint *total, unsigned max)
{
    *p = (struct pending_pool){.total = total, .max = max};
}

void pending_pool_fini(struct pending_pool *p)
{
    while (p->slabs) {
        struct pending_slab *slab = p->slabs;
        p->slabs = slab->next;
        for (unsigned i = 0; i < PENDING_SLAB; i++)
            mem_free(slab->items[i].wire);
        mem_free(slab);
    }
}

struct pending *pending_take(struct pending_pool *p)
{
    if (atomic_fetch_add_explicit(p->total, 1, memory_order_relaxed) >= p->max) {
        atomic_fetch_sub_explicit(p->total, 1, memory_order_relaxed);
        return NULL;
    }
    if (!p->free) {
        struct pending_slab *slab = mem_alloc(sizeof *slab);
        slab->next = p->slabs;
        p->slabs = slab;
        for (unsigned i = 0; i < PENDING_SLAB; i++) {
            slab->items[i].next = p->free;
            p->free = &slab->items[i];
        }
    }
    struct pending *q = p->free;
    p->free = q->next;
    p->in_use++;
    q->next = NULL;
    q->listener = NULL;
    q->stream = NULL;
    q->finished = false;
    q->in_use = true;
    return q;
}

void pending_release(struct pending_pool *p, struct pending *q)
{
    assert(q->in_use);
    mem_free(q->wire);
    q->wire = NULL;
    q->in_use = false;
    q->next = p->free;
    p->free = q;
    p->in_use--;
    atomic_fetch_sub_explicit(p->total, 1, memory_order_relaxed);
}

void pending_each(struct pending_pool *p, void (*fn)(struct pending *q))
{
    for (struct pending_slab *slab = p->slabs; slab; slab = slab->next)
        for (unsigned i = 0; i < PENDING_SLAB; i++)
            if (slab->items[i].in_use)
                fn(&slab->items[i]);
}
