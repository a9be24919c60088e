#include "dns/msg.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "dns/rdata.h"

#define POINTER_BITS 0xc000u  /* RFC 1035 4.1.4 */
#define POINTER_REACH 0x4000u /* offsets of 14 bits */
#define RR_MIN_LEN 11u        /* root owner, type, class, TTL, empty RDATA */
#define RCODE_LOW 0x000fu
#define RCODE_HIGHEST 0x0fffu /* 12 bits, with those of the OPT: RFC 6891 6.1.3 */
#define OPCODE_OF(flags) ((uint16_t)((flags) >> 11 & 15u))

/* ---- reading ---- */

/* A name read already. Records of one RRset, and most answers, repeat their owner as a pointer:
 * they share it. */
struct known_name {
    size_t at; /* 0: none; no name starts there */
    const name_t *name;
};

struct parse {
    struct msg *m;
    struct reader r;
    struct arena *a;
    struct known_name last, question;
};

static const name_t *read_owner(struct parse *p)
{
    const struct reader *r = &p->r;
    size_t at = r->pos;
    bool pointer = reader_left(r) >= 2 && r->data[at] >= 0xc0;
    if (pointer)
        at = get_u16(r->data + at) & (POINTER_REACH - 1);
    const struct known_name *known = NULL;
    if (pointer && at == p->question.at)
        known = &p->question;
    else if (pointer && at == p->last.at)
        known = &p->last;
    if (known && known->at) {
        p->r.pos += 2;
        return known->name;
    }
    if (reader_left(r) >= 1 && r->data[r->pos] == 0) {
        p->r.pos++;
        return NAME_ROOT;
    }
    name_t buf[NAME_MAX_LEN];
    size_t len = name_read(&p->r, true, buf);
    if (!len)
        return NULL;
    p->last = (struct known_name){.at = at, .name = arena_copy(p->a, buf, len)};
    return p->last.name;
}

static enum msg_fault read_questions(struct parse *p)
{
    struct msg_question *q = &p->m->question;
    for (unsigned i = 0; i < p->m->qdcount; i++) {
        name_t other[NAME_MAX_LEN];
        /* Nothing stands before the first question that its name could point to. */
        name_read(&p->r, i > 0, i == 0 ? q->name : other);
        uint16_t type = read_u16(&p->r), class = read_u16(&p->r);
        if (p->r.bad)
            return MSG_BAD_QUESTION;
        if (i == 0) {
            q->type = type;
            q->class = class;
            p->question = (struct known_name){.at = MSG_HEADER_LEN, .name = q->name};
        }
    }
    return MSG_OK;
}

/* RFC 6891 6.1.1: in the additional section, owned by the root, once. */
static enum msg_fault read_opt(struct parse *p, const struct rr *rr, enum section s, uint16_t rdlen)
{
    struct edns *e = &p->m->edns;
    if (s != SECTION_ADDITIONAL || !name_is_root(rr->owner))
        return MSG_BAD_OPT;
    if (e->present)
        return MSG_OPT_TWICE;
    const uint8_t *data = read_octets(&p->r, rdlen);
    if (!data)
        return MSG_BAD_RECORD;
    enum err err = edns_read(e, rr->class, rr->ttl, data, rdlen, p->a);
    p->m->rcode |= (uint16_t)(e->ext_rcode << 4);
    if (err)
        return MSG_BAD_OPT;
    /* RFC 7871 6: the scope is the answerer's to set. */
    if (!(p->m->flags & FLAG_QR) && e->subnet_present && e->subnet_scope != 0)
        return MSG_BAD_OPT;
    return MSG_OK;
}

/* One record into out, or an OPT (out->type tells) into the message. */
static enum msg_fault read_record(struct parse *p, enum section s, struct rr *out)
{
    out->owner = read_owner(p);
    out->type = read_u16(&p->r);
    out->class = read_u16(&p->r);
    out->ttl = read_u32(&p->r);
    uint16_t rdlen = read_u16(&p->r);
    if (p->r.bad)
        return MSG_BAD_RECORD;
    if (out->type == TYPE_OPT)
        return read_opt(p, out, s, rdlen);
    if (reader_left(&p->r) < rdlen)
        return MSG_BAD_RECORD;
    if (rdata_read(&p->r, out->type, out->class, rdlen, p->a, &out->rdata))
        return MSG_BAD_RECORD;
    return MSG_OK;
}

