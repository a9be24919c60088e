#include "reference_denial.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "dns/rrtype.h"
#include "sign_rrset.h"

enum { HASH_LEN = 20 };

/* One record, if it may speak at all. */
struct statement {
    bool nsec;
    const name_t *owner, *next; /* NSEC */
    uint8_t from[HASH_LEN];     /* NSEC3 */
    const uint8_t *to;          /* NSEC3 */
    uint8_t flags, salt_len;    /* NSEC3 */
    const uint8_t *salt;        /* NSEC3 */
    uint16_t iterations;        /* NSEC3 */
    const uint8_t *bitmap;
    size_t bitmap_len;
};

/* ---- reading ---- */

static bool read_nsec(const struct reference_evidence *e, const struct rrset *set, struct statement *s)
{
    const struct rdata *rd = &set->rdata[0];
    size_t n = name_check(rd->data, rd->len);
    *s = (struct statement){.nsec = true,
        .owner = set->owner,
        .next = rd->data,
        .bitmap = rd->data + n,
        .bitmap_len = rd->len - n};
    return n && name_is_within(set->owner, e->zone) && name_is_within(rd->data, e->zone);
}

static bool read_nsec3(const struct reference_evidence *e, const struct rrset *set, struct statement *s)
{
    const uint8_t *p = set->rdata[0].data, *end = p + set->rdata[0].len;
    if (end - p < 5 || p[0] != 1 || p[1] > 1 || end - p < 5 + p[4] + 1 + HASH_LEN || p[5 + p[4]] != HASH_LEN)
        return false;
    *s = (struct statement){.flags = p[1],
        .iterations = (uint16_t)(p[2] << 8 | p[3]),
        .salt_len = p[4],
        .salt = p + 5,
        .to = p + 5 + p[4] + 1};
    s->bitmap = s->to + HASH_LEN;
    s->bitmap_len = (size_t)(end - s->bitmap);
    if (set->owner[0] != 32 || !name_equal(set->owner + 33, e->zone))
        return false;
    for (unsigned i = 0; i < 32; i++) {
        static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
        const char *digit = memchr(digits, tolower(set->owner[1 + i]), 32);
        if (!digit)
            return false;
        for (unsigned bit = 0; bit < 5; bit++)
            if ((digit - digits) >> (4 - bit) & 1)
                s->from[(i * 5 + bit) / 8] |= (uint8_t)(0x80 >> (i * 5 + bit) % 8);
    }
    return true;
}

static bool made_of_wildcard(const struct rrset *set)
{
    unsigned labels = name_labels(set->owner) - (set->owner[0] == 1 && set->owner[1] == '*');
    for (unsigned i = 0; i < set->sig_count; i++)
        if (set->sigs[i].len > 18 && set->sigs[i].data[3] < labels)
            return true;
    return false;
}

/* The i-th record. */
static bool statement_at(const struct reference_evidence *e, size_t i, struct statement *s)
{
    const struct rrset *set = e->list->items[i];
    if (set->class != CLASS_IN || set->count != 1 || made_of_wildcard(set))
        return false;
    return set->type == TYPE_NSEC    ? read_nsec(e, set, s)
           : set->type == TYPE_NSEC3 ? read_nsec3(e, set, s)
                                     : false;
}

/* Calls it data if one of the bits of the map is such a type: `type`, or with TYPE_NONE any that is not the
 * chain's own. */
static bool find_type(const struct statement *s, uint16_t type)
{
    for (size_t at = 0; at + 2 <= s->bitmap_len; at += 2u + s->bitmap[at + 1])
        for (unsigned i = 0; i < s->bitmap[at + 1] * 8u && at + 2 + i / 8 < s->bitmap_len; i++) {
            unsigned found = s->bitmap[at] * 256u + i;
            if (!(s->bitmap[at + 2 + i / 8] >> (7 - i % 8) & 1))
                continue;
            if (type ? found == type : found != TYPE_RRSIG && found != TYPE_NSEC && found != TYPE_NXNAME)
                return true;
        }
    return false;
}

static bool has(const struct statement *s, uint16_t type)
{
    return find_type(s, type);
}

static bool has_data(const struct statement *s)
{
    return find_type(s, TYPE_NONE);
}

/* ---- what one statement says of one name ---- */

static void hash_of(const struct statement *s, const name_t *n, uint8_t out[HASH_LEN])
{
    sign_nsec3_hash(out, n, s->iterations, s->salt, s->salt_len);
}

static bool is_at(const struct statement *s, const name_t *n)
{
    uint8_t hash[HASH_LEN];
    if (s->nsec)
        return name_equal(s->owner, n);
    hash_of(s, n, hash);
    return memcmp(hash, s->from, HASH_LEN) == 0;
}

/* An empty non-terminal, as two neighbours show it. */
static bool shows_empty(const struct reference_evidence *e, const struct statement *s, const name_t *n)
{
    return s->nsec && name_is_within(n, e->zone) && name_compare(s->owner, n) < 0 &&
           name_is_within(s->next, n) && !name_equal(s->next, n);
}

