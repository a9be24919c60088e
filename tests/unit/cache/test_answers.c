#include "sample.h"

/* A message as far as the cache cares: octets, with TTLs at 20 and 40. */
static const uint16_t ttls_at[] = {20, 40};

static void message(uint8_t wire[100], uint32_t first, uint32_t second)
{
    for (unsigned i = 0; i < 100; i++)
        wire[i] = (uint8_t)i;
    put_u32(wire + 20, first);
    put_u32(wire + 40, second);
}

static void put(struct sample *s, const char *name, uint8_t variant, uint32_t life_s, uint32_t now_s)
{
    uint8_t wire[100];
    message(wire, life_s, 3600);
    struct answer a = {.wire = wire,
        .len = sizeof wire,
        .ttl_offsets = ttls_at,
        .ttl_count = 2,
        .life_s = life_s,
        .ede = EDE_NONE};
    cache_answer_put(s->c, sample_name(&s->a, name), TYPE_A, CLASS_IN, variant, &a, now_s);
}

static size_t get_as(
    struct sample *s, const name_t *name, uint8_t variant, uint32_t now_s, uint8_t *out, size_t cap)
{
    struct answer_room room = {.wire = out, .cap = cap};
    return cache_answer_get(s->c, name, TYPE_A, CLASS_IN, variant, now_s, &room);
}

static size_t get(struct sample *s, const char *name, uint8_t variant, uint32_t now_s, uint8_t out[100])
{
    return get_as(s, sample_name(&s->a, name), variant, now_s, out, 100);
}

static void ttls_go_down_with_time_and_the_rest_is_as_put(void **state)
{
    struct sample *s = *state;
    uint8_t out[100], want[100];
    put(s, "www.example.", 0, 5, 1000);
    assert_int_equal(get(s, "WWW.Example.", 0, 1000, out), 100);
    message(want, 5, 3600);
    assert_memory_equal(out, want, 100);
    assert_int_equal(get(s, "www.example.", 0, 1004, out), 100);
    message(want, 1, 3596);
    assert_memory_equal(out, want, 100);
    assert_int_equal(get(s, "www.example.", 0, 1005, out), 0);
}

