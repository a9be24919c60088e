#include "resolve/event_json.h"

#include <string.h>

#include "dns/present.h"
#include "dns/record.h"

/* ---- to JSON ---- */

static void add_record(void *ctx, const struct rr *rr)
{
    json_array_append_new(ctx, rr_to_json(rr));
}

static json_t *list_to_json(const struct rrset_list *l)
{
    json_t *j = json_array();
    for (size_t i = 0; i < l->count; i++)
        record_each(l->items[i], true, add_record, j);
    return j;
}

static void add_rrset(json_t *j, const char *key, const struct rrset *rs)
{
    if (!rs)
        return;
    json_t *list = json_array();
    record_each(rs, true, add_record, list);
    json_object_set_new(j, key, list);
}

static void add_name(json_t *j, const char *key, const name_t *n)
{
    if (n)
        record_set_name(j, key, n);
}

static void add_number(json_t *j, const char *key, json_int_t n)
{
    json_object_set_new(j, key, json_integer(n));
}

static void add_server(json_t *j, const struct event *e)
{
    char addr[ADDR_TEXT_LEN];
    add_name(j, "server", e->server);
    if (!e->to)
        return;
    json_object_set_new(j, "address", json_string(addr_text(&e->to->addr, addr)));
    add_number(j, "port", e->to->port);
    json_object_set_new(j, "transport", json_string(e->transport == TRANSPORT_TCP ? "tcp" : "udp"));
}

static bool tells_rcode(enum event_kind k)
{
    return k == EVENT_REPLY || k == EVENT_DENIAL || k == EVENT_DONE;
}

static void add_reply(json_t *j, const struct event *e)
{
    if (e->send)
        add_number(j, "message", (json_int_t)e->send);
    add_name(j, "sent_name", e->sent_name);
    if (e->sent_type)
        record_set_type(j, "sent_type", e->sent_type);
    if (e->kind == EVENT_REPLY) {
        add_number(j, "rtt_ms", e->rtt_ms);
        json_object_set_new(j, "aa", json_boolean(e->aa));
    }
    if (tells_rcode(e->kind) || e->rcode)
        record_set_rcode(j, "rcode", e->rcode);
    if (e->octets)
        add_number(j, "octets", (json_int_t)e->octets);
}

static void add_reason(json_t *j, const char *tag, const char *text, int ede)
{
    if (tag)
        record_set_text(j, "tag", tag);
    if (text)
        record_set_text(j, "text", text);
    if (ede > 0)
        json_object_set_new(j, "ede", record_ede(ede, NULL));
}

int64_t rrsig_time(uint32_t stamp, int64_t now_s)
{
    return now_s + (int32_t)(stamp - (uint32_t)now_s);
}

static void add_signature(json_t *j, const struct rrsig *sig, int64_t now_s)
{
    char number[24];
    const char *algorithm = algorithm_text(sig->algorithm);
    snprintf(number, sizeof number, "algorithm %u", sig->algorithm);
    json_t *s = json_object();
    record_set_name(s, "signer", sig->signer);
    add_number(s, "key_tag", sig->tag);
    add_number(s, "algorithm", sig->algorithm);
    json_object_set_new(s, "algorithm_name", json_string(algorithm ? algorithm : number));
    add_number(s, "inception", rrsig_time(sig->inception, now_s));
    add_number(s, "expiration", rrsig_time(sig->expiration, now_s));
    json_object_set_new(j, "signature", s);
}

static void add_trust(json_t *j, const struct event *e)
{
    const char *verdict = verdict_text(e->verdict);
    if (verdict)
        json_object_set_new(j, "verdict", json_string(verdict));
    if (e->kind == EVENT_CHAIN)
        json_object_set_new(j, "anchor", json_boolean(e->anchor));
    if (e->sig)
        add_signature(j, e->sig, e->now.wall_s);
}

