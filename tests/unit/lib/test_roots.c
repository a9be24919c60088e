/* Root hints and the root's anchors that were fetched. The document and its signature are IANA's own. */
#include "lib/roots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/now.h"
#include "lib/fetched.h"
#include "lib/file.h"
#include "lib/root_anchors.h"
#include "lib/trust.h"

#define IN_2025 1735689600 /* 2025-01-01: the signer's certificate is of 2021 to 2026 */
#define IN_2027 1798761600
#define IN_2018 1514764800

struct fixture {
    struct arena arena;
    struct text why;
    char folder[64];
};

static int set_up(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);
    arena_init(&f->arena);
    text_init(&f->why);
    snprintf(f->folder, sizeof f->folder, "/tmp/hark-roots-XXXXXX");
    if (!mkdtemp(f->folder) || setenv("HARK_STATE", f->folder, 1))
        return -1;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    struct text path;
    text_init(&path);
    text_printf(&path, "%s/" ROOTS_FILE, f->folder);
    unlink(path.data);
    text_clear(&path);
    text_printf(&path, "%s/" ROOT_ANCHORS_FILE, f->folder);
    unlink(path.data);
    rmdir(f->folder);
    text_fini(&path);
    text_fini(&f->why);
    arena_fini(&f->arena);
    mem_free(f);
    return 0;
}

/* ---- root hints ---- */

/* named.root of that day; `last` stands for the addresses of m. */
static char *named_root(struct fixture *f, const char *day, const char *last)
{
    size_t count;
    const struct root_hint *hints = root_hints(&count);
    struct text t;
    text_init(&t);
    text_printf(&t, "; x\n;       last update:     %s\n;\n", day);
    for (size_t i = 0; i < count; i++) {
        char name[NAME_TEXT_LEN], v4[ADDR_TEXT_LEN], v6[ADDR_TEXT_LEN];
        name_text(hints[i].name, name);
        text_printf(&t, ".   3600000   NS   %s\n", name);
        if (i + 1 == count && last)
            text_add(&t, last);
        else
            text_printf(&t, "%s  3600000  A  %s\n%s  3600000  AAAA  %s ; c\r\n", name,
                addr_text(&hints[i].addrs[0], v4), name, addr_text(&hints[i].addrs[1], v6));
    }
    text_add(&t, "; End of file");
    char *out = arena_strdup(&f->arena, t.data);
    text_fini(&t);
    return out;
}

#define M "m.root-servers.net. "
static const struct {
    const char *day, *last, *why; /* NULL: it is good */
} hints_rows[] = {
    {"April 18, 2024", NULL, NULL},
    {"december 1, 2026", M "A 202.12.27.34\n" M "AAAA 2001:dc3::36\n", NULL},
    {"yesterday", NULL, "when it was last updated"},
    {"Smarch 13, 2024", NULL, "when it was last updated"},
    {"May 32, 2024", NULL, "when it was last updated"},
    {"April 18, 2024", "", "names 13 root servers, not 13"},
    {"April 18, 2024", M "A 202.12.27.33\n", "has not an address of each family"},
    {"April 18, 2024", M "A 10.0.0.1\n" M "AAAA 2001:dc3::35\n", "line 41 is none"},
    {"April 18, 2024", M "A 202.12.27.33\n" M "AAAA ::1\n", "line 42 is none"},
    {"April 18, 2024", M "A 198.41.0.4\n" M "AAAA 2001:dc3::35\n", "line 41 is none"}, /* a's */
    {"April 18, 2024", "n.root-servers.net. A 202.12.27.33\nn.root-servers.net. AAAA 2001:dc3::35\n",
        "n.root-servers.net. is no server of the root"},
    {"April 18, 2024", M "A 202.12.27.33\n" M "AAAA 2001:dc3::35\nn.root-servers.net. A 192.0.0.1\n",
        "line 43 is none"},
    {"April 18, 2024", M "A 202.12.27.33\n" M "AAAA 2001:dc3::35\n. NS n.root-servers.net.\n",
        "line 43 is none"},
    {"April 18, 2024", M "MX 1 a.\n", "line 41 is none"},
    {"April 18, 2024", "<html>\n", "line 41 is none"},
};

