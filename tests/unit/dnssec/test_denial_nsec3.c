/* What NSEC3 records prove, and what the search for a closest encloser costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "defs/limits.h"
#include "dns/rrtype.h"
#include "proofs.h"

static struct arena arena;
static struct dnssec_policy policy;
static struct budget budget;

static int set_up(void **state)
{
    arena_init(&arena);
    dnssec_policy_default(&policy);
    return 0;
}

static int tear_down(void **state)
{
    arena_fini(&arena);
    return 0;
}

static const char *ask(const char *zone, const char *records, const char *question)
{
    const name_t *apex = proofs_name(zone, NULL, &arena);
    struct rrset_list list = proofs_records(records, apex, &arena);
    struct proofs p = {.zone = apex, .list = &list, .policy = &policy, .budget = &budget, .arena = &arena};
    budget = (struct budget){0};
    return proofs_ask(&p, question);
}

static void check_cases(const char *zone, const struct proof_case *cases, size_t count)
{
    const char *wrong = proofs_wrong(zone, cases, count);
    if (wrong)
        fail_msg("%s", wrong);
}

#define CHECK(zone, cases) check_cases(zone, cases, sizeof(cases) / sizeof *(cases))

#define APEX "#@ NSEC3 1 0 0 - >@ NS SOA RRSIG DNSKEY NSEC3PARAM|"
#define NO(name) "<" name " NSEC3 1 0 0 - >" name " A|"
#define OPT_OUT(name) "<" name " NSEC3 1 1 0 - >" name " A|"
#define HAS(name, types) "#" name " NSEC3 1 0 0 - >" name " " types "|"

static void a_name_does_not_exist(void **state)
{
    static const struct proof_case cases[] = {
        {APEX NO("b") NO("*"), "nxdomain b", "proven closest example."},
        {APEX NO("b") NO("*"), "nxdomain B", "proven closest example."},
        {APEX NO("b") NO("*"), "nxdomain x.y.z.b", "proven closest example."},
        {APEX NO("b"), "nxdomain b", "denial-missing"},
        {APEX NO("*"), "nxdomain b", "denial-missing"},
        {NO("b") NO("*"), "nxdomain b", "denial-missing"},
        {APEX NO("b") HAS("*", "A"), "nxdomain b", "denial-wrong"},
        {APEX HAS("b", "A") NO("*"), "nxdomain b", "denial-wrong"},
        {APEX NO("c") NO("*"), "nxdomain b", "denial-missing"},
        /* the next closer name must be covered, not the name */
        {APEX NO("x.b") NO("*"), "nxdomain x.b", "denial-missing"},
        {HAS("b", "A") NO("x.b") NO("*.b"), "nxdomain x.b", "proven closest b.example."},
        {HAS("b", "A") NO("x.b") NO("*"), "nxdomain x.b", "denial-missing"},
        {HAS("w.b", "") NO("x.w.b") NO("*.w.b"), "nxdomain 1.2.3.4.x.w.b", "proven closest w.b.example."},
        /* an encloser higher up does not help */
        {APEX HAS("b", "A") NO("x.b") NO("*.b"), "nxdomain x.b", "proven closest b.example."},
        {APEX HAS("b", "A") NO("x.b") NO("*"), "nxdomain x.b", "denial-missing"},
        /* the only record of a zone covers all but its owner */
        {"#@ NSEC3 1 0 0 - #@ NS SOA", "nxdomain b", "proven closest example."},
        {"#@ NSEC3 1 0 0 - #@ NS SOA", "nxdomain @", "denial-wrong"},
        {APEX NO("*"), "nxdomain *", "proven closest example."},
    };
    CHECK("example", cases);
}

static void a_type_does_not_exist(void **state)
{
    static const struct proof_case cases[] = {
        {HAS("b", "A RRSIG"), "nodata b AAAA", "proven"},
        {HAS("b", "A"), "nodata b A", "denial-wrong"},
        {HAS("b", "CNAME"), "nodata b A", "denial-wrong"},
        {HAS("b", ""), "nodata b A", "proven empty"},
        {HAS("b", ""), "nodata b ANY", "proven empty"},
        {HAS("b", "A"), "nodata b ANY", "denial-wrong"},
        {HAS("b", "A"), "nodata c A", "denial-missing"},
        {APEX NO("b") NO("*"), "nodata b A", "denial-wrong"},
        {APEX NO("b"), "nodata b A", "denial-wrong"},
        {APEX NO("b") HAS("*", "TXT"), "nodata b A", "proven closest example. wildcard"},
        {APEX NO("b") HAS("*", "A"), "nodata b A", "denial-wrong"},
        {NO("b") HAS("*", "TXT"), "nodata b A", "denial-missing"},
        {APEX HAS("*", "TXT"), "nodata b A", "denial-missing"},
        {HAS("b", "RRSIG NXNAME"), "nodata b A", "proven no-name"},
        {HAS("b", "RRSIG NXNAME"), "nxdomain b", "proven no-name"},
    };
    CHECK("example", cases);
}

