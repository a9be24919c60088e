/* How zones of the tree are signed. The signatures are fakes (tests/sign/sign_key.h), the rest is real. */
#include <string.h>

#include "tree.h"

#define HOUR_S 3600

void zone_choose_signing(struct zone *z, const struct tree_plan *plan, struct dice *d)
{
    static const enum sign_denial denials[] = {SIGN_NSEC, SIGN_NSEC, SIGN_NSEC3, SIGN_NSEC3, SIGN_COMPACT};
    static const uint32_t validities[] = {600, HOUR_S, 14 * 24 * HOUR_S};
    bool wanted = plan->sign_percent > 0 && (z->depth < 2 || chance(d, plan->sign_percent));
    z->key = sign_key_new_fake(SIGN_KSK, chance(d, 50) ? 13 : 15, z->index);
    z->other_key = sign_key_new_fake(SIGN_KSK, z->key->algorithm, z->index + 1000);
    z->is_signed = wanted && chance(d, z->depth < 2 ? 90 : 97);
    z->validity_s = ONE_OF(d, validities);
    z->ds_kind = wanted && chance(d, z->depth < 2 ? 97 : 85) ? DS_OF_KEY : DS_OF_NONE;
    if (plan->sign_percent > 0 && chance(d, 4))
        z->ds_kind = DS_OF_UNSUPPORTED;
    if (wanted && z->depth > 0 && chance(d, plan->spoil_percent)) {
        if (chance(d, 20))
            z->ds_kind = DS_OF_OTHER_KEY;
        else
            z->spoil = (enum spoil)between(d, 1, SPOIL_COUNT - 1);
    }
    z->anchored = z->is_signed && (!z->parent || chance(d, 4));
    z->distrusted = z->depth > 0 && chance(d, 3);
    z->signing = (struct sign_zone_plan){.denial = ONE_OF(d, denials), .chain_only = true};
    if (z->signing.denial == SIGN_NSEC3) {
        static const uint16_t iterations[] = {0, 0, 0, 1, 10};
        z->signing.iterations = ONE_OF(d, iterations);
        z->signing.salt_len = chance(d, 30) ? 4 : 0;
        z->signing.opt_out = chance(d, 35);
    }
}

void zone_forget_keys(struct zone *z)
{
    sign_key_free(z->key);
    sign_key_free(z->other_key);
    sign_zone_free(z->chain);
}

enum trusted zone_trust(const struct zone *z)
{
    enum trusted broken = z->is_signed && z->spoil == SPOIL_NONE ? TRUSTED_SECURE : TRUSTED_BROKEN;
    if (z->distrusted)
        return TRUSTED_INSECURE;
    if (z->anchored)
        return broken;
    if (!z->parent)
        return TRUSTED_INSECURE;
    enum trusted above = zone_trust(z->parent);
    if (above != TRUSTED_SECURE)
        return above;
    switch (z->ds_kind) {
    case DS_OF_KEY:
        return broken;
    case DS_OF_OTHER_KEY:
        return TRUSTED_BROKEN;
    default:
        return TRUSTED_INSECURE;
    }
}

struct rdata zone_key_rdata(const struct zone *z)
{
    return z->key->dnskey;
}

struct rdata zone_ds_rdata(const struct zone *z, struct arena *a)
{
    struct rdata rd = sign_key_ds(z->ds_kind == DS_OF_OTHER_KEY ? z->other_key : z->key, z->name, 2, a);
    if (z->ds_kind == DS_OF_UNSUPPORTED) {
        uint8_t *p = arena_copy(a, rd.data, rd.len);
        p[2] = 200;
        rd.data = p;
    }
    return rd;
}

const struct rdata *zone_sign(const struct zone *z, const struct rrset *rs, int64_t wall_s, struct arena *a)
{
    if (!z->is_signed || z->spoil == SPOIL_STRIPPED)
        return NULL;
    uint32_t wall = (uint32_t)wall_s;
    struct sign_how how = {.key = z->spoil == SPOIL_OTHER_KEY ? z->other_key : z->key,
        .signer = z->name,
        .inception = wall - HOUR_S,
        .expiry = wall + z->validity_s,
        .flip = z->spoil == SPOIL_FLIPPED};
    if (z->spoil == SPOIL_EXPIRED) {
        how.inception = wall - 400 * 24 * HOUR_S;
        how.expiry = wall - 200 * 24 * HOUR_S;
    } else if (z->spoil == SPOIL_FUTURE) {
        how.inception = wall + 200 * 24 * HOUR_S;
        how.expiry = wall + 400 * 24 * HOUR_S;
    }
    struct rdata *rd = ARENA_NEW(a, struct rdata);
    *rd = sign_rrset(rs, &how, a);
    return rd;
}

/* ---- the chain ---- */

static void add_set(struct rrset_list *list, const name_t *owner, const struct set *set, struct arena *a)
{
    struct rrset *rs = ARENA_NEW(a, struct rrset);
    *rs = (struct rrset){.owner = owner, .type = set->type, .class = CLASS_IN, .ttl = set->ttl};
    rrset_add(rs, set_rdata(set, 0, 0, a), a);
    rrset_list_add(list, rs, a);
}

static void add_all(
    const struct tree *t, const struct zone *z, uint32_t at_s, struct rrset_list *list, struct arena *a)
{
    add_set(list, z->name, &z->apex[0], a);
    add_set(list, z->name, &z->apex[1], a);
    for (unsigned i = 0; i < z->node_count; i++)
        for (unsigned k = 0; k < z->nodes[i].set_count; k++)
            if (set_is_alive(&z->nodes[i].sets[k], at_s))
                add_set(list, z->nodes[i].name, &z->nodes[i].sets[k], a);
    for (unsigned i = z->index + 1; i < t->zone_count; i++) {
        const struct zone *c = t->zones[i];
        if (c->parent != z || at_s >= c->gone_s)
            continue;
        add_set(list, c->name, &c->apex[0], a);
        if (c->ds_kind)
            add_set(list, c->name, &c->ds, a);
    }
}

struct sign_zone *zone_chain(const struct tree *t, struct zone *z, uint32_t at_s, int64_t wall_s)
{
    unsigned changes = 1;
    for (unsigned i = 0; i < t->change_count; i++)
        changes += t->changes[i] <= at_s;
    if (z->chain && z->chain_changes != changes) {
        sign_zone_free(z->chain);
        z->chain = NULL;
    }
    if (!z->chain) {
        struct rrset_list list = {0};
        struct arena a;
        char name[NAME_TEXT_LEN];
        arena_init(&a);
        add_all(t, z, at_s, &list, &a);
        struct sign_zone_plan plan = z->signing;
        plan.origin = name_text(z->name, name);
        plan.sets = &list;
        plan.ksk = z->key;
        z->chain = sign_zone_new(&plan);
        z->chain->plan.sets = NULL;
        z->chain->plan.origin = NULL;
        z->chain_changes = changes;
        arena_fini(&a);
    }
    z->chain->plan.inception = (uint32_t)wall_s - HOUR_S;
    z->chain->plan.expiry = (uint32_t)wall_s + z->validity_s;
    return z->chain;
}
