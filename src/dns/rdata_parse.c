/* RDATA from master-file text, by layout: a field takes one token, or all that are left. */
#include <string.h>
#include <time.h>

#include "base/addr.h"
#include "dns/rdata.h"
#include "dns/rdata_forms.h"
#include "dns/rrtype.h"

struct parse {
    struct writer w;
    struct lexer *l;
    const name_t *origin;
    struct arena *a;
};

/* Mnemonics of RFC 4034 A.1 and the IANA registry of DNSSEC algorithms. */
static const struct algorithm {
    const char *name;
    uint8_t code;
} algorithms[] = {
    {"DELETE", 0}, /* RFC 8078 4 */
    {"RSAMD5", 1},
    {"DH", 2},
    {"DSA", 3},
    {"RSASHA1", 5},
    {"DSA-NSEC3-SHA1", 6},
    {"DSANSEC3SHA1", 6},
    {"NSEC3DSA", 6},
    {"RSASHA1-NSEC3-SHA1", 7},
    {"RSASHA1NSEC3SHA1", 7},
    {"NSEC3RSASHA1", 7},
    {"RSASHA256", 8},
    {"RSASHA512", 10},
    {"ECC-GOST", 12},
    {"ECCGOST", 12},
    {"ECDSAP256SHA256", 13},
    {"ECDSAP384SHA384", 14},
    {"ED25519", 15},
    {"ED448", 16},
    {"SM2SM3", 17},
    {"ECC-GOST12", 23},
    {"INDIRECT", 252},
    {"PRIVATEDNS", 253},
    {"PRIVATEOID", 254},
};

static enum err algorithm_from_text(struct writer *w, const struct token *k)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        if (token_is(k, algorithms[i].name)) {
            write_u8(w, algorithms[i].code);
            return ERR_OK;
        }
    }
    uint32_t v;
    enum err e = token_number(k, 0xff, &v);
    write_u8(w, (uint8_t)(e ? 0 : v));
    return e;
}

static enum err number_from_text(struct writer *w, char letter, const struct token *k)
{
    uint32_t v = 0;
    enum err e;
    switch (letter) {
    case 'B':
        e = token_number(k, 0xff, &v);
        write_u8(w, (uint8_t)v);
        return e;
    case 'H':
        e = token_number(k, 0xffff, &v);
        write_u16(w, (uint16_t)v);
        return e;
    case 'W':
        e = token_number(k, UINT32_MAX, &v);
        write_u32(w, v);
        return e;
    }
    e = token_ttl(k, &v);
    write_u32(w, v);
    return e;
}

/* n digits as a number. */
static int digits_at(const char *s, int n)
{
    int v = 0;
    for (int i = 0; i < n; i++)
        v = v * 10 + (s[i] - '0');
    return v;
}

/* 14 digits are YYYYMMDDHHmmSS, fewer are seconds since 1970 (RFC 4034 3.2), both modulo 2^32. */
static enum err date_from_text(struct writer *w, const struct token *k)
{
    uint32_t v = 0;
    if (k->len != 14) {
        enum err e = token_number(k, UINT32_MAX, &v);
        write_u32(w, v);
        return e;
    }
    for (size_t i = 0; i < k->len; i++)
        if (k->text[i] < '0' || k->text[i] > '9')
            return ERR_FORMAT;
    struct tm tm = {
        .tm_year = digits_at(k->text, 4) - 1900,
        .tm_mon = digits_at(k->text + 4, 2) - 1,
        .tm_mday = digits_at(k->text + 6, 2),
        .tm_hour = digits_at(k->text + 8, 2),
        .tm_min = digits_at(k->text + 10, 2),
        .tm_sec = digits_at(k->text + 12, 2),
    };
    struct tm asked = tm;
    int64_t when = timegm(&tm);
    /* timegm() takes the 31st of February for the 3rd of March: what it had to change was no date. */
    if (when < 0 || tm.tm_mon != asked.tm_mon || tm.tm_mday != asked.tm_mday || tm.tm_hour != asked.tm_hour ||
        tm.tm_min != asked.tm_min || tm.tm_sec != asked.tm_sec)
        return ERR_RANGE;
    write_u32(w, (uint32_t)when);
    return ERR_OK;
}

static enum err name_field_from_text(struct parse *p, const struct token *k)
{
    name_t name[NAME_MAX_LEN];
    enum err e = k->quoted ? ERR_FORMAT : name_from_text(name, k->text, k->len, p->origin);
    if (!e)
        write_octets(&p->w, name, name_len(name));
    return e;
}

static enum err type_from_text(struct writer *w, const struct token *k)
{
    uint16_t type;
    enum err e = k->quoted ? ERR_FORMAT : rrtype_from_text(&type, k->text, k->len);
    if (!e)
        write_u16(w, type);
    return e;
}

/* A length octet and what the text stands for: octets ('s', 'c'), hexadecimal ('x') or base32hex ('h'). */
static enum err counted_from_text(struct writer *w, char letter, const struct token *k)
{
    uint8_t *length = write_room(w, 1);
    if (!length)
        return ERR_RANGE;
    uint8_t *out = w->data + w->pos;
    size_t cap = writer_left(w) < 255 ? writer_left(w) : 255;
    long n = -1;
    if (letter == 's' || letter == 'c')
        n = token_unescape(k->text, k->len, out, cap);
    else if (letter == 'x' && token_is(k, "-"))
        n = 0;
    else if (letter == 'x')
        n = k->quoted || !k->len ? -1 : text_unhex(k->text, k->len, out, cap);
    else
        n = k->quoted ? -1 : text_unbase32hex(k->text, k->len, out, cap);
    if (n < 0)
        return ERR_FORMAT;
    *length = (uint8_t)n;
    write_room(w, (size_t)n);
    return ERR_OK;
}

