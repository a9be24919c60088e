/* Value: stored_s 4 | epoch 4 | due_s 4 | count 2 | EDE 2 (0xffff: none) | length of its text 1 | TTL offsets
 * 2 each | the text | the message. */
#include <assert.h>
#include <string.h>

#include "cache/flat.h"
#include "cache/inner.h"
#include "dns/edns.h"

#define HEAD_LEN 17u
#define NO_EDE 0xffffu /* of the range for private use, RFC 8914 5.2 */

static size_t answer_key(
    uint8_t key[CACHE_KEY_MAX], const name_t *qname, uint16_t type, uint16_t class, uint8_t variant)
{
    size_t n = cache_key(key, qname, type, class);
    key[n] = variant;
    return n + 1;
}

struct answer_copy {
    struct answer_room *out;
    size_t len;
    uint32_t epoch, stored_s, due_s;
    unsigned ttl_count;
    uint8_t ttl_offsets[ANSWER_TTLS_MAX * 2];
};

static bool copy_answer(const void *value, size_t len, void *ctx)
{
    struct answer_copy *c = ctx;
    struct reader r = reader_of(value, len);
    c->stored_s = read_u32(&r);
    if (read_u32(&r) != c->epoch)
        return false;
    c->due_s = read_u32(&r);
    unsigned count = read_u16(&r), ede = read_u16(&r), text_len = read_u8(&r);
    if (count > ANSWER_TTLS_MAX)
        return false;
    const uint8_t *offsets = read_octets(&r, 2 * (size_t)count), *text = read_octets(&r, text_len);
    size_t wire_len = reader_left(&r);
    const uint8_t *wire = read_octets(&r, wire_len);
    if (!offsets || !text || !wire || wire_len > c->out->cap)
        return false;
    memcpy(c->ttl_offsets, offsets, 2 * (size_t)count);
    c->out->ede = ede == NO_EDE ? EDE_NONE : (int)ede;
    memcpy(c->out->ede_text, text, text_len);
    c->out->ede_text[text_len] = 0;
    memcpy(c->out->wire, wire, wire_len);
    c->ttl_count = count;
    c->len = wire_len;
    return true;
}

size_t cache_answer_get(struct cache *c, const name_t *qname, uint16_t type, uint16_t class, uint8_t variant,
    uint32_t now_s, struct answer_room *out)
{
    uint8_t key[CACHE_KEY_MAX];
    size_t key_len = answer_key(key, qname, type, class, variant);
    struct answer_copy copy;
    copy.out = out;
    copy.epoch = atomic_load_explicit(&c->common->answers_epoch, memory_order_acquire);
    if (!store_read(c->store, STORE_ANSWER, key, key_len, now_s, copy_answer, &copy))
        return 0;
    uint32_t elapsed = cache_elapsed(copy.stored_s, now_s);
    out->due = now_s >= copy.due_s;
    if (elapsed == 0)
        return copy.len;
    for (unsigned i = 0; i < copy.ttl_count; i++) {
        size_t at = get_u16(copy.ttl_offsets + 2 * (size_t)i);
        if (at + 4 <= copy.len)
            put_u32(out->wire + at, cache_left(get_u32(out->wire + at), elapsed));
    }
    return copy.len;
}

void cache_answer_put(struct cache *c, const name_t *qname, uint16_t type, uint16_t class, uint8_t variant,
    const struct answer *answer, uint32_t now_s)
{
    size_t len = answer->len;
    if (answer->life_s == 0 || len == 0 || len > ANSWER_OCTETS_MAX || answer->ttl_count > ANSWER_TTLS_MAX)
        return;
    bool told = answer->ede != EDE_NONE && answer->ede_text;
    size_t text_len = told ? strnlen(answer->ede_text, ANSWER_REASON_MAX - 1) : 0;
    uint8_t key[CACHE_KEY_MAX];
    size_t key_len = answer_key(key, qname, type, class, variant);
    struct flat_room room;
    struct writer w = flat_room_init(&room, HEAD_LEN + 2 * (size_t)answer->ttl_count + text_len + len);
    write_u32(&w, now_s);
    write_u32(&w, atomic_load_explicit(&c->common->answers_epoch, memory_order_acquire));
    write_u32(&w, cache_due_s(now_s, answer->life_s));
    write_u16(&w, (uint16_t)answer->ttl_count);
    write_u16(&w, answer->ede == EDE_NONE ? NO_EDE : (uint16_t)answer->ede);
    write_u8(&w, (uint8_t)text_len);
    for (unsigned i = 0; i < answer->ttl_count; i++) {
        assert(answer->ttl_offsets[i] + 4u <= len);
        write_u16(&w, answer->ttl_offsets[i]);
    }
    write_octets(&w, text_len ? answer->ede_text : "", text_len);
    write_octets(&w, answer->wire, len);
    store_put(c->store, STORE_ANSWER, key, key_len, w.data, w.pos, cache_expiry(now_s, answer->life_s), now_s,
        NULL, NULL);
    flat_room_fini(&room);
}

void cache_answers_flush(struct cache *c)
{
    atomic_fetch_add_explicit(&c->common->answers_epoch, 1, memory_order_acq_rel);
}
