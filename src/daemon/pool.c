#include "daemon/pool_inner.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

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
    p->told = mem_alloc(p->shared.worker_count * sizeof *p->told);
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
    mem_free(p->told);
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
