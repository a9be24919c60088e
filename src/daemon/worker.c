#include "daemon/worker_inner.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "net/outbound.h"

enum command {
    COMMAND_DRAIN = 1,
    COMMAND_QUIT = 2,
    COMMAND_BEAT = 4,
    COMMAND_NETWORK = 8,
    COMMAND_PROBE = 16
};

#define FORGET_MS 60000 /* what was asked is remembered a minute longer than it is told, at most */

/* ---- the resolver's wishes ---- */

static void pump_send(struct worker *w, const struct action *act)
{
    outbound_send(w->outbound, &(struct outbound_message){
                                   .send_id = act->send.id,
                                   .to = act->send.to,
                                   .transport = act->send.transport,
                                   .reuse = act->send.reuse,
                                   .wire = act->send.wire,
                                   .len = act->send.len,
                                   .deadline_ms = act->send.deadline_ms,
                                   .port_of = act->send.port_of,
                               });
}

static void on_forget(uv_timer_t *forget)
{
    struct worker *w = forget->data;
    if (recent_forget(w->recent, worker_now(w).cache_s))
        uv_timer_start(forget, on_forget, FORGET_MS, 0);
}

static void pump_answer(struct worker *w, const struct action *act)
{
    if (act->answer.id == w->probe) {
        w->probe = 0;
        trust_keeper_heard(w->shared->trust, act->answer.outcome);
        return;
    }
    if (w->telling.walks && worker_walk_answered(w, act->answer.id, act->answer.outcome))
        return;
    struct table_node *node = table_find(&w->asks, act->answer.id);
    if (!node)
        return;
    table_remove(&w->asks, node);
    struct pending *q = HOLDER(node, struct pending, by_ask);
    gate_part(&w->gate, q);
    recent_end(w->recent, q->walk, act->answer.outcome, worker_now(w));
    if (!uv_is_active((uv_handle_t *)&w->forget))
        uv_timer_start(&w->forget, on_forget, FORGET_MS, 0);
    worker_finish(w, q, act->answer.outcome);
}

static void on_wake(uv_timer_t *timer)
{
    struct worker *w = timer->data;
    w->stirred = true;
}

/* The loop's clock and the core's are one (CLOCK_MONOTONIC), but the loop's stands still during a turn. */
static void set_timer(struct worker *w)
{
    int64_t left = w->wake_at_ms - (int64_t)uv_now(&w->loop);
    uv_timer_start(&w->wake, on_wake, left > 0 ? (uint64_t)left : 0, 0);
}

static void on_work(uv_idle_t *work);

static void worker_pump(struct worker *w)
{
    struct action act;
    w->stirred = false;
    while (resolve_next(w->resolver, &act, worker_now(w)))
        switch (act.kind) {
        case ACTION_SEND:
            pump_send(w, &act);
            break;
        case ACTION_DROP:
            outbound_drop(w->outbound, act.drop.id);
            break;
        case ACTION_ANSWER:
            pump_answer(w, &act);
            break;
        case ACTION_WAKE:
            w->wake_at_ms = act.wake.at_ms;
            set_timer(w);
            break;
        case ACTION_WORK:
            uv_idle_start(&w->work, on_work);
            break;
        }
    outbound_settle(w->outbound);
    /* The core says a time once. Rung a little early, by the loop's clock, the timer is set again. */
    if (w->wake_at_ms > w->now.mono_ms && !uv_is_active((uv_handle_t *)&w->wake))
        set_timer(w);
}

/* Once a turn of the loop, so that between two slices packets are read and hits are answered. */
static void on_work(uv_idle_t *work)
{
    struct worker *w = work->data;
    uv_idle_stop(work); /* the core says so if there is more */
    resolve_work(w->resolver, CHECKS_A_TURN, worker_now(w));
    key_maker_look(&w->keys, &w->loop, resolve_verifier(w->resolver));
    w->stirred = true;
}

static void on_reply(void *ctx, uint64_t send, const uint8_t *wire, size_t len)
{
    struct worker *w = ctx;
    resolve_heard(w->resolver, send, wire, len, worker_now(w));
    w->stirred = true;
}

static void on_fail(void *ctx, uint64_t send, enum net_fail why)
{
    struct worker *w = ctx;
    resolve_failed(w->resolver, send, why, worker_now(w));
    w->stirred = true;
}

/* ---- the loop ---- */

static void begin_drain(struct worker *w)
{
    w->draining = true;
    for (size_t i = 0; i < w->udp_count; i++)
        udp_listener_stop(w->udp[i]);
    for (size_t i = 0; i < w->tcp_count; i++)
        stream_server_stop(w->tcp[i]);
}

static void forget(struct pending *q)
{
    if (q->stream)
        stream_client_forget(q->stream);
    q->stream = NULL;
}

