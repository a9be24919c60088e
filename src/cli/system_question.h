/* What a person wants to know of this system: a name, a name with a service, or an address; and all that this
 * system says of it, with what explains the answer. Read by `hark NAME` and `hark why`. */
#ifndef HARK_CLI_SYSTEM_QUESTION_H
#define HARK_CLI_SYSTEM_QUESTION_H

#include <jansson.h>

#include "cli/args.h"
#include "cli/local_harkd.h"
#include "cli/status.h"
#include "lib/hosts.h"
#include "lib/stub.h"
#include "lib/system.h"

struct system_question {
    const char *word;            /* as typed */
    const char *query;           /* as handed to the system: A-labels, no service */
    const char *service;         /* NULL: none */
    uint16_t type;               /* DNS alone is asked, for that; TYPE_NONE: what programs ask the system */
    bool reverse;                /* of an address */
    bool numeric;                /* the name is an address in another form (127.1): no source is asked */
    struct addr address;         /* with reverse */
    char pointer[NAME_TEXT_LEN]; /* with reverse: the name that DNS knows it by */
    struct system_ask ask;
    bool v4, v6;                           /* the families that are left by options and by AI_ADDRCONFIG */
    struct resolvconf resolv;              /* once DNS is asked */
    struct resolvconf_candidate candidate; /* the name that it is asked for first */
    struct hosts_matches hosts;            /* lines of /etc/hosts that speak of it */
    bool dns;                              /* the system came to ask DNS */
    bool nscd;                             /* it listens */
    struct local_harkd harkd;
    struct system_look look;
    /* What the servers of resolv.conf say, asked again by us. With SYSTEM_AS_PROGRAMS in turn until one
     * answers, and only if the system came to ask DNS; with SYSTEM_ALL each. */
    struct child probes[RESOLVCONF_SERVERS_MAX];
    unsigned probe_count;
    struct stub_said said[RESOLVCONF_SERVERS_MAX];
    unsigned said_count;
    uint32_t limit_s;
    int64_t began_us; /* child_now_us */
    bool explained;   /* what `hark why` says is being said */
};

/** From an argument. On error it has complained. */
enum err system_question_read(
    struct system_question *q, const struct args *args, const char *word, struct arena *arena);
void system_question_fini(struct system_question *q);
/** Sets v4 and v6, if they are not set. Asking does it too. */
void system_question_families(struct system_question *q);
/** Asks all that the depth says, within limit_s. */
void system_question_ask(struct system_question *q, enum system_depth depth);
/** The server whose answer the C library takes: the first that gives one. NULL: none did. */
const struct stub_said *system_question_server(const struct system_question *q);
/** ", from its cache, 31 s old" or ", fetched a moment ago", if a harkd on this machine can tell. */
void system_question_add_age(struct text *t, const struct system_question *q, const struct stub_said *s);
/** Complains of what the whole says, if it is a failure, and returns the exit code. */
enum status system_question_status(const struct system_question *q);
/** Where a part's answer comes from, in words: "/etc/hosts line 3", "127.0.0.1 (/etc/resolv.conf line 1) …".
 */
void system_question_whence(
    struct text *t, const struct system_question *q, const struct nsswitch_source *source);
/** Has the name that was asked for another that counts? look.whole.said.name is it. */
bool system_question_is_alias(const struct system_question *q);
/** A new reference. */
json_t *system_question_to_json(const struct system_question *q);

#endif
