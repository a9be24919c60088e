/* Validation: a second machine over what a job found (RFC 4035 5, RFC 6840).
 *
 *   found         links, data, denial as a reply, the cache or a delegation gave them     (found.c)
 *   JOB_VALIDATE  each RRset of it in turn: whose zone is it, is that zone signed (DS, from the parent), with
 *                 which keys (DNSKEY), is the signature good; then what the denial proves  (validate.c)
 *   chain         DS and DNSKEY are ordinary questions, which other jobs answer            (validate_chain.c)
 *   work          signature checks wait in line; the driver gives slices                   (validate_work.c)
 *   found_end     what was found goes into the cache with its verdict, and to the asker    (found.c)
 */
#ifndef HARK_RESOLVE_VALIDATE_H
#define HARK_RESOLVE_VALIDATE_H

#include "dnssec/denial.h"
#include "dnssec/verify.h"
#include "resolve/resolve.h"

struct job;

/* ---- job_denied.c: aggressive use of what was proven (RFC 8198), and cheap insecure delegations ---- */

/** For a question that rrsets and negatives do not know: is it denied, or made of a wildcard, by what is proven
 * already? True: the job's outcome is set (verdict, sections, TTLs); JOB_DONE follows. Never for jobs with
 * flags.unchecked. Only the DS part is used when settings.aggressive is off. */
bool known_denied(struct job *j);
/** A denial, or the proof beside a wildcard's answer, was validated: these NSEC or NSEC3 RRsets (verdict
 * SECURE, with RRSIGs, TTLs bounded by their signatures) and SOA (may be NULL) of the zone are kept. */
void denied_learn(
    struct job *j, const name_t *zone, const struct rrset *soa, const struct rrset_list *proofs);

#endif
