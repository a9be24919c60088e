/* Who keeps which register, by the newest that this host has: what is compiled in (registry.h), or what `hark
 * update` fetched (bootstrap.h). */
#ifndef HARK_LIB_REGISTRY_FILES_H
#define HARK_LIB_REGISTRY_FILES_H

#include "base/text.h"
#include "lib/bootstrap.h"
#include "lib/registry.h"

/* What a register is looked for of. */
struct registry_key {
    enum bootstrap_kind kind;
    const char *name; /* DNS: ASCII, without final dot; TAGS: a handle */
    struct addr addr; /* IPV4, IPV6 */
    uint32_t asn;     /* ASN */
};

/** The fetched list. ERR_NOTFOUND: there is none, or it is older than what is compiled in; ERR_FORMAT,
 * ERR_SYSTEM: it cannot be read, `why` tells. */
enum err registry_fetched(struct bootstrap *out, enum bootstrap_kind kind, struct arena *a, struct text *why);
/** The RDAP server that a list names; b NULL: the list that is compiled in. NULL: it names none. */
const char *registry_server(const struct bootstrap *b, const struct registry_key *key);
/** The register, by the newest list; its texts live in the arena or are static. */
struct registry registry_find(const struct registry_key *key, struct arena *a);

#endif
