/* What is known of name servers, for `hark ctl servers`. */
#ifndef HARK_CONTROL_SERVER_VIEW_H
#define HARK_CONTROL_SERVER_VIEW_H

#include "control/control.h"

/** `servers [ADDRESS|NAME]`. Without: how many are known, the slowest and those that fail. */
json_t *control_servers_ask(const struct control_source *source, const char *const *words, unsigned count);

#endif
