/* What a domain says of TLS for its mail: MTA-STS (RFC 8461) and TLS reports (RFC 8460). Pure readers. */
#ifndef HARK_LIB_STS_H
#define HARK_LIB_STS_H

#include "base/mem.h"
#include "hark/hark.h"

/** The record of several TXT records that begins with "v=VERSION;", its strings joined, as text in the arena.
 * NULL: there is none, or more than one (RFC 8461 3.1, RFC 8460 3); *count, unless NULL, says how many. */
const char *sts_record(const struct hark_answer *txt, const char *version, struct arena *a, size_t *count);
/** The value of a field of such a record ("id", "rua"), in the arena; NULL: it is not there. */
const char *sts_field(const char *record, const char *name, struct arena *a);
/** 1 to 32 letters and digits (RFC 8461 3.1). */
bool sts_id_is_good(const char *id);
/** Reads a policy (RFC 8461 3.2) into mode, max_age_s and patterns; their text is in the arena. False: it is
 * none, and out->why says why. */
bool sts_policy(struct hark_sts *out, const char *body, size_t length, struct arena *a);
/** Does the policy name that host? "*.example" stands for one label (RFC 8461 4.1). */
bool sts_names_host(const struct hark_sts *sts, const char *host);

#endif
