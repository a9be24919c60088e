#include <assert.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/stream_inner.h"

/* Reads a wake-up of one connection, so that one client does not hold up the others. */
#define READS_MAX 4
/* Who takes less than this in write_ms while there is more to take is cut off. */
#define WRITE_STEP ((size_t)16 * 1024)

static void free_if_done(struct stream_client *c)
{
    if (!c->reaped || c->pending > 0)
        return;
    struct stream_server *s = c->server;
    mem_free(c);
    stream_server_release(s);
}

void stream_clients_reap(struct stream_server *s)
{
    struct stream_client *next, *c = s->closed_clients;
    s->closed_clients = NULL;
    for (; c; c = next) {
        next = c->next;
        c->reaped = true;
        framing_fini(&c->in);
        framing_fini(&c->out);
        free_if_done(c);
    }
}

void stream_client_close(struct stream_client *c)
{
    struct stream_server *s = c->server;
    if (c->fd < 0)
        return;
    close(c->fd); /* and out of the epoll */
    c->fd = -1;
    *(c->prev ? &c->prev->next : &s->clients) = c->next;
    if (c->next)
        c->next->prev = c->prev;
    c->next = s->closed_clients;
    s->closed_clients = c;
    stream_server_has_turn(s);
    stream_link_put(s, &c->reading, WAIT_NONE);
    stream_link_put(s, &c->writing, WAIT_NONE);
    stream_link_put(s, &c->turn, WAIT_NONE);
    stream_quota_source_release(s->quota, c->source);
    stream_quota_disconnect(s->quota, &s->part);
    stream_quota_shrink(s->quota, &s->part, c->charged); /* the memory itself goes with the next turn */
    c->charged = 0;
    s->counters.open--;
}

/* Tells the quota what the connection's buffers hold. Where there is no room those make it who have not taken
 * their replies, or not sent the rest of a message, for longest, so that who reads is served however much
 * others leave lying. False: there was nobody left but this one, and it is closed. */
static bool charge(struct stream_client *c)
{
    struct stream_server *s = c->server;
    size_t held = c->in.cap + c->out.cap;
    if (held < c->charged)
        stream_quota_shrink(s->quota, &s->part, c->charged - held);
    while (held > c->charged && !stream_quota_grow(s->quota, &s->part, held - c->charged)) {
        struct stream_link *writing = s->waits[WAIT_WRITE].head, *reading = s->waits[WAIT_MESSAGE].head;
        struct stream_client *victim = writing   ? HOLDER(writing, struct stream_client, writing)
                                       : reading ? HOLDER(reading, struct stream_client, reading)
                                                 : c;
        s->counters.closed_slow++;
        stream_client_close(victim);
        if (victim == c)
            return false;
    }
    c->charged = held;
    return true;
}

static bool may_take(const struct stream_client *c)
{
    const struct stream_server *s = c->server;
    return s->fd >= 0 && c->pending < s->limits.pending_max &&
           framing_left(&c->out) <= s->limits.write_queue_max;
}

/* Whole messages go up, as many as may. */
static void hand_up(struct stream_client *c)
{
    struct stream_server *s = c->server;
    const uint8_t *wire;
    size_t len;
    while (c->fd >= 0 && may_take(c) && framing_next(&c->in, &wire, &len)) {
        /* The next message has its time from its own first octet. */
        stream_link_put(s, &c->reading, WAIT_NONE);
        c->pending++;
        s->counters.queries++;
        s->on_query(s->ctx, c, wire, len);
    }
    if (c->fd >= 0)
        framing_trim(&c->in);
}

static void flush(struct stream_client *c)
{
    struct stream_server *s = c->server;
    size_t before = framing_left(&c->out);
    if (before == 0)
        return;
    enum framing_written w = framing_write(&c->out, c->fd);
    size_t left = framing_left(&c->out), taken = before - left;
    if (w == FRAMING_BROKEN) {
        stream_client_close(c);
    } else if (w == FRAMING_ALL) {
        stream_link_put(s, &c->writing, WAIT_NONE);
    } else if (c->writing.wait == WAIT_NONE || taken >= c->write_goal) {
        c->write_goal = left < WRITE_STEP ? left : WRITE_STEP;
        stream_link_put(s, &c->writing, WAIT_WRITE);
    } else {
        c->write_goal -= taken;
    }
}

/* One that waits for nothing is taken out: the kernel tells of errors whether asked or not. */
static bool watch(struct stream_client *c, uint32_t events)
{
    if (events == c->events)
        return true;
    int how = !c->events ? EPOLL_CTL_ADD : events ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;
    struct epoll_event wanted = {.events = events, .data.ptr = c};
    if (epoll_ctl(c->server->clients_fd, how, c->fd, &wanted) < 0)
        return false;
    c->events = events;
    return true;
}

/* Unread octets at close() make the kernel send a reset,
 * which may overtake the last reply on its way to the application. Who ended has sent none. */
static void close_gently(struct stream_client *c)
{
    if (!c->ended)
        shutdown(c->fd, SHUT_WR);
    for (int i = 0; !c->ended && i < READS_MAX && recv(c->fd, NULL, 65536, MSG_TRUNC | MSG_DONTWAIT) > 0; i++)
        ;
    stream_client_close(c);
}

