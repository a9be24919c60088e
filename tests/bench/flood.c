/* Asks a server over UDP as fast as it answers and checks every reply.
 *
 *   flood ADDRESS PORT NAMES [--count N] [--window N] [--zipf] [--in-order] [--edns] [--echo] [--seed N]
 *
 * NAMES: a file, one name a line, asked for type A. At most `window` questions are under way. A reply must
 * have the ID of a question that waits, that question's name and type, NOERROR and at least one answer
 * record; with --echo it must be the question itself. No reply within a second is a failure. Prints "answers
 * failures seconds answers/s"; exit status 1 if there was a failure.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64u
#define HEADER 12u
#define NAME_MAX_LEN 255u
#define QUERY_MAX (HEADER + NAME_MAX_LEN + 4 + 11)
#define REPLY_MAX 4096u
#define IDS 65536u
#define PATIENCE_NS 1000000000LL

struct query {
    uint8_t wire[QUERY_MAX]; /* ID 0 */
    uint16_t len, question;  /* octets of the question section */
};

struct waiting {
    int64_t sent_ns; /* 0: nobody waits */
    uint32_t query;
};

struct flood {
    int fd;
    struct query *queries;
    uint32_t query_count;
    double *shares; /* --zipf: cumulative; else NULL */
    uint64_t count, random;
    unsigned window;
    bool in_order, edns, echo;
    uint64_t sent, answers, failures;
    unsigned in_flight;
    uint16_t next_id;
    struct waiting waiting[IDS];
    struct mmsghdr out[BATCH], in[BATCH];
    struct iovec out_iov[BATCH], in_iov[BATCH];
    uint8_t out_wire[BATCH][QUERY_MAX], in_wire[BATCH][REPLY_MAX];
};

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* xorshift64*: quick, and the same for the same seed. */
static uint64_t next_random(struct flood *f)
{
    f->random ^= f->random >> 12;
    f->random ^= f->random << 25;
    f->random ^= f->random >> 27;
    return f->random * 0x2545f4914f6cdd1dULL;
}

/* ---- questions ---- */

static uint16_t name_to_wire(uint8_t *out, const char *text)
{
    uint8_t *p = out;
    while (*text) {
        size_t n = strcspn(text, ".");
        if (n == 0 || n > 63 || (size_t)(p - out) + n + 2 > NAME_MAX_LEN) {
            fprintf(stderr, "flood: not a name: %s\n", text);
            exit(2);
        }
        *p++ = (uint8_t)n;
        memcpy(p, text, n);
        p += n;
        text += n + (text[n] == '.');
    }
    *p++ = 0;
    return (uint16_t)(p - out);
}

static void query_init(struct query *q, const char *name, bool edns)
{
    static const uint8_t head[HEADER] = {0, 0, 1 /* RD */, 0, 0, 1};
    static const uint8_t type_a_in[4] = {0, 1, 0, 1}, opt[11] = {0, 0, 41, 4, 208 /* 1232 */};
    memcpy(q->wire, head, HEADER);
    q->question = (uint16_t)(name_to_wire(q->wire + HEADER, name) + 4);
    memcpy(q->wire + HEADER + q->question - 4, type_a_in, 4);
    q->len = (uint16_t)(HEADER + q->question);
    if (edns) {
        memcpy(q->wire + q->len, opt, sizeof opt);
        q->wire[11] = 1;
        q->len = (uint16_t)(q->len + sizeof opt);
    }
}

static void read_names(struct flood *f, const char *path)
{
    FILE *in = fopen(path, "r");
    if (!in)
        die(path);
    char line[1024];
    uint32_t room = 0;
    while (fgets(line, sizeof line, in)) {
        line[strcspn(line, "\r\n")] = 0;
        if (!*line)
            continue;
        if (f->query_count == room) {
            room = room ? 2 * room : 1024;
            f->queries = realloc(f->queries, room * sizeof *f->queries);
            if (!f->queries)
                die("realloc");
        }
        query_init(&f->queries[f->query_count++], line, f->edns);
    }
    fclose(in);
    if (f->query_count == 0) {
        fprintf(stderr, "flood: no names in %s\n", path);
        exit(2);
    }
}

/* Zipf's law with exponent 1, as questions to resolvers roughly are. */
static void zipf_init(struct flood *f)
{
    double sum = 0;
    f->shares = f->query_count ? calloc(f->query_count, sizeof *f->shares) : NULL;
    if (!f->shares)
        die("calloc");
    for (uint32_t i = 0; i < f->query_count; i++)
        f->shares[i] = sum += 1.0 / (i + 1);
    for (uint32_t i = 0; i < f->query_count; i++)
        f->shares[i] /= sum;
}

