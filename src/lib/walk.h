/* What the zone's own servers say of a name: the walk from the root with the daemon's resolver and an empty
 * cache, in a process of its own. */
#ifndef HARK_LIB_WALK_H
#define HARK_LIB_WALK_H

#include "lib/child.h"
#include "lib/config.h"
#include "lib/rdata_texts.h"
#include "resolve/resolve.h"

#define WALK_ADDRESSES_MAX 64u
#define WALK_REASON_LEN 160u

struct walk_ask {
    const struct config *config; /* with anchors, if it is to be validated */
    const char *name;            /* absolute, with a final dot or without */
    uint16_t type;               /* TYPE_NONE: addresses, or with reverse its PTR */
    bool reverse;
    bool v4, v6; /* which addresses are wanted */
    uint32_t patience_ms;
};

/* Invariant: strings end. */
struct walk_said {
    uint16_t rcode;
    uint8_t verdict; /* enum verdict; the worst of what was asked for */
    int ede;         /* of a failure, or why data is insecure; EDE_NONE */
    char reason[WALK_REASON_LEN];
    char canonical[NAME_TEXT_LEN]; /* at the end of aliases, without the final dot; of an address its name;
                                      "": no data */
    uint32_t messages;
    uint32_t time_us;
    uint32_t count;
    struct addr addresses[WALK_ADDRESSES_MAX];
    struct rdata_texts data; /* of another type */
};

void walk_begin(struct child *c, const struct walk_ask *ask);
/** What it found. False: it did not get to its end. */
bool walk_read(struct walk_said *out, const struct child *c);

#endif
