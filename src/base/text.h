/* Text built piece by piece in the caller's storage or growing memory; never overruns, always terminated. */
#ifndef HARK_BASE_TEXT_H
#define HARK_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* Invariant: data is zero-terminated; len < cap.
 * fixed: storage is the caller's, and text too long for it is cut, with `cut` set. */
struct text {
    char *data;
    size_t len, cap;
    bool fixed, cut;
};

/** Growing text; free with text_fini(). */
void text_init(struct text *t);
/** Text in buf[cap], cap > 0. */
void text_init_fixed(struct text *t, char *buf, size_t cap);
void text_fini(struct text *t);
/** The same, and what it held, in the arena. */
char *text_keep(struct text *t, struct arena *a);
void text_clear(struct text *t);
void text_add(struct text *t, const char *s);
void text_add_n(struct text *t, const char *s, size_t n);
void text_char(struct text *t, char c);
__attribute__((format(printf, 2, 3))) void text_printf(struct text *t, const char *format, ...);
void text_hex(struct text *t, const uint8_t *p, size_t n);    /* upper case */
void text_base64(struct text *t, const uint8_t *p, size_t n); /* RFC 4648 section 4 */
void text_base32hex(
    struct text *t, const uint8_t *p, size_t n); /* RFC 4648 section 7, without padding, upper case */

/** A JSON string with its quotes. Whatever the octets are, it is ASCII, and harmless inside HTML and shells'
 * quotes too; octets above 0x7e are taken for Latin-1. */
void text_json(struct text *t, const char *s);

/** The value of 0-9, a-f, A-F; -1: it is none. */
int text_hex_digit(char c);
/** n octets from hexadecimal/base64/base32hex text of `len` characters (white space skipped).
 * Returns the octets written, or -1. */
long text_unhex(const char *s, size_t len, uint8_t *out, size_t cap);
long text_unbase64(const char *s, size_t len, uint8_t *out, size_t cap);
long text_unbase32hex(const char *s, size_t len, uint8_t *out, size_t cap);

#endif
