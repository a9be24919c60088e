#include "cli/args_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/address.h"
#include "dns/rrtype.h"

enum err args_refuse(struct text *complaint, const char *format, ...)
{
    char *s = NULL;
    va_list ap;
    va_start(ap, format);
    if (vasprintf(&s, format, ap) >= 0)
        text_add(complaint, s);
    va_end(ap);
    free(s);
    return ERR_FORMAT;
}

/* As people call it, and as they find its help. */
static const char *command_said(enum command c)
{
    return c == COMMAND_SYSTEM ? "hark NAME" : c == COMMAND_ASK ? "hark NAME TYPE" : command_table[c].word;
}

/* "+tcp goes with hark NAME TYPE, not with trace" */
static void say_misplaced(const struct args *a, struct text *complaint, const struct option_info *o)
{
    const char *sign = o->kind == OPTION_KIND_WORD ? "--" : "+", *before = "";
    text_printf(complaint, "%s%s goes with ", sign, o->name);
    for (int c = 0; c < COMMAND_COUNT; c++) {
        if (strchr(o->where, command_table[c].letter)) {
            text_printf(complaint, "%s%s", before, command_said((enum command)c));
            before = ", ";
        }
    }
    text_printf(complaint, ", not with %s; see: hark help %s", command_said(a->command),
        command_table[a->command].word);
}

enum err args_check_places(const struct args *a, struct text *complaint)
{
    for (int o = 0; o < OPTION_COUNT; o++) {
        if (a->given[o] && !strchr(option_table[o].where, command_table[a->command].letter)) {
            say_misplaced(a, complaint, &option_table[o]);
            return ERR_FORMAT;
        }
    }
    return ERR_OK;
}

/* What is copied out of a browser. No name has "://" in it, though DNS would carry one. */
static bool is_url(const struct args *a, const char *name, struct text *complaint)
{
    const char *host = strstr(name, "://"), *user;
    if (!host)
        return false;
    host += 3;
    if ((user = memchr(host, '@', strcspn(host, "/?#"))))
        host = user + 1;
    host += host[0] == '[';
    size_t len = strcspn(host, host[-1] == '[' ? "]" : ":/?#");
    text_printf(complaint, "%s is a URL; look up the name in it: hark %s%s%.*s", name,
        a->command == COMMAND_SYSTEM || a->command == COMMAND_ASK ? "" : command_table[a->command].word,
        a->command == COMMAND_SYSTEM || a->command == COMMAND_ASK ? "" : " ", (int)len, host);
    return true;
}

enum err args_check(const struct args *a, struct text *complaint)
{
    if (a->on[OPTION_IPV4] && a->on[OPTION_IPV6])
        return args_refuse(complaint, "-4 and -6 together leave nothing; without both, both are used");
    if (a->on[OPTION_RDAP] && a->on[OPTION_WHOIS])
        return args_refuse(
            complaint, "+rdap and +whois together leave nothing; without both, RDAP comes first");
    if (!a->on[OPTION_EDNS] &&
        (a->on[OPTION_DNSSEC] || a->on[OPTION_NSID] || a->on[OPTION_COOKIE] || a->given[OPTION_SUBNET] ||
            a->given[OPTION_EDNSOPT] || a->given[OPTION_EDNSFLAGS]))
        return args_refuse(complaint, "+%s needs EDNS; leave +noedns out",
            a->on[OPTION_NSID]         ? "nsid"
            : a->on[OPTION_DNSSEC]     ? "dnssec"
            : a->on[OPTION_COOKIE]     ? "cookie"
            : a->given[OPTION_SUBNET]  ? "subnet"
            : a->given[OPTION_EDNSOPT] ? "ednsopt"
                                       : "ednsflags");
    if (a->server_count && (a->command == COMMAND_TRACE || a->command == COMMAND_WHY))
        return args_refuse(complaint, "%s, not @%s; leave it out",
            a->command == COMMAND_TRACE ? "trace asks the zones' own name servers"
                                        : "why asks the servers of this system",
            a->servers[0]);
    for (size_t i = 0; i < a->type_count && a->command != COMMAND_ASK; i++) {
        if (a->types[i] == TYPE_AXFR || a->types[i] == TYPE_IXFR)
            return args_refuse(complaint, "a zone as a whole is asked of one server: hark ZONE AXFR @SERVER");
    }
    for (size_t i = 0; i < a->name_count; i++)
        if (is_url(a, a->names[i], complaint))
            return ERR_FORMAT;
    return args_check_places(a, complaint);
}

enum err args_check_addresses(const struct args *a, struct text *complaint)
{
    for (size_t i = 0; i < a->name_count; i++) {
        name_t name[NAME_MAX_LEN];
        struct text why;
        text_init(&why);
        enum err err = address_question(name, a->names[i], true, &why);
        text_fini(&why);
        if (err)
            return args_refuse(
                complaint, "-x takes addresses, and '%s' is none: 192.0.2.1 or 2001:db8::1", a->names[i]);
    }
    return ERR_OK;
}
