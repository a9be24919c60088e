#include "daemon/pool_inner.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/query_log.h"
#include "net/stream_quota.h"

#define WORKERS_MAX 256u

static unsigned worker_count(const struct config *config)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned n = config->workers ? config->workers : cores > 0 ? (unsigned)cores : 1;
    return n > WORKERS_MAX ? WORKERS_MAX : n;
}

static enum err share(struct shared *sh, struct snapshot *start, struct text *complaint)
{
    const struct config *config = &start->config;
    struct hash_key cache_key;
    struct random *rng = random_new(NULL);
    random_octets(rng, &cache_key, sizeof cache_key);
    random_octets(rng, &sh->owner_key, sizeof sh->owner_key);
    serving_init(&sh->serving, rng);
    random_octets(rng, &cache_key, sizeof cache_key);
    sh->clients = clients_new(&cache_key, config->client_pending);
    random_free(rng);
    sh->start = snapshot_hold(start);
    sh->config = config;
    sh->cache = cache_new(&config->cache, &cache_key);
    if (!sh->cache) {
        text_printf(complaint, "no memory for a cache of %zu octets (cache.size)", config->cache.size);
        return ERR_SYSTEM;
    }
    sh->worker_count = worker_count(config);
    sh->workers = mem_alloc(sh->worker_count * sizeof *sh->workers);
    return ERR_OK;
}

/* Where a message of ours would come back to ourselves is looked up each time: addresses come and go. */
static void settle(struct shared *sh, struct snapshot *s)
{
    snapshot_settle(s, &sh->serving, sh->listeners.places, sh->listeners.place_count);
}

static enum err choose_listeners(struct pool *p, const struct activation *given, struct text *complaint)
{
    struct shared *sh = &p->shared;
    struct listeners *all = &sh->listeners;
    enum err err = listeners_choose(all, sh->config, given, &p->lasting, complaint);
    if (err)
        return err;
    settle(sh, sh->start);
    unsigned servers = 0;
    for (size_t i = 0; i < all->count; i++)
        servers += all->items[i].type == SOCK_STREAM ? sh->worker_count : 0;
    sh->streams = stream_quota_new(&STREAM_LIMITS_DEFAULT, servers ? servers : 1);
    return ERR_OK;
}

static enum err make_workers(struct shared *sh, struct text *complaint)
{
    for (unsigned i = 0; i < sh->worker_count; i++) {
        const struct listener *failed = NULL;
        enum err err = worker_new(&sh->workers[i], sh, i, &failed);
        if (err && failed)
            listener_complain(failed, errno, complaint);
        else if (err)
            text_printf(complaint, "cannot start a worker: %s", strerror(errno));
        if (err)
            return err;
    }
    return ERR_OK;
}

enum err pool_new(
    struct pool **out, struct snapshot *start, const struct activation *given, struct text *complaint)
{
    struct pool *p = mem_alloc(sizeof *p);
    p->start_ms = now_read(false).mono_ms;
    arena_init(&p->lasting);
    enum err err = share(&p->shared, start, complaint);
    if (!err)
        err = choose_listeners(p, given, complaint);
    if (!err)
        err = make_workers(&p->shared, complaint);
    if (err) {
        pool_free(p);
        return err;
    }
    *out = p;
    return ERR_OK;
}

void pool_start(struct pool *p, struct query_log *query_log)
{
    p->shared.query_log = query_log;
    for (unsigned i = 0; i < p->shared.worker_count; i++)
        worker_start(p->shared.workers[i]);
    p->started = true;
}

void pool_drain(struct pool *p)
{
    for (unsigned i = 0; i < p->shared.worker_count; i++)
        worker_drain(p->shared.workers[i]);
}

bool pool_is_drained(struct pool *p)
{
    for (unsigned i = 0; i < p->shared.worker_count; i++)
        if (!worker_is_drained(p->shared.workers[i]))
            return false;
    return true;
}

void pool_stop(struct pool *p)
{
    if (!p->started)
        return;
    for (unsigned i = 0; i < p->shared.worker_count; i++)
        worker_quit(p->shared.workers[i]);
    for (unsigned i = 0; i < p->shared.worker_count; i++)
        worker_join(p->shared.workers[i]);
    p->started = false;
}

void pool_free(struct pool *p)
{
    struct shared *sh = &p->shared;
    for (unsigned i = 0; i < sh->worker_count && sh->workers; i++)
        if (sh->workers[i])
            worker_free(sh->workers[i]);
    stream_quota_free(sh->streams);
    mem_free(sh->workers);
    if (sh->cache)
        cache_free(sh->cache);
    serving_fini(&sh->serving);
    clients_free(sh->clients);
    snapshot_release(sh->start);
    arena_fini(&p->lasting);
    mem_free(p);
}

void pool_ask_beats(struct pool *p)
{
    for (unsigned i = 0; i < p->shared.worker_count; i++)
        worker_ask_beat(p->shared.workers[i]);
}

void pool_network_changed(struct pool *p)
{
    for (unsigned i = 0; i < p->shared.worker_count; i++)
        worker_network_changed(p->shared.workers[i]);
}

unsigned pool_beats_missing(struct pool *p)
{
    unsigned missing = 0;
    for (unsigned i = 0; i < p->shared.worker_count; i++)
        missing += !worker_has_beaten(p->shared.workers[i]);
    return missing;
}

const struct endpoint *pool_listen(const struct pool *p, size_t *count)
{
    *count = p->shared.listeners.place_count;
    return p->shared.listeners.places;
}

unsigned pool_workers(const struct pool *p)
{
    return p->shared.worker_count;
}

/* ---- other settings ---- */

void pool_offer(struct pool *p, struct snapshot *s)
{
    struct shared *sh = &p->shared;
    settle(sh, s);
    cache_settings_set(sh->cache, &s->config.cache);
    for (unsigned i = 0; i < sh->worker_count; i++)
        worker_offer(sh->workers[i], s);
}

bool pool_is_settled(struct pool *p)
{
    for (unsigned i = 0; i < p->shared.worker_count; i++)
        if (!worker_is_settled(p->shared.workers[i]))
            return false;
    return true;
}

void pool_flush_answers(struct pool *p)
{
    cache_answers_flush(p->shared.cache);
}

void pool_flush_verdicts(struct pool *p)
{
    cache_verdicts_flush(p->shared.cache);
}

void pool_set_trust(struct pool *p, struct trust_keeper *trust)
{
    p->shared.trust = trust;
}

void pool_probe_root(struct pool *p)
{
    worker_probe_root(p->shared.workers[0]);
}

void pool_cache(struct pool *p, struct cache_view *out)
{
    const struct config *config = p->shared.config;
    *out = (struct cache_view){.cache = p->shared.cache,
        .now_s = now_read(config->cache_clock_wall).cache_s,
        .port = config->resolve.port};
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

void pool_figures(struct pool *p, struct control_figures *out)
{
    struct shared *sh = &p->shared;
    *out = (struct control_figures){
        .uptime_s = (uint64_t)(now_read(false).mono_ms - p->start_ms) / 1000,
        .workers = sh->worker_count,
        .listen = sh->listeners.places,
        .listen_count = sh->listeners.place_count,
    };
    for (unsigned i = 0; i < sh->worker_count; i++)
        worker_ask_stats(sh->workers[i]);
    for (unsigned i = 0; i < sh->worker_count; i++) {
        struct worker_stats stats;
        worker_read_stats(sh->workers[i], &stats);
        add_serve(out, stats.serve);
        add_resolve(&out->resolver, &stats.resolve);
        add_gate(out, &stats.gate);
        add_net(out, &stats);
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
