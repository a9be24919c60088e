/* The plan while it is made: for lib/mx*.c. */
#ifndef HARK_LIB_MX_INNER_H
#define HARK_LIB_MX_INNER_H

#include "base/addr.h"
#include "base/mem.h"
#include "base/text.h"
#include "dns/name.h"
#include "dns/rrtype.h"
#include "hark/hark.h"

#define MX_WARNINGS_MAX 64u

/* What hark_mx_plan() returns points at `plan`, which stands first; everything it points at is in the arena.
 */
struct mx {
    struct hark_mx_plan plan;
    struct arena arena;
    const struct hark_mx_settings *settings;
    struct hark_mx_host *hosts; /* plan.hosts, to be written */
    const char **warnings;      /* plan.warnings; room for MX_WARNINGS_MAX */
};

/** The look-up, with room for nothing to be missing: FOUND without records is NO_DATA. */
struct hark_answer mx_look_up(struct mx *m, const char *name, uint16_t type);
__attribute__((format(printf, 2, 3))) void mx_warn(struct mx *m, const char *format, ...);

/** The name as text without the final dot (but the root is "."), in the plan's arena. */
const char *mx_bare_name(struct mx *m, const name_t *n);

/** Reads the target into plan.domain, literal and needs_utf8. Returns what is wrong with it (a static
 * phrase), or NULL. */
const char *mx_read_target(struct mx *m, const char *target);
/** Tells settings->ahead what follows: of all hosts their addresses and then the addresses' names, and what
 * the domain has of TLS; TLSA records of the hosts that are left. */
void mx_ahead_hosts(struct mx *m);
void mx_ahead_tlsa(struct mx *m);
/** MTA-STS, TLS reports and TLSA records: fills in plan.sts, plan.reports and the hosts' tls. */
void mx_tls(struct mx *m);

#endif
