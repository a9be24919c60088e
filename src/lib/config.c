#include "lib/config.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "lib/option.h"

#define CONFIG_PATH "/etc/hark/hark.yaml"
#define CONFIG_OCTETS_MAX ((size_t)1 << 20) /* no file is that long; a device or log given by mistake is */
#define MISTYPED_MAX 3u                     /* letters that a mistyped name may be off to be guessed */

/* A file being read. marks: where each option was set,
 * so that two of them can be compared and a second one refused. */
struct reading {
    struct config *config;
    struct arena *arena;
    const char *path;
    struct text *complaint;
    yaml_document_t document;
    yaml_mark_t *marks; /* by option; line + 1, so that 0 is "not set" */
};

__attribute__((format(printf, 3, 4))) static enum err complain(
    struct reading *r, yaml_mark_t at, const char *format, ...)
{
    char line[512];
    va_list ap;
    va_start(ap, format);
    vsnprintf(line, sizeof line, format, ap);
    va_end(ap);
    text_clear(r->complaint);
    text_printf(r->complaint, "%s:%zu:%zu: %s", r->path, at.line + 1, at.column + 1, line);
    return ERR_FORMAT;
}

/* ---- defaults ---- */

/* The words of a list's default; text is cut up. */
static size_t words_of(char *text, const char **words, size_t max)
{
    size_t n = 0;
    char *rest = NULL;
    for (char *w = strtok_r(text, " ", &rest); w && n < max; w = strtok_r(NULL, " ", &rest))
        words[n++] = w;
    return n;
}

void config_default(struct config *out, struct arena *a)
{
    *out = (struct config){0};
    resolve_settings_default(&out->resolve);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const char *words[8];
        size_t count = 1, bad;
        struct text ignored;
        words[0] = OPTIONS[i].default_text;
        if (option_is_list(&OPTIONS[i]))
            count = words_of(arena_strdup(a, OPTIONS[i].default_text), words, 8);
        text_init(&ignored);
        enum err err = option_set(&OPTIONS[i], out, a, words, count, &bad, &ignored);
        assert(!err && "a default of options.def does not read");
        (void)err;
        text_fini(&ignored);
    }
    out->resolve.minimal_answers = out->minimal_answers;
}

/* ---- names ---- */

/* Edit distance, with names so short that the plain form does (Wagner and Fischer, 1974). */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[64];
    size_t n = strlen(b);
    if (n >= 63 || strlen(a) >= 63)
        return 64;
    for (size_t k = 0; k <= n; k++)
        row[k] = (unsigned)k;
    for (size_t i = 1; a[i - 1]; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t k = 1; k <= n; k++) {
            unsigned replace = diagonal + (a[i - 1] != b[k - 1]),
                     shift = (row[k] < row[k - 1] ? row[k] : row[k - 1]) + 1;
            diagonal = row[k];
            row[k] = replace < shift ? replace : shift;
        }
    }
    return row[n];
}

/* The option's name at this depth, its length in *len: "size" of "cache.size" below "cache";
 * NULL if it is elsewhere. */
static const char *name_below(const struct option *o, const char *section, size_t *len, bool *is_section)
{
    const char *name = o->path;
    size_t n = strlen(section);
    if (n) {
        if (strncmp(name, section, n) != 0 || name[n] != '.')
            return NULL;
        name += n + 1;
    }
    *len = strcspn(name, ".");
    *is_section = name[*len] == '.';
    return name;
}

static enum err unknown_name(struct reading *r, yaml_mark_t at, const char *section, const char *name)
{
    unsigned best = MISTYPED_MAX + 1;
    char near[64] = "";
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        size_t len;
        bool is_section;
        char candidate[64];
        const char *known = name_below(&OPTIONS[i], section, &len, &is_section);
        if (!known)
            continue;
        snprintf(candidate, sizeof candidate, "%.*s", (int)len, known);
        unsigned d = distance(name, candidate);
        if (d < best && d < strlen(candidate)) {
            best = d;
            memcpy(near, candidate, sizeof near);
        }
    }
    /* A name that exists, only elsewhere: "size" at the top. */
    const char *elsewhere = NULL;
    for (size_t i = 0; i < OPTION_COUNT && !near[0] && !elsewhere; i++) {
        const char *dot = strchr(OPTIONS[i].path, '.');
        if (strcmp(OPTIONS[i].path, name) == 0 || (dot && strcmp(dot + 1, name) == 0))
            elsewhere = OPTIONS[i].path;
    }
    const char *dot = section[0] ? "." : "";
    if (near[0])
        return complain(r, at, "there is no setting %s%s%.80s; did you mean %s%s%s?", section, dot, name,
            section, dot, near);
    if (elsewhere)
        return complain(r, at, "there is no setting %s%s%.80s here; it is %s, nested as YAML does", section,
            dot, name, elsewhere);
    return complain(r, at, "there is no setting %s%s%.80s", section, dot, name);
}

