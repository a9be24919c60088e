/* Look-ups for commands that need many (mx, whois): the answer to a DNS question as libhark's functions take
 * it. */
#ifndef HARK_CLI_LOOKUP_H
#define HARK_CLI_LOOKUP_H

#include "cli/args.h"
#include "cli/status.h"
#include "hark/hark.h"

struct lookup {
    struct ask_settings settings;
    bool from_resolvconf;
    bool silent; /* the last look-up had no reply from any server */
    unsigned count;
    struct random *rng;
    struct arena own;   /* lives as long as this */
    struct arena reply; /* of the last look-up */
};

/** Asks @SERVER or those of resolv.conf. STATUS_ANSWER; otherwise what is wrong was said. lookup_fini() in
 * any case. */
enum status lookup_init(struct lookup *l, const struct args *args);
void lookup_fini(struct lookup *l);
/** A hark_look_up_fn; context: struct lookup. What the answer points at lives until the next one. */
void lookup(void *context, const char *name, uint16_t type, struct hark_answer *answer);
/** A hark_random_fn; context: struct lookup. */
uint32_t lookup_random(void *context, uint32_t n);
/** Whether "validated" is worth something: every server asked is on this host (RFC 7672 2.1.1). */
bool lookup_is_trusted(const struct lookup *l);

#endif
