#include "lib/option.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "dns/present.h"

const struct option OPTIONS[] = {
#define OPTION(path, kind, field, text, min, max, apply, help)                                               \
    {path, OPTION_##kind, offsetof(struct config, field), text, min, max, OPTION_##apply, help},
#include "defs/options.def"
#undef OPTION
};
const size_t OPTION_COUNT = sizeof OPTIONS / sizeof OPTIONS[0];

#define LIST_MAX 1024u        /* elements of one list */
#define HINTS_FILE_MAX 65536u /* octets; IANA's file has 3.3 kB */
#define CACHE_DIVISOR 16u     /* share of the memory that the cache takes by default */
#define CACHE_LEAST ((size_t)16 << 20)
#define CACHE_MOST ((size_t)512 << 20)

/* What the setters share. */
struct setting {
    const struct option *option;
    struct config *config;
    struct arena *arena;
    const char *const *values;
    size_t count;
    size_t *bad;
    struct text *expected;
};

static void *field_of(const struct setting *s)
{
    return (char *)s->config + s->option->offset;
}

static bool parse_bool(const char *text, bool *out)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {
        {"yes", true}, {"on", true}, {"true", true}, {"no", false}, {"off", false}, {"false", false}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(text, words[i].word) == 0) {
            *out = words[i].value;
            return true;
        }
    return false;
}

struct unit {
    const char *suffix;
    long long factor;
};

/* A decimal number with one of the units behind it. */
static bool parse_number(const char *text, const struct unit *units, long long *out)
{
    if (text[0] < '0' || text[0] > '9')
        return false;
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (errno)
        return false;
    for (const struct unit *u = units; u->suffix; u++)
        if (strcasecmp(end, u->suffix) == 0)
            return !__builtin_mul_overflow(n, u->factor, out);
    return false;
}

static const struct unit NO_UNITS[] = {{"", 1}, {NULL, 0}};
static const struct unit TIME_UNITS[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {NULL, 0}};
static const struct unit SIZE_UNITS[] = {{"", 1}, {"K", 1LL << 10}, {"M", 1LL << 20}, {"G", 1LL << 30},
    {"KiB", 1LL << 10}, {"MiB", 1LL << 20}, {"GiB", 1LL << 30}, {NULL, 0}};

static enum err number(const struct setting *s, const struct unit *units, const char *what, long long *out)
{
    const struct option *o = s->option;
    bool ok = parse_number(s->values[0], units, out);
    if (ok && *out >= o->min && *out <= o->max)
        return ERR_OK;
    text_printf(s->expected, "%s from %lld to %lld", what, o->min, o->max);
    return ok ? ERR_RANGE : ERR_FORMAT;
}

static enum err set_bool(const struct setting *s)
{
    if (parse_bool(s->values[0], field_of(s)))
        return ERR_OK;
    text_add(s->expected, "yes or no");
    return ERR_FORMAT;
}

static enum err set_unsigned(const struct setting *s)
{
    long long n;
    enum err err = number(s, NO_UNITS, "a number", &n);
    if (!err)
        *(unsigned *)field_of(s) = (unsigned)n;
    return err;
}

static enum err set_seconds(const struct setting *s)
{
    long long n;
    enum err err = number(s, TIME_UNITS, "seconds (or with m, h, d)", &n);
    if (!err)
        *(uint32_t *)field_of(s) = (uint32_t)n;
    return err;
}

static enum err set_u16(const struct setting *s)
{
    long long n;
    enum err err = number(s, NO_UNITS, "a number", &n);
    if (!err)
        *(uint16_t *)field_of(s) = (uint16_t)n;
    return err;
}

static size_t cache_size_default(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    size_t share = pages > 0 && page > 0 ? (size_t)pages * (size_t)page / CACHE_DIVISOR : 0;
    return share < CACHE_LEAST ? CACHE_LEAST : share > CACHE_MOST ? CACHE_MOST : share;
}

static enum err set_size(const struct setting *s)
{
    long long n;
    size_t *out = field_of(s);
    if (strcasecmp(s->values[0], "auto") == 0) {
        *out = cache_size_default();
        return ERR_OK;
    }
    enum err err = number(s, SIZE_UNITS, "octets (or with K, M, G, KiB, MiB, GiB)", &n);
    if (!err)
        *out = (size_t)n;
    return err;
}

static enum err set_level(const struct setting *s)
{
    int level = log_level_parse(s->values[0]);
    if (level < 0) {
        text_add(s->expected, "error, warning, notice, info or debug");
        return ERR_UNKNOWN;
    }
    *(enum log_level *)field_of(s) = (enum log_level)level;
    return ERR_OK;
}

