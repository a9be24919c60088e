/* What DNS says now of a registered domain, at the parent, and where the register says otherwise. */
#ifndef HARK_CLI_WHOIS_DNS_H
#define HARK_CLI_WHOIS_DNS_H

#include "cli/lookup.h"
#include "lib/card.h"

enum whois_delegation {
    DELEGATION_UNKNOWN, /* nobody could be asked */
    DELEGATION_NONE,    /* there is no such name, or nothing is delegated there */
    DELEGATION_THERE
};

struct whois_dns {
    enum whois_delegation delegation;
    const char *asked; /* who said so: a server of the parent zone, or "your name server" */
    struct card_list servers;
    bool ds_known;
    struct card_list ds; /* as in struct card */
};

/** domain: without final dot. */
void whois_dns_read(struct whois_dns *out, struct lookup *l, const char *domain, struct arena *a);
/** A line for each difference. */
void whois_dns_compare(
    struct card_list *out, const struct card *card, const struct whois_dns *dns, struct arena *a);

#endif
