/* DNSKEY, DS and RRSIG of foreign octets, up to where OpenSSL has them: the first octet chooses the
 * algorithm, the second the length of a signature at the end; what is between them is the record. */
#include <assert.h>
#include <string.h>

#include "defs/limits.h"
#include "dns/rrtype.h"
#include "dnssec/pubkey.h"
#include "dnssec/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const uint8_t ALGORITHMS[] = {
#define ALGORITHM(name, number, text, use) number,
#include "defs/algorithm.def"
#undef ALGORITHM
};

#define RECORD_MAX 4096u

static const name_t ZONE[] = "\7example";

/* As RFC 4034 appendix B has it, octet by octet. */
static uint16_t tag_of(const uint8_t *p, size_t len)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < len; i++)
        sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
    return (uint16_t)((sum + (sum >> 16 & 0xffff)) & 0xffff);
}

/* What becomes a key is of the lengths that its RFC gives. */
static void public_key(const struct dnskey *key, const uint8_t *signature, size_t signature_len)
{
    struct digests digests;
    struct rsa_octets rsa;
    digests_init(&digests);
    struct pubkey *k = pubkey_new(key, &digests);
    if (k && algorithm_is_rsa(key->algorithm)) {
        assert(dnskey_rsa(key, &rsa));
        assert(rsa.exponent + rsa.exponent_len <= key->key + key->key_len);
        assert(rsa.modulus + rsa.modulus_len == key->key + key->key_len);
        assert(rsa_modulus_bits(&rsa) <= RSA_BITS_MAX && rsa_exponent_bits(&rsa) <= RSA_EXPONENT_BITS_MAX);
    } else if (k) {
        static const uint16_t LENGTHS[] = {[ALGORITHM_ECDSAP256SHA256] = 64,
            [ALGORITHM_ECDSAP384SHA384] = 96,
            [ALGORITHM_ED25519] = 32,
            [ALGORITHM_ED448] = 57};
        assert(key->key_len == LENGTHS[key->algorithm]);
    }
    if (k && signature_len) {
        bool good = pubkey_verify(k, ZONE, sizeof ZONE, signature, signature_len);
        assert(
            pubkey_verify(k, ZONE, sizeof ZONE, signature, signature_len) == good); /* nothing is left over */
    }
    pubkey_free(k);
    digests_fini(&digests);
}

/* A DS made of a key names it, unless it is of no use. */
static void delegation(struct rdata *rd, const struct dnskey *key, struct arena *a)
{
    struct dnssec_policy policy;
    struct rdata made;
    struct ds_result result;
    dnssec_policy_default(&policy);
    policy.algorithms = UINT32_MAX;
    for (uint8_t type = 0; type < 6; type++) {
        if (!ds_make(ZONE, rd, type, a, &made))
            continue;
        struct rrset ds = {.owner = ZONE, .type = TYPE_DS, .class = CLASS_IN, .count = 1, .rdata = &made};
        struct rrset keys = {.owner = ZONE, .type = TYPE_DNSKEY, .class = CLASS_IN, .count = 1, .rdata = rd};
        enum ds_match match = ds_match(&ds, &keys, &policy, a, &result);
        enum ds_match expected = key->algorithm >= 32            ? DS_UNSUPPORTED
                                 : dnskey_unusable(key)          ? DS_NO_MATCH
                                 : dnskey_is_short(key, &policy) ? DS_UNSUPPORTED
                                                                 : DS_MATCHED;
        assert(match == expected && result.matched.count == (match == DS_MATCHED));
    }
}

static void signature(const struct rdata *rd)
{
    struct rrsig sig;
    name_t out[NAME_MAX_LEN];
    if (!rrsig_read(rd, &sig))
        return;
    assert(sig.signature + sig.signature_len == rd->data + rd->len);
    assert(name_check(sig.signer, NAME_MAX_LEN) == name_len(sig.signer));
    rrsig_wildcard(sig.signer, &sig, out);
    assert(name_check(out, sizeof out) && name_labels(out) <= name_labels(sig.signer));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct arena a;
    struct dnskey key;
    struct ds ds;
    if (len < 2 || len > RECORD_MAX)
        return 0;
    size_t signature_len = data[1] < len - 2 ? data[1] : 0;
    struct rdata rd = {.data = data + 2, .len = (uint16_t)(len - 2 - signature_len)};
    arena_init(&a);
    if (dnskey_read(&rd, &key)) {
        assert(key.tag == tag_of(rd.data, rd.len));
        delegation(&rd, &key, &a);
        key.algorithm = ALGORITHMS[data[0] % sizeof ALGORITHMS];
        public_key(&key, data + len - signature_len, signature_len);
    }
    if (ds_read(&rd, &ds))
        assert(ds.digest + ds.digest_len == rd.data + rd.len);
    signature(&rd);
    arena_fini(&a);
    return 0;
}
