#include "dnssec/anchors.h"

#include <assert.h>
#include <string.h>

#include "base/cursor.h"
#include "defs/limits.h"
#include "dns/rdata.h"
#include "dns/rrtype.h"
#include "dns/token.h"
#include "dnssec/pubkey.h"

#define DS_HEAD_LEN 4u /* RFC 4034 5.1 */

struct anchors *anchors_new(void)
{
    struct anchors *a = mem_alloc(sizeof *a);
    arena_init(&a->arena);
    return a;
}

void anchors_free(struct anchors *a)
{
    if (!a)
        return;
    arena_fini(&a->arena);
    mem_free(a);
}

/* items[count] with room for one more; it has doubled whenever count was a power of two. */
static void *room_for_one(struct arena *a, void *items, size_t count, size_t size)
{
    if (count & (count - 1))
        return items;
    void *grown = arena_alloc(a, (count ? 2 * count : 1) * size);
    if (count)
        memcpy(grown, items, count * size);
    return grown;
}

static const name_t *lower_dup(const name_t *name, struct arena *a)
{
    name_t *copy = name_dup(name, a);
    name_lower(copy);
    return copy;
}

/* ---- additions ---- */

static struct anchor *find(const struct anchors *a, const name_t *zone)
{
    for (size_t i = 0; i < a->count; i++)
        if (name_equal(a->items[i].zone, zone))
            return &a->items[i];
    return NULL;
}

static struct rrset empty_set(const name_t *zone, uint16_t type)
{
    return (struct rrset){.owner = zone,
        .type = type,
        .class = CLASS_IN,
        .ttl = TTL_MAX_DEFAULT,
        .rank = RANK_ANSWER,
        .verdict = VERDICT_SECURE};
}

void anchors_add(struct anchors *a, const name_t *zone, uint16_t type, const struct rdata *rd)
{
    assert(type == TYPE_DS || type == TYPE_DNSKEY);
    struct anchor *anchor = find(a, zone);
    if (!anchor) {
        a->items = room_for_one(&a->arena, a->items, a->count, sizeof *a->items);
        anchor = &a->items[a->count++];
        const name_t *own = lower_dup(zone, &a->arena);
        *anchor =
            (struct anchor){.zone = own, .ds = empty_set(own, TYPE_DS), .keys = empty_set(own, TYPE_DNSKEY)};
    }
    struct rdata copy = {.data = arena_copy(&a->arena, rd->data, rd->len), .len = rd->len};
    rrset_add(type == TYPE_DS ? &anchor->ds : &anchor->keys, copy, &a->arena);
}

struct anchors *anchors_copy(const struct anchors *a)
{
    struct anchors *copy = anchors_new();
    for (size_t i = 0; i < a->count; i++) {
        const struct anchor *it = &a->items[i];
        for (unsigned n = 0; n < it->ds.count; n++)
            anchors_add(copy, it->zone, TYPE_DS, &it->ds.rdata[n]);
        for (unsigned n = 0; n < it->keys.count; n++)
            anchors_add(copy, it->zone, TYPE_DNSKEY, &it->keys.rdata[n]);
        struct anchor *own = find(copy, it->zone);
        if (own) /* one whose keys were all taken away is none */
            own->unsupported = it->unsupported;
    }
    for (size_t i = 0; i < a->negative_count; i++)
        anchors_add_negative(copy, a->negatives[i].zone, a->negatives[i].until_s);
    return copy;
}

static bool sets_equal(const struct rrset *a, const struct rrset *b)
{
    bool equal = a->count == b->count;
    for (unsigned i = 0; equal && i < a->count; i++)
        equal = a->rdata[i].len == b->rdata[i].len &&
                memcmp(a->rdata[i].data, b->rdata[i].data, a->rdata[i].len) == 0;
    return equal;
}

