#include "lib/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "answerer.h"

static struct arena arena;
static struct answerer *server;
static struct random *rng;

static int set_up(void **state)
{
    arena_init(&arena);
    server = answerer_start();
    rng = random_new(NULL);
    return 0;
}

static int tear_down(void **state)
{
    answerer_stop(server);
    random_free(rng);
    arena_fini(&arena);
    return 0;
}

static struct msg_question question(const char *name, uint16_t type)
{
    struct msg_question q = {.type = type, .class = CLASS_IN};
    assert_int_equal(name_from_text(q.name, name, strlen(name), NULL), ERR_OK);
    return q;
}

/* 150 ms are enough on a loopback, and tests that wait for silence stay short. */
static struct ask_settings settings(const struct endpoint *servers, size_t count)
{
    return (struct ask_settings){.servers = servers,
        .server_count = count,
        .tries = 2,
        .timeout_ms = 150,
        .edns = true,
        .udp_size = 1232,
        .recursion = true};
}

static struct ask_reply asked(const char *name)
{
    struct ask_settings s = settings(answerer_at(server), 1);
    struct msg_question q = question(name, TYPE_A);
    struct ask_reply r;
    ask(&r, &s, &q, rng, &arena);
    return r;
}

static void takes_the_reply(void **state)
{
    struct ask_reply r = asked("www.example.");
    assert_int_equal(r.end, ASK_REPLY);
    assert_int_equal(r.transport, TRANSPORT_UDP);
    assert_int_equal(r.msg.counts[SECTION_ANSWER], 1);
    assert_true(r.msg.flags & FLAG_RD);
    assert_true(endpoint_equal(&r.server, answerer_at(server)));
    assert_int_equal(r.strays, 0);
}

static void a_truncated_reply_is_fetched_over_tcp(void **state)
{
    struct ask_reply r = asked("big.example.");
    assert_int_equal(r.end, ASK_REPLY);
    assert_true(r.was_truncated);
    assert_int_equal(r.transport, TRANSPORT_TCP);
    assert_int_equal(r.msg.counts[SECTION_ANSWER], 100);
}

static void a_link_local_address_without_its_interface_is_unreachable(void **state)
{
    struct endpoint to = {.port = 53};
    assert_int_equal(addr_parse(&to.addr, "fe80::1"), ERR_OK);
    struct ask_settings s = settings(&to, 1);
    struct msg_question q = question("www.example.", TYPE_A);
    struct ask_reply r;
    ask(&r, &s, &q, rng, &arena);
    assert_int_equal(r.end, ASK_UNREACHABLE);
}

static void strays_are_those_of_the_server_that_is_named(void **state)
{
    struct endpoint servers[2] = {*answerer_at(server), answerer_nobody()};
    struct ask_settings s = settings(servers, 2);
    struct msg_question q = question("odd.example.", TYPE_A);
    struct ask_reply r;
    ask(&r, &s, &q, rng, &arena);
    assert_int_equal(r.end, ASK_UNREACHABLE);
    assert_int_equal(r.strays, 0);
}

static void tcp_from_the_start_sends_no_packet(void **state)
{
    struct ask_settings s = settings(answerer_at(server), 1);
    struct msg_question q = question("www.example.", TYPE_A);
    struct ask_reply r;
    s.tcp = true;
    ask(&r, &s, &q, rng, &arena);
    assert_int_equal(r.end, ASK_REPLY);
    assert_int_equal(answerer_udp_count(server), 0);
    assert_int_equal(answerer_tcp_count(server), 1);
}

static void a_lost_message_is_sent_again(void **state)
{
    struct ask_reply r = asked("second.example.");
    assert_int_equal(r.end, ASK_REPLY);
    assert_int_equal(answerer_udp_count(server), 2);
}

static void packets_that_are_no_reply_do_not_end_the_wait(void **state)
{
    struct ask_reply r = asked("wrong.example.");
    assert_int_equal(r.end, ASK_REPLY);
    assert_int_equal(r.strays, 4);
    assert_int_equal(r.msg.counts[SECTION_ANSWER], 1);
}

static void replies_to_other_questions_are_as_good_as_silence(void **state)
{
    struct ask_reply r = asked("odd.example.");
    assert_int_equal(r.end, ASK_TIMEOUT);
    assert_int_equal(r.strays, 2);
}

static void formerr_without_opt_is_asked_again_without_edns(void **state)
{
    struct ask_reply r = asked("oldest.example.");
    assert_int_equal(r.end, ASK_REPLY);
    assert_true(r.without_edns);
    assert_int_equal(r.msg.rcode, RCODE_NOERROR);
}

