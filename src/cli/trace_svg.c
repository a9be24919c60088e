#include "cli/trace_svg.h"

#include <stdio.h>
#include <string.h>

#include "cli/status.h"
#include "cli/trace_end.h"
#include "cli/trace_page.h"
#include "cli/trace_rows.h"
#include "cli/trace_words.h"
#include "dns/present.h"
#include "dns/record.h"

/* All in pixels of a picture 1280 wide, which a slide scales. */
#define WIDTH 1280u
#define MARGIN 40u
#define HEAD 132u /* name, summary, axis */
#define HOP_HEIGHT 58u
#define LINE_HEIGHT 30u
#define NODE_WIDTH 176u
#define NODE_HEIGHT 38u
#define NODE_STEP 14u /* a label deeper, so much to the right */
#define NODE_STEPS_MAX 5u
#define SUB_STEP 18u /* a sub-question deeper */
#define TEXT_X 318u
#define BAR_X 880u
#define BAR_WIDTH 270u
#define TIME_X 1240u /* where times end */
#define ANSWER_LINE 22u
#define HEAD_LONG 58u /* letters: longer names are smaller */

#define ANSWER_RECORDS 12u  /* of the answer */
#define REASON_COLUMNS 100u /* of a line of the end */

/* Letters of a generic font are at most so wide on the average, in hundredths of its size. */
#define SANS_WIDTH 55u
#define BOLD_WIDTH 66u
#define MONO_WIDTH 61u

#define INK "#1f2933"
#define DIM "#64717f"
#define PALE "#d5dce3"
#define BLUE "#2b6cb0"
#define GREEN "#2f855a"
#define AMBER "#975a16"
#define RED "#c53030"
#define VIOLET "#6b46c1"
#define SANS "font-family=\"sans-serif\""
#define MONO "font-family=\"monospace\""
#define END " text-anchor=\"end\""
#define BOLD " font-weight=\"bold\""

struct picture {
    struct text *svg;
    const struct trace_walk *walk;
    const struct trace_rows *rows;
};

/* ---- text in it ---- */

/* Printable ASCII, and what XML takes for its own as entities; other octets as \DDD. */
static void add_escaped(struct text *t, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == '<')
            text_add(t, "&lt;");
        else if (c == '>')
            text_add(t, "&gt;");
        else if (c == '&')
            text_add(t, "&amp;");
        else if (c == '"')
            text_add(t, "&quot;");
        else if (c == '\'')
            text_add(t, "&#39;");
        else if (c >= 0x20 && c < 0x7f)
            text_char(t, (char)c);
        else if (c == '\t' || c == '\n')
            text_char(t, ' ');
        else
            text_printf(t, "\\%03u", c);
    }
}

/* Where it is, how it looks, and how wide it may be in all. What does not fit is cut, and stands in a title.
 */
struct label {
    unsigned x, y, size, room;
    const char *font, *colour, *more; /* more: further attributes */
};

static void put_text(struct picture *p, const struct label *l, const char *s)
{
    bool mono = strcmp(l->font, MONO) == 0, bold = l->more && strcmp(l->more, BOLD) == 0;
    unsigned letter = l->size * (mono ? MONO_WIDTH : bold ? BOLD_WIDTH : SANS_WIDTH);
    size_t len = strlen(s), fits = l->room * 100u / letter;
    text_printf(p->svg, "<text x=\"%u\" y=\"%u\" font-size=\"%u\" fill=\"%s\" %s%s>", l->x, l->y, l->size,
        l->colour, l->font, l->more ? l->more : "");
    if (len > fits) {
        text_add(p->svg, "<title>");
        add_escaped(p->svg, s, len);
        text_add(p->svg, "</title>");
        add_escaped(p->svg, s, fits > 1 ? fits - 1 : 1);
        text_add(p->svg, "&#8230;");
    } else {
        add_escaped(p->svg, s, len);
    }
    text_add(p->svg, "</text>\n");
}

