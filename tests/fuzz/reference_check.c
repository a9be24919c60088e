#include "reference_check.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "dns/rrtype.h"

enum { HEAD = 18 /* of RRSIG RDATA, before the signer */ };

bool reference_signature(const uint8_t *signature, size_t len)
{
    return len > 0 && !(signature[len - 1] & 1);
}

/* ---- RFC 4034 6.2, RFC 6840 5.1 ---- */

/* The RDATA of types with names that are put in lower case: n a name, s a character-string, a digit so many
 * octets, R the head of a signature; what follows stays. */
static const struct {
    uint16_t type;
    const char *layout;
} layouts[] = {{TYPE_NS, "n"}, {TYPE_MD, "n"}, {TYPE_MF, "n"}, {TYPE_CNAME, "n"}, {TYPE_SOA, "nn"},
    {TYPE_MB, "n"}, {TYPE_MG, "n"}, {TYPE_MR, "n"}, {TYPE_PTR, "n"}, {TYPE_MINFO, "nn"}, {TYPE_MX, "2n"},
    {TYPE_RP, "nn"}, {TYPE_AFSDB, "2n"}, {TYPE_RT, "2n"}, {TYPE_SIG, "Rn"}, {TYPE_PX, "2nn"}, {TYPE_NXT, "n"},
    {TYPE_NAPTR, "4sssn"}, {TYPE_KX, "2n"}, {TYPE_SRV, "6n"}, {TYPE_DNAME, "n"}, {TYPE_RRSIG, "Rn"}};

static void lower(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (uint8_t)(p[i] + 32);
}

/* The length octets of labels are below 'A'. */
static size_t lower_name(uint8_t *p)
{
    size_t n = 0;
    while (p[n])
        n += 1u + p[n];
    lower(p, ++n);
    return n;
}

static void canonical(uint16_t type, uint8_t *p, size_t len)
{
    if (type == TYPE_A6) {
        size_t at = 1 + (128u - p[0]) / 8 + ((128u - p[0]) % 8 ? 1 : 0);
        if (at < len)
            lower_name(p + at);
        return;
    }
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        if (layouts[i].type != type)
            continue;
        for (const char *f = layouts[i].layout; *f; f++)
            p += *f == 'n' ? lower_name(p) : *f == 's' ? 1u + p[0] : *f == 'R' ? HEAD : (size_t)(*f - '0');
    }
}

struct octets {
    uint8_t *p;
    size_t len;
};

static int by_octets(const void *a, const void *b)
{
    const struct octets *x = a, *y = b;
    for (size_t i = 0; i < x->len && i < y->len; i++)
        if (x->p[i] != y->p[i])
            return x->p[i] < y->p[i] ? -1 : 1;
    return x->len < y->len ? -1 : x->len > y->len;
}

static unsigned labels_counted(const name_t *n)
{
    return name_labels(n) - (n[0] == 1 && n[1] == '*');
}

/* RFC 4035 5.3.2 */
static size_t signed_name(const name_t *owner, unsigned labels, uint8_t *out)
{
    size_t n = 0;
    if (labels < labels_counted(owner)) {
        out[n++] = 1;
        out[n++] = '*';
        owner = name_parent(owner, name_labels(owner) - labels);
    }
    size_t len = name_len(owner);
    memcpy(out + n, owner, len);
    lower(out + n, len);
    return n + len;
}

size_t reference_octets(const struct rrset *rs, const struct rdata *sig, uint8_t *out, size_t cap)
{
    size_t signer_len = sig->len > HEAD ? name_check(sig->data + HEAD, sig->len - (size_t)HEAD) : 0;
    if (!signer_len || rs->count == 0)
        return 0;
    struct writer w = writer_of(out, cap);
    write_octets(&w, sig->data, HEAD + signer_len);
    lower(out + HEAD, signer_len);
    struct octets *all = mem_alloc(rs->count * sizeof *all);
    for (size_t i = 0; i < rs->count; i++) {
        all[i] = (struct octets){.p = mem_alloc(rs->rdata[i].len + 1u), .len = rs->rdata[i].len};
        if (all[i].len)
            memcpy(all[i].p, rs->rdata[i].data, all[i].len);
        canonical(rs->type, all[i].p, all[i].len);
    }
    qsort(all, rs->count, sizeof *all, by_octets);
    uint8_t owner[2 + NAME_MAX_LEN];
    size_t owner_len = signed_name(rs->owner, sig->data[3], owner);
    for (size_t i = 0; i < rs->count; i++) {
        if (i && by_octets(&all[i - 1], &all[i]) == 0)
            continue;
        write_octets(&w, owner, owner_len);
        write_u16(&w, rs->type);
        write_u16(&w, rs->class);
        write_octets(&w, sig->data + 4, 4);
        write_u16(&w, (uint16_t)all[i].len);
        write_octets(&w, all[i].p, all[i].len);
    }
    for (size_t i = 0; i < rs->count; i++)
        mem_free(all[i].p);
    mem_free(all);
    return w.bad ? 0 : w.pos;
}

