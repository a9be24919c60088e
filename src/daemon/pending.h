/* A client's question between its arrival and its reply. Belongs to the worker that it came to (the asker)
 * from birth to release; only while it is in the owner's hands does the other worker touch it, and the two
 * never touch it at once: the inboxes hand it over.
 */
#ifndef HARK_DAEMON_PENDING_H
#define HARK_DAEMON_PENDING_H

#include <stdatomic.h>

#include "base/heap.h"
#include "base/table.h"
#include "daemon/inbox.h"
#include "net/stream.h"
#include "net/udp.h"
#include "serve/serve.h"

struct worker;

struct pending {
    struct pending *next; /* in the asker's free list */
    struct mail mail;     /* on the way from one worker to another */
    struct worker *asker;
    struct request rq;
    int64_t since_ms; /* when it came; now_t.mono_ms */
    /* the way back; the asker's */
    struct udp_listener *listener; /* UDP, with the path */
    struct udp_path path;
    struct stream_client *stream; /* TCP: a hold that one reply or forget ends */
    bool in_use;
    uint32_t client;        /* its place in policy/clients */
    bool proven;            /* the client is where it says it is */
    struct heap_node paced; /* while the reply is held back */
    /* the owner's */
    struct table_node by_ask;      /* while the resolver works; key: ask_id */
    struct table_node by_question; /* likewise, if is_met; daemon/gate.c */
    struct recent_walk *walk;      /* what is recorded of it; NULL: nothing is */
    bool is_met;
    bool curt; /* the reply is truncated because of others like it */
    /* the finished reply on its way from owner to asker */
    uint8_t *wire;
    size_t len;
    bool finished;
};

#define PENDING_SLAB 64u

/* Objects of one worker: they are never given back to the system,
 * so their number is what the busiest moment needed. */
struct pending_pool {
    struct pending_slab *slabs;
    struct pending *free;
    unsigned in_use, max;
    atomic_uint *total; /* of all pools together */
};

/** max: in use of all the pools that share `total`. */
void pending_pool_init(struct pending_pool *p, atomic_uint *total, unsigned max);
void pending_pool_fini(struct pending_pool *p);
/** NULL: max are in use. */
struct pending *pending_take(struct pending_pool *p);
void pending_release(struct pending_pool *p, struct pending *q);
/** Calls fn for each in use. */
void pending_each(struct pending_pool *p, void (*fn)(struct pending *q));

#endif
