#include "lib/child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHILDREN_MAX 64u                 /* of one wait; a look at one name needs a dozen */
#define OUT_OCTETS_MAX ((size_t)1 << 20) /* more than any of ours writes */
#define WHOLE '.'                        /* the last octet of what a child writes */

int64_t child_now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            _exit(1);
        p += done;
        n -= (size_t)done;
    }
}

static _Noreturn void be_child(int fd, pid_t parent, void (*work)(void *, struct text *), void *argument)
{
    static const int handled[] = {SIGINT, SIGTERM, SIGHUP, SIGALRM};
    struct text out;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0; i < sizeof handled / sizeof handled[0]; i++)
        signal(handled[i], SIG_DFL); /* the terminal is the parent's business */
    if (getppid() != parent)
        _exit(1);
    text_init(&out);
    work(argument, &out);
    text_char(&out, WHOLE);
    write_all(fd, out.data, out.len);
    _exit(0); /* not exit(): the parent's unwritten output is the parent's */
}

void child_begin(struct child *c, void (*work)(void *argument, struct text *out), void *argument)
{
    int ends[2];
    pid_t parent = getpid();
    *c = (struct child){.fd = -1, .end = CHILD_DIED, .began_us = child_now_us()};
    text_init(&c->out);
    if (pipe2(ends, O_CLOEXEC) < 0)
        return;
    c->pid = fork();
    if (c->pid == 0) {
        close(ends[0]);
        be_child(ends[1], parent, work, argument);
    }
    close(ends[1]);
    if (c->pid < 0) {
        close(ends[0]);
        return;
    }
    c->fd = ends[0];
    c->end = CHILD_RUNNING;
}

static void end(struct child *c, enum child_end how)
{
    int ignored;
    close(c->fd);
    c->fd = -1;
    kill(c->pid, SIGKILL);
    while (waitpid(c->pid, &ignored, 0) < 0 && errno == EINTR)
        ;
    c->end = how;
    c->time_us = (uint32_t)(child_now_us() - c->began_us);
}

static void hear(struct child *c)
{
    char buf[8192];
    ssize_t n = read(c->fd, buf, sizeof buf);
    if (n > 0 && c->out.len + (size_t)n <= OUT_OCTETS_MAX) {
        text_add_n(&c->out, buf, (size_t)n);
        return;
    }
    if (n < 0 && errno == EINTR)
        return;
    bool whole = n == 0 && c->out.len > 0 && c->out.data[c->out.len - 1] == WHOLE;
    if (whole)
        c->out.data[--c->out.len] = 0;
    else
        text_clear(&c->out);
    end(c, whole ? CHILD_DONE : CHILD_DIED);
}

bool child_wait_any(struct child *const *list, size_t n, int64_t until_us)
{
    struct pollfd fds[CHILDREN_MAX];
    struct child *running[CHILDREN_MAX];
    nfds_t count = 0;
    assert(n <= CHILDREN_MAX);
    for (size_t i = 0; i < n; i++) {
        if (list[i]->end != CHILD_RUNNING)
            continue;
        fds[count] = (struct pollfd){.fd = list[i]->fd, .events = POLLIN};
        running[count++] = list[i];
    }
    int64_t left = until_us - child_now_us();
    if (count == 0)
        return false;
    int64_t ms = left > INT32_MAX ? INT32_MAX : left > 0 ? (left + 999) / 1000 : 0;
    int ready = poll(fds, count, (int)ms);
    if (ready < 0)
        return errno == EINTR;
    if (ready == 0 && left <= 0) /* what was written in time counts, even if it is read late */
        return false;
    for (nfds_t i = 0; i < count; i++)
        if (fds[i].revents)
            hear(running[i]);
    return true;
}

void child_wait(struct child *const *list, size_t n, int64_t until_us)
{
    while (child_wait_any(list, n, until_us))
        ;
    for (size_t i = 0; i < n; i++)
        child_stop(list[i]);
}

void child_stop(struct child *c)
{
    if (c->end == CHILD_RUNNING)
        end(c, CHILD_LATE);
}

void child_fini(struct child *c)
{
    child_stop(c);
    text_fini(&c->out);
}
