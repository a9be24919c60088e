#include "resolve/stale.h"

#include "resolve/job.h"

/* ---- what the cache had ---- */

enum piece_kind { PIECE_NONE, PIECE_DATA, PIECE_DENIAL, PIECE_CNAME, PIECE_DNAME };

/* What is known of one name. */
struct piece {
    enum piece_kind kind;
    uint32_t stored_s;
    struct rrset *rrset; /* all but DENIAL */
    struct negative denial;
};

static void offer(struct piece *best, enum piece_kind kind, struct rrset *rs)
{
    if (!rs || rs->count == 0 || (best->kind && rs->stored_s <= best->stored_s))
        return;
    best->kind = kind;
    best->rrset = rs;
    best->stored_s = rs->stored_s;
}

static void offer_denial(struct job *j, const name_t *name, uint32_t as_of_s, struct piece *best)
{
    struct negative n;
    if (!cache_negative_newer(j->r->cache, name, j->type, j->class, as_of_s, &j->arena, &n) ||
        (best->kind && n.stored_s <= best->stored_s))
        return;
    /* A zone's word on its own apex is none on DS (RFC 4035 3.1.4.1). */
    if (j->type == TYPE_DS && rrset_list_find(&n.authority, name, TYPE_SOA))
        return;
    best->kind = PIECE_DENIAL;
    best->denial = n;
    best->stored_s = n.stored_s;
}

static void offer_dname(struct job *j, const name_t *name, uint32_t as_of_s, struct piece *best)
{
    const name_t *above = name;
    for (unsigned left = name_labels(name); left > 1; left--) {
        above = name_parent(above, 1);
        if (!cache_may_be_at(j->r->cache, DEPTH_DNAME, left - 1))
            continue;
        struct rrset *rs = cache_rrset_get(j->r->cache, above, TYPE_DNAME, j->class, as_of_s, &j->arena);
        if (!rs ||
            (!j->flags.unchecked && rs->verdict != VERDICT_SECURE && chain_is_cut_short(j, rs->owner, name)))
            continue;
        offer(best, PIECE_DNAME, rs);
        return;
    }
}

/* What was heard last, of all that was not expired then. */
static struct piece look(struct job *j, const name_t *name, uint32_t as_of_s)
{
    struct cache *c = j->r->cache;
    struct piece best = {0};
    struct rrset *rs = cache_rrset_get(c, name, j->type, j->class, as_of_s, &j->arena);
    if (rs && rs->rank >= RANK_ANSWER_NONAUTH)
        offer(&best, PIECE_DATA, rs);
    offer_denial(j, name, as_of_s, &best);
    /* An alias is itself the answer to these and is not followed (RFC 1034 4.3.2); of ANY it may be a part.
     */
    if (j->type == TYPE_CNAME || j->type == TYPE_ANY)
        return best;
    if (j->type != TYPE_DS)
        offer(&best, PIECE_CNAME, cache_rrset_get(c, name, TYPE_CNAME, j->class, as_of_s, &j->arena));
    offer_dname(j, name, as_of_s, &best);
    return best;
}

/* ---- may it be given ---- */

/* RFC 4035 5.3.1: a signature says until when it is one, whatever the TTL. */
static bool signatures_hold(const struct job *j, const struct rrset *rs)
{
    struct rrsig sig;
    for (unsigned i = 0; i < rs->sig_count; i++)
        if (!rrsig_read(&rs->sigs[i], &sig) || (int32_t)(sig.expiration - (uint32_t)j->r->now.wall_s) < 0)
            return false;
    return true;
}

static bool all_hold(const struct job *j, const struct rrset_list *l)
{
    for (size_t i = 0; l && i < l->count; i++)
        if (!signatures_hold(j, l->items[i]))
            return false;
    return true;
}

static bool is_given(const struct job *j, const struct piece *p)
{
    bool denial = p->kind == PIECE_DENIAL;
    uint8_t verdict = denial ? p->denial.verdict : p->rrset->verdict;
    if (j->flags.unchecked)
        return verdict != VERDICT_BOGUS;
    if (verdict == VERDICT_INSECURE)
        return true;
    if (!verdict_is_believed(j, verdict))
        return false;
    if (!denial && rrset_is_expanded(p->rrset) && !p->rrset->proofs)
        return false;
    if (!j->r->now.wall_known)
        return true;
    return denial ? all_hold(j, &p->denial.authority)
                  : signatures_hold(j, p->rrset) && all_hold(j, p->rrset->proofs);
}

/* Its servers were reached last time, and what they said was false. */
static bool was_bogus(struct job *j, const name_t *name)
{
    struct failure f;
    return !j->flags.unchecked &&
           cache_failure_get(j->r->cache, name, j->type, j->class, j->r->now.cache_s, &f) && f.bogus &&
           !f.unjudged;
}

/* ---- the outcome ---- */

static void set_ttl(struct rrset *rs, uint32_t ttl)
{
    rs->ttl = ttl;
    for (size_t i = 0; rs->proofs && i < rs->proofs->count; i++)
        rs->proofs->items[i]->ttl = ttl;
}

static void set_ttls(struct piece *p, uint32_t ttl)
{
    if (p->kind != PIECE_DENIAL)
        set_ttl(p->rrset, ttl);
    else
        for (size_t i = 0; i < p->denial.authority.count; i++)
            set_ttl(p->denial.authority.items[i], ttl);
}

