#include "resolve/refresh.h"

#include "resolve/job.h"

static uint32_t life_of(const struct resolver *r, uint32_t left_s, uint32_t stored_s)
{
    return left_s + (r->now.cache_s > stored_s ? r->now.cache_s - stored_s : 0);
}

static bool is_near_end(const struct resolver *r, uint32_t left_s, uint32_t stored_s)
{
    uint32_t life_s = life_of(r, left_s, stored_s);
    return stored_s > 0 && life_s >= REFRESH_LIFE_MIN && left_s <= life_s / REFRESH_LIFE_PART;
}

/* Where much is being refreshed, in the first half of the last tenth by chance, so that what was learnt at
 * one time does not end at one time again. */
static bool is_due(struct resolver *r, uint32_t left_s, uint32_t stored_s)
{
    uint32_t part_s = life_of(r, left_s, stored_s) / REFRESH_LIFE_PART;
    if (!is_near_end(r, left_s, stored_s))
        return false;
    return r->refresh.jobs < REFRESH_JOBS_EASY || left_s <= part_s / 2 ||
           random_below(r->rng, REFRESH_CHANCE) == 0;
}

/* What the cache knows, and for how long yet. */
struct ageing {
    const name_t *name;
    uint16_t type, class;
    bool unchecked; /* then so is what comes */
    uint32_t left_s, stored_s;
    const name_t *target; /* of an alias; NULL: none */
};

/* Of a table of such: is this the first within its time? Then the time begins. */
static bool is_first(
    struct resolver *r, struct refresh_once *table, size_t size, const struct ageing *k, uint32_t for_s)
{
    uint8_t key[NAME_MAX_LEN + 3];
    size_t n = name_lower_copy(key, k->name);
    put_u16(key + n, k->type);
    key[n + 2] = k->unchecked;
    uint64_t hash = hash_octets(&r->key, key, n + 3);
    struct refresh_once *once = &table[hash % size];
    if (once->hash == hash && once->until_s > r->now.cache_s)
        return false;
    *once = (struct refresh_once){.hash = hash, .until_s = r->now.cache_s + for_s};
    return true;
}

/* Once in each half of what is left: one that fails, or brings what does not replace what is known, is not
 * repeated every second. */
static bool is_first_try(struct resolver *r, const struct ageing *k)
{
    return is_first(r, r->refresh.begun, REFRESH_BEGUN, k, k->left_s / 2 + 1);
}

static void begin(struct resolver *r, const struct ageing *k)
{
    struct failure f;
    if (!is_due(r, k->left_s, k->stored_s) || r->refresh.jobs >= REFRESH_JOBS_MAX || r->reach.down ||
        inflight_is_crowded(cache_inflight(r->cache)) ||
        (cache_failure_get(r->cache, k->name, k->type, k->class, r->now.cache_s, &f) && f.retry_s > 0) ||
        !is_first_try(r, k))
        return;
    struct job_flags flags = {.no_read = true, .unchecked = k->unchecked || !r->set.anchors};
    struct job *j = job_in_background(r, k->name, k->type, k->class, flags);
    if (!j)
        return;
    j->refreshes = true;
    r->refresh.jobs++;
    r->counters.refreshes++;
}

void refresh_done(struct job *j)
{
    if (j->refreshes && j->out.rcode != RCODE_SERVFAIL)
        cache_answer_drop(j->r->cache, j->name, j->type, j->class);
}

void refresh_ended(struct resolver *r)
{
    r->refresh.jobs--;
}

/* An alias is the answer to CNAME itself, of ANY it may be a part, and of DS its zone does not speak. */
static bool is_never_followed(uint16_t type)
{
    return type == TYPE_CNAME || type == TYPE_ANY || type == TYPE_DS;
}

static bool look(
    struct resolver *r, const struct question *q, const name_t *name, struct arena *a, struct ageing *out)
{
    uint32_t now_s = r->now.cache_s;
    struct negative n;
    *out = (struct ageing){.name = name, .type = q->type, .class = q->class};
    const struct rrset *rs = cache_rrset_get(r->cache, name, q->type, q->class, now_s, a);
    if (!rs || rs->rank < RANK_ANSWER_NONAUTH) {
        if (cache_negative_get(r->cache, name, q->type, q->class, now_s, a, &n)) {
            out->unchecked = n.verdict == VERDICT_UNCHECKED;
            out->left_s = n.ttl;
            out->stored_s = n.stored_s;
            return true;
        }
        if (is_never_followed(q->type))
            return false;
        rs = cache_rrset_get(r->cache, name, TYPE_CNAME, q->class, now_s, a);
        if (!rs || rs->count == 0)
            return false;
        out->target = q->no_aliases ? NULL : rdata_target(TYPE_CNAME, &rs->rdata[0]);
    }
    out->unchecked = rs->verdict == VERDICT_UNCHECKED;
    out->left_s = rs->ttl;
    out->stored_s = rs->stored_s;
    return true;
}

bool refresh_is_awaited(struct resolver *r, const struct question *q)
{
    struct arena a;
    struct ageing known;
    arena_init(&a);
    bool is_known = look(r, q, q->name, &a, &known);
    arena_fini(&a);
    return !is_known;
}

/* Asked for often, it is looked after once a second. */
static bool is_first_look(struct resolver *r, const struct question *q)
{
    struct ageing k = {.name = q->name, .type = q->type, .unchecked = q->checking_disabled};
    return is_first(r, r->refresh.looked, REFRESH_LOOKED, &k, 1);
}

void refresh_answer(struct resolver *r, const struct question *q)
{
    struct arena a;
    if (!r->set.prefetch || q->class != CLASS_IN || !is_first_look(r, q))
        return;
    arena_init(&a);
    const name_t *name = q->name;
    struct ageing known;
    bool near_end = false;
    for (unsigned links = 0; name && links <= ALIAS_MAX && look(r, q, name, &a, &known); links++) {
        near_end |= is_near_end(r, known.left_s, known.stored_s);
        begin(r, &known);
        name = known.target;
    }
    arena_fini(&a);
    if (!near_end) /* it is older than its parts */
        cache_answer_drop(r->cache, q->name, q->type, q->class);
}

/* Is it asked for, or followed, on behalf of somebody outside? */
static bool is_wanted(const struct job *j)
{
    return j->waiters || (j->parents && j->parents->purpose == PURPOSE_ALIAS);
}

void refresh_found(struct job *j, const struct found *f)
{
    const struct rrset *rs = f->links.count ? f->links.items[0] : f->data.count ? f->data.items[0] : NULL;
    struct ageing k = {.name = j->name,
        .type = j->type,
        .class = j->class,
        .unchecked = f->verdict == VERDICT_UNCHECKED,
        .left_s = rs ? rs->ttl : f->negative_ttl,
        .stored_s = rs ? rs->stored_s : f->stored_s};
    if (j->r->set.prefetch && !j->work->background && is_wanted(j) && !f->from_cut)
        begin(j->r, &k);
}

void refresh_rrset(struct job *j, const struct rrset *rs)
{
    struct ageing k = {
        .name = rs->owner, .type = rs->type, .class = rs->class, .left_s = rs->ttl, .stored_s = rs->stored_s};
    if (j->r->set.prefetch && !j->work->background)
        begin(j->r, &k);
}
