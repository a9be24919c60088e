/* Where clients come in: the addresses of the configuration, at each of which each worker has sockets of its
 * own, or the sockets that a service manager gave. */
#ifndef HARK_DAEMON_LISTENERS_H
#define HARK_DAEMON_LISTENERS_H

#include "daemon/activation.h"
#include "lib/config.h"

/* One place for one transport. */
struct listener {
    struct endpoint at;
    int type;             /* SOCK_DGRAM, SOCK_STREAM */
    int given;            /* borrowed from the activation; -1: each worker opens its own */
    unsigned rank, equal; /* given: the rank-th of so many at the same place */
};

struct listeners {
    const struct listener *items;
    size_t count;
    const struct endpoint *places; /* each address once */
    size_t place_count;
    bool freebind;
};

/** Given sockets, if there are any, else those of config->listen, which must be free. In the arena. */
enum err listeners_choose(struct listeners *out, const struct config *config, const struct activation *given,
    struct arena *a, struct text *complaint);
/** Whether that worker serves it. With fewer given sockets of one place than workers some are shared, with
 * more some workers have several. */
bool listener_is_for(const struct listener *l, unsigned worker, unsigned workers);
/** The worker's own descriptor of it; -1 with errno. */
int listener_open(const struct listeners *all, const struct listener *l);
/** Says that it could not be opened. */
void listener_complain(const struct listener *l, int problem, struct text *complaint);

#endif
