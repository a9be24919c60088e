/* RRsets as flat octets, fit for the block:
 *
 *   whole: owner | type 2 | class 2 | rank 1 | verdict 1 | body
 *   body:  ttl 4 | fault 1 | proofs 1 | count 2 | sig_count 2
 *          | (length 2 | RDATA) for each record, then for each RRSIG
 *          | the proofs, whole RRsets without proofs of their own
 *
 * Numbers in network order. Readers are as careful as with strangers' octets, though only we write these. */
#ifndef HARK_CACHE_FLAT_H
#define HARK_CACHE_FLAT_H

#include "base/cursor.h"
#include "dns/rr.h"

#define FLAT_RRSET_FIXED_LEN 17u /* of the whole, after the owner and up to the first record */

/** Octets of the flat form. */
size_t flat_rrset_len(const struct rrset *rs);
/** Appends rs, with this TTL instead of its own. */
void flat_write_rrset(struct writer *w, const struct rrset *rs, uint32_t ttl);
/** Reads one; it points into the reader's octets, which must live as long. TTL as written.
 * NULL (and r->bad) if malformed. */
struct rrset *flat_read_rrset(struct reader *r, struct arena *a);

/* The same without owner, type, class, rank and verdict, for who has these elsewhere. Reading: rs is zeroed
 * but for them. */
size_t flat_body_len(const struct rrset *rs);
void flat_write_body(struct writer *w, const struct rrset *rs, uint32_t ttl);
bool flat_read_body(struct reader *r, struct rrset *rs, struct arena *a);

/** A valid uncompressed name in place; NULL (and r->bad) if there is none. */
const name_t *flat_read_name(struct reader *r);

/* A list: count 2, then the RRsets. */
size_t flat_list_len(const struct rrset_list *l);
bool flat_read_list(struct reader *r, struct rrset_list *out, struct arena *a);

/* Where a value is put together before it goes into the block. */
struct flat_room {
    uint8_t *big; /* NULL: small suffices */
    uint8_t small[1024];
};

/** A writer of exactly len octets; end with flat_room_fini(). */
struct writer flat_room_init(struct flat_room *room, size_t len);
void flat_room_fini(struct flat_room *room);

#endif
