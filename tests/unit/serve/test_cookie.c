#include "serve/cookie.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static size_t octets(uint8_t *out, const char *hex)
{
    size_t n = strlen(hex) / 2;
    for (size_t i = 0; i < n; i++) {
        unsigned v = 0;
        for (int k = 0; k < 2; k++) {
            char c = hex[2 * i + (size_t)k];
            v = v << 4 | (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
        }
        out[i] = (uint8_t)v;
    }
    return n;
}

static struct cookie_secrets secrets_of(const char *first, const char *second)
{
    struct cookie_secrets s = {.count = 1};
    octets(s.octets[0], first);
    if (second) {
        octets(s.octets[1], second);
        s.count = 2;
    }
    return s;
}

#define SECRET "e5e973e5a6b2a43f48e7dc849e37bfcf"
#define CLIENT "198.51.100.100"
#define FRESH "2464c4abcf10c957010000005cf79f111f8130c3eee29480"
#define MADE_AT 1559731985u

/* RFC 9018 appendix A. Its A.3 is of a server that takes cookies almost two hours old; we do not, so its
 * row is split in two: judged when it was young, and answered when it is old. */
static void agrees_with_rfc_9018_appendix_a(void **state)
{
    static const struct {
        const char *first, *second, *client, *sent, *reply;
        uint32_t at;
        bool good;
        const char *why;
    } rows[] = {
        {SECRET, NULL, CLIENT, "2464c4abcf10c957", FRESH, MADE_AT, false, "A.1"},
        {SECRET, NULL, CLIENT, FRESH, "2464c4abcf10c957010000005cf7a871d4a564a1442aca77", 1559734385u, true,
            "A.2: 40 minutes old"},
        {SECRET, NULL, "203.0.113.203", "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
            "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5", 1559727985u + 60, true,
            "A.3: reserved octets are hashed as they came"},
        {SECRET, NULL, "203.0.113.203", "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
            "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e", 1559734700u, false, "A.3: the new one"},
        {"445536bcd2513298075a5d379663c962", "dd3bdf9344b678b185a6f5cb60fca715",
            "2001:db8:220:1:59de:d0f4:8769:82b8", "22681ab97d52c298010000005cf7c57926556bd0934c72f8",
            "22681ab97d52c298010000005cf7c609a6bb79d16625507a", 1559741961u, true,
            "A.4: a secret rolled over"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cookie_secrets secrets = secrets_of(rows[i].first, rows[i].second);
        struct addr client;
        uint8_t cookie[40], want[40];
        assert_int_equal(addr_parse(&client, rows[i].client), ERR_OK);
        size_t len = octets(cookie, rows[i].sent);
        assert_int_equal(octets(want, rows[i].reply), COOKIE_LEN);
        if (cookie_take(&secrets, &client, cookie, len, rows[i].at) != rows[i].good)
            fail_msg("%s", rows[i].why);
        assert_memory_equal(cookie, want, COOKIE_LEN);
    }
}

static bool is_good(struct cookie_secrets *secrets, const char *client, const char *hex, uint32_t at)
{
    struct addr addr;
    uint8_t cookie[40];
    size_t len = octets(cookie, hex);
    assert_int_equal(addr_parse(&addr, client), ERR_OK);
    return cookie_take(secrets, &addr, cookie, len, at);
}

static void good_for_an_hour_and_five_minutes_before(void **state)
{
    struct cookie_secrets s = secrets_of(SECRET, NULL);
    assert_false(is_good(&s, CLIENT, FRESH, MADE_AT - 301));
    assert_true(is_good(&s, CLIENT, FRESH, MADE_AT - 300));
    assert_true(is_good(&s, CLIENT, FRESH, MADE_AT));
    assert_true(is_good(&s, CLIENT, FRESH, MADE_AT + 3600));
    assert_false(is_good(&s, CLIENT, FRESH, MADE_AT + 3601));
    assert_false(is_good(&s, CLIENT, FRESH, MADE_AT + 0x80000000u)); /* the time's other half */
}

static void of_another_address_version_or_length_is_not_ours(void **state)
{
    struct cookie_secrets s = secrets_of(SECRET, NULL), other = secrets_of("00"
                                                                           "112233445566778899aabbccddeeff",
                                                            NULL);
    assert_false(is_good(&s, "198.51.100.101", FRESH, MADE_AT));
    assert_false(is_good(&s, "2001:db8::1", FRESH, MADE_AT));
    assert_false(is_good(&other, CLIENT, FRESH, MADE_AT));
    assert_false(is_good(&s, CLIENT, "2464c4abcf10c957020000005cf79f111f8130c3eee29480", MADE_AT));
    assert_false(is_good(&s, CLIENT, "2464c4abcf10c957010000005cf79f111f8130c3eee2948000", MADE_AT));
    assert_false(is_good(&s, CLIENT, "2464c4abcf10c957010000005cf79f111f8130c3", MADE_AT));
}

static void no_bit_may_be_changed(void **state)
{
    struct cookie_secrets s = secrets_of(SECRET, NULL);
    struct addr client;
    assert_int_equal(addr_parse(&client, CLIENT), ERR_OK);
    for (unsigned bit = 0; bit < 8 * COOKIE_LEN; bit++) {
        uint8_t cookie[40];
        octets(cookie, FRESH);
        cookie[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(cookie_take(&s, &client, cookie, COOKIE_LEN, MADE_AT));
    }
}

static void reply_keeps_a_young_cookie_and_the_clients_part(void **state)
{
    struct cookie_secrets s = secrets_of(SECRET, NULL);
    struct addr client;
    uint8_t cookie[40], sent[40];
    assert_int_equal(addr_parse(&client, CLIENT), ERR_OK);
    octets(sent, FRESH);
    memcpy(cookie, sent, sizeof cookie);
    assert_true(cookie_take(&s, &client, cookie, COOKIE_LEN, MADE_AT + 1800));
    assert_memory_equal(cookie, sent, COOKIE_LEN);
    assert_true(cookie_take(&s, &client, cookie, COOKIE_LEN, MADE_AT + 1801));
    assert_memory_not_equal(cookie, sent, COOKIE_LEN);
    assert_memory_equal(cookie, sent, COOKIE_CLIENT_LEN);
}

/* A host without a clock begins in 1970. */
static void first_day_has_a_secret_too(void **state)
{
    struct cookie_secrets s = secrets_of(SECRET, NULL),
                          other = secrets_of("00112233445566778899aabbccddeeff", NULL);
    struct addr client;
    uint8_t cookie[40] = {1, 2, 3};
    s.daily = other.daily = true;
    assert_int_equal(addr_parse(&client, CLIENT), ERR_OK);
    assert_false(cookie_take(&s, &client, cookie, 8, 100));
    assert_true(cookie_take(&s, &client, cookie, COOKIE_LEN, 100));
    assert_false(cookie_take(&other, &client, cookie, COOKIE_LEN, 100));
}

static void secret_of_a_day_is_believed_past_midnight(void **state)
{
    struct cookie_secrets s = secrets_of(SECRET, NULL);
    struct addr client;
    uint8_t first[40] = {1, 2, 3}, again[40];
    uint32_t midnight = 20000u * 86400u;
    s.daily = true;
    assert_int_equal(addr_parse(&client, CLIENT), ERR_OK);
    assert_false(cookie_take(&s, &client, first, 8, midnight - 10));
    memcpy(again, first, sizeof again);
    assert_true(cookie_take(&s, &client, again, COOKIE_LEN, midnight + 10));
    /* Another day's secret is another one: the hash of equal octets differs. */
    s.daily = false;
    memcpy(again, first, sizeof again);
    assert_false(cookie_take(&s, &client, again, COOKIE_LEN, midnight - 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_rfc_9018_appendix_a),
        cmocka_unit_test(good_for_an_hour_and_five_minutes_before),
        cmocka_unit_test(of_another_address_version_or_length_is_not_ours),
        cmocka_unit_test(no_bit_may_be_changed),
        cmocka_unit_test(reply_keeps_a_young_cookie_and_the_clients_part),
        cmocka_unit_test(first_day_has_a_secret_too),
        cmocka_unit_test(secret_of_a_day_is_believed_past_midnight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
