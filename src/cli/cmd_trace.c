/* hark trace NAME [TYPE]: the walk from the root with the daemon's own resolver, an empty cache and the
 * daemon's settings; with --through as the daemon of this machine does it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/address.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/trace_end.h"
#include "cli/trace_page.h"
#include "cli/trace_svg.h"
#include "cli/trace_through.h"
#include "cli/trace_walk.h"
#include "defs/limits.h"
#include "dns/record.h"
#include "lib/config.h"
#include "lib/drive.h"
#include "lib/roots.h"
#include "lib/trust.h"
#include "resolve/event_json.h"

/* What a walk leaves of the time of all of it, to begin and to print. */
#define TIMEOUT_SPARE_MS 300u

struct tracing {
    const struct args *args;
    struct out *out;
    const char *how;               /* in words */
    struct config *config;         /* of a walk of our own; else NULL */
    struct trace_through *through; /* of one of harkd's; else NULL */
    FILE *svg;                     /* where the picture goes; NULL: nowhere */
};

static void apply_options(struct config *c, const struct args *a)
{
    if (a->on[OPTION_IPV4])
        c->resolve.use_v6 = false;
    if (a->on[OPTION_IPV6])
        c->resolve.use_v4 = false;
    if (a->port)
        c->resolve.port = a->port;
}

static enum err read_name(const struct args *a, const char *word, name_t out[NAME_MAX_LEN])
{
    struct text why;
    text_init(&why);
    enum err err = address_question(out, word, a->on[OPTION_REVERSE], &why);
    if (err)
        out_complain("'%s' is not a domain name: %s", word, why.data);
    text_fini(&why);
    return err;
}

/* What hark update or the system brought that is newer than what everybody has. */
static void print_origin(const struct tracing *t)
{
    const struct config *c = t->config;
    struct trust_origin o;
    char servers[40];
    if (c->roots.from == ROOTS_UPDATED || c->roots.from == ROOTS_OF_SYSTEM) {
        roots_text_fixed(&c->roots, servers, sizeof servers);
        out_line(t->out, STYLE_DIM, "with the root servers %s", servers);
    }
    trust_origin(&o, c);
    if (c->trust.validate && o.from == TRUST_UPDATED)
        out_line(t->out, STYLE_DIM, "with the root's keys updated %s", o.date);
}

static void print_title(const struct tracing *t, const struct question *q)
{
    struct text title;
    text_init(&title);
    record_add_question(&title, q->name, q->type);
    out_put(t->out, STYLE_STRONG, title.data);
    out_line(t->out, STYLE_DIM, "  %s", t->how);
    text_fini(&title);
    if (!t->config)
        return;
    if (t->config->file)
        out_line(t->out, STYLE_DIM, "with the settings of %s", t->config->file);
    print_origin(t);
}

/* What watches the walk, by format. */
struct view {
    struct observer observer;
    struct trace_walk walk;
    struct out *out;
    int64_t start_ms;   /* now_t.mono_ms */
    bool prints, keeps; /* as JSON, at once; for the page and the picture */
    bool heard;         /* some server replied */
};

static void says_sent(const struct event *e)
{
    char server[NAME_TEXT_LEN], name[NAME_TEXT_LEN], addr[ADDR_TEXT_LEN];
    progress_says("%s about %s",
        e->server ? record_bare_name(e->server, server) : addr_text(&e->to->addr, addr),
        record_bare_name(e->sent_name ? e->sent_name : e->qname, name));
}

static void watch(void *ctx, const struct event *e)
{
    struct view *v = ctx;
    v->heard = v->heard || e->kind == EVENT_REPLY;
    if (e->kind == EVENT_SENT)
        says_sent(e);
    if (v->prints)
        out_json(v->out, event_to_json(e, v->start_ms));
    if (v->keeps)
        trace_walk_event(&v->walk, e);
}

static void view_begin(struct view *v, const struct tracing *t, const struct question *q)
{
    v->out = t->out;
    v->start_ms = t->through ? 0 : now_read(false).mono_ms;
    trace_walk_init(&v->walk, v->start_ms);
    v->keeps = t->svg || t->out->format == OUT_TEXT;
    v->prints = t->out->format == OUT_JSON;
    if (t->config)
        roots_text_fixed(&t->config->roots, v->walk.hints, sizeof v->walk.hints);
    else /* harkd knows which */
        snprintf(v->walk.hints, sizeof v->walk.hints, "hints");
}

