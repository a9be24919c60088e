/* A harkd of the tests: what the control socket's verbs ask of the daemon. Settings read anew and negative
 * trust anchors are counted. */
#ifndef HARK_TEST_CONTROL_SOURCE_H
#define HARK_TEST_CONTROL_SOURCE_H

#include <assert.h>

#include "control/control.h"

struct source_counts {
    unsigned reloads, ntas;
};

static void figures(void *ctx, struct control_figures *out)
{
    static const struct endpoint at = {.addr = {.family = FAMILY_V4, .ip = {127, 0, 0, 1}}, .port = 53};
    *out = (struct control_figures){
        .uptime_s = 7, .workers = 2, .listen = &at, .listen_count = 1, .queries = 5, .hits = 3};
    out->rcodes[RCODE_NOERROR] = 4;
    out->rcodes[RCODE_BADVERS] = 1;
    out->cache.size = 1 << 20;
    out->resolver.messages = 9;
}

static void reload(void *ctx, struct control_call *call)
{
    struct source_counts *counts = ctx;
    json_t *done = json_pack("{s:b}", "reloaded", 1);
    counts->reloads++;
    call->reply(call, done);
    json_decref(done);
}

static json_t *anchors(void *ctx)
{
    return json_pack("{s:[]}", "anchors");
}

static void nta(void *ctx, struct control_call *call, const struct control_nta *what)
{
    struct source_counts *counts = ctx;
    char zone[NAME_TEXT_LEN] = "-";
    counts->ntas++;
    assert((what->action == NTA_LIST) == !what->zone);
    assert(!what->zone || (name_check(what->zone, NAME_MAX_LEN) && what->lifetime_s >= 1 &&
                              what->lifetime_s <= NTA_LIFETIME_MAX_S));
    if (what->zone)
        name_text(what->zone, zone);
    json_t *done =
        json_pack("{s:i, s:s, s:i}", "action", what->action, "zone", zone, "lifetime", (int)what->lifetime_s);
    call->reply(call, done);
    json_decref(done);
}

static void walk(void *ctx, struct control_call *call, const name_t *name, uint16_t type)
{
    json_t *done = json_pack("{s:i}", "walk", type);
    call->reply(call, done);
    json_decref(done);
}

static void events(void *ctx, struct control_call *call, const struct event_filter *filter)
{
    json_t *done = json_pack("{s:I, s:b, s:b}", "kinds", (json_int_t)filter->kinds, "failures",
        filter->failures, "named", filter->named);
    call->reply(call, done);
    json_decref(done);
}

static void cache_of(void *ctx, struct cache_view *out)
{
    static struct cache *cache;
    const struct cache_settings settings = {.size = 1 << 20, .ttl_max = 3600, .negative_max = 3600};
    const struct hash_key key = {1, 2};
    const struct endpoint at = {.addr = {.family = FAMILY_V4, .ip = {192, 0, 2, 1}}, .port = 53};
    const struct server_facts facts = {
        .heard = 1, .srtt_ms = 20, .timeouts = 3, .edns = EDNS_FACT_WORKS, .lame_somewhere = 1};
    struct cut_server servers[] = {{.name = (const name_t *)"\2ns\3zoo", .addr_count = 1, .addrs = {at.addr}},
        {.name = (const name_t *)"\2ns\4host"}};
    const struct cut zoo = {
        .zone = (const name_t *)"\3zoo", .ttl = 3600, .server_count = 2, .servers = servers};
    struct rdata address = {(const uint8_t *)"\xc0\0\2\3", 4};
    const struct rrset host = {.owner = servers[1].name,
        .type = TYPE_A,
        .class = CLASS_IN,
        .ttl = 3600,
        .rank = RANK_ANSWER,
        .count = 1,
        .rdata = &address};
    if (!cache) {
        cache = cache_new(&settings, &key);
        cache_server_put(cache, &at, &facts, 1000);
        cache_lame_put(cache, (const name_t *)"\7example", &at.addr, 1000);
        cache_cut_put(cache, &zoo, 1000);
        cache_rrset_put(cache, &host, 1000);
    }
    *out = (struct cache_view){.cache = cache, .now_s = 1000, .port = 53};
}

static size_t recent(void *ctx, struct control_recent *wanted, control_recent_fn *fn, void *fn_ctx)
{
    static const uint8_t record[3];
    wanted->kept = true;
    fn(fn_ctx, record, sizeof record); /* is none */
    return 1;
}

static size_t requests(void *ctx, control_request_fn *fn, void *fn_ctx)
{
    static const struct endpoint at = {.addr = {.family = FAMILY_V4, .ip = {192, 0, 2, 1}}, .port = 53};
    static const struct in_flight rows[] = {
        {.name = NAME_ROOT, .type = 1, .waiters = 1, .age_ms = 5, .state = "goes on"},
        {.name = NAME_ROOT,
            .type = 1,
            .age_ms = 9,
            .state = "waits",
            .for_name = NAME_ROOT,
            .for_type = 28,
            .to = &at,
            .zone = NAME_ROOT,
            .server = NAME_ROOT}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        fn(fn_ctx, &rows[i]);
    return sizeof rows / sizeof rows[0];
}

static void silences(void *ctx, control_silence_fn *fn, void *fn_ctx)
{
    const struct endpoint at = {.addr = {.family = FAMILY_V4, .ip = {192, 0, 2, 2}}, .port = 53};
    const struct endpoint long_ago = {.addr = {.family = FAMILY_V4, .ip = {192, 0, 2, 9}}, .port = 53};
    fn(fn_ctx, &long_ago, RECENT_AGE_S * 1000u + 1);
    fn(fn_ctx, &at, 900);
    fn(fn_ctx, &at, 300);
    fn(fn_ctx, &at, 700);
}

/* One for each call, with counts of its own. */
static struct control_source source_counting(struct source_counts *counts)
{
    return (struct control_source){.ctx = counts,
        .figures = figures,
        .reload = reload,
        .anchors = anchors,
        .nta = nta,
        .recent = recent,
        .requests = requests,
        .silences = silences,
        .cache = cache_of,
        .walk = walk,
        .events = events};
}

#endif
