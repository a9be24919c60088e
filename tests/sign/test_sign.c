/* The signer is not checked against src/dnssec, which it is there to test, but against RFCs' octets and
 * libcrypto. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#include "base/text.h"
#include "dns/rdata.h"
#include "sign_zone.h"

static const char ZONE[] =
    "@ SOA ns hostmaster 1 2 3 4 300\n@ NS ns\nns A 10.0.0.2\nwww A 192.0.2.1\na.b.ent TXT x\n"
    "*.w A 192.0.2.2\nalias CNAME www\nout DNAME other.\nunsigned NS ns.unsigned\n"
    "ns.unsigned A 10.0.0.3\nsigned NS ns.unsigned\nsigned DS 1 15 2 00\n";

static struct sign_key *key;

static struct sign_zone *zone_of(enum sign_denial denial, bool opt_out)
{
    return sign_zone_new(&(struct sign_zone_plan){.origin = "example.",
        .text = ZONE,
        .ksk = key,
        .denial = denial,
        .opt_out = opt_out,
        .iterations = 1,
        .salt_len = 2,
        .salt = {0xaa, 0xbb}});
}

/* "rcode | answer types | authority types", each type with "+n" for its signatures. */
static const char *ask(struct sign_zone *z, const char *name, uint16_t type, bool dnssec_ok)
{
    static char buf[512];
    struct arena a;
    arena_init(&a);
    struct msg_question q = {.type = type, .class = CLASS_IN};
    assert_int_equal(name_from_text(q.name, name, strlen(name), NULL), ERR_OK);
    struct sign_reply r;
    sign_zone_answer(&z, 1, &q, dnssec_ok, &r, &a);
    struct text t;
    text_init_fixed(&t, buf, sizeof buf);
    text_add(&t, rcode_name(r.rcode));
    for (int s = SECTION_ANSWER; s <= SECTION_AUTHORITY; s++) {
        text_add(&t, " |");
        for (size_t i = 0; i < r.sections[s].count; i++) {
            text_char(&t, ' ');
            rrtype_to_text(&t, r.sections[s].items[i]->type);
            if (r.sections[s].items[i]->sig_count)
                text_printf(&t, "+%u", r.sections[s].items[i]->sig_count);
        }
    }
    arena_fini(&a);
    return buf;
}

static void answers_with_what_each_denial_takes(void **state)
{
    static const struct {
        const char *name;
        uint16_t type;
        const char *nsec, *nsec3, *opt_out, *compact;
    } rows[] = {
        {"www.example.", TYPE_A, "NOERROR | A+1 |", "NOERROR | A+1 |", "NOERROR | A+1 |", "NOERROR | A+1 |"},
        {"www.example.", TYPE_MX, "NOERROR | | SOA+1 NSEC+1", "NOERROR | | SOA+1 NSEC3+1",
            "NOERROR | | SOA+1 NSEC3+1", "NOERROR | | SOA+1 NSEC+1"},
        {"b.ent.example.", TYPE_A, "NOERROR | | SOA+1 NSEC+1", "NOERROR | | SOA+1 NSEC3+1",
            "NOERROR | | SOA+1 NSEC3+1", "NOERROR | | SOA+1 NSEC+1"},
        {"no.example.", TYPE_A, "NXDOMAIN | | SOA+1 NSEC+1 NSEC+1", NULL, NULL, "NOERROR | | SOA+1 NSEC+1"},
        {"x.w.example.", TYPE_A, "NOERROR | A+1 | NSEC+1", "NOERROR | A+1 | NSEC3+1",
            "NOERROR | A+1 | NSEC3+1", "NOERROR | A+1 |"},
        {"alias.example.", TYPE_A, "NOERROR | CNAME+1 A+1 |", "NOERROR | CNAME+1 A+1 |", NULL, NULL},
        {"x.out.example.", TYPE_A, "NOERROR | DNAME+1 CNAME |", NULL, NULL, NULL},
        {"x.unsigned.example.", TYPE_A, "NOERROR | | NS NSEC+1", "NOERROR | | NS NSEC3+1", NULL,
            "NOERROR | | NS NSEC+1"},
        {"unsigned.example.", TYPE_DS, "NOERROR | | SOA+1 NSEC+1", "NOERROR | | SOA+1 NSEC3+1", NULL, NULL},
        {"x.signed.example.", TYPE_A, "NOERROR | | NS DS+1", "NOERROR | | NS DS+1", "NOERROR | | NS DS+1",
            "NOERROR | | NS DS+1"},
        {"example.", TYPE_DNSKEY, "NOERROR | DNSKEY+1 |", "NOERROR | DNSKEY+1 |", NULL, NULL},
        {"other.", TYPE_A, "REFUSED | |", NULL, NULL, NULL},
    };
    struct sign_zone *zones[] = {zone_of(SIGN_NSEC, false), zone_of(SIGN_NSEC3, false),
        zone_of(SIGN_NSEC3, true), zone_of(SIGN_COMPACT, false)};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *want[] = {rows[i].nsec, rows[i].nsec3, rows[i].opt_out, rows[i].compact};
        for (size_t k = 0; k < 4; k++)
            if (want[k])
                assert_string_equal(ask(zones[k], rows[i].name, rows[i].type, true), want[k]);
    }
    assert_string_equal(ask(zones[0], "no.example.", TYPE_A, false), "NXDOMAIN | | SOA");
    assert_string_equal(ask(zones[0], "x.signed.example.", TYPE_A, false), "NOERROR | | NS");
    for (size_t k = 0; k < 4; k++)
        sign_zone_free(zones[k]);
}

