/* What clients see of DNSSEC: flags, proofs, reasons (RFC 4035 3.2, 6840 5, 8509, 8914, 9824). */
#include "fixture.h"

#include "dnssec/fault.h"

static const uint8_t ADDRESS[4] = {192, 0, 2, 1};

static struct rrset *address(struct fixture *f, const char *owner)
{
    struct rrset *rs = fixture_rrset(f, owner, TYPE_A, 300, ADDRESS, 4, 1);
    fixture_sign(f, rs, 64);
    return rs;
}

static struct rrset *nsec(struct fixture *f, const char *owner)
{
    struct rrset *rs = fixture_rrset(f, owner, TYPE_NSEC, 300, "\1z\7example\0\0\1\x40", 14, 1);
    fixture_sign(f, rs, 64);
    return rs;
}

static struct outcome positive(struct fixture *f, struct rrset *rs, uint8_t verdict)
{
    struct outcome o = {.rcode = RCODE_NOERROR, .verdict = verdict, .reason.ede = EDE_NONE};
    rs->verdict = verdict;
    rrset_list_add(&o.answer, rs, &f->a);
    return o;
}

static struct outcome denied(struct fixture *f, uint16_t rcode, uint8_t verdict)
{
    struct outcome o = {.rcode = rcode, .verdict = verdict, .reason.ede = EDE_NONE};
    struct rrset *soa = fixture_rrset(
        f, "example.", TYPE_SOA, 300, "\2ns\7example\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0", 33, 1);
    fixture_sign(f, soa, 64);
    rrset_list_add(&o.authority, soa, &f->a);
    rrset_list_add(&o.authority, nsec(f, "no.example."), &f->a);
    return o;
}

static enum served ask_flags(
    struct fixture *f, const char *name, uint16_t type, uint16_t flags, uint16_t edns)
{
    struct msg_question q = {.type = type, .class = CLASS_IN};
    struct edns e = {
        .present = true, .udp_size = 1232, .dnssec_ok = edns & 0x8000, .compact_ok = edns & 0x4000};
    return fixture_ask_edns(f, TRANSPORT_TCP, name, &q, flags, &e);
}

static unsigned count_type(const struct fixture *f, enum section section, uint16_t type)
{
    unsigned n = 0;
    for (size_t i = 0; i < f->got.counts[section]; i++)
        n += f->got.rrs[section][i].type == type;
    return n;
}

#define DO 0x8000u
#define CO 0x4000u

