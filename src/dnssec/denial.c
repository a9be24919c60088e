/* What is proven, from what the chains say of the name and of its wildcard. The rules of the proofs are here,
 * the same for NSEC and NSEC3; how a record speaks of a name is in denial_nsec.c and denial_nsec3.c. */
#include <assert.h>

#include "dns/rrtype.h"
#include "dnssec/denial_inner.h"
#include "dnssec/verify.h"

/* ---- which records may speak ---- */

/* A record made of a wildcard says something of the wildcard's neighbourhood, but it stands at another name
 * (CVE-2017-15105): its RRSIG counts fewer labels than the owner has (RFC 4034 3.1.3). */
static bool is_expanded(const struct rrset *set)
{
    unsigned labels = name_labels(set->owner);
    if (set->owner[0] == 1 && set->owner[1] == '*')
        labels--;
    for (unsigned i = 0; i < set->sig_count; i++) {
        struct rrsig sig;
        if (rrsig_read(&set->sigs[i], &sig) && sig.labels < labels)
            return true;
    }
    return false;
}

static bool read_nsec(const struct proofs *p, const struct rrset *set, struct denial_record *out)
{
    *out = (struct denial_record){.owner = set->owner, .at_apex = name_equal(set->owner, p->zone)};
    out->next = nsec_read(&set->rdata[0], &out->types, &out->types_len);
    return out->next && name_is_within(set->owner, p->zone) && name_is_within(out->next, p->zone);
}

/* RFC 5155 8.1, 8.2: unknown hash algorithms and flags are ignored. */
static bool read_nsec3(const struct proofs *p, const struct rrset *set, struct denial_record *out)
{
    *out = (struct denial_record){.owner = set->owner};
    if (!nsec3_read(&set->rdata[0], &out->n3) || out->n3.hash_algorithm != 1 ||
        (out->n3.flags & ~NSEC3_FLAG_OPT_OUT) || out->n3.next_len != NSEC3_HASH_LEN)
        return false;
    out->types = out->n3.types;
    out->types_len = out->n3.types_len;
    return nsec3_owner_hash(set->owner, p->zone, out->hash);
}

struct gathered {
    struct denial_record records[DENIAL_RECORDS_MAX];
    unsigned count;
    bool many;           /* more than are looked at */
    bool deep;           /* there is an NSEC3 with more iterations than the policy has */
    unsigned iterations; /* of it */
};

static void gather(const struct proofs *p, struct gathered *g)
{
    g->count = 0;
    g->many = g->deep = false;
    for (size_t i = 0; i < p->list->count && !g->many; i++) {
        const struct rrset *set = p->list->items[i];
        struct denial_record r;
        if ((set->type != TYPE_NSEC && set->type != TYPE_NSEC3) || set->class != CLASS_IN)
            continue;
        /* A name has one NSEC (RFC 4034 4); two NSEC3 at one are a collision of hashes. */
        if (set->count != 1 || is_expanded(set))
            continue;
        if (set->type == TYPE_NSEC ? !read_nsec(p, set, &r) : !read_nsec3(p, set, &r))
            continue;
        if (!r.next && r.n3.iterations > p->policy->nsec3_iterations_max) {
            g->deep = true;
            g->iterations = r.n3.iterations;
        } else if (g->count < DENIAL_RECORDS_MAX) {
            g->records[g->count++] = r;
        } else {
            g->many = true;
        }
    }
}

static bool same_chain(const struct denial_record *a, const struct denial_record *b)
{
    if (a->next || b->next)
        return a->next && b->next;
    return nsec3_same_parameters(&a->n3, &b->n3);
}

/* The chain that record `lead` is of; false: it is of an earlier record's. */
static bool chain_of(struct chain *c, const struct gathered *g, unsigned lead)
{
    const struct denial_record *first = &g->records[lead];
    c->count = 0;
    c->spent = false;
    c->param = first->next ? NULL : &first->n3;
    for (unsigned i = 0; i < g->count; i++) {
        if (!same_chain(&g->records[i], first))
            continue;
        if (i < lead)
            return false;
        c->records[c->count++] = &g->records[i];
    }
    return true;
}

