/* Makes the tree: zones and hosts first, then what stands in the zones, so that aliases may lead anywhere. */
#include "tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "dns/rdata.h"

static const uint32_t ttls[] = {0, 1, 5, 30, 60, 300, 3600, 86400, 604800};

static const char *const machine_fault_texts[MACHINE_COUNT] = {
    [MACHINE_NONE] = "sound",
    [MACHINE_SLOW] = "slow",
    [MACHINE_TRUNCATES] = "truncates",
    [MACHINE_FOLDS_CASE] = "folds case",
    [MACHINE_FORMERR_EDNS] = "FORMERR to EDNS",
    [MACHINE_NOTIMP_EDNS] = "NOTIMP to EDNS",
    [MACHINE_BARE_FORMERR] = "bare FORMERR to EDNS",
    [MACHINE_IGNORES_EDNS] = "ignores EDNS",
    [MACHINE_BADVERS] = "BADVERS",
    [MACHINE_ODD_OPTIONS] = "odd options",
    [MACHINE_GARBAGE_FIRST] = "garbage first",
    [MACHINE_EXPLAINS] = "explains",
    [MACHINE_DEAD] = "dead",
    [MACHINE_PORT_CLOSED] = "port closed",
    [MACHINE_NO_ROUTE] = "no route",
    [MACHINE_REFUSES] = "REFUSED",
    [MACHINE_SERVFAIL] = "SERVFAIL",
    [MACHINE_LAME_UPWARD] = "refers upward",
    [MACHINE_LAME_EMPTY] = "empty answers",
    [MACHINE_DROPS_EDNS] = "drops EDNS",
    [MACHINE_MANGLES_OPT] = "mangles OPT",
    [MACHINE_TWO_OPTS] = "two OPTs",
    [MACHINE_TC_ALWAYS] = "truncates, TCP too",
    [MACHINE_BADCOOKIE] = "BADCOOKIE",
    [MACHINE_NO_TCP] = "truncates, TCP closed",
    [MACHINE_TCP_SILENT] = "truncates, TCP silent",
    [MACHINE_WRONG_ID] = "wrong ID",
    [MACHINE_WRONG_QUESTION] = "wrong question",
    [MACHINE_FLAPS] = "flaps",
    [MACHINE_STRIPS] = "strips signatures",
    [MACHINE_SPOILS] = "spoils signatures",
};

const char *machine_fault_text(enum machine_fault f)
{
    return machine_fault_texts[f];
}

__attribute__((format(printf, 3, 4))) static const name_t *name_of(
    struct tree *t, const name_t *origin, const char *format, ...)
{
    char text[256];
    name_t out[NAME_MAX_LEN];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof text || name_from_text(out, text, (size_t)n, origin) != ERR_OK)
        return origin;
    return name_dup(out, &t->arena);
}

/* ---- machines and hosts ---- */

static struct machine *machine_new(struct tree *t, const struct tree_plan *plan, bool evil, struct dice *d)
{
    struct machine *m = ARENA_NEW(&t->arena, struct machine);
    uint32_t n = t->machine_count;
    bool v6 = plan->v6 && (!plan->v4 || chance(d, 40));
    uint8_t ip[16] = {0x20, 0x01, 0x0d, 0xb8};
    put_u16(ip + 14, (uint16_t)(n + 1));
    m->addr = v6 ? addr_v6(ip) : addr_v4((const uint8_t[]){10, 1, (uint8_t)(n >> 8), (uint8_t)n});
    m->rtt_ms = between(d, 1, 60);
    m->evil = evil;
    m->cookies = t->machine_count % 3;
    if (chance(d, plan->fault_percent))
        m->fault =
            (enum machine_fault)between(d, 1, (plan->only_survived ? MACHINES_SURVIVED : MACHINE_COUNT) - 1);
    if (m->fault == MACHINE_SLOW)
        m->rtt_ms = between(d, 100, 900);
    m->chatty = chance(d, 40);
    m->one_link = chance(d, 30);
    m->no_ent = !plan->only_survived && chance(d, 2);
    t->no_ent = t->no_ent || m->no_ent;
    t->machines = mem_grow(t->machines, (n + 1) * sizeof *t->machines);
    t->machines[t->machine_count++] = m;
    return m;
}