static void takes_IANAs_file_and_nothing_that_only_looks_like_it(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof hints_rows / sizeof hints_rows[0]; i++) {
        struct roots r;
        const char *text = named_root(f, hints_rows[i].day, hints_rows[i].last);
        text_clear(&f->why);
        enum err err = roots_read(&r, text, strlen(text), &f->arena, &f->why);
        const char *why = hints_rows[i].why;
        if (why ? err == ERR_OK || !strstr(f->why.data, why) : err != ERR_OK)
            fail_msg("row %zu: %s", i, f->why.data);
        if (!err)
            assert_int_equal(r.count, 13);
    }
}

static void write_file(const struct fixture *f, const char *file, const char *text, bool sealed)
{
    struct text t, path;
    text_init(&t);
    text_init(&path);
    text_add(&t, text);
    if (sealed)
        fetched_seal(&t);
    text_printf(&path, "%s/%s", f->folder, file);
    assert_int_equal(fetched_write(path.data, t.data, t.len), ERR_OK);
    text_fini(&path);
    text_fini(&t);
}

static void expect_roots(struct fixture *f, struct config *c, const char *text, const char *warning)
{
    char buf[64];
    text_clear(&f->why);
    roots_settle(c, &f->arena, &f->why);
    roots_text_fixed(&c->roots, buf, sizeof buf);
    assert_string_equal(buf, text);
    if (warning ? !strstr(f->why.data, warning) : f->why.len != 0)
        fail_msg("%s", f->why.data);
}

static void walks_begin_at_the_newest_that_are_whole(void **state)
{
    struct fixture *f = *state;
    struct config c = {0};
    const char *new = M "A 202.12.27.34\n" M "AAAA 2001:dc3::36\n";
    expect_roots(f, &c, "built in", NULL);
    assert_null(c.resolve.hints); /* the resolver takes its own */
    write_file(f, ROOTS_FILE, named_root(f, "April 18, 2024", new), true);
    expect_roots(f, &c, "built in", NULL);
    write_file(f, ROOTS_FILE, named_root(f, "December 24, 2026", new), false);
    expect_roots(f, &c, "built in", "is damaged: its checksum is wrong; it is left out");
    write_file(f, ROOTS_FILE, named_root(f, "December 24, 2026", ""), true);
    expect_roots(f, &c, "built in", "names 13 root servers");
    write_file(f, ROOTS_FILE, named_root(f, "December 24, 2026", new), true);
    expect_roots(f, &c, "updated 2026-12-24", NULL);
    assert_int_equal(c.resolve.hint_count, 13);
    assert_int_equal(c.resolve.hints[12].addrs[0].ip[3], 34);
    struct root_hint own = {.name = NAME_ROOT};
    c = (struct config){.resolve = {.hints = &own, .hint_count = 1}};
    expect_roots(f, &c, "from the settings", NULL);
    assert_ptr_equal(c.resolve.hints, &own);
}

static void what_is_no_readable_file_is_left_out(void **state)
{
    struct fixture *f = *state;
    struct config c = {0};
    struct text path;
    char *large = arena_alloc(&f->arena, ROOTS_OCTETS_MAX + 1);
    memset(large, ';', ROOTS_OCTETS_MAX);
    write_file(f, ROOTS_FILE, large, true);
    expect_roots(f, &c, "built in", "longer than 64 KiB");
    text_init(&path);
    fetched_path(&path, ROOTS_FILE);
    assert_int_equal(unlink(path.data), 0);
    assert_int_equal(mkdir(path.data, 0700), 0);
    expect_roots(f, &c, "built in", "a folder, not a file");
    assert_int_equal(rmdir(path.data), 0);
    text_fini(&path);
}

/* ---- trust anchors ---- */

static char *shape(struct fixture *f, const char *name, size_t *len)
{
    struct text path;
    text_init(&path);
    text_printf(&path, SHAPES "/%s", name);
    char *data = file_read(path.data, 65536, len, &f->why);
    assert_non_null(data);
    char *out = arena_copy(&f->arena, data, *len + 1);
    mem_free(data);
    text_fini(&path);
    return out;
}

static struct root_signature genuine(struct fixture *f)
{
    struct root_signature s = {.now_s = IN_2025};
    s.document = shape(f, "root-anchors.xml", &s.document_len);
    s.signature = shape(f, "root-anchors.p7s", &s.signature_len);
    return s;
}

