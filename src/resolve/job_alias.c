/* Aliases: CNAME (RFC 1034 3.6.2) and DNAME (RFC 6672).
 * The target is a sub-question, so equal targets in flight are asked once. */
#include "resolve/job.h"

bool dname_synthesise(struct rrset_list *answer, const struct rrset *dname, const name_t *name,
    const name_t **target, struct arena *a)
{
    name_t made[NAME_MAX_LEN];
    const name_t *to = rdata_target(TYPE_DNAME, &dname->rdata[0]);
    if (name_replace_suffix(made, name, dname->owner, to) != ERR_OK)
        return false;
    /* RFC 6672 3.1: the synthesised CNAME has the DNAME's TTL. It carries no signature:
     * the DNAME's is the proof. */
    struct rrset *rs = ARENA_NEW(a, struct rrset);
    rs->owner = name_dup(name, a);
    rs->type = TYPE_CNAME;
    rs->class = dname->class;
    rs->ttl = dname->ttl;
    rs->rank = dname->rank;
    rs->verdict = dname->verdict;
    *target = name_dup(made, a);
    rrset_add(rs, (struct rdata){*target, (uint16_t)name_len(*target)}, a);
    rrset_list_add(answer, rs, a);
    return true;
}

unsigned alias_links(const struct rrset_list *answer)
{
    unsigned links = 0;
    for (size_t i = 0; i < answer->count; i++)
        links += answer->items[i]->type == TYPE_CNAME;
    return links;
}

enum job_state aliases_in_circle(struct job *j)
{
    return job_fail(j, EDE_OTHER, "alias-loop", "the aliases lead in a circle");
}

enum job_state too_many_aliases(struct job *j)
{
    j->limited = j->limited || j->alias_depth > 0;
    return job_fail(j, EDE_OTHER, "too-many-aliases", "the chain of aliases is too long");
}

enum job_state job_follow_alias(struct job *j, const name_t *target)
{
    JOB_EVENT(j, EVENT_ALIAS, .child = target);
    job_drop_sends(j);
    j->patience_ms = INT64_MAX;
    if (j->flags.no_aliases)
        return JOB_DONE;
    if (j->alias_depth + alias_links(&j->out.answer) > ALIAS_MAX)
        return too_many_aliases(j);
    switch (job_sub(j, target, j->type, PURPOSE_ALIAS, 0)) {
    case SUB_STARTED:
        return JOB_WAIT_ALIAS;
    case SUB_CYCLE:
        return aliases_in_circle(j);
    case SUB_TOO_DEEP:
        break;
    }
    return job_fail(j, EDE_OTHER, "too-deep", "the question depends on too many others");
}

static void append(struct rrset_list *to, const struct rrset_list *from, struct arena *a)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct rrset *rs = from->items[i];
        /* a DNAME that two links are made of stands there once */
        if (rs->type != TYPE_DNAME || !rrset_list_find(to, rs->owner, TYPE_DNAME))
            rrset_list_add(to, rrset_copy(rs, a), a);
    }
}

enum job_state step_alias_done(struct job *j)
{
    struct link *l = j->subs;
    while (l && !(l->purpose == PURPOSE_ALIAS && l->done))
        l = l->next_of_parent;
    if (!l)
        return JOB_WAIT_ALIAS;
    const struct outcome *o = &l->child->out;
    if (o->rcode == RCODE_SERVFAIL) {
        j->out.answer = j->out.authority = j->out.additional = (struct rrset_list){0};
        j->out.rcode = RCODE_SERVFAIL;
        j->out.verdict = o->verdict;
        j->out.reason = reason_copy(j, o->reason);
        j->limited = l->child->limited;
        j->untrue = l->child->untrue;
        return JOB_DONE;
    }
    /* The target may have been joined: asked from outside, its own chain began at 0. */
    if (alias_links(&j->out.answer) + alias_links(&o->answer) > ALIAS_MAX)
        return too_many_aliases(j);
    append(&j->out.answer, &o->answer, &j->arena);
    append(&j->out.authority, &o->authority, &j->arena);
    append(&j->out.additional, &o->additional, &j->arena);
    j->out.rcode = o->rcode;
    if (o->reason.tag || !j->out.reason.tag) /* an insecure link has its own */
        j->out.reason = reason_copy(j, o->reason);
    j->out.clock_unknown = j->out.clock_unknown || o->clock_unknown;
    j->out.no_name = o->no_name;
    if (o->fault)
        j->out.fault = o->fault;
    j->out.from_cache = j->out.from_cache && o->from_cache;
    if (o->verdict < j->out.verdict)
        j->out.verdict = o->verdict;
    return JOB_DONE;
}
