/* A zone, signed in memory, and what its server says of a name: for tests of the resolver.
 *
 *   struct sign_zone *z = sign_zone_new(&(struct sign_zone_plan){.origin = "example.", .ksk = k, .text =
 *       "@ SOA ns hostmaster 1 2 3 4 300\n@ NS ns\nns A 10.0.0.2\n*.w A 192.0.2.1\n"});
 *   sign_zone_answer(&z, 1, name, type, true, &reply, &arena);
 *
 * What was signed can then be spoiled: sign_zone_set() gives the RRset itself. */
#ifndef HARK_SIGN_ZONE_H
#define HARK_SIGN_ZONE_H

#include "dns/msg.h"
#include "sign_rrset.h"

enum sign_denial { SIGN_NSEC, SIGN_NSEC3, SIGN_COMPACT /* RFC 9824: made for each answer */ };

struct sign_zone_plan {
    const char *origin;
    const char *text;              /* master-file lines; class and TTL (3600) may be absent */
    const struct rrset_list *sets; /* or RRsets, or both; NULL: none */
    bool chain_only;               /* nothing is signed but compact denials: the caller signs what it says */
    const struct sign_key *ksk, *zsk; /* ksk NULL: unsigned; zsk NULL: the KSK signs all */
    const struct sign_key *extra;     /* NULL, or a second KSK: in the DNSKEY RRset, which it signs too */
    uint32_t inception, expiry;       /* both 0: 2001 to 2033 */
    enum sign_denial denial;
    uint16_t iterations;
    uint8_t salt_len, salt[8];
    bool opt_out;
};

struct sign_node {
    const name_t *name;
    struct rrset_list sets;
    bool cut, hidden; /* hidden: below a cut */
};

/* One record of the chain. */
struct sign_link {
    struct rrset *set;
    const struct sign_node *node;
    uint8_t hash[20]; /* NSEC3 */
};

struct sign_zone {
    struct arena arena;
    struct sign_zone_plan plan;
    name_t origin[NAME_MAX_LEN];
    struct sign_node *nodes; /* in canonical order, empty non-terminals too */
    size_t node_count;
    struct sign_link *links; /* in the order of names, or of hashes */
    size_t link_count;
};

/* What a server says, before it is a message. */
struct sign_reply {
    uint16_t flags, rcode;
    struct rrset_list sections[SECTION_COUNT];
};

struct sign_zone *sign_zone_new(const struct sign_zone_plan *plan);
void sign_zone_free(struct sign_zone *z);
/** The RRset at that name, to be changed at will, or NULL. */
struct rrset *sign_zone_set(struct sign_zone *z, const char *owner, uint16_t type);
/** The record of the chain whose owner was made from that name, or NULL. */
struct rrset *sign_zone_link(struct sign_zone *z, const char *name);
/** Signs it anew, as `how` says (its key and signer if NULL), after a change. */
void sign_zone_resign(struct sign_zone *z, struct rrset *rs, const struct sign_how *how);
/** What the zone would sign with. */
struct sign_how sign_zone_how(const struct sign_zone *z, uint16_t type);

/** The answer of a server of these zones (RFC 1034 4.3.2, RFC 4035 3.1, RFC 5155 7.2). No zone: REFUSED. */
void sign_zone_answer(struct sign_zone *const *zones, size_t count, const struct msg_question *q,
    bool dnssec_ok, struct sign_reply *out, struct arena *a);
/** As a message to that query. Returns its length. */
size_t sign_reply_write(const struct sign_reply *r, const struct msg *query, uint8_t *buf, size_t cap);

enum sign_proof {
    SIGN_NO_DATA,          /* the name has none of the type */
    SIGN_NO_NAME,          /* neither the name nor a wildcard for it */
    SIGN_WILDCARD,         /* nothing nearer than the wildcard that answers */
    SIGN_WILDCARD_NO_DATA, /* and that has none of the type */
};
/** Adds copies of the records that prove it. */
void sign_zone_prove(
    struct sign_zone *z, enum sign_proof proof, const name_t *name, struct rrset_list *out, struct arena *a);

/* ---- the chain (sign_chain.c) ---- */

void sign_chain_make(struct sign_zone *z);
/** The record that matches the name, or NULL; that covers it (by name or hash), or NULL if one matches. */
struct rrset *sign_chain_match(const struct sign_zone *z, const name_t *n);
struct rrset *sign_chain_cover(const struct sign_zone *z, const name_t *n);
/** The record for one answer of compact denial; node NULL: the name does not exist. */
struct rrset *sign_chain_compact(
    struct sign_zone *z, const name_t *n, const struct sign_node *node, struct arena *a);
const struct sign_node *sign_zone_node(const struct sign_zone *z, const name_t *n);

#endif
