/* What a signature costs, by algorithm: an RRset checked with a kept key, the same by a key that was made
 * ready (dnssec/hot_keys.h) and when it is remembered, and the mathematics with key and context built each
 * time; what it costs to make a key ready. By hand, on a build without sanitizers:
 *
 *   meson setup build-release --buildtype=release && ninja -C build-release tests/bench/verify
 *   build-release/tests/bench/verify
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "dns/rrtype.h"
#include "dnssec/p256.h"
#include "dnssec/pubkey.h"
#include "dnssec/verify.h"
#include "sign_rrset.h"

#define NOW 1600000000u
#define ROUNDS 5u /* the least counts: what else runs only adds */

struct subject {
    struct rrset rrset, keys;
    struct rdata records[2], sig;
    struct rrsig rrsig;
    struct dnskey dnskey;
    struct dnssec_policy policy;
    struct verifier *verifier;
    struct digests digests;
    /* what the signature is over, caught on its way */
    uint8_t octets[512];
    size_t octets_len;
    uint32_t cache_s;
};

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static bool catch_octets(void *ctx, const struct dnskey *key, const uint8_t *octets, size_t len,
    const uint8_t *signature, size_t signature_len)
{
    struct subject *s = ctx;
    s->octets_len = len;
    if (len <= sizeof s->octets)
        memcpy(s->octets, octets, len);
    return true;
}

static bool check(struct subject *s)
{
    struct rrset_check c;
    struct budget budget = {0};
    unsigned slice = 10;
    rrset_check_init(&c, &s->rrset, s->keys.owner, &s->keys, &s->policy,
        (now_t){.cache_s = s->cache_s, .wall_s = NOW, .wall_known = true});
    return rrset_check_run(&c, s->verifier, &budget, &slice) && c.verdict == VERDICT_SECURE;
}

static bool check_anew(struct subject *s)
{
    s->cache_s += 4000; /* what was remembered is over */
    return check(s);
}

static bool build_and_verify(struct subject *s)
{
    struct pubkey *k = pubkey_new(&s->dnskey, &s->digests);
    bool good = k && pubkey_verify(k, s->octets, s->octets_len, s->rrsig.signature, s->rrsig.signature_len);
    pubkey_free(k);
    return good;
}

static double measure(bool (*run)(struct subject *), struct subject *s, unsigned times)
{
    double least = 1e18;
    for (unsigned round = 0; round < ROUNDS; round++) {
        double start = now_us();
        for (unsigned i = 0; i < times; i++)
            if (!run(s))
                return -1;
        double each = (now_us() - start) / times;
        least = each < least ? each : least;
    }
    return least;
}

static void subject_init(struct subject *s, const struct sign_key *key, struct arena *a)
{
    static const name_t OWNER[] = "\3www\7example\3org", ZONE[] = "\7example\3org";
    static const struct hash_key HASH = {1, 2};
    *s =
        (struct subject){.records = {{(const uint8_t *)"\300\0\2\1", 4}, {(const uint8_t *)"\300\0\2\2", 4}}};
    s->rrset = (struct rrset){.owner = OWNER,
        .type = TYPE_A,
        .class = CLASS_IN,
        .ttl = 3600,
        .count = 2,
        .rdata = s->records,
        .sig_count = 1,
        .sigs = &s->sig};
    s->keys = (struct rrset){.owner = ZONE, .type = TYPE_DNSKEY, .class = CLASS_IN, .count = 1};
    s->keys.rdata = arena_copy(a, &key->dnskey, sizeof key->dnskey);
    s->sig = sign_rrset(&s->rrset,
        &(struct sign_how){.key = key, .signer = ZONE, .inception = NOW - 9, .expiry = NOW + 86400}, a);
    dnssec_policy_default(&s->policy);
    s->policy.algorithms = UINT32_MAX;
    s->policy.prepare_keys = false;
    s->verifier = verifier_new(16, 64, &HASH);
    digests_init(&s->digests);
    dnskey_read(&key->dnskey, &s->dnskey);
    rrsig_read(&s->sig, &s->rrsig);
    verifier_inject(s->verifier, catch_octets, s);
    check(s);
    verifier_inject(s->verifier, NULL, NULL);
}

static void subject_fini(struct subject *s)
{
    verifier_free(s->verifier);
    digests_fini(&s->digests);
}

