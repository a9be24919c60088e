/* What NSEC and NSEC3 records prove: tables of good proofs and of bad ones. The records are taken as
 * believed.
 */
#include "dnssec/denial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
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
    budget = (struct budget){0};
    return 0;
}

static int tear_down(void **state)
{
    arena_fini(&arena);
    return 0;
}

static void check_cases(const char *zone, const struct proof_case *cases, size_t count)
{
    const char *wrong = proofs_wrong(zone, cases, count);
    if (wrong)
        fail_msg("%s", wrong);
}

#define CHECK(zone, cases) check_cases(zone, cases, sizeof(cases) / sizeof *(cases))

/* ---- NSEC ---- */

#define APEX "@ NSEC a NS SOA RRSIG NSEC DNSKEY|"
#define LAST "z NSEC @ A RRSIG NSEC|"

static void nsec_proves_that_a_name_does_not_exist(void **state)
{
    static const struct proof_case cases[] = {
        /* name and wildcard in one span, or in two */
        {"a NSEC d A", "nxdomain b", "denial-missing"},
        {APEX "a NSEC d A", "nxdomain b", "proven closest example."},
        {"@ NSEC d NS SOA", "nxdomain b", "proven closest example."},
        {"@ NSEC d NS SOA", "nxdomain x.y.b", "proven closest example."},
        {"a.w NSEC c.w A|w NSEC a.w A", "nxdomain b.w", "proven closest w.example."},
        {"a.w NSEC c.w A", "nxdomain b.w", "denial-missing"},
        /* the last record reaches round to the apex; the next name of it is nothing else */
        {APEX LAST, "nxdomain zz", "proven closest example."},
        {APEX "z NSEC b A", "nxdomain zz", "denial-missing"},
        {"@ NSEC @ NS SOA", "nxdomain b", "proven closest example."},
        /* exists itself, as an empty non-terminal, or through the wildcard */
        {APEX "b NSEC d A", "nxdomain b", "denial-wrong"},
        {APEX "a NSEC x.b A", "nxdomain b", "denial-wrong"},
        {"a NSEC d A|* NSEC a A|@ NSEC * NS SOA", "nxdomain b", "denial-wrong"},
        {"a NSEC d A|@ NSEC x.* NS SOA", "nxdomain b", "denial-wrong"},
        /* the wildcard of the closest encloser counts, not a higher one */
        {APEX "w NSEC a.w A|a.w NSEC c.w A", "nxdomain b.w", "proven closest w.example."},
        {APEX "a.w NSEC c.w A", "nxdomain b.w", "denial-missing"},
        /* letter case */
        {"A NSEC D A|@ NSEC a NS SOA", "nxdomain B", "proven closest example."},
    };
    CHECK("example", cases);
}

static void nsec_proves_that_a_type_does_not_exist(void **state)
{
    static const struct proof_case cases[] = {
        {"b NSEC d A RRSIG NSEC", "nodata b AAAA", "proven"},
        {"b NSEC d A", "nodata b A", "denial-wrong"},
        {"b NSEC d CNAME", "nodata b A", "denial-wrong"},
        {"b NSEC d CNAME", "nodata b CNAME", "denial-wrong"},
        {"b NSEC d A", "nodata b CNAME", "proven"},
        {"b NSEC d TYPE1234", "nodata b TYPE1234", "denial-wrong"},
        {"b NSEC d A TYPE1234", "nodata b TYPE1235", "proven"},
        {"b NSEC d DNAME", "nodata b A", "proven"},
        {"b NSEC d A", "nodata b ANY", "denial-wrong"},
        {"b NSEC d RRSIG NSEC", "nodata b ANY", "proven empty"},
        {"a NSEC d A", "nodata b A", "denial-wrong"},
        {LAST, "nodata y A", "denial-missing"},
        /* empty non-terminal */
        {"a NSEC x.b A", "nodata b A", "proven empty"},
        {"a NSEC x.b A", "nodata b DS", "proven empty"},
        {"a NSEC x.y.b A", "nodata y.b A", "proven empty"},
        /* wildcard */
        {"a NSEC d A|* NSEC a TXT", "nodata b A", "proven closest example. wildcard"},
        {"a NSEC d A|* NSEC a A", "nodata b A", "denial-wrong"},
        {"a NSEC d A|* NSEC a CNAME", "nodata b A", "denial-wrong"},
        {"* NSEC a TXT", "nodata b A", "denial-missing"},
        {"a NSEC d A|@ NSEC x.* NS SOA", "nodata b A", "proven closest example. empty wildcard"},
        {"* NSEC d TXT", "nodata b A", "proven closest example. wildcard"},
        {"a.w NSEC c.w A|* NSEC w A", "nodata b.w AAAA", "denial-wrong"},
        {"* NSEC a TXT", "nodata * A", "proven"},
    };
    CHECK("example", cases);
}

