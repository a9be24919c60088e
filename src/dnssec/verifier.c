#include "dnssec/verifier.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/table.h"
#include "defs/limits.h"
#include "dns/rdata.h"
#include "dnssec/hot_keys.h"
#include "dnssec/pubkey.h"

#define RRSIG_HEAD_LEN 18u /* the fields before the signer */
#define RR_HEAD_LEN 10u    /* type, class, TTL, length */
#define SIGNED_HEAD_MAX (RRSIG_HEAD_LEN + NAME_MAX_LEN)
#define RESULT_WAYS 4u /* places that a result may have */
#define MEMO_KEY_LEN 16u
_Static_assert(VERIFIER_WISH_LEN == P256_POINT_LEN, "a wish is a key");

/* A place in the ring of keys by their use. Of the ring's own place, newer is the oldest key and older the
 * newest. */
struct ring {
    struct ring *newer, *older;
};

/* One public key, or the knowledge that the octets are none (pubkey NULL). In the table by hash. */
struct kept_key {
    struct table_node node;
    struct ring use;
    struct pubkey *pubkey;
    struct hot_key hot;
    uint8_t algorithm;
    uint16_t len;
    uint8_t octets[];
};

/* Zeroed: empty. */
struct result {
    struct memo memo;
    uint32_t until_s; /* now_t.cache_s */
};

struct verifier {
    struct digests digests;
    struct hash_key hash;
    uint8_t memo_keys[2][MEMO_KEY_LEN];
    struct table keys;
    struct ring ring;
    size_t keys_max;
    struct hot_keys hot;
    struct result *results;
    size_t result_sets; /* a power of two; each of RESULT_WAYS */
    verify_fn *injected;
    void *injected_ctx;
    struct verifier_counters counters;
    /* the RRset at hand */
    struct rdata sorted[RRSET_RECORDS_MAX];
    size_t sorted_count;
    uint8_t *canonical; /* their octets */
    size_t canonical_cap;
    uint8_t *octets; /* SIGNED_HEAD_MAX, then the RRs, then room for what makes a memo */
    size_t octets_cap, rrs_len;
    bool built; /* the RRs are there, for these: */
    uint8_t built_labels;
    uint32_t built_ttl;
};

/* ---- life ---- */

struct verifier *verifier_new(size_t keys, size_t results, const struct hash_key *key)
{
    struct verifier *v = mem_alloc(sizeof *v);
    digests_init(&v->digests);
    v->hash = *key;
    /* Keys of their own, that no other hash has: what a table's hash shows says nothing of these. */
    for (uint8_t i = 0; i < 4; i++) {
        uint8_t seed[MEMO_KEY_LEN], label[5] = {'m', 'e', 'm', 'o', i};
        memcpy(seed, &key->k0, 8);
        memcpy(seed + 8, &key->k1, 8);
        hash_mac(v->memo_keys[i / 2] + i % 2 * 8u, seed, label, sizeof label);
    }
    table_init(&v->keys);
    v->ring.newer = v->ring.older = &v->ring;
    v->keys_max = keys ? keys : 1;
    v->result_sets = 1;
    while (v->result_sets * 2 * RESULT_WAYS <= results)
        v->result_sets *= 2;
    v->results = mem_alloc(v->result_sets * RESULT_WAYS * sizeof *v->results);
    return v;
}

static void ring_leave(struct ring *r)
{
    r->newer->older = r->older;
    r->older->newer = r->newer;
}

static void drop_oldest_key(struct verifier *v)
{
    struct kept_key *k = HOLDER(v->ring.newer, struct kept_key, use);
    table_remove(&v->keys, &k->node);
    ring_leave(&k->use);
    hot_key_fini(&v->hot, &k->hot);
    v->counters.keys_hot = v->hot.count;
    pubkey_free(k->pubkey);
    mem_free(k);
    v->counters.keys_kept--;
}

void verifier_free(struct verifier *v)
{
    if (!v)
        return;
    while (v->ring.newer != &v->ring)
        drop_oldest_key(v);
    table_fini(&v->keys);
    hot_keys_fini(&v->hot);
    digests_fini(&v->digests);
    mem_free(v->results);
    mem_free(v->canonical);
    mem_free(v->octets);
    mem_free(v);
}

const struct verifier_counters *verifier_counters(const struct verifier *v)
{
    return &v->counters;
}

void verifier_inject(struct verifier *v, verify_fn *fn, void *ctx)
{
    v->injected = fn;
    v->injected_ctx = ctx;
    memset(v->results, 0, v->result_sets * RESULT_WAYS * sizeof *v->results);
}

/* ---- keys ---- */

static void ring_enter(struct verifier *v, struct ring *r)
{
    r->older = v->ring.older;
    r->newer = &v->ring;
    r->older->newer = r;
    v->ring.older = r;
}

