#include "cli/ask_view.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dns/record.h"
#include "dns/token.h"
#include "lib/idn.h"

/* Names in their own script: what was asked for, or whoever reads a terminal that can show them. */
static bool shows_unicode(const struct args *a, const struct out *out)
{
    if (a->given[OPTION_IDNOUT])
        return a->on[OPTION_IDNOUT];
    return out->utf8 && fileno(out->to) >= 0 && isatty(fileno(out->to));
}

void ask_view_init(struct ask_view *v, const struct args *a, struct out *out)
{
    *v = (struct ask_view){.out = out, .args = a};
    v->present = (struct present){
        .comments = a->on[OPTION_COMMENTS],
        .question = a->on[OPTION_QUESTION],
        .sections = {[SECTION_ANSWER] = a->on[OPTION_ANSWER],
            [SECTION_AUTHORITY] = a->on[OPTION_AUTHORITY],
            [SECTION_ADDITIONAL] = a->on[OPTION_ADDITIONAL]},
        .ttl = a->on[OPTION_TTLID],
        .class = a->on[OPTION_RRCLASS],
        .ttl_units = a->on[OPTION_TTLUNITS],
        .multiline = a->on[OPTION_MULTILINE],
        .key_tags = a->on[OPTION_RRCOMMENTS],
        .omit_crypto = !a->on[OPTION_CRYPTO],
        .generic = a->on[OPTION_UNKNOWNFORMAT],
        .respell = shows_unicode(a, out) ? idn_respell : NULL,
    };
    if (v->present.respell)
        out->utf8 = true;
}

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
    if (r->with_new_cookie)
        text_add(t, ";; The server refused the cookie and was asked again with its own\n");
    if (r->was_truncated)
        text_add(t, ";; The UDP reply was truncated, so the question was asked again over TCP\n");
    if (r->with_less_edns)
        text_add(t, ";; The server knows an earlier version of EDNS and was asked again with that\n");
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

const char *ask_view_server(const struct endpoint *e, char buf[ASK_VIEW_SERVER_LEN])
{
    char interface[IF_NAMESIZE], addr[ADDR_TEXT_LEN];
    struct text t;
    text_init_fixed(&t, buf, ASK_VIEW_SERVER_LEN);
    text_add(&t, addr_text(&e->addr, addr));
    if (e->scope && if_indextoname(e->scope, interface))
        text_printf(&t, "%%%s", interface);
    return buf;
}

/* of: a zone; NULL: a message */
static void add_stats(
    struct text *t, const struct ask_view *v, const struct ask_reply *r, const struct transfer *of)
{
    char addr[ASK_VIEW_SERVER_LEN];
    ask_view_server(&r->server, addr);
    text_printf(t, ";; Query time: %u msec\n", r->time_ms);
    text_printf(t, ";; SERVER: %s#%u(%s) (%s)\n", addr, r->server.port, v->server ? v->server : addr,
        transport_text(r, true));
    text_add(t, ";; WHEN: ");
    add_time(t, false, v->when);
    if (of)
        text_printf(t, "\n;; XFR size: %llu records (messages %llu, bytes %llu)\n\n",
            (unsigned long long)of->records, (unsigned long long)of->messages,
            (unsigned long long)of->octets);
    else
        text_printf(t, "\n;; MSG SIZE  rcvd: %zu\n\n", r->octets);
}

static void end_block(struct text *t)
{
    if (t->len && t->data[t->len - 1] == '\n' && !(t->len > 1 && t->data[t->len - 2] == '\n'))
        text_char(t, '\n');
}

/* "; <<>> hark 0.1.0 <<>> www.example A" */
static void add_command(struct text *t, const struct args *a)
{
    text_add(t, "; <<>> hark " HARK_VERSION " <<>>");
    for (int i = 1; i < a->argc; i++) {
        text_char(t, ' ');
        token_escape(t, (const uint8_t *)a->argv[i], strlen(a->argv[i]));
    }
    text_char(t, '\n');
}

static void add_query(struct text *t, const struct ask_view *v, const struct ask_reply *r)
{
    struct arena arena;
    struct msg m;
    arena_init(&arena);
    if (r->query && msg_parse(&m, r->query, r->query_len, &arena) == MSG_OK) {
        if (v->present.comments)
            text_add(t, ";; Sending:\n");
        msg_to_text_as(t, &m, &v->present);
        end_block(t);
        if (v->present.comments)
            text_printf(t, ";; QUERY SIZE: %zu\n\n;; Got answer:\n", r->query_len);
    }
    arena_fini(&arena);
}

/* Comments are dim; what went wrong, and why, stands out. The text is ASCII but for names in their own
 * script. */
static void put_lines(struct out *out, const char *text)
{
    static const struct {
        const char *begin;
        enum out_style style;
    } styles[] = {
        {";; ->>HEADER<<- opcode: QUERY, status: NOERROR", STYLE_DIM},
        {";; ->>HEADER<<- opcode: QUERY, status: NXDOMAIN", STYLE_WARN},
        {";; ->>HEADER<<- opcode: QUERY, status: ", STYLE_BAD},
        {"; EDE: ", STYLE_WARN},
        {";; DNSSEC: secure", STYLE_GOOD},
        {";; DNSSEC: bogus", STYLE_BAD},
        {";", STYLE_DIM},
        {"", STYLE_PLAIN},
    };
    while (*text) {
        size_t n = strcspn(text, "\n"), i = 0;
        while (strncmp(text, styles[i].begin, strlen(styles[i].begin)) != 0)
            i++;
        out_text_line(out, styles[i].style, text, n);
        text += n + (text[n] == '\n');
    }
}

