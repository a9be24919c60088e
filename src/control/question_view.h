/* Questions of clients as `hark ctl recent` and `hark ctl requests` tell them: what became of those of the
 * last minutes, and those that still wait. */
#ifndef HARK_CONTROL_QUESTION_VIEW_H
#define HARK_CONTROL_QUESTION_VIEW_H

#include "control/control.h"

/** `recent [NAME [TYPE]]`. */
json_t *control_recent_ask(const struct control_source *source, const char *const *words, unsigned count);
/** `requests`. */
json_t *control_requests_ask(const struct control_source *source);

#endif
