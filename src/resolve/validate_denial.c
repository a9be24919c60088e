/* The end of JOB_VALIDATE: every RRset has its verdict; what do the proofs prove? */
#include "resolve/job.h"

static bool is_good(enum verdict v)
{
    return v == VERDICT_SECURE || v == VERDICT_INDETERMINATE;
}

static void lessen(struct found *f, enum verdict verdict, const struct fault *fault)
{
    if (verdict >= f->verdict)
        return;
    f->verdict = verdict;
    if (verdict == VERDICT_INSECURE)
        f->fault = *fault;
}

/* Whose zone the denial is of: a DS's is the one above. */
static const name_t *place_of(const struct found *f)
{
    return f->type == TYPE_DS && !name_is_root(f->target) ? name_parent(f->target, 1) : f->target;
}

/* The closest anchor of what is denied. NULL: it is not to be secure; below a negative anchor nothing need be
 * proven. */
static const struct anchor *anchor_of(const struct job *j, const struct found *f)
{
    const struct anchor *anchor = NULL;
    const struct negative_anchor *negative = NULL;
    enum trust trust = anchors_closest(j->r->set.anchors, place_of(f), j->r->now.wall_s, &anchor, &negative);
    return trust == TRUST_ANCHOR ? anchor : NULL;
}

/* The proofs that verified and were signed by *zone, as one list. *zone NULL: it becomes the deepest signer
 * above what is denied. */
static struct rrset_list *good_proofs(struct job *j, const name_t **zone)
{
    const struct validation *v = j->val;
    const name_t *place = place_of(v->found);
    struct rrset_list *list = ARENA_NEW(&j->arena, struct rrset_list);
    for (unsigned pass = *zone ? 1 : 0; pass < 2; pass++)
        for (unsigned i = 0; i < v->count; i++) {
            struct item *it = &v->items[i];
            if (it->role != ITEM_PROOF || !is_good(it->verdict) || it->expanded)
                continue;
            if (pass == 0) {
                if (name_is_within(place, it->signer) && (!*zone || name_is_within(it->signer, *zone)))
                    *zone = it->signer;
            } else if (*zone && name_equal(it->signer, *zone)) {
                it->rrset->verdict = (uint8_t)it->verdict;
                rrset_list_add(list, it->rrset, &j->arena);
            }
        }
    return list;
}

static struct proofs proofs_of(struct job *j, const name_t *zone, const struct rrset_list *list)
{
    return (struct proofs){.zone = zone,
        .list = list,
        .policy = &j->r->set.policy,
        .budget = &j->work->budget,
        .arena = &j->arena};
}

static struct denial_result deny(struct found *f, struct proofs *p)
{
    if (f->kind == FOUND_NODATA)
        return denial_nodata(p, f->target, f->type);
    struct denial_result res = denial_nxdomain(p, f->target);
    if (res.denial != DENIAL_NONE)
        return res;
    /* Some servers say NXDOMAIN of empty non-terminals (RFC 8020 3): what is proven counts. */
    struct denial_result nodata = denial_nodata(p, f->target, f->type);
    if (nodata.denial != DENIAL_PROVEN)
        return res;
    f->kind = FOUND_NODATA;
    return nodata;
}

static struct denial_result prove(struct job *j, const name_t *zone, const struct anchor *anchor,
    struct rrset_list *list, const struct fault *missing)
{
    struct found *f = j->val->found;
    struct proofs p = proofs_of(j, zone, list);
    struct denial_result res = deny(f, &p);
    /* A zone above the anchor may prove that there is nothing, but not make it insecure. */
    if ((res.denial == DENIAL_OPT_OUT || res.denial == DENIAL_INSECURE) &&
        !name_is_within(zone, anchor->zone))
        return (struct denial_result){.denial = DENIAL_NONE, .fault = *missing};
    if (res.denial == DENIAL_OPT_OUT)
        res.fault = (struct fault){.kind = FAULT_OPT_OUT, .owner = f->target};
    return res;
}

