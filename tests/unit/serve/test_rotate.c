/* The order of addresses in answers. */
#include "fixture.h"

#define RECORDS_MAX 40u

static struct rrset *addresses(struct fixture *f, const char *owner, uint16_t type, unsigned count)
{
    static const uint8_t base[16] = {0x20, 1, 0xd, 0xb8};
    return fixture_rrset(f, owner, type, 300, base, type == TYPE_A ? 4 : 16, count);
}

static void know(struct fixture *f, const char *name, uint16_t type, struct rrset **sets, size_t count)
{
    fixture_ask(f, TRANSPORT_TCP, name, type, FLAG_RD, 1232, true);
    struct outcome o = {.reason.ede = EDE_NONE};
    for (size_t i = 0; i < count; i++)
        rrset_list_add(&o.answer, sets[i], &f->a);
    fixture_compose(f, &o);
}

/* The number that fixture_rrset() gave the record at place i of the answer. */
static unsigned number_at(const struct fixture *f, unsigned i)
{
    const struct rdata *rd = &f->got.rrs[SECTION_ANSWER][i].rdata;
    return get_u16(rd->data + rd->len - 2) - (rd->len == 4 ? 0xdb8u : 0u);
}

static void ask(struct fixture *f, const char *name, uint16_t type)
{
    assert_int_equal(fixture_ask(f, TRANSPORT_TCP, name, type, FLAG_RD, 1232, true), SERVE_DONE);
}

static void each_address_comes_first_about_equally_often(void **state)
{
    struct fixture *f = *state;
    for (unsigned count = 1; count <= RECORDS_MAX; count = count < 9 ? count + 1 : count * 2) {
        struct rrset *rs = addresses(f, "www.example.", TYPE_A, count);
        unsigned first[RECORDS_MAX] = {0};
        cache_answers_flush(f->cache);
        know(f, "www.example.", TYPE_A, &rs, 1);
        for (unsigned i = 0; i < 100 * count; i++) {
            ask(f, "www.example.", TYPE_A);
            assert_int_equal(f->got.counts[SECTION_ANSWER], count);
            unsigned start = number_at(f, 0);
            assert_true(start < count);
            first[start]++;
            for (unsigned k = 1; k < count; k++) /* a rotation: the rest follows in order */
                assert_int_equal(number_at(f, k), (start + k) % count);
        }
        for (unsigned i = 0; i < count; i++)
            assert_in_range(first[i], 90, 110);
    }
}

/* Many clients ask A, then AAAA, always: a plain counter would show each of them one order. */
static void two_names_asked_in_turn_rotate_both(void **state)
{
    struct fixture *f = *state;
    struct rrset *a = addresses(f, "www.example.", TYPE_A, 2),
                 *aaaa = addresses(f, "www.example.", TYPE_AAAA, 2);
    know(f, "www.example.", TYPE_A, &a, 1);
    know(f, "www.example.", TYPE_AAAA, &aaaa, 1);
    unsigned first[2] = {0};
    for (unsigned i = 0; i < 100; i++) {
        ask(f, "www.example.", TYPE_A);
        first[0] += number_at(f, 0);
        ask(f, "www.example.", TYPE_AAAA);
        first[1] += number_at(f, 0);
    }
    assert_in_range(first[0], 40, 60);
    assert_in_range(first[1], 40, 60);
}

static void alias_stays_before_its_target_and_signatures_behind(void **state)
{
    struct fixture *f = *state;
    static const uint8_t target[] = "\1t\7example";
    struct rrset *sets[2] = {fixture_rrset(f, "www.example.", TYPE_CNAME, 300, target, sizeof target, 1),
        addresses(f, "t.example.", TYPE_AAAA, 3)};
    sets[0]->rdata[0].data = target; /* the fixture counts in the last octets */
    uint8_t sig[40] = {0, TYPE_AAAA, 13};
    struct rdata rrsig = {.data = sig, .len = sizeof sig};
    sets[1]->sigs = &rrsig;
    sets[1]->sig_count = 1;
    know(f, "www.example.", TYPE_AAAA, sets, 2);
    unsigned seen = 0;
    for (unsigned i = 0; i < 20; i++) {
        ask(f, "www.example.", TYPE_AAAA);
        assert_int_equal(f->got.counts[SECTION_ANSWER], 5);
        assert_int_equal(f->got.rrs[SECTION_ANSWER][0].type, TYPE_CNAME);
        for (unsigned k = 1; k < 4; k++)
            assert_int_equal(f->got.rrs[SECTION_ANSWER][k].type, TYPE_AAAA);
        assert_int_equal(f->got.rrs[SECTION_ANSWER][4].type, TYPE_RRSIG);
        seen |= 1u << number_at(f, 1);
    }
    assert_int_equal(seen, 7);
}

static void other_types_keep_their_order_and_so_do_all_by_setting(void **state)
{
    struct fixture *f = *state;
    static const uint8_t text[] = "\4x\0\0\0";
    struct rrset *txt = fixture_rrset(f, "www.example.", TYPE_TXT, 300, text, 5, 4),
                 *a = addresses(f, "www.example.", TYPE_A, 4);
    know(f, "www.example.", TYPE_TXT, &txt, 1);
    know(f, "www.example.", TYPE_A, &a, 1);
    for (unsigned i = 0; i < 20; i++) {
        ask(f, "www.example.", TYPE_TXT);
        for (unsigned k = 0; k < 4; k++)
            assert_int_equal(f->got.rrs[SECTION_ANSWER][k].rdata.data[4], k);
    }
    f->settings.rotate = false;
    fixture_settings(f);
    for (unsigned i = 0; i < 20; i++) {
        ask(f, "www.example.", TYPE_A);
        for (unsigned k = 0; k < 4; k++)
            assert_int_equal(number_at(f, k), k);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_address_comes_first_about_equally_often),
        TEST(two_names_asked_in_turn_rotate_both),
        TEST(alias_stays_before_its_target_and_signatures_behind),
        TEST(other_types_keep_their_order_and_so_do_all_by_setting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
