#include "lib/drive.h"

#include <assert.h>
#include <errno.h>
#include <uv.h>

#include "net/outbound.h"

/* A program that asks one question needs no more than this; the daemon's size is for a daemon. */
#define DRIVE_CACHE_MAX ((size_t)16 * 1024 * 1024)
/* Beyond the core's own patience, after which waiting on would be for ever. */
#define DRIVE_GRACE_MS 2000
/* Signature checks between two looks at the sockets: a few milliseconds of the slowest kind. */
#define DRIVE_CHECKS 8u

struct drive {
    uv_loop_t loop;
    uv_timer_t wake;  /* the core's next WAKE */
    uv_timer_t guard; /* ends a wait that the core should have ended */
    uv_idle_t work;   /* runs while signature checks wait */
    struct outbound *outbound;
    struct cache *cache;
    struct resolver *resolver;
    struct random *rng;
    bool clock_wall, believe_clock;
    int64_t wake_at_ms;
    ask_id asked; /* 0: no question under way */
    const struct outcome *outcome;
};

static now_t drive_now(struct drive *d)
{
    now_t now = now_read(d->clock_wall);
    now.wall_known |= d->believe_clock;
    return now;
}

static void pump(struct drive *d);

/* After a pump from within the loop: the wait is over once there is an outcome. */
static void pump_in_loop(struct drive *d)
{
    pump(d);
    if (d->outcome)
        uv_stop(&d->loop);
}

static void set_wake(struct drive *d, int64_t at_ms);

static void on_wake(uv_timer_t *t)
{
    struct drive *d = t->data;
    if (drive_now(d).mono_ms < d->wake_at_ms)
        set_wake(d, d->wake_at_ms);
    else
        pump_in_loop(d);
}

static void on_guard(uv_timer_t *t)
{
    struct drive *d = t->data;
    uv_stop(&d->loop);
}

static void on_work(uv_idle_t *work)
{
    struct drive *d = work->data;
    if (d->outcome)
        return;
    uv_idle_stop(work); /* the core says so if there is more */
    resolve_work(d->resolver, DRIVE_CHECKS, drive_now(d));
    pump_in_loop(d);
}

static void set_wake(struct drive *d, int64_t at_ms)
{
    int64_t left = at_ms - drive_now(d).mono_ms;
    d->wake_at_ms = at_ms;
    /* The loop's idea of now is coarse and may be old, so the timer may come early:
     * on_wake looks at the clock again. */
    uv_update_time(&d->loop);
    uv_timer_start(&d->wake, on_wake, left > 0 ? (uint64_t)left : 0, 0);
}

static void send_action(struct drive *d, const struct action *act)
{
    struct outbound_message m = {.send_id = act->send.id,
        .to = act->send.to,
        .transport = act->send.transport,
        .reuse = act->send.reuse,
        .wire = act->send.wire,
        .len = act->send.len,
        .deadline_ms = act->send.deadline_ms,
        .port_of = act->send.port_of};
    outbound_send(d->outbound, &m);
}

/* Does what the core wants, until it wants nothing or the answer is there:
 * the outcome is valid only until the next call into the core. */
static void pump(struct drive *d)
{
    struct action act;
    while (!d->outcome && resolve_next(d->resolver, &act, drive_now(d))) {
        switch (act.kind) {
        case ACTION_SEND:
            send_action(d, &act);
            break;
        case ACTION_DROP:
            outbound_drop(d->outbound, act.drop.id);
            break;
        case ACTION_ANSWER:
            if (act.answer.id != d->asked)
                break;
            d->outcome = act.answer.outcome;
            break;
        case ACTION_WAKE:
            set_wake(d, act.wake.at_ms);
            break;
        case ACTION_WORK:
            uv_idle_start(&d->work, on_work);
            break;
        }
    }
    outbound_settle(d->outbound);
}

static void on_reply(void *ctx, uint64_t id, const uint8_t *wire, size_t len)
{
    struct drive *d = ctx;
    if (d->outcome)
        return;
    resolve_heard(d->resolver, id, wire, len, drive_now(d));
    pump_in_loop(d);
}

static void on_fail(void *ctx, uint64_t id, enum net_fail why)
{
    struct drive *d = ctx;
    if (d->outcome)
        return;
    resolve_failed(d->resolver, id, why, drive_now(d));
    pump_in_loop(d);
}

static void start_timer(struct drive *d, uv_timer_t *t)
{
    uv_timer_init(&d->loop, t);
    t->data = d;
}

struct drive *drive_new(const struct config *config)
{
    struct drive *d = mem_alloc(sizeof *d);
    int err = uv_loop_init(&d->loop);
    if (err) {
        mem_free(d);
        errno = -err;
        return NULL;
    }
    start_timer(d, &d->wake);
    start_timer(d, &d->guard);
    uv_idle_init(&d->loop, &d->work);
    d->work.data = d;
    d->clock_wall = config->cache_clock_wall;
    d->believe_clock = config->trust.believe_clock;
    d->rng = random_new(NULL);
    struct cache_settings cache = config->cache;
    if (cache.size > DRIVE_CACHE_MAX)
        cache.size = DRIVE_CACHE_MAX;
    struct hash_key key = {random_u64(d->rng), random_u64(d->rng)};
    d->cache = cache_new(&cache, &key);
    struct resolve_settings resolve = config->resolve;
    resolve.prefetch = false; /* whoever asks once does not ask again */
    d->resolver = resolve_new(&resolve, d->cache, d->rng);
    struct outbound_settings settings = {.source_v4 = config->source_v4,
        .source_v4_count = config->source_v4_count,
        .source_v6 = config->source_v6,
        .source_v6_count = config->source_v6_count,
        .udp_max = config->resolve.udp_size};
    struct outbound_events events = {.on_reply = on_reply, .on_fail = on_fail, .ctx = d};
    d->outbound = outbound_new(&d->loop, &settings, &events, d->rng);
    return d;
}

void drive_free(struct drive *d)
{
    if (!d)
        return;
    outbound_close(d->outbound);
    uv_close((uv_handle_t *)&d->wake, NULL);
    uv_close((uv_handle_t *)&d->guard, NULL);
    uv_close((uv_handle_t *)&d->work, NULL);
    uv_run(&d->loop, UV_RUN_DEFAULT);
    int busy = uv_loop_close(&d->loop);
    assert(busy == 0);
    (void)busy;
    resolve_free(d->resolver);
    cache_free(d->cache);
    random_free(d->rng);
    mem_free(d);
}

const struct outcome *drive_ask(struct drive *d, const struct question *q)
{
    d->outcome = NULL;
    d->asked = resolve_ask(d->resolver, q, drive_now(d));
    uv_update_time(&d->loop);
    uint64_t patience = q->deadline_ms ? q->deadline_ms : ANSWER_MS_MAX;
    uv_timer_start(&d->guard, on_guard, patience + DRIVE_GRACE_MS, 0);
    pump(d);
    if (!d->outcome)
        uv_run(&d->loop, UV_RUN_DEFAULT);
    uv_timer_stop(&d->guard);
    d->asked = 0;
    return d->outcome;
}
