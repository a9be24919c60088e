/* What all workers are asked by the control thread: recent questions and those in flight. */
#include <string.h>

#include "daemon/pool_inner.h"
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
