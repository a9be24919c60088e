#include "lib/resolvconf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

/* The servers in order, then what the options say: "192.0.2.1 ::1 t2 a3 rotate tcp". */
static const char *summary(const char *file, char *buf, size_t cap)
{
    struct resolvconf c;
    resolvconf_parse(&c, file, strlen(file));
    size_t n = 0;
    buf[0] = 0;
    for (unsigned i = 0; i < c.server_count; i++) {
        char a[ADDR_TEXT_LEN];
        n += (size_t)snprintf(buf + n, cap - n, "%s%s", i ? " " : "", addr_text(&c.servers[i].addr, a));
        assert_int_equal(c.servers[i].port, 53);
    }
    if (c.timeout_s)
        n += (size_t)snprintf(buf + n, cap - n, " t%u", c.timeout_s);
    if (c.attempts)
        n += (size_t)snprintf(buf + n, cap - n, " a%u", c.attempts);
    snprintf(buf + n, cap - n, "%s%s", c.rotate ? " rotate" : "", c.use_vc ? " tcp" : "");
    return buf;
}

static void reads_what_the_c_library_reads(void **state)
{
    static const struct {
        const char *why, *file, *expected;
    } rows[] = {
        {"one server", "nameserver 192.0.2.1\n", "192.0.2.1"},
        {"without an end of line", "nameserver 192.0.2.1", "192.0.2.1"},
        {"tabs, carriage return, a word behind", "nameserver\t192.0.2.1  # mine\r\n", "192.0.2.1"},
        {"both families", "nameserver ::1\nnameserver 192.0.2.1\n", "::1 192.0.2.1"},
        {"three at most",
            "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n",
            "192.0.2.1 192.0.2.2 192.0.2.3"},
        {"none: this machine", "", "127.0.0.1"},
        {"comments", "# nameserver 192.0.2.1\n; nameserver 192.0.2.2\n", "127.0.0.1"},
        {"not an address", "nameserver ns.example\nnameserver 192.0.2.1\n", "192.0.2.1"},
        {"no address", "nameserver\nnameserver   \n", "127.0.0.1"},
        {"a scope", "nameserver fe80::1%lo\n", "fe80::1"},
        {"options", "options timeout:2 attempts:3 rotate\nnameserver 192.0.2.1\n", "192.0.2.1 t2 a3 rotate"},
        {"options are capped", "options timeout:9999 attempts:99999999999\n", "127.0.0.1 t30 a5"},
        {"options of nothing", "options timeout: attempts:x ndots:2 edns0\n", "127.0.0.1"},
        {"the last option counts", "options timeout:2\noptions timeout:4 use-vc\n", "127.0.0.1 t4 tcp"},
        {"other lines", "search example\ndomain example\nsortlist 192.0.2.0\n\n\n", "127.0.0.1"},
        {"an indented line", "  nameserver 192.0.2.1\n", "192.0.2.1"},
        {"a word too long",
            "nameserver "
            "11111111111111111111111111111111111111111111111111111111111111111111111111111111111111111\n",
            "127.0.0.1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char buf[256];
        if (strcmp(summary(rows[i].file, buf, sizeof buf), rows[i].expected) != 0)
            fail_msg("%s: %s, expected %s", rows[i].why, buf, rows[i].expected);
    }
}

static void a_file_that_is_not_there_counts_as_empty(void **state)
{
    struct resolvconf c;
    assert_int_equal(resolvconf_read(&c, "/nonexistent/resolv.conf"), ERR_OK);
    assert_int_equal(c.server_count, 1);
    assert_int_equal(resolvconf_read(&c, "/"), ERR_SYSTEM);
}

/* The names that are asked for, in turn; a domain's are marked. */
static void names(struct text *t, const char *file, const char *name)
{
    struct resolvconf c;
    struct resolvconf_candidate candidate;
    resolvconf_parse(&c, file, strlen(file));
    for (unsigned i = 0; resolvconf_candidate(&candidate, &c, name, i); i++)
        text_printf(t, "%s%s%s", i ? " " : "", candidate.name, candidate.domain ? "*" : "");
}

static void makes_the_names_that_the_c_library_makes(void **state)
{
    static const struct {
        const char *why, *file, *name, *expected;
    } rows[] = {
        {"no search list", "", "www", "www"},
        {"one label", "search a.example b.example\n", "www", "www.a.example* www.b.example* www"},
        {"with a dot", "search a.example\n", "www.b", "www.b www.b.a.example*"},
        {"absolute", "search a.example\n", "www.", "www"},
        {"the root", "search a.example\n", ".", ""},
        {"ndots", "search a.example\noptions ndots:2\n", "www.b", "www.b.a.example* www.b"},
        {"ndots, enough of them", "search a.example\noptions ndots:2\n", "www.b.c",
            "www.b.c www.b.c.a.example*"},
        {"ndots 0", "search a.example\noptions ndots:0\n", "www", "www www.a.example*"},
        {"no-tld-query", "search a.example\noptions no-tld-query\n", "www", "www.a.example*"},
        {"no-tld-query, with a dot", "search a.example\noptions ndots:3 no-tld-query\n", "w.b",
            "w.b.a.example* w.b"},
        {"domain", "domain a.example b.example\n", "www", "www.a.example* www"},
        {"the last line counts", "search a.example\ndomain b.example\n", "www", "www.b.example* www"},
        {"the root is searched", "search a.example .\n", "www", "www.a.example* www* www"},
        {"a final dot in the list", "search a.example.\n", "www", "www.a.example* www"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text t;
        text_init(&t);
        names(&t, rows[i].file, rows[i].name);
        if (strcmp(t.data, rows[i].expected) != 0)
            fail_msg("%s: '%s', expected '%s'", rows[i].why, t.data, rows[i].expected);
        text_fini(&t);
    }
}

static void the_environment_has_its_say(void **state)
{
    struct resolvconf c;
    static const char file[] = "search a.example\nnameserver 192.0.2.1\n";
    setenv("LOCALDOMAIN", "b.example c.example", 1);
    setenv("RES_OPTIONS", "ndots:3 timeout:7", 1);
    resolvconf_parse(&c, file, sizeof file - 1);
    resolvconf_read_environment(&c);
    unsetenv("LOCALDOMAIN");
    unsetenv("RES_OPTIONS");
    assert_int_equal(c.search_count, 2);
    assert_string_equal(c.search[1], "c.example");
    assert_int_equal(c.ndots, 3);
    assert_int_equal(c.timeout_s, 7);
    assert_int_equal(c.server_lines[0], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_the_c_library_reads),
        cmocka_unit_test(a_file_that_is_not_there_counts_as_empty),
        cmocka_unit_test(makes_the_names_that_the_c_library_makes),
        cmocka_unit_test(the_environment_has_its_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
