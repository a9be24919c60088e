#include "cli/ctl_status.h"

#include <string.h>

#define COLUMN_VALUE 12u
#define COLUMN_METRIC 38u
#define COLUMN_HELP 50u

/* "queries.total" */
static const json_t *at(const json_t *j, const char *path)
{
    char buf[64];
    char *rest = NULL;
    snprintf(buf, sizeof buf, "%s", path);
    for (char *key = strtok_r(buf, ".", &rest); key; key = strtok_r(NULL, ".", &rest))
        j = json_object_get(j, key);
    return j;
}

static unsigned long long number_at(const json_t *j, const char *path)
{
    json_int_t n = json_integer_value(at(j, path));
    return n > 0 ? (unsigned long long)n : 0;
}

/* Two readings of the same figures. */
struct readings {
    const json_t *now, *before; /* before: NULL: there is but one */
    const json_t *recent;       /* the newest look-ups, or NULL */
    unsigned apart_ms;
};

static unsigned long long get(const struct readings *r, const char *path)
{
    return number_at(r->now, path);
}

static unsigned long long grown(const struct readings *r, const char *path)
{
    unsigned long long now = get(r, path), before = r->before ? number_at(r->before, path) : now;
    return now > before ? now - before : 0;
}

/* "38,202,113" */
static void add_number(struct text *t, unsigned long long n)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", n);
    for (int i = 0; i < len; i++)
        text_printf(t, "%s%c", i > 0 && (len - i) % 3 == 0 ? "," : "", digits[i]);
}

static void add_count(struct text *t, unsigned long long n, const char *what)
{
    add_number(t, n);
    text_printf(t, " %s%s", what, n == 1 ? "" : "s");
}

static void add_share(struct text *t, unsigned long long part, unsigned long long whole)
{
    double percent = whole ? 100.0 * (double)part / (double)whole : 0;
    text_printf(t,
        percent >= 10 || part == 0 ? "%.0f %%"
        : percent >= 0.1           ? "%.1f %%"
                                   : "under 0.1 %%",
        percent);
}

static void add_rate(struct text *t, const struct readings *r, const char *path)
{
    if (!r->before || !r->apart_ms)
        return;
    unsigned long long n = grown(r, path) * 1000 / r->apart_ms;
    add_number(t, n);
    text_add(t, " a second now; ");
}

static void add_octets(struct text *t, unsigned long long n)
{
    if (n < 1ull << 20)
        text_printf(t, "%llu KiB", n >> 10);
    else if (n >= 10ull << 20)
        text_printf(t, "%llu MiB", n >> 20);
    else
        text_printf(t, "%.1f MiB", (double)n / 1048576.0);
}

static void add_time(struct text *t, unsigned long long s)
{
    if (s >= 86400)
        text_printf(t, "%llu d %llu h", s / 86400, s / 3600 % 24);
    else if (s >= 3600)
        text_printf(t, "%llu h %llu min", s / 3600, s / 60 % 60);
    else if (s >= 60)
        text_printf(t, "%llu min %llu s", s / 60, s % 60);
    else
        text_printf(t, "%llu s", s);
}

/* ---- the rows ---- */

static void say_questions(struct text *t, const struct readings *r)
{
    unsigned long long total = get(r, "queries.total");
    add_rate(t, r, "queries.total");
    add_number(t, total);
    text_add(t, " in all");
    if (!total)
        return;
    text_add(t, ", ");
    add_share(t, get(r, "queries.cache_hits"), total);
    text_add(t, " answered by the cache at once");
}

static void say_answers(struct text *t, const struct readings *r)
{
    const json_t *rcodes = at(r->now, "rcodes"), *v;
    const char *name, *between = "";
    unsigned long long total = 0;
    json_object_foreach((json_t *)(uintptr_t)rcodes, name, v)
    {
        total += (unsigned long long)json_integer_value(v);
    }
    json_object_foreach((json_t *)(uintptr_t)rcodes, name, v)
    {
        text_printf(t, "%s%s ", between, name);
        add_share(t, (unsigned long long)json_integer_value(v), total);
        between = ", ";
    }
    if (!total)
        text_add(t, "none yet");
}

