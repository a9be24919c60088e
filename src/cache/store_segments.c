/* Segments: room for items, in order of arrival, by how long they live. When few are free, the oldest are
 * emptied, a little at each put: what expired goes, what was asked for is kept (Segcache, NSDI 2021), and new
 * items are on probation in a tenth of the room, so that what is asked for once cannot drive out what is
 * asked for again (S3-FIFO, SOSP 2023). */
#include <sys/mman.h>

#include "cache/store_inner.h"

#define STEP_ITEMS 24u     /* looked at in one put, and … */
#define STEP_OCTETS 64u    /* … one more for so many octets that it needs */
#define PROBATION_PART 10u /* of the segments hold what is new … */
#define CROWD_PART 40u     /* … and a 40th what is new of groups with more than their share */
#define PRESS_MAX 4u       /* segments emptied at once for want of a free one: a millisecond each at most */
#define SHARE_PART                                                                                           \
    10u /* of what is newly put, or kept, a group's names are at most this part (threat A3)                  \
         */
#define SHARE_WINDOW_PART 8u /* of the block: so many octets until the shares count half */

/* ---- who may be reading ---- */

/* Who empties a segment takes slots out, raises the epoch and then looks at all seats; who reads takes its
 * seat and then looks at slots. All four are sequentially consistent: either the reader sees that the slot is
 * empty, or the other sees the reader. */
static void announce(struct store *s)
{
    uint64_t epoch = atomic_load(&s->m->epoch);
    atomic_store(&s->seat->reads, epoch);
    s->reading = true;
}

void segments_read(struct store *s)
{
    if (!s->reading)
        announce(s);
}

void store_rest(struct store *s)
{
    if (!s->reading)
        return;
    atomic_store_explicit(&s->seat->reads, 0, memory_order_release);
    s->reading = false;
}

static bool is_read(const struct store *s, uint64_t rests)
{
    uint32_t n = atomic_load(&s->m->seats_used);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t reads = atomic_load(&s->m->seats[i].reads);
        if (reads && reads < rests)
            return true;
    }
    return false;
}

/* ---- states; under the lock `segments` ---- */

static void free_segment(struct store *s, uint32_t number)
{
    struct segment *seg = segment_of(s, number);
    if (seg->give_back)
        madvise(s->block + segment_place(s, number) * UNIT, s->head->segment_len, MADV_REMOVE);
    seg->state = SEGMENT_FREE;
    seg->used = seg->give_back = 0;
    atomic_fetch_sub(&s->m->resting, 1);
    atomic_fetch_add(&s->m->free, 1);
}

static void rest_segment(struct store *s, uint32_t number)
{
    struct segment *seg = segment_of(s, number);
    s->m->in_tier[seg->tier]--;
    seg->state = SEGMENT_RESTING;
    seg->rests = atomic_fetch_add(&s->m->epoch, 1) + 1;
    atomic_fetch_add(&s->m->resting, 1);
}

/* The caller holds no place of an item: for itself it waits for nobody. */
static void reclaim(struct store *s)
{
    if (atomic_load(&s->m->resting) == 0)
        return;
    announce(s);
    for (uint32_t i = 1; i < s->m->fresh; i++)
        if (segment_of(s, i)->state == SEGMENT_RESTING && !is_read(s, segment_of(s, i)->rests))
            free_segment(s, i);
}

static uint32_t free_one(struct store *s)
{
    struct store_common *m = s->m;
    uint32_t number = 1;
    while (number < m->fresh && segment_of(s, number)->state != SEGMENT_FREE)
        number++;
    if (number > s->head->segment_count)
        return 0;
    if (number == m->fresh)
        m->fresh++;
    if (m->fresh > s->head->segment_count)
        atomic_store_explicit(&m->full, true, memory_order_relaxed);
    atomic_fetch_sub(&m->free, 1);
    return number;
}

