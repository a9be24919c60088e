#include "dns/rrtype.h"

#include <string.h>
#include <strings.h>

#include "dns/rdata_layout.h"
#include "dns/rr.h"

#define CLASS_LIMIT_IN true
#define CLASS_LIMIT_ANY false

/* In the order of the table: the codes are too far apart for an array by code. */
static const struct rrtype_info infos[] = {
#define RRTYPE(name, code, class, layout, names, source)                                                     \
    {#name, layout, code, NAMES_##names, CLASS_LIMIT_##class},
#include "defs/rrtype.def"
#undef RRTYPE
};
#define INFO_COUNT (sizeof infos / sizeof infos[0])

enum row {
#define RRTYPE(name, ...) ROW_##name,
#include "defs/rrtype.def"
#undef RRTYPE
};

static const struct class_name {
    const char *name;
    uint16_t code;
} classes[] = {
    {"IN", CLASS_IN}, {"CH", CLASS_CH}, {"HS", CLASS_HS}, {"NONE", CLASS_NONE}, {"ANY", CLASS_ANY}};
#define CLASS_COUNT (sizeof classes / sizeof classes[0])

const struct rrtype_info *rrtype_info(uint16_t type)
{
    switch (type) {
#define RRTYPE(name, code, ...)                                                                              \
    case code:                                                                                               \
        return &infos[ROW_##name];
#include "defs/rrtype.def"
#undef RRTYPE
    }
    return NULL;
}

/* The one mnemonic that is no name in C. */
static const char *mnemonic(const struct rrtype_info *info)
{
    return info->code == TYPE_NSAP_PTR ? "NSAP-PTR" : info->name;
}

const char *rrtype_name(uint16_t type)
{
    const struct rrtype_info *info = rrtype_info(type);
    return info ? mnemonic(info) : NULL;
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
    for (size_t i = 0; i < INFO_COUNT; i++) {
        if (is_word(text, len, mnemonic(&infos[i]))) {
            *out = infos[i].code;
            return ERR_OK;
        }
    }
    return read_numbered(out, text, len, "TYPE") ? ERR_OK : ERR_UNKNOWN;
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
