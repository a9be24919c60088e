/* Which clients are served. */
#ifndef HARK_POLICY_ACCESS_H
#define HARK_POLICY_ACCESS_H

#include "base/addr.h"

/* access_allows() where both lists have something. */
bool access_longest_allows(
    const struct prefix_list *allow, const struct prefix_list *deny, const struct addr *client);

/** Of all prefixes of both lists that hold the client, the longest counts; of two equal ones, deny. In none:
 * false. */
static inline bool access_allows(
    const struct prefix_list *allow, const struct prefix_list *deny, const struct addr *client)
{
    if (deny->count)
        return access_longest_allows(allow, deny, client);
    for (size_t i = 0; i < allow->count; i++)
        if (prefix_contains(&allow->items[i], client))
            return true;
    return false;
}

#endif
