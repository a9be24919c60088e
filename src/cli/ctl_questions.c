#include "cli/ctl_questions.h"

#include <string.h>

#include "cli/reply.h"

#define COLUMN_WHEN 9u
#define COLUMN_ASKED 11u
#define COLUMN_FACTS 30u
#define DETAILED_MAX 3u /* so many records are told whole, more with a line each */

static const char *plural(long long n)
{
    return n == 1 ? "" : "s";
}

static void end_with(struct out *out, struct text *t)
{
    out_line(out, STYLE_PLAIN, "%s", t->data);
    text_clear(t);
}

static void print_left_out(struct out *out, const json_t *reply)
{
    long long n = reply_number(reply, "left_out");
    if (!n)
        return;
    out_line(out, STYLE_DIM, "and %lld more", n);
}

/* ---- recent ---- */

static void add_age(struct text *t, long long s)
{
    if (s >= 60)
        text_printf(t, "%lld:%02lld ago", s / 60, s % 60);
    else
        text_printf(t, "%lld s ago", s);
}

static enum out_style style_of(const json_t *r)
{
    const char *verdict = reply_text(r, "verdict");
    if (strcmp(reply_text(r, "rcode"), "SERVFAIL") == 0 || strcmp(verdict, "bogus") == 0)
        return STYLE_BAD;
    return STYLE_PLAIN;
}

static void print_record(struct out *out, const json_t *r)
{
    const json_t *reason = json_object_get(r, "reason");
    const char *from = reply_text(r, "from");
    long long messages = reply_number(r, "messages");
    struct text t;
    text_init(&t);
    add_age(&t, reply_number(r, "age_s"));
    out_put(out, STYLE_DIM, t.data);
    out_column(out, COLUMN_WHEN);
    text_clear(&t);
    reply_add_question(&t, r, "qname", "qtype");
    out_put(out, STYLE_STRONG, t.data);
    out_printf(out, style_of(r), ": %s", reply_text(r, "rcode"));
    if (strcmp(reply_text(r, "verdict"), "unchecked") != 0)
        out_printf(out, style_of(r), ", %s", reply_text(r, "verdict"));
    out_printf(out, STYLE_PLAIN, ", %lld ms", reply_number(r, "took_ms"));
    if (strcmp(from, "fetched") != 0)
        out_printf(out, STYLE_DIM, ", %s",
            strcmp(from, "stale") == 0 ? "with what had expired" : "of records in the cache");
    else
        out_printf(out, STYLE_DIM, ", %lld message%s", messages, plural(messages));
    out_end(out);
    if (json_is_object(reason)) {
        const json_t *ede = json_object_get(reason, "ede");
        out_column(out, COLUMN_ASKED);
        bool odd = strcmp(reply_text(r, "rcode"), "SERVFAIL") == 0 || strcmp(from, "stale") == 0;
        out_printf(out, odd ? STYLE_WARN : STYLE_DIM, "%s (%s)", reply_text(reason, "text"),
            reply_text(reason, "tag"));
        if (ede) {
            text_clear(&t);
            text_add(&t, ", ");
            reply_add_ede(&t, ede);
            out_put(out, STYLE_DIM, t.data);
        }
        out_end(out);
    }
    text_fini(&t);
}

static void print_asked(struct out *out, const json_t *a)
{
    const char *failed = json_string_value(json_object_get(a, "failed")),
               *useless = json_string_value(json_object_get(a, "useless"));
    struct text t;
    text_init(&t);
    out_column(out, COLUMN_ASKED);
    reply_add_server(&t, a);
    text_add(&t, ": ");
    reply_add_question(&t, a, "sent_name", "sent_type");
    out_put(out, STYLE_PLAIN, t.data);
    if (failed)
        out_printf(out, STYLE_WARN, ", %s",
            strcmp(failed, "timeout") == 0       ? "no answer in time"
            : strcmp(failed, "wrong-reply") == 0 ? "what came was no answer to it (near-miss)"
            : strcmp(failed, "no-edns") == 0     ? "refused as long as it has EDNS (no-edns)"
                                                 : failed);
    else
        out_printf(out, STYLE_PLAIN, ", %s in %lld ms", reply_text(a, "rcode"), reply_number(a, "rtt_ms"));
    if (useless)
        out_printf(out, STYLE_WARN, ", of no use (%s)", useless);
    out_end(out);
    text_fini(&t);
}

