/* What people type for names and servers, made into what DNS takes. */
#ifndef HARK_CLI_ADDRESS_H
#define HARK_CLI_ADDRESS_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/mem.h"
#include "base/text.h"
#include "dns/name.h"

/** The name in reverse form: 1.2.0.192.in-addr.arpa. or the nibbles under ip6.arpa.
 * (RFC 1035 3.5, RFC 3596 2.5). */
void address_reverse(name_t out[NAME_MAX_LEN], const struct addr *a);
/** The name of a question: as idn_to_name() reads it; or, with `reverse`, that of the pointer of an address,
 * or of the one to three octets that an IPv4 address begins with. On error `complaint` says why in words. */
enum err address_question(name_t out[NAME_MAX_LEN], const char *arg, bool reverse, struct text *complaint);
/** A server from an argument without its "@": ADDRESS, [ADDRESS] or HOST, then perhaps #PORT, @PORT or (where
 * that is no part of an IPv6 address) :PORT. A host name is looked up as the system does. family: FAMILY_V4
 * or FAMILY_V6 takes those alone, FAMILY_NONE all. The list lives in the arena. On error `complaint` says why
 * in words. */
enum err address_server(struct endpoint **out, size_t *count, const char *arg, uint16_t port,
    enum family family, struct arena *arena, struct text *complaint);

#endif