static enum err set_clock(const struct setting *s)
{
    bool wall = strcasecmp(s->values[0], "wall") == 0;
    if (!wall && strcasecmp(s->values[0], "boottime") != 0) {
        text_add(s->expected, "boottime or wall");
        return ERR_UNKNOWN;
    }
    *(bool *)field_of(s) = wall;
    return ERR_OK;
}

static enum err set_user(const struct setting *s)
{
    const char **out = field_of(s), *text = s->values[0];
    *out = NULL;
    if (strcasecmp(text, "auto") == 0)
        return ERR_OK;
    if (!text[0] || text[strcspn(text, " \t:/")]) {
        text_add(s->expected, "the name of a user, or auto");
        return ERR_FORMAT;
    }
    *out = arena_strdup(s->arena, text);
    return ERR_OK;
}

static enum err set_log_format(const struct setting *s)
{
    bool json = strcasecmp(s->values[0], "json") == 0;
    if (!json && strcasecmp(s->values[0], "text") != 0) {
        text_add(s->expected, "text or json");
        return ERR_UNKNOWN;
    }
    *(bool *)field_of(s) = json;
    return ERR_OK;
}

static enum err set_sink(const struct setting *s)
{
    const char **out = field_of(s), *text = s->values[0];
    if (strcasecmp(text, "none") == 0)
        *out = "";
    else if (strcasecmp(text, "stderr") == 0)
        *out = "stderr";
    else if (text[0] == '/')
        *out = arena_strdup(s->arena, text);
    else {
        text_add(s->expected, "a path that begins with /, stderr or none");
        return ERR_FORMAT;
    }
    return ERR_OK;
}

static enum err set_clients(const struct setting *s)
{
    static const char *const words[] = {
        [CLIENTS_NONE] = "none", [CLIENTS_PREFIX] = "prefix", [CLIENTS_ADDRESS] = "address"};
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(s->values[0], words[i]) == 0) {
            *(enum config_clients *)field_of(s) = (enum config_clients)i;
            return ERR_OK;
        }
    text_add(s->expected, "address, prefix or none");
    return ERR_UNKNOWN;
}

/* What is told goes into one character-string of a TXT record, or into NSID. */
static enum err set_tell(const struct setting *s)
{
    const char **out = field_of(s), *text = s->values[0];
    if (!text[0] || strlen(text) > 255) {
        text_add(s->expected, "a text of 1 to 255 octets, auto or none");
        return ERR_RANGE;
    }
    *out = strcasecmp(text, "none") == 0   ? NULL
           : strcasecmp(text, "auto") == 0 ? "auto"
                                           : arena_strdup(s->arena, text);
    return ERR_OK;
}

static enum err set_path(const struct setting *s)
{
    const char **out = field_of(s), *text = s->values[0];
    if (strcasecmp(text, "auto") == 0)
        *out = NULL;
    else if (strcasecmp(text, "none") == 0)
        *out = "";
    else if (text[0] == '/')
        *out = arena_strdup(s->arena, text);
    else {
        text_add(s->expected, "a path that begins with /, or none");
        return ERR_FORMAT;
    }
    return ERR_OK;
}

static enum err set_endpoints(const struct setting *s)
{
    struct config *c = s->config;
    struct endpoint *list = ARENA_ARRAY(s->arena, struct endpoint, s->count);
    for (size_t i = 0; i < s->count; i++) {
        *s->bad = i;
        enum err err = endpoint_parse(&list[i], s->values[i], 53);
        if (err) {
            text_add(s->expected, "an IPv4 or IPv6 address, or ADDRESS@PORT");
            return err;
        }
        for (size_t k = 0; k < i; k++)
            if (endpoint_equal(&list[k], &list[i])) {
                text_add(s->expected, "each address and port once");
                return ERR_FORMAT;
            }
    }
    if (s->count == 0) {
        text_add(s->expected, "at least one address");
        return ERR_RANGE;
    }
    c->listen = list;
    c->listen_count = s->count;
    return ERR_OK;
}

static enum err set_prefixes(const struct setting *s)
{
    struct prefix *list = ARENA_ARRAY(s->arena, struct prefix, s->count);
    for (size_t i = 0; i < s->count; i++) {
        *s->bad = i;
        enum err err = prefix_parse(&list[i], s->values[i]);
        if (err) {
            text_add(s->expected, "an address or a prefix such as 192.0.2.0/24 or 2001:db8::/32");
            return err;
        }
    }
    *(struct prefix_list *)field_of(s) = (struct prefix_list){.items = list, .count = s->count};
    return ERR_OK;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'                     ? c - '0'
           : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                    : -1;
}

