#include "cli/ctl_help.h"

#include <string.h>

#include "base/nearest.h"
#include "cli/tables.h"

#define COLUMN_HELP 12u

static void print_verbs(struct out *out)
{
    out_put(out, STYLE_STRONG, "hark ctl VERB [-s PATH] [--json]");
    out_line(out, STYLE_PLAIN, ": what a running harkd is asked, or told");
    for (const struct verb_info *v = verb_table; v->name; v++) {
        out_put(out, STYLE_STRONG, v->name);
        out_wrapped(out, STYLE_PLAIN, COLUMN_HELP, v->help);
    }
    out_line(out, STYLE_DIM, "hark ctl help VERB tells what may follow a verb. More: man hark-ctl");
}

/* What may stand before a bar, each on a line of its own. */
static void print_forms(struct out *out, const struct verb_info *v)
{
    const char *form = v->words;
    do {
        size_t n = strcspn(form, "|"), bar = n;
        bool choice = form[n] == '|' && n > 0 && form[n - 1] == ' ';
        if (form[n] == '|' && !choice) { /* inside of brackets: not ours */
            n = bar = strlen(form);
        }
        while (n > 0 && form[n - 1] == ' ')
            n--;
        out_line(out, STYLE_STRONG, "hark ctl %s%s%.*s", v->name, n ? " " : "", (int)n, form);
        form += bar + (form[bar] == '|');
        form += *form == ' ';
    } while (*form);
}

static void print_events(struct out *out)
{
    static const struct {
        const char *tag, *text;
    } rows[] = {
#define EVENT(name, tag, text) {tag, text},
#include "defs/events.def"
#undef EVENT
    };
    out_line(out, STYLE_DIM,
        "Tags (any of those that are named; all without one), what went wrong alone, those for a name:");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        out_put(out, STYLE_STRONG, rows[i].tag);
        out_wrapped(out, STYLE_PLAIN, COLUMN_HELP, rows[i].text);
    }
}

enum status ctl_help(struct out *out, const char *verb)
{
    const char *names[64];
    size_t count = 0;
    const struct verb_info *v = verb_table;
    if (!verb) {
        print_verbs(out);
        return STATUS_ANSWER;
    }
    for (; v->name && strcmp(v->name, verb) != 0; v++)
        names[count++] = v->name;
    if (!v->name) {
        names[count] = NULL;
        const char *near = nearest_word(verb, names);
        if (near)
            out_complain("harkd knows no '%s'; did you mean %s?", verb, near);
        else
            out_complain("harkd knows no '%s'; hark ctl help lists the verbs", verb);
        return STATUS_USAGE;
    }
    print_forms(out, v);
    out_wrapped(out, STYLE_PLAIN, COLUMN_HELP, v->help);
    if (strcmp(verb, "events") == 0)
        print_events(out);
    return STATUS_ANSWER;
}
