#include "control/server_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dns/record.h"
#include "dns/rrtype.h"

#define LISTED_MAX 10u                       /* of the slowest, and of those that fail */
#define LOOKED_MAX 65536u                    /* servers of the cache that are looked at: more are counted */
#define LAME_MAX 50u                         /* zones told */
#define ADDRESSES_MAX DELEGATION_ADDRS_MAX   /* of one name */
#define SILENT_MAX 256u                      /* servers told */
#define SILENT_MS_MAX (RECENT_AGE_S * 1000u) /* where nobody asks any more nothing is heard either */
#define TIMEOUTS_MANY 3u                     /* in a row: no single loss */
#define LOSS_MUCH 25                         /* percent */

/* A server that did not answer, and nobody knows yet whether it or our link is to blame. */
struct silent {
    struct endpoint at;
    unsigned times;
    uint32_t last_ms; /* so long ago */
};

struct view {
    struct cache_view known;
    size_t silent_count;
    struct silent silent[SILENT_MAX];
};

/* A server and what is known of it. */
struct seen {
    struct endpoint at;
    struct server_facts facts;
};

static json_t *number(uint64_t n)
{
    return json_integer((json_int_t)n);
}

static int loss_percent(const struct server_facts *f)
{
    return f->loss * 100 / 255;
}

static bool is_failing(const struct server_facts *f)
{
    return f->timeouts >= TIMEOUTS_MANY || loss_percent(f) >= LOSS_MUCH || f->lame_somewhere ||
           f->edns == EDNS_FACT_BROKEN || f->case_broken;
}

static const char *edns_text(uint8_t fact)
{
    return fact == EDNS_FACT_WORKS ? "works" : fact == EDNS_FACT_BROKEN ? "broken" : "unknown";
}

static json_t *short_json(const struct seen *s)
{
    char text[ADDR_TEXT_LEN];
    const struct server_facts *f = &s->facts;
    return json_pack("{s:s, s:i, s:b, s:i, s:i, s:i, s:i, s:s, s:b, s:b}", "address",
        addr_text(&s->at.addr, text), "port", (int)s->at.port, "heard", f->heard, "srtt_ms", (int)f->srtt_ms,
        "rttvar_ms", (int)f->rttvar_ms, "timeouts", (int)f->timeouts, "loss_percent", loss_percent(f), "edns",
        edns_text(f->edns), "case_broken", f->case_broken, "lame_somewhere", f->lame_somewhere);
}

/* ---- silences ---- */

static void on_silence(void *ctx, const struct endpoint *at, uint32_t age_ms)
{
    struct view *v = ctx;
    size_t i = 0;
    if (age_ms > SILENT_MS_MAX)
        return;
    while (i < v->silent_count && !endpoint_equal(&v->silent[i].at, at))
        i++;
    if (i == SILENT_MAX)
        return;
    struct silent *s = &v->silent[i];
    if (i == v->silent_count) {
        *s = (struct silent){.at = *at, .last_ms = age_ms};
        v->silent_count++;
    }
    s->times++;
    s->last_ms = age_ms < s->last_ms ? age_ms : s->last_ms;
}

static json_t *silence_json(const struct silent *s)
{
    return json_pack("{s:o, s:o}", "times", number(s->times), "last_ms", number(s->last_ms));
}

static json_t *silent_now(const struct view *v)
{
    char text[ADDR_TEXT_LEN];
    json_t *list = json_array();
    for (size_t i = 0; i < v->silent_count; i++) {
        json_t *j = silence_json(&v->silent[i]);
        json_object_set_new(j, "address", json_string(addr_text(&v->silent[i].at.addr, text)));
        json_object_set_new(j, "port", number(v->silent[i].at.port));
        json_array_append_new(list, j);
    }
    return list;
}

/* ---- one server ---- */

static void on_lame_zone(void *ctx, const name_t *zone)
{
    char text[NAME_TEXT_LEN];
    if (json_array_size(ctx) < LAME_MAX)
        json_array_append_new(ctx, json_string(name_text(zone, text)));
}

static const char *cookie_text(const struct view *v, const struct endpoint *at)
{
    struct server_cookie cookie;
    if (!cache_cookie_get(v->known.cache, at, v->known.now_s, &cookie))
        return "unknown";
    return cookie.unwanted ? "unwanted" : cookie.server_len ? "yes" : "no";
}

static json_t *server_json(const struct view *v, const struct addr *addr)
{
    struct seen s = {.at = {.addr = *addr, .port = v->known.port}};
    const struct inflight *inflight = cache_inflight(v->known.cache);
    unsigned cap, in_flight;
    json_t *lame = json_array();
    cache_server_get(v->known.cache, &s.at, v->known.now_s, &s.facts);
    inflight_read_server(inflight, addr, &in_flight, &cap);
    if (s.facts.lame_somewhere) /* all that is in the cache is looked at */
        cache_lame_zones(v->known.cache, addr, v->known.now_s, on_lame_zone, lame);
    json_t *j = short_json(&s);
    json_object_del(j, "lame_somewhere");
    json_object_set_new(j, "cookie", json_string(cookie_text(v, &s.at)));
    json_object_set_new(j, "lame_for", lame);
    json_object_set_new(j, "in_flight", number(in_flight));
    json_object_set_new(j, "cap", number(cap));
    for (size_t i = 0; i < v->silent_count; i++)
        if (endpoint_equal(&v->silent[i].at, &s.at))
            json_object_set_new(j, "silent_now", silence_json(&v->silent[i]));
    return j;
}