static const char *colour_of(enum out_style style)
{
    switch (style) {
    case STYLE_GOOD:
        return GREEN;
    case STYLE_WARN:
        return AMBER;
    case STYLE_BAD:
        return RED;
    case STYLE_DIM:
        return DIM;
    case STYLE_STRONG:
        return VIOLET;
    default:
        return INK;
    }
}

/* ---- drawing ---- */

static void draw_lock(struct picture *p, unsigned x, unsigned y, const char *colour, bool open)
{
    text_printf(p->svg,
        "<g transform=\"translate(%u,%u)\"><rect x=\"0\" y=\"7\" width=\"13\" height=\"10\" rx=\"2\" "
        "fill=\"%s\"/>"
        "<path d=\"M3 7 V4.5 a3.5 3.5 0 0 1 7 0%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/></g>\n",
        x, y, colour, open ? "" : " V7", colour);
}

/* Where the zone's node stands. */
static unsigned node_x(const struct trace_row *r)
{
    const name_t *zone = r->step->event->zone;
    unsigned labels = zone ? name_labels(zone) : 0, steps = labels + r->depth;
    return MARGIN + 28u + NODE_STEP * (steps < NODE_STEPS_MAX ? steps : NODE_STEPS_MAX);
}

static void draw_arrow(struct picture *p, const struct trace_row *from, unsigned from_y,
    const struct trace_row *to, unsigned to_y, bool alias)
{
    unsigned a = node_x(from), b = node_x(to), x = (a > b ? a : b) + 20;
    text_printf(p->svg,
        "<path d=\"M%u %u V%u\" stroke=\"%s\" stroke-width=\"1.6\" fill=\"none\" "
        "marker-end=\"url(#%s)\"%s/>\n",
        x, from_y, to_y, alias ? VIOLET : DIM, alias ? "jump" : "step",
        alias ? " stroke-dasharray=\"4 3\"" : "");
}

static void draw_bar(
    struct picture *p, const struct trace_row *r, unsigned y, unsigned height, const char *colour)
{
    int64_t all = p->walk->end_ms > 0 ? p->walk->end_ms : 1;
    unsigned from = (unsigned)(r->from_ms * BAR_WIDTH / all), to = (unsigned)(r->to_ms * BAR_WIDTH / all);
    from = from > BAR_WIDTH - 3 ? BAR_WIDTH - 3 : from;
    to = to > BAR_WIDTH ? BAR_WIDTH : to;
    text_printf(p->svg, "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" rx=\"2\" fill=\"%s\"/>\n",
        BAR_X + from, y, to > from + 3 ? to - from : 3, height, colour);
}

static void draw_node(struct picture *p, const struct trace_row *r, unsigned y)
{
    const struct walk_step *s = r->step;
    const name_t *zone = s->event->zone;
    char name[NAME_TEXT_LEN];
    struct text mark;
    text_init(&mark);
    enum out_style style = STYLE_PLAIN;
    if (s->of->part == WALK_MAIN && s->reply)
        style = trace_add_mark(&mark, p->walk, s);
    bool judged = mark.len > 0, sub = s->of->part != WALK_MAIN;
    const char *colour = !s->reply ? RED : judged ? colour_of(style) : DIM;
    unsigned x = node_x(r);
    if (s->hop)
        text_printf(p->svg,
            "<text x=\"%u\" y=\"%u\" font-size=\"15\" fill=\"" DIM "\" " SANS
            " text-anchor=\"end\">%u</text>\n",
            MARGIN + 16, y + 24, s->hop);
    text_printf(p->svg,
        "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" rx=\"7\" fill=\"%s\" stroke=\"%s\" "
        "stroke-width=\"%s\"%s/>\n",
        x, y, NODE_WIDTH, NODE_HEIGHT, s->reply ? sub ? "#f7f9fb" : "#eef4fb" : "#fdf1f1", colour,
        sub ? "1" : "1.8", s->reply ? "" : " stroke-dasharray=\"4 3\"");
    if (judged)
        draw_lock(p, x + 10, y + 10, colour, style != STYLE_GOOD);
    unsigned at = x + (judged ? 31 : 12);
    const char *said = zone ? trace_zone_name(zone, name) : "?";
    unsigned room = x + NODE_WIDTH - 4 - at, size = strlen(said) * 15 * BOLD_WIDTH / 100 > room ? 12 : 15;
    put_text(p, &(struct label){at, y + 24, size, room, SANS, INK, sub ? NULL : BOLD}, said);
    text_fini(&mark);
}

