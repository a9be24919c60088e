#include "dns/msg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"

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

static const name_t *name_of(const char *text)
{
    name_t *n = arena_alloc(&arena, NAME_MAX_LEN);
    assert_int_equal(name_from_text(n, text, strlen(text), NULL), ERR_OK);
    return n;
}

/* A message put together octet by octet: header with counts, then whatever is appended. */
struct packet {
    uint8_t buf[2048];
    struct writer w;
};

static void start(struct packet *p, uint16_t flags, unsigned qd, unsigned an, unsigned ns, unsigned ar)
{
    p->w = writer_of(p->buf, sizeof p->buf);
    write_u16(&p->w, 0x1234);
    write_u16(&p->w, flags);
    write_u16(&p->w, (uint16_t)qd);
    write_u16(&p->w, (uint16_t)an);
    write_u16(&p->w, (uint16_t)ns);
    write_u16(&p->w, (uint16_t)ar);
}

static void put_name(struct packet *p, const char *text)
{
    const name_t *n = name_of(text);
    write_octets(&p->w, n, name_len(n));
}

static void put_question(struct packet *p, const char *name, uint16_t type)
{
    put_name(p, name);
    write_u16(&p->w, type);
    write_u16(&p->w, CLASS_IN);
}

/* Type to RDATA; the owner was written before. */
static void put_rest(struct packet *p, uint16_t type, const char *rdata, size_t len)
{
    write_u16(&p->w, type);
    write_u16(&p->w, CLASS_IN);
    write_u32(&p->w, 300);
    write_u16(&p->w, (uint16_t)len);
    write_octets(&p->w, rdata, len);
}

static void put_record(struct packet *p, const char *owner, uint16_t type, const char *rdata, size_t len)
{
    put_name(p, owner);
    put_rest(p, type, rdata, len);
}

static enum msg_fault parse(struct msg *m, const struct packet *p)
{
    /* An exact copy on the heap, so that a sanitizer sees one octet too many. */
    uint8_t *copy = mem_alloc(p->w.pos);
    memcpy(copy, p->buf, p->w.pos);
    struct msg scratch;
    enum msg_fault fault = msg_parse(&scratch, copy, p->w.pos, &arena);
    mem_free(copy);
    assert_int_equal(msg_parse(m, p->buf, p->w.pos, &arena), fault);
    return fault;
}

static bool name_is(const name_t *n, const char *text)
{
    return name_same_case(n, name_of(text));
}

/* ---- reading ---- */

static void reads_a_query(void **state)
{
    struct packet p;
    struct msg m;
    start(&p, FLAG_RD | FLAG_CD, 1, 0, 0, 0);
    put_question(&p, "wWw.Example.org", TYPE_AAAA);
    assert_int_equal(parse(&m, &p), MSG_OK);
    assert_int_equal(m.id, 0x1234);
    assert_int_equal(m.flags, FLAG_RD | FLAG_CD);
    assert_int_equal(m.opcode, OPCODE_QUERY);
    assert_int_equal(m.qdcount, 1);
    assert_true(name_is(m.question.name, "wWw.Example.org"));
    assert_int_equal(m.question.type, TYPE_AAAA);
    assert_int_equal(m.question.class, CLASS_IN);
    assert_false(m.edns.present);
    assert_int_equal(m.trailing, 0);
}

static void reads_opcode_and_rcode(void **state)
{
    struct packet p;
    struct msg m;
    start(&p, FLAG_QR | 5 << 11 | RCODE_REFUSED, 0, 0, 0, 0);
    write_u8(&p.w, 7);
    assert_int_equal(parse(&m, &p), MSG_OK); /* no question: the caller judges */
    assert_int_equal(m.opcode, OPCODE_UPDATE);
    assert_int_equal(m.rcode, RCODE_REFUSED);
    assert_int_equal(m.trailing, 1);
}

