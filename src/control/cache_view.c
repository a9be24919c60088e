#include "control/cache_view.h"

#include <string.h>

#include "dns/edns.h"
#include "dns/rdata.h"
#include "dns/rrtype.h"
#include "dnssec/fault.h"

/* What is looked for, and where copies go. */
struct look {
    const struct cache_view *view;
    const name_t *name;
    uint16_t type;
    struct arena arena;
};

/* How an item stands in time. */
struct life {
    bool stale;
    uint32_t left_s, expired_s, age_s; /* expired_s: since then, if it is stale */
};

static json_t *count(uint64_t n)
{
    return json_integer((json_int_t)n);
}

/* Not UTF-8: null. */
static json_t *string_json(const char *s)
{
    json_t *j = json_string(s);
    return j ? j : json_null();
}

static json_t *name_json(const name_t *name)
{
    char text[NAME_TEXT_LEN];
    return string_json(name_text(name, text));
}

static json_t *type_json(uint16_t type)
{
    char buf[16];
    struct text t;
    text_init_fixed(&t, buf, sizeof buf);
    rrtype_to_text(&t, type);
    return string_json(t.data);
}

static const char *verdict_name(uint8_t verdict)
{
    static const char *const NAMES[] = {[VERDICT_UNCHECKED] = "unchecked",
        [VERDICT_INDETERMINATE] = "indeterminate",
        [VERDICT_INSECURE] = "insecure",
        [VERDICT_BOGUS] = "bogus",
        [VERDICT_SECURE] = "secure"};
    return verdict < sizeof NAMES / sizeof *NAMES ? NAMES[verdict] : "?";
}

static const char *rank_name(uint8_t rank)
{
    static const char *const NAMES[] = {[RANK_NONE] = "none",
        [RANK_GLUE] = "glue",
        [RANK_REFERRAL] = "referral",
        [RANK_ADDITIONAL] = "additional",
        [RANK_ANSWER_NONAUTH] = "answer without AA",
        [RANK_AUTHORITY] = "authority",
        [RANK_ANSWER] = "answer"};
    return rank < sizeof NAMES / sizeof *NAMES ? NAMES[rank] : "?";
}

/* ---- time: an item can be read as of any time before it expired, with its whole TTL as of 0 ---- */

/* Its TTL as of that time, in *ttl. */
typedef bool seen_at(struct look *l, uint32_t at_s, uint32_t *ttl);

static uint32_t expiry_of(struct look *l, seen_at *seen)
{
    uint32_t before = 0, after = l->view->now_s, ttl;
    while (after - before > 1) { /* at most 32 times */
        uint32_t middle = before + (after - before) / 2;
        *(seen(l, middle, &ttl) ? &before : &after) = middle;
    }
    return after;
}

static bool life_of(struct look *l, seen_at *seen, struct life *out)
{
    uint32_t now_s = l->view->now_s, whole;
    *out = (struct life){0};
    if (!seen(l, 0, &whole))
        return false;
    out->stale = !seen(l, now_s, &out->left_s);
    uint32_t expiry_s = out->stale ? expiry_of(l, seen) : now_s + out->left_s;
    out->expired_s = out->stale ? now_s - expiry_s : 0;
    uint32_t stored_s = expiry_s > whole ? expiry_s - whole : 0;
    out->age_s = now_s > stored_s ? now_s - stored_s : 0;
    return true;
}

static void add_life(json_t *o, const struct life *life)
{
    json_object_set_new(o, "ttl_s", count(life->stale ? 0 : life->left_s));
    json_object_set_new(o, "age_s", count(life->age_s));
    json_object_set_new(o, "stale", json_boolean(life->stale));
    if (life->stale)
        json_object_set_new(o, "expired_s", count(life->expired_s));
}

