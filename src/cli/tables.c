#include "cli/tables.h"

#include <string.h>

#include "base/nearest.h"

const struct option_info option_table[OPTION_COUNT] = {
#define OPTION(id, name, letter, kind, where, value, help)                                                   \
    [OPTION_##id] = {name, letter, OPTION_KIND_##kind, where, value, help},
#include "cli/options.def"
};

const struct option_synonym option_synonyms[] = {
#define SYNONYM(name, id) {name, OPTION_##id},
#include "cli/options.def"
    {NULL, OPTION_COUNT},
};

const struct option_row option_rows[] = {
#define GROUP(title) {title, OPTION_COUNT},
#define OPTION(id, ...) {NULL, OPTION_##id},
#include "cli/options.def"
    {NULL, OPTION_COUNT},
};

static const struct {
    enum option option;
    const char *where, *help;
} other_helps[] = {
#define HELP_FOR(id, where, help) {OPTION_##id, where, help},
#include "cli/options.def"
};

const struct command_info command_table[COMMAND_COUNT] = {
#define COMMAND(id, word, letter, usage, example, help) [COMMAND_##id] = {word, letter, usage, example, help},
#include "cli/commands.def"
#undef COMMAND
};

const struct verb_info verb_table[] = {
#define VERB(name, access, most, words, help) {#name, most, words, help},
#include "defs/verbs.def"
#undef VERB
    {NULL, 0, NULL, NULL},
};

const char *option_help(enum option o, char letter)
{
    for (size_t i = 0; i < sizeof other_helps / sizeof other_helps[0]; i++)
        if (other_helps[i].option == o && strchr(other_helps[i].where, letter))
            return other_helps[i].help;
    return option_table[o].help;
}

static const char *const type_names[] = {
#define RRTYPE(name, ...) #name,
#include "defs/rrtype.def"
#undef RRTYPE
    NULL,
};

const char *type_meant(const char *word)
{
    bool capitals = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == strlen(word);
    return capitals ? nearest_word(word, type_names) : NULL;
}

enum command command_find(const char *word)
{
    int c = 0;
    while (c < COMMAND_COUNT && strcmp(word, command_table[c].word) != 0)
        c++;
    return (enum command)c;
}
