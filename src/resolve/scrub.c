/* What a reply says, less everything that its server may not speak for (threat P6, P7, P10, P11).
 *
 * A server was asked as a server of `zone`. It may speak: of the asked name and, link by link, of names
 * inside the zone that its aliases lead to; of delegations strictly below the zone and on the way to the
 * asked name, with glue for them; of the denial of those names. All else is dropped here, before it is seen.
 */
#include <string.h>

#include "dnssec/verify.h"
#include "resolve/reply.h"

static uint32_t bound_ttl(const struct job *j, uint32_t ttl)
{
    struct cache_settings cs = cache_settings(j->r->cache);
    if (ttl > TTL_WIRE_MAX) /* RFC 2181 8 */
        ttl = 0;
    if (ttl < cs.ttl_min)
        ttl = cs.ttl_min;
    return ttl > cs.ttl_max ? cs.ttl_max : ttl;
}

static const name_t *zone_of(const struct job *j)
{
    return j->zone.cut->zone;
}

/* An RRset kept: rank by AA (RFC 2181 5.4.1), TTL within bounds, and the asked name, or where its aliases
 * lead, in our own letters. */
static struct rrset *keep(const struct job *j, const struct reply *rep, struct rrset *rs)
{
    rs->rank = rep->rank;
    rs->ttl = bound_ttl(j, rs->ttl);
    if (name_equal(rs->owner, rep->found.target))
        rs->owner = rep->found.target;
    return rs;
}

/* The RRsets of a section, of the question's class alone: RDATA of another class is opaque, an "address"
 * there may have no octets. False: a set is too large. */
static bool group(struct job *j, const struct msg *m, enum section section, struct rrset_list *out)
{
    bool overflow = false;
    rrset_group(out, m->rrs[section], m->counts[section], &j->arena, &overflow);
    uint8_t zone_labels = (uint8_t)(name_labels(zone_of(j)) + 1);
    size_t kept = 0;
    for (size_t i = 0; i < out->count; i++) {
        struct rrset *rs = out->items[i];
        if (rs->class != j->class)
            continue;
        rs->zone_labels = name_is_within(rs->owner, zone_of(j)) ? zone_labels : 0;
        out->items[kept++] = rs;
    }
    out->count = kept;
    return !overflow;
}

/* One signature more for the RRset that it covers, if that is in the list. */
static void join_signature(
    struct job *j, const name_t *owner, const struct rdata *rd, struct rrset_list *sets)
{
    struct rrsig sig;
    struct rrset *rs = rrsig_read(rd, &sig) ? rrset_list_find(sets, owner, sig.covered) : NULL;
    if (!rs || rs->sig_count >= VALIDATION_RRSIGS_MAX)
        return;
    struct rdata *more = ARENA_ARRAY(&j->arena, struct rdata, rs->sig_count + 1u);
    if (rs->sig_count)
        memcpy(more, rs->sigs, rs->sig_count * sizeof *more);
    more[rs->sig_count++] = *rd;
    rs->sigs = more;
}

/* Some servers put signatures into another section than what they sign. They count wherever they are. */
static void find_signatures(struct job *j, struct reply *rep)
{
    struct rrset_list *lists[] = {&rep->answer, &rep->authority, &rep->additional};
    unsigned count = sizeof lists / sizeof *lists, seen = 0;
    for (unsigned s = 0; s < count; s++)
        for (size_t i = 0; i < lists[s]->count; i++) {
            const struct rrset *stray = lists[s]->items[i];
            for (unsigned k = 0; stray->type == TYPE_RRSIG && k < stray->count && seen < STRAY_RRSIGS_MAX;
                 k++, seen++)
                for (unsigned to = 0; to < count; to++)
                    join_signature(j, stray->owner, &stray->rdata[k], lists[to]);
        }
}

/* The additional section, where something is to be found there. */
static void read_additional(struct job *j, struct reply *rep)
{
    bool any = !j->r->set.minimal_answers;
    for (size_t i = 0; i < rep->msg->counts[SECTION_ADDITIONAL] && !any; i++)
        any = rep->msg->rrs[SECTION_ADDITIONAL][i].type == TYPE_RRSIG;
    if (any)
        group(j, rep->msg, SECTION_ADDITIONAL, &rep->additional);
}

