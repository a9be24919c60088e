/* Trust anchors from foreign octets: the state file of RFC 5011 (also with a right checksum put under it, so
 * that what stands above is read), and records in master-file form. */
#include <assert.h>
#include <openssl/evp.h>
#include <string.h>

#include "dnssec/rfc5011.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const char *text = (const char *)data;
    state_file(text, len);
    with_checksum(text, len);
    records(text, len);
    return 0;
}
