/* Where this system's name servers come from: who wrote resolv.conf, and what the programs behind it know of
 * each network (systemd-resolved, systemd-networkd, NetworkManager, DHCP clients), as far as their files can
 * be read. */
#ifndef HARK_LIB_DNS_ORIGIN_H
#define HARK_LIB_DNS_ORIGIN_H

#include <stddef.h>

#include "base/text.h"

#define DNS_ORIGIN_FACTS_MAX 24u
#define DNS_ORIGIN_TEXT_LEN 256u

/* "systemd-networkd, link 2" "servers 192.0.2.53 192.0.2.54" "/run/systemd/netif/links/2" */
struct dns_origin_fact {
    char who[64];
    char said[DNS_ORIGIN_TEXT_LEN];
    char file[DNS_ORIGIN_TEXT_LEN];
};

struct dns_origin {
    char writer[128];                 /* "systemd-resolved"; "": nobody that is known, a person perhaps */
    char target[DNS_ORIGIN_TEXT_LEN]; /* what the link resolv.conf points to; "": it is no link */
    struct dns_origin_fact facts[DNS_ORIGIN_FACTS_MAX];
    size_t count;
};

/** Looks below `root`, "" for this system. */
void dns_origin_read(struct dns_origin *out, const char *root);
/** The servers that a file of KEY=VALUE lines, or a lease file of dhclient (the last lease counts), names:
 * appended to `out` with blanks between them. false: none. */
bool dns_origin_servers(struct text *out, const char *file, size_t len, const char *key);

#endif
