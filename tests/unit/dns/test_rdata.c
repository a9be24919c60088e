#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/msg.h"
#include "dns/rdata.h"
#include "dns/rr.h"
#include "dns/rrtype.h"

#include "vectors.h"

static const struct bad_text {
    uint16_t type;
    const char *text;
    enum err err;
    const char *why;
} bad_texts[] = {
#define BAD_TEXT(...) {__VA_ARGS__},
#define BAD_WIRE(...)
#include "refused.def"
#undef BAD_TEXT
#undef BAD_WIRE
};
#define BAD_TEXT_COUNT (sizeof bad_texts / sizeof bad_texts[0])

static const struct bad_wire {
    uint16_t type;
    const char *wire, *why;
} bad_wires[] = {
#define BAD_TEXT(...)
#define BAD_WIRE(...) {__VA_ARGS__},
#include "refused.def"
#undef BAD_TEXT
#undef BAD_WIRE
};
#define BAD_WIRE_COUNT (sizeof bad_wires / sizeof bad_wires[0])

static const name_t origin[] = "\7example";

static struct rdata unhex(const char *hex, struct arena *a)
{
    size_t len = strlen(hex);
    uint8_t *data = arena_alloc(a, len / 2);
    long n = text_unhex(hex, len, data, len / 2);
    assert_true(n >= 0);
    return (struct rdata){.data = data, .len = (uint16_t)n};
}

static void assert_same(const struct rdata *got, const struct rdata *want, const char *what)
{
    if (rdata_compare(got, want) == 0)
        return;
    struct text t;
    text_init(&t);
    text_hex(&t, got->data, got->len);
    fail_msg("%s: got %s", what, t.data);
}

static void reads_text_of_every_type(void **state)
{
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        const struct vector *v = &vectors[i];
        struct rdata want = unhex(v->wire, &a), got;
        enum err e = rdata_from_text(&got, v->type, CLASS_IN, v->text, strlen(v->text), origin, &a);
        if (e)
            fail_msg("%s (%s): %s", v->text, v->why, err_text(e));
        assert_same(&got, &want, v->text);
    }
    arena_fini(&a);
}

static void prints_every_type_so_that_it_reads_back(void **state)
{
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        const struct vector *v = &vectors[i];
        struct rdata rd = unhex(v->wire, &a), back;
        struct text t;
        text_init(&t);
        assert_int_equal(rdata_check(v->type, CLASS_IN, rd.data, rd.len), ERR_OK);
        rdata_to_text(&t, v->type, CLASS_IN, &rd);
        assert_string_equal(t.data, v->canonical ? v->canonical : v->text);
        assert_int_equal(rdata_from_text(&back, v->type, CLASS_IN, t.data, t.len, NULL, &a), ERR_OK);
        assert_same(&back, &rd, t.data);
        text_fini(&t);
    }
    arena_fini(&a);
}

static void accepts_the_generic_form_for_every_type(void **state)
{
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        const struct vector *v = &vectors[i];
        struct rdata want = unhex(v->wire, &a), got;
        struct text t;
        text_init(&t);
        text_printf(&t, "\\# %u %s", want.len, v->wire);
        assert_int_equal(rdata_from_text(&got, v->type, CLASS_IN, t.data, t.len, NULL, &a), ERR_OK);
        assert_same(&got, &want, t.data);
        text_fini(&t);
    }
    arena_fini(&a);
}

static void rejects_bad_text(void **state)
{
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < BAD_TEXT_COUNT; i++) {
        const struct bad_text *b = &bad_texts[i];
        struct rdata rd;
        enum err e = rdata_from_text(&rd, b->type, CLASS_IN, b->text, strlen(b->text), origin, &a);
        if (e != b->err)
            fail_msg("%s (%s): %s", b->text, b->why, err_text(e));
    }
    arena_fini(&a);
}

static void rejects_bad_wire(void **state)
{
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < BAD_WIRE_COUNT; i++) {
        const struct bad_wire *b = &bad_wires[i];
        struct rdata rd = unhex(b->wire, &a), out;
        if (rdata_check(b->type, CLASS_IN, rd.data, rd.len) == ERR_OK)
            fail_msg("accepted %s (%s)", b->wire, b->why);
        struct reader r = reader_of(rd.data, rd.len);
        if (rdata_read(&r, b->type, CLASS_IN, rd.len, &a, &out) == ERR_OK)
            fail_msg("read %s (%s)", b->wire, b->why);
    }
    arena_fini(&a);
}

