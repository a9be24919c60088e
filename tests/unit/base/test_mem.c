#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void gives_zeroed_memory(void **state)
{
    unsigned char *p = mem_alloc(300);
    for (unsigned i = 0; i < 300; i++)
        assert_int_equal(p[i], 0);
    mem_free(p);
    mem_free(mem_alloc(0));
    mem_free(NULL);
}

static void grows_and_keeps_what_was_there(void **state)
{
    char *p = mem_strdup("hark");
    p = mem_grow(p, 4096);
    assert_string_equal(p, "hark");
    mem_free(p);
}

static void arena_pieces_are_aligned_and_apart(void **state)
{
    struct arena a;
    arena_init(&a);
    unsigned char *before = NULL;
    for (size_t n = 0; n < 500; n++) {
        unsigned char *p = arena_alloc(&a, n);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xa5, n);
        if (before && n > 1)
            assert_int_equal(before[0], 0xa5);
        before = p;
    }
    arena_fini(&a);
}

static void arena_big_piece_leaves_the_current_chunk_in_use(void **state)
{
    struct arena a;
    arena_init(&a);
    char *first = arena_alloc(&a, 16);
    unsigned char *big = arena_alloc(&a, 100000);
    char *second = arena_alloc(&a, 16);
    memset(big, 1, 100000);
    assert_true(second > first && second - first < 4096);
    arena_fini(&a);
}

static void arena_is_zeroed_again_after_reset(void **state)
{
    struct arena a;
    arena_init(&a);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 40; i++) {
            unsigned char *p = arena_alloc(&a, 200);
            for (unsigned k = 0; k < 200; k++)
                assert_int_equal(p[k], 0);
            memset(p, 0xff, 200);
        }
        assert_int_equal(a.used, 40 * 200);
        arena_reset(&a);
        assert_int_equal(a.used, 0);
    }
    arena_fini(&a);
    arena_reset(&a); /* an empty arena may be reset */
    assert_null(a.chunks);
}

static void arena_copies(void **state)
{
    struct arena a;
    arena_init(&a);
    assert_string_equal(arena_strdup(&a, "example.org"), "example.org");
    assert_memory_equal(arena_copy(&a, "abc", 3), "abc", 3);
    assert_non_null(arena_copy(&a, NULL, 0));
    arena_fini(&a);
}

static void arena_prints_what_is_longer_than_any_buffer(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    assert_string_equal(arena_printf(&a, "%s", ""), "");
    assert_string_equal(arena_printf(&a, "%s/%u", "192.0.2.0", 24), "192.0.2.0/24");
    for (int n = 250; n < 6000; n = n < 260 ? n + 1 : n * 3) {
        char *s = arena_printf(&a, "%*d|", n, 7);
        assert_int_equal(strlen(s), n + 1);
        assert_string_equal(s + n - 1, "7|");
        assert_int_equal(strspn(s, " "), n - 1);
    }
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_zeroed_memory),
        cmocka_unit_test(grows_and_keeps_what_was_there),
        cmocka_unit_test(arena_pieces_are_aligned_and_apart),
        cmocka_unit_test(arena_big_piece_leaves_the_current_chunk_in_use),
        cmocka_unit_test(arena_is_zeroed_again_after_reset),
        cmocka_unit_test(arena_copies),
        cmocka_unit_test(arena_prints_what_is_longer_than_any_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
