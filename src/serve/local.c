#include "serve/local.h"

#include <assert.h>
#include <string.h>

#include "dns/msg.h"

#define LOCAL_TTL 10800u /* RFC 6303 3 */

enum local_kind {
    LOCAL_OFF,
    LOCAL_LOOPBACK,
    LOCAL_POINTER,
    LOCAL_POINTED,
    LOCAL_NOWHERE,
    LOCAL_EMPTY,
    LOCAL_NODATA
};

static const struct {
    const char *text;
    enum local_kind kind;
} ROWS[] = {
#define LOCAL(name, kind, source) {name, LOCAL_##kind},
#include "defs/local.def"
#undef LOCAL
};
#define ROW_COUNT (sizeof ROWS / sizeof ROWS[0])

struct local_zone {
    const name_t *name;
    size_t len;
    enum local_kind kind;
};

struct local_zones {
    struct local_zone zones[ROW_COUNT];
};

static bool is_off(const name_t *zone, const name_t *const *off, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (name_is_within(zone, off[i]))
            return true;
    return false;
}

const struct local_zones *local_zones_new(const name_t *const *off, size_t count, struct arena *a)
{
    struct local_zones *z = ARENA_NEW(a, struct local_zones);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        name_t name[NAME_MAX_LEN];
        enum err err = name_from_text(name, ROWS[i].text, strlen(ROWS[i].text), NULL);
        assert(!err && "a name of local.def does not read");
        (void)err;
        z->zones[i] = (struct local_zone){.name = name_dup(name, a),
            .len = name_len(name),
            .kind = is_off(name, off, count) ? LOCAL_OFF : ROWS[i].kind};
    }
    return z;
}

static const struct local_zone *zone_of(const struct local_zones *z, const name_t *name)
{
    const struct local_zone *best = NULL;
    size_t len = name_len(name);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct local_zone *zone = &z->zones[i];
        if (zone->len > len || (best && best->len >= zone->len))
            continue;
        if (name[len - zone->len] == zone->name[0] && name_is_within(name, zone->name))
            best = zone;
    }
    return best;
}

/* Is there a name of the table below this one? Then it exists, with nothing at it (RFC 8020). */
static bool has_names_below(const struct local_zones *z, const name_t *name)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (name_is_within(z->zones[i].name, name))
            return true;
    return false;
}

static void add_record(
    struct rrset_list *list, const name_t *owner, uint16_t type, struct rdata rd, struct arena *a)
{
    struct rrset *rs = ARENA_NEW(a, struct rrset);
    *rs = (struct rrset){
        .owner = owner, .type = type, .class = CLASS_IN, .ttl = LOCAL_TTL, .verdict = VERDICT_INSECURE};
    rrset_add(rs, rd, a);
    rrset_list_add(list, rs, a);
}

static struct rdata rdata_of(const void *data, size_t len, struct arena *a)
{
    return (struct rdata){.data = arena_copy(a, data, len), .len = (uint16_t)len};
}

/* RFC 6303 3: "@ 10800 IN SOA @ nobody.invalid. 1 3600 1200 604800 10800". */
static struct rdata soa_of(const name_t *zone, struct arena *a)
{
    static const uint8_t mailbox[] = "\x06nobody\x07invalid";
    static const uint32_t numbers[] = {1, 3600, 1200, 604800, LOCAL_TTL};
    uint8_t buf[2 * NAME_MAX_LEN + 20];
    struct writer w = writer_of(buf, sizeof buf);
    write_octets(&w, zone, name_len(zone));
    write_octets(&w, mailbox, sizeof mailbox);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        write_u32(&w, numbers[i]);
    return rdata_of(buf, w.pos, a);
}

static void answer_loopback(const name_t *name, uint16_t type, struct arena *a, struct outcome *out)
{
    static const uint8_t v4[4] = {127, 0, 0, 1}, v6[16] = {[15] = 1};
    if (type == TYPE_A)
        add_record(&out->answer, name, type, rdata_of(v4, 4, a), a);
    else if (type == TYPE_AAAA)
        add_record(&out->answer, name, type, rdata_of(v6, 16, a), a);
}

/* RFC 6303 3: every zone has these two, whatever else. */
static void answer_apex(
    const struct local_zone *zone, const name_t *name, uint16_t type, struct arena *a, struct outcome *out)
{
    if (type == TYPE_SOA)
        add_record(&out->answer, name, type, soa_of(zone->name, a), a);
    else if (type == TYPE_NS)
        add_record(&out->answer, name, type, rdata_of(zone->name, zone->len, a), a);
}

/* ANY gets one RRset that the name has (RFC 8482 4.1), if it has one: the first of these that it has. */
static uint16_t type_for_any(enum local_kind kind, bool here, bool apex)
{
    if (kind == LOCAL_LOOPBACK)
        return TYPE_A;
    if (here && (kind == LOCAL_POINTER || kind == LOCAL_POINTED))
        return TYPE_PTR;
    return apex ? TYPE_SOA : TYPE_ANY;
}

/* The zone that a row's name is in: another row's, if it is none itself. */
static const struct local_zone *holder_of(const struct local_zones *z, const struct local_zone *row)
{
    const struct local_zone *above =
        row->kind == LOCAL_POINTED ? zone_of(z, name_parent(row->name, 1)) : NULL;
    return above ? above : row;
}

bool local_answer(
    const struct local_zones *z, const name_t *name, uint16_t type, struct arena *a, struct outcome *out)
{
    const struct local_zone *row = zone_of(z, name);
    if (!row || row->kind == LOCAL_OFF)
        return false;
    enum local_kind kind = row->kind;
    const struct local_zone *zone = holder_of(z, row);
    bool here = name_len(name) == row->len, apex = here && zone == row && kind != LOCAL_NOWHERE;
    /* DS belongs to the parent (RFC 4035 3.1.4.1), which says there whether the zone is signed;
     * RFC 8375 4 wants it asked. */
    if (type == TYPE_DS && apex && (kind == LOCAL_EMPTY || kind == LOCAL_NODATA))
        return false;
    if (type == TYPE_ANY)
        type = type_for_any(kind, here, apex);
    *out = (struct outcome){
        .rcode = RCODE_NOERROR, .verdict = VERDICT_INSECURE, .from_cache = true, .reason.ede = EDE_NONE};
    if (apex)
        answer_apex(zone, name, type, a, out);
    if (kind == LOCAL_LOOPBACK)
        answer_loopback(name, type, a, out);
    else if ((kind == LOCAL_POINTER || kind == LOCAL_POINTED) && here && type == TYPE_PTR)
        add_record(&out->answer, name, type, rdata_of("\x09localhost", 11, a), a);
    else if (kind == LOCAL_NOWHERE || (kind != LOCAL_NODATA && !here && !has_names_below(z, name)))
        out->rcode = RCODE_NXDOMAIN;
    if (out->answer.count == 0)
        add_record(&out->authority, zone->name, TYPE_SOA, soa_of(zone->name, a), a);
    return true;
}