static void say_cache(struct text *t, const struct readings *r)
{
    add_octets(t, get(r, "cache.used"));
    text_add(t, " of ");
    add_octets(t, get(r, "cache.size"));
    text_add(t, ", ");
    add_count(t, get(r, "cache.items"), "item");
}

static void say_servers(struct text *t, const struct readings *r)
{
    unsigned long long messages = get(r, "resolver.messages"), retries = get(r, "resolver.retries");
    add_rate(t, r, "resolver.messages");
    add_count(t, messages, "message");
    text_add(t, " sent in all");
    if (retries && messages) {
        text_add(t, ", ");
        add_share(t, retries, messages);
        text_add(t, " of them for want of an answer");
    }
}

static void say_in_flight(struct text *t, const struct readings *r)
{
    add_count(t, get(r, "clients.questions_pending"), "question");
    text_add(t, " of ");
    add_count(t, get(r, "clients.clients_waiting"), "client");
    text_add(t, ", ");
    add_count(t, get(r, "in_flight.messages"), "message");
    text_add(t, " to servers");
}

static void say_trust(struct text *t, const struct readings *r)
{
    unsigned long long secure = get(r, "dnssec.secure"), insecure = get(r, "dnssec.insecure"),
                       bogus = get(r, "dnssec.bogus"), all = secure + insecure + bogus;
    if (all) {
        text_add(t, "secure ");
        add_share(t, secure, all);
        text_add(t, ", insecure ");
        add_share(t, insecure, all);
        text_add(t, ", bogus ");
        add_share(t, bogus, all);
        text_add(t, "; ");
    }
    text_add(t, "trust anchors of ");
    add_count(t, get(r, "trust.anchors"), "zone");
}

/* Where every walk and every chain of trust begins. */
static void say_root(struct text *t, const struct readings *r)
{
    const char *servers = json_string_value(at(r->now, "trust.root_servers_from"));
    const char *keys = json_string_value(at(r->now, "trust.root_anchors_from"));
    text_printf(t, "servers %s; keys %s", servers ? servers : "-", keys && keys[0] ? keys : "none");
}

static const struct row {
    const char *name;
    void (*say)(struct text *t, const struct readings *r);
} ROWS[] = {{"Questions", say_questions}, {"Answers", say_answers}, {"Cache", say_cache},
    {"Servers", say_servers}, {"In flight", say_in_flight}, {"Trust", say_trust}, {"Root", say_root}};

/* ---- what is wrong ---- */

/* A figure that should be 0: what it means, and where to look. */
static const struct trouble {
    const char *path, *noun, *says;
} TROUBLES[] = {
    {"trust.anchors_unusable", "zone", "without a trust anchor that can be used: hark ctl anchors"},
    {"trust.negative_anchors", "zone", "not validated, as was asked for: hark ctl nta"},
    {"in_flight.zones_at_floor", "zone", "whose servers do not answer: hark ctl servers"},
    {"in_flight.zones_waited_for", "zone", "that questions wait for: hark ctl requests"},
    {"clients.clients_at_limit", "client", "at the limit of what one may ask (limits.client-questions)"},
    {"in_flight.evicted", "question", "given up, there were too many (limits.questions)"},
    {"in_flight.turned_away", "question", "given up, too many waited for one zone (limits.zone-messages)"},
    {"udp.dropped_by_kernel", "datagram", "of clients dropped by the kernel (sysctl net.core.rmem_max)"},
    {"udp.not_sent", "datagram", "to clients not taken by the kernel"},
    {"sockets.clients_refused", "TCP connection", "of clients refused, there were too many"},
    {"sockets.upstream_given_up", "socket", "to servers given up (ulimit -n)"},
    {"cache.refused", "item", "without a place in the cache (cache.size)"},
    {"log.lost", "line", "of the log lost: its reader is too slow"},
    {"log.queries_lost", "line", "of the query log lost: its disk is too slow"},
};

