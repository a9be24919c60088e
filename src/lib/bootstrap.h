/* A list of registries as IANA publishes it (RFC 9224, RFC 8521): which RDAP server for which names,
 * addresses, AS numbers or handles. Newer than the one that is compiled in (registry.h) after `hark update`.
 */
#ifndef HARK_LIB_BOOTSTRAP_H
#define HARK_LIB_BOOTSTRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/mem.h"

enum bootstrap_kind {
    BOOTSTRAP_DNS,
    BOOTSTRAP_IPV4,
    BOOTSTRAP_IPV6,
    BOOTSTRAP_ASN,
    BOOTSTRAP_TAGS,
    BOOTSTRAP_COUNT
};

/* One entry, and the server for it. */
struct bootstrap_entry {
    union {
        const char *tag; /* what follows the last hyphen of a handle (RFC 8521), any case */
        const char *tld; /* lower case, without dots around; "" for all names */
        struct prefix prefix;
        struct {
            uint32_t first, last;
        } asn;
    };
    const char *url; /* base URL with its final slash; https where there is a choice */
};

/* Everything lives in the arena. */
struct bootstrap {
    enum bootstrap_kind kind;
    char published[11]; /* "2026-02-13" */
    struct bootstrap_entry *entries;
    size_t count;
};

/** Reads such a file. Entries that are none of that kind, and services without a usable URL, are passed over,
 * as RFC 9224 3 wants it. ERR_FORMAT: it is no such list, or nothing of it is left; *why is a static phrase.
 */
enum err bootstrap_read(struct bootstrap *out, enum bootstrap_kind kind, const char *body, size_t length,
    struct arena *a, const char **why);
/** The server for a name (ASCII, without final dot): the longest entry that it is at or below. NULL: none. */
const char *bootstrap_name(const struct bootstrap *b, const char *name);
/** The longest prefix. */
const char *bootstrap_address(const struct bootstrap *b, const struct addr *addr);
const char *bootstrap_asn(const struct bootstrap *b, uint32_t asn);
/** By what follows the handle's last hyphen (RFC 8521). */
const char *bootstrap_handle(const struct bootstrap *b, const char *handle);
/** "dns", "ipv4", "ipv6", "asn", "object-tags": IANA's name of the list. */
const char *bootstrap_kind_text(enum bootstrap_kind kind);

#endif
