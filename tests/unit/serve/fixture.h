/* A server without network for the tests of this layer. */
#ifndef HARK_TEST_SERVE_FIXTURE_H
#define HARK_TEST_SERVE_FIXTURE_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "serve/serve.h"

struct fixture {
    struct cache *cache;
    struct serve *serve;
    struct prefix access[2];
    struct serve_settings settings; /* fixture_settings() after a change */
    struct arena a;
    struct request rq;
    uint8_t query[600], data[MSG_MAX_LEN];
    struct reply reply;
    bool batch;     /* what is handed over is one of several, and made ready for that */
    struct msg got; /* the reply, read */
    now_t now;
};

static inline int fixture_setup(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);
    struct cache_settings settings = {
        .size = 4 << 20, .ttl_max = TTL_MAX_DEFAULT, .negative_max = TTL_NEGATIVE_MAX};
    struct hash_key key = {1, 2};
    f->cache = cache_new(&settings, &key);
    assert_int_equal(prefix_parse(&f->access[0], "127.0.0.0/8"), ERR_OK);
    assert_int_equal(prefix_parse(&f->access[1], "::1"), ERR_OK);
    f->settings = (struct serve_settings){.access = {.items = f->access, .count = 2},
        .snoopers = {.items = f->access, .count = 2},
        .local_zones = true,
        .udp_size = 1232,
        .keepalive_100ms = 100,
        .rotate = true,
        .cookies = true,
        .cookie_secrets = {.count = 1, .octets = {"a secret of ours"}}};
    f->serve = serve_new(&f->settings, f->cache);
    arena_init(&f->a);
    f->reply = (struct reply){.data = f->data, .cap = sizeof f->data};
    f->now = (now_t){.cache_s = 1000, .mono_ms = 1000000, .wall_s = 1800000000, .wall_known = true};
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    serve_free(f->serve);
    cache_free(f->cache);
    arena_fini(&f->a);
    mem_free(f);
    return 0;
}

static inline const name_t *fixture_name(struct fixture *f, const char *text)
{
    name_t name[NAME_MAX_LEN];
    assert_int_equal(name_from_text(name, text, strlen(text), NULL), ERR_OK);
    return name_dup(name, &f->a);
}

/* Hands octets over in memory of exactly their size, so a read beyond them is seen, and reads the reply. */
static inline enum served fixture_hand(
    struct fixture *f, enum transport transport, const void *octets, size_t len)
{
    uint8_t *copy = mem_alloc(len);
    memcpy(copy, octets, len);
    f->rq.transport = transport;
    if (!f->rq.client.family)
        assert_int_equal(addr_parse(&f->rq.client, "127.0.0.1"), ERR_OK);
    f->rq.near = f->batch ? SERVE_NEAR_MAX : 0;
    if (f->batch) {
        serve_near(f->serve, SERVE_NEAR_MAX, copy, len);
        serve_nearer(f->serve, SERVE_NEAR_MAX);
    }
    enum served served = serve_query(f->serve, &f->rq, copy, len, &f->reply, f->now);
    mem_free(copy);
    if (served == SERVE_DONE)
        assert_int_equal(msg_parse(&f->got, f->reply.data, f->reply.len, &f->a), MSG_OK);
    return served;
}

/* Settings changed in f->settings. */
static inline void fixture_settings(struct fixture *f)
{
    serve_settings_set(f->serve, &f->settings);
}

static inline void fixture_client(struct fixture *f, const char *address)
{
    assert_int_equal(addr_parse(&f->rq.client, address), ERR_OK);
}

static inline enum served fixture_ask_edns(struct fixture *f, enum transport transport, const char *name,
    const struct msg_question *what, uint16_t flags, const struct edns *e)
{
    struct msg_question q = *what;
    name_copy(q.name, fixture_name(f, name));
    size_t len = msg_query(f->query, sizeof f->query, 0x1234, flags, &q, e);
    assert_true(len > 0);
    return fixture_hand(f, transport, f->query, len);
}

/* A usual question. size 0: no EDNS. */
static inline enum served fixture_ask(struct fixture *f, enum transport transport, const char *name,
    uint16_t type, uint16_t flags, uint16_t size, bool dnssec_ok)
{
    struct msg_question q = {.type = type, .class = CLASS_IN};
    struct edns e = {.present = size != 0, .udp_size = size, .dnssec_ok = dnssec_ok};
    return fixture_ask_edns(f, transport, name, &q, flags, &e);
}

/* Of a question that cost no message: the second ask of it, after which its answer is kept. */
static inline void fixture_compose(struct fixture *f, const struct outcome *o)
{
    struct outcome known = *o;
    known.from_cache = true;
    serve_compose(f->serve, &f->rq, &known, &f->reply, f->now);
    assert_int_equal(msg_parse(&f->got, f->reply.data, f->reply.len, &f->a), MSG_OK);
}

/* An RRset of `count` records of `len` octets each that differ in their last octets. */
static inline struct rrset *fixture_rrset(struct fixture *f, const char *owner, uint16_t type, uint32_t ttl,
    const void *rdata, uint16_t len, unsigned count)
{
    struct rrset *rs = ARENA_NEW(&f->a, struct rrset);
    *rs = (struct rrset){
        .owner = fixture_name(f, owner), .type = type, .class = CLASS_IN, .ttl = ttl, .rank = RANK_ANSWER};
    for (unsigned i = 0; i < count; i++) {
        uint8_t *copy = arena_copy(&f->a, rdata, len);
        put_u16(copy + len - 2, (uint16_t)(get_u16(copy + len - 2) + i));
        rrset_add(rs, (struct rdata){.data = copy, .len = len}, &f->a);
    }
    return rs;
}

/* An RRSIG's RDATA as far as this layer cares: opaque, but of the right layout. */
static inline void fixture_sign(struct fixture *f, struct rrset *rs, uint16_t signature_len)
{
    uint8_t *rdata = arena_alloc(&f->a, 19u + signature_len);
    put_u16(rdata, rs->type);
    rdata[2] = 13;
    rs->sigs = ARENA_NEW(&f->a, struct rdata);
    rs->sigs[0] = (struct rdata){.data = rdata, .len = (uint16_t)(19u + signature_len)};
    rs->sig_count = 1;
}

#endif
