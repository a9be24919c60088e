/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
/* clang-format on */

#include "base/log.h"
#include "source.h"

static struct source_counts counts;

struct asked {
    struct control_call call;
    json_t *reply;
};

static void keep(struct control_call *call, json_t *reply)
{
    struct asked *a = (struct asked *)call;
    assert_null(a->reply);
    a->reply = json_incref(reply);
}

static json_t *ask(const char *line, bool may_write)
{
    struct asked a = {.call = {.may_write = may_write, .reply = keep}};
    const struct control_source source = source_counting(&counts);
    control_ask(&source, &a.call, line, strlen(line));
    assert_non_null(a.reply);
    return a.reply;
}

static json_t *reply(const char *line)
{
    return ask(line, false);
}

static void status_tells_figures(void **state)
{
    static const char *const lines[] = {
        "status", "status\r\n", "{\"verb\":\"status\"}", "{\"verb\": \"status\", \"more\": 1} \n"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        json_t *j = reply(lines[i]);
        assert_string_equal(json_string_value(json_object_get(j, "version")), HARK_VERSION);
        assert_int_equal(json_integer_value(json_object_get(j, "uptime_s")), 7);
        assert_int_equal(json_integer_value(json_object_get(j, "workers")), 2);
        assert_string_equal(
            json_string_value(json_array_get(json_object_get(j, "listen"), 0)), "127.0.0.1@53");
        assert_int_equal(json_integer_value(json_object_get(json_object_get(j, "queries"), "total")), 5);
        assert_int_equal(json_integer_value(json_object_get(json_object_get(j, "rcodes"), "BADVERS")), 1);
        assert_null(json_object_get(json_object_get(j, "rcodes"), "SERVFAIL"));
        assert_int_equal(json_integer_value(json_object_get(json_object_get(j, "cache"), "size")), 1 << 20);
        assert_int_equal(json_integer_value(json_object_get(json_object_get(j, "resolver"), "messages")), 9);
        json_decref(j);
    }
}

static void what_is_no_verb_is_an_error(void **state)
{
    static const char *const lines[] = {"", "\n", "statu", "status more", "STATUS", "{", "{}", "{\"verb\":1}",
        "{\"verb\":\"x\"}", "{\"verb\":\"status\",\"verb\":\"status\"}", "[\"status\"]",
        "a-word-that-is-longer-than-any-verb-could-ever-be", "{\"verb\":\"status\"",
        "{\"verb\":\"st\\u0000atus\"}"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        json_t *j = reply(lines[i]);
        assert_true(json_is_string(json_object_get(j, "error")));
        assert_null(json_object_get(j, "version"));
        json_decref(j);
    }
}

static void verbs_that_write_are_for_those_who_may(void **state)
{
    counts.reloads = 0;
    json_t *refused = ask("reload", false);
    assert_non_null(strstr(json_string_value(json_object_get(refused, "error")), "not allowed"));
    json_decref(refused);
    assert_int_equal(counts.reloads, 0);
    json_t *done = ask("{\"verb\": \"reload\"}", true);
    assert_true(json_is_true(json_object_get(done, "reloaded")));
    json_decref(done);
    assert_int_equal(counts.reloads, 1);
}

