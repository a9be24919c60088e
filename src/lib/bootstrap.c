#include "lib/bootstrap.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "defs/limits.h"

struct reading {
    struct bootstrap *out;
    struct arena *arena;
    size_t room;
};

/* ---- URLs ---- */

/* What may become part of a request: no space, no control octet, no user, no fragment. */
static bool is_usable(const char *url)
{
    bool scheme = strncasecmp(url, "https://", 8) == 0 || strncasecmp(url, "http://", 7) == 0;
    const char *host = scheme ? strstr(url, "://") + 3 : NULL;
    if (!host || strlen(url) > BOOTSTRAP_URL_MAX || host[0] == 0 || host[0] == '/')
        return false;
    for (const char *p = url; *p; p++)
        if (*p <= 0x20 || *p >= 0x7f || strchr("@#?\\\"<>", *p))
            return false;
    return true;
}

static const char *url_of(struct reading *r, const json_t *urls)
{
    const char *best = NULL;
    for (size_t i = 0; i < json_array_size(urls); i++) {
        const char *url = json_string_value(json_array_get(urls, i));
        if (url && is_usable(url) &&
            (!best || (strncasecmp(best, "https", 5) != 0 && strncasecmp(url, "https", 5) == 0)))
            best = url;
    }
    return best ? arena_printf(r->arena, "%s%s", best, best[strlen(best) - 1] == '/' ? "" : "/") : NULL;
}

/* ---- entries ---- */

static bool read_tld(struct reading *r, const char *text, struct bootstrap_entry *out)
{
    size_t n = strlen(text);
    if (n > NAME_MAX_LEN ||
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") != n ||
        text[0] == '.')
        return false;
    char *tld = arena_strdup(r->arena, text);
    for (char *p = tld; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p + 32);
    if (n && tld[n - 1] == '.')
        tld[n - 1] = 0;
    out->tld = tld;
    return true;
}

static bool read_number(const char **at, uint32_t *out)
{
    char *end;
    if (**at < '0' || **at > '9')
        return false;
    unsigned long n = strtoul(*at, &end, 10);
    if (end - *at > 10 || n > UINT32_MAX)
        return false;
    *at = end;
    *out = (uint32_t)n;
    return true;
}

static bool read_asn(const char *text, struct bootstrap_entry *out)
{
    if (!read_number(&text, &out->asn.first))
        return false;
    out->asn.last = out->asn.first;
    if (*text == '-' && (text++, !read_number(&text, &out->asn.last)))
        return false;
    return *text == 0 && out->asn.first <= out->asn.last;
}

/* RFC 8521 2: letters and digits, any case. */
static bool read_tag(struct reading *r, const char *text, struct bootstrap_entry *out)
{
    size_t n = strlen(text);
    if (n == 0 || n > BOOTSTRAP_TAG_MAX ||
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != n)
        return false;
    out->tag = arena_strdup(r->arena, text);
    return true;
}

static bool read_prefix(enum family family, const char *text, struct bootstrap_entry *out)
{
    return prefix_parse(&out->prefix, text) == ERR_OK && out->prefix.addr.family == family;
}

static bool read_entry(struct reading *r, const char *text, struct bootstrap_entry *out)
{
    switch (r->out->kind) {
    case BOOTSTRAP_DNS:
        return read_tld(r, text, out);
    case BOOTSTRAP_IPV4:
        return read_prefix(FAMILY_V4, text, out);
    case BOOTSTRAP_IPV6:
        return read_prefix(FAMILY_V6, text, out);
    case BOOTSTRAP_ASN:
        return read_asn(text, out);
    case BOOTSTRAP_TAGS:
        return read_tag(r, text, out);
    case BOOTSTRAP_COUNT:
        break;
    }
    return false;
}

static void add(struct reading *r, const struct bootstrap_entry *entry)
{
    if (r->out->count == BOOTSTRAP_ENTRIES_MAX)
        return;
    if (r->out->count == r->room) {
        size_t room = r->room ? r->room * 2 : 256;
        struct bootstrap_entry *grown = ARENA_ARRAY(r->arena, struct bootstrap_entry, room);
        if (r->out->count)
            memcpy(grown, r->out->entries, r->out->count * sizeof *grown);
        r->out->entries = grown;
        r->room = room;
    }
    r->out->entries[r->out->count++] = *entry;
}

