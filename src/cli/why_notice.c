/* What is worth noticing: each rule looks at what was found out and may say a sentence. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/why.h"
#include "dns/record.h"
#include "lib/nsswitch.h"

#define ADDRESSES_SHOWN 3u

static void add_addresses(struct text *t, const struct addr *list, size_t count)
{
    char buf[ADDR_TEXT_LEN];
    for (size_t i = 0; i < count && i < ADDRESSES_SHOWN; i++)
        text_printf(t, "%s%s", i ? ", " : "", addr_text(&list[i], buf));
    if (count > ADDRESSES_SHOWN)
        text_printf(t, " and %zu more", count - ADDRESSES_SHOWN);
}

void why_add_data(struct text *t, const struct rdata_texts *data, const struct addr *list, size_t count)
{
    unsigned shown = 0;
    add_addresses(t, list, count);
    for (const char *at = rdata_texts_next(data, NULL); at && shown < ADDRESSES_SHOWN;
         at = rdata_texts_next(data, at))
        text_printf(t, "%s%s", shown++ ? ", " : "", at);
    if (data->count + data->left_out > shown)
        text_printf(t, " and %u more", data->count + data->left_out - shown);
}

void why_add_endpoints(struct text *t, const struct endpoint *list, size_t count)
{
    struct addr few[ADDRESSES_SHOWN] = {0};
    for (size_t i = 0; i < count && i < ADDRESSES_SHOWN; i++)
        few[i] = list[i].addr;
    add_addresses(t, few, count);
}

static const struct why_walk *walk_of_answer(const struct why *w)
{
    return w->searched.done ? &w->searched : w->typed.done ? &w->typed : NULL;
}

const struct system_part *why_winner(const struct why *w)
{
    for (unsigned i = 0; i < w->q.look.conf.count; i++)
        if (w->q.look.parts[i].counts)
            return &w->q.look.parts[i];
    return NULL;
}

static const struct system_part *find_part(const struct why *w, const char *source)
{
    for (unsigned i = 0; i < w->q.look.conf.count; i++)
        if (strcmp(w->q.look.conf.sources[i].name, source) == 0)
            return &w->q.look.parts[i];
    return NULL;
}

static const struct system_part *dns_part(const struct why *w)
{
    return find_part(w, "dns");
}

/* ---- sentences ---- */

__attribute__((format(printf, 2, 3))) static void say(struct why *w, const char *format, ...)
{
    char *said = NULL;
    va_list ap;
    va_start(ap, format);
    if (w->notice_count < WHY_NOTICES_MAX && vasprintf(&said, format, ap) >= 0) {
        w->notices[w->notice_count++] = mem_strdup(said);
        free(said);
    }
    va_end(ap);
}

void why_say(struct why *w, const char *words)
{
    say(w, "%s", words);
}

static bool has_addr(const struct addr *list, size_t count, const struct addr *a)
{
    for (size_t i = 0; i < count; i++)
        if (addr_equal(&list[i], a))
            return true;
    return false;
}

/* Have they an address in common? Servers of one name give different parts of a large set at different times.
 */
static bool overlap(const struct addr *a, size_t a_count, const struct addr *b, size_t b_count)
{
    for (size_t i = 0; i < a_count; i++)
        if (has_addr(b, b_count, &a[i]))
            return true;
    return false;
}

static bool same_data(const struct stub_said *a, const struct stub_said *b)
{
    if (a->data.count || b->data.count)
        return rdata_texts_equal(&a->data, &b->data);
    if (a->count == 0 && b->count == 0)
        return strcasecmp(a->canonical, b->canonical) == 0;
    return overlap(a->addresses, a->count, b->addresses, b->count);
}

bool why_same_answer(const struct stub_said *a, const struct stub_said *b)
{
    return a->has_data == b->has_data && (!a->has_data || same_data(a, b));
}

/* ---- rules about nsswitch.conf and its sources ---- */

/* Its addresses are the same everywhere and for ever (RFC 6761 6.3). */
static bool is_localhost(const char *name)
{
    const char *end = strrchr(name, '.');
    return strcasecmp(end ? end + 1 : name, "localhost") == 0;
}

