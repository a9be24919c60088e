/* The oracle knows the tree and its past: an outcome is the truth, or what was the truth not longer ago than
 * TTLs allow, or SERVFAIL; and not SERVFAIL where nothing that the question needs is broken. */
#include <string.h>

#include "dns/rdata.h"
#include "sim.h"

#define SLACK_S 20u /* what was heard when a job began may be told when it ends */

/* ---- who lies ---- */

static const struct zone *zone_ever(const struct sim *s, const name_t *name)
{
    const struct zone *best = s->tree.zones[0];
    for (unsigned i = 1; i < s->tree.zone_count; i++) {
        const struct zone *z = s->tree.zones[i];
        if (name_is_within(name, z->name) && z->depth >= best->depth)
            best = z;
    }
    return best;
}

enum trusted oracle_trust(const struct sim *s, const name_t *name, uint16_t type, bool *certain)
{
    const struct zone *z = tree_zone_of(&s->tree, name, type, sim_true_s(s));
    *certain = zone_stays(zone_ever(s, name)) && !s->wall_strange;
    return s->anchors ? zone_trust(z) : TRUSTED_INSECURE;
}

bool oracle_is_evil(const struct sim *s, const name_t *name)
{
    return zone_ever(s, name)->evil;
}

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
    struct found found;
    uint32_t from_s, until_s; /* contents of versions within these count */
    uint32_t cached_s;        /* so long it lay in the cache at least */
};

typedef bool fits(const struct sim *s, const struct truth *t, void *claim);

/* A time, and until when it was so. */
struct past {
    uint32_t at_s, end_s;
};

