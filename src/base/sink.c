#include "base/sink.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

/* About 10,000 lines of the query log: two seconds of 5,000 questions each, while a disk makes a pause. */
#define ROOM ((size_t)1024 * 1024)
#define LOOK_MS 100 /* how often a blocked thread looks whether it is to end */
#define END_MS 1000 /* a reader that is slower than that at the end misses what is left */

/* Invariant: `len` octets from `start` on, around the end of `ring`, are whole lines. */
struct sink {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t filled, empty; /* empty: the thread has ended; CLOCK_MONOTONIC */
    char *ring;
    size_t start, len;
    int fd, next_fd; /* next_fd -1: none; the thread changes over */
    bool ending, ended;
    int64_t end_ms; /* CLOCK_MONOTONIC */
    atomic_uint_fast64_t lost;
    uint64_t told; /* the thread's: of `lost`, how many the readers know of */
    sink_lost_fn *lost_line;
};

static int64_t mono_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void copy_in(struct sink *s, const char *p, size_t n)
{
    size_t at = (s->start + s->len) % ROOM, first = n < ROOM - at ? n : ROOM - at;
    memcpy(s->ring + at, p, first);
    memcpy(s->ring, p + first, n - first);
    s->len += n;
}

/* As many whole lines as fit. */
static size_t copy_out(struct sink *s, char *buf, size_t cap)
{
    size_t n = s->len < cap ? s->len : cap, first = n < ROOM - s->start ? n : ROOM - s->start;
    memcpy(buf, s->ring + s->start, first);
    memcpy(buf + first, s->ring, n - first);
    while (n > 0 && buf[n - 1] != '\n')
        n--;
    assert(n > 0);
    s->start = (s->start + n) % ROOM;
    s->len -= n;
    return n;
}

static bool is_late(struct sink *s)
{
    pthread_mutex_lock(&s->lock);
    bool late = s->ending && mono_ms() >= s->end_ms;
    pthread_mutex_unlock(&s->lock);
    return late;
}

/* False: nobody takes it, or not in time. */
static bool write_all(struct sink *s, const char *p, size_t n)
{
    while (n > 0) {
        struct pollfd ready = {.fd = s->fd, .events = POLLOUT};
        if (poll(&ready, 1, LOOK_MS) <= 0) {
            if (is_late(s))
                return false;
            continue;
        }
        ssize_t done = write(s->fd, p, n);
        if (done < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        if (done > 0) {
            p += done;
            n -= (size_t)done;
        }
    }
    return true;
}

static uint64_t lines_in(const char *p, size_t n)
{
    uint64_t lines = 0;
    for (const char *end = p + n; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
        lines++;
    return lines;
}

static void tell_lost(struct sink *s)
{
    char line[SINK_LINE_MAX];
    uint64_t lost = atomic_load(&s->lost);
    if (lost == s->told)
        return;
    size_t n = s->lost_line(lost - s->told, line, sizeof line);
    if (write_all(s, line, n))
        s->told = lost;
}

/* Waits for lines. Their octets; 0: the end. */
static size_t next_piece(struct sink *s, char *buf, size_t cap)
{
    size_t n = 0;
    pthread_mutex_lock(&s->lock);
    while (s->len == 0 && !s->ending && s->next_fd < 0)
        pthread_cond_wait(&s->filled, &s->lock);
    if (s->next_fd >= 0) {
        close(s->fd);
        s->fd = s->next_fd;
        s->next_fd = -1;
    }
    if (s->len > 0)
        n = copy_out(s, buf, cap);
    pthread_mutex_unlock(&s->lock);
    return n;
}

static bool has_ended(struct sink *s)
{
    pthread_mutex_lock(&s->lock);
    bool ended = s->ending && (s->len == 0 || mono_ms() >= s->end_ms);
    pthread_mutex_unlock(&s->lock);
    return ended;
}

static void *run(void *arg)
{
    struct sink *s = arg;
    char piece[SINK_LINE_MAX];
    pthread_setname_np(pthread_self(), "log");
    while (!has_ended(s)) {
        size_t n = next_piece(s, piece, sizeof piece);
        if (n > 0 && write_all(s, piece, n))
            tell_lost(s);
        else if (n > 0)
            atomic_fetch_add(&s->lost, lines_in(piece, n));
    }
    pthread_mutex_lock(&s->lock);
    s->ended = true;
    pthread_cond_signal(&s->empty);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

struct sink *sink_new(int fd, sink_lost_fn *lost)
{
    struct sink *s = mem_alloc(sizeof *s);
    s->ring = mem_alloc(ROOM);
    s->fd = fd;
    s->next_fd = -1;
    s->lost_line = lost;
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->filled, NULL);
    pthread_cond_init(&s->empty, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int bad = pthread_create(&s->thread, NULL, run, s);
    if (bad) {
        mem_free(s->ring);
        mem_free(s);
        errno = bad;
        return NULL;
    }
    return s;
}

bool sink_put(struct sink *s, const char *line, size_t len)
{
    assert(len > 0 && len <= SINK_LINE_MAX && line[len - 1] == '\n');
    pthread_mutex_lock(&s->lock);
    bool room = len <= ROOM - s->len, first = s->len == 0;
    if (room)
        copy_in(s, line, len);
    pthread_mutex_unlock(&s->lock);
    if (room && first)
        pthread_cond_signal(&s->filled);
    if (!room)
        atomic_fetch_add_explicit(&s->lost, 1, memory_order_relaxed);
    return room;
}

uint64_t sink_lost(const struct sink *s)
{
    return atomic_load(&s->lost);
}

void sink_turn(struct sink *s, int fd)
{
    pthread_mutex_lock(&s->lock);
    if (s->next_fd >= 0)
        close(s->next_fd);
    s->next_fd = fd;
    pthread_mutex_unlock(&s->lock);
    pthread_cond_signal(&s->filled);
}

/* A terminal that was stopped holds a write for ever. Such a thread is left to the end of the process, with
 * what it uses. */
static bool join(struct sink *s)
{
    struct timespec until = {.tv_sec = (s->end_ms + END_MS) / 1000 + 1};
    int late = 0;
    pthread_mutex_lock(&s->lock);
    while (!s->ended && !late)
        late = pthread_cond_timedwait(&s->empty, &s->lock, &until);
    bool ended = s->ended;
    pthread_mutex_unlock(&s->lock);
    if (ended)
        pthread_join(s->thread, NULL);
    else
        pthread_detach(s->thread);
    return ended;
}

void sink_free(struct sink *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->ending = true;
    s->end_ms = mono_ms() + END_MS;
    pthread_mutex_unlock(&s->lock);
    pthread_cond_signal(&s->filled);
    if (!join(s))
        return;
    close(s->fd);
    if (s->next_fd >= 0)
        close(s->next_fd);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->filled);
    pthread_cond_destroy(&s->empty);
    mem_free(s->ring);
    mem_free(s);
}
