#include "cli/whois_client.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/now.h"
#include "cli/progress.h"
#include "defs/limits.h"

#define ADDRESSES_MAX 6u /* tried of one host */

static int left_ms(const struct whois_request *r)
{
    int64_t left = r->until_ms - now_read(false).mono_ms;
    return left > 0 ? (int)left : 0;
}

/* getaddrinfo() knows no patience; this one waits as long as the request may. What still runs when it gives
 * up keeps its memory. */
struct naming {
    struct gaicb request;
    struct addrinfo hints;
    char host[256];
};

static int look_up(const struct whois_request *r, struct addrinfo **list)
{
    struct naming *n = mem_alloc(sizeof *n);
    struct gaicb *requests[] = {&n->request};
    int ms = left_ms(r);
    struct timespec patience = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    n->hints.ai_socktype = SOCK_STREAM;
    n->hints.ai_family = r->family == FAMILY_V4 ? AF_INET : r->family == FAMILY_V6 ? AF_INET6 : AF_UNSPEC;
    struct text host;
    text_init_fixed(&host, n->host, sizeof n->host);
    text_add(&host, r->host);
    n->request.ar_name = n->host;
    n->request.ar_request = &n->hints;
    int rc = getaddrinfo_a(GAI_NOWAIT, requests, 1, NULL);
    while (rc == 0 && (rc = gai_error(&n->request)) == EAI_INPROGRESS && left_ms(r) > 0) {
        gai_suspend((const struct gaicb *const *)requests, 1, &patience);
        rc = 0;
    }
    if (rc == EAI_INPROGRESS && gai_cancel(&n->request) != EAI_CANCELED)
        return EAI_AGAIN;
    *list = rc == 0 ? n->request.ar_result : NULL;
    mem_free(n);
    return rc == EAI_INPROGRESS ? EAI_AGAIN : rc;
}

static bool wait_for(const struct whois_request *r, int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    int rc;
    do
        rc = poll(&p, 1, left_ms(r));
    while (rc < 0 && errno == EINTR);
    return rc > 0;
}

/* A connected socket, or -1 with errno set. */
static int connect_to(const struct whois_request *r, const struct endpoint *to)
{
    struct sockaddr_storage sa;
    socklen_t len = endpoint_to_sockaddr(to, &sa), error_len = sizeof(int);
    int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error = 0;
    if (fd < 0)
        return -1;
    if (connect(fd, (struct sockaddr *)&sa, len) < 0)
        error = errno;
    if (error == EINPROGRESS) {
        error = ETIMEDOUT;
        if (wait_for(r, fd, POLLOUT) && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_len) < 0)
            error = errno;
    }
    if (error == 0)
        return fd;
    close(fd);
    errno = error;
    return -1;
}

static int open_any(const struct whois_request *r, const struct addrinfo *list, bool *refused)
{
    unsigned tried = 0;
    int fd = -1;
    for (const struct addrinfo *i = list; i && fd < 0 && tried < ADDRESSES_MAX; i = i->ai_next) {
        struct endpoint to = endpoint_of_sockaddr(i->ai_addr);
        to.port = r->port;
        if (to.addr.family == FAMILY_NONE)
            continue;
        if (!r->private_allowed && addr_is_private(&to.addr)) {
            *refused = true;
            continue;
        }
        fd = connect_to(r, &to);
        tried++;
    }
    if (tried)
        *refused = false;
    return fd;
}

static bool send_all(const struct whois_request *r, int fd)
{
    size_t len = strlen(r->query), done = 0;
    while (done < len && wait_for(r, fd, POLLOUT)) {
        ssize_t n = send(fd, r->query + done, len - done, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    if (done < len)
        errno = ETIMEDOUT;
    return done == len;
}

static const char *receive(struct text *reply, const struct whois_request *r, int fd)
{
    char buf[4096];
    size_t before = reply->len;
    while (wait_for(r, fd, POLLIN)) {
        ssize_t n = recv(fd, buf, sizeof buf, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n < 0)
            return strerror(errno);
        if (n == 0)
            return reply->len > before ? NULL : "it closed the connection without a word";
        if (reply->len - before + (size_t)n > WHOIS_OCTETS_MAX)
            return "it sends more than 262144 octets";
        text_add_n(reply, buf, (size_t)n);
    }
    return "no whole reply in time";
}

static const char *exchange(struct text *reply, const struct whois_request *r, const struct addrinfo *list)
{
    bool refused = false;
    int fd = open_any(r, list, &refused);
    if (refused)
        return "it is at a private address, and those are not asked";
    if (fd < 0)
        return errno == ETIMEDOUT ? "no connection in time" : strerror(errno);
    const char *why = send_all(r, fd) ? receive(reply, r, fd) : strerror(errno);
    close(fd);
    return why;
}

const char *whois_ask(struct text *reply, const struct whois_request *request, struct arena *a)
{
    struct addrinfo *list = NULL;
    progress_says("%s", request->host);
    if (left_ms(request) == 0)
        return "no time is left";
    int rc = look_up(request, &list);
    const char *why = rc ? gai_strerror(rc) : exchange(reply, request, list);
    if (list)
        freeaddrinfo(list);
    return why ? arena_strdup(a, why) : NULL;
}
