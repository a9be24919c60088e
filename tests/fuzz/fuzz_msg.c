/* Any packet: read, print, build anew, read again; the two must be equal. */
#include <assert.h>
#include <string.h>

#include "dns/msg.h"
#include "dns/present.h"
#include "dns/rdata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void same_rdata(uint16_t type, const struct rdata *x, const struct rdata *y, struct arena *a)
{
    assert(x->len == y->len);
    uint8_t *p = arena_alloc(a, x->len), *q = arena_alloc(a, x->len);
    /* Compression may change letter case in the names of the old types, and canonical form has none. */
    rdata_canonical(p, type, x);
    rdata_canonical(q, type, y);
    assert(x->len == 0 || memcmp(p, q, x->len) == 0);
}

static void same_records(const struct msg *x, const struct msg *y, struct arena *a)
{
    for (unsigned s = 0; s < SECTION_COUNT; s++) {
        assert(x->counts[s] == y->counts[s]);
        for (size_t i = 0; i < x->counts[s]; i++) {
            const struct rr *p = &x->rrs[s][i], *q = &y->rrs[s][i];
            assert(name_check(p->owner, NAME_MAX_LEN) == name_len(p->owner));
            assert(name_equal(p->owner, q->owner));
            assert(p->type == q->type && p->class == q->class && p->ttl == q->ttl);
            same_rdata(p->type, &p->rdata, &q->rdata, a);
        }
    }
}

static void same_message(const struct msg *x, const struct msg *y, struct arena *a)
{
    assert(x->id == y->id && x->flags == y->flags && x->rcode == y->rcode && x->opcode == y->opcode);
    assert(y->qdcount == (x->qdcount > 0));
    if (x->qdcount) {
        assert(name_same_case(x->question.name, y->question.name));
        assert(x->question.type == y->question.type && x->question.class == y->question.class);
    }
    assert(x->tsig == y->tsig && x->edns.present == y->edns.present);
    assert(y->trailing == 0);
    same_records(x, y, a);
}

/* The length, or 0 if it does not fit: names that may not be compressed grow when they are written out. */
static size_t rebuild(const struct msg *m, uint8_t *buf, size_t cap)
{
    struct msg_builder b;
    bool fits = true;
    msg_build(&b, buf, cap, m->id, m->flags, m->rcode);
    if (m->qdcount)
        msg_add_question(&b, m->question.name, m->question.type, m->question.class);
    for (unsigned s = 0; s < SECTION_COUNT; s++) {
        for (size_t i = 0; i < m->counts[s]; i++) {
            /* A TSIG stays the last. */
            if (m->tsig && s == SECTION_ADDITIONAL && i + 1 == m->counts[s] && m->edns.present)
                msg_add_edns(&b, &m->edns);
            fits &= msg_add_rr(&b, (enum section)s, &m->rrs[s][i]);
        }
    }
    if (m->edns.present && !m->tsig)
        msg_add_edns(&b, &m->edns);
    return fits && !b.truncated ? msg_finish(&b, false) : 0;
}

/* Grouped, no record is lost but copies of one, and the RRsets can be written again. */
static void group_and_write(const struct msg *m, uint8_t *buf, size_t cap, struct arena *a)
{
    struct msg_builder b;
    struct msg again;
    msg_build(&b, buf, cap, m->id, m->flags, m->rcode);
    for (unsigned s = 0; s < SECTION_COUNT; s++) {
        struct rrset_list l;
        bool overflow;
        size_t count = 0;
        rrset_group(&l, m->rrs[s], m->counts[s], a, &overflow);
        for (size_t i = 0; i < l.count; i++) {
            count += l.items[i]->count + l.items[i]->sig_count;
            assert(l.items[i]->count > 0 && l.items[i]->ttl <= TTL_WIRE_MAX);
            msg_add_rrset(&b, (enum section)s, l.items[i], true, m->id);
        }
        assert(count <= m->counts[s]);
    }
    assert(msg_parse(&again, buf, msg_finish(&b, true), a) == MSG_OK);
}

static void print_as(const struct msg *m, const struct present *p)
{
    struct text t;
    text_init(&t);
    msg_to_text_as(&t, m, p);
    /* Whatever strangers put into names and texts, a terminal gets no control character. */
    for (size_t i = 0; i < t.len; i++)
        assert((t.data[i] >= 0x20 && t.data[i] < 0x7f) || t.data[i] == '\n' || t.data[i] == '\t');
    text_fini(&t);
}

/* On one line, on several, or as of an unknown type: all are read back as the same. */
static void reads_back(const struct rr *rr, struct arena *a)
{
    struct present styles[] = {PRESENT_USUAL, PRESENT_USUAL, PRESENT_USUAL};
    struct rr plain, again;
    struct text t;
    styles[1].multiline = true;
    styles[2].generic = true;
    text_init(&t);
    for (size_t i = 0; i < 3; i++) {
        text_clear(&t);
        rr_to_text_as(&t, rr, &styles[i]);
        enum err err = rr_from_text(i ? &again : &plain, t.data, t.len, NULL, 0, a);
        if (i == 0 && err)
            break; /* what master files cannot say: OPT and the like */
        assert(err == ERR_OK);
        if (i)
            assert(again.type == plain.type && again.class == plain.class && again.ttl == plain.ttl &&
                   again.rdata.len == plain.rdata.len &&
                   memcmp(again.rdata.data, plain.rdata.data, plain.rdata.len) == 0);
    }
    text_fini(&t);
}

static void print(const struct msg *m, struct arena *a)
{
    struct present all = {.comments = true,
        .sections = {true, true, true},
        .ttl = true,
        .ttl_units = true,
        .multiline = true,
        .key_tags = true,
        .omit_crypto = true};
    print_as(m, &PRESENT_USUAL);
    print_as(m, &all);
    for (unsigned s = 0; s < SECTION_COUNT; s++)
        for (size_t i = 0; i < m->counts[s] && i < 8; i++)
            reads_back(&m->rrs[s][i], a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static uint8_t buf[MSG_MAX_LEN];
    struct arena a;
    struct msg m, again;
    arena_init(&a);
    if (msg_parse(&m, data, len, &a) == MSG_OK) {
        print(&m, &a);
        size_t n = rebuild(&m, buf, sizeof buf);
        if (n) {
            assert(msg_parse(&again, buf, n, &a) == MSG_OK);
            same_message(&m, &again, &a);
        }
        group_and_write(&m, buf, sizeof buf, &a);
        group_and_write(&m, buf, UDP_SIZE_PLAIN, &a);
    }
    arena_fini(&a);
    return 0;
}