static void files_hide_dns(struct why *w)
{
    const struct system_part *winner = why_winner(w);
    const struct stub_said *s = system_question_server(&w->q);
    struct text t;
    if (!winner || strcmp(winner->source->name, "files") != 0 || w->q.hosts.count == 0 || !s || !s->has_data)
        return;
    unsigned line = w->q.hosts.items[0].line;
    text_init(&t);
    if (w->q.reverse) {
        if (strcasecmp(s->canonical, winner->said.name) != 0)
            say(w, "%s line %u hides what DNS says: %s", HOSTS_PATH, line, s->canonical);
    } else {
        struct addr hidden[STUB_ADDRESSES_MAX] = {0};
        size_t n = 0;
        for (size_t i = 0; i < s->count; i++)
            if (!system_said_has(&winner->said, &s->addresses[i]))
                hidden[n++] = s->addresses[i];
        add_addresses(&t, hidden, n);
        if (n > 0)
            say(w, "%s line %u hides what DNS says: %s.", HOSTS_PATH, line, t.data);
        else if (!is_localhost(w->q.query))
            say(w,
                "%s line %u says the same as DNS does today; should DNS change, this system will not notice.",
                HOSTS_PATH, line);
    }
    text_fini(&t);
}

static void other_source_hides_dns(struct why *w)
{
    const struct system_part *winner = why_winner(w), *dns = dns_part(w);
    const struct stub_said *s = system_question_server(&w->q);
    struct text t;
    if (!winner || !dns || !s || !s->has_data || winner == dns ||
        strcmp(winner->source->name, "files") == 0 || w->q.reverse)
        return;
    for (size_t i = 0; i < s->count; i++)
        if (system_said_has(&winner->said, &s->addresses[i]))
            return;
    text_init(&t);
    add_addresses(&t, s->addresses, s->count);
    say(w, "%s answers before DNS is asked, which says %s.", winner->source->name, t.data);
    text_fini(&t);
}

static void nobody_comes_so_far(struct why *w)
{
    const struct system_look *l = &w->q.look;
    if (why_winner(w) || l->whole.said.error == 0)
        return;
    unsigned end = 0;
    while (end < l->conf.count && l->parts[end].source->action[l->parts[end].status] != NSSWITCH_RETURN)
        end++;
    for (unsigned i = end + 1; i < l->conf.count; i++)
        if (l->parts[i].status == NSSWITCH_SUCCESS)
            say(w, "%s knows the name, but is never asked: behind %s, %s says [%s=return].",
                l->parts[i].source->name, l->parts[end].source->name, NSSWITCH_PATH,
                l->parts[end].status == NSSWITCH_NOTFOUND  ? "NOTFOUND"
                : l->parts[end].status == NSSWITCH_UNAVAIL ? "UNAVAIL"
                                                           : "TRYAGAIN");
}

static void sources_that_do_not_work(struct why *w)
{
    for (unsigned i = 0; i < w->q.look.conf.count; i++) {
        const struct system_part *p = &w->q.look.parts[i];
        const char *name = p->source->name;
        if (!p->begun)
            continue;
        if (p->child.end == CHILD_LATE)
            say(w, "%s did not answer in %u s; where it comes first, every look-up waits for it.", name,
                w->q.limit_s);
        else if (p->child.end == CHILD_DIED)
            say(w,
                "the module libnss_%s.so.2 crashed, and would take any program that looks names up with it.",
                name);
        else if (p->said.missing)
            say(w, "%s is named in %s, but its module libnss_%s.so.2 is not installed; it is passed over.",
                name, NSSWITCH_PATH, name);
    }
}

static void line_is_broken(struct why *w)
{
    if (w->q.look.conf.broken)
        say(w, "%s line %u is not understood, and so no source is asked: no name can be looked up.",
            NSSWITCH_PATH, w->q.look.conf.line);
}

static void dns_is_not_a_source(struct why *w)
{
    const struct stub_said *s = system_question_server(&w->q);
    if (w->q.look.conf.broken)
        return;
    if (!dns_part(w) && !find_part(w, "resolve") && s && s->has_data)
        say(w, "%s does not name dns: what the name servers say counts for nothing here.", NSSWITCH_PATH);
}

static void whole_and_parts_differ(struct why *w)
{
    struct text t;
    if (w->q.look.agrees)
        return;
    text_init(&t);
    why_add_endpoints(&t, w->q.look.whole.said.addresses, w->q.look.whole.said.count);
    say(w, "programs hear %s, which is not what the sources say one by one: %s.",
        w->q.look.whole.said.error ? gai_strerror(w->q.look.whole.said.error)
        : t.len                    ? t.data
                                   : w->q.look.whole.said.name,
        w->q.nscd ? "nscd remembers it (nscd -i hosts makes it forget)"
                  : "an answer that changes from one question to the next, or a module that knows who asks");
    text_fini(&t);
}

