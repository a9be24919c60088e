#include "dns/name.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A name from text, valid until the 16th call after this one. */
static name_t *name_of(const char *text)
{
    static name_t names[16][NAME_MAX_LEN];
    static unsigned next;
    name_t *n = names[next++ % 16];
    assert_int_equal(name_from_text(n, text, strlen(text), NULL), ERR_OK);
    return n;
}

/* `count` labels of `len` octets each, then the root; returns the length. */
static size_t long_name(uint8_t *out, unsigned count, unsigned len)
{
    size_t n = 0;
    for (unsigned i = 0; i < count; i++) {
        out[n++] = (uint8_t)len;
        memset(out + n, 'a' + (int)(i % 26), len);
        n += len;
    }
    out[n++] = 0;
    return n;
}

/* ---- what a name is ---- */

static void measures_names(void **state)
{
    assert_int_equal(name_len(NAME_ROOT), 1);
    assert_int_equal(name_labels(NAME_ROOT), 0);
    assert_int_equal(name_len(name_of("www.example.org")), 17);
    assert_int_equal(name_labels(name_of("www.example.org")), 3);
    name_t n[NAME_MAX_LEN];
    assert_int_equal(long_name(n, 127, 1), 255);
    assert_int_equal(name_labels(n), 127);
    assert_int_equal(name_len(n), 255);
}

static void compares_without_letter_case(void **state)
{
    static const struct {
        const char *a, *b;
        bool equal, same_case;
    } cases[] = {
        {".", ".", true, true}, {"www.example.org", "www.example.org", true, true},
        {"www.example.org", "WWW.eXAMPLE.Org", true, false}, {"a", "A", true, false},
        {"[", "{", false, false}, {"@", "`", false, false},
        {"\\193", "\\225", false, false}, /* only ASCII letters have case, RFC 4343 */
        {"www.example.org", "www.example.com", false, false},
        {"www.example.org", "ww.wexample.org", false, false},
        {"example.org", "www.example.org", false, false}, {"a.b", "a\\.b", false, false},
        {"abcdefg.hijklmn", "ABCDEFG.HIJKLMX", false, false}, /* differs in the last word only */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        name_t *a = name_of(cases[i].a), *b = name_of(cases[i].b);
        assert_int_equal(name_equal(a, b), cases[i].equal);
        assert_int_equal(name_equal(b, a), cases[i].equal);
        assert_int_equal(name_same_case(a, b), cases[i].same_case);
    }
}

static void every_octet_folds_as_ascii_does(void **state)
{
    /* At each place of a label, so that words and their overlaps are all met. */
    for (unsigned len = 1; len <= 20; len++) {
        for (unsigned c = 0; c < 256; c++) {
            name_t n[NAME_MAX_LEN], low[NAME_MAX_LEN], other[NAME_MAX_LEN];
            long_name(n, 1, len);
            unsigned at = 1 + c % len;
            n[at] = (uint8_t)c;
            assert_int_equal(name_lower_copy(low, n), len + 2);
            int want = c < 128 ? tolower((int)c) : (int)c;
            for (unsigned i = 0; i < len + 2; i++)
                assert_int_equal(low[i], i == at ? want : n[i]);
            assert_true(name_equal(n, low));
            name_copy(other, n);
            other[at] ^= 0x20;
            assert_int_equal(name_equal(n, other), isalpha((int)c) && c < 128);
            name_lower(other);
            assert_int_equal(name_equal(n, other), isalpha((int)c) && c < 128);
        }
    }
}