/* ---- answer section ---- */

/* The DNAME in the answer section that redirects `name`, owner inside the zone. */
static struct rrset *find_dname(const struct job *j, const struct reply *rep, const name_t *name)
{
    for (size_t i = 0; i < rep->answer.count; i++) {
        struct rrset *rs = rep->answer.items[i];
        if (rs->type == TYPE_DNAME && rs->count == 1 && name_is_within(name, rs->owner) &&
            !name_equal(name, rs->owner) && name_is_within(rs->owner, zone_of(j)))
            return rs;
    }
    return NULL;
}

/* One link further from found.target. False: no link there. *too_long: a DNAME makes it over 255 octets. */
static bool follow_link(struct job *j, struct reply *rep, bool *too_long)
{
    struct found *f = &rep->found;
    struct rrset *dname = find_dname(j, rep, f->target);
    if (dname) {
        rrset_list_add(&f->links, keep(j, rep, dname), &j->arena);
        *too_long = !dname_synthesise(&f->links, dname, f->target, &f->target, &j->arena);
        return true;
    }
    struct rrset *cname = rrset_list_find(&rep->answer, f->target, TYPE_CNAME);
    if (!cname)
        return false;
    /* RFC 2181 10.1 allows one CNAME; of several the first counts. */
    cname->count = 1;
    rrset_list_add(&f->links, keep(j, rep, cname), &j->arena);
    f->target = rdata_target(TYPE_CNAME, &cname->rdata[0]);
    return true;
}

static bool collect_data(struct job *j, struct reply *rep, uint16_t type)
{
    for (size_t i = 0; i < rep->answer.count; i++) {
        struct rrset *rs = rep->answer.items[i];
        if ((rs->type == type || type == TYPE_ANY) && name_equal(rs->owner, rep->found.target))
            rrset_list_add(&rep->found.data, keep(j, rep, rs), &j->arena);
    }
    return rep->found.data.count > 0;
}

/* Is the zone the one to speak of that name and type? For DS at its own apex it is its parent (RFC
 * 4035 3.1.4.1). */
static bool speaks_of(const struct job *j, const name_t *name, uint16_t type)
{
    return name_is_within(name, zone_of(j)) && (type != TYPE_DS || !name_equal(name, zone_of(j)));
}

/* The data at the end of the links, as far as they stay inside the zone. */
static void read_answer(struct job *j, struct reply *rep, uint16_t type, bool *too_long)
{
    struct found *f = &rep->found;
    for (unsigned links = 0; links <= ALIAS_MAX && !*too_long; links++) {
        if (links > 0 && !speaks_of(j, f->target, type))
            return;
        bool below_dname = find_dname(j, rep, f->target) != NULL; /* no data there: RFC 6672 2.4 */
        if (!below_dname && (collect_data(j, rep, type) || type == TYPE_CNAME))
            return;
        if (!follow_link(j, rep, too_long))
            return;
        if (below_dname && !*too_long && (type == TYPE_CNAME || type == TYPE_ANY)) {
            /* The CNAME made of it is the answer. */
            f->data = f->links;
            f->links = (struct rrset_list){0};
            f->target = rep->asked;
            return;
        }
    }
}

/* ---- authority section ---- */

static void read_authority(struct job *j, struct reply *rep)
{
    for (size_t i = 0; i < rep->authority.count; i++) {
        struct rrset *rs = rep->authority.items[i];
        rs->ttl = bound_ttl(j, rs->ttl);
        rs->rank = rep->authoritative ? RANK_AUTHORITY : RANK_REFERRAL;
        bool on_the_way = name_is_within(rep->found.target, rs->owner);
        if (rs->type == TYPE_NS && on_the_way && (!rep->ns || name_is_within(rs->owner, rep->ns->owner)))
            rep->ns = rs; /* the deepest */
        if (!name_is_within(rs->owner, zone_of(j)))
            continue;
        /* Behind aliases it speaks of where they lead. */
        if ((rs->type == TYPE_SOA || rs->type == TYPE_NS) && name_equal(rs->owner, zone_of(j)))
            rep->found.of_zone = rep->found.links.count == 0;
        if (rs->type == TYPE_SOA && on_the_way && rs->count > 0 && rs->rdata[0].len >= 22)
            rep->found.soa = rs;
        if (rs->type == TYPE_NSEC || rs->type == TYPE_NSEC3)
            rrset_list_add(&rep->found.proofs, rs, &j->arena);
    }
}

