#include "lib/document.h"

#include <assert.h>
#include <string.h>
#include <yaml.h>

#define DEPTH_MAX 8u     /* settings nest two deep */
#define NODES_MAX 20000u /* some lists of 1,024 elements, and their names */

/* A file being read. */
struct reading {
    struct arena *arena;
    const char *text;
    size_t len, nodes;
    struct place *at;
    struct text *says;
    yaml_parser_t parser;
};

/* Where the tree grows. */
struct level {
    struct node *node;
    struct node **end;
    struct node *key; /* of a mapping: read, and its value is not */
};

static struct place place_of(yaml_mark_t mark)
{
    return (struct place){mark.line + 1, mark.column + 1};
}

static enum err wrong(struct reading *r, struct place at, const char *says)
{
    *r->at = at;
    text_add(r->says, says);
    return ERR_FORMAT;
}

/* ---- what is no YAML, in words for people ---- */

/* libyaml's words, and ours. %zu: the line where the thing began. */
static const struct problem {
    const char *problem, *context;
    bool at_beginning; /* of the thing, rather than where it went wrong */
    const char *says;
} PROBLEMS[] = {
    {"found character that cannot start any token", "", false,
        "this character can begin no value; put the value in quotes"},
    {"mapping values are not allowed in this context", "", false,
        "this \":\" does not fit: a line has one NAME: VALUE, indented as the lines beside it; or the line "
        "above "
        "lacks its \":\""},
    {"could not find expected ':'", "simple key", true,
        "\":\" is missing: a setting is NAME: VALUE, with a space after the colon; an element of a list is - "
        "VALUE, "
        "with a space after the dash"},
    {"found unexpected end of stream", "quoted scalar", true, "this text has no closing quote"},
    {"found unexpected document indicator", "quoted scalar", true, "this text has no closing quote"},
    {"found unknown escape character", "quoted scalar", false,
        "no such escape in a double-quoted text; \\\\ is a backslash, and single quotes take everything as "
        "it is"},
    {"did not find expected hexdecimal number", "", false,
        "hexadecimal digits are expected after this escape"},
    {"did not find expected key", "block mapping", false,
        "this line does not go on with what began in line %zu: is it indented as the lines beside it?"},
    {"did not find expected '-' indicator", "block collection", false,
        "this line does not go on with the list that began in line %zu: is it indented as its other "
        "elements?"},
    {"did not find expected ',' or ']'", "flow sequence", false,
        "the list that began with [ in line %zu is not closed by ]"},
    {"did not find expected ',' or '}'", "flow mapping", false,
        "the mapping that began with { in line %zu is not closed by }"},
    {"did not find expected <document start>", "", false,
        "the settings end above this line: is it indented as the lines beside it?"},
    {"did not find expected node content", "", false, "a value is missing here"},
    {"did not find alphabetic or numeric character", "alias", true,
        "* begins an alias, which has no place here; put the value in quotes"},
    {"did not find alphabetic or numeric character", "anchor", true,
        "& begins an anchor, which has no place here; put the value in quotes"},
    {"block sequence entries are not allowed in this context", "", false,
        "a list element cannot begin here; put it on a line of its own"},
    {"found undefined tag handle", "", false, "a tag (!...) has no place here"},
    {"found incompatible YAML document", "", false,
        "this version of YAML is not known here; leave the line out"},
    {"invalid leading UTF-8 octet", "", false, "this octet is no UTF-8 text"},
    {"invalid trailing UTF-8 octet", "", false, "this octet is no UTF-8 text"},
    {"incomplete UTF-8 octet sequence", "", false, "the file ends within a character"},
    {"control characters are not allowed", "", false, "a control character; is this a text file?"},
};

static const struct problem *find_problem(const char *problem, const char *context)
{
    for (size_t i = 0; i < sizeof PROBLEMS / sizeof PROBLEMS[0]; i++)
        if (strncmp(problem, PROBLEMS[i].problem, strlen(PROBLEMS[i].problem)) == 0 &&
            strstr(context, PROBLEMS[i].context))
            return &PROBLEMS[i];
    return NULL;
}

/* Of an octet of the file. */
static struct place place_at(const struct reading *r, size_t offset)
{
    struct place at = {1, 1};
    for (size_t i = 0; i < offset && i < r->len; i++) {
        at.column++;
        if (r->text[i] == '\n')
            at = (struct place){at.line + 1, 1};
    }
    return at;
}

static const char *line_of(const struct reading *r, size_t line, size_t *len)
{
    const char *p = r->text, *end = r->text + r->len;
    while (--line && p < end) {
        const char *next = memchr(p, '\n', (size_t)(end - p));
        p = next ? next + 1 : end;
    }
    const char *stop = memchr(p, '\n', (size_t)(end - p));
    *len = (size_t)((stop ? stop : end) - p);
    return p;
}

/* Where the indentation of a line has a tab; 0: nowhere. */
static size_t tab_column(const struct reading *r, size_t line)
{
    size_t len;
    const char *p = line_of(r, line, &len);
    for (size_t i = 0; i < len && (p[i] == ' ' || p[i] == '\t'); i++)
        if (p[i] == '\t')
            return i + 1;
    return 0;
}

