#include "cli/trace_page.h"

#include <string.h>

#include "cli/record.h"
#include "cli/trace_chain.h"
#include "cli/trace_end.h"
#include "dns/rdata.h"

#define PAGE_WIDTH_MAX 100u /* wider lines are harder to follow */
#define COLUMN_BODY 5u      /* after the number */
#define RIGHT_WIDTH 14u     /* "  UDP  9999 ms" */
#define ZONE_WIDTH_MIN 5u
#define ZONE_WIDTH_NARROW 18u
#define ZONE_WIDTH_MAX 24u
#define SERVER_WIDTH 25u /* most names of servers, and two columns */
#define RUN_SHOWN 3u     /* failures in a row that are shown */
#define DEPTH_SHOWN_MAX 6u

/* ---- pieces ---- */

static void put_name(struct out *o, enum out_style style, const name_t *n)
{
    char buf[NAME_TEXT_LEN];
    out_put(o, style, name_is_root(n) ? "the root" : record_bare_name(n, buf));
}

static void put_question(struct out *o, enum out_style style, const name_t *n, uint16_t type)
{
    struct text t;
    text_init(&t);
    record_add_question(&t, n, type);
    out_put(o, style, t.data);
    text_fini(&t);
}

static unsigned page_width(const struct trace_page *p)
{
    return p->out->width < PAGE_WIDTH_MAX ? p->out->width : PAGE_WIDTH_MAX;
}

/* The left margin: an empty number and a bar for each question above. */
static void margin(struct trace_page *p, unsigned depth, const char *number)
{
    struct out *o = p->out;
    out_printf(o, STYLE_DIM, "%3s", number);
    out_column(o, COLUMN_BODY);
    for (unsigned i = 0; i < depth && i < DEPTH_SHOWN_MAX; i++) {
        out_mark(o, MARK_BAR);
        out_put(o, STYLE_PLAIN, " ");
    }
}

static unsigned body_column(unsigned depth)
{
    return COLUMN_BODY + 2 * (depth < DEPTH_SHOWN_MAX ? depth : DEPTH_SHOWN_MAX);
}

static const char *plural(unsigned n)
{
    return n == 1 ? "" : "s";
}

static void put_delegation(struct text *t, const struct event *e)
{
    text_printf(t, "%u server%s", e->count, plural(e->count));
    if (e->glue)
        text_printf(t, ", %u address%s", e->glue, e->glue == 1 ? "" : "es");
    else
        text_add(t, ", no addresses");
}

/* ---- what was sent ---- */

static struct trace_send *send_find(struct trace_page *p, uint64_t id)
{
    for (unsigned i = 0; i < TRACE_SENDS_KEPT; i++)
        if (p->sends[i].id == id && id != 0)
            return &p->sends[i];
    return NULL;
}

static void sent(struct trace_page *p, const struct event *e)
{
    p->messages++;
    p->tcp_messages += e->transport == TRANSPORT_TCP;
    struct trace_send *s = &p->sends[p->messages % TRACE_SENDS_KEPT];
    *s = (struct trace_send){
        .id = e->send, .type = e->sent_type, .number = p->messages, .sent_ms = e->now.mono_ms};
    name_copy(s->name, e->sent_name ? e->sent_name : e->qname);
}

/* ---- lines ---- */

/* One message: where to, and at the right how long. */
static void hop(struct trace_page *p, const struct event *e, const char *time, enum out_style style)
{
    struct out *o = p->out;
    char number[16] = "", zone[NAME_TEXT_LEN], server[NAME_TEXT_LEN], addr[ADDR_TEXT_LEN];
    struct trace_send *s = send_find(p, e->send);
    struct text t;
    text_init_fixed(&t, number, sizeof number);
    if (s)
        text_printf(&t, "%u", s->number);
    margin(p, e->depth, number);
    out_put(o, STYLE_STRONG, e->zone ? record_bare_name(e->zone, zone) : "?");
    out_column(o, body_column(e->depth) + p->zone_width + 2);
    unsigned at = o->column;
    if (e->server) {
        out_put(o, STYLE_PLAIN, record_bare_name(e->server, server));
        out_put(o, STYLE_PLAIN, " ");
        out_column(o, o->column + 1 > at + SERVER_WIDTH ? o->column + 1 : at + SERVER_WIDTH);
    }
    if (e->to)
        out_put(o, STYLE_DIM, addr_text(&e->to->addr, addr));
    unsigned right = page_width(p) - RIGHT_WIDTH;
    out_column(o, o->column + 2 > right ? o->column + 2 : right + 2);
    out_printf(o, STYLE_DIM, "%s", e->transport == TRANSPORT_TCP ? "TCP" : "UDP");
    out_printf(o, style, "%9s", time);
    out_end(o);
    p->pending = true;
    p->pending_depth = e->depth;
    p->pending_rcode = e->rcode;
    name_copy(p->asked_name, s ? s->name : e->sent_name ? e->sent_name : e->qname);
    p->asked_type = s ? s->type : e->qtype;
}

