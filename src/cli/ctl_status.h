/* The figures of a running harkd as people want to see them. */
#ifndef HARK_CLI_CTL_STATUS_H
#define HARK_CLI_CTL_STATUS_H

#include <jansson.h>

#include "cli/out.h"

/** later: the same, apart_ms after it, for what happens a second; NULL: nothing is told of that. recent:
 * what the verb of that name says, or NULL. */
void ctl_print_status(
    struct out *out, const json_t *status, const json_t *later, unsigned apart_ms, const json_t *recent);
void ctl_print_stats(struct out *out, const json_t *reply);
/** In the text format of Prometheus. */
void ctl_print_prometheus(struct out *out, const json_t *reply);

#endif
