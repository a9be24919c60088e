#include "cli/args.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "base/nearest.h"
#include "cli/args_check.h"
#include "cli/args_dig.h"
#include "dns/rr.h"
#include "dns/rrtype.h"

#define VERB_WORD_MAX 1100u /* a name has at most 1,016 characters, all escaped */

static const char *const verbs[] = {
#define VERB(name, access, most, words, help) #name,
#include "defs/verbs.def"
#undef VERB
    NULL,
};

/* The bounds of NUMBER options. */
struct range {
    uint32_t min, max;
};

static struct range number_range(enum option o)
{
    switch (o) {
    case OPTION_BUFSIZE:
        return (struct range){512, 65535}; /* RFC 6891 6.2.3: less than 512 counts as 512 */
    case OPTION_TIME:
        return (struct range){1, 60};
    case OPTION_TIMEOUT:
        return (struct range){1, 3600};
    case OPTION_RETRY:
        return (struct range){0, 9};
    case OPTION_PADDING:
        return (struct range){1, 512}; /* RFC 8467 4 has blocks of 128 for queries and 468 for replies */
    default:
        return (struct range){1, 10};
    }
}

struct parse {
    struct args *args;
    struct arena *arena;
    struct text *complaint;
    char *const *argv;
    int argc, at;
    const char **words;
    size_t word_count;
};

/* plus: behind a "+", which WORD options do not take. */
static int find_option(const char *name, size_t len, bool plus)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if ((!plus || option_table[i].kind != OPTION_KIND_WORD) && strlen(option_table[i].name) == len &&
            memcmp(option_table[i].name, name, len) == 0)
            return i;
    for (const struct option_synonym *s = option_synonyms; s->name; s++)
        if (strlen(s->name) == len && memcmp(s->name, name, len) == 0)
            return (int)s->option;
    return -1;
}

static enum err unknown_option(struct parse *p, const char *arg, const char *sign)
{
    const char *names[OPTION_COUNT + SYNONYM_COUNT + 1];
    size_t n = 0;
    for (int i = 0; i < OPTION_COUNT; i++)
        if (*sign == '-' || option_table[i].kind != OPTION_KIND_WORD)
            names[n++] = option_table[i].name;
    for (size_t i = 0; option_synonyms[i].name; i++)
        names[n++] = option_synonyms[i].name;
    names[n] = NULL;
    char *bare = arena_strdup(p->arena, arg + strlen(sign));
    bare[strcspn(bare, "=")] = 0;
    const char *near = nearest_word(bare, names);
    const char *no = "";
    if (!near && strncmp(bare, "no", 2) == 0 && (near = nearest_word(bare + (bare[2] == '-' ? 3 : 2), names)))
        no = *sign == '-' ? "no-" : "no";
    const char *advice = args_dig_advice(bare);
    if (advice)
        return args_refuse(p->complaint, "hark has no %s; %s", arg, advice);
    text_printf(p->complaint, "unknown option %s", arg);
    if (near)
        text_printf(p->complaint, "; did you mean %s%s%s?", sign, no, near);
    else
        text_add(p->complaint, "; see: hark help");
    return ERR_FORMAT;
}

static enum err set_number(struct parse *p, enum option o, const char *value, const char *arg)
{
    struct range r = number_range(o);
    char *end;
    unsigned long v = strtoul(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end || v < r.min || v > r.max)
        return args_refuse(
            p->complaint, "%s: %s is a number from %u to %u", arg, option_table[o].value, r.min, r.max);
    p->args->number[o] = (uint32_t)v;
    return ERR_OK;
}

static bool is_forbidden_type(uint16_t type)
{
    return type == TYPE_NONE || type == TYPE_OPT || type == TYPE_TSIG;
}

/* What stands behind IXFR=; NULL: the word is no such. */
static const char *serial_in(const char *word)
{
    return strncasecmp(word, "IXFR=", 5) == 0 ? word + 5 : NULL;
}

static enum err add_incremental(struct parse *p, const char *word, const char *serial)
{
    char *end;
    unsigned long long n = strtoull(serial, &end, 10);
    if (serial[0] < '0' || serial[0] > '9' || *end || n > UINT32_MAX)
        return args_refuse(p->complaint, "%s: a serial is a number up to %u", word, UINT32_MAX);
    for (size_t i = 0; i < p->args->type_count; i++)
        if (p->args->types[i] == TYPE_IXFR && p->args->serial != n)
            return args_refuse(p->complaint, "%s: one serial at a time", word);
    p->args->serial = (uint32_t)n;
    p->args->types[p->args->type_count++] = TYPE_IXFR;
    return ERR_OK;
}

