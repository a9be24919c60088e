/* Something that the main thread wants to know of every worker. Each finds it out in its own thread, between
 * two pieces of its work, and writes octets; the main thread waits for these, but not for long.
 *
 *   e = errand_new(workers, run, what, len)
 *   worker_send(w, e)                         to each
 *   errand_wait(e)                            half a second at most
 *   errand_told(e, i)                         what worker i wrote; NULL: it has not replied
 *   errand_release(e)
 */
#ifndef HARK_DAEMON_ERRAND_H
#define HARK_DAEMON_ERRAND_H

#include "base/text.h"

struct worker;
struct errand;

/** In the worker's thread. Quick: questions wait meanwhile. */
typedef void errand_fn(struct worker *w, const void *what, struct text *out);

/** what is copied. */
struct errand *errand_new(unsigned workers, errand_fn *run, const void *what, size_t len);
struct errand *errand_hold(struct errand *e);
/** NULL: nothing. */
void errand_release(struct errand *e);
/** In the thread of worker `index`. */
void errand_run(struct errand *e, struct worker *w, unsigned index);
void errand_wait(struct errand *e);
/** After errand_wait(). */
const struct text *errand_told(const struct errand *e, unsigned index);

#endif
