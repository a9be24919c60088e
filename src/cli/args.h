/* The command line, in any order: words, @SERVER, +options, -x and --long ones.
 *
 *   hark NAME…                   as the system looks names up
 *   hark NAME… TYPE… [@SERVER]   as DNS does
 *   hark why NAME…               each mechanism of this system, side by side
 *   hark trace NAME… [TYPE…]     the walk from the root
 *   hark mx DOMAIN…              where mail for it goes
 *   hark whois NAME…             who registered a name, an address, an AS number
 *   hark update                  the root's servers and keys, and lists of registries, as IANA has them now
 *   hark ctl [VERB] [-s PATH]    what a running harkd is asked (defs/verbs.def)
 *   hark help [COMMAND|exit]     and hark COMMAND --help, hark --version
 *
 *   hark lookup WORDS, hark query WORDS   the first two where a name equals a command; query is always DNS's
 * form
 *
 * A word is a type if it is a known mnemonic or TYPEn, a class if it is IN, CH or HS, and a name if not. If
 * no word is left as a name then the first is it: `hark ns` looks for the host ns, `hark ns ns` for the NS of
 * ns. With a final dot ("ns.") a word is always a name. A first word in lower case that is a command is the
 * command: `hark mx NAME` plans mail, `hark MX NAME` asks for the type.
 */
#ifndef HARK_CLI_ARGS_H
#define HARK_CLI_ARGS_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/tables.h"
#include "dns/edns.h"

struct args {
    enum command command;
    const char **names; /* as typed; with OPTION_REVERSE addresses */
    size_t name_count;
    uint16_t *types;
    size_t type_count;             /* 0: none was named */
    const char **servers;          /* each without its @ */
    size_t server_count;           /* 0: resolv.conf */
    const char *verb;              /* of ctl */
    const char *const *verb_words; /* what follows it */
    size_t verb_word_count;
    const char *topic;   /* of help: a command's word, TOPIC_EXIT, or NULL: an overview */
    const char *socket;  /* of ctl; NULL: the usual places */
    const char **selves; /* of mx: the asking mail server's own names and addresses */
    size_t self_count;
    const char *host;                 /* of whois: the server to ask; NULL: the registry's */
    const char *authorities;          /* of update: a file of certificates; NULL: ICANN's */
    const char *batch;                /* a file of lines, each of which is looked up; NULL: none */
    const char *svg;                  /* of trace: where its picture goes; NULL: nowhere */
    struct addr source;               /* to ask from; FAMILY_NONE: any */
    uint16_t source_port;             /* 0: any */
    struct edns_option *edns_options; /* of EDNSOPT */
    unsigned edns_option_count;
    const uint8_t *cookie; /* of COOKIE with a value */
    size_t cookie_len;
    uint32_t serial; /* of IXFR=SERIAL */
    uint16_t opcode, edns_flags;
    uint8_t edns_version;
    struct prefix subnet; /* with OPTION_SUBNET */
    uint16_t class;
    uint16_t port;     /* 0: not named */
    const char *place; /* of a batch: "FILE line N"; NULL: the command line */
    int argc;          /* as they came, for +cmd */
    char *const *argv;
    bool given[OPTION_COUNT];
    bool on[OPTION_COUNT];         /* of a FLAG: given last as +name, or not given and on by default */
    uint32_t number[OPTION_COUNT]; /* of a NUMBER */
};

/** argv[1…argc-1]. Lists live in the arena, words are argv's. ERR_FORMAT: `complaint` says in one line what
 * is wrong and what was perhaps meant. */
enum err args_parse(
    struct args *out, int argc, char *const *argv, struct arena *arena, struct text *complaint);

#endif