/* The second line of a hop: what was asked, and what came of it; on a third line what does not fit. */
static void verdict(struct trace_page *p, enum out_style style, const char *said)
{
    struct out *o = p->out;
    margin(p, p->pending_depth, "");
    out_put(o, STYLE_PLAIN, "  ");
    unsigned begin = o->column;
    if (p->pending) {
        put_question(o, STYLE_DIM, p->asked_name, p->asked_type);
        out_put(o, STYLE_DIM, "?");
        if (o->column + 5 + strlen(said) > page_width(p)) {
            out_end(o);
            margin(p, p->pending_depth, "");
            out_column(o, begin + 2);
        } else {
            out_put(o, STYLE_PLAIN, "  ");
        }
    }
    out_mark(o, MARK_ARROW);
    out_put(o, STYLE_PLAIN, "  ");
    out_put(o, style, said);
    out_end(o);
    p->pending = false;
}

/* A reply to which the core says nothing: a question with fewer labels than the whole name (RFC 9156)
 * that found no zone. */
static void flush(struct trace_page *p)
{
    if (!p->pending)
        return;
    if (p->pending_rcode == RCODE_NXDOMAIN)
        verdict(p, STYLE_PLAIN, "says there is no such name; asking for the whole one to be sure");
    else
        verdict(p, STYLE_PLAIN, "no zone begins there; asking for more of the name");
}

static void note(struct trace_page *p, unsigned depth, enum out_style style, const char *said)
{
    margin(p, depth, "");
    out_put(p->out, style, said);
    out_end(p->out);
}

/* Lines of several questions may alternate: each change is announced. */
static void turn_to(struct trace_page *p, const struct event *e)
{
    bool same = p->shown && p->shown_type == e->qtype && name_equal(p->shown_name, e->qname);
    if (!same && p->shown) {
        margin(p, e->depth, "");
        out_put(p->out, STYLE_DIM, "on with ");
        put_question(p->out, STYLE_DIM, e->qname, e->qtype);
        out_end(p->out);
    }
    name_copy(p->shown_name, e->qname);
    p->shown_type = e->qtype;
    p->shown = true;
}

/* The zones of a walk are suffixes of the name: the longest that is likely is the name without its first
 * label, or the whole of one right below a top-level domain. */
static void widen(struct trace_page *p, const name_t *qname)
{
    char buf[NAME_TEXT_LEN];
    size_t n = strlen(record_bare_name(name_labels(qname) > 2 ? name_parent(qname, 1) : qname, buf));
    size_t max = page_width(p) < PAGE_WIDTH_MAX ? ZONE_WIDTH_NARROW : ZONE_WIDTH_MAX;
    if (n > max)
        n = max;
    if (n > p->zone_width)
        p->zone_width = (unsigned)n;
}

/* ---- events ---- */

static void on_question(struct trace_page *p, const struct event *e)
{
    struct out *o = p->out;
    widen(p, e->qname);
    if (e->depth > 0) {
        margin(p, e->depth, "");
        if (e->purpose && strcmp(e->purpose, "priming") == 0) {
            out_put(o, STYLE_STRONG, "Which are the root's name servers today?");
        } else {
            out_put(o, STYLE_STRONG, "Where is ");
            put_question(o, STYLE_STRONG, e->qname, e->qtype);
            out_put(o, STYLE_STRONG, "?");
        }
        if (e->purpose)
            out_printf(o, STYLE_DIM, "  (%s)", e->purpose);
        out_end(o);
    }
    name_copy(p->shown_name, e->qname);
    p->shown_type = e->qtype;
    p->shown = true;
}

