#include "lib/reverse.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

/* An octet in decimal, or a nibble in hex, as a label; -1: it is neither. */
static int part_of(const char *label, size_t n, enum family family)
{
    char digits[4] = {0};
    size_t most = family == FAMILY_V4 ? 3 : 1;
    if (n == 0 || n > most || (n > 1 && label[0] == '0'))
        return -1;
    memcpy(digits, label, n);
    if (strspn(digits, family == FAMILY_V4 ? "0123456789" : "0123456789abcdefABCDEF") != n)
        return -1;
    long part = strtol(digits, NULL, family == FAMILY_V4 ? 10 : 16);
    return part <= 255 ? (int)part : -1;
}

bool reverse_prefix(struct prefix *out, const char *name)
{
    static const char *const suffixes[] = {".in-addr.arpa", ".ip6.arpa"};
    size_t len = strlen(name), which = 0;
    while (which < 2 && (len <= strlen(suffixes[which]) ||
                            strcasecmp(name + len - strlen(suffixes[which]), suffixes[which]) != 0))
        which++;
    if (which == 2)
        return false;
    enum family family = which == 0 ? FAMILY_V4 : FAMILY_V6;
    unsigned parts = 0, most = family == FAMILY_V4 ? 4 : 32, bits = family == FAMILY_V4 ? 8 : 4;
    const char *end = name + len - strlen(suffixes[which]);
    *out = (struct prefix){.addr = {.family = (uint8_t)family}};
    for (; parts < most && end > name; parts++) {
        const char *label = end;
        while (label > name && label[-1] != '.')
            label--;
        int part = part_of(label, (size_t)(end - label), family);
        if (part < 0)
            break;
        size_t at = parts * bits / 8;
        out->addr.ip[at] |= (uint8_t)(bits == 4 && parts % 2 == 0 ? part << 4 : part);
        end = label > name ? label - 1 : name;
    }
    out->bits = (uint8_t)(parts * bits);
    return parts > 0;
}
