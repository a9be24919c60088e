/* The block from outside: making it, reading, putting. The index is in store_index.c, room in
 * store_segments.c. */
#include "cache/store.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "cache/store_inner.h"

#define PAGE 4096u
#define SIZE_MIN ((size_t)960 << 10) /* the least cache.size without the part of nsecs */
#define SIZE_MAX_OCTETS (SLOT_PLACE * UNIT)
#define INDEX_PART 8u                  /* of the size, at most: room for an item of 90 octets on average */
#define SEGMENT_MIN ((size_t)64 << 10) /* an item takes half of one at most */
#define SEGMENT_MAX ((size_t)256 << 10)
#define SEGMENTS_WANTED 256u
#define SEGMENTS_A_CLASS 32u
#define RESERVE_PART 32u /* of the segments are kept free, while emptied ones rest */
#define RESERVE_MIN 2u
#define BUCKETS_MAX (UINT32_C(1) << 31)
#define MAGIC 0x6861726b626c6f63u /* "harkbloc" */
#define LAYOUT 3u

/* ---- making and ending ---- */

static size_t page_up(size_t n)
{
    return (n + PAGE - 1) / PAGE * PAGE;
}

static struct block_head head_of_size(size_t size)
{
    struct block_head h = {.magic = MAGIC, .layout = LAYOUT};
    if (size < SIZE_MIN)
        size = SIZE_MIN;
    if (size > SIZE_MAX_OCTETS)
        size = SIZE_MAX_OCTETS;
    h.size = size;
    size_t len = SEGMENT_MIN, buckets = size / INDEX_PART / sizeof(struct bucket);
    while (len < SEGMENT_MAX && size / len > SEGMENTS_WANTED)
        len *= 2;
    h.segment_len = (uint32_t)len;
    h.buckets_max = (uint32_t)(buckets < BUCKETS_MAX ? buckets : BUCKETS_MAX);
    h.segments_at = PAGE;
    h.index_at = page_up(h.segments_at + size / len * sizeof(struct segment));
    h.data_at = page_up(h.index_at + (size_t)h.buckets_max * sizeof(struct bucket));
    h.segment_count = (uint32_t)((size - h.data_at) / len);
    h.end = h.data_at + h.segment_count * len;
    h.buckets = BUCKETS_MIN;
    return h;
}

static void common_init(struct store_common *m, const struct block_head *h, const struct hash_key *key)
{
    m->handles = 1;
    m->epoch = 1;
    m->fresh = 1;
    m->credit = credit_max(h);
    m->free = h->segment_count;
    m->class_count = h->segment_count / SEGMENTS_A_CLASS;
    m->class_count = m->class_count < 1 ? 1 : m->class_count > CLASSES_MAX ? CLASSES_MAX : m->class_count;
    m->reserve = h->segment_count / RESERVE_PART;
    m->reserve = m->reserve < RESERVE_MIN ? RESERVE_MIN : m->reserve;
    pthread_mutex_init(&m->segments, NULL);
    pthread_mutex_init(&m->evicting, NULL);
    for (unsigned i = 0; i < STRIPES; i++)
        pthread_mutex_init(&m->stripes[i], NULL);
    for (uint8_t kind = 0; kind < STORE_KIND_COUNT; kind++) {
        m->keys[kind].k0 = hash_octets(key, (uint8_t[]){kind, 0}, 2);
        m->keys[kind].k1 = hash_octets(key, (uint8_t[]){kind, 1}, 2);
    }
}

static void common_free(struct store_common *m)
{
    size_t len = ((struct block_head *)(void *)m->block)->end;
    pthread_mutex_destroy(&m->segments);
    pthread_mutex_destroy(&m->evicting);
    for (unsigned i = 0; i < STRIPES; i++)
        pthread_mutex_destroy(&m->stripes[i]);
    munmap(m->block, len);
    munmap(m, sizeof *m);
}

