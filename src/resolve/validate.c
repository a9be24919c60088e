/* JOB_VALIDATE: each RRset of what was found, one after the other (RFC 4035 5.3). */
#include "resolve/job.h"

/* ---- reasons ---- */

struct reason fault_reason(struct job *j, const struct fault *fault)
{
    char buf[FAILURE_TEXT_MAX];
    struct text t;
    text_init_fixed(&t, buf, sizeof buf);
    fault_text(&t, fault);
    return (struct reason){fault_ede(fault->kind), fault_tag(fault->kind), arena_strdup(&j->arena, buf)};
}

static bool is_lack_of_signatures(const struct fault *f)
{
    return f->kind == FAULT_RRSIG_MISSING || f->kind == FAULT_DENIAL_MISSING;
}

/* How often what is wrong is asked for anew; each kind has a count of its own, so that servers that strip
 * signatures do not use up the attempt that is for one that spoils them. */
enum retry { RETRY_NONE, RETRY_WRONG, RETRY_UNSIGNED };

static bool take_retry(struct validation *v, enum retry kind)
{
    unsigned *count = kind == RETRY_WRONG ? &v->retries_wrong : &v->retries_unsigned;
    if (kind == RETRY_NONE ||
        *count >= (kind == RETRY_WRONG ? VALIDATION_RETRIES : VALIDATION_RETRIES_UNSIGNED))
        return false;
    ++*count;
    return true;
}

/* Somebody else of the zone's servers, or the same one over TCP, which is harder to forge. False: nobody. */
static bool ask_again(struct job *j, const struct found *found)
{
    struct candidate *c = &j->zone.candidates[found->candidate];
    bool others = false;
    for (unsigned i = 0; i < j->zone.candidate_count; i++)
        others = others || (&j->zone.candidates[i] != c && !j->zone.candidates[i].dead);
    for (unsigned i = 0; i < j->zone.server_count; i++)
        others = others || j->zone.servers[i].state == SERVER_UNASKED;
    if (others) {
        c->dead = true;
        return true;
    }
    if (found->over_tcp)
        return false;
    c->stream = true;
    c->stream_tried = c->stream_failed = false;
    return true;
}

static enum job_state refuse(struct job *j, struct reason why, enum retry retry)
{
    struct validation *v = j->val;
    const struct found *found = v->found;
    work_leave(j);
    job_drop_subs(j);
    v->link = NULL;
    JOB_EVENT(j, EVENT_VALIDATED, .verdict = VERDICT_BOGUS, .tag = why.tag, .text = why.text, .ede = why.ede,
        .rrset = v->at < v->count ? v->items[v->at].rrset : NULL, .from_cache = found->cached);
    v->refused = why;
    j->untrue = j->untrue || !v->unjudged;
    v->unjudged = false;
    j->r->counters.bogus++;
    if (found->cached) /* the servers may know better */
        return JOB_CUT;
    if (j->limited || !take_retry(v, retry) || !ask_again(j, found))
        return job_fail(j, why.ede, why.tag, why.text);
    j->zone.trouble = why;
    JOB_EVENT(j, EVENT_FALLBACK, .tag = why.tag, .text = "asking another server");
    return JOB_PICK;
}

enum job_state validate_refuse(struct job *j, const struct fault *fault)
{
    if (fault->kind == FAULT_CHECKS_SPENT || fault->kind == FAULT_HASHES_SPENT)
        j->limited = true;
    return refuse(j, fault_reason(j, fault), is_lack_of_signatures(fault) ? RETRY_UNSIGNED : RETRY_WRONG);
}

enum job_state validate_refuse_denial(struct job *j, const struct fault *fault)
{
    struct validation *v = j->val;
    struct found *f = v->found;
    if (f->links.count == 0 || j->flags.no_aliases)
        return validate_refuse(j, fault);
    f->kind = FOUND_ALIAS;
    f->soa = NULL;
    f->proofs = (struct rrset_list){0};
    v->unjudged = false;
    v->at = v->count;
    return JOB_VALIDATE;
}

