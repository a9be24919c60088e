/* Proofs of denial (threat P16), beside fuzz_denial with a second implementation. The octets make a zone, of
 * which some of the chain is shown, or records of whatever kind; then names are asked. What is concluded must
 * be so in the zone that the records are of, and a second implementation must agree: with records of one zone
 * in both directions, with any others in one. */
#include <assert.h>
#include <string.h>

#include "base/cursor.h"
#include "defs/limits.h"
#include "dns/rrtype.h"
#include "dnssec/denial.h"
#include "reference_denial.h"
#include "sign_zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { NODES_MAX = 12, RECORDS_MAX = 12, QUESTIONS_MAX = 16, LABELS_MAX = 4 };
enum { MODE_ANY = 1, MODE_NSEC3 = 2, MODE_OPT_OUT = 4, MODE_SALT = 8, MODE_ALL = 16, MODE_ROOT = 32 };

static const name_t ZONE[] = "\7example";

/* ---- octets into names and types ---- */

static const name_t *read_name(struct reader *r, const name_t *zone, struct arena *a)
{
    static const char *const labels[8] = {"a", "b", "*", "z", "A", "bb", "\1", "c"};
    uint8_t *n = arena_alloc(a, NAME_MAX_LEN);
    unsigned octets = read_u16(r), count = octets & 3;
    size_t len = 0;
    for (unsigned i = 0; i < count; i++) {
        const char *label = labels[octets >> (2 + 3 * i) & 7];
        n[len++] = (uint8_t)strlen(label);
        memcpy(n + len, label, strlen(label));
        len += strlen(label);
    }
    name_copy(n + len, zone);
    return n;
}

static const uint16_t TYPES[8] = {
    TYPE_A, TYPE_NS, TYPE_SOA, TYPE_CNAME, TYPE_DS, TYPE_DNAME, TYPE_NXNAME, TYPE_TXT};

static struct rrset *new_set(const name_t *owner, uint16_t type, const uint8_t *rd, size_t n, struct arena *a)
{
    struct rrset *s = ARENA_NEW(a, struct rrset);
    *s = (struct rrset){.owner = owner, .type = type, .class = CLASS_IN, .ttl = 3600};
    rrset_add(s, (struct rdata){.data = arena_copy(a, rd, n), .len = (uint16_t)n}, a);
    return s;
}

/* ---- a zone ---- */

static struct sign_zone *make_zone(
    struct reader *r, unsigned mode, const struct sign_key *key, struct arena *a)
{
    static const uint8_t soa[] = "\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\1"; /* and a zero */
    const name_t *zone = mode & MODE_ROOT ? NAME_ROOT : ZONE;
    struct rrset_list sets = {0};
    rrset_list_add(&sets, new_set(zone, TYPE_SOA, soa, sizeof soa, a), a);
    rrset_list_add(&sets, new_set(zone, TYPE_NS, soa, 1, a), a);
    unsigned count = read_u8(r) % NODES_MAX;
    for (unsigned i = 0; i < count; i++) {
        const name_t *name = read_name(r, zone, a);
        unsigned mask = read_u8(r);
        /* a delegation has no data of its own, an alias nothing else; only a cut has DS */
        bool apex = name_equal(name, zone), cut = mask & 2 && !apex, alias = mask & 8 && !cut && !apex;
        for (unsigned t = 0; t < 8; t++) {
            uint16_t type = TYPES[t];
            bool may = type == TYPE_A || type == TYPE_TXT || (type == TYPE_DNAME && !apex);
            may = cut ? type == TYPE_NS || type == TYPE_DS : alias ? type == TYPE_CNAME : may;
            bool other = false;
            for (size_t k = 0; k < sets.count; k++)
                other |= name_equal(sets.items[k]->owner, name) &&
                         (cut || alias || sets.items[k]->type == TYPE_NS ||
                             sets.items[k]->type == TYPE_CNAME || sets.items[k]->type == type) &&
                         !(cut && type == TYPE_DS && sets.items[k]->type == TYPE_NS) && !apex;
            if (mask >> t & 1 && may && !other && !(apex && rrset_list_find(&sets, name, type)))
                rrset_list_add(&sets, new_set(name, type, soa, 1, a), a);
        }
    }
    return sign_zone_new(&(struct sign_zone_plan){.origin = mode & MODE_ROOT ? "." : "example.",
        .sets = &sets,
        .chain_only = true,
        .ksk = key,
        .denial = mode & MODE_NSEC3 ? SIGN_NSEC3 : SIGN_NSEC,
        .opt_out = mode & MODE_OPT_OUT,
        .salt_len = mode & MODE_SALT ? 4 : 0,
        .salt = {1, 2, 3, 4}});
}

