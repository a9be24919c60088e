#include "cli/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;
static struct text complaint;

static int set_up(void **state)
{
    arena_init(&arena);
    text_init(&complaint);
    return 0;
}

static int tear_down(void **state)
{
    text_fini(&complaint);
    arena_fini(&arena);
    return 0;
}

static void names_become_absolute_and_ascii(void **state)
{
    static const struct {
        const char *why, *typed, *name; /* name NULL: refused */
    } rows[] = {
        {"without a final dot", "www.example", "www.example."},
        {"with it", "www.example.", "www.example."},
        {"the root", ".", "."},
        {"letter case is kept", "WWW.Example", "WWW.Example."},
        {"an underscore", "_dmarc.example", "_dmarc.example."},
        {"an escape", "a\\.b.example", "a\\.b.example."},
        {"A-label as it is", "xn--bcher-kva.example", "xn--bcher-kva.example."},
        {"IDNA2008",
            "b\xc3\xbc"
            "cher.example",
            "xn--bcher-kva.example."},
        {"upper case is mapped",
            "B\xc3\x9c"
            "CHER.example",
            "xn--bcher-kva.example."},
        {"non-transitional: sharp s stays", "fa\xc3\x9f.example", "xn--fa-hia.example."},
        {"an ideographic full stop",
            "b\xc3\xbc"
            "cher\xe3\x80\x82"
            "example",
            "xn--bcher-kva.example."},
        {"decomposed letters are composed",
            "bu\xcc\x88"
            "cher.example",
            "xn--bcher-kva.example."},
        {"empty", "", NULL},
        {"an empty label", "a..b", NULL},
        {"a bad escape", "a\\", NULL},
        {"a label of 64", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example", NULL},
        {"not UTF-8", "a\xff.example", NULL},
        {"disallowed by IDNA2008", "\xe2\x98\x83\xe2\x80\xae.example", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        name_t name[NAME_MAX_LEN];
        char buf[NAME_TEXT_LEN];
        text_clear(&complaint);
        enum err err = address_question(name, rows[i].typed, false, &complaint);
        if ((err == ERR_OK) != (rows[i].name != NULL))
            fail_msg("%s: %s", rows[i].why, err_text(err));
        if (err)
            assert_true(complaint.len > 0);
        else if (strcmp(name_text(name, buf), rows[i].name) != 0)
            fail_msg("%s: %s", rows[i].why, buf);
    }
}

static void addresses_have_pointer_names(void **state)
{
    name_t name[NAME_MAX_LEN];
    char buf[NAME_TEXT_LEN];
    assert_int_equal(address_question(name, "192.0.2.1", true, &complaint), ERR_OK);
    assert_string_equal(name_text(name, buf), "1.2.0.192.in-addr.arpa.");
    assert_int_equal(address_question(name, "2001:db8::567:89ab", true, &complaint), ERR_OK);
    assert_string_equal(
        name_text(name, buf), "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.");
    assert_int_equal(address_question(name, "www.example", true, &complaint), ERR_FORMAT);
}

static void servers_have_an_address_and_a_port(void **state)
{
    static const struct {
        const char *typed, *at; /* NULL: refused */
        enum family family;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1@53", FAMILY_NONE},
        {"192.0.2.1#5300", "192.0.2.1@5300", FAMILY_NONE},
        {"192.0.2.1@5300", "192.0.2.1@5300", FAMILY_NONE},
        {"2001:db8::1", "2001:db8::1@53", FAMILY_V6},
        {"2001:db8::1#5300", "2001:db8::1@5300", FAMILY_NONE},
        {"fe80::1%lo", "fe80::1@53", FAMILY_NONE},
        {"192.0.2.1", NULL, FAMILY_V6},
        {"2001:db8::1", NULL, FAMILY_V4},
        {"", NULL, FAMILY_NONE},
        {"#53", NULL, FAMILY_NONE},
        {"192.0.2.1#", NULL, FAMILY_NONE},
        {"192.0.2.1#0", NULL, FAMILY_NONE},
        {"192.0.2.1#65536", NULL, FAMILY_NONE},
        {"192.0.2.1#53#53", NULL, FAMILY_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct endpoint *list = NULL;
        size_t count = 0;
        char buf[ENDPOINT_TEXT_LEN];
        text_clear(&complaint);
        enum err err = address_server(&list, &count, rows[i].typed, 53, rows[i].family, &arena, &complaint);
        if ((err == ERR_OK) != (rows[i].at != NULL))
            fail_msg("@%s: %s", rows[i].typed, err_text(err));
        if (err) {
            assert_true(complaint.len > 0);
            continue;
        }
        assert_int_equal(count, 1);
        assert_string_equal(endpoint_text(&list[0], buf), rows[i].at);
    }
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(names_become_absolute_and_ascii),
        CASE(addresses_have_pointer_names),
        CASE(servers_have_an_address_and_a_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
