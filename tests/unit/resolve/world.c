#include "world.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "dns/present.h"
#include "dns/rdata.h"
#include "world_reply.h"

#define LIFE_MS 20000
#define DEFAULT_DELAY_MS 5

struct flight { /* something that arrives later */
    struct flight *next;
    int64_t at_ms;
    send_id id;
    size_t len; /* 0: `why` */
    enum net_fail why;
    uint8_t wire[];
};

struct log_line {
    char addr[ADDR_TEXT_LEN];
    name_t name[NAME_MAX_LEN];
    uint16_t type;
    enum transport transport;
    uint8_t cookie_len;
    uint64_t cookie; /* the client's part */
    uint8_t tags[64];
    unsigned tag_count;
    send_id id, port_of;
    bool dropped; /* since the resolver last had nothing to do */
};

struct world_zone {
    struct world_zone *next;
    char addr[ADDR_TEXT_LEN];
    struct sign_zone *zone;
};

struct world {
    const struct world_rule *rules;
    size_t rule_count;
    unsigned *used;
    struct cache *cache;
    struct random *rng, *chance;
    struct resolver *r;
    now_t now;
    int64_t wake_ms;
    struct flight *flights;
    struct log_line *log;
    size_t log_count;
    const struct outcome **answers; /* by ask_id */
    size_t answer_cap;
    enum world_link link;
    struct world_zone *zones;
    world_spoil_fn *spoil;
    void *spoil_ctx;
    struct arena arena; /* of the kept outcomes */
    struct text text;
};

static void default_settings(struct resolve_settings *s)
{
    static struct root_hint hint;
    static name_t name[NAME_MAX_LEN];
    resolve_settings_default(s);
    name_from_text(name, "root.ns.", 8, NULL);
    hint.name = name;
    hint.addr_count = 1;
    addr_parse(&hint.addrs[0], "10.0.0.1");
    s->hints = &hint;
    s->hint_count = 1;
    s->prime = false;
    s->extra_addresses = false;
    s->explore = false;
    s->prefetch = false;
}

struct world *world_new(
    const struct world_rule *rules, size_t count, void (*settings)(struct resolve_settings *))
{
    return world_new_seeded(rules, count, settings, 7);
}

struct world *world_new_seeded(const struct world_rule *rules, size_t count,
    void (*settings)(struct resolve_settings *), uint32_t number)
{
    struct cache_settings cs = {
        .size = 4u << 20, .ttl_max = TTL_MAX_DEFAULT, .negative_max = TTL_NEGATIVE_MAX};
    return world_new_cached(rules, count, settings, number, &cs);
}

struct world *world_new_cached(const struct world_rule *rules, size_t count,
    void (*settings)(struct resolve_settings *), uint32_t number, const struct cache_settings *cs)
{
    uint8_t seed[32] = {0};
    memcpy(seed, &number, sizeof number);
    struct world *w = mem_alloc(sizeof *w);
    w->rules = rules;
    w->rule_count = count;
    w->used = mem_alloc(count * sizeof *w->used);
    w->now = (now_t){.cache_s = 1000, .mono_ms = 1000000, .wall_s = 1800000000, .wall_known = true};
    w->cache = cache_new(cs, &(struct hash_key){1, 2});
    w->rng = random_new(seed);
    seed[31] = 1;
    w->chance = random_new(seed);
    struct resolve_settings set;
    default_settings(&set);
    if (settings)
        settings(&set);
    w->r = resolve_new(&set, w->cache, w->rng);
    w->wake_ms = INT64_MAX;
    arena_init(&w->arena);
    text_init(&w->text);
    return w;
}

void world_free(struct world *w)
{
    resolve_free(w->r);
    cache_free(w->cache);
    random_free(w->rng);
    random_free(w->chance);
    while (w->flights) {
        struct flight *next = w->flights->next;
        mem_free(w->flights);
        w->flights = next;
    }
    while (w->zones) {
        struct world_zone *next = w->zones->next;
        mem_free(w->zones);
        w->zones = next;
    }
    mem_free(w->used);
    mem_free(w->answers);
    mem_free(w->log);
    arena_fini(&w->arena);
    text_fini(&w->text);
    mem_free(w);
}

