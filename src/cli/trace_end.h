/* How a walk ended: the answer's records, or why there are none. */
#ifndef HARK_CLI_TRACE_END_H
#define HARK_CLI_TRACE_END_H

#include "cli/out.h"
#include "resolve/resolve.h"

/** As text. Signatures and proofs only with_sigs. */
void trace_end_outcome(struct out *out, const struct question *q, const struct outcome *o, bool with_sigs);
/** The data alone, one a line. */
void trace_end_short(struct out *out, const struct outcome *o);

#endif
