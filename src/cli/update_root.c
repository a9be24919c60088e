/* The root's servers and keys.
 *
 * named.root is signed with PGP alone, which nothing here can check. What is checked: the certificate of the
 * server that it comes from, its form, that each of the 13 servers has public addresses of both families,
 * that it is not older than what is in use, and that who answers at its new addresses has the root zone with
 * signatures that our trust anchors lead to.
 *
 * root-anchors.xml has a signature that counts on its own (RFC 9718): it is held against ICANN's certificate.
 * A document that is older than one that was kept, or does not know a key that is compiled in, is refused; so
 * is one by whose keys the root's own are not signed. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cursor.h"
#include "cli/update.h"
#include "dns/record.h"
#include "lib/drive.h"
#include "lib/fetched.h"
#include "lib/root_anchors.h"
#include "lib/roots.h"
#include "lib/trust.h"

#define HINTS_URL "https://www.internic.net/domain/named.root"
#define ANCHORS_URL "https://data.iana.org/root-anchors/root-anchors"
#define ROOT_PATIENCE_MS 5000u
#define AUTHORITY_WARNING_S ((int64_t)2 * 365 * 86400) /* ICANN overlaps them by about that */
#define CLOCK_TROUBLE "the clock is wrong, so nobody can say which signatures hold"

/* ---- asking the root ---- */

enum said { SAID_NOTHING, SAID_SIGNED, SAID_WRONG };

/* Asks those servers who the root's servers are, and holds the answer against those anchors. */
static enum said ask_root(
    const struct update *u, const struct root_hint *hints, size_t count, const struct anchors *anchors)
{
    struct config config = *u->config;
    struct question q = {.name = NAME_ROOT,
        .type = TYPE_NS,
        .class = CLASS_IN,
        .dnssec_ok = true,
        .deadline_ms = ROOT_PATIENCE_MS};
    enum said said = SAID_NOTHING;
    config.resolve.hints = hints;
    config.resolve.hint_count = count;
    config.resolve.prime = false;
    config.resolve.anchors = anchors;
    struct drive *d = drive_new(&config);
    const struct outcome *o = d ? drive_ask(d, &q) : NULL;
    if (o && o->rcode == RCODE_NOERROR && o->answer.count)
        said = o->verdict == VERDICT_SECURE ? SAID_SIGNED : SAID_WRONG;
    else if (o && (o->verdict == VERDICT_BOGUS || ede_is_dnssec(o->reason.ede)))
        said = SAID_WRONG;
    if (d)
        drive_free(d);
    return said;
}

/* ---- root hints ---- */

static bool has_address(const struct root_hint *list, size_t count, const name_t *name, const struct addr *a)
{
    for (size_t i = 0; i < count; i++)
        for (unsigned k = 0; k < list[i].addr_count; k++)
            if (name_equal(list[i].name, name) && addr_equal(&list[i].addrs[k], a))
                return true;
    return false;
}

/* The addresses of `list` that `other` has not, told with that sign; as hints of their own in `out`. */
static size_t compare(struct update_item *item, const struct root_hint *list, size_t count,
    const struct roots *other, char sign, struct root_hint *out)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        struct root_hint h = {.name = list[i].name};
        for (unsigned k = 0; k < list[i].addr_count; k++) {
            char name[NAME_TEXT_LEN], text[ADDR_TEXT_LEN];
            const struct addr *a = &list[i].addrs[k];
            if (has_address(other->hints, other->count, list[i].name, a))
                continue;
            h.addrs[h.addr_count++] = *a;
            update_add_change(
                item, "%c %s %s", sign, record_bare_name(list[i].name, name), addr_text(a, text));
        }
        if (h.addr_count)
            out[found++] = h;
    }
    return found;
}

static struct roots roots_in_use(struct update_item *item)
{
    struct text why;
    struct roots now;
    text_init(&why);
    bool fetched = roots_fetched(&now, item->arena, &why) == ERR_OK && strcmp(now.date, ROOT_HINTS_DATE) > 0;
    text_fini(&why);
    if (!fetched) {
        now.hints = (struct root_hint *)(uintptr_t)root_hints(&now.count);
        memcpy(now.date, ROOT_HINTS_DATE, sizeof now.date);
    }
    item->built_in = !fetched;
    item->in_use = arena_strdup(item->arena, now.date);
    return now;
}