static enum err add_type(struct parse *p, const char *word)
{
    struct args *a = p->args;
    uint16_t type;
    const char *serial = serial_in(word);
    if (serial)
        return add_incremental(p, word, serial);
    if (rrtype_from_text(&type, word, strlen(word)) != ERR_OK)
        return args_refuse(p->complaint, "unknown record type '%s'; by number: TYPE65", word);
    if (is_forbidden_type(type))
        return args_refuse(
            p->complaint, "%s is not a type to ask for; %s", word, "it is part of messages, not data");
    if (type == TYPE_IXFR)
        return args_refuse(p->complaint, "%s needs the serial that is held: IXFR=2026112301", word);
    a->types[a->type_count++] = type;
    return ERR_OK;
}

static enum err set_word(struct parse *p, enum option o, const char *value)
{
    char *end;
    unsigned long v;
    switch (o) {
    case OPTION_TYPE:
        return add_type(p, value);
    case OPTION_CLASS:
        if (rrclass_from_text(&p->args->class, value, strlen(value)) == ERR_OK)
            return ERR_OK;
        return args_refuse(p->complaint, "unknown class '%s'; known are IN, CH, HS and CLASSn", value);
    case OPTION_SVG:
        p->args->svg = value;
        return ERR_OK;
    case OPTION_SOCKET:
        p->args->socket = value;
        return ERR_OK;
    case OPTION_SELF:
        p->args->selves[p->args->self_count++] = value;
        return ERR_OK;
    case OPTION_HOST:
        p->args->host = value;
        return ERR_OK;
    case OPTION_CA:
        p->args->authorities = value;
        return ERR_OK;
    case OPTION_TIMEOUT:
        return set_number(p, o, value, "--timeout");
    case OPTION_BATCH:
        p->args->batch = value;
        return ERR_OK;
    case OPTION_QUESTIONNAME:
        p->args->names[p->args->name_count++] = value;
        return ERR_OK;
    case OPTION_BIND:
    case OPTION_SUBNET:
    case OPTION_EDNSOPT:
    case OPTION_EDNSFLAGS:
    case OPTION_OPCODE:
        return args_dig_value(p->args, o, value, p->arena, p->complaint);
    case OPTION_EXIT:
        if (strcmp(value, "dig") == 0)
            return ERR_OK;
        return args_refuse(p->complaint, "--exit-compat knows dig, not '%s'", value);
    default:
        v = strtoul(value, &end, 10);
        if (value[0] < '0' || value[0] > '9' || *end || v < 1 || v > 65535)
            return args_refuse(p->complaint, "'%s' is not a port: 1 to 65535", value);
        p->args->port = (uint16_t)v;
        return ERR_OK;
    }
}

static enum err no_value(struct parse *p, const char *arg, enum option o)
{
    return args_refuse(p->complaint, "%s needs a value: %s", arg, option_table[o].value);
}

/* +nosubnet, +notime: as if it had not been given. */
static void take_back(struct args *a, enum option o)
{
    a->given[o] = false;
    if (o == OPTION_SUBNET)
        a->subnet = (struct prefix){0};
    else if (o == OPTION_EDNSOPT)
        a->edns_option_count = 0;
    else if (o == OPTION_EDNSFLAGS)
        a->edns_flags = 0;
    else if (o == OPTION_OPCODE)
        a->opcode = 0;
}

static enum err apply(struct parse *p, enum option o, bool on, const char *value, const char *arg)
{
    const struct option_info *info = &option_table[o];
    p->args->given[o] = true;
    if (info->kind == OPTION_KIND_FLAG) {
        if (value && on && !info->value[0])
            return args_refuse(
                p->complaint, "%s: %s takes no value; the opposite is +no%s", arg, info->name, info->name);
        if (value && !on)
            return args_refuse(p->complaint, "%s: no%s takes no value", arg, info->name);
        args_dig_set(p->args, o, on);
        return value ? args_dig_value(p->args, o, value, p->arena, p->complaint) : ERR_OK;
    }
    if (!on) {
        take_back(p->args, o);
        return ERR_OK;
    }
    if (!value || !*value)
        return no_value(p, arg, o);
    return info->kind == OPTION_KIND_NUMBER ? set_number(p, o, value, arg) : set_word(p, o, value);
}

