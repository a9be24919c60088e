#include "daemon/audience.h"

#include <string.h>

#include "base/text.h"
#include "daemon/watch.h"

/* A place; free without a call. */
struct place {
    struct control_call *call;
    uint32_t turn; /* of those who had it */
    struct event_filter filter;
    bool gone; /* a walk whose reader went: the place is taken until it ends */
    bool taken;
};

struct audience {
    struct pool *pool;
    struct feed *feed;
    struct place places[FEED_READERS]; /* events, then walks */
};

static struct feed_reader reader_at(const struct audience *a, const struct place *p)
{
    return (struct feed_reader){.place = (uint32_t)(p - a->places), .turn = p->turn};
}

static struct place *free_place(struct audience *a, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        if (!a->places[i].taken)
            return &a->places[i];
    return NULL;
}

static void refuse(struct control_call *call, const char *why)
{
    json_t *j = json_pack("{s:s}", "error", why);
    call->reply(call, j);
    json_decref(j);
}

static void take(struct audience *a, struct place *p, struct control_call *call)
{
    p->taken = true;
    p->gone = false;
    p->turn++;
    p->call = call;
    call->ctx = a;
    feed_take_lost(a->feed, (uint32_t)(p - a->places));
}

static struct place *place_of(struct audience *a, const struct control_call *call)
{
    for (unsigned i = 0; i < FEED_READERS; i++)
        if (a->places[i].taken && a->places[i].call == call)
            return &a->places[i];
    return NULL;
}

/* ---- events ---- */

static void add_lost(struct text *t, uint64_t lost)
{
    text_printf(t, "{\"event\":\"lost\",\"count\":%llu}", (unsigned long long)lost);
}

/* How many lines who reads there did not get. */
static void tell_lost(struct audience *a, struct place *p)
{
    struct feed_reader at = reader_at(a, p);
    uint64_t lost = p->call ? feed_take_lost(a->feed, at.place) : 0;
    char buf[64];
    struct text t;
    if (!lost)
        return;
    text_init_fixed(&t, buf, sizeof buf);
    add_lost(&t, lost);
    if (!p->call->line(p->call, t.data))
        feed_lose(a->feed, at, lost);
}

static void on_reader_room(struct control_call *call)
{
    struct audience *a = call->ctx;
    tell_lost(a, place_of(a, call));
}

static void tell_workers(struct audience *a)
{
    struct watch *w = watch_new(a->feed);
    for (unsigned i = 0; i < WATCH_READERS; i++)
        if (a->places[i].taken)
            w->readers[w->count++] =
                (struct watch_reader){.to = reader_at(a, &a->places[i]), .filter = a->places[i].filter};
    pool_watch(a->pool, w);
    watch_release(w);
}

static void leave(struct place *p, const char *line)
{
    struct control_call *call = p->call;
    p->taken = false;
    p->call = NULL;
    if (call)
        call->end(call, line);
}

static void on_reader_gone(struct control_call *call)
{
    struct audience *a = call->ctx;
    leave(place_of(a, call), NULL);
    tell_workers(a);
}

void audience_events(struct audience *a, struct control_call *call, const struct event_filter *filter)
{
    struct place *p = free_place(a, 0, WATCH_READERS);
    if (!p) {
        refuse(call, "two others read events already, and there is no third place");
        return;
    }
    take(a, p, call);
    p->filter = *filter;
    call->gone = on_reader_gone;
    call->room = on_reader_room;
    call->line(call, "{\"event\":\"watching\"}");
    tell_workers(a);
}

/* ---- walks ---- */

/* Its events still come, for nobody. */
static void on_walker_gone(struct control_call *call)
{
    struct place *p = place_of(call->ctx, call);
    p->call = NULL;
    p->gone = true;
    call->end(call, NULL);
}

void audience_walk(struct audience *a, struct control_call *call, const name_t *name, uint16_t type)
{
    struct place *p = free_place(a, WATCH_READERS, FEED_READERS);
    if (!p) {
        refuse(call, "as many walks as may be are under way: ask again in a moment");
        return;
    }
    take(a, p, call);
    call->gone = on_walker_gone;
    struct walk *walk = mem_alloc(sizeof *walk);
    walk->feed = a->feed;
    walk->to = reader_at(a, p);
    walk->type = type;
    name_lower_copy(walk->name, name);
    pool_walk(a->pool, walk);
}

/* ---- lines ---- */

/* How much was lost, and the outcome. */
static void pass_last(struct audience *a, struct place *p, const char *line)
{
    uint64_t lost = feed_take_lost(a->feed, reader_at(a, p).place);
    struct text t;
    text_init(&t);
    if (lost) {
        add_lost(&t, lost);
        text_char(&t, '\n');
    }
    text_add(&t, line);
    leave(p, t.data);
    text_fini(&t);
}

static void on_line(void *ctx, struct feed_reader to, const char *line, bool last)
{
    struct audience *a = ctx;
    struct place *p = &a->places[to.place];
    if (!p->taken || p->turn != to.turn)
        return;
    if (last) {
        pass_last(a, p, line);
        return;
    }
    tell_lost(a, p);
    if (p->call && !p->call->line(p->call, line))
        feed_lose(a->feed, to, 1);
}

struct audience *audience_open(uv_loop_t *loop, struct pool *pool)
{
    struct audience *a = mem_alloc(sizeof *a);
    a->pool = pool;
    a->feed = feed_new(loop, on_line, a);
    return a;
}

void audience_close(struct audience *a)
{
    for (unsigned i = 0; i < FEED_READERS; i++)
        if (a->places[i].taken)
            leave(&a->places[i], NULL);
    feed_close(a->feed);
}

void audience_free(struct audience *a)
{
    if (!a)
        return;
    feed_free(a->feed);
    mem_free(a);
}
