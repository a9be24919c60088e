#include "cli/why_links.h"

#include <stdio.h>
#include <string.h>

#include "cli/why.h"
#include "dns/record.h"

#define QUESTION_TRIES 2u /* as the servers of resolv.conf are asked */
#define QUESTION_TIMEOUT_MS 1000
#define DOMAINS_SHOWN 3u

/* ---- asking ---- */

/* 127.0.0.53 and 127.0.0.54: systemd-resolved(8). */
static bool is_stub(const struct endpoint *e)
{
    static const uint8_t stub[3] = {127, 0, 0};
    return e->addr.family == FAMILY_V4 && memcmp(e->addr.ip, stub, sizeof stub) == 0 &&
           (e->addr.ip[3] == 53 || e->addr.ip[3] == 54);
}

/* Do programs ask systemd-resolved, by resolv.conf or by a source of nsswitch.conf? */
static bool programs_ask_resolved(void)
{
    struct nsswitch conf;
    struct resolvconf resolv;
    bool is = false;
    nsswitch_read(&conf, NSSWITCH_PATH);
    (void)resolvconf_read(&resolv, RESOLVCONF_PATH);
    for (unsigned i = 0; i < conf.count; i++)
        is = is || strcmp(conf.sources[i].name, "resolve") == 0;
    for (unsigned i = 0; i < resolv.server_count; i++)
        is = is || is_stub(&resolv.servers[i]);
    return is;
}

void why_links_begin(struct why_links *l)
{
    l->begun = links_begin(&l->child, programs_ask_resolved());
}

/* The link's own search list makes names of one without a dot; what has one is asked for as it is. */
static void ask_server(
    struct why_links *l, const struct system_question *q, const struct link *link, uint32_t server)
{
    struct resolvconf conf = {.servers = {link->servers[server]},
        .server_count = 1,
        .ndots = 1,
        .no_tld_query = q->type == TYPE_NONE};
    struct stub_ask ask = {.conf = &conf,
        .name = q->reverse ? q->pointer : q->query,
        .type = q->type,
        .reverse = q->reverse,
        .v4 = q->v4,
        .v6 = q->v6,
        .tries = QUESTION_TRIES,
        .timeout_ms = QUESTION_TIMEOUT_MS};
    for (uint32_t i = 0; i < link->domain_count && !strchr(q->query, '.'); i++)
        if (!link->domains[i].route_only && link->domains[i].name[0])
            snprintf(conf.search[conf.search_count++], RESOLVCONF_DOMAIN_LEN, "%s", link->domains[i].name);
    struct why_link_question *k = &l->questions[l->count++];
    k->link = link;
    k->server = server;
    stub_begin(&k->child, &ask, 0);
}

static void ask_servers(struct why_links *l, const struct system_question *q, bool chosen)
{
    for (uint32_t i = 0; i < l->told.count; i++) {
        const struct link *link = &l->told.list[i];
        bool ask = chosen ? link_is_asked(link) : !link_is_asked(link) && link->default_route;
        for (uint32_t k = 0; ask && k < link->server_count && l->count < LINK_QUESTIONS_MAX; k++)
            ask_server(l, q, link, k);
    }
}

void why_links_ask(struct why_links *l, const struct system_question *q, bool compare)
{
    if (!l->begun)
        return;
    child_wait(&(struct child *){&l->child}, 1, l->child.began_us + LINKS_BUS_MS_MAX * 1000);
    links_read(&l->told, &l->child);
    child_fini(&l->child);
    /* Whose network an address belongs to decides first where its name is asked for, which is not told here.
     */
    l->judged = l->told.routes && !q->reverse && !q->numeric;
    /* What has no dot is made a name of resolv.conf's search list before dnsmasq hears it. */
    if (l->told.by == LINKS_OF_MANAGER && !strchr(q->query, '.'))
        l->judged = false;
    if (!l->judged)
        return;
    size_t len = strlen(q->query);
    char name[RESOLVCONF_CANDIDATE_LEN];
    if (len > 0 && q->query[len - 1] == '.')
        len--;
    snprintf(name, sizeof name, "%.*s", (int)len, q->query);
    links_route(&l->told, name, q->type == TYPE_NONE);
    ask_servers(l, q, true);
    if (compare)
        ask_servers(l, q, false);
}

void why_links_end(struct why_links *l, int64_t until_us)
{
    struct stub_said *said = mem_alloc(RESOLVCONF_SERVERS_MAX * sizeof *said);
    for (unsigned i = 0; i < l->count; i++) {
        struct why_link_question *k = &l->questions[i];
        child_wait(&(struct child *){&k->child}, 1, until_us);
        k->done = stub_read(said, &k->child) == 1;
        k->said = said[0];
        child_fini(&k->child);
    }
    mem_free(said);
}

/* ---- text ---- */

static const char *link_name(const struct link *l)
{
    return l->name[0] ? l->name : "this machine";
}

static const char *by_text(const struct why_links *l)
{
    return l->told.by == LINKS_OF_RESOLVED ? "systemd-resolved" : "NetworkManager";
}

static const char *domain_text(const struct link_domain *d)
{
    return d->name[0] ? d->name : ".";
}

