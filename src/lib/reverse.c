#include "lib/reverse.h"

void reverse_text(struct text *t, const struct addr *a)
{
    if (a->family == FAMILY_V4) {
        text_printf(t, "%u.%u.%u.%u.in-addr.arpa", a->ip[3], a->ip[2], a->ip[1], a->ip[0]);
        return;
    }
    for (unsigned i = 16; i-- > 0;)
        text_printf(t, "%x.%x.", a->ip[i] & 15u, a->ip[i] >> 4);
    text_add(t, "ip6.arpa");
}
