#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sink.h"

/* ---- a log whose stderr is a pipe that the test reads ---- */

struct caught {
    int saved, reader;
    char text[65536];
};

static void catch_begin(struct caught *c)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    fflush(stderr);
    c->saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    c->reader = ends[0];
    fcntl(c->reader, F_SETFL, O_NONBLOCK);
}

static const char *catch_end(struct caught *c)
{
    dup2(c->saved, STDERR_FILENO);
    close(c->saved);
    size_t got = 0;
    ssize_t n;
    while ((n = read(c->reader, c->text + got, sizeof c->text - 1 - got)) > 0)
        got += (size_t)n;
    c->text[got] = 0;
    close(c->reader);
    log_set_form(false, false);
    log_set_level(LOG_LEVEL_NOTICE);
    return c->text;
}

static void a_line_is_one_line_whatever_it_holds(void **state)
{
    struct caught c;
    catch_begin(&c);
    log_warning(
        "a%sb", "\n\r\x1b[31m\x7f\xe2\x80\xae"); /* the last is U+202E: what follows reads backwards */
    assert_string_equal(catch_end(&c), "harkd: warning: a\\010\\013\\027[31m\\127\\226\\128\\174b\n");
}

static void less_important_lines_are_left_out(void **state)
{
    struct caught c;
    catch_begin(&c);
    log_info("not this one");
    log_set_level(LOG_LEVEL_INFO);
    log_info("this one");
    assert_string_equal(catch_end(&c), "harkd: info: this one\n");
}

static bool is_time(const char *p)
{
    static const char form[] = "0000-00-00T00:00:00.000Z";
    for (size_t i = 0; form[i]; i++)
        if (form[i] == '0' ? p[i] < '0' || p[i] > '9' : p[i] != form[i])
            return false;
    return true;
}

static void lines_may_begin_with_the_time(void **state)
{
    struct caught c;
    catch_begin(&c);
    log_set_form(false, true);
    log_error("x");
    const char *text = catch_end(&c);
    assert_true(is_time(text));
    assert_string_equal(text + 24, " harkd: error: x\n");
}

static void json_is_an_object_a_line(void **state)
{
    struct caught c;
    catch_begin(&c);
    log_set_form(true, false);
    log_error("say \"<b>\" \\ \n");
    const char *text = catch_end(&c);
    assert_memory_equal(text, "{\"time\":\"", 9);
    assert_true(is_time(text + 9));
    assert_string_equal(
        text + 9 + 24, "\",\"level\":\"error\",\"message\":\"say \\\"\\u003cb\\u003e\\\" \\\\ \\\\010\"}\n");
}

static void json_stays_an_object_when_a_message_is_cut(void **state)
{
    struct caught c;
    char angles[1001];
    memset(angles, '<', 1000);
    angles[1000] = 0;
    catch_begin(&c);
    log_set_form(true, false);
    log_error("%s", angles);
    const char *text = catch_end(&c);
    size_t n = strlen(text);
    assert_true(n > 1000 && n <= SINK_LINE_MAX);
    assert_string_equal(text + n - 9, "\\u003c\"}\n");
}

/* systemd.exec(5): the variable names the device and inode of the stream, so that a child whose stderr goes
 * elsewhere can tell. */