/* "~" is how people write what is no part of the search list. */
static void add_domains(struct text *t, const struct link *l)
{
    for (uint32_t i = 0; i < l->domain_count && i < DOMAINS_SHOWN; i++)
        text_printf(t, "%s%s%s",
            i                      ? " "
            : l->domain_count == 1 ? "domain "
                                   : "domains ",
            l->domains[i].route_only ? "~" : "", domain_text(&l->domains[i]));
    if (l->domain_count > DOMAINS_SHOWN)
        text_printf(t, " and %u more", l->domain_count - DOMAINS_SHOWN);
}

static void add_route(struct text *t, const struct link *l)
{
    text_add(t, t->len ? "; " : "");
    switch (l->route) {
    case LINK_BY_DOMAIN:
        if (l->domains[l->fits].name[0])
            text_printf(t, "this name goes here: %s is the longest domain that fits",
                domain_text(&l->domains[l->fits]));
        else
            text_add(t, "this name goes here, by \".\", as all do that no other domain fits");
        break;
    case LINK_BY_SEARCH:
        text_add(t, "this name goes here: it has no dot, and here are domains to search");
        break;
    case LINK_BY_DEFAULT:
        text_add(t, "this name goes here, as all do that no domain fits");
        break;
    case LINK_WITHOUT_A_DOT:
        text_add(t, "not this name: it has no dot, and here are no domains to search");
        break;
    case LINK_NOT_LOCAL:
        text_add(t, "not this name: .local is for multicast DNS, as long as no domain here says otherwise");
        break;
    case LINK_ANSWERED:
        text_add(t, "not this name: systemd-resolved answers it without asking");
        break;
    default:
        text_add(t, l->server_count == 0   ? "no servers"
                    : l->default_route     ? "not this name: another's domain fits better"
                    : l->domain_count == 0 ? "not this name: it takes none (DefaultRoute=no, no domains)"
                                           : "not this name: only its own domains");
        break;
    }
}

static void view_question(struct out *out, const struct why_link_question *k)
{
    char label[ADDR_TEXT_LEN];
    struct text t;
    text_init(&t);
    if (k->done)
        why_add_server_said(&t, &k->said);
    else
        text_add(&t, "no answer in time");
    if (k->done && k->said.domain[0] && k->said.has_data)
        text_printf(&t, "; asked for as %s", k->said.name);
    if (!link_is_asked(k->link))
        text_add(&t, "; asked by hark alone, to compare");
    bool good = k->done && stub_is_answer(&k->said);
    addr_text(&k->link->servers[k->server].addr, label);
    why_row(out, good ? STYLE_PLAIN : STYLE_WARN, label, t.data);
    text_fini(&t);
}

static void view_link(struct out *out, const struct why_links *l, const struct link *link)
{
    char buf[ADDR_TEXT_LEN];
    struct text t;
    bool asked = false;
    for (unsigned i = 0; i < l->count; i++)
        asked = asked || l->questions[i].link == link;
    text_init(&t);
    for (uint32_t i = 0; i < link->server_count && !asked; i++)
        text_printf(&t, "%s%s", i ? ", " : "", addr_text(&link->servers[i].addr, buf));
    if (link->vpn)
        text_printf(&t, "%sVPN", t.len ? "; " : "");
    text_add(&t, t.len && link->domain_count ? "; " : "");
    add_domains(&t, link);
    if (l->judged)
        add_route(&t, link);
    if (link->left_out)
        text_printf(&t, "%s%u more servers or domains are not looked at", t.len ? "; " : "", link->left_out);
    why_row(out, STYLE_PLAIN, link_name(link), t.data);
    text_fini(&t);
    for (unsigned i = 0; i < l->count; i++)
        if (l->questions[i].link == link)
            view_question(out, &l->questions[i]);
}

void why_links_view(struct out *out, const struct why *w)
{
    const struct why_links *l = &w->links;
    const struct system_question *q = &w->q;
    struct text t;
    if (l->told.by == LINKS_OF_NOBODY)
        return;
    text_init(&t);
    text_printf(&t, "Name servers of each link, by %s", by_text(l));
    for (unsigned i = 0; i < q->resolv.server_count && l->told.by == LINKS_OF_RESOLVED; i++)
        if (is_stub(&q->resolv.servers[i])) {
            char buf[ADDR_TEXT_LEN];
            text_printf(&t, ", which is %s", addr_text(&q->resolv.servers[i].addr, buf));
            break;
        }
    why_heading(out, t.data);
    text_fini(&t);
    for (uint32_t i = 0; i < l->told.count; i++)
        view_link(out, l, &l->told.list[i]);
    if (l->told.left_out)
        out_printf(out, STYLE_DIM, "  and %u more that are not looked at\n", l->told.left_out);
}

/* ---- what is odd ---- */

static bool is_answer(const struct why_link_question *k)
{
    return k->done && stub_is_answer(&k->said);
}

static void add_question(struct text *t, const struct why_link_question *k)
{
    char buf[ADDR_TEXT_LEN];
    text_printf(t, "%s (%s%s)", addr_text(&k->link->servers[k->server].addr, buf), link_name(k->link),
        k->link->vpn ? ", a VPN" : "");
}

