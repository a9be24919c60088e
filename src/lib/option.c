#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/nearest.h"
#include "lib/option_inner.h"

const struct option OPTIONS[] = {
#define OPTION(path, kind, field, text, min, max, apply, help)                                               \
    {path, OPTION_##kind, offsetof(struct config, field), text, min, max, OPTION_##apply, help},
#include "defs/options.def"
#undef OPTION
};
const size_t OPTION_COUNT = sizeof OPTIONS / sizeof OPTIONS[0];

#define LIST_MAX 1024u    /* elements of one list */
#define CACHE_DIVISOR 16u /* share of the memory that the cache takes by default */
#define CACHE_LEAST ((size_t)16 << 20)
#define CACHE_MOST ((size_t)512 << 20)

void option_suggest(const struct setting *s, const char *value, const char *const *words)
{
    const char *near = nearest_word(value, words);
    if (!near)
        return;
    text_add(s->says, "is wrong: expected ");
    option_expects(s->option, s->says);
    text_printf(s->says, "; did you mean %s?", near);
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

enum number { NUMBER_NONE, NUMBER_GOOD, NUMBER_HUGE };

/* A decimal number with one of the units behind it. */
static enum number parse_number(const char *text, const struct unit *units, long long *out)
{
    size_t sign = text[0] == '-';
    if (text[sign] < '0' || text[sign] > '9')
        return NUMBER_NONE;
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    bool overflow = errno != 0;
    for (const struct unit *u = units; u->suffix; u++)
        if (strcasecmp(end, u->suffix) == 0)
            return overflow || __builtin_mul_overflow(n, u->factor, out) ? NUMBER_HUGE : NUMBER_GOOD;
    return NUMBER_NONE;
}

static const struct unit NO_UNITS[] = {{"", 1}, {NULL, 0}};
static const struct unit TIME_UNITS[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {NULL, 0}};
static const struct unit SIZE_UNITS[] = {{"", 1}, {"K", 1LL << 10}, {"M", 1LL << 20}, {"G", 1LL << 30},
    {"KiB", 1LL << 10}, {"MiB", 1LL << 20}, {"GiB", 1LL << 30}, {NULL, 0}};

/* ERR_FORMAT says nothing: the caller tells what is expected. */
static enum err number(const struct setting *s, const struct unit *units, long long *out)
{
    const struct option *o = s->option;
    switch (parse_number(s->values[0], units, out)) {
    case NUMBER_NONE:
        return ERR_FORMAT;
    case NUMBER_GOOD:
        if (*out >= o->min && *out <= o->max)
            return ERR_OK;
        break;
    case NUMBER_HUGE:
        *out = LLONG_MAX;
        break;
    }
    text_add(s->says, *out < o->min ? "is too small" : "is too large");
    return ERR_RANGE;
}

static enum err set_bool(const struct setting *s)
{
    if (parse_bool(s->values[0], option_field(s->option, s->config)))
        return ERR_OK;
    option_suggest(s, s->values[0], (const char *const[]){"yes", "no", "on", "off", "true", "false", NULL});
    return ERR_FORMAT;
}

static enum err set_unsigned(const struct setting *s)
{
    long long n;
    enum err err = number(s, NO_UNITS, &n);
    if (!err)
        *(unsigned *)option_field(s->option, s->config) = (unsigned)n;
    return err;
}

static enum err set_seconds(const struct setting *s)
{
    long long n;
    enum err err = number(s, TIME_UNITS, &n);
    if (!err)
        *(uint32_t *)option_field(s->option, s->config) = (uint32_t)n;
    return err;
}

static enum err set_u16(const struct setting *s)
{
    long long n;
    enum err err = number(s, NO_UNITS, &n);
    if (!err)
        *(uint16_t *)option_field(s->option, s->config) = (uint16_t)n;
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
    size_t *out = option_field(s->option, s->config);
    if (strcasecmp(s->values[0], "auto") == 0) {
        *out = cache_size_default();
        return ERR_OK;
    }
    enum err err = number(s, SIZE_UNITS, &n);
    if (!err)
        *out = (size_t)n;
    return err;
}

static enum err set_word(const struct setting *s);

static const char *const LEVELS[] = {"error", "warning", "notice", "info", "debug", NULL};
static const char *const CLOCKS[] = {"boottime", "wall", NULL};
static const char *const LOG_FORMATS[] = {"text", "json", NULL};
static const char *const CLIENTS[] = {"none", "prefix", "address", NULL}; /* enum config_clients */

static const char *const NXDOMAINS[] = {"validated", "all", "off", NULL}; /* enum nxdomain_cut */

static enum err set_user(const struct setting *s)
{
    const char **out = option_field(s->option, s->config), *text = s->values[0];
    *out = NULL;
    if (strcasecmp(text, "auto") == 0)
        return ERR_OK;
    if (!text[0] || text[strcspn(text, " \t:/")])
        return ERR_FORMAT;
    *out = arena_strdup(s->arena, text);
    return ERR_OK;
}

static enum err set_sink(const struct setting *s)
{
    const char **out = option_field(s->option, s->config), *text = s->values[0];
    if (strcasecmp(text, "none") == 0)
        *out = "";
    else if (strcasecmp(text, "stderr") == 0)
        *out = "stderr";
    else if (text[0] == '/')
        *out = arena_strdup(s->arena, text);
    else
        return ERR_FORMAT;
    return ERR_OK;
}

/* What is told goes into one character-string of a TXT record, or into NSID. */
static enum err set_tell(const struct setting *s)
{
    const char **out = option_field(s->option, s->config), *text = s->values[0];
    if (!text[0] || strlen(text) > 255)
        return ERR_FORMAT;
    *out = strcasecmp(text, "none") == 0   ? NULL
           : strcasecmp(text, "auto") == 0 ? "auto"
                                           : arena_strdup(s->arena, text);
    return ERR_OK;
}

static enum err set_path(const struct setting *s)
{
    const char **out = option_field(s->option, s->config), *text = s->values[0];
    if (strcasecmp(text, "auto") == 0)
        *out = NULL;
    else if (strcasecmp(text, "none") == 0 || strcasecmp(text, "no") == 0)
        *out = "";
    else if (text[0] == '/')
        *out = arena_strdup(s->arena, text);
    else
        return ERR_FORMAT;
    return ERR_OK;
}

static const struct {
    enum err (*set)(const struct setting *);
    size_t size;              /* of the field in struct config; 0: option_take() knows */
    const char *const *words; /* a value is one of these; their order is that of the values */
} KINDS[OPTION_KINDS] = {
    [OPTION_BOOL] = {.set = set_bool, .size = sizeof(bool)},
    [OPTION_UNSIGNED] = {.set = set_unsigned, .size = sizeof(unsigned)},
    [OPTION_SECONDS] = {.set = set_seconds, .size = sizeof(uint32_t)},
    [OPTION_UDP_SIZE] = {.set = set_u16, .size = sizeof(uint16_t)},
    [OPTION_PORT] = {.set = set_u16, .size = sizeof(uint16_t)},
    [OPTION_SIZE] = {.set = set_size, .size = sizeof(size_t)},
    [OPTION_LEVEL] = {.set = set_word, .size = sizeof(enum log_level), .words = LEVELS},
    [OPTION_CLOCK] = {.set = set_word, .size = sizeof(bool), .words = CLOCKS},
    [OPTION_PATH] = {.set = set_path, .size = sizeof(const char *)},
    [OPTION_USER] = {.set = set_user, .size = sizeof(const char *)},
    [OPTION_LOG_FORMAT] = {.set = set_word, .size = sizeof(bool), .words = LOG_FORMATS},
    [OPTION_SINK] = {.set = set_sink, .size = sizeof(const char *)},
    [OPTION_CLIENTS] = {.set = set_word, .size = sizeof(enum config_clients), .words = CLIENTS},
    [OPTION_NXDOMAINS] = {.set = set_word, .size = sizeof(enum nxdomain_cut), .words = NXDOMAINS},
    [OPTION_TELL] = {.set = set_tell, .size = sizeof(const char *)},
    [OPTION_ENDPOINTS] = {.set = option_set_endpoints},
    [OPTION_PREFIXES] = {.set = option_set_prefixes, .size = sizeof(struct prefix_list)},
    [OPTION_SECRETS] = {.set = option_set_secrets, .size = sizeof(struct config_secrets)},
    [OPTION_ZONES] = {.set = option_set_zones, .size = sizeof(struct config_names)},
    [OPTION_ALGORITHMS] = {.set = option_set_algorithms, .size = sizeof(uint32_t)},
    [OPTION_DIGESTS] = {.set = option_set_algorithms, .size = sizeof(uint32_t)},
    [OPTION_SOURCES] = {.set = option_set_sources},
    [OPTION_HINTS] = {.set = option_set_hints},
    [OPTION_ANCHORS] = {.set = option_set_anchors, .size = sizeof(struct config_texts)},
    [OPTION_ANCHOR_FILES] = {.set = option_set_anchor_files, .size = sizeof(struct config_anchor_files)},
    [OPTION_NEGATIVE_ANCHORS] = {.set = option_set_negative_anchors, .size = sizeof(struct config_negatives)},
};

size_t option_size(enum option_kind kind)
{
    return KINDS[kind].size;
}

const char *const *option_words(enum option_kind kind)
{
    return KINDS[kind].words;
}

static enum err set_word(const struct setting *s)
{
    const struct option *o = s->option;
    void *field = option_field(o, s->config);
    for (unsigned i = 0; KINDS[o->kind].words[i]; i++) {
        if (strcasecmp(s->values[0], KINDS[o->kind].words[i]) != 0)
            continue;
        if (KINDS[o->kind].size == sizeof(bool))
            *(bool *)field = i != 0;
        else
            *(unsigned *)field = i;
        return ERR_OK;
    }
    option_suggest(s, s->values[0], KINDS[o->kind].words);
    return ERR_UNKNOWN;
}

static void expect_range(const struct option *o, struct text *t, const char *what)
{
    text_printf(t, "%s from %lld to %lld", what, o->min, o->max);
}

static void expect_words(struct text *t, const char *const *words)
{
    for (size_t i = 0; words[i]; i++)
        text_printf(t, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
}

void option_expects(const struct option *o, struct text *t)
{
    switch (o->kind) {
    case OPTION_BOOL:
        text_add(t, "yes or no");
        break;
    case OPTION_UNSIGNED:
        expect_range(o, t, "a number");
        break;
    case OPTION_SECONDS:
        expect_range(o, t, "seconds");
        text_add(t, ", or with s, m, h or d behind");
        break;
    case OPTION_UDP_SIZE:
        expect_range(o, t, "octets");
        break;
    case OPTION_PORT:
        expect_range(o, t, "a port");
        break;
    case OPTION_SIZE:
        text_add(t, "octets from ");
        option_size_text(t, (unsigned long long)o->min);
        text_add(t, " to ");
        option_size_text(t, (unsigned long long)o->max);
        text_add(t, " (K, M and G are powers of 1024), or auto");
        break;
    case OPTION_PATH:
        text_add(t, "a path that begins with /, none or auto");
        break;
    case OPTION_USER:
        text_add(t, "the name of a user, or auto");
        break;
    case OPTION_SINK:
        text_add(t, "a path that begins with /, stderr or none");
        break;
    case OPTION_ENDPOINTS:
        text_add(t, "an IPv4 or IPv6 address, or ADDRESS@PORT with a port from 1 to 65535");
        break;
    case OPTION_PREFIXES:
        text_add(t, "an address, or a prefix such as 192.0.2.0/24 or 2001:db8::/32");
        break;
    case OPTION_TELL:
        text_add(t, "a text of 1 to 255 octets, auto or none");
        break;
    case OPTION_SECRETS:
        text_printf(t, "32 hexadecimal digits, at most %u times, or auto", CONFIG_SECRETS_MAX);
        break;
    case OPTION_ZONES:
        text_add(
            t, "a zone that is answered here, such as home.arpa or 10.in-addr.arpa, or a name above some");
        break;
    case OPTION_ALGORITHMS:
    case OPTION_DIGESTS:
        option_algorithms_expected(o, t);
        break;
    case OPTION_SOURCES:
        text_add(t, "an IPv4 or IPv6 address of this host, or auto");
        break;
    case OPTION_HINTS:
        text_printf(t,
            "\"NAME ADDRESS...\" (at most %u names with %u addresses each), the path of a file like ",
            DELEGATION_NAMES_MAX, DELEGATION_ADDRS_PER_NAME);
        text_add(t, "named.root, or auto");
        break;
    case OPTION_ANCHORS:
        text_add(t, "a DS or DNSKEY record, as \"example. DS TAG ALGORITHM DIGEST-TYPE DIGEST\"");
        break;
    case OPTION_ANCHOR_FILES:
        text_add(t, "the path of a file of DS or DNSKEY records");
        break;
    case OPTION_NEGATIVE_ANCHORS:
        text_add(t, "\"NAME\" or \"NAME UNTIL\", with UNTIL as 2027-01-31 or 2027-01-31T12:00:00Z");
        break;
    default:
        expect_words(t, KINDS[o->kind].words);
    }
}

enum err option_set(const struct option *o, struct config *c, struct arena *a, const char *const *values,
    size_t count, size_t *bad, struct text *says)
{
    struct setting s = {
        .option = o, .config = c, .arena = a, .values = values, .count = count, .bad = bad, .says = says};
    *bad = 0;
    if (count > LIST_MAX) {
        *bad = count;
        text_printf(says, "has %zu elements where at most %u are allowed", count, LIST_MAX);
        return ERR_LIMIT;
    }
    enum err err = KINDS[o->kind].set(&s);
    if (!err || *bad == count)
        return err;
    if (says->len == 0 || err == ERR_RANGE) {
        text_add(says, says->len ? ": expected " : "is wrong: expected ");
        option_expects(o, says);
    }
    return err;
}
