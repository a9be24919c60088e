/* Inside the pool: what pool.c and pool_ask.c share. */
#ifndef HARK_DAEMON_POOL_INNER_H
#define HARK_DAEMON_POOL_INNER_H

#include "daemon/pool.h"
#include "daemon/worker.h"

struct pool {
    struct shared shared;
    struct arena lasting;
    bool started;
    struct worker_stats *told; /* by each worker, when it was asked last and had the time */
    int64_t start_ms;
};

#endif
