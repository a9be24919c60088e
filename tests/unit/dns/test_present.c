#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/present.h"

static const name_t origin[] = "\7example";

/* A line, and how the record prints (origin example., default TTL 300). */
static const struct line {
    const char *text, *want, *why;
} lines[] = {
    {"www 3600 IN A 192.0.2.1", "www.example.            3600    IN      A       192.0.2.1\n", "all fields"},
    {"www IN 3600 A 192.0.2.1", "www.example.            3600    IN      A       192.0.2.1\n",
        "class before TTL"},
    {"www A 192.0.2.1", "www.example.            300     IN      A       192.0.2.1\n",
        "neither TTL nor class"},
    {"www IN A 192.0.2.1", "www.example.            300     IN      A       192.0.2.1\n", "no TTL"},
    {"www 1h30m A 192.0.2.1", "www.example.            5400    IN      A       192.0.2.1\n",
        "TTL with units"},
    {"www ch txt hi", "www.example.            300     CH      TXT     \"hi\"\n",
        "another class, lower case"},
    {"@ NS ns", "example.                300     IN      NS      ns.example.\n", "the origin"},
    {"\twww\tA\t192.0.2.1 ; comment\n", "www.example.            300     IN      A       192.0.2.1\n",
        "tabs, comment, line end"},
    {"www ( 60 IN\n A 192.0.2.1 )\n", "www.example.            60      IN      A       192.0.2.1\n",
        "parentheses around everything"},
    {"www TYPE1 \\# 4 C0000201", "www.example.            300     IN      A       192.0.2.1\n",
        "RFC 3597 5: numbers of known types"},
    {"www CLASS32 TYPE731 \\# 6 abcdef012345",
        "www.example.            300     CLASS32 TYPE731 \\# 6 ABCDEF012345\n", "RFC 3597 5"},
    {"a\\.b\\032c. A 192.0.2.1", "a\\.b\\032c.              300     IN      A       192.0.2.1\n",
        "escapes in the owner"},
    {"a-name-that-is-longer-than-its-column.example.org. 60 MX 1 .",
        "a-name-that-is-longer-than-its-column.example.org. 60 IN MX 1 .\n", "columns give way"},
    {"www NSEC3PARAM 1 0 0 -", "www.example.            300     IN      NSEC3PARAM 1 0 0 -\n",
        "long mnemonic"},
    {"TXT TXT TXT", "TXT.example.            300     IN      TXT     \"TXT\"\n",
        "an owner may be called like a type"},
    {"1 1 A 192.0.2.1", "1.example.              1       IN      A       192.0.2.1\n",
        "an owner may be called like a TTL"},
};

static const struct bad_line {
    const char *text;
    enum err err;
} bad_lines[] = {
    {"", ERR_FORMAT},
    {"; only a comment", ERR_FORMAT},
    {"www", ERR_FORMAT},
    {"www 3600 IN", ERR_FORMAT},
    {"www NOTYPE 1", ERR_UNKNOWN},
    {"www 3600 3600 A 192.0.2.1", ERR_UNKNOWN},
    {"www IN CH A 192.0.2.1", ERR_UNKNOWN},
    {"www 4294967296 A 192.0.2.1", ERR_RANGE},
    {"www 1x A 192.0.2.1", ERR_FORMAT},
    {"\"www\" A 192.0.2.1", ERR_FORMAT},
    {"www \"A\" 192.0.2.1", ERR_FORMAT},
    {"www A 192.0.2.1 192.0.2.2", ERR_FORMAT},
    {"www A 192.0.2.1\nwww A 192.0.2.2", ERR_FORMAT},
    {"a..b A 192.0.2.1", ERR_FORMAT},
    {"www ( A 192.0.2.1", ERR_FORMAT},
    {"www AXFR \\# 0 00", ERR_FORMAT},
};

static void reads_records_from_lines_and_prints_them_in_columns(void **state)
{
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct rr rr;
        struct text t;
        text_init(&t);
        enum err e = rr_from_text(&rr, lines[i].text, strlen(lines[i].text), origin, 300, &a);
        if (e)
            fail_msg("%s (%s): %s", lines[i].text, lines[i].why, err_text(e));
        rr_to_text(&t, &rr);
        assert_string_equal(t.data, lines[i].want);
        text_fini(&t);
    }
    arena_fini(&a);
}

static void rejects_lines_that_are_no_record(void **state)
{
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < sizeof bad_lines / sizeof bad_lines[0]; i++) {
        struct rr rr;
        enum err e = rr_from_text(&rr, bad_lines[i].text, strlen(bad_lines[i].text), origin, 300, &a);
        if (e != bad_lines[i].err)
            fail_msg("%s: %s", bad_lines[i].text, err_text(e));
    }
    arena_fini(&a);
}

