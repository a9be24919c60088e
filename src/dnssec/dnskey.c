#include "dns/rdata.h"
#include "dnssec/pubkey.h"
#include "dnssec/verify.h"

#define DNSKEY_HEAD_LEN 4u /* flags, protocol, algorithm: RFC 4034 2.1 */

bool dnskey_read(const struct rdata *rd, struct dnskey *out)
{
    if (rd->len <= DNSKEY_HEAD_LEN)
        return false;
    *out = (struct dnskey){.flags = get_u16(rd->data),
        .protocol = rd->data[2],
        .algorithm = rd->data[3],
        .tag = dnskey_tag(rd),
        .key = rd->data + DNSKEY_HEAD_LEN,
        .key_len = (uint16_t)(rd->len - DNSKEY_HEAD_LEN)};
    return true;
}

uint16_t dnskey_tag(const struct rdata *rd)
{
    return rdata_key_tag(rd);
}

bool dnskey_rsa(const struct dnskey *key, struct rsa_octets *out)
{
    struct reader r = reader_of(key->key, key->key_len);
    size_t exponent_len = read_u8(&r);
    if (exponent_len == 0) /* RFC 3110 2: the longer form */
        exponent_len = read_u16(&r);
    out->exponent = read_octets(&r, exponent_len);
    out->exponent_len = exponent_len;
    out->modulus_len = reader_left(&r);
    out->modulus = read_octets(&r, out->modulus_len);
    if (r.bad || !exponent_len || !out->modulus_len)
        return false;
    for (; out->exponent_len > 1 && !*out->exponent; out->exponent++)
        out->exponent_len--;
    for (; out->modulus_len > 1 && !*out->modulus; out->modulus++)
        out->modulus_len--;
    return true;
}

static unsigned bits_of(const uint8_t *p, size_t len)
{
    unsigned top = 0;
    while (top < 8 && p[0] >> top)
        top++;
    return (unsigned)(len - 1) * 8 + top;
}

unsigned rsa_modulus_bits(const struct rsa_octets *rsa)
{
    return bits_of(rsa->modulus, rsa->modulus_len);
}

unsigned rsa_exponent_bits(const struct rsa_octets *rsa)
{
    return bits_of(rsa->exponent, rsa->exponent_len);
}

bool algorithm_is_rsa(uint8_t algorithm)
{
    return algorithm == ALGORITHM_RSASHA1 || algorithm == ALGORITHM_RSASHA1_NSEC3_SHA1 ||
           algorithm == ALGORITHM_RSASHA256 || algorithm == ALGORITHM_RSASHA512;
}

bool dnskey_is_short(const struct dnskey *key, const struct dnssec_policy *policy)
{
    struct rsa_octets rsa;
    return algorithm_is_rsa(key->algorithm) && dnskey_rsa(key, &rsa) &&
           rsa_modulus_bits(&rsa) < policy->rsa_bits_min;
}

enum fault_kind dnskey_unusable(const struct dnskey *key)
{
    if (!(key->flags & DNSKEY_FLAG_ZONE) || key->protocol != 3)
        return FAULT_KEY_ZONELESS;
    return key->flags & DNSKEY_FLAG_REVOKE ? FAULT_KEY_REVOKED : FAULT_NONE;
}
