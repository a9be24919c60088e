#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/present.h"

/* An answer with a compressed CNAME, an A, an unknown type, an NS,
 * and an OPT with an EDE and an unknown option. */
static const uint8_t answer_wire[] = {
    0x04, 0xd2, 0x85, 0xb0, 0, 1, 0, 3, 0, 1, 0, 1,                        /* header, rcode 0 */
    3, 'w', 'w', 'W', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 1, 0, 1, /* question at 12 */
    0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 4, 1, 'h', 0xc0, 16,             /* CNAME h.example. at 41 */
    0xc0, 41, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2, 1,                 /* A */
    0xc0, 41, 0xff, 0, 0, 1, 0, 0, 1, 44, 0, 3, 1, 2, 0xff,                /* TYPE65280 */
    0xc0, 16, 0, 2, 0, 1, 0, 0, 1, 44, 0, 2, 0xc0, 41,                     /* NS */
    0, 0, 41, 0x04, 0xd0, 1, 0, 0x80, 0, 0, 14, 0, 15, 0, 4, 0, 22, 'n', 'o', 0xfd, 0xe9, 0, 2, 7,
    8, /* OPT */
};

static const char answer_json[] =
    "{\"ID\":1234,\"QR\":true,\"Opcode\":0,\"AA\":true,\"TC\":false,\"RD\":true,\"RA\":true,\"AD\":true,"
    "\"CD\":true,"
    "\"RCODE\":0,\"QDCOUNT\":1,\"ANCOUNT\":3,\"NSCOUNT\":1,\"ARCOUNT\":1,"
    "\"QNAME\":\"wwW.example.\",\"QTYPE\":1,\"QTYPEname\":\"A\",\"QCLASS\":1,\"QCLASSname\":\"IN\","
    "\"answerRRs\":["
    "{\"NAME\":\"wwW.example.\",\"TYPE\":5,\"TYPEname\":\"CNAME\",\"CLASS\":1,\"CLASSname\":\"IN\",\"TTL\":"
    "60,\"RDLENGTH\":11,"
    "\"rdataCNAME\":\"h.example.\"},"
    "{\"NAME\":\"h.example.\",\"TYPE\":1,\"TYPEname\":\"A\",\"CLASS\":1,\"CLASSname\":\"IN\",\"TTL\":300,"
    "\"RDLENGTH\":4,"
    "\"rdataA\":\"192.0.2.1\"},"
    "{\"NAME\":\"h.example.\",\"TYPE\":65280,\"TYPEname\":\"TYPE65280\",\"CLASS\":1,\"CLASSname\":\"IN\","
    "\"TTL\":300,\"RDLENGTH\":3,"
    "\"RDATAHEX\":\"0102FF\"}],"
    "\"authorityRRs\":["
    "{\"NAME\":\"example.\",\"TYPE\":2,\"TYPEname\":\"NS\",\"CLASS\":1,\"CLASSname\":\"IN\",\"TTL\":300,"
    "\"RDLENGTH\":11,"
    "\"rdataNS\":\"h.example.\"}],"
    "\"additionalRRs\":["
    "{\"NAME\":\".\",\"TYPE\":41,\"TYPEname\":\"OPT\",\"CLASS\":1232,\"TTL\":16809984,\"RDLENGTH\":14,"
    "\"RDATAHEX\":\"000F000400166E6FFDE900020708\"}]}";

static void assert_json(json_t *j, const char *want)
{
    char *got = json_dumps(j, JSON_COMPACT | JSON_PRESERVE_ORDER);
    assert_string_equal(got, want);
    free(got);
    json_decref(j);
}

static void writes_a_message_as_rfc8427_says(void **state)
{
    struct arena a;
    struct msg m;
    arena_init(&a);
    assert_int_equal(msg_parse(&m, answer_wire, sizeof answer_wire, &a), MSG_OK);
    assert_json(msg_to_json(&m), answer_json);
    arena_fini(&a);
}

static void reads_back_what_it_wrote(void **state)
{
    struct arena a;
    struct msg m;
    arena_init(&a);
    json_t *j = json_loads(answer_json, 0, NULL);
    assert_int_equal(msg_from_json(&m, j, &a), ERR_OK);
    assert_int_equal(m.id, 1234);
    assert_int_equal(m.rcode, 16); /* BADVERS: the OPT has the upper bits */
    assert_int_equal(m.flags, 0x85b0);
    assert_int_equal(m.counts[SECTION_ADDITIONAL], 0);
    assert_true(m.edns.present && m.edns.dnssec_ok);
    assert_int_equal(m.edns.ede[0].code, 22);
    assert_json(msg_to_json(&m), answer_json);
    json_decref(j);
    arena_fini(&a);
}

