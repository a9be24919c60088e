#include "cli/system_question.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/address.h"
#include "cli/out.h"
#include "cli/progress.h"
#include "dns/rrtype.h"
#include "lib/idn.h"

#define LIMIT_DEFAULT_S 30u    /* as long as the C library may take with three dead servers */
#define PROBE_TRIES 2u         /* UDP loses messages */
#define PROBE_TIMEOUT_MS 1000  /* with each; two seconds tell that a server is dead */
#define HARKD_TIMEOUT_MS 6000  /* one that runs says within five seconds why it has no answer */
#define PROBE_AFTER_US 1000000 /* after the system has its answer the reason for it is waited for so long */

/* ---- what was typed ---- */

static bool is_ascii(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s >= 0x80)
            return false;
    return true;
}

/* Names that are not ASCII become A-labels; others go to the system as they are (it knows more than DNS). */
static enum err read_name(struct system_question *q, const char *host, struct arena *arena)
{
    name_t name[NAME_MAX_LEN];
    struct text why;
    q->query = host;
    if (is_ascii(host))
        return ERR_OK;
    text_init(&why);
    enum err err = idn_to_name(name, host, &why);
    if (err) {
        out_complain("'%s' is not a domain name: %s", host, why.data);
    } else {
        text_clear(&why);
        name_to_text(&why, name);
        if (why.len > 1)
            why.data[why.len - 1] = 0; /* the final dot would keep the system from its hosts file */
        q->query = arena_strdup(arena, why.data);
    }
    text_fini(&why);
    return err;
}

/* The place of the colon before a service, NULL if there is none: "name:https", "192.0.2.1:53", "[::1]:53".
 */
static char *find_service(char *word)
{
    char *colon = strrchr(word, ':');
    if (!colon)
        return NULL;
    if (word[0] == '[')
        return colon > word && colon[-1] == ']' ? colon : NULL;
    return strchr(word, ':') == colon ? colon : NULL;
}

static enum err check_service(const char *word, const char *service)
{
    char *end;
    unsigned long port = strtoul(service, &end, 10);
    bool number = service[0] >= '0' && service[0] <= '9' && *end == 0;
    if (service[0] && (!number || port <= 65535))
        return ERR_OK;
    if (number)
        out_complain("%s: '%s' is not a port: 0 to 65535", word, service);
    else
        out_complain("%s: behind the colon belongs a service or a port: %shttps", word, word);
    return ERR_FORMAT;
}

/* An address in whatever form the C library reads, with its scope; nobody is asked. */
static bool read_numeric(struct endpoint *out, const char *host, const char *service)
{
    struct system_ask ask = {.name = host, .service = service, .family = AF_UNSPEC, .flags = AI_NUMERICHOST};
    struct system_said *said = mem_alloc(sizeof *said);
    system_ask(said, &ask, NULL);
    bool is = said->error == 0 && said->count > 0;
    if (is)
        *out = said->addresses[0];
    mem_free(said);
    return is;
}

static void read_address(struct system_question *q, const struct endpoint *e)
{
    name_t name[NAME_MAX_LEN];
    q->reverse = true;
    q->address = e->addr;
    q->ask.name = NULL;
    q->ask.address = *e;
    address_reverse(name, &e->addr);
    name_text(name, q->pointer);
}

/* "192.0.2.1", "fe80::1%eth0": written as addresses are, and not 10 or 127.1. */
static bool is_written_address(const char *host)
{
    char text[ADDR_TEXT_LEN];
    struct addr addr;
    size_t len = strcspn(host, "%");
    if (len >= sizeof text)
        return false;
    memcpy(text, host, len);
    text[len] = 0;
    return addr_parse(&addr, text) == ERR_OK && (host[len] == 0 || addr.family == FAMILY_V6);
}

