#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/listeners.h"

static void sockets_of_our_own_are_each_workers(void **state)
{
    struct listener l = {.given = -1};
    for (unsigned worker = 0; worker < 5; worker++)
        assert_true(listener_is_for(&l, worker, 5));
}

/* However many there are of both: no worker is without work, no socket without a worker. */
static void given_sockets_and_workers_all_have_each_other(void **state)
{
    for (unsigned equal = 1; equal <= 9; equal++)
        for (unsigned workers = 1; workers <= 9; workers++) {
            unsigned of_worker[9] = {0};
            for (unsigned rank = 0; rank < equal; rank++) {
                struct listener l = {.given = 3, .rank = rank, .equal = equal};
                unsigned served = 0;
                for (unsigned worker = 0; worker < workers; worker++) {
                    bool mine = listener_is_for(&l, worker, workers);
                    served += mine;
                    of_worker[worker] += mine;
                }
                assert_true(served >= 1);
                if (equal >= workers) /* then none need be shared */
                    assert_int_equal(served, 1);
            }
            for (unsigned worker = 0; worker < workers; worker++)
                assert_true(of_worker[worker] >= 1);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sockets_of_our_own_are_each_workers),
        cmocka_unit_test(given_sockets_and_workers_all_have_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