static void nscd_listens(struct why *w)
{
    if (w->q.nscd && w->q.look.agrees)
        say(w, "nscd listens and is asked before all of these; what it says may be older.");
}

/* ---- rules about name servers ---- */

static void servers_that_do_not_reply(struct why *w)
{
    char buf[ADDR_TEXT_LEN];
    bool nobody_answers =
        w->typed.done && w->typed.said.rcode == RCODE_SERVFAIL && w->typed.said.verdict != VERDICT_BOGUS;
    for (unsigned i = 0; i < w->q.said_count; i++) {
        const struct stub_said *s = &w->q.said[i];
        bool first = i == 0, more = w->q.said_count > 1;
        addr_text(&s->server.addr, buf);
        if (s->was_truncated && (s->end == ASK_TIMEOUT || s->end == ASK_UNREACHABLE)) {
            say(w, "%s replies over UDP that its answer needs TCP, and gives none over TCP: a firewall?",
                buf);
            continue;
        }
        if (s->end == ASK_TIMEOUT && nobody_answers)
            say(w, "%s has no reply yet: the name's own servers give none either.", buf);
        else if (s->end == ASK_TIMEOUT)
            say(w, "%s does not reply%s.", buf,
                first && more ? ", and is the first: look-ups wait for it before they go on to the next"
                              : "");
        if (s->end == ASK_TIMEOUT && w->q.harkd.silent && addr_is_loopback(&s->server.addr))
            say(w, "harkd on this machine hangs: it takes connections at %s, but tells nothing.",
                w->q.harkd.socket);
        if (s->end == ASK_UNREACHABLE && s->system_error != ECONNREFUSED)
            say(w, "%s port %u %s.", buf, s->server.port,
                ask_end_text(&(struct ask_reply){.end = s->end, .system_error = s->system_error}));
        else if (s->end == ASK_UNREACHABLE)
            say(w, "nothing listens at %s port %u%s.", buf, s->server.port,
                addr_is_loopback(&s->server.addr) ? ": the name server of this machine does not run" : "");
    }
}

static bool blocks(const struct stub_said *s)
{
    return s->ede >= EDE_BLOCKED && s->ede <= EDE_PROHIBITED;
}

static void servers_that_refuse(struct why *w)
{
    char buf[ADDR_TEXT_LEN];
    for (unsigned i = 0; i < w->q.said_count; i++) {
        const struct stub_said *s = &w->q.said[i];
        addr_text(&s->server.addr, buf);
        if (s->end == ASK_REPLY && blocks(s)) {
            struct text ede;
            text_init(&ede);
            record_add_ede(&ede, s->ede, s->reason);
            say(w, "%s says itself that it keeps this name from you (%s).", buf, ede.data);
            text_fini(&ede);
        } else if (s->end == ASK_REPLY && s->rcode == RCODE_REFUSED)
            say(w, "%s refuses to answer: it does not serve this machine, or not this name%s.", buf,
                i + 1 < w->q.said_count ? "; programs go on to the next" : "");
    }
}

static void servers_disagree(struct why *w)
{
    const struct stub_said *first = system_question_server(&w->q);
    char a[ADDR_TEXT_LEN], b[ADDR_TEXT_LEN];
    for (const struct stub_said *s = first ? first + 1 : NULL; s && s < w->q.said + w->q.said_count; s++) {
        if (!stub_is_answer(s) || why_same_answer(first, s))
            continue;
        struct text said[2];
        const struct stub_said *both[2] = {first, s};
        for (int i = 0; i < 2; i++) {
            text_init(&said[i]);
            why_add_data(&said[i], &both[i]->data, both[i]->addresses, both[i]->count);
            if (!both[i]->has_data)
                text_add(&said[i], "no such name or data");
            else if (said[i].len == 0)
                text_add(&said[i], both[i]->canonical);
        }
        say(w,
            "the name servers disagree (split DNS?): %s says %s, %s says %s; programs take the first that "
            "replies.",
            addr_text(&first->server.addr, a), said[0].data, addr_text(&s->server.addr, b), said[1].data);
        text_fini(&said[0]);
        text_fini(&said[1]);
    }
}