static void judge_hints(
    struct update_item *item, const struct update *u, const struct roots *now, const struct roots *new)
{
    struct root_hint added[ROOTS_COUNT], gone[ROOTS_COUNT];
    struct text ignored;
    if (strcmp(new->date, now->date) < 0) {
        item->trouble = arena_printf(item->arena, "it is older than the one in use: %s", new->date);
        return;
    }
    if (update_is_ahead(u, new->date)) {
        item->trouble = arena_printf(item->arena, UPDATE_AHEAD_TROUBLE, new->date);
        return;
    }
    size_t add_count = compare(item, new->hints, new->count, now, '+', added);
    size_t gone_count = compare(item, now->hints, now->count, new, '-', gone);
    item->found = arena_strdup(item->arena, new->date);
    item->newer = add_count + gone_count > 0;
    item->summary = item->newer ? arena_printf(item->arena, "%zu addresses differ", item->change_count)
                                : "the same addresses";
    if (!add_count)
        return;
    text_init(&ignored);
    struct anchors *anchors = trust_read_anchors(u->config, &ignored);
    bool able = u->now.wall_known && anchors->count > 0;
    enum said said = able ? ask_root(u, added, add_count, anchors) : SAID_NOTHING;
    anchors_free(anchors);
    text_fini(&ignored);
    if (!able)
        item->trouble = u->now.wall_known ? "without trust anchors nobody can say who its new addresses are"
                                          : CLOCK_TROUBLE;
    else if (said != SAID_SIGNED)
        item->trouble = said == SAID_WRONG ? "who answers at its new addresses has not the signed root zone"
                                           : "nobody at its new addresses has the root zone";
}

void update_root_hints(struct update_item *item, const struct update *u)
{
    struct https_reply reply;
    struct roots new;
    struct text t;
    item->name = ROOTS_FILE;
    item->label = "root servers";
    item->file = ROOTS_FILE;
    struct roots now = roots_in_use(item);
    if (!update_fetch(item, &reply, HINTS_URL, ROOTS_OCTETS_MAX))
        return;
    text_init(&t);
    if (roots_read(&new, reply.doc.body, reply.doc.length, item->arena, &t) != ERR_OK) {
        item->trouble = arena_strdup(item->arena, t.data);
    } else {
        judge_hints(item, u, &now, &new);
    }
    text_clear(&t);
    if (!item->trouble) {
        text_add_n(&t, reply.doc.body, reply.doc.length);
        fetched_seal(&t);
        item->body = arena_copy(item->arena, t.data, t.len);
        item->length = t.len;
    }
    text_fini(&t);
}

/* ---- trust anchors ---- */

/* The root's anchors before and after. */
struct comparing {
    struct anchors *built_in, *now, *new;
    struct root_anchors document;
    int64_t signed_s; /* of the new */
    struct root_anchors_file kept;
};

static const char *date_text(struct arena *a, int64_t when_s)
{
    time_t when = (time_t)when_s;
    struct tm tm;
    char text[32];
    return gmtime_r(&when, &tm) && strftime(text, sizeof text, "%Y-%m-%d", &tm) ? arena_strdup(a, text) : "-";
}

static bool same_octets(const struct rdata *a, const struct rdata *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static bool has_ds(const struct anchors *a, const struct rdata *ds)
{
    for (size_t i = 0; i < a->count; i++)
        for (unsigned k = 0; k < a->items[i].ds.count; k++)
            if (same_octets(&a->items[i].ds.rdata[k], ds))
                return true;
    return false;
}

static size_t compare_keys(
    struct update_item *item, const struct anchors *list, const struct anchors *other, char sign)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        for (unsigned k = 0; k < list->items[i].ds.count; k++) {
            const struct rdata *ds = &list->items[i].ds.rdata[k];
            if (has_ds(other, ds))
                continue;
            update_add_change(item, "%c key %u", sign, get_u16(ds->data));
            count++;
        }
    return count;
}

/* Each key that is compiled in must be in the document, be it one whose time is over. */
static const char *find_forgotten(const struct comparing *c, struct arena *a)
{
    for (size_t i = 0; i < c->built_in->count; i++)
        for (unsigned k = 0; k < c->built_in->items[i].ds.count; k++) {
            const struct rdata *ds = &c->built_in->items[i].ds.rdata[k];
            bool known = false;
            for (unsigned n = 0; n < c->document.count; n++)
                known = known || same_octets(&c->document.keys[n].ds, ds);
            if (!known)
                return arena_printf(
                    a, "it does not know key %u, which is built in: it is older", get_u16(ds->data));
        }
    return NULL;
}

