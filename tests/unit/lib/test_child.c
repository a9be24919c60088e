#include "lib/child.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define LONG_US 30000000 /* longer than any of these takes on a loaded machine */

static void echo(void *argument, struct text *out)
{
    text_add(out, argument);
}

static void write_much(void *argument, struct text *out)
{
    for (int i = 0; i < 200000; i++)
        text_char(out, (char)('a' + i % 26));
}

static void crash(void *argument, struct text *out)
{
    text_add(out, "half of it");
    raise(SIGKILL);
}

static void leave_early(void *argument, struct text *out)
{
    text_add(out, "half of it");
    _exit(0);
}

static void hang(void *argument, struct text *out)
{
    pause();
}

static void hands_bytes_back(void **state)
{
    struct child a, b;
    child_begin(&a, echo, (void *)"one");
    child_begin(&b, write_much, NULL);
    child_wait((struct child *[]){&a, &b}, 2, child_now_us() + LONG_US);
    assert_int_equal(a.end, CHILD_DONE);
    assert_string_equal(a.out.data, "one");
    assert_int_equal(b.end, CHILD_DONE);
    assert_int_equal(b.out.len, 200000);
    assert_int_equal(b.out.data[199999], 'a' + 199999 % 26);
    child_fini(&a);
    child_fini(&b);
}

static void an_early_end_is_told_from_an_empty_result(void **state)
{
    struct child empty, crashed, left;
    child_begin(&empty, echo, (void *)"");
    child_begin(&crashed, crash, NULL);
    child_begin(&left, leave_early, NULL);
    child_wait((struct child *[]){&empty, &crashed, &left}, 3, child_now_us() + LONG_US);
    assert_int_equal(empty.end, CHILD_DONE);
    assert_int_equal(empty.out.len, 0);
    assert_int_equal(crashed.end, CHILD_DIED);
    assert_int_equal(left.end, CHILD_DIED);
    assert_int_equal(left.out.len, 0);
    child_fini(&empty);
    child_fini(&crashed);
    child_fini(&left);
}

static void what_hangs_is_ended(void **state)
{
    struct child a, b;
    child_begin(&a, hang, NULL);
    child_begin(&b, echo, (void *)"two");
    while (b.end == CHILD_RUNNING)
        assert_true(child_wait_any((struct child *[]){&a, &b}, 2, child_now_us() + LONG_US));
    child_wait((struct child *[]){&a, &b}, 2, child_now_us() + 1000);
    assert_int_equal(a.end, CHILD_LATE);
    assert_int_equal(kill(a.pid, 0), -1); /* gone, and waited for */
    assert_int_equal(b.end, CHILD_DONE);
    child_fini(&a);
    child_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hands_bytes_back),
        cmocka_unit_test(an_early_end_is_told_from_an_empty_result),
        cmocka_unit_test(what_hangs_is_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
