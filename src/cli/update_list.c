/* Lists of registries (RFC 9224, RFC 8521). One is kept only if it can be read, is no older than the one in
 * use and has not lost half of it. */
#include <string.h>

#include "cli/update.h"
#include "defs/limits.h"
#include "lib/registry_files.h"

#define SOURCE "https://data.iana.org/rdap/"

/* One list while it is looked at. */
struct list {
    enum bootstrap_kind kind;
    struct bootstrap now, fetched; /* now.count 0: the one compiled in is in use */
    struct arena *arena;
};

static const char *server_now(const struct list *l, const struct bootstrap_entry *e)
{
    struct registry_key key = {.kind = l->kind};
    if (l->kind == BOOTSTRAP_DNS)
        key.name = arena_printf(l->arena, "x.%s", e->tld);
    else if (l->kind == BOOTSTRAP_TAGS)
        key.name = arena_printf(l->arena, "x-%s", e->tag);
    else if (l->kind == BOOTSTRAP_ASN)
        key.asn = e->asn.first;
    else
        key.addr = e->prefix.addr;
    return registry_server(l->now.count ? &l->now : NULL, &key);
}

static size_t count_differences(const struct list *l)
{
    size_t differ = 0;
    for (size_t i = 0; i < l->fetched.count; i++) {
        const char *now = server_now(l, &l->fetched.entries[i]);
        differ += !now || strcmp(now, l->fetched.entries[i].url) != 0;
    }
    return differ;
}

/* Where a list is in use, the half of it; of what is compiled in, numbers that each list has had for years.
 */
static size_t least_entries(const struct list *l)
{
    static const size_t least[BOOTSTRAP_COUNT] = {[BOOTSTRAP_DNS] = 600,
        [BOOTSTRAP_IPV4] = 100,
        [BOOTSTRAP_IPV6] = 15,
        [BOOTSTRAP_ASN] = 100,
        [BOOTSTRAP_TAGS] = 3};
    return l->now.count ? l->now.count / 2 : least[l->kind];
}

static void judge(
    struct update_item *item, const struct update *u, struct list *l, const struct hark_document *doc)
{
    const struct bootstrap *b = &l->fetched;
    if (bootstrap_read(&l->fetched, l->kind, doc->body, doc->length, l->arena, &item->trouble) != ERR_OK)
        return;
    if (strcmp(b->published, item->in_use) < 0)
        item->trouble = arena_printf(l->arena, "it is older than the one in use: %s", b->published);
    else if (update_is_ahead(u, b->published))
        item->trouble = arena_printf(l->arena, UPDATE_AHEAD_TROUBLE, b->published);
    else if (b->count < least_entries(l))
        item->trouble = "more than half of the list is missing";
    if (item->trouble)
        return;
    size_t differ = count_differences(l);
    item->found = b->published;
    item->newer = strcmp(b->published, item->in_use) > 0;
    item->body = doc->body;
    item->length = doc->length;
    item->summary = arena_printf(l->arena, "%zu of %zu differ", differ, b->count);
    item->more = json_pack("{s:I, s:I}", "entries", (json_int_t)b->count, "differ", (json_int_t)differ);
}

void update_list(struct update_item *item, const struct update *u, enum bootstrap_kind kind)
{
    struct list *l = arena_alloc(item->arena, sizeof *l);
    struct https_reply reply;
    struct text why;
    text_init(&why);
    *l = (struct list){.kind = kind, .arena = item->arena};
    static const char *const labels[BOOTSTRAP_COUNT] = {[BOOTSTRAP_DNS] = "RDAP names",
        [BOOTSTRAP_IPV4] = "RDAP IPv4",
        [BOOTSTRAP_IPV6] = "RDAP IPv6",
        [BOOTSTRAP_ASN] = "RDAP ASNs",
        [BOOTSTRAP_TAGS] = "RDAP handles"};
    item->label = labels[kind];
    item->name = arena_printf(item->arena, "rdap-%s", bootstrap_kind_text(kind));
    item->file = arena_printf(item->arena, "%s.json", item->name);
    if (registry_fetched(&l->now, kind, item->arena, &why) != ERR_OK)
        l->now.count = 0;
    if (why.len)
        item->note = arena_strdup(item->arena, why.data);
    item->built_in = l->now.count == 0;
    item->in_use = item->built_in ? registry_date(kind) : l->now.published;
    if (update_fetch(item, &reply, arena_printf(item->arena, SOURCE "%s.json", bootstrap_kind_text(kind)),
            BOOTSTRAP_OCTETS_MAX))
        judge(item, u, l, &reply.doc);
    text_fini(&why);
}
