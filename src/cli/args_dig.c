#include "cli/args_dig.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/args_check.h"
#include "dns/msg.h"

#define OPTION_OCTETS_MAX 1024u /* of one +ednsopt; a few of them must fit into a UDP message */
#define OPTIONS_MAX 16u         /* fewer than a reader of ours takes (EDNS_OPTIONS_MAX), beside our own */

bool args_dig_on_unless(enum option o)
{
    switch (o) {
    case OPTION_REC:
    case OPTION_EDNS:
    case OPTION_AD:
    case OPTION_BADCOOKIE:
    case OPTION_EDNSNEGOTIATION:
    case OPTION_COMMENTS:
    case OPTION_QUESTION:
    case OPTION_ANSWER:
    case OPTION_AUTHORITY:
    case OPTION_ADDITIONAL:
    case OPTION_STATS:
    case OPTION_TTLID:
    case OPTION_RRCLASS:
    case OPTION_CRYPTO:
    case OPTION_IDNIN:
        return true;
    default:
        return false;
    }
}

void args_dig_set(struct args *a, enum option o, bool on)
{
    static const enum option of_all[] = {OPTION_COMMENTS, OPTION_QUESTION, OPTION_ANSWER, OPTION_AUTHORITY,
        OPTION_ADDITIONAL, OPTION_STATS, OPTION_CMD};
    a->given[o] = true;
    a->on[o] = on;
    for (size_t i = 0; o == OPTION_ALL && i < sizeof of_all / sizeof of_all[0]; i++)
        a->on[of_all[i]] = on;
    if (o == OPTION_IDN)
        a->given[OPTION_IDNOUT] = true;
    if (o == OPTION_IDN)
        a->on[OPTION_IDNIN] = a->on[OPTION_IDNOUT] = on;
}

/* A number in decimal, or in hexadecimal behind 0x. */
static bool read_number(const char *s, size_t len, unsigned long max, unsigned long *out)
{
    char *end;
    if (len == 0 || s[0] < '0' || s[0] > '9')
        return false;
    *out = strtoul(s, &end, strncasecmp(s, "0x", 2) == 0 ? 16 : 10);
    return end == s + len && *out <= max;
}

/* Octets of hexadecimal digits; NULL: they are none, or too many. */
static const uint8_t *read_hex(const char *s, size_t max, size_t *len, struct arena *arena)
{
    uint8_t *octets = arena_alloc(arena, max);
    long n = strpbrk(s, " \t") ? -1 : text_unhex(s, strlen(s), octets, max);
    *len = n < 0 ? 0 : (size_t)n;
    return n < 0 ? NULL : octets;
}

/* By number, or by a name that dig knows too. */
static bool read_option_code(const char *s, size_t len, uint16_t *out)
{
    static const struct {
        const char *name;
        uint16_t code;
    } names[] = {{"NSID", EDNS_NSID}, {"ECS", EDNS_CLIENT_SUBNET}, {"EXPIRE", 9}, {"COOKIE", EDNS_COOKIE},
        {"KEEPALIVE", EDNS_KEEPALIVE}, {"PADDING", EDNS_PADDING}, {"CHAIN", 13}, {"KEY-TAG", EDNS_KEY_TAG},
        {"EDE", EDNS_EDE}};
    unsigned long code;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i].name) == len && strncasecmp(names[i].name, s, len) == 0) {
            *out = names[i].code;
            return true;
        }
    }
    if (!read_number(s, len, UINT16_MAX, &code))
        return false;
    *out = (uint16_t)code;
    return true;
}

/* CODE or CODE:HEX. */
static enum err add_option(struct args *a, const char *value, struct arena *arena, struct text *complaint)
{
    const char *colon = strchr(value, ':');
    size_t code_len = colon ? (size_t)(colon - value) : strlen(value), len = 0;
    struct edns_option o = {0};
    if (!read_option_code(value, code_len, &o.code))
        return args_refuse(
            complaint, "+ednsopt=%s: CODE is a number up to 65535, or NSID, EXPIRE and the like", value);
    if (colon && !(o.data = read_hex(colon + 1, OPTION_OCTETS_MAX, &len, arena)))
        return args_refuse(complaint, "+ednsopt=%s: what follows the colon is hexadecimal, up to %u octets",
            value, OPTION_OCTETS_MAX);
    if (a->edns_option_count == OPTIONS_MAX)
        return args_refuse(complaint, "+ednsopt=%s: %u of them is the most", value, OPTIONS_MAX);
    o.len = (uint16_t)len;
    if (!a->edns_options)
        a->edns_options = ARENA_ARRAY(arena, struct edns_option, OPTIONS_MAX);
    a->edns_options[a->edns_option_count++] = o;
    return ERR_OK;
}