static void knows_what_is_within_a_zone(void **state)
{
    static const struct {
        const char *n, *zone;
        bool want;
        unsigned common;
    } cases[] = {
        {"www.example.org", "example.org", true, 2},
        {"www.example.org", "EXAMPLE.ORG", true, 2},
        {"example.org", "example.org", true, 2},
        {"example.org", ".", true, 0},
        {".", ".", true, 0},
        {".", "org", false, 0},
        {"example.org", "www.example.org", false, 2},
        {"badexample.org", "example.org", false, 1},
        {"www.example.com", "www.example.org", false, 0},
        {"b.c.d", "x.c.d", false, 2},
        /* the label's own octets end like the zone: a suffix in octets, not in labels */
        {"x\\007example\\003org", "example.org", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        name_t *n = name_of(cases[i].n), *zone = name_of(cases[i].zone);
        assert_int_equal(name_is_within(n, zone), cases[i].want);
        assert_int_equal(name_common_labels(n, zone), cases[i].common);
        assert_int_equal(name_common_labels(zone, n), cases[i].common);
    }
}

static void a_suffix_of_octets_is_no_suffix_of_labels(void **state)
{
    /* One label of 12 octets that ends in "\7example\3org" up to the root's zero. */
    static const name_t n[] = "\x0dx\7example\3org";
    assert_int_equal(name_check(n, sizeof n), sizeof n);
    assert_false(name_is_within(n, name_of("example.org")));
}

static void climbs_to_parents(void **state)
{
    name_t *n = name_of("a.b.c");
    assert_true(name_equal(name_parent(n, 0), n));
    assert_true(name_equal(name_parent(n, 1), name_of("b.c")));
    assert_true(name_is_root(name_parent(n, 3)));
}

static void orders_canonically(void **state)
{
    /* RFC 4034 6.1, its own list. */
    static const char *const order[] = {"example", "a.example", "yljkjljk.a.example", "Z.a.example",
        "zABC.a.EXAMPLE", "z.example", "\\001.z.example", "*.z.example", "\\200.z.example"};
    const size_t count = sizeof order / sizeof *order;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count; k++) {
            int d = name_compare(name_of(order[i]), name_of(order[k]));
            assert_int_equal(d < 0 ? -1 : d > 0, i < k ? -1 : i > k);
        }
    assert_true(name_compare(NAME_ROOT, name_of("a")) < 0);
    assert_int_equal(name_compare(name_of("A.b"), name_of("a.B")), 0);
    assert_true(name_compare(name_of("ab"), name_of("abc")) < 0);
}