static enum msg_fault read_section(struct parse *p, enum section s, unsigned count)
{
    struct msg *m = p->m;
    for (unsigned i = 0; i < count; i++) {
        if (m->tsig)
            return MSG_BAD_RECORD; /* RFC 8945 5.1: TSIG is the last record */
        struct rr *rr = &m->rrs[s][m->counts[s]];
        enum msg_fault fault = read_record(p, s, rr);
        if (fault)
            return fault;
        if (rr->type == TYPE_OPT)
            continue;
        if (rr->type == TYPE_TSIG) {
            if (s != SECTION_ADDITIONAL)
                return MSG_BAD_RECORD;
            m->tsig = true;
        }
        m->counts[s]++;
    }
    return MSG_OK;
}

enum msg_fault msg_parse(struct msg *out, const uint8_t *wire, size_t len, struct arena *a)
{
    memset(out, 0, sizeof *out);
    struct parse p = {.m = out, .r = reader_of(wire, len), .a = a};
    const uint8_t *header = read_octets(&p.r, MSG_HEADER_LEN);
    if (!header)
        return MSG_NO_HEADER;
    out->id = get_u16(header);
    out->flags = get_u16(header + 2);
    out->opcode = OPCODE_OF(out->flags);
    out->rcode = out->flags & RCODE_LOW;
    out->qdcount = get_u16(header + 4);
    enum msg_fault fault = read_questions(&p);
    if (fault)
        return fault;
    size_t counts[SECTION_COUNT], total = 0;
    for (unsigned s = 0; s < SECTION_COUNT; s++)
        total += counts[s] = get_u16(header + 6 + 2 * s);
    /* Judged before memory is taken: a header alone may promise 196,605 records. */
    if (total * RR_MIN_LEN > reader_left(&p.r))
        return MSG_BAD_RECORD;
    if (total > MSG_MAX_RRS)
        return MSG_TOO_MANY;
    struct rr *rrs = ARENA_ARRAY(a, struct rr, total ? total : 1);
    for (unsigned s = 0; s < SECTION_COUNT; s++) {
        out->rrs[s] = rrs;
        fault = read_section(&p, (enum section)s, (unsigned)counts[s]);
        if (fault)
            return fault;
        rrs += counts[s];
    }
    out->trailing = reader_left(&p.r);
    return MSG_OK;
}

/* ---- building ---- */

#define NO_TARGET 0xffu
/* Slots looked at for one label: with a table less than half full more are needed only by names made to
 * collide, and those go uncompressed (CVE-2024-8508). */
#define PROBES_MAX 8u

/* Of the label with its length octet, letter case taken off:
 * 0x20 also merges a few other octets, which the comparison tells apart. */
static uint32_t hash_label(const uint8_t *label, uint8_t parent)
{
    const uint64_t fold = 0x2020202020202020u, odd = 0x9e3779b97f4a7c15u; /* 2^64 / golden ratio */
    uint64_t h = parent * odd, w;
    size_t n = *label + 1u, i = 0;
    for (; i + 8 <= n; i += 8) {
        memcpy(&w, label + i, 8);
        h = ((h ^ (w | fold)) * odd) ^ h >> 29;
    }
    for (w = 0; i < n; i++)
        w = w << 8 | label[i];
    h = (h ^ (w | fold)) * odd;
    return (uint32_t)(h >> 40);
}

static bool same_label(const uint8_t *a, const uint8_t *b)
{
    if (*a != *b)
        return false;
    for (unsigned i = 1; i <= *a; i++) {
        unsigned x = a[i], y = b[i];
        if (x != y && ((x ^ y) != 0x20 || (x | 0x20) < 'a' || (x | 0x20) > 'z'))
            return false;
    }
    return true;
}