static void fly(
    struct world *w, send_id id, const uint8_t *wire, size_t len, enum net_fail why, unsigned delay_ms)
{
    struct flight *f = mem_alloc(sizeof *f + len);
    f->id = id;
    f->len = len;
    f->why = why;
    f->at_ms = w->now.mono_ms + delay_ms;
    if (len)
        memcpy(f->wire, wire, len);
    struct flight **p = &w->flights;
    while (*p && (*p)->at_ms <= f->at_ms)
        p = &(*p)->next;
    f->next = *p;
    *p = f;
}

static void serve(struct world *w, const struct action *act, const struct world_rule *rule,
    const struct msg *q, struct arena *a)
{
    static uint8_t buf[MSG_MAX_LEN];
    send_id id = act->send.id;
    bool udp = act->send.transport == TRANSPORT_UDP;
    unsigned delay = rule->delay_ms ? rule->delay_ms : DEFAULT_DELAY_MS;
    if (!udp && rule->tcp_delay_ms)
        delay = rule->tcp_delay_ms;
    if (!rule->make && rule->lose_first > w->used[rule - w->rules]++)
        return;
    if (rule->lose_percent && random_below(w->chance, 100) < rule->lose_percent)
        return;
    struct world_rule as;
    if (!world_rule_heed_cookie(q, rule, udp, &as))
        return;
    size_t len = world_reply_build(buf, q, &as, rule->flags, as.rcode, a);
    switch (rule->how) {
    case HOW_SILENT:
        return;
    case HOW_REFUSE_PORT:
        fly(w, id, NULL, 0, NET_REFUSED, delay);
        return;
    case HOW_UNREACHABLE:
        fly(w, id, NULL, 0, NET_UNREACHABLE, 1);
        return;
    case HOW_DAMAGED_ONCE:
        if (!udp)
            fly(w, id, NULL, 0, NET_REFUSED, delay);
        else
            fly(w, id, buf, w->used[rule - w->rules] == 1 ? len - 1 : len, 0, delay);
        return;
    case HOW_TCP_CLOSES:
    case HOW_TCP_SILENT:
    case HOW_TCP_GARBAGE:
        if (!udp && rule->how == HOW_TCP_CLOSES) {
            fly(w, id, NULL, 0, NET_CLOSED, delay);
            return;
        }
        if (!udp && rule->how == HOW_TCP_SILENT) {
            fly(w, id, NULL, 0, NET_TIMEOUT, (unsigned)(act->send.deadline_ms - w->now.mono_ms));
            return;
        }
        for (unsigned i = 0; !udp && i < 300; i++)
            fly(w, id, buf, len - 1, 0, delay);
        /* fall through */
    case HOW_TRUNCATE_UDP:
        if (udp)
            len = world_reply_build(buf, q, NULL, FLAG_TC, RCODE_NOERROR, a);
        break;
    case HOW_LOWER_CASE:
        name_lower(buf + MSG_HEADER_LEN);
        break;
    case HOW_NO_EDNS:
        if (q->edns.present)
            len = world_reply_build(buf, q, NULL, 0, RCODE_FORMERR, a);
        break;
    case HOW_BARE_FORMERR:
        if (q->edns.present) {
            world_reply_build(buf, q, NULL, 0, RCODE_FORMERR, a);
            memset(buf + 4, 0, 8);
            len = MSG_HEADER_LEN;
        }
        break;
    case HOW_GARBAGE_FIRST:
        if (udp) {
            uint8_t bad[MSG_HEADER_LEN + 9] = {0};
            memcpy(bad, buf, MSG_HEADER_LEN);
            fly(w, id, bad, sizeof bad, 0, delay > 10 ? delay - 10 : 1);
        }
        break;
    case HOW_MALFORMED_FIRST:
        if (udp) {
            uint8_t bad[MSG_MAX_LEN];
            memcpy(bad, buf, len);
            fly(w, id, bad, world_reply_damage(bad, len, rule->damage), 0, delay / 2);
        }
        break;
    case HOW_ANSWER:
        break;
    }
    fly(w, id, buf, len, 0, delay);
}

void world_serve(struct world *w, const char *addr, struct sign_zone *zone)
{
    struct world_zone *z = mem_alloc(sizeof *z);
    snprintf(z->addr, sizeof z->addr, "%s", addr);
    z->zone = zone;
    z->next = w->zones;
    w->zones = z;
}

