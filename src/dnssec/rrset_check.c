/* One RRset and its signatures: which of them may count at all (RFC 4035 5.3.1), in which order they are
 * tried, and how many. */
#include <assert.h>

#include "dns/rrtype.h"
#include "dnssec/pubkey.h"
#include "dnssec/verifier.h"

/* The later in this list, the nearer it was to a good signature, and the more it tells. */
static unsigned telling(enum fault_kind kind)
{
    static const enum fault_kind ORDER[] = {FAULT_NONE, FAULT_RRSIG_MISSING, FAULT_KEY_MISSING,
        FAULT_RRSIG_ALGORITHM, FAULT_RRSIG_SIGNER, FAULT_RRSIG_LABELS, FAULT_RRSIG_KEYLESS,
        FAULT_KEY_ZONELESS, FAULT_KEY_REVOKED, FAULT_RRSIG_BACKWARDS, FAULT_RRSIG_EARLY, FAULT_RRSIG_EXPIRED,
        FAULT_KEY_INVALID, FAULT_RRSIG_WRONG, FAULT_ALGORITHM_LACKING, FAULT_CHECKS_SPENT};
    for (unsigned i = 0; i < sizeof ORDER / sizeof *ORDER; i++)
        if (ORDER[i] == kind)
            return i;
    return 0;
}

static void note(struct rrset_check *c, enum fault_kind kind, const struct rrsig *sig, int64_t seconds)
{
    if (telling(kind) <= telling(c->fault.kind))
        return;
    c->fault = (struct fault){.kind = kind,
        .owner = c->rrset->owner,
        .type = c->rrset->type,
        .signer = c->zone,
        .seconds = seconds};
    if (sig) {
        c->fault.signer = sig->signer;
        c->fault.key_tag = sig->tag;
        c->fault.algorithm = sig->algorithm;
    }
}

void rrset_check_init(struct rrset_check *c, const struct rrset *rrset, const name_t *zone,
    const struct rrset *keys, const struct dnssec_policy *policy, now_t now)
{
    *c = (struct rrset_check){.rrset = rrset, .zone = zone, .keys = keys, .policy = policy, .now = now};
}

/* ---- which signatures may count ---- */

/* Types that are never made of a wildcard: an NSEC or NSEC3 says what it says of its own owner alone (but a
 * server may make one of a wildcard's for who asks for just that: RFC 4592 4.7), DS, DNSKEY, SOA and
 * NSEC3PARAM stand at zone cuts, and what a DNAME made of one redirects is undefined (RFC 4592 4.4). */
static bool may_expand(const struct rrset_check *c)
{
    uint16_t type = c->rrset->type;
    return (type != TYPE_NSEC || c->as_data) && type != TYPE_NSEC3 && type != TYPE_DS &&
           type != TYPE_DNSKEY && type != TYPE_SOA && type != TYPE_NSEC3PARAM && type != TYPE_DNAME;
}

/* Threat P15: a zone signs for names within it, made of wildcards within it. */
static enum fault_kind judge_names(const struct rrset_check *c, const struct rrsig *sig)
{
    const name_t *owner = c->rrset->owner;
    bool asterisk = owner[0] == 1 && owner[1] == '*'; /* not counted: RFC 4034 3.1.3 */
    unsigned labels = name_labels(owner) - asterisk;
    if (!name_equal(sig->signer, c->zone) || !name_is_within(owner, c->zone))
        return FAULT_RRSIG_SIGNER;
    if (c->rrset->type == TYPE_DS && name_equal(owner, c->zone)) /* the parent's: RFC 4035 2.4 */
        return FAULT_RRSIG_SIGNER;
    if (sig->labels > labels || sig->labels < name_labels(c->zone))
        return FAULT_RRSIG_LABELS;
    return sig->labels < labels && !may_expand(c) ? FAULT_RRSIG_LABELS : FAULT_NONE;
}

/* RFC 4034 3.1.5: serial arithmetic. */
static enum fault_kind judge_times(const struct rrset_check *c, const struct rrsig *sig, int64_t *seconds)
{
    uint32_t now = (uint32_t)c->now.wall_s;
    if ((int32_t)(sig->expiration - sig->inception) < 0)
        return FAULT_RRSIG_BACKWARDS;
    if (!c->now.wall_known)
        return FAULT_NONE;
    if ((int32_t)(now - sig->expiration) > 0) {
        *seconds = (int32_t)(now - sig->expiration);
        return FAULT_RRSIG_EXPIRED;
    }
    if ((int32_t)(sig->inception - now) > 0) {
        *seconds = (int32_t)(sig->inception - now);
        return FAULT_RRSIG_EARLY;
    }
    return FAULT_NONE;
}