static enum err not_yaml(struct reading *r)
{
    const yaml_parser_t *p = &r->parser;
    const char *problem = p->problem ? p->problem : "it cannot be read";
    const char *context = p->context ? p->context : "";
    bool reader = p->error == YAML_READER_ERROR;
    struct place at = reader ? place_at(r, p->problem_offset) : place_of(p->problem_mark);
    size_t tab = reader ? 0 : tab_column(r, at.line);
    if (tab)
        return wrong(r, (struct place){at.line, tab}, "a tab; YAML is indented by spaces");
    /* The commonest of all: an IPv6 address in a list with brackets. */
    size_t len;
    const char *line = line_of(r, at.line, &len);
    if (strcmp(problem, "did not find expected node content") == 0 && at.column <= len &&
        line[at.column - 1] == ':')
        return wrong(
            r, at, "a value that begins with \":\" takes quotes in a list of this form, such as [\"::1\"]");
    const struct problem *known = find_problem(problem, context);
    *r->at = known && known->at_beginning ? place_of(p->context_mark) : at;
    const char *number = known ? strstr(known->says, "%zu") : NULL;
    if (number) {
        text_add_n(r->says, known->says, (size_t)(number - known->says));
        text_printf(r->says, "%zu%s", p->context_mark.line + 1, number + 3);
    } else if (known) {
        text_add(r->says, known->says);
    } else {
        text_printf(r->says, "this is not YAML: %s", problem);
    }
    return ERR_FORMAT;
}

/* ---- the tree ---- */

/* YAML that has no meaning here. The event is of a node. */
static enum err check_node(struct reading *r, const yaml_event_t *e, bool tagged, bool anchored)
{
    struct place at = place_of(e->start_mark);
    if (anchored)
        return wrong(r, at, "an anchor (&...) has no place here; write the value where it belongs");
    if (tagged)
        return wrong(r, at, "a tag (!...) has no place here");
    if (++r->nodes > NODES_MAX)
        return wrong(r, at, "more than 20000 names and values: this is no file of settings");
    return ERR_OK;
}

static enum err make_value(struct reading *r, const yaml_event_t *e, struct node *n)
{
    size_t len = e->data.scalar.length;
    if (memchr(e->data.scalar.value, 0, len))
        return wrong(r, n->at, "a text with a zero octet in it");
    char *copy = arena_alloc(r->arena, len + 1);
    memcpy(copy, e->data.scalar.value, len);
    n->text = copy;
    n->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return ERR_OK;
}

static enum err make_node(struct reading *r, const yaml_event_t *e, struct node **out)
{
    enum err err;
    struct node *n = ARENA_NEW(r->arena, struct node);
    n->at = place_of(e->start_mark);
    *out = n;
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        err = check_node(r, e, e->data.scalar.tag, e->data.scalar.anchor);
        return err ? err : make_value(r, e, n);
    case YAML_SEQUENCE_START_EVENT:
        n->kind = NODE_LIST;
        return check_node(r, e, e->data.sequence_start.tag, e->data.sequence_start.anchor);
    case YAML_MAPPING_START_EVENT:
        n->kind = NODE_MAPPING;
        return check_node(r, e, e->data.mapping_start.tag, e->data.mapping_start.anchor);
    default:
        return wrong(r, n->at, "an alias (*...) has no place here; write the value where it belongs");
    }
}

static void hang(struct level *l, struct node *n)
{
    assert(l->node);
    if (l->node->kind == NODE_MAPPING && !l->key) {
        l->key = n;
        return;
    }
    n->key = l->key;
    l->key = NULL;
    *l->end = n;
    l->end = &n->next;
    l->node->count++;
}

/* From the event of the root to that of its end. levels[0] is a list that the root hangs in. */
static enum err grow(struct reading *r, struct level *levels, unsigned *depth, const yaml_event_t *e)
{
    struct node *n;
    if (e->type == YAML_SEQUENCE_END_EVENT || e->type == YAML_MAPPING_END_EVENT) {
        --*depth;
        return ERR_OK;
    }
    enum err err = make_node(r, e, &n);
    if (err)
        return err;
    hang(&levels[*depth], n);
    if (n->kind == NODE_VALUE)
        return ERR_OK;
    if (*depth + 1 == DEPTH_MAX)
        return wrong(r, n->at, "nested deeper than settings are");
    levels[++*depth] = (struct level){.node = n, .end = &n->first};
    return ERR_OK;
}

static enum err read_events(struct reading *r, struct node *top)
{
    struct level levels[DEPTH_MAX] = {{.node = top, .end = &top->first}};
    unsigned depth = 0, documents = 0;
    for (bool ended = false; !ended;) {
        yaml_event_t e;
        enum err err = ERR_OK;
        if (!yaml_parser_parse(&r->parser, &e))
            return not_yaml(r);
        switch (e.type) {
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_END_EVENT:
            break;
        case YAML_DOCUMENT_START_EVENT:
            if (documents++)
                err = wrong(
                    r, place_of(e.start_mark), "a second document (---): one file, one set of settings");
            break;
        case YAML_STREAM_END_EVENT:
        case YAML_NO_EVENT:
            ended = true;
            break;
        default:
            err = grow(r, levels, &depth, &e);
        }
        yaml_event_delete(&e);
        if (err)
            return err;
    }
    return ERR_OK;
}

enum err document_read(
    struct node **root, struct arena *a, const char *text, size_t len, struct place *at, struct text *says)
{
    struct reading r = {.arena = a, .text = text, .len = len, .at = at, .says = says};
    struct node top = {.kind = NODE_LIST};
    *root = NULL;
    const char *zero = memchr(text, 0, len); /* UTF-16 has them too, which libyaml would read */
    if (zero)
        return wrong(&r, place_at(&r, (size_t)(zero - text)), "a zero octet: this is no text file");
    if (!yaml_parser_initialize(&r.parser))
        return wrong(&r, (struct place){1, 1}, "no memory");
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
    enum err err = read_events(&r, &top);
    yaml_parser_delete(&r.parser);
    if (!err)
        *root = top.first;
    return err;
}
