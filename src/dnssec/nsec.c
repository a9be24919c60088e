/* NSEC records and type bitmaps, read in place (RFC 4034 4.1). */
#include "base/cursor.h"
#include "dnssec/denial.h"

bool typemap_has(const uint8_t *types, size_t len, uint16_t type)
{
    struct reader r = reader_of(types, len);
    while (reader_left(&r)) {
        unsigned window = read_u8(&r), n = read_u8(&r);
        const uint8_t *bits = read_octets(&r, n);
        if (!bits)
            return false;
        if (window == type >> 8)
            return (type & 0xffu) / 8 < n && (bits[(type & 0xffu) / 8] & 0x80u >> type % 8) != 0;
    }
    return false;
}

const name_t *nsec_read(const struct rdata *rd, const uint8_t **types, size_t *types_len)
{
    size_t n = name_check(rd->data, rd->len);
    if (!n)
        return NULL;
    *types = rd->data + n;
    *types_len = rd->len - n;
    return rd->data;
}

bool nsec_covers(const name_t *owner, const name_t *next, const name_t *name, const name_t *zone)
{
    if (!name_is_within(name, zone) || name_compare(owner, name) >= 0)
        return false;
    return name_equal(next, zone) || name_compare(name, next) < 0;
}
