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
 * Seeds: make_resolver_seeds.py. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "dns/msg.h"
#include "dnssec/verify.h"
#include "resolve/resolve.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

enum {
    HEADER_LEN = 3,
    ASKS_MAX = 16,
    STEPS_MAX = 50000,
    /* With the messages of look-ups that outlive their question. */
    MESSAGES_MAX = ASKS_MAX * (WORK_MESSAGES_MAX + WORK_MESSAGES_BACKGROUND) +
                   2 * REPORT_BURST_MS / REPORT_SPACING_MS * WORK_MESSAGES_BACKGROUND, /* reports */
};

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
    struct reader script;
    unsigned rounds; /* times that the script may begin again */
    struct packet *packets;
    struct sent *open;
    struct asked asks[ASKS_MAX];
    unsigned ask_count, messages, serial;
};

static const uint16_t types[] = {
    TYPE_A, TYPE_AAAA, TYPE_NS, TYPE_DS, TYPE_CNAME, TYPE_TXT, TYPE_ANY, TYPE_SOA};
static const char *const questions[] = {
    "www.a.zz.", "a.zz.", "b.c.d.e.f.g.h.i.j.k.l.a.zz.", "zz.", ".", "x._tcp.b.zz.", "www.b.zz.", "nn.a.zz."};

/* ---- the script ---- */

/* The script begins anew while rounds are left; then every octet is 0. */
static uint8_t next_octet(struct run *x)
{
    if (reader_left(&x->script) == 0 && x->rounds > 0) {
        x->rounds--;
        x->script.pos = HEADER_LEN;
    }
    return read_u8(&x->script);
}

static bool is_over(const struct run *x)
{
    return reader_left(&x->script) == 0 && x->rounds == 0;
}

/* ---- names and records that an op speaks of ---- */

static const name_t *text_name(struct run *x, const char *text, const name_t *origin)
{
    name_t out[NAME_MAX_LEN];
    if (name_from_text(out, text, strlen(text), origin) != ERR_OK)
        return NAME_ROOT;
    return name_dup(out, &x->arena);
}

static const name_t *above(const name_t *n, unsigned labels)
{
    unsigned all = name_labels(n);
    return name_parent(n, labels < all ? labels : all);
}

/* 16 names around the one that was asked. */
static const name_t *name_by(struct run *x, unsigned which, const name_t *asked)
{
    char text[32];
    switch (which & 15) {
    case 0:
        return asked;
    case 1:
    case 2:
    case 3:
        return above(asked, which & 15);
    case 4:
        return NAME_ROOT;
    case 5:
        return text_name(x, "zz.", NULL);
    case 6:
        return text_name(x, "a.zz.", NULL);
    case 7:
        return text_name(x, "b.zz.", NULL);
    case 8:
        return text_name(x, "nn", asked);
    case 9: /* another one each time */
        snprintf(text, sizeof text, "u%u", x->serial++);
        return text_name(x, text, above(asked, 1));
    case 10:
        snprintf(text, sizeof text, "u%u", x->serial++);
        return text_name(x, text, asked);
    case 11:
        snprintf(text, sizeof text, "u%u.b.zz.", x->serial++);
        return text_name(x, text, NULL);
    case 12:
        return text_name(x, "www.b.zz.", NULL);
    case 13:
        return text_name(x, "w1", text_name(x, "long-label-long-label-long-label-long-label-long", asked));
    case 14:
        return text_name(x, "nn.a.zz.", NULL);
    default:
        return text_name(x, "other.", NULL);
    }
}

static struct rdata of_name(const name_t *n)
{
    return (struct rdata){n, (uint16_t)name_len(n)};
}

static struct rdata address(struct run *x, unsigned which, bool v6)
{
    uint8_t *p = arena_alloc(&x->arena, 16);
    static const uint8_t bad[][4] = {{0, 0, 0, 0}, {127, 0, 0, 1}, {169, 254, 1, 1}, {224, 0, 0, 1}};
    if (v6) {
        put_u32(p, 0x20010db8);
        put_u16(p + 14, (uint16_t)(which < 14 ? which + 1 : x->serial++));
        return (struct rdata){p, 16};
    }
    if (which < 10)
        put_u32(p, 0x0a010001 + which);
    else if (which < 14)
        memcpy(p, bad[which - 10], 4);
    else
        put_u32(p, 0x0a020000 + x->serial++ % 60000);
    return (struct rdata){p, 4};
}

static struct rdata soa(uint8_t *p, const name_t *mname, uint32_t minimum)
{
    size_t n = name_copy(p, mname);
    put_u32(p + n + 17, minimum); /* behind a root RNAME and four fields that nobody reads */
    return (struct rdata){p, (uint16_t)(n + 21)};
}

