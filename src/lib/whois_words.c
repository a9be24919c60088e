/* What lines of WHOIS say by certain words (defs/whois.def). */
#include "lib/whois.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/whois_inner.h"

#define LINES_MAX 8192u /* read of a reply */

static const char *const free_words[] = {
#define WHOIS_FREE(words) words,
#include "defs/whois.def"
};
static const char *const free_ends[] = {
#define WHOIS_FREE_END(words) words,
#include "defs/whois.def"
};
static const char *const limit_words[] = {
#define WHOIS_LIMIT(words) words,
#include "defs/whois.def"
};

static bool has_any(const char *line, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcasestr(line, words[i]))
            return true;
    return false;
}

#define HAS_ANY(line, words) has_any(line, words, sizeof words / sizeof words[0])

void whois_each_line(const char *reply, size_t length, struct arena *a, whois_line_fn *fn, void *context)
{
    size_t lines = 0;
    for (size_t at = 0; at < length && lines < LINES_MAX; lines++) {
        const char *end = memchr(reply + at, '\n', length - at);
        size_t n = end ? (size_t)(end - reply) - at : length - at;
        if (!fn(context, card_text(reply + at, n, a), reply + at, n))
            return;
        at += n + 1;
    }
}

size_t whois_host_length(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");
}

static bool ends_free(const char *line)
{
    size_t n = strlen(line);
    while (n && strchr(".!", line[n - 1]))
        n--;
    for (size_t i = 0; i < sizeof free_ends / sizeof free_ends[0]; i++) {
        size_t end = strlen(free_ends[i]);
        if (n >= end && strncasecmp(line + n - end, free_ends[i], end) == 0)
            return true;
    }
    return false;
}

bool whois_is_free(const char *status)
{
    char line[CARD_TEXT_MAX + 16];
    snprintf(line, sizeof line, "status: %s", status);
    return HAS_ANY(status, free_words) || ends_free(line);
}

static bool is_none(void *context, const char *line, const char *raw, size_t length)
{
    bool *found = context;
    *found = line && (HAS_ANY(line, free_words) || ends_free(line)) && !HAS_ANY(line, limit_words);
    return !*found;
}

bool whois_means_none(const char *reply, size_t length)
{
    struct arena a;
    bool found = false;
    arena_init(&a);
    whois_each_line(reply, length, &a, is_none, &found);
    arena_fini(&a);
    return found;
}

struct saying {
    const char *first, *limit;
};

static bool find_words(void *context, const char *line, const char *raw, size_t length)
{
    struct saying *s = context;
    size_t skip = line ? strspn(line, "%#>* ") : 0;
    if (!line || !line[skip])
        return true;
    if (!s->first)
        s->first = line + skip;
    if (HAS_ANY(line, limit_words))
        s->limit = line + skip;
    return !s->limit;
}

const char *whois_said(const char *reply, size_t length, struct arena *a)
{
    struct saying said = {0};
    whois_each_line(reply, length, a, find_words, &said);
    return said.limit ? said.limit : said.first;
}

bool whois_means_limit(const char *reply, size_t length)
{
    struct arena a;
    struct saying said = {0};
    arena_init(&a);
    whois_each_line(reply, length, &a, find_words, &said);
    arena_fini(&a);
    return said.limit;
}

void whois_query(struct text *out, const char *host, enum card_kind kind, const char *target)
{
    static const struct {
        const char *host;
        enum card_kind kind;
        const char *mark, *before, *after;
    } forms[] = {
#define WHOIS_QUERY(host, kind, mark, before, after) {host, kind, mark, before, after},
#include "defs/whois.def"
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        bool is_its = !*forms[i].host || strcasecmp(host, forms[i].host) == 0;
        if (is_its && kind == forms[i].kind && strstr(target, forms[i].mark)) {
            text_printf(out, "%s%s%s\r\n", forms[i].before, target, forms[i].after);
            return;
        }
    }
    text_printf(out, "%s\r\n", target);
}
