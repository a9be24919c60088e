#include "dns/msg.h"
#include "sample.h"

#define RECORDS 100u /* octets of them: as far as the cache cares, any, with TTLs at 20, 40 and 60 */

static void records(uint8_t out[RECORDS], uint32_t first, uint32_t second, uint32_t third)
{
    for (unsigned i = 0; i < RECORDS; i++)
        out[i] = (uint8_t)i;
    put_u32(out + 20, first);
    put_u32(out + 40, second);
    put_u32(out + 60, third);
}

/* The third record and what follows octet 50 is for DO alone. */
static void put(
    struct sample *s, const char *name, uint8_t for_whom, bool unchecked, uint32_t life_s, uint32_t now_s)
{
    uint8_t wire[RECORDS];
    records(wire, life_s, 3600, 7200);
    struct answer_question q = {.name = sample_name(&s->a, name),
        .name_len = name_len(sample_name(&s->a, name)),
        .type = TYPE_A,
        .class = CLASS_IN,
        .unchecked = unchecked};
    uint16_t first = (uint16_t)(MSG_HEADER_LEN + name_len(q.name) + 4);
    const uint16_t ttls_at[] = {first + 20, first + 40, first + 60};
    struct answer a = {.head = {.flags = FLAG_AD, .counts = {2, 1, 0}, .len = RECORDS},
        .plain = {.counts = {1, 1, 0}, .len = 50},
        .for_whom = for_whom,
        .records = wire,
        .ttl_offsets = ttls_at,
        .life_s = life_s,
        .due_s = cache_due_s(&(struct rrset){.ttl = life_s}, now_s),
        .ede = EDE_NONE};
    cache_answer_put(s->c, &q, &a, now_s);
}

struct got {
    uint8_t records[ANSWER_OCTETS_MAX];
    char text[ANSWER_REASON_MAX];
    struct answer_room room;
};

static bool get_into(
    struct sample *s, const struct answer_question *q, uint32_t now_s, struct got *g, size_t cap)
{
    memset(g, 0, sizeof *g);
    g->room = (struct answer_room){.records = g->records, .cap = cap, .ede_text = g->text};
    return cache_answer_get(s->c, q, now_s, &g->room);
}

#define WITH_DO 1u
#define WITH_CD 2u
#define WITH_CO 4u

static bool get(struct sample *s, const char *name, unsigned asker, uint32_t now_s, struct got *g)
{
    struct answer_question q = {.name = sample_name(&s->a, name),
        .name_len = name_len(sample_name(&s->a, name)),
        .type = TYPE_A,
        .class = CLASS_IN,
        .dnssec_ok = asker & WITH_DO,
        .unchecked = asker & WITH_CD,
        .compact_ok = asker & WITH_CO};
    return get_into(s, &q, now_s, g, sizeof g->records);
}

#define FOR_ALL (ANSWER_FOR_PLAIN | ANSWER_FOR_DO)

static void ttls_go_down_with_time_and_the_rest_is_as_put(void **state)
{
    struct sample *s = *state;
    struct got g;
    uint8_t want[RECORDS];
    put(s, "www.example.", FOR_ALL, false, 5, 1000);
    assert_true(get(s, "WWW.Example.", WITH_DO, 1000, &g));
    records(want, 5, 3600, 7200);
    assert_int_equal(g.room.head.len, RECORDS);
    assert_memory_equal(g.records, want, RECORDS);
    assert_true(get(s, "www.example.", WITH_DO, 1004, &g));
    records(want, 1, 3596, 7196);
    assert_memory_equal(g.records, want, RECORDS);
    assert_false(get(s, "www.example.", WITH_DO, 1005, &g));
}

static void a_life_begins_when_the_cache_got_the_records(void **state)
{
    const struct rrset late = {.ttl = 40, .stored_s = 940}, end = {.ttl = 5, .stored_s = 905};
    assert_int_equal(cache_due_s(&late, 1000), 1030);
    assert_int_equal(cache_due_s(&end, 1000), 995);
    assert_int_equal(cache_due_s(&(struct rrset){.ttl = 100}, 1000), 1090);
    assert_int_equal(cache_due_s(&(struct rrset){.ttl = 9}, 1000), UINT32_MAX);
    assert_int_equal(cache_due_s(&(struct rrset){.ttl = UINT32_MAX}, 0), UINT32_MAX - UINT32_MAX / 10);
}