/* DS or DNSKEY could not be had, or were bogus: their own job has tried what there was to try. */
static enum job_state refuse_chain(struct job *j, const struct chain_result *res)
{
    struct reason why = res->reason;
    j->val->unjudged = res->unjudged;
    if (!why.tag || !ede_is_dnssec(why.ede)) {
        bool keys = j->val->phase == PHASE_KEYS;
        struct fault f = {
            .kind = FAULT_CHAIN_UNKNOWN, .owner = j->val->zone, .type = keys ? TYPE_DNSKEY : TYPE_DS};
        struct reason mine = fault_reason(j, &f);
        if (keys) /* there is a DS, and no key to be had */
            mine.ede = EDE_DNSKEY_MISSING;
        else if (why.tag) /* what became of DS is the more telling reason */
            mine.ede = why.ede;
        why = mine;
    }
    return refuse(j, why, RETRY_NONE);
}

/* ---- items ---- */

static struct item *item_add(struct validation *v, enum item_role role, struct rrset *rs)
{
    struct item *it = &v->items[v->count++];
    *it = (struct item){.role = role, .rrset = rs};
    if (rs) {
        it->owner = rs->owner;
        it->type = rs->type;
    }
    return it;
}

/* The labels that its name has beyond what was signed; RRSIG counts neither the root nor "*". */
bool rrset_is_expanded(const struct rrset *rs)
{
    unsigned labels = name_labels(rs->owner);
    bool wildcard = rs->owner[0] == 1 && rs->owner[1] == '*';
    struct rrsig sig;
    for (unsigned i = 0; i < rs->sig_count && i < VALIDATION_RRSIGS_MAX; i++)
        if (rrsig_read(&rs->sigs[i], &sig) && sig.labels < labels - wildcard)
            return true;
    return false;
}

void validate_begin(struct job *j, struct found *found)
{
    if (!j->val)
        j->val = ARENA_NEW(&j->arena, struct validation);
    struct validation *v = j->val;
    unsigned wrong = v->retries_wrong, stripped = v->retries_unsigned;
    struct reason refused = v->refused;
    work_leave(j);
    *v = (struct validation){
        .found = found, .retries_wrong = wrong, .retries_unsigned = stripped, .refused = refused};
    bool negative = found_is_negative(found);
    bool expanded = false;
    size_t room = found->links.count + found->data.count + found->proofs.count + 4;
    v->items = ARENA_ARRAY(&j->arena, struct item, room);
    for (size_t i = 0; i < found->links.count; i++) {
        struct rrset *rs = found->links.items[i];
        if (!link_is_made(&found->links, i)) {
            item_add(v, ITEM_DATA, rs);
            expanded = expanded || rrset_is_expanded(rs);
        }
    }
    for (size_t i = 0; i < found->data.count; i++) {
        if (link_is_made(&found->data, i))
            continue;
        item_add(v, ITEM_DATA, found->data.items[i]);
        expanded = expanded || rrset_is_expanded(found->data.items[i]);
    }
    if (negative && found->soa)
        item_add(v, ITEM_SOA, found->soa);
    /* threat A6: nobody needs more of them to say no */
    for (size_t i = 0; (negative || expanded) && i < found->proofs.count && i < VALIDATION_DENIALS_MAX; i++)
        item_add(v, ITEM_PROOF, found->proofs.items[i]);
    if (negative && !found->soa && found->proofs.count == 0) {
        unsigned at = v->at;
        validate_absence(v);
        v->at = at;
    }
    if (found->ns && found->ns->sig_count > 0)
        item_add(v, ITEM_EXTRA, found->ns);
}

static bool may_be_missing(const struct item *it)
{
    return it->role == ITEM_PROOF || it->role == ITEM_EXTRA;
}

static enum job_state item_end(struct validation *v, enum verdict verdict, const struct fault *fault)
{
    struct item *it = &v->items[v->at];
    it->verdict = verdict;
    it->fault = *fault;
    it->signer = v->zone;
    v->at++;
    v->phase = PHASE_ITEM;
    v->checking = false;
    /* Which zone a denial is of, its target says alone. A record of an unsigned zone that somebody puts
     * beside it says nothing (threat P18). */
    if (verdict == VERDICT_INSECURE && it->role == ITEM_PROOF)
        it->verdict = VERDICT_UNCHECKED;
    return JOB_VALIDATE;
}

