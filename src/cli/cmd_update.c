/* hark update: fetches what IANA publishes and hark has compiled in, where it is newer: the root's servers
 * and keys, and the lists of registries. What is kept replaces the one before in one step (rename), or not at
 * all; `hark ctl reload` has a running harkd take it. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/update.h"
#include "defs/limits.h"
#include "dns/record.h"
#include "lib/fetched.h"
#include "lib/file.h"
#include "lib/roots.h"

#define PATIENCE_MS 10000
#define COLUMN_DATE 14u
#define COLUMN_AGE 26u
#define COLUMN_FROM 36u
#define COLUMN_TEXT 46u
#define ITEMS_COUNT (2 + BOOTSTRAP_COUNT)
#define AUTHORITIES_OCTETS_MAX 65536u /* of the file that --ca names */
#define DAY_S 86400

/* ---- for the items ---- */

void update_add_change(struct update_item *item, const char *format, ...)
{
    va_list ap;
    if (item->change_count == UPDATE_CHANGES_MAX)
        return;
    va_start(ap, format);
    item->changes[item->change_count++] = arena_vprintf(item->arena, format, ap);
    va_end(ap);
}

bool update_fetch(struct update_item *item, struct https_reply *reply, const char *url, size_t max_octets)
{
    struct https_request request = {.url = url, .max_octets = max_octets, .redirects = WHOIS_REFERRALS_MAX};
    request.until_ms = now_read(false).mono_ms + PATIENCE_MS;
    https_get(reply, &request, item->arena);
    if (reply->doc.status == 200)
        return true;
    item->no_reply = reply->doc.status == 0;
    item->trouble = item->no_reply ? reply->doc.why : "its server has it not";
    return false;
}

bool update_is_ahead(const struct update *u, const char *date)
{
    struct tm tm = {0};
    return u->now.wall_known && strptime(date, "%Y-%m-%d", &tm) &&
           (int64_t)timegm(&tm) > u->now.wall_s + 2 * (int64_t)DAY_S;
}

/* ---- one item ---- */

/* 0, or errno of why it could not be written. */
static int store(struct update_item *item)
{
    struct text path;
    text_init(&path);
    fetched_path(&path, item->file);
    item->written = fetched_write(path.data, item->body, item->length) == ERR_OK;
    int error = item->written ? 0 : errno;
    if (error)
        item->trouble = arena_printf(item->arena, "cannot write %s: %s", path.data, strerror(error));
    text_fini(&path);
    return error;
}

static const char *age_text(struct arena *a, const char *date, int64_t now_s)
{
    struct tm tm = {0};
    if (!strptime(date, "%Y-%m-%d", &tm))
        return "";
    int64_t days = (now_s - (int64_t)timegm(&tm)) / DAY_S;
    if (days < 1)
        return "today";
    if (days < 60)
        return arena_printf(a, "%lld day%s", (long long)days, days == 1 ? "" : "s");
    return days < 730 ? arena_printf(a, "%lld months", (long long)(days / 30))
                      : arena_printf(a, "%lld years", (long long)(days / 365));
}

static json_t *to_json(const struct update_item *item, int64_t now_s)
{
    struct tm tm = {0};
    json_t *j =
        json_pack("{s:s, s:s, s:b}", "item", item->name, "in_use", item->in_use, "built_in", item->built_in);
    if (strptime(item->in_use, "%Y-%m-%d", &tm))
        json_object_set_new(j, "age_days", json_integer((now_s - (json_int_t)timegm(&tm)) / DAY_S));
    if (item->found)
        json_object_set_new(j, "published", json_string(item->found));
    if (item->more)
        json_object_update(j, item->more);
    if (item->change_count) {
        json_t *changes = json_array();
        for (size_t i = 0; i < item->change_count; i++)
            json_array_append_new(changes, json_string(item->changes[i]));
        json_object_set_new(j, "changes", changes);
    }
    record_set_text(j, "trouble", item->trouble);
    record_set_text(j, "note", item->note);
    json_object_set_new(j, "newer", json_boolean(item->newer && (!item->trouble || item->written)));
    json_object_set_new(j, "written", json_boolean(item->written));
    return j;
}

static void view_line(struct out *out, enum out_style style, const char *s)
{
    out_put(out, style, "  ");
    out_words(out, style, s);
    out_end(out);
}