json_t *event_to_json(const struct event *e, int64_t start_ms)
{
    json_t *j = json_object();
    json_object_set_new(j, "event", json_string(event_tag(e->kind)));
    add_number(j, "at_ms", e->now.mono_ms - start_ms);
    add_number(j, "depth", e->depth);
    add_name(j, "qname", e->qname);
    record_set_type(j, "qtype", e->qtype);
    add_name(j, "because", e->because);
    if (e->purpose)
        record_set_text(j, "purpose", e->purpose);
    add_name(j, "zone", e->zone);
    add_server(j, e);
    add_reply(j, e);
    if (e->kind == EVENT_CUT || e->kind == EVENT_REFERRAL) {
        add_number(j, "servers", e->count);
        add_number(j, "addresses", e->glue);
    } else if (e->count) {
        add_number(j, "records", e->count);
    }
    if (e->from_hints || e->from_cache)
        json_object_set_new(j, "from", json_string(e->from_hints ? "hints" : "cache"));
    add_name(j, e->kind == EVENT_REFERRAL ? "child" : "target", e->child);
    if (e->kind == EVENT_REFERRAL)
        json_object_set_new(j, "signed", json_boolean(e->ds));
    add_rrset(j, "rrs", e->rrset);
    add_rrset(j, "ds", e->ds);
    add_reason(j, e->tag, e->text, e->ede);
    add_trust(j, e);
    return j;
}

json_t *outcome_to_json(const struct question *q, const struct outcome *o, uint32_t time_ms)
{
    json_t *j = json_object();
    json_object_set_new(j, "event", json_string("outcome"));
    record_set_name(j, "QNAME", q->name);
    add_number(j, "QTYPE", q->type);
    record_set_type(j, "QTYPEname", q->type);
    add_number(j, "RCODE", o->rcode);
    record_set_rcode(j, "rcode", o->rcode);
    add_number(j, "messages", o->messages);
    add_number(j, "time_ms", time_ms);
    json_object_set_new(j, "answerRRs", list_to_json(&o->answer));
    json_object_set_new(j, "authorityRRs", list_to_json(&o->authority));
    if (verdict_text(o->verdict))
        json_object_set_new(j, "verdict", json_string(verdict_text(o->verdict)));
    add_reason(j, o->reason.tag, o->reason.text, o->reason.ede);
    return j;
}

/* ---- from JSON ----
 *
 * Members that are not there leave the field as it is; the first that is of another form sets err. */

struct reading {
    const json_t *j;
    struct arena *arena;
    enum err err;
};

static void fail(struct reading *r, enum err err)
{
    if (r->err == ERR_OK)
        r->err = err;
}

static int64_t read_number(struct reading *r, const char *key, int64_t max)
{
    const json_t *v = json_object_get(r->j, key);
    if (!v)
        return 0;
    json_int_t n = json_integer_value(v);
    if (!json_is_integer(v))
        fail(r, ERR_FORMAT);
    else if (n < 0 || n > max)
        fail(r, ERR_RANGE);
    else
        return n;
    return 0;
}

/* NULL: there is none. */
static const char *read_text(struct reading *r, const char *key)
{
    const json_t *v = json_object_get(r->j, key);
    if (v && !json_is_string(v))
        fail(r, ERR_FORMAT);
    return json_is_string(v) ? arena_strdup(r->arena, json_string_value(v)) : NULL;
}

static bool read_bool(struct reading *r, const char *key)
{
    const json_t *v = json_object_get(r->j, key);
    if (v && !json_is_boolean(v))
        fail(r, ERR_FORMAT);
    return json_is_true(v);
}

static const name_t *read_name(struct reading *r, const char *key)
{
    name_t name[NAME_MAX_LEN];
    const char *text = read_text(r, key);
    if (!text)
        return NULL;
    enum err err = name_from_text(name, text, strlen(text), NULL);
    if (err == ERR_OK)
        return name_dup(name, r->arena);
    fail(r, err);
    return NULL;
}

static uint16_t read_type(struct reading *r, const char *key)
{
    uint16_t type = 0;
    const char *text = read_text(r, key);
    if (text && rrtype_from_text(&type, text, strlen(text)) != ERR_OK)
        fail(r, ERR_FORMAT);
    return type;
}

static uint16_t read_rcode(struct reading *r)
{
    uint16_t rcode = 0;
    const char *text = read_text(r, "rcode");
    if (text && rcode_from_text(&rcode, text) != ERR_OK)
        fail(r, ERR_FORMAT);
    return rcode;
}

