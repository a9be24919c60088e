/* Events of a running harkd in words: one line each. */
#ifndef HARK_CLI_CTL_EVENTS_H
#define HARK_CLI_CTL_EVENTS_H

#include <jansson.h>

#include "cli/out.h"

/** Reads lines from the control socket until it ends and prints them; with OUT_JSON as they are. *last is the
 * error that came instead of them, or the outcome that a walk ends in (a new reference), or NULL; errno tells
 * how they ended (0: the connection was closed). */
void ctl_print_events(struct out *out, int fd, json_t **last);

#endif
