/* Settings of trust: anchors, files of them, and negative ones. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/file.h"
#include "lib/option_inner.h"

#define DATE_FORM "%Y-%m-%dT%H:%M:%SZ"
#define ANCHOR_FILE_MAX 65536u /* octets; the root's has 2 kB */

/* Reads as records? Says why not. */
static enum err check_records(const struct setting *s, const char *text, size_t len)
{
    struct anchors *scratch = anchors_new();
    enum err err = anchors_add_text(scratch, text, len, s->says);
    anchors_free(scratch);
    return err;
}

enum err option_set_anchors(const struct setting *s)
{
    const char **list = ARENA_ARRAY(s->arena, const char *, s->count);
    for (size_t i = 0; i < s->count; i++) {
        *s->bad = i;
        enum err err = check_records(s, s->values[i], strlen(s->values[i]));
        if (err)
            return err;
        list[i] = arena_strdup(s->arena, s->values[i]);
    }
    *(struct config_texts *)option_field(s->option, s->config) =
        (struct config_texts){.items = list, .count = s->count};
    return ERR_OK;
}

static enum err read_anchor_file(const struct setting *s, const char *path, const char **out)
{
    struct text why;
    size_t len;
    if (path[0] != '/')
        return ERR_FORMAT;
    text_init(&why);
    char *text = file_read(path, ANCHOR_FILE_MAX, &len, &why);
    enum err err = text ? ERR_OK : ERR_SYSTEM;
    if (!text)
        text_printf(s->says, "cannot be read: %s", why.data);
    if (!err)
        err = check_records(s, text, len);
    if (!err)
        *out = arena_strdup(s->arena, text);
    mem_free(text);
    text_fini(&why);
    return err;
}

enum err option_set_anchor_files(const struct setting *s)
{
    const char **paths = ARENA_ARRAY(s->arena, const char *, s->count);
    const char **texts = ARENA_ARRAY(s->arena, const char *, s->count);
    for (size_t i = 0; i < s->count; i++) {
        *s->bad = i;
        enum err err = read_anchor_file(s, s->values[i], &texts[i]);
        if (err)
            return err;
        paths[i] = arena_strdup(s->arena, s->values[i]);
    }
    *(struct config_anchor_files *)option_field(s->option, s->config) =
        (struct config_anchor_files){.paths = paths, .texts = texts, .count = s->count};
    return ERR_OK;
}

void option_date_text(struct text *t, int64_t wall_s)
{
    time_t when = (time_t)wall_s;
    struct tm tm;
    char buf[64];
    if (gmtime_r(&when, &tm) && strftime(buf, sizeof buf, DATE_FORM, &tm))
        text_add(t, buf);
}

/* 2027-01-31, or 2027-01-31T12:00:00Z. */
static bool read_date(const char *text, int64_t *out)
{
    struct tm tm = {0};
    char whole[64], again[64];
    int n = snprintf(whole, sizeof whole, "%s%s", text, strchr(text, 'T') ? "" : "T00:00:00Z");
    const char *end = n < (int)sizeof whole ? strptime(whole, DATE_FORM, &tm) : NULL;
    if (!end || *end)
        return false;
    *out = timegm(&tm);
    /* timegm() takes the 31st of February for the 3rd of March. */
    return *out > 0 && strftime(again, sizeof again, DATE_FORM, &tm) && strcmp(again, whole) == 0;
}

static bool read_negative(const char *value, struct negative_anchor *out, struct arena *a)
{
    name_t zone[NAME_MAX_LEN];
    char *words = arena_strdup(a, value), *rest = NULL;
    const char *name = strtok_r(words, " \t", &rest), *until = strtok_r(NULL, " \t", &rest);
    out->until_s = INT64_MAX;
    if (!name || strtok_r(NULL, " \t", &rest) || name_from_text(zone, name, strlen(name), NULL) ||
        (until && !read_date(until, &out->until_s)))
        return false;
    out->zone = name_dup(zone, a);
    return true;
}

enum err option_set_negative_anchors(const struct setting *s)
{
    struct negative_anchor *list = ARENA_ARRAY(s->arena, struct negative_anchor, s->count);
    for (size_t i = 0; i < s->count; i++) {
        *s->bad = i;
        if (!read_negative(s->values[i], &list[i], s->arena))
            return ERR_FORMAT;
    }
    *(struct config_negatives *)option_field(s->option, s->config) =
        (struct config_negatives){.items = list, .count = s->count};
    return ERR_OK;
}