void validate_absence(struct validation *v)
{
    v->at = v->count;
    v->phase = PHASE_ITEM;
    struct item *it = item_add(v, ITEM_ABSENCE, NULL);
    it->owner = v->found->target;
    it->type = v->found->type;
}

static enum job_state item_secure(struct job *j)
{
    const struct fault none = {0};
    return item_end(j->val, j->r->now.wall_known ? VERDICT_SECURE : VERDICT_INDETERMINATE, &none);
}

static enum job_state item_bogus(struct job *j, const struct fault *fault)
{
    struct validation *v = j->val;
    struct item *it = &v->items[v->at];
    if (!may_be_missing(it))
        return it->role == ITEM_DATA ? validate_refuse(j, fault) : validate_refuse_denial(j, fault);
    if (!v->left_out.kind)
        v->left_out = *fault;
    v->unjudged = false;
    return item_end(v, VERDICT_UNCHECKED, fault);
}

/* Both sides of a cut have an NSEC at its name: this is the parent's. */
static bool is_above_cut(const struct item *it)
{
    struct rrsig sig;
    bool any = false;
    for (unsigned i = 0; it->rrset && i < it->rrset->sig_count && i < VALIDATION_RRSIGS_MAX; i++) {
        if (!rrsig_read(&it->rrset->sigs[i], &sig))
            continue;
        if (name_equal(sig.signer, it->owner))
            return false;
        any = true;
    }
    return any;
}

/* The name that decides which zone the item is of: a DS lies in the zone above (RFC 4035 2.4). */
static const name_t *place_of(const struct item *it)
{
    bool above = it->type == TYPE_DS || (it->type == TYPE_NSEC && is_above_cut(it));
    return above && !name_is_root(it->owner) ? name_parent(it->owner, 1) : it->owner;
}

/* The zone whose server said it: now, or when it was heard unchecked. NULL: nobody was asked. */
static const name_t *said_by(const struct validation *v, const struct item *it)
{
    unsigned zone = it->rrset ? it->rrset->zone_labels : 0, labels = name_labels(it->owner) + 1;
    if (v->found->zone)
        return v->found->zone;
    return zone > 0 && zone <= labels ? name_parent(it->owner, labels - zone) : NULL;
}

/* The deepest signer that may be the zone of that place: at or below the anchor, and at or below the zone
 * whose server said it, for no zone signs what lies below a delegation (RFC 4035 5.3.1). */
static const name_t *signer_of(
    const struct validation *v, const struct item *it, const name_t *place, const name_t *anchor)
{
    const name_t *zone = said_by(v, it);
    const name_t *least = zone && name_is_within(zone, anchor) ? zone : anchor;
    const name_t *best = NULL;
    for (unsigned i = 0; it->rrset && i < it->rrset->sig_count && i < VALIDATION_RRSIGS_MAX; i++) {
        struct rrsig sig;
        if (rrsig_read(&it->rrset->sigs[i], &sig) && name_is_within(place, sig.signer) &&
            name_is_within(sig.signer, least) && (!best || name_is_within(sig.signer, best)))
            best = sig.signer;
    }
    return best;
}

static bool is_signed_by(const struct item *it, const name_t *zone)
{
    struct rrsig sig;
    for (unsigned i = 0; it->rrset && i < it->rrset->sig_count && i < VALIDATION_RRSIGS_MAX; i++)
        if (rrsig_read(&it->rrset->sigs[i], &sig) && name_equal(sig.signer, zone))
            return true;
    return false;
}

