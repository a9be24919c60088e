/* The set of trust anchors that the settings ask for:
 *
 *   the root     of the settings, if they have one; else compiled in ∪ the system's file (dns-root-data)
 *   others       of the settings
 *   negative     of the settings
 */
#ifndef HARK_LIB_TRUST_H
#define HARK_LIB_TRUST_H

#include "lib/config.h"

#define TRUST_ROOT_DATA "/usr/share/dns/root.key" /* of Debian's dns-root-data */

/** Never NULL; anchors_free() it. policy: what counts as supported. `warnings`: lines for the log, with '\n'
 * between them. */
struct anchors *trust_anchors(
    const struct config *c, const struct dnssec_policy *policy, struct text *warnings);

#endif
