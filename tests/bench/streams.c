/* Asks a server over TCP as fast as it answers and checks every reply, as flood does over UDP.
 *
 *   streams ADDRESS PORT NAMES [--connections N] [--per-connection N] [OPTION...]
 *
 * --connections (16) are open at a time, each with at most `window` (8) questions under way; the server may
 * answer in any order.
 * --per-connection N: after so many questions another one takes a connection's place; 0, the default: it is
 * kept. Where the server closes one, what was not answered is asked again on another (RFC 7766 6.2.4), unless
 * it closed one without a single answer. Sources are 127.1.0.1 to 127.1.0.250 in turn: ports that linger in
 * TIME_WAIT would soon be all ports. Prints "answers failures seconds answers/s connections"; exit status 1
 * if there was a failure.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "questions.h"

#define CONNECTIONS_MAX 1024u
#define WINDOW_MAX 64u
#define SOURCES 250u
#define IN_ROOM (2u + 65535u)

struct slot {
    int64_t sent_ns; /* 0: free */
    question_t query;
    uint16_t id;
};

struct connection {
    int fd; /* -1: closed for good */
    uint16_t next_id;
    unsigned in_flight;
    uint64_t asked, heard; /* on this one */
    struct slot slots[WINDOW_MAX];
    uint8_t in[IN_ROOM];
    size_t in_len;
};

struct streams {
    struct questions asked;
    struct sockaddr_in to;
    unsigned connections;
    uint64_t per_connection;
    int epoll;
    uint64_t opened, sent, answers, failures;
    struct connection *all;
};

static void connection_open(struct streams *s, struct connection *c)
{
    struct sockaddr_in from = {.sin_family = AF_INET};
    from.sin_addr.s_addr = htonl(0x7f010001u + (uint32_t)(s->opened++ % SOURCES));
    struct timeval patience = {.tv_sec = s->asked.patience_ns / 1000000000 + 1};
    int one = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one) < 0 ||
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) < 0 ||
        setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0 ||
        bind(c->fd, (struct sockaddr *)&from, sizeof from) < 0 ||
        connect(c->fd, (struct sockaddr *)&s->to, sizeof s->to) < 0)
        die("streams: connect");
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, c->fd, &wanted) < 0)
        die("streams: epoll_ctl");
    c->asked = c->heard = 0;
    c->in_len = 0;
}

static void failed(struct streams *s, question_t query, const char *what)
{
    s->failures++;
    questions_tell(&s->asked, query, what);
}

static size_t put(struct streams *s, struct connection *c, struct slot *slot, uint8_t *out)
{
    struct query room;
    const struct query *q = questions_query(&s->asked, slot->query, &room);
    slot->id = c->next_id++;
    slot->sent_ns = now_ns();
    c->asked++;
    out[0] = (uint8_t)(q->len >> 8);
    out[1] = (uint8_t)q->len;
    memcpy(out + 2, q->wire, q->len);
    out[2] = (uint8_t)(slot->id >> 8);
    out[3] = (uint8_t)slot->id;
    return 2u + q->len;
}

/* All that this connection may ask now, as one write. With `again`, first what waits for an answer from
 * before. */
