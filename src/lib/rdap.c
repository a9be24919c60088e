#include "lib/rdap.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define ENTITIES_DEPTH_MAX 3u /* a registrar's abuse contact is at the second */
#define ITEMS_MAX 256u        /* looked at of one array */

struct reading {
    struct card *card;
    struct arena *arena;
    bool holder_is_firm;
};

/* ---- members ----
 *
 * A text may have U+0000 in it: card_text() leaves it out as it does other control characters. Words that are
 * compared end there, and so are no more than they look like before it. */

static const char *text_of(struct reading *r, const json_t *value)
{
    return json_is_string(value) ? card_text(json_string_value(value), json_string_length(value), r->arena)
                                 : NULL;
}

static const char *member(struct reading *r, const json_t *object, const char *key)
{
    return text_of(r, json_object_get(object, key));
}

static const char *name_member(struct reading *r, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? card_name(json_string_value(value), json_string_length(value), r->arena)
                                 : NULL;
}

static bool number_of(const json_t *value, uint32_t *out)
{
    json_int_t n = json_integer_value(value);
    *out = (uint32_t)n;
    return json_is_integer(value) && n >= 0 && n <= UINT32_MAX;
}

static size_t items_of(const json_t *array)
{
    size_t n = json_array_size(array); /* 0 of anything else */
    return n < ITEMS_MAX ? n : ITEMS_MAX;
}

static bool has_word(const json_t *array, const char *word)
{
    for (size_t i = 0; i < items_of(array); i++) {
        const char *s = json_string_value(json_array_get(array, i));
        if (s && strcasecmp(s, word) == 0)
            return true;
    }
    return false;
}

/* ---- contacts: jCard (RFC 7095) ---- */

struct contact {
    const char *name, *organisation, *email, *phone, *country, *url;
    bool is_firm, is_hidden;
};

/* adr: a list of seven parts, the country the last; or a parameter "cc" (RFC 8605). */
static void take_country(struct reading *r, struct contact *c, const json_t *property)
{
    card_set(&c->country, member(r, json_array_get(property, 1), "cc"));
    card_set(&c->country, text_of(r, json_array_get(json_array_get(property, 3), 6)));
}

static const char *without_scheme(const char *s, const char *scheme)
{
    size_t n = strlen(scheme);
    if (!s || strncasecmp(s, scheme, n) != 0)
        return s;
    s += n + (s[n] == ' ');
    return *s ? s : NULL;
}

static void take_property(struct reading *r, struct contact *c, const json_t *property)
{
    const char *kind = json_string_value(json_array_get(property, 0));
    const json_t *value = json_array_get(property, 3);
    if (!kind)
        return;
    if (json_is_array(value) && strcasecmp(kind, "adr") != 0)
        value = json_array_get(value, 0);
    if (strcasecmp(kind, "fn") == 0)
        card_set(&c->name, text_of(r, value));
    else if (strcasecmp(kind, "org") == 0)
        card_set(&c->organisation, text_of(r, value));
    else if (strcasecmp(kind, "kind") == 0)
        c->is_firm = json_is_string(value) && strcasecmp(json_string_value(value), "org") == 0;
    else if (strcasecmp(kind, "email") == 0)
        card_set(&c->email, without_scheme(text_of(r, value), "mailto:"));
    else if (strcasecmp(kind, "tel") == 0 &&
             !has_word(json_object_get(json_array_get(property, 1), "type"), "fax"))
        card_set(&c->phone, without_scheme(text_of(r, value), "tel:"));
    else if (strcasecmp(kind, "url") == 0)
        card_set(&c->url, text_of(r, value));
    else if (strcasecmp(kind, "adr") == 0)
        take_country(r, c, property);
}

/* ---- contacts: JSContact (RFC 9553), as RDAP carries it beside or instead of jCard ---- */

/* name: {"full": …}, or parts in order; drafts before the RFC had "fullName". */
static const char *jscontact_name(struct reading *r, const json_t *card)
{
    const json_t *name = json_object_get(card, "name"), *parts = json_object_get(name, "components");
    const char *full = member(r, name, "full");
    struct text t;
    if (!full)
        full = member(r, card, "fullName");
    if (full || !items_of(parts))
        return full;
    text_init(&t);
    for (size_t i = 0; i < items_of(parts); i++) {
        const char *value = member(r, json_array_get(parts, i), "value");
        if (value && t.len < CARD_TEXT_MAX)
            text_printf(&t, "%s%s", t.len ? " " : "", value);
    }
    full = card_text(t.data, t.len, r->arena);
    text_fini(&t);
    return full;
}

