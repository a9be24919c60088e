/* Shards by zone, each with a lock, a sorted table and a ring:
 *
 *   u32 table[] of items in the order of their keys | ring of items in order of arrival
 *
 * The oldest item goes when room is needed, but one that was asked for since gets a second round: records of
 * names that a stranger makes up are put once and never found again, those of a busy zone stay.
 *
 * Places are in units of 8 octets from the shard's start. An item's octets are key and value; the key sorts
 * as plain octets:
 *
 *   zone, lower case, wire form | section 1 | SOA:   nothing
 *                                           | NSEC:  labels of the owner below the zone, uppermost first
 *                                           | NSEC3: iterations 2 | salt length 1 | salt | hash 20
 *
 * The value is a flat RRset. */
#include "cache/nsecs.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "cache/flat.h"
#include "cache/nsecs_key.h"
#include "defs/limits.h"
#include "dns/rrtype.h"

#define UNIT 8u
#define PAGE 4096u
#define SHARDS_MIN 16u /* where there is room: misses of as many workers seldom meet */
#define SHARDS_MAX 4096u
#define SHARD_LEN_MIN ((size_t)1 << 20)  /* the root's 1,440 NSEC take half of it */
#define SHARD_LEN_MAX ((size_t)16 << 20) /* a put moves a part of the table: 320 KiB at most */
#define OCTETS_PER_ITEM 200u /* a small NSEC with an ECDSA signature, item and place in the table */
#define RING_PART 8u         /* an item takes at most this part of a ring */
#define ROUNDS_MAX 16u       /* items that one put moves to the front again */

/* The first 4 octets are all that a filler at the ring's end has. */
struct item {
    uint32_t units; /* whole length */
    uint16_t key_len;
    uint8_t live; /* in the table */
    uint8_t hit;  /* found since it was put, or since its last round */
    uint32_t expires_s;
    uint32_t value_len;
    uint8_t octets[];
};

/* head: where the next item goes; tail: the oldest; fill: units from tail to head. */
struct shard {
    pthread_mutex_t lock;
    uint8_t *base;
    uint32_t count; /* in the table */
    uint32_t head, tail, fill;
    uint64_t live; /* units of items in the table */
    struct nsecs_stats stats;
};

struct nsecs {
    struct hash_key key;
    uint8_t *block;
    size_t block_len, shard_len;
    uint32_t shard_count, table_cap;
    uint32_t ring_at, ring_end;
    _Atomic uint64_t depths[2]; /* the numbers of labels that zones have had; a bit each, never taken back */
    struct shard shards[];
};

static uint32_t *table_of(const struct shard *s)
{
    return (uint32_t *)(void *)s->base;
}

static struct item *item_at(const struct shard *s, uint32_t at)
{
    return (struct item *)(void *)(s->base + (size_t)at * UNIT);
}

static struct item *item_of(const struct shard *s, uint32_t place)
{
    return item_at(s, table_of(s)[place]);
}

static struct shard *shard_at(struct nsecs *n, const uint8_t *zone, size_t zone_len)
{
    return &n->shards[hash_octets(&n->key, zone, zone_len) & (n->shard_count - 1)];
}

static struct shard *shard_of(struct nsecs *n, const struct nsecs_key *k)
{
    return shard_at(n, k->octets, k->zone_len);
}

/* ---- making and ending ---- */

static void shard_reset(const struct nsecs *n, struct shard *s)
{
    s->count = s->fill = 0;
    s->live = 0;
    s->head = s->tail = n->ring_at;
}

static uint32_t shards_for(size_t size)
{
    uint32_t shards = SHARDS_MIN;
    while (shards > 1 && size / shards < SHARD_LEN_MIN)
        shards /= 2;
    while (shards < SHARDS_MAX && size / shards > SHARD_LEN_MAX)
        shards *= 2;
    return shards;
}

