/* Equal minimised questions of different names are asked once: 200 names below org. that come at one time
 * need the root to say of org. what it is, once. Decision 24. Only files of src/resolve include this.
 *
 * A job whose minimised question is out (to any server of the zone, in patience) is the asker; others that
 * are about to ask the same of the same zone wait for it. What it learns they know too. They go on by
 * themselves when its patience is over, when it ends, or when what it heard helped nobody: a wait for
 * another's message is as long as one for a message of one's own, and since an asker waits for nobody, there
 * are no circles. */
#ifndef HARK_RESOLVE_PROBE_H
#define HARK_RESOLVE_PROBE_H

#include "base/table.h"

struct job;

enum probe_learnt {
    PROBE_NOTHING, /* or what the cache knows now: a delegation */
    PROBE_NO_CUT,  /* no zone begins there */
    PROBE_WHOLE,   /* and the whole name may be asked */
};

/* A job's part in it. Zeroed: none. */
struct probe_place {
    struct table_node node; /* resolver.probes; while `send` is not 0 */
    uint64_t send;          /* the question of the asker */
    uint64_t alone;         /* the key of what it waited for in vain: that it asks itself */
    struct job *asker;      /* whom it waits for */
    struct job *first;      /* who wait for it */
    struct job *next, *prev;
    enum probe_learnt learnt;
};

#endif
