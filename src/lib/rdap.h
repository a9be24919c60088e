/* Replies of RDAP servers (RFC 9083) as cards. */
#ifndef HARK_LIB_RDAP_H
#define HARK_LIB_RDAP_H

#include "base/err.h"
#include "lib/card.h"

/** Reads one reply into the card, which it clears first. ERR_FORMAT: it is no JSON, or no object that RDAP
 * knows; *why is a phrase in the arena. */
enum err rdap_read(struct card *out, const char *body, size_t length, struct arena *a, const char **why);
/** The title of an error reply (RFC 9083 6), in the arena, or NULL. */
const char *rdap_error(const char *body, size_t length, struct arena *a);
/** The errorCode of such a reply, 400 to 599; 0: it is none. Some send it with status 200. */
int rdap_error_code(const char *body, size_t length);

#endif
