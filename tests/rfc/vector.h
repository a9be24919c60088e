/* Records as an RFC prints them, and what is to come of them. */
#ifndef HARK_RFC_VECTOR_H
#define HARK_RFC_VECTOR_H

#include "dnssec/verify.h"

/* Master-file lines, one a record. */
struct vector {
    const char *keys; /* DNSKEY */
    const char *ds;   /* NULL: the RFC has none */
    const char *data; /* an RRset with its RRSIG; NULL: none */
    int64_t wall_s;
    enum fault_kind fault; /* FAULT_NONE: secure */
};

/** DS match the keys and are what ds_make() makes of them; the data verifies, or fails as it must. Then each
 * octet of data and signature is changed in turn, and must not verify. */
void vector_check(const struct vector *v);

#endif
