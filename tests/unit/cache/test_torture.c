/* Two threads on one small cache: every value that comes back is whole and of its own key.
 * Meant for ThreadSanitizer too. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "sample.h"

#define ROUNDS 60000u
#define NAMES 6000u

struct torturer {
    pthread_t thread;
    struct cache *c;
    atomic_uint *both_rounds; /* of both threads: their clock */
    uint32_t seed;
    unsigned faults, hits, kept; /* kept: failures that were there at once */
};

static uint32_t draw(struct torturer *t)
{
    t->seed = t->seed * 1664525u + 1013904223u;
    return t->seed >> 8;
}

static void name_of(name_t *out, uint32_t number)
{
    char text[32];
    int n = snprintf(text, sizeof text, "n%u.example.", number);
    name_from_text(out, text, (size_t)n, NULL);
}

static void try_rrset(struct torturer *t, const name_t *name, uint8_t mark, uint32_t now_s, struct arena *a)
{
    struct rrset *got = cache_rrset_get(t->c, name, TYPE_TXT, CLASS_IN, now_s, a);
    if (got) {
        t->hits++;
        t->faults += got->count != 1 || !name_equal(got->owner, name) || got->ttl == 0 || got->ttl > 30;
        for (unsigned i = 0; i < got->rdata[0].len; i++)
            t->faults += got->rdata[0].data[i] != mark;
        return;
    }
    uint8_t octets[600];
    memset(octets, mark, sizeof octets);
    struct rdata rd = {.data = octets, .len = (uint16_t)(1 + draw(t) % sizeof octets)};
    struct rrset rs = {.owner = name, .type = TYPE_TXT, .class = CLASS_IN, .rank = RANK_ANSWER, .count = 1};
    rs.ttl = 1 + draw(t) % 30;
    rs.rdata = &rd;
    cache_rrset_put(t->c, &rs, now_s);
}

static void try_answer(struct torturer *t, const name_t *name, uint8_t mark, uint32_t now_s)
{
    uint8_t wire[512] = {0};
    char text[ANSWER_REASON_MAX];
    struct answer_question q = {.name = name, .name_len = name_len(name), .type = TYPE_A, .class = CLASS_IN};
    struct answer_room room = {.records = wire, .cap = sizeof wire, .ede_text = text};
    if (cache_answer_get(t->c, &q, now_s, &room)) {
        uint32_t ttl = get_u32(wire);
        t->hits++;
        t->faults += room.head.len < 4 || ttl == 0 || ttl > 30;
        for (size_t i = 4; i < room.head.len; i++)
            t->faults += wire[i] != mark;
        return;
    }
    memset(wire, mark, sizeof wire);
    uint32_t ttl = 1 + draw(t) % 30;
    put_u32(wire, ttl);
    struct answer answer = {.head = {.counts = {1}, .len = 4 + draw(t) % 500},
        .for_whom = ANSWER_FOR_PLAIN,
        .records = wire,
        .ttl_offsets = &(uint16_t){(uint16_t)(MSG_HEADER_LEN + name_len(name) + 4)},
        .life_s = ttl,
        .ede = EDE_NONE};
    answer.plain = answer.head;
    cache_answer_put(t->c, &q, &answer, now_s);
}

/* n7.zone. to n8.zone. …, of which each name is the half-way one. */
static void try_nsec(struct torturer *t, uint32_t number, uint32_t now_s, struct arena *a)
{
    struct nsecs *n = cache_nsecs(t->c);
    name_t zone[NAME_MAX_LEN], owner[NAME_MAX_LEN], name[NAME_MAX_LEN], next[NAME_MAX_LEN + 64];
    char text[64];
    int len = snprintf(text, sizeof text, "zone%u.", number % 3);
    name_from_text(zone, text, (size_t)len, NULL);
    len = snprintf(text, sizeof text, "n%05u", number);
    name_from_text(owner, text, (size_t)len, zone);
    text[len] = 'm';
    name_from_text(name, text, (size_t)len + 1, zone);
    text[len] = 'z';
    name_from_text(next, text, (size_t)len + 1, zone);
    struct rrset *got = nsecs_find(n, zone, name, now_s, a);
    if (got) {
        t->hits++;
        t->faults += got->count != 1 || !name_equal(got->owner, owner) || got->ttl == 0 || got->ttl > 30;
        t->faults += got->sig_count != 1 || got->sigs[0].data[0] != (uint8_t)number;
        return;
    }
    size_t next_len = name_len(next);
    memcpy(next + next_len, "\0\1\x40", 3);
    uint8_t octets[400];
    memset(octets, (uint8_t)number, sizeof octets);
    struct rdata rd = {.data = next, .len = (uint16_t)(next_len + 3)},
                 sig = {.data = octets, .len = (uint16_t)(1 + draw(t) % sizeof octets)};
    struct rrset rs = {.owner = owner,
        .type = TYPE_NSEC,
        .class = CLASS_IN,
        .ttl = 1 + draw(t) % 30,
        .count = 1,
        .sig_count = 1,
        .rdata = &rd,
        .sigs = &sig};
    t->faults += !nsecs_put(n, zone, &rs, now_s);
}

