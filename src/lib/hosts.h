/* hosts(5): which lines speak of a name or of an address. */
#ifndef HARK_LIB_HOSTS_H
#define HARK_LIB_HOSTS_H

#include <stddef.h>

#include "base/addr.h"

#define HOSTS_PATH "/etc/hosts"
#define HOSTS_MATCHES_MAX 32u /* lines that are of interest to a reader */
#define HOSTS_NAME_LEN 256u   /* with the terminating zero; longer words are no names */

struct hosts_match {
    unsigned line; /* from 1 */
    struct addr addr;
    char canonical[HOSTS_NAME_LEN]; /* the first name of the line */
};

struct hosts_matches {
    struct hosts_match items[HOSTS_MATCHES_MAX];
    size_t count;
    size_t more; /* lines beyond these */
};

/** The lines of such a text that have the name, in any letter case, or, with name NULL, the address. Lines
 * that the C library would pass over are passed over. */
void hosts_find(
    struct hosts_matches *out, const char *text, size_t len, const char *name, const struct addr *addr);
/** The same of a file; one that is not there, or cannot be read, has no lines. */
void hosts_find_in(struct hosts_matches *out, const char *path, const char *name, const struct addr *addr);

#endif
