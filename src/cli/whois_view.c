#include "cli/whois_view.h"

#include <string.h>
#include <strings.h>

#include "dns/record.h"

#define COLUMN_VALUE 14u

static void put_line(struct out *out, enum out_style style, const char *label, const char *value)
{
    out_label(out, label, COLUMN_VALUE);
    out_words(out, style, value);
    out_end(out);
}

static void put_field(struct out *out, const char *label, const char *value)
{
    if (value)
        put_line(out, STYLE_PLAIN, label, value);
}

static void put_list(struct out *out, enum out_style style, const char *label, const struct card_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        put_line(out, style, i ? "" : label, list->items[i]);
}

/* "A, B" or "A (B)" of two that may be missing. */
static void put_two(struct out *out, const char *label, const char *first, const char *second)
{
    struct text t;
    if (!first && !second)
        return;
    text_init(&t);
    text_printf(&t, "%s%s%s", first ? first : "", first && second ? ", " : "", second ? second : "");
    put_line(out, STYLE_PLAIN, label, t.data);
    text_fini(&t);
}

static void put_registrar(struct out *out, const struct card *c)
{
    struct text t;
    if (!c->registrar)
        return;
    text_init(&t);
    text_add(&t, c->registrar);
    if (c->registrar_id)
        text_printf(&t, " (IANA %s)", c->registrar_id);
    put_line(out, STYLE_PLAIN, "registrar", t.data);
    text_fini(&t);
    put_field(out, "", c->registrar_url);
}

static void put_dnssec(struct out *out, const struct card *c)
{
    if (c->is_signed == CARD_UNSIGNED)
        put_line(out, STYLE_PLAIN, "DNSSEC", "unsigned");
    if (c->is_signed == CARD_SIGNED)
        put_line(out, STYLE_PLAIN, "DNSSEC", "signed");
    for (size_t i = 0; i < c->ds.count; i++)
        put_line(
            out, STYLE_PLAIN, i == 0 && c->is_signed == CARD_SIGNED_UNKNOWN ? "DNSSEC" : "", c->ds.items[i]);
}

/* RFC 9537: often twenty of them. */
static void put_redacted(struct out *out, const struct card_list *list)
{
    struct text t;
    if (list->count == 0)
        return;
    text_init(&t);
    for (size_t i = 0; i < list->count; i++)
        text_printf(&t, "%s%s", i ? ", " : "", list->items[i]);
    out_put(out, STYLE_DIM, "  redacted");
    out_wrapped(out, STYLE_DIM, COLUMN_VALUE, t.data);
    text_fini(&t);
}

static void put_card(struct out *out, const struct card *c)
{
    if (c->unicode && strcmp(c->unicode, c->name ? c->name : "") != 0)
        put_line(out, STYLE_PLAIN, "name", c->unicode);
    put_field(out, "label", c->label);
    put_two(out, "holder", c->holder, c->country);
    put_registrar(out, c);
    put_field(out, "created", c->created);
    put_field(out, "changed", c->changed);
    put_field(out, "expires", c->expires);
    put_list(out, STYLE_PLAIN, "status", &c->status);
    put_list(out, STYLE_PLAIN, "servers", &c->servers);
    put_dnssec(out, c);
    put_two(out, "abuse", c->abuse_email, c->abuse_phone);
    put_redacted(out, &c->redacted);
}

static void put_dns(struct out *out, const struct whois_result *r)
{
    const struct whois_dns *d = &r->dns;
    if (d->delegation == DELEGATION_UNKNOWN) {
        put_line(out, STYLE_DIM, "DNS now", "nobody could be asked");
        return;
    }
    out_label(out, "DNS now", COLUMN_VALUE);
    out_words(out, STYLE_DIM, d->asked);
    out_words(
        out, STYLE_DIM, d->delegation == DELEGATION_NONE ? " does not delegate it" : " delegates it to");
    out_end(out);
    put_list(out, STYLE_PLAIN, "", &d->servers);
    for (size_t i = 0; i < d->ds.count; i++) {
        out_column(out, COLUMN_VALUE);
        out_words(out, STYLE_PLAIN, "DS ");
        out_words(out, STYLE_PLAIN, d->ds.items[i]);
        out_end(out);
    }
    if (d->delegation == DELEGATION_THERE && d->ds_known && d->ds.count == 0)
        put_line(out, STYLE_PLAIN, "", "no DS");
    if (r->differences.count == 0)
        put_line(out, STYLE_GOOD, "", "as the register has it");
    put_list(out, STYLE_WARN, "differs", &r->differences);
}

