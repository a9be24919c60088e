#include "cli/address.h"

#include <limits.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "lib/idn.h"
#include "lib/reverse.h"

#define SERVERS_MAX 16u /* addresses of one host that are tried */

void address_reverse(name_t out[NAME_MAX_LEN], const struct addr *a)
{
    char buf[REVERSE_TEXT_LEN];
    struct text t;
    text_init_fixed(&t, buf, sizeof buf);
    reverse_text(&t, a);
    name_from_text(out, t.data, t.len, NULL);
}

/* dig's -x 10.1: the zone of what begins so. */
static enum err reverse_part(name_t out[NAME_MAX_LEN], const char *arg)
{
    char buf[REVERSE_TEXT_LEN];
    unsigned octets[3], n = 0;
    struct text t;
    do {
        char *end;
        unsigned long v = *arg >= '0' && *arg <= '9' ? strtoul(arg, &end, 10) : ULONG_MAX;
        if (v > 255 || n == 3 || (*end && *end != '.'))
            return ERR_FORMAT;
        octets[n++] = (unsigned)v;
        arg = *end && end[1] ? end + 1 : ""; /* "10." too */
    } while (*arg);
    text_init_fixed(&t, buf, sizeof buf);
    while (n > 0)
        text_printf(&t, "%u.", octets[--n]);
    text_add(&t, "in-addr.arpa");
    return name_from_text(out, t.data, t.len, NULL);
}

enum err address_question(name_t out[NAME_MAX_LEN], const char *arg, bool reverse, struct text *complaint)
{
    struct addr addr;
    if (!reverse)
        return idn_to_name(out, arg, complaint);
    if (addr_parse(&addr, arg) != ERR_OK) {
        if (reverse_part(out, arg) == ERR_OK)
            return ERR_OK;
        text_add(complaint, "not an address");
        return ERR_FORMAT;
    }
    address_reverse(out, &addr);
    return ERR_OK;
}

static bool family_fits(const struct addr *a, enum family family)
{
    return family == FAMILY_NONE || a->family == family;
}

static const char *family_text(enum family family)
{
    return family == FAMILY_V4 ? "IPv4" : "IPv6";
}

/* Numeric forms with a scope ("fe80::1%eth0") are the system's business too. */
static enum err look_up(struct endpoint **out, size_t *count, const char *host, uint16_t port,
    enum family family, struct arena *arena, struct text *complaint)
{
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM}, *list = NULL;
    hints.ai_family = family == FAMILY_V4 ? AF_INET : family == FAMILY_V6 ? AF_INET6 : AF_UNSPEC;
    int rc = getaddrinfo(host, NULL, &hints, &list);
    if (rc) {
        text_printf(complaint, "no address of the server %s is known here: %s", host, gai_strerror(rc));
        return ERR_NOTFOUND;
    }
    *out = ARENA_ARRAY(arena, struct endpoint, SERVERS_MAX);
    *count = 0;
    for (struct addrinfo *i = list; i && *count < SERVERS_MAX; i = i->ai_next) {
        struct endpoint e = endpoint_of_sockaddr(i->ai_addr);
        e.port = port;
        if (e.addr.family != FAMILY_NONE)
            (*out)[(*count)++] = e;
    }
    freeaddrinfo(list);
    return *count ? ERR_OK : ERR_NOTFOUND;
}

static enum err read_port(const char *text, uint16_t *port)
{
    char *end;
    long v = strtol(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || v < 1 || v > 65535)
        return ERR_RANGE;
    *port = (uint16_t)v;
    return ERR_OK;
}

/* Parts HOST#PORT, HOST@PORT, [ADDRESS]#PORT, [ADDRESS]:PORT and HOST:PORT; an IPv6 address without brackets
 * has more than one colon. */
static enum err part_port(char **host, uint16_t *port, struct text *complaint)
{
    if (strstr(*host, "://")) {
        text_printf(
            complaint, "@%s: hark asks name servers by UDP and TCP alone: @ADDRESS, with +tcp", *host);
        return ERR_FORMAT;
    }
    char *mark = strpbrk(*host, "#@"), *colon = strchr(*host, ':'), *end = NULL;
    if (**host == '[' && (end = strchr(*host, ']'))) {
        mark = end[1] ? end + 1 : NULL;
        if (mark && !strchr("#@:", *mark)) {
            text_printf(complaint, "'%s' behind the ] is no port: [2001:db8::1]#53", mark);
            return ERR_FORMAT;
        }
        ++*host;
    } else if (!mark && colon && !strchr(colon + 1, ':')) {
        mark = colon;
    }
    if (mark && read_port(mark + 1, port) != ERR_OK) {
        text_printf(complaint, "'%s' is not a port: 1 to 65535", mark + 1);
        return ERR_RANGE;
    }
    if (mark)
        *mark = 0;
    if (end)
        *end = 0;
    return ERR_OK;
}

/* Meant as an address: it need not be looked for. */
static bool is_numeric(const char *host)
{
    return (strchr(host, ':') && !strchr(host, '%')) || strspn(host, "0123456789.") == strlen(host);
}

enum err address_server(struct endpoint **out, size_t *count, const char *arg, uint16_t port,
    enum family family, struct arena *arena, struct text *complaint)
{
    char *host = arena_strdup(arena, arg);
    enum err err = part_port(&host, &port, complaint);
    if (err)
        return err;
    if (!host[0]) {
        text_add(complaint, "@ needs a server: @192.0.2.1, @2001:db8::1, @ADDRESS#PORT or @HOST");
        return ERR_FORMAT;
    }
    struct endpoint e = {.port = port};
    if (addr_parse(&e.addr, host) != ERR_OK && is_numeric(host)) {
        text_printf(complaint,
            "@%s is no address; a server is @192.0.2.1, @2001:db8::1, @ADDRESS#PORT or @HOST", host);
        return ERR_FORMAT;
    }
    if (e.addr.family == FAMILY_NONE)
        return look_up(out, count, host, port, family, arena, complaint);
    if (!family_fits(&e.addr, family)) {
        text_printf(
            complaint, "%s is not an %s address, and only those are to be used", host, family_text(family));
        return ERR_FORMAT;
    }
    *out = arena_copy(arena, &e, sizeof e);
    *count = 1;
    return ERR_OK;
}
