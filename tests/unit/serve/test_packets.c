/* The table of packets: every one of them gets exactly its rcode, or silence, over TCP and UDP, there alone
 * and as one of a batch. */
#include "fixture.h"

#include <stdio.h>

#define HEAD(flags, qd, an, ns, ar) "\x12\x34" flags qd an ns ar
#define NONE "\0\0"
#define ONE "\0\1"
#define TWO "\0\2"
#define WWW "\3www\7example\0"
#define A "\0\1"
#define SOA "\0\6"
#define PTR "\0\x0c"
#define TXT "\0\x10"
#define AAAA "\0\x1c"
#define IN "\0\1"
#define OPT "\0\0\x29\x04\xd0\0\0\0\0\0\0"
#define OPT_OF(len) "\0\0\x29\x04\xd0\0\0\0\0\0" len
#define COOKIE_OF(len) "\0\x0a\0" len
#define X10 "xxxxxxxxxx"
#define X61 X10 X10 X10 X10 X10 X10 "x"
#define X62 X61 "x"
#define L63 "\x3f" X62 "x"
#define OPTIONS4 "\xff\0\0\0\xff\0\0\0\xff\0\0\0\xff\0\0\0"
#define OPTIONS24 OPTIONS4 OPTIONS4 OPTIONS4 OPTIONS4 OPTIONS4 OPTIONS4

enum { SILENT = -1, PENDING = -2 };

static const struct packet {
    const char *what, *octets;
    size_t len;
    int expected;
    const char *why;
} packets[] = {
#define PACKET(what, octets, expected, why) {what, octets, sizeof(octets) - 1, expected, why},
#include "packets.def"
#undef PACKET
};

static int outcome_of(struct fixture *f, enum transport transport, const struct packet *p)
{
    switch (fixture_hand(f, transport, p->octets, p->len)) {
    case SERVE_SILENT:
        return SILENT;
    case SERVE_PENDING:
        return PENDING;
    default:
        return f->got.rcode;
    }
}

static bool has_opt(const struct packet *p)
{
    return strstr(p->what, "OPT") && !strstr(p->what, "not announced") && !strstr(p->what, "type OPT");
}

static void every_packet_gets_its_rcode_or_silence(void **state)
{
    struct fixture *f = *state;
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++)
        for (int way = 0; way < 3; way++) {
            const struct packet *p = &packets[i];
            f->batch = way == 2;
            int got = outcome_of(f, way == 1 ? TRANSPORT_TCP : TRANSPORT_UDP, p);
            if (got != p->expected) {
                print_error("%s: got %d, expected %d (%s)\n", p->what, got, p->expected, p->why);
                wrong++;
            }
        }
    assert_int_equal(wrong, 0);
    assert_true(sizeof packets / sizeof packets[0] >= 80);
}

static void replies_carry_id_opcode_and_what_was_asked(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
        const struct packet *p = &packets[i];
        if (outcome_of(f, TRANSPORT_UDP, p) < 0)
            continue;
        const uint8_t *query = (const uint8_t *)p->octets;
        assert_int_equal(f->got.id, 0x1234);
        assert_true(f->got.flags & FLAG_QR);
        assert_true(f->got.flags & FLAG_RA);
        assert_false(f->got.flags & (FLAG_AD | FLAG_TC | 0x40));
        assert_int_equal(f->got.opcode, (query[2] >> 3) & 15);
        assert_int_equal(f->got.flags & (FLAG_RD | FLAG_CD), get_u16(query + 2) & (FLAG_RD | FLAG_CD));
        if (f->got.opcode != OPCODE_QUERY)
            assert_int_equal(f->reply.len, MSG_HEADER_LEN);
        if (f->got.qdcount)
            assert_memory_equal(f->reply.data + MSG_HEADER_LEN, p->octets + MSG_HEADER_LEN,
                name_len(f->got.question.name) + 4);
    }
}

