/* Why data is not secure, as it is known where it is found: kind, and what the sentence needs. */
#ifndef HARK_DNSSEC_FAULT_H
#define HARK_DNSSEC_FAULT_H

#include "base/text.h"
#include "dns/name.h"

enum fault_kind {
    FAULT_NONE = 0,
#define FAULT(name, ede, tag) FAULT_##name,
#include "defs/fault.def"
#undef FAULT
};

/* What a kind does not speak of is zero. Names are borrowed from what was checked. */
struct fault {
    enum fault_kind kind;
    const name_t *owner; /* of the RRset, or the zone */
    uint16_t type;
    const name_t *signer;
    uint16_t key_tag;
    uint8_t algorithm; /* or the digest, for DS_DIGEST */
    int64_t seconds;   /* since it expired, until it is valid; or the iterations */
};

/** enum ede_code. */
int fault_ede(enum fault_kind kind);
/** "rrsig-expired", static. */
const char *fault_tag(enum fault_kind kind);
/** A sentence for people: "signature of www.example.org A by key 12345 expired 3 days ago". */
void fault_text(struct text *t, const struct fault *f);

#endif