static enum job_state begin_item(struct job *j)
{
    struct validation *v = j->val;
    const struct item *it = &v->items[v->at];
    const name_t *place = place_of(it);
    const struct anchor *anchor = NULL;
    const struct negative_anchor *negative = NULL;
    struct fault fault = {.owner = it->owner, .type = it->type};
    enum trust trust = anchors_closest(j->r->set.anchors, place, j->r->now.wall_s, &anchor, &negative);
    v->zone = NULL;
    if (trust != TRUST_ANCHOR || it->type == TYPE_RRSIG) { /* signatures are not signed (RFC 4035 2.2) */
        fault.kind = trust == TRUST_NEGATIVE ? FAULT_NEGATIVE_ANCHOR : FAULT_NONE;
        fault.owner = trust == TRUST_NEGATIVE ? name_dup(negative->zone, &j->arena) : NULL;
        return item_end(v, VERDICT_INSECURE, &fault);
    }
    const name_t *signer = signer_of(v, it, place, anchor->zone);
    v->is_signed = signer != NULL;
    fault.kind = it->role == ITEM_ABSENCE ? FAULT_DENIAL_MISSING : FAULT_RRSIG_MISSING;
    if (!signer && it->rrset && it->rrset->sig_count > 0) {
        struct rrsig sig;
        fault.kind = FAULT_RRSIG_SIGNER;
        fault.signer = rrsig_read(&it->rrset->sigs[0], &sig) ? sig.signer : NAME_ROOT;
    }
    /* A proof that was there, and is no good, says more. */
    v->fault = it->role == ITEM_ABSENCE && v->left_out.kind ? v->left_out : fault;
    v->zone = signer ? signer : v->found->zone;
    if (!v->zone) {
        const struct cut *cut = cache_cut_deepest(j->r->cache, place, j->r->now.cache_s, &j->arena);
        v->zone = cut ? cut->zone : NAME_ROOT;
    }
    if (!name_is_within(place, v->zone) || !name_is_within(v->zone, anchor->zone))
        v->zone = name_dup(anchor->zone, &j->arena); /* the settings may go while the job waits */
    v->phase = PHASE_ZONE;
    return JOB_VALIDATE;
}

/* ---- the zone of the item ---- */

/* What an anchor says, as the DS set that a parent would have. */
static struct rrset *anchor_ds(struct job *j, const struct anchor *anchor)
{
    const struct rrset given = {.owner = anchor->zone,
        .type = TYPE_DS,
        .class = CLASS_IN,
        .count = anchor->ds.count,
        .rdata = anchor->ds.rdata};
    struct rrset *ds = rrset_copy(&given, &j->arena); /* the settings may go while the job waits */
    for (unsigned i = 0; i < anchor->keys.count; i++) {
        struct rdata made;
        if (ds_make(ds->owner, &anchor->keys.rdata[i], DIGEST_SHA256, &j->arena, &made))
            rrset_add(ds, made, &j->arena);
    }
    return ds;
}

static enum job_state insecure(struct job *j, const struct fault *fault)
{
    struct validation *v = j->val;
    v->insecure = v->zone;
    v->insecure_fault = *fault;
    if (!fault->kind)
        v->insecure_fault = (struct fault){.kind = FAULT_DELEGATION_UNSIGNED, .owner = v->zone};
    struct reason why = {.ede = EDE_NONE};
    if (job_is_heard(j, EVENT_CHAIN))
        why = fault_reason(j, &v->insecure_fault);
    JOB_EVENT(j, EVENT_CHAIN, .zone = v->zone, .verdict = VERDICT_INSECURE, .tag = why.tag, .text = why.text,
        .ede = why.ede);
    return item_end(v, VERDICT_INSECURE, fault);
}

/* The zone has this DS set. False: it is of no use to us, and so the zone insecure (RFC 4035 5.2). */
static bool zone_is_secure(struct job *j, const name_t *zone, const struct rrset *ds, struct fault *fault)
{
    struct ds_result res;
    if (ds_match(ds, NULL, &j->r->set.policy, &j->arena, &res) == DS_UNSUPPORTED) {
        *fault = res.fault;
        return false;
    }
    j->val->secure = (struct secure_zone){.zone = zone, .ds = ds, .algorithms = res.algorithms};
    return true;
}

static void search_below(struct validation *v)
{
    v->search_labels = name_labels(v->zone) + 1;
    v->phase = PHASE_SEARCH;
}

static enum job_state zone_known(struct job *j)
{
    struct validation *v = j->val;
    const struct item *it = &v->items[v->at];
    bool own_keys = it->type == TYPE_DNSKEY && name_equal(it->owner, v->zone);
    if (own_keys && !v->is_signed)
        return item_bogus(j, &v->fault);
    v->phase = own_keys ? PHASE_CHECK : PHASE_KEYS;
    return JOB_VALIDATE;
}

/* The zone is secure and its keys are believed. Something that it did not sign may be of a zone below, unless
 * the server says that it is of this one. */
