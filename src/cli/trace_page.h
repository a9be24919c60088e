/* The walk as a page: what the resolver does, line by line as it happens, in words.
 *
 *   number  zone  server  address                      transport  time     one message and its reply
 *             what was asked  →  what the server said
 *           │ the same for a sub-question, one bar deeper
 */
#ifndef HARK_CLI_TRACE_PAGE_H
#define HARK_CLI_TRACE_PAGE_H

#include "cli/out.h"
#include "resolve/resolve.h"

#define TRACE_SENDS_KEPT 64u /* messages whose question is remembered until their reply */

struct trace_send {
    uint64_t id;
    uint16_t type;
    unsigned number;
    int64_t sent_ms;
    name_t name[NAME_MAX_LEN];
};

/* Invariant: column 0 between events. */
struct trace_page {
    struct out *out;
    unsigned zone_width;
    struct trace_send sends[TRACE_SENDS_KEPT]; /* by number modulo their count */
    unsigned messages, tcp_messages, unanswered;
    /* the question that the lines above belong to */
    name_t shown_name[NAME_MAX_LEN];
    uint16_t shown_type;
    bool shown;
    /* a hop whose second line is still to come */
    bool pending;
    uint16_t pending_rcode;
    unsigned pending_depth;
    name_t asked_name[NAME_MAX_LEN];
    uint16_t asked_type;
    /* messages that failed at once, in a row, for the same reason; lines beyond the first few are counted */
    const char *run_word;
    unsigned run, run_depth;
    struct event last; /* for comparing only: what it points to is gone */
};

void trace_page_init(struct trace_page *p, struct out *out, const name_t *qname);
/** An observer's callback; ctx is the page. */
void trace_page_event(void *ctx, const struct event *e);
/** The end: answer or reason, and the summary. */
void trace_page_end(struct trace_page *p, const struct question *q, const struct outcome *o, uint32_t time_ms,
    bool with_sigs);

#endif