static void print_chain(struct out *out, const json_t *c)
{
    const char *by = reply_text(c, "by");
    struct text t;
    text_init(&t);
    out_column(out, COLUMN_ASKED);
    text_add(&t, "the keys of ");
    reply_add_zone(&t, reply_text(c, "zone"));
    text_printf(&t, " are %s", reply_text(c, "verdict"));
    if (json_object_get(c, "key_tag"))
        text_printf(&t, " by key %lld", reply_number(c, "key_tag"));
    if (*by)
        text_printf(&t, ", by %s",
            strcmp(by, "anchor") == 0 ? "a trust anchor"
            : strcmp(by, "ds") == 0   ? "the DS above"
                                      : by);
    end_with(out, &t);
    text_fini(&t);
}

void ctl_print_recent(struct out *out, const json_t *reply)
{
    const json_t *list = json_object_get(reply, "recent"), *r, *part;
    size_t i, k, count = json_array_size(list);
    if (count == 0)
        out_line(out, STYLE_PLAIN, "%s",
            reply_is_true(reply, "kept") ? "nothing of that was looked up in the last 15 minutes"
                                         : "nothing is remembered (control.recent)");
    json_array_foreach(list, i, r)
    {
        print_record(out, r);
        if (count > DETAILED_MAX)
            continue;
        json_array_foreach(json_object_get(r, "asked"), k, part)
        {
            print_asked(out, part);
        }
        json_array_foreach(json_object_get(r, "chain"), k, part)
        {
            print_chain(out, part);
        }
    }
    print_left_out(out, reply);
}

/* ---- requests ---- */

static void print_request(struct out *out, const json_t *q)
{
    const json_t *other = json_object_get(q, "look_up");
    long long clients = reply_number(q, "clients"), messages = reply_number(q, "messages");
    struct text t;
    text_init(&t);
    out_printf(out, reply_number(q, "age_ms") >= 1000 ? STYLE_WARN : STYLE_DIM, "%.1f s",
        (double)reply_number(q, "age_ms") / 1000.0);
    out_column(out, COLUMN_WHEN);
    reply_add_question(&t, q, "qname", "qtype");
    out_put(out, STYLE_STRONG, t.data);
    text_clear(&t);
    if (clients)
        text_printf(&t, " for %lld client%s", clients, plural(clients));
    else
        text_add(&t, " in the background");
    text_printf(&t, ", %lld message%s so far", messages, plural(messages));
    end_with(out, &t);
    out_column(out, COLUMN_ASKED);
    if (other) {
        reply_add_question(&t, other, "qname", "qtype");
        text_add(&t, " is looked up for it: ");
    }
    text_add(&t, reply_text(q, "state"));
    if (json_object_get(q, "address")) {
        text_add(&t, ": ");
        reply_add_name(&t, reply_text(q, "server"));
        text_printf(&t, " %s of ", reply_text(q, "address"));
        reply_add_zone(&t, reply_text(q, "zone"));
        text_printf(&t, ", for %lld ms", reply_number(q, "waited_ms"));
    }
    end_with(out, &t);
    text_fini(&t);
}

void ctl_print_requests(struct out *out, const json_t *reply)
{
    const json_t *list = json_object_get(reply, "requests"), *q;
    size_t i;
    if (json_array_size(list) == 0)
        out_line(out, STYLE_PLAIN, "nothing is in flight");
    json_array_foreach(list, i, q)
    {
        print_request(out, q);
    }
    print_left_out(out, reply);
}

/* ---- servers ---- */

/* The server's or our link's: not learnt until something else is heard. */
static void add_silence(struct text *t, const json_t *now)
{
    long long times = reply_number(now, "times"), s = reply_number(now, "last_ms") / 1000;
    text_printf(t, ", did not answer %lld message%s, the last one sent ", times, plural(times));
    add_age(t, s);
}

