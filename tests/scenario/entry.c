#include "entry.h"

#include <stdlib.h>
#include <string.h>

#include "dns/rdata.h"

#define FLAGS_COMPARED (FLAG_QR | FLAG_AA | FLAG_TC | FLAG_RD | FLAG_RA | FLAG_AD | FLAG_CD)

static bool same_rdata(uint16_t type, const struct rdata *a, const struct rdata *b)
{
    if (a->len != b->len)
        return false;
    if (a->len == 0)
        return true;
    uint8_t *ca = mem_alloc(a->len), *cb = mem_alloc(b->len);
    rdata_canonical(ca, type, a);
    rdata_canonical(cb, type, b);
    bool same = memcmp(ca, cb, a->len) == 0;
    mem_free(ca);
    mem_free(cb);
    return same;
}

static bool same_rr(const struct rr *a, const struct rr *b, bool ttl)
{
    return a->type == b->type && a->class == b->class && name_equal(a->owner, b->owner) &&
           same_rdata(a->type, &a->rdata, &b->rdata) && (!ttl || a->ttl == b->ttl);
}

/* As sets with multiplicity: each record of one side is paired with another of the other side. */
static bool same_section(const struct rr *a, size_t a_count, const struct rr *b, size_t b_count, bool ttl)
{
    if (a_count != b_count)
        return false;
    bool *taken = mem_alloc(b_count + 1);
    bool same = true;
    for (size_t i = 0; same && i < a_count; i++) {
        size_t k = 0;
        while (k < b_count && (taken[k] || !same_rr(&a[i], &b[k], ttl)))
            k++;
        same = k < b_count;
        if (same)
            taken[k] = true;
    }
    mem_free(taken);
    return same;
}

static bool has_ede(const struct edns *edns, int code)
{
    for (unsigned i = 0; i < edns->ede_count; i++)
        if (code == EDE_ANY || edns->ede[i].code == code)
            return true;
    return false;
}

static unsigned question_differs(const struct entry *e, const struct msg *m)
{
    unsigned wanted = e->match & (MATCH_QTYPE | MATCH_QNAME | MATCH_QCASE | MATCH_SUBDOMAIN), bad = 0;
    if (wanted == 0)
        return 0;
    if (!e->has_question || m->qdcount == 0)
        return e->has_question || m->qdcount ? wanted : 0;
    const struct msg_question *a = &e->question, *b = &m->question;
    if (a->type != b->type || a->class != b->class)
        bad |= MATCH_QTYPE;
    if (!name_equal(a->name, b->name))
        bad |= MATCH_QNAME;
    if (!name_same_case(a->name, b->name))
        bad |= MATCH_QCASE;
    if (!name_is_within(b->name, a->name))
        bad |= MATCH_SUBDOMAIN;
    return bad & wanted;
}

unsigned entry_differs(const struct entry *e, const struct msg *m, enum transport t)
{
    static const unsigned of_section[SECTION_COUNT] = {MATCH_ANSWER, MATCH_AUTHORITY, MATCH_ADDITIONAL};
    unsigned bad = question_differs(e, m);
    if (m->opcode != OPCODE_QUERY)
        bad |= MATCH_OPCODE;
    if (((m->flags ^ e->flags) & FLAGS_COMPARED) != 0)
        bad |= MATCH_FLAGS;
    if (m->rcode != e->rcode)
        bad |= MATCH_RCODE;
    for (int s = 0; s < SECTION_COUNT; s++) {
        if (!same_section(e->rrs[s], e->counts[s], m->rrs[s], m->counts[s], false))
            bad |= of_section[s];
        else if (!same_section(e->rrs[s], e->counts[s], m->rrs[s], m->counts[s], true) &&
                 (e->match & of_section[s]))
            bad |= MATCH_TTL;
    }
    if (t != TRANSPORT_UDP)
        bad |= MATCH_UDP;
    if (t != TRANSPORT_TCP)
        bad |= MATCH_TCP;
    if ((e->match & MATCH_EDE) && !has_ede(&m->edns, e->ede))
        bad |= MATCH_EDE;
    return bad & e->match;
}

