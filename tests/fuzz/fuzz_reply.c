/* A name server that lies: it was delegated one zone, answers whatever the input says, and may change nothing
 * that it does not own.
 *
 * The input: octet 0 the zone and what was cached before, octet 1 settings, octet 2 the question, then
 * messages, one after the other:
 *
 *   kind & 3 = 0  body      flags, rcode, three counts, length / 8, octets that follow the question
 *              1  records   flags, rcode, number, then of each record: section and type, owner, TTL, target
 *              2  octets    length / 8, octets that follow the ID
 *              3  a failure of the network
 *   kind & 4      before it, one whose ID is wrong
 *   kind & 8      before it, one whose question's first letter is wrong
 */
#include <assert.h>
#include <string.h>

#include "dns/msg.h"
#include "dns/rdata.h"
#include "resolve/resolve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define STEPS_MAX 4000u /* each message is a few: sent, heard, its timer */
#define TOLD_MAX 100u   /* names that the liar spoke of, as far as they are looked for afterwards */
#define MESSAGES_MAX                                                                                         \
    (WORK_MESSAGES_MAX + WORK_MESSAGES_BACKGROUND) /* of one question and its background look-up */
#define TTL 3600u
#define RECORD_LEN 4u /* of a record in the script */

/* ---- the Internet before the lie ---- */

static const struct {
    const char *zone, *server, *addr;
} delegations[] = {
    {".", "a.root.", "10.0.0.1"},
    {"com.", "ns.com.", "10.0.0.3"},
    {"example.com.", "ns.example.com.", "10.0.0.4"},
    {"org.", "ns.org.", "10.0.0.2"},
    {"victim.org.", "ns.victim.org.", "10.2.0.1"},
    {"zone.org.", "ns.zone.org.", "10.1.0.1"},
    {"deep.sub.zone.org.", "ns.deep.sub.zone.org.", "10.1.0.9"},
};
/* Those whose servers may be the liar's. */
static const unsigned liars[] = {5, 3, 6, 5};

static const struct {
    const char *owner;
    uint16_t type;
    const char *target; /* an address or a name */
} records[] = {
    {"www.victim.org.", TYPE_A, "192.0.2.1"},
    {"www.victim.org.", TYPE_AAAA, "2001:db8::1"},
    {"victim.org.", TYPE_NS, "ns.victim.org."},
    {"ns.victim.org.", TYPE_A, "10.2.0.1"},
    {"example.com.", TYPE_NS, "ns.example.com."},
    {"alias.example.com.", TYPE_CNAME, "www.victim.org."},
    {"below.example.com.", TYPE_DNAME, "victim.org."},
    {"www.example.com.", TYPE_A, "192.0.2.2"},
    {"org.", TYPE_NS, "ns.org."},
    {"mail.zone.org.", TYPE_A, "192.0.2.3"},
    {"sub.zone.org.", TYPE_NS, "ns.zone.org."},
};

/* Owners and targets of the liar's records. The first 16 are what is asked for as well. */
static const char *const names[] = {"www.zone.org.", "zone.org.", "a.b.c.zone.org.", "sub.zone.org.",
    "deep.sub.zone.org.", "x.deep.sub.zone.org.", "ns.zone.org.", "*.zone.org.", "www.victim.org.",
    "victim.org.", "new.victim.org.", "org.", "alias.example.com.", "q.below.example.com.",
    "below.example.com.", ".", "ns.victim.org.", "www.example.com.", "example.com.", "com.", "ns.org.",
    "a.root.", "ns.com.", "evilzone.org.", "other.net.", "net.", "ns1.sub.zone.org.", "ns2.sub.zone.org.",
    "a.deep.sub.zone.org.", "www.sub.zone.org.", "ns1.other.net.", "b.victim.org."};
static const uint16_t types[] = {TYPE_A, TYPE_AAAA, TYPE_NS, TYPE_CNAME, TYPE_DNAME, TYPE_SOA, TYPE_DS,
    TYPE_NSEC, TYPE_TXT, TYPE_MX, TYPE_NSEC3, TYPE_RRSIG, TYPE_ANY, TYPE_SVCB, TYPE_PTR, TYPE_DNSKEY};
