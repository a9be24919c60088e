/* What a client sends: the first octet chooses transport and client, the rest is the message. Every reply
 * must be one that its client could read. */
#include <assert.h>
#include <string.h>

#include "serve/serve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct serve *server(void)
{
    static struct serve *s;
    static struct prefix access;
    if (s)
        return s;
    struct cache_settings cache = {
        .size = 2 << 20, .ttl_max = TTL_MAX_DEFAULT, .negative_max = TTL_NEGATIVE_MAX};
    struct hash_key key = {1, 2};
    prefix_parse(&access, "127.0.0.0/8");
    struct serve_settings settings = {.access = {.items = &access, .count = 1},
        .snoopers = {.items = &access, .count = 1},
        .local_zones = true,
        .udp_size = 1232,
        .keepalive_100ms = 100,
        .rotate = true,
        .cookies = true,
        .cookie_secrets = {.count = 1},
        .identity = "here",
        .version = "1"};
    s = serve_new(&settings, cache_new(&cache, &key));
    return s;
}

static void check_reply(const uint8_t *query, const struct request *rq, const struct reply *reply)
{
    struct arena a;
    struct msg m;
    arena_init(&a);
    assert(msg_parse(&m, reply->data, reply->len, &a) == MSG_OK);
    assert(m.trailing == 0 && (m.flags & FLAG_QR) && m.id == get_u16(query));
    assert(m.edns.present == rq->edns);
    assert(rq->transport == TRANSPORT_TCP || reply->len <= (rq->edns ? 1232u : UDP_SIZE_PLAIN));
    assert(!rq->question || (m.qdcount == 1 && name_same_case(m.question.name, rq->name)));
    arena_fini(&a);
}

/* What the resolver might have found: more than fits into 512 octets. */
static void resolve(struct request *rq, struct reply *reply, now_t now)
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
    serve_compose(server(), rq, &o, reply, now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static uint8_t out[MSG_MAX_LEN];
    if (len < 1 || len > MSG_MAX_LEN)
        return 0;
    struct request rq = {.transport = data[0] & 1 ? TRANSPORT_TCP : TRANSPORT_UDP};
    rq.client = addr_v4(data[0] & 2 ? (const uint8_t[]){192, 0, 2, 1} : (const uint8_t[]){127, 0, 0, 1});
    struct reply reply = {.data = out, .cap = sizeof out};
    now_t now = {.cache_s = 1000};
    enum served served = serve_query(server(), &rq, data + 1, len - 1, &reply, now);
    if (served == SERVE_PENDING)
        resolve(&rq, &reply, now);
    if (served != SERVE_SILENT)
        check_reply(data + 1, &rq, &reply);
    return 0;
}
