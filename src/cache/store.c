/* The plain store. Layout of the block:
 *
 *   page 0           struct block_head
 *   shard 0, 1, …    struct shard_head | bucket table (u32 each) | ring of items
 *
 * Places are in units of 8 octets from the shard's start, so they fit 32 bits and mean the same at any
 * address; 0 is the shard's head and therefore "none". A bucket is a chain through the items. Locks and
 * counters of traffic lie outside. */
#include "cache/store.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"

#define PAGE 4096u
#define UNIT 8u
#define SIZE_MIN ((size_t)960 << 10)      /* the least cache.size without the part of nsecs */
#define SHARDS_MAX 64u                    /* two workers seldom meet in one; 16 MiB give 256 KiB each */
#define SHARD_LEN_MIN ((size_t)256 << 10) /* so that the greatest item (32 KiB) is a small part of a ring */
#define RING_PART 4u                      /* an item takes at most this part of a ring */
#define OCTETS_PER_BUCKET 128u    /* a small item with head and key: about one a bucket, 8 octets of index */
#define ROUND_BUDGET 98304u       /* octets moved in one put: some 20 microseconds under the lock */
#define ROUND_COST 512u           /* finding an item's link weighs as much as copying so many */
#define KEY_LEN_MAX 512u          /* a name, an address, and room */
#define MAGIC 0x6861726b626c6f63u /* "harkbloc" */
#define LAYOUT 1u

struct block_head {
    uint64_t magic, size;
    uint32_t layout, shard_count;
};

/* head: where the next item goes; tail: the oldest item; both in units, ring_at ≤ x ≤ ring_end.
 * fill: units from tail to head. */
struct shard_head {
    uint32_t head, tail, fill;
    uint32_t live; /* units of items that are in the index */
    uint32_t by_kind[STORE_KIND_COUNT];
};

/* Followed by key and value. The first 8 octets are all that a filler at the ring's end has. */
struct item {
    uint32_t units; /* whole length */
    uint16_t key_len;
    uint8_t kind;  /* 0: removed, or filler */
    uint8_t hit;   /* asked for since it was put, or since its last round */
    uint32_t next; /* in the bucket's chain */
    uint32_t tag;  /* hash bits; gives the bucket too */
    uint32_t expires_s;
    uint32_t value_len;
    uint8_t octets[];
};

struct lane {
    pthread_mutex_t lock;
    uint8_t *base; /* of its shard */
    uint64_t hits, misses, puts, evicted, refused;
    uint8_t apart[40]; /* two lanes share no cache line that both write */
};

struct store {
    uint8_t *block;
    size_t size;
    uint32_t shard_count;
    size_t shard_len;
    uint32_t bucket_count, ring_at, ring_end; /* of each shard */
    _Atomic uint32_t handles;
    /* one a kind: so the kind is part of the hash without being copied before the key */
    struct hash_key keys[STORE_KIND_COUNT];
    struct lane lanes[];
};

/* A key on its way through one call. */
struct probe {
    const void *key;
    size_t key_len;
    uint8_t kind;
    uint32_t tag;
    struct lane *lane;
};

static struct shard_head *shard_of(const struct lane *l)
{
    return (struct shard_head *)(void *)l->base;
}

static uint32_t *bucket_of(const struct store *s, const struct lane *l, uint32_t tag)
{
    uint32_t *table = (uint32_t *)(void *)(l->base + sizeof(struct shard_head));
    return &table[(uint64_t)tag * s->bucket_count >> 32];
}

static struct item *item_at(const struct lane *l, uint32_t at)
{
    return (struct item *)(void *)(l->base + (size_t)at * UNIT);
}

static struct probe probe_of(struct store *s, enum store_kind kind, const void *key, size_t key_len)
{
    assert(kind > 0 && kind < STORE_KIND_COUNT && key_len <= KEY_LEN_MAX);
    uint64_t h = hash_octets(&s->keys[kind], key, key_len);
    struct lane *lane = &s->lanes[(h >> 32) & (s->shard_count - 1)];
    /* On its way while the lock is taken. */
    __builtin_prefetch(bucket_of(s, lane, (uint32_t)h));
    return (struct probe){
        .key = key, .key_len = key_len, .kind = (uint8_t)kind, .tag = (uint32_t)h, .lane = lane};
}