static uint32_t open_one(struct store *s, enum tier tier, uint32_t class)
{
    if (atomic_load(&s->m->free) == 0)
        reclaim(s);
    uint32_t number = atomic_load(&s->m->free) ? free_one(s) : 0;
    if (number) {
        struct segment *seg = segment_of(s, number);
        *seg = (struct segment){.state = SEGMENT_OPEN, .tier = (uint8_t)tier, .class = (uint8_t) class};
        seg->order = ++s->m->opened;
        s->m->in_tier[tier]++;
        atomic_store_explicit(&s->m->look, true, memory_order_relaxed);
    }
    return number;
}

static bool has_room(const struct store *s, uint32_t number, uint32_t room)
{
    return number && segment_of(s, number)->used + room <= s->head->segment_len;
}

/* Any open segment is better than none. */
static uint32_t any_with_room(const struct store *s, uint32_t room)
{
    for (unsigned t = 0; t < TIERS; t++)
        for (unsigned c = 0; c < s->m->class_count; c++)
            if (has_room(s, s->m->open[t][c], room))
                return s->m->open[t][c];
    return 0;
}

/* Powers of two of the seconds that are left, as far as there are classes. */
static uint32_t class_of(const struct store *s, uint32_t ttl)
{
    uint32_t power = 32u - (uint32_t)__builtin_clz(ttl | 1); /* 1 to 32 */
    if (power > 17)
        power = 17; /* a day and more */
    return (power - 1) * s->m->class_count / 17;
}

uint32_t segments_group(const struct store *s, enum store_kind kind, const void *key, size_t key_len)
{
    if (!s->m->group || !atomic_load_explicit(&s->m->full, memory_order_relaxed))
        return 0;
    return s->m->group(kind, key, key_len) % SHARES + 1;
}

/* Has this group had more than its share lately? If not, this counts. */
static bool is_over_share(const struct store *s, struct shares *shares, uint32_t group, uint32_t len)
{
    uint32_t window = (s->head->segment_count / SHARE_WINDOW_PART + 1) * s->head->segment_len;
    uint32_t *share = &shares->of[group - 1];
    if (shares->all > window) {
        shares->all /= 2;
        for (unsigned i = 0; i < SHARES; i++)
            shares->of[i] /= 2;
    }
    if (*share + len > window / SHARE_PART)
        return true;
    *share += len;
    shares->all += len;
    return false;
}

