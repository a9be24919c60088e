/* What a machine says: the truth of its zones as a draft of a message, which liars change before it is
 * written. */
#ifndef HARK_SIM_AUTHORITY_H
#define HARK_SIM_AUTHORITY_H

#include "dns/msg.h"
#include "tree.h"

enum { DRAFT_RRS_MAX = 700 };

struct draft {
    struct arena *arena;
    const struct tree *tree;
    const struct machine *machine;
    const struct msg *query;
    struct dice *dice;
    uint32_t at_s;
    int64_t wall_s; /* of the signers, who have the right time */
    bool dnssec_ok; /* signatures are asked for, and known here */
    uint16_t flags, rcode;
    struct rr *rrs[SECTION_COUNT]; /* DRAFT_RRS_MAX each */
    unsigned counts[SECTION_COUNT];
};

/** The honest answer. */
void draft_make(struct draft *dr);
void draft_add(
    struct draft *dr, enum section s, const name_t *owner, uint16_t type, uint32_t ttl, struct rdata rd);
/** Master-file lines. */
__attribute__((format(printf, 3, 4))) void draft_lines(
    struct draft *dr, enum section s, const char *format, ...);
/** With the given OPT (absent: none). Returns the length. */
size_t draft_write(const struct draft *dr, uint8_t *buf, size_t cap, const struct edns *opt);
/** The same with TC, and nothing in it. */
size_t draft_write_truncated(const struct draft *dr, uint8_t *buf, size_t cap, const struct edns *opt);

/** Changes it into one of the lies of threats P6 to P14, told by a server of an evil zone (lies.c). */
void draft_lie(struct draft *dr);
/** Addresses that only lies name. */
bool addr_is_poison(const struct addr *a);
/** A malformed packet that resembles the answer `wire` (threat P12). Returns its length. */
size_t spoil(const uint8_t *wire, size_t len, uint8_t *out, size_t cap, struct dice *d);

#endif