/* ---- what is so in it ---- */

enum place { PLACE_HERE, PLACE_GONE, PLACE_OUTSIDE /* below a cut or a DNAME */ };

struct walk {
    enum place place;
    const struct sign_node *node; /* HERE */
    const name_t *encloser;       /* GONE */
};

/* seen: only what has its place in the chain; opt-out leaves out unsigned delegations. */
static const struct sign_node *node_of(const struct sign_zone *z, const name_t *name, bool seen)
{
    const struct sign_node *node = sign_zone_node(z, name);
    if (!node || node->hidden || !seen || z->plan.denial != SIGN_NSEC3)
        return node && !node->hidden ? node : NULL;
    for (size_t i = 0; i < z->link_count; i++)
        if (z->links[i].node == node)
            return node;
    return NULL;
}

static struct walk walk_to(const struct sign_zone *z, const name_t *name, bool seen)
{
    struct walk w = {.place = PLACE_HERE, .encloser = z->origin};
    unsigned top = name_labels(z->origin), labels = name_labels(name);
    for (unsigned l = top; l <= labels; l++) {
        const name_t *at = name_parent(name, labels - l);
        w.node = node_of(z, at, seen);
        if (!w.node) {
            w.place = PLACE_GONE;
            return w;
        }
        if (l < labels && (w.node->cut || rrset_list_find(&w.node->sets, NULL, TYPE_DNAME))) {
            w.place = PLACE_OUTSIDE;
            return w;
        }
        w.encloser = at;
    }
    return w;
}

static const struct sign_node *wildcard_of(const struct sign_zone *z, const struct walk *w, bool seen)
{
    name_t wild[NAME_MAX_LEN + 2] = {1, '*'};
    name_copy(wild + 2, w->encloser);
    return node_of(z, wild, seen);
}

static bool lacks(const struct sign_zone *z, const struct sign_node *node, uint16_t type)
{
    if (rrset_list_find(&node->sets, NULL, type) || rrset_list_find(&node->sets, NULL, TYPE_CNAME))
        return false;
    if (type == TYPE_DS)
        return !name_equal(node->name, z->origin) || name_is_root(z->origin);
    return !node->cut && (type != TYPE_ANY || node->sets.count == 0);
}

static bool is_no_name(const struct sign_zone *z, const name_t *name, bool seen)
{
    struct walk w = walk_to(z, name, seen);
    return w.place == PLACE_GONE && !wildcard_of(z, &w, seen);
}

static bool is_no_data(const struct sign_zone *z, const name_t *name, uint16_t type, bool seen)
{
    struct walk w = walk_to(z, name, seen);
    if (w.place != PLACE_GONE)
        return w.place == PLACE_HERE && lacks(z, w.node, type);
    const struct sign_node *wild = wildcard_of(z, &w, seen);
    /* In an opt-out span that is all: there may be an unsigned delegation, which hides the wildcard. */
    return seen || (wild && lacks(z, wild, type));
}

/* ---- questions ---- */

struct asked {
    struct proofs p;
    struct reference_evidence e;
    const struct sign_zone *truth; /* NULL: records of no zone */
};

static struct proofs fresh(struct asked *q, struct budget *budget)
{
    *budget = (struct budget){0};
    struct proofs p = q->p;
    p.budget = budget;
    return p;
}

/* Agreement with the second implementation. */
static void agree(
    const struct asked *q, const struct denial_result *r, unsigned reference, const struct budget *b)
{
    assert(b->hashes <= VALIDATION_HASHES_MAX);
    unsigned proven = reference & (REFERENCE_PROVEN | REFERENCE_OPT_OUT);
    assert((r->denial == DENIAL_NONE) ==
           (r->fault.kind != FAULT_NONE && r->denial != DENIAL_INSECURE && r->denial != DENIAL_SPENT));
    if (r->denial == DENIAL_PROVEN)
        assert(reference & REFERENCE_PROVEN);
    else if (r->denial == DENIAL_OPT_OUT)
        assert(proven);
    else if (r->denial == DENIAL_INSECURE)
        assert(reference & REFERENCE_DEEP);
    else if (r->denial == DENIAL_NONE)
        assert(!(reference & REFERENCE_DEEP) && (!q->truth || !proven));
    else
        assert(b->hashes == VALIDATION_HASHES_MAX);
}