static void a_delegation_or_dname_encloses_nothing(void **state)
{
    static const struct proof_case cases[] = {
        {HAS("b", "NS RRSIG") NO("x.b") NO("*.b"), "nxdomain x.b", "denial-wrong"},
        {HAS("b", "NS DS RRSIG") NO("x.b") NO("*.b"), "nxdomain x.b", "denial-wrong"},
        {HAS("b", "NS SOA RRSIG") NO("x.b") NO("*.b"), "nxdomain x.b", "denial-wrong"},
        {HAS("b", "DNAME") NO("x.b") NO("*.b"), "nxdomain x.b", "denial-wrong"},
        {HAS("b", "NS") NO("x.b") NO("*.b"), "ds x.b", "denial-wrong"},
        {HAS("b", "NS") OPT_OUT("x.b") NO("*.b"), "ds x.b", "denial-wrong"},
        {"#@ NSEC3 1 0 0 - >@ NS SOA DNAME|" NO("b") NO("*"), "nxdomain b", "denial-wrong"},
        {"#@ NSEC3 1 0 0 - >@ NS|" NO("b") NO("*"), "nxdomain b", "denial-wrong"},
        {HAS("b", "NS"), "nodata b A", "denial-wrong"},
        {HAS("b", "NS"), "nodata b DS", "proven"},
        {HAS("b", "NS DS"), "nodata b DS", "denial-wrong"},
        {HAS("b", "NS SOA"), "nodata b DS", "denial-wrong"},
        {HAS("@", "NS SOA"), "nodata @ DS", "denial-wrong"},
    };
    CHECK("example", cases);
}

static void opt_out_proves_no_more_than_insecurity(void **state)
{
    static const struct proof_case cases[] = {
        {APEX OPT_OUT("b") NO("*"), "nxdomain b", "opt-out closest example."},
        {APEX NO("b") OPT_OUT("*"), "nxdomain b", "proven closest example."},
        {APEX OPT_OUT("b"), "nodata b DS", "opt-out closest example."},
        {APEX OPT_OUT("b"), "nodata b A", "opt-out closest example."},
        {APEX OPT_OUT("b") HAS("*", "A"), "nodata b A", "denial-wrong"},
        {APEX OPT_OUT("b") HAS("*", "TXT"), "nodata b A", "opt-out closest example. wildcard"},
        {APEX OPT_OUT("b"), "ds b", "cut: opt-out closest example."},
        {APEX OPT_OUT("b"), "ds x.b", "cut: opt-out closest example."},
        {OPT_OUT("b"), "ds b", "denial-missing"},
        {APEX NO("b"), "ds b", "none: proven closest example."},
        {HAS("b", "NS"), "ds b", "cut: proven"},
        {HAS("b", "A"), "ds b", "none: proven"},
        {HAS("b", ""), "ds b", "none: proven empty"},
        {HAS("b", "NS DS"), "ds b", "denial-wrong"},
        {NO("b"), "wildcard b 1", "proven closest example."},
        {OPT_OUT("b"), "wildcard b 1", "opt-out closest example."},
        {NO("x.b"), "wildcard x.b 1", "wildcard-unproven"},
        {NO("b"), "wildcard x.b 1", "proven closest example."},
        {HAS("b", "A"), "wildcard b 1", "wildcard-unproven"},
        /* a span without opt-out tells more than one with it, in any order */
        {"#@ NSEC3 1 0 0 - #@ NS SOA|" OPT_OUT("b"), "nxdomain b", "proven closest example."},
        {OPT_OUT("b") "#@ NSEC3 1 0 0 - #@ NS SOA|", "nxdomain b", "proven closest example."},
    };
    CHECK("example", cases);
}

static void what_is_not_understood_is_skipped(void **state)
{
    static const struct proof_case cases[] = {
        {"#b NSEC3 2 0 0 - >b A", "nodata b AAAA", "denial-missing"},
        {"#b NSEC3 1 2 0 - >b A", "nodata b AAAA", "denial-missing"},
        {"#b NSEC3 1 128 0 - >b A", "nodata b AAAA", "denial-missing"},
        {"#b NSEC3 1 0 0 - 00000000 A", "nodata b AAAA", "denial-missing"},
        {"x.#b NSEC3 1 0 0 - >b A", "nodata b AAAA", "denial-missing"},
        {"#b NSEC3 1 0 0 - >b A", "nodata b.sub AAAA", "denial-missing"},
        {"notahash NSEC3 1 0 0 - >b A", "nodata b AAAA", "denial-missing"},
        /* records of two chains do not help each other; each alone does */
        {APEX NO("b") "<* NSEC3 1 0 1 - >* A", "nxdomain b", "denial-missing"},
        {"#@ NSEC3 1 0 0 aa >@ NS SOA|" NO("b") NO("*"), "nxdomain b", "denial-missing"},
        {"#c NSEC3 1 0 1 aa >c A|" APEX NO("b") NO("*"), "nxdomain b", "proven closest example."},
        {"c NSEC d A|" APEX NO("b") NO("*"), "nxdomain b", "proven closest example."},
        {APEX NO("b") NO("*") "@ NSEC d NS SOA", "nxdomain b", "proven closest example."},
    };
    CHECK("example", cases);
}

