/* Refreshing in the background what is still asked for in the last tenth of its TTL, so that nobody waits for
 * it when it expires. By whoever sees it near its end: a client's answer (resolve_refresh()), a job that the
 * cache answers, a validation that uses a zone's keys.
 *
 * Each is a job that nobody waits for, past the cache, with a small budget of work; there are few at a time.
 * It asks servers whom the delegation names that is known then, and prolongs none (threat P9). */
#ifndef HARK_RESOLVE_REFRESH_H
#define HARK_RESOLVE_REFRESH_H

#include "resolve/resolve.h"

struct job;
struct found;

/* Not again before then; by hash, and another of the same place forgets it. */
struct refresh_once {
    uint64_t hash;
    uint32_t until_s;
};

struct refresher {
    unsigned jobs; /* in flight */
    struct refresh_once begun[REFRESH_BEGUN], looked[REFRESH_LOOKED];
};

/** For a client's answer (resolve_refresh()). */
void refresh_answer(struct resolver *r, const struct question *q);
/** Is the answer that is being refreshed not known any more, so that who asks for it had best wait? */
bool refresh_is_awaited(struct resolver *r, const struct question *q);
/** What the cache knows answers the job. */
void refresh_found(struct job *j, const struct found *f);
/** An RRset of the cache is used on the way. */
void refresh_rrset(struct job *j, const struct rrset *rs);
/** The job has an outcome: finished answers of before it are not given any more. */
void refresh_done(struct job *j);
/** A job that refreshes ends. */
void refresh_ended(struct resolver *r);

#endif
