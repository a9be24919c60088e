/* The network: messages travel, are lost, doubled, spoilt, forged; machines answer as they are. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "claims.h"
#include "sim.h"

struct arrival {
    struct heap_node node;
    send_id id;
    bool fails, lost;
    enum net_fail why;
    size_t len;
    uint8_t wire[];
};

struct open_send {
    struct table_node node;
    struct endpoint to;
    enum transport transport;
};

void network_choose(struct sim *s)
{
    struct dice *d = &s->dice;
    struct weather *w = &s->weather;
    if (chance(d, 60))
        return;
    static const unsigned losses[] = {0, 0, 1, 5, 10, 20, 40};
    static const unsigned jitters[] = {0, 0, 5, 50, 400};
    w->loss_percent = ONE_OF(d, losses);
    w->duplicate_percent = chance(d, 50) ? between(d, 1, 30) : 0;
    w->corrupt_percent = chance(d, 30) ? between(d, 1, 10) : 0;
    w->spoof_percent = chance(d, 30) ? between(d, 1, 30) : 0;
    w->local_percent = chance(d, 10) ? between(d, 1, 10) : 0;
    w->jitter_ms = ONE_OF(d, jitters);
    if (s->plan.v4 && s->plan.v6 && chance(d, 30))
        (chance(d, 50) ? w->no_route : w->black_hole)[roll(d, 2)] = true;
}

/* ---- events ---- */

static void later(struct sim *s, unsigned in_ms, send_id id, const uint8_t *wire, size_t len)
{
    struct arrival *e = mem_alloc(sizeof *e + len);
    e->id = id;
    e->len = len;
    if (len)
        memcpy(e->wire, wire, len);
    heap_set(&s->events, &e->node, s->now.mono_ms + in_ms);
}

static void fail_later(struct sim *s, int64_t in_ms, send_id id, enum net_fail why)
{
    struct arrival *e = mem_alloc(sizeof *e);
    e->id = id;
    e->fails = true;
    e->why = why;
    heap_set(&s->events, &e->node, s->now.mono_ms + in_ms);
}

int64_t network_next_ms(const struct sim *s)
{
    const struct heap_node *n = heap_first(&s->events);
    return n ? n->at : INT64_MAX;
}

void network_step(struct sim *s)
{
    struct heap_node *n = heap_first(&s->events);
    struct arrival *e = HOLDER(n, struct arrival, node);
    heap_remove(&s->events, n);
    bool open = table_find(&s->open, e->id) != NULL;
    if (e->lost || (!open && (e->fails || e->id % 8 != 0))) {
        mem_free(e);
        return;
    }
    if (e->fails) {
        static const char *const texts[] = {"refused", "unreachable", "timeout", "closed", "local"};
        sim_tell(s, "  #%llu fails: %s", (unsigned long long)e->id, texts[e->why]);
        resolve_failed(s->r, e->id, e->why, s->now);
    } else {
        static const char *const texts[] = {"matched", "near miss", "ignored"};
        s->heard_s = sim_true_s(s);
        enum heard h = resolve_heard(s->r, e->id, e->wire, e->len, s->now);
        sim_tell(s, "  #%llu hears %zu octets: %s", (unsigned long long)e->id, e->len, texts[h]);
        if (!open && h != HEARD_IGNORED)
            sim_wrong(s, "a packet for a dropped message was not ignored");
    }
    mem_free(e);
}

void network_forget(struct sim *s)
{
    for (size_t i = 0; i < s->events.count; i++) {
        struct arrival *e = HOLDER(s->events.nodes[i], struct arrival, node);
        e->lost = e->lost || !e->fails;
    }
}

void network_dropped(struct sim *s, send_id id)
{
    struct table_node *n = table_find(&s->open, id);
    if (!n) {
        sim_wrong(s, "a message was dropped that was not open");
        return;
    }
    table_remove(&s->open, n);
    mem_free(HOLDER(n, struct open_send, node));
}

void network_end(struct sim *s)
{
    struct heap_node *n;
    while ((n = heap_first(&s->events))) {
        heap_remove(&s->events, n);
        mem_free(HOLDER(n, struct arrival, node));
    }
    heap_fini(&s->events);
    struct table_node *o;
    while ((o = table_any(&s->open))) {
        table_remove(&s->open, o);
        mem_free(HOLDER(o, struct open_send, node));
    }
    table_fini(&s->open);
}

/* ---- one exchange ---- */