/* +name, +noname, +name=N. */
static enum err parse_plus(struct parse *p, const char *arg)
{
    const char *name = arg + 1, *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);
    bool on = true;
    int o = find_option(name, len, true);
    if (o < 0 && len > 2 && strncmp(name, "no", 2) == 0) {
        o = find_option(name + 2, len - 2, true);
        on = false;
        if (o >= 0 && equals)
            o = -1;
    }
    if (o < 0)
        return unknown_option(p, arg, "+");
    return apply(p, (enum option)o, on, equals ? equals + 1 : NULL, arg);
}

/* --name, --no-name (and --noname), --name=VALUE, --name VALUE. */
static enum err parse_long(struct parse *p, const char *arg)
{
    const char *name = arg + 2, *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);
    bool on = true;
    int o = find_option(name, len, false);
    if (o < 0 && len > 2 && strncmp(name, "no", 2) == 0) {
        size_t skip = name[2] == '-' ? 3 : 2;
        o = find_option(name + skip, len - skip, false);
        on = false;
        if (o >= 0 && (option_table[o].kind == OPTION_KIND_WORD || equals))
            o = -1;
    }
    if (o < 0)
        return unknown_option(p, arg, "--");
    const char *value = equals ? equals + 1 : NULL;
    if (!value && on && option_table[o].kind != OPTION_KIND_FLAG && p->at + 1 < p->argc)
        value = p->argv[++p->at];
    return apply(p, (enum option)o, on, value, arg);
}

/* After the word whois, -h is the host to ask, as it is of whois(1). */
static int find_letter(const struct parse *p, char letter)
{
    int o = 0;
    if (letter == 'h' && p->word_count && strcmp(p->words[0], "whois") == 0)
        return OPTION_HOST;
    while (o < OPTION_COUNT && option_table[o].letter != letter)
        o++;
    return o;
}

/* nslookup's -type=MX would be the type "ype=MX", and -query=MX a name. */
static bool is_of_nslookup(const char *arg)
{
    static const char *const words[] = {"-type=", "-query=", "-querytype=", "-class=", "-port=", "-timeout="};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strncmp(arg, words[i], strlen(words[i])) == 0)
            return true;
    return false;
}

/* -4, several in one (-4x), and -p5300 or -p 5300. */
static enum err parse_letters(struct parse *p, const char *arg)
{
    if (is_of_nslookup(arg)) {
        text_printf(
            p->complaint, "%s is nslookup's; here: hark NAME TYPE @SERVER -p PORT +time=SECONDS", arg);
        return ERR_FORMAT;
    }
    for (const char *c = arg + 1; *c; c++) {
        int o = find_letter(p, *c);
        if (o == OPTION_COUNT) {
            const char *advice = args_dig_letter_advice(*c);
            if (advice)
                text_printf(p->complaint, "hark has no -%c; %s", *c, advice);
            else
                text_printf(p->complaint, "unknown option -%c%s%s; see: hark help", *c, arg[2] ? " in " : "",
                    arg[2] ? arg : "");
            return ERR_FORMAT;
        }
        if (option_table[o].kind == OPTION_KIND_FLAG) {
            p->args->given[o] = p->args->on[o] = true;
            continue;
        }
        const char *value = c[1] ? c + 1 : p->at + 1 < p->argc ? p->argv[++p->at] : NULL;
        return apply(p, (enum option)o, true, value, arg);
    }
    return ERR_OK;
}

static enum err parse_arg(struct parse *p, const char *arg, bool words_only)
{
    if (!words_only && arg[0] == '@') {
        p->args->servers[p->args->server_count++] = arg + 1;
        return ERR_OK;
    }
    if (!words_only && arg[0] == '+')
        return parse_plus(p, arg);
    bool of_verb = p->word_count > 1 && strcmp(p->words[0], "ctl") == 0 && strcmp(arg, "--zone") == 0;
    if (!words_only && p->word_count > 2 && strcmp(p->words[0], "ctl") == 0 && strcmp(arg, "--all") == 0)
        arg = "all"; /* flush --zone ZONE makes fingers type it */
    if (!words_only && arg[0] == '-' && arg[1] == '-' && !of_verb)
        return parse_long(p, arg);
    if (!words_only && arg[0] == '-' && arg[1] && !of_verb)
        return parse_letters(p, arg);
    if (!arg[0])
        return args_refuse(p->complaint, "an empty argument; the root is \".\"");
    p->words[p->word_count++] = arg;
    return ERR_OK;
}