/* The negative part. False: *state says what comes now. */
static bool conclude_denial(struct job *j, enum job_state *state)
{
    struct validation *v = j->val;
    struct found *f = v->found;
    const name_t *zone = NULL;
    const struct item *soa = NULL;
    f->denial = VERDICT_SECURE;
    for (unsigned i = 0; i < v->count; i++) {
        const struct item *it = &v->items[i];
        if (it->role == ITEM_ABSENCE && it->verdict == VERDICT_INSECURE) {
            f->denial = VERDICT_INSECURE;
            lessen(f, VERDICT_INSECURE, &it->fault);
            return true;
        }
        if (it->role == ITEM_SOA) {
            it->rrset->verdict = (uint8_t)it->verdict;
            soa = it;
        }
    }
    struct rrset_list *list = good_proofs(j, &zone);
    struct fault missing = {.kind = FAULT_DENIAL_MISSING, .owner = f->target, .type = f->type};
    const struct anchor *anchor = anchor_of(j, f);
    if (!zone && soa && is_good(soa->verdict) && anchor) {
        *state = validate_refuse_denial(j, v->left_out.kind ? &v->left_out : &missing);
        return false;
    }
    if (!zone || !anchor || (soa && !is_good(soa->verdict))) {
        /* It may be of an insecure zone, but that is for its target to say, not for what stands beside. */
        validate_absence(v);
        *state = JOB_VALIDATE;
        return false;
    }
    struct denial_result res = prove(j, zone, anchor, list, &missing);
    switch (res.denial) {
    case DENIAL_PROVEN:
        f->no_name = res.no_name;
        f->denial = j->r->now.wall_known ? VERDICT_SECURE : VERDICT_INDETERMINATE;
        lessen(f, f->denial, &res.fault);
        break;
    case DENIAL_OPT_OUT:
    case DENIAL_INSECURE:
        f->denial = VERDICT_INSECURE;
        lessen(f, VERDICT_INSECURE, &res.fault);
        break;
    case DENIAL_NONE:
        if (f->proofs.count > VALIDATION_DENIALS_MAX)
            res.fault.kind = FAULT_DENIAL_MANY;
        *state = validate_refuse_denial(j, v->left_out.kind ? &v->left_out
                                           : res.fault.kind ? &res.fault
                                                            : &missing);
        return false;
    case DENIAL_SPENT:
        *state = validate_refuse(j, &res.fault);
        return false;
    }
    f->proofs = *list;
    struct reason why = {.ede = EDE_NONE};
    if (res.fault.kind && job_is_heard(j, EVENT_VALIDATED))
        why = fault_reason(j, &res.fault);
    JOB_EVENT(
        j, EVENT_VALIDATED, .verdict = (uint8_t)f->denial, .tag = why.tag, .text = why.text, .ede = why.ede);
    if (res.denial != DENIAL_INSECURE)
        denied_learn(j, zone, f->soa, list);
    return true;
}

/* RFC 4035 5.3.4: what was made of a wildcard needs proof that there is nothing closer. */
static bool conclude_wildcard(struct job *j, struct item *it, enum job_state *state)
{
    struct validation *v = j->val;
    const name_t *zone = it->signer;
    struct rrset_list *list = good_proofs(j, &zone);
    struct fault missing = {.kind = FAULT_WILDCARD_UNPROVEN, .owner = it->owner, .type = it->type};
    struct proofs p = proofs_of(j, zone, list);
    struct denial_result res = denial_wildcard(&p, it->owner, it->labels);
    switch (res.denial) {
    case DENIAL_PROVEN:
        denied_learn(j, zone, NULL, list);
        wildcard_learn(j, it->rrset, it->labels);
        break;
    case DENIAL_OPT_OUT:
        res.fault = (struct fault){.kind = FAULT_OPT_OUT, .owner = it->owner, .type = it->type};
        /* fallthrough */
    case DENIAL_INSECURE:
        it->verdict = VERDICT_INSECURE;
        it->fault = res.fault;
        break;
    case DENIAL_NONE:
        *state = validate_refuse(j, v->left_out.kind ? &v->left_out : &missing);
        return false;
    case DENIAL_SPENT:
        *state = validate_refuse(j, &res.fault);
        return false;
    }
    it->rrset->proofs = list;
    return true;
}

/* An unsigned DNAME that redirects a name below a trust anchor, or NULL. */
static const struct rrset *false_dname(const struct job *j)
{
    const struct found *f = j->val->found;
    const struct rrset_list *lists[] = {&f->links, &f->data}; /* it is data where ANY or CNAME is asked for */
    const name_t *name = j->name;
    for (size_t i = 0; i < f->links.count + f->data.count; i++) {
        bool link = i < f->links.count;
        const struct rrset *rs = lists[!link]->items[link ? i : i - f->links.count];
        if (rs->type == TYPE_DNAME && !is_good(rs->verdict) && chain_is_cut_short(j, rs->owner, name))
            return rs;
        if (rs->type == TYPE_CNAME)
            name = rdata_target(TYPE_CNAME, &rs->rdata[0]);
    }
    return NULL;
}

enum job_state validate_conclude(struct job *j)
{
    struct validation *v = j->val;
    struct found *f = v->found;
    enum job_state state = JOB_DONE;
    f->verdict = VERDICT_SECURE;
    f->fault = (struct fault){0};
    for (unsigned i = 0; i < v->count; i++) {
        struct item *it = &v->items[i];
        if (it->role == ITEM_EXTRA && it->verdict == VERDICT_UNCHECKED)
            f->ns = NULL;
        if (it->role != ITEM_DATA)
            continue;
        it->rrset->verdict = (uint8_t)it->verdict;
        if (it->expanded && is_good(it->verdict) && !conclude_wildcard(j, it, &state))
            return state;
        it->rrset->verdict = (uint8_t)it->verdict;
        it->rrset->fault = (uint8_t)it->fault.kind;
        lessen(f, it->verdict, &it->fault);
    }
    const struct rrset *lie = false_dname(j);
    if (lie) {
        struct fault fault = {.kind = FAULT_RRSIG_MISSING, .owner = lie->owner, .type = TYPE_DNAME};
        return validate_refuse(j, &fault);
    }
    if (found_is_negative(f) && !conclude_denial(j, &state))
        return state;
    if (f->verdict == VERDICT_SECURE && f->ns && f->ns->sig_count == 0)
        f->ns = NULL; /* AD speaks of the authority section too (RFC 4035 3.2.3) */
    job_drop_subs(j);
    j->r->counters.secure += f->verdict == VERDICT_SECURE;
    j->r->counters.insecure += f->verdict == VERDICT_INSECURE;
    return found_end(j, f);
}