static const char *const addrs[] = {
    "10.1.0.1", "10.66.0.1", "10.2.0.1", "127.0.0.1", "10.0.0.2", "224.0.0.1", "0.0.0.0", "10.66.0.2"};

/* The tables in wire form, made once: the run itself is to be what takes time. */
static struct {
    bool made;
    name_t zones[COUNT(delegations)][NAME_MAX_LEN], servers[COUNT(delegations)][NAME_MAX_LEN],
        owners[COUNT(records)][NAME_MAX_LEN], names[COUNT(names)][NAME_MAX_LEN];
    struct addr at[COUNT(delegations)];
    uint8_t targets[COUNT(records)][NAME_MAX_LEN];
    uint16_t target_len[COUNT(records)];
} ready;

static void make_name(name_t *out, const char *text)
{
    enum err err = name_from_text(out, text, strlen(text), NULL);
    assert(err == ERR_OK);
    (void)err;
}

static struct addr addr_of(const char *text)
{
    struct addr a;
    enum err err = addr_parse(&a, text);
    assert(err == ERR_OK);
    (void)err;
    return a;
}

static void make_tables(void)
{
    for (unsigned i = 0; i < COUNT(delegations); i++) {
        make_name(ready.zones[i], delegations[i].zone);
        make_name(ready.servers[i], delegations[i].server);
        ready.at[i] = addr_of(delegations[i].addr);
    }
    for (unsigned i = 0; i < COUNT(records); i++) {
        make_name(ready.owners[i], records[i].owner);
        if (records[i].type == TYPE_A || records[i].type == TYPE_AAAA) {
            struct addr a = addr_of(records[i].target);
            ready.target_len[i] = (uint16_t)addr_len(&a);
            memcpy(ready.targets[i], a.ip, addr_len(&a));
        } else {
            make_name(ready.targets[i], records[i].target);
            ready.target_len[i] = (uint16_t)name_len(ready.targets[i]);
        }
    }
    for (unsigned i = 0; i < COUNT(names); i++)
        make_name(ready.names[i], names[i]);
    ready.made = true;
}

static struct rdata record_rdata(unsigned i)
{
    return (struct rdata){ready.targets[i], ready.target_len[i]};
}

struct told {
    const name_t *name;
    uint16_t type;
};

struct sent {
    send_id id;
    struct endpoint to;
    uint8_t *wire;
    size_t len;
    struct sent *next;
};

struct run {
    struct cache *cache;
    struct random *rng;
    struct resolver *r;
    now_t now;
    int64_t wake_ms; /* INT64_MAX: none */
    unsigned liar;   /* index of the delegation that is the liar's */
    const name_t *zone;
    uint8_t rank; /* of what was cached before */
    struct reader script;
    bool again; /* when the script ends it begins anew: nothing but the limits ends it */
    struct sent *first, **last;
    struct told told[TOLD_MAX];
    unsigned told_count, answers;
    struct arena arena;
};

static void fill_cache(struct run *x)
{
    for (unsigned i = 0; i < COUNT(delegations); i++) {
        struct cut_server cs = {.name = ready.servers[i], .addr_count = 1, .addrs = {ready.at[i]}};
        struct cut cut = {.zone = ready.zones[i], .ttl = TTL, .server_count = 1, .servers = &cs};
        cache_cut_put(x->cache, &cut, x->now.cache_s);
    }
    for (unsigned i = 0; i < COUNT(records); i++) {
        struct rdata rd = record_rdata(i);
        struct rrset rs = {.owner = ready.owners[i],
            .type = records[i].type,
            .class = CLASS_IN,
            .ttl = TTL,
            .rank = x->rank,
            .count = 1,
            .rdata = &rd};
        cache_rrset_put(x->cache, &rs, x->now.cache_s);
    }
}

/* ---- what the liar sends ---- */

static const name_t *table_name(uint8_t octet)
{
    return ready.names[octet % COUNT(names)];
}

