/* A worker tells what happens while it happens: the events of a walk, and those that readers of all events
 * want. They are made into lines here, so never more of them than cost next to nothing. */
#include <time.h>

#include "base/mem.h"
#include "daemon/worker_inner.h"
#include "dns/record.h"
#include "resolve/event_json.h"

struct watch *watch_new(struct feed *feed)
{
    struct watch *w = mem_alloc(sizeof *w);
    atomic_init(&w->holders, 1);
    w->feed = feed;
    return w;
}

struct watch *watch_hold(struct watch *w)
{
    atomic_fetch_add_explicit(&w->holders, 1, memory_order_relaxed);
    return w;
}

void watch_release(struct watch *w)
{
    if (w && atomic_fetch_sub_explicit(&w->holders, 1, memory_order_acq_rel) == 1)
        mem_free(w);
}

#define LINE_OCTETS 512u /* of a usual one */

/* ---- walks ---- */

void worker_walk(struct worker *w, struct walk *walk)
{
    struct walk *before = atomic_load(&w->telling.posted);
    do
        walk->next = before;
    while (!atomic_compare_exchange_weak(&w->telling.posted, &before, walk));
    inbox_nudge(&w->inbox);
}

static void on_walk_event(void *ctx, const struct event *e)
{
    struct walk *walk = ctx;
    if (walk->lines == WALK_LINES_MAX) {
        walk->left_out++;
        return;
    }
    walk->lines++;
    if (feed_has_room(walk->feed, walk->to))
        feed_put(walk->feed, walk->to, event_to_json(e, walk->start_ms), false);
}

static void walk_end(struct walk *walk, const struct outcome *o, int64_t now_ms)
{
    struct question q = {.name = walk->name, .type = walk->type, .class = CLASS_IN};
    json_t *j = outcome_to_json(&q, o, (uint32_t)(now_ms - walk->start_ms));
    if (o->stale || o->from_cache)
        json_object_set_new(j, "from", json_string(o->stale ? "stale" : "cache"));
    if (walk->left_out)
        json_object_set_new(j, "left_out", json_integer(walk->left_out));
    feed_put(walk->feed, walk->to, j, true);
    mem_free(walk);
}

/* As a client's question: what is local here is nobody else's business. */
static bool is_local(struct worker *w, struct walk *walk)
{
    struct outcome o;
    struct arena a;
    arena_init(&a);
    bool local = serve_local(w->serve, walk->name, walk->type, &a, &o);
    if (local) {
        o.reason = (struct reason){EDE_NONE, "local", "answered here: the world is never asked for it"};
        walk_end(walk, &o, walk->start_ms);
    }
    arena_fini(&a);
    return local;
}

static void walk_begin(struct worker *w, struct walk *walk)
{
    struct question q = {.name = walk->name, .type = walk->type, .class = CLASS_IN, .stale_ok = true};
    walk->start_ms = worker_now(w).mono_ms;
    if (is_local(w, walk))
        return;
    walk->observer = (struct observer){.event = on_walk_event, .ctx = walk};
    q.observer = &walk->observer;
    walk->next = w->telling.walks;
    w->telling.walks = walk;
    walk->ask = resolve_ask(w->resolver, &q, worker_now(w));
    w->stirred = true;
}

bool worker_walk_answered(struct worker *w, ask_id id, const struct outcome *o)
{
    struct walk **at = &w->telling.walks;
    while (*at && (*at)->ask != id)
        at = &(*at)->next;
    struct walk *walk = *at;
    if (!walk)
        return false;
    *at = walk->next;
    walk_end(walk, o, worker_now(w).mono_ms);
    return true;
}

/* ---- events ---- */

void worker_watch(struct worker *w, struct watch *watch)
{
    watch_release(atomic_exchange(&w->telling.offered, watch_hold(watch)));
    inbox_nudge(&w->inbox);
}

/* A line costs some 10 µs: a hundredth of the worker's time at most. A long one counts as several. */
static bool is_time(struct telling *t, int64_t now_ms)
{
    if (now_ms - t->since_ms >= 1000) {
        t->since_ms = now_ms;
        t->lines = 0;
    }
    return t->lines < EVENTS_A_SECOND_MAX;
}

static json_t *event_line(const struct event *e)
{
    json_t *j = event_to_json(e, 0);
    time_t wall = (time_t)e->now.wall_s;
    struct tm tm;
    char time[32];
    json_object_del(j, "at_ms");
    if (gmtime_r(&wall, &tm) && strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%SZ", &tm))
        json_object_set_new(j, "time", json_string(time));
    if (e->depth > 0) {
        json_t *root = json_object();
        record_set_name(root, "qname", e->root_name);
        record_set_type(root, "qtype", e->root_type);
        json_object_set_new(j, "for", root);
    }
    return j;
}

static void on_any_event(void *ctx, const struct event *e)
{
    struct worker *w = ctx;
    struct telling *t = &w->telling;
    for (unsigned i = 0; i < t->watch->count; i++) {
        const struct watch_reader *r = &t->watch->readers[i];
        if (!event_filter_takes(&r->filter, e))
            continue;
        if (!is_time(t, e->now.mono_ms))
            feed_lose(t->watch->feed, r->to, 1);
        else if (feed_has_room(t->watch->feed, r->to))
            t->lines += 1 + feed_put(t->watch->feed, r->to, event_line(e), false) / LINE_OCTETS;
    }
}

static void take_watch(struct worker *w, struct watch *watch)
{
    struct telling *t = &w->telling;
    watch_release(t->watch);
    t->watch = watch;
    t->observer = (struct observer){.event = on_any_event, .ctx = w};
    for (unsigned i = 0; i < watch->count; i++)
        t->observer.kinds |= watch->readers[i].filter.kinds;
    resolve_watch(w->resolver, watch->count ? &t->observer : NULL);
}

/* ---- both ---- */

void worker_take_readers(struct worker *w)
{
    struct telling *t = &w->telling;
    if (!atomic_load_explicit(&t->offered, memory_order_relaxed) &&
        !atomic_load_explicit(&t->posted, memory_order_relaxed))
        return;
    struct watch *watch = atomic_exchange(&t->offered, NULL);
    if (watch)
        take_watch(w, watch);
    for (struct walk *walk = atomic_exchange(&t->posted, NULL), *next; walk; walk = next) {
        next = walk->next;
        walk_begin(w, walk);
    }
}

static void forget_walks(struct walk *walk)
{
    for (struct walk *next; walk; walk = next) {
        next = walk->next;
        mem_free(walk);
    }
}

void worker_forget_readers(struct worker *w)
{
    forget_walks(w->telling.walks);
    forget_walks(atomic_exchange(&w->telling.posted, NULL));
    watch_release(atomic_exchange(&w->telling.offered, NULL));
    watch_release(w->telling.watch);
}
