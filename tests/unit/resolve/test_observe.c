/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "world.h"

/* The root at 10.0.0.1, example. at 192.0.2.1 */
static const struct world_rule RULES[] = {
    {.addr = "192.0.2.1", .name = "slow.example.", .how = HOW_SILENT},
    {.addr = "192.0.2.1",
        .name = "www.example.",
        .type = TYPE_A,
        .flags = FLAG_AA,
        .answer = "www.example. 60 A 192.0.2.80"},
    {.addr = "10.0.0.1", .name = "*.silent.", .how = HOW_SILENT},
    {.addr = "10.0.0.1",
        .name = "*.example.",
        .authority = "example. 3600 NS ns.example.",
        .additional = "ns.example. 3600 A 192.0.2.1"},
};

struct seen {
    unsigned count, roots;
    uint32_t kinds;
    bool timeout_names;
};

static void on_event(void *ctx, const struct event *e)
{
    struct seen *s = ctx;
    s->count++;
    s->kinds |= EVENT_BIT(e->kind);
    s->roots += e->root_name && name_equal(e->root_name, (const name_t *)"\3www\7example");
    if (e->kind == EVENT_TIMEOUT)
        s->timeout_names = e->sent_type == TYPE_A && name_same_case(e->sent_name, e->qname);
}

static void settings(struct resolve_settings *s)
{
    s->prime = false;
    s->use_v6 = false;
}

static struct world *make(void)
{
    return world_new(RULES, sizeof RULES / sizeof RULES[0], settings);
}

static void observer_sees_the_kinds_that_it_wants(void **state)
{
    struct world *w = make();
    struct seen some = {0}, all = {0};
    const uint32_t kinds = EVENT_BIT(EVENT_REPLY) | EVENT_BIT(EVENT_TIMEOUT);
    const struct observer o = {.event = on_event, .ctx = &some, .kinds = kinds},
                          every = {.event = on_event, .ctx = &all};
    struct question q = {
        .name = (const name_t *)"\4slow\7example", .type = TYPE_A, .class = CLASS_IN, .observer = &o};
    world_wait(w, world_begin_question(w, &q));
    assert_int_equal(some.kinds, kinds);
    assert_true(some.timeout_names);
    world_drain(w);
    unsigned before = some.count;
    q.name = (const name_t *)"\3www\7example";
    q.observer = &every;
    world_wait(w, world_begin_question(w, &q));
    assert_true(all.kinds & EVENT_BIT(EVENT_QUESTION) && all.kinds & EVENT_BIT(EVENT_DONE));
    assert_int_equal(some.count, before);
    world_free(w);
}

static void who_watches_everything_sees_each_thing_once(void **state)
{
    struct world *w = make();
    struct seen mine = {0}, all = {0};
    const struct observer o = {.event = on_event, .ctx = &mine}, every = {.event = on_event, .ctx = &all};
    struct question q = {
        .name = (const name_t *)"\3www\7example", .type = TYPE_A, .class = CLASS_IN, .observer = &o};
    resolve_watch(world_resolver(w), &every);
    ask_id first = world_begin_question(w, &q);
    q.observer = NULL;
    ask_id second = world_begin_question(w, &q);
    world_wait(w, first);
    world_wait(w, second);
    assert_int_equal(all.kinds, mine.kinds);
    assert_int_equal(all.count, mine.count);
    assert_int_equal(all.roots, all.count);
    resolve_watch(world_resolver(w), NULL);
    world_ask(w, "www.example.", TYPE_A);
    assert_int_equal(all.roots, all.count);
    world_free(w);
}

struct listed {
    unsigned count, waiters;
    uint32_t age_ms, waited_ms;
    bool asks_server;
};

static void on_question(void *ctx, const struct in_flight *q)
{
    struct listed *l = ctx;
    l->count++;
    l->waiters += q->waiters;
    l->age_ms = q->age_ms;
    l->waited_ms = q->waited_ms;
    l->asks_server = q->to && name_equal(q->server, (const name_t *)"\2ns\7example") &&
                     name_equal(q->zone, (const name_t *)"\7example") && strstr(q->state, "server");
}

static void what_is_in_flight_is_told(void **state)
{
    struct world *w = make();
    struct listed l = {0};
    now_t now = {.mono_ms = world_now_ms(w)};
    resolve_each_question(world_resolver(w), now, on_question, &l);
    assert_int_equal(l.count, 0);
    world_begin(w, "slow.example.", TYPE_A);
    world_begin(w, "slow.example.", TYPE_A);
    world_run(w, 1000);
    now.mono_ms = world_now_ms(w);
    resolve_each_question(world_resolver(w), now, on_question, &l);
    assert_int_equal(l.count, 1);
    assert_int_equal(l.waiters, 2);
    assert_int_equal(l.age_ms, 1000);
    assert_true(l.waited_ms < 1000);
    assert_true(l.asks_server);
    world_free(w);
}

static void on_silent(void *ctx, const struct in_flight *q)
{
    struct listed *l = ctx;
    assert_non_null(q->to);
    assert_non_null(q->server);
    assert_string_equal(name_is_root(q->zone) ? "." : "?", ".");
    l->count += strstr(q->state, "waits for what anot") != NULL;
    l->waiters += q->waiters;
}

static void who_waits_for_anothers_message_is_told_with_its_server(void **state)
{
    struct world *w = make();
    struct listed l = {0};
    world_begin(w, "a.b.silent.", TYPE_A);
    world_begin(w, "c.d.silent.", TYPE_A);
    world_run(w, 100);
    resolve_each_question(world_resolver(w), (now_t){.mono_ms = world_now_ms(w)}, on_silent, &l);
    assert_int_equal(l.waiters, 2);
    assert_int_equal(l.count, 1);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(observer_sees_the_kinds_that_it_wants),
        cmocka_unit_test(who_watches_everything_sees_each_thing_once),
        cmocka_unit_test(what_is_in_flight_is_told),
        cmocka_unit_test(who_waits_for_anothers_message_is_told_with_its_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