static void a_delegation_denies_ds_alone_and_nothing_below_it(void **state)
{
    static const struct proof_case cases[] = {
        {"b NSEC d NS RRSIG NSEC", "nodata b A", "denial-wrong"},
        {"b NSEC d NS RRSIG NSEC", "nodata b DS", "proven"},
        {"b NSEC d NS DS RRSIG NSEC", "nodata b DS", "denial-wrong"},
        {APEX "b NSEC d NS RRSIG NSEC", "nxdomain x.b", "denial-wrong"},
        {APEX "b NSEC d NS RRSIG NSEC", "nodata x.b A", "denial-wrong"},
        {APEX "b NSEC d NS RRSIG NSEC", "ds x.b", "denial-wrong"},
        {APEX "b NSEC d NS RRSIG NSEC", "wildcard x.b 1", "wildcard-unproven"},
        {APEX "b NSEC d NS SOA RRSIG NSEC", "nxdomain x.b", "denial-wrong"},
        {APEX "b NSEC d NS RRSIG NSEC", "nxdomain c", "proven closest example."},
        {APEX "b NSEC d DNAME RRSIG NSEC", "nxdomain x.b", "denial-wrong"},
        {APEX "b NSEC d DNAME RRSIG NSEC", "wildcard x.b 1", "wildcard-unproven"},
        {"@ NSEC d NS SOA DNAME", "nxdomain b", "denial-wrong"},
        {"b NSEC d A", "nxdomain x.b", "proven closest b.example."},
    };
    CHECK("example", cases);
}

static void ds_is_denied_by_the_parent_alone(void **state)
{
    static const struct proof_case cases[] = {
        {APEX, "nodata @ DS", "denial-wrong"},
        {APEX, "nodata @ A", "proven"},
        {"b NSEC d NS SOA", "nodata b DS", "denial-wrong"},
        {"b NSEC d NS SOA", "ds b", "denial-wrong"},
        {APEX, "ds @", "denial-wrong"},
        {"b NSEC d NS RRSIG NSEC", "ds b", "cut: proven"},
        {"b NSEC d NS DS", "ds b", "denial-wrong"},
        {"b NSEC d A RRSIG NSEC", "ds b", "none: proven"},
        {"b NSEC d CNAME", "ds b", "none: proven"},
        {"a NSEC x.b A", "ds b", "none: proven empty"},
        {"a NSEC d A", "ds b", "none: proven closest example."},
        {LAST, "ds b", "denial-missing"},
    };
    static const struct proof_case at_root[] = {
        {"@ NSEC a NS SOA", "nodata @ DS", "proven"},
        {"@ NSEC a NS SOA|a NSEC @ NS", "nxdomain b", "proven closest ."},
    };
    CHECK("example", cases);
    CHECK(".", at_root);
}

static void records_that_are_not_the_zones_prove_nothing(void **state)
{
    static const struct proof_case cases[] = {
        /* next name, or owner, outside (threat P16) */
        {"@ NSEC com. NS SOA", "nxdomain b", "denial-missing"},
        {"example. NSEC a.sub.example. NS SOA|a NSEC @ A", "nodata @ A", "denial-missing"},
        {"sub.example. NSEC d NS SOA", "nodata com. A", "denial-wrong"},
        {"@ NSEC d NS SOA|@ NSEC e NS SOA", "nxdomain b", "denial-missing"},
        {"b A 192.0.2.1", "nodata b AAAA", "denial-missing"},
        {"", "nxdomain b", "denial-missing"},
        {"@ NSEC d NS SOA", "nxdomain b.example.", "denial-wrong"},
    };
    CHECK("sub.example", cases);
}

static void a_wildcards_answer_needs_the_absence_of_a_closer_name(void **state)
{
    static const struct proof_case cases[] = {
        {"a NSEC d A", "wildcard b 1", "proven closest example."},
        {"a NSEC d A", "wildcard x.y.b 1", "proven closest example."},
        {"a NSEC d A", "wildcard x.y.a 1", "wildcard-unproven"},
        {"a NSEC d A", "wildcard x.y.a 2", "proven closest a.example."},
        {"a NSEC x.b A", "wildcard w.b 1", "wildcard-unproven"},
        {"a NSEC d.b A", "wildcard c.b 2", "proven closest b.example."},
        {"a NSEC x.b A", "wildcard b 1", "wildcard-unproven"},
        {"b NSEC d A", "wildcard b 1", "wildcard-unproven"},
        {"@ NSEC d NS SOA", "wildcard b 0", "denial-wrong"}, /* threat P15 */
        {"@ NSEC d NS SOA", "wildcard b 2", "denial-wrong"},
        {"@ NSEC d NS SOA", "wildcard b 200", "denial-wrong"},
    };
    CHECK("example", cases);
}

static void compact_denial_is_read(void **state)
{
    static const struct proof_case cases[] = {
        {"b NSEC \\000.b RRSIG NSEC NXNAME", "nodata b A", "proven no-name"},
        {"b NSEC \\000.b RRSIG NSEC NXNAME", "nodata b DS", "proven no-name"},
        {"b NSEC \\000.b RRSIG NSEC NXNAME", "nodata b ANY", "proven no-name"},
        {"b NSEC \\000.b RRSIG NSEC NXNAME", "nxdomain b", "proven no-name"},
        {"b NSEC \\000.b RRSIG NSEC NXNAME", "ds b", "none: proven no-name"},
        {"b NSEC \\000.b RRSIG NSEC", "nodata b A", "proven empty"},
        {"b NSEC \\000.b RRSIG NSEC", "nxdomain b", "denial-wrong"},
        {"b NSEC \\000.b A RRSIG NSEC NXNAME", "nxdomain b", "denial-wrong"},
        {"b NSEC \\000.b A RRSIG NSEC NXNAME", "nodata b AAAA", "proven"},
        {"b NSEC \\000.b RRSIG NSEC NXNAME", "nxdomain a.b", "denial-missing"},
    };
    CHECK("example", cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nsec_proves_that_a_name_does_not_exist, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nsec_proves_that_a_type_does_not_exist, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_delegation_denies_ds_alone_and_nothing_below_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ds_is_denied_by_the_parent_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(records_that_are_not_the_zones_prove_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_wildcards_answer_needs_the_absence_of_a_closer_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(compact_denial_is_read, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
