/* Lists of RDAP servers in the form of RFC 9224. */
#include "lib/bootstrap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#define LIST(services)                                                                                       \
    "{\"version\": \"1.0\", \"publication\": \"2024-01-07T10:11:12Z\", \"description\": \"x\", "             \
    "\"services\": [" services "]}"

static const char *const examples[BOOTSTRAP_COUNT] = {
    /* as RFC 9224 4, 5.1, 5.2 and 5.3 print them */
    [BOOTSTRAP_DNS] = LIST("[[\"net\", \"com\"], [\"https://registry.example.com/myrdap/\"]],"
                           "[[\"org\", \"mytld\"], [\"https://example.org/\"]],"
                           "[[\"xn--zckzah\"], [\"https://example.net/rdapxn--zckzah/\", "
                           "\"http://example.net/rdapxn--zckzah/\"]]"),
    [BOOTSTRAP_IPV4] =
        LIST("[[\"198.51.100.0/24\", \"192.0.0.0/8\"], [\"https://rir1.example.com/myrdap/\"]],"
             "[[\"203.0.113.0/24\", \"192.0.2.0/24\"], [\"https://example.org/\"]],"
             "[[\"203.0.113.0/28\"], [\"https://example.net/rdaprir2/\", \"http://example.net/rdaprir2/\"]]"),
    [BOOTSTRAP_IPV6] = LIST(
        "[[\"2001:db8::/34\"], [\"https://rir2.example.com/myrdap/\"]],"
        "[[\"2001:db8:4000::/36\", \"2001:db8:ffff::/48\"], [\"https://example.org/\"]],"
        "[[\"2001:db8:1000::/36\"], [\"http://example.net/rdaprir2/\", \"https://example.net/rdaprir2/\"]]"),
    [BOOTSTRAP_ASN] =
        LIST("[[\"64496-64496\"], [\"https://rir3.example.com/myrdap/\"]],"
             "[[\"64497-64510\", \"65536-65551\"], [\"https://example.org/\"]],"
             "[[\"64512-65534\"], [\"http://example.net/rdaprir2/\", \"https://example.net/rdaprir2/\"]]"),
    [BOOTSTRAP_TAGS] = /* RFC 8521 3 */
    LIST("[[\"contact@example.com\"], [\"YYYY\"], [\"https://example.com/rdap/\"]],"
         "[[\"contact@example.org\"], [\"ZZ54\"], [\"http://rdap.example.org/\"]],"
         "[[\"contact@example.net\"], [\"1754\"], [\"https://example.net/rdap/\", "
         "\"http://example.net/rdap/\"]]"),
};

static const char *find(const struct bootstrap *b, const char *what)
{
    struct addr addr;
    uint32_t asn = 0;
    switch (b->kind) {
    case BOOTSTRAP_DNS:
        return bootstrap_name(b, what);
    case BOOTSTRAP_IPV4:
    case BOOTSTRAP_IPV6:
        assert_int_equal(addr_parse(&addr, what), ERR_OK);
        return bootstrap_address(b, &addr);
    case BOOTSTRAP_TAGS:
        return bootstrap_handle(b, what);
    default:
        for (; *what; what++)
            asn = asn * 10 + (uint32_t)(*what - '0');
        return bootstrap_asn(b, asn);
    }
}