uint64_t segments_take(struct store *s, const struct demand *d)
{
    struct store_common *m = s->m;
    uint64_t place = 0;
    pthread_mutex_lock(&m->segments);
    enum tier tier = d->tier;
    if (tier == TIER_PROBATION && d->group && is_over_share(s, &m->put, d->group, d->room))
        tier = TIER_CROWD;
    uint32_t class = tier == TIER_CROWD ? 0 : class_of(s, d->ttl);
    uint32_t *open = &m->open[tier][class], number = *open;
    if (!has_room(s, number, d->room)) {
        number = open_one(s, tier, class);
        if (number) {
            if (*open)
                segment_of(s, *open)->state = SEGMENT_SEALED;
            *open = number;
        } else {
            number = any_with_room(s, d->room);
        }
    }
    if (number) {
        struct segment *seg = segment_of(s, number);
        place = segment_place(s, number) + seg->used / UNIT;
        seg->used += d->room;
        if (d->expires_s > seg->expires_s)
            seg->expires_s = d->expires_s;
        atomic_fetch_add_explicit(&seg->writers, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&m->segments);
    return place;
}

void segments_done(struct store *s, uint64_t place, uint32_t room, bool used)
{
    struct segment *seg = segment_of(s, segment_number(s, place));
    if (!used) {
        uint64_t start = segment_place(s, segment_number(s, place));
        pthread_mutex_lock(&s->m->segments);
        if (seg->used == (uint32_t)(place - start) * UNIT + room)
            seg->used -= room;
        else
            /* Nobody finds it, but who walks the segment wants its length. */
            *item_at(s, place) = (struct item){.value_len = (uint16_t)(room - ITEM_HEAD)};
        pthread_mutex_unlock(&s->m->segments);
    }
    atomic_fetch_sub_explicit(&seg->writers, 1, memory_order_release);
}

/* ---- emptying; by who holds `evicting` ---- */

static bool is_older(const struct store *s, uint32_t a, uint32_t b)
{
    return !b || segment_of(s, a)->order < segment_of(s, b)->order;
}

static bool has_too_many(const struct store *s, enum tier tier, uint32_t part)
{
    uint32_t most = s->head->segment_count / part, open = tier == TIER_CROWD ? 1 : s->m->class_count;
    return s->m->in_tier[tier] > (most > open ? most : open);
}

/* A segment of which nothing is worth anything, else the oldest of the tier that has too many. */
static uint32_t choose(struct store *s, uint32_t now_s, bool pressed)
{
    struct store_common *m = s->m;
    uint32_t dead = 0, expired = 0, oldest[TIERS] = {0};
    for (uint32_t i = 1; i < m->fresh; i++) {
        const struct segment *seg = segment_of(s, i);
        if (seg->state != SEGMENT_SEALED || atomic_load_explicit(&seg->writers, memory_order_acquire))
            continue;
        if (now_s > STORE_STALE_MAX && seg->expires_s <= now_s - STORE_STALE_MAX)
            dead = i;
        if (seg->expires_s <= now_s && is_older(s, i, expired))
            expired = i;
        if (is_older(s, i, oldest[seg->tier]))
            oldest[seg->tier] = i;
    }
    if (dead || !pressed)
        return dead;
    if (expired)
        return expired;
    if (has_too_many(s, TIER_CROWD, CROWD_PART) && oldest[TIER_CROWD])
        return oldest[TIER_CROWD];
    if (oldest[TIER_PROBATION] && (has_too_many(s, TIER_PROBATION, PROBATION_PART) || !oldest[TIER_KEPT]))
        return oldest[TIER_PROBATION];
    return oldest[TIER_KEPT] ? oldest[TIER_KEPT] : oldest[TIER_CROWD];
}

/* Its value is copied first; it counts only if the slot is still the same then. */
static bool keep(struct store *s, uint64_t place, enum tier tier, uint32_t now_s)
{
    const struct item *it = item_at(s, place);
    uint32_t len = item_len(it);
    struct demand d = {.tier = tier, .room = len, .ttl = it->expires_s - now_s, .expires_s = it->expires_s};
    uint64_t to = segments_take(s, &d);
    if (!to)
        return false;
    bool used = false;
    memcpy(item_at(s, to), it, len);
    pthread_mutex_t *lock = index_lock_of(s, it->hash);
    pthread_mutex_lock(lock);
    struct index_found f = index_find_place(s, it->hash, place);
    if (f.word) {
        uint64_t word = (f.word & (SLOT_TAG | SLOT_OTHER)) | to;
        atomic_store(f.slot, word);
        used = true;
    }
    pthread_mutex_unlock(lock);
    segments_done(s, to, len, used);
    if (used)
        s->m->credit -= len;
    return true;
}

/* Takes the item out of the index or keeps it. */
static void judge(struct store *s, uint64_t place, enum tier tier, uint32_t now_s)
{
    const struct item *it = item_at(s, place);
    pthread_mutex_t *lock = index_lock_of(s, it->hash);
    pthread_mutex_lock(lock);
    struct index_found f = index_find_place(s, it->hash, place);
    bool alive = f.word && now_s < it->expires_s,
         wanted = alive && f.word & SLOT_MARK && s->m->credit >= item_len(it);
    if (f.word && !wanted) {
        index_leave(s, f.slot, it);
        if (alive)
            store_count(&s->seat->evicted);
    }
    pthread_mutex_unlock(lock);
    if (!wanted)
        return;
    uint32_t group = segments_group(s, item_kind(it), it->octets, item_key_len(it));
    if (tier != TIER_KEPT && (!group || !is_over_share(s, &s->m->kept, group, item_len(it))))
        tier = TIER_KEPT;
    if (keep(s, place, tier, now_s))
        return;
    /* No room to keep it. */
    pthread_mutex_lock(lock);
    f = index_find_place(s, it->hash, place);
    if (f.word) {
        index_leave(s, f.slot, it);
        store_count(&s->seat->evicted);
    }
    pthread_mutex_unlock(lock);
}

static void empty_some(struct store *s, uint32_t now_s, unsigned items)
{
    struct store_common *m = s->m;
    struct segment *seg = segment_of(s, m->victim);
    uint64_t start = segment_place(s, m->victim);
    for (; items > 0 && m->at < seg->used; items--) {
        uint64_t place = start + m->at / UNIT;
        const struct item *it = item_at(s, place);
        m->at += item_len(it);
        if (it->key)
            judge(s, place, seg->tier, now_s);
    }
    if (m->at < seg->used)
        return;
    uint64_t most = credit_max(s->head);
    m->credit += seg->used / 2;
    m->credit = m->credit < most ? m->credit : most;
    pthread_mutex_lock(&m->segments);
    rest_segment(s, m->victim);
    reclaim(s);
    pthread_mutex_unlock(&m->segments);
    m->victim = 0;
}

static void empty_step(struct store *s, uint32_t now_s, bool pressed, unsigned items)
{
    struct store_common *m = s->m;
    if (!m->victim) {
        pthread_mutex_lock(&m->segments);
        reclaim(s);
        pressed = pressed && atomic_load(&m->free) < m->reserve;
        m->victim = choose(s, now_s, pressed);
        if (m->victim)
            segment_of(s, m->victim)->state = SEGMENT_EMPTYING;
        pthread_mutex_unlock(&m->segments);
        m->at = 0;
    }
    if (m->victim)
        empty_some(s, now_s, items);
}

void segments_tidy(struct store *s, uint32_t now_s, uint32_t room)
{
    struct store_common *m = s->m;
    bool pressed = atomic_load_explicit(&m->free, memory_order_relaxed) +
                       atomic_load_explicit(&m->resting, memory_order_relaxed) <
                   m->reserve;
    if (!pressed && !atomic_load_explicit(&m->look, memory_order_relaxed))
        return;
    if (pthread_mutex_trylock(&m->evicting) != 0)
        return;
    segments_read(s);
    empty_step(s, now_s, pressed, STEP_ITEMS + room / STEP_OCTETS);
    if (!m->victim)
        atomic_store_explicit(&m->look, false, memory_order_relaxed);
    pthread_mutex_unlock(&m->evicting);
}

void segments_press(struct store *s, uint32_t now_s)
{
    struct store_common *m = s->m;
    pthread_mutex_lock(&m->evicting);
    segments_read(s);
    for (unsigned tries = 0; tries < PRESS_MAX && atomic_load(&m->free) == 0; tries++) {
        empty_step(s, now_s, true, UINT32_MAX);
        if (!m->victim && atomic_load(&m->resting) >= m->reserve)
            break;
    }
    pthread_mutex_unlock(&m->evicting);
}

/* ---- all ---- */

/* What is being put meanwhile goes into other segments, or its own stays. */
void segments_clear(struct store *s)
{
    struct store_common *m = s->m;
    pthread_mutex_lock(&m->evicting);
    m->victim = 0;
    pthread_mutex_lock(&m->segments);
    memset(m->open, 0, sizeof m->open);
    for (uint32_t i = 1; i < m->fresh; i++) {
        struct segment *seg = segment_of(s, i);
        if (seg->state == SEGMENT_OPEN)
            seg->state = SEGMENT_SEALED;
        if (seg->state == SEGMENT_SEALED && atomic_load_explicit(&seg->writers, memory_order_acquire) == 0)
            seg->state = SEGMENT_EMPTYING;
    }
    pthread_mutex_unlock(&m->segments);
    index_leave_where(s, NULL, NULL);
    pthread_mutex_lock(&m->segments);
    for (uint32_t i = 1; i < m->fresh; i++) {
        if (segment_of(s, i)->state != SEGMENT_EMPTYING)
            continue;
        segment_of(s, i)->give_back = true;
        rest_segment(s, i);
    }
    reclaim(s);
    pthread_mutex_unlock(&m->segments);
    pthread_mutex_unlock(&m->evicting);
}

uint64_t segments_used(struct store *s)
{
    uint64_t used = 0;
    pthread_mutex_lock(&s->m->segments);
    for (uint32_t i = 1; i < s->m->fresh; i++)
        used += segment_of(s, i)->used;
    pthread_mutex_unlock(&s->m->segments);
    return used;
}
