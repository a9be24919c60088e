#include "dns/rr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/cursor.h"
#include "dns/rrtype.h"

static struct arena arena;

static int set_up(void **state)
{
    arena_init(&arena);
    return 0;
}

static int tear_down(void **state)
{
    arena_fini(&arena);
    return 0;
}

static const name_t *name_of(const char *text)
{
    name_t *n = arena_alloc(&arena, NAME_MAX_LEN);
    assert_int_equal(name_from_text(n, text, strlen(text), NULL), ERR_OK);
    return n;
}

static struct rdata octets(const char *text)
{
    return (struct rdata){.data = (const uint8_t *)text, .len = (uint16_t)strlen(text)};
}

static struct rr record(const char *owner, uint16_t type, uint32_t ttl, const char *data)
{
    return (struct rr){
        .owner = name_of(owner), .type = type, .class = CLASS_IN, .ttl = ttl, .rdata = octets(data)};
}

/* An RRSIG of which only the covered type matters, and `tail` to tell it from others. */
static struct rr signature(const char *owner, uint16_t covers, uint32_t ttl, const char *tail)
{
    uint8_t *p = arena_alloc(&arena, 2 + strlen(tail));
    put_u16(p, covers);
    memcpy(p + 2, tail, strlen(tail));
    struct rr rr = record(owner, TYPE_RRSIG, ttl, "");
    rr.rdata = (struct rdata){.data = p, .len = (uint16_t)(2 + strlen(tail))};
    return rr;
}

static struct rrset_list group(const struct rr *rrs, size_t count)
{
    struct rrset_list l;
    bool overflow;
    rrset_group(&l, rrs, count, &arena, &overflow);
    assert_false(overflow);
    return l;
}

static void groups_by_owner_type_and_class_in_order(void **state)
{
    struct rr rrs[] = {
        record("b.example", TYPE_A, 300, "1"),
        record("a.example", TYPE_A, 200, "2"),
        record("B.EXAMPLE", TYPE_A, 100, "3"),
        record("b.example", TYPE_AAAA, 300, "4"),
        record("b.example", TYPE_A, 300, "5"),
    };
    rrs[4].class = CLASS_CH;
    struct rrset_list l = group(rrs, 5);
    assert_int_equal(l.count, 4);
    struct rrset *s = l.items[0];
    assert_true(name_same_case(s->owner, name_of("b.example")));
    assert_int_equal(s->count, 2);
    assert_int_equal(s->ttl, 100); /* RFC 2181 5.2 */
    assert_memory_equal(s->rdata[0].data, "1", 1);
    assert_memory_equal(s->rdata[1].data, "3", 1);
    assert_true(name_equal(l.items[1]->owner, name_of("a.example")));
    assert_int_equal(l.items[2]->type, TYPE_AAAA);
    assert_int_equal(l.items[3]->class, CLASS_CH);
    assert_ptr_equal(rrset_list_find(&l, name_of("A.example"), TYPE_A), l.items[1]);
    assert_ptr_equal(rrset_list_find(&l, NULL, TYPE_AAAA), l.items[2]);
    assert_null(rrset_list_find(&l, NULL, TYPE_MX));
    assert_null(rrset_list_find(&l, name_of("c.example"), TYPE_A));
}

static void groups_nothing(void **state)
{
    assert_int_equal(group(NULL, 0).count, 0);
}

static void equal_records_are_kept_once(void **state)
{
    struct rr rrs[] = {record("a", TYPE_TXT, 5, "x"), record("a", TYPE_TXT, 5, "xy"),
        record("A", TYPE_TXT, 5, "x"), record("a", TYPE_TXT, 5, ""), record("a", TYPE_TXT, 5, "")};
    struct rrset_list l = group(rrs, 5);
    assert_int_equal(l.count, 1);
    assert_int_equal(l.items[0]->count, 3);
}

static void signatures_join_the_set_they_cover(void **state)
{
    struct rr rrs[] = {
        signature("a", TYPE_A, 50, "first"), /* before its records */
        record("a", TYPE_A, 100, "1"),
        signature("a", TYPE_A, 100, "second"),
        signature("a", TYPE_A, 100, "first"),
        signature("b", TYPE_A, 100, "other owner"),
        record("a", TYPE_AAAA, 100, "2"),
    };
    struct rrset_list l = group(rrs, 6);
    assert_int_equal(l.count, 3);
    assert_int_equal(l.items[0]->type, TYPE_A);
    assert_int_equal(l.items[0]->count, 1);
    assert_int_equal(l.items[0]->sig_count, 2);
    assert_int_equal(l.items[0]->ttl, 50);
    assert_int_equal(l.items[1]->type, TYPE_RRSIG);
    assert_int_equal(l.items[1]->count, 1);
    assert_int_equal(l.items[1]->sig_count, 0);
    assert_int_equal(l.items[2]->type, TYPE_AAAA);
    assert_int_equal(l.items[2]->sig_count, 0);
}

static void lone_signatures_of_one_owner_are_one_set(void **state)
{
    struct rr rrs[] = {signature("a", TYPE_A, 9, "x"), signature("a", TYPE_MX, 9, "y"),
        signature("a", TYPE_A, 9, "z"), record("a", TYPE_TXT, 9, "t")};
    struct rrset_list l = group(rrs, 4);
    assert_int_equal(l.count, 2);
    assert_int_equal(l.items[0]->type, TYPE_RRSIG);
    assert_int_equal(l.items[0]->count, 3);
}

static void an_rrsig_without_a_covered_type_stands_alone(void **state)
{
    struct rr rrs[] = {record("a", TYPE_RRSIG, 9, "x")};
    struct rrset_list l = group(rrs, 1);
    assert_int_equal(l.count, 1);
    assert_int_equal(l.items[0]->type, TYPE_RRSIG);
}

