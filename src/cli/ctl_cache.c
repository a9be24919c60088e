#include "cli/ctl_cache.h"

#include <string.h>

#include "cli/reply.h"

#define COLUMN_WHAT 12u

/* "3590 s left, 10 s old" */
static void print_life(struct out *out, const json_t *item)
{
    if (reply_is_true(item, "stale"))
        out_printf(out, STYLE_WARN, "stale for %lld s", reply_number(item, "expired_s"));
    else
        out_printf(out, STYLE_PLAIN, "%lld s left", reply_number(item, "ttl_s"));
    out_printf(out, STYLE_PLAIN, ", %lld s old", reply_number(item, "age_s"));
}

static void print_verdict(struct out *out, const json_t *item)
{
    const char *verdict = reply_shown(item, "verdict"),
               *reason = json_string_value(json_object_get(item, "reason"));
    enum out_style style = strcmp(verdict, "secure") == 0  ? STYLE_GOOD
                           : strcmp(verdict, "bogus") == 0 ? STYLE_BAD
                                                           : STYLE_PLAIN;
    out_put(out, STYLE_PLAIN, ", ");
    out_put(out, style, verdict);
    if (reason)
        out_printf(out, STYLE_PLAIN, " (%s)", reason);
}

static void print_texts(struct out *out, const json_t *list, const char *before)
{
    size_t i;
    const json_t *v;
    json_array_foreach(list, i, v)
    {
        const char *s = json_string_value(v);
        out_printf(out, STYLE_PLAIN, "%s%s", i ? ", " : before, s ? s : "?");
    }
}

static void print_records(struct out *out, const json_t *rs)
{
    size_t i;
    const json_t *v;
    long long signatures = reply_number(rs, "signatures");
    out_put(out, STYLE_STRONG, reply_shown(rs, "type"));
    out_column(out, COLUMN_WHAT);
    print_life(out, rs);
    print_verdict(out, rs);
    out_printf(out, STYLE_PLAIN, ", by %s", reply_shown(rs, "rank"));
    if (signatures)
        out_printf(out, STYLE_DIM, ", %lld signature%s", signatures, signatures == 1 ? "" : "s");
    if (reply_is_true(rs, "wildcard"))
        out_put(out, STYLE_DIM, ", made of a wildcard");
    out_end(out);
    json_array_foreach(json_object_get(rs, "data"), i, v)
    {
        out_column(out, COLUMN_WHAT);
        out_line(out, STYLE_PLAIN, "%s", json_string_value(v) ? json_string_value(v) : "?");
    }
}

static void print_denial(struct out *out, const json_t *d)
{
    const char *type = json_string_value(json_object_get(d, "type"));
    out_put(out, STYLE_STRONG, type ? type : "NXDOMAIN");
    out_column(out, COLUMN_WHAT);
    if (type)
        out_put(out, STYLE_PLAIN, "NODATA, ");
    print_life(out, d);
    print_verdict(out, d);
    out_line(out, STYLE_PLAIN, ", says %s", reply_shown(d, "zone"));
}

static void print_failure(struct out *out, const json_t *f)
{
    long long streak = reply_number(f, "streak"), retry = reply_number(f, "retry_s");
    out_put(out, STYLE_STRONG, reply_shown(f, "type"));
    out_column(out, COLUMN_WHAT);
    out_printf(out, STYLE_BAD, "failed %lld time%s: ", streak, streak == 1 ? "" : "s");
    out_printf(out, STYLE_PLAIN, "%s (%s)%s%s", reply_shown(f, "reason"), reply_shown(f, "tag"),
        reply_shown(f, "text")[0] ? ": " : "", reply_shown(f, "text"));
    if (retry)
        out_printf(out, STYLE_PLAIN, "; asked again in %lld s", retry);
    out_end(out);
}