static void add_verdict(json_t *o, uint8_t verdict, uint8_t fault)
{
    json_object_set_new(o, "verdict", json_string(verdict_name(verdict)));
    if (fault)
        json_object_set_new(o, "reason", json_string(fault_tag((enum fault_kind)fault)));
}

/* ---- records ---- */

static struct rrset *rrset_at(struct look *l, uint32_t at_s)
{
    return cache_rrset_get(l->view->cache, l->name, l->type, CLASS_IN, at_s, &l->arena);
}

static bool rrset_seen(struct look *l, uint32_t at_s, uint32_t *ttl)
{
    const struct rrset *rs = rrset_at(l, at_s);
    *ttl = rs ? rs->ttl : 0;
    return rs != NULL;
}

static json_t *data_json(const struct rrset *rs)
{
    json_t *list = json_array();
    struct text t;
    text_init(&t);
    for (size_t i = 0; i < rs->count; i++) {
        text_clear(&t);
        rdata_to_text(&t, rs->type, rs->class, &rs->rdata[i]);
        json_array_append_new(list, string_json(t.data));
    }
    text_fini(&t);
    return list;
}

static void add_records(struct look *l, json_t *list)
{
    struct life life;
    if (!life_of(l, rrset_seen, &life))
        return;
    const struct rrset *rs = rrset_at(l, life.stale ? 0 : l->view->now_s);
    if (!rs) /* it went meanwhile */
        return;
    json_t *o = json_pack("{s:o}", "type", type_json(rs->type));
    add_life(o, &life);
    json_object_set_new(o, "rank", json_string(rank_name(rs->rank)));
    add_verdict(o, rs->verdict, rs->fault);
    json_object_set_new(o, "signatures", count(rs->sig_count));
    json_object_set_new(o, "wildcard", json_boolean(rs->proofs != NULL));
    json_object_set_new(o, "data", data_json(rs));
    json_array_append_new(list, o);
}

/* ---- denials ---- */

static bool negative_at(struct look *l, uint32_t at_s, struct negative *out)
{
    return cache_negative_get(l->view->cache, l->name, l->type, CLASS_IN, at_s, &l->arena, out) &&
           out->nxdomain == (l->type == TYPE_NONE);
}

static bool negative_seen(struct look *l, uint32_t at_s, uint32_t *ttl)
{
    struct negative n = {0};
    bool seen = negative_at(l, at_s, &n);
    *ttl = n.ttl;
    return seen;
}

static void add_denial(struct look *l, json_t *list)
{
    struct life life;
    struct negative n;
    if (!life_of(l, negative_seen, &life) || !negative_at(l, life.stale ? 0 : l->view->now_s, &n))
        return;
    json_t *o = json_pack("{s:s}", "what", n.nxdomain ? "NXDOMAIN" : "NODATA");
    if (!n.nxdomain)
        json_object_set_new(o, "type", type_json(l->type));
    add_life(o, &life);
    add_verdict(o, n.verdict, n.fault);
    if (n.authority.count)
        json_object_set_new(o, "zone", name_json(n.authority.items[0]->owner));
    json_object_set_new(o, "proofs", count(n.authority.count ? n.authority.count - 1 : 0));
    json_array_append_new(list, o);
}

/* ---- failures ---- */

static void add_failure(struct look *l, json_t *list)
{
    struct failure f;
    if (!cache_failure_get(l->view->cache, l->name, l->type, CLASS_IN, l->view->now_s, &f))
        return;
    const char *why = ede_text(f.ede);
    json_array_append_new(list,
        json_pack("{s:o, s:i, s:o, s:o, s:o, s:i, s:o, s:b}", "type", type_json(l->type), "ede", (int)f.ede,
            "reason", string_json(why ? why : ""), "tag", string_json(f.tag), "text", string_json(f.text),
            "streak", (int)f.streak, "retry_s", count(f.retry_s), "bogus", f.bogus));
}

/* ---- the delegation and its servers ---- */

