/* Values of WHOIS: what stands in them, and where it goes. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "lib/whois_inner.h"

#define DIGITS "0123456789"

/* "whois://whois.ripe.net:43/x" and the like: the host alone; other schemes and what is no host name are
 * none. */
static const char *host_of(struct reading *r, const char *value)
{
    const char *scheme = strstr(value, "://");
    if (scheme && strncasecmp(value, "whois://", 8) != 0)
        return NULL;
    const char *host = scheme ? scheme + 3 : value;
    size_t n = whois_host_length(host);
    bool ends = host[n] == 0 || strchr(":/ ", host[n]);
    if (!ends || n < 3 || n > NAME_MAX_LEN - 2 || host[0] == '-' || host[0] == '.' || !memchr(host, '.', n) ||
        memchr(host, '_', n))
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

void whois_take_servers(struct reading *r, const char *value)
{
    for (size_t n; *value; value += n) {
        value += strspn(value, " ,;-");
        n = strcspn(value, " ,;([|");
        struct addr address;
        const char *word = card_name(value, n, r->arena);
        if (!word || n == 0)
            return;
        if (addr_parse(&address, word) == ERR_OK)
            continue;
        bool is_host = memchr(value, '.', n) && whois_host_length(value) == n;
        if (!is_host)
            return;
        card_add(&r->card->servers, word);
    }
}

/* A server for .mx and .rs; the name itself for .dk. */
static void take_dns(struct reading *r, const char *value)
{
    const char *word = card_name(value, strlen(value), r->arena);
    if (word && r->card->name && strcmp(word, r->card->name) != 0)
        whois_take_servers(r, value);
}

static void take_dnssec(struct reading *r, const char *value)
{
    static const char *const no[] = {"unsigned", "no", "n", "inactive", "none", "false", "disabled"};
    static const char *const yes[] = {"signed", "signeddelegation", "yes", "y", "active", "true", "enabled"};
    size_t n = strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    if (n == 0 || r->card->is_signed != CARD_SIGNED_UNKNOWN)
        return;
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        if (strlen(no[i]) == n && strncasecmp(value, no[i], n) == 0)
            r->card->is_signed = CARD_UNSIGNED;
        if (strlen(yes[i]) == n && strncasecmp(value, yes[i], n) == 0)
            r->card->is_signed = CARD_SIGNED;
    }
}

/* "12345 13 2 0A1B…". One that goes on in the lines below, in brackets, or names its algorithm (.br) cannot
 * be compared. */
static bool is_whole_ds(const char *value)
{
    for (unsigned number = 0; number < 3; number++) {
        size_t n = strspn(value, DIGITS);
        if (n == 0 || value[n] != ' ')
            return false;
        value += n + 1;
    }
    return *value && value[strspn(value, DIGITS "ABCDEFabcdef ")] == 0;
}

static void take_ds(struct reading *r, const char *value)
{
    if (!strpbrk(value, DIGITS)) /* "none" */
        return;
    r->card->is_signed = CARD_SIGNED;
    if (is_whole_ds(value))
        card_add(&r->card->ds, value);
}

static void take_asn(struct reading *r, const char *value)
{
    char buf[64];
    bool prefixed = strncasecmp(value, "AS", 2) == 0;
    snprintf(buf, sizeof buf, "%s%.40s", prefixed ? "" : "AS", value);
    card_set(&r->card->name, card_text(buf, strlen(buf), r->arena));
    r->card->kind = r->card->kind == CARD_NONE ? CARD_ASN : r->card->kind;
}

static void take_name(struct reading *r, const char *value)
{
    if (r->card->kind == CARD_NONE)
        card_domain(r->card, card_text(value, strcspn(value, " "), r->arena), r->arena);
}

/* The same in A-labels, beside a name in its own script. */
static void take_ace(struct reading *r, const char *value)
{
    bool is_host = value[whois_host_length(value)] == 0 && strchr(value, '.');
    if (is_host && (r->card->kind == CARD_NONE || r->card->kind == CARD_DOMAIN))
        card_domain(r->card, value, r->arena);
}

