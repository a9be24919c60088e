#include "cli/why.h"
#include "dns/record.h"

#include <string.h>

#define COLUMN_VALUE 18u
#define DATA_SHOWN 8u

void why_row(struct out *out, enum out_style style, const char *label, const char *words)
{
    out_put(out, STYLE_PLAIN, "  ");
    out_put(out, STYLE_PLAIN, label);
    if (out->column >= COLUMN_VALUE)
        out_end(out);
    out_wrapped(out, style, COLUMN_VALUE, words);
}

static void put_under(struct out *out, const char *words)
{
    out_wrapped(out, STYLE_DIM, COLUMN_VALUE, words);
}

void why_heading(struct out *out, const char *words)
{
    out_end(out);
    out_wrapped(out, STYLE_STRONG, 0, words);
}

static void add_ms(struct text *t, uint32_t time_us)
{
    text_printf(t, ", %u.%u ms", time_us / 1000, time_us / 100 % 10);
}

/* ---- what programs get ---- */

static void add_said(struct text *t, const struct system_said *s)
{
    if (s->error)
        text_add(t, gai_strerror(s->error));
    else if (s->count)
        why_add_endpoints(t, s->addresses, s->count);
    else
        text_add(t, s->name);
}

static void add_no_data(struct text *t, const struct stub_said *s)
{
    bool no_name = s->rcode == RCODE_NXDOMAIN;
    if (!no_name && s->rcode != RCODE_NOERROR)
        return;
    if (s->alias_of[0])
        text_printf(t, "an alias of %s, %s", s->alias_of,
            no_name ? "which does not exist" : "which has no such data");
    else
        text_add(t, no_name ? "no such name" : "no such data");
}

/* The records that DNS has, each on a line. */
static void view_data(struct out *out, const struct why *w)
{
    const struct stub_said *s = system_question_server(&w->q);
    struct text t;
    unsigned shown = 0;
    const char *label = "DNS says";
    text_init(&t);
    if (!s)
        why_row(out, STYLE_WARN, label, "nothing: no name server of this system gives an answer");
    else if (!s->has_data) {
        add_no_data(&t, s);
        if (t.len == 0)
            rcode_to_text(&t, s->rcode);
        why_row(out, STYLE_WARN, label, t.data);
        text_clear(&t);
    }
    for (const char *at = s ? rdata_texts_next(&s->data, NULL) : NULL; at && shown < DATA_SHOWN;
         at = rdata_texts_next(&s->data, at)) {
        if (shown++ == 0)
            why_row(out, STYLE_GOOD, label, at);
        else
            out_wrapped(out, STYLE_GOOD, COLUMN_VALUE, at);
    }
    if (s && s->data.count + s->data.left_out > shown)
        out_printf(out, STYLE_DIM, "%*sand %u more\n", (int)COLUMN_VALUE, "",
            s->data.count + s->data.left_out - shown);
    if (s && s->has_data) {
        text_add(&t, "from ");
        system_question_whence(&t, &w->q, &(struct nsswitch_source){.name = "dns"});
        put_under(out, t.data);
    }
    text_fini(&t);
}

static void view_answer(struct out *out, const struct why *w)
{
    const struct system_part *whole = &w->q.look.whole, *winner = why_winner(w);
    struct text t;
    text_init(&t);
    if (whole->child.end == CHILD_DONE)
        add_said(&t, &whole->said);
    else
        text_add(&t, whole->child.end == CHILD_LATE ? "no answer in time" : "the look-up ended early");
    why_row(out, whole->said.error ? STYLE_WARN : STYLE_GOOD, "programs get", t.data);
    if (winner) {
        text_clear(&t);
        text_printf(&t, "from %s: ", winner->source->name);
        system_question_whence(&t, &w->q, winner->source);
        put_under(out, t.data);
    }
    if (w->q.numeric)
        put_under(out, "the name itself is an address in another form");
    text_fini(&t);
}

/* ---- the sources ---- */

static void add_part(struct text *t, const struct system_part *p, bool reached)
{
    if (p->child.end == CHILD_LATE)
        text_add(t, "no answer in time");
    else if (p->child.end == CHILD_DIED)
        text_add(t, "its module crashed");
    else if (p->said.missing)
        text_add(t, "not installed");
    else
        add_said(t, &p->said);
    if (!p->said.missing)
        add_ms(t, p->child.time_us);
    if (p->counts)
        text_add(t, "; this one wins");
    else if (!reached)
        text_add(t, "; programs do not come so far");
}