static void malformed_opt_is_answered_with_a_good_one(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
        const struct packet *p = &packets[i];
        if (has_opt(p) && get_u16((const uint8_t *)p->octets + 4) == 1 && !strstr(p->what, "cut off") &&
            !strstr(p->what, "name") && outcome_of(f, TRANSPORT_UDP, p) >= 0) {
            assert_true(f->got.edns.present);
            assert_int_equal(f->got.edns.version, 0);
            assert_int_equal(f->got.edns.udp_size, 1232);
        }
    }
}

static void packets_cut_off_anywhere_never_do_harm(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++)
        for (size_t len = 0; len < 2 * packets[i].len; len++) {
            f->batch = len >= packets[i].len;
            fixture_hand(f, TRANSPORT_UDP, packets[i].octets, len % packets[i].len);
        }
}

static void packets_with_one_octet_changed_never_do_harm(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++)
        for (size_t at = 2; at < packets[i].len; at++) {
            uint8_t copy[600];
            assert_true(packets[i].len <= sizeof copy);
            memcpy(copy, packets[i].octets, packets[i].len);
            copy[at] ^= (uint8_t)(1u << (at % 8));
            for (int batch = 0; batch < 2; batch++) {
                f->batch = batch;
                fixture_hand(f, batch ? TRANSPORT_UDP : TRANSPORT_TCP, copy, packets[i].len);
            }
        }
}

static void no_reply_to_a_refused_question_is_longer_than_60_octets_more_than_it(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(addr_parse(&f->rq.client, "192.0.2.1"), ERR_OK);
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
        int got = outcome_of(f, TRANSPORT_UDP, &packets[i]);
        assert_int_not_equal(got, PENDING);
        assert_int_not_equal(got, RCODE_NOERROR);
        if (got >= 0)
            assert_true(f->reply.len <= packets[i].len + 60);
    }
}

/* Threat S4: whatever TSIG, SIG(0) and TKEY hold, they are not read on. */
static void signed_messages_are_never_answered(void **state)
{
    struct fixture *f = *state;
    static const char head[] = HEAD("\x01\0", ONE, NONE, NONE, ONE) WWW A IN;
    static const struct {
        const char *octets; /* the type is at 1 */
        size_t len;
    } records[] = {
#define RECORD(octets) {octets, sizeof(octets) - 1}
        RECORD("\0\0\xfa\0\xff\0\0\0\0\0\x1d\x0bhmac-sha256\0"
               "\0\0\0\0\0\1\1\x2c\0\0\x12\x34\0\0\0\0"),
        RECORD("\0\0\x18\0\xff\0\0\0\0\0\x19\0\0\x0d\0\0\0\0\0\x77\0\0\0\x66\0\0\0\x12\x34\1k\0"
               "signa"),
        RECORD("\0\0\xf9\0\xff\0\0\0\0\0\x14\1a\0\0\0\0\1\0\0\0\2\0\3\0\0\0\0\0\0\0"),
#undef RECORD
    };
    unsigned crafted = 0;
    for (size_t r = 0; r < sizeof records / sizeof records[0]; r++)
        for (size_t at = 3; at < records[r].len; at++)
            for (unsigned bit = 0; bit < 8; bit++, crafted++) {
                uint8_t wire[200];
                size_t n = sizeof head - 1, len = n + records[r].len;
                memcpy(wire, head, n);
                memcpy(wire + n, records[r].octets, records[r].len);
                wire[n + at] ^= (uint8_t)(1u << bit);
                wire[2] = (uint8_t)(bit % 3 ? 1 : 0x29); /* now and then an UPDATE */
                enum transport transport = crafted % 2 ? TRANSPORT_UDP : TRANSPORT_TCP;
                assert_int_equal(fixture_hand(f, transport, wire, len), SERVE_DONE);
                assert_int_equal(f->got.rcode, bit % 3 ? RCODE_FORMERR : RCODE_NOTIMP);
            }
    assert_true(crafted >= 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            every_packet_gets_its_rcode_or_silence, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            replies_carry_id_opcode_and_what_was_asked, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            malformed_opt_is_answered_with_a_good_one, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(signed_messages_are_never_answered, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            packets_cut_off_anywhere_never_do_harm, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            packets_with_one_octet_changed_never_do_harm, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(no_reply_to_a_refused_question_is_longer_than_60_octets_more_than_it,
            fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