static const char *jscontact_country(struct reading *r, const json_t *address)
{
    const json_t *parts = json_object_get(address, "components");
    const char *code = member(r, address, "countryCode");
    for (size_t i = 0; !code && i < items_of(parts); i++) {
        const char *kind = json_string_value(json_object_get(json_array_get(parts, i), "kind"));
        if (kind && strcmp(kind, "country") == 0)
            code = member(r, json_array_get(parts, i), "value");
    }
    return code;
}

/* The first of a map of them, by the order in which it came; a fax machine is nobody to call. */
static void take_jscontact(struct reading *r, struct contact *c, json_t *card)
{
    const char *key;
    json_t *value;
    size_t n = 0;
    card_set(&c->name, jscontact_name(r, card));
    json_object_foreach(json_object_get(card, "organizations"), key, value)
    {
        if (n++ < ITEMS_MAX)
            card_set(&c->organisation, member(r, value, "name"));
    }
    json_object_foreach(json_object_get(card, "emails"), key, value)
    {
        if (n++ < ITEMS_MAX)
            card_set(&c->email, without_scheme(member(r, value, "address"), "mailto:"));
    }
    json_object_foreach(json_object_get(card, "phones"), key, value)
    {
        if (n++ < ITEMS_MAX && !json_is_true(json_object_get(json_object_get(value, "features"), "fax")))
            card_set(&c->phone, without_scheme(member(r, value, "number"), "tel:"));
    }
    json_object_foreach(json_object_get(card, "addresses"), key, value)
    {
        if (n++ < ITEMS_MAX)
            card_set(&c->country, jscontact_country(r, value));
    }
}

/* Before RFC 9537 a value said that it is none: "REDACTED FOR PRIVACY". */
static void drop_hidden(const char **text, bool *is_hidden)
{
    if (!*text || !card_is_hidden(*text))
        return;
    *text = NULL;
    *is_hidden = true;
}

static struct contact contact_of(struct reading *r, const json_t *entity)
{
    struct contact c = {0};
    const json_t *properties = json_array_get(json_object_get(entity, "vcardArray"), 1);
    for (size_t i = 0; i < items_of(properties); i++)
        take_property(r, &c, json_array_get(properties, i));
    take_jscontact(r, &c, json_object_get(entity, "jscard"));
    drop_hidden(&c.organisation, &c.is_hidden);
    drop_hidden(&c.name, &c.is_hidden);
    drop_hidden(&c.country, &c.is_hidden);
    return c;
}

/* ---- entities ---- */

static void take_registrar(struct reading *r, const json_t *entity, const struct contact *c)
{
    struct card *card = r->card;
    const json_t *ids = json_object_get(entity, "publicIds"), *links = json_object_get(entity, "links");
    card_set(&card->registrar, c->name ? c->name : c->organisation);
    card_set(&card->registrar, member(r, entity, "handle"));
    for (size_t i = 0; i < items_of(ids); i++) {
        const char *type = member(r, json_array_get(ids, i), "type");
        if (type && strcasecmp(type, "IANA Registrar ID") == 0)
            card_set(&card->registrar_id, member(r, json_array_get(ids, i), "identifier"));
    }
    for (size_t i = 0; i < items_of(links); i++) {
        const char *rel = member(r, json_array_get(links, i), "rel");
        if (rel && strcasecmp(rel, "about") == 0)
            card_set(&card->registrar_url, member(r, json_array_get(links, i), "href"));
    }
    card_set(&card->registrar_url, c->url);
}

static void take_entities(struct reading *r, const json_t *list, unsigned depth);

static void take_entity(struct reading *r, const json_t *entity, unsigned depth)
{
    struct card *card = r->card;
    const json_t *roles = json_object_get(entity, "roles");
    struct contact c = contact_of(r, entity);
    if (has_word(roles, "registrar"))
        take_registrar(r, entity, &c);
    if (has_word(roles, "registrant")) {
        /* RIPE names who may change the object (a maintainer, "individual") a registrant beside the firm */
        if (card->kind != CARD_DOMAIN && c.is_firm && !r->holder_is_firm)
            card->holder = NULL;
        r->holder_is_firm = r->holder_is_firm || c.is_firm;
        card_set(&card->holder, c.organisation ? c.organisation : c.name);
        if (card->kind != CARD_DOMAIN)
            card_set(&card->holder, member(r, entity, "handle"));
        card_set(&card->country, c.country);
        if (c.is_hidden && !c.organisation && !c.name)
            card_add(&card->redacted, "Registrant");
    }
    if (has_word(roles, "abuse")) {
        card_set(&card->abuse_email, c.email);
        card_set(&card->abuse_phone, c.phone);
    }
    take_entities(r, json_object_get(entity, "entities"), depth + 1);
}

