/* Records and failures as hark's commands show them, whichever of them asks. */
#ifndef HARK_CLI_RECORD_H
#define HARK_CLI_RECORD_H

#include "cli/out.h"
#include "dns/record.h"

/** The RDATA alone, one line (short form). */
void record_short(struct out *out, const struct rr *rr);

#endif
