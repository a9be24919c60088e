#include "lib/hosts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char file[] = "# the laboratory\n"
                           "127.0.0.1 localhost\n"
                           "192.0.2.1\twww.example\twww W3 # not.this\n"
                           "2001:db8::1   www.example\n"
                           "192.0.2.300 broken.example\n"
                           "www.example 192.0.2.9\n"
                           "192.0.2.2\n"
                           "  192.0.2.3 indented.example\r\n"
                           "#192.0.2.4 www.example\n"
                           "192.0.2.1 again.example";

/* "3:192.0.2.1=www.example 4:…" */
static void summary(struct hosts_matches *m, char *buf, size_t cap)
{
    char a[ADDR_TEXT_LEN];
    size_t n = 0;
    buf[0] = 0;
    for (size_t i = 0; i < m->count; i++)
        n += (size_t)snprintf(buf + n, cap - n, "%s%u:%s=%s", i ? " " : "", m->items[i].line,
            addr_text(&m->items[i].addr, a), m->items[i].canonical);
}

static void finds_the_lines_of_a_name(void **state)
{
    static const struct {
        const char *name, *expected;
    } rows[] = {
        {"www.example", "3:192.0.2.1=www.example 4:2001:db8::1=www.example"},
        {"WWW.Example", "3:192.0.2.1=www.example 4:2001:db8::1=www.example"},
        {"w3", "3:192.0.2.1=www.example"},
        {"www", "3:192.0.2.1=www.example"},
        {"localhost", "2:127.0.0.1=localhost"},
        {"indented.example", "8:192.0.2.3=indented.example"},
        {"again.example", "10:192.0.2.1=again.example"},
        {"not.this", ""},
        {"broken.example", ""},
        {"192.0.2.9", ""},
        {"ww", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct hosts_matches m;
        char buf[512];
        hosts_find(&m, file, sizeof file - 1, rows[i].name, NULL);
        summary(&m, buf, sizeof buf);
        if (strcmp(buf, rows[i].expected) != 0)
            fail_msg("%s: '%s', expected '%s'", rows[i].name, buf, rows[i].expected);
    }
}

static void finds_the_lines_of_an_address(void **state)
{
    static const struct {
        const char *address, *expected;
    } rows[] = {
        {"192.0.2.1", "3:192.0.2.1=www.example 10:192.0.2.1=again.example"},
        {"2001:db8:0:0::1", "4:2001:db8::1=www.example"},
        {"192.0.2.2", ""}, /* a line without a name */
        {"192.0.2.4", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct hosts_matches m;
        struct addr a;
        char buf[512];
        assert_int_equal(addr_parse(&a, rows[i].address), ERR_OK);
        hosts_find(&m, file, sizeof file - 1, NULL, &a);
        summary(&m, buf, sizeof buf);
        if (strcmp(buf, rows[i].expected) != 0)
            fail_msg("%s: '%s', expected '%s'", rows[i].address, buf, rows[i].expected);
    }
}

static void counts_what_it_does_not_keep(void **state)
{
    struct hosts_matches m;
    char many[40 * 24 + 1], *p = many;
    for (int i = 0; i < 40; i++)
        p += sprintf(p, "192.0.2.%d many\n", i);
    hosts_find(&m, many, (size_t)(p - many), "many", NULL);
    assert_int_equal(m.count, HOSTS_MATCHES_MAX);
    assert_int_equal(m.more, 40 - HOSTS_MATCHES_MAX);
    hosts_find_in(&m, "/nonexistent/hosts", "many", NULL);
    assert_int_equal(m.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_lines_of_a_name),
        cmocka_unit_test(finds_the_lines_of_an_address),
        cmocka_unit_test(counts_what_it_does_not_keep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
