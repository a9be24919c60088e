#include "player.h"

#include <assert.h>
#include <string.h>

#include "dns/present.h"
#include "entry.h"
#include "serve/serve.h"
#include "setup.h"

#define CLIENT_ID 4711    /* of every client question */
#define LATENCY_MS 5      /* between the core and every server, one round trip */
#define BEGIN_S 1000000   /* the cache's clock when a scenario begins */
#define ROUNDS_MAX 20000u /* turns of one question: far above what any limit of the core allows */
#define PATIENCE_MS 60000 /* a client has its answer long before */
#define CHECKS_AT_ONCE 2u /* signatures, so that slices are played too */
#define REST_MS 20000     /* by then, nothing may be left of any question */

/* A message to a server, from SEND to DROP. */
struct flight {
    struct flight *next;
    send_id id;
    enum transport transport;
    int64_t deadline_ms; /* of streams */
    int64_t heard_ms;    /* when the answer is there; -1: never, or it was */
    uint8_t *wire;
    size_t len;
};

struct used {
    struct used *next;
    const struct entry *entry;
};

/* One client. */
struct asker {
    struct request rq;
    ask_id id; /* 0: not waiting */
    uint8_t *reply;
    size_t reply_len;
};

struct player {
    const struct scenario *scenario;
    const struct play_options *options;
    struct setup setup;
    struct text *report;
    struct text sent; /* one line a message */
    struct cache *cache;
    struct random *random;
    struct resolver *resolver;
    struct serve *serve;
    struct observer observer;
    now_t now;
    int64_t wake_ms; /* -1: none */
    struct flight *flights, **flights_end;
    struct asker askers[PLAY_ASKERS_MAX];
    const struct step *step;
    bool ok;
    struct used *used; /* mandatory entries that answered */
    uint8_t buf[MSG_MAX_LEN];
};

static void complain(struct player *p, const char *what)
{
    p->ok = false;
    text_printf(p->report, "step %u, line %u: %s\n", p->step->number, p->step->line, what);
}

/* ---- the servers ---- */

static const struct entry *entry_for(
    const struct player *p, const struct addr *to, const struct msg *m, enum transport t, bool *silent)
{
    *silent = true;
    for (size_t i = 0; i < p->scenario->range_count; i++) {
        const struct range *r = &p->scenario->ranges[i];
        if (p->step->number < r->from || p->step->number > r->to)
            continue;
        for (size_t k = 0; k < r->addr_count; k++) {
            if (!addr_equal(&r->addrs[k], to))
                continue;
            *silent = false;
            for (size_t e = 0; e < r->entry_count; e++)
                if (entry_differs(&r->entries[e], m, t) == 0)
                    return &r->entries[e];
        }
    }
    return NULL;
}

static size_t servfail(const struct msg *query, uint8_t *out, size_t cap)
{
    struct msg_builder b;
    msg_build(&b, out, cap, query->id, FLAG_QR, RCODE_SERVFAIL);
    msg_add_question(&b, query->question.name, query->question.type, query->question.class);
    return msg_finish(&b, false);
}

static void note_sent(struct player *p, const struct action *act, const struct msg *m)
{
    char address[ENDPOINT_TEXT_LEN];
    text_printf(&p->sent, "step %u: ", p->step->number);
    name_to_text(&p->sent, m->question.name);
    text_char(&p->sent, ' ');
    rrtype_to_text(&p->sent, m->question.type);
    text_printf(&p->sent, " to %s %s: ", endpoint_text(&act->send.to, address),
        act->send.transport == TRANSPORT_TCP ? "tcp" : "udp");
}

static bool is_used(const struct player *p, const struct entry *e)
{
    for (const struct used *u = p->used; u; u = u->next)
        if (u->entry == e)
            return true;
    return false;
}

static void use(struct player *p, const struct entry *e)
{
    if (!e->mandatory || is_used(p, e))
        return;
    struct used *u = mem_alloc(sizeof *u);
    *u = (struct used){.next = p->used, .entry = e};
    p->used = u;
}

