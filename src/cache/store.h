/* The block: one bounded, position-independent piece of memory that all workers share. Values are flat bytes:
 * put copies in, get copies out, an item never changes once published (a refresh is a new item). Inside there
 * are offsets only, no pointers, so the whole block may be copied to another address (or process) and used
 * there.
 *
 * Readers take no lock. Each thread has a handle of its own, and says with store_rest() when it reads
 * nothing: only then is memory of items that left used again.
 *
 *   store.c           making it, reading, putting
 *   store_index.c     from key to place: a table of cache lines that grows with the items
 *   store_segments.c  room, and who has to leave when there is too little
 */
#ifndef HARK_CACHE_STORE_H
#define HARK_CACHE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/mem.h"

/* What an item is; part of its key. */
enum store_kind {
    STORE_RRSET = 1,
    STORE_NEGATIVE,
    STORE_CUT,
    STORE_ANSWER,
    STORE_SERVER,
    STORE_LAME,
    STORE_FAILURE,
    STORE_COOKIE,
    STORE_KIND_COUNT
};

#define STORE_KEY_MAX 512u     /* a name, an address, and room */
#define STORE_STALE_MAX 86400u /* s past its expiry after which an item is of no use to anybody */

/* A handle; used by one thread at a time. */
struct store;

struct store_stats {
    size_t size; /* the bound, octets */
    size_t used; /* octets of items and index in use */
    uint64_t items, hits, misses, puts, evicted, refused;
    uint64_t by_kind[STORE_KIND_COUNT]; /* items */
};

/** size octets at most, index included (at least 960 KiB). key: the hash key, from a cryptographic generator.
 * NULL: the system gives no such block. */
struct store *store_new(size_t size, const struct hash_key *key);
/** Names that belong together have an equal number; of what is kept for being asked for again, such a group
 * gets a tenth at most while room is short. Not set: there is but one group, and no bound. Before other
 * threads join. */
typedef uint32_t store_group(enum store_kind kind, const void *key, size_t key_len);
void store_group_names(struct store *s, store_group *group);
/** One more handle on the same block, for another thread. */
struct store *store_join(struct store *s);
/** The last handle takes the block with it. */
void store_free(struct store *s);
/** The handle's thread reads nothing now: memory that it might have been reading may be used again. */
void store_rest(struct store *s);
/** Copies the value into out[cap] and returns its length;
 * 0: not there, expired (now_s >= its expiry; it stays, for who looks with an earlier time), or longer than
 * cap. */
size_t store_get(struct store *s, enum store_kind kind, const void *key, size_t key_len, void *out,
    size_t cap, uint32_t now_s);
/** As store_get, but into the arena, whatever its length; NULL: not there. */
void *store_get_copy(struct store *s, enum store_kind kind, const void *key, size_t key_len, uint32_t now_s,
    struct arena *a, size_t *len);
/** Called with the value in place (not aligned, never changing); what it needs after its return it copies.
 * False: counts as not there. */
typedef bool store_reader(const void *value, size_t len, void *ctx);
bool store_read(struct store *s, enum store_kind kind, const void *key, size_t key_len, uint32_t now_s,
    store_reader *reader, void *ctx);
/** The hash of a key. */
uint32_t store_hash(const struct store *s, enum store_kind kind, const void *key, size_t key_len);
/* Where a key is looked for. */
struct store_spot {
    uint32_t hash;
    void *at; /* in the index: after store_near() a bucket, after store_nearer() a slot. NULL: not known */
};
/** Of an item that is read soon, with other work in between, the memory can be fetched before, so that nobody
 * waits for it: first the index, then the item. Both fill in the spot, which store_read_hashed() may have
 * once both have. */
void store_near(
    const struct store *s, enum store_kind kind, const void *key, size_t key_len, struct store_spot *spot);
void store_nearer(const struct store *s, struct store_spot *spot);
/** store_read() of a key whose hash is known; what else the spot says need no longer be so. */
bool store_read_hashed(struct store *s, enum store_kind kind, const void *key, size_t key_len,
    const struct store_spot *spot, uint32_t now_s, store_reader *reader, void *ctx);
/** May `old` be replaced? Called under a lock, with the value in place and only while it is not expired:
 * quick. The new value is copied afterwards, so that a ctx which knows it may still change it in place (a
 * counter that goes on from the old one). */
typedef bool store_may_replace(const void *old, size_t old_len, void *ctx);
/** Stores a copy until expires_s. may_replace NULL: always. False: refused (empty, too large, expired
 * already, or may_replace said no). */
bool store_put(struct store *s, enum store_kind kind, const void *key, size_t key_len, const void *value,
    size_t len, uint32_t expires_s, uint32_t now_s, store_may_replace *may_replace, void *ctx);
void store_remove(struct store *s, enum store_kind kind, const void *key, size_t key_len);
/** Removes the items of which `which` says so; looks at all of them. Returns how many. */
typedef bool store_chooser(enum store_kind kind, const void *key, size_t key_len, void *ctx);
size_t store_remove_where(struct store *s, store_chooser *which, void *ctx);
void store_clear(struct store *s);
void store_read_stats(struct store *s, struct store_stats *out);

/** The block itself, for the test that moves it: octets and length. store_adopt() copies such octets to an
 * address of its own and gives the same values under the same key; NULL if they are not a whole block of this
 * layout. Nobody may write meanwhile. */
const void *store_block(struct store *s, size_t *len);
struct store *store_adopt(const void *block, size_t len, const struct hash_key *key);

#endif
