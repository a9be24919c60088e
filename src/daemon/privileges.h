/* From root to a user that owns nothing, once the sockets are bound. */
#ifndef HARK_DAEMON_PRIVILEGES_H
#define HARK_DAEMON_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

/* Whom to become. */
struct privileges {
    bool wanted; /* started as root, and there is somebody to become */
    uid_t uid;
    gid_t gid;
    const char *name;
};

/** The user hark, else nobody. `wanted` false, with a warning in the log, where that cannot be: no such user,
 * or one that this user namespace does not map. */
struct privileges privileges_plan(void);
/** Does it, for all threads. A failure halfway ends the process:
 * a server that is neither one user nor the other is worse than none. */
void privileges_drop(const struct privileges *p);

#endif
