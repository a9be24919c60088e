/* Questions of clients: from the socket to the resolver, and the reply back. */
#include <string.h>

#include "base/log.h"
#include "daemon/query_log.h"
#include "daemon/worker_inner.h"

/* ---- replies ---- */

/* What the gate lets out. */
void worker_on_gate(void *ctx, struct pending *q, const uint8_t *wire, size_t len)
{
    struct worker *w = ctx;
    if (q->stream)
        stream_client_reply(q->stream, wire, len);
    else if (len > 0)
        udp_listener_reply(q->listener, &q->path, wire, len);
    gate_leave(&w->gate, q);
    pending_release(&w->pendings, q);
}

/* The same reason as the client gets. Names are logged at level debug only. */
static void log_failure(const struct request *rq, const struct outcome *o)
{
    char name[NAME_TEXT_LEN], type[16];
    struct text t;
    if (o->rcode != RCODE_SERVFAIL || log_get_level() < LOG_LEVEL_DEBUG)
        return;
    text_init_fixed(&t, type, sizeof type);
    rrtype_to_text(&t, rq->type);
    log_debug("%s %s failed: %s: %s", name_text(rq->name, name), type,
        o->reason.tag ? o->reason.tag : "unknown", o->reason.text ? o->reason.text : "");
}

static void note(struct worker *w, const struct request *rq, const struct reply *reply, int64_t took_ms)
{
    if (w->shared->query_log)
        query_log_add(w->shared->query_log, rq, reply, took_ms);
}

/* ---- to other workers ---- */

static void post_to(struct worker *w, unsigned index)
{
    struct mail *next;
    w->unsent -= w->outboxes[index].count;
    /* Closed: the owner ends, so what is for it is done here. Its own questions it frees by itself. */
    for (struct mail *m = outbox_send(&w->outboxes[index], &w->shared->workers[index]->inbox); m; m = next) {
        struct pending *q = HOLDER(m, struct pending, mail);
        next = m->next;
        if (q->asker == w)
            worker_ask_here(w, q);
    }
}

static void post(struct worker *w, const struct worker *to, struct pending *q)
{
    struct outbox *o = &w->outboxes[to->index];
    outbox_add(o, &q->mail);
    w->unsent++;
    if (o->count >= OUTBOX_MAX)
        post_to(w, to->index);
}

void worker_post(struct worker *w)
{
    for (unsigned i = 0; w->unsent > 0 && i < w->shared->worker_count; i++)
        if (w->outboxes[i].count > 0)
            post_to(w, i);
}

/* A hit on what is about to expire. By the worker that sees it: at most as many messages as workers. */
static void refresh(struct worker *w, const struct request *rq, const struct reply *reply)
{
    if (!reply->due)
        return;
    struct question q = serve_question(rq);
    resolve_refresh(w->resolver, &q, worker_now(w));
    w->stirred = true;
}

/* From the owner's thread to the asker's. */
static void hand_back(struct worker *w, struct pending *q, const struct reply *reply)
{
    if (q->asker == w) {
        gate_reply(&w->gate, q, reply->data, reply->len, worker_now(w).mono_ms);
        return;
    }
    if (reply->len > 0) {
        q->wire = mem_alloc(reply->len);
        memcpy(q->wire, reply->data, reply->len);
    }
    q->len = reply->len;
    q->finished = true;
    post(w, q->asker, q);
}

/* The resolver's outcome, in the owner's thread. */
void worker_finish(struct worker *w, struct pending *q, const struct outcome *outcome)
{
    struct reply reply = {.data = w->reply, .cap = sizeof w->reply};
    serve_compose(w->serve, &q->rq, outcome, &reply, worker_now(w));
    log_failure(&q->rq, outcome);
    note(w, &q->rq, &reply, worker_now(w).mono_ms - q->since_ms);
    hand_back(w, q, &reply);
}

/* ---- questions ---- */

void worker_ask_here(struct worker *w, struct pending *q)
{
    enum gate_met met = gate_meet(&w->gate, q);
    if (met != GATE_ASK) {
        struct reply reply = {.data = w->reply, .cap = sizeof w->reply};
        if (met == GATE_TWIN)
            serve_truncate(w->serve, &q->rq, &reply);
        hand_back(w, q, &reply);
        return;
    }
    struct question question = serve_question(&q->rq);
    q->walk = recent_begin(w->recent, q->rq.name, q->rq.type, worker_now(w));
    question.observer = recent_observer(q->walk);
    uint64_t joined = resolve_counters(w->resolver)->joined;
    ask_id id = resolve_ask(w->resolver, &question, worker_now(w));
    if (resolve_counters(w->resolver)->joined == joined)
        recent_began(q->walk);
    table_add(&w->asks, &q->by_ask, id);
    w->stirred = true;
}

