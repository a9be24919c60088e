/* Inside the worker: what worker.c (the loop, what comes from other threads) and worker_ask.c (questions of
 * clients, from the socket to the reply) share. */
#ifndef HARK_DAEMON_WORKER_INNER_H
#define HARK_DAEMON_WORKER_INNER_H

#include "daemon/errand.h"
#include "daemon/key_maker.h"
#include "daemon/watch.h"
#include "daemon/worker.h"
#include "serve/recent.h"

/* Mail that waits for company: enough that a wake-up costs little of each, and little enough that the owner
 * begins while its sender still reads. */
#define OUTBOX_MAX 32u

/* What it tells while it happens; worker_watch.c. */
struct telling {
    struct walk *walks;
    _Atomic(struct walk *) posted;
    struct watch *watch; /* NULL: nobody ever read */
    _Atomic(struct watch *) offered;
    struct observer observer;
    int64_t since_ms; /* of lines, in this second */
    size_t lines;
};

struct worker {
    struct shared *shared;
    unsigned index;
    uv_thread_t thread;
    uv_loop_t loop;
    uv_idle_t work;          /* runs while signature checks wait */
    uv_prepare_t turn;       /* runs last before the loop sleeps */
    uv_timer_t wake, forget; /* forget: what was asked too long ago */
    struct inbox inbox;
    struct outbox *outboxes; /* for each worker; sent before the loop sleeps, or when OUTBOX_MAX are in one */
    unsigned unsent;         /* in all of them */
    atomic_uint commands;    /* enum command bits that wait */
    atomic_bool drained, beaten;
    bool draining;
    struct snapshot *settings;          /* in force here */
    _Atomic(struct snapshot *) offered; /* to be taken, or NULL */
    atomic_uint unsettled;              /* offers that were neither taken nor withdrawn */

    struct udp_listener **udp;
    struct stream_server **tcp;
    size_t udp_count, tcp_count;

    struct serve *serve;
    struct random *rng;
    struct cache *cache; /* its own handle */
    struct resolver *resolver;
    struct key_maker keys;
    struct outbound *outbound;
    struct pending_pool pendings; /* asked here */
    struct gate gate;
    struct pending *spare; /* the next question is read into it */
    struct table asks;     /* owned here, by ask_id */
    struct recent *recent; /* of questions owned here */
    struct telling telling;
    _Atomic(struct errand *) errand; /* to be done, or NULL */
    ask_id probe;                    /* the root's keys are asked for; 0: no */

    now_t now;                  /* read once a loop turn */
    bool now_is_fresh, stirred; /* stirred: the resolver may want something */
    struct request full;        /* read into where there is no place for another question */
    int64_t wake_at_ms;

    uint8_t reply[MSG_MAX_LEN];
};

static inline now_t worker_now(struct worker *w)
{
    if (!w->now_is_fresh) {
        w->now = now_read(w->shared->config->cache_clock_wall);
        w->now.wall_known |= w->settings->config.trust.believe_clock;
        w->now_is_fresh = true;
    }
    return w->now;
}

/* ---- worker_ask.c ---- */

size_t worker_on_udp(void *ctx, struct udp_listener *l, const struct udp_path *path, const uint8_t *wire,
    size_t len, uint8_t out[UDP_REPLY_MAX]);
extern const struct udp_prepare WORKER_PREPARE;
void worker_on_tcp(void *ctx, struct stream_client *client, const uint8_t *wire, size_t len);
/** In the owner's thread: to the resolver, or to those who ask the same. */
void worker_ask_here(struct worker *w, struct pending *q);
/** The resolver's outcome, in the owner's thread. */
void worker_finish(struct worker *w, struct pending *q, const struct outcome *outcome);
/** Sends what is in the outboxes. */
void worker_post(struct worker *w);
/** What the gate lets out. */
void worker_on_gate(void *ctx, struct pending *q, const uint8_t *wire, size_t len);

/** Whose question it is. */
struct worker *worker_owner(struct shared *sh, const name_t *name, uint16_t type);

/* ---- worker_watch.c ---- */

/** Walks that were posted, and other readers of events. */
void worker_take_readers(struct worker *w);
/** False: it is not that of a walk. */
bool worker_walk_answered(struct worker *w, ask_id id, const struct outcome *o);
/** Once the resolver has gone. */
void worker_forget_readers(struct worker *w);

/* ---- worker_tell.c ---- */

/** What the control thread asks of this worker, if there is something. */
void worker_run_errand(struct worker *w);

#endif
