/* What NSEC and NSEC3 prove, beside the zone that they are of (threats P16, P17). The input makes a small
 * zone with its chain, and questions; for each, some records of the chain are given, and whatever they are
 * taken to prove must be so in the zone. The records that RFC 4035 3.1.3 and RFC 5155 7.2 have a server give
 * must suffice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dnssec/denial.h"
#include "sign_zone.h"

enum { NODES_MAX = 12, QUESTIONS_MAX = 24, DEPTH_MAX = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct target {
    struct arena arena;
    struct dnssec_policy policy;
    struct sign_zone *zone;
    bool opt_out;
};

/* ---- the zone ---- */

/* A name below the zone: 1 to DEPTH_MAX labels of few, so that they meet often. */
static const name_t *name_from(struct reader *r, struct arena *a)
{
    static const char *const labels[8] = {"a", "b", "c", "*", "B", "\1", "aa", "z"};
    uint16_t bits = read_u16(r);
    name_t *out = arena_alloc(a, NAME_MAX_LEN);
    size_t n = 0;
    for (unsigned i = 0; i <= bits % DEPTH_MAX; i++) {
        const char *label = labels[bits >> (2 + 3 * i) & 7];
        out[n++] = (uint8_t)strlen(label);
        memcpy(out + n, label, strlen(label));
        n += strlen(label);
    }
    memcpy(out + n, "\001e", 3);
    return out;
}

static void add(struct rrset_list *sets, const name_t *owner, uint16_t type, struct arena *a)
{
    static const uint8_t octets[40] = {1, 'x'};
    if (rrset_list_find(sets, owner, type))
        return;
    struct rrset *rs = ARENA_NEW(a, struct rrset);
    *rs = (struct rrset){.owner = owner, .type = type, .class = CLASS_IN, .ttl = 300};
    uint16_t n = type == TYPE_SOA ? 26 : type == TYPE_A ? 4 : type == TYPE_DS ? 36 : type == TYPE_TXT ? 2 : 3;
    const uint8_t *rd = type == TYPE_SOA || type == TYPE_DS ? octets + 2 : octets;
    rrset_add(rs, (struct rdata){.data = rd, .len = n}, a);
    rrset_list_add(sets, rs, a);
}

/* One thing at each name: data, an alias, a delegation, a DNAME with or without data. */
static void add_node(struct rrset_list *sets, struct reader *r, struct arena *a)
{
    const name_t *owner = name_from(r, a);
    uint8_t what = read_u8(r);
    bool star = owner[0] == 1 && owner[1] == '*';
    if (rrset_list_find(sets, owner, TYPE_NONE))
        return;
    for (size_t i = 0; i < sets->count; i++)
        if (name_equal(sets->items[i]->owner, owner))
            return;
    switch (what % 8) {
    case 0:
        add(sets, owner, TYPE_CNAME, a);
        return;
    case 1:
    case 2:
        if (star)
            break; /* RFC 4592 4.2: undefined */
        add(sets, owner, TYPE_NS, a);
        if (what % 8 == 2)
            add(sets, owner, TYPE_DS, a);
        return;
    case 3:
        if (!star) /* RFC 4592 4.4 */
            add(sets, owner, TYPE_DNAME, a);
        break;
    }
    if (what & 8)
        add(sets, owner, TYPE_TXT, a);
    if (what % 8 != 3 || what & 16)
        add(sets, owner, TYPE_A, a);
}

static void make_zone(struct target *t, struct reader *r)
{
    uint8_t kind = read_u8(r), count = read_u8(r) % NODES_MAX;
    struct rrset_list sets = {0};
    add(&sets, (const name_t *)"\001e", TYPE_SOA, &t->arena);
    add(&sets, (const name_t *)"\001e", TYPE_NS, &t->arena);
    for (unsigned i = 0; i < count; i++)
        add_node(&sets, r, &t->arena);
    struct sign_key *key = sign_key_new_fake(SIGN_KSK, 13, 1);
    struct sign_zone_plan plan = {.origin = "e.",
        .sets = &sets,
        .ksk = key,
        .chain_only = true,
        .denial = (enum sign_denial)(kind % 2),
        .iterations = kind >> 2 & 3,
        .salt_len = kind >> 4 & 7};
    plan.opt_out = t->opt_out = plan.denial == SIGN_NSEC3 && kind & 128;
    t->zone = sign_zone_new(&plan);
    sign_key_free(key);
}

