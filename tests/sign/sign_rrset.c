#include "sign_rrset.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "dns/rdata.h"
#include "dns/rrtype.h"

uint8_t sign_labels(const name_t *n)
{
    return (uint8_t)(name_labels(n) - (n[0] == 1 && n[1] == '*'));
}

static int by_octets(const void *a, const void *b)
{
    const struct rdata *x = a, *y = b;
    size_t n = x->len < y->len ? x->len : y->len;
    int c = n ? memcmp(x->data, y->data, n) : 0;
    return c ? c : (x->len > y->len) - (x->len < y->len);
}

/* The name that the signature speaks of: of `labels` labels, "*." before what is left (RFC 4035 5.3.2). */
static size_t signed_owner(name_t out[NAME_MAX_LEN], const name_t *owner, unsigned labels)
{
    unsigned have = name_labels(owner);
    if (labels >= sign_labels(owner))
        return name_lower_copy(out, owner);
    out[0] = 1;
    out[1] = '*';
    return 2 + name_lower_copy(out + 2, name_parent(owner, have - labels));
}

struct rdata sign_rrset(const struct rrset *rs, const struct sign_how *how, struct arena *a)
{
    size_t cap = 18 + NAME_MAX_LEN;
    for (size_t i = 0; i < rs->count; i++)
        cap += NAME_MAX_LEN + 10u + rs->rdata[i].len;
    uint8_t *buf = mem_alloc(cap);
    struct writer w = writer_of(buf, cap);
    uint8_t labels = (uint8_t)(sign_labels(rs->owner) + how->labels_more);
    uint32_t ttl = how->original_ttl ? how->original_ttl : rs->ttl;
    write_u16(&w, how->covered ? how->covered : rs->type);
    write_u8(&w, how->algorithm ? how->algorithm : how->key->algorithm);
    write_u8(&w, labels);
    write_u32(&w, ttl);
    write_u32(&w, how->expiry);
    write_u32(&w, how->inception);
    write_u16(&w, how->key->tag ^ how->tag_xor);
    name_t signer[NAME_MAX_LEN], owner[NAME_MAX_LEN];
    write_octets(&w, signer, name_lower_copy(signer, how->signer));
    size_t head = w.pos;
    struct rdata *sorted = arena_alloc(a, rs->count * sizeof *sorted);
    for (size_t i = 0; i < rs->count; i++) {
        uint8_t *canonical = arena_alloc(a, rs->rdata[i].len);
        rdata_canonical(canonical, rs->type, &rs->rdata[i]);
        sorted[i] = (struct rdata){.data = canonical, .len = rs->rdata[i].len};
    }
    qsort(sorted, rs->count, sizeof *sorted, by_octets);
    size_t owner_len = signed_owner(owner, rs->owner, labels);
    for (size_t i = 0; i < rs->count; i++) {
        if (i && by_octets(&sorted[i], &sorted[i - 1]) == 0)
            continue; /* RFC 4034 6.3: each record once */
        write_octets(&w, owner, owner_len);
        write_u16(&w, rs->type);
        write_u16(&w, rs->class);
        write_u32(&w, ttl);
        write_u16(&w, sorted[i].len);
        write_octets(&w, sorted[i].data, sorted[i].len);
    }
    assert(!w.bad);
    uint8_t sig[512], *out = arena_alloc(a, head + sizeof sig);
    size_t n = sign_key_sign(how->key, buf, w.pos, sig);
    sig[n / 2] ^= how->flip;
    memcpy(out, buf, head);
    memcpy(out + head, sig, n);
    mem_free(buf);
    return (struct rdata){.data = out, .len = (uint16_t)(head + n)};
}

void sign_nsec3_hash(
    uint8_t out[20], const name_t *n, uint16_t iterations, const uint8_t *salt, uint8_t salt_len)
{
    uint8_t in[NAME_MAX_LEN + 255];
    size_t len = name_lower_copy(in, n);
    for (unsigned i = 0; i <= iterations; i++) {
        if (salt_len)
            memcpy(in + len, salt, salt_len);
        int ok = EVP_Digest(in, len + salt_len, out, NULL, EVP_sha1(), NULL);
        assert(ok);
        (void)ok;
        memcpy(in, out, 20);
        len = 20;
    }
}

size_t sign_typemap(uint8_t *out, size_t cap, const uint16_t *types, size_t count)
{
    struct writer w = writer_of(out, cap);
    for (unsigned window = 0; window < 256; window++) {
        uint8_t bits[32] = {0};
        unsigned n = 0;
        for (size_t i = 0; i < count; i++)
            if (types[i] >> 8 == window) {
                unsigned low = types[i] & 0xff;
                bits[low / 8] |= (uint8_t)(0x80 >> low % 8);
                n = low / 8 + 1 > n ? low / 8 + 1 : n;
            }
        if (!n)
            continue;
        write_u8(&w, (uint8_t)window);
        write_u8(&w, (uint8_t)n);
        write_octets(&w, bits, n);
    }
    assert(!w.bad);
    return w.pos;
}