static uint8_t read_verdict(struct reading *r)
{
    const char *text = read_text(r, "verdict");
    for (uint8_t v = VERDICT_UNCHECKED; text && v <= VERDICT_SECURE; v++)
        if (verdict_text(v) && strcmp(text, verdict_text(v)) == 0)
            return v;
    if (text)
        fail(r, ERR_FORMAT);
    return VERDICT_UNCHECKED;
}

/* 0: there is none, for "other error" is never told. */
static int read_ede(struct reading *r)
{
    const json_t *v = json_object_get(r->j, "ede");
    if (!v)
        return 0;
    if (!json_is_object(v)) {
        fail(r, ERR_FORMAT);
        return 0;
    }
    struct reading inner = {v, r->arena, ERR_OK};
    int code = (int)read_number(&inner, "code", UINT16_MAX);
    fail(r, inner.err);
    return code;
}

static void read_records(struct reading *r, const char *key, struct rrset_list *out)
{
    const json_t *list = json_object_get(r->j, key);
    size_t count = json_array_size(list);
    *out = (struct rrset_list){0};
    if (list && !json_is_array(list))
        fail(r, ERR_FORMAT);
    if (count > MSG_MAX_RRS)
        fail(r, ERR_LIMIT);
    if (r->err != ERR_OK)
        return;
    bool overflow = false;
    struct rr *rrs = ARENA_ARRAY(r->arena, struct rr, count);
    for (size_t i = 0; i < count; i++) {
        enum err err = rr_from_json(&rrs[i], json_array_get(list, i), r->arena);
        if (err != ERR_OK) {
            fail(r, err);
            return;
        }
    }
    rrset_group(out, rrs, count, r->arena, &overflow);
    if (overflow)
        fail(r, ERR_LIMIT);
}

static const struct rrset *read_rrset(struct reading *r, const char *key)
{
    struct rrset_list list;
    read_records(r, key, &list);
    if (list.count > 1)
        fail(r, ERR_FORMAT);
    return list.count ? list.items[0] : NULL;
}

static void read_server(struct reading *r, struct event *e)
{
    const char *address = read_text(r, "address"), *transport = read_text(r, "transport");
    e->server = read_name(r, "server");
    if (transport && strcmp(transport, "tcp") == 0)
        e->transport = TRANSPORT_TCP;
    else if (transport && strcmp(transport, "udp") != 0)
        fail(r, ERR_FORMAT);
    if (!address)
        return;
    struct endpoint *to = ARENA_NEW(r->arena, struct endpoint);
    if (addr_parse(&to->addr, address) != ERR_OK)
        fail(r, ERR_FORMAT);
    to->port = (uint16_t)read_number(r, "port", UINT16_MAX);
    e->to = to;
}

/* Times of day that are no 32 bits around now are nobody's. */
#define TIME_MAX_S ((int64_t)1 << 40)

static void read_signature(struct reading *r, struct event *e)
{
    const json_t *v = json_object_get(r->j, "signature");
    if (!v)
        return;
    if (!json_is_object(v)) {
        fail(r, ERR_FORMAT);
        return;
    }
    struct reading inner = {v, r->arena, ERR_OK};
    struct rrsig *sig = ARENA_NEW(r->arena, struct rrsig);
    sig->signer = read_name(&inner, "signer");
    sig->tag = (uint16_t)read_number(&inner, "key_tag", UINT16_MAX);
    sig->algorithm = (uint8_t)read_number(&inner, "algorithm", UINT8_MAX);
    e->now.wall_s = read_number(&inner, "inception", TIME_MAX_S);
    e->now.wall_known = true;
    sig->inception = (uint32_t)e->now.wall_s;
    int64_t expiration = read_number(&inner, "expiration", TIME_MAX_S);
    sig->expiration = (uint32_t)expiration;
    if (!sig->signer)
        fail(&inner, ERR_FORMAT);
    else if (rrsig_time(sig->expiration, e->now.wall_s) != expiration)
        fail(&inner, ERR_RANGE);
    fail(r, inner.err);
    e->sig = sig;
}