bool anchors_equal(const struct anchors *a, const struct anchors *b)
{
    bool equal = a->count == b->count && a->negative_count == b->negative_count;
    for (size_t i = 0; equal && i < a->count; i++)
        equal = name_equal(a->items[i].zone, b->items[i].zone) &&
                a->items[i].unsupported == b->items[i].unsupported &&
                sets_equal(&a->items[i].ds, &b->items[i].ds) &&
                sets_equal(&a->items[i].keys, &b->items[i].keys);
    for (size_t i = 0; equal && i < a->negative_count; i++)
        equal = name_equal(a->negatives[i].zone, b->negatives[i].zone) &&
                a->negatives[i].until_s == b->negatives[i].until_s;
    return equal;
}

void anchors_add_builtin(struct anchors *a)
{
    static const struct {
        uint16_t tag;
        uint8_t algorithm, digest_type;
        const char *digest;
    } rows[] = {
#define ROOT_ANCHOR(tag, algorithm, digest_type, digest) {tag, algorithm, digest_type, digest},
#include "defs/anchors.def"
#undef ROOT_ANCHOR
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t ds[DS_HEAD_LEN + 64];
        put_u16(ds, rows[i].tag);
        ds[2] = rows[i].algorithm;
        ds[3] = rows[i].digest_type;
        long n = text_unhex(rows[i].digest, strlen(rows[i].digest), ds + DS_HEAD_LEN, 64);
        assert(n > 0);
        anchors_add(a, NAME_ROOT, TYPE_DS, &(struct rdata){.data = ds, .len = (uint16_t)(DS_HEAD_LEN + n)});
    }
}

void anchors_add_negative(struct anchors *a, const name_t *zone, int64_t until_s)
{
    for (size_t i = 0; i < a->negative_count; i++)
        if (name_equal(a->negatives[i].zone, zone)) {
            if (a->negatives[i].until_s < until_s)
                a->negatives[i].until_s = until_s;
            return;
        }
    a->negatives = room_for_one(&a->arena, a->negatives, a->negative_count, sizeof *a->negatives);
    a->negatives[a->negative_count++] =
        (struct negative_anchor){.zone = lower_dup(zone, &a->arena), .until_s = until_s};
}

/* ---- keys by name ---- */

/* Keys that an anchor names are without REVOKE. */
static bool same_key(const struct rdata *a, const struct rdata *b)
{
    return a->len == b->len && a->data[0] == b->data[0] &&
           ((a->data[1] ^ b->data[1]) & ~DNSKEY_FLAG_REVOKE) == 0 &&
           memcmp(a->data + 2, b->data + 2, a->len - 2u) == 0;
}

/* Does the DS name it? A digest that we have no arithmetic for names nothing. */
static bool ds_names(const struct rdata *ds, const name_t *zone, const struct rdata *key)
{
    struct arena scratch;
    struct rdata made;
    arena_init(&scratch);
    bool named = ds_make(zone, key, ds->data[3], &scratch, &made) && made.len == ds->len &&
                 memcmp(made.data, ds->data, ds->len) == 0;
    arena_fini(&scratch);
    return named;
}

bool anchor_has_key(const struct anchor *anchor, const struct rdata *key)
{
    for (unsigned i = 0; i < anchor->keys.count; i++)
        if (same_key(&anchor->keys.rdata[i], key))
            return true;
    for (unsigned i = 0; i < anchor->ds.count; i++)
        if (ds_names(&anchor->ds.rdata[i], anchor->zone, key))
            return true;
    return false;
}

void anchors_remove_key(struct anchors *a, const name_t *zone, const struct rdata *key)
{
    struct anchor *anchor = find(a, zone);
    unsigned keys = 0, ds = 0;
    if (!anchor)
        return;
    for (unsigned i = 0; i < anchor->keys.count; i++)
        if (!same_key(&anchor->keys.rdata[i], key))
            anchor->keys.rdata[keys++] = anchor->keys.rdata[i];
    for (unsigned i = 0; i < anchor->ds.count; i++)
        if (!ds_names(&anchor->ds.rdata[i], anchor->zone, key))
            anchor->ds.rdata[ds++] = anchor->ds.rdata[i];
    anchor->keys.count = (uint16_t)keys;
    anchor->ds.count = (uint16_t)ds;
}

/* ---- master-file text ---- */

static enum err wrong(struct text *complaint, const char *why)
{
    if (complaint)
        text_add(complaint, why);
    return ERR_FORMAT;
}

