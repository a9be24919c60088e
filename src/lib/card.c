#include "lib/card.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "lib/idn.h"

static const char *const hidden_words[] = {
#define WHOIS_HIDDEN(words) words,
#include "defs/whois.def"
};

/* The next character; Latin-1 where the whole is not UTF-8. */
static size_t next(const char *s, size_t n, bool utf8, uint32_t *c)
{
    if (utf8)
        return utf8_read(s, n, c);
    *c = (unsigned char)*s;
    return 1;
}

static bool is_space(uint32_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0xa0;
}

const char *card_text(const char *s, size_t n, struct arena *a)
{
    struct text t;
    bool utf8 = utf8_is_valid(s, n), space = false;
    uint32_t c;
    text_init(&t);
    for (size_t at = 0, len; at < n && t.len + 5 <= CARD_TEXT_MAX; at += len) {
        len = next(s + at, n - at, utf8, &c);
        if (is_space(c)) {
            space = t.len > 0;
        } else if (utf8_is_harmless(c)) {
            if (space)
                text_char(&t, ' ');
            space = false;
            utf8_write(&t, c);
        }
    }
    if (t.len)
        return text_keep(&t, a);
    text_fini(&t);
    return NULL;
}

const char *card_name(const char *s, size_t n, struct arena *a)
{
    const char *clean = card_text(s, n, a);
    if (!clean)
        return NULL;
    char *out = arena_strdup(a, clean);
    size_t len = strlen(out);
    for (char *p = out; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p + 32);
    if (len > 1 && out[len - 1] == '.')
        out[--len] = 0;
    if (len > 1 && out[len - 1] == ' ') /* "x ." */
        out[len - 1] = 0;
    return out;
}

const char *card_page(const char *s, size_t n, struct arena *a)
{
    struct text t;
    bool utf8 = utf8_is_valid(s, n);
    uint32_t c;
    text_init(&t);
    for (size_t at = 0, len; at < n; at += len) {
        len = next(s + at, n - at, utf8, &c);
        if (c == '\t')
            text_char(&t, ' ');
        else if (c == '\n' || utf8_is_harmless(c))
            utf8_write(&t, c);
    }
    return text_keep(&t, a);
}

static bool is_ascii(const char *s)
{
    while (*s && (unsigned char)*s < 0x80)
        s++;
    return *s == 0;
}

void card_domain(struct card *card, const char *text, struct arena *a)
{
    name_t name[NAME_MAX_LEN];
    char buf[NAME_TEXT_LEN];
    struct text complaint;
    const char *clean = card_name(text, strlen(text), a);
    if (!clean || card->name)
        return;
    card->kind = CARD_DOMAIN;
    if (is_ascii(clean)) {
        card->name = clean;
        return;
    }
    card_set(&card->unicode, clean);
    text_init(&complaint);
    if (idn_to_name(name, clean, &complaint) == ERR_OK) {
        name_text(name, buf);
        card->name = card_name(buf, strlen(buf), a);
    }
    text_fini(&complaint);
}

bool card_is_hidden(const char *text)
{
    for (size_t i = 0; i < sizeof hidden_words / sizeof hidden_words[0]; i++)
        if (strncasecmp(text, hidden_words[i], strlen(hidden_words[i])) == 0)
            return true;
    return false;
}

void card_set(const char **field, const char *text)
{
    if (!*field)
        *field = text;
}

bool card_list_has(const struct card_list *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcasecmp(list->items[i], text) == 0)
            return true;
    return false;
}

void card_add(struct card_list *list, const char *text)
{
    if (text && list->count < CARD_LIST_MAX && !card_list_has(list, text))
        list->items[list->count++] = text;
}

static void merge_list(struct card_list *list, const struct card_list *more)
{
    if (list->count == 0)
        *list = *more;
}

void card_merge(struct card *card, const struct card *more)
{
    card_set(&card->name, more->name);
    card_set(&card->unicode, more->unicode);
    card_set(&card->label, more->label);
    card_set(&card->handle, more->handle);
    card_set(&card->holder, more->holder);
    card_set(&card->country, more->country);
    card_set(&card->registrar, more->registrar);
    card_set(&card->registrar_id, more->registrar_id);
    card_set(&card->registrar_url, more->registrar_url);
    card_set(&card->abuse_email, more->abuse_email);
    card_set(&card->abuse_phone, more->abuse_phone);
    card_set(&card->created, more->created);
    card_set(&card->changed, more->changed);
    card_set(&card->expires, more->expires);
    merge_list(&card->status, &more->status);
    merge_list(&card->servers, &more->servers);
    merge_list(&card->ds, &more->ds);
    merge_list(&card->redacted, &more->redacted);
    if (card->is_signed == CARD_SIGNED_UNKNOWN)
        card->is_signed = more->is_signed;
}