/* Whatever good RDATA is cut to is either good again or refused, never read beyond. */
static void rejects_or_reads_every_prefix(void **state)
{
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        struct rdata whole = unhex(vectors[i].wire, &a);
        for (uint16_t len = 0; len < whole.len; len++) {
            /* A copy of the exact size, so that a sanitizer sees one octet too many. */
            uint8_t *copy = mem_alloc(len ? len : 1);
            memcpy(copy, whole.data, len);
            struct rdata rd = {.data = copy, .len = len};
            struct text t;
            text_init(&t);
            if (rdata_check(vectors[i].type, CLASS_IN, copy, len) == ERR_OK)
                rdata_to_text(&t, vectors[i].type, CLASS_IN, &rd);
            text_fini(&t);
            mem_free(copy);
        }
    }
    arena_fini(&a);
}

/* RFC 3597 4 and RFC 1035 4.1.4. The message: 12 octets of header, "example." at 12,
 * then RDATA that points there. */
static void decompresses_only_where_the_type_allows(void **state)
{
    static const struct {
        uint16_t type;
        const char *rdata, *want; /* NULL: refused */
    } rows[] = {
        {TYPE_NS,
            "01"
            "61C00C",
            "0161076578616D706C6500"},
        {TYPE_CNAME, "C00C", "076578616D706C6500"},
        {TYPE_PTR, "C00C", "076578616D706C6500"},
        {TYPE_MX, "000AC00C", "000A076578616D706C6500"},
        {TYPE_SOA,
            "C00CC00C"
            "0000000100000002000000030000000400000005",
            "076578616D706C6500076578616D706C6500"
            "0000000100000002000000030000000400000005"},
        {TYPE_SRV, "000000000035C00C", "000000000035076578616D706C6500"},
        {TYPE_NAPTR, "00010001000000C00C", "00010001000000076578616D706C6500"},
        {TYPE_MD, "C00C", "076578616D706C6500"},
        {TYPE_MF, "C00C", "076578616D706C6500"},
        {TYPE_MB, "C00C", "076578616D706C6500"},
        {TYPE_MG, "C00C", "076578616D706C6500"},
        {TYPE_MR, "C00C", "076578616D706C6500"},
        {TYPE_MINFO, "C00CC00C", "076578616D706C6500076578616D706C6500"},
        {TYPE_RP, "C00C00", "076578616D706C650000"},
        {TYPE_AFSDB, "0001C00C", "0001076578616D706C6500"},
        {TYPE_RT, "0001C00C", "0001076578616D706C6500"},
        {TYPE_PX, "0001C00CC00C", "0001076578616D706C6500076578616D706C6500"},
        {TYPE_SIG, "00010503000151803E7C9DD73E5510D70A52C00CFF",
            "00010503000151803E7C9DD73E5510D70A52076578616D706C6500FF"},
        {TYPE_NXT, "C00C40", "076578616D706C650040"},
        {TYPE_NSAP_PTR, "C00C", NULL},
        {TYPE_KX, "0001C00C", NULL},
        {TYPE_A6, "80C00C", NULL},
        {TYPE_LP, "0001C00C", NULL},
        {TYPE_TALINK, "C00CC00C", NULL},
        {TYPE_DSYNC, "003B0114EFC00C", NULL},
        {TYPE_HIP, "010200010101C00C", NULL},
        {TYPE_IPSECKEY, "0A0302C00C", NULL},
        {TYPE_AMTRELAY, "0A03C00C", NULL},
        {TYPE_DNAME, "C00C", NULL},
        {TYPE_NSEC, "C00C000140", NULL},
        {TYPE_RRSIG, "00010503000151803E7C9DD73E5510D70A52C00C00", NULL},
        {TYPE_SVCB, "0001C00C", NULL},
        {65280, "C00C", "C00C"},
    };
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rdata in = unhex(rows[i].rdata, &a), got;
        uint8_t msg[128] = {[12] = 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0};
        memcpy(msg + 21, in.data, in.len);
        /* Octets after the RDATA that no field may use. */
        struct reader r = reader_of(msg, 21u + in.len + 20u);
        r.pos = 21;
        enum err e = rdata_read(&r, rows[i].type, CLASS_IN, in.len, &a, &got);
        assert_int_equal(e, rows[i].want ? ERR_OK : ERR_FORMAT);
        if (!rows[i].want)
            continue;
        struct rdata want = unhex(rows[i].want, &a);
        assert_same(&got, &want, rows[i].rdata);
        assert_int_equal(r.pos, 21u + in.len);
    }
    arena_fini(&a);
}

