#include "dnssec/rfc5011.h"

#include <assert.h>
#include <string.h>

#include "base/cursor.h"
#include "dns/rrtype.h"

#define DAY_S 86400
#define HOUR_S 3600
#define HOLD_DOWN_S (30 * (int64_t)DAY_S) /* RFC 5011 2.4.1, 2.4.2 */

void rfc5011_init(struct rfc5011 *r, const name_t *zone)
{
    *r = (struct rfc5011){.retry = HOUR_S};
    name_lower_copy(r->zone, zone);
}

void rfc5011_fini(struct rfc5011 *r)
{
    for (unsigned i = 0; i < r->count; i++)
        mem_free(r->keys[i].data);
    r->count = 0;
}

const char *rfc5011_state_text(enum rfc5011_state state)
{
    static const char *const texts[] = {"start", "pending", "valid", "missing", "revoked", "removed"};
    return texts[state];
}

static struct rdata rdata_of(const struct rfc5011_key *k)
{
    return (struct rdata){.data = k->data, .len = k->len};
}

/* The same key, with or without REVOKE: what that flag says is the state's matter. */
static bool is_key(const struct rfc5011_key *k, const struct rdata *rd)
{
    return rd->len == k->len && rd->data[0] == k->data[0] &&
           (rd->data[1] & ~DNSKEY_FLAG_REVOKE) == k->data[1] &&
           memcmp(rd->data + 2, k->data + 2, k->len - 2u) == 0;
}

static bool has_revoke(const struct rdata *rd)
{
    return (get_u16(rd->data) & DNSKEY_FLAG_REVOKE) != 0;
}

static struct rfc5011_key *find(struct rfc5011 *r, const struct rdata *rd)
{
    for (unsigned i = 0; i < r->count; i++)
        if (is_key(&r->keys[i], rd))
            return &r->keys[i];
    return NULL;
}

/* ---- states ---- */

/* One sight being taken in. */
struct seeing {
    struct rfc5011 *r;
    const struct rfc5011_sight *sight;
    struct rfc5011_change *changes;
    unsigned change_count;
    int64_t original_ttl, expires_in; /* s */
};

static void move(struct seeing *s, struct rfc5011_key *k, enum rfc5011_state to)
{
    struct rdata rd = rdata_of(k);
    if (s->change_count < RFC5011_KEYS_MAX)
        s->changes[s->change_count] =
            (struct rfc5011_change){.tag = dnskey_tag(&rd), .from = k->state, .to = to};
    s->change_count++;
    k->state = to;
    k->since_s = s->sight->now_s;
    k->until_s = 0;
}

/* In the RRset without REVOKE. */
static void key_present(struct seeing *s, struct rfc5011_key *k, const struct rdata *rd)
{
    switch (k->state) {
    case RFC5011_ADD_PEND: /* AddTime, which the first RRset after the hold-down brings (2.4.1) */
        if (s->sight->now_s >= k->until_s || (s->sight->initial && anchor_has_key(s->sight->initial, rd)))
            move(s, k, RFC5011_VALID);
        break;
    case RFC5011_MISSING: /* KeyPres */
        move(s, k, RFC5011_VALID);
        break;
    case RFC5011_REVOKED: /* not out of the RRset, but never trusted again (2.1) */
        k->until_s = 0;
        break;
    case RFC5011_START:
    case RFC5011_VALID:
    case RFC5011_REMOVED:
        break;
    }
}

/* In the RRset with REVOKE, and signed by it. */
static void key_revoked(struct seeing *s, struct rfc5011_key *k)
{
    if (k->state == RFC5011_REVOKED)
        k->until_s = 0;
    else if (k->state != RFC5011_REMOVED)
        move(s, k, RFC5011_REVOKED);
}

static void forget(struct rfc5011 *r, struct rfc5011_key *k)
{
    mem_free(k->data);
    *k = r->keys[--r->count];
}

/* Not in the RRset. False: it is not kept. */
static bool key_absent(struct seeing *s, struct rfc5011_key *k)
{
    switch (k->state) {
    case RFC5011_ADD_PEND: /* KeyRem */
        move(s, k, RFC5011_START);
        return false;
    case RFC5011_VALID: /* KeyRem */
        move(s, k, RFC5011_MISSING);
        break;
    case RFC5011_REVOKED: /* RemTime */
        if (!k->until_s)
            k->until_s = s->sight->now_s + HOLD_DOWN_S;
        else if (s->sight->now_s >= k->until_s)
            move(s, k, RFC5011_REMOVED);
        break;
    case RFC5011_START:
    case RFC5011_MISSING:
    case RFC5011_REMOVED:
        break;
    }
    return true;
}

