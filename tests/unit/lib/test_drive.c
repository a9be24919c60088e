/* The driver with a made-up root server that answers everything itself. */
#include "lib/drive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "answerer.h"
#include "dns/msg.h"

static struct arena arena;
static struct answerer *server;
static struct config config;
static struct root_hint hint;
static name_t name[NAME_MAX_LEN];

static int set_up(void **state)
{
    arena_init(&arena);
    server = answerer_start();
    config_default(&config, &arena);
    hint = (struct root_hint){.name = NAME_ROOT, .addr_count = 1, .addrs = {answerer_at(server)->addr}};
    config.resolve.hints = &hint;
    config.resolve.hint_count = 1;
    config.resolve.port = answerer_at(server)->port;
    config.resolve.prime = false;
    config.resolve.minimise = false;
    config.resolve.loopback_servers = true;
    return 0;
}

static int tear_down(void **state)
{
    answerer_stop(server);
    arena_fini(&arena);
    return 0;
}

static struct question question(const char *text)
{
    assert_int_equal(name_from_text(name, text, strlen(text), NULL), ERR_OK);
    return (struct question){.name = name, .type = TYPE_A, .class = CLASS_IN};
}

static void count_events(void *ctx, const struct event *e)
{
    unsigned *counts = ctx;
    counts[e->kind]++;
}

static void answers_and_tells_what_it_does(void **state)
{
    unsigned counts[EVENT_COUNT] = {0};
    struct observer observer = {.event = count_events, .ctx = counts};
    struct drive *d = drive_new(&config);
    struct question q = question("www.example.");
    q.observer = &observer;
    const struct outcome *o = drive_ask(d, &q);
    assert_non_null(o);
    assert_int_equal(o->rcode, RCODE_NOERROR);
    assert_int_equal(o->answer.count, 1);
    assert_int_equal(counts[EVENT_QUESTION], 1);
    assert_int_equal(counts[EVENT_SENT], 1);
    assert_int_equal(counts[EVENT_REPLY], 1);
    assert_int_equal(counts[EVENT_ANSWER], 1);
    drive_free(d);
}

static void a_second_question_finds_the_cache(void **state)
{
    struct drive *d = drive_new(&config);
    struct question q = question("www.example.");
    assert_false(drive_ask(d, &q)->from_cache);
    const struct outcome *o = drive_ask(d, &q);
    assert_true(o->from_cache);
    assert_int_equal(o->answer.count, 1);
    assert_int_equal(answerer_udp_count(server), 1);
    drive_free(d);
}

static void what_is_truncated_comes_over_tcp(void **state)
{
    struct drive *d = drive_new(&config);
    struct question q = question("big.example.");
    const struct outcome *o = drive_ask(d, &q);
    assert_int_equal(o->rcode, RCODE_NOERROR);
    assert_int_equal(o->answer.items[0]->count, 100);
    assert_int_equal(answerer_tcp_count(server), 1);
    drive_free(d);
}

static void silence_ends_with_the_patience(void **state)
{
    struct drive *d = drive_new(&config);
    struct question q = question("silent.example.");
    q.deadline_ms = 300;
    const struct outcome *o = drive_ask(d, &q);
    assert_non_null(o);
    assert_int_equal(o->rcode, RCODE_SERVFAIL);
    assert_int_equal(o->reason.ede, EDE_NO_REACHABLE_AUTHORITY);
    /* The work for it goes on: it may be left where it is. */
    drive_free(d);
}

static void a_closed_port_is_told_at_once(void **state)
{
    config.resolve.port = answerer_nobody().port;
    struct drive *d = drive_new(&config);
    struct question q = question("www.example.");
    now_t before = now_read(false);
    const struct outcome *o = drive_ask(d, &q);
    assert_int_equal(o->rcode, RCODE_SERVFAIL);
    assert_true(now_read(false).mono_ms - before.mono_ms < 2000);
    drive_free(d);
}

static void may_be_freed_unasked(void **state)
{
    drive_free(drive_new(&config));
    drive_free(NULL);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(answers_and_tells_what_it_does),
        CASE(a_second_question_finds_the_cache),
        CASE(what_is_truncated_comes_over_tcp),
        CASE(silence_ends_with_the_patience),
        CASE(a_closed_port_is_told_at_once),
        CASE(may_be_freed_unasked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
