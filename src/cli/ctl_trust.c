#include "cli/ctl_trust.h"

#include <string.h>

static const char *text_of(const json_t *j, const char *name)
{
    const char *s = json_string_value(json_object_get(j, name));
    return s ? s : "-";
}

static int number_of(const json_t *j, const char *name)
{
    return (int)json_integer_value(json_object_get(j, name));
}

static bool is_true(const json_t *j, const char *name)
{
    return json_is_true(json_object_get(j, name));
}

static void print_anchor(struct out *out, const json_t *a)
{
    bool usable = is_true(a, "usable");
    out_printf(out, STYLE_PLAIN, "%s %s %d, algorithm %d", text_of(a, "zone"), text_of(a, "type"),
        number_of(a, "tag"), number_of(a, "algorithm"));
    if (json_object_get(a, "digest"))
        out_printf(out, STYLE_DIM, ", digest %d %s", number_of(a, "digest_type"), text_of(a, "digest"));
    if (!usable)
        out_put(out, STYLE_WARN, ", counts as none: it is not verified");
    out_end(out);
}

static void print_negatives(struct out *out, const json_t *list)
{
    size_t i;
    const json_t *n;
    json_array_foreach(list, i, n)
    {
        const char *until = json_string_value(json_object_get(n, "until"));
        bool ours = strcmp(text_of(n, "by"), "ctl") == 0;
        out_printf(out, STYLE_PLAIN, "%s is not validated%s%s, %s", text_of(n, "zone"),
            until ? " until " : "", until ? until : "", ours ? "set by ctl" : "by the settings");
        out_end(out);
    }
}

static void print_root_key(struct out *out, const json_t *k)
{
    const char *until = json_string_value(json_object_get(k, "until"));
    out_printf(out, STYLE_PLAIN, "key %d of the root is %s since %s", number_of(k, "tag"),
        text_of(k, "state"), text_of(k, "since"));
    if (until)
        out_printf(out, STYLE_PLAIN, ", until %s at least", until);
    out_end(out);
}

static void print_root(struct out *out, const json_t *root)
{
    size_t i;
    const json_t *k;
    out_printf(out, STYLE_DIM, "the root's anchors: %s; its servers: %s", text_of(root, "from"),
        text_of(root, "servers_from"));
    out_end(out);
    json_array_foreach(json_object_get(root, "keys"), i, k)
    {
        print_root_key(out, k);
    }
    if (!is_true(root, "followed")) {
        out_put(out, STYLE_DIM, "the root's keys are not followed (RFC 5011)");
    } else {
        const char *folder = json_string_value(json_object_get(root, "folder"));
        out_printf(out, STYLE_DIM, "the root's keys: seen %s, next %s, %s%s", text_of(root, "seen"),
            text_of(root, "next"), folder ? "remembered below " : "not remembered over a restart",
            folder ? folder : "");
    }
    out_end(out);
}

void ctl_print_anchors(struct out *out, const json_t *reply)
{
    size_t i;
    const json_t *a;
    if (!is_true(reply, "validates")) {
        out_put(out, STYLE_WARN, "nothing is validated (dnssec.validate)");
        out_end(out);
    }
    if (!is_true(reply, "clock_known")) {
        out_put(out, STYLE_WARN, "the time is not known: nothing is called authentic");
        out_end(out);
    }
    json_array_foreach(json_object_get(reply, "anchors"), i, a)
    {
        print_anchor(out, a);
    }
    print_negatives(out, json_object_get(reply, "negative"));
    print_root(out, json_object_get(reply, "root"));
}

void ctl_print_nta(struct out *out, const json_t *reply)
{
    const json_t *list = json_object_get(reply, "negative");
    if (json_object_get(reply, "added"))
        out_printf(out, STYLE_PLAIN, "%s is not validated until %s", text_of(reply, "added"),
            text_of(reply, "until"));
    else if (json_object_get(reply, "removed"))
        out_printf(out, STYLE_PLAIN, "%s is validated again", text_of(reply, "removed"));
    else if (json_array_size(list) == 0)
        out_put(out, STYLE_PLAIN, "no negative trust anchors");
    else {
        print_negatives(out, list);
        return;
    }
    out_end(out);
}