static bool is_type(const char *word)
{
    uint16_t type;
    return serial_in(word) || rrtype_from_text(&type, word, strlen(word)) == ERR_OK;
}

/* As dig takes them, in upper case alone: in lower case in and ch are top-level domains. */
static bool is_class(const char *word)
{
    return strcmp(word, "IN") == 0 || strcmp(word, "CH") == 0 || strcmp(word, "HS") == 0;
}

static enum err take_words(struct parse *p, size_t first)
{
    struct args *a = p->args;
    size_t names = a->name_count; /* those of -q */
    for (size_t i = first; i < p->word_count; i++)
        names += !is_type(p->words[i]) && !is_class(p->words[i]);
    for (size_t i = first; i < p->word_count; i++) {
        const char *word = p->words[i];
        bool may_be_name = !names && !a->batch && i == first;
        if (!may_be_name && is_class(word)) {
            rrclass_from_text(&a->class, word, strlen(word));
            a->given[OPTION_CLASS] = true;
        } else if (may_be_name || !is_type(word)) {
            a->names[a->name_count++] = word;
        } else if (add_type(p, word) != ERR_OK) {
            return ERR_FORMAT;
        }
    }
    return ERR_OK;
}

/* Does anything of what was given make it a question in DNS's terms? */
static bool asks_dns(const struct args *a)
{
    if (a->type_count || a->server_count)
        return true;
    for (int o = 0; o < OPTION_COUNT; o++)
        if (a->given[o] && !strchr(option_table[o].where, 's'))
            return true;
    return false;
}

/* The verb that the word may follow: cache, of flush. */
static const char *verb_before(const char *word)
{
    size_t len = strlen(word);
    if (word[0] < 'a' || word[0] > 'z') /* NAME and the like */
        return NULL;
    for (const struct verb_info *v = verb_table; v->name; v++)
        for (const char *w = v->words; *(w += strspn(w, " |[]")); w += strcspn(w, " |[]"))
            if (strcspn(w, " |[]") == len && memcmp(w, word, len) == 0)
                return v->name;
    return NULL;
}

static enum err take_verb(struct parse *p)
{
    struct args *a = p->args;
    a->verb = p->word_count > 1 ? p->words[1] : "help";
    a->verb_words = p->words + 2;
    a->verb_word_count = p->word_count > 2 ? p->word_count - 2 : 0;
    if (a->server_count)
        return args_refuse(
            p->complaint, "ctl asks the harkd of this host, not @%s; another socket: -s PATH", a->servers[0]);
    for (size_t i = 0; i < a->verb_word_count; i++)
        if (strlen(a->verb_words[i]) > VERB_WORD_MAX)
            return args_refuse(
                p->complaint, "%.40s... is too long for a name or anything else", a->verb_words[i]);
    if (strcmp(a->verb, "help") == 0 && a->verb_word_count <= 1)
        return args_check_places(p->args, p->complaint);
    for (size_t i = 0; verbs[i]; i++)
        if (strcmp(a->verb, verbs[i]) == 0) {
            if (a->verb_word_count <= verb_table[i].most)
                return args_check_places(p->args, p->complaint);
            text_printf(p->complaint, "%s is too much: ", a->verb_words[verb_table[i].most]);
            if (verb_table[i].most)
                text_printf(p->complaint, "%s is followed by %s", a->verb, verb_table[i].words);
            else
                text_printf(p->complaint, "%s stands alone", a->verb);
            return ERR_FORMAT;
        }
    const char *near = nearest_word(a->verb, verbs), *outer = verb_before(a->verb);
    text_printf(p->complaint, "harkd knows no '%s'; ", a->verb);
    if (outer)
        return args_refuse(p->complaint, "did you mean %s %s?", outer, a->verb);
    if (near)
        text_printf(p->complaint, "did you mean %s?", near);
    for (size_t i = 0; verbs[i] && !near; i++)
        text_printf(p->complaint, "%s%s", i == 0 ? "it knows: " : ", ", verbs[i]);
    return ERR_FORMAT;
}

static enum err take_nothing(struct parse *p)
{
    if (p->args->server_count)
        return args_refuse(p->complaint, "update asks IANA, not @%s; leave it out", p->args->servers[0]);
    if (p->word_count == 1)
        return args_check(p->args, p->complaint);
    return args_refuse(p->complaint, "update takes no name, and %s is one", p->words[1]);
}

