#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void one_seed_gives_one_sequence(void **state)
{
    static const uint8_t seed[32] = {1, 2, 3}, other[32] = {1, 2, 4};
    struct random *a = random_new(seed), *b = random_new(seed), *c = random_new(other);
    uint8_t x[5000], y[5000], z[5000];
    random_octets(a, x, sizeof x);
    /* However it is cut into pieces. */
    for (size_t i = 0; i < sizeof y; i += 7)
        random_octets(b, y + i, sizeof y - i < 7 ? sizeof y - i : 7);
    random_octets(c, z, sizeof z);
    assert_memory_equal(x, y, sizeof x);
    assert_memory_not_equal(x, z, 32);
    random_free(a);
    random_free(b);
    random_free(c);
    random_free(NULL);
}

static void the_first_block_is_chacha20(void **state)
{
    /* Zero key and nonce: RFC 8439 A.1 test vector 1.
     * The first 32 octets become the next key, the rest is given out. */
    static const uint8_t seed[32];
    static const uint8_t want[32] = {0xda, 0x41, 0x59, 0x7c, 0x51, 0x57, 0x48, 0x8d, 0x77, 0x24, 0xe0, 0x3f,
        0xb8, 0xd8, 0x4a, 0x37, 0x6a, 0x43, 0xb8, 0xf4, 0x15, 0x18, 0xa1, 0x1c, 0xc3, 0x87, 0xb6, 0x69, 0xb2,
        0xee, 0x65, 0x86};
    struct random *r = random_new(seed);
    uint8_t got[32];
    random_octets(r, got, sizeof got);
    assert_memory_equal(got, want, sizeof got);
    random_free(r);
}

static void the_kernel_seeds_each_generator_differently(void **state)
{
    struct random *a = random_new(NULL), *b = random_new(NULL);
    assert_true(random_u64(a) != random_u64(b));
    random_free(a);
    random_free(b);
}

static void draws_below_are_in_range_and_even(void **state)
{
    static const uint8_t seed[32] = {7};
    struct random *r = random_new(seed);
    unsigned seen[6] = {0};
    for (unsigned i = 0; i < 60000; i++) {
        uint32_t v = random_below(r, 6);
        assert_true(v < 6);
        seen[v]++;
    }
    for (unsigned i = 0; i < 6; i++)
        assert_in_range(seen[i], 9500, 10500); /* 10,000 ± 5 standard deviations */
    assert_int_equal(random_below(r, 1), 0);
    random_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_seed_gives_one_sequence),
        cmocka_unit_test(the_first_block_is_chacha20),
        cmocka_unit_test(the_kernel_seeds_each_generator_differently),
        cmocka_unit_test(draws_below_are_in_range_and_even),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
