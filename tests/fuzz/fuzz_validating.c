/* fuzz_resolver with an anchor, and servers that have the records of DNSSEC. */
#define VALIDATES
#include "fuzz_resolver.c"
