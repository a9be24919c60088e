/* The command line of harkd. */
#ifndef HARK_DAEMON_ARGUMENTS_H
#define HARK_DAEMON_ARGUMENTS_H

#include "base/addr.h"
#include "base/mem.h"
#include "base/text.h"
#include "lib/config.h"

enum arguments_want {
    ARGUMENTS_RUN,
    ARGUMENTS_CHECK, /* the settings alone */
    ARGUMENTS_PRINT, /* those in force */
    ARGUMENTS_HELP,
    ARGUMENTS_VERSION,
    ARGUMENTS_BAD
};

struct arguments {
    const char *config;      /* -c; NULL: the usual places */
    struct endpoint *listen; /* --listen, in the arena; overrules the configuration */
    size_t listen_count;
};

/** What the command line says instead of the settings. */
void arguments_overrule(const struct arguments *args, struct config *config);

extern const char ARGUMENTS_HELP_TEXT[];

/** ARGUMENTS_BAD: one line with a hint in complaint. */
enum arguments_want arguments_read(
    struct arguments *out, int argc, char **argv, struct arena *a, struct text *complaint);

#endif
