/* Signature checks wait in line: each job gets a few in turn, so that an answer that needs many (KeyTrap,
 * CVE-2023-50387) holds nobody else up for long. */
#include "resolve/job.h"

#define SLICE 2u /* checks of one job before it is another one's turn: a millisecond at most */

struct verifier *work_verifier(struct resolver *r)
{
    if (!r->verifier) {
        struct hash_key key = {random_u64(r->rng), random_u64(r->rng)};
        r->verifier = verifier_new(VERIFIER_KEYS, VERIFIER_RESULTS, &key);
    }
    return r->verifier;
}

struct verifier *resolve_verifier(struct resolver *r)
{
    return work_verifier(r);
}

void work_line_up(struct job *j)
{
    struct resolver *r = j->r;
    struct validation *v = j->val;
    if (v->in_line)
        return;
    v->in_line = true;
    v->next_in_line = NULL;
    v->prev_in_line = r->line_last;
    *(r->line_last ? &r->line_last->val->next_in_line : &r->line_first) = j;
    r->line_last = j;
}

void work_leave(struct job *j)
{
    struct resolver *r = j->r;
    struct validation *v = j->val;
    if (!v || !v->in_line)
        return;
    v->in_line = false;
    *(v->prev_in_line ? &v->prev_in_line->val->next_in_line : &r->line_first) = v->next_in_line;
    *(v->next_in_line ? &v->next_in_line->val->prev_in_line : &r->line_last) = v->prev_in_line;
}

void work_run(struct resolver *r, unsigned checks)
{
    r->work_told = false;
    while (checks > 0 && r->line_first) {
        struct job *j = r->line_first;
        unsigned slice = checks < SLICE ? checks : SLICE, left = slice;
        work_leave(j);
        bool over = rrset_check_run(&j->val->check, work_verifier(r), &j->work->budget, &left);
        checks -= over && left == slice ? 1 : slice - left;
        if (over)
            job_wake(j);
        else
            work_line_up(j);
    }
}