static void the_longest_match_counts(void **state)
{
    static const struct {
        enum bootstrap_kind kind;
        const char *what, *url;
    } rows[] = {
        {BOOTSTRAP_DNS, "a.b.example.com", "https://registry.example.com/myrdap/"},
        {BOOTSTRAP_DNS, "example.XN--ZCKZAH", "https://example.net/rdapxn--zckzah/"},
        {BOOTSTRAP_DNS, "examplecom", NULL},
        {BOOTSTRAP_IPV4, "192.0.2.1", "https://example.org/"},
        {BOOTSTRAP_IPV4, "192.0.3.1", "https://rir1.example.com/myrdap/"},
        {BOOTSTRAP_IPV4, "203.0.113.15", "https://example.net/rdaprir2/"},
        {BOOTSTRAP_IPV4, "203.0.113.16", "https://example.org/"},
        {BOOTSTRAP_IPV4, "9.9.9.9", NULL},
        {BOOTSTRAP_IPV6, "2001:db8:1000::1", "https://example.net/rdaprir2/"},
        {BOOTSTRAP_IPV6, "2001:db8::1", "https://rir2.example.com/myrdap/"},
        {BOOTSTRAP_IPV6, "2001:db9::1", NULL},
        {BOOTSTRAP_ASN, "64496", "https://rir3.example.com/myrdap/"},
        {BOOTSTRAP_ASN, "65551", "https://example.org/"},
        {BOOTSTRAP_ASN, "65534", "https://example.net/rdaprir2/"},
        {BOOTSTRAP_ASN, "64511", NULL},
        {BOOTSTRAP_TAGS, "XXXX-YYYY", "https://example.com/rdap/"},
        {BOOTSTRAP_TAGS, "A-B-1754", "https://example.net/rdap/"},
        {BOOTSTRAP_TAGS, "x-zz54", "http://rdap.example.org/"},
        {BOOTSTRAP_TAGS, "YYYY", NULL},
        {BOOTSTRAP_TAGS, "XXXX-YYY", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena a;
        struct bootstrap b;
        const char *why, *body = examples[rows[i].kind];
        arena_init(&a);
        assert_int_equal(bootstrap_read(&b, rows[i].kind, body, strlen(body), &a, &why), ERR_OK);
        assert_string_equal(b.published, "2024-01-07");
        const char *url = find(&b, rows[i].what);
        if (url ? !rows[i].url || strcmp(url, rows[i].url) != 0 : rows[i].url != NULL)
            fail_msg("%s: %s", rows[i].what, url ? url : "none");
        arena_fini(&a);
    }
}

static void what_is_no_list_is_refused(void **state)
{
    static const struct {
        enum bootstrap_kind kind;
        const char *body;
    } rows[] = {
        {BOOTSTRAP_DNS, ""},
        {BOOTSTRAP_DNS, "[]"},
        {BOOTSTRAP_DNS, "{\"services\": [[[\"com\"], [\"https://x/\"]]]}"},
        {BOOTSTRAP_DNS, "{\"publication\": \"yesterday\", \"services\": [[[\"com\"], [\"https://x/\"]]]}"},
        {BOOTSTRAP_DNS, LIST("")},
        {BOOTSTRAP_DNS, LIST("[[\"com\"], []]")},
        {BOOTSTRAP_DNS, LIST("[[\"com\"], [\"ftp://x/\"]]")},
        {BOOTSTRAP_DNS, LIST("[[\"com\"], [\"https://user@x/\"]]")},
        {BOOTSTRAP_DNS, LIST("[[\"com\"], [\"https:///x/\"]]")},
        {BOOTSTRAP_DNS, LIST("[[\"com\"], [\"https://x/ y\"]]")},
        {BOOTSTRAP_DNS, LIST("[[\"a b\", 7, \".com\"], [\"https://x/\"]]")},
        {BOOTSTRAP_IPV4, LIST("[[\"2001:db8::/32\", \"192.0.2.0/33\", \"x\"], [\"https://x/\"]]")},
        {BOOTSTRAP_TAGS, LIST("[[\"YYYY\"], [\"https://x/\"]]")}, /* no contact: what follows is no URL */
        {BOOTSTRAP_TAGS, LIST("[[\"a@b\"], [\"\", \"A-B\", \"a/b\"], [\"https://x/\"]]")},
        {BOOTSTRAP_ASN,
            LIST("[[\"2-1\", \"-1\", \"1-\", \"99999999999\", \"4294967296\", \"1x\"], [\"https://x/\"]]")},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena a;
        struct bootstrap b;
        const char *why = NULL;
        arena_init(&a);
        if (bootstrap_read(&b, rows[i].kind, rows[i].body, strlen(rows[i].body), &a, &why) != ERR_FORMAT ||
            !why)
            fail_msg("%s is taken", rows[i].body);
        arena_fini(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_match_counts),
        cmocka_unit_test(what_is_no_list_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