void world_spoil(struct world *w, world_spoil_fn *fn, void *ctx)
{
    w->spoil = fn;
    w->spoil_ctx = ctx;
}

/* False: no zone is served at that address. */
static bool serve_zones(
    struct world *w, const struct action *act, const char *addr, const struct msg *q, struct arena *a)
{
    static uint8_t buf[MSG_MAX_LEN];
    struct sign_zone *zones[WORLD_ZONES_MAX];
    size_t count = 0;
    for (const struct world_zone *z = w->zones; z && count < WORLD_ZONES_MAX; z = z->next)
        if (strcmp(z->addr, addr) == 0)
            zones[count++] = z->zone;
    if (count == 0)
        return false;
    struct sign_reply reply;
    sign_zone_answer(zones, count, &q->question, q->edns.dnssec_ok, &reply, a);
    if (w->spoil)
        w->spoil(w->spoil_ctx, &q->question, &reply, a);
    size_t cap = MSG_MAX_LEN;
    if (act->send.transport == TRANSPORT_UDP)
        cap = q->edns.present && q->edns.udp_size > UDP_SIZE_PLAIN ? q->edns.udp_size : UDP_SIZE_PLAIN;
    fly(w, act->send.id, buf, sign_reply_write(&reply, q, buf, cap), 0, DEFAULT_DELAY_MS);
    return true;
}

static struct log_line *line_of(const struct world *w, send_id id)
{
    for (size_t i = w->log_count; i-- > 0;)
        if (w->log[i].id == id)
            return &w->log[i];
    return NULL;
}

static void dropped(struct world *w, send_id id)
{
    struct log_line *l = line_of(w, id);
    if (l)
        l->dropped = true;
}

static void sent(struct world *w, const struct action *act)
{
    struct arena a;
    arena_init(&a);
    struct msg q;
    enum msg_fault fault = msg_parse(&q, act->send.wire, act->send.len, &a);
    assert(fault == MSG_OK);
    (void)fault;
    if ((w->log_count & (w->log_count - 1)) == 0) /* doubled at each power of two */
        w->log = mem_grow(w->log, (w->log_count ? 2 * w->log_count : 1) * sizeof *w->log);
    struct log_line *l = &w->log[w->log_count++];
    addr_text(&act->send.to.addr, l->addr);
    name_copy(l->name, q.question.name);
    l->type = q.question.type;
    l->transport = act->send.transport;
    l->id = act->send.id;
    l->port_of = act->send.port_of;
    const struct log_line *from = line_of(w, l->port_of);
    assert(l->port_of == 0 || (from && from->dropped && from->transport == l->transport));
    (void)from;
    l->dropped = false;
    l->cookie_len = q.edns.cookie_len;
    l->cookie = get_u32(q.edns.cookie) | (uint64_t)get_u32(q.edns.cookie + 4) << 32;
    l->tag_count = q.edns.key_tags.len / 2;
    assert(q.edns.key_tags.len <= sizeof l->tags);
    memcpy(l->tags, q.edns.key_tags.len ? q.edns.key_tags.data : l->tags, q.edns.key_tags.len);
    const struct world_rule *rule = world_rule_find(w->rules, w->rule_count, l->addr, &q);
    if (w->link != LINK_UP) {
        if (w->link == LINK_NO_ROUTE)
            fly(w, act->send.id, NULL, 0, NET_UNREACHABLE, 0);
    } else if (rule && rule->make) {
        struct world_rule made = *rule;
        char name[NAME_TEXT_LEN];
        name_lower(q.question.name);
        rule->make(&made, name_text(q.question.name, name), &a);
        name_copy(q.question.name, l->name);
        serve(w, act, &made, &q, &a);
    } else if (rule)
        serve(w, act, rule, &q, &a);
    else if (!serve_zones(w, act, l->addr, &q, &a))
        fprintf(stderr, "nobody foresees this at %s type %u\n", l->addr, l->type);
    arena_fini(&a);
}

static struct rrset_list list_copy(const struct rrset_list *l, struct arena *a)
{
    struct rrset_list out = {0};
    for (size_t i = 0; i < l->count; i++)
        rrset_list_add(&out, rrset_copy(l->items[i], a), a);
    return out;
}

