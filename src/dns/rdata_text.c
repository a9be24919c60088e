/* RDATA as master-file text, both ways, by layout. */
#include <string.h>
#include <time.h>

#include "base/addr.h"
#include "dns/rdata.h"
#include "dns/rdata_forms.h"
#include "dns/rrtype.h"

static void string_to_text(struct text *t, const uint8_t *p, size_t n)
{
    text_char(t, '"');
    token_escape(t, p, n);
    text_char(t, '"');
}

static void strings_to_text(struct text *t, const uint8_t *p, size_t len)
{
    struct reader r = reader_of(p, len);
    for (bool first = true; reader_left(&r); first = false) {
        uint8_t n = read_u8(&r);
        const uint8_t *s = read_octets(&r, n);
        if (!s)
            return;
        if (!first)
            text_char(t, ' ');
        string_to_text(t, s, n);
    }
}

/* Seconds since 1970 without sign, that is to 2106. RFC 4034 3.2 */
static void date_to_text(struct text *t, uint32_t seconds)
{
    time_t when = (time_t)seconds;
    struct tm tm;
    gmtime_r(&when, &tm);
    text_printf(t, "%04d%02d%02d%02d%02d%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
        tm.tm_min, tm.tm_sec);
}

/* False if the type's own text cannot say it, or could not be read back. */
static bool field_to_text(struct text *t, char letter, const uint8_t *p, size_t n)
{
    switch (letter) {
    case '4':
        form_address_to_text(t, p, FAMILY_V4);
        return true;
    case '6':
        form_address_to_text(t, p, FAMILY_V6);
        return true;
    case 'O':
    case 'n':
        if (n)
            name_to_text(t, p);
        break;
    case 'B':
    case 'a':
        text_printf(t, "%u", p[0]);
        break;
    case 'H':
        text_printf(t, "%u", get_u16(p));
        break;
    case 'W':
    case 'T':
        text_printf(t, "%u", get_u32(p));
        break;
    case 'D':
        date_to_text(t, get_u32(p));
        break;
    case 't':
        rrtype_to_text(t, get_u16(p));
        break;
    case 's':
        string_to_text(t, p + 1, n - 1);
        break;
    case 'S':
        strings_to_text(t, p, n);
        break;
    case 'c':
        token_escape(t, p + 1, n - 1);
        break;
    case 'q':
    case 'Q':
        string_to_text(t, p, n);
        break;
    case 'x':
        if (n == 1)
            text_char(t, '-');
        text_hex(t, p + 1, n - 1);
        break;
    case 'h':
        text_base32hex(t, p + 1, n - 1);
        break;
    case 'X':
        text_hex(t, p, n);
        break;
    case 'Y':
        if (!n)
            text_char(t, '-');
        /* fallthrough */
    case 'Z':
    case 'z':
        text_base64(t, p, n);
        break;
    case 'm':
    case 'M':
        typemap_to_text(t, p, n);
        break;
    case 'V':
        svcb_to_text(t, p, n);
        return svcb_is_consistent(p, n);
    case 'L':
        return loc_to_text(t, p, n);
    default:
        return rdata_form(letter)->to_text(t, p, n);
    }
    return true;
}

/* RFC 3597 5 */
static void generic_to_text(struct text *t, const struct rdata *rd)
{
    text_printf(t, "\\# %u", rd->len);
    if (!rd->len)
        return;
    text_char(t, ' ');
    text_hex(t, rd->data, rd->len);
}

void rdata_to_text(struct text *t, uint16_t type, uint16_t class, const struct rdata *rd)
{
    const char *layout = rdata_layout(type, class);
    if (!layout || rdata_check(type, class, rd->data, rd->len) != ERR_OK) {
        generic_to_text(t, rd);
        return;
    }
    size_t pos = 0, start = t->len;
    bool cut = t->cut;
    for (const char *letter = layout; *letter; letter++) {
        const uint8_t *p = rd->data + pos;
        size_t n = field_len(*letter, p, rd->len - pos);
        if (pos && (n || *letter == 'q' || *letter == 'Y'))
            text_char(t, ' ');
        if (!field_to_text(t, *letter, p, n)) {
            t->len = start;
            t->data[start] = 0;
            t->cut = cut;
            generic_to_text(t, rd);
            return;
        }
        pos += n;
    }
}
