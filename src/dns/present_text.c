/* Records and messages as text, as who asks wants to see them. */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/utf8.h"
#include "dns/present.h"
#include "dns/rdata.h"
#include "dns/token.h"

/* Columns of TTL, class, type and RDATA, as dig has them. */
#define COLUMN_TTL 24u
#define COLUMN_CLASS 32u
#define COLUMN_TYPE 40u
#define COLUMN_RDATA 48u
#define WRAP_INDENT 32u /* of the lines of a record in parentheses */
#define WRAP_WIDTH 44u  /* characters of a key or signature on each of them */

const struct present PRESENT_USUAL = {
    .comments = true, .question = true, .sections = {true, true, true}, .ttl = true, .class = true};

/* ---- columns ---- */

/* Of the line that begins at from, as a terminal shows it. */
static size_t columns(const struct text *t, size_t from)
{
    size_t n = 0, len;
    uint32_t c;
    for (size_t at = from; at < t->len; at += len) {
        len = utf8_read(t->data + at, t->len - at, &c);
        int width = len ? wcwidth((wchar_t)c) : 1;
        len = len ? len : 1;
        n += width < 0 ? 1u : (size_t)width;
    }
    return n;
}

/* Spaces up to the column of the line that begins at from, at least one. */
static void pad(struct text *t, size_t from, size_t column)
{
    size_t n = columns(t, from);
    do
        text_char(t, ' ');
    while (++n < column);
}

/* "1h30m". */
static void add_duration(struct text *t, uint32_t seconds)
{
    static const struct {
        char letter;
        uint32_t seconds;
    } units[] = {{'w', 604800}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
    if (seconds == 0)
        text_add(t, "0s");
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (seconds >= units[i].seconds)
            text_printf(t, "%u%c", seconds / units[i].seconds, units[i].letter);
        seconds %= units[i].seconds;
    }
}

/* ---- RDATA ---- */

static const char *algorithm_name(uint8_t number)
{
    switch (number) {
#define ALGORITHM(name, code, mnemonic, verified)                                                            \
    case code:                                                                                               \
        return mnemonic;
#include "defs/algorithm.def"
#undef ALGORITHM
    default:
        return NULL;
    }
}

static bool is_key(uint16_t type)
{
    return type == TYPE_DNSKEY || type == TYPE_CDNSKEY || type == TYPE_KEY;
}

/* Fields before the key, signature or digest that ends RDATA; 0: it has none. */
static unsigned fields_before_crypto(uint16_t type)
{
    switch (type) {
    case TYPE_DNSKEY:
    case TYPE_CDNSKEY:
    case TYPE_KEY:
    case TYPE_DS:
    case TYPE_CDS:
    case TYPE_TLSA:
    case TYPE_SMIMEA:
        return 3;
    case TYPE_RRSIG:
    case TYPE_SIG:
        return 8;
    default:
        return 0;
    }
}

static void omit_crypto(struct text *t, size_t from, const struct rr *rr)
{
    unsigned left = fields_before_crypto(rr->type);
    if (!left)
        return;
    char *p = t->data + from;
    for (; left && *p; left--) {
        p += strcspn(p, " ");
        p += strspn(p, " ");
    }
    if (left || !*p)
        return;
    t->len = (size_t)(p - t->data);
    t->data[t->len] = 0;
    if (is_key(rr->type))
        text_printf(t, "[key id = %u]", rdata_key_tag(&rr->rdata));
    else
        text_add(t, "[omitted]");
}

static void add_indent(struct text *t)
{
    text_printf(t, "\n%*s", (int)WRAP_INDENT, "");
}

/* The numbers of a SOA, each with its meaning. */
static void wrap_soa(struct text *t, char *fields)
{
    static const char *const meanings[] = {"serial", "refresh", "retry", "expire", "minimum"};
    char *rest = NULL, *word = strtok_r(fields, " ", &rest);
    for (unsigned i = 0; word; i++, word = strtok_r(NULL, " ", &rest)) {
        if (i < 2) {
            text_printf(t, "%s ", word);
            continue;
        }
        if (i == 2)
            text_char(t, '(');
        add_indent(t);
        text_printf(t, "%-10s ; %s", word, i - 2 < 5 ? meanings[i - 2] : "");
        if (i > 2) {
            text_add(t, " (");
            add_duration(t, (uint32_t)strtoul(word, NULL, 10));
            text_char(t, ')');
        }
    }
    add_indent(t);
    text_char(t, ')');
}

/* Of the field that begins at p; inside quotes nothing is parted. */
static const char *field_end(const char *p)
{
    for (bool quoted = false; *p && (quoted || *p != ' '); p++) {
        if (*p == '\\' && p[1])
            p++;
        else if (*p == '"')
            quoted = !quoted;
    }
    return p;
}

/* Fields on lines of their own where they would be too long for one; only keys and the like are cut. */
static void wrap_fields(struct text *t, const char *p, unsigned head, unsigned crypto_at)
{
    size_t used = 0;
    for (unsigned i = 0; *p; i++) {
        size_t n = (size_t)(field_end(p) - p);
        if (i == head) {
            text_add(t, i ? " (" : "(");
            used = WRAP_WIDTH;
        }
        bool crypto = crypto_at && i >= crypto_at;
        for (size_t done = 0; done < n;) {
            size_t some = crypto && n - done > WRAP_WIDTH ? WRAP_WIDTH : n - done;
            if (i >= head && used + some > WRAP_WIDTH) {
                add_indent(t);
                used = 0;
            } else if (i && done == 0) {
                text_char(t, ' ');
            }
            text_add_n(t, p + done, some);
            used += some + 1;
            done += some;
        }
        p += n + (p[n] == ' ');
    }
    text_add(t, " )");
}