static void reads_records_of_all_sections(void **state)
{
    struct packet p;
    struct msg m;
    start(&p, FLAG_QR, 1, 2, 1, 2);
    put_question(&p, "Www.example", TYPE_A);
    write_u16(&p.w, 0xc00c);
    put_rest(&p, TYPE_CNAME, "\1x\xc0\x10", 4);
    put_record(&p, "x.example", TYPE_A, "\xc0\0\2\1", 4);
    write_u16(&p.w, 0xc010);
    put_rest(&p, TYPE_NS, "\2ns\xc0\x10", 5);
    put_record(&p, "ns.example", TYPE_A, "\xc0\0\2\2", 4);
    put_record(&p, ".", TYPE_OPT, "", 0);
    assert_int_equal(parse(&m, &p), MSG_OK);
    assert_int_equal(m.counts[SECTION_ANSWER], 2);
    assert_int_equal(m.counts[SECTION_AUTHORITY], 1);
    assert_int_equal(m.counts[SECTION_ADDITIONAL], 1); /* OPT is taken out */
    assert_true(m.edns.present);
    assert_int_equal(m.edns.udp_size, CLASS_IN);
    const struct rr *cname = &m.rrs[SECTION_ANSWER][0];
    assert_ptr_equal(cname->owner, m.question.name); /* shared, not copied */
    assert_int_equal(cname->ttl, 300);
    assert_true(name_is(cname->rdata.data, "x.example"));
    assert_int_equal(cname->rdata.len, 11);
    assert_true(name_is(m.rrs[SECTION_AUTHORITY][0].owner, "example"));
    assert_true(name_is(m.rrs[SECTION_ADDITIONAL][0].owner, "ns.example"));
}

static void records_that_point_to_one_name_share_it(void **state)
{
    struct packet p;
    struct msg m;
    start(&p, FLAG_QR, 1, 4, 0, 0);
    put_question(&p, "example", TYPE_A);
    uint16_t at = (uint16_t)(0xc000 | p.w.pos);
    put_record(&p, "a.example", TYPE_A, "\1\2\3\4", 4);
    write_u16(&p.w, at);
    put_rest(&p, TYPE_A, "\1\2\3\5", 4);
    write_u16(&p.w, (uint16_t)(at + 2)); /* its parent */
    put_rest(&p, TYPE_A, "\1\2\3\6", 4);
    write_u16(&p.w, (uint16_t)(at + 2));
    put_rest(&p, TYPE_A, "\1\2\3\7", 4);
    assert_int_equal(parse(&m, &p), MSG_OK);
    const struct rr *rr = m.rrs[SECTION_ANSWER];
    assert_ptr_equal(rr[0].owner, rr[1].owner);
    assert_true(name_is(rr[0].owner, "a.example"));
    assert_ptr_equal(rr[2].owner, rr[3].owner);
    assert_true(name_is(rr[2].owner, "example"));
}

static void reads_only_the_first_of_several_questions(void **state)
{
    struct packet p;
    struct msg m;
    start(&p, 0, 2, 0, 0, 0);
    put_question(&p, "a.example", TYPE_A);
    write_octets(&p.w, "\1b\xc0\x0e\0\1\0\1", 8);
    assert_int_equal(parse(&m, &p), MSG_OK);
    assert_int_equal(m.qdcount, 2);
    assert_true(name_is(m.question.name, "a.example"));
}

static void says_no_header_for_less_than_12_octets(void **state)
{
    struct packet p;
    struct msg m;
    start(&p, 0, 0, 0, 0, 0);
    for (size_t n = 0; n < 12; n++)
        assert_int_equal(msg_parse(&m, p.buf, n, &arena), MSG_NO_HEADER);
}

