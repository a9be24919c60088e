/* Value: ede 2 | streak 2 | failed_s 4 | epoch of the verdict 2 | bits 1 | tag length 1 | tag | text. */
#include <string.h>

#include "cache/inner.h"

#define FIXED_LEN 12u
#define STREAK_AT 2u
#define BOGUS_BIT 1u
#define UNJUDGED_BIT 2u
#define VALUE_MAX (FIXED_LEN + sizeof((struct failure *)0)->tag + FAILURE_TEXT_MAX)

/* 1, 2, 4 … 300 s: RFC 9520 3.2. */
static uint32_t delay_of(unsigned streak, bool untrue)
{
    uint32_t first = untrue ? BOGUS_TTL : FAILURE_TTL_MIN;
    if (streak == 0)
        return FAILURE_TTL_MIN;
    uint32_t delay = streak > 16 ? FAILURE_TTL_MAX : first << (streak - 1);
    return delay < FAILURE_TTL_MAX ? delay : FAILURE_TTL_MAX;
}

bool cache_failure_get(
    struct cache *c, const name_t *name, uint16_t type, uint16_t class, uint32_t now_s, struct failure *out)
{
    uint8_t key[CACHE_KEY_MAX], value[VALUE_MAX];
    size_t key_len = cache_key(key, name, type, class);
    size_t len = store_get(c->store, STORE_FAILURE, key, key_len, value, sizeof value, now_s);
    if (len < FIXED_LEN || len > sizeof value || value[11] >= sizeof out->tag || FIXED_LEN + value[11] > len)
        return false;
    *out = (struct failure){.ede = get_u16(value),
        .streak = get_u16(value + STREAK_AT),
        .bogus = value[10] & BOGUS_BIT,
        .unjudged = value[10] & UNJUDGED_BIT};
    out->age_s = cache_elapsed(get_u32(value + 4), now_s);
    out->retry_s = cache_left(delay_of(out->streak, out->bogus && !out->unjudged), out->age_s);
    /* What else is trusted now might find it good. */
    if (out->bogus && get_u16(value + 8) != cache_verdicts_epoch(c))
        out->retry_s = 0;
    memcpy(out->tag, value + FIXED_LEN, value[11]);
    size_t text = len - FIXED_LEN - value[11];
    memcpy(out->text, value + FIXED_LEN + value[11], text < FAILURE_TEXT_MAX ? text : FAILURE_TEXT_MAX - 1);
    return true;
}

static bool count_on(const void *old, size_t old_len, void *ctx)
{
    uint8_t *value = ctx;
    uint16_t streak = old_len >= FIXED_LEN ? get_u16((const uint8_t *)old + STREAK_AT) : 0;
    if (get_u16(value + STREAK_AT) == 0) /* excused */
        return true;
    put_u16(value + STREAK_AT, streak < UINT16_MAX ? (uint16_t)(streak + 1) : streak);
    return true;
}

void cache_failure_put(struct cache *c, const name_t *name, uint16_t type, uint16_t class,
    const struct failure *f, bool excused, uint32_t now_s)
{
    uint8_t key[CACHE_KEY_MAX], value[VALUE_MAX];
    size_t key_len = cache_key(key, name, type, class);
    size_t tag = strnlen(f->tag, sizeof f->tag - 1), text = strnlen(f->text, FAILURE_TEXT_MAX - 1);
    put_u16(value, f->ede);
    put_u16(value + STREAK_AT, excused ? 0 : 1);
    put_u32(value + 4, now_s);
    put_u16(value + 8, cache_verdicts_epoch(c));
    value[10] = (uint8_t)((f->bogus ? BOGUS_BIT : 0) | (f->unjudged ? UNJUDGED_BIT : 0));
    value[11] = (uint8_t)tag;
    memcpy(value + FIXED_LEN, f->tag, tag);
    memcpy(value + FIXED_LEN + tag, f->text, text);
    /* Remembered for twice the longest delay, so that a question which is asked rarely still climbs. */
    store_put(c->store, STORE_FAILURE, key, key_len, value, FIXED_LEN + tag + text,
        cache_expiry(now_s, 2 * FAILURE_TTL_MAX), now_s, count_on, value);
}

void cache_failure_clear(struct cache *c, const name_t *name, uint16_t type, uint16_t class)
{
    uint8_t key[CACHE_KEY_MAX];
    size_t key_len = cache_key(key, name, type, class);
    store_remove(c->store, STORE_FAILURE, key, key_len);
}
