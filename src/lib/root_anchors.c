#include "lib/root_anchors.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cursor.h"
#include "lib/fetched.h"

#define ROOT_ANCHOR(tag, algorithm, digest_type, digest)
#include "defs/anchors.def"
#undef ROOT_ANCHOR

#define TIME_FORM "%Y-%m-%dT%H:%M:%SZ"

const char ROOT_ANCHORS_BUILT_IN[] = ROOT_ANCHORS_DATE;

int64_t root_anchors_built_in_s(void)
{
    struct tm tm = {0};
    return strptime(ROOT_ANCHORS_BUILT_IN, "%Y-%m-%d", &tm) ? (int64_t)timegm(&tm) : 0;
}

bool root_key_is_valid(const struct root_key *k, int64_t now_s)
{
    return k->from_s <= now_s && now_s < k->until_s;
}

/* ---- the file ---- */

static void add_time(struct text *t, const char *word, int64_t when_s)
{
    time_t when = (time_t)when_s;
    struct tm tm;
    char text[64];
    if (gmtime_r(&when, &tm) && strftime(text, sizeof text, TIME_FORM, &tm))
        text_printf(t, "; %s %s\n", word, text);
}

unsigned root_anchors_write(
    const struct root_anchors *anchors, int64_t signed_s, int64_t now_s, struct text *t)
{
    unsigned count = 0;
    text_add(t, "; The root's trust anchors as IANA signed them; written by hark update.\n");
    add_time(t, "signed", signed_s);
    add_time(t, "fetched", now_s);
    for (unsigned i = 0; i < anchors->count; i++) {
        const struct rdata *ds = &anchors->keys[i].ds;
        if (!root_key_is_valid(&anchors->keys[i], now_s))
            continue;
        text_printf(t, ". DS %u %u %u ", get_u16(ds->data), ds->data[2], ds->data[3]);
        text_hex(t, ds->data + 4, ds->len - 4u);
        text_char(t, '\n');
        count++;
    }
    fetched_seal(t);
    return count;
}

static bool read_time(const char *text, const char *word, int64_t *out)
{
    struct tm tm = {0};
    const char *at = strstr(text, word);
    if (!at || !strptime(at + strlen(word), TIME_FORM, &tm))
        return false;
    *out = (int64_t)timegm(&tm);
    return true;
}

enum err root_anchors_fetched(struct root_anchors_file *out, struct text *why)
{
    struct text path;
    *out = (struct root_anchors_file){0};
    text_init(&path);
    fetched_path(&path, ROOT_ANCHORS_FILE);
    enum err err = fetched_read(&out->text, &out->len, path.data, ROOT_ANCHORS_OCTETS_MAX, why);
    if (!err && (!read_time(out->text, "\n; signed ", &out->signed_s) ||
                    !read_time(out->text, "\n; fetched ", &out->fetched_s))) {
        text_printf(why, "%s does not say when it was signed and fetched", path.data);
        mem_free(out->text);
        out->text = NULL;
        err = ERR_FORMAT;
    }
    text_fini(&path);
    return err;
}