static bool fails(struct subject *s)
{
    return !check(s);
}

/* Threat M21: 100 keys of one tag, 100 bad signatures. */
static void keytrap(void)
{
    struct arena a;
    struct subject s;
    arena_init(&a);
    struct sign_key *key = sign_key_new(SIGN_ZSK, ALGORITHM_RSASHA256, 2); /* 1024 bits */
    subject_init(&s, key, &a);
    s.keys.rdata = ARENA_ARRAY(&a, struct rdata, 100);
    s.rrset.sigs = ARENA_ARRAY(&a, struct rdata, 100);
    for (s.keys.count = 0; s.keys.count < 100; s.keys.count++) { /* words change places: the sum stays */
        uint8_t *octets = arena_copy(&a, key->dnskey.data, key->dnskey.len), word[2];
        uint8_t *first = octets + 20 + 2 * (s.keys.count / 10),
                *second = octets + 60 + 2 * (s.keys.count % 10);
        memcpy(word, first, 2);
        memcpy(first, second, 2);
        memcpy(second, word, 2);
        s.keys.rdata[s.keys.count] = (struct rdata){.data = octets, .len = key->dnskey.len};
    }
    for (s.rrset.sig_count = 0; s.rrset.sig_count < 100; s.rrset.sig_count++) {
        uint8_t *octets = arena_copy(&a, s.sig.data, s.sig.len);
        octets[s.sig.len - 1] ^= (uint8_t)(s.rrset.sig_count + 1);
        s.rrset.sigs[s.rrset.sig_count] = (struct rdata){.data = octets, .len = s.sig.len};
    }
    printf("100 keys of one tag with 100 bad signatures of RSASHA256 1024: %.1f\n", measure(fails, &s, 1000));
    subject_fini(&s);
    sign_key_free(key);
    arena_fini(&a);
}

static void make_ready(struct subject *s)
{
    uint8_t wish[VERIFIER_WISH_LEN];
    for (unsigned i = 0; i < HOT_KEY_AFTER; i++)
        check_anew(s);
    if (verifier_wish(s->verifier, wish))
        verifier_fulfil(s->verifier, verifier_prepare(wish));
}

static void hot_key(void)
{
    struct sign_key *key = sign_key_new(SIGN_ZSK, ALGORITHM_ECDSAP256SHA256, 0);
    double least = 1e18;
    for (unsigned round = 0; round < 10 * ROUNDS; round++) {
        double start = now_us();
        struct p256_key *k = p256_key_new(key->dnskey.data + 4);
        double took = now_us() - start;
        least = took < least ? took : least;
        p256_key_free(k);
    }
    printf("to make a key of ECDSAP256SHA256 ready: %.0f\n", least);
    sign_key_free(key);
}

int main(void)
{
    static const struct {
        const char *name;
        uint8_t algorithm, seed; /* of sign_key_new(): it chooses the bits of RSA */
        unsigned times;
    } KINDS[] = {{"RSASHA1 2048", 5, 0, 2000}, {"RSASHA256 1024", 8, 2, 4000}, {"RSASHA256 2048", 8, 0, 2000},
        {"RSASHA512 2048", 10, 0, 2000}, {"ECDSAP256SHA256", 13, 0, 1000}, {"ECDSAP384SHA384", 14, 0, 100},
        {"ED25519", 15, 0, 500}, {"ED448", 16, 0, 100}};
    printf("%-18s %12s %12s %12s %12s   us of CPU\n", "algorithm", "kept key", "ready key", "remembered",
        "built anew");
    for (unsigned i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
        struct arena a;
        struct subject s;
        arena_init(&a);
        struct sign_key *key = sign_key_new(SIGN_ZSK, KINDS[i].algorithm, KINDS[i].seed);
        subject_init(&s, key, &a);
        double kept = measure(check_anew, &s, KINDS[i].times);
        double remembered = measure(check, &s, 20000);
        double anew = measure(build_and_verify, &s, KINDS[i].times);
        s.policy.prepare_keys = true;
        make_ready(&s);
        double ready = measure(check_anew, &s, KINDS[i].times);
        printf("%-18s %12.1f %12.1f %12.2f %12.1f\n", KINDS[i].name, kept, ready, remembered, anew);
        subject_fini(&s);
        sign_key_free(key);
        arena_fini(&a);
    }
    hot_key();
    keytrap();
    return 0;
}