static struct cut *cut_at(struct look *l, uint32_t at_s)
{
    return cache_cut_get(l->view->cache, l->name, at_s, &l->arena);
}

static bool cut_seen(struct look *l, uint32_t at_s, uint32_t *ttl)
{
    const struct cut *cut = cut_at(l, at_s);
    *ttl = cut ? cut->ttl : 0;
    return cut != NULL;
}

static json_t *cut_server_json(const struct cut_server *s)
{
    json_t *addresses = json_array();
    for (unsigned i = 0; i < s->addr_count; i++) {
        char text[ADDR_TEXT_LEN];
        json_array_append_new(addresses, json_string(addr_text(&s->addrs[i], text)));
    }
    return json_pack("{s:o, s:o}", "name", name_json(s->name), "glue", addresses);
}

static json_t *delegation_json(struct look *l)
{
    struct life life;
    if (!life_of(l, cut_seen, &life))
        return json_null();
    const struct cut *cut = cut_at(l, life.stale ? 0 : l->view->now_s);
    if (!cut)
        return json_null();
    json_t *o = json_object(), *servers = json_array();
    size_t ds = 0;
    add_life(o, &life);
    for (size_t i = 0; i < cut->proofs.count; i++)
        ds += cut->proofs.items[i]->type == TYPE_DS ? cut->proofs.items[i]->count : 0;
    json_object_set_new(o, "ds", count(ds));
    json_object_set_new(o, "insecure", json_boolean(cut->insecure));
    if (cut->insecure && cut->fault)
        json_object_set_new(o, "reason", json_string(fault_tag((enum fault_kind)cut->fault)));
    json_object_set_new(o, "hint", json_boolean(cut->hint));
    for (unsigned i = 0; i < cut->server_count; i++)
        json_array_append_new(servers, cut_server_json(&cut->servers[i]));
    json_object_set_new(o, "servers", servers);
    return o;
}

static const char *edns_name(uint8_t fact)
{
    return fact == EDNS_FACT_WORKS ? "works" : fact == EDNS_FACT_BROKEN ? "broken" : "unknown";
}

/* Nothing known: nothing added. zone: what it may be lame for. */
static void add_server(struct look *l, json_t *list, const name_t *server, const struct addr *addr)
{
    struct cache *c = l->view->cache;
    struct server_facts f;
    struct endpoint at = {.addr = *addr, .port = l->view->port};
    cache_server_get(c, &at, l->view->now_s, &f);
    bool lame = cache_lame_get(c, l->name, addr, l->view->now_s);
    if (!f.heard && !f.timeouts && !f.srtt_ms && !lame)
        return;
    char text[ADDR_TEXT_LEN];
    json_array_append_new(
        list, json_pack("{s:o, s:s, s:b, s:i, s:i, s:i, s:i, s:s, s:b, s:b}", "name", name_json(server),
                  "address", addr_text(addr, text), "heard", f.heard, "srtt_ms", (int)f.srtt_ms, "rttvar_ms",
                  (int)f.rttvar_ms, "timeouts", (int)f.timeouts, "loss_percent", (int)f.loss * 100 / 255,
                  "edns", edns_name(f.edns), "case_broken", f.case_broken, "lame", lame));
}

static void add_servers_of_name(struct look *l, json_t *list, const name_t *server)
{
    for (unsigned six = 0; six < 2; six++) {
        const struct rrset *rs = cache_rrset_get(
            l->view->cache, server, six ? TYPE_AAAA : TYPE_A, CLASS_IN, l->view->now_s, &l->arena);
        for (size_t i = 0; rs && i < rs->count; i++) {
            struct addr addr = {.family = six ? FAMILY_V6 : FAMILY_V4};
            if (rs->rdata[i].len != addr_len(&addr))
                continue;
            memcpy(addr.ip, rs->rdata[i].data, addr_len(&addr));
            add_server(l, list, server, &addr);
        }
    }
}

/* Of the zone's servers by their glue and by what is known of their names; of the name itself if it is one.
 */