/* Closes everything that the loop holds, so that it ends. */
static void close_all(struct worker *w)
{
    if (uv_is_closing((uv_handle_t *)&w->turn))
        return;
    inbox_close(&w->inbox);
    pending_each(&w->pendings, forget);
    for (size_t i = 0; i < w->udp_count; i++)
        udp_listener_close(w->udp[i]);
    for (size_t i = 0; i < w->tcp_count; i++)
        stream_server_close(w->tcp[i]);
    if (w->outbound)
        outbound_close(w->outbound);
    uv_close((uv_handle_t *)&w->turn, NULL);
    uv_close((uv_handle_t *)&w->work, NULL);
    uv_close((uv_handle_t *)&w->wake, NULL);
    uv_close((uv_handle_t *)&w->forget, NULL);
    gate_close(&w->gate);
}

/* As the servers have it now, not as it is remembered (RFC 5011 2.3). */
static void probe_root(struct worker *w)
{
    struct question q = {.name = NAME_ROOT,
        .type = TYPE_DNSKEY,
        .class = CLASS_IN,
        .dnssec_ok = true,
        .no_read = true,
        .background = true};
    if (w->probe)
        return; /* its answer will do */
    w->probe = resolve_ask(w->resolver, &q, worker_now(w));
    w->stirred = true;
}

static void on_mail(void *ctx)
{
    struct worker *w = ctx;
    struct mail *next;
    for (struct mail *m = inbox_take(&w->inbox); m; m = next) {
        struct pending *q = HOLDER(m, struct pending, mail);
        next = m->next;
        if (q->finished)
            gate_reply(&w->gate, q, q->wire, q->len, worker_now(w).mono_ms);
        else
            worker_ask_here(w, q);
    }
    worker_run_errand(w);
    worker_take_readers(w);
    unsigned commands = atomic_exchange(&w->commands, 0);
    if (commands & COMMAND_BEAT)
        atomic_store(&w->beaten, true);
    if (commands & COMMAND_NETWORK) {
        resolve_network_changed(w->resolver, worker_now(w));
        w->stirred = true;
    }
    if (commands & COMMAND_PROBE)
        probe_root(w);
    if (commands & COMMAND_DRAIN)
        begin_drain(w);
    if (commands & COMMAND_QUIT)
        close_all(w);
}

/* Nobody waits for a reply, nor for the rest of one: a stopped stream closes when its client took all. */
static bool has_ended_all(const struct worker *w)
{
    if (w->pendings.in_use > (w->spare ? 1u : 0u))
        return false;
    for (size_t i = 0; i < w->tcp_count; i++)
        if (stream_server_counters(w->tcp[i])->open > 0)
            return false;
    return true;
}

/* Between two turns nothing of ours is on the stack: what the old settings point to may go. Questions in
 * flight go on with the new ones. */
static void take_settings(struct worker *w)
{
    struct snapshot *s = atomic_exchange(&w->offered, NULL);
    if (!s)
        return;
    serve_settings_set(w->serve, &s->serve);
    resolve_settings_set(w->resolver, &s->resolve);
    outbound_settings_set(w->outbound, &s->outbound);
    recent_switch(w->recent, s->config.recent);
    snapshot_release(w->settings);
    w->settings = s;
    atomic_fetch_sub(&w->unsettled, 1);
}

static void on_turn(uv_prepare_t *turn)
{
    struct worker *w = turn->data;
    if (w->stirred)
        worker_pump(w);
    worker_post(w);
    if (w->stirred) /* a worker that ends took nothing */
        worker_pump(w);
    if (atomic_load_explicit(&w->offered, memory_order_relaxed))
        take_settings(w);
    if (w->draining && has_ended_all(w))
        atomic_store(&w->drained, true);
    w->now_is_fresh = false;
    cache_rest(w->cache);
}

static void run(void *arg)
{
    struct worker *w = arg;
    pthread_setname_np(pthread_self(), "worker"); /* for ps -L and the like */
    uv_run(&w->loop, UV_RUN_DEFAULT);
}

static void command(struct worker *w, enum command what)
{
    atomic_fetch_or(&w->commands, (unsigned)what);
    inbox_nudge(&w->inbox);
}

/* ---- from outside ---- */

static enum err open_listeners(struct worker *w, const struct listener **failed)
{
    const struct shared *sh = w->shared;
    const struct listeners *all = &sh->listeners;
    w->udp = mem_alloc(all->count * sizeof *w->udp);
    w->tcp = mem_alloc(all->count * sizeof *w->tcp);
    for (size_t i = 0; i < all->count; i++) {
        const struct listener *l = &all->items[i];
        if (!listener_is_for(l, w->index, sh->worker_count))
            continue;
        *failed = l;
        int fd = listener_open(all, l);
        enum err err =
            l->type == SOCK_DGRAM
                ? udp_listener_open(&w->udp[w->udp_count], &w->loop, fd, worker_on_udp, w)
                : stream_server_open(&w->tcp[w->tcp_count], &w->loop, fd, sh->streams, worker_on_tcp, w);
        if (err)
            return err;
        if (l->type == SOCK_DGRAM)
            udp_listener_prepare(w->udp[w->udp_count], &WORKER_PREPARE);
        *(l->type == SOCK_DGRAM ? &w->udp_count : &w->tcp_count) += 1;
    }
    *failed = NULL;
    return ERR_OK;
}

