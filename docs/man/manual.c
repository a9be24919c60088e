/* manual TEMPLATE: writes it to stdout, with the settings of defs/options.def in place of the line
 * @SETTINGS@. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "lib/file.h"
#include "lib/option.h"
#include "roff.h"

#define TEMPLATE_MAX ((size_t)1 << 20)

static void add_default(struct text *t, const struct option *o)
{
    const char *p = o->default_text;
    struct text list;
    text_init(&list);
    if (!option_is_list(o))
        text_add(&list, p);
    while (option_is_list(o) && *p) {
        size_t n = strcspn(p, " ");
        text_add(&list, list.len ? ", " : "");
        text_add_n(&list, p, n);
        p += n + strspn(p + n, " ");
    }
    roff_escaped(t, list.len ? list.data : "empty");
    text_fini(&list);
}

static void add_setting(struct text *t, const struct option *o)
{
    struct text expected, help;
    text_init(&expected);
    text_init(&help);
    text_add(&expected, option_is_list(o) ? "a list, each element " : "");
    option_expects(o, &expected);
    text_add(&help, o->help);
    help.data[0] = (char)toupper((unsigned char)help.data[0]);
    text_add(t, ".TP\n.BR \"");
    roff_escaped(t, o->path);
    text_add(t, "\" \" (");
    roff_escaped(t, expected.data);
    text_add(t, "; default ");
    add_default(t, o);
    text_printf(t, "%s)\"\n", o->apply == OPTION_RESTART ? "; restart" : "");
    roff_escaped(t, help.data);
    text_add(t, ".\n");
    text_fini(&expected);
    text_fini(&help);
}

int main(int argc, char **argv)
{
    static const char mark[] = "@SETTINGS@\n";
    struct text page, why;
    size_t len;
    text_init(&page);
    text_init(&why);
    char *template = argc == 2 ? file_read(argv[1], TEMPLATE_MAX, &len, &why) : NULL;
    char *place = template ? strstr(template, mark) : NULL;
    if (!place) {
        fprintf(stderr, "manual TEMPLATE: %s\n", template ? "no line @SETTINGS@" : why.data);
        return 1;
    }
    text_add_n(&page, template, (size_t)(place - template));
    for (size_t i = 0; i < OPTION_COUNT; i++)
        add_setting(&page, &OPTIONS[i]);
    text_add(&page, place + sizeof mark - 1);
    bool failed = fwrite(page.data, 1, page.len, stdout) != page.len || fflush(stdout) != 0;
    mem_free(template);
    text_fini(&page);
    text_fini(&why);
    return failed;
}
