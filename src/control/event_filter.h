/* Which events somebody wants to see: `events [TAG…] [failures] [name=SUFFIX]`. Several tags: any of them. */
#ifndef HARK_CONTROL_EVENT_FILTER_H
#define HARK_CONTROL_EVENT_FILTER_H

#include "base/text.h"
#include "resolve/event.h"

/* Flat. */
struct event_filter {
    uint32_t kinds; /* EVENT_BITs */
    bool failures;  /* of these, only what went wrong */
    bool named;
    name_t suffix[NAME_MAX_LEN]; /* of the name that the event, or the question that it is for, is about */
};

/** False: `problem` says in one line what is wrong. */
bool event_filter_read(
    struct event_filter *out, const char *const *words, unsigned count, struct text *problem);
/** e is one of resolve_watch(). */
bool event_filter_takes(const struct event_filter *f, const struct event *e);

#endif