/* RFC 2308 5: the lesser of the SOA's own TTL and its MINIMUM, the last field of its RDATA. */
static uint32_t negative_ttl(const struct job *j, const struct rrset *soa)
{
    uint32_t minimum = get_u32(soa->rdata[0].data + soa->rdata[0].len - 4);
    struct cache_settings cs = cache_settings(j->r->cache);
    uint32_t ttl = soa->ttl < minimum ? soa->ttl : minimum;
    if (ttl < cs.ttl_min)
        ttl = cs.ttl_min;
    return ttl < cs.negative_max ? ttl : cs.negative_max;
}

/* Until when a denial holds, also for the client (RFC 2308 3). An SOA beside anything else means nothing. */
static void bound_denial(const struct job *j, struct found *f)
{
    if (!found_is_negative(f))
        f->soa = NULL;
    else if (f->soa)
        f->soa->ttl = f->negative_ttl = negative_ttl(j, f->soa);
}

/* ---- referrals ---- */

static struct cut_server *cut_server_add(struct cut *cut, const name_t *name, struct arena *a)
{
    if (cut->server_count == DELEGATION_NAMES_MAX)
        return NULL;
    struct cut_server *cs = &cut->servers[cut->server_count++];
    cs->name = name_dup(name, a);
    name_lower((name_t *)cs->name);
    return cs;
}

/* Addresses of `name` in the additional section. Returns the least TTL among them, or `ttl`. */
static uint32_t glue_of(
    struct job *j, const struct msg *m, struct cut_server *cs, const name_t *bailiwick, uint32_t ttl)
{
    if (j->r->set.glue_hardening && !name_is_within(cs->name, bailiwick))
        return ttl;
    for (size_t i = 0; i < m->counts[SECTION_ADDITIONAL] && cs->addr_count < DELEGATION_ADDRS_PER_NAME; i++) {
        const struct rr *rr = &m->rrs[SECTION_ADDITIONAL][i];
        bool v4 = rr->type == TYPE_A, v6 = rr->type == TYPE_AAAA;
        if ((!v4 && !v6) || rr->class != CLASS_IN || !name_equal(rr->owner, cs->name))
            continue;
        struct addr a = v4 ? addr_v4(rr->rdata.data) : addr_v6(rr->rdata.data);
        if (addr_is_unusable(&a))
            continue;
        cs->addrs[cs->addr_count++] = a;
        uint32_t glue_ttl = bound_ttl(j, rr->ttl);
        if (glue_ttl < ttl)
            ttl = glue_ttl;
    }
    return ttl;
}

static bool has_glue(const struct msg *m, const name_t *name)
{
    for (size_t i = 0; i < m->counts[SECTION_ADDITIONAL]; i++) {
        const struct rr *rr = &m->rrs[SECTION_ADDITIONAL][i];
        if ((rr->type == TYPE_A || rr->type == TYPE_AAAA) && name_equal(rr->owner, name))
            return true;
    }
    return false;
}

struct cut *reply_cut(struct job *j, const struct msg *m, const struct rrset *ns, const name_t *bailiwick)
{
    struct arena *a = &j->arena;
    struct cut *cut = ARENA_NEW(a, struct cut);
    name_t *zone = name_dup(ns->owner, a);
    name_lower(zone);
    cut->zone = zone;
    cut->ttl = bound_ttl(j, ns->ttl);
    cut->servers = ARENA_ARRAY(a, struct cut_server, DELEGATION_NAMES_MAX);
    unsigned seen = ns->count < DELEGATION_NAMES_SEEN_MAX ? ns->count : DELEGATION_NAMES_SEEN_MAX;
    cut->listed_many = ns->count > DELEGATION_NAMES_MAX;
    /* Where not all can be kept, those with glue come first: they cost nothing more. */
    for (unsigned pass = cut->listed_many ? 0 : 1; pass < 2; pass++) {
        for (unsigned i = 0; i < seen; i++) {
            const name_t *name = rdata_target(TYPE_NS, &ns->rdata[i]);
            bool glued = cut->listed_many && has_glue(m, name);
            if (cut->listed_many && glued != (pass == 0))
                continue;
            struct cut_server *cs = cut_server_add(cut, name, a);
            if (cs)
                cut->ttl = glue_of(j, m, cs, bailiwick, cut->ttl);
        }
    }
    return cut;
}

