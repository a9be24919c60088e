/* The name that belongs to an address, and the addresses that belong to a name. */
#ifndef HARK_LIB_REVERSE_H
#define HARK_LIB_REVERSE_H

#include "base/addr.h"
#include "base/text.h"

#define REVERSE_TEXT_LEN 80u /* 32 nibbles with dots and ip6.arpa are 72 */

/** 1.2.0.192.in-addr.arpa or the nibbles under ip6.arpa, without the final dot (RFC 1035 3.5, RFC 3596 2.5).
 */
void reverse_text(struct text *t, const struct addr *a);
/** The addresses that a name of in-addr.arpa or ip6.arpa (without final dot) is for. A label that is no part
 * of an address (RFC 2317), and all below it, are within the same block. False: it is no such name. */
bool reverse_prefix(struct prefix *out, const char *name);

#endif