enum err system_question_read(
    struct system_question *q, const struct args *args, const char *word, struct arena *arena)
{
    struct endpoint e;
    *q = (struct system_question){.word = word, .limit_s = LIMIT_DEFAULT_S};
    local_harkd_init(&q->harkd);
    if (args->given[OPTION_TIMEOUT])
        q->limit_s = args->number[OPTION_TIMEOUT];
    char *host = arena_strdup(arena, word), *colon = is_written_address(word) ? NULL : find_service(host);
    if (colon) {
        *colon = 0;
        q->service = colon + 1;
        if (check_service(word, q->service) != ERR_OK)
            return ERR_FORMAT;
    }
    size_t len = strlen(host);
    if (host[0] == '[' && len > 2 && host[len - 1] == ']') {
        host[len - 1] = 0;
        host++;
    }
    if (read_name(q, host, arena) != ERR_OK)
        return ERR_FORMAT;
    q->v4 = args->on[OPTION_IPV4];
    q->v6 = args->on[OPTION_IPV6];
    q->ask = (struct system_ask){.name = q->query, .service = q->service, .flags = AI_CANONNAME};
    q->ask.family = q->v4 ? AF_INET : q->v6 ? AF_INET6 : AF_UNSPEC;
    if (q->ask.family == AF_UNSPEC)
        q->ask.flags |=
            AI_ADDRCONFIG; /* as browsers and getent do: no addresses of a family that is not here */
    q->numeric = read_numeric(&e, host, q->service);
    if (q->numeric && is_written_address(host)) {
        q->numeric = false;
        read_address(q, &e);
    }
    return ERR_OK;
}

void system_question_fini(struct system_question *q)
{
    system_look_fini(&q->look);
    for (unsigned i = 0; i < q->probe_count; i++)
        child_fini(&q->probes[i]);
    local_harkd_fini(&q->harkd);
}

/* ---- asking ---- */

void system_question_families(struct system_question *q)
{
    if (!q->v4 && !q->v6)
        system_families(&q->v4, &q->v6);
}

/* How this system asks DNS. */
static void read_settings(struct system_question *q)
{
    (void)resolvconf_read(&q->resolv, RESOLVCONF_PATH);
    resolvconf_read_environment(&q->resolv);
    system_question_families(q);
}

static struct stub_ask stub_settings(const struct system_question *q)
{
    return (struct stub_ask){.conf = &q->resolv,
        .name = q->reverse ? q->pointer : q->query,
        .type = q->type,
        .reverse = q->reverse,
        .v4 = q->v4,
        .v6 = q->v6,
        .tries = PROBE_TRIES,
        .timeout_ms = PROBE_TIMEOUT_MS};
}

static void probe(struct system_question *q, unsigned server)
{
    struct stub_ask ask = stub_settings(q);
    if (server != STUB_IN_TURN && local_harkd_is(&q->harkd, &q->resolv.servers[server]))
        ask.timeout_ms = HARKD_TIMEOUT_MS;
    stub_begin(&q->probes[q->probe_count++], &ask, server);
}

/* The name that DNS is asked for first. */
static const char *first_name(struct system_question *q)
{
    if (q->reverse)
        return q->pointer;
    return resolvconf_candidate(&q->candidate, &q->resolv, q->query, 0) ? q->candidate.name : q->query;
}

/* The system comes to DNS: what does a harkd on this machine know? If DNS is slow, it is found out meanwhile
 * which server is; if it is not, that is soon asked afterwards, without a process. */
static void on_source(void *ctx, const struct nsswitch_source *source, bool slow)
{
    struct system_question *q = ctx;
    bool dns = strcmp(source->name, "dns") == 0;
    if (!q->explained)
        progress_says("%s, a source of %s", source->name, NSSWITCH_PATH);
    if (!dns || q->probe_count > 0)
        return;
    if (slow) {
        probe(q, STUB_IN_TURN);
        return;
    }
    q->dns = true;
    read_settings(q);
    local_harkd_begin(&q->harkd);
    local_harkd_begin_recall(&q->harkd, first_name(q));
}

static void read_probes(struct system_question *q, int64_t until_us)
{
    for (unsigned i = 0; i < q->probe_count; i++) {
        struct child *c = &q->probes[i];
        child_wait(&c, 1, until_us);
        q->said_count += stub_read(q->said + q->said_count, c);
    }
    if (q->dns && q->probe_count == 0 && child_now_us() < until_us) {
        struct stub_ask ask = stub_settings(q);
        q->said_count = stub_ask_in_turn(q->said, &ask);
    }
}

static void hear_harkd(struct system_question *q)
{
    const struct stub_said *s = system_question_server(q);
    if (q->said_count > 0)
        local_harkd_hear(&q->harkd);
    bool by_harkd = s && local_harkd_is(&q->harkd, &s->server);
    q->harkd.remembers =
        q->harkd.remembers && by_harkd; /* its cache tells nothing of what another one said */
    if (by_harkd && s->has_data && (!q->harkd.remembers || strcmp(s->name, first_name(q)) != 0))
        local_harkd_recall(&q->harkd, s->name);
}

