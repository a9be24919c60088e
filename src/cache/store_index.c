/* The index: linear hashing (Litwin 1980) over buckets of one cache line. An item lies in the bucket that its
 * hash names, or, while that is full, in a second one. The table grows by one bucket at a time: bucket n
 * takes from bucket n - 2^k those items whose hash says so; the slots tell enough of the hash for that, so no
 * item is touched. All buckets that an item can ever lie in have the same number modulo STRIPES, hence one
 * lock. */
#include "cache/store_inner.h"

/* Items per five buckets: 4.2 of 7 slots. A fifth of the items then lies in its second bucket; hardly one
 * finds no place (of 40,000 put at random, five). */
#define LOAD_NUM 21u
#define LOAD_DEN 5u
#define RETRIES 8u

/* ---- places of hashes ---- */

static uint32_t bucket_number(uint32_t hash, uint32_t buckets)
{
    uint32_t mask = UINT32_MAX >> __builtin_clz(buckets - 1), b = hash & mask;
    return b < buckets ? b : b & (mask >> 1);
}

/* Of another bucket in the same stripe. */
static uint32_t other_hash(uint32_t hash)
{
    return (hash & (STRIPES - 1)) | (((hash / STRIPES * 0x9e3779b1u) >> 6) * STRIPES);
}

static uint64_t tag_of(uint32_t hash)
{
    return (uint64_t)(hash / STRIPES) << SLOT_PLACE_BITS;
}

static uint32_t hash_of(uint64_t word, uint32_t bucket)
{
    return (uint32_t)((word & SLOT_TAG) >> SLOT_PLACE_BITS) * STRIPES + bucket % STRIPES;
}

static struct bucket *bucket_of(const struct store *s, uint32_t hash)
{
    uint32_t buckets = atomic_load_explicit(&s->head->buckets, memory_order_acquire);
    return &s->index[bucket_number(hash, buckets)];
}

pthread_mutex_t *index_lock_of(const struct store *s, uint32_t hash)
{
    return &s->m->stripes[hash % STRIPES];
}

/* ---- finding ---- */

static bool is_of(const struct store *s, uint64_t word, const struct probe *p)
{
    const struct item *it = item_at(s, word & SLOT_PLACE);
    /* Most items are of two or three cache lines. */
    __builtin_prefetch((const uint8_t *)it + 64);
    __builtin_prefetch((const uint8_t *)it + 128);
    return it->hash == p->hash && it->key == p->item_key && memcmp(it->octets, p->key, p->key_len) == 0;
}

static struct index_found find_in(
    const struct store *s, struct bucket *b, const struct probe *p, uint64_t other)
{
    uint64_t wanted = tag_of(p->hash) | other;
    for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
        uint64_t word = atomic_load(&b->slots[i]); /* seq_cst: see store_segments.c, announce() */
        if ((word & (SLOT_TAG | SLOT_OTHER)) == wanted && (word & SLOT_PLACE) && is_of(s, word, p))
            return (struct index_found){.slot = &b->slots[i], .word = word};
    }
    return (struct index_found){0};
}

struct index_found index_find_locked(const struct store *s, const struct probe *p)
{
    struct bucket *b = bucket_of(s, p->hash);
    struct index_found f = find_in(s, b, p, 0);
    if (!f.word && atomic_load_explicit(&b->head, memory_order_relaxed) & HEAD_SPILLED)
        f = find_in(s, bucket_of(s, other_hash(p->hash)), p, SLOT_OTHER);
    return f;
}

/* A bucket that is being split shows its items twice for a moment, and never not at all to who looks again
 * when its head or the number of buckets is another than before. */
struct index_found index_find(const struct store *s, const struct probe *p)
{
    struct index_found f = {0};
    for (unsigned tries = 0; tries < RETRIES; tries++) {
        uint32_t buckets = atomic_load_explicit(&s->head->buckets, memory_order_acquire);
        struct bucket *b = &s->index[bucket_number(p->hash, buckets)], *other = NULL;
        uint64_t head = atomic_load_explicit(&b->head, memory_order_acquire), other_head = 0;
        f = find_in(s, b, p, 0);
        if (!f.word && head & HEAD_SPILLED) {
            other = &s->index[bucket_number(other_hash(p->hash), buckets)];
            other_head = atomic_load_explicit(&other->head, memory_order_acquire);
            f = find_in(s, other, p, SLOT_OTHER);
        }
        if (f.word || (head == atomic_load_explicit(&b->head, memory_order_acquire) &&
                          buckets == atomic_load_explicit(&s->head->buckets, memory_order_acquire) &&
                          (!other || other_head == atomic_load_explicit(&other->head, memory_order_acquire))))
            break;
    }
    return f;
}

