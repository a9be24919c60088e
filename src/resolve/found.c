/* What was found, between the one who said it and those who asked. */
#include "resolve/job.h"

static void append(struct rrset_list *to, const struct rrset_list *from, struct arena *a)
{
    for (size_t i = 0; from && i < from->count; i++)
        rrset_list_add(to, from->items[i], a);
}

static void append_links(struct rrset_list *to, const struct rrset_list *links, struct arena *a)
{
    for (size_t i = 0; i < links->count; i++) {
        struct rrset *rs = links->items[i];
        /* a DNAME that two links are made of stands there once */
        if (rs->type != TYPE_DNAME || !rrset_list_find(to, rs->owner, TYPE_DNAME))
            rrset_list_add(to, rs, a);
    }
}

uint16_t found_rcode(const struct found *f)
{
    return f->kind == FOUND_NXDOMAIN   ? RCODE_NXDOMAIN
           : f->kind == FOUND_TOO_LONG ? RCODE_YXDOMAIN
                                       : RCODE_NOERROR;
}

bool link_is_made(const struct rrset_list *links, size_t i)
{
    const struct rrset *rs = links->items[i], *before = i > 0 ? links->items[i - 1] : NULL;
    /* One at the DNAME's own name was sent beside it, in an answer to ANY, and must be signed itself. */
    return before && rs->type == TYPE_CNAME && before->type == TYPE_DNAME &&
           name_is_within(rs->owner, before->owner) && !name_equal(rs->owner, before->owner);
}

/* ---- what the cache knows ---- */

static bool is_settled(const struct job *j, uint8_t verdict)
{
    return verdict == VERDICT_INSECURE || verdict_is_believed(j, verdict);
}

struct found *found_new(struct job *j, enum found_kind kind)
{
    struct found *f = ARENA_NEW(&j->arena, struct found);
    *f = (struct found){.kind = kind, .cached = true, .candidate = -1, .target = j->name, .type = j->type};
    return f;
}

/* The cache remembers what kind of fault it was; of DS it is the zone's. */
static struct fault fault_known(struct job *j, uint8_t kind)
{
    struct fault f = {.kind = (enum fault_kind)kind, .owner = j->name, .type = j->type};
    const struct cut *cut = kind == FAULT_DS_ALGORITHM || kind == FAULT_DS_DIGEST
                                ? cache_cut_deepest(j->r->cache, j->name, j->r->now.cache_s, &j->arena)
                                : NULL;
    if (cut)
        f.owner = cut->zone;
    return f;
}

static void take(struct job *j, struct found *f, struct rrset *rs, struct rrset_list *to)
{
    rrset_list_add(to, rs, &j->arena);
    f->verdict = rs->verdict;
    f->fault = fault_known(j, rs->fault);
    if (rs->proofs && !is_settled(j, rs->verdict))
        append(&f->proofs, rs->proofs, &j->arena);
}

bool known_negative(struct job *j, const name_t *name, uint16_t type, struct negative *out)
{
    if (!cache_negative_get(j->r->cache, name, type, j->class, j->r->now.cache_s, &j->arena, out))
        return false;
    /* NXDOMAIN is of all types; but a zone's word on its own apex is none on DS (RFC 4035 3.1.4.1), nor does
     * a negative anchor hold for what its zone's parent says. */
    if (type != TYPE_DS || name_is_root(name))
        return true;
    return !rrset_list_find(&out->authority, name, TYPE_SOA) &&
           !(out->nxdomain && out->fault == FAULT_NEGATIVE_ANCHOR);
}

static struct found *known_denial(struct job *j)
{
    struct negative n;
    if (!known_negative(j, j->name, j->type, &n))
        return NULL;
    struct found *f = found_new(j, n.nxdomain ? FOUND_NXDOMAIN : FOUND_NODATA);
    f->verdict = f->denial = n.verdict;
    f->fault = fault_known(j, n.fault);
    f->no_name = n.no_name;
    f->negative_ttl = n.ttl;
    f->stored_s = n.stored_s;
    for (size_t i = 0; i < n.authority.count; i++) {
        struct rrset *rs = n.authority.items[i];
        if (rs->type == TYPE_SOA)
            f->soa = rs;
        else
            rrset_list_add(&f->proofs, rs, &j->arena);
    }
    return f;
}

