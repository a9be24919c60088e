/* A second, slow and simple reading of what NSEC and NSEC3 prove, which shares no code with src/dnssec: an
 * oracle. Every statement of every record is asked in turn; there are no limits and no order. */
#ifndef HARK_REFERENCE_DENIAL_H
#define HARK_REFERENCE_DENIAL_H

#include "dns/rr.h"

struct reference_evidence {
    const name_t *zone;
    const struct rrset_list *list;
    unsigned iterations_max;
};

/* What may be concluded; more than one where records contradict each other. */
enum reference_denial {
    REFERENCE_PROVEN = 1,
    REFERENCE_OPT_OUT = 2,
    REFERENCE_DEEP = 4, /* nothing but NSEC3 of too many iterations */
    REFERENCE_CUT = 8,  /* of reference_ds: a delegation without DS */
    REFERENCE_NO_CUT = 16,
};

unsigned reference_nxdomain(const struct reference_evidence *e, const name_t *name);
unsigned reference_nodata(const struct reference_evidence *e, const name_t *name, uint16_t type);
unsigned reference_wildcard(const struct reference_evidence *e, const name_t *name, unsigned labels);
/** PROVEN and OPT_OUT are not used, CUT and NO_CUT are. */
unsigned reference_ds(const struct reference_evidence *e, const name_t *name);

#endif
