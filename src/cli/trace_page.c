#include "cli/trace_page.h"

#include <string.h>

#include "cli/status.h"
#include "cli/trace_chain.h"
#include "cli/trace_words.h"
#include "dns/record.h"

#define PAGE_WIDTH_MAX 100u /* wider lines are harder to follow */
#define COLUMN_BODY 4u      /* after the hop's number */
#define WIDTH_WITH_BAR 60u  /* below it who was asked says more than a bar */
#define TIME_WIDTH 9u       /* " no reply" */
#define BAR_NARROW 10u
#define BAR_WIDE 16u
#define ZONE_WIDTH_MIN 5u
#define ZONE_WIDTH_NARROW 18u
#define ZONE_WIDTH_MAX 24u
#define SERVER_WIDTH_MIN 8u /* less of a server's name tells nothing */
#define SERVER_WIDTH 25u    /* most names of servers, and two columns */
#define DEPTH_SHOWN_MAX 6u

/* Invariant: column 0 between lines. */
struct page {
    struct out *out;
    const struct trace_walk *walk;
    bool whole;
    unsigned width, zone_width, bar_width;
};

/* ---- pieces of lines ---- */

/* Where the bars begin. */
static unsigned bar_column(const struct page *p)
{
    return p->width - TIME_WIDTH - p->bar_width;
}

static unsigned shown_depth(unsigned depth)
{
    return depth < DEPTH_SHOWN_MAX ? depth : DEPTH_SHOWN_MAX;
}

/* The left margin: a number, or none, and a bar for each question above. */
static void margin(struct page *p, unsigned depth, unsigned number)
{
    struct out *o = p->out;
    if (number)
        out_printf(o, STYLE_DIM, "%2u", number);
    out_column(o, COLUMN_BODY);
    for (unsigned i = 0; i < shown_depth(depth); i++) {
        out_mark(o, MARK_BAR);
        out_put(o, STYLE_PLAIN, " ");
    }
}

/* As much of it as there is room up to the column. */
static void put_cut(struct page *p, enum out_style style, const char *s, unsigned end)
{
    struct out *o = p->out;
    size_t room = end > o->column ? end - o->column : 0, mark = o->utf8 ? 1 : 3;
    if (strlen(s) <= room) {
        out_put(o, style, s);
    } else if (room > mark) {
        out_printf(o, style, "%.*s", (int)(room - mark), s);
        out_mark(o, MARK_ELLIPSIS);
    }
}

static void put_right(struct page *p, enum out_style style, const char *s)
{
    size_t len = strlen(s);
    if (len == 0)
        return;
    out_column(p->out, len < p->width ? p->width - (unsigned)len : 0);
    out_put(p->out, style, s);
}

/* The end of a line: when it was, as a bar, and the time in words. */
static void put_span(struct page *p, int64_t from_ms, int64_t to_ms, enum out_style style, bool hollow)
{
    int64_t all = p->walk->end_ms > 0 ? p->walk->end_ms : 1;
    if (p->bar_width == 0)
        return;
    out_column(p->out, bar_column(p));
    out_bar(p->out, style, p->bar_width, (unsigned)(from_ms * 1000 / all), (unsigned)(to_ms * 1000 / all),
        hollow);
}

/* Words, on several lines where one is too short. */
static void note(struct page *p, unsigned depth, enum out_style style, const char *said)
{
    unsigned indent = (unsigned)strspn(said, " ");
    said += indent;
    for (bool first = true; *said; first = false) {
        margin(p, depth, 0);
        out_printf(p->out, STYLE_PLAIN, "%*s", (int)(first ? indent : indent + 2), "");
        size_t len = strlen(said), room = p->width > p->out->column + 20 ? p->width - p->out->column : 20;
        if (len > room)
            for (len = room; len > room / 2 && said[len] != ' '; len--)
                ;
        out_line(p->out, style, "%.*s", (int)len, said);
        said += len;
        said += strspn(said, " ");
    }
}

/* ---- a message ---- */

