/* A line on the control socket: exactly one reply, an object, with an error or without; nothing is changed
 * for who may not. The first octet says who asks. */
#include <assert.h>
#include <string.h>

#include "control/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct asked {
    struct control_call call;
    unsigned replies, reloads, ntas;
};

static void count_reply(struct control_call *call, json_t *reply)
{
    struct asked *a = (struct asked *)call;
    a->replies++;
    assert(json_is_object(reply) && json_object_size(reply) > 0);
    /* An error stands alone, or says that it is of whoever asked. */
    size_t alone = json_object_get(reply, "usage") ? 2 : 1;
    assert(!json_object_get(reply, "error") || json_object_size(reply) == alone);
    char *text = json_dumps(reply, JSON_COMPACT);
    assert(text && !strchr(text, '\n'));
    free(text);
}

static void figures(void *ctx, struct control_figures *out)
{
    static const struct endpoint at = {.addr = {.family = FAMILY_V4, .ip = {127, 0, 0, 1}}, .port = 53};
    *out = (struct control_figures){.workers = 1, .listen = &at, .listen_count = 1};
    out->rcodes[0] = out->rcodes[SERVE_RCODES - 1] = 1;
}

static void reload(void *ctx, struct control_call *call)
{
    struct asked *a = (struct asked *)call;
    json_t *done = json_pack("{s:b}", "reloaded", 1);
    a->reloads++;
    call->reply(call, done);
    json_decref(done);
}

static json_t *anchors(void *ctx)
{
    return json_pack("{s:[]}", "anchors");
}

static void nta(void *ctx, struct control_call *call, const struct control_nta *what)
{
    struct asked *a = (struct asked *)call;
    json_t *done = json_pack("{s:i}", "done", what->action);
    a->ntas++;
    if (what->action == NTA_LIST)
        assert(!what->zone);
    else
        assert(name_check(what->zone, NAME_MAX_LEN) && what->lifetime_s >= 1 &&
               what->lifetime_s <= NTA_LIFETIME_MAX_S);
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
    const struct server_facts facts = {.heard = 1, .srtt_ms = 20, .timeouts = 3, .edns = EDNS_FACT_WORKS};
    if (!cache) {
        cache = cache_new(&settings, &key);
        cache_server_put(cache, &at, &facts, 1000);
        cache_lame_put(cache, (const name_t *)"\7example", &at.addr, 1000);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const struct control_source source = {.figures = figures,
        .reload = reload,
        .anchors = anchors,
        .nta = nta,
        .recent = recent,
        .requests = requests,
        .cache = cache_of,
        .walk = walk,
        .events = events};
    struct asked a = {.call = {.reply = count_reply}};
    if (len == 0)
        return 0;
    a.call.may_write = data[0] & 1;
    control_ask(&source, &a.call, (const char *)data + 1, len - 1);
    assert(a.replies == 1);
    assert(a.reloads + a.ntas == 0 || a.call.may_write);
    return 0;
}
