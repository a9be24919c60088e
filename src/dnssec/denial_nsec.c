/* What a chain of NSEC says of a name (RFC 4035 5.4, RFC 6840 4). */
#include "dnssec/denial_inner.h"

static struct standing there(const struct denial_record *r)
{
    return (struct standing){
        .kind = STANDING_THERE, .types = r->types, .types_len = r->types_len, .at_apex = r->at_apex};
}

struct standing nsec_standing(struct chain *c, const name_t *name)
{
    struct standing s = {.kind = STANDING_UNKNOWN};
    unsigned deepest = 0, labels = name_labels(name);
    for (unsigned i = 0; i < c->count; i++) {
        const struct denial_record *r = c->records[i];
        if (name_equal(r->owner, name))
            return there(r);
        if (!nsec_covers(r->owner, r->next, name, c->p->zone))
            continue;
        if (name_is_within(name, r->owner) && types_end_zone(r->types, r->types_len, r->at_apex)) {
            s.forbidden = true;
            continue;
        }
        if (s.kind == STANDING_EMPTY)
            continue;
        if (name_is_within(r->next, name)) {
            s.kind = STANDING_EMPTY;
            continue;
        }
        /* Owner and next name exist, so all their ancestors do. */
        unsigned by_owner = name_common_labels(name, r->owner), by_next = name_common_labels(name, r->next);
        unsigned common = by_owner > by_next ? by_owner : by_next;
        if (s.kind == STANDING_ABSENT && common <= deepest)
            continue;
        deepest = common;
        s.kind = STANDING_ABSENT;
        s.closest = name_parent(name, labels - common);
    }
    return s;
}

struct standing nsec_wildcard_standing(struct chain *c, const name_t *wildcard)
{
    return nsec_standing(c, wildcard);
}

bool nsec_next_closer_absent(struct chain *c, const name_t *name, unsigned labels, bool *opt_out)
{
    struct standing s = nsec_standing(c, name);
    *opt_out = false;
    return s.kind == STANDING_ABSENT && name_labels(s.closest) <= labels;
}
