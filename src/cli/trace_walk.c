#include "cli/trace_walk.h"

#include <string.h>

#include "dns/rrtype.h"
#include "dnssec/verify.h"

#define WALK_EVENTS_MAX 5000u /* the core sends WORK_MESSAGES_MAX messages; a dozen events each are much */
/* ALIAS_MAX, DEPENDENCY_DEPTH_MAX and a chain of trust of 128 zones below; whoever reads a walk recurs. */
#define WALK_ABOVE_MAX 150u

void trace_walk_init(struct trace_walk *w, int64_t start_ms)
{
    *w = (struct trace_walk){.start_ms = start_ms, .hints = "built in"};
    arena_init(&w->arena);
}

void trace_walk_fini(struct trace_walk *w)
{
    arena_fini(&w->arena);
}

/* ---- copies ---- */

static const name_t *kept_name(struct trace_walk *w, const name_t *n)
{
    return n ? name_dup(n, &w->arena) : NULL;
}

static const char *kept_text(struct trace_walk *w, const char *s)
{
    return s ? arena_strdup(&w->arena, s) : NULL;
}

static const struct event *keep(struct trace_walk *w, const struct event *e)
{
    struct event *k = arena_copy(&w->arena, e, sizeof *e);
    k->now.mono_ms -= w->start_ms;
    k->qname = kept_name(w, e->qname);
    k->because = kept_name(w, e->because);
    k->zone = kept_name(w, e->zone);
    k->server = kept_name(w, e->server);
    k->sent_name = kept_name(w, e->sent_name);
    k->child = kept_name(w, e->child);
    k->purpose = kept_text(w, e->purpose);
    k->tag = kept_text(w, e->tag);
    k->text = kept_text(w, e->text);
    k->to = e->to ? arena_copy(&w->arena, e->to, sizeof *e->to) : NULL;
    k->rrset = e->rrset ? rrset_copy(e->rrset, &w->arena) : NULL;
    k->ds = e->ds ? rrset_copy(e->ds, &w->arena) : NULL;
    if (e->sig) {
        struct rrsig *sig = arena_copy(&w->arena, e->sig, sizeof *sig);
        sig->signer = kept_name(w, sig->signer);
        sig->signature = NULL;
        sig->signature_len = 0;
        k->sig = sig;
    }
    return k;
}

/* ---- questions ---- */

static enum walk_part part_of(const struct walk_question *parent, const char *purpose)
{
    if (parent && parent->part == WALK_TRUST)
        return WALK_TRUST;
    if (!purpose)
        return parent ? parent->part : WALK_MAIN;
    if (strcmp(purpose, "alias target") == 0)
        return parent ? parent->part : WALK_MAIN;
    if (strcmp(purpose, "priming") == 0)
        return WALK_PRIMING;
    return strcmp(purpose, "DS of a zone") == 0 || strcmp(purpose, "keys of a zone") == 0 ? WALK_TRUST
                                                                                          : WALK_ADDRESS;
}

static struct walk_step *add_step(
    struct trace_walk *w, struct walk_question *q, enum walk_kind kind, const struct event *e)
{
    struct walk_step *s = ARENA_NEW(&w->arena, struct walk_step);
    *s = (struct walk_step){.kind = kind, .of = q, .event = e};
    *(q->last ? &q->last->next : &q->steps) = s;
    q->last = s;
    return s;
}

static struct walk_question *find_question(const struct trace_walk *w, const name_t *name, uint16_t type)
{
    for (struct walk_question *q = w->newest; q; q = q->older)
        if (q->type == type && name_equal(q->name, name))
            return q;
    return NULL;
}

/* Who waits for it: the youngest that has the name, best one that is one less deep. */
static struct walk_question *find_parent(const struct trace_walk *w, const struct event *e)
{
    struct walk_question *found = NULL;
    for (struct walk_question *q = w->newest; e->because && q; q = q->older) {
        if (q->done || !name_equal(q->name, e->because))
            continue;
        if (q->told_depth + 1 == e->depth)
            return q;
        found = found ? found : q;
    }
    return found ? found : w->first;
}

