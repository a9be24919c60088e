#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "control/control.h"
#include "control/metrics.h"
#include "control/question_view.h"
#include "control/server_view.h"
#include "dns/msg.h"
#include "dns/rrtype.h"
#include "dns/token.h"

#define WORDS_MAX 24u /* `events` takes the most: one a tag */

#define NOT_ALLOWED "not allowed: only root, and harkd's own user and group, may ask for that"

/* A line taken apart; words point into line or object. */
struct control_line {
    char *line;
    json_t *object;
    const char *verb, *words[WORDS_MAX];
    unsigned count;
};

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

static json_t *queries_json(const struct control_figures *f)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "total", count(f->queries), "udp",
        count(f->udp), "tcp", count(f->tcp), "cache_hits", count(f->hits), "local", count(f->local),
        "resolved", count(f->composed), "handed_to_resolver", count(f->pending), "denied", count(f->refused),
        "truncated", count(f->truncated), "unanswered", count(f->silent));
}

static json_t *denials_json(const struct nsecs_stats *n)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "size", count(n->size), "used", count(n->used),
        "items", count(n->items), "found", count(n->found), "missed", count(n->missed), "puts",
        count(n->puts), "evicted", count(n->evicted));
}

static json_t *cache_json(const struct store_stats *s, const struct nsecs_stats *n)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "size", count(s->size),
        "used", count(s->used), "items", count(s->items), "hits", count(s->hits), "misses", count(s->misses),
        "puts", count(s->puts), "evicted", count(s->evicted), "refused", count(s->refused), "rrsets",
        count(s->by_kind[STORE_RRSET]), "negatives", count(s->by_kind[STORE_NEGATIVE]), "answers",
        count(s->by_kind[STORE_ANSWER]), "denials", denials_json(n));
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
        {"stale_answers", r->stale_answers},
        {"stale_nxdomains", r->stale_nxdomains},
        {"refreshes", r->refreshes},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        json_object_set_new(o, rows[i].name, count(rows[i].value));
    return o;
}

static json_t *sum_of(json_t *by)
{
    const char *key;
    json_t *value;
    json_int_t sum = 0;
    json_object_foreach(by, key, value) sum += json_integer_value(value);
    return json_integer(sum);
}

static json_t *validation_json(const struct resolve_counters *r)
{
    json_t *by_verified = control_by_algorithm(r->verifier.verified);
    json_t *by_saved = control_by_algorithm(r->verifier.saved);
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "secure",
        count(r->secure), "insecure", count(r->insecure), "bogus", count(r->bogus), "synthesised",
        count(r->synthesised), "verified", sum_of(by_verified), "verified_by", by_verified, "saved",
        sum_of(by_saved), "saved_by", by_saved, "failed", count(r->verifier.failed), "keys_parsed",
        count(r->verifier.keys_parsed), "keys_kept", count(r->verifier.keys_kept), "verified_hot",
        count(r->verifier.hot), "keys_hot", count(r->verifier.keys_hot));
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

static json_t *udp_json(const struct control_figures *f)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "received", count(f->udp_received), "sent",
        count(f->udp_sent), "not_sent", count(f->udp_send_failed), "too_long", count(f->udp_too_long),
        "dropped_by_kernel", count(f->udp_dropped), "kernel_room", count(f->udp_room));
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

static json_t *wall_json(int64_t wall_s)
{
    return wall_s > 0 ? json_integer((json_int_t)wall_s) : json_null();
}

static json_t *trust_json(const struct control_trust *t)
{
    return json_pack("{s:b, s:b, s:i, s:i, s:i, s:s, s:s, s:o, s:o}", "validates", t->validates,
        "clock_known", t->clock_known, "anchors", t->anchors, "anchors_unusable", t->unusable,
        "negative_anchors", t->negatives, "root_anchors_from", t->anchors_from, "root_servers_from",
        t->servers_from, "root_keys_seen_s", wall_json(t->root_seen_s), "root_keys_next_s",
        wall_json(t->root_next_s));
}

