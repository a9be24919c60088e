#include <string.h>
#include <strings.h>

#include "dns/present.h"
#include "lib/file.h"
#include "lib/option_inner.h"

#define HINTS_FILE_MAX 65536u /* octets; IANA's file has 3.3 kB */

/* ---- lists of addresses ---- */

enum err option_set_endpoints(const struct setting *s)
{
    struct config *c = s->config;
    struct endpoint *list = ARENA_ARRAY(s->arena, struct endpoint, s->count);
    for (size_t i = 0; i < s->count; i++) {
        *s->bad = i;
        enum err err = endpoint_parse(&list[i], s->values[i], 53);
        if (err) {
            return err;
        }
        for (size_t k = 0; k < i; k++)
            if (endpoint_equal(&list[k], &list[i])) {
                text_add(s->says, "is there twice");
                return ERR_FORMAT;
            }
    }
    if (s->count == 0) {
        text_add(s->says, "is an empty list: expected at least one address");
        return ERR_RANGE;
    }
    c->listen = list;
    c->listen_count = s->count;
    return ERR_OK;
}

enum err option_set_prefixes(const struct setting *s)
{
    struct prefix *list = ARENA_ARRAY(s->arena, struct prefix, s->count);
    for (size_t i = 0; i < s->count; i++) {
        *s->bad = i;
        enum err err = prefix_parse(&list[i], s->values[i]);
        if (err) {
            return err;
        }
    }
    *(struct prefix_list *)option_field(s->option, s->config) =
        (struct prefix_list){.items = list, .count = s->count};
    return ERR_OK;
}

static bool hex_octets(const char *text, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < 2 * n; i++) {
        int digit = text_hex_digit(text[i]);
        if (digit < 0)
            return false;
        out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] | digit : digit << 4);
    }
    return text[2 * n] == 0;
}

enum err option_set_secrets(const struct setting *s)
{
    struct config_secrets *out = option_field(s->option, s->config);
    *out = (struct config_secrets){0};
    if (s->count == 1 && strcasecmp(s->values[0], "auto") == 0)
        return ERR_OK;
    for (size_t i = 0; i < s->count; i++) {
        *s->bad = i;
        if (i == CONFIG_SECRETS_MAX) {
            text_printf(s->says, "is one too many: expected at most %u", CONFIG_SECRETS_MAX);
            return ERR_LIMIT;
        }
        if (!hex_octets(s->values[i], out->octets[i], sizeof out->octets[i]))
            return ERR_FORMAT;
    }
    out->count = (unsigned)s->count;
    return ERR_OK;
}

/* ---- zones that are answered here ---- */

static const char *const LOCAL_ZONES[] = {
#define LOCAL(name, kind, source) name,
#include "defs/local.def"
#undef LOCAL
    NULL};

/* Is the name at or above a zone? If not, *holder is one that it is inside of, or NULL. */
static bool is_above_a_local_zone(const name_t *name, const char **holder)
{
    *holder = NULL;
    for (size_t i = 0; LOCAL_ZONES[i]; i++) {
        name_t zone[NAME_MAX_LEN];
        if (name_from_text(zone, LOCAL_ZONES[i], strlen(LOCAL_ZONES[i]), NULL))
            continue;
        if (name_is_within(zone, name))
            return true;
        if (name_is_within(name, zone))
            *holder = LOCAL_ZONES[i];
    }
    return false;
}

static void say_of_zone(const struct setting *s, const char *value, const char *holder)
{
    if (holder)
        text_printf(s->says, "is inside of %s, which can be switched off as a whole", holder);
    else
        option_suggest(s, value, LOCAL_ZONES);
}

enum err option_set_zones(const struct setting *s)
{
    const name_t **list = ARENA_ARRAY(s->arena, const name_t *, s->count);
    for (size_t i = 0; i < s->count; i++) {
        name_t name[NAME_MAX_LEN];
        const char *holder = NULL;
        *s->bad = i;
        if (name_from_text(name, s->values[i], strlen(s->values[i]), NULL) ||
            !is_above_a_local_zone(name, &holder)) {
            say_of_zone(s, s->values[i], holder);
            return ERR_UNKNOWN;
        }
        list[i] = name_dup(name, s->arena);
    }
    *(struct config_names *)option_field(s->option, s->config) =
        (struct config_names){.items = list, .count = s->count};
    return ERR_OK;
}

/* ---- own addresses ---- */

enum err option_set_sources(const struct setting *s)
{
    struct config *c = s->config;
    struct addr *v4 = ARENA_ARRAY(s->arena, struct addr, s->count),
                *v6 = ARENA_ARRAY(s->arena, struct addr, s->count);
    size_t n4 = 0, n6 = 0;
    bool automatic = s->count == 1 && strcasecmp(s->values[0], "auto") == 0;
    for (size_t i = 0; i < s->count && !automatic; i++) {
        struct addr addr;
        *s->bad = i;
        if (addr_parse(&addr, s->values[i]))
            return ERR_FORMAT;
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
    struct text why;
    size_t octets, len;
    text_init(&why);
    char *file = file_read(path, HINTS_FILE_MAX, &octets, &why);
    if (!file) {
        text_printf(s->says, "cannot be read: %s", why.data);
        text_fini(&why);
        return ERR_SYSTEM;
    }
    text_fini(&why);
    unsigned number = 0;
    enum err err = ERR_OK;
    for (const char *line = file, *next; !err && line < file + octets; line = next) {
        size_t whole = strcspn(line, "\n");
        next = line + whole + 1;
        number++;
        len = strcspn(line, ";\r\n");
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
    mem_free(file);
    if (err)
        text_printf(s->says, "has no record like those of named.root in line %u: %s", number, err_text(err));
    return err;
}

enum err option_set_hints(const struct setting *s)
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
        if (!hint_line(list, &count, s->values[i], s->arena))
            err = ERR_FORMAT;
    }
    if (!err && count == 0) {
        *s->bad = s->count;
        text_add(s->says, "has no root server: expected at least one");
        err = ERR_RANGE;
    }
    if (!err) {
        s->config->resolve.hints = list;
        s->config->resolve.hint_count = count;
    }
    return err;
}
