/* What is proven already answers more than was asked (RFC 8198): a span between two names denies all names in
 * it, a record of a name all types that it does not list, and a wildcard stands for each name that a span
 * denies. The records lie in cache/nsecs.h; what they prove is for dnssec/denial.h to say, by the same rules
 * as of a reply (threat P16). */
#include <string.h>

#include "dns/rrtype.h"
#include "resolve/job.h"
#include "resolve/validate.h"

/* Hashes of one question: of the zone, of the name, and of ten empty non-terminals between. As many again are
 * made for the proof; at 50 iterations that is some 0.1 ms. */
#define DENIED_HASHES_MAX 12u

struct denied {
    struct job *j;
    struct nsecs *nsecs;
    const name_t *zone;
    struct rrset *soa; /* NULL: not known */
    /* What is proven of this name is so of the one asked: the name itself or, if an ancestor's hash is known
     * to be absent, that ancestor (RFC 8020). */
    const name_t *name;
    struct rrset *cover; /* of `name`, if it is absent; first in the list */
    struct rrset_list list;
    unsigned hashes; /* made so far */
    struct budget budget;
};

/* ---- outcomes ---- */

/* What is said together lives equally long. */
static void even_ttls(struct denied *d)
{
    uint32_t ttl = d->soa ? d->soa->ttl : UINT32_MAX;
    for (size_t i = 0; i < d->list.count; i++)
        ttl = d->list.items[i]->ttl < ttl ? d->list.items[i]->ttl : ttl;
    for (size_t i = 0; i < d->list.count; i++)
        d->list.items[i]->ttl = ttl;
    if (d->soa)
        d->soa->ttl = ttl;
}

static enum job_state synthesised(struct denied *d, struct found *f, const char *tag)
{
    struct job *j = d->j;
    j->out.reason =
        (struct reason){EDE_SYNTHESIZED, tag, "made of records that were verified for another question"};
    j->r->counters.synthesised++;
    JOB_EVENT(j, EVENT_CACHE_HIT, .zone = d->zone, .rcode = found_rcode(f), .from_cache = true, .tag = tag,
        .text = j->out.reason.text);
    return found_end(j, f);
}

static enum job_state deny(struct denied *d, enum found_kind kind)
{
    struct found *f = found_new(d->j, kind);
    even_ttls(d);
    f->settled = true;
    f->soa = d->soa;
    f->proofs = d->list;
    f->verdict = f->denial = VERDICT_SECURE;
    return synthesised(d, f, "aggressive-denial");
}

/* As if the referral had come with these proofs: the delegation remembers it (found.c). */
static enum job_state deny_ds(struct denied *d, enum verdict verdict)
{
    struct found *f = found_new(d->j, FOUND_NODATA);
    even_ttls(d);
    f->from_cut = true;
    f->soa = d->soa;
    f->proofs = d->list;
    f->verdict = f->denial = verdict;
    f->fault = (struct fault){.kind = FAULT_DELEGATION_UNSIGNED, .owner = d->j->name};
    return synthesised(d, f, "aggressive-denial");
}

/* RFC 8198 5.3. The proof of what does not exist goes with it (threat P17). */
static enum job_state expand(struct denied *d, struct rrset *rs)
{
    struct job *j = d->j;
    bool alias = rs->type == TYPE_CNAME && j->type != TYPE_CNAME;
    struct found *f = found_new(j, alias ? FOUND_ALIAS : FOUND_ANSWER);
    struct rrset_list *proofs = ARENA_NEW(&j->arena, struct rrset_list);
    rrset_list_add(proofs, d->cover, &j->arena);
    rs->owner = j->name;
    rs->proofs = proofs;
    rs->ttl = d->cover->ttl = rs->ttl < d->cover->ttl ? rs->ttl : d->cover->ttl;
    f->settled = true;
    f->verdict = VERDICT_SECURE;
    if (alias)
        f->target = rdata_target(TYPE_CNAME, &rs->rdata[0]);
    rrset_list_add(alias ? &f->links : &f->data, rs, &j->arena);
    return synthesised(d, f, "aggressive-wildcard");
}

/* ---- what the records prove ---- */

static struct proofs proofs_of(struct denied *d)
{
    return (struct proofs){.zone = d->zone,
        .list = &d->list,
        .policy = &d->j->r->set.policy,
        .budget = &d->budget,
        .arena = &d->j->arena};
}

/* Is the DS asked for by a validation alone? Not for a client, nor for an alias's sake. */
static bool is_of_a_chain(const struct job *j)
{
    return j->flags.no_aliases && !j->waiters;
}

