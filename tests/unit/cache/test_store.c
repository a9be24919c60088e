#include "cache/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sample.h"

static struct store *store_of(size_t size)
{
    struct store *s = store_new(size, &sample_key);
    assert_non_null(s);
    return s;
}

static bool put_number(struct store *s, uint32_t number, size_t len, uint32_t expires_s, uint32_t now_s)
{
    uint8_t value[40000];
    memset(value, (int)(number & 0xff), len);
    memcpy(value, &number, sizeof number);
    return store_put(s, STORE_RRSET, &number, sizeof number, value, len, expires_s, now_s, NULL, NULL);
}

/* 0: not there; else the length, and the octets are right. */
static size_t get_number(struct store *s, uint32_t number, uint32_t now_s)
{
    uint8_t value[40000];
    size_t len = store_get(s, STORE_RRSET, &number, sizeof number, value, sizeof value, now_s);
    if (len) {
        assert_memory_equal(value, &number, sizeof number);
        for (size_t i = sizeof number; i < len; i++)
            assert_int_equal(value[i], number & 0xff);
    }
    return len;
}

/* Resident octets of the block alone: a sanitizer's shadow memory does not count. */
static size_t resident_octets(struct store *s)
{
    size_t len, page = (size_t)sysconf(_SC_PAGESIZE), resident = 0;
    void *block = (void *)(uintptr_t)store_block(s, &len);
    size_t pages = (len + page - 1) / page;
    unsigned char *in_core = mem_alloc(pages);
    assert_int_equal(mincore(block, len, in_core), 0);
    for (size_t i = 0; i < pages; i++)
        resident += in_core[i] & 1 ? page : 0;
    mem_free(in_core);
    return resident;
}

static void gives_back_what_was_put(void **state)
{
    struct store *s = store_of(MIB);
    assert_int_equal(get_number(s, 7, 10), 0);
    assert_true(put_number(s, 7, 100, 20, 10));
    assert_int_equal(get_number(s, 7, 10), 100);
    assert_int_equal(get_number(s, 8, 10), 0);
    struct store_stats st;
    store_read_stats(s, &st);
    assert_int_equal(st.items, 1);
    assert_int_equal(st.by_kind[STORE_RRSET], 1);
    assert_int_equal(st.puts, 1);
    assert_int_equal(st.hits, 1);
    assert_int_equal(st.misses, 2);
    store_free(s);
}

static void kinds_are_apart(void **state)
{
    struct store *s = store_of(MIB);
    char out[8];
    for (int kind = 1; kind < STORE_KIND_COUNT; kind++) {
        char v = (char)('0' + kind);
        assert_true(store_put(s, (enum store_kind)kind, "key", 3, &v, 1, 10, 0, NULL, NULL));
    }
    for (int kind = 1; kind < STORE_KIND_COUNT; kind++) {
        assert_int_equal(store_get(s, (enum store_kind)kind, "key", 3, out, sizeof out, 0), 1);
        assert_int_equal(out[0], '0' + kind);
    }
    store_free(s);
}

static void expires_to_the_second(void **state)
{
    struct store *s = store_of(MIB);
    put_number(s, 1, 64, 105, 100);
    assert_int_equal(get_number(s, 1, 104), 64);
    assert_int_equal(get_number(s, 1, 105), 0);
    assert_int_equal(get_number(s, 1, 104), 64); /* it stays for who looks with an earlier time */
    assert_false(put_number(s, 2, 64, 100, 100));
    store_free(s);
}

static void replaces_and_removes(void **state)
{
    struct store *s = store_of(MIB);
    put_number(s, 1, 64, 100, 0);
    put_number(s, 1, 90, 100, 0);
    assert_int_equal(get_number(s, 1, 0), 90);
    struct store_stats st;
    store_read_stats(s, &st);
    assert_int_equal(st.items, 1);
    store_remove(s, STORE_RRSET, &(uint32_t){1}, 4);
    store_remove(s, STORE_RRSET, &(uint32_t){2}, 4);
    assert_int_equal(get_number(s, 1, 0), 0);
    store_free(s);
}

