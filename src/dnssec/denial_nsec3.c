/* What a chain of NSEC3 says of a name (RFC 5155 8). */
#include <string.h>

#include "dnssec/denial_inner.h"

/* ---- hashes, paid and remembered ---- */

struct hashed {
    struct hashed *older;
    const struct nsec3 *param;
    const name_t *name;
    uint8_t hash[NSEC3_HASH_LEN];
};

bool nsec3_same_parameters(const struct nsec3 *a, const struct nsec3 *b)
{
    return a->iterations == b->iterations && a->salt_len == b->salt_len &&
           (a->salt_len == 0 || memcmp(a->salt, b->salt, a->salt_len) == 0);
}

/* NULL: the budget is used up (CVE-2023-50868). */
static const uint8_t *hash_of(struct chain *c, const name_t *name)
{
    struct proofs *p = c->p;
    for (const struct hashed *h = p->hashed; h; h = h->older)
        if (name_equal(h->name, name) && nsec3_same_parameters(h->param, c->param))
            return h->hash;
    if (p->budget->hashes >= VALIDATION_HASHES_MAX) {
        c->spent = true;
        return NULL;
    }
    p->budget->hashes++;
    struct hashed *h = ARENA_NEW(p->arena, struct hashed);
    h->older = p->hashed;
    h->param = arena_copy(p->arena, c->param, sizeof *c->param);
    h->name = name_dup(name, p->arena);
    nsec3_hash(name, c->param, h->hash);
    p->hashed = h;
    return h->hash;
}

/* ---- one name ---- */

/* Strictly between owner and next; the last of a chain has the first as its next (RFC 5155 8). */
static bool hash_is_covered(const struct denial_record *r, const uint8_t hash[NSEC3_HASH_LEN])
{
    bool after = memcmp(r->hash, hash, NSEC3_HASH_LEN) < 0;
    bool before = memcmp(hash, r->n3.next, NSEC3_HASH_LEN) < 0;
    bool last = memcmp(r->hash, r->n3.next, NSEC3_HASH_LEN) >= 0;
    return last ? after || before : after && before;
}

enum probe { PROBE_NONE = 0, PROBE_UNKNOWN, PROBE_MATCHED, PROBE_COVERED };

struct probed {
    enum probe probe;
    const struct denial_record *record; /* MATCHED, COVERED */
};

static struct probed probe_name(struct chain *c, const name_t *name)
{
    struct probed found = {.probe = PROBE_UNKNOWN};
    const uint8_t *hash = hash_of(c, name);
    for (unsigned i = 0; hash && i < c->count; i++) {
        const struct denial_record *r = c->records[i];
        if (memcmp(r->hash, hash, NSEC3_HASH_LEN) == 0)
            return (struct probed){.probe = PROBE_MATCHED, .record = r};
        /* A span without opt-out says more than one with it. */
        if (hash_is_covered(r, hash) && (found.probe == PROBE_UNKNOWN || !(r->n3.flags & NSEC3_FLAG_OPT_OUT)))
            found = (struct probed){.probe = PROBE_COVERED, .record = r};
    }
    return found;
}

static struct standing standing_of(const struct probed *found, bool at_apex)
{
    const struct denial_record *r = found->record;
    struct standing s = {.kind = STANDING_UNKNOWN};
    if (found->probe == PROBE_MATCHED)
        s = (struct standing){
            .kind = STANDING_THERE, .types = r->types, .types_len = r->types_len, .at_apex = at_apex};
    else if (found->probe == PROBE_COVERED)
        s = (struct standing){.kind = STANDING_ABSENT, .opt_out = r->n3.flags & NSEC3_FLAG_OPT_OUT};
    return s;
}

/* ---- the closest encloser ---- */

/* Ancestors of the name by depth below the zone: 0 is the zone itself, `depth` the name. Wanted is a depth
 * that is matched while the next one is covered (RFC 5155 8.3). Hashing all of 112 ancestors would be the
 * attack of CVE-2023-50868, so: existence is monotone, a match says that the encloser is no higher, a cover
 * that it is lower. While the records answer every probe (a small zone's do) the interval is halved; else it
 * is eaten from both ends, for enclosers are mostly near one. */
struct search {
    struct chain *chain;
    const name_t *name;
    unsigned depth;
    unsigned low, high; /* the encloser is at or below low, and above high */
    struct probed at[NAME_MAX_LABELS + 1];
};

static enum probe search_probe(struct search *s, unsigned depth)
{
    struct probed *at = &s->at[depth];
    if (at->probe == PROBE_NONE)
        *at = probe_name(s->chain, name_parent(s->name, s->depth - depth));
    if (at->probe == PROBE_MATCHED && depth > s->low)
        s->low = depth;
    if (at->probe == PROBE_COVERED && depth < s->high)
        s->high = depth;
    return at->probe;
}

static bool search_is_over(const struct search *s)
{
    return s->chain->spent || s->low + 1 >= s->high;
}

static void search_halve(struct search *s)
{
    while (!search_is_over(s) && s->high - s->low > 3)
        if (search_probe(s, s->low + (s->high - s->low) / 2) == PROBE_UNKNOWN)
            return;
}

static void search_from_ends(struct search *s)
{
    unsigned top = s->low, bottom = s->high; /* what is not asked yet lies from top to before bottom */
    while (top < bottom && !search_is_over(s)) {
        search_probe(s, --bottom); /* first: most names lack one label alone */
        if (top < bottom && !search_is_over(s))
            search_probe(s, top++);
        top = top > s->low ? top : s->low;
        bottom = bottom < s->high ? bottom : s->high;
    }
}

/* Returns whether low is the closest encloser, proven. */
static bool search_run(struct search *s)
{
    s->low = 0;
    s->high = s->depth + 1;
    search_probe(s, s->depth);
    search_halve(s);
    search_from_ends(s);
    return !s->chain->spent && s->low + 1 == s->high && s->high <= s->depth &&
           search_probe(s, s->low) == PROBE_MATCHED && s->at[s->high].probe == PROBE_COVERED;
}

/* ---- standing ---- */

struct standing nsec3_standing(struct chain *c, const name_t *name)
{
    struct standing unknown = {.kind = STANDING_UNKNOWN};
    unsigned depth = name_labels(name) - name_labels(c->p->zone);
    struct search s = {.chain = c, .name = name, .depth = depth};
    s.at[depth] = probe_name(c, name);
    if (s.at[depth].probe == PROBE_MATCHED)
        return standing_of(&s.at[depth], depth == 0);
    if (!search_run(&s))
        return unknown;
    const struct denial_record *encloser = s.at[s.low].record;
    if (types_end_zone(encloser->types, encloser->types_len, s.low == 0)) {
        unknown.forbidden = true;
        return unknown;
    }
    struct standing absent = standing_of(&s.at[s.high], false);
    absent.closest = name_parent(name, depth - s.low);
    return absent;
}

struct standing nsec3_wildcard_standing(struct chain *c, const name_t *wildcard)
{
    struct probed found = probe_name(c, wildcard);
    struct standing s = standing_of(&found, false);
    s.closest = name_parent(wildcard, 1);
    return s;
}

bool nsec3_next_closer_absent(struct chain *c, const name_t *name, unsigned labels, bool *opt_out)
{
    struct probed found = probe_name(c, name_parent(name, name_labels(name) - labels - 1));
    *opt_out = found.probe == PROBE_COVERED && (found.record->n3.flags & NSEC3_FLAG_OPT_OUT);
    return found.probe == PROBE_COVERED;
}
