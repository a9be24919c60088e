/* Events and outcomes as JSON objects, one a line, and back: what `hark trace --json` prints and what harkd's
 * verb `walk` sends. What they are told apart by is "event": the tags of defs/events.def, and "outcome" of
 * the last one. */
#ifndef HARK_RESOLVE_EVENT_JSON_H
#define HARK_RESOLVE_EVENT_JSON_H

#include <jansson.h>

#include "resolve/resolve.h"

/** New references. at_ms counts from start_ms (now_t.mono_ms). */
json_t *event_to_json(const struct event *e, int64_t start_ms);
json_t *outcome_to_json(const struct question *q, const struct outcome *o, uint32_t time_ms);

/** The way back, from whoever sent it: what it points to is the arena's. Its time begins at 0, and its time
 * of day is that of the signature. What a reader may rely on: qname; zone of CUT and CHAIN, child of REFERRAL
 * and ALIAS, to of SENT. ERR_UNKNOWN: an event that is not in our table; ERR_FORMAT, ERR_RANGE, ERR_LIMIT. */
enum err event_from_json(struct event *out, const json_t *j, struct arena *a);
enum err outcome_from_json(struct outcome *out, uint32_t *time_ms, const json_t *j, struct arena *a);

/** A signature's time in seconds since 1970: its 32 bits are of the 68 years around now (RFC 4034 3.1.5). */
int64_t rrsig_time(uint32_t stamp, int64_t now_s);

#endif
