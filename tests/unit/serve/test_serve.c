#include "fixture.h"

static const uint8_t ADDRESS[4] = {192, 0, 2, 1};
/* ns.example. . 1 2 3 4 0, the last octet being the string's end */
static const uint8_t SOA_RDATA[] = "\2ns\7example\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0";

static struct outcome outcome_of(uint16_t rcode)
{
    return (struct outcome){.rcode = rcode, .reason.ede = EDE_NONE};
}

static struct outcome answer_of(struct fixture *f, struct rrset *rs)
{
    struct outcome o = outcome_of(RCODE_NOERROR);
    rrset_list_add(&o.answer, rs, &f->a);
    return o;
}

static void denial(struct fixture *f, struct outcome *o, uint32_t ttl)
{
    struct rrset *soa = ARENA_NEW(&f->a, struct rrset);
    *soa =
        (struct rrset){.owner = fixture_name(f, "example."), .type = TYPE_SOA, .class = CLASS_IN, .ttl = ttl};
    uint8_t *rdata = arena_copy(&f->a, SOA_RDATA, sizeof SOA_RDATA);
    rrset_add(soa, (struct rdata){.data = rdata, .len = sizeof SOA_RDATA}, &f->a);
    fixture_sign(f, soa, 64);
    rrset_list_add(&o->authority, soa, &f->a);
    struct rrset *nsec = fixture_rrset(f, "a.example.", TYPE_NSEC, ttl, "\1z\7example\0\0\1\x40", 14, 1);
    fixture_sign(f, nsec, 64);
    rrset_list_add(&o->authority, nsec, &f->a);
}

static void answer_is_composed_once_and_then_a_hit(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_A, FLAG_RD, 1232, false), SERVE_PENDING);
    struct outcome o = answer_of(f, fixture_rrset(f, "www.example.", TYPE_A, 300, ADDRESS, 4, 2));
    fixture_compose(f, &o);
    assert_int_equal(f->got.counts[SECTION_ANSWER], 2);
    assert_int_equal(f->got.rrs[SECTION_ANSWER][0].ttl, 300);
    f->now.cache_s += 100;
    assert_int_equal(fixture_ask(f, TRANSPORT_UDP, "WWW.exAMPle.", TYPE_A, FLAG_RD, 0, false), SERVE_DONE);
    assert_int_equal(f->got.counts[SECTION_ANSWER], 2);
    assert_int_equal(f->got.rrs[SECTION_ANSWER][1].ttl, 200);
    assert_false(f->got.edns.present);
    assert_true(name_same_case(f->got.question.name, fixture_name(f, "WWW.exAMPle.")));
    assert_int_equal(f->got.flags & ~15, FLAG_QR | FLAG_RD | FLAG_RA);
    f->now.cache_s += 200;
    assert_int_equal(fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_A, FLAG_RD, 0, false), SERVE_PENDING);
}

static void one_of_a_batch_gets_what_it_gets_alone(void **state)
{
    struct fixture *f = *state;
    fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_A, FLAG_RD, 1232, true);
    struct rrset *rs = fixture_rrset(f, "www.example.", TYPE_A, 300, ADDRESS, 4, 1);
    fixture_sign(f, rs, 64);
    struct outcome o = answer_of(f, rs);
    fixture_compose(f, &o);
    for (int dnssec_ok = 0; dnssec_ok < 2; dnssec_ok++) {
        uint8_t alone[UDP_SIZE_PLAIN];
        size_t len = 0;
        for (int batch = 0; batch < 2; batch++) {
            f->batch = batch;
            assert_int_equal(
                fixture_ask(f, TRANSPORT_UDP, "wWw.example.", TYPE_A, FLAG_RD, 1232, dnssec_ok), SERVE_DONE);
            if (batch)
                assert_memory_equal(f->reply.data, alone, len);
            len = f->reply.len;
            memcpy(alone, f->reply.data, len);
        }
        assert_int_equal(f->got.counts[SECTION_ANSWER], 1 + dnssec_ok);
        assert_int_equal(
            fixture_ask(f, TRANSPORT_UDP, "other.example.", TYPE_A, FLAG_RD, 1232, dnssec_ok), SERVE_PENDING);
    }
    assert_int_equal(serve_counters(f->serve)->hits, 4);
}

