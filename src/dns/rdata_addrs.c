/* Addresses in forms that only old or rare types have: APL, A6, WKS, NSAP, ATMA, EUI48, EUI64, NID and L64.
 */
#include <string.h>

#include "base/addr.h"
#include "dns/rdata_forms.h"

#define A6_BITS 128u
#define WKS_MAX_LEN 8192u /* octets: a bit for each of 65,536 ports */
#define ATMA_AESA 0       /* formats of AF-DANS-0152.000: hexadecimal, and digits after a plus sign */
#define ATMA_E164 1

/* APL, RFC 3123 4: families of the registry of address families */
#define APL_V4 1
#define APL_V6 2
#define APL_NEGATION 0x80

enum err form_address(struct writer *w, const char *text, size_t len, uint8_t family)
{
    char buf[ADDR_TEXT_LEN] = {0};
    struct addr addr;
    if (len >= sizeof buf)
        return ERR_FORMAT;
    memcpy(buf, text, len);
    if (addr_parse(&addr, buf) != ERR_OK || addr.family != family)
        return ERR_FORMAT;
    write_octets(w, addr.ip, addr_len(&addr));
    return ERR_OK;
}

void form_address_to_text(struct text *t, const uint8_t *p, uint8_t family)
{
    char buf[ADDR_TEXT_LEN];
    struct addr addr = family == FAMILY_V4 ? addr_v4(p) : addr_v6(p);
    text_add(t, addr_text(&addr, buf));
}

/* ---- APL ---- */

size_t apl_len(const uint8_t *p, size_t max)
{
    struct reader r = reader_of(p, max);
    while (reader_left(&r)) {
        read_octets(&r, 3);
        uint8_t n = read_u8(&r);
        read_octets(&r, n & ~APL_NEGATION & 0xff);
    }
    return r.bad ? FIELD_BAD : max;
}

/* False for what text cannot say: an unknown family, zero octets at the end (RFC 3123 4: not to be sent). */
static bool apl_item_to_text(struct text *t, struct reader *r)
{
    uint16_t family = read_u16(r);
    uint8_t bits = read_u8(r), head = read_u8(r), n = head & (uint8_t)~APL_NEGATION;
    const uint8_t *p = read_octets(r, n);
    uint8_t width = family == APL_V4 ? 4 : family == APL_V6 ? 16 : 0;
    if (!p || !width || n > width || bits > width * 8 || (n && !p[n - 1]))
        return false;
    uint8_t ip[16] = {0};
    memcpy(ip, p, n);
    text_add(t, head & APL_NEGATION ? "!" : "");
    text_printf(t, "%u:", family);
    form_address_to_text(t, ip, width == 4 ? FAMILY_V4 : FAMILY_V6);
    text_printf(t, "/%u", bits);
    return true;
}

/* An empty list has no text that could be seen. */
bool apl_to_text(struct text *t, const uint8_t *p, size_t n)
{
    struct reader r = reader_of(p, n);
    for (bool first = true; reader_left(&r); first = false) {
        if (!first)
            text_char(t, ' ');
        if (!apl_item_to_text(t, &r))
            return false;
    }
    return n > 0;
}

/* [!]FAMILY:ADDRESS/BITS, RFC 3123 5 */
static enum err apl_item_from_text(struct writer *w, struct token k)
{
    uint8_t ip[16], negation = 0;
    if (k.len && k.text[0] == '!') {
        negation = APL_NEGATION;
        k.text++;
        k.len--;
    }
    const char *colon = memchr(k.text, ':', k.len), *slash = memchr(k.text, '/', k.len);
    if (k.quoted || !colon || !slash || slash < colon)
        return ERR_FORMAT;
    struct token family_text = {.text = k.text, .len = (size_t)(colon - k.text)};
    struct token bits_text = {.text = slash + 1, .len = k.len - (size_t)(slash + 1 - k.text)};
    uint32_t family, bits;
    if (token_number(&family_text, APL_V6, &family) != ERR_OK || family < APL_V4)
        return ERR_FORMAT;
    size_t width = family == APL_V4 ? 4 : 16;
    struct writer address = writer_of(ip, sizeof ip);
    enum err e = token_number(&bits_text, (uint32_t)width * 8, &bits);
    if (!e)
        e = form_address(
            &address, colon + 1, (size_t)(slash - colon - 1), width == 4 ? FAMILY_V4 : FAMILY_V6);
    if (e)
        return e;
    while (width && !ip[width - 1])
        width--;
    write_u16(w, (uint16_t)family);
    write_u8(w, (uint8_t)bits);
    write_u8(w, (uint8_t)(negation | width));
    write_octets(w, ip, width);
    return ERR_OK;
}

