/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>
/* clang-format on */

#include "control/control.h"

#define TURNS_MAX 2000 /* of the loop, until something expected has happened */

struct fixture {
    uv_loop_t loop;
    struct control_call *late; /* a reload that is not replied to yet, or whoever reads events */
    bool gone;
    unsigned rooms;
    struct control *control;
    char folder[32], path[64];
};

static void figures(void *ctx, struct control_figures *out)
{
    *out = (struct control_figures){.workers = 1};
}

static void reload(void *ctx, struct control_call *call)
{
    ((struct fixture *)ctx)->late = call;
}

static void on_gone(struct control_call *call)
{
    struct fixture *f = call->ctx;
    f->gone = true;
    f->late = NULL;
    call->end(call, NULL);
}

static void on_room_again(struct control_call *call)
{
    ((struct fixture *)call->ctx)->rooms++;
}

static void events(void *ctx, struct control_call *call, const struct event_filter *filter)
{
    struct fixture *f = ctx;
    f->late = call;
    call->gone = on_gone;
    call->room = on_room_again;
    call->ctx = f;
    assert_true(call->line(call, "{\"first\":1}"));
}

static struct control_source source = {.figures = figures, .reload = reload, .events = events};

static int setup(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);
    uv_loop_init(&f->loop);
    snprintf(f->folder, sizeof f->folder, "/tmp/test_control.XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/hark/control.sock", f->folder);
    source.ctx = f;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char sub[64];
    control_close(f->control);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    assert_int_equal(access(f->path, F_OK), -1);
    snprintf(sub, sizeof sub, "%s/hark", f->folder);
    rmdir(sub);
    rmdir(f->folder);
    mem_free(f);
    return 0;
}

static struct sockaddr_un address(const struct fixture *f)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof at.sun_path, "%s", f->path);
    return at;
}

static int dial(struct fixture *f)
{
    struct sockaddr_un at = address(f);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* Runs the loop until the other side closed; returns the octets read. */
static size_t read_all(struct fixture *f, int fd, char *buf, size_t cap)
{
    size_t len = 0;
    for (int i = 0; i < TURNS_MAX; i++) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
        ssize_t n = read(fd, buf + len, cap - 1 - len);
        if (n == 0 || (n < 0 && errno == ECONNRESET))
            break;
        if (n > 0)
            len += (size_t)n;
        else
            usleep(500);
    }
    buf[len] = 0;
    return len;
}

static void line_in_gives_one_object_out(void **state)
{
    struct fixture *f = *state;
    char buf[8192];
    assert_int_equal(control_open(&f->control, &f->loop, f->path, &source), ERR_OK);
    int fd = dial(f);
    assert_int_equal(write(fd, "sta", 3), 3);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_int_equal(write(fd, "tus\n", 4), 4);
    size_t len = read_all(f, fd, buf, sizeof buf);
    assert_true(len > 2 && buf[0] == '{' && buf[len - 2] == '}' && buf[len - 1] == '\n');
    close(fd);
}

static void reply_late(struct fixture *f)
{
    json_t *done = json_pack("{s:b}", "reloaded", 1);
    f->late->reply(f->late, done);
    json_decref(done);
}

static void dial_reload(struct fixture *f, int *fd)
{
    assert_int_equal(control_open(&f->control, &f->loop, f->path, &source), ERR_OK);
    *fd = dial(f);
    assert_int_equal(write(*fd, "reload\n", 7), 7);
    for (int i = 0; i < TURNS_MAX && !f->late; i++)
        uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_non_null(f->late);
}

static void turn(struct fixture *f, int times)
{
    for (int i = 0; i < times; i++)
        uv_run(&f->loop, UV_RUN_NOWAIT);
}

static int dial_events(struct fixture *f)
{
    assert_int_equal(control_open(&f->control, &f->loop, f->path, &source), ERR_OK);
    int fd = dial(f);
    assert_int_equal(write(fd, "events\n", 7), 7);
    for (int i = 0; i < TURNS_MAX && !f->late; i++)
        uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_non_null(f->late);
    return fd;
}

