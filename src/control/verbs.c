#include <string.h>

#include "control/control.h"
#include "dns/msg.h"

static json_t *count(uint64_t n)
{
    return json_integer((json_int_t)n);
}

static json_t *listen_json(const struct control_figures *f)
{
    json_t *list = json_array();
    for (size_t i = 0; i < f->listen_count; i++) {
        char text[ENDPOINT_TEXT_LEN];
        json_array_append_new(list, json_string(endpoint_text(&f->listen[i], text)));
    }
    return list;
}

static json_t *rcodes_json(const struct control_figures *f)
{
    json_t *o = json_object();
    for (uint16_t i = 0; i < SERVE_RCODES; i++) {
        if (!f->rcodes[i])
            continue;
        char buf[32];
        struct text t;
        text_init_fixed(&t, buf, sizeof buf);
        rcode_to_text(&t, i);
        json_object_set_new(o, t.data, count(f->rcodes[i]));
    }
    return o;
}

static json_t *queries_json(const struct control_figures *f)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "total", count(f->queries), "udp",
        count(f->udp), "tcp", count(f->tcp), "cache_hits", count(f->hits), "local", count(f->local),
        "resolved", count(f->composed), "handed_to_resolver", count(f->pending), "denied", count(f->refused),
        "truncated", count(f->truncated), "unanswered", count(f->silent));
}

static json_t *cache_json(const struct store_stats *s)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "size", count(s->size),
        "used", count(s->used), "items", count(s->items), "hits", count(s->hits), "misses", count(s->misses),
        "puts", count(s->puts), "evicted", count(s->evicted), "refused", count(s->refused), "rrsets",
        count(s->by_kind[STORE_RRSET]), "negatives", count(s->by_kind[STORE_NEGATIVE]), "answers",
        count(s->by_kind[STORE_ANSWER]));
}

static json_t *resolver_json(const struct resolve_counters *r)
{
    json_t *o = json_object();
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"jobs", r->jobs},
        {"waiters", r->waiters},
        {"sends", r->sends},
        {"asked", r->asked},
        {"joined", r->joined},
        {"cache_answers", r->cache_answers},
        {"answered", r->answered},
        {"failed", r->failed},
        {"messages", r->messages},
        {"tcp_messages", r->tcp_messages},
        {"retries", r->retries},
        {"near_misses", r->near_misses},
        {"ignored", r->ignored},
        {"late_answers", r->late_answers},
        {"edns_fallbacks", r->edns_fallbacks},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        json_object_set_new(o, rows[i].name, count(rows[i].value));
    return o;
}

static json_t *clients_json(const struct control_figures *f)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "questions_pending", count(f->questions),
        "clients_waiting", count(f->clients), "clients_at_limit", count(f->clients_at_limit), "over_limit",
        count(f->over_limit), "repetitions_dropped", count(f->repetitions), "twins_truncated",
        count(f->twins), "answers_paced", count(f->paced), "answers_dropped_late", count(f->aged));
}

static json_t *inflight_json(const struct control_figures *f)
{
    const struct inflight_figures *i = &f->inflight;
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "messages", count(i->messages),
        "zones_at_cap", count(i->zones_at_cap), "zones_at_floor", count(i->zones_at_floor), "servers_at_cap",
        count(i->servers_at_cap), "zones_waited_for", count(i->zones_waiting), "waiting",
        count(f->resolver.waiting), "waited", count(f->resolver.turns_waited), "turned_away",
        count(f->resolver.turned_away), "evicted", count(f->resolver.evicted));
}

static json_t *net_json(const struct control_figures *f)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "clients_open", count(f->tcp_open),
        "clients_accepted", count(f->tcp_accepted), "clients_refused", count(f->tcp_refused),
        "clients_closed_slow", count(f->tcp_closed_slow), "clients_closed_idle", count(f->tcp_closed_idle),
        "upstream_open", count(f->upstream_open), "upstream_waiting", count(f->upstream_waiting),
        "upstream_waited", count(f->upstream_waited), "upstream_given_up", count(f->upstream_deafened));
}

static json_t *log_json(const struct control_figures *f)
{
    return json_pack("{s:o, s:o}", "lost", count(f->log_lost), "queries_lost", count(f->query_log_lost));
}

static json_t *control_status(const struct control_source *source, struct control_call *call)
{
    struct control_figures f = {0};
    source->figures(source->ctx, &f);
    return json_pack("{s:s, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "version", HARK_VERSION,
        "uptime_s", count(f.uptime_s), "workers", (json_int_t)f.workers, "listen", listen_json(&f), "queries",
        queries_json(&f), "rcodes", rcodes_json(&f), "cache", cache_json(&f.cache), "clients",
        clients_json(&f), "in_flight", inflight_json(&f), "resolver", resolver_json(&f.resolver), "sockets",
        net_json(&f), "log", log_json(&f));
}

static json_t *control_reload(const struct control_source *source, struct control_call *call)
{
    source->reload(source->ctx, call);
    return NULL;
}

enum access { ACCESS_READ, ACCESS_WRITE };

static const struct verb {
    const char *name;
    enum access access;
    json_t *(*take)(const struct control_source *source, struct control_call *call); /* NULL: replies later */
} VERBS[] = {
#define VERB(name, access, help) {#name, ACCESS_##access, control_##name},
#include "defs/verbs.def"
#undef VERB
};

static json_t *error_json(const char *text)
{
    return json_pack("{s:s}", "error", text);
}

/* "status", or {"verb": "status"}. False: neither. */
static bool read_verb(const char *line, size_t len, char *verb, size_t cap)
{
    if (len == 0 || line[0] != '{') {
        bool fits = len < cap;
        memcpy(verb, line, fits ? len : 0);
        return true;
    }
    json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    const char *text = json_string_value(json_object_get(request, "verb"));
    if (text && strlen(text) < cap)
        memcpy(verb, text, strlen(text) + 1);
    json_decref(request);
    return text != NULL;
}

static json_t *take(
    const struct control_source *source, struct control_call *call, const char *line, size_t len)
{
    char name[32] = "";
    while (len && strchr(" \t\r\n", line[len - 1]))
        len--;
    if (!read_verb(line, len, name, sizeof name))
        return error_json("the request is no JSON object with a verb");
    for (size_t i = 0; i < sizeof VERBS / sizeof VERBS[0]; i++) {
        if (strcmp(name, VERBS[i].name) != 0)
            continue;
        if (VERBS[i].access == ACCESS_WRITE && !call->may_write)
            return error_json("not allowed: only root, and harkd's own user and group, may ask for that");
        return VERBS[i].take(source, call);
    }
    return error_json("no such verb");
}

void control_ask(const struct control_source *source, struct control_call *call, const char *line, size_t len)
{
    json_t *reply = take(source, call, line, len);
    if (reply)
        call->reply(call, reply);
    json_decref(reply);
}
