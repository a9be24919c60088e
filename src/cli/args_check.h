/* What was understood of the command line: does it go together? */
#ifndef HARK_CLI_ARGS_CHECK_H
#define HARK_CLI_ARGS_CHECK_H

#include "cli/args.h"

/** Says what is wrong; ERR_FORMAT. */
__attribute__((format(printf, 2, 3))) enum err args_refuse(struct text *complaint, const char *format, ...);
/** ERR_FORMAT of each: `complaint` says in one line what does not go together. This one calls
 * args_check_places() too. */
enum err args_check(const struct args *a, struct text *complaint);
/** Does every option that was given go with the command? */
enum err args_check_places(const struct args *a, struct text *complaint);
/** Of -x: are all names addresses? */
enum err args_check_addresses(const struct args *a, struct text *complaint);

#endif