/* A word is found by what its item says; which slot it stands in proves nothing, so any will do. */
struct index_found index_find_at(const struct store *s, const struct probe *p, _Atomic uint64_t *slot)
{
    uint64_t word = atomic_load(slot); /* seq_cst, as in find_in() */
    if ((word & SLOT_TAG) == tag_of(p->hash) && (word & SLOT_PLACE) && is_of(s, word, p))
        return (struct index_found){.slot = slot, .word = word};
    return index_find(s, p);
}

void index_near(const struct store *s, struct store_spot *spot)
{
    spot->at = bucket_of(s, spot->hash);
    __builtin_prefetch(spot->at);
}

/* Nothing of the item is read, so no promise of segments_read() is needed. */
void index_nearer(const struct store *s, struct store_spot *spot)
{
    struct bucket *b = spot->at;
    uint64_t wanted = tag_of(spot->hash);
    spot->at = NULL;
    for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
        uint64_t word = atomic_load_explicit(&b->slots[i], memory_order_relaxed);
        if ((word & (SLOT_TAG | SLOT_OTHER)) == wanted && (word & SLOT_PLACE)) {
            const uint8_t *at = (const uint8_t *)item_at(s, word & SLOT_PLACE);
            spot->at = &b->slots[i];
            __builtin_prefetch(at);
            __builtin_prefetch(at + 64);
            __builtin_prefetch(at + 128);
            return;
        }
    }
}

static struct index_found find_place_in(struct bucket *b, uint64_t place)
{
    for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
        uint64_t word = atomic_load_explicit(&b->slots[i], memory_order_relaxed);
        if ((word & SLOT_PLACE) == place)
            return (struct index_found){.slot = &b->slots[i], .word = word};
    }
    return (struct index_found){0};
}

struct index_found index_find_place(const struct store *s, uint32_t hash, uint64_t place)
{
    struct index_found f = find_place_in(bucket_of(s, hash), place);
    return f.word ? f : find_place_in(bucket_of(s, other_hash(hash)), place);
}

/* ---- room ---- */

void index_leave(struct store *s, _Atomic uint64_t *slot, const struct item *it)
{
    atomic_store(slot, 0);
    atomic_fetch_sub_explicit(&s->m->items, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&s->m->by_kind[item_kind(it)], 1, memory_order_relaxed);
}

static _Atomic uint64_t *empty_in(struct bucket *b)
{
    for (unsigned i = 0; i < BUCKET_SLOTS; i++)
        if (atomic_load_explicit(&b->slots[i], memory_order_relaxed) == 0)
            return &b->slots[i];
    return NULL;
}

static void moved(struct bucket *b)
{
    atomic_fetch_add(&b->head, HEAD_MOVED);
}

/* Puts one item of a full bucket where else it may lie, if there is room. The slot that it had is returned,
 * and still has its word: a reader finds it in one of the two places, or sees that a head has changed. */
static _Atomic uint64_t *push_one(const struct store *s, struct bucket *b)
{
    uint32_t number = (uint32_t)(b - s->index);
    for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
        uint64_t word = atomic_load_explicit(&b->slots[i], memory_order_relaxed);
        uint32_t hash = hash_of(word, number);
        struct bucket *to = bucket_of(s, word & SLOT_OTHER ? hash : other_hash(hash));
        _Atomic uint64_t *room = empty_in(to);
        if (!room)
            continue;
        if (!(word & SLOT_OTHER))
            atomic_fetch_or(&b->head, HEAD_SPILLED);
        atomic_store(room, word ^ SLOT_OTHER);
        moved(to);
        moved(b);
        return &b->slots[i];
    }
    return NULL;
}

/* Who expired goes first, then who was not asked for, then who expires soonest. */
static uint64_t worth(const struct store *s, uint64_t word, uint32_t now_s)
{
    uint32_t expires_s = item_at(s, word & SLOT_PLACE)->expires_s;
    if (now_s >= expires_s)
        return expires_s;
    return expires_s + (word & SLOT_MARK ? UINT64_C(2) << 32 : UINT64_C(1) << 32);
}