static enum err set_cookie(struct args *a, const char *value, struct arena *arena, struct text *complaint)
{
    a->cookie = read_hex(value, EDNS_COOKIE_MAX, &a->cookie_len, arena);
    if (a->cookie && a->cookie_len)
        return ERR_OK;
    return args_refuse(
        complaint, "+cookie=%s: a cookie is hexadecimal, up to %u octets", value, EDNS_COOKIE_MAX);
}

static enum err set_opcode(struct args *a, const char *value, struct text *complaint)
{
    unsigned long n;
    for (uint16_t o = 0; o < 16; o++) {
        if (opcode_name(o) && strcasecmp(opcode_name(o), value) == 0) {
            a->opcode = o;
            return ERR_OK;
        }
    }
    if (!read_number(value, strlen(value), 15, &n))
        return args_refuse(
            complaint, "+opcode=%s: it is QUERY, STATUS, NOTIFY, UPDATE or a number up to 15", value);
    a->opcode = (uint16_t)n;
    return ERR_OK;
}

/* ADDRESS or ADDRESS#PORT. */
static enum err set_source(struct args *a, const char *value, struct arena *arena, struct text *complaint)
{
    char *address = arena_strdup(arena, value), *mark = strchr(address, '#');
    if (mark)
        *mark = '@';
    struct endpoint from;
    if (endpoint_parse(&from, address, 0) != ERR_OK)
        return args_refuse(complaint, "-b takes an address of this machine, and '%s' is none", value);
    a->source = from.addr;
    a->source_port = from.port;
    return ERR_OK;
}

/* "192.0.2.0/24", "2001:db8::/56", an address; "0" is dig's word for nobody (RFC 7871 7.1.2). */
static enum err set_subnet(struct args *a, const char *value, struct text *complaint)
{
    if (prefix_parse(&a->subnet, strcmp(value, "0") == 0 ? "0.0.0.0/0" : value) == ERR_OK)
        return ERR_OK;
    return args_refuse(complaint, "subnet: '%s' is not a prefix: 192.0.2.0/24, 2001:db8::/56 or 0", value);
}

enum err args_dig_value(
    struct args *a, enum option o, const char *value, struct arena *arena, struct text *complaint)
{
    unsigned long max = o == OPTION_EDNS ? UINT8_MAX : UINT16_MAX, n;
    switch (o) {
    case OPTION_BIND:
        return set_source(a, value, arena, complaint);
    case OPTION_SUBNET:
        return set_subnet(a, value, complaint);
    case OPTION_EDNSOPT:
        return add_option(a, value, arena, complaint);
    case OPTION_COOKIE:
        return set_cookie(a, value, arena, complaint);
    case OPTION_OPCODE:
        return set_opcode(a, value, complaint);
    default:
        break;
    }
    if (!read_number(value, strlen(value), max, &n))
        return args_refuse(complaint, "+%s=%s: %s is a number up to %lu", option_table[o].name, value,
            option_table[o].value, max);
    if (o == OPTION_EDNS)
        a->edns_version = (uint8_t)n;
    else
        a->edns_flags = (uint16_t)n;
    return ERR_OK;
}