static bool read_sig(const struct rrset_check *c, unsigned i, struct rrsig *out)
{
    return rrsig_read(&c->rrset->sigs[i], out) && out->covered == c->rrset->type;
}

/* Without a look at the keys. */
static bool may_count(struct rrset_check *c, const struct rrsig *sig)
{
    int64_t seconds = 0;
    enum fault_kind kind = judge_names(c, sig);
    if (!kind && !policy_verifies(c->policy, sig->algorithm))
        kind = FAULT_RRSIG_ALGORITHM;
    if (!kind)
        kind = judge_times(c, sig, &seconds);
    note(c, kind, sig, seconds);
    return !kind;
}

/* ---- which are tried ---- */

/* Tag, algorithm and worth of each key, found once: a stranger sends as many keys as signatures. */
struct key_sight {
    uint16_t tag;
    uint8_t algorithm;
    bool short_rsa;
    enum fault_kind unusable;
};

struct key_sights {
    struct key_sight items[RRSET_RECORDS_MAX];
    unsigned count;
};

static void look_at_keys(const struct rrset_check *c, struct key_sights *out)
{
    out->count = c->keys && c->keys->count < RRSET_RECORDS_MAX ? c->keys->count
                 : c->keys                                     ? RRSET_RECORDS_MAX
                                                               : 0;
    for (unsigned i = 0; i < out->count; i++) {
        struct dnskey key;
        struct key_sight *s = &out->items[i];
        *s = (struct key_sight){.unusable = FAULT_KEY_INVALID};
        if (!dnskey_read(&c->keys->rdata[i], &key))
            continue;
        enum fault_kind unusable = dnskey_unusable(&key);
        if (unusable == FAULT_KEY_REVOKED && c->revocation)
            unusable = FAULT_NONE;
        *s = (struct key_sight){.tag = key.tag,
            .algorithm = key.algorithm,
            .short_rsa = dnskey_is_short(&key, c->policy),
            .unusable = unusable};
    }
}

/* Pairs of the signature with each key that may have made it, at most VALIDATION_KEYS_OF_TAG_MAX. */
static bool add_pairs(
    struct rrset_check *c, unsigned sig_index, const struct rrsig *sig, const struct key_sights *keys)
{
    unsigned found = 0;
    enum fault_kind kind = FAULT_RRSIG_KEYLESS;
    for (unsigned i = 0; i < keys->count; i++) {
        const struct key_sight *k = &keys->items[i];
        if (k->tag != sig->tag || k->algorithm != sig->algorithm)
            continue;
        if (k->unusable || k->short_rsa) {
            kind = k->unusable ? k->unusable : FAULT_RRSIG_ALGORITHM;
            continue;
        }
        if (found == VALIDATION_KEYS_OF_TAG_MAX || c->pair_count == CHECK_PAIRS_MAX) {
            c->left_out = true;
            break;
        }
        c->pairs[c->pair_count++] = (struct check_pair){.sig = (uint16_t)sig_index, .key = (uint16_t)i};
        found++;
    }
    if (!found)
        note(c, kind, sig, 0);
    return found > 0;
}

/* Signatures of one algorithm, or of all (0). */
static void choose_of(struct rrset_check *c, unsigned algorithm, const struct key_sights *keys)
{
    unsigned sigs = 0, count = c->rrset->sig_count;
    if (count > RRSET_RECORDS_MAX)
        count = RRSET_RECORDS_MAX;
    for (unsigned i = 0; i < count; i++) {
        struct rrsig sig;
        if (!read_sig(c, i, &sig) || (algorithm && sig.algorithm != algorithm) || !may_count(c, &sig))
            continue;
        if (sigs == VALIDATION_RRSIGS_MAX) {
            c->left_out = true;
            break;
        }
        sigs += add_pairs(c, i, &sig, keys);
    }
}

static void choose(struct rrset_check *c)
{
    struct key_sights keys;
    look_at_keys(c, &keys);
    note(c, FAULT_RRSIG_MISSING, NULL, 0);
    if (c->rrset->sig_count && !keys.count)
        note(c, FAULT_KEY_MISSING, NULL, 0);
    if (!c->algorithms)
        choose_of(c, 0, &keys);
    for (unsigned i = 1; i < 32; i++)
        if (c->algorithms >> i & 1)
            choose_of(c, i, &keys);
    c->chosen = true;
}