static struct host *host_new(
    struct tree *t, const struct tree_plan *plan, const struct zone *home, unsigned nth, struct dice *d)
{
    struct host *h = ARENA_NEW(&t->arena, struct host);
    h->home = home;
    h->name = name_of(t, home->name, chance(d, 20) ? "n%u.in" : "n%u", nth);
    unsigned n = chance(d, 60) ? 1 : between(d, 1, MACHINES_OF_HOST_MAX);
    while (n-- > 0)
        h->machines[h->machine_count++] = machine_new(t, plan, home->evil, d);
    t->hosts = mem_grow(t->hosts, (t->host_count + 1) * sizeof *t->hosts);
    t->hosts[t->host_count++] = h;
    return h;
}

static void zone_serve(struct zone *z, struct host *h)
{
    for (unsigned i = 0; i < z->host_count; i++)
        if (z->hosts[i] == h)
            return;
    z->hosts[z->host_count++] = h;
    for (unsigned i = 0; i < h->machine_count; i++) {
        struct machine *m = h->machines[i];
        bool there = false;
        for (unsigned k = 0; k < m->zone_count; k++)
            there = there || m->zones[k] == z;
        if (!there)
            m->zones[m->zone_count++] = z;
    }
}

static unsigned some_of(struct dice *d, unsigned count, unsigned percent)
{
    unsigned bits = 0;
    for (unsigned i = 0; i < count; i++)
        bits |= (unsigned)chance(d, percent) << i;
    return bits;
}

/* A zone that is withdrawn, or lies below one, shares no machine with zones above: they would answer for it
 * without ever giving the delegation that is to be forgotten. */
static bool hides_a_cut(const struct host *h, const struct zone *z)
{
    if (zone_stays(z))
        return false;
    for (unsigned i = 0; i < h->machine_count; i++)
        for (unsigned k = 0; k < h->machines[i]->zone_count; k++)
            for (const struct zone *p = z->parent; p; p = p->parent)
                if (h->machines[i]->zones[k] == p)
                    return true;
    return false;
}

static void choose_hosts(struct tree *t, struct zone *z, const struct tree_plan *plan, struct dice *d)
{
    unsigned want = chance(d, 5) ? HOSTS_OF_ZONE_MAX : between(d, 1, 4);
    unsigned others = t->host_count;
    for (unsigned i = 0; i < want; i++) {
        struct host *h = z->depth > 1 && others && chance(d, 40) ? t->hosts[roll(d, others)] : NULL;
        /* A good zone trusts none that lies. The root's own servers serve nothing else. */
        if (h &&
            ((h->home->evil && !z->evil) || !h->home->parent || !zone_stays(h->home) || hides_a_cut(h, z)))
            h = NULL;
        zone_serve(z, h ? h : host_new(t, plan, z, i, d));
    }
    unsigned all = (1u << z->host_count) - 1;
    if (!z->parent) { /* as the hints say */
        z->parent_lists = z->child_lists = z->glued = all;
        return;
    }
    z->parent_lists = chance(d, 85) ? all : 1u << roll(d, z->host_count) | some_of(d, z->host_count, 50);
    z->child_lists = chance(d, 85) ? all : 1u << roll(d, z->host_count) | some_of(d, z->host_count, 50);
    for (unsigned i = 0; i < z->host_count; i++) {
        bool inside = z->hosts[i]->home == z;
        if (chance(d, inside ? 98 : 30))
            z->glued |= 1u << i;
    }
}

/* ---- zones ---- */

