#include "daemon/network.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

/* An interface that comes up brings addresses and routes within some milliseconds: told once. */
#define BURST_MS 50
#define READS_MAX 64 /* a turn; the rest waits for the next one */

struct network {
    uv_poll_t poll;
    uv_timer_t burst;
    int fd; /* -1: the kernel does not tell */
    unsigned open_handles;
    void (*changed)(void *ctx);
    void *ctx;
};

static int open_socket(void)
{
    struct sockaddr_nl at = {.nl_family = AF_NETLINK,
        .nl_groups =
            RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0)
        return fd;
    log_info("the kernel does not tell of changes of the network: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Is it news of the network, and not of statistics, signal strength or a route that was looked up? */
static bool is_news(const struct nlmsghdr *h)
{
    switch (h->nlmsg_type) {
    case RTM_NEWLINK: {
        const struct ifinfomsg *i = NLMSG_DATA(h);
        return h->nlmsg_len >= NLMSG_LENGTH(sizeof *i) && (i->ifi_change & (IFF_UP | IFF_RUNNING));
    }
    case RTM_NEWROUTE:
    case RTM_DELROUTE: {
        const struct rtmsg *r = NLMSG_DATA(h);
        return h->nlmsg_len >= NLMSG_LENGTH(sizeof *r) && !(r->rtm_flags & RTM_F_CLONED);
    }
    case RTM_DELLINK:
    case RTM_NEWADDR:
    case RTM_DELADDR:
        return true;
    default:
        return false;
    }
}

/* False: nothing more to read. */
static bool read_some(struct network *n, bool *news)
{
    _Alignas(struct nlmsghdr) char buf[8192];
    struct sockaddr_nl from = {0};
    struct iovec iov = {buf, sizeof buf};
    struct msghdr msg = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &iov, .msg_iovlen = 1};
    ssize_t len = recvmsg(n->fd, &msg, 0);
    if (len < 0) {
        *news = *news || errno == ENOBUFS; /* more than could be kept: something changed */
        return errno == ENOBUFS || errno == EINTR;
    }
    if (from.nl_pid != 0) /* not the kernel */
        return true;
    unsigned left = (unsigned)len;
    for (const struct nlmsghdr *h = (const struct nlmsghdr *)(const void *)buf; NLMSG_OK(h, left);
         h = NLMSG_NEXT(h, left))
        *news = *news || is_news(h);
    return len > 0;
}

static void on_burst_end(uv_timer_t *timer)
{
    struct network *n = timer->data;
    log_info("the network of this machine has changed");
    n->changed(n->ctx);
}

static void on_news(uv_poll_t *poll, int status, int events)
{
    struct network *n = poll->data;
    bool news = false;
    for (unsigned i = 0; i < READS_MAX && read_some(n, &news); i++)
        ;
    if (news && !uv_is_active((uv_handle_t *)&n->burst))
        uv_timer_start(&n->burst, on_burst_end, BURST_MS, 0);
}

struct network *network_open(uv_loop_t *loop, void (*changed)(void *ctx), void *ctx)
{
    struct network *n = mem_alloc(sizeof *n);
    *n = (struct network){.fd = open_socket(), .open_handles = 1, .changed = changed, .ctx = ctx};
    uv_timer_init(loop, &n->burst);
    n->burst.data = n->poll.data = n;
    if (n->fd >= 0 && uv_poll_init(loop, &n->poll, n->fd) == 0) {
        n->open_handles++;
        uv_poll_start(&n->poll, UV_READABLE, on_news);
    }
    return n;
}

static void on_closed(uv_handle_t *handle)
{
    struct network *n = handle->data;
    if (--n->open_handles > 0)
        return;
    if (n->fd >= 0)
        close(n->fd);
    mem_free(n);
}

void network_close(struct network *n)
{
    if (!n)
        return;
    if (n->open_handles > 1) {
        uv_poll_stop(&n->poll);
        uv_close((uv_handle_t *)&n->poll, on_closed);
    }
    uv_close((uv_handle_t *)&n->burst, on_closed);
}
