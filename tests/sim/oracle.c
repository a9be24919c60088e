/* The oracle knows the tree and its past: an outcome is the truth, or what was the truth not longer ago than
 * TTLs allow (claims.c), or SERVFAIL; and not SERVFAIL where nothing that the question needs is broken
 * (must.c).
 */
#include "claims.h"
#include "dns/rdata.h"

/* ---- who lies ---- */

enum trusted oracle_trust(const struct sim *s, const name_t *name, uint16_t type, bool *certain)
{
    const struct zone *z = tree_zone_of(&s->tree, name, type, sim_true_s(s));
    *certain = zone_stays(tree_zone_ever(&s->tree, name)) && !s->wall_strange;
    return s->anchors ? zone_trust(z) : TRUSTED_INSECURE;
}

bool oracle_is_evil(const struct sim *s, const name_t *name)
{
    return tree_zone_ever(&s->tree, name)->evil;
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
    struct fact f = zone_find(&s->tree, z, name, type, now_s, now_s);
    bool by_wildcard = f.by_empty_wildcard || (f.node && !name_equal(f.node->name, name));
    bool unsigned_cut = f.kind == FACT_NODATA && f.set; /* its DS is asked for */
    return z->signing.opt_out && (f.kind == FACT_NXDOMAIN || by_wildcard || unsigned_cut);
}

/* DS lies in the zone above. What else a liar sends in its place, an alias, is below the negative anchor
 * (RFC 7646): to the validator insecure, whatever the zone above is, and whoever asks is told what was sent.
 */
static bool is_in_place_of_ds(const struct sim *s, const name_t *name, uint16_t type)
{
    return type == TYPE_DS && tree_zone_ever(&s->tree, name)->distrusted;
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
    if (!excused && !claim_is_cname(w->s, w->name, type, rs))
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
    if (!is_excused(w, rs->owner, TYPE_DNAME) && !claim_is_dname(w->s, w->name, w->a->question.type, rs))
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
        if (!evil && !claim_is_data(w->s, w->name, type, rs))
            return wrong(w, "data that is not the truth");
    }
    return true;
}

/* The DNAME that is asked for made a link on the way there: it is in the answer once (found.c). */
static bool is_among_links(const struct walk *w)
{
    const struct rrset *rs =
        w->a->question.type == TYPE_DNAME ? rrset_list_find(&w->o->answer, w->name, TYPE_DNAME) : NULL;
    return rs && w->o->rcode == RCODE_NOERROR;
}

static bool walk_denial(struct walk *w)
{
    uint16_t rcode = w->o->rcode;
    struct claimed_denial d = {.nxdomain = rcode == RCODE_NXDOMAIN, .type = w->a->question.type};
    for (size_t i = 0; i < w->o->authority.count; i++)
        if (w->o->authority.items[i]->type == TYPE_SOA)
            d.soa = w->o->authority.items[i];
    if (is_excused(w, w->name, w->a->question.type) && (!d.soa || is_excused(w, d.soa->owner, TYPE_SOA)))
        return true;
    if (rcode != RCODE_NOERROR && rcode != RCODE_NXDOMAIN)
        return wrong(w, "an odd response code");
    return claim_is_denied(w->s, w->name, &d) ||
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
    bool data = next_of(&w) || is_among_links(&w);
    if (!verdict_fits(&w) || !(data ? walk_data(&w) : walk_denial(&w)))
        return;
    if (w.all_secure && o->verdict != VERDICT_SECURE && !a->question.checking_disabled)
        wrong(&w, "secure data that is not said to be secure");
}
