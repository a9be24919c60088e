/* The records of a zone as they come, over many messages (AXFR: RFC 5936 2.2, IXFR: RFC 1995 4): where they
 * end, and what is wrong with them. Nothing is kept of them.
 *
 *   AXFR   SOA, the other records, SOA
 *   IXFR   the same, or SOA alone (nothing newer), or
 *          SOA, (SOA of the older, what is gone, SOA of the newer, what is new) as often as need be, SOA
 */
#ifndef HARK_LIB_TRANSFER_H
#define HARK_LIB_TRANSFER_H

#include "dns/msg.h"

enum transfer_state {
    TRANSFER_BEGIN, /* nothing came yet */
    TRANSFER_WHOLE, /* the first SOA came, of a zone's records or of changes: IXFR's next record tells */
    TRANSFER_ZONE,  /* among a zone's records */
    TRANSFER_GONE,  /* among those that are gone */
    TRANSFER_NEW,   /* among those that are new */
    TRANSFER_DONE,
    TRANSFER_CURRENT, /* IXFR: there is nothing newer */
    TRANSFER_ERROR,   /* rcode says which; the states from here on are failures */
    TRANSFER_EMPTY,   /* a message without records */
    TRANSFER_NO_SOA,  /* the first record is not the zone's SOA */
    TRANSFER_CHANGED, /* the last SOA is not the first */
    TRANSFER_TOO_MUCH,
};

struct transfer {
    const name_t *zone;
    bool changes; /* IXFR */
    uint32_t held, serial;
    enum transfer_state state;
    uint16_t rcode;
    uint64_t messages, records, octets;
};

/** type: TYPE_AXFR, or TYPE_IXFR with the serial that is held. */
void transfer_init(struct transfer *t, const name_t *zone, uint16_t type, uint32_t held);
/** The next message of that many octets. Returns how many records of its answer section belong to the
 * transfer; t->state is how far it has come. */
size_t transfer_take(struct transfer *t, const struct msg *m, size_t octets);
bool transfer_is_under_way(const struct transfer *t);
bool transfer_is_complete(const struct transfer *t);
/** Of a failure, in words; "" of any other state. */
void transfer_fault_text(struct text *out, const struct transfer *t);

#endif