/* The address whole, and of the server's name what there is room for. */
static void put_server(struct page *p, const struct event *e)
{
    struct out *o = p->out;
    char server[NAME_TEXT_LEN], addr[ADDR_TEXT_LEN] = "";
    const char *tcp = e->transport == TRANSPORT_TCP ? " TCP" : "";
    unsigned at = o->column, end = bar_column(p) - 1;
    if (e->to)
        addr_text(&e->to->addr, addr);
    size_t last = strlen(addr) + strlen(tcp) + 1;
    if (e->server && (end >= at + last + SERVER_WIDTH_MIN || !addr[0])) {
        unsigned room = end > at + last ? end - (unsigned)last : at;
        put_cut(p, STYLE_PLAIN, record_bare_name(e->server, server), room);
        unsigned usual = at + SERVER_WIDTH;
        out_column(o, usual + last - 1 <= end ? usual : o->column + 1);
    }
    put_cut(p, STYLE_DIM, addr, end);
    out_put(o, STYLE_PLAIN, tcp);
}

static void put_zone(struct page *p, enum out_style style, const name_t *zone, unsigned depth)
{
    char buf[NAME_TEXT_LEN];
    unsigned end = COLUMN_BODY + 2 * shown_depth(depth) + p->zone_width;
    put_cut(p, style, zone ? record_bare_name(zone, buf) : "?", end);
    out_column(p->out, end + 2);
}

static void message_line(struct page *p, const struct walk_step *s)
{
    char time[24];
    struct text t;
    text_init_fixed(&t, time, sizeof time);
    trace_add_time(&t, s);
    margin(p, s->of->depth, s->hop);
    put_zone(p, STYLE_STRONG, s->event->zone, s->of->depth);
    put_server(p, s->event);
    put_span(p, s->from_ms, s->to_ms, s->reply ? STYLE_PLAIN : STYLE_WARN, !s->reply);
    put_right(p, s->reply ? STYLE_PLAIN : STYLE_WARN, time);
    out_end(p->out);
}

/* What was asked and what came of it; on a line of its own if it does not fit. */
static void said_line(struct page *p, const struct walk_step *s)
{
    struct out *o = p->out;
    struct text asked, said, mark;
    text_init(&asked);
    text_init(&said);
    text_init(&mark);
    trace_add_asked(&asked, s);
    enum out_style style = trace_add_said(&said, p->walk, s), mark_style = STYLE_PLAIN;
    if (s->of->part == WALK_MAIN)
        mark_style = trace_add_mark(&mark, p->walk, s);
    margin(p, s->of->depth, 0);
    out_put(o, STYLE_PLAIN, "  ");
    unsigned begin = o->column;
    out_printf(o, STYLE_DIM, "%s?", asked.data);
    bool fits = o->column + said.len + mark.len + 8 <= p->width;
    if (!fits) {
        put_right(p, mark_style, mark.data);
        out_end(o);
        margin(p, s->of->depth, 0);
        out_column(o, begin + 2);
    } else {
        out_put(o, STYLE_PLAIN, "  ");
    }
    out_mark(o, MARK_ARROW);
    out_put(o, STYLE_PLAIN, "  ");
    out_put(o, style, said.data);
    if (fits)
        put_right(p, mark_style, mark.data);
    out_end(o);
    text_fini(&asked);
    text_fini(&said);
    text_fini(&mark);
}

/* Of many messages in a row without a reply the first ones; returns the last one of the row. */
static const struct walk_step *silent_run(struct page *p, const struct walk_step *s)
{
    unsigned more = 0;
    message_line(p, s);
    for (unsigned n = 1; trace_is_silent(s->next); n++, s = s->next) {
        if (n < TRACE_SILENT_SHOWN || p->whole)
            message_line(p, s->next);
        else
            more++;
    }
    if (more) {
        margin(p, s->of->depth, 0);
        out_line(p->out, STYLE_WARN, "and %u more without a reply", more);
    }
    return s;
}

/* ---- other steps ---- */

static void known_line(struct page *p, const struct walk_step *s)
{
    const struct event *e = s->event;
    const char *from = e->from_hints ? p->walk->hints : e->from_cache ? "cache" : "";
    unsigned room = strlen(from) < TIME_WIDTH ? TIME_WIDTH : (unsigned)strlen(from) + 1;
    struct text t;
    text_init(&t);
    trace_add_known(&t, e);
    margin(p, s->of->depth, 0);
    if (e->kind == EVENT_CUT)
        put_zone(p, STYLE_DIM, e->zone, s->of->depth);
    put_cut(p, STYLE_DIM, t.data, p->width - room);
    put_right(p, STYLE_DIM, from);
    out_end(p->out);
    text_fini(&t);
}