static void print_page(
    const struct view *v, const struct tracing *t, const struct question *q, const struct outcome *o)
{
    struct text sum;
    const bool *on = t->args->on;
    print_title(t, q);
    out_end(t->out);
    trace_page_print(t->out, &v->walk, on[OPTION_DNSSEC] || on[OPTION_VERBOSE]);
    out_end(t->out);
    trace_end_outcome(t->out, q, o, on[OPTION_DNSSEC]);
    out_end(t->out);
    text_init(&sum);
    trace_page_sum(&sum, &v->walk, o);
    out_line(t->out, STYLE_DIM, "%s", sum.data);
    text_fini(&sum);
}

static void view_end(
    struct view *v, const struct tracing *t, const struct question *q, const struct outcome *o, uint32_t ms)
{
    trace_walk_end(&v->walk, ms);
    if (t->out->format == OUT_JSON)
        out_json(t->out, outcome_to_json(q, o, ms));
    else if (t->out->format == OUT_SHORT)
        trace_end_short(t->out, o);
    else if (t->svg != stdout)
        print_page(v, t, q, o);
    if (t->svg) {
        struct text svg;
        text_init(&svg);
        trace_svg_draw(&svg, &v->walk, q, o, t->how);
        fputs(svg.data, t->svg);
        text_fini(&svg);
    }
}

static void complain_failure(const struct view *v, const struct question *q, const struct outcome *o)
{
    struct text t;
    text_init(&t);
    record_add_question(&t, q->name, q->type);
    text_printf(&t, ": %s", o->reason.text ? o->reason.text : "the look-up failed");
    if (!v->heard)
        text_add(&t, "; no server replied at all: is there a network?");
    out_complain("%s", t.data);
    text_fini(&t);
}

static enum status conclude(
    struct view *v, const struct tracing *t, const struct question *q, const struct outcome *o, uint32_t ms)
{
    view_end(v, t, q, o, ms);
    enum status status = status_of_outcome(o, q->type);
    bool failed = status != STATUS_ANSWER && status != STATUS_NO_DATA;
    if (failed && (t->out->format != OUT_TEXT || !v->heard)) /* the page says why itself */
        complain_failure(v, q, o);
    return status;
}

static enum status walk_here(struct view *v, const struct tracing *t, const struct question *q)
{
    struct drive *d = drive_new(t->config);
    if (!d) {
        out_complain("the system gives no event loop: %s", strerror(errno));
        return STATUS_INTERNAL;
    }
    enum status status = STATUS_INTERNAL;
    const struct outcome *o = drive_ask(d, q);
    if (o)
        status = conclude(v, t, q, o, (uint32_t)(now_read(false).mono_ms - v->start_ms));
    else
        out_complain("the resolver ended without an answer: a bug of hark, please report it");
    drive_free(d);
    return status;
}

static enum status walk_through(struct view *v, const struct tracing *t, const struct question *q)
{
    enum status status;
    const struct outcome *o = trace_through_ask(t->through, q, &status);
    v->heard = true; /* by harkd, which knows its network */
    return o ? conclude(v, t, q, o, t->through->time_ms) : status;
}

static enum status trace_one(const struct tracing *t, const struct question *q)
{
    struct view *v = mem_alloc(sizeof *v);
    struct question watched = *q;
    v->observer = (struct observer){.event = watch, .ctx = v};
    watched.observer = &v->observer;
    view_begin(v, t, q);
    enum status status = t->through ? walk_through(v, t, &watched) : walk_here(v, t, &watched);
    trace_walk_fini(&v->walk);
    mem_free(v);
    return status;
}

/* The page is drawn at the end: who limits the time of all of it is to see it all the same. */
static uint32_t patience_ms(const struct args *a)
{
    uint32_t walk_ms = a->given[OPTION_TIME] ? a->number[OPTION_TIME] * 1000 : ANSWER_MS_MAX;
    uint32_t all_ms =
        a->given[OPTION_TIMEOUT] ? a->number[OPTION_TIMEOUT] * 1000 - TIMEOUT_SPARE_MS : walk_ms;
    return all_ms < walk_ms ? all_ms : walk_ms;
}

