/* A plan of delivery on paper: for people, as JSON, and for scripts. */
#ifndef HARK_CLI_MX_VIEW_H
#define HARK_CLI_MX_VIEW_H

#include "cli/out.h"
#include "hark/hark.h"

/** In the form that `out` has. note: a line on how far DNSSEC is to be believed here, or NULL. */
void mx_view(struct out *out, const char *target, const struct hark_mx_plan *plan, const char *note);
/** "host address port", a line for each address in the order of delivery. */
void mx_view_next(struct out *out, const struct hark_mx_plan *plan);

#endif
