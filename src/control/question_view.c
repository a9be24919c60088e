#include "control/question_view.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "dns/record.h"
#include "dns/rrtype.h"
#include "serve/recent.h"

/* Octets of records that one reply is made of: as JSON, escapes and all, they stay below the megabyte that
 * `hark ctl` reads. */
#define RECORDS_OCTETS_MAX 65536u

static void set_number(json_t *j, const char *key, uint64_t n)
{
    json_object_set_new(j, key, json_integer((json_int_t)n));
}

static void set_address(json_t *j, const struct addr *addr, uint16_t port)
{
    char text[ADDR_TEXT_LEN];
    json_object_set_new(j, "address", json_string(addr_text(addr, text)));
    set_number(j, "port", port);
}

static json_t *verdict_json(uint8_t verdict)
{
    const char *text = verdict_text(verdict);
    return json_string(text ? text : "unchecked");
}

/* ---- recent ---- */

/* A record and where it stands in time. */
struct kept {
    uint8_t *record;
    size_t len;
    int64_t end_ms;
};

struct recents {
    struct kept *items;
    size_t count, cap;
};

static void on_record(void *ctx, const uint8_t *record, size_t len)
{
    struct recents *all = ctx;
    struct recent_record r;
    if (!recent_read(&r, record, len))
        return;
    if (all->count == all->cap) {
        all->cap = all->cap ? 2 * all->cap : 64;
        all->items = mem_grow(all->items, all->cap * sizeof *all->items);
    }
    struct kept *k = &all->items[all->count++];
    *k = (struct kept){.record = mem_alloc(len), .len = len, .end_ms = r.end_ms};
    memcpy(k->record, record, len);
}

static int newest_first(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;
    return (x->end_ms < y->end_ms) - (x->end_ms > y->end_ms);
}

static json_t *message_json(const struct recent_entry *e)
{
    static const char *const failed[] = {
        [RECENT_SILENT] = "timeout", [RECENT_FAILED] = "network", [RECENT_SPOILT] = "wrong-reply"};
    json_t *j = json_object();
    record_set_name(j, "zone", e->zone);
    if (e->server)
        record_set_name(j, "server", e->server);
    set_address(j, &e->addr, e->port);
    json_object_set_new(j, "transport", json_string(e->stream ? "tcp" : "udp"));
    record_set_name(j, "sent_name", e->sent_name);
    record_set_type(j, "sent_type", e->sent_type);
    if (e->end == RECENT_ANSWERED) {
        set_number(j, "rtt_ms", e->rtt_ms);
        record_set_rcode(j, "rcode", e->rcode);
    } else {
        json_object_set_new(j, "failed", json_string(failed[e->end]));
    }
    return j;
}

static json_t *chain_json(const struct recent_entry *e)
{
    json_t *j = json_object();
    bool secure = e->verdict == VERDICT_SECURE;
    record_set_name(j, "zone", e->zone);
    json_object_set_new(j, "verdict", verdict_json(e->verdict));
    if (secure)
        json_object_set_new(j, "by", json_string(e->anchor ? "anchor" : "ds"));
    else if (*e->tag)
        record_set_text(j, "by", e->tag);
    if (e->has_key) {
        set_number(j, "key_tag", e->key_tag);
        set_number(j, "algorithm", e->algorithm);
    }
    return j;
}

/* What the network did, or what a reply was useless for. */
static void add_trouble(json_t *asked, const struct recent_entry *e)
{
    json_t *message = json_array_get(asked, e->message);
    if (message)
        record_set_text(message, json_object_get(message, "failed") ? "failed" : "useless", e->tag);
}

static json_t *reason_json(const struct recent_record *r)
{
    if (!*r->tag && !*r->text && r->ede < 0)
        return json_null();
    json_t *j = json_object();
    record_set_text(j, "tag", r->tag);
    record_set_text(j, "text", r->text);
    if (r->ede >= 0)
        json_object_set_new(j, "ede", record_ede(r->ede, NULL));
    return j;
}

