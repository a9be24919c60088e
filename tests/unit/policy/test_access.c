#include "policy/access.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct prefix_list list_of(struct prefix *items, const char *text)
{
    char words[256];
    struct prefix_list list = {.items = items};
    assert_true(strlen(text) < sizeof words);
    memcpy(words, text, strlen(text) + 1);
    char *rest = NULL;
    for (char *w = strtok_r(words, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
        assert_int_equal(prefix_parse(&items[list.count++], w), ERR_OK);
    return list;
}

static void longest_prefix_counts(void **state)
{
    static const struct {
        const char *allow, *deny, *client;
        bool allowed;
        const char *why;
    } rows[] = {
        {"", "", "127.0.0.1", false, "nobody is served"},
        {"127.0.0.0/8", "", "127.0.0.1", true, ""},
        {"127.0.0.0/8", "", "::1", false, "another family"},
        {"127.0.0.0/8", "", "128.0.0.1", false, ""},
        {"0.0.0.0/0", "", "198.51.100.1", true, "all of IPv4"},
        {"0.0.0.0/0", "", "2001:db8::1", false, "all of IPv4 is none of IPv6"},
        {"::/0", "", "192.0.2.1", false, ""},
        {"10.0.0.0/8", "10.9.0.0/16", "10.9.1.1", false, "the longer one"},
        {"10.0.0.0/8", "10.9.0.0/16", "10.8.1.1", true, "not in the longer one"},
        {"10.0.0.0/8 10.9.1.0/24", "10.9.0.0/16", "10.9.1.1", true, "longer still"},
        {"10.9.1.0/24 10.0.0.0/8", "10.9.0.0/16", "10.9.1.1", true, "in any order"},
        {"10.0.0.0/8", "10.0.0.0/8", "10.9.1.1", false, "of equal ones deny"},
        {"10.0.0.0/8", "0.0.0.0/0", "10.9.1.1", true, "what denies all denies the rest"},
        {"", "10.0.0.0/8", "10.9.1.1", false, ""},
        {"2001:db8::/32", "2001:db8:1::/48", "2001:db8:1::5", false, ""},
        {"2001:db8::/32", "2001:db8:1::/48", "2001:db8:2::5", true, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct prefix allow[8], deny[8];
        struct prefix_list allowed = list_of(allow, rows[i].allow), denied = list_of(deny, rows[i].deny);
        struct addr client;
        assert_int_equal(addr_parse(&client, rows[i].client), ERR_OK);
        if (access_allows(&allowed, &denied, &client) != rows[i].allowed)
            fail_msg("%s of %s without %s: %s", rows[i].client, rows[i].allow, rows[i].deny, rows[i].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(longest_prefix_counts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
