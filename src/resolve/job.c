/* The life of a job: its states, what it waits for, its end. */
#include "resolve/job.h"

#include <assert.h>
#include <stdio.h>

typedef enum job_state step(struct job *j);

/* What runs in each state when the job is woken; a state without a step is only left by another's doing. */
static step *const steps[JOB_STATE_COUNT] = {
    [JOB_KNOWN] = step_known,
    [JOB_CUT] = step_cut,
    [JOB_WAIT_PRIMING] = step_primed,
    [JOB_PICK] = step_pick,
    [JOB_WAIT_TURN] = step_turn,
    [JOB_WAIT_PROBE] = step_probed,
    [JOB_WAIT_REPLY] = step_wait_reply,
    [JOB_TIMER] = step_timer,
    [JOB_WAIT_ALIAS] = step_alias_done,
    [JOB_VALIDATE] = step_validate,
    [JOB_WAIT_CHAIN] = step_validate,
    [JOB_WAIT_WORK] = step_validate,
};

static bool is_waiting(enum job_state s)
{
    return s == JOB_WAIT_PRIMING || s == JOB_WAIT_TURN || s == JOB_WAIT_PROBE || s == JOB_WAIT_REPLY ||
           s == JOB_WAIT_ALIAS || s == JOB_WAIT_CHAIN || s == JOB_WAIT_WORK;
}

uint32_t job_paid(const struct job *j)
{
    return j->work->messages - j->work_begin;
}

/* A late answer is what a job that began in the meantime waits for, too. */
static void hand_over(const struct job *j)
{
    struct job *other = job_find_equal(j);
    if (!other || other->state != JOB_WAIT_REPLY || other->reply)
        return;
    job_drop_sends(other);
    job_drop_subs(other);
    other->patience_ms = INT64_MAX;
    other->state = JOB_KNOWN;
    job_wake(other);
}

static void job_done(struct job *j)
{
    struct resolver *r = j->r;
    struct waiter *again = NULL;
    refresh_done(j);
    stale_when_failed(j);
    /* Who joined from outside did not use the work up: for them it begins anew, with work of their own. */
    if (j->out.rcode == RCODE_SERVFAIL && j->limited && (!j->owns_work || j->refreshes)) {
        again = j->waiters;
        j->waiters = j->last_waiter = NULL;
    }
    j->out.messages = job_paid(j);
    if (j->failed_before && j->out.rcode != RCODE_SERVFAIL)
        cache_failure_clear(r->cache, j->name, j->type, j->class);
    if (j->out.rcode == RCODE_SERVFAIL)
        JOB_EVENT(
            j, EVENT_FAILED, .tag = j->out.reason.tag, .text = j->out.reason.text, .ede = j->out.reason.ede);
    JOB_EVENT(j, EVENT_DONE, .rcode = j->out.rcode, .from_cache = j->messages == 0);
    tell_keys(j);
    tell_failure(j);
    if (j->messages == 0)
        r->counters.cache_answers++;
    waiters_answer(j, NULL, &j->out);
    for (struct link *l = j->parents; l; l = l->next_of_child) {
        l->done = true;
        l->parent->messages += j->messages;
        job_wake(l->parent);
    }
    job_end(j);
    if (again)
        waiters_start_over(j, again);
    if (job_is_late(j) && j->out.rcode != RCODE_SERVFAIL)
        hand_over(j);
}

static bool work_is_over(const struct job *j)
{
    return j->r->now.mono_ms >= j->begin_ms + WORK_MS_MAX;
}

void job_run(struct job *j)
{
    if (is_waiting(j->state) && work_is_over(j)) {
        struct reason why = j->zone.trouble;
        if (!why.tag)
            why = (struct reason){
                EDE_NO_REACHABLE_AUTHORITY, "work-time-over", "the name servers did not answer in time"};
        j->state = job_fail(j, why.ede, why.tag, why.text);
    } else if (j->state == JOB_WAIT_REPLY && j->patience_ms <= j->r->now.mono_ms && !j->reply) {
        j->state = JOB_TIMER;
    } else if (j->state == JOB_WAIT_TURN && j->patience_ms <= j->r->now.mono_ms && !j->reply &&
               !j->turn.called) {
        j->state = turn_fail(j);
    }
    /* Each pass is progress: a message sent, a label deeper, a server less. The bound only stops a bug. */
    for (unsigned passes = 0;; passes++) {
        assert(passes < 1000);
        enum job_state before = j->state;
        if (before == JOB_DONE)
            break;
        j->state = steps[before](j);
        if (is_waiting(j->state))
            break;
    }
    j->port_of = 0;
    probe_settle(j);
    if (j->state == JOB_DONE)
        job_done(j);
    else
        job_arm(j);
}