/* The zone goes on elsewhere below the statement's owner, which is `n`. */
static bool ends_at(const struct reference_evidence *e, const struct statement *s, const name_t *n)
{
    bool apex = name_equal(n, e->zone) && has(s, TYPE_SOA);
    return has(s, TYPE_DNAME) || (has(s, TYPE_NS) && !apex);
}

static bool is_absent(const struct reference_evidence *e, const struct statement *s, const name_t *n)
{
    if (s->nsec) {
        bool below = name_is_within(n, s->owner);
        return name_is_within(n, e->zone) && name_compare(s->owner, n) < 0 &&
               (name_equal(s->next, e->zone) || name_compare(n, s->next) < 0) &&
               !name_is_within(s->next, n) && !(below && ends_at(e, s, s->owner));
    }
    uint8_t hash[HASH_LEN];
    hash_of(s, n, hash);
    int from_to = memcmp(s->from, s->to, HASH_LEN), from = memcmp(s->from, hash, HASH_LEN),
        to = memcmp(hash, s->to, HASH_LEN);
    if (from_to < 0)
        return from < 0 && to < 0;
    if (from_to > 0)
        return from < 0 || to < 0;
    return from != 0;
}

static bool is_no_name(const struct statement *s)
{
    return has(s, TYPE_NXNAME) && !has_data(s);
}

static bool lacks_type(
    const struct reference_evidence *e, const struct statement *s, const name_t *n, uint16_t type)
{
    bool apex = name_equal(n, e->zone);
    if (has(s, type) || has(s, TYPE_CNAME))
        return false;
    if (type == TYPE_DS)
        return !has(s, TYPE_SOA) || (apex && name_is_root(n));
    if (has(s, TYPE_NS) && !(apex && has(s, TYPE_SOA)))
        return false;
    return type != TYPE_ANY || !has_data(s);
}

/* ---- what several say together ---- */

static bool is_of(const struct statement *s, const struct statement *chain)
{
    if (s->nsec || chain->nsec)
        return s->nsec && chain->nsec;
    return s->iterations == chain->iterations && s->salt_len == chain->salt_len &&
           memcmp(s->salt, chain->salt, s->salt_len) == 0;
}

/* A question to each statement of a chain; returns REFERENCE_* of those that say yes. */
typedef unsigned ask_fn(
    const struct reference_evidence *e, const struct statement *s, const name_t *n, unsigned arg);

static unsigned any(const struct reference_evidence *e, const struct statement *chain, ask_fn *ask,
    const name_t *n, unsigned arg)
{
    unsigned found = 0;
    struct statement s;
    for (size_t i = 0; i < e->list->count; i++)
        if (statement_at(e, i, &s) && is_of(&s, chain))
            found |= ask(e, &s, n, arg);
    return found;
}

static unsigned ask_absent(
    const struct reference_evidence *e, const struct statement *s, const name_t *n, unsigned arg)
{
    if (!is_absent(e, s, n))
        return 0;
    return s->flags & 1 ? REFERENCE_OPT_OUT : REFERENCE_PROVEN;
}

static unsigned ask_no_name(
    const struct reference_evidence *e, const struct statement *s, const name_t *n, unsigned arg)
{
    return is_at(s, n) && is_no_name(s);
}

static unsigned ask_no_type(
    const struct reference_evidence *e, const struct statement *s, const name_t *n, unsigned type)
{
    return shows_empty(e, s, n) || (is_at(s, n) && lacks_type(e, s, n, (uint16_t)type));
}

static unsigned ask_encloses(
    const struct reference_evidence *e, const struct statement *s, const name_t *n, unsigned arg)
{
    if (s->nsec)
        return name_equal(n, e->zone) || name_is_within(s->owner, n) || name_is_within(s->next, n);
    return is_at(s, n) && !ends_at(e, s, n);
}

static unsigned ask_there(
    const struct reference_evidence *e, const struct statement *s, const name_t *n, unsigned arg)
{
    return is_at(s, n) || shows_empty(e, s, n);
}

static unsigned ask_cut(
    const struct reference_evidence *e, const struct statement *s, const name_t *n, unsigned arg)
{
    if (shows_empty(e, s, n))
        return REFERENCE_NO_CUT;
    if (!is_at(s, n) || has(s, TYPE_DS) || has(s, TYPE_SOA))
        return 0;
    return has(s, TYPE_NS) ? REFERENCE_CUT : REFERENCE_NO_CUT;
}

static const name_t *wildcard_of(const name_t *encloser, name_t out[NAME_MAX_LEN])
{
    out[0] = 1;
    out[1] = '*';
    name_copy(out + 2, encloser);
    return out;
}

/* ---- the proofs, by one chain ---- */

struct asked {
    const name_t *name;
    uint16_t type;
    unsigned labels;
};

