#include "sign_zone.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/present.h"
#include "dns/rrtype.h"

enum { TTL_DEFAULT = 3600 };
#define INCEPTION_DEFAULT 1000000000u /* 2001 to 2033: less than 2^31 s apart (RFC 4034 3.1.5) */
#define EXPIRY_DEFAULT 2000000000u

const struct sign_node *sign_zone_node(const struct sign_zone *z, const name_t *n)
{
    size_t lo = 0, hi = z->node_count;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int c = name_compare(n, z->nodes[mid].name);
        if (c == 0)
            return &z->nodes[mid];
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

static struct rrset *find_set(const struct sign_zone *z, const name_t *owner, uint16_t type)
{
    const struct sign_node *node = sign_zone_node(z, owner);
    return node ? rrset_list_find(&node->sets, NULL, type) : NULL;
}

struct rrset *sign_zone_set(struct sign_zone *z, const char *owner, uint16_t type)
{
    name_t n[NAME_MAX_LEN];
    return name_from_text(n, owner, strlen(owner), z->origin) ? NULL : find_set(z, n, type);
}

struct rrset *sign_zone_link(struct sign_zone *z, const char *name)
{
    name_t n[NAME_MAX_LEN];
    return name_from_text(n, name, strlen(name), z->origin) ? NULL : sign_chain_match(z, n);
}

struct sign_how sign_zone_how(const struct sign_zone *z, uint16_t type)
{
    const struct sign_zone_plan *p = &z->plan;
    return (struct sign_how){.key = type == TYPE_DNSKEY || !p->zsk ? p->ksk : p->zsk,
        .signer = z->origin,
        .inception = p->inception,
        .expiry = p->expiry};
}

static void add_sig(struct sign_zone *z, struct rrset *rs, const struct sign_how *how)
{
    struct rdata *sigs = arena_alloc(&z->arena, (rs->sig_count + 1u) * sizeof *sigs);
    if (rs->sig_count)
        memcpy(sigs, rs->sigs, rs->sig_count * sizeof *sigs);
    sigs[rs->sig_count++] = sign_rrset(rs, how, &z->arena);
    rs->sigs = sigs;
}

void sign_zone_resign(struct sign_zone *z, struct rrset *rs, const struct sign_how *how)
{
    struct sign_how own = sign_zone_how(z, rs->type);
    rs->sig_count = 0;
    add_sig(z, rs, how ? how : &own);
    if (!how && rs->type == TYPE_DNSKEY && z->plan.extra) {
        own.key = z->plan.extra;
        add_sig(z, rs, &own);
    }
}

/* ---- reading ---- */

static void add_record(struct rrset_list *sets, const struct rr *rr, struct arena *a)
{
    struct rrset *rs = rrset_list_find(sets, rr->owner, rr->type);
    if (!rs) {
        rs = ARENA_NEW(a, struct rrset);
        *rs = (struct rrset){.owner = rr->owner, .type = rr->type, .class = CLASS_IN, .ttl = rr->ttl};
        rrset_list_add(sets, rs, a);
    }
    rrset_add(rs, rr->rdata, a);
}

static void read_text(struct sign_zone *z, const char *lines, struct rrset_list *sets)
{
    while (lines && *lines) {
        size_t n = strcspn(lines, "\n");
        struct rr rr;
        if (n) {
            enum err err = rr_from_text(&rr, lines, n, z->origin, TTL_DEFAULT, &z->arena);
            if (err)
                fprintf(stderr, "bad line in a zone: %.*s\n", (int)n, lines);
            assert(!err);
            add_record(sets, &rr, &z->arena);
        }
        lines += n + (lines[n] == '\n');
    }
}

static void add_keys(struct sign_zone *z, struct rrset_list *sets)
{
    const struct sign_zone_plan *p = &z->plan;
    const struct sign_key *keys[] = {p->ksk, p->zsk, p->extra};
    struct rr rr = {.owner = z->origin, .type = TYPE_DNSKEY, .class = CLASS_IN, .ttl = TTL_DEFAULT};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i]) {
            rr.rdata = keys[i]->dnskey;
            rr.rdata.data = arena_copy(&z->arena, rr.rdata.data, rr.rdata.len);
            add_record(sets, &rr, &z->arena);
        }
    if (!p->ksk || p->denial != SIGN_NSEC3)
        return;
    uint8_t param[5 + 8] = {1, 0, (uint8_t)(p->iterations >> 8), (uint8_t)p->iterations, p->salt_len};
    memcpy(param + 5, p->salt, p->salt_len);
    rr.type = TYPE_NSEC3PARAM;
    rr.ttl = 0;
    rr.rdata = (struct rdata){
        .data = arena_copy(&z->arena, param, 5u + p->salt_len), .len = (uint16_t)(5 + p->salt_len)};
    add_record(sets, &rr, &z->arena);
}

