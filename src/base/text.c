#include "base/text.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

void text_init(struct text *t)
{
    *t = (struct text){.data = mem_alloc(64), .cap = 64};
}

void text_init_fixed(struct text *t, char *buf, size_t cap)
{
    buf[0] = 0;
    *t = (struct text){.data = buf, .cap = cap, .fixed = true};
}

void text_fini(struct text *t)
{
    if (!t->fixed)
        mem_free(t->data);
    *t = (struct text){0};
}

char *text_keep(struct text *t, struct arena *a)
{
    char *kept = arena_copy(a, t->data, t->len + 1);
    text_fini(t);
    return kept;
}

void text_clear(struct text *t)
{
    t->len = 0;
    t->data[0] = 0;
    t->cut = false;
}

/* How many of n more octets may be added. */
static size_t room_for(struct text *t, size_t n)
{
    if (t->cap - t->len > n)
        return n;
    if (t->fixed) {
        t->cut = true;
        return t->cap - t->len - 1;
    }
    size_t cap = t->cap * 2 > t->len + n + 1 ? t->cap * 2 : t->len + n + 1;
    t->data = mem_grow(t->data, cap);
    t->cap = cap;
    return n;
}

void text_add_n(struct text *t, const char *s, size_t n)
{
    n = room_for(t, n);
    memcpy(t->data + t->len, s, n);
    t->len += n;
    t->data[t->len] = 0;
}

void text_add(struct text *t, const char *s)
{
    text_add_n(t, s, strlen(s));
}

void text_char(struct text *t, char c)
{
    text_add_n(t, &c, 1);
}

void text_printf(struct text *t, const char *format, ...)
{
    char small[256];
    va_list ap, again;
    va_start(ap, format);
    va_copy(again, ap);
    int n = vsnprintf(small, sizeof small, format, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof small) {
        text_add_n(t, small, (size_t)n);
    } else if (n >= 0) {
        char *big = mem_alloc((size_t)n + 1);
        vsnprintf(big, (size_t)n + 1, format, again);
        text_add_n(t, big, (size_t)n);
        mem_free(big);
    }
    va_end(again);
}

void text_hex(struct text *t, const uint8_t *p, size_t n)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < n; i++) {
        char two[2] = {digits[p[i] >> 4], digits[p[i] & 15]};
        text_add_n(t, two, 2);
    }
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base32hex_digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";

void text_base64(struct text *t, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)p[i] << 16;
        if (i + 1 < n)
            v |= (uint32_t)p[i + 1] << 8;
        if (i + 2 < n)
            v |= p[i + 2];
        char four[4] = {base64_digits[v >> 18], base64_digits[v >> 12 & 63],
            i + 1 < n ? base64_digits[v >> 6 & 63] : '=', i + 2 < n ? base64_digits[v & 63] : '='};
        text_add_n(t, four, 4);
    }
}

void text_base32hex(struct text *t, const uint8_t *p, size_t n)
{
    uint32_t acc = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < n; i++) {
        acc = (acc << 8 | p[i]) & 0xffff;
        bits += 8;
        for (; bits >= 5; bits -= 5)
            text_char(t, base32hex_digits[acc >> (bits - 5) & 31]);
    }
    if (bits)
        text_char(t, base32hex_digits[acc << (5 - bits) & 31]);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The values of 0 to 9 and of the letters behind them, in either case; -1: it is none. */
static int digit_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'z' ? c - 'a' + 10
           : c >= 'A' && c <= 'Z' ? c - 'A' + 10
                                  : -1;
}

int text_hex_digit(char c)
{
    int v = digit_value(c);
    return v < 16 ? v : -1;
}

/* Octets of digits that have so many bits each. What is over of base32hex is padding (RFC 4648 6); half an
 * octet of hexadecimal is a mistake. */
static long read_digits(const char *s, size_t len, unsigned digit_bits, uint8_t *out, size_t cap)
{
    size_t n = 0;
    uint32_t acc = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < len; i++) {
        if (is_space(s[i]))
            continue;
        int v = digit_value(s[i]);
        if (v < 0 || v >> digit_bits)
            return -1;
        acc = (acc << digit_bits | (uint32_t)v) & 0xffff;
        bits += digit_bits;
        if (bits < 8)
            continue;
        if (n == cap)
            return -1;
        bits -= 8;
        out[n++] = (uint8_t)(acc >> bits);
    }
    return digit_bits == 4 && bits ? -1 : (long)n;
}

long text_unhex(const char *s, size_t len, uint8_t *out, size_t cap)
{
    return read_digits(s, len, 4, out, cap);
}

long text_unbase32hex(const char *s, size_t len, uint8_t *out, size_t cap)
{
    return read_digits(s, len, 5, out, cap);
}

long text_unbase64(const char *s, size_t len, uint8_t *out, size_t cap)
{
    size_t n = 0, digits = 0, pads = 0;
    uint32_t acc = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < len; i++) {
        if (is_space(s[i]))
            continue;
        if (s[i] == '=') {
            pads++;
            continue;
        }
        const char *d = s[i] ? strchr(base64_digits, s[i]) : NULL;
        if (!d || pads)
            return -1;
        acc = (acc << 6 | (uint32_t)(d - base64_digits)) & 0xffff;
        bits += 6;
        digits++;
        if (bits < 8)
            continue;
        if (n == cap)
            return -1;
        bits -= 8;
        out[n++] = (uint8_t)(acc >> bits);
    }
    return digits % 4 == 1 || pads > 2 || (pads && (digits + pads) % 4) ? -1 : (long)n;
}

void text_json(struct text *t, const char *s)
{
    text_char(t, '"');
    for (const unsigned char *p = (const unsigned char *)s; *p; p++) {
        if (*p < 0x20 || *p > 0x7e || strchr("<>&'", *p)) {
            text_printf(t, "\\u%04x", *p);
            continue;
        }
        if (*p == '"' || *p == '\\')
            text_char(t, '\\');
        text_char(t, (char)*p);
    }
    text_char(t, '"');
}
