/* "Did you mean": the nearest of a list of words. */
#ifndef HARK_BASE_NEAREST_H
#define HARK_BASE_NEAREST_H

#include <stddef.h>

/** The word with the fewest insertions, deletions, replacements and swaps of neighbours, if they are at most
 * a third of the longer one's letters (1 is always allowed); NULL if none is near. Words end with NULL. */
const char *nearest_word(const char *word, const char *const *words);

#endif
