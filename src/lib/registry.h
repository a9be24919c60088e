/* Who keeps the register of a name, an address or an AS number: RDAP (RFC 9224, RFC 8521) and WHOIS servers,
 * from the table that is compiled in (lib/registries). IANA's own servers know the others. */
#ifndef HARK_LIB_REGISTRY_H
#define HARK_LIB_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "lib/bootstrap.h"

#define REGISTRY_IANA_RDAP "https://rdap.iana.org/"
#define REGISTRY_IANA_WHOIS "whois.iana.org"

/* Texts are static, or in the arena that was given. */
struct registry {
    const char *rdap;    /* base URL with its final slash, or NULL */
    const char *whois;   /* host, or NULL */
    const char *trouble; /* with the list that was fetched, so that the one compiled in was used; or NULL */
};

/** name: ASCII, without the final dot. Of a top-level domain itself IANA keeps the register. */
struct registry registry_of_name(const char *name);
struct registry registry_of_address(const struct addr *a);
struct registry registry_of_asn(uint32_t asn);
/** Of a handle such as ABC1-ARIN by what follows its last hyphen (RFC 8521). False: no such tag. */
bool registry_of_handle(struct registry *out, const char *handle);
/** When IANA published the list of RDAP servers that is compiled in: "2026-02-13". */
const char *registry_date(enum bootstrap_kind kind);

#endif