/* ---- types ---- */

static bool has(const struct standing *s, uint16_t type)
{
    return typemap_has(s->types, s->types_len, type);
}

static bool is_delegation(const uint8_t *types, size_t len, bool at_apex)
{
    return typemap_has(types, len, TYPE_NS) && !(at_apex && typemap_has(types, len, TYPE_SOA));
}

bool types_end_zone(const uint8_t *types, size_t len, bool at_apex)
{
    return typemap_has(types, len, TYPE_DNAME) || is_delegation(types, len, at_apex);
}

/* No types but those that every name with a record of the chain has. */
static bool has_no_data(const struct standing *s)
{
    for (size_t at = 0; at + 2 <= s->types_len; at += 2u + s->types[at + 1])
        for (unsigned bit = 0; bit < s->types[at + 1] * 8u && at + 2 + bit / 8 < s->types_len; bit++) {
            unsigned type = (unsigned)s->types[at] << 8 | bit;
            if ((s->types[at + 2 + bit / 8] & 0x80u >> bit % 8) && type != TYPE_RRSIG && type != TYPE_NSEC &&
                type != TYPE_NXNAME)
                return false;
        }
    return true;
}

/* RFC 9824 3.1: the record of a name that does not exist has NXNAME and no data. */
static bool is_no_name(const struct standing *s)
{
    return s->kind == STANDING_THERE && has(s, TYPE_NXNAME) && has_no_data(s);
}

/* Does the record of a name deny the type? A delegation's speaks of DS alone, for the rest is the child's;
 * and of DS a child's record, which has SOA, says nothing (RFC 4035 5.2), but at the root, which has no
 * parent. */
static bool denies(const struct standing *s, uint16_t type, const name_t *zone)
{
    if (s->kind == STANDING_EMPTY)
        return true;
    if (s->kind != STANDING_THERE || has(s, type) || has(s, TYPE_CNAME))
        return false;
    if (type == TYPE_DS)
        return !has(s, TYPE_SOA) || (s->at_apex && name_is_root(zone));
    if (is_delegation(s->types, s->types_len, s->at_apex))
        return false;
    return type != TYPE_ANY || has_no_data(s);
}

/* ---- the proofs ---- */

enum proof { PROOF_NXDOMAIN, PROOF_NODATA, PROOF_WILDCARD, PROOF_CUT };

struct question {
    enum proof proof;
    const name_t *name;
    uint16_t type;   /* NODATA */
    unsigned labels; /* WILDCARD: of the closest encloser */
    enum cut_denial cut;
};

static struct standing standing_of(struct chain *c, const name_t *name)
{
    return c->param ? nsec3_standing(c, name) : nsec_standing(c, name);
}

/* Of the wildcard that would stand for an absent name. */
static struct standing wildcard_standing(struct chain *c, const struct standing *absent)
{
    name_t wildcard[NAME_MAX_LEN] = {1, '*'};
    /* It fits: the closest encloser is at least a label shorter than the name. */
    name_copy(wildcard + 2, absent->closest);
    return c->param ? nsec3_wildcard_standing(c, wildcard) : nsec_wildcard_standing(c, wildcard);
}

static void lacks(struct denial_result *r, enum fault_kind kind)
{
    r->denial = DENIAL_NONE;
    r->fault.kind = kind;
}

/* Proven, as far as the span goes. */
static void proven(struct denial_result *r, const struct standing *s)
{
    r->denial = s->opt_out ? DENIAL_OPT_OUT : DENIAL_PROVEN;
    if (s->closest)
        r->closest = s->closest;
}

