/* resolv.conf(5): which name servers this system asks, how patiently, and which names it makes of the one
 * that was given. hark's DNS questions use the servers alone: their names are absolute. */
#ifndef HARK_LIB_RESOLVCONF_H
#define HARK_LIB_RESOLVCONF_H

#include <stdbool.h>

#include "base/addr.h"

#define RESOLVCONF_PATH "/etc/resolv.conf"
#define RESOLVCONF_SERVERS_MAX 3u    /* further nameserver lines are passed over, as the C library does */
#define RESOLVCONF_TIMEOUT_S_MAX 30u /* as the C library caps them */
#define RESOLVCONF_ATTEMPTS_MAX 5u
#define RESOLVCONF_NDOTS_MAX 15u
#define RESOLVCONF_SEARCH_MAX 32u      /* glibc has no limit since 2.26; people write one to six */
#define RESOLVCONF_DOMAIN_LEN 256u     /* with the terminating zero */
#define RESOLVCONF_CANDIDATE_LEN 2048u /* a name as given, and a domain behind it */

struct resolvconf {
    struct endpoint servers[RESOLVCONF_SERVERS_MAX];
    unsigned
        server_lines[RESOLVCONF_SERVERS_MAX]; /* of the file, from 1; 0: no line says so, it is the default */
    unsigned server_count;
    unsigned timeout_s; /* 0: not said */
    unsigned attempts;  /* 0: not said */
    bool rotate;
    bool use_vc; /* TCP from the start */
    char search[RESOLVCONF_SEARCH_MAX][RESOLVCONF_DOMAIN_LEN];
    unsigned search_count;
    unsigned search_line; /* 0: not of the file */
    bool search_given;    /* the file or the environment has a search or domain line */
    unsigned ndots;       /* names with so many dots are tried as they are first; 1 if not said */
    bool no_tld_query;    /* a name without a dot is never tried as it is */
};

/** What became of a name that was given to the system. */
struct resolvconf_candidate {
    char name[RESOLVCONF_CANDIDATE_LEN]; /* absolute, without the final dot; "" is the root */
    const char *domain;                  /* of the search list; NULL: the name as it was given */
};

/** Reads the text of such a file. Never fails: what is not understood is passed over, as the C library does.
 * Without a usable nameserver line it is 127.0.0.1. */
void resolvconf_parse(struct resolvconf *out, const char *text, size_t len);
/** Reads the file; one that is not there counts as empty. ERR_SYSTEM if it is there and cannot be read. */
enum err resolvconf_read(struct resolvconf *out, const char *path);
/** What the C library makes of it besides: LOCALDOMAIN and RES_OPTIONS of the environment, and, where nothing
 * says what to search, the domain of this machine's name. */
void resolvconf_read_environment(struct resolvconf *c);
/** The i-th name, from 0, that the system asks DNS for in place of `name`; false: there are not so many. What
 * comes after one that has an answer is not asked. */
bool resolvconf_candidate(
    struct resolvconf_candidate *out, const struct resolvconf *c, const char *name, unsigned i);

#endif
