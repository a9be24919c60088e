#include "dns/edns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

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

static enum err read_rdata(struct edns *e, const char *rdata, size_t len)
{
    return edns_read(e, 1232, 0, (const uint8_t *)rdata, len, &arena);
}

/* What edns_write wrote, read again. */
static struct edns again(const struct edns *e)
{
    uint8_t buf[2048];
    struct writer w = writer_of(buf, sizeof buf);
    edns_write(&w, e);
    assert_false(w.bad);
    assert_int_equal(w.pos, edns_size(e));
    assert_memory_equal(buf, "\0\0\x29", 3); /* root, type OPT */
    assert_int_equal(get_u16(buf + 9), w.pos - 11);
    struct edns out;
    assert_int_equal(
        edns_read(&out, get_u16(buf + 3), get_u32(buf + 5), buf + 11, w.pos - 11, &arena), ERR_OK);
    return out;
}

static void reads_the_fixed_fields(void **state)
{
    struct edns e;
    assert_int_equal(edns_read(&e, 4096, 0x0100c001u, NULL, 0, &arena), ERR_OK);
    assert_true(e.present);
    assert_true(e.dnssec_ok);
    assert_true(e.compact_ok);
    assert_int_equal(e.udp_size, 4096);
    assert_int_equal(e.ext_rcode, 1);
    assert_int_equal(e.version, 0);
    assert_int_equal(e.flags_raw, 0xc001);
    assert_int_equal(e.option_count, 0);
}

static void another_version_is_not_read_further(void **state)
{
    struct edns e;
    assert_int_equal(edns_read(&e, 512, 0x00010000u, (const uint8_t *)"\0", 1, &arena), ERR_OK);
    assert_int_equal(e.version, 1); /* BADVERS is the answer, RFC 6891 6.1.3 */
    assert_int_equal(e.option_count, 0);
}

#define BYTES(s) s, sizeof s - 1

