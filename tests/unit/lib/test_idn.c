#include "lib/idn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void names_are_shown_in_their_own_script_where_that_is_safe(void **state)
{
    static const struct {
        const char *text, *shown, *why;
    } rows[] = {
        {"xn--bcher-kva.example.", "b\303\274cher.example.", "a U-label"},
        {"XN--Bcher-KVA.Example.", "b\303\274cher.Example.", "A-labels have no case"},
        {"xn--bcher-kva.xn--p1ai.", "b\303\274cher.\321\200\321\204.", "several labels"},
        {"www.xn--fa-hia.example.", "www.fa\303\237.example.", "non-transitional: sharp s stays"},
        {"10 xn--bcher-kva.example.", "10 b\303\274cher.example.", "a name among other fields"},
        {"xn--bcher-kva.example. xn--p1ai.", "b\303\274cher.example. \321\200\321\204.", "two names"},
        {"\"xn--bcher-kva.example.\"", "\"xn--bcher-kva.example.\"", "a string is no name"},
        {"\"a b\\\" xn--bcher-kva.example.\"", "\"a b\\\" xn--bcher-kva.example.\"", "nor its parts"},
        {"xn--bcher-kva.example", "xn--bcher-kva.example", "no final dot: no name"},
        {"dohpath=xn--bcher-kva.", "dohpath=xn--bcher-kva.", "a parameter is none"},
        {"xn--.example.", "xn--.example.", "nothing behind the prefix"},
        {"xn--0.example.", "xn--0.example.", "not Punycode"},
        {"xn--a-ecp.example.", "xn--a-ecp.example.", "a character that IDNA2008 disallows"},
        {"xn--a.example.", "xn--a.example.", "Punycode of a control character"},
        {"xn--abc-.example.", "xn--abc-.example.", "an ASCII label in disguise"},
        {"xn--www-hn0a.example.", "xn--www-hn0a.example.", "a right-to-left override within"},
        {"xn--nxasmm1c.example.", "\316\262\317\214\316\273\316\277\317\202.example.", "final sigma"},
        {"xn--a\\.b-kva.example.", "xn--a\\.b-kva.example.", "a dot within a label"},
        {"a\\.xn--bcher-kva.example.", "a\\.xn--bcher-kva.example.", "behind one too"},
        {"xn--bcher-kva.\\195\\188.", "b\303\274cher.\\195\\188.", "octets stay escaped"},
        {"plain.example.", "plain.example.", "nothing to do"},
        {"", "", "nothing at all"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text t;
        text_init(&t);
        text_add(&t, "kept xn--bcher-kva.");
        size_t from = t.len;
        text_add(&t, rows[i].text);
        idn_respell(&t, from);
        if (strncmp(t.data, "kept xn--bcher-kva.", from) != 0 || strcmp(t.data + from, rows[i].shown) != 0)
            fail_msg("%s (%s): '%s'", rows[i].text, rows[i].why, t.data + from);
        text_fini(&t);
    }
}

static void what_is_typed_becomes_a_labels_or_stays_as_it_is(void **state)
{
    static const struct {
        const char *typed, *name, *raw; /* NULL: refused */
    } rows[] = {
        {"b\303\274cher.example", "xn--bcher-kva.example.", "b\\195\\188cher.example."},
        {"B\303\234CHER.example", "xn--bcher-kva.example.", "B\\195\\156CHER.example."},
        {"fa\303\237.example", "xn--fa-hia.example.", "fa\\195\\159.example."},
        {"b\303\274cher\343\200\202example", "xn--bcher-kva.example.",
            "b\\195\\188cher\\227\\128\\130example."},
        {"www.example", "www.example.", "www.example."},
        {"a\342\200\256b.example", NULL, "a\\226\\128\\174b.example."},
        {"\377.example", NULL, "\\255.example."},
        {"a..b", NULL, NULL},
        {"", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int raw = 0; raw < 2; raw++) {
            const char *wanted = raw ? rows[i].raw : rows[i].name;
            name_t name[NAME_MAX_LEN];
            char text[NAME_TEXT_LEN];
            struct text why;
            text_init(&why);
            enum err err =
                raw ? idn_to_raw_name(name, rows[i].typed, &why) : idn_to_name(name, rows[i].typed, &why);
            if (err == ERR_OK ? !wanted || strcmp(name_text(name, text), wanted) != 0
                              : wanted != NULL || why.len == 0)
                fail_msg("%s: %s", rows[i].typed, err ? why.data : text);
            text_fini(&why);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_shown_in_their_own_script_where_that_is_safe),
        cmocka_unit_test(what_is_typed_becomes_a_labels_or_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