/* SIG and NXT have a name that may be compressed, and any number of octets after it. */
static void decompresses_rdata_of_any_length(void **state)
{
    static const uint8_t head[] = {
        0, 1, 5, 3, 0, 1, 0x51, 0x80, 0x3e, 0x7c, 0x9d, 0xd7, 0x3e, 0x55, 0x10, 0xd7, 0x0a, 0x52, 0xc0, 0};
    static const uint16_t lengths[] = {sizeof head + 1, 1022, 1023, 1024, 1025, 65535 - 7, 65535};
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        /* "example." at 0, then the RDATA. */
        size_t len = 9u + lengths[i];
        uint8_t *msg = arena_alloc(&a, len);
        memset(msg, 0xee, len);
        memcpy(msg, "\7example", 9);
        memcpy(msg + 9, head, sizeof head);
        struct reader r = reader_of(msg, len);
        struct rdata rd;
        r.pos = 9;
        enum err e = rdata_read(&r, TYPE_SIG, CLASS_IN, lengths[i], &a, &rd);
        /* The name is longer by 7 than the pointer to it. */
        assert_int_equal(e, lengths[i] == 65535 ? ERR_FORMAT : ERR_OK);
        if (e)
            continue;
        assert_int_equal(rd.len, lengths[i] + 7);
        assert_memory_equal(rd.data + 18, "\7example", 9);
        assert_int_equal(rd.data[rd.len - 1], 0xee);
    }
    arena_fini(&a);
}

static void refuses_more_than_rdlength_can_say(void **state)
{
    uint8_t *data = mem_alloc(65536);
    memset(data, 0, 65536);
    assert_int_equal(rdata_check(65280, CLASS_IN, data, 65535), ERR_OK);
    assert_int_equal(rdata_check(65280, CLASS_IN, data, 65536), ERR_FORMAT);
    mem_free(data);
}

/* Text whose octets would be more: each kind of field has to stop by itself. */
static void refuses_text_of_more_octets_than_rdlength_can_say(void **state)
{
    static const struct {
        uint16_t type;
        const char *head, *piece;
    } rows[] = {
        {TYPE_TXT, "", " 0123456789"},
        {TYPE_DNSKEY, "1 3 8", " AAAAAAAAAAAA"},
        {TYPE_DS, "1 8 2", " 0011223344556677"},
        {TYPE_APL, "", " 1:192.0.2.1/32"},
        {TYPE_HIP, "1 00 AA==", " host.example.com."},
        {65280, "\\# 65535", " 0011223344556677"},
    };
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text t;
        struct rdata rd;
        text_init(&t);
        text_add(&t, rows[i].head);
        for (size_t n = 0; n < 9000; n++)
            text_add(&t, rows[i].piece);
        assert_int_not_equal(rdata_from_text(&rd, rows[i].type, CLASS_IN, t.data, t.len, NULL, &a), ERR_OK);
        text_fini(&t);
    }
    arena_fini(&a);
}

static void refuses_svcparams_of_more_octets_than_rdlength_can_say(void **state)
{
    struct arena a;
    struct rdata rd;
    struct text t;
    arena_init(&a);
    text_init(&t);
    text_add(&t, "1 .");
    for (unsigned key = 10; key < 10 + 7000; key++)
        text_printf(&t, " key%u=012345", key);
    assert_int_not_equal(rdata_from_text(&rd, TYPE_SVCB, CLASS_IN, t.data, t.len, NULL, &a), ERR_OK);
    text_clear(&t);
    text_add(&t, "1 .");
    for (unsigned key = 10; key < 10 + 17000; key++)
        text_printf(&t, " key%u", key);
    assert_int_not_equal(rdata_from_text(&rd, TYPE_SVCB, CLASS_IN, t.data, t.len, NULL, &a), ERR_OK);
    text_fini(&t);
    arena_fini(&a);
}

