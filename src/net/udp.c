#include "net/udp.h"

#include <assert.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

/* Batches a wake-up: more would let a flood starve timers and streams of the same loop. */
#define ROUNDS_MAX 8
/* The kernel's queue holds a burst that comes while the loop does something else:
 * 4 MiB is about 2 to 5 thousand queries. */
#define SOCKET_BUFFER (4 * 1024 * 1024)
#define LAST_ROUNDS_MAX 128 /* what the kernel's queue holds at most, before no more is read */
#define SEND_TRIES 4
#define NEAR_MIN 4 /* queries in a batch: fewer do not wait for each other's memory */
/* Not a power of two apart: the heads of 64 buffers 4096 apart would share one set of the
 * processor's first cache. */
#define BUFFER_STEP (UDP_QUERY_MAX + 192u)
_Static_assert(UDP_QUERY_MAX == UDP_REPLY_MAX, "one step for both");

union control {
    struct cmsghdr align;
    char v4[CMSG_SPACE(sizeof(struct in_pktinfo))];
    char v6[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

struct udp_listener {
    uv_poll_t poll;
    int fd;        /* -1: closed, memory waits for the loop */
    bool stopped;  /* no more reading */
    bool wildcard; /* bound to no one address: each datagram tells which was asked */
    struct endpoint at;
    udp_query_fn *on_query;
    const struct udp_prepare *prepare; /* NULL: nothing is */
    void *ctx;
    struct udp_counters counters;
    struct mmsghdr in[UDP_BATCH], out[UDP_BATCH];
    struct iovec in_iov[UDP_BATCH], out_iov[UDP_BATCH];
    union control in_control[UDP_BATCH], out_control[UDP_BATCH];
    struct sockaddr_storage peer[UDP_BATCH];
    uint8_t queries[UDP_BATCH * BUFFER_STEP], replies[UDP_BATCH * BUFFER_STEP];
};

/* A slot of the incoming batch as the kernel wants it before each use. */
static void slot_clear(struct udp_listener *l, unsigned i)
{
    struct msghdr *h = &l->in[i].msg_hdr;
    h->msg_namelen = sizeof l->peer[i];
    h->msg_controllen = l->wildcard ? sizeof l->in_control[i] : 0;
    h->msg_flags = 0;
}

static void slots_init(struct udp_listener *l)
{
    for (unsigned i = 0; i < UDP_BATCH; i++) {
        l->in_iov[i] = (struct iovec){.iov_base = l->queries + i * BUFFER_STEP, .iov_len = UDP_QUERY_MAX};
        l->in[i].msg_hdr = (struct msghdr){.msg_name = &l->peer[i],
            .msg_iov = &l->in_iov[i],
            .msg_iovlen = 1,
            .msg_control = l->wildcard ? &l->in_control[i] : NULL};
        slot_clear(l, i);
        l->out_iov[i].iov_base = l->replies + i * BUFFER_STEP;
        l->out[i].msg_hdr = (struct msghdr){.msg_iov = &l->out_iov[i], .msg_iovlen = 1};
    }
}

/* The address that was asked, from the packet information of a wildcard socket. */
static void path_read_local(struct udp_path *path, struct msghdr *h)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            path->local = addr_v4((const uint8_t *)&info.ipi_spec_dst);
            path->ifindex = (uint32_t)info.ipi_ifindex;
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            path->local = addr_v6(info.ipi6_addr.s6_addr);
            path->ifindex = info.ipi6_ifindex;
        }
    }
}

/* Tells the kernel where the reply is to leave from. */
static void path_write_local(const struct udp_path *path, struct msghdr *h, union control *control)
{
    h->msg_control = control;
    h->msg_controllen = sizeof *control;
    struct cmsghdr *c = CMSG_FIRSTHDR(h);
    if (path->local.family == FAMILY_V4) {
        /* The address only: with the interface too, a reply could not take another route back. */
        struct in_pktinfo info = {0};
        memcpy(&info.ipi_spec_dst, path->local.ip, 4);
        *c = (struct cmsghdr){
            .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info)};
        memcpy(CMSG_DATA(c), &info, sizeof info);
        h->msg_controllen = CMSG_SPACE(sizeof info);
    } else if (path->local.family == FAMILY_V6) {
        struct in6_pktinfo info = {0};
        const uint8_t *ip = path->local.ip;
        if (ip[0] != 0xff) /* multicast is no source; the kernel chooses then */
            memcpy(&info.ipi6_addr, ip, 16);
        if (ip[0] == 0xff || (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80))
            info.ipi6_ifindex = path->ifindex;
        *c = (struct cmsghdr){
            .cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info)};
        memcpy(CMSG_DATA(c), &info, sizeof info);
        h->msg_controllen = CMSG_SPACE(sizeof info);
    } else {
        h->msg_control = NULL;
        h->msg_controllen = 0;
    }
}