static json_t *control_status(
    const struct control_source *source, struct control_call *call, const struct control_line *request)
{
    struct control_figures f = {0};
    source->figures(source->ctx, &f);
    return json_pack("{s:s, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "version",
        HARK_VERSION, "uptime_s", count(f.uptime_s), "workers", (json_int_t)f.workers, "listen",
        listen_json(&f), "queries", queries_json(&f), "rcodes", control_by_rcode(f.rcodes), "cache",
        cache_json(&f.cache, &f.nsecs), "clients", clients_json(&f), "in_flight", inflight_json(&f),
        "resolver", resolver_json(&f.resolver), "dnssec", validation_json(&f.resolver), "udp", udp_json(&f),
        "sockets", net_json(&f), "log", log_json(&f), "trust", trust_json(&f.trust));
}

static json_t *control_reload(
    const struct control_source *source, struct control_call *call, const struct control_line *request)
{
    source->reload(source->ctx, call);
    return NULL;
}

static json_t *control_anchors(
    const struct control_source *source, struct control_call *call, const struct control_line *request)
{
    return source->anchors(source->ctx);
}

static json_t *error_json(const char *text)
{
    return json_pack("{s:s}", "error", text);
}

json_t *control_misused(const char *what_is_wrong)
{
    return json_pack("{s:s, s:b}", "error", what_is_wrong, "usage", 1);
}

/* "list", "add NAME [LIFETIME]", "del NAME". NULL: it is one, in *out. */
static const char *read_nta(
    const struct control_line *request, struct control_nta *out, name_t zone[NAME_MAX_LEN])
{
    const char *const *words = request->words;
    unsigned n = request->count;
    *out = (struct control_nta){.zone = zone, .lifetime_s = NTA_LIFETIME_S};
    if (n == 0 || (n == 1 && strcmp(words[0], "list") == 0)) {
        out->zone = NULL;
        return NULL;
    }
    bool add = strcmp(words[0], "add") == 0;
    if ((!add && strcmp(words[0], "del") != 0) || n < 2 || n > 2u + add)
        return "nta is followed by list, add NAME [LIFETIME] or del NAME";
    out->action = add ? NTA_ADD : NTA_DEL;
    if (name_from_text(zone, words[1], strlen(words[1]), NULL))
        return "that is no name";
    struct token lifetime = {.text = n > 2 ? words[2] : "1h", .len = strlen(n > 2 ? words[2] : "1h")};
    if (n > 2 &&
        (token_ttl(&lifetime, &out->lifetime_s) || !out->lifetime_s || out->lifetime_s > NTA_LIFETIME_MAX_S))
        return "a lifetime is at most a week: 3600, 90m, 12h, 7d";
    return NULL;
}

static json_t *control_nta(
    const struct control_source *source, struct control_call *call, const struct control_line *request)
{
    struct control_nta nta;
    name_t zone[NAME_MAX_LEN];
    const char *problem = read_nta(request, &nta, zone);
    if (problem)
        return control_misused(problem);
    source->nta(source->ctx, call, &nta);
    return NULL;
}

static json_t *control_cache(
    const struct control_source *source, struct control_call *call, const struct control_line *request)
{
    struct cache_view view = {0};
    source->cache(source->ctx, &view);
    return control_cache_ask(&view, call->may_write, request->words, request->count);
}

static json_t *control_recent(
    const struct control_source *source, struct control_call *call, const struct control_line *request)
{
    return control_recent_ask(source, request->words, request->count);
}

static json_t *control_requests(
    const struct control_source *source, struct control_call *call, const struct control_line *request)
{
    return control_requests_ask(source);
}

static json_t *control_walk(
    const struct control_source *source, struct control_call *call, const struct control_line *request)
{
    name_t name[NAME_MAX_LEN];
    uint16_t type = TYPE_A;
    const char *const *words = request->words;
    if (request->count == 0)
        return control_misused("walk is followed by NAME [TYPE]");
    if (name_from_text(name, words[0], strlen(words[0]), NULL))
        return control_misused("that is no name");
    if (request->count == 2 && (rrtype_from_text(&type, words[1], strlen(words[1])) || rrtype_is_meta(type)))
        return control_misused("that is no type that can be looked for");
    source->walk(source->ctx, call, name, type);
    return NULL;
}

static json_t *control_events(
    const struct control_source *source, struct control_call *call, const struct control_line *request)
{
    struct event_filter filter;
    struct text problem;
    text_init(&problem);
    json_t *error = NULL;
    if (event_filter_read(&filter, request->words, request->count, &problem))
        source->events(source->ctx, call, &filter);
    else
        error = control_misused(problem.data);
    text_fini(&problem);
    return error;
}