/* The target that is `label` before `parent`, or NO_TARGET; *slot is then where it may be entered, or
 * COMPRESS_SLOTS if the probes ended. */
static uint8_t find_target(const struct msg_builder *b, const uint8_t *label, uint8_t parent, unsigned *slot)
{
    uint32_t h = hash_label(label, parent);
    for (unsigned i = 0; i < PROBES_MAX; i++) {
        *slot = (h + i) % COMPRESS_SLOTS;
        unsigned v = b->slots[*slot];
        if (v == 0)
            return NO_TARGET;
        if (b->parents[v - 1] == parent && same_label(b->w.data + b->targets[v - 1], label))
            return (uint8_t)(v - 1);
    }
    *slot = COMPRESS_SLOTS;
    return NO_TARGET;
}

static uint8_t add_target(struct msg_builder *b, size_t offset, uint8_t parent, unsigned slot)
{
    if (b->target_count == COMPRESS_TARGETS_MAX || offset >= POINTER_REACH || slot == COMPRESS_SLOTS)
        return NO_TARGET;
    b->targets[b->target_count] = (uint16_t)offset;
    b->parents[b->target_count] = parent;
    b->slots[slot] = (uint8_t)(b->target_count + 1);
    return (uint8_t)b->target_count++;
}

static void write_pointer(struct msg_builder *b, uint16_t offset)
{
    write_u16(&b->w, (uint16_t)(POINTER_BITS | offset));
}

/* Writes the name with its longest known suffix as a pointer, and remembers the new suffixes. Labels are
 * looked up from the root down, each below the target of its parent: one step a label, linear in the name. */
static void write_name(struct msg_builder *b, const name_t *n)
{
    uint8_t starts[NAME_MAX_LABELS + 1]; /* of each label, and of the root's octet */
    unsigned left = 0;                   /* labels not covered by a target, counted from the first */
    for (starts[0] = 0; n[starts[left]]; left++)
        starts[left + 1] = (uint8_t)(starts[left] + n[starts[left]] + 1u);
    uint8_t target = NO_TARGET;
    unsigned slot = COMPRESS_SLOTS;
    while (left > 0) {
        uint8_t deeper = find_target(b, n + starts[left - 1], target, &slot);
        if (deeper == NO_TARGET)
            break;
        target = deeper;
        left--;
    }
    size_t base = b->w.pos;
    write_octets(&b->w, n, starts[left]);
    if (target != NO_TARGET)
        write_pointer(b, b->targets[target]);
    else
        write_u8(&b->w, 0);
    if (b->w.bad)
        return;
    while (left > 0) {
        left--;
        target = add_target(b, base + starts[left], target, slot);
        if (target == NO_TARGET || left == 0)
            break;
        find_target(b, n + starts[left - 1], target, &slot);
    }
}

/* What to go back to when a record does not fit. */
struct mark {
    size_t pos;
    bool bad; /* it was too late already: the builder stays bad */
    unsigned target_count, ttl_count;
    uint16_t count;
};

static struct mark mark_of(const struct msg_builder *b, unsigned section)
{
    return (struct mark){
        .pos = b->w.pos,
        .bad = b->w.bad,
        .target_count = b->target_count,
        .ttl_count = b->ttl_count,
        .count = b->counts[section],
    };
}

/* If something did not fit: undoes all since the mark and says so. */
static bool settle(struct msg_builder *b, unsigned section, const struct mark *mark)
{
    if (!b->w.bad)
        return true;
    b->w.pos = mark->pos;
    b->w.bad = mark->bad;
    b->truncated = true;
    b->ttl_count = mark->ttl_count;
    b->counts[section] = mark->count;
    /* The youngest targets go, so no probe sequence of an older one is broken. */
    for (unsigned i = 0; i < COMPRESS_SLOTS && b->target_count > mark->target_count; i++)
        if (b->slots[i] > mark->target_count)
            b->slots[i] = 0;
    b->target_count = mark->target_count;
    return false;
}

