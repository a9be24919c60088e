/* How much may be in flight towards the servers of a zone and towards an address, for all workers together
 * (threats A15, A16). A cap begins at a start, goes one step up with an answer and one step down with a
 * silence: it doubles within a round trip as long as servers answer, and where most messages are lost it
 * sinks to a floor, at which recovery is still seen.
 *
 *   inflight_room(i, slot)              may one more leave?
 *   inflight_begin(i, zone, server)     it leaves: counted on both slots
 *   inflight_end(i, zone, server, how)  it was answered, waited for long enough, or is not needed any more
 *
 * Slots of a fixed table, by keyed hash. Two zones (or two addresses) that meet in a slot share its cap and
 * count: of 8,192 slots that happens to one in 8,192 pairs, strangers cannot choose it, and the worst is that
 * the one waits for the other. Asking for room and taking it are two steps: a cap may be overstepped by one
 * message a worker.
 */
#ifndef HARK_CACHE_INFLIGHT_H
#define HARK_CACHE_INFLIGHT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/hash.h"
#include "dns/name.h"

enum flight_end {
    FLIGHT_ANSWERED,
    FLIGHT_SILENT,  /* nothing came in time */
    FLIGHT_DROPPED, /* not waited for any more */
};

struct inflight;

/** start: caps to begin with. questions_max: of clients, see inflight_free_places(). 0: the defaults. */
struct inflight *inflight_new(
    const struct hash_key *key, unsigned zone_start, unsigned server_start, unsigned questions_max);
void inflight_free(struct inflight *i);
/** A zone's slot, by a hash of its name. */
uint64_t inflight_zone_hash(const struct inflight *i, const name_t *zone);
uint32_t inflight_zone_slot(uint64_t hash);
uint32_t inflight_server(const struct inflight *i, const struct addr *server);
/** Messages that may leave now; 0: the slot is at its cap. */
unsigned inflight_room(const struct inflight *i, uint32_t slot);
void inflight_begin(struct inflight *i, uint32_t zone, uint32_t server);
void inflight_end(struct inflight *i, uint32_t zone, uint32_t server, enum flight_end how);
/** An answer after all, to a message that ended as silent. */
void inflight_late(struct inflight *i, uint32_t zone, uint32_t server);
/** Questions that wait for a zone to have room: more by delta; the number after it. */
unsigned inflight_wait(struct inflight *i, uint32_t zone, int delta);
/** Questions of clients that the resolvers have, and jobs that work for them: more by delta. */
void inflight_question(struct inflight *i, int delta);
void inflight_job(struct inflight *i, int delta);
/** Places for questions that are free. */
unsigned inflight_free_places(const struct inflight *i);
/** More questions than places, or more than twice as many jobs. */
bool inflight_is_crowded(const struct inflight *i);

struct inflight_figures {
    unsigned messages;                      /* in flight */
    unsigned zones_at_cap, servers_at_cap;  /* slots without room */
    unsigned zones_at_floor, zones_waiting; /* slots that questions wait for */
};
/** What is in flight towards an address (or others in its slot), and how much may be. */
void inflight_read_server(
    const struct inflight *i, const struct addr *server, unsigned *messages, unsigned *cap);
/** Reads the whole table. */
void inflight_read(const struct inflight *i, struct inflight_figures *out);

#endif