static void add_sections(struct msg_builder *b, const struct entry *e)
{
    for (int s = 0; s < SECTION_COUNT; s++)
        for (size_t i = 0; i < e->counts[s]; i++)
            msg_add_rr(b, (enum section)s, &e->rrs[s][i]);
}

size_t entry_query(const struct entry *e, uint16_t id, uint8_t *out, size_t cap)
{
    struct msg_builder b;
    struct edns edns = {.present = true, .dnssec_ok = e->dnssec_ok, .udp_size = MSG_MAX_LEN};
    msg_build(&b, out, cap, id, e->flags, RCODE_NOERROR);
    if (e->has_question)
        msg_add_question(&b, e->question.name, e->question.type, e->question.class);
    add_sections(&b, e);
    msg_add_edns(&b, &edns);
    return b.truncated ? 0 : msg_finish(&b, false);
}

/* Builds all but the sections beyond the question when `cut`. */
static size_t build(const struct entry *e, const struct msg *query, bool cut, uint8_t *out, size_t cap)
{
    struct msg_builder b;
    uint16_t flags = (uint16_t)(e->flags | (cut ? FLAG_TC : 0));
    msg_build(&b, out, cap, e->adjust & ADJUST_COPY_ID ? query->id : 0, flags, e->rcode);
    const struct msg_question *q = &e->question;
    bool as_asked = (e->adjust & ADJUST_COPY_QUERY) || ((e->adjust & ADJUST_COPY_ID) && e->has_question &&
                                                           name_equal(q->name, query->question.name));
    const name_t *name = as_asked ? query->question.name : q->name;
    if (e->adjust & ADJUST_COPY_QUERY)
        q = &query->question;
    if (e->has_question || (e->adjust & ADJUST_COPY_QUERY))
        msg_add_question(&b, name, q->type, q->class);
    if (!cut)
        add_sections(&b, e);
    if (e->dnssec_ok || e->rcode > 15) {
        struct edns edns = {.present = true, .dnssec_ok = e->dnssec_ok, .udp_size = UDP_SIZE_DEFAULT};
        msg_add_edns(&b, &edns);
    }
    return msg_finish(&b, false);
}

size_t entry_answer(
    const struct entry *e, const struct msg *query, enum transport t, uint8_t *out, size_t cap)
{
    if (e->adjust & ADJUST_DO_NOT_ANSWER)
        return 0;
    if (e->raw) {
        size_t n = e->raw_len < cap ? e->raw_len : cap;
        memcpy(out, e->raw, n);
        if ((e->adjust & (ADJUST_RAW_ID | ADJUST_COPY_ID)) && n >= 2)
            put_u16(out, query->id);
        return n;
    }
    size_t n = build(e, query, false, out, cap);
    size_t room = UDP_SIZE_PLAIN;
    if (query->edns.present && query->edns.udp_size > room)
        room = query->edns.udp_size;
    return t == TRANSPORT_UDP && n > room ? build(e, query, true, out, cap) : n;
}

void entry_to_msg(const struct entry *e, struct msg *out)
{
    *out = (struct msg){.flags = (uint16_t)(e->flags | (e->rcode & 15)),
        .rcode = e->rcode,
        .qdcount = e->has_question,
        .question = e->question};
    for (int s = 0; s < SECTION_COUNT; s++) {
        out->rrs[s] = e->rrs[s];
        out->counts[s] = e->counts[s];
    }
}

void match_to_text(struct text *t, unsigned set)
{
    static const struct {
        unsigned bit;
        const char *word;
    } words[] = {{MATCH_OPCODE, "opcode"}, {MATCH_QTYPE, "qtype"}, {MATCH_QNAME, "qname"},
        {MATCH_QCASE, "letter case of qname"}, {MATCH_SUBDOMAIN, "subdomain"}, {MATCH_FLAGS, "flags"},
        {MATCH_RCODE, "rcode"}, {MATCH_ANSWER, "answer"}, {MATCH_AUTHORITY, "authority"},
        {MATCH_ADDITIONAL, "additional"}, {MATCH_TTL, "ttl"}, {MATCH_UDP, "UDP"}, {MATCH_TCP, "TCP"},
        {MATCH_EDE, "extended error"}};
    const char *before = "";
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (set & words[i].bit) {
            text_add(t, before);
            text_add(t, words[i].word);
            before = ", ";
        }
}