static bool asked_to_replace;
static bool refuse(const void *old, size_t old_len, void *ctx)
{
    asked_to_replace = true;
    assert_int_equal(old_len, 3);
    assert_memory_equal(old, "old", 3);
    return false;
}

static void may_replace_is_asked_only_while_the_old_value_lives(void **state)
{
    struct store *s = store_of(MIB);
    char out[8];
    assert_true(store_put(s, STORE_CUT, "k", 1, "old", 3, 10, 0, refuse, NULL));
    assert_false(asked_to_replace);
    assert_false(store_put(s, STORE_CUT, "k", 1, "new", 3, 10, 9, refuse, NULL));
    assert_true(asked_to_replace);
    assert_int_equal(store_get(s, STORE_CUT, "k", 1, out, sizeof out, 9), 3);
    assert_memory_equal(out, "old", 3);
    asked_to_replace = false;
    assert_true(store_put(s, STORE_CUT, "k", 1, "new", 3, 20, 10, refuse, NULL));
    assert_false(asked_to_replace);
    store_free(s);
}

static void too_large_is_refused_and_too_small_room_is_a_miss(void **state)
{
    struct store *s = store_of(1); /* raised to the least */
    static uint8_t big[MIB];
    uint8_t out[99];
    assert_false(store_put(s, STORE_CUT, "k", 1, big, sizeof big, 10, 0, NULL, NULL));
    assert_false(store_put(s, STORE_CUT, "k", 1, big, 0, 10, 0, NULL, NULL));
    assert_true(store_put(s, STORE_CUT, "k", 1, big, RRSET_OCTETS_MAX, 10, 0, NULL, NULL));
    assert_true(store_put(s, STORE_CUT, "l", 1, big, 100, 10, 0, NULL, NULL));
    assert_int_equal(store_get(s, STORE_CUT, "l", 1, out, sizeof out, 0), 0);
    struct store_stats st;
    store_read_stats(s, &st);
    assert_int_equal(st.size, MIB / 16 * 15);
    assert_int_equal(st.refused, 2);
    store_free(s);
}

static void clear_forgets_everything_and_store_is_usable(void **state)
{
    struct store *s = store_of(MIB);
    for (uint32_t i = 0; i < 20000; i++)
        put_number(s, i, 100, 100, 0);
    store_clear(s);
    for (uint32_t i = 0; i < 20000; i++)
        assert_int_equal(get_number(s, i, 0), 0);
    struct store_stats st;
    store_read_stats(s, &st);
    assert_int_equal(st.items, 0);
    for (uint32_t i = 0; i < 20000; i++)
        put_number(s, i, 100, 100, 0);
    assert_int_equal(get_number(s, 19999, 0), 100);
    store_free(s);
}

/* The newest are there, what was asked for outlives what was not, and the bound holds throughout. */
static void oldest_goes_but_what_is_asked_for_stays(void **state)
{
    struct store *s = store_of(MIB);
    struct store_stats st;
    for (uint32_t i = 0; i < 100000; i++) {
        put_number(s, i, 100, 1000, 0);
        assert_int_equal(get_number(s, i < 500 ? i : i % 500, 0), 100);
    }
    for (uint32_t i = 0; i < 500; i++)
        assert_int_equal(get_number(s, i, 0), 100);
    for (uint32_t i = 100000 - 500; i < 100000; i++)
        assert_int_equal(get_number(s, i, 0), 100);
    assert_int_equal(get_number(s, 50000, 0), 0);
    store_read_stats(s, &st);
    assert_true(st.used <= st.size);
    assert_true(st.used > st.size * 7 / 10); /* the index may not need its room, and two segments are free */
    assert_int_equal(st.puts, st.items + st.evicted);
    store_free(s);
}