void msg_build(struct msg_builder *b, uint8_t *buf, size_t cap, uint16_t id, uint16_t flags, uint16_t rcode)
{
    b->w = writer_of(buf, cap < MSG_MAX_LEN ? cap : MSG_MAX_LEN);
    memset(b->counts, 0, sizeof b->counts);
    memset(b->slots, 0, sizeof b->slots);
    b->rcode = rcode;
    b->target_count = 0;
    b->truncated = false;
    b->ttl_count = b->ttl_cap = 0;
    b->ttl_offsets = NULL;
    uint8_t *header = write_room(&b->w, MSG_HEADER_LEN);
    if (!header)
        return;
    memset(header, 0, MSG_HEADER_LEN);
    put_u16(header, id);
    put_u16(header + 2, (uint16_t)((flags & ~RCODE_LOW) | (rcode & RCODE_LOW)));
}

void msg_add_question(struct msg_builder *b, const name_t *name, uint16_t type, uint16_t class)
{
    assert(b->counts[1] == 0 && b->counts[2] == 0 && b->counts[3] == 0);
    write_name(b, name);
    write_u16(&b->w, type);
    write_u16(&b->w, class);
    b->counts[0]++;
}

static void write_piece(void *ctx, const uint8_t *p, size_t len, bool compressible_name)
{
    struct msg_builder *b = ctx;
    if (compressible_name)
        write_name(b, p);
    else
        write_octets(&b->w, p, len);
}

/* All of a record after its owner. */
static void write_record(
    struct msg_builder *b, uint16_t type, uint16_t class, uint32_t ttl, const struct rdata *rd)
{
    write_u16(&b->w, type);
    write_u16(&b->w, class);
    if (b->ttl_offsets && b->ttl_count < b->ttl_cap)
        b->ttl_offsets[b->ttl_count++] = (uint16_t)b->w.pos;
    write_u32(&b->w, ttl);
    size_t start = b->w.pos + 2;
    uint8_t *length = write_room(&b->w, 2);
    if (rd->len)
        rdata_pieces(type, rd, write_piece, b);
    if (length && !b->w.bad)
        put_u16(length, (uint16_t)(b->w.pos - start));
}

static unsigned section_index(const struct msg_builder *b, enum section s)
{
    for (unsigned i = (unsigned)s + 2; i < 4; i++)
        assert(b->counts[i] == 0);
    return (unsigned)s + 1;
}

/* The first owner in full or compressed; the others, as equal as can be, point to it. */
static void write_owner(struct msg_builder *b, const name_t *owner, size_t *at)
{
    if (*at && *at < POINTER_REACH && !name_is_root(owner)) {
        write_pointer(b, (uint16_t)*at);
        return;
    }
    *at = b->w.pos;
    write_name(b, owner);
    /* A pointer to a pointer would be right but costs readers a hop. */
    if (!b->w.bad && b->w.data[*at] >= 0xc0)
        *at = get_u16(b->w.data + *at) & (POINTER_REACH - 1);
}

static void write_sigs(struct msg_builder *b, unsigned section, const struct rrset *rs, size_t *at)
{
    for (unsigned i = 0; i < rs->sig_count && !b->w.bad; i++) {
        write_owner(b, rs->owner, at);
        write_record(b, TYPE_RRSIG, rs->class, rs->ttl, &rs->sigs[i]);
        b->counts[section]++;
    }
}

bool msg_add_rrset(
    struct msg_builder *b, enum section s, const struct rrset *rs, bool with_sigs, unsigned first)
{
    unsigned section = section_index(b, s);
    struct mark mark = mark_of(b, section);
    size_t at = 0;
    for (unsigned i = 0; i < rs->count && !b->w.bad; i++) {
        write_owner(b, rs->owner, &at);
        write_record(b, rs->type, rs->class, rs->ttl, &rs->rdata[((size_t)first + i) % rs->count]);
        b->counts[section]++;
    }
    if (with_sigs)
        write_sigs(b, section, rs, &at);
    return settle(b, section, &mark);
}