enum err apl_from_text(struct writer *w, struct lexer *l, const name_t *origin)
{
    struct token k;
    enum err e = ERR_OK;
    while (!e && lexer_next(l, &k))
        e = apl_item_from_text(w, k);
    return e;
}

/* ---- A6 ---- */

static size_t a6_suffix_len(uint8_t bits)
{
    return (A6_BITS - bits + 7) / 8;
}

/* A name follows unless the prefix has no bits (RFC 2874 3.1). */
size_t a6_len(const uint8_t *p, size_t max)
{
    if (!max || p[0] > A6_BITS)
        return FIELD_BAD;
    size_t n = 1 + a6_suffix_len(p[0]);
    return n <= max && (n < max) == (p[0] > 0) ? n : FIELD_BAD;
}

/* Whether bits above the suffix are set in its first octet: padding, that text leaves out. */
static bool a6_is_padded(uint8_t bits, uint8_t first)
{
    return bits % 8 && first >> (8 - bits % 8);
}

bool a6_to_text(struct text *t, const uint8_t *p, size_t n)
{
    uint8_t ip[16] = {0};
    size_t suffix = n - 1;
    if (suffix && a6_is_padded(p[0], p[1]))
        return false;
    text_printf(t, "%u", p[0]);
    if (!suffix)
        return true;
    memcpy(ip + sizeof ip - suffix, p + 1, suffix);
    text_char(t, ' ');
    form_address_to_text(t, ip, FAMILY_V6);
    return true;
}

enum err a6_from_text(struct writer *w, struct lexer *l, const name_t *origin)
{
    uint8_t ip[16];
    struct token k;
    uint32_t bits = 0;
    enum err e = form_number(l, A6_BITS, &bits);
    write_u8(w, (uint8_t)bits);
    if (e || bits == A6_BITS)
        return e;
    struct writer address = writer_of(ip, sizeof ip);
    e = form_word(l, &k);
    if (!e)
        e = form_address(&address, k.text, k.len, FAMILY_V6);
    if (e)
        return e;
    size_t suffix = a6_suffix_len((uint8_t)bits), above = sizeof ip - suffix;
    for (size_t i = 0; i < above; i++)
        if (ip[i])
            return ERR_RANGE;
    if (a6_is_padded((uint8_t)bits, ip[above]))
        return ERR_RANGE;
    write_octets(w, ip + above, suffix);
    return ERR_OK;
}

/* ---- WKS ---- */

size_t wks_len(const uint8_t *p, size_t max)
{
    return max >= 1 && max <= 1 + WKS_MAX_LEN ? max : FIELD_BAD;
}

/* Zero octets at the end say nothing, and text could not say them. */
bool wks_to_text(struct text *t, const uint8_t *p, size_t n)
{
    if (n > 1 && !p[n - 1])
        return false;
    text_printf(t, "%u", p[0]);
    for (size_t port = 0; port < (n - 1) * 8; port++)
        if (p[1 + port / 8] & (0x80 >> port % 8))
            text_printf(t, " %zu", port);
    return true;
}

/* Protocol by number, TCP or UDP; ports by number: names of services differ from host to host. */
enum err wks_from_text(struct writer *w, struct lexer *l, const name_t *origin)
{
    uint8_t bits[WKS_MAX_LEN] = {0};
    struct token k;
    uint32_t v = 0;
    enum err e = form_word(l, &k);
    if (!e && token_is(&k, "TCP"))
        v = 6;
    else if (!e && token_is(&k, "UDP"))
        v = 17;
    else if (!e)
        e = token_number(&k, 0xff, &v);
    write_u8(w, (uint8_t)v);
    size_t len = 0;
    while (!e && lexer_next(l, &k)) {
        e = token_number(&k, 0xffff, &v);
        if (e)
            return e;
        bits[v / 8] |= (uint8_t)(0x80 >> v % 8);
        len = v / 8 + 1 > len ? v / 8 + 1 : len;
    }
    write_octets(w, bits, len);
    return e;
}

/* ---- NSAP and ATMA ---- */

/* Hexadecimal, with dots wherever one likes. */
static enum err dotted_hex(struct writer *w, const char *s, size_t len)
{
    int high = -1;
    size_t digits = 0;
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '.')
            continue;
        int v = text_hex_digit(s[i]);
        if (v < 0)
            return ERR_FORMAT;
        if (digits++ % 2)
            write_u8(w, (uint8_t)(high << 4 | v));
        high = v;
    }
    return digits && digits % 2 == 0 ? ERR_OK : ERR_FORMAT;
}

