/* Replies are lines "key: value", with keys that each registry names as it likes:
 *
 *   Domain Name: EXAMPLE.COM            ICANN's form (gTLDs), indented or not
 *   nserver:      ns1.example. 192…     RPSL and its likes (IANA, RIPE, APNIC, AFRINIC, many ccTLDs)
 *   Domain name......: example          with dots up to the colon
 *   Name servers:                       Nominet: values on the lines below, until an empty one
 *       dns0.example.uk  192.0.2.1
 *   [Name Server]   ns1.example.jp      JPRS
 *
 * Of a value given twice the first counts: what a query asks for comes first, contacts and routes after it.
 */
#include "lib/whois.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define KEY_MAX 48u     /* longer ones are sentences with a colon in them */
#define LINES_MAX 8192u /* read of a reply */

enum field {
    FIELD_NONE,
    FIELD_NAME,
    FIELD_RANGE,
    FIELD_ASN,
    FIELD_LABEL,
    FIELD_HANDLE,
    FIELD_HOLDER,
    FIELD_ORGANISATION, /* a name (IANA), or the handle whose org-name stands below (RPSL) */
    FIELD_DESCRIPTION,
    FIELD_COUNTRY,
    FIELD_REGISTRAR,
    FIELD_REGISTRAR_ID,
    FIELD_REGISTRAR_URL,
    FIELD_EMAIL,
    FIELD_PHONE,
    FIELD_CREATED,
    FIELD_CHANGED,
    FIELD_EXPIRES,
    FIELD_STATUS,
    FIELD_SERVER,
    FIELD_DNSSEC,
    FIELD_DNSKEY,
    FIELD_DS,
    FIELD_REFERRAL,
    FIELD_COUNT
};

static const struct {
    const char *key;
    enum field field;
} keys[] = {
    {"domain name", FIELD_NAME},
    {"domain", FIELD_NAME},
    {"netrange", FIELD_RANGE},
    {"inetnum", FIELD_RANGE},
    {"inet6num", FIELD_RANGE},
    {"aut-num", FIELD_ASN},
    {"asnumber", FIELD_ASN},
    {"netname", FIELD_LABEL},
    {"as-name", FIELD_LABEL},
    {"asname", FIELD_LABEL},
    {"registry domain id", FIELD_HANDLE},
    {"nethandle", FIELD_HANDLE},
    {"ashandle", FIELD_HANDLE},
    {"registrant organization", FIELD_HOLDER},
    {"registrant organisation", FIELD_HOLDER},
    {"registrant", FIELD_HOLDER},
    {"registrant name", FIELD_HOLDER},
    {"organisation", FIELD_ORGANISATION},
    {"organization", FIELD_HOLDER},
    {"org-name", FIELD_HOLDER},
    {"orgname", FIELD_HOLDER},
    {"owner", FIELD_HOLDER},
    {"holder", FIELD_HOLDER},
    {"descr", FIELD_DESCRIPTION},
    {"country", FIELD_COUNTRY},
    {"registrant country", FIELD_COUNTRY},
    {"registrar", FIELD_REGISTRAR},
    {"sponsoring registrar", FIELD_REGISTRAR},
    {"registrar name", FIELD_REGISTRAR},
    {"registrar iana id", FIELD_REGISTRAR_ID},
    {"registrar url", FIELD_REGISTRAR_URL},
    {"registrar abuse contact email", FIELD_EMAIL},
    {"abuse-mailbox", FIELD_EMAIL},
    {"orgabuseemail", FIELD_EMAIL},
    {"registrar abuse contact phone", FIELD_PHONE},
    {"orgabusephone", FIELD_PHONE},
    {"creation date", FIELD_CREATED},
    {"created", FIELD_CREATED},
    {"created on", FIELD_CREATED},
    {"registered", FIELD_CREATED},
    {"registered on", FIELD_CREATED},
    {"registration date", FIELD_CREATED},
    {"registration time", FIELD_CREATED},
    {"regdate", FIELD_CREATED},
    {"updated date", FIELD_CHANGED},
    {"updated", FIELD_CHANGED},
    {"changed", FIELD_CHANGED},
    {"modified", FIELD_CHANGED},
    {"last modified", FIELD_CHANGED},
    {"last-modified", FIELD_CHANGED},
    {"last updated", FIELD_CHANGED},
    {"last update", FIELD_CHANGED},
    {"registry expiry date", FIELD_EXPIRES},
    {"registrar registration expiration date", FIELD_EXPIRES},
    {"expiration date", FIELD_EXPIRES},
    {"expiration time", FIELD_EXPIRES},
    {"expiry date", FIELD_EXPIRES},
    {"expires", FIELD_EXPIRES},
    {"expires on", FIELD_EXPIRES},
    {"expire", FIELD_EXPIRES},
    {"paid-till", FIELD_EXPIRES},
    {"renewal date", FIELD_EXPIRES},
    {"domain status", FIELD_STATUS},
    {"registration status", FIELD_STATUS},
    {"status", FIELD_STATUS},
    {"state", FIELD_STATUS},
    {"name server", FIELD_SERVER},
    {"name servers", FIELD_SERVER},
    {"nameserver", FIELD_SERVER},
    {"nameservers", FIELD_SERVER},
    {"nserver", FIELD_SERVER},
    {"dnssec", FIELD_DNSSEC},
    {"signed", FIELD_DNSSEC},
    {"dnskey", FIELD_DNSKEY},
    {"dnssec ds data", FIELD_DS},
    {"ds-rdata", FIELD_DS},
    {"ds record", FIELD_DS},
    {"registrar whois server", FIELD_REFERRAL},
    {"whois server", FIELD_REFERRAL},
    {"whois", FIELD_REFERRAL},
    {"refer", FIELD_REFERRAL},
    {"referralserver", FIELD_REFERRAL},
};