/* The link that leads to the item of this key, or the zero link at the chain's end. */
static uint32_t *link_of(const struct store *s, const struct probe *p)
{
    uint32_t *link = bucket_of(s, p->lane, p->tag);
    while (*link) {
        struct item *it = item_at(p->lane, *link);
        /* Most items are of two or three cache lines. */
        __builtin_prefetch((const uint8_t *)it + 64);
        __builtin_prefetch((const uint8_t *)it + 128);
        if (it->tag == p->tag && it->kind == p->kind && it->key_len == p->key_len &&
            memcmp(it->octets, p->key, p->key_len) == 0)
            break;
        link = &it->next;
    }
    return link;
}

/* Out of the index; its octets stay until the ring's tail passes them. */
static void unlink_item(struct lane *l, uint32_t *link)
{
    struct item *it = item_at(l, *link);
    struct shard_head *sh = shard_of(l);
    sh->by_kind[it->kind]--;
    sh->live -= it->units;
    *link = it->next;
    it->kind = 0;
}

/* ---- the ring ---- */

static uint32_t *link_to(const struct store *s, struct lane *l, uint32_t at)
{
    uint32_t *link = bucket_of(s, l, item_at(l, at)->tag);
    while (*link != at) {
        assert(*link);
        link = &item_at(l, *link)->next;
    }
    return link;
}

/* Takes the oldest item off the tail. One that was asked for moves to the head, as far as *budget goes. Here
 * head ≤ tail, so the gap between them is free and the item may slide down over it. */
static void pop_oldest(struct store *s, struct lane *l, uint32_t now_s, size_t *budget)
{
    struct shard_head *sh = shard_of(l);
    if (sh->tail == s->ring_end) {
        sh->tail = s->ring_at;
        return;
    }
    struct item *it = item_at(l, sh->tail);
    uint32_t units = it->units;
    size_t cost = ROUND_COST + (size_t)units * UNIT;
    if (it->kind) {
        uint32_t *link = link_to(s, l, sh->tail);
        if (it->hit && *budget >= cost && now_s < it->expires_s) {
            *budget -= cost;
            it->hit = 0;
            *link = sh->head;
            memmove(item_at(l, sh->head), it, (size_t)units * UNIT);
            sh->head += units;
            sh->fill += units;
        } else {
            if (now_s < it->expires_s)
                l->evicted++;
            unlink_item(l, link);
        }
    }
    sh->tail += units;
    sh->fill -= units;
}

/* Makes `units` free units at the head. */
static void make_room(struct store *s, struct lane *l, uint32_t units, uint32_t now_s)
{
    struct shard_head *sh = shard_of(l);
    size_t budget = ROUND_BUDGET;
    for (;;) {
        if (sh->fill == 0)
            sh->head = sh->tail = s->ring_at;
        if (sh->fill == 0 || sh->head > sh->tail) {
            uint32_t left = s->ring_end - sh->head;
            if (left >= units)
                return;
            if (left) {
                struct item *filler = item_at(l, sh->head);
                filler->units = left;
                filler->kind = 0;
                sh->fill += left;
            }
            sh->head = s->ring_at;
        } else {
            if (sh->tail - sh->head >= units)
                return;
            pop_oldest(s, l, now_s, &budget);
        }
    }
}

/* ---- making and ending ---- */

static struct store *lanes_new(size_t size, const struct hash_key *key)
{
    if (size < SIZE_MIN)
        size = SIZE_MIN;
    uint32_t shards = SHARDS_MAX;
    while (shards > 1 && size / shards < SHARD_LEN_MIN)
        shards /= 2;
    struct store *s = mem_alloc(sizeof *s + shards * sizeof(struct lane));
    s->handles = 1;
    s->size = size;
    s->shard_count = shards;
    s->shard_len = (size - PAGE) / shards / PAGE * PAGE;
    if (s->shard_len > (size_t)UINT32_MAX * UNIT / PAGE * PAGE)
        s->shard_len = (size_t)UINT32_MAX * UNIT / PAGE * PAGE;
    s->bucket_count = (uint32_t)(s->shard_len / OCTETS_PER_BUCKET);
    size_t index = sizeof(struct shard_head) + s->bucket_count * sizeof(uint32_t);
    s->ring_at = (uint32_t)((index + UNIT - 1) / UNIT);
    s->ring_end = (uint32_t)(s->shard_len / UNIT);
    for (uint8_t kind = 0; kind < STORE_KIND_COUNT; kind++) {
        s->keys[kind].k0 = hash_octets(key, (uint8_t[]){kind, 0}, 2);
        s->keys[kind].k1 = hash_octets(key, (uint8_t[]){kind, 1}, 2);
    }
    return s;
}

