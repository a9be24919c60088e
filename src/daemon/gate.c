#include "daemon/gate.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

static void on_time(uv_timer_t *timer);

void gate_init(struct gate *g, uv_loop_t *loop, struct clients *clients, struct random *rng,
    gate_send_fn *send, void *ctx)
{
    *g = (struct gate){.clients = clients, .send = send, .ctx = ctx};
    random_octets(rng, &g->key, sizeof g->key);
    table_init(&g->met);
    uv_timer_init(loop, &g->timer);
    g->timer.data = g;
}

void gate_close(struct gate *g)
{
    uv_close((uv_handle_t *)&g->timer, NULL);
}

void gate_fini(struct gate *g)
{
    heap_fini(&g->paced);
    table_fini(&g->met);
}

/* ---- in and out ---- */

bool gate_enter(struct gate *g, struct pending *q)
{
    const struct request *rq = &q->rq;
    q->proven = rq->transport == TRANSPORT_TCP || rq->cookie_good || addr_is_loopback(&rq->client);
    q->curt = false;
    bool ok = clients_enter(g->clients, &rq->client, q->proven, q->since_ms * 1000, &q->client);
    g->counters.over_limit += !ok;
    return ok;
}

void gate_leave(struct gate *g, struct pending *q)
{
    clients_leave(g->clients, q->client);
}

/* ---- equal questions of one client ---- */

static uint64_t hash_of(const struct gate *g, const struct request *rq)
{
    uint8_t key[sizeof rq->client + NAME_MAX_LEN + 4];
    memcpy(key, &rq->client, sizeof rq->client);
    size_t n = sizeof rq->client;
    n += name_lower_copy(key + n, rq->name);
    put_u16(key + n, rq->type);
    put_u16(key + n + 2, rq->class);
    return hash_octets(&g->key, key, n + 4);
}

static bool is_twin(const struct request *a, const struct request *b)
{
    return a->type == b->type && a->class == b->class && addr_equal(&a->client, &b->client) &&
           name_equal(a->name, b->name);
}

enum gate_met gate_meet(struct gate *g, struct pending *q)
{
    q->is_met = false;
    if (q->proven)
        return GATE_ASK;
    uint64_t hash = hash_of(g, &q->rq);
    unsigned twins = 0;
    for (struct table_node *n = table_find(&g->met, hash); n; n = table_next(n)) {
        const struct pending *other = HOLDER(n, struct pending, by_question);
        if (!is_twin(&other->rq, &q->rq))
            continue;
        twins++;
        if (other->rq.id == q->rq.id && other->path.peer.port == q->path.peer.port) {
            g->counters.repetitions++;
            return GATE_REPEATED;
        }
    }
    if (twins >= CLIENT_TWINS_MAX) {
        g->counters.twins++;
        q->curt = true;
        return GATE_TWIN;
    }
    table_add(&g->met, &q->by_question, hash);
    q->is_met = true;
    return GATE_ASK;
}

void gate_part(struct gate *g, struct pending *q)
{
    if (q->is_met)
        table_remove(&g->met, &q->by_question);
    q->is_met = false;
}

/* ---- when replies leave ---- */

static void arm(struct gate *g)
{
    struct heap_node *first = heap_first(&g->paced);
    if (!first)
        return;
    int64_t left = first->at - (int64_t)uv_now(&g->timer.loop[0]);
    uv_timer_start(&g->timer, on_time, left > 0 ? (uint64_t)left : 0, 0);
}

static void on_time(uv_timer_t *timer)
{
    struct gate *g = timer->data;
    struct heap_node *n;
    while ((n = heap_first(&g->paced)) && n->at <= (int64_t)uv_now(timer->loop)) {
        struct pending *q = HOLDER(n, struct pending, paced);
        heap_remove(&g->paced, n);
        g->send(g->ctx, q, q->wire, q->len);
    }
    arm(g);
}

static void keep(struct pending *q, const uint8_t *wire, size_t len)
{
    if (wire == q->wire)
        return;
    assert(!q->wire);
    q->wire = mem_alloc(len);
    memcpy(q->wire, wire, len);
    q->len = len;
}

void gate_reply(struct gate *g, struct pending *q, const uint8_t *wire, size_t len, int64_t now_ms)
{
    int64_t waited_ms = now_ms - q->since_ms;
    if (len == 0 || q->proven || (waited_ms <= CLIENT_PACE_AFTER_MS && !q->curt)) {
        g->send(g->ctx, q, wire, len);
        return;
    }
    if (waited_ms > CLIENT_AGED_MS && clients_pending(g->clients, q->client) > CLIENT_AGED_PENDING) {
        g->counters.aged++;
        g->send(g->ctx, q, NULL, 0);
        return;
    }
    int64_t wait_ms = (clients_pace(g->clients, q->client, len, now_ms * 1000) + 999) / 1000;
    if (wait_ms == 0) {
        g->send(g->ctx, q, wire, len);
        return;
    }
    g->counters.paced++;
    keep(q, wire, len);
    bool first = !heap_first(&g->paced);
    heap_set(&g->paced, &q->paced, now_ms + wait_ms);
    if (first || heap_first(&g->paced) == &q->paced)
        arm(g);
}