void job_arm(struct job *j)
{
    int64_t at = j->begin_ms + WORK_MS_MAX;
    if (j->patience_ms < at)
        at = j->patience_ms;
    for (const struct waiter *w = j->waiters; w; w = w->next) {
        if (w->deadline_ms < at)
            at = w->deadline_ms;
        if (w->stale_ms < at)
            at = w->stale_ms;
    }
    heap_set(&j->r->timers, &j->timer, at);
}

/* ---- ends ---- */

const name_t *send_name(const struct send *s)
{
    return name_parent(s->job->name, name_labels(s->job->name) - name_labels(s->name));
}

void send_drop(struct send *s)
{
    struct job *j = s->job;
    struct send **p = &j->sends;
    while (*p != s)
        p = &(*p)->next;
    *p = s->next;
    if (s->counted)
        turn_end(s, FLIGHT_DROPPED);
    table_remove(&j->r->sends, &s->node);
    j->r->counters.sends--;
    action_push(j->r, ACTION_DROP)->drop.id = s->id;
    mem_pool_free(&j->r->send_pool, s);
}

void job_drop_sends(struct job *j)
{
    while (j->sends) {
        if (j->sends->transport == TRANSPORT_TCP) /* not finished: it may begin again (validate.c) */
            j->zone.candidates[j->sends->candidate].stream_tried = false;
        send_drop(j->sends);
    }
}

static void link_remove_from_child(struct link *l)
{
    struct link **p = &l->child->parents;
    while (*p != l)
        p = &(*p)->next_of_child;
    *p = l->next_of_child;
}

void job_drop_subs(struct job *j)
{
    while (j->subs) {
        struct link *l = j->subs;
        j->subs = l->next_of_parent;
        if (l->done)
            continue;
        link_remove_from_child(l);
        /* At resolve_free() a child may have ended before its parent. */
        if (!l->child->parents && !l->child->waiters && !l->child->dead)
            job_end(l->child);
    }
}

void job_end(struct job *j)
{
    struct resolver *r = j->r;
    assert(!j->dead);
    j->dead = true;
    job_drop_sends(j);
    work_leave(j);
    turn_leave(j);
    probe_end(j);
    load_leave(j);
    if (j->refreshes)
        refresh_ended(r);
    heap_remove(&r->timers, &j->timer);
    table_remove(&r->jobs, &j->node);
    r->counters.jobs--;
    inflight_job(cache_inflight(r->cache), -1);
    job_drop_subs(j);
    j->next_dead = r->dead;
    r->dead = j;
}

enum job_state job_fail(struct job *j, int ede, const char *tag, const char *text)
{
    j->out.rcode = RCODE_SERVFAIL;
    j->out.answer = j->out.authority = j->out.additional = (struct rrset_list){0};
    j->out.reason = job_reason(j, (struct reason){ede, tag, text});
    j->out.verdict = ede_is_dnssec(j->out.reason.ede) ? VERDICT_BOGUS : VERDICT_UNCHECKED;
    job_remember_failure(j, &j->out.reason);
    return JOB_DONE;
}

struct reason job_reason(const struct job *j, struct reason why)
{
    if (j->val && j->val->refused.tag &&
        !ede_is_dnssec(why.ede)) /* the fresh attempt brought nothing better */
        return j->val->refused;
    bool nobody = why.ede == EDE_NO_REACHABLE_AUTHORITY || why.ede == EDE_NETWORK_ERROR;
    if (nobody && j->r->reach.down)
        return (struct reason){EDE_NETWORK_ERROR, "link-down",
            "nothing outside answers: the network link of this resolver seems to be down"};
    return why;
}

struct reason reason_copy(struct job *j, struct reason why)
{
    why.tag = why.tag ? arena_strdup(&j->arena, why.tag) : NULL;
    why.text = why.text ? arena_strdup(&j->arena, why.text) : NULL;
    return why;
}

