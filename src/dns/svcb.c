/* SvcParams of SVCB and HTTPS (RFC 9460). */
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "dns/rdata_layout.h"

enum svcb_key {
    KEY_MANDATORY = 0,
    KEY_ALPN = 1,
    KEY_NO_DEFAULT_ALPN = 2,
    KEY_PORT = 3,
    KEY_IPV4HINT = 4,
    KEY_ECH = 5, /* RFC 9848 */
    KEY_IPV6HINT = 6,
    KEY_DOHPATH = 7, /* RFC 9461 5 */
    KEY_OHTTP = 8,   /* RFC 9540 4 */
};

static const char *const key_names[] = {
    "mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath", "ohttp"};
#define KEY_NAMED_COUNT (sizeof key_names / sizeof key_names[0])

/* One after the other, from wire that may be bad (r->bad). */
static bool next_param(struct reader *r, uint16_t *key, struct reader *value)
{
    if (!reader_left(r))
        return false;
    *key = read_u16(r);
    uint16_t len = read_u16(r);
    const uint8_t *p = read_octets(r, len);
    *value = reader_of(p, len);
    return !r->bad;
}

/* Strictly ascending, not "mandatory" itself: RFC 9460 8. */
static bool check_mandatory(struct reader v)
{
    int last = KEY_MANDATORY;
    if (!v.len)
        return false;
    while (reader_left(&v)) {
        uint16_t key = read_u16(&v);
        if (v.bad || key <= last)
            return false;
        last = key;
    }
    return true;
}

static bool check_alpn(struct reader v)
{
    if (!v.len)
        return false;
    while (reader_left(&v)) {
        uint8_t n = read_u8(&v);
        if (!n || !read_octets(&v, n))
            return false;
    }
    return true;
}

static bool check_value(uint16_t key, const struct reader *v)
{
    switch (key) {
    case KEY_MANDATORY:
        return check_mandatory(*v);
    case KEY_ALPN:
        return check_alpn(*v);
    case KEY_NO_DEFAULT_ALPN:
    case KEY_OHTTP:
        return v->len == 0;
    case KEY_PORT:
        return v->len == 2;
    case KEY_IPV4HINT:
        return v->len && v->len % 4 == 0;
    case KEY_IPV6HINT:
        return v->len && v->len % 16 == 0;
    case KEY_ECH:
    case KEY_DOHPATH:
        return v->len > 0;
    }
    return true;
}

bool svcb_check(const uint8_t *p, size_t len)
{
    struct reader r = reader_of(p, len), value;
    int last = -1;
    uint16_t key;
    while (next_param(&r, &key, &value)) {
        if (key <= last || !check_value(key, &value))
            return false;
        last = key;
    }
    return !r.bad;
}

static bool has_key(const uint8_t *p, size_t len, uint16_t wanted)
{
    struct reader r = reader_of(p, len), value;
    uint16_t key;
    while (next_param(&r, &key, &value))
        if (key >= wanted)
            return key == wanted;
    return false;
}

/* Both lists ascend, so one pass over each is enough. */
static bool has_keys(struct reader wanted, const uint8_t *p, size_t len)
{
    struct reader r = reader_of(p, len), value;
    uint16_t key;
    while (reader_left(&wanted)) {
        uint16_t want = read_u16(&wanted);
        do {
            if (!next_param(&r, &key, &value) || key > want)
                return false;
        } while (key != want);
    }
    return true;
}

bool svcb_is_consistent(const uint8_t *p, size_t len)
{
    struct reader r = reader_of(p, len), value;
    uint16_t key;
    while (next_param(&r, &key, &value)) {
        if (key == KEY_MANDATORY && !has_keys(value, p, len))
            return false;
        if (key == KEY_NO_DEFAULT_ALPN && !has_key(p, len, KEY_ALPN))
            return false;
    }
    return true;
}

static void key_to_text(struct text *t, uint16_t key)
{
    if (key < KEY_NAMED_COUNT)
        text_add(t, key_names[key]);
    else
        text_printf(t, "key%u", key);
}

/* A comma and a backslash in an item are escaped for the list,
 * then again as in any character-string (RFC 9460 A.1). */
static void alpn_to_text(struct text *t, struct reader v)
{
    for (bool first = true; reader_left(&v); first = false) {
        if (!first)
            text_char(t, ',');
        uint8_t n = read_u8(&v);
        const uint8_t *p = read_octets(&v, n);
        for (uint8_t i = 0; p && i < n; i++) {
            if (p[i] == ',' || p[i] == '\\')
                text_add(t, "\\\\");
            token_escape(t, p + i, 1);
        }
    }
}