static json_t *servers_json(struct look *l)
{
    json_t *list = json_array();
    const struct cut *cut = cut_at(l, l->view->now_s);
    add_servers_of_name(l, list, l->name);
    for (unsigned i = 0; cut && i < cut->server_count; i++) {
        const struct cut_server *s = &cut->servers[i];
        for (unsigned k = 0; k < s->addr_count; k++)
            add_server(l, list, s->name, &s->addrs[k]);
        if (!s->addr_count)
            add_servers_of_name(l, list, s->name);
    }
    return list;
}

/* ---- a name ---- */

static void add_type(struct look *l, uint16_t type, json_t *out[3])
{
    l->type = type;
    if (type != TYPE_NONE)
        add_records(l, out[0]);
    add_denial(l, out[1]);
    if (type != TYPE_NONE)
        add_failure(l, out[2]);
}

json_t *cache_view_name(const struct cache_view *v, const name_t *name, uint16_t type)
{
    static const uint16_t TYPES[] = {
#define RRTYPE(name, code, ...) (code),
#include "defs/rrtype.def"
#undef RRTYPE
    };
    struct look l = {.view = v, .name = name};
    json_t *lists[3] = {json_array(), json_array(), json_array()};
    arena_init(&l.arena);
    add_type(&l, TYPE_NONE, lists); /* NXDOMAIN denies all types */
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES && type == TYPE_NONE; i++)
        add_type(&l, TYPES[i], lists);
    if (type != TYPE_NONE && type != TYPE_CNAME) { /* an alias answers for all types */
        l.type = TYPE_CNAME;
        add_records(&l, lists[0]);
    }
    if (type != TYPE_NONE)
        add_type(&l, type, lists);
    json_t *o = json_pack("{s:o, s:o, s:o, s:o}", "name", name_json(name), "records", lists[0], "denials",
        lists[1], "failures", lists[2]);
    const struct cut *closest = cache_cut_deepest(v->cache, name, v->now_s, &l.arena);
    json_object_set_new(o, "closest_delegation", closest ? name_json(closest->zone) : json_null());
    if (type != TYPE_NONE) {
        json_object_set_new(o, "type", type_json(type));
    } else {
        json_object_set_new(o, "delegation", delegation_json(&l));
        json_object_set_new(o, "servers", servers_json(&l));
    }
    arena_fini(&l.arena);
    cache_rest(v->cache);
    return o;
}

/* ---- figures ---- */

json_t *cache_view_stats(const struct cache_view *v)
{
    static const char *const KINDS[STORE_KIND_COUNT] = {[STORE_RRSET] = "rrsets",
        [STORE_NEGATIVE] = "negatives",
        [STORE_CUT] = "delegations",
        [STORE_ANSWER] = "answers",
        [STORE_SERVER] = "servers",
        [STORE_LAME] = "lame_servers",
        [STORE_FAILURE] = "failures",
        [STORE_COOKIE] = "cookies"};
    struct store_stats s;
    struct nsecs_stats n;
    cache_stats(v->cache, &s);
    nsecs_read_stats(cache_nsecs(v->cache), &n);
    json_t *kinds = json_object();
    for (unsigned i = 1; i < STORE_KIND_COUNT; i++)
        if (KINDS[i])
            json_object_set_new(kinds, KINDS[i], count(s.by_kind[i]));
    cache_rest(v->cache);
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o, s:o, s:o, s:o, s:o}}",
        "size", count(s.size), "used", count(s.used), "items", count(s.items), "kinds", kinds, "hits",
        count(s.hits), "misses", count(s.misses), "puts", count(s.puts), "evicted", count(s.evicted),
        "refused", count(s.refused), "proven_denials", "size", count(n.size), "used", count(n.used), "items",
        count(n.items), "found", count(n.found), "missed", count(n.missed), "evicted", count(n.evicted));
}
