/* FZ6: the whole state machine. The input scripts clients, what servers say, what the network does and how
 * time passes. Whatever it is: every question is answered once, in time, with no more messages than a
 * question may cause; at the end nothing is left over.
 *
 *   input    settings 1 | more settings 1 | question 1 | ops…
 *   op       one octet and what it takes, see perform(); each message that is sent takes the next op as its
 * fate. At the end of the input it is read again from the first op, a few times or without end, or all is
 *            silence, as the settings say.
 *
 * Built a second time with VALIDATES the resolver has an anchor, and servers have the records of DNSSEC: one
 * key for all zones, its DS, signatures that are good or bad as the input says. Then the question's bound on
 * signature checks holds too (KeyTrap, threats A4 to A7).
 *
 * What an op says of names and records: script.c. Seeds: make_resolver_seeds.py. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "dns/msg.h"
#include "dnssec/verify.h"
#include "resolve/resolve.h"
#include "script.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

enum {
    HEADER_LEN = 3,
    ASKS_MAX = 16,
    STEPS_MAX = 50000,
    /* With the messages of look-ups that outlive their question. */
    MESSAGES_MAX = ASKS_MAX * (WORK_MESSAGES_MAX + WORK_MESSAGES_BACKGROUND) +
                   2 * REPORT_BURST_MS / REPORT_SPACING_MS * WORK_MESSAGES_BACKGROUND, /* reports */
};

#ifdef VALIDATES
static const bool validates = true;
#else
static const bool validates = false;
#endif

struct packet {
    struct packet *next;
    int64_t at_ms;
    send_id id;
    bool fails;
    enum net_fail why;
    uint8_t *wire;
    size_t len;
};

struct sent {
    struct sent *next;
    send_id id;
};

struct asked {
    ask_id id;
    int64_t deadline_ms;
    bool over, stale_ok;
};

struct run {
    struct arena arena;
    struct cache *cache;
    struct random *rng;
    struct resolver *r;
    struct resolve_settings set;
    struct anchors *anchors;
    struct cache_settings cache_set;
    now_t now;
    int64_t wake_ms;
    struct script script;
    struct packet *packets;
    struct sent *open;
    struct asked asks[ASKS_MAX];
    unsigned ask_count, messages;
};

static const uint16_t types[] = {
    TYPE_A, TYPE_AAAA, TYPE_NS, TYPE_DS, TYPE_CNAME, TYPE_TXT, TYPE_ANY, TYPE_SOA};
static const char *const questions[] = {
    "www.a.zz.", "a.zz.", "b.c.d.e.f.g.h.i.j.k.l.a.zz.", "zz.", ".", "x._tcp.b.zz.", "www.b.zz.", "nn.a.zz."};

static bool verify(void *ctx, const struct dnskey *key, const uint8_t *octets, size_t len,
    const uint8_t *signature, size_t signature_len)
{
    (void)ctx, (void)key, (void)octets, (void)len;
    return signature_len > 0 && !(signature[0] & 1);
}

/* ---- messages ---- */

static void later(struct run *x, send_id id, const uint8_t *wire, size_t len, unsigned delay_ms)
{
    struct packet *p = ARENA_NEW(&x->arena, struct packet);
    *p = (struct packet){.at_ms = x->now.mono_ms + delay_ms, .id = id, .len = len};
    p->wire = arena_copy(&x->arena, wire, len);
    struct packet **at = &x->packets;
    while (*at && (*at)->at_ms <= p->at_ms)
        at = &(*at)->next;
    p->next = *at;
    *at = p;
}

static void fail_later(struct run *x, send_id id, enum net_fail why, unsigned delay_ms)
{
    later(x, id, (const uint8_t *)"", 0, delay_ms);
    for (struct packet *p = x->packets; p; p = p->next)
        if (p->id == id && p->len == 0 && !p->fails) {
            p->fails = true;
            p->why = why;
        }
}

static const unsigned delays_ms[] = {5, 40, 350, 1200};

/* flags: 1 AA, 2 TC, 4 8 rcode, 16 no OPT, 32 the question in lower case, 64 128 delay; then the numbers of
 * records. */
