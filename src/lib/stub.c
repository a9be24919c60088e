#include "lib/stub.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "defs/limits.h"
#include "dns/record.h"

struct asking {
    const struct stub_ask *ask;
    struct stub_said *said;
    struct random *rng;
    struct arena arena;
};

bool stub_is_answer(const struct stub_said *s)
{
    return s->end == ASK_REPLY && s->rcode != RCODE_SERVFAIL && s->rcode != RCODE_NOTIMP &&
           s->rcode != RCODE_REFUSED;
}

static void take_reason(struct stub_said *s, const struct msg *m)
{
    if (m->edns.ede_count == 0)
        return;
    s->ede = m->edns.ede[0].code;
    snprintf(s->reason, sizeof s->reason, "%s", m->edns.ede[0].text ? m->edns.ede[0].text : "");
}

static void take_data(struct stub_said *s, const struct rr *rr, bool as_text)
{
    if (!s->has_data || rr->ttl < s->ttl_s)
        s->ttl_s = rr->ttl;
    s->has_data = true;
    if (as_text) {
        rdata_texts_add(&s->data, rr->type, &rr->rdata);
        record_bare_name(rr->owner, s->canonical);
        return;
    }
    if (rr->type == TYPE_PTR) {
        record_bare_name(rr->rdata.data, s->canonical);
        return;
    }
    struct addr a = rr->type == TYPE_A ? addr_v4(rr->rdata.data) : addr_v6(rr->rdata.data);
    if (s->count < STUB_ADDRESSES_MAX)
        s->addresses[s->count++] = a;
    record_bare_name(rr->owner, s->canonical);
}

static const name_t *target_of(const struct msg *m, const name_t *owner)
{
    for (size_t i = 0; i < m->counts[SECTION_ANSWER]; i++) {
        const struct rr *rr = &m->rrs[SECTION_ANSWER][i];
        if (rr->type == TYPE_CNAME && name_equal(rr->owner, owner))
            return rr->rdata.data;
    }
    return NULL;
}

static void take_alias(struct stub_said *s, const struct msg *m, const name_t *asked)
{
    const name_t *end = NULL, *next = target_of(m, asked);
    for (unsigned links = 0; next && links <= ALIAS_MAX; links++) {
        end = next;
        next = target_of(m, end);
    }
    if (end)
        record_bare_name(end, s->alias_of);
}

/* Out of a cache the SOA's TTL is what is left of the denial's (RFC 2308 5). Of two types the longer one. */
static void take_denial(struct stub_said *s, const struct msg *m)
{
    for (unsigned i = 0; !(m->flags & FLAG_AA) && i < m->counts[SECTION_AUTHORITY]; i++) {
        const struct rr *rr = &m->rrs[SECTION_AUTHORITY][i];
        if (rr->type == TYPE_SOA && rr->ttl > s->denial_ttl_s)
            s->denial_ttl_s = rr->ttl;
    }
}

/* One question; true: it has data. */
static bool ask_type(struct asking *q, const name_t *name, uint16_t type)
{
    const struct stub_ask *a = q->ask;
    struct ask_settings settings = {.servers = &q->said->server,
        .server_count = 1,
        .tries = a->tries,
        .timeout_ms = a->timeout_ms,
        .tcp = a->conf->use_vc,
        .edns = true,
        .udp_size = UDP_SIZE_DEFAULT,
        .recursion = true};
    struct msg_question question = {.type = type, .class = CLASS_IN};
    struct ask_reply reply;
    bool any = false;
    memcpy(question.name, name, name_len(name));
    ask(&reply, &settings, &question, q->rng, &q->arena);
    q->said->end = reply.end;
    q->said->system_error = reply.system_error;
    q->said->was_truncated = reply.was_truncated;
    if (reply.end != ASK_REPLY)
        return false;
    q->said->rcode = reply.msg.rcode;
    take_reason(q->said, &reply.msg);
    if (type != TYPE_CNAME && type != TYPE_ANY)
        take_alias(q->said, &reply.msg, name);
    for (size_t i = 0; reply.msg.rcode == RCODE_NOERROR && i < reply.msg.counts[SECTION_ANSWER]; i++) {
        const struct rr *rr = &reply.msg.rrs[SECTION_ANSWER][i];
        if (rr->type != type && type != TYPE_ANY)
            continue;
        take_data(q->said, rr, q->ask->type != TYPE_NONE);
        any = true;
    }
    if (!any)
        take_denial(q->said, &reply.msg);
    return any;
}

