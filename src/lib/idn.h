/* Names that people type, in whatever script. */
#ifndef HARK_LIB_IDN_H
#define HARK_LIB_IDN_H

#include "base/text.h"
#include "dns/name.h"

/** The absolute name of text; what is not ASCII is taken as UTF-8 and becomes A-labels (IDNA2008,
 * non-transitional). On error `complaint` says why in words. */
enum err idn_to_name(name_t out[NAME_MAX_LEN], const char *text, struct text *complaint);
/** The same, but octets that are not ASCII are taken as they are. */
enum err idn_to_raw_name(name_t out[NAME_MAX_LEN], const char *text, struct text *complaint);
/** Spells the names in a record's or question's text, from that place on, for people: A-labels become what
 * they stand for, where libidn2 takes that for a good U-label, the way back gives the same A-label, and it
 * has no character that steers a terminal. Names are words that end with a dot; what stands in quotes is
 * none. */
void idn_respell(struct text *t, size_t from);

#endif
