/* Asks a server over UDP as fast as it answers and checks every reply.
 *
 *   flood ADDRESS PORT NAMES [OPTION...]
 *
 * NAMES: a file, a line "NAME [ADDRESS | NXDOMAIN | -] [TYPE]" each; type A unless told. At most `window`
 * questions are under way. A reply must have the ID of a question that waits, that question's name and type,
 * NOERROR and that address (any record where none is given), or NXDOMAIN; with --echo it must be the question
 * itself. No reply within the patience (a second) is a failure. --fresh FILE --share PERCENT: so many of a
 * hundred questions ask for a name that nobody asked before, one label below a line of FILE. --rate N: so
 * many a second, whether answered or not. Prints "answers failures seconds answers/s p50 p99", the latter in
 * µs from when a question was due; exit status 1 if there was a failure.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "questions.h"

#define BATCH 64u
#define REPLY_MAX 4096u
#define IDS 65536u
#define TENTH_NS 100000000

struct waiting {
    int64_t sent_ns; /* 0: nobody waits */
    question_t query;
};

struct flood {
    struct questions asked;
    int fd;
    uint64_t rate; /* questions a second; 0: as fast as they are answered */
    int64_t begin_ns;
    uint32_t *latencies_us; /* of the answers */
    uint64_t sent, answers, failures;
    unsigned in_flight;
    uint16_t next_id;
    struct waiting waiting[IDS];
    struct mmsghdr out[BATCH], in[BATCH];
    struct iovec out_iov[BATCH], in_iov[BATCH];
    uint8_t out_wire[BATCH][QUERY_MAX], in_wire[BATCH][REPLY_MAX];
};

static int64_t due_ns(const struct flood *f)
{
    return f->begin_ns + (int64_t)(f->sent * 1000000000 / f->rate);
}

static bool may_send(const struct flood *f, int64_t now)
{
    return f->in_flight < f->asked.window && f->sent < f->asked.count && (!f->rate || due_ns(f) <= now);
}

static void fill(struct flood *f, unsigned i, int64_t now)
{
    while (f->waiting[f->next_id].sent_ns) /* the window is far smaller than all IDs */
        f->next_id++;
    uint16_t id = f->next_id++;
    question_t n = questions_choose(&f->asked);
    struct query room;
    const struct query *q = questions_query(&f->asked, n, &room);
    f->waiting[id] = (struct waiting){f->rate ? due_ns(f) : now, n};
    memcpy(f->out_wire[i], q->wire, q->len);
    f->out_wire[i][0] = (uint8_t)(id >> 8);
    f->out_wire[i][1] = (uint8_t)id;
    f->out_iov[i] = (struct iovec){f->out_wire[i], q->len};
    f->out[i].msg_hdr = (struct msghdr){.msg_iov = &f->out_iov[i], .msg_iovlen = 1};
    f->in_flight++;
    f->sent++;
}

static void send_some(struct flood *f, int64_t now)
{
    unsigned n = 0;
    while (n < BATCH && may_send(f, now))
        fill(f, n++, now);
    for (unsigned done = 0; done < n;) {
        int k = sendmmsg(f->fd, f->out + done, n - done, 0);
        if (k < 0 && errno != EINTR && errno != ECONNREFUSED)
            die("flood: sendmmsg");
        done += k > 0 ? (unsigned)k : 0;
    }
}

static void failed(struct flood *f, question_t query, const char *what)
{
    f->failures++;
    questions_tell(&f->asked, query, what);
}

static void heard(struct flood *f, const uint8_t *p, size_t len, int64_t now)
{
    struct waiting *w = len >= HEADER ? &f->waiting[p[0] << 8 | p[1]] : NULL;
    if (!w || !w->sent_ns) { /* nobody asked, or answered twice */
        fputs("flood: a reply to nothing\n", stderr);
        f->failures++;
        return;
    }
    const char *wrong = questions_check(&f->asked, w->query, p, len);
    if (wrong)
        failed(f, w->query, wrong);
    else
        f->latencies_us[f->answers++] = (uint32_t)((now - w->sent_ns) / 1000);
    w->sent_ns = 0;
    f->in_flight--;
}

