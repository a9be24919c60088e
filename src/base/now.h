/* Time as the core is told it. */
#ifndef HARK_BASE_NOW_H
#define HARK_BASE_NOW_H

#include <stdbool.h>
#include <stdint.h>

typedef struct now {
    uint32_t cache_s; /* seconds of CLOCK_BOOTTIME (or wall time by setting): TTLs; a laptop's sleep counts */
    int64_t mono_ms;  /* milliseconds of CLOCK_MONOTONIC: retransmission, patience */
    int64_t wall_s;   /* Unix time: signatures */
    bool wall_known;  /* false: the wall clock is not to be believed */
} now_t;

/** Unix time of this program's making (SOURCE_DATE_EPOCH): no clock that is right says less. */
int64_t now_built_s(void);
/** The clocks of this system; wall_known: it is not before now_built_s(). cache_by_wall: cache_s follows wall
 * time, for outside harnesses that fake only that. */
now_t now_read(bool cache_by_wall);

#endif
