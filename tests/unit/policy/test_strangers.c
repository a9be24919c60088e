#include "policy/strangers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/random.h"
#include "defs/limits.h"

static int setup(void **state)
{
    struct hash_key key = {3, 4};
    *state = strangers_new(&key);
    return 0;
}

static int teardown(void **state)
{
    strangers_free(*state);
    return 0;
}

static struct addr at(const char *text)
{
    struct addr a;
    assert_int_equal(addr_parse(&a, text), ERR_OK);
    return a;
}

/* How many of `tries` between from and to are told. */
static unsigned told(struct strangers *s, const char *client, unsigned tries, int64_t from, int64_t to)
{
    struct addr a = at(client);
    unsigned n = 0;
    for (unsigned i = 0; i < tries; i++)
        n += strangers_may_hear(s, &a, from + (to - from) * i / tries);
    return n;
}

static void burst_and_then_some_a_second(void **state)
{
    assert_int_equal(told(*state, "192.0.2.1", 1000, 5000, 5001), STRANGER_REFUSALS_BURST);
    assert_int_equal(told(*state, "192.0.2.1", 1000, 6001, 6002), STRANGER_REFUSALS_PER_S);
    assert_int_equal(told(*state, "192.0.2.1", 1000, 6101, 6102), 0);
    unsigned n = told(*state, "192.0.2.1", 100000, 6200, 16200);
    assert_in_range(n, 10 * STRANGER_REFUSALS_PER_S - 1, 10 * STRANGER_REFUSALS_PER_S + 2);
}

static void one_who_asks_by_mistake_is_always_told(void **state)
{
    assert_int_equal(
        told(*state, "2001:db8::1", 100, 1000, 1000 + 100 * 1000 / STRANGER_REFUSALS_PER_S), 100);
}

static void neighbours_share_and_others_do_not(void **state)
{
    assert_int_equal(told(*state, "192.0.2.1", 100, 5000, 5001), STRANGER_REFUSALS_BURST);
    assert_int_equal(told(*state, "192.0.2.255", 100, 5001, 5002), 0);
    assert_int_equal(told(*state, "192.0.3.1", 100, 5001, 5002), STRANGER_REFUSALS_BURST);
    assert_int_equal(told(*state, "2001:db8:0:100::1", 100, 5001, 5002), STRANGER_REFUSALS_BURST);
    assert_int_equal(told(*state, "2001:db8:0:1ff::1", 100, 5001, 5002), 0);
    assert_int_equal(told(*state, "2001:db8:0:200::1", 100, 5001, 5002), STRANGER_REFUSALS_BURST);
}

static void clock_that_begins_anew_is_no_ban(void **state)
{
    int64_t end = (int64_t)1 << 32;
    assert_int_equal(told(*state, "192.0.2.1", 100, end - 100, end - 99), STRANGER_REFUSALS_BURST);
    assert_int_equal(told(*state, "192.0.2.1", 100, end + 900, end + 901), STRANGER_REFUSALS_PER_S);
    assert_int_equal(told(*state, "192.0.2.1", 100, 2 * end, 2 * end + 1), STRANGER_REFUSALS_BURST);
}

/* Whoever asks: what all together are told in a second is what the table holds. */
static void many_neighbourhoods_cannot_have_more_than_the_table(void **state)
{
    struct random *rng = random_new((const uint8_t[32]){7});
    unsigned n = 0;
    for (unsigned i = 0; i < 400000; i++) {
        uint8_t ip[4];
        random_octets(rng, ip, sizeof ip);
        struct addr a = addr_v4(ip);
        n += strangers_may_hear(*state, &a, 1000 + i * 2000 / 400000);
    }
    random_free(rng);
    assert_in_range(n, STRANGERS_SLOTS, 2 * STRANGERS_SLOTS * STRANGER_REFUSALS_PER_S + STRANGERS_SLOTS);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(burst_and_then_some_a_second),
        TEST(one_who_asks_by_mistake_is_always_told),
        TEST(neighbours_share_and_others_do_not),
        TEST(clock_that_begins_anew_is_no_ban),
        TEST(many_neighbourhoods_cannot_have_more_than_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
