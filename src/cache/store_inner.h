/* What the files of the block share and nobody else sees: its layout, the lock order, handles.
 *
 *   0           struct block_head
 *   segments_at struct segment, one each
 *   index_at    buckets; as many as the items need, of room for buckets_max
 *   data_at     segments of segment_len octets; an item lies in one whole
 *
 * Places are in units of 8 octets from the block's start, so they mean the same at any address; 0 is the head
 * and therefore "none". Only what has been used is resident.
 *
 * Locks, none held while one of the same or an earlier line is taken: evicting; stripes; segments. Readers
 * take none. */
#ifndef HARK_CACHE_STORE_INNER_H
#define HARK_CACHE_STORE_INNER_H

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "cache/store.h"

#define UNIT 8u
#define STRIPES 64u      /* buckets whose numbers are equal modulo it share a lock */
#define BUCKET_SLOTS 7u  /* with the head, one cache line */
#define BUCKETS_MIN 512u /* with fewer there is little choice of a second one in a stripe */
#define TIERS 3u
#define CLASSES_MAX 16u
#define HANDLES_MAX 320u /* workers (256), control, and some */
#define SHARES 1024u

/* ---- in the block ---- */

struct block_head {
    uint64_t magic, size;
    uint32_t layout, segment_len, segment_count, buckets_max;
    size_t segments_at, index_at, data_at, end;
    _Atomic uint32_t buckets;
};

/* Slots: see SLOT_*. head: HEAD_*. */
struct bucket {
    _Alignas(64) _Atomic uint64_t head;
    _Atomic uint64_t slots[BUCKET_SLOTS];
};
_Static_assert(sizeof(struct bucket) == 64, "a bucket is a cache line");

/* place 34 | tag 26 | other 1 | mark 1. 2^34 units are 128 GiB; the tag is of the hash what the number of the
 * bucket does not tell for certain. */
#define SLOT_PLACE_BITS 34u
#define SLOT_PLACE ((UINT64_C(1) << SLOT_PLACE_BITS) - 1)
#define SLOT_TAG_BITS 26u
#define SLOT_TAG (((UINT64_C(1) << SLOT_TAG_BITS) - 1) << SLOT_PLACE_BITS)
#define SLOT_OTHER (UINT64_C(1) << 60) /* this is not the item's first bucket, but the second */
#define SLOT_MARK (UINT64_C(1) << 61)  /* asked for since it was put, or since it was last kept */

#define HEAD_SPILLED UINT64_C(1) /* an item of this bucket may lie in its second */
#define HEAD_MOVED UINT64_C(2)   /* counts in steps of it: an item came from another bucket, or went to one */

/* Never changed once its slot is published. Key and value follow. */
struct item {
    uint32_t hash;
    uint32_t expires_s;
    uint16_t value_len;
    uint16_t key; /* kind in the upper 4 bits, length of the key in the others */
    uint8_t octets[];
};
#define ITEM_HEAD offsetof(struct item, octets)
#define KEY_LEN_BITS 12u

enum segment_state {
    SEGMENT_FREE,
    SEGMENT_OPEN,
    SEGMENT_SEALED,
    SEGMENT_EMPTYING, /* by who holds `evicting` */
    SEGMENT_RESTING,  /* out of the index; somebody may still be reading in it */
};

/* New items are on probation; what was asked for before its segment is emptied is kept. While room is short,
 * what is new of a group of names that has more than its share crowds itself only. */
enum tier { TIER_PROBATION, TIER_KEPT, TIER_CROWD };

/* Under the lock `segments`, but for the count of writers. */
struct segment {
    uint32_t used;            /* octets */
    uint32_t expires_s;       /* its last item */
    _Atomic uint32_t writers; /* items that have their room here and are not in the index yet */
    uint8_t state, tier, class, give_back;
    uint64_t order; /* of being opened */
    uint64_t rests; /* the epoch at which it left the index */
};

/* ---- of the process ---- */

/* What a thread tells the others. reads: the epoch at which it began to read, 0: it reads nothing. */
struct reader_seat {
    _Alignas(128) _Atomic uint64_t reads;
    _Atomic bool taken;
    _Atomic uint64_t hits, misses, puts, evicted, refused;
};

/* Octets lately put, of all and by group of names; halved now and then. */
struct shares {
    uint64_t all;
    uint32_t of[SHARES];
};

struct store_common {
    uint8_t *block;
    struct hash_key keys[STORE_KIND_COUNT]; /* so the kind is part of the hash without being copied */
    store_group *group;
    _Atomic uint32_t handles, seats_used;
    struct reader_seat seats[HANDLES_MAX];
    _Alignas(64) _Atomic uint64_t epoch;
    _Alignas(64) _Atomic uint64_t items; /* each put writes these: not beside what readers look at */
    _Atomic uint64_t by_kind[STORE_KIND_COUNT];
    pthread_mutex_t stripes[STRIPES];

    pthread_mutex_t segments;
    uint32_t open[TIERS][CLASSES_MAX]; /* numbers from 1; 0: none */
    uint32_t fresh;                    /* segments never used yet begin here */
    uint32_t class_count, reserve;
    uint32_t in_tier[TIERS]; /* segments */
    uint64_t opened;         /* count */
    struct shares put;
    _Atomic bool full;              /* each segment has been used */
    _Atomic uint32_t free, resting; /* segments; fresh ones are free */
    _Atomic bool look;              /* for segments whose items have all expired */

