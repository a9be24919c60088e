/* Values as text: for `harkd --print-config`, for what a reload tells, and to compare two of them. */
#include <string.h>

#include "dns/name.h"
#include "lib/option_inner.h"

void option_size_text(struct text *t, unsigned long long octets)
{
    static const char *const units[] = {"", "K", "M", "G"};
    unsigned u = 0;
    while (u < 3 && octets && octets % 1024 == 0) {
        octets /= 1024;
        u++;
    }
    text_printf(t, "%llu%s", octets, units[u]);
}

/* May it stand without quotes, in a list too? */
static bool is_plain(const char *s)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/.";
    for (const char *p = s; *p; p++)
        if (!strchr(first, *p) && (p == s || !strchr("-_:@", *p)))
            return false;
    return s[0] && s[strlen(s) - 1] != ':' && strcmp(s, "null") != 0;
}

/* UTF-8, which the parser checked; every character beyond ASCII as \UXXXXXXXX. */
static const char *add_beyond_ascii(struct text *t, const char *p)
{
    unsigned char lead = (unsigned char)*p;
    unsigned more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    unsigned long code = lead & (0x3fu >> more);
    for (p++; more && *p; more--)
        code = code << 6 | (*p++ & 0x3f);
    text_printf(t, "\\U%08lX", code);
    return p;
}

static void add_value(struct text *t, const char *s)
{
    if (is_plain(s)) {
        text_add(t, s);
        return;
    }
    text_char(t, '"');
    while (*s) {
        if (*s == '"' || *s == '\\')
            text_printf(t, "\\%c", *s++);
        else if ((unsigned char)*s >= 0x80)
            s = add_beyond_ascii(t, s);
        else if (*s < 0x20 || *s == 0x7f)
            text_printf(t, "\\x%02X", *s++);
        else
            text_char(t, *s++);
    }
    text_char(t, '"');
}

/* ---- lists ---- */

static void begin_element(struct text *t, size_t i)
{
    text_add(t, i ? ", " : "");
}

static void endpoints_text(const struct config *c, struct text *t)
{
    text_char(t, '[');
    for (size_t i = 0; i < c->listen_count; i++) {
        char buf[ENDPOINT_TEXT_LEN];
        begin_element(t, i);
        add_value(t, endpoint_text(&c->listen[i], buf));
    }
    text_char(t, ']');
}

static void prefixes_text(const struct prefix_list *l, struct text *t)
{
    text_char(t, '[');
    for (size_t i = 0; i < l->count; i++) {
        char buf[ADDR_TEXT_LEN], with_bits[ADDR_TEXT_LEN + 8];
        struct text v;
        text_init_fixed(&v, with_bits, sizeof with_bits);
        text_printf(&v, "%s/%u", addr_text(&l->items[i].addr, buf), l->items[i].bits);
        begin_element(t, i);
        add_value(t, with_bits);
    }
    text_char(t, ']');
}

static void secrets_text(const struct config_secrets *s, struct text *t)
{
    text_add(t, s->count ? "[" : "auto");
    for (unsigned i = 0; i < s->count; i++) {
        begin_element(t, i);
        text_char(t, '"'); /* digits alone would be a number to other readers */
        text_hex(t, s->octets[i], sizeof s->octets[i]);
        text_char(t, '"');
    }
    text_add(t, s->count ? "]" : "");
}

static void names_text(const struct config_names *l, struct text *t)
{
    text_char(t, '[');
    for (size_t i = 0; i < l->count; i++) {
        char buf[NAME_TEXT_LEN];
        begin_element(t, i);
        add_value(t, name_text(l->items[i], buf));
    }
    text_char(t, ']');
}

static void sources_text(const struct config *c, struct text *t)
{
    size_t n4 = c->source_v4_count, n = n4 + c->source_v6_count;
    if (n == 0) {
        text_add(t, "auto");
        return;
    }
    text_char(t, '[');
    for (size_t i = 0; i < n; i++) {
        char buf[ADDR_TEXT_LEN];
        begin_element(t, i);
        add_value(t, addr_text(i < n4 ? &c->source_v4[i] : &c->source_v6[i - n4], buf));
    }
    text_char(t, ']');
}

static void hints_text(const struct config *c, struct text *t)
{
    if (!c->resolve.hints) {
        text_add(t, "auto");
        return;
    }
    text_char(t, '[');
    for (size_t i = 0; i < c->resolve.hint_count; i++) {
        const struct root_hint *h = &c->resolve.hints[i];
        struct text v;
        text_init(&v);
        name_to_text(&v, h->name);
        for (unsigned k = 0; k < h->addr_count; k++) {
            char buf[ADDR_TEXT_LEN];
            text_printf(&v, " %s", addr_text(&h->addrs[k], buf));
        }
        begin_element(t, i);
        add_value(t, v.data);
        text_fini(&v);
    }
    text_char(t, ']');
}

