/* Domain names in uncompressed wire form (RFC 1035 3.1): labels, each with its length before it, ended by the
 * zero octet of the root. A `const name_t *` always points to a whole valid name of at most 255 octets:
 * readers check once, where the bytes come in, and everybody else trusts. Letter case is kept; comparison
 * ignores it (RFC 4343). */
#ifndef HARK_DNS_NAME_H
#define HARK_DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "defs/limits.h"

typedef uint8_t name_t;

#define NAME_ROOT ((const name_t *)"")
/* Longest text form: each octet as \DDD plus dots, and the terminating zero. */
#define NAME_TEXT_LEN (4 * NAME_MAX_LEN + 1)

/** Octets of the wire form, 1…255. */
size_t name_len(const name_t *n);
/** Labels without the root: 0 for the root. */
unsigned name_labels(const name_t *n);
bool name_equal(const name_t *a, const name_t *b);
/** Equal in letter case too (0x20). */
bool name_same_case(const name_t *a, const name_t *b);
/** n is at or below zone (RFC 9499: subdomain, or the name itself). */
bool name_is_within(const name_t *n, const name_t *zone);
/** n without its first `count` labels; count <= name_labels(n). Points into n. */
const name_t *name_parent(const name_t *n, unsigned count);
/** Labels that a and b have in common from the root. */
unsigned name_common_labels(const name_t *a, const name_t *b);
/** Canonical order (RFC 4034 6.1): <0, 0, >0. */
int name_compare(const name_t *a, const name_t *b);
static inline bool name_is_root(const name_t *n)
{
    return n[0] == 0;
}
/** Copies into out (255 octets suffice); returns the length. */
size_t name_copy(name_t *out, const name_t *n);
name_t *name_dup(const name_t *n, struct arena *a);
/** ASCII lower case, in place. */
void name_lower(name_t *n);
/** Lower-case copy; returns the length. */
size_t name_lower_copy(name_t *out, const name_t *n);
/** n octets of names, or of parts of them; from may be out. */
void name_lower_octets(uint8_t *out, const uint8_t *from, size_t n);
/** prefix labels of n above `old_suffix` put before new_suffix (DNAME, RFC 6672 2.2). ERR_RANGE if longer
 * than 255. n is below old_suffix. */
enum err name_replace_suffix(
    name_t out[NAME_MAX_LEN], const name_t *n, const name_t *old_suffix, const name_t *new_suffix);

/** Reads a name at r->pos, following compression pointers within r->data when allowed (each must point
 * strictly backwards, at most NAME_MAX_HOPS; RFC 1035 4.1.4). out has 255 octets. On error r->bad is set and
 * 0 returned; else the length. */
size_t name_read(struct reader *r, bool compression, name_t out[NAME_MAX_LEN]);
/** The length of the valid uncompressed name at p[max], or 0. */
size_t name_check(const uint8_t *p, size_t max);
/** Likewise; *last is where the last label before the root begins (0 for the root). */
static inline size_t name_check_last(const uint8_t *p, size_t max, size_t *last)
{
    size_t i = 0;
    *last = 0;
    if (max > NAME_MAX_LEN)
        max = NAME_MAX_LEN;
    while (i < max) {
        if (p[i] == 0)
            return i + 1;
        if (p[i] > LABEL_MAX_LEN)
            return 0;
        *last = i;
        i += p[i] + 1u;
    }
    return 0;
}

/** From text: RFC 1035 5.1 escapes (\X, \DDD). A name without a final dot is taken relative to `origin`, or
 * to the root if origin is NULL. "@" alone is origin. ERR_FORMAT: empty label, bad escape; ERR_RANGE: label
 * over 63, name over 255 octets. */
enum err name_from_text(name_t out[NAME_MAX_LEN], const char *text, size_t len, const name_t *origin);
/** Appends with the final dot; what is not printable is \DDD, what is special is \X. Root is ".". */
void name_to_text(struct text *t, const name_t *n);
/** Into buf, for logs and tests. Returns buf. */
const char *name_text(const name_t *n, char buf[NAME_TEXT_LEN]);

#endif