bool msg_add_sigs(struct msg_builder *b, enum section s, const struct rrset *rs)
{
    unsigned section = section_index(b, s);
    struct mark mark = mark_of(b, section);
    size_t at = 0;
    write_sigs(b, section, rs, &at);
    return settle(b, section, &mark);
}

bool msg_add_rr(struct msg_builder *b, enum section s, const struct rr *rr)
{
    unsigned section = section_index(b, s);
    struct mark mark = mark_of(b, section);
    write_name(b, rr->owner);
    write_record(b, rr->type, rr->class, rr->ttl, &rr->rdata);
    b->counts[section]++;
    return settle(b, section, &mark);
}

void msg_add_edns(struct msg_builder *b, const struct edns *e)
{
    struct mark mark = mark_of(b, 3);
    size_t at = b->w.pos;
    edns_write(&b->w, e);
    b->counts[3]++;
    /* The upper bits stand in the first octet of the TTL field: after owner, type and class. */
    if (settle(b, 3, &mark))
        b->w.data[at + 5] |= (uint8_t)(b->rcode >> 4);
}

size_t msg_finish(struct msg_builder *b, bool set_tc)
{
    if (b->w.bad || b->w.pos < MSG_HEADER_LEN)
        return 0;
    uint8_t *header = b->w.data;
    if (b->truncated && set_tc)
        header[2] |= FLAG_TC >> 8;
    for (unsigned i = 0; i < 4; i++)
        put_u16(header + 4 + 2 * i, b->counts[i]);
    return b->w.pos;
}

size_t msg_query(
    uint8_t *buf, size_t cap, uint16_t id, uint16_t flags, const struct msg_question *q, const struct edns *e)
{
    struct msg_builder b;
    msg_build(&b, buf, cap, id, flags, RCODE_NOERROR);
    msg_add_question(&b, q->name, q->type, q->class);
    if (e && e->present)
        msg_add_edns(&b, e);
    return b.truncated ? 0 : msg_finish(&b, false);
}

/* ---- names of codes ---- */

const char *rcode_name(uint16_t rcode)
{
    switch (rcode) {
#define RCODE(name, code)                                                                                    \
    case code:                                                                                               \
        return #name;
#include "defs/rcode.def"
#undef RCODE
    default:
        return NULL;
    }
}

void rcode_to_text(struct text *t, uint16_t rcode)
{
    const char *name = rcode_name(rcode);
    if (name)
        text_add(t, name);
    else
        text_printf(t, "RCODE%u", rcode);
}

enum err rcode_from_text(uint16_t *out, const char *text)
{
    static const struct {
        const char *name;
        uint16_t code;
    } rows[] = {
#define RCODE(name, code) {#name, code},
#include "defs/rcode.def"
#undef RCODE
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcasecmp(text, rows[i].name) == 0) {
            *out = rows[i].code;
            return ERR_OK;
        }
    }
    uint32_t n = 0;
    size_t digits = strncasecmp(text, "RCODE", 5) == 0 ? strspn(text + 5, "0123456789") : 0;
    if (digits == 0 || digits > 4 || text[5 + digits])
        return ERR_UNKNOWN;
    for (size_t i = 0; i < digits; i++)
        n = n * 10 + (uint32_t)(text[5 + i] - '0');
    if (n > RCODE_HIGHEST)
        return ERR_UNKNOWN;
    *out = (uint16_t)n;
    return ERR_OK;
}

const char *opcode_name(uint16_t opcode)
{
    switch (opcode) {
    case OPCODE_QUERY:
        return "QUERY";
    case OPCODE_IQUERY:
        return "IQUERY";
    case OPCODE_STATUS:
        return "STATUS";
    case OPCODE_NOTIFY:
        return "NOTIFY";
    case OPCODE_UPDATE:
        return "UPDATE";
    case OPCODE_DSO:
        return "DSO";
    default:
        return NULL;
    }
}
