#include "net/udp.h"

#include "loopback.h"

#include "net/listen.h"

struct bench {
    uv_loop_t loop;
    struct udp_listener *l;
    unsigned queries;
    size_t last_len;
    struct udp_path path;
    bool later, close_within;
};

static size_t on_query(void *ctx, struct udp_listener *l, const struct udp_path *path, const uint8_t *wire,
    size_t len, uint8_t reply[UDP_REPLY_MAX])
{
    struct bench *b = ctx;
    b->queries++;
    b->last_len = len;
    b->path = *path;
    if (b->close_within) {
        udp_listener_close(l);
        b->l = NULL;
    }
    if (b->later)
        return 0;
    memcpy(reply, wire, len);
    return len;
}

static void bench_open(struct bench *b, const char *where)
{
    struct endpoint e = at(where);
    memset(b, 0, sizeof *b);
    uv_loop_init(&b->loop);
    assert_int_equal(
        udp_listener_open(&b->l, &b->loop, listen_open(&e, SOCK_DGRAM, false), on_query, b), ERR_OK);
    assert_int_not_equal(udp_listener_at(b->l)->port, 0);
}

static void bench_close(struct bench *b)
{
    if (b->l)
        udp_listener_close(b->l);
    loop_end(&b->loop);
}

static struct endpoint with_port(const char *ip, const struct bench *b)
{
    struct endpoint e = at(ip);
    e.port = udp_listener_at(b->l)->port;
    return e;
}

static void answers_more_than_one_batch(void **state)
{
    struct bench b;
    bench_open(&b, "127.0.0.1");
    int fd = socket_to(SOCK_DGRAM, udp_listener_at(b.l));
    unsigned n = 3 * UDP_BATCH + 7;
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(send(fd, &i, sizeof i, 0), sizeof i);
    RUN_UNTIL(&b.loop, b.queries == n);
    for (unsigned i = 0, got; i < n; i++) {
        assert_int_equal(recv(fd, &got, sizeof got, 0), sizeof got);
        assert_int_equal(got, i);
    }
    assert_int_equal(udp_listener_counters(b.l)->received, n);
    assert_int_equal(udp_listener_counters(b.l)->sent, n);
    struct endpoint me = socket_at(fd);
    assert_true(endpoint_equal(&b.path.peer, &me));
    close(fd);
    bench_close(&b);
}

static void replies_from(const char *wildcard, const char *asked, bool later)
{
    struct bench b;
    bench_open(&b, wildcard);
    b.later = later;
    struct endpoint e = with_port(asked, &b);
    int fd = socket_to(SOCK_DGRAM, &e); /* connected: takes nothing from another address */
    assert_int_equal(send(fd, "hello", 5, 0), 5);
    RUN_UNTIL(&b.loop, b.queries == 1);
    assert_true(addr_equal(&b.path.local, &e.addr));
    if (later)
        udp_listener_reply(b.l, &b.path, (const uint8_t *)"hello", 5);
    char got[8];
    assert_int_equal(recv(fd, got, sizeof got, 0), 5);
    close(fd);
    bench_close(&b);
}

static void replies_leave_from_the_asked_address(void **state)
{
    for (int later = 0; later <= 1; later++) {
        replies_from("0.0.0.0", "127.0.0.1", later);
        replies_from("0.0.0.0", "127.0.0.77", later);
        replies_from("127.0.0.3", "127.0.0.3", later);
        if (has_v6()) {
            replies_from("::", "::1", later);
            replies_from("::1", "::1", later);
        }
    }
}

static void drops_and_counts_what_is_too_long(void **state)
{
    static const uint8_t octets[UDP_QUERY_MAX + 1];
    struct bench b;
    bench_open(&b, "127.0.0.1");
    int fd = socket_to(SOCK_DGRAM, udp_listener_at(b.l));
    assert_true(send(fd, octets, sizeof octets, 0) > 0);
    assert_true(send(fd, octets, UDP_QUERY_MAX, 0) > 0);
    assert_int_equal(send(fd, octets, 0, 0), 0);
    RUN_UNTIL(&b.loop, udp_listener_counters(b.l)->received == 3);
    assert_int_equal(udp_listener_counters(b.l)->too_long, 1);
    assert_int_equal(b.queries, 2); /* whether an empty one makes sense is for those above */
    assert_int_equal(b.last_len, 0);
    close(fd);
    bench_close(&b);
}

struct prepared {
    struct bench b; /* first: it is the listener's ctx */
    unsigned near, nearer, bad, handed;
};

static void prepares_near(void *ctx, unsigned near, const uint8_t *wire, size_t len)
{
    struct prepared *p = ctx;
    p->bad += near != p->near + 1 || p->nearer != 0 || len != 1 || *wire != near;
    p->near = near;
}

static void prepares_nearer(void *ctx, unsigned near)
{
    struct prepared *p = ctx;
    p->bad += near != p->nearer + 1;
    p->nearer = near;
}

static size_t on_prepared(void *ctx, struct udp_listener *l, const struct udp_path *path, const uint8_t *wire,
    size_t len, uint8_t reply[UDP_REPLY_MAX])
{
    struct prepared *p = ctx;
    p->handed++;
    p->bad += p->nearer != p->near || path->near != (p->near ? *wire : 0);
    return 0;
}