/* No source is asked for other types than addresses and names of addresses. */
static void view_no_sources(struct out *out, const struct why *w)
{
    struct text t;
    text_init(&t);
    text_add(&t, "Sources of ");
    text_add(&t, NSSWITCH_PATH);
    text_add(&t, ": ");
    nsswitch_to_text(&t, &w->q.look.conf);
    why_heading(out, t.data);
    text_clear(&t);
    text_printf(
        &t, "not asked: they give addresses and names of addresses; for %s programs ask DNS", w->type);
    out_wrapped(out, STYLE_PLAIN, 2, t.data);
    text_fini(&t);
}

static void view_sources(struct out *out, const struct why *w)
{
    const struct system_look *l = &w->q.look;
    struct text t;
    bool reached = true;
    text_init(&t);
    text_add(&t, "Sources, in their order: ");
    nsswitch_to_text(&t, &l->conf);
    if (l->conf.line)
        text_printf(&t, " (%s line %u)", NSSWITCH_PATH, l->conf.line);
    else
        text_printf(&t, " (the C library's own; %s has no hosts line)", NSSWITCH_PATH);
    why_heading(out, t.data);
    for (unsigned i = 0; i < l->conf.count; i++) {
        const struct system_part *p = &l->parts[i];
        if (!p->begun)
            continue;
        text_clear(&t);
        add_part(&t, p, reached);
        why_row(out, p->counts ? STYLE_GOOD : STYLE_PLAIN, p->source->name, t.data);
        reached = reached && p->source->action[p->status] != NSSWITCH_RETURN;
        if (p->status != NSSWITCH_SUCCESS || p->counts)
            continue;
        text_clear(&t);
        system_question_whence(&t, &w->q, p->source);
        put_under(out, t.data);
    }
    text_fini(&t);
}

/* ---- the name servers ---- */

static void add_denial(struct text *t, const struct stub_said *s)
{
    rcode_to_text(t, s->rcode);
    text_add(t, s->rcode == RCODE_NXDOMAIN || s->rcode == RCODE_NOERROR ? ": " : "");
    add_no_data(t, s);
    if (s->names_asked > 1)
        text_printf(t, ", nor any of the search list (%u names)", s->names_asked);
    if (s->ede == EDE_NONE)
        return;
    text_add(t, "; ");
    record_add_ede(t, s->ede, s->reason);
}

void why_add_server_said(struct text *t, const struct stub_said *s)
{
    if (s->end == ASK_REPLY && s->has_data) {
        why_add_data(t, &s->data, s->addresses, s->count);
        if (s->count == 0 && s->data.count == 0)
            text_add(t, s->canonical);
        text_printf(t, ", TTL %u s", s->ttl_s);
        if (s->ede != EDE_NONE) {
            text_add(t, ", ");
            record_add_ede(t, s->ede, NULL);
        }
    } else if (s->end == ASK_REPLY) {
        add_denial(t, s);
    } else if (s->end == ASK_LOCAL && s->system_error == 0) {
        text_add(t, "not asked: DNS has no such names");
        return;
    } else {
        struct ask_reply r = {.end = s->end, .system_error = s->system_error};
        text_add(t, s->was_truncated ? "replies over UDP that it needs TCP; over TCP it " : "");
        text_add(t, ask_end_text(&r));
    }
    add_ms(t, s->time_us);
}

static void view_server(struct out *out, const struct why *w, const struct stub_said *s)
{
    char label[ADDR_TEXT_LEN];
    struct text t;
    text_init(&t);
    why_add_server_said(&t, s);
    why_row(out, stub_is_answer(s) ? STYLE_PLAIN : STYLE_WARN, addr_text(&s->server.addr, label), t.data);
    text_clear(&t);
    if (local_harkd_is(&w->q.harkd, &s->server)) {
        text_printf(&t, "harkd %s on this machine", w->q.harkd.version);
        system_question_add_age(&t, &w->q, s);
        if (w->q.harkd.verdict[0] && s == system_question_server(&w->q))
            text_printf(&t, ", %s", w->q.harkd.verdict);
    }
    if (s->alias_of[0] && s->has_data)
        text_printf(&t, "%san alias of %s", t.len ? "; " : "", s->alias_of);
    if (s->domain[0] && s->has_data)
        text_printf(&t, "%sasked for as %s (search list%s)", t.len ? "; " : "", s->name,
            w->q.resolv.search_given ? "" : ", the domain of this machine's name");
    if (t.len)
        put_under(out, t.data);
    text_fini(&t);
}