static void view(struct out *out, const struct update_item *item, int64_t now_s)
{
    if (out->format == OUT_JSON) {
        out_json(out, to_json(item, now_s));
        return;
    }
    bool refused = item->trouble && !item->written;
    out_put(out, STYLE_STRONG, item->label);
    out_column(out, COLUMN_DATE);
    out_put(out, STYLE_PLAIN, item->in_use);
    out_column(out, COLUMN_AGE);
    out_put(out, STYLE_DIM, age_text(item->arena, item->in_use, now_s));
    out_column(out, COLUMN_FROM);
    out_put(out, STYLE_DIM, item->built_in ? "built in" : "fetched");
    out_column(out, COLUMN_TEXT);
    if (refused)
        out_put(out, STYLE_WARN, item->no_reply ? "not to be had" : item->body ? "not kept" : "refused");
    else if (!item->newer)
        out_put(out, STYLE_GOOD, "newest");
    else
        out_printf(out, STYLE_GOOD, "%s %s, %s", item->written ? "now" : "new:", item->found, item->summary);
    out_end(out);
    if (refused)
        view_line(out, STYLE_WARN, item->trouble);
    for (size_t i = 0; !refused && i < item->change_count; i++)
        view_line(out, STYLE_DIM, item->changes[i]);
    if (item->note)
        view_line(out, STYLE_WARN, item->note);
}

/* 0: it is the newest now; 2: something newer is there (--check); 5: not to be had; 3: refused, or not
 * written. */
static enum status status_of(const struct update_item *item)
{
    if (item->trouble)
        return item->no_reply ? STATUS_NO_REPLY : STATUS_FAILURE;
    return item->newer && !item->written ? STATUS_NO_DATA : STATUS_ANSWER;
}

/* ---- all ---- */

static enum status run(const struct update *u, bool check, struct out *out)
{
    enum status worst = STATUS_ANSWER;
    bool root_changed = false;
    int error = 0;
    for (int i = 0; i < ITEMS_COUNT && !out->error; i++) {
        struct arena arena;
        struct update_item *item;
        arena_init(&arena);
        item = ARENA_NEW(&arena, struct update_item);
        item->arena = &arena;
        if (i == 0)
            update_root_anchors(item, u);
        else if (i == 1)
            update_root_hints(item, u); /* held against the keys, be they new */
        else
            update_list(item, u, (enum bootstrap_kind)(i - 2));
        if (item->newer && !item->trouble && !check)
            error = store(item);
        view(out, item, u->now.wall_s);
        root_changed = root_changed || (item->written && i < 2);
        worst = status_worst(worst, status_of(item));
        json_decref(item->more);
        arena_fini(&arena);
    }
    if ((error == ENOENT || error == EACCES) && out->format != OUT_JSON)
        out_line(out, STYLE_DIM, "%s %s; HARK_STATE names another folder",
            error == ENOENT ? "make the folder" : "another user may write to", fetched_folder());
    if (root_changed && out->format != OUT_JSON)
        out_line(out, STYLE_DIM, "a running harkd takes the root's with `hark ctl reload`");
    return worst;
}

/* False: what is wrong was said. */
static bool read_authorities(const char *path, struct update *u, struct arena *a)
{
    struct text why;
    size_t len;
    if (!path)
        return true;
    text_init(&why);
    char *pem = file_read(path, AUTHORITIES_OCTETS_MAX, &len, &why);
    if (pem)
        u->authorities = arena_strdup(a, pem);
    else
        out_complain("%s cannot be read: %s", path, why.data);
    mem_free(pem);
    text_fini(&why);
    return pem != NULL;
}

enum status cmd_update(const struct args *args, struct out *out)
{
    struct arena arena;
    struct config config;
    struct text complaint;
    enum status status = STATUS_USAGE;
    struct update u = {.config = &config, .now = now_read(false)};
    arena_init(&arena);
    text_init(&complaint);
    bool good = config_load(&config, &arena, NULL, &complaint) == ERR_OK;
    if (good)
        roots_settle(&config, &arena, &complaint);
    out_complain_lines(complaint.data);
    if (good && read_authorities(args->authorities, &u, &arena))
        status = run(&u, args->on[OPTION_CHECK], out);
    text_fini(&complaint);
    arena_fini(&arena);
    return status;
}