static struct kept_key *find_key(struct verifier *v, const struct dnskey *key, uint64_t hash)
{
    for (struct table_node *n = table_find(&v->keys, hash); n; n = table_next(n)) {
        struct kept_key *k = HOLDER(n, struct kept_key, node);
        if (k->algorithm == key->algorithm && k->len == key->key_len &&
            memcmp(k->octets, key->key, k->len) == 0)
            return k;
    }
    return NULL;
}

static struct kept_key *key_of(struct verifier *v, const struct dnskey *key)
{
    uint64_t hash = hash_octets(&v->hash, key->key, key->key_len) + key->algorithm;
    struct kept_key *k = find_key(v, key, hash);
    if (k) {
        ring_leave(&k->use);
        ring_enter(v, &k->use);
        return k;
    }
    if (v->keys.count >= v->keys_max)
        drop_oldest_key(v);
    k = mem_alloc(sizeof *k + key->key_len);
    k->algorithm = key->algorithm;
    k->len = key->key_len;
    memcpy(k->octets, key->key, key->key_len);
    k->pubkey = pubkey_new(key, &v->digests);
    table_add(&v->keys, &k->node, hash);
    ring_enter(v, &k->use);
    v->counters.keys_kept++;
    v->counters.keys_parsed++;
    return k;
}

static bool verify_hot(
    struct verifier *v, struct kept_key *k, const struct signed_octets *o, const struct rrsig *sig)
{
    uint8_t digest[P256_DIGEST_LEN];
    v->counters.hot++;
    return sig->signature_len == P256_POINT_LEN && digests_sha256(&v->digests, o->octets, o->len, digest) &&
           hot_key_is_good(&v->hot, &k->hot, digest, sig->signature);
}

static bool verify_by(struct verifier *v, struct kept_key *k, const struct signed_octets *o,
    const struct rrsig *sig, bool prepare)
{
    if (prepare && k->hot.ready)
        return verify_hot(v, k, o, sig);
    bool good = pubkey_verify(k->pubkey, o->octets, o->len, sig->signature, sig->signature_len);
    if (good && prepare)
        hot_key_signed(&v->hot, &k->hot, k->octets);
    return good;
}

/* ---- keys that are made ready elsewhere ---- */

bool verifier_wish(struct verifier *v, uint8_t point[VERIFIER_WISH_LEN])
{
    if (!v->hot.wished || v->hot.given)
        return false;
    memcpy(point, v->hot.wish, VERIFIER_WISH_LEN);
    v->hot.given = true;
    return true;
}

void verifier_fulfil(struct verifier *v, struct p256_key *ready)
{
    struct dnskey key = {
        .algorithm = ALGORITHM_ECDSAP256SHA256, .key = v->hot.wish, .key_len = P256_POINT_LEN};
    struct kept_key *k =
        find_key(v, &key, hash_octets(&v->hash, key.key, key.key_len) + ALGORITHM_ECDSAP256SHA256);
    v->hot.wished = v->hot.given = false;
    if (!ready)
        return;
    if (k && !k->hot.ready)
        hot_key_is_made(&v->hot, &k->hot, ready);
    else
        p256_key_free(ready);
    v->counters.keys_hot = v->hot.count;
}

struct p256_key *verifier_prepare(const uint8_t point[VERIFIER_WISH_LEN])
{
    return p256_key_new(point);
}

enum verified verifier_verify(struct verifier *v, const struct dnskey *key, const struct signed_octets *o,
    const struct rrsig *sig, const struct dnssec_policy *policy)
{
    bool good;
    if (v->injected) {
        good = v->injected(v->injected_ctx, key, o->octets, o->len, sig->signature, sig->signature_len);
    } else {
        struct kept_key *k = key_of(v, key);
        if (!k->pubkey)
            return VERIFIED_NO_KEY;
        good = verify_by(v, k, o, sig, policy->prepare_keys && key->algorithm == ALGORITHM_ECDSAP256SHA256);
    }
    v->counters.verified[key->algorithm % 32]++;
    v->counters.failed += !good;
    return good ? VERIFIED_GOOD : VERIFIED_BAD;
}

/* ---- octets ---- */

static uint8_t *room(uint8_t **p, size_t *cap, size_t n)
{
    if (*cap < n) {
        *cap = n + n / 2;
        *p = mem_grow(*p, *cap);
    }
    return *p;
}

static int compare_rdata(const void *a, const void *b)
{
    return rdata_compare(a, b);
}

void verifier_begin(struct verifier *v, const struct rrset *rrset)
{
    size_t count = rrset->count < RRSET_RECORDS_MAX ? rrset->count : RRSET_RECORDS_MAX, len = 0;
    for (size_t i = 0; i < count; i++)
        len += rrset->rdata[i].len;
    uint8_t *p = room(&v->canonical, &v->canonical_cap, len + 1);
    for (size_t i = 0; i < count; i++) {
        v->sorted[i] = (struct rdata){.data = p, .len = rrset->rdata[i].len};
        rdata_canonical(p, rrset->type, &rrset->rdata[i]);
        p += rrset->rdata[i].len;
    }
    if (count > 1)
        qsort(v->sorted, count, sizeof *v->sorted, compare_rdata);
    v->sorted_count = 0;
    for (size_t i = 0; i < count; i++)
        if (!i || rdata_compare(&v->sorted[i], &v->sorted[v->sorted_count - 1]) != 0)
            v->sorted[v->sorted_count++] = v->sorted[i];
    v->built = false;
}