size_t nsap_len(const uint8_t *p, size_t max)
{
    return max ? max : FIELD_BAD;
}

bool nsap_to_text(struct text *t, const uint8_t *p, size_t n)
{
    text_add(t, "0x");
    text_hex(t, p, n);
    return true;
}

enum err nsap_from_text(struct writer *w, struct lexer *l, const name_t *origin)
{
    struct token k;
    enum err e = form_word(l, &k);
    if (e || k.len < 2 || k.text[0] != '0' || (k.text[1] | 0x20) != 'x')
        return ERR_FORMAT;
    return dotted_hex(w, k.text + 2, k.len - 2);
}

size_t atma_len(const uint8_t *p, size_t max)
{
    return max >= 2 ? max : FIELD_BAD;
}

bool atma_to_text(struct text *t, const uint8_t *p, size_t n)
{
    if (p[0] == ATMA_AESA) {
        text_hex(t, p + 1, n - 1);
        return true;
    }
    for (size_t i = 1; i < n; i++)
        if (p[i] < '0' || p[i] > '9')
            return false;
    text_char(t, '+');
    text_add_n(t, (const char *)p + 1, n - 1);
    return p[0] == ATMA_E164;
}

enum err atma_from_text(struct writer *w, struct lexer *l, const name_t *origin)
{
    struct token k;
    enum err e = form_word(l, &k);
    if (e)
        return e;
    if (k.text[0] != '+') {
        write_u8(w, ATMA_AESA);
        return dotted_hex(w, k.text, k.len);
    }
    write_u8(w, ATMA_E164);
    for (size_t i = 1; i < k.len; i++)
        if (k.text[i] < '0' || k.text[i] > '9')
            return ERR_FORMAT;
    write_octets(w, k.text + 1, k.len - 1);
    return ERR_OK;
}

/* ---- EUI48 and EUI64: octets with hyphens between, in lower case as in RFC 7043 ---- */

static bool eui_to_text(struct text *t, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        text_printf(t, "%s%02x", i ? "-" : "", p[i]);
    return true;
}

static enum err eui_from_text(struct writer *w, struct lexer *l, size_t n)
{
    struct token k;
    enum err e = form_word(l, &k);
    if (e || k.len != 3 * n - 1)
        return ERR_FORMAT;
    for (size_t i = 0; i < n; i++) {
        int high = text_hex_digit(k.text[3 * i]), low = text_hex_digit(k.text[3 * i + 1]);
        if (high < 0 || low < 0 || (i + 1 < n && k.text[3 * i + 2] != '-'))
            return ERR_FORMAT;
        write_u8(w, (uint8_t)(high << 4 | low));
    }
    return ERR_OK;
}

size_t eui48_len(const uint8_t *p, size_t max)
{
    return max >= 6 ? 6 : FIELD_BAD;
}

bool eui48_to_text(struct text *t, const uint8_t *p, size_t n)
{
    return eui_to_text(t, p, n);
}

enum err eui48_from_text(struct writer *w, struct lexer *l, const name_t *origin)
{
    return eui_from_text(w, l, 6);
}

size_t eui64_len(const uint8_t *p, size_t max)
{
    return max >= 8 ? 8 : FIELD_BAD;
}

bool eui64_to_text(struct text *t, const uint8_t *p, size_t n)
{
    return eui_to_text(t, p, n);
}

enum err eui64_from_text(struct writer *w, struct lexer *l, const name_t *origin)
{
    return eui_from_text(w, l, 8);
}

/* ---- NID and L64 ---- */

size_t locator_len(const uint8_t *p, size_t max)
{
    return max >= 8 ? 8 : FIELD_BAD;
}

bool locator_to_text(struct text *t, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i += 2)
        text_printf(t, "%s%04x", i ? ":" : "", get_u16(p + i));
    return true;
}

/* Four groups of one to four digits. */
enum err locator_from_text(struct writer *w, struct lexer *l, const name_t *origin)
{
    struct token k;
    if (form_word(l, &k) != ERR_OK)
        return ERR_FORMAT;
    size_t pos = 0;
    for (int group = 0; group < 4; group++) {
        unsigned v = 0;
        size_t start = pos;
        for (; pos < k.len && text_hex_digit(k.text[pos]) >= 0; pos++)
            v = (v << 4 | (unsigned)text_hex_digit(k.text[pos])) & 0xffff;
        if (pos == start || pos - start > 4 || (group < 3 && (pos == k.len || k.text[pos++] != ':')))
            return ERR_FORMAT;
        write_u16(w, (uint16_t)v);
    }
    return pos == k.len ? ERR_OK : ERR_FORMAT;
}
