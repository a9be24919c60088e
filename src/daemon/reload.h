/* Other settings without a restart: SIGHUP and `hark ctl reload`.
 *
 *   reload_ask()       reads the file, checks it, and offers it to all workers; or, while one is under way,
 *                      waits for its end: one runs, one waits, and all who asked meanwhile share it
 *   (the workers)      each takes the settings at the end of its loop's turn; questions in flight go on
 *   the end            callers are told what changed, and what waits for a restart
 *
 * A file with a mistake changes nothing; callers and log get the same lines. Everything runs in the main
 * thread.
 */
#ifndef HARK_DAEMON_RELOAD_H
#define HARK_DAEMON_RELOAD_H

#include "control/control.h"
#include "daemon/arguments.h"
#include "daemon/pool.h"
#include "daemon/supervise.h"
#include "daemon/trust_keeper.h"

struct reload;

/* All borrowed. */
struct reload_parts {
    struct pool *pool;
    struct snapshot *start;       /* what the pool runs by */
    const struct arguments *args; /* the command line, which overrules the file each time */
    struct supervise *supervise;  /* told that a reload begins and ends */
    struct trust_keeper *trust;
};

struct reload *reload_open(uv_loop_t *loop, const struct reload_parts *parts);
/** call: replied to at the end; NULL: a signal, the log alone is told. */
void reload_ask(struct reload *r, struct control_call *call);
/** The settings stay, their trust anchors are others (trust_keeper_anchors()): the workers take them, and
 * what was judged by the old ones is judged anew. call: told `reply` (handed over) at the end; NULL, both:
 * nobody. */
void reload_renew(struct reload *r, struct control_call *call, json_t *reply);
/** Replies to whoever waits. Memory is freed once the loop has run. */
void reload_close(struct reload *r);

/** The settings in force, as of the last reload. */
const struct config *reload_settings(const struct reload *r);

#endif