static void build_rrs(struct verifier *v, const struct rrset *rrset, const struct rrsig *sig)
{
    name_t made_of[NAME_MAX_LEN], owner[NAME_MAX_LEN];
    rrsig_wildcard(rrset->owner, sig, made_of);
    size_t owner_len = name_lower_copy(owner, made_of), len = 0;
    for (size_t i = 0; i < v->sorted_count; i++)
        len += owner_len + RR_HEAD_LEN + v->sorted[i].len;
    size_t cap = SIGNED_HEAD_MAX + len;
    room(&v->octets, &v->octets_cap, cap);
    struct writer w = writer_of(v->octets + SIGNED_HEAD_MAX, len);
    for (size_t i = 0; i < v->sorted_count; i++) {
        write_octets(&w, owner, owner_len);
        write_u16(&w, rrset->type);
        write_u16(&w, rrset->class);
        write_u32(&w, sig->original_ttl);
        write_u16(&w, v->sorted[i].len);
        write_octets(&w, v->sorted[i].data, v->sorted[i].len);
    }
    assert(!w.bad);
    v->rrs_len = len;
    v->built = true;
    v->built_labels = sig->labels;
    v->built_ttl = sig->original_ttl;
}

struct signed_octets verifier_octets(
    struct verifier *v, const struct rrset *rrset, const struct rrsig *sig, const struct rdata *sig_rdata)
{
    if (!v->built || v->built_labels != sig->labels || v->built_ttl != sig->original_ttl)
        build_rrs(v, rrset, sig);
    size_t head_len = RRSIG_HEAD_LEN + name_len(sig->signer);
    uint8_t *head = v->octets + SIGNED_HEAD_MAX - head_len;
    memcpy(head, sig_rdata->data, head_len);
    name_lower(head + RRSIG_HEAD_LEN); /* RFC 4034 3.1.8.1: the signer is in canonical form */
    return (struct signed_octets){.octets = head, .len = head_len + v->rrs_len};
}

/* ---- results ---- */

struct memo verifier_memo(
    struct verifier *v, const struct dnskey *key, const struct signed_octets *o, const struct rrsig *sig)
{
    /* Each part is hashed by itself, and then their hashes together: no octet can pass from one to the next.
     */
    uint8_t parts[3][16], out[2][8];
    for (unsigned i = 0; i < 2; i++) {
        hash_mac(parts[0] + i * 8u, v->memo_keys[i], o->octets, o->len);
        hash_mac(parts[1] + i * 8u, v->memo_keys[i], sig->signature, sig->signature_len);
        hash_mac(parts[2] + i * 8u, v->memo_keys[i], key->key, key->key_len);
    }
    /* The algorithm is in the octets: RRSIG's and DNSKEY's are the same. */
    for (unsigned i = 0; i < 2; i++)
        hash_mac(out[i], v->memo_keys[i], parts, sizeof parts);
    struct memo m;
    memcpy(&m.words[0], out[0], 8);
    memcpy(&m.words[1], out[1], 8);
    return m;
}

static struct result *set_of(struct verifier *v, const struct memo *m)
{
    return &v->results[(m->words[0] & (v->result_sets - 1)) * RESULT_WAYS];
}

static bool is_over(const struct result *r, uint32_t cache_s)
{
    return (int32_t)(r->until_s - cache_s) <= 0;
}

bool verifier_remembers(struct verifier *v, const struct memo *m, uint8_t algorithm, uint32_t cache_s)
{
    struct result *set = set_of(v, m);
    for (unsigned i = 0; i < RESULT_WAYS; i++) {
        if (set[i].memo.words[0] == m->words[0] && set[i].memo.words[1] == m->words[1] &&
            !is_over(&set[i], cache_s)) {
            v->counters.saved[algorithm % 32]++;
            return true;
        }
    }
    return false;
}

void verifier_remember(struct verifier *v, const struct memo *m, uint32_t until_cache_s)
{
    struct result *set = set_of(v, m), *place = set;
    for (unsigned i = 0; i < RESULT_WAYS; i++) {
        bool empty = !set[i].memo.words[0] && !set[i].memo.words[1];
        if (empty || (set[i].memo.words[0] == m->words[0] && set[i].memo.words[1] == m->words[1])) {
            place = &set[i];
            break;
        }
        if ((int32_t)(set[i].until_s - place->until_s) < 0)
            place = &set[i];
    }
    *place = (struct result){.memo = *m, .until_s = until_cache_s};
}
