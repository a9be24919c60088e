/* RDATA by layout: wire, text and canonical form, read from the table of rrtype.h. */
#ifndef HARK_DNS_RDATA_H
#define HARK_DNS_RDATA_H

#include "base/cursor.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "dns/name.h"
#include "dns/rr.h"

/** Reads RDATA of rdlen octets at r->pos (message in r->data, so compressed names can be followed where the
 * type allows: RFC 3597 4: only the types of RFC 1035 and those that later RFCs say are to be decompressed:
 * RP AFSDB RT SIG PX NXT NAPTR SRV) and gives it uncompressed, in the arena. Checks the whole layout of known
 * types. ERR_FORMAT when it does not fit its type's layout; unknown types are opaque. r->pos is then past the
 * RDATA. */
enum err rdata_read(
    struct reader *r, uint16_t type, uint16_t class, uint16_t rdlen, struct arena *a, struct rdata *out);
/** Checks uncompressed RDATA against its type's layout. */
enum err rdata_check(uint16_t type, uint16_t class, const uint8_t *data, size_t len);

/** Master-file text (RFC 1035 5.1 and each type's RFC); \# form for unknown types (RFC 3597 5).
 * RDATA must have been checked. */
void rdata_to_text(struct text *t, uint16_t type, uint16_t class, const struct rdata *rd);
/** From master-file text (fields separated by white space; parentheses and ';' comments allowed, \# accepted
 * for every type). origin for relative names, may be NULL. Output in the arena. ERR_FORMAT, ERR_RANGE,
 * ERR_UNKNOWN. */
enum err rdata_from_text(struct rdata *out, uint16_t type, uint16_t class, const char *text, size_t len,
    const name_t *origin, struct arena *a);
/** Canonical form (RFC 4034 6.2, RFC 6840 5.1): names of the listed types in lower case.
 * out has rd->len octets (same length). */
void rdata_canonical(uint8_t *out, uint16_t type, const struct rdata *rd);
/** Order by canonical octets (RFC 4034 6.3). */
int rdata_compare(const struct rdata *a, const struct rdata *b);

/** Calls `fn` for each piece of RDATA as it is to be written into a message: octets as they are, or a name
 * that may be compressed (only NS CNAME SOA PTR MX and the other types of RFC 1035; RFC 3597 4). Used by
 * message output. */
typedef void rdata_piece_fn(void *ctx, const uint8_t *p, size_t len, bool compressible_name);
void rdata_pieces(uint16_t type, const struct rdata *rd, rdata_piece_fn *fn, void *ctx);

/** The key tag of a DNSKEY's RDATA (RFC 4034, appendix B). */
uint16_t rdata_key_tag(const struct rdata *rd);
/** The name in RDATA of NS, CNAME, DNAME, PTR (at 0), MX (at 2), SRV (at 6); NULL for other types. */
const name_t *rdata_target(uint16_t type, const struct rdata *rd);

#endif