static void *torture(void *arg)
{
    struct torturer *t = arg;
    struct arena a;
    arena_init(&a);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        /* What each sees of their clock differs by up to a second and may step back, however long one waits
         * for a core. */
        uint32_t round = atomic_fetch_add_explicit(t->both_rounds, 1, memory_order_relaxed);
        uint32_t now_s = 1000 + round / 400 + draw(t) % 2, number = draw(t) % NAMES;
        struct store_stats st;
        struct failure f;
        name_t name[NAME_MAX_LEN];
        name_of(name, number);
        switch (draw(t) % 64) {
        case 0:
            cache_failure_put(t->c, name, TYPE_A, CLASS_IN, &(struct failure){.ede = 22}, false, now_s);
            /* It is there, unless the other has cleared it. */
            if (cache_failure_get(t->c, name, TYPE_A, CLASS_IN, now_s, &f)) {
                t->kept++;
                t->faults += f.ede != 22;
            }
            break;
        case 1:
            cache_failure_clear(t->c, name, TYPE_A, CLASS_IN);
            break;
        case 2:
            cache_stats(t->c, &st);
            t->faults += st.used > st.size;
            break;
        case 3:
            if (i % 50 == 0)
                cache_answers_flush(t->c);
            if (i % 100 == 1)
                nsecs_flush(cache_nsecs(t->c), name);
            if (i % 400 == 0)
                cache_clear(t->c);
            break;
        default:
            if (number % 5 == 0)
                try_nsec(t, number, now_s, &a);
            else if (number % 2)
                try_rrset(t, name, (uint8_t)(number % 251), now_s, &a);
            else
                try_answer(t, name, (uint8_t)(number % 251), now_s);
        }
        arena_reset(&a);
        if (i % 8 == 0)
            cache_rest(t->c);
    }
    cache_rest(t->c);
    arena_fini(&a);
    return NULL;
}

/* roomy: nothing is refused because the other may be reading what is to be used again. */
static void torture_two(size_t size, bool roomy)
{
    struct cache *c = cache_new(&(struct cache_settings){.size = size}, &sample_key);
    atomic_uint rounds = 0;
    struct torturer both[2] = {
        {.c = c, .both_rounds = &rounds, .seed = 1}, {.c = cache_join(c), .both_rounds = &rounds, .seed = 2}};
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&both[i].thread, NULL, torture, &both[i]), 0);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(both[i].thread, NULL), 0);
        assert_int_equal(both[i].faults, 0);
        assert_true(both[i].hits > ROUNDS / 40); /* about 7,000 in the smallest, as threads take turns */
        assert_true(!roomy || both[i].kept > ROUNDS / 64 / 2);
    }
    struct store_stats st;
    cache_stats(c, &st);
    assert_true(size > MIB || st.evicted + st.refused > 0);
    struct nsecs_stats ns;
    nsecs_read_stats(cache_nsecs(c), &ns);
    assert_true((ns.evicted > 0 || size > MIB) && ns.found > 0 && ns.used <= ns.size);
    cache_free(both[1].c);
    cache_free(c);
}

static void two_threads_never_see_a_torn_value(void **state)
{
    torture_two(MIB, false);
}

static void nor_in_four_mebibytes(void **state)
{
    torture_two(4 * MIB, false);
}

static void nor_in_64_mebibytes(void **state)
{
    torture_two(64 * MIB, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_threads_never_see_a_torn_value),
        cmocka_unit_test(nor_in_four_mebibytes),
        cmocka_unit_test(nor_in_64_mebibytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