static void speak(struct run *x, const struct action *act, const struct msg *q)
{
    static const uint16_t rcodes[] = {RCODE_NOERROR, RCODE_NXDOMAIN, RCODE_SERVFAIL, RCODE_FORMERR};
    static uint8_t buf[MSG_MAX_LEN];
    x->script.wall_s = (uint32_t)x->now.wall_s;
    uint8_t flags = script_octet(&x->script), counts = script_octet(&x->script);
    struct msg_builder b;
    msg_build(&b, buf, sizeof buf, q->id,
        (uint16_t)(FLAG_QR | (flags & 1 ? FLAG_AA : 0) | (flags & 2 ? FLAG_TC : 0)), rcodes[flags >> 2 & 3]);
    msg_add_question(&b, q->question.name, q->question.type, q->question.class);
    const unsigned of_section[] = {counts & 3, counts >> 2 & 7, counts >> 5};
    for (unsigned s = 0; s < SECTION_COUNT; s++)
        for (unsigned i = 0; i < of_section[s]; i++)
            script_add_rr(&x->script, &b, (enum section)s, q->question.name);
    struct edns opt = {.present = true, .udp_size = 1232};
    if (x->set.tell_failures)
        opt.report_agent = script_name(&x->script, "agent", name_above(q->question.name, counts & 1));
    if (q->edns.present && !(flags & 16))
        msg_add_edns(&b, &opt);
    size_t len = msg_finish(&b, false);
    if (flags & 32)
        name_lower(buf + MSG_HEADER_LEN);
    later(x, act->send.id, buf, len, delays_ms[flags >> 6]);
}

/* A whole packet's octets behind the right ID and question, or in their place. */
static void babble(struct run *x, const struct action *act, bool headless)
{
    uint8_t buf[600];
    size_t keep = headless ? 2 : act->send.len < 270 ? act->send.len : 270, n = script_octet(&x->script);
    memcpy(buf, act->send.wire, keep);
    for (size_t i = 0; i < n && !script_is_over(&x->script); i++)
        buf[keep + i] = script_octet(&x->script);
    if (!headless)
        buf[2] |= 0x80;
    later(x, act->send.id, buf, keep + n, 3);
}

/* Answers as a sound server would: a referral for one label more, or an address. */
static void be_honest(struct run *x, const struct action *act, const struct msg *q, uint8_t how)
{
    static uint8_t buf[1024];
    struct msg_builder b;
    const name_t *name = q->question.name;
    bool refers = how & 1;
    msg_build(&b, buf, sizeof buf, q->id, (uint16_t)(FLAG_QR | (refers ? 0 : FLAG_AA)), RCODE_NOERROR);
    msg_add_question(&b, name, q->question.type, q->question.class);
    const name_t *zone = name_labels(name) > 1u + (how >> 1 & 1)
                             ? name_above(name, name_labels(name) - 1u - (how >> 1 & 1))
                             : name;
    struct rr rr = {.owner = name,
        .type = TYPE_A,
        .class = CLASS_IN,
        .ttl = 300,
        .rdata = script_address(&x->script, how >> 4, false)};
    if (refers) {
        const name_t *server = script_name(&x->script, "nn", zone);
        struct rr ns = {
            .owner = zone, .type = TYPE_NS, .class = CLASS_IN, .ttl = 300, .rdata = rdata_of_name(server)};
        msg_add_rr(&b, SECTION_AUTHORITY, &ns);
        rr.owner = server;
        msg_add_rr(&b, SECTION_ADDITIONAL, &rr);
    } else if (q->question.type == TYPE_A) {
        msg_add_rr(&b, SECTION_ANSWER, &rr);
    }
    struct edns opt = {.present = true, .udp_size = 1232};
    if (q->edns.present)
        msg_add_edns(&b, &opt);
    later(x, act->send.id, buf, msg_finish(&b, false), delays_ms[how >> 2 & 3]);
}

/* ---- clients and time ---- */

static void drain(struct run *x);

static void on_event(void *ctx, const struct event *e)
{
    assert(e->kind < EVENT_COUNT && event_tag(e->kind) && e->qname);
}