static void negative_anchors_have_a_name_and_a_lifetime(void **state)
{
    static const struct {
        const char *line, *zone; /* NULL: an error */
        int action, lifetime;
    } rows[] = {
        {"nta", "-", NTA_LIST, 3600},
        {"nta list", "-", NTA_LIST, 3600},
        {"nta add Example.COM", "Example.COM.", NTA_ADD, 3600},
        {"nta  add a.\t90m", "a.", NTA_ADD, 5400},
        {"nta add a. 7d", "a.", NTA_ADD, 604800},
        {"{\"verb\":\"nta\",\"arguments\":[\"del\",\".\"]}", ".", NTA_DEL, 3600},
        {"{\"verb\":\"nta\",\"arguments\":[]}", "-", NTA_LIST, 3600},
        {"nta add", NULL, 0, 0},
        {"nta del", NULL, 0, 0},
        {"nta del a. 1h", NULL, 0, 0},
        {"nta add a. 1h more", NULL, 0, 0},
        {"nta add a. 1h more and more", NULL, 0, 0},
        {"nta add a..b", NULL, 0, 0},
        {"nta add a. 0", NULL, 0, 0},
        {"nta add a. 7d1s", NULL, 0, 0},
        {"nta add a. soon", NULL, 0, 0},
        {"nta set a.", NULL, 0, 0},
        {"anchors nta", NULL, 0, 0},
        {"{\"verb\":\"nta\",\"arguments\":[1]}", NULL, 0, 0},
        {"{\"verb\":\"nta\",\"arguments\":\"list\"}", NULL, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *j = ask(rows[i].line, true), *refused = ask(rows[i].line, false);
        const char *zone = json_string_value(json_object_get(j, "zone"));
        assert_non_null(json_object_get(refused, "error"));
        if (!rows[i].zone && json_object_get(j, "error")) {
            json_decref(j);
            json_decref(refused);
            continue;
        }
        if (!zone || !rows[i].zone)
            fail_msg("%s", rows[i].line);
        assert_string_equal(zone, rows[i].zone);
        assert_int_equal(json_integer_value(json_object_get(j, "action")), rows[i].action);
        assert_int_equal(json_integer_value(json_object_get(j, "lifetime")), rows[i].lifetime);
        json_decref(j);
        json_decref(refused);
    }
}

static void questions_are_told_oldest_first(void **state)
{
    json_t *j = reply("requests"), *list = json_object_get(j, "requests");
    assert_int_equal(json_array_size(list), 2);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 0), "age_ms")), 9);
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "address")), "192.0.2.1");
    assert_null(json_object_get(json_array_get(list, 1), "address"));
    json_decref(j);
}

