/* What `hark whois` is asked for, and who keeps the register of it. */
#ifndef HARK_CLI_WHOIS_TARGET_H
#define HARK_CLI_WHOIS_TARGET_H

#include "base/mem.h"
#include "lib/card.h"
#include "lib/registry.h"

struct whois_target {
    enum card_kind kind;
    const char *asked;   /* A-labels without final dot, address or prefix, digits of an AS number, handle */
    const char *reverse; /* the name below in-addr.arpa or ip6.arpa whose addresses `asked` is; else NULL */
    struct registry registry;
};

/** Reads a word of the command line; texts live in the arena. NULL, or in words why it is none. */
const char *whois_target_read(struct whois_target *out, const char *word, struct arena *a);

#endif
