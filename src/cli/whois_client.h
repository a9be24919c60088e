/* One exchange with a WHOIS server (RFC 3912): a line out, text back until it closes. Time, size and where it
 * may go are bounded (threat S13). */
#ifndef HARK_CLI_WHOIS_CLIENT_H
#define HARK_CLI_WHOIS_CLIENT_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/mem.h"
#include "base/text.h"

#define WHOIS_PORT 43

struct whois_request {
    const char *host; /* name or address */
    uint16_t port;
    const char *query; /* with its line end */
    int64_t until_ms;  /* CLOCK_MONOTONIC */
    bool private_allowed;
    enum family family; /* FAMILY_NONE: any */
};

/** Appends the reply. NULL; else what went wrong, in the arena. */
const char *whois_ask(struct text *reply, const struct whois_request *request, struct arena *a);

#endif