    pthread_mutex_t evicting;
    uint32_t victim, at; /* its number from 1; where in it */
    uint64_t credit;     /* octets that may still be kept */
    struct shares kept;
};

/* A handle. */
struct store {
    struct store_common *m;
    struct block_head *head;
    uint8_t *block;
    struct bucket *index;
    struct reader_seat *seat;
    bool reading;
};

/* A key on its way through one call. */
struct probe {
    const void *key;
    size_t key_len;
    uint16_t item_key;
    uint32_t hash;
};

/* Octets that may be kept in a row; half as many as are emptied count for more: so emptying always comes to
 * an end, however much is asked for. */
static inline uint64_t credit_max(const struct block_head *h)
{
    return (uint64_t)h->segment_len * h->segment_count / 4;
}

static inline struct segment *segment_of(const struct store *s, uint32_t number)
{
    return (struct segment *)(void *)(s->block + s->head->segments_at) + (number - 1);
}

static inline uint64_t segment_place(const struct store *s, uint32_t number)
{
    return (s->head->data_at + (size_t)(number - 1) * s->head->segment_len) / UNIT;
}

static inline uint32_t segment_number(const struct store *s, uint64_t place)
{
    return (uint32_t)((place * UNIT - s->head->data_at) / s->head->segment_len) + 1;
}

static inline struct item *item_at(const struct store *s, uint64_t place)
{
    return (struct item *)(void *)(s->block + place * UNIT);
}

static inline enum store_kind item_kind(const struct item *it)
{
    return (enum store_kind)(it->key >> KEY_LEN_BITS);
}

static inline size_t item_key_len(const struct item *it)
{
    return it->key & ((1u << KEY_LEN_BITS) - 1);
}

/* Octets of the item, to the next one. */
static inline uint32_t item_room(size_t key_len, size_t value_len)
{
    return (uint32_t)((ITEM_HEAD + key_len + value_len + UNIT - 1) / UNIT * UNIT);
}

static inline uint32_t item_len(const struct item *it)
{
    return item_room(item_key_len(it), it->value_len);
}

static inline void store_count(_Atomic uint64_t *counter)
{
    atomic_store_explicit(
        counter, atomic_load_explicit(counter, memory_order_relaxed) + 1, memory_order_relaxed);
}

/* ---- store_index.c ---- */

struct index_found {
    _Atomic uint64_t *slot;
    uint64_t word; /* what stood in it; 0: not found */
};

/** Without a lock, for a handle that is reading. */
struct index_found index_find(const struct store *s, const struct probe *p);
/** The same, beginning with a slot in which it was a moment ago. */
struct index_found index_find_at(const struct store *s, const struct probe *p, _Atomic uint64_t *slot);
/** Fetch the bucket of a hash; then the first item in it that may be of that hash. The spot becomes the
 * bucket; then the slot, or NULL. */
void index_near(const struct store *s, struct store_spot *spot);
void index_nearer(const struct store *s, struct store_spot *spot);
/** All others with the key's stripe locked. */
pthread_mutex_t *index_lock_of(const struct store *s, uint32_t hash);
struct index_found index_find_locked(const struct store *s, const struct probe *p);
/** The slot that leads to this place, of an item of this hash. */
struct index_found index_find_place(const struct store *s, uint32_t hash, uint64_t place);
/** A slot for a new item, and the word of it without the place. One that was in use if there is no other: its
 * item leaves the index. */
_Atomic uint64_t *index_room(struct store *s, uint32_t hash, uint32_t now_s, uint64_t *word);
void index_leave(struct store *s, _Atomic uint64_t *slot, const struct item *it);
/** Without a lock: one bucket more, if the items need it. */
void index_grow(struct store *s);
/** Without a lock: the items of which `which` says so leave; NULL: all. Returns how many. */
size_t index_leave_where(struct store *s, store_chooser *which, void *ctx);

/* ---- store_segments.c ---- */

/** From now on nothing that leaves the index is used again until store_rest(). */
void segments_read(struct store *s);
struct demand {
    enum tier tier;
    uint32_t room, ttl, expires_s;
    uint32_t group; /* of names, from 1; 0: it does not matter */
};
/** Room for an item; its writer is counted until segments_done(). 0: none. */
uint64_t segments_take(struct store *s, const struct demand *d);
/** The key's group if room is short, else 0. */
uint32_t segments_group(const struct store *s, enum store_kind kind, const void *key, size_t key_len);
/** used: false if the room was not needed: it is given back if nothing came after it, or else filled. */
void segments_done(struct store *s, uint64_t place, uint32_t room, bool used);
/** Before a put of so many octets, without a lock: empties a little of a segment if few are free. */
void segments_tidy(struct store *s, uint32_t now_s, uint32_t room);
/** When none is free: empties segments until one is, or all that is left is being read. */
void segments_press(struct store *s, uint32_t now_s);
/** All segments leave (the index is empty), and their memory goes back to the system. */
void segments_clear(struct store *s);
uint64_t segments_used(struct store *s);

#endif
