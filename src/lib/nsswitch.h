/* nsswitch.conf(5): which sources this system asks for a host's name, in which order, and what ends the
 * search. Read as the C library does. */
#ifndef HARK_LIB_NSSWITCH_H
#define HARK_LIB_NSSWITCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define NSSWITCH_PATH "/etc/nsswitch.conf"
#define NSSWITCH_SOURCES_MAX 16u /* people write two to seven */
#define NSSWITCH_NAME_LEN 32u    /* with the terminating zero */

/** What became of one source's search. */
enum nsswitch_status {
    NSSWITCH_SUCCESS,
    NSSWITCH_NOTFOUND, /* it works, and there is no such name */
    NSSWITCH_UNAVAIL,  /* it does not work: not installed, not running */
    NSSWITCH_TRYAGAIN, /* not now */
    NSSWITCH_STATUS_COUNT
};
enum nsswitch_action { NSSWITCH_CONTINUE, NSSWITCH_RETURN, NSSWITCH_MERGE };

struct nsswitch_source {
    char name[NSSWITCH_NAME_LEN];
    uint8_t action[NSSWITCH_STATUS_COUNT]; /* enum nsswitch_action */
};

struct nsswitch {
    struct nsswitch_source sources[NSSWITCH_SOURCES_MAX];
    unsigned count;
    bool broken;   /* the line is not understood: then it names no source at all, and no look-up works */
    unsigned line; /* of the file, from 1; 0: the C library's default, for the file has no such line */
};

/** The last "hosts:" line of such a text, as the C library reads it. */
void nsswitch_parse(struct nsswitch *out, const char *text, size_t len);
/** Reads the file; one that is not there, or cannot be read, counts as empty. */
void nsswitch_read(struct nsswitch *out, const char *path);
/** "files [NOTFOUND=return] dns": the line as it was understood. */
void nsswitch_to_text(struct text *t, const struct nsswitch *n);

#endif
