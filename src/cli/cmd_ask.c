/* hark NAME… TYPE… [@SERVER]: as DNS does. */
#include <string.h>

#include "base/now.h"
#include "base/random.h"
#include "cli/address.h"
#include "cli/ask_transfer.h"
#include "cli/ask_view.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/servers.h"
#include "dns/record.h"
#include "lib/idn.h"

/* Whom a question goes to: the servers of resolv.conf or an @SERVER's addresses, one after the other until
 * one replies. Each target is asked each question. */
struct target {
    const char *said;    /* the @SERVER without its @; NULL: resolv.conf's */
    enum status status;  /* STATUS_ANSWER, or why nobody can be asked */
    const char *trouble; /* in words */
    struct ask_settings settings;
};

struct asking {
    const struct args *args;
    struct random *rng;
    struct ask_view view;
    struct target *targets;
    size_t target_count;
    bool comparing; /* the targets are the servers that a zone's NS records name */
};

/* With the place in a batch. */
static void complain(const struct asking *q, const char *said)
{
    const char *place = q->args->place;
    out_complain("%s%s%s", place ? place : "", place ? ": " : "", said);
}

static void apply_options(struct ask_settings *s, const struct args *a)
{
    if (a->given[OPTION_TIME])
        s->timeout_ms = a->number[OPTION_TIME] * 1000;
    if (a->given[OPTION_TRIES])
        s->tries = a->number[OPTION_TRIES];
    else if (a->given[OPTION_RETRY])
        s->tries = a->number[OPTION_RETRY] + 1;
    if (a->given[OPTION_TCP])
        s->tcp = a->on[OPTION_TCP];
    s->edns = a->on[OPTION_EDNS];
    s->udp_size = a->given[OPTION_BUFSIZE] ? (uint16_t)a->number[OPTION_BUFSIZE] : UDP_SIZE_DEFAULT;
    s->dnssec_ok = a->on[OPTION_DNSSEC];
    s->nsid = a->on[OPTION_NSID];
    s->cookie = a->on[OPTION_COOKIE];
    s->cookie_octets = a->cookie;
    s->cookie_len = s->cookie ? a->cookie_len : 0;
    s->source = a->source;
    s->source_port = a->source_port;
    s->subnet = a->subnet;
    s->recursion = a->on[OPTION_REC];
    s->checking_disabled = a->on[OPTION_CD];
    s->more_flags = (uint16_t)((a->on[OPTION_AD] ? FLAG_AD : 0) | (a->on[OPTION_AA] ? FLAG_AA : 0) |
                               (a->on[OPTION_Z] ? FLAG_Z : 0));
    s->opcode = a->opcode;
    s->edns_version = a->edns_version;
    s->edns_flags = a->edns_flags;
    s->options = a->edns_options;
    s->option_count = a->edns_option_count;
    s->padding = a->given[OPTION_PADDING] ? (uint16_t)a->number[OPTION_PADDING] : 0;
    s->keepalive = a->on[OPTION_KEEPALIVE];
    s->keep_truncated = a->on[OPTION_IGNORE];
    s->keep_refused_edns = !a->on[OPTION_EDNSNEGOTIATION];
    s->keep_refused_cookie = !a->on[OPTION_BADCOOKIE];
}

static void complain_no_reply(const struct asking *q, const struct target *to, const struct ask_reply *r)
{
    char at[ASK_VIEW_SERVER_LEN];
    struct text t;
    bool over_tcp = r->end != ASK_LOCAL && r->transport == TRANSPORT_TCP;
    const char *hint = r->end == ASK_LOCAL ? ""
                       : r->was_truncated  ? "; what its UDP reply carried: +ignore"
                       : !to->said         ? "; is it running? Another one: @ADDRESS"
                       : r->end != ASK_TIMEOUT || r->strays || !to->settings.edns
                           ? "; is that the address and port of a name server?"
                           : "; is that the address and port of a name server? Some old ones want +noedns";
    text_init(&t);
    if (to->settings.server_count > 1)
        text_printf(&t, "none of %zu servers replied; the last, ", to->settings.server_count);
    text_printf(&t, "%s@%u", ask_view_server(&r->server, at), r->server.port);
    text_printf(&t, "%s %s%s%s", to->settings.server_count > 1 ? "," : "",
        r->was_truncated ? "says over UDP that its reply needs TCP; over TCP it "
        : over_tcp       ? "over TCP "
                         : "",
        ask_end_text(r), hint);
    complain(q, t.data);
    text_fini(&t);
}

