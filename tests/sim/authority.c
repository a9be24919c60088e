#include "authority.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dns/present.h"

#define CHAIN_LINKS_MAX 12

void draft_add(
    struct draft *dr, enum section s, const name_t *owner, uint16_t type, uint32_t ttl, struct rdata rd)
{
    if (!dr->rrs[s])
        dr->rrs[s] = ARENA_ARRAY(dr->arena, struct rr, DRAFT_RRS_MAX);
    if (dr->counts[s] < DRAFT_RRS_MAX)
        dr->rrs[s][dr->counts[s]++] =
            (struct rr){.owner = owner, .type = type, .class = CLASS_IN, .ttl = ttl, .rdata = rd};
}

void draft_lines(struct draft *dr, enum section s, const char *format, ...)
{
    char text[4096];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    assert(n >= 0 && (size_t)n < sizeof text);
    for (const char *line = text; *line;) {
        size_t len = strcspn(line, "\n");
        struct rr rr;
        if (rr_from_text(&rr, line, len, NULL, 3600, dr->arena) == ERR_OK) {
            draft_add(dr, s, rr.owner, rr.type, rr.ttl, rr.rdata);
            if (dr->counts[s] > 0)
                dr->rrs[s][dr->counts[s] - 1].class = rr.class;
        }
        line += len + (line[len] == '\n');
    }
}

static void add_signature(
    struct draft *dr, enum section s, const struct zone *z, const struct rrset *rs, const name_t *owner)
{
    const struct rdata *rd = dr->dnssec_ok ? zone_sign(z, rs, dr->wall_s, dr->arena) : NULL;
    if (rd)
        draft_add(dr, s, owner, TYPE_RRSIG, rs->ttl, *rd);
}

/* The set as it stands at `source`, which is a wildcard perhaps, told as of `owner`; the zone signs it. */
static void add_expanded(struct draft *dr, enum section s, const struct zone *z, const name_t *owner,
    const name_t *source, const struct set *set)
{
    unsigned count = set_count(set), version = set_version(set, dr->at_s);
    unsigned first = roll(dr->dice, count ? count : 1);
    if (z->signing.denial == SIGN_COMPACT) /* who signs each answer signs the name itself */
        source = owner;
    struct rrset rs = {.owner = source, .type = set->type, .class = CLASS_IN, .ttl = set->ttl};
    rs.rdata = ARENA_ARRAY(dr->arena, struct rdata, count + 1);
    for (unsigned i = 0; i < count; i++) {
        struct rdata rd = set_rdata(set, version, (first + i) % count, dr->arena);
        rs.rdata[rs.count++] = rd;
        draft_add(dr, s, owner, set->type, set->ttl, rd);
    }
    add_signature(dr, s, z, &rs, owner);
}

static void add_set(
    struct draft *dr, enum section s, const struct zone *z, const name_t *owner, const struct set *set)
{
    add_expanded(dr, s, z, owner, owner, set);
}

/* Adds what proves it, if that is asked for. */
static void add_proof(struct draft *dr, const struct zone *z, enum sign_proof proof, const name_t *name)
{
    if (!dr->dnssec_ok || !z->is_signed || z->spoil == SPOIL_STRIPPED)
        return;
    struct rrset_list list = {0};
    struct zone *own = dr->tree->zones[z->index];
    sign_zone_prove(zone_chain(dr->tree, own, dr->at_s, dr->wall_s), proof, name, &list, dr->arena);
    for (size_t i = 0; i < list.count; i++) {
        const struct rrset *rs = list.items[i];
        draft_add(dr, SECTION_AUTHORITY, rs->owner, rs->type, rs->ttl, rs->rdata[0]);
        add_signature(dr, SECTION_AUTHORITY, z, rs, rs->owner);
    }
}

static bool is_expanded(const struct fact *f, const name_t *name)
{
    return f->by_empty_wildcard || (f->node && !name_equal(f->node->name, name));
}