static json_t *control_servers(
    const struct control_source *source, struct control_call *call, const struct control_line *request)
{
    return control_servers_ask(source, request->words, request->count);
}

static json_t *control_stats(
    const struct control_source *source, struct control_call *call, const struct control_line *request)
{
    struct control_figures f = {0};
    if (request->count && strcmp(request->words[0], "prometheus") != 0) /* the figures are the same */
        return control_misused("stats is followed by nothing or by prometheus");
    source->figures(source->ctx, &f);
    return control_metrics_json(&f);
}

/* Until a reload or a restart: the settings are not changed. */
static json_t *control_log(
    const struct control_source *source, struct control_call *call, const struct control_line *request)
{
    int level = request->count ? log_level_parse(request->words[0]) : 0;
    if (level < 0)
        return control_misused("log is followed by nothing or by error, warning, notice, info or debug");
    if (request->count && !call->may_write)
        return error_json(NOT_ALLOWED);
    const char *before = log_level_text(log_get_level());
    if (!request->count)
        return json_pack("{s:s}", "level", before);
    log_set_level((enum log_level)level);
    log_notice("log level %s, by the control socket", log_level_text((enum log_level)level));
    return json_pack("{s:s, s:s}", "level", log_level_text((enum log_level)level), "before", before);
}

enum access { ACCESS_READ, ACCESS_WRITE };

static const struct verb {
    const char *name;
    enum access access;
    unsigned most; /* words after it */
    json_t *(*take)(const struct control_source *source, struct control_call *call,
        const struct control_line *request); /* NULL: replies later */
} VERBS[] = {
#define VERB(name, access, most, words, help) {#name, ACCESS_##access, most, control_##name},
#include "defs/verbs.def"
#undef VERB
};

/* {"verb": "nta", "arguments": ["add", "example."]}. */
static bool read_object(struct control_line *r, const char *line, size_t len)
{
    size_t i;
    json_t *word;
    r->object = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    r->verb = json_string_value(json_object_get(r->object, "verb"));
    const json_t *arguments = json_object_get(r->object, "arguments");
    if (json_array_size(arguments) > WORDS_MAX)
        return false;
    json_array_foreach(arguments, i, word)
    {
        r->words[r->count++] = json_string_value(word);
        if (!json_is_string(word))
            return false;
    }
    return r->verb && (!arguments || json_is_array(arguments));
}

/* "nta add example.". */
static bool read_words(struct control_line *r, const char *line, size_t len)
{
    char *rest = NULL;
    r->line = mem_alloc(len + 1);
    memcpy(r->line, line, len);
    r->verb = strtok_r(r->line, " \t\r", &rest);
    for (char *word; (word = strtok_r(NULL, " \t\r", &rest));) {
        if (r->count == WORDS_MAX)
            return false;
        r->words[r->count++] = word;
    }
    if (!r->verb)
        r->verb = "";
    return true;
}

static json_t *take(
    const struct control_source *source, struct control_call *call, const struct control_line *request)
{
    for (size_t i = 0; i < sizeof VERBS / sizeof VERBS[0]; i++) {
        if (strcmp(request->verb, VERBS[i].name) != 0)
            continue;
        if (VERBS[i].access == ACCESS_WRITE && !call->may_write)
            return error_json(NOT_ALLOWED);
        if (request->count > VERBS[i].most)
            return control_misused(VERBS[i].most ? "too many words" : "that verb stands alone");
        return VERBS[i].take(source, call, request);
    }
    return control_misused("no such verb");
}

void control_ask(const struct control_source *source, struct control_call *call, const char *line, size_t len)
{
    struct control_line request = {0};
    while (len && strchr(" \t\r\n", line[len - 1]))
        len--;
    bool good = len && line[0] == '{' ? read_object(&request, line, len) : read_words(&request, line, len);
    json_t *reply = good ? take(source, call, &request)
                         : error_json("the request is no JSON object with a verb, nor a verb and few words");
    mem_free(request.line);
    json_decref(request.object);
    if (reply)
        call->reply(call, reply);
    json_decref(reply);
}