static bool hex_octets(const char *text, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < 2 * n; i++) {
        int digit = text[i] ? hex_digit(text[i]) : -1;
        if (digit < 0)
            return false;
        out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] | digit : digit << 4);
    }
    return text[2 * n] == 0;
}

static enum err set_secrets(const struct setting *s)
{
    struct config_secrets *out = field_of(s);
    *out = (struct config_secrets){0};
    if (s->count == 1 && strcasecmp(s->values[0], "auto") == 0)
        return ERR_OK;
    for (size_t i = 0; i < s->count; i++) {
        *s->bad = i;
        if (i == CONFIG_SECRETS_MAX || !hex_octets(s->values[i], out->octets[i], sizeof out->octets[i])) {
            text_printf(s->expected, "32 hexadecimal digits, at most %u times, or auto", CONFIG_SECRETS_MAX);
            return i == CONFIG_SECRETS_MAX ? ERR_LIMIT : ERR_FORMAT;
        }
    }
    out->count = (unsigned)s->count;
    return ERR_OK;
}

/* ---- zones that are answered here ---- */

static const char *const LOCAL_ZONES[] = {
#define LOCAL(name, kind, source) name,
#include "defs/local.def"
#undef LOCAL
};

static bool is_at_or_above_a_local_zone(const name_t *name)
{
    for (size_t i = 0; i < sizeof LOCAL_ZONES / sizeof LOCAL_ZONES[0]; i++) {
        name_t zone[NAME_MAX_LEN];
        if (!name_from_text(zone, LOCAL_ZONES[i], strlen(LOCAL_ZONES[i]), NULL) && name_is_within(zone, name))
            return true;
    }
    return false;
}

static enum err set_zones(const struct setting *s)
{
    const name_t **list = ARENA_ARRAY(s->arena, const name_t *, s->count);
    for (size_t i = 0; i < s->count; i++) {
        name_t name[NAME_MAX_LEN];
        *s->bad = i;
        if (name_from_text(name, s->values[i], strlen(s->values[i]), NULL) ||
            !is_at_or_above_a_local_zone(name)) {
            text_add(s->expected,
                "a zone that is answered here, such as home.arpa or 10.in-addr.arpa, or a name above some");
            return ERR_UNKNOWN;
        }
        list[i] = name_dup(name, s->arena);
    }
    *(struct config_names *)field_of(s) = (struct config_names){.items = list, .count = s->count};
    return ERR_OK;
}

static enum err set_sources(const struct setting *s)
{
    struct config *c = s->config;
    struct addr *v4 = ARENA_ARRAY(s->arena, struct addr, s->count),
                *v6 = ARENA_ARRAY(s->arena, struct addr, s->count);
    size_t n4 = 0, n6 = 0;
    bool automatic = s->count == 1 && strcasecmp(s->values[0], "auto") == 0;
    for (size_t i = 0; i < s->count && !automatic; i++) {
        struct addr addr;
        *s->bad = i;
        if (addr_parse(&addr, s->values[i])) {
            text_add(s->expected, "an IPv4 or IPv6 address of this host");
            return ERR_FORMAT;
        }
        if (addr.family == FAMILY_V4)
            v4[n4++] = addr;
        else
            v6[n6++] = addr;
    }
    c->source_v4 = v4;
    c->source_v4_count = n4;
    c->source_v6 = v6;
    c->source_v6_count = n6;
    return ERR_OK;
}

/* ---- root hints ---- */

static struct root_hint *hint_of(struct root_hint *list, size_t *count, const name_t *name, struct arena *a)
{
    for (size_t i = 0; i < *count; i++)
        if (name_equal(list[i].name, name))
            return &list[i];
    if (*count == DELEGATION_NAMES_MAX)
        return NULL;
    list[*count].name = name_dup(name, a);
    return &list[(*count)++];
}

static bool hint_add_addr(struct root_hint *h, const struct addr *addr)
{
    for (unsigned i = 0; i < h->addr_count; i++)
        if (addr_equal(&h->addrs[i], addr))
            return true;
    if (h->addr_count == DELEGATION_ADDRS_PER_NAME)
        return false;
    h->addrs[h->addr_count++] = *addr;
    return true;
}

/* "NAME ADDRESS…" */
static bool hint_line(struct root_hint *list, size_t *count, const char *line, struct arena *a)
{
    name_t name[NAME_MAX_LEN];
    char *words = arena_strdup(a, line), *rest = NULL, *word = strtok_r(words, " \t", &rest);
    if (!word || name_from_text(name, word, strlen(word), NULL))
        return false;
    struct root_hint *h = hint_of(list, count, name, a);
    unsigned addrs = 0;
    while (h && (word = strtok_r(NULL, " \t", &rest))) {
        struct addr addr;
        if (addr_parse(&addr, word) || !hint_add_addr(h, &addr))
            return false;
        addrs++;
    }
    return addrs > 0;
}