static void searched_name_surprises(struct why *w)
{
    const struct stub_said *s = system_question_server(&w->q);
    if (!s || !s->has_data || !s->domain[0] || w->q.reverse)
        return;
    if (w->typed.done && (w->typed.said.count || w->typed.said.data.count))
        say(w,
            "the search list made %s of %s, which exists too; with a final dot (%s.) the name itself is "
            "meant.",
            s->name, w->q.query, w->q.query);
    else
        say(w, "the search list made %s of %s.", s->name, w->q.query);
}

/* The well-known prefix, RFC 6052 2.1; a network may have another one. */
static bool is_of_dns64(const struct addr *a)
{
    static const uint8_t prefix[12] = {0x00, 0x64, 0xff, 0x9b};
    return a->family == FAMILY_V6 && memcmp(a->ip, prefix, sizeof prefix) == 0;
}

static const struct addr *made_by_dns64(const struct stub_said *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (is_of_dns64(&s->addresses[i]))
            return &s->addresses[i];
    return NULL;
}

static void address_is_made_by_dns64(struct why *w)
{
    const struct stub_said *s = system_question_server(&w->q);
    const struct addr *made = s ? made_by_dns64(s) : NULL;
    char buf[ADDR_TEXT_LEN], of[ADDR_TEXT_LEN], server[ADDR_TEXT_LEN];
    if (!made)
        return;
    struct addr v4 = addr_v4(made->ip + 12);
    say(w,
        "%s says %s, which stands for %s on networks that have IPv6 alone (DNS64, RFC 6147): it leads "
        "through a translator.",
        addr_text(&s->server.addr, server), addr_text(made, buf), addr_text(&v4, of));
}

static void alias_leads_nowhere(struct why *w)
{
    const struct stub_said *s = system_question_server(&w->q);
    if (!s || s->has_data || !s->alias_of[0] || s->rcode != RCODE_NXDOMAIN)
        return;
    say(w, "%s exists, as an alias (CNAME); it is %s, where it leads, that does not exist.", s->name,
        s->alias_of);
}

static bool is_stale(const struct stub_said *s)
{
    return s->ede == EDE_STALE_ANSWER || s->ede == EDE_STALE_NXDOMAIN;
}

static void add_data(struct text *t, const struct rdata_texts *data, const struct addr *list, size_t count)
{
    why_add_data(t, data, list, count);
    if (t->len == 0)
        text_add(t, "that there is no such name or data");
}

/* Does that server say what the name's own servers say? Or neither anything. */
static bool says_the_same(const struct stub_said *s, const struct walk_said *own)
{
    if (s->data.count || own->data.count)
        return rdata_texts_overlap(&s->data, &own->data);
    return (s->count == 0 && own->count == 0) || overlap(s->addresses, s->count, own->addresses, own->count);
}

static void servers_and_root_differ(struct why *w)
{
    const struct stub_said *s = system_question_server(&w->q);
    const struct why_walk *walk = walk_of_answer(w);
    char buf[ADDR_TEXT_LEN];
    struct text here, there;
    if (!s || !walk || w->q.reverse || (w->searched.begun && !w->searched.done))
        return;
    bool failed = walk->said.rcode != RCODE_NOERROR && walk->said.rcode != RCODE_NXDOMAIN;
    if (failed || says_the_same(s, &walk->said))
        return;
    /* It was made of an IPv4 address, which nobody asked for. */
    if (!w->q.v4 && made_by_dns64(s) && walk->said.rcode == RCODE_NOERROR && walk->said.count == 0)
        return;
    text_init(&here);
    text_init(&there);
    add_data(&here, &s->data, s->addresses, s->count);
    add_data(&there, &walk->said.data, walk->said.addresses, walk->said.count);
    addr_text(&s->server.addr, buf);
    if (!s->has_data && s->denial_ttl_s && !is_stale(s) && !blocks(s))
        say(w,
            "%s says %s, and may go on remembering it for %u s; the name's own servers say %s. Is the record "
            "new? Else a network with names of its own (split DNS), or a filter.",
            buf, here.data, s->denial_ttl_s, there.data);
    else
        say(w, "%s says %s, the name's own servers say %s: %s.", buf, here.data, there.data,
            is_stale(s) ? "its answer is out of date, as it says itself (it cannot reach those who know)"
            : blocks(s) ? "that is its filter"
                        : "a network with names of its own (split DNS), a filter, or something out of date");
    text_fini(&here);
    text_fini(&there);
}

