/* What a scrubbed reply means for its job: a zone deeper, a label more, another server, or the end. */
#include <string.h>

#include "dnssec/denial.h"
#include "resolve/reply.h"

/* ---- storing ---- */

static void store_list(struct job *j, const struct rrset_list *l)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct rrset *rs = l->items[i];
        if (!link_is_made(l, i) && !j->flags.no_write) /* that is made again when it is needed */
            cache_rrset_put(j->r->cache, rs, j->r->now.cache_s);
    }
}

/* A zone's own servers may be others than its parent lists. They never replace the parent's (CVE-2025-11411),
 * but where none of those serves any more they are the last resort (job_pick.c), for as long as the
 * delegation itself is known. */
static void store_child_servers(struct job *j, const struct reply *rep)
{
    const struct cut *cut = j->zone.cut;
    bool news = false;
    for (unsigned i = 0; rep->child_ns && i < rep->child_ns->count && i < DELEGATION_NAMES_MAX && !news;
         i++) {
        bool listed = false;
        for (unsigned k = 0; k < cut->server_count && !listed; k++)
            listed = name_equal(cut->servers[k].name, rdata_target(TYPE_NS, &rep->child_ns->rdata[i]));
        news = !listed;
    }
    if (!news || j->flags.no_write || cut->hint)
        return;
    struct rrset ns = *rep->child_ns;
    ns.rank = RANK_REFERRAL; /* never an answer to anybody (threat P7) */
    ns.ttl = ns.ttl < cut->ttl ? ns.ttl : cut->ttl;
    cache_rrset_put(j->r->cache, &ns, j->r->now.cache_s);
}

/* ---- ends ---- */

void outcome_add_zone(struct job *j)
{
    if (j->r->set.minimal_answers || j->type == TYPE_NS)
        return;
    struct arena *a = &j->arena;
    struct cut *cut = cache_cut_deepest(j->r->cache, j->name, j->r->now.cache_s, a);
    if (!cut || name_is_root(cut->zone))
        return;
    struct rrset *ns = ARENA_NEW(a, struct rrset);
    *ns = (struct rrset){.owner = cut->zone, .type = TYPE_NS, .class = CLASS_IN, .ttl = cut->ttl};
    for (unsigned i = 0; i < cut->server_count; i++) {
        const struct cut_server *cs = &cut->servers[i];
        rrset_add(ns, (struct rdata){cs->name, (uint16_t)name_len(cs->name)}, a);
        if (!name_is_within(cs->name, cut->zone))
            continue;
        for (unsigned k = 0; k < cs->addr_count; k++) {
            const struct addr *ad = &cs->addrs[k];
            uint16_t type = ad->family == FAMILY_V4 ? TYPE_A : TYPE_AAAA;
            struct rrset *rs = rrset_list_find(&j->out.additional, cs->name, type);
            if (!rs) {
                rs = ARENA_NEW(a, struct rrset);
                *rs = (struct rrset){.owner = cs->name, .type = type, .class = CLASS_IN, .ttl = cut->ttl};
                rrset_list_add(&j->out.additional, rs, a);
            }
            rrset_add(rs, (struct rdata){ad->ip, (uint16_t)addr_len(ad)}, a);
        }
    }
    rrset_list_add(&j->out.authority, ns, a);
}

/* The root's servers as they are now become the delegation of the root (RFC 9609 3.3). */
static void primed(struct job *j, const struct reply *rep)
{
    struct cut *root = reply_cut(j, rep->msg, rep->found.data.items[0], NAME_ROOT);
    const struct cut *hints = hints_cut(j->r, &j->arena);
    bool usable = false;
    for (unsigned i = 0; i < root->server_count; i++) {
        struct cut_server *cs = &root->servers[i];
        for (unsigned k = 0; k < hints->server_count && cs->addr_count == 0; k++)
            if (name_equal(hints->servers[k].name, cs->name)) {
                cs->addr_count = hints->servers[k].addr_count;
                memcpy(cs->addrs, hints->servers[k].addrs, sizeof cs->addrs);
            }
        for (unsigned k = 0; k < cs->addr_count; k++)
            usable = usable || (cs->addrs[k].family == FAMILY_V4 ? j->r->set.use_v4 : j->r->set.use_v6);
    }
    /* Names alone could not be looked up: that takes a root server. The hints go on serving. */
    if (usable)
        cache_cut_put(j->r->cache, root, j->r->now.cache_s);
}