static void texts_text(const char *const *items, size_t count, struct text *t)
{
    text_char(t, '[');
    for (size_t i = 0; i < count; i++) {
        begin_element(t, i);
        add_value(t, items[i]);
    }
    text_char(t, ']');
}

static void negatives_text(const struct config_negatives *l, struct text *t)
{
    text_char(t, '[');
    for (size_t i = 0; i < l->count; i++) {
        struct text v;
        text_init(&v);
        name_to_text(&v, l->items[i].zone);
        if (l->items[i].until_s != INT64_MAX) {
            text_char(&v, ' ');
            option_date_text(&v, l->items[i].until_s);
        }
        begin_element(t, i);
        add_value(t, v.data);
        text_fini(&v);
    }
    text_char(t, ']');
}

/* ---- all kinds ---- */

static void words_text(const struct option *o, const struct config *c, struct text *t)
{
    const void *field = option_field_const(o, c);
    bool small = option_size(o->kind) == sizeof(bool);
    text_add(t, option_words(o->kind)[small ? *(const bool *)field : *(const unsigned *)field]);
}

static void string_text(const struct option *o, const struct config *c, struct text *t)
{
    const char *s = *(const char *const *)option_field_const(o, c);
    if (!s)
        text_add(t, "auto");
    else if (!s[0])
        text_add(t, "none");
    else
        add_value(t, s);
}

void option_text(const struct option *o, const struct config *c, struct text *t)
{
    const void *field = option_field_const(o, c);
    switch (o->kind) {
    case OPTION_BOOL:
        text_add(t, *(const bool *)field ? "yes" : "no");
        break;
    case OPTION_UNSIGNED:
        text_printf(t, "%u", *(const unsigned *)field);
        break;
    case OPTION_SECONDS:
        text_printf(t, "%u", *(const uint32_t *)field);
        break;
    case OPTION_UDP_SIZE:
    case OPTION_PORT:
        text_printf(t, "%u", *(const uint16_t *)field);
        break;
    case OPTION_SIZE:
        option_size_text(t, *(const size_t *)field);
        break;
    case OPTION_PATH:
    case OPTION_USER:
    case OPTION_SINK:
        string_text(o, c, t);
        break;
    case OPTION_ENDPOINTS:
        endpoints_text(c, t);
        break;
    case OPTION_PREFIXES:
        prefixes_text(field, t);
        break;
    case OPTION_TELL:
        if (*(const char *const *)field)
            add_value(t, *(const char *const *)field);
        else
            text_add(t, "none");
        break;
    case OPTION_SECRETS:
        secrets_text(field, t);
        break;
    case OPTION_ZONES:
        names_text(field, t);
        break;
    case OPTION_ALGORITHMS:
    case OPTION_DIGESTS:
        option_algorithms_text(o, c, t);
        break;
    case OPTION_SOURCES:
        sources_text(c, t);
        break;
    case OPTION_HINTS:
        hints_text(c, t);
        break;
    case OPTION_ANCHORS: {
        const struct config_texts *l = field;
        texts_text(l->items, l->count, t);
        break;
    }
    case OPTION_ANCHOR_FILES: {
        const struct config_anchor_files *l = field;
        texts_text(l->paths, l->count, t);
        break;
    }
    case OPTION_NEGATIVE_ANCHORS:
        negatives_text(field, t);
        break;
    default:
        words_text(o, c, t);
    }
}

/* What is in the files counts, not what they are called alone. */
static bool anchor_files_equal(const struct config_anchor_files *a, const struct config_anchor_files *b)
{
    bool equal = a->count == b->count;
    for (size_t i = 0; equal && i < a->count; i++)
        equal = strcmp(a->paths[i], b->paths[i]) == 0 && strcmp(a->texts[i], b->texts[i]) == 0;
    return equal;
}

bool option_equal(const struct option *o, const struct config *a, const struct config *b)
{
    if (o->kind == OPTION_ANCHOR_FILES)
        return anchor_files_equal(option_field_const(o, a), option_field_const(o, b));
    struct text of_a, of_b;
    text_init(&of_a);
    text_init(&of_b);
    option_text(o, a, &of_a);
    option_text(o, b, &of_b);
    bool equal = of_a.len == of_b.len && memcmp(of_a.data, of_b.data, of_a.len) == 0;
    text_fini(&of_a);
    text_fini(&of_b);
    return equal;
}

void option_take(const struct option *o, struct config *to, const struct config *from)
{
    switch (o->kind) {
    case OPTION_ENDPOINTS:
        to->listen = from->listen;
        to->listen_count = from->listen_count;
        break;
    case OPTION_SOURCES:
        to->source_v4 = from->source_v4;
        to->source_v4_count = from->source_v4_count;
        to->source_v6 = from->source_v6;
        to->source_v6_count = from->source_v6_count;
        break;
    case OPTION_HINTS:
        to->resolve.hints = from->resolve.hints;
        to->resolve.hint_count = from->resolve.hint_count;
        break;
    default:
        memcpy(option_field(o, to), option_field_const(o, from), option_size(o->kind));
    }
}
