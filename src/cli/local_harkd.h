/* A harkd that runs on this machine, as its control socket tells. */
#ifndef HARK_CLI_LOCAL_HARKD_H
#define HARK_CLI_LOCAL_HARKD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

#define LOCAL_HARKD_LISTEN_MAX 32u

struct local_harkd {
    int fd;           /* of the control socket while its reply is out, else -1 */
    int recall;       /* likewise, of a question what it remembers */
    char socket[256]; /* where it listens, once that is known */
    bool runs;        /* and told */
    bool silent;      /* it takes connections, and tells nothing */
    struct endpoint listen[LOCAL_HARKD_LISTEN_MAX];
    unsigned listen_count;
    char version[32];
    char type[16];    /* of the records that are of interest; "": addresses and names of addresses */
    bool remembers;   /* records of the name that was asked for */
    bool stale;       /* they are out of date */
    uint32_t age_s;   /* of the youngest */
    char verdict[16]; /* of that one; "": not judged */
    json_t *records;  /* of its verb recent, the newest first; NULL: it does not tell */
};

/** Nothing is known yet. */
void local_harkd_init(struct local_harkd *h);
/** Asks it who it is, without waiting. */
void local_harkd_begin(struct local_harkd *h);
/** Asks what it remembers of that name, without waiting. Whether that is before or after the look-up makes no
 * odds: what is older than the look-up was known before. */
void local_harkd_begin_recall(struct local_harkd *h, const char *name);
/** Hears what it said; waits for it a little. */
void local_harkd_hear(struct local_harkd *h);
/** Asks what it remembers of that name, and hears it; what was heard of another is forgotten. */
void local_harkd_recall(struct local_harkd *h, const char *name);
/** What it answered about that name in the last quarter of an hour, and how (its verb recent); records stays
 * NULL where it does not tell. */
void local_harkd_ask_recent(struct local_harkd *h, const char *name);
/** Forgets replies that are not of interest, and records. */
void local_harkd_fini(struct local_harkd *h);
/** Is that server this one? */
bool local_harkd_is(const struct local_harkd *h, const struct endpoint *server);

#endif
