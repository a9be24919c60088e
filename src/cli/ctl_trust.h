/* Replies of harkd about trust, for people: `hark ctl anchors`, `hark ctl nta`. */
#ifndef HARK_CLI_CTL_TRUST_H
#define HARK_CLI_CTL_TRUST_H

#include <jansson.h>

#include "cli/out.h"

void ctl_print_anchors(struct out *out, const json_t *reply);
void ctl_print_nta(struct out *out, const json_t *reply);

#endif
