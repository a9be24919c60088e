/* Who reads on the control socket while things happen: walks that were asked for, and readers of events.
 * Lives in the main thread. */
#ifndef HARK_DAEMON_AUDIENCE_H
#define HARK_DAEMON_AUDIENCE_H

#include "daemon/pool.h"

struct audience;

struct audience *audience_open(uv_loop_t *loop, struct pool *pool);
void audience_walk(struct audience *a, struct control_call *call, const name_t *name, uint16_t type);
void audience_events(struct audience *a, struct control_call *call, const struct event_filter *filter);
/** Before the control socket closes: all calls end. */
void audience_close(struct audience *a);
/** Once the workers have ended. NULL: nothing. */
void audience_free(struct audience *a);

#endif
