#include "cli/whois_target.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/idn.h"
#include "lib/registry_files.h"
#include "lib/reverse.h"

#define TARGET_MAX 300u /* octets of what is asked for */
#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* ---- AS numbers ---- */

enum asn { ASN, ASN_TOO_LARGE, ASN_NONE };

/* "64500", "AS64500", "AS1.10" (RFC 5396). AS and digits is nothing else, though it could be a name; a name
 * of a number and a number is none. */
static enum asn asn_of(uint32_t *out, const char *word)
{
    bool prefixed = strncasecmp(word, "AS", 2) == 0;
    const char *digits = prefixed ? word + 2 : word;
    size_t n = strspn(digits, DIGITS);
    const char *low = prefixed && digits[n] == '.' ? digits + n + 1 : NULL;
    size_t low_n = low ? strspn(low, DIGITS) : 0;
    if (n == 0 || (low ? !low_n || low[low_n] : digits[n]))
        return ASN_NONE;
    unsigned long long high = strtoull(digits, NULL, 10), rest = low ? strtoull(low, NULL, 10) : 0;
    unsigned long long most = low ? UINT16_MAX : UINT32_MAX;
    if (n > 10 || low_n > 10 || high > most || rest > most)
        return prefixed ? ASN_TOO_LARGE : ASN_NONE;
    *out = (uint32_t)(low ? high << 16 | rest : high);
    return ASN;
}

static void take_asn(struct whois_target *out, uint32_t asn, struct arena *a)
{
    out->kind = CARD_ASN;
    out->asked = arena_printf(a, "%u", asn);
    out->registry = registry_find(&(struct registry_key){.kind = BOOTSTRAP_ASN, .asn = asn}, a);
}

/* ---- addresses ---- */

/* RFC 9082 3.1.1: the prefix's own address, without the octets of a host in it. */
static void take_prefix(struct whois_target *out, const struct prefix *p, bool alone, struct arena *a)
{
    char buf[ADDR_TEXT_LEN];
    out->kind = CARD_NETWORK;
    out->asked = alone ? arena_strdup(a, addr_text(&p->addr, buf))
                       : arena_printf(a, "%s/%u", addr_text(&p->addr, buf), p->bits);
    struct registry_key key = {
        .kind = p->addr.family == FAMILY_V4 ? BOOTSTRAP_IPV4 : BOOTSTRAP_IPV6, .addr = p->addr};
    out->registry = registry_find(&key, a);
}

static bool read_address(struct whois_target *out, const char *word, struct arena *a)
{
    struct prefix prefix;
    size_t n = strlen(word);
    if (n > 2 && word[0] == '[' && word[n - 1] == ']') { /* as in a URL */
        char *inner = arena_strdup(a, word + 1);
        inner[n - 2] = 0;
        word = inner;
    }
    if (prefix_parse(&prefix, word) != ERR_OK)
        return false;
    take_prefix(out, &prefix, !strchr(word, '/'), a);
    return true;
}

/* ---- handles ---- */

/* What follows its last hyphen is a registry's tag (RFC 8521). */
static bool read_handle(struct whois_target *out, const char *word, struct arena *a)
{
    if (strspn(word, LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS "-_") != strlen(word))
        return false;
    out->registry = registry_find(&(struct registry_key){.kind = BOOTSTRAP_TAGS, .name = word}, a);
    if (!out->registry.rdap)
        return false;
    out->kind = CARD_ENTITY;
    out->asked = arena_strdup(a, word);
    return true;
}

/* ---- names ---- */

/* Only host names are registered: nothing else may reach a URL or the line of a query. */
static const char *why_no_host_name(const char *word, const char *name, struct arena *a)
{
    size_t good = strspn(name, LETTERS DIGITS "-_.");
    const char *last = strrchr(name, '.'), *at = strrchr(word, '@');
    if (name[good] && at && at[1])
        return arena_printf(a, "look up the domain of a mail address: hark whois %s", at + 1);
    if (name[good] && strpbrk(word, " \t\r\n"))
        return "there is white space in it";
    if (name[good])
        return arena_printf(
            a, "names that are registered have no '%.*s'", name[good] == '\\' ? 4 : 1, name + good);
    if (name[0] == '-')
        return "it begins with a hyphen";
    if (last && last[1 + strspn(last + 1, DIGITS)] == 0)
        return "no name ends in a number; a block of addresses is written 192.0.2.0/24";
    return NULL;
}

/* Who has an address's name in reverse form asks for the addresses: their registration is the one that says
 * whose they are, and it is found from any name below it. */
static bool read_reverse(struct whois_target *out, const char *name, struct arena *a)
{
    struct prefix prefix;
    if (!reverse_prefix(&prefix, name))
        return false;
    out->reverse = arena_strdup(a, name);
    take_prefix(out, &prefix, prefix.bits == 8 * addr_len(&prefix.addr), a);
    return true;
}

static const char *read_domain(struct whois_target *out, const char *word, struct arena *a)
{
    name_t name[NAME_MAX_LEN];
    struct text t;
    char buf[NAME_TEXT_LEN];
    text_init(&t);
    const char *why = idn_to_name(name, word, &t) == ERR_OK ? NULL : arena_strdup(a, t.data);
    text_fini(&t);
    if (why)
        return why;
    if (name_is_root(name))
        return "nobody registers the root";
    name_lower(name);
    name_text(name, buf);
    buf[strlen(buf) - 1] = 0;
    why = why_no_host_name(word, buf, a);
    if (why || read_reverse(out, buf, a))
        return why;
    out->kind = CARD_DOMAIN;
    out->asked = arena_strdup(a, buf);
    out->registry = registry_find(&(struct registry_key){.kind = BOOTSTRAP_DNS, .name = out->asked}, a);
    return NULL;
}

const char *whois_target_read(struct whois_target *out, const char *word, struct arena *a)
{
    uint32_t asn;
    *out = (struct whois_target){0};
    if (strlen(word) > TARGET_MAX * 4)
        return "it is too long";
    enum asn what = asn_of(&asn, word);
    if (what == ASN_TOO_LARGE)
        return "AS numbers end at 4294967295";
    if (what == ASN)
        take_asn(out, asn, a);
    if (what == ASN || read_address(out, word, a) || read_handle(out, word, a))
        return NULL;
    return read_domain(out, word, a);
}
