/* A harkd that runs on this machine, as its control socket tells. */
#ifndef HARK_CLI_LOCAL_HARKD_H
#define HARK_CLI_LOCAL_HARKD_H

#include <jansson.h>
#include <stdbool.h>

#include "base/addr.h"

#define LOCAL_HARKD_LISTEN_MAX 32u

struct local_harkd {
    bool runs;
    int error; /* errno of the control socket, where it does not tell: EACCES, it is there but not for us */
    struct endpoint listen[LOCAL_HARKD_LISTEN_MAX];
    unsigned listen_count;
    char version[32];
    json_t *known; /* what it knew of the name before anybody was asked; NULL: it does not say */
};

/** Looks, and asks what it knows of the name (NULL: nothing is asked), before that look-up changes it. */
void local_harkd_find(struct local_harkd *h, const char *name, bool v4, bool v6);
void local_harkd_fini(struct local_harkd *h);
/** Is that server this one? */
bool local_harkd_is(const struct local_harkd *h, const struct endpoint *server);

#endif
