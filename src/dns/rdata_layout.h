/* The inside of RDATA, for the files that implement rdata.h: the rows of defs/rrtype.def, the length of one
 * field, and the fields that need more than a letter (type bitmaps, SvcParams, LOC; others in rdata_forms.h).
 */
#ifndef HARK_DNS_RDATA_LAYOUT_H
#define HARK_DNS_RDATA_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/err.h"
#include "base/text.h"
#include "dns/rdata.h"
#include "dns/token.h"

#define RDATA_MAX_LEN 65535u /* RFC 1035 3.2.1: RDLENGTH has 16 bits */

/* In ascending order of what is done: LOWER and all that follow are lower case in canonical form, DECOMPRESS
 * and COMPRESS may come in compressed. */
enum rdata_names { NAMES_OPAQUE, NAMES_KEEP, NAMES_LOWER, NAMES_DECOMPRESS, NAMES_COMPRESS };

struct rrtype_info {
    const char *name; /* as in defs/rrtype.def */
    const char *layout;
    uint16_t code;
    uint8_t names; /* enum rdata_names */
    bool in_only;  /* the layout holds in class IN alone */
};

/** The type's row, or NULL. */
const struct rrtype_info *rrtype_info(uint16_t type);
/** The layout of the type in that class, or NULL where RDATA is opaque. */
const char *rdata_layout(uint16_t type, uint16_t class);

#define FIELD_BAD SIZE_MAX
/** Octets of the field of that letter at p[max], uncompressed;
 * FIELD_BAD if it does not fit or breaks its rules. */
size_t field_len(char letter, const uint8_t *p, size_t max);

/* What text is to become RDATA of. */
struct rdata_kind {
    uint16_t type, class;
    const name_t *origin; /* may be NULL */
};
/** As rdata_from_text(), from the tokens that l still has, to the end of the entry. */
enum err rdata_from_lexer(struct rdata *out, const struct rdata_kind *kind, struct lexer *l, struct arena *a);

/** Type bitmaps (RFC 4034 4.1.2): windows ascending, 1…32 octets each, no zero octet at the end of one.
 * Empty is true. */
bool typemap_check(const uint8_t *p, size_t len);
void typemap_to_text(struct text *t, const uint8_t *p, size_t len);
/** All remaining tokens. */
enum err typemap_from_text(struct writer *w, struct lexer *l);

/** SvcParams (RFC 9460 2.2): keys strictly ascending, values of known keys well formed. */
bool svcb_check(const uint8_t *p, size_t len);
/** What RFC 9460 asks of zone files only (2.4.3, 7.1.1, 8):
 * mandatory keys are there, no-default-alpn goes with alpn. */
bool svcb_is_consistent(const uint8_t *p, size_t len);
void svcb_to_text(struct text *t, const uint8_t *p, size_t len);
enum err svcb_from_text(struct writer *w, struct lexer *l);

/** LOC (RFC 1876 2): of version 0 every field in its range; other versions are opaque. */
bool loc_check(const uint8_t *p, size_t len);
/** False, and nothing written, if the version is not 0. */
bool loc_to_text(struct text *t, const uint8_t *p, size_t len);
enum err loc_from_text(struct writer *w, struct lexer *l);

#endif