/* Checked here with libcrypto alone, for the algorithm whose form in DNS is libcrypto's own. */
static void signs_the_octets_of_rfc_4034(void **state)
{
    struct sign_zone *z = zone_of(SIGN_NSEC, false);
    const struct rrset *rs = sign_zone_set(z, "www", TYPE_A);
    assert_int_equal(rs->sig_count, 1);
    const uint8_t *sig = rs->sigs[0].data;
    size_t head = 18 + 9;
    uint8_t octets[256];
    struct writer w = writer_of(octets, sizeof octets);
    write_octets(&w, sig, head);
    write_octets(&w, "\003www\007example\000\000\001\000\001\000\000\016\020\000\004\300\000\002\001", 27);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key->pkey), 1);
    assert_int_equal(EVP_DigestVerify(ctx, sig + head, rs->sigs[0].len - head, octets, w.pos), 1);
    EVP_MD_CTX_free(ctx);
    assert_int_equal(get_u16(sig + 16), key->tag);
    sign_zone_free(z);
}

static void makes_the_same_key_of_the_same_seed(void **state)
{
    static const uint8_t algorithms[] = {5, 7, 8, 10, 13, 14, 15, 16};
    for (size_t i = 0; i < sizeof algorithms; i++) {
        struct sign_key *a = sign_key_new(SIGN_KSK, algorithms[i], 4),
                        *b = sign_key_new(SIGN_KSK, algorithms[i], 4);
        struct sign_key *c = sign_key_new(SIGN_KSK, algorithms[i], 5);
        assert_int_equal(rdata_compare(&a->dnskey, &b->dnskey), 0);
        assert_int_not_equal(rdata_compare(&a->dnskey, &c->dnskey), 0);
        assert_int_equal(rdata_check(TYPE_DNSKEY, CLASS_IN, a->dnskey.data, a->dnskey.len), ERR_OK);
        uint8_t sig[512];
        assert_true(sign_key_sign(a, (const uint8_t *)"octets", 6, sig) >= 64);
        sign_key_free(a);
        sign_key_free(b);
        sign_key_free(c);
    }
}

static void hashes_as_rfc_5155_appendix_a(void **state)
{
    static const struct {
        const char *name, *hash;
    } rows[] = {{"example.", "0P9MHAVEQVM6T7VBL5LOP2U3T2RP3TOM"},
        {"a.example.", "35MTHGPGCU1QG68FAB165KLNSNK3DPVL"},
        {"*.w.example.", "R53BQ7CC2UVMUBFU5OCMM6PERS9TK9EN"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        name_t n[NAME_MAX_LEN];
        uint8_t hash[20];
        char buf[40];
        struct text t;
        name_from_text(n, rows[i].name, strlen(rows[i].name), NULL);
        sign_nsec3_hash(hash, n, 12, (const uint8_t *)"\xaa\xbb\xcc\xdd", 4);
        text_init_fixed(&t, buf, sizeof buf);
        text_base32hex(&t, hash, sizeof hash);
        assert_string_equal(t.data, rows[i].hash);
    }
}

static void writes_the_bitmap_of_rfc_4034_4_3(void **state)
{
    static const uint16_t types[] = {1234, TYPE_NSEC, TYPE_A, TYPE_MX, TYPE_RRSIG};
    uint8_t out[64];
    size_t n = sign_typemap(out, sizeof out, types, 5);
    assert_int_equal(n, 8 + 2 + 27);
    assert_memory_equal(out, "\000\006\100\001\000\000\000\003\004\033", 10);
    assert_int_equal(out[n - 1], 0x20);
}

static int begin(void **state)
{
    key = sign_key_new(SIGN_KSK, 15, 1);
    return 0;
}

static int end(void **state)
{
    sign_key_free(key);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_with_what_each_denial_takes),
        cmocka_unit_test(signs_the_octets_of_rfc_4034),
        cmocka_unit_test(makes_the_same_key_of_the_same_seed),
        cmocka_unit_test(hashes_as_rfc_5155_appendix_a),
        cmocka_unit_test(writes_the_bitmap_of_rfc_4034_4_3),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