static struct zone *zone_new(
    struct tree *t, struct zone *parent, const struct tree_plan *plan, struct dice *d)
{
    static const char *const forms[] = {"", "", "", "", ".m", ".m.k", "._x", ".s2", ".e3", ".w1"};
    struct zone *z = ARENA_NEW(&t->arena, struct zone);
    z->index = t->zone_count;
    z->parent = parent;
    z->depth = parent ? parent->depth + 1 : 0;
    z->gone_s = NEVER_S;
    const char *form = ONE_OF(d, forms);
    z->name = NAME_ROOT;
    if (parent)
        z->name = name_of(
            t, parent->name, "%s%u%s", z->depth == 1 ? "t" : "z", z->index, z->depth == 1 ? "" : form);
    z->evil = parent && (parent->evil || (z->depth > 1 && chance(d, plan->evil_percent)));
    zone_choose_signing(z, plan, d);
    z->ns_ttl = z->depth < 2 ? between(d, 3600, 172800) : ONE_OF(d, ttls);
    z->child_ns_ttl = ONE_OF(d, ttls);
    z->soa_ttl = ONE_OF(d, ttls);
    z->minimum = ONE_OF(d, ttls);
    if (z->depth > 1 && !z->evil && zone_stays(parent) && chance(d, 10) && t->change_count < CHANGES_MAX) {
        z->gone_s = between(d, plan->begin_s, plan->end_s);
        t->changes[t->change_count++] = z->gone_s;
        z->ns_ttl = between(d, 1, 120);
        z->child_ns_ttl = 604800; /* a ghost would like to stay (threat P9) */
    }
    t->zones[t->zone_count++] = z;
    z->apex[0] =
        (struct set){.type = TYPE_NS, .ttl = z->child_ns_ttl, .dies_s = NEVER_S, .count = 1, .zone = z};
    z->apex[1] = (struct set){.type = TYPE_SOA, .ttl = z->soa_ttl, .dies_s = NEVER_S, .count = 1, .zone = z};
    z->apex[2] =
        (struct set){.type = TYPE_DNSKEY, .ttl = ONE_OF(d, ttls), .dies_s = NEVER_S, .count = 1, .zone = z};
    z->ds = (struct set){.type = TYPE_DS, .ttl = z->ns_ttl, .dies_s = NEVER_S, .count = 1, .zone = z};
    choose_hosts(t, z, plan, d);
    return z;
}

/* ---- what stands in a zone ---- */

static struct node *node_new(struct zone *z, const name_t *name)
{
    for (unsigned i = 0; i < z->node_count; i++)
        if (name_equal(z->nodes[i].name, name))
            return &z->nodes[i];
    z->nodes = mem_grow(z->nodes, (z->node_count + 1) * sizeof *z->nodes);
    struct node *n = &z->nodes[z->node_count++];
    *n = (struct node){.name = name};
    return n;
}

static struct set *set_new(struct tree *t, struct node *n, uint16_t type, struct dice *d)
{
    n->sets = mem_grow(n->sets, (n->set_count + 1) * sizeof *n->sets);
    struct set *s = &n->sets[n->set_count++];
    *s = (struct set){
        .type = type, .ttl = ONE_OF(d, ttls), .dies_s = NEVER_S, .count = 1, .id = ++t->next_id & 0xffff};
    return s;
}

static void add_host_nodes(struct tree *t, struct dice *d)
{
    for (unsigned i = 0; i < t->host_count; i++) {
        const struct host *h = t->hosts[i];
        struct zone *home = t->zones[h->home->index];
        struct node *n = node_new(home, h->name);
        if (host_addr_count(h, FAMILY_V4))
            set_new(t, n, TYPE_A, d)->host = h;
        if (host_addr_count(h, FAMILY_V6))
            set_new(t, n, TYPE_AAAA, d)->host = h;
    }
}

/* Some sets come, go or change. */
static void set_move(struct tree *t, struct set *s, const struct tree_plan *plan, struct dice *d)
{
    static const uint32_t periods[] = {3, 20, 100, 1000, 20000};
    if (chance(d, 25))
        s->period_s = ONE_OF(d, periods);
    if (!chance(d, 12) || t->change_count == CHANGES_MAX)
        return;
    uint32_t at_s = between(d, plan->begin_s, plan->end_s);
    t->changes[t->change_count++] = at_s;
    if (chance(d, 50))
        s->born_s = at_s;
    else
        s->dies_s = at_s;
}

static const name_t *any_target(struct tree *t, struct dice *d)
{
    const struct zone *z = t->zones[roll(d, t->zone_count)];
    if (z->node_count && chance(d, 85)) {
        const name_t *n = z->nodes[roll(d, z->node_count)].name;
        if (chance(d, 80))
            return n;
        /* what a wildcard or a DNAME makes, or nothing */
        return name_of(
            t, n[0] == 1 && n[1] == '*' ? name_parent(n, 1) : n, chance(d, 80) ? "made" : "*.made");
    }
    return chance(d, 50) ? z->name : name_of(t, z->name, "none%u", roll(d, 4));
}