/* ---- DNSSEC ---- */

enum { KEY_LEN = 4 + 32, SIG_LEN = 16 };

static bool validates(void)
{
#ifdef VALIDATES
    return true;
#else
    return false;
#endif
}

/* The key of all zones; other: of the same tag (two octets of one place in a sum change places). */
static struct rdata key_rdata(struct run *x, bool other)
{
    uint8_t *p = arena_alloc(&x->arena, KEY_LEN);
    put_u16(p, DNSKEY_FLAG_ZONE | DNSKEY_FLAG_SEP);
    p[2] = 3;
    p[3] = ALGORITHM_ED25519;
    for (unsigned i = 4; i < KEY_LEN; i++)
        p[i] = (uint8_t)(i * 7);
    if (other) {
        uint8_t swap = p[10];
        p[10] = p[12];
        p[12] = swap;
    }
    return (struct rdata){p, KEY_LEN};
}

static struct rdata ds_rdata(struct run *x, const name_t *owner)
{
    struct rdata key = key_rdata(x, false), ds = {0};
    bool made = ds_make(owner, &key, DIGEST_SHA256, &x->arena, &ds);
    assert(made);
    (void)made;
    return ds;
}

/* how: 0 1 how far above the owner the signer is, 2 labels one less, 3 expired, 4 bad. */
static struct rdata rrsig_rdata(struct run *x, const name_t *owner, uint16_t covered, uint8_t how)
{
    struct rdata key = key_rdata(x, false);
    uint8_t *p = arena_alloc(&x->arena, 18 + NAME_MAX_LEN + SIG_LEN);
    bool star = owner[0] == 1 && owner[1] == '*';
    unsigned labels = name_labels(owner) - star;
    uint32_t wall = (uint32_t)x->now.wall_s;
    put_u16(p, covered);
    p[2] = ALGORITHM_ED25519;
    p[3] = (uint8_t)(how & 4 && labels ? labels - 1 : labels);
    put_u32(p + 4, 300);
    put_u32(p + 8, how & 8 ? wall - 1000 : wall + 1000);
    put_u32(p + 12, wall - 5000);
    put_u16(p + 16, dnskey_tag(&key));
    size_t n = 18 + name_copy(p + 18, above(owner, how & 3));
    memset(p + n, how & 16 ? 1 : 2, SIG_LEN);
    return (struct rdata){p, (uint16_t)(n + SIG_LEN)};
}

static bool verify(void *ctx, const struct dnskey *key, const uint8_t *octets, size_t len,
    const uint8_t *signature, size_t signature_len)
{
    (void)ctx, (void)key, (void)octets, (void)len;
    return signature_len > 0 && !(signature[0] & 1);
}

/* A record of DNSSEC in place of one of TXT, DS, NSEC, RRSIG. */
static void make_dnssec(struct run *x, struct rr *rr, unsigned which, const name_t *to)
{
    static const uint16_t signed_types[] = {
        TYPE_A, TYPE_DNSKEY, TYPE_DS, TYPE_NSEC, TYPE_SOA, TYPE_CNAME, TYPE_NS, TYPE_DNAME};
    static const uint8_t bitmaps[][6] = {{0, 1, 0x40}, {0, 1, 0x20}, {0, 2, 0x22, 0x01}, {0, 1, 0x04}};
    uint8_t how = next_octet(x), more = next_octet(x);
    switch (which) {
    case 6:
        rr->rdata = ds_rdata(x, rr->owner);
        return;
    case 7: {
        uint8_t *p = arena_alloc(&x->arena, NAME_MAX_LEN + 6);
        size_t n = name_copy(p, to), bits = how & 3;
        memcpy(p + n, bitmaps[bits], 2u + bitmaps[bits][1]);
        rr->rdata = (struct rdata){p, (uint16_t)(n + 2 + bitmaps[bits][1])};
        return;
    }
    case 8:
    case 14:
        rr->type = TYPE_DNSKEY;
        rr->rdata = key_rdata(x, which == 14);
        return;
    default:
        rr->rdata = rrsig_rdata(x, rr->owner, signed_types[more & 7], how);
    }
}

