#include "cli/whois_dns.h"

#include <string.h>
#include <strings.h>

#include "dns/record.h"

#define PARENT_SERVERS_MAX 3u /* of a parent zone that are asked before the own name server is believed */
#define PARENT_TIMEOUT_MS 800 /* with each: this is an extra, and may not take long */

static const char *target_name(const struct hark_rdata *rd, struct arena *a)
{
    char buf[NAME_TEXT_LEN];
    if (name_check(rd->data, rd->length) != rd->length)
        return NULL;
    record_bare_name(rd->data, buf);
    return card_name(buf, strlen(buf), a);
}

/* ---- the parent ---- */

/* The zone above: the nearest name above it that has NS records. "": the root. */
static const char *find_parent(
    struct lookup *l, const char *domain, struct card_list *servers, struct arena *a)
{
    for (const char *dot = strchr(domain, '.');; dot = strchr(dot + 1, '.')) {
        const char *zone = dot ? dot + 1 : ".";
        struct hark_answer answer;
        lookup(l, zone, TYPE_NS, &answer);
        if (answer.found == HARK_FAILED)
            return NULL;
        for (size_t i = 0; answer.found == HARK_FOUND && !answer.canonical && i < answer.count; i++)
            card_add(servers, target_name(&answer.records[i], a));
        if (servers->count)
            return zone;
        if (!dot)
            return NULL;
    }
}

static bool address_of(struct lookup *l, const char *host, struct endpoint *out)
{
    static const uint16_t types[] = {TYPE_A, TYPE_AAAA};
    for (size_t i = 0; i < 2; i++) {
        struct hark_answer answer;
        lookup(l, host, types[i], &answer);
        if (answer.found == HARK_FOUND && answer.records[0].length == (types[i] == TYPE_A ? 4 : 16)) {
            out->addr =
                types[i] == TYPE_A ? addr_v4(answer.records[0].data) : addr_v6(answer.records[0].data);
            out->port = 53;
            return !addr_is_private(&out->addr);
        }
    }
    return false;
}

static void take_ns(
    struct whois_dns *out, const struct msg *m, enum section s, const name_t *name, struct arena *a)
{
    for (size_t i = 0; i < m->counts[s]; i++) {
        const struct rr *rr = m->rrs[s] + i;
        struct hark_rdata rd = {.data = rr->rdata.data, .length = rr->rdata.len};
        if (rr->type == TYPE_NS && name_equal(rr->owner, name))
            card_add(&out->servers, target_name(&rd, a));
    }
}

/* Asks a server of the parent for the delegation, which it has in the authority section of a referral; one
 * that serves the child too answers for the child. */
static bool ask_parent(struct whois_dns *out, struct lookup *l, const struct endpoint *server,
    const char *domain, struct arena *a)
{
    struct ask_settings s = l->settings;
    struct msg_question q = {.type = TYPE_NS, .class = CLASS_IN};
    struct ask_reply r;
    struct arena own;
    s.servers = server;
    s.server_count = 1;
    s.tries = 2;
    s.timeout_ms = PARENT_TIMEOUT_MS;
    s.recursion = false;
    if (name_from_text(q.name, domain, strlen(domain), NULL) != ERR_OK)
        return false;
    arena_init(&own);
    ask(&r, &s, &q, l->rng, &own);
    bool good = r.end == ASK_REPLY && (r.msg.rcode == RCODE_NOERROR || r.msg.rcode == RCODE_NXDOMAIN);
    if (good) {
        take_ns(out, &r.msg, SECTION_AUTHORITY, q.name, a);
        take_ns(out, &r.msg, SECTION_ANSWER, q.name, a);
        out->delegation = out->servers.count ? DELEGATION_THERE : DELEGATION_NONE;
    }
    arena_fini(&own);
    return good;
}

static bool read_at_parent(struct whois_dns *out, struct lookup *l, const char *domain, struct arena *a)
{
    struct card_list *servers = ARENA_NEW(a, struct card_list);
    if (!find_parent(l, domain, servers, a))
        return false;
    for (size_t i = 0; i < servers->count && i < PARENT_SERVERS_MAX; i++) {
        struct endpoint server = {0};
        if (address_of(l, servers->items[i], &server) && ask_parent(out, l, &server, domain, a)) {
            out->asked = servers->items[i];
            return true;
        }
    }
    return false;
}

static void read_at_resolver(struct whois_dns *out, struct lookup *l, const char *domain, struct arena *a)
{
    struct hark_answer answer;
    lookup(l, domain, TYPE_NS, &answer);
    if (answer.found == HARK_FAILED)
        return;
    for (size_t i = 0; answer.found == HARK_FOUND && !answer.canonical && i < answer.count; i++)
        card_add(&out->servers, target_name(&answer.records[i], a));
    out->asked = "your name server";
    out->delegation = out->servers.count ? DELEGATION_THERE : DELEGATION_NONE;
}