static void add_resolv_options(struct text *t, const struct resolvconf *c)
{
    for (unsigned i = 0; i < c->search_count; i++)
        text_printf(t, "%s%s", i ? " " : "", c->search[i]);
    if (c->search_count && c->search_line)
        text_printf(t, " (line %u)", c->search_line);
    if (c->search_count && c->ndots == 1)
        text_add(t, "; names with a dot are tried as they are first");
    else if (c->search_count)
        text_printf(t, "; names with %u dots or more are tried as they are first", c->ndots);
    if (c->rotate)
        text_printf(t, "%srotate: the servers take turns", t->len ? "; " : "");
}

static void view_servers(struct out *out, const struct why *w)
{
    const struct dns_origin *o = &w->origin;
    struct text t;
    text_init(&t);
    text_printf(&t, "Name servers, by %s", RESOLVCONF_PATH);
    if (o->writer[0])
        text_printf(&t, ", written by %s", o->writer);
    if (o->target[0])
        text_printf(&t, " (-> %s)", o->target);
    if (w->q.resolv.server_lines[0] == 0)
        text_add(&t, ", which names none: this machine itself");
    why_heading(out, t.data);
    for (unsigned i = 0; i < w->q.said_count; i++)
        view_server(out, w, &w->q.said[i]);
    text_clear(&t);
    add_resolv_options(&t, &w->q.resolv);
    if (t.len)
        why_row(out, STYLE_PLAIN, "search list", t.data);
    for (size_t i = 0; i < o->count; i++) {
        text_clear(&t);
        text_printf(&t, "%s: %s (%s)", o->facts[i].who, o->facts[i].said, o->facts[i].file);
        if (i == 0)
            why_row(out, STYLE_DIM, "where from", t.data);
        else
            put_under(out, t.data);
    }
    text_fini(&t);
}

/* ---- the root ---- */

static void add_walk(struct text *t, const struct walk_said *s)
{
    const char *verdict = verdict_text(s->verdict);
    why_add_data(t, &s->data, s->addresses, s->count);
    if (s->count || s->data.count)
        ;
    else if (s->canonical[0])
        text_add(t, s->canonical);
    else if (s->rcode == RCODE_NXDOMAIN)
        text_add(t, "no such name (NXDOMAIN)");
    else if (s->rcode == RCODE_NOERROR)
        text_add(t, "no such data");
    else
        rcode_to_text(t, s->rcode);
    if (verdict)
        text_printf(t, "; %s", verdict);
    if (s->reason[0] && (s->count == 0 || s->verdict == VERDICT_BOGUS))
        text_printf(t, ": %s", s->reason);
    text_printf(t, "; %u message%s", s->messages, s->messages == 1 ? "" : "s");
    add_ms(t, s->time_us);
}

static void view_walk(struct out *out, const struct why_walk *k)
{
    struct text t;
    text_init(&t);
    if (k->done)
        add_walk(&t, &k->said);
    else
        text_add(&t, "no end in time");
    why_row(out, STYLE_PLAIN, k->name, t.data);
    text_fini(&t);
}

static void view_root(struct out *out, const struct why *w)
{
    why_heading(out, "The name's own servers, asked from the root on with an empty cache");
    if (w->typed.begun)
        view_walk(out, &w->typed);
    else if (!w->searched.begun)
        out_wrapped(out, STYLE_PLAIN, 2, w->no_walk ? w->no_walk : "not asked");
    if (w->searched.begun)
        view_walk(out, &w->searched);
}

static void view_notices(struct out *out, const struct why *w)
{
    if (w->notice_count)
        why_heading(out, "Notice");
    for (size_t i = 0; i < w->notice_count; i++) {
        out_put(out, STYLE_WARN, "  !");
        out_wrapped(out, STYLE_WARN, 4, w->notices[i]);
    }
}

static void view_text(struct out *out, const struct why *w)
{
    out_put(out, STYLE_STRONG, w->q.query);
    out_printf(out, STYLE_STRONG, "%s%s", w->type[0] ? " " : "", w->type);
    out_line(out, STYLE_DIM, "  and why this system says so");
    if (w->q.type != TYPE_NONE)
        view_data(out, w);
    else
        view_answer(out, w);
    if (!w->q.numeric) {
        if (w->q.type != TYPE_NONE)
            view_no_sources(out, w);
        else
            view_sources(out, w);
        view_servers(out, w);
        why_links_view(out, w);
        why_view_records(out, w);
        view_root(out, w);
    }
    view_notices(out, w);
}

/* ---- JSON ---- */

static json_t *addrs_json(const struct addr *list, size_t count)
{
    char buf[ADDR_TEXT_LEN];
    json_t *j = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(j, json_string(addr_text(&list[i], buf)));
    return j;
}

