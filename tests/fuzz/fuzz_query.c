/* What a client sends: the first octet chooses transport, client and settings, the rest is the message, whose
 * ID chooses what the resolver finds. Every reply must be one that its client could read; a cookie that was
 * given is good when it comes back. */
#include <assert.h>
#include <string.h>

#include "serve/serve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Bits of the first octet. */
enum {
    BY_TCP = 1,
    BY_STRANGER = 2,
    BY_SNOOPER = 4,
    COOKIES_REQUIRED = 8,
    ZONES_OFF = 16,
    BARE = 32,
    FEW_TOLD = 64,
    VALIDATING = 128
};

#define NOW ((now_t){.cache_s = 1000, .mono_ms = 1000000, .wall_s = 1800000000, .wall_known = true})

static struct serve_settings settings(void)
{
    static struct prefix clients, snooper;
    prefix_parse(&clients, "127.0.0.0/8");
    prefix_parse(&snooper, "127.0.0.1");
    return (struct serve_settings){.access = {.items = &clients, .count = 1},
        .snoopers = {.items = &snooper, .count = 1},
        .local_zones = true,
        .udp_size = 1232,
        .keepalive_100ms = 100,
        .rotate = true,
        .cookies = true,
        .cookie_secrets = {.count = 2, .octets = {"fuzz", "before"}, .daily = true},
        .identity = "here",
        .version = "1"};
}

/* For those who ask without RD. */
static void remember(struct cache *c)
{
    struct rdata rd = {.data = (const uint8_t *)"\xc0\0\2\1", .len = 4};
    struct rrset known = {.owner = (const name_t *)"\5known\7example",
        .type = TYPE_A,
        .class = CLASS_IN,
        .ttl = 86400,
        .rank = RANK_ANSWER,
        .count = 1,
        .rdata = &rd};
    struct negative gone = {.ttl = 3600, .nxdomain = true};
    cache_rrset_put(c, &known, 0);
    cache_negative_put(c, (const name_t *)"\4gone\7example", TYPE_A, CLASS_IN, &gone, 0);
}

/* Whose refusals the stranger has had his share of. */
static struct strangers *strangers_drained(void)
{
    static struct strangers *s;
    const struct addr stranger = addr_v4((const uint8_t[]){192, 0, 2, 1});
    struct hash_key key = {1, 2};
    if (!s)
        s = strangers_new(&key);
    for (int i = 0; i < 100 && strangers_may_hear(s, &stranger, NOW.mono_ms); i++) {
    }
    return s;
}

static struct serve *server(uint8_t how)
{
    static struct serve *s;
    static const name_t *const off[] = {(const name_t *)"\003"
                                                        "172\7in-addr\4arpa",
        (const name_t *)"\4test"};
    struct serve_settings now = settings();
    now.cookies_require = how & COOKIES_REQUIRED;
    if (how & ZONES_OFF) {
        now.cookie_secrets.daily = false;
        now.local_off = off;
        now.local_off_count = sizeof off / sizeof off[0];
    }
    if (how & BARE) {
        now.cookies = now.local_zones = now.rotate = false;
        now.identity = now.version = NULL;
        now.keepalive_100ms = 0;
    }
    static const uint16_t tag = 20326;
    now.validates = now.sentinel = how & VALIDATING;
    now.root_tags = &tag;
    now.root_tag_count = 1;
    if (how & FEW_TOLD)
        now.strangers = strangers_drained();
    if (s) {
        serve_settings_set(s, &now);
        return s;
    }
    struct cache_settings cache = {
        .size = 2 << 20, .ttl_max = TTL_MAX_DEFAULT, .negative_max = TTL_NEGATIVE_MAX};
    struct hash_key key = {1, 2};
    struct cache *c = cache_new(&cache, &key);
    remember(c);
    s = serve_new(&now, c);
    return s;
}

