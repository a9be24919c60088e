#include "cli/trace_words.h"

#include <string.h>

#include "cli/trace_chain.h"
#include "dns/rdata.h"
#include "dns/record.h"

#define DATA_SHOWN_MAX 48u /* octets of RDATA that are shown instead of counted */

bool trace_is_silent(const struct walk_step *s)
{
    return s && s->kind == WALK_MESSAGE && !s->reply;
}

const char *trace_plural(unsigned n)
{
    return n == 1 ? "" : "s";
}

const char *trace_zone_name(const name_t *zone, char buf[NAME_TEXT_LEN])
{
    return name_is_root(zone) ? "the root" : record_bare_name(zone, buf);
}

void trace_add_asked(struct text *t, const struct walk_step *message)
{
    const struct event *e = message->event;
    const name_t *name = e->sent_name ? e->sent_name : message->of->name;
    record_add_question(t, name, e->sent_type ? e->sent_type : message->of->type);
}

/* ---- what came of a message ---- */

static void add_delegation(struct text *t, const struct event *e)
{
    text_printf(t, "%u server%s", e->count, trace_plural(e->count));
    if (e->glue)
        text_printf(t, ", %u address%s", e->glue, e->glue == 1 ? "" : "es");
    else
        text_add(t, ", no addresses");
}

/* "A 192.0.2.1, 3 more" or "TXT, 4 records" */
static void add_rrset(struct text *t, const struct rrset *rs)
{
    rrtype_to_text(t, rs->type);
    if (rs->type == TYPE_DS && rs->count == 1 && rs->rdata[0].len >= 2) {
        text_printf(t, " %u", get_u16(rs->rdata[0].data)); /* the key's tag says enough */
    } else if (rs->count > 0 && rs->rdata[0].len <= DATA_SHOWN_MAX && rs->type != TYPE_NS &&
               rs->type != TYPE_DNSKEY) {
        text_char(t, ' ');
        rdata_to_text(t, rs->type, rs->class, &rs->rdata[0]);
        if (rs->count > 1)
            text_printf(t, ", %u more", rs->count - 1u);
    } else {
        text_printf(t, ", %u record%s", rs->count, trace_plural(rs->count));
    }
}

static void add_referral(struct text *t, const struct trace_walk *w, const struct walk_step *message)
{
    const struct event *e = message->said;
    const name_t *asked = message->event->sent_name;
    char child[NAME_TEXT_LEN];
    if (asked && name_equal(asked, e->child))
        text_add(t, "ask its ");
    else
        text_printf(t, "ask %s: ", record_bare_name(e->child, child));
    add_delegation(t, e);
    if (w->judged_count == 0) /* else the mark of the next message tells more */
        text_add(t, e->ds ? ", signed" : ", not signed");
}

static void add_reason(struct text *t, const struct event *e, const char *otherwise)
{
    const char *reason = e->text ? e->text : otherwise;
    struct text rcode;
    text_init(&rcode);
    rcode_to_text(&rcode, e->rcode);
    text_add(t, reason);
    if (e->rcode != RCODE_NOERROR && !strstr(reason, rcode.data))
        text_printf(t, " (%s)", rcode.data);
    text_fini(&rcode);
}

/* A reply to which the core says nothing: a question with fewer labels than the whole name (RFC 9156) that
 * found no zone. */
static enum out_style add_unsaid(struct text *t, const struct walk_step *message)
{
    if (message->reply->rcode == RCODE_NXDOMAIN)
        text_add(t, "no such name, it says; asking for all of it");
    else if (message->event->sent_name && name_equal(message->event->sent_name, message->of->name))
        text_add(t, "nothing came of that");
    else
        text_add(t, "no zone begins there");
    return STYLE_PLAIN;
}

enum out_style trace_add_said(struct text *t, const struct trace_walk *w, const struct walk_step *message)
{
    const struct event *e = message->said;
    char target[NAME_TEXT_LEN];
    if (!message->reply)
        return STYLE_PLAIN;
    if (!e)
        return add_unsaid(t, message);
    switch (e->kind) {
    case EVENT_REFERRAL:
        add_referral(t, w, message);
        return STYLE_PLAIN;
    case EVENT_ALIAS:
        text_printf(t, "an alias of %s", record_bare_name(e->child, target));
        return STYLE_PLAIN;
    case EVENT_ANSWER:
        if (e->rrset)
            add_rrset(t, e->rrset);
        text_add(t, message->reply->aa ? "" : " (not authoritative)");
        return message->bogus ? STYLE_BAD : STYLE_GOOD;
    case EVENT_DENIAL:
        text_add(t, e->rcode == RCODE_NXDOMAIN ? "no such name (NXDOMAIN)" : "no data of that type (NODATA)");
        return STYLE_WARN;
    case EVENT_TRUNCATED:
        text_add(t, "too long for UDP; asking again over TCP");
        return STYLE_PLAIN;
    case EVENT_FAILED:
        text_add(t, e->text ? e->text : "the look-up failed");
        return STYLE_BAD;
    case EVENT_VALIDATED:
        text_printf(t, "bogus: %s", e->text ? e->text : "its signatures are wrong");
        return STYLE_BAD;
    default:
        add_reason(t, e, "the reply does not help");
        return e->kind == EVENT_USELESS ? STYLE_WARN : STYLE_PLAIN;
    }
}

