/* UTF-8 (RFC 3629) of strangers, and which of its characters do no harm on a terminal or a page. */
#ifndef HARK_BASE_UTF8_H
#define HARK_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/** The character at s[0…n-1], n > 0. Returns its octets, or 0: not UTF-8 (overlong, a surrogate, beyond
 * U+10FFFF, cut off). */
size_t utf8_read(const char *s, size_t n, uint32_t *out);
bool utf8_is_valid(const char *s, size_t n);
void utf8_write(struct text *t, uint32_t c);
/** False for what steers: C0, DEL, C1, line and paragraph separators, invisible and bidirectional marks,
 * noncharacters, tags (threat S13). Line end and tab are among them. */
bool utf8_is_harmless(uint32_t c);

#endif
