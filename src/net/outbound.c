#include "net/outbound.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/outbound_inner.h"

#define SPARE_MAX 1024u

void out_list_add(struct out_list *list, struct out_send *s)
{
    s->next = NULL;
    s->prev = list->tail;
    *(list->tail ? &list->tail->next : &list->head) = s;
    list->tail = s;
}

void out_list_remove(struct out_list *list, struct out_send *s)
{
    *(s->prev ? &s->prev->next : &list->head) = s->next;
    *(s->next ? &s->next->prev : &list->tail) = s->prev;
    s->next = s->prev = NULL;
}

static struct out_send *send_new(struct outbound *o, uint64_t send_id)
{
    struct out_send *s = o->spare;
    if (s) {
        o->spare = s->next;
        o->spare_count--;
    } else {
        s = mem_alloc(sizeof *s);
    }
    *s = (struct out_send){.fd = -1};
    table_add(&o->sends, &s->node, send_id);
    return s;
}

/* The send is in no list and has no socket any more. */
static void send_free(struct outbound *o, struct out_send *s)
{
    table_remove(&o->sends, &s->node);
    mem_free(s->wire);
    if (o->spare_count >= SPARE_MAX) {
        mem_free(s);
        return;
    }
    s->next = o->spare;
    o->spare = s;
    o->spare_count++;
}

static void send_stop(struct outbound *o, struct out_send *s)
{
    if (s->kind == OUT_UDP)
        out_udp_stop(o, s);
    else if (s->kind == OUT_STREAM)
        out_stream_stop(o, s);
    else
        out_list_remove(&o->failed, s);
}

struct out_send *out_find(const struct outbound *o, uint64_t send_id)
{
    struct table_node *n = table_find(&o->sends, send_id);
    return n ? HOLDER(n, struct out_send, node) : NULL;
}

static void on_telling(uv_idle_t *idle)
{
    struct outbound *o = idle->data;
    /* A callback may send again and fail again: that is for the next turn. */
    size_t n = 0;
    for (const struct out_send *s = o->failed.head; s; s = s->next)
        n++;
    for (; n > 0 && !o->closed && o->failed.head; n--) {
        struct out_send *s = o->failed.head;
        uint64_t send_id = s->node.key;
        enum net_fail why = s->why;
        out_list_remove(&o->failed, s);
        send_free(o, s);
        o->events.on_fail(o->events.ctx, send_id, why);
    }
    if (!o->closed && !o->failed.head)
        uv_idle_stop(idle);
}

void out_fail(struct outbound *o, struct out_send *s, enum net_fail why)
{
    assert(s->kind != OUT_FAILED);
    send_stop(o, s);
    s->kind = OUT_FAILED;
    s->why = why;
    out_list_add(&o->failed, s);
    if (why == NET_LOCAL)
        o->counters.local_failures++;
    /* An idle handle: with it the loop does not sleep before the next turn. */
    uv_idle_start(&o->telling, on_telling);
}

int64_t out_now(void)
{
    return (int64_t)(uv_hrtime() / 1000000u);
}

static void on_timer(uv_timer_t *t)
{
    struct outbound *o = t->data;
    int64_t now = out_now();
    struct heap_node *n;
    while ((n = heap_first(&o->deadlines)) && n->at <= now)
        out_stream_expire(o, HOLDER(n, struct out_send, deadline));
    while ((n = heap_first(&o->idles)) && n->at <= now)
        out_stream_expire_idle(o, n);
    out_arm(o);
}

void out_arm(struct outbound *o)
{
    const struct heap_node *a = heap_first(&o->deadlines), *b = heap_first(&o->idles);
    if (o->closed || (!a && !b)) {
        uv_timer_stop(&o->timer);
        return;
    }
    int64_t at = !b || (a && a->at < b->at) ? a->at : b->at;
    /* Too early does no harm: on_timer looks at the clock and comes back here. */
    if (uv_is_active((uv_handle_t *)&o->timer) && o->timer_at <= at)
        return;
    int64_t left = at - out_now();
    o->timer_at = at;
    uv_timer_start(&o->timer, on_timer, left > 0 ? (uint64_t)left : 0, 0);
}

int out_socket(struct outbound *o, const struct endpoint *to, int type)
{
    int family = to->addr.family == FAMILY_V6 ? AF_INET6 : AF_INET;
    int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE) && o->reserve_fd >= 0) {
        close(o->reserve_fd);
        o->reserve_fd = -1;
        fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    }
    return fd;
}

