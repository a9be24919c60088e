#include "net/descriptors.h"

#include <limits.h>
#include <sys/resource.h>

/* The control socket's connections, the log's next file, the resolver's epoll … */
#define FOR_OTHERS 8u
/* Of 64 descriptors 16, of 1024 256: questions to servers, which last a fraction of a second. */
#define UPSTREAM_PART 4u

int descriptors_kept_below(enum descriptor_use use)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
        return INT_MAX;
    rlim_t kept = use == DESCRIPTOR_CLIENT ? limit.rlim_cur / UPSTREAM_PART : 0;
    if (kept < FOR_OTHERS)
        kept = FOR_OTHERS;
    rlim_t below = limit.rlim_cur > kept ? limit.rlim_cur - kept : 0;
    return below < INT_MAX ? (int)below : INT_MAX;
}

bool descriptor_may_be_kept(int fd, enum descriptor_use use)
{
    return fd < descriptors_kept_below(use);
}