static void batch_is_prepared_in_two_steps_before_it_is_handed_up(void **state)
{
    static const struct udp_prepare prepare = {.near = prepares_near, .nearer = prepares_nearer};
    for (uint8_t count = 1; count <= 8; count += 7) {
        struct prepared p = {.near = 0};
        struct endpoint e = at("127.0.0.1");
        uv_loop_init(&p.b.loop);
        assert_int_equal(
            udp_listener_open(&p.b.l, &p.b.loop, listen_open(&e, SOCK_DGRAM, false), on_prepared, &p),
            ERR_OK);
        udp_listener_prepare(p.b.l, &prepare);
        int fd = socket_to(SOCK_DGRAM, udp_listener_at(p.b.l));
        for (uint8_t i = 1; i <= count; i++)
            assert_int_equal(send(fd, &i, 1, 0), 1);
        RUN_UNTIL(&p.b.loop, p.handed == count);
        assert_int_equal(p.near, count == 1 ? 0 : count); /* one alone waits for nobody else's memory */
        assert_int_equal(p.bad, 0);
        close(fd);
        bench_close(&p.b);
    }
}

static void counts_what_the_kernel_dropped(void **state)
{
    struct bench b;
    bench_open(&b, "127.0.0.1");
    b.later = true;
    int fd = socket_to(SOCK_DGRAM, udp_listener_at(b.l));
    uint64_t sent = 0;
    assert_int_equal(udp_listener_counters(b.l)->dropped, 0);
    assert_true(udp_listener_counters(b.l)->room > 0);
    while (udp_listener_counters(b.l)->dropped < 100 && sent < 100000) /* nobody reads */
        sent += send(fd, "x", 1, 0) == 1;
    uint64_t dropped = udp_listener_counters(b.l)->dropped;
    assert_int_equal(dropped, 100);
    RUN_UNTIL(&b.loop, udp_listener_counters(b.l)->received == sent - dropped);
    assert_int_equal(udp_listener_counters(b.l)->dropped, dropped);
    close(fd);
    bench_close(&b);
}

static void shares_its_port_with_other_workers(void **state)
{
    struct bench b;
    bench_open(&b, "127.0.0.1");
    struct udp_listener *second;
    assert_int_equal(udp_listener_open(&second, &b.loop, listen_open(udp_listener_at(b.l), SOCK_DGRAM, false),
                         on_query, &b),
        ERR_OK);
    udp_listener_close(second);
    bench_close(&b);
}

static void tells_why_it_cannot_bind(void **state)
{
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct endpoint e = at("192.0.2.1");
    struct udp_listener *l;
    assert_int_equal(
        udp_listener_open(&l, &loop, listen_open(&e, SOCK_DGRAM, false), on_query, NULL), ERR_SYSTEM);
    assert_int_equal(errno, EADDRNOTAVAIL);
    assert_null(l);
    loop_end(&loop);
}

static void may_be_closed_by_a_query(void **state)
{
    struct bench b;
    bench_open(&b, "127.0.0.1");
    b.close_within = true;
    int fd = socket_to(SOCK_DGRAM, udp_listener_at(b.l));
    for (int i = 0; i < 5; i++)
        assert_int_equal(send(fd, "x", 1, 0), 1);
    RUN_UNTIL(&b.loop, b.queries == 1);
    run_ms(&b.loop, 5);
    assert_int_equal(b.queries, 1);
    close(fd);
    bench_close(&b);
}

static void reads_no_more_when_stopped_but_replies(void **state)
{
    struct bench b;
    bench_open(&b, "127.0.0.1");
    b.later = true;
    int fd = socket_to(SOCK_DGRAM, udp_listener_at(b.l));
    assert_int_equal(send(fd, "1", 1, 0), 1);
    RUN_UNTIL(&b.loop, b.queries == 1);
    udp_listener_stop(b.l);
    assert_int_equal(send(fd, "2", 1, 0), 1);
    run_ms(&b.loop, 10);
    assert_int_equal(b.queries, 1);
    udp_listener_reply(b.l, &b.path, (const uint8_t *)"1", 1);
    char got[2];
    assert_int_equal(recv(fd, got, sizeof got, 0), 1);
    close(fd);
    bench_close(&b);
}

static void survives_clients_that_are_gone(void **state)
{
    struct bench b;
    bench_open(&b, "127.0.0.1");
    b.later = true;
    int fd = socket_to(SOCK_DGRAM, udp_listener_at(b.l));
    assert_int_equal(send(fd, "1", 1, 0), 1);
    RUN_UNTIL(&b.loop, b.queries == 1);
    close(fd);
    for (int i = 0; i < 3; i++) { /* each makes the kernel send "port unreachable" to us */
        udp_listener_reply(b.l, &b.path, (const uint8_t *)"1", 1);
        run_ms(&b.loop, 2);
    }
    fd = socket_to(SOCK_DGRAM, udp_listener_at(b.l));
    assert_int_equal(send(fd, "2", 1, 0), 1);
    RUN_UNTIL(&b.loop, b.queries == 2);
    close(fd);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_more_than_one_batch),
        cmocka_unit_test(replies_leave_from_the_asked_address),
        cmocka_unit_test(drops_and_counts_what_is_too_long),
        cmocka_unit_test(batch_is_prepared_in_two_steps_before_it_is_handed_up),
        cmocka_unit_test(counts_what_the_kernel_dropped),
        cmocka_unit_test(shares_its_port_with_other_workers),
        cmocka_unit_test(tells_why_it_cannot_bind),
        cmocka_unit_test(may_be_closed_by_a_query),
        cmocka_unit_test(reads_no_more_when_stopped_but_replies),
        cmocka_unit_test(survives_clients_that_are_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