static void lines_come_until_the_end(void **state)
{
    struct fixture *f = *state;
    char buf[256];
    int fd = dial_events(f);
    turn(f, 5);
    assert_int_equal(read(fd, buf, sizeof buf), 12);
    shutdown(fd, SHUT_WR); /* has no more to ask, but listens */
    turn(f, 5);
    assert_true(f->late->line(f->late, "{\"second\":2}"));
    f->late->end(f->late, NULL);
    read_all(f, fd, buf, sizeof buf);
    assert_string_equal(buf, "{\"second\":2}\n");
    assert_false(f->gone);
    close(fd);
}

static void who_goes_away_is_missed(void **state)
{
    struct fixture *f = *state;
    int fd = dial_events(f);
    turn(f, 5);
    close(fd);
    for (int i = 0; i < TURNS_MAX && !f->gone; i++)
        uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_true(f->gone);
}

static void slow_reader_loses_lines_but_not_its_place(void **state)
{
    struct fixture *f = *state;
    char line[4096], buf[65536];
    unsigned taken = 0;
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = 0;
    int fd = dial_events(f);
    while (taken < 4 * STREAM_QUEUE_MAX / sizeof line && f->late->line(f->late, line))
        taken++;
    assert_in_range(taken, STREAM_QUEUE_MAX / sizeof line, 4 * STREAM_QUEUE_MAX / sizeof line - 1);
    assert_false(f->gone);
    size_t got = 0;
    for (int i = 0; i < TURNS_MAX && got < 12 + taken * sizeof line; i++) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
        ssize_t n = read(fd, buf, sizeof buf);
        got += n > 0 ? (size_t)n : 0;
    }
    assert_int_equal(got, 12 + taken * sizeof line);
    turn(f, 5);
    assert_int_equal(f->rooms, 1);
    assert_true(f->late->line(f->late, line));
    close(fd);
}

static void last_line_is_never_lost(void **state)
{
    struct fixture *f = *state;
    char line[4096];
    static char buf[5 * STREAM_QUEUE_MAX];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = 0;
    int fd = dial_events(f);
    while (f->late->line(f->late, line))
        ;
    f->late->end(f->late, "{\"last\":1}");
    size_t len = read_all(f, fd, buf, sizeof buf);
    assert_true(len > STREAM_QUEUE_MAX && len < sizeof buf - 1);
    assert_string_equal(buf + len - 11, "{\"last\":1}\n");
    close(fd);
}

static void who_closed_one_way_and_then_goes_is_missed_though_there_is_no_line(void **state)
{
    struct fixture *f = *state;
    int fd = dial_events(f);
    shutdown(fd, SHUT_WR);
    turn(f, 5);
    assert_false(f->gone);
    close(fd);
    for (int i = 0; i < 3 && !f->gone; i++)
        uv_run(&f->loop, UV_RUN_ONCE); /* until the next look: a second */
    assert_true(f->gone);
}

static void readers_of_lines_end_with_the_socket(void **state)
{
    struct fixture *f = *state;
    int fd = dial_events(f);
    control_close(f->control);
    f->control = NULL;
    turn(f, 5);
    assert_true(f->gone);
    close(fd);
}

static void reply_may_come_later(void **state)
{
    struct fixture *f = *state;
    char buf[256];
    int fd;
    dial_reload(f, &fd);
    assert_true(f->late->may_write); /* our own user */
    assert_int_equal(read(fd, buf, sizeof buf), -1);
    reply_late(f);
    read_all(f, fd, buf, sizeof buf);
    assert_string_equal(buf, "{\"reloaded\":true}\n");
    close(fd);
}

static void reply_may_come_after_the_end_of_the_socket(void **state)
{
    struct fixture *f = *state;
    int fd;
    dial_reload(f, &fd);
    close(fd);
    control_close(f->control);
    f->control = NULL;
    for (int i = 0; i < 10; i++)
        uv_run(&f->loop, UV_RUN_NOWAIT);
    reply_late(f);
}

