#include "cache/flat.h"
#include "sample.h"

static struct rrset *get(struct sample *s, const char *owner, uint16_t type, uint32_t now_s)
{
    return cache_rrset_get(s->c, sample_name(&s->a, owner), type, CLASS_IN, now_s, &s->a);
}

static void ttl_5_is_served_at_4_s_and_gone_at_5_s(void **state)
{
    struct sample *s = *state;
    cache_rrset_put(s->c, sample_rrset(&s->a, "www.example.", TYPE_A, 5, "abcd"), 1000);
    assert_int_equal(get(s, "www.example.", TYPE_A, 1000)->ttl, 5);
    assert_int_equal(get(s, "www.example.", TYPE_A, 1004)->ttl, 1);
    assert_null(get(s, "www.example.", TYPE_A, 1005));
}

static void clock_that_steps_back_never_lengthens_a_ttl(void **state)
{
    struct sample *s = *state;
    cache_rrset_put(s->c, sample_rrset(&s->a, "www.example.", TYPE_A, 5, "abcd"), 1000);
    assert_int_equal(get(s, "www.example.", TYPE_A, 998)->ttl, 5);
}

static void everything_comes_back_and_nothing_points_to_what_was_put(void **state)
{
    struct sample *s = *state;
    struct arena mine;
    arena_init(&mine);
    struct rrset *rs = sample_rrset(&mine, "WwW.Example.", TYPE_TXT, 300, "one");
    rs->rdata = ARENA_ARRAY(&mine, struct rdata, 3);
    rs->rdata[0] = sample_rdata(&mine, "one");
    rs->rdata[1] = sample_rdata(&mine, "");
    rs->rdata[2] = sample_rdata(&mine, "three");
    rs->count = 3;
    rs->sigs = ARENA_ARRAY(&mine, struct rdata, 1);
    rs->sigs[0] = sample_rdata(&mine, "signature");
    rs->sig_count = 1;
    rs->verdict = VERDICT_SECURE;
    cache_rrset_put(s->c, rs, 0);
    arena_fini(&mine);
    const struct rrset *got = get(s, "www.EXAMPLE.", TYPE_TXT, 1);
    assert_non_null(got);
    assert_true(name_same_case(got->owner, sample_name(&s->a, "WwW.Example.")));
    assert_int_equal(got->type, TYPE_TXT);
    assert_int_equal(got->class, CLASS_IN);
    assert_int_equal(got->rank, RANK_ANSWER);
    assert_int_equal(got->verdict, VERDICT_SECURE);
    assert_int_equal(got->count, 3);
    assert_int_equal(got->sig_count, 1);
    assert_rdata(got->rdata[0], "one");
    assert_rdata(got->rdata[1], "");
    assert_rdata(got->rdata[2], "three");
    assert_rdata(got->sigs[0], "signature");
    assert_null(get(s, "www.example.", TYPE_A, 1));
    assert_null(get(s, "example.", TYPE_TXT, 1));
    assert_null(cache_rrset_get(s->c, sample_name(&s->a, "www.example."), TYPE_TXT, CLASS_CH, 1, &s->a));
}

static void rank_and_verdict_decide_what_stays(void **state)
{
    static const struct {
        uint8_t old_rank, old_verdict, new_rank, new_verdict;
        uint32_t at_s;
        bool replaced;
        const char *why;
    } rows[] = {
        {RANK_GLUE, 0, RANK_ANSWER, 0, 1, true, "RFC 2181 5.4.1: higher replaces lower"},
        {RANK_ANSWER, 0, RANK_GLUE, 0, 1, false, "lower does not replace higher"},
        {RANK_ANSWER, 0, RANK_GLUE, 0, 100, true, "but an expired one outranks nothing"},
        {RANK_ANSWER, 0, RANK_ANSWER, 0, 1, true, "equal: the newer"},
        {RANK_ANSWER, VERDICT_SECURE, RANK_ANSWER, VERDICT_UNCHECKED, 1, false, "equal rank: secure stays"},
        {RANK_ANSWER, VERDICT_SECURE, RANK_ANSWER, VERDICT_BOGUS, 1, false, "equal rank: secure stays"},
        {RANK_ANSWER, VERDICT_SECURE, RANK_ANSWER, VERDICT_SECURE, 1, true, "both secure: the newer"},
        {RANK_ANSWER, VERDICT_SECURE, RANK_ANSWER, VERDICT_BOGUS, 100, true, "expired"},
        {RANK_ANSWER, VERDICT_INSECURE, RANK_ANSWER, VERDICT_SECURE, 1, true, "secure replaces"},
        {RANK_AUTHORITY, VERDICT_SECURE, RANK_ANSWER, VERDICT_INSECURE, 1, true, "rank comes first"},
        {RANK_ANSWER, VERDICT_INSECURE, RANK_AUTHORITY, VERDICT_SECURE, 1, false, "rank comes first"},
    };
    struct sample *s = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cache_clear(s->c);
        struct rrset *rs = sample_rrset(&s->a, "x.example.", TYPE_A, 100, "oldd");
        rs->rank = rows[i].old_rank;
        rs->verdict = rows[i].old_verdict;
        cache_rrset_put(s->c, rs, 0);
        rs = sample_rrset(&s->a, "X.example.", TYPE_A, 100, "neww");
        rs->rank = rows[i].new_rank;
        rs->verdict = rows[i].new_verdict;
        cache_rrset_put(s->c, rs, rows[i].at_s);
        struct rrset *got = get(s, "x.example.", TYPE_A, rows[i].at_s);
        assert_non_null(got);
        if ((got->rdata[0].data[0] == 'n') != rows[i].replaced)
            fail_msg("row %zu: %s", i, rows[i].why);
    }
}