static void hit_carries_the_askers_id_and_flags(void **state)
{
    struct fixture *f = *state;
    fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_A, FLAG_RD, 0, false);
    struct outcome o = answer_of(f, fixture_rrset(f, "www.example.", TYPE_A, 300, ADDRESS, 4, 1));
    fixture_compose(f, &o);
    assert_int_equal(fixture_ask(f, TRANSPORT_TCP, "www.example.", TYPE_A, 0, 1232, false), SERVE_DONE);
    assert_int_equal(f->got.id, 0x1234);
    assert_int_equal(f->got.flags, FLAG_QR | FLAG_RA);
    assert_int_equal(f->got.edns.udp_size, 1232);
}

static void signatures_are_for_those_who_ask(void **state)
{
    struct fixture *f = *state;
    for (int dnssec_ok = 0; dnssec_ok < 2; dnssec_ok++) {
        fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_A, FLAG_RD, 1232, dnssec_ok);
        struct rrset *rs = fixture_rrset(f, "www.example.", TYPE_A, 300, ADDRESS, 4, 1);
        fixture_sign(f, rs, 64);
        struct outcome o = answer_of(f, rs);
        for (int again = 0; again < 2; again++) {
            if (again)
                assert_int_equal(
                    fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_A, FLAG_RD, 1232, dnssec_ok),
                    SERVE_DONE);
            else
                fixture_compose(f, &o);
            assert_int_equal(f->got.counts[SECTION_ANSWER], dnssec_ok ? 2 : 1);
            assert_int_equal(f->got.edns.dnssec_ok, dnssec_ok);
        }
    }
}

static void denial_has_its_soa_and_proofs_only_with_do(void **state)
{
    struct fixture *f = *state;
    for (int dnssec_ok = 0; dnssec_ok < 2; dnssec_ok++) {
        fixture_ask(f, TRANSPORT_UDP, "no.example.", TYPE_A, FLAG_RD, 1232, dnssec_ok);
        struct outcome o = outcome_of(RCODE_NXDOMAIN);
        denial(f, &o, 60);
        fixture_compose(f, &o);
        assert_int_equal(f->got.rcode, RCODE_NXDOMAIN);
        assert_int_equal(f->got.counts[SECTION_AUTHORITY], dnssec_ok ? 4 : 1);
        assert_int_equal(f->got.rrs[SECTION_AUTHORITY][0].type, TYPE_SOA);
        assert_int_equal(
            fixture_ask(f, TRANSPORT_UDP, "no.example.", TYPE_A, FLAG_RD, 1232, dnssec_ok), SERVE_DONE);
        assert_int_equal(f->got.rcode, RCODE_NXDOMAIN);
    }
}

static void ad_only_if_secure_and_asked_for(void **state)
{
    struct fixture *f = *state;
    static const struct {
        uint8_t verdict;
        uint16_t flags;
        bool dnssec_ok, expected;
    } rows[] = {
        {VERDICT_SECURE, FLAG_RD, false, false},
        {VERDICT_SECURE, FLAG_RD | FLAG_AD, false, true},
        {VERDICT_SECURE, FLAG_RD, true, true},
        {VERDICT_INSECURE, FLAG_RD | FLAG_AD, true, false},
        {VERDICT_UNCHECKED, FLAG_RD | FLAG_AD, true, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cache_answers_flush(f->cache);
        fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_A, rows[i].flags, 1232, rows[i].dnssec_ok);
        struct outcome o = answer_of(f, fixture_rrset(f, "www.example.", TYPE_A, 300, ADDRESS, 4, 1));
        o.verdict = rows[i].verdict;
        fixture_compose(f, &o);
        assert_int_equal(!!(f->got.flags & FLAG_AD), rows[i].expected);
        assert_int_equal(
            fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_A, rows[i].flags, 1232, rows[i].dnssec_ok),
            SERVE_DONE);
        assert_int_equal(!!(f->got.flags & FLAG_AD), rows[i].expected);
    }
}