static void prove_nxdomain(struct chain *c, const struct question *q, struct denial_result *r)
{
    struct standing s = standing_of(c, q->name);
    if (is_no_name(&s)) {
        proven(r, &s);
        r->no_name = true;
        return;
    }
    if (s.kind != STANDING_ABSENT) {
        lacks(r, s.kind == STANDING_UNKNOWN && !s.forbidden ? FAULT_DENIAL_MISSING : FAULT_DENIAL_WRONG);
        return;
    }
    struct standing wildcard = wildcard_standing(c, &s);
    if (wildcard.kind == STANDING_ABSENT || is_no_name(&wildcard))
        proven(r, &s);
    else
        lacks(r, wildcard.kind == STANDING_UNKNOWN ? FAULT_DENIAL_MISSING : FAULT_DENIAL_WRONG);
}

static void prove_nodata(struct chain *c, const struct question *q, struct denial_result *r)
{
    struct standing s = standing_of(c, q->name);
    if (s.kind == STANDING_UNKNOWN) {
        lacks(r, s.forbidden ? FAULT_DENIAL_WRONG : FAULT_DENIAL_MISSING);
        return;
    }
    if (s.kind != STANDING_ABSENT) {
        if (!denies(&s, q->type, c->p->zone)) {
            lacks(r, FAULT_DENIAL_WRONG);
            return;
        }
        proven(r, &s);
        r->no_name = is_no_name(&s);
        r->empty = s.kind == STANDING_EMPTY || (!r->no_name && has_no_data(&s));
        return;
    }
    struct standing wildcard = wildcard_standing(c, &s);
    if (denies(&wildcard, q->type, c->p->zone) && !is_no_name(&wildcard)) {
        proven(r, &s);
        r->wildcard = true;
        r->empty = wildcard.kind == STANDING_EMPTY;
    } else if (s.opt_out && (q->type == TYPE_DS || wildcard.kind != STANDING_THERE)) {
        /* RFC 5155 8.6 for DS; for other types an empty non-terminal above unsigned delegations alone has no
         * record either (its erratum 3441). */
        proven(r, &s);
    } else {
        /* That the name does not exist is another thing than that it has no data. */
        lacks(r, FAULT_DENIAL_WRONG);
    }
}

static void prove_wildcard(struct chain *c, const struct question *q, struct denial_result *r)
{
    struct standing s = {.closest = name_parent(q->name, name_labels(q->name) - q->labels)};
    bool absent = c->param ? nsec3_next_closer_absent(c, q->name, q->labels, &s.opt_out)
                           : nsec_next_closer_absent(c, q->name, q->labels, &s.opt_out);
    if (absent)
        proven(r, &s);
    else
        lacks(r, FAULT_WILDCARD_UNPROVEN);
}

static void prove_cut(struct chain *c, struct question *q, struct denial_result *r)
{
    struct standing s = standing_of(c, q->name);
    q->cut = CUT_NONE;
    if (s.kind == STANDING_UNKNOWN || (s.kind == STANDING_THERE && (has(&s, TYPE_DS) || has(&s, TYPE_SOA)))) {
        q->cut = CUT_UNPROVEN;
        lacks(r, s.kind == STANDING_UNKNOWN && !s.forbidden ? FAULT_DENIAL_MISSING : FAULT_DENIAL_WRONG);
        return;
    }
    if (s.kind == STANDING_THERE && has(&s, TYPE_NS))
        q->cut = CUT_INSECURE;
    if (s.kind == STANDING_ABSENT && s.opt_out)
        q->cut = CUT_INSECURE;
    proven(r, &s);
    r->no_name = is_no_name(&s);
    r->empty = s.kind == STANDING_EMPTY || (s.kind == STANDING_THERE && !r->no_name && has_no_data(&s));
}

static void prove(struct chain *c, struct question *q, struct denial_result *r)
{
    switch (q->proof) {
    case PROOF_NXDOMAIN:
        prove_nxdomain(c, q, r);
        break;
    case PROOF_NODATA:
        prove_nodata(c, q, r);
        break;
    case PROOF_WILDCARD:
        prove_wildcard(c, q, r);
        break;
    case PROOF_CUT:
        prove_cut(c, q, r);
        break;
    }
    if (r->denial == DENIAL_NONE && c->spent) {
        r->denial = DENIAL_SPENT;
        r->fault.kind = FAULT_HASHES_SPENT;
    }
}