/* Of several servers: which one. */
static void add_where(
    struct text *t, const struct asking *q, const struct msg_question *question, const struct ask_reply *r)
{
    char at[ASK_VIEW_SERVER_LEN];
    record_add_question(t, question->name, question->type);
    if (q->target_count > 1)
        text_printf(t, " from %s@%u", ask_view_server(&r->server, at), r->server.port);
    text_add(t, ": ");
}

/* In short form a failure would look like an empty answer. */
static void complain_failure(const struct asking *q, const struct msg_question *question,
    const struct ask_reply *r, enum status status)
{
    if (status != STATUS_FAILURE && status != STATUS_BOGUS)
        return;
    struct text t;
    text_init(&t);
    add_where(&t, q, question, r);
    rcode_to_text(&t, r->msg.rcode);
    for (unsigned i = 0; i < r->msg.edns.ede_count; i++) {
        text_add(&t, "; ");
        record_add_ede(&t, r->msg.edns.ede[i].code, r->msg.edns.ede[i].text);
    }
    complain(q, t.data);
    text_fini(&t);
}

/* A server that the zone's NS records name and that does not speak for it (RFC 1912 2.8: lame). */
static void complain_lame(const struct asking *q, const struct msg_question *question,
    const struct ask_reply *r, enum status status)
{
    if ((status != STATUS_ANSWER || (r->msg.flags & FLAG_AA)) && status != STATUS_NO_DATA)
        return;
    struct text t;
    text_init(&t);
    add_where(&t, q, question, r);
    text_add(&t, status == STATUS_NO_DATA ? "no such record: it does not serve the zone"
                                          : "not authoritative: it repeats what others say");
    complain(q, t.data);
    text_fini(&t);
}

/* No address is a name: who gives one without -x means its name, or the server. */
static void advise_reverse(const struct asking *q, const struct msg_question *question)
{
    char bare[NAME_TEXT_LEN];
    struct addr addr;
    record_bare_name(question->name, bare);
    if (addr_parse(&addr, bare) != ERR_OK)
        return;
    struct text t;
    text_init(&t);
    text_printf(&t, "%s is an address; its name: hark -x %s; as a server: @%s", bare, bare, bare);
    complain(q, t.data);
    text_fini(&t);
}

static void say_progress(const struct target *to, const struct msg_question *question)
{
    char server[ENDPOINT_TEXT_LEN];
    struct text t;
    text_init(&t);
    record_add_question(&t, question->name, question->type);
    progress_says("%s about %s", endpoint_text(&to->settings.servers[0], server), t.data);
    text_fini(&t);
}

static bool is_transfer(uint16_t type)
{
    return type == TYPE_AXFR || type == TYPE_IXFR;
}

static enum status transfer_zone(
    struct asking *q, const struct target *to, const struct msg_question *question, struct ask_view *view)
{
    struct arena arena;
    struct ask_reply r;
    struct ask_transfer transfer;
    struct ask_settings settings = to->settings;
    struct text why;
    arena_init(&arena);
    text_init(&why);
    view->when = now_read(false).wall_s;
    ask_transfer_begin(&transfer, &settings, view, question);
    ask(&r, &settings, question, q->rng, &arena);
    enum status status = ask_transfer_end(&transfer, &r, &why);
    if (why.len) {
        char at[ASK_VIEW_SERVER_LEN], name[NAME_TEXT_LEN];
        struct text t;
        text_init(&t);
        text_printf(&t, "no transfer of %s from %s@%u: %s%s", name_text(question->name, name),
            ask_view_server(&r.server, at), r.server.port, why.data,
            to->said ? "" : "; ask one of the zone's own: @SERVER");
        complain(q, t.data);
        text_fini(&t);
    } else if (r.end != ASK_REPLY) {
        complain_no_reply(q, to, &r);
    }
    text_fini(&why);
    arena_fini(&arena);
    return status;
}

