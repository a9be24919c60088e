/* Messages as JSON objects and back (RFC 8427). */
#include <string.h>

#include "dns/present.h"
#include "dns/rdata.h"
#include "dns/rdata_layout.h"
#include "dns/token.h"

#define OPT_FIXED_LEN 11u /* root, type, class, TTL, RDLENGTH: RFC 6891 6.1.2 */

static const struct {
    const char *key;
    uint16_t bit;
} flag_keys[] = {{"QR", FLAG_QR}, {"AA", FLAG_AA}, {"TC", FLAG_TC}, {"RD", FLAG_RD}, {"RA", FLAG_RA},
    {"AD", FLAG_AD}, {"CD", FLAG_CD}};

static const char *const section_keys[SECTION_COUNT] = {"answerRRs", "authorityRRs", "additionalRRs"};

/* ---- to JSON ---- */

static void set_text(json_t *j, const char *key, struct text *t)
{
    json_object_set_new(j, key, json_stringn(t->data, t->len));
    text_clear(t);
}

static void set_name(json_t *j, const char *key, const name_t *n)
{
    char buf[NAME_TEXT_LEN];
    json_object_set_new(j, key, json_string(name_text(n, buf)));
}

static void set_number(json_t *j, const char *key, uint64_t v)
{
    json_object_set_new(j, key, json_integer((json_int_t)v));
}

json_t *rr_to_json(const struct rr *rr)
{
    json_t *j = json_object();
    struct text t;
    text_init(&t);
    set_name(j, "NAME", rr->owner);
    set_number(j, "TYPE", rr->type);
    rrtype_to_text(&t, rr->type);
    set_text(j, "TYPEname", &t);
    set_number(j, "CLASS", rr->class);
    /* The class of an OPT is a size and has no name. */
    if (rr->type != TYPE_OPT) {
        rrclass_to_text(&t, rr->class);
        set_text(j, "CLASSname", &t);
    }
    set_number(j, "TTL", rr->ttl);
    set_number(j, "RDLENGTH", rr->rdata.len);
    if (rdata_layout(rr->type, rr->class)) {
        char key[16] = "rdata";
        strncat(key, rrtype_name(rr->type), sizeof key - 1 - strlen(key));
        rdata_to_text(&t, rr->type, rr->class, &rr->rdata);
        set_text(j, key, &t);
    } else {
        text_hex(&t, rr->rdata.data, rr->rdata.len);
        set_text(j, "RDATAHEX", &t);
    }
    text_fini(&t);
    return j;
}

/* The OPT record again, as it was read if it was, else as it would be written. */
static json_t *edns_to_json(const struct edns *e)
{
    size_t len = edns_size(e);
    for (unsigned i = 0; i < e->option_count; i++)
        len += 4u + e->options[i].len;
    uint8_t *wire = mem_alloc(len);
    struct writer w = writer_of(wire, len);
    struct rr rr = {.owner = NAME_ROOT, .type = TYPE_OPT, .class = e->udp_size};
    if (e->option_count) {
        for (unsigned i = 0; i < e->option_count; i++) {
            write_u16(&w, e->options[i].code);
            write_u16(&w, e->options[i].len);
            write_octets(&w, e->options[i].data, e->options[i].len);
        }
        rr.ttl = (uint32_t)e->ext_rcode << 24 | (uint32_t)e->version << 16 | e->flags_raw;
        rr.rdata = (struct rdata){.data = wire, .len = (uint16_t)w.pos};
    } else {
        edns_write(&w, e);
        rr.class = get_u16(wire + 3);
        rr.ttl = get_u32(wire + 5) | e->flags_raw;
        rr.rdata = (struct rdata){.data = wire + OPT_FIXED_LEN, .len = (uint16_t)(w.pos - OPT_FIXED_LEN)};
    }
    json_t *j = rr_to_json(&rr);
    mem_free(wire);
    return j;
}

static void header_to_json(json_t *j, const struct msg *m)
{
    set_number(j, "ID", m->id);
    for (size_t i = 0; i < sizeof flag_keys / sizeof flag_keys[0]; i++) {
        json_object_set_new(j, flag_keys[i].key, json_boolean(m->flags & flag_keys[i].bit));
        if (flag_keys[i].bit == FLAG_QR)
            set_number(j, "Opcode", m->opcode);
    }
    /* The header's four bits: the upper eight are in the OPT. */
    set_number(j, "RCODE", m->rcode & 15);
    set_number(j, "QDCOUNT", m->qdcount);
    set_number(j, "ANCOUNT", m->counts[SECTION_ANSWER]);
    set_number(j, "NSCOUNT", m->counts[SECTION_AUTHORITY]);
    set_number(j, "ARCOUNT", m->counts[SECTION_ADDITIONAL] + m->edns.present);
}