/* What is known when no chain proves it. */
static void conclude(const struct gathered *g, struct denial_result *r)
{
    if (r->denial != DENIAL_NONE)
        return;
    /* Only where the deep ones are all that there is: beside others they are left-overs of a change, and
     * would make a way down (threat P18). */
    if (g->deep && g->count == 0) {
        r->denial = DENIAL_INSECURE;
        r->fault.kind = FAULT_NSEC3_ITERATIONS;
        r->fault.seconds = g->iterations;
    } else if (g->many) {
        r->fault.kind = FAULT_DENIAL_MANY;
    }
}

static struct denial_result run(struct proofs *p, struct question *q)
{
    struct denial_result best = {
        .fault = {.kind = FAULT_DENIAL_MISSING, .owner = q->name, .type = q->type, .signer = p->zone}};
    struct gathered g;
    struct chain c = {.p = p};
    gather(p, &g);
    for (unsigned i = 0, chains = 0; i < g.count && chains <= DENIAL_CHAINS_MAX; i++) {
        struct denial_result r = {.fault = best.fault};
        if (!chain_of(&c, &g, i))
            continue;
        chains += c.param ? 1 : 0;
        if (chains > DENIAL_CHAINS_MAX)
            break;
        prove(&c, q, &r);
        bool holds = r.denial == DENIAL_PROVEN || r.denial == DENIAL_OPT_OUT;
        if (holds || (best.denial == DENIAL_NONE && r.fault.kind != FAULT_DENIAL_MISSING))
            best = r;
        if (holds)
            break;
    }
    conclude(&g, &best);
    if (best.denial == DENIAL_PROVEN || best.denial == DENIAL_OPT_OUT)
        best.fault = (struct fault){.kind = FAULT_NONE};
    return best;
}

static struct denial_result nothing(const struct proofs *p, const name_t *name, uint16_t type)
{
    return (struct denial_result){
        .fault = {.kind = FAULT_DENIAL_WRONG, .owner = name, .type = type, .signer = p->zone}};
}

struct denial_result denial_nxdomain(struct proofs *p, const name_t *name)
{
    struct question q = {.proof = PROOF_NXDOMAIN, .name = name};
    return name_is_within(name, p->zone) ? run(p, &q) : nothing(p, name, 0);
}

struct denial_result denial_nodata(struct proofs *p, const name_t *name, uint16_t type)
{
    struct question q = {.proof = PROOF_NODATA, .name = name, .type = type};
    return name_is_within(name, p->zone) ? run(p, &q) : nothing(p, name, type);
}

struct denial_result denial_wildcard(struct proofs *p, const name_t *name, unsigned closest_labels)
{
    struct question q = {.proof = PROOF_WILDCARD, .name = name, .labels = closest_labels};
    /* The labels come from an RRSIG: an encloser above the zone is threat P15. */
    if (!name_is_within(name, p->zone) || closest_labels < name_labels(p->zone) ||
        closest_labels >= name_labels(name))
        return nothing(p, name, 0);
    return run(p, &q);
}

enum cut_denial denial_ds(struct proofs *p, const name_t *name, struct denial_result *result)
{
    struct question q = {.proof = PROOF_CUT, .name = name, .type = TYPE_DS, .cut = CUT_UNPROVEN};
    if (!name_is_within(name, p->zone) || name_equal(name, p->zone)) {
        *result = nothing(p, name, TYPE_DS);
        return CUT_UNPROVEN;
    }
    *result = run(p, &q);
    if (result->denial == DENIAL_INSECURE)
        return CUT_INSECURE;
    return result->denial == DENIAL_PROVEN || result->denial == DENIAL_OPT_OUT ? q.cut : CUT_UNPROVEN;
}
