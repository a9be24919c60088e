/* Who hears of what happens: observers of waiters, and one of everything; and what is in flight now. */
#include "resolve/job.h"

static void settle(struct watchers *w)
{
    if (w->of_some == 0)
        w->some = 0;
    w->kinds = w->some;
    if (w->of_all > 0)
        w->kinds = UINT32_MAX;
    if (w->everything)
        w->kinds |= w->everything->kinds ? w->everything->kinds : UINT32_MAX;
}

void watchers_add(struct watchers *w, const struct observer *o)
{
    *(o->kinds ? &w->of_some : &w->of_all) += 1;
    w->some |= o->kinds;
    settle(w);
}

void watchers_remove(struct watchers *w, const struct observer *o)
{
    *(o->kinds ? &w->of_some : &w->of_all) -= 1;
    settle(w);
}

void resolve_watch(struct resolver *r, const struct observer *o)
{
    r->watchers.everything = o;
    settle(&r->watchers);
}

static bool wants(const struct observer *o, enum event_kind kind)
{
    return o && (!o->kinds || o->kinds & EVENT_BIT(kind));
}

/* The job's own watchers see it at depth `depth`; those of jobs that wait for it one deeper.
 * Each watcher sees it once. */
static void tell(struct job *j, struct event *e, unsigned depth)
{
    if (j->mark == j->r->mark || depth > ALIAS_MAX + DEPENDENCY_DEPTH_MAX)
        return;
    j->mark = j->r->mark;
    e->depth = depth;
    for (const struct waiter *w = j->waiters; w; w = w->next)
        if (wants(w->observer, e->kind))
            w->observer->event(w->observer->ctx, e);
    for (const struct link *l = j->parents; l; l = l->next_of_child)
        tell(l->parent, e, depth + 1);
}

/* Of several that wait for it, the first counts as the one that it is done for. There are no circles
 * (job.c: waits_for). */
static void tell_everything(const struct job *j, struct event *e)
{
    const struct observer *o = j->r->watchers.everything;
    unsigned depth = 0;
    for (; !j->waiters && j->parents && depth < ALIAS_MAX + DEPENDENCY_DEPTH_MAX; j = j->parents->parent)
        depth++;
    e->depth = depth;
    e->root_name = j->name;
    e->root_type = j->type;
    o->event(o->ctx, e);
}

void job_event(struct job *j, struct event *e)
{
    struct watchers *w = &j->r->watchers;
    e->now = j->r->now;
    e->qname = j->name;
    e->qtype = j->type;
    if (!e->zone && j->zone.cut)
        e->zone = j->zone.cut->zone;
    if (w->of_all + w->of_some > 0) {
        j->r->mark++;
        tell(j, e, 0);
    }
    if (wants(w->everything, e->kind))
        tell_everything(j, e);
}

/* ---- what is in flight ---- */

static const char *state_text(enum job_state s)
{
    switch (s) {
    case JOB_WAIT_PRIMING:
        return "the root's servers are looked up";
    case JOB_WAIT_TURN:
        return "waits for its turn: enough is in flight there";
    case JOB_WAIT_PROBE:
        return "waits for what another look-up asks";
    case JOB_WAIT_REPLY:
        return "waits for a server";
    case JOB_WAIT_ALIAS:
        return "the alias's target is looked up";
    case JOB_WAIT_CHAIN:
        return "keys are looked up";
    case JOB_WAIT_WORK:
        return "a signature is checked";
    default:
        return "goes on";
    }
}

static const struct job *awaited_by(const struct job *j)
{
    for (const struct link *l = j->subs; l; l = l->next_of_parent)
        if (!l->done)
            return l->child;
    return NULL;
}

/* Down to the look-up that waits for a message or for nothing else. */
static const struct job *end_of(const struct job *j)
{
    const struct job *next;
    for (unsigned i = 0; i < ALIAS_MAX + DEPENDENCY_DEPTH_MAX && !j->sends && (next = awaited_by(j)); i++)
        j = next;
    return j;
}

static void describe(const struct job *j, struct in_flight *out)
{
    const struct job *end = end_of(j);
    int64_t now_ms = j->r->now.mono_ms;
    *out = (struct in_flight){.name = j->name,
        .type = j->type,
        .waiters = j->waiter_count,
        .age_ms = (uint32_t)(now_ms - j->begin_ms),
        .messages = j->work ? j->work->messages : 0,
        .state = state_text(end->state)};
    if (end != j) {
        out->for_name = end->name;
        out->for_type = end->type;
    }
    if (end->zone.cut)
        out->zone = end->zone.cut->zone;
    if (end->state == JOB_WAIT_PROBE && end->probe.asker)
        end = end->probe.asker;
    const struct send *last = end->sends; /* the one sent last counts */
    for (const struct send *s = end->sends; s; s = s->next)
        if (s->sent_ms >= last->sent_ms)
            last = s;
    if (!last)
        return;
    out->server = end->zone.candidates[last->candidate].server;
    out->to = &last->to;
    out->waited_ms = (uint32_t)(now_ms - last->sent_ms);
}

void resolve_each_question(
    struct resolver *r, now_t now, void (*fn)(void *ctx, const struct in_flight *q), void *ctx)
{
    r->now = now;
    for (size_t i = 0; i < r->jobs.bucket_count; i++)
        for (const struct table_node *n = r->jobs.buckets[i]; n; n = n->next) {
            const struct job *j = HOLDER(n, const struct job, node);
            struct in_flight q;
            if (j->parents && !j->waiters)
                continue;
            describe(j, &q);
            fn(ctx, &q);
        }
}
