/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "control/control.h"

static void figures(void *ctx, struct control_figures *out)
{
    static const struct endpoint at = {.addr = {.family = FAMILY_V4, .ip = {127, 0, 0, 1}}, .port = 53};
    *out = (struct control_figures){
        .uptime_s = 7, .workers = 2, .listen = &at, .listen_count = 1, .queries = 5, .hits = 3};
    out->rcodes[RCODE_NOERROR] = 4;
    out->rcodes[RCODE_BADVERS] = 1;
    out->cache.size = 1 << 20;
    out->resolver.messages = 9;
}

static const struct control_source source = {.figures = figures};

static json_t *reply(const char *line)
{
    return control_reply(&source, line, strlen(line));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_tells_figures),
        cmocka_unit_test(what_is_no_verb_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