/* A CNAME at the name, or a DNAME above it (RFC 6672 3.3). */
static struct found *known_alias(struct job *j)
{
    struct cache *c = j->r->cache;
    uint32_t now_s = j->r->now.cache_s;
    /* A child's alias at its own apex says nothing of DS, of which its parent speaks (RFC 4035 3.1.4.1). */
    bool cname = j->type == TYPE_CNAME; /* then it would be data; one made of a DNAME is */
    struct rrset *rs = j->type == TYPE_DS || cname
                           ? NULL
                           : cache_rrset_get(c, j->name, TYPE_CNAME, j->class, now_s, &j->arena);
    struct found *f = found_new(j, FOUND_ALIAS);
    if (rs && rs->count > 0) {
        take(j, f, rs, &f->links);
        f->target = rdata_target(TYPE_CNAME, &rs->rdata[0]);
        return f;
    }
    const name_t *above = j->name;
    for (unsigned left = name_labels(j->name); left > 1; left--) {
        above = name_parent(above, 1);
        if (!cache_may_be_at(c, DEPTH_DNAME, left - 1))
            continue;
        rs = cache_rrset_get(c, above, TYPE_DNAME, j->class, now_s, &j->arena);
        if (!rs || rs->count == 0)
            continue;
        if (!j->flags.unchecked && rs->verdict != VERDICT_SECURE && chain_is_cut_short(j, rs->owner, j->name))
            continue;
        take(j, f, rs, &f->links);
        if (!dname_synthesise(&f->links, rs, j->name, &f->target, &j->arena)) {
            f->kind = FOUND_TOO_LONG;
        } else if (cname) {
            f->kind = FOUND_ANSWER;
            f->data = f->links;
            f->links = (struct rrset_list){0};
            f->target = j->name;
        }
        return f;
    }
    return NULL;
}

/* The parent's referral brought DS or its denial along. */
static struct found *known_delegation(struct job *j)
{
    struct cut *cut = j->type == TYPE_DS && !j->flags.unchecked
                          ? cache_cut_get(j->r->cache, j->name, j->r->now.cache_s, &j->arena)
                          : NULL;
    if (!cut || cut->proofs.count == 0)
        return NULL;
    struct rrset *ds = rrset_list_find(&cut->proofs, j->name, TYPE_DS);
    /* It came without the SOA that a client's answer needs (RFC 2308 3). */
    if (!ds && j->owns_work)
        return NULL;
    struct found *f = found_new(j, ds ? FOUND_ANSWER : FOUND_NODATA);
    f->from_cut = true;
    f->negative_ttl = cut->ttl;
    if (ds) {
        ds->rank = RANK_ANSWER;
        rrset_list_add(&f->data, ds, &j->arena);
        return f;
    }
    append(&f->proofs, &cut->proofs, &j->arena);
    return f;
}

struct found *found_known(struct job *j)
{
    struct rrset *rs = cache_rrset_get(j->r->cache, j->name, j->type, j->class, j->r->now.cache_s, &j->arena);
    struct found *f = NULL;
    if (rs && rs->rank >= RANK_ANSWER_NONAUTH) {
        f = found_new(j, FOUND_ANSWER);
        take(j, f, rs, &f->data);
    }
    if (!f)
        f = known_denial(j);
    if (!f && j->type != TYPE_ANY)
        f = known_alias(j);
    if (!f)
        f = known_delegation(j);
    if (f)
        f->settled = j->flags.unchecked || is_settled(j, (uint8_t)f->verdict);
    return f;
}

/* ---- what is kept ---- */

static void store_rrsets(struct job *j, const struct rrset_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        if (!link_is_made(l, i)) { /* made again when it is needed */
            const struct rrset *rs = l->items[i];
            cache_rrset_put(j->r->cache, rs, j->r->now.cache_s);
            if (rs->ttl == 0)
                cache_expired_drop(j->r->cache, rs->owner, rs->type, rs->class, j->r->now.cache_s);
        }
}

/* The delegation itself remembers that it is insecure: names below it need not ask again. */
static void store_cut(struct job *j, const struct found *f)
{
    struct cut *cut = cache_cut_get(j->r->cache, j->name, j->r->now.cache_s, &j->arena);
    if (!cut || f->denial == VERDICT_UNCHECKED)
        return;
    struct proofs p = {
        .list = &f->proofs, .policy = &j->r->set.policy, .budget = &j->work->budget, .arena = &j->arena};
    struct rrsig sig;
    struct denial_result res = {.fault = f->fault};
    bool none = f->denial == VERDICT_INSECURE;
    if (!none && f->proofs.count > 0 && f->proofs.items[0]->sig_count > 0 &&
        rrsig_read(&f->proofs.items[0]->sigs[0], &sig)) {
        p.zone = sig.signer;
        none = denial_ds(&p, j->name, &res) == CUT_INSECURE;
        res.fault.kind = FAULT_DELEGATION_UNSIGNED;
    }
    if (!none)
        return;
    for (size_t i = 0; i < f->proofs.count; i++)
        if (f->proofs.items[i]->ttl < cut->ttl)
            cut->ttl = f->proofs.items[i]->ttl;
    cut->insecure = true;
    cut->proofs = (struct rrset_list){0}; /* nobody asks for them again; they are most of its octets */
    cut->fault = (uint8_t)res.fault.kind;
    cache_cut_put(j->r->cache, cut, j->r->now.cache_s);
}

/* DS was denied by a parent that nobody vouches for: NXDOMAIN, which is of all types, would speak of the
 * anchored zone too. */