/* The name that was asked for, where the card is another's: one above it, or whatever the register sent. */
static void put_wanted(struct out *out, const struct whois_result *r)
{
    const char *name = r->card.name;
    if (r->reverse) {
        out_label(out, "asked for", COLUMN_VALUE);
        out_words(out, STYLE_PLAIN, r->reverse);
        out_put(out, STYLE_DIM, ", which belongs to ");
        out_line(out, STYLE_DIM, "%s", r->wanted);
        return;
    }
    if (r->card.kind != CARD_DOMAIN || !name || strcasecmp(name, r->wanted) == 0)
        return;
    size_t n = strlen(name), len = strlen(r->wanted);
    bool below = len > n && r->wanted[len - n - 1] == '.' && strcasecmp(r->wanted + len - n, name) == 0;
    out_label(out, "asked for", COLUMN_VALUE);
    out_words(out, below ? STYLE_PLAIN : STYLE_WARN, r->wanted);
    out_line(out, STYLE_DIM, below ? ", which is below it" : ", and the register sent this");
}

static void view_text(struct out *out, const struct whois_result *r)
{
    bool found = r->card.kind != CARD_NONE;
    out_words(out, STYLE_STRONG, found && r->card.name ? r->card.name : r->asked);
    out_put(out, STYLE_PLAIN, ": ");
    out_line(out, found ? STYLE_GOOD : STYLE_BAD, "%s", found ? "registered" : "not registered");
    if (found || r->reverse)
        put_wanted(out, r);
    if (found)
        put_card(out, &r->card);
    for (size_t i = 0; i < r->source_count; i++)
        put_line(out, STYLE_DIM, i ? "" : "source", r->sources[i].url);
    put_list(out, STYLE_WARN, "note", &r->notes);
    if (r->has_dns)
        put_dns(out, r);
}

/* ---- JSON ---- */

static void set_list(json_t *j, const char *key, const struct card_list *list)
{
    json_object_set_new(j, key, record_texts(list->items, list->count));
}

static json_t *json_dns(const struct whois_result *r)
{
    static const char *const words[] = {
        [DELEGATION_UNKNOWN] = "unknown", [DELEGATION_NONE] = "none", [DELEGATION_THERE] = "there"};
    json_t *j = json_object();
    json_object_set_new(j, "delegation", json_string(words[r->dns.delegation]));
    record_set_text(j, "asked", r->dns.asked);
    set_list(j, "servers", &r->dns.servers);
    if (r->dns.ds_known)
        set_list(j, "ds", &r->dns.ds);
    set_list(j, "differences", &r->differences);
    return j;
}

static void set_card(json_t *j, const struct card *c)
{
    static const char *const kinds[] = {
        [CARD_DOMAIN] = "domain", [CARD_NETWORK] = "network", [CARD_ASN] = "asn", [CARD_ENTITY] = "entity"};
    json_object_set_new(j, "kind", json_string(kinds[c->kind]));
    record_set_text(j, "name", c->name);
    record_set_text(j, "unicode_name", c->unicode);
    record_set_text(j, "label", c->label);
    record_set_text(j, "handle", c->handle);
    record_set_text(j, "holder", c->holder);
    record_set_text(j, "country", c->country);
    record_set_text(j, "registrar", c->registrar);
    record_set_text(j, "registrar_id", c->registrar_id);
    record_set_text(j, "registrar_url", c->registrar_url);
    record_set_text(j, "created", c->created);
    record_set_text(j, "changed", c->changed);
    record_set_text(j, "expires", c->expires);
    set_list(j, "status", &c->status);
    set_list(j, "servers", &c->servers);
    if (c->is_signed != CARD_SIGNED_UNKNOWN)
        json_object_set_new(j, "signed", json_boolean(c->is_signed == CARD_SIGNED));
    set_list(j, "ds", &c->ds);
    record_set_text(j, "abuse_email", c->abuse_email);
    record_set_text(j, "abuse_phone", c->abuse_phone);
    set_list(j, "redacted", &c->redacted);
}

static void view_json(struct out *out, const struct whois_result *r)
{
    json_t *j = json_object(), *sources = json_array();
    record_set_text(j, "target", r->target);
    record_set_text(j, "asked", r->asked);
    json_object_set_new(j, "registered", json_boolean(r->card.kind != CARD_NONE));
    if (r->card.kind != CARD_NONE)
        set_card(j, &r->card);
    for (size_t i = 0; i < r->source_count; i++)
        json_array_append_new(sources, record_text(r->sources[i].url));
    json_object_set_new(j, "sources", sources);
    set_list(j, "notes", &r->notes);
    if (r->has_dns)
        json_object_set_new(j, "dns", json_dns(r));
    out_json(out, j);
}

void whois_view(struct out *out, const struct whois_result *r)
{
    if (out->format == OUT_JSON)
        view_json(out, r);
    else
        view_text(out, r);
}

void whois_view_raw(struct out *out, const struct whois_result *r)
{
    for (size_t i = 0; i < r->source_count; i++) {
        out_put(out, STYLE_DIM, "; ");
        out_words(out, STYLE_DIM, r->sources[i].url);
        out_end(out);
        for (const char *line = r->sources[i].page; *line;) {
            size_t n = strcspn(line, "\n");
            out_text_line(out, STYLE_PLAIN, line, n);
            line += n + (line[n] == '\n');
        }
    }
}