/* A and AAAA records of a file in the form of IANA's named.root;
 * its NS records only name the same hosts again. */
static enum err hints_file(const struct setting *s, struct root_hint *list, size_t *count)
{
    const char *path = s->values[0];
    FILE *f = fopen(path, "re");
    if (!f) {
        text_printf(s->expected, "a file that can be read (%s)", strerror(errno));
        return ERR_SYSTEM;
    }
    char line[1024];
    size_t octets = 0;
    unsigned number = 0;
    enum err err = ERR_OK;
    while (!err && fgets(line, sizeof line, f) && (octets += strlen(line)) <= HINTS_FILE_MAX) {
        number++;
        size_t len = strcspn(line, ";\r\n");
        if (strspn(line, " \t") >= len)
            continue;
        struct rr rr;
        err = rr_from_text(&rr, line, len, NAME_ROOT, 3600000, s->arena);
        if (!err && (rr.type == TYPE_A || rr.type == TYPE_AAAA)) {
            struct root_hint *h = hint_of(list, count, rr.owner, s->arena);
            struct addr addr = rr.type == TYPE_A ? addr_v4(rr.rdata.data) : addr_v6(rr.rdata.data);
            if (!h || !hint_add_addr(h, &addr))
                err = ERR_LIMIT;
        }
    }
    fclose(f);
    if (err)
        text_printf(s->expected, "records like named.root's; line %u there: %s", number, err_text(err));
    return err;
}

static enum err set_hints(const struct setting *s)
{
    struct root_hint *list = ARENA_ARRAY(s->arena, struct root_hint, DELEGATION_NAMES_MAX);
    size_t count = 0;
    enum err err = ERR_OK;
    if (s->count == 1 && strcasecmp(s->values[0], "auto") == 0) {
        s->config->resolve.hints = NULL; /* the resolver takes those compiled in */
        s->config->resolve.hint_count = 0;
        return ERR_OK;
    }
    bool file = s->count == 1 && s->values[0][0] == '/';
    if (file)
        err = hints_file(s, list, &count);
    for (size_t i = 0; i < s->count && !file && !err; i++) {
        *s->bad = i;
        if (!hint_line(list, &count, s->values[i], s->arena)) {
            text_printf(s->expected,
                "\"NAME ADDRESS...\", at most %u names with %u addresses each, or the path of a file like "
                "named.root",
                DELEGATION_NAMES_MAX, DELEGATION_ADDRS_PER_NAME);
            err = ERR_FORMAT;
        }
    }
    if (!err && count == 0) {
        text_add(s->expected, "at least one root server");
        err = ERR_RANGE;
    }
    if (!err) {
        s->config->resolve.hints = list;
        s->config->resolve.hint_count = count;
    }
    return err;
}

/* By enum option_kind. */
static enum err (*const SETTERS[])(const struct setting *) = {
    [OPTION_BOOL] = set_bool,
    [OPTION_UNSIGNED] = set_unsigned,
    [OPTION_SECONDS] = set_seconds,
    [OPTION_UDP_SIZE] = set_u16,
    [OPTION_PORT] = set_u16,
    [OPTION_SIZE] = set_size,
    [OPTION_LEVEL] = set_level,
    [OPTION_CLOCK] = set_clock,
    [OPTION_PATH] = set_path,
    [OPTION_USER] = set_user,
    [OPTION_LOG_FORMAT] = set_log_format,
    [OPTION_SINK] = set_sink,
    [OPTION_CLIENTS] = set_clients,
    [OPTION_TELL] = set_tell,
    [OPTION_ENDPOINTS] = set_endpoints,
    [OPTION_PREFIXES] = set_prefixes,
    [OPTION_SECRETS] = set_secrets,
    [OPTION_ZONES] = set_zones,
    [OPTION_SOURCES] = set_sources,
    [OPTION_HINTS] = set_hints,
};

enum err option_set(const struct option *o, struct config *c, struct arena *a, const char *const *values,
    size_t count, size_t *bad, struct text *expected)
{
    struct setting s = {.option = o,
        .config = c,
        .arena = a,
        .values = values,
        .count = count,
        .bad = bad,
        .expected = expected};
    *bad = 0;
    if (count > LIST_MAX) {
        text_printf(expected, "at most %u elements", LIST_MAX);
        return ERR_LIMIT;
    }
    return SETTERS[o->kind](&s);
}
