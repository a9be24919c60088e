/* IP addresses, endpoints and prefixes. */
#ifndef HARK_BASE_ADDR_H
#define HARK_BASE_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "base/err.h"

enum family { FAMILY_NONE = 0, FAMILY_V4 = 4, FAMILY_V6 = 6 };

/* Flat and without padding, so it may be compared and hashed as octets. v4 uses ip[0..3], the rest is 0. */
struct addr {
    uint8_t family; /* enum family */
    uint8_t ip[16];
};

struct endpoint {
    struct addr addr;
    uint16_t port;  /* host order */
    uint32_t scope; /* interface index of a link-local address, else 0 */
};

struct prefix {
    struct addr addr;
    uint8_t bits;
};

struct prefix_list {
    const struct prefix *items;
    size_t count;
};

#define ADDR_TEXT_LEN 48     /* with the terminating zero */
#define ENDPOINT_TEXT_LEN 72 /* address@port */

static inline size_t addr_len(const struct addr *a)
{
    return a->family == FAMILY_V4 ? 4 : 16;
}

struct addr addr_v4(const uint8_t ip[4]);
struct addr addr_v6(const uint8_t ip[16]);
bool addr_equal(const struct addr *a, const struct addr *b);
/** "192.0.2.1" or "2001:db8::1", nothing else. ERR_FORMAT. */
enum err addr_parse(struct addr *out, const char *text);
/** Writes the canonical text (RFC 5952) and returns buf. */
const char *addr_text(const struct addr *a, char buf[ADDR_TEXT_LEN]);

/** "ADDRESS" or "ADDRESS@PORT"; the port is default_port where none is named. ERR_FORMAT, ERR_RANGE. */
enum err endpoint_parse(struct endpoint *out, const char *text, uint16_t default_port);
/** "192.0.2.1@53". */
const char *endpoint_text(const struct endpoint *e, char buf[ENDPOINT_TEXT_LEN]);
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);
/** To and from the system's form. endpoint_of_sockaddr maps v4-mapped IPv6 to v4. */
socklen_t endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *out);
struct endpoint endpoint_of_sockaddr(const struct sockaddr *sa);
/** Likewise, of IPv4 alone. In line: each datagram has one. */
static inline struct endpoint endpoint_of_sockaddr_in(const struct sockaddr_in *in)
{
    struct endpoint e = {.addr.family = FAMILY_V4, .port = ntohs(in->sin_port)};
    memcpy(e.addr.ip, &in->sin_addr, 4);
    return e;
}

/** "192.0.2.0/24", "2001:db8::/32", or an address alone. Host bits beyond the length are cleared. */
enum err prefix_parse(struct prefix *out, const char *text);
static inline bool prefix_contains(const struct prefix *p, const struct addr *a)
{
    if (p->addr.family != a->family)
        return false;
    size_t whole = p->bits / 8u;
    for (size_t i = 0; i < whole; i++) /* few: a call would cost more */
        if (p->addr.ip[i] != a->ip[i])
            return false;
    unsigned rest = p->bits % 8u;
    return rest == 0 || ((p->addr.ip[whole] ^ a->ip[whole]) >> (8u - rest)) == 0;
}

bool addr_is_loopback(const struct addr *a);
/** Never a name server's: 0/8, 169.254/16, multicast, class E and their IPv6 likes (threat P14).
 * Loopback is judged apart. */
bool addr_is_unusable(const struct addr *a);
/** Not to be reached across the Internet: loopback, unusable ones, RFC 1918, RFC 6598, RFC 4193. */
bool addr_is_private(const struct addr *a);

#endif
