/* JOB_CUT: where the walk begins, and what is known of the zone entered. */
#include "resolve/job.h"

/* Addresses that the cache knows of a name server that came without glue. */
static void add_known_addresses(struct job *j, struct server *sv)
{
    static const uint16_t types[] = {TYPE_A, TYPE_AAAA};
    for (unsigned i = 0; i < 2; i++) {
        struct rrset *rs =
            cache_rrset_get(j->r->cache, sv->name, types[i], CLASS_IN, j->r->now.cache_s, &j->arena);
        for (unsigned k = 0; rs && k < rs->count; k++) {
            struct addr a = types[i] == TYPE_A ? addr_v4(rs->rdata[k].data) : addr_v6(rs->rdata[k].data);
            sv->has_address = true;
            candidate_add(j, sv->name, &a, false);
        }
    }
}

void zone_enter(struct job *j, struct cut *cut)
{
    job_drop_sends(j);
    job_drop_subs(j);
    turn_leave(j);
    j->turn.called = false;
    j->patience_ms = INT64_MAX;
    j->port_of = 0;
    struct reason trouble = j->zone.trouble;
    uint64_t hash = inflight_zone_hash(cache_inflight(j->r->cache), cut->zone);
    j->zone = (struct zone_stage){.cut = cut,
        .entered_s = j->r->now.cache_s,
        .entered_messages = j->work->messages,
        .hash = hash,
        .slot = inflight_zone_slot(hash),
        .candidates = j->zone.candidates, /* room that the zone before needed */
        .candidate_cap = j->zone.candidate_cap,
        .trouble = trouble};
    load_enter(j);
    for (unsigned i = 0; i < cut->server_count; i++) {
        const struct cut_server *cs = &cut->servers[i];
        struct server *sv = &j->zone.servers[j->zone.server_count++];
        *sv = (struct server){.name = cs->name};
        for (unsigned k = 0; k < cs->addr_count; k++) {
            bool usable = candidate_add(j, cs->name, &cs->addrs[k], cut->hint);
            sv->has_address = sv->has_address || usable;
        }
        if (!sv->has_address)
            add_known_addresses(j, sv);
        if (sv->has_address)
            sv->state = SERVER_RESOLVED;
    }
    ask_begin(j);
}

bool zone_afresh(struct job *j)
{
    const struct cut *cut = j->zone.cut;
    bool lame = false;
    for (unsigned i = 0; i < j->zone.candidate_count; i++)
        lame = lame || j->zone.candidates[i].lame;
    if (!lame || j->afresh || cut->hint || name_is_root(cut->zone) || cut->age_s < LAME_TTL)
        return false;
    const name_t *above = name_parent(cut->zone, 1);
    struct cut *parent = cache_cut_deepest(j->r->cache, above, j->r->now.cache_s, &j->arena);
    JOB_EVENT(j, EVENT_FALLBACK, .tag = "delegation-again", .text = "asking the zone above again");
    j->afresh = j->zone.hash;
    j->ask.whole = j->flags.parent_side;
    j->ask.steps = 0;
    cache_cut_remove(j->r->cache, cut->zone);
    zone_enter(j, parent ? parent : hints_cut(j->r, &j->arena));
    return true;
}

static unsigned glue_count(const struct cut *cut)
{
    unsigned n = 0;
    for (unsigned i = 0; i < cut->server_count; i++)
        n += cut->servers[i].addr_count;
    return n;
}

enum job_state step_cut(struct job *j)
{
    struct resolver *r = j->r;
    const name_t *from = j->name;
    /* The parent speaks for DS (RFC 4035 3.1.4.1). */
    if (j->type == TYPE_DS && !name_is_root(from))
        from = name_parent(from, 1);
    struct cut *cut = j->flags.priming ? NULL : cache_cut_deepest(r->cache, from, r->now.cache_s, &j->arena);
    if (cut && j->flags.parent_side && !name_is_root(cut->zone))
        cut = cache_cut_deepest(r->cache, name_parent(cut->zone, 1), r->now.cache_s, &j->arena);
    j->ask.whole = j->flags.parent_side; /* a server asked for less would only refer again */
    if (!cut) {
        if (!j->flags.priming && r->set.prime && r->now.mono_ms >= r->prime_again_ms &&
            job_sub(j, NAME_ROOT, TYPE_NS, PURPOSE_PRIMING, 0) == SUB_STARTED)
            return JOB_WAIT_PRIMING;
        cut = hints_cut(r, &j->arena);
    }
    JOB_EVENT(j, EVENT_CUT, .zone = cut->zone, .count = cut->server_count, .glue = glue_count(cut),
        .from_hints = cut->hint, .from_cache = !cut->hint);
    zone_enter(j, cut);
    return JOB_PICK;
}

enum job_state step_primed(struct job *j)
{
    for (const struct link *l = j->subs; l; l = l->next_of_parent)
        if (l->purpose == PURPOSE_PRIMING && !l->done)
            return JOB_WAIT_PRIMING;
    /* Without a primed root the hints serve, and priming is tried again after a while (RFC 9609 3). */
    struct cut *root = cache_cut_get(j->r->cache, NAME_ROOT, j->r->now.cache_s, &j->arena);
    if (!root)
        j->r->prime_again_ms = j->r->now.mono_ms + 10000;
    job_drop_subs(j);
    return JOB_CUT;
}