/* True: it has a cookie. */
static bool check_reply(
    const uint8_t *query, const struct request *rq, const struct reply *reply, uint8_t cookie[COOKIE_LEN])
{
    struct arena a;
    struct msg m;
    arena_init(&a);
    assert(msg_parse(&m, reply->data, reply->len, &a) == MSG_OK);
    assert(m.trailing == 0 && (m.flags & FLAG_QR) && m.id == get_u16(query));
    assert(m.edns.present == rq->edns);
    assert(!(m.flags & FLAG_AD) || rq->dnssec_ok || (rq->flags & FLAG_AD)); /* RFC 6840 5.8 */
    assert(!(m.flags & FLAG_CD) == !(rq->flags & FLAG_CD));
    assert(rq->transport == TRANSPORT_TCP || reply->len <= (rq->edns ? 1232u : UDP_SIZE_PLAIN));
    assert(!rq->question || (m.qdcount == 1 && name_same_case(m.question.name, rq->name)));
    assert(m.edns.cookie_len == 0 || m.edns.cookie_len == COOKIE_LEN);
    memcpy(cookie, m.edns.cookie, COOKIE_LEN);
    arena_fini(&a);
    return m.edns.cookie_len;
}

static void add(struct rrset_list *list, const name_t *owner, uint16_t type, struct rdata rd, struct arena *a)
{
    struct rrset *s = ARENA_NEW(a, struct rrset);
    *s = (struct rrset){.owner = owner, .type = type, .class = CLASS_IN, .ttl = 5};
    rrset_add(s, rd, a);
    rrset_list_add(list, s, a);
}

/* More than fits into 512 octets, or into any message. */
static void add_many(
    struct rrset_list *list, const name_t *owner, uint16_t type, uint16_t len, struct arena *a)
{
    add(list, owner, type, (struct rdata){.data = memset(arena_alloc(a, len), 0, len), .len = len}, a);
    for (uint8_t i = 1; i < 40; i++) {
        uint8_t *data = memset(arena_alloc(a, len), i, len);
        rrset_add(list->items[list->count - 1], (struct rdata){.data = data, .len = len}, a);
    }
}

/* What the resolver might have found. */
static void find(struct outcome *o, const struct request *rq, struct arena *a)
{
    static const uint8_t soa[22], sig[21], target[] = "\6target\4test";
    static const uint8_t nsec[] = {0, 0, 1, 0x40};
    const struct rdata nsec_rd = {.data = nsec, .len = sizeof nsec},
                       soa_rd = {.data = soa, .len = sizeof soa}, sig_rd = {.data = sig, .len = sizeof sig},
                       target_rd = {.data = target, .len = sizeof target};
    switch (rq->id % 8) {
    case 1:
        o->rcode = RCODE_NXDOMAIN;
        add(&o->authority, NAME_ROOT, TYPE_SOA, soa_rd, a);
        add(&o->authority, NAME_ROOT, TYPE_NSEC, nsec_rd, a);
        return;
    case 0: /* no data */
        add(&o->authority, NAME_ROOT, TYPE_SOA, soa_rd, a);
        return;
    case 3:
        o->rcode = RCODE_SERVFAIL;
        o->reason = (struct reason){.ede = EDE_NO_REACHABLE_AUTHORITY, .text = "nobody"};
        return;
    case 4:
        add(&o->answer, rq->name, TYPE_CNAME, target_rd, a);
        add_many(&o->answer, target, TYPE_AAAA, 16, a);
        return;
    case 5:
        o->verdict = VERDICT_SECURE;
        add(&o->answer, rq->name, TYPE_RRSIG, sig_rd, a);
        add_many(&o->authority, NAME_ROOT, TYPE_NULL, 2000, a);
        return;
    case 6: /* longer than a message can be */
        add_many(&o->answer, rq->name, TYPE_NULL, 2000, a);
        return;
    case 7:
        o->rcode = RCODE_NXDOMAIN;
        add_many(&o->authority, NAME_ROOT, TYPE_NULL, 2000, a);
        return;
    }
    add_many(&o->answer, rq->name, TYPE_A, 4, a);
}

/* And what validation might have made of it, by further bits of the ID. */
static void judge(struct outcome *o, const struct request *rq)
{
    static const uint8_t verdicts[] = {
        VERDICT_SECURE, VERDICT_INSECURE, VERDICT_BOGUS, VERDICT_INDETERMINATE, VERDICT_UNCHECKED};
    o->verdict = verdicts[(rq->id >> 3) % 5];
    o->no_name = rq->id >> 6 & 1;
    o->clock_unknown = rq->id >> 7 & 1;
    if (rq->id >> 8 & 1)
        o->reason =
            (struct reason){.ede = EDE_UNSUPPORTED_DS_DIGEST, .text = "of a digest that nobody knows"};
    for (size_t i = 0; i < o->answer.count && (rq->id >> 9 & 1); i++)
        o->answer.items[i]->proofs = &o->authority;
}