static void what_does_not_fit_is_truncated_to_the_question(void **state)
{
    struct fixture *f = *state;
    static const struct {
        enum transport transport;
        uint16_t edns;
        unsigned records;
        bool truncated;
        const char *why;
    } rows[] = {
        {TRANSPORT_UDP, 0, 29, false, "29 + 29 * 16 = 493"},
        {TRANSPORT_UDP, 0, 31, true, "without EDNS 512"},
        {TRANSPORT_UDP, 100, 31, true, "less than 512 counts as 512"},
        {TRANSPORT_UDP, 1232, 31, false, ""},
        {TRANSPORT_UDP, 512, 30, true, "509 fit, but not with an OPT"},
        {TRANSPORT_UDP, 1232, 100, true, ""},
        {TRANSPORT_UDP, 4096, 100, true, "the server's own size is the limit"},
        {TRANSPORT_TCP, 512, 200, false, "streams have no such limit"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cache_answers_flush(f->cache);
        fixture_ask(f, rows[i].transport, "www.example.", TYPE_A, FLAG_RD, rows[i].edns, false);
        struct outcome o =
            answer_of(f, fixture_rrset(f, "www.example.", TYPE_A, 300, ADDRESS, 4, rows[i].records));
        fixture_compose(f, &o);
        for (int again = 0; again < 2; again++) {
            assert_int_equal(!!(f->got.flags & FLAG_TC), rows[i].truncated);
            assert_int_equal(f->got.counts[SECTION_ANSWER], rows[i].truncated ? 0 : rows[i].records);
            assert_int_equal(f->got.edns.present, rows[i].edns != 0);
            assert_int_equal(f->got.question.type, TYPE_A);
            if (!again && rows[i].records < ANSWER_RECORDS_MAX)
                assert_int_equal(
                    fixture_ask(f, rows[i].transport, "www.example.", TYPE_A, FLAG_RD, rows[i].edns, false),
                    SERVE_DONE);
        }
    }
}

static void failure_tells_its_reason_and_is_not_kept(void **state)
{
    struct fixture *f = *state;
    fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_A, FLAG_RD, 1232, false);
    struct outcome o = outcome_of(RCODE_SERVFAIL);
    o.reason = (struct reason){
        .ede = EDE_NO_REACHABLE_AUTHORITY, .tag = "silent-servers", .text = "no server answered"};
    fixture_compose(f, &o);
    assert_int_equal(f->got.rcode, RCODE_SERVFAIL);
    assert_int_equal(f->got.edns.ede_count, 1);
    assert_int_equal(f->got.edns.ede[0].code, EDE_NO_REACHABLE_AUTHORITY);
    assert_string_equal(f->got.edns.ede[0].text, "no server answered");
    assert_int_equal(
        fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_A, FLAG_RD, 1232, false), SERVE_PENDING);
}

/* RFC 8767. */
static void what_expired_tells_so_and_is_not_kept(void **state)
{
    struct fixture *f = *state;
    static const uint16_t types[] = {TYPE_A, TYPE_ANY};
    for (unsigned i = 0; i < 2; i++) {
        fixture_ask(f, TRANSPORT_UDP, "www.example.", types[i], FLAG_RD, 1232, false);
        assert_true(serve_question(&f->rq).stale_ok);
        struct outcome o = outcome_of(RCODE_NOERROR);
        if (types[i] == TYPE_A)
            rrset_list_add(&o.answer, fixture_rrset(f, "www.example.", TYPE_A, 30, ADDRESS, 4, 1), &f->a);
        o.stale = true;
        o.reason = (struct reason){.ede = EDE_STALE_ANSWER, .tag = "stale", .text = "no server answered"};
        fixture_compose(f, &o);
        assert_int_equal(f->got.counts[SECTION_ANSWER], 1);
        assert_int_equal(f->got.edns.ede[0].code, EDE_STALE_ANSWER);
        assert_int_equal(
            fixture_ask(f, TRANSPORT_UDP, "www.example.", types[i], FLAG_RD, 1232, false), SERVE_PENDING);
        o.stale = false; /* the same, were it fresh */
        fixture_compose(f, &o);
        assert_int_equal(
            fixture_ask(f, TRANSPORT_UDP, "www.example.", types[i], FLAG_RD, 1232, false), SERVE_DONE);
    }
}