struct nsecs *nsecs_new(size_t size, const struct hash_key *key)
{
    uint32_t shards = shards_for(size);
    size_t shard_len = size / shards / PAGE * PAGE;
    if (shard_len > SHARD_LEN_MAX)
        shard_len = SHARD_LEN_MAX;
    if (shard_len < PAGE)
        shard_len = PAGE;
    size_t len = shards * shard_len;
    void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    struct nsecs *n = mem_alloc(sizeof *n + shards * sizeof(struct shard));
    n->block = p;
    n->block_len = len;
    n->shard_len = shard_len;
    n->shard_count = shards;
    n->table_cap = (uint32_t)(shard_len / OCTETS_PER_ITEM);
    n->ring_at = (uint32_t)((n->table_cap * sizeof(uint32_t) + UNIT - 1) / UNIT);
    n->ring_end = (uint32_t)(shard_len / UNIT);
    n->key.k0 = hash_octets(key, "nsecs0", 6);
    n->key.k1 = hash_octets(key, "nsecs1", 6);
    for (uint32_t i = 0; i < shards; i++) {
        struct shard *s = &n->shards[i];
        s->base = n->block + i * shard_len;
        pthread_mutex_init(&s->lock, NULL);
        shard_reset(n, s);
    }
    return n;
}

void nsecs_free(struct nsecs *n)
{
    if (!n)
        return;
    for (uint32_t i = 0; i < n->shard_count; i++)
        pthread_mutex_destroy(&n->shards[i].lock);
    munmap(n->block, n->block_len);
    mem_free(n);
}

/* ---- the table ---- */