static enum status ask_one(struct asking *q, const struct target *to, const struct msg_question *question)
{
    struct arena arena;
    struct ask_reply r;
    struct ask_view view = q->view;
    const struct args *a = q->args;
    view.server = to->said;
    if (to->status != STATUS_ANSWER) {
        ask_view_error(&view, question, NULL, to->trouble);
        return to->status;
    }
    say_progress(to, question);
    if (is_transfer(question->type))
        return transfer_zone(q, to, question, &view);
    arena_init(&arena);
    ask(&r, &to->settings, question, q->rng, &arena);
    if (r.end != ASK_REPLY)
        complain_no_reply(q, to, &r);
    struct security security;
    bool wanted = a->on[OPTION_DNSSEC];
    security_read(&security, &r, a->on[OPTION_CD]);
    view.when = now_read(false).wall_s;
    view.security = wanted ? &security : NULL;
    ask_view_reply(&view, &r, question);
    enum status status = status_of_ask(&r, question->type);
    if (wanted && security.kind == SECURITY_BOGUS)
        status = status_worst(status, STATUS_BOGUS); /* data that came all the same: +cd */
    if (status == STATUS_NO_DATA && view.out->format == OUT_TEXT)
        advise_reverse(q, question);
    if (r.end == ASK_REPLY && view.out->format == OUT_SHORT)
        complain_failure(q, question, &r, status);
    if (r.end == ASK_REPLY && q->comparing)
        complain_lame(q, question, &r, status);
    arena_fini(&arena);
    return status;
}

static enum status read_name(const struct asking *q, const char *word, name_t out[NAME_MAX_LEN])
{
    const struct args *a = q->args;
    bool reverse = a->on[OPTION_REVERSE];
    struct text why;
    text_init(&why);
    enum err err = reverse || a->on[OPTION_IDNIN] ? address_question(out, word, reverse, &why)
                                                  : idn_to_raw_name(out, word, &why);
    if (err) {
        struct text t;
        text_init(&t);
        text_printf(&t, "'%s' is not a domain name: %s", word, why.data);
        complain(q, t.data);
        text_fini(&t);
        ask_view_error(&q->view, NULL, word, why.data);
    }
    text_fini(&why);
    return err ? STATUS_USAGE : STATUS_ANSWER;
}

static enum status ask_all(struct asking *q)
{
    const struct args *a = q->args;
    const uint16_t usual = a->on[OPTION_REVERSE] ? TYPE_PTR : TYPE_A;
    const uint16_t *types = a->type_count ? a->types : &usual;
    size_t type_count = a->type_count ? a->type_count : 1;
    enum status worst = STATUS_ANSWER;
    for (size_t i = 0; i < a->name_count; i++) {
        struct msg_question question = {.class = a->class};
        enum status status = read_name(q, a->names[i], question.name);
        for (size_t t = 0; status != STATUS_USAGE && t < type_count; t++) {
            question.type = types[t];
            for (size_t s = 0; s < q->target_count && !q->view.out->error; s++)
                worst = status_worst(worst, ask_one(q, &q->targets[s], &question));
        }
        worst = status_worst(worst, status);
    }
    return worst;
}

/* One that is not to be found does not keep the others from being asked. */
static void find_targets(struct asking *q, struct arena *arena)
{
    const struct args *a = q->args;
    q->target_count = a->server_count;
    q->targets = ARENA_ARRAY(arena, struct target, a->server_count);
    for (size_t i = 0; i < a->server_count; i++) {
        struct target *to = &q->targets[i];
        struct text why;
        text_init(&why);
        to->said = a->servers[i];
        to->status = servers_named(&to->settings, a, to->said, arena, &why);
        to->trouble = arena_strdup(arena, why.data);
        if (to->status != STATUS_ANSWER)
            complain(q, why.data);
        text_fini(&why);
    }
}

/* ---- +nssearch ---- */

static void tell_failure(const struct asking *q, const struct target *to, const struct msg_question *question,
    const struct ask_reply *r, enum status status)
{
    struct ask_view view = q->view;
    if (r->end != ASK_REPLY)
        complain_no_reply(q, to, r);
    else
        complain_failure(q, question, r, status);
    view.server = to->said;
    view.when = now_read(false).wall_s;
    if (view.out->format == OUT_JSON)
        ask_view_reply(&view, r, question);
}

/* With the final dot: the system's search list is not for them, nor is one that looks like an address one. */
static bool take_servers(struct args *next, const struct msg *m, const name_t *zone, struct arena *arena)
{
    char name[NAME_TEXT_LEN];
    size_t count = m->counts[SECTION_ANSWER];
    next->servers = ARENA_ARRAY(arena, const char *, count);
    next->server_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct rr *rr = &m->rrs[SECTION_ANSWER][i];
        if (rr->type == TYPE_NS && name_equal(rr->owner, zone))
            next->servers[next->server_count++] = arena_strdup(arena, name_text(rr->rdata.data, name));
    }
    return next->server_count > 0;
}

