/* Records and messages as text. */
#include "dns/present.h"

#include "dns/rdata.h"
#include "dns/rdata_layout.h"
#include "dns/token.h"

/* Columns of TTL, class, type and RDATA, as dig has them. */
#define COLUMN_TTL 24
#define COLUMN_CLASS 32
#define COLUMN_TYPE 40
#define COLUMN_RDATA 48

void rr_to_text(struct text *t, const struct rr *rr)
{
    name_to_text(t, rr->owner);
    text_column(t, COLUMN_TTL);
    text_printf(t, "%u", rr->ttl);
    text_column(t, COLUMN_CLASS);
    rrclass_to_text(t, rr->class);
    text_column(t, COLUMN_TYPE);
    rrtype_to_text(t, rr->type);
    text_column(t, COLUMN_RDATA);
    rdata_to_text(t, rr->type, rr->class, &rr->rdata);
    text_char(t, '\n');
}

/* TTL and class in either order, then the type. */
static enum err read_head(struct rr *out, struct lexer *l)
{
    bool ttl_seen = false, class_seen = false;
    struct token k;
    while (lexer_next(l, &k)) {
        if (k.quoted)
            return ERR_FORMAT;
        if (!ttl_seen && k.text[0] >= '0' && k.text[0] <= '9') {
            enum err e = token_ttl(&k, &out->ttl);
            if (e)
                return e;
            ttl_seen = true;
        } else if (!class_seen && rrclass_from_text(&out->class, k.text, k.len) == ERR_OK) {
            class_seen = true;
        } else {
            return rrtype_from_text(&out->type, k.text, k.len);
        }
    }
    return ERR_FORMAT;
}

enum err rr_from_text(
    struct rr *out, const char *line, size_t len, const name_t *origin, uint32_t default_ttl, struct arena *a)
{
    struct lexer l = lexer_of(line, len);
    struct token k;
    name_t owner[NAME_MAX_LEN];
    if (!lexer_next(&l, &k) || k.quoted)
        return ERR_FORMAT;
    enum err e = name_from_text(owner, k.text, k.len, origin);
    if (e)
        return e;
    struct rr rr = {.class = CLASS_IN, .ttl = default_ttl};
    e = read_head(&rr, &l);
    if (e)
        return e;
    struct rdata_kind kind = {.type = rr.type, .class = rr.class, .origin = origin};
    e = rdata_from_lexer(&rr.rdata, &kind, &l, a);
    if (e)
        return e;
    rr.owner = name_dup(owner, a);
    *out = rr;
    return ERR_OK;
}

static void header_to_text(struct text *t, const struct msg *m)
{
    static const struct {
        uint16_t bit;
        const char *name;
    } flags[] = {{FLAG_QR, "qr"}, {FLAG_AA, "aa"}, {FLAG_TC, "tc"}, {FLAG_RD, "rd"}, {FLAG_RA, "ra"},
        {FLAG_AD, "ad"}, {FLAG_CD, "cd"}};
    const char *opcode = opcode_name(m->opcode);
    text_add(t, ";; ->>HEADER<<- opcode: ");
    if (opcode)
        text_add(t, opcode);
    else
        text_printf(t, "OPCODE%u", m->opcode);
    text_add(t, ", status: ");
    rcode_to_text(t, m->rcode);
    text_printf(t, ", id: %u\n;; flags:", m->id);
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (m->flags & flags[i].bit)
            text_printf(t, " %s", flags[i].name);
    text_printf(t, "; QUERY: %u, ANSWER: %zu, AUTHORITY: %zu, ADDITIONAL: %zu\n", m->qdcount,
        m->counts[SECTION_ANSWER], m->counts[SECTION_AUTHORITY],
        m->counts[SECTION_ADDITIONAL] + m->edns.present);
}

static void question_to_text(struct text *t, const struct msg_question *q)
{
    text_char(t, ';');
    name_to_text(t, q->name);
    text_column(t, COLUMN_CLASS);
    rrclass_to_text(t, q->class);
    text_column(t, COLUMN_TYPE);
    rrtype_to_text(t, q->type);
    text_char(t, '\n');
}

void msg_to_text(struct text *t, const struct msg *m)
{
    static const char *const titles[SECTION_COUNT] = {"ANSWER", "AUTHORITY", "ADDITIONAL"};
    header_to_text(t, m);
    if (m->edns.present) {
        text_add(t, "\n;; OPT PSEUDOSECTION:\n");
        edns_to_text(t, &m->edns);
    }
    if (m->qdcount) {
        text_add(t, m->edns.present ? ";; QUESTION SECTION:\n" : "\n;; QUESTION SECTION:\n");
        question_to_text(t, &m->question);
    }
    for (int s = 0; s < SECTION_COUNT; s++) {
        if (!m->counts[s])
            continue;
        text_printf(t, "\n;; %s SECTION:\n", titles[s]);
        for (size_t i = 0; i < m->counts[s]; i++)
            rr_to_text(t, &m->rrs[s][i]);
    }
}