static size_t block_len(const struct store *s)
{
    return PAGE + s->shard_count * s->shard_len;
}

static void shard_reset(const struct store *s, const struct lane *l)
{
    struct shard_head *sh = shard_of(l);
    sh->head = sh->tail = s->ring_at;
}

struct store *store_new(size_t size, const struct hash_key *key)
{
    struct store *s = lanes_new(size, key);
    void *p =
        mmap(NULL, block_len(s), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) {
        mem_free(s);
        return NULL;
    }
    s->block = p;
    *(struct block_head *)p =
        (struct block_head){.magic = MAGIC, .layout = LAYOUT, .size = s->size, .shard_count = s->shard_count};
    for (uint32_t i = 0; i < s->shard_count; i++) {
        struct lane *l = &s->lanes[i];
        l->base = s->block + PAGE + i * s->shard_len;
        pthread_mutex_init(&l->lock, NULL);
        shard_reset(s, l);
    }
    return s;
}

struct store *store_join(struct store *s)
{
    atomic_fetch_add_explicit(&s->handles, 1, memory_order_relaxed);
    return s;
}

void store_rest(struct store *s)
{
    (void)s;
}

void store_free(struct store *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->handles, 1, memory_order_acq_rel) > 1)
        return;
    for (uint32_t i = 0; i < s->shard_count; i++)
        pthread_mutex_destroy(&s->lanes[i].lock);
    munmap(s->block, block_len(s));
    mem_free(s);
}

const void *store_block(struct store *s, size_t *len)
{
    *len = block_len(s);
    return s->block;
}

struct store *store_adopt(const void *block, size_t len, const struct hash_key *key)
{
    struct block_head head;
    if (len < sizeof head)
        return NULL;
    memcpy(&head, block, sizeof head);
    if (head.magic != MAGIC || head.layout != LAYOUT || head.size < SIZE_MIN || head.size < len)
        return NULL;
    struct store *s = store_new(head.size, key);
    if (s && (head.shard_count != s->shard_count || len != block_len(s))) {
        store_free(s);
        return NULL;
    }
    if (s)
        memcpy(s->block, block, len);
    return s;
}

/* ---- use ---- */

bool store_read(struct store *s, enum store_kind kind, const void *key, size_t key_len, uint32_t now_s,
    store_reader *reader, void *ctx)
{
    struct probe p = probe_of(s, kind, key, key_len);
    bool found = false;
    pthread_mutex_lock(&p.lane->lock);
    uint32_t *link = link_of(s, &p);
    if (*link) {
        struct item *it = item_at(p.lane, *link);
        if (now_s < it->expires_s && reader(it->octets + it->key_len, it->value_len, ctx)) {
            found = true;
            if (!it->hit)
                it->hit = 1;
        }
    }
    if (found)
        p.lane->hits++;
    else
        p.lane->misses++;
    pthread_mutex_unlock(&p.lane->lock);
    return found;
}

struct copy {
    void *out;
    size_t cap, len;
};

static bool copy_out(const void *value, size_t len, void *ctx)
{
    struct copy *c = ctx;
    if (len > c->cap)
        return false;
    memcpy(c->out, value, len);
    c->len = len;
    return true;
}

size_t store_get(struct store *s, enum store_kind kind, const void *key, size_t key_len, void *out,
    size_t cap, uint32_t now_s)
{
    struct copy c = {.out = out, .cap = cap};
    store_read(s, kind, key, key_len, now_s, copy_out, &c);
    return c.len;
}

struct arena_copy {
    struct arena *a;
    void *out;
    size_t len;
};

static bool copy_into_arena(const void *value, size_t len, void *ctx)
{
    struct arena_copy *c = ctx;
    c->out = arena_copy(c->a, value, len);
    c->len = len;
    return true;
}

void *store_get_copy(struct store *s, enum store_kind kind, const void *key, size_t key_len, uint32_t now_s,
    struct arena *a, size_t *len)
{
    struct arena_copy c = {.a = a};
    store_read(s, kind, key, key_len, now_s, copy_into_arena, &c);
    *len = c.len;
    return c.out;
}

