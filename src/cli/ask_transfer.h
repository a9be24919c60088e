/* hark ZONE AXFR, hark ZONE IXFR=SERIAL: a zone, or what is new of it, printed as it comes. */
#ifndef HARK_CLI_ASK_TRANSFER_H
#define HARK_CLI_ASK_TRANSFER_H

#include "cli/ask_view.h"
#include "cli/status.h"
#include "lib/transfer.h"

struct ask_transfer {
    struct transfer transfer;
    const struct ask_view *view;
    const struct msg_question *question;
    bool begun; /* what was sent is shown before the first record */
};

/** Makes the settings those of a transfer. t, the view and the question stay until ask_transfer_end(). */
void ask_transfer_begin(struct ask_transfer *t, struct ask_settings *s, const struct ask_view *view,
    const struct msg_question *question);
/** Prints what stands behind the records. `why`: how it failed, in words; nothing is added where it did not
 * or where no message came at all. */
enum status ask_transfer_end(struct ask_transfer *t, const struct ask_reply *r, struct text *why);

#endif
