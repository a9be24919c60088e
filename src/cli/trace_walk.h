/* A walk, made of its events: questions with their steps in order, each sub-question at the step that needed
 * it. The page and the picture are drawn from it when all is over, for only then it is known what took how
 * much of the time. Whoever sent the events: it is bounded, and everything in it is a copy.
 */
#ifndef HARK_CLI_TRACE_WALK_H
#define HARK_CLI_TRACE_WALK_H

#include "resolve/resolve.h"

enum walk_part {
    WALK_MAIN,    /* the question itself, and the targets of its aliases */
    WALK_PRIMING, /* which are the root's name servers today? (RFC 9609) */
    WALK_ADDRESS, /* of a name server */
    WALK_TRUST,   /* DS and DNSKEY */
};

enum walk_kind {
    WALK_KNOWN,   /* event: CUT */
    WALK_MESSAGE, /* to a server */
    WALK_CACHED,  /* event: CACHE_HIT */
    WALK_JUDGED,  /* event: CHAIN, VALIDATED */
    WALK_NOTE,    /* event: whatever else is worth a line */
    WALK_SUB,     /* a sub-question */
    WALK_FAILED,  /* event: FAILED */
};

struct walk_step {
    enum walk_kind kind;
    const struct event *event; /* MESSAGE: SENT, or REPLY where nobody saw it leave */
    struct walk_question *of;
    struct walk_step *next;
    struct walk_question *sub; /* SUB */
    /* MESSAGE */
    struct walk_step *next_message; /* in the order in which they were sent */
    const struct event *reply;      /* REPLY; NULL: none came */
    const struct event *failure;    /* TIMEOUT, or USELESS: the network's word */
    const struct event *said;       /* what the reply came to; NULL: nothing is to be said of it */
    const struct event *bogus;      /* VALIDATED: it said so, but it is bogus */
    const struct event *judged;     /* VALIDATED: how that was judged */
    int64_t from_ms, to_ms;         /* since the walk began */
    unsigned hop;                   /* messages of the main walk that were answered count from 1; else 0 */
};

struct walk_question {
    const name_t *name;
    uint16_t type;
    enum walk_part part;
    const char *purpose; /* "alias target" and the like; NULL: of the question itself */
    unsigned told_depth; /* that of its events */
    unsigned above;      /* questions above it: WALK_ABOVE_MAX at most */
    unsigned depth;      /* how deep it is nested; an alias's target is as deep as the alias */
    struct walk_question *parent, *older;
    struct walk_step *steps, *last;
    bool done;
};

struct trace_walk {
    struct arena arena;
    int64_t start_ms;
    char hints[40]; /* which root hints: "built in" unless told otherwise */
    struct walk_question *first, *newest;
    struct walk_step *messages, *last_message;
    const struct event **judged; /* CHAIN and VALIDATED, as they came */
    unsigned judged_count, judged_cap;
    unsigned events; /* WALK_EVENTS_MAX of them at most; what comes then is not kept */
    /* of the whole walk, after trace_walk_end() */
    unsigned message_count, tcp_count, unanswered, hops;
    int64_t end_ms;
};

/** start_ms: now_t.mono_ms of events when the walk began. */
void trace_walk_init(struct trace_walk *w, int64_t start_ms);
void trace_walk_fini(struct trace_walk *w);
/** An observer's callback; ctx is the walk. */
void trace_walk_event(void *ctx, const struct event *e);
/** All is over. The figures are there. */
void trace_walk_end(struct trace_walk *w, uint32_t time_ms);

/** How the zone was judged, by what is known of it or of those above it: a CHAIN or VALIDATED event, or NULL.
 * *own: of that very zone. */
const struct event *trace_walk_verdict(const struct trace_walk *w, const name_t *zone, bool *own);

#endif