static void add_before(struct text *t, const struct ask_view *v, const struct ask_reply *r)
{
    if (v->args->on[OPTION_CMD])
        add_command(t, v->args);
    if (v->args->on[OPTION_QR])
        add_query(t, v, r);
}

static void view_text(const struct ask_view *v, const struct ask_reply *r)
{
    const struct args *a = v->args;
    struct text t;
    text_init(&t);
    add_before(&t, v, r);
    if (r->end == ASK_REPLY) {
        if (v->present.comments)
            add_warnings(&t, r);
        msg_to_text_as(&t, &r->msg, &v->present);
        if (v->present.comments || a->on[OPTION_STATS])
            end_block(&t);
        if (v->present.comments)
            add_security(&t, v->security);
        if (a->on[OPTION_STATS])
            add_stats(&t, v, r, NULL);
    }
    put_lines(v->out, t.data);
    text_fini(&t);
}

static void view_short(const struct ask_view *v, const struct ask_reply *r, size_t n)
{
    struct present present = v->present;
    struct text t;
    char addr[ASK_VIEW_SERVER_LEN];
    present.multiline = false;
    text_init(&t);
    for (size_t i = 0; i < n; i++) {
        text_clear(&t);
        rr_data_to_text(&t, &r->msg.rrs[SECTION_ANSWER][i], &present);
        if (v->args->on[OPTION_IDENTIFY])
            text_printf(&t, " from server %s in %u ms.", ask_view_server(&r->server, addr), r->time_ms);
        if (present.respell)
            out_words(v->out, STYLE_PLAIN, t.data);
        else
            out_put(v->out, STYLE_PLAIN, t.data);
        out_end(v->out);
    }
    text_fini(&t);
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

/* The question's name for people, where that differs. */
static void add_unicode(json_t *j, const struct msg_question *q)
{
    char name[NAME_TEXT_LEN];
    struct text t;
    text_init(&t);
    text_add(&t, name_text(q->name, name));
    idn_respell(&t, 0);
    if (strcmp(t.data, name) != 0)
        json_object_set_new(j, "QNAMEunicode", json_string(t.data));
    text_fini(&t);
}

static void add_query_json(json_t *j, const struct ask_reply *r)
{
    struct arena arena;
    struct msg m;
    arena_init(&arena);
    if (r->query && msg_parse(&m, r->query, r->query_len, &arena) == MSG_OK)
        json_object_set_new(j, "queryMessage", msg_to_json(&m));
    arena_fini(&arena);
}

/* The message by RFC 8427, and beside it server, port, transport, time_ms, octets, rcode, ede, and dnssec and
 * dnssec_why where security is given; without a reply QNAME, QTYPE, QTYPEname, server and "error". */
json_t *ask_view_json(const struct ask_view *v, const struct ask_reply *r, const struct msg_question *q)
{
    bool replied = r->end == ASK_REPLY;
    char addr[ASK_VIEW_SERVER_LEN];
    const struct security *security = v->security;
    json_t *j = replied ? msg_to_json(&r->msg) : question_to_json(q);
    add_unicode(j, q);
    json_object_set_new(j, "server", json_string(ask_view_server(&r->server, addr)));
    if (v->server)
        record_set_text(j, "server_name", v->server);
    json_object_set_new(j, "port", json_integer(r->server.port));
    json_object_set_new(j, "transport", json_string(transport_text(r, false)));
    if (security && security->kind != SECURITY_NONE) {
        json_object_set_new(j, "dnssec", json_string(security_text(security->kind)));
        if (security->why[0])
            record_set_text(j, "dnssec_why", security->why);
    }
    if (v->args->on[OPTION_QR])
        add_query_json(j, r);
    if (replied)
        add_reply(j, r, v->when);
    else
        json_object_set_new(j, "error", json_string(ask_end_text(r)));
    return j;
}

void ask_view_reply(const struct ask_view *v, const struct ask_reply *r, const struct msg_question *q)
{
    if (v->out->format == OUT_JSON)
        out_json(v->out, ask_view_json(v, r, q));
    else if (v->out->format == OUT_TEXT)
        view_text(v, r);
    else if (r->end == ASK_REPLY)
        view_short(v, r, r->msg.counts[SECTION_ANSWER]);
}

void ask_view_records(const struct ask_view *v, const struct ask_reply *r, size_t n, bool begins)
{
    struct text t;
    if (v->out->format == OUT_SHORT) {
        view_short(v, r, n);
        return;
    }
    text_init(&t);
    if (begins)
        add_before(&t, v, r);
    for (size_t i = 0; i < n && v->present.sections[SECTION_ANSWER]; i++)
        rr_to_text_as(&t, &r->msg.rrs[SECTION_ANSWER][i], &v->present);
    put_lines(v->out, t.data);
    text_fini(&t);
}

void ask_view_transfer(
    const struct ask_view *v, const struct ask_reply *r, const struct transfer *of, bool begins)
{
    struct text t;
    text_init(&t);
    if (begins)
        add_before(&t, v, r);
    if (of->state == TRANSFER_CURRENT && v->present.comments)
        text_printf(&t, ";; Nothing is newer than the serial %u\n", of->held);
    if (v->args->on[OPTION_STATS])
        add_stats(&t, v, r, of);
    put_lines(v->out, t.data);
    text_fini(&t);
}

void ask_view_error(
    const struct ask_view *v, const struct msg_question *q, const char *word, const char *error)
{
    if (v->out->format != OUT_JSON)
        return;
    json_t *j = q ? question_to_json(q) : json_object();
    if (!q)
        record_set_text(j, "name", word);
    if (v->server)
        record_set_text(j, "server_name", v->server);
    record_set_text(j, "error", error);
    out_json(v->out, j);
}
