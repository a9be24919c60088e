#include "lib/config.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/nearest.h"
#include "lib/document.h"
#include "lib/file.h"
#include "lib/option.h"

#define CONFIG_PATH "/etc/hark/hark.yaml"
#define CONFIG_OCTETS_MAX ((size_t)1 << 20) /* no file is that long; a log given by mistake is */
#define COMPLAINTS_MAX 10u                  /* of one file; the first are the ones to look at */
#define NAMES_MAX 64u                       /* names below one section */

/* A file being read. places: where each option was set, line 0 if it was not,
 * so that two of them can be compared and a second one refused. */
struct reading {
    struct config *config;
    struct arena *arena;
    const char *path;
    struct text *complaint;
    unsigned complaints;
    struct place *places;
};

/* A line stays one line, and a terminal as it was, whatever a file holds. */
static void add_printable(struct text *t, const char *s)
{
    for (const unsigned char *p = (const unsigned char *)s; *p; p++)
        if (*p < 0x20 || *p > 0x7e)
            text_printf(t, "\\%03u", *p);
        else
            text_char(t, (char)*p);
}

__attribute__((format(printf, 3, 4))) static void complain(
    struct reading *r, struct place at, const char *format, ...)
{
    if (r->complaints++ >= COMPLAINTS_MAX)
        return;
    char line[1024];
    va_list ap;
    va_start(ap, format);
    vsnprintf(line, sizeof line, format, ap);
    va_end(ap);
    text_add(r->complaint, r->complaint->len ? "\n" : "");
    add_printable(r->complaint, r->path);
    text_printf(r->complaint, ":%zu:%zu: ", at.line, at.column);
    add_printable(r->complaint, line);
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

/* Every name below a section once, then NULL. */
static void names_below(const struct reading *r, const char *section, const char *names[NAMES_MAX + 1])
{
    size_t n = 0;
    for (size_t i = 0; i < OPTION_COUNT && n < NAMES_MAX; i++) {
        size_t len;
        bool is_section, known = false;
        const char *name = name_below(&OPTIONS[i], section, &len, &is_section);
        for (size_t k = 0; name && k < n && !known; k++)
            known = strlen(names[k]) == len && strncmp(names[k], name, len) == 0;
        if (!name || known)
            continue;
        char *copy = arena_alloc(r->arena, len + 1);
        memcpy(copy, name, len);
        names[n++] = copy;
    }
    names[n] = NULL;
}

/* A name that exists, only elsewhere: "size" at the top, or "cache.size" in one word. */
static const struct option *find_elsewhere(const char *name)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const char *dot = strchr(OPTIONS[i].path, '.');
        if (strcmp(OPTIONS[i].path, name) == 0 || (dot && strcmp(dot + 1, name) == 0))
            return &OPTIONS[i];
    }
    return NULL;
}

static void unknown_name(struct reading *r, struct place at, const char *section, const char *name)
{
    const char *names[NAMES_MAX + 1], *dot = section[0] ? "." : "";
    names_below(r, section, names);
    const char *near = nearest_word(name, names);
    const struct option *o = near ? NULL : find_elsewhere(name);
    const char *inner = o ? strchr(o->path, '.') : NULL;
    if (near)
        complain(r, at, "there is no setting %s%s%.80s; did you mean %s?", section, dot, name, near);
    else if (o && inner)
        complain(r, at, "there is no setting %.80s %s%s; write \"%s:\" below \"%.*s:\"", name,
            section[0] ? "below " : "at the top", section, inner + 1, (int)(inner - o->path), o->path);
    else if (o)
        complain(
            r, at, "there is no setting %s.%.80s; %s stands at the top, not indented", section, name, name);
    else if (section[0]) {
        struct text t;
        text_init(&t);
        for (size_t i = 0; names[i]; i++)
            text_printf(&t, "%s%s", i == 0 ? "" : names[i + 1] ? ", " : " and ", names[i]);
        complain(r, at, "there is no setting %s.%.80s; below %s there %s %s", section, name, section,
            names[1] ? "are" : "is", t.data);
        text_fini(&t);
    } else {
        complain(r, at, "there is no setting %.80s; hark.yaml(5) lists all that are there", name);
    }
}