/* What registries say instead of a registration. */
static const char *const none_phrases[] = {"no match", "not found", "no data found", "no entries found",
    "no object found", "not been registered", "not registered", "no information available", "nothing found",
    "status: free", "status: available", "returned 0 objects", "does not exist", "no such domain", "is free",
    "is available for registration"};

struct reading {
    struct card *card;
    struct arena *arena;
    enum field block; /* Nominet: whose values the lines below are */
    const char *organisation, *description;
};

static enum field field_of(const char *key, size_t n)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strlen(keys[i].key) == n && strncasecmp(keys[i].key, key, n) == 0)
            return keys[i].field;
    return FIELD_NONE;
}

/* ---- values ---- */

/* "whois://whois.ripe.net:43/x" and the like: the host alone; other schemes and what is no host name are
 * none. */
static const char *host_of(struct reading *r, const char *value)
{
    const char *scheme = strstr(value, "://");
    if (scheme && strncasecmp(value, "whois://", 8) != 0)
        return NULL;
    const char *host = scheme ? scheme + 3 : value;
    size_t n = strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");
    bool ends = host[n] == 0 || strchr(":/ ", host[n]);
    if (!ends || n < 3 || n > NAME_MAX_LEN - 2 || host[0] == '-' || host[0] == '.' || !memchr(host, '.', n))
        return NULL;
    return card_name(host, n, r->arena);
}

static void take_status(struct reading *r, const char *value)
{
    size_t n = strlen(value);
    for (const char *p = value; *p; p++) {
        if (*p == ' ' && (strncmp(p + 1, "http", 4) == 0 || strncmp(p + 1, "(http", 5) == 0)) {
            n = (size_t)(p - value); /* the page that explains it */
            break;
        }
    }
    card_add(&r->card->status, card_text(value, n, r->arena));
}

static void take_server(struct reading *r, const char *value)
{
    size_t n = strcspn(value, " ,");
    if (memchr(value, '.', n))
        card_add(&r->card->servers, card_name(value, n, r->arena));
}

static void take_dnssec(struct reading *r, const char *value)
{
    bool no = strncasecmp(value, "unsigned", 8) == 0 || strcasecmp(value, "no") == 0 ||
              strcasecmp(value, "inactive") == 0;
    bool yes = strncasecmp(value, "signed", 6) == 0 || strcasecmp(value, "yes") == 0 ||
               strcasecmp(value, "active") == 0;
    if (r->card->is_signed == CARD_SIGNED_UNKNOWN)
        r->card->is_signed = yes ? CARD_SIGNED : no ? CARD_UNSIGNED : CARD_SIGNED_UNKNOWN;
}

