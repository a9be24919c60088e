/* What the service manager is told (sd_notify(3), by hand), and what it is told no more when a thread stalls.
 *
 *   supervise_open()        looks for NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID in the environment
 *   supervise_ready()       serving; again after supervise_reloading()
 *   supervise_stopping()    a drain began
 *   supervise_close()
 *
 * With a watchdog each worker is asked for a heartbeat several times in the manager's patience; the manager
 * hears of us only while all of them answer (fault F21). Without a service manager nothing happens, at no
 * cost. Everything runs in the main thread.
 */
#ifndef HARK_DAEMON_SUPERVISE_H
#define HARK_DAEMON_SUPERVISE_H

#include <stdbool.h>
#include <uv.h>

struct supervise;

/* How the threads are asked for a sign of life. */
struct supervise_beats {
    void (*ask)(void *ctx);         /* asks all */
    unsigned (*missing)(void *ctx); /* how many have not answered since */
    void *ctx;
};

/** Never NULL. The variables leave the environment. */
struct supervise *supervise_open(uv_loop_t *loop, const struct supervise_beats *beats);
/** status: one line for people, or NULL. */
void supervise_ready(struct supervise *s, const char *status);
void supervise_reloading(struct supervise *s);
void supervise_stopping(struct supervise *s);
/** Memory is freed once the loop has run. */
void supervise_close(struct supervise *s);

#endif
