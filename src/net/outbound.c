#include "net/outbound.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/descriptors.h"
#include "net/outbound_inner.h"

#define SPARE_MAX 1024u
/* For want of descriptors: */
#define WAITING_MAX 4096u /* messages that wait; about 2 MB */
#define WAIT_MS_MAX 1000  /* a fifth of a client's patience; then NET_LOCAL */
#define WAIT_LOOK_MS 100  /* others of the process may have closed something */
#define LIMIT_LOOK_MS 1000
#define DEAF_MS 500 /* a server that has not replied for so long rarely will: more than RTO_UNKNOWN_MS */

void out_list_add(struct out_list *list, struct out_send *s)
{
    s->next = NULL;
    s->prev = list->tail;
    *(list->tail ? &list->tail->next : &list->head) = s;
    list->tail = s;
}

static void out_list_add_first(struct out_list *list, struct out_send *s)
{
    s->prev = NULL;
    s->next = list->head;
    *(list->head ? &list->head->prev : &list->tail) = s;
    list->head = s;
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
    switch (s->kind) {
    case OUT_UDP:
        out_list_remove(&o->udp, s);
        out_udp_stop(o, s);
        break;
    case OUT_STREAM:
        out_stream_stop(o, s);
        break;
    case OUT_FAILED:
        out_list_remove(&o->failed, s);
        break;
    case OUT_WAITING:
        out_list_remove(&o->waiting, s);
        o->waiting_count--;
        break;
    case OUT_PARKED:
        out_list_remove(&o->parked, s);
        out_udp_stop(o, s);
        break;
    }
}

struct out_send *out_find(const struct outbound *o, uint64_t send_id)
{
    struct table_node *n = table_find(&o->sends, send_id);
    return n ? HOLDER(n, struct out_send, node) : NULL;
}

/* Puts the send, in no list now, on its way, or where it belongs if that cannot be. wire: borrowed, or
 * s->wire from the first try. */
static void send_start(struct outbound *o, struct out_send *s, const uint8_t *wire, size_t len)
{
    int r;
    assert(wire);
    if (!s->wire && s->transport != TRANSPORT_UDP) {
        s->wire = mem_alloc(len);
        memcpy(s->wire, wire, len);
        s->len = len;
    }
    if (s->transport == TRANSPORT_UDP) {
        s->kind = OUT_UDP;
        out_list_add(&o->udp, s);
        r = out_udp_start(o, s, wire, len);
    } else {
        r = out_stream_start(o, s);
    }
    if (r == OUT_STARTED)
        return;
    if (s->kind == OUT_UDP)
        out_list_remove(&o->udp, s);
    s->kind = OUT_WAITING;
    out_list_add(&o->waiting, s);
    o->waiting_count++;
    if (r != OUT_NO_DESCRIPTOR || o->waiting_count > WAITING_MAX) {
        out_fail(o, s, r == OUT_NO_DESCRIPTOR ? NET_LOCAL : (enum net_fail)r);
        return;
    }
    o->counters.waited++;
    if (s->wire)
        return;
    s->wire = mem_alloc(len);
    memcpy(s->wire, wire, len);
    s->len = len;
}

/* Those that wait, in order, until there is no descriptor again. */
static void go_on(struct outbound *o)
{
    int64_t now = out_now();
    struct out_send *s;
    o->may_go_on = false;
    for (unsigned n = o->waiting_count; n > 0 && (s = o->waiting.head); n--) {
        if (now - s->since_ms >= WAIT_MS_MAX) {
            out_fail(o, s, NET_LOCAL);
            continue;
        }
        uint64_t waited = o->counters.waited;
        int64_t since = s->since_ms;
        send_stop(o, s);
        s->since_ms = now;
        send_start(o, s, s->wire, s->len);
        if (o->counters.waited == waited)
            continue;
        /* There is none. It stays the first. */
        o->counters.waited = waited;
        s->since_ms = since;
        out_list_remove(&o->waiting, s);
        out_list_add_first(&o->waiting, s);
        break;
    }
    out_arm(o);
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
    if (!o->closed && o->may_go_on)
        go_on(o);
    if (!o->closed && !o->failed.head && !o->may_go_on)
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
    if (o->waiting.head)
        go_on(o);
    out_arm(o);
}

void out_arm(struct outbound *o)
{
    const struct heap_node *a = heap_first(&o->deadlines), *b = heap_first(&o->idles);
    if (o->closed || (!a && !b && !o->waiting.head)) {
        uv_timer_stop(&o->timer);
        return;
    }
    int64_t at = o->waiting.head ? out_now() + WAIT_LOOK_MS : INT64_MAX;
    if (a && a->at < at)
        at = a->at;
    if (b && b->at < at)
        at = b->at;
    /* Too early does no harm: on_timer looks at the clock and comes back here. */
    if (uv_is_active((uv_handle_t *)&o->timer) && o->timer_at <= at)
        return;
    int64_t left = at - out_now();
    o->timer_at = at;
    uv_timer_start(&o->timer, on_timer, left > 0 ? (uint64_t)left : 0, 0);
}

