#include <string.h>

#include "control/control.h"
#include "dns/rrtype.h"

static json_t *error_json(const char *text)
{
    return json_pack("{s:s}", "error", text);
}

static bool is_word(const char *word, const char *wanted)
{
    return strcmp(word, wanted) == 0;
}

static bool read_name(const char *word, name_t out[NAME_MAX_LEN])
{
    return name_from_text(out, word, strlen(word), NULL) == ERR_OK;
}

static json_t *flushed(const struct cache_view *v, const char *what, const name_t *name, size_t items)
{
    char text[NAME_TEXT_LEN] = "";
    json_t *o = json_pack("{s:s, s:I}", "flushed", what, "items", (json_int_t)items);
    if (name)
        json_object_set_new(o, "name", json_string(name_text(name, text)));
    cache_rest(v->cache);
    return o;
}

static json_t *flush_all(const struct cache_view *v)
{
    struct store_stats s;
    cache_stats(v->cache, &s);
    cache_clear(v->cache);
    return flushed(v, "all", NULL, (size_t)s.items);
}

/* "all" is everything, "all." a name. */
static json_t *flush(const struct cache_view *v, const char *const *words, unsigned count)
{
    name_t name[NAME_MAX_LEN];
    bool zone = count == 2 && is_word(words[0], "--zone");
    if (count != 1u + zone || (!zone && strncmp(words[0], "--", 2) == 0))
        return control_misused("flush is followed by NAME, --zone ZONE or all");
    if (!zone && is_word(words[0], "all"))
        return flush_all(v);
    if (!read_name(words[zone], name))
        return control_misused("that is no name");
    return zone ? flushed(v, "zone", name, cache_flush_zone(v->cache, name))
                : flushed(v, "name", name, cache_flush_name(v->cache, name));
}

static json_t *get(const struct cache_view *v, const char *const *words, unsigned count)
{
    name_t name[NAME_MAX_LEN];
    uint16_t type = TYPE_NONE;
    if (count < 1 || count > 2)
        return control_misused("get is followed by NAME or NAME TYPE");
    if (!read_name(words[0], name))
        return control_misused("that is no name");
    if (count == 2 && rrtype_from_text(&type, words[1], strlen(words[1])))
        return control_misused("that is no record type; by number: TYPE65");
    if (type != TYPE_NONE && rrtype_is_meta(type))
        return control_misused(
            "nothing is remembered of that type; without a type, what is known of all is told");
    return cache_view_name(v, name, type);
}

json_t *control_cache_ask(
    const struct cache_view *v, bool may_write, const char *const *words, unsigned count)
{
    if (count && is_word(words[0], "get"))
        return get(v, words + 1, count - 1);
    if (count <= 1 && (count == 0 || is_word(words[0], "stats")))
        return cache_view_stats(v);
    if (!is_word(words[0], "flush"))
        return control_misused(
            "cache is followed by get NAME [TYPE], flush NAME, flush --zone ZONE, flush all or stats");
    if (!may_write)
        return error_json("not allowed: only root, and harkd's own user and group, may ask for that");
    return flush(v, words + 1, count - 1);
}