static void expire(struct flood *f, int64_t now)
{
    for (unsigned id = 0; id < IDS; id++) {
        if (f->waiting[id].sent_ns && now - f->waiting[id].sent_ns > f->asked.patience_ns) {
            f->waiting[id].sent_ns = 0;
            f->in_flight--;
            failed(f, f->waiting[id].query, "no answer");
        }
    }
}

/* Waits until there is a reply or the next question may be sent. */
static bool is_readable(const struct flood *f)
{
    bool more = f->in_flight < f->asked.window && f->sent < f->asked.count;
    int64_t left = more ? due_ns(f) - now_ns() : TENTH_NS;
    left = left < 0 ? 0 : left > TENTH_NS ? TENTH_NS : left;
    struct timespec wait = {.tv_nsec = left};
    struct pollfd p = {.fd = f->fd, .events = POLLIN};
    return ppoll(&p, 1, &wait, NULL) > 0;
}

static void run(struct flood *f)
{
    int64_t checked = now_ns();
    while (f->sent < f->asked.count || f->in_flight > 0) {
        int64_t now = now_ns();
        send_some(f, now);
        int n = f->rate && !is_readable(f) ? 0 : recvmmsg(f->fd, f->in, BATCH, MSG_WAITFORONE, NULL);
        int64_t came = n > 0 ? now_ns() : 0;
        for (int i = 0; i < n; i++)
            heard(f, f->in_wire[i], f->in[i].msg_len, came);
        if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNREFUSED)
            die("flood: recvmmsg");
        if (now - checked > f->asked.patience_ns / 4) {
            expire(f, now);
            checked = now;
        }
    }
}

static void open_socket(struct flood *f, const char *address, const char *port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    if (inet_pton(AF_INET, address, &to.sin_addr) != 1) {
        fprintf(stderr, "flood: not an IPv4 address: %s\n", address);
        exit(2);
    }
    struct timeval tenth = {.tv_usec = 100000};
    int room = 4 << 20;
    f->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (f->fd < 0 || connect(f->fd, (struct sockaddr *)&to, sizeof to) < 0 ||
        setsockopt(f->fd, SOL_SOCKET, SO_RCVTIMEO, &tenth, sizeof tenth) < 0)
        die("flood: socket");
    setsockopt(f->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    for (unsigned i = 0; i < BATCH; i++) {
        f->in_iov[i] = (struct iovec){f->in_wire[i], REPLY_MAX};
        f->in[i].msg_hdr = (struct msghdr){.msg_iov = &f->in_iov[i], .msg_iovlen = 1};
    }
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static uint32_t quantile_us(const struct flood *f, unsigned percent)
{
    return f->answers ? f->latencies_us[(f->answers - 1) * percent / 100] : 0;
}

static int option(struct flood *f, int argc, char **argv, int i)
{
    if (i + 1 >= argc || strcmp(argv[i], "--rate") != 0)
        return questions_option(&f->asked, argc, argv, i);
    f->rate = strtoull(argv[i + 1], NULL, 10);
    return 2;
}

int main(int argc, char **argv)
{
    static struct flood f = {.asked = QUESTIONS_DEFAULT};
    int used = 1;
    for (int i = 4; i < argc && used; i += used)
        used = option(&f, argc, argv, i);
    if (argc < 4 || !used || f.asked.window < 1 || f.asked.window > IDS / 4) {
        fputs("flood ADDRESS PORT NAMES [--rate N] " QUESTIONS_OPTIONS "\n", stderr);
        return 2;
    }
    questions_read(&f.asked, argv[3]);
    open_socket(&f, argv[1], argv[2]);
    f.latencies_us = calloc(f.asked.count + 1, sizeof *f.latencies_us);
    if (!f.latencies_us)
        die("flood: calloc");
    prctl(PR_SET_TIMERSLACK, 1); /* ns; the kernel's own choice is 50 µs late */
    f.begin_ns = now_ns();
    run(&f);
    double seconds = (double)(now_ns() - f.begin_ns) / 1e9;
    qsort(f.latencies_us, f.answers, sizeof *f.latencies_us, compare);
    printf("%llu %llu %.3f %.0f %u %u\n", (unsigned long long)f.answers, (unsigned long long)f.failures,
        seconds, (double)f.answers / seconds, quantile_us(&f, 50), quantile_us(&f, 99));
    close(f.fd);
    free(f.latencies_us);
    questions_fini(&f.asked);
    return f.failures > 0;
}
