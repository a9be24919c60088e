/* The blocking driver: the daemon's own resolver for one question at a time, with an event loop, a cache and
 * sockets of its own. Here resolve meets net for programs that wait; in the daemon they meet in
 * daemon/worker.c.
 *
 *   struct drive *d = drive_new(&config);
 *   const struct outcome *o = drive_ask(d, &question);     sends, waits, and returns with the ANSWER
 *   … read o …
 *   drive_free(d);
 */
#ifndef HARK_LIB_DRIVE_H
#define HARK_LIB_DRIVE_H

#include "lib/config.h"
#include "resolve/resolve.h"

struct drive;

/** Obeys the configuration's upstream and cache settings; validates if config->resolve.anchors says where to
 * begin (lib/trust.h); the cache starts empty. The configuration is
 * borrowed. NULL: the system gives no event loop, errno tells. */
struct drive *drive_new(const struct config *config);
void drive_free(struct drive *d);
/** Asks and runs until the ANSWER. The outcome is valid until the next call with d. NULL: the loop ended
 * without an answer, which is a bug of the resolver (or of the system's timers); never hangs, for the core
 * answers by the question's deadline. */
const struct outcome *drive_ask(struct drive *d, const struct question *q);

#endif