/* One that was not known. Trusted at once if the settings trust it; else its 30 days begin. */
static void key_new(struct seeing *s, const struct rdata *rd, bool revoked)
{
    struct rfc5011 *r = s->r;
    struct dnskey key;
    bool initial = s->sight->initial && anchor_has_key(s->sight->initial, rd);
    if (r->count == RFC5011_KEYS_MAX || !dnskey_read(rd, &key) || !(key.flags & DNSKEY_FLAG_ZONE) ||
        key.protocol != 3 || (has_revoke(rd) && !revoked) || (!initial && !(key.flags & DNSKEY_FLAG_SEP)))
        return;
    struct rfc5011_key *k = &r->keys[r->count++];
    *k = (struct rfc5011_key){.data = mem_alloc(rd->len), .len = rd->len};
    memcpy(k->data, rd->data, rd->len);
    k->data[1] &= (uint8_t)~DNSKEY_FLAG_REVOKE;
    move(s, k, revoked ? RFC5011_REVOKED : initial ? RFC5011_VALID : RFC5011_ADD_PEND);
    if (k->state == RFC5011_ADD_PEND)
        k->until_s = s->sight->now_s + (s->original_ttl > HOLD_DOWN_S ? s->original_ttl : HOLD_DOWN_S);
}

static void look_at_known(struct seeing *s)
{
    const struct rrset *set = s->sight->keys;
    for (unsigned i = s->r->count; i-- > 0;) {
        struct rfc5011_key *k = &s->r->keys[i];
        bool present = false, revoked = false;
        unsigned at = 0;
        for (unsigned n = 0; n < set->count; n++) {
            if (!is_key(k, &set->rdata[n]))
                continue;
            revoked |= s->sight->revoked[n];
            if (!has_revoke(&set->rdata[n])) {
                present = true;
                at = n;
            }
        }
        if (revoked)
            key_revoked(s, k);
        else if (present)
            key_present(s, k, &set->rdata[at]);
        else if (!key_absent(s, k))
            forget(s->r, k);
    }
}

/* ---- times (2.3) ---- */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* max(1 h, min(most, part of the original TTL, part of the signature's life)). */
static int64_t interval(const struct seeing *s, int64_t most, int64_t divisor)
{
    int64_t n = least(most, least(s->original_ttl, s->expires_in) / divisor);
    return n > HOUR_S ? n : HOUR_S;
}

/* Of several signatures, what asks for the earlier look. */
static void read_times(struct seeing *s)
{
    const struct rrset *set = s->sight->keys;
    s->original_ttl = s->expires_in = 2 * 15 * DAY_S;
    for (unsigned i = 0; i < set->sig_count; i++) {
        struct rrsig sig;
        if (!rrsig_read(&set->sigs[i], &sig) || sig.covered != TYPE_DNSKEY)
            continue;
        int64_t left = (int32_t)(sig.expiration - (uint32_t)s->sight->now_s);
        s->original_ttl = least(s->original_ttl, sig.original_ttl);
        s->expires_in = least(s->expires_in, left > 0 ? left : 0);
    }
}

unsigned rfc5011_see(
    struct rfc5011 *r, const struct rfc5011_sight *sight, struct rfc5011_change changes[RFC5011_KEYS_MAX])
{
    struct seeing s = {.r = r, .sight = sight, .changes = changes};
    assert(sight->keys->type == TYPE_DNSKEY);
    read_times(&s);
    look_at_known(&s);
    for (unsigned i = 0; i < sight->keys->count; i++)
        if (sight->keys->rdata[i].len > 4 && !find(r, &sight->keys->rdata[i]))
            key_new(&s, &sight->keys->rdata[i], sight->revoked[i]);
    r->seen_s = sight->now_s;
    r->next_s = sight->now_s + interval(&s, 15 * DAY_S, 2);
    r->retry = interval(&s, DAY_S, 10);
    return s.change_count;
}

void rfc5011_failed(struct rfc5011 *r, int64_t now_s)
{
    r->next_s = now_s + r->retry;
}

/* ---- what follows ---- */

void rfc5011_revocations(const struct rrset *keys, const struct dnssec_policy *policy, struct verifier *v,
    now_t now, bool *revoked)
{
    struct budget budget = {0};
    for (unsigned i = 0; i < keys->count; i++) {
        struct dnskey key;
        struct rrset alone = *keys;
        struct rrset_check check;
        unsigned slice = VALIDATION_CHECKS_MAX;
        revoked[i] = false;
        if (!dnskey_read(&keys->rdata[i], &key) || !(key.flags & DNSKEY_FLAG_REVOKE))
            continue;
        alone.rdata = &keys->rdata[i];
        alone.count = 1;
        rrset_check_init(&check, keys, keys->owner, &alone, policy, now);
        check.revocation = true;
        while (!rrset_check_run(&check, v, &budget, &slice))
            slice = VALIDATION_CHECKS_MAX;
        revoked[i] = check.verdict == VERDICT_SECURE;
    }
}

void rfc5011_apply(const struct rfc5011 *r, struct anchors *a)
{
    for (unsigned i = 0; i < r->count; i++) {
        struct rdata rd = rdata_of(&r->keys[i]);
        if (r->keys[i].state == RFC5011_VALID || r->keys[i].state == RFC5011_MISSING)
            anchors_add(a, r->zone, TYPE_DNSKEY, &rd);
    }
    rfc5011_take_away(r, a);
}

void rfc5011_take_away(const struct rfc5011 *r, struct anchors *a)
{
    for (unsigned i = 0; i < r->count; i++) {
        struct rdata rd = rdata_of(&r->keys[i]);
        if (r->keys[i].state == RFC5011_REVOKED || r->keys[i].state == RFC5011_REMOVED)
            anchors_remove_key(a, r->zone, &rd);
    }
}