/* ---- the truth ---- */

struct spot {
    const struct sign_node *node; /* at the name; NULL: it does not exist in this zone */
    const struct sign_node *star; /* the wildcard for a name that does not exist, or NULL */
    const struct sign_node *cut;  /* the delegation at or above it */
    bool below;                   /* a delegation or a DNAME: the zone has no say */
    unsigned closest;             /* labels of the closest encloser of what does not exist */
};

static bool has(const struct sign_node *n, uint16_t type)
{
    return n && rrset_list_find(&n->sets, NULL, type);
}

static struct spot spot_of(const struct sign_zone *z, const name_t *name)
{
    struct spot s = {0};
    unsigned depth = name_labels(z->origin), labels = name_labels(name);
    for (unsigned up = labels - depth; up > 0; up--) {
        const struct sign_node *above = sign_zone_node(z, name_parent(name, up));
        s.cut = above && above->cut && !s.cut ? above : s.cut;
        s.below = s.below || (above && above->cut) || has(above, TYPE_DNAME);
        s.closest = above && !s.below ? labels - up : s.closest;
    }
    if (s.below)
        return s;
    s.node = sign_zone_node(z, name);
    if (s.node) {
        s.cut = s.node->cut ? s.node : NULL;
        return s;
    }
    name_t star[NAME_MAX_LEN + 2] = {1, '*'};
    name_copy(star + 2, name_parent(name, labels - s.closest));
    s.star = sign_zone_node(z, star);
    return s;
}

static bool lacks(const struct sign_node *n, uint16_t type)
{
    return !has(n, type) && (type == TYPE_CNAME || !has(n, TYPE_CNAME));
}

/* Opt-out says nothing of insecure delegations and what is below: there "insecure" is true in any case. */
static bool may_be_opted_out(const struct target *t, const struct spot *s)
{
    return t->opt_out && s->cut && !has(s->cut, TYPE_DS);
}

static bool is_empty_over_insecure(const struct target *t, const struct spot *s, const name_t *name)
{
    if (!t->opt_out || !s->node || s->node->sets.count)
        return false;
    return !sign_chain_match(t->zone, name);
}

static bool nxdomain_holds(const struct target *t, const struct spot *s, const name_t *name, enum denial d)
{
    bool none = !s->below && !s->node && !s->star;
    bool unseen = !s->below && !s->node && s->star && !sign_chain_match(t->zone, s->star->name);
    if (d == DENIAL_OPT_OUT)
        return t->opt_out && (none || unseen || may_be_opted_out(t, s) || is_empty_over_insecure(t, s, name));
    return none;
}

static bool nodata_holds(
    const struct target *t, const struct spot *s, const name_t *name, uint16_t type, enum denial d)
{
    bool apex = name_equal(name, t->zone->origin);
    if (d == DENIAL_OPT_OUT)
        return t->opt_out &&
               ((!s->node && !s->below) || may_be_opted_out(t, s) || is_empty_over_insecure(t, s, name));
    if (s->below)
        return false;
    if (!s->node)
        return s->star && lacks(s->star, type);
    if (type == TYPE_DS)
        return !apex && lacks(s->node, type);
    return !s->cut && lacks(s->node, type);
}

/* Whoever asks has a signature over the wildcard: there is one. */
static bool has_wildcard(const struct sign_zone *z, const name_t *encloser)
{
    name_t star[NAME_MAX_LEN + 2] = {1, '*'};
    name_copy(star + 2, encloser);
    const struct sign_node *n = sign_zone_node(z, star);
    return n && !n->hidden;
}

