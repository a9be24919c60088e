/* The walk as a page:
 *
 *   hop  zone  server  address                                       when and how long, as a bar    time
 *          what was asked  →  what the server said                                     is it secure?
 *        │ a sub-question, one bar deeper
 *
 * The look-ups of the chain of trust are one line, unless all is asked for or something is wrong there.
 */
#ifndef HARK_CLI_TRACE_PAGE_H
#define HARK_CLI_TRACE_PAGE_H

#include "cli/out.h"
#include "cli/trace_walk.h"

/** whole: the chain of trust too, step by step. */
void trace_page_print(struct out *out, const struct trace_walk *w, bool whole);
/** "4 hops, 71 ms, 9 messages, secure" */
void trace_page_sum(struct text *t, const struct trace_walk *w, const struct outcome *o);

#endif
