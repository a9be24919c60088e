#include "cli/ctl_trust.h"

#include <string.h>

#include "cli/reply.h"

static void print_anchor(struct out *out, const json_t *a)
{
    bool usable = reply_is_true(a, "usable");
    out_printf(out, STYLE_PLAIN, "%s %s %lld, algorithm %lld", reply_shown(a, "zone"), reply_shown(a, "type"),
        reply_number(a, "tag"), reply_number(a, "algorithm"));
    if (json_object_get(a, "digest"))
        out_printf(
            out, STYLE_DIM, ", digest %lld %s", reply_number(a, "digest_type"), reply_shown(a, "digest"));
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
        bool ours = strcmp(reply_shown(n, "by"), "ctl") == 0;
        out_line(out, STYLE_PLAIN, "%s is not validated%s%s, %s", reply_shown(n, "zone"),
            until ? " until " : "", until ? until : "", ours ? "set by ctl" : "by the settings");
    }
}

static void print_root_key(struct out *out, const json_t *k)
{
    const char *until = json_string_value(json_object_get(k, "until"));
    out_printf(out, STYLE_PLAIN, "key %lld of the root is %s since %s", reply_number(k, "tag"),
        reply_shown(k, "state"), reply_shown(k, "since"));
    if (until)
        out_printf(out, STYLE_PLAIN, ", until %s at least", until);
    out_end(out);
}

static void print_root(struct out *out, const json_t *root)
{
    size_t i;
    const json_t *k;
    out_line(out, STYLE_DIM, "the root's anchors: %s; its servers: %s", reply_shown(root, "from"),
        reply_shown(root, "servers_from"));
    json_array_foreach(json_object_get(root, "keys"), i, k)
    {
        print_root_key(out, k);
    }
    if (!reply_is_true(root, "followed")) {
        out_put(out, STYLE_DIM, "the root's keys are not followed (RFC 5011)");
    } else {
        const char *folder = json_string_value(json_object_get(root, "folder"));
        out_printf(out, STYLE_DIM, "the root's keys: seen %s, next %s, %s%s", reply_shown(root, "seen"),
            reply_shown(root, "next"), folder ? "remembered below " : "not remembered over a restart",
            folder ? folder : "");
    }
    out_end(out);
}

void ctl_print_anchors(struct out *out, const json_t *reply)
{
    size_t i;
    const json_t *a;
    if (!reply_is_true(reply, "validates"))
        out_line(out, STYLE_WARN, "nothing is validated (dnssec.validate)");
    if (!reply_is_true(reply, "clock_known"))
        out_line(out, STYLE_WARN, "the time is not known: nothing is called authentic");
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
        out_printf(out, STYLE_PLAIN, "%s is not validated until %s", reply_shown(reply, "added"),
            reply_shown(reply, "until"));
    else if (json_object_get(reply, "removed"))
        out_printf(out, STYLE_PLAIN, "%s is validated again", reply_shown(reply, "removed"));
    else if (json_array_size(list) == 0)
        out_put(out, STYLE_PLAIN, "no negative trust anchors");
    else {
        print_negatives(out, list);
        return;
    }
    out_end(out);
}