static void on_send(struct player *p, const struct action *act)
{
    struct flight *f = mem_alloc(sizeof *f);
    *f = (struct flight){.id = act->send.id,
        .transport = act->send.transport,
        .deadline_ms = act->send.deadline_ms,
        .heard_ms = -1};
    *p->flights_end = f;
    p->flights_end = &f->next;

    struct arena a;
    arena_init(&a);
    struct msg m;
    bool silent;
    if (msg_parse(&m, act->send.wire, act->send.len, &a) != MSG_OK || m.qdcount != 1) {
        complain(p, "the core sent a malformed message");
        arena_fini(&a);
        return;
    }
    note_sent(p, act, &m);
    const struct entry *e = entry_for(p, &act->send.to.addr, &m, act->send.transport, &silent);
    if (e) {
        text_printf(&p->sent, "line %u\n", e->line);
        use(p, e);
        f->len = entry_answer(e, &m, act->send.transport, p->buf, sizeof p->buf);
    } else if (silent)
        text_add(&p->sent, "nobody is there\n");
    else {
        p->ok = false;
        text_add(&p->sent, "NOT FORESEEN\n");
        f->len = servfail(&m, p->buf, sizeof p->buf);
    }
    if (f->len) {
        f->wire = mem_alloc(f->len);
        memcpy(f->wire, p->buf, f->len);
        f->heard_ms = p->now.mono_ms + LATENCY_MS;
    }
    arena_fini(&a);
}

static void on_drop(struct player *p, send_id id)
{
    for (struct flight **at = &p->flights; *at; at = &(*at)->next) {
        struct flight *f = *at;
        if (f->id != id)
            continue;
        *at = f->next;
        if (p->flights_end == &f->next)
            p->flights_end = at;
        mem_free(f->wire);
        mem_free(f);
        return;
    }
    complain(p, "DROP of a message that is not out");
}

/* ---- the clients ---- */

static void keep_reply(struct asker *a, const struct reply *reply)
{
    mem_free(a->reply);
    a->reply = mem_alloc(reply->len + 1);
    memcpy(a->reply, reply->data, reply->len);
    a->reply_len = reply->len;
    a->id = 0;
}

static void on_answer(struct player *p, ask_id id, const struct outcome *outcome)
{
    for (unsigned i = 0; i < p->options->askers; i++) {
        struct asker *a = &p->askers[i];
        if (a->id != id)
            continue;
        struct reply reply = {.data = p->buf, .cap = sizeof p->buf};
        serve_compose(p->serve, &a->rq, outcome, &reply, p->now);
        keep_reply(a, &reply);
        return;
    }
    complain(p, "ANSWER to nobody");
}

static void ask(struct player *p, struct asker *a, const struct entry *e)
{
    uint8_t wire[UDP_SIZE_DEFAULT];
    size_t len = entry_query(e, CLIENT_ID, wire, sizeof wire);
    a->rq = (struct request){.transport = e->match & MATCH_UDP ? TRANSPORT_UDP : TRANSPORT_TCP,
        .client = addr_v4((uint8_t[]){127, 0, 0, 1})};
    a->id = 0;
    mem_free(a->reply);
    a->reply = NULL;
    a->reply_len = 0;
    struct reply reply = {.data = p->buf, .cap = sizeof p->buf};
    switch (serve_query(p->serve, &a->rq, wire, len, &reply, p->now)) {
    case SERVE_DONE:
        keep_reply(a, &reply);
        if (reply.due) {
            struct question q = serve_question(&a->rq);
            resolve_refresh(p->resolver, &q, p->now);
        }
        break;
    case SERVE_SILENT:
        break;
    case SERVE_PENDING: {
        struct question q = serve_question(&a->rq);
        if (a->rq.type == TYPE_ANY) { /* the server asks for one RRset alone (RFC 8482); the files want all */
            q.type = TYPE_ANY;
            q.no_aliases = false;
        }
        if (p->options->events)
            q.observer = &p->observer;
        a->id = resolve_ask(p->resolver, &q, p->now);
    }
    }
}

static bool anybody_waits(const struct player *p)
{
    for (unsigned i = 0; i < p->options->askers; i++)
        if (p->askers[i].id)
            return true;
    return false;
}

/* ---- time ---- */

static void drain(struct player *p)
{
    struct action act;
    for (unsigned i = 0; i < ROUNDS_MAX; i++) {
        if (!resolve_next(p->resolver, &act, p->now))
            return;
        switch (act.kind) {
        case ACTION_SEND:
            on_send(p, &act);
            break;
        case ACTION_DROP:
            on_drop(p, act.drop.id);
            break;
        case ACTION_ANSWER:
            on_answer(p, act.answer.id, act.answer.outcome);
            break;
        case ACTION_WAKE:
            p->wake_ms = act.wake.at_ms;
            break;
        case ACTION_WORK:
            resolve_work(p->resolver, CHECKS_AT_ONCE, p->now);
            break;
        }
    }
    complain(p, "the core does not stop asking for actions");
}