static void writes_an_opt_that_was_made_not_read(void **state)
{
    struct msg m = {.flags = FLAG_RD,
        .edns = {.present = true, .udp_size = 1232, .cookie_len = 8, .cookie = "\1\2\3\4\5\6\7\10"}};
    json_t *j = msg_to_json(&m);
    const json_t *opt = json_array_get(json_object_get(j, "additionalRRs"), 0);
    assert_int_equal(json_integer_value(json_object_get(opt, "CLASS")), 1232);
    assert_string_equal(json_string_value(json_object_get(opt, "RDATAHEX")), "000A00080102030405060708");
    assert_null(json_object_get(j, "QNAME"));
    json_decref(j);
}

static void unknown_flags_of_an_opt_without_options_are_kept(void **state)
{
    struct msg m = {.edns = {.present = true, .dnssec_ok = true, .flags_raw = 0x8321, .udp_size = 1232}};
    json_t *j = msg_to_json(&m);
    const json_t *opt = json_array_get(json_object_get(j, "additionalRRs"), 0);
    assert_int_equal(json_integer_value(json_object_get(opt, "TTL")), 0x8321);
    json_decref(j);
}

static void writes_one_record(void **state)
{
    static const char line[] = "x. 5 CH TXT \"a\\\"b\" \"\\255\"";
    struct arena a;
    struct rr rr;
    arena_init(&a);
    assert_int_equal(rr_from_text(&rr, line, strlen(line), NULL, 0, &a), ERR_OK);
    assert_json(rr_to_json(&rr),
        "{\"NAME\":\"x.\",\"TYPE\":16,\"TYPEname\":\"TXT\",\"CLASS\":3,\"CLASSname\":\"CH\",\"TTL\":5,"
        "\"RDLENGTH\":6,\"rdataTXT\":\"\\\"a\\\\\\\"b\\\" \\\"\\\\255\\\"\"}");
    arena_fini(&a);
}

static enum err read_json(struct msg *m, const char *text, struct arena *a)
{
    json_error_t fault;
    json_t *j = json_loads(text, JSON_DECODE_ANY, &fault);
    if (!j)
        fail_msg("%s: %s", text, fault.text);
    enum err e = msg_from_json(m, j, a);
    json_decref(j);
    return e;
}

static void reads_sparse_messages(void **state)
{
    static const struct {
        const char *text, *why;
        uint16_t type;
        size_t answers;
    } rows[] = {
        {"{\"QNAME\":\"example.\",\"QTYPE\":15}", "numbers only", TYPE_MX, 0},
        {"{\"QNAME\":\"example\",\"QTYPEname\":\"mx\",\"QCLASSname\":\"IN\"}", "names only", TYPE_MX, 0},
        {"{\"questionRRs\":[{\"NAME\":\"example.\",\"TYPE\":15,\"CLASS\":1}]}", "a list of questions",
            TYPE_MX, 0},
        {"{\"QNAME\":\"a.\",\"QTYPE\":1,\"QR\":1,\"AA\":0,\"comment\":\"hello\"}", "0 and 1, unknown members",
            TYPE_A, 0},
        {"{\"QNAME\":\"a.\",\"QTYPE\":1,\"answerRRs\":[{\"NAME\":\"a.\",\"TYPE\":1,\"RDATAHEX\":\"c0000201\"}"
         "]}",
            "hexadecimal of a known type", TYPE_A, 1},
        {"{\"QNAME\":\"a.\",\"QTYPE\":1,\"answerRRs\":[{\"NAME\":\"a.\",\"TYPEname\":\"A\",\"rdataA\":\"192."
         "0.2.1\"}]}",
            "text by name", TYPE_A, 1},
    };
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct msg m;
        enum err e = read_json(&m, rows[i].text, &a);
        if (e)
            fail_msg("%s: %s", rows[i].why, err_text(e));
        assert_int_equal(m.qdcount, 1);
        assert_int_equal(m.question.type, rows[i].type);
        assert_int_equal(m.question.class, CLASS_IN);
        assert_int_equal(m.counts[SECTION_ANSWER], rows[i].answers);
    }
    struct msg m;
    assert_int_equal(read_json(&m, "{}", &a), ERR_OK);
    assert_int_equal(m.qdcount, 0);
    arena_fini(&a);
}

