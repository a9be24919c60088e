/* A file that people write, read whole. */
#ifndef HARK_LIB_FILE_H
#define HARK_LIB_FILE_H

#include <stddef.h>

#include "base/text.h"

/** The octets of a regular file, with a zero behind them; mem_free() them. NULL: `why` tells. Devices and
 * pipes are refused, so that reading never waits; so is what is longer than max. */
char *file_read(const char *path, size_t max, size_t *len, struct text *why);

#endif
