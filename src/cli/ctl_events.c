#include "cli/ctl_events.h"

#include <errno.h>
#include <string.h>

#include "cli/ctl_socket.h"
#include "cli/reply.h"

#define COLUMN_TAG 10u
#define COLUMN_TEXT 21u
#define DATA_SHOWN 3u  /* records of an answer */
#define DATA_WIDTH 40u /* and so much of each: of a key it is enough to tell which */

static void add_count(struct text *t, long long n, const char *what)
{
    text_printf(t, "%lld %s%s", n, what, n == 1 ? "" : "s");
}

/* The data of the first records; RFC 8427 names the member after the type. */
static void add_records(struct text *t, const json_t *list)
{
    size_t i, shown = 0;
    const json_t *rr;
    json_array_foreach(list, i, rr)
    {
        char key[32];
        const char *type = reply_text(rr, "TYPEname");
        if (strcmp(type, "RRSIG") == 0 || strlen(type) > 20)
            continue;
        snprintf(key, sizeof key, "rdata%s", type);
        if (shown++ >= DATA_SHOWN)
            continue;
        const char *data = reply_text(rr, key);
        text_printf(t, "%s%.*s%s", shown > 1 ? ", " : " ", (int)DATA_WIDTH, data,
            strlen(data) > DATA_WIDTH ? "..." : "");
    }
    if (shown > DATA_SHOWN)
        text_printf(t, " and %zu more", shown - DATA_SHOWN);
}

static void add_reason(struct text *t, const json_t *e)
{
    const char *text = reply_text(e, "text"), *tag = reply_text(e, "tag");
    if (*text || *tag)
        text_printf(t, ": %s%s%s%s", text, *tag ? " (" : "", tag, *tag ? ")" : "");
}

/* ---- one function for events that are told alike ---- */

static void say_question(struct text *t, const json_t *e)
{
    if (reply_has(e, "because")) {
        text_printf(t, ": %s for ", reply_text(e, "purpose"));
        reply_add_zone(t, reply_text(e, "because"));
    }
}

static void say_cut(struct text *t, const json_t *e)
{
    text_add(t, ": known is ");
    reply_add_zone(t, reply_text(e, "zone"));
    text_add(t, " with ");
    add_count(t, reply_number(e, "servers"), "server");
    if (strcmp(reply_text(e, "from"), "hints") == 0)
        text_add(t, ", from the hints");
}

static void say_sent(struct text *t, const json_t *e)
{
    text_add(t, ": to ");
    reply_add_server(t, e);
    if (strcmp(reply_text(e, "sent_name"), reply_text(e, "qname")) != 0 ||
        strcmp(reply_text(e, "sent_type"), reply_text(e, "qtype")) != 0) {
        text_add(t, ", asking ");
        reply_add_question(t, e, "sent_name", "sent_type");
    }
}

static void say_reply(struct text *t, const json_t *e)
{
    text_printf(t, ": %s in %lld ms from ", reply_text(e, "rcode"), reply_number(e, "rtt_ms"));
    reply_add_server(t, e);
}

static void say_referral(struct text *t, const json_t *e)
{
    text_add(t, ": to ");
    reply_add_name(t, reply_text(e, "child"));
    text_add(t, ", ");
    add_count(t, reply_number(e, "servers"), "server");
    text_add(t, reply_is_true(e, "signed") ? ", signed" : "");
}

static void say_data(struct text *t, const json_t *e)
{
    text_add(t, ":");
    if (reply_has(e, "target")) {
        text_add(t, " is ");
        reply_add_name(t, reply_text(e, "target"));
    } else if (reply_has(e, "rrs")) {
        add_records(t, json_object_get(e, "rrs"));
    } else {
        text_printf(t, " %s", reply_text(e, "rcode"));
    }
}

static void say_denial(struct text *t, const json_t *e)
{
    text_printf(t, ": %s",
        strcmp(reply_text(e, "rcode"), "NXDOMAIN") == 0 ? "there is no such name"
                                                        : "the name has no such record");
}

static void say_trouble(struct text *t, const json_t *e)
{
    if (reply_has(e, "address")) {
        text_add(t, ": ");
        reply_add_server(t, e);
    }
    add_reason(t, e);
}

static void say_verdict(struct text *t, const json_t *e)
{
    const json_t *sig = json_object_get(e, "signature");
    bool chain = strcmp(reply_text(e, "event"), "chain") == 0;
    text_add(t, ": ");
    if (chain) {
        text_add(t, "the keys of ");
        reply_add_zone(t, reply_text(e, "zone"));
        text_add(t, " are ");
    }
    text_add(t, reply_has(e, "verdict") ? reply_text(e, "verdict") : "not judged");
    if (sig)
        text_printf(t, " by key %lld", reply_number(sig, "key_tag"));
    if (chain && reply_is_true(e, "anchor"))
        text_add(t, ", a trust anchor");
    add_reason(t, e);
}