static void take_entities(struct reading *r, const json_t *list, unsigned depth)
{
    for (size_t i = 0; depth < ENTITIES_DEPTH_MAX && i < items_of(list); i++)
        take_entity(r, json_array_get(list, i), depth);
}

/* ---- what all objects have ---- */

static void take_events(struct reading *r, const json_t *list)
{
    for (size_t i = 0; i < items_of(list); i++) {
        const char *action = json_string_value(json_object_get(json_array_get(list, i), "eventAction"));
        const char *date = member(r, json_array_get(list, i), "eventDate");
        if (!action)
            continue;
        if (strcasecmp(action, "registration") == 0)
            card_set(&r->card->created, date);
        else if (strcasecmp(action, "last changed") == 0)
            card_set(&r->card->changed, date);
        else if (strcasecmp(action, "expiration") == 0)
            card_set(&r->card->expires, date);
    }
}

/* With or without parameters. */
static bool is_rdap_type(const char *type)
{
    static const char rdap[] = "application/rdap+json";
    return strncasecmp(type, rdap, sizeof rdap - 1) == 0 && strchr("; ", type[sizeof rdap - 1]);
}

/* Another RDAP server that knows more of the same: the registrar's (RFC 9083 4.2). */
static void take_links(struct reading *r, const json_t *list)
{
    for (size_t i = 0; i < items_of(list); i++) {
        const json_t *link = json_array_get(list, i);
        const char *rel = json_string_value(json_object_get(link, "rel"));
        const char *type = json_string_value(json_object_get(link, "type"));
        if (rel && type && strcasecmp(rel, "related") == 0 && is_rdap_type(type))
            card_set(&r->card->related, member(r, link, "href"));
    }
}

/* RFC 9537 4.2: each has a name, which is an object of a type or a description. */
static void take_redacted(struct reading *r, const json_t *list)
{
    for (size_t i = 0; i < items_of(list); i++) {
        const json_t *name = json_object_get(json_array_get(list, i), "name");
        const char *text = member(r, name, "description");
        card_add(&r->card->redacted, text ? text : member(r, name, "type"));
    }
}

static void take_shared(struct reading *r, const json_t *root)
{
    const json_t *status = json_object_get(root, "status");
    for (size_t i = 0; i < items_of(status); i++)
        card_add(&r->card->status, text_of(r, json_array_get(status, i)));
    r->card->handle = member(r, root, "handle");
    if (r->card->handle && card_is_hidden(r->card->handle))
        r->card->handle = NULL;
    take_events(r, json_object_get(root, "events"));
    take_links(r, json_object_get(root, "links"));
    take_redacted(r, json_object_get(root, "redacted"));
    take_entities(r, json_object_get(root, "entities"), 0);
    card_set(&r->card->referral, name_member(r, root, "port43"));
}

/* ---- the kinds ---- */

static void take_ds(struct reading *r, const json_t *ds)
{
    uint32_t tag, algorithm, digest_type;
    const char *digest = member(r, ds, "digest");
    if (!digest || !number_of(json_object_get(ds, "keyTag"), &tag) ||
        !number_of(json_object_get(ds, "algorithm"), &algorithm) ||
        !number_of(json_object_get(ds, "digestType"), &digest_type))
        return;
    struct text t;
    text_init(&t);
    text_printf(&t, "%u %u %u %s", tag, algorithm, digest_type, digest);
    card_add(&r->card->ds, card_text(t.data, t.len, r->arena));
    text_fini(&t);
}