static void leaves_opt_and_tsig_out(void **state)
{
    struct rr rrs[] = {
        record(".", TYPE_OPT, 0, ""), record("a", TYPE_A, 1, "1"), record("k", TYPE_TSIG, 0, "")};
    assert_int_equal(group(rrs, 3).count, 1);
}

static void a_ttl_with_the_top_bit_counts_as_zero(void **state)
{
    struct rr rrs[] = {record("a", TYPE_A, 0x80000000u, "1"), record("b", TYPE_A, TTL_WIRE_MAX, "1")};
    struct rrset_list l = group(rrs, 2);
    assert_int_equal(l.items[0]->ttl, 0); /* RFC 2181 8 */
    assert_int_equal(l.items[1]->ttl, TTL_WIRE_MAX);
}

static void cuts_off_at_256_records(void **state)
{
    static struct rr rrs[300];
    static uint8_t data[300][2];
    for (unsigned i = 0; i < 300; i++) {
        put_u16(data[i], (uint16_t)i);
        rrs[i] = record("a", TYPE_TXT, 1, "");
        rrs[i].rdata = (struct rdata){.data = data[i], .len = 2};
    }
    struct rrset_list l;
    bool overflow;
    rrset_group(&l, rrs, RRSET_RECORDS_MAX, &arena, &overflow);
    assert_false(overflow);
    assert_int_equal(l.items[0]->count, RRSET_RECORDS_MAX);
    rrset_group(&l, rrs, 300, &arena, &overflow);
    assert_true(overflow);
    assert_int_equal(l.count, 1);
    assert_int_equal(l.items[0]->count, RRSET_RECORDS_MAX);
}

static void many_owners_keep_their_order(void **state)
{
    static struct rr rrs[6000];
    static name_t owners[6000][4];
    for (unsigned i = 0; i < 6000; i++) {
        unsigned k = i % 3000;
        memcpy(owners[i], (uint8_t[]){2, (uint8_t)(k / 200), (uint8_t)(k % 200), 0}, 4);
        rrs[i] = (struct rr){
            .owner = owners[i], .type = TYPE_A, .class = CLASS_IN, .rdata = octets(i < 3000 ? "x" : "y")};
    }
    struct rrset_list l = group(rrs, 6000);
    assert_true(l.count <= 3000 && l.count > 2000); /* letter case folds some owners */
    assert_ptr_equal(l.items[0]->owner, owners[0]);
    for (size_t i = 1; i < l.count; i++)
        assert_true(l.items[i]->owner > l.items[i - 1]->owner);
}

static void copies_share_nothing(void **state)
{
    struct rr rrs[] = {
        record("a", TYPE_A, 7, "1"), record("a", TYPE_A, 7, "22"), signature("a", TYPE_A, 7, "s")};
    struct rrset *s = group(rrs, 3).items[0];
    s->rank = RANK_ANSWER;
    struct arena other;
    arena_init(&other);
    struct rrset *c = rrset_copy(s, &other);
    assert_true(name_equal(c->owner, s->owner));
    assert_ptr_not_equal(c->owner, s->owner);
    assert_int_equal(c->count, 2);
    assert_int_equal(c->sig_count, 1);
    assert_int_equal(c->rank, RANK_ANSWER);
    assert_int_equal(c->ttl, 7);
    for (unsigned i = 0; i < 2; i++) {
        assert_ptr_not_equal(c->rdata[i].data, s->rdata[i].data);
        assert_int_equal(c->rdata[i].len, s->rdata[i].len);
        assert_memory_equal(c->rdata[i].data, s->rdata[i].data, s->rdata[i].len);
    }
    assert_memory_equal(c->sigs[0].data, s->sigs[0].data, s->sigs[0].len);
    arena_fini(&other);
}

static void adds_to_a_copy_of_exact_size(void **state)
{
    struct rr rrs[] = {record("a", TYPE_A, 7, "1"), record("a", TYPE_A, 7, "2"), record("a", TYPE_A, 7, "3")};
    struct rrset *s = rrset_copy(group(rrs, 3).items[0], &arena);
    rrset_add(s, octets("4"), &arena);
    rrset_add(s, octets("2"), &arena);
    assert_int_equal(s->count, 4);
    assert_memory_equal(s->rdata[0].data, "1", 1);
    assert_memory_equal(s->rdata[3].data, "4", 1);
    for (unsigned i = 0; i < 300; i++) {
        uint8_t *p = arena_alloc(&arena, 3);
        put_u16(p, (uint16_t)i);
        rrset_add(s, (struct rdata){.data = p, .len = 3}, &arena);
    }
    assert_int_equal(s->count, RRSET_RECORDS_MAX);
}

static void lists_grow(void **state)
{
    struct rrset_list l = {0};
    static struct rrset sets[100];
    for (unsigned i = 0; i < 100; i++)
        rrset_list_add(&l, &sets[i], &arena);
    assert_int_equal(l.count, 100);
    for (unsigned i = 0; i < 100; i++)
        assert_ptr_equal(l.items[i], &sets[i]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(groups_by_owner_type_and_class_in_order),
        TEST(groups_nothing),
        TEST(equal_records_are_kept_once),
        TEST(signatures_join_the_set_they_cover),
        TEST(lone_signatures_of_one_owner_are_one_set),
        TEST(an_rrsig_without_a_covered_type_stands_alone),
        TEST(leaves_opt_and_tsig_out),
        TEST(a_ttl_with_the_top_bit_counts_as_zero),
        TEST(cuts_off_at_256_records),
        TEST(many_owners_keep_their_order),
        TEST(copies_share_nothing),
        TEST(adds_to_a_copy_of_exact_size),
        TEST(lists_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