static void takes_relative_names_to_the_root_without_an_origin(void **state)
{
    struct arena a;
    struct rr rr;
    arena_init(&a);
    assert_int_equal(rr_from_text(&rr, "www CNAME host", 14, NULL, 1, &a), ERR_OK);
    assert_true(name_equal(rr.owner, (const name_t *)"\3www"));
    assert_memory_equal(rr.rdata.data, "\4host", 6);
    arena_fini(&a);
}

static struct rr *records(struct arena *a, const char *const *texts, size_t count)
{
    struct rr *rrs = ARENA_ARRAY(a, struct rr, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(rr_from_text(&rrs[i], texts[i], strlen(texts[i]), NULL, 300, a), ERR_OK);
    return rrs;
}

static void prints_a_message_as_dig_does(void **state)
{
    static const char *const answer[] = {"www.example. CNAME host.example.", "host.example. A 192.0.2.1"};
    static const char *const authority[] = {"example. NS ns.example."};
    struct arena a;
    struct text t;
    arena_init(&a);
    text_init(&t);
    struct msg m = {
        .id = 1234,
        .flags = FLAG_QR | FLAG_RD | FLAG_RA,
        .qdcount = 1,
        .question = {.name = "\3www\7example", .type = TYPE_A, .class = CLASS_IN},
        .rrs = {records(&a, answer, 2), records(&a, authority, 1), NULL},
        .counts = {2, 1, 0},
        .edns = {.present = true, .dnssec_ok = true, .udp_size = 1232},
    };
    msg_to_text(&t, &m);
    assert_string_equal(t.data, ";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1234\n"
                                ";; flags: qr rd ra; QUERY: 1, ANSWER: 2, AUTHORITY: 1, ADDITIONAL: 1\n"
                                "\n"
                                ";; OPT PSEUDOSECTION:\n"
                                "; EDNS: version: 0, flags: do; udp: 1232\n"
                                ";; QUESTION SECTION:\n"
                                ";www.example.                   IN      A\n"
                                "\n"
                                ";; ANSWER SECTION:\n"
                                "www.example.            300     IN      CNAME   host.example.\n"
                                "host.example.           300     IN      A       192.0.2.1\n"
                                "\n"
                                ";; AUTHORITY SECTION:\n"
                                "example.                300     IN      NS      ns.example.\n");
    text_fini(&t);
    arena_fini(&a);
}

static void prints_a_bare_header_and_unknown_codes(void **state)
{
    struct text t;
    char buf[512];
    struct msg m = {
        .id = 7, .flags = FLAG_QR | FLAG_AA | FLAG_TC | FLAG_AD | FLAG_CD, .opcode = 9, .rcode = 3841};
    text_init_fixed(&t, buf, sizeof buf);
    msg_to_text(&t, &m);
    assert_string_equal(t.data,
        ";; ->>HEADER<<- opcode: OPCODE9, status: RCODE3841, id: 7\n"
        ";; flags: qr aa tc ad cd; QUERY: 0, ANSWER: 0, AUTHORITY: 0, ADDITIONAL: 0\n");
}

static void shout(struct text *t, size_t from)
{
    for (char *c = t->data + from; *c; c++)
        *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c;
}

static void prints_records_as_is_asked(void **state)
{
#define KEY "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4/QA=="
#define HEAD "www.example.            "
    static const struct {
        const char *text;
        struct present as;
        const char *want;
    } rows[] = {
        {"www 5400 A 192.0.2.1", {.ttl = true}, HEAD "5400    A       192.0.2.1\n"},
        {"www 5400 A 192.0.2.1", {.class = true}, HEAD "IN      A       192.0.2.1\n"},
        {"www 5400 A 192.0.2.1", {0}, HEAD "A       192.0.2.1\n"},
        {"www 694861 A 192.0.2.1", {.ttl = true, .ttl_units = true}, HEAD "1w1d1h1m1s A    192.0.2.1\n"},
        {"www 0 A 192.0.2.1", {.ttl = true, .ttl_units = true}, HEAD "0s      A       192.0.2.1\n"},
        {"www MX 5 mx", {.ttl = true, .class = true, .generic = true},
            HEAD "300     CLASS1  TYPE15  \\# 14 0005026D78076578616D706C6500\n"},
        {"www MX 5 mx", {.respell = shout}, "WWW.EXAMPLE.            MX      5 MX.EXAMPLE.\n"},
        {"www DNSKEY 257 3 13 " KEY, {.omit_crypto = true}, HEAD "DNSKEY  257 3 13 [key id = 2098]\n"},
        {"www DS 1 13 2 0102", {.omit_crypto = true}, HEAD "DS      1 13 2 [omitted]\n"},
        {"www TXT a b c d", {.omit_crypto = true}, HEAD "TXT     \"a\" \"b\" \"c\" \"d\"\n"},
        {"www DNSKEY 256 3 200 " KEY, {.key_tags = true},
            HEAD "DNSKEY  256 3 200 " KEY " ; ZSK; alg = 200; key id = 2284\n"},
        {"www DNSKEY 257 3 13 " KEY, {.multiline = true},
            HEAD
            "DNSKEY  257 3 13 (\n"
            "                                AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAh\n"
            "                                IiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4/QA== ) ; KSK; alg = "
            "ECDSAP256SHA256; key id = 2098\n"},
        {"www SOA ns host 7 7200 3600 1209600 300", {.multiline = true},
            HEAD "SOA     ns.example. host.example. (\n"
                 "                                7          ; serial\n"
                 "                                7200       ; refresh (2h)\n"
                 "                                3600       ; retry (1h)\n"
                 "                                1209600    ; expire (2w)\n"
                 "                                300        ; minimum (5m)\n"
                 "                                )\n"},
        {"www TXT short", {.multiline = true}, HEAD "TXT     \"short\"\n"},
        {"www TXT \"one string that is longer than a line could ever be\"", {.multiline = true},
            HEAD "TXT     \"one string that is longer than a line could ever be\"\n"},
        {"www TXT \"a first string of some length\" \"a \\\"second\\\" one\"", {.multiline = true},
            HEAD "TXT     (\n"
                 "                                \"a first string of some length\"\n"
                 "                                \"a \\\"second\\\" one\" )\n"},
    };
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rr rr;
        struct text t;
        text_init(&t);
        assert_int_equal(rr_from_text(&rr, rows[i].text, strlen(rows[i].text), origin, 300, &a), ERR_OK);
        rr_to_text_as(&t, &rr, &rows[i].as);
        assert_string_equal(t.data, rows[i].want);
        text_fini(&t);
    }
    arena_fini(&a);
}

