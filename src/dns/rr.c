#include "dns/rr.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/hash.h"
#include "defs/limits.h"
#include "dns/rrtype.h"

const char *verdict_text(uint8_t verdict)
{
    switch (verdict) {
    case VERDICT_SECURE:
        return "secure";
    case VERDICT_INSECURE:
        return "insecure";
    case VERDICT_BOGUS:
        return "bogus";
    case VERDICT_INDETERMINATE:
        return "indeterminate";
    default:
        return NULL;
    }
}

void rrset_list_add(struct rrset_list *l, struct rrset *s, struct arena *a)
{
    if (l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 8;
        struct rrset **items = ARENA_ARRAY(a, struct rrset *, cap);
        if (l->count)
            memcpy(items, l->items, l->count * sizeof *items);
        l->items = items;
        l->cap = cap;
    }
    l->items[l->count++] = s;
}

struct rrset *rrset_list_find(const struct rrset_list *l, const name_t *owner, uint16_t type)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->items[i]->type == type && (!owner || name_equal(l->items[i]->owner, owner)))
            return l->items[i];
    return NULL;
}

static struct rdata *copy_rdata(const struct rdata *from, size_t count, struct arena *a)
{
    struct rdata *to = ARENA_ARRAY(a, struct rdata, count);
    for (size_t i = 0; i < count; i++) {
        to[i].data = arena_copy(a, from[i].data, from[i].len);
        to[i].len = from[i].len;
    }
    return to;
}

struct rrset *rrset_copy(const struct rrset *s, struct arena *a)
{
    struct rrset *c = arena_copy(a, s, sizeof *s);
    c->owner = name_dup(s->owner, a);
    c->rdata = copy_rdata(s->rdata, s->count, a);
    c->sigs = copy_rdata(s->sigs, s->sig_count, a);
    if (s->proofs) {
        struct rrset_list *proofs = ARENA_NEW(a, struct rrset_list);
        for (size_t i = 0; i < s->proofs->count; i++)
            rrset_list_add(proofs, rrset_copy(s->proofs->items[i], a), a);
        c->proofs = proofs;
    }
    return c;
}

static bool has_rdata(const struct rdata *list, size_t count, const struct rdata *rd)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].len == rd->len && (rd->len == 0 || memcmp(list[i].data, rd->data, rd->len) == 0))
            return true;
    return false;
}

void rrset_add(struct rrset *s, struct rdata rd, struct arena *a)
{
    if (s->count >= RRSET_RECORDS_MAX || has_rdata(s->rdata, s->count, &rd))
        return;
    /* How much room the old array has is not known: it may be an exact copy. */
    struct rdata *grown = ARENA_ARRAY(a, struct rdata, s->count + 1u);
    if (s->count)
        memcpy(grown, s->rdata, s->count * sizeof *grown);
    grown[s->count++] = rd;
    s->rdata = grown;
}

/* ---- grouping ----
 * Records are sorted by what they have in common, so that thousands of owners chosen by a stranger cost n log
 * n and not n squared; the RRsets then come out in the order in which their first records stood. */

struct item {
    const struct rr *rr;
    uint64_t owner_hash; /* of the lower-case owner; equal ones are told apart by the names */
    uint16_t covers;     /* the RRset it belongs to: an RRSIG's covered type, else the type */
};

static int compare_owners(const struct item *x, const struct item *y)
{
    if (x->owner_hash != y->owner_hash)
        return x->owner_hash < y->owner_hash ? -1 : 1;
    return name_equal(x->rr->owner, y->rr->owner) ? 0 : name_compare(x->rr->owner, y->rr->owner);
}

static int compare_items(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->rr->class != y->rr->class)
        return x->rr->class - y->rr->class;
    int d = compare_owners(x, y);
    if (d)
        return d;
    if (x->covers != y->covers)
        return x->covers - y->covers;
    return x->rr < y->rr ? -1 : x->rr > y->rr; /* as they stood */
}

static struct rrset *set_new(const struct rr *rr, uint16_t type, struct arena *a)
{
    struct rrset *s = ARENA_NEW(a, struct rrset);
    s->owner = rr->owner;
    s->type = type;
    s->class = rr->class;
    s->ttl = TTL_WIRE_MAX;
    return s;
}

