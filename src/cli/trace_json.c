#include "cli/trace_json.h"

#include "cli/record.h"
#include "cli/trace_chain.h"
#include "dns/present.h"

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

json_t *trace_event_to_json(const struct event *e, int64_t start_ms)
{
    json_t *j = json_object();
    json_object_set_new(j, "event", json_string(event_tag(e->kind)));
    add_number(j, "at_ms", e->now.mono_ms - start_ms);
    add_number(j, "depth", e->depth);
    add_name(j, "qname", e->qname);
    record_set_type(j, "qtype", e->qtype);
    add_name(j, "because", e->because);
    if (e->purpose)
        json_object_set_new(j, "purpose", json_string(e->purpose));
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
    trace_chain_to_json(j, e);
    return j;
}

void trace_json_event(void *ctx, const struct event *e)
{
    const struct trace_json *t = ctx;
    out_json(t->out, trace_event_to_json(e, t->start_ms));
}

json_t *trace_outcome_to_json(const struct question *q, const struct outcome *o, uint32_t time_ms)
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
    if (trace_verdict_text(o->verdict))
        json_object_set_new(j, "verdict", json_string(trace_verdict_text(o->verdict)));
    add_reason(j, o->reason.tag, o->reason.text, o->reason.ede);
    return j;
}
