/* What must work: nothing that the question needs is broken, or costs more time than there is. */
#include "sim.h"

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
    case MACHINE_TWO_OPTS:
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
    for (const struct zone *z = tree_zone_ever(&s->tree, name); z; z = z->parent)
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
        enum trusted was = zone_trust(tree_zone_ever(&n->s->tree, name));
        if (n->s->anchors && !certain && (was == TRUSTED_BROKEN || (was != trust && trust == TRUSTED_SECURE)))
            return false;
        /* The delegation is known still, and so is perhaps a proof of the zone above that there is none. */
        if (n->s->anchors && !certain && was == TRUSTED_SECURE)
            return false;
        struct fact f = zone_find(t, z, name, q->type, at_s, at_s);
        /* Above an empty non-terminal that opt-out left out a wildcard may stand: then nobody can prove it.
         */
        bool unprovable = f.kind == FACT_NXDOMAIN && z->signing.opt_out && n->s->anchors;
        if (f.kind == FACT_CNAME)
            name_copy(name, f.set->target);
        else if (f.kind != FACT_DNAME)
            return !unprovable;
        else if (name_replace_suffix(made, name, f.owner, f.set->target) != ERR_OK)
            return true;
        else
            name_copy(name, made);
    }
    return false; /* a long chain, or a circle */
}

bool must_work(const struct sim *s, const struct question *q)
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