#define ANSWER(rr) "{\"answerRRs\":[" rr "]}"

static void rejects_what_is_no_message(void **state)
{
    static const struct {
        const char *text;
        enum err err;
    } rows[] = {
        {"[]", ERR_FORMAT},
        {"null", ERR_FORMAT},
        {"{\"ID\":65536}", ERR_RANGE},
        {"{\"ID\":-1}", ERR_RANGE},
        {"{\"ID\":\"1\"}", ERR_FORMAT},
        {"{\"ID\":1.5}", ERR_FORMAT},
        {"{\"Opcode\":16}", ERR_RANGE},
        {"{\"RCODE\":16}", ERR_RANGE},
        {"{\"QR\":\"yes\"}", ERR_FORMAT},
        {"{\"QR\":2}", ERR_FORMAT},
        {"{\"QNAME\":\"a.\"}", ERR_FORMAT},
        {"{\"QNAME\":1,\"QTYPE\":1}", ERR_FORMAT},
        {"{\"QNAME\":\"a..b\",\"QTYPE\":1}", ERR_FORMAT},
        {"{\"QNAME\":\"a.\",\"QTYPEname\":\"NOTYPE\"}", ERR_UNKNOWN},
        {"{\"QNAME\":\"a.\",\"QTYPE\":1,\"QCLASS\":65536}", ERR_RANGE},
        {"{\"answerRRs\":{}}", ERR_FORMAT},
        {ANSWER("1"), ERR_FORMAT},
        {ANSWER("{}"), ERR_FORMAT},
        {ANSWER("{\"NAME\":\"a.\",\"TYPE\":1}"), ERR_FORMAT},
        {ANSWER("{\"NAME\":\"a.\",\"TYPE\":1,\"RDATAHEX\":\"01\"}"), ERR_FORMAT},
        {ANSWER("{\"NAME\":\"a.\",\"TYPE\":1,\"RDATAHEX\":\"0\"}"), ERR_FORMAT},
        {ANSWER("{\"NAME\":\"a.\",\"TYPE\":1,\"RDATAHEX\":1}"), ERR_FORMAT},
        {ANSWER("{\"NAME\":\"a.\",\"TYPE\":1,\"rdataAAAA\":\"::1\"}"), ERR_FORMAT},
        {ANSWER("{\"NAME\":\"a.\",\"TYPE\":1,\"rdataA\":\"1.2.3\"}"), ERR_FORMAT},
        {ANSWER("{\"NAME\":\"a.\",\"TYPE\":1,\"RDLENGTH\":5,\"rdataA\":\"1.2.3.4\"}"), ERR_FORMAT},
        {ANSWER("{\"NAME\":\"a.\",\"TYPE\":1,\"TTL\":4294967296,\"rdataA\":\"1.2.3.4\"}"), ERR_RANGE},
        {ANSWER("{\"NAME\":\".\",\"TYPE\":41,\"RDATAHEX\":\"\"}"), ERR_FORMAT},
        {"{\"additionalRRs\":[{\"NAME\":\"a.\",\"TYPE\":41,\"RDATAHEX\":\"\"}]}", ERR_FORMAT},
        {"{\"additionalRRs\":[{\"NAME\":\".\",\"TYPE\":41,\"RDATAHEX\":\"000A\"}]}", ERR_FORMAT},
        {"{\"additionalRRs\":[{\"NAME\":\".\",\"TYPE\":41,\"RDATAHEX\":\"\"},{\"NAME\":\".\",\"TYPE\":41,"
         "\"RDATAHEX\":\"\"}]}",
            ERR_FORMAT},
    };
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct msg m;
        enum err e = read_json(&m, rows[i].text, &a);
        if (e != rows[i].err)
            fail_msg("%s: %s", rows[i].text, err_text(e));
    }
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_a_message_as_rfc8427_says),
        cmocka_unit_test(reads_back_what_it_wrote),
        cmocka_unit_test(writes_an_opt_that_was_made_not_read),
        cmocka_unit_test(unknown_flags_of_an_opt_without_options_are_kept),
        cmocka_unit_test(writes_one_record),
        cmocka_unit_test(reads_sparse_messages),
        cmocka_unit_test(rejects_what_is_no_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
