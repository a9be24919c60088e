/* Trust anchors from foreign octets: the state file of RFC 5011 (also with a right checksum put under it, so
 * that what stands above is read), and records in master-file form. Behind an octet 0: what is seen of a
 * zone's keys, visit by visit. */
#include <assert.h>
#include <openssl/evp.h>
#include <string.h>

#include "dns/rrtype.h"
#include "dnssec/rfc5011.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define DAY_S 86400
#define KEYS 8u
#define KEY_LEN (4u + 64u)

/* What reads is what was written, octet by octet; what does not leaves nothing behind. */
static void state_file(const char *text, size_t len)
{
    struct rfc5011 r;
    struct text again, why;
    text_init(&again);
    text_init(&why);
    rfc5011_init(&r, NAME_ROOT);
    if (rfc5011_read(&r, text, len, &why) == ERR_OK) {
        assert(why.len == 0 && r.count <= RFC5011_KEYS_MAX);
        rfc5011_write(&r, &again);
        assert(again.len == len && memcmp(again.data, text, len) == 0);
        struct anchors *a = anchors_new();
        anchors_add_builtin(a);
        rfc5011_apply(&r, a);
        anchors_free(a);
    } else {
        assert(why.len > 0 && r.count == 0 && r.seen_s == 0 && name_is_root(r.zone));
    }
    rfc5011_fini(&r);
    text_fini(&again);
    text_fini(&why);
}

static void with_checksum(const char *lines, size_t len)
{
    struct text t;
    uint8_t sum[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    text_init(&t);
    text_add_n(&t, lines, len);
    assert(EVP_Digest(lines, len, sum, &n, EVP_sha256(), NULL));
    text_add(&t, "sum ");
    text_hex(&t, sum, n);
    text_char(&t, '\n');
    state_file(t.data, t.len);
    text_fini(&t);
}

/* Whatever was taken can be asked for. */
static void records(const char *text, size_t len)
{
    struct dnssec_policy policy;
    struct text why;
    struct anchors *a = anchors_new();
    dnssec_policy_default(&policy);
    text_init(&why);
    enum err err = anchors_add_text(a, text, len, &why);
    assert((err == ERR_OK) == (why.len == 0) && (err != ERR_OK || a->count > 0));
    anchors_settle(a, &policy);
    for (size_t i = 0; i < a->count; i++) {
        const struct anchor *it = &a->items[i], *found = NULL;
        assert(it->ds.count + it->keys.count > 0);
        enum trust trust = anchors_closest(a, it->zone, 0, &found, NULL);
        assert(it->unsupported || (trust == TRUST_ANCHOR && found == it));
        for (unsigned k = 0; k < it->keys.count; k++)
            assert(anchor_has_key(it, &it->keys.rdata[k]));
    }
    anchors_free(a);
    text_fini(&why);
}

/* ---- visits ---- */

/* What RFC 5011 promises of a key, kept beside what is tested. */
struct promise {
    bool revoked; /* once so, it is never trusted again */
    bool trusted;
    int64_t since_s; /* it is in every RRset since then; 0: it was not in the last one */
};

static struct rdata key_made(unsigned number, bool revoked, struct arena *a)
{
    uint8_t *p = arena_alloc(a, KEY_LEN);
    memset(p, (int)number + 1, KEY_LEN);
    put_u16(p, (uint16_t)(0x101 | (revoked ? 0x80 : 0)));
    p[2] = 3;
    p[3] = 13;
    return (struct rdata){p, KEY_LEN};
}

static const struct rfc5011_key *find(const struct rfc5011 *r, unsigned number, struct arena *a)
{
    struct rdata rd = key_made(number, false, a);
    for (unsigned i = 0; i < r->count; i++)
        if (r->keys[i].len == rd.len && memcmp(r->keys[i].data, rd.data, rd.len) == 0)
            return &r->keys[i];
    return NULL;
}

static void holds(const struct rfc5011 *r, struct promise *promises, int64_t now_s, struct arena *a)
{
    for (unsigned i = 0; i < KEYS; i++) {
        const struct rfc5011_key *k = find(r, i, a);
        enum rfc5011_state state = k ? k->state : RFC5011_START;
        bool trusted = state == RFC5011_VALID || state == RFC5011_MISSING;
        bool over = state == RFC5011_REVOKED || state == RFC5011_REMOVED;
        assert(over || !promises[i].revoked);
        promises[i].revoked = over;
        if (trusted && !promises[i].trusted && i > 0) /* number 0 is trusted from the start */
            assert(promises[i].since_s && now_s - promises[i].since_s >= 30 * DAY_S);
        promises[i].trusted = trusted;
        if (state == RFC5011_ADD_PEND)
            assert(promises[i].since_s && now_s - promises[i].since_s < 30 * DAY_S);
    }
}

static void visit(struct rfc5011 *r, const uint8_t *step, int64_t now_s, const struct anchor *initial,
    struct promise *promises)
{
    struct arena a;
    arena_init(&a);
    struct rrset set = {.owner = NAME_ROOT, .type = TYPE_DNSKEY, .class = CLASS_IN, .ttl = 3600};
    struct rfc5011_change changes[RFC5011_KEYS_MAX];
    bool revoked[2 * KEYS] = {false}, seen = (step[1] || step[2]) && !(step[3] & 1);
    for (unsigned i = 0; i < KEYS; i++) {
        bool there = step[1] >> i & 1;
        if (there)
            rrset_add(&set, key_made(i, false, &a), &a);
        if (seen)
            promises[i].since_s = !there ? 0 : promises[i].since_s ? promises[i].since_s : now_s;
        if (!(step[2] >> i & 1))
            continue;
        /* That of the last one did not sign: then it says nothing. */
        revoked[set.count] = i + 1 < KEYS;
        rrset_add(&set, key_made(i, true, &a), &a);
    }
    struct rfc5011_sight sight = {.keys = &set, .revoked = revoked, .initial = initial, .now_s = now_s};
    if (seen)
        assert(rfc5011_see(r, &sight, changes) <= 2 * KEYS);
    else
        rfc5011_failed(r, now_s);
    assert(r->count <= KEYS && r->next_s >= now_s);
    if (seen)
        holds(r, promises, now_s, &a);
    arena_fini(&a);
}

static void visits(const uint8_t *data, size_t len)
{
    struct rfc5011 r;
    struct promise promises[KEYS] = {{0}};
    struct text t;
    struct anchors *initial = anchors_new(), *after = anchors_new();
    struct rdata first = key_made(0, false, &initial->arena);
    int64_t now_s = 1800000000;
    anchors_add(initial, NAME_ROOT, TYPE_DNSKEY, &first);
    rfc5011_init(&r, NAME_ROOT);
    for (size_t at = 0; at + 4 <= len; at += 4) {
        now_s += (int64_t)data[at] * DAY_S / 2;
        visit(&r, data + at, now_s, &initial->items[0], promises);
    }
    rfc5011_apply(&r, after);
    text_init(&t);
    rfc5011_write(&r, &t);
    state_file(t.data, t.len);
    text_fini(&t);
    rfc5011_fini(&r);
    anchors_free(initial);
    anchors_free(after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const char *text = (const char *)data;
    if (len > 0 && data[0] == 0) {
        visits(data + 1, len - 1);
        return 0;
    }
    state_file(text, len);
    with_checksum(text, len);
    records(text, len);
    return 0;
}
