#include "policy/access.h"

/* The length of the longest that holds it; -1: none does. */
static int longest(const struct prefix_list *list, const struct addr *client)
{
    int best = -1;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].bits > best && prefix_contains(&list->items[i], client))
            best = list->items[i].bits;
    return best;
}

bool access_longest_allows(
    const struct prefix_list *allow, const struct prefix_list *deny, const struct addr *client)
{
    return longest(allow, client) > longest(deny, client);
}