/* The limit is looked at now and then, and whenever it seems to be reached: it may be changed while we run.
 */
static bool may_be_kept(struct outbound *o, int fd)
{
    int64_t now = out_now();
    if (fd < o->kept_below && now - o->kept_below_ms < LIMIT_LOOK_MS)
        return true;
    o->kept_below = descriptors_kept_below(DESCRIPTOR_UPSTREAM);
    o->kept_below_ms = now;
    return fd < o->kept_below;
}

/* One that leaves something for others of the process. */
static int socket_to_keep(struct outbound *o, int family, int type)
{
    int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || may_be_kept(o, fd))
        return fd;
    close(fd);
    errno = EMFILE;
    return -1;
}

/* Closes what can best be spared. False: nothing can. */
static bool spare_one(struct outbound *o)
{
    struct heap_node *idle = heap_first(&o->idles);
    if (idle) {
        out_stream_expire_idle(o, idle);
        return true;
    }
    struct out_send *s = o->udp.head;
    while (s && s->fd < 0)
        s = s->next;
    if (!s || out_now() - s->since_ms < DEAF_MS)
        return false;
    out_udp_stop(o, s); /* to whoever waits it is a server that does not reply */
    o->counters.deafened++;
    return true;
}

static bool is_without_descriptor(int e)
{
    return e == EMFILE || e == ENFILE;
}

int out_socket(struct outbound *o, const struct endpoint *to, int type)
{
    int family = to->addr.family == FAMILY_V6 ? AF_INET6 : AF_INET;
    /* What is spared goes to the reserve first, and from there to us. */
    for (int round = 0; round < 2; round++) {
        int fd = socket_to_keep(o, family, type);
        if (fd < 0 && is_without_descriptor(errno) && o->parked.head) {
            outbound_settle(o);
            fd = socket_to_keep(o, family, type);
        }
        if (fd >= 0 || !is_without_descriptor(errno))
            return fd;
        if (o->reserve_fd >= 0) {
            close(o->reserve_fd);
            o->reserve_fd = -1;
            fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
            if (fd >= 0)
                return fd;
        }
        if (round == 0 && !spare_one(o))
            break;
    }
    errno = EMFILE;
    return -1;
}

int out_start_failed(int e)
{
    return is_without_descriptor(e) ? OUT_NO_DESCRIPTOR : (int)out_fail_of(e, NET_LOCAL);
}

void out_close_socket(struct outbound *o, int fd)
{
    close(fd);
    if (o->reserve_fd < 0)
        o->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (o->waiting.head && !o->closed) {
        o->may_go_on = true;
        uv_idle_start(&o->telling, on_telling);
    }
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

static void free_settings(struct outbound *o)
{
    mem_free((void *)(uintptr_t)o->settings.source_v4);
    mem_free((void *)(uintptr_t)o->settings.source_v6);
    mem_free(o->udp_buf);
}

void outbound_settings_set(struct outbound *o, const struct outbound_settings *settings)
{
    outbound_settle(o);
    free_settings(o);
    o->settings = *settings;
    o->settings.source_v4 = copy_addrs(settings->source_v4, settings->source_v4_count);
    o->settings.source_v6 = copy_addrs(settings->source_v6, settings->source_v6_count);
    o->udp_buf = mem_alloc(settings->udp_max + 1);
}

struct outbound *outbound_new(uv_loop_t *loop, const struct outbound_settings *settings,
    const struct outbound_events *events, struct random *rng)
{
    struct outbound *o = mem_alloc(sizeof *o);
    *o = (struct outbound){.loop = loop, .events = *events, .rng = rng};
    outbound_settings_set(o, settings);
    o->key = (struct hash_key){random_u64(rng), random_u64(rng)};
    table_init(&o->sends);
    table_init(&o->streams);
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
    s->to = m->to;
    s->transport = m->transport;
    s->reuse = m->reuse;
    s->deadline_ms = m->deadline_ms;
    s->since_ms = out_now();
    s->port_of = m->port_of;
    send_start(o, s, m->wire, m->len);
    if (s->kind != OUT_UDP)
        out_arm(o);
}

void outbound_drop(struct outbound *o, uint64_t send_id)
{
    struct out_send *s = out_find(o, send_id);
    if (!s || s->kind == OUT_PARKED)
        return;
    if (s->kind == OUT_UDP && out_udp_may_be_kept(s)) {
        out_list_remove(&o->udp, s);
        s->kind = OUT_PARKED;
        out_list_add(&o->parked, s);
        return;
    }
    send_stop(o, s);
    send_free(o, s);
}

void outbound_settle(struct outbound *o)
{
    struct out_send *s;
    while ((s = o->parked.head)) {
        send_stop(o, s);
        send_free(o, s);
    }
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
    free_settings(o);
    mem_free(o->by_fd);
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

const struct outbound_counters *outbound_counters(struct outbound *o)
{
    o->counters.waiting = o->waiting_count;
    return &o->counters;
}