static enum status trace_all(const struct tracing *t)
{
    const struct args *a = t->args;
    const uint16_t usual = a->on[OPTION_REVERSE] ? TYPE_PTR : TYPE_A;
    const uint16_t *types = a->type_count ? a->types : &usual;
    size_t type_count = a->type_count ? a->type_count : 1;
    enum status worst = STATUS_ANSWER;
    bool first = true;
    for (size_t i = 0; i < a->name_count; i++) {
        name_t name[NAME_MAX_LEN];
        if (read_name(a, a->names[i], name) != ERR_OK) {
            worst = status_worst(worst, STATUS_USAGE);
            continue;
        }
        for (size_t k = 0; k < type_count && !t->out->error; k++) {
            struct question q = {
                .name = name, .type = types[k], .class = CLASS_IN, .dnssec_ok = a->on[OPTION_DNSSEC]};
            q.deadline_ms = patience_ms(a);
            if (!first && t->out->format == OUT_TEXT)
                out_end(t->out);
            first = false;
            worst = status_worst(worst, trace_one(t, &q));
        }
    }
    return worst;
}

/* False: it cannot be, and was said why. */
static bool svg_open(FILE **svg, const struct args *a)
{
    *svg = NULL;
    if (!a->svg)
        return true;
    if (strcmp(a->svg, "-") == 0)
        *svg = stdout;
    else
        *svg = fopen(a->svg, "we");
    if (!*svg)
        out_complain("cannot write the picture to %s: %s", a->svg, strerror(errno));
    return *svg;
}

static bool svg_close(FILE *svg, const struct args *a)
{
    bool well = !svg || !ferror(svg);
    if (svg && svg != stdout)
        well = fclose(svg) == 0 && well;
    if (!well)
        out_complain("cannot write the picture to %s: %s", a->svg, strerror(errno));
    return well;
}

static enum status trace_here(const struct args *args, struct out *out, FILE *svg)
{
    struct arena arena;
    struct config config;
    struct text complaint;
    enum status status = STATUS_USAGE;
    arena_init(&arena);
    text_init(&complaint);
    if (config_load(&config, &arena, NULL, &complaint) == ERR_OK) {
        apply_options(&config, args);
        roots_settle(&config, &arena, &complaint);
        struct anchors *anchors = config.trust.validate ? trust_read_anchors(&config, &complaint) : NULL;
        out_complain_lines(complaint.data);
        config.resolve.anchors = anchors;
        struct tracing t = {.args = args,
            .out = out,
            .how = "from the root, with an empty cache",
            .config = &config,
            .svg = svg};
        status = trace_all(&t);
        anchors_free(anchors);
    } else {
        out_complain_lines(complaint.data);
    }
    text_fini(&complaint);
    arena_fini(&arena);
    return status;
}

static enum status trace_harkd(const struct args *args, struct out *out, FILE *svg)
{
    struct trace_through through;
    trace_through_init(&through, args->socket);
    struct tracing t = {
        .args = args, .out = out, .how = "as harkd does it, with its cache", .through = &through, .svg = svg};
    enum status status = trace_all(&t);
    trace_through_fini(&through);
    return status;
}

/* What cannot go together. */
static bool is_usable(const struct args *a)
{
    bool through = a->on[OPTION_THROUGH];
    const char *own = a->on[OPTION_IPV4] ? "-4" : a->on[OPTION_IPV6] ? "-6" : a->port ? "-p" : NULL;
    if (a->svg && (a->name_count > 1 || a->type_count > 1 || a->place))
        out_complain("a picture is of one walk: one name, one type");
    else if (a->socket && !through)
        out_complain("-s names the control socket of the harkd to go through: add --through");
    else if (through && own)
        out_complain("%s does not go with --through: harkd has settings of its own", own);
    else
        return true;
    return false;
}

enum status cmd_trace(const struct args *args, struct out *out)
{
    FILE *svg;
    if (!is_usable(args))
        return STATUS_USAGE;
    if (!svg_open(&svg, args))
        return STATUS_INTERNAL;
    enum status status = args->on[OPTION_THROUGH] ? trace_harkd(args, out, svg) : trace_here(args, out, svg);
    return svg_close(svg, args) ? status : STATUS_INTERNAL;
}
