/* A second, slow and simple reading of RFC 4034 and 4035 5.3, which shares no code with src/dnssec: the
 * oracle of fuzz_validate. It knows no limits. */
#ifndef HARK_FUZZ_REFERENCE_CHECK_H
#define HARK_FUZZ_REFERENCE_CHECK_H

#include "base/now.h"
#include "dns/rr.h"
#include "dnssec/policy.h"

/** Is this signature good, as the fuzzer has it? */
bool reference_signature(const uint8_t *signature, size_t len);
/** Writes what signature `sig` of the RRset signs into out (64 KiB * 8 suffice); 0: it is malformed. */
size_t reference_octets(const struct rrset *rs, const struct rdata *sig, uint8_t *out, size_t cap);
/** Bits of the algorithms by which one of its signatures and one of these keys make it good. */
uint32_t reference_check(const struct rrset *rs, const name_t *zone, const struct rrset *keys,
    const struct dnssec_policy *policy, now_t now);
/** Does that DS name that key? */
bool reference_ds(const struct rdata *ds, const name_t *owner, const struct rdata *key);

#endif
