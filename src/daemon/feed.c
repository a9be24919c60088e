#include "daemon/feed.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* On their way, while the main thread is busy: some 500 octets each, but one with a large RRset has some
 * 100,000. */
#define LINES_MAX 4096u
#define OCTETS_MAX 2097152u

struct line {
    struct line *next;
    struct feed_reader to;
    char *text;
    size_t len;
    bool last;
};

struct feed {
    uv_async_t news;
    feed_line_fn *on_line;
    void *ctx;
    uv_mutex_t lock; /* of what follows */
    struct line *first, **end;
    bool closed;
    atomic_uint count;
    atomic_size_t octets;
    _Atomic uint64_t lost[FEED_READERS];
};

static struct line *take_all(struct feed *f)
{
    uv_mutex_lock(&f->lock);
    struct line *first = f->first;
    f->first = NULL;
    f->end = &f->first;
    uv_mutex_unlock(&f->lock);
    return first;
}

static void line_free(struct feed *f, struct line *l)
{
    atomic_fetch_sub_explicit(&f->count, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&f->octets, l->len, memory_order_relaxed);
    free(l->text);
    mem_free(l);
}

static void on_news(uv_async_t *async)
{
    struct feed *f = async->data;
    for (struct line *l = take_all(f), *next; l; l = next) {
        next = l->next;
        if (l->text)
            f->on_line(f->ctx, l->to, l->text, l->last);
        line_free(f, l);
    }
}

struct feed *feed_new(uv_loop_t *loop, feed_line_fn *on_line, void *ctx)
{
    struct feed *f = mem_alloc(sizeof *f);
    f->on_line = on_line;
    f->ctx = ctx;
    f->end = &f->first;
    uv_mutex_init(&f->lock);
    uv_async_init(loop, &f->news, on_news);
    f->news.data = f;
    return f;
}

size_t feed_put(struct feed *f, struct feed_reader to, json_t *json, bool last)
{
    struct line *l = mem_alloc(sizeof *l);
    *l = (struct line){.to = to, .text = json_dumps(json, JSON_COMPACT), .last = last};
    size_t len = l->len = l->text ? strlen(l->text) : 0;
    json_decref(json);
    atomic_fetch_add_explicit(&f->count, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&f->octets, len, memory_order_relaxed);
    uv_mutex_lock(&f->lock);
    bool closed = f->closed;
    if (!closed) {
        *f->end = l;
        f->end = &l->next;
        uv_async_send(&f->news);
    }
    uv_mutex_unlock(&f->lock);
    if (closed)
        line_free(f, l);
    return len;
}

bool feed_has_room(struct feed *f, struct feed_reader to)
{
    if (atomic_load_explicit(&f->count, memory_order_relaxed) < LINES_MAX &&
        atomic_load_explicit(&f->octets, memory_order_relaxed) < OCTETS_MAX)
        return true;
    feed_lose(f, to, 1);
    return false;
}

void feed_lose(struct feed *f, struct feed_reader to, uint64_t lines)
{
    atomic_fetch_add_explicit(&f->lost[to.place], lines, memory_order_relaxed);
}

uint64_t feed_take_lost(struct feed *f, uint32_t place)
{
    return atomic_exchange_explicit(&f->lost[place], 0, memory_order_relaxed);
}

void feed_close(struct feed *f)
{
    uv_mutex_lock(&f->lock);
    f->closed = true;
    uv_mutex_unlock(&f->lock);
    uv_close((uv_handle_t *)&f->news, NULL);
}

void feed_free(struct feed *f)
{
    if (!f)
        return;
    for (struct line *l = take_all(f), *next; l; l = next) {
        next = l->next;
        line_free(f, l);
    }
    uv_mutex_destroy(&f->lock);
    mem_free(f);
}
