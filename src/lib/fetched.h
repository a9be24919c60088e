/* What `hark update` keeps: a folder of files that harkd and hark read, and may do without.
 *
 * Files of ours end with a line "; sha256 HEX" over all before it, so that one that was cut off or changed is
 * no file at all. A line that begins with ';' says nothing in a master file (RFC 1035 5.1). */
#ifndef HARK_LIB_FETCHED_H
#define HARK_LIB_FETCHED_H

#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

/** /var/lib/hark, or $HARK_STATE where the process has no more rights than its caller. */
const char *fetched_folder(void);
/** FOLDER/file. */
void fetched_path(struct text *out, const char *file);
/** Whole or not at all: a file beside it takes its place when it is on the disk. ERR_SYSTEM: errno tells. */
enum err fetched_write(const char *path, const char *data, size_t n);
/** Adds the last line. */
void fetched_seal(struct text *t);
/** A sealed file of at most max octets, with a zero behind them; mem_free() them. *len does not count the
 * last line. NULL: ERR_NOTFOUND, there is none, or its folder is closed to this user; else `why` tells, with
 * the path. */
enum err fetched_read(char **out, size_t *len, const char *path, size_t max, struct text *why);

#endif