/* ---- the file's tree ---- */

static const char *kind_of(const struct node *n)
{
    return n->kind == NODE_MAPPING ? "a mapping (NAME: VALUE)" : n->kind == NODE_LIST ? "a list" : "a value";
}

/* "section:" with nothing below it: all of its settings commented out. */
static bool is_nothing(const struct node *n)
{
    return n->kind == NODE_VALUE && n->plain &&
           (!n->text[0] || strcmp(n->text, "~") == 0 || strcmp(n->text, "null") == 0);
}

static void complain_of_kind(
    struct reading *r, const struct option *o, const struct node *n, const char *wanted)
{
    struct text expected;
    text_init(&expected);
    option_expects(o, &expected);
    if (is_nothing(n))
        complain(r, n->at, "%s has no value: expected %s%s", o->path, wanted, expected.data);
    else
        complain(r, n->at, "%s is %s: expected %s%s", o->path, kind_of(n), wanted, expected.data);
    text_fini(&expected);
}

/* "10.0.0.0/8, 192.168.0.0/16" is one value to YAML. */
static bool looks_like_list(const struct option *o, const struct node *n)
{
    return option_is_list(o) && n->kind == NODE_VALUE && strpbrk(n->text, ", ");
}

/* Complaints are logged, and a secret with a typing error is still most of a secret. */
static const char *shown_of(const struct option *o, const char *value)
{
    return o->kind == OPTION_SECRETS ? "..." : value;
}

/* Each wrong element of a list is told: what is left without it is looked at again. */
static void set_option(struct reading *r, const struct option *o, const struct node *at,
    const struct node **nodes, const char **values, size_t count)
{
    struct text says;
    text_init(&says);
    for (size_t left = count;; left--) {
        size_t bad = 0;
        text_clear(&says);
        enum err err = option_set(o, r->config, r->arena, values, left, &bad, &says);
        if (err && bad == left && left == count)
            complain(r, at->at, "%s %s", o->path, says.data);
        if (!err || bad == left)
            break;
        complain(r, nodes[bad]->at, "%s: \"%.120s\" %s%s", o->path, shown_of(o, values[bad]), says.data,
            looks_like_list(o, at)
                ? "; a list is written [A, B], or each element on a line of its own after \"- \""
                : "");
        if (left == 1)
            break;
        memmove(&nodes[bad], &nodes[bad + 1], (left - bad - 1) * sizeof *nodes);
        memmove(&values[bad], &values[bad + 1], (left - bad - 1) * sizeof *values);
    }
    text_fini(&says);
}

static void read_option(struct reading *r, const struct option *o, const struct node *value)
{
    bool many = value->kind == NODE_LIST && option_is_list(o);
    if (is_nothing(value) || (value->kind != NODE_VALUE && !many)) {
        complain_of_kind(r, o, value, option_is_list(o) ? "a list, each element " : "");
        return;
    }
    size_t count = many ? value->count : 1, i = 0;
    const struct node **nodes = ARENA_ARRAY(r->arena, const struct node *, count);
    const char **values = ARENA_ARRAY(r->arena, const char *, count);
    for (const struct node *n = many ? value->first : value; n && i < count; n = n->next) {
        if (n->kind != NODE_VALUE || is_nothing(n)) {
            complain_of_kind(r, o, n, "");
            return;
        }
        nodes[i] = n;
        values[i++] = n->text;
    }
    set_option(r, o, value, nodes, values, count);
}

static void read_mapping(struct reading *r, const char *section, const struct node *map);

static void read_section(struct reading *r, const char *name, const struct node *value)
{
    if (value->kind == NODE_MAPPING)
        read_mapping(r, name, value);
    else if (!is_nothing(value))
        complain(r, value->at, "%s is %s: expected settings below it, each indented on a line of its own",
            name, kind_of(value));
}

