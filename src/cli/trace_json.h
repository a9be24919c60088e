/* The walk as JSON: one object an event, and one for the outcome. */
#ifndef HARK_CLI_TRACE_JSON_H
#define HARK_CLI_TRACE_JSON_H

#include "cli/out.h"
#include "resolve/resolve.h"

struct trace_json {
    struct out *out;
    int64_t start_ms; /* now_t.mono_ms; events tell the time since then */
};

/** An observer's callback; ctx is the trace_json. */
void trace_json_event(void *ctx, const struct event *e);
/** New references. */
json_t *trace_event_to_json(const struct event *e, int64_t start_ms);
json_t *trace_outcome_to_json(const struct question *q, const struct outcome *o, uint32_t time_ms);

#endif