/* The octets of the first entry, with the end of its line. Quotes and escapes have no place in one that is
 * right, and hide nothing here but ends of lines, which makes one that is wrong longer. */
static size_t entry_len(const char *text, size_t len)
{
    size_t depth = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == ';')
            while (i + 1 < len && text[i + 1] != '\n')
                i++;
        else if (text[i] == '(')
            depth++;
        else if (text[i] == ')')
            depth -= depth > 0;
        else if (text[i] == '\n' && !depth)
            return i + 1;
    }
    return len;
}

static bool is_anchor_type(const struct token *k, uint16_t *type)
{
    if (token_is(k, "DS") || token_is(k, "TYPE43"))
        *type = TYPE_DS;
    else if (token_is(k, "DNSKEY") || token_is(k, "TYPE48"))
        *type = TYPE_DNSKEY;
    else
        return false;
    return true;
}

/* TTL and class, in either order or not there (RFC 1035 5.1), then the type. */
static enum err read_type(struct lexer *l, uint16_t *type, struct text *complaint)
{
    bool ttl_seen = false, class_seen = false;
    struct token k;
    while (lexer_next(l, &k)) {
        uint32_t ttl;
        uint16_t class;
        if (is_anchor_type(&k, type))
            return ERR_OK;
        if (!class_seen && rrclass_from_text(&class, k.text, k.len) == ERR_OK) {
            if (class != CLASS_IN)
                return wrong(complaint, "is of a class other than IN");
            class_seen = true;
        } else if (!ttl_seen && token_ttl(&k, &ttl) == ERR_OK) {
            ttl_seen = true;
        } else {
            return wrong(complaint, "is neither a DS nor a DNSKEY record");
        }
    }
    return wrong(complaint, "is neither a DS nor a DNSKEY record");
}

static enum err check_ds(const uint8_t *p, size_t len, struct text *complaint)
{
    static const struct {
        uint8_t type, octets;
    } digests[] = {
#define DIGEST(name, number, text, octets, use) {number, octets},
#include "defs/digest.def"
#undef DIGEST
    };
    for (size_t i = 0; i < sizeof digests / sizeof digests[0]; i++)
        if (p[3] == digests[i].type && len - DS_HEAD_LEN != digests[i].octets) {
            if (complaint)
                text_printf(complaint, "has a digest of %zu octets: those of type %u have %u",
                    len - DS_HEAD_LEN, digests[i].type, digests[i].octets);
            return ERR_FORMAT;
        }
    return ERR_OK;
}

static enum err check_key(const uint8_t *p, struct text *complaint)
{
    if (!(get_u16(p) & DNSKEY_FLAG_ZONE))
        return wrong(complaint, "is no key of a zone: its flags are 257 or 256 (RFC 4034 2.1.1)");
    if (get_u16(p) & DNSKEY_FLAG_REVOKE)
        return wrong(complaint, "is a revoked key (RFC 5011 2.1)");
    if (p[2] != 3)
        return wrong(complaint, "is of a protocol other than 3 (RFC 4034 2.1.2)");
    return ERR_OK;
}

/* One entry; *some: it held a record. */
static enum err add_entry(struct anchors *a, const char *text, size_t len, bool *some, struct text *complaint)
{
    struct lexer l = lexer_of(text, len);
    struct token first;
    name_t owner[NAME_MAX_LEN];
    uint16_t type, class;
    struct rdata rd;
    if (!lexer_next(&l, &first))
        return l.bad ? wrong(complaint, "has a quote or parenthesis without its twin") : ERR_OK;
    *some = true;
    name_copy(owner, NAME_ROOT);
    if (!is_anchor_type(&first, &type)) {
        /* "IN DS …" could mean the root, and could mean in. */
        if (rrclass_from_text(&class, first.text, first.len) == ERR_OK)
            return wrong(complaint, "begins with its class: the owner's name comes first, \".\" is the root");
        if (first.quoted || name_from_text(owner, first.text, first.len, NULL))
            return wrong(complaint, "does not begin with a name");
        enum err err = read_type(&l, &type, complaint);
        if (err)
            return err;
    }
    if (rdata_from_text(&rd, type, CLASS_IN, text + l.pos, len - l.pos, NULL, &a->arena))
        return wrong(complaint, type == TYPE_DS
                                    ? "is not of the form OWNER DS TAG ALGORITHM DIGEST-TYPE DIGEST"
                                    : "is not of the form OWNER DNSKEY FLAGS PROTOCOL ALGORITHM KEY");
    enum err err = type == TYPE_DS ? check_ds(rd.data, rd.len, complaint) : check_key(rd.data, complaint);
    if (!err)
        anchors_add(a, owner, type, &rd);
    return err;
}