/* One key with its value. */
static void read_pair(
    struct reading *r, const char *section, const struct node *key, const struct node *value)
{
    if (key->kind != NODE_VALUE) {
        complain(r, key->at, "the name of a setting is expected, this is %s", kind_of(key));
        return;
    }
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        size_t len;
        bool is_section;
        const char *known = name_below(&OPTIONS[i], section, &len, &is_section);
        if (!known || strlen(key->text) != len || strncmp(known, key->text, len) != 0)
            continue;
        if (is_section) {
            read_section(r, key->text, value);
        } else {
            r->places[i] = key->at;
            read_option(r, &OPTIONS[i], value);
        }
        return;
    }
    unknown_name(r, key->at, section, key->text);
}

static const struct node *find_earlier(const struct node *map, const struct node *pair)
{
    for (const struct node *p = map->first; p != pair; p = p->next)
        if (p->key->kind == NODE_VALUE && pair->key->kind == NODE_VALUE &&
            strcmp(p->key->text, pair->key->text) == 0)
            return p->key;
    return NULL;
}

/* Sections are one deep, so this goes two deep whatever the file holds. */
static void read_mapping(struct reading *r, const char *section, const struct node *map)
{
    if (map->count > 2 * OPTION_COUNT) {
        complain(r, map->at, "%zu names where %zu settings exist: this is no file of settings", map->count,
            OPTION_COUNT);
        return;
    }
    for (const struct node *p = map->first; p; p = p->next) {
        const struct node *earlier = find_earlier(map, p);
        if (earlier)
            complain(r, p->key->at, "%s%s%.80s is there twice, first in line %zu", section,
                section[0] ? "." : "", p->key->text, earlier->at.line);
        else
            read_pair(r, section, p->key, p);
    }
}

/* ---- what settings say of each other ---- */

static struct place place_of(const struct reading *r, const char *path)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (strcmp(OPTIONS[i].path, path) == 0 && r->places[i].line)
            return r->places[i];
    return (struct place){1, 1};
}

/* Of two that do not go together the complaint is at the later one, which is there. */
static struct place later(const struct reading *r, const char *a, const char *b)
{
    struct place at_a = place_of(r, a), at_b = place_of(r, b);
    return at_a.line > at_b.line || (at_a.line == at_b.line && at_a.column > at_b.column) ? at_a : at_b;
}

static void check_together(struct reading *r)
{
    const struct config *c = r->config;
    if (c->cache.ttl_min > c->cache.ttl_max)
        complain(r, later(r, "cache.ttl-min", "cache.ttl-max"),
            "cache.ttl-min %u is greater than cache.ttl-max %u", c->cache.ttl_min, c->cache.ttl_max);
    if (!c->resolve.use_v4 && !c->resolve.use_v6)
        complain(r, later(r, "upstream.ipv4", "upstream.ipv6"),
            "upstream.ipv4 and upstream.ipv6 are both off: no server could be asked");
    if (c->cookies_require && !c->cookies)
        complain(r, later(r, "cookies.require", "cookies.clients"),
            "cookies.require is on and cookies.clients off: nobody could have a cookie");
}

/* ---- the file ---- */

static void read_text(struct reading *r, const char *text, size_t len)
{
    struct node *root;
    struct place at;
    struct text says;
    text_init(&says);
    if (document_read(&root, r->arena, text, len, &at, &says))
        complain(r, at, "%s", says.data);
    else if (root && root->kind == NODE_MAPPING)
        read_mapping(r, "", root);
    else if (root && !is_nothing(root))
        complain(r, root->at, "settings are expected (NAME: VALUE, with a space after the colon), this is %s",
            kind_of(root));
    text_fini(&says);
    if (r->complaints == 0)
        check_together(r);
    if (r->complaints > COMPLAINTS_MAX)
        text_printf(r->complaint, "\nand %u more", r->complaints - COMPLAINTS_MAX);
}

static void complain_unreadable(const char *path, const char *why, struct text *complaint)
{
    add_printable(complaint, path);
    text_printf(complaint, ": cannot be read: %s", why);
    if (errno == EACCES)
        text_printf(complaint, " (for the user with the number %u)", (unsigned)geteuid());
}