static void add_addresses(struct draft *dr, const struct host *h, uint32_t ttl)
{
    static const enum family families[] = {FAMILY_V4, FAMILY_V6};
    for (unsigned f = 0; f < 2; f++)
        for (unsigned i = 0; i < host_addr_count(h, families[f]); i++) {
            const struct addr *a = host_addr(h, families[f], i);
            draft_add(dr, SECTION_ADDITIONAL, h->name, f == 0 ? TYPE_A : TYPE_AAAA, ttl,
                (struct rdata){a->ip, (uint16_t)addr_len(a)});
        }
}

/* ---- the zone that answers ---- */

static bool hosts_above(const struct machine *m, const struct zone *z)
{
    for (unsigned i = 0; i < m->zone_count; i++)
        for (const struct zone *p = z->parent; p; p = p->parent)
            if (m->zones[i] == p)
                return true;
    return false;
}

/* The deepest zone of the machine that holds the name. A withdrawn zone lives on, as a ghost, where no zone
 * above it is served. */
static const struct zone *zone_on(const struct draft *dr, const name_t *name, uint16_t type)
{
    const struct zone *best = NULL;
    for (unsigned i = 0; i < dr->machine->zone_count; i++) {
        const struct zone *z = dr->machine->zones[i];
        if (!name_is_within(name, z->name) || (best && best->depth > z->depth))
            continue;
        bool above = hosts_above(dr->machine, z);
        if (above && (!zone_is_delegated(z, dr->at_s) || (type == TYPE_DS && name_equal(name, z->name))))
            continue;
        best = z;
    }
    return best;
}

/* ---- sections ---- */

static void add_referral(struct draft *dr, const struct zone *z, const struct zone *child)
{
    dr->flags &= (uint16_t)~FLAG_AA;
    for (unsigned i = 0; i < child->host_count; i++) {
        const struct host *h = child->hosts[i];
        if (child->parent_lists >> i & 1)
            draft_add(dr, SECTION_AUTHORITY, child->name, TYPE_NS, child->ns_ttl,
                (struct rdata){h->name, (uint16_t)name_len(h->name)});
    }
    if (child->ds_kind && (dr->dnssec_ok || chance(dr->dice, 30)))
        add_set(dr, SECTION_AUTHORITY, z, child->name, &child->ds);
    else if (!child->ds_kind)
        add_proof(dr, z, SIGN_NO_DATA, child->name);
    for (unsigned i = 0; i < child->host_count; i++)
        if (child->parent_lists >> i & child->glued >> i & 1)
            add_addresses(dr, child->hosts[i], child->ns_ttl);
}

static void add_node(struct draft *dr, const struct fact *f, const name_t *name)
{
    const name_t *source = f->node && !name_equal(name, f->zone->name) ? f->node->name : name;
    if (f->set)
        add_expanded(dr, SECTION_ANSWER, f->zone, name, source, f->set);
    for (unsigned i = 0; !f->set && f->node && i < f->node->set_count; i++)
        if (set_is_alive(&f->node->sets[i], dr->at_s))
            add_expanded(dr, SECTION_ANSWER, f->zone, name, source, &f->node->sets[i]);
    if (!f->set && name_equal(name, f->zone->name)) {
        add_set(dr, SECTION_ANSWER, f->zone, name, &f->zone->apex[0]);
        add_set(dr, SECTION_ANSWER, f->zone, name, &f->zone->apex[1]);
    }
    if (is_expanded(f, name))
        add_proof(dr, f->zone, SIGN_WILDCARD, name);
}

static void add_zone(struct draft *dr, const struct zone *z)
{
    add_set(dr, SECTION_AUTHORITY, z, z->name, &z->apex[0]);
    for (unsigned i = 0; i < z->host_count; i++)
        if ((z->child_lists >> i & 1) && z->hosts[i]->home == z)
            add_addresses(dr, z->hosts[i], z->child_ns_ttl);
}

