/* Which clients are served. */
#ifndef HARK_POLICY_ACCESS_H
#define HARK_POLICY_ACCESS_H

#include "base/addr.h"

/** Of all prefixes of both lists that hold the client, the longest counts; of two equal ones, deny. In none:
 * false. */
bool access_allows(
    const struct prefix_list *allow, const struct prefix_list *deny, const struct addr *client);

#endif