static bool wildcard_holds(const struct target *t, const name_t *name, unsigned closest, enum denial d)
{
    const name_t *next = name_parent(name, name_labels(name) - closest - 1);
    struct spot at = spot_of(t->zone, next);
    if (d == DENIAL_OPT_OUT && t->opt_out &&
        (may_be_opted_out(t, &at) || is_empty_over_insecure(t, &at, next)))
        return true;
    return !at.below && !at.node;
}

static bool ds_holds(const struct target *t, const struct spot *s, const name_t *name, enum cut_denial c)
{
    bool insecure = s->cut && !s->below && !has(s->cut, TYPE_DS);
    if (c == CUT_INSECURE)
        return insecure || (t->opt_out && ((!s->node && !s->below) || may_be_opted_out(t, s) ||
                                              is_empty_over_insecure(t, s, name)));
    return !s->below && !s->cut;
}

/* ---- asking ---- */

static void show(const struct target *t, const struct rrset_list *list, const name_t *name, uint16_t type)
{
    char text[NAME_TEXT_LEN];
    for (size_t i = 0; i < t->zone->node_count; i++) {
        const struct sign_node *n = &t->zone->nodes[i];
        fprintf(stderr, "%s%s%s:", name_text(n->name, text), n->hidden ? " hidden" : "",
            sign_chain_match(t->zone, n->name) ? "" : " not in the chain");
        for (size_t k = 0; k < n->sets.count; k++)
            fprintf(stderr, " %s", rrtype_name(n->sets.items[k]->type));
        fprintf(stderr, "\n");
    }
    for (size_t i = 0; i < list->count; i++)
        for (size_t k = 0; k < t->zone->link_count; k++)
            if (name_equal(list->items[i]->owner, t->zone->links[k].set->owner))
                fprintf(stderr, "given: %s, whose next is %s\n",
                    name_text(t->zone->links[k].node->name, text),
                    name_text(
                        t->zone->links[(k + 1) % t->zone->link_count].node->name, (char[NAME_TEXT_LEN]){0}));
    fprintf(stderr, "asked: %s type %u\n", name_text(name, text), type);
}

