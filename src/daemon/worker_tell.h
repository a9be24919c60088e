/* What workers tell the control thread (errand.h): figures, or the number of all there are in the machine's
 * 32 bits, then the pieces that told_next() gives. */
#ifndef HARK_DAEMON_WORKER_TELL_H
#define HARK_DAEMON_WORKER_TELL_H

#include "control/control.h"
#include "daemon/errand.h"

/* Which records are wanted. */
struct recent_wanted {
    bool any_name;
    uint16_t type; /* TYPE_NONE: any */
    name_t name[NAME_MAX_LEN];
};

/* resolve's struct in_flight, flat. state is static. */
struct told_request {
    uint16_t type, for_type;
    unsigned waiters;
    uint32_t age_ms, messages, waited_ms;
    const char *state;
    bool has_for, has_zone, has_server;
    struct endpoint to;
    name_t name[NAME_MAX_LEN], for_name[NAME_MAX_LEN], zone[NAME_MAX_LEN], server[NAME_MAX_LEN];
};

/* resolve_each_silence() */
struct told_silence {
    struct endpoint at;
    uint32_t age_ms;
};

errand_fn worker_tell_stats;    /* struct worker_stats */
errand_fn worker_tell_recent;   /* of struct recent_wanted: records (serve/recent.h) */
errand_fn worker_tell_requests; /* struct told_request */
errand_fn worker_tell_silences; /* struct told_silence */

#define TOLD_COUNT sizeof(uint32_t)
/** The next piece from *at on, which begins at TOLD_COUNT. */
bool told_next(const struct text *told, size_t *at, const uint8_t **piece, size_t *len);

#endif