static enum stream_wait reading_wait(const struct stream_client *c)
{
    if (c->ended || !may_take(c))
        return WAIT_NONE;
    if (framing_left(&c->in) > 0)
        return WAIT_MESSAGE;
    if (c->pending > 0 || framing_left(&c->out) > 0)
        return WAIT_NONE;
    return c->greeted ? WAIT_IDLE : WAIT_FIRST;
}

/* What the connection is waited for follows from its state. */
static void settle(struct stream_client *c)
{
    struct stream_server *s = c->server;
    if (c->fd < 0 || !charge(c))
        return;
    if ((c->ended || s->fd < 0) && c->pending == 0 && framing_left(&c->out) == 0) {
        close_gently(c);
        return;
    }
    enum stream_wait wait = reading_wait(c);
    if (wait != c->reading.wait)
        stream_link_put(s, &c->reading, wait);
    uint32_t reads = c->ended || !may_take(c) ? 0 : EPOLLIN;
    if (!watch(c, reads | (c->writing.wait == WAIT_WRITE ? EPOLLOUT : 0)))
        stream_client_close(c); /* the kernel has no room for it */
}

void stream_client_advance(struct stream_client *c)
{
    flush(c);
    if (c->fd >= 0)
        hand_up(c);
    settle(c);
}

static void read_messages(struct stream_client *c)
{
    for (int i = 0; i < READS_MAX && c->fd >= 0 && !c->ended && may_take(c); i++) {
        int n = framing_read(&c->in, c->fd);
        bool full = c->in.end == c->in.cap;
        if (n > 0) {
            c->greeted = true;
            hand_up(c);
        } else if (n == 0) {
            c->ended = true;
        } else if (n == -2) {
            stream_client_close(c);
        }
        if (n < 0 || !full)
            return;
    }
}

void stream_client_event(struct stream_client *c, uint32_t events)
{
    if (c->fd < 0) /* closed since, because of another one's event */
        return;
    if (events & EPOLLERR) { /* the connection is gone */
        stream_client_close(c);
        return;
    }
    if (events & EPOLLHUP) /* as reading or writing will tell */
        events |= c->events;
    c->in_event = true;
    if (events & EPOLLOUT)
        flush(c);
    if (events & EPOLLIN)
        read_messages(c);
    else if (c->fd >= 0)
        hand_up(c);
    c->in_event = false;
    bool stopped = c->fd >= 0 && !may_take(c);
    if (c->fd >= 0)
        flush(c);
    if (stopped) /* it may be able to take more now */
        stream_client_advance_later(c);
    settle(c);
}

void stream_client_expire(struct stream_client *c, enum stream_wait wait)
{
    struct stream_server *s = c->server;
    if (wait == WAIT_WRITE) {
        /* The kernel announces room only when a third of its buffer is free;
         * a slow but honest client may have made less. */
        int64_t since = c->writing.since_ms;
        flush(c);
        if (c->fd < 0 || c->writing.wait == WAIT_NONE || c->writing.since_ms != since) {
            stream_client_advance_later(c);
            return;
        }
    }
    if (wait == WAIT_IDLE)
        s->counters.closed_idle++;
    else
        s->counters.closed_slow++;
    stream_client_close(c);
}

bool stream_client_start(
    struct stream_server *s, int fd, const struct endpoint *peer, struct stream_source *source)
{
    struct stream_client *c = mem_alloc(sizeof *c);
    *c = (struct stream_client){.server = s,
        .fd = fd,
        .source = source,
        .peer = *peer,
        .local = s->at,
        .in.spares = &s->spares,
        .out.spares = &s->spares};
    if (!watch(c, EPOLLIN)) {
        mem_free(c);
        return false;
    }
    if (s->wildcard) {
        struct sockaddr_storage sa;
        socklen_t len = sizeof sa;
        if (getsockname(fd, (struct sockaddr *)&sa, &len) == 0)
            c->local = endpoint_of_sockaddr((struct sockaddr *)&sa);
    }
    c->next = s->clients;
    if (s->clients)
        s->clients->prev = c;
    s->clients = c;
    s->references++;
    s->counters.open++;
    s->counters.accepted++;
    settle(c);
    return true;
}

const struct endpoint *stream_client_peer(const struct stream_client *c)
{
    return &c->peer;
}

const struct endpoint *stream_client_local(const struct stream_client *c)
{
    return &c->local;
}

void stream_client_reply(struct stream_client *c, const uint8_t *wire, size_t len)
{
    struct stream_server *s = c->server;
    assert(c->pending > 0);
    c->pending--;
    if (c->fd < 0) {
        free_if_done(c);
        return;
    }
    framing_add(&c->out, wire, len);
    if (!charge(c))
        return;
    s->counters.replies++;
    if (!c->in_event)
        stream_client_advance_later(c);
}

void stream_client_forget(struct stream_client *c)
{
    assert(c->pending > 0);
    c->pending--;
    if (c->fd < 0)
        free_if_done(c);
    else if (!c->in_event)
        stream_client_advance_later(c);
}