static void an_answer_that_is_dropped_is_so_in_all_its_forms(void **state)
{
    struct sample *s = *state;
    put(s, "www.example.", FOR_ALL, false, 60, 1000);
    put(s, "www.example.", ANSWER_FOR_DO, true, 60, 1000);
    put(s, "other.example.", FOR_ALL, false, 60, 1000);
    cache_answer_drop(s->c, sample_name(&s->a, "WWW.example."), TYPE_A, CLASS_IN);
    struct store_stats stats;
    cache_stats(s->c, &stats);
    assert_int_equal(stats.by_kind[STORE_ANSWER], 1);
}

static void the_last_tenth_of_a_life_is_due_for_a_refresh(void **state)
{
    struct sample *s = *state;
    struct got g;
    static const struct {
        uint32_t life_s, after_s;
        bool due;
    } rows[] = {{300, 0, false}, {300, 269, false}, {300, 270, true}, {300, 299, true}, {10, 8, false},
        {10, 9, true}, {9, 8, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put(s, "www.example.", FOR_ALL, false, rows[i].life_s, 1000);
        assert_true(get(s, "www.example.", 0, 1000 + rows[i].after_s, &g));
        assert_int_equal(g.room.due, rows[i].due);
    }
}

static void clock_that_steps_back_never_lengthens_a_ttl(void **state)
{
    struct sample *s = *state;
    struct got g;
    put(s, "www.example.", FOR_ALL, false, 5, 1000);
    assert_true(get(s, "www.example.", 0, 999, &g));
    assert_int_equal(get_u32(g.records + 20), 5);
}

static void who_has_no_do_gets_the_beginning(void **state)
{
    struct sample *s = *state;
    struct got g;
    uint8_t want[RECORDS];
    put(s, "www.example.", FOR_ALL, false, 5, 1000);
    assert_true(get(s, "www.example.", 0, 1002, &g));
    assert_int_equal(g.room.head.len, 50);
    assert_int_equal(g.room.head.counts[0], 1);
    assert_int_equal(g.room.head.counts[1], 1);
    assert_int_equal(g.room.head.flags, FLAG_AD);
    records(want, 3, 3598, 7198);
    memset(want + 50, 0, 50);
    assert_memory_equal(g.records, want, RECORDS);
}

/* Rows: what is stored, and which askers get it. */
static void item_is_for_those_that_it_says(void **state)
{
    struct sample *s = *state;
    static const struct {
        uint8_t for_whom;
        bool unchecked;
        bool plain, with_do, with_cd, with_both;
    } rows[] = {
        {FOR_ALL, false, true, true, true, true},
        {ANSWER_FOR_PLAIN, false, true, false, true, false},
        {ANSWER_FOR_DO, false, false, true, false, true},
        {FOR_ALL, true, false, false, true, true},
        {ANSWER_FOR_PLAIN, true, false, false, true, false},
        {ANSWER_FOR_DO, true, false, false, false, true},
    };
    struct got g;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cache_answers_flush(s->c);
        put(s, "www.example.", rows[i].for_whom, rows[i].unchecked, 5, 0);
        assert_int_equal(get(s, "www.example.", 0, 0, &g), rows[i].plain);
        assert_int_equal(get(s, "www.example.", WITH_DO, 0, &g), rows[i].with_do);
        assert_int_equal(get(s, "www.example.", WITH_DO | WITH_CO, 0, &g), rows[i].with_do);
        assert_int_equal(get(s, "www.example.", WITH_CD, 0, &g), rows[i].with_cd);
        assert_int_equal(get(s, "www.example.", WITH_DO | WITH_CD, 0, &g), rows[i].with_both);
    }
}

