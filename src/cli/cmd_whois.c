/* hark whois NAME…: who registered it, and what DNS has of it now.
 *
 * A target is a domain, an address or prefix, an AS number, or a handle with a registry's tag. RDAP of the
 * register that the table names is asked first, of a name below a registered one for the names above it;
 * where the register knows of a better server (the registrar's), that one too. If there is no RDAP, or it
 * failed, WHOIS: the register's server, else the one that IANA's names, and on along referrals. Then DNS:
 * delegation and DS at the parent beside what the register says.
 *
 * All of it is bounded by WHOIS_TIME_MS_MAX, WHOIS_REFERRALS_MAX and WHOIS_OCTETS_MAX (threat S13).
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/now.h"
#include "cli/command.h"
#include "cli/https.h"
#include "cli/whois_client.h"
#include "cli/whois_target.h"
#include "cli/whois_view.h"
#include "lib/rdap.h"
#include "lib/whois.h"

/* Of a name and those above it: deeper ones than four labels are not registered. */
#define NAMES_TRIED_MAX 4u
#define DNS_TIME_MS 2000 /* for DNS beside the register, where that one took all the time */

enum found { FOUND, FOUND_NONE, FAILED, NOT_TRIED };

/* One target while it is looked up. */
struct inquiry {
    const struct args *args;
    struct arena *arena;
    struct whois_target target;
    int64_t until_ms;
    int64_t rdap_until_ms; /* earlier, where WHOIS may have to follow */
    bool silent;           /* a server could not be reached */
    bool has_above;        /* if this name is not registered, the one above it is tried */
    bool is_none;          /* the register has said so of a name */
    const char *unclear;   /* what it said of one before that, in words that may mean it or not */
    const char *rdap_why, *whois_why;
    const char *hosts[2 * (WHOIS_REFERRALS_MAX + 1)]; /* WHOIS servers asked for this name */
    size_t host_count;
    bool no_word;    /* the last one said nothing at all */
    bool from_table; /* the WHOIS server is the table's: if it is not there, IANA knows the one of today */
    struct whois_result *result;
};

static enum family wanted_family(const struct args *a)
{
    return a->on[OPTION_IPV4] ? FAMILY_V4 : a->on[OPTION_IPV6] ? FAMILY_V6 : FAMILY_NONE;
}

static void add_source(struct inquiry *q, const char *url, const char *body, size_t length)
{
    struct whois_result *r = q->result;
    if (r->source_count == WHOIS_SOURCES_MAX)
        return;
    r->sources[r->source_count].page = q->args->on[OPTION_RAW] ? card_page(body, length, q->arena) : "";
    r->sources[r->source_count++].url = url;
}

static const char *said_by(struct inquiry *q, const char *who, const char *what)
{
    const char *s = arena_printf(q->arena, "%s: %s", who, what);
    return card_text(s, strlen(s), q->arena);
}

static void note(struct inquiry *q, const char *who, const char *why)
{
    card_add(&q->result->notes, said_by(q, who, why));
}

/* Many a register calls a name below a registered one, or the zone that it keeps, no good query (RFC
 * 7480 5.4); in WHOIS each in its own words. */
static bool may_be_no_query(const struct inquiry *q)
{
    return q->has_above || q->is_none;
}

/* ---- RDAP ---- */

static const char *rdap_path(const struct inquiry *q)
{
    static const char *const paths[] = {[CARD_NONE] = "",
        [CARD_DOMAIN] = "domain/",
        [CARD_NETWORK] = "ip/",
        [CARD_ASN] = "autnum/",
        [CARD_ENTITY] = "entity/"};
    return paths[q->target.kind];
}

static const char *status_text(struct inquiry *q, const struct hark_document *doc)
{
    const char *said = rdap_error(doc->body, doc->length, q->arena);
    const char *number = doc->status == 429 ? "it is asked too often (429)"
                                            : arena_printf(q->arena, "HTTP status %d", doc->status);
    return said ? arena_printf(q->arena, "%s: %s", number, said) : number;
}