/* ---- what is known, what else happened ---- */

void trace_add_known(struct text *t, const struct event *e)
{
    char target[NAME_TEXT_LEN];
    if (e->kind == EVENT_CUT) {
        add_delegation(t, e);
        return;
    }
    record_add_question(t, e->qname, e->qtype);
    text_add(t, ": ");
    if (e->child)
        text_printf(t, "an alias of %s", record_bare_name(e->child, target));
    else if (e->rrset)
        add_rrset(t, e->rrset);
    else
        text_add(t, e->rcode == RCODE_NXDOMAIN ? "no such name" : "no data of that type");
}

bool trace_add_note(struct text *t, const struct event *e)
{
    switch (e->kind) {
    case EVENT_JOINED:
        text_add(t, "being looked up already");
        return true;
    case EVENT_NEAR_MISS:
        text_add(t, "a packet that does not match came, and was passed over");
        return true;
    case EVENT_SCRUBBED:
        text_printf(t, "passed over: %u record%s that this server may not speak for", e->count,
            trace_plural(e->count));
        return true;
    case EVENT_STALE:
        text_add(t, "nothing fresher was to be had in time: what expired is given");
        return true;
    case EVENT_FAILED:
        text_printf(t, "gave up: %s", e->text ? e->text : "no answer");
        return true;
    default:
        if (e->text)
            text_add(t, e->text);
        return e->text != NULL;
    }
}

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

void trace_add_time(struct text *t, const struct walk_step *message)
{
    if (message->reply)
        text_printf(t, "%u ms", message->reply->rtt_ms);
    else
        text_add(t, failure_word(message->failure ? message->failure->tag : NULL));
}

void trace_add_question(struct text *t, const struct walk_question *q)
{
    if (q->part == WALK_PRIMING) {
        text_add(t, "Which are the root's name servers today?");
        return;
    }
    char zone[NAME_TEXT_LEN];
    if (q->part == WALK_TRUST && q->type == TYPE_DS) {
        text_printf(t, "Which keys of %s does the zone above name? (DS)", trace_zone_name(q->name, zone));
        return;
    }
    if (q->part == WALK_TRUST && q->type == TYPE_DNSKEY) {
        text_printf(t, "Which keys has %s? (DNSKEY)", trace_zone_name(q->name, zone));
        return;
    }
    text_add(t, "Where is ");
    record_add_question(t, q->name, q->type);
    text_char(t, '?');
}

const struct walk_step *trace_primed(const struct walk_question *q)
{
    const struct walk_step *m = NULL;
    for (const struct walk_step *s = q->steps; s; s = s->next) {
        if (s->kind == WALK_MESSAGE && !m)
            m = s;
        else if (s->kind != WALK_KNOWN)
            return NULL;
    }
    return m && m->said && m->said->kind == EVENT_ANSWER && m->said->rrset ? m : NULL;
}

void trace_add_primed(struct text *t, const struct walk_step *message)
{
    char server[NAME_TEXT_LEN];
    unsigned count = message->said->rrset->count;
    text_printf(t, "%u server%s today", count, trace_plural(count));
    if (message->event->server)
        text_printf(t, ", by %s", record_bare_name(message->event->server, server));
}

/* ---- trust ---- */

/* Why a zone, or a denial, is insecure, in few words. */
static const char *insecure_word(const struct event *e)
{
    const char *tag = e->tag;
    const struct {
        const char *tag, *word;
    } words[] = {{"delegation-unsigned", "no DS"}, {"opt-out", e->kind == EVENT_CHAIN ? "no DS" : "opt-out"},
        {"ds-algorithm", "algorithm"}, {"ds-digest", "digest"}, {"rrsig-algorithm", "algorithm"},
        {"nsec3-iterations", "NSEC3 rounds"}, {"negative-anchor", "negative anchor"},
        {"no-anchor", "no anchor"}};
    for (size_t i = 0; tag && i < sizeof words / sizeof words[0]; i++)
        if (strcmp(tag, words[i].tag) == 0)
            return words[i].word;
    return NULL;
}