static void on_cut(struct trace_page *p, const struct event *e)
{
    struct out *o = p->out;
    margin(p, e->depth, "");
    out_put(o, STYLE_DIM, "known: ");
    put_name(o, STYLE_DIM, e->zone);
    struct text t;
    text_init(&t);
    text_add(&t, " has ");
    put_delegation(&t, e);
    text_add(&t, e->from_hints ? " (built in)" : e->from_cache ? " (cache)" : "");
    out_put(o, STYLE_DIM, t.data);
    out_end(o);
    text_fini(&t);
}

static void on_referral(struct trace_page *p, const struct event *e)
{
    char child[NAME_TEXT_LEN];
    struct text t;
    text_init(&t);
    text_printf(&t, "ask %s: ", record_bare_name(e->child, child));
    put_delegation(&t, e);
    text_add(&t, e->ds ? ", signed" : ", not signed");
    verdict(p, STYLE_PLAIN, t.data);
    text_fini(&t);
}

/* "A 192.0.2.1" or "A, 4 records". */
static void add_rrset(struct text *t, const struct rrset *rs)
{
    rrtype_to_text(t, rs->type);
    if (rs->type == TYPE_DS && rs->count == 1 && rs->rdata[0].len >= 2) {
        text_printf(t, " %u", get_u16(rs->rdata[0].data)); /* the key's tag says enough */
    } else if (rs->count == 1 && rs->rdata[0].len <= 64) {
        text_char(t, ' ');
        rdata_to_text(t, rs->type, rs->class, &rs->rdata[0]);
    } else {
        text_printf(t, ", %u record%s", rs->count, plural(rs->count));
    }
}

static void on_answer(struct trace_page *p, const struct event *e)
{
    struct text t;
    text_init(&t);
    text_add(&t, e->aa ? "the answer: " : "an answer, not authoritative: ");
    if (e->rrset)
        add_rrset(&t, e->rrset);
    verdict(p, STYLE_GOOD, t.data);
    text_fini(&t);
}

static void on_denial(struct trace_page *p, const struct event *e)
{
    struct text t;
    char name[NAME_TEXT_LEN];
    text_init(&t);
    record_bare_name(e->qname, name);
    if (e->rcode == RCODE_NXDOMAIN)
        text_printf(&t, "%s does not exist (NXDOMAIN)", name);
    else
        text_printf(&t, "%s has no data of that type (NODATA)", name);
    verdict(p, STYLE_WARN, t.data);
    text_fini(&t);
}

static void on_alias(struct trace_page *p, const struct event *e)
{
    char target[NAME_TEXT_LEN], name[NAME_TEXT_LEN];
    if (p->last.kind == EVENT_CACHE_HIT)
        return; /* said already */
    struct text t;
    text_init(&t);
    text_printf(
        &t, "%s is an alias of %s", record_bare_name(e->qname, name), record_bare_name(e->child, target));
    verdict(p, STYLE_PLAIN, t.data);
    text_fini(&t);
}

static void on_cache_hit(struct trace_page *p, const struct event *e)
{
    struct text t;
    char target[NAME_TEXT_LEN];
    text_init(&t);
    text_add(&t, "known: ");
    if (e->child)
        text_printf(&t, "alias of %s", record_bare_name(e->child, target));
    else if (e->rrset)
        add_rrset(&t, e->rrset);
    else
        text_add(&t, e->rcode == RCODE_NXDOMAIN ? "does not exist" : "no data of that type");
    text_add(&t, " (cache)");
    note(p, e->depth, STYLE_DIM, t.data);
    text_fini(&t);
}

/* What fits into the column of times. */
static const char *failure_word(const char *tag)
{
    static const struct {
        const char *tag, *word;
    } words[] = {{"port-closed", "refused"}, {"unreachable", "no route"}, {"stream-closed", "closed"},
        {"no-socket", "no socket"}};
    for (size_t i = 0; tag && i < sizeof words / sizeof words[0]; i++)
        if (strcmp(tag, words[i].tag) == 0)
            return words[i].word;
    return "no reply";
}

