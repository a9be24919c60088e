#include "dnssec/policy.h"

#include <stddef.h>

#include "defs/limits.h"

void dnssec_policy_default(struct dnssec_policy *p)
{
    *p = (struct dnssec_policy){
        .rsa_bits_min = 1024, .prepare_keys = true, .nsec3_iterations_max = NSEC3_ITERATIONS_MAX};
#define ALGORITHM(name, number, text, use) p->algorithms |= (use) ? 1u << (number) : 0;
#include "defs/algorithm.def"
#undef ALGORITHM
#define DIGEST(name, number, text, octets, use) p->digests |= (use) ? 1u << (number) : 0;
#include "defs/digest.def"
#undef DIGEST
}

const char *algorithm_text(uint8_t number)
{
    switch (number) {
#define ALGORITHM(name, number, text, use)                                                                   \
    case number:                                                                                             \
        return text;
#include "defs/algorithm.def"
#undef ALGORITHM
    default:
        return NULL;
    }
}

const char *digest_text(uint8_t number)
{
    switch (number) {
#define DIGEST(name, number, text, octets, use)                                                              \
    case number:                                                                                             \
        return text;
#include "defs/digest.def"
#undef DIGEST
    default:
        return NULL;
    }
}