/* "192.0.2.0 - 192.0.2.255", "192.0.2.0/24": first address and last. */
static bool range_of(const char *text, struct addr *first, struct addr *last)
{
    char buf[ADDR_TEXT_LEN];
    struct prefix p;
    size_t n = strcspn(text, " -"), gap = strspn(text + n, " -");
    if (n >= sizeof buf)
        return false;
    memcpy(buf, text, n);
    buf[n] = 0;
    if (prefix_parse(&p, buf) != ERR_OK)
        return false;
    *first = *last = p.addr;
    for (size_t bit = p.bits; bit < 8 * addr_len(last); bit++)
        last->ip[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
    const char *end = text + n + gap;
    n = strcspn(end, " ");
    if (*end == 0 || n >= sizeof buf || *end == '(')
        return true;
    memcpy(buf, end, n);
    buf[n] = 0;
    return addr_parse(last, buf) == ERR_OK;
}

/* Is the range x within y, and smaller? */
static bool is_within(const char *x, const char *y)
{
    struct addr x_first, x_last, y_first, y_last;
    if (!range_of(x, &x_first, &x_last) || !range_of(y, &y_first, &y_last) ||
        x_first.family != y_first.family)
        return false;
    int low = memcmp(x_first.ip, y_first.ip, sizeof x_first.ip),
        high = memcmp(x_last.ip, y_last.ip, sizeof x_last.ip);
    return low >= 0 && high <= 0 && (low > 0 || high < 0);
}

/* Of networks around each other, as ARIN sends them, the smallest is the card. What a route below one has is
 * the route's alone. */
static void take_range(struct reading *r, const char *value, bool is_route)
{
    struct card *card = r->card;
    if (is_route && card->kind != CARD_NONE) {
        r->passed_over = true;
    } else if (card->kind == CARD_NETWORK && card->name) {
        r->passed_over = !is_within(value, card->name) && strcmp(value, card->name) != 0;
        if (is_within(value, card->name)) {
            *card = (struct card){.referral = card->referral};
            r->organisation = r->description = r->holder_handle = NULL;
        }
    }
    if (card->kind != CARD_NONE)
        return;
    card->kind = CARD_NETWORK;
    card->name = value;
}

/* "HOST 20200102 (Changed)", "who@example 20200102": the date, of many lines the last. */
static void take_changed(struct reading *r, const char *value)
{
    bool has_who = strchr(value, '@') || strstr(value, " AT ");
    size_t n = 0;
    const char *date = NULL;
    for (const char *p = value; has_who && *p; p += n ? n : 1) {
        n = strspn(p, DIGITS);
        if (n == 8)
            date = card_text(p, n, r->arena);
    }
    if (date)
        r->card->changed = date;
    else if (!has_who)
        card_set(&r->card->changed, value);
}

/* "Example Ltd. ( https://registrar.example/ )", "Example Corp.(http://registrar.example)" */
void whois_take_registrar(struct reading *r, const char *value)
{
    const char *url = strstr(value, "http");
    size_t at = url ? (size_t)(url - value) : 0, n = at;
    while (n > 0 && (value[n - 1] == ' ' || value[n - 1] == '('))
        n--;
    if (n == 0 || !memchr(value + n, '(', at - n)) {
        card_set(&r->card->registrar, value);
        return;
    }
    card_set(&r->card->registrar, card_text(value, n, r->arena));
    card_set(&r->card->registrar_url, card_text(url, strcspn(url, " )"), r->arena));
}

/* Where the text of a field goes that is taken as it is, the first one of each. */
static const size_t text_places[FIELD_COUNT] = {
    [FIELD_LABEL] = offsetof(struct card, label),
    [FIELD_HANDLE] = offsetof(struct card, handle),
    [FIELD_HOLDER] = offsetof(struct card, holder),
    [FIELD_COUNTRY] = offsetof(struct card, country),
    [FIELD_REGISTRAR_ID] = offsetof(struct card, registrar_id),
    [FIELD_REGISTRAR_URL] = offsetof(struct card, registrar_url),
    [FIELD_EMAIL] = offsetof(struct card, abuse_email),
    [FIELD_PHONE] = offsetof(struct card, abuse_phone),
    [FIELD_CREATED] = offsetof(struct card, created),
    [FIELD_EXPIRES] = offsetof(struct card, expires),
};

/* Of what is a name itself: hidden.example is no excuse. */
static bool is_name(enum field field)
{
    return field == FIELD_NAME || field == FIELD_ACE || field == FIELD_LABEL || field == FIELD_SERVER ||
           field == FIELD_DNS || field == FIELD_REFERRAL;
}

void whois_take(struct reading *r, enum field field, const char *value)
{
    struct card *card = r->card;
    bool is_empty = !value || !*value || strcmp(value, "-") == 0;
    if (is_empty || (r->passed_over && field != FIELD_RANGE))
        return;
    if (!is_name(field) && card_is_hidden(value)) {
        r->hidden = r->hidden || field == FIELD_HOLDER || field == FIELD_ORGANISATION;
        return;
    }
    switch (field) {
    case FIELD_NAME:
        take_name(r, value);
        break;
    case FIELD_ACE:
        take_ace(r, value);
        break;
    case FIELD_RANGE:
    case FIELD_ROUTE:
        take_range(r, value, field == FIELD_ROUTE);
        break;
    case FIELD_ASN:
        take_asn(r, value);
        break;
    case FIELD_HOLDER_HANDLE:
        card_set(&r->holder_handle, value);
        break;
    case FIELD_ORGANISATION:
        if (strncasecmp(value, "ORG-", 4) != 0)
            card_set(&r->organisation, value);
        break;
    case FIELD_DESCRIPTION:
        card_set(&r->description, value);
        break;
    case FIELD_REGISTRAR:
        whois_take_registrar(r, value);
        break;
    case FIELD_CHANGED:
        take_changed(r, value);
        break;
    case FIELD_STATUS:
        take_status(r, value);
        break;
    case FIELD_SERVER:
        whois_take_servers(r, value);
        break;
    case FIELD_DNS:
        take_dns(r, value);
        break;
    case FIELD_DNSSEC:
        take_dnssec(r, value);
        break;
    case FIELD_DNSKEY:
        card->is_signed = CARD_SIGNED;
        break;
    case FIELD_DS:
        take_ds(r, value);
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