/* Adds the link. NULL: it makes the name too long. */
static const name_t *add_link(struct draft *dr, const struct fact *f, const name_t *name)
{
    if (f->kind == FACT_CNAME) {
        add_expanded(dr, SECTION_ANSWER, f->zone, name, f->node->name, f->set);
        if (is_expanded(f, name))
            add_proof(dr, f->zone, SIGN_WILDCARD, name);
        return f->set->target;
    }
    add_set(dr, SECTION_ANSWER, f->zone, f->owner, f->set);
    name_t made[NAME_MAX_LEN];
    if (name_replace_suffix(made, name, f->owner, f->set->target) != ERR_OK)
        return NULL;
    const name_t *target = name_dup(made, dr->arena);
    draft_add(dr, SECTION_ANSWER, name, TYPE_CNAME, f->set->ttl,
        (struct rdata){target, (uint16_t)name_len(target)});
    return target;
}

static void deny(struct draft *dr, const struct fact *f, const name_t *name)
{
    const struct zone *z = f->zone;
    bool proven = z->is_signed && z->spoil != SPOIL_STRIPPED;
    bool nxdomain = f->kind == FACT_NXDOMAIN || (f->entless && dr->machine->no_ent && !z->is_signed);
    bool compact = proven && dr->dnssec_ok && z->signing.denial == SIGN_COMPACT;
    dr->rcode = nxdomain && !compact ? RCODE_NXDOMAIN : RCODE_NOERROR; /* RFC 9824 3.1 */
    add_set(dr, SECTION_AUTHORITY, z, z->name, &z->apex[1]);
    if (nxdomain)
        add_proof(dr, z, SIGN_NO_NAME, name);
    else
        add_proof(dr, z, is_expanded(f, name) ? SIGN_WILDCARD_NO_DATA : SIGN_NO_DATA, name);
}

void draft_make(struct draft *dr)
{
    const name_t *name = dr->query->question.name;
    uint16_t type = dr->query->question.type;
    const struct zone *z = zone_on(dr, name, type);
    dr->flags = FLAG_AA;
    if (!z) {
        dr->flags = 0;
        dr->rcode = RCODE_REFUSED;
        return;
    }
    for (unsigned links = 0; links < CHAIN_LINKS_MAX; links++) {
        struct fact f = zone_find(dr->tree, z, name, type, dr->at_s, dr->at_s);
        switch (f.kind) {
        case FACT_CUT:
            if (links == 0)
                add_referral(dr, z, f.child);
            return;
        case FACT_DATA:
            add_node(dr, &f, name);
            if (dr->machine->chatty && type != TYPE_ANY)
                add_zone(dr, f.zone);
            return;
        case FACT_NODATA:
        case FACT_NXDOMAIN:
            deny(dr, &f, name);
            return;
        case FACT_CNAME:
        case FACT_DNAME:
            name = add_link(dr, &f, name);
            if (!name)
                dr->rcode = RCODE_YXDOMAIN;
            if (!name || dr->machine->one_link || !(z = zone_on(dr, name, type)))
                return;
        }
    }
}

/* ---- writing ---- */

static size_t write_sections(
    const struct draft *dr, uint8_t *buf, size_t cap, const struct edns *opt, bool truncated)
{
    struct msg_builder b;
    const struct msg *q = dr->query;
    uint16_t flags = (uint16_t)(FLAG_QR | dr->flags | (truncated ? FLAG_TC : 0));
    msg_build(&b, buf, cap, q->id, flags, dr->rcode);
    msg_add_question(&b, q->question.name, q->question.type, q->question.class);
    for (unsigned s = 0; s < SECTION_COUNT && !truncated; s++)
        for (unsigned i = 0; i < dr->counts[s]; i++)
            msg_add_rr(&b, (enum section)s, &dr->rrs[s][i]);
    if (opt->present)
        msg_add_edns(&b, opt);
    return msg_finish(&b, false);
}

size_t draft_write(const struct draft *dr, uint8_t *buf, size_t cap, const struct edns *opt)
{
    return write_sections(dr, buf, cap, opt, false);
}

size_t draft_write_truncated(const struct draft *dr, uint8_t *buf, size_t cap, const struct edns *opt)
{
    return write_sections(dr, buf, cap, opt, true);
}