static void add_answer(struct text *t, const struct why_link_question *k)
{
    text_add(t, " says ");
    size_t begin = t->len;
    if (k->said.has_data)
        why_add_data(t, &k->said.data, k->said.addresses, k->said.count);
    else
        text_add(t, k->said.rcode == RCODE_NXDOMAIN ? "no such name" : "no such data");
    if (t->len == begin)
        text_add(t, k->said.canonical);
}

/* The first that answers, of those that the name goes to or of the others. */
static const struct why_link_question *first_answer(const struct why_links *l, bool chosen)
{
    for (unsigned i = 0; i < l->count; i++)
        if (link_is_asked(l->questions[i].link) == chosen && is_answer(&l->questions[i]))
            return &l->questions[i];
    return NULL;
}

static void add_silent(struct text *t, const struct why_links *l)
{
    const char *before = "";
    for (unsigned i = 0; i < l->count; i++)
        if (link_is_asked(l->questions[i].link)) {
            text_add(t, before);
            add_question(t, &l->questions[i]);
            before = ", ";
        }
}

void why_links_notice(struct why *w)
{
    const struct why_links *l = &w->links;
    struct text t;
    const struct why_link_question *here = first_answer(l, true), *there = first_answer(l, false);
    text_init(&t);
    for (unsigned i = 0; here && i < l->count; i++) {
        const struct why_link_question *k = &l->questions[i];
        if (k == here || !is_answer(k) || (!link_is_asked(k->link) && k != there) ||
            why_same_answer(&here->said, &k->said))
            continue;
        text_clear(&t);
        add_question(&t, here);
        add_answer(&t, here);
        text_add(&t, ", ");
        add_question(&t, k);
        add_answer(&t, k);
        if (link_is_asked(k->link))
            text_printf(&t, ": the name goes to both, and programs get what comes first.");
        else
            text_printf(&t, ": split DNS; %s sends the name to %s, not to %s.", by_text(l),
                link_name(here->link), link_name(k->link));
        why_say(w, t.data);
    }
    if (!here && l->count > 0 && link_is_asked(l->questions[0].link)) {
        text_add(&t, "the name goes to ");
        add_silent(&t, l);
        text_add(&t, " alone, and gets no answer there");
        if (there) {
            text_add(&t, "; ");
            add_question(&t, there);
            add_answer(&t, there);
            text_add(&t, ", but is not asked");
        }
        text_add(&t, ".");
        why_say(w, t.data);
    }
    text_fini(&t);
}

/* ---- JSON ---- */

static json_t *link_json(const struct why *w, const struct link *link)
{
    const struct why_links *l = &w->links;
    static const char *const routes[] = {[LINK_NOT] = "not",
        [LINK_BY_DOMAIN] = "domain",
        [LINK_BY_SEARCH] = "search",
        [LINK_BY_DEFAULT] = "default",
        [LINK_WITHOUT_A_DOT] = "not",
        [LINK_NOT_LOCAL] = "not",
        [LINK_ANSWERED] = "not"};
    char buf[ADDR_TEXT_LEN];
    json_t *j = json_object(), *servers = json_array(), *domains = json_array(), *said = json_array();
    record_set_text(j, "link", link->name);
    json_object_set_new(j, "vpn", json_boolean(link->vpn));
    json_object_set_new(j, "default_route", json_boolean(link->default_route));
    for (uint32_t i = 0; i < link->server_count; i++)
        json_array_append_new(servers, json_string(addr_text(&link->servers[i].addr, buf)));
    json_object_set_new(j, "servers", servers);
    if (link->current >= 0)
        json_object_set_new(j, "current", json_string(addr_text(&link->servers[link->current].addr, buf)));
    for (uint32_t i = 0; i < link->domain_count; i++) {
        json_t *d = json_object();
        record_set_text(d, "name", domain_text(&link->domains[i]));
        json_object_set_new(d, "route_only", json_boolean(link->domains[i].route_only));
        json_array_append_new(domains, d);
    }
    json_object_set_new(j, "domains", domains);
    if (l->judged)
        json_object_set_new(j, "asked_by", json_string(routes[link->route]));
    for (unsigned i = 0; i < l->count; i++)
        if (l->questions[i].link == link && l->questions[i].done)
            json_array_append_new(said, why_server_json(w, &l->questions[i].said));
    json_object_set_new(j, "said", said);
    if (link->left_out)
        json_object_set_new(j, "left_out", json_integer(link->left_out));
    return j;
}

json_t *why_links_json(const struct why *w)
{
    const struct why_links *l = &w->links;
    if (l->told.by == LINKS_OF_NOBODY)
        return NULL;
    json_t *j = json_object(), *list = json_array();
    json_object_set_new(j, "by", json_string(by_text(l)));
    json_object_set_new(j, "routes", json_boolean(l->told.routes));
    for (uint32_t i = 0; i < l->told.count; i++)
        json_array_append_new(list, link_json(w, &l->told.list[i]));
    json_object_set_new(j, "links", list);
    return j;
}