struct exchange {
    struct sim *s;
    send_id id;
    bool udp;
    unsigned deadline_ms; /* from now */
    const struct machine *m;
    struct msg query;
    struct draft draft;
    struct edns opt; /* of the reply */
    unsigned delay_ms;
    uint8_t wire[MSG_MAX_LEN];
    size_t len;
};

static bool is_lost(struct sim *s)
{
    return chance(&s->luck, s->weather.loss_percent);
}

static void travel(struct exchange *x, const uint8_t *wire, size_t len, unsigned delay_ms)
{
    struct sim *s = x->s;
    delay_ms += s->weather.jitter_ms ? roll(&s->luck, s->weather.jitter_ms) : 0;
    if (!x->udp) {
        if (delay_ms < x->deadline_ms)
            later(s, delay_ms, x->id, wire, len);
        return;
    }
    if (is_lost(s))
        return;
    unsigned copies = 1 + chance(&s->luck, s->weather.duplicate_percent);
    while (copies-- > 0) {
        static uint8_t spoilt[MSG_MAX_LEN];
        if (chance(&s->luck, s->weather.corrupt_percent)) {
            memcpy(spoilt, wire, len);
            if (len)
                spoilt[roll(&s->luck, len < 64 ? (unsigned)len : 64)] ^= (uint8_t)between(&s->luck, 1, 255);
            /* Only where it shows: what passes every check is believed, as UDP has but its checksum. */
            size_t head = MSG_HEADER_LEN + name_len(x->query.question.name) + 4;
            memcpy(spoilt + 2, wire + 2, len < 12 ? 0 : 10);
            if (len > head)
                memcpy(spoilt + head, wire + head, len - head);
            later(s, delay_ms + copies, x->id, spoilt, len);
        } else {
            later(s, delay_ms + copies, x->id, wire, len);
        }
    }
}

/* What a machine of before EDNS says. False: the query had none. */
static bool objects(struct exchange *x, uint16_t rcode, bool opt)
{
    if (!x->query.edns.present)
        return false;
    memset(x->draft.counts, 0, sizeof x->draft.counts);
    x->draft.rcode = rcode;
    x->draft.flags = 0;
    x->opt.present = opt;
    return true;
}

static void refuse(struct exchange *x, uint16_t rcode)
{
    memset(x->draft.counts, 0, sizeof x->draft.counts);
    x->draft.rcode = rcode;
    x->draft.flags = 0;
}

static void strip(struct draft *dr)
{
    for (unsigned s = 0; s < SECTION_COUNT; s++) {
        unsigned n = 0;
        for (unsigned i = 0; i < dr->counts[s]; i++) {
            uint16_t type = dr->rrs[s][i].type;
            if (type != TYPE_RRSIG && type != TYPE_NSEC && type != TYPE_NSEC3)
                dr->rrs[s][n++] = dr->rrs[s][i];
        }
        dr->counts[s] = n;
    }
}

static void spoil_signatures(struct draft *dr)
{
    for (unsigned s = 0; s < SECTION_COUNT; s++)
        for (unsigned i = 0; i < dr->counts[s]; i++) {
            struct rr *rr = &dr->rrs[s][i];
            if (rr->type != TYPE_RRSIG)
                continue;
            uint8_t *p = arena_copy(dr->arena, rr->rdata.data, rr->rdata.len);
            p[rr->rdata.len - 40] ^= 1;
            rr->rdata.data = p;
        }
}

/* Faults that show in what is said. */
static void misspeak(struct exchange *x)
{
    switch (x->m->fault) {
    case MACHINE_REFUSES:
        refuse(x, RCODE_REFUSED);
        return;
    case MACHINE_SERVFAIL:
        refuse(x, RCODE_SERVFAIL);
        return;
    case MACHINE_LAME_EMPTY:
        refuse(x, RCODE_NOERROR);
        return;
    case MACHINE_LAME_UPWARD:
        refuse(x, RCODE_NOERROR);
        draft_lines(&x->draft, SECTION_AUTHORITY, ". 3600 NS a.elsewhere.\n");
        return;
    case MACHINE_FORMERR_EDNS:
        objects(x, RCODE_FORMERR, false);
        return;
    case MACHINE_NOTIMP_EDNS:
        objects(x, RCODE_NOTIMP, false);
        return;
    case MACHINE_BADVERS:
        objects(x, RCODE_BADVERS, true);
        return;
    case MACHINE_BADCOOKIE:
        objects(x, RCODE_BADCOOKIE, true);
        return;
    case MACHINE_IGNORES_EDNS:
        x->opt.present = false;
        return;
    case MACHINE_STRIPS:
        strip(&x->draft);
        return;
    case MACHINE_SPOILS:
        spoil_signatures(&x->draft);
        return;
    default:
        return;
    }
}

