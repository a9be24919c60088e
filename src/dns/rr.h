/* Records and RRsets in memory. RDATA is always in uncompressed wire form with letter case kept. */
#ifndef HARK_DNS_RR_H
#define HARK_DNS_RR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "dns/name.h"

enum rr_class { CLASS_IN = 1, CLASS_CH = 3, CLASS_HS = 4, CLASS_NONE = 254, CLASS_ANY = 255 };

struct rdata {
    const uint8_t *data;
    uint16_t len;
};

/* One record as it stands in a message. */
struct rr {
    const name_t *owner;
    uint16_t type, class; /* for OPT, class and ttl are the raw fields */
    uint32_t ttl;
    struct rdata rdata;
};

/* Where data came from: RFC 2181 5.4.1, lowest first. A higher rank replaces a lower one not yet expired. */
enum rank {
    RANK_NONE = 0,
    RANK_GLUE,           /* additional section of a referral */
    RANK_REFERRAL,       /* NS in the authority section of a referral */
    RANK_ADDITIONAL,     /* additional section of an authoritative answer */
    RANK_ANSWER_NONAUTH, /* answer section without AA */
    RANK_AUTHORITY,      /* authority section of an authoritative answer */
    RANK_ANSWER,         /* answer section with AA */
};

/* DNSSEC state of data (RFC 4033 5), the least trusted first as far as clients are concerned. */
enum verdict {
    VERDICT_UNCHECKED = 0, /* nobody has validated it yet */
    VERDICT_INDETERMINATE, /* its signatures are good, but the clock is not known: judged again later */
    VERDICT_INSECURE,
    VERDICT_BOGUS,
    VERDICT_SECURE
};

/** "secure", "insecure", "bogus", "indeterminate"; NULL: nobody has judged. */
const char *verdict_text(uint8_t verdict);

/* The list of RRsets of a section, in order. */
struct rrset_list {
    struct rrset **items;
    size_t count, cap;
};

/* An RRset with the RRSIGs that cover it. Records are unique; order is as received. */
struct rrset {
    const name_t *owner;
    uint16_t type, class;
    uint32_t ttl;      /* seconds left when this copy was made */
    uint32_t stored_s; /* a copy from the cache: when it was put there (now_t.cache_s); else 0 */
    uint8_t rank;      /* enum rank */
    uint8_t verdict;   /* enum verdict */
    uint16_t count, sig_count;
    struct rdata *rdata; /* count */
    struct rdata *sigs;  /* sig_count RRSIG RDATA */
    uint8_t fault;       /* INSECURE: why, if there is something to say (enum fault_kind); else 0 */
    /* Of the zone whose server said it, and one more: no zone above that one can have signed it, also when it
     * is judged later. 0: nobody was asked. */
    uint8_t zone_labels;
    /* Made of a wildcard (its RRSIG has fewer labels): the NSEC or NSEC3 RRsets that prove that nothing
     * closer exists (RFC 4035 5.3.4). They stay with it wherever it goes (threat P17). NULL otherwise. */
    const struct rrset_list *proofs;
};

void rrset_list_add(struct rrset_list *l, struct rrset *s, struct arena *a);
/** First RRset of that owner and type (owner NULL: any), or NULL. */
struct rrset *rrset_list_find(const struct rrset_list *l, const name_t *owner, uint16_t type);
/** Deep copy: nothing is shared with s. */
struct rrset *rrset_copy(const struct rrset *s, struct arena *a);
/** Adds a record (a copy of RDATA is not made) unless an equal one is there. */
void rrset_add(struct rrset *s, struct rdata rd, struct arena *a);
/** Groups records of a section into RRsets (RFC 2181 5): same owner, type, class; TTL is the least (5.2);
 * RRSIGs join the set they cover (a lone RRSIG becomes an RRset of type RRSIG). OPT and TSIG are left out.
 * RRsets over RRSET_RECORDS_MAX records are cut off at it and *overflow set. */
void rrset_group(struct rrset_list *out, const struct rr *rrs, size_t count, struct arena *a, bool *overflow);

#endif
