/* What fingers know from dig: which of its habits hark has, which it has not and what to type instead. */
#ifndef HARK_CLI_ARGS_DIG_H
#define HARK_CLI_ARGS_DIG_H

#include "cli/args.h"

/** Is that FLAG on unless it is taken back? */
bool args_dig_on_unless(enum option o);
/** Sets or clears a flag, and those that it stands for: +noall, +noidn. */
void args_dig_set(struct args *a, enum option o, bool on);
/** The value of bind, subnet, ednsopt, ednsflags, edns, cookie or opcode. ERR_FORMAT: `complaint` says why.
 */
enum err args_dig_value(
    struct args *a, enum option o, const char *value, struct arena *arena, struct text *complaint);
/** What to type instead of an option of dig or kdig that hark has not, without its + or -, =VALUE or no;
 * NULL: nobody has such a one. */
const char *args_dig_advice(const char *name);
/** The same of a letter. */
const char *args_dig_letter_advice(char letter);

#endif
