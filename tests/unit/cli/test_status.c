#include "cli/status.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void messages_have_exit_codes(void **state)
{
    static const struct {
        const char *why;
        uint16_t rcode, answer_type, qtype; /* answer_type 0: none */
        int ede;
        enum status status;
    } rows[] = {
        {"data", RCODE_NOERROR, TYPE_A, TYPE_A, EDE_NONE, STATUS_ANSWER},
        {"an alias to nothing of that type", RCODE_NOERROR, TYPE_CNAME, TYPE_A, EDE_NONE, STATUS_NO_DATA},
        {"an alias asked for", RCODE_NOERROR, TYPE_CNAME, TYPE_CNAME, EDE_NONE, STATUS_ANSWER},
        {"ANY takes anything", RCODE_NOERROR, TYPE_HINFO, TYPE_ANY, EDE_NONE, STATUS_ANSWER},
        {"nothing", RCODE_NOERROR, 0, TYPE_A, EDE_NONE, STATUS_NO_DATA},
        {"no such name", RCODE_NXDOMAIN, 0, TYPE_A, EDE_NONE, STATUS_NO_DATA},
        {"an alias to no such name", RCODE_NXDOMAIN, TYPE_CNAME, TYPE_A, EDE_NONE, STATUS_NO_DATA},
        {"failure", RCODE_SERVFAIL, 0, TYPE_A, EDE_NONE, STATUS_FAILURE},
        {"the resolver reached nobody", RCODE_SERVFAIL, 0, TYPE_A, EDE_NO_REACHABLE_AUTHORITY,
            STATUS_FAILURE},
        {"bogus", RCODE_SERVFAIL, 0, TYPE_A, EDE_DNSSEC_BOGUS, STATUS_BOGUS},
        {"expired", RCODE_SERVFAIL, 0, TYPE_A, EDE_SIGNATURE_EXPIRED, STATUS_BOGUS},
        {"no NSEC", RCODE_SERVFAIL, 0, TYPE_A, EDE_NSEC_MISSING, STATUS_BOGUS},
        {"indeterminate is not bogus", RCODE_SERVFAIL, 0, TYPE_A, EDE_DNSSEC_INDETERMINATE, STATUS_FAILURE},
        {"an EDE beside data", RCODE_NOERROR, TYPE_A, TYPE_A, EDE_DNSSEC_BOGUS, STATUS_ANSWER},
        {"refused", RCODE_REFUSED, 0, TYPE_A, EDE_NONE, STATUS_FAILURE},
        {"format error", RCODE_FORMERR, 0, TYPE_A, EDE_NONE, STATUS_FAILURE},
        {"bad version", RCODE_BADVERS, 0, TYPE_A, EDE_NONE, STATUS_FAILURE},
        {"an rcode of no name", 3841, 0, TYPE_A, EDE_NONE, STATUS_FAILURE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rr rr = {.owner = NAME_ROOT, .type = rows[i].answer_type, .class = CLASS_IN};
        struct msg m = {.rcode = rows[i].rcode};
        if (rows[i].answer_type) {
            m.rrs[SECTION_ANSWER] = &rr;
            m.counts[SECTION_ANSWER] = 1;
        }
        if (rows[i].ede != EDE_NONE)
            m.edns = (struct edns){.present = true, .ede_count = 1, .ede = {{(uint16_t)rows[i].ede, ""}}};
        if (status_of_msg(&m, rows[i].qtype) != rows[i].status)
            fail_msg("%s: %d", rows[i].why, status_of_msg(&m, rows[i].qtype));
    }
}

static void waits_have_exit_codes(void **state)
{
    assert_int_equal(status_of_ask(&(struct ask_reply){.end = ASK_TIMEOUT}, TYPE_A), STATUS_NO_REPLY);
    assert_int_equal(status_of_ask(&(struct ask_reply){.end = ASK_UNREACHABLE}, TYPE_A), STATUS_NO_REPLY);
    assert_int_equal(status_of_ask(&(struct ask_reply){.end = ASK_MALFORMED}, TYPE_A), STATUS_FAILURE);
    assert_int_equal(status_of_ask(&(struct ask_reply){.end = ASK_LOCAL}, TYPE_A), STATUS_INTERNAL);
}

static void outcomes_have_exit_codes(void **state)
{
    struct rrset set = {.owner = NAME_ROOT, .type = TYPE_A, .class = CLASS_IN}, *items[] = {&set};
    struct outcome o = {.rcode = RCODE_NOERROR, .answer = {items, 1, 1}, .reason = {.ede = EDE_NONE}};
    assert_int_equal(status_of_outcome(&o, TYPE_A), STATUS_ANSWER);
    assert_int_equal(status_of_outcome(&o, TYPE_AAAA), STATUS_NO_DATA);
    o.rcode = RCODE_NXDOMAIN;
    assert_int_equal(status_of_outcome(&o, TYPE_A), STATUS_NO_DATA);
    o.rcode = RCODE_SERVFAIL;
    assert_int_equal(status_of_outcome(&o, TYPE_A), STATUS_FAILURE);
    o.reason.ede = EDE_NO_REACHABLE_AUTHORITY;
    assert_int_equal(status_of_outcome(&o, TYPE_A), STATUS_NO_REPLY);
    o.reason.ede = EDE_DNSSEC_BOGUS;
    assert_int_equal(status_of_outcome(&o, TYPE_A), STATUS_BOGUS);
}

static void the_worst_counts(void **state)
{
    static const enum status rising[] = {STATUS_ANSWER, STATUS_USAGE, STATUS_NO_DATA, STATUS_FAILURE,
        STATUS_BOGUS, STATUS_NO_REPLY, STATUS_INTERNAL};
    for (size_t i = 0; i + 1 < sizeof rising / sizeof rising[0]; i++) {
        assert_int_equal(status_worst(rising[i], rising[i + 1]), rising[i + 1]);
        assert_int_equal(status_worst(rising[i + 1], rising[i]), rising[i + 1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_have_exit_codes),
        cmocka_unit_test(waits_have_exit_codes),
        cmocka_unit_test(outcomes_have_exit_codes),
        cmocka_unit_test(the_worst_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
