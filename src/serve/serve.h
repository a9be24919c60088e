/* One client question, through an ordered list of named steps: serve.c holds the list, in the order in which
 * a question meets it.
 *
 *   request.c   what was asked: header, question, OPT    (read in place if the message is of the usual form)
 *   serve.c     the list of steps; is it known here, is it in the cache
 *   admit.c     the steps that judge who asks: access, strangers, cookies
 *   cookie.c    server cookies                           (RFC 9018)
 *   chaos.c     what we tell of ourselves                (CH TXT, RFC 4892)
 *   local.c     names that are answered here, whoever asks (RFC 6761, RFC 6303)
 *   sentinel.c  which keys of the root are trusted here  (RFC 8509)
 *   compose.c   what the resolver found, as a message    (and into the cache for the next asker)
 *   reply.c     the message as this client gets it: ID, letter case, size, OPT, truncation
 *
 * The caller's part:
 *
 *   struct request rq = {.transport = …, .client = …};
 *   switch (serve_query(s, &rq, wire, len, &reply, now)) {
 *   case SERVE_DONE:    send reply.data[reply.len]
 *   case SERVE_SILENT:  nothing is ever sent
 *   case SERVE_PENDING: keep rq (it is flat); resolve_ask() what serve_question() says; with the outcome
 *                       serve_compose(s, &rq, outcome, &reply, now), with any struct serve: then send
 *                       reply.data[reply.len]
 *   }
 *
 * Knows nothing of sockets.
 */
#ifndef HARK_SERVE_SERVE_H
#define HARK_SERVE_SERVE_H

#include <stdatomic.h>

#include "base/addr.h"
#include "base/now.h"
#include "cache/cache.h"
#include "policy/strangers.h"
#include "resolve/resolve.h"
#include "serve/cookie.h"
#include "serve/request.h"

struct serve_settings {
    struct prefix_list access, access_deny; /* clients that are served; borrowed */
    struct prefix_list snoopers; /* of them, who may ask without RD what is in the cache; borrowed */
    bool local_zones;
    const name_t *const
        *local_off; /* rows of defs/local.def at and below these are asked of the world; borrowed */
    size_t local_off_count;
    uint16_t udp_size;        /* announced to clients, and the longest UDP reply */
    uint16_t keepalive_100ms; /* idle time of streams, told to clients that ask (RFC 7828); 0: not told */
    bool rotate;              /* records of an address RRset come in another order each time */
    bool cookies;             /* answer clients' cookies; then secrets must hold one */
    bool cookies_require;     /* over UDP serve those alone whose cookie is good */
    struct cookie_secrets cookie_secrets;
    const char *identity, *version; /* CH TXT id.server and version.server, NSID; NULL: not told; borrowed */
    bool validates;                 /* unchecked data is not for clients without CD */
    bool sentinel;                  /* RFC 8509, with validation */
    const uint16_t *root_tags;      /* of the keys that are trusted for the root; borrowed */
    size_t root_tag_count;
    struct strangers *strangers; /* shared by all threads; NULL: each stranger is told that he is one */
};

#define SERVE_NEAR_MAX 64u /* numbers from 1 */
#define SERVE_RCODES 24u   /* BADCOOKIE is the last of the registry */

/* One writer, the worker; read by others at any time. */
struct serve_counters {
    _Atomic uint64_t queries, udp, tcp; /* messages handed in */
    _Atomic uint64_t silent, hits, local, pending, refused;
    _Atomic uint64_t truncated, composed;
    _Atomic uint64_t rcodes[SERVE_RCODES]; /* replies by rcode */
};

static inline void serve_count(_Atomic uint64_t *counter)
{
    atomic_store_explicit(
        counter, atomic_load_explicit(counter, memory_order_relaxed) + 1, memory_order_relaxed);
}

/* Where the reply's content is from. */
enum reply_from { REPLY_FROM_NOWHERE, REPLY_FROM_LOCAL, REPLY_FROM_CACHE, REPLY_FROM_SERVERS };

/* Where a reply is put. cap: 512 at least; what is longer than it is truncated. */
struct reply {
    uint8_t *data;
    size_t cap, len;
    bool due; /* it was a finished answer near its end: refresh it (resolve_refresh()) */
    /* what became of it, for the query log */
    enum reply_from from;
    uint16_t rcode; /* with its extended bits */
};

enum served { SERVE_DONE, SERVE_SILENT, SERVE_PENDING };

struct serve; /* not shared between threads */

/** The cache is shared and borrowed; settings are copied. */
struct serve *serve_new(const struct serve_settings *settings, struct cache *cache);
/** Other settings, between two calls; requests that are pending stay good. */
void serve_settings_set(struct serve *s, const struct serve_settings *settings);
void serve_free(struct serve *s);
/** rq holds transport, client and near; the rest is filled in.
 * wire is borrowed for the call and must not overlap the reply. */
enum served serve_query(
    struct serve *s, struct request *rq, const uint8_t *wire, size_t len, struct reply *reply, now_t now);
/** Queries of a batch that are about to be handed in one by one: the memory that they will need is fetched,
 * in two steps, each for all of them. near: not over SERVE_NEAR_MAX, to be handed in as rq->near. */
void serve_near(struct serve *s, unsigned near, const uint8_t *wire, size_t len);
void serve_nearer(struct serve *s, unsigned near);
/** What a pending request asks of the resolver; points into rq. */
struct question serve_question(const struct request *rq);
/** The reply for what became of it; stores the finished answer for the next asker. */
void serve_compose(
    struct serve *s, struct request *rq, const struct outcome *outcome, struct reply *reply, now_t now);
/** Is the name answered here, whatever the world says? Then *out is what it is answered, in the arena. */
bool serve_local(
    const struct serve *s, const name_t *name, uint16_t type, struct arena *a, struct outcome *out);
/** A reply without records; ede EDE_NONE: no reason given. text is static. */
void serve_refuse(
    struct serve *s, struct request *rq, uint16_t rcode, int ede, const char *text, struct reply *reply);
/** An empty reply with TC, no longer than the question: the client is to come again over TCP. */
void serve_truncate(struct serve *s, struct request *rq, struct reply *reply);
const struct serve_counters *serve_counters(const struct serve *s);

#endif