static void add_data(struct tree *t, struct node *n, const struct tree_plan *plan, struct dice *d)
{
    static const uint16_t types[] = {TYPE_A, TYPE_A, TYPE_AAAA, TYPE_TXT, TYPE_MX};
    unsigned want = between(d, 1, 3);
    while (want-- > 0) {
        uint16_t type = ONE_OF(d, types);
        bool there = false;
        for (unsigned i = 0; i < n->set_count; i++)
            there = there || n->sets[i].type == type || n->sets[i].type == TYPE_CNAME;
        if (there)
            continue;
        const name_t *target = any_target(t, d);
        struct set *s = set_new(t, n, type, d);
        s->count = chance(d, 70) ? 1 : between(d, 1, 20);
        s->target = target;
        if (type == TYPE_TXT)
            s->pad = chance(d, 15) ? 200 : roll(d, 40);
        set_move(t, s, plan, d);
    }
}

static void add_alias(
    struct tree *t, struct node *n, uint16_t type, const struct tree_plan *plan, struct dice *d)
{
    const name_t *target = any_target(t, d);
    if (type == TYPE_CNAME && n->set_count > 0)
        return;
    struct set *s = set_new(t, n, type, d);
    s->target = target;
    if (chance(d, 12) && t->change_count < CHANGES_MAX) {
        uint32_t at_s = between(d, plan->begin_s, plan->end_s);
        t->changes[t->change_count++] = at_s;
        s->dies_s = at_s;
    }
}

static void fill_zone(struct tree *t, struct zone *z, const struct tree_plan *plan, struct dice *d)
{
    if (chance(d, 50))
        add_data(t, node_new(z, z->name), plan, d);
    unsigned want = between(d, 2, 8);
    for (unsigned i = 0; i < want; i++) {
        unsigned kind = roll(d, 16);
        const name_t *o = z->name;
        if (kind < 4)
            add_data(t, node_new(z, name_of(t, o, "w%u", i)), plan, d);
        else if (kind < 5)
            add_data(t, node_new(z, name_of(t, o, "a.b.e%u", i)), plan, d);
        else if (kind < 6)
            add_data(t, node_new(z, name_of(t, o, chance(d, 30) ? "*" : "*.s%u", i)), plan, d);
        else if (kind < 9)
            add_alias(t, node_new(z, name_of(t, o, "c%u", i)), TYPE_CNAME, plan, d);
        else if (kind < 10)
            add_alias(t, node_new(z, name_of(t, o, "*.c%u", i)), TYPE_CNAME, plan, d);
        else if (kind < 11)
            add_alias(t, node_new(z, name_of(t, o, "d%u", i)), TYPE_DNAME, plan, d);
        else if (kind < 12)
            add_data(t, node_new(z, name_of(t, o, "_tcp.w%u", i)), plan, d);
        else if (kind < 13) /* the wildcard is an empty non-terminal */
            add_data(t, node_new(z, name_of(t, o, "sub.*.e%u", i)), plan, d);
        else if (kind < 14) /* below a name with data, perhaps */
            add_data(t, node_new(z, name_of(t, o, "*.w%u", i / 2)), plan, d);
        else if (kind < 15) /* below the reach of a wildcard, perhaps */
            add_data(t, node_new(z, name_of(t, o, "*.x.s%u", i / 2)), plan, d);
        else
            add_alias(t, node_new(z, name_of(t, o, chance(d, 50) ? "*" : "*.s%u", i)), TYPE_CNAME, plan, d);
    }
}

void tree_make(struct tree *t, const struct tree_plan *plan, struct dice *d)
{
    memset(t, 0, sizeof *t);
    arena_init(&t->arena);
    unsigned tlds = between(d, 1, 4);
    zone_new(t, NULL, plan, d);
    while (t->zone_count < plan->zones) {
        struct zone *parent = t->zones[0];
        if (t->zone_count > tlds)
            parent = t->zones[between(d, 1, t->zone_count - 1)];
        if (parent->depth < 5)
            zone_new(t, parent, plan, d);
    }
    add_host_nodes(t, d);
    for (unsigned i = 0; i < t->zone_count; i++)
        fill_zone(t, t->zones[i], plan, d);
}