static void append(
    struct store *s, const struct probe *p, uint32_t units, const void *value, size_t len, uint32_t expires_s)
{
    struct shard_head *sh = shard_of(p->lane);
    uint32_t at = sh->head;
    uint32_t *bucket = bucket_of(s, p->lane, p->tag);
    struct item *it = item_at(p->lane, at);
    *it = (struct item){
        .units = units,
        .key_len = (uint16_t)p->key_len,
        .kind = p->kind,
        .next = *bucket,
        .tag = p->tag,
        .expires_s = expires_s,
        .value_len = (uint32_t)len,
    };
    memcpy(it->octets, p->key, p->key_len);
    memcpy(it->octets + p->key_len, value, len);
    *bucket = at;
    sh->head += units;
    sh->fill += units;
    sh->live += units;
    sh->by_kind[p->kind]++;
}

bool store_put(struct store *s, enum store_kind kind, const void *key, size_t key_len, const void *value,
    size_t len, uint32_t expires_s, uint32_t now_s, store_may_replace *may_replace, void *ctx)
{
    struct probe p = probe_of(s, kind, key, key_len);
    uint32_t ring = s->ring_end - s->ring_at;
    bool fits = len > 0 && len <= (size_t)ring / RING_PART * UNIT - sizeof(struct item) - KEY_LEN_MAX;
    pthread_mutex_lock(&p.lane->lock);
    uint32_t *link = link_of(s, &p);
    struct item *old = *link ? item_at(p.lane, *link) : NULL;
    bool ok = fits && now_s < expires_s;
    if (ok && old && now_s < old->expires_s && may_replace)
        ok = may_replace(old->octets + old->key_len, old->value_len, ctx);
    if (ok) {
        if (old)
            unlink_item(p.lane, link);
        uint32_t units = (uint32_t)((sizeof(struct item) + key_len + len + UNIT - 1) / UNIT);
        make_room(s, p.lane, units, now_s);
        append(s, &p, units, value, len, expires_s);
        p.lane->puts++;
    } else {
        p.lane->refused++;
    }
    pthread_mutex_unlock(&p.lane->lock);
    return ok;
}

void store_remove(struct store *s, enum store_kind kind, const void *key, size_t key_len)
{
    struct probe p = probe_of(s, kind, key, key_len);
    pthread_mutex_lock(&p.lane->lock);
    uint32_t *link = link_of(s, &p);
    if (*link)
        unlink_item(p.lane, link);
    pthread_mutex_unlock(&p.lane->lock);
}

size_t store_remove_where(struct store *s, store_chooser *which, void *ctx)
{
    size_t removed = 0;
    for (uint32_t i = 0; i < s->shard_count; i++) {
        struct lane *l = &s->lanes[i];
        pthread_mutex_lock(&l->lock);
        uint32_t *table = (uint32_t *)(void *)(l->base + sizeof(struct shard_head));
        for (uint32_t b = 0; b < s->bucket_count; b++)
            for (uint32_t *link = &table[b]; *link;) {
                struct item *it = item_at(l, *link);
                if (which(it->kind, it->octets, it->key_len, ctx)) {
                    unlink_item(l, link);
                    removed++;
                } else {
                    link = &it->next;
                }
            }
        pthread_mutex_unlock(&l->lock);
    }
    return removed;
}

void store_clear(struct store *s)
{
    for (uint32_t i = 0; i < s->shard_count; i++) {
        struct lane *l = &s->lanes[i];
        pthread_mutex_lock(&l->lock);
        /* Zero pages again, and the memory goes back to the system. */
        if (madvise(l->base, s->shard_len, MADV_DONTNEED) != 0)
            memset(l->base, 0, (size_t)s->ring_at * UNIT);
        shard_reset(s, l);
        pthread_mutex_unlock(&l->lock);
    }
}

void store_read_stats(struct store *s, struct store_stats *out)
{
    *out = (struct store_stats){.size = s->size, .used = PAGE};
    for (uint32_t i = 0; i < s->shard_count; i++) {
        struct lane *l = &s->lanes[i];
        pthread_mutex_lock(&l->lock);
        const struct shard_head *sh = shard_of(l);
        out->used += ((size_t)s->ring_at + sh->live) * UNIT;
        for (unsigned kind = 1; kind < STORE_KIND_COUNT; kind++) {
            out->by_kind[kind] += sh->by_kind[kind];
            out->items += sh->by_kind[kind];
        }
        out->hits += l->hits;
        out->misses += l->misses;
        out->puts += l->puts;
        out->evicted += l->evicted;
        out->refused += l->refused;
        pthread_mutex_unlock(&l->lock);
    }
}