static void ask(struct run *x, uint8_t what)
{
    static const struct observer watcher = {.event = on_event};
    if (x->ask_count == ASKS_MAX)
        return;
    struct question q = {.name = script_name(&x->script, questions[what & 7], NULL),
        .type = types[what >> 3 & 7],
        .class = CLASS_IN};
    q.no_aliases = (what & 0xc0) == 0x40;
    q.no_read = (what & 0xc0) == 0x80;
    q.background = (what & 0xc0) == 0xc0;
    q.client = addr_v4((const uint8_t[]){198, 51, 100, (uint8_t)(x->ask_count % 3)});
    q.observer = x->ask_count % 2 ? NULL : &watcher;
    q.stale_ok = x->ask_count % 3 != 0;
    struct asked *a = &x->asks[x->ask_count++];
    a->deadline_ms = x->now.mono_ms + ANSWER_MS_MAX;
    a->stale_ok = q.stale_ok;
    a->id = resolve_ask(x->r, &q, x->now);
    if (x->ask_count % 4 == 0)
        resolve_refresh(x->r, &q, x->now);
}

static void change(struct run *x, uint8_t what)
{
    if (what & 1)
        x->set.minimise = !x->set.minimise;
    if (what & 2)
        resolve_settings_set(x->r, &x->set);
    resolve_network_changed(x->r, x->now);
}

static void leave(struct run *x, uint8_t which)
{
    struct asked *a = &x->asks[which % x->ask_count];
    if (!a->over)
        resolve_cancel(x->r, a->id, x->now);
    a->over = true;
}

/* ---- ops ---- */

struct client_op {
    uint8_t op, what;
};

/* What becomes of one message. Clients' ops and time come with it and take effect before it is answered. */
static void perform(struct run *x, const struct action *act, const struct msg *q, struct client_op *client)
{
    send_id id = act->send.id;
    bool udp = act->send.transport == TRANSPORT_UDP;
    if (script_is_over(&x->script)) {
        if (!udp)
            fail_later(x, id, NET_TIMEOUT, 4000);
        return;
    }
    uint8_t op = script_octet(&x->script);
    switch (op & 15) {
    case 0: /* silence */
        if (!udp)
            fail_later(x, id, NET_TIMEOUT, (unsigned)(act->send.deadline_ms - x->now.mono_ms));
        return;
    case 1:
        fail_later(x, id, (enum net_fail)((op >> 4) % (NET_LOCAL + 1)), 2);
        return;
    case 2:
    case 3:
    case 4:
        speak(x, act, q);
        return;
    case 5: /* twice */
        speak(x, act, q);
        speak(x, act, q);
        return;
    case 6:
        babble(x, act, op & 16);
        return;
    case 7: /* first garbage, then an answer */
        babble(x, act, op & 16);
        speak(x, act, q);
        return;
    case 8:
        *client = (struct client_op){'a', script_octet(&x->script)};
        speak(x, act, q);
        return;
    case 9:
        *client = (struct client_op){'c', script_octet(&x->script)};
        speak(x, act, q);
        return;
    case 10: /* the clocks go on, or back */
        x->now.cache_s += (uint32_t)(op >> 4) * (op >> 4) * 100u;
        x->now.wall_s -= 100000000;
        speak(x, act, q);
        return;
    case 11:
        x->now.cache_s = x->now.cache_s > 500 ? x->now.cache_s - 500 : 0;
        x->now.wall_known = !x->now.wall_known;
        speak(x, act, q);
        return;
    case 13:
        *client = (struct client_op){'n', op >> 4};
        return;
    default:
        be_honest(x, act, q, script_octet(&x->script));
    }
}

static void on_send(struct run *x, const struct action *act, struct client_op *client)
{
    struct msg q;
    enum msg_fault fault = msg_parse(&q, act->send.wire, act->send.len, &x->arena);
    assert(fault == MSG_OK && q.flags == 0 && q.qdcount == 1);
    (void)fault;
    const struct addr *to = &act->send.to.addr;
    assert(!addr_is_unusable(to) && !addr_is_loopback(to) && act->send.to.port == 53);
    assert(to->family == FAMILY_V4 ? x->set.use_v4 : x->set.use_v6);
    assert(++x->messages <= MESSAGES_MAX);
    struct sent *s = ARENA_NEW(&x->arena, struct sent);
    s->id = act->send.id;
    s->next = x->open;
    x->open = s;
    perform(x, act, &q, client);
}