static void judges_options_by_their_rfc(void **state)
{
    static const struct {
        const char *rdata;
        size_t len;
        enum err err;
        const char *why;
    } cases[] = {
        {BYTES("\0"), ERR_FORMAT, "half a code"},
        {BYTES("\0\3\0"), ERR_FORMAT, "half a length"},
        {BYTES("\0\3\0\1"), ERR_FORMAT, "data runs over the end"},
        {BYTES("\xff\xff\0\0"), ERR_OK, "an unknown option, empty"},
        {BYTES("\xff\xff\0\0\xff\xff\0\0"), ERR_OK, "an unknown option twice: nobody says it may not"},
        {BYTES("\0\3\0\0"), ERR_OK, "NSID asked, RFC 5001 2.1"},
        {BYTES("\0\3\0\2ab"), ERR_OK, "NSID answered"},
        {BYTES("\0\3\0\0\0\3\0\0"), ERR_FORMAT, "NSID twice"},
        {BYTES("\0\x0a\0\x08"
               "12345678"),
            ERR_OK, "client cookie, RFC 7873 4"},
        {BYTES("\0\x0a\0\x07"
               "1234567"),
            ERR_FORMAT, "cookie too short"},
        {BYTES("\0\x0a\0\0"), ERR_FORMAT, "cookie empty"},
        {BYTES("\0\x0a\0\x0f"
               "123456781234567"),
            ERR_FORMAT, "server cookie too short"},
        {BYTES("\0\x0a\0\x10"
               "1234567812345678"),
            ERR_OK, "both cookies, the shortest"},
        {BYTES("\0\x0a\0\x28"
               "1234567812345678123456781234567812345678"),
            ERR_OK, "both cookies, the longest"},
        {BYTES("\0\x0a\0\x29"
               "12345678123456781234567812345678123456781"),
            ERR_FORMAT, "server cookie too long"},
        {BYTES("\0\x0a\0\x08"
               "12345678\0\x0a\0\1x"),
            ERR_OK, "of two cookies only the first counts, RFC 7873 5.2"},
        {BYTES("\0\x08\0\7\0\1\x18\0\xc0\0\2"), ERR_OK, "192.0.2.0/24, RFC 7871 6"},
        {BYTES("\0\x08\0\x08\0\1\x18\0\xc0\0\2\0"), ERR_FORMAT, "one address octet too many"},
        {BYTES("\0\x08\0\6\0\1\x18\0\xc0\0"), ERR_FORMAT, "one too few"},
        {BYTES("\0\x08\0\7\0\1\x17\0\xc0\0\2"), ERR_OK, "/23 in three octets"},
        {BYTES("\0\x08\0\7\0\1\x17\0\xc0\0\3"), ERR_FORMAT, "a bit beyond the prefix"},
        {BYTES("\0\x08\0\4\0\1\0\0"), ERR_OK, "/0: nothing to be passed on"},
        {BYTES("\0\x08\0\4\0\0\0\0"), ERR_OK, "family 0 with nothing"},
        {BYTES("\0\x08\0\5\0\0\x08\0\x0a"), ERR_FORMAT, "family 0 with an address"},
        {BYTES("\0\x08\0\4\0\3\0\0"), ERR_FORMAT, "family 3"},
        {BYTES("\0\x08\0\x09\0\1\x21\0\xc0\0\2\1\0"), ERR_FORMAT, "IPv4 /33"},
        {BYTES("\0\x08\0\7\0\1\x18\x21\xc0\0\2"), ERR_FORMAT, "IPv4 scope 33"},
        {BYTES("\0\x08\0\x0b\0\2\x38\x30\x20\1\x0d\xb8\0\0\0"), ERR_OK, "2001:db8::/56, scope 48"},
        {BYTES("\0\x08\0\x15\0\2\x81\0\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0\0"), ERR_FORMAT, "IPv6 /129"},
        {BYTES("\0\x08\0\3\0\1\0"), ERR_FORMAT, "subnet too short"},
        {BYTES("\0\x08\0\4\0\1\0\0\0\x08\0\4\0\1\0\0"), ERR_FORMAT, "two subnets"},
        {BYTES("\0\x0b\0\0"), ERR_OK, "keepalive of a client, RFC 7828 3.1"},
        {BYTES("\0\x0b\0\2\1\x2c"), ERR_OK, "keepalive of a server"},
        {BYTES("\0\x0b\0\1\1"), ERR_FORMAT, "half a time-out"},
        {BYTES("\0\x0b\0\3\1\1\1"), ERR_FORMAT, "three octets"},
        {BYTES("\0\x0b\0\0\0\x0b\0\0"), ERR_FORMAT, "two keepalives"},
        {BYTES("\0\x0c\0\3abc"), ERR_OK, "padding need not be zero, RFC 7830 3"},
        {BYTES("\0\x0c\0\0\0\x0c\0\0"), ERR_FORMAT, "two paddings, RFC 7830 3"},
        {BYTES("\0\x0f\0\2\0\6"), ERR_OK, "EDE without text, RFC 8914 2"},
        {BYTES("\0\x0f\0\1\0"), ERR_FORMAT, "half an EDE"},
        {BYTES("\0\x0f\0\0"), ERR_FORMAT, "empty EDE"},
        {BYTES("\0\x12\0\7\2ab\2cd\0"), ERR_OK, "report channel, RFC 9567"},
        {BYTES("\0\x12\0\0"), ERR_FORMAT, "no name"},
        {BYTES("\0\x12\0\6\2ab\2cd"), ERR_FORMAT, "name without its end"},
        {BYTES("\0\x12\0\x08\2ab\2cd\0\0"), ERR_FORMAT, "an octet after the name"},
        {BYTES("\0\x12\0\2\xc0\x0c"), ERR_FORMAT, "a pointer"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct edns e;
        if (read_rdata(&e, cases[i].rdata, cases[i].len) != cases[i].err)
            fail_msg("%s", cases[i].why);
        assert_true(e.present);
    }
}

static void reads_at_most_24_options(void **state)
{
    static const uint8_t rdata[100]; /* 25 empty options of code 0 */
    struct edns e;
    assert_int_equal(edns_read(&e, 512, 0, rdata, 96, &arena), ERR_OK);
    assert_int_equal(e.option_count, 24);
    assert_int_equal(edns_read(&e, 512, 0, rdata, 100, &arena), ERR_LIMIT);
    static const uint8_t huge[65532];
    assert_int_equal(edns_read(&e, 512, 0, huge, sizeof huge, &arena), ERR_LIMIT);
}

static void keeps_all_options_in_order(void **state)
{
    struct edns e;
    char rdata[] = "\0\3\0\2ab\xfd\xe9\0\1z\0\x0b\0\2\0\x64";
    assert_int_equal(read_rdata(&e, rdata, sizeof rdata - 1), ERR_OK);
    memset(rdata, 0, sizeof rdata); /* the options do not lean on the packet */
    assert_int_equal(e.option_count, 3);
    assert_int_equal(e.options[1].code, 65001);
    assert_int_equal(e.options[1].len, 1);
    assert_int_equal(e.options[1].data[0], 'z');
    assert_true(e.nsid_asked);
    assert_memory_equal(e.nsid.data, "ab", 2);
    assert_true(e.keepalive_present);
    assert_int_equal(e.keepalive_100ms, 100);
}

static void keeps_the_first_four_errors(void **state)
{
    struct edns e;
    static const char rdata[] = "\0\x0f\0\2\0\1\0\x0f\0\3\0\2x\0\x0f\0\2\0\3\0\x0f\0\2\0\4\0\x0f\0\2\0\5";
    assert_int_equal(read_rdata(&e, rdata, sizeof rdata - 1), ERR_OK);
    assert_int_equal(e.ede_count, EDNS_EDES_MAX);
    assert_int_equal(e.ede[3].code, 4);
    assert_string_equal(e.ede[0].text, "");
    assert_string_equal(e.ede[1].text, "x");
}

static void writes_what_it_reads(void **state)
{
    static const uint8_t v6[16] = {0x20, 1, 0x0d, 0xb8, 0xff, 0xff};
    struct edns e = {
        .present = true,
        .dnssec_ok = true,
        .ext_rcode = 1,
        .udp_size = 1232,
        .nsid = {.code = EDNS_NSID, .len = 4, .data = (const uint8_t *)"hark"},
        .cookie_len = 24,
        .cookie = "client..server..........",
        .subnet_present = true,
        .subnet = addr_v6(v6),
        .subnet_source = 33,
        .subnet_scope = 20,
        .keepalive_present = true,
        .keepalive_100ms = 300,
        .key_tags = {.len = 4, .data = (const uint8_t *)"\x4f\x66\x97\x28"},
        .ede_count = 2,
        .ede = {{.code = EDE_STALE_ANSWER, .text = "old"}, {.code = EDE_OTHER, .text = NULL}},
        .report_agent = (const name_t *)"\6agents\7example",
        .padding_present = true,
        .padding_len = 13,
    };
    struct edns r = again(&e);
    assert_true(r.dnssec_ok);
    assert_false(r.compact_ok);
    assert_int_equal(r.ext_rcode, 1);
    assert_int_equal(r.udp_size, 1232);
    assert_int_equal(r.nsid.len, 4);
    assert_int_equal(r.cookie_len, 24);
    assert_memory_equal(r.cookie, e.cookie, 24);
    assert_int_equal(r.subnet_source, 33);
    assert_int_equal(r.subnet_scope, 20);
    assert_int_equal(r.subnet.ip[4], 0x80); /* bits beyond the prefix are not sent */
    assert_int_equal(r.keepalive_100ms, 300);
    assert_int_equal(r.key_tags.len, 4);
    assert_memory_equal(r.key_tags.data, "\x4f\x66\x97\x28", 4);
    assert_int_equal(r.ede_count, 2);
    assert_string_equal(r.ede[0].text, "old");
    assert_int_equal(r.ede[1].code, 0);
    assert_true(name_equal(r.report_agent, e.report_agent));
    assert_int_equal(r.padding_len, 13);
    assert_int_equal(r.options[r.option_count - 1].code, EDNS_PADDING); /* last, so that it can fill up */
}

static void writes_empty_options(void **state)
{
    struct edns e = {.present = true,
        .compact_ok = true,
        .nsid_asked = true,
        .keepalive_present = true,
        .keepalive_100ms = 0xffff,
        .subnet_present = true,
        .padding_present = true};
    struct edns r = again(&e);
    assert_true(r.compact_ok);
    assert_true(r.nsid_asked);
    assert_int_equal(r.nsid.len, 0);
    assert_int_equal(r.keepalive_100ms, 0xffff);
    assert_true(r.subnet_present);
    assert_int_equal(r.subnet_source, 0);
    assert_true(r.padding_present);
    struct edns nothing = {.present = true};
    assert_int_equal(edns_size(&nothing), 11);
    assert_int_equal(again(&nothing).option_count, 0);
}

static void what_cannot_be_written_is_said(void **state)
{
    uint8_t buf[32];
    struct writer w = writer_of(buf, sizeof buf);
    struct edns e = {.padding_present = true, .padding_len = 18};
    edns_write(&w, &e);
    assert_true(w.bad);
    static uint8_t big[70000];
    w = writer_of(big, sizeof big);
    e.padding_len = 0xffff; /* with its header beyond RDLENGTH */
    edns_write(&w, &e);
    assert_true(w.bad);
}

static void prints_lines_like_dig(void **state)
{
    static const char rdata[] = "\0\3\0\3h\"\n\0\x0a\0\x08"
                                "\1\2\3\4\5\6\7\xff\0\x08\0\7\0\1\x18\0\xc0\0\2\0\x0b\0\2\1\x2d"
                                "\0\x0f\0\x09\0\x16"
                                "a\\b\x1b[0m\0\x0f\0\2\x7f\xff\0\x12\0\3\1x\0\0\x0c\0\2\0\0\xfd\xe9\0\1z";
    struct edns e;
    struct text t;
    assert_int_equal(
        edns_read(&e, 1232, 0x0000c010u, (const uint8_t *)rdata, sizeof rdata - 1, &arena), ERR_OK);
    text_init(&t);
    edns_to_text(&t, &e);
    assert_string_equal(t.data, "; EDNS: version: 0, flags: do co; MBZ: 0x0010; udp: 1232\n"
                                "; NSID: 68220A (\"h\\\"\\010\")\n"
                                "; COOKIE: 01020304050607FF\n"
                                "; CLIENT-SUBNET: 192.0.2.0/24/0\n"
                                "; TCP-KEEPALIVE: 30.1 secs\n"
                                "; EDE: 22 (No Reachable Authority): a\\\\b\\027[0m\n"
                                "; EDE: 32767\n"
                                "; REPORT-CHANNEL: x.\n"
                                "; PAD: (2 octets)\n"
                                "; OPT=65001: 7A\n");
    text_clear(&t);
    struct edns plain = {.present = true, .udp_size = 1232, .dnssec_ok = true};
    edns_to_text(&t, &plain);
    assert_string_equal(t.data, "; EDNS: version: 0, flags: do; udp: 1232\n");
    text_fini(&t);
}

static void knows_the_registry_of_errors(void **state)
{
    assert_string_equal(ede_text(EDE_NO_REACHABLE_AUTHORITY), "No Reachable Authority");
    assert_string_equal(ede_text(0), "Other Error");
    assert_null(ede_text(EDE_NONE));
    assert_null(ede_text(49152));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_the_fixed_fields),
        TEST(another_version_is_not_read_further),
        TEST(judges_options_by_their_rfc),
        TEST(reads_at_most_24_options),
        TEST(keeps_all_options_in_order),
        TEST(keeps_the_first_four_errors),
        TEST(writes_what_it_reads),
        TEST(writes_empty_options),
        TEST(what_cannot_be_written_is_said),
        TEST(prints_lines_like_dig),
        TEST(knows_the_registry_of_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