static enum job_state keys_known(struct job *j)
{
    struct validation *v = j->val;
    const struct found *f = v->found;
    if (v->is_signed)
        v->phase = PHASE_CHECK;
    else if (f->of_zone && name_equal(f->zone, v->zone))
        return item_bogus(j, &v->fault);
    else
        search_below(v);
    return JOB_VALIDATE;
}

static enum job_state judge_zone(struct job *j)
{
    struct validation *v = j->val;
    if (v->secure.zone && name_equal(v->secure.zone, v->zone))
        return zone_known(j);
    const struct anchor *anchor = NULL;
    const struct negative_anchor *negative = NULL;
    struct fault fault = {0};
    if (anchors_closest(j->r->set.anchors, v->zone, j->r->now.wall_s, &anchor, &negative) != TRUST_ANCHOR)
        return item_end(v, VERDICT_INSECURE, &fault); /* the settings changed */
    /* unless an anchor lies between */
    if (v->insecure && name_is_within(v->zone, v->insecure) && name_is_within(v->insecure, anchor->zone))
        return item_end(v, VERDICT_INSECURE, &v->insecure_fault);
    if (name_equal(anchor->zone, v->zone)) {
        if (!zone_is_secure(j, v->zone, anchor_ds(j, anchor), &fault))
            return insecure(j, &fault);
        v->secure.by_anchor = true;
        return zone_known(j);
    }
    struct chain_result res;
    switch (chain_ds(j, v->zone, &res)) {
    case CHAIN_WAIT:
        return JOB_WAIT_CHAIN;
    case CHAIN_SECURE:
        return zone_is_secure(j, v->zone, res.rrset, &fault) ? zone_known(j) : insecure(j, &fault);
    case CHAIN_INSECURE:
        return insecure(j, &res.fault);
    case CHAIN_NO_CUT:
    case CHAIN_NO_NAME:
        /* No zone begins there: whoever signed in its name had no right to. */
        if (v->is_signed) {
            v->fault.kind = FAULT_RRSIG_SIGNER;
            v->fault.signer = v->zone;
        }
        v->zone = name_parent(v->zone, 1);
        v->is_signed = is_signed_by(&v->items[v->at], v->zone);
        return JOB_VALIDATE;
    case CHAIN_FAILED:
        break;
    }
    return v->items[v->at].role == ITEM_EXTRA ? item_bogus(j, &v->fault) : refuse_chain(j, &res);
}

static enum job_state fetch_keys(struct job *j)
{
    struct validation *v = j->val;
    if (v->secure.keys)
        return keys_known(j);
    struct chain_result res;
    struct fault fault = {.kind = FAULT_KEY_MISSING, .owner = v->zone, .type = TYPE_DNSKEY};
    if (j->type == TYPE_DNSKEY && name_equal(j->name, v->zone)) /* what denies the keys is signed by them */
        return item_bogus(j, &fault);
    switch (chain_keys(j, v->zone, &res)) {
    case CHAIN_WAIT:
        return JOB_WAIT_CHAIN;
    case CHAIN_SECURE:
        v->secure.keys = res.rrset;
        return keys_known(j);
    case CHAIN_INSECURE:
        return insecure(j, &res.fault);
    case CHAIN_NO_CUT:
    case CHAIN_NO_NAME:
        return item_bogus(j, &fault);
    case CHAIN_FAILED:
        break;
    }
    return v->items[v->at].role == ITEM_EXTRA ? item_bogus(j, &v->fault) : refuse_chain(j, &res);
}

/* ---- the signature ---- */

/* RFC 4035 5.3.3. */
static void bound_ttl(struct item *it, const struct rrset_check *c)
{
    if (it->rrset->ttl > c->ttl_max)
        it->rrset->ttl = c->ttl_max;
    it->expanded = c->expanded;
    it->labels = c->good.labels;
}

/* What other zones are said to have signed goes: later the signer is read off the RRset. */
static void drop_foreign_signatures(struct rrset *rs, const name_t *zone)
{
    unsigned kept = 0;
    struct rrsig sig;
    for (unsigned i = 0; i < rs->sig_count; i++)
        if (rrsig_read(&rs->sigs[i], &sig) && name_equal(sig.signer, zone))
            rs->sigs[kept++] = rs->sigs[i];
    rs->sig_count = (uint16_t)kept;
}