enum err anchors_add_text(struct anchors *a, const char *text, size_t len, struct text *complaint)
{
    bool some = false;
    enum err err = ERR_OK;
    for (size_t pos = 0, n; pos < len && !err; pos += n) {
        n = entry_len(text + pos, len - pos);
        err = add_entry(a, text + pos, n, &some, complaint);
    }
    return err ? err : some ? ERR_OK : wrong(complaint, "holds no record");
}

/* ---- use ---- */

static bool is_usable(const struct anchor *anchor, const struct dnssec_policy *policy)
{
    for (unsigned i = 0; i < anchor->ds.count; i++) {
        const struct rdata *rd = &anchor->ds.rdata[i];
        if (policy_verifies(policy, rd->data[2]) && policy_digests(policy, rd->data[3]))
            return true;
    }
    for (unsigned i = 0; i < anchor->keys.count; i++) {
        struct dnskey key;
        if (dnskey_read(&anchor->keys.rdata[i], &key) && policy_verifies(policy, key.algorithm) &&
            !dnskey_is_short(&key, policy))
            return true;
    }
    return false;
}

void anchors_settle(struct anchors *a, const struct dnssec_policy *policy)
{
    for (size_t i = 0; i < a->count; i++)
        a->items[i].unsupported = !is_usable(&a->items[i], policy);
}

enum trust anchors_closest(const struct anchors *a, const name_t *name, int64_t wall_s,
    const struct anchor **out, const struct negative_anchor **negative)
{
    const struct anchor *anchor = NULL;
    const struct negative_anchor *denied = NULL;
    unsigned anchor_depth = 0, denied_depth = 0;
    for (size_t i = 0; a && i < a->count; i++) {
        const struct anchor *it = &a->items[i];
        unsigned depth = name_labels(it->zone);
        if (!it->unsupported && (!anchor || depth > anchor_depth) && name_is_within(name, it->zone)) {
            anchor = it;
            anchor_depth = depth;
        }
    }
    for (size_t i = 0; a && i < a->negative_count; i++) {
        const struct negative_anchor *it = &a->negatives[i];
        unsigned depth = name_labels(it->zone);
        if (it->until_s > wall_s && (!denied || depth > denied_depth) && name_is_within(name, it->zone)) {
            denied = it;
            denied_depth = depth;
        }
    }
    if (out)
        *out = NULL;
    if (negative)
        *negative = NULL;
    if (denied && (!anchor || denied_depth >= anchor_depth)) {
        if (negative)
            *negative = denied;
        return TRUST_NEGATIVE;
    }
    if (!anchor)
        return TRUST_NONE;
    if (out)
        *out = anchor;
    return TRUST_ANCHOR;
}

static unsigned tag_add(uint16_t *tags, unsigned count, uint16_t tag)
{
    unsigned at = 0;
    while (at < count && tags[at] < tag)
        at++;
    if (count == ANCHOR_TAGS_MAX || (at < count && tags[at] == tag))
        return count;
    memmove(tags + at + 1, tags + at, (count - at) * sizeof *tags);
    tags[at] = tag;
    return count + 1;
}

unsigned anchor_tags(const struct anchor *anchor, uint16_t *tags)
{
    unsigned count = 0;
    for (unsigned i = 0; i < anchor->ds.count; i++)
        count = tag_add(tags, count, get_u16(anchor->ds.rdata[i].data));
    for (unsigned i = 0; i < anchor->keys.count; i++)
        count = tag_add(tags, count, dnskey_tag(&anchor->keys.rdata[i]));
    return count;
}
