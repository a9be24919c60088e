/* JOB_KNOWN: what the cache says before anybody is asked. */
#include "resolve/job.h"

static void tell(struct job *j, const struct found *f)
{
    const struct rrset *rs = f->data.count ? f->data.items[0] : f->links.count ? f->links.items[0] : NULL;
    JOB_EVENT(j, EVENT_CACHE_HIT, .rrset = rs, .child = f->kind == FOUND_ALIAS ? f->target : NULL,
        .rcode = found_rcode(f), .from_cache = true, .verdict = (uint8_t)f->verdict);
}

static enum job_state failed_recently(struct job *j, const struct failure *f)
{
    j->out.from_cache = true;
    j->untrue = f->bogus && !f->unjudged;
    if (f->bogus) /* the same reason as the first time */
        return job_fail(j, f->ede, arena_strdup(&j->arena, f->tag), arena_strdup(&j->arena, f->text));
    return job_fail(j, EDE_CACHED_ERROR, "failed-recently", ede_text(f->ede));
}

enum job_state step_known(struct job *j)
{
    if (j->messages == 0)
        j->work_begin = j->work->messages;
    if (j->flags.priming || j->flags.no_read)
        return JOB_CUT;
    struct found *found = found_known(j);
    if (found)
        tell(j, found);
    if (found && found->settled) {
        refresh_found(j, found);
        return found_end(j, found);
    }
    /* Of a referral without DS, what is verified already says as much as its own proofs would. */
    bool open = !found || (found->from_cut && found->kind == FOUND_NODATA);
    enum job_state denied = open && !j->flags.unchecked ? known_denied(j) : JOB_KNOWN;
    if (denied != JOB_KNOWN)
        return denied;
    struct failure f = {0};
    j->failed_before = cache_failure_get(j->r->cache, j->name, j->type, j->class, j->r->now.cache_s, &f) &&
                       !(f.bogus && j->flags.unchecked);
    bool again = !found && (!f.bogus || f.unjudged) && f.age_s < STALE_RECHECK_S;
    if (j->failed_before && (f.retry_s > 0 || (again && stale_suffices(j))))
        return failed_recently(j, &f);
    return found ? found_begin(j, found) : JOB_CUT;
}
