#include "lib/nsswitch.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "lib/file.h"

#define FILE_OCTETS_MAX 65536u /* far above any such file that people write */

static const char *const status_names[NSSWITCH_STATUS_COUNT] = {
    [NSSWITCH_SUCCESS] = "SUCCESS",
    [NSSWITCH_NOTFOUND] = "NOTFOUND",
    [NSSWITCH_UNAVAIL] = "UNAVAIL",
    [NSSWITCH_TRYAGAIN] = "TRYAGAIN",
};
static const char *const action_names[] = {
    [NSSWITCH_CONTINUE] = "continue", [NSSWITCH_RETURN] = "return", [NSSWITCH_MERGE] = "merge"};
#define ACTION_COUNT (sizeof action_names / sizeof action_names[0])

/* What is left of the line. */
struct rest {
    const char *p, *end;
};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_blanks(struct rest *r)
{
    while (r->p < r->end && is_blank(*r->p))
        r->p++;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A word of letters: its place in the list, -1 if it is not there. */
static int read_word(struct rest *r, const char *const *names, size_t count)
{
    const char *word = r->p;
    while (r->p < r->end && is_letter(*r->p))
        r->p++;
    size_t len = (size_t)(r->p - word);
    for (size_t i = 0; i < count; i++)
        if (len == strlen(names[i]) && strncasecmp(word, names[i], len) == 0)
            return (int)i;
    return -1;
}

/* "!UNAVAIL=return" */
static bool read_criterion(struct rest *r, struct nsswitch_source *s)
{
    bool all_but = r->p < r->end && *r->p == '!';
    r->p += all_but;
    int status = read_word(r, status_names, NSSWITCH_STATUS_COUNT);
    skip_blanks(r);
    if (status < 0 || r->p == r->end || *r->p != '=')
        return false;
    r->p++;
    skip_blanks(r);
    int action = read_word(r, action_names, ACTION_COUNT);
    for (int i = 0; action >= 0 && i < NSSWITCH_STATUS_COUNT; i++)
        if ((i == status) != all_but)
            s->action[i] = (uint8_t)action;
    skip_blanks(r);
    return action >= 0;
}

/* "[NOTFOUND=return !UNAVAIL=continue]" */
static bool read_criteria(struct rest *r, struct nsswitch_source *s)
{
    r->p++;
    skip_blanks(r);
    while (r->p < r->end && *r->p != ']')
        if (!read_criterion(r, s))
            return false;
    if (r->p == r->end)
        return false;
    r->p++;
    return true;
}

/* False: something is not understood. Sources beyond the limit are passed over. */
static bool read_sources(struct nsswitch *out, struct rest *r)
{
    out->count = 0;
    for (skip_blanks(r); r->p < r->end && out->count < NSSWITCH_SOURCES_MAX; skip_blanks(r)) {
        struct nsswitch_source s = {.action[NSSWITCH_SUCCESS] = NSSWITCH_RETURN};
        const char *name = r->p;
        while (r->p < r->end && !is_blank(*r->p) && *r->p != '[')
            r->p++;
        size_t len = (size_t)(r->p - name);
        if (len == 0 || len >= sizeof s.name || memchr(name, 0, len))
            return false;
        memcpy(s.name, name, len);
        skip_blanks(r);
        if (r->p < r->end && *r->p == '[' && !read_criteria(r, &s))
            return false;
        out->sources[out->count++] = s;
    }
    return true;
}

static void read_line(struct nsswitch *out, struct rest r, unsigned line)
{
    static const char database[] = "hosts:";
    const size_t len = sizeof database - 1;
    const char *comment = memchr(r.p, '#', (size_t)(r.end - r.p));
    if (comment)
        r.end = comment;
    skip_blanks(&r);
    if ((size_t)(r.end - r.p) < len || memcmp(r.p, database, len) != 0)
        return;
    r.p += len;
    out->broken = !read_sources(out, &r);
    if (out->broken)
        out->count = 0;
    out->line = line;
}

void nsswitch_parse(struct nsswitch *out, const char *text, size_t len)
{
    static const char usual[] = "files dns"; /* of glibc since 2.34 */
    const char *end = text + len;
    *out = (struct nsswitch){0};
    read_sources(out, &(struct rest){usual, usual + sizeof usual - 1});
    for (unsigned line = 1; text < end; line++) {
        const char *eol = memchr(text, '\n', (size_t)(end - text));
        if (!eol)
            eol = end;
        read_line(out, (struct rest){text, eol}, line);
        text = eol == end ? end : eol + 1;
    }
}

void nsswitch_read(struct nsswitch *out, const char *path)
{
    struct text ignored;
    size_t len = 0;
    text_init(&ignored);
    char *text = file_read(path, FILE_OCTETS_MAX, &len, &ignored);
    nsswitch_parse(out, text ? text : "", text ? len : 0);
    mem_free(text);
    text_fini(&ignored);
}

static void add_criteria(struct text *t, const struct nsswitch_source *s)
{
    const char *before = " [";
    for (int i = 0; i < NSSWITCH_STATUS_COUNT; i++) {
        uint8_t usual = i == NSSWITCH_SUCCESS ? NSSWITCH_RETURN : NSSWITCH_CONTINUE;
        if (s->action[i] == usual)
            continue;
        text_printf(t, "%s%s=%s", before, status_names[i], action_names[s->action[i]]);
        before = " ";
    }
    if (before[1] != '[')
        text_char(t, ']');
}

void nsswitch_to_text(struct text *t, const struct nsswitch *n)
{
    for (unsigned i = 0; i < n->count; i++) {
        text_printf(t, "%s%s", i ? " " : "", n->sources[i].name);
        add_criteria(t, &n->sources[i]);
    }
}
