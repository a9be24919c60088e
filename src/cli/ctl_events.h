/* Events of a running harkd in words: one line each. */
#ifndef HARK_CLI_CTL_EVENTS_H
#define HARK_CLI_CTL_EVENTS_H

#include <jansson.h>

#include "cli/out.h"

/** Reads lines from the control socket until it ends and prints them; with OUT_JSON as they are. False: they
 * ended before there was one (errno, 0: the connection was closed), or it was an error, which *error then
 * holds (a new reference). */
bool ctl_print_events(struct out *out, int fd, json_t **error);

#endif
