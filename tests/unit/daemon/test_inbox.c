/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "daemon/inbox.h"

#define POSTERS 4
#define POSTS 500u

struct fixture {
    uv_loop_t loop;
    struct inbox inbox;
    unsigned taken, wakes;
    size_t last[POSTERS]; /* q->len of the last one of each poster */
    bool in_order;
};

struct poster {
    uv_thread_t thread;
    struct fixture *f;
    struct pending_pool pool;
    atomic_uint total;
    unsigned index, refused;
};

static void on_wake(uv_async_t *async)
{
    struct fixture *f = async->data;
    f->wakes++;
    for (struct pending *q = inbox_take(&f->inbox); q; q = q->next) {
        unsigned from = q->rq.type;
        f->in_order &= q->len == f->last[from] + 1;
        f->last[from] = q->len;
        f->taken++;
    }
    if (f->taken == POSTERS * POSTS)
        inbox_close(&f->inbox);
}

static void post_all(void *arg)
{
    struct poster *p = arg;
    for (unsigned i = 1; i <= POSTS; i++) {
        struct pending *q = pending_take(&p->pool);
        q->rq.type = (uint16_t)p->index;
        q->len = i;
        p->refused += !inbox_post(&p->f->inbox, q);
    }
}

static void what_many_threads_post_comes_once_and_in_order(void **state)
{
    struct fixture f = {.in_order = true};
    struct poster posters[POSTERS];
    uv_loop_init(&f.loop);
    inbox_init(&f.inbox, &f.loop, on_wake, &f);
    for (unsigned i = 0; i < POSTERS; i++) {
        posters[i] = (struct poster){.f = &f, .index = i};
        pending_pool_init(&posters[i].pool, &posters[i].total, POSTS);
        uv_thread_create(&posters[i].thread, post_all, &posters[i]);
    }
    uv_run(&f.loop, UV_RUN_DEFAULT);
    assert_int_equal(f.taken, POSTERS * POSTS);
    assert_true(f.in_order);
    for (unsigned i = 0; i < POSTERS; i++) {
        uv_thread_join(&posters[i].thread);
        assert_int_equal(posters[i].refused, 0);
        pending_pool_fini(&posters[i].pool);
    }
    assert_int_equal(uv_loop_close(&f.loop), 0);
    inbox_fini(&f.inbox);
}

static void closed_inbox_takes_nothing(void **state)
{
    struct fixture f = {0};
    struct pending_pool pool;
    atomic_uint total = 0;
    pending_pool_init(&pool, &total, 4);
    uv_loop_init(&f.loop);
    inbox_init(&f.inbox, &f.loop, on_wake, &f);
    inbox_close(&f.inbox);
    assert_false(inbox_post(&f.inbox, pending_take(&pool)));
    inbox_nudge(&f.inbox);
    uv_run(&f.loop, UV_RUN_DEFAULT);
    assert_int_equal(f.wakes, 0);
    assert_int_equal(uv_loop_close(&f.loop), 0);
    inbox_fini(&f.inbox);
    pending_pool_fini(&pool);
}

static unsigned seen;

static void count(struct pending *q)
{
    seen++;
}

static void pools_give_no_more_than_their_maximum_and_take_back(void **state)
{
    struct pending_pool pool, other;
    struct pending *taken[100];
    atomic_uint total = 0;
    pending_pool_init(&pool, &total, 100);
    pending_pool_init(&other, &total, 100);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 100; i++) {
            taken[i] = pending_take(&pool);
            assert_non_null(taken[i]);
        }
        assert_null(pending_take(&pool));
        assert_null(pending_take(&other)); /* the maximum is of all pools together */
        seen = 0;
        pending_each(&pool, count);
        assert_int_equal(seen, 100);
        for (unsigned i = 0; i < 100; i++)
            pending_release(&pool, taken[i]);
        assert_int_equal(pool.in_use, 0);
    }
    taken[0] = pending_take(&pool);
    taken[0]->wire = mem_alloc(10); /* what is in use at the end is freed with the pool */
    pending_pool_fini(&pool);
    pending_pool_fini(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_many_threads_post_comes_once_and_in_order),
        cmocka_unit_test(closed_inbox_takes_nothing),
        cmocka_unit_test(pools_give_no_more_than_their_maximum_and_take_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
