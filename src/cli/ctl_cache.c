#include "cli/ctl_cache.h"

#include <string.h>

#define COLUMN_WHAT 12u

static const char *text_of(const json_t *j, const char *name)
{
    const char *s = json_string_value(json_object_get(j, name));
    return s ? s : "-";
}

static long long number_of(const json_t *j, const char *name)
{
    return (long long)json_integer_value(json_object_get(j, name));
}

static bool is_true(const json_t *j, const char *name)
{
    return json_is_true(json_object_get(j, name));
}

/* "3590 s left, 10 s old" */
static void print_life(struct out *out, const json_t *item)
{
    if (is_true(item, "stale"))
        out_printf(out, STYLE_WARN, "stale for %lld s", number_of(item, "expired_s"));
    else
        out_printf(out, STYLE_PLAIN, "%lld s left", number_of(item, "ttl_s"));
    out_printf(out, STYLE_PLAIN, ", %lld s old", number_of(item, "age_s"));
}

static void print_verdict(struct out *out, const json_t *item)
{
    const char *verdict = text_of(item, "verdict"),
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
    long long signatures = number_of(rs, "signatures");
    out_put(out, STYLE_STRONG, text_of(rs, "type"));
    out_column(out, COLUMN_WHAT);
    print_life(out, rs);
    print_verdict(out, rs);
    out_printf(out, STYLE_PLAIN, ", by %s", text_of(rs, "rank"));
    if (signatures)
        out_printf(out, STYLE_DIM, ", %lld signature%s", signatures, signatures == 1 ? "" : "s");
    if (is_true(rs, "wildcard"))
        out_put(out, STYLE_DIM, ", made of a wildcard");
    out_end(out);
    json_array_foreach(json_object_get(rs, "data"), i, v)
    {
        out_column(out, COLUMN_WHAT);
        out_put(out, STYLE_PLAIN, json_string_value(v) ? json_string_value(v) : "?");
        out_end(out);
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
    out_printf(out, STYLE_PLAIN, ", says %s", text_of(d, "zone"));
    out_end(out);
}

static void print_failure(struct out *out, const json_t *f)
{
    long long streak = number_of(f, "streak"), retry = number_of(f, "retry_s");
    out_put(out, STYLE_STRONG, text_of(f, "type"));
    out_column(out, COLUMN_WHAT);
    out_printf(out, STYLE_BAD, "failed %lld time%s: ", streak, streak == 1 ? "" : "s");
    out_printf(out, STYLE_PLAIN, "%s (%s)%s%s", text_of(f, "reason"), text_of(f, "tag"),
        text_of(f, "text")[0] ? ": " : "", text_of(f, "text"));
    if (retry)
        out_printf(out, STYLE_PLAIN, "; asked again in %lld s", retry);
    out_end(out);
}

static void print_delegation(struct out *out, const json_t *cut)
{
    size_t i;
    const json_t *s;
    long long ds = number_of(cut, "ds");
    out_put(out, STYLE_STRONG, "delegation");
    out_column(out, COLUMN_WHAT);
    print_life(out, cut);
    if (is_true(cut, "hint"))
        out_put(out, STYLE_PLAIN, ", from the hints");
    if (ds)
        out_printf(out, STYLE_PLAIN, ", %lld DS", ds);
    if (is_true(cut, "insecure"))
        out_put(out, STYLE_PLAIN, ", proven insecure");
    out_end(out);
    json_array_foreach(json_object_get(cut, "servers"), i, s)
    {
        out_column(out, COLUMN_WHAT);
        out_put(out, STYLE_PLAIN, text_of(s, "name"));
        print_texts(out, json_object_get(s, "glue"), " ");
        out_end(out);
    }
}

static void print_server(struct out *out, const json_t *s)
{
    long long timeouts = number_of(s, "timeouts"), loss = number_of(s, "loss_percent");
    out_put(out, STYLE_STRONG, "server");
    out_column(out, COLUMN_WHAT);
    out_printf(out, STYLE_PLAIN, "%s %s", text_of(s, "name"), text_of(s, "address"));
    if (is_true(s, "heard"))
        out_printf(
            out, STYLE_PLAIN, ", %lld ms (+-%lld)", number_of(s, "srtt_ms"), number_of(s, "rttvar_ms"));
    else
        out_put(out, STYLE_WARN, ", never heard");
    if (timeouts)
        out_printf(out, STYLE_WARN, ", silent %lld time%s", timeouts, timeouts == 1 ? "" : "s");
    if (loss)
        out_printf(out, STYLE_WARN, ", loses %lld %%", loss);
    if (strcmp(text_of(s, "edns"), "broken") == 0)
        out_put(out, STYLE_WARN, ", no EDNS");
    if (is_true(s, "case_broken"))
        out_put(out, STYLE_WARN, ", changes letter case");
    if (is_true(s, "lame"))
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
    const char *name = text_of(reply, "name"), *type = json_string_value(json_object_get(reply, "type"));
    out_printf(out, STYLE_PLAIN, "nothing is known of %s%s%s", name, type ? " " : "", type ? type : "");
    if (closest && strcmp(closest, name) != 0)
        out_printf(out, STYLE_DIM, "; of the zones above it, %s is", closest);
    out_end(out);
}

void ctl_print_cache(struct out *out, const json_t *reply)
{
    const char *flushed = json_string_value(json_object_get(reply, "flushed"));
    long long items = number_of(reply, "items");
    if (!flushed) {
        print_name(out, reply);
        return;
    }
    if (strcmp(flushed, "all") == 0)
        out_put(out, STYLE_PLAIN, "all is forgotten");
    else
        out_printf(out, STYLE_PLAIN, "%s%s is forgotten", text_of(reply, "name"),
            strcmp(flushed, "zone") == 0 ? " and what is below it" : "");
    out_printf(out, STYLE_PLAIN, ": %lld item%s", items, items == 1 ? "" : "s");
    out_end(out);
}