/* mx and whois: every word is something to look up, none is a record type. */
static enum err take_targets(struct parse *p)
{
    struct args *a = p->args;
    for (size_t i = 1; i < p->word_count; i++)
        a->names[a->name_count++] = p->words[i];
    if (a->name_count || a->batch)
        return args_check(p->args, p->complaint);
    return args_refuse(p->complaint, "%s",
        a->command == COMMAND_MX ? "mx of what? hark mx DOMAIN or USER@DOMAIN; the record type: hark NAME MX"
                                 : "whois of what? hark whois NAME, ADDRESS or AS number");
}

/* hark help [COMMAND|exit] */
static enum err take_topic(struct parse *p)
{
    const char *words[COMMAND_COUNT + 2] = {NULL};
    p->args->command = COMMAND_HELP;
    if (p->word_count == 1)
        return ERR_OK;
    p->args->topic = p->words[1];
    if (p->word_count == 2 &&
        (command_find(p->args->topic) < COMMAND_COUNT || strcmp(p->args->topic, TOPIC_EXIT) == 0))
        return ERR_OK;
    for (int c = 0; c < COMMAND_COUNT; c++)
        words[c] = command_table[c].word;
    words[COMMAND_COUNT] = TOPIC_EXIT;
    const char *near = nearest_word(p->args->topic, words);
    if (p->word_count > 2)
        text_add(p->complaint, "one help at a time");
    else if (near)
        text_printf(p->complaint, "no help on '%s'; did you mean %s?", p->args->topic, near);
    else
        text_printf(p->complaint, "no help on '%s'", p->args->topic);
    for (size_t i = 0; words[i] && !(near && p->word_count == 2); i++)
        text_printf(p->complaint, "%s%s", i == 0 ? "; there is: hark help " : "|", words[i]);
    return ERR_FORMAT;
}

static enum err finish(struct parse *p)
{
    struct args *a = p->args;
    enum command command = p->word_count ? command_find(p->words[0]) : COMMAND_COUNT;
    size_t first = command < COMMAND_COUNT;
    if (first)
        a->command = command;
    if (a->on[OPTION_HELP] || a->on[OPTION_VERSION]) {
        a->topic = first ? p->words[0] : NULL;
        a->command = a->on[OPTION_HELP] ? COMMAND_HELP : COMMAND_VERSION;
        return ERR_OK;
    }
    if (p->word_count && strcmp(p->words[0], "help") == 0)
        return take_topic(p);
    if (a->command == COMMAND_CTL)
        return take_verb(p);
    if (a->command == COMMAND_UPDATE)
        return take_nothing(p);
    if (a->command == COMMAND_MX || a->command == COMMAND_WHOIS)
        return take_targets(p);
    if (take_words(p, first) != ERR_OK)
        return ERR_FORMAT;
    if (a->name_count == 0 && !a->batch)
        return args_refuse(p->complaint, "%s; see: hark help",
            a->command == COMMAND_TRACE ? "trace what? hark trace NAME [TYPE]"
            : a->command == COMMAND_WHY ? "why what? hark why NAME"
                                        : "which name? hark NAME [TYPE...] [@SERVER]");
    if (a->on[OPTION_REVERSE] && args_check_addresses(p->args, p->complaint) != ERR_OK)
        return ERR_FORMAT;
    if (a->command == COMMAND_SYSTEM && asks_dns(a))
        a->command = COMMAND_ASK;
    return args_check(p->args, p->complaint);
}

enum err args_parse(
    struct args *out, int argc, char *const *argv, struct arena *arena, struct text *complaint)
{
    *out = (struct args){.class = CLASS_IN};
    size_t n = argc > 0 ? (size_t)argc : 1;
    out->names = ARENA_ARRAY(arena, const char *, n);
    out->types = ARENA_ARRAY(arena, uint16_t, n);
    out->selves = ARENA_ARRAY(arena, const char *, n);
    out->servers = ARENA_ARRAY(arena, const char *, n);
    out->argc = argc;
    out->argv = argv;
    for (int o = 0; o < OPTION_COUNT; o++)
        out->on[o] = args_dig_on_unless((enum option)o);
    struct parse p = {.args = out, .arena = arena, .complaint = complaint, .argv = argv, .argc = argc};
    p.words = ARENA_ARRAY(arena, const char *, n);
    bool words_only = false;
    for (p.at = 1; p.at < argc; p.at++) {
        const char *arg = argv[p.at];
        if (!words_only && strcmp(arg, "--") == 0) {
            words_only = true;
            continue;
        }
        enum err err = parse_arg(&p, arg, words_only);
        if (err)
            return err;
    }
    return finish(&p);
}
