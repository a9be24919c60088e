/* hark -f FILE: many look-ups, a line each. */
#ifndef HARK_CLI_BATCH_H
#define HARK_CLI_BATCH_H

#include "cli/args.h"
#include "cli/status.h"

/** Runs one look-up. place: "names.txt line 7", for complaints. */
typedef enum status batch_fn(int argc, char *const *argv, const char *place, struct args *args);
/** For each line of the file ("-": standard input) in turn: the arguments given, and the words of the line
 * behind them. Empty lines, and what stands behind a "#" that begins a word, are passed over. The worst of
 * their exit codes; STATUS_NO_BATCH if the file cannot be read. */
enum status batch_run(const char *file, int argc, char *const *argv, batch_fn *run);

#endif
