/* A reply (or that none came) as text, short form or JSON. */
#ifndef HARK_CLI_ASK_VIEW_H
#define HARK_CLI_ASK_VIEW_H

#include <net/if.h>

#include "cli/args.h"
#include "cli/out.h"
#include "cli/security.h"
#include "dns/present.h"
#include "lib/ask.h"
#include "lib/transfer.h"

struct ask_view {
    struct out *out;
    const struct args *args;
    struct present present;
    const char *server;              /* as it was typed; NULL: resolv.conf's */
    int64_t when;                    /* Unix time of the reply */
    const struct security *security; /* NULL: not of interest */
};

/** What the arguments say of how to print. The rest is zeroed. */
void ask_view_init(struct ask_view *v, const struct args *args, struct out *out);
/** Without a reply text and short form print no more than what was sent, and that only if it was asked for:
 * the complaint goes to stderr. */
void ask_view_reply(const struct ask_view *v, const struct ask_reply *r, const struct msg_question *q);
/** As JSON: the message, and how it came. New reference. */
json_t *ask_view_json(const struct ask_view *v, const struct ask_reply *r, const struct msg_question *q);
/** The first n records of the answer section: what came of a zone. begins: they are the first ones. */
void ask_view_records(const struct ask_view *v, const struct ask_reply *r, size_t n, bool begins);
/** In text, what stands behind a zone's records. begins: there were none. */
void ask_view_transfer(
    const struct ask_view *v, const struct ask_reply *r, const struct transfer *t, bool begins);
/** A question that could not be asked: nothing, or in JSON an object with QNAME, QTYPE, QTYPEname, server and
 * error. q NULL: `word` is no name, and stands instead. */
void ask_view_error(
    const struct ask_view *v, const struct msg_question *q, const char *word, const char *error);

#define ASK_VIEW_SERVER_LEN (ADDR_TEXT_LEN + IF_NAMESIZE) /* with the terminating zero and a % */
/** The address, with the interface of a link-local one: "fe80::1%eth0". Returns buf. */
const char *ask_view_server(const struct endpoint *e, char buf[ASK_VIEW_SERVER_LEN]);

#endif