static void ask_nxdomain(struct asked *q, const name_t *name)
{
    struct budget b;
    struct proofs p = fresh(q, &b);
    struct denial_result r = denial_nxdomain(&p, name);
    agree(q, &r, reference_nxdomain(&q->e, name), &b);
    if (!q->truth || (r.denial != DENIAL_PROVEN && r.denial != DENIAL_OPT_OUT))
        return;
    bool seen = r.denial == DENIAL_OPT_OUT;
    assert(is_no_name(q->truth, name, seen) && !r.no_name);
    const name_t *encloser = walk_to(q->truth, name, seen).encloser;
    assert(name_equal(r.closest, encloser));
}

static void ask_nodata(struct asked *q, const name_t *name, uint16_t type)
{
    struct budget b;
    struct proofs p = fresh(q, &b);
    struct denial_result r = denial_nodata(&p, name, type);
    agree(q, &r, reference_nodata(&q->e, name, type), &b);
    if (!q->truth || (r.denial != DENIAL_PROVEN && r.denial != DENIAL_OPT_OUT))
        return;
    bool seen = r.denial == DENIAL_OPT_OUT;
    struct walk w = walk_to(q->truth, name, seen);
    assert(is_no_data(q->truth, name, type, seen) && !r.no_name);
    assert(w.place == PLACE_GONE || (!r.wildcard && r.empty == (w.node->sets.count == 0)));
    assert(w.place == PLACE_HERE || seen || r.wildcard);
    assert(w.place == PLACE_HERE || name_equal(r.closest, w.encloser));
}

static void ask_wildcard(struct asked *q, const name_t *name, unsigned labels)
{
    struct budget b;
    struct proofs p = fresh(q, &b);
    struct denial_result r = denial_wildcard(&p, name, labels);
    agree(q, &r, reference_wildcard(&q->e, name, labels), &b);
    if (!q->truth || (r.denial != DENIAL_PROVEN && r.denial != DENIAL_OPT_OUT))
        return;
    const name_t *closer = name_parent(name, name_labels(name) - labels - 1);
    struct walk w = walk_to(q->truth, closer, r.denial == DENIAL_OPT_OUT);
    /* A hash says nothing of what lies above it; but there no wildcard could have been signed. */
    assert(w.place == PLACE_GONE || (w.place == PLACE_OUTSIDE && q->truth->plan.denial == SIGN_NSEC3));
}

static void ask_ds(struct asked *q, const name_t *name)
{
    struct budget b;
    struct denial_result r;
    struct proofs p = fresh(q, &b);
    unsigned reference = reference_ds(&q->e, name);
    enum cut_denial cut = denial_ds(&p, name, &r);
    assert(b.hashes <= VALIDATION_HASHES_MAX);
    if (cut == CUT_INSECURE)
        assert(reference & (REFERENCE_CUT | REFERENCE_DEEP));
    else if (cut == CUT_NONE)
        assert(reference & REFERENCE_NO_CUT);
    else
        assert(r.denial == DENIAL_SPENT || (!(reference & REFERENCE_DEEP) && (!q->truth || !reference)));
    if (!q->truth || cut == CUT_UNPROVEN)
        return;
    struct walk all = walk_to(q->truth, name, false), seen = walk_to(q->truth, name, true);
    bool is_cut = all.place == PLACE_HERE && all.node->cut;
    if (cut == CUT_NONE)
        assert(all.place != PLACE_OUTSIDE && !is_cut);
    else
        assert((is_cut && !rrset_list_find(&all.node->sets, NULL, TYPE_DS)) ||
               (q->truth->plan.opt_out && seen.place == PLACE_GONE));
}

static void ask_all(struct asked *q, struct reader *r)
{
    for (unsigned i = 0; i < QUESTIONS_MAX && (i == 0 || reader_left(r)); i++) {
        const name_t *name = read_name(r, q->p.zone, q->p.arena);
        unsigned type = read_u8(r);
        ask_nxdomain(q, name);
        ask_nodata(q, name, type & 8 ? TYPE_ANY : TYPES[type & 7]);
        ask_nodata(q, name, TYPE_DS);
        ask_nodata(q, name, TYPE_A);
        ask_wildcard(q, name, type >> 4 & 7);
        ask_ds(q, name);
    }
}

/* ---- records of no zone ---- */

