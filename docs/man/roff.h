/* Words of the tables in the language of manual pages. */
#ifndef HARK_MAN_ROFF_H
#define HARK_MAN_ROFF_H

#include "base/text.h"

/** As roff takes it: never a request, hyphens that can be copied, quotes that end no argument. */
void roff_escaped(struct text *t, const char *s);
/** The same, with a capital and a dot. */
void roff_sentence(struct text *t, const char *s);

#endif
