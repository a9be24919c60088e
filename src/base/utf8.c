#include "base/utf8.h"

size_t utf8_read(const char *s, size_t n, uint32_t *out)
{
    const unsigned char *p = (const unsigned char *)s;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (p[0] < 0x80) {
        *out = p[0];
        return 1;
    }
    size_t len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc0 || p[0] > 0xf4 || n < len)
        return 0;
    uint32_t c = p[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3f);
    }
    if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 0;
    *out = c;
    return len;
}

bool utf8_is_valid(const char *s, size_t n)
{
    uint32_t c;
    for (size_t at = 0, len; at < n; at += len)
        if ((len = utf8_read(s + at, n - at, &c)) == 0)
            return false;
    return true;
}

void utf8_write(struct text *t, uint32_t c)
{
    if (c < 0x80) {
        text_char(t, (char)c);
    } else if (c < 0x800) {
        text_char(t, (char)(0xc0 | c >> 6));
        text_char(t, (char)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        text_char(t, (char)(0xe0 | c >> 12));
        text_char(t, (char)(0x80 | (c >> 6 & 0x3f)));
        text_char(t, (char)(0x80 | (c & 0x3f)));
    } else {
        text_char(t, (char)(0xf0 | c >> 18));
        text_char(t, (char)(0x80 | (c >> 12 & 0x3f)));
        text_char(t, (char)(0x80 | (c >> 6 & 0x3f)));
        text_char(t, (char)(0x80 | (c & 0x3f)));
    }
}

bool utf8_is_harmless(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } harmful[] = {
        {0x00, 0x1f},
        {0x7f, 0x9f},
        {0xad, 0xad},
        {0x061c, 0x061c},
        {0x115f, 0x1160},
        {0x180b, 0x180f},
        {0x200b, 0x200f},
        {0x2028, 0x202e},
        {0x2060, 0x206f},
        {0x3164, 0x3164},
        {0xfdd0, 0xfdef},
        {0xfe00, 0xfe0f},
        {0xfeff, 0xfeff},
        {0xffa0, 0xffa0},
        {0xfff0, 0xfffb},
        {0xfffe, 0xffff},
        {0xe0000, 0xe0fff},
    };
    for (size_t i = 0; i < sizeof harmful / sizeof harmful[0]; i++)
        if (c >= harmful[i].first && c <= harmful[i].last)
            return false;
    return (c & 0xfffe) != 0xfffe;
}
