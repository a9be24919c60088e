/* A function that runs in a process of its own and hands bytes back: for calls that may hang, crash, or
 * change what is only settable once a process (NSS modules, the C library's resolver). Several run side by
 * side.
 *
 *   struct child c;
 *   child_begin(&c, work, argument);
 *   child_wait(&(struct child *){&c}, 1, until_us);      c.end says what became of it, c.out what it wrote
 *   child_fini(&c);
 *
 * Only programs with one thread may begin them. A child dies with its parent.
 */
#ifndef HARK_LIB_CHILD_H
#define HARK_LIB_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/text.h"

enum child_end {
    CHILD_RUNNING,
    CHILD_DONE, /* out is whole */
    CHILD_LATE, /* it was ended, for its time was over */
    CHILD_DIED, /* it ended early: a crash, or the system gave no process */
};

struct child {
    pid_t pid;
    int fd;
    enum child_end end;
    int64_t began_us;
    uint32_t time_us; /* from its beginning to its end */
    struct text out;  /* bytes */
};

/** Microseconds of CLOCK_MONOTONIC. */
int64_t child_now_us(void);
/** Runs work(argument, out) in a new process. Where the system gives none the end is CHILD_DIED at once. */
void child_begin(struct child *c, void (*work)(void *argument, struct text *out), void *argument);
/** Waits until one of those that run has ended, or until that time (child_now_us). False: all have ended, or
 * the time is over. Returning early, with true, says nothing more than that it is worth a look. */
bool child_wait_any(struct child *const *list, size_t n, int64_t until_us);
/** Waits until all have ended; at that time those that still run are ended and are late. */
void child_wait(struct child *const *list, size_t n, int64_t until_us);
/** Ends it, if it runs: it is late then. */
void child_stop(struct child *c);
/** Ends it, if it runs, and forgets what it wrote. */
void child_fini(struct child *c);

#endif
