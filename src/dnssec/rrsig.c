#include "dnssec/verify.h"

#define RRSIG_HEAD_LEN 18u /* all before the signer: RFC 4034 3.1 */

bool rrsig_read(const struct rdata *rd, struct rrsig *out)
{
    struct reader r = reader_of(rd->data, rd->len);
    *out = (struct rrsig){.covered = read_u16(&r), .algorithm = read_u8(&r), .labels = read_u8(&r)};
    out->original_ttl = read_u32(&r);
    out->expiration = read_u32(&r);
    out->inception = read_u32(&r);
    out->tag = read_u16(&r);
    if (r.bad)
        return false;
    size_t signer_len = reader_left(&r) ? name_check(rd->data + RRSIG_HEAD_LEN, reader_left(&r)) : 0;
    if (!signer_len)
        return false;
    out->signer = read_octets(&r, signer_len);
    out->signature_len = (uint16_t)reader_left(&r);
    out->signature = read_octets(&r, out->signature_len);
    return out->signature_len > 0;
}

void rrsig_wildcard(const name_t *owner, const struct rrsig *sig, name_t *out)
{
    unsigned labels = name_labels(owner);
    unsigned asterisk = owner[0] == 1 && owner[1] == '*';
    if (sig->labels + asterisk >= labels) {
        name_copy(out, owner);
        return;
    }
    out[0] = 1;
    out[1] = '*';
    name_copy(out + 2, name_parent(owner, labels - sig->labels));
}