void job_remember_failure(struct job *j, const struct reason *why)
{
    /* RFC 9520 3.2: a failure that cost messages is remembered, with back-off. Not one that somebody else's
     * question brought about by having used up its work or depth before: it could silence any name for all
     * others. Nor one for want of a place: that says nothing of the name. */
    bool own = (j->owns_work && !j->refreshes) || !j->limited;
    if (j->messages == 0 || !own || j->turned_away || j->flags.no_write || j->flags.priming || j->remembered)
        return;
    j->failed_before = j->remembered = true;
    struct failure f = {.ede = (uint16_t)(why->ede < 0 ? 0 : why->ede),
        .bogus = j->val && j->val->refused.tag && ede_is_dnssec(why->ede)};
    f.unjudged = f.bogus && !j->untrue;
    snprintf(f.tag, sizeof f.tag, "%s", why->tag ? why->tag : "");
    snprintf(f.text, sizeof f.text, "%s", why->text ? why->text : "");
    cache_failure_put(j->r->cache, j->name, j->type, j->class, &f, reach_excuses(j), j->r->now.cache_s);
}

void job_probe_again(struct job *j)
{
    /* One that was just answered handles that first. */
    if (j->state != JOB_WAIT_REPLY || j->reply)
        return;
    pick_silences_over(j);
    j->zone.asked = 0;
    for (unsigned i = 0; i < j->zone.candidate_count; i++) {
        struct candidate *c = &j->zone.candidates[i];
        c->dead = c->dead && !c->no_route;
        c->no_route = false;
        c->tries = 0;
        c->again_ms = 0;
    }
    j->state = JOB_PICK;
    job_wake(j);
}

/* ---- sub-questions ---- */

/* Longer chains of waiting come about only when questions are asked on purpose,
 * so that each joins the one before. */
#define WAIT_CHAIN_MAX ((ALIAS_MAX + 1) * (DEPENDENCY_DEPTH_MAX + 1) + 2 * NAME_MAX_LABELS)

/* Does `from` wait for `target`, directly or not? Then target must not wait for it: two questions that need
 * each other would wait for ever (threat M14). Each job is visited once; what is too deep to look at counts
 * as a circle. */
static bool waits_for(struct job *from, const struct job *target, unsigned mark, unsigned depth)
{
    if (from == target || depth > WAIT_CHAIN_MAX)
        return true;
    if (from->mark == mark)
        return false;
    from->mark = mark;
    for (struct link *l = from->subs; l; l = l->next_of_parent)
        if (!l->done && waits_for(l->child, target, mark, depth + 1))
            return true;
    return false;
}

static const char *purpose_text(enum purpose p)
{
    static const char *const texts[] = {
        [PURPOSE_ADDRESS] = "address of a name server",
        [PURPOSE_PARENT_ADDRESS] = "glue for a name server",
        [PURPOSE_ALIAS] = "alias target",
        [PURPOSE_PRIMING] = "priming",
        [PURPOSE_DS] = "DS of a zone",
        [PURPOSE_KEYS] = "keys of a zone",
    };
    return texts[p];
}

enum sub_result job_sub(
    struct job *j, const name_t *name, uint16_t type, enum purpose purpose, unsigned server)
{
    bool glue = purpose == PURPOSE_PARENT_ADDRESS;
    unsigned depth = j->depth + (purpose == PURPOSE_ADDRESS || glue);
    if (depth > DEPENDENCY_DEPTH_MAX) {
        j->limited = true;
        return SUB_TOO_DEEP;
    }
    struct job_flags flags = {
        .priming = purpose == PURPOSE_PRIMING, .no_read = glue, .no_write = glue, .parent_side = glue};
    if (purpose == PURPOSE_DS || purpose == PURPOSE_KEYS)
        flags.no_aliases = true;
    else /* a server's address is no better for being signed: what it says is */
        flags.unchecked = purpose != PURPOSE_ALIAS || j->flags.unchecked;
    struct job *child = job_find_or_new(j->r, name, type, j->class, flags);
    if (!child->work) {
        child->work = j->work;
        child->work->refs++;
        child->depth = depth;
        child->thrifty = j->thrifty || (depth > j->depth && j->zone.cut->listed_many);
        child->alias_depth = purpose == PURPOSE_ALIAS ? j->alias_depth + alias_links(&j->out.answer) : 0;
    } else if (waits_for(child, j, ++j->r->mark, 0)) {
        j->limited = true;
        return SUB_CYCLE;
    }
    job_may_work(child, j->work->messages_max);
    struct link *l = ARENA_NEW(&j->arena, struct link);
    *l = (struct link){.parent = j, .child = child, .purpose = purpose, .server = server, .type = type};
    l->next_of_parent = j->subs;
    j->subs = l;
    l->next_of_child = child->parents;
    child->parents = l;
    JOB_EVENT(child, child->messages == 0 && !child->sends ? EVENT_QUESTION : EVENT_JOINED,
        .because = j->name, .purpose = purpose_text(purpose));
    return SUB_STARTED;
}