static void open_resolver(struct worker *w)
{
    w->resolver = resolve_new(&w->settings->resolve, w->cache, w->rng);
    struct outbound_events events = {.on_reply = on_reply, .on_fail = on_fail, .ctx = w};
    w->outbound = outbound_new(&w->loop, &w->settings->outbound, &events, w->rng);
}

enum err worker_new(
    struct worker **out, struct shared *shared, unsigned index, const struct listener **failed)
{
    struct worker *w = mem_alloc(sizeof *w);
    w->shared = shared;
    w->index = index;
    int bad = uv_loop_init(&w->loop);
    if (bad) {
        errno = -bad;
        mem_free(w);
        return ERR_SYSTEM;
    }
    if (inbox_init(&w->inbox, &w->loop, on_mail, w)) {
        bad = errno;
        uv_loop_close(&w->loop);
        mem_free(w);
        errno = bad;
        return ERR_SYSTEM;
    }
    w->outboxes = mem_alloc(shared->worker_count * sizeof *w->outboxes);
    uv_idle_init(&w->loop, &w->work);
    w->work.data = w;
    uv_prepare_init(&w->loop, &w->turn);
    uv_prepare_start(&w->turn, on_turn);
    w->turn.data = w;
    uv_timer_init(&w->loop, &w->wake);
    w->wake.data = w;
    uv_timer_init(&w->loop, &w->forget);
    w->forget.data = w;
    pending_pool_init(
        &w->pendings, &shared->pending, shared->config->cache.questions_max + CLIENT_QUESTIONS_SLACK);
    table_init(&w->asks);
    w->rng = random_new(NULL);
    gate_init(&w->gate, &w->loop, shared->clients, w->rng, worker_on_gate, w);
    w->settings = snapshot_hold(shared->start);
    w->cache = cache_join(shared->cache);
    w->serve = serve_new(&w->settings->serve, w->cache);
    w->recent = recent_new(shared->worker_count);
    recent_switch(w->recent, w->settings->config.recent);
    *out = w;
    enum err err = open_listeners(w, failed);
    if (!err)
        open_resolver(w);
    return err;
}

void worker_start(struct worker *w)
{
    int bad = uv_thread_create(&w->thread, run, w);
    assert(!bad);
    (void)bad;
}

void worker_drain(struct worker *w)
{
    command(w, COMMAND_DRAIN);
}

bool worker_is_drained(struct worker *w)
{
    return atomic_load(&w->drained);
}

void worker_quit(struct worker *w)
{
    command(w, COMMAND_QUIT);
}

void worker_network_changed(struct worker *w)
{
    command(w, COMMAND_NETWORK);
}

void worker_probe_root(struct worker *w)
{
    command(w, COMMAND_PROBE);
}

void worker_ask_beat(struct worker *w)
{
    atomic_store(&w->beaten, false);
    command(w, COMMAND_BEAT);
}

bool worker_has_beaten(const struct worker *w)
{
    return atomic_load(&w->beaten);
}

void worker_join(struct worker *w)
{
    uv_thread_join(&w->thread);
}

void worker_free(struct worker *w)
{
    close_all(w);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    int bad = uv_loop_close(&w->loop);
    assert(!bad && "a handle was left open");
    (void)bad;
    inbox_fini(&w->inbox);
    if (w->resolver)
        resolve_free(w->resolver);
    recent_free(w->recent);
    errand_release(atomic_load(&w->errand));
    worker_forget_readers(w);
    serve_free(w->serve);
    cache_free(w->cache);
    snapshot_release(w->settings);
    snapshot_release(atomic_load(&w->offered));
    random_free(w->rng);
    table_fini(&w->asks);
    gate_fini(&w->gate);
    pending_pool_fini(&w->pendings);
    mem_free(w->outboxes);
    mem_free(w->udp);
    mem_free(w->tcp);
    mem_free(w);
}

void worker_offer(struct worker *w, struct snapshot *s)
{
    atomic_fetch_add(&w->unsettled, 1);
    struct snapshot *withdrawn = atomic_exchange(&w->offered, snapshot_hold(s));
    if (withdrawn) {
        atomic_fetch_sub(&w->unsettled, 1);
        snapshot_release(withdrawn);
    }
    inbox_nudge(&w->inbox);
}

bool worker_is_settled(struct worker *w)
{
    return atomic_load(&w->unsettled) == 0;
}
