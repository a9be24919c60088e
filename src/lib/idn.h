/* Names that people type, in whatever script. */
#ifndef HARK_LIB_IDN_H
#define HARK_LIB_IDN_H

#include "base/text.h"
#include "dns/name.h"

/** The absolute name of text; what is not ASCII is taken as UTF-8 and becomes A-labels (IDNA2008,
 * non-transitional). On error `complaint` says why in words. */
enum err idn_to_name(name_t out[NAME_MAX_LEN], const char *text, struct text *complaint);

#endif
