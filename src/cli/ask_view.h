/* A reply (or that none came) as text, short form or JSON. */
#ifndef HARK_CLI_ASK_VIEW_H
#define HARK_CLI_ASK_VIEW_H

#include "cli/out.h"
#include "cli/security.h"
#include "lib/ask.h"

/** when: Unix time of the reply, for the text's WHEN and the JSON's date. Without a reply text and short form
 * print nothing: the complaint goes to stderr. security: NULL if that is not of interest. */
void ask_view(struct out *out, const struct ask_reply *r, const struct msg_question *q, int64_t when,
    const struct security *security);
/** The JSON form: the message by RFC 8427, and beside it server, port, transport, time_ms, octets, rcode,
 * ede, and dnssec and dnssec_why where security is given; without a reply QNAME, QTYPE, QTYPEname, server and
 * "error". New reference. */
json_t *ask_to_json(
    const struct ask_reply *r, const struct msg_question *q, int64_t when, const struct security *security);

#endif
