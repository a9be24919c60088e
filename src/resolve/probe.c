/* JOB_WAIT_PROBE: another name's job asks the same minimised question. */
#include "resolve/probe.h"

#include "resolve/job.h"

static uint64_t key_of(const struct job *j)
{
    uint8_t key[NAME_MAX_LEN + 12];
    size_t n = name_len(j->ask.name);
    name_copy(key, j->ask.name);
    put_u16(key + n, j->ask.type);
    put_u16(key + n + 2, j->class);
    put_u32(key + n + 4, (uint32_t)(j->zone.hash >> 32));
    put_u32(key + n + 8, (uint32_t)j->zone.hash);
    uint64_t hash = hash_octets(&j->r->key, key, n + 12);
    return hash ? hash : 1; /* 0: none */
}

static bool asks_same(const struct job *a, const struct job *b)
{
    return a->zone.hash == b->zone.hash && a->ask.type == b->ask.type && a->class == b->class &&
           name_equal(a->ask.name, b->ask.name);
}

/* The asker's message, while it is waited for. */
static const struct send *question_of(const struct job *asker)
{
    for (const struct send *s = asker->sends; s; s = s->next)
        if (s->id == asker->probe.send)
            return s->patience_over ? NULL : s;
    return NULL;
}

static bool is_first_try(const struct job *j)
{
    return ask_is_minimised(j) && j->zone.asked == 0;
}

bool probe_wait(struct job *j)
{
    if (!is_first_try(j) || j->sends || j->subs || j->flags.no_read || j->r->probes.count == 0)
        return false;
    uint64_t key = key_of(j);
    for (struct table_node *n = table_find(&j->r->probes, key); n && key != j->probe.alone;
         n = table_next(n)) {
        struct job *asker = HOLDER(n, struct job, probe.node);
        const struct send *s = asks_same(asker, j) ? question_of(asker) : NULL;
        if (!s || s->patience_ms <= j->r->now.mono_ms)
            continue;
        turn_pass(j);
        j->probe.asker = asker;
        j->probe.alone = key;
        j->probe.learnt = PROBE_NOTHING;
        j->probe.prev = NULL;
        j->probe.next = asker->probe.first;
        if (j->probe.next)
            j->probe.next->probe.prev = j;
        asker->probe.first = j;
        j->patience_ms = s->patience_ms;
        return true;
    }
    return false;
}

static void leave(struct job *j)
{
    struct job *asker = j->probe.asker;
    *(j->probe.prev ? &j->probe.prev->probe.next : &asker->probe.first) = j->probe.next;
    if (j->probe.next)
        j->probe.next->probe.prev = j->probe.prev;
    j->probe.asker = NULL;
}

static void release(struct job *asker)
{
    table_remove(&asker->r->probes, &asker->probe.node);
    asker->probe.send = 0;
    while (asker->probe.first) {
        struct job *j = asker->probe.first;
        leave(j);
        j->probe.learnt = asker->probe.learnt;
        job_wake(j);
    }
}

void probe_begin(struct job *j, bool first)
{
    if (!first || j->probe.send || j->sends->transport != TRANSPORT_UDP)
        return;
    j->probe.send = j->sends->id;
    j->probe.learnt = PROBE_NOTHING;
    table_add(&j->r->probes, &j->probe.node, key_of(j));
}

void probe_settle(struct job *j)
{
    if (j->probe.send && !question_of(j))
        release(j);
}

void probe_end(struct job *j)
{
    if (j->probe.asker)
        leave(j);
    if (j->probe.send)
        release(j);
}

/* The asker's delegation is in the cache. */
static bool is_deeper_known(struct job *j)
{
    const struct cut *cut = cache_cut_deepest(j->r->cache, j->ask.name, j->r->now.cache_s, &j->arena);
    return cut && name_labels(cut->zone) > name_labels(j->zone.cut->zone);
}

enum job_state step_probed(struct job *j)
{
    if (j->probe.asker && j->patience_ms > j->r->now.mono_ms)
        return JOB_WAIT_PROBE;
    if (j->probe.asker)
        leave(j);
    j->patience_ms = INT64_MAX;
    switch (j->probe.learnt) {
    case PROBE_NO_CUT:
        ask_next_label(j);
        return JOB_PICK;
    case PROBE_WHOLE:
        ask_whole(j);
        return JOB_PICK;
    case PROBE_NOTHING:
        break;
    }
    if (!is_deeper_known(j))
        return JOB_PICK;
    j->ask.steps--; /* it was not asked */
    return JOB_CUT;
}
