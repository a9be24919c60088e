#include "base/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void finds_what_was_meant(void **state)
{
    static const char *const words[] = {"short", "tcp", "dnssec", "json", "cd", "rec", NULL};
    static const struct {
        const char *typed, *meant;
    } rows[] = {
        {"shrot", "short"},
        {"sort", "short"},
        {"tpc", "tcp"},
        {"tcpp", "tcp"},
        {"dnsec", "dnssec"},
        {"dnssce", "dnssec"},
        {"jsom", "json"},
        {"xyz", NULL},
        {"x", NULL},
        {"", NULL},
        {"a-word-that-is-far-longer-than-any-of-ours", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *found = nearest_word(rows[i].typed, words);
        if (rows[i].meant)
            assert_string_equal(found ? found : "(none)", rows[i].meant);
        else
            assert_null(found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_what_was_meant)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
