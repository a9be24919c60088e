#include "lib/resolvconf.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

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
static void add_server(struct resolvconf *out, const char *word, size_t len, unsigned line)
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
    if (addr_parse(&e.addr, text) != ERR_OK)
        return;
    out->server_lines[out->server_count] = line;
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
        if (len > 6 && memcmp(word, "ndots:", 6) == 0 && word[6] >= '0' && word[6] <= '9')
            out->ndots = option_number(word, len, "ndots:", RESOLVCONF_NDOTS_MAX);
        if (word_is(word, len, "no-tld-query"))
            out->no_tld_query = true;
        if (word_is(word, len, "rotate"))
            out->rotate = true;
        if (word_is(word, len, "use-vc"))
            out->use_vc = true;
    }
}

/* The last line counts. "domain" takes one, "search" all. */
static void read_search(struct resolvconf *out, const char *p, const char *end, unsigned max, unsigned line)
{
    const char *word;
    size_t len;
    out->search_count = 0;
    while (out->search_count < max && (len = next_word(&p, end, &word)) > 0) {
        if (len >= RESOLVCONF_DOMAIN_LEN || memchr(word, 0, len))
            continue;
        char *domain = out->search[out->search_count++];
        memcpy(domain, word, len);
        domain[len] = 0;
    }
    out->search_line = line;
    out->search_given = true;
}

static void read_line(struct resolvconf *out, const char *p, const char *end, unsigned line)
{
    const char *word;
    if (p < end && (*p == '#' || *p == ';'))
        return;
    size_t len = next_word(&p, end, &word);
    if (word_is(word, len, "nameserver")) {
        len = next_word(&p, end, &word);
        add_server(out, word, len, line);
    } else if (word_is(word, len, "search")) {
        read_search(out, p, end, RESOLVCONF_SEARCH_MAX, line);
    } else if (word_is(word, len, "domain")) {
        read_search(out, p, end, 1, line);
    } else if (word_is(word, len, "options")) {
        read_options(out, p, end);
    }
}

void resolvconf_parse(struct resolvconf *out, const char *text, size_t len)
{
    *out = (struct resolvconf){.ndots = 1};
    const char *end = text + len;
    for (unsigned line = 1; text < end; line++) {
        const char *eol = memchr(text, '\n', (size_t)(end - text));
        if (!eol)
            eol = end;
        read_line(out, text, eol, line);
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

void resolvconf_read_environment(struct resolvconf *c)
{
    char host[RESOLVCONF_DOMAIN_LEN];
    const char *domain = getenv("LOCALDOMAIN"), *options = getenv("RES_OPTIONS"), *dot = NULL;
    if (options)
        read_options(c, options, options + strlen(options));
    if (domain)
        read_search(c, domain, domain + strlen(domain), RESOLVCONF_SEARCH_MAX, 0);
    if (c->search_given || gethostname(host, sizeof host - 1) < 0)
        return;
    host[sizeof host - 1] = 0;
    dot = strchr(host, '.');
    if (dot && dot[1]) {
        read_search(c, dot + 1, dot + strlen(dot), 1, 0);
        c->search_given = false;
    }
}

static bool is_absolute(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && name[len - 1] == '.';
}

static unsigned count_dots(const char *name)
{
    unsigned n = 0;
    for (; *name; name++)
        n += *name == '.';
    return n;
}

/* NAME or NAME.DOMAIN, without a final dot. */
static void make_candidate(struct resolvconf_candidate *out, const char *name, const char *domain)
{
    struct text t;
    text_init_fixed(&t, out->name, sizeof out->name);
    text_add(&t, name);
    if (domain && strcmp(domain, ".") != 0)
        text_printf(&t, ".%s", domain);
    if (t.len > 0 && out->name[t.len - 1] == '.')
        out->name[t.len - 1] = 0;
    out->domain = domain;
}

bool resolvconf_candidate(
    struct resolvconf_candidate *out, const struct resolvconf *c, const char *name, unsigned i)
{
    unsigned dots = count_dots(name);
    if (is_absolute(name)) {
        make_candidate(out, name, NULL);
        return i == 0;
    }
    bool bare_first = dots >= c->ndots, bare = bare_first || dots > 0 || !c->no_tld_query;
    if (bare && i == (bare_first ? 0 : c->search_count)) {
        make_candidate(out, name, NULL);
        return true;
    }
    unsigned at = i - bare_first;
    if (at >= c->search_count)
        return false;
    make_candidate(out, name, c->search[at]);
    return true;
}
