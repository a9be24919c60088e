#include "lib/idn.h"

#include <idn2.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/utf8.h"

#define ACE_PREFIX "xn--"
#define ACE_PREFIX_LEN 4u

static bool is_ascii(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s > 0x7f)
            return false;
    return true;
}

enum err idn_to_raw_name(name_t out[NAME_MAX_LEN], const char *text, struct text *complaint)
{
    enum err err = text[0] ? name_from_text(out, text, strlen(text), NULL) : ERR_FORMAT;
    if (err == ERR_RANGE)
        text_add(complaint, "a label has at most 63 octets and a name 255");
    else if (err && !text[0])
        text_add(complaint, "it is empty; the root is \".\"");
    else if (err)
        text_add(complaint, "there is an empty label or a bad escape in it");
    return err;
}

enum err idn_to_name(name_t out[NAME_MAX_LEN], const char *text, struct text *complaint)
{
    if (is_ascii(text))
        return idn_to_raw_name(out, text, complaint);
    char *ascii = NULL;
    int rc = idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (rc != IDN2_OK) {
        text_printf(complaint, "not an internationalised name: %s", idn2_strerror(rc));
        return ERR_FORMAT;
    }
    enum err err = idn_to_raw_name(out, ascii, complaint);
    idn2_free(ascii);
    return err;
}

static bool is_harmless(const char *s)
{
    uint32_t c;
    for (size_t left = strlen(s), len; left; s += len, left -= len) {
        len = utf8_read(s, left, &c);
        if (len == 0 || !utf8_is_harmless(c))
            return false;
    }
    return true;
}

/* libidn2's conversion to Unicode checks the label by RFC 5891 5.4; one that it takes may still be written
 * otherwise than its own A-label would be. */
static bool add_u_label(struct text *t, const char *label, size_t len)
{
    char ascii[LABEL_MAX_LEN + 1], *unicode = NULL, *back = NULL;
    if (len > LABEL_MAX_LEN)
        return false;
    for (size_t i = 0; i < len; i++) /* Punycode keeps the case of the letters that are ASCII */
        ascii[i] = (char)(label[i] >= 'A' && label[i] <= 'Z' ? label[i] + ('a' - 'A') : label[i]);
    ascii[len] = 0;
    bool good = idn2_to_unicode_8z8z(ascii, &unicode, 0) == IDN2_OK && is_harmless(unicode) &&
                idn2_to_ascii_8z(unicode, &back, IDN2_NONTRANSITIONAL) == IDN2_OK && strcmp(back, ascii) == 0;
    if (good)
        text_add(t, unicode);
    idn2_free(unicode);
    idn2_free(back);
    return good;
}

/* A word, by labels. Escapes (RFC 1035 5.1) are no part of A-labels: they never hide a dot in one. */
static void respell_word(struct text *t, const char *word, size_t len)
{
    for (size_t at = 0, n; at < len; at += n) {
        for (n = 0; at + n < len && word[at + n] != '.'; n++)
            if (word[at + n] == '\\' && at + n + 1 < len)
                n++;
        bool ace = n > ACE_PREFIX_LEN && strncasecmp(word + at, ACE_PREFIX, ACE_PREFIX_LEN) == 0 &&
                   !memchr(word + at, '\\', n);
        if (!ace || !add_u_label(t, word + at, n))
            text_add_n(t, word + at, n);
        if (at + n < len) {
            text_char(t, '.');
            n++;
        }
    }
}

static size_t word_len(const char *p, const char *end)
{
    bool quoted = false;
    const char *s = p;
    for (; s < end && (quoted || *s != ' '); s++) {
        if (*s == '\\' && s + 1 < end)
            s++;
        else if (*s == '"')
            quoted = !quoted;
    }
    return (size_t)(s - p);
}

void idn_respell(struct text *t, size_t from)
{
    if (!strcasestr(t->data + from, ACE_PREFIX))
        return;
    size_t len = t->len - from;
    char *copy = mem_alloc(len + 1);
    memcpy(copy, t->data + from, len);
    t->len = from;
    t->data[from] = 0;
    for (const char *p = copy, *end = copy + len; p < end;) {
        size_t n = word_len(p, end);
        if (n && p[n - 1] == '.' && !memchr(p, '"', n) && !memchr(p, '=', n))
            respell_word(t, p, n);
        else
            text_add_n(t, p, n);
        p += n;
        if (p < end)
            text_char(t, *p++);
    }
    mem_free(copy);
}
