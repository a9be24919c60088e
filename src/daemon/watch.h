/* What workers are asked to tell while it happens: a walk, and events of everybody's questions. */
#ifndef HARK_DAEMON_WATCH_H
#define HARK_DAEMON_WATCH_H

#include <stdatomic.h>

#include "control/event_filter.h"
#include "daemon/feed.h"
#include "resolve/resolve.h"

struct worker;

/* A look-up of which each event is a line, the outcome the last. The main thread makes it, the worker that
 * it is given to frees it. */
struct walk {
    struct walk *next;
    struct feed *feed;
    struct feed_reader to;
    uint16_t type;
    name_t name[NAME_MAX_LEN];
    /* the worker's */
    struct observer observer;
    ask_id ask;
    int64_t start_ms;
    unsigned lines, left_out;
};

#define WATCH_READERS 2u

/* Who reads events now, and which. Immutable; each worker holds one. */
struct watch {
    atomic_uint holders;
    struct feed *feed;
    unsigned count;
    struct watch_reader {
        struct feed_reader to;
        struct event_filter filter;
    } readers[WATCH_READERS];
};

/** With one holder, the caller. */
struct watch *watch_new(struct feed *feed);
struct watch *watch_hold(struct watch *w);
/** NULL: nothing. */
void watch_release(struct watch *w);

/** From the main thread: the walk is the worker's from now on. */
void worker_walk(struct worker *w, struct walk *walk);
/** From the main thread: these readers instead of those before. */
void worker_watch(struct worker *w, struct watch *watch);

#endif