static void answer_is_stale(struct why *w)
{
    const struct stub_said *s = system_question_server(&w->q);
    const struct why_walk *walk = walk_of_answer(w);
    char buf[ADDR_TEXT_LEN];
    if (!s || !is_stale(s) ||
        (walk && (walk->said.count || walk->said.data.count) && !says_the_same(s, &walk->said)))
        return;
    say(w, "%s says itself that its answer is out of date (EDE %d): it cannot reach those who know.",
        addr_text(&s->server.addr, buf), s->ede);
}

static void nobody_answers_for_the_zone(struct why *w)
{
    const struct why_walk *walk = walk_of_answer(w);
    if (!walk || walk->said.rcode != RCODE_SERVFAIL || walk->said.verdict == VERDICT_BOGUS)
        return;
    say(w, "the servers that should know the name give no answer (%s); nobody can look it up now.",
        walk->said.reason);
}

static void answer_is_bogus(struct why *w)
{
    const struct stub_said *s = system_question_server(&w->q);
    const struct why_walk *walk = walk_of_answer(w);
    char buf[ADDR_TEXT_LEN];
    if (!walk || walk->said.verdict != VERDICT_BOGUS)
        return;
    say(w, "DNSSEC: what the zone's servers say is bogus (%s); a server that validates refuses it.",
        walk->said.reason);
    if (s && s->has_data)
        say(w, "%s hands it out all the same: it does not validate.", addr_text(&s->server.addr, buf));
}

static void harkd_is_not_asked(struct why *w)
{
    bool asked = false;
    for (unsigned i = 0; i < w->q.resolv.server_count; i++)
        asked = asked || local_harkd_is(&w->q.harkd, &w->q.resolv.servers[i]);
    if (w->q.harkd.runs && !asked)
        say(w, "a harkd runs on this machine, but %s does not name it.", RESOLVCONF_PATH);
}

/* ---- rules about addresses and names ---- */

static void a_family_is_left_out(struct why *w)
{
    if (w->q.reverse || w->q.ask.family != AF_UNSPEC || w->q.v4 == w->q.v6)
        return;
    say(w, "this machine has no %s address, so programs are given %s addresses alone (AI_ADDRCONFIG).",
        w->q.v4 ? "IPv6" : "IPv4", w->q.v4 ? "IPv4" : "IPv6");
}

static void multicast_name_without_a_source(struct why *w)
{
    size_t len = strlen(w->q.query);
    bool local = len > 6 && strcasecmp(w->q.query + len - 6, ".local") == 0;
    for (unsigned i = 0; local && i < w->q.look.conf.count; i++)
        if (strncmp(w->q.look.conf.sources[i].name, "mdns", 4) == 0 ||
            strcmp(w->q.look.conf.sources[i].name, "resolve") == 0)
            return;
    if (local)
        say(w,
            "names under .local belong to multicast DNS (RFC 6762), for which %s has no source "
            "(mdns4_minimal, resolve).",
            NSSWITCH_PATH);
}

void why_notice(struct why *w)
{
    static void (*const of_sources[])(struct why *) = {
        files_hide_dns,
        other_source_hides_dns,
        nobody_comes_so_far,
        line_is_broken,
        sources_that_do_not_work,
        dns_is_not_a_source,
        whole_and_parts_differ,
        nscd_listens,
        a_family_is_left_out,
        multicast_name_without_a_source,
    };
    static void (*const of_dns[])(struct why *) = {
        servers_that_do_not_reply,
        servers_that_refuse,
        servers_disagree,
        why_links_notice,
        searched_name_surprises,
        alias_leads_nowhere,
        address_is_made_by_dns64,
        servers_and_root_differ,
        answer_is_stale,
        nobody_answers_for_the_zone,
        answer_is_bogus,
        harkd_is_not_asked,
    };
    bool dns_alone = w->q.type != TYPE_NONE;
    for (size_t i = 0; i < sizeof of_sources / sizeof of_sources[0] && !w->q.numeric && !dns_alone; i++)
        of_sources[i](w);
    for (size_t i = 0; i < sizeof of_dns / sizeof of_dns[0] && !w->q.numeric; i++)
        of_dns[i](w);
}