void tree_free(struct tree *t)
{
    for (unsigned i = 0; i < t->zone_count; i++) {
        zone_forget_keys(t->zones[i]);
        for (unsigned k = 0; k < t->zones[i]->node_count; k++)
            mem_free(t->zones[i]->nodes[k].sets);
        mem_free(t->zones[i]->nodes);
    }
    mem_free(t->machines);
    mem_free(t->hosts);
    arena_fini(&t->arena);
}

const struct machine *tree_machine(const struct tree *t, const struct addr *a)
{
    for (unsigned i = 0; i < t->machine_count; i++)
        if (addr_equal(&t->machines[i]->addr, a))
            return t->machines[i];
    return NULL;
}

/* ---- for people ---- */

static void print_zone(const struct zone *z)
{
    static const char *const trusts[] = {"insecure", "secure", "BROKEN"};
    static const char *const denials[] = {"NSEC", "NSEC3", "compact"};
    static const char *const spoils[] = {
        "", " expired", " future", " stripped", " another key", " flipped bits"};
    static const char *const parents[] = {"no DS", "DS", "DS of another key", "unsupported DS"};
    char name[NAME_TEXT_LEN], at[ADDR_TEXT_LEN];
    printf("zone %s%s %s (%s, %s%s%s%s) ns_ttl %u soa %u/%u", name_text(z->name, name),
        z->evil ? " EVIL" : "", trusts[zone_trust(z)], parents[z->ds_kind],
        z->is_signed ? denials[z->signing.denial] : "unsigned", z->signing.opt_out ? " opt-out" : "",
        spoils[z->spoil],
        z->distrusted ? " DISTRUSTED"
        : z->anchored ? " ANCHOR"
                      : "",
        z->ns_ttl, z->soa_ttl, z->minimum);
    printf(z->gone_s == NEVER_S ? "\n" : " gone at %u\n", z->gone_s);
    for (unsigned i = 0; i < z->host_count; i++) {
        const struct host *h = z->hosts[i];
        printf("    NS %s%s%s%s", name_text(h->name, name),
            z->parent_lists >> i & 1 ? "" : " (not the parent's)",
            z->child_lists >> i & 1 ? "" : " (not its own)", z->glued >> i & 1 ? " glue" : "");
        for (unsigned k = 0; k < h->machine_count; k++)
            printf(" %s %ums %s%s;", addr_text(&h->machines[k]->addr, at), h->machines[k]->rtt_ms,
                machine_fault_text(h->machines[k]->fault), h->machines[k]->chatty ? " chatty" : "");
        printf("\n");
    }
}

static void print_node(const struct node *n)
{
    char name[NAME_TEXT_LEN];
    struct text t;
    struct arena a;
    text_init(&t);
    arena_init(&a);
    for (unsigned i = 0; i < n->set_count; i++) {
        const struct set *s = &n->sets[i];
        text_clear(&t);
        rrtype_to_text(&t, s->type);
        text_printf(&t, " %u records ", set_count(s));
        struct rdata rd = set_rdata(s, 0, 0, &a);
        if (s->pad < 100)
            rdata_to_text(&t, s->type, CLASS_IN, &rd);
        if (s->born_s)
            text_printf(&t, " from %u", s->born_s);
        if (s->dies_s != NEVER_S)
            text_printf(&t, " until %u", s->dies_s);
        if (s->period_s)
            text_printf(&t, " changes every %u", s->period_s);
        printf("    %s %u %s\n", name_text(n->name, name), s->ttl, t.data);
    }
    text_fini(&t);
    arena_fini(&a);
}

void tree_print(const struct tree *t)
{
    for (unsigned i = 0; i < t->zone_count; i++) {
        print_zone(t->zones[i]);
        for (unsigned k = 0; k < t->zones[i]->node_count; k++)
            print_node(&t->zones[i]->nodes[k]);
    }
}