static const char *ds_text(const struct hark_rdata *rd, struct arena *a)
{
    struct text t;
    if (rd->length < 5)
        return NULL;
    text_init(&t);
    text_printf(&t, "%u %u %u ", get_u16(rd->data), rd->data[2], rd->data[3]);
    text_hex(&t, rd->data + 4, rd->length - 4);
    const char *out = card_text(t.data, t.len, a);
    text_fini(&t);
    return out;
}

void whois_dns_read(struct whois_dns *out, struct lookup *l, const char *domain, struct arena *a)
{
    struct hark_answer answer;
    *out = (struct whois_dns){0};
    l->settings.tries = 1; /* an extra, for which nobody waits long */
    if (!read_at_parent(out, l, domain, a) && !l->silent)
        read_at_resolver(out, l, domain, a);
    if (out->delegation != DELEGATION_THERE)
        return;
    lookup(l, domain, TYPE_DS, &answer);
    out->ds_known = answer.found == HARK_FOUND || answer.found == HARK_NO_DATA;
    for (size_t i = 0; answer.found == HARK_FOUND && i < answer.count; i++)
        card_add(&out->ds, ds_text(&answer.records[i], a));
}

/* ---- differences ---- */

static void add(
    struct card_list *out, struct arena *a, const char *before, const char *what, const char *after)
{
    struct text t;
    text_init(&t);
    text_printf(&t, "%s%s%s", before, what, after);
    card_add(out, card_text(t.data, t.len, a));
    text_fini(&t);
}

static void compare_servers(
    struct card_list *out, const struct card *card, const struct whois_dns *dns, struct arena *a)
{
    if (card->servers.count == 0)
        return;
    for (size_t i = 0; i < card->servers.count; i++)
        if (!card_list_has(&dns->servers, card->servers.items[i]))
            add(out, a, "the register names the server ", card->servers.items[i], ", DNS does not");
    for (size_t i = 0; i < dns->servers.count; i++)
        if (!card_list_has(&card->servers, dns->servers.items[i]))
            add(out, a, "DNS delegates to ", dns->servers.items[i], ", which the register does not name");
}

/* Digests may come in pieces and in any letter case: compared without spaces after the third number. */
static bool same_ds(const char *x, const char *y)
{
    for (; *x || *y; x++, y++) {
        x += strspn(x, " ");
        y += strspn(y, " ");
        if (strncasecmp(x, y, 1) != 0)
            return false;
        if (!*x)
            break;
    }
    return true;
}

static bool has_ds(const struct card_list *list, const char *ds)
{
    for (size_t i = 0; i < list->count; i++)
        if (same_ds(list->items[i], ds))
            return true;
    return false;
}

static void compare_ds(
    struct card_list *out, const struct card *card, const struct whois_dns *dns, struct arena *a)
{
    if (!dns->ds_known)
        return;
    if (card->is_signed == CARD_SIGNED && dns->ds.count == 0)
        add(out, a, "the register says signed, and DNS has no DS: ", "it is not validated", "");
    if (card->is_signed == CARD_UNSIGNED && dns->ds.count)
        add(out, a, "the register says unsigned, and DNS has a DS: ", dns->ds.items[0], "");
    for (size_t i = 0; dns->ds.count && i < card->ds.count; i++)
        if (!has_ds(&dns->ds, card->ds.items[i]))
            add(out, a, "the register has the DS ", card->ds.items[i], ", DNS has not");
    for (size_t i = 0; card->ds.count && i < dns->ds.count; i++)
        if (!has_ds(&card->ds, dns->ds.items[i]))
            add(out, a, "DNS has the DS ", dns->ds.items[i], ", the register has not");
}

static const char *hold_of(const struct card *card)
{
    static const char *const words[] = {"hold", "inactive", "not delegated", "redemption"};
    for (size_t i = 0; i < card->status.count; i++)
        for (size_t w = 0; w < sizeof words / sizeof words[0]; w++)
            if (strcasestr(card->status.items[i], words[w]))
                return card->status.items[i];
    return NULL;
}

void whois_dns_compare(
    struct card_list *out, const struct card *card, const struct whois_dns *dns, struct arena *a)
{
    const char *hold = hold_of(card);
    *out = (struct card_list){0};
    if (dns->delegation == DELEGATION_NONE && hold)
        add(out, a, "it is registered, and DNS does not have it: its status is ", hold, "");
    else if (dns->delegation == DELEGATION_NONE)
        add(out, a, "it is registered, and ", "DNS does not have it", "");
    if (dns->delegation != DELEGATION_THERE)
        return;
    if (hold)
        add(out, a, "its status is ", hold, ", and DNS has it all the same");
    compare_servers(out, card, dns, a);
    compare_ds(out, card, dns, a);
}