static void last_line_may_lack_its_end(void **state)
{
    struct fixture *f = *state;
    char buf[8192];
    assert_int_equal(control_open(&f->control, &f->loop, f->path, &source), ERR_OK);
    int fd = dial(f);
    assert_int_equal(write(fd, "status", 6), 6);
    shutdown(fd, SHUT_WR);
    assert_true(read_all(f, fd, buf, sizeof buf) > 2);
    close(fd);
}

static void endless_request_is_cut_off(void **state)
{
    struct fixture *f = *state;
    char block[4096], buf[64];
    memset(block, 'x', sizeof block);
    assert_int_equal(control_open(&f->control, &f->loop, f->path, &source), ERR_OK);
    int fd = dial(f);
    size_t sent = 0;
    for (int i = 0; i < TURNS_MAX && sent < 4 * CONTROL_OCTETS_MAX; i++) {
        ssize_t n = send(fd, block, sizeof block, MSG_NOSIGNAL);
        if (n > 0)
            sent += (size_t)n;
        else if (errno == EPIPE || errno == ECONNRESET)
            break;
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    assert_true(sent < 4 * CONTROL_OCTETS_MAX);
    assert_int_equal(read_all(f, fd, buf, sizeof buf), 0);
    close(fd);
}

static void connections_beyond_the_maximum_are_closed(void **state)
{
    struct fixture *f = *state;
    int fds[CONTROL_CONNECTIONS_MAX + 1];
    char buf[64];
    assert_int_equal(control_open(&f->control, &f->loop, f->path, &source), ERR_OK);
    for (unsigned i = 0; i <= CONTROL_CONNECTIONS_MAX; i++) {
        fds[i] = dial(f);
        for (int k = 0; k < 3; k++)
            uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(read_all(f, fds[CONTROL_CONNECTIONS_MAX], buf, sizeof buf), 0);
    assert_int_equal(read(fds[0], buf, sizeof buf), -1);
    assert_int_equal(errno, EAGAIN);
    for (unsigned i = 0; i <= CONTROL_CONNECTIONS_MAX; i++)
        close(fds[i]);
}

static void socket_is_not_for_everybody(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    assert_int_equal(control_open(&f->control, &f->loop, f->path, &source), ERR_OK);
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
}

static void socket_left_behind_is_replaced_but_a_live_one_is_not(void **state)
{
    struct fixture *f = *state;
    struct control *second = NULL;
    char sub[64];
    snprintf(sub, sizeof sub, "%s/hark", f->folder);
    assert_int_equal(mkdir(sub, 0755), 0);
    struct sockaddr_un at = address(f);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    close(fd);
    assert_int_equal(control_open(&f->control, &f->loop, f->path, &source), ERR_OK);
    assert_int_equal(control_open(&second, &f->loop, f->path, &source), ERR_SYSTEM);
    assert_int_equal(errno, EADDRINUSE);
}

static void file_in_the_way_stays(void **state)
{
    struct fixture *f = *state;
    char sub[64];
    snprintf(sub, sizeof sub, "%s/hark", f->folder);
    assert_int_equal(mkdir(sub, 0755), 0);
    int fd = open(f->path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(control_open(&f->control, &f->loop, f->path, &source), ERR_SYSTEM);
    assert_int_equal(access(f->path, F_OK), 0);
    unlink(f->path);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(line_in_gives_one_object_out),
        TEST(lines_come_until_the_end),
        TEST(who_goes_away_is_missed),
        TEST(slow_reader_loses_lines_but_not_its_place),
        TEST(last_line_is_never_lost),
        TEST(who_closed_one_way_and_then_goes_is_missed_though_there_is_no_line),
        TEST(readers_of_lines_end_with_the_socket),
        TEST(reply_may_come_later),
        TEST(reply_may_come_after_the_end_of_the_socket),
        TEST(last_line_may_lack_its_end),
        TEST(endless_request_is_cut_off),
        TEST(connections_beyond_the_maximum_are_closed),
        TEST(socket_is_not_for_everybody),
        TEST(socket_left_behind_is_replaced_but_a_live_one_is_not),
        TEST(file_in_the_way_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