static void many_iterations_are_insecure_only_where_they_are_all_there_is(void **state)
{
    static const struct proof_case cases[] = {
        {"#b NSEC3 1 0 50 - >b A", "nodata b AAAA", "proven"},
        {"#b NSEC3 1 0 51 - >b A", "nodata b AAAA", "insecure"},
        {"#b NSEC3 1 0 2500 - >b A", "nodata b A", "insecure"},
        {"#b NSEC3 1 0 2500 - >b A", "nxdomain c", "insecure"},
        {"#b NSEC3 1 0 2500 - >b A", "wildcard c 1", "insecure"},
        {"#b NSEC3 1 0 2500 - >b A", "ds c", "cut: insecure"},
        {"#b NSEC3 1 0 2500 - >b A|" HAS("b", "A"), "nodata b AAAA", "proven"},
        {"#b NSEC3 1 0 2500 - >b A|" HAS("b", "A"), "nodata b A", "denial-wrong"},
        {"#b NSEC3 2 0 2500 - >b A", "nodata b A", "denial-missing"},
        {"#b NSEC3 1 4 2500 - >b A", "nodata b A", "denial-missing"},
        {"x.#b NSEC3 1 0 2500 - >b A", "nodata b A", "denial-missing"},
    };
    CHECK("example", cases);
    ask("example", "#b NSEC3 1 0 2500 - >b A", "nxdomain c");
    assert_int_equal(budget.hashes, 0);
}

/* ---- the cost (CVE-2023-50868) ---- */

/* "nxdomain " and a name of `labels` labels below the closest encloser `closest`. */
static const char *deep_question(unsigned labels, const char *closest)
{
    struct text t;
    text_init(&t);
    text_add(&t, "nxdomain ");
    for (unsigned i = 1; i < labels; i++)
        text_add(&t, "a.");
    text_printf(&t, "x%s%s", *closest ? "." : "", closest);
    const char *question = arena_strdup(&arena, t.data);
    text_fini(&t);
    return question;
}

static void a_long_name_costs_few_hashes(void **state)
{
    /* spans of nothing but the names that are to be covered: the records answer no other probe */
    assert_string_equal(
        ask("example", APEX NO("x") NO("*"), deep_question(112, "")), "proven closest example.");
    assert_in_range(budget.hashes, 3, 8);
    assert_string_equal(ask("example", HAS("b", "A") NO("x.b") NO("*.b"), deep_question(110, "b")),
        "proven closest b.example.");
    assert_in_range(budget.hashes, 3, 10);
    /* spans that answer every probe: halving */
    assert_string_equal(
        ask("example", "#@ NSEC3 1 0 50 - #@ NS SOA", deep_question(112, "")), "proven closest example.");
    assert_in_range(budget.hashes, 3, 10);
    assert_string_equal(
        ask("example", "#@ NSEC3 1 0 50 - #b NS SOA|#b NSEC3 1 0 50 - #@ A", deep_question(110, "b")),
        "proven closest b.example.");
    assert_in_range(budget.hashes, 3, 11);
}

static void hashes_are_paid_and_end(void **state)
{
    /* an encloser in the middle of what no record speaks of */
    char closest[NAME_TEXT_LEN];
    struct text t;
    text_init_fixed(&t, closest, sizeof closest);
    for (unsigned i = 0; i < 53; i++)
        text_add(&t, "b.");
    text_add(&t, "b");
    const char *records = "#c NSEC3 1 0 0 - >c A|";
    assert_string_equal(ask("example", records, deep_question(60, closest)), "spent");
    assert_int_equal(budget.hashes, VALIDATION_HASHES_MAX);
    assert_string_equal(ask("example", records, "nxdomain x"), "denial-missing");
    assert_int_equal(budget.hashes, 2);
}

static void a_name_is_hashed_once(void **state)
{
    const name_t *apex = proofs_name("example", NULL, &arena);
    struct rrset_list list = proofs_records(APEX NO("b") NO("*"), apex, &arena);
    budget = (struct budget){0};
    struct proofs p = {.zone = apex, .list = &list, .policy = &policy, .budget = &budget, .arena = &arena};
    assert_string_equal(proofs_ask(&p, "nxdomain b"), "proven closest example.");
    assert_int_equal(budget.hashes, 3);
    assert_string_equal(proofs_ask(&p, "nxdomain b"), "proven closest example.");
    assert_string_equal(proofs_ask(&p, "ds b"), "none: proven closest example.");
    assert_int_equal(budget.hashes, 3);
    budget.hashes = VALIDATION_HASHES_MAX;
    assert_string_equal(proofs_ask(&p, "nxdomain b"), "proven closest example.");
    assert_string_equal(proofs_ask(&p, "nxdomain c"), "spent");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_name_does_not_exist, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_type_does_not_exist, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_delegation_or_dname_encloses_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(opt_out_proves_no_more_than_insecurity, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_understood_is_skipped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            many_iterations_are_insecure_only_where_they_are_all_there_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_name_costs_few_hashes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hashes_are_paid_and_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_name_is_hashed_once, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