/* Even if everything was asked for, a put ends and the bound holds. */
static void everything_hit_still_makes_room(void **state)
{
    struct store *s = store_of(MIB);
    for (uint32_t i = 0; i < 30000; i++) {
        assert_true(put_number(s, i, 100, 1000, 0));
        assert_int_equal(get_number(s, i, 0), 100);
    }
    store_free(s);
}

static void mixed_lengths_keep_the_ring_whole(void **state)
{
    struct store *s = store_of(MIB);
    uint32_t seed = 1;
    for (uint32_t i = 0; i < 60000; i++) {
        seed = seed * 1664525u + 1013904223u;
        size_t len = (seed >> 8) % 97 == 0 ? 4 + (seed >> 16) % 32000 : 4 + (seed >> 16) % 300;
        uint32_t now_s = i / 100, number = (seed >> 4) % 9000;
        switch (seed >> 29) {
        case 0:
            store_remove(s, STORE_RRSET, &number, sizeof number);
            assert_int_equal(get_number(s, number, now_s), 0);
            break;
        case 1:
        case 2:
        case 3:
            get_number(s, number, now_s);
            break;
        default:
            assert_true(put_number(s, number, len, now_s + 1 + seed % 60, now_s));
            assert_int_equal(get_number(s, number, now_s), len);
        }
    }
    struct store_stats st;
    store_read_stats(s, &st);
    assert_true(st.used <= st.size);
    uint64_t seen = 0;
    for (uint32_t number = 0; number < 9000; number++)
        seen += get_number(s, number, 0) > 0;
    assert_int_equal(seen, st.items);
    store_free(s);
}

static void values_survive_a_copy_to_another_address(void **state)
{
    struct store *s = store_of(MIB);
    for (uint32_t i = 0; i < 30000; i++)
        put_number(s, i, 4 + i % 300, 1000 + i % 7, 0);
    bool there[30000];
    for (uint32_t i = 0; i < 30000; i++)
        there[i] = get_number(s, i, 0) > 0;
    struct store_stats before, after;
    store_read_stats(s, &before);
    size_t len;
    const void *block = store_block(s, &len);
    uint8_t *copy = mem_alloc(len + 8);
    memcpy(copy + 8, block, len);
    /* Its pages are gone before the copy is read: nothing may lead back to them. */
    store_free(s);
    struct store *t = store_adopt(copy + 8, len, &sample_key);
    assert_non_null(t);
    memset(copy, 0xff, len + 8);
    mem_free(copy);
    for (uint32_t i = 0; i < 30000; i++)
        assert_int_equal(get_number(t, i, 0), there[i] ? 4 + i % 300 : 0);
    store_read_stats(t, &after);
    assert_int_equal(after.items, before.items);
    assert_int_equal(after.used, before.used);
    for (uint32_t i = 0; i < 30000; i++)
        assert_true(put_number(t, i, 50, 1000, 0));
    store_free(t);
}

static void adopts_nothing_that_is_not_a_block(void **state)
{
    struct store *s = store_of(MIB);
    size_t len;
    const void *block = store_block(s, &len);
    uint8_t *copy = mem_alloc(len);
    memcpy(copy, block, len);
    assert_null(store_adopt(copy, 8, &sample_key));
    assert_null(store_adopt(copy, len - 1, &sample_key));
    copy[0] ^= 1;
    assert_null(store_adopt(copy, len, &sample_key));
    mem_free(copy);
    store_free(s);
}

/* 4,000 numbers that are asked for now and then, and 40 times as many octets as there is room for that are
 * not: the flood drives out itself. */
static void flood_of_what_is_asked_for_once_drives_out_nothing_else(void **state)
{
    struct store *s = store_of(8 * MIB);
    unsigned kept = 0;
    for (uint32_t i = 0; i < 4000; i++)
        put_number(s, i, 100, 100000, 0);
    for (uint32_t i = 4000; i < 2500000; i++) {
        assert_true(put_number(s, i, 100, 100000, 0));
        if (i % 3 == 0)
            get_number(s, i / 3 % 4000, 0);
    }
    for (uint32_t i = 0; i < 4000; i++)
        kept += get_number(s, i, 0) > 0;
    assert_in_range(kept, 3990, 4000);
    assert_true(resident_octets(s) <= 8 * MIB);
    store_free(s);
}