/* RFC 7873 5.2: the client's cookie comes back with the server's own; who wants cookies answers nothing
 * without it, over UDP. */
static void bake(struct exchange *x)
{
    const struct edns *q = &x->query.edns;
    if (x->m->cookies == COOKIES_NONE || !x->opt.present || q->cookie_len < 8)
        return;
    uint8_t *own = x->opt.cookie + 8;
    memcpy(x->opt.cookie, q->cookie, 8);
    memset(own, 0x5a, 8);
    own[0] = x->m->addr.ip[addr_len(&x->m->addr) - 1];
    x->opt.cookie_len = 16;
    bool good = q->cookie_len == 16 && memcmp(q->cookie + 8, own, 8) == 0;
    if (x->m->cookies == COOKIES_WANTED && x->udp && !good)
        objects(x, RCODE_BADCOOKIE, true);
}

/* Faults that show in the octets. */
static void misspell(struct exchange *x)
{
    switch (x->m->fault) {
    case MACHINE_FOLDS_CASE:
        name_lower(x->wire + MSG_HEADER_LEN);
        return;
    case MACHINE_BARE_FORMERR:
        if (!x->query.edns.present)
            return;
        put_u16(x->wire + 2, FLAG_QR | RCODE_FORMERR);
        memset(x->wire + 4, 0, 8);
        x->len = MSG_HEADER_LEN;
        return;
    case MACHINE_TWO_OPTS:
        if (!x->opt.present)
            return;
        memmove(x->wire + x->len, x->wire + x->len - 11, 11);
        put_u16(x->wire + 10, (uint16_t)(get_u16(x->wire + 10) + 1));
        x->len += 11;
        return;
    case MACHINE_ODD_OPTIONS:
    case MACHINE_MANGLES_OPT:
        if (!x->opt.present)
            return;
        /* The OPT comes last and has no options yet. */
        put_u16(x->wire + x->len - 2, x->m->fault == MACHINE_ODD_OPTIONS ? 7 : 9);
        memcpy(x->wire + x->len, "\xfd\xe9\x00\x03xyz", 7);
        x->len += 7;
        return;
    case MACHINE_WRONG_ID:
        x->wire[0] ^= 1;
        return;
    case MACHINE_WRONG_QUESTION:
        x->wire[MSG_HEADER_LEN + 1] ^= 3;
        return;
    default:
        return;
    }
}

static void write_reply(struct exchange *x)
{
    size_t max = MSG_MAX_LEN - 16;
    if (x->udp) {
        max = x->opt.present ? x->query.edns.udp_size : UDP_SIZE_PLAIN;
        max = max < UDP_SIZE_PLAIN ? UDP_SIZE_PLAIN : max > 4096 ? 4096 : max;
    }
    x->len = draft_write(&x->draft, x->wire, MSG_MAX_LEN - 16, &x->opt);
    enum machine_fault f = x->m->fault;
    bool truncates = f == MACHINE_TRUNCATES || f == MACHINE_NO_TCP || f == MACHINE_TCP_SILENT;
    if ((x->udp && (x->len > max || truncates)) || f == MACHINE_TC_ALWAYS)
        x->len = draft_write_truncated(&x->draft, x->wire, MSG_MAX_LEN - 16, &x->opt);
    misspell(x);
}

/* True: nothing is heard of it. */
static bool is_silent(const struct exchange *x)
{
    switch (x->m->fault) {
    case MACHINE_DEAD:
        return true;
    case MACHINE_TCP_SILENT:
        return !x->udp;
    case MACHINE_DROPS_EDNS:
        return x->query.edns.present;
    case MACHINE_FLAPS:
        return sim_true_s(x->s) / 60 % 2 == 1;
    default:
        return is_lost(x->s) && (x->udp || chance(&x->s->luck, 30));
    }
}

/* True: the attempt ends with an error. */
static bool is_refused(struct exchange *x)
{
    struct sim *s = x->s;
    bool closed = x->m->fault == MACHINE_PORT_CLOSED || (x->m->fault == MACHINE_NO_TCP && !x->udp);
    if (x->m->fault == MACHINE_NO_ROUTE)
        fail_later(s, 1, x->id, NET_UNREACHABLE);
    else if (closed)
        fail_later(s, x->m->rtt_ms, x->id, roll(&s->luck, 2) && !x->udp ? NET_CLOSED : NET_REFUSED);
    return closed || x->m->fault == MACHINE_NO_ROUTE;
}

