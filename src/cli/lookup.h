/* Look-ups for commands that need many (mx, whois): the answer to a DNS question as libhark's functions take
 * it. */
#ifndef HARK_CLI_LOOKUP_H
#define HARK_CLI_LOOKUP_H

#include "cli/args.h"
#include "cli/status.h"
#include "hark/hark.h"

/* An answer that was looked up ahead. */
struct lookup_kept {
    const char *name;
    uint16_t type;
    bool silent, done;
    struct hark_answer answer;
    struct arena arena;
};

struct lookup {
    struct ask_settings settings;
    bool from_resolvconf;
    bool silent; /* the last look-up had no reply from any server */
    unsigned count;
    struct random *rng;
    struct arena own;   /* lives as long as this */
    struct arena reply; /* of the last look-up */
    struct lookup_kept *kept;
    size_t kept_count;
    int64_t until_ms; /* CLOCK_MONOTONIC: nothing is looked up after it; 0: no end */
};

/** Asks @SERVER or those of resolv.conf. STATUS_ANSWER; otherwise what is wrong was said. lookup_fini() in
 * any case. */
enum status lookup_init(struct lookup *l, const struct args *args);
void lookup_fini(struct lookup *l);
/** A hark_look_up_fn; context: struct lookup. What the answer points at lives until the next one, or, if it
 * was looked up ahead, until the next lookup_begin(). */
void lookup(void *context, const char *name, uint16_t type, struct hark_answer *answer);
/** A hark_ahead_fn; context: struct lookup. LOOKUPS_SIDE_BY_SIDE at a time; lookup() takes their answers from
 * here on. */
void lookup_ahead(void *context, const struct hark_wish *wishes, size_t count);
/** Forgets them; the next target has until_ms to itself. */
void lookup_begin(struct lookup *l, int64_t until_ms);
/** A hark_random_fn; context: struct lookup. */
uint32_t lookup_random(void *context, uint32_t n);
/** Whether "validated" is worth something: every server asked is on this host (RFC 7672 2.1.1). */
bool lookup_is_trusted(const struct lookup *l);

#endif