static _Atomic uint64_t *least_in(const struct store *s, struct bucket *b, uint32_t now_s)
{
    unsigned least = 0;
    uint64_t least_worth = UINT64_MAX;
    for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
        uint64_t w = worth(s, atomic_load_explicit(&b->slots[i], memory_order_relaxed), now_s);
        if (w < least_worth) {
            least_worth = w;
            least = i;
        }
    }
    return &b->slots[least];
}

static _Atomic uint64_t *evict_one(struct store *s, struct bucket *b, uint32_t now_s)
{
    _Atomic uint64_t *slot = least_in(s, b, now_s);
    const struct item *it = item_at(s, atomic_load_explicit(slot, memory_order_relaxed) & SLOT_PLACE);
    if (now_s < it->expires_s)
        store_count(&s->seat->evicted);
    index_leave(s, slot, it);
    return slot;
}

_Atomic uint64_t *index_room(struct store *s, uint32_t hash, uint32_t now_s, uint64_t *word)
{
    struct bucket *first = bucket_of(s, hash), *second = bucket_of(s, other_hash(hash));
    _Atomic uint64_t *slot = empty_in(first);
    *word = tag_of(hash);
    if (!slot)
        slot = push_one(s, first);
    if (slot)
        return slot;
    slot = empty_in(second);
    if (!slot)
        slot = push_one(s, second);
    if (!slot)
        return evict_one(s, first, now_s);
    atomic_fetch_or(&first->head, HEAD_SPILLED);
    *word |= SLOT_OTHER;
    return slot;
}

/* ---- growing ---- */

/* Bucket n is new: it gets what belongs to it from `from`. */
static void split(struct store *s, struct bucket *from, uint32_t n)
{
    struct bucket *to = &s->index[n];
    bool moves[BUCKET_SLOTS] = {false};
    uint64_t head = atomic_load_explicit(&from->head, memory_order_relaxed);
    for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
        uint64_t word = atomic_load_explicit(&from->slots[i], memory_order_relaxed);
        uint32_t hash = hash_of(word, n);
        moves[i] = word && bucket_number(word & SLOT_OTHER ? other_hash(hash) : hash, n + 1) == n;
        atomic_store_explicit(&to->slots[i], moves[i] ? word : 0, memory_order_relaxed);
    }
    atomic_store_explicit(&to->head, head & HEAD_SPILLED, memory_order_relaxed);
    atomic_store_explicit(&s->head->buckets, n + 1, memory_order_release);
    moved(from);
    for (unsigned i = 0; i < BUCKET_SLOTS; i++)
        if (moves[i])
            atomic_store(&from->slots[i], 0);
}

static bool is_loaded(const struct store *s, uint32_t buckets)
{
    return buckets < s->head->buckets_max &&
           atomic_load_explicit(&s->m->items, memory_order_relaxed) * LOAD_DEN > (uint64_t)buckets * LOAD_NUM;
}

void index_grow(struct store *s)
{
    uint32_t n = atomic_load_explicit(&s->head->buckets, memory_order_relaxed);
    if (!is_loaded(s, n))
        return;
    pthread_mutex_t *lock = &s->m->stripes[n % STRIPES];
    pthread_mutex_lock(lock);
    /* Whoever else grows the table at n holds this lock. */
    if (atomic_load_explicit(&s->head->buckets, memory_order_relaxed) == n)
        split(s, &s->index[n - (UINT32_C(1) << (31 - __builtin_clz(n)))], n);
    pthread_mutex_unlock(lock);
}

/* ---- all ---- */

/* Stripe after stripe: a bucket that is added meanwhile is of this one or its items were looked at already,
 * or will be. */
size_t index_leave_where(struct store *s, store_chooser *which, void *ctx)
{
    size_t left = 0;
    for (uint32_t stripe = 0; stripe < STRIPES; stripe++) {
        store_rest(s); /* what others empty meanwhile need not wait for all of this */
        segments_read(s);
        pthread_mutex_lock(&s->m->stripes[stripe]);
        uint32_t buckets = atomic_load_explicit(&s->head->buckets, memory_order_acquire);
        for (uint32_t n = stripe; n < buckets; n += STRIPES)
            for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
                _Atomic uint64_t *slot = &s->index[n].slots[i];
                uint64_t word = atomic_load_explicit(slot, memory_order_relaxed);
                const struct item *it = word ? item_at(s, word & SLOT_PLACE) : NULL;
                if (!it || (which && !which(item_kind(it), it->octets, item_key_len(it), ctx)))
                    continue;
                index_leave(s, slot, it);
                left++;
            }
        pthread_mutex_unlock(&s->m->stripes[stripe]);
    }
    return left;
}
