#include "lib/hosts.h"

#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "lib/file.h"

#define FILE_OCTETS_MAX ((size_t)64 << 20) /* lists that block a million names are kept in such files */
#define SLACK_OCTETS ((size_t)4096)        /* it may grow between two looks */

/* The next word of a line: *p moves past it. Length 0: none. */
static size_t next_word(const char **p, const char *end, const char **word)
{
    while (*p < end && (**p == ' ' || (**p >= '\t' && **p <= '\r')))
        (*p)++;
    *word = *p;
    while (*p < end && **p != ' ' && !(**p >= '\t' && **p <= '\r'))
        (*p)++;
    return (size_t)(*p - *word);
}

static bool read_addr(struct addr *out, const char *word, size_t len)
{
    char text[ADDR_TEXT_LEN];
    if (len == 0 || len >= sizeof text)
        return false;
    memcpy(text, word, len);
    text[len] = 0;
    return addr_parse(out, text) == ERR_OK;
}

static void add_match(struct hosts_matches *out, const struct hosts_match *m)
{
    if (out->count < HOSTS_MATCHES_MAX)
        out->items[out->count++] = *m;
    else
        out->more++;
}

static bool is_name(const char *word, size_t len, const char *name)
{
    return strlen(name) == len && strncasecmp(word, name, len) == 0;
}

static void read_line(struct hosts_matches *out, const char *p, const char *end, unsigned line,
    const char *name, const struct addr *addr)
{
    struct hosts_match m = {.line = line};
    const char *comment = memchr(p, '#', (size_t)(end - p)), *word;
    if (comment)
        end = comment;
    size_t len = next_word(&p, end, &word);
    if (!read_addr(&m.addr, word, len))
        return;
    bool wanted = !name && addr_equal(&m.addr, addr);
    while ((len = next_word(&p, end, &word)) > 0) {
        if (!m.canonical[0] && len < sizeof m.canonical)
            memcpy(m.canonical, word, len);
        wanted = wanted || (name && is_name(word, len, name));
    }
    if (wanted && m.canonical[0])
        add_match(out, &m);
}

void hosts_find(
    struct hosts_matches *out, const char *text, size_t len, const char *name, const struct addr *addr)
{
    const char *end = text + len;
    *out = (struct hosts_matches){0};
    for (unsigned line = 1; text < end; line++) {
        const char *eol = memchr(text, '\n', (size_t)(end - text));
        if (!eol)
            eol = end;
        read_line(out, text, eol, line, name, addr);
        text = eol == end ? end : eol + 1;
    }
}

void hosts_find_in(struct hosts_matches *out, const char *path, const char *name, const struct addr *addr)
{
    struct text ignored;
    struct stat st;
    size_t len = 0;
    size_t max = stat(path, &st) == 0 && st.st_size > 0 ? (size_t)st.st_size + SLACK_OCTETS : SLACK_OCTETS;
    text_init(&ignored);
    char *text = file_read(path, max < FILE_OCTETS_MAX ? max : FILE_OCTETS_MAX, &len, &ignored);
    hosts_find(out, text ? text : "", text ? len : 0, name, addr);
    mem_free(text);
    text_fini(&ignored);
}