static bool read_kind(enum event_kind *out, const char *tag)
{
    for (unsigned k = 0; k < EVENT_COUNT; k++)
        if (strcmp(tag, event_tag((enum event_kind)k)) == 0) {
            *out = (enum event_kind)k;
            return true;
        }
    return false;
}

/* What event_json.h promises to readers. */
static bool is_whole(const struct event *e)
{
    switch (e->kind) {
    case EVENT_CUT:
    case EVENT_CHAIN:
        return e->qname && e->zone;
    case EVENT_REFERRAL:
    case EVENT_ALIAS:
        return e->qname && e->child;
    case EVENT_SENT:
        return e->qname && e->to;
    default:
        return e->qname;
    }
}

static void read_counts(struct reading *r, struct event *e)
{
    if (e->kind == EVENT_CUT || e->kind == EVENT_REFERRAL) {
        e->count = (unsigned)read_number(r, "servers", UINT16_MAX);
        e->glue = (unsigned)read_number(r, "addresses", UINT16_MAX);
    } else {
        e->count = (unsigned)read_number(r, "records", UINT16_MAX);
    }
}

static void read_reply(struct reading *r, struct event *e)
{
    e->send = (uint64_t)read_number(r, "message", INT64_MAX);
    e->sent_name = read_name(r, "sent_name");
    e->sent_type = read_type(r, "sent_type");
    e->rtt_ms = (uint32_t)read_number(r, "rtt_ms", UINT32_MAX);
    e->aa = read_bool(r, "aa");
    e->rcode = read_rcode(r);
    e->octets = (size_t)read_number(r, "octets", UINT16_MAX);
}

enum err event_from_json(struct event *out, const json_t *j, struct arena *a)
{
    struct reading r = {j, a, json_is_object(j) ? ERR_OK : ERR_FORMAT};
    struct event e = {0};
    const char *tag = read_text(&r, "event");
    if (!tag || r.err != ERR_OK)
        return ERR_FORMAT;
    if (!read_kind(&e.kind, tag))
        return ERR_UNKNOWN;
    e.now.mono_ms = read_number(&r, "at_ms", INT32_MAX);
    e.depth = (unsigned)read_number(&r, "depth", UINT16_MAX);
    e.qname = read_name(&r, "qname");
    e.qtype = read_type(&r, "qtype");
    e.because = read_name(&r, "because");
    e.purpose = read_text(&r, "purpose");
    e.zone = read_name(&r, "zone");
    read_server(&r, &e);
    read_reply(&r, &e);
    read_counts(&r, &e);
    const char *from = read_text(&r, "from");
    e.from_hints = from && strcmp(from, "hints") == 0;
    e.from_cache = from && strcmp(from, "cache") == 0;
    e.child = read_name(&r, e.kind == EVENT_REFERRAL ? "child" : "target");
    e.rrset = read_rrset(&r, "rrs");
    e.ds = read_rrset(&r, "ds");
    e.tag = read_text(&r, "tag");
    e.text = read_text(&r, "text");
    e.ede = read_ede(&r);
    e.verdict = read_verdict(&r);
    e.anchor = read_bool(&r, "anchor");
    read_signature(&r, &e);
    if (!is_whole(&e))
        fail(&r, ERR_FORMAT);
    *out = e;
    return r.err;
}

enum err outcome_from_json(struct outcome *out, uint32_t *time_ms, const json_t *j, struct arena *a)
{
    struct reading r = {j, a, json_is_object(j) ? ERR_OK : ERR_FORMAT};
    const char *tag = read_text(&r, "event");
    if (!tag || strcmp(tag, "outcome") != 0)
        return ERR_FORMAT;
    *out = (struct outcome){.rcode = read_rcode(&r), .verdict = read_verdict(&r)};
    out->messages = (uint32_t)read_number(&r, "messages", UINT32_MAX);
    *time_ms = (uint32_t)read_number(&r, "time_ms", UINT32_MAX);
    read_records(&r, "answerRRs", &out->answer);
    read_records(&r, "authorityRRs", &out->authority);
    int ede = read_ede(&r);
    out->reason = (struct reason){ede ? ede : EDE_NONE, read_text(&r, "tag"), read_text(&r, "text")};
    return r.err;
}
