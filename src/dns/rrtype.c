#include "dns/rrtype.h"

#include <string.h>
#include <strings.h>

#include "dns/rdata_layout.h"
#include "dns/rr.h"

#define CLASS_LIMIT_IN true
#define CLASS_LIMIT_ANY false

static const struct rrtype_info infos[] = {
#define RRTYPE(name, code, class, layout, names, source)                                                     \
    [code] = {#name, layout, NAMES_##names, CLASS_LIMIT_##class},
#include "defs/rrtype.def"
#undef RRTYPE
};
#define INFO_COUNT (sizeof infos / sizeof infos[0])

/* Types that are asked for or stand in messages, and are never data in a zone. */
static const struct meta {
    const char *name;
    uint16_t code;
} metas[] = {
    {"TKEY", 249},
    {"TSIG", TYPE_TSIG},
    {"IXFR", TYPE_IXFR},
    {"AXFR", TYPE_AXFR},
    {"MAILB", TYPE_MAILB},
    {"MAILA", TYPE_MAILA},
    {"ANY", TYPE_ANY},
};
#define META_COUNT (sizeof metas / sizeof metas[0])

static const struct meta classes[] = {
    {"IN", CLASS_IN}, {"CH", CLASS_CH}, {"HS", CLASS_HS}, {"NONE", CLASS_NONE}, {"ANY", CLASS_ANY}};
#define CLASS_COUNT (sizeof classes / sizeof classes[0])

const struct rrtype_info *rrtype_info(uint16_t type)
{
    return type < INFO_COUNT && infos[type].name ? &infos[type] : NULL;
}

const char *rrtype_name(uint16_t type)
{
    const struct rrtype_info *info = rrtype_info(type);
    if (info)
        return info->name;
    for (size_t i = 0; i < META_COUNT; i++)
        if (metas[i].code == type)
            return metas[i].name;
    return NULL;
}

void rrtype_to_text(struct text *t, uint16_t type)
{
    const char *name = rrtype_name(type);
    if (name)
        text_add(t, name);
    else
        text_printf(t, "TYPE%u", type);
}

static bool is_word(const char *text, size_t len, const char *word)
{
    return strlen(word) == len && strncasecmp(text, word, len) == 0;
}

/* "TYPE65280", "CLASS32": RFC 3597 5. */
static bool read_numbered(uint16_t *out, const char *text, size_t len, const char *prefix)
{
    size_t skip = strlen(prefix);
    if (len <= skip || len > skip + 5 || strncasecmp(text, prefix, skip) != 0)
        return false;
    uint32_t v = 0;
    for (size_t i = skip; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        v = v * 10 + (uint32_t)(text[i] - '0');
    }
    *out = (uint16_t)v;
    return v <= 0xffff;
}

enum err rrtype_from_text(uint16_t *out, const char *text, size_t len)
{
    for (uint16_t i = 0; i < INFO_COUNT; i++) {
        if (infos[i].name && is_word(text, len, infos[i].name)) {
            *out = i;
            return ERR_OK;
        }
    }
    for (size_t i = 0; i < META_COUNT; i++) {
        if (is_word(text, len, metas[i].name)) {
            *out = metas[i].code;
            return ERR_OK;
        }
    }
    return read_numbered(out, text, len, "TYPE") ? ERR_OK : ERR_UNKNOWN;
}

bool rrtype_is_meta(uint16_t type)
{
    return type == TYPE_OPT || (type >= 128 && type <= 255);
}

void rrclass_to_text(struct text *t, uint16_t class)
{
    for (size_t i = 0; i < CLASS_COUNT; i++) {
        if (classes[i].code == class) {
            text_add(t, classes[i].name);
            return;
        }
    }
    text_printf(t, "CLASS%u", class);
}

enum err rrclass_from_text(uint16_t *out, const char *text, size_t len)
{
    for (size_t i = 0; i < CLASS_COUNT; i++) {
        if (is_word(text, len, classes[i].name)) {
            *out = classes[i].code;
            return ERR_OK;
        }
    }
    return read_numbered(out, text, len, "CLASS") ? ERR_OK : ERR_UNKNOWN;
}
