#include "base/addr.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct addr addr_of(const char *text)
{
    struct addr a;
    assert_int_equal(addr_parse(&a, text), ERR_OK);
    return a;
}

static void parses_and_prints_addresses(void **state)
{
    static const struct {
        const char *in, *out, *why;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1", "IPv4"},
        {"2001:db8::1", "2001:db8::1", "IPv6"},
        {"2001:0DB8:0:0:0:0:0:1", "2001:db8::1", "RFC 5952: short and lower case"},
        {"::", "::", "unspecified"},
        {"192.0.2.256", NULL, "octet too great"},
        {"192.0.2", NULL, "three octets"},
        {"2001:db8::1::2", NULL, "two gaps"},
        {"example.org", NULL, "a name"},
        {"", NULL, "nothing"},
        {"192.0.2.1 ", NULL, "space after"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct addr a;
        char buf[ADDR_TEXT_LEN];
        enum err err = addr_parse(&a, cases[i].in);
        assert_int_equal(err, cases[i].out ? ERR_OK : ERR_FORMAT);
        if (cases[i].out)
            assert_string_equal(addr_text(&a, buf), cases[i].out);
    }
}

static void addresses_compare_as_octets(void **state)
{
    struct addr a = addr_of("192.0.2.1"), b = addr_of("192.0.2.1"), c = addr_of("::");
    assert_true(addr_equal(&a, &b));
    assert_false(addr_equal(&a, &c));
    assert_int_equal(sizeof(struct addr), 17);
    assert_int_equal(addr_len(&a), 4);
    assert_int_equal(addr_len(&c), 16);
}

static void prints_no_address(void **state)
{
    struct addr a = {0};
    char buf[ADDR_TEXT_LEN];
    assert_string_equal(addr_text(&a, buf), "none");
}

static void parses_endpoints(void **state)
{
    static const struct {
        const char *in;
        enum err err;
        const char *out;
    } cases[] = {
        {"192.0.2.1", ERR_OK, "192.0.2.1@53"},
        {"192.0.2.1@5300", ERR_OK, "192.0.2.1@5300"},
        {"::1@65535", ERR_OK, "::1@65535"},
        {"::1@65536", ERR_RANGE, NULL},
        {"::1@0", ERR_RANGE, NULL},
        {"::1@", ERR_FORMAT, NULL},
        {"::1@+53", ERR_FORMAT, NULL},
        {"::1@53x", ERR_FORMAT, NULL},
        {"@53", ERR_FORMAT, NULL},
        {"1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111", ERR_FORMAT, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct endpoint e;
        char buf[ENDPOINT_TEXT_LEN];
        assert_int_equal(endpoint_parse(&e, cases[i].in, 53), cases[i].err);
        if (cases[i].out)
            assert_string_equal(endpoint_text(&e, buf), cases[i].out);
    }
}

static void endpoints_go_to_the_system_and_back(void **state)
{
    static const char *const cases[] = {"192.0.2.1@53", "2001:db8::7@853"};
    for (size_t i = 0; i < 2; i++) {
        struct endpoint e, back;
        struct sockaddr_storage ss;
        assert_int_equal(endpoint_parse(&e, cases[i], 1), ERR_OK);
        socklen_t n = endpoint_to_sockaddr(&e, &ss);
        assert_int_equal(n, i == 0 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
        back = endpoint_of_sockaddr((struct sockaddr *)&ss);
        assert_true(endpoint_equal(&e, &back));
    }
}

static void v4_mapped_socket_addresses_become_v4(void **state)
{
    static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, [12] = 192, [13] = 0, [14] = 2, [15] = 1};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(53)};
    memcpy(&in6.sin6_addr, mapped, 16);
    struct endpoint e = endpoint_of_sockaddr((struct sockaddr *)&in6);
    char buf[ENDPOINT_TEXT_LEN];
    assert_string_equal(endpoint_text(&e, buf), "192.0.2.1@53");
}

static void prefixes_contain_what_they_should(void **state)
{
    static const struct {
        const char *prefix, *addr;
        bool want;
    } cases[] = {
        {"192.0.2.0/24", "192.0.2.255", true},
        {"192.0.2.0/24", "192.0.3.0", false},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.128/25", "192.0.2.128", true},
        {"192.0.2.77/24", "192.0.2.1", true}, /* host bits are cleared */
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "::1", false},
        {"::/0", "2001:db8::", true},
        {"2001:db8::/33", "2001:db8:8000::", false},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"2001:db8::1/128", "2001:db8::1", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct prefix p;
        struct addr a = addr_of(cases[i].addr);
        assert_int_equal(prefix_parse(&p, cases[i].prefix), ERR_OK);
        assert_int_equal(prefix_contains(&p, &a), cases[i].want);
    }
}