static uint32_t choose(struct flood *f)
{
    if (f->in_order)
        return (uint32_t)(f->sent % f->query_count);
    uint64_t r = next_random(f);
    if (!f->shares)
        return (uint32_t)((r >> 32) * f->query_count >> 32);
    double x = (double)(r >> 11) * 0x1p-53;
    uint32_t low = 0, high = f->query_count - 1;
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        if (f->shares[mid] > x)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

/* ---- the flood ---- */

static void fill(struct flood *f, unsigned i, int64_t now)
{
    while (f->waiting[f->next_id].sent_ns) /* the window is far smaller than all IDs */
        f->next_id++;
    uint16_t id = f->next_id++;
    uint32_t n = choose(f);
    const struct query *q = &f->queries[n];
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
    while (n < BATCH && f->in_flight < f->window && f->sent < f->count)
        fill(f, n++, now);
    for (unsigned done = 0; done < n;) {
        int k = sendmmsg(f->fd, f->out + done, n - done, 0);
        if (k < 0 && errno != EINTR && errno != ECONNREFUSED)
            die("flood: sendmmsg");
        done += k > 0 ? (unsigned)k : 0;
    }
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool is_right(const struct flood *f, const struct query *q, const uint8_t *p, size_t len)
{
    if (f->echo)
        return len == q->len && memcmp(p + 2, q->wire + 2, len - 2) == 0;
    if (len < HEADER + (size_t)q->question || !(p[2] & 0x80) || (p[2] & 2 /* TC */) || (p[3] & 15) != 0 ||
        p[5] != 1 || (p[6] == 0 && p[7] == 0))
        return false;
    for (unsigned i = HEADER; i < HEADER + q->question; i++)
        if (lower(p[i]) != lower(q->wire[i]))
            return false;
    return true;
}

static void heard(struct flood *f, const uint8_t *p, size_t len)
{
    struct waiting *w = len >= 2 ? &f->waiting[p[0] << 8 | p[1]] : NULL;
    if (!w || !w->sent_ns) { /* nobody asked, or answered twice */
        f->failures++;
        return;
    }
    if (is_right(f, &f->queries[w->query], p, len))
        f->answers++;
    else
        f->failures++;
    w->sent_ns = 0;
    f->in_flight--;
}

static void expire(struct flood *f, int64_t now)
{
    for (unsigned id = 0; id < IDS; id++) {
        if (f->waiting[id].sent_ns && now - f->waiting[id].sent_ns > PATIENCE_NS) {
            f->waiting[id].sent_ns = 0;
            f->in_flight--;
            f->failures++;
        }
    }
}

static void run(struct flood *f)
{
    int64_t checked = now_ns();
    while (f->answers + f->failures < f->count || f->in_flight > 0) {
        int64_t now = now_ns();
        send_some(f, now);
        if (f->in_flight == 0)
            continue;
        int n = recvmmsg(f->fd, f->in, BATCH, MSG_WAITFORONE, NULL);
        for (int i = 0; i < n; i++)
            heard(f, f->in_wire[i], f->in[i].msg_len);
        if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNREFUSED)
            die("flood: recvmmsg");
        if (now - checked > PATIENCE_NS / 4) {
            expire(f, now);
            checked = now;
        }
    }
}

/* ---- the command ---- */

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

static _Noreturn void usage(void)
{
    fputs("flood ADDRESS PORT NAMES [--count N] [--window N] [--zipf] [--in-order] [--edns] [--echo] [--seed "
          "N]\n",
        stderr);
    exit(2);
}

int main(int argc, char **argv)
{
    static struct flood f = {.count = 100000, .window = 256, .random = 1};
    bool zipf = false;
    if (argc < 4)
        usage();
    for (int i = 4; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--zipf") == 0)
            zipf = true;
        else if (strcmp(argv[i], "--in-order") == 0)
            f.in_order = true;
        else if (strcmp(argv[i], "--edns") == 0)
            f.edns = true;
        else if (strcmp(argv[i], "--echo") == 0)
            f.echo = true;
        else if (!value)
            usage();
        else if (strcmp(argv[i], "--count") == 0)
            f.count = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--window") == 0)
            f.window = (unsigned)strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--seed") == 0)
            f.random = strtoull(argv[++i], NULL, 10) * 2 + 1;
        else
            usage();
    }
    if (f.window < 1 || f.window > IDS / 4)
        usage();
    read_names(&f, argv[3]);
    if (zipf)
        zipf_init(&f);
    open_socket(&f, argv[1], argv[2]);
    int64_t begin = now_ns();
    run(&f);
    double seconds = (double)(now_ns() - begin) / 1e9;
    printf("%llu %llu %.3f %.0f\n", (unsigned long long)f.answers, (unsigned long long)f.failures, seconds,
        (double)f.answers / seconds);
    close(f.fd);
    free(f.queries);
    free(f.shares);
    return f.failures > 0;
}
