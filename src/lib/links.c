#include "lib/links.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Labels of a domain that the name ends in; 0 is the root. -1: it does not. */
static int labels_in_common(const char *name, const char *domain)
{
    size_t n = strlen(name), d = strlen(domain);
    if (d == 0)
        return 0;
    if (n < d || strcasecmp(name + n - d, domain) != 0 || (n > d && name[n - d - 1] != '.'))
        return -1;
    int labels = 1;
    for (const char *p = domain; *p; p++)
        labels += *p == '.';
    return labels;
}

/* systemd-resolved(8), "Synthetic records", and what RFC 6761 6.4 has nobody asked for. */
static bool is_answered_without_asking(const char *name)
{
    static const char *const names[] = {"localhost", "localhost.localdomain", "invalid"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (labels_in_common(name, names[i]) > 0)
            return true;
    return strcasecmp(name, "_gateway") == 0 || strcasecmp(name, "_outbound") == 0;
}

/* How well a link fits: the labels of its longest domain, as systemd-resolved counts them; a name without a
 * dot is as good as one label to whom searches; what no domain fits comes last. */
enum { FITS_NOT = -2, FITS_BY_DEFAULT = -1 };

static int judge(struct link *l, const char *name, bool resolved, bool addresses)
{
    bool single = resolved && !strchr(name, '.'), searches = false;
    int best = FITS_NOT;
    l->fits = -1;
    l->route = LINK_NOT;
    if (l->server_count == 0)
        return FITS_NOT;
    for (uint32_t i = 0; i < l->domain_count; i++) {
        int labels = labels_in_common(name, l->domains[i].name);
        searches = searches || (!l->domains[i].route_only && l->domains[i].name[0]);
        if (labels <= best || labels < 0)
            continue;
        best = labels;
        l->fits = (int32_t)i;
    }
    if (single && searches && best < 1) {
        l->route = LINK_BY_SEARCH;
        return 1;
    }
    if (single && addresses && !searches) {
        l->route = LINK_WITHOUT_A_DOT; /* ResolveUnicastSingleLabel=no */
        return FITS_NOT;
    }
    if (best < 0 && resolved && labels_in_common(name, "local") > 0) {
        l->route = LINK_NOT_LOCAL;
        return FITS_NOT;
    }
    l->route = best >= 0 ? LINK_BY_DOMAIN : l->default_route ? LINK_BY_DEFAULT : LINK_NOT;
    return best >= 0 ? best : l->default_route ? FITS_BY_DEFAULT : FITS_NOT;
}

/* Whoever is asked comes first. */
static int compare(const void *left, const void *right)
{
    const struct link *a = left, *b = right;
    if (link_is_asked(a) != link_is_asked(b))
        return link_is_asked(a) ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

void links_route(struct links *l, const char *name, bool addresses)
{
    int fits[LINKS_MAX], best = FITS_NOT;
    bool resolved = l->by == LINKS_OF_RESOLVED, answered = resolved && is_answered_without_asking(name);
    for (uint32_t i = 0; i < l->count; i++) {
        fits[i] = judge(&l->list[i], name, resolved, addresses);
        if (fits[i] > best)
            best = fits[i];
    }
    for (uint32_t i = 0; i < l->count; i++)
        if (answered && l->list[i].server_count)
            l->list[i].route = LINK_ANSWERED;
        else if (fits[i] < best)
            l->list[i].route = LINK_NOT;
    qsort(l->list, l->count, sizeof *l->list, compare);
}

bool link_is_asked(const struct link *l)
{
    return l->route == LINK_BY_DOMAIN || l->route == LINK_BY_SEARCH || l->route == LINK_BY_DEFAULT;
}

void links_read(struct links *out, const struct child *c)
{
    if (c->end == CHILD_DONE && c->out.len == sizeof *out)
        memcpy(out, c->out.data, sizeof *out);
    else
        *out = (struct links){0};
}