static void print_delegation(struct out *out, const json_t *cut)
{
    size_t i;
    const json_t *s;
    long long ds = reply_number(cut, "ds");
    out_put(out, STYLE_STRONG, "delegation");
    out_column(out, COLUMN_WHAT);
    print_life(out, cut);
    if (reply_is_true(cut, "hint"))
        out_put(out, STYLE_PLAIN, ", from the hints");
    if (ds)
        out_printf(out, STYLE_PLAIN, ", %lld DS", ds);
    if (reply_is_true(cut, "insecure"))
        out_put(out, STYLE_PLAIN, ", proven insecure");
    out_end(out);
    json_array_foreach(json_object_get(cut, "servers"), i, s)
    {
        out_column(out, COLUMN_WHAT);
        out_put(out, STYLE_PLAIN, reply_shown(s, "name"));
        print_texts(out, json_object_get(s, "glue"), " ");
        out_end(out);
    }
}

static void print_server(struct out *out, const json_t *s)
{
    long long timeouts = reply_number(s, "timeouts"), loss = reply_number(s, "loss_percent");
    out_put(out, STYLE_STRONG, "server");
    out_column(out, COLUMN_WHAT);
    out_printf(out, STYLE_PLAIN, "%s %s", reply_shown(s, "name"), reply_shown(s, "address"));
    if (reply_is_true(s, "heard"))
        out_printf(
            out, STYLE_PLAIN, ", %lld ms (+-%lld)", reply_number(s, "srtt_ms"), reply_number(s, "rttvar_ms"));
    else
        out_put(out, STYLE_WARN, ", never heard");
    if (timeouts)
        out_printf(out, STYLE_WARN, ", silent %lld time%s", timeouts, timeouts == 1 ? "" : "s");
    if (loss)
        out_printf(out, STYLE_WARN, ", loses %lld %%", loss);
    if (strcmp(reply_shown(s, "edns"), "broken") == 0)
        out_put(out, STYLE_WARN, ", no EDNS");
    if (reply_is_true(s, "case_broken"))
        out_put(out, STYLE_WARN, ", changes letter case");
    if (reply_is_true(s, "lame"))
        out_put(out, STYLE_WARN, ", lame");
    out_end(out);
}

static size_t print_each(struct out *out, const json_t *list, void (*print)(struct out *, const json_t *))
{
    size_t i;
    const json_t *v;
    json_array_foreach(list, i, v)
    {
        print(out, v);
    }
    return json_array_size(list);
}

static void print_name(struct out *out, const json_t *reply)
{
    const json_t *cut = json_object_get(reply, "delegation");
    const char *closest = json_string_value(json_object_get(reply, "closest_delegation"));
    size_t known = print_each(out, json_object_get(reply, "records"), print_records);
    known += print_each(out, json_object_get(reply, "denials"), print_denial);
    known += print_each(out, json_object_get(reply, "failures"), print_failure);
    if (json_is_object(cut)) {
        print_delegation(out, cut);
        known++;
    }
    print_each(out, json_object_get(reply, "servers"), print_server);
    if (known)
        return;
    const char *name = reply_shown(reply, "name"), *type = json_string_value(json_object_get(reply, "type"));
    out_printf(out, STYLE_PLAIN, "nothing is known of %s%s%s", name, type ? " " : "", type ? type : "");
    if (closest && strcmp(closest, name) != 0)
        out_printf(out, STYLE_DIM, "; of the zones above it, %s is", closest);
    out_end(out);
}

void ctl_print_cache(struct out *out, const json_t *reply)
{
    const char *flushed = json_string_value(json_object_get(reply, "flushed"));
    long long items = reply_number(reply, "items");
    if (!flushed) {
        print_name(out, reply);
        return;
    }
    if (strcmp(flushed, "all") == 0)
        out_put(out, STYLE_PLAIN, "all is forgotten");
    else
        out_printf(out, STYLE_PLAIN, "%s%s is forgotten", reply_shown(reply, "name"),
            strcmp(flushed, "zone") == 0 ? " and what is below it" : "");
    out_line(out, STYLE_PLAIN, ": %lld item%s", items, items == 1 ? "" : "s");
}