#define SERVFAIL_SHARE 5 /* percent; a busy resolver has one or two of dead zones */
#define ENOUGH 100       /* answers, to say anything of shares */
#define RECENT_ENOUGH 5  /* look-ups, likewise of half of them */

static void print_trouble(struct out *out, unsigned *count, const char *text)
{
    if (!(*count)++)
        out_put(out, STYLE_BAD, "Trouble");
    out_column(out, COLUMN_VALUE);
    out_line(out, STYLE_WARN, "%s", text);
}

/* Shares of all answers say little of the last hour of a harkd that runs for months. */
static void add_failing_now(struct text *t, const json_t *recent)
{
    const json_t *list = json_object_get(recent, "recent"), *r;
    size_t i, count = json_array_size(list), failed = 0;
    json_array_foreach(list, i, r)
    {
        const char *rcode = json_string_value(json_object_get(r, "rcode"));
        failed += rcode && strcmp(rcode, "SERVFAIL") == 0;
    }
    if (count >= RECENT_ENOUGH && failed * 2 >= count)
        text_printf(t, "%zu of the newest %zu look-ups failed: hark ctl recent", failed, count);
}

static void print_troubles(struct out *out, const struct readings *r)
{
    unsigned count = 0;
    unsigned long long failed = get(r, "rcodes.SERVFAIL"), total = get(r, "queries.total");
    struct text t;
    text_init(&t);
    if (json_is_false(at(r->now, "trust.validates")))
        print_trouble(out, &count, "nothing is validated (dnssec.validate)");
    if (json_is_false(at(r->now, "trust.clock_known")))
        print_trouble(
            out, &count, "the clock says a time before harkd was made: nothing is called authentic");
    if (total >= ENOUGH && failed * 100 >= total * SERVFAIL_SHARE) {
        add_share(&t, failed, total);
        text_add(&t, " of all answers were failures: hark ctl events failures");
        print_trouble(out, &count, t.data);
    }
    text_clear(&t);
    add_failing_now(&t, r->recent);
    if (t.len)
        print_trouble(out, &count, t.data);
    for (size_t i = 0; i < sizeof TROUBLES / sizeof TROUBLES[0]; i++) {
        unsigned long long n = get(r, TROUBLES[i].path);
        if (!n)
            continue;
        text_clear(&t);
        add_count(&t, n, TROUBLES[i].noun);
        text_printf(&t, " %s%s", TROUBLES[i].says, grown(r, TROUBLES[i].path) ? "; more every moment" : "");
        print_trouble(out, &count, t.data);
    }
    if (!count) {
        out_put(out, STYLE_DIM, "Trouble");
        out_column(out, COLUMN_VALUE);
        out_line(out, STYLE_GOOD, "none");
    }
    text_fini(&t);
}

static void print_title(struct out *out, const struct readings *r)
{
    const char *version = json_string_value(at(r->now, "version"));
    const json_t *listen = at(r->now, "listen"), *v;
    struct text t;
    size_t i;
    text_init(&t);
    out_printf(out, STYLE_STRONG, "harkd %s", version ? version : "?");
    text_add(&t, " runs for ");
    add_time(&t, get(r, "uptime_s"));
    text_add(&t, ", ");
    add_count(&t, get(r, "workers"), "worker");
    json_array_foreach(listen, i, v)
    {
        const char *place = json_string_value(v);
        text_printf(&t, "%s%s", i ? ", " : ", on ", place ? place : "?");
    }
    out_line(out, STYLE_PLAIN, "%s", t.data);
    text_fini(&t);
}

