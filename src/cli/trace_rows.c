#include "cli/trace_rows.h"

#include <string.h>

#include "cli/trace_words.h"
#include "dns/record.h"

static struct trace_row *add_row(struct trace_rows *p, enum trace_row_kind kind, unsigned depth)
{
    if (p->count == TRACE_ROWS_MAX) {
        p->left_out++;
        return NULL;
    }
    struct trace_row *r = &p->items[p->count++];
    *r = (struct trace_row){.kind = kind, .depth = depth};
    return r;
}

/* Takes the text's words. */
static struct trace_row *add_line(struct trace_rows *p, unsigned depth, enum out_style style, struct text *t)
{
    struct trace_row *r = add_row(p, TRACE_ROW_LINE, depth);
    if (r) {
        r->text = arena_strdup(&p->arena, t->data);
        r->style = style;
    }
    text_fini(t);
    return r;
}

static void add_hop(struct trace_rows *p, const struct walk_step *s)
{
    struct trace_row *r = add_row(p, TRACE_ROW_HOP, s->of->depth);
    if (!r)
        return;
    struct text t;
    text_init(&t);
    trace_add_time(&t, s);
    r->time = text_keep(&t, &p->arena);
    r->step = s;
    r->bar = true;
    r->from_ms = s->from_ms;
    r->to_ms = s->to_ms;
}

static void add_span(struct trace_rows *p, struct trace_row *r, int64_t from_ms, int64_t to_ms)
{
    r->time = arena_printf(&p->arena, "%lld ms", (long long)(to_ms - from_ms));
    r->bar = true;
    r->from_ms = from_ms;
    r->to_ms = to_ms;
}

static const struct walk_step *add_silent(struct trace_rows *p, const struct walk_step *s)
{
    unsigned more = 0;
    add_hop(p, s);
    for (unsigned n = 1; trace_is_silent(s->next); n++, s = s->next) {
        if (n < TRACE_SILENT_SHOWN)
            add_hop(p, s->next);
        else
            more++;
    }
    if (more) {
        struct text t;
        text_init(&t);
        text_printf(&t, "and %u more without a reply", more);
        add_line(p, s->of->depth, STYLE_BAD, &t);
    }
    return s;
}

static const struct walk_step *add_trust(struct trace_rows *p, const struct walk_step *s)
{
    struct trace_trust trust = {0};
    struct text t;
    unsigned depth = s->of->depth;
    s = trace_trust_run(&trust, s);
    if (trust.messages) {
        text_init(&t);
        trace_trust_words(&t, &trust, 66);
        if (trust.unanswered)
            text_printf(&t, ", %u without a reply", trust.unanswered);
        struct trace_row *r = add_line(p, depth, STYLE_DIM, &t);
        if (r)
            add_span(p, r, trust.from_ms, trust.to_ms);
    }
    for (unsigned i = 0; i < trust.reason_count; i++) {
        bool bogus = trust.reasons[i]->verdict == VERDICT_BOGUS;
        text_init(&t);
        text_printf(&t, "%s%s", bogus ? "bogus: " : "", trust.reasons[i]->text);
        add_line(p, depth, STYLE_BAD, &t);
    }
    return s;
}

static void add_known(struct trace_rows *p, const struct walk_step *s)
{
    const struct event *e = s->event;
    char zone[NAME_TEXT_LEN];
    struct text t;
    text_init(&t);
    if (e->kind == EVENT_CUT)
        text_printf(&t, "%s is known: ", trace_zone_name(e->zone, zone));
    else
        text_add(&t, "known: ");
    trace_add_known(&t, e);
    struct trace_row *r = add_line(p, s->of->depth, STYLE_DIM, &t);
    if (r && (e->from_hints || e->from_cache))
        r->time = e->from_hints ? p->walk->hints : "cache";
}

static void add_note(struct trace_rows *p, const struct walk_step *s)
{
    const struct event *e = s->event;
    struct text t;
    if ((e->kind == EVENT_JOINED && s->of->parent) || e->kind == EVENT_SCRUBBED ||
        (s->kind == WALK_FAILED && !s->of->parent))
        return;
    if (s->kind == WALK_JUDGED && (e->verdict != VERDICT_BOGUS || !e->text))
        return;
    text_init(&t);
    text_add(&t, s->kind == WALK_JUDGED ? "bogus: " : "");
    if (s->kind == WALK_JUDGED)
        text_add(&t, e->text);
    else
        trace_add_note(&t, e);
    add_line(p, s->of->depth, s->kind == WALK_NOTE ? STYLE_DIM : STYLE_BAD, &t);
}

static void collect(struct trace_rows *p, const struct walk_question *q);

static bool is_primed(const struct walk_step *s)
{
    return s && s->kind == WALK_SUB && s->sub->part == WALK_PRIMING && trace_primed(s->sub);
}

static void add_primed(struct trace_rows *p, const struct walk_step *m, unsigned depth)
{
    struct text t;
    text_init(&t);
    text_add(&t, "the root: ");
    trace_add_primed(&t, m);
    struct trace_row *r = add_line(p, depth, STYLE_DIM, &t);
    if (!r)
        return;
    add_span(p, r, m->from_ms, m->to_ms);
}

static void add_sub(struct trace_rows *p, const struct walk_question *q)
{
    struct text t;
    if (q->part == WALK_PRIMING && trace_primed(q)) {
        add_primed(p, trace_primed(q), q->parent->depth);
        return;
    }
    if (q->part == WALK_MAIN && q->parent) {
        struct trace_row *r = add_row(p, TRACE_ROW_ALIAS, q->depth);
        char name[NAME_TEXT_LEN];
        if (r)
            r->text = arena_printf(&p->arena, "on to %s", record_bare_name(q->name, name));
    } else {
        text_init(&t);
        trace_add_question(&t, q);
        add_line(p, q->depth, STYLE_STRONG, &t);
    }
    collect(p, q);
}

static void collect(struct trace_rows *p, const struct walk_question *q)
{
    const struct walk_step *before = NULL;
    for (const struct walk_step *s = q->steps; s; before = s, s = s->next) {
        switch (s->kind) {
        case WALK_MESSAGE:
            if (trace_is_silent(s))
                s = add_silent(p, s);
            else
                add_hop(p, s);
            break;
        case WALK_KNOWN:
            if (!is_primed(before))
                add_known(p, s);
            break;
        case WALK_CACHED:
            add_known(p, s);
            break;
        case WALK_JUDGED:
        case WALK_NOTE:
        case WALK_FAILED:
            add_note(p, s);
            break;
        case WALK_SUB:
            if (s->sub->part == WALK_TRUST)
                s = add_trust(p, s);
            else
                add_sub(p, s->sub);
            break;
        }
    }
}

void trace_rows_init(struct trace_rows *p, const struct trace_walk *w)
{
    *p = (struct trace_rows){.walk = w};
    arena_init(&p->arena);
    if (w->first)
        collect(p, w->first);
    if (p->left_out)
        p->items[TRACE_ROWS_MAX - 1] = (struct trace_row){
            .kind = TRACE_ROW_LINE, .style = STYLE_BAD, .text = "and more than a picture can show"};
}

void trace_rows_fini(struct trace_rows *p)
{
    arena_fini(&p->arena);
}
