/* The type bitmaps of NSEC and NSEC3 (RFC 4034 4.1.2). */
#include <string.h>

#include "dns/rdata_layout.h"
#include "dns/rrtype.h"

#define WINDOW_MAX_LEN 32u

bool typemap_check(const uint8_t *p, size_t len)
{
    int last = -1;
    while (len) {
        if (len < 2 || p[0] <= last || p[1] == 0 || p[1] > WINDOW_MAX_LEN || len - 2 < p[1] || !p[1 + p[1]])
            return false;
        last = p[0];
        size_t n = 2u + p[1];
        p += n;
        len -= n;
    }
    return true;
}

void typemap_to_text(struct text *t, const uint8_t *p, size_t len)
{
    struct reader r = reader_of(p, len);
    bool first = true;
    while (reader_left(&r)) {
        unsigned window = read_u8(&r), n = read_u8(&r);
        const uint8_t *bits = read_octets(&r, n);
        for (unsigned i = 0; bits && i < n * 8; i++) {
            if (!(bits[i / 8] & (0x80 >> i % 8)))
                continue;
            if (!first)
                text_char(t, ' ');
            first = false;
            rrtype_to_text(t, (uint16_t)(window << 8 | i));
        }
    }
}

enum err typemap_from_text(struct writer *w, struct lexer *l)
{
    uint8_t bits[256 * WINDOW_MAX_LEN] = {0};
    struct token k;
    while (lexer_next(l, &k)) {
        uint16_t type;
        enum err e = k.quoted ? ERR_FORMAT : rrtype_from_text(&type, k.text, k.len);
        if (e)
            return e;
        bits[type / 8] |= (uint8_t)(0x80 >> type % 8);
    }
    for (unsigned window = 0; window < 256; window++) {
        const uint8_t *p = bits + window * WINDOW_MAX_LEN;
        unsigned n = WINDOW_MAX_LEN;
        while (n && !p[n - 1])
            n--;
        if (!n)
            continue;
        write_u8(w, (uint8_t)window);
        write_u8(w, (uint8_t)n);
        write_octets(w, p, n);
    }
    return l->bad ? ERR_FORMAT : ERR_OK;
}