static void forge(struct exchange *x, unsigned delay_ms)
{
    static uint8_t spoilt[MSG_MAX_LEN];
    size_t len = spoil(x->wire, x->len, spoilt, sizeof spoilt, &x->s->luck);
    later(x->s, delay_ms, x->id, spoilt, len);
}

/* Somebody off the path saw the question but neither its ID nor its letters, or guessed one of them. */
static void guess(struct exchange *x, unsigned delay_ms)
{
    static uint8_t wire[MSG_MAX_LEN];
    char q[NAME_TEXT_LEN];
    struct draft dr = x->draft;
    dr.rrs[SECTION_ANSWER] = NULL;
    memset(dr.counts, 0, sizeof dr.counts);
    dr.flags = FLAG_AA;
    dr.rcode = RCODE_NOERROR;
    name_text(x->query.question.name, q);
    draft_lines(&dr, SECTION_ANSWER, "%s 86400 A 6.6.6.6\n", q);
    size_t len = draft_write(&dr, wire, sizeof wire, &x->opt);
    name_t lower[NAME_MAX_LEN];
    name_lower_copy(lower, x->query.question.name);
    if (name_same_case(lower, x->query.question.name) || chance(&x->s->luck, 30))
        wire[roll(&x->s->luck, 2)] ^= (uint8_t)between(&x->s->luck, 1, 255);
    else
        name_lower(wire + MSG_HEADER_LEN);
    later(x->s, delay_ms, x->id, wire, len);
}

/* What the machine means to say, for --verbose. */
static void tell_draft(struct exchange *x)
{
    char name[NAME_TEXT_LEN];
    struct text t;
    if (!x->s->verbose)
        return;
    text_init(&t);
    for (unsigned s = 0; s < SECTION_COUNT; s++)
        for (unsigned i = 0; i < x->draft.counts[s]; i++) {
            const struct rr *rr = &x->draft.rrs[s][i];
            text_printf(&t, "%s%s ", i ? "; " : " | ", name_text(rr->owner, name));
            rrtype_to_text(&t, rr->type);
            if (rr->type == TYPE_NSEC)
                text_printf(&t, " %s", name_text(rr->rdata.data, name));
        }
    sim_tell(x->s, "  #%llu is told rcode %u%.900s", (unsigned long long)x->id, x->draft.rcode, t.data);
    text_fini(&t);
}

static void answer(struct exchange *x)
{
    struct sim *s = x->s;
    draft_make(&x->draft);
    if (x->m->evil && chance(&s->luck, 60))
        draft_lie(&x->draft);
    misspeak(x);
    enum machine_fault f = x->m->fault;
    if (f == MACHINE_EXPLAINS) {
        static const uint16_t codes[] = {EDE_STALE_ANSWER, EDE_DNSSEC_BOGUS, EDE_BLOCKED, 9999};
        x->opt.ede_count = 1;
        x->opt.ede[0] = (struct ede){ONE_OF(&s->luck, codes), "as it was told"};
    }
    if (f == MACHINE_ODD_OPTIONS || f == MACHINE_MANGLES_OPT || f == MACHINE_TWO_OPTS)
        x->opt.report_agent = NULL; /* misspell() adds to an OPT without options */
    else
        bake(x);
    tell_draft(x);
    write_reply(x);
    unsigned delay = x->udp ? x->delay_ms : 2 * x->delay_ms;
    if (x->udp && x->m->fault == MACHINE_GARBAGE_FIRST && x->delay_ms > 1)
        forge(x, x->delay_ms / 2);
    if (x->udp && chance(&s->luck, s->weather.spoof_percent))
        (chance(&s->luck, 50) ? forge : guess)(x, roll(&s->luck, 2 * delay + 1));
    if (x->m->evil && chance(&s->luck, 10))
        forge(x, delay);
    else
        travel(x, x->wire, x->len, delay);
}

/* Nobody honest is there: it says whatever makes the poison work. */
static void poison(struct exchange *x)
{
    static const struct machine devil = {.evil = true};
    x->draft.machine = x->m = &devil;
    x->draft.flags = FLAG_AA;
    char q[NAME_TEXT_LEN];
    name_text(x->query.question.name, q);
    if (x->query.question.type == TYPE_A)
        draft_lines(&x->draft, SECTION_ANSWER, "%s 86400 A 6.6.6.6\n", q);
    else
        draft_lines(&x->draft, SECTION_ANSWER, "%s 86400 TXT evil\n%s 86400 NS %s\n", q, q, q);
    write_reply(x);
    travel(x, x->wire, x->len, 5);
}