static void rejects_bad_prefixes(void **state)
{
    static const struct {
        const char *in;
        enum err err;
    } cases[] = {{"192.0.2.0/33", ERR_RANGE}, {"::/129", ERR_RANGE}, {"192.0.2.0/", ERR_FORMAT},
        {"192.0.2.0/-1", ERR_FORMAT}, {"192.0.2.0/8x", ERR_FORMAT}, {"/8", ERR_FORMAT},
        {"::/99999999999999999999", ERR_RANGE}};
    struct prefix p;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(prefix_parse(&p, cases[i].in), cases[i].err);
}

static void knows_loopback_and_unusable_addresses(void **state)
{
    static const struct {
        const char *addr;
        bool loopback, unusable;
    } cases[] = {
        {"127.0.0.1", true, false},
        {"127.255.0.1", true, false},
        {"::1", true, false},
        {"0.0.0.0", false, true},
        {"0.1.2.3", false, true},
        {"169.254.0.1", false, true},
        {"224.0.0.1", false, true},
        {"240.0.0.1", false, true},
        {"255.255.255.255", false, true},
        {"::", false, true},
        {"ff02::1", false, true},
        {"fe80::1", false, true},
        {"febf::1", false, true},
        {"::ffff:192.0.2.1", false, true},
        {"fec0::1", false, false},
        {"192.0.2.1", false, false},
        {"10.0.0.1", false, false},
        {"2001:db8::1", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct addr a = addr_of(cases[i].addr);
        assert_int_equal(addr_is_loopback(&a), cases[i].loopback);
        assert_int_equal(addr_is_unusable(&a), cases[i].unusable);
    }
}

static void knows_what_the_internet_does_not_reach(void **state)
{
    static const char *const private[] = {"127.0.0.1", "::1", "0.0.0.0", "169.254.1.1", "fe80::1", "10.0.0.1",
        "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255", "fc00::1", "fdff::1",
        "::ffff:192.0.2.1", "224.0.0.1"};
    static const char *const public[] = {"9.255.255.255", "11.0.0.1", "172.15.0.1", "172.32.0.1",
        "192.167.1.1", "100.63.0.1", "100.128.0.1", "192.0.2.1", "2001:db8::1", "fbff::1", "fe00::1"};
    for (size_t i = 0; i < sizeof private / sizeof *private; i++) {
        struct addr a = addr_of(private[i]);
        if (!addr_is_private(&a))
            fail_msg("%s", private[i]);
    }
    for (size_t i = 0; i < sizeof public / sizeof *public; i++) {
        struct addr a = addr_of(public[i]);
        if (addr_is_private(&a))
            fail_msg("%s", public[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_and_prints_addresses),
        cmocka_unit_test(addresses_compare_as_octets),
        cmocka_unit_test(prints_no_address),
        cmocka_unit_test(parses_endpoints),
        cmocka_unit_test(endpoints_go_to_the_system_and_back),
        cmocka_unit_test(v4_mapped_socket_addresses_become_v4),
        cmocka_unit_test(prefixes_contain_what_they_should),
        cmocka_unit_test(rejects_bad_prefixes),
        cmocka_unit_test(knows_loopback_and_unusable_addresses),
        cmocka_unit_test(knows_what_the_internet_does_not_reach),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
