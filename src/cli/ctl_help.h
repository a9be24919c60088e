/* The verbs of `hark ctl`, on one screen or one of them. */
#ifndef HARK_CLI_CTL_HELP_H
#define HARK_CLI_CTL_HELP_H

#include "cli/out.h"
#include "cli/status.h"

/** verb NULL: all of them. */
enum status ctl_help(struct out *out, const char *verb);

#endif
