/* JOB_WAIT_TURN: the fair queue in front of zones and addresses that have enough in flight. */
#include "resolve/turn.h"

#include <assert.h>
#include <string.h>

#include "resolve/job.h"

void turns_init(struct turns *t)
{
    table_init(&t->lines);
    table_init(&t->flows);
}

void turns_fini(struct turns *t)
{
    assert(!t->first);
    table_fini(&t->lines);
    table_fini(&t->flows);
}

/* ---- lines and flows ---- */

static struct turn_line *line_find(struct turns *t, uint32_t slot)
{
    struct table_node *n = table_find(&t->lines, slot);
    return n ? HOLDER(n, struct turn_line, node) : NULL;
}

static struct turn_line *line_of(struct resolver *r, uint32_t slot)
{
    struct turns *t = &r->turns;
    struct turn_line *l = line_find(t, slot);
    if (l)
        return l;
    if (!t->first)
        t->poll_ms = r->now.mono_ms + TURN_POLL_MS;
    l = mem_alloc(sizeof *l);
    l->next = t->first;
    if (t->first)
        t->first->prev = l;
    t->first = l;
    table_add(&t->lines, &l->node, slot);
    return l;
}

static void line_free(struct turns *t, struct turn_line *l)
{
    *(l->prev ? &l->prev->next : &t->first) = l->next;
    if (l->next)
        l->next->prev = l->prev;
    table_remove(&t->lines, &l->node);
    mem_free(l);
}

static struct turn_flow *flow_of(struct resolver *r, struct turn_line *l, const struct job *j)
{
    uint8_t key[8 + sizeof(struct addr)];
    put_u32(key, (uint32_t)l->node.key);
    put_u32(key + 4, j->zone.slot);
    memcpy(key + 8, &j->work->client, sizeof(struct addr));
    uint64_t hash = hash_octets(&r->key, key, sizeof key);
    for (struct table_node *n = table_find(&r->turns.flows, hash); n; n = table_next(n)) {
        struct turn_flow *f = HOLDER(n, struct turn_flow, node);
        if (f->line == l && f->zone == j->zone.slot && addr_equal(&f->client, &j->work->client))
            return f;
    }
    struct turn_flow *f = mem_alloc(sizeof *f);
    f->line = l;
    f->zone = j->zone.slot;
    f->client = j->work->client;
    table_add(&r->turns.flows, &f->node, hash);
    /* Behind all others: before the one whose turn it is. */
    f->next = l->flow ? l->flow : f;
    f->prev = l->flow ? l->flow->prev : f;
    f->next->prev = f->prev->next = f;
    if (!l->flow)
        l->flow = f;
    return f;
}

static void flow_free(struct turns *t, struct turn_flow *f)
{
    struct turn_line *l = f->line;
    f->next->prev = f->prev;
    f->prev->next = f->next;
    if (l->flow == f)
        l->flow = f->next == f ? NULL : f->next;
    table_remove(&t->flows, &f->node);
    mem_free(f);
    if (!l->flow)
        line_free(t, l);
}

/* ---- jobs in them ---- */

static void stand(struct job *j, uint32_t slot)
{
    struct resolver *r = j->r;
    struct turn_flow *f = flow_of(r, line_of(r, slot), j);
    j->turn = (struct turn){.flow = f, .slot = slot, .prev = f->last};
    *(f->last ? &f->last->turn.next : &f->first) = j;
    f->last = j;
    r->counters.waiting++;
}

void turn_leave(struct job *j)
{
    struct turn_flow *f = j->turn.flow;
    if (!f)
        return;
    *(j->turn.prev ? &j->turn.prev->turn.next : &f->first) = j->turn.next;
    *(j->turn.next ? &j->turn.next->turn.prev : &f->last) = j->turn.prev;
    j->turn.flow = NULL;
    j->r->counters.waiting--;
    inflight_wait(
        cache_inflight(j->r->cache), j->turn.zone_slot, -1); /* the job may be in another zone now */
    if (!f->first)
        flow_free(&j->r->turns, f);
}

/* The slot may have room again for who stands in its line. */
static void freed(struct resolver *r, uint32_t slot)
{
    struct turn_line *l = r->turns.first ? line_find(&r->turns, slot) : NULL;
    if (l)
        l->freed = r->turns.freed = true;
}

/* As many as there is room for, one of each flow in turn. */
static void line_call(struct resolver *r, struct turn_line *l)
{
    unsigned room = inflight_room(cache_inflight(r->cache), (uint32_t)l->node.key);
    l->freed = false;
    for (bool more = true; more && room > 0; room--) {
        struct turn_flow *f = l->flow;
        struct job *j = f->first;
        l->flow = f->next;
        more = f->next != f || j->turn.next;
        turn_leave(j); /* the last one takes the line along */
        j->turn.called = true;
        job_wake(j);
    }
}