/* ---- RFC 4035 5.3.1 ---- */

static uint16_t tag_of(const struct rdata *key)
{
    uint64_t sum = 0; /* RFC 4034 appendix B */
    for (size_t i = 0; i < key->len; i++)
        sum += (uint64_t)key->data[i] << (i % 2 ? 0 : 8);
    sum += sum >> 16 & 0xffff;
    return (uint16_t)sum;
}

static bool is_short_rsa(const struct rdata *key, const struct dnssec_policy *policy)
{
    uint8_t algorithm = key->data[3];
    if (algorithm != 5 && algorithm != 7 && algorithm != 8 && algorithm != 10)
        return false;
    const uint8_t *p = key->data + 4, *end = key->data + key->len;
    size_t e = *p++;
    if (e == 0 && end - p >= 2) {
        e = get_u16(p);
        p += 2;
    }
    if (e == 0 || (size_t)(end - p) <= e)
        return false; /* no key at all */
    p += e;
    while (p < end - 1 && !*p)
        p++;
    size_t bits = (size_t)(end - p) * 8;
    for (unsigned mask = 0x80; mask && !(*p & mask); mask >>= 1)
        bits--;
    return bits < policy->rsa_bits_min;
}

static bool key_counts(const struct rdata *key, const struct rdata *sig, const struct dnssec_policy *policy)
{
    return key->len > 4 && (get_u16(key->data) & 0x0180) == 0x0100 && key->data[2] == 3 &&
           key->data[3] == sig->data[2] && tag_of(key) == get_u16(sig->data + 16) &&
           !is_short_rsa(key, policy);
}

static bool sig_counts(const struct rrset *rs, const struct rdata *sig, const name_t *zone, now_t now)
{
    size_t n = sig->len > HEAD ? name_check(sig->data + HEAD, sig->len - (size_t)HEAD) : 0;
    if (!n || sig->len == HEAD + n || get_u16(sig->data) != rs->type)
        return false;
    unsigned labels = sig->data[3];
    uint32_t until = get_u32(sig->data + 8), from = get_u32(sig->data + 12), at = (uint32_t)now.wall_s;
    if ((int32_t)(until - from) < 0 || !name_equal(sig->data + HEAD, zone) ||
        !name_is_within(rs->owner, zone) || labels > labels_counted(rs->owner))
        return false;
    return !now.wall_known || ((int32_t)(until - at) >= 0 && (int32_t)(at - from) >= 0);
}

uint32_t reference_check(const struct rrset *rs, const name_t *zone, const struct rrset *keys,
    const struct dnssec_policy *policy, now_t now)
{
    uint32_t good = 0;
    for (unsigned i = 0; i < rs->sig_count; i++) {
        const struct rdata *sig = &rs->sigs[i];
        if (!sig_counts(rs, sig, zone, now) || sig->data[2] > 31 || !(policy->algorithms >> sig->data[2] & 1))
            continue;
        size_t signer_len = name_len(sig->data + HEAD);
        if (!reference_signature(sig->data + HEAD + signer_len, sig->len - HEAD - signer_len))
            continue;
        for (unsigned k = 0; k < keys->count; k++)
            if (key_counts(&keys->rdata[k], sig, policy))
                good |= 1u << sig->data[2];
    }
    return good;
}

bool reference_ds(const struct rdata *ds, const name_t *owner, const struct rdata *key)
{
    if (ds->len < 4 || key->len <= 4 || get_u16(ds->data) != tag_of(key) || ds->data[2] != key->data[3])
        return false;
    uint8_t type = ds->data[3], digest[EVP_MAX_MD_SIZE];
    const EVP_MD *md = type == 1 ? EVP_sha1() : type == 2 ? EVP_sha256() : type == 4 ? EVP_sha384() : NULL;
    if (!md)
        return false;
    size_t n = name_len(owner);
    uint8_t *in = mem_alloc(n + key->len);
    memcpy(in, owner, n);
    lower(in, n);
    memcpy(in + n, key->data, key->len);
    unsigned len = 0;
    EVP_Digest(in, n + key->len, digest, &len, md, NULL);
    mem_free(in);
    return ds->len == 4 + len && memcmp(ds->data + 4, digest, len) == 0;
}