static void answered(struct world *w, const struct action *act)
{
    size_t cap = w->answer_cap;
    while (cap <= act->answer.id)
        cap = cap ? 2 * cap : 256;
    if (cap > w->answer_cap) {
        w->answers = mem_grow(w->answers, cap * sizeof *w->answers);
        memset(w->answers + w->answer_cap, 0, (cap - w->answer_cap) * sizeof *w->answers);
        w->answer_cap = cap;
    }
    assert(!w->answers[act->answer.id]);
    struct outcome *o = ARENA_NEW(&w->arena, struct outcome);
    *o = *act->answer.outcome;
    o->answer = list_copy(&o->answer, &w->arena);
    o->authority = list_copy(&o->authority, &w->arena);
    o->additional = list_copy(&o->additional, &w->arena);
    w->answers[act->answer.id] = o;
}

static void drain(struct world *w)
{
    struct action act;
    while (resolve_next(w->r, &act, w->now)) {
        if (act.kind == ACTION_SEND)
            sent(w, &act);
        else if (act.kind == ACTION_DROP)
            dropped(w, act.drop.id);
        else if (act.kind == ACTION_ANSWER)
            answered(w, &act);
        else if (act.kind == ACTION_WAKE)
            w->wake_ms = act.wake.at_ms;
        else if (act.kind == ACTION_WORK)
            resolve_work(w->r, 4, w->now);
    }
    for (size_t i = 0; i < w->log_count; i++)
        w->log[i].dropped = false;
}

/* One step of time: the next arrival or wake-up. False: nothing more can happen. */
static bool step(struct world *w)
{
    int64_t at = w->flights && w->flights->at_ms < w->wake_ms ? w->flights->at_ms : w->wake_ms;
    if (at == INT64_MAX)
        return false;
    if (at > w->now.mono_ms)
        w->now.mono_ms = at;
    struct flight *f = w->flights;
    if (f && f->at_ms <= w->now.mono_ms) {
        w->flights = f->next;
        if (f->len)
            resolve_heard(w->r, f->id, f->wire, f->len, w->now);
        else
            resolve_failed(w->r, f->id, f->why, w->now);
        mem_free(f);
    } else {
        w->wake_ms = INT64_MAX;
    }
    drain(w);
    return true;
}

ask_id world_begin(struct world *w, const char *name, uint16_t type)
{
    return world_begin_as(w, name, type, NULL);
}

ask_id world_begin_as(struct world *w, const char *name, uint16_t type, const struct addr *client)
{
    name_t n[NAME_MAX_LEN];
    assert(name_from_text(n, name, strlen(name), NULL) == ERR_OK);
    struct question q = {.name = n, .type = type, .class = CLASS_IN};
    if (client)
        q.client = *client;
    return world_begin_question(w, &q);
}

ask_id world_begin_question(struct world *w, const struct question *q)
{
    ask_id id = resolve_ask(w->r, q, w->now);
    drain(w);
    return id;
}

void world_hit(struct world *w, const struct question *q)
{
    resolve_refresh(w->r, q, w->now);
    drain(w);
}

void world_cancel(struct world *w, ask_id id)
{
    resolve_cancel(w->r, id, w->now);
    drain(w);
}

const struct outcome *world_answer(const struct world *w, ask_id id)
{
    return id < w->answer_cap ? w->answers[id] : NULL;
}

const struct outcome *world_wait(struct world *w, ask_id id)
{
    int64_t end = w->now.mono_ms + LIFE_MS;
    while (!world_answer(w, id) && w->now.mono_ms < end)
        if (!step(w))
            break;
    return world_answer(w, id);
}

const struct outcome *world_ask(struct world *w, const char *name, uint16_t type)
{
    return world_wait(w, world_begin(w, name, type));
}

void world_drain(struct world *w)
{
    int64_t end = w->now.mono_ms + LIFE_MS;
    while (resolve_counters(w->r)->jobs > 0 && w->now.mono_ms < end)
        if (!step(w))
            break;
}