enum out_style trace_add_mark(struct text *t, const struct trace_walk *w, const struct walk_step *message)
{
    const name_t *zone = message->event->zone;
    bool own = false;
    const struct event *e = message->bogus;
    if (!e && zone)
        e = trace_walk_verdict(w, zone, &own);
    if (!e ||
        (message->judged && e->verdict == VERDICT_SECURE && message->judged->verdict == VERDICT_INSECURE)) {
        e = message->judged; /* a signed zone's word on what may be unsigned */
        own = true;
    }
    const char *verdict = e ? verdict_text(e->verdict) : NULL;
    if (!verdict)
        return STYLE_PLAIN;
    text_add(t, verdict);
    const char *why = own && e->verdict == VERDICT_INSECURE ? insecure_word(e) : NULL;
    if (why)
        text_printf(t, ": %s", why);
    return trace_verdict_style(e->verdict);
}

static bool is_told(const struct trace_trust *t, const char *text)
{
    for (unsigned i = 0; i < t->reason_count; i++)
        if (strcmp(t->reasons[i]->text, text) == 0)
            return true;
    return false;
}

static void add_trust_reason(struct trace_trust *t, const struct event *e)
{
    if (!e->text || t->reason_count == sizeof t->reasons / sizeof t->reasons[0] || is_told(t, e->text))
        return;
    t->reasons[t->reason_count++] = e;
}

static void add_trust_zone(struct trace_trust *t, const struct walk_question *q)
{
    const unsigned most = sizeof t->zones / sizeof t->zones[0];
    if (q->type != TYPE_DS && q->type != TYPE_DNSKEY)
        return;
    for (unsigned i = 0; i < t->zone_count && i < most; i++)
        if (name_equal(t->zones[i], q->name))
            return;
    if (t->zone_count < most)
        t->zones[t->zone_count] = q->name;
    t->zone_count++;
}

static void add_trust_message(struct trace_trust *t, const struct walk_step *s)
{
    if (t->messages == 0 || s->from_ms < t->from_ms)
        t->from_ms = s->from_ms;
    if (t->messages == 0 || s->to_ms > t->to_ms)
        t->to_ms = s->to_ms;
    t->messages++;
    t->unanswered += !s->reply;
    if (s->said &&
        (s->said->kind == EVENT_USELESS || s->said->kind == EVENT_VALIDATED || s->said->kind == EVENT_FAILED))
        add_trust_reason(t, s->said);
}

/* What is asked first is what needs the rest: the zones stand from the root on if it comes last. */
static void add_trust(struct trace_trust *t, const struct walk_question *q)
{
    for (const struct walk_step *s = q->steps; s; s = s->next)
        if (s->kind == WALK_SUB)
            add_trust(t, s->sub);
    add_trust_zone(t, q);
    for (const struct walk_step *s = q->steps; s; s = s->next) {
        if (s->kind == WALK_MESSAGE)
            add_trust_message(t, s);
        else if (s->kind == WALK_FAILED || (s->kind == WALK_JUDGED && s->event->verdict == VERDICT_BOGUS))
            add_trust_reason(t, s->event);
    }
}

const struct walk_step *trace_trust_run(struct trace_trust *t, const struct walk_step *s)
{
    add_trust(t, s->sub);
    for (const struct walk_step *n = s->next; n; n = n->next) {
        bool more = n->kind == WALK_SUB && n->sub->part == WALK_TRUST;
        bool told = n->kind == WALK_JUDGED && n->event->verdict == VERDICT_BOGUS && n->event->text &&
                    is_told(t, n->event->text);
        if (!more && !told && (n->kind != WALK_JUDGED || n->event->verdict == VERDICT_BOGUS))
            break;
        if (more)
            add_trust(t, n->sub);
        s = n;
    }
    return s;
}

void trace_trust_words(struct text *t, const struct trace_trust *trust, size_t width)
{
    char name[NAME_TEXT_LEN];
    const unsigned most = sizeof trust->zones / sizeof trust->zones[0];
    text_printf(t, "%u message%s for the keys of ", trust->messages, trace_plural(trust->messages));
    for (unsigned i = 0; i < trust->zone_count; i++) {
        const char *zone = i < most ? trace_zone_name(trust->zones[i], name) : NULL;
        size_t after = i + 1 < trust->zone_count ? strlen(" and 9 more") : 0;
        if (!zone || (i > 0 && t->len + strlen(", ") + strlen(zone) + after > width)) {
            text_printf(t, " and %u more", trust->zone_count - i);
            return;
        }
        text_printf(t, "%s%s", i ? ", " : "", zone);
    }
}
