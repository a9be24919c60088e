/* What this machine reaches: whether its own link works, and which address families do.
 *
 * A server that does not answer says as much of our link as of itself. So a silence is learnt (as a time-out
 * of the server, for all questions to come) only where something that was sent no earlier was answered. Until
 * then it is held back; and where known servers of unrelated zones are all silent while nothing is heard, it
 * is our link, and nothing is learnt: no time-outs, no failures beyond a second. Part of struct resolver;
 * only files of src/resolve include it.
 */
#ifndef HARK_RESOLVE_REACH_H
#define HARK_RESOLVE_REACH_H

#include "base/addr.h"
#include "defs/limits.h"

struct job;
struct resolver;
struct send;

struct held_silence {
    struct endpoint at;
    uint64_t zone;
    int64_t sent_ms;
    bool alive; /* it was known to answer */
};

/* One address family. */
struct family_reach {
    int64_t heard_ms; /* 0: never */
    int64_t off_ms;   /* comes last until then; 0: never was off since it was heard */
    struct addr silent[REACH_FAMILY_SILENCES];
    unsigned silent_count; /* addresses of it that are silent since it was heard */
};

struct reach {
    bool down;             /* our link: nothing answers */
    int64_t heard_ms;      /* 0: never */
    int64_t answered_ms;   /* the youngest message of those answered left then */
    int64_t down_since_ms; /* no message that left later was answered */
    int64_t up_ms;         /* the last time that the link came back */
    int64_t probed_ms;     /* everything that waited was asked again then */
    struct held_silence held[REACH_HELD_MAX];
    unsigned held_count;
    struct family_reach family[2]; /* IPv4, IPv6 */
};

/** A message was answered, or its server's machine said that nobody listens: it got there and back. */
void reach_heard(struct resolver *r, const struct send *s);
/** Nobody answered it in time. */
void reach_silence(struct job *j, const struct send *s);
/** There is no route to that address. */
void reach_no_route(struct resolver *r, const struct endpoint *to);
/** The interfaces, addresses or routes of this machine have changed. */
void reach_changed(struct resolver *r);

/** Does the family come last, for now? */
bool reach_is_off(const struct resolver *r, const struct endpoint *at);
/** Did it come last until lately, and nothing was heard by it since? Then others are asked soon. */
bool reach_is_on_trial(const struct resolver *r, const struct endpoint *at);
/** Is, or was while the job ran, our link to blame for a failure? */
bool reach_excuses(const struct job *j);

#endif
