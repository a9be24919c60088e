/* hark help, --help, --version. */
#include <string.h>

#include "cli/command.h"

static const char USAGE[] =
    "hark looks names up.\n"
    "\n"
    "  hark NAME[:SERVICE]          as this system does (hosts file, DNS, ...)\n"
    "  hark NAME TYPE... [@SERVER]  as DNS does; without @SERVER those of resolv.conf\n"
    "  hark -x ADDRESS              the name that belongs to an address\n"
    "  hark why NAME                each source of this system side by side, and why\n"
    "  hark trace NAME [TYPE]       the walk from the root, each hop as it happens\n"
    "  hark mx DOMAIN               where mail for it goes, or for USER@DOMAIN\n"
    "  hark whois NAME              who registered a name, an address, an AS number\n"
    "  hark update [+check]         the newest lists of registries, from IANA\n"
    "  hark ctl [VERB]              asks a running harkd: status, reload\n"
    "  hark help\n"
    "\n"
    "  hark www.python.org AAAA\n"
    "  hark python.org MX TXT @9.9.9.9 +short\n"
    "  hark trace www.python.org\n"
    "\n"
    "Arguments come in any order; several names and several types are all asked for.\n"
    "SERVER is an address or a host name, with #PORT behind it if need be. Options\n"
    "with + have a long form too (--short, --no-rec), and +no... takes one back.\n"
    "\n";

static const char EXIT_CODES[] =
    "\n"
    "Exit codes: 0 answer, 1 usage, 2 no such name or data, 3 failure,\n"
    "4 bogus (DNSSEC), 5 timeout or unreachable, 6 accepts no mail, 10 internal; of\n"
    "several names the worst.\n";

#define COLUMN_HELP 26u

/* Words, on as many lines as they need. */
static void print_wrapped(struct out *out, const char *words)
{
    out_column(out, COLUMN_HELP);
    while (*words) {
        size_t n = strcspn(words, " ");
        bool begun = out->column > COLUMN_HELP;
        if (begun && out->column + 1 + n > out->width) {
            out_end(out);
            out_column(out, COLUMN_HELP);
        } else if (begun) {
            out_put(out, STYLE_PLAIN, " ");
        }
        out_printf(out, STYLE_PLAIN, "%.*s", (int)n, words);
        words += n + strspn(words + n, " ");
    }
    out_end(out);
}

static void print_option(struct out *out, const struct option_info *o)
{
    char form[64];
    struct text t;
    text_init_fixed(&t, form, sizeof form);
    if (o->letter)
        text_printf(&t, "-%c", o->letter);
    if (o->letter && o->value[0])
        text_printf(&t, " %s", o->value);
    if (o->kind == OPTION_KIND_WORD || strcmp(o->name, "help") == 0 || strcmp(o->name, "version") == 0)
        text_printf(&t, ", --%s", o->name);
    else if (o->letter)
        text_printf(&t, ", +%s", o->name);
    else
        text_printf(&t, "+%s", o->name);
    if (o->kind == OPTION_KIND_NUMBER || o->kind == OPTION_KIND_VALUE)
        text_printf(&t, "=%s", o->value);
    out_put(out, STYLE_PLAIN, "  ");
    out_put(out, STYLE_STRONG, form);
    print_wrapped(out, o->help);
}

enum status cmd_help(const struct args *args, struct out *out)
{
    (void)args;
    out_put(out, STYLE_PLAIN, USAGE);
    for (int i = 0; i < OPTION_COUNT; i++)
        print_option(out, &option_table[i]);
    out_put(out, STYLE_PLAIN, EXIT_CODES);
    return STATUS_ANSWER;
}

enum status cmd_version(const struct args *args, struct out *out)
{
    (void)args;
    out_put(out, STYLE_PLAIN, "hark " HARK_VERSION "\n");
    return STATUS_ANSWER;
}