/* RFC 6840 5.7 to 5.9; each asked twice: composed, and from the cache of answers. */
static void flags_follow_verdict_and_question(void **state)
{
    struct fixture *f = *state;
    static const struct {
        uint8_t verdict;
        bool clock_unknown;
        uint16_t flags, edns;
        uint16_t want; /* of AD and CD */
        uint16_t rcode;
        bool kept;
        const char *why;
    } rows[] = {
        {VERDICT_SECURE, false, 0, 0, 0, RCODE_NOERROR, true, "who does not ask is not told"},
        {VERDICT_SECURE, false, FLAG_AD, 0, FLAG_AD, RCODE_NOERROR, true, "RFC 6840 5.7"},
        {VERDICT_SECURE, false, 0, DO, FLAG_AD, RCODE_NOERROR, true, "RFC 4035 3.2.3"},
        {VERDICT_SECURE, false, FLAG_CD, DO, FLAG_AD | FLAG_CD, RCODE_NOERROR, true,
            "CD copied, AD as known"},
        {VERDICT_SECURE, true, FLAG_AD, DO, 0, RCODE_NOERROR, false, "the clock is not known"},
        {VERDICT_INDETERMINATE, false, FLAG_AD, DO, 0, RCODE_NOERROR, false, "likewise"},
        {VERDICT_INSECURE, false, FLAG_AD, DO, 0, RCODE_NOERROR, true, ""},
        {VERDICT_UNCHECKED, false, FLAG_CD, DO, FLAG_CD, RCODE_NOERROR, true, "unchecked, as CD wants it"},
        {VERDICT_UNCHECKED, false, FLAG_AD, DO, 0, RCODE_SERVFAIL, false, "the last lock"},
        {VERDICT_BOGUS, false, FLAG_AD, DO, 0, RCODE_SERVFAIL, false, "never"},
        {VERDICT_BOGUS, false, FLAG_CD, DO, FLAG_CD, RCODE_NOERROR, false, "who wants it, gets it"},
    };
    f->settings.validates = true;
    fixture_settings(f);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint16_t flags = (uint16_t)(rows[i].flags | FLAG_RD);
        cache_answers_flush(f->cache);
        assert_int_equal(ask_flags(f, "www.example.", TYPE_A, flags, rows[i].edns), SERVE_PENDING);
        assert_int_equal(serve_question(&f->rq).checking_disabled, !!(flags & FLAG_CD));
        struct outcome o = positive(f, address(f, "www.example."), rows[i].verdict);
        o.clock_unknown = rows[i].clock_unknown;
        fixture_compose(f, &o);
        for (int again = 0; again < 2; again++) {
            assert_int_equal(f->got.flags & (FLAG_AD | FLAG_CD), rows[i].want);
            assert_int_equal(f->got.rcode, rows[i].rcode);
            assert_int_equal(f->got.counts[SECTION_ANSWER], rows[i].rcode != RCODE_NOERROR ? 0
                                                            : rows[i].edns & DO            ? 2
                                                                                           : 1);
            if (!again)
                assert_int_equal(ask_flags(f, "www.example.", TYPE_A, flags, rows[i].edns),
                    rows[i].kept ? SERVE_DONE : SERVE_PENDING);
            if (!rows[i].kept)
                break;
        }
    }
}

static void what_cd_fetched_is_not_served_without_cd(void **state)
{
    struct fixture *f = *state;
    f->settings.validates = true;
    fixture_settings(f);
    ask_flags(f, "www.example.", TYPE_A, FLAG_RD | FLAG_CD, DO);
    struct outcome o = positive(f, address(f, "www.example."), VERDICT_UNCHECKED);
    fixture_compose(f, &o);
    assert_int_equal(ask_flags(f, "www.example.", TYPE_A, FLAG_RD | FLAG_CD, DO), SERVE_DONE);
    assert_int_equal(ask_flags(f, "www.example.", TYPE_A, FLAG_RD, DO), SERVE_PENDING);
}

/* Nobody is asked on behalf of who does not desire recursion, so he gets what is validated already. */
static void without_rd_only_validated_data_are_there(void **state)
{
    struct fixture *f = *state;
    static const struct {
        uint8_t verdict;
        uint16_t flags;
        bool given;
    } rows[] = {
        {VERDICT_UNCHECKED, 0, false},
        {VERDICT_UNCHECKED, FLAG_CD, true},
        {VERDICT_BOGUS, 0, false},
        {VERDICT_BOGUS, FLAG_CD, true},
        {VERDICT_INDETERMINATE, 0, true},
        {VERDICT_INSECURE, 0, true},
        {VERDICT_SECURE, 0, true},
    };
    f->settings.validates = true;
    fixture_settings(f);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rrset *rs = address(f, "www.example.");
        rs->verdict = rows[i].verdict;
        cache_clear(f->cache);
        cache_rrset_put(f->cache, rs, f->now.cache_s);
        assert_int_equal(ask_flags(f, "www.example.", TYPE_A, rows[i].flags, DO), SERVE_DONE);
        assert_int_equal(f->got.rcode, rows[i].given ? RCODE_NOERROR : RCODE_REFUSED);
        assert_int_equal(!!(f->got.flags & FLAG_AD), rows[i].given && rows[i].verdict == VERDICT_SECURE);
    }
}