static void silence_is_a_timeout_after_all_tries(void **state)
{
    struct ask_reply r = asked("silent.example.");
    assert_int_equal(r.end, ASK_TIMEOUT);
    assert_int_equal(answerer_udp_count(server), 2);
}

static void a_connection_closed_early_is_said_so(void **state)
{
    struct ask_reply r = asked("closing.example.");
    assert_int_equal(r.end, ASK_UNREACHABLE);
    assert_string_equal(ask_end_text(&r), "closed the connection before its reply");
}

static void the_next_server_is_asked_where_nobody_listens(void **state)
{
    struct endpoint list[2] = {answerer_nobody(), *answerer_at(server)};
    struct ask_settings s = settings(list, 2);
    struct msg_question q = question("www.example.", TYPE_A);
    struct ask_reply r;
    ask(&r, &s, &q, rng, &arena);
    assert_int_equal(r.end, ASK_REPLY);
    assert_true(endpoint_equal(&r.server, &list[1]));

    s.server_count = 1;
    ask(&r, &s, &q, rng, &arena);
    assert_int_equal(r.end, ASK_UNREACHABLE);
    assert_string_equal(ask_end_text(&r), "refuses: nothing listens on that port");
}

static void rotation_begins_anywhere_and_ends_with_the_answer(void **state)
{
    struct endpoint list[3] = {answerer_nobody(), answerer_nobody(), *answerer_at(server)};
    struct ask_settings s = settings(list, 3);
    struct msg_question q = question("www.example.", TYPE_A);
    s.rotate = true;
    for (unsigned i = 0; i < 10; i++) {
        struct ask_reply r;
        ask(&r, &s, &q, rng, &arena);
        assert_int_equal(r.end, ASK_REPLY);
    }
}

static void a_reply_echoes_id_and_question(void **state)
{
    struct msg_question q = question("www.example.", TYPE_A);
    struct msg good = {.id = 7, .flags = FLAG_QR, .qdcount = 1, .question = question("WWW.Example.", TYPE_A)};
    assert_true(ask_is_reply(&good, 7, OPCODE_QUERY, &q));
    static const struct {
        const char *why;
        uint16_t id, flags, opcode, qdcount, rcode, type, class;
    } bad[] = {
        {"another ID", 8, FLAG_QR, 0, 1, 0, TYPE_A, CLASS_IN},
        {"not a response", 7, 0, 0, 1, 0, TYPE_A, CLASS_IN},
        {"another opcode", 7, FLAG_QR, OPCODE_NOTIFY, 1, 0, TYPE_A, CLASS_IN},
        {"another type", 7, FLAG_QR, 0, 1, 0, TYPE_AAAA, CLASS_IN},
        {"another class", 7, FLAG_QR, 0, 1, 0, TYPE_A, CLASS_CH},
        {"two questions", 7, FLAG_QR, 0, 2, 0, TYPE_A, CLASS_IN},
        {"no question, and no error that excuses it", 7, FLAG_QR, 0, 0, RCODE_NOERROR, TYPE_A, CLASS_IN},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct msg m = good;
        m.id = bad[i].id;
        m.flags = bad[i].flags;
        m.opcode = bad[i].opcode;
        m.qdcount = bad[i].qdcount;
        m.rcode = bad[i].rcode;
        m.question.type = bad[i].type;
        m.question.class = bad[i].class;
        if (ask_is_reply(&m, 7, OPCODE_QUERY, &q))
            fail_msg("taken: %s", bad[i].why);
    }
    struct msg empty = {.id = 7, .flags = FLAG_QR, .rcode = RCODE_FORMERR};
    assert_true(ask_is_reply(&empty, 7, OPCODE_QUERY, &q));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(takes_the_reply),
        CASE(a_truncated_reply_is_fetched_over_tcp),
        CASE(tcp_from_the_start_sends_no_packet),
        CASE(a_lost_message_is_sent_again),
        CASE(packets_that_are_no_reply_do_not_end_the_wait),
        CASE(replies_to_other_questions_are_as_good_as_silence),
        CASE(formerr_without_opt_is_asked_again_without_edns),
        CASE(silence_is_a_timeout_after_all_tries),
        CASE(a_connection_closed_early_is_said_so),
        CASE(a_link_local_address_without_its_interface_is_unreachable),
        CASE(strays_are_those_of_the_server_that_is_named),
        CASE(the_next_server_is_asked_where_nobody_listens),
        CASE(rotation_begins_anywhere_and_ends_with_the_answer),
        CASE(a_reply_echoes_id_and_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
