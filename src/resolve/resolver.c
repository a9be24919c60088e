/* The resolver's surface: asks and time come in, actions go out; replies come in at heard.c.
 * Jobs run in the pump at the end of each call. */
#include "resolve/resolve.h"

#include <assert.h>
#include <string.h>

#include "resolve/job.h"

/* Of jobs, messages and chunks of memory: together 0.9 MB a worker that was busy once. */
#define SPARE_MAX 128u

/* ---- actions ---- */

struct action *action_push(struct resolver *r, enum action_kind kind)
{
    struct action_queue *q = &r->actions;
    if (q->count == q->cap) {
        size_t cap = q->cap ? 2 * q->cap : 64;
        struct action *items = mem_alloc(cap * sizeof *items);
        for (size_t i = 0; i < q->count; i++)
            items[i] = q->items[(q->head + i) & (q->cap - 1)];
        mem_free(q->items);
        *q = (struct action_queue){.items = items, .cap = cap, .count = q->count};
    }
    struct action *a = &q->items[(q->head + q->count++) & (q->cap - 1)];
    *a = (struct action){.kind = kind};
    return a;
}

static bool action_pop(struct resolver *r, struct action *out)
{
    struct action_queue *q = &r->actions;
    if (q->count == 0)
        return false;
    *out = q->items[q->head];
    q->head = (q->head + 1) & (q->cap - 1);
    q->count--;
    return true;
}

/* An ANSWER that was not fetched yet. Its asker has gone. */
static void answer_take_back(struct resolver *r, ask_id id)
{
    struct action_queue *q = &r->actions;
    size_t kept = 0;
    for (size_t i = 0; i < q->count; i++) {
        const struct action *a = &q->items[(q->head + i) & (q->cap - 1)];
        if (a->kind == ACTION_ANSWER && a->answer.id == id)
            continue;
        q->items[(q->head + kept++) & (q->cap - 1)] = *a;
    }
    q->count = kept;
}

/* ---- the pump ---- */

void job_wake(struct job *j)
{
    struct resolver *r = j->r;
    if (j->ready || j->dead)
        return;
    j->ready = true;
    j->next_ready = NULL;
    if (r->ready_last)
        r->ready_last->next_ready = j;
    else
        r->ready_first = j;
    r->ready_last = j;
}

static void run_ready(struct resolver *r)
{
    while (r->ready_first) {
        struct job *j = r->ready_first;
        r->ready_first = j->next_ready;
        if (!r->ready_first)
            r->ready_last = NULL;
        j->ready = false;
        if (!j->dead)
            job_run(j);
    }
}

void resolver_pump(struct resolver *r)
{
    do
        run_ready(r);
    while (turns_run(r));
}

static void work_release(struct work *w)
{
    if (--w->refs == 0)
        mem_free(w);
}

static void bury(struct resolver *r)
{
    while (r->dead) {
        struct job *j = r->dead;
        r->dead = j->next_dead;
        work_release(j->work);
        arena_fini(&j->arena);
        mem_pool_free(&r->job_pool, j);
    }
}

void resolver_enter(struct resolver *r, now_t now)
{
    r->now = now;
    if (r->actions.count == 0)
        bury(r);
}

/* ---- jobs ---- */

/* What a job is found by. */
struct asked {
    uint8_t key[NAME_MAX_LEN + 4]; /* the name in lower case, type, class */
    uint64_t hash;
    uint16_t type, class;
    struct job_flags flags;
};

static void asked_init(struct asked *q, const struct resolver *r, const name_t *name, uint16_t type,
    uint16_t class, struct job_flags flags)
{
    size_t n = name_lower_copy(q->key, name);
    put_u16(q->key + n, type);
    put_u16(q->key + n + 2, class);
    q->hash = hash_octets(&r->key, q->key, n + 4);
    q->type = type;
    q->class = class;
    q->flags = flags;
}

bool job_is_late(const struct job *j)
{
    return j->r->now.mono_ms - j->begin_ms >= ANSWER_MS_MAX;
}

static struct job *job_find(const struct resolver *r, const struct asked *q, bool even_late)
{
    for (struct table_node *n = table_find(&r->jobs, q->hash); n; n = table_next(n)) {
        struct job *j = HOLDER(n, struct job, node);
        /* Whoever asks after others were told that it failed gets a chance of his own. */
        if (j->type == q->type && j->class == q->class && (even_late || !job_is_late(j)) &&
            memcmp(&j->flags, &q->flags, sizeof j->flags) == 0 && name_equal(j->name, q->key))
            return j;
    }
    return NULL;
}