static json_t *texts_json(const struct rdata_texts *l)
{
    json_t *j = json_array();
    for (const char *at = rdata_texts_next(l, NULL); at; at = rdata_texts_next(l, at))
        json_array_append_new(j, json_string(at));
    return j;
}

json_t *why_server_json(const struct why *w, const struct stub_said *s)
{
    char buf[ADDR_TEXT_LEN];
    json_t *j = json_object();
    struct ask_reply r = {.end = s->end, .system_error = s->system_error};
    json_object_set_new(j, "address", json_string(addr_text(&s->server.addr, buf)));
    json_object_set_new(j, "port", json_integer(s->server.port));
    json_object_set_new(j, "line", json_integer(s->line));
    json_object_set_new(j, "harkd", json_boolean(local_harkd_is(&w->q.harkd, &s->server)));
    json_object_set_new(j, "time_us", json_integer(s->time_us));
    if (w->q.harkd.remembers && s == system_question_server(&w->q))
        json_object_set_new(j, "age_s", json_integer(w->q.harkd.age_s));
    record_set_text(j, "asked_for", s->name);
    if (s->end == ASK_REPLY)
        record_set_rcode(j, "rcode", s->rcode);
    else
        json_object_set_new(j, "error", json_string(ask_end_text(&r)));
    if (s->was_truncated)
        json_object_set_new(j, "truncated", json_true());
    json_object_set_new(j, "addresses", addrs_json(s->addresses, s->count));
    if (w->q.type != TYPE_NONE)
        json_object_set_new(j, "data", texts_json(&s->data));
    if (s->has_data) {
        record_set_text(j, "name", s->canonical);
        json_object_set_new(j, "ttl_s", json_integer(s->ttl_s));
    }
    if (s->alias_of[0])
        record_set_text(j, "alias_of", s->alias_of);
    if (s->denial_ttl_s && !s->has_data)
        json_object_set_new(j, "denial_ttl_s", json_integer(s->denial_ttl_s));
    if (s->ede != EDE_NONE)
        json_object_set_new(j, "ede", record_ede(s->ede, s->reason));
    return j;
}

static json_t *walk_json(const struct why_walk *k)
{
    json_t *j = json_object();
    const char *verdict = verdict_text(k->said.verdict);
    record_set_text(j, "name", k->name);
    if (!k->done)
        return j;
    record_set_rcode(j, "rcode", k->said.rcode);
    if (verdict)
        json_object_set_new(j, "verdict", json_string(verdict));
    if (k->said.reason[0])
        record_set_text(j, "reason", k->said.reason);
    json_object_set_new(j, "addresses", addrs_json(k->said.addresses, k->said.count));
    if (k->said.data.count)
        json_object_set_new(j, "data", texts_json(&k->said.data));
    json_object_set_new(j, "messages", json_integer(k->said.messages));
    json_object_set_new(j, "time_us", json_integer(k->said.time_us));
    return j;
}

static json_t *origin_json(const struct dns_origin *o)
{
    json_t *list = json_array();
    for (size_t i = 0; i < o->count; i++) {
        json_t *j = json_object();
        record_set_text(j, "who", o->facts[i].who);
        record_set_text(j, "said", o->facts[i].said);
        record_set_text(j, "file", o->facts[i].file);
        json_array_append_new(list, j);
    }
    return list;
}

static void view_json(struct out *out, const struct why *w)
{
    json_t *j = system_question_to_json(&w->q), *list = json_array();
    if (w->type[0])
        json_object_set_new(j, "type", json_string(w->type));
    if (w->q.harkd.records)
        json_object_set(j, "harkd_recent", w->q.harkd.records);
    for (unsigned i = 0; i < w->q.said_count; i++)
        json_array_append_new(list, why_server_json(w, &w->q.said[i]));
    json_object_set_new(j, "servers", list);
    if (w->links.told.by != LINKS_OF_NOBODY)
        json_object_set_new(j, "links", why_links_json(w));
    if (w->origin.writer[0])
        record_set_text(j, "resolv_conf_by", w->origin.writer);
    json_object_set_new(j, "origins", origin_json(&w->origin));
    list = json_array();
    if (w->typed.begun)
        json_array_append_new(list, walk_json(&w->typed));
    if (w->searched.begun)
        json_array_append_new(list, walk_json(&w->searched));
    json_object_set_new(j, "from_the_root", list);
    list = json_array();
    for (size_t i = 0; i < w->notice_count; i++)
        json_array_append_new(list, json_string(w->notices[i]));
    json_object_set_new(j, "notices", list);
    out_json(out, j);
}

void why_view(struct out *out, const struct why *w)
{
    if (out->format == OUT_JSON)
        view_json(out, w);
    else
        view_text(out, w);
}