static bool fits_at(
    const struct sim *s, const struct question *q, struct past view, struct past at, fits *fn, void *claim)
{
    const struct zone *z = tree_zone_of(&s->tree, q->name, q->type, view.at_s);
    struct truth t = {.found = zone_find(&s->tree, z, q->name, q->type, view.at_s, at.at_s)};
    uint32_t ttl = negative_ttl(s, z);
    if (t.found.set && t.found.kind < FOUND_CUT)
        ttl = bounded(s, t.found.set->ttl);
    else if (t.found.kind == FOUND_DATA)
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
static bool was_true(const struct sim *s, const name_t *name, uint16_t type, fits *fn, void *claim)
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

static bool fits_data(const struct sim *s, const struct truth *t, void *claim)
{
    const struct rrset *rs = claim;
    const struct found *f = &t->found;
    if (f->kind != FOUND_DATA)
        return false;
    if (f->set)
        return set_fits(s, f->set, t, rs);
    for (unsigned i = 0; f->node && i < f->node->set_count; i++)
        if (set_fits(s, &f->node->sets[i], t, rs))
            return true;
    return name_equal(rs->owner, f->zone->name) &&
           (set_fits(s, &f->zone->apex[0], t, rs) || set_fits(s, &f->zone->apex[1], t, rs));
}

static bool fits_cname(const struct sim *s, const struct truth *t, void *claim)
{
    return t->found.kind == FOUND_CNAME && set_fits(s, t->found.set, t, claim);
}

static bool fits_dname(const struct sim *s, const struct truth *t, void *claim)
{
    const struct rrset *rs = claim;
    return t->found.kind == FOUND_DNAME && name_equal(t->found.owner, rs->owner) &&
           set_fits(s, t->found.set, t, rs);
}

struct denial {
    bool nxdomain;
    uint16_t type;
    const struct rrset *soa; /* NULL: none was given */
};

static bool fits_denial(const struct sim *s, const struct truth *t, void *claim)
{
    const struct denial *d = claim;
    const struct found *f = &t->found;
    bool kind =
        d->nxdomain ? f->kind == FOUND_NXDOMAIN || (f->entless && s->tree.no_ent) : f->kind == FOUND_NODATA;
    /* RFC 9824 3.1: to who asks with DO there is no NXDOMAIN on the wire */
    bool compact = f->zone->is_signed && f->zone->signing.denial == SIGN_COMPACT;
    /* In an opt-out span an unsigned zone might begin at any name, which has no DS (RFC 5155 8.6). */
    bool span = f->zone->is_signed && f->zone->signing.opt_out && d->type == TYPE_DS;
    kind = kind || ((compact || span) && f->kind == FOUND_NXDOMAIN);
    return kind && (!d->soa || (name_equal(d->soa->owner, f->zone->name) &&
                                   (s->stale_s > 0 || d->soa->ttl <= negative_ttl(s, f->zone)) &&
                                   set_has_version(&f->zone->apex[1], 0, d->soa)));
}

/* ---- servers ---- */

static bool fits_address(const struct sim *s, const struct truth *t, void *claim)
{
    const struct addr *a = claim;
    const struct set *set = t->found.set;
    bool found = false;
    struct arena arena;
    (void)s;
    if (t->found.kind != FOUND_DATA || !set)
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

bool oracle_is_ghost_server(const struct sim *s, const name_t *name, const struct addr *a)
{
    uint16_t type = a->family == FAMILY_V4 ? TYPE_A : TYPE_AAAA;
    for (const struct zone *z = zone_ever(s, name); z; z = z->parent)
        for (unsigned i = 0; i < z->host_count; i++)
            if (!zone_stays(z->hosts[i]->home) &&
                was_true(s, z->hosts[i]->name, type, fits_address, (void *)(uintptr_t)a))
                return true;
    return false;
}

/* ---- a whole outcome ---- */

struct walk {
    struct sim *s;
    const struct asking *a;
    const struct outcome *o;
    size_t at; /* in the answer section */
    name_t name[NAME_MAX_LEN];
    bool ends;       /* nothing may follow */
    bool all_secure; /* so far */
};

/* In a zone with opt-out an unsigned zone might begin at any name that does not exist: who serves the zone
 * may say what it likes of those (RFC 5155 12.2). */
static bool is_in_opt_out(const struct sim *s, const name_t *name, uint16_t type)
{
    uint32_t now_s = sim_true_s(s);
    const struct zone *z = tree_zone_of(&s->tree, name, type, now_s);
    struct found f = zone_find(&s->tree, z, name, type, now_s, now_s);
    bool by_wildcard = f.node && !name_equal(f.node->name, name);
    bool unsigned_cut = f.kind == FOUND_NODATA && f.set; /* its DS is asked for */
    return z->signing.opt_out && (f.kind == FOUND_NXDOMAIN || by_wildcard || unsigned_cut);
}

/* DS lies in the zone above. What else a liar sends in its place, an alias, is below the negative anchor
 * (RFC 7646): to the validator insecure, whatever the zone above is, and whoever asks is told what was sent.
 */
static bool is_in_place_of_ds(const struct sim *s, const name_t *name, uint16_t type)
{
    return type == TYPE_DS && zone_ever(s, name)->distrusted;
}

/* Need what is said of this name's records of that type not be the truth? */
static bool is_excused(const struct walk *w, const name_t *name, uint16_t type)
{
    bool certain;
    if (!oracle_is_evil(w->s, name) || w->o->verdict == VERDICT_SECURE)
        return false;
    bool secure = oracle_trust(w->s, name, type, &certain) == TRUSTED_SECURE;
    if (is_in_place_of_ds(w->s, name, type))
        return true;
    return w->a->question.checking_disabled || is_in_opt_out(w->s, name, type) || !secure || !certain;
}

static const struct rrset *next_of(const struct walk *w)
{
    return w->at < w->o->answer.count ? w->o->answer.items[w->at] : NULL;
}

static bool wrong(struct walk *w, const char *what)
{
    char name[NAME_TEXT_LEN];
    sim_wrong(w->s, "%s (%s, record set %zu of %zu, rcode %u)", what, name_text(w->name, name), w->at,
        w->o->answer.count, w->o->rcode);
    return false;
}

/* What the outcome makes of a name's data, beside what a validator has to make of it. */
static bool verdict_fits(struct walk *w)
{
    bool certain;
    enum trusted t = oracle_trust(w->s, w->name, w->a->question.type, &certain);
    if (!certain)
        w->all_secure = false;
    if (!certain || w->a->question.checking_disabled)
        return true;
    if (t == TRUSTED_BROKEN)
        return wrong(w, "data that is bogus");
    if (t != TRUSTED_SECURE && w->o->verdict == VERDICT_SECURE)
        return wrong(w, "insecure data that is said to be secure");
    w->all_secure =
        w->all_secure && t == TRUSTED_SECURE &&
        !tree_zone_of(&w->s->tree, w->name, w->a->question.type, sim_true_s(w->s))->signing.opt_out;
    return true;
}

/* One link, if there is one. False: something is wrong. */
static bool walk_cname(struct walk *w, const struct rrset *rs)
{
    if (rs->count != 1)
        return wrong(w, "several CNAMEs");
    uint16_t type = w->a->question.type;
    if (is_in_place_of_ds(w->s, w->name, type)) {
        if (w->o->verdict == VERDICT_SECURE)
            return wrong(w, "an alias below a negative anchor that is said to be secure");
        w->all_secure = false;
    } else if (!verdict_fits(w)) {
        return false;
    }
    bool excused = is_excused(w, w->name, type);
    if (!excused && !was_true(w->s, w->name, type, fits_cname, (void *)(uintptr_t)rs))
        return wrong(w, "a CNAME that is not the truth");
    w->all_secure = w->all_secure && !excused;
    name_copy(w->name, rdata_target(TYPE_CNAME, &rs->rdata[0]));
    w->at++;
    return true;
}

static bool walk_dname(struct walk *w, const struct rrset *rs)
{
    if (!verdict_fits(w))
        return false;
    if (!is_excused(w, rs->owner, TYPE_DNAME) &&
        !was_true(w->s, w->name, w->a->question.type, fits_dname, (void *)(uintptr_t)rs))
        return wrong(w, "a DNAME that is not the truth");
    name_t made[NAME_MAX_LEN];
    enum err err = name_replace_suffix(made, w->name, rs->owner, rdata_target(TYPE_DNAME, &rs->rdata[0]));
    w->at++;
    if (err) {
        w->ends = true;
        return w->o->rcode == RCODE_YXDOMAIN && !next_of(w) ? true : wrong(w, "no YXDOMAIN");
    }
    const struct rrset *cname = next_of(w);
    if (!cname || cname->type != TYPE_CNAME || !name_equal(cname->owner, w->name) || cname->count != 1 ||
        !name_equal(rdata_target(TYPE_CNAME, &cname->rdata[0]), made))
        return wrong(w, "a DNAME without its CNAME");
    w->at++;
    if (w->a->question.type == TYPE_CNAME || w->a->question.type == TYPE_ANY)
        w->ends = true;
    name_copy(w->name, made);
    return true;
}

static bool walk_links(struct walk *w)
{
    uint16_t type = w->a->question.type;
    for (const struct rrset *rs; (rs = next_of(w)) && !w->ends;) {
        bool cname = rs->type == TYPE_CNAME && type != TYPE_CNAME && type != TYPE_ANY;
        bool dname =
            rs->type == TYPE_DNAME && name_is_within(w->name, rs->owner) && !name_equal(w->name, rs->owner);
        if (cname && name_equal(rs->owner, w->name)) {
            if (!walk_cname(w, rs))
                return false;
        } else if (dname) {
            if (!walk_dname(w, rs))
                return false;
        } else {
            break;
        }
    }
    return true;
}

static bool walk_data(struct walk *w)
{
    bool evil = is_excused(w, w->name, w->a->question.type);
    uint16_t type = w->a->question.type;
    unsigned sets = 0;
    if (w->o->rcode != RCODE_NOERROR)
        return wrong(w, "data with an error");
    for (const struct rrset *rs; (rs = next_of(w)); w->at++, sets++) {
        if (!name_equal(rs->owner, w->name) || (type != TYPE_ANY && (rs->type != type || sets > 0)))
            return wrong(w, "data that was not asked for");
        if (!evil && !was_true(w->s, w->name, type, fits_data, (void *)(uintptr_t)rs))
            return wrong(w, "data that is not the truth");
    }
    return true;
}

static bool walk_denial(struct walk *w)
{
    uint16_t rcode = w->o->rcode;
    struct denial d = {.nxdomain = rcode == RCODE_NXDOMAIN, .type = w->a->question.type};
    for (size_t i = 0; i < w->o->authority.count; i++)
        if (w->o->authority.items[i]->type == TYPE_SOA)
            d.soa = w->o->authority.items[i];
    if (is_excused(w, w->name, w->a->question.type) && (!d.soa || is_excused(w, d.soa->owner, TYPE_SOA)))
        return true;
    if (rcode != RCODE_NOERROR && rcode != RCODE_NXDOMAIN)
        return wrong(w, "an odd response code");
    return was_true(w->s, w->name, w->a->question.type, fits_denial, &d) ||
           wrong(w, d.nxdomain ? "an NXDOMAIN that is not the truth" : "a NODATA that is not the truth");
}

/* Beside answers, without minimal answers: name servers and addresses that are true. */
static bool list_is_true(const struct sim *s, const struct rrset *rs)
{
    if (oracle_is_evil(s, rs->owner) || (rs->type != TYPE_NS && rs->type != TYPE_A && rs->type != TYPE_AAAA))
        return true;
    bool all = true;
    for (unsigned i = 0; i < rs->count && all; i++) {
        bool there = false;
        for (unsigned h = 0; h < s->tree.host_count && !there; h++) {
            const struct host *host = s->tree.hosts[h];
            if (rs->type == TYPE_NS) {
                there = name_equal(rdata_target(TYPE_NS, &rs->rdata[i]), host->name);
                continue;
            }
            enum family family = rs->type == TYPE_A ? FAMILY_V4 : FAMILY_V6;
            for (unsigned k = 0; name_equal(host->name, rs->owner) && k < host_addr_count(host, family); k++)
                there =
                    there || memcmp(host_addr(host, family, k)->ip, rs->rdata[i].data, rs->rdata[i].len) == 0;
        }
        all = there;
    }
    return all;
}

static bool extras_are_true(struct walk *w)
{
    for (size_t i = 0; i < w->o->authority.count; i++)
        if (!list_is_true(w->s, w->o->authority.items[i]))
            return wrong(w, "name servers that are not the truth");
    for (size_t i = 0; i < w->o->additional.count; i++)
        if (!list_is_true(w->s, w->o->additional.items[i]))
            return wrong(w, "addresses that are not the truth");
    return true;
}

/* RFC 8767: only for who takes it, with its reason, and never a failure of validation. */
static void stale_fits(struct walk *w)
{
    const struct outcome *o = w->o;
    int ede = o->reason.ede;
    if (!w->a->question.stale_ok || w->s->settings.stale_max_s == 0)
        wrong(w, "a stale answer for who takes none");
    if (ede != EDE_STALE_ANSWER && (ede != EDE_STALE_NXDOMAIN || o->rcode != RCODE_NXDOMAIN))
        wrong(w, "a stale answer without its reason");
    if (!o->from_cache || o->verdict == VERDICT_BOGUS)
        wrong(w, "a stale answer that cannot be");
}

void oracle_check(struct sim *s, const struct asking *a, const struct outcome *o)
{
    struct walk w = {.s = s, .a = a, .o = o, .all_secure = true};
    name_copy(w.name, a->name);
    /* What the cache tells was stored when something was last heard, or before. */
    s->cached_s = o->from_cache && !s->steps ? sim_true_s(s) - s->heard_s : 0;
    s->stale_s = o->stale ? s->settings.stale_max_s : 0;
    if (o->stale)
        stale_fits(&w);
    if (o->rcode == RCODE_SERVFAIL) {
        if (o->answer.count > 0)
            wrong(&w, "SERVFAIL with an answer");
        if (a->must)
            sim_wrong(
                s, "SERVFAIL (%s) though nothing is broken", o->reason.tag ? o->reason.tag : "no reason");
        return;
    }
    if (!extras_are_true(&w) || !walk_links(&w) || w.ends)
        return;
    if (a->question.no_aliases && w.at > 0 && !next_of(&w))
        return;
    bool data = next_of(&w) != NULL;
    if (!verdict_fits(&w) || !(data ? walk_data(&w) : walk_denial(&w)))
        return;
    if (w.all_secure && o->verdict != VERDICT_SECURE && !a->question.checking_disabled)
        wrong(&w, "secure data that is not said to be secure");
}

/* ---- what must work ---- */

#define COST_MAX_MS 2000 /* of what is broken on the way; the core has 5 s */
#define BROKEN (-1)

struct needs {
    const struct sim *s;
    int8_t state[ZONES_MAX]; /* 0: not looked at, 1: being looked at, 2: known */
    int cost[ZONES_MAX];
};

/* Without EDNS there are no signatures. */
static bool knows_dnssec(const struct machine *m)
{
    return m->fault < MACHINE_FORMERR_EDNS || m->fault > MACHINE_BADVERS;
}

/* Milliseconds that it costs beyond the answer; *works: it answers at all. */
static int machine_cost(const struct sim *s, const struct machine *m, bool *works)
{
    unsigned family = m->addr.family == FAMILY_V6;
    *works = false;
    if (!(family ? s->settings.use_v6 : s->settings.use_v4))
        return 0;
    if (s->weather.no_route[family])
        return 1;
    if (s->weather.black_hole[family])
        return 350;
    *works = m->fault < MACHINES_SURVIVED;
    int rtt = (int)m->rtt_ms;
    switch (m->fault) {
    case MACHINE_BARE_FORMERR:
        return 900 + 3 * rtt;
    case MACHINE_TCP_SILENT:
    case MACHINE_WRONG_ID:
    case MACHINE_WRONG_QUESTION:
        return 1600;
    case MACHINE_DEAD:
    case MACHINE_FLAPS:
    case MACHINE_DROPS_EDNS:
    case MACHINE_MANGLES_OPT:
        return 400;
    default:
        return 4 * rtt;
    }
}

static int zone_cost(struct needs *n, const struct zone *z, unsigned depth);

/* The addresses that a look-up of this name server gives: of the first family that it has. */
static bool is_looked_up(const struct sim *s, const struct host *h, const struct machine *m)
{
    enum family first = s->settings.use_v4 && host_addr_count(h, FAMILY_V4) ? FAMILY_V4 : FAMILY_V6;
    return m->addr.family == first;
}

static int host_cost(struct needs *n, const struct zone *z, unsigned i, unsigned depth, bool *works)
{
    const struct sim *s = n->s;
    const struct host *h = z->hosts[i];
    bool inside = z->parent && name_is_within(h->name, z->parent->name);
    bool glued = (z->glued >> i & 1) && (inside || !s->settings.glue_hardening);
    int cost = 0;
    *works = false;
    if (!z->parent)
        glued = true;
    if (!glued) {
        cost = h->home == z ? BROKEN : zone_cost(n, h->home, depth + 1);
        if (cost == BROKEN || !zone_stays(h->home) || h->home->evil)
            return BROKEN;
    }
    for (unsigned k = 0; k < h->machine_count; k++) {
        bool one;
        if (!glued && !is_looked_up(s, h, h->machines[k]))
            continue;
        cost += machine_cost(s, h->machines[k], &one);
        *works = *works || one;
        if (s->anchors && zone_trust(z) == TRUSTED_SECURE && !knows_dnssec(h->machines[k]))
            cost += COST_MAX_MS; /* what it says is bogus; another is asked once */
        if (s->anchors && zone_trust(z) == TRUSTED_SECURE && h->machines[k]->fault == MACHINE_SPOILS)
            cost += COST_MAX_MS * 2 / 3; /* likewise: one is survived, two may be asked in turn, */
        if (s->anchors && zone_trust(z) == TRUSTED_SECURE && h->machines[k]->fault == MACHINE_STRIPS)
            cost += COST_MAX_MS / 2; /* and one after one that sends none */
    }
    return cost;
}

static int zone_cost(struct needs *n, const struct zone *z, unsigned depth)
{
    int8_t *state = &n->state[z->index];
    if (*state == 2)
        return n->cost[z->index];
    if (*state == 1 || depth > 3)
        return BROKEN;
    *state = 1;
    int sum = z->parent ? zone_cost(n, z->parent, depth) : 0;
    bool works = false;
    unsigned addresses = 0;
    for (unsigned i = 0; i < z->host_count && sum != BROKEN; i++) {
        if (!(z->parent_lists >> i & 1) && z->parent)
            continue;
        addresses += z->hosts[i]->machine_count;
        bool one;
        int cost = host_cost(n, z, i, depth, &one);
        /* A name server that cannot be found: perhaps the look-up takes its time. */
        sum += cost == BROKEN ? 1000 : cost;
        works = works || one;
    }
    if (!works || z->evil || sum == BROKEN || addresses > DELEGATION_ADDRS_MAX)
        sum = BROKEN;
    *state = sum == BROKEN && depth > 0 ? 0 : 2; /* less deep, it may do */
    n->cost[z->index] = sum;
    return sum;
}

/* A zone that was withdrawn and has an anchor of its own: what is said of its names since is not believed. */
static bool anchor_goes(const struct sim *s, const name_t *name)
{
    for (const struct zone *z = zone_ever(s, name); z; z = z->parent)
        if (z->anchored && !zone_stays(z))
            return true;
    return false;
}

static bool closure_works(struct needs *n, const struct question *q, uint32_t at_s)
{
    const struct tree *t = &n->s->tree;
    name_t name[NAME_MAX_LEN], made[NAME_MAX_LEN];
    name_copy(name, q->name);
    int sum = 0;
    for (unsigned links = 0; links < 7; links++) {
        const struct zone *z = tree_zone_of(t, name, q->type, at_s);
        int cost = zone_cost(n, z, 0);
        if (cost == BROKEN || (sum += cost) > COST_MAX_MS)
            return false;
        bool certain;
        enum trusted trust = oracle_trust(n->s, name, q->type, &certain);
        if (n->s->anchors && (n->s->wall_strange || (trust == TRUSTED_BROKEN && !q->checking_disabled)))
            return false;
        if (n->s->anchors && anchor_goes(n->s, name))
            return false;
        /* A zone that was broken may be remembered to be so when it is withdrawn; and what is unsigned below
         * one that is withdrawn, and known all the same, is not believed any more. */
        enum trusted was = zone_trust(zone_ever(n->s, name));
        if (n->s->anchors && !certain && (was == TRUSTED_BROKEN || (was != trust && trust == TRUSTED_SECURE)))
            return false;
        struct found f = zone_find(t, z, name, q->type, at_s, at_s);
        /* Above an empty non-terminal that opt-out left out a wildcard may stand: then nobody can prove it.
         */
        bool unprovable = f.kind == FOUND_NXDOMAIN && z->signing.opt_out && n->s->anchors;
        if (f.kind == FOUND_CNAME)
            name_copy(name, f.set->target);
        else if (f.kind != FOUND_DNAME)
            return !unprovable;
        else if (name_replace_suffix(made, name, f.owner, f.set->target) != ERR_OK)
            return true;
        else
            name_copy(name, made);
    }
    return false; /* a long chain, or a circle */
}

bool oracle_must(const struct sim *s, const struct question *q)
{
    const struct weather *w = &s->weather;
    if (w->loss_percent || w->corrupt_percent || w->spoof_percent || w->local_percent || w->jitter_ms > 60 ||
        q->deadline_ms || q->background || s->steps || s->narrow || s->now.mono_ms < s->calm_ms)
        return false;
    struct needs n = {.s = s};
    uint32_t now_s = sim_true_s(s);
    if (!closure_works(&n, q, now_s))
        return false;
    for (unsigned i = 0; i < s->tree.change_count; i++) {
        uint32_t c = s->tree.changes[i];
        if (!closure_works(&n, q, c) || (c > 0 && !closure_works(&n, q, c - 1)))
            return false;
    }
    return true;
}