struct worker *worker_owner(struct shared *sh, const name_t *name, uint16_t type)
{
    uint8_t key[NAME_MAX_LEN + 2];
    if (sh->worker_count == 1)
        return sh->workers[0];
    size_t n = name_lower_copy(key, name);
    put_u16(key + n, type);
    return sh->workers[hash_octets(&sh->owner_key, key, n + 2) % sh->worker_count];
}

/* Equal questions have one owner, so that they become one, whichever worker hears them. */
static struct worker *owner_of(struct worker *w, const struct request *rq)
{
    /* ANY asks for an address too (RFC 8482) */
    return worker_owner(w->shared, rq->name, serve_question(rq).type);
}

static void worker_ask(struct worker *w, struct pending *q)
{
    struct worker *owner = owner_of(w, &q->rq);
    if (owner == w)
        worker_ask_here(w, q);
    else
        post(w, owner, q);
}

/* Reads into the spare, which then stays spare or is the pending question. NULL: too many are pending. */
static struct pending *spare_of(struct worker *w)
{
    if (!w->spare) {
        w->spare = pending_take(&w->pendings);
        if (w->spare)
            w->spare->asker = w;
    }
    return w->spare;
}

/* Takes the spare for a question from `listener` or `stream`. False: too many are pending, of this client or
 * of all; then the reply says so. One that may be forged is sent to TCP, and gets no more octets than it
 * sent. */
static bool take(struct worker *w, struct pending *q, struct request *rq, struct reply *reply)
{
    if (q)
        q->since_ms = worker_now(w).mono_ms;
    if (q && gate_enter(&w->gate, q)) {
        w->spare = NULL;
        return true;
    }
    if (q && !q->proven)
        serve_truncate(w->serve, rq, reply);
    else
        serve_refuse(w->serve, rq, RCODE_SERVFAIL, EDE_OTHER, "too many questions are pending here", reply);
    note(w, rq, reply, 0);
    return false;
}

static void on_near(void *ctx, unsigned near, const uint8_t *wire, size_t len)
{
    const struct worker *w = ctx;
    serve_near(w->serve, near, wire, len);
}

static void on_nearer(void *ctx, unsigned near)
{
    const struct worker *w = ctx;
    serve_nearer(w->serve, near);
}

const struct udp_prepare WORKER_PREPARE = {.near = on_near, .nearer = on_nearer};
_Static_assert(UDP_BATCH <= SERVE_NEAR_MAX, "a place for each query of a batch");

size_t worker_on_udp(void *ctx, struct udp_listener *l, const struct udp_path *path, const uint8_t *wire,
    size_t len, uint8_t out[UDP_REPLY_MAX])
{
    struct worker *w = ctx;
    struct reply reply = {.data = out, .cap = UDP_REPLY_MAX};
    struct pending *q = spare_of(w);
    struct request *rq = q ? &q->rq : &w->full;
    rq->transport = TRANSPORT_UDP;
    rq->near = (uint8_t)path->near;
    rq->client = path->peer.addr;
    if (path->peer.port == 0)
        return 0; /* nothing can be sent there */
    switch (serve_query(w->serve, rq, wire, len, &reply, worker_now(w))) {
    case SERVE_DONE:
        note(w, rq, &reply, 0);
        refresh(w, rq, &reply);
        return reply.len;
    case SERVE_SILENT:
        return 0;
    default:
        break;
    }
    if (!take(w, q, rq, &reply))
        return reply.len;
    q->listener = l;
    q->path = *path;
    worker_ask(w, q);
    return 0;
}

void worker_on_tcp(void *ctx, struct stream_client *client, const uint8_t *wire, size_t len)
{
    struct worker *w = ctx;
    struct reply reply = {.data = w->reply, .cap = sizeof w->reply};
    struct pending *q = spare_of(w);
    struct request *rq = q ? &q->rq : &w->full;
    rq->transport = TRANSPORT_TCP;
    rq->near = 0;
    rq->client = stream_client_peer(client)->addr;
    enum served served = serve_query(w->serve, rq, wire, len, &reply, worker_now(w));
    if (served == SERVE_SILENT) {
        stream_client_close(client);
        stream_client_forget(client);
    } else if (served == SERVE_DONE) {
        note(w, rq, &reply, 0);
        refresh(w, rq, &reply);
        stream_client_reply(client, reply.data, reply.len);
    } else if (!take(w, q, rq, &reply)) {
        stream_client_reply(client, reply.data, reply.len);
    } else {
        q->stream = client;
        worker_ask(w, q);
    }
}
