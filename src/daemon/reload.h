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

struct reload;

/** start: what the pool runs by. args: the command line, which overrules the file each time. All borrowed;
 * supervise: told that a reload begins and ends. */
struct reload *reload_open(uv_loop_t *loop, struct pool *pool, struct snapshot *start,
    const struct arguments *args, struct supervise *supervise);
/** call: replied to at the end; NULL: a signal, the log alone is told. */
void reload_ask(struct reload *r, struct control_call *call);
/** Replies to whoever waits. Memory is freed once the loop has run. */
void reload_close(struct reload *r);

#endif
