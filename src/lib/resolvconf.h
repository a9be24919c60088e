/* resolv.conf(5): which name servers this system asks, and how patiently. The search list is not read: names
 * given to hark's DNS questions are absolute. */
#ifndef HARK_LIB_RESOLVCONF_H
#define HARK_LIB_RESOLVCONF_H

#include <stdbool.h>

#include "base/addr.h"

#define RESOLVCONF_PATH "/etc/resolv.conf"
#define RESOLVCONF_SERVERS_MAX 3u    /* further nameserver lines are passed over, as the C library does */
#define RESOLVCONF_TIMEOUT_S_MAX 30u /* as the C library caps them */
#define RESOLVCONF_ATTEMPTS_MAX 5u

struct resolvconf {
    struct endpoint servers[RESOLVCONF_SERVERS_MAX];
    unsigned server_count;
    unsigned timeout_s; /* 0: not said */
    unsigned attempts;  /* 0: not said */
    bool rotate;
    bool use_vc; /* TCP from the start */
};

/** Reads the text of such a file. Never fails: what is not understood is passed over, as the C library does.
 * Without a usable nameserver line it is 127.0.0.1. */
void resolvconf_parse(struct resolvconf *out, const char *text, size_t len);
/** Reads the file; one that is not there counts as empty. ERR_SYSTEM if it is there and cannot be read. */
enum err resolvconf_read(struct resolvconf *out, const char *path);

#endif