static void the_last_tenth_of_a_life_is_due_for_a_refresh(void **state)
{
    struct sample *s = *state;
    uint8_t out[100];
    const name_t *name = sample_name(&s->a, "www.example.");
    static const struct {
        uint32_t life_s, after_s;
        bool due;
    } rows[] = {{300, 0, false}, {300, 269, false}, {300, 270, true}, {300, 299, true}, {10, 8, false},
        {10, 9, true}, {9, 8, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct answer_room room = {.wire = out, .cap = sizeof out};
        put(s, "www.example.", 0, rows[i].life_s, 1000);
        assert_int_equal(
            cache_answer_get(s->c, name, TYPE_A, CLASS_IN, 0, 1000 + rows[i].after_s, &room), 100);
        assert_int_equal(room.due, rows[i].due);
    }
}

static void clock_that_steps_back_never_lengthens_a_ttl(void **state)
{
    struct sample *s = *state;
    uint8_t out[100];
    put(s, "www.example.", 0, 5, 1000);
    assert_int_equal(get(s, "www.example.", 0, 999, out), 100);
    assert_int_equal(get_u32(out + 20), 5);
}

static void variants_types_and_names_are_apart(void **state)
{
    struct sample *s = *state;
    uint8_t out[100];
    put(s, "www.example.", ANSWER_VARIANT_DO, 5, 0);
    assert_int_equal(get(s, "www.example.", ANSWER_VARIANT_DO, 0, out), 100);
    assert_int_equal(get(s, "www.example.", 0, 0, out), 0);
    assert_int_equal(get(s, "www.example.", ANSWER_VARIANT_DO | ANSWER_VARIANT_CD, 0, out), 0);
    assert_int_equal(get(s, "example.", ANSWER_VARIANT_DO, 0, out), 0);
    const name_t *name = sample_name(&s->a, "www.example.");
    struct answer_room room = {.wire = out, .cap = 100};
    assert_int_equal(cache_answer_get(s->c, name, TYPE_MX, CLASS_IN, ANSWER_VARIANT_DO, 0, &room), 0);
    assert_int_equal(cache_answer_get(s->c, name, TYPE_A, CLASS_CH, ANSWER_VARIANT_DO, 0, &room), 0);
}

static void flush_kills_all_at_once(void **state)
{
    struct sample *s = *state;
    uint8_t out[100];
    put(s, "a.", 0, 5, 0);
    put(s, "b.", 0, 5, 0);
    cache_answers_flush(s->c);
    assert_int_equal(get(s, "a.", 0, 0, out), 0);
    assert_int_equal(get(s, "b.", 0, 0, out), 0);
    put(s, "a.", 0, 5, 0);
    assert_int_equal(get(s, "a.", 0, 0, out), 100);
}

static void what_does_not_fit_is_not_given(void **state)
{
    struct sample *s = *state;
    uint8_t out[100];
    const name_t *name = sample_name(&s->a, "a.");
    put(s, "a.", 0, 5, 0);
    assert_int_equal(get_as(s, name, 0, 0, out, 99), 0);
    assert_int_equal(get_as(s, name, 0, 0, out, 100), 100);
}

static void too_long_or_dead_is_not_stored(void **state)
{
    struct sample *s = *state;
    static uint8_t wire[ANSWER_OCTETS_MAX + 1], out[ANSWER_OCTETS_MAX + 1];
    static uint16_t ttls[ANSWER_TTLS_MAX + 1];
    const name_t *name = sample_name(&s->a, "a.");
    const struct answer rows[] = {
        {wire, sizeof wire, ttls, 0, 5, EDE_NONE, ""},
        {wire, 100, ttls, ANSWER_TTLS_MAX + 1, 5, EDE_NONE, ""},
        {wire, 100, ttls, 1, 0, EDE_NONE, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cache_answer_put(s->c, name, TYPE_A, CLASS_IN, 0, &rows[i], 0);
        assert_int_equal(get_as(s, name, 0, 0, out, sizeof out), 0);
    }
    const struct answer longest = {wire, sizeof wire - 1, ttls, ANSWER_TTLS_MAX, 5, EDE_NONE, ""};
    cache_answer_put(s->c, name, TYPE_A, CLASS_IN, 0, &longest, 0);
    assert_int_equal(get_as(s, name, 0, 0, out, sizeof out), sizeof wire - 1);
}

static void reason_stays_with_its_answer(void **state)
{
    struct sample *s = *state;
    static uint8_t wire[100], out[100];
    char longer[2 * ANSWER_REASON_MAX];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    const name_t *name = sample_name(&s->a, "a.");
    const struct {
        int ede;
        const char *text;
        size_t len;
    } rows[] = {{EDE_NONE, "", 0}, {EDE_NONE, NULL, 0}, {EDE_OTHER, NULL, 0},
        {EDE_UNSUPPORTED_DS_DIGEST, "of 3", 4}, {EDE_INVALID_QUERY_TYPE, longer, ANSWER_REASON_MAX - 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct answer a = {wire, sizeof wire, ttls_at, 2, 5, rows[i].ede, rows[i].text};
        struct answer_room room = {.wire = out, .cap = sizeof out};
        cache_answer_put(s->c, name, TYPE_A, CLASS_IN, 0, &a, 0);
        assert_int_equal(cache_answer_get(s->c, name, TYPE_A, CLASS_IN, 0, 0, &room), sizeof wire);
        assert_int_equal(room.ede, rows[i].ede);
        assert_int_equal(strlen(room.ede_text), rows[i].len);
        if (rows[i].len)
            assert_memory_equal(room.ede_text, rows[i].text, rows[i].len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SAMPLE_TEST(ttls_go_down_with_time_and_the_rest_is_as_put),
        SAMPLE_TEST(the_last_tenth_of_a_life_is_due_for_a_refresh),
        SAMPLE_TEST(clock_that_steps_back_never_lengthens_a_ttl),
        SAMPLE_TEST(variants_types_and_names_are_apart),
        SAMPLE_TEST(flush_kills_all_at_once),
        SAMPLE_TEST(what_does_not_fit_is_not_given),
        SAMPLE_TEST(too_long_or_dead_is_not_stored),
        SAMPLE_TEST(reason_stays_with_its_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