static void lines_for_the_journal_begin_with_their_priority(void **state)
{
    struct caught c;
    struct stat st;
    char stream[64];
    catch_begin(&c);
    assert_int_equal(fstat(STDERR_FILENO, &st), 0);
    snprintf(stream, sizeof stream, "%lu:%lu", (unsigned long)st.st_dev, (unsigned long)st.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    log_open();
    log_set_level(LOG_LEVEL_DEBUG);
    log_set_form(false, true);
    log_error("e");
    log_warning("w");
    log_notice("n");
    log_info("i");
    log_debug("d");
    log_put(LOG_LEVEL_INFO, "another form");
    setenv("JOURNAL_STREAM", "1:1", 1);
    log_open();
    log_set_form(false, false);
    log_error("e");
    assert_string_equal(catch_end(&c), "<3>e\n<4>w\n<5>n\n<6>i\n<7>d\n<6>another form\nharkd: error: e\n");
}

static void the_thread_writes_all_before_the_end(void **state)
{
    struct caught c;
    catch_begin(&c);
    log_start();
    for (int i = 0; i < 1000; i++)
        log_notice("%d", i);
    log_stop();
    assert_int_equal(log_lost(), 0);
    const char *p = catch_end(&c);
    for (int i = 0; i < 1000; i++) {
        char line[64];
        int n = snprintf(line, sizeof line, "harkd: notice: %d\n", i);
        assert_memory_equal(p, line, (size_t)n);
        p += n;
    }
    assert_string_equal(p, "");
}

/* ---- the sink alone ---- */

static size_t lost_line(uint64_t lines, char *buf, size_t cap)
{
    return (size_t)snprintf(buf, cap, "lost %llu\n", (unsigned long long)lines);
}

static int64_t mono_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The sum of all whole lines that tell of losses: where the writer is late, the ring may overflow more than
 * once. */
static unsigned told_lost(const char *all)
{
    unsigned sum = 0;
    for (const char *at = all; (at = strstr(at, "lost ")); at++)
        if (strchr(at, '\n'))
            sum += (unsigned)strtoul(at + 5, NULL, 10);
    return sum;
}

/* Fault F22. Far more than ring and pipe hold; a put that waited would never come back. */
static void a_reader_that_does_not_read_costs_lines_and_no_time(void **state)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    struct sink *s = sink_new(ends[1], lost_line);
    char line[101];
    memset(line, 'x', sizeof line);
    line[100] = '\n';
    unsigned taken = 0;
    for (unsigned i = 0; i < 30000; i++)
        taken += sink_put(s, line, sizeof line);
    assert_in_range(taken, 1000, 29999);
    assert_int_equal(sink_lost(s), 30000 - taken);
    /* Once it reads again, it learns what it missed. */
    static char all[4000000];
    size_t got = 0;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    unsigned told = 0;
    for (int64_t end = mono_ms() + 20000; mono_ms() < end && told < 30000 - taken;) {
        ssize_t n = read(ends[0], all + got, sizeof all - 1 - got);
        got += n > 0 ? (size_t)n : 0;
        told = told_lost(all);
        if (n < 0)
            usleep(1000);
    }
    assert_int_equal(told, 30000 - taken);
    sink_free(s);
    close(ends[0]);
}

static void a_reader_that_does_not_read_holds_up_the_end_for_a_moment_only(void **state)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    struct sink *s = sink_new(ends[1], lost_line);
    char line[1000];
    memset(line, 'x', sizeof line);
    line[999] = '\n';
    while (sink_put(s, line, sizeof line))
        continue;
    sink_free(s); /* the test would hang */
    close(ends[0]);
}

static void a_reader_that_went_away_costs_lines_alone(void **state)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    struct sink *s = sink_new(ends[1], lost_line);
    assert_true(sink_put(s, "a\n", 2));
    for (int64_t end = mono_ms() + 20000; mono_ms() < end && sink_lost(s) == 0;)
        usleep(1000);
    assert_int_equal(sink_lost(s), 1);
    sink_free(s);
}

static size_t file_size(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (size_t)st.st_size : 0;
}

static void another_file_takes_over_between_lines(void **state)
{
    char before[] = "/tmp/hark-sink-XXXXXX", after[] = "/tmp/hark-sink-XXXXXX";
    struct sink *s = sink_new(mkostemp(before, O_CLOEXEC), lost_line);
    sink_put(s, "one\n", 4);
    for (int64_t end = mono_ms() + 20000; mono_ms() < end && file_size(before) == 0;)
        usleep(1000);
    sink_turn(s, mkostemp(after, O_CLOEXEC));
    sink_put(s, "second\n", 7);
    sink_free(s);
    assert_int_equal(file_size(before), 4);
    assert_int_equal(file_size(after), 7);
    unlink(before);
    unlink(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_one_line_whatever_it_holds),
        cmocka_unit_test(less_important_lines_are_left_out),
        cmocka_unit_test(lines_may_begin_with_the_time),
        cmocka_unit_test(json_is_an_object_a_line),
        cmocka_unit_test(json_stays_an_object_when_a_message_is_cut),
        cmocka_unit_test(lines_for_the_journal_begin_with_their_priority),
        cmocka_unit_test(the_thread_writes_all_before_the_end),
        cmocka_unit_test(a_reader_that_does_not_read_costs_lines_and_no_time),
        cmocka_unit_test(a_reader_that_does_not_read_holds_up_the_end_for_a_moment_only),
        cmocka_unit_test(a_reader_that_went_away_costs_lines_alone),
        cmocka_unit_test(another_file_takes_over_between_lines),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