static void on_drop(struct run *x, send_id id)
{
    struct sent **p = &x->open;
    while (*p && (*p)->id != id)
        p = &(*p)->next;
    assert(*p);
    *p = (*p)->next;
}

static void on_answer(struct run *x, ask_id id, const struct outcome *o)
{
    struct asked *a = NULL;
    for (unsigned i = 0; i < x->ask_count && !a; i++)
        if (x->asks[i].id == id)
            a = &x->asks[i];
    assert(a && !a->over);
    a->over = true;
    assert(x->now.mono_ms <= a->deadline_ms);
    assert(o->messages <= WORK_MESSAGES_MAX);
    assert(!o->stale || (a->stale_ok && o->from_cache && o->reason.text));
    assert(o->rcode != RCODE_SERVFAIL || (o->answer.count == 0 && o->reason.tag));
    unsigned links = 0;
    for (size_t i = 0; i < o->answer.count; i++) {
        const struct rrset *rs = o->answer.items[i];
        links += rs->type == TYPE_CNAME;
        assert(rs->count > 0 && rs->class == CLASS_IN && rs->ttl <= x->cache_set.ttl_max);
    }
    assert(links <= ALIAS_MAX + 1); /* one more may be the data */
}

static void drain(struct run *x)
{
    struct action act;
    struct client_op todo[64];
    unsigned count = 0, next = 0;
    for (;;) {
        while (resolve_next(x->r, &act, x->now)) {
            struct client_op client = {0};
            if (act.kind == ACTION_SEND)
                on_send(x, &act, &client);
            else if (act.kind == ACTION_DROP)
                on_drop(x, act.drop.id);
            else if (act.kind == ACTION_ANSWER)
                on_answer(x, act.answer.id, act.answer.outcome);
            else if (act.kind == ACTION_WAKE)
                x->wake_ms = act.wake.at_ms;
            else if (act.kind == ACTION_WORK)
                resolve_work(x->r, 4, x->now);
            if (client.op && count < COUNT(todo))
                todo[count++] = client;
        }
        if (next == count)
            return;
        /* Not from within: an action's contents live until the next call. And one by one: an answer that is
         * on its way comes also to who leaves. */
        struct client_op op = todo[next++];
        (op.op == 'a' ? ask : op.op == 'n' ? change : leave)(x, op.what);
    }
}

/* The next packet, or the next wake-up. False: nothing more can happen. */
static bool step(struct run *x)
{
    struct packet *p = x->packets;
    int64_t at_ms = p && p->at_ms < x->wake_ms ? p->at_ms : x->wake_ms;
    if (at_ms == INT64_MAX)
        return false;
    if (at_ms > x->now.mono_ms) {
        x->now.cache_s += (uint32_t)(at_ms / 1000 - x->now.mono_ms / 1000);
        x->now.mono_ms = at_ms;
    }
    if (p && p->at_ms <= x->now.mono_ms) {
        x->packets = p->next;
        if (p->fails) {
            resolve_failed(x->r, p->id, p->why, x->now);
        } else {
            /* An exact-size copy, so that a sanitizer sees one octet too many. */
            uint8_t *copy = mem_alloc(p->len);
            memcpy(copy, p->wire, p->len);
            resolve_heard(x->r, p->id, copy, p->len, x->now);
            mem_free(copy);
        }
    } else {
        x->wake_ms = INT64_MAX;
    }
    drain(x);
    return true;
}

/* ---- the run ---- */

static const struct root_hint *hints(void)
{
    static struct root_hint h[2];
    h[0].name = (const name_t *)"\002r1";
    h[1].name = (const name_t *)"\002r2";
    h[0].addr_count = 2;
    h[1].addr_count = 1;
    addr_parse(&h[0].addrs[0], "10.0.0.1");
    addr_parse(&h[0].addrs[1], "2001:db8::53");
    addr_parse(&h[1].addrs[0], "10.0.0.2");
    return h;
}