static void a_hit_near_the_end_of_its_life_asks_for_a_refresh_but_not_without_rd(void **state)
{
    struct fixture *f = *state;
    fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_A, FLAG_RD, 0, false);
    struct rrset *rs = fixture_rrset(f, "www.example.", TYPE_A, 100, ADDRESS, 4, 1);
    rs->stored_s = f->now.cache_s - 900; /* of 1,000 s */
    struct outcome o = answer_of(f, rs);
    o.answer.items[0]->ttl = 101;
    fixture_compose(f, &o);
    for (unsigned i = 0; i < 4; i++) {
        uint16_t rd = i % 2 ? FLAG_RD : 0;
        f->reply.due = false;
        assert_int_equal(fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_A, rd, 0, false), SERVE_DONE);
        assert_int_equal(f->reply.due, i == 3);
        f->now.cache_s += i == 1 ? 1 : 0;
    }
}

static void ttl_0_is_not_kept(void **state)
{
    struct fixture *f = *state;
    fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_A, FLAG_RD, 0, false);
    struct outcome o = answer_of(f, fixture_rrset(f, "www.example.", TYPE_A, 0, ADDRESS, 4, 1));
    fixture_compose(f, &o);
    assert_int_equal(f->got.counts[SECTION_ANSWER], 1);
    assert_int_equal(fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_A, FLAG_RD, 0, false), SERVE_PENDING);
}

static void stranger_is_refused_even_what_is_cached(void **state)
{
    struct fixture *f = *state;
    fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_A, FLAG_RD, 0, false);
    struct outcome o = answer_of(f, fixture_rrset(f, "www.example.", TYPE_A, 300, ADDRESS, 4, 1));
    fixture_compose(f, &o);
    static const char *const strangers[] = {"192.0.2.1", "10.0.0.1", "::2", "2001:db8::1"};
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        assert_int_equal(addr_parse(&f->rq.client, strangers[i]), ERR_OK);
        assert_int_equal(
            fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_A, FLAG_RD, 1232, false), SERVE_DONE);
        assert_int_equal(f->got.rcode, RCODE_REFUSED);
        assert_int_equal(f->got.edns.ede[0].code, EDE_PROHIBITED);
        assert_int_equal(f->got.counts[SECTION_ANSWER], 0);
    }
    assert_int_equal(addr_parse(&f->rq.client, "::1"), ERR_OK);
    assert_int_equal(fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_A, FLAG_RD, 1232, false), SERVE_DONE);
    assert_int_equal(f->got.rcode, RCODE_NOERROR);
}

static void without_rd_the_cache_is_all_there_is(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_A, 0, 1232, false), SERVE_DONE);
    assert_int_equal(f->got.rcode, RCODE_REFUSED);
    assert_int_equal(f->got.edns.ede[0].code, EDE_NOT_AUTHORITATIVE);
    struct rrset *rs = fixture_rrset(f, "www.example.", TYPE_A, 300, ADDRESS, 4, 1);
    rs->rank = RANK_GLUE;
    cache_rrset_put(f->cache, rs, f->now.cache_s);
    fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_A, 0, 1232, false);
    assert_int_equal(f->got.rcode, RCODE_REFUSED); /* glue is no answer: RFC 2181 5.4.1 */
    rs->rank = RANK_ANSWER;
    cache_rrset_put(f->cache, rs, f->now.cache_s);
    assert_int_equal(fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_A, 0, 1232, false), SERVE_DONE);
    assert_int_equal(f->got.rcode, RCODE_NOERROR);
    assert_int_equal(f->got.counts[SECTION_ANSWER], 1);
    assert_false(f->got.flags & FLAG_RD);
}