static struct store *handle_new(struct store_common *m)
{
    struct store *s = mem_alloc(sizeof *s);
    *s = (struct store){.m = m, .block = m->block, .head = (struct block_head *)(void *)m->block};
    s->index = (struct bucket *)(void *)(m->block + s->head->index_at);
    uint32_t seat = 0;
    bool none = false;
    while (!atomic_compare_exchange_strong(&m->seats[seat].taken, &none, true)) {
        none = false;
        seat++;
        assert(seat < HANDLES_MAX);
    }
    s->seat = &m->seats[seat];
    uint32_t used = atomic_load(&m->seats_used);
    while (used <= seat && !atomic_compare_exchange_weak(&m->seats_used, &used, seat + 1))
        ;
    return s;
}

/* Of a size that nobody can change: who has the descriptor may map it and trust in that. */
static uint8_t *map(size_t len)
{
    int fd = memfd_create("hark-cache", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return NULL;
    void *p = MAP_FAILED;
    if (ftruncate(fd, (off_t)len) == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    close(fd);
    return p == MAP_FAILED ? NULL : p;
}

struct store *store_new(size_t size, const struct hash_key *key)
{
    struct block_head h = head_of_size(size);
    uint8_t *block = map(h.end);
    if (!block)
        return NULL;
    memcpy(block, &h, sizeof h);
    /* Whole pages, for its alignment; of its seats few are ever touched. */
    struct store_common *m =
        mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED) {
        munmap(block, h.end);
        return NULL;
    }
    m->block = block;
    common_init(m, &h, key);
    return handle_new(m);
}

void store_group_names(struct store *s, store_group *group)
{
    s->m->group = group;
}

struct store *store_join(struct store *s)
{
    atomic_fetch_add(&s->m->handles, 1);
    return handle_new(s->m);
}

void store_free(struct store *s)
{
    if (!s)
        return;
    struct store_common *m = s->m;
    store_rest(s);
    /* Its counts stay in the seat, for the next that takes it to go on with. */
    atomic_store(&s->seat->taken, false);
    mem_free(s);
    if (atomic_fetch_sub(&m->handles, 1) == 1)
        common_free(m);
}

const void *store_block(struct store *s, size_t *len)
{
    *len = s->head->end;
    return s->block;
}

/* What is of the process is told from what is in the block; who was writing or reading is no more. */
static void take_over(struct store *s)
{
    struct store_common *m = s->m;
    for (uint32_t i = 1; i <= s->head->segment_count && segment_of(s, i)->order; i++) {
        struct segment *seg = segment_of(s, i);
        seg->writers = 0;
        m->fresh = i + 1;
        if (seg->state == SEGMENT_RESTING)
            seg->state = SEGMENT_FREE;
        if (seg->state == SEGMENT_FREE)
            continue;
        seg->state = SEGMENT_SEALED;
        m->free--;
        m->in_tier[seg->tier]++;
        m->opened = seg->order > m->opened ? seg->order : m->opened;
    }
    for (uint32_t n = 0; n < s->head->buckets; n++)
        for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
            uint64_t word = s->index[n].slots[i];
            if (!word)
                continue;
            m->items++;
            m->by_kind[item_kind(item_at(s, word & SLOT_PLACE))]++;
        }
}

struct store *store_adopt(const void *block, size_t len, const struct hash_key *key)
{
    struct block_head head;
    if (len < sizeof head)
        return NULL;
    memcpy(&head, block, sizeof head);
    if (head.magic != MAGIC || head.layout != LAYOUT || head.size < SIZE_MIN)
        return NULL;
    struct block_head ours = head_of_size(head.size);
    if (len != ours.end || head.end != ours.end || head.segment_len != ours.segment_len ||
        head.buckets_max != ours.buckets_max || head.buckets > ours.buckets_max || head.buckets < BUCKETS_MIN)
        return NULL;
    struct store *s = store_new(head.size, key);
    if (!s)
        return NULL;
    memcpy(s->block, block, len);
    take_over(s);
    return s;
}

/* ---- use ---- */

