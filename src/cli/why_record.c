/* How a harkd on this machine found what it answered: its own record (verb recent), of the last quarter of an
 * hour. */
#include <string.h>

#include "cli/reply.h"
#include "cli/why.h"

#define MESSAGES_MAX 32u /* a walk has seldom more than twenty */

static void add_reason(struct text *t, const json_t *record)
{
    const json_t *reason = json_object_get(record, "reason"), *ede = json_object_get(reason, "ede");
    if (*reply_text(reason, "text"))
        text_printf(t, ": %s", reply_text(reason, "text"));
    if (json_is_object(ede)) {
        text_add(t, " (");
        reply_add_ede(t, ede);
        text_add(t, ")");
    }
}

/* "31 s ago, in 14 ms with 7 messages: NOERROR, secure" */
static void add_summary(struct text *t, const json_t *record)
{
    long long age_s = reply_number(record, "age_s"), messages = reply_number(record, "messages");
    if (age_s > 1)
        text_printf(t, "%lld s ago", age_s);
    else
        text_add(t, "a moment ago");
    text_printf(t, ", in %lld ms", reply_number(record, "took_ms"));
    if (messages)
        text_printf(t, " with %lld message%s", messages, messages == 1 ? "" : "s");
    else if (strcmp(reply_text(record, "from"), "cache") == 0)
        text_add(t, " out of its cache");
    text_printf(t, ": %s", reply_text(record, "rcode"));
    if (strcmp(reply_text(record, "verdict"), "unchecked") != 0)
        text_printf(t, ", %s", reply_text(record, "verdict"));
    if (strcmp(reply_text(record, "from"), "stale") == 0)
        text_add(t, ", out of date");
    add_reason(t, record);
}

/* Tags are words for grep(1), with strokes between. */
static void add_tag(struct text *t, const char *before, const char *tag)
{
    text_add(t, before);
    for (const char *p = tag; *p; p++)
        text_char(t, *p == '-' ? ' ' : *p);
}

/* "198.41.0.4 (a.root-servers.net): org NS, 2 ms" */
static void add_message(struct text *t, const json_t *asked)
{
    const char *rcode = reply_text(asked, "rcode");
    text_add(t, reply_text(asked, "address"));
    if (*reply_text(asked, "server")) {
        text_add(t, " (");
        reply_add_name(t, reply_text(asked, "server"));
        text_add(t, ")");
    }
    if (strcmp(reply_text(asked, "transport"), "tcp") == 0)
        text_add(t, " over TCP");
    text_add(t, ": ");
    reply_add_question(t, asked, "sent_name", "sent_type");
    text_add(t, ", ");
    if (*reply_text(asked, "failed")) {
        text_add(t,
            strcmp(reply_text(asked, "failed"), "timeout") == 0 ? "no reply" : reply_text(asked, "failed"));
        return;
    }
    text_printf(t, "%lld ms", reply_number(asked, "rtt_ms"));
    if (strcmp(rcode, "NOERROR") != 0)
        text_printf(t, ", %s", rcode);
    else if (*reply_text(asked, "useless"))
        add_tag(t, ", of no use: ", reply_text(asked, "useless"));
}

/* "org (DS, key 26974)" */
static void add_link(struct text *t, const json_t *link)
{
    const char *by = reply_text(link, "by"), *verdict = reply_text(link, "verdict");
    reply_add_name(t, reply_text(link, "zone"));
    if (strcmp(verdict, "secure") != 0) {
        text_printf(t, " (%s", verdict);
        add_tag(t, *by ? ": " : "", by);
    } else if (strcmp(by, "anchor") == 0)
        text_add(t, " (trust anchor");
    else
        text_add(t, strcmp(by, "ds") == 0 ? " (DS" : " (");
    if (json_object_get(link, "key_tag"))
        text_printf(t, ", key %lld", reply_number(link, "key_tag"));
    text_add(t, ")");
}

/* What was proven, from the root's keys down; of zones that were met before there is nothing to tell. */
static void add_chain(struct text *t, const json_t *record)
{
    const json_t *chain = json_object_get(record, "chain"), *j;
    size_t i;
    json_array_foreach(chain, i, j)
    {
        text_add(t, i ? ", then " : "");
        add_link(t, j);
    }
    if (json_array_size(chain) == 0 && strcmp(reply_text(record, "verdict"), "secure") == 0)
        text_add(t, "by keys that were verified before");
}

static void put_zone(struct out *out, const char *zone, const char *words)
{
    struct text t;
    text_init(&t);
    reply_add_name(&t, zone);
    why_row(out, STYLE_PLAIN, t.data, words);
    text_fini(&t);
}

static void view_record(struct out *out, const json_t *record)
{
    const json_t *asked = json_object_get(record, "asked"), *j;
    struct text t;
    size_t i;
    text_init(&t);
    add_summary(&t, record);
    why_row(out, STYLE_PLAIN, reply_text(record, "qtype"), t.data);
    json_array_foreach(asked, i, j)
    {
        if (i == MESSAGES_MAX)
            break;
        text_clear(&t);
        add_message(&t, j);
        put_zone(out, reply_text(j, "zone"), t.data);
    }
    text_clear(&t);
    add_chain(&t, record);
    if (t.len)
        why_row(out, STYLE_PLAIN, "chain of trust", t.data);
    text_fini(&t);
}

/* Is it of what is explained? Without a type named it is of addresses. */
static bool is_wanted(const struct why *w, const json_t *record)
{
    const char *type = reply_text(record, "qtype");
    if (w->q.harkd.type[0])
        return strcmp(type, w->q.harkd.type) == 0;
    return strcmp(type, "A") == 0 || strcmp(type, "AAAA") == 0 || strcmp(type, "PTR") == 0;
}

/* Where a question was answered out of the cache, as those of `hark why` itself were, that tells nothing of
 * it. */
static bool tells(const json_t *record)
{
    return reply_number(record, "messages") > 0 || strcmp(reply_text(record, "from"), "cache") != 0;
}

void why_view_records(struct out *out, const struct why *w)
{
    const json_t *newest = NULL, *best = NULL;
    size_t i;
    json_t *record;
    json_array_foreach(w->q.harkd.records, i, record)
    {
        if (!is_wanted(w, record))
            continue;
        newest = newest ? newest : record;
        best = best || !tells(record) ? best : record;
    }
    if (!newest)
        return;
    why_heading(out, "How harkd on this machine found it, by its record of the last 15 minutes");
    view_record(out, best ? best : newest);
}