/* Whatever was found: without CD nothing goes out that is false or that nobody looked at. */
static void check_trust(const struct request *rq, const struct outcome *o, const struct reply *reply)
{
    bool untrue = o->verdict == VERDICT_BOGUS || o->verdict == VERDICT_UNCHECKED;
    assert(!untrue || (rq->flags & FLAG_CD) || reply->rcode == RCODE_SERVFAIL);
    bool secure = o->verdict == VERDICT_SECURE && !o->clock_unknown;
    assert(secure || !(get_u16(reply->data + 2) & FLAG_AD));
}

static void resolve(struct serve *s, uint8_t how, struct request *rq, struct reply *reply)
{
    struct arena a;
    struct outcome o = {.from_cache = !(rq->id >> 10 & 1), .reason.ede = EDE_NONE}; /* if so, it is kept */
    arena_init(&a);
    assert(name_same_case(serve_question(rq).name, rq->name));
    find(&o, rq, &a);
    if (how & VALIDATING)
        judge(&o, rq);
    serve_compose(s, rq, &o, reply, NOW);
    if (how & VALIDATING)
        check_trust(rq, &o, reply);
    arena_fini(&a);
}

/* False: it was not replied to, or by a server that gives no cookies. */
static bool ask(uint8_t how, const uint8_t *query, size_t len, struct request *rq, uint8_t cookie[COOKIE_LEN])
{
    static uint8_t out[MSG_MAX_LEN];
    struct serve *s = server(how);
    struct reply reply = {.data = out, .cap = sizeof out};
    rq->transport = how & BY_TCP ? TRANSPORT_TCP : TRANSPORT_UDP;
    rq->client = how & BY_STRANGER ? addr_v4((const uint8_t[]){192, 0, 2, 1})
                                   : addr_v4((const uint8_t[]){127, 0, 0, how & BY_SNOOPER ? 1 : 2});
    rq->near = !(how & BY_TCP); /* over UDP as one of a batch */
    if (rq->near) {
        serve_near(s, rq->near, query, len);
        serve_nearer(s, rq->near);
    }
    enum served served = serve_query(s, rq, query, len, &reply, NOW);
    if (served == SERVE_SILENT)
        return false;
    if (served == SERVE_PENDING) {
        assert(rq->question && rq->class == CLASS_IN && (rq->flags & FLAG_RD) && !(how & BY_STRANGER));
        assert(!(how & COOKIES_REQUIRED) || rq->cookie_good || (how & BY_TCP));
        resolve(s, how, rq, &reply);
    }
    assert(!(how & BY_STRANGER) || reply.rcode == RCODE_REFUSED);
    bool has_cookie = check_reply(query, rq, &reply, cookie);
    assert(has_cookie == (rq->cookie_len && !(how & BARE)));
    return !(how & BARE);
}

/* Is this the cookie of the message? What was put there may stand in a name or in another option. */
static bool was_sent(const uint8_t *query, size_t len, const uint8_t cookie[COOKIE_LEN])
{
    struct arena a;
    struct msg m;
    arena_init(&a);
    bool sent = msg_parse(&m, query, len, &a) == MSG_OK && m.edns.cookie_len == COOKIE_LEN &&
                memcmp(m.edns.cookie, cookie, COOKIE_LEN) == 0;
    arena_fini(&a);
    return sent;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct request rq = {0};
    uint8_t given[COOKIE_LEN], again[COOKIE_LEN];
    if (len < 1 || len > MSG_MAX_LEN)
        return 0;
    if (!ask(data[0], data + 1, len - 1, &rq, given) || rq.cookie_len != COOKIE_LEN)
        return 0;
    /* The client's part is the same in what was sent and in what was given: there the whole is put. */
    uint8_t *copy = mem_alloc(len - 1);
    memcpy(copy, data + 1, len - 1);
    uint8_t head[12] = {0, 10, 0, COOKIE_LEN};
    memcpy(head + 4, given, COOKIE_CLIENT_LEN);
    uint8_t *at = memmem(copy, len - 1, head, sizeof head);
    if (at && (size_t)(copy + len - 1 - at) >= 4 + COOKIE_LEN) {
        memcpy(at + 4, given, COOKIE_LEN);
        bool replied = ask(data[0], copy, len - 1, &rq, again);
        assert(rq.cookie_good == (replied && was_sent(copy, len - 1, given)));
    }
    mem_free(copy);
    return 0;
}