/* What is worth asking further? A server that does not reply is not asked a second question. */
static void ask_name(struct asking *q, const name_t *name)
{
    if (q->ask->reverse || q->ask->type != TYPE_NONE) {
        ask_type(q, name, q->ask->reverse ? TYPE_PTR : q->ask->type);
        return;
    }
    if (q->ask->v4)
        ask_type(q, name, TYPE_A);
    if (q->ask->v6 && (!q->ask->v4 || q->said->end == ASK_REPLY))
        ask_type(q, name, TYPE_AAAA);
}

/* A server that fails at one name of the search list is asked for the next, one that is silent is not. */
static void ask_candidates(struct asking *q)
{
    struct stub_said *s = q->said, *typed = NULL;
    struct resolvconf_candidate *c = ARENA_NEW(&q->arena, struct resolvconf_candidate);
    for (unsigned i = 0; resolvconf_candidate(c, q->ask->conf, q->ask->name, i); i++) {
        name_t name[NAME_MAX_LEN];
        if (name_from_text(name, c->name[0] ? c->name : ".", c->name[0] ? strlen(c->name) : 1, NULL) !=
            ERR_OK)
            continue;
        snprintf(s->name, sizeof s->name, "%s", c->name);
        snprintf(s->domain, sizeof s->domain, "%s", c->domain ? c->domain : "");
        s->names_asked++;
        s->alias_of[0] = '\0';
        s->denial_ttl_s = 0;
        ask_name(q, name);
        if (s->has_data || s->end != ASK_REPLY)
            return;
        if (!s->domain[0] && stub_is_answer(s))
            typed = arena_copy(&q->arena, s, sizeof *s);
    }
    if (typed && stub_is_answer(s)) { /* rather than of what the search list made of it */
        typed->names_asked = s->names_asked;
        *s = *typed;
    }
}

/* One server, in this process: names of the search list in turn, until one has data. */
static void ask_server(struct stub_said *out, const struct stub_ask *ask, unsigned server)
{
    struct asking q = {.ask = ask, .said = out};
    int64_t began_us = child_now_us();
    *out = (struct stub_said){.server = ask->conf->servers[server], .line = ask->conf->server_lines[server]};
    out->ede = EDE_NONE;
    out->end = ASK_LOCAL;
    arena_init(&q.arena);
    q.rng = random_new(NULL);
    ask_candidates(&q);
    if (out->has_data) /* of one type, if not of the other */
        out->denial_ttl_s = 0;
    random_free(q.rng);
    arena_fini(&q.arena);
    out->time_us = (uint32_t)(child_now_us() - began_us);
}

unsigned stub_ask_in_turn(struct stub_said out[RESOLVCONF_SERVERS_MAX], const struct stub_ask *ask)
{
    unsigned n = 0;
    while (n < ask->conf->server_count) {
        ask_server(&out[n], ask, n);
        if (stub_is_answer(&out[n++]))
            break;
    }
    return n;
}

struct errand {
    const struct stub_ask *ask;
    unsigned server;
};

static void run_errand(void *argument, struct text *out)
{
    const struct errand *e = argument;
    struct stub_said *said = mem_alloc(RESOLVCONF_SERVERS_MAX * sizeof *said);
    unsigned n = 1;
    if (e->server == STUB_IN_TURN)
        n = stub_ask_in_turn(said, e->ask);
    else
        ask_server(said, e->ask, e->server);
    text_add_n(out, (const char *)said, n * sizeof *said);
    mem_free(said);
}

void stub_begin(struct child *c, const struct stub_ask *ask, unsigned server)
{
    struct errand e = {ask, server};
    child_begin(c, run_errand, &e);
}

unsigned stub_read(struct stub_said out[RESOLVCONF_SERVERS_MAX], const struct child *c)
{
    size_t n = c->end == CHILD_DONE ? c->out.len / sizeof *out : 0;
    if (n > RESOLVCONF_SERVERS_MAX)
        n = RESOLVCONF_SERVERS_MAX;
    memcpy(out, c->out.data, n * sizeof *out);
    return (unsigned)n;
}
