#include "daemon/trust_json.h"

#include <string.h>
#include <time.h>

#include "base/cursor.h"
#include "base/text.h"
#include "dns/rrtype.h"
#include "lib/roots.h"

const char *trust_date(int64_t wall_s, char buf[32])
{
    time_t when = (time_t)wall_s;
    struct tm tm;
    if (!gmtime_r(&when, &tm) || !strftime(buf, 32, "%Y-%m-%dT%H:%M:%SZ", &tm))
        memcpy(buf, "-", 2);
    return buf;
}

static json_t *date(int64_t wall_s)
{
    char buf[32];
    return wall_s > 0 && wall_s != INT64_MAX ? json_string(trust_date(wall_s, buf)) : json_null();
}

static json_t *ds_json(const struct anchor *a, const struct rdata *rd, const char *zone)
{
    struct text digest;
    text_init(&digest);
    text_hex(&digest, rd->data + 4, rd->len - 4u);
    json_t *j = json_pack("{s:s, s:s, s:i, s:i, s:i, s:s, s:b}", "zone", zone, "type", "DS", "tag",
        get_u16(rd->data), "algorithm", rd->data[2], "digest_type", rd->data[3], "digest", digest.data,
        "usable", !a->unsupported);
    text_fini(&digest);
    return j;
}

static json_t *key_json(const struct anchor *a, const struct rdata *rd, const char *zone)
{
    return json_pack("{s:s, s:s, s:i, s:i, s:i, s:b}", "zone", zone, "type", "DNSKEY", "tag", dnskey_tag(rd),
        "algorithm", rd->data[3], "flags", get_u16(rd->data), "usable", !a->unsupported);
}

static json_t *anchors_json(const struct anchors *a)
{
    json_t *list = json_array();
    for (size_t i = 0; a && i < a->count; i++) {
        const struct anchor *it = &a->items[i];
        char zone[NAME_TEXT_LEN];
        name_text(it->zone, zone);
        for (unsigned n = 0; n < it->ds.count; n++)
            json_array_append_new(list, ds_json(it, &it->ds.rdata[n], zone));
        for (unsigned n = 0; n < it->keys.count; n++)
            json_array_append_new(list, key_json(it, &it->keys.rdata[n], zone));
    }
    return list;
}

json_t *trust_json_negatives(const struct trust_facts *f)
{
    json_t *list = json_array();
    for (size_t i = 0; f->anchors && i < f->anchors->negative_count; i++) {
        const struct negative_anchor *n = &f->anchors->negatives[i];
        char zone[NAME_TEXT_LEN];
        bool ours = false;
        for (size_t k = 0; k < f->nta_count; k++)
            ours |= name_equal(f->ntas[k].zone, n->zone);
        json_array_append_new(list, json_pack("{s:s, s:o, s:s}", "zone", name_text(n->zone, zone), "until",
                                        date(n->until_s), "by", ours ? "ctl" : "settings"));
    }
    return list;
}

static json_t *root_json(const struct trust_facts *f)
{
    json_t *keys = json_array();
    for (unsigned i = 0; i < f->root.count; i++) {
        const struct rfc5011_key *k = &f->root.keys[i];
        struct rdata rd = {.data = k->data, .len = k->len};
        json_array_append_new(keys,
            json_pack("{s:i, s:i, s:s, s:o, s:o}", "tag", dnskey_tag(&rd), "algorithm", k->data[3], "state",
                rfc5011_state_text(k->state), "since", date(k->since_s), "until", date(k->until_s)));
    }
    struct text from, servers;
    text_init(&from);
    text_init(&servers);
    trust_origin_text(&f->origin, &from);
    roots_text(&f->roots, &servers);
    json_t *j = json_pack("{s:b, s:s, s:s, s:o, s:o, s:o, s:s?}", "followed", f->follows, "from", from.data,
        "servers_from", servers.data, "keys", keys, "seen", date(f->root.seen_s), "next",
        f->follows ? date(f->root.next_s) : json_null(), "folder", f->folder[0] ? f->folder : NULL);
    text_fini(&servers);
    text_fini(&from);
    return j;
}

json_t *trust_json(const struct trust_facts *f)
{
    return json_pack("{s:b, s:b, s:o, s:o, s:o}", "validates", f->validates, "clock_known", f->clock_known,
        "anchors", anchors_json(f->anchors), "negative", trust_json_negatives(f), "root", root_json(f));
}
