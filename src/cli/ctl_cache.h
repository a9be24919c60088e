/* Replies of harkd about what it remembers, for people: `hark ctl cache get`, `hark ctl cache flush`. */
#ifndef HARK_CLI_CTL_CACHE_H
#define HARK_CLI_CTL_CACHE_H

#include <jansson.h>

#include "cli/out.h"

void ctl_print_cache(struct out *out, const json_t *reply);

#endif
