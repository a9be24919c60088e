/* NSEC and NSEC3 (RFC 4034 4, RFC 5155 7.1). */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "dns/rrtype.h"
#include "sign_zone.h"

enum { TYPES_MAX = 64, RDATA_MAX = 1024 };

static uint32_t chain_ttl(const struct sign_zone *z)
{
    const struct sign_node *apex = sign_zone_node(z, z->origin);
    const struct rrset *soa = apex ? rrset_list_find(&apex->sets, NULL, TYPE_SOA) : NULL;
    if (!soa)
        return 300;
    uint32_t minimum = get_u32(soa->rdata[0].data + soa->rdata[0].len - 4);
    return minimum < soa->ttl ? minimum : soa->ttl; /* RFC 9077 3 */
}

/* What stands at the node, as its parent's side says it; own: NSEC, or none. */
static size_t bitmap_of(const struct sign_node *node, uint16_t own, uint8_t *out, size_t cap)
{
    uint16_t types[TYPES_MAX];
    size_t n = 0;
    bool any_signed = false;
    for (size_t i = 0; i < node->sets.count; i++) {
        uint16_t type = node->sets.items[i]->type;
        if (node->cut && type != TYPE_NS && type != TYPE_DS)
            continue;
        assert(n < TYPES_MAX - 2);
        types[n++] = type;
        any_signed |= !node->cut || type == TYPE_DS;
    }
    if (own)
        types[n++] = own;
    if (any_signed || own)
        types[n++] = TYPE_RRSIG;
    return sign_typemap(out, cap, types, n);
}

static struct rrset *new_set(
    struct sign_zone *z, const name_t *owner, uint16_t type, const uint8_t *rd, size_t n, struct arena *a)
{
    struct rrset *rs = ARENA_NEW(a, struct rrset);
    *rs = (struct rrset){.owner = name_dup(owner, a), .type = type, .class = CLASS_IN, .ttl = chain_ttl(z)};
    rrset_add(rs, (struct rdata){.data = arena_copy(a, rd, n), .len = (uint16_t)n}, a);
    return rs;
}

static void make_nsec(struct sign_zone *z)
{
    for (size_t i = 0; i < z->node_count; i++)
        if (!z->nodes[i].hidden && z->nodes[i].sets.count)
            z->links[z->link_count++].node = &z->nodes[i];
    for (size_t i = 0; i < z->link_count; i++) {
        const struct sign_node *node = z->links[i].node, *next = z->links[(i + 1) % z->link_count].node;
        uint8_t rd[RDATA_MAX];
        size_t n = name_copy(rd, next->name);
        n += bitmap_of(node, TYPE_NSEC, rd + n, sizeof rd - n);
        z->links[i].set = new_set(z, node->name, TYPE_NSEC, rd, n, &z->arena);
    }
}

static int by_hash(const void *a, const void *b)
{
    const struct sign_link *x = a, *y = b;
    return memcmp(x->hash, y->hash, sizeof x->hash);
}

static void hash_of(const struct sign_zone *z, const name_t *n, uint8_t out[20])
{
    sign_nsec3_hash(out, n, z->plan.iterations, z->plan.salt, z->plan.salt_len);
}

static bool has_wildcard(const struct sign_zone *z)
{
    for (size_t i = 0; i < z->node_count; i++)
        if (z->nodes[i].name[0] == 1 && z->nodes[i].name[1] == '*')
            return true;
    return false;
}

/* An insecure delegation, or an empty non-terminal of nothing else: opt-out leaves it out. Not the latter
 * where there is a wildcard: it might stand above, and then nobody could prove that it makes no names below.
 */
static bool is_opted_out(const struct sign_zone *z, size_t at)
{
    const struct sign_node *node = &z->nodes[at];
    if (node->cut)
        return !rrset_list_find(&node->sets, NULL, TYPE_DS);
    if (node->sets.count || has_wildcard(z))
        return false;
    for (size_t i = at + 1; i < z->node_count && name_is_within(z->nodes[i].name, node->name); i++)
        if (!z->nodes[i].hidden && z->nodes[i].sets.count && !is_opted_out(z, i))
            return false;
    return true;
}

