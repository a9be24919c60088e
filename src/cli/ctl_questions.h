/* Questions and servers as a running harkd tells them. */
#ifndef HARK_CLI_CTL_QUESTIONS_H
#define HARK_CLI_CTL_QUESTIONS_H

#include <jansson.h>

#include "cli/out.h"

void ctl_print_recent(struct out *out, const json_t *reply);
void ctl_print_requests(struct out *out, const json_t *reply);
void ctl_print_servers(struct out *out, const json_t *reply);

#endif