static void expect_signature(struct fixture *f, const struct root_signature *s, const char *why)
{
    int64_t signed_s = 0;
    text_clear(&f->why);
    enum err err = root_anchors_verify(s, &signed_s, &f->why);
    if (why ? err == ERR_OK || !strstr(f->why.data, why) : err != ERR_OK)
        fail_msg("%s", f->why.data);
    if (!why)
        assert_int_equal(signed_s, 1729620605); /* 2024-10-22T18:10:05Z */
}

static void ICANNs_signature_counts_and_no_other(void **state)
{
    struct fixture *f = *state;
    struct root_signature s = genuine(f);
    expect_signature(f, &s, NULL);
    s.now_s = IN_2027;
    expect_signature(f, &s, "expired");
    s.now_s = IN_2018;
    expect_signature(f, &s, "not yet valid");
    s = genuine(f);
    ((char *)(uintptr_t)s.document)[s.document_len / 2] ^= 1;
    expect_signature(f, &s, "verif");
    s = genuine(f);
    s.document_len--;
    expect_signature(f, &s, "verif");
    s = genuine(f);
    s.signature_len--;
    expect_signature(f, &s, "no CMS signature");
    s = genuine(f);
    ((char *)(uintptr_t)s.signature)[s.signature_len - 9] ^= 1;
    expect_signature(f, &s, "");
    s = genuine(f);
    s.authorities = "nothing";
    expect_signature(f, &s, "no certificate");
    assert_true(root_anchors_authority_end() == 1892261952); /* 2029-12-18T04:19:12Z */
}

#define DOCUMENT(inner) "<?xml version=\"1.0\"?><TrustAnchor id=\"x\">" inner "</TrustAnchor>"
#define ROOT "<Zone> .\n</Zone>"
#define FROM " validFrom=\"2024-07-18T02:00:00+02:00\""
#define D2 "683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16"
#define FIELDS(tag, digest)                                                                                  \
    "<KeyTag>" tag "</KeyTag><Algorithm>8</Algorithm><DigestType>2</DigestType><Digest>" digest "</Digest>"
#define KEY "<KeyDigest id=\"k\"" FROM ">" FIELDS("38696", D2) "</KeyDigest>"

static const struct {
    const char *text, *why; /* NULL: one key */
} documents[] = {
    {DOCUMENT(ROOT KEY), NULL},
    {DOCUMENT("<Other><KeyTag>1</KeyTag></Other>" ROOT KEY), NULL},
    {DOCUMENT(ROOT "<KeyDigest" FROM "><More><KeyTag>1</KeyTag></More>" FIELDS(
         " 38696\n", " 683D2D0A\nCB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16 ") "</KeyDigest>"),
        NULL},
    {"", "no element"},
    {"<html></html>", "no TrustAnchor"},
    {DOCUMENT(ROOT), "no key"},
    {DOCUMENT("<Zone>example.</Zone>" KEY), "not of the root"},
    {DOCUMENT(KEY), "not of the root"},
    {DOCUMENT(ROOT "<KeyDigest>" FIELDS("1", D2) "</KeyDigest>"), "from when on"},
    {DOCUMENT(ROOT "<KeyDigest validFrom=\"2024-13-18T00:00:00Z\">" FIELDS("1", D2) "</KeyDigest>"),
        "from when"},
    {DOCUMENT(ROOT "<KeyDigest" FROM " validUntil=\"soon\">" FIELDS("1", D2) "</KeyDigest>"), "until when"},
    {DOCUMENT(ROOT "<KeyDigest" FROM ">" FIELDS("99999", D2) "</KeyDigest>"), "has not the tag"},
    {DOCUMENT(ROOT "<KeyDigest" FROM ">" FIELDS("1", "AB") "</KeyDigest>"), "has not the tag"},
    {DOCUMENT(ROOT "<KeyDigest" FROM ">" FIELDS("38696", D2) "<PublicKey>AwEAAa96</PublicKey></KeyDigest>"),
        "not that of the public key"},
    {DOCUMENT(ROOT "<KeyDigest" FROM ">" FIELDS("38696", D2) "<PublicKey>%</PublicKey></KeyDigest>"),
        "not that of the public key"},
    {DOCUMENT(ROOT "<a><a><a><a><a><a><a><a><a>" KEY), "nested too deep"},
    {"<!DOCTYPE x [<!ENTITY a \"b\">]>" DOCUMENT(ROOT KEY), "document type"},
    {"<TrustAnchor>" ROOT KEY, "line 2"},
    {DOCUMENT(ROOT KEY KEY KEY KEY KEY KEY KEY KEY KEY KEY KEY KEY KEY KEY KEY KEY KEY), "more keys"},
};

