/* How a walk ended: the answer's records, or why there are none. */
#ifndef HARK_CLI_TRACE_END_H
#define HARK_CLI_TRACE_END_H

#include "cli/out.h"
#include "resolve/resolve.h"

/** "Answer, secure", or why there is none. */
enum out_style trace_end_headline(struct text *t, const struct question *q, const struct outcome *o);
/** As text. Signatures and proofs only with_sigs. */
void trace_end_outcome(struct out *out, const struct question *q, const struct outcome *o, bool with_sigs);
/** The data alone, one a line. */
void trace_end_short(struct out *out, const struct outcome *o);

#endif