static const struct {
    const char *name; /* with a final *: whatever begins so */
    const char *advice;
} habits[] = {
    {"trace", "the walk from the root is: hark trace NAME"},
    {"sigchase", "the chain of trust is checked by: hark trace NAME"},
    {"topdown", "the chain of trust is checked by: hark trace NAME"},
    {"trusted-key", "the chain of trust is checked by: hark trace NAME"},
    {"search", "names are absolute here; the system's search list counts in: hark NAME"},
    {"showsearch", "names are absolute here; the system's search list counts in: hark NAME"},
    {"defname", "names are absolute here; the system's search list counts in: hark NAME"},
    {"domain", "names are absolute here; the system's search list counts in: hark NAME"},
    {"ndots", "names are absolute here; the system's search list counts in: hark NAME"},
    {"yaml", "for programs there is: +json"},
    {"tls*", "hark asks over UDP and TCP"},
    {"https*", "hark asks over UDP and TCP"},
    {"http-*", "hark asks over UDP and TCP"},
    {"quic*", "hark asks over UDP and TCP"},
    {"keepopen", "each question has a connection of its own"},
    {"besteffort", "what cannot be read is no reply, and is counted"},
    {"fail", "any reply ends the look-up, whatever it says"},
    {"expire", "the option by its number: +ednsopt=9"},
    {"dns64prefix", "ask for it: hark ipv4only.arpa AAAA"},
    {"header-only", "hark always asks for something"},
    {"qid", "the ID is random: it is what tells replies from forgeries"},
    {"tcflag", "queries have no use for it; there are +aaflag and +zflag"},
    {"raflag", "queries have no use for it; there are +aaflag and +zflag"},
    {"coflag", "the flag by its bit: +ednsflags=0x4000"},
    {"co", "the flag by its bit: +ednsflags=0x4000"},
    {"showbadcookie", "the refusal itself is shown with: +nobadcookie"},
    {"onesoa", "the SOA that ends a transfer is shown, as it came"},
    {"split", "keys and signatures are on several lines with: +multiline"},
    {"fuzztime", "hark signs no questions (TSIG)"},
    {"dscp", "the system's packet filter can mark packets"},
    {"alignment", "there is: +padding=OCTETS"},
    {"generic", "RDATA as of unknown types: +unknownformat"},
    {"client", "the network of a client: +subnet=192.0.2.0/24"},
    {"zoneversion", "the option by its number: +ednsopt=19"},
    {"proxy*", "hark speaks to name servers themselves"},
    {"svcparamkeycompat", "unknown keys of SVCB are shown as keyNNNNN"},
    {"hexdump", "the message as JSON, with octets in hexadecimal: +json"},
    {"nameserver*", "the server is: @ADDRESS"},
    {"strategy", "each @SERVER is asked; those of resolv.conf in their order"},
    {"query*", "names and types are words: hark NAME TYPE @SERVER"},
    {"debug", "what was sent is shown with: +qr"},
};

static const struct {
    char letter;
    const char *advice;
} letter_habits[] = {
    {'y', "hark signs no questions (TSIG)"},
    {'k', "hark signs no questions (TSIG)"},
    {'r', "hark reads no .digrc; without recursion: +norec"},
    {'a', "all types that a server has: hark NAME ANY"},
    {'l', "a zone as a whole: hark ZONE AXFR @SERVER"},
    {'C', "the zone's SOA at each of its name servers: hark NAME +nssearch"},
    {'d', "what was sent is shown with: +qr"},
    {'n', "the server is: @ADDRESS"},
    {'N', "names are absolute here; the system's search list counts in: hark NAME"},
    {'R', "the patience is: +tries=N"},
    {'T', "over TCP: +tcp"},
    {'w', "the patience is: +time=SECONDS"},
    {'W', "the patience is: +time=SECONDS"},
    {'i', "addresses are looked up in ip6.arpa: -x"},
    {'m', "that is for who debugs dig"},
    {'u', "times are in milliseconds"},
};

const char *args_dig_advice(const char *name)
{
    for (int no = 0; no < 2; no++) {
        for (size_t i = 0; i < sizeof habits / sizeof habits[0]; i++) {
            size_t n = strlen(habits[i].name);
            if (habits[i].name[n - 1] == '*' ? strncmp(habits[i].name, name, n - 1) == 0
                                             : strcmp(habits[i].name, name) == 0)
                return habits[i].advice;
        }
        if (strncmp(name, "no", 2) != 0)
            return NULL;
        name += 2;
    }
    return NULL;
}

const char *args_dig_letter_advice(char letter)
{
    for (size_t i = 0; i < sizeof letter_habits / sizeof letter_habits[0]; i++)
        if (letter_habits[i].letter == letter)
            return letter_habits[i].advice;
    return NULL;
}