typedef unsigned proof_fn(
    const struct reference_evidence *e, const struct statement *chain, const struct asked *q);

static unsigned by_nxdomain(
    const struct reference_evidence *e, const struct statement *chain, const struct asked *q)
{
    unsigned found = any(e, chain, ask_no_name, q->name, 0) ? REFERENCE_PROVEN : 0;
    unsigned labels = name_labels(q->name), top = name_labels(e->zone);
    for (unsigned up = 1; labels >= top + up; up++) {
        name_t wild[NAME_MAX_LEN];
        const name_t *encloser = name_parent(q->name, up);
        if (!any(e, chain, ask_encloses, encloser, 0))
            continue;
        wildcard_of(encloser, wild);
        if (any(e, chain, ask_absent, wild, 0) || any(e, chain, ask_no_name, wild, 0))
            found |= any(e, chain, ask_absent, name_parent(q->name, up - 1), 0);
    }
    return found;
}

static unsigned by_nodata(
    const struct reference_evidence *e, const struct statement *chain, const struct asked *q)
{
    unsigned found = any(e, chain, ask_no_type, q->name, q->type) ? REFERENCE_PROVEN : 0;
    unsigned labels = name_labels(q->name), top = name_labels(e->zone);
    for (unsigned up = 1; labels >= top + up; up++) {
        name_t wild[NAME_MAX_LEN];
        const name_t *encloser = name_parent(q->name, up);
        if (!any(e, chain, ask_encloses, encloser, 0))
            continue;
        wildcard_of(encloser, wild);
        unsigned absent = any(e, chain, ask_absent, name_parent(q->name, up - 1), 0);
        if (any(e, chain, ask_no_type, wild, q->type) && !any(e, chain, ask_no_name, wild, 0))
            found |= absent;
        if (q->type == TYPE_DS || !any(e, chain, ask_there, wild, 0))
            found |= absent & REFERENCE_OPT_OUT;
    }
    return found;
}

static unsigned by_wildcard(
    const struct reference_evidence *e, const struct statement *chain, const struct asked *q)
{
    return any(e, chain, ask_absent, name_parent(q->name, name_labels(q->name) - q->labels - 1), 0);
}

static unsigned by_ds(
    const struct reference_evidence *e, const struct statement *chain, const struct asked *q)
{
    unsigned found = any(e, chain, ask_cut, q->name, 0);
    unsigned labels = name_labels(q->name), top = name_labels(e->zone);
    for (unsigned up = 1; labels >= top + up; up++) {
        if (!any(e, chain, ask_encloses, name_parent(q->name, up), 0))
            continue;
        unsigned absent = any(e, chain, ask_absent, name_parent(q->name, up - 1), 0);
        found |= (absent & REFERENCE_PROVEN ? REFERENCE_NO_CUT : 0) |
                 (absent & REFERENCE_OPT_OUT ? REFERENCE_CUT : 0);
    }
    return found;
}

/* ---- by any chain ---- */

/* Was its chain asked already, by the record at an earlier place? */
static bool is_known(const struct reference_evidence *e, size_t at, const struct statement *s)
{
    struct statement earlier;
    for (size_t i = 0; i < at; i++)
        if (statement_at(e, i, &earlier) && is_of(&earlier, s))
            return true;
    return false;
}

static unsigned by_all(const struct reference_evidence *e, proof_fn *proof, const struct asked *q)
{
    unsigned found = 0;
    bool deep = false, usable = false;
    struct statement s;
    for (size_t i = 0; i < e->list->count; i++) {
        if (!statement_at(e, i, &s))
            continue;
        if (!s.nsec && s.iterations > e->iterations_max) {
            deep = true;
            continue;
        }
        usable = true;
        if (!is_known(e, i, &s))
            found |= proof(e, &s, q);
    }
    return found | (deep && !usable ? REFERENCE_DEEP : 0);
}

unsigned reference_nxdomain(const struct reference_evidence *e, const name_t *name)
{
    struct asked q = {.name = name};
    return name_is_within(name, e->zone) ? by_all(e, by_nxdomain, &q) : 0;
}

unsigned reference_nodata(const struct reference_evidence *e, const name_t *name, uint16_t type)
{
    struct asked q = {.name = name, .type = type};
    return name_is_within(name, e->zone) ? by_all(e, by_nodata, &q) : 0;
}

unsigned reference_wildcard(const struct reference_evidence *e, const name_t *name, unsigned labels)
{
    struct asked q = {.name = name, .labels = labels};
    if (!name_is_within(name, e->zone) || labels < name_labels(e->zone) || labels >= name_labels(name))
        return 0;
    return by_all(e, by_wildcard, &q);
}

unsigned reference_ds(const struct reference_evidence *e, const name_t *name)
{
    struct asked q = {.name = name};
    bool below = name_is_within(name, e->zone) && !name_equal(name, e->zone);
    return below ? by_all(e, by_ds, &q) : 0;
}