/* A delegation without DS, or that it is in an opt-out span. Of such a span nobody outside is told: there may
 * be nothing (RFC 5155 9.2); but who validates needs to know no more. */
static enum job_state conclude_ds(struct denied *d)
{
    struct job *j = d->j;
    struct proofs p = proofs_of(d);
    struct denial_result r;
    if (!name_equal(d->name, j->name) || (!is_of_a_chain(j) && !d->soa))
        return JOB_KNOWN;
    if (denial_ds(&p, j->name, &r) != CUT_INSECURE || r.no_name)
        return JOB_KNOWN;
    if (r.denial == DENIAL_PROVEN)
        return deny_ds(d, VERDICT_SECURE);
    return r.denial == DENIAL_OPT_OUT && is_of_a_chain(j) ? deny_ds(d, VERDICT_INSECURE) : JOB_KNOWN;
}

/* A span speaks of its own zone's names. Of hashes, one of the zone above may well cover the name, which lies
 * below a delegation there, while a wildcard of the zone below is known. */
static bool is_signed_by_zone(const struct denied *d, const struct rrset *rs)
{
    struct rrsig sig;
    for (unsigned i = 0; i < rs->sig_count; i++)
        if (!rrsig_read(&rs->sigs[i], &sig) || !name_equal(sig.signer, d->zone))
            return false;
    return rs->sig_count > 0;
}

static struct rrset *wildcard_rrset(struct denied *d, const name_t *closest)
{
    struct job *j = d->j;
    name_t wildcard[NAME_MAX_LEN] = {1, '*'};
    name_copy(wildcard + 2, closest);
    uint16_t types[] = {j->type, TYPE_CNAME};
    for (unsigned i = 0; i < 2; i++) {
        struct rrset *rs =
            cache_rrset_get(j->r->cache, wildcard, types[i], j->class, j->r->now.cache_s, &j->arena);
        /* One that a wildcard above made, before there was anything here, stands for itself alone. */
        if (rs && rs->verdict == VERDICT_SECURE && rs->count > 0 && is_signed_by_zone(d, rs) &&
            !rrset_is_expanded(rs))
            return rs;
    }
    return NULL;
}

static enum job_state conclude_wildcard(struct denied *d, const name_t *closest)
{
    struct rrset *rs = closest ? wildcard_rrset(d, closest) : NULL;
    if (!rs || !d->cover)
        return JOB_KNOWN;
    struct rrset_list all = d->list;
    d->list = (struct rrset_list){.items = &d->cover, .count = 1, .cap = 1};
    struct proofs p = proofs_of(d);
    struct denial_result r = denial_wildcard(&p, d->name, name_labels(closest));
    d->list = all;
    return r.denial == DENIAL_PROVEN ? expand(d, rs) : JOB_KNOWN;
}

static enum job_state conclude(struct denied *d, const name_t *closest)
{
    struct job *j = d->j;
    if (j->type == TYPE_DS) {
        enum job_state done = conclude_ds(d);
        if (done != JOB_KNOWN || !j->r->set.aggressive)
            return done;
    }
    if (!d->soa)
        return JOB_KNOWN;
    struct proofs p = proofs_of(d);
    struct denial_result r = denial_nxdomain(&p, d->name);
    if (r.denial == DENIAL_PROVEN && !r.no_name)
        return deny(d, FOUND_NXDOMAIN);
    if (rrtype_is_meta(j->type))
        return JOB_KNOWN;
    r = denial_nodata(&p, d->name, j->type);
    if (r.denial == DENIAL_PROVEN && !r.no_name && (r.wildcard || name_equal(d->name, j->name)))
        return deny(d, FOUND_NODATA);
    return conclude_wildcard(d, closest);
}

/* ---- which records speak of the name ---- */

static void add_wildcard_nsec(struct denied *d, const name_t *closest)
{
    struct job *j = d->j;
    name_t wildcard[NAME_MAX_LEN] = {1, '*'};
    name_copy(wildcard + 2, closest);
    struct rrset *rs = nsecs_find(d->nsecs, d->zone, wildcard, j->r->now.cache_s, &j->arena);
    if (rs && !name_equal(rs->owner, d->cover->owner))
        rrset_list_add(&d->list, rs, &j->arena);
}