/* Of each server: who asks for such a type asks DNS, not the system. */
static void ask_each_server(struct system_question *q)
{
    read_settings(q);
    local_harkd_begin(&q->harkd);
    local_harkd_hear(&q->harkd);
    for (unsigned i = 0; i < q->resolv.server_count; i++)
        probe(q, i);
}

void system_question_ask(struct system_question *q, enum system_depth depth)
{
    struct nsswitch conf;
    q->began_us = child_now_us();
    int64_t until_us = q->began_us + (int64_t)q->limit_s * 1000000;
    if (q->numeric)
        depth = SYSTEM_WHOLE_ONLY;
    nsswitch_read(&conf, NSSWITCH_PATH);
    system_look_init(&q->look, &conf);
    if (depth == SYSTEM_WHOLE_ONLY) {
        system_look_up(&q->look, &q->ask, depth, until_us, (struct system_watch){0});
        return;
    }
    q->nscd = system_has_nscd();
    if (depth == SYSTEM_ALL)
        ask_each_server(q);
    if (q->type != TYPE_NONE) {
        read_probes(q, until_us);
        hear_harkd(q);
        return;
    }
    system_look_up(&q->look, &q->ask, depth, until_us, (struct system_watch){on_source, q});
    hosts_find_in(&q->hosts, HOSTS_PATH, q->reverse ? NULL : q->query, &q->address);
    int64_t patience_us = child_now_us() + PROBE_AFTER_US;
    read_probes(q, depth == SYSTEM_ALL || patience_us > until_us ? until_us : patience_us);
    hear_harkd(q);
}

const struct stub_said *system_question_server(const struct system_question *q)
{
    for (unsigned i = 0; i < q->said_count; i++)
        if (stub_is_answer(&q->said[i]))
            return &q->said[i];
    return NULL;
}

void system_question_add_age(struct text *t, const struct system_question *q, const struct stub_said *s)
{
    const struct local_harkd *h = &q->harkd;
    if (!h->remembers || s != system_question_server(q))
        return;
    /* Ages are whole seconds. */
    int64_t look_up_s = (child_now_us() - q->began_us) / 1000000 + 1;
    if (h->age_s > look_up_s)
        text_printf(t, ", from its cache%s, %u s old", h->stale ? " and out of date" : "", h->age_s);
    else
        text_add(t, ", fetched a moment ago");
}

/* ---- what the whole says ---- */

static bool is_verb(const char *word)
{
    const struct verb_info *v = verb_table;
    while (v->name && strcmp(v->name, word) != 0)
        v++;
    return v->name;
}

/* Sources other than DNS may know such a name, which DNS cannot have. */
static bool add_misfit(struct text *t, const char *query)
{
    name_t name[NAME_MAX_LEN];
    struct text why;
    text_init(&why);
    bool misfit = idn_to_name(name, query, &why) != ERR_OK;
    if (misfit)
        text_printf(t, "; DNS cannot have it: %s", why.data);
    text_fini(&why);
    return misfit;
}

/* What to do next, in words. */
static void add_hint(struct text *t, const struct system_question *q)
{
    char buf[ADDR_TEXT_LEN]; /* without a scope, which -x does not take */
    switch (q->look.whole.said.error) {
    case EAI_NONAME:
    case EAI_NODATA:
        if (!q->explained && is_verb(q->query))
            text_printf(t, "; of harkd: hark ctl %s", q->query);
        else if (!q->explained && type_meant(q->query))
            text_printf(t, "; did you mean the type %s?", type_meant(q->query));
        else if (!q->explained && !q->reverse && add_misfit(t, q->query))
            break;
        else if (!q->explained)
            text_printf(t, "; what DNS alone says: hark %s%s%s", q->reverse ? "-x " : "",
                q->reverse ? addr_text(&q->address, buf) : q->query, q->reverse ? "" : " A");
        break;
    case EAI_AGAIN:
    case EAI_FAIL:
        if (!q->explained)
            text_printf(t, "; why: hark why %s", q->query);
        break;
    case EAI_SERVICE:
        text_add(t, "; /etc/services lists them, and a number will do");
        break;
    default:
        break;
    }
}

static const char *error_text(const struct system_said *s)
{
    return s->error == EAI_SYSTEM ? strerror(s->system_error) : gai_strerror(s->error);
}