/* The zone that a name without NS records is in: the SOA of the denial names it (RFC 2308 3). That of an
 * alias is of where it leads; the alias itself is in the zone of the name above, or in one above that. */
static const name_t *look_above(const struct msg *m, const name_t *name)
{
    if (m->counts[SECTION_ANSWER] > 0)
        return name_is_root(name) ? NULL : name_parent(name, 1);
    for (size_t i = 0; i < m->counts[SECTION_AUTHORITY]; i++) {
        const struct rr *rr = &m->rrs[SECTION_AUTHORITY][i];
        if (rr->type == TYPE_SOA && name_is_within(name, rr->owner) && !name_equal(name, rr->owner))
            return rr->owner;
    }
    return NULL;
}

/* The zone that the name is in, and its servers. */
static enum status find_zone(struct asking *q, const char *word, struct args *next, struct arena *arena)
{
    struct msg_question question = {.type = TYPE_NS, .class = q->args->class};
    const struct target *to = &q->targets[0];
    struct ask_reply r;
    enum status status = read_name(q, word, question.name);
    const name_t *above = question.name;
    if (status != STATUS_ANSWER)
        return status;
    while (above) { /* gets shorter each time */
        memmove(question.name, above, name_len(above));
        say_progress(to, &question);
        ask(&r, &to->settings, &question, q->rng, arena);
        status = status_of_ask(&r, question.type);
        if (status != STATUS_ANSWER && status != STATUS_NO_DATA) {
            tell_failure(q, to, &question, &r, status);
            return status;
        }
        char zone[NAME_TEXT_LEN];
        next->names[0] = arena_strdup(arena, record_bare_name(question.name, zone));
        if (take_servers(next, &r.msg, question.name, arena))
            return STATUS_ANSWER;
        above = look_above(&r.msg, question.name);
    }
    complain(q, "no zone of that name is to be found");
    ask_view_error(&q->view, &question, NULL, "no zone of that name is to be found");
    return STATUS_NO_DATA;
}

static enum status ask_or_compare(const struct args *args, struct out *out, bool comparing);

/* As if it had been typed: hark ZONE SOA @SERVER… +norec +short +identify. */
static enum status compare_servers(struct asking *q, const char *word, struct out *out)
{
    struct arena arena;
    struct args next = *q->args;
    uint16_t type = TYPE_SOA;
    const char *name = NULL;
    enum out_format format = out->format;
    arena_init(&arena);
    next.names = &name;
    next.name_count = next.type_count = 1;
    next.types = &type;
    next.on[OPTION_REC] = next.on[OPTION_REVERSE] = false;
    next.on[OPTION_IDENTIFY] = true;
    enum status status = find_zone(q, word, &next, &arena);
    if (status == STATUS_ANSWER) {
        out->format = format == OUT_TEXT ? OUT_SHORT : format;
        status = ask_or_compare(&next, out, true);
        out->format = format;
    }
    arena_fini(&arena);
    return status;
}

static enum status search_servers(struct asking *q, struct out *out)
{
    enum status worst = STATUS_ANSWER;
    const struct target *to = &q->targets[0];
    for (size_t i = 0; i < q->args->name_count && !out->error; i++) {
        const char *word = q->args->names[i];
        if (to->status != STATUS_ANSWER)
            ask_view_error(&q->view, NULL, word, to->trouble);
        worst = status_worst(worst, to->status == STATUS_ANSWER ? compare_servers(q, word, out) : to->status);
    }
    return worst;
}

/* comparing: what +nssearch asks in turn. */
static enum status ask_or_compare(const struct args *args, struct out *out, bool comparing)
{
    struct arena arena;
    struct target usual = {0};
    struct asking q = {.args = args, .targets = &usual, .target_count = 1, .comparing = comparing};
    bool from_resolvconf;
    enum status status = STATUS_ANSWER;
    arena_init(&arena);
    ask_view_init(&q.view, args, out);
    if (args->server_count)
        find_targets(&q, &arena);
    else
        status = servers_choose(&usual.settings, args, &from_resolvconf, &arena);
    if (status == STATUS_ANSWER) {
        for (size_t i = 0; i < q.target_count; i++)
            apply_options(&q.targets[i].settings, args);
        q.rng = random_new(NULL);
        status = args->on[OPTION_NSSEARCH] && !comparing ? search_servers(&q, out) : ask_all(&q);
        random_free(q.rng);
    }
    arena_fini(&arena);
    return status;
}

enum status cmd_ask(const struct args *args, struct out *out)
{
    return ask_or_compare(args, out, false);
}