struct job *job_find_equal(const struct job *j)
{
    struct asked q;
    asked_init(&q, j->r, j->name, j->type, j->class, j->flags);
    return job_find(j->r, &q, false);
}

static struct job *find_or_new(struct resolver *r, const struct asked *q)
{
    struct job *j = job_find(r, q, false);
    if (j)
        return j;
    j = mem_pool_alloc(&r->job_pool);
    j->r = r;
    name_copy(j->name, q->key);
    j->type = q->type;
    j->class = q->class;
    j->flags = q->flags;
    arena_init_shared(&j->arena, &r->chunks);
    j->state = JOB_KNOWN;
    j->begin_ms = r->now.mono_ms;
    j->patience_ms = INT64_MAX;
    j->out.reason.ede = EDE_NONE;
    table_add(&r->jobs, &j->node, q->hash);
    r->counters.jobs++;
    inflight_job(cache_inflight(r->cache), 1);
    job_wake(j);
    return j;
}

struct job *job_find_or_new(
    struct resolver *r, const name_t *name, uint16_t type, uint16_t class, struct job_flags flags)
{
    struct asked q;
    asked_init(&q, r, name, type, class, flags);
    return find_or_new(r, &q);
}

/* Work begins with this job: it is nobody's sub-question. */
static void job_own_work(struct job *j, uint32_t messages_max)
{
    j->work = mem_alloc(sizeof *j->work);
    j->work->refs = 1;
    j->work->messages_max = messages_max;
    j->owns_work = true;
}

void job_may_work(struct job *j, uint32_t messages_max)
{
    if (j->work->messages_max < messages_max)
        j->work->messages_max = messages_max;
}

struct job *job_in_background(
    struct resolver *r, const name_t *name, uint16_t type, uint16_t class, struct job_flags flags)
{
    struct job *j = job_find_or_new(r, name, type, class, flags);
    if (j->work)
        return NULL;
    job_own_work(j, WORK_MESSAGES_BACKGROUND);
    j->work->background = true;
    return j;
}

void job_tell(struct resolver *r, const name_t *name, uint16_t type)
{
    struct job_flags flags = {.no_read = true, .unchecked = true};
    struct job *j = job_in_background(r, name, type, CLASS_IN, flags);
    if (j)
        j->work->quiet = true;
}

/* ---- waiters ---- */

static void waiter_free(struct resolver *r, struct waiter *w)
{
    table_remove(&r->waiters, &w->node);
    r->counters.waiters--;
    inflight_question(cache_inflight(r->cache), -1);
    if (w->observer)
        watchers_remove(&r->watchers, w->observer);
    mem_free(w);
}

/* At the end: waiters are answered in the order they came. */
static void waiter_add(struct job *j, struct waiter *w)
{
    *(j->last_waiter ? &j->last_waiter->next : &j->waiters) = w;
    j->last_waiter = w;
    w->job = j;
    load_waiters(j, 1);
}

/* prev: the one before it in the list, NULL if it is the first. */
static void waiter_remove(struct job *j, struct waiter *w, struct waiter *prev)
{
    *(prev ? &prev->next : &j->waiters) = w->next;
    if (j->last_waiter == w)
        j->last_waiter = prev;
    load_waiters(j, -1);
    waiter_free(j->r, w);
}

void waiters_answer(struct job *j, struct waiter *only, const struct outcome *o)
{
    struct resolver *r = j->r;
    struct waiter *prev = NULL;
    for (struct waiter *w = j->waiters, *next; w; w = next) {
        next = w->next;
        if (only && w != only) {
            prev = w;
            continue;
        }
        struct action *a = action_push(r, ACTION_ANSWER);
        a->answer.id = w->id;
        a->answer.outcome = o;
        r->counters.answered++;
        if (o->rcode == RCODE_SERVFAIL)
            r->counters.failed++;
        waiter_remove(j, w, prev);
        if (only)
            return;
    }
}

void waiters_start_over(const struct job *j, struct waiter *waiters)
{
    struct job *fresh = job_find_or_new(j->r, j->name, j->type, j->class, j->flags);
    if (!fresh->work) {
        job_own_work(fresh, j->work->messages_max);
        fresh->work->client = j->work->client;
    }
    job_may_work(fresh, j->work->messages_max);
    for (struct waiter *w = waiters, *next; w; w = next) {
        next = w->next;
        w->next = NULL;
        waiter_add(fresh, w);
    }
}