static bool is_anchored(struct job *j, const struct found *f)
{
    const struct anchor *anchor = NULL;
    const struct negative_anchor *negative = NULL;
    return f->type == TYPE_DS && f->kind == FOUND_NXDOMAIN && f->denial == VERDICT_INSECURE &&
           anchors_closest(j->r->set.anchors, f->target, j->r->now.wall_s, &anchor, &negative) ==
               TRUST_ANCHOR &&
           name_equal(anchor->zone, f->target);
}

void found_keep_denial(struct job *j, const struct found *f)
{
    if (!f->soa) /* nothing says for how long: RFC 2308 5 */
        return;
    struct negative n = {.nxdomain = f->kind == FOUND_NXDOMAIN,
        .verdict = (uint8_t)f->denial,
        .fault = (uint8_t)(f->denial == VERDICT_INSECURE ? f->fault.kind : 0),
        .no_name = f->no_name,
        .ttl = f->negative_ttl};
    rrset_list_add(&n.authority, f->soa, &j->arena);
    append(&n.authority, &f->proofs, &j->arena);
    cache_negative_put(j->r->cache, f->target, f->type, j->class, &n, j->r->now.cache_s);
}

static void store_denial(struct job *j, const struct found *f)
{
    if ((!f->soa || f->negative_ttl == 0) && !f->cached)
        cache_expired_drop(j->r->cache, f->target, f->type, j->class, j->r->now.cache_s);
    if (!is_anchored(j, f))
        found_keep_denial(j, f);
}

static void store(struct job *j, const struct found *f)
{
    if (j->flags.no_write)
        return;
    store_rrsets(j, &f->links);
    store_rrsets(j, &f->data);
    if (!found_is_negative(f))
        return;
    if (f->from_cut)
        store_cut(j, f);
    else
        store_denial(j, f);
}

/* ---- what is answered ---- */

static void show_zone(struct job *j, const struct found *f)
{
    if (j->r->set.minimal_answers)
        return;
    if (!f->ns) { /* servers that answer minimally themselves, or the cache: the delegation will do */
        if (j->out.rcode == RCODE_NOERROR && j->out.answer.count > 0 && f->verdict != VERDICT_SECURE)
            outcome_add_zone(j);
        return;
    }
    const struct rrset *last = j->out.answer.count ? j->out.answer.items[j->out.answer.count - 1] : NULL;
    if (last && last->type == TYPE_NS && name_equal(last->owner, f->ns->owner))
        return;
    rrset_list_add(&j->out.authority, f->ns, &j->arena);
    append(&j->out.additional, &f->addresses, &j->arena);
}

/* Proofs travel with what was made of a wildcard. */
static void show_proofs(struct job *j, const struct rrset_list *l)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct rrset_list *proofs = l->items[i]->proofs;
        for (size_t k = 0; proofs && k < proofs->count; k++)
            if (!rrset_list_find(&j->out.authority, proofs->items[k]->owner, proofs->items[k]->type))
                rrset_list_add(&j->out.authority, proofs->items[k], &j->arena);
    }
}

static void show_reason(struct job *j, const struct found *f)
{
    j->out.verdict = (uint8_t)f->verdict;
    j->out.clock_unknown = f->verdict == VERDICT_INDETERMINATE;
    j->out.fault = (uint8_t)(f->verdict == VERDICT_INSECURE ? f->fault.kind : 0);
    if (j->out.clock_unknown)
        j->out.reason = (struct reason){EDE_OTHER, "clock-unknown",
            "the signatures are good, but this resolver does not know what time it is"};
    else if (j->out.fault && f->fault.kind != FAULT_DELEGATION_UNSIGNED)
        j->out.reason = fault_reason(j, &f->fault);
}

enum job_state found_end(struct job *j, struct found *f)
{
    if (!f->settled)
        store(j, f);
    append_links(&j->out.answer, &f->links, &j->arena);
    append(&j->out.answer, &f->data, &j->arena);
    show_proofs(j, &f->links);
    show_proofs(j, &f->data);
    show_reason(j, f);
    j->out.from_cache = f->cached;
    j->out.rcode = found_rcode(f);
    switch (f->kind) {
    case FOUND_ALIAS:
        return job_follow_alias(j, f->target);
    case FOUND_TOO_LONG:
        return JOB_DONE;
    case FOUND_ANSWER:
        show_zone(j, f);
        return JOB_DONE;
    case FOUND_NODATA:
    case FOUND_NXDOMAIN:
        break;
    }
    j->out.no_name = f->no_name;
    if (f->soa)
        rrset_list_add(&j->out.authority, f->soa, &j->arena);
    else
        show_zone(j, f);
    append(&j->out.authority, &f->proofs, &j->arena);
    return JOB_DONE;
}

enum job_state found_begin(struct job *j, struct found *f)
{
    if (j->flags.unchecked)
        return found_end(j, f);
    j->patience_ms =
        INT64_MAX; /* was with a server; what waits now has none, and a past one would ring for ever */
    validate_begin(j, f);
    return JOB_VALIDATE;
}
