/* What may be said of a name: the truth, or what was the truth not longer ago than TTLs allow. */
#include "claims.h"

#include <string.h>

#include "dns/rdata.h"

#define SLACK_S 20u /* what was heard when a job began may be told when it ends */

/* ---- time ---- */

static uint32_t bounded(const struct sim *s, uint32_t ttl)
{
    const struct cache_settings *c = &s->cache_settings;
    ttl = ttl < c->ttl_min ? c->ttl_min : ttl;
    return ttl > c->ttl_max ? c->ttl_max : ttl;
}

static uint32_t negative_ttl(const struct sim *s, const struct zone *z)
{
    uint32_t ttl = z->soa_ttl < z->minimum ? z->soa_ttl : z->minimum;
    ttl = bounded(s, ttl);
    return ttl > s->cache_settings.negative_max ? s->cache_settings.negative_max : ttl;
}

/* How long a withdrawn delegation is still known: it is its parent's TTL that counts. */
static uint32_t ghost_s(const struct sim *s, const struct zone *z, uint32_t end_s)
{
    for (; z; z = z->parent)
        if (z->gone_s <= end_s)
            return bounded(s, z->ns_ttl);
    return 0;
}

/* What may be claimed, and when it was the truth. */
struct truth {
    struct fact fact;
    uint32_t from_s, until_s; /* contents of versions within these count */
    uint32_t cached_s;        /* so long it lay in the cache at least */
};

typedef bool fits(const struct sim *s, const struct truth *t, const void *claim);

/* A time, and until when it was so. */
struct past {
    uint32_t at_s, end_s;
};

static bool fits_at(const struct sim *s, const struct question *q, struct past view, struct past at, fits *fn,
    const void *claim)
{
    const struct zone *z = tree_zone_of(&s->tree, q->name, q->type, view.at_s);
    struct truth t = {.fact = zone_find(&s->tree, z, q->name, q->type, view.at_s, at.at_s)};
    uint32_t ttl = negative_ttl(s, z);
    if (t.fact.set && t.fact.kind < FACT_CUT)
        ttl = bounded(s, t.fact.set->ttl);
    else if (t.fact.kind == FACT_DATA)
        ttl = s->cache_settings.ttl_max; /* of an answer to ANY: each set is looked at by itself */
    uint32_t age = ttl + SLACK_S + s->back_s + s->stale_s, now_s = sim_true_s(s);
    if (now_s - at.end_s > age || now_s - view.end_s > age + ghost_s(s, z, view.end_s))
        return false;
    t.from_s = now_s > age ? now_s - age : 0;
    t.until_s = at.end_s;
    t.cached_s = s->cached_s;
    return fn(s, &t, claim);
}

/* Is the claim about (name, type) true now, or was it before one of the changes, not too long ago? A
 * delegation that is withdrawn and still known leads to servers that know the newest of all else. */
static bool was_true(const struct sim *s, const name_t *name, uint16_t type, fits *fn, const void *claim)
{
    const struct question q = {.name = name, .type = type};
    uint32_t now_s = sim_true_s(s);
    struct past pasts[CHANGES_MAX + 1] = {{now_s, now_s}};
    unsigned count = 1;
    for (unsigned i = 0; i < s->tree.change_count; i++) {
        uint32_t c = s->tree.changes[i];
        if (c > 0 && c <= now_s)
            pasts[count++] = (struct past){c - 1, c};
    }
    for (unsigned v = 0; v < count; v++)
        for (unsigned i = 0; i < count; i++)
            if (fits_at(s, &q, pasts[v], pasts[i], fn, claim))
                return true;
    return false;
}

/* ---- claims ---- */

/* But for letter case: names may be compressed towards a name that was asked in random letters. */
static bool rdata_same(uint16_t type, const struct rdata *a, const struct rdata *b)
{
    uint8_t x[512], y[512];
    if (a->len != b->len || a->len > sizeof x)
        return false;
    rdata_canonical(x, type, a);
    rdata_canonical(y, type, b);
    return memcmp(x, y, a->len) == 0;
}

static bool set_has_version(const struct set *set, unsigned version, const struct rrset *rs)
{
    struct arena a;
    arena_init(&a);
    bool all = rs->count == set_count(set);
    for (unsigned i = 0; i < rs->count && all; i++) {
        struct rdata want = set_rdata(set, version, i, &a);
        bool there = false;
        for (unsigned k = 0; k < rs->count && !there; k++)
            there = rdata_same(rs->type, &want, &rs->rdata[k]);
        all = there;
    }
    arena_fini(&a);
    return all;
}

static bool set_fits(
    const struct sim *s, const struct set *set, const struct truth *t, const struct rrset *rs)
{
    uint32_t most_s = bounded(s, set->ttl);
    bool stale = s->stale_s > 0 && rs->ttl == s->settings.stale_ttl_s;
    if (rs->type != set->type || (!stale && rs->ttl > (most_s > t->cached_s ? most_s - t->cached_s : 0)))
        return false;
    uint32_t step = set->period_s ? set->period_s : 1;
    for (unsigned i = 0; i < (set->period_s ? VERSIONS : 1); i++) {
        uint32_t back = i * step;
        uint32_t at_s = t->until_s > back ? t->until_s - back : 0;
        if (at_s + step < t->from_s)
            break;
        if (set_has_version(set, set_version(set, at_s), rs))
            return true;
    }
    return false;
}

