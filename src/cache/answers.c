/* Value: stored_s 4 | epoch 4 | due_s 4 | header flags with rcode 2 | EDE 2 (0xffff: none)
 * | octets of records for askers without DO 2 | for whom 1 | length of the EDE's text 1
 * | records of each section 3 | of them for askers without DO 3 | TTL offsets 2 each, from the first record
 * | the text | the records.
 * What stands before the records in a message is made for each asker: it has the question in his letter case.
 */
#include <assert.h>
#include <string.h>

#include "cache/flat.h"
#include "cache/inner.h"
#include "dns/edns.h"
#include "dns/msg.h"

enum {
    AT_STORED = 0,
    AT_EPOCH = 4,
    AT_DUE = 8,
    AT_FLAGS = 12,
    AT_EDE = 14,
    AT_PLAIN_LEN = 16,
    AT_FOR = 18,
    AT_TEXT_LEN = 19,
    AT_COUNTS = 20,
    AT_PLAIN_COUNTS = 23,
    HEAD_LEN = 26
};
#define NO_EDE 0xffffu /* of the range for private use, RFC 8914 5.2 */
#define RCODE_LOW 0x000fu
#define TYPE_AND_CLASS 4u /* octets after the question's name */

/* Apart from what most askers share. */
enum variant {
    VARIANT_DO = 1, /* where the message without DO is not the beginning of that with it */
    VARIANT_CD = 2  /* data that nobody has judged, or that were found to be false */
};

struct copy {
    const struct answer_question *q;
    struct answer_room *out;
    uint32_t epoch, now_s;
};

static void lower_ttls(uint8_t *records, const uint8_t *offsets, unsigned count, uint32_t elapsed, size_t len)
{
    for (unsigned i = 0; i < count; i++) {
        size_t at = get_u16(offsets + 2 * (size_t)i);
        if (at + 4 <= len)
            put_u32(records + at, cache_left(get_u32(records + at), elapsed));
    }
}

/* RFC 9824 5: what compact denial calls NODATA is NXDOMAIN for who does not read its proof, or says so. */
static uint16_t flags_for(const struct answer_question *q, uint16_t flags, unsigned for_whom)
{
    bool restored = for_whom & ANSWER_NO_NAME && (!q->dnssec_ok || q->compact_ok);
    return restored ? (uint16_t)((flags & ~RCODE_LOW) | RCODE_NXDOMAIN) : flags;
}

static bool copy_answer(const void *value, size_t len, void *ctx)
{
    const struct copy *c = ctx;
    struct answer_room *out = c->out;
    const uint8_t *v = value;
    if (len < HEAD_LEN || get_u32(v + AT_EPOCH) != c->epoch)
        return false;
    unsigned for_whom = v[AT_FOR];
    if (!(for_whom & (c->q->dnssec_ok ? ANSWER_FOR_DO : ANSWER_FOR_PLAIN)))
        return false;
    size_t ttls = (size_t)v[AT_COUNTS] + v[AT_COUNTS + 1] + v[AT_COUNTS + 2], text_len = v[AT_TEXT_LEN];
    const uint8_t *offsets = v + HEAD_LEN, *text = offsets + 2 * ttls, *records = text + text_len;
    if (len < HEAD_LEN + 2 * ttls + text_len)
        return false;
    const uint8_t *counts = v + (c->q->dnssec_ok ? AT_COUNTS : AT_PLAIN_COUNTS);
    size_t whole = len - HEAD_LEN - 2 * ttls - text_len,
           n = c->q->dnssec_ok ? whole : get_u16(v + AT_PLAIN_LEN);
    unsigned changed = (unsigned)counts[0] + counts[1] + counts[2];
    uint32_t elapsed = cache_elapsed(get_u32(v + AT_STORED), c->now_s);
    if (n > whole || changed > ttls)
        return false;
    out->due = c->now_s >= get_u32(v + AT_DUE);
    out->head.flags = flags_for(c->q, get_u16(v + AT_FLAGS), for_whom);
    for (unsigned i = 0; i < 3; i++)
        out->head.counts[i] = counts[i];
    out->head.len = n;
    out->ede = EDE_NONE;
    if (get_u16(v + AT_EDE) != NO_EDE) {
        out->ede = get_u16(v + AT_EDE);
        memcpy(out->ede_text, text, text_len);
        out->ede_text[text_len] = 0;
    }
    if (n > out->cap)
        return true;
    memcpy(out->records, records, n);
    if (elapsed)
        lower_ttls(out->records, offsets, changed, elapsed, n);
    return true;
}

static size_t key_of(uint8_t *key, const struct answer_question *q)
{
    name_lower_octets(key, q->name, q->name_len);
    put_u16(key + q->name_len, q->type);
    put_u16(key + q->name_len + 2, q->class);
    return q->name_len + 5;
}

static void make_key(const struct cache *c, const struct answer_question *q, struct answer_key *key)
{
    size_t n = key_of(key->octets, q);
    key->octets[n - 1] = 0;
    key->len = (uint16_t)n;
    key->spot = (struct store_spot){.hash = store_hash(c->store, STORE_ANSWER, key->octets, n)};
}

void cache_answer_key(const struct cache *c, const uint8_t *question, size_t name_len, struct answer_key *key)
{
    name_lower_octets(key->octets, question, name_len);
    memcpy(key->octets + name_len, question + name_len, TYPE_AND_CLASS);
    key->octets[name_len + TYPE_AND_CLASS] = 0;
    key->len = (uint16_t)(name_len + TYPE_AND_CLASS + 1);
    store_near(c->store, STORE_ANSWER, key->octets, key->len, &key->spot);
}

void cache_answer_nearer(const struct cache *c, struct answer_key *key)
{
    store_nearer(c->store, &key->spot);
}