/* Stops with all that a person needs to see why. */
#define HOLDS(t, list, name, type, condition)                                                                \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            show(t, list, name, type);                                                                       \
            fprintf(stderr, "line %d, does not hold: %s\n", __LINE__, #condition);                           \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

static struct proofs proofs_of(struct target *t, const struct rrset_list *list, struct budget *budget)
{
    *budget = (struct budget){0};
    return (struct proofs){
        .zone = t->zone->origin, .list = list, .policy = &t->policy, .budget = budget, .arena = &t->arena};
}

/* Whatever is claimed from these records is the truth. */
static void ask_all(struct target *t, const struct rrset_list *list, const name_t *name, uint16_t type)
{
    struct budget budget;
    struct proofs p = proofs_of(t, list, &budget);
    struct spot s = spot_of(t->zone, name);
    struct denial_result r = denial_nxdomain(&p, name);
    HOLDS(t, list, name, type,
        r.denial == DENIAL_NONE || r.denial == DENIAL_SPENT || nxdomain_holds(t, &s, name, r.denial));
    HOLDS(t, list, name, type, !r.no_name);
    r = denial_nodata(&p, name, type);
    HOLDS(t, list, name, type,
        r.denial == DENIAL_NONE || r.denial == DENIAL_SPENT || nodata_holds(t, &s, name, type, r.denial));
    unsigned depth = name_labels(t->zone->origin), labels = name_labels(name);
    for (unsigned closest = depth; closest < labels; closest++) {
        if (!has_wildcard(t->zone, name_parent(name, labels - closest)))
            continue;
        r = denial_wildcard(&p, name, closest);
        HOLDS(t, list, name, type,
            r.denial == DENIAL_NONE || r.denial == DENIAL_SPENT ||
                wildcard_holds(t, name, closest, r.denial));
    }
    if (labels > depth) {
        enum cut_denial c = denial_ds(&p, name, &r);
        HOLDS(t, list, name, type, c == CUT_UNPROVEN || ds_holds(t, &s, name, c));
    }
    HOLDS(t, list, name, type, budget.hashes <= VALIDATION_HASHES_MAX);
}

static bool is_proven(const struct target *t, enum denial d)
{
    return d == DENIAL_PROVEN || (t->opt_out && d == DENIAL_OPT_OUT);
}

/* What a server gives suffices. */
static void ask_as_served(struct target *t, const name_t *name, uint16_t type)
{
    struct spot s = spot_of(t->zone, name);
    struct rrset_list list = {0};
    struct budget budget;
    struct proofs p = proofs_of(t, &list, &budget);
    struct denial_result r;
    if (s.below || (s.node && !lacks(s.node, type)) || (s.cut && type != TYPE_DS))
        return;
    if (s.node && type == TYPE_DS && name_equal(name, t->zone->origin))
        return;
    /* An empty non-terminal that opt-out left out: what stands above it may be a wildcard, and all is
     * unproven. */
    const name_t *closest = s.node ? name : name_parent(name, name_labels(name) - s.closest);
    if (t->opt_out && !s.cut && !sign_chain_match(t->zone, closest))
        return;
    if (s.node) {
        sign_zone_prove(t->zone, SIGN_NO_DATA, name, &list, &t->arena);
        r = denial_nodata(&p, name, type);
        HOLDS(t, &list, name, type, is_proven(t, r.denial));
        enum cut_denial c = type == TYPE_DS ? denial_ds(&p, name, &r) : CUT_NONE;
        HOLDS(t, &list, name, type,
            c == (s.cut ? CUT_INSECURE : CUT_NONE) || (t->opt_out && c == CUT_INSECURE));
    } else if (!s.star) {
        sign_zone_prove(t->zone, SIGN_NO_NAME, name, &list, &t->arena);
        r = denial_nxdomain(&p, name);
        HOLDS(t, &list, name, type, is_proven(t, r.denial));
        HOLDS(t, &list, name, type, !r.closest || t->opt_out || name_labels(r.closest) == s.closest);
    } else if (lacks(s.star, type)) {
        sign_zone_prove(t->zone, SIGN_WILDCARD_NO_DATA, name, &list, &t->arena);
        r = denial_nodata(&p, name, type);
        HOLDS(t, &list, name, type, is_proven(t, r.denial));
    } else {
        sign_zone_prove(t->zone, SIGN_WILDCARD, name, &list, &t->arena);
        r = denial_wildcard(&p, name, s.closest);
        HOLDS(t, &list, name, type, is_proven(t, r.denial));
    }
    ask_all(t, &list, name, type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const uint16_t types[] = {
        TYPE_A, TYPE_TXT, TYPE_DS, TYPE_NS, TYPE_CNAME, TYPE_DNAME, TYPE_SOA, 65280};
    struct target t = {0};
    struct reader r = reader_of(data, len);
    arena_init(&t.arena);
    dnssec_policy_default(&t.policy);
    make_zone(&t, &r);
    for (unsigned q = 0; q < QUESTIONS_MAX && reader_left(&r) >= 5; q++) {
        uint16_t type = types[read_u8(&r) % 8];
        const name_t *name = name_from(&r, &t.arena);
        uint16_t mask = read_u16(&r);
        struct rrset_list list = {0};
        for (size_t i = 0; i < t.zone->link_count; i++)
            if (mask >> i % 16 & 1)
                rrset_list_add(&list, t.zone->links[i].set, &t.arena);
        ask_all(&t, &list, name, type);
        ask_as_served(&t, name, type);
    }
    sign_zone_free(t.zone);
    arena_fini(&t.arena);
    return 0;
}
