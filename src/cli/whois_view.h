/* What is known of a registration, on paper. */
#ifndef HARK_CLI_WHOIS_VIEW_H
#define HARK_CLI_WHOIS_VIEW_H

#include "cli/out.h"
#include "cli/whois_dns.h"
#include "lib/card.h"

#define WHOIS_SOURCES_MAX 8u

/* A server that answered, and what it sent. */
struct whois_source {
    const char *url; /* of RDAP; of WHOIS "whois://HOST/QUERY" */
    const char *page;
};

struct whois_result {
    const char *target;  /* as typed */
    const char *wanted;  /* the same, as it is looked up */
    const char *asked;   /* what was found in the end: of a name that is not registered one above it */
    const char *reverse; /* the name of in-addr.arpa or ip6.arpa that was asked for, `wanted` its addresses;
                            or NULL */
    struct card card;    /* CARD_NONE: nothing is registered */
    struct whois_source sources[WHOIS_SOURCES_MAX];
    size_t source_count;
    struct card_list notes; /* what went wrong on the way */
    bool has_dns;
    struct whois_dns dns;
    struct card_list differences;
};

void whois_view(struct out *out, const struct whois_result *r);
/** What the servers sent, each below a line with its URL. */
void whois_view_raw(struct out *out, const struct whois_result *r);

#endif