static void items_apart_do_not_take_each_others_place(void **state)
{
    struct sample *s = *state;
    struct got g;
    put(s, "www.example.", ANSWER_FOR_PLAIN, false, 5, 0);
    put(s, "www.example.", ANSWER_FOR_DO, false, 6, 0);
    put(s, "www.example.", ANSWER_FOR_PLAIN, true, 7, 0);
    put(s, "www.example.", ANSWER_FOR_DO, true, 8, 0);
    assert_true(get(s, "www.example.", 0, 0, &g));
    assert_int_equal(get_u32(g.records + 20), 5);
    assert_true(get(s, "www.example.", WITH_DO, 0, &g));
    assert_int_equal(get_u32(g.records + 20), 6);
    assert_true(get(s, "www.example.", WITH_CD, 4, &g)); /* what is good without CD is good with it */
    assert_int_equal(get_u32(g.records + 20), 1);
    assert_true(get(s, "www.example.", WITH_CD, 5, &g));
    assert_int_equal(get_u32(g.records + 20), 2);
    assert_true(get(s, "www.example.", WITH_CD | WITH_DO, 6, &g));
    assert_int_equal(get_u32(g.records + 20), 2);
}

/* RFC 9824 5 and 5.1. */
static void name_that_is_not_is_nxdomain_but_for_do_without_co(void **state)
{
    struct sample *s = *state;
    struct got g;
    put(s, "www.example.", FOR_ALL | ANSWER_NO_NAME, false, 5, 0);
    assert_true(get(s, "www.example.", 0, 0, &g));
    assert_int_equal(g.room.head.flags, FLAG_AD | RCODE_NXDOMAIN);
    assert_true(get(s, "www.example.", WITH_CO, 0, &g));
    assert_int_equal(g.room.head.flags, FLAG_AD | RCODE_NXDOMAIN);
    assert_true(get(s, "www.example.", WITH_DO, 0, &g));
    assert_int_equal(g.room.head.flags, FLAG_AD | RCODE_NOERROR);
    assert_true(get(s, "www.example.", WITH_DO | WITH_CO, 0, &g));
    assert_int_equal(g.room.head.flags, FLAG_AD | RCODE_NXDOMAIN);
}

static void types_and_names_are_apart(void **state)
{
    struct sample *s = *state;
    struct got g;
    put(s, "www.example.", FOR_ALL, false, 5, 0);
    assert_false(get(s, "example.", 0, 0, &g));
    struct answer_question q = {.name = sample_name(&s->a, "www.example."),
        .name_len = name_len(sample_name(&s->a, "www.example.")),
        .type = TYPE_MX,
        .class = CLASS_IN};
    assert_false(get_into(s, &q, 0, &g, RECORDS));
    q.type = TYPE_A;
    q.class = CLASS_CH;
    assert_false(get_into(s, &q, 0, &g, RECORDS));
    q.class = CLASS_IN;
    assert_true(get_into(s, &q, 0, &g, RECORDS));
}

static void flush_kills_all_at_once(void **state)
{
    struct sample *s = *state;
    struct got g;
    put(s, "a.", FOR_ALL, false, 5, 0);
    put(s, "b.", ANSWER_FOR_DO, true, 5, 0);
    cache_answers_flush(s->c);
    assert_false(get(s, "a.", 0, 0, &g));
    assert_false(get(s, "b.", WITH_DO | WITH_CD, 0, &g));
    put(s, "a.", FOR_ALL, false, 5, 0);
    assert_true(get(s, "a.", 0, 0, &g));
}

static void what_does_not_fit_is_told_but_not_copied(void **state)
{
    struct sample *s = *state;
    struct got g;
    struct answer_question q = {.name = sample_name(&s->a, "a."),
        .name_len = name_len(sample_name(&s->a, "a.")),
        .type = TYPE_A,
        .class = CLASS_IN,
        .dnssec_ok = true};
    put(s, "a.", FOR_ALL, false, 5, 0);
    assert_true(get_into(s, &q, 0, &g, RECORDS - 1));
    assert_int_equal(g.room.head.len, RECORDS);
    assert_int_equal(g.room.head.counts[0], 2);
    assert_int_equal(g.records[1], 0);
    assert_true(get_into(s, &q, 0, &g, RECORDS));
    assert_int_equal(g.records[1], 1);
}