/* Returns the name that the walk goes on at, NULL: none. */
static const name_t *add(struct job *j, struct outcome *o, struct piece *p, const name_t *name)
{
    uint8_t verdict = p->kind == PIECE_DENIAL ? p->denial.verdict : p->rrset->verdict;
    const name_t *target = NULL;
    if (verdict < o->verdict)
        o->verdict = verdict;
    if (p->kind == PIECE_DENIAL) {
        o->rcode = p->denial.nxdomain ? RCODE_NXDOMAIN : RCODE_NOERROR;
        o->no_name = p->denial.no_name;
        o->authority = p->denial.authority;
        return NULL;
    }
    rrset_list_add(&o->answer, p->rrset, &j->arena);
    if (p->kind == PIECE_CNAME)
        target = rdata_target(TYPE_CNAME, &p->rrset->rdata[0]);
    else if (p->kind == PIECE_DNAME && !dname_synthesise(&o->answer, p->rrset, name, &target, &j->arena))
        o->rcode = RCODE_YXDOMAIN;
    return j->flags.no_aliases ? NULL : target;
}

static struct outcome *build(struct job *j)
{
    struct resolver *r = j->r;
    uint32_t now_s = r->now.cache_s;
    struct outcome *o = ARENA_NEW(&j->arena, struct outcome);
    *o = (struct outcome){.rcode = RCODE_NOERROR,
        .verdict = VERDICT_SECURE,
        .from_cache = true,
        .reason = {.ede = EDE_STALE_ANSWER, .tag = "stale"}};
    const name_t *name = j->name;
    for (unsigned links = 0; name; links++) {
        struct piece p = look(j, name, now_s);
        bool stale = !p.kind;
        if (stale)
            p = look(j, name, cache_as_of(now_s, r->set.stale_max_s));
        if (links > ALIAS_MAX || !p.kind || !is_given(j, &p) || was_bogus(j, name))
            return NULL;
        if (stale) {
            o->stale = true;
            set_ttls(&p, r->set.stale_ttl_s);
            if (p.kind == PIECE_DENIAL && p.denial.nxdomain)
                o->reason.ede = EDE_STALE_NXDOMAIN;
        }
        name = add(j, o, &p, name);
    }
    o->clock_unknown = o->verdict == VERDICT_INDETERMINATE;
    return o->stale ? o : NULL;
}

static struct outcome *outcome_of(struct job *j)
{
    struct stale_memo *m = &j->stale;
    if (j->r->set.stale_max_s == 0)
        return NULL;
    if (!m->looked || m->at_s != j->r->now.cache_s)
        *m = (struct stale_memo){.outcome = build(j), .at_s = j->r->now.cache_s, .looked = true};
    return m->outcome;
}

bool stale_is_there(struct job *j)
{
    return outcome_of(j) != NULL;
}

/* ---- who gets it ---- */

static void give(struct job *j, struct waiter *w, struct outcome *o, const char *text)
{
    struct resolver *r = j->r;
    o->reason.text = text;
    o->messages = job_paid(j);
    if (o->reason.ede == EDE_STALE_NXDOMAIN)
        r->counters.stale_nxdomains++;
    else
        r->counters.stale_answers++;
    JOB_EVENT(j, EVENT_STALE, .rcode = o->rcode, .from_cache = true, .tag = o->reason.tag, .text = text,
        .ede = o->reason.ede, .verdict = o->verdict, .rrset = o->answer.count ? o->answer.items[0] : NULL);
    waiters_answer(j, w, o);
}

int64_t stale_due_ms(const struct job *j)
{
    const struct resolver *r = j->r;
    int64_t due_ms = j->begin_ms + r->set.stale_wait_ms;
    return r->reach.down || due_ms < r->now.mono_ms ? r->now.mono_ms : due_ms;
}

void stale_when_slow(struct job *j)
{
    for (struct waiter *w = j->waiters, *next; w; w = next) {
        next = w->next;
        if (!w->stale_ok || w->stale_ms > j->r->now.mono_ms)
            continue;
        struct outcome *o = j->untrue ? NULL : outcome_of(j);
        if (o)
            give(j, w, o, "expired, but its name servers have not answered yet");
        else
            w->stale_ms = INT64_MAX;
    }
}

void stale_when_failed(struct job *j)
{
    if (j->out.rcode != RCODE_SERVFAIL || (j->out.verdict == VERDICT_BOGUS && j->untrue))
        return;
    for (struct waiter *w = j->waiters, *next; w; w = next) {
        next = w->next;
        if (!w->stale_ok)
            continue;
        struct outcome *o = outcome_of(j);
        if (!o)
            return;
        give(j, w, o, j->out.reason.text);
    }
}

static bool all_are_content(const struct job *j, unsigned depth)
{
    if ((!j->waiters && !j->parents) || j->refreshes || depth > ALIAS_MAX)
        return false;
    for (const struct waiter *w = j->waiters; w; w = w->next)
        if (!w->stale_ok)
            return false;
    for (const struct link *l = j->parents; l; l = l->next_of_child)
        if (l->purpose != PURPOSE_ALIAS || !all_are_content(l->parent, depth + 1))
            return false;
    return true;
}

bool stale_suffices(struct job *j)
{
    return j->r->set.stale_max_s > 0 && all_are_content(j, 0) && stale_is_there(j);
}