void world_run(struct world *w, int64_t ms)
{
    int64_t end = w->now.mono_ms + ms;
    for (;;) {
        int64_t at = w->flights && w->flights->at_ms < w->wake_ms ? w->flights->at_ms : w->wake_ms;
        if (at > end || !step(w))
            break;
    }
    uint32_t seconds = (uint32_t)(end / 1000 - (end - ms) / 1000);
    w->now.mono_ms = end;
    w->now.cache_s += seconds;
    w->now.wall_s += seconds;
    drain(w);
}

void world_pass(struct world *w, uint32_t seconds)
{
    w->now.cache_s += seconds;
    w->now.mono_ms += (int64_t)seconds * 1000;
    w->now.wall_s += seconds;
    drain(w);
}

void world_link(struct world *w, enum world_link link)
{
    w->link = link;
}

void world_network_changed(struct world *w)
{
    resolve_network_changed(w->r, w->now);
    drain(w);
}

struct server_facts world_facts(struct world *w, const char *addr)
{
    struct endpoint at = {.port = 53};
    enum err err = addr_parse(&at.addr, addr);
    assert(!err);
    (void)err;
    struct server_facts facts;
    cache_server_get(w->cache, &at, w->now.cache_s, &facts);
    return facts;
}

unsigned world_sent(const struct world *w, const char *addr, const char *name, uint16_t type)
{
    unsigned n = 0;
    for (size_t i = 0; i < w->log_count; i++) {
        struct world_rule like = {.name = name};
        n += (!addr || strcmp(addr, w->log[i].addr) == 0) && (!type || type == w->log[i].type) &&
             world_rule_names(&like, w->log[i].name);
    }
    return n;
}

unsigned world_sent_tcp(const struct world *w)
{
    unsigned n = 0;
    for (size_t i = 0; i < w->log_count; i++)
        n += w->log[i].transport == TRANSPORT_TCP;
    return n;
}

const char *world_sent_port_of(const struct world *w, const char *addr, const char *name)
{
    const struct log_line *from = NULL;
    for (size_t i = 0; i < w->log_count; i++) {
        struct world_rule like = {.name = name};
        if (strcmp(addr, w->log[i].addr) == 0 && world_rule_names(&like, w->log[i].name))
            from = line_of(w, w->log[i].port_of);
    }
    return from ? from->addr : NULL;
}

unsigned world_sent_cookies(const struct world *w, const char *addr, unsigned *with_server, uint64_t *client)
{
    unsigned n = 0;
    *with_server = 0;
    for (size_t i = 0; i < w->log_count; i++) {
        const struct log_line *l = &w->log[i];
        if (strcmp(addr, l->addr) != 0 || l->cookie_len == 0)
            continue;
        n++;
        *with_server += l->cookie_len > 8;
        *client = l->cookie;
    }
    return n;
}

unsigned world_sent_key_tags(
    const struct world *w, const char *addr, const char *name, uint16_t type, uint8_t tags[64])
{
    unsigned count = 0;
    for (size_t i = 0; i < w->log_count; i++) {
        const struct log_line *l = &w->log[i];
        struct world_rule like = {.name = name};
        if (strcmp(addr, l->addr) != 0 || type != l->type || !world_rule_names(&like, l->name))
            continue;
        count = l->tag_count;
        memcpy(tags, l->tags, sizeof l->tags);
    }
    return count;
}

int64_t world_now_ms(const struct world *w)
{
    return w->now.mono_ms;
}

struct resolver *world_resolver(struct world *w)
{
    return w->r;
}

struct cache *world_cache(struct world *w)
{
    return w->cache;
}

const char *world_text(struct world *w, const struct outcome *o)
{
    if (!o)
        return "no answer";
    text_clear(&w->text);
    rcode_to_text(&w->text, o->rcode);
    for (size_t i = 0; i < o->answer.count; i++) {
        const struct rrset *rs = o->answer.items[i];
        for (unsigned k = 0; k < rs->count; k++) {
            text_add(&w->text, "; ");
            name_to_text(&w->text, rs->owner);
            text_printf(&w->text, " %u ", rs->ttl);
            rrtype_to_text(&w->text, rs->type);
            text_char(&w->text, ' ');
            rdata_to_text(&w->text, rs->type, rs->class, &rs->rdata[k]);
        }
    }
    return w->text.data;
}