/* Of a type that DNS alone has. */
static enum status dns_status(const struct system_question *q)
{
    const struct stub_said *s = system_question_server(q);
    const char *name = q->word, *says = "no name server replied";
    enum status status = STATUS_NO_REPLY;
    struct text type;
    if (s && s->has_data)
        return STATUS_ANSWER;
    for (unsigned i = 0; !s && i < q->said_count; i++)
        if (q->said[i].end == ASK_REPLY)
            status = STATUS_FAILURE, says = "the name servers could not answer";
    if (s)
        status = STATUS_NO_DATA, says = s->rcode == RCODE_NXDOMAIN ? "no such name" : "no such data";
    text_init(&type);
    rrtype_to_text(&type, q->type);
    out_complain("%s %s: %s", name, type.data, says);
    text_fini(&type);
    return status;
}

enum status system_question_status(const struct system_question *q)
{
    if (q->type != TYPE_NONE)
        return dns_status(q);
    const struct system_part *whole = &q->look.whole;
    const char *why = q->explained ? "" : "; who does not reply: hark why ",
               *name = q->explained ? "" : q->query;
    if (whole->child.end == CHILD_LATE) {
        out_complain("%s: no answer of the system in %u s%s%s", q->word, q->limit_s, why, name);
        return STATUS_NO_REPLY;
    }
    if (whole->child.end != CHILD_DONE) {
        out_complain("%s: the look-up itself ended early; is a module of %s broken?%s%s", q->word,
            NSSWITCH_PATH, q->explained ? "" : " hark why ", name);
        return STATUS_INTERNAL;
    }
    if (whole->said.error == 0)
        return STATUS_ANSWER;
    struct text t;
    text_init(&t);
    text_printf(&t, "%s: %s", q->word, error_text(&whole->said));
    add_hint(&t, q);
    out_complain("%s", t.data);
    text_fini(&t);
    switch (whole->said.error) {
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
        return STATUS_NO_DATA;
    case EAI_AGAIN: /* no server replied, or it failed for now: the system does not tell which */
        return STATUS_NO_REPLY;
    case EAI_FAIL:
        return STATUS_FAILURE;
    case EAI_SERVICE:
        return STATUS_USAGE;
    default:
        return STATUS_INTERNAL;
    }
}

/* ---- where it comes from ---- */

static void add_hosts_lines(struct text *t, const struct system_question *q)
{
    size_t n = q->hosts.count;
    text_printf(t, "%s line%s", HOSTS_PATH, n == 1 ? "" : "s");
    for (size_t i = 0; i < n; i++)
        text_printf(t, "%s%u", i ? ", " : " ", q->hosts.items[i].line);
    if (q->hosts.more)
        text_printf(t, " and %zu more", q->hosts.more);
    if (n == 0)
        text_add(t, "s that were there a moment ago");
}

/* "127.0.0.1, harkd on this machine (/etc/resolv.conf line 1)" */
static void add_server(struct text *t, const struct system_question *q, const struct stub_said *s)
{
    char buf[ADDR_TEXT_LEN];
    text_add(t, addr_text(&s->server.addr, buf));
    if (local_harkd_is(&q->harkd, &s->server))
        text_add(t, ", harkd on this machine");
    if (s->line)
        text_printf(t, " (%s line %u)", RESOLVCONF_PATH, s->line);
    else
        text_printf(t, " (%s names none)", RESOLVCONF_PATH);
}

static void add_earlier_servers(
    struct text *t, const struct system_question *q, const struct stub_said *until)
{
    char buf[ADDR_TEXT_LEN];
    const char *before = ", after ";
    for (const struct stub_said *s = q->said; s < until; s++) {
        text_printf(t, "%s%s ", before, addr_text(&s->server.addr, buf));
        if (s->end == ASK_REPLY) {
            text_add(t, "said ");
            rcode_to_text(t, s->rcode);
        } else {
            text_add(t, "did not reply");
        }
        before = " and ";
    }
}

static void add_dns(struct text *t, const struct system_question *q)
{
    const struct stub_said *s = system_question_server(q);
    if (!s) {
        text_add(t, "a server of ");
        text_add(t, RESOLVCONF_PATH);
        return;
    }
    add_server(t, q, s);
    add_earlier_servers(t, q, s);
    if (s->has_data) {
        system_question_add_age(t, q, s);
        text_printf(t, ", TTL %u s", s->ttl_s);
    }
    if (s->domain[0])
        text_printf(t, "; asked for as %s (search list)", s->name);
}

void system_question_whence(
    struct text *t, const struct system_question *q, const struct nsswitch_source *source)
{
    if (strcmp(source->name, "files") == 0)
        add_hosts_lines(t, q);
    else if (strcmp(source->name, "dns") == 0)
        add_dns(t, q);
    else
        text_printf(t, "the module libnss_%s.so.2", source->name);
}