static bool is_full(int e)
{
    return e == EAGAIN || e == EWOULDBLOCK || e == ENOBUFS || e == EINTR;
}

/* The kernel takes a batch up to the first datagram it dislikes; that one is dropped and the rest go on. */
static void send_batch(struct udp_listener *l, unsigned count)
{
    unsigned done = 0, tries = 0;
    while (done < count && l->fd >= 0) {
        int n = sendmmsg(l->fd, l->out + done, count - done, MSG_DONTWAIT);
        if (n > 0) {
            done += (unsigned)n;
            l->counters.sent += (unsigned)n;
            tries = 0;
        } else if (n < 0 && is_full(errno)) {
            if (++tries < SEND_TRIES)
                continue;
            l->counters.send_failed += count - done;
            return;
        } else {
            l->counters.send_failed++;
            done++;
        }
    }
}

/* Hands one datagram up; true if a reply is to go out as out[k]. */
static bool answer_slot(struct udp_listener *l, unsigned i, unsigned k, unsigned near)
{
    struct msghdr *in = &l->in[i].msg_hdr;
    if (in->msg_flags & MSG_TRUNC) {
        l->counters.too_long++;
        return false;
    }
    const struct sockaddr_storage *peer = &l->peer[i];
    struct udp_path path = {.local = l->at.addr, .near = near};
    path.peer = peer->ss_family == AF_INET
                    ? endpoint_of_sockaddr_in((const struct sockaddr_in *)(const void *)peer)
                    : endpoint_of_sockaddr((const struct sockaddr *)peer);
    if (path.peer.port == 0) /* no reply can go there */
        return false;
    if (l->wildcard)
        path_read_local(&path, in);
    uint8_t *reply = l->replies + k * BUFFER_STEP;
    size_t n = l->on_query(l->ctx, l, &path, l->queries + i * BUFFER_STEP, l->in[i].msg_len, reply);
    assert(n <= UDP_REPLY_MAX);
    if (n == 0)
        return false;
    struct msghdr *out = &l->out[k].msg_hdr; /* the rest of it is as slots_init() left it */
    l->out_iov[k].iov_len = n;
    out->msg_name = &l->peer[i];
    out->msg_namelen = in->msg_namelen;
    if (l->wildcard)
        path_write_local(&path, out, &l->out_control[k]);
    return true;
}

__attribute__((noinline)) static void prepare_batch(struct udp_listener *l, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        l->prepare->near(l->ctx, i + 1, l->queries + i * BUFFER_STEP, l->in[i].msg_len);
    for (unsigned i = 0; i < count; i++)
        l->prepare->nearer(l->ctx, i + 1);
}

/* One batch in and its replies out. True if there may be more to read. */
static bool serve_batch(struct udp_listener *l)
{
    int n = recvmmsg(l->fd, l->in, UDP_BATCH, MSG_DONTWAIT, NULL);
    if (n <= 0)
        return false;
    l->counters.received += (unsigned)n;
    unsigned replies = 0;
    bool prepared = l->prepare && n >= NEAR_MIN;
    if (prepared)
        prepare_batch(l, (unsigned)n);
    for (unsigned i = 0; i < (unsigned)n && l->fd >= 0; i++)
        replies += answer_slot(l, i, replies, prepared ? i + 1 : 0);
    if (replies > 0)
        send_batch(l, replies);
    for (unsigned i = 0; i < (unsigned)n; i++)
        slot_clear(l, i);
    return (unsigned)n == UDP_BATCH && l->fd >= 0 && !l->stopped;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct udp_listener *l = poll->data;
    for (int round = 0; round < ROUNDS_MAX && serve_batch(l); round++)
        ;
    if (status < 0 && l->fd >= 0 && !l->stopped) /* libuv stops a handle at POLLERR; reading took the error */
        uv_poll_start(poll, UV_READABLE, on_readable);
}