static void hints_to_text(struct text *t, struct reader v, size_t each)
{
    for (bool first = true; reader_left(&v); first = false) {
        char buf[ADDR_TEXT_LEN];
        const uint8_t *p = read_octets(&v, each);
        if (!p)
            return;
        struct addr addr = each == 4 ? addr_v4(p) : addr_v6(p);
        text_add(t, first ? "" : ",");
        text_add(t, addr_text(&addr, buf));
    }
}

static void value_to_text(struct text *t, uint16_t key, const struct reader *v)
{
    struct reader list = *v;
    switch (key) {
    case KEY_MANDATORY:
        for (bool first = true; reader_left(&list); first = false) {
            text_add(t, first ? "" : ",");
            key_to_text(t, read_u16(&list));
        }
        return;
    case KEY_PORT:
        text_printf(t, "%u", read_u16(&list));
        return;
    case KEY_IPV4HINT:
        hints_to_text(t, list, 4);
        return;
    case KEY_IPV6HINT:
        hints_to_text(t, list, 16);
        return;
    case KEY_ECH:
        text_base64(t, v->data, v->len);
        return;
    }
    text_char(t, '"');
    if (key == KEY_ALPN)
        alpn_to_text(t, list);
    else
        token_escape(t, v->data, v->len);
    text_char(t, '"');
}

void svcb_to_text(struct text *t, const uint8_t *p, size_t len)
{
    struct reader r = reader_of(p, len), value;
    uint16_t key;
    for (bool first = true; next_param(&r, &key, &value); first = false) {
        if (!first)
            text_char(t, ' ');
        key_to_text(t, key);
        if (!value.len)
            continue;
        text_char(t, '=');
        value_to_text(t, key, &value);
    }
}

/* *raw: written keyNNNNN, so that the value is octets whatever the key (RFC 9460 2.1). */
static enum err key_from_text(uint16_t *out, bool *raw, const char *s, size_t len)
{
    *raw = false;
    for (uint16_t i = 0; i < KEY_NAMED_COUNT; i++) {
        if (strlen(key_names[i]) == len && strncasecmp(s, key_names[i], len) == 0) {
            *out = i;
            return ERR_OK;
        }
    }
    if (len < 4 || strncasecmp(s, "key", 3) != 0)
        return ERR_UNKNOWN;
    struct token digits = {.text = s + 3, .len = len - 3};
    uint32_t v;
    enum err e = token_number(&digits, 0xffff, &v);
    if (e)
        return e;
    if (s[3] == '0' && len > 4)
        return ERR_FORMAT;
    *out = (uint16_t)v;
    *raw = true;
    return ERR_OK;
}

static void reverse(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        uint8_t x = p[i];
        p[i] = p[n - 1 - i];
        p[n - 1 - i] = x;
    }
}

/* p[head + tail]: the tail goes before the head. */
static void move_before(uint8_t *p, size_t head, size_t tail)
{
    reverse(p, head);
    reverse(p + head, tail);
    reverse(p, head + tail);
}

/* The part of a list before the next comma; false at the end. */
static bool next_item(struct token *list, struct token *item)
{
    if (!list->text)
        return false;
    const char *comma = memchr(list->text, ',', list->len);
    item->text = list->text;
    item->len = comma ? (size_t)(comma - list->text) : list->len;
    list->len -= comma ? item->len + 1 : item->len;
    list->text = comma ? comma + 1 : NULL;
    return true;
}

static enum err mandatory_from_text(struct writer *w, struct token list)
{
    size_t start = w->pos;
    struct token item = {0};
    while (next_item(&list, &item)) {
        uint16_t key;
        bool raw;
        enum err e = key_from_text(&key, &raw, item.text, item.len);
        if (e)
            return e;
        size_t at = start, end = w->pos;
        while (at < end && get_u16(w->data + at) < key)
            at += 2;
        write_u16(w, key);
        if (w->bad)
            return ERR_RANGE;
        move_before(w->data + at, end - at, 2);
    }
    return ERR_OK;
}

static enum err hints_from_text(struct writer *w, struct token list, uint8_t family)
{
    struct token item = {0};
    while (next_item(&list, &item)) {
        char buf[ADDR_TEXT_LEN] = {0};
        struct addr addr;
        if (item.len >= sizeof buf)
            return ERR_FORMAT;
        memcpy(buf, item.text, item.len);
        if (addr_parse(&addr, buf) != ERR_OK || addr.family != family)
            return ERR_FORMAT;
        write_octets(w, addr.ip, addr_len(&addr));
    }
    return ERR_OK;
}

