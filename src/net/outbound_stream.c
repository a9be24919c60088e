#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "net/outbound_inner.h"

#define READS_MAX 4 /* a wake-up of one stream */
/* A stream that brings more that nobody asked for is closed. */
#define STRAY_MAX 64u

struct out_stream {
    struct table_node node; /* in outbound's streams while fd >= 0 */
    struct outbound *outbound;
    uv_poll_t poll;
    int fd;     /* -1: closed, memory waits for the loop */
    int events; /* what poll watches */
    struct endpoint to;
    bool connected;
    bool shared; /* other messages may join */
    bool spent;  /* no more messages: one had no answer in time */
    unsigned carried, strays, live;
    struct out_list sends; /* `live` of them */
    /* First octets of dropped messages whose reply may still come:
     * a new message with the same ones must not get that reply. */
    uint16_t ghosts[OUT_STREAM_PENDING_MAX];
    unsigned ghost_count;
    struct heap_node idle; /* in idles while live == 0 */
    struct framing in, out;
};

static void on_event(uv_poll_t *poll, int status, int events);

static uint64_t endpoint_hash(const struct outbound *o, const struct endpoint *e)
{
    uint8_t key[sizeof e->addr + 6]; /* struct endpoint has padding */
    memcpy(key, &e->addr, sizeof e->addr);
    put_u16(key + sizeof e->addr, e->port);
    put_u32(key + sizeof e->addr + 2, e->scope);
    return hash_octets(&o->key, key, sizeof key);
}

static void on_closed(uv_handle_t *h)
{
    struct out_stream *t = h->data;
    struct outbound *o = t->outbound;
    framing_fini(&t->in);
    framing_fini(&t->out);
    mem_free(t);
    out_release(o);
}

/* Its sends, if any, stay in its list for the caller to see to. */
static void stream_close(struct out_stream *t)
{
    struct outbound *o = t->outbound;
    assert(t->fd >= 0);
    uv_close((uv_handle_t *)&t->poll, on_closed);
    out_close_socket(o, t->fd);
    t->fd = -1;
    heap_remove(&o->idles, &t->idle);
    table_remove(&o->streams, &t->node);
    o->counters.streams_open--;
}

/* A connecting socket, or -1 with errno set. */
static int connect_socket(struct outbound *o, const struct endpoint *to)
{
    int fd = out_socket(o, to, SOCK_STREAM), on = 1;
    if (fd < 0)
        return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct sockaddr_storage sa;
    const struct addr *source = out_source(o, to);
    if (source) {
        struct endpoint from = {.addr = *source};
        socklen_t len = endpoint_to_sockaddr(&from, &sa);
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        if (bind(fd, (struct sockaddr *)&sa, len) < 0)
            goto failed;
    }
    socklen_t len = endpoint_to_sockaddr(to, &sa);
    if (connect(fd, (struct sockaddr *)&sa, len) == 0 || errno == EINPROGRESS)
        return fd;
failed:;
    int e = errno;
    out_close_socket(o, fd);
    errno = e;
    return -1;
}

/* NULL with errno set. */
static struct out_stream *stream_open(struct outbound *o, const struct endpoint *to, bool shared)
{
    int fd = connect_socket(o, to);
    if (fd < 0)
        return NULL;
    struct out_stream *t = mem_alloc(sizeof *t);
    *t = (struct out_stream){.outbound = o, .fd = fd, .to = *to, .shared = shared, .events = UV_WRITABLE};
    int e = uv_poll_init(o->loop, &t->poll, fd);
    if (e) {
        out_close_socket(o, fd);
        mem_free(t);
        errno = -e;
        return NULL;
    }
    t->poll.data = t;
    uv_poll_start(&t->poll, UV_WRITABLE, on_event);
    table_add(&o->streams, &t->node, endpoint_hash(o, to));
    o->references++;
    o->counters.streams_open++;
    return t;
}

static bool has_octets(const struct out_stream *t, uint16_t first)
{
    for (const struct out_send *s = t->sends.head; s; s = s->next)
        if (get_u16(s->wire) == first)
            return true;
    for (unsigned i = 0; i < t->ghost_count; i++)
        if (t->ghosts[i] == first)
            return true;
    return false;
}

static struct out_stream *stream_find(struct outbound *o, const struct endpoint *to, uint16_t first)
{
    for (struct table_node *n = table_find(&o->streams, endpoint_hash(o, to)); n; n = table_next(n)) {
        struct out_stream *t = HOLDER(n, struct out_stream, node);
        if (endpoint_equal(&t->to, to) && t->shared && !t->spent &&
            t->live + t->ghost_count < OUT_STREAM_PENDING_MAX && !has_octets(t, first))
            return t;
    }
    return NULL;
}

static void stream_die(struct out_stream *t, int e);

/* libuv does a poll_start with two system calls, so only for a change. */
static void watch(struct out_stream *t, int events)
{
    if (events == t->events)
        return;
    t->events = events;
    uv_poll_start(&t->poll, events, on_event);
}

static void flush(struct out_stream *t)
{
    enum framing_written w = framing_write(&t->out, t->fd);
    if (w == FRAMING_BROKEN)
        stream_die(t, errno);
    else
        watch(t, UV_READABLE | (w == FRAMING_BLOCKED ? UV_WRITABLE : 0));
}

/* The send's message goes out on this stream. */
static void stream_carry(struct out_stream *t, struct out_send *s)
{
    struct outbound *o = t->outbound;
    heap_remove(&o->idles, &t->idle);
    s->stream = t;
    s->joined = t->carried > 0;
    t->carried++;
    t->live++;
    out_list_add(&t->sends, s);
    framing_add(&t->out, s->wire, s->len);
    o->counters.tcp_sent++;
    if (t->connected)
        flush(t);
}