static void question_to_json(json_t *j, const struct msg_question *q)
{
    struct text t;
    text_init(&t);
    set_name(j, "QNAME", q->name);
    set_number(j, "QTYPE", q->type);
    rrtype_to_text(&t, q->type);
    set_text(j, "QTYPEname", &t);
    set_number(j, "QCLASS", q->class);
    rrclass_to_text(&t, q->class);
    set_text(j, "QCLASSname", &t);
    text_fini(&t);
}

json_t *msg_to_json(const struct msg *m)
{
    json_t *j = json_object();
    header_to_json(j, m);
    if (m->qdcount)
        question_to_json(j, &m->question);
    for (int s = 0; s < SECTION_COUNT; s++) {
        bool opt = s == SECTION_ADDITIONAL && m->edns.present;
        if (!m->counts[s] && !opt)
            continue;
        json_t *list = json_array();
        for (size_t i = 0; i < m->counts[s]; i++)
            json_array_append_new(list, rr_to_json(&m->rrs[s][i]));
        if (opt)
            json_array_append_new(list, edns_to_json(&m->edns));
        json_object_set_new(j, section_keys[s], list);
    }
    return j;
}

/* ---- from JSON ---- */

/* A number of 0…max. ERR_NOTFOUND, ERR_FORMAT, ERR_RANGE. */
static enum err get_number(const json_t *j, const char *key, uint32_t max, uint32_t *out)
{
    const json_t *v = json_object_get(j, key);
    if (!v)
        return ERR_NOTFOUND;
    if (!json_is_integer(v))
        return ERR_FORMAT;
    json_int_t n = json_integer_value(v);
    if (n < 0 || n > (json_int_t)max)
        return ERR_RANGE;
    *out = (uint32_t)n;
    return ERR_OK;
}

static enum err get_number_or(const json_t *j, const char *key, uint32_t max, uint32_t absent, uint32_t *out)
{
    enum err e = get_number(j, key, max, out);
    if (e != ERR_NOTFOUND)
        return e;
    *out = absent;
    return ERR_OK;
}

static enum err get_name(const json_t *j, const char *key, name_t out[NAME_MAX_LEN])
{
    const json_t *v = json_object_get(j, key);
    if (!json_is_string(v))
        return v ? ERR_FORMAT : ERR_NOTFOUND;
    return name_from_text(out, json_string_value(v), json_string_length(v), NULL);
}

typedef enum err code_from_text_fn(uint16_t *out, const char *text, size_t len);

/* A type or class by its number, else by its name. */
static enum err get_code(
    const json_t *j, const char *key, const char *name_key, code_from_text_fn *read, uint16_t *out)
{
    uint32_t n;
    enum err e = get_number(j, key, 0xffff, &n);
    if (!e)
        *out = (uint16_t)n;
    if (e != ERR_NOTFOUND)
        return e;
    const json_t *v = json_object_get(j, name_key);
    if (!json_is_string(v))
        return v ? ERR_FORMAT : ERR_NOTFOUND;
    return read(out, json_string_value(v), json_string_length(v));
}

/* "rdataMX": … in presentation form, whatever the letter case of the key's end. */
static const json_t *find_rdata_text(const json_t *j, uint16_t type)
{
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)j, key, v)
    {
        uint16_t named;
        if (strncmp(key, "rdata", 5) == 0 && rrtype_from_text(&named, key + 5, strlen(key + 5)) == ERR_OK &&
            named == type)
            return v;
    }
    return NULL;
}

static enum err rdata_from_hex(struct rr *rr, const json_t *hex, struct arena *a)
{
    if (!json_is_string(hex))
        return ERR_FORMAT;
    size_t len = json_string_length(hex);
    if (len / 2 > RDATA_MAX_LEN)
        return ERR_RANGE;
    uint8_t *data = arena_alloc(a, len / 2);
    long n = text_unhex(json_string_value(hex), len, data, len / 2);
    if (n < 0)
        return ERR_FORMAT;
    rr->rdata = (struct rdata){.data = data, .len = (uint16_t)n};
    return rr->type == TYPE_OPT ? ERR_OK : rdata_check(rr->type, rr->class, data, (size_t)n);
}

static enum err rdata_from_json(struct rr *rr, const json_t *j, struct arena *a)
{
    const json_t *hex = json_object_get(j, "RDATAHEX");
    enum err e;
    if (hex) {
        e = rdata_from_hex(rr, hex, a);
    } else {
        const json_t *text = find_rdata_text(j, rr->type);
        if (!json_is_string(text))
            return ERR_FORMAT;
        e = rdata_from_text(
            &rr->rdata, rr->type, rr->class, json_string_value(text), json_string_length(text), NULL, a);
    }
    uint32_t rdlen = rr->rdata.len;
    if (!e)
        e = get_number_or(j, "RDLENGTH", RDATA_MAX_LEN, rdlen, &rdlen);
    return e ? e : rdlen == rr->rdata.len ? ERR_OK : ERR_FORMAT;
}

/* ERR_NOTFOUND of a member that must be there is a wrong form. */
static enum err required(enum err e)
{
    return e == ERR_NOTFOUND ? ERR_FORMAT : e;
}