static void read_salted(
    struct reader *r, const name_t *zone, struct writer *w, uint8_t hash[20], struct arena *a)
{
    unsigned how = read_u8(r);
    static const uint8_t salt[] = {7, 8};
    static const uint8_t iterations[8] = {0, 0, 0, 0, 0, 1, 50, 51};
    write_u8(w, how & 1 ? 1 : (uint8_t)(1 + (how >> 6 == 3)));
    write_u8(w, how >> 1 & 1);
    write_u16(w, iterations[how >> 2 & 7]);
    write_u8(w, how >> 5 & 1 ? sizeof salt : 0);
    write_octets(w, salt, how >> 5 & 1 ? sizeof salt : 0);
    sign_nsec3_hash(
        hash, read_name(r, zone, a), iterations[how >> 2 & 7], salt, how >> 5 & 1 ? sizeof salt : 0);
    hash[19] = (uint8_t)(hash[19] - (how >> 7));
}

static struct rrset *read_record(struct reader *r, const name_t *zone, struct arena *a)
{
    uint8_t rd[1024], hash[20];
    struct writer w = writer_of(rd, sizeof rd);
    unsigned kind = read_u8(r);
    const name_t *owner = read_name(r, kind & 4 ? NAME_ROOT : zone, a);
    if (kind & 1) {
        struct text t;
        char label[40];
        read_salted(r, zone, &w, hash, a);
        text_init_fixed(&t, label, sizeof label);
        text_base32hex(&t, hash, sizeof hash);
        uint8_t *n = arena_alloc(a, NAME_MAX_LEN);
        n[0] = (uint8_t)t.len;
        memcpy(n + 1, label, t.len);
        name_copy(n + 1 + t.len, kind & 4 ? owner : zone);
        owner = n;
        uint16_t span = read_u16(r);
        hash[span & 1 ? 19 : 0] = (uint8_t)(hash[span & 1 ? 19 : 0] + (span >> 8) + 1);
        write_u8(&w, kind & 128 ? 3 : 20);
        write_octets(&w, hash, kind & 128 ? 3 : 20);
    } else {
        const name_t *next = read_name(r, kind & 8 ? NAME_ROOT : zone, a);
        write_octets(&w, next, name_len(next));
    }
    uint16_t types[9] = {TYPE_RRSIG};
    size_t count = kind & 16 ? 1 : 0;
    unsigned mask = read_u8(r);
    for (unsigned t = 0; t < 8; t++)
        if (mask >> t & 1)
            types[count++] = TYPES[t];
    size_t n = w.pos + sign_typemap(rd + w.pos, sizeof rd - w.pos, types, count);
    struct rrset *s = new_set(owner, kind & 1 ? TYPE_NSEC3 : TYPE_NSEC, rd, n, a);
    if ((kind & 96) == 96) {
        uint8_t sig[20] = {0, 0, 15, read_u8(r) % 4};
        s->sigs = ARENA_NEW(a, struct rdata);
        s->sigs[0] = (struct rdata){.data = arena_copy(a, sig, sizeof sig), .len = sizeof sig};
        s->sig_count = 1;
    }
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct arena a;
    struct reader r = reader_of(data, len);
    struct rrset_list list = {0};
    struct dnssec_policy policy;
    arena_init(&a);
    dnssec_policy_default(&policy);
    unsigned mode = read_u8(&r);
    struct asked q = {
        .p = {.zone = mode & MODE_ROOT ? NAME_ROOT : ZONE, .list = &list, .policy = &policy, .arena = &a}};
    q.e = (struct reference_evidence){
        .zone = q.p.zone, .list = &list, .iterations_max = policy.nsec3_iterations_max};
    struct sign_key *key = sign_key_new_fake(SIGN_KSK, 15, 1);
    struct sign_zone *zone = NULL;
    if (mode & MODE_ANY) {
        for (unsigned count = read_u8(&r) % RECORDS_MAX; count > 0 && reader_left(&r); count--)
            rrset_list_add(&list, read_record(&r, q.p.zone, &a), &a);
    } else {
        q.truth = zone = make_zone(&r, mode, key, &a);
        unsigned shown = mode & MODE_ALL ? UINT16_MAX : read_u16(&r);
        for (size_t i = 0; i < zone->link_count; i++)
            if (i >= 16 || shown >> i & 1)
                rrset_list_add(&list, zone->links[i].set, &a);
    }
    ask_all(&q, &r);
    sign_zone_free(zone);
    sign_key_free(key);
    arena_fini(&a);
    return 0;
}
