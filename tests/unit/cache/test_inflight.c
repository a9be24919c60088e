#include "cache/inflight.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "defs/limits.h"

static const struct hash_key key = {5, 6};
static uint32_t zone, other_zone, server;

static uint32_t slot_of(const struct inflight *i, const char *name)
{
    return inflight_zone_slot(inflight_zone_hash(i, (const name_t *)name));
}

static int setup(void **state)
{
    struct inflight *i = inflight_new(&key, 0, 0, 0);
    struct addr a = addr_v4((const uint8_t[4]){10, 2, 0, 1});
    zone = slot_of(i, "\3vic\2zz");
    other_zone = slot_of(i, "\5other\2zz");
    server = inflight_server(i, &a);
    *state = i;
    return 0;
}

static int teardown(void **state)
{
    struct inflight_figures f;
    inflight_read(*state, &f);
    assert_int_equal(f.messages, 0);
    inflight_free(*state);
    return 0;
}

static void exchanges(struct inflight *i, uint32_t of, unsigned count, enum flight_end how)
{
    for (unsigned n = 0; n < count; n++)
        inflight_begin(i, of, server);
    for (unsigned n = 0; n < count; n++)
        inflight_end(i, of, server, how);
}

static void names_of_a_zone_in_any_case_have_one_slot(void **state)
{
    assert_int_equal(slot_of(*state, "\3ViC\2zZ"), zone);
    assert_int_not_equal(zone, other_zone);
    assert_true(zone < server);
}

static void a_cap_doubles_with_a_round_of_answers(void **state)
{
    struct inflight *i = *state;
    assert_int_equal(inflight_room(i, zone), INFLIGHT_ZONE_START);
    assert_int_equal(inflight_room(i, server), INFLIGHT_SERVER_START);
    exchanges(i, zone, INFLIGHT_ZONE_START, FLIGHT_ANSWERED);
    assert_in_range(inflight_room(i, zone), INFLIGHT_ZONE_START * 5 / 4, INFLIGHT_ZONE_START * 2);
    for (unsigned n = 0; n < 20; n++)
        exchanges(i, zone, inflight_room(i, zone), FLIGHT_ANSWERED);
    assert_in_range(inflight_room(i, zone), INFLIGHT_CAP_MAX / 2, INFLIGHT_CAP_MAX);
}

static void one_that_is_not_in_use_stays_at_its_start(void **state)
{
    for (unsigned n = 0; n < 1000; n++)
        exchanges(*state, zone, 1, FLIGHT_ANSWERED);
    assert_int_equal(inflight_room(*state, zone), INFLIGHT_ZONE_START);
}

static void silence_shrinks_a_zone_to_its_floor_and_answers_bring_it_back(void **state)
{
    exchanges(*state, zone, 1000, FLIGHT_SILENT);
    assert_int_equal(inflight_room(*state, zone), INFLIGHT_ZONE_FLOOR);
    for (unsigned n = 0; n < 200; n++)
        exchanges(*state, zone, 1, FLIGHT_ANSWERED);
    assert_int_equal(inflight_room(*state, zone), INFLIGHT_ZONE_START);
}

static void loss_of_40_percent_shrinks_nothing(void **state)
{
    for (unsigned n = 0; n < 1000; n++)
        exchanges(*state, zone, 1, n % 5 < 2 ? FLIGHT_SILENT : FLIGHT_ANSWERED);
    assert_in_range(inflight_room(*state, zone), INFLIGHT_ZONE_START - 2, INFLIGHT_ZONE_START);
}

/* Threat P14. */
static void silences_of_one_zone_do_not_shrink_an_address(void **state)
{
    exchanges(*state, zone, 1000, FLIGHT_SILENT);
    assert_in_range(inflight_room(*state, server), INFLIGHT_SERVER_START - 1, INFLIGHT_SERVER_START);
    for (unsigned n = 0; n < 1000; n++)
        exchanges(*state, n % 2 ? zone : other_zone, 1, FLIGHT_SILENT);
    assert_int_equal(inflight_room(*state, server), INFLIGHT_SERVER_FLOOR);
}

static void what_is_dropped_changes_no_cap(void **state)
{
    exchanges(*state, zone, 1000, FLIGHT_DROPPED);
    assert_int_equal(inflight_room(*state, zone), INFLIGHT_ZONE_START);
}

static void places_are_counted(void **state)
{
    struct inflight *i = *state;
    inflight_question(i, CLIENT_QUESTIONS_MAX - 1);
    assert_int_equal(inflight_free_places(i), 1);
    inflight_question(i, 1);
    assert_false(inflight_is_crowded(i));
    inflight_question(i, 1);
    assert_true(inflight_is_crowded(i));
    assert_int_equal(inflight_free_places(i), 0);
    inflight_question(i, -(int)CLIENT_QUESTIONS_MAX - 1);
    inflight_job(i, 2 * CLIENT_QUESTIONS_MAX + 2);
    assert_true(inflight_is_crowded(i));
    assert_int_equal(inflight_wait(i, zone, 1), 1);
    assert_int_equal(inflight_wait(i, zone, -1), 0);
}

static void *work(void *i)
{
    for (unsigned n = 0; n < 20000; n++) {
        inflight_begin(i, zone, server);
        inflight_end(i, zone, server, (enum flight_end)(n % 3));
    }
    return NULL;
}

static void workers_give_back_what_they_took(void **state)
{
    pthread_t threads[4];
    for (unsigned n = 0; n < 4; n++)
        pthread_create(&threads[n], NULL, work, *state);
    for (unsigned n = 0; n < 4; n++)
        pthread_join(threads[n], NULL);
    assert_in_range(inflight_room(*state, zone), INFLIGHT_ZONE_FLOOR, INFLIGHT_ZONE_START);
}

static void *silences(void *i)
{
    for (unsigned n = 0; n < 3000000; n++) {
        inflight_begin(i, zone, server);
        inflight_end(i, zone, server, n % 2 ? FLIGHT_ANSWERED : FLIGHT_SILENT);
        if (inflight_room(i, zone) + 1 < INFLIGHT_ZONE_FLOOR) /* one message may be the other worker's */
            return i;
    }
    return NULL;
}

static void no_two_workers_shrink_a_cap_below_its_floor(void **state)
{
    pthread_t threads[2];
    exchanges(*state, zone, 1000, FLIGHT_SILENT);
    for (unsigned n = 0; n < 2; n++)
        pthread_create(&threads[n], NULL, silences, *state);
    for (unsigned n = 0; n < 2; n++) {
        void *below;
        pthread_join(threads[n], &below);
        assert_null(below);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_of_a_zone_in_any_case_have_one_slot),
        TEST(a_cap_doubles_with_a_round_of_answers),
        TEST(one_that_is_not_in_use_stays_at_its_start),
        TEST(silence_shrinks_a_zone_to_its_floor_and_answers_bring_it_back),
        TEST(loss_of_40_percent_shrinks_nothing),
        TEST(silences_of_one_zone_do_not_shrink_an_address),
        TEST(what_is_dropped_changes_no_cap),
        TEST(places_are_counted),
        TEST(workers_give_back_what_they_took),
        TEST(no_two_workers_shrink_a_cap_below_its_floor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
