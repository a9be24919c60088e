/* The control socket: one line in, one JSON object out, or several, a line each, while things happen. A
 * request is a verb of defs/verbs.def, plain
 * ("status") or as JSON ({"verb":"status"}).
 * Verbs that read are for whoever may connect, those that write for root, our user and our group. It runs in
 * the main thread's loop, away from the workers. */
#ifndef HARK_CONTROL_CONTROL_H
#define HARK_CONTROL_CONTROL_H

#include <jansson.h>
#include <uv.h>

#include "base/addr.h"
#include "base/err.h"
#include "cache/cache.h"
#include "control/cache_view.h"
#include "control/event_filter.h"
#include "resolve/resolve.h"
#include "serve/serve.h"

/* threat S8 */
#define CONTROL_OCTETS_MAX 65536u
#define CONTROL_CONNECTIONS_MAX 32u
#define CONTROL_MS_MAX 5000u

/* Where validation begins, in short. */
struct control_trust {
    bool validates, clock_known;
    unsigned anchors, unusable, negatives;   /* zones */
    char anchors_from[48], servers_from[48]; /* of the root: "built in 2026-11-23" */
    int64_t root_seen_s, root_next_s;        /* the root's keys; wall clock; 0: not followed, not seen yet */
};

/* `nta add NAME LIFETIME`, `nta del NAME`, `nta list` (RFC 7646). */
enum control_nta_action { NTA_LIST, NTA_ADD, NTA_DEL };
struct control_nta {
    enum control_nta_action action;
    const name_t *zone;
    uint32_t lifetime_s;
};

/* Figures of the whole daemon: sums over the workers. */
struct control_figures {
    uint64_t uptime_s;
    unsigned workers;
    const struct endpoint *listen;
    size_t listen_count;
    uint64_t queries, udp, tcp, silent, hits, local, pending, refused, truncated, composed;
    uint64_t rcodes[SERVE_RCODES];
    struct resolve_counters resolver;
    struct store_stats cache;
    struct nsecs_stats nsecs;
    /* datagrams of clients; room: octets that the kernel's queues may hold */
    uint64_t udp_received, udp_sent, udp_send_failed, udp_too_long, udp_dropped, udp_room;
    /* connections of clients, and descriptors for messages to servers */
    uint64_t tcp_open, tcp_accepted, tcp_refused, tcp_closed_slow, tcp_closed_idle;
    uint64_t upstream_open, upstream_waiting, upstream_waited, upstream_deafened;
    /* lines that found no room in a log */
    uint64_t log_lost, query_log_lost;
    /* clients and their limits */
    unsigned questions, clients, clients_at_limit; /* gauges: pending, who has some, who has too many */
    uint64_t over_limit, repetitions, twins, paced, aged;
    struct inflight_figures inflight;
    struct control_trust trust;
};

/* One request and its reply, which may come later. */
struct control_call {
    bool may_write; /* verbs that change something are for root, our own user and our own group */
    void (*reply)(struct control_call *call, json_t *reply); /* once; the reply is borrowed */
    /* Or lines, while they come: */
    /* One more; its end is added. False: who reads is too slow, it is lost. */
    bool (*line)(struct control_call *call, const char *line);
    /* The last line, which is not lost, or NULL; the call is over. */
    void (*end)(struct control_call *call, const char *line);
    /* The source's: who asked has gone. It calls end() then, at once or later, and may call line() until
     * then. */
    void (*gone)(struct control_call *call);
    /* The source's, may be NULL: after a line was lost, all that was taken before it is read. */
    void (*room)(struct control_call *call);
    void *ctx; /* the source's */
};

/* `recent [NAME [TYPE]]`. */
struct control_recent {
    const name_t *name; /* NULL: any */
    uint16_t type;      /* TYPE_NONE: any */
    /* the source's */
    bool kept; /* records are kept at all */
    int64_t now_ms;
};
/** A record of serve/recent.h, borrowed. */
typedef void control_recent_fn(void *ctx, const uint8_t *record, size_t len);
typedef void control_request_fn(void *ctx, const struct in_flight *q);
/** resolve_each_silence() */
typedef void control_silence_fn(void *ctx, const struct endpoint *at, uint32_t age_ms);

/* Where verbs get what they tell, and who does what they ask for. */
struct control_source {
    void (*figures)(void *ctx, struct control_figures *out);
    void (*reload)(void *ctx, struct control_call *call);
    json_t *(*anchors)(void *ctx);
    void (*nta)(void *ctx, struct control_call *call, const struct control_nta *nta);
    void (*cache)(void *ctx, struct cache_view *out); /* a handle of this thread's, and the time */
    /* Lines: events, the last one the outcome. */
    void (*walk)(void *ctx, struct control_call *call, const name_t *name, uint16_t type);
    /* Lines, until who asked goes. */
    void (*events)(void *ctx, struct control_call *call, const struct event_filter *filter);
    /* How many there are; fn is called for some of them, in no order. */
    size_t (*recent)(void *ctx, struct control_recent *wanted, control_recent_fn *fn, void *fn_ctx);
    size_t (*requests)(void *ctx, control_request_fn *fn, void *fn_ctx);
    void (*silences)(void *ctx, control_silence_fn *fn, void *fn_ctx);
    void *ctx;
};

struct control;

/** Listens at path (mode 0660), whose folder is made if its parent is there; a socket that nobody listens to
 * is replaced. ERR_SYSTEM with errno (EADDRINUSE: another harkd answers there). The source is copied. */
enum err control_open(
    struct control **out, uv_loop_t *loop, const char *path, const struct control_source *source);
/** Closes and removes the socket; memory is freed once the loop has run. */
void control_close(struct control *c);

/** `cache …`: what is known, or less of it. may_write: who asks may have it forget. */
json_t *control_cache_ask(
    const struct cache_view *v, bool may_write, const char *const *words, unsigned count);

/** {"error": …, "usage": true}: the reply to words that the verb does not take. New reference. */
json_t *control_misused(const char *what_is_wrong);

/** Does what one request line asks for. What is not understood, or not allowed, is replied to by
 * {"error": …}. The call must live until its reply. */
void control_ask(
    const struct control_source *source, struct control_call *call, const char *line, size_t len);
/** Is it root, or of our own user or group? groups: those beside gid. */
bool control_may_write(uid_t uid, gid_t gid, const gid_t *groups, size_t group_count);

#endif
