#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/outbound_inner.h"

/* Ports are drawn from all that need no privilege (RFC 5452 4.5, 9.2). */
#define PORT_FIRST 1024u
#define PORT_COUNT (65536u - PORT_FIRST)
#define PORT_TRIES 16
/* Of one walk: the root's server, the TLD's, the zone's. */
#define PORT_USES_MAX 3u
/* No longer than a fresh one would wait for a server that is slow to answer: who scans for open ports (threat
 * P4, SAD DNS: some 1,000 a second) gains no time. */
#define PORT_MS_MAX 500
#define READY_BATCH 64
#define ROUNDS_MAX 8 /* batches a wake-up */

static void set_options(int fd, bool v6)
{
    int on = 1, omit = v6 ? IPV6_PMTUDISC_OMIT : IP_PMTUDISC_OMIT;
    /* Neither is worth a failure. RECVERR makes the kernel tell of unreachable hosts and networks,
     * not of ports alone. */
    setsockopt(
        fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, &omit, sizeof omit);
    setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVERR : IP_RECVERR, &on, sizeof on);
}

/* Without SO_REUSEADDR no two sockets have one port, so never two queries to one server either. */
static bool bind_port(struct outbound *o, int fd, const struct endpoint *to)
{
    struct endpoint from = {.addr.family = to->addr.family};
    const struct addr *source = out_source(o, to);
    if (source)
        from.addr = *source;
    struct sockaddr_storage sa;
    for (int tries = 0; tries <= PORT_TRIES; tries++) {
        /* After so many taken ports the kernel finds one. */
        from.port = tries < PORT_TRIES ? (uint16_t)(PORT_FIRST + random_below(o->rng, PORT_COUNT)) : 0;
        socklen_t len = endpoint_to_sockaddr(&from, &sa);
        if (bind(fd, (struct sockaddr *)&sa, len) == 0)
            return true;
        if (errno != EADDRINUSE && errno != EACCES)
            return false;
        o->counters.port_retries++;
    }
    return false;
}

static void own(struct outbound *o, struct out_send *s)
{
    size_t fd = (size_t)s->fd;
    if (fd >= o->by_fd_count) {
        size_t count = o->by_fd_count ? o->by_fd_count : 64;
        while (count <= fd)
            count *= 2;
        struct out_send **grown = mem_alloc(count * sizeof *grown);
        if (o->by_fd_count)
            memcpy(grown, o->by_fd, o->by_fd_count * sizeof *grown);
        mem_free(o->by_fd);
        o->by_fd = grown;
        o->by_fd_count = count;
    }
    o->by_fd[fd] = s;
}

bool out_udp_may_be_kept(const struct out_send *s)
{
    return s->fd >= 0 && s->heard == 1 && s->port_uses < PORT_USES_MAX &&
           out_now() - s->port_ms < PORT_MS_MAX;
}

/* The port of one that was dropped just now. Never towards an address that has seen it: to whoever listens
 * there, each message comes from a port of its own. First the socket belongs to no address again, so that the
 * kernel chooses ours for the new one afresh. */
static bool take_port(struct outbound *o, struct out_send *s, const uint8_t *wire, size_t len)
{
    static const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    struct out_send *from = out_find(o, s->port_of);
    if (!from || from->kind != OUT_PARKED || from->to.addr.family != s->to.addr.family ||
        addr_equal(&from->to.addr, &s->to.addr) || addr_equal(&from->first_to, &s->to.addr))
        return false;
    struct sockaddr_storage sa;
    socklen_t sa_len = endpoint_to_sockaddr(&s->to, &sa);
    if (connect(from->fd, &nobody, sizeof nobody) < 0 ||
        connect(from->fd, (struct sockaddr *)&sa, sa_len) < 0 || send(from->fd, wire, len, MSG_DONTWAIT) < 0)
        return false; /* whatever was wrong: a fresh one */
    s->fd = from->fd;
    from->fd = -1;
    s->port_uses = from->port_uses + 1;
    s->port_ms = from->port_ms;
    s->first_to = from->first_to;
    own(o, s);
    o->counters.udp_sent++;
    o->counters.ports_kept++;
    return true;
}

