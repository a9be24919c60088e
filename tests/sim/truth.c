/* What the tree says of a name at a time: the oracle's own lookup, which shares no code with the resolver. */
#include <string.h>

#include "tree.h"

bool zone_is_delegated(const struct zone *z, uint32_t at_s)
{
    for (; z; z = z->parent)
        if (at_s >= z->gone_s)
            return false;
    return true;
}

bool zone_stays(const struct zone *z)
{
    for (; z; z = z->parent)
        if (z->gone_s != NEVER_S)
            return false;
    return true;
}

bool set_is_alive(const struct set *s, uint32_t at_s)
{
    return at_s >= s->born_s && at_s < s->dies_s;
}

static const struct set *node_set(const struct node *n, uint16_t type, uint32_t at_s)
{
    for (unsigned i = 0; i < n->set_count; i++)
        if (n->sets[i].type == type && set_is_alive(&n->sets[i], at_s))
            return &n->sets[i];
    return NULL;
}

static bool node_is_alive(const struct node *n, uint32_t at_s)
{
    for (unsigned i = 0; i < n->set_count; i++)
        if (set_is_alive(&n->sets[i], at_s))
            return true;
    return false;
}

static const struct zone *cut_above(
    const struct tree *t, const struct zone *z, const name_t *name, uint16_t type, uint32_t view_s)
{
    for (unsigned i = z->index + 1; i < t->zone_count; i++) {
        const struct zone *c = t->zones[i];
        if (c->parent == z && view_s < c->gone_s && name_is_within(name, c->name) &&
            !(type == TYPE_DS && name_equal(name, c->name)))
            return c;
    }
    return NULL;
}

static const struct node *node_at(const struct zone *z, const name_t *name, uint32_t at_s)
{
    for (unsigned i = 0; i < z->node_count; i++)
        if (name_equal(z->nodes[i].name, name) && node_is_alive(&z->nodes[i], at_s))
            return &z->nodes[i];
    return NULL;
}

/* Something stands at or below the name: a node, the apex, a delegation. */
static bool name_exists(
    const struct tree *t, const struct zone *z, const name_t *name, const uint32_t when[2])
{
    if (name_is_within(z->name, name))
        return true;
    for (unsigned i = 0; i < z->node_count; i++)
        if (name_is_within(z->nodes[i].name, name) && node_is_alive(&z->nodes[i], when[1]))
            return true;
    for (unsigned i = z->index + 1; i < t->zone_count; i++)
        if (t->zones[i]->parent == z && when[0] < t->zones[i]->gone_s &&
            name_is_within(t->zones[i]->name, name))
            return true;
    return false;
}

static struct fact at_node(const struct zone *z, const struct node *n, uint16_t type, uint32_t at_s)
{
    struct fact f = {.zone = z, .node = n};
    f.set = node_set(n, TYPE_CNAME, at_s);
    if (f.set && type != TYPE_CNAME && type != TYPE_ANY) {
        f.kind = FACT_CNAME;
        return f;
    }
    f.set = type == TYPE_ANY ? NULL : node_set(n, type, at_s);
    f.kind = f.set || type == TYPE_ANY ? FACT_DATA : FACT_NODATA;
    return f;
}

static struct fact at_apex(const struct zone *z, const struct node *n, uint16_t type, uint32_t at_s)
{
    struct fact f = {.zone = z, .node = n, .kind = FACT_DATA};
    if (type == TYPE_NS || type == TYPE_SOA || (type == TYPE_DNSKEY && z->is_signed)) {
        f.set = &z->apex[type == TYPE_SOA ? 1 : type == TYPE_NS ? 0 : 2];
        return f;
    }
    if (type == TYPE_ANY)
        return f;
    f.set = n ? node_set(n, type, at_s) : NULL;
    f.kind = f.set ? FACT_DATA : FACT_NODATA;
    return f;
}

static struct fact by_wildcard(
    const struct tree *t, const struct zone *z, const name_t *name, uint16_t type, const uint32_t when[2])
{
    unsigned labels = name_labels(name), own = name_labels(z->name);
    for (unsigned i = 1; i <= labels - own; i++) {
        const name_t *encloser = name_parent(name, i);
        if (!name_exists(t, z, encloser, when))
            continue;
        name_t star[NAME_MAX_LEN] = {1, '*'};
        if (name_len(encloser) + 2 > NAME_MAX_LEN)
            break;
        name_copy(star + 2, encloser);
        const struct node *n = node_at(z, star, when[1]);
        if (n)
            return at_node(z, n, type, when[1]);
        if (name_exists(t, z, star, when))
            return (struct fact){.kind = FACT_NODATA, .zone = z, .entless = true, .by_empty_wildcard = true};
        break;
    }
    return (struct fact){.kind = FACT_NXDOMAIN, .zone = z};
}

