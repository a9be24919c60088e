/* What a worker tells the control thread: its figures, and of its questions. */
#include <string.h>

#include "daemon/worker_inner.h"
#include "daemon/worker_tell.h"

void worker_send(struct worker *w, struct errand *e)
{
    errand_release(atomic_exchange(&w->errand, errand_hold(e)));
    inbox_nudge(&w->inbox);
}

void worker_run_errand(struct worker *w)
{
    if (!atomic_load_explicit(&w->errand, memory_order_relaxed))
        return;
    struct errand *e = atomic_exchange(&w->errand, NULL);
    if (!e)
        return;
    errand_run(e, w, w->index);
    errand_release(e);
}

/* ---- figures ---- */

static void add_tcp(struct stream_counters *sum, const struct stream_counters *c)
{
    sum->accepted += c->accepted;
    sum->refused += c->refused;
    sum->closed_slow += c->closed_slow;
    sum->closed_idle += c->closed_idle;
    sum->open += c->open;
}

static void add_udp(struct udp_counters *sum, const struct udp_counters *c)
{
    sum->received += c->received;
    sum->sent += c->sent;
    sum->send_failed += c->send_failed;
    sum->too_long += c->too_long;
    sum->dropped += c->dropped;
    sum->room += c->room;
}

void worker_tell_stats(struct worker *w, const void *what, struct text *out)
{
    struct worker_stats s = {.resolve = *resolve_counters(w->resolver),
        .gate = w->gate.counters,
        .out = *outbound_counters(w->outbound)};
    for (size_t i = 0; i < w->tcp_count; i++)
        add_tcp(&s.tcp, stream_server_counters(w->tcp[i]));
    for (size_t i = 0; i < w->udp_count; i++)
        add_udp(&s.udp, udp_listener_counters(w->udp[i]));
    text_add_n(out, (const char *)&s, sizeof s);
}

const struct serve_counters *worker_serve_counters(const struct worker *w)
{
    return serve_counters(w->serve);
}

/* ---- recent questions ---- */

/* Pieces of any octets: a length before each. */
static void add_piece(struct text *out, const void *p, size_t n)
{
    uint32_t len = (uint32_t)n;
    text_add_n(out, (const char *)&len, sizeof len);
    text_add_n(out, p, n);
}

bool told_next(const struct text *told, size_t *at, const uint8_t **piece, size_t *len)
{
    uint32_t n;
    if (!told || told->len - *at < sizeof n)
        return false;
    memcpy(&n, told->data + *at, sizeof n);
    *piece = (const uint8_t *)told->data + *at + sizeof n;
    *len = n;
    *at += sizeof n + n;
    return true;
}

static void on_record(void *ctx, const uint8_t *record, size_t len)
{
    add_piece(ctx, record, len);
}

void worker_tell_recent(struct worker *w, const void *what, struct text *out)
{
    const struct recent_wanted *wanted = what;
    uint32_t found = 0;
    text_add_n(out, (const char *)&found, sizeof found);
    found = (uint32_t)recent_find(w->recent, wanted->any_name ? NULL : wanted->name, wanted->type,
        worker_now(w).cache_s, RECENT_SHOWN_MAX, on_record, out);
    memcpy(out->data, &found, sizeof found);
}

/* ---- questions in flight ---- */

struct requests_out {
    struct text *text;
    uint32_t count;
};

static void on_request(void *ctx, const struct in_flight *q)
{
    struct requests_out *out = ctx;
    struct told_request t = {.type = q->type,
        .waiters = q->waiters,
        .age_ms = q->age_ms,
        .messages = q->messages,
        .state = q->state,
        .for_type = q->for_type,
        .waited_ms = q->waited_ms,
        .has_for = q->for_name,
        .has_zone = q->zone,
        .has_server = q->to};
    if (out->count++ >= REQUESTS_SHOWN_MAX)
        return;
    name_copy(t.name, q->name);
    name_copy(t.for_name, q->for_name ? q->for_name : NAME_ROOT);
    name_copy(t.zone, q->zone ? q->zone : NAME_ROOT);
    name_copy(t.server, q->server ? q->server : NAME_ROOT);
    if (q->to)
        t.to = *q->to;
    add_piece(out->text, &t, sizeof t);
}

void worker_tell_requests(struct worker *w, const void *what, struct text *out)
{
    struct requests_out o = {.text = out};
    text_add_n(out, (const char *)&o.count, sizeof o.count);
    resolve_each_question(w->resolver, worker_now(w), on_request, &o);
    memcpy(out->data, &o.count, sizeof o.count);
}

/* ---- silences ---- */

static void on_silence(void *ctx, const struct endpoint *at, uint32_t age_ms)
{
    const struct told_silence t = {.at = *at, .age_ms = age_ms};
    add_piece(ctx, &t, sizeof t);
}

void worker_tell_silences(struct worker *w, const void *what, struct text *out)
{
    const uint32_t count = 0; /* nobody asks for it */
    text_add_n(out, (const char *)&count, sizeof count);
    resolve_each_silence(w->resolver, worker_now(w), on_silence, out);
}