static void note_line(struct page *p, const struct walk_step *s)
{
    struct text t;
    bool failed = s->kind == WALK_FAILED;
    bool detail = (s->event->kind == EVENT_JOINED && s->of->parent) || s->event->kind == EVENT_SCRUBBED;
    if ((failed && !s->of->parent) || (detail && !p->whole)) /* the end says why */
        return;
    text_init(&t);
    if (trace_add_note(&t, s->event))
        note(p, s->of->depth, failed ? STYLE_BAD : STYLE_DIM, t.data);
    text_fini(&t);
}

static void judged_line(struct page *p, const struct walk_step *s)
{
    const struct event *e = s->event;
    /* The denial that they prove has a line of its own. */
    bool proof = e->rrset && (e->rrset->type == TYPE_NSEC || e->rrset->type == TYPE_NSEC3);
    if (e->verdict == VERDICT_BOGUS ? false : !p->whole || (proof && e->verdict == VERDICT_SECURE))
        return;
    struct text t;
    text_init(&t);
    text_add(&t, "  ");
    trace_chain_add(&t, e);
    note(p, s->of->depth, trace_verdict_style(e->verdict), t.data);
    text_fini(&t);
}

/* ---- sub-questions ---- */

static void print_steps(struct page *p, const struct walk_question *q);

/* The look-ups of the chain of trust from that step on, in one line; returns the last of them. */
static const struct walk_step *trust_line(struct page *p, const struct walk_step *s)
{
    struct trace_trust trust = {0};
    struct text t;
    s = trace_trust_run(&trust, s);
    if (trust.messages == 0 && trust.reason_count == 0)
        return s;
    text_init(&t);
    unsigned end = bar_column(p);
    trace_trust_words(&t, &trust, end - 1 - COLUMN_BODY - 2 * shown_depth(s->of->depth));
    margin(p, s->of->depth, 0);
    put_cut(p, STYLE_DIM, t.data, end - 1);
    if (trust.messages) {
        put_span(p, trust.from_ms, trust.to_ms, STYLE_DIM, false);
        text_clear(&t);
        text_printf(&t, "%lld ms", (long long)(trust.to_ms - trust.from_ms));
        put_right(p, STYLE_DIM, t.data);
    }
    out_end(p->out);
    if (trust.unanswered) {
        margin(p, s->of->depth, 0);
        out_line(p->out, STYLE_WARN, "  %u of them without a reply", trust.unanswered);
    }
    for (unsigned i = 0; i < trust.reason_count; i++) {
        bool bogus = trust.reasons[i]->verdict == VERDICT_BOGUS;
        text_clear(&t);
        text_printf(&t, "  %s%s", bogus ? "bogus: " : "", trust.reasons[i]->text);
        note(p, s->of->depth, bogus ? STYLE_BAD : STYLE_WARN, t.data);
    }
    text_fini(&t);
    return s;
}

/* Priming that went well is a line. */
static bool priming_line(struct page *p, const struct walk_question *q)
{
    const struct walk_step *m = trace_primed(q);
    if (!m)
        return false;
    char time[24];
    struct text t;
    text_init_fixed(&t, time, sizeof time);
    trace_add_time(&t, m);
    margin(p, q->parent->depth, 0);
    put_zone(p, STYLE_DIM, NAME_ROOT, q->parent->depth);
    text_init(&t);
    trace_add_primed(&t, m);
    put_cut(p, STYLE_DIM, t.data, bar_column(p) - 1);
    text_fini(&t);
    put_span(p, m->from_ms, m->to_ms, STYLE_DIM, false);
    put_right(p, STYLE_DIM, time);
    out_end(p->out);
    return true;
}

