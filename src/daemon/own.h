/* The addresses of this host that lead to us. */
#ifndef HARK_DAEMON_OWN_H
#define HARK_DAEMON_OWN_H

#include "base/addr.h"
#include "base/mem.h"

/** The endpoints of `listen`, with wildcard addresses replaced by those of the interfaces as they are now. A
 * resolver that asks one of them asks itself (threat P14). In the arena. */
const struct endpoint *own_endpoints(
    const struct endpoint *listen, size_t listen_count, size_t *count, struct arena *a);

#endif
