/* hark help [COMMAND|exit], --help, --version. */
#include <string.h>

#include "cli/args_dig.h"
#include "cli/command.h"

#define COLUMN_USAGE 31u
#define COLUMN_HELP 24u

static const char ABOUT[] =
    "hark looks names up: as this system does, as DNS does, and from the root on.\n\n";

/* The dozen that fingers need. */
static const char OFTEN[] = "  hark -x ADDRESS              the name of an address, as DNS has it\n"
                            "\n"
                            "  -t TYPE       a record type            +short      the data alone\n"
                            "  -4, -6        one family of addresses  +json       one object a line\n"
                            "  -p PORT       port of the server       +dnssec     with proofs and a verdict\n"
                            "  -f FILE       names, one a line        +tcp        TCP from the start\n"
                            "  -v            how the system is asked  +norec      no recursion, please\n"
                            "  --timeout SECONDS  patience in all     +time=SECONDS  with each try\n"
                            "\n"
                            "Arguments come in any order; several names and types are all looked up.\n"
                            "  hark help query, hark help trace, ...   the options of each command\n"
                            "  hark help exit                          what the exit codes mean\n"
                            "  man hark, man hark-query, ...           all of it, with examples\n";

static const char EXIT_CODES[] =
    "hark ends with\n"
    "\n"
    "   0  an answer                   5  no reply in time, or nobody reachable\n"
    "   1  wrong usage or settings     6  the domain accepts no mail (mx)\n"
    "   2  no such name, or no data   10  something is wrong inside\n"
    "   3  failure (SERVFAIL, ...)\n"
    "   4  bogus: DNSSEC proves the data false\n"
    "\n"
    "Of several names and types the worst counts. With --exit-compat dig any reply is\n"
    "0, and none is 9.\n";

static void print_overview(struct out *out)
{
    out_put(out, STYLE_PLAIN, ABOUT);
    for (int c = 0; c < COMMAND_COUNT; c++) {
        const struct command_info *info = &command_table[c];
        bool wordless = c == COMMAND_SYSTEM || c == COMMAND_ASK;
        out_put(out, STYLE_STRONG, "  hark ");
        out_printf(out, STYLE_STRONG, "%s%s", wordless ? "" : info->word, wordless ? "" : " ");
        out_put(out, STYLE_STRONG, info->usage);
        out_column(out, COLUMN_USAGE);
        out_line(out, STYLE_PLAIN, "%s", info->help);
    }
    out_put(out, STYLE_PLAIN, OFTEN);
}

/* "-t, --type TYPE", "+short", "+time=SECONDS"; without a letter the long names stand below each other. */
static void print_option(struct out *out, enum option id, char letter)
{
    const struct option_info *o = &option_table[id];
    bool dashed = o->kind == OPTION_KIND_WORD || id == OPTION_HELP || id == OPTION_VERSION;
    bool equals = o->kind == OPTION_KIND_NUMBER || o->kind == OPTION_KIND_VALUE;
    char form[64];
    struct text t;
    text_init_fixed(&t, form, sizeof form);
    if (o->letter)
        text_printf(&t, "-%c, ", o->letter);
    text_printf(&t, "%s%s", dashed ? "--" : "+", o->name);
    if (o->value[0])
        text_printf(&t, equals ? "=%s" : dashed ? " %s" : "[=%s]", o->value);
    out_put(out, STYLE_PLAIN, "  ");
    out_put(out, STYLE_STRONG, form);
    out_wrapped(out, STYLE_PLAIN, COLUMN_HELP, option_help(id, letter));
}

static bool is_rare(enum option o)
{
    return strchr(option_table[o].where, '~');
}

/* Their names alone, those that are on as +noname: to take them back is what they are for. */
static void print_rare(struct out *out, char letter)
{
    struct text t;
    text_init(&t);
    for (enum option o = 0; o < OPTION_COUNT; o++) {
        if (!is_rare(o) || !strchr(option_table[o].where, letter))
            continue;
        text_add(&t, t.len ? " " : "");
        if (option_table[o].kind == OPTION_KIND_WORD && option_table[o].letter)
            text_printf(&t, "-%c", option_table[o].letter);
        else
            text_printf(&t, "%s%s%s", option_table[o].kind == OPTION_KIND_WORD ? "--" : "+",
                args_dig_on_unless(o) ? "no" : "", option_table[o].name);
    }
    if (t.len) {
        out_line(out, STYLE_DIM, "As dig has them");
        out_wrapped(out, STYLE_PLAIN, 2, t.data);
    }
    text_fini(&t);
}

static void print_options(struct out *out, char letter)
{
    const char *title = NULL;
    for (const struct option_row *row = option_rows; row->title || row->option < OPTION_COUNT; row++) {
        if (row->title) {
            title = row->title;
        } else if (strchr(option_table[row->option].where, letter) && row->option != OPTION_HELP &&
                   row->option != OPTION_VERSION && !is_rare(row->option)) {
            if (title)
                out_line(out, STYLE_DIM, "%s", title);
            title = NULL;
            print_option(out, row->option, letter);
        }
    }
}

static void print_verbs(struct out *out)
{
    out_line(out, STYLE_DIM, "Verbs");
    for (const struct verb_info *v = verb_table; v->name; v++) {
        out_put(out, STYLE_PLAIN, "  ");
        out_put(out, STYLE_STRONG, v->name);
        if (out->column + 1 + strlen(v->words) < COLUMN_HELP) {
            out_printf(out, STYLE_PLAIN, " %s", v->words);
        } else {
            out_wrapped(out, STYLE_PLAIN, out->column + 1, v->words);
        }
        out_wrapped(out, STYLE_PLAIN, COLUMN_HELP, v->help);
    }
}

static void print_command(struct out *out, enum command c)
{
    const struct command_info *info = &command_table[c];
    const char *word = c == COMMAND_SYSTEM || c == COMMAND_ASK ? "" : info->word, *gap = word[0] ? " " : "";
    out_line(out, STYLE_STRONG, "hark %s%s%s", word, info->usage[0] ? gap : "", info->usage);
    out_line(out, STYLE_PLAIN, "%s", info->help);
    out_line(out, STYLE_PLAIN, "Example: hark %s%s%s", word, gap, info->example);
    out_end(out);
    if (c == COMMAND_CTL)
        print_verbs(out);
    print_options(out, info->letter);
    print_rare(out, info->letter);
    out_end(out);
    out_line(out, STYLE_PLAIN, "+name is --name too, +noname takes it back. More: man hark%s%s",
        c == COMMAND_SYSTEM ? "" : "-", c == COMMAND_SYSTEM ? "" : info->word);
}

enum status cmd_help(const struct args *args, struct out *out)
{
    if (!args->topic)
        print_overview(out);
    else if (strcmp(args->topic, TOPIC_EXIT) == 0)
        out_put(out, STYLE_PLAIN, EXIT_CODES);
    else
        print_command(out, command_find(args->topic));
    return STATUS_ANSWER;
}

enum status cmd_version(const struct args *args, struct out *out)
{
    (void)args;
    out_put(out, STYLE_PLAIN, "hark " HARK_VERSION "\n");
    return STATUS_ANSWER;
}
