/* The control socket: one line in, one JSON object out. A request is a verb of defs/verbs.def, plain
 * ("status") or as JSON ({"verb":"status"}). It runs in the main thread's loop, away from the workers. */
#ifndef HARK_CONTROL_CONTROL_H
#define HARK_CONTROL_CONTROL_H

#include <jansson.h>
#include <uv.h>

#include "base/addr.h"
#include "base/err.h"
#include "cache/cache.h"
#include "resolve/resolve.h"
#include "serve/serve.h"

/* threat S8 */
#define CONTROL_OCTETS_MAX 65536u
#define CONTROL_CONNECTIONS_MAX 32u
#define CONTROL_MS_MAX 5000u

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
    /* clients and their limits */
    unsigned questions, clients, clients_at_limit; /* gauges: pending, who has some, who has too many */
    uint64_t over_limit, repetitions, twins, paced, aged;
};

/* Where verbs get what they tell. */
struct control_source {
    void (*figures)(void *ctx, struct control_figures *out);
    void *ctx;
};

struct control;

/** Listens at path (mode 0660), whose folder is made if its parent is there; a socket that nobody listens to
 * is replaced. ERR_SYSTEM with errno (EADDRINUSE: another harkd answers there). The source is copied. */
enum err control_open(
    struct control **out, uv_loop_t *loop, const char *path, const struct control_source *source);
/** Closes and removes the socket; memory is freed once the loop has run. */
void control_close(struct control *c);

/** The reply to one request line; a new reference. Never NULL: what is not understood gives {"error": …}. */
json_t *control_reply(const struct control_source *source, const char *line, size_t len);

#endif