enum err rr_from_json(struct rr *out, const json_t *j, struct arena *a)
{
    name_t owner[NAME_MAX_LEN];
    struct rr rr = {.class = CLASS_IN};
    enum err e = required(get_name(j, "NAME", owner));
    if (!e)
        e = required(get_code(j, "TYPE", "TYPEname", rrtype_from_text, &rr.type));
    if (e)
        return e;
    e = get_code(j, "CLASS", "CLASSname", rrclass_from_text, &rr.class);
    if (e && e != ERR_NOTFOUND)
        return e;
    e = get_number_or(j, "TTL", UINT32_MAX, 0, &rr.ttl);
    if (!e)
        e = rdata_from_json(&rr, j, a);
    if (e)
        return e;
    rr.owner = name_dup(owner, a);
    *out = rr;
    return ERR_OK;
}

static enum err opt_from_json(struct msg *m, const struct rr *opt, enum section s, struct arena *a)
{
    if (m->edns.present || s != SECTION_ADDITIONAL || !name_is_root(opt->owner))
        return ERR_FORMAT;
    enum err e = edns_read(&m->edns, opt->class, opt->ttl, opt->rdata.data, opt->rdata.len, a);
    m->rcode = (uint16_t)(m->rcode | m->edns.ext_rcode << 4);
    return e;
}

static enum err section_from_json(struct msg *m, enum section s, const json_t *j, struct arena *a)
{
    const json_t *list = json_object_get(j, section_keys[s]);
    if (!list)
        return ERR_OK;
    if (!json_is_array(list))
        return ERR_FORMAT;
    size_t count = json_array_size(list);
    if (count > MSG_MAX_RRS)
        return ERR_RANGE;
    m->rrs[s] = ARENA_ARRAY(a, struct rr, count);
    for (size_t i = 0; i < count; i++) {
        struct rr *rr = &m->rrs[s][m->counts[s]];
        enum err e = rr_from_json(rr, json_array_get(list, i), a);
        if (!e && rr->type == TYPE_OPT)
            e = opt_from_json(m, rr, s, a);
        else
            m->counts[s]++;
        if (e)
            return e;
        /* RFC 8945 5.1: a TSIG is the last record. */
        m->tsig = rr->type == TYPE_TSIG && s == SECTION_ADDITIONAL;
    }
    return ERR_OK;
}

static enum err question_from_json(struct msg *m, const json_t *j)
{
    struct msg_question *q = &m->question;
    const json_t *in = j;
    bool listed = !json_object_get(j, "QNAME");
    if (listed) {
        in = json_array_get(json_object_get(j, "questionRRs"), 0);
        if (!in)
            return ERR_OK;
    }
    q->class = CLASS_IN;
    enum err e = required(get_name(in, listed ? "NAME" : "QNAME", q->name));
    if (!e)
        e = required(get_code(
            in, listed ? "TYPE" : "QTYPE", listed ? "TYPEname" : "QTYPEname", rrtype_from_text, &q->type));
    if (e)
        return e;
    e = get_code(
        in, listed ? "CLASS" : "QCLASS", listed ? "CLASSname" : "QCLASSname", rrclass_from_text, &q->class);
    if (e && e != ERR_NOTFOUND)
        return e;
    m->qdcount = 1;
    return ERR_OK;
}

static enum err header_from_json(struct msg *m, const json_t *j)
{
    uint32_t id = 0, opcode = 0, rcode = 0;
    enum err e = get_number_or(j, "ID", 0xffff, 0, &id);
    if (!e)
        e = get_number_or(j, "Opcode", 15, 0, &opcode);
    if (!e)
        e = get_number_or(j, "RCODE", 15, 0, &rcode);
    if (e)
        return e;
    m->id = (uint16_t)id;
    m->opcode = (uint16_t)opcode;
    m->rcode = (uint16_t)rcode;
    m->flags = (uint16_t)(opcode << 11 | rcode);
    for (size_t i = 0; i < sizeof flag_keys / sizeof flag_keys[0]; i++) {
        const json_t *v = json_object_get(j, flag_keys[i].key);
        /* RFC 8427 has booleans; 0 and 1 are taken too. */
        bool set = json_is_true(v) || json_integer_value(v) == 1;
        if (v && !json_is_boolean(v) && !(json_is_integer(v) && (set || json_integer_value(v) == 0)))
            return ERR_FORMAT;
        if (set)
            m->flags |= flag_keys[i].bit;
    }
    return ERR_OK;
}

enum err msg_from_json(struct msg *out, const json_t *j, struct arena *a)
{
    memset(out, 0, sizeof *out);
    if (!json_is_object(j))
        return ERR_FORMAT;
    enum err e = header_from_json(out, j);
    if (!e)
        e = question_from_json(out, j);
    for (int s = 0; !e && s < SECTION_COUNT; s++)
        e = section_from_json(out, (enum section)s, j, a);
    return e;
}