static void reads_documents_and_refuses_others(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        struct root_anchors a;
        const char *why = documents[i].why;
        text_clear(&f->why);
        enum err err =
            root_anchors_read(&a, documents[i].text, strlen(documents[i].text), &f->arena, &f->why);
        if (why ? err == ERR_OK || !strstr(f->why.data, why) : err != ERR_OK)
            fail_msg("document %zu: %s", i, f->why.data);
        if (!why) {
            assert_int_equal(a.count, 1);
            assert_int_equal(a.keys[0].from_s, 1721260800);
            assert_true(a.keys[0].until_s == INT64_MAX);
        }
    }
}

static void expect_origin(struct fixture *f, const char *text, unsigned keys, const char *warning)
{
    struct config c = {.trust = {.validate = true, .builtin = true, .root_data = ""}};
    struct trust_origin o;
    struct text t;
    dnssec_policy_default(&c.resolve.policy);
    text_clear(&f->why);
    text_init(&t);
    trust_origin(&o, &c);
    trust_origin_text(&o, &t);
    assert_string_equal(t.data, text);
    struct anchors *a = trust_anchors(&c, &c.resolve.policy, NULL, &f->why);
    assert_int_equal(a->count, 1);
    assert_int_equal(a->items[0].ds.count, keys);
    if (warning ? !strstr(f->why.data, warning) : f->why.len != 0)
        fail_msg("%s", f->why.data);
    anchors_free(a);
    text_fini(&t);
}

static void IANAs_anchors_replace_older_ones_that_are_compiled_in(void **state)
{
    struct fixture *f = *state;
    struct root_signature s = genuine(f);
    struct root_anchors a;
    struct text t;
    int64_t later_s = root_anchors_built_in_s() + 86400;
    expect_origin(f,
        "built in "
        "2026-11-23",
        2, NULL);
    assert_int_equal(root_anchors_read(&a, s.document, s.document_len, &f->arena, &f->why), ERR_OK);
    assert_int_equal(a.count, 3);
    assert_true(root_key_is_valid(&a.keys[0], IN_2018) && !root_key_is_valid(&a.keys[0], IN_2025));
    assert_int_equal(a.keys[0].key.len, 0); /* it has none */
    assert_true(a.keys[2].key.len > 250);
    a.keys[1].until_s = later_s; /* as if KSK-2017 had ended */
    text_init(&t);
    assert_int_equal(root_anchors_write(&a, IN_2025, IN_2025, &t), 2);
    write_file(f, ROOT_ANCHORS_FILE, t.data, false);
    expect_origin(f, "built in 2026-11-23", 2, NULL); /* older */
    text_clear(&t);
    assert_int_equal(root_anchors_write(&a, IN_2025, later_s, &t), 1);
    write_file(f, ROOT_ANCHORS_FILE, t.data, false);
    expect_origin(f, "updated 2026-11-24", 1, NULL);
    t.data[t.len - 100] ^= 1;
    write_file(f, ROOT_ANCHORS_FILE, t.data, false);
    expect_origin(f, "built in 2026-11-23", 2, "checksum is wrong; it is left out");
    write_file(f, ROOT_ANCHORS_FILE, ". DS 1 2 3 4\n", true);
    expect_origin(f, "built in 2026-11-23", 2, "does not say when it was signed");
    write_file(f, ROOT_ANCHORS_FILE,
        "\n; signed 2030-01-01T00:00:00Z\n; fetched 2030-01-01T00:00:00Z\n. DS x\n", true);
    expect_origin(f, "built in 2026-11-23", 2, "it is left out");
    text_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            takes_IANAs_file_and_nothing_that_only_looks_like_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(walks_begin_at_the_newest_that_are_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_readable_file_is_left_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ICANNs_signature_counts_and_no_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_documents_and_refuses_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            IANAs_anchors_replace_older_ones_that_are_compiled_in, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