int out_stream_start(struct outbound *o, struct out_send *s)
{
    assert(s->len >= 2 && s->len <= UINT16_MAX);
    struct out_stream *t = s->reuse ? stream_find(o, &s->to, get_u16(s->wire)) : NULL;
    if (!t)
        t = stream_open(o, &s->to, s->reuse);
    if (!t)
        return out_start_failed(errno);
    s->kind = OUT_STREAM;
    heap_set(&o->deadlines, &s->deadline, s->deadline_ms);
    stream_carry(t, s);
    return OUT_STARTED;
}

/* The stream may have nothing left to wait for. */
static void stream_rest(struct out_stream *t)
{
    struct outbound *o = t->outbound;
    if (t->fd < 0 || t->live > 0)
        return;
    uint32_t keep_ms = o->settings.stream_idle_ms;
    if (o->closed || !t->connected || !t->shared || t->spent || keep_ms == 0) {
        stream_close(t);
        return;
    }
    heap_set(&o->idles, &t->idle, out_now() + keep_ms);
    out_arm(o);
}

static void stream_unlist(struct out_stream *t, struct out_send *s)
{
    out_list_remove(&t->sends, s);
    s->stream = NULL;
    t->live--;
}

void out_stream_stop(struct outbound *o, struct out_send *s)
{
    struct out_stream *t = s->stream;
    heap_remove(&o->deadlines, &s->deadline);
    if (!t)
        return;
    stream_unlist(t, s);
    if (!s->answered && t->ghost_count < OUT_STREAM_PENDING_MAX)
        t->ghosts[t->ghost_count++] = get_u16(s->wire);
    stream_rest(t);
}

void out_stream_expire(struct outbound *o, struct out_send *s)
{
    if (!s->answered)
        s->stream->spent = true;
    out_fail(o, s, NET_TIMEOUT);
}

void out_stream_expire_idle(struct outbound *o, struct heap_node *idle)
{
    stream_close(HOLDER(idle, struct out_stream, idle));
}

/* A server may close a stream when it likes, also just as a message comes (RFC 7766 6.2.4): what had joined
 * it and has no reply is sent once more, on a fresh one. */
static void stream_die(struct out_stream *t, int e)
{
    struct outbound *o = t->outbound;
    enum net_fail why = NET_CLOSED;
    if (!t->connected)
        why = e == ECONNRESET ? NET_REFUSED : out_fail_of(e, NET_LOCAL);
    stream_close(t);
    struct out_stream *fresh = NULL;
    for (struct out_send *s; (s = t->sends.head);) {
        stream_unlist(t, s);
        bool again = t->connected && s->joined && !s->answered && !s->retried;
        if (again && !fresh)
            fresh = stream_open(o, &t->to, true);
        if (again && fresh) {
            s->retried = true;
            stream_carry(fresh, s);
        } else {
            out_fail(o, s, again ? out_fail_of(errno, NET_LOCAL) : why);
        }
    }
}

static bool take_ghost(struct out_stream *t, uint16_t first)
{
    for (unsigned i = 0; i < t->ghost_count; i++) {
        if (t->ghosts[i] != first)
            continue;
        t->ghosts[i] = t->ghosts[--t->ghost_count];
        return true;
    }
    return false;
}

/* One whole message from the stream. The callback may close the stream or all of outbound. */
static void deliver(struct out_stream *t, const uint8_t *wire, size_t len)
{
    struct outbound *o = t->outbound;
    uint16_t first = len >= 2 ? get_u16(wire) : 0;
    struct out_send *s = len >= 2 ? t->sends.head : NULL;
    while (s && get_u16(s->wire) != first)
        s = s->next;
    if (s) {
        s->answered = true;
        o->counters.received++;
        o->events.on_reply(o->events.ctx, s->node.key, wire, len);
        return;
    }
    o->counters.stray++;
    if (!(len >= 2 && take_ghost(t, first)) && ++t->strays > STRAY_MAX)
        stream_die(t, ECONNRESET);
}

static void read_replies(struct out_stream *t)
{
    for (int i = 0; i < READS_MAX && t->fd >= 0; i++) {
        int n = framing_read(&t->in, t->fd);
        int e = errno;
        bool full = t->in.end == t->in.cap;
        const uint8_t *wire;
        size_t len;
        while (t->fd >= 0 && framing_next(&t->in, &wire, &len))
            deliver(t, wire, len);
        if (t->fd < 0)
            return;
        framing_trim(&t->in);
        if (n == 0 || n == -2)
            stream_die(t, n == 0 ? ECONNRESET : e);
        if (n <= 0 || !full)
            return;
    }
}

static void on_connected(struct out_stream *t, int status)
{
    int e = 0;
    socklen_t len = sizeof e;
    if (getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &e, &len) < 0)
        e = errno;
    if (e == 0 && status < 0)
        e = ECONNRESET;
    if (e != 0) {
        stream_die(t, e);
        return;
    }
    t->connected = true;
    flush(t);
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    struct out_stream *t = poll->data;
    if (!t->connected) {
        on_connected(t, status);
        return;
    }
    if (events & UV_WRITABLE)
        flush(t);
    /* At an error too: replies may have come before it. */
    if (t->fd >= 0 && ((events & UV_READABLE) || status < 0))
        read_replies(t);
    if (t->fd >= 0 && status < 0)
        stream_die(t, ECONNRESET);
}

void out_stream_close_all(struct outbound *o)
{
    struct table_node *n;
    while ((n = table_any(&o->streams)))
        stream_close(HOLDER(n, struct out_stream, node));
}
