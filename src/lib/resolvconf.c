#include "lib/resolvconf.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FILE_OCTETS_MAX 65536u /* far above any such file that people write */
#define DNS_PORT 53

static const char BLANKS[] = " \t\r";

/* The next word of a line: *p moves past it. Length 0: none. */
static size_t next_word(const char **p, const char *end, const char **word)
{
    while (*p < end && strchr(BLANKS, **p))
        (*p)++;
    *word = *p;
    while (*p < end && !strchr(BLANKS, **p))
        (*p)++;
    return (size_t)(*p - *word);
}

static bool word_is(const char *word, size_t len, const char *what)
{
    return len == strlen(what) && memcmp(word, what, len) == 0;
}

/* "fe80::1%eth0": the scope is an interface's name or index. */
static void add_server(struct resolvconf *out, const char *word, size_t len)
{
    char text[ADDR_TEXT_LEN + IF_NAMESIZE];
    if (out->server_count == RESOLVCONF_SERVERS_MAX || len >= sizeof text)
        return;
    memcpy(text, word, len);
    text[len] = 0;
    char *scope = strchr(text, '%');
    struct endpoint e = {.port = DNS_PORT};
    if (scope) {
        *scope++ = 0;
        e.scope = if_nametoindex(scope);
        if (!e.scope)
            e.scope = (uint32_t)strtoul(scope, NULL, 10);
    }
    if (addr_parse(&e.addr, text) == ERR_OK)
        out->servers[out->server_count++] = e;
}

/* "timeout:2" → 2, at most max; 0 where it is another option. */
static unsigned option_number(const char *word, size_t len, const char *name, unsigned max)
{
    size_t n = strlen(name);
    if (len <= n || memcmp(word, name, n) != 0)
        return 0;
    unsigned v = 0;
    for (size_t i = n; i < len && word[i] >= '0' && word[i] <= '9' && v <= max; i++)
        v = v * 10 + (unsigned)(word[i] - '0');
    return v > max ? max : v;
}

static void read_options(struct resolvconf *out, const char *p, const char *end)
{
    const char *word;
    size_t len;
    while ((len = next_word(&p, end, &word)) > 0) {
        unsigned timeout = option_number(word, len, "timeout:", RESOLVCONF_TIMEOUT_S_MAX);
        unsigned attempts = option_number(word, len, "attempts:", RESOLVCONF_ATTEMPTS_MAX);
        if (timeout)
            out->timeout_s = timeout;
        if (attempts)
            out->attempts = attempts;
        if (word_is(word, len, "rotate"))
            out->rotate = true;
        if (word_is(word, len, "use-vc"))
            out->use_vc = true;
    }
}

static void read_line(struct resolvconf *out, const char *p, const char *end)
{
    const char *word;
    if (p < end && (*p == '#' || *p == ';'))
        return;
    size_t len = next_word(&p, end, &word);
    if (word_is(word, len, "nameserver")) {
        len = next_word(&p, end, &word);
        add_server(out, word, len);
    } else if (word_is(word, len, "options")) {
        read_options(out, p, end);
    }
}

void resolvconf_parse(struct resolvconf *out, const char *text, size_t len)
{
    *out = (struct resolvconf){0};
    const char *end = text + len;
    while (text < end) {
        const char *eol = memchr(text, '\n', (size_t)(end - text));
        if (!eol)
            eol = end;
        read_line(out, text, eol);
        text = eol == end ? end : eol + 1;
    }
    if (out->server_count == 0) {
        static const uint8_t localhost[4] = {127, 0, 0, 1};
        out->servers[0] = (struct endpoint){.addr = addr_v4(localhost), .port = DNS_PORT};
        out->server_count = 1;
    }
}

enum err resolvconf_read(struct resolvconf *out, const char *path)
{
    resolvconf_parse(out, "", 0);
    FILE *f = fopen(path, "re");
    if (!f)
        return errno == ENOENT ? ERR_OK : ERR_SYSTEM;
    char *text = mem_alloc(FILE_OCTETS_MAX);
    size_t n = fread(text, 1, FILE_OCTETS_MAX, f);
    enum err err = ferror(f) ? ERR_SYSTEM : ERR_OK;
    if (err == ERR_OK)
        resolvconf_parse(out, text, n);
    mem_free(text);
    fclose(f);
    return err;
}