static bool set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

static bool set_options(int fd, bool v6, bool wildcard)
{
    /* Only root gets beyond net.core.rmem_max; either way a smaller buffer is no reason to fail. */
    if (!set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_BUFFER))
        set_option(fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER);
    if (!set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_BUFFER))
        set_option(fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER);
    /* A forged ICMP "fragmentation needed" must not make us fragment (RFC 9715). */
    if (!v6)
        return set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT) &&
               (!wildcard || set_option(fd, IPPROTO_IP, IP_PKTINFO, 1));
    return set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT) &&
           (!wildcard || set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1));
}

static bool is_wildcard(const struct addr *a)
{
    static const uint8_t none[16];
    return memcmp(a->ip, none, addr_len(a)) == 0;
}

enum err udp_listener_open(
    struct udp_listener **out, uv_loop_t *loop, int fd, udp_query_fn *on_query, void *ctx)
{
    struct sockaddr_storage sa = {0};
    socklen_t len = sizeof sa;
    *out = NULL;
    if (fd < 0)
        return ERR_SYSTEM;
    struct udp_listener *l = mem_alloc(sizeof *l);
    bool good = getsockname(fd, (struct sockaddr *)&sa, &len) == 0;
    if (good) {
        l->at = endpoint_of_sockaddr((struct sockaddr *)&sa);
        l->wildcard = is_wildcard(&l->at.addr);
        good = set_options(fd, sa.ss_family == AF_INET6, l->wildcard);
    }
    int e = good ? uv_poll_init(loop, &l->poll, fd) : -errno; /* which sets O_NONBLOCK */
    if (e) {
        close(fd);
        mem_free(l);
        errno = -e;
        return ERR_SYSTEM;
    }
    l->fd = fd;
    l->on_query = on_query;
    l->ctx = ctx;
    slots_init(l);
    l->poll.data = l;
    uv_poll_start(&l->poll, UV_READABLE, on_readable);
    *out = l;
    return ERR_OK;
}

void udp_listener_prepare(struct udp_listener *l, const struct udp_prepare *prepare)
{
    l->prepare = prepare;
}

void udp_listener_reply(struct udp_listener *l, const struct udp_path *path, const uint8_t *wire, size_t len)
{
    if (l->fd < 0)
        return;
    struct sockaddr_storage peer;
    union control control;
    struct iovec iov = {.iov_base = (void *)(uintptr_t)wire, .iov_len = len};
    struct msghdr h = {.msg_name = &peer, .msg_iov = &iov, .msg_iovlen = 1};
    h.msg_namelen = endpoint_to_sockaddr(&path->peer, &peer);
    if (l->wildcard)
        path_write_local(path, &h, &control);
    for (int tries = 0; tries < SEND_TRIES; tries++) {
        if (sendmsg(l->fd, &h, MSG_DONTWAIT) >= 0) {
            l->counters.sent++;
            return;
        }
        if (!is_full(errno))
            break;
    }
    l->counters.send_failed++;
}

void udp_listener_stop(struct udp_listener *l)
{
    /* Who asked before we stopped is answered. */
    for (int round = 0; round < LAST_ROUNDS_MAX && !l->stopped && l->fd >= 0 && serve_batch(l); round++)
        ;
    if (l->fd < 0)
        return;
    l->stopped = true;
    uv_poll_stop(&l->poll);
}

static void on_closed(uv_handle_t *h)
{
    mem_free(h->data);
}

void udp_listener_close(struct udp_listener *l)
{
    assert(l->fd >= 0);
    uv_close((uv_handle_t *)&l->poll, on_closed);
    close(l->fd);
    l->fd = -1;
}

const struct udp_counters *udp_listener_counters(struct udp_listener *l)
{
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t len = sizeof info;
    if (l->fd >= 0 && getsockopt(l->fd, SOL_SOCKET, SO_MEMINFO, info, &len) == 0) {
        /* The kernel's counter has 32 bits. */
        l->counters.dropped += info[SK_MEMINFO_DROPS] - (uint32_t)l->counters.dropped;
        l->counters.room = info[SK_MEMINFO_RCVBUF];
    }
    return &l->counters;
}

const struct endpoint *udp_listener_at(const struct udp_listener *l)
{
    return &l->at;
}
