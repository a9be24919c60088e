/* All workers and what they share: started together, ended together. */
#ifndef HARK_DAEMON_POOL_H
#define HARK_DAEMON_POOL_H

#include "control/control.h"
#include "daemon/worker.h"

struct pool;
struct walk;
struct watch;

/** Opens every listener of every worker; nothing is served yet. Settles `start` and holds it; given
 * sockets are borrowed until pool_free(). On error `complaint` says what failed and, for an address, which
 * setting to change. */
enum err pool_new(
    struct pool **out, struct snapshot *start, const struct activation *given, struct text *complaint);
/** Whom pool_probe_root() tells; borrowed until pool_stop(). */
void pool_set_trust(struct pool *p, struct trust_keeper *trust);
/** query_log: borrowed until pool_free(); NULL: none. */
void pool_start(struct pool *p, struct query_log *query_log);
/** Begins to end: no new questions, pending ones are still replied to. */
void pool_drain(struct pool *p);
bool pool_is_drained(struct pool *p);
/** Ends the workers and waits for them. */
void pool_stop(struct pool *p);
void pool_free(struct pool *p);
/** Asks every worker for a sign of life; how many have not given it. */
void pool_ask_beats(struct pool *p);
unsigned pool_beats_missing(struct pool *p);
/** Interfaces, addresses or routes of this machine changed. */
void pool_network_changed(struct pool *p);
/** Where it listens. */
const struct endpoint *pool_listen(const struct pool *p, size_t *count);
unsigned pool_workers(const struct pool *p);
/** Settles `s` and has every worker take it at the end of its loop's turn; the cache obeys it at once. */
void pool_offer(struct pool *p, struct snapshot *s);
/** Has every worker taken what it was offered? */
bool pool_is_settled(struct pool *p);
/** Finished answers are made again, of the records in the cache. */
void pool_flush_answers(struct pool *p);
/** Records in the cache are judged anew before they are told to anybody. */
void pool_flush_verdicts(struct pool *p);
/** Asks for the root's DNSKEY RRset: trust_keeper_heard() is told, from a worker. */
void pool_probe_root(struct pool *p);
/** The caller's handle of the cache, and its time. */
void pool_cache(struct pool *p, struct cache_view *out);
/** Sums over the workers, which go on meanwhile. */
void pool_figures(struct pool *p, struct control_figures *out);

/** Records of recent questions, what is in flight and silences, of all workers; those that do not reply
 * within half a second are left out. pool_ask.c. */
size_t pool_recent(struct pool *p, struct control_recent *wanted, control_recent_fn *fn, void *ctx);
size_t pool_requests(struct pool *p, control_request_fn *fn, void *ctx);
void pool_silences(struct pool *p, control_silence_fn *fn, void *ctx);

/** To the worker that owns the question; the walk is its own from now on. */
void pool_walk(struct pool *p, struct walk *walk);
void pool_watch(struct pool *p, struct watch *watch);

#endif
