#include "dnssec/fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "dns/edns.h"
#include "dns/rrtype.h"

static const enum fault_kind KINDS[] = {
#define FAULT(name, ede, tag) FAULT_##name,
#include "defs/fault.def"
#undef FAULT
};
#define KIND_COUNT (sizeof KINDS / sizeof *KINDS)

static const name_t OWNER[] = "\3www\7example\3org", ZONE[] = "\7example\3org";

static void says(const struct fault *f, const char *expected)
{
    struct text t;
    text_init(&t);
    fault_text(&t, f);
    assert_string_equal(t.data, expected);
    text_fini(&t);
}

static void sentences_name_what_people_need(void **state)
{
    struct fault f = {.kind = FAULT_RRSIG_EXPIRED,
        .owner = OWNER,
        .type = TYPE_A,
        .signer = ZONE,
        .key_tag = 12345,
        .algorithm = 13,
        .seconds = 3 * 86400 + 7000};
    says(&f, "signature of www.example.org A by key 12345 expired 3 days ago");
    f.seconds = 1;
    says(&f, "signature of www.example.org A by key 12345 expired 1 second ago");
    f.seconds = 7300;
    says(&f, "signature of www.example.org A by key 12345 expired 2 hours ago");
    f.kind = FAULT_RRSIG_EARLY;
    f.seconds = 100;
    says(&f, "signature of www.example.org A by key 12345 is not valid for another 100 seconds");
    f.kind = FAULT_RRSIG_KEYLESS;
    says(&f, "signature of www.example.org A is by key 12345, which example.org does not have");
    f.kind = FAULT_ALGORITHM_LACKING;
    says(&f, "www.example.org A lacks a signature of algorithm ECDSAP256SHA256, which the DS records of "
             "example.org name");
    f = (struct fault){.kind = FAULT_DS_DIGEST, .owner = ZONE, .algorithm = 3};
    says(&f, "DS of example.org is of digest 3, which is not verified");
    f = (struct fault){.kind = FAULT_KEY_MISSING, .owner = NAME_ROOT};
    says(&f, ". has no DNSKEY");
}

static void every_kind_has_a_sentence_and_a_tag_of_its_own(void **state)
{
    for (unsigned i = 0; i < KIND_COUNT; i++) {
        struct fault f = {.kind = KINDS[i], .owner = OWNER, .type = TYPE_A, .signer = ZONE};
        struct text t;
        text_init(&t);
        fault_text(&t, &f);
        assert_true(t.len > 20);
        assert_null(strchr(t.data, '%'));
        text_fini(&t);
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(fault_tag(KINDS[i]), fault_tag(KINDS[k]));
    }
}

/* Whatever is not known when the fault is found: no name, no type. */
static void every_sentence_can_be_said_of_nothing(void **state)
{
    for (unsigned i = 0; i < KIND_COUNT; i++) {
        struct fault f = {.kind = KINDS[i]};
        struct text t;
        text_init(&t);
        fault_text(&t, &f);
        assert_true(t.len > 0);
        text_fini(&t);
    }
}

static void codes_are_those_of_the_table(void **state)
{
    assert_int_equal(fault_ede(FAULT_RRSIG_EXPIRED), EDE_SIGNATURE_EXPIRED);
    assert_int_equal(fault_ede(FAULT_DS_ALGORITHM), EDE_UNSUPPORTED_DNSKEY_ALGORITHM);
    assert_int_equal(fault_ede(FAULT_DS_DIGEST), EDE_UNSUPPORTED_DS_DIGEST);
    assert_int_equal(fault_ede(FAULT_NONE), EDE_OTHER);
    assert_string_equal(fault_tag(FAULT_RRSIG_EXPIRED), "rrsig-expired");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentences_name_what_people_need),
        cmocka_unit_test(every_kind_has_a_sentence_and_a_tag_of_its_own),
        cmocka_unit_test(every_sentence_can_be_said_of_nothing),
        cmocka_unit_test(codes_are_those_of_the_table),
    };
    return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