/* ---- the surface ---- */

struct resolver *resolve_new(const struct resolve_settings *settings, struct cache *cache, struct random *rng)
{
    struct resolver *r = mem_alloc(sizeof *r);
    resolve_settings_set(r, settings);
    r->cache = cache;
    r->rng = rng;
    r->key = (struct hash_key){random_u64(rng), random_u64(rng)};
    r->job_pool = (struct mem_pool){.size = sizeof(struct job), .keep = SPARE_MAX};
    r->send_pool = (struct mem_pool){.size = sizeof(struct send), .keep = SPARE_MAX};
    arena_chunks_init(&r->chunks, SPARE_MAX);
    table_init(&r->jobs);
    table_init(&r->waiters);
    table_init(&r->sends);
    table_init(&r->probes);
    turns_init(&r->turns);
    load_init(&r->load);
    r->wake_told_ms = INT64_MAX;
    return r;
}

void resolve_settings_set(struct resolver *r, const struct resolve_settings *settings)
{
    r->set = *settings;
    if (!r->set.hints)
        r->set.hints = root_hints(&r->set.hint_count);
}

void resolve_free(struct resolver *r)
{
    struct table_node *n;
    while ((n = table_any(&r->jobs)))
        job_end(HOLDER(n, struct job, node));
    bury(r);
    assert(r->sends.count == 0);
    while ((n = table_any(&r->waiters)))
        waiter_free(r, HOLDER(n, struct waiter, node));
    table_fini(&r->jobs);
    table_fini(&r->waiters);
    table_fini(&r->sends);
    table_fini(&r->probes);
    turns_fini(&r->turns);
    load_fini(&r->load);
    mem_pool_fini(&r->job_pool);
    mem_pool_fini(&r->send_pool);
    arena_chunks_fini(&r->chunks);
    heap_fini(&r->timers);
    verifier_free(r->verifier);
    mem_free(r->actions.items);
    mem_free(r);
}

/* A job that is not equal, but as good: one that refreshes the answer, which expired meanwhile. Or one for
 * which this waiter came too late, if he takes what is stale: then no second one needs to begin. */
static struct job *job_as_good(struct resolver *r, const struct question *q, struct asked *asked)
{
    struct job *j = q->stale_ok ? job_find(r, asked, true) : NULL;
    if (j && (!job_is_late(j) || stale_is_there(j)))
        return j;
    if (r->refresh.jobs == 0 || q->no_read || q->no_write || q->no_aliases)
        return NULL;
    asked->flags.no_read = true;
    j = job_find(r, asked, false);
    asked->flags.no_read = false;
    return j && j->refreshes && refresh_is_awaited(r, q) ? j : NULL;
}

ask_id resolve_ask(struct resolver *r, const struct question *q, now_t now)
{
    resolver_enter(r, now);
    struct job_flags flags = {.no_read = q->no_read,
        .no_write = q->no_write,
        .no_aliases = q->no_aliases,
        .unchecked = q->checking_disabled || !r->set.anchors};
    struct asked asked;
    asked_init(&asked, r, q->name, q->type, q->class, flags);
    struct job *j = job_as_good(r, q, &asked);
    if (!j)
        j = find_or_new(r, &asked);
    bool joined = j->work != NULL;
    uint32_t messages_max = q->background ? WORK_MESSAGES_BACKGROUND : WORK_MESSAGES_MAX;
    if (!joined) {
        job_own_work(j, messages_max);
        j->work->client = q->client;
    }
    job_may_work(j, messages_max);
    struct waiter *w = mem_alloc(sizeof *w);
    w->id = ++r->last_id;
    w->deadline_ms = now.mono_ms + (q->deadline_ms ? q->deadline_ms : ANSWER_MS_MAX);
    w->stale_ok = q->stale_ok && r->set.stale_max_s > 0;
    w->stale_ms = w->stale_ok ? stale_due_ms(j) : INT64_MAX;
    w->observer = q->observer;
    inflight_question(cache_inflight(r->cache), 1);
    waiter_add(j, w);
    table_add(&r->waiters, &w->node, w->id);
    r->counters.waiters++;
    r->counters.asked++;
    if (w->observer)
        watchers_add(&r->watchers, w->observer);
    if (joined) {
        r->counters.joined++;
        JOB_EVENT(j, EVENT_JOINED);
        if (!j->timer.place || w->deadline_ms < j->timer.at || w->stale_ms < j->timer.at)
            job_arm(j);
    } else {
        JOB_EVENT(j, EVENT_QUESTION);
    }
    ask_id id = w->id;
    resolver_pump(r);
    for (unsigned i = 0; i < EVICTIONS_MAX && inflight_is_crowded(cache_inflight(r->cache)) && load_evict(r);
         i++)
        resolver_pump(r);
    return id;
}

