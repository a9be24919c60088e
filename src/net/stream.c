#include "net/stream.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/descriptors.h"
#include "net/stream_inner.h"

/* How exact the limits of time are, and how long accepting pauses when no descriptor is left. */
#define TICK_MS 100
#define ACCEPTS_MAX 64u /* a wake-up */
#define EVENTS_MAX 64   /* a wake-up; each is for a few reads of one connection */

const struct stream_limits STREAM_LIMITS_DEFAULT = {
    .connections_max = 4096,
    .per_address_max = 64,
    .pending_max = 64,
    .first_octet_ms = 3000,
    .message_ms = 3000,
    .idle_ms = 10000,
    .pressed_idle_ms = 200,
    .write_ms = 3000,
    .write_queue_max = (size_t)256 * 1024,
    .octets_max = (size_t)64 * 1024 * 1024,
};

void stream_link_put(struct stream_server *s, struct stream_link *l, enum stream_wait wait)
{
    if (l->wait == WAIT_NONE && wait == WAIT_NONE)
        return;
    if (l->wait != WAIT_NONE) {
        struct stream_queue *q = &s->waits[l->wait];
        *(l->prev ? &l->prev->next : &q->head) = l->next;
        *(l->next ? &l->next->prev : &q->tail) = l->prev;
    }
    *l = (struct stream_link){.wait = wait};
    if (wait == WAIT_NONE)
        return;
    struct stream_queue *q = &s->waits[wait];
    l->since_ms = (int64_t)uv_now(s->loop);
    l->prev = q->tail;
    *(q->tail ? &q->tail->next : &q->head) = l;
    q->tail = l;
}

static struct stream_client *client_of(struct stream_link *l)
{
    if (l->wait == WAIT_TURN)
        return HOLDER(l, struct stream_client, turn);
    if (l->wait == WAIT_WRITE)
        return HOLDER(l, struct stream_client, writing);
    return HOLDER(l, struct stream_client, reading);
}

static void on_turn(uv_idle_t *idle)
{
    struct stream_server *s = idle->data;
    struct stream_queue *q = &s->waits[WAIT_TURN];
    stream_clients_reap(s);
    /* Who comes in again meanwhile has the next turn. */
    size_t n = 0;
    for (const struct stream_link *l = q->head; l; l = l->next)
        n++;
    for (; n > 0 && q->head; n--) {
        struct stream_client *c = client_of(q->head);
        stream_link_put(s, &c->turn, WAIT_NONE);
        stream_client_advance(c);
    }
    if (!q->head && !s->closed_clients && !s->closed)
        uv_idle_stop(idle);
}

/* An idle handle: it runs before the loop sleeps, whichever other handles of this turn come after it. */
void stream_server_has_turn(struct stream_server *s)
{
    if (!s->closed)
        uv_idle_start(&s->turn, on_turn);
}

void stream_client_advance_later(struct stream_client *c)
{
    struct stream_server *s = c->server;
    if (c->fd < 0 || c->turn.wait == WAIT_TURN)
        return;
    stream_link_put(s, &c->turn, WAIT_TURN);
    stream_server_has_turn(s);
}

static void expire(struct stream_server *s, enum stream_wait wait, unsigned limit_ms)
{
    int64_t now = (int64_t)uv_now(s->loop);
    struct stream_queue *q = &s->waits[wait];
    while (q->head && now - q->head->since_ms >= (int64_t)limit_ms)
        stream_client_expire(client_of(q->head), wait);
}

/* Makes room by the connection that has waited longest for nothing, if that was long enough. */
static bool evict_one(struct stream_server *s)
{
    static const enum stream_wait order[] = {WAIT_FIRST, WAIT_IDLE, WAIT_MESSAGE};
    int64_t now = (int64_t)uv_now(s->loop);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        struct stream_link *l = s->waits[order[i]].head;
        if (l && now - l->since_ms >= (int64_t)s->limits.pressed_idle_ms) {
            stream_client_expire(client_of(l), order[i]);
            return true;
        }
    }
    return false;
}

