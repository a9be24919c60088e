/* The chain of trust upwards: DS and DNSKEY, which are questions like others. What the cache holds judged is
 * read there; else another job finds and judges it, and this one waits. */
#include "resolve/job.h"

static const name_t *proofs_signer(const struct rrset_list *l)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct rrset *rs = l->items[i];
        struct rrsig sig;
        if ((rs->type == TYPE_NSEC || rs->type == TYPE_NSEC3) && rs->sig_count > 0 &&
            rrsig_read(&rs->sigs[0], &sig))
            return sig.signer;
    }
    return NULL;
}

bool chain_is_cut_short(const struct job *j, const name_t *owner, const name_t *name)
{
    const struct anchor *anchor = NULL;
    const struct negative_anchor *negative = NULL;
    return anchors_closest(j->r->set.anchors, name, j->r->now.wall_s, &anchor, &negative) == TRUST_ANCHOR &&
           name_is_within(anchor->zone, owner) && !name_equal(anchor->zone, owner);
}

bool verdict_is_believed(const struct job *j, uint8_t verdict)
{
    return verdict == VERDICT_SECURE || (verdict == VERDICT_INDETERMINATE && !j->r->now.wall_known);
}

/* What a believed denial of DS says about a cut at `zone`. */
static enum chain denied(struct job *j, const name_t *zone, const struct rrset_list *authority, bool nxdomain,
    struct chain_result *out)
{
    const name_t *signer = proofs_signer(authority);
    if (!signer || name_equal(signer, zone) || !name_is_within(zone, signer)) {
        out->fault = (struct fault){.kind = FAULT_DENIAL_MISSING, .owner = zone, .type = TYPE_DS};
        out->reason = fault_reason(j, &out->fault);
        return CHAIN_FAILED;
    }
    struct proofs p = {.zone = signer,
        .list = authority,
        .policy = &j->r->set.policy,
        .budget = &j->work->budget,
        .arena = &j->arena};
    struct denial_result res;
    switch (denial_ds(&p, zone, &res)) {
    case CUT_INSECURE:
        out->fault = res.fault.kind == FAULT_NSEC3_ITERATIONS
                         ? res.fault
                         : (struct fault){.kind = FAULT_DELEGATION_UNSIGNED, .owner = zone};
        return CHAIN_INSECURE;
    case CUT_NONE:
        return nxdomain ? CHAIN_NO_NAME : CHAIN_NO_CUT;
    case CUT_UNPROVEN:
        break;
    }
    out->fault = res.fault;
    out->reason = fault_reason(j, &out->fault);
    return CHAIN_FAILED;
}

static enum chain read_child(
    struct job *j, const name_t *zone, uint16_t type, const struct outcome *o, struct chain_result *out)
{
    if (o->rcode == RCODE_SERVFAIL) {
        out->reason = reason_copy(j, o->reason);
        return CHAIN_FAILED;
    }
    const struct rrset *rs = rrset_list_find(&o->answer, zone, type);
    /* An alias: no zone begins there. What it leads to, insecure or not, says nothing of it. */
    if (!rs && o->answer.count > 0 && verdict_is_believed(j, o->answer.items[0]->verdict))
        return CHAIN_NO_CUT;
    /* A zone that has DS, or an anchor, has keys. An alias or a denial from an insecure zone above the anchor
     * does not change that (threat P18). */
    if (o->verdict == VERDICT_INSECURE && !rs && type == TYPE_DNSKEY)
        return CHAIN_NO_CUT;
    if (o->verdict == VERDICT_INSECURE) {
        out->fault = (struct fault){.kind = (enum fault_kind)o->fault, .owner = zone};
        return CHAIN_INSECURE;
    }
    if (!verdict_is_believed(j, o->verdict)) {
        out->reason = reason_copy(j, o->reason);
        return CHAIN_FAILED;
    }
    if (rs) {
        out->rrset = rrset_copy(rs, &j->arena);
        return CHAIN_SECURE;
    }
    if (type == TYPE_DNSKEY || o->answer.count > 0)
        return CHAIN_NO_CUT;
    enum chain chain = denied(j, zone, &o->authority, o->rcode == RCODE_NXDOMAIN, out);
    j->limited = j->limited || (chain == CHAIN_FAILED && out->fault.kind == FAULT_HASHES_SPENT);
    return chain;
}