static enum found rdap_get(struct inquiry *q, const char *url, struct card *card)
{
    struct https_request request = {
        .url = url, .accept = "application/rdap+json", .max_octets = WHOIS_OCTETS_MAX, .plain = true};
    struct https_reply reply;
    request.until_ms = q->rdap_until_ms;
    request.redirects = WHOIS_REFERRALS_MAX;
    request.family = wanted_family(q->args);
    https_get(&reply, &request, q->arena);
    int error = reply.doc.status == 200 ? rdap_error_code(reply.doc.body, reply.doc.length) : 0;
    if (error)
        reply.doc.status = error;
    if (reply.doc.status == 404 || (reply.doc.status == 400 && may_be_no_query(q))) {
        add_source(q, reply.url, reply.doc.body, reply.doc.length);
        return FOUND_NONE;
    }
    if (reply.doc.status != 200) {
        q->silent = q->silent || reply.doc.status == 0;
        q->rdap_why = reply.doc.status ? status_text(q, &reply.doc) : reply.doc.why;
        return FAILED;
    }
    if (rdap_read(card, reply.doc.body, reply.doc.length, q->arena, &q->rdap_why) != ERR_OK)
        return FAILED;
    if (card->kind != q->target.kind) {
        q->rdap_why = "it answers with an object of another kind";
        return FAILED;
    }
    add_source(q, reply.url, reply.doc.body, reply.doc.length);
    return FOUND;
}

/* The registrar's own, if the register names it: it knows more, and is no loss if it fails. */
static void rdap_related(struct inquiry *q)
{
    struct card *card = &q->result->card, more;
    const char *url = card->related;
    if (!url || strncasecmp(url, "https://", 8) != 0 || q->args->on[OPTION_RAW] ||
        strcmp(url, q->result->sources[q->result->source_count - 1].url) == 0)
        return;
    enum found found = rdap_get(q, url, &more);
    if (found == FOUND) {
        card_merge(card, &more);
    } else if (found == FOUND_NONE) {
        q->result->source_count--; /* nothing on the card is from there */
        note(q, url, "it does not know it");
    } else {
        note(q, url, q->rdap_why);
    }
}

static enum found by_rdap(struct inquiry *q, const char *target)
{
    struct card card;
    if (!q->target.registry.rdap)
        return NOT_TRIED;
    const char *url = arena_printf(q->arena, "%s%s%s", q->target.registry.rdap, rdap_path(q), target);
    q->rdap_why = NULL;
    enum found found = rdap_get(q, url, &card);
    if (found == FOUND) {
        q->result->card = card;
        rdap_related(q);
    } else if (found == FAILED) {
        note(q, url, q->rdap_why);
    }
    return found;
}

/* ---- WHOIS ---- */

static bool was_asked(const struct inquiry *q, const char *host)
{
    for (size_t i = 0; i < q->host_count; i++)
        if (strcasecmp(q->hosts[i], host) == 0)
            return true;
    return false;
}

/* IANA's record of a top-level domain is not what was asked for, but names who knows. */
static bool only_refers(const struct inquiry *q, const char *host, const char *target)
{
    return strcasecmp(host, REGISTRY_IANA_WHOIS) == 0 && q->target.kind == CARD_DOMAIN && strchr(target, '.');
}

/* What is no card says that there is none, or why it is not told. */
static enum found judge(
    struct inquiry *q, const char *host, const struct card *card, const struct text *reply)
{
    if (card->kind != CARD_NONE)
        return FOUND;
    if (whois_means_none(reply->data, reply->len))
        return FOUND_NONE;
    const char *said = whois_said(reply->data, reply->len, q->arena);
    q->whois_why = said ? said : "it says nothing";
    if (!may_be_no_query(q) || card->referral || whois_means_limit(reply->data, reply->len))
        return FAILED;
    if (!q->has_above)
        note(q, host, q->whois_why);
    else if (!q->is_none && !q->unclear)
        q->unclear = said_by(q, host, q->whois_why);
    return FOUND_NONE;
}