static enum err string_from_text(struct writer *w, const struct token *v)
{
    long n = token_unescape(v->text, v->len, w->data + w->pos, writer_left(w));
    if (n < 0)
        return ERR_FORMAT;
    write_room(w, (size_t)n);
    return ERR_OK;
}

/* The list's text, unescaped once, is turned in place into items with a length octet before each: it is put
 * one octet further on, and then each length octet takes the place of the comma (or of that octet) before its
 * item, so that writing never passes reading. */
static enum err alpn_from_text(struct writer *w, const struct token *v)
{
    size_t length_at = w->pos;
    write_u8(w, 0);
    size_t in = w->pos, out = w->pos;
    enum err e = string_from_text(w, v);
    if (e)
        return e;
    uint8_t *p = w->data;
    for (;; in++) {
        bool end = in == w->pos;
        if (end || p[in] == ',') {
            size_t n = out - length_at - 1;
            if (n < 1 || n > 255)
                return ERR_RANGE;
            p[length_at] = (uint8_t)n;
            if (end)
                break;
            length_at = out++;
            continue;
        }
        if (p[in] == '\\' && ++in == w->pos)
            return ERR_FORMAT;
        p[out++] = p[in];
    }
    w->pos = out;
    return ERR_OK;
}

static enum err value_from_text(struct writer *w, uint16_t key, bool raw, const struct token *v)
{
    if (raw)
        return string_from_text(w, v);
    switch (key) {
    case KEY_MANDATORY:
        return mandatory_from_text(w, *v);
    case KEY_ALPN:
        return alpn_from_text(w, v);
    case KEY_PORT: {
        struct token digits = {.text = v->text, .len = v->len};
        uint32_t port;
        enum err e = token_number(&digits, 0xffff, &port);
        write_u16(w, (uint16_t)(e ? 0 : port));
        return e;
    }
    case KEY_IPV4HINT:
        return hints_from_text(w, *v, FAMILY_V4);
    case KEY_IPV6HINT:
        return hints_from_text(w, *v, FAMILY_V6);
    case KEY_ECH: {
        long n = text_unbase64(v->text, v->len, w->data + w->pos, writer_left(w));
        if (n < 0)
            return ERR_FORMAT;
        write_room(w, (size_t)n);
        return ERR_OK;
    }
    }
    return string_from_text(w, v);
}

/* Appends key, length and value of one token "key", "key=value" or key="value". */
static enum err param_from_text(struct writer *w, const struct token *k)
{
    const char *equals = memchr(k->text, '=', k->len);
    size_t key_len = equals ? (size_t)(equals - k->text) : k->len;
    struct token v = {.text = k->text + key_len, .len = k->len - key_len};
    uint16_t key;
    bool raw;
    enum err e = k->quoted ? ERR_FORMAT : key_from_text(&key, &raw, k->text, key_len);
    if (e)
        return e;
    if (equals) {
        v.text++;
        v.len--;
    }
    if (v.len >= 2 && v.text[0] == '"' && v.text[v.len - 1] == '"') {
        v.text++;
        v.len -= 2;
    }
    write_u16(w, key);
    write_u16(w, 0);
    size_t start = w->pos;
    if (w->bad)
        return ERR_RANGE;
    if (v.len)
        e = value_from_text(w, key, raw, &v);
    if (e || w->bad)
        return e ? e : ERR_RANGE;
    put_u16(w->data + start - 2, (uint16_t)(w->pos - start));
    return ERR_OK;
}

/* Where the parameter `key` belongs among those of p[len], which ascend. ERR_FORMAT if it is there. */
static enum err find_place(const uint8_t *p, size_t len, uint16_t key, size_t *at)
{
    struct reader r = reader_of(p, len), value;
    uint16_t other;
    *at = 0;
    while (next_param(&r, &other, &value) && other <= key) {
        if (other == key)
            return ERR_FORMAT;
        *at = r.pos;
    }
    return ERR_OK;
}

enum err svcb_from_text(struct writer *w, struct lexer *l)
{
    size_t start = w->pos;
    int last = -1;
    struct token k;
    while (lexer_next(l, &k)) {
        size_t end = w->pos, at = end - start;
        enum err e = param_from_text(w, &k);
        if (e)
            return e;
        uint16_t key = get_u16(w->data + end);
        if (key <= last) {
            e = find_place(w->data + start, end - start, key, &at);
            if (e)
                return e;
            move_before(w->data + start + at, end - start - at, w->pos - end);
        } else {
            last = key;
        }
    }
    const uint8_t *p = w->data + start;
    bool good = !l->bad && svcb_check(p, w->pos - start) && svcb_is_consistent(p, w->pos - start);
    return good ? ERR_OK : ERR_FORMAT;
}