static bool look(struct copy *c, struct cache *cache, uint8_t *key, size_t key_len, unsigned variant)
{
    key[key_len - 1] = (uint8_t)variant;
    return store_read(cache->store, STORE_ANSWER, key, key_len, c->now_s, copy_answer, c);
}

/* Under the keys of those who do not share. Apart, lest all others pay for its stack. */
__attribute__((noinline)) static bool look_apart(struct copy *c, struct cache *cache)
{
    MEM_UNSET uint8_t key[CACHE_KEY_MAX];
    bool with_do = c->q->dnssec_ok;
    size_t n = key_of(key, c->q);
    return (with_do && look(c, cache, key, n, VARIANT_DO)) ||
           (c->q->unchecked && (look(c, cache, key, n, VARIANT_CD) ||
                                   (with_do && look(c, cache, key, n, VARIANT_CD | VARIANT_DO))));
}

bool cache_answer_get(
    struct cache *c, const struct answer_question *q, uint32_t now_s, struct answer_room *out)
{
    MEM_UNSET struct answer_key made;
    const struct answer_key *key = q->key;
    if (!key) {
        make_key(c, q, &made);
        key = &made;
    }
    struct copy copy = {.q = q, .out = out, .now_s = now_s};
    copy.epoch = atomic_load_explicit(&c->common->answers_epoch, memory_order_acquire);
    return store_read_hashed(
               c->store, STORE_ANSWER, key->octets, key->len, &key->spot, now_s, copy_answer, &copy) ||
           ((q->dnssec_ok || q->unchecked) && look_apart(&copy, c));
}

static unsigned records_of(const uint16_t counts[3])
{
    return (unsigned)counts[0] + counts[1] + counts[2];
}

/* Who does not share gets a key of his own, lest the two take each other's place. */
static uint8_t variant_of(const struct answer_question *q, const struct answer *a)
{
    return (uint8_t)((a->for_whom & ANSWER_FOR_PLAIN ? 0 : VARIANT_DO) | (q->unchecked ? VARIANT_CD : 0));
}

void cache_answer_put(
    struct cache *c, const struct answer_question *q, const struct answer *a, uint32_t now_s)
{
    unsigned ttls = records_of(a->head.counts);
    if (a->life_s == 0 || a->head.len > ANSWER_OCTETS_MAX || ttls > ANSWER_RECORDS_MAX)
        return;
    assert(a->for_whom & (ANSWER_FOR_PLAIN | ANSWER_FOR_DO));
    assert(a->plain.len <= a->head.len && records_of(a->plain.counts) <= ttls);
    bool told = a->ede != EDE_NONE && a->ede_text;
    size_t text_len = told ? strnlen(a->ede_text, ANSWER_REASON_MAX - 1) : 0;
    size_t first = MSG_HEADER_LEN + q->name_len + TYPE_AND_CLASS;
    MEM_UNSET uint8_t key[CACHE_KEY_MAX];
    size_t key_len = key_of(key, q);
    key[key_len - 1] = variant_of(q, a);
    struct flat_room room;
    struct writer w = flat_room_init(&room, HEAD_LEN + 2 * (size_t)ttls + text_len + a->head.len);
    write_u32(&w, now_s);
    write_u32(&w, atomic_load_explicit(&c->common->answers_epoch, memory_order_acquire));
    write_u32(&w, a->due_s);
    write_u16(&w, a->head.flags);
    write_u16(&w, a->ede == EDE_NONE ? NO_EDE : (uint16_t)a->ede);
    write_u16(&w, (uint16_t)a->plain.len);
    write_u8(&w, a->for_whom);
    write_u8(&w, (uint8_t)text_len);
    for (unsigned i = 0; i < 3; i++)
        write_u8(&w, (uint8_t)a->head.counts[i]);
    for (unsigned i = 0; i < 3; i++)
        write_u8(&w, (uint8_t)a->plain.counts[i]);
    for (unsigned i = 0; i < ttls; i++) {
        assert(a->ttl_offsets[i] >= first && a->ttl_offsets[i] + 4u <= first + a->head.len);
        write_u16(&w, (uint16_t)(a->ttl_offsets[i] - first));
    }
    write_octets(&w, text_len ? a->ede_text : "", text_len);
    write_octets(&w, a->records, a->head.len);
    store_put(c->store, STORE_ANSWER, key, key_len, w.data, w.pos, cache_expiry(now_s, a->life_s), now_s,
        NULL, NULL);
    flat_room_fini(&room);
}

uint32_t cache_due_s(const struct rrset *rs, uint32_t now_s)
{
    uint32_t age_s = rs->stored_s ? cache_elapsed(rs->stored_s, now_s) : 0;
    uint32_t life_s = cache_expiry(age_s, rs->ttl), end_s = cache_expiry(now_s, rs->ttl);
    return life_s < REFRESH_LIFE_MIN || life_s / REFRESH_LIFE_PART > end_s
               ? UINT32_MAX
               : end_s - life_s / REFRESH_LIFE_PART;
}

void cache_answer_drop(struct cache *c, const name_t *qname, uint16_t type, uint16_t class)
{
    struct answer_question q = {.name = qname, .name_len = name_len(qname), .type = type, .class = class};
    uint8_t key[CACHE_KEY_MAX];
    size_t len = key_of(key, &q);
    for (unsigned variant = 0; variant <= (VARIANT_DO | VARIANT_CD); variant++) {
        key[len - 1] = (uint8_t)variant;
        store_remove(c->store, STORE_ANSWER, key, len);
    }
}

void cache_answers_flush(struct cache *c)
{
    atomic_fetch_add_explicit(&c->common->answers_epoch, 1, memory_order_acq_rel);
}
