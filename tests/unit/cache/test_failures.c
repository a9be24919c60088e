#include "sample.h"

static bool get(struct sample *s, const char *name, uint16_t type, uint32_t now_s, struct failure *out)
{
    return cache_failure_get(s->c, sample_name(&s->a, name), type, CLASS_IN, now_s, out);
}

static void put(struct sample *s, const char *name, uint16_t ede, uint32_t now_s)
{
    struct failure f = {.ede = ede};
    cache_failure_put(s->c, sample_name(&s->a, name), TYPE_A, CLASS_IN, &f, false, now_s);
}

static void delay_doubles_up_to_five_minutes(void **state)
{
    static const uint32_t delays[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300};
    struct sample *s = *state;
    struct failure f;
    uint32_t now_s = 1000;
    assert_false(get(s, "x.example.", TYPE_A, now_s, &f));
    for (unsigned i = 0; i < sizeof delays / sizeof *delays; i++) {
        put(s, "x.example.", (uint16_t)(20 + i), now_s);
        assert_true(get(s, "X.example.", TYPE_A, now_s, &f));
        assert_int_equal(f.streak, i + 1);
        assert_int_equal(f.ede, 20 + i);
        assert_int_equal(f.retry_s, delays[i]);
        assert_true(get(s, "x.example.", TYPE_A, now_s + delays[i] - 1, &f));
        assert_int_equal(f.retry_s, 1);
        now_s += delays[i];
        assert_true(get(s, "x.example.", TYPE_A, now_s, &f));
        assert_int_equal(f.retry_s, 0); /* known, and due */
    }
    for (unsigned i = 0; i < 70000; i++)
        put(s, "x.example.", 22, now_s);
    assert_true(get(s, "x.example.", TYPE_A, now_s, &f));
    assert_int_equal(f.streak, 65535);
    assert_int_equal(f.retry_s, FAILURE_TTL_MAX);
}

static void clock_that_steps_back_never_lengthens_the_wait(void **state)
{
    struct sample *s = *state;
    struct failure f;
    put(s, "x.", 22, 1000);
    assert_true(get(s, "x.", TYPE_A, 990, &f));
    assert_int_equal(f.retry_s, 1);
}

static void question_is_name_and_type(void **state)
{
    struct sample *s = *state;
    struct failure f;
    put(s, "x.example.", 22, 0);
    assert_false(get(s, "x.example.", TYPE_AAAA, 0, &f));
    assert_false(get(s, "example.", TYPE_A, 0, &f));
}

static void success_and_time_clear_it(void **state)
{
    struct sample *s = *state;
    struct failure f;
    put(s, "x.", 22, 0);
    put(s, "x.", 22, 0);
    cache_failure_clear(s->c, sample_name(&s->a, "X."), TYPE_A, CLASS_IN);
    assert_false(get(s, "x.", TYPE_A, 0, &f));
    put(s, "x.", 22, 0);
    assert_true(get(s, "x.", TYPE_A, 0, &f));
    assert_int_equal(f.streak, 1);
    assert_false(get(s, "x.", TYPE_A, 2 * FAILURE_TTL_MAX, &f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SAMPLE_TEST(delay_doubles_up_to_five_minutes),
        SAMPLE_TEST(clock_that_steps_back_never_lengthens_the_wait),
        SAMPLE_TEST(question_is_name_and_type),
        SAMPLE_TEST(success_and_time_clear_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