static void sub_lines(struct page *p, const struct walk_question *q)
{
    struct out *o = p->out;
    struct text t;
    if (q->part == WALK_PRIMING && !p->whole && priming_line(p, q))
        return;
    text_init(&t);
    margin(p, q->depth, 0);
    if (q->part == WALK_MAIN) {
        record_add_question(&t, q->name, q->type);
        out_put(o, STYLE_STRONG, t.data);
    } else {
        trace_add_question(&t, q);
        out_put(o, STYLE_STRONG, t.data);
    }
    if (q->purpose && q->part != WALK_TRUST && q->part != WALK_PRIMING)
        out_printf(o, STYLE_DIM, "  (%s)", q->purpose);
    out_end(o);
    text_fini(&t);
    print_steps(p, q);
}

static bool is_priming(const struct walk_step *s)
{
    return s && s->kind == WALK_SUB && s->sub->part == WALK_PRIMING;
}

static void print_steps(struct page *p, const struct walk_question *q)
{
    const struct walk_step *before = NULL;
    for (const struct walk_step *s = q->steps; s; before = s, s = s->next) {
        switch (s->kind) {
        case WALK_KNOWN:
            if (p->whole || !is_priming(before))
                known_line(p, s);
            break;
        case WALK_CACHED:
            known_line(p, s);
            break;
        case WALK_MESSAGE:
            if (trace_is_silent(s)) {
                s = silent_run(p, s);
            } else {
                message_line(p, s);
                said_line(p, s);
            }
            break;
        case WALK_JUDGED:
            judged_line(p, s);
            break;
        case WALK_NOTE:
        case WALK_FAILED:
            note_line(p, s);
            break;
        case WALK_SUB:
            if (s->sub->part == WALK_TRUST && !p->whole)
                s = trust_line(p, s);
            else
                sub_lines(p, s->sub);
            break;
        }
    }
}

/* ---- the page ---- */

static unsigned widest_zone(const struct trace_walk *w, unsigned most)
{
    char buf[NAME_TEXT_LEN];
    size_t widest = ZONE_WIDTH_MIN;
    for (const struct walk_step *s = w->messages; s; s = s->next_message) {
        size_t n = s->event->zone ? strlen(record_bare_name(s->event->zone, buf)) : 0;
        widest = n > widest ? n : widest;
    }
    return widest < most ? (unsigned)widest : most;
}

static void header(struct page *p)
{
    struct out *o = p->out;
    unsigned server = COLUMN_BODY + p->zone_width + 2;
    out_column(o, COLUMN_BODY);
    out_put(o, STYLE_DIM, "zone");
    out_column(o, server);
    out_put(o, STYLE_DIM, "server");
    if (server + SERVER_WIDTH < bar_column(p)) {
        out_column(o, server + SERVER_WIDTH);
        out_put(o, STYLE_DIM, "address");
    }
    put_right(p, STYLE_DIM, "time");
    out_end(o);
}

void trace_page_print(struct out *out, const struct trace_walk *w, bool whole)
{
    bool wide = out->width >= PAGE_WIDTH_MAX;
    struct page p = {.out = out,
        .walk = w,
        .whole = whole,
        .width = wide ? PAGE_WIDTH_MAX : out->width,
        .bar_width = wide                          ? BAR_WIDE
                     : out->width < WIDTH_WITH_BAR ? 0
                                                   : BAR_NARROW};
    p.zone_width = widest_zone(w, wide ? ZONE_WIDTH_MAX : ZONE_WIDTH_NARROW);
    if (w->messages)
        header(&p);
    if (w->first)
        print_steps(&p, w->first);
}

void trace_page_sum(struct text *t, const struct trace_walk *w, const struct outcome *o)
{
    text_printf(t, "%u hop%s, %lld ms, %u message%s", w->hops, trace_plural(w->hops), (long long)w->end_ms,
        w->message_count, trace_plural(w->message_count));
    if (w->tcp_count)
        text_printf(t, " (%u over TCP)", w->tcp_count);
    if (w->unanswered)
        text_printf(t, ", %u without a reply", w->unanswered);
    text_add(t, ", ");
    if (o->rcode != RCODE_NOERROR && o->rcode != RCODE_NXDOMAIN)
        text_add(t, o->verdict == VERDICT_BOGUS || status_is_bogus(o->reason.ede) ? "bogus" : "failed");
    else if (verdict_text(o->verdict))
        text_add(t, verdict_text(o->verdict));
    else
        text_add(t, "not validated");
}