static enum found whois_once(struct inquiry *q, const char *host, const char *target, struct card *card)
{
    struct text query, reply;
    struct whois_request request = {
        .host = host, .port = WHOIS_PORT, .until_ms = q->until_ms, .family = wanted_family(q->args)};
    text_init(&query);
    text_init(&reply);
    whois_query(&query, host, q->target.kind, target);
    request.query = query.data;
    request.private_allowed = q->args->host != NULL; /* whoever names a host asks for it */
    if (q->args->host && q->args->port)
        request.port = q->args->port;
    if (q->from_table)
        request.until_ms -= (q->until_ms - now_read(false).mono_ms) * 4 / 10;
    q->hosts[q->host_count++] = host;
    *card = (struct card){0};
    enum found found = FAILED;
    q->whois_why = whois_ask(&reply, &request, q->arena);
    q->no_word = q->whois_why && reply.len == 0;
    if (q->whois_why) {
        q->silent = true;
    } else {
        whois_read(card, reply.data, reply.len, q->arena);
        add_source(q, arena_printf(q->arena, "whois://%s/%s", host, target), reply.data, reply.len);
        found = judge(q, host, card, &reply);
    }
    text_fini(&query);
    text_fini(&reply);
    return found;
}

/* From that server on along referrals; the first that describes the target is believed, later ones add to it.
 */
static enum found follow_whois(struct inquiry *q, const char *host, const char *target)
{
    enum found best = FAILED;
    for (unsigned n = 0; host && n <= WHOIS_REFERRALS_MAX; n++) {
        struct card card;
        enum found found = whois_once(q, host, target, &card);
        bool refers = card.referral && !was_asked(q, card.referral) && !q->args->host;
        bool is_of_above = only_refers(q, host, target);
        if (is_of_above && (found == FOUND || (found == FOUND_NONE && q->target.registry.whois))) {
            if (!refers)
                q->whois_why =
                    card.referral ? "it names no other server" : "IANA names no WHOIS server for it";
            found = FAILED;
        } else if (found == FAILED && card.referral && !refers && !q->args->host) {
            q->whois_why = "it names no other server";
        }
        if (found == FAILED && !refers)
            note(q, host, q->whois_why);
        if (found == FOUND && best == FOUND && q->target.kind == CARD_DOMAIN)
            card_merge(&q->result->card, &card);
        else if (found == FOUND)
            q->result->card = card;
        best = found == FOUND || best == FOUND ? FOUND : found;
        host = refers ? card.referral : NULL;
        q->from_table = false;
    }
    return best;
}

static enum found by_whois(struct inquiry *q, const char *target)
{
    const char *host = q->args->host ? q->args->host : q->target.registry.whois;
    q->from_table =
        host && !q->args->host && q->target.kind == CARD_DOMAIN && strcmp(host, REGISTRY_IANA_WHOIS) != 0;
    bool may_ask_iana = !host || q->from_table;
    enum found found = FAILED;
    q->host_count = 0;
    if (host)
        found = follow_whois(q, host, target);
    if (may_ask_iana && found == FAILED && (!host || q->no_word))
        found = follow_whois(q, REGISTRY_IANA_WHOIS, target);
    return found;
}

/* ---- the whole ---- */

static unsigned labels_of(const char *name)
{
    unsigned n = 1;
    for (; *name; name++)
        n += *name == '.';
    return n;
}

static enum found by_either(struct inquiry *q, const char *target)
{
    const struct args *a = q->args;
    enum found found = NOT_TRIED;
    if (!a->on[OPTION_WHOIS] && !a->host)
        found = by_rdap(q, target);
    if (found == NOT_TRIED && a->on[OPTION_RDAP])
        q->rdap_why = "its register has no RDAP server that is known here";
    if ((found == FAILED || found == NOT_TRIED) && !a->on[OPTION_RDAP] && q->target.kind != CARD_ENTITY)
        found = by_whois(q, target);
    return found == NOT_TRIED ? FAILED : found;
}

/* A name, then those above it down to two labels: www.example.org is registered as example.org. That none
 * above example.co.uk is registered says nothing of it, if the register was unclear about itself. */