static void set_room(struct rrset *s, size_t records, size_t sigs, struct arena *a)
{
    s->rdata = ARENA_ARRAY(a, struct rdata, records < RRSET_RECORDS_MAX ? records : RRSET_RECORDS_MAX);
    s->sigs = ARENA_ARRAY(a, struct rdata, sigs < RRSET_RECORDS_MAX ? sigs : RRSET_RECORDS_MAX);
}

/* items[0…count): one owner and class, sorted by the type they belong to. Makes their RRsets, still empty,
 * and notes for each record which one it goes to: sets[i] for rrs[i]. */
static void make_sets(
    const struct item *items, size_t count, const struct rr *rrs, struct rrset **sets, struct arena *a)
{
    struct rrset *lone = NULL; /* RRSIGs that cover nothing here */
    size_t lone_count = 0;
    for (size_t i = 0, end; i < count; i = end) {
        size_t sigs = 0;
        for (end = i; end < count && items[end].covers == items[i].covers; end++)
            sigs += items[end].rr->type == TYPE_RRSIG;
        struct rrset *s;
        if (sigs == end - i) {
            s = lone = lone ? lone : set_new(items[i].rr, TYPE_RRSIG, a);
            lone_count += sigs;
        } else {
            s = set_new(items[i].rr, items[i].covers, a);
            set_room(s, end - i - sigs, sigs, a);
        }
        for (size_t k = i; k < end; k++)
            sets[items[k].rr - rrs] = s;
    }
    if (lone)
        set_room(lone, lone_count, 0, a);
}

/* Adds the record to its set; false if the set is full. */
static bool put_record(struct rrset *s, const struct rr *rr)
{
    bool sig = rr->type == TYPE_RRSIG && s->type != TYPE_RRSIG;
    struct rdata *list = sig ? s->sigs : s->rdata;
    uint16_t *count = sig ? &s->sig_count : &s->count;
    uint32_t ttl = rr->ttl > TTL_WIRE_MAX ? 0 : rr->ttl; /* RFC 2181 8 */
    if (ttl < s->ttl)
        s->ttl = ttl;
    if (*count >= RRSET_RECORDS_MAX)
        return false;
    if (!has_rdata(list, *count, &rr->rdata))
        list[(*count)++] = rr->rdata;
    return true;
}

static uint16_t covered_type(const struct rr *rr)
{
    return rr->type == TYPE_RRSIG && rr->rdata.len >= 2 ? get_u16(rr->rdata.data) : rr->type;
}

static uint64_t hash_owner(const name_t *owner)
{
    /* No secret key: who makes hashes collide gains comparisons in a sort, not a quadratic loop. */
    static const struct hash_key key;
    name_t low[NAME_MAX_LEN];
    return hash_octets(&key, low, name_lower_copy(low, owner));
}

/* Sorted by class, owner, type covered; without OPT and TSIG. Returns their number. */
static size_t sort_records(struct item *items, const struct rr *rrs, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        const struct rr *rr = &rrs[i];
        if (rr->type == TYPE_OPT || rr->type == TYPE_TSIG)
            continue;
        bool again = n > 0 && items[n - 1].rr->owner == rr->owner; /* the parser shares repeated owners */
        items[n] = (struct item){.rr = rr,
            .owner_hash = again ? items[n - 1].owner_hash : hash_owner(rr->owner),
            .covers = covered_type(rr)};
        n++;
    }
    if (n > 1)
        qsort(items, n, sizeof *items, compare_items);
    return n;
}

void rrset_group(struct rrset_list *out, const struct rr *rrs, size_t count, struct arena *a, bool *overflow)
{
    *out = (struct rrset_list){0};
    *overflow = false;
    struct item *items = ARENA_ARRAY(a, struct item, count);
    struct rrset **sets = ARENA_ARRAY(a, struct rrset *, count);
    size_t n = sort_records(items, rrs, count);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && items[end].rr->class == items[i].rr->class; end++)
            if (compare_owners(&items[end], &items[i]) != 0)
                break;
        make_sets(items + i, end - i, rrs, sets, a);
    }
    for (size_t i = 0; i < count; i++) {
        struct rrset *s = sets[i];
        if (!s)
            continue;
        if (s->count == 0 && s->sig_count == 0)
            rrset_list_add(out, s, a);
        if (!put_record(s, &rrs[i]))
            *overflow = true;
    }
}
