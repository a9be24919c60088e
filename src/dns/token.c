#include "dns/token.h"

#include <string.h>
#include <strings.h>

struct lexer lexer_of(const char *text, size_t len)
{
    return (struct lexer){.text = text, .len = len};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* To the next token's first character; false at the end of the text or entry. */
static bool skip_blank(struct lexer *l)
{
    for (; l->pos < l->len; l->pos++) {
        char c = l->text[l->pos];
        if (c == ';') {
            while (l->pos + 1 < l->len && l->text[l->pos + 1] != '\n')
                l->pos++;
        } else if (c == '(') {
            l->depth++;
        } else if (c == ')') {
            if (!l->depth)
                l->bad = true;
            else
                l->depth--;
        } else if (c == '\n') {
            l->ended |= l->seen && !l->depth;
        } else if (!is_blank(c)) {
            /* Something after the end of the entry. */
            l->bad |= l->ended;
            return !l->bad;
        }
        if (l->bad)
            return false;
    }
    l->ended = true;
    l->bad |= l->depth > 0;
    return false;
}

/* Past the closing quote; l->pos is at the opening one. */
static bool skip_quoted(struct lexer *l)
{
    for (l->pos++; l->pos < l->len; l->pos++) {
        char c = l->text[l->pos];
        if (c == '"') {
            l->pos++;
            return true;
        }
        if (c == '\n')
            return false;
        if (c == '\\')
            l->pos++;
    }
    return false;
}

static bool skip_word(struct lexer *l)
{
    while (l->pos < l->len) {
        char c = l->text[l->pos];
        if (is_blank(c) || c == '\n' || c == '(' || c == ')' || c == ';')
            return true;
        if (c == '"') {
            if (!skip_quoted(l))
                return false;
            continue;
        }
        if (c == '\\' && (l->pos + 1 == l->len || l->text[l->pos + 1] == '\n'))
            return false;
        l->pos += c == '\\' ? 2 : 1;
    }
    return true;
}

bool lexer_next(struct lexer *l, struct token *out)
{
    if (l->bad || !skip_blank(l))
        return false;
    size_t start = l->pos;
    bool quoted = l->text[start] == '"';
    if (!(quoted ? skip_quoted(l) : skip_word(l))) {
        l->pos = l->len;
        l->bad = true;
        return false;
    }
    l->seen = true;
    *out = (struct token){.text = l->text + start, .len = l->pos - start, .quoted = quoted};
    if (quoted) {
        out->text++;
        out->len -= 2;
    }
    return true;
}

enum err lexer_end(struct lexer *l)
{
    struct token k;
    return lexer_next(l, &k) || l->bad ? ERR_FORMAT : ERR_OK;
}

bool token_is(const struct token *k, const char *word)
{
    return !k->quoted && strlen(word) == k->len && strncasecmp(k->text, word, k->len) == 0;
}

/* Digits from *pos on. ERR_FORMAT if there are none. */
static enum err read_digits(const struct token *k, size_t *pos, uint32_t max, uint32_t *out)
{
    uint64_t v = 0;
    size_t start = *pos;
    for (; *pos < k->len && k->text[*pos] >= '0' && k->text[*pos] <= '9'; ++*pos) {
        v = v * 10 + (uint64_t)(k->text[*pos] - '0');
        if (v > max)
            return ERR_RANGE;
    }
    *out = (uint32_t)v;
    return *pos > start ? ERR_OK : ERR_FORMAT;
}

enum err token_number(const struct token *k, uint32_t max, uint32_t *out)
{
    size_t pos = 0;
    enum err e = k->quoted ? ERR_FORMAT : read_digits(k, &pos, max, out);
    return e ? e : pos == k->len ? ERR_OK : ERR_FORMAT;
}

static uint32_t unit_seconds(char c)
{
    switch (c | 0x20) {
    case 'w':
        return 604800;
    case 'd':
        return 86400;
    case 'h':
        return 3600;
    case 'm':
        return 60;
    case 's':
        return 1;
    }
    return 0;
}

enum err token_ttl(const struct token *k, uint32_t *out)
{
    uint64_t sum = 0;
    size_t pos = 0;
    bool units = false;
    if (k->quoted || !k->len)
        return ERR_FORMAT;
    while (pos < k->len) {
        uint32_t n;
        enum err e = read_digits(k, &pos, UINT32_MAX, &n);
        if (e)
            return e;
        /* A number without a unit stands alone. */
        if (pos == k->len && units)
            return ERR_FORMAT;
        units = pos < k->len;
        uint32_t unit = units ? unit_seconds(k->text[pos++]) : 1;
        if (!unit)
            return ERR_FORMAT;
        sum += (uint64_t)n * unit;
        if (sum > UINT32_MAX)
            return ERR_RANGE;
    }
    *out = (uint32_t)sum;
    return ERR_OK;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

long token_unescape(const char *text, size_t len, uint8_t *out, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned v = (uint8_t)text[i];
        if (v == '"')
            return -1;
        if (v == '\\') {
            if (++i == len)
                return -1;
            v = (uint8_t)text[i];
            if (is_digit(text[i])) {
                if (len - i < 3 || !is_digit(text[i + 1]) || !is_digit(text[i + 2]))
                    return -1;
                v = (unsigned)(text[i] - '0') * 100 + (unsigned)(text[i + 1] - '0') * 10 +
                    (unsigned)(text[i + 2] - '0');
                i += 2;
            }
        }
        if (v > 255 || n == cap)
            return -1;
        out[n++] = (uint8_t)v;
    }
    return (long)n;
}

void token_escape(struct text *t, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] < 0x20 || p[i] > 0x7e) {
            text_printf(t, "\\%03u", p[i]);
            continue;
        }
        if (p[i] == '"' || p[i] == '\\')
            text_char(t, '\\');
        text_char(t, (char)p[i]);
    }
}