static void ttl_is_bounded_by_the_settings(void **state)
{
    static const struct {
        uint32_t min, max, put, got;
        const char *why;
    } rows[] = {
        {0, 0, 300, 300, "as it is"},
        {0, 0, 0, 0, "TTL 0 is not stored"},
        {0, 0, 604800, TTL_MAX_DEFAULT, "the default bound"},
        {0, 3600, 7200, 3600, "cut"},
        {60, 3600, 5, 5, "not raised: who heard it has done so"},
        {0, 0, 0x80000000u, 0, "RFC 2181 8: the top bit set counts as 0"},
        {0, 0, 0xffffffffu, 0, "RFC 2181 8"},
    };
    struct sample *s = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cache_settings set = {.size = MIB, .ttl_min = rows[i].min, .ttl_max = rows[i].max};
        struct cache *c = cache_new(&set, &sample_key);
        cache_rrset_put(c, sample_rrset(&s->a, "a.", TYPE_A, rows[i].put, "abcd"), 50);
        struct rrset *got = cache_rrset_get(c, sample_name(&s->a, "a."), TYPE_A, CLASS_IN, 50, &s->a);
        if ((got ? got->ttl : 0) != rows[i].got)
            fail_msg("row %zu: %s", i, rows[i].why);
        cache_free(c);
    }
}

static void sets_over_the_limits_are_not_stored(void **state)
{
    struct sample *s = *state;
    struct rrset *rs = sample_rrset(&s->a, "big.", TYPE_TXT, 300, "x");
    uint8_t *octets = arena_alloc(&s->a, 20000);
    rs->rdata = ARENA_ARRAY(&s->a, struct rdata, RRSET_RECORDS_MAX + 1);
    for (unsigned i = 0; i <= RRSET_RECORDS_MAX; i++)
        rs->rdata[i] = (struct rdata){.data = octets, .len = 1};
    rs->count = RRSET_RECORDS_MAX + 1;
    cache_rrset_put(s->c, rs, 0);
    assert_null(get(s, "big.", TYPE_TXT, 0));
    rs->count = RRSET_RECORDS_MAX;
    cache_rrset_put(s->c, rs, 0);
    assert_int_equal(get(s, "big.", TYPE_TXT, 0)->count, RRSET_RECORDS_MAX);
    rs->owner = sample_name(&s->a, "long.");
    rs->count = 2;
    rs->rdata[0].len = rs->rdata[1].len = 20000;
    cache_rrset_put(s->c, rs, 0);
    assert_null(get(s, "long.", TYPE_TXT, 0));
    rs->count = 1;
    cache_rrset_put(s->c, rs, 0);
    assert_int_equal(get(s, "long.", TYPE_TXT, 0)->rdata[0].len, 20000);
    rs->owner = sample_name(&s->a, "none.");
    rs->count = 0;
    cache_rrset_put(s->c, rs, 0);
    assert_null(get(s, "none.", TYPE_TXT, 0));
}

/* Every prefix and every single changed octet of a flat set reads without fault: right, or not at all. */
static void flat_reader_is_not_led_astray(void **state)
{
    struct sample *s = *state;
    struct rrset *rs = sample_rrset(&s->a, "www.example.", TYPE_A, 300, "abcd");
    rs->sigs = ARENA_ARRAY(&s->a, struct rdata, 1);
    rs->sigs[0] = sample_rdata(&s->a, "signature");
    rs->sig_count = 1;
    size_t len = flat_rrset_len(rs);
    uint8_t *flat = mem_alloc(len);
    struct writer w = writer_of(flat, len);
    flat_write_rrset(&w, rs, 300);
    assert_false(w.bad);
    assert_int_equal(w.pos, len);
    for (size_t n = 0; n <= len; n++) {
        uint8_t *cut = mem_alloc(n);
        memcpy(cut, flat, n);
        struct reader r = reader_of(cut, n);
        assert_int_equal(flat_read_rrset(&r, &s->a) != NULL, n == len);
        mem_free(cut);
    }
    for (size_t i = 0; i < len * 255; i++) {
        flat[i / 255] = (uint8_t)(flat[i / 255] + 1);
        struct reader r = reader_of(flat, len);
        flat_read_rrset(&r, &s->a);
        arena_reset(&s->a);
        if (i % 255 == 254)
            flat[i / 255] = (uint8_t)(flat[i / 255] + 1);
    }
    mem_free(flat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SAMPLE_TEST(ttl_5_is_served_at_4_s_and_gone_at_5_s),
        SAMPLE_TEST(clock_that_steps_back_never_lengthens_a_ttl),
        SAMPLE_TEST(everything_comes_back_and_nothing_points_to_what_was_put),
        SAMPLE_TEST(rank_and_verdict_decide_what_stays),
        SAMPLE_TEST(ttl_is_bounded_by_the_settings),
        SAMPLE_TEST(sets_over_the_limits_are_not_stored),
        SAMPLE_TEST(flat_reader_is_not_led_astray),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