static struct walk_question *add_question(struct trace_walk *w, const struct event *e)
{
    struct walk_question *q = ARENA_NEW(&w->arena, struct walk_question);
    struct walk_question *parent = e->depth > 0 || w->first ? find_parent(w, e) : NULL;
    if (parent && parent->above >= WALK_ABOVE_MAX)
        parent = w->first;
    *q = (struct walk_question){.name = e->qname, .type = e->qtype, .purpose = e->purpose, .parent = parent};
    q->told_depth = e->depth;
    q->above = parent ? parent->above + 1 : 0;
    q->part = part_of(parent, e->purpose);
    bool beside = e->purpose && strcmp(e->purpose, "alias target") == 0;
    q->depth = parent ? parent->depth + !beside : 0;
    q->older = w->newest;
    w->newest = q;
    if (parent)
        add_step(w, parent, WALK_SUB, e)->sub = q;
    else
        w->first = q;
    return q;
}

/* Two that need the same before it was sent each tell that it begins. */
static bool begins_again(const struct walk_question *q)
{
    return q && !q->done && !q->steps;
}

/* ---- messages ---- */

static struct walk_step *find_message(const struct trace_walk *w, uint64_t id)
{
    for (struct walk_step *s = w->messages; s; s = s->next_message)
        if (s->event->send == id && id != 0)
            return s;
    return NULL;
}

static struct walk_step *add_message(struct trace_walk *w, struct walk_question *q, const struct event *e)
{
    struct walk_step *s = add_step(w, q, WALK_MESSAGE, e);
    s->from_ms = e->now.mono_ms - (e->kind == EVENT_REPLY ? e->rtt_ms : 0);
    if (s->from_ms < 0)
        s->from_ms = 0;
    s->to_ms = -1;
    *(w->last_message ? &w->last_message->next_message : &w->messages) = s;
    w->last_message = s;
    return s;
}

/* What of a message became known: the REPLY, or that there is none. A reply that comes late is a reply. */
static void end_message(struct trace_walk *w, struct walk_question *q, const struct event *e)
{
    struct walk_step *s = find_message(w, e->send);
    if (!s)
        s = add_message(w, q, e);
    if (e->kind == EVENT_REPLY) {
        s->reply = e;
        s->failure = NULL;
    } else if (!s->reply) {
        s->failure = e;
    }
    s->to_ms = e->now.mono_ms;
}

static struct walk_step *last_reply(const struct walk_question *q)
{
    struct walk_step *found = NULL;
    for (struct walk_step *s = q->steps; s; s = s->next)
        if (s->kind == WALK_MESSAGE && s->reply)
            found = s;
    return found;
}

/* The youngest reply, if nothing was said of it. */
static struct walk_step *unsaid(const struct walk_question *q)
{
    struct walk_step *s = last_reply(q);
    return s && !s->said ? s : NULL;
}

static bool is_tcp_again(const struct walk_question *q, const struct event *e)
{
    if (e->kind != EVENT_FALLBACK || !e->tag || strcmp(e->tag, "tcp") != 0)
        return false;
    for (const struct walk_step *s = q->steps; s; s = s->next)
        if (s->kind == WALK_MESSAGE && s->said && s->said->kind == EVENT_TRUNCATED)
            return true;
    return false;
}

static void say(struct trace_walk *w, struct walk_question *q, const struct event *e)
{
    struct walk_step *s = unsaid(q);
    if (s)
        s->said = e;
    else if (!(e->kind == EVENT_ALIAS && q->last && q->last->kind == WALK_CACHED) && !is_tcp_again(q, e))
        add_step(w, q, WALK_NOTE, e);
}

static void judge(struct trace_walk *w, struct walk_question *q, const struct event *e)
{
    struct walk_step *last = last_reply(q), *answer = e->verdict == VERDICT_BOGUS ? last : NULL;
    if (answer)
        answer->bogus = e;
    else if (last && last->said && e->kind == EVENT_VALIDATED)
        last->judged = e;
    if (answer && !answer->said)
        answer->said = e;
    else
        add_step(w, q, WALK_JUDGED, e);
    if (w->judged_count == w->judged_cap) {
        unsigned cap = w->judged_cap ? w->judged_cap * 2 : 16;
        const struct event **more = ARENA_ARRAY(&w->arena, const struct event *, cap);
        if (w->judged_count)
            memcpy(more, w->judged, w->judged_count * sizeof *more);
        w->judged = more;
        w->judged_cap = cap;
    }
    w->judged[w->judged_count++] = e;
}