static void say_done(struct text *t, const json_t *e)
{
    text_printf(t, ": %s%s", reply_text(e, "rcode"),
        strcmp(reply_text(e, "from"), "cache") == 0 ? ", from the cache" : "");
}

static void say_outcome(struct text *t, const json_t *e)
{
    text_clear(t);
    reply_add_question(t, e, "QNAME", "QTYPEname");
    text_printf(t, ": %s", reply_text(e, "rcode"));
    if (reply_has(e, "verdict"))
        text_printf(t, ", %s", reply_text(e, "verdict"));
    add_reason(t, e);
    text_add(t, "; ");
    add_count(t, reply_number(e, "messages"), "message");
    text_printf(t, " in %lld ms", reply_number(e, "time_ms"));
}

static void say_lost(struct text *t, const json_t *e)
{
    text_clear(t);
    add_count(t, reply_number(e, "count"), "event");
    text_add(t, " found no room: they came faster than they were read");
}

static void say_watching(struct text *t, const json_t *e)
{
    text_clear(t);
    text_add(t, "harkd tells what happens from now on; Ctrl-C ends it");
}

static const struct telling {
    const char *tag;
    enum out_style style;
    void (*say)(struct text *t, const json_t *e);
} TELLINGS[] = {
    {"question", STYLE_STRONG, say_question},
    {"joined", STYLE_DIM, say_question},
    {"cache", STYLE_PLAIN, say_data},
    {"cut", STYLE_PLAIN, say_cut},
    {"sent", STYLE_PLAIN, say_sent},
    {"reply", STYLE_PLAIN, say_reply},
    {"referral", STYLE_PLAIN, say_referral},
    {"alias", STYLE_PLAIN, say_data},
    {"answer", STYLE_PLAIN, say_data},
    {"denial", STYLE_PLAIN, say_denial},
    {"useless", STYLE_WARN, say_trouble},
    {"timeout", STYLE_WARN, say_trouble},
    {"truncated", STYLE_PLAIN, say_trouble},
    {"near-miss", STYLE_WARN, say_trouble},
    {"scrubbed", STYLE_WARN, say_trouble},
    {"fallback", STYLE_WARN, say_trouble},
    {"chain", STYLE_PLAIN, say_verdict},
    {"validated", STYLE_PLAIN, say_verdict},
    {"stale", STYLE_WARN, say_trouble},
    {"failed", STYLE_BAD, say_trouble},
    {"done", STYLE_PLAIN, say_done},
    {"outcome", STYLE_STRONG, say_outcome},
    {"lost", STYLE_WARN, say_lost},
    {"watching", STYLE_DIM, say_watching},
};

static void print_event(struct out *out, const json_t *e)
{
    const char *tag = reply_text(e, "event"), *time = reply_text(e, "time");
    const struct telling *how = NULL;
    struct text t;
    text_init(&t);
    for (size_t i = 0; i < sizeof TELLINGS / sizeof TELLINGS[0] && !how; i++)
        if (strcmp(tag, TELLINGS[i].tag) == 0)
            how = &TELLINGS[i];
    if (strlen(time) >= 19)
        out_printf(out, STYLE_DIM, "%.8s", time + 11);
    else if (reply_has(e, "at_ms"))
        out_printf(out, STYLE_DIM, "%5lld ms", reply_number(e, "at_ms"));
    out_column(out, COLUMN_TAG);
    out_put(out, how ? how->style : STYLE_PLAIN, tag);
    out_column(out, COLUMN_TEXT);
    if (reply_has(e, "qname"))
        reply_add_question(&t, e, "qname", "qtype");
    if (how) /* one of a newer harkd is told by its name alone */
        how->say(&t, e);
    out_put(out, STYLE_PLAIN, t.data);
    const json_t *root = json_object_get(e, "for");
    if (root && how && how->say != say_question) {
        text_clear(&t);
        reply_add_question(&t, root, "qname", "qtype");
        out_printf(out, STYLE_DIM, "  (for %s)", t.data);
    }
    out_end(out);
    text_fini(&t);
}

void ctl_print_events(struct out *out, int fd, json_t **last)
{
    struct ctl_lines lines;
    json_t *j;
    bool any = false;
    int ended;
    *last = NULL;
    ctl_lines_init(&lines, fd);
    while (!out->error && !*last && (j = ctl_lines_next(&lines))) {
        if (!any)
            ctl_socket_wait(fd, 0);
        if (!any && reply_has(j, "error")) {
            *last = j;
            break;
        }
        any = true;
        if (strcmp(reply_text(j, "event"), "outcome") == 0)
            *last = json_incref(j);
        if (out->format == OUT_JSON)
            out_json(out, json_incref(j));
        else
            print_event(out, j);
        json_decref(j);
    }
    ended = errno;
    ctl_lines_fini(&lines);
    errno = ended;
}
