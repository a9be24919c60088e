/* Serve-stale (RFC 8767): a client that would wait too long, or hear of a failure, is given what was true
 * when it expired less than stale_max_s ago.
 *
 * A stale answer is made of the cache alone, link by link: what is fresh hides what is stale, and of two
 * things that expired the one heard later counts. It has the verdict that its parts had; a part that was
 * SECURE is given only while its signatures hold, and what was made of a wildcard only with its proof (threat
 * P17). What is bogus, or was when it was asked for last, is never given, nor is anything that a delegation
 * or a proof is made of: those live exactly as long as they say (threat P9). */
#ifndef HARK_RESOLVE_STALE_H
#define HARK_RESOLVE_STALE_H

#include "resolve/resolve.h"

struct job;

/* A job's; kept for the second that it was made in. */
struct stale_memo {
    struct outcome *outcome; /* NULL: there is none */
    uint32_t at_s;
    bool looked;
};

/** When a waiter that would take one joins the job: when he is given it. */
int64_t stale_due_ms(const struct job *j);
/** Waiters whose time has come have it; the job goes on without them. */
void stale_when_slow(struct job *j);
/** The job failed: so have those who would rather have that. */
void stale_when_failed(struct job *j);
/** Is all who wait for the job content with what is stale, and is there such? Then one that failed a moment
 * ago needs not to be tried again (RFC 8767 5, failure recheck timer). */
bool stale_suffices(struct job *j);
/** Is there one? */
bool stale_is_there(struct job *j);

#endif
