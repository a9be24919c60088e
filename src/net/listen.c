#include "net/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 1024

static bool set(int fd, int level, int name)
{
    int on = 1;
    return setsockopt(fd, level, name, &on, sizeof on) == 0;
}

/* Connections of an earlier run that wait for their end are no other server: SO_REUSEADDR. */
static bool set_options(int fd, bool v6, int type, bool freebind)
{
    return (!v6 || set(fd, IPPROTO_IPV6, IPV6_V6ONLY)) &&
           (!freebind || set(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_FREEBIND : IP_FREEBIND)) &&
           (type != SOCK_STREAM || set(fd, SOL_SOCKET, SO_REUSEADDR));
}

/* -1 with errno. */
static int open_bound(const struct endpoint *at, int type, bool freebind, bool shared)
{
    struct sockaddr_storage sa;
    socklen_t len = endpoint_to_sockaddr(at, &sa);
    int fd = socket(sa.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (set_options(fd, sa.ss_family == AF_INET6, type, freebind) &&
        (!shared || set(fd, SOL_SOCKET, SO_REUSEPORT)) && bind(fd, (struct sockaddr *)&sa, len) == 0)
        return fd;
    int e = errno;
    close(fd);
    errno = e;
    return -1;
}

int listen_open(const struct endpoint *at, int type, bool freebind)
{
    int fd = open_bound(at, type, freebind, true);
    if (fd < 0 || type != SOCK_STREAM || listen(fd, BACKLOG) == 0)
        return fd;
    int e = errno;
    close(fd);
    errno = e;
    return -1;
}

int listen_probe(const struct endpoint *at, int type, bool freebind)
{
    int fd = open_bound(at, type, freebind, false);
    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static int option_of(int fd, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof value;
    return getsockopt(fd, level, name, &value, &len) == 0 ? value : -1;
}

const char *listen_judge(int fd, int *type, struct endpoint *at)
{
    static const uint8_t none[16];
    struct sockaddr_storage sa = {0};
    socklen_t len = sizeof sa;
    *type = option_of(fd, SOL_SOCKET, SO_TYPE);
    if (*type < 0)
        return "it is no socket";
    if (getsockname(fd, (struct sockaddr *)&sa, &len) < 0 ||
        (sa.ss_family != AF_INET && sa.ss_family != AF_INET6))
        return "it is neither IPv4 nor IPv6";
    int protocol = option_of(fd, SOL_SOCKET, SO_PROTOCOL);
    if (*type == SOCK_DGRAM ? protocol != IPPROTO_UDP : *type != SOCK_STREAM || protocol != IPPROTO_TCP)
        return "it is neither UDP nor TCP";
    if (*type == SOCK_STREAM && option_of(fd, SOL_SOCKET, SO_ACCEPTCONN) != 1)
        return "it is a connection (Accept=no is wanted)";
    *at = endpoint_of_sockaddr((struct sockaddr *)&sa);
    if (at->port == 0)
        return "it is bound to no port";
    /* Its IPv4 clients would look like IPv6 ones. */
    if (sa.ss_family == AF_INET6 && memcmp(at->addr.ip, none, 16) == 0 &&
        option_of(fd, IPPROTO_IPV6, IPV6_V6ONLY) != 1)
        return "it takes IPv4 as well (BindIPv6Only=ipv6-only is wanted, and a socket for IPv4)";
    return NULL;
}