static void read_service(struct reading *r, const json_t *service)
{
    size_t at = r->out->kind == BOOTSTRAP_TAGS; /* RFC 8521 3: a contact comes first */
    const json_t *keys = json_array_get(service, at);
    struct bootstrap_entry entry = {.url = url_of(r, json_array_get(service, at + 1))};
    for (size_t i = 0; entry.url && i < json_array_size(keys); i++) {
        const char *text = json_string_value(json_array_get(keys, i));
        if (text && read_entry(r, text, &entry))
            add(r, &entry);
    }
}

/* ---- the file ---- */

static bool read_date(struct bootstrap *out, const char *text)
{
    static const char form[] = "0000-00-00";
    for (size_t i = 0; i < sizeof form - 1; i++)
        if (!text || (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i]))
            return false;
    memcpy(out->published, text, sizeof form - 1);
    return true;
}

static enum err read_root(struct reading *r, const json_t *root, const char **why)
{
    const json_t *services = json_object_get(root, "services");
    if (!read_date(r->out, json_string_value(json_object_get(root, "publication")))) {
        *why = "it has no date of publication";
        return ERR_FORMAT;
    }
    for (size_t i = 0; i < json_array_size(services); i++)
        read_service(r, json_array_get(services, i));
    *why = r->out->count ? NULL : "it names no server";
    return r->out->count ? ERR_OK : ERR_FORMAT;
}

enum err bootstrap_read(struct bootstrap *out, enum bootstrap_kind kind, const char *body, size_t length,
    struct arena *a, const char **why)
{
    struct reading r = {.out = out, .arena = a};
    *out = (struct bootstrap){.kind = kind};
    json_t *root = json_loadb(body, length, 0, NULL); /* at most 2048 deep */
    if (!root) {
        *why = "it is no JSON";
        return ERR_FORMAT;
    }
    enum err err = read_root(&r, root, why);
    json_decref(root);
    return err;
}

/* ---- look-ups ---- */

static bool is_below(const char *name, const char *above)
{
    size_t n = strlen(name), len = strlen(above);
    return len == 0 ||
           (n >= len && strcasecmp(name + n - len, above) == 0 && (n == len || name[n - len - 1] == '.'));
}

const char *bootstrap_name(const struct bootstrap *b, const char *name)
{
    const struct bootstrap_entry *best = NULL;
    for (size_t i = 0; b->kind == BOOTSTRAP_DNS && i < b->count; i++)
        if (is_below(name, b->entries[i].tld) && (!best || strlen(b->entries[i].tld) > strlen(best->tld)))
            best = &b->entries[i];
    return best ? best->url : NULL;
}

const char *bootstrap_address(const struct bootstrap *b, const struct addr *addr)
{
    const struct bootstrap_entry *best = NULL;
    for (size_t i = 0; (b->kind == BOOTSTRAP_IPV4 || b->kind == BOOTSTRAP_IPV6) && i < b->count; i++)
        if (prefix_contains(&b->entries[i].prefix, addr) &&
            (!best || b->entries[i].prefix.bits > best->prefix.bits))
            best = &b->entries[i];
    return best ? best->url : NULL;
}

const char *bootstrap_asn(const struct bootstrap *b, uint32_t asn)
{
    for (size_t i = 0; b->kind == BOOTSTRAP_ASN && i < b->count; i++)
        if (b->entries[i].asn.first <= asn && asn <= b->entries[i].asn.last)
            return b->entries[i].url;
    return NULL;
}

const char *bootstrap_handle(const struct bootstrap *b, const char *handle)
{
    const char *tag = strrchr(handle, '-');
    for (size_t i = 0; b->kind == BOOTSTRAP_TAGS && tag && i < b->count; i++)
        if (strcasecmp(tag + 1, b->entries[i].tag) == 0)
            return b->entries[i].url;
    return NULL;
}

const char *bootstrap_kind_text(enum bootstrap_kind kind)
{
    static const char *const texts[BOOTSTRAP_COUNT] = {[BOOTSTRAP_DNS] = "dns",
        [BOOTSTRAP_IPV4] = "ipv4",
        [BOOTSTRAP_IPV6] = "ipv6",
        [BOOTSTRAP_ASN] = "asn",
        [BOOTSTRAP_TAGS] = "object-tags"};
    return texts[kind];
}
