/* A reply is lines "key: value", with keys that each registry names as it likes (defs/whois.def):
 *
 *   Domain Name: EXAMPLE.COM            ICANN's form (gTLDs), indented or not
 *   nserver:      ns1.example. 192…     RPSL and its likes (IANA, RIPE, APNIC, AFRINIC, many ccTLDs)
 *   Domain name......: example          with dots up to the colon
 *   Name servers:                       Nominet: values on the lines below, until an empty one
 *       dns0.example.uk  192.0.2.1
 *   a. [Name Server]   ns1.example.jp   JPRS, JPNIC; the letter for some names
 *
 * What a key means depends on what it is about: a line by itself begins a section ("Registrant",
 * "** Registrar:", "[Holder]", "% Registrar:"), a paragraph that begins with certain keys is a person or a
 * firm with a handle, which the registration names. All else is of the registration itself. Of a value given
 * twice the first counts: what a query asks for comes first, contacts and routes after it.
 */
#include "lib/whois.h"

#include <string.h>
#include <strings.h>

#include "lib/whois_inner.h"

#define KEY_MAX 48u /* longer ones are sentences with a colon in them */

struct word {
    const char *text;
    int means;
};

static const struct word keys[] = {
#define WHOIS_KEY(key, field) {key, FIELD_##field},
#include "defs/whois.def"
    {NULL, FIELD_NONE},
};
static const struct word parts[] = {
#define WHOIS_CONTACT(key, part) {key, PART_##part},
#include "defs/whois.def"
    {NULL, PART_UNKNOWN},
};
static const struct word sections[] = {
#define WHOIS_SECTION(heading, role) {heading, ROLE_##role},
#include "defs/whois.def"
    {NULL, -1},
};
static const struct word objects[] = {
#define WHOIS_OBJECT(key, part) {key, PART_##part},
#include "defs/whois.def"
    {NULL, PART_UNKNOWN},
};
static const struct word sentences[] = {
#define WHOIS_SENTENCE(words, field) {words, FIELD_##field},
#include "defs/whois.def"
    {NULL, FIELD_NONE},
};

/* What n octets mean in a table; where there is none, what its last row says. */
static int meaning(const struct word *words, const char *text, size_t n)
{
    while (words->text && (strlen(words->text) != n || strncasecmp(words->text, text, n) != 0))
        words++;
    return words->means;
}

/* ---- contacts ---- */

static const char *name_of(const struct contact *c)
{
    return c->parts[PART_ORGANISATION] ? c->parts[PART_ORGANISATION] : c->parts[PART_NAME];
}

static void take_part(struct reading *r, enum part part, const char *value)
{
    bool is_name = part == PART_NAME || part == PART_ORGANISATION;
    if (strcmp(value, "-") == 0)
        return;
    if (!card_is_hidden(value))
        card_set(&r->contact.parts[part], value);
    else if (is_name && r->role == ROLE_HOLDER)
        r->hidden = true;
}

/* The section or object is over: what was read of it goes where it belongs. */
static void end_contact(struct reading *r)
{
    struct card *card = r->card;
    struct contact *c = &r->contact;
    if (r->role == ROLE_HOLDER) {
        card_set(&card->holder, name_of(c));
        card_set(&card->country, c->parts[PART_COUNTRY]);
    } else if (r->role == ROLE_REGISTRAR) {
        if (name_of(c))
            whois_take_registrar(r, name_of(c));
        card_set(&card->registrar_url, c->parts[PART_URL]);
    } else if (r->role == ROLE_ABUSE) {
        card_set(&card->abuse_email, c->parts[PART_EMAIL]);
        card_set(&card->abuse_phone, c->parts[PART_PHONE]);
    } else if (r->role == ROLE_OBJECT && r->contact_count < CONTACTS_MAX) {
        r->contacts[r->contact_count++] = *c;
    }
    *c = (struct contact){0};
    r->role = ROLE_SUBJECT;
    r->block = FIELD_NONE;
}

static void begin(struct reading *r, enum role role)
{
    end_contact(r);
    r->role = role;
    r->fresh = true;
}

/* A registration may name its holder or registrar by a handle. */
static const struct contact *contact_of(const struct reading *r, const char *handle)
{
    for (size_t i = 0; handle && i < r->contact_count; i++) {
        const char *its = r->contacts[i].parts[PART_HANDLE], *name = r->contacts[i].parts[PART_NAME];
        if ((its && strcasecmp(its, handle) == 0) || (!its && name && strcasecmp(name, handle) == 0))
            return r->contacts + i;
    }
    return NULL;
}

