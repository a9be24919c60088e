/* RFC 5155, appendix A: the hashes of the example zone; appendix B: its answers. Signatures are another
 * matter: the records are taken as believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "proofs.h"

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

#define SALT "1 1 12 aabbccdd "
#define N_EXAMPLE                                                                                            \
    "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom NSEC3 " SALT                                                           \
    "2t7b4g4vsa5smi47k61mv5bv1a22bojr MX DNSKEY NS SOA NSEC3PARAM RRSIG|"
#define N_NS1 "2t7b4g4vsa5smi47k61mv5bv1a22bojr NSEC3 " SALT "2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG|"
#define N_A "35mthgpgcu1qg68fab165klnsnk3dpvl NSEC3 " SALT "b4um86eghhds6nea196smvmlo4ors995 NS DS RRSIG|"
#define N_X_W "b4um86eghhds6nea196smvmlo4ors995 NSEC3 " SALT "gjeqe526plbf1g8mklp59enfd789njgi MX RRSIG|"
#define N_Y_W "ji6neoaepv8b5o6k4ev33abha8ht9fgc NSEC3 " SALT "k8udemvp1j2f7eg6jebps17vp3n8i58h|"
#define N_W "k8udemvp1j2f7eg6jebps17vp3n8i58h NSEC3 " SALT "kohar7mbb8dc2ce8a9qvl8hon4k53uhi|"
#define N_NS2 "q04jkcevqvmu85r014c7dkba38o0ji5r NSEC3 " SALT "r53bq7cc2uvmubfu5ocmm6pers9tk9en A RRSIG|"
#define N_ANY_W "r53bq7cc2uvmubfu5ocmm6pers9tk9en NSEC3 " SALT "t644ebqk9bibcna874givr6joj62mlhv MX RRSIG|"

static void appendix_a_hashes(void **state)
{
    static const struct {
        const char *name, *hash;
    } cases[] = {
        {"example", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"},
        {"a.example", "35mthgpgcu1qg68fab165klnsnk3dpvl"},
        {"ai.example", "gjeqe526plbf1g8mklp59enfd789njgi"},
        {"ns1.example", "2t7b4g4vsa5smi47k61mv5bv1a22bojr"},
        {"ns2.example", "q04jkcevqvmu85r014c7dkba38o0ji5r"},
        {"w.example", "k8udemvp1j2f7eg6jebps17vp3n8i58h"},
        {"*.w.example", "r53bq7cc2uvmubfu5ocmm6pers9tk9en"},
        {"x.w.example", "b4um86eghhds6nea196smvmlo4ors995"},
        {"y.w.example", "ji6neoaepv8b5o6k4ev33abha8ht9fgc"},
        {"x.y.w.example", "2vptu5timamqttgl4luu9kg21e0aor3s"},
        {"xx.example", "t644ebqk9bibcna874givr6joj62mlhv"},
        {"2t7b4g4vsa5smi47k61mv5bv1a22bojr.example", "kohar7mbb8dc2ce8a9qvl8hon4k53uhi"},
        {"XX.Example", "t644ebqk9bibcna874givr6joj62mlhv"},
    };
    static const uint8_t salt[] = {0xaa, 0xbb, 0xcc, 0xdd};
    const struct nsec3 param = {.hash_algorithm = 1, .iterations = 12, .salt = salt, .salt_len = sizeof salt};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t hash[NSEC3_HASH_LEN], expected[NSEC3_HASH_LEN];
        assert_int_equal(text_unbase32hex(cases[i].hash, 32, expected, sizeof expected), NSEC3_HASH_LEN);
        nsec3_hash(proofs_name(cases[i].name, NULL, &arena), &param, hash);
        assert_memory_equal(hash, expected, sizeof hash);
    }
}

static void appendix_b_answers(void **state)
{
    static const struct proof_case cases[] = {
        /* B.1, name error: all spans of the zone are opt-out, so it is no more than that */
        {N_EXAMPLE N_X_W N_A, "nxdomain a.c.x.w", "opt-out closest x.w.example."},
        {N_EXAMPLE N_A, "nxdomain a.c.x.w", "denial-missing"},
        {N_X_W N_A, "nxdomain a.c.x.w", "denial-missing"},
        {N_EXAMPLE N_X_W, "nxdomain a.c.x.w", "denial-missing"},
        /* B.2, no data; B.2.1, of an empty non-terminal */
        {N_NS1, "nodata ns1 MX", "proven"},
        {N_NS1, "nodata ns1 A", "denial-wrong"},
        {N_Y_W, "nodata y.w A", "proven empty"},
        /* B.3, referral to an opt-out unsigned zone */
        {N_A N_EXAMPLE, "ds c", "cut: opt-out closest example."},
        {N_A N_EXAMPLE, "nodata c DS", "opt-out closest example."},
        {N_A, "ds c", "denial-missing"},
        /* B.4, wildcard expansion */
        {N_NS2, "wildcard a.z.w 2", "opt-out closest w.example."},
        {N_NS1, "wildcard a.z.w 2", "wildcard-unproven"},
        /* B.5, wildcard no data */
        {N_W N_NS2 N_ANY_W, "nodata a.z.w AAAA", "opt-out closest w.example. wildcard"},
        {N_W N_NS2 N_ANY_W, "nodata a.z.w MX", "denial-wrong"},
        {N_NS2 N_ANY_W, "nodata a.z.w AAAA", "denial-missing"},
        /* B.6, DS asked of the child: its own apex says nothing of DS */
        {N_EXAMPLE, "nodata @ DS", "denial-wrong"},
    };
    const char *wrong = proofs_wrong("example", cases, sizeof cases / sizeof *cases);
    if (wrong)
        fail_msg("%s", wrong);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(appendix_a_hashes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(appendix_b_answers, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
