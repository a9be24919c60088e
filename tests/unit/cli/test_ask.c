/* The whole command against a server: what it prints and how it exits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "answerer.h"
#include "cli/command.h"

static struct answerer *server;

static int set_up(void **state)
{
    server = answerer_start();
    return 0;
}

static int tear_down(void **state)
{
    answerer_stop(server);
    return 0;
}

/* stderr away while a command complains: the lines are tested elsewhere. */
static int hush(void)
{
    int kept = dup(STDERR_FILENO);
    assert_non_null(freopen("/dev/null", "w", stderr));
    return kept;
}

static void unhush(int kept)
{
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
}

/* Runs "NAME… [options]" with the server's port; *text is what it printed. */
static enum status run(const char *line, enum out_format format, char **text)
{
    struct arena arena;
    struct args args;
    struct text why;
    struct out out;
    char *argv[16] = {(char *)"hark"}, port[16];
    int argc = 1;
    size_t len;
    arena_init(&arena);
    text_init(&why);
    char *copy = arena_strdup(&arena, line), *rest = NULL;
    for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
        argv[argc++] = w;
    snprintf(port, sizeof port, "-p%u", answerer_at(server)->port);
    argv[argc++] = port;
    argv[argc++] = (char *)"+time=1";
    argv[argc++] = (char *)"+tries=1";
    assert_int_equal(args_parse(&args, argc, argv, &arena, &why), ERR_OK);
    FILE *f = open_memstream(text, &len);
    out_init(&out, f, format);
    int kept = hush();
    enum status status = cmd_ask(&args, &out);
    unhush(kept);
    fclose(f);
    text_fini(&why);
    arena_fini(&arena);
    return status;
}

