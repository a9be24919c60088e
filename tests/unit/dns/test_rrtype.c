#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/rr.h"
#include "dns/rrtype.h"

static void assert_text(uint16_t type, const char *want)
{
    struct text t;
    char buf[32];
    text_init_fixed(&t, buf, sizeof buf);
    rrtype_to_text(&t, type);
    assert_string_equal(t.data, want);
}

static void every_type_code_survives_text(void **state)
{
    for (unsigned code = 0; code <= 0xffff; code++) {
        struct text t;
        char buf[32];
        uint16_t back = 0;
        text_init_fixed(&t, buf, sizeof buf);
        rrtype_to_text(&t, (uint16_t)code);
        assert_int_equal(rrtype_from_text(&back, t.data, t.len), ERR_OK);
        assert_int_equal(back, code);
    }
}

static void every_class_code_survives_text(void **state)
{
    for (unsigned code = 0; code <= 0xffff; code++) {
        struct text t;
        char buf[32];
        uint16_t back = 0;
        text_init_fixed(&t, buf, sizeof buf);
        rrclass_to_text(&t, (uint16_t)code);
        assert_int_equal(rrclass_from_text(&back, t.data, t.len), ERR_OK);
        assert_int_equal(back, code);
    }
}

static void writes_unknown_types_as_rfc3597_says(void **state)
{
    assert_null(rrtype_name(65280));
    assert_text(65280, "TYPE65280");
    assert_text(0, "TYPE0");
}

static void reads_mnemonics_in_any_case_and_numbers_of_known_types(void **state)
{
    static const struct {
        const char *text;
        uint16_t type;
    } rows[] = {{"aaaa", TYPE_AAAA}, {"Https", TYPE_HTTPS}, {"TYPE1", TYPE_A}, {"nsap-ptr", TYPE_NSAP_PTR},
        {"type65535", 65535}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint16_t type = 0;
        assert_int_equal(rrtype_from_text(&type, rows[i].text, strlen(rows[i].text)), ERR_OK);
        assert_int_equal(type, rows[i].type);
    }
}

static void rejects_what_is_no_type(void **state)
{
    static const char *const rows[] = {
        "", "AAAAA", "TYPE", "TYPE65536", "TYPE-1", "TYPE1x", "TYPE000001", "TYPE 1", "CLASS1", "NSAP_PTR"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint16_t type;
        assert_int_equal(rrtype_from_text(&type, rows[i], strlen(rows[i])), ERR_UNKNOWN);
    }
}

static void rejects_what_is_no_class(void **state)
{
    static const char *const rows[] = {"", "I", "INN", "CLASS", "CLASS65536", "TYPE1"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint16_t class;
        assert_int_equal(rrclass_from_text(&class, rows[i], strlen(rows[i])), ERR_UNKNOWN);
    }
}

/* RFC 6895 3.1: OPT, and 128 to 255. */
static void tells_meta_types_from_data(void **state)
{
    static const uint16_t meta[] = {41, 128, 249, 250, 251, 252, 253, 254, 255};
    static const uint16_t data[] = {1, 2, 40, 42, 99, 127, 256, 257, 65280};
    for (size_t i = 0; i < sizeof meta / sizeof meta[0]; i++)
        assert_true(rrtype_is_meta(meta[i]));
    for (size_t i = 0; i < sizeof data / sizeof data[0]; i++)
        assert_false(rrtype_is_meta(data[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_code_survives_text),
        cmocka_unit_test(every_class_code_survives_text),
        cmocka_unit_test(writes_unknown_types_as_rfc3597_says),
        cmocka_unit_test(reads_mnemonics_in_any_case_and_numbers_of_known_types),
        cmocka_unit_test(rejects_what_is_no_type),
        cmocka_unit_test(rejects_what_is_no_class),
        cmocka_unit_test(tells_meta_types_from_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
