#include "base/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct addr addr_v4(const uint8_t ip[4])
{
    struct addr a = {.family = FAMILY_V4};
    memcpy(a.ip, ip, 4);
    return a;
}

struct addr addr_v6(const uint8_t ip[16])
{
    struct addr a = {.family = FAMILY_V6};
    memcpy(a.ip, ip, 16);
    return a;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

enum err addr_parse(struct addr *out, const char *text)
{
    struct addr a = {0};
    if (inet_pton(AF_INET, text, a.ip) == 1)
        a.family = FAMILY_V4;
    else if (inet_pton(AF_INET6, text, a.ip) == 1)
        a.family = FAMILY_V6;
    else
        return ERR_FORMAT;
    *out = a;
    return ERR_OK;
}

const char *addr_text(const struct addr *a, char buf[ADDR_TEXT_LEN])
{
    if (a->family == FAMILY_NONE ||
        !inet_ntop(a->family == FAMILY_V4 ? AF_INET : AF_INET6, a->ip, buf, ADDR_TEXT_LEN))
        snprintf(buf, ADDR_TEXT_LEN, "none");
    return buf;
}

enum err endpoint_parse(struct endpoint *out, const char *text, uint16_t default_port)
{
    char host[ADDR_TEXT_LEN];
    const char *at = strchr(text, '@');
    size_t n = at ? (size_t)(at - text) : strlen(text);
    if (n >= sizeof host)
        return ERR_FORMAT;
    memcpy(host, text, n);
    host[n] = 0;
    struct endpoint e = {.port = default_port};
    if (at) {
        char *end;
        long port = strtol(at + 1, &end, 10);
        if (at[1] < '0' || at[1] > '9' || *end)
            return ERR_FORMAT;
        if (port < 1 || port > 65535)
            return ERR_RANGE;
        e.port = (uint16_t)port;
    }
    enum err err = addr_parse(&e.addr, host);
    if (err)
        return err;
    *out = e;
    return ERR_OK;
}

const char *endpoint_text(const struct endpoint *e, char buf[ENDPOINT_TEXT_LEN])
{
    char a[ADDR_TEXT_LEN];
    snprintf(buf, ENDPOINT_TEXT_LEN, "%s@%u", addr_text(&e->addr, a), e->port);
    return buf;
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
    return addr_equal(&a->addr, &b->addr) && a->port == b->port && a->scope == b->scope;
}

socklen_t endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (e->addr.family == FAMILY_V4) {
        struct sockaddr_in *in = (struct sockaddr_in *)out;
        in->sin_family = AF_INET;
        in->sin_port = htons(e->port);
        memcpy(&in->sin_addr, e->addr.ip, 4);
        return sizeof *in;
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(e->port);
    in6->sin6_scope_id = e->scope;
    memcpy(&in6->sin6_addr, e->addr.ip, 16);
    return sizeof *in6;
}

struct endpoint endpoint_of_sockaddr(const struct sockaddr *sa)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    struct endpoint e = {0};
    if (sa->sa_family == AF_INET)
        return endpoint_of_sockaddr_in((const struct sockaddr_in *)(const void *)sa);
    if (sa->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)sa;
        const uint8_t *ip = in6->sin6_addr.s6_addr;
        e.addr = memcmp(ip, mapped, sizeof mapped) == 0 ? addr_v4(ip + 12) : addr_v6(ip);
        e.port = ntohs(in6->sin6_port);
        e.scope = in6->sin6_scope_id;
    }
    return e;
}

enum err prefix_parse(struct prefix *out, const char *text)
{
    char host[ADDR_TEXT_LEN];
    const char *slash = strchr(text, '/');
    size_t n = slash ? (size_t)(slash - text) : strlen(text);
    if (n >= sizeof host)
        return ERR_FORMAT;
    memcpy(host, text, n);
    host[n] = 0;
    struct prefix p = {0};
    enum err err = addr_parse(&p.addr, host);
    if (err)
        return err;
    long max = (long)addr_len(&p.addr) * 8, bits = max;
    if (slash) {
        char *end;
        bits = strtol(slash + 1, &end, 10);
        if (slash[1] < '0' || slash[1] > '9' || *end)
            return ERR_FORMAT;
        if (bits > max)
            return ERR_RANGE;
    }
    p.bits = (uint8_t)bits;
    for (long i = bits; i < max; i++)
        p.addr.ip[i / 8] &= (uint8_t) ~(0x80u >> (i % 8));
    *out = p;
    return ERR_OK;
}

bool addr_is_loopback(const struct addr *a)
{
    static const uint8_t one[16] = {[15] = 1};
    return a->family == FAMILY_V4 ? a->ip[0] == 127 : memcmp(a->ip, one, 16) == 0;
}

bool addr_is_unusable(const struct addr *a)
{
    static const uint8_t zero[16];
    if (a->family == FAMILY_V4)
        return a->ip[0] == 0 || a->ip[0] >= 224 || (a->ip[0] == 169 && a->ip[1] == 254);
    if (a->ip[0] == 0xff || (a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80))
        return true;
    if (memcmp(a->ip, zero, 10) == 0 && a->ip[10] == 0xff && a->ip[11] == 0xff)
        return true; /* v4-mapped */
    return memcmp(a->ip, zero, 16) == 0;
}

bool addr_is_private(const struct addr *a)
{
    if (addr_is_loopback(a) || addr_is_unusable(a))
        return true;
    if (a->family == FAMILY_V6)
        return (a->ip[0] & 0xfe) == 0xfc;
    return a->ip[0] == 10 || (a->ip[0] == 172 && (a->ip[1] & 0xf0) == 16) ||
           (a->ip[0] == 192 && a->ip[1] == 168) || (a->ip[0] == 100 && (a->ip[1] & 0xc0) == 64);
}
