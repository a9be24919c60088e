#include <openssl/evp.h>
#include <string.h>

#include "defs/limits.h"
#include "dns/rrtype.h"
#include "dnssec/pubkey.h"
#include "dnssec/verify.h"

#define DS_HEAD_LEN 4u /* tag, algorithm, digest type: RFC 4034 5.1 */

bool ds_read(const struct rdata *rd, struct ds *out)
{
    if (rd->len <= DS_HEAD_LEN)
        return false;
    *out = (struct ds){.tag = get_u16(rd->data),
        .algorithm = rd->data[2],
        .digest_type = rd->data[3],
        .digest = rd->data + DS_HEAD_LEN,
        .digest_len = (uint16_t)(rd->len - DS_HEAD_LEN)};
    return true;
}

static size_t digest_len(uint8_t type)
{
    switch ((enum ds_digest)type) {
#define DIGEST(name, number, text, octets, use)                                                              \
    case DIGEST_##name:                                                                                      \
        return octets;
#include "defs/digest.def"
#undef DIGEST
    }
    return 0;
}

static const EVP_MD *digest_md(uint8_t type)
{
    switch ((enum ds_digest)type) {
    case DIGEST_SHA1:
        return EVP_sha1();
    case DIGEST_SHA256:
        return EVP_sha256();
    case DIGEST_SHA384:
        return EVP_sha384();
    }
    return NULL;
}

/* RFC 4034 5.1.4: over the owner in canonical form and the DNSKEY's RDATA. */
static bool key_digest(
    const name_t *owner, const struct rdata *key, uint8_t type, uint8_t out[EVP_MAX_MD_SIZE])
{
    name_t lower[NAME_MAX_LEN];
    size_t len = name_lower_copy(lower, owner);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx && digest_md(type) && EVP_DigestInit_ex(ctx, digest_md(type), NULL) == 1 &&
                EVP_DigestUpdate(ctx, lower, len) == 1 && EVP_DigestUpdate(ctx, key->data, key->len) == 1 &&
                EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return good;
}

bool ds_make(
    const name_t *owner, const struct rdata *key, uint8_t digest_type, struct arena *a, struct rdata *out)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    struct dnskey k;
    size_t len = digest_len(digest_type);
    if (!len || !dnskey_read(key, &k) || !key_digest(owner, key, digest_type, digest))
        return false;
    uint8_t *p = arena_alloc(a, DS_HEAD_LEN + len);
    put_u16(p, k.tag);
    p[2] = k.algorithm;
    p[3] = digest_type;
    memcpy(p + DS_HEAD_LEN, digest, len);
    *out = (struct rdata){.data = p, .len = (uint16_t)(DS_HEAD_LEN + len)};
    return true;
}

/* ---- which of a set count ---- */

static bool is_supported(const struct ds *d, const struct dnssec_policy *policy)
{
    return policy_verifies(policy, d->algorithm) && policy_digests(policy, d->digest_type);
}

/* Algorithms (bits) for which there is a supported digest stronger than SHA-1: RFC 4509 3. */
static uint32_t strong_algorithms(const struct rrset *ds, const struct dnssec_policy *policy)
{
    uint32_t found = 0;
    struct ds d;
    for (unsigned i = 0; i < ds->count; i++)
        if (ds_read(&ds->rdata[i], &d) && is_supported(&d, policy) && d.digest_type != DIGEST_SHA1)
            found |= 1u << d.algorithm;
    return found;
}

/* Why none of them can be used; the algorithm weighs more. */
static void note_unsupported(
    const struct ds *d, const struct dnssec_policy *policy, const name_t *owner, struct fault *f)
{
    bool digest = policy_verifies(policy, d->algorithm);
    if (f->kind == FAULT_DS_DIGEST || (f->kind == FAULT_DS_ALGORITHM && !digest))
        return;
    *f = (struct fault){.kind = digest ? FAULT_DS_DIGEST : FAULT_DS_ALGORITHM,
        .owner = owner,
        .type = TYPE_DS,
        .key_tag = d->tag,
        .algorithm = digest ? d->digest_type : d->algorithm};
}

/* ---- against the keys ---- */

enum ds_try { TRY_MATCHED, TRY_SHORT, TRY_NOTHING };

struct ds_matching {
    const struct rrset *keys;
    const struct dnssec_policy *policy;
    struct ds_result *out;
    struct fault lacking; /* of a DS that named nothing useful */
};

