/* Asks a server over UDP as fast as it answers and checks every reply.
 *
 *   flood ADDRESS PORT NAMES [OPTION...]
 *
 * NAMES: a file, a line "NAME [ADDRESS]" each, asked for type A. At most `window` questions are under way. A
 * reply must have the ID of a question that waits, that question's name and type, NOERROR and that address
 * (any record where none is given); with --echo it must be the question itself. No reply within the patience
 * (a second) is a failure. Prints "answers failures seconds answers/s"; exit status 1 if there was a failure.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "questions.h"

#define BATCH 64u
#define REPLY_MAX 4096u
#define IDS 65536u

struct waiting {
    int64_t sent_ns; /* 0: nobody waits */
    uint32_t query;
};

struct flood {
    struct questions asked;
    int fd;
    uint64_t sent, answers, failures;
    unsigned in_flight;
    uint16_t next_id;
    struct waiting waiting[IDS];
    struct mmsghdr out[BATCH], in[BATCH];
    struct iovec out_iov[BATCH], in_iov[BATCH];
    uint8_t out_wire[BATCH][QUERY_MAX], in_wire[BATCH][REPLY_MAX];
};

static void fill(struct flood *f, unsigned i, int64_t now)
{
    while (f->waiting[f->next_id].sent_ns) /* the window is far smaller than all IDs */
        f->next_id++;
    uint16_t id = f->next_id++;
    uint32_t n = questions_choose(&f->asked);
    const struct query *q = &f->asked.all[n];
    f->waiting[id] = (struct waiting){now, n};
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
    while (n < BATCH && f->in_flight < f->asked.window && f->sent < f->asked.count)
        fill(f, n++, now);
    for (unsigned done = 0; done < n;) {
        int k = sendmmsg(f->fd, f->out + done, n - done, 0);
        if (k < 0 && errno != EINTR && errno != ECONNREFUSED)
            die("flood: sendmmsg");
        done += k > 0 ? (unsigned)k : 0;
    }
}

static void failed(struct flood *f, uint32_t query, const char *what)
{
    f->failures++;
    questions_tell(&f->asked, query, what);
}

static void heard(struct flood *f, const uint8_t *p, size_t len)
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
        f->answers++;
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

static void run(struct flood *f)
{
    int64_t checked = now_ns();
    while (f->sent < f->asked.count || f->in_flight > 0) {
        int64_t now = now_ns();
        send_some(f, now);
        int n = recvmmsg(f->fd, f->in, BATCH, MSG_WAITFORONE, NULL);
        for (int i = 0; i < n; i++)
            heard(f, f->in_wire[i], f->in[i].msg_len);
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

int main(int argc, char **argv)
{
    static struct flood f = {.asked = QUESTIONS_DEFAULT};
    int used = 1;
    for (int i = 4; i < argc && used; i += used)
        used = questions_option(&f.asked, argc, argv, i);
    if (argc < 4 || !used || f.asked.window < 1 || f.asked.window > IDS / 4) {
        fputs("flood ADDRESS PORT NAMES " QUESTIONS_OPTIONS "\n", stderr);
        return 2;
    }
    questions_read(&f.asked, argv[3]);
    open_socket(&f, argv[1], argv[2]);
    int64_t begin = now_ns();
    run(&f);
    double seconds = (double)(now_ns() - begin) / 1e9;
    printf("%llu %llu %.3f %.0f\n", (unsigned long long)f.answers, (unsigned long long)f.failures, seconds,
        (double)f.answers / seconds);
    close(f.fd);
    questions_fini(&f.asked);
    return f.failures > 0;
}