static void take_asn(struct reading *r, const char *value)
{
    char buf[64];
    bool prefixed = strncasecmp(value, "AS", 2) == 0;
    snprintf(buf, sizeof buf, "%s%.40s", prefixed ? "" : "AS", value);
    card_set(&r->card->name, card_text(buf, strlen(buf), r->arena));
    r->card->kind = r->card->kind == CARD_NONE ? CARD_ASN : r->card->kind;
}

static void take_name(struct reading *r, const char *value, enum card_kind kind)
{
    if (r->card->kind != CARD_NONE)
        return;
    r->card->kind = kind;
    r->card->name = kind == CARD_DOMAIN ? card_name(value, strcspn(value, " "), r->arena) : value;
}

/* Where the text of a field goes that is taken as it is, the first one of each. */
static const size_t text_places[FIELD_COUNT] = {
    [FIELD_LABEL] = offsetof(struct card, label),
    [FIELD_HANDLE] = offsetof(struct card, handle),
    [FIELD_HOLDER] = offsetof(struct card, holder),
    [FIELD_COUNTRY] = offsetof(struct card, country),
    [FIELD_REGISTRAR] = offsetof(struct card, registrar),
    [FIELD_REGISTRAR_ID] = offsetof(struct card, registrar_id),
    [FIELD_REGISTRAR_URL] = offsetof(struct card, registrar_url),
    [FIELD_EMAIL] = offsetof(struct card, abuse_email),
    [FIELD_PHONE] = offsetof(struct card, abuse_phone),
    [FIELD_CREATED] = offsetof(struct card, created),
    [FIELD_CHANGED] = offsetof(struct card, changed),
    [FIELD_EXPIRES] = offsetof(struct card, expires),
};

static void take(struct reading *r, enum field field, const char *value)
{
    struct card *card = r->card;
    switch (field) {
    case FIELD_NAME:
        take_name(r, value, CARD_DOMAIN);
        break;
    case FIELD_RANGE:
        take_name(r, value, CARD_NETWORK);
        break;
    case FIELD_ASN:
        take_asn(r, value);
        break;
    case FIELD_ORGANISATION:
        card_set(&r->organisation, value);
        break;
    case FIELD_DESCRIPTION:
        card_set(&r->description, value);
        break;
    case FIELD_STATUS:
        take_status(r, value);
        break;
    case FIELD_SERVER:
        take_server(r, value);
        break;
    case FIELD_DNSSEC:
        take_dnssec(r, value);
        break;
    case FIELD_DNSKEY:
        card->is_signed = CARD_SIGNED;
        break;
    case FIELD_DS:
        card_add(&card->ds, value);
        card->is_signed = CARD_SIGNED;
        break;
    case FIELD_REFERRAL:
        card_set(&card->referral, host_of(r, value));
        break;
    default:
        if (text_places[field]) /* the first member is no text */
            card_set((const char **)((char *)card + text_places[field]), value);
        break;
    }
}

/* ---- lines ---- */

/* RIPE: % Abuse contact for '192.0.2.0 - 192.0.2.255' is 'abuse@example.net' */
static void take_comment(struct reading *r, const char *line)
{
    const char *abuse = strstr(line, "Abuse contact for '"), *is = abuse ? strstr(abuse, "' is '") : NULL;
    if (is)
        card_set(&r->card->abuse_email, card_text(is + 6, strcspn(is + 6, "'"), r->arena));
}

/* The key before the colon, without the dots and spaces that some put there; 0: the line has none. */
static size_t key_length(const char *line, size_t colon)
{
    while (colon && (line[colon - 1] == '.' || line[colon - 1] == ' '))
        colon--;
    return colon <= KEY_MAX ? colon : 0;
}

static void take_pair(struct reading *r, const char *line, size_t colon)
{
    enum field field = field_of(line, key_length(line, colon));
    const char *value = line + colon + 1;
    value += strspn(value, " ");
    if (field == FIELD_NONE && r->block != FIELD_NONE && *value == 0)
        r->block = FIELD_NONE;
    if (*value == 0)
        r->block = field;
    else if (field != FIELD_NONE)
        take(r, field, value);
}

