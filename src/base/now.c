#include "base/now.h"

#include <time.h>

int64_t now_built_s(void)
{
    return HARK_BUILT_S;
}

now_t now_read(bool cache_by_wall)
{
    struct timespec boot, mono, wall;
    clock_gettime(CLOCK_MONOTONIC, &mono);
    clock_gettime(CLOCK_REALTIME, &wall);
    if (cache_by_wall)
        boot = wall;
    else
        clock_gettime(CLOCK_BOOTTIME, &boot);
    return (now_t){
        .cache_s = (uint32_t)boot.tv_sec,
        .mono_ms = (int64_t)mono.tv_sec * 1000 + mono.tv_nsec / 1000000,
        .wall_s = wall.tv_sec,
        .wall_known = wall.tv_sec >= HARK_BUILT_S,
    };
}