static struct probe probe_of(enum store_kind kind, const void *key, size_t key_len, uint32_t hash)
{
    assert(kind > 0 && kind < STORE_KIND_COUNT && key_len <= STORE_KEY_MAX);
    return (struct probe){.key = key,
        .key_len = key_len,
        .item_key = (uint16_t)((unsigned)kind << KEY_LEN_BITS | key_len),
        .hash = hash};
}

uint32_t store_hash(const struct store *s, enum store_kind kind, const void *key, size_t key_len)
{
    return (uint32_t)hash_octets(&s->m->keys[kind], key, key_len);
}

void store_near(
    const struct store *s, enum store_kind kind, const void *key, size_t key_len, struct store_spot *spot)
{
    spot->hash = store_hash(s, kind, key, key_len);
    index_near(s, spot);
}

void store_nearer(const struct store *s, struct store_spot *spot)
{
    index_nearer(s, spot);
}

bool store_read(struct store *s, enum store_kind kind, const void *key, size_t key_len, uint32_t now_s,
    store_reader *reader, void *ctx)
{
    const struct store_spot spot = {.hash = store_hash(s, kind, key, key_len)};
    return store_read_hashed(s, kind, key, key_len, &spot, now_s, reader, ctx);
}

bool store_read_hashed(struct store *s, enum store_kind kind, const void *key, size_t key_len,
    const struct store_spot *spot, uint32_t now_s, store_reader *reader, void *ctx)
{
    struct probe p = probe_of(kind, key, key_len, spot->hash);
    segments_read(s);
    struct index_found f = spot->at ? index_find_at(s, &p, spot->at) : index_find(s, &p);
    const struct item *it = f.word ? item_at(s, f.word & SLOT_PLACE) : NULL;
    if (!it || now_s >= it->expires_s || !reader(it->octets + key_len, it->value_len, ctx)) {
        store_count(&s->seat->misses);
        return false;
    }
    /* Lost if the item moves at this moment: then it is not the last time that it is asked for, or it was. */
    uint64_t word = f.word;
    if (!(word & SLOT_MARK))
        atomic_compare_exchange_strong(f.slot, &word, word | SLOT_MARK);
    store_count(&s->seat->hits);
    return true;
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

/* What takes the place of something that was asked for, or is kept, is not on probation again. */
static enum tier tier_for(const struct store *s, const struct probe *p)
{
    struct index_found f = index_find(s, p);
    if (!f.word)
        return TIER_PROBATION;
    const struct segment *seg = segment_of(s, segment_number(s, f.word & SLOT_PLACE));
    return f.word & SLOT_MARK || seg->tier == TIER_KEPT ? TIER_KEPT : TIER_PROBATION;
}

struct newcomer {
    const void *value;
    size_t len;
    uint32_t expires_s, now_s;
    store_may_replace *may_replace;
    void *ctx;
};

/* What is known of a server is put again with each message from it, mostly as it was: not worth an item while
 * most of its life is left. */
static bool is_as_before(const struct item *old, size_t key_len, const struct newcomer *new)
{
    return new->now_s < old->expires_s &&
           old->value_len == new->len &&memcmp(old->octets + key_len, new->value, new->len) == 0 &&
           new->expires_s >= old->expires_s &&new->expires_s - old->expires_s <=
               (new->expires_s - new->now_s) / 4;
}

enum published { PUT_REFUSED, PUT_AS_BEFORE, PUT_NEW };

/* With the stripe locked: decides, writes the item and publishes it. */
static enum published publish(
    struct store *s, const struct probe *p, const struct newcomer *new, uint64_t place)
{
    struct index_found f = index_find_locked(s, p);
    const struct item *old = f.word ? item_at(s, f.word & SLOT_PLACE) : NULL;
    if (old && new->now_s < old->expires_s &&new->may_replace &&
        !new->may_replace(old->octets + p->key_len, old->value_len, new->ctx))
        return PUT_REFUSED;
    if (old && is_as_before(old, p->key_len, new))
        return PUT_AS_BEFORE;
    struct item *it = item_at(s, place);
    *it = (struct item){
        .hash = p->hash, .expires_s = new->expires_s, .value_len = (uint16_t) new->len, .key = p->item_key};
    memcpy(it->octets, p->key, p->key_len);
    memcpy(it->octets + p->key_len, new->value, new->len);
    uint64_t word = f.word & (SLOT_TAG | SLOT_OTHER);
    if (!old) {
        f.slot = index_room(s, p->hash, new->now_s, &word);
        atomic_fetch_add_explicit(&s->m->items, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&s->m->by_kind[item_kind(it)], 1, memory_order_relaxed);
    }
    atomic_store(f.slot, word | place);
    return PUT_NEW;
}

static uint64_t room_for(
    struct store *s, const struct probe *p, uint32_t room, uint32_t expires_s, uint32_t now_s)
{
    enum store_kind kind = (enum store_kind)(p->item_key >> KEY_LEN_BITS);
    struct demand d = {
        .tier = tier_for(s, p), .room = room, .ttl = expires_s - now_s, .expires_s = expires_s};
    if (d.tier == TIER_PROBATION)
        d.group = segments_group(s, kind, p->key, p->key_len);
    uint64_t place = segments_take(s, &d);
    if (place)
        return place;
    segments_press(s, now_s);
    return segments_take(s, &d);
}

bool store_put(struct store *s, enum store_kind kind, const void *key, size_t key_len, const void *value,
    size_t len, uint32_t expires_s, uint32_t now_s, store_may_replace *may_replace, void *ctx)
{
    struct probe p = probe_of(kind, key, key_len, store_hash(s, kind, key, key_len));
    uint32_t room = item_room(key_len, len);
    bool ok = len > 0 && len <= UINT16_MAX && room <= s->head->segment_len && now_s < expires_s;
    if (ok) {
        segments_tidy(s, now_s, room);
        index_grow(s);
        segments_read(s);
    }
    uint64_t place = ok ? room_for(s, &p, room, expires_s, now_s) : 0;
    if (place) {
        struct newcomer new = {value, len, expires_s, now_s, may_replace, ctx};
        pthread_mutex_t *lock = index_lock_of(s, p.hash);
        pthread_mutex_lock(lock);
        enum published published = publish(s, &p, &new, place);
        pthread_mutex_unlock(lock);
        segments_done(s, place, room, published == PUT_NEW);
        ok = published != PUT_REFUSED;
    }
    ok = ok && place;
    store_count(ok ? &s->seat->puts : &s->seat->refused);
    return ok;
}

void store_remove(struct store *s, enum store_kind kind, const void *key, size_t key_len)
{
    struct probe p = probe_of(kind, key, key_len, store_hash(s, kind, key, key_len));
    segments_read(s);
    pthread_mutex_t *lock = index_lock_of(s, p.hash);
    pthread_mutex_lock(lock);
    struct index_found f = index_find_locked(s, &p);
    if (f.word)
        index_leave(s, f.slot, item_at(s, f.word & SLOT_PLACE));
    pthread_mutex_unlock(lock);
}

size_t store_remove_where(struct store *s, store_chooser *which, void *ctx)
{
    return index_leave_where(s, which, ctx);
}

void store_clear(struct store *s)
{
    segments_clear(s);
}

void store_read_stats(struct store *s, struct store_stats *out)
{
    const struct store_common *m = s->m;
    *out = (struct store_stats){.size = s->head->size, .items = m->items};
    out->used =
        s->head->segments_at + segments_used(s) + atomic_load(&s->head->buckets) * sizeof(struct bucket);
    for (unsigned kind = 1; kind < STORE_KIND_COUNT; kind++)
        out->by_kind[kind] = m->by_kind[kind];
    for (uint32_t i = 0; i < m->seats_used; i++) {
        const struct reader_seat *seat = &m->seats[i];
        out->hits += seat->hits;
        out->misses += seat->misses;
        out->puts += seat->puts;
        out->evicted += seat->evicted;
        out->refused += seat->refused;
    }
}
