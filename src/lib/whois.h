/* WHOIS (RFC 3912): what to send to which server, and its reply, which has no form, as a card. */
#ifndef HARK_LIB_WHOIS_H
#define HARK_LIB_WHOIS_H

#include "base/text.h"
#include "lib/card.h"

/** The line that asks that server, with its end; target: a name, an address or prefix, digits of an AS
 * number. Some want more than that (DENIC, Verisign, JPRS, ARIN). */
void whois_query(struct text *out, const char *host, enum card_kind kind, const char *target);
/** Reads a reply. out->kind is CARD_NONE if it describes nothing; out->referral may be set even then. */
void whois_read(struct card *out, const char *reply, size_t length, struct arena *a);
/** What a reply says that describes nothing: that one asks too often, else its first words; NULL: it has
 * none. */
const char *whois_said(const char *reply, size_t length, struct arena *a);
/** Does such a reply mean "there is no such registration" rather than an error? */
bool whois_means_none(const char *reply, size_t length);
/** … that one asks too often, or may not ask? */
bool whois_means_limit(const char *reply, size_t length);

#endif
