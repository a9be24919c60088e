/* NSEC3 records, read in place, and their hash (RFC 5155). */

/* A chain is up to 51 short SHA-1 in a row: 2.9 µs by these functions, 4.8 by EVP with context and digest
 * kept. OpenSSL 3 marks them as deprecated; the mark is silenced here alone. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "base/cursor.h"
#include "base/text.h"
#include "dnssec/denial.h"

_Static_assert(NSEC3_HASH_LEN == SHA_DIGEST_LENGTH, "RFC 5155 11: SHA-1 is the only hash");

#define HASH_LABEL_LEN 32u /* 160 bits in base32hex */

bool nsec3_read(const struct rdata *rd, struct nsec3 *out)
{
    struct reader r = reader_of(rd->data, rd->len);
    out->hash_algorithm = read_u8(&r);
    out->flags = read_u8(&r);
    out->iterations = read_u16(&r);
    out->salt_len = read_u8(&r);
    out->salt = read_octets(&r, out->salt_len);
    out->next_len = read_u8(&r);
    out->next = read_octets(&r, out->next_len);
    out->types_len = (uint16_t)reader_left(&r);
    out->types = read_octets(&r, out->types_len);
    return !r.bad;
}

void nsec3_hash(const name_t *name, const struct nsec3 *param, uint8_t out[NSEC3_HASH_LEN])
{
    uint8_t buf[NAME_MAX_LEN + UINT8_MAX];
    SHA_CTX sha;
    size_t len = name_lower_copy(buf, name), salt_len = param->salt_len;
    for (unsigned i = 0; i <= param->iterations; i++) {
        /* Behind the name first, then behind each hash: there the salt stays. */
        if (i <= 1 && salt_len)
            memcpy(buf + len, param->salt, salt_len);
        SHA1_Init(&sha);
        SHA1_Update(&sha, buf, len + salt_len);
        SHA1_Final(i < param->iterations ? buf : out, &sha);
        len = NSEC3_HASH_LEN;
    }
}

bool nsec3_owner_hash(const name_t *owner, const name_t *zone, uint8_t out[NSEC3_HASH_LEN])
{
    return owner[0] == HASH_LABEL_LEN && name_equal(owner + 1 + HASH_LABEL_LEN, zone) &&
           text_unbase32hex((const char *)owner + 1, HASH_LABEL_LEN, out, NSEC3_HASH_LEN) == NSEC3_HASH_LEN;
}
