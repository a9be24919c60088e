/* From whatever harkd was started with to a user that owns nothing and may do nothing special, once the
 * sockets are bound. */
#ifndef HARK_DAEMON_PRIVILEGES_H
#define HARK_DAEMON_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/text.h"

/* Whom to become. */
struct privileges {
    bool wanted; /* started as root, and there is somebody to become */
    bool keep;   /* asked to stay as started: capabilities stay too */
    uid_t uid;
    gid_t gid;
    const char *name;
};

/** `user`: whom to become if started as root; NULL: the user hark, else nobody. `wanted` false, with a
 * warning in the log, where that cannot be: no such user, or one that this user namespace does not map.
 * ERR_NOTFOUND, with a complaint: `user` was named and does not exist. */
enum err privileges_plan(struct privileges *out, bool drop, const char *user, struct text *complaint);
/** Does it. Before the first thread starts: capabilities and no_new_privs are each thread's own, and are
 * inherited. Of the capabilities (CAP_NET_BIND_SERVICE from a service manager or from the file, all of them
 * from root) none is left, in none of the five sets; nothing that is executed later gains any. A failure
 * halfway ends the process: a server that is neither one user nor the other is worse than none.
 * core_dumps: memory may be dumped and looked into; else it may not. */
void privileges_drop(const struct privileges *p, bool core_dumps);

#endif