int out_udp_start(struct outbound *o, struct out_send *s, const uint8_t *wire, size_t len)
{
    if (o->udp_epoll < 0)
        return NET_LOCAL;
    if (s->port_of && take_port(o, s, wire, len))
        return OUT_STARTED;
    s->fd = out_socket(o, &s->to, SOCK_DGRAM);
    if (s->fd < 0)
        return out_start_failed(errno);
    o->counters.udp_open++;
    set_options(s->fd, s->to.addr.family == FAMILY_V6);
    struct sockaddr_storage sa;
    socklen_t sa_len = endpoint_to_sockaddr(&s->to, &sa);
    struct epoll_event ev = {.events = EPOLLIN, .data.fd = s->fd};
    own(o, s);
    if (!bind_port(o, s->fd, &s->to) || connect(s->fd, (struct sockaddr *)&sa, sa_len) < 0 ||
        epoll_ctl(o->udp_epoll, EPOLL_CTL_ADD, s->fd, &ev) < 0 || send(s->fd, wire, len, MSG_DONTWAIT) < 0) {
        int e = errno;
        out_udp_stop(o, s);
        /* No address to send from, as where IPv6 is on and no interface has it: as good as no route. */
        return (int)(e == EADDRNOTAVAIL ? NET_UNREACHABLE : out_fail_of(e, NET_LOCAL));
    }
    o->counters.udp_sent++;
    s->port_uses = 1;
    s->port_ms = s->since_ms;
    s->first_to = s->to.addr;
    return OUT_STARTED;
}

void out_udp_stop(struct outbound *o, struct out_send *s)
{
    if (s->fd < 0)
        return;
    o->by_fd[s->fd] = NULL;
    out_close_socket(o, s->fd);
    s->fd = -1;
    o->counters.udp_open--;
}

/* An error that says nothing about the server (a path MTU, say) is taken from the socket,
 * which would else stay ready for ever. */
static void drain_errors(int fd)
{
    char text[64];
    struct iovec iov = {.iov_base = text, .iov_len = sizeof text};
    for (int i = 0; i < ROUNDS_MAX; i++) {
        struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};
        if (recvmsg(fd, &h, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
            return;
    }
}

static bool is_nothing(int e)
{
    return e == EAGAIN || e == EWOULDBLOCK || e == EINTR;
}

static bool is_from(const struct sockaddr_storage *sa, const struct endpoint *to)
{
    struct endpoint from = endpoint_of_sockaddr((const struct sockaddr *)sa);
    return from.port == to->port && addr_equal(&from.addr, &to->addr);
}

static void read_one(struct outbound *o, struct out_send *s, bool has_error)
{
    size_t max = o->settings.udp_max;
    struct sockaddr_storage sa;
    socklen_t sa_len = sizeof sa;
    ssize_t n =
        recvfrom(s->fd, o->udp_buf, max + 1, MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&sa, &sa_len);
    if (n < 0 && is_nothing(errno) && !has_error)
        return;
    s->heard++;
    if (n >= 0 && s->port_uses > 1 && !is_from(&sa, &s->to)) {
        o->counters.stray++; /* for the one before */
    } else if (n < 0) {
        enum net_fail why = out_fail_of(errno, NET_LOCAL);
        if (why == NET_REFUSED || why == NET_UNREACHABLE)
            out_fail(o, s, why);
        else if (has_error)
            drain_errors(s->fd);
    } else {
        /* Of what is too long, one octet more than asked for is handed on: so its reader knows (threat P5).
         */
        o->counters.received++;
        o->events.on_reply(o->events.ctx, s->node.key, o->udp_buf, (size_t)n > max ? max + 1 : (size_t)n);
    }
}

void out_udp_on_ready(uv_poll_t *poll, int status, int events)
{
    struct outbound *o = poll->data;
    int n = READY_BATCH;
    for (int round = 0; round < ROUNDS_MAX && n == READY_BATCH && !o->closed; round++) {
        struct epoll_event ready[READY_BATCH];
        n = epoll_wait(o->udp_epoll, ready, READY_BATCH, 0);
        for (int i = 0; i < n && !o->closed; i++) {
            /* An earlier event's callback may have dropped this one; in its place there may be one that
             * nothing has come for yet. */
            struct out_send *s = o->by_fd[ready[i].data.fd];
            if (s && s->kind == OUT_UDP)
                read_one(o, s, ready[i].events & EPOLLERR);
        }
    }
    if (status < 0 && !o->closed)
        uv_poll_start(poll, UV_READABLE, out_udp_on_ready);
}