/* ---- the file's tree ---- */

static const char *kind_of(const yaml_node_t *n)
{
    return n->type == YAML_MAPPING_NODE ? "a mapping" : n->type == YAML_SEQUENCE_NODE ? "a list" : "a value";
}

/* "section:" with nothing below it: all of its settings commented out. */
static bool is_nothing(const yaml_node_t *n)
{
    return n->type == YAML_SCALAR_NODE && n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (n->data.scalar.length == 0 || strcmp((const char *)n->data.scalar.value, "~") == 0 ||
               strcmp((const char *)n->data.scalar.value, "null") == 0);
}

static const char *scalar_of(const yaml_node_t *n)
{
    if (n->type != YAML_SCALAR_NODE || strlen((const char *)n->data.scalar.value) != n->data.scalar.length)
        return NULL;
    return (const char *)n->data.scalar.value;
}

static enum err read_option(struct reading *r, const struct option *o, yaml_node_t *value)
{
    size_t count = 1, bad = 0;
    yaml_node_t *nodes[1] = {value}, **items = nodes;
    if (is_nothing(value))
        return complain(r, value->start_mark, "%s has no value (%s)", o->path, o->help);
    if (value->type == YAML_SEQUENCE_NODE && option_is_list(o)) {
        yaml_node_item_t *first = value->data.sequence.items.start;
        count = (size_t)(value->data.sequence.items.top - first);
        items = ARENA_ARRAY(r->arena, yaml_node_t *, count);
        for (size_t i = 0; i < count; i++)
            items[i] = yaml_document_get_node(&r->document, first[i]);
    } else if (value->type != YAML_SCALAR_NODE) {
        return complain(r, value->start_mark, "%s is %s where a %s is expected", o->path, kind_of(value),
            option_is_list(o) ? "list" : "value");
    }
    const char **values = ARENA_ARRAY(r->arena, const char *, count);
    for (size_t i = 0; i < count; i++) {
        values[i] = scalar_of(items[i]);
        if (!values[i])
            return complain(
                r, items[i]->start_mark, "%s: %s where text is expected", o->path, kind_of(items[i]));
    }
    struct text expected;
    text_init(&expected);
    enum err err = option_set(o, r->config, r->arena, values, count, &bad, &expected);
    if (err && bad < count)
        complain(r, items[bad]->start_mark, "%s: \"%.120s\" is not right: expected %s", o->path, values[bad],
            expected.data);
    else if (err)
        complain(r, value->start_mark, "%s: expected %s", o->path, expected.data);
    text_fini(&expected);
    return err;
}

static enum err read_mapping(struct reading *r, const char *section, yaml_node_t *map);

/* One key with its value. */
static enum err read_pair(struct reading *r, const char *section, yaml_node_t *key, yaml_node_t *value)
{
    const char *name = scalar_of(key);
    if (!name)
        return complain(r, key->start_mark, "the name of a setting is expected, this is %s", kind_of(key));
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        size_t len;
        bool is_section;
        const char *known = name_below(&OPTIONS[i], section, &len, &is_section);
        if (!known || strlen(name) != len || strncmp(known, name, len) != 0)
            continue;
        if (!is_section) {
            if (r->marks[i].line)
                return complain(r, key->start_mark, "%s is set twice, first in line %zu", OPTIONS[i].path,
                    r->marks[i].line);
            r->marks[i] = key->start_mark;
            r->marks[i].line++;
            return read_option(r, &OPTIONS[i], value);
        }
        if (is_nothing(value))
            return ERR_OK;
        if (value->type != YAML_MAPPING_NODE)
            return complain(
                r, value->start_mark, "%s is %s where settings are expected", name, kind_of(value));
        return read_mapping(r, name, value);
    }
    return unknown_name(r, key->start_mark, section, name);
}