static void resolve_handles(struct reading *r)
{
    struct card *card = r->card;
    const struct contact *holder = contact_of(r, r->holder_handle ? r->holder_handle : card->holder);
    const struct contact *registrar = contact_of(r, card->registrar);
    if (holder && name_of(holder)) {
        card->holder = name_of(holder);
        card_set(&card->country, holder->parts[PART_COUNTRY]);
    }
    if (registrar && name_of(registrar))
        card->registrar = name_of(registrar);
    if (registrar)
        card_set(&card->registrar_url, registrar->parts[PART_URL]);
}

/* ---- lines ---- */

/* "Registrant:", "** Registrant:", "Registrant", "[Registrant]": is it a heading? One that means nothing is
 * of somebody else's if it says "contact", and ends what was before it where a paragraph begins so. */
static bool take_heading(struct reading *r, const char *line, size_t key, bool has_colon)
{
    int role = meaning(sections, line, key);
    bool unknown = role < 0 && has_colon && meaning(keys, line, key) == FIELD_NONE &&
                   meaning(parts, line, key) == PART_UNKNOWN;
    if (unknown)
        role = strcasestr(line, "contact") ? ROLE_OTHER : ROLE_SUBJECT;
    if (role < 0 ||
        (!r->begins && (role == ROLE_OTHER || unknown))) /* a field without a value: "Reseller:" */
        return false;
    begin(r, (enum role)role);
    return true;
}

/* RIPE: % Abuse contact for '192.0.2.0 - 192.0.2.255' is 'abuse@example.net' */
static void take_comment(struct reading *r, const char *line)
{
    const char *abuse = strstr(line, "Abuse contact for '"), *is = abuse ? strstr(abuse, "' is '") : NULL;
    line += strspn(line, "%# ");
    size_t n = strcspn(line, ":");
    if (is)
        r->abuse = card_text(is + 6, strcspn(is + 6, "'"), r->arena);
    else if (line[n] && line[n + 1] == 0 && meaning(sections, line, n) >= 0)
        begin(r, (enum role)meaning(sections, line, n)); /* .ua */
}

static void take_plain(struct reading *r, const char *line)
{
    if (r->role == ROLE_SERVERS)
        whois_take_servers(r, line);
    else if (r->role == ROLE_KEYS && strpbrk(line, "0123456789")) /* else .be's farewell, below no keys */
        r->card->is_signed = CARD_SIGNED;
    else if (r->role == ROLE_ABUSE)
        take_part(r, strchr(line, '@') ? PART_EMAIL : PART_PHONE, line);
    else if ((r->role == ROLE_HOLDER || r->role == ROLE_REGISTRAR) && r->fresh)
        take_part(r, PART_NAME, line); /* below it stand the address, a tag, … */
    else if (r->role == ROLE_SUBJECT && r->block != FIELD_NONE)
        whois_take(r, r->block, line);
}

/* "Record created on 2005-04-15 21:43:27" */
static bool take_sentence(struct reading *r, const char *line)
{
    for (const struct word *s = sentences; s->text; s++) {
        size_t n = strlen(s->text);
        if (strncasecmp(line, s->text, n) == 0) {
            whois_take(r, (enum field)s->means, line + n + strspn(line + n, " "));
            return true;
        }
    }
    return false;
}

/* Columns, for .ch: a key, and a tab or many spaces before its value. */
static bool take_columns(struct reading *r, const char *raw, size_t length)
{
    size_t end = 0, gap;
    while (end < length && raw[end] != '\t' && raw[end] != ':' &&
           (length - end < 3 || memcmp(raw + end, "   ", 3) != 0))
        end++;
    for (gap = end; gap < length && (raw[gap] == ' ' || raw[gap] == '\t');)
        gap++;
    enum field field = (enum field)meaning(keys, raw, end);
    bool is_pair = end > 0 && gap > end && gap < length && raw[gap] != ':' && raw[gap] != '\r';
    if (!is_pair || field == FIELD_NONE || r->role != ROLE_SUBJECT)
        return false;
    const char *value = card_text(raw + gap, length - gap, r->arena);
    whois_take(r, field, value);
    return true;
}

/* True if that is what the key is for where it stands. */
static bool take_in_section(struct reading *r, const char *line, size_t key, const char *value)
{
    enum part part = (enum part)meaning(parts, line, key);
    if (r->role == ROLE_OTHER)
        return true;
    if (r->role == ROLE_REGISTRAR && meaning(keys, line, key) == FIELD_REGISTRAR)
        part = PART_NAME; /* .fi, .ua */
    if (r->role == ROLE_KEYS && *value) {
        r->card->is_signed = CARD_SIGNED;
        return true;
    }
    if (r->role == ROLE_SERVERS && part == PART_NAME) { /* .tn */
        whois_take_servers(r, value);
        return true;
    }
    if (r->role == ROLE_SUBJECT || r->role == ROLE_SERVERS || r->role == ROLE_KEYS || part == PART_UNKNOWN)
        return false;
    if (*value && part != PART_NONE)
        take_part(r, part, value);
    return true;
}

