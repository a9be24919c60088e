#include "resolve/reach.h"

#include <string.h>

#include "resolve/job.h"

static struct family_reach *family_of(struct resolver *r, const struct endpoint *at)
{
    return &r->reach.family[at->addr.family == FAMILY_V6];
}

/* ---- what is learnt of servers ---- */

static void learn_silence(struct resolver *r, const struct endpoint *at)
{
    struct server_facts facts;
    /* Read again: another question may have heard it meanwhile. */
    cache_server_get(r->cache, at, r->now.cache_s, &facts);
    if (facts.timeouts < UINT8_MAX)
        facts.timeouts++;
    cache_server_put(r->cache, at, &facts, r->now.cache_s);
}

static void hold_silence(struct resolver *r, const struct send *s)
{
    struct reach *x = &r->reach;
    struct server_facts facts;
    cache_server_get(r->cache, &s->to, r->now.cache_s, &facts);
    if (x->held_count == REACH_HELD_MAX) { /* the oldest is not learnt */
        for (unsigned i = 1; i < x->held_count; i++)
            x->held[i - 1] = x->held[i];
        x->held_count--;
    }
    x->held[x->held_count++] = (struct held_silence){.at = s->to,
        .zone = s->job->zone.hash,
        .sent_ms = s->sent_ms,
        .alive = facts.heard && facts.timeouts == 0};
}

/* The silences held of messages that left no later than one that was answered. */
static void release_held(struct resolver *r, int64_t answered_ms, bool learn)
{
    struct reach *x = &r->reach;
    unsigned kept = 0;
    for (unsigned i = 0; i < x->held_count; i++) {
        const struct held_silence *h = &x->held[i];
        if (h->sent_ms > answered_ms)
            x->held[kept++] = *h;
        else if (learn && r->now.mono_ms - h->sent_ms <= REACH_HELD_MS)
            learn_silence(r, &h->at);
    }
    x->held_count = kept;
}

/* ---- the link ---- */

/* Known servers of that many zones, none the same address, are silent. */
static bool unrelated_are_silent(const struct reach *x)
{
    unsigned seen[REACH_ZONES_DOWN], count = 0;
    for (unsigned i = 0; i < x->held_count; i++) {
        bool fresh = x->held[i].alive;
        for (unsigned k = 0; k < count && fresh; k++)
            fresh = x->held[seen[k]].zone != x->held[i].zone &&
                    !endpoint_equal(&x->held[seen[k]].at, &x->held[i].at);
        if (fresh)
            seen[count++] = i;
        if (count == REACH_ZONES_DOWN)
            return true;
    }
    return false;
}

static void goes_down(struct resolver *r)
{
    struct reach *x = &r->reach;
    if (x->down)
        return;
    x->down = true;
    x->down_since_ms = x->answered_ms;
}

/* All that waits is asked once more, and at once; not more than once a second. */
static void probe_again(struct resolver *r)
{
    if (r->reach.probed_ms && r->now.mono_ms - r->reach.probed_ms < REACH_PROBE_MS)
        return;
    r->reach.probed_ms = r->now.mono_ms;
    /* A copy: whoever is woken may move its timer. */
    size_t count = r->timers.count;
    struct heap_node **all = mem_alloc(count * sizeof(struct heap_node *));
    if (count)
        memcpy(all, r->timers.nodes, count * sizeof(struct heap_node *));
    for (size_t i = 0; i < count; i++)
        job_probe_again(HOLDER(all[i], struct job, timer));
    mem_free(all);
}

static void comes_up(struct resolver *r)
{
    struct reach *x = &r->reach;
    x->down = false;
    x->up_ms = r->now.mono_ms;
    r->prime_again_ms = 0;
    probe_again(r);
}

bool reach_excuses(const struct job *j)
{
    return j->r->reach.down || (j->r->reach.up_ms && j->r->reach.up_ms >= j->begin_ms);
}

/* ---- families ---- */

static void family_silence(struct family_reach *f, const struct addr *a)
{
    for (unsigned i = 0; i < f->silent_count; i++)
        if (addr_equal(&f->silent[i], a))
            return;
    if (f->silent_count < REACH_FAMILY_SILENCES)
        f->silent[f->silent_count++] = *a;
}

/* By one family something was heard just now: is the other one dead? One that never was heard is so at its
 * first silence, one that worked at its third address. */
static void judge_other(struct resolver *r, struct family_reach *other)
{
    bool worked = other->heard_ms && other->off_ms == 0;
    if (other->silent_count < (worked ? REACH_FAMILY_SILENCES : 1))
        return;
    other->off_ms = r->now.mono_ms + REACH_FAMILY_OFF_MS;
    other->silent_count = 0;
}

bool reach_is_off(const struct resolver *r, const struct endpoint *at)
{
    return r->reach.family[at->addr.family == FAMILY_V6].off_ms > r->now.mono_ms;
}

bool reach_is_on_trial(const struct resolver *r, const struct endpoint *at)
{
    return r->reach.family[at->addr.family == FAMILY_V6].off_ms != 0;
}

/* ---- what happens ---- */

void reach_heard(struct resolver *r, const struct send *s)
{
    struct reach *x = &r->reach;
    struct family_reach *f = family_of(r, &s->to);
    x->heard_ms = f->heard_ms = r->now.mono_ms;
    f->off_ms = 0;
    f->silent_count = 0;
    judge_other(r, &x->family[f == &x->family[0]]);
    if (s->sent_ms > x->answered_ms)
        x->answered_ms = s->sent_ms;
    bool back = x->down && s->sent_ms > x->down_since_ms;
    release_held(r, s->sent_ms, !x->down);
    if (back)
        comes_up(r);
}

void reach_silence(struct job *j, const struct send *s)
{
    struct resolver *r = j->r;
    struct reach *x = &r->reach;
    int64_t now_ms = r->now.mono_ms;
    family_silence(family_of(r, &s->to), &s->to.addr);
    /* Answers that come in now, to messages that left no earlier: it is the server. */
    if (x->answered_ms >= s->sent_ms && now_ms - x->heard_ms < REACH_FRESH_MS) {
        learn_silence(r, &s->to);
        return;
    }
    hold_silence(r, s);
    if (now_ms - x->heard_ms >= REACH_DOWN_MS && unrelated_are_silent(x))
        goes_down(r);
}

void reach_no_route(struct resolver *r, const struct endpoint *to)
{
    struct reach *x = &r->reach;
    struct family_reach *f = family_of(r, to);
    family_silence(f, &to->addr);
    /* Where the family works, one host or net is out of reach. */
    if (f->heard_ms && r->now.mono_ms - f->heard_ms < REACH_DOWN_MS)
        return;
    f->off_ms = r->now.mono_ms + REACH_FAMILY_OFF_MS;
    if (f->silent_count == REACH_FAMILY_SILENCES && r->now.mono_ms - x->heard_ms >= REACH_DOWN_MS)
        goes_down(r);
}

void reach_changed(struct resolver *r)
{
    struct reach *x = &r->reach;
    for (unsigned i = 0; i < 2; i++)
        x->family[i].off_ms = 0, x->family[i].silent_count = 0;
    x->held_count = 0;
    /* Nobody is to follow this machine from address to address. */
    cache_cookies_flush(r->cache);
    comes_up(r);
}

void resolve_each_silence(const struct resolver *r, now_t now,
    void (*fn)(void *ctx, const struct endpoint *at, uint32_t age_ms), void *ctx)
{
    for (unsigned i = 0; i < r->reach.held_count; i++)
        fn(ctx, &r->reach.held[i].at, (uint32_t)(now.mono_ms - r->reach.held[i].sent_ms));
}