static json_t *record_json(const struct kept *k, int64_t now_ms)
{
    static const char *const from[] = {
        [RECENT_FETCHED] = "fetched", [RECENT_CACHE] = "cache", [RECENT_STALE] = "stale"};
    struct recent_record r;
    struct recent_entry e;
    struct tm tm;
    char at[32] = "";
    json_t *j = json_object(), *asked = json_array(), *chain = json_array();
    recent_read(&r, k->record, k->len);
    time_t wall = (time_t)r.wall_s;
    if (gmtime_r(&wall, &tm))
        strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", &tm);
    record_set_name(j, "qname", r.name);
    record_set_type(j, "qtype", r.type);
    json_object_set_new(j, "at", json_string(at));
    set_number(j, "age_s", now_ms > r.end_ms ? (uint64_t)(now_ms - r.end_ms) / 1000 : 0);
    set_number(j, "took_ms", r.took_ms);
    record_set_rcode(j, "rcode", r.rcode);
    json_object_set_new(j, "verdict", verdict_json(r.verdict));
    json_object_set_new(j, "from", json_string(from[r.from]));
    set_number(j, "messages", r.messages);
    json_object_set_new(j, "reason", reason_json(&r));
    while (recent_next(&r.entries, &e))
        if (e.kind == RECENT_MESSAGE)
            json_array_append_new(asked, message_json(&e));
        else if (e.kind == RECENT_CHAIN)
            json_array_append_new(chain, chain_json(&e));
        else
            add_trouble(asked, &e);
    json_object_set_new(j, "asked", asked);
    json_object_set_new(j, "chain", chain);
    if (r.left_out)
        set_number(j, "left_out", r.left_out);
    return j;
}

static json_t *recent_json(const struct recents *all, size_t found, const struct control_recent *wanted)
{
    json_t *list = json_array();
    size_t octets = 0;
    for (size_t i = 0; i < all->count && i < RECENT_SHOWN_MAX; i++) {
        octets += all->items[i].len;
        if (octets > RECORDS_OCTETS_MAX)
            break;
        json_array_append_new(list, record_json(&all->items[i], wanted->now_ms));
    }
    size_t shown = json_array_size(list);
    json_t *j =
        json_pack("{s:o, s:I, s:b}", "recent", list, "found", (json_int_t)found, "kept", wanted->kept);
    if (found > shown)
        set_number(j, "left_out", found - shown);
    return j;
}

json_t *control_recent_ask(const struct control_source *source, const char *const *words, unsigned count)
{
    name_t name[NAME_MAX_LEN];
    struct control_recent wanted = {.name = count ? name : NULL, .type = TYPE_NONE};
    struct recents all = {0};
    if (count > 2)
        return control_misused("recent is followed by nothing, NAME or NAME TYPE");
    if (count && name_from_text(name, words[0], strlen(words[0]), NULL))
        return control_misused("that is no name");
    if (count == 2 && rrtype_from_text(&wanted.type, words[1], strlen(words[1])))
        return control_misused("that is no record type; by number: TYPE65");
    size_t found = source->recent(source->ctx, &wanted, on_record, &all);
    if (all.count)
        qsort(all.items, all.count, sizeof *all.items, newest_first);
    json_t *j = recent_json(&all, found, &wanted);
    for (size_t i = 0; i < all.count; i++)
        mem_free(all.items[i].record);
    mem_free(all.items);
    return j;
}

/* ---- requests ---- */

static void on_request(void *ctx, const struct in_flight *q)
{
    json_t *j = json_object(), *other;
    record_set_name(j, "qname", q->name);
    record_set_type(j, "qtype", q->type);
    set_number(j, "clients", q->waiters);
    set_number(j, "age_ms", q->age_ms);
    set_number(j, "messages", q->messages);
    json_object_set_new(j, "state", json_string(q->state));
    if (q->for_name) {
        other = json_object();
        record_set_name(other, "qname", q->for_name);
        record_set_type(other, "qtype", q->for_type);
        json_object_set_new(j, "look_up", other);
    }
    if (q->zone)
        record_set_name(j, "zone", q->zone);
    if (q->to) {
        if (q->server)
            record_set_name(j, "server", q->server);
        set_address(j, &q->to->addr, q->to->port);
        set_number(j, "waited_ms", q->waited_ms);
    }
    json_array_append_new(ctx, j);
}

static int oldest_first(const void *a, const void *b)
{
    json_int_t x = json_integer_value(json_object_get(*(json_t *const *)a, "age_ms"));
    json_int_t y = json_integer_value(json_object_get(*(json_t *const *)b, "age_ms"));
    return (x < y) - (x > y);
}

json_t *control_requests_ask(const struct control_source *source)
{
    json_t *all = json_array(), *sorted = json_array();
    size_t found = source->requests(source->ctx, on_request, all), count = json_array_size(all);
    json_t **items = mem_alloc((count + 1) * sizeof(json_t *));
    for (size_t i = 0; i < count; i++)
        items[i] = json_array_get(all, i);
    qsort(items, count, sizeof *items, oldest_first);
    for (size_t i = 0; i < count && i < REQUESTS_SHOWN_MAX; i++)
        json_array_append(sorted, items[i]);
    mem_free(items);
    json_decref(all);
    size_t shown = json_array_size(sorted);
    json_t *j = json_pack("{s:o, s:I}", "requests", sorted, "found", (json_int_t)found);
    if (found > shown)
        set_number(j, "left_out", found - shown);
    return j;
}