/* What nothing was said of came to this. */
static void fail(struct trace_walk *w, struct walk_question *q, const struct event *e)
{
    struct walk_step *s = unsaid(q);
    if (s)
        s->said = e;
    else
        add_step(w, q, WALK_FAILED, e);
}

/* ---- events ---- */

static void take(struct trace_walk *w, struct walk_question *q, const struct event *e)
{
    switch (e->kind) {
    case EVENT_QUESTION:
    case EVENT_COUNT:
        break;
    case EVENT_CUT:
        add_step(w, q, WALK_KNOWN, e);
        break;
    case EVENT_CACHE_HIT:
        add_step(w, q, WALK_CACHED, e);
        break;
    case EVENT_SENT:
        if (!find_message(w, e->send))
            add_message(w, q, e);
        break;
    case EVENT_REPLY:
    case EVENT_TIMEOUT:
        end_message(w, q, e);
        break;
    case EVENT_USELESS:
        if (e->send)
            end_message(w, q, e);
        else
            say(w, q, e);
        break;
    case EVENT_REFERRAL:
    case EVENT_ALIAS:
    case EVENT_ANSWER:
    case EVENT_DENIAL:
    case EVENT_TRUNCATED:
    case EVENT_FALLBACK:
        say(w, q, e);
        break;
    case EVENT_CHAIN:
    case EVENT_VALIDATED:
        judge(w, q, e);
        break;
    case EVENT_JOINED:
    case EVENT_NEAR_MISS:
    case EVENT_SCRUBBED:
    case EVENT_STALE:
        add_step(w, q, WALK_NOTE, e);
        break;
    case EVENT_FAILED:
        fail(w, q, e);
        break;
    case EVENT_DONE:
        q->done = true;
        break;
    }
}

void trace_walk_event(void *ctx, const struct event *e)
{
    struct trace_walk *w = ctx;
    if (w->events >= WALK_EVENTS_MAX)
        return;
    w->events++;
    e = keep(w, e);
    struct walk_question *q = find_question(w, e->qname, e->qtype);
    if (!q || (e->kind == EVENT_QUESTION && !begins_again(q)))
        q = add_question(w, e);
    take(w, q, e);
}

static void number_hops(struct trace_walk *w, struct walk_question *q)
{
    for (struct walk_step *s = q->steps; s; s = s->next) {
        if (s->kind == WALK_SUB)
            number_hops(w, s->sub);
        else if (s->kind == WALK_MESSAGE && s->reply && q->part == WALK_MAIN)
            s->hop = ++w->hops;
    }
}

void trace_walk_end(struct trace_walk *w, uint32_t time_ms)
{
    w->end_ms = time_ms;
    for (struct walk_step *s = w->messages; s; s = s->next_message)
        if (s->to_ms > w->end_ms)
            w->end_ms = s->to_ms;
    for (struct walk_step *s = w->messages; s; s = s->next_message) {
        w->message_count++;
        w->tcp_count += s->event->transport == TRANSPORT_TCP;
        w->unanswered += !s->reply;
        if (s->to_ms < s->from_ms)
            s->to_ms = s->reply || s->from_ms > w->end_ms ? s->from_ms : w->end_ms;
    }
    if (w->first)
        number_hops(w, w->first);
}

/* ---- verdicts ---- */

/* The zone that an event judges, or NULL: its keys, or that it has none. */
static const name_t *zone_judged(const struct event *e)
{
    if (e->kind == EVENT_CHAIN)
        return e->zone;
    return e->qtype == TYPE_DNSKEY && e->verdict == VERDICT_BOGUS ? e->qname : NULL;
}

const struct event *trace_walk_verdict(const struct trace_walk *w, const name_t *zone, bool *own)
{
    const struct event *best = NULL;
    const name_t *of = NULL;
    for (unsigned i = 0; i < w->judged_count; i++) {
        const name_t *judged = zone_judged(w->judged[i]);
        if (!judged || !name_is_within(zone, judged))
            continue;
        if (!of || name_labels(judged) >= name_labels(of)) {
            best = w->judged[i];
            of = judged;
        }
    }
    *own = of && name_equal(of, zone);
    /* Of what lies below a signed zone nothing follows. */
    return !best || *own || best->verdict != VERDICT_SECURE ? best : NULL;
}
