#include "lib/nsswitch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void reads_what_the_c_library_reads(void **state)
{
    static const struct {
        const char *why, *file, *expected;
        unsigned line;
    } rows[] = {
        {"one line", "hosts: files dns\n", "files dns", 1},
        {"without an end of line", "hosts: files dns", "files dns", 1},
        {"among others", "passwd: files\n\nhosts:\tfiles   mdns4 dns\nservices: db\n", "files mdns4 dns", 3},
        {"nothing: the default", "", "files dns", 0},
        {"another database alone", "networks: files\n", "files dns", 0},
        {"a comment behind", "hosts: files # dns\n", "files", 1},
        {"a comment before", "#hosts: dns\n", "files dns", 0},
        {"the last line counts", "hosts: files\nhosts: dns\n", "dns", 2},
        {"indented", "   hosts: dns\n", "dns", 1},
        {"no blank behind the colon", "hosts:dns files\n", "dns files", 1},
        {"a line that says nothing", "hosts:\n", "", 1},
        {"what people have", "hosts: files mdns4_minimal [NOTFOUND=return] dns\n",
            "files mdns4_minimal [NOTFOUND=return] dns", 1},
        {"of systemd", "hosts: mymachines resolve [!UNAVAIL=return] files myhostname dns\n",
            "mymachines resolve [NOTFOUND=return TRYAGAIN=return] files myhostname dns", 1},
        {"letter case does not count", "hosts: files [notfound=RETURN] dns\n", "files [NOTFOUND=return] dns",
            1},
        {"blanks inside", "hosts: files [ NOTFOUND = return  UNAVAIL=return ] dns\n",
            "files [NOTFOUND=return UNAVAIL=return] dns", 1},
        {"no blank before", "hosts: files[NOTFOUND=return]dns\n", "files [NOTFOUND=return] dns", 1},
        {"success goes on", "hosts: files [SUCCESS=continue] dns\n", "files [SUCCESS=continue] dns", 1},
        {"merged", "hosts: files [SUCCESS=merge] dns\n", "files [SUCCESS=merge] dns", 1},
        {"all but", "hosts: files [!SUCCESS=return] dns\n",
            "files [NOTFOUND=return UNAVAIL=return TRYAGAIN=return] dns", 1},
        {"the default said", "hosts: files [SUCCESS=return NOTFOUND=continue] dns\n", "files dns", 1},
        {"a bad status spoils the line", "hosts: files dns [FOUND=return] mdns\n", "", 1},
        {"a bad action spoils the line", "hosts: files dns [NOTFOUND=stop] mdns\n", "", 1},
        {"an open bracket spoils the line", "hosts: files dns [NOTFOUND=return\n", "", 1},
        {"a source without a name", "hosts: [NOTFOUND=return] dns\n", "", 1},
        {"a name too long", "hosts: files aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa dns\n", "", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct nsswitch n;
        struct text t;
        text_init(&t);
        nsswitch_parse(&n, rows[i].file, strlen(rows[i].file));
        nsswitch_to_text(&t, &n);
        if (strcmp(t.data, rows[i].expected) != 0 || n.line != rows[i].line)
            fail_msg("%s: line %u '%s', expected line %u '%s'", rows[i].why, n.line, t.data, rows[i].line,
                rows[i].expected);
        text_fini(&t);
    }
}

static void keeps_sixteen_sources(void **state)
{
    struct nsswitch n;
    struct text t;
    text_init(&t);
    text_add(&t, "hosts:");
    for (int i = 0; i < 40; i++)
        text_printf(&t, " s%d", i);
    nsswitch_parse(&n, t.data, t.len);
    assert_int_equal(n.count, NSSWITCH_SOURCES_MAX);
    assert_string_equal(n.sources[15].name, "s15");
    text_fini(&t);
}

static void a_file_that_is_not_there_is_the_default(void **state)
{
    struct nsswitch n;
    nsswitch_read(&n, "/nonexistent/nsswitch.conf");
    assert_int_equal(n.count, 2);
    assert_int_equal(n.line, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_the_c_library_reads),
        cmocka_unit_test(keeps_sixteen_sources),
        cmocka_unit_test(a_file_that_is_not_there_is_the_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