static enum job_state denied_by_nsec(struct denied *d)
{
    struct job *j = d->j;
    const uint8_t *types;
    size_t types_len;
    struct rrset *rs = nsecs_find(d->nsecs, d->zone, j->name, j->r->now.cache_s, &j->arena);
    const name_t *next = rs ? nsec_read(&rs->rdata[0], &types, &types_len) : NULL;
    if (!next)
        return JOB_KNOWN;
    d->name = j->name;
    d->list = (struct rrset_list){0};
    rrset_list_add(&d->list, rs, &j->arena);
    const name_t *closest = NULL;
    if (!name_equal(rs->owner, j->name) && !name_is_within(next, j->name)) {
        unsigned by_owner = name_common_labels(j->name, rs->owner),
                 by_next = name_common_labels(j->name, next), labels = name_labels(j->name);
        d->cover = rs;
        closest = name_parent(j->name, labels - (by_owner > by_next ? by_owner : by_next));
        add_wildcard_nsec(d, closest);
    }
    return conclude(d, closest);
}

/* The NSEC3 that matches or covers the name. *matches: which of them. */
static struct rrset *find_nsec3(
    struct denied *d, const struct nsec3_chain *chain, const name_t *name, bool *matches)
{
    struct job *j = d->j;
    uint8_t hash[NSEC3_HASH_LEN], owner[NSEC3_HASH_LEN];
    struct nsec3 param = {.hash_algorithm = 1,
        .iterations = chain->iterations,
        .salt = chain->salt,
        .salt_len = chain->salt_len};
    if (d->hashes == DENIED_HASHES_MAX)
        return NULL;
    d->hashes++;
    nsec3_hash(name, &param, hash);
    struct rrset *rs = nsecs_find_hash(d->nsecs, d->zone, chain, hash, j->r->now.cache_s, &j->arena);
    *matches = rs && nsec3_owner_hash(rs->owner, d->zone, owner) && memcmp(owner, hash, sizeof hash) == 0;
    return rs;
}

static void add_wildcard_nsec3(
    struct denied *d, const struct nsec3_chain *chain, const name_t *closest, const struct rrset *encloser)
{
    name_t wildcard[NAME_MAX_LEN] = {1, '*'};
    struct nsec3 cover;
    bool matches;
    /* A span with opt-out says nothing of wildcards either, but DS may be answered from it. */
    if (!nsec3_read(&d->cover->rdata[0], &cover) || (cover.flags & NSEC3_FLAG_OPT_OUT))
        return;
    name_copy(wildcard + 2, closest);
    struct rrset *rs = find_nsec3(d, chain, wildcard, &matches);
    if (rs && !name_equal(rs->owner, d->cover->owner) && !name_equal(rs->owner, encloser->owner))
        rrset_list_add(&d->list, rs, &d->j->arena);
}

/* From the zone downwards, since most names that do not exist have an encloser near it; the first ancestor
 * that is covered decides (RFC 5155 8.3). */
static enum job_state denied_by_nsec3(struct denied *d, const struct nsec3_chain *chain)
{
    struct job *j = d->j;
    struct rrset *encloser = NULL, *rs;
    const name_t *closest = NULL;
    bool matches = true;
    unsigned below = name_labels(j->name) - name_labels(d->zone);
    d->list = (struct rrset_list){0};
    d->cover = NULL;
    for (;; below--) {
        d->name = name_parent(j->name, below);
        rs = find_nsec3(d, chain, d->name, &matches);
        if (!rs)
            return JOB_KNOWN;
        if (!matches || below == 0)
            break;
        encloser = rs;
        closest = d->name;
    }
    rrset_list_add(&d->list, rs, &j->arena);
    if (!matches && encloser) {
        d->cover = rs;
        rrset_list_add(&d->list, encloser, &j->arena);
        add_wildcard_nsec3(d, chain, closest, encloser);
    }
    return conclude(d, closest);
}

/* ---- RFC 8020 ---- */

/* No name is below one that does not exist. A compact denial (RFC 9824) proves nothing of names below, so a
 * validating client could not check it. What lies above `top`, where trust of its own begins or ends, does
 * not count. */
static bool denied_above(struct job *j, const name_t *top)
{
    enum nxdomain_cut cut = j->r->set.nxdomain_cut;
    struct negative n;
    if (cut == NXDOMAIN_CUT_OFF)
        return false;
    const name_t *name = j->name;
    for (unsigned below = name_labels(name) - name_labels(top); below > 1; below--) {
        name = name_parent(name, 1);
        if (!cache_may_be_at(j->r->cache, DEPTH_NXDOMAIN, name_labels(top) + below - 1))
            continue;
        if (!cache_negative_get(j->r->cache, name, 0, j->class, j->r->now.cache_s, &j->arena, &n) ||
            !n.nxdomain || rrset_list_find(&n.authority, name, TYPE_NSEC))
            continue;
        if (n.verdict != VERDICT_SECURE && !(cut == NXDOMAIN_CUT_ALL && n.verdict == VERDICT_INSECURE))
            continue;
        j->out.rcode = RCODE_NXDOMAIN;
        j->out.authority = n.authority;
        j->out.verdict = n.verdict;
        j->out.from_cache = true;
        JOB_EVENT(j, EVENT_CACHE_HIT, .rcode = RCODE_NXDOMAIN, .from_cache = true, .tag = "nxdomain-above",
            .text = "a name above it does not exist");
        return true;
    }
    return false;
}

