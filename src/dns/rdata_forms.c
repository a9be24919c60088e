#include "dns/rdata_forms.h"

#include "base/addr.h"
#include "dns/rrtype.h"

#define NXT_TYPES 128u /* RFC 2535 5.2: the bit of type 0 says that another format follows, never defined */
#define NXT_MAX_LEN (NXT_TYPES / 8)

const struct rdata_form *rdata_form(char letter)
{
    switch (letter) {
#define FORM(code, name)                                                                                     \
    case code: {                                                                                             \
        static const struct rdata_form form = {name##_len, name##_to_text, name##_from_text};                \
        return &form;                                                                                        \
    }
        RDATA_FORMS(FORM)
#undef FORM
    }
    return NULL;
}

enum err form_word(struct lexer *l, struct token *out)
{
    return lexer_next(l, out) && !out->quoted ? ERR_OK : ERR_FORMAT;
}

enum err form_number(struct lexer *l, uint32_t max, uint32_t *out)
{
    struct token k;
    enum err e = form_word(l, &k);
    return e ? e : token_number(&k, max, out);
}

/* ---- numbers that have names ---- */

struct code {
    const char *name;
    uint16_t code;
};

static const struct code cert_types[] = {{"PKIX", 1}, {"SPKI", 2}, {"PGP", 3}, {"IPKIX", 4}, {"ISPKI", 5},
    {"IPGP", 6}, {"ACPKIX", 7}, {"IACPKIX", 8}, {"URI", 253}, {"OID", 254}};
#define CERT_TYPE_COUNT (sizeof cert_types / sizeof cert_types[0])

static const struct code schemes[] = {{"NOTIFY", 1}};
#define SCHEME_COUNT (sizeof schemes / sizeof schemes[0])

static void code_to_text(struct text *t, const struct code *codes, size_t count, uint16_t v)
{
    for (size_t i = 0; i < count; i++) {
        if (codes[i].code == v) {
            text_add(t, codes[i].name);
            return;
        }
    }
    text_printf(t, "%u", v);
}

static enum err code_from_text(
    struct lexer *l, const struct code *codes, size_t count, uint32_t max, uint32_t *out)
{
    struct token k;
    enum err e = form_word(l, &k);
    for (size_t i = 0; !e && i < count; i++) {
        if (token_is(&k, codes[i].name)) {
            *out = codes[i].code;
            return ERR_OK;
        }
    }
    return e ? e : token_number(&k, max, out);
}

size_t cert_type_len(const uint8_t *p, size_t max)
{
    return max >= 2 ? 2 : FIELD_BAD;
}

bool cert_type_to_text(struct text *t, const uint8_t *p, size_t n)
{
    code_to_text(t, cert_types, CERT_TYPE_COUNT, get_u16(p));
    return true;
}

enum err cert_type_from_text(struct writer *w, struct lexer *l, const name_t *origin)
{
    uint32_t v = 0;
    enum err e = code_from_text(l, cert_types, CERT_TYPE_COUNT, 0xffff, &v);
    write_u16(w, (uint16_t)v);
    return e;
}

size_t scheme_len(const uint8_t *p, size_t max)
{
    return max >= 1 ? 1 : FIELD_BAD;
}

bool scheme_to_text(struct text *t, const uint8_t *p, size_t n)
{
    code_to_text(t, schemes, SCHEME_COUNT, p[0]);
    return true;
}

enum err scheme_from_text(struct writer *w, struct lexer *l, const name_t *origin)
{
    uint32_t v = 0;
    enum err e = code_from_text(l, schemes, SCHEME_COUNT, 0xff, &v);
    write_u8(w, (uint8_t)v);
    return e;
}

/* ---- a character-string that may be left out ---- */

size_t opt_string_len(const uint8_t *p, size_t max)
{
    if (!max)
        return 0;
    return max >= 1u + p[0] ? 1u + p[0] : FIELD_BAD;
}

bool opt_string_to_text(struct text *t, const uint8_t *p, size_t n)
{
    if (!n)
        return true;
    text_char(t, '"');
    token_escape(t, p + 1, n - 1);
    text_char(t, '"');
    return true;
}

enum err opt_string_from_text(struct writer *w, struct lexer *l, const name_t *origin)
{
    struct token k;
    uint8_t octets[255];
    if (!lexer_next(l, &k))
        return ERR_OK;
    long n = token_unescape(k.text, k.len, octets, sizeof octets);
    if (n < 0)
        return ERR_FORMAT;
    write_u8(w, (uint8_t)n);
    write_octets(w, octets, (size_t)n);
    return ERR_OK;
}

/* ---- the type map of NXT ---- */

size_t nxt_map_len(const uint8_t *p, size_t max)
{
    if (!max)
        return FIELD_BAD;
    if (p[0] & 0x80)
        return max;
    return max <= NXT_MAX_LEN && p[max - 1] ? max : FIELD_BAD;
}

bool nxt_map_to_text(struct text *t, const uint8_t *p, size_t n)
{
    if (p[0] & 0x80)
        return false;
    bool first = true;
    for (uint16_t type = 1; type < n * 8; type++) {
        if (!(p[type / 8] & (0x80 >> type % 8)))
            continue;
        if (!first)
            text_char(t, ' ');
        first = false;
        rrtype_to_text(t, type);
    }
    return true;
}

enum err nxt_map_from_text(struct writer *w, struct lexer *l, const name_t *origin)
{
    uint8_t bits[NXT_MAX_LEN] = {0};
    size_t len = 0;
    struct token k;
    while (lexer_next(l, &k)) {
        uint16_t type;
        enum err e = k.quoted ? ERR_FORMAT : rrtype_from_text(&type, k.text, k.len);
        if (!e && (type == 0 || type >= NXT_TYPES))
            e = ERR_RANGE;
        if (e)
            return e;
        bits[type / 8] |= (uint8_t)(0x80 >> type % 8);
        len = type / 8u + 1 > len ? type / 8u + 1 : len;
    }
    write_octets(w, bits, len);
    return ERR_OK;
}

/* ---- IPN ---- */

/* The draft has 64 bits, its registration digits: what is not 64 bits is left as it is. */
size_t node_len(const uint8_t *p, size_t max)
{
    return max ? max : FIELD_BAD;
}

bool node_to_text(struct text *t, const uint8_t *p, size_t n)
{
    if (n != 8)
        return false;
    text_printf(t, "%llu", (unsigned long long)get_u32(p) << 32 | get_u32(p + 4));
    return true;
}

/* One number, or its halves with a dot between. */
enum err node_from_text(struct writer *w, struct lexer *l, const name_t *origin)
{
    struct token k;
    enum err e = form_word(l, &k);
    uint64_t v = 0, high = 0;
    bool halved = false, digit = false;
    for (size_t i = 0; !e && i < k.len; i++) {
        if (k.text[i] == '.' && !halved && digit) {
            halved = true;
            digit = false;
            high = v;
            v = 0;
            continue;
        }
        unsigned d = (unsigned char)k.text[i] - (unsigned)'0';
        if (d > 9)
            return ERR_FORMAT;
        if (v > (UINT64_MAX - d) / 10)
            return ERR_RANGE;
        v = v * 10 + d;
        digit = true;
    }
    if (e || !digit)
        return ERR_FORMAT;
    if (halved && (high > UINT32_MAX || v > UINT32_MAX))
        return ERR_RANGE;
    v |= high << 32;
    write_u32(w, (uint32_t)(v >> 32));
    write_u32(w, (uint32_t)v);
    return ERR_OK;
}
