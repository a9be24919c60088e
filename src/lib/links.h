/* The name servers of each network link, as systemd-resolved or NetworkManager holds them now and tells over
 * the system's D-Bus; and to which of them a name goes.
 *
 *   struct child c;
 *   links_begin(&c, true);                          nothing is begun where there is no bus
 *   child_wait(&(struct child *){&c}, 1, until_us);
 *   links_read(&links, &c);                         by == LINKS_OF_NOBODY: nobody tells
 *   links_route(&links, "git.corp.example", true);
 */
#ifndef HARK_LIB_LINKS_H
#define HARK_LIB_LINKS_H

#include <net/if.h>

#include "base/addr.h"
#include "defs/limits.h"
#include "lib/child.h"

#define LINK_DOMAIN_LEN 256u /* with the terminating zero */

enum links_by { LINKS_OF_NOBODY, LINKS_OF_RESOLVED, LINKS_OF_MANAGER };

struct link_domain {
    char name[LINK_DOMAIN_LEN]; /* "" is the root: every name */
    bool route_only;            /* says where names go, and is no part of a search list */
};

/* Why a link is asked for a name, or why it is not. */
enum link_route {
    LINK_NOT,           /* another fits better, or it is only for its own domains */
    LINK_BY_DOMAIN,     /* its domain is the longest that the name ends in */
    LINK_BY_SEARCH,     /* the name has no dot, and it has domains to search */
    LINK_BY_DEFAULT,    /* nobody's domain fits, and it takes such names */
    LINK_WITHOUT_A_DOT, /* addresses of a name without a dot, and it has no domains to search */
    LINK_NOT_LOCAL,     /* .local is multicast DNS's, where no domain says otherwise (RFC 6762) */
    LINK_ANSWERED,      /* systemd-resolved itself has the answer: localhost and the like */
};

/* Invariant: strings end, counts are within their arrays. */
struct link {
    uint32_t index;         /* of the interface; 0: of the machine, whatever the link */
    char name[IF_NAMESIZE]; /* "": none */
    bool vpn;               /* as NetworkManager says */
    bool default_route;     /* takes names that no domain fits */
    int32_t current;        /* the server that is asked first; -1: not known */
    struct endpoint servers[LINK_SERVERS_MAX];
    uint32_t server_count;
    struct link_domain domains[LINK_DOMAINS_MAX];
    uint32_t domain_count;
    uint32_t left_out;     /* servers and domains that there was no room for, or that were not understood */
    enum link_route route; /* links_route() */
    int32_t fits;          /* its domain that the name ends in, the longest; -1: none */
};

struct links {
    enum links_by by;
    bool routes; /* names go to links by their domains, not to all servers in turn */
    struct link list[LINKS_MAX];
    uint32_t count;
    uint32_t left_out; /* links that there was no room for */
};

/** Begins to ask, in a process of its own. resolved: programs ask systemd-resolved; otherwise it is
 * NetworkManager's list that counts. false: there is no bus, nothing was begun. */
bool links_begin(struct child *c, bool resolved);
/** What such a process wrote; nobody's if it did not get to its end. */
void links_read(struct links *out, const struct child *c);
/** Says of each link whether the name (without a final dot) goes there, by the rules of systemd-resolved(8),
 * "Protocols and routing"; those where it goes come first, otherwise by their index. NetworkManager's dnsmasq
 * only knows of domains and of the default. addresses: it is they that are wanted. */
void links_route(struct links *l, const char *name, bool addresses);
/** May programs' questions go there? */
bool link_is_asked(const struct link *l);

#endif
