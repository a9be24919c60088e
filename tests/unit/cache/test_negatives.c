#include "sample.h"

static struct negative negative_of(struct sample *s, bool nxdomain, uint32_t ttl)
{
    struct negative n = {.nxdomain = nxdomain, .ttl = ttl};
    rrset_list_add(&n.authority, sample_rrset(&s->a, "example.", TYPE_SOA, 7200, "soa"), &s->a);
    rrset_list_add(&n.authority, sample_rrset(&s->a, "a.example.", TYPE_NSEC, 20, "proof"), &s->a);
    return n;
}

static void put(struct sample *s, const char *name, uint16_t type, const struct negative *n, uint32_t now_s)
{
    cache_negative_put(s->c, sample_name(&s->a, name), type, CLASS_IN, n, now_s);
}

static bool get(struct sample *s, const char *name, uint16_t type, uint32_t now_s, struct negative *out)
{
    return cache_negative_get(s->c, sample_name(&s->a, name), type, CLASS_IN, now_s, &s->a, out);
}

static void nodata_denies_one_type(void **state)
{
    struct sample *s = *state;
    struct negative n = negative_of(s, false, 60), got;
    put(s, "www.example.", TYPE_AAAA, &n, 100);
    assert_false(get(s, "www.example.", TYPE_A, 100, &got));
    assert_false(get(s, "x.www.example.", TYPE_AAAA, 100, &got));
    assert_true(get(s, "WWW.example.", TYPE_AAAA, 110, &got));
    assert_false(got.nxdomain);
    assert_int_equal(got.ttl, 50);
    assert_int_equal(got.authority.count, 2);
    assert_int_equal(got.authority.items[0]->type, TYPE_SOA);
    assert_rdata(got.authority.items[0]->rdata[0], "soa");
    assert_rdata(got.authority.items[1]->rdata[0], "proof");
    assert_int_equal(got.authority.items[0]->ttl, 50); /* never longer than the whole */
    assert_int_equal(got.authority.items[1]->ttl, 10);
    assert_true(get(s, "www.example.", TYPE_AAAA, 159, &got));
    assert_int_equal(got.ttl, 1);
    assert_false(get(s, "www.example.", TYPE_AAAA, 160, &got));
}

static void nxdomain_denies_every_type_and_comes_first(void **state)
{
    struct sample *s = *state;
    struct negative n = negative_of(s, false, 60), got;
    put(s, "no.example.", TYPE_A, &n, 0);
    n = negative_of(s, true, 30);
    n.verdict = VERDICT_INSECURE;
    put(s, "no.example.", TYPE_A, &n, 0);
    assert_true(get(s, "no.example.", TYPE_MX, 0, &got));
    assert_true(got.nxdomain);
    assert_int_equal(got.verdict, VERDICT_INSECURE);
    assert_true(get(s, "no.example.", TYPE_A, 0, &got));
    assert_true(got.nxdomain);
    assert_true(get(s, "no.example.", TYPE_A, 30, &got));
    assert_false(got.nxdomain);
    assert_false(get(s, "no.example.", TYPE_MX, 30, &got));
}

static void life_is_bounded(void **state)
{
    struct sample *s = *state;
    struct negative n = negative_of(s, true, 86400), got;
    put(s, "long.", TYPE_A, &n, 0);
    assert_true(get(s, "long.", TYPE_A, 0, &got));
    assert_int_equal(got.ttl, TTL_NEGATIVE_MAX);
    n.ttl = 0;
    put(s, "zero.", TYPE_A, &n, 0);
    assert_false(get(s, "zero.", TYPE_A, 0, &got));
}

static void without_authority_it_is_kept_too(void **state)
{
    struct sample *s = *state;
    struct negative n = {.ttl = 10}, got;
    put(s, "bare.", TYPE_A, &n, 0);
    assert_true(get(s, "bare.", TYPE_A, 0, &got));
    assert_int_equal(got.authority.count, 0);
}

static void unproven_does_not_replace_secure(void **state)
{
    struct sample *s = *state;
    struct negative n = negative_of(s, true, 100), got;
    n.verdict = VERDICT_SECURE;
    put(s, "x.", TYPE_A, &n, 0);
    n.verdict = VERDICT_BOGUS;
    n.ttl = 50;
    put(s, "x.", TYPE_A, &n, 0);
    assert_true(get(s, "x.", TYPE_A, 0, &got));
    assert_int_equal(got.verdict, VERDICT_SECURE);
    put(s, "x.", TYPE_A, &n, 100);
    assert_true(get(s, "x.", TYPE_A, 100, &got));
    assert_int_equal(got.verdict, VERDICT_BOGUS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SAMPLE_TEST(nodata_denies_one_type),
        SAMPLE_TEST(nxdomain_denies_every_type_and_comes_first),
        SAMPLE_TEST(life_is_bounded),
        SAMPLE_TEST(without_authority_it_is_kept_too),
        SAMPLE_TEST(unproven_does_not_replace_secure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
