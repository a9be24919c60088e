/* The file that remembers the root's keys (dnssec/rfc5011.h), written so that whenever the power goes there
 * is a whole one: the one before or the new one (fault F14). */
#ifndef HARK_DAEMON_TRUST_FILE_H
#define HARK_DAEMON_TRUST_FILE_H

#include "dnssec/rfc5011.h"

/** ERR_SYSTEM: errno tells; what was there is there still. */
enum err trust_file_write(const char *folder, const struct rfc5011 *state);

#endif