/* The proofs stand beside what was made of a wildcard (RFC 4035 5.3.4). */
static void share_proofs(struct found *f)
{
    for (size_t i = 0; i < f->links.count + f->data.count && f->proofs.count > 0; i++) {
        struct rrset *rs = i < f->links.count ? f->links.items[i] : f->data.items[i - f->links.count];
        if (rrset_is_expanded(rs))
            rs->proofs = &f->proofs;
    }
}

static enum job_state handle_found(struct job *j, struct reply *rep)
{
    struct found *f = &rep->found;
    if (j->alias_depth + alias_links(&f->links) > ALIAS_MAX)
        return rrset_list_find(&f->links, f->target, TYPE_CNAME) ? aliases_in_circle(j) : too_many_aliases(j);
    if (f->kind == FOUND_ANSWER) {
        if (j->flags.priming)
            primed(j, rep);
        look_up_extra(j);
        JOB_EVENT(j, EVENT_ANSWER, .rrset = f->data.items[0], .aa = rep->authoritative);
    } else if (found_is_negative(f)) {
        JOB_EVENT(j, EVENT_DENIAL, .rcode = found_rcode(f), .rrset = f->soa, .aa = rep->authoritative);
    }
    share_proofs(f);
    return found_begin(j, f);
}

/* ---- the walk goes on ---- */

/* A zone must not outlive its own delegation by delegating below itself (threat P9, CVE-2022-30698).
 * The root needs no such watch. */
static void bound_by_parent(const struct job *j, struct cut *cut)
{
    const struct cut *parent = j->zone.cut;
    if (name_is_root(parent->zone))
        return;
    uint32_t gone_s = j->r->now.cache_s - j->zone.entered_s;
    uint32_t left_s = parent->ttl > gone_s ? parent->ttl - gone_s : 0;
    if (cut->ttl > left_s)
        cut->ttl = left_s;
}

/* Asked by nobody but those who look for a server's address: the glue on the way to it will do, as it does
 * for whoever finds it in the cache (job_pick.c). If it does not serve, they ask again, from here on. */
static bool glue_will_do(const struct job *j)
{
    if (j->waiters || !j->parents || !j->flags.unchecked)
        return false;
    for (const struct link *l = j->parents; l; l = l->next_of_child)
        if (l->purpose != PURPOSE_ADDRESS)
            return false;
    return true;
}

/* Where glue will do, and for a question of the parent's side: the referral lists the server asked for; of
 * the parent's side also without the address. False: it leads on. */
static bool glue_is_the_answer(struct job *j, const struct cut *cut)
{
    if (!j->flags.parent_side && !glue_will_do(j))
        return false;
    const struct cut_server *cs = NULL;
    for (unsigned i = 0; i < cut->server_count && !cs; i++)
        if (name_equal(cut->servers[i].name, j->name))
            cs = &cut->servers[i];
    if (!cs)
        return false;
    struct rrset *rs = ARENA_NEW(&j->arena, struct rrset);
    *rs = (struct rrset){
        .owner = j->name, .type = j->type, .class = j->class, .ttl = cut->ttl, .rank = RANK_GLUE};
    for (unsigned i = 0; i < cs->addr_count; i++)
        if ((cs->addrs[i].family == FAMILY_V4) == (j->type == TYPE_A))
            rrset_add(rs, (struct rdata){cs->addrs[i].ip, (uint16_t)addr_len(&cs->addrs[i])}, &j->arena);
    if (rs->count > 0)
        rrset_list_add(&j->out.answer, rs, &j->arena);
    return j->flags.parent_side || rs->count > 0;
}

static struct found *found_of_referral(struct job *j, struct reply *rep)
{
    struct rrset *ds = rrset_list_find(&rep->cut->proofs, rep->cut->zone, TYPE_DS);
    struct found *f = &rep->found;
    f->kind = ds ? FOUND_ANSWER : FOUND_NODATA;
    f->from_cut = true;
    f->target = j->name;
    f->negative_ttl = rep->cut->ttl;
    f->proofs = rep->cut->proofs;
    if (ds) {
        f->proofs = (struct rrset_list){0};
        ds->rank = RANK_ANSWER;
        rrset_list_add(&f->data, ds, &j->arena);
    }
    return f;
}