static void add_servers_of(const struct view *v, const name_t *name, uint16_t type, json_t *list)
{
    struct arena arena;
    arena_init(&arena);
    const struct rrset *rs = cache_rrset_get(v->known.cache, name, type, CLASS_IN, v->known.now_s, &arena);
    for (size_t i = 0; rs && i < rs->count && json_array_size(list) < ADDRESSES_MAX; i++) {
        struct addr addr = {.family = type == TYPE_A ? FAMILY_V4 : FAMILY_V6};
        if (rs->rdata[i].len != addr_len(&addr))
            continue;
        memcpy(addr.ip, rs->rdata[i].data, addr_len(&addr));
        json_array_append_new(list, server_json(v, &addr));
    }
    arena_fini(&arena);
}

/* As the delegation names it: its glue. Of a zone all of them, and what is known of those without. */
static void add_glue_of(const struct view *v, const name_t *name, json_t *list)
{
    struct arena arena;
    arena_init(&arena);
    const struct cut *cut = cache_cut_deepest(v->known.cache, name, v->known.now_s, &arena);
    bool all = cut && name_equal(cut->zone, name);
    for (unsigned i = 0; cut && i < cut->server_count; i++) {
        const struct cut_server *cs = &cut->servers[i];
        if (!all && !name_equal(cs->name, name))
            continue;
        for (unsigned k = 0; k < cs->addr_count && json_array_size(list) < ADDRESSES_MAX; k++)
            json_array_append_new(list, server_json(v, &cs->addrs[k]));
        if (cs->addr_count == 0) {
            add_servers_of(v, cs->name, TYPE_A, list);
            add_servers_of(v, cs->name, TYPE_AAAA, list);
        }
    }
    arena_fini(&arena);
}

static json_t *servers_of(const struct view *v, const char *word)
{
    name_t name[NAME_MAX_LEN];
    struct addr addr;
    json_t *list = json_array();
    if (addr_parse(&addr, word) == ERR_OK) {
        json_array_append_new(list, server_json(v, &addr));
    } else if (name_from_text(name, word, strlen(word), NULL)) {
        json_decref(list);
        return control_misused("that is neither an address nor a name");
    } else {
        add_servers_of(v, name, TYPE_A, list);
        add_servers_of(v, name, TYPE_AAAA, list);
        if (json_array_size(list) == 0)
            add_glue_of(v, name, list);
    }
    return json_pack("{s:o}", "servers", list);
}

/* ---- all of them ---- */

static int slowest_first(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;
    return (x->facts.srtt_ms < y->facts.srtt_ms) - (x->facts.srtt_ms > y->facts.srtt_ms);
}

static int worst_first(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;
    int left = x->facts.timeouts * 100 + loss_percent(&x->facts),
        right = y->facts.timeouts * 100 + loss_percent(&y->facts);
    return (left < right) - (left > right);
}

static json_t *first_of(const struct seen *items, size_t count, bool (*which)(const struct server_facts *f))
{
    json_t *list = json_array();
    for (size_t i = 0; i < count && json_array_size(list) < LISTED_MAX; i++)
        if (which(&items[i].facts))
            json_array_append_new(list, short_json(&items[i]));
    return list;
}

static bool is_heard(const struct server_facts *f)
{
    return f->heard && f->srtt_ms;
}

static json_t *overview(const struct view *v)
{
    struct endpoint *at = mem_alloc(LOOKED_MAX * sizeof *at);
    size_t known = cache_servers(v->known.cache, at, LOOKED_MAX), count = 0, heard = 0, failing = 0;
    struct seen *items = mem_alloc(((known < LOOKED_MAX ? known : LOOKED_MAX) + 1) * sizeof *items);
    for (size_t i = 0; i < known && i < LOOKED_MAX; i++) {
        struct seen s = {.at = at[i]};
        cache_server_get(v->known.cache, &s.at, v->known.now_s, &s.facts);
        if (!s.facts.heard && !s.facts.timeouts && !s.facts.srtt_ms)
            continue; /* expired */
        items[count++] = s;
        heard += is_heard(&s.facts);
        failing += is_failing(&s.facts);
    }
    qsort(items, count, sizeof *items, slowest_first);
    /* those heard come first, by their times: the slowest first */
    json_int_t median = heard ? items[heard / 2].facts.srtt_ms : 0;
    json_t *slowest = first_of(items, count, is_heard);
    qsort(items, count, sizeof *items, worst_first);
    json_t *worst = first_of(items, count, is_failing);
    mem_free(items);
    mem_free(at);
    return json_pack("{s:o, s:o, s:o, s:I, s:o, s:o, s:o}", "known", number(count), "heard", number(heard),
        "failing", number(failing), "median_ms", median, "slowest", slowest, "failing_most", worst,
        "silent_now", silent_now(v));
}

json_t *control_servers_ask(const struct control_source *source, const char *const *words, unsigned count)
{
    struct view *v = mem_alloc(sizeof *v);
    source->cache(source->ctx, &v->known);
    source->silences(source->ctx, on_silence, v);
    json_t *j = count ? servers_of(v, words[0]) : overview(v);
    cache_rest(v->known.cache);
    mem_free(v);
    return j;
}