static void any_asks_for_an_address_and_says_hinfo_where_there_is_none(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_ANY, FLAG_RD, 1232, true), SERVE_PENDING);
    struct question q = serve_question(&f->rq);
    assert_int_equal(q.type, TYPE_A);
    assert_true(q.no_aliases);
    struct outcome nodata = {.rcode = RCODE_NOERROR, .reason.ede = EDE_NONE};
    fixture_compose(f, &nodata);
    assert_int_equal(f->got.counts[SECTION_ANSWER], 1);
    const struct rr *rr = &f->got.rrs[SECTION_ANSWER][0];
    assert_int_equal(rr->type, TYPE_HINFO);
    assert_int_equal(rr->rdata.len, 9);
    assert_memory_equal(rr->rdata.data, "\7RFC8482\0", 9);
}

static void meta_type_is_refused_with_its_reason(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_ask(f, TRANSPORT_UDP, "www.example.", 128, FLAG_RD, 1232, false), SERVE_DONE);
    assert_int_equal(f->got.rcode, RCODE_FORMERR);
    assert_int_equal(f->got.edns.ede[0].code, EDE_INVALID_QUERY_TYPE); /* RFC 9824 3.5 */
}

static void keepalive_is_told_over_streams_alone(void **state)
{
    struct fixture *f = *state;
    for (int transport = TRANSPORT_UDP; transport <= TRANSPORT_TCP; transport++) {
        struct msg_question q = {.type = TYPE_A, .class = CLASS_IN};
        struct edns e = {
            .present = true, .udp_size = 1232, .keepalive_present = true, .keepalive_100ms = 0xffff};
        name_copy(q.name, fixture_name(f, "localhost."));
        size_t len = msg_query(f->query, sizeof f->query, 1, FLAG_RD, &q, &e);
        assert_int_equal(fixture_hand(f, (enum transport)transport, f->query, len), SERVE_DONE);
        assert_int_equal(f->got.edns.keepalive_present, transport == TRANSPORT_TCP);
        if (transport == TRANSPORT_TCP)
            assert_int_equal(f->got.edns.keepalive_100ms, 100);
    }
}

static void counters_tell_what_happened(void **state)
{
    struct fixture *f = *state;
    const struct serve_counters *c = serve_counters(f->serve);
    fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_A, FLAG_RD, 0, false);
    struct outcome o = answer_of(f, fixture_rrset(f, "www.example.", TYPE_A, 300, ADDRESS, 4, 1));
    fixture_compose(f, &o);
    fixture_ask(f, TRANSPORT_TCP, "www.example.", TYPE_A, FLAG_RD, 0, false);
    fixture_hand(f, TRANSPORT_UDP, "x", 1);
    assert_int_equal(c->queries, 3);
    assert_int_equal(c->udp, 2);
    assert_int_equal(c->tcp, 1);
    assert_int_equal(c->hits, 1);
    assert_int_equal(c->pending, 1);
    assert_int_equal(c->silent, 1);
    assert_int_equal(c->rcodes[RCODE_NOERROR], 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answer_is_composed_once_and_then_a_hit),
        TEST(one_of_a_batch_gets_what_it_gets_alone),
        TEST(hit_carries_the_askers_id_and_flags),
        TEST(signatures_are_for_those_who_ask),
        TEST(denial_has_its_soa_and_proofs_only_with_do),
        TEST(ad_only_if_secure_and_asked_for),
        TEST(what_does_not_fit_is_truncated_to_the_question),
        TEST(failure_tells_its_reason_and_is_not_kept),
        TEST(what_expired_tells_so_and_is_not_kept),
        TEST(a_hit_near_the_end_of_its_life_asks_for_a_refresh_but_not_without_rd),
        TEST(ttl_0_is_not_kept),
        TEST(stranger_is_refused_even_what_is_cached),
        TEST(without_rd_the_cache_is_all_there_is),
        TEST(any_asks_for_an_address_and_says_hinfo_where_there_is_none),
        TEST(meta_type_is_refused_with_its_reason),
        TEST(keepalive_is_told_over_streams_alone),
        TEST(counters_tell_what_happened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
