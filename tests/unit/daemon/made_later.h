/* For a harkd that takes the environment's word for when it was made (tests/system/test_trust.py). */
#include <stdint.h>
#include <stdlib.h>

static inline int64_t made_later(void)
{
    const char *s = getenv("HARK_TEST_BUILT_S");
    return s ? atoll(s) : 0;
}
#define HARK_BUILT_S made_later()
