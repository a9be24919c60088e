/* A walk that the harkd of this machine makes, with its cache and its settings, told over its control socket
 * (verb `walk`). */
#ifndef HARK_CLI_TRACE_THROUGH_H
#define HARK_CLI_TRACE_THROUGH_H

#include "cli/status.h"
#include "resolve/resolve.h"

struct trace_through {
    const char *path; /* of the socket */
    char buf[256];
    uint32_t time_ms; /* that the walk took */
    uint64_t lost;    /* events that harkd could not wait for us to read */
    struct outcome outcome;
    struct arena arena; /* the outcome's */
};

/** socket: as named, or NULL. */
void trace_through_init(struct trace_through *t, const char *socket);
void trace_through_fini(struct trace_through *t);
/** Has harkd ask it, and tells its events to whoever watches the question; their time begins at 0. The
 * outcome is valid until the next one. NULL: there is none, it was said why, and *status tells. */
const struct outcome *trace_through_ask(
    struct trace_through *t, const struct question *q, enum status *status);

#endif