static enum job_state checked(struct job *j)
{
    struct validation *v = j->val;
    struct item *it = &v->items[v->at];
    const struct rrset_check *c = &v->check;
    bool keys = it->type == TYPE_DNSKEY && name_equal(it->owner, v->zone);
    if (c->verdict != VERDICT_SECURE)
        return item_bogus(j, &c->fault);
    JOB_EVENT(j, keys ? EVENT_CHAIN : EVENT_VALIDATED, .rrset = it->rrset, .zone = v->zone,
        .verdict = VERDICT_SECURE, .sig = &c->good, .ds = keys ? v->secure.ds : NULL,
        .anchor = v->secure.by_anchor);
    if (keys)
        v->secure.keys = it->rrset;
    bound_ttl(it, c);
    drop_foreign_signatures(it->rrset, v->zone);
    return item_secure(j);
}

static enum job_state check_signature(struct job *j)
{
    struct validation *v = j->val;
    const struct item *it = &v->items[v->at];
    if (v->checking)
        return v->check.verdict == VERDICT_UNCHECKED ? JOB_WAIT_WORK : checked(j);
    const struct rrset *keys = v->secure.keys;
    struct ds_result res;
    if (it->type == TYPE_DNSKEY && name_equal(it->owner, v->zone)) {
        enum ds_match match = ds_match(v->secure.ds, it->rrset, &j->r->set.policy, &j->arena, &res);
        if (match == DS_UNSUPPORTED)
            return insecure(j, &res.fault);
        if (match == DS_NO_MATCH)
            return item_bogus(j, &res.fault);
        struct rrset *matched = ARENA_NEW(&j->arena, struct rrset);
        *matched = res.matched;
        keys = matched;
    }
    rrset_check_init(&v->check, it->rrset, v->zone, keys, &j->r->set.policy, j->r->now);
    v->check.as_data = it->role == ITEM_DATA;
    if (j->r->set.policy.all_algorithms)
        v->check.algorithms = v->secure.algorithms;
    v->checking = true;
    unsigned slice = 0; /* what is remembered costs none */
    if (rrset_check_run(&v->check, work_verifier(j->r), &j->work->budget, &slice))
        return checked(j);
    work_line_up(j);
    return JOB_WAIT_WORK;
}

/* ---- unsigned ---- */

/* In a signed zone something is not signed. It may be of a zone below, which the same server serves and whose
 * delegation was never seen: that is asked for, label by label, until one is insecure or none is left. */
static enum job_state search(struct job *j)
{
    struct validation *v = j->val;
    const struct item *it = &v->items[v->at];
    const name_t *place = place_of(it);
    unsigned labels = name_labels(place);
    while (v->search_labels <= labels) {
        const name_t *name = name_parent(place, labels - v->search_labels);
        struct chain_result res;
        struct fault fault = {0};
        /* The DS is the parent's word (RFC 4035 3.1.4.1): the zone of its name has no part in it. */
        if (j->type == TYPE_DS && name_equal(name, j->name))
            break;
        switch (chain_ds(j, name, &res)) {
        case CHAIN_WAIT:
            return JOB_WAIT_CHAIN;
        case CHAIN_SECURE:
            v->zone = name;
            if (!zone_is_secure(j, name, res.rrset, &fault))
                return insecure(j, &fault);
            break;
        case CHAIN_INSECURE:
            v->zone = name;
            return insecure(j, &res.fault);
        case CHAIN_NO_CUT:
            break;
        case CHAIN_NO_NAME:
            return item_bogus(j, &v->fault);
        case CHAIN_FAILED:
            if (ede_is_dnssec(res.reason.ede))
                return refuse_chain(j, &res);
            v->unjudged = res.unjudged;
            return item_bogus(j, &v->fault);
        }
        v->search_labels++;
    }
    return item_bogus(j, &v->fault);
}

/* ---- the step ---- */

enum job_state step_validate(struct job *j)
{
    struct validation *v = j->val;
    if (v->at == v->count)
        return validate_conclude(j);
    switch (v->phase) {
    case PHASE_ITEM:
        return begin_item(j);
    case PHASE_ZONE:
        return judge_zone(j);
    case PHASE_KEYS:
        return fetch_keys(j);
    case PHASE_CHECK:
        return check_signature(j);
    case PHASE_SEARCH:
        break;
    }
    return search(j);
}