void out_close_socket(struct outbound *o, int fd)
{
    close(fd);
    if (o->reserve_fd < 0)
        o->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

const struct addr *out_source(struct outbound *o, const struct endpoint *to)
{
    bool v6 = to->addr.family == FAMILY_V6;
    const struct addr *list = v6 ? o->settings.source_v6 : o->settings.source_v4;
    size_t n = v6 ? o->settings.source_v6_count : o->settings.source_v4_count;
    if (n == 0)
        return NULL;
    return &list[n > 1 ? random_below(o->rng, (uint32_t)n) : 0];
}

enum net_fail out_fail_of(int e, enum net_fail other)
{
    switch (e) {
    case ECONNREFUSED:
        return NET_REFUSED;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case ENONET:
    case ENOPROTOOPT:  /* ICMP protocol unreachable */
    case EAFNOSUPPORT: /* no IPv6 on this system */
        return NET_UNREACHABLE;
    case ETIMEDOUT:
        return NET_TIMEOUT;
    default:
        return other;
    }
}

static const struct addr *copy_addrs(const struct addr *a, size_t n)
{
    if (n == 0)
        return NULL;
    struct addr *copy = mem_alloc(n * sizeof *copy);
    memcpy(copy, a, n * sizeof *copy);
    return copy;
}

struct outbound *outbound_new(uv_loop_t *loop, const struct outbound_settings *settings,
    const struct outbound_events *events, struct random *rng)
{
    struct outbound *o = mem_alloc(sizeof *o);
    *o = (struct outbound){.loop = loop, .settings = *settings, .events = *events, .rng = rng};
    o->settings.source_v4 = copy_addrs(settings->source_v4, settings->source_v4_count);
    o->settings.source_v6 = copy_addrs(settings->source_v6, settings->source_v6_count);
    o->key = (struct hash_key){random_u64(rng), random_u64(rng)};
    table_init(&o->sends);
    table_init(&o->streams);
    o->udp_buf = mem_alloc(settings->udp_max + 1);
    o->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    o->udp_epoll = epoll_create1(EPOLL_CLOEXEC);
    uv_idle_init(loop, &o->telling);
    uv_timer_init(loop, &o->timer);
    o->telling.data = o->timer.data = o->udp_poll.data = o;
    o->references = 2;
    /* Without an epoll each UDP send fails by itself with NET_LOCAL. */
    if (o->udp_epoll >= 0 && uv_poll_init(loop, &o->udp_poll, o->udp_epoll) == 0) {
        o->references++;
        o->udp_poll.data = o;
        uv_poll_start(&o->udp_poll, UV_READABLE, out_udp_on_ready);
    } else if (o->udp_epoll >= 0) {
        close(o->udp_epoll);
        o->udp_epoll = -1;
    }
    return o;
}

void outbound_send(struct outbound *o, const struct outbound_message *m)
{
    assert(!o->closed && !out_find(o, m->send_id));
    struct out_send *s = send_new(o, m->send_id);
    if (m->transport == TRANSPORT_UDP) {
        s->kind = OUT_UDP;
        int r = out_udp_start(o, s, m);
        if (r != OUT_STARTED)
            out_fail(o, s, (enum net_fail)r);
    } else {
        s->kind = OUT_STREAM;
        out_stream_start(o, s, m);
        out_arm(o);
    }
}

void outbound_drop(struct outbound *o, uint64_t send_id)
{
    struct out_send *s = out_find(o, send_id);
    if (!s)
        return;
    send_stop(o, s);
    send_free(o, s);
}

void out_release(struct outbound *o)
{
    assert(o->references > 0);
    if (--o->references > 0)
        return;
    while (o->spare) {
        struct out_send *s = o->spare;
        o->spare = s->next;
        mem_free(s);
    }
    table_fini(&o->sends);
    table_fini(&o->streams);
    heap_fini(&o->deadlines);
    heap_fini(&o->idles);
    mem_free((void *)(uintptr_t)o->settings.source_v4);
    mem_free((void *)(uintptr_t)o->settings.source_v6);
    mem_free(o->udp_buf);
    mem_free(o);
}

static void on_closed(uv_handle_t *h)
{
    out_release(h->data);
}

void outbound_close(struct outbound *o)
{
    assert(!o->closed);
    o->closed = true;
    struct table_node *n;
    while ((n = table_any(&o->sends))) {
        struct out_send *s = HOLDER(n, struct out_send, node);
        send_stop(o, s);
        send_free(o, s);
    }
    out_stream_close_all(o);
    uv_close((uv_handle_t *)&o->telling, on_closed);
    uv_close((uv_handle_t *)&o->timer, on_closed);
    if (o->udp_epoll >= 0) {
        uv_close((uv_handle_t *)&o->udp_poll, on_closed);
        close(o->udp_epoll);
    }
    if (o->reserve_fd >= 0)
        close(o->reserve_fd);
}

const struct outbound_counters *outbound_counters(const struct outbound *o)
{
    return &o->counters;
}