static void take_line(struct reading *r, const char *line)
{
    size_t colon = strcspn(line, ":");
    if (line[0] == '%' || line[0] == '#' || line[0] == '>') {
        take_comment(r, line);
        return;
    }
    if (line[0] == '[' && strchr(line, ']')) { /* JPRS */
        size_t end = strcspn(line, "]");
        const char *value = line + end + 1 + strspn(line + end + 1, " ");
        if (*value)
            take(r, field_of(line + 1, end - 1), value);
        return;
    }
    if (r->block != FIELD_NONE &&
        (line[colon] == 0 || field_of(line, key_length(line, colon)) == FIELD_NONE)) {
        take(r, r->block, line);
        if (r->block == FIELD_REGISTRAR || r->block == FIELD_HOLDER)
            r->block = FIELD_NONE; /* below the name stand its tag, its URL, its address */
        return;
    }
    if (line[colon] == ':')
        take_pair(r, line, colon);
}

/* Calls for each line, cleaned; NULL for an empty one. False ends it. */
typedef bool line_fn(void *context, const char *line);

static void each_line(const char *reply, size_t length, struct arena *a, line_fn *fn, void *context)
{
    size_t lines = 0;
    for (size_t at = 0; at < length && lines < LINES_MAX; lines++) {
        const char *end = memchr(reply + at, '\n', length - at);
        size_t n = end ? (size_t)(end - reply) - at : length - at;
        if (!fn(context, card_text(reply + at, n, a)))
            return;
        at += n + 1;
    }
}

static bool read_line(void *context, const char *line)
{
    struct reading *r = context;
    if (line)
        take_line(r, line);
    else
        r->block = FIELD_NONE;
    return true;
}

void whois_read(struct card *out, const char *reply, size_t length, struct arena *a)
{
    struct reading r = {.card = out, .arena = a};
    *out = (struct card){0};
    each_line(reply, length, a, read_line, &r);
    card_set(&out->holder, r.organisation);
    if (out->kind == CARD_NETWORK || out->kind == CARD_ASN)
        card_set(&out->holder, r.description);
    bool is_free = out->status.count == 1 && (strcasecmp(out->status.items[0], "free") == 0 ||
                                                 strcasecmp(out->status.items[0], "available") == 0);
    if (is_free)
        out->kind = CARD_NONE;
}

static bool is_none(void *context, const char *line)
{
    bool *found = context;
    for (size_t i = 0; line && i < sizeof none_phrases / sizeof none_phrases[0]; i++)
        *found = *found || strcasestr(line, none_phrases[i]);
    return !*found;
}

bool whois_means_none(const char *reply, size_t length)
{
    struct arena a;
    bool found = false;
    arena_init(&a);
    each_line(reply, length, &a, is_none, &found);
    arena_fini(&a);
    return found;
}

static bool first_words(void *context, const char *line)
{
    const char **said = context;
    size_t skip = line ? strspn(line, "%#>* ") : 0;
    if (line && line[skip])
        *said = line + skip;
    return !*said;
}

const char *whois_said(const char *reply, size_t length, struct arena *a)
{
    const char *said = NULL;
    each_line(reply, length, a, first_words, &said);
    return said;
}

void whois_query(struct text *out, const char *host, enum card_kind kind, const char *target)
{
    if (kind == CARD_DOMAIN && strcmp(host, "whois.denic.de") == 0)
        text_printf(out, "-T dn,ace %s", target);
    else if (kind == CARD_DOMAIN && strcmp(host, "whois.verisign-grs.com") == 0)
        text_printf(out, "domain %s", target);
    else if (kind == CARD_DOMAIN && strcmp(host, "whois.jprs.jp") == 0)
        text_printf(out, "%s/e", target);
    else if (kind == CARD_NETWORK && strcmp(host, "whois.arin.net") == 0)
        text_printf(out, "n %s", target);
    else if (kind == CARD_ASN && strcmp(host, "whois.arin.net") == 0)
        text_printf(out, "a %s", target);
    else
        text_printf(out, "%s%s", kind == CARD_ASN ? "AS" : "", target);
    text_add(out, "\r\n");
}