static void read_referral(struct job *j, struct reply *rep)
{
    rep->kind = REPLY_REFERRAL;
    rep->cut = reply_cut(j, rep->msg, rep->ns, zone_of(j));
    for (size_t i = 0; i < rep->authority.count; i++) {
        struct rrset *rs = rep->authority.items[i];
        bool ds = rs->type == TYPE_DS && name_equal(rs->owner, rep->cut->zone);
        if (ds ||
            ((rs->type == TYPE_NSEC || rs->type == TYPE_NSEC3) && name_is_within(rs->owner, zone_of(j))))
            rrset_list_add(&rep->cut->proofs, rs, &j->arena);
    }
}

/* For clients that want more than the answer: the zone's servers and their addresses, inside the zone,
 * as the reply gives them. */
static void read_addresses(struct job *j, struct reply *rep)
{
    rep->found.ns = rep->ns;
    for (size_t i = 0; i < rep->additional.count; i++) {
        struct rrset *rs = rep->additional.items[i];
        if ((rs->type != TYPE_A && rs->type != TYPE_AAAA) || !name_is_within(rs->owner, zone_of(j)))
            continue;
        for (unsigned k = 0; k < rep->ns->count; k++) {
            if (name_equal(rdata_target(TYPE_NS, &rep->ns->rdata[k]), rs->owner)) {
                rs->ttl = bound_ttl(j, rs->ttl);
                rrset_list_add(&rep->found.addresses, rs, &j->arena);
                break;
            }
        }
    }
}

/* ---- classification ---- */

static void is_found(struct reply *rep, enum found_kind kind)
{
    rep->kind = REPLY_FOUND;
    rep->found.kind = kind;
}

static void useless(struct reply *rep, enum reply_kind kind, const char *tag, const char *text)
{
    rep->kind = kind;
    rep->tag = tag;
    rep->text = text;
}

static void classify_error(struct reply *rep)
{
    switch (rep->rcode) {
    case RCODE_FORMERR:
    case RCODE_NOTIMP:
    case RCODE_BADVERS:
        /* RFC 6891 7: a server that does not know EDNS says FORMERR or NOTIMP, without OPT. */
        if (rep->with_edns && (!rep->had_opt || rep->rcode == RCODE_BADVERS))
            useless(rep, REPLY_NO_EDNS, "no-edns", "the name server objects to EDNS");
        else if (rep->with_cookie && rep->rcode == RCODE_FORMERR)
            useless(rep, REPLY_NO_COOKIE, "no-cookie", "the name server objects to an EDNS option");
        else
            useless(rep, REPLY_FAILED, "formerr", "the name server did not understand the question");
        return;
    case RCODE_BADCOOKIE:
        useless(rep, rep->cookie_given ? REPLY_BAD_COOKIE : REPLY_FAILED, "badcookie",
            "the name server does not accept its own cookie");
        return;
    case RCODE_SERVFAIL:
        useless(rep, REPLY_FAILED, "servfail", "the name server failed (SERVFAIL)");
        return;
    case RCODE_REFUSED:
    case RCODE_NOTAUTH:
        useless(rep, REPLY_LAME, "refused", "the name server refuses to answer for the zone");
        return;
    default:
        useless(rep, REPLY_FAILED, "odd-rcode", "the name server gave an unexpected response code");
    }
}