static void spell(struct text *t, size_t from)
{
    if (strcmp(t->data + from, "u.example.") == 0) {
        t->len = from;
        text_add(t, "\303\274.");
    }
}

static void columns_count_what_a_terminal_shows(void **state)
{
    struct arena a;
    struct rr rr;
    struct text t;
    struct present as = {.ttl = true, .respell = spell};
    arena_init(&a);
    text_init(&t);
    assert_int_equal(rr_from_text(&rr, "u A 192.0.2.1", 13, origin, 300, &a), ERR_OK);
    rr_to_text_as(&t, &rr, &as);
    assert_string_equal(t.data, "\303\274.                      300     A       192.0.2.1\n");
    text_fini(&t);
    arena_fini(&a);
}

/* Names and strings of strangers must not write control characters to a terminal. */
static void prints_nothing_but_printable_ascii(void **state)
{
    struct arena a;
    struct text t;
    arena_init(&a);
    text_init(&t);
    uint8_t owner[66] = {63}, txt[256] = {255};
    for (int i = 1; i < 64; i++)
        owner[i] = (uint8_t)(i < 32 ? i : 128 + i);
    for (int i = 1; i < 256; i++)
        txt[i] = (uint8_t)i;
    struct rr rr = {.owner = owner, .type = TYPE_TXT, .class = CLASS_IN, .rdata = {.data = txt, .len = 256}};
    rr_to_text(&t, &rr);
    for (size_t i = 0; i + 1 < t.len; i++)
        assert_in_range(t.data[i], 0x20, 0x7e);
    struct rr back;
    assert_int_equal(rr_from_text(&back, t.data, t.len, NULL, 0, &a), ERR_OK);
    assert_memory_equal(back.owner, owner, 65);
    assert_memory_equal(back.rdata.data, txt, 256);
    text_fini(&t);
    arena_fini(&a);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8"); /* of wcwidth */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_records_from_lines_and_prints_them_in_columns),
        cmocka_unit_test(rejects_lines_that_are_no_record),
        cmocka_unit_test(takes_relative_names_to_the_root_without_an_origin),
        cmocka_unit_test(prints_a_message_as_dig_does),
        cmocka_unit_test(prints_a_bare_header_and_unknown_codes),
        cmocka_unit_test(prints_records_as_is_asked),
        cmocka_unit_test(columns_count_what_a_terminal_shows),
        cmocka_unit_test(prints_nothing_but_printable_ascii),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
