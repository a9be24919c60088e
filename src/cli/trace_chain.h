/* The chain of trust in words: at each zone DS, key, signature and verdict. */
#ifndef HARK_CLI_TRACE_CHAIN_H
#define HARK_CLI_TRACE_CHAIN_H

#include "cli/out.h"
#include "resolve/event.h"

enum out_style trace_verdict_style(uint8_t verdict);
/** Adds what a CHAIN or VALIDATED event says. */
void trace_chain_add(struct text *t, const struct event *e);

#endif