/* ---- asked and learnt ---- */

enum job_state known_denied(struct job *j)
{
    const struct anchor *anchor;
    const struct negative_anchor *negative;
    struct nsec3_chain chains[NSECS_CHAINS_MAX];
    uint32_t now_s = j->r->now.cache_s;
    if (j->class != CLASS_IN || j->flags.parent_side || name_is_root(j->name))
        return JOB_KNOWN;
    enum trust trust = anchors_closest(j->r->set.anchors, j->name, j->r->now.wall_s, &anchor, &negative);
    const name_t *top = trust == TRUST_ANCHOR     ? anchor->zone
                        : trust == TRUST_NEGATIVE ? negative->zone
                                                  : NAME_ROOT;
    if (denied_above(j, top))
        return JOB_DONE;
    if ((!j->r->set.aggressive && j->type != TYPE_DS) || trust != TRUST_ANCHOR)
        return JOB_KNOWN;
    struct denied d = {.j = j, .nsecs = cache_nsecs(j->r->cache)};
    d.zone = nsecs_deepest(d.nsecs, j->type == TYPE_DS ? name_parent(j->name, 1) : j->name);
    if (!d.zone || !name_is_within(d.zone, top))
        return JOB_KNOWN;
    d.soa = nsecs_soa(d.nsecs, d.zone, now_s, &j->arena);
    if (!d.soa && j->type != TYPE_DS)
        return JOB_KNOWN;
    enum job_state done = denied_by_nsec(&d);
    unsigned count = done == JOB_KNOWN ? nsecs_chains(d.nsecs, d.zone, now_s, chains) : 0;
    for (unsigned i = 0; i < count && done == JOB_KNOWN; i++) {
        if (chains[i].iterations <= j->r->set.policy.nsec3_iterations_max)
            done = denied_by_nsec3(&d, &chains[i]);
    }
    return done;
}

static uint32_t minimum_of(const struct rrset *soa)
{
    return get_u32(soa->rdata[0].data + soa->rdata[0].len - 4);
}

/* RFC 9077 3: no longer than the zone lets a negative answer live. */
static uint32_t denial_ttl(const struct job *j, const struct rrset *soa, bool fresh)
{
    uint32_t ttl = cache_settings(j->r->cache).negative_max;
    if (soa && minimum_of(soa) < ttl)
        ttl = minimum_of(soa);
    if (soa && fresh && soa->ttl < ttl)
        ttl = soa->ttl;
    return ttl;
}

static void learn(struct job *j, const name_t *zone, const struct rrset *rs, uint32_t most)
{
    struct rrset bounded = *rs;
    if (bounded.ttl > most)
        bounded.ttl = most;
    nsecs_put(cache_nsecs(j->r->cache), zone, &bounded, j->r->now.cache_s);
}

void denied_learn(struct job *j, const name_t *zone, const struct rrset *soa, const struct rrset_list *proofs)
{
    /* A referral or a wildcard's answer brings no SOA; an earlier one tells as much. */
    const struct rrset *any =
        soa ? soa : nsecs_soa(cache_nsecs(j->r->cache), zone, j->r->now.cache_s, &j->arena);
    uint32_t most = denial_ttl(j, any, soa != NULL);
    if (j->class != CLASS_IN || j->flags.no_write)
        return;
    for (size_t i = 0; i < proofs->count; i++) {
        if (proofs->items[i]->verdict == VERDICT_SECURE)
            learn(j, zone, proofs->items[i], most);
    }
    if (soa && soa->verdict == VERDICT_SECURE)
        learn(j, zone, soa, most);
}

void wildcard_learn(struct job *j, const struct rrset *rs, unsigned labels)
{
    name_t wildcard[NAME_MAX_LEN] = {1, '*'};
    struct rrset made = *rs;
    unsigned have = name_labels(rs->owner);
    if (rs->verdict != VERDICT_SECURE || j->flags.no_write || labels >= have)
        return;
    name_copy(wildcard + 2, name_parent(rs->owner, have - labels));
    made.owner = wildcard;
    made.proofs = NULL;
    cache_rrset_put(j->r->cache, &made, j->r->now.cache_s);
}