static void judge_anchors(struct update_item *item, const struct update *u, struct comparing *c)
{
    for (unsigned i = 0; i < c->document.count; i++)
        if (root_key_is_valid(&c->document.keys[i], u->now.wall_s))
            anchors_add(c->new, NAME_ROOT, TYPE_DS, &c->document.keys[i].ds);
    item->trouble = find_forgotten(c, item->arena);
    if (!item->trouble && c->new->count == 0)
        item->trouble = "none of its keys holds now";
    if (!item->trouble && c->kept.text && c->signed_s < c->kept.signed_s)
        item->trouble = arena_printf(
            item->arena, "it is older than the one in use: signed %s", date_text(item->arena, c->signed_s));
    if (item->trouble)
        return;
    size_t differ = compare_keys(item, c->new, c->now, '+') + compare_keys(item, c->now, c->new, '-');
    item->found = date_text(item->arena, c->signed_s);
    item->newer = differ > 0 || (c->kept.text && c->signed_s > c->kept.signed_s);
    item->summary =
        differ ? arena_printf(item->arena, "%zu key%s", differ, differ == 1 ? " differs" : "s differ")
               : "the same keys";
    anchors_settle(c->new, &u->config->resolve.policy);
    enum said said = item->newer
                         ? ask_root(u, u->config->resolve.hints, u->config->resolve.hint_count, c->new)
                         : SAID_SIGNED;
    if (said == SAID_WRONG)
        item->trouble = "the root is not signed by its keys";
    else if (said == SAID_NOTHING)
        item->note = "no root server could be asked whether the root is signed by them";
}

static void anchors_in_use(struct update_item *item, struct comparing *c)
{
    struct text why;
    text_init(&why);
    anchors_add_builtin(c->built_in);
    item->built_in = root_anchors_fetched(&c->kept, &why) != ERR_OK ||
                     c->kept.fetched_s < root_anchors_built_in_s() ||
                     anchors_add_text(c->now, c->kept.text, c->kept.len, NULL) != ERR_OK;
    if (item->built_in) {
        mem_free(c->kept.text);
        c->kept.text = NULL;
        anchors_free(c->now);
        c->now = anchors_copy(c->built_in);
    }
    item->in_use = item->built_in ? ROOT_ANCHORS_BUILT_IN : date_text(item->arena, c->kept.fetched_s);
    text_fini(&why);
}

static void take_document(struct update_item *item, const struct update *u, struct comparing *c,
    const struct https_reply *document, const struct https_reply *signature)
{
    struct text t;
    struct root_signature s = {.document = document->doc.body,
        .document_len = document->doc.length,
        .signature = signature->doc.body,
        .signature_len = signature->doc.length,
        .authorities = u->authorities,
        .now_s = u->now.wall_s};
    text_init(&t);
    if (!u->now.wall_known)
        text_add(&t, CLOCK_TROUBLE);
    else if (root_anchors_verify(&s, &c->signed_s, &t) != ERR_OK)
        item->trouble = arena_printf(item->arena, "its signature does not count: %s", t.data);
    else if (root_anchors_read(&c->document, s.document, s.document_len, item->arena, &t) == ERR_OK)
        judge_anchors(item, u, c);
    if (!item->trouble && t.len)
        item->trouble = arena_strdup(item->arena, t.data);
    text_clear(&t);
    if (!item->trouble) {
        root_anchors_write(&c->document, c->signed_s, u->now.wall_s, &t);
        item->body = arena_copy(item->arena, t.data, t.len);
        item->length = t.len;
    }
    text_fini(&t);
}

/* While there is time to do something about it. */
static void warn_of_authority(struct update_item *item, const struct update *u)
{
    int64_t end_s = root_anchors_authority_end();
    if (!u->authorities && !item->note && u->now.wall_s > end_s - AUTHORITY_WARNING_S)
        item->note = arena_printf(item->arena,
            "ICANN's certificate that is built in ends %s: a newer hark, or --ca, knows the next one",
            date_text(item->arena, end_s));
}

void update_root_anchors(struct update_item *item, const struct update *u)
{
    struct https_reply document, signature;
    struct comparing *c = arena_alloc(item->arena, sizeof *c);
    c->built_in = anchors_new();
    c->now = anchors_new();
    c->new = anchors_new();
    item->name = ROOT_ANCHORS_FILE;
    item->label = "root keys";
    item->file = ROOT_ANCHORS_FILE;
    anchors_in_use(item, c);
    if (update_fetch(item, &document, ANCHORS_URL ".xml", ROOT_ANCHORS_OCTETS_MAX) &&
        update_fetch(item, &signature, ANCHORS_URL ".p7s", ROOT_ANCHORS_OCTETS_MAX))
        take_document(item, u, c, &document, &signature);
    warn_of_authority(item, u);
    mem_free(c->kept.text);
    anchors_free(c->new);
    anchors_free(c->now);
    anchors_free(c->built_in);
}
