#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void grows_as_needed(void **state)
{
    struct text t;
    text_init(&t);
    assert_string_equal(t.data, "");
    for (unsigned i = 0; i < 1000; i++)
        text_printf(&t, "%u,", i % 10);
    assert_int_equal(t.len, 2000);
    assert_int_equal(strlen(t.data), 2000);
    assert_false(t.cut);
    text_clear(&t);
    assert_string_equal(t.data, "");
    text_fini(&t);
}

static void prints_long_pieces(void **state)
{
    char big[1000];
    memset(big, 'x', sizeof big - 1);
    big[999] = 0;
    struct text t;
    text_init(&t);
    text_printf(&t, "<%s>", big);
    assert_int_equal(t.len, 1001);
    assert_int_equal(t.data[1000], '>');
    text_fini(&t);
}

static void fixed_text_is_cut_and_stays_terminated(void **state)
{
    char buf[9] = "........";
    struct text t;
    text_init_fixed(&t, buf, 5);
    text_add(&t, "abc");
    assert_false(t.cut);
    text_add(&t, "def");
    assert_true(t.cut);
    assert_string_equal(buf, "abcd");
    text_char(&t, 'x');
    assert_memory_equal(buf + 5, "...", 3);
    text_clear(&t);
    assert_false(t.cut);
    text_fini(&t);
}

struct pair {
    const char *plain, *coded;
};

static void codes_base64_both_ways(void **state)
{
    static const struct pair cases[] = {/* RFC 4648 10 */
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"}, {"\xff\xfe\xfd", "//79"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text t;
        uint8_t out[16];
        text_init(&t);
        size_t n = strlen(cases[i].plain);
        text_base64(&t, (const uint8_t *)cases[i].plain, n);
        assert_string_equal(t.data, cases[i].coded);
        assert_int_equal(text_unbase64(t.data, t.len, out, sizeof out), n);
        assert_memory_equal(out, cases[i].plain, n);
        text_fini(&t);
    }
}

static void codes_base32hex_both_ways(void **state)
{
    static const struct pair cases[] = {/* RFC 4648 10, without padding */
        {"", ""}, {"f", "CO"}, {"fo", "CPNG"}, {"foo", "CPNMU"}, {"foob", "CPNMUOG"}, {"fooba", "CPNMUOJ1"},
        {"foobar", "CPNMUOJ1E8"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text t;
        uint8_t out[16];
        text_init(&t);
        size_t n = strlen(cases[i].plain);
        text_base32hex(&t, (const uint8_t *)cases[i].plain, n);
        assert_string_equal(t.data, cases[i].coded);
        assert_int_equal(text_unbase32hex(t.data, t.len, out, sizeof out), n);
        assert_memory_equal(out, cases[i].plain, n);
        text_fini(&t);
    }
    uint8_t out[4];
    assert_int_equal(text_unbase32hex("cpnmu", 5, out, 4), 3); /* lower case is read too */
}

static void codes_hexadecimal_both_ways(void **state)
{
    struct text t;
    uint8_t out[4];
    text_init(&t);
    text_hex(&t, (const uint8_t *)"\x00\x9f\xab", 3);
    assert_string_equal(t.data, "009FAB");
    assert_int_equal(text_unhex("00 9f\tAb\n", 9, out, 4), 3);
    assert_memory_equal(out, "\x00\x9f\xab", 3);
    text_fini(&t);
}

static void rejects_bad_codes(void **state)
{
    uint8_t out[4];
    assert_int_equal(text_unhex("abc", 3, out, 4), -1);            /* half an octet */
    assert_int_equal(text_unhex("0g", 2, out, 4), -1);             /* no digit */
    assert_int_equal(text_unhex("0011223344", 10, out, 4), -1);    /* too long */
    assert_int_equal(text_unbase64("Zg==Zg==", 8, out, 4), -1);    /* digits after padding */
    assert_int_equal(text_unbase64("Zm9vZm9v", 8, out, 4), -1);    /* too long */
    assert_int_equal(text_unbase64("Z", 1, out, 4), -1);           /* six bits */
    assert_int_equal(text_unbase64("Z===", 4, out, 4), -1);        /* three pads */
    assert_int_equal(text_unbase64("Zg=", 3, out, 4), -1);         /* one pad missing */
    assert_int_equal(text_unbase64("Zm\0v", 4, out, 4), -1);       /* a zero octet is no digit */
    assert_int_equal(text_unbase64("Zm-_", 4, out, 4), -1);        /* the URL alphabet */
    assert_int_equal(text_unbase32hex("CW", 2, out, 4), -1);       /* W is none of its digits */
    assert_int_equal(text_unbase32hex("CPNMUOJ1", 8, out, 4), -1); /* too long */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_as_needed),
        cmocka_unit_test(prints_long_pieces),
        cmocka_unit_test(fixed_text_is_cut_and_stays_terminated),
        cmocka_unit_test(codes_base64_both_ways),
        cmocka_unit_test(codes_base32hex_both_ways),
        cmocka_unit_test(codes_hexadecimal_both_ways),
        cmocka_unit_test(rejects_bad_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