/* "contact: EX1-EXAMPLE": a paragraph that is about somebody. The first one is not, whatever it begins with.
 */
static bool take_object(struct reading *r, const char *line, size_t key, const char *value)
{
    enum part part = (enum part)meaning(objects, line, key);
    bool is_first =
        r->card->kind == CARD_NONE || (!r->card->registrar && strncasecmp(line, "registrar", key) == 0);
    if (!r->begins || part == PART_UNKNOWN || (is_first && part != PART_NONE))
        return false;
    begin(r, part == PART_NONE ? ROLE_OTHER : ROLE_OBJECT);
    if (*value && part != PART_NONE)
        take_part(r, part, value);
    return true;
}

static void take_pair(struct reading *r, const char *line, size_t key, const char *value)
{
    enum field field = (enum field)meaning(keys, line, key);
    if (*value == 0 && take_heading(r, line, key, true))
        return;
    if (*value == 0 && r->begins && field != FIELD_NONE)
        end_contact(r);
    if (take_object(r, line, key, value) || take_in_section(r, line, key, value))
        return;
    if (field == FIELD_NONE && *value && (r->block == FIELD_SERVER || r->role == ROLE_SERVERS))
        whois_take_servers(r, line); /* an IPv6 address after a server's name */
    else if (*value == 0)
        r->block = field;
    else if (field != FIELD_NONE && (r->role != ROLE_OBJECT || field == FIELD_EMAIL)) {
        whois_take(r, field, value);
        r->block = field == FIELD_SERVER ? field : FIELD_NONE; /* .pl: others below */
    }
}

/* The key without what some put around it: "** Domain Name", "a. [Domain Name]", "Created on....", "Name
 * (English)". *value is what follows; NULL: the line is no pair. */
static const char *key_of(const char *line, size_t *length, const char **value)
{
    bool lettered = line[0] && strncmp(line + 1, ". [", 3) == 0;
    const char *key = line + (lettered ? 3 : strncmp(line, "** ", 3) == 0 ? 3 : 0);
    bool bracketed = key[0] == '[' && strchr(key, ']');
    size_t n = strcspn(key, bracketed ? "]" : ":");
    *value = key[n] ? key + n + 1 + strspn(key + n + 1, " ") : NULL;
    if (bracketed) {
        size_t skip = 1 + strspn(key + 1, " ");
        key += skip;
        n = n > skip ? n - skip : 0;
    }
    const char *bracket = memchr(key, '(', n);
    n = bracket && bracket > key ? (size_t)(bracket - key) : n;
    while (n && (key[n - 1] == '.' || key[n - 1] == ' '))
        n--;
    *length = n;
    return key;
}

static void take_line(struct reading *r, const char *line, const char *raw, size_t length)
{
    const char *value;
    size_t n;
    if (line[0] == '%' || line[0] == '#' || line[0] == '>') {
        take_comment(r, line);
        return;
    }
    bool is_rule = line[strspn(line, "-=*_ ")] == 0;
    if (is_rule || take_sentence(r, line) || take_columns(r, raw, length))
        return;
    const char *key = key_of(line, &n, &value);
    if (value && n > 0 && n <= KEY_MAX)
        take_pair(r, key, n, value);
    else if (value || !take_heading(r, key, n, false))
        take_plain(r, line);
    r->fresh = r->fresh && ((value && *value == 0) || meaning(sections, key, n) >= 0);
}

static bool read_line(void *context, const char *line, const char *raw, size_t length)
{
    struct reading *r = context;
    if (line)
        take_line(r, line, raw, length);
    else if (r->role != ROLE_SUBJECT && !r->fresh)
        end_contact(r);
    r->block = line ? r->block : FIELD_NONE;
    r->begins = !line;
    return true;
}

void whois_read(struct card *out, const char *reply, size_t length, struct arena *a)
{
    struct reading r = {.card = out, .arena = a, .begins = true};
    *out = (struct card){0};
    whois_each_line(reply, length, a, read_line, &r);
    end_contact(&r);
    resolve_handles(&r);
    if (r.abuse)
        out->abuse_email = r.abuse;
    card_set(&out->holder, r.organisation);
    card_set(&out->holder, r.description);
    if (r.hidden && !out->holder)
        card_add(&out->redacted, "Registrant");
    for (size_t i = 0; i < out->status.count; i++)
        if (whois_is_free(out->status.items[i]))
            out->kind = CARD_NONE;
}