static void add_rr(struct run *x, struct msg_builder *b, enum section s, const name_t *asked)
{
    static const uint16_t of_kind[] = {TYPE_A, TYPE_AAAA, TYPE_NS, TYPE_CNAME, TYPE_DNAME, TYPE_SOA, TYPE_DS,
        TYPE_NSEC, TYPE_TXT, TYPE_NS, TYPE_A, TYPE_CNAME, TYPE_A, TYPE_RRSIG, TYPE_TXT, TYPE_NSEC3};
    static const uint32_t ttls[] = {300, 0, 5, 0xffffffff, 86400, 0x7fffffff, 1, 3600};
    uint8_t owner = next_octet(x), kind = next_octet(x);
    unsigned which = kind & 15, target = kind >> 4;
    struct rr rr = {.owner = name_by(x, owner, asked),
        .type = of_kind[which],
        .class = CLASS_IN,
        .ttl = ttls[owner >> 4 & 7]};
    unsigned copies = which == 9 ? 20 : which == 10 ? 300 : which == 11 ? 14 : 1;
    if (which == 12)
        rr.class = CLASS_CH;
    for (unsigned i = 0; i < copies; i++) {
        if (which == 11 && i > 0) /* a chain */
            rr.owner = rr.rdata.data;
        const name_t *to = name_by(x, target, asked);
        uint8_t *p = arena_alloc(&x->arena, 600);
        rr.rdata = (struct rdata){p, 36};
        if (rr.type == TYPE_A || rr.type == TYPE_AAAA)
            rr.rdata = address(x, copies > 1 ? 15 : target, rr.type == TYPE_AAAA);
        else if (rr.type == TYPE_NS || rr.type == TYPE_CNAME || rr.type == TYPE_DNAME)
            rr.rdata = of_name(copies > 1 ? name_by(x, 9 + target % 3, asked) : to);
        else if (rr.type == TYPE_SOA)
            rr.rdata = soa(p, to, ttls[target & 7]);
        else if (rr.type == TYPE_NSEC)
            rr.rdata = of_name(to);
        else if (rr.type == TYPE_TXT)
            p[0] = 35;
        if (validates() && (which == 6 || which == 7 || which == 8 || which == 13 || which == 14))
            make_dnssec(x, &rr, which, to);
        msg_add_rr(b, s, &rr);
    }
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
    uint8_t flags = next_octet(x), counts = next_octet(x);
    struct msg_builder b;
    msg_build(&b, buf, sizeof buf, q->id,
        (uint16_t)(FLAG_QR | (flags & 1 ? FLAG_AA : 0) | (flags & 2 ? FLAG_TC : 0)), rcodes[flags >> 2 & 3]);
    msg_add_question(&b, q->question.name, q->question.type, q->question.class);
    const unsigned of_section[] = {counts & 3, counts >> 2 & 7, counts >> 5};
    for (unsigned s = 0; s < SECTION_COUNT; s++)
        for (unsigned i = 0; i < of_section[s]; i++)
            add_rr(x, &b, (enum section)s, q->question.name);
    struct edns opt = {.present = true, .udp_size = 1232};
    if (x->set.tell_failures)
        opt.report_agent = text_name(x, "agent", above(q->question.name, counts & 1));
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
    size_t keep = headless ? 2 : act->send.len < 270 ? act->send.len : 270, n = next_octet(x);
    memcpy(buf, act->send.wire, keep);
    for (size_t i = 0; i < n && !is_over(x); i++)
        buf[keep + i] = next_octet(x);
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
    const name_t *zone =
        name_labels(name) > 1u + (how >> 1 & 1) ? above(name, name_labels(name) - 1u - (how >> 1 & 1)) : name;
    struct rr rr = {
        .owner = name, .type = TYPE_A, .class = CLASS_IN, .ttl = 300, .rdata = address(x, how >> 4, false)};
    if (refers) {
        const name_t *server = text_name(x, "nn", zone);
        struct rr ns = {
            .owner = zone, .type = TYPE_NS, .class = CLASS_IN, .ttl = 300, .rdata = of_name(server)};
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
    struct question q = {
        .name = text_name(x, questions[what & 7], NULL), .type = types[what >> 3 & 7], .class = CLASS_IN};
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
    if (is_over(x)) {
        if (!udp)
            fail_later(x, id, NET_TIMEOUT, 4000);
        return;
    }
    uint8_t op = next_octet(x);
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
        *client = (struct client_op){'a', next_octet(x)};
        speak(x, act, q);
        return;
    case 9:
        *client = (struct client_op){'c', next_octet(x)};
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
        be_honest(x, act, q, next_octet(x));
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
    x->rounds = rounds[more & 3];
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
    if (validates()) {
        struct rdata key = key_rdata(x, false);
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
    x.script = reader_of(data, len);
    x.script.pos = HEADER_LEN;
    if (len == HEADER_LEN)
        x.rounds = 0;
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