/* What is judged already, without a job for it. */
static bool known(
    struct job *j, const name_t *zone, uint16_t type, enum chain *chain, struct chain_result *out)
{
    struct cache *c = j->r->cache;
    uint32_t now_s = j->r->now.cache_s;
    const struct rrset *rs = cache_rrset_get(c, zone, type, CLASS_IN, now_s, &j->arena);
    if (rs && rs->rank >= RANK_ANSWER_NONAUTH) {
        *chain = CHAIN_SECURE;
        if (rs->verdict == VERDICT_INSECURE) {
            *chain = CHAIN_INSECURE;
            out->fault = (struct fault){.kind = (enum fault_kind)rs->fault, .owner = zone};
            return true;
        }
        out->rrset = rs;
        refresh_rrset(j, rs);
        return verdict_is_believed(j, rs->verdict);
    }
    if (type != TYPE_DS)
        return false;
    const struct cut *cut = cache_cut_get(c, zone, now_s, &j->arena);
    if (cut && cut->insecure) {
        *chain = CHAIN_INSECURE;
        out->fault = (struct fault){.kind = (enum fault_kind)cut->fault, .owner = zone};
        return true;
    }
    struct negative n;
    if (!known_negative(j, zone, type, &n))
        return false;
    if (n.verdict == VERDICT_INSECURE) {
        *chain = CHAIN_INSECURE;
        out->fault = (struct fault){.kind = (enum fault_kind)n.fault, .owner = zone};
        return true;
    }
    if (!verdict_is_believed(j, n.verdict))
        return false;
    *chain = denied(j, zone, &n.authority, n.nxdomain, out);
    return *chain != CHAIN_FAILED;
}

static enum chain ask(struct job *j, const name_t *zone, uint16_t type, struct chain_result *out)
{
    struct validation *v = j->val;
    *out = (struct chain_result){0};
    if (!v->link) {
        enum chain chain;
        if (known(j, zone, type, &chain, out))
            return chain;
        *out = (struct chain_result){0};
        if (job_sub(j, zone, type, type == TYPE_DS ? PURPOSE_DS : PURPOSE_KEYS, 0) != SUB_STARTED) {
            out->reason = (struct reason){
                EDE_DNSSEC_INDETERMINATE, "chain-circle", "the chain of trust depends on too much else"};
            out->unjudged = true;
            return CHAIN_FAILED;
        }
        v->link = j->subs;
        return CHAIN_WAIT;
    }
    if (!v->link->done)
        return CHAIN_WAIT;
    const struct job *child = v->link->child;
    const struct outcome *o = &child->out;
    bool failed = o->rcode == RCODE_SERVFAIL, limited = failed && child->limited;
    v->link = NULL;
    /* Another question paid for it, and had no more to spend: this one asks on its own account. */
    if (limited && child->work != j->work && !v->asked_anew) {
        v->asked_anew = true;
        return ask(j, zone, type, out);
    }
    j->limited = j->limited || limited;
    j->turned_away = j->turned_away || (failed && child->turned_away);
    out->unjudged = failed && !child->untrue;
    return read_child(j, zone, type, o, out);
}

enum chain chain_ds(struct job *j, const name_t *zone, struct chain_result *out)
{
    return ask(j, zone, TYPE_DS, out);
}

enum chain chain_keys(struct job *j, const name_t *zone, struct chain_result *out)
{
    return ask(j, zone, TYPE_DNSKEY, out);
}
