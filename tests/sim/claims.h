/* What somebody says of a name, held against the tree and its past. */
#ifndef HARK_SIM_CLAIMS_H
#define HARK_SIM_CLAIMS_H

#include "sim.h"

struct claimed_denial {
    bool nxdomain;
    uint16_t type;
    const struct rrset *soa; /* NULL: none was given */
};

/* Is it so, or was it before one of the changes, not too long ago? */
bool claim_is_data(const struct sim *s, const name_t *name, uint16_t type, const struct rrset *rs);
bool claim_is_cname(const struct sim *s, const name_t *name, uint16_t type, const struct rrset *rs);
bool claim_is_dname(const struct sim *s, const name_t *name, uint16_t type, const struct rrset *rs);
bool claim_is_denied(const struct sim *s, const name_t *name, const struct claimed_denial *d);
/* A name server of a zone at or above the name lay in a zone that is withdrawn, and the zone above says (by a
 * wildcard, mostly) that this is its address. */
bool claim_is_ghost_server(const struct sim *s, const name_t *name, const struct addr *a);
#endif
