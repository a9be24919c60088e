/* What all workers are asked by the control thread: figures, recent questions and those in flight. All of
 * them at once, so that those which stall are waited for once. */
#include <string.h>

#include "base/log.h"
#include "daemon/pool_inner.h"
#include "daemon/query_log.h"
#include "daemon/worker_inner.h"
#include "daemon/worker_tell.h"

static struct errand *ask_all(struct pool *p, errand_fn *run, const void *what, size_t len)
{
    struct shared *sh = &p->shared;
    struct errand *e = errand_new(sh->worker_count, run, what, len);
    for (unsigned i = 0; i < sh->worker_count && p->started; i++)
        worker_send(sh->workers[i], e);
    if (p->started)
        errand_wait(e);
    return e;
}

/* ---- figures ---- */

static uint64_t get(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void add_serve(struct control_figures *f, const struct serve_counters *c)
{
    f->queries += get(&c->queries);
    f->udp += get(&c->udp);
    f->tcp += get(&c->tcp);
    f->silent += get(&c->silent);
    f->hits += get(&c->hits);
    f->local += get(&c->local);
    f->pending += get(&c->pending);
    f->refused += get(&c->refused);
    f->truncated += get(&c->truncated);
    f->composed += get(&c->composed);
    for (unsigned i = 0; i < SERVE_RCODES; i++)
        f->rcodes[i] += get(&c->rcodes[i]);
}

static void add_resolve(struct resolve_counters *sum, const struct resolve_counters *c)
{
    sum->jobs += c->jobs;
    sum->waiters += c->waiters;
    sum->sends += c->sends;
    sum->waiting += c->waiting;
    sum->turns_waited += c->turns_waited;
    sum->turned_away += c->turned_away;
    sum->evicted += c->evicted;
    sum->asked += c->asked;
    sum->joined += c->joined;
    sum->cache_answers += c->cache_answers;
    sum->answered += c->answered;
    sum->failed += c->failed;
    sum->messages += c->messages;
    sum->tcp_messages += c->tcp_messages;
    sum->retries += c->retries;
    sum->near_misses += c->near_misses;
    sum->ignored += c->ignored;
    sum->late_answers += c->late_answers;
    sum->edns_fallbacks += c->edns_fallbacks;
    sum->stale_answers += c->stale_answers;
    sum->stale_nxdomains += c->stale_nxdomains;
    sum->refreshes += c->refreshes;
    sum->synthesised += c->synthesised;
    sum->secure += c->secure;
    sum->insecure += c->insecure;
    sum->bogus += c->bogus;
    for (unsigned i = 0; i < sizeof c->verifier.verified / sizeof c->verifier.verified[0]; i++) {
        sum->verifier.verified[i] += c->verifier.verified[i];
        sum->verifier.saved[i] += c->verifier.saved[i];
    }
    sum->verifier.failed += c->verifier.failed;
    sum->verifier.keys_kept += c->verifier.keys_kept;
    sum->verifier.keys_parsed += c->verifier.keys_parsed;
    sum->verifier.hot += c->verifier.hot;
    sum->verifier.keys_hot += c->verifier.keys_hot;
}

static void add_gate(struct control_figures *f, const struct gate_counters *c)
{
    f->over_limit += c->over_limit;
    f->repetitions += c->repetitions;
    f->twins += c->twins;
    f->paced += c->paced;
    f->aged += c->aged;
}

/* Each worker keeps a place ready for the next question. */
static unsigned pool_questions(struct shared *sh)
{
    unsigned n = atomic_load_explicit(&sh->pending, memory_order_relaxed);
    return n > sh->worker_count ? n - sh->worker_count : 0;
}

static void add_net(struct control_figures *f, const struct worker_stats *s)
{
    f->udp_received += s->udp.received;
    f->udp_sent += s->udp.sent;
    f->udp_send_failed += s->udp.send_failed;
    f->udp_too_long += s->udp.too_long;
    f->udp_dropped += s->udp.dropped;
    f->udp_room += s->udp.room;
    f->tcp_open += s->tcp.open;
    f->tcp_accepted += s->tcp.accepted;
    f->tcp_refused += s->tcp.refused;
    f->tcp_closed_slow += s->tcp.closed_slow;
    f->tcp_closed_idle += s->tcp.closed_idle;
    f->upstream_open += s->out.udp_open + s->out.streams_open;
    f->upstream_waiting += s->out.waiting;
    f->upstream_waited += s->out.waited;
    f->upstream_deafened += s->out.deafened;
}

/* Counters never go back: of one that has no time there is what it told last. */
static void read_stats(struct pool *p)
{
    struct errand *e = ask_all(p, worker_tell_stats, NULL, 0);
    for (unsigned i = 0; i < p->shared.worker_count; i++) {
        const struct text *told = errand_told(e, i);
        if (told)
            memcpy(&p->told[i], told->data, sizeof p->told[i]);
    }
    errand_release(e);
}

void pool_figures(struct pool *p, struct control_figures *out)
{
    struct shared *sh = &p->shared;
    *out = (struct control_figures){
        .uptime_s = (uint64_t)(now_read(false).mono_ms - p->start_ms) / 1000,
        .workers = sh->worker_count,
        .listen = sh->listeners.places,
        .listen_count = sh->listeners.place_count,
    };
    read_stats(p);
    for (unsigned i = 0; i < sh->worker_count; i++) {
        add_serve(out, worker_serve_counters(sh->workers[i]));
        if (!p->told)
            continue;
        add_resolve(&out->resolver, &p->told[i].resolve);
        add_gate(out, &p->told[i].gate);
        add_net(out, &p->told[i]);
    }
    inflight_read(cache_inflight(sh->cache), &out->inflight);
    out->clients = clients_active(sh->clients);
    out->clients_at_limit = clients_at_limit(sh->clients);
    out->questions = pool_questions(sh);
    cache_stats(sh->cache, &out->cache);
    nsecs_read_stats(cache_nsecs(sh->cache), &out->nsecs);
    out->log_lost = log_lost();
    out->query_log_lost = sh->query_log ? query_log_lost(sh->query_log) : 0;
}

/* ---- questions ---- */

/* Calls piece for each. Returns the sum of what they counted. */
static size_t each_piece(
    struct pool *p, const struct errand *e, void (*piece)(void *ctx, const uint8_t *p, size_t n), void *ctx)
{
    size_t sum = 0;
    for (unsigned i = 0; i < p->shared.worker_count; i++) {
        const struct text *told = errand_told(e, i);
        const uint8_t *octets;
        size_t at = TOLD_COUNT, len;
        uint32_t count;
        if (!told)
            continue;
        memcpy(&count, told->data, sizeof count);
        sum += count;
        while (told_next(told, &at, &octets, &len))
            piece(ctx, octets, len);
    }
    return sum;
}

size_t pool_recent(struct pool *p, struct control_recent *wanted, control_recent_fn *fn, void *ctx)
{
    struct recent_wanted what = {.any_name = !wanted->name, .type = wanted->type};
    if (wanted->name)
        name_lower_copy(what.name, wanted->name);
    wanted->now_ms = now_read(false).mono_ms;
    struct errand *e = ask_all(p, worker_tell_recent, &what, sizeof what);
    size_t found = each_piece(p, e, fn, ctx);
    errand_release(e);
    return found;
}

struct silences {
    control_silence_fn *fn;
    void *ctx;
};

static void on_silence(void *ctx, const uint8_t *piece, size_t len)
{
    const struct silences *s = ctx;
    struct told_silence t;
    if (len != sizeof t)
        return;
    memcpy(&t, piece, sizeof t);
    s->fn(s->ctx, &t.at, t.age_ms);
}

void pool_silences(struct pool *p, control_silence_fn *fn, void *ctx)
{
    struct silences s = {fn, ctx};
    struct errand *e = ask_all(p, worker_tell_silences, NULL, 0);
    each_piece(p, e, on_silence, &s);
    errand_release(e);
}

struct requests {
    control_request_fn *fn;
    void *ctx;
};

static void on_piece(void *ctx, const uint8_t *piece, size_t len)
{
    const struct requests *r = ctx;
    struct told_request t;
    if (len != sizeof t)
        return;
    memcpy(&t, piece, sizeof t);
    struct in_flight q = {.name = t.name,
        .type = t.type,
        .waiters = t.waiters,
        .age_ms = t.age_ms,
        .messages = t.messages,
        .state = t.state,
        .for_name = t.has_for ? t.for_name : NULL,
        .for_type = t.for_type,
        .zone = t.has_zone ? t.zone : NULL,
        .server = t.has_server ? t.server : NULL,
        .to = t.has_server ? &t.to : NULL,
        .waited_ms = t.waited_ms};
    r->fn(r->ctx, &q);
}

size_t pool_requests(struct pool *p, control_request_fn *fn, void *ctx)
{
    struct requests r = {fn, ctx};
    struct errand *e = ask_all(p, worker_tell_requests, NULL, 0);
    size_t found = each_piece(p, e, on_piece, &r);
    errand_release(e);
    return found;
}

/* ---- what is told while it happens ---- */

void pool_walk(struct pool *p, struct walk *walk)
{
    worker_walk(worker_owner(&p->shared, walk->name, walk->type), walk);
}

void pool_watch(struct pool *p, struct watch *watch)
{
    for (unsigned i = 0; i < p->shared.worker_count; i++)
        worker_watch(p->shared.workers[i], watch);
}