bool turns_run(struct resolver *r)
{
    struct turns *t = &r->turns;
    bool poll = t->first && t->poll_ms <= r->now.mono_ms;
    if (!t->freed && !poll)
        return false;
    if (poll)
        t->poll_ms = r->now.mono_ms + TURN_POLL_MS;
    t->freed = false;
    for (struct turn_line *l = t->first, *next; l; l = next) {
        next = l->next;
        if (l->freed || poll)
            line_call(r, l);
    }
    return true;
}

/* ---- for the stages ---- */

/* Room in the slot. Who was not called leaves it to those who stand in the slot's line; who was, goes before
 * those of all lines: else two lines could send each other round. */
static bool has_room(const struct job *j, uint32_t slot)
{
    struct resolver *r = j->r;
    if (inflight_room(cache_inflight(r->cache), slot) == 0)
        return false;
    return !r->turns.first || j->turn.called || !line_find(&r->turns, slot);
}

static uint32_t server_slot(const struct job *j, unsigned candidate)
{
    struct candidate *c = &j->zone.candidates[candidate];
    if (c->slot == 0) /* a zone's, so it is not known yet */
        c->slot = inflight_server(cache_inflight(j->r->cache), &c->at.addr);
    return c->slot;
}

int turn_candidate(struct job *j, unsigned candidate)
{
    int i = (int)candidate;
    if (!has_room(j, j->zone.slot))
        return -1;
    while (i >= 0 && !has_room(j, server_slot(j, (unsigned)i))) {
        j->zone.candidates[i].full = true;
        i = pick_candidate(j);
        if (i >= 0 && pick_exhausted(j) && !pick_is_owed(j, (unsigned)i))
            i = -1;
    }
    for (unsigned k = 0; k < j->zone.candidate_count; k++)
        j->zone.candidates[k].full = false;
    return i;
}

void turn_pass(struct job *j)
{
    if (!j->turn.called)
        return;
    j->turn.called = false;
    freed(j->r, j->turn.slot);
}

enum job_state turn_wait(struct job *j, unsigned candidate)
{
    struct resolver *r = j->r;
    struct inflight *in = cache_inflight(r->cache);
    uint32_t slot = has_room(j, j->zone.slot) ? server_slot(j, candidate) : j->zone.slot;
    turn_pass(j);
    if (j->refreshes && !j->waiters) /* there is time: whoever asks next begins another */
        return turn_fail(j);
    unsigned share = inflight_free_places(in);
    if (inflight_wait(in, j->zone.slot, 1) > (share > TURN_WAITING_FREE ? share : TURN_WAITING_FREE)) {
        inflight_wait(in, j->zone.slot, -1);
        r->counters.turned_away++;
        return turn_fail(j);
    }
    /* Who waits holds nothing that others wait for. */
    for (struct send *s = j->sends; s; s = s->next)
        turn_end(s, FLIGHT_DROPPED);
    stand(j, slot);
    j->turn.zone_slot = j->zone.slot;
    if (inflight_room(in, slot) > 0) /* it only gave way to those before it in the line */
        freed(r, slot);
    r->counters.turns_waited++;
    j->patience_ms = r->now.mono_ms + TURN_MS_MAX;
    return JOB_WAIT_TURN;
}

enum job_state turn_fail(struct job *j)
{
    const struct reason *why = &j->zone.trouble;
    turn_leave(j);
    j->turned_away = true;
    if (why->tag)
        return job_fail(j, why->ede, why->tag, why->text);
    return job_fail(j, EDE_NO_REACHABLE_AUTHORITY, "zone-busy",
        "more questions wait for the name servers of the zone than they answer");
}

enum job_state step_turn(struct job *j)
{
    /* A late answer or an address may come first. */
    enum job_state next = step_wait_reply(j);
    if (next != JOB_WAIT_REPLY || is_in_patience(j)) {
        turn_leave(j);
        return next;
    }
    return j->turn.called ? JOB_PICK : JOB_WAIT_TURN;
}

void turn_begin(struct send *s)
{
    struct job *j = s->job;
    j->turn.called = false;
    s->zone_slot = j->zone.slot;
    s->server_slot = server_slot(j, s->candidate);
    s->counted = true;
    inflight_begin(cache_inflight(j->r->cache), s->zone_slot, s->server_slot);
}

void turn_end(struct send *s, enum flight_end how)
{
    struct resolver *r = s->job->r;
    struct inflight *in = cache_inflight(r->cache);
    if (s->counted) {
        s->counted = false;
        inflight_end(in, s->zone_slot, s->server_slot, how);
        freed(r, s->zone_slot);
        freed(r, s->server_slot);
    } else if (how == FLIGHT_ANSWERED) {
        inflight_late(in, s->zone_slot, s->server_slot);
    }
}