static void recent_takes_a_name_and_a_type(void **state)
{
    static const struct {
        const char *line;
        bool good;
    } rows[] = {{"recent", true}, {"recent a.", true}, {"recent a AAAA", true}, {"recent a TYPE65", true},
        {"recent a..b", false}, {"recent a b", false}, {"recent a A A", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *j = reply(rows[i].line);
        if (json_is_array(json_object_get(j, "recent")) != rows[i].good ||
            json_is_string(json_object_get(j, "error")) == rows[i].good)
            fail_msg("%s", rows[i].line);
        assert_int_equal(json_array_size(json_object_get(j, "recent")), 0);
        json_decref(j);
    }
}

static void events_are_chosen_by_tag_failure_and_name(void **state)
{
    const uint32_t all = (uint32_t)((UINT64_C(1) << EVENT_COUNT) - 1);
    static const struct {
        const char *line, *says; /* says: of an error */
        uint32_t kinds;
        bool failures, named;
    } rows[] = {
        {"events", NULL, 0, false, false},
        {"events failures", NULL, 0, true, false},
        {"events sent reply name=example.org", NULL, EVENT_BIT(EVENT_SENT) | EVENT_BIT(EVENT_REPLY), false,
            true},
        {"events near-miss", NULL, EVENT_BIT(EVENT_NEAR_MISS), false, false},
        {"events timout", "did you mean timeout?", 0, false, false},
        {"events everything", "there are question, joined", 0, false, false},
        {"events name=a..b", "no name", 0, false, false},
        {"events name=a name=b", "one name=", 0, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *j = reply(rows[i].line);
        const char *error = json_string_value(json_object_get(j, "error"));
        if (!error != !rows[i].says || (error && !strstr(error, rows[i].says)))
            fail_msg("%s: %s", rows[i].line, error);
        if (!error) {
            assert_int_equal(
                json_integer_value(json_object_get(j, "kinds")), rows[i].kinds ? rows[i].kinds : all);
            assert_true(json_is_true(json_object_get(j, "failures")) == rows[i].failures);
            assert_true(json_is_true(json_object_get(j, "named")) == rows[i].named);
        }
        json_decref(j);
    }
}

static void filter_takes_what_is_for_a_name_too(void **state)
{
    static const char *const words[] = {"failures", "name=example"};
    struct text problem;
    struct event_filter f;
    struct event e = {.kind = EVENT_TIMEOUT,
        .qname = (const name_t *)"\2ns\5other",
        .root_name = (const name_t *)"\3www\7EXAMPLE"};
    text_init(&problem);
    assert_true(event_filter_read(&f, words, 2, &problem));
    text_fini(&problem);
    assert_true(event_filter_takes(&f, &e));
    e.root_name = NULL;
    assert_false(event_filter_takes(&f, &e));
    e.qname = (const name_t *)"\7example";
    assert_true(event_filter_takes(&f, &e));
    e.kind = EVENT_DONE;
    assert_false(event_filter_takes(&f, &e));
    e.rcode = RCODE_SERVFAIL;
    assert_true(event_filter_takes(&f, &e));
    e.kind = EVENT_SENT;
    assert_false(event_filter_takes(&f, &e));
}

static void walk_takes_a_name_and_a_type(void **state)
{
    static const struct {
        const char *line;
        int type;
    } rows[] = {{"walk a", 1}, {"walk a. MX", 15}, {"walk . TYPE65280", 65280}, {"walk", -1},
        {"walk a..b", -1}, {"walk a ANY", -1}, {"walk a A b", -1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *j = reply(rows[i].line);
        const json_t *type = json_object_get(j, "walk");
        if ((type ? json_integer_value(type) : -1) != rows[i].type)
            fail_msg("%s", rows[i].line);
        json_decref(j);
    }
}

static json_int_t number(const json_t *j, const char *key)
{
    assert_true(json_is_integer(json_object_get(j, key)));
    return json_integer_value(json_object_get(j, key));
}

static void servers_are_told_one_by_one_and_together(void **state)
{
    json_t *j = reply("servers 192.0.2.1"), *one = json_array_get(json_object_get(j, "servers"), 0), *other;
    assert_int_equal(number(one, "srtt_ms"), 20);
    assert_int_equal(number(one, "timeouts"), 3);
    assert_null(json_object_get(one, "silent_now"));
    assert_string_equal(json_string_value(json_array_get(json_object_get(one, "lame_for"), 0)), "example.");
    assert_string_equal(json_string_value(json_object_get(one, "cookie")), "unknown");
    assert_true(number(one, "cap") > 0 && number(one, "in_flight") == 0);
    json_decref(j);
    j = reply("servers");
    assert_int_equal(number(j, "known"), 1);
    assert_int_equal(number(j, "failing"), 1);
    assert_int_equal(number(j, "median_ms"), 20);
    assert_int_equal(json_array_size(json_object_get(j, "silent_now")), 1);
    other = json_array_get(json_object_get(j, "failing_most"), 0);
    assert_string_equal(json_string_value(json_object_get(other, "address")), "192.0.2.1");
    json_decref(j);
    j = reply("servers 192.0.2.2");
    one = json_array_get(json_object_get(j, "servers"), 0);
    assert_true(json_is_false(json_object_get(one, "heard")));
    assert_int_equal(number(json_object_get(one, "silent_now"), "times"), 3);
    assert_int_equal(number(json_object_get(one, "silent_now"), "last_ms"), 300);
    assert_int_equal(json_array_size(json_object_get(one, "lame_for")), 0);
    json_decref(j);
    static const struct {
        const char *line, *addresses[2];
    } of_names[] = {{"servers zoo", {"192.0.2.1", "192.0.2.3"}}, {"servers ns.zoo", {"192.0.2.1"}},
        {"servers ns.host", {"192.0.2.3"}}, {"servers other.zoo", {NULL}}};
    for (size_t i = 0; i < sizeof of_names / sizeof of_names[0]; i++) {
        j = reply(of_names[i].line);
        for (size_t k = 0; k < 2; k++) {
            one = json_array_get(json_object_get(j, "servers"), k);
            const char *said = json_string_value(json_object_get(one, "address")),
                       *want = of_names[i].addresses[k];
            if (!said != !want || (want && strcmp(said, want) != 0))
                fail_msg("%s: %s", of_names[i].line, said ? said : "nothing");
        }
        json_decref(j);
    }
    j = reply("servers a..b");
    assert_non_null(json_object_get(j, "error"));
    json_decref(j);
}

static void every_figure_has_a_name_of_its_own(void **state)
{
    json_t *j = reply("stats"), *seen = json_object(), *m;
    size_t i;
    json_array_foreach(json_object_get(j, "metrics"), i, m)
    {
        const char *name = json_string_value(json_object_get(m, "name"));
        const char *kind = json_string_value(json_object_get(m, "kind"));
        size_t len = strlen(name);
        bool total = len > 6 && strcmp(name + len - 6, "_total") == 0;
        assert_null(json_object_get(seen, name));
        json_object_set(seen, name, m);
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_"), len);
        assert_int_equal(strncmp(name, "hark_", 5), 0);
        if (total != (strcmp(kind, "counter") == 0))
            fail_msg("%s is a %s", name, kind);
        assert_true(
            json_is_integer(json_object_get(m, "value")) != json_is_object(json_object_get(m, "values")));
    }
    assert_int_equal(number(json_object_get(seen, "hark_queries_total"), "value"), 5);
    assert_int_equal(
        number(json_object_get(json_object_get(seen, "hark_replies_total"), "values"), "BADVERS"), 1);
    json_decref(seen);
    json_decref(j);
}

static void log_level_is_for_those_who_may(void **state)
{
    json_t *j = ask("log debug", false);
    assert_non_null(json_object_get(j, "error"));
    json_decref(j);
    assert_int_equal(log_get_level(), LOG_LEVEL_NOTICE);
    j = ask("log error", true);
    assert_string_equal(json_string_value(json_object_get(j, "level")), "error");
    assert_string_equal(json_string_value(json_object_get(j, "before")), "notice");
    json_decref(j);
    j = ask("log", false);
    assert_string_equal(json_string_value(json_object_get(j, "level")), "error");
    json_decref(j);
    j = ask("log loud", true);
    assert_non_null(json_object_get(j, "error"));
    json_decref(j);
    log_set_level(LOG_LEVEL_NOTICE);
}

static void root_own_user_and_own_group_may_write(void **state)
{
    uid_t other_user = geteuid() + 1;
    gid_t own = getegid(), other = own + 1, groups[] = {other, own};
    assert_true(control_may_write(0, other, NULL, 0));
    assert_true(control_may_write(geteuid(), other, NULL, 0));
    assert_true(control_may_write(other_user, own, NULL, 0));
    assert_true(control_may_write(other_user, other, groups, 2));
    assert_false(control_may_write(other_user, other, groups, 1));
    assert_false(control_may_write(other_user, other, NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_tells_figures),
        cmocka_unit_test(what_is_no_verb_is_an_error),
        cmocka_unit_test(verbs_that_write_are_for_those_who_may),
        cmocka_unit_test(negative_anchors_have_a_name_and_a_lifetime),
        cmocka_unit_test(questions_are_told_oldest_first),
        cmocka_unit_test(recent_takes_a_name_and_a_type),
        cmocka_unit_test(events_are_chosen_by_tag_failure_and_name),
        cmocka_unit_test(filter_takes_what_is_for_a_name_too),
        cmocka_unit_test(walk_takes_a_name_and_a_type),
        cmocka_unit_test(servers_are_told_one_by_one_and_together),
        cmocka_unit_test(every_figure_has_a_name_of_its_own),
        cmocka_unit_test(log_level_is_for_those_who_may),
        cmocka_unit_test(root_own_user_and_own_group_may_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