static void take_domain(struct reading *r, const json_t *root)
{
    struct card *card = r->card;
    const json_t *servers = json_object_get(root, "nameservers"),
                 *dnssec = json_object_get(root, "secureDNS");
    const char *name = name_member(r, root, "ldhName"), *unicode = member(r, root, "unicodeName");
    card->kind = CARD_DOMAIN;
    card->unicode = unicode;
    if (name || unicode)
        card_domain(card, name ? name : unicode, r->arena);
    for (size_t i = 0; i < items_of(servers); i++)
        card_add(&card->servers, name_member(r, json_array_get(servers, i), "ldhName"));
    const json_t *delegated = json_object_get(dnssec, "delegationSigned");
    if (json_is_boolean(delegated))
        card->is_signed = json_is_true(delegated) ? CARD_SIGNED : CARD_UNSIGNED;
    const json_t *ds = json_object_get(dnssec, "dsData");
    for (size_t i = 0; i < items_of(ds); i++)
        take_ds(r, json_array_get(ds, i));
}

static void take_network(struct reading *r, const json_t *root)
{
    const char *first = member(r, root, "startAddress"), *last = member(r, root, "endAddress");
    struct text t;
    r->card->kind = CARD_NETWORK;
    r->card->label = member(r, root, "name");
    r->card->country = member(r, root, "country");
    card_add(
        &r->card->status, member(r, root, "type")); /* "ASSIGNED PA", "IANA-RESERVED": more than "active" */
    text_init(&t);
    if (first && last)
        text_printf(&t, "%s - %s", first, last);
    r->card->name = card_text(t.data, t.len, r->arena);
    text_fini(&t);
}

static void take_asn(struct reading *r, const json_t *root)
{
    uint32_t first, last;
    struct text t;
    r->card->kind = CARD_ASN;
    r->card->label = member(r, root, "name");
    r->card->country = member(r, root, "country");
    text_init(&t);
    if (number_of(json_object_get(root, "startAutnum"), &first))
        text_printf(&t, "AS%u", first);
    if (t.len && number_of(json_object_get(root, "endAutnum"), &last) && last != first)
        text_printf(&t, " - AS%u", last);
    r->card->name = card_text(t.data, t.len, r->arena);
    text_fini(&t);
}

static void take_own_entity(struct reading *r, const json_t *root)
{
    struct contact c = contact_of(r, root);
    r->card->kind = CARD_ENTITY;
    r->card->holder = c.organisation ? c.organisation : c.name;
    r->card->name = member(r, root, "handle");
    r->card->country = c.country;
}

static enum err take_root(struct reading *r, const json_t *root, const char **why)
{
    const char *kind = json_string_value(json_object_get(root, "objectClassName"));
    if (!kind) {
        *why = "its JSON is no object of RDAP";
        return ERR_FORMAT;
    }
    if (strcasecmp(kind, "domain") == 0) {
        take_domain(r, root);
    } else if (strcasecmp(kind, "ip network") == 0) {
        take_network(r, root);
    } else if (strcasecmp(kind, "autnum") == 0) {
        take_asn(r, root);
    } else if (strcasecmp(kind, "entity") == 0) {
        take_own_entity(r, root);
    } else {
        *why = "it answers with an object of another kind";
        return ERR_FORMAT;
    }
    take_shared(r, root);
    return ERR_OK;
}

/* At most 2048 deep. A byte order mark is no JSON, but may be passed over (RFC 8259 8.1), and is sent. */
static json_t *load(const char *body, size_t length, json_error_t *error)
{
    size_t mark = length >= 3 && memcmp(body, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    return json_loadb(body + mark, length - mark, JSON_ALLOW_NUL, error);
}

enum err rdap_read(struct card *out, const char *body, size_t length, struct arena *a, const char **why)
{
    struct reading r = {.card = out, .arena = a};
    json_error_t error;
    *out = (struct card){0};
    json_t *root = load(body, length, &error);
    if (!root) {
        *why = card_text(error.text, strlen(error.text), a);
        return ERR_FORMAT;
    }
    enum err err = take_root(&r, root, why);
    json_decref(root);
    return err;
}

const char *rdap_error(const char *body, size_t length, struct arena *a)
{
    struct reading r = {.arena = a};
    json_error_t error;
    json_t *root = load(body, length, &error);
    const char *title = member(&r, root, "title");
    const char *more = text_of(&r, json_array_get(json_object_get(root, "description"), 0));
    json_decref(root);
    return title ? title : more;
}

int rdap_error_code(const char *body, size_t length)
{
    json_error_t error;
    json_t *root = load(body, length, &error);
    json_int_t code = json_integer_value(json_object_get(root, "errorCode"));
    json_decref(root);
    return code >= 400 && code <= 599 ? (int)code : 0;
}
