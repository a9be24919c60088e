/* What a server of signed zones says (RFC 1034 4.3.2, RFC 4035 3.1, RFC 5155 7.2, RFC 6672 3.2, RFC 9824 3).
 */
#include <string.h>

#include "dns/rdata.h"
#include "sign_zone.h"

enum { ALIASES_MAX = 8 };

struct asked {
    struct sign_zone *z;
    const name_t *name;
    uint16_t type;
    bool dnssec_ok;
    struct sign_reply *out;
    struct arena *a;
};

static void put(struct asked *q, enum section s, const struct rrset *rs)
{
    if (!rs)
        return;
    struct rrset_list *list = &q->out->sections[s];
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i]->type == rs->type && name_equal(list->items[i]->owner, rs->owner))
            return;
    struct rrset *copy = rrset_copy(rs, q->a);
    if (!q->dnssec_ok)
        copy->sig_count = 0;
    rrset_list_add(list, copy, q->a);
}

static bool proves(const struct asked *q)
{
    return q->dnssec_ok && q->z->plan.ksk;
}

static const struct sign_node *node_at(const struct asked *q, const name_t *n)
{
    return sign_zone_node(q->z, n);
}

/* The longest ancestor that exists. */
static const name_t *encloser_of(const struct asked *q, const name_t *n)
{
    while (!node_at(q, n) && !name_equal(n, q->z->origin))
        n = name_parent(n, 1);
    return n;
}

static const name_t *next_closer(const name_t *n, const name_t *encloser)
{
    return name_parent(n, name_labels(n) - name_labels(encloser) - 1);
}

static const name_t *wildcard_at(const name_t *encloser, struct arena *a)
{
    name_t *w = arena_alloc(a, NAME_MAX_LEN + 2);
    w[0] = 1;
    w[1] = '*';
    name_copy(w + 2, encloser);
    return w;
}

/* RFC 5155 7.2.1: of the longest ancestor that has an NSEC3. */
static const name_t *put_encloser(struct asked *q, const name_t *n)
{
    const name_t *e = n;
    while (!sign_chain_match(q->z, e) && !name_equal(e, q->z->origin))
        e = name_parent(e, 1);
    put(q, SECTION_AUTHORITY, sign_chain_match(q->z, e));
    if (!name_equal(e, n))
        put(q, SECTION_AUTHORITY, sign_chain_cover(q->z, next_closer(n, e)));
    return e;
}

/* There is nothing of this type at this name (which exists). */
static void prove_no_data(struct asked *q, const name_t *n)
{
    if (!proves(q))
        return;
    const struct rrset *match = sign_chain_match(q->z, n);
    if (q->z->plan.denial == SIGN_COMPACT)
        put(q, SECTION_AUTHORITY, sign_chain_compact(q->z, n, node_at(q, n), q->a));
    else if (match)
        put(q, SECTION_AUTHORITY, match);
    else if (q->z->plan.denial == SIGN_NSEC)
        put(q, SECTION_AUTHORITY, sign_chain_cover(q->z, n)); /* an empty non-terminal */
    else
        put_encloser(q, n); /* opted out */
}

/* Neither the name exists nor, unless it was used, the wildcard. */
static void prove_no_name(struct asked *q, const name_t *n, bool wildcard_used)
{
    if (!proves(q))
        return;
    const name_t *e = encloser_of(q, n), *w = wildcard_at(e, q->a);
    switch (q->z->plan.denial) {
    case SIGN_COMPACT:
        if (!wildcard_used)
            put(q, SECTION_AUTHORITY, sign_chain_compact(q->z, n, NULL, q->a));
        return;
    case SIGN_NSEC:
        put(q, SECTION_AUTHORITY, sign_chain_cover(q->z, n));
        if (!wildcard_used)
            put(q, SECTION_AUTHORITY, sign_chain_cover(q->z, w));
        return;
    case SIGN_NSEC3:
        if (wildcard_used)
            put(q, SECTION_AUTHORITY, sign_chain_cover(q->z, next_closer(n, e)));
        else
            put(q, SECTION_AUTHORITY, sign_chain_cover(q->z, wildcard_at(put_encloser(q, n), q->a)));
        return;
    }
}

/* The wildcard for the name has nothing of the type; compact denial says it of the name itself. */
static void prove_wildcard_no_data(struct asked *q, const name_t *n)
{
    if (!proves(q))
        return;
    if (q->z->plan.denial == SIGN_COMPACT) {
        const struct sign_node *star = node_at(q, wildcard_at(encloser_of(q, n), q->a));
        put(q, SECTION_AUTHORITY, sign_chain_compact(q->z, n, star, q->a));
        return;
    }
    prove_no_data(q, wildcard_at(encloser_of(q, n), q->a));
    if (q->z->plan.denial == SIGN_NSEC3)
        put_encloser(q, n);
    prove_no_name(q, n, true);
}