/* How many items have a key that is at most (strict: less than) these octets. */
static uint32_t items_before(const struct shard *s, const uint8_t *key, size_t key_len, bool strict)
{
    uint32_t low = 0, high = s->count;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        const struct item *it = item_of(s, mid);
        int d = nsecs_key_compare(it->octets, it->key_len, key, key_len);
        if (d < 0 || (d == 0 && !strict))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static bool key_is(const struct item *it, const struct nsecs_key *k)
{
    return it->key_len == k->len && memcmp(it->octets, k->octets, k->len) == 0;
}

/* Out of the table; its octets stay until the ring's tail passes them. */
static void take_out(struct shard *s, uint32_t place)
{
    uint32_t *table = table_of(s);
    struct item *it = item_at(s, table[place]);
    it->live = 0;
    s->live -= it->units;
    s->count--;
    memmove(table + place, table + place + 1, (s->count - place) * sizeof *table);
}

static void put_in(struct shard *s, uint32_t place, uint32_t at)
{
    uint32_t *table = table_of(s);
    struct item *it = item_at(s, at);
    memmove(table + place + 1, table + place, (s->count - place) * sizeof *table);
    table[place] = at;
    it->live = 1;
    s->live += it->units;
    s->count++;
}

/* ---- the ring ---- */

/* Takes the oldest item off the tail. One that was found moves to the head, as far as *rounds goes: here head
 * ≤ tail, so the gap between them is free and the item may slide down over it. */
static void pop_oldest(const struct nsecs *n, struct shard *s, uint32_t now_s, unsigned *rounds)
{
    if (s->tail == n->ring_end) {
        s->tail = n->ring_at;
        return;
    }
    struct item *it = item_at(s, s->tail);
    uint32_t units = it->units;
    if (it->live) {
        uint32_t place = items_before(s, it->octets, it->key_len, true);
        assert(place < s->count && table_of(s)[place] == s->tail);
        if (it->hit && *rounds > 0 && now_s < it->expires_s) {
            (*rounds)--;
            it->hit = 0;
            table_of(s)[place] = s->head;
            memmove(item_at(s, s->head), it, (size_t)units * UNIT);
            s->head += units;
            s->fill += units;
        } else {
            if (now_s < it->expires_s)
                s->stats.evicted++;
            take_out(s, place);
        }
    }
    s->tail += units;
    s->fill -= units;
}

/* Makes `units` free units at the head, and a free place in the table. */
static void make_room(const struct nsecs *n, struct shard *s, uint32_t units, uint32_t now_s)
{
    unsigned rounds = ROUNDS_MAX;
    for (;;) {
        if (s->fill == 0)
            s->head = s->tail = n->ring_at;
        if (s->fill == 0 || s->head > s->tail) {
            uint32_t left = n->ring_end - s->head;
            if (left >= units && s->count < n->table_cap)
                return;
            if (left) {
                struct item *filler = item_at(s, s->head);
                filler->units = left;
                filler->live = 0;
                s->fill += left;
            }
            s->head = n->ring_at;
        } else {
            if (s->tail - s->head >= units && s->count < n->table_cap)
                return;
            pop_oldest(n, s, now_s, &rounds);
        }
    }
}

/* ---- putting ---- */

/* The same records and signatures, with most of their time left: as good as the new ones, and every negative
 * answer of a zone brings the same SOA. */
static bool is_kept(const struct item *it, const struct writer *w, uint32_t ttl, uint32_t now_s)
{
    if (it->expires_s <= now_s || it->value_len != w->pos)
        return false;
    const uint8_t *old = it->octets + it->key_len;
    size_t ttl_at = name_len(old) + 4;
    return it->expires_s - now_s >= ttl - ttl / 4 && memcmp(old, w->data, ttl_at) == 0 &&
           memcmp(old + ttl_at + 4, w->data + ttl_at + 4, w->pos - ttl_at - 4) == 0;
}

static void store(const struct nsecs *n, struct shard *s, const struct nsecs_key *k, const struct writer *w,
    uint32_t expires_s, uint32_t now_s)
{
    uint32_t units = (uint32_t)((sizeof(struct item) + k->len + w->pos + UNIT - 1) / UNIT);
    uint32_t place = items_before(s, k->octets, k->len, true);
    if (place < s->count && key_is(item_of(s, place), k))
        take_out(s, place);
    make_room(n, s, units, now_s);
    uint32_t at = s->head;
    struct item *it = item_at(s, at);
    *it = (struct item){
        .units = units,
        .key_len = (uint16_t)k->len,
        .expires_s = expires_s,
        .value_len = (uint32_t)w->pos,
    };
    memcpy(it->octets, k->octets, k->len);
    memcpy(it->octets + k->len, w->data, w->pos);
    put_in(s, items_before(s, k->octets, k->len, true), at);
    s->head += units;
    s->fill += units;
}

static bool put_locked(const struct nsecs *n, struct shard *s, const struct nsecs_key *k,
    const struct writer *w, uint32_t ttl, uint32_t now_s)
{
    uint32_t place = items_before(s, k->octets, k->len, true);
    if (place < s->count && key_is(item_of(s, place), k) && is_kept(item_of(s, place), w, ttl, now_s)) {
        s->stats.kept++;
        return true;
    }
    size_t ring = (size_t)(n->ring_end - n->ring_at) * UNIT;
    if (w->bad || sizeof(struct item) + k->len + w->pos > ring / RING_PART) {
        s->stats.refused++;
        return false;
    }
    store(n, s, k, w, ttl > UINT32_MAX - now_s ? UINT32_MAX : now_s + ttl, now_s);
    s->stats.puts++;
    return true;
}

bool nsecs_put(struct nsecs *n, const name_t *zone, const struct rrset *rs, uint32_t now_s)
{
    struct nsecs_key k;
    if (rs->ttl == 0 || rs->count != 1 || rs->sig_count > RRSET_RECORDS_MAX || !nsecs_key_of(&k, zone, rs))
        return false;
    struct flat_room room;
    struct writer w = flat_room_init(&room, flat_rrset_len(rs));
    flat_write_rrset(&w, rs, rs->ttl);
    struct shard *s = shard_of(n, &k);
    unsigned labels = name_labels(zone);
    atomic_fetch_or_explicit(&n->depths[labels / 64], UINT64_C(1) << labels % 64, memory_order_relaxed);
    pthread_mutex_lock(&s->lock);
    bool ok = put_locked(n, s, &k, &w, rs->ttl, now_s);
    pthread_mutex_unlock(&s->lock);
    flat_room_fini(&room);
    return ok;
}

/* ---- finding ---- */

/* RDATA of the flat RRset's first record. */
static struct rdata first_rdata(const struct item *it)
{
    struct reader r = reader_of(it->octets + it->key_len, it->value_len);
    read_octets(&r, name_len(r.data) + FLAT_RRSET_FIXED_LEN);
    struct rdata rd = {.len = read_u16(&r)};
    rd.data = read_octets(&r, rd.len);
    return rd;
}

/* Of the item before or at the key: does the span that it begins have the key in it? */
static bool reaches(const struct item *it, const struct nsecs_key *k)
{
    if (key_is(it, k))
        return true;
    struct rdata rd = first_rdata(it);
    struct nsecs_key next;
    if (k->section == NSECS_SOA || !rd.data || !nsecs_key_of_next(&next, k, &rd))
        return false;
    /* The last one of the chain leads round to the first. */
    bool above = nsecs_key_compare(it->octets, it->key_len, k->octets, k->len) < 0;
    bool below = nsecs_key_compare(k->octets, k->len, next.octets, next.len) < 0;
    bool last = nsecs_key_compare(next.octets, next.len, it->octets, it->key_len) <= 0;
    return last ? above || below : above && below;
}

static bool same_group(const struct item *it, const struct nsecs_key *k)
{
    return it->key_len >= k->group_len && memcmp(it->octets, k->octets, k->group_len) == 0;
}

static const uint8_t greatest[NSECS_HASH_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/* The item at the key, or the one before it in its group; of hashes, before the first comes the last. */
static struct item *item_before(struct shard *s, const struct nsecs_key *k, uint32_t *place)
{
    uint32_t p = items_before(s, k->octets, k->len, false);
    if (p > 0 && same_group(item_of(s, p - 1), k)) {
        *place = p - 1;
        return item_of(s, p - 1);
    }
    if (k->section != NSECS_NSEC3)
        return NULL;
    struct nsecs_key end = *k;
    memcpy(end.octets + end.group_len, greatest, sizeof greatest);
    p = items_before(s, end.octets, end.len, false);
    if (p == 0 || !same_group(item_of(s, p - 1), k))
        return NULL;
    *place = p - 1;
    return item_of(s, p - 1);
}

/* A value taken out under the lock. */
struct taken {
    const uint8_t *octets; /* NULL: nothing is there */
    size_t len;
    uint32_t left_s;
};

static struct taken take(struct shard *s, const struct nsecs_key *k, uint32_t now_s, struct arena *a)
{
    struct taken t = {0};
    uint32_t place;
    pthread_mutex_lock(&s->lock);
    struct item *it = item_before(s, k, &place);
    if (it && now_s >= it->expires_s)
        take_out(s, place);
    else if (it && reaches(it, k)) {
        it->hit = 1;
        t = (struct taken){.len = it->value_len, .left_s = it->expires_s - now_s};
        t.octets = arena_copy(a, it->octets + it->key_len, t.len);
    }
    if (t.octets)
        s->stats.found++;
    else
        s->stats.missed++;
    pthread_mutex_unlock(&s->lock);
    return t;
}

static struct rrset *find(struct nsecs *n, const struct nsecs_key *k, uint32_t now_s, struct arena *a)
{
    struct taken t = take(shard_of(n, k), k, now_s, a);
    struct reader r = reader_of(t.octets, t.len);
    struct rrset *rs = t.octets ? flat_read_rrset(&r, a) : NULL;
    /* A clock that stepped back lengthens no TTL. */
    if (rs && t.left_s < rs->ttl)
        rs->ttl = t.left_s;
    return rs;
}

static bool has_zone(struct nsecs *n, const uint8_t *zone, size_t len)
{
    struct shard *s = shard_at(n, zone, len);
    pthread_mutex_lock(&s->lock);
    uint32_t p = items_before(s, zone, len, true);
    bool known =
        p < s->count && item_of(s, p)->key_len >= len && memcmp(item_of(s, p)->octets, zone, len) == 0;
    pthread_mutex_unlock(&s->lock);
    return known;
}

const name_t *nsecs_deepest(struct nsecs *n, const name_t *name)
{
    struct nsecs_key k;
    size_t len = name_lower_copy(k.octets, name), skip = 0;
    for (unsigned labels = name_labels(name);; labels--) {
        const uint8_t *zone = k.octets + skip;
        uint64_t bits = atomic_load_explicit(&n->depths[labels / 64], memory_order_relaxed);
        if ((bits >> labels % 64 & 1) != 0 && has_zone(n, zone, len - skip))
            return name + skip;
        if (labels == 0)
            return NULL;
        skip += 1u + *zone;
    }
}

struct rrset *nsecs_soa(struct nsecs *n, const name_t *zone, uint32_t now_s, struct arena *a)
{
    struct nsecs_key k;
    nsecs_key_soa(&k, zone);
    return find(n, &k, now_s, a);
}

struct rrset *nsecs_find(
    struct nsecs *n, const name_t *zone, const name_t *name, uint32_t now_s, struct arena *a)
{
    struct nsecs_key k;
    return nsecs_key_nsec(&k, zone, name) ? find(n, &k, now_s, a) : NULL;
}

struct rrset *nsecs_find_hash(struct nsecs *n, const name_t *zone, const struct nsec3_chain *chain,
    const uint8_t hash[NSECS_HASH_LEN], uint32_t now_s, struct arena *a)
{
    struct nsecs_key k;
    nsecs_key_nsec3(&k, zone, chain, hash);
    return find(n, &k, now_s, a);
}

unsigned nsecs_chains(
    struct nsecs *n, const name_t *zone, uint32_t now_s, struct nsec3_chain out[NSECS_CHAINS_MAX])
{
    struct nsecs_key k;
    nsecs_key_chains(&k, zone);
    struct shard *s = shard_of(n, &k);
    unsigned count = 0;
    pthread_mutex_lock(&s->lock);
    /* From the first of each chain to the first of the next one. */
    for (uint32_t p = items_before(s, k.octets, k.len, true); p < s->count && count < NSECS_CHAINS_MAX;) {
        struct item *it = item_of(s, p);
        if (!same_group(it, &k))
            break;
        if (now_s >= it->expires_s) {
            take_out(s, p);
            continue;
        }
        struct nsecs_key end;
        nsecs_key_chain_read(&out[count], it->octets + k.group_len);
        nsecs_key_nsec3(&end, zone, &out[count], greatest);
        p = items_before(s, end.octets, end.len, false);
        count++;
    }
    pthread_mutex_unlock(&s->lock);
    return count;
}

/* ---- forgetting ---- */

void nsecs_clear(struct nsecs *n)
{
    for (uint32_t i = 0; i < n->shard_count; i++) {
        struct shard *s = &n->shards[i];
        pthread_mutex_lock(&s->lock);
        shard_reset(n, s);
        madvise(s->base, n->shard_len, MADV_DONTNEED); /* the memory goes back to the system */
        pthread_mutex_unlock(&s->lock);
    }
}

static bool is_flushed(const struct item *it, const name_t *top)
{
    const name_t *zone = it->octets, *owner = it->octets + it->key_len;
    if (name_is_within(zone, top))
        return true;
    if (!name_is_within(top, zone))
        return false;
    enum nsecs_section section = it->octets[name_len(zone)];
    if (section != NSECS_NSEC)
        return section == NSECS_NSEC3;
    struct nsecs_key k;
    return name_is_within(owner, top) || !nsecs_key_nsec(&k, zone, top) || reaches(it, &k);
}

void nsecs_flush(struct nsecs *n, const name_t *top)
{
    for (uint32_t i = 0; i < n->shard_count; i++) {
        struct shard *s = &n->shards[i];
        pthread_mutex_lock(&s->lock);
        for (uint32_t p = s->count; p-- > 0;) {
            if (is_flushed(item_of(s, p), top))
                take_out(s, p);
        }
        pthread_mutex_unlock(&s->lock);
    }
}

void nsecs_read_stats(struct nsecs *n, struct nsecs_stats *out)
{
    *out = (struct nsecs_stats){.size = n->block_len};
    for (uint32_t i = 0; i < n->shard_count; i++) {
        struct shard *s = &n->shards[i];
        pthread_mutex_lock(&s->lock);
        out->used += ((size_t)n->ring_at + s->live) * UNIT;
        out->items += s->count;
        out->puts += s->stats.puts;
        out->kept += s->stats.kept;
        out->evicted += s->stats.evicted;
        out->refused += s->stats.refused;
        out->found += s->stats.found;
        out->missed += s->stats.missed;
        pthread_mutex_unlock(&s->lock);
    }
}
