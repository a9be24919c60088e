/* What hark takes: options.def and commands.def as tables, which the parser, the help and docs/man read. */
#ifndef HARK_CLI_TABLES_H
#define HARK_CLI_TABLES_H

#include <stdbool.h>
#include <stddef.h>

enum option {
#define OPTION(id, ...) OPTION_##id,
#include "cli/options.def"
    OPTION_COUNT
};

enum option_kind { OPTION_KIND_FLAG, OPTION_KIND_NUMBER, OPTION_KIND_WORD, OPTION_KIND_VALUE };

/* A row of options.def. */
struct option_info {
    const char *name;
    char letter; /* 0: none */
    enum option_kind kind;
    const char *where; /* letters of the commands it goes with */
    const char *value;
    const char *help;
};
extern const struct option_info option_table[OPTION_COUNT];

/** What it means to the command of that letter. */
const char *option_help(enum option o, char letter);

/* Another name of an option. */
struct option_synonym {
    const char *name; /* NULL ends the table */
    enum option option;
};
extern const struct option_synonym option_synonyms[];
enum {
#define SYNONYM(...) +1
    SYNONYM_COUNT = 0
#include "cli/options.def"
};

/* options.def in its order: titles, and the options below them. */
struct option_row {
    const char *title;  /* NULL: an option */
    enum option option; /* OPTION_COUNT without a title ends the table */
};
extern const struct option_row option_rows[];

enum command {
#define COMMAND(id, ...) COMMAND_##id,
#include "cli/commands.def"
#undef COMMAND
    COMMAND_COUNT, /* so many have options of their own */
    COMMAND_HELP = COMMAND_COUNT,
    COMMAND_VERSION
};

/* A row of commands.def. */
struct command_info {
    const char *word;
    char letter;
    const char *usage; /* what follows the word */
    const char *example;
    const char *help;
};
extern const struct command_info command_table[COMMAND_COUNT];

#define TOPIC_EXIT "exit" /* of hark help, beside the commands */

/* A row of defs/verbs.def. */
struct verb_info {
    const char *name; /* NULL ends the table */
    unsigned most;    /* words that may follow it */
    const char *words, *help;
};
extern const struct verb_info verb_table[];

/** The mnemonic that was perhaps meant by a word in capitals that is none, and was taken for a name: TXTT;
 * NULL if none is near. */
const char *type_meant(const char *word);

/** The command of that word, COMMAND_COUNT if it is none. */
enum command command_find(const char *word);

#endif