void sign_zone_prove(
    struct sign_zone *z, enum sign_proof proof, const name_t *name, struct rrset_list *out, struct arena *a)
{
    struct sign_reply r = {0};
    r.sections[SECTION_AUTHORITY] = *out;
    struct asked q = {.z = z, .name = name, .dnssec_ok = true, .out = &r, .a = a};
    switch (proof) {
    case SIGN_NO_DATA:
        prove_no_data(&q, name);
        break;
    case SIGN_NO_NAME:
    case SIGN_WILDCARD:
        prove_no_name(&q, name, proof == SIGN_WILDCARD);
        break;
    case SIGN_WILDCARD_NO_DATA:
        prove_wildcard_no_data(&q, name);
        break;
    }
    *out = r.sections[SECTION_AUTHORITY];
}

static void put_soa(struct asked *q)
{
    const struct sign_node *apex = node_at(q, q->z->origin);
    const struct rrset *soa = rrset_list_find(&apex->sets, NULL, TYPE_SOA);
    if (!soa)
        return;
    put(q, SECTION_AUTHORITY, soa);
    struct rrset_list *list = &q->out->sections[SECTION_AUTHORITY];
    struct rrset *copy = rrset_list_find(list, NULL, TYPE_SOA);
    uint32_t minimum = get_u32(copy->rdata[0].data + copy->rdata[0].len - 4);
    if (minimum < copy->ttl)
        copy->ttl = minimum; /* RFC 2308 3 */
}

static void refer(struct asked *q, const struct sign_node *cut)
{
    const struct rrset *ns = rrset_list_find(&cut->sets, NULL, TYPE_NS);
    const struct rrset *ds = rrset_list_find(&cut->sets, NULL, TYPE_DS);
    if (q->out->sections[SECTION_ANSWER].count == 0)
        q->out->flags &= (uint16_t)~FLAG_AA;
    put(q, SECTION_AUTHORITY, ns);
    if (ds && q->dnssec_ok)
        put(q, SECTION_AUTHORITY, ds);
    else if (!ds)
        prove_no_data(q, cut->name);
    for (unsigned i = 0; i < ns->count; i++) {
        const struct sign_node *host = node_at(q, ns->rdata[i].data);
        for (size_t k = 0; host && k < host->sets.count; k++)
            if (host->sets.items[k]->type == TYPE_A || host->sets.items[k]->type == TYPE_AAAA)
                put(q, SECTION_ADDITIONAL, host->sets.items[k]);
    }
}

/* RRset as it stands at the node, under the name that was asked for. */
static void put_as(struct asked *q, const struct rrset *rs, const name_t *owner)
{
    struct rrset as = *rs;
    as.owner = owner;
    if (q->z->plan.denial == SIGN_COMPACT && rs->sig_count && !name_equal(rs->owner, owner)) {
        /* Who signs each answer needs no proof that nothing is closer: it signs the name itself. */
        struct sign_how how = sign_zone_how(q->z, rs->type);
        as.sigs = ARENA_NEW(q->a, struct rdata);
        *as.sigs = sign_rrset(&as, &how, q->a);
        as.sig_count = 1;
    }
    put(q, SECTION_ANSWER, &as);
}

static const name_t *follow_dname(struct asked *q, const struct rrset *dname)
{
    name_t to[NAME_MAX_LEN];
    put(q, SECTION_ANSWER, dname);
    if (name_replace_suffix(to, q->name, dname->owner, dname->rdata[0].data)) {
        q->out->rcode = RCODE_YXDOMAIN;
        return NULL;
    }
    struct rrset *cname = ARENA_NEW(q->a, struct rrset);
    *cname = (struct rrset){.owner = q->name, .type = TYPE_CNAME, .class = CLASS_IN, .ttl = dname->ttl};
    const name_t *target = name_dup(to, q->a);
    rrset_add(cname, (struct rdata){.data = target, .len = (uint16_t)name_len(target)}, q->a);
    rrset_list_add(&q->out->sections[SECTION_ANSWER], cname, q->a);
    return target;
}

/* The NSEC of a node, which is data where it is asked for; a wildcard's too (RFC 4592 4.7). */
static bool put_nsec(struct asked *q, const struct sign_node *node)
{
    bool wanted = q->type == TYPE_NSEC || q->type == TYPE_ANY;
    if (!wanted || node->cut || !q->z->plan.ksk || q->z->plan.denial != SIGN_NSEC)
        return false;
    const struct rrset *nsec = sign_chain_match(q->z, node->name);
    if (nsec)
        put_as(q, nsec, q->name);
    return nsec != NULL;
}

