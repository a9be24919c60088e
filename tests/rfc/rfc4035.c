/* RFC 4035, appendix B: the example zone's negative answers. Signatures are another matter: the records are
 * taken as believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proofs.h"

#define APEX "@ NSEC a NS SOA MX RRSIG NSEC DNSKEY|"
#define B "b NSEC ns1 NS RRSIG NSEC|"
#define NS1 "ns1 NSEC ns2 A RRSIG NSEC|"
#define X_Y_W "x.y.w NSEC xx MX RRSIG NSEC|"
#define ANY_W "*.w NSEC x.w MX RRSIG NSEC|"

static void appendix_b_answers(void **state)
{
    static const struct proof_case cases[] = {
        /* B.2, name error */
        {B APEX, "nxdomain ml", "proven closest example."},
        {B, "nxdomain ml", "denial-missing"},
        {APEX, "nxdomain ml", "denial-missing"},
        /* B.3, no data */
        {NS1, "nodata ns1 MX", "proven"},
        {NS1, "nodata ns1 A", "denial-wrong"},
        /* B.5, referral to an unsigned zone */
        {B, "ds b", "cut: proven"},
        {B, "nodata b DS", "proven"},
        {B, "nodata b MX", "denial-wrong"},
        {B APEX, "nxdomain mc.b", "denial-wrong"},
        /* B.6, wildcard expansion */
        {X_Y_W, "wildcard a.z.w 2", "proven closest w.example."},
        {X_Y_W, "wildcard a.z.w 1", "wildcard-unproven"},
        {ANY_W, "wildcard a.z.w 2", "wildcard-unproven"},
        /* B.7, wildcard no data */
        {X_Y_W ANY_W, "nodata a.z.w AAAA", "proven closest w.example. wildcard"},
        {X_Y_W ANY_W, "nodata a.z.w MX", "denial-wrong"},
        {X_Y_W, "nodata a.z.w AAAA", "denial-wrong"},
        /* B.8, DS asked of the child: its own apex says nothing of DS */
        {APEX, "nodata @ DS", "denial-wrong"},
    };
    const char *wrong = proofs_wrong("example", cases, sizeof cases / sizeof *cases);
    if (wrong)
        fail_msg("%s", wrong);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appendix_b_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