static void wrap(struct text *t, size_t from, const struct rr *rr)
{
    unsigned head = fields_before_crypto(rr->type);
    bool fits = t->len - from <= COLUMN_RDATA || field_end(t->data + from) == t->data + t->len;
    if (rr->type != TYPE_SOA && fits)
        return;
    char *line = strdup(t->data + from);
    t->len = from;
    if (line && rr->type == TYPE_SOA)
        wrap_soa(t, line);
    else if (line)
        wrap_fields(t, line, rr->type == TYPE_RRSIG ? 4 : head, head);
    free(line);
}

static void add_key_comment(struct text *t, const struct rr *rr)
{
    if (!is_key(rr->type) || rr->rdata.len < 4)
        return;
    const char *algorithm = algorithm_name(rr->rdata.data[3]);
    text_printf(t, " ; %s; alg = ", rr->rdata.data[1] & 1 ? "KSK" : "ZSK");
    if (algorithm)
        text_add(t, algorithm);
    else
        text_printf(t, "%u", rr->rdata.data[3]);
    text_printf(t, "; key id = %u", rdata_key_tag(&rr->rdata));
}

static void generic_to_text(struct text *t, const struct rdata *rd)
{
    text_printf(t, "\\# %u", rd->len);
    if (rd->len)
        text_char(t, ' ');
    text_hex(t, rd->data, rd->len);
}

void rr_data_to_text(struct text *t, const struct rr *rr, const struct present *p)
{
    size_t from = t->len;
    if (p->generic) {
        generic_to_text(t, &rr->rdata);
        return;
    }
    rdata_to_text(t, rr->type, rr->class, &rr->rdata);
    if (p->omit_crypto)
        omit_crypto(t, from, rr);
    if (p->respell)
        p->respell(t, from);
    if (p->multiline)
        wrap(t, from, rr);
    if (p->key_tags || p->multiline)
        add_key_comment(t, rr);
}

/* ---- records ---- */

void rr_to_text_as(struct text *t, const struct rr *rr, const struct present *p)
{
    size_t line = t->len, at = COLUMN_TTL;
    name_to_text(t, rr->owner);
    if (p->respell)
        p->respell(t, line);
    pad(t, line, at);
    if (p->ttl && p->ttl_units)
        add_duration(t, rr->ttl);
    else if (p->ttl)
        text_printf(t, "%u", rr->ttl);
    if (p->ttl)
        pad(t, line, at += COLUMN_CLASS - COLUMN_TTL);
    if (p->class) {
        if (p->generic)
            text_printf(t, "CLASS%u", rr->class);
        else
            rrclass_to_text(t, rr->class);
        pad(t, line, at += COLUMN_TYPE - COLUMN_CLASS);
    }
    if (p->generic)
        text_printf(t, "TYPE%u", rr->type);
    else
        rrtype_to_text(t, rr->type);
    pad(t, line, at + COLUMN_RDATA - COLUMN_TYPE);
    rr_data_to_text(t, rr, p);
    text_char(t, '\n');
}

void rr_to_text(struct text *t, const struct rr *rr)
{
    rr_to_text_as(t, rr, &PRESENT_USUAL);
}

/* ---- messages ---- */

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
    if (m->flags & FLAG_Z)
        text_add(t, "; MBZ: 0x4"); /* as dig calls the bit that must be zero */
    text_printf(t, "; QUERY: %u, ANSWER: %zu, AUTHORITY: %zu, ADDITIONAL: %zu\n", m->qdcount,
        m->counts[SECTION_ANSWER], m->counts[SECTION_AUTHORITY],
        m->counts[SECTION_ADDITIONAL] + m->edns.present);
}

static void question_to_text(struct text *t, const struct msg_question *q, const struct present *p)
{
    size_t line = t->len;
    text_char(t, ';');
    name_to_text(t, q->name);
    if (p->respell)
        p->respell(t, line + 1);
    pad(t, line, COLUMN_CLASS);
    if (p->class) {
        rrclass_to_text(t, q->class);
        pad(t, line, COLUMN_TYPE);
    }
    rrtype_to_text(t, q->type);
    text_char(t, '\n');
}

static void section_to_text(struct text *t, const struct msg *m, enum section s, const struct present *p)
{
    static const char *const titles[SECTION_COUNT] = {"ANSWER", "AUTHORITY", "ADDITIONAL"};
    if (!m->counts[s] || !p->sections[s])
        return;
    if (p->comments)
        text_printf(t, "\n;; %s SECTION:\n", titles[s]);
    for (size_t i = 0; i < m->counts[s]; i++)
        rr_to_text_as(t, &m->rrs[s][i], p);
}

void msg_to_text_as(struct text *t, const struct msg *m, const struct present *p)
{
    if (p->comments) {
        header_to_text(t, m);
        if (m->edns.present) {
            text_add(t, "\n;; OPT PSEUDOSECTION:\n");
            edns_to_text(t, &m->edns);
        }
    }
    if (m->qdcount && p->question) {
        if (p->comments)
            text_add(t, m->edns.present ? ";; QUESTION SECTION:\n" : "\n;; QUESTION SECTION:\n");
        question_to_text(t, &m->question, p);
    }
    for (int s = 0; s < SECTION_COUNT; s++)
        section_to_text(t, m, (enum section)s, p);
}

void msg_to_text(struct text *t, const struct msg *m)
{
    msg_to_text_as(t, m, &PRESENT_USUAL);
}