static void write_rdata(struct writer *w, uint16_t type, uint8_t target)
{
    static const uint8_t numbers[20] = {0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 1, 0};
    const name_t *n = table_name(target);
    struct addr a = addr_of(addrs[target % COUNT(addrs)]);
    switch (type) {
    case TYPE_A:
        write_octets(w, a.ip, 4);
        break;
    case TYPE_AAAA:
        write_octets(w, (const uint8_t[]){0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 15);
        write_u8(w, target);
        break;
    case TYPE_MX:
    case TYPE_SVCB:
        write_u16(w, target);
        write_octets(w, n, name_len(n));
        break;
    case TYPE_SOA:
        write_octets(w, n, name_len(n));
        write_octets(w, n, name_len(n));
        write_octets(w, numbers, sizeof numbers);
        break;
    case TYPE_NSEC:
        write_octets(w, n, name_len(n));
        write_octets(w, (const uint8_t[]){0, 1, 0x40}, 3);
        break;
    case TYPE_NS:
    case TYPE_CNAME:
    case TYPE_DNAME:
    case TYPE_PTR:
        write_octets(w, n, name_len(n));
        break;
    case TYPE_RRSIG:
        write_u16(w, types[target % COUNT(types)]);
        write_octets(w, numbers, 16);
        write_octets(w, n, name_len(n));
        write_octets(w, numbers, 8);
        break;
    default: /* whatever the layouts of DS, DNSKEY, NSEC3 … make of it */
        write_octets(w, (const uint8_t[]){1, 1, 0, 0, 0, 4, 1, 2, 3, 4, 5}, (size_t)(target % 12));
        break;
    }
}

static void write_record(const uint8_t p[RECORD_LEN], struct writer *w)
{
    uint16_t type = types[p[0] % COUNT(types)];
    uint8_t owner = p[1], ttl = p[2];
    if (owner == 0xff) {
        write_u16(w, 0xc000 | MSG_HEADER_LEN); /* the name that was asked */
    } else {
        const name_t *n = table_name(owner);
        write_octets(w, n, name_len(n));
    }
    write_u16(w, type);
    write_u16(w, ttl & 1 ? CLASS_CH : CLASS_IN);
    write_u32(w, (uint32_t)ttl << 24 | (uint32_t)(ttl & 0x3e) << 6);
    size_t at = w->pos;
    write_u16(w, 0);
    write_rdata(w, type, p[3]);
    if (!w->bad)
        put_u16(w->data + at, (uint16_t)(w->pos - at - 2));
}

/* The script has the records in any order, the message has them by section. */
static void write_records(struct run *x, struct writer *w, uint16_t counts[SECTION_COUNT])
{
    unsigned n = read_u8(&x->script);
    size_t whole = reader_left(&x->script) / RECORD_LEN;
    if (n > whole)
        n = (unsigned)whole;
    const uint8_t *p = read_octets(&x->script, n * RECORD_LEN);
    for (unsigned s = 0; p && s < SECTION_COUNT; s++) {
        for (unsigned i = 0; i < n; i++) {
            if ((p[RECORD_LEN * i] >> 4) % SECTION_COUNT == s) {
                write_record(p + RECORD_LEN * i, w);
                counts[s]++;
            }
        }
    }
}

static void write_script(struct run *x, struct writer *w, size_t eighths)
{
    size_t n = 8 * eighths, left = reader_left(&x->script);
    n = n < left ? n : left;
    write_octets(w, read_octets(&x->script, n), n);
}

/* ID and question of `s`, then what the script says. */
static size_t build(struct run *x, const struct sent *s, uint8_t kind, uint8_t *buf)
{
    struct writer w = writer_of(buf, MSG_MAX_LEN);
    size_t question = MSG_HEADER_LEN + name_len(s->wire + MSG_HEADER_LEN) + 4;
    write_octets(&w, s->wire, question);
    if (kind == 2) {
        w.pos = 2;
        write_script(x, &w, read_u8(&x->script));
        return w.pos;
    }
    uint8_t flags = read_u8(&x->script), rcode = read_u8(&x->script);
    put_u16(
        buf + 2, (uint16_t)(FLAG_QR | (flags & 1 ? FLAG_AA : 0) | (flags & 2 ? FLAG_TC : 0) | (rcode & 15)));
    uint16_t counts[SECTION_COUNT] = {0};
    if (kind == 0) {
        for (unsigned i = 0; i < SECTION_COUNT; i++)
            counts[i] = read_u8(&x->script);
        write_script(x, &w, read_u8(&x->script));
    } else {
        write_records(x, &w, counts);
    }
    put_u16(buf + 4, 1);
    for (unsigned i = 0; i < SECTION_COUNT; i++)
        put_u16(buf + 6 + 2 * i, counts[i]);
    return w.pos;
}

/* ---- what was told, to look for it afterwards ---- */

static void tell(struct run *x, const name_t *name, uint16_t type)
{
    if (name_is_within(name, x->zone) || x->told_count == TOLD_MAX)
        return;
    for (unsigned i = 0; i < x->told_count; i++)
        if (x->told[i].type == type && name_equal(x->told[i].name, name))
            return;
    x->told[x->told_count++] = (struct told){name_dup(name, &x->arena), type};
}

static void tell_all(struct run *x, const uint8_t *wire, size_t len)
{
    struct msg m;
    if (msg_parse(&m, wire, len, &x->arena) != MSG_OK)
        return;
    for (unsigned s = 0; s < SECTION_COUNT; s++) {
        for (size_t i = 0; i < m.counts[s]; i++) {
            const struct rr *rr = &m.rrs[s][i];
            tell(x, rr->owner, rr->type);
            if (rr->type == TYPE_CNAME || rr->type == TYPE_NS || rr->type == TYPE_DNAME)
                tell(x, rdata_target(rr->type, &rr->rdata), TYPE_A);
        }
    }
}

/* ---- what is still true ---- */

static bool synthesised(const name_t *owner, const struct rdata *rd)
{
    for (unsigned i = 0; i < COUNT(records); i++) {
        const name_t *from = ready.owners[i];
        name_t made[NAME_MAX_LEN];
        if (records[i].type == TYPE_DNAME && name_is_within(owner, from) && !name_equal(owner, from) &&
            name_replace_suffix(made, owner, from, ready.targets[i]) == ERR_OK && name_equal(made, rd->data))
            return true;
    }
    return false;
}

static bool is_true(const name_t *owner, uint16_t type, const struct rdata *rd)
{
    for (unsigned i = 0; i < COUNT(records); i++)
        if (records[i].type == type && name_equal(ready.owners[i], owner) && ready.target_len[i] == rd->len &&
            memcmp(ready.targets[i], rd->data, rd->len) == 0)
            return true;
    for (unsigned i = 0; i < COUNT(delegations); i++) {
        if (type == TYPE_NS && name_equal(ready.zones[i], owner) && name_equal(rd->data, ready.servers[i]))
            return true;
        if (type == TYPE_A && name_equal(ready.servers[i], owner) && memcmp(ready.at[i].ip, rd->data, 4) == 0)
            return true;
    }
    return type == TYPE_CNAME && synthesised(owner, rd);
}

static void check_outcome(struct run *x, const struct outcome *o)
{
    const struct rrset_list *lists[] = {&o->answer, &o->authority, &o->additional};
    for (unsigned l = 0; l < COUNT(lists); l++) {
        for (size_t i = 0; i < lists[l]->count; i++) {
            const struct rrset *rs = lists[l]->items[i];
            for (unsigned k = 0; k < rs->count; k++) {
                assert(name_is_within(rs->owner, x->zone) || is_true(rs->owner, rs->type, &rs->rdata[k]));
                if (rs->type == TYPE_CNAME)
                    tell(x, rdata_target(TYPE_CNAME, &rs->rdata[k]), TYPE_A);
            }
        }
    }
    assert(o->messages <= WORK_MESSAGES_MAX);
}

static int delegation_of(const name_t *zone)
{
    for (unsigned i = 0; i < COUNT(delegations); i++)
        if (name_equal(zone, ready.zones[i]))
            return (int)i;
    return -1;
}

/* Outside of the liar's zone every delegation is as it was;
 * its own, too, is its parent's to change (CVE-2025-11411). */
static void check_cut(struct run *x, const name_t *zone)
{
    const struct cut *cut = cache_cut_get(x->cache, zone, x->now.cache_s, &x->arena);
    int i = delegation_of(zone);
    assert((cut != NULL) == (i >= 0));
    if (!cut)
        return;
    assert(cut->ttl == TTL && cut->server_count == 1 && cut->proofs.count == 0 && !cut->hint &&
           !cut->listed_many);
    assert(name_equal(cut->servers[0].name, ready.servers[i]));
    assert(cut->servers[0].addr_count == 1 && addr_equal(&cut->servers[0].addrs[0], &ready.at[i]));
}

static void check_name(struct run *x, const name_t *name, uint16_t type)
{
    if (name_is_within(name, x->zone))
        return;
    struct negative negative;
    assert(!cache_negative_get(x->cache, name, type, CLASS_IN, x->now.cache_s, &x->arena, &negative));
    const struct rrset *rs = cache_rrset_get(x->cache, name, type, CLASS_IN, x->now.cache_s, &x->arena);
    bool wanted = false;
    for (unsigned i = 0; i < COUNT(records); i++)
        wanted |= records[i].type == type && name_equal(ready.owners[i], name);
    assert((rs != NULL) == wanted);
    assert(!rs || (rs->count == 1 && rs->sig_count == 0 && rs->ttl == TTL && rs->rank == x->rank &&
                      is_true(name, type, &rs->rdata[0])));
}

static void check_outside_cut(struct run *x, const name_t *name)
{
    if (!name_is_within(name, x->zone))
        check_cut(x, name);
}

static void check_cache(struct run *x)
{
    static const uint16_t usual[] = {TYPE_A, TYPE_AAAA, TYPE_NS, TYPE_CNAME, TYPE_DNAME, TYPE_SOA, TYPE_DS};
    check_cut(x, x->zone);
    for (unsigned i = 0; i < COUNT(delegations); i++)
        check_outside_cut(x, ready.zones[i]);
    for (unsigned i = 0; i < COUNT(names); i++) {
        const name_t *n = ready.names[i];
        check_outside_cut(x, n);
        for (unsigned k = 0; k < COUNT(usual); k++)
            check_name(x, n, usual[k]);
    }
    for (unsigned i = 0; i < x->told_count; i++) {
        check_outside_cut(x, x->told[i].name);
        check_name(x, x->told[i].name, x->told[i].type);
        check_name(x, x->told[i].name, TYPE_A);
        check_name(x, x->told[i].name, TYPE_CNAME);
    }
}

/* ---- the run ---- */

static bool is_honest(const struct run *x, const struct addr *to)
{
    for (unsigned i = 0; i < COUNT(delegations); i++)
        if (i != x->liar && addr_equal(&ready.at[i], to))
            return true;
    return false;
}

static void on_send(struct run *x, const struct action *act)
{
    const struct addr *to = &act->send.to.addr;
    const name_t *asked = act->send.wire + MSG_HEADER_LEN;
    assert(act->send.len >= MSG_HEADER_LEN && act->send.to.port == 53);
    assert(name_check(asked, act->send.len - MSG_HEADER_LEN) > 0);
    assert(!addr_is_unusable(to) && !addr_is_loopback(to));
    /* Addresses that only the liar knows are asked of its names alone. */
    assert(is_honest(x, to) || name_is_within(asked, x->zone));
    struct sent *s = ARENA_NEW(&x->arena, struct sent);
    *s = (struct sent){.id = act->send.id,
        .to = act->send.to,
        .wire = arena_copy(&x->arena, act->send.wire, act->send.len),
        .len = act->send.len};
    *x->last = s;
    x->last = &s->next;
}

static void drain(struct run *x)
{
    struct action act;
    while (resolve_next(x->r, &act, x->now)) {
        if (act.kind == ACTION_SEND) {
            on_send(x, &act);
        } else if (act.kind == ACTION_ANSWER) {
            check_outcome(x, act.answer.outcome);
            x->answers++;
        } else if (act.kind == ACTION_WAKE) {
            x->wake_ms = act.wake.at_ms;
        } else if (act.kind == ACTION_WORK) {
            resolve_work(x->r, 4, x->now);
        }
    }
}

static void hear(struct run *x, const struct sent *s, const uint8_t *wire, size_t len)
{
    /* An exact-size copy, so that a sanitizer sees one octet too many. */
    uint8_t *copy = mem_alloc(len);
    memcpy(copy, wire, len);
    resolve_heard(x->r, s->id, copy, len, x->now);
    drain(x);
    mem_free(copy);
}

static void lie(struct run *x, const struct sent *s)
{
    static uint8_t buf[MSG_MAX_LEN];
    bool over = reader_left(&x->script) == 0;
    if (over && !x->again)
        return; /* silence */
    if (over)
        x->script = reader_of(x->script.data, x->script.len);
    uint8_t kind = read_u8(&x->script);
    if ((kind & 3) == 3) {
        resolve_failed(x->r, s->id, (enum net_fail)((kind >> 4) % (NET_LOCAL + 1)), x->now);
        drain(x);
        return;
    }
    size_t len = build(x, s, kind & 3, buf);
    if (len < 2)
        return;
    tell_all(x, buf, len);
    if (kind & 4) {
        buf[0] ^= 1;
        hear(x, s, buf, len);
        buf[0] ^= 1;
    }
    if (kind & 8 && len > MSG_HEADER_LEN + 1) {
        buf[MSG_HEADER_LEN + 1] ^= 0x21;
        hear(x, s, buf, len);
        buf[MSG_HEADER_LEN + 1] ^= 0x21;
    }
    hear(x, s, buf, len);
}

/* The next message, else the next time. False: nothing more can happen. */
static bool step(struct run *x)
{
    struct sent *s = x->first;
    if (s) {
        x->first = s->next;
        if (!x->first)
            x->last = &x->first;
        x->now.mono_ms += 3;
        if (is_honest(x, &s->to.addr)) {
            resolve_failed(x->r, s->id, NET_UNREACHABLE, x->now);
            drain(x);
        } else {
            lie(x, s);
        }
        return true;
    }
    if (x->wake_ms == INT64_MAX)
        return false;
    if (x->wake_ms > x->now.mono_ms)
        x->now.mono_ms = x->wake_ms;
    x->wake_ms = INT64_MAX;
    drain(x);
    return true;
}

static void begin(struct run *x, uint8_t zone, uint8_t settings)
{
    static const uint8_t seed[32] = {7};
    struct cache_settings cs = {
        .size = 1u << 20, .ttl_max = TTL_MAX_DEFAULT, .negative_max = TTL_NEGATIVE_MAX};
    struct resolve_settings set;
    resolve_settings_default(&set);
    set.prime = false;
    set.minimise = settings & 1;
    set.minimise_type = settings & 2 ? TYPE_NS : TYPE_A;
    set.case_random = settings & 4;
    set.glue_hardening = settings & 8;
    set.extra_addresses = settings & 16;
    set.explore = settings & 32;
    set.minimal_answers = settings & 64;
    arena_init(&x->arena);
    x->last = &x->first;
    x->again = settings & 128;
    x->liar = liars[zone & 3];
    x->zone = ready.zones[x->liar];
    x->rank = zone & 4 ? RANK_GLUE : RANK_ANSWER;
    x->wake_ms = INT64_MAX;
    x->now = (now_t){.cache_s = 1000, .mono_ms = 1000000, .wall_s = 1800000000, .wall_known = true};
    x->cache = cache_new(&cs, &(struct hash_key){1, 2});
    assert(x->cache);
    x->rng = random_new(seed);
    x->r = resolve_new(&set, x->cache, x->rng);
    fill_cache(x);
}

static void end(struct run *x)
{
    resolve_free(x->r);
    cache_free(x->cache);
    random_free(x->rng);
    arena_fini(&x->arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 3)
        return 0;
    if (!ready.made)
        make_tables();
    static struct run x;
    memset(&x, 0, sizeof x);
    begin(&x, data[0], data[1]);
    x.script = reader_of(data + 3, len - 3);
    struct question q = {.name = ready.names[data[2] & 15],
        .type = types[data[2] >> 4],
        .class = CLASS_IN,
        .no_aliases = data[0] & 8};
    resolve_ask(x.r, &q, x.now);
    drain(&x);
    unsigned steps = 0;
    while (steps < STEPS_MAX && step(&x))
        steps++;
    const struct resolve_counters *c = resolve_counters(x.r);
    assert(steps < STEPS_MAX);
    assert(x.answers == 1 && c->jobs == 0 && c->waiters == 0 && c->sends == 0);
    assert(c->messages <= MESSAGES_MAX);
    check_cache(&x);
    end(&x);
    return 0;
}
