/* What other workers post to this one: questions that it owns, and replies to questions that it asked. */
#ifndef HARK_DAEMON_INBOX_H
#define HARK_DAEMON_INBOX_H

#include <stdbool.h>
#include <uv.h>

#include "daemon/pending.h"

struct inbox {
    uv_mutex_t lock;
    uv_async_t async;
    struct pending *first, **last;
    bool open;
};

/** wake is called in the loop's thread after something was posted, or inbox_nudge() was called. */
void inbox_init(struct inbox *b, uv_loop_t *loop, uv_async_cb wake, void *data);
/** False: closed; q stays the caller's. */
bool inbox_post(struct inbox *b, struct pending *q);
/** Wakes the loop. Nothing if closed. */
void inbox_nudge(struct inbox *b);
/** All that was posted, in order, linked by next. */
struct pending *inbox_take(struct inbox *b);
/** Takes no more; in the loop's thread. */
void inbox_close(struct inbox *b);
void inbox_fini(struct inbox *b);

#endif