static void draw_server(struct picture *p, const struct trace_row *r, unsigned y)
{
    const struct event *e = r->step->event;
    char server[NAME_TEXT_LEN] = "", addr[ADDR_TEXT_LEN] = "";
    unsigned x = TEXT_X + SUB_STEP * (r->depth < 4 ? r->depth : 4), room = BAR_X - 16 - x;
    struct text t, mark;
    text_init(&t);
    text_init(&mark);
    if (e->server)
        record_bare_name(e->server, server);
    if (e->to)
        addr_text(&e->to->addr, addr);
    text_printf(&t, "%s%s%s%s", server, server[0] && addr[0] ? ", " : "", addr,
        e->transport == TRANSPORT_TCP ? " over TCP" : "");
    if (r->step->of->part == WALK_MAIN && r->step->reply) {
        enum out_style style = trace_add_mark(&mark, p->walk, r->step);
        if (style != STYLE_GOOD && mark.len > 0) { /* a closed lock says enough */
            put_text(
                p, &(struct label){x + room, y + 15, 13, room / 3, SANS, colour_of(style), END}, mark.data);
            room -= room / 3;
        }
    }
    put_text(p, &(struct label){x, y + 15, 13, room, SANS, DIM, NULL}, t.data);
    text_fini(&t);
    text_fini(&mark);
}

/* What was asked and what was said; where there is no room for both the question gives way, down to a third.
 */
static void draw_exchange(struct picture *p, const struct trace_row *r, unsigned y)
{
    unsigned x = TEXT_X + SUB_STEP * (r->depth < 4 ? r->depth : 4), room = BAR_X - 16 - x;
    struct text t, said;
    text_init(&t);
    text_init(&said);
    trace_add_asked(&t, r->step);
    text_char(&t, '?');
    enum out_style style = trace_add_said(&said, p->walk, r->step);
    unsigned size = 15, letter = size * SANS_WIDTH;
    if (said.len == 0) {
        put_text(p, &(struct label){x, y + 35, size, room, SANS, INK, NULL}, t.data);
    } else {
        size_t wanted = (said.len + 5) * letter / 100, third = room / 3, own = t.len * letter / 100 + 8;
        unsigned left = wanted + own <= room    ? (unsigned)own
                        : wanted + third < room ? room - (unsigned)wanted
                                                : (unsigned)third;
        if (left > own)
            left = (unsigned)own;
        text_printf(p->svg, "<text y=\"%u\" font-size=\"%u\" " SANS "><tspan x=\"%u\" fill=\"" INK "\">",
            y + 35, size, x);
        size_t fits = left * 100u / letter;
        add_escaped(p->svg, t.data, t.len <= fits ? t.len : fits - 1);
        text_printf(p->svg,
            "%s</tspan><tspan fill=\"" DIM "\" dx=\"8\">&#8594;</tspan><tspan fill=\"%s\" dx=\"8\">",
            t.len <= fits ? "" : "&#8230;", colour_of(style));
        fits = (room - left) * 100u / letter - 3;
        add_escaped(p->svg, said.data, said.len <= fits ? said.len : fits - 1);
        text_printf(p->svg, "%s</tspan></text>\n", said.len <= fits ? "" : "&#8230;");
    }
    text_fini(&t);
    text_fini(&said);
}

static void draw_hop(struct picture *p, const struct trace_row *r, unsigned y)
{
    bool replied = r->step->reply;
    draw_node(p, r, y);
    draw_server(p, r, y);
    draw_exchange(p, r, y);
    draw_bar(p, r, y + 11, 16,
        !replied                         ? "url(#silence)"
        : r->step->of->part == WALK_MAIN ? BLUE
                                         : "#8fb3d9");
    put_text(p, &(struct label){TIME_X, y + 24, 15, 90, SANS, replied ? INK : RED, END}, r->time);
}