static void replaces_suffixes(void **state)
{
    /* RFC 6672 2.2, table 1. */
    static const struct {
        const char *n, *old_suffix, *new_suffix, *want;
    } cases[] = {
        {"a.example.com", "example.com", "example.net", "a.example.net"},
        {"a.b.example.com", "example.com", "example.net", "a.b.example.net"},
        {"foo.example.com", "example.com", "example.net", "foo.example.net"},
        {"a.x.example.com", "x.example.com", "example.net", "a.example.net"},
        {"A.Example.com", "eXample.com", ".", "A."},
        {"www.example.com", ".", "x", "www.example.com.x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        name_t out[NAME_MAX_LEN];
        assert_int_equal(name_replace_suffix(out, name_of(cases[i].n), name_of(cases[i].old_suffix),
                             name_of(cases[i].new_suffix)),
            ERR_OK);
        assert_true(name_same_case(out, name_of(cases[i].want)));
    }
}

static void refuses_a_replacement_that_is_too_long(void **state)
{
    name_t n[NAME_MAX_LEN], suffix[NAME_MAX_LEN], out[NAME_MAX_LEN];
    long_name(n, 100, 1); /* 201 octets, 198 of them before the last label and root */
    const name_t *old_suffix = name_parent(n, 99);
    assert_int_equal(long_name(suffix, 1, 55), 57);
    assert_int_equal(name_replace_suffix(out, n, old_suffix, suffix), ERR_OK);
    assert_int_equal(name_len(out), 255);
    long_name(suffix, 1, 56);
    assert_int_equal(name_replace_suffix(out, n, old_suffix, suffix), ERR_RANGE);
}

static void copies_into_an_arena(void **state)
{
    struct arena a;
    arena_init(&a);
    name_t *n = name_of("Www.Example");
    name_t *c = name_dup(n, &a);
    assert_ptr_not_equal(c, n);
    assert_true(name_same_case(c, n));
    arena_fini(&a);
}

/* ---- wire ---- */

#define BYTES(s) s, sizeof s - 1

static const struct wire_case {
    const char *wire;
    size_t len, at; /* the name starts at `at` */
    bool compression;
    const char *want; /* NULL: bad */
    size_t after;
    const char *why;
} wire_cases[] = {
    {BYTES("\0"), 0, false, ".", 1, "the root"},
    {BYTES("\1a\2bc\0xx"), 0, false, "a.bc.", 6, "labels"},
    {BYTES("\1a\0\1b\xc0\0"), 3, true, "b.a.", 7, "label and pointer"},
    {BYTES("\1a\0\xc0\0"), 3, true, "a.", 5, "pointer alone"},
    {BYTES("\1a\0\1b\xc0\0\1c\xc0\3"), 7, true, "c.b.a.", 11, "two pointers"},
    {BYTES("\1a\0\xc0\0"), 3, false, NULL, 0, "pointer where none may be"},
    {BYTES("\xc0\0"), 0, true, NULL, 0, "pointer to itself"},
    {BYTES("\1a\xc0\0"), 0, true, NULL, 0, "pointer to its own start: a loop that grows"},
    {BYTES("\1a\xc0\2"), 0, true, NULL, 0, "pointer to itself after a label"},
    {BYTES("\xc0\2\xc0\0"), 2, true, NULL, 0, "two pointers to each other"},
    {BYTES("\1a\xc0\4\0"), 0, true, NULL, 0, "pointer forwards"},
    {BYTES("\0\1a\xc0\2"), 1, true, NULL, 0, "pointer into the name itself"},
    {BYTES("\xc0"), 0, true, NULL, 0, "half a pointer"},
    {BYTES(""), 0, true, NULL, 0, "nothing"},
    {BYTES("\1a"), 0, true, NULL, 0, "no root"},
    {BYTES("\3ab"), 0, true, NULL, 0, "label runs over the end"},
    {BYTES("\x40"
           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\0"),
        0, true, NULL, 0, "label type 01, RFC 6891 5"},
    {BYTES("\x80"
           "a\0"),
        0, true, NULL, 0, "label type 10"},
};

static void reads_names_from_messages(void **state)
{
    for (size_t i = 0; i < sizeof wire_cases / sizeof *wire_cases; i++) {
        const struct wire_case *c = &wire_cases[i];
        struct reader r = reader_of(c->wire, c->len);
        r.pos = c->at;
        name_t out[NAME_MAX_LEN];
        char buf[NAME_TEXT_LEN];
        size_t n = name_read(&r, c->compression, out);
        if (!c->want) {
            if (n != 0 || !r.bad)
                fail_msg("read: %s", c->why);
            continue;
        }
        assert_false(r.bad);
        assert_int_equal(n, name_len(out));
        assert_string_equal(name_text(out, buf), c->want);
        assert_int_equal(r.pos, c->after);
    }
}

static void a_bad_reader_gives_no_name(void **state)
{
    name_t out[NAME_MAX_LEN];
    struct reader r = reader_of("\0", 1);
    r.bad = true;
    assert_int_equal(name_read(&r, true, out), 0);
}

static void reads_up_to_255_octets(void **state)
{
    uint8_t wire[400];
    name_t out[NAME_MAX_LEN];
    size_t n = long_name(wire, 127, 1);
    struct reader r = reader_of(wire, n);
    assert_int_equal(name_read(&r, false, out), 255);
    assert_int_equal(name_check(wire, n), 255);

    n = long_name(wire, 128, 1); /* 257 octets, 128 labels */
    r = reader_of(wire, n);
    assert_int_equal(name_read(&r, false, out), 0);
    assert_int_equal(name_check(wire, n), 0);

    n = long_name(wire, 4, 63); /* 257 */
    r = reader_of(wire, n);
    assert_int_equal(name_read(&r, false, out), 0);
    wire[192] = 61; /* 255: the last label is two octets shorter */
    wire[254] = 0;
    r = reader_of(wire, 255);
    assert_int_equal(name_read(&r, false, out), 255);
    wire[192] = 62; /* 256 */
    wire[254] = 'x';
    wire[255] = 0;
    r = reader_of(wire, 256);
    assert_int_equal(name_read(&r, false, out), 0);
    assert_int_equal(name_check(wire, 256), 0);
}

static void a_name_made_too_long_by_a_pointer_is_rejected(void **state)
{
    uint8_t wire[400];
    name_t out[NAME_MAX_LEN];
    size_t n = long_name(wire, 126, 1); /* 253 octets */
    memcpy(wire + n, "\1x\xc0\0", 4);
    struct reader r = reader_of(wire, n + 4);
    r.pos = n;
    assert_int_equal(name_read(&r, true, out), 255);
    memcpy(wire + n, "\2xy\xc0\0", 5);
    r = reader_of(wire, n + 5);
    r.pos = n;
    assert_int_equal(name_read(&r, true, out), 0);
    assert_true(r.bad);
}

static void follows_at_most_126_pointers(void **state)
{
    /* A root, then pointers each to the one before. */
    uint8_t wire[1 + 2 * 200];
    name_t out[NAME_MAX_LEN];
    wire[0] = 0;
    for (unsigned i = 0; i < 200; i++)
        put_u16(wire + 1 + 2 * i, (uint16_t)(0xc000 | (i == 0 ? 0 : 2 * i - 1)));
    struct reader r = reader_of(wire, sizeof wire);
    r.pos = 1 + 2 * 125;
    assert_int_equal(name_read(&r, true, out), 1);
    r = reader_of(wire, sizeof wire);
    r.pos = 1 + 2 * 126;
    assert_int_equal(name_read(&r, true, out), 0);
}

static void checks_names_in_place(void **state)
{
    static const struct {
        const char *p;
        size_t max, want;
        const char *why;
    } cases[] = {
        {"\0", 1, 1, "the root"},
        {"\0", 0, 0, "nothing"},
        {"\1a\0", 3, 3, "one label"},
        {"\1a\0zz", 5, 3, "more follows"},
        {"\1a", 2, 0, "no root"},
        {"\5a", 2, 0, "label runs over the end"},
        {"\xc0\0", 2, 0, "a pointer"},
        {"\x40", 1, 0, "a reserved type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (name_check((const uint8_t *)cases[i].p, cases[i].max) != cases[i].want)
            fail_msg("%s", cases[i].why);
}

/* ---- text ---- */

static void reads_and_prints_text(void **state)
{
    static const struct {
        const char *in, *origin, *want;
        enum err err;
    } cases[] = {
        {".", NULL, ".", ERR_OK},
        {"example.org", NULL, "example.org.", ERR_OK},
        {"example.org.", "net", "example.org.", ERR_OK},
        {"www", "example.org", "www.example.org.", ERR_OK},
        {"@", "example.org", "example.org.", ERR_OK},
        {"@", NULL, ".", ERR_OK},
        {"\\@", "example.org", "\\@.example.org.", ERR_OK},
        {".", "example.org", ".", ERR_OK},
        {"a\\.b.c", NULL, "a\\.b.c.", ERR_OK},
        {"\\097b", NULL, "ab.", ERR_OK},
        {"\\000\\255", NULL, "\\000\\255.", ERR_OK},
        {"a b", NULL, "a\\032b.", ERR_OK},
        {"\\\\\\\"\\(\\)\\;\\$", NULL, "\\\\\\\"\\(\\)\\;\\$.", ERR_OK},
        {"M\xc3\xbcnchen", NULL, "M\\195\\188nchen.", ERR_OK},
        {"", NULL, NULL, ERR_FORMAT},
        {"..", NULL, NULL, ERR_FORMAT},
        {".a", NULL, NULL, ERR_FORMAT},
        {"a..b", NULL, NULL, ERR_FORMAT},
        {"a..", NULL, NULL, ERR_FORMAT},
        {"a\\", NULL, NULL, ERR_FORMAT},
        {"a\\1", NULL, NULL, ERR_FORMAT},
        {"a\\12", NULL, NULL, ERR_FORMAT},
        {"a\\12x", NULL, NULL, ERR_FORMAT},
        {"a\\256", NULL, NULL, ERR_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        name_t out[NAME_MAX_LEN];
        char buf[NAME_TEXT_LEN];
        const name_t *origin = cases[i].origin ? name_of(cases[i].origin) : NULL;
        assert_int_equal(name_from_text(out, cases[i].in, strlen(cases[i].in), origin), cases[i].err);
        if (!cases[i].err)
            assert_string_equal(name_text(out, buf), cases[i].want);
    }
}

static void text_has_the_limits_of_wire(void **state)
{
    char text[600];
    name_t out[NAME_MAX_LEN];
    memset(text, 'a', sizeof text);
    assert_int_equal(name_from_text(out, text, 63, NULL), ERR_OK);
    assert_int_equal(name_len(out), 65);
    assert_int_equal(name_from_text(out, text, 64, NULL), ERR_RANGE);

    for (unsigned i = 1; i < sizeof text; i += 2)
        text[i] = '.';
    assert_int_equal(name_from_text(out, text, 253, NULL), ERR_OK); /* 127 labels, no final dot */
    assert_int_equal(name_labels(out), 127);
    assert_int_equal(name_from_text(out, text, 254, NULL), ERR_OK);
    assert_int_equal(name_from_text(out, text, 255, NULL), ERR_RANGE);
    assert_int_equal(name_from_text(out, text, 600, NULL), ERR_RANGE);
    assert_int_equal(name_from_text(out, text, 253, name_of("b")), ERR_RANGE);
    assert_int_equal(name_from_text(out, text, 251, name_of("b")), ERR_OK);
    assert_int_equal(name_len(out), 255);
}

static void the_longest_text_fits(void **state)
{
    uint8_t n[NAME_MAX_LEN];
    char buf[NAME_TEXT_LEN];
    long_name(n, 127, 1);
    for (unsigned i = 1; i < 254; i += 2)
        n[i] = 0;
    assert_int_equal(strlen(name_text(n, buf)), 127 * 5);
    memset(n, 0, sizeof n);
    n[0] = n[64] = n[128] = 63;
    n[192] = 61;
    assert_int_equal(strlen(name_text(n, buf)), 250 * 4 + 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measures_names),
        cmocka_unit_test(compares_without_letter_case),
        cmocka_unit_test(every_octet_folds_as_ascii_does),
        cmocka_unit_test(knows_what_is_within_a_zone),
        cmocka_unit_test(a_suffix_of_octets_is_no_suffix_of_labels),
        cmocka_unit_test(climbs_to_parents),
        cmocka_unit_test(orders_canonically),
        cmocka_unit_test(replaces_suffixes),
        cmocka_unit_test(refuses_a_replacement_that_is_too_long),
        cmocka_unit_test(copies_into_an_arena),
        cmocka_unit_test(reads_names_from_messages),
        cmocka_unit_test(a_bad_reader_gives_no_name),
        cmocka_unit_test(reads_up_to_255_octets),
        cmocka_unit_test(a_name_made_too_long_by_a_pointer_is_rejected),
        cmocka_unit_test(follows_at_most_126_pointers),
        cmocka_unit_test(checks_names_in_place),
        cmocka_unit_test(reads_and_prints_text),
        cmocka_unit_test(text_has_the_limits_of_wire),
        cmocka_unit_test(the_longest_text_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
