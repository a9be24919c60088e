/* How a harkd on this machine found what it answered: its own record (verb recent), of the last quarter of an
 * hour. */
#include <string.h>

#include "cli/why.h"

#define MESSAGES_MAX 32u /* a walk has seldom more than twenty */

static const char *word(const json_t *j, const char *key)
{
    const char *s = json_string_value(json_object_get(j, key));
    return s ? s : "";
}

static json_int_t number(const json_t *j, const char *key)
{
    return json_integer_value(json_object_get(j, key));
}

/* As people write names: without the final dot. */
static void add_name(struct text *t, const char *name)
{
    size_t n = strlen(name);
    text_add_n(t, name, n > 1 && name[n - 1] == '.' ? n - 1 : n);
}

static void add_reason(struct text *t, const json_t *record)
{
    const json_t *reason = json_object_get(record, "reason"), *ede = json_object_get(reason, "ede");
    if (*word(reason, "text"))
        text_printf(t, ": %s", word(reason, "text"));
    if (json_is_object(ede))
        text_printf(t, " (EDE %" JSON_INTEGER_FORMAT "%s%s)", number(ede, "code"),
            *word(ede, "purpose") ? ", " : "", word(ede, "purpose"));
}

/* "31 s ago, in 14 ms with 7 messages: NOERROR, secure" */
static void add_summary(struct text *t, const json_t *record)
{
    json_int_t age_s = number(record, "age_s"), messages = number(record, "messages");
    if (age_s > 1)
        text_printf(t, "%" JSON_INTEGER_FORMAT " s ago", age_s);
    else
        text_add(t, "a moment ago");
    text_printf(t, ", in %" JSON_INTEGER_FORMAT " ms", number(record, "took_ms"));
    if (messages)
        text_printf(t, " with %" JSON_INTEGER_FORMAT " message%s", messages, messages == 1 ? "" : "s");
    else if (strcmp(word(record, "from"), "cache") == 0)
        text_add(t, " out of its cache");
    text_printf(t, ": %s", word(record, "rcode"));
    if (strcmp(word(record, "verdict"), "unchecked") != 0)
        text_printf(t, ", %s", word(record, "verdict"));
    if (strcmp(word(record, "from"), "stale") == 0)
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
    const char *rcode = word(asked, "rcode");
    text_add(t, word(asked, "address"));
    if (*word(asked, "server")) {
        text_add(t, " (");
        add_name(t, word(asked, "server"));
        text_add(t, ")");
    }
    if (strcmp(word(asked, "transport"), "tcp") == 0)
        text_add(t, " over TCP");
    text_add(t, ": ");
    add_name(t, word(asked, "sent_name"));
    text_printf(t, " %s, ", word(asked, "sent_type"));
    if (*word(asked, "failed")) {
        text_add(t, strcmp(word(asked, "failed"), "timeout") == 0 ? "no reply" : word(asked, "failed"));
        return;
    }
    text_printf(t, "%" JSON_INTEGER_FORMAT " ms", number(asked, "rtt_ms"));
    if (strcmp(rcode, "NOERROR") != 0)
        text_printf(t, ", %s", rcode);
    else if (*word(asked, "useless"))
        add_tag(t, ", of no use: ", word(asked, "useless"));
}

/* "org (DS, key 26974)" */
static void add_link(struct text *t, const json_t *link)
{
    const char *by = word(link, "by"), *verdict = word(link, "verdict");
    add_name(t, word(link, "zone"));
    if (strcmp(verdict, "secure") != 0) {
        text_printf(t, " (%s", verdict);
        add_tag(t, *by ? ": " : "", by);
    } else if (strcmp(by, "anchor") == 0)
        text_add(t, " (trust anchor");
    else
        text_add(t, strcmp(by, "ds") == 0 ? " (DS" : " (");
    if (json_object_get(link, "key_tag"))
        text_printf(t, ", key %" JSON_INTEGER_FORMAT, number(link, "key_tag"));
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
    if (json_array_size(chain) == 0 && strcmp(word(record, "verdict"), "secure") == 0)
        text_add(t, "by keys that were verified before");
}

static void put_zone(struct out *out, const char *zone, const char *words)
{
    struct text t;
    text_init(&t);
    add_name(&t, zone);
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
    why_row(out, STYLE_PLAIN, word(record, "qtype"), t.data);
    json_array_foreach(asked, i, j)
    {
        if (i == MESSAGES_MAX)
            break;
        text_clear(&t);
        add_message(&t, j);
        put_zone(out, word(j, "zone"), t.data);
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
    const char *type = word(record, "qtype");
    if (w->q.harkd.type[0])
        return strcmp(type, w->q.harkd.type) == 0;
    return strcmp(type, "A") == 0 || strcmp(type, "AAAA") == 0 || strcmp(type, "PTR") == 0;
}

/* Where a question was answered out of the cache, as those of `hark why` itself were, that tells nothing of
 * it. */
static bool tells(const json_t *record)
{
    return number(record, "messages") > 0 || strcmp(word(record, "from"), "cache") != 0;
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