struct fact zone_find(const struct tree *t, const struct zone *z, const name_t *name, uint16_t type,
    uint32_t view_s, uint32_t at_s)
{
    const uint32_t when[2] = {view_s, at_s};
    const struct zone *child = cut_above(t, z, name, type, view_s);
    if (child)
        return (struct fact){.kind = FACT_CUT, .zone = z, .child = child};
    for (unsigned i = 0; i < z->node_count; i++) {
        const struct node *n = &z->nodes[i];
        const struct set *d = name_is_within(name, n->name) && !name_equal(name, n->name)
                                  ? node_set(n, TYPE_DNAME, at_s)
                                  : NULL;
        if (d)
            return (struct fact){.kind = FACT_DNAME, .zone = z, .set = d, .owner = n->name};
    }
    for (unsigned i = z->index + 1; type == TYPE_DS && i < t->zone_count; i++) {
        const struct zone *c = t->zones[i];
        if (c->parent == z && view_s < c->gone_s && name_equal(c->name, name))
            return (struct fact){.kind = c->ds_kind ? FACT_DATA : FACT_NODATA, .zone = z, .set = &c->ds};
    }
    const struct node *n = node_at(z, name, at_s);
    if (name_equal(name, z->name))
        return at_apex(z, n, type, at_s);
    if (n)
        return at_node(z, n, type, at_s);
    if (name_exists(t, z, name, when))
        return (struct fact){.kind = FACT_NODATA, .zone = z, .entless = true};
    return by_wildcard(t, z, name, type, when);
}

const struct zone *tree_zone_of(const struct tree *t, const name_t *name, uint16_t type, uint32_t view_s)
{
    const struct zone *z = t->zones[0], *c;
    while ((c = cut_above(t, z, name, type, view_s)))
        z = c;
    return z;
}

/* ---- contents ---- */

unsigned set_version(const struct set *s, uint32_t at_s)
{
    return s->period_s ? at_s / s->period_s % VERSIONS : 0;
}

unsigned host_addr_count(const struct host *h, enum family family)
{
    unsigned n = 0;
    for (unsigned i = 0; i < h->machine_count; i++)
        n += h->machines[i]->addr.family == family;
    return n;
}

const struct addr *host_addr(const struct host *h, enum family family, unsigned i)
{
    for (unsigned k = 0; k < h->machine_count; k++)
        if (h->machines[k]->addr.family == family && i-- == 0)
            return &h->machines[k]->addr;
    return NULL;
}

unsigned set_count(const struct set *s)
{
    if (s->host)
        return host_addr_count(s->host, s->type == TYPE_A ? FAMILY_V4 : FAMILY_V6);
    if (s->type != TYPE_NS)
        return s->count;
    unsigned n = 0;
    for (unsigned i = 0; i < s->zone->host_count; i++)
        n += s->zone->child_lists >> i & 1;
    return n;
}

static struct rdata of_name(const name_t *n)
{
    return (struct rdata){n, (uint16_t)name_len(n)};
}

static struct rdata soa_rdata(const struct zone *z, struct arena *a)
{
    uint8_t *p = arena_alloc(a, 2 * NAME_MAX_LEN + 20);
    size_t n = name_copy(p, z->hosts[0]->name);
    n += name_copy(p + n, z->hosts[0]->name);
    for (uint32_t i = 1; i <= 4; i++, n += 4)
        put_u32(p + n, i * 1000 + z->index);
    put_u32(p + n, z->minimum);
    return (struct rdata){p, (uint16_t)(n + 4)};
}

static struct rdata made(const struct set *s, unsigned version, unsigned i, struct arena *a)
{
    uint8_t *p = arena_alloc(a, 64 + s->pad);
    put_u32(p, 0xc6000000u | s->id << 8 | version << 5 | i); /* 198.… */
    size_t n = 4;
    if (s->type == TYPE_AAAA) {
        memmove(p + 12, p, 4);
        put_u32(p, 0x20010db8);
        put_u32(p + 4, 0xda7a0000);
        put_u32(p + 8, 0);
        n = 16;
    } else if (s->type == TYPE_TXT) {
        memmove(p + 1, p, 4);
        p[0] = (uint8_t)(4 + s->pad);
        memset(p + 5, 'x', s->pad);
        n = 5 + s->pad;
    }
    return (struct rdata){p, (uint16_t)n};
}

struct rdata set_rdata(const struct set *s, unsigned version, unsigned i, struct arena *a)
{
    if (s->host) {
        const struct addr *at = host_addr(s->host, s->type == TYPE_A ? FAMILY_V4 : FAMILY_V6, i);
        return (struct rdata){at->ip, (uint16_t)addr_len(at)};
    }
    if (s->type == TYPE_CNAME || s->type == TYPE_DNAME)
        return of_name(s->target);
    if (s->type == TYPE_SOA)
        return soa_rdata(s->zone, a);
    if (s->type == TYPE_DNSKEY)
        return zone_key_rdata(s->zone);
    if (s->type == TYPE_DS)
        return zone_ds_rdata(s->zone, a);
    if (s->type == TYPE_NS) {
        for (unsigned k = 0;; k++)
            if ((s->zone->child_lists >> k & 1) && i-- == 0)
                return of_name(s->zone->hosts[k]->name);
    }
    if (s->type == TYPE_MX) {
        uint8_t *p = arena_alloc(a, 2 + NAME_MAX_LEN);
        put_u16(p, (uint16_t)(version << 8 | i));
        return (struct rdata){p, (uint16_t)(2 + name_copy(p + 2, s->target))};
    }
    return made(s, version, i, a);
}

const struct zone *tree_zone_ever(const struct tree *t, const name_t *name)
{
    const struct zone *best = t->zones[0];
    for (unsigned i = 1; i < t->zone_count; i++) {
        const struct zone *z = t->zones[i];
        if (name_is_within(name, z->name) && z->depth >= best->depth)
            best = z;
    }
    return best;
}