static enum err strings_from_text(struct parse *p)
{
    struct token k;
    enum err e = ERR_OK;
    while (!e && lexer_next(p->l, &k))
        e = counted_from_text(&p->w, 's', &k);
    return e;
}

static enum err quoted_from_text(struct writer *w, const struct token *k)
{
    long n = token_unescape(k->text, k->len, w->data + w->pos, writer_left(w));
    if (n < 0)
        return ERR_FORMAT;
    write_room(w, (size_t)n);
    return ERR_OK;
}

/* All that is left, in as many tokens as the text likes: hexadecimal ('X') or base64. */
static enum err rest_from_text(struct parse *p, char letter)
{
    char *joined = arena_alloc(p->a, p->l->len - p->l->pos + 1);
    size_t len = 0;
    struct token k;
    while (lexer_next(p->l, &k)) {
        if (k.quoted)
            return ERR_FORMAT;
        memcpy(joined + len, k.text, k.len);
        len += k.len;
    }
    if (letter == 'Y' && len == 1 && joined[0] == '-')
        return ERR_OK;
    uint8_t *out = p->w.data + p->w.pos;
    long n = letter == 'X' ? text_unhex(joined, len, out, writer_left(&p->w))
                           : text_unbase64(joined, len, out, writer_left(&p->w));
    if (n < 0)
        return ERR_FORMAT;
    write_room(&p->w, (size_t)n);
    return ERR_OK;
}

static enum err token_from_text(struct parse *p, char letter, const struct token *k)
{
    switch (letter) {
    case '4':
        return k->quoted ? ERR_FORMAT : form_address(&p->w, k->text, k->len, FAMILY_V4);
    case '6':
        return k->quoted ? ERR_FORMAT : form_address(&p->w, k->text, k->len, FAMILY_V6);
    case 'n':
    case 'O':
        return name_field_from_text(p, k);
    case 'a':
        return algorithm_from_text(&p->w, k);
    case 't':
        return type_from_text(&p->w, k);
    case 'D':
        return date_from_text(&p->w, k);
    case 's':
    case 'c':
    case 'x':
    case 'h':
        return counted_from_text(&p->w, letter, k);
    case 'q':
    case 'Q':
        return quoted_from_text(&p->w, k);
    }
    return number_from_text(&p->w, letter, k);
}

static enum err field_from_text(struct parse *p, char letter)
{
    switch (letter) {
    case 'S':
        return strings_from_text(p);
    case 'X':
        return rest_from_text(p, letter);
    case 'Y':
    case 'Z':
    case 'z':
        return rest_from_text(p, letter);
    case 'M':
    case 'm':
        return typemap_from_text(&p->w, p->l);
    case 'V':
        return svcb_from_text(&p->w, p->l);
    case 'L':
        return loc_from_text(&p->w, p->l);
    }
    const struct rdata_form *form = rdata_form(letter);
    if (form)
        return form->from_text(&p->w, p->l, p->origin);
    struct token k;
    if (!lexer_next(p->l, &k))
        return letter == 'O' ? ERR_OK : ERR_FORMAT;
    return token_from_text(p, letter, &k);
}

/* What follows "\#": the length, and as many octets in hexadecimal (RFC 3597 5). */
static enum err generic_from_text(struct parse *p)
{
    struct token k;
    uint32_t len;
    if (!lexer_next(p->l, &k))
        return ERR_FORMAT;
    enum err e = token_number(&k, RDATA_MAX_LEN, &len);
    if (!e)
        e = rest_from_text(p, 'X');
    return e ? e : p->w.pos == len ? ERR_OK : ERR_FORMAT;
}

enum err rdata_from_lexer(struct rdata *out, const struct rdata_kind *kind, struct lexer *l, struct arena *a)
{
    MEM_UNSET uint8_t buf[RDATA_MAX_LEN];
    struct parse p = {.w = writer_of(buf, sizeof buf), .l = l, .origin = kind->origin, .a = a};
    const char *layout = rdata_layout(kind->type, kind->class);
    struct lexer ahead = *l;
    struct token first;
    enum err e = ERR_OK;
    if (lexer_next(&ahead, &first) && token_is(&first, "\\#")) {
        *l = ahead;
        e = generic_from_text(&p);
    } else if (!layout) {
        return ERR_FORMAT;
    } else {
        for (; !e && *layout; layout++)
            e = field_from_text(&p, *layout);
    }
    if (!e)
        e = p.w.bad ? ERR_RANGE : lexer_end(l);
    if (!e)
        e = rdata_check(kind->type, kind->class, buf, p.w.pos);
    if (e)
        return e;
    *out = (struct rdata){.data = arena_copy(a, buf, p.w.pos), .len = (uint16_t)p.w.pos};
    return ERR_OK;
}

enum err rdata_from_text(struct rdata *out, uint16_t type, uint16_t class, const char *text, size_t len,
    const name_t *origin, struct arena *a)
{
    struct lexer l = lexer_of(text, len);
    struct rdata_kind kind = {.type = type, .class = class, .origin = origin};
    return rdata_from_lexer(out, &kind, &l, a);
}