static void a_message_cut_anywhere_is_a_fault(void **state)
{
    struct packet p;
    struct msg m;
    start(&p, FLAG_QR, 1, 1, 0, 1);
    put_question(&p, "example", TYPE_MX);
    write_u16(&p.w, 0xc00c);
    put_rest(&p, TYPE_MX, "\0\5\2mx\xc0\x0c", 7);
    put_record(&p, ".", TYPE_OPT, "\0\3\0\0", 4);
    size_t whole = p.w.pos;
    assert_int_equal(parse(&m, &p), MSG_OK);
    for (p.w.pos = 12; p.w.pos < whole; p.w.pos++) {
        enum msg_fault fault = parse(&m, &p);
        assert_true(fault != MSG_OK);
        assert_int_equal(fault, p.w.pos < 25 ? MSG_BAD_QUESTION : MSG_BAD_RECORD);
        if (fault != MSG_BAD_QUESTION)
            assert_true(name_is(m.question.name, "example"));
    }
}

static void judges_questions(void **state)
{
    static const struct {
        const char *q;
        size_t len;
        const char *why;
    } cases[] = {
        {"", 0, "nothing"},
        {"\1a\0\0\1\0", 6, "half a class"},
        {"\xc0\x0c\0\1\0\1", 6, "a pointer to itself"},
        {"\xc0\0\0\1\0\1", 6, "a pointer into the header"},
        {"\1a\xc0\x0c\0\1\0\1", 8, "a pointer to its own start"},
        {"\x40\0\0\1\0\1", 6, "a reserved label type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct packet p;
        struct msg m;
        start(&p, 0, 1, 0, 0, 0);
        write_octets(&p.w, cases[i].q, cases[i].len);
        if (parse(&m, &p) != MSG_BAD_QUESTION)
            fail_msg("%s", cases[i].why);
        assert_int_equal(m.id, 0x1234);
    }
}

static void counts_that_promise_too_much_are_a_fault(void **state)
{
    struct packet p;
    struct msg m;
    start(&p, FLAG_QR, 0, 65535, 65535, 65535);
    assert_int_equal(parse(&m, &p), MSG_BAD_RECORD);
    assert_true(arena.used < 4096); /* and no memory was taken for them */
    static uint8_t big[MSG_HEADER_LEN + 11 * (MSG_MAX_RRS + 1)];
    memcpy(big, p.buf, 6);
    put_u16(big + 6, MSG_MAX_RRS + 1);
    assert_int_equal(msg_parse(&m, big, sizeof big, &arena), MSG_TOO_MANY);
    put_u16(big + 6, MSG_MAX_RRS);
    assert_int_equal(msg_parse(&m, big, sizeof big, &arena), MSG_OK);
    assert_int_equal(m.counts[SECTION_ANSWER], MSG_MAX_RRS);
}

static void known_types_must_fit_their_layout(void **state)
{
    static const struct {
        uint16_t type;
        const char *rdata;
        size_t len;
        enum msg_fault fault;
    } cases[] = {
        {TYPE_A, "\1\2\3\4", 4, MSG_OK},
        {TYPE_A, "\1\2\3", 3, MSG_BAD_RECORD},
        {TYPE_A, "\1\2\3\4\5", 5, MSG_BAD_RECORD},
        {TYPE_AAAA, "\1\2\3\4", 4, MSG_BAD_RECORD},
        {TYPE_NS, "\1a\0", 3, MSG_OK},
        {TYPE_NS, "\1a\0\0", 4, MSG_BAD_RECORD},
        {TYPE_NS, "\1a", 2, MSG_BAD_RECORD},
        {TYPE_MX, "\0", 1, MSG_BAD_RECORD},
        {65280, "\1\2\3", 3, MSG_OK},
        {65280, "", 0, MSG_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct packet p;
        struct msg m;
        start(&p, FLAG_QR, 0, 1, 0, 0);
        put_record(&p, "a", cases[i].type, cases[i].rdata, cases[i].len);
        assert_int_equal(parse(&m, &p), cases[i].fault);
    }
}

static void an_opt_stands_once_in_the_additional_section(void **state)
{
    static const struct {
        unsigned an, ns, ar;
        const char *owner1, *owner2;
        enum msg_fault fault;
        const char *why;
    } cases[] = {
        {0, 0, 1, ".", NULL, MSG_OK, "as it should be"},
        {1, 0, 0, ".", NULL, MSG_BAD_OPT, "in the answer section"},
        {0, 1, 0, ".", NULL, MSG_BAD_OPT, "in the authority section"},
        {0, 0, 1, "a", NULL, MSG_BAD_OPT, "with an owner"},
        {0, 0, 2, ".", ".", MSG_OPT_TWICE, "two"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct packet p;
        struct msg m;
        start(&p, 0, 0, cases[i].an, cases[i].ns, cases[i].ar);
        put_record(&p, cases[i].owner1, TYPE_OPT, "", 0);
        if (cases[i].owner2)
            put_record(&p, cases[i].owner2, TYPE_OPT, "", 0);
        if (parse(&m, &p) != cases[i].fault)
            fail_msg("%s", cases[i].why);
    }
}

static void malformed_options_are_a_bad_opt(void **state)
{
    struct packet p;
    struct msg m;
    start(&p, 0, 0, 0, 0, 1);
    put_record(&p, ".", TYPE_OPT, "\0\x0a\0\1x", 5);
    assert_int_equal(parse(&m, &p), MSG_BAD_OPT);
    assert_true(m.edns.present); /* so that the FORMERR can carry one */
}

static void only_answers_set_the_scope_of_a_subnet(void **state)
{
    struct packet p;
    struct msg m;
    for (unsigned qr = 0; qr < 2; qr++) {
        start(&p, qr ? FLAG_QR : 0, 0, 0, 0, 1);
        put_record(&p, ".", TYPE_OPT, "\0\x08\0\7\0\1\x18\x10\xc0\0\2", 11);
        assert_int_equal(parse(&m, &p), qr ? MSG_OK : MSG_BAD_OPT);
    }
}

static void the_rcode_has_the_upper_bits_of_the_opt(void **state)
{
    struct packet p;
    struct msg m;
    start(&p, FLAG_QR | 7, 0, 0, 0, 1);
    write_octets(&p.w, "\0\0\x29\4\xd0\1\0\x80\0\0\0", 11);
    assert_int_equal(parse(&m, &p), MSG_OK);
    assert_int_equal(m.rcode, RCODE_BADCOOKIE);
    assert_int_equal(m.edns.udp_size, 1232);
    assert_true(m.edns.dnssec_ok);
}

static void a_tsig_stands_last(void **state)
{
    static const struct {
        unsigned an, ar;
        uint16_t first, second;
        enum msg_fault fault;
    } cases[] = {
        {0, 1, TYPE_TSIG, 0, MSG_OK},
        {0, 2, 65280, TYPE_TSIG, MSG_OK},
        {0, 2, TYPE_TSIG, 65280, MSG_BAD_RECORD},
        {0, 2, TYPE_TSIG, TYPE_TSIG, MSG_BAD_RECORD},
        {0, 2, TYPE_TSIG, TYPE_OPT, MSG_BAD_RECORD},
        {1, 0, TYPE_TSIG, 0, MSG_BAD_RECORD},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct packet p;
        struct msg m;
        start(&p, 0, 0, cases[i].an, 0, cases[i].ar);
        put_record(&p, ".", cases[i].first, "", 0);
        if (cases[i].second)
            put_record(&p, ".", cases[i].second, "", 0);
        assert_int_equal(parse(&m, &p), cases[i].fault);
        if (cases[i].fault == MSG_OK) {
            assert_true(m.tsig);
            assert_int_equal(m.counts[SECTION_ADDITIONAL], cases[i].ar);
        }
    }
}

/* ---- building ---- */

static struct rdata rdata_of(const char *p, size_t len)
{
    return (struct rdata){.data = (const uint8_t *)p, .len = (uint16_t)len};
}

static struct rdata name_rdata(const char *text)
{
    const name_t *n = name_of(text);
    return (struct rdata){.data = n, .len = (uint16_t)name_len(n)};
}

static struct rr rr_of(const char *owner, uint16_t type, struct rdata rd)
{
    return (struct rr){.owner = name_of(owner), .type = type, .class = CLASS_IN, .ttl = 60, .rdata = rd};
}

static void builds_a_query(void **state)
{
    static const uint8_t want[] = "\x12\x34\1\0\0\1\0\0\0\0\0\1\1a\7Example\0\0\1\0\1"
                                  "\0\0\x29\4\xd0\0\0\x80\0\0\0";
    struct msg_question q = {.type = TYPE_A, .class = CLASS_IN};
    struct edns e = {.present = true, .udp_size = 1232, .dnssec_ok = true};
    uint8_t buf[64];
    name_copy(q.name, name_of("a.Example"));
    assert_int_equal(msg_query(buf, sizeof buf, 0x1234, FLAG_RD, &q, &e), sizeof want - 1);
    assert_memory_equal(buf, want, sizeof want - 1);
    assert_int_equal(msg_query(buf, sizeof buf, 0x1234, FLAG_RD, &q, NULL), sizeof want - 1 - 11);
    for (size_t cap = 0; cap < sizeof want - 1; cap++)
        assert_int_equal(msg_query(buf, cap, 0x1234, FLAG_RD, &q, &e), 0);
}

static void compresses_owners_and_names_in_rdata(void **state)
{
    /* RFC 1035 4.1.4: the name as labels and one pointer to the longest suffix that stands before. */
    static const uint8_t want[] = "\0\1\x84\0\0\1\0\2\0\0\0\0"
                                  "\3www\7Example\3org\0\0\5\0\1"
                                  "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\7\4mail\xc0\x10"
                                  "\xc0\x2d\0\x0f\0\1\0\0\0\x3c\0\6\0\5\1A\xc0\x2d";
    uint8_t buf[512];
    struct msg_builder b;
    msg_build(&b, buf, sizeof buf, 1, FLAG_QR | FLAG_AA, RCODE_NOERROR);
    msg_add_question(&b, name_of("www.Example.org"), TYPE_CNAME, CLASS_IN);
    struct rr cname = rr_of("WWW.example.org", TYPE_CNAME, name_rdata("mail.EXAMPLE.org"));
    struct rr mx = rr_of("mail.example.org", TYPE_MX, rdata_of("\0\5\1A\4mail\7example\3org", 22));
    assert_true(msg_add_rr(&b, SECTION_ANSWER, &cname));
    assert_true(msg_add_rr(&b, SECTION_ANSWER, &mx));
    assert_int_equal(msg_finish(&b, true), sizeof want - 1);
    assert_memory_equal(buf, want, sizeof want - 1);
}

static void later_types_are_not_compressed(void **state)
{
    uint8_t buf[512];
    struct msg_builder b;
    msg_build(&b, buf, sizeof buf, 1, FLAG_QR, RCODE_NOERROR);
    msg_add_question(&b, name_of("a.example"), TYPE_SRV, CLASS_IN);
    struct rr srv = rr_of("a.example", TYPE_SRV, rdata_of("\0\1\0\2\0\3\1a\7example", 17));
    assert_true(msg_add_rr(&b, SECTION_ANSWER, &srv));
    size_t n = msg_finish(&b, true);
    assert_memory_equal(buf + n - 19, "\0\x11\0\1\0\2\0\3\1a\7example", 19); /* RFC 3597 4 */
}

static struct rrset *address_set(const char *owner, unsigned count)
{
    struct rrset *s = ARENA_NEW(&arena, struct rrset);
    s->owner = name_of(owner);
    s->type = TYPE_A;
    s->class = CLASS_IN;
    s->ttl = 60;
    for (unsigned i = 0; i < count; i++) {
        uint8_t ip[4] = {192, 0, 2, (uint8_t)i};
        rrset_add(s, (struct rdata){.data = arena_copy(&arena, ip, 4), .len = 4}, &arena);
    }
    return s;
}

static void writes_sets_rotated_with_signatures_and_ttl_places(void **state)
{
    /* An RRSIG by the root of nothing: only its layout counts. */
    static const char sig[] = "\0\1\x08\1\0\0\0\x3c\0\0\0\0\0\0\0\0\0\0\0sig";
    uint8_t buf[512];
    uint16_t offsets[8];
    struct msg_builder b;
    struct msg m;
    struct rrset *s = address_set("example", 3);
    struct rdata rrsig = rdata_of(sig, sizeof sig - 1);
    s->sigs = &rrsig;
    s->sig_count = 1;
    msg_build(&b, buf, sizeof buf, 1, FLAG_QR, RCODE_NOERROR);
    b.ttl_offsets = offsets;
    b.ttl_cap = 8;
    msg_add_question(&b, s->owner, TYPE_A, CLASS_IN);
    assert_true(msg_add_rrset(&b, SECTION_ANSWER, s, true, 5));
    assert_true(msg_add_rrset(&b, SECTION_AUTHORITY, s, false, 0));
    size_t n = msg_finish(&b, true);
    assert_int_equal(msg_parse(&m, buf, n, &arena), MSG_OK);
    assert_int_equal(m.counts[SECTION_ANSWER], 4);
    assert_int_equal(m.counts[SECTION_AUTHORITY], 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(m.rrs[SECTION_ANSWER][i].rdata.data[3], (5 + i) % 3);
        assert_ptr_equal(m.rrs[SECTION_ANSWER][i].owner, m.question.name);
    }
    assert_int_equal(m.rrs[SECTION_ANSWER][3].type, TYPE_RRSIG);
    assert_int_equal(b.ttl_count, 7);
    for (unsigned i = 0; i < 7; i++)
        assert_int_equal(get_u32(buf + offsets[i]), 60);
    b.ttl_cap = 7; /* never beyond what the caller gave */
    assert_true(msg_add_rrset(&b, SECTION_ADDITIONAL, s, false, 0));
    assert_int_equal(b.ttl_count, 7);
}

static void a_set_fits_whole_or_not_at_all(void **state)
{
    uint8_t want[512], buf[512];
    struct msg_builder b;
    struct rrset *small = address_set("a.example", 1), *big = address_set("new.name.example", 4);
    msg_build(&b, want, sizeof want, 1, FLAG_QR, RCODE_NOERROR);
    msg_add_question(&b, small->owner, TYPE_A, CLASS_IN);
    assert_true(msg_add_rrset(&b, SECTION_ANSWER, small, false, 0));
    size_t without = msg_finish(&b, false);
    assert_true(msg_add_rrset(&b, SECTION_AUTHORITY, big, false, 0));
    size_t with = b.w.pos;
    for (size_t cap = without; cap < with; cap++) {
        memset(buf, 0xee, sizeof buf);
        msg_build(&b, buf, cap, 1, FLAG_QR, RCODE_NOERROR);
        msg_add_question(&b, small->owner, TYPE_A, CLASS_IN);
        assert_true(msg_add_rrset(&b, SECTION_ANSWER, small, false, 0));
        assert_false(msg_add_rrset(&b, SECTION_AUTHORITY, big, false, 0));
        assert_true(b.truncated);
        assert_int_equal(b.w.pos, without);
        /* The names of what was taken back are no targets any more. */
        b.w.cap = sizeof buf;
        assert_true(msg_add_rrset(&b, SECTION_AUTHORITY, big, false, 0));
        struct msg m;
        assert_int_equal(msg_parse(&m, buf, msg_finish(&b, true), &arena), MSG_OK);
        assert_true(m.flags & FLAG_TC);
        assert_int_equal(m.counts[SECTION_AUTHORITY], 4);
        assert_true(name_is(m.rrs[SECTION_AUTHORITY][3].owner, "new.name.example"));
    }
}

static void an_opt_is_written_with_the_whole_rcode(void **state)
{
    uint8_t buf[64];
    struct msg_builder b;
    struct msg m;
    struct edns e = {.present = true, .udp_size = 1232};
    msg_build(&b, buf, sizeof buf, 1, FLAG_QR, RCODE_BADVERS);
    b.w.cap = 20; /* room kept for the OPT, given back too late */
    msg_add_edns(&b, &e);
    assert_true(b.truncated);
    assert_int_equal(b.w.pos, 12);
    b.w.cap = sizeof buf;
    msg_add_edns(&b, &e);
    size_t n = msg_finish(&b, false);
    assert_int_equal(n, 23);
    assert_int_equal(msg_parse(&m, buf, n, &arena), MSG_OK);
    assert_int_equal(m.rcode, RCODE_BADVERS);
    assert_false(m.flags & FLAG_TC);
}

static void a_builder_without_room_stays_bad(void **state)
{
    uint8_t buf[64];
    struct msg_builder b;
    struct edns e = {.present = true};
    msg_build(&b, buf, 14, 1, 0, 0);
    msg_add_question(&b, name_of("www.example"), TYPE_A, CLASS_IN);
    b.w.cap = sizeof buf;
    msg_add_edns(&b, &e);
    assert_int_equal(msg_finish(&b, true), 0);
    msg_build(&b, buf, 11, 1, 0, 0);
    assert_int_equal(msg_finish(&b, true), 0);
}

/* Names of chosen shape: few labels of few letters, so that suffixes are often shared. */
static const name_t *random_name(struct random *r)
{
    name_t *n = arena_alloc(&arena, NAME_MAX_LEN);
    size_t len = 0;
    for (uint32_t labels = random_below(r, 6); labels > 0; labels--) {
        uint32_t k = 1 + random_below(r, 2);
        n[len++] = (uint8_t)k;
        for (; k > 0; k--)
            n[len++] = (uint8_t) "aAbB[{@`"[random_below(r, 8)];
    }
    n[len] = 0;
    return n;
}

static void whatever_is_built_reads_back_equal(void **state)
{
    static const uint8_t seed[32] = {42};
    static uint8_t buf[65535];
    static struct rr rrs[1000];
    struct random *r = random_new(seed);
    for (unsigned round = 0; round < 30; round++) {
        struct msg_builder b;
        struct msg m;
        unsigned count = random_below(r, 1000), written = 0;
        msg_build(&b, buf, 200 + random_below(r, 20000), 1, FLAG_QR, 0);
        for (unsigned i = 0; i < count; i++) {
            const name_t *target = random_name(r);
            rrs[written] = rr_of(".", TYPE_NS, (struct rdata){target, (uint16_t)name_len(target)});
            rrs[written].owner = random_name(r);
            if (msg_add_rr(&b, SECTION_ANSWER, &rrs[written]))
                written++;
        }
        assert_int_equal(msg_parse(&m, buf, msg_finish(&b, false), &arena), MSG_OK);
        assert_int_equal(m.counts[SECTION_ANSWER], written);
        assert_true(b.target_count <= COMPRESS_TARGETS_MAX);
        for (unsigned i = 0; i < written; i++) {
            assert_true(name_equal(m.rrs[SECTION_ANSWER][i].owner, rrs[i].owner));
            assert_true(name_equal(m.rrs[SECTION_ANSWER][i].rdata.data, rrs[i].rdata.data));
        }
    }
    random_free(r);
}

static void pointers_reach_no_further_than_14_bits(void **state)
{
    static uint8_t buf[65535], filler[60000];
    struct msg_builder b;
    struct msg m;
    struct rr big = rr_of(".", 65280, (struct rdata){filler, 20000});
    struct rr far1 = rr_of("far.example", 65280, rdata_of("1", 1)),
              far2 = rr_of("far.example", 65280, rdata_of("2", 1));
    msg_build(&b, buf, sizeof buf, 1, FLAG_QR, 0);
    assert_true(msg_add_rr(&b, SECTION_ANSWER, &big));
    assert_true(msg_add_rr(&b, SECTION_ANSWER, &far1));
    assert_true(msg_add_rr(&b, SECTION_ANSWER, &far2));
    struct rrset *s = address_set("x.y", 3);
    assert_true(msg_add_rrset(&b, SECTION_AUTHORITY, s, false, 0));
    assert_int_equal(msg_parse(&m, buf, msg_finish(&b, false), &arena), MSG_OK);
    assert_true(name_is(m.rrs[SECTION_ANSWER][2].owner, "far.example"));
    assert_true(name_is(m.rrs[SECTION_AUTHORITY][2].owner, "x.y"));
}

static void long_names_with_many_labels_are_written_right(void **state)
{
    uint8_t buf[4096];
    struct msg_builder b;
    struct msg m;
    name_t n[NAME_MAX_LEN];
    for (unsigned i = 0; i < 254; i += 2) {
        n[i] = 1;
        n[i + 1] = (uint8_t)('a' + i % 26);
    }
    n[254] = 0;
    msg_build(&b, buf, sizeof buf, 1, FLAG_QR, 0);
    msg_add_question(&b, n, TYPE_NS, CLASS_IN);
    struct rr rr = rr_of(".", TYPE_NS, (struct rdata){n, 255});
    rr.owner = name_parent(n, 100);
    assert_true(msg_add_rr(&b, SECTION_ANSWER, &rr));
    rr.owner = n;
    assert_true(msg_add_rr(&b, SECTION_ANSWER, &rr));
    assert_int_equal(msg_parse(&m, buf, msg_finish(&b, false), &arena), MSG_OK);
    assert_true(name_equal(m.rrs[SECTION_ANSWER][0].owner, name_parent(n, 100)));
    assert_true(name_equal(m.rrs[SECTION_ANSWER][1].owner, n));
    assert_true(name_equal(m.rrs[SECTION_ANSWER][1].rdata.data, n));
}

static void knows_codes_by_name(void **state)
{
    struct text t;
    assert_string_equal(rcode_name(RCODE_NXDOMAIN), "NXDOMAIN");
    assert_string_equal(rcode_name(23), "BADCOOKIE");
    assert_null(rcode_name(12));
    text_init(&t);
    rcode_to_text(&t, RCODE_SERVFAIL);
    text_char(&t, ' ');
    rcode_to_text(&t, 3841);
    assert_string_equal(t.data, "SERVFAIL RCODE3841");
    text_fini(&t);
    static const char *const opcodes[] = {"QUERY", "IQUERY", "STATUS", NULL, "NOTIFY", "UPDATE", "DSO", NULL};
    for (uint16_t i = 0; i < sizeof opcodes / sizeof opcodes[0]; i++) {
        const char *name = opcode_name(i);
        assert_string_equal(name ? name : "none", opcodes[i] ? opcodes[i] : "none");
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_a_query),
        TEST(reads_opcode_and_rcode),
        TEST(reads_records_of_all_sections),
        TEST(records_that_point_to_one_name_share_it),
        TEST(reads_only_the_first_of_several_questions),
        TEST(says_no_header_for_less_than_12_octets),
        TEST(a_message_cut_anywhere_is_a_fault),
        TEST(judges_questions),
        TEST(counts_that_promise_too_much_are_a_fault),
        TEST(known_types_must_fit_their_layout),
        TEST(an_opt_stands_once_in_the_additional_section),
        TEST(malformed_options_are_a_bad_opt),
        TEST(only_answers_set_the_scope_of_a_subnet),
        TEST(the_rcode_has_the_upper_bits_of_the_opt),
        TEST(a_tsig_stands_last),
        TEST(builds_a_query),
        TEST(compresses_owners_and_names_in_rdata),
        TEST(later_types_are_not_compressed),
        TEST(writes_sets_rotated_with_signatures_and_ttl_places),
        TEST(a_set_fits_whole_or_not_at_all),
        TEST(an_opt_is_written_with_the_whole_rcode),
        TEST(a_builder_without_room_stays_bad),
        TEST(whatever_is_built_reads_back_equal),
        TEST(pointers_reach_no_further_than_14_bits),
        TEST(long_names_with_many_labels_are_written_right),
        TEST(knows_codes_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