static void exit_codes_and_short_form(void **state)
{
    static const struct {
        const char *line;
        enum status status;
        const char *printed;
    } rows[] = {
        {"www.example A @127.0.0.1", STATUS_ANSWER, "192.0.2.1\n"},
        {"www.example @127.0.0.1", STATUS_ANSWER, "192.0.2.1\n"},
        {"www.example A AAAA @127.0.0.1", STATUS_ANSWER, "192.0.2.1\n2001:db8::1\n"},
        {"www.example A AAAA @127.0.0.1 @[127.0.0.1]", STATUS_ANSWER,
            "192.0.2.1\n192.0.2.1\n2001:db8::1\n2001:db8::1\n"},
        {"www.example A @127.0.0.1#x @127.0.0.1", STATUS_USAGE, "192.0.2.1\n"},
        {"alias.example A @127.0.0.1", STATUS_ANSWER, "target.example.\n192.0.2.1\n"},
        {"loose.example A @127.0.0.1", STATUS_NO_DATA, "target.example.\n"},
        {"-x 192.0.2.7 @127.0.0.1", STATUS_ANSWER, "pointer.example.\n"},
        {"nx.example A @127.0.0.1", STATUS_NO_DATA, ""},
        {"nodata.example A @127.0.0.1", STATUS_NO_DATA, ""},
        {"www.example MX @127.0.0.1", STATUS_NO_DATA, ""},
        {"servfail.example A @127.0.0.1", STATUS_FAILURE, ""},
        {"refused.example A @127.0.0.1", STATUS_FAILURE, ""},
        {"bogus.example A @127.0.0.1", STATUS_BOGUS, ""},
        {"silent.example A @127.0.0.1", STATUS_NO_REPLY, ""},
        {"odd.example A @127.0.0.1 +tcp", STATUS_FAILURE, ""},
        {"nx.example www.example servfail.example A @127.0.0.1", STATUS_FAILURE, "192.0.2.1\n"},
        {"a..b www.example A @127.0.0.1", STATUS_USAGE, "192.0.2.1\n"},
        {"hostile.example TXT @127.0.0.1", STATUS_ANSWER, "\"\\027[2J\\226\\128\\174\\155\"\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = NULL;
        enum status status = run(rows[i].line, OUT_SHORT, &text);
        if (status != rows[i].status || strcmp(text, rows[i].printed) != 0)
            fail_msg("hark %s: exit %d, '%s'", rows[i].line, status, text);
        free(text);
    }
}

static void text_is_like_digs(void **state)
{
    char *text = NULL;
    assert_int_equal(run("www.example A @127.0.0.1", OUT_TEXT, &text), STATUS_ANSWER);
    assert_non_null(strstr(text, "status: NOERROR"));
    assert_non_null(strstr(text, ";; QUESTION SECTION:\n;www.example."));
    assert_non_null(strstr(text, ";; ANSWER SECTION:\nwww.example."));
    assert_non_null(strstr(text, "\n;; SERVER: 127.0.0.1#"));
    assert_non_null(strstr(text, "(UDP)\n"));
    assert_non_null(strstr(text, "\n;; MSG SIZE  rcvd: "));
    free(text);
}

static void no_octet_of_a_stranger_reaches_the_terminal(void **state)
{
    static const enum out_format formats[] = {OUT_TEXT, OUT_SHORT, OUT_JSON};
    for (size_t i = 0; i < 3; i++) {
        char *text = NULL;
        run("hostile.example TXT @127.0.0.1", formats[i], &text);
        for (const char *p = text; *p; p++)
            if (((unsigned char)*p < 0x20 && *p != '\n') || (unsigned char)*p > 0x7e)
                fail_msg("octet %u in: %s", (unsigned char)*p, text);
        assert_true(strlen(text) > 0);
        free(text);
    }
}

static json_t *json_of(const char *line, enum status status)
{
    char *text = NULL;
    assert_int_equal(run(line, OUT_JSON, &text), status);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    json_t *j = json_loads(text, 0, NULL);
    assert_non_null(j);
    free(text);
    return j;
}

static void json_has_the_message_and_where_it_came_from(void **state)
{
    json_t *j = json_of("www.example A @127.0.0.1", STATUS_ANSWER);
    assert_string_equal(json_string_value(json_object_get(j, "QNAME")), "www.example.");
    assert_string_equal(json_string_value(json_object_get(j, "QTYPEname")), "A");
    const json_t *rr = json_array_get(json_object_get(j, "answerRRs"), 0);
    assert_string_equal(json_string_value(json_object_get(rr, "rdataA")), "192.0.2.1");
    assert_string_equal(json_string_value(json_object_get(j, "server")), "127.0.0.1");
    assert_int_equal(json_integer_value(json_object_get(j, "port")), answerer_at(server)->port);
    assert_string_equal(json_string_value(json_object_get(j, "transport")), "udp");
    assert_true(json_is_integer(json_object_get(j, "time_ms")));
    assert_string_equal(json_string_value(json_object_get(j, "rcode")), "NOERROR");
    assert_null(json_object_get(j, "error"));
    json_decref(j);

    j = json_of("bogus.example A @127.0.0.1", STATUS_BOGUS);
    const json_t *ede = json_array_get(json_object_get(j, "ede"), 0);
    assert_int_equal(json_integer_value(json_object_get(ede, "code")), 6);
    assert_string_equal(json_string_value(json_object_get(ede, "purpose")), "DNSSEC Bogus");
    json_decref(j);

    j = json_of("silent.example A @127.0.0.1", STATUS_NO_REPLY);
    assert_string_equal(json_string_value(json_object_get(j, "QNAME")), "silent.example.");
    assert_string_equal(json_string_value(json_object_get(j, "error")), "did not reply in time");
    assert_null(json_object_get(j, "rcode"));
    json_decref(j);
}

static void what_is_proven_is_said(void **state)
{
    static const struct {
        const char *line;
        enum status status;
        const char *said; /* NULL: nothing */
    } rows[] = {
        {"proven.example A @127.0.0.1 +dnssec", STATUS_ANSWER, ";; DNSSEC: secure\n"},
        {"proven.example A @127.0.0.1", STATUS_ANSWER, NULL},
        {"unsigned.example A @127.0.0.1 +dnssec", STATUS_ANSWER,
            ";; DNSSEC: insecure (no signatures came, and the server does not say that it hands them out)\n"},
        {"unsigned.example A @127.0.0.1 +dnssec +cd", STATUS_ANSWER,
            ";; DNSSEC: insecure (nothing was to be validated (+cd))\n"},
        {"www.example A @127.0.0.1 +dnssec", STATUS_ANSWER,
            ";; DNSSEC: insecure (the server answers for the zone itself, which proves nothing)\n"},
        {"weak.example A @127.0.0.1 +dnssec", STATUS_ANSWER,
            ";; DNSSEC: insecure (Unsupported DNSKEY Algorithm)\n"},
        {"nx.example A @127.0.0.1 +dnssec", STATUS_NO_DATA, ";; DNSSEC: insecure ("},
        {"expired.example A @127.0.0.1 +dnssec", STATUS_BOGUS,
            ";; DNSSEC: bogus (signature of it expired 3 days ago)\n"},
        {"expired.example A @127.0.0.1 +dnssec +cd", STATUS_BOGUS,
            ";; DNSSEC: bogus (signature of it expired 3 days ago)\n"},
        {"expired.example A @127.0.0.1 +cd", STATUS_ANSWER, NULL},
        {"hostile.example TXT @127.0.0.1 +dnssec", STATUS_BOGUS,
            ";; DNSSEC: bogus (\\027[2J \\226\\128\\174)\n"},
        {"servfail.example A @127.0.0.1 +dnssec", STATUS_FAILURE, NULL},
        {"refused.example A @127.0.0.1 +dnssec", STATUS_FAILURE, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = NULL;
        enum status status = run(rows[i].line, OUT_TEXT, &text);
        const char *at = strstr(text, ";; DNSSEC: ");
        if (status != rows[i].status ||
            (rows[i].said ? !at || strncmp(at, rows[i].said, strlen(rows[i].said)) != 0 : at != NULL))
            fail_msg("hark %s: exit %d, '%s'", rows[i].line, status, text);
        free(text);
    }
}

static void json_says_what_is_proven(void **state)
{
    json_t *j = json_of("proven.example A @127.0.0.1 +dnssec", STATUS_ANSWER);
    assert_string_equal(json_string_value(json_object_get(j, "dnssec")), "secure");
    assert_null(json_object_get(j, "dnssec_why"));
    json_decref(j);
    j = json_of("expired.example A @127.0.0.1 +dnssec", STATUS_BOGUS);
    assert_string_equal(json_string_value(json_object_get(j, "dnssec")), "bogus");
    assert_string_equal(
        json_string_value(json_object_get(j, "dnssec_why")), "signature of it expired 3 days ago");
    json_decref(j);
    j = json_of("expired.example A @127.0.0.1", STATUS_BOGUS);
    assert_null(json_object_get(j, "dnssec"));
    json_decref(j);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(exit_codes_and_short_form),
        CASE(text_is_like_digs),
        CASE(no_octet_of_a_stranger_reaches_the_terminal),
        CASE(what_is_proven_is_said),
        CASE(json_says_what_is_proven),
        CASE(json_has_the_message_and_where_it_came_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
