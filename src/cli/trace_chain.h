/* The chain of trust in words: at each zone DS, key, signature and verdict. */
#ifndef HARK_CLI_TRACE_CHAIN_H
#define HARK_CLI_TRACE_CHAIN_H

#include <jansson.h>

#include "cli/out.h"
#include "resolve/event.h"

/** "secure", "insecure", "bogus", "indeterminate"; NULL: nobody has judged. */
const char *trace_verdict_text(uint8_t verdict);
enum out_style trace_verdict_style(uint8_t verdict);
/** Adds what a CHAIN or VALIDATED event says. */
void trace_chain_add(struct text *t, const struct event *e);
/** Its fields beyond those of all events: verdict, anchor, signature. */
void trace_chain_to_json(json_t *j, const struct event *e);

#endif