static void flush_run(struct trace_page *p)
{
    if (p->run > RUN_SHOWN) {
        margin(p, p->run_depth, "");
        out_printf(p->out, STYLE_WARN, "and %u more: %s", p->run - RUN_SHOWN, p->run_word);
        out_end(p->out);
    }
    p->run = 0;
    p->run_word = NULL;
}

/* The network's word, not a reply. */
static void on_network_failure(struct trace_page *p, const struct event *e)
{
    const char *word = failure_word(e->tag);
    p->unanswered++;
    if (word != p->run_word)
        flush_run(p);
    p->run_word = word;
    p->run_depth = e->depth;
    if (++p->run <= RUN_SHOWN) {
        hop(p, e, word, STYLE_WARN);
        p->pending = false;
    }
}

static void on_useless(struct trace_page *p, const struct event *e)
{
    if (e->send) {
        on_network_failure(p, e);
        return;
    }
    struct text t;
    text_init(&t);
    text_add(&t, e->text ? e->text : "the reply does not help");
    if (e->rcode != RCODE_NOERROR) {
        text_add(&t, " (");
        rcode_to_text(&t, e->rcode);
        text_char(&t, ')');
    }
    verdict(p, STYLE_WARN, t.data);
    text_fini(&t);
}

static void on_reply(struct trace_page *p, const struct event *e)
{
    char time[32];
    struct text t;
    text_init_fixed(&t, time, sizeof time);
    text_printf(&t, "%u ms", e->rtt_ms);
    hop(p, e, time, STYLE_PLAIN);
}

static void on_timeout(struct trace_page *p, const struct event *e)
{
    hop(p, e, "no reply", STYLE_WARN);
    p->pending = false;
    p->unanswered++;
}

static void on_failed(struct trace_page *p, const struct event *e)
{
    struct text t;
    text_init(&t);
    text_printf(&t, "gave up: %s", e->text ? e->text : "no answer");
    note(p, e->depth, STYLE_BAD, t.data);
    text_fini(&t);
}

static void on_scrubbed(struct trace_page *p, const struct event *e)
{
    struct text t;
    text_init(&t);
    text_printf(
        &t, "  passed over: %u record%s that this server may not speak for", e->count, plural(e->count));
    note(p, e->depth, STYLE_DIM, t.data);
    text_fini(&t);
}

static void on_chain(struct trace_page *p, const struct event *e)
{
    struct text t;
    /* The denial that they prove has a line of its own. */
    bool proof = e->rrset && (e->rrset->type == TYPE_NSEC || e->rrset->type == TYPE_NSEC3);
    if (proof && e->verdict == VERDICT_SECURE)
        return;
    text_init(&t);
    text_add(&t, "  ");
    trace_chain_add(&t, e);
    note(p, e->depth, trace_verdict_style(e->verdict), t.data);
    text_fini(&t);
}

static void show(struct trace_page *p, const struct event *e)
{
    switch (e->kind) {
    case EVENT_QUESTION:
        on_question(p, e);
        break;
    case EVENT_JOINED:
        if (e->depth > 0)
            note(p, e->depth, STYLE_DIM, "that is being looked up already");
        break;
    case EVENT_CACHE_HIT:
        on_cache_hit(p, e);
        break;
    case EVENT_CUT:
        on_cut(p, e);
        break;
    case EVENT_REPLY:
        on_reply(p, e);
        break;
    case EVENT_REFERRAL:
        on_referral(p, e);
        break;
    case EVENT_ALIAS:
        on_alias(p, e);
        break;
    case EVENT_ANSWER:
        on_answer(p, e);
        break;
    case EVENT_DENIAL:
        on_denial(p, e);
        break;
    case EVENT_USELESS:
        on_useless(p, e);
        break;
    case EVENT_TIMEOUT:
        on_timeout(p, e);
        break;
    case EVENT_TRUNCATED:
        verdict(p, STYLE_PLAIN, "too long for UDP (truncated); asking again over TCP");
        break;
    case EVENT_NEAR_MISS:
        note(p, e->depth, STYLE_WARN, "  a packet that does not match came, and was passed over");
        break;
    case EVENT_SCRUBBED:
        on_scrubbed(p, e);
        break;
    case EVENT_FALLBACK:
        verdict(p, STYLE_PLAIN, e->text ? e->text : "asking in another way");
        break;
    case EVENT_CHAIN:
    case EVENT_VALIDATED:
        on_chain(p, e);
        break;
    case EVENT_FAILED:
        on_failed(p, e);
        break;
    case EVENT_STALE: /* of harkd's clients */
    case EVENT_SENT:
    case EVENT_DONE:
    case EVENT_COUNT:
        break;
    }
}

