#include "sample.h"

static struct endpoint endpoint(const char *text)
{
    struct endpoint e = {0};
    assert_int_equal(endpoint_parse(&e, text, 53), ERR_OK);
    return e;
}

static void unknown_server_has_no_facts(void **state)
{
    struct sample *s = *state;
    struct endpoint e = endpoint("192.0.2.1");
    struct server_facts f = {.srtt_ms = 9, .heard = 1}, none = {0};
    cache_server_get(s->c, &e, 0, &f);
    assert_memory_equal(&f, &none, sizeof f);
}

static void facts_come_back_until_they_are_old(void **state)
{
    struct sample *s = *state;
    struct endpoint e = endpoint("2001:db8::1@5353");
    struct server_facts f = {.srtt_ms = 300,
                            .rttvar_ms = 65535,
                            .timeouts = 2,
                            .edns = EDNS_FACT_BROKEN,
                            .case_broken = 1,
                            .heard = 1},
                        got, none = {0};
    cache_server_put(s->c, &e, &f, 100);
    cache_server_get(s->c, &e, 100 + SERVER_FACTS_TTL - 1, &got);
    assert_memory_equal(&f, &got, sizeof f);
    cache_server_get(s->c, &e, 100 + SERVER_FACTS_TTL, &got);
    assert_memory_equal(&none, &got, sizeof f);
    cache_server_put(s->c, &e, &f, 100);
    e.port = 53;
    cache_server_get(s->c, &e, 100, &got);
    assert_memory_equal(&none, &got, sizeof f);
}

static void edns_that_worked_is_never_broken(void **state)
{
    struct sample *s = *state;
    struct endpoint e = endpoint("192.0.2.1");
    struct server_facts f = {.edns = EDNS_FACT_BROKEN};
    cache_server_put(s->c, &e, &f, 0);
    cache_server_get(s->c, &e, 0, &f);
    assert_int_equal(f.edns, EDNS_FACT_BROKEN);
    f.edns = EDNS_FACT_WORKS;
    cache_server_put(s->c, &e, &f, 0);
    f.edns = EDNS_FACT_BROKEN;
    f.timeouts = 3;
    cache_server_put(s->c, &e, &f, 0);
    cache_server_get(s->c, &e, 0, &f);
    assert_int_equal(f.edns, EDNS_FACT_WORKS);
    assert_int_equal(f.timeouts, 3);
}

static void lameness_is_of_zone_and_address_and_ends(void **state)
{
    struct sample *s = *state;
    struct addr a = endpoint("192.0.2.1").addr, b = endpoint("192.0.2.2").addr;
    const name_t *zone = sample_name(&s->a, "example."), *other = sample_name(&s->a, "other.");
    cache_lame_put(s->c, zone, &a, 10);
    assert_true(cache_lame_get(s->c, sample_name(&s->a, "EXAMPLE."), &a, 10));
    assert_false(cache_lame_get(s->c, zone, &b, 10));
    assert_false(cache_lame_get(s->c, other, &a, 10));
    assert_true(cache_lame_get(s->c, zone, &a, 10 + LAME_TTL - 1));
    assert_false(cache_lame_get(s->c, zone, &a, 10 + LAME_TTL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SAMPLE_TEST(unknown_server_has_no_facts),
        SAMPLE_TEST(facts_come_back_until_they_are_old),
        SAMPLE_TEST(edns_that_worked_is_never_broken),
        SAMPLE_TEST(lameness_is_of_zone_and_address_and_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
