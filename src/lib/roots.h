/* Which root servers a walk begins at: those that the settings name, else the newest of what is compiled in,
 * what `hark update` fetched, and the system's file (dns-root-data). Files are in the form of IANA's
 * named.root.
 */
#ifndef HARK_LIB_ROOTS_H
#define HARK_LIB_ROOTS_H

#include "lib/config.h"

#define ROOTS_FILE "root-hints"                  /* in fetched_folder() */
#define ROOTS_SYSTEM "/usr/share/dns/root.hints" /* of Debian's dns-root-data */
#define ROOTS_COUNT 13u                          /* letters */

/* What such a file says. Everything lives in the arena. */
struct roots {
    struct root_hint *hints;
    size_t count;
    char date[CONFIG_DATE_LEN]; /* "last update": "2026-11-23" */
};

/** IANA's file, and nothing that only looks like it: dated, 13 servers that it says the root has, each with
 * addresses of both families that may be on the Internet, each address once. ERR_FORMAT, ERR_RANGE: `why`
 * says in words. */
enum err roots_read(struct roots *out, const char *text, size_t len, struct arena *a, struct text *why);
/** What `hark update` fetched. ERR_NOTFOUND: nothing. Others: `why` says in words, with the path. */
enum err roots_fetched(struct roots *out, struct arena *a, struct text *why);
/** Chooses, where the settings name none: config->resolve.hints, and config->roots tells which they are. A
 * file that is there and does not serve is told in `warnings`, lines with '\n' between them. */
void roots_settle(struct config *c, struct arena *a, struct text *warnings);
/** "built in", "updated 2026-11-23", "of the system, 2026-11-23", "from the settings". */
void roots_text(const struct config_roots *roots, struct text *t);
/** The same in buf. */
void roots_text_fixed(const struct config_roots *roots, char *buf, size_t cap);

#endif
