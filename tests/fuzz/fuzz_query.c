/* What a client sends: the first octet chooses transport, client and settings, the rest is the message. Every
 * reply must be one that its client could read; a cookie that was given is good when it comes back. */
#include <assert.h>
#include <string.h>

#include "serve/serve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Bits of the first octet. */
enum { BY_TCP = 1, BY_STRANGER = 2, BY_SNOOPER = 4, COOKIES_REQUIRED = 8, ZONES_OFF = 16 };

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

static struct serve *server(uint8_t how)
{
    static struct serve *s;
    static const name_t *const off[] = {(const name_t *)"\003"
                                                        "172\7in-addr\4arpa",
        (const name_t *)"\4test"};
    struct serve_settings now = settings();
    now.cookies_require = how & COOKIES_REQUIRED;
    if (how & ZONES_OFF) {
        now.local_off = off;
        now.local_off_count = sizeof off / sizeof off[0];
    }
    if (s) {
        serve_settings_set(s, &now);
        return s;
    }
    struct cache_settings cache = {
        .size = 2 << 20, .ttl_max = TTL_MAX_DEFAULT, .negative_max = TTL_NEGATIVE_MAX};
    struct hash_key key = {1, 2};
    s = serve_new(&now, cache_new(&cache, &key));
    return s;
}

static void check_reply(
    const uint8_t *query, const struct request *rq, const struct reply *reply, uint8_t cookie[COOKIE_LEN])
{
    struct arena a;
    struct msg m;
    arena_init(&a);
    assert(msg_parse(&m, reply->data, reply->len, &a) == MSG_OK);
    assert(m.trailing == 0 && (m.flags & FLAG_QR) && m.id == get_u16(query));
    assert(m.edns.present == rq->edns);
    assert(rq->transport == TRANSPORT_TCP || reply->len <= (rq->edns ? 1232u : UDP_SIZE_PLAIN));
    assert(!rq->question || (m.qdcount == 1 && name_same_case(m.question.name, rq->name)));
    assert(m.edns.cookie_len == (rq->cookie_len ? COOKIE_LEN : 0));
    memcpy(cookie, m.edns.cookie, COOKIE_LEN);
    arena_fini(&a);
}

/* What the resolver might have found: more than fits into 512 octets. */
static void resolve(struct serve *s, struct request *rq, struct reply *reply)
{
    uint8_t ips[40][4];
    struct rdata rdata[40];
    for (unsigned i = 0; i < 40; i++) {
        memcpy(ips[i], (uint8_t[]){192, 0, 2, (uint8_t)i}, 4);
        rdata[i] = (struct rdata){.data = ips[i], .len = 4};
    }
    struct rrset rs = {
        .owner = rq->name, .type = TYPE_A, .class = CLASS_IN, .ttl = 5, .count = 40, .rdata = rdata};
    struct rrset *items[1] = {&rs};
    struct outcome o = {.reason.ede = EDE_NONE, .answer = {.items = items, .count = 1, .cap = 1}};
    serve_compose(s, rq, &o, reply, NOW);
}

/* False: it was not replied to. */
static bool ask(uint8_t how, const uint8_t *query, size_t len, struct request *rq, uint8_t cookie[COOKIE_LEN])
{
    static uint8_t out[MSG_MAX_LEN];
    struct serve *s = server(how);
    struct reply reply = {.data = out, .cap = sizeof out};
    rq->transport = how & BY_TCP ? TRANSPORT_TCP : TRANSPORT_UDP;
    rq->client = how & BY_STRANGER ? addr_v4((const uint8_t[]){192, 0, 2, 1})
                                   : addr_v4((const uint8_t[]){127, 0, 0, how & BY_SNOOPER ? 1 : 2});
    enum served served = serve_query(s, rq, query, len, &reply, NOW);
    if (served == SERVE_SILENT)
        return false;
    if (served == SERVE_PENDING) {
        assert(rq->question && rq->class == CLASS_IN && (rq->flags & FLAG_RD) && !(how & BY_STRANGER));
        assert(!(how & COOKIES_REQUIRED) || rq->cookie_good || (how & BY_TCP));
        resolve(s, rq, &reply);
    }
    assert(!(how & BY_STRANGER) || reply.rcode == RCODE_REFUSED);
    check_reply(query, rq, &reply, cookie);
    return true;
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
