#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* RFC 3629 3 and 4 */
static void reads_what_is_utf8_and_nothing_else(void **state)
{
    static const struct {
        const char *why, *octets;
        uint32_t character; /* 0: refused */
    } rows[] = {
        {"ASCII", "A", 'A'},
        {"two octets, the least", "\xc2\x80", 0x80},
        {"two octets, the greatest", "\xdf\xbf", 0x7ff},
        {"three, the least", "\xe0\xa0\x80", 0x800},
        {"before the surrogates", "\xed\x9f\xbf", 0xd7ff},
        {"after the surrogates", "\xee\x80\x80", 0xe000},
        {"four, the least", "\xf0\x90\x80\x80", 0x10000},
        {"the greatest of all", "\xf4\x8f\xbf\xbf", 0x10ffff},
        {"overlong in two", "\xc1\xbf", 0},
        {"overlong in three", "\xe0\x9f\xbf", 0},
        {"overlong in four", "\xf0\x8f\xbf\xbf", 0},
        {"a surrogate", "\xed\xa0\x80", 0},
        {"beyond U+10FFFF", "\xf4\x90\x80\x80", 0},
        {"five octets", "\xf8\x88\x80\x80\x80", 0},
        {"a continuation alone", "\x80", 0},
        {"cut off", "\xe2\x82", 0},
        {"another letter within", "\xe2\x82z", 0},
        {"0xff", "\xff", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t c = 0;
        size_t n = strlen(rows[i].octets), len = utf8_read(rows[i].octets, n, &c);
        if (len != (rows[i].character ? n : 0) || (len && c != rows[i].character))
            fail_msg("%s: %zu octets, U+%04X", rows[i].why, len, c);
        if (!len)
            continue;
        struct text t;
        text_init(&t);
        utf8_write(&t, c);
        assert_string_equal(t.data, rows[i].octets);
        text_fini(&t);
    }
    assert_true(utf8_is_valid("", 0));
    assert_false(utf8_is_valid("a\xff", 2));
}

static void what_steers_is_harmful(void **state)
{
    static const uint32_t harmful[] = {0, '\n', '\t', 0x1b, 0x7f, 0x85, 0x9b, 0xad, 0x61c, 0x200b, 0x200f,
        0x2028, 0x202e, 0x2066, 0x2069, 0xfeff, 0xfff9, 0xffff, 0x1fffe, 0xe0041},
                          harmless[] = {' ', '~', 0xa0, 0xfc, 0x5d0, 0x627, 0x65e5, 0xfffd, 0x1f600};
    (void)state;
    for (size_t i = 0; i < sizeof harmful / sizeof harmful[0]; i++)
        if (utf8_is_harmless(harmful[i]))
            fail_msg("U+%04X", harmful[i]);
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
        if (!utf8_is_harmless(harmless[i]))
            fail_msg("U+%04X", harmless[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_is_utf8_and_nothing_else),
        cmocka_unit_test(what_steers_is_harmful),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