void resolve_cancel(struct resolver *r, ask_id id, now_t now)
{
    resolver_enter(r, now);
    struct table_node *n = table_find(&r->waiters, id);
    if (!n) {
        answer_take_back(r, id);
        return;
    }
    struct waiter *w = HOLDER(n, struct waiter, node);
    struct job *j = w->job;
    struct waiter *prev = NULL;
    for (struct waiter *before = j->waiters; before != w; before = before->next)
        prev = before;
    waiter_remove(j, w, prev);
    if (!j->waiters && !j->parents && !j->refreshes)
        job_end(j);
    resolver_pump(r);
}

void resolve_refresh(struct resolver *r, const struct question *q, now_t now)
{
    resolver_enter(r, now);
    refresh_answer(r, q);
    resolver_pump(r);
}

/* Waiters whose patience is over get SERVFAIL while the work goes on for the cache. To RFC 9520 that is a
 * failure: whoever asks again soon hears of it, whoever asks later begins anew (job_is_late). */
static void tell_the_late(struct job *j)
{
    struct outcome *o = NULL;
    for (struct waiter *w = j->waiters, *next; w; w = next) {
        next = w->next;
        if (w->deadline_ms > j->r->now.mono_ms)
            continue;
        if (!o) {
            struct reason why = j->zone.trouble;
            if (!why.tag)
                why = (struct reason){EDE_NO_REACHABLE_AUTHORITY, "no-answer-in-time",
                    "the name servers did not answer in time"};
            o = ARENA_NEW(&j->arena, struct outcome);
            *o = (struct outcome){
                .rcode = RCODE_SERVFAIL, .reason = job_reason(j, why), .messages = job_paid(j)};
        }
        JOB_EVENT(j, EVENT_FAILED, .tag = o->reason.tag, .text = o->reason.text, .ede = o->reason.ede);
        waiters_answer(j, w, o);
        if (job_is_late(j))
            job_remember_failure(j, &o->reason);
    }
}

/* Timers that are due wake their jobs. */
static void run_timers(struct resolver *r)
{
    struct heap_node *n;
    while ((n = heap_first(&r->timers)) && n->at <= r->now.mono_ms) {
        struct job *j = HOLDER(n, struct job, timer);
        heap_remove(&r->timers, n);
        stale_when_slow(j);
        tell_the_late(j);
        if (j->patience_ms <= r->now.mono_ms || j->begin_ms + WORK_MS_MAX <= r->now.mono_ms)
            job_wake(j);
        else
            job_arm(j);
    }
}

bool resolve_next(struct resolver *r, struct action *out, now_t now)
{
    r->now = now;
    if (action_pop(r, out))
        return true;
    run_timers(r);
    resolver_pump(r);
    if (action_pop(r, out))
        return true;
    if (r->line_first && !r->work_told) {
        r->work_told = true;
        *out = (struct action){.kind = ACTION_WORK};
        return true;
    }
    struct heap_node *first = heap_first(&r->timers);
    int64_t at = first ? first->at : INT64_MAX;
    if (r->turns.first && r->turns.poll_ms < at)
        at = r->turns.poll_ms;
    if (at == r->wake_told_ms)
        return false;
    r->wake_told_ms = at;
    if (at == INT64_MAX)
        return false;
    *out = (struct action){.kind = ACTION_WAKE, .wake = {at}};
    return true;
}

void resolve_work(struct resolver *r, unsigned checks, now_t now)
{
    resolver_enter(r, now);
    work_run(r, checks);
    resolver_pump(r);
}

void resolve_network_changed(struct resolver *r, now_t now)
{
    resolver_enter(r, now);
    reach_changed(r);
    resolver_pump(r);
}

const struct resolve_counters *resolve_counters(struct resolver *r)
{
    if (r->verifier)
        r->counters.verifier = *verifier_counters(r->verifier);
    return &r->counters;
}