static void on_acceptable(uv_poll_t *poll, int status, int events);

static void on_tick(uv_timer_t *t)
{
    struct stream_server *s = t->data;
    const struct stream_limits *m = &s->limits;
    bool pressed = stream_quota_is_pressed(s->quota, &s->part);
    unsigned first =
        pressed && m->pressed_idle_ms < m->first_octet_ms ? m->pressed_idle_ms : m->first_octet_ms;
    unsigned idle = pressed && m->pressed_idle_ms < m->idle_ms ? m->pressed_idle_ms : m->idle_ms;
    expire(s, WAIT_FIRST, first);
    expire(s, WAIT_MESSAGE, m->message_ms);
    expire(s, WAIT_IDLE, idle);
    expire(s, WAIT_WRITE, m->write_ms);
    if (s->accept_paused && s->fd >= 0)
        uv_poll_start(&s->accepting, UV_READABLE, on_acceptable);
    s->accept_paused = false;
    s->kept_fd = -1;
    if (s->counters.open == 0)
        uv_timer_stop(t);
}

static void start_tick(struct stream_server *s)
{
    if (!uv_is_active((uv_handle_t *)&s->tick))
        uv_timer_start(&s->tick, on_tick, TICK_MS, TICK_MS);
}

static bool may_be_kept(struct stream_server *s, int fd)
{
    if (fd > s->kept_fd && descriptor_may_be_kept(fd, DESCRIPTOR_CLIENT))
        s->kept_fd = fd;
    return fd <= s->kept_fd;
}

/* Room for one more, at the expense of those who wait for nothing if need be. */
static bool make_room(struct stream_server *s, int fd)
{
    if (!may_be_kept(s, fd) && !evict_one(s))
        return false;
    return stream_quota_connect(s->quota, &s->part) ||
           (evict_one(s) && stream_quota_connect(s->quota, &s->part));
}

static void take_connection(struct stream_server *s, int fd, const struct sockaddr *sa)
{
    struct endpoint peer = endpoint_of_sockaddr(sa);
    struct stream_source *source = stream_quota_source(s->quota, &peer.addr);
    /* Who has its share already must not push out others. */
    bool room = source && make_room(s, fd);
    if (room && stream_client_start(s, fd, &peer, source)) {
        start_tick(s);
        return;
    }
    if (room)
        stream_quota_disconnect(s->quota, &s->part);
    if (source)
        stream_quota_source_release(s->quota, source);
    s->counters.refused++;
    close(fd);
}

/* No descriptor is left. With the reserved one a client is turned away, so that it need not wait for nothing;
 * then accepting pauses, as the listening socket would wake the loop for ever. */
static void pause_accepting(struct stream_server *s)
{
    if (s->reserve_fd >= 0) {
        close(s->reserve_fd);
        int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0) {
            close(fd);
            s->counters.refused++;
        }
    }
    s->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    s->accept_paused = true;
    uv_poll_stop(&s->accepting);
    start_tick(s);
}

static void on_clients(uv_poll_t *poll, int status, int events)
{
    struct stream_server *s = poll->data;
    struct epoll_event ready[EVENTS_MAX];
    int n = epoll_wait(s->clients_fd, ready, EVENTS_MAX, 0);
    for (int i = 0; i < n; i++)
        stream_client_event(ready[i].data.ptr, ready[i].events);
}

static void on_acceptable(uv_poll_t *poll, int status, int events)
{
    struct stream_server *s = poll->data;
    unsigned most = s->accepts;
    for (unsigned i = 0; i < most; i++) {
        struct sockaddr_storage sa;
        socklen_t len = sizeof sa;
        s->accepts = 2 * (i + 1) < ACCEPTS_MAX ? 2 * (i + 1) : ACCEPTS_MAX;
        int fd = accept4(s->fd, (struct sockaddr *)&sa, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            take_connection(s, fd, (struct sockaddr *)&sa);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            if (evict_one(s))
                continue;
            pause_accepting(s);
            return;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            s->accepts = i > 0 ? i : 1; /* to find out that there is no more costs as much as half of one */
            break;
        } /* else: that connection had an end before it was accepted */
    }
    if (status < 0) /* libuv stops a handle at POLLERR */
        uv_poll_start(poll, UV_READABLE, on_acceptable);
}