static int by_name(const void *a, const void *b)
{
    const struct sign_node *x = a, *y = b;
    return name_compare(x->name, y->name);
}

static void make_nodes(struct sign_zone *z, const struct rrset_list *sets)
{
    size_t cap = 1;
    for (size_t i = 0; i < sets->count; i++)
        cap += name_labels(sets->items[i]->owner) + 1;
    z->nodes = ARENA_ARRAY(&z->arena, struct sign_node, cap);
    unsigned depth = name_labels(z->origin);
    for (size_t i = 0; i < sets->count; i++) {
        const name_t *owner = sets->items[i]->owner;
        assert(name_is_within(owner, z->origin));
        for (unsigned up = 0; up + depth <= name_labels(owner); up++)
            z->nodes[z->node_count++].name = name_parent(owner, up);
    }
    qsort(z->nodes, z->node_count, sizeof *z->nodes, by_name);
    size_t n = 0;
    for (size_t i = 0; i < z->node_count; i++)
        if (n == 0 || !name_equal(z->nodes[n - 1].name, z->nodes[i].name))
            z->nodes[n++] = z->nodes[i];
    z->node_count = n;
    for (size_t i = 0; i < sets->count; i++) {
        struct sign_node *node = (struct sign_node *)(uintptr_t)sign_zone_node(z, sets->items[i]->owner);
        rrset_list_add(&node->sets, sets->items[i], &z->arena);
        node->cut |= sets->items[i]->type == TYPE_NS && !name_equal(node->name, z->origin);
    }
    const struct sign_node *over = NULL;
    for (size_t i = 0; i < z->node_count; i++) {
        struct sign_node *node = &z->nodes[i];
        node->hidden = over && name_is_within(node->name, over->name);
        if (!node->hidden && (node->cut || rrset_list_find(&node->sets, NULL, TYPE_DNAME)))
            over = node;
    }
}

static void sign_all(struct sign_zone *z)
{
    for (size_t i = 0; i < z->node_count; i++) {
        struct sign_node *node = &z->nodes[i];
        for (size_t k = 0; k < node->sets.count && !node->hidden && !z->plan.chain_only; k++)
            if (!node->cut || node->sets.items[k]->type == TYPE_DS)
                sign_zone_resign(z, node->sets.items[k], NULL);
    }
    if (z->plan.denial != SIGN_COMPACT)
        sign_chain_make(z);
    for (size_t i = 0; i < z->link_count && !z->plan.chain_only; i++)
        sign_zone_resign(z, z->links[i].set, NULL);
}

struct sign_zone *sign_zone_new(const struct sign_zone_plan *plan)
{
    struct sign_zone *z = mem_alloc(sizeof *z);
    arena_init(&z->arena);
    z->plan = *plan;
    if (!plan->inception && !plan->expiry) {
        z->plan.inception = INCEPTION_DEFAULT;
        z->plan.expiry = EXPIRY_DEFAULT;
    }
    enum err err = name_from_text(z->origin, plan->origin, strlen(plan->origin), NULL);
    assert(!err);
    (void)err;
    struct rrset_list sets = {0};
    read_text(z, plan->text, &sets);
    for (size_t i = 0; plan->sets && i < plan->sets->count; i++)
        rrset_list_add(&sets, rrset_copy(plan->sets->items[i], &z->arena), &z->arena);
    add_keys(z, &sets);
    make_nodes(z, &sets);
    if (plan->ksk)
        sign_all(z);
    return z;
}

void sign_zone_free(struct sign_zone *z)
{
    if (z)
        arena_fini(&z->arena);
    mem_free(z);
}
