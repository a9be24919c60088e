#include "cli/ask_view.h"

#include <string.h>
#include <time.h>

#include "cli/record.h"
#include "dns/present.h"
#include "dns/token.h"

static const char *transport_text(const struct ask_reply *r, bool upper)
{
    if (r->transport == TRANSPORT_TCP)
        return upper ? "TCP" : "tcp";
    return upper ? "UDP" : "udp";
}

static void add_time(struct text *t, bool rfc3339, int64_t when)
{
    char buf[64];
    struct tm tm;
    time_t at = (time_t)when;
    if (!gmtime_r(&at, &tm))
        return;
    size_t n = rfc3339 ? strftime(buf, sizeof buf, "%Y-%m-%dT%H:%M:%SZ", &tm)
                       : strftime(buf, sizeof buf, "%a %b %d %H:%M:%S UTC %Y", &tm);
    text_add_n(t, buf, n);
}

/* What a reader of the reply should know about how it came. */
static void add_warnings(struct text *t, const struct ask_reply *r)
{
    if (r->was_truncated)
        text_add(t, ";; The UDP reply was truncated, so the question was asked again over TCP\n");
    if (r->without_edns)
        text_add(t, ";; The server knows no EDNS and was asked again without\n");
    if (r->strays)
        text_printf(
            t, ";; Packets that were no reply to this question and were passed over: %u\n", r->strays);
}

static void add_security(struct text *t, const struct security *s)
{
    if (!s || s->kind == SECURITY_NONE)
        return;
    text_printf(t, ";; DNSSEC: %s", security_text(s->kind));
    if (s->why[0]) {
        text_add(t, " (");
        token_escape(t, (const uint8_t *)s->why, strlen(s->why));
        text_char(t, ')');
    }
    text_char(t, '\n');
}

static void view_text(
    struct out *out, const struct ask_reply *r, int64_t when, const struct security *security)
{
    struct text t;
    char addr[ADDR_TEXT_LEN];
    addr_text(&r->server.addr, addr);
    text_init(&t);
    add_warnings(&t, r);
    msg_to_text(&t, &r->msg);
    if (t.len && t.data[t.len - 1] == '\n' && !(t.len > 1 && t.data[t.len - 2] == '\n'))
        text_char(&t, '\n');
    add_security(&t, security);
    text_printf(&t, ";; Query time: %u msec\n", r->time_ms);
    text_printf(&t, ";; SERVER: %s#%u(%s) (%s)\n", addr, r->server.port, addr, transport_text(r, true));
    text_add(&t, ";; WHEN: ");
    add_time(&t, false, when);
    text_printf(&t, "\n;; MSG SIZE  rcvd: %zu\n\n", r->octets);
    out_text(out, t.data);
    text_fini(&t);
}

static void view_short(struct out *out, const struct ask_reply *r)
{
    for (size_t i = 0; i < r->msg.counts[SECTION_ANSWER]; i++)
        record_short(out, &r->msg.rrs[SECTION_ANSWER][i]);
}

static json_t *question_to_json(const struct msg_question *q)
{
    json_t *j = json_object();
    record_set_name(j, "QNAME", q->name);
    json_object_set_new(j, "QTYPE", json_integer(q->type));
    record_set_type(j, "QTYPEname", q->type);
    return j;
}

static void add_reply(json_t *j, const struct ask_reply *r, int64_t when)
{
    struct text t;
    text_init(&t);
    add_time(&t, true, when);
    json_object_set_new(j, "dateString", json_string(t.data));
    json_object_set_new(j, "dateSeconds", json_integer(when));
    text_fini(&t);
    json_object_set_new(j, "time_ms", json_integer(r->time_ms));
    json_object_set_new(j, "octets", json_integer((json_int_t)r->octets));
    record_set_rcode(j, "rcode", r->msg.rcode);
    json_t *list = json_array();
    for (unsigned i = 0; i < r->msg.edns.ede_count; i++)
        json_array_append_new(list, record_ede(r->msg.edns.ede[i].code, r->msg.edns.ede[i].text));
    json_object_set_new(j, "ede", list);
}

json_t *ask_to_json(
    const struct ask_reply *r, const struct msg_question *q, int64_t when, const struct security *security)
{
    bool replied = r->end == ASK_REPLY;
    char addr[ADDR_TEXT_LEN];
    json_t *j = replied ? msg_to_json(&r->msg) : question_to_json(q);
    json_object_set_new(j, "server", json_string(addr_text(&r->server.addr, addr)));
    json_object_set_new(j, "port", json_integer(r->server.port));
    json_object_set_new(j, "transport", json_string(transport_text(r, false)));
    if (security && security->kind != SECURITY_NONE) {
        json_object_set_new(j, "dnssec", json_string(security_text(security->kind)));
        if (security->why[0])
            record_set_text(j, "dnssec_why", security->why);
    }
    if (replied)
        add_reply(j, r, when);
    else
        json_object_set_new(j, "error", json_string(ask_end_text(r)));
    return j;
}

void ask_view(struct out *out, const struct ask_reply *r, const struct msg_question *q, int64_t when,
    const struct security *security)
{
    if (out->format == OUT_JSON) {
        out_json(out, ask_to_json(r, q, when, security));
        return;
    }
    if (r->end != ASK_REPLY)
        return;
    if (out->format == OUT_SHORT)
        view_short(out, r);
    else
        view_text(out, r, when, security);
}
