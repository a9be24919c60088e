/* What the tests of net share: sockets on loopback beside a loop that runs a bounded time. */
#ifndef HARK_TESTS_LOOPBACK_H
#define HARK_TESTS_LOOPBACK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/addr.h"

#define STEPS_MAX 5000 /* of a millisecond or so */

static inline void step(uv_loop_t *loop)
{
    if (uv_run(loop, UV_RUN_NOWAIT) >= 0)
        usleep(500);
}

/* Runs the loop until the condition holds; a test that waits in vain fails. */
#define RUN_UNTIL(loop, condition)                                                                           \
    do {                                                                                                     \
        int steps_ = 0;                                                                                      \
        while (!(condition) && steps_++ < STEPS_MAX)                                                         \
            step(loop);                                                                                      \
        assert_true(condition);                                                                              \
    } while (0)

static inline void run_ms(uv_loop_t *loop, int ms)
{
    uint64_t end = uv_hrtime() + (uint64_t)ms * 1000000u;
    while (uv_hrtime() < end)
        step(loop);
}

static inline void loop_end(uv_loop_t *loop)
{
    for (int i = 0; i < 100 && uv_loop_alive(loop); i++)
        step(loop);
    assert_int_equal(uv_loop_close(loop), 0); /* every handle was closed */
}

static inline struct endpoint at(const char *text)
{
    struct endpoint e;
    assert_int_equal(endpoint_parse(&e, text, 0), ERR_OK);
    return e;
}

static inline int socket_bound(int type, const struct endpoint *e)
{
    struct sockaddr_storage sa;
    socklen_t len = endpoint_to_sockaddr(e, &sa);
    int fd = socket(sa.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
    return fd;
}

static inline struct endpoint socket_at(int fd)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
    return endpoint_of_sockaddr((struct sockaddr *)&sa);
}

/* A socket connected there, or on its way. */
static inline int socket_to(int type, const struct endpoint *e)
{
    struct sockaddr_storage sa;
    socklen_t len = endpoint_to_sockaddr(e, &sa);
    int fd = socket(sa.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_true(connect(fd, (struct sockaddr *)&sa, len) == 0 || errno == EINPROGRESS);
    return fd;
}

static inline bool has_v6(void)
{
    struct endpoint e = at("::1");
    struct sockaddr_storage sa;
    socklen_t len = endpoint_to_sockaddr(&e, &sa);
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    bool yes = fd >= 0 && bind(fd, (struct sockaddr *)&sa, len) == 0;
    if (fd >= 0)
        close(fd);
    return yes;
}

#endif
