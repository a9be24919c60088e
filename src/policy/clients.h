/* What each client has pending, and how fast answers that waited may go to it. A client is an IPv4 address or
 * an IPv6 /56. One table of fixed size for all threads (fault F19): only who has something pending, or was
 * sent much just now, has a place in it, so it outlasts any number of clients.
 *
 *   clients_enter(c, &addr, proven, &slot)      a question of it is handed to the resolver
 *   clients_pace(c, slot, octets, now_us)       its answer is ready: how long is it to wait?
 *   clients_leave(c, slot)                      the question is over
 *
 * Where a client finds its corner of the table full of others, it is neither counted nor paced
 * (CLIENT_UNKNOWN): its questions still count among all that are pending.
 */
#ifndef HARK_POLICY_CLIENTS_H
#define HARK_POLICY_CLIENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/hash.h"

#define CLIENT_UNKNOWN UINT32_MAX

struct clients;

/** pending_max: questions pending of a client whose address may be forged; one that has proven it may have
 * CLIENT_PROVEN_FACTOR times as many. */
struct clients *clients_new(const struct hash_key *key, unsigned pending_max);
void clients_free(struct clients *c);
/** One more question. False: too many are pending; nothing was counted. now_us: any steady clock. */
bool clients_enter(struct clients *c, const struct addr *client, bool proven, int64_t now_us, uint32_t *slot);
void clients_leave(struct clients *c, uint32_t slot);
/** Questions of this client that are pending; 0 for CLIENT_UNKNOWN. */
unsigned clients_pending(struct clients *c, uint32_t slot);
/** Takes the client's next place on the wire for so many octets: microseconds from now. */
int64_t clients_pace(struct clients *c, uint32_t slot, size_t octets, int64_t now_us);
/** Gauges: clients with questions pending, and those of them that an unproven one more would be refused. */
unsigned clients_active(const struct clients *c);
unsigned clients_at_limit(const struct clients *c);

/** The client that an address belongs to: itself, or the first of its IPv6 /56. */
struct addr client_of(const struct addr *a);

#endif