static void add_matched(struct rrset *matched, const struct rdata *key)
{
    for (unsigned i = 0; i < matched->count; i++)
        if (matched->rdata[i].data == key->data)
            return;
    matched->rdata[matched->count++] = *key;
}

static enum ds_try try_key(struct ds_matching *m, const struct ds *d, const struct rdata *rd)
{
    struct dnskey key;
    uint8_t digest[EVP_MAX_MD_SIZE];
    size_t len = digest_len(d->digest_type);
    dnskey_read(rd, &key);
    if (d->digest_len != len || !key_digest(m->keys->owner, rd, d->digest_type, digest) ||
        memcmp(digest, d->digest, len) != 0)
        return TRY_NOTHING;
    enum fault_kind unusable = dnskey_unusable(&key);
    if (unusable) {
        m->lacking.kind = unusable;
        m->lacking.key_tag = d->tag;
        m->lacking.algorithm = d->algorithm;
        return TRY_NOTHING;
    }
    if (dnskey_is_short(&key, m->policy))
        return TRY_SHORT;
    add_matched(&m->out->matched, rd);
    return TRY_MATCHED;
}

static enum ds_try try_ds(struct ds_matching *m, const struct ds *d)
{
    unsigned tried = 0;
    enum ds_try best = TRY_NOTHING;
    for (unsigned i = 0; i < m->keys->count && tried < VALIDATION_KEYS_OF_TAG_MAX; i++) {
        struct dnskey key;
        if (!dnskey_read(&m->keys->rdata[i], &key) || key.tag != d->tag || key.algorithm != d->algorithm)
            continue;
        tried++;
        enum ds_try result = try_key(m, d, &m->keys->rdata[i]);
        if (result < best)
            best = result;
    }
    if (best == TRY_NOTHING && !m->lacking.kind)
        m->lacking = (struct fault){.kind = FAULT_DS_KEYLESS, .key_tag = d->tag, .algorithm = d->algorithm};
    return best;
}

/* Over the whole set. `usable`: DS that count, `lengthy`: those whose key is not an RSA key that is too
 * short, or was not found. */
struct ds_tally {
    unsigned usable, lengthy;
    struct fault unsupported, too_short;
};

static void look_at_ds(struct ds_matching *m, const struct rrset *ds, struct ds_tally *t)
{
    uint32_t strong = strong_algorithms(ds, m->policy), lengthy = 0;
    for (unsigned i = 0; i < ds->count; i++) {
        struct ds d;
        if (!ds_read(&ds->rdata[i], &d))
            continue;
        if (!is_supported(&d, m->policy)) {
            note_unsupported(&d, m->policy, ds->owner, &t->unsupported);
            continue;
        }
        if (d.digest_type == DIGEST_SHA1 && strong >> d.algorithm & 1)
            continue;
        /* Further ones may name no key, but they make no zone insecure either. */
        enum ds_try result = m->keys && t->usable < VALIDATION_DS_MAX ? try_ds(m, &d) : TRY_NOTHING;
        t->usable++;
        if (result != TRY_SHORT) {
            lengthy |= 1u << d.algorithm;
            t->lengthy++;
            continue;
        }
        t->too_short = (struct fault){.kind = FAULT_DS_ALGORITHM, .key_tag = d.tag, .algorithm = d.algorithm};
    }
    m->out->algorithms = lengthy;
}

enum ds_match ds_match(const struct rrset *ds, const struct rrset *keys, const struct dnssec_policy *policy,
    struct arena *a, struct ds_result *out)
{
    *out = (struct ds_result){0};
    struct ds_matching m = {.keys = keys, .policy = policy, .out = out};
    struct ds_tally t = {0};
    if (keys) {
        out->matched = *keys;
        out->matched.count = 0;
        out->matched.rdata = ARENA_ARRAY(a, struct rdata, VALIDATION_DS_MAX * VALIDATION_KEYS_OF_TAG_MAX);
    }
    look_at_ds(&m, ds, &t);
    if (t.lengthy && (!keys || out->matched.count))
        return DS_MATCHED;
    out->fault = t.lengthy ? m.lacking : t.usable ? t.too_short : t.unsupported;
    if (t.lengthy && !keys->count)
        out->fault.kind = FAULT_KEY_MISSING;
    out->fault.owner = ds->owner;
    out->fault.type = TYPE_DS;
    return t.lengthy ? DS_NO_MATCH : DS_UNSUPPORTED;
}
