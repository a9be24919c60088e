/* Which keys of the root are trusted here: names that begin with root-key-sentinel-is-ta-NNNNN or
 * -not-ta-NNNNN fail or not, by the key's tag (RFC 8509 3), so that whoever plans to roll the root's key can
 * count. */
#include <string.h>
#include <strings.h>

#include "serve/inner.h"

#define TAG_DIGITS 5u

enum sentinel { SENTINEL_NONE, SENTINEL_IS_TRUSTED, SENTINEL_NOT_TRUSTED };

static enum sentinel label_of(const name_t *name, uint32_t *tag)
{
    static const struct {
        const char *prefix;
        enum sentinel sentinel;
    } rows[] = {
        {"root-key-sentinel-is-ta-", SENTINEL_IS_TRUSTED},
        {"root-key-sentinel-not-ta-", SENTINEL_NOT_TRUSTED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(rows[i].prefix);
        if (name[0] != len + TAG_DIGITS || strncasecmp((const char *)name + 1, rows[i].prefix, len) != 0)
            continue;
        *tag = 0;
        for (size_t k = len + 1; k <= len + TAG_DIGITS; k++) {
            if (name[k] < '0' || name[k] > '9')
                return SENTINEL_NONE;
            *tag = 10 * *tag + (uint32_t)(name[k] - '0');
        }
        return *tag <= UINT16_MAX ? rows[i].sentinel : SENTINEL_NONE;
    }
    return SENTINEL_NONE;
}

static bool is_trusted(const struct serve *s, uint32_t tag)
{
    for (size_t i = 0; i < s->settings.root_tag_count; i++)
        if (s->settings.root_tags[i] == tag)
            return true;
    return false;
}

bool sentinel_refuses(
    const struct serve *s, const struct request *rq, const struct outcome *o, bool *is_sentinel)
{
    uint32_t tag = 0;
    enum sentinel asks = SENTINEL_NONE;
    /* RFC 8509 3.1; whether the data are secure comes last: they may become so while an answer is kept. */
    if (s->settings.sentinel && (rq->type == TYPE_A || rq->type == TYPE_AAAA))
        asks = label_of(rq->name, &tag);
    *is_sentinel = asks != SENTINEL_NONE;
    if (asks == SENTINEL_NONE || rq->flags & FLAG_CD || o->verdict != VERDICT_SECURE)
        return false;
    return is_trusted(s, tag) != (asks == SENTINEL_IS_TRUSTED);
}