static enum job_state handle_referral(struct job *j, struct reply *rep)
{
    unsigned glue = 0;
    for (unsigned i = 0; i < rep->cut->server_count; i++)
        glue += rep->cut->servers[i].addr_count;
    JOB_EVENT(j, EVENT_REFERRAL, .child = rep->cut->zone, .count = rep->cut->server_count, .glue = glue,
        .rrset = rep->ns, .ds = rrset_list_find(&rep->cut->proofs, rep->cut->zone, TYPE_DS),
        .server = j->zone.candidates[rep->candidate].server);
    bound_by_parent(j, rep->cut);
    cache_cut_put(j->r->cache, rep->cut, j->r->now.cache_s);
    /* For DS the parent is asked, and a referral to the very name brings it along, or is the parent's
     * confession that it has none to give. */
    if (j->type == TYPE_DS && name_equal(rep->cut->zone, j->name))
        return found_begin(j, found_of_referral(j, rep));
    if (glue_is_the_answer(j, rep->cut))
        return JOB_DONE;
    if (!j->afresh)
        j->zone.trouble = (struct reason){0};
    zone_enter(j, rep->cut);
    j->port_of = rep->unspoilt ? rep->id : 0;
    return JOB_PICK;
}

/* What came was not what is waited for. Without anything in patience there is nothing to wait for. */
static enum job_state wait_or_pick(const struct job *j)
{
    return is_in_patience(j) ? JOB_WAIT_REPLY : JOB_PICK;
}

/* The same server, asked in a way that it understands. */
static enum job_state ask_without_edns(struct job *j, struct reply *rep)
{
    struct candidate *c = &j->zone.candidates[rep->candidate];
    /* Each way of asking is tried once (threat A14): this objection is a second one. */
    if (c->no_edns || (rep->transport == TRANSPORT_UDP && c->stream_tried))
        return wait_or_pick(j);
    /* A signed zone's signatures are not given up for one packet: TCP is harder to forge (threat P13). */
    bool is_signed = zone_is_signed(j);
    if (is_signed && j->zone.edns_objections >= 3) {
        /* Three servers of the zone said so over TCP as well: the others are believed at once, and what they
         * would answer without signatures is of no use. Else 13 of them would cost 39 messages. */
        j->zone.trouble = (struct reason){EDE_NO_REACHABLE_AUTHORITY, rep->tag, rep->text};
        c->dead = true;
        return JOB_PICK;
    }
    if (is_signed && rep->transport == TRANSPORT_UDP && !c->stream_failed) {
        c->stream = true;
        return JOB_PICK;
    }
    j->r->counters.edns_fallbacks++;
    c->no_edns = true;
    j->zone.edns_objections++;
    /* Never remembered of a server that once spoke EDNS (threat P13). */
    if (c->facts.edns != EDNS_FACT_WORKS && !is_signed) {
        c->facts.edns = EDNS_FACT_BROKEN;
        facts_save(j, c);
    }
    JOB_EVENT(
        j, EVENT_FALLBACK, .server = c->server, .to = &c->at, .tag = rep->tag, .text = "asking without EDNS");
    if (!send_to(j, rep->candidate, rep->transport))
        return out_of_work(j);
    return JOB_WAIT_REPLY;
}

static enum job_state handle_useless(struct job *j, struct reply *rep)
{
    struct candidate *c = &j->zone.candidates[rep->candidate];
    int ede = rep->kind == REPLY_LAME ? EDE_NOT_AUTHORITATIVE : EDE_NO_REACHABLE_AUTHORITY;
    j->zone.trouble = (struct reason){ede, rep->tag, rep->text};
    JOB_EVENT(j, EVENT_USELESS, .server = c->server, .to = &c->at, .transport = rep->transport,
        .rcode = rep->rcode, .tag = rep->tag, .text = rep->text);
    if (rep->minimised && !ask_is_minimised(j)) /* the whole name was asked meanwhile */
        return wait_or_pick(j);
    /* RFC 9156 2.3: servers that stumble over a minimised question get the whole one. */
    if (rep->minimised) {
        ask_whole(j);
        JOB_EVENT(j, EVENT_FALLBACK, .server = c->server, .to = &c->at, .tag = "whole-name",
            .text = "asking for the whole name");
        return JOB_PICK;
    }
    c->dead = true;
    c->lame = false;
    if (rep->kind == REPLY_LAME)
        facts_lame(j, c);
    return JOB_PICK;
}

static enum job_state handle_truncated(struct job *j, struct reply *rep)
{
    struct candidate *c = &j->zone.candidates[rep->candidate];
    JOB_EVENT(j, EVENT_TRUNCATED, .server = c->server, .to = &c->at);
    if (c->stream_tried) /* an earlier try's answer: TCP is under way */
        return wait_or_pick(j);
    if (c->stream_failed)
        c->dead = true;
    c->stream = c->truncated = true;
    return JOB_PICK;
}

