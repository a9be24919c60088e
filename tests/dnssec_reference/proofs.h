/* Proofs written as text, for tables of tests. */
#ifndef HARK_TEST_PROOFS_H
#define HARK_TEST_PROOFS_H

#include "dnssec/denial.h"

/** Records in lines "owner TYPE RDATA", apart by '|'; names relative to the zone, "@" the zone itself. In
 * lines of NSEC3, "#name" as owner and next hashed owner is the hash of the name, "<name" and ">name" the one
 * before and after it: "<b NSEC3 1 0 0 - >b" covers b and nothing else. */
struct rrset_list proofs_records(const char *text, const name_t *zone, struct arena *a);
/** A name in the arena; relative to zone (NULL: the root). */
const name_t *proofs_name(const char *text, const name_t *zone, struct arena *a);
/** Asks them: "nxdomain NAME", "nodata NAME TYPE", "wildcard NAME LABELS", "ds NAME". Returns, in a buffer of
 * its own: "proven", "opt-out", "insecure", "spent" or a fault's tag, of ds with "none: " or "cut: " before
 * it; then " closest NAME", " no-name", " empty", " wildcard" as they are. */
const char *proofs_ask(struct proofs *p, const char *question);

/* A row of a table: these records, asked this, say that. */
struct proof_case {
    const char *records, *question, *answer;
};

/** Asks each row of the zone's, with the default policy and a budget of its own. NULL: all are right; else
 * what the first wrong one says, in a buffer of its own. */
const char *proofs_wrong(const char *zone, const struct proof_case *cases, size_t count);

#endif