/* Sections are one deep, so this goes two deep whatever the file holds. */
static enum err read_mapping(struct reading *r, const char *section, yaml_node_t *map)
{
    enum err err = ERR_OK;
    yaml_node_pair_t *first = map->data.mapping.pairs.start, *end = map->data.mapping.pairs.top;
    for (yaml_node_pair_t *p = first; p < end && !err; p++) {
        yaml_node_t *key = yaml_document_get_node(&r->document, p->key),
                    *value = yaml_document_get_node(&r->document, p->value);
        for (yaml_node_pair_t *q = first; q < p && !err; q++) {
            yaml_node_t *other = yaml_document_get_node(&r->document, q->key);
            if (scalar_of(key) && scalar_of(other) && strcmp(scalar_of(key), scalar_of(other)) == 0)
                err = complain(r, key->start_mark, "%s is there twice, first in line %zu", scalar_of(key),
                    other->start_mark.line + 1);
        }
        if (!err)
            err = read_pair(r, section, key, value);
    }
    return err;
}

/* ---- what settings say of each other ---- */

static yaml_mark_t mark_of(const struct reading *r, const char *path)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (strcmp(OPTIONS[i].path, path) == 0 && r->marks[i].line) {
            yaml_mark_t at = r->marks[i];
            at.line--;
            return at;
        }
    return (yaml_mark_t){0};
}

static enum err check_together(struct reading *r)
{
    const struct config *c = r->config;
    if (c->cache.ttl_min > c->cache.ttl_max)
        return complain(r, mark_of(r, "cache.ttl-min"), "cache.ttl-min %u is greater than cache.ttl-max %u",
            c->cache.ttl_min, c->cache.ttl_max);
    if (!c->resolve.use_v4 && !c->resolve.use_v6)
        return complain(r, mark_of(r, "upstream.ipv6"),
            "upstream.ipv4 and upstream.ipv6 are both off: no server could be asked");
    return ERR_OK;
}

/* ---- the file ---- */

static enum err read_stream(struct reading *r, yaml_parser_t *parser)
{
    if (!yaml_parser_load(parser, &r->document)) {
        yaml_mark_t at = parser->problem_mark;
        return complain(r, at, "this is not YAML: %s%s%s", parser->problem ? parser->problem : "unreadable",
            parser->context ? " " : "", parser->context ? parser->context : "");
    }
    enum err err = ERR_OK;
    yaml_node_t *root = yaml_document_get_root_node(&r->document);
    if (root && !is_nothing(root)) {
        if (root->type != YAML_MAPPING_NODE)
            err = complain(
                r, root->start_mark, "settings are expected (NAME: VALUE), this is %s", kind_of(root));
        else
            err = read_mapping(r, "", root);
    }
    yaml_document_delete(&r->document);
    if (err || !root)
        return err;
    if (!yaml_parser_load(parser, &r->document))
        return complain(r, parser->problem_mark, "this is not YAML: %s",
            parser->problem ? parser->problem : "unreadable");
    yaml_node_t *second = yaml_document_get_root_node(&r->document);
    if (second)
        err = complain(r, second->start_mark, "a second document; one is expected");
    yaml_document_delete(&r->document);
    return err;
}

/* The whole file; NULL: it could not be read, errno tells. */
static char *slurp(const char *path, size_t *len)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return NULL;
    char *text = mem_alloc(CONFIG_OCTETS_MAX + 1);
    *len = fread(text, 1, CONFIG_OCTETS_MAX + 1, f);
    int problem = ferror(f) ? errno : *len > CONFIG_OCTETS_MAX ? EFBIG : 0;
    fclose(f);
    if (problem) {
        mem_free(text);
        errno = problem;
        return NULL;
    }
    return text;
}

static enum err read_file(struct config *out, struct arena *a, const char *path, struct text *complaint)
{
    struct reading r = {.config = out, .arena = a, .path = path, .complaint = complaint};
    size_t len;
    char *text = slurp(path, &len);
    if (!text) {
        text_printf(complaint, "%s: %s", path, strerror(errno));
        return ERR_SYSTEM;
    }
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        mem_free(text);
        text_printf(complaint, "%s: no memory", path);
        return ERR_SYSTEM;
    }
    r.marks = ARENA_ARRAY(a, yaml_mark_t, OPTION_COUNT);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    enum err err = read_stream(&r, &parser);
    yaml_parser_delete(&parser);
    mem_free(text);
    if (!err)
        err = check_together(&r);
    out->file = arena_strdup(a, path);
    out->resolve.minimal_answers = out->minimal_answers;
    return err;
}

enum err config_load(struct config *out, struct arena *a, const char *path, struct text *complaint)
{
    config_default(out, a);
    if (!path)
        path = secure_getenv("HARK_CONFIG");
    if (path && path[0])
        return read_file(out, a, path, complaint);
    FILE *there = fopen(CONFIG_PATH, "re");
    if (!there && errno == ENOENT)
        return ERR_OK;
    if (there)
        fclose(there);
    return read_file(out, a, CONFIG_PATH, complaint);
}
