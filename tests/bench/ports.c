/* Asks a server over UDP from many ports, as flood does from one, so that the kernel deals its questions out
 * among the server's sockets (SO_REUSEPORT).
 *
 *   ports ADDRESS PORT NAMES [--ports N] [OPTION...]
 *
 * --ports N (64): that many client ports share the window. What a reply must be is as in flood. Prints
 * "answers failures seconds answers/s"; exit status 1 if there was a failure.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "questions.h"

#define PORTS_MAX 1024u
#define BATCH 32u
#define REPLY_MAX 4096u

/* A place in the window of one port. The ID of its question is its number and how often it was used, so that
 * a reply comes to the right one, once. */
struct slot {
    int64_t sent_ns; /* 0: free */
    question_t query;
    uint16_t id;
};

struct port {
    int fd;
    unsigned in_flight;
    struct slot slots[BATCH];
};

struct ports {
    struct questions asked;
    unsigned count, window; /* of ports; of each */
    uint64_t sent, answers, failures, in_flight;
    struct port all[PORTS_MAX];
    struct pollfd polled[PORTS_MAX];
    struct mmsghdr out[BATCH], in[BATCH];
    struct iovec out_iov[BATCH], in_iov[BATCH];
    uint8_t out_wire[BATCH][QUERY_MAX], in_wire[BATCH][REPLY_MAX];
};

static void send_some(struct ports *s, struct port *p, int64_t now)
{
    unsigned n = 0;
    for (unsigned i = 0; i < s->window && s->sent < s->asked.count; i++) {
        struct slot *slot = &p->slots[i];
        if (slot->sent_ns)
            continue;
        slot->query = questions_choose(&s->asked);
        slot->id = (uint16_t)(slot->id + BATCH);
        slot->sent_ns = now;
        struct query room;
        const struct query *q = questions_query(&s->asked, slot->query, &room);
        memcpy(s->out_wire[n], q->wire, q->len);
        s->out_wire[n][0] = (uint8_t)(slot->id >> 8);
        s->out_wire[n][1] = (uint8_t)slot->id;
        s->out_iov[n++].iov_len = q->len;
        s->sent++;
    }
    p->in_flight += n;
    s->in_flight += n;
    for (unsigned done = 0; done < n;) {
        int k = sendmmsg(p->fd, s->out + done, n - done, 0);
        if (k < 0 && errno != EINTR && errno != ECONNREFUSED)
            die("ports: sendmmsg");
        done += k > 0 ? (unsigned)k : 0;
    }
}

static void failed(struct ports *s, question_t query, const char *what)
{
    s->failures++;
    questions_tell(&s->asked, query, what);
}

static void heard(struct ports *s, struct port *p, const uint8_t *wire, size_t len)
{
    uint16_t id = len >= HEADER ? (uint16_t)(wire[0] << 8 | wire[1]) : 0;
    struct slot *slot = &p->slots[id % BATCH];
    if (len < HEADER || !slot->sent_ns || slot->id != id) {
        fputs("ports: a reply to nothing\n", stderr);
        s->failures++;
        return;
    }
    const char *wrong = questions_check(&s->asked, slot->query, wire, len);
    if (wrong)
        failed(s, slot->query, wrong);
    else
        s->answers++;
    slot->sent_ns = 0;
    p->in_flight--;
    s->in_flight--;
}

static void expire(struct ports *s, int64_t now)
{
    for (unsigned i = 0; i < s->count * BATCH; i++) {
        struct port *p = &s->all[i / BATCH];
        struct slot *slot = &p->slots[i % BATCH];
        if (slot->sent_ns && now - slot->sent_ns > s->asked.patience_ns) {
            slot->sent_ns = 0;
            p->in_flight--;
            s->in_flight--;
            failed(s, slot->query, "no answer");
        }
    }
}

/* Whoever has replies reads them and asks as much again. */
static void turn(struct ports *s)
{
    for (unsigned i = 0; i < s->count; i++) {
        struct port *p = &s->all[i];
        int n = s->polled[i].revents ? recvmmsg(p->fd, s->in, BATCH, MSG_DONTWAIT, NULL) : 0;
        if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNREFUSED)
            die("ports: recvmmsg");
        for (int k = 0; k < n; k++)
            heard(s, p, s->in_wire[k], s->in[k].msg_len);
        if (p->in_flight <= s->window / 2)
            send_some(s, p, now_ns());
    }
}

static void run(struct ports *s)
{
    int64_t checked = now_ns();
    do {
        turn(s);
        if (poll(s->polled, s->count, 100) < 0 && errno != EINTR)
            die("ports: poll");
        int64_t now = now_ns();
        if (now - checked > s->asked.patience_ns / 4) {
            expire(s, now);
            checked = now;
        }
    } while (s->sent < s->asked.count || s->in_flight > 0);
}

static void open_sockets(struct ports *s, const char *address, const char *port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    if (inet_pton(AF_INET, address, &to.sin_addr) != 1) {
        fprintf(stderr, "ports: not an IPv4 address: %s\n", address);
        exit(2);
    }
    for (unsigned i = 0; i < s->count; i++) {
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
            die("ports: socket");
        s->all[i].fd = fd;
        s->polled[i] = (struct pollfd){.fd = fd, .events = POLLIN};
        for (unsigned k = 0; k < BATCH; k++)
            s->all[i].slots[k].id = (uint16_t)k;
    }
    for (unsigned i = 0; i < BATCH; i++) {
        s->in_iov[i] = (struct iovec){s->in_wire[i], REPLY_MAX};
        s->in[i].msg_hdr = (struct msghdr){.msg_iov = &s->in_iov[i], .msg_iovlen = 1};
        s->out_iov[i].iov_base = s->out_wire[i];
        s->out[i].msg_hdr = (struct msghdr){.msg_iov = &s->out_iov[i], .msg_iovlen = 1};
    }
}

static int option(struct ports *s, int argc, char **argv, int i)
{
    if (i + 1 >= argc || strcmp(argv[i], "--ports") != 0)
        return questions_option(&s->asked, argc, argv, i);
    s->count = (unsigned)strtoul(argv[i + 1], NULL, 10);
    return 2;
}

int main(int argc, char **argv)
{
    static struct ports s = {.asked = QUESTIONS_DEFAULT, .count = 64};
    int used = 1;
    for (int i = 4; i < argc && used; i += used)
        used = option(&s, argc, argv, i);
    s.window = s.count ? s.asked.window / s.count : 0;
    if (argc < 4 || !used || s.count > PORTS_MAX || s.window < 1 || s.window > BATCH) {
        fputs("ports ADDRESS PORT NAMES [--ports N] " QUESTIONS_OPTIONS "\n", stderr);
        return 2;
    }
    questions_read(&s.asked, argv[3]);
    open_sockets(&s, argv[1], argv[2]);
    int64_t begin = now_ns();
    run(&s);
    double seconds = (double)(now_ns() - begin) / 1e9;
    printf("%llu %llu %.3f %.0f\n", (unsigned long long)s.answers, (unsigned long long)s.failures, seconds,
        (double)s.answers / seconds);
    for (unsigned i = 0; i < s.count; i++)
        close(s.all[i].fd);
    questions_fini(&s.asked);
    return s.failures > 0;
}