/* What happens next, and when: an answer arrives, a stream's patience ends, or the core wants to be woken. */
static struct flight *next_event(const struct player *p, bool timers, int64_t *at_ms)
{
    struct flight *next = NULL;
    *at_ms = timers ? p->wake_ms : -1;
    for (struct flight *f = p->flights; f; f = f->next) {
        int64_t t = f->heard_ms;
        if (t < 0 && timers && f->transport == TRANSPORT_TCP)
            t = f->deadline_ms;
        if (t >= 0 && (*at_ms < 0 || t < *at_ms)) {
            *at_ms = t;
            next = f;
        }
    }
    return next;
}

/* One step of virtual time. Without timers only answers on their way arrive. False: nothing is to happen. */
static bool advance(struct player *p, bool timers)
{
    int64_t at;
    struct flight *f = next_event(p, timers, &at);
    if (at < 0)
        return false;
    if (at > p->now.mono_ms)
        p->now.mono_ms = at;
    if (p->wake_ms >= 0 && p->wake_ms <= p->now.mono_ms)
        p->wake_ms = -1;
    if (f && f->heard_ms >= 0) {
        f->heard_ms = -1;
        /* The flight may be gone after this. */
        resolve_heard(p->resolver, f->id, f->wire, f->len, p->now);
    } else if (f) {
        f->deadline_ms = -1;
        resolve_failed(p->resolver, f->id, NET_TIMEOUT, p->now);
    }
    drain(p);
    return true;
}

/* Nothing may stay behind once everybody has an answer and all patience has ended. */
static void check_rest(struct player *p)
{
    const struct resolve_counters *c = resolve_counters(p->resolver);
    int64_t end = p->now.mono_ms + REST_MS;
    for (unsigned i = 0; i < ROUNDS_MAX && c->jobs + c->waiters + c->sends > 0 && p->now.mono_ms < end; i++)
        if (!advance(p, true))
            break;
    if (c->jobs + c->waiters + c->sends > 0 || p->flights)
        complain(p, "the core is not at rest at the end");
}

static void check_mandatory(struct player *p)
{
    for (size_t i = 0; i < p->scenario->range_count; i++)
        for (size_t k = 0; k < p->scenario->ranges[i].entry_count; k++) {
            const struct entry *e = &p->scenario->ranges[i].entries[k];
            if (!e->mandatory || is_used(p, e))
                continue;
            p->ok = false;
            text_printf(p->report, "line %u: the entry is MANDATORY and was never asked\n", e->line);
        }
}

/* ---- the steps ---- */

static void run_query(struct player *p)
{
    for (unsigned i = 0; i < p->options->askers; i++)
        ask(p, &p->askers[i], &p->step->entry);
    drain(p);
    int64_t end = p->now.mono_ms + PATIENCE_MS;
    for (unsigned i = 0; anybody_waits(p); i++) {
        if (i == ROUNDS_MAX || p->now.mono_ms > end) {
            complain(p, "no answer comes");
            return;
        }
        if (!advance(p, true)) {
            complain(p, "the core waits for nothing");
            return;
        }
    }
    for (unsigned i = 0; i < ROUNDS_MAX && advance(p, false); i++) {
    }
}

static void show(struct text *t, const char *title, const struct msg *m)
{
    text_add(t, title);
    msg_to_text(t, m);
}

static unsigned differs(
    const struct player *p, const struct entry *e, const struct msg *got, enum transport t)
{
    if (!p->options->insecure || e->rcode != RCODE_SERVFAIL)
        return entry_differs(e, got, t);
    return (got->rcode == RCODE_SERVFAIL ? MATCH_RCODE : 0u) | (got->flags & FLAG_AD ? MATCH_FLAGS : 0u);
}

static void check_reply(struct player *p, const struct asker *a)
{
    const struct entry *e = &p->step->entry;
    if (!a->reply) {
        complain(p, "there is no answer to check");
        return;
    }
    struct arena arena;
    arena_init(&arena);
    struct msg got, wanted;
    unsigned bad = 0;
    if (msg_parse(&got, a->reply, a->reply_len, &arena) != MSG_OK)
        complain(p, "the answer is malformed");
    else if ((bad = differs(p, e, &got, a->rq.transport)) != 0) {
        struct text what;
        text_init(&what);
        text_add(&what, "the answer differs in: ");
        match_to_text(&what, bad);
        complain(p, what.data);
        text_fini(&what);
        entry_to_msg(e, &wanted);
        show(p->report, "-- expected\n", &wanted);
        show(p->report, "-- got\n", &got);
    }
    arena_fini(&arena);
}

