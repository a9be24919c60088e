/* Between clients and the resolver, one a worker: how much a client may have pending, what it gets for asking
 * the same again and again, and when its replies leave (threats M20, A17). Clients whose address is proven
 * (TCP, a good cookie, this host) are only counted.
 *
 *   asker   gate_enter(g, q, now)            a question comes in; false: the client has too many
 *   owner   gate_meet(g, q)                  it is the first of its client, a twin of others, or a repetition
 *           gate_part(g, q)                  it was answered
 *   asker   gate_reply(g, q, wire, len, now) the reply is handed to gate_send_fn now, later or never
 *           gate_leave(g, q)                 the question is over
 */
#ifndef HARK_DAEMON_GATE_H
#define HARK_DAEMON_GATE_H

#include "base/random.h"
#include "daemon/pending.h"
#include "policy/clients.h"

/* Counters of one worker. */
struct gate_counters {
    uint64_t over_limit;  /* questions of clients with too many pending: truncated, or SERVFAIL */
    uint64_t repetitions; /* of a question that is pending, from the same port with the same ID: dropped */
    uint64_t twins;       /* further questions of a client for the same: truncated */
    uint64_t paced;       /* replies that were held back */
    uint64_t aged;        /* replies too old to send */
};

/** len 0: nothing is to be sent. The question is the callee's from then on. */
typedef void gate_send_fn(void *ctx, struct pending *q, const uint8_t *wire, size_t len);

struct gate {
    struct clients *clients; /* shared by all workers */
    struct hash_key key;
    struct table met;  /* owned here, over UDP, of clients not proven; by client and question */
    struct heap paced; /* to leave later */
    uv_timer_t timer;
    gate_send_fn *send;
    void *ctx;
    struct gate_counters counters;
};

enum gate_met {
    GATE_ASK,      /* ask the resolver; gate_part() when it answered */
    GATE_REPEATED, /* the reply to the first will do */
    GATE_TWIN,     /* to be truncated */
};

void gate_init(struct gate *g, uv_loop_t *loop, struct clients *clients, struct random *rng,
    gate_send_fn *send, void *ctx);
/** In the loop's thread. */
void gate_close(struct gate *g);
/** Once the loop has ended. */
void gate_fini(struct gate *g);
/** Counts the question (rq, since_ms are filled in) and sets q->proven. False: its client has too many. */
bool gate_enter(struct gate *g, struct pending *q);
void gate_leave(struct gate *g, struct pending *q);
enum gate_met gate_meet(struct gate *g, struct pending *q);
void gate_part(struct gate *g, struct pending *q);
/** wire is borrowed for the call. len 0: no reply. */
void gate_reply(struct gate *g, struct pending *q, const uint8_t *wire, size_t len, int64_t now_ms);

#endif