/* Nothing more is expected of what was asked, also not over TCP: the next question begins over UDP again. */
static void drop_exchanges(struct job *j)
{
    job_drop_sends(j);
    for (unsigned i = 0; i < j->zone.candidate_count; i++) {
        struct candidate *c = &j->zone.candidates[i];
        c->stream = c->stream_tried = c->truncated = false;
    }
}

/* The NSEC that denies the probe's type says that a DNAME is there: no zone begins below it (RFC 6672 2.4).
 */
static bool is_dname_at(const struct reply *rep)
{
    const struct rrset *nsec = rrset_list_find(&rep->found.proofs, rep->asked, TYPE_NSEC);
    const uint8_t *types;
    size_t len;
    return nsec && nsec_read(&nsec->rdata[0], &types, &len) && typemap_has(types, len, TYPE_DNAME);
}

/* RFC 9824 3.1: NODATA whose NSEC says that there is no such name. */
static bool denies_name(const struct reply *rep)
{
    for (size_t i = 0; rep->found.kind == FOUND_NODATA && i < rep->found.proofs.count; i++) {
        const struct rrset *rs = rep->found.proofs.items[i];
        const uint8_t *types;
        size_t len;
        if (rs->type == TYPE_NSEC && name_equal(rs->owner, rep->found.target) &&
            nsec_read(&rs->rdata[0], &types, &len) && typemap_has(types, len, TYPE_NXNAME))
            return true;
    }
    return false;
}

/* A minimised question was answered: the name exists, or not, or is an alias. That decides nothing (RFC
 * 9156 2.3, relaxed: an unvalidated NXDOMAIN does not deny the names below); it only says that no zone begins
 * here, which is kept for the next name that leads through here. */
static enum job_state handle_probe(struct job *j, struct reply *rep)
{
    store_list(j, &rep->found.links);
    if (found_is_negative(&rep->found) && !j->flags.no_write)
        found_keep_denial(j, &rep->found);
    /* What was lost before this answer says nothing about the next one. */
    pick_silences_over(j);
    if (!ask_is_minimised(j)) /* the whole name was asked meanwhile */
        return wait_or_pick(j);
    drop_exchanges(j);
    bool whole = rep->found.kind == FOUND_NXDOMAIN || is_dname_at(rep) || denies_name(rep);
    j->probe.learnt = whole ? PROBE_WHOLE : PROBE_NO_CUT;
    if (whole)
        ask_whole(j);
    else
        ask_next_label(j);
    return JOB_PICK;
}

/* ---- the entry ---- */

static void heard(struct job *j, const struct reply *rep)
{
    struct candidate *c = &j->zone.candidates[rep->candidate];
    JOB_EVENT(j, EVENT_REPLY, .server = c->server, .to = &c->at, .transport = rep->transport,
        .sent_name = rep->asked, .send = rep->id, .sent_type = rep->type, .octets = rep->octets,
        .rtt_ms = rep->rtt_ms, .rcode = rep->rcode, .aa = rep->authoritative);
    if (rep->transport == TRANSPORT_TCP) {
        c->stream_tried = false;
        c->stream = false;
        c->tries = 0;
        c->again_ms = 0;
        c->facts.heard = 1;
        if (c->case_missed) {
            c->facts.case_broken = 1;
            facts_save(j, c);
        }
        return;
    }
    facts_heard(j, c, rep->rtt_ms, rep->had_opt, rep->lost);
}

enum job_state reply_handle(struct job *j, struct reply *rep)
{
    heard(j, rep);
    switch (rep->kind) {
    case REPLY_TRUNCATED:
        return handle_truncated(j, rep);
    case REPLY_NO_EDNS:
        return ask_without_edns(j, rep);
    case REPLY_NO_COOKIE:
        return cookie_unwanted(j, rep);
    case REPLY_BAD_COOKIE:
        return cookie_refused(j, rep);
    case REPLY_LAME:
    case REPLY_FAILED:
        return handle_useless(j, rep);
    case REPLY_REFERRAL:
        return handle_referral(j, rep);
    case REPLY_FOUND:
        break;
    }
    store_child_servers(j, rep);
    if (rep->minimised)
        return handle_probe(j, rep);
    job_drop_sends(j);
    return handle_found(j, rep);
}