static void run_step(struct player *p)
{
    switch (p->step->kind) {
    case STEP_QUERY:
        run_query(p);
        break;
    case STEP_CHECK_ANSWER:
        for (unsigned i = 0; i < p->options->askers; i++)
            check_reply(p, &p->askers[i]);
        break;
    case STEP_TIME_PASSES:
        p->now.cache_s += p->step->elapse_s;
        p->now.wall_s += p->step->elapse_s;
        break;
    }
}

static void on_event(void *ctx, const struct event *e)
{
    struct player *p = ctx;
    text_printf(&p->sent, "%*s%s", (int)(4 + 2 * e->depth), "", event_tag(e->kind));
    const name_t *names[] = {e->qname, e->zone, e->server, e->child};
    static const char *const labels[] = {"", "zone ", "server ", "child "};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i]) {
            text_printf(&p->sent, " %s", labels[i]);
            name_to_text(&p->sent, names[i]);
        }
    if (e->tag)
        text_printf(&p->sent, " [%s]", e->tag);
    if (e->text)
        text_printf(&p->sent, " %s", e->text);
    text_char(&p->sent, '\n');
}

/* Its only server is known, for a day. */
static void add_stub(struct player *p, const struct setup_stub *stub)
{
    struct cut_server server = {.name = stub->zone, .addr_count = 1, .addrs = {stub->addr}};
    struct cut cut = {.zone = stub->zone, .ttl = TTL_MAX_DEFAULT, .server_count = 1, .servers = &server};
    cache_cut_put(p->cache, &cut, p->now.cache_s);
}

static void set_up(struct player *p)
{
    static const struct hash_key key = {1, 2};
    static const struct prefix client = {.addr = {.family = FAMILY_V4, .ip = {127}}, .bits = 8};
    uint8_t seed[32] = {0};
    memcpy(seed, &p->options->seed, sizeof p->options->seed);
    p->now = (now_t){.cache_s = BEGIN_S, .mono_ms = 1000, .wall_s = p->setup.wall_s, .wall_known = true};
    p->wake_ms = -1;
    p->flights_end = &p->flights;
    p->setup.resolve.minimise = p->options->minimise;
    if (p->options->whole)
        p->setup.resolve.minimal_answers = false;
    if (p->options->minimise_type != TYPE_NONE)
        p->setup.resolve.minimise_type = p->options->minimise_type;
    p->cache = cache_new(&p->setup.cache, &key);
    for (unsigned i = 0; i < p->setup.stub_count; i++)
        add_stub(p, &p->setup.stubs[i]);
    p->random = random_new(seed);
    p->resolver = resolve_new(&p->setup.resolve, p->cache, p->random);
    p->observer = (struct observer){.event = on_event, .ctx = p};
    struct serve_settings settings = {.access = {.items = &client, .count = 1},
        .snoopers = {.items = &client, .count = 1},
        .local_zones = p->setup.local_zones,
        .udp_size = 4096};
    p->serve = serve_new(&settings, p->cache);
    text_init(&p->sent);
}

static void tear_down(struct player *p)
{
    serve_free(p->serve);
    resolve_free(p->resolver);
    random_free(p->random);
    cache_free(p->cache);
    text_fini(&p->sent);
    while (p->flights) {
        struct flight *f = p->flights;
        p->flights = f->next;
        mem_free(f->wire);
        mem_free(f);
    }
    while (p->used) {
        struct used *u = p->used;
        p->used = u->next;
        mem_free(u);
    }
    for (unsigned i = 0; i < PLAY_ASKERS_MAX; i++)
        mem_free(p->askers[i].reply);
}

bool play(const struct scenario *s, const struct play_options *options, struct text *report)
{
    assert(options->askers >= 1 && options->askers <= PLAY_ASKERS_MAX);
    struct player *p = mem_alloc(sizeof *p);
    p->scenario = s;
    p->options = options;
    p->report = report;
    p->ok = setup_read(&p->setup, s, report);
    bool ok = p->ok && s->step_count > 0;
    if (ok) {
        set_up(p);
        for (size_t i = 0; i < s->step_count; i++) {
            p->step = &s->steps[i];
            run_step(p);
        }
        check_mandatory(p);
        if (p->ok)
            check_rest(p);
        ok = p->ok;
        if (!ok || options->events)
            text_printf(report, "-- questions sent\n%s", p->sent.data ? p->sent.data : "");
        tear_down(p);
    }
    setup_fini(&p->setup);
    mem_free(p);
    return ok;
}
