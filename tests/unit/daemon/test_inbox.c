/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "daemon/inbox.h"
#include "daemon/pending.h"

#define POSTERS 4
#define POSTS 60000u

/* Mail that knows who sent it, and as the how many. */
struct letter {
    struct mail mail;
    unsigned from, number;
};

struct fixture {
    uv_loop_t loop;
    struct inbox inbox;
    unsigned taken, left, wakes, batches, most;
    unsigned last[POSTERS]; /* number of the last letter of each poster */
    bool in_order, close_at_first;
};

struct poster {
    uv_thread_t thread;
    struct fixture *f;
    struct letter *letters;
    unsigned index, batch, returned;
};

static unsigned count_letters(struct fixture *f, const struct mail *m)
{
    unsigned n = 0;
    for (; m; m = m->next) {
        const struct letter *l = HOLDER(m, struct letter, mail);
        f->in_order &= l->number == f->last[l->from] + 1;
        f->last[l->from] = l->number;
        n++;
    }
    return n;
}

static void on_wake(void *ctx)
{
    struct fixture *f = ctx;
    unsigned n;
    f->wakes++;
    n = count_letters(f, inbox_take(&f->inbox));
    f->taken += n;
    f->batches += n > 0;
    f->most = n > f->most ? n : f->most;
    if (f->taken == POSTERS * POSTS || f->close_at_first)
        f->left = count_letters(f, inbox_close(&f->inbox));
}

static void send_all(struct poster *p, struct outbox *o)
{
    unsigned before = p->returned;
    for (struct mail *m = outbox_send(o, &p->f->inbox); m; m = m->next) {
        const struct letter *l = HOLDER(m, struct letter, mail);
        /* In order, and nothing after it is taken any more. */
        assert_true(p->returned == before || l[-1].mail.next == m);
        p->returned++;
    }
    assert_null(o->newest);
}

static void post_all(void *arg)
{
    struct poster *p = arg;
    struct outbox o = {0};
    for (unsigned i = 0; i < POSTS; i++) {
        p->letters[i] = (struct letter){.from = p->index, .number = i + 1};
        outbox_add(&o, &p->letters[i].mail);
        if (o.count == p->batch)
            send_all(p, &o);
    }
    send_all(p, &o);
}

/* Each poster in batches of another size. */
static void exchange(struct fixture *f, struct poster posters[POSTERS])
{
    uv_loop_init(&f->loop);
    assert_int_equal(inbox_init(&f->inbox, &f->loop, on_wake, f), ERR_OK);
    for (unsigned i = 0; i < POSTERS; i++) {
        posters[i] = (struct poster){.f = f, .index = i, .batch = 1 + i * 11};
        posters[i].letters = mem_alloc(POSTS * sizeof *posters[i].letters);
        uv_thread_create(&posters[i].thread, post_all, &posters[i]);
    }
    uv_run(&f->loop, UV_RUN_DEFAULT);
    for (unsigned i = 0; i < POSTERS; i++)
        uv_thread_join(&posters[i].thread);
}

static void finish(struct fixture *f, struct poster posters[POSTERS])
{
    for (unsigned i = 0; i < POSTERS; i++)
        mem_free(posters[i].letters);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    inbox_fini(&f->inbox);
}

static void what_many_threads_post_comes_once_and_in_order(void **state)
{
    struct fixture f = {.in_order = true};
    struct poster posters[POSTERS];
    exchange(&f, posters);
    assert_int_equal(f.taken, POSTERS * POSTS);
    assert_true(f.in_order);
    for (unsigned i = 0; i < POSTERS; i++)
        assert_int_equal(posters[i].returned, 0);
    assert_true(
        f.wakes <= f.batches + 1); /* nobody is woken for nothing, but who takes what comes meanwhile */
    finish(&f, posters);
}

static void a_burst_of_any_size_is_one_wake_up(void **state)
{
    struct fixture f = {.in_order = true, .close_at_first = true};
    struct poster p = {.f = &f, .batch = POSTS + 1};
    uv_loop_init(&f.loop);
    assert_int_equal(inbox_init(&f.inbox, &f.loop, on_wake, &f), ERR_OK);
    p.letters = mem_alloc(POSTS * sizeof *p.letters);
    post_all(&p);
    uv_run(&f.loop, UV_RUN_DEFAULT);
    assert_int_equal(f.wakes, 1);
    assert_int_equal(f.most, POSTS);
    assert_true(f.in_order);
    mem_free(p.letters);
    assert_int_equal(uv_loop_close(&f.loop), 0);
    inbox_fini(&f.inbox);
}

/* Nothing is lost between the two, whenever it closes. */
static void what_a_closed_inbox_does_not_take_comes_back(void **state)
{
    struct fixture f = {.in_order = true, .close_at_first = true};
    struct poster posters[POSTERS];
    exchange(&f, posters);
    unsigned returned = 0;
    for (unsigned i = 0; i < POSTERS; i++) {
        assert_int_equal(f.last[i] + posters[i].returned, POSTS);
        returned += posters[i].returned;
    }
    assert_int_equal(f.taken + f.left + returned, POSTERS * POSTS);
    assert_true(f.in_order);
    assert_int_equal(f.wakes, 1);
    finish(&f, posters);
}

static void closed_inbox_takes_nothing(void **state)
{
    struct fixture f = {0};
    struct letter letters[2];
    struct outbox o = {0};
    uv_loop_init(&f.loop);
    assert_int_equal(inbox_init(&f.inbox, &f.loop, on_wake, &f), ERR_OK);
    assert_null(inbox_close(&f.inbox));
    outbox_add(&o, &letters[0].mail);
    outbox_add(&o, &letters[1].mail);
    assert_ptr_equal(outbox_send(&o, &f.inbox), &letters[0].mail);
    assert_ptr_equal(letters[0].mail.next, &letters[1].mail);
    assert_null(letters[1].mail.next);
    inbox_nudge(&f.inbox);
    uv_run(&f.loop, UV_RUN_DEFAULT);
    assert_int_equal(f.wakes, 0);
    assert_int_equal(uv_loop_close(&f.loop), 0);
    inbox_fini(&f.inbox);
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
        cmocka_unit_test(a_burst_of_any_size_is_one_wake_up),
        cmocka_unit_test(what_a_closed_inbox_does_not_take_comes_back),
        cmocka_unit_test(closed_inbox_takes_nothing),
        cmocka_unit_test(pools_give_no_more_than_their_maximum_and_take_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
