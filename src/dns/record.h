/* Records, questions and failures in words and in JSON, the same wherever they are shown. */
#ifndef HARK_DNS_RECORD_H
#define HARK_DNS_RECORD_H

#include <jansson.h>

#include "dns/msg.h"

/** A name as people write it: without the final dot. Returns buf. */
const char *record_bare_name(const name_t *n, char buf[NAME_TEXT_LEN]);
/** "www.python.org A" */
void record_add_question(struct text *t, const name_t *n, uint16_t type);
/** Calls fn with each record of the set, and with its RRSIGs if with_sigs. */
void record_each(
    const struct rrset *rs, bool with_sigs, void (*fn)(void *ctx, const struct rr *rr), void *ctx);
/** Text that a stranger sent: what is no UTF-8 is escaped. */
json_t *record_text(const char *text);
/** An array of those. */
json_t *record_texts(const char *const *texts, size_t count);
/** Sets j[key] to text that a stranger sent: what is no UTF-8 is escaped. NULL: sets nothing. */
void record_set_text(json_t *j, const char *key, const char *text);
/** "EDE 22, No Reachable Authority: text"; without the parts that there are not. */
void record_add_ede(struct text *t, int code, const char *text);
/** {"code": 22, "purpose": "No Reachable Authority", "text": "…"} */
json_t *record_ede(int code, const char *text);
/** Sets j[key] to "MX" or "TYPE65280". */
void record_set_type(json_t *j, const char *key, uint16_t type);
/** Sets j[key] to "NXDOMAIN" or "RCODE3841". */
void record_set_rcode(json_t *j, const char *key, uint16_t rcode);
void record_set_name(json_t *j, const char *key, const name_t *name);

#endif