static void too_long_or_dead_is_not_stored(void **state)
{
    struct sample *s = *state;
    static uint8_t wire[ANSWER_OCTETS_MAX + 1];
    static uint16_t ttls[ANSWER_RECORDS_MAX + 1];
    struct got g;
    struct answer_question q = {.name = sample_name(&s->a, "a."),
        .name_len = name_len(sample_name(&s->a, "a.")),
        .type = TYPE_A,
        .class = CLASS_IN};
    for (size_t i = 0; i <= ANSWER_RECORDS_MAX; i++)
        ttls[i] = MSG_HEADER_LEN + 3 + 4;
    static const struct {
        size_t len;
        uint16_t records;
        uint32_t life_s;
        bool stored;
    } rows[] = {
        {sizeof wire, 0, 5, false},
        {100, ANSWER_RECORDS_MAX + 1, 5, false},
        {100, 1, 0, false},
        {sizeof wire - 1, ANSWER_RECORDS_MAX, 5, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct answer a = {.head = {.counts = {rows[i].records}, .len = rows[i].len},
            .for_whom = FOR_ALL,
            .records = wire,
            .ttl_offsets = ttls,
            .life_s = rows[i].life_s,
            .ede = EDE_NONE};
        a.plain = a.head;
        cache_answer_put(s->c, &q, &a, 0);
        assert_int_equal(get_into(s, &q, 0, &g, sizeof g.records), rows[i].stored);
        if (rows[i].stored)
            assert_int_equal(g.room.head.len, rows[i].len);
    }
}

static void reason_stays_with_its_answer(void **state)
{
    struct sample *s = *state;
    static uint8_t wire[100];
    char longer[2 * ANSWER_REASON_MAX];
    struct got g;
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    struct answer_question q = {.name = sample_name(&s->a, "a."),
        .name_len = name_len(sample_name(&s->a, "a.")),
        .type = TYPE_A,
        .class = CLASS_IN};
    const struct {
        int ede;
        const char *text;
        size_t len;
    } rows[] = {{EDE_NONE, "", 0}, {EDE_NONE, NULL, 0}, {EDE_OTHER, NULL, 0},
        {EDE_UNSUPPORTED_DS_DIGEST, "of 3", 4}, {EDE_INVALID_QUERY_TYPE, longer, ANSWER_REASON_MAX - 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct answer a = {.head = {.len = sizeof wire},
            .for_whom = FOR_ALL,
            .records = wire,
            .life_s = 5,
            .ede = rows[i].ede,
            .ede_text = rows[i].text};
        cache_answer_put(s->c, &q, &a, 0);
        assert_true(get_into(s, &q, 0, &g, RECORDS));
        assert_int_equal(g.room.ede, rows[i].ede);
        assert_int_equal(strlen(g.text), rows[i].len);
        if (rows[i].len)
            assert_memory_equal(g.text, rows[i].text, rows[i].len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SAMPLE_TEST(ttls_go_down_with_time_and_the_rest_is_as_put),
        SAMPLE_TEST(a_life_begins_when_the_cache_got_the_records),
        SAMPLE_TEST(an_answer_that_is_dropped_is_so_in_all_its_forms),
        SAMPLE_TEST(the_last_tenth_of_a_life_is_due_for_a_refresh),
        SAMPLE_TEST(clock_that_steps_back_never_lengthens_a_ttl),
        SAMPLE_TEST(who_has_no_do_gets_the_beginning),
        SAMPLE_TEST(item_is_for_those_that_it_says),
        SAMPLE_TEST(items_apart_do_not_take_each_others_place),
        SAMPLE_TEST(name_that_is_not_is_nxdomain_but_for_do_without_co),
        SAMPLE_TEST(types_and_names_are_apart),
        SAMPLE_TEST(flush_kills_all_at_once),
        SAMPLE_TEST(what_does_not_fit_is_told_but_not_copied),
        SAMPLE_TEST(too_long_or_dead_is_not_stored),
        SAMPLE_TEST(reason_stays_with_its_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