/* A name that goes on past RDLENGTH, although the message does too. */
static void refuses_a_name_that_ends_beyond_its_rdata(void **state)
{
    static const uint8_t msg[] = "\3www\7example\0";
    static const uint16_t types[] = {TYPE_NS, TYPE_DNAME, TYPE_CNAME};
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct rdata rd;
        struct reader r = reader_of(msg, sizeof msg - 1);
        assert_int_equal(rdata_read(&r, types[i], CLASS_IN, 6, &a, &rd), ERR_FORMAT);
        r = reader_of(msg, sizeof msg - 1);
        assert_int_equal(rdata_read(&r, types[i], CLASS_IN, 100, &a, &rd), ERR_FORMAT);
    }
    arena_fini(&a);
}

/* RFC 4034 6.2 without NSEC (RFC 6840 5.1). */
static void puts_names_in_lower_case_where_canonical_form_says(void **state)
{
    static const struct {
        uint16_t type;
        const char *text, *want;
    } rows[] = {
        {TYPE_NS, "NS.Example.", "ns.example."},
        {TYPE_SOA, "A. B. 1 2 3 4 5", "a. b. 1 2 3 4 5"},
        {TYPE_MX, "1 A.", "1 a."},
        {TYPE_SRV, "1 2 3 A.", "1 2 3 a."},
        {TYPE_NAPTR, "1 2 \"U\" \"S\" \"R\" A.", "1 2 \"U\" \"S\" \"R\" a."},
        {TYPE_DNAME, "A.", "a."},
        {TYPE_MD, "A.", "a."},
        {TYPE_MF, "A.", "a."},
        {TYPE_CNAME, "A.", "a."},
        {TYPE_MB, "A.", "a."},
        {TYPE_MG, "A.", "a."},
        {TYPE_MR, "A.", "a."},
        {TYPE_PTR, "A.", "a."},
        {TYPE_MINFO, "A. B.", "a. b."},
        {TYPE_RP, "A. B.", "a. b."},
        {TYPE_AFSDB, "1 A.", "1 a."},
        {TYPE_RT, "1 A.", "1 a."},
        {TYPE_SIG, "A 8 1 1 20300101000000 20200101000000 1 Signer.Example. AAAA",
            "A 8 1 1 20300101000000 20200101000000 1 signer.example. AAAA"},
        {TYPE_PX, "1 A. B.", "1 a. b."},
        {TYPE_NXT, "A. A", "a. A"},
        {TYPE_KX, "1 A.", "1 a."},
        {TYPE_A6, "64 ::1 A.", "64 ::1 a."},
        {TYPE_A6, "0 ::1", "0 ::1"},
        {TYPE_NSAP_PTR, "A.", "A."},
        {TYPE_LP, "1 A.", "1 A."},
        {TYPE_TALINK, "A. B.", "A. B."},
        {TYPE_DSYNC, "CDS 1 1 A.", "CDS 1 1 A."},
        {TYPE_IPSECKEY, "1 3 1 A. AA==", "1 3 1 A. AA=="},
        {TYPE_RRSIG, "A 8 1 1 20300101000000 20200101000000 1 Signer.Example. AAAA",
            "A 8 1 1 20300101000000 20200101000000 1 signer.example. AAAA"},
        {TYPE_NSEC, "Next.Example. A", "Next.Example. A"},
        {TYPE_SVCB, "1 A.", "1 A."},
        {TYPE_TXT, "\"ABC\"", "\"ABC\""},
        {TYPE_HINFO, "\"A\" \"B\"", "\"A\" \"B\""},
        {TYPE_CAA, "0 Issue \"CA\"", "0 Issue \"CA\""},
        {65280, "\\# 3 014100", "\\# 3 014100"},
    };
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rdata in, want;
        uint16_t type = rows[i].type;
        assert_int_equal(
            rdata_from_text(&in, type, CLASS_IN, rows[i].text, strlen(rows[i].text), NULL, &a), ERR_OK);
        assert_int_equal(
            rdata_from_text(&want, type, CLASS_IN, rows[i].want, strlen(rows[i].want), NULL, &a), ERR_OK);
        uint8_t *out = arena_alloc(&a, in.len);
        rdata_canonical(out, type, &in);
        struct rdata got = {.data = out, .len = in.len};
        assert_same(&got, &want, rows[i].text);
    }
    arena_fini(&a);
}