static void reason_goes_with_an_insecure_answer_and_with_its_copies(void **state)
{
    struct fixture *f = *state;
    ask_flags(f, "www.example.", TYPE_A, FLAG_RD, DO);
    struct outcome o = positive(f, address(f, "www.example."), VERDICT_INSECURE);
    char text[] = "digest 3 of example. is not supported";
    o.reason = (struct reason){EDE_UNSUPPORTED_DS_DIGEST, "ds-digest", text};
    fixture_compose(f, &o);
    memset(text, 'x', sizeof text - 1); /* nobody borrows it any more */
    for (int again = 0; again < 3; again++) {
        assert_int_equal(f->got.rcode, RCODE_NOERROR);
        assert_int_equal(f->got.edns.ede_count, 1);
        assert_int_equal(f->got.edns.ede[0].code, EDE_UNSUPPORTED_DS_DIGEST);
        assert_string_equal(f->got.edns.ede[0].text, "digest 3 of example. is not supported");
        assert_int_equal(ask_flags(f, "www.example.", TYPE_A, FLAG_RD, DO), SERVE_DONE);
    }
    ask_flags(f, "other.example.", TYPE_A, FLAG_RD, DO);
    o = positive(f, address(f, "other.example."), VERDICT_INSECURE);
    fixture_compose(f, &o);
    ask_flags(f, "other.example.", TYPE_A, FLAG_RD, DO);
    assert_int_equal(f->got.edns.ede_count, 0);
}

