/* This system's own look-ups, as programs do them: getaddrinfo(3) and getnameinfo(3), as a whole and source
 * by source. The C library does not tell which source of nsswitch.conf answered, so that each is asked alone,
 * in a process of its own (as `getent -s` does), and what the parts say is held against the whole.
 *
 *   struct system_look look;
 *   system_look_init(&look, &conf);
 *   system_look_up(&look, &ask, SYSTEM_AS_PROGRAMS, until_us, (struct system_watch){0});
 *   look.whole.said        what programs hear
 *   look.parts[i]          what each source said; `counts` marks the one whose answer the whole should be
 *   system_look_fini(&look);
 */
#ifndef HARK_LIB_SYSTEM_H
#define HARK_LIB_SYSTEM_H

#include <netdb.h>

#include "base/addr.h"
#include "lib/child.h"
#include "lib/nsswitch.h"

#define SYSTEM_ADDRESSES_MAX 256u

struct system_ask {
    const char *name;        /* NULL: the name of `address` is wanted */
    const char *service;     /* "https", "443"; NULL: none */
    int family, flags;       /* getaddrinfo's hints */
    struct endpoint address; /* its port: 0 if the service is not of interest */
};

/* Invariant: the strings end; count ≤ SYSTEM_ADDRESSES_MAX. Endpoints have the service's port. */
struct system_said {
    int error;                /* EAI_…, 0: an answer */
    int system_error;         /* errno, at EAI_SYSTEM */
    bool missing;             /* there is no such NSS module: nobody was asked */
    char name[NI_MAXHOST];    /* canonical, or that of the address; "": none */
    char service[NI_MAXSERV]; /* of an address with a port */
    uint32_t count;
    struct endpoint addresses[SYSTEM_ADDRESSES_MAX]; /* in order, each once */
};

/* One look-up: by all of nsswitch.conf, or by one source of it. */
struct system_part {
    const struct nsswitch_source *source; /* NULL: the whole */
    bool begun;
    bool counts;                 /* the whole should be this one's answer; at most one's */
    enum nsswitch_status status; /* as far as it can be told from outside */
    struct child child;
    struct system_said said; /* once child.end is CHILD_DONE */
};

enum system_depth {
    SYSTEM_WHOLE_ONLY,
    SYSTEM_AS_PROGRAMS, /* sources in their order, as far as programs get */
    SYSTEM_ALL,         /* every source, side by side */
};

struct system_look {
    struct nsswitch conf;
    struct system_part whole, parts[NSSWITCH_SOURCES_MAX];
    bool agrees; /* the whole is what the parts make; true if that cannot be told */
};

void system_look_init(struct system_look *l, const struct nsswitch *conf);
void system_look_fini(struct system_look *l);
/* What explains a source's answer may begin when the source does: fn, if it is not NULL, is called then, and
 * once more (slow) when it has no answer yet after SYSTEM_SLOW_US. */
#define SYSTEM_SLOW_US 200000
struct system_watch {
    void (*fn)(void *ctx, const struct nsswitch_source *source, bool slow);
    void *ctx;
};

/** Asks. What has not ended at that time (child_now_us) is ended. */
void system_look_up(struct system_look *l, const struct system_ask *ask, enum system_depth depth,
    int64_t until_us, struct system_watch watch);
/** Asks in this process. source NULL: the whole. Once a source was named this process goes by it for ever. */
void system_ask(struct system_said *out, const struct system_ask *ask, const char *source);
/** Is the address among them, whatever its port? */
bool system_said_has(const struct system_said *s, const struct addr *a);
/** Which families AI_ADDRCONFIG leaves: those of which this machine has an address beyond loopback; both, if
 * there is none at all. */
void system_families(bool *v4, bool *v6);
/** Does the name service cache daemon listen? Then the whole may be its memory. */
bool system_has_nscd(void);

#endif