static void orders_by_octets_and_shorter_first(void **state)
{
    const struct rdata empty = {.data = NULL, .len = 0}, a = {.data = (const uint8_t *)"a", .len = 1},
                       aa = {.data = (const uint8_t *)"aa", .len = 2},
                       b = {.data = (const uint8_t *)"\xff", .len = 1};
    assert_int_equal(rdata_compare(&a, &a), 0);
    assert_true(rdata_compare(&empty, &a) < 0);
    assert_true(rdata_compare(&a, &aa) < 0);
    assert_true(rdata_compare(&b, &aa) > 0);
}

struct pieces {
    uint8_t octets[512];
    size_t len;
    unsigned names, count;
};

static void keep_piece(void *ctx, const uint8_t *p, size_t len, bool compressible_name)
{
    struct pieces *out = ctx;
    memcpy(out->octets + out->len, p, len);
    out->len += len;
    out->names += compressible_name;
    out->count++;
}

/* RFC 3597 4: only the types of RFC 1035. */
static void offers_names_for_compression_only_in_types_of_rfc1035(void **state)
{
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        struct rdata rd = unhex(vectors[i].wire, &a);
        struct pieces got = {0};
        unsigned names = 0;
        switch (vectors[i].type) {
        case TYPE_NS:
        case TYPE_MD:
        case TYPE_MF:
        case TYPE_CNAME:
        case TYPE_MB:
        case TYPE_MG:
        case TYPE_MR:
        case TYPE_PTR:
        case TYPE_MX:
            names = 1;
            break;
        case TYPE_SOA:
        case TYPE_MINFO:
            names = 2;
        }
        rdata_pieces(vectors[i].type, &rd, keep_piece, &got);
        struct rdata joined = {.data = got.octets, .len = (uint16_t)got.len};
        assert_same(&joined, &rd, vectors[i].text);
        assert_int_equal(got.names, names);
    }
    arena_fini(&a);
}

static void finds_the_target_of_types_that_have_one(void **state)
{
    static const struct {
        uint16_t type;
        const char *text;
    } rows[] = {{TYPE_NS, "t.example."}, {TYPE_CNAME, "t.example."}, {TYPE_DNAME, "t.example."},
        {TYPE_PTR, "t.example."}, {TYPE_MX, "10 t.example."}, {TYPE_SRV, "1 2 3 t.example."}};
    struct arena a;
    arena_init(&a);
    struct rdata rd;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint16_t type = rows[i].type;
        assert_int_equal(
            rdata_from_text(&rd, type, CLASS_IN, rows[i].text, strlen(rows[i].text), NULL, &a), ERR_OK);
        assert_true(name_equal(rdata_target(type, &rd), (const name_t *)"\1t\7example"));
    }
    assert_int_equal(rdata_from_text(&rd, TYPE_TXT, CLASS_IN, "abc", 3, NULL, &a), ERR_OK);
    assert_null(rdata_target(TYPE_TXT, &rd));
    arena_fini(&a);
}

/* RFC 3597 4: addresses are of class IN only. */
static void takes_addresses_of_other_classes_as_opaque(void **state)
{
    static const uint8_t chaos[] = "\2ch\0\1\2";
    struct rdata rd = {.data = chaos, .len = sizeof chaos - 1};
    struct text t;
    char buf[64];
    text_init_fixed(&t, buf, sizeof buf);
    assert_int_equal(rdata_check(TYPE_A, CLASS_CH, rd.data, rd.len), ERR_OK);
    rdata_to_text(&t, TYPE_A, CLASS_CH, &rd);
    assert_string_equal(t.data, "\\# 6 026368000102");
    assert_int_equal(rdata_check(TYPE_TXT, CLASS_CH, (const uint8_t *)"\1a", 2), ERR_OK);
    assert_int_equal(rdata_check(TYPE_TXT, CLASS_CH, (const uint8_t *)"\2a", 2), ERR_FORMAT);
}

/* What was read: printed, read back, put into a message and taken out of it. Reading may be refused, octets
 * may not change. */