static void reason_is_told_without_rd_too(void **state)
{
    struct fixture *f = *state;
    static const struct {
        uint8_t fault;
        int ede;
    } rows[] = {
        {FAULT_NONE, EDE_NONE},
        {FAULT_DELEGATION_UNSIGNED, EDE_NONE},
        {FAULT_DS_DIGEST, EDE_UNSUPPORTED_DS_DIGEST},
        {FAULT_NSEC3_ITERATIONS, EDE_UNSUPPORTED_NSEC3_ITERATIONS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rrset *rs = address(f, "www.example.");
        rs->verdict = VERDICT_INSECURE;
        rs->fault = rows[i].fault;
        cache_clear(f->cache);
        cache_rrset_put(f->cache, rs, f->now.cache_s);
        assert_int_equal(ask_flags(f, "www.example.", TYPE_A, 0, DO), SERVE_DONE);
        assert_int_equal(f->got.edns.ede_count, rows[i].ede != EDE_NONE);
        if (rows[i].ede != EDE_NONE) {
            assert_int_equal(f->got.edns.ede[0].code, rows[i].ede);
            assert_true(strlen(f->got.edns.ede[0].text) > 0);
        }
    }
}

static void wildcards_proof_is_for_who_can_check_it(void **state)
{
    struct fixture *f = *state;
    for (int dnssec_ok = 0; dnssec_ok < 2; dnssec_ok++) {
        struct rrset_list proofs = {0};
        rrset_list_add(&proofs, nsec(f, "a.example."), &f->a);
        struct rrset *rs = address(f, "www.example.");
        rs->proofs = &proofs;
        ask_flags(f, "www.example.", TYPE_A, FLAG_RD, dnssec_ok ? DO : 0);
        struct outcome o = positive(f, rs, VERDICT_SECURE);
        struct rrset *target = address(f, "target.example.");
        target->proofs = &proofs; /* of the same wildcard: told once */
        rrset_list_add(&o.answer, target, &f->a);
        fixture_compose(f, &o);
        assert_int_equal(count_type(f, SECTION_ANSWER, TYPE_A), 2);
        assert_int_equal(count_type(f, SECTION_AUTHORITY, TYPE_NSEC), dnssec_ok);
        assert_int_equal(count_type(f, SECTION_AUTHORITY, TYPE_RRSIG), dnssec_ok);
        assert_int_equal(f->got.counts[SECTION_AUTHORITY], 2 * dnssec_ok);
    }
}

static void proof_of_a_denial_is_not_what_was_asked_for(void **state)
{
    struct fixture *f = *state;
    ask_flags(f, "no.example.", TYPE_NSEC, FLAG_RD, 0);
    struct outcome o = denied(f, RCODE_NXDOMAIN, VERDICT_SECURE);
    fixture_compose(f, &o);
    assert_int_equal(f->got.counts[SECTION_AUTHORITY], 1); /* SOA */
    ask_flags(f, "a.example.", TYPE_NSEC, FLAG_RD, 0);
    o = positive(f, nsec(f, "a.example."), VERDICT_SECURE);
    fixture_compose(f, &o);
    assert_int_equal(count_type(f, SECTION_ANSWER, TYPE_NSEC), 1);
    assert_int_equal(count_type(f, SECTION_ANSWER, TYPE_RRSIG), 0);
}

/* RFC 9824 5 and 5.1. */
static void compact_denial_is_nxdomain_unless_do_without_co(void **state)
{
    struct fixture *f = *state;
    static const struct {
        uint16_t type, edns, rcode;
    } rows[] = {
        {TYPE_A, 0, RCODE_NXDOMAIN},
        {TYPE_A, CO, RCODE_NXDOMAIN},
        {TYPE_A, DO, RCODE_NOERROR},
        {TYPE_A, DO | CO, RCODE_NXDOMAIN},
        {TYPE_ANY, 0, RCODE_NXDOMAIN},
        {TYPE_ANY, DO, RCODE_NOERROR},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum served served = ask_flags(f, "no.example.", rows[i].type, FLAG_RD, rows[i].edns);
        bool first = i == 0 || rows[i].type != rows[i - 1].type;
        assert_int_equal(
            served, first ? SERVE_PENDING : SERVE_DONE); /* all share what the first one asked for */
        if (served == SERVE_PENDING) {
            struct outcome o = denied(f, RCODE_NOERROR, VERDICT_SECURE);
            o.no_name = true;
            fixture_compose(f, &o);
        }
        for (int again = 0; again < 2; again++) {
            assert_int_equal(f->got.rcode, rows[i].rcode);
            assert_int_equal(f->got.counts[SECTION_ANSWER], 0);
            assert_int_equal(count_type(f, SECTION_AUTHORITY, TYPE_SOA), 1);
            assert_int_equal(count_type(f, SECTION_AUTHORITY, TYPE_NSEC), rows[i].edns & DO ? 1 : 0);
            assert_int_equal(f->got.edns.compact_ok, rows[i].edns & CO ? 1 : 0);
            assert_int_equal(ask_flags(f, "no.example.", rows[i].type, FLAG_RD, rows[i].edns), SERVE_DONE);
        }
    }
}

/* RFC 8509 3. */
static void sentinel_tells_which_keys_of_the_root_are_trusted(void **state)
{
    struct fixture *f = *state;
    static const uint16_t tags[] = {20326, 38696};
    static const struct {
        const char *name;
        uint16_t type, flags;
        uint8_t verdict;
        bool fails;
        const char *why;
    } rows[] = {
        {"root-key-sentinel-is-ta-20326.example.", TYPE_A, 0, VERDICT_SECURE, false, ""},
        {"root-key-sentinel-is-ta-38696.example.", TYPE_A, 0, VERDICT_SECURE, false, ""},
        {"Root-Key-Sentinel-IS-TA-12345.example.", TYPE_A, 0, VERDICT_SECURE, true, ""},
        {"root-key-sentinel-not-ta-20326.example.", TYPE_A, 0, VERDICT_SECURE, true, ""},
        {"root-key-sentinel-not-ta-00001.example.", TYPE_A, 0, VERDICT_SECURE, false, ""},
        {"root-key-sentinel-is-ta-12345.example.", TYPE_AAAA, 0, VERDICT_SECURE, true, ""},
        {"root-key-sentinel-is-ta-12345.example.", TYPE_MX, 0, VERDICT_SECURE, false, "A and AAAA alone"},
        {"root-key-sentinel-is-ta-12345.example.", TYPE_A, FLAG_CD, VERDICT_SECURE, false, "CD"},
        {"root-key-sentinel-is-ta-12345.example.", TYPE_A, 0, VERDICT_INSECURE, false, "not secure"},
        {"root-key-sentinel-is-ta-1234.example.", TYPE_A, 0, VERDICT_SECURE, false, "five digits"},
        {"root-key-sentinel-is-ta-012345.example.", TYPE_A, 0, VERDICT_SECURE, false, "five digits"},
        {"root-key-sentinel-is-ta-1234x.example.", TYPE_A, 0, VERDICT_SECURE, false, "digits"},
        {"root-key-sentinel-is-ta-99999.example.", TYPE_A, 0, VERDICT_SECURE, false, "no key's tag"},
        {"www.root-key-sentinel-is-ta-12345.example.", TYPE_A, 0, VERDICT_SECURE, false, "leftmost label"},
    };
    f->settings.validates = f->settings.sentinel = true;
    f->settings.root_tags = tags;
    f->settings.root_tag_count = 2;
    fixture_settings(f);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cache_answers_flush(f->cache);
        assert_int_equal(
            ask_flags(f, rows[i].name, rows[i].type, (uint16_t)(FLAG_RD | rows[i].flags), DO), SERVE_PENDING);
        struct outcome o = positive(f, address(f, "target.example."), rows[i].verdict);
        fixture_compose(f, &o);
        assert_int_equal(f->got.rcode, rows[i].fails ? RCODE_SERVFAIL : RCODE_NOERROR);
        assert_int_equal(f->got.counts[SECTION_ANSWER], rows[i].fails ? 0 : 2);
    }
    /* The answer follows the keys, and is not kept for that. */
    for (int trusted = 0; trusted < 2; trusted++) {
        f->settings.root_tag_count = trusted ? 2 : 1;
        fixture_settings(f);
        assert_int_equal(
            ask_flags(f, "root-key-sentinel-is-ta-38696.example.", TYPE_A, FLAG_RD, 0), SERVE_PENDING);
        struct outcome o = positive(f, address(f, "target.example."), VERDICT_SECURE);
        fixture_compose(f, &o);
        assert_int_equal(f->got.rcode, trusted ? RCODE_NOERROR : RCODE_SERVFAIL);
    }
    f->settings.sentinel = false;
    fixture_settings(f);
    ask_flags(f, "root-key-sentinel-is-ta-12345.example.", TYPE_A, FLAG_RD, 0);
    struct outcome o = positive(f, address(f, "target.example."), VERDICT_SECURE);
    fixture_compose(f, &o);
    assert_int_equal(f->got.rcode, RCODE_NOERROR);
}

