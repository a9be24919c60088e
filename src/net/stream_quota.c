#include "net/stream_quota.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/random.h>
#include <uv.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/table.h"

/* A server near its share's end, with the common half gone, closes idle connections early. */
#define PRESSED_PART 4u

/* One thing that is divided. Invariant: drawn <= common; it is the sum of what servers use beyond `share`. */
struct stock {
    size_t share, common;
    _Atomic size_t drawn;
};

struct stream_source {
    struct table_node node;
    struct addr addr;
    unsigned count;
};

struct stream_quota {
    struct stream_limits limits;
    struct stock connections, octets;
    /* By address. Accepting and closing a connection cost far more than this lock. */
    uv_mutex_t lock;
    struct hash_key key;
    struct table sources;
};

static void stock_init(struct stock *s, size_t total, unsigned servers)
{
    s->share = total / 2 / servers;
    s->common = total - s->share * servers;
    atomic_init(&s->drawn, 0);
}

static size_t beyond(const struct stock *s, size_t used)
{
    return used > s->share ? used - s->share : 0;
}

static bool stock_take(struct stock *s, size_t *used, size_t n)
{
    size_t more = beyond(s, *used + n) - beyond(s, *used);
    if (more && atomic_fetch_add(&s->drawn, more) + more > s->common) {
        atomic_fetch_sub(&s->drawn, more);
        return false;
    }
    *used += n;
    return true;
}

static void stock_give(struct stock *s, size_t *used, size_t n)
{
    assert(*used >= n);
    size_t less = beyond(s, *used) - beyond(s, *used - n);
    if (less)
        atomic_fetch_sub(&s->drawn, less);
    *used -= n;
}

struct stream_quota *stream_quota_new(const struct stream_limits *limits, unsigned servers)
{
    struct stream_quota *q = mem_alloc(sizeof *q);
    q->limits = *limits;
    stock_init(&q->connections, limits->connections_max, servers);
    stock_init(&q->octets, limits->octets_max, servers);
    uv_mutex_init(&q->lock);
    if (getrandom(&q->key, sizeof q->key, 0) < 0)
        q->key.k0 = (uint64_t)uv_hrtime();
    table_init(&q->sources);
    return q;
}

void stream_quota_free(struct stream_quota *q)
{
    if (!q)
        return;
    assert(atomic_load(&q->connections.drawn) == 0 && atomic_load(&q->octets.drawn) == 0 &&
           q->sources.count == 0);
    table_fini(&q->sources);
    uv_mutex_destroy(&q->lock);
    mem_free(q);
}

const struct stream_limits *stream_quota_limits(const struct stream_quota *q)
{
    return &q->limits;
}

bool stream_quota_connect(struct stream_quota *q, struct stream_part *p)
{
    return stock_take(&q->connections, &p->connections, 1);
}

void stream_quota_disconnect(struct stream_quota *q, struct stream_part *p)
{
    stock_give(&q->connections, &p->connections, 1);
}

bool stream_quota_is_pressed(const struct stream_quota *q, const struct stream_part *p)
{
    const struct stock *s = &q->connections;
    size_t drawn = atomic_load(&s->drawn), own = s->share > p->connections ? s->share - p->connections : 0;
    return own + (s->common > drawn ? s->common - drawn : 0) <= s->share / PRESSED_PART;
}

bool stream_quota_grow(struct stream_quota *q, struct stream_part *p, size_t octets)
{
    return stock_take(&q->octets, &p->octets, octets);
}

void stream_quota_shrink(struct stream_quota *q, struct stream_part *p, size_t octets)
{
    stock_give(&q->octets, &p->octets, octets);
}

static struct addr source_addr(const struct addr *a)
{
    struct addr source = *a;
    if (a->family == FAMILY_V6) /* /56: what one household gets */
        memset(source.ip + 7, 0, sizeof source.ip - 7);
    return source;
}

static struct stream_source *find_or_add(struct stream_quota *q, const struct addr *addr)
{
    uint64_t key = hash_octets(&q->key, addr, sizeof *addr);
    for (struct table_node *n = table_find(&q->sources, key); n; n = table_next(n)) {
        struct stream_source *source = HOLDER(n, struct stream_source, node);
        if (addr_equal(&source->addr, addr))
            return source;
    }
    struct stream_source *source = mem_alloc(sizeof *source);
    source->addr = *addr;
    table_add(&q->sources, &source->node, key);
    return source;
}

struct stream_source *stream_quota_source(struct stream_quota *q, const struct addr *client)
{
    struct addr addr = source_addr(client);
    uv_mutex_lock(&q->lock);
    struct stream_source *source = find_or_add(q, &addr);
    if (source->count < q->limits.per_address_max)
        source->count++;
    else
        source = NULL;
    uv_mutex_unlock(&q->lock);
    return source;
}

void stream_quota_source_release(struct stream_quota *q, struct stream_source *source)
{
    uv_mutex_lock(&q->lock);
    bool last = --source->count == 0;
    if (last)
        table_remove(&q->sources, &source->node);
    uv_mutex_unlock(&q->lock);
    if (last)
        mem_free(source);
}