static enum found look_up(struct inquiry *q)
{
    const char *target = q->target.asked;
    unsigned labels = q->target.kind == CARD_DOMAIN ? labels_of(target) : 1;
    for (; labels > NAMES_TRIED_MAX; labels--)
        target = strchr(target, '.') + 1;
    for (;; labels--) {
        q->has_above = labels > 2;
        enum found found = by_either(q, target);
        q->target.asked = target;
        q->is_none = q->is_none || (found == FOUND_NONE && !q->unclear);
        if (found == FOUND_NONE && !q->has_above && q->unclear) {
            card_add(&q->result->notes, q->unclear);
            return FAILED;
        }
        if (found != FOUND_NONE || !q->has_above)
            return found;
        target = strchr(target, '.') + 1;
    }
}

static void add_dns(struct inquiry *q, struct lookup *dns)
{
    struct whois_result *r = q->result;
    const char *domain = r->card.name ? r->card.name : q->target.asked;
    if (q->target.kind != CARD_DOMAIN || r->card.kind != CARD_DOMAIN || !dns)
        return;
    int64_t least_ms = now_read(false).mono_ms + DNS_TIME_MS;
    lookup_begin(dns, q->until_ms > least_ms ? q->until_ms : least_ms);
    whois_dns_read(&r->dns, dns, domain, q->arena);
    whois_dns_compare(&r->differences, &r->card, &r->dns, q->arena);
    r->has_dns = true;
}

static enum status report(struct inquiry *q, struct out *out, enum found found)
{
    struct whois_result *r = q->result;
    if (found == FAILED) {
        const char *why = r->notes.count ? r->notes.items[0] : q->rdap_why ? q->rdap_why : "nobody knows";
        out_complain("%s: %s%s%s", r->target, why, r->notes.count > 1 ? "; " : "",
            r->notes.count > 1 ? r->notes.items[r->notes.count - 1] : "");
        return q->silent ? STATUS_NO_REPLY : STATUS_FAILURE;
    }
    if (q->args->on[OPTION_RAW])
        whois_view_raw(out, r);
    else
        whois_view(out, r);
    return found == FOUND ? STATUS_ANSWER : STATUS_NO_DATA;
}

static void set_patience(struct inquiry *q)
{
    int64_t now_ms = now_read(false).mono_ms, patience_ms = WHOIS_TIME_MS_MAX;
    if (q->args->given[OPTION_TIME] && q->args->number[OPTION_TIME] * 1000 < WHOIS_TIME_MS_MAX)
        patience_ms = q->args->number[OPTION_TIME] * 1000;
    q->until_ms = now_ms + patience_ms;
    q->rdap_until_ms = now_ms + (q->args->on[OPTION_RDAP] ? patience_ms : patience_ms * 6 / 10);
}

static enum status inquire(const struct args *args, struct out *out, const char *word, struct lookup *dns)
{
    struct arena arena;
    arena_init(&arena);
    struct inquiry q = {.args = args, .arena = &arena};
    q.result = ARENA_NEW(&arena, struct whois_result);
    q.result->target = word;
    set_patience(&q);
    const char *why = whois_target_read(&q.target, word, &arena);
    enum status status = STATUS_USAGE;
    if (why) {
        out_complain("'%s' is no name, address or AS number: %s", word, why);
    } else {
        if (q.target.registry.trouble)
            card_add(&q.result->notes,
                card_text(q.target.registry.trouble, strlen(q.target.registry.trouble), &arena));
        q.result->wanted =
            q.target.kind == CARD_ASN ? arena_printf(&arena, "AS%s", q.target.asked) : q.target.asked;
        enum found found = look_up(&q);
        q.result->reverse = q.target.reverse;
        q.result->asked = found == FOUND && q.target.kind != CARD_ASN ? q.target.asked : q.result->wanted;
        if (found == FOUND && !args->on[OPTION_RAW])
            add_dns(&q, dns);
        status = report(&q, out, found);
    }
    arena_fini(&arena);
    return status;
}

enum status cmd_whois(const struct args *args, struct out *out)
{
    struct lookup dns;
    enum status worst = lookup_init(&dns, args), begun = worst;
    for (size_t i = 0; begun == STATUS_ANSWER && i < args->name_count && !out->error; i++)
        worst = status_worst(worst, inquire(args, out, args->names[i], &dns));
    lookup_fini(&dns);
    return worst;
}