static bool fits_data(const struct sim *s, const struct truth *t, const void *claim)
{
    const struct rrset *rs = claim;
    const struct fact *f = &t->fact;
    if (f->kind != FACT_DATA)
        return false;
    if (f->set)
        return set_fits(s, f->set, t, rs);
    for (unsigned i = 0; f->node && i < f->node->set_count; i++)
        if (set_fits(s, &f->node->sets[i], t, rs))
            return true;
    return name_equal(rs->owner, f->zone->name) &&
           (set_fits(s, &f->zone->apex[0], t, rs) || set_fits(s, &f->zone->apex[1], t, rs));
}

static bool fits_cname(const struct sim *s, const struct truth *t, const void *claim)
{
    return t->fact.kind == FACT_CNAME && set_fits(s, t->fact.set, t, claim);
}

static bool fits_dname(const struct sim *s, const struct truth *t, const void *claim)
{
    const struct rrset *rs = claim;
    return t->fact.kind == FACT_DNAME && name_equal(t->fact.owner, rs->owner) &&
           set_fits(s, t->fact.set, t, rs);
}

static bool fits_denial(const struct sim *s, const struct truth *t, const void *claim)
{
    const struct claimed_denial *d = claim;
    const struct fact *f = &t->fact;
    bool kind =
        d->nxdomain ? f->kind == FACT_NXDOMAIN || (f->entless && s->tree.no_ent) : f->kind == FACT_NODATA;
    /* RFC 9824 3.1: to who asks with DO there is no NXDOMAIN on the wire */
    bool compact = f->zone->is_signed && f->zone->signing.denial == SIGN_COMPACT;
    /* In an opt-out span an unsigned zone might begin at any name, which has no DS (RFC 5155 8.6). */
    bool span = f->zone->is_signed && f->zone->signing.opt_out && d->type == TYPE_DS;
    kind = kind || ((compact || span) && f->kind == FACT_NXDOMAIN);
    return kind && (!d->soa || (name_equal(d->soa->owner, f->zone->name) &&
                                   (s->stale_s > 0 || d->soa->ttl <= negative_ttl(s, f->zone)) &&
                                   set_has_version(&f->zone->apex[1], 0, d->soa)));
}

/* ---- servers ---- */

static bool fits_address(const struct sim *s, const struct truth *t, const void *claim)
{
    const struct addr *a = claim;
    const struct set *set = t->fact.set;
    bool found = false;
    struct arena arena;
    (void)s;
    if (t->fact.kind != FACT_DATA || !set)
        return false;
    arena_init(&arena);
    for (unsigned v = 0; v < VERSIONS && !found; v++)
        for (unsigned i = 0; i < set_count(set) && !found; i++) {
            struct rdata rd = set_rdata(set, v, i, &arena);
            found = rd.len == addr_len(a) && memcmp(rd.data, a->ip, rd.len) == 0;
        }
    arena_fini(&arena);
    return found;
}

/* Who stood in a zone that was withdrawn may be made by a wildcard above now, and that may be an alias. */
static bool leads_to(const struct sim *s, const name_t *host, uint16_t type, const struct addr *a)
{
    uint32_t now_s = sim_true_s(s);
    name_t name[NAME_MAX_LEN], made[NAME_MAX_LEN];
    name_copy(name, host);
    for (unsigned links = 0; links < 4; links++) {
        if (was_true(s, name, type, fits_address, a))
            return true;
        const struct zone *z = tree_zone_of(&s->tree, name, type, now_s);
        struct fact f = zone_find(&s->tree, z, name, type, now_s, now_s);
        if (f.kind == FACT_CNAME)
            name_copy(made, f.set->target);
        else if (f.kind != FACT_DNAME || name_replace_suffix(made, name, f.owner, f.set->target) != ERR_OK)
            return false;
        name_copy(name, made);
    }
    return false;
}

bool claim_is_ghost_server(const struct sim *s, const name_t *name, const struct addr *a)
{
    uint16_t type = a->family == FAMILY_V4 ? TYPE_A : TYPE_AAAA;
    for (const struct zone *z = tree_zone_ever(&s->tree, name); z; z = z->parent)
        for (unsigned i = 0; i < z->host_count; i++)
            if (!zone_stays(z->hosts[i]->home) && leads_to(s, z->hosts[i]->name, type, a))
                return true;
    return false;
}

/* ---- what others ask ---- */

bool claim_is_data(const struct sim *s, const name_t *name, uint16_t type, const struct rrset *rs)
{
    return was_true(s, name, type, fits_data, rs);
}

bool claim_is_cname(const struct sim *s, const name_t *name, uint16_t type, const struct rrset *rs)
{
    return was_true(s, name, type, fits_cname, rs);
}

bool claim_is_dname(const struct sim *s, const name_t *name, uint16_t type, const struct rrset *rs)
{
    return was_true(s, name, type, fits_dname, rs);
}

bool claim_is_denied(const struct sim *s, const name_t *name, const struct claimed_denial *d)
{
    return was_true(s, name, d->type, fits_denial, d);
}
