/* page TEMPLATE: a command's manual page, with tables in place of these lines:
 *
 *   @OPTIONS LETTER  the options of cli/options.def that go with the command of that letter
 *   @VERBS           the verbs of defs/verbs.def
 *
 * Both have a body up to a line @END. A line @+name, @--name or @verb in it begins what the page says of that
 * one beside the table's words; one that the table does not have is an error. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/tables.h"
#include "lib/file.h"
#include "roff.h"

#define TEMPLATE_MAX ((size_t)1 << 20)

/* The body between @OPTIONS or @VERBS and @END, of which every part must be used. */
struct body {
    const char *at;
    size_t len, parts, used;
};

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');
    return end ? end + 1 : line + strlen(line);
}

static void body_init(struct body *b, const char *at, const char *end)
{
    *b = (struct body){.at = at, .len = (size_t)(end - at)};
    for (const char *line = at; line < end; line = next_line(line))
        b->parts += line[0] == '@';
}

/* What the page says of that one. */
static void add_part(struct text *t, struct body *b, const char *name)
{
    bool wanted = false;
    for (const char *line = b->at; line < b->at + b->len; line = next_line(line)) {
        size_t n = strcspn(line, "\n");
        if (line[0] == '@') {
            wanted = n == strlen(name) + 1 && memcmp(line + 1, name, n - 1) == 0;
            b->used += wanted;
        } else if (wanted) {
            text_add_n(t, line, n + 1);
        }
    }
}

static void add_value(struct text *t, const char *between, const char *value)
{
    if (!*value)
        return;
    text_printf(t, "%s\\fI", between);
    roff_escaped(t, value);
    text_add(t, "\\fR");
}

static void add_option(struct text *t, struct body *b, enum option id, char letter)
{
    const struct option_info *o = &option_table[id];
    bool dashed = o->kind == OPTION_KIND_WORD || id == OPTION_HELP || id == OPTION_VERSION;
    struct text name;
    text_init(&name);
    text_printf(&name, "%s%s", dashed ? "--" : "+", o->name);
    text_add(t, ".TP\n");
    if (o->letter) {
        text_printf(t, "\\fB\\-%c\\fR", o->letter);
        add_value(t, " ", o->value);
        text_add(t, ", ");
    }
    text_add(t, "\\fB");
    roff_escaped(t, name.data);
    text_add(t, "\\fR");
    if (!dashed && o->kind == OPTION_KIND_FLAG && o->value[0]) {
        add_value(t, "[=", o->value);
        text_add(t, "]");
    } else {
        add_value(t, dashed ? " " : "=", o->value);
    }
    for (const struct option_synonym *s = option_synonyms; s->name; s++)
        if (s->option == id)
            text_printf(t, ", \\fB+%s\\fR", s->name);
    text_add(t, "\n");
    roff_sentence(t, option_help(id, letter));
    add_part(t, b, name.data);
    text_fini(&name);
}

/* mark: what follows the @. */
static bool add_table(struct text *t, const char *mark, struct body *b)
{
    if (strncmp(mark, "VERBS\n", 6) == 0) {
        for (const struct verb_info *v = verb_table; v->name; v++) {
            text_printf(t, ".TP\n\\fB%s\\fR ", v->name);
            roff_escaped(t, v->words);
            text_add(t, "\n");
            roff_sentence(t, v->help);
            add_part(t, b, v->name);
        }
    } else if (strncmp(mark, "OPTIONS ", 8) == 0) {
        for (const struct option_row *row = option_rows; row->title || row->option < OPTION_COUNT; row++)
            if (!row->title && strchr(option_table[row->option].where, mark[8]))
                add_option(t, b, row->option, mark[8]);
    } else {
        fprintf(stderr, "page: what is @%.*s?\n", (int)strcspn(mark, "\n"), mark);
        return false;
    }
    if (b->used != b->parts)
        fprintf(stderr, "page: %zu of %zu parts below @%.*s are of the table\n", b->used, b->parts,
            (int)strcspn(mark, "\n"), mark);
    return b->used == b->parts;
}

static bool make_page(struct text *page, const char *template)
{
    for (const char *line = template; *line; line = next_line(line)) {
        if (line[0] != '@') {
            text_add_n(page, line, (size_t)(next_line(line) - line));
            continue;
        }
        const char *end = strstr(line, "\n@END\n");
        if (!end) {
            fprintf(stderr, "page: no @END behind @%.*s\n", (int)strcspn(line, "\n"), line);
            return false;
        }
        struct body b;
        body_init(&b, next_line(line), end + 1);
        if (!add_table(page, line + 1, &b))
            return false;
        line = end + 1;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct text page, why;
    size_t len;
    text_init(&page);
    text_init(&why);
    char *template = argc == 2 ? file_read(argv[1], TEMPLATE_MAX, &len, &why) : NULL;
    if (!template)
        fprintf(stderr, "page TEMPLATE: %s\n", why.data);
    bool good = template && make_page(&page, template) &&
                fwrite(page.data, 1, page.len, stdout) == page.len && fflush(stdout) == 0;
    mem_free(template);
    text_fini(&page);
    text_fini(&why);
    return good ? 0 : 1;
}