/* A question that two others wait for tells both, and both tell whoever waits for them:
 * the same event again, at another depth. */
static bool is_repeated(const struct trace_page *p, const struct event *e)
{
    const struct event *l = &p->last;
    return l->kind == e->kind && l->qname == e->qname && l->now.mono_ms == e->now.mono_ms &&
           l->qtype == e->qtype && l->send == e->send && l->child == e->child && l->rrset == e->rrset &&
           l->purpose == e->purpose && l->to == e->to && l->depth != e->depth;
}

/* Does this event speak of the reply whose hop line stands there? */
static bool belongs_to_reply(const struct trace_page *p, const struct event *e)
{
    switch (e->kind) {
    case EVENT_REFERRAL:
    case EVENT_ALIAS:
    case EVENT_ANSWER:
    case EVENT_DENIAL:
    case EVENT_TRUNCATED:
    case EVENT_FALLBACK:
        return true;
    case EVENT_USELESS:
        return e->send == 0;
    default:
        return !p->pending;
    }
}

void trace_page_event(void *ctx, const struct event *e)
{
    struct trace_page *p = ctx;
    if (is_repeated(p, e))
        return;
    bool failure = e->kind == EVENT_USELESS && e->send;
    if (!failure && e->kind != EVENT_SENT)
        flush_run(p);
    bool quiet = e->kind == EVENT_DONE || e->kind == EVENT_SCRUBBED;
    if (e->kind == EVENT_SENT) {
        flush(p);
        sent(p, e);
    } else if (e->kind == EVENT_FALLBACK && e->tag && strcmp(e->tag, "tcp") == 0) {
        /* TRUNCATED said so */
    } else if (!(e->depth == 0 && e->kind == EVENT_FAILED)) { /* the end says why */
        if (!belongs_to_reply(p, e) && !quiet)
            flush(p);
        if (!quiet && e->kind != EVENT_QUESTION && e->kind != EVENT_JOINED)
            turn_to(p, e);
        show(p, e);
    }
    p->last = *e;
}

void trace_page_init(struct trace_page *p, struct out *out, const name_t *qname)
{
    *p = (struct trace_page){.out = out, .zone_width = ZONE_WIDTH_MIN};
    widen(p, qname);
    out_printf(out, STYLE_DIM, "%3s", "");
    out_column(out, COLUMN_BODY);
    out_put(out, STYLE_DIM, "zone");
    out_column(out, COLUMN_BODY + p->zone_width + 2);
    out_put(out, STYLE_DIM, "server");
    out_column(out, COLUMN_BODY + p->zone_width + 2 + SERVER_WIDTH);
    out_put(out, STYLE_DIM, "address");
    out_column(out, page_width(p) - RIGHT_WIDTH + 2);
    out_printf(out, STYLE_DIM, "how%9s", "time");
    out_end(out);
}

void trace_page_end(
    struct trace_page *p, const struct question *q, const struct outcome *o, uint32_t time_ms, bool with_sigs)
{
    struct out *out = p->out;
    flush(p);
    flush_run(p);
    out_end(out);
    trace_end_outcome(out, q, o, with_sigs);
    out_end(out);
    out_printf(out, STYLE_DIM, "%u message%s", p->messages, plural(p->messages));
    if (p->tcp_messages)
        out_printf(out, STYLE_DIM, ", %u of them over TCP", p->tcp_messages);
    if (p->unanswered)
        out_printf(out, STYLE_DIM, ", %u without a reply", p->unanswered);
    out_printf(out, STYLE_DIM, ", %u ms in all", time_ms);
    out_end(out);
}