static enum err read_file(struct config *out, struct arena *a, const char *path, struct text *complaint)
{
    struct reading r = {.config = out, .arena = a, .path = path, .complaint = complaint};
    struct text why;
    size_t len;
    out->file = arena_strdup(a, path);
    text_init(&why);
    errno = 0;
    char *text = file_read(path, CONFIG_OCTETS_MAX, &len, &why);
    if (text) {
        r.places = ARENA_ARRAY(a, struct place, OPTION_COUNT);
        read_text(&r, text, len);
        mem_free(text);
    } else {
        complain_unreadable(path, why.data, complaint);
    }
    text_fini(&why);
    out->resolve.minimal_answers = out->minimal_answers;
    return !text ? ERR_SYSTEM : r.complaints ? ERR_FORMAT : ERR_OK;
}

enum err config_load(struct config *out, struct arena *a, const char *path, struct text *complaint)
{
    config_default(out, a);
    text_clear(complaint);
    if (!path)
        path = secure_getenv("HARK_CONFIG");
    if (path && path[0])
        return read_file(out, a, path, complaint);
    if (access(CONFIG_PATH, F_OK) < 0 && errno == ENOENT)
        return ERR_OK;
    return read_file(out, a, CONFIG_PATH, complaint);
}

/* ---- what is in force ---- */

/* "# " and the help, on lines of at most 100 octets. */
static void print_help(const struct option *o, struct text *t, const char *indent)
{
    size_t column = 0;
    for (const char *word = o->help; *word;) {
        size_t n = strcspn(word, " ");
        if (column == 0 || column + 1 + n > 100) {
            text_printf(t, "%s%s#", column ? "\n" : "", indent);
            column = strlen(indent) + 1;
        }
        text_char(t, ' ');
        text_add_n(t, word, n);
        column += n + 1;
        word += n + strspn(word + n, " ");
    }
    text_char(t, '\n');
}

void config_print(const struct config *c, struct text *t)
{
    struct arena a;
    struct config standard;
    const char *section = "";
    size_t section_len = 0;
    arena_init(&a);
    config_default(&standard, &a);
    text_printf(
        t, "# %s%s\n", c->file ? "settings of " : "no file of settings was read", c->file ? c->file : "");
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *o = &OPTIONS[i];
        const char *dot = strchr(o->path, '.');
        size_t n = dot ? (size_t)(dot - o->path) : 0;
        text_char(t, '\n');
        if (n && (n != section_len || strncmp(section, o->path, n) != 0))
            text_printf(t, "%.*s:\n", (int)n, o->path);
        section = o->path;
        section_len = n;
        print_help(o, t, n ? "  " : "");
        text_printf(t, "%s%s: ", n ? "  " : "", n ? dot + 1 : o->path);
        option_text(o, c, t);
        text_add(t, option_equal(o, c, &standard) ? "  # default\n" : "\n");
    }
    arena_fini(&a);
}

void config_keep_restart(struct config *c, const struct config *running)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (OPTIONS[i].apply == OPTION_RESTART)
            option_take(&OPTIONS[i], c, running);
}

bool config_control_path(const struct config *c, char *buf, size_t cap)
{
    /* A service manager names a folder of harkd's own (RuntimeDirectory=, systemd.exec(5)). */
    const char *given = getenv("RUNTIME_DIRECTORY"), *runtime = getenv("XDG_RUNTIME_DIR");
    int n = -1;
    if (c->control)
        n = snprintf(buf, cap, "%s", c->control);
    else if (given && given[0] == '/')
        n = snprintf(buf, cap, "%.*s/control.sock", (int)strcspn(given, ":"), given);
    else if (geteuid() == 0)
        n = snprintf(buf, cap, "%s", CONFIG_CONTROL_PATH);
    else if (runtime && runtime[0] == '/')
        n = snprintf(buf, cap, "%s/hark/control.sock", runtime);
    return n > 0 && (size_t)n < cap;
}