static void draw_line(struct picture *p, const struct trace_row *r, unsigned y)
{
    unsigned x = TEXT_X + SUB_STEP * (r->depth < 4 ? r->depth : 4);
    put_text(p,
        &(struct label){
            x, y + 16, 13, (r->bar ? BAR_X - 16 : TIME_X - 90) - x, SANS, colour_of(r->style), NULL},
        r->text);
    if (r->bar)
        draw_bar(p, r, y + 7, 9, "#b8c4cf");
    if (r->time)
        put_text(p, &(struct label){TIME_X, y + 16, 13, 90, SANS, DIM, END}, r->time);
}

static void draw_rows(struct picture *p)
{
    const struct trace_row *before = NULL;
    unsigned y = HEAD, before_y = 0;
    bool alias = false;
    for (unsigned i = 0; i < p->rows->count; i++) {
        const struct trace_row *r = &p->rows->items[i];
        if (r->kind == TRACE_ROW_HOP) {
            if (before)
                draw_arrow(p, before, before_y + NODE_HEIGHT, r, y - 1, alias);
            before = r;
            before_y = y;
            alias = false;
            draw_hop(p, r, y);
            y += HOP_HEIGHT;
        } else if (r->kind == TRACE_ROW_ALIAS) {
            alias = true;
            put_text(p, &(struct label){TEXT_X, y + 18, 16, TIME_X - TEXT_X, SANS, VIOLET, BOLD}, r->text);
            y += LINE_HEIGHT;
        } else {
            draw_line(p, r, y);
            y += LINE_HEIGHT;
        }
    }
}

static unsigned rows_height(const struct picture *p)
{
    unsigned height = 0;
    for (unsigned i = 0; i < p->rows->count; i++)
        height += p->rows->items[i].kind == TRACE_ROW_HOP ? HOP_HEIGHT : LINE_HEIGHT;
    return height;
}

/* ---- head and end ---- */

static void draw_head(struct picture *p, const struct question *q, const struct outcome *o, const char *title)
{
    struct text t;
    enum status status = status_of_outcome(o, q->type);
    bool good = status == STATUS_ANSWER || status == STATUS_NO_DATA;
    const char *colour = !good ? RED : o->verdict == VERDICT_SECURE ? GREEN : INK;
    text_init(&t);
    record_add_question(&t, q->name, q->type);
    unsigned size = t.len > HEAD_LONG ? 19 : 30;
    put_text(p, &(struct label){MARGIN, 52, size, WIDTH - 2 * MARGIN, SANS, INK, BOLD}, t.data);
    text_clear(&t);
    trace_page_sum(&t, p->walk, o);
    put_text(p, &(struct label){MARGIN, 84, 17, WIDTH - 2 * MARGIN, SANS, colour, NULL}, t.data);
    put_text(p, &(struct label){MARGIN, 108, 13, TEXT_X + 300, SANS, DIM, NULL}, title);
    text_fini(&t);
}

static void draw_axis(struct picture *p, unsigned bottom)
{
    for (unsigned i = 0; i <= 2; i++) {
        unsigned x = BAR_X + BAR_WIDTH * i / 2;
        text_printf(p->svg, "<path d=\"M%u %u V%u\" stroke=\"" PALE "\"/>\n", x, HEAD - 14, bottom);
        text_printf(p->svg,
            "<text x=\"%u\" y=\"%u\" font-size=\"12\" fill=\"" DIM "\" " SANS
            " text-anchor=\"middle\">%lld ms</text>\n",
            x, HEAD - 20, (long long)(p->walk->end_ms * i / 2));
    }
}

struct answer_lines {
    struct picture *picture;
    unsigned y, count;
};

static void draw_record(void *ctx, const struct rr *rr)
{
    struct answer_lines *a = ctx;
    struct text t;
    if (a->count++ >= ANSWER_RECORDS)
        return;
    text_init(&t);
    rr_to_text(&t, rr);
    for (char *c = t.data; *c; c++)
        if (*c == '\t' || *c == '\n')
            *c = ' ';
    put_text(a->picture,
        &(struct label){MARGIN, a->y, 14, WIDTH - 2 * MARGIN, MONO, INK, " xml:space=\"preserve\""}, t.data);
    a->y += ANSWER_LINE;
    text_fini(&t);
}

