/* GET over HTTPS, by libcurl, which is loaded when the first is made: look-ups by DNS do not pay for it.
 * Whoever answers is a stranger: size, time, redirects and where they lead are bounded (threat S13). */
#ifndef HARK_CLI_HTTPS_H
#define HARK_CLI_HTTPS_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/mem.h"
#include "hark/hark.h"

struct https_request {
    const char *url;
    const char *accept;   /* media type wanted, or NULL */
    size_t max_octets;    /* of the body */
    int64_t until_ms;     /* CLOCK_MONOTONIC: given up then */
    unsigned redirects;   /* followed at most */
    bool plain;           /* http is allowed too, where `url` says so; never after https */
    bool private_allowed; /* to addresses of private networks too */
    enum family family;   /* FAMILY_NONE: any */
};

struct https_reply {
    struct hark_document doc; /* body ends with a zero that does not count */
    const char *url;          /* that the document came from */
};

/** Everything of the reply lives in the arena. Failures are doc.status 0 with doc.why. */
void https_get(struct https_reply *out, const struct https_request *request, struct arena *a);

#endif