static void check_query(struct sim *s, const struct action *act, const struct msg *q, const struct machine *m)
{
    char at[ENDPOINT_TEXT_LEN], name[NAME_TEXT_LEN];
    const struct endpoint *to = &act->send.to;
    endpoint_text(to, at);
    name_text(q->question.name, name);
    if (q->flags != 0 || q->qdcount != 1 || q->trailing || q->question.class != CLASS_IN)
        sim_wrong(s, "an odd query to %s: flags %#x", at, q->flags);
    if (addr_is_unusable(&to->addr) || addr_is_loopback(&to->addr) || endpoint_equal(to, &s->own[0]) ||
        endpoint_equal(to, &s->own[1]) || to->port != s->settings.port)
        sim_wrong(s, "a query to %s, which is never asked", at);
    if (to->addr.family == FAMILY_V4 ? !s->settings.use_v4 : !s->settings.use_v6)
        sim_wrong(s, "a query to %s, of a family that is off", at);
    if ((!m || m->evil) && !oracle_is_evil(s, q->question.name) &&
        !claim_is_ghost_server(s, q->question.name, &to->addr))
        sim_wrong(s, "%s was asked for %s, of which it is no server", at, name);
}

static void open_send(struct sim *s, const struct action *act)
{
    struct open_send *o = mem_alloc(sizeof *o);
    o->to = act->send.to;
    o->transport = act->send.transport;
    if (table_find(&s->open, act->send.id))
        sim_wrong(s, "a message's number came twice");
    table_add(&s->open, &o->node, act->send.id);
}

void network_send(struct sim *s, const struct action *act)
{
    static struct exchange x;
    struct arena a;
    arena_init(&a);
    memset(&x, 0, offsetof(struct exchange, wire));
    x.s = s;
    x.id = act->send.id;
    x.udp = act->send.transport == TRANSPORT_UDP;
    x.deadline_ms = (unsigned)(act->send.deadline_ms - s->now.mono_ms);
    x.m = tree_machine(&s->tree, &act->send.to.addr);
    enum msg_fault fault = msg_parse(&x.query, act->send.wire, act->send.len, &a);
    assert(fault == MSG_OK);
    (void)fault;
    open_send(s, act);
    check_query(s, act, &x.query, x.m);
    if (s->verbose) {
        char name[NAME_TEXT_LEN], at[ENDPOINT_TEXT_LEN];
        sim_tell(s, "  #%llu to %s %s: %s type %u%s", (unsigned long long)x.id,
            endpoint_text(&act->send.to, at), x.udp ? "UDP" : "TCP", name_text(x.query.question.name, name),
            x.query.question.type, x.query.edns.present ? "" : " (no EDNS)");
    }
    x.opt =
        (struct edns){.present = x.query.edns.present, .udp_size = 1232, .dnssec_ok = x.query.edns.dnssec_ok};
    /* Agents for reports (RFC 9567): zones of this very tree, whatever befalls them. */
    if (s->settings.tell_failures && act->send.to.addr.ip[3] % 2)
        x.opt.report_agent = s->tree.zones[act->send.to.addr.ip[3] % s->tree.zone_count]->name;
    x.draft = (struct draft){.arena = &a,
        .tree = &s->tree,
        .machine = x.m,
        .query = &x.query,
        .dice = &s->luck,
        .at_s = sim_true_s(s),
        .wall_s = WALL_BEGIN_S + sim_true_s(s),
        .dnssec_ok = x.query.edns.dnssec_ok && (!x.m || x.m->fault != MACHINE_IGNORES_EDNS)};
    unsigned family = act->send.to.addr.family == FAMILY_V6;
    if (!x.udp)
        fail_later(s, x.deadline_ms, x.id, NET_TIMEOUT);
    bool down = s->now.mono_ms < s->link_up_ms;
    if (s->weather.no_route[family] || (down && s->link_unreachable)) {
        fail_later(s, 0, x.id, NET_UNREACHABLE);
    } else if (chance(&s->luck, s->weather.local_percent)) {
        fail_later(s, 0, x.id, NET_LOCAL);
    } else if (down) {
        sim_tell(s, "    goes nowhere");
    } else if (!x.m) {
        if (addr_is_poison(&act->send.to.addr))
            poison(&x);
    } else if (!s->weather.black_hole[family] && !is_refused(&x) && !is_silent(&x)) {
        x.delay_ms = x.m->rtt_ms;
        answer(&x);
    }
    arena_fini(&a);
}
