/* What other workers post to this one: questions that it owns, and replies to questions that it asked.
 * Nobody waits for anybody: there is no lock, and no bound that a burst could meet, as each piece of mail
 * brings its own link.
 *
 *   sender      outbox_add(o, m)                 again and again, at no cost
 *               outbox_send(o, &owner->inbox)    all of it at once, and at most one wake-up
 *   receiver    inbox_take(b)                    all that came, oldest first
 */
#ifndef HARK_DAEMON_INBOX_H
#define HARK_DAEMON_INBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <uv.h>

#include "base/err.h"

/* Whatever is posted holds one. Belongs to the sender until it is sent, then to the receiver. */
struct mail {
    struct mail *next;
};

/* What one thread has for one inbox. Zeroed: empty. */
struct outbox {
    struct mail *newest, *oldest; /* linked from the newest on */
    unsigned count;
};

/** In the loop's thread, after something was sent or inbox_nudge() was called. */
typedef void inbox_wake_fn(void *ctx);

/* Invariant: who puts mail into an empty inbox wakes the loop, and the loop takes all that is there; so mail
 * that lies there is known to the loop. */
struct inbox {
    _Atomic(struct mail *) newest; /* NULL: empty; &closed: takes no more */
    struct mail closed;
    int wake_fd; /* an eventfd, open until inbox_fini(): whoever still has mail may write to it */
    uv_poll_t woken;
    inbox_wake_fn *wake;
    void *ctx;
};

/** ERR_SYSTEM: errno tells; nothing is to be undone then. */
enum err inbox_init(struct inbox *b, uv_loop_t *loop, inbox_wake_fn *wake, void *ctx);
/** Wakes the loop; from any thread. Nothing if closed. */
void inbox_nudge(struct inbox *b);
/** In the loop's thread: all that was sent, each sender's in its order, linked by next. */
struct mail *inbox_take(struct inbox *b);
/** In the loop's thread: takes no more. Returns what still lay there, which is its senders' again. */
struct mail *inbox_close(struct inbox *b);
/** Once all threads that may send have ended. */
void inbox_fini(struct inbox *b);

void outbox_add(struct outbox *o, struct mail *m);
/** Leaves the outbox empty. Returns what the inbox did not take, because it is closed: oldest first, the
 * caller's; else NULL. */
struct mail *outbox_send(struct outbox *o, struct inbox *b);

#endif