void ctl_print_status(
    struct out *out, const json_t *status, const json_t *later, unsigned apart_ms, const json_t *recent)
{
    const struct readings r = {.now = later ? later : status,
        .before = later ? status : NULL,
        .recent = recent,
        .apart_ms = apart_ms};
    struct text t;
    text_init(&t);
    print_title(out, &r);
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        text_clear(&t);
        ROWS[i].say(&t, &r);
        out_put(out, STYLE_DIM, ROWS[i].name);
        out_column(out, COLUMN_VALUE);
        out_line(out, STYLE_PLAIN, "%s", t.data);
    }
    print_troubles(out, &r);
    text_fini(&t);
}

/* ---- every figure ---- */

struct metric {
    const char *name, *kind, *help, *label; /* label: of values; NULL: there is one value */
    json_t *value, *values;
};

static struct metric metric_of(const json_t *j)
{
    struct metric m = {.name = "?", .kind = "gauge", .help = ""};
    (void)json_unpack((json_t *)(uintptr_t)j, "{s:s, s:s, s:s, s?s, s?o, s?o}", "name", &m.name, "kind",
        &m.kind, "help", &m.help, "label", &m.label, "value", &m.value, "values", &m.values);
    return m;
}

static void print_figure(struct out *out, const json_t *value)
{
    struct text t;
    text_init(&t);
    add_number(&t, (unsigned long long)json_integer_value(value));
    out_column(out, COLUMN_METRIC);
    out_put(out, json_integer_value(value) ? STYLE_STRONG : STYLE_DIM, t.data);
    text_fini(&t);
}

/* What it means: beside it, on a narrow terminal below, and for who reads lines on its line. */
static void print_help(struct out *out, const char *help)
{
    bool narrow = out->width < COLUMN_HELP + 20;
    if (narrow)
        out_end(out);
    if (out->terminal) {
        out_wrapped(out, STYLE_DIM, narrow ? 2 : COLUMN_HELP, help);
        return;
    }
    out_column(out, COLUMN_HELP);
    out_put(out, STYLE_DIM, help);
    out_end(out);
}

void ctl_print_stats(struct out *out, const json_t *reply)
{
    size_t i;
    const json_t *j;
    json_array_foreach(json_object_get(reply, "metrics"), i, j)
    {
        struct metric m = metric_of(j);
        const char *of;
        json_t *value;
        out_put(out, STYLE_PLAIN, m.name);
        if (!m.label)
            print_figure(out, m.value);
        print_help(out, m.help);
        json_object_foreach(m.values, of, value)
        {
            out_printf(out, STYLE_PLAIN, "  {%s=\"%s\"}", m.label, of);
            print_figure(out, value);
            out_end(out);
        }
    }
}

static void add_escaped(struct text *t, const char *s, const char *escaped)
{
    for (; *s; s++)
        if (*s == '\n')
            text_add(t, "\\n");
        else
            text_printf(t, "%s%c", strchr(escaped, *s) ? "\\" : "", *s);
}

static void print_sample(struct out *out, const struct metric *m, const char *of, const json_t *value)
{
    struct text t;
    text_init(&t);
    text_add(&t, m->name);
    if (m->label) {
        text_printf(&t, "{%s=\"", m->label);
        add_escaped(&t, of, "\\\"");
        text_add(&t, "\"}");
    }
    text_printf(&t, " %lld", (long long)json_integer_value(value));
    out_put(out, STYLE_PLAIN, t.data);
    out_end(out);
    text_fini(&t);
}

void ctl_print_prometheus(struct out *out, const json_t *reply)
{
    size_t i;
    const json_t *j;
    struct text t;
    text_init(&t);
    json_array_foreach(json_object_get(reply, "metrics"), i, j)
    {
        struct metric m = metric_of(j);
        const char *of;
        json_t *value;
        text_clear(&t);
        add_escaped(&t, m.help, "\\");
        out_printf(out, STYLE_DIM, "# HELP %s %s\n", m.name, t.data);
        out_printf(out, STYLE_DIM, "# TYPE %s %s\n", m.name, m.kind);
        if (!m.label)
            print_sample(out, &m, NULL, m.value);
        json_object_foreach(m.values, of, value)
        {
            print_sample(out, &m, of, value);
        }
    }
    text_fini(&t);
}