/* What stands at a node, for the name that was asked for. Returns where an alias leads. */
static const name_t *answer_from(struct asked *q, const struct sign_node *node, bool wildcard)
{
    const struct rrset *cname = rrset_list_find(&node->sets, NULL, TYPE_CNAME);
    bool alias = cname && q->type != TYPE_CNAME && q->type != TYPE_NSEC && q->type != TYPE_ANY;
    bool found = false;
    for (size_t i = 0; i < node->sets.count; i++) {
        const struct rrset *rs = node->sets.items[i];
        bool wanted = alias ? rs == cname : rs->type == q->type || q->type == TYPE_ANY;
        if (node->cut && rs->type != TYPE_DS)
            wanted = false; /* the question is for the DS */
        if (wanted)
            put_as(q, rs, q->name);
        found |= wanted;
    }
    found |= put_nsec(q, node);
    if (!found)
        put_soa(q);
    if (wildcard && found)
        prove_no_name(q, q->name, true);
    else if (wildcard)
        prove_wildcard_no_data(q, q->name);
    else if (!found)
        prove_no_data(q, q->name);
    return alias ? cname->rdata[0].data : NULL;
}

/* One name. Returns where an alias leads, or NULL. */
static const name_t *answer_name(struct asked *q)
{
    unsigned depth = name_labels(q->z->origin), labels = name_labels(q->name);
    for (unsigned up = labels - depth + 1; up-- > 0;) {
        const struct sign_node *above = node_at(q, name_parent(q->name, up));
        if (above && above->cut && !(up == 0 && q->type == TYPE_DS)) {
            refer(q, above);
            return NULL;
        }
        const struct rrset *dname = above && up ? rrset_list_find(&above->sets, NULL, TYPE_DNAME) : NULL;
        if (dname)
            return follow_dname(q, dname);
    }
    const struct sign_node *node = node_at(q, q->name);
    if (node)
        return answer_from(q, node, false);
    node = node_at(q, wildcard_at(encloser_of(q, q->name), q->a));
    if (node)
        return answer_from(q, node, true);
    put_soa(q);
    prove_no_name(q, q->name, false);
    q->out->rcode = q->z->plan.denial == SIGN_COMPACT && proves(q) ? RCODE_NOERROR : RCODE_NXDOMAIN;
    return NULL;
}

static struct sign_zone *zone_for(
    struct sign_zone *const *zones, size_t count, const name_t *name, uint16_t type)
{
    struct sign_zone *best = NULL, *at = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!name_is_within(name, zones[i]->origin))
            continue;
        if (type == TYPE_DS && name_equal(name, zones[i]->origin))
            at = zones[i]; /* RFC 4035 3.1.4.1: only who has not the parent speaks from below the cut */
        else if (!best || name_is_within(zones[i]->origin, best->origin))
            best = zones[i];
    }
    return best ? best : at;
}

void sign_zone_answer(struct sign_zone *const *zones, size_t count, const struct msg_question *question,
    bool dnssec_ok, struct sign_reply *out, struct arena *a)
{
    *out = (struct sign_reply){.flags = FLAG_AA};
    struct asked q = {.name = name_dup(question->name, a),
        .type = question->type,
        .dnssec_ok = dnssec_ok,
        .out = out,
        .a = a};
    for (unsigned i = 0; i < ALIASES_MAX && q.name; i++) {
        q.z = zone_for(zones, count, q.name, q.type);
        if (!q.z) {
            if (i == 0)
                *out = (struct sign_reply){.rcode = RCODE_REFUSED};
            return;
        }
        q.name = answer_name(&q);
    }
}

size_t sign_reply_write(const struct sign_reply *r, const struct msg *query, uint8_t *buf, size_t cap)
{
    struct msg_builder b;
    uint16_t flags = (uint16_t)(FLAG_QR | r->flags | (query->flags & (FLAG_RD | FLAG_CD)));
    msg_build(&b, buf, cap, query->id, flags, r->rcode);
    msg_add_question(&b, query->question.name, query->question.type, query->question.class);
    for (int s = 0; s < SECTION_COUNT; s++)
        for (size_t i = 0; i < r->sections[s].count; i++)
            msg_add_rrset(&b, (enum section)s, r->sections[s].items[i], true, 0);
    struct edns opt = {.present = true, .udp_size = UDP_SIZE_DEFAULT, .dnssec_ok = query->edns.dnssec_ok};
    if (query->edns.present)
        msg_add_edns(&b, &opt);
    return msg_finish(&b, true);
}