static uint32_t group_of_number(enum store_kind kind, const void *key, size_t key_len)
{
    uint32_t number;
    memcpy(&number, key, sizeof number);
    return number >= 4000;
}

/* The same, but what floods asks for each of its numbers again, as often as it likes. */
static void one_group_that_asks_again_drives_out_nothing_else(void **state)
{
    struct store *s = store_of(8 * MIB);
    unsigned kept = 0;
    store_group_names(s, group_of_number);
    for (uint32_t i = 0; i < 4000; i++)
        put_number(s, i, 100, 100000, 0);
    for (uint32_t i = 4000; i < 1000000; i++) {
        assert_true(put_number(s, i, 100, 100000, 0));
        get_number(s, i, 0);
        get_number(s, i - 2000, 0);
        if (i % 3 == 0 && get_number(s, i / 3 % 4000, 0) == 0)
            put_number(s, i / 3 % 4000, 100, 100000, 0);
    }
    for (uint32_t i = 0; i < 4000; i++)
        kept += get_number(s, i, 0) > 0;
    assert_in_range(kept, 3990, 4000);
    store_free(s);
}

/* What nobody can use any more makes room before memory that was never used does (threat A24). */
static void long_expired_makes_room_without_pressure(void **state)
{
    struct store *s = store_of(64 * MIB);
    uint32_t now_s = 0;
    for (uint32_t i = 0; i < 1500000; i++) {
        now_s = i / 2; /* 10 days */
        assert_true(put_number(s, i, 100, now_s + 60, now_s));
    }
    struct store_stats st;
    store_read_stats(s, &st);
    /* What may still be of use has 172,800 items of 128 octets. */
    assert_true(st.items >= 172800 && st.used < 40 * MIB);
    store_free(s);
}

static void the_same_put_again_takes_no_room(void **state)
{
    struct store *s = store_of(MIB);
    struct store_stats before, after;
    put_number(s, 1, 100, 1000, 0);
    store_read_stats(s, &before);
    for (uint32_t now_s = 0; now_s < 250; now_s++)
        assert_true(put_number(s, 1, 100, 1000 + now_s, now_s));
    store_read_stats(s, &after);
    assert_int_equal(after.used, before.used);
    assert_true(put_number(s, 1, 100, 1500, 500)); /* but it lives longer in the end */
    assert_int_equal(get_number(s, 1, 1499), 100);
    assert_true(put_number(s, 1, 100, 600, 500)); /* and no longer than is said last */
    assert_int_equal(get_number(s, 1, 600), 0);
    store_free(s);
}

static void what_another_thread_may_be_reading_is_not_used_again(void **state)
{
    struct store *s = store_of(MIB), *other = store_join(s);
    unsigned refused = 0;
    put_number(s, 1, 100, 1000, 0);
    assert_int_equal(get_number(other, 1, 0), 100); /* and does not rest */
    for (uint32_t i = 2; i < 50000; i++)
        refused += !put_number(s, i, 100, 1000, 0);
    assert_true(refused > 30000);
    store_rest(other);
    for (uint32_t i = 2; i < 50000; i++)
        assert_true(put_number(s, i, 100, 1000, 0) || i < 500);
    store_free(other);
    store_free(s);
}