static void hash_name(const struct sign_zone *z, const uint8_t hash[20], name_t out[NAME_MAX_LEN])
{
    struct text t;
    char label[40];
    text_init_fixed(&t, label, sizeof label);
    text_base32hex(&t, hash, 20);
    out[0] = (uint8_t)t.len;
    memcpy(out + 1, label, t.len);
    name_copy(out + 1 + t.len, z->origin);
    name_lower(out);
}

static void make_nsec3(struct sign_zone *z)
{
    const struct sign_zone_plan *p = &z->plan;
    for (size_t i = 0; i < z->node_count; i++)
        if (!z->nodes[i].hidden && !(p->opt_out && is_opted_out(z, i))) {
            struct sign_link *l = &z->links[z->link_count++];
            l->node = &z->nodes[i];
            hash_of(z, l->node->name, l->hash);
        }
    qsort(z->links, z->link_count, sizeof *z->links, by_hash);
    for (size_t i = 0; i < z->link_count; i++) {
        uint8_t rd[RDATA_MAX];
        struct writer w = writer_of(rd, sizeof rd);
        write_u8(&w, 1);
        write_u8(&w, p->opt_out);
        write_u16(&w, p->iterations);
        write_u8(&w, p->salt_len);
        write_octets(&w, p->salt, p->salt_len);
        write_u8(&w, 20);
        write_octets(&w, z->links[(i + 1) % z->link_count].hash, 20);
        size_t n = w.pos + bitmap_of(z->links[i].node, 0, rd + w.pos, sizeof rd - w.pos);
        name_t owner[NAME_MAX_LEN];
        hash_name(z, z->links[i].hash, owner);
        z->links[i].set = new_set(z, owner, TYPE_NSEC3, rd, n, &z->arena);
    }
}

void sign_chain_make(struct sign_zone *z)
{
    z->links = ARENA_ARRAY(&z->arena, struct sign_link, z->node_count);
    if (z->plan.denial == SIGN_NSEC3)
        make_nsec3(z);
    else
        make_nsec(z);
}

/* The last link that is not behind the name; the very last one if all are. */
static const struct sign_link *at_or_before(const struct sign_zone *z, const name_t *n, bool *equal)
{
    struct sign_link want;
    if (z->plan.denial == SIGN_NSEC3)
        hash_of(z, n, want.hash);
    *equal = false;
    const struct sign_link *best = &z->links[z->link_count - 1];
    for (size_t i = 0; i < z->link_count; i++) {
        const struct sign_link *l = &z->links[i];
        int c = z->plan.denial == SIGN_NSEC3 ? by_hash(l, &want) : name_compare(l->node->name, n);
        *equal |= c == 0;
        if (c <= 0)
            best = l;
    }
    return best;
}

struct rrset *sign_chain_match(const struct sign_zone *z, const name_t *n)
{
    bool equal = false;
    const struct sign_link *l = z->link_count ? at_or_before(z, n, &equal) : NULL;
    return equal ? l->set : NULL;
}

struct rrset *sign_chain_cover(const struct sign_zone *z, const name_t *n)
{
    bool equal = false;
    const struct sign_link *l = z->link_count ? at_or_before(z, n, &equal) : NULL;
    return l && !equal ? l->set : NULL;
}

struct rrset *sign_chain_compact(
    struct sign_zone *z, const name_t *n, const struct sign_node *node, struct arena *a)
{
    /* RFC 9824 3: the next name is the first that could follow, "\000." before the name */
    uint8_t rd[RDATA_MAX] = {1, 0};
    static const uint16_t nothing[] = {TYPE_RRSIG, TYPE_NSEC, TYPE_NXNAME};
    size_t len = 2 + name_copy(rd + 2, n);
    if (node)
        len += bitmap_of(node, TYPE_NSEC, rd + len, sizeof rd - len);
    else
        len += sign_typemap(rd + len, sizeof rd - len, nothing, 3);
    struct rrset *rs = new_set(z, n, TYPE_NSEC, rd, len, a);
    struct sign_how how = sign_zone_how(z, TYPE_NSEC);
    struct rdata *sig = ARENA_NEW(a, struct rdata);
    *sig = sign_rrset(rs, &how, a);
    rs->sigs = sig;
    rs->sig_count = 1;
    return rs;
}
