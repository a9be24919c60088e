/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "base/mem.h"
#include "daemon/errand.h"
#include "daemon/feed.h"

#define SENDERS 3u
#define LINES 800u

struct fixture {
    uv_loop_t loop;
    struct feed *feed;
    unsigned lines, ends, foreign;
    int last[SENDERS];
    bool in_order;
};

static void on_line(void *ctx, struct feed_reader to, const char *line, bool last)
{
    struct fixture *f = ctx;
    f->ends += last;
    json_t *j = json_loads(line, 0, NULL);
    int n = (int)json_integer_value(json_object_get(j, "n"));
    json_decref(j);
    f->lines++;
    f->foreign += to.turn != 7;
    f->in_order &= n == ++f->last[to.place];
}

static int setup(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);
    uv_loop_init(&f->loop);
    f->feed = feed_new(&f->loop, on_line, f);
    f->in_order = true;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    feed_free(f->feed);
    mem_free(f);
    return 0;
}

static void end_loop(struct fixture *f)
{
    feed_close(f->feed);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
}

static void put(struct fixture *f, uint32_t place, unsigned n, bool last)
{
    feed_put(f->feed, (struct feed_reader){place, 7}, json_pack("{s:i}", "n", (int)n), last);
}

struct sender {
    uv_thread_t thread;
    struct fixture *f;
    uint32_t place;
};

static void send_all(void *arg)
{
    const struct sender *s = arg;
    for (unsigned n = 1; n <= LINES; n++)
        put(s->f, s->place, n, n == LINES);
}

static void lines_of_all_senders_come_in_their_order(void **state)
{
    struct fixture *f = *state;
    struct sender senders[SENDERS];
    for (uint32_t i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){.f = f, .place = i};
        assert_int_equal(uv_thread_create(&senders[i].thread, send_all, &senders[i]), 0);
    }
    while (f->ends < SENDERS)
        uv_run(&f->loop, UV_RUN_ONCE);
    for (unsigned i = 0; i < SENDERS; i++)
        uv_thread_join(&senders[i].thread);
    assert_int_equal(f->lines, SENDERS * LINES);
    assert_int_equal(f->foreign, 0);
    assert_true(f->in_order);
    end_loop(f);
}

static void what_finds_no_room_is_counted_for_its_reader(void **state)
{
    struct fixture *f = *state;
    const struct feed_reader first = {0, 7}, second = {1, 7};
    unsigned n = 0;
    while (feed_has_room(f->feed, first) && n < 100000)
        put(f, 0, ++n, false);
    assert_in_range(n, 1000, 10000);
    assert_false(feed_has_room(f->feed, first));
    assert_false(feed_has_room(f->feed, second));
    feed_lose(f->feed, second, 5);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_int_equal(f->lines, n);
    assert_true(feed_has_room(f->feed, first));
    assert_int_equal(feed_take_lost(f->feed, 0), 2);
    assert_int_equal(feed_take_lost(f->feed, 0), 0);
    assert_int_equal(feed_take_lost(f->feed, 1), 6);
    end_loop(f);
}

static void room_is_bounded_in_octets_too(void **state)
{
    struct fixture *f = *state;
    const struct feed_reader first = {0, 7};
    static char text[100001];
    size_t octets = 0;
    memset(text, 'x', sizeof text - 1);
    while (feed_has_room(f->feed, first) && octets < 100000000)
        octets += feed_put(f->feed, first, json_pack("{s:s}", "text", text), false);
    assert_in_range(octets, 1000000, 4000000);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_true(feed_has_room(f->feed, first));
    end_loop(f);
}

static void nothing_comes_after_the_end(void **state)
{
    struct fixture *f = *state;
    put(f, 0, 1, false);
    end_loop(f);
    put(f, 0, 2, true); /* a worker that ends later */
    assert_true(f->lines <= 1 && f->ends == 0);
}

/* ---- errands ---- */

static void tell(struct worker *w, const void *what, struct text *out)
{
    text_printf(out, "%u", *(const unsigned *)what);
}

static void do_errand(void *arg)
{
    struct errand *e = arg;
    errand_run(e, NULL, 1);
    errand_release(e);
}

static void errand_of_who_is_busy_is_left_out(void **state)
{
    const unsigned what = 4711;
    struct errand *e = errand_new(2, tell, &what, sizeof what);
    uv_thread_t thread;
    assert_int_equal(uv_thread_create(&thread, do_errand, errand_hold(e)), 0);
    errand_wait(e); /* the other never comes */
    uv_thread_join(&thread);
    assert_null(errand_told(e, 0));
    assert_string_equal(errand_told(e, 1)->data, "4711");
    errand_run(e, NULL, 0); /* too late: what is being read does not change */
    assert_null(errand_told(e, 0));
    errand_release(e);
    errand_release(NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lines_of_all_senders_come_in_their_order),
        TEST(what_finds_no_room_is_counted_for_its_reader),
        TEST(room_is_bounded_in_octets_too),
        TEST(nothing_comes_after_the_end),
        cmocka_unit_test(errand_of_who_is_busy_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
