/* The one table of record types (defs/rrtype.def): mnemonic, RDATA layout, and what is done with names in it.
 * Parsing, printing, canonical form and compression read this table; a type that is not in it is opaque
 * (RFC 3597). */
#ifndef HARK_DNS_RRTYPE_H
#define HARK_DNS_RRTYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

/* TYPE_A = 1, TYPE_NS = 2, …: generated from defs/rrtype.def (RRTYPE(name, code, layout…)). */
enum rr_type {
    TYPE_NONE = 0,
#define RRTYPE(name, code, ...) TYPE_##name = code,
#include "defs/rrtype.def"
#undef RRTYPE
};

/** Mnemonic or NULL. */
const char *rrtype_name(uint16_t type);
/** "MX" or "TYPE65280". */
void rrtype_to_text(struct text *t, uint16_t type);
/** Mnemonic in any case, or TYPEn (RFC 3597 5). ERR_UNKNOWN. */
enum err rrtype_from_text(uint16_t *out, const char *text, size_t len);
/** OPT, and 128–255 (NXNAME, TKEY, TSIG, the QTYPEs): never data (RFC 6895 3.1). */
static inline bool rrtype_is_meta(uint16_t type)
{
    return type == TYPE_OPT || (type >= 128 && type <= 255);
}

/** "IN", "CH", "CLASS32". */
void rrclass_to_text(struct text *t, uint16_t class);
enum err rrclass_from_text(uint16_t *out, const char *text, size_t len);

#endif