static void add_facts(struct text *t, const json_t *s)
{
    long long timeouts = reply_number(s, "timeouts"), loss = reply_number(s, "loss_percent");
    const json_t *now = json_object_get(s, "silent_now");
    if (reply_is_true(s, "heard"))
        text_printf(
            t, "answers in %lld ms (+-%lld)", reply_number(s, "srtt_ms"), reply_number(s, "rttvar_ms"));
    else
        text_add(t, timeouts || now ? "never answered" : "nothing is known of it");
    if (timeouts)
        text_printf(t, ", silent the last %lld time%s", timeouts, plural(timeouts));
    if (now)
        add_silence(t, now);
    if (loss)
        text_printf(t, ", loses %lld %%", loss);
    if (strcmp(reply_text(s, "edns"), "broken") == 0)
        text_add(t, ", knows no EDNS");
    if (reply_is_true(s, "case_broken"))
        text_add(t, ", changes letter case (asked over TCP)");
    if (reply_is_true(s, "lame_somewhere"))
        text_add(t, ", lame for some zone");
}

static void print_short(struct out *out, const json_t *s)
{
    struct text t;
    text_init(&t);
    out_printf(out, STYLE_PLAIN, "  %s", reply_text(s, "address"));
    out_column(out, COLUMN_FACTS);
    add_facts(&t, s);
    end_with(out, &t);
    text_fini(&t);
}

static void print_whole(struct out *out, const json_t *s)
{
    const char *cookie = reply_text(s, "cookie");
    const json_t *lame = json_object_get(s, "lame_for"), *zone;
    struct text t;
    size_t i;
    text_init(&t);
    out_put(out, STYLE_STRONG, reply_text(s, "address"));
    text_add(&t, " ");
    add_facts(&t, s);
    end_with(out, &t);
    text_printf(&t, "EDNS %s, cookie %s; %lld of %lld messages that may be are in flight",
        reply_text(s, "edns"), cookie, reply_number(s, "in_flight"), reply_number(s, "cap"));
    out_column(out, 2);
    end_with(out, &t);
    json_array_foreach(lame, i, zone)
    {
        const char *name = json_string_value(zone);
        text_add(&t, i ? ", " : "lame for ");
        reply_add_zone(&t, name ? name : "?");
    }
    if (t.len) {
        out_column(out, 2);
        out_line(out, STYLE_WARN, "%s", t.data);
    }
    text_fini(&t);
}

static void print_list(struct out *out, const char *title, const json_t *list)
{
    size_t i;
    const json_t *s;
    if (json_array_size(list) == 0)
        return;
    out_line(out, STYLE_DIM, "%s", title);
    json_array_foreach(list, i, s)
    {
        print_short(out, s);
    }
}

static void print_silent(struct out *out, const json_t *list)
{
    struct text t;
    size_t i;
    const json_t *s;
    text_init(&t);
    if (json_array_size(list)) {
        out_put(out, STYLE_DIM, "Silent just now: they, or our link? The next answer from anywhere tells");
        out_end(out);
    }
    json_array_foreach(list, i, s)
    {
        out_printf(out, STYLE_PLAIN, "  %s", reply_text(s, "address"));
        out_column(out, COLUMN_FACTS);
        text_printf(&t, "%lld message%s, the last one sent ", reply_number(s, "times"),
            plural(reply_number(s, "times")));
        add_age(&t, reply_number(s, "last_ms") / 1000);
        end_with(out, &t);
    }
    text_fini(&t);
}

void ctl_print_servers(struct out *out, const json_t *reply)
{
    const json_t *list = json_object_get(reply, "servers"), *s;
    size_t i;
    json_array_foreach(list, i, s)
    {
        print_whole(out, s);
    }
    if (list && json_array_size(list) == 0)
        out_line(out, STYLE_PLAIN,
            "no address of that name server, nor of a zone's of that name, is in the cache");
    if (list)
        return;
    out_line(out, STYLE_PLAIN,
        "%lld server%s known, of which %lld answered, half of them within %lld ms; %lld fail in some way",
        reply_number(reply, "known"), reply_number(reply, "known") == 1 ? " is" : "s are",
        reply_number(reply, "heard"), reply_number(reply, "median_ms"), reply_number(reply, "failing"));
    print_list(out, "The slowest", json_object_get(reply, "slowest"));
    print_list(out, "Those that fail", json_object_get(reply, "failing_most"));
    print_silent(out, json_object_get(reply, "silent_now"));
}