static void assert_whole(uint16_t type, const struct rdata *rd, struct arena *a)
{
    struct text t;
    struct rdata back;
    text_init(&t);
    assert_int_equal(rdata_check(type, CLASS_IN, rd->data, rd->len), ERR_OK);
    rdata_to_text(&t, type, CLASS_IN, rd);
    assert_int_equal(rdata_from_text(&back, type, CLASS_IN, t.data, t.len, NULL, a), ERR_OK);
    assert_same(&back, rd, t.data);
    text_fini(&t);
    rdata_canonical(arena_alloc(a, rd->len), type, rd);

    uint8_t wire[128];
    struct msg_builder b;
    struct msg m;
    struct rr rr = {.owner = NAME_ROOT, .type = type, .class = CLASS_IN, .rdata = *rd};
    msg_build(&b, wire, sizeof wire, 1, FLAG_QR, 0);
    assert_true(msg_add_rr(&b, SECTION_ANSWER, &rr));
    size_t len = msg_finish(&b, false);
    if (msg_parse(&m, wire, len, a) == MSG_OK)
        assert_same(&m.rrs[SECTION_ANSWER][0].rdata, rd, "message");
    else
        assert_true(type == TYPE_OPT || type == TYPE_TSIG);
}

/* Threat S2: five shapes of RDATA through every code (CVE-2025-13878: a rare type was enough to stop a
 * server). */
static void no_type_code_trips_anything(void **state)
{
    static const char *const shapes[] = {
        "", "00", "C000", "016100", "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"};
    struct arena a;
    unsigned whole = 0;
    arena_init(&a);
    for (unsigned type = 0; type <= 0xffff; type++) {
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
            struct rdata in = unhex(shapes[i], &a), rd;
            struct reader r = reader_of(in.data, in.len);
            if (rdata_read(&r, (uint16_t)type, CLASS_IN, in.len, &a, &rd) != ERR_OK)
                continue;
            assert_whole((uint16_t)type, &rd, &a);
            whole++;
        }
        arena_reset(&a);
    }
    /* All five of every opaque type at the least. */
    assert_true(whole > 5 * (0x10000 - 100));
    arena_fini(&a);
}

static void carries_the_longest_rdata_through_text(void **state)
{
    struct arena a;
    arena_init(&a);
    uint8_t *data = arena_alloc(&a, 65535);
    memset(data, 0xff, 65535);
    struct rdata rd = {.data = data, .len = 65535}, back;
    static const uint16_t types[] = {TYPE_TXT, TYPE_DNSKEY, TYPE_URI, 65280};
    data[65280] = 254; /* 255 strings of 255 octets, then one of 254 */
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct text t;
        text_init(&t);
        assert_int_equal(rdata_check(types[i], CLASS_IN, rd.data, rd.len), ERR_OK);
        rdata_to_text(&t, types[i], CLASS_IN, &rd);
        assert_int_equal(rdata_from_text(&back, types[i], CLASS_IN, t.data, t.len, NULL, &a), ERR_OK);
        assert_int_equal(rdata_compare(&back, &rd), 0);
        text_fini(&t);
    }
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_text_of_every_type),
        cmocka_unit_test(prints_every_type_so_that_it_reads_back),
        cmocka_unit_test(accepts_the_generic_form_for_every_type),
        cmocka_unit_test(rejects_bad_text),
        cmocka_unit_test(rejects_bad_wire),
        cmocka_unit_test(rejects_or_reads_every_prefix),
        cmocka_unit_test(decompresses_only_where_the_type_allows),
        cmocka_unit_test(refuses_a_name_that_ends_beyond_its_rdata),
        cmocka_unit_test(decompresses_rdata_of_any_length),
        cmocka_unit_test(refuses_more_than_rdlength_can_say),
        cmocka_unit_test(refuses_text_of_more_octets_than_rdlength_can_say),
        cmocka_unit_test(refuses_svcparams_of_more_octets_than_rdlength_can_say),
        cmocka_unit_test(puts_names_in_lower_case_where_canonical_form_says),
        cmocka_unit_test(orders_by_octets_and_shorter_first),
        cmocka_unit_test(offers_names_for_compression_only_in_types_of_rfc1035),
        cmocka_unit_test(finds_the_target_of_types_that_have_one),
        cmocka_unit_test(takes_addresses_of_other_classes_as_opaque),
        cmocka_unit_test(no_type_code_trips_anything),
        cmocka_unit_test(carries_the_longest_rdata_through_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