/* 200,000 names against 16 MB stay within it, by the store's own count and by resident memory (+ 10 %). */
static void many_names_stay_within_the_bound(void **state)
{
    size_t size = 16u * 1000 * 1000;
    struct store *s = store_of(size);
    uint8_t value[160] = {0};
    for (unsigned i = 0; i < 200000; i++) {
        char name[32];
        int n = snprintf(name, sizeof name,
            "\x07n%06u\x07"
            "example",
            i);
        value[0] = (uint8_t)i;
        assert_true(store_put(s, STORE_RRSET, name, (size_t)n + 1, value, 60, 1000, 0, NULL, NULL));
        assert_true(
            store_put(s, STORE_ANSWER, name, (size_t)n + 1, value, 100 + i % 60, 1000, 0, NULL, NULL));
    }
    struct store_stats st;
    store_read_stats(s, &st);
    assert_true(st.used <= st.size && st.size <= size);
    assert_true(st.evicted > 0);
    assert_in_range(resident_octets(s), size / 2, size / 10 * 11);
    store_free(s);
}

static bool read_number(const void *value, size_t len, void *ctx)
{
    return len >= 4 && memcmp(value, ctx, 4) == 0;
}

/* The numbers below `count`: every fourth from 0 on is not there, others are; wherever they lay before. */
static void look_from(struct store *s, const struct store_spot *spots, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(
            store_read_hashed(s, STORE_RRSET, &i, sizeof i, &spots[i], 0, read_number, &i), i % 4 != 0);
}

static void place_known_from_before_is_only_where_looking_begins(void **state)
{
    enum { COUNT = 2000 };
    static struct store_spot spots[COUNT];
    struct store *s = store_of(16 * MIB);
    unsigned known = 0;
    for (uint32_t i = 0; i < COUNT; i++)
        put_number(s, i, 64, 100, 0);
    for (uint32_t i = 0; i < COUNT; i++) {
        store_near(s, STORE_RRSET, &i, sizeof i, &spots[i]);
        store_nearer(s, &spots[i]);
        known += spots[i].at != NULL;
    }
    assert_true(known > COUNT / 2); /* others lie in their second bucket */
    for (uint32_t i = 0; i < COUNT; i += 4)
        store_remove(s, STORE_RRSET, &i, sizeof i);
    look_from(s, spots, COUNT);
    for (uint32_t i = COUNT; i < 20 * COUNT;
         i++) /* the index grows: most lie elsewhere, others where they lay */
        put_number(s, i, 64, 100, 0);
    look_from(s, spots, COUNT);
    store_free(s);
}

static void index_takes_at_most_eight_octets_an_item(void **state)
{
    struct store *s = store_of(16 * MIB);
    struct store_stats empty, full;
    store_read_stats(s, &empty);
    for (uint32_t i = 0; i < 200000; i++)
        put_number(s, i, 76, 1000, 0); /* 104 octets with head and key */
    store_read_stats(s, &full);
    assert_true(full.items > 140000);
    assert_true(empty.used <= full.items * 8);
    store_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_what_was_put),
        cmocka_unit_test(kinds_are_apart),
        cmocka_unit_test(expires_to_the_second),
        cmocka_unit_test(replaces_and_removes),
        cmocka_unit_test(may_replace_is_asked_only_while_the_old_value_lives),
        cmocka_unit_test(too_large_is_refused_and_too_small_room_is_a_miss),
        cmocka_unit_test(clear_forgets_everything_and_store_is_usable),
        cmocka_unit_test(oldest_goes_but_what_is_asked_for_stays),
        cmocka_unit_test(flood_of_what_is_asked_for_once_drives_out_nothing_else),
        cmocka_unit_test(one_group_that_asks_again_drives_out_nothing_else),
        cmocka_unit_test(long_expired_makes_room_without_pressure),
        cmocka_unit_test(the_same_put_again_takes_no_room),
        cmocka_unit_test(what_another_thread_may_be_reading_is_not_used_again),
        cmocka_unit_test(everything_hit_still_makes_room),
        cmocka_unit_test(mixed_lengths_keep_the_ring_whole),
        cmocka_unit_test(values_survive_a_copy_to_another_address),
        cmocka_unit_test(adopts_nothing_that_is_not_a_block),
        cmocka_unit_test(many_names_stay_within_the_bound),
        cmocka_unit_test(place_known_from_before_is_only_where_looking_begins),
        cmocka_unit_test(index_takes_at_most_eight_octets_an_item),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