void stream_server_release(struct stream_server *s)
{
    assert(s->references > 0);
    if (--s->references > 0)
        return;
    framing_spares_fini(&s->spares);
    mem_free(s);
}

static void on_closed(uv_handle_t *h)
{
    stream_server_release(h->data);
}

enum err stream_server_open(struct stream_server **out, uv_loop_t *loop, int fd, struct stream_quota *quota,
    stream_query_fn *on_query, void *ctx)
{
    static const uint8_t none[16];
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;
    *out = NULL;
    if (fd < 0)
        return ERR_SYSTEM;
    struct stream_server *s = mem_alloc(sizeof *s);
    *s = (struct stream_server){.loop = loop,
        .fd = fd,
        .quota = quota,
        .limits = *stream_quota_limits(quota),
        .on_query = on_query,
        .ctx = ctx};
    s->clients_fd = epoll_create1(EPOLL_CLOEXEC);
    int e = s->clients_fd < 0 || getsockname(fd, (struct sockaddr *)&sa, &len) < 0 ? -errno : 0;
    if (!e)
        e = uv_poll_init(loop, &s->accepting, fd); /* which sets O_NONBLOCK */
    if (e) {
        if (s->clients_fd >= 0)
            close(s->clients_fd);
        close(fd);
        mem_free(s);
        errno = -e;
        return ERR_SYSTEM;
    }
    e = uv_poll_init(loop, &s->watching, s->clients_fd);
    if (e) {
        s->references = 1; /* goes with the handle */
        s->accepting.data = s;
        uv_close((uv_handle_t *)&s->accepting, on_closed);
        close(s->clients_fd);
        close(fd);
        errno = -e;
        return ERR_SYSTEM;
    }
    int on = 1; /* goes over to accepted sockets */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    s->at = endpoint_of_sockaddr((struct sockaddr *)&sa);
    s->wildcard = memcmp(s->at.addr.ip, none, addr_len(&s->at.addr)) == 0;
    s->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    uv_idle_init(loop, &s->turn);
    uv_timer_init(loop, &s->tick);
    s->accepting.data = s->watching.data = s->turn.data = s->tick.data = s;
    s->references = 4;
    s->accepts = 1;
    s->kept_fd = -1;
    uv_poll_start(&s->accepting, UV_READABLE, on_acceptable);
    uv_poll_start(&s->watching, UV_READABLE, on_clients);
    *out = s;
    return ERR_OK;
}

static void on_turn_closed(uv_handle_t *h)
{
    stream_clients_reap(h->data);
    stream_server_release(h->data);
}

void stream_server_stop(struct stream_server *s)
{
    if (s->fd < 0)
        return;
    uv_close((uv_handle_t *)&s->accepting, on_closed);
    close(s->fd);
    s->fd = -1;
    if (s->reserve_fd >= 0)
        close(s->reserve_fd);
    for (struct stream_client *c = s->clients; c; c = c->next)
        stream_client_advance_later(c);
}

void stream_server_close(struct stream_server *s)
{
    assert(!s->closed);
    stream_server_stop(s);
    while (s->clients)
        stream_client_close(s->clients);
    s->closed = true;
    uv_close((uv_handle_t *)&s->watching, on_closed);
    close(s->clients_fd);
    uv_close((uv_handle_t *)&s->turn, on_turn_closed);
    uv_close((uv_handle_t *)&s->tick, on_closed);
}

const struct stream_counters *stream_server_counters(const struct stream_server *s)
{
    return &s->counters;
}

const struct endpoint *stream_server_at(const struct stream_server *s)
{
    return &s->at;
}