static void sentinel_answers_without_rd_too(void **state)
{
    struct fixture *f = *state;
    static const uint16_t tag = 20326;
    f->settings.validates = f->settings.sentinel = true;
    f->settings.root_tags = &tag;
    f->settings.root_tag_count = 1;
    fixture_settings(f);
    struct rrset *rs = address(f, "root-key-sentinel-is-ta-12345.example.");
    rs->verdict = VERDICT_SECURE;
    cache_rrset_put(f->cache, rs, f->now.cache_s);
    assert_int_equal(ask_flags(f, "root-key-sentinel-is-ta-12345.example.", TYPE_A, 0, 0), SERVE_DONE);
    assert_int_equal(f->got.rcode, RCODE_SERVFAIL);
}

static void nxname_never_goes_upstream(void **state)
{
    struct fixture *f = *state;
    for (uint16_t edns = 0; edns < 4; edns++) {
        assert_int_equal(ask_flags(f, "www.example.", 128, FLAG_RD, (uint16_t)(edns << 14)),
            SERVE_DONE); /* RFC 9824 3.5 */
        assert_int_equal(f->got.rcode, RCODE_FORMERR);
        assert_int_equal(f->got.edns.ede[0].code, EDE_INVALID_QUERY_TYPE);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(flags_follow_verdict_and_question),
        TEST(what_cd_fetched_is_not_served_without_cd),
        TEST(without_rd_only_validated_data_are_there),
        TEST(reason_goes_with_an_insecure_answer_and_with_its_copies),
        TEST(reason_is_told_without_rd_too),
        TEST(wildcards_proof_is_for_who_can_check_it),
        TEST(proof_of_a_denial_is_not_what_was_asked_for),
        TEST(compact_denial_is_nxdomain_unless_do_without_co),
        TEST(sentinel_tells_which_keys_of_the_root_are_trusted),
        TEST(sentinel_answers_without_rd_too),
        TEST(nxname_never_goes_upstream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
