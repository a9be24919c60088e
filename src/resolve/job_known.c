/* JOB_KNOWN: what the cache says before anybody is asked. */
#include "resolve/job.h"

static enum job_state known_data(struct job *j, struct rrset *rs)
{
    JOB_EVENT(j, .kind = EVENT_CACHE_HIT, .rrset = rs, .from_cache = true);
    rrset_list_add(&j->out.answer, rs, &j->arena);
    j->out.verdict = rs->verdict;
    j->out.from_cache = true;
    outcome_add_zone(j);
    return JOB_DONE;
}

static enum job_state known_denial(struct job *j, const struct negative *n)
{
    JOB_EVENT(j, .kind = EVENT_CACHE_HIT, .rcode = n->nxdomain ? RCODE_NXDOMAIN : RCODE_NOERROR,
        .from_cache = true);
    j->out.rcode = n->nxdomain ? RCODE_NXDOMAIN : RCODE_NOERROR;
    j->out.authority = n->authority;
    j->out.verdict = n->verdict;
    j->out.from_cache = true;
    return JOB_DONE;
}

/* A CNAME at the name, or a DNAME above it (RFC 6672 3.3), that the cache knows.
 * NULL: none. *target: where it leads. */
static struct rrset *known_alias(struct job *j, const name_t **target, bool *too_long)
{
    struct cache *c = j->r->cache;
    uint32_t now_s = j->r->now.cache_s;
    /* A child's alias at its own apex says nothing of DS, of which its parent speaks (RFC 4035 3.1.4.1). */
    struct rrset *rs =
        j->type == TYPE_DS ? NULL : cache_rrset_get(c, j->name, TYPE_CNAME, j->class, now_s, &j->arena);
    if (rs && rs->count > 0) {
        rrset_list_add(&j->out.answer, rs, &j->arena);
        *target = rdata_target(TYPE_CNAME, &rs->rdata[0]);
        return rs;
    }
    unsigned labels = name_labels(j->name);
    for (unsigned i = 1; i < labels; i++) {
        rs = cache_rrset_get(c, name_parent(j->name, i), TYPE_DNAME, j->class, now_s, &j->arena);
        if (rs && rs->count > 0) {
            rrset_list_add(&j->out.answer, rs, &j->arena);
            *too_long = !dname_synthesise(&j->out.answer, rs, j->name, target, &j->arena);
            return rs;
        }
    }
    return NULL;
}

enum job_state step_known(struct job *j)
{
    struct cache *c = j->r->cache;
    uint32_t now_s = j->r->now.cache_s;
    if (j->messages == 0)
        j->work_begin = j->work->messages;
    if (j->flags.priming || j->flags.no_read)
        return JOB_CUT;
    struct rrset *rs = cache_rrset_get(c, j->name, j->type, j->class, now_s, &j->arena);
    if (rs && rs->rank >= RANK_ANSWER_NONAUTH)
        return known_data(j, rs);
    struct negative n;
    if (cache_negative_get(c, j->name, j->type, j->class, now_s, &j->arena, &n))
        return known_denial(j, &n);
    const name_t *target = NULL;
    bool too_long = false;
    struct rrset *alias =
        j->type == TYPE_CNAME || j->type == TYPE_ANY ? NULL : known_alias(j, &target, &too_long);
    if (alias) {
        JOB_EVENT(j, .kind = EVENT_CACHE_HIT, .rrset = alias, .child = target, .from_cache = true);
        j->out.from_cache = true;
        j->out.verdict = alias->verdict;
        if (too_long) {
            j->out.rcode = RCODE_YXDOMAIN;
            return JOB_DONE;
        }
        return job_follow_alias(j, target);
    }
    struct failure f;
    j->failed_before = cache_failure_get(c, j->name, j->type, j->class, now_s, &f);
    if (j->failed_before && f.retry_s > 0) {
        j->out.from_cache = true;
        return job_fail(j, EDE_CACHED_ERROR, "failed-recently", ede_text(f.ede));
    }
    return JOB_CUT;
}
