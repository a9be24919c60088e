/* Exit codes. Of several names the worst counts: a greater number is worse. */
#ifndef HARK_CLI_STATUS_H
#define HARK_CLI_STATUS_H

#include <stdbool.h>

#include "lib/ask.h"
#include "resolve/resolve.h"

enum status {
    STATUS_ANSWER = 0,
    STATUS_USAGE = 1,
    STATUS_NO_DATA = 2,      /* no such name, or no data of that type */
    STATUS_FAILURE = 3,      /* SERVFAIL, REFUSED and other errors, unreadable replies */
    STATUS_BOGUS = 4,        /* DNSSEC validation failed */
    STATUS_NO_REPLY = 5,     /* timeout or unreachable */
    STATUS_NO_MAIL = 6,      /* mx: the domain accepts no mail */
    STATUS_NO_BATCH = 8,     /* the file of -f cannot be read; 1 but with --exit-compat=dig */
    STATUS_DIG_NO_REPLY = 9, /* with --exit-compat=dig */
    STATUS_INTERNAL = 10,
};

static inline enum status status_worst(enum status a, enum status b)
{
    return a > b ? a : b;
}

/** A message says: data of that type (for ANY: any), aliases alone are none. */
enum status status_of_msg(const struct msg *m, uint16_t qtype);
enum status status_of_ask(const struct ask_reply *r, uint16_t qtype);
/** trace asks the servers itself: that none replied is NO_REPLY, as it is with a server of resolv.conf. */
enum status status_of_outcome(const struct outcome *o, uint16_t qtype);
/** RFC 8914 codes that say "the validator refused this". */
bool status_is_bogus(int ede_code);

#endif