static void draw_list(struct answer_lines *a, const struct rrset_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->items[i]->type != TYPE_NSEC && l->items[i]->type != TYPE_NSEC3)
            record_each(l->items[i], false, draw_record, a);
}

/* Returns where it ends. */
static unsigned draw_end(struct picture *p, const struct question *q, const struct outcome *o, unsigned y)
{
    struct answer_lines a = {p, y, 0};
    struct text t;
    text_printf(p->svg, "<path d=\"M%u %u H%u\" stroke=\"" PALE "\"/>\n", MARGIN, y, WIDTH - MARGIN);
    a.y += 30;
    text_init(&t);
    const char *colour = colour_of(trace_end_headline(&t, q, o));
    for (const char *s = t.data; *s;) {
        size_t len = strlen(s);
        if (len > REASON_COLUMNS)
            for (len = REASON_COLUMNS; len > REASON_COLUMNS / 2 && s[len] != ' '; len--)
                ;
        char line[REASON_COLUMNS + 1];
        snprintf(line, sizeof line, "%.*s", (int)len, s);
        put_text(p, &(struct label){MARGIN, a.y, 17, WIDTH - 2 * MARGIN, SANS, colour, BOLD}, line);
        a.y += 26;
        s += len;
        s += strspn(s, " ");
    }
    draw_list(&a, &o->answer);
    if (status_of_outcome(o, q->type) != STATUS_ANSWER)
        draw_list(&a, &o->authority);
    if (a.count > ANSWER_RECORDS) {
        text_clear(&t);
        text_printf(&t, "and %u more", a.count - ANSWER_RECORDS);
        put_text(p, &(struct label){MARGIN, a.y, 14, 400, SANS, DIM, NULL}, t.data);
        a.y += ANSWER_LINE;
    }
    text_fini(&t);
    return a.y;
}

static void draw_definitions(struct picture *p)
{
    static const struct {
        const char *id, *colour;
    } heads[] = {{"step", DIM}, {"jump", VIOLET}};
    text_add(p->svg, "<defs>\n");
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        text_printf(p->svg,
            "<marker id=\"%s\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" "
            "markerHeight=\"7\" orient=\"auto\">"
            "<path d=\"M0 0 L8 4 L0 8 z\" fill=\"%s\"/></marker>\n",
            heads[i].id, heads[i].colour);
    text_add(p->svg,
        "<pattern id=\"silence\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
        "patternTransform=\"rotate(45)\">"
        "<rect width=\"6\" height=\"6\" fill=\"#fbdcdc\"/><rect width=\"2.5\" height=\"6\" fill=\"" RED
        "\"/></pattern>\n"
        "</defs>\n");
}

void trace_svg_draw(struct text *svg, const struct trace_walk *w, const struct question *q,
    const struct outcome *o, const char *title)
{
    struct trace_rows rows;
    struct text body, said;
    text_init(&body);
    text_init(&said);
    trace_rows_init(&rows, w);
    struct picture picture = {.svg = &body, .walk = w, .rows = &rows}, *p = &picture;
    unsigned bottom = HEAD + rows_height(p);
    draw_axis(p, bottom);
    draw_head(p, q, o, title);
    draw_rows(p);
    unsigned height = draw_end(p, q, o, bottom + 14) + 14;
    record_add_question(&said, q->name, q->type);
    text_printf(svg,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" viewBox=\"0 0 %u %u\" "
        "role=\"img\">\n<title>hark trace ",
        WIDTH, height, WIDTH, height);
    add_escaped(svg, said.data, said.len);
    text_add(svg, "</title>\n");
    p->svg = svg;
    draw_definitions(p);
    text_printf(svg, "<rect width=\"%u\" height=\"%u\" fill=\"#ffffff\"/>\n", WIDTH, height);
    text_add(svg, body.data);
    text_add(svg, "</svg>\n");
    text_fini(&body);
    text_fini(&said);
    trace_rows_fini(&rows);
}
