/* Which name servers a DNS question goes to. */
#ifndef HARK_CLI_SERVERS_H
#define HARK_CLI_SERVERS_H

#include "cli/args.h"
#include "cli/status.h"

/** Fills in servers, patience and transport: those of @SERVER, else those of resolv.conf with its options
 * (*from_resolvconf). The list lives in the arena. STATUS_ANSWER; otherwise what is wrong was said, and this
 * is the exit code. */
enum status servers_choose(
    struct ask_settings *out, const struct args *a, bool *from_resolvconf, struct arena *arena);
/** The same for one @SERVER, given without its @. What is wrong is not said, but told in `why`. */
enum status servers_named(struct ask_settings *out, const struct args *a, const char *server,
    struct arena *arena, struct text *why);

#endif