/* ---- trying them ---- */

static uint32_t ttl_of(const struct rrset_check *c, const struct rrsig *sig)
{
    uint32_t left = sig->expiration - (uint32_t)c->now.wall_s;
    return c->now.wall_known && left < sig->original_ttl ? left : sig->original_ttl;
}

static void found_good(struct rrset_check *c, const struct rrsig *sig)
{
    uint32_t ttl = ttl_of(c, sig);
    bool first = !c->done;
    c->done |= 1u << sig->algorithm;
    c->ttl_max = first || ttl < c->ttl_max ? ttl : c->ttl_max;
    if (first || sig->labels < c->good.labels) /* of several, the one that asks for more proof */
        c->good = *sig;
    const name_t *owner = c->rrset->owner;
    unsigned asterisk = owner[0] == 1 && owner[1] == '*';
    c->expanded = c->good.labels + asterisk < name_labels(owner);
    if ((c->done & c->algorithms) == c->algorithms)
        c->verdict = VERDICT_SECURE;
}

static void found_bad(struct rrset_check *c, enum verified result, const struct rrsig *sig, struct budget *b)
{
    c->failures++;
    b->failures++;
    note(c, result == VERIFIED_NO_KEY ? FAULT_KEY_INVALID : FAULT_RRSIG_WRONG, sig, 0);
}

/* False: it must wait for the next slice. */
static bool try_pair(struct rrset_check *c, const struct check_pair *pair, struct verifier *v,
    struct budget *b, unsigned *slice)
{
    struct rrsig sig;
    struct dnskey key;
    const struct rdata *sig_rdata = &c->rrset->sigs[pair->sig];
    bool read = rrsig_read(sig_rdata, &sig) && dnskey_read(&c->keys->rdata[pair->key], &key);
    assert(read); /* as choose() found it */
    if (!read || c->done >> sig.algorithm & 1)
        return true;
    struct signed_octets octets = verifier_octets(v, c->rrset, &sig, sig_rdata);
    struct memo memo = verifier_memo(v, &key, &octets, &sig);
    if (verifier_remembers(v, &memo, sig.algorithm, c->now.cache_s)) {
        found_good(c, &sig);
        return true;
    }
    if (b->checks >= VALIDATION_CHECKS_MAX || b->failures >= VALIDATION_FAILURES_MAX) {
        c->pair_count = 0;
        c->left_out = true;
        return true;
    }
    if (!*slice)
        return false;
    --*slice;
    b->checks++;
    enum verified result = verifier_verify(v, &key, &octets, &sig, c->policy);
    if (result != VERIFIED_GOOD) {
        found_bad(c, result, &sig, b);
        return true;
    }
    verifier_remember(v, &memo, c->now.cache_s + ttl_of(c, &sig));
    found_good(c, &sig);
    return true;
}

static void give_up(struct rrset_check *c)
{
    unsigned lacking = 1;
    c->verdict = VERDICT_BOGUS;
    if (c->left_out)
        note(c, FAULT_CHECKS_SPENT, NULL, 0);
    if (!c->algorithms || !c->done || c->left_out)
        return;
    while (lacking < 31 && !((c->algorithms & ~c->done) >> lacking & 1))
        lacking++;
    note(c, FAULT_ALGORITHM_LACKING, NULL, 0);
    c->fault.algorithm = (uint8_t)lacking;
}

bool rrset_check_run(struct rrset_check *c, struct verifier *v, struct budget *b, unsigned *slice)
{
    assert(c->verdict == VERDICT_UNCHECKED);
    if (!c->chosen)
        choose(c);
    if (c->pair < c->pair_count)
        verifier_begin(v, c->rrset);
    while (c->verdict == VERDICT_UNCHECKED && c->pair < c->pair_count) {
        if (c->failures >= VALIDATION_RRSET_FAILURES_MAX) {
            c->left_out = true;
            break;
        }
        if (!try_pair(c, &c->pairs[c->pair], v, b, slice))
            return false;
        c->pair++;
    }
    if (c->verdict == VERDICT_UNCHECKED)
        give_up(c);
    else
        c->fault = (struct fault){0};
    return true;
}