static void begin(struct run *x, uint8_t settings, uint8_t more)
{
    static const uint8_t seed[32] = {7};
    static const unsigned rounds[] = {0, 1, 20, 100000};
    arena_init(&x->arena);
    x->cache_set = (struct cache_settings){.size = 1u << 20,
        .ttl_min = more & 4 ? 5 : 0,
        .ttl_max = TTL_MAX_DEFAULT,
        .negative_max = TTL_NEGATIVE_MAX};
    if ((settings & 0x30) == 0x30) { /* questions wait for their turn, and for a place */
        x->cache_set.zone_start = x->cache_set.server_start = 1;
        x->cache_set.questions_max = 3;
    }
    resolve_settings_default(&x->set);
    x->set.hints = hints();
    x->set.hint_count = 2;
    x->set.minimise = settings & 1;
    x->set.prime = settings & 2;
    x->set.case_random = settings & 4;
    x->set.glue_hardening = settings & 8;
    x->set.extra_addresses = settings & 16;
    x->set.explore = settings & 32;
    x->set.minimal_answers = settings & 64;
    x->set.minimise_type = settings & 128 ? TYPE_NS : TYPE_A;
    x->set.tell_failures = (settings & 0x18) == 0x18;
    x->script = (struct script){
        .arena = &x->arena, .begin = HEADER_LEN, .rounds = rounds[more & 3], .signs = validates};
    x->set.use_v4 = (more & 0x18) != 0x08;
    x->set.use_v6 = (more & 0x18) != 0x10;
    if (more & 0x20)
        x->set.stale_wait_ms = 0;
    x->wake_ms = INT64_MAX;
    x->now = (now_t){.cache_s = 1000, .mono_ms = 1000000, .wall_s = 1800000000, .wall_known = true};
    x->cache = cache_new(&x->cache_set, &(struct hash_key){1, 2});
    assert(x->cache);
    x->rng = random_new(seed);
    x->set.aggressive = settings & 1;
    if (validates) {
        struct rdata key = script_key(&x->script);
        x->anchors = anchors_new();
        anchors_add(x->anchors, NAME_ROOT, TYPE_DNSKEY, &key);
        anchors_settle(x->anchors, &x->set.policy);
        x->set.anchors = x->anchors;
    }
    x->r = resolve_new(&x->set, x->cache, x->rng);
    verifier_inject(resolve_verifier(x->r), verify, NULL);
}

/* A question may cause so many checks; who joins one that fails at a limit begins anew with a budget of its
 * own. */
static void check_checks(struct run *x)
{
    const struct verifier_counters *c = verifier_counters(resolve_verifier(x->r));
    uint64_t sum = 0;
    for (unsigned i = 0; i < COUNT(c->verified); i++)
        sum += c->verified[i];
    assert(sum <= (uint64_t)2 * x->ask_count * VALIDATION_CHECKS_MAX);
    assert(c->failed <= (uint64_t)2 * x->ask_count * VALIDATION_FAILURES_MAX);
}

static void end(struct run *x)
{
    check_checks(x);
    resolve_free(x->r);
    anchors_free(x->anchors);
    cache_free(x->cache);
    random_free(x->rng);
    arena_fini(&x->arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
static void live(struct run *x)
{
    unsigned steps = 0;
    while (steps < STEPS_MAX && step(x))
        steps++;
    assert(steps < STEPS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < HEADER_LEN)
        return 0;
    static struct run x;
    memset(&x, 0, sizeof x);
    begin(&x, data[0], data[1]);
    script_begin(&x.script, data, len);
    ask(&x, data[2]);
    drain(&x);
    /* Some more clients, who come while the first waits. */
    for (unsigned i = 0; i < (data[1] >> 5); i++)
        ask(&x, (uint8_t)(data[2] + i / 2));
    drain(&x);
    live(&x);
    /* And once more, when all is known. */
    for (unsigned i = 0; i < 2; i++)
        ask(&x, (uint8_t)(data[2] & 0x3f));
    drain(&x);
    live(&x);
    const struct resolve_counters *c = resolve_counters(x.r);
    assert(c->jobs == 0 && c->waiters == 0 && c->sends == 0 && !x.open);
    for (unsigned i = 0; i < x.ask_count; i++)
        assert(x.asks[i].over);
    struct inflight_figures flights;
    inflight_read(cache_inflight(x.cache), &flights);
    assert(flights.messages == 0 && flights.zones_waiting == 0 && c->waiting == 0);
    struct store_stats stats;
    cache_stats(x.cache, &stats);
    assert(stats.used <= stats.size);
    end(&x);
    return 0;
}
