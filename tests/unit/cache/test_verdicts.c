/* Other trust anchors: what was judged by the old ones is not judged. */
#include "sample.h"

static void flush_leaves_data_without_its_verdict(void **state)
{
    struct sample *s = *state;
    struct rrset *rs = sample_rrset(&s->a, "www.example.", TYPE_A, 300, "1234");
    rs->verdict = VERDICT_SECURE;
    cache_rrset_put(s->c, rs, 0);
    cache_verdicts_flush(s->c);
    struct rrset *got = cache_rrset_get(s->c, rs->owner, TYPE_A, CLASS_IN, 0, &s->a);
    assert_non_null(got);
    assert_int_equal(got->verdict, VERDICT_UNCHECKED);
    assert_int_equal(got->ttl, 300);
    /* It does not stand in the way of what is judged now. */
    rs->verdict = VERDICT_INSECURE;
    cache_rrset_put(s->c, rs, 0);
    assert_int_equal(cache_rrset_get(s->c, rs->owner, TYPE_A, CLASS_IN, 0, &s->a)->verdict, VERDICT_INSECURE);
    rs->verdict = VERDICT_SECURE;
    cache_rrset_put(s->c, rs, 0);
    rs->verdict = VERDICT_INSECURE;
    cache_rrset_put(s->c, rs, 0);
    assert_int_equal(cache_rrset_get(s->c, rs->owner, TYPE_A, CLASS_IN, 0, &s->a)->verdict, VERDICT_SECURE);
}

static void flush_leaves_denials_without_their_verdict(void **state)
{
    struct sample *s = *state;
    const name_t *name = sample_name(&s->a, "nx.example.");
    struct negative n = {.nxdomain = true, .verdict = VERDICT_SECURE, .ttl = 300, .no_name = true}, got;
    rrset_list_add(&n.authority, sample_rrset(&s->a, "example.", TYPE_SOA, 300, "soa"), &s->a);
    cache_negative_put(s->c, name, TYPE_A, CLASS_IN, &n, 0);
    assert_true(cache_negative_get(s->c, name, TYPE_A, CLASS_IN, 0, &s->a, &got));
    assert_int_equal(got.verdict, VERDICT_SECURE);
    cache_verdicts_flush(s->c);
    assert_true(cache_negative_get(s->c, name, TYPE_A, CLASS_IN, 0, &s->a, &got));
    assert_int_equal(got.verdict, VERDICT_UNCHECKED);
    assert_true(got.no_name && got.nxdomain && got.ttl == 300);
    n.verdict = VERDICT_INSECURE;
    cache_negative_put(s->c, name, TYPE_A, CLASS_IN, &n, 0);
    assert_true(cache_negative_get(s->c, name, TYPE_A, CLASS_IN, 0, &s->a, &got));
    assert_int_equal(got.verdict, VERDICT_INSECURE);
}

static void flush_leaves_delegations_open(void **state)
{
    struct sample *s = *state;
    struct cut_server server = {.name = sample_name(&s->a, "ns.example.")};
    struct cut cut = {.zone = sample_name(&s->a, "example."),
        .ttl = 300,
        .insecure = true,
        .server_count = 1,
        .servers = &server};
    cache_cut_put(s->c, &cut, 0);
    assert_true(cache_cut_get(s->c, cut.zone, 0, &s->a)->insecure);
    cache_verdicts_flush(s->c);
    assert_false(cache_cut_get(s->c, cut.zone, 0, &s->a)->insecure);
}

static void flush_lets_what_was_bogus_be_tried_again(void **state)
{
    struct sample *s = *state;
    const name_t *name = sample_name(&s->a, "bad.example.");
    struct failure bogus = {.ede = 6, .bogus = true, .tag = "no-signature", .text = "why"}, got;
    struct failure other = {.ede = 22};
    cache_failure_put(s->c, name, TYPE_A, CLASS_IN, &bogus, false, 0);
    cache_failure_put(s->c, name, TYPE_MX, CLASS_IN, &other, false, 0);
    assert_true(cache_failure_get(s->c, name, TYPE_A, CLASS_IN, 0, &got));
    assert_int_equal(got.retry_s, BOGUS_TTL);
    assert_string_equal(got.tag, "no-signature");
    assert_string_equal(got.text, "why");
    cache_verdicts_flush(s->c);
    assert_true(cache_failure_get(s->c, name, TYPE_A, CLASS_IN, 0, &got));
    assert_int_equal(got.retry_s, 0);
    assert_true(cache_failure_get(s->c, name, TYPE_MX, CLASS_IN, 0, &got));
    assert_int_equal(got.retry_s, FAILURE_TTL_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SAMPLE_TEST(flush_leaves_data_without_its_verdict),
        SAMPLE_TEST(flush_leaves_denials_without_their_verdict),
        SAMPLE_TEST(flush_leaves_delegations_open),
        SAMPLE_TEST(flush_lets_what_was_bogus_be_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
