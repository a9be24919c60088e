/* A zone's keys, and whatever they are said to have signed (threats P15, P16). The first octets choose policy
 * and time, the rest is a message: its DNSKEY RRset is believed, all others are checked with it. Whether a
 * signature is good is for the fuzzer to say, by its last bit; what it was asked about must be what RFC 4034
 * says is signed. "Secure" holds only if a second implementation says so, and does hold then unless a limit
 * was met. */
#include <assert.h>
#include <string.h>

#include "base/cursor.h"
#include "defs/limits.h"
#include "dns/msg.h"
#include "dnssec/verify.h"
#include "reference_check.h"

enum { OCTETS_MAX = 1 << 20, SLICES_MAX = 1000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct target {
    struct arena arena;
    struct verifier *verifier;
    struct dnssec_policy policy;
    now_t now;
    unsigned slice;
    uint32_t algorithms;
    const struct rrset *keys;
    const struct rrset *rrset; /* at hand */
    uint8_t *octets;
};

static bool verify(void *ctx, const struct dnskey *key, const uint8_t *octets, size_t len,
    const uint8_t *signature, size_t signature_len)
{
    struct target *t = ctx;
    bool seen = false;
    for (unsigned i = 0; i < t->rrset->sig_count && !seen; i++) {
        const struct rdata *sig = &t->rrset->sigs[i];
        if (sig->len < signature_len ||
            memcmp(sig->data + sig->len - signature_len, signature, signature_len) != 0)
            continue;
        size_t n = reference_octets(t->rrset, sig, t->octets, OCTETS_MAX);
        seen = n == len && memcmp(t->octets, octets, n) == 0;
    }
    assert(seen);
    assert(policy_verifies(&t->policy, key->algorithm));
    return reference_signature(signature, signature_len);
}

static bool is_met(uint32_t good, uint32_t wanted)
{
    return wanted ? (good & wanted) == wanted : good != 0;
}

/* Never expanded from wildcards: who takes them so is fooled, and nothing demands it. */
static bool may_not_expand(const struct rrset *rs)
{
    return rs->type == TYPE_NSEC || rs->type == TYPE_NSEC3 || rs->type == TYPE_DS ||
           rs->type == TYPE_DNSKEY || rs->type == TYPE_SOA || rs->type == TYPE_NSEC3PARAM ||
           rs->type == TYPE_DNAME;
}

static enum verdict check(struct target *t, const struct rrset *rs)
{
    struct rrset_check c;
    struct budget budget = {0};
    t->rrset = rs;
    const name_t *zone = t->keys->owner;
    rrset_check_init(&c, rs, zone, t->keys, &t->policy, t->now);
    c.algorithms = t->algorithms;
    bool over = false;
    for (unsigned i = 0; i < SLICES_MAX && !over; i++) {
        unsigned slice = t->slice;
        over = rrset_check_run(&c, t->verifier, &budget, &slice);
        assert(over || slice == 0);
    }
    assert(over && (c.verdict == VERDICT_SECURE || c.verdict == VERDICT_BOGUS));
    assert(budget.failures <= VALIDATION_RRSET_FAILURES_MAX && budget.checks <= VALIDATION_CHECKS_MAX);
    bool good = is_met(reference_check(rs, zone, t->keys, &t->policy, t->now), t->algorithms);
    char text[512];
    struct text words;
    text_init_fixed(&words, text, sizeof text);
    if (c.verdict == VERDICT_SECURE) {
        assert(good && c.fault.kind == FAULT_NONE);
        assert(c.good.covered == rs->type && c.ttl_max <= c.good.original_ttl);
        unsigned labels = name_labels(rs->owner) - (rs->owner[0] == 1 && rs->owner[1] == '*');
        assert(c.expanded == (c.good.labels < labels) && !(c.expanded && may_not_expand(rs)));
    } else {
        assert(c.fault.kind != FAULT_NONE && fault_tag(c.fault.kind));
        assert(!good || c.fault.kind == FAULT_CHECKS_SPENT || may_not_expand(rs));
        fault_text(&words, &c.fault);
        assert(words.len > 0);
    }
    return c.verdict;
}

static bool is_supported(const struct target *t, const struct rdata *ds)
{
    return ds->len >= 4 && policy_verifies(&t->policy, ds->data[2]) &&
           policy_digests(&t->policy, ds->data[3]);
}

/* A DS with a supported algorithm and digest never becomes insecure, but for RSA keys that are too short. */
static void match(struct target *t, const struct rrset *ds)
{
    struct ds_result r;
    enum ds_match m = ds_match(ds, t->keys, &t->policy, &t->arena, &r);
    bool supported = false;
    for (unsigned i = 0; i < ds->count; i++)
        supported |= is_supported(t, &ds->rdata[i]);
    assert(supported || m == DS_UNSUPPORTED);
    assert(!supported || m != DS_UNSUPPORTED || r.fault.kind == FAULT_DS_ALGORITHM);
    assert((m == DS_MATCHED) == (r.fault.kind == FAULT_NONE));
    for (unsigned i = 0; m == DS_MATCHED && i < r.matched.count; i++) {
        bool named = false;
        for (unsigned k = 0; k < ds->count; k++)
            named |= is_supported(t, &ds->rdata[k]) &&
                     reference_ds(&ds->rdata[k], t->keys->owner, &r.matched.rdata[i]);
        assert(named);
    }
    assert(m != DS_MATCHED || r.matched.count > 0);
}

static void choose(struct target *t, const uint8_t *p)
{
    dnssec_policy_default(&t->policy);
    t->policy.rsa_bits_min = p[0] & 1 ? 512 : 2048;
    if (p[0] & 2)
        t->policy.algorithms = 0xfffffffe;
    if (p[0] & 4)
        t->policy.digests = 1u << DIGEST_SHA1 | 1u << DIGEST_SHA256;
    t->now = (now_t){.cache_s = 1000, .wall_s = get_u32(p + 1), .wall_known = !(p[0] & 8)};
    t->slice = p[0] >> 4 & 3 ? p[0] >> 4 & 3 : 100;
    if (p[0] & 64)
        t->algorithms = (1u << 8 | 1u << 13) & t->policy.algorithms;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct target t = {0};
    struct msg m;
    if (len < 5 + MSG_HEADER_LEN)
        return 0;
    arena_init(&t.arena);
    choose(&t, data);
    struct rrset_list sets = {0};
    bool overflow = false;
    if (msg_parse(&m, data + 5, len - 5, &t.arena) == MSG_OK)
        for (unsigned s = 0; s < SECTION_COUNT; s++)
            rrset_group(&sets, m.rrs[s], m.counts[s], &t.arena, &overflow);
    t.keys = rrset_list_find(&sets, NULL, TYPE_DNSKEY);
    if (t.keys) {
        t.verifier = verifier_new(4, 64, &(struct hash_key){1, 2});
        t.octets = mem_alloc(OCTETS_MAX);
        verifier_inject(t.verifier, verify, &t);
        for (size_t i = 0; i < sets.count; i++) {
            if (sets.items[i]->class != CLASS_IN || sets.items[i]->type == TYPE_RRSIG)
                continue;
            enum verdict first = check(&t, sets.items[i]);
            enum verdict second = check(&t, sets.items[i]);
            assert(second == first || first == VERDICT_BOGUS);
            if (sets.items[i]->type == TYPE_DS)
                match(&t, sets.items[i]);
        }
        mem_free(t.octets);
        verifier_free(t.verifier);
    }
    arena_fini(&t.arena);
    return 0;
}
