/* One worker: a thread with its own loop, sockets, resolver and counters. Here the resolver core, which
 * touches no socket, meets the network, which knows no DNS.
 *
 *   worker_on_udp, _tcp  a message came   → serve_query(): replied, or a question for the resolver
 *   worker_ask           whose is it?     → this worker's resolver, or the outbox for the name's owner
 *   worker_pump          before the loop sleeps: whatever the resolver wants: SEND, DROP, ANSWER, WAKE
 *   worker_post          then what is for other workers goes to their inboxes, all at once
 *   worker_on_gate       the reply        → the socket that the question came by, in the thread that owns it
 *
 * Questions are in worker_ask.c, the loop in worker.c.
 */
#ifndef HARK_DAEMON_WORKER_H
#define HARK_DAEMON_WORKER_H

#include "base/hash.h"
#include "daemon/gate.h"
#include "daemon/inbox.h"
#include "daemon/listeners.h"
#include "daemon/snapshot.h"
#include "daemon/trust_keeper.h"
#include "net/outbound.h"

struct worker;
struct errand;

/* What all workers share; lives until the last has ended. */
struct shared {
    struct snapshot *start;      /* the settings of the start */
    const struct config *config; /* theirs */
    struct listeners listeners;
    struct cache *cache;
    struct hash_key owner_key; /* of the hash that says which worker owns a name */
    struct serving serving;
    struct clients *clients;
    struct stream_quota *streams; /* of all TCP clients */
    struct query_log *query_log;  /* NULL: none */
    struct trust_keeper *trust;   /* told of the root's keys */
    struct worker **workers;
    unsigned worker_count;
    /* Questions of clients, in all workers. Every miss writes it; hits, which read the rest, are not to wait
     * for that cache line. */
    uint8_t apart[64];
    atomic_uint pending;
};

/* What a worker did; serve_counters are read at any time. */
struct worker_stats {
    struct resolve_counters resolve;
    struct gate_counters gate;
    struct stream_counters tcp;
    struct udp_counters udp;
    struct outbound_counters out;
};

/** Opens its listeners, in the caller's thread; reads nothing yet. ERR_SYSTEM: errno, *failed say which
 * (NULL: none of them). */
enum err worker_new(
    struct worker **out, struct shared *shared, unsigned index, const struct listener **failed);
void worker_start(struct worker *w);
/** From any thread: reads no more questions, replies to those that are pending. */
void worker_drain(struct worker *w);
bool worker_is_drained(struct worker *w);
/** From any thread: ends the loop. Pending questions are forgotten. */
void worker_quit(struct worker *w);
/** From any thread: the machine's interfaces, addresses or routes changed. */
void worker_network_changed(struct worker *w);
/** From any thread: asks for the root's DNSKEY RRset, for trust_keeper_heard(). */
void worker_probe_root(struct worker *w);
/** From any thread: asks for a sign of life; then whether it came. */
void worker_ask_beat(struct worker *w);
bool worker_has_beaten(const struct worker *w);
/** Waits for the thread's end. */
void worker_join(struct worker *w);
/** After all workers were joined. */
void worker_free(struct worker *w);
/** From the main thread: settings to be taken at the end of the present turn of the loop; those offered
 * before and not taken yet are not taken at all. */
void worker_offer(struct worker *w, struct snapshot *s);
/** Are there none that it still has to take? */
bool worker_is_settled(struct worker *w);
/** From the main thread: to be done at the next turn of the loop; one that was not begun yet is forgotten. */
void worker_send(struct worker *w, struct errand *e);
/** At any time. */
const struct serve_counters *worker_serve_counters(const struct worker *w);

#endif
