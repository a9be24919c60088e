#include "lib/rdata_texts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "dns/rrtype.h"

/* A TXT record of one string. */
static void add(struct rdata_texts *l, const char *text)
{
    uint8_t octets[256];
    size_t len = strlen(text);
    octets[0] = (uint8_t)len;
    memcpy(octets + 1, text, len);
    rdata_texts_add(l, TYPE_TXT, &(struct rdata){.data = octets, .len = (uint16_t)(len + 1)});
}

static void keeps_each_once_and_in_order(void **state)
{
    struct rdata_texts l = {0};
    add(&l, "b");
    add(&l, "c");
    add(&l, "a");
    add(&l, "b");
    assert_int_equal(l.count, 3);
    const char *at = rdata_texts_next(&l, NULL);
    assert_string_equal(at, "\"a\"");
    at = rdata_texts_next(&l, at);
    assert_string_equal(at, "\"b\"");
    at = rdata_texts_next(&l, at);
    assert_string_equal(at, "\"c\"");
    assert_null(rdata_texts_next(&l, at));
}

static void compares_sets(void **state)
{
    struct rdata_texts a = {0}, b = {0}, none = {0};
    add(&a, "x");
    add(&a, "y");
    add(&b, "Y");
    assert_true(rdata_texts_overlap(&a, &b));
    assert_false(rdata_texts_equal(&a, &b));
    add(&b, "X");
    assert_true(rdata_texts_equal(&a, &b));
    assert_false(rdata_texts_overlap(&a, &none));
    assert_true(rdata_texts_equal(&none, &none));
}

static void counts_what_finds_no_place(void **state)
{
    struct rdata_texts l = {0};
    char text[201];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    for (unsigned i = 0; i < 26; i++) {
        text[0] = (char)('a' + i);
        add(&l, text);
    }
    assert_int_equal(l.count, RDATA_TEXTS_OCTETS / 203);
    assert_int_equal(l.count + l.left_out, 26);
    assert_true(l.len <= RDATA_TEXTS_OCTETS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_each_once_and_in_order),
        cmocka_unit_test(compares_sets),
        cmocka_unit_test(counts_what_finds_no_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
