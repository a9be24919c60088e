/* How far a reply is proven, by what the server says: for `+dnssec`. */
#ifndef HARK_CLI_SECURITY_H
#define HARK_CLI_SECURITY_H

#include "lib/ask.h"

enum security_kind {
    SECURITY_NONE, /* nothing to say: no reply, or a failure that has other reasons */
    SECURITY_SECURE,
    SECURITY_INSECURE,
    SECURITY_BOGUS,
};

struct security {
    enum security_kind kind;
    char why[1024]; /* INSECURE, BOGUS: in words, which may be the server's */
};

/** "secure", "insecure", "bogus"; "" for SECURITY_NONE. */
const char *security_text(enum security_kind kind);
/** What the reply to a question with DO says of itself (RFC 4035 3.2.3, RFC 8914). checking_disabled: the
 * question had CD. */
void security_read(struct security *out, const struct ask_reply *r, bool checking_disabled);

#endif