static void send_some(struct streams *s, struct connection *c, bool again)
{
    uint8_t out[WINDOW_MAX * (2 + QUERY_MAX)];
    size_t len = 0;
    for (unsigned i = 0; i < s->asked.window; i++) {
        struct slot *slot = &c->slots[i];
        if (slot->sent_ns && !again)
            continue;
        if (!slot->sent_ns) {
            if (s->sent >= s->asked.count || (s->per_connection && c->asked >= s->per_connection))
                continue;
            slot->query = questions_choose(&s->asked);
            s->sent++;
            c->in_flight++;
        }
        len += put(s, c, slot, out + len);
    }
    if (len && send(c->fd, out, len, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET)
        die("streams: send"); /* a closed one is found out when it is read */
}

/* Open again while there is something to ask; else closed for good. */
static void connection_next(struct streams *s, struct connection *c)
{
    close(c->fd);
    c->fd = -1;
    if (c->in_flight == 0 && s->sent >= s->asked.count)
        return;
    connection_open(s, c);
    send_some(s, c, true);
}

static void give_up(struct streams *s, struct connection *c, const char *what)
{
    for (unsigned i = 0; i < s->asked.window; i++) {
        if (c->slots[i].sent_ns)
            failed(s, c->slots[i].query, what);
        c->slots[i].sent_ns = 0;
    }
    c->in_flight = 0;
}

static void heard(struct streams *s, struct connection *c, const uint8_t *p, size_t len)
{
    uint16_t id = len >= HEADER ? (uint16_t)(p[0] << 8 | p[1]) : 0;
    struct slot *slot = NULL;
    for (unsigned i = 0; i < s->asked.window && len >= HEADER && !slot; i++)
        if (c->slots[i].sent_ns && c->slots[i].id == id)
            slot = &c->slots[i];
    if (!slot) {
        fputs("streams: a reply to nothing\n", stderr);
        s->failures++;
        return;
    }
    const char *wrong = questions_check(&s->asked, slot->query, p, len);
    if (wrong)
        failed(s, slot->query, wrong);
    else
        s->answers++;
    slot->sent_ns = 0;
    c->in_flight--;
    c->heard++;
}

static void readable(struct streams *s, struct connection *c)
{
    ssize_t n = recv(c->fd, c->in + c->in_len, IN_ROOM - c->in_len, 0);
    if (n <= 0) {
        if (c->heard == 0)
            give_up(s, c, n < 0 ? "connection reset" : "connection closed");
        connection_next(s, c);
        return;
    }
    c->in_len += (size_t)n;
    size_t at = 0;
    while (c->in_len - at >= 2) {
        size_t len = (size_t)(c->in[at] << 8 | c->in[at + 1]);
        if (c->in_len - at < 2 + len)
            break;
        heard(s, c, c->in + at + 2, len);
        at += 2 + len;
    }
    memmove(c->in, c->in + at, c->in_len - at);
    c->in_len -= at;
    bool spent = s->per_connection && c->asked >= s->per_connection;
    if (c->in_flight == 0 && (spent || s->sent >= s->asked.count))
        connection_next(s, c);
    else
        send_some(s, c, false);
}

static void expire(struct streams *s, int64_t now)
{
    for (unsigned i = 0; i < s->connections; i++) {
        struct connection *c = &s->all[i];
        bool late = false;
        for (unsigned k = 0; k < s->asked.window && c->fd >= 0; k++)
            late = late || (c->slots[k].sent_ns && now - c->slots[k].sent_ns > s->asked.patience_ns);
        if (late) {
            give_up(s, c, "no answer");
            connection_next(s, c);
        }
    }
}

static bool is_busy(const struct streams *s)
{
    for (unsigned i = 0; i < s->connections; i++)
        if (s->all[i].fd >= 0)
            return true;
    return false;
}

static void run(struct streams *s)
{
    for (unsigned i = 0; i < s->connections; i++) {
        connection_open(s, &s->all[i]);
        send_some(s, &s->all[i], false);
        if (s->all[i].in_flight == 0) { /* more connections than questions */
            close(s->all[i].fd);
            s->all[i].fd = -1;
        }
    }
    int64_t checked = now_ns();
    while (is_busy(s)) {
        struct epoll_event ready[64];
        int n = epoll_wait(s->epoll, ready, 64, 100);
        if (n < 0 && errno != EINTR)
            die("streams: epoll_wait");
        for (int i = 0; i < n; i++)
            readable(s, ready[i].data.ptr);
        int64_t now = now_ns();
        if (now - checked > s->asked.patience_ns / 4) {
            expire(s, now);
            checked = now;
        }
    }
}

static int option(struct streams *s, int argc, char **argv, int i)
{
    if (i + 1 < argc && strcmp(argv[i], "--connections") == 0)
        s->connections = (unsigned)strtoul(argv[i + 1], NULL, 10);
    else if (i + 1 < argc && strcmp(argv[i], "--per-connection") == 0)
        s->per_connection = strtoull(argv[i + 1], NULL, 10);
    else
        return questions_option(&s->asked, argc, argv, i);
    return 2;
}

int main(int argc, char **argv)
{
    struct streams s = {.asked = QUESTIONS_DEFAULT, .connections = 16};
    s.asked.window = 8;
    int used = 1;
    for (int i = 4; i < argc && used; i += used)
        used = option(&s, argc, argv, i);
    if (argc < 4 || !used || s.connections < 1 || s.connections > CONNECTIONS_MAX || s.asked.window < 1 ||
        s.asked.window > WINDOW_MAX || inet_pton(AF_INET, argv[1], &s.to.sin_addr) != 1) {
        fputs("streams ADDRESS PORT NAMES [--connections N] [--per-connection N] " QUESTIONS_OPTIONS "\n",
            stderr);
        return 2;
    }
    s.to.sin_family = AF_INET;
    s.to.sin_port = htons((uint16_t)atoi(argv[2]));
    questions_read(&s.asked, argv[3]);
    s.all = calloc(s.connections, sizeof *s.all);
    s.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!s.all || s.epoll < 0)
        die("streams");
    int64_t begin = now_ns();
    run(&s);
    double seconds = (double)(now_ns() - begin) / 1e9;
    printf("%llu %llu %.3f %.0f %llu\n", (unsigned long long)s.answers, (unsigned long long)s.failures,
        seconds, (double)s.answers / seconds, (unsigned long long)s.opened);
    free(s.all);
    questions_fini(&s.asked);
    return s.failures > 0;
}