static void classify_empty(struct job *j, struct reply *rep)
{
    bool deeper =
        rep->ns && name_is_within(rep->ns->owner, zone_of(j)) && !name_equal(rep->ns->owner, zone_of(j));
    if (rep->rcode == RCODE_NXDOMAIN)
        is_found(rep, FOUND_NXDOMAIN);
    else if (rep->found.soa)
        is_found(rep, FOUND_NODATA);
    else if (deeper && rep->found.links.count == 0)
        read_referral(j, rep);
    else if (rep->ns && !name_equal(rep->ns->owner, zone_of(j)))
        useless(rep, REPLY_LAME, "upward-referral",
            "the name server refers to another zone instead of answering");
    else if (rep->authoritative || rep->found.proofs.count > 0) /* proven without SOA all the same */
        is_found(rep, FOUND_NODATA);
    else
        useless(rep, REPLY_LAME, "not-authoritative", "the name server does not answer for the zone");
}

static void classify(struct job *j, struct reply *rep, bool too_long)
{
    if (too_long) {
        is_found(rep, FOUND_TOO_LONG);
    } else if (rep->rcode != RCODE_NOERROR && rep->rcode != RCODE_NXDOMAIN) {
        classify_error(rep);
    } else if (rep->found.data.count > 0) {
        is_found(rep, FOUND_ANSWER);
    } else if (rep->found.links.count > 0) {
        /* The response code and the SOA speak of the last name (RFC 6604 3),
         * if it is the server's to speak of. */
        bool inside = speaks_of(j, rep->found.target, rep->type);
        if (inside && rep->rcode == RCODE_NXDOMAIN)
            is_found(rep, FOUND_NXDOMAIN);
        else
            is_found(rep, inside && rep->found.soa ? FOUND_NODATA : FOUND_ALIAS);
    } else {
        classify_empty(j, rep);
    }
}

struct reply *reply_read(struct job *j, const struct send *s, const struct msg *m, bool cookie_given)
{
    struct reply *rep = ARENA_NEW(&j->arena, struct reply);
    unsigned labels = name_labels(j->name), asked = name_labels(s->name);
    *rep = (struct reply){.id = s->id,
        .candidate = s->candidate,
        .transport = s->transport,
        .minimised = s->minimised,
        .with_edns = s->with_edns,
        .with_cookie = s->with_cookie,
        .cookie_given = cookie_given,
        .cookie_stale = cookie_is_stale(s),
        .asked = name_parent(j->name, labels - asked),
        .type = s->type,
        .rcode = m->rcode,
        .authoritative = (m->flags & FLAG_AA) != 0,
        .had_opt = m->edns.present,
        .msg = m};
    rep->found = (struct found){.candidate = (int)s->candidate,
        .over_tcp = s->transport == TRANSPORT_TCP,
        .zone = zone_of(j),
        .target = rep->asked,
        .type = s->type};
    rep->rtt_ms = (uint32_t)(j->r->now.mono_ms - s->sent_ms);
    rep->rank = rep->authoritative ? RANK_ANSWER : RANK_ANSWER_NONAUTH;
    if ((m->flags & FLAG_TC) && s->transport == TRANSPORT_UDP) {
        rep->kind = REPLY_TRUNCATED;
        return rep;
    }
    if (m->flags & FLAG_TC) { /* what is missing would be missing in the cache */
        useless(rep, REPLY_FAILED, "truncated-stream", "a name server's answer over TCP is truncated");
        return rep;
    }
    bool too_long = false;
    if (!group(j, m, SECTION_ANSWER, &rep->answer) || !group(j, m, SECTION_AUTHORITY, &rep->authority)) {
        useless(rep, REPLY_FAILED, "too-many-records", "a name server's RRset has too many records");
        return rep;
    }
    read_additional(j, rep);
    find_signatures(j, rep);
    read_answer(j, rep, s->type, &too_long);
    read_authority(j, rep);
    classify(j, rep, too_long);
    if (rep->kind != REPLY_FOUND)
        return rep;
    bound_denial(j, &rep->found);
    if (rep->ns && rep->authoritative && name_equal(rep->ns->owner, zone_of(j)))
        rep->child_ns = rep->ns;
    if (rep->ns && name_is_within(rep->ns->owner, zone_of(j)) && !j->r->set.minimal_answers)
        read_addresses(j, rep);
    return rep;
}
