#include "net/outbound.h"

#include "loopback.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/cursor.h"
#include "base/mem.h"

#define IDS_MAX 512
#define NO_FAIL (-1)

struct bench {
    uv_loop_t loop;
    struct outbound *o;
    struct random *rng;
    unsigned replies[IDS_MAX];
    int fails[IDS_MAX];
    uint8_t last[64]; /* the last reply */
    size_t last_len;
    bool drop_on_reply, close_on_reply;
    bool within; /* outbound_send is being called */
};

static void on_reply(void *ctx, uint64_t id, const uint8_t *wire, size_t len)
{
    struct bench *b = ctx;
    assert_false(b->within);
    assert_true(id < IDS_MAX && b->fails[id] == NO_FAIL);
    b->replies[id]++;
    b->last_len = len;
    memcpy(b->last, wire, len < sizeof b->last ? len : sizeof b->last);
    if (b->drop_on_reply)
        outbound_drop(b->o, id);
    if (b->close_on_reply && b->o) {
        outbound_close(b->o);
        b->o = NULL;
    }
}

static void on_fail(void *ctx, uint64_t id, enum net_fail why)
{
    struct bench *b = ctx;
    assert_false(b->within);
    assert_true(id < IDS_MAX);
    assert_int_equal(b->fails[id], NO_FAIL);
    b->fails[id] = (int)why;
}

static struct bench *bench_open(uint32_t idle_ms)
{
    struct bench *b = mem_alloc(sizeof *b);
    for (size_t i = 0; i < IDS_MAX; i++)
        b->fails[i] = NO_FAIL;
    b->rng = random_new((const uint8_t[32]){42});
    struct outbound_settings settings = {.udp_max = 1232, .stream_idle_ms = idle_ms};
    struct outbound_events events = {on_reply, on_fail, b};
    uv_loop_init(&b->loop);
    b->o = outbound_new(&b->loop, &settings, &events, b->rng);
    return b;
}

static void bench_close(struct bench *b)
{
    if (b->o)
        outbound_close(b->o);
    loop_end(&b->loop);
    random_free(b->rng);
    mem_free(b);
}

static const struct outbound_counters *counters(const struct bench *b)
{
    return outbound_counters(b->o);
}

/* A message whose first two octets are `first`. */
static void send_message(
    struct bench *b, uint64_t id, const struct endpoint *to, struct outbound_message like)
{
    uint8_t wire[12] = {(uint8_t)(like.len >> 8), (uint8_t)like.len, 'q'};
    like.send_id = id;
    like.to = *to;
    like.wire = wire;
    like.len = sizeof wire;
    b->within = true;
    outbound_send(b->o, &like);
    b->within = false;
}

static void send_udp(struct bench *b, uint64_t id, const struct endpoint *to)
{
    send_message(b, id, to, (struct outbound_message){.transport = TRANSPORT_UDP, .len = (size_t)id});
}

static void send_tcp(struct bench *b, uint64_t id, const struct endpoint *to, uint16_t first, bool reuse)
{
    int64_t deadline = (int64_t)(uv_hrtime() / 1000000u) + 60000;
    send_message(b, id, to,
        (struct outbound_message){
            .transport = TRANSPORT_TCP, .len = first, .reuse = reuse, .deadline_ms = deadline});
}

static struct endpoint server_take(struct bench *b, int fd, uint8_t *wire, size_t *len)
{
    struct sockaddr_storage sa;
    socklen_t sa_len = sizeof sa;
    ssize_t n = -1;
    for (int i = 0; i < STEPS_MAX && n < 0; i++) {
        step(&b->loop);
        n = recvfrom(fd, wire, *len, 0, (struct sockaddr *)&sa, &sa_len);
    }
    assert_true(n >= 0);
    *len = (size_t)n;
    return endpoint_of_sockaddr((struct sockaddr *)&sa);
}

static void server_send(int fd, const struct endpoint *to, const void *wire, size_t len)
{
    struct sockaddr_storage sa;
    socklen_t n = endpoint_to_sockaddr(to, &sa);
    assert_int_equal(sendto(fd, wire, len, 0, (struct sockaddr *)&sa, n), len);
}

static void udp_replies_come_until_the_send_is_dropped(void **state)
{
    struct bench *b = bench_open(0);
    struct endpoint e = at("127.0.0.1");
    int server = socket_bound(SOCK_DGRAM, &e);
    struct endpoint to = socket_at(server);
    send_udp(b, 1, &to);
    assert_int_equal(counters(b)->udp_open, 1);
    uint8_t wire[64];
    size_t len = sizeof wire;
    struct endpoint from = server_take(b, server, wire, &len);
    assert_int_equal(len, 12);
    server_send(server, &from, "wrong", 5);
    server_send(server, &from, "right!", 6);
    RUN_UNTIL(&b->loop, b->replies[1] == 2);
    assert_int_equal(b->last_len, 6);
    assert_memory_equal(b->last, "right!", 6);
    outbound_drop(b->o, 1);
    outbound_drop(b->o, 1); /* harmless */
    assert_int_equal(counters(b)->udp_open, 0);
    server_send(server, &from, "late", 4);
    run_ms(&b->loop, 5);
    assert_int_equal(b->replies[1], 2);
    close(server);
    bench_close(b);
}

/* ---- a port that serves once more ---- */

struct walk {
    struct bench *b;
    int servers[2];
    struct endpoint to[2]; /* 127.0.0.2 and 127.0.0.3, one port */
    struct endpoint from;  /* of the message heard last */
};

static struct walk walk_open(void)
{
    struct walk w = {.b = bench_open(0)};
    struct endpoint e = at("127.0.0.2");
    w.servers[0] = socket_bound(SOCK_DGRAM, &e);
    w.to[0] = socket_at(w.servers[0]);
    w.to[1] = w.to[0];
    w.to[1].addr = at("127.0.0.3").addr;
    w.servers[1] = socket_bound(SOCK_DGRAM, &w.to[1]);
    return w;
}

static void walk_close(struct walk *w)
{
    close(w->servers[0]);
    close(w->servers[1]);
    bench_close(w->b);
}

static void walk_send(struct walk *w, uint64_t id, int server, uint64_t port_of)
{
    uint8_t wire[64];
    size_t len = sizeof wire;
    send_message(w->b, id, &w->to[server],
        (struct outbound_message){.transport = TRANSPORT_UDP, .len = (size_t)id, .port_of = port_of});
    w->from = server_take(w->b, w->servers[server], wire, &len);
    assert_int_equal(wire[1], id);
}

static void walk_answer(struct walk *w, uint64_t id, int server)
{
    server_send(w->servers[server], &w->from, "reply", 5);
    RUN_UNTIL(&w->b->loop, w->b->replies[id] > 0);
}

/* One exchange with the first server, dropped; its port. */
static uint16_t walk_step(struct walk *w)
{
    walk_send(w, 1, 0, 0);
    walk_answer(w, 1, 0);
    outbound_drop(w->b->o, 1);
    return w->from.port;
}

static void an_answered_sends_port_serves_the_message_that_names_it(void **state)
{
    struct walk w = walk_open();
    uint16_t port = walk_step(&w);
    outbound_drop(w.b->o, 1); /* harmless */
    walk_send(&w, 2, 1, 1);
    assert_int_equal(w.from.port, port);
    outbound_settle(w.b->o);
    assert_int_equal(counters(w.b)->udp_open, 1);
    walk_answer(&w, 2, 1);
    outbound_drop(w.b->o, 2);
    outbound_settle(w.b->o);
    assert_int_equal(counters(w.b)->udp_open, 0);
    assert_int_equal(counters(w.b)->ports_kept, 1);
    walk_close(&w);
}

static void what_the_address_before_sends_to_a_kept_port_is_not_heard(void **state)
{
    struct walk w = walk_open();
    struct endpoint from;
    walk_step(&w);
    from = w.from;
    server_send(w.servers[0], &from, "once more", 9); /* in the socket's queue when it goes on */
    walk_send(&w, 2, 1, 1);
    server_send(w.servers[0], &from, "and again", 9); /* the kernel drops it */
    run_ms(&w.b->loop, 5);
    assert_int_equal(w.b->replies[2], 0);
    assert_int_equal(counters(w.b)->stray, 1);
    walk_answer(&w, 2, 1);
    assert_memory_equal(w.b->last, "reply", 5);
    walk_close(&w);
}

static void a_port_does_not_serve_again_towards_who_saw_it(void **state)
{
    struct walk w = walk_open();
    uint16_t port = walk_step(&w);
    walk_send(&w, 2, 0, 1); /* the same address */
    assert_int_not_equal(w.from.port, port);
    walk_close(&w);
    w = walk_open();
    port = walk_step(&w);
    walk_send(&w, 2, 1, 1);
    walk_answer(&w, 2, 1);
    outbound_drop(w.b->o, 2);
    walk_send(&w, 3, 0, 2); /* the first one again */
    assert_int_not_equal(w.from.port, port);
    walk_close(&w);
}

static void a_port_serves_again_only_after_one_answer_and_in_the_same_turn(void **state)
{
    struct walk w = walk_open();
    walk_send(&w, 1, 0, 0);
    uint16_t port = w.from.port;
    outbound_drop(w.b->o, 1); /* not answered */
    walk_send(&w, 2, 1, 1);
    assert_int_not_equal(w.from.port, port);
    walk_close(&w);

    w = walk_open();
    walk_send(&w, 1, 0, 0);
    port = w.from.port;
    walk_answer(&w, 1, 0);
    server_send(w.servers[0], &w.from, "a guess", 7);
    RUN_UNTIL(&w.b->loop, w.b->replies[1] == 2);
    outbound_drop(w.b->o, 1); /* more than one came */
    walk_send(&w, 2, 1, 1);
    assert_int_not_equal(w.from.port, port);
    walk_close(&w);

    w = walk_open();
    port = walk_step(&w);
    outbound_settle(w.b->o);
    walk_send(&w, 2, 1, 1);
    assert_int_not_equal(w.from.port, port);
    walk_close(&w);
}

static void a_refused_message_from_a_kept_port_fails_like_any_other(void **state)
{
    struct walk w = walk_open();
    walk_step(&w);
    close(w.servers[1]);
    send_message(
        w.b, 2, &w.to[1], (struct outbound_message){.transport = TRANSPORT_UDP, .len = 2, .port_of = 1});
    outbound_settle(w.b->o);
    RUN_UNTIL(&w.b->loop, w.b->fails[2] != NO_FAIL);
    assert_int_equal(w.b->fails[2], NET_REFUSED);
    assert_int_equal(counters(w.b)->udp_open, 0);
    w.servers[1] = dup(w.servers[0]);
    walk_close(&w);
}

static void a_kept_port_goes_where_descriptors_run_out(void **state)
{
    struct walk w = walk_open();
    struct rlimit was, now;
    walk_step(&w);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
    int next = dup(w.servers[0]);
    close(next);
    now = (struct rlimit){(rlim_t)next, was.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
    send_udp(w.b, 2, &w.to[1]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
    assert_int_equal(counters(w.b)->udp_open, 1);
    assert_int_equal(counters(w.b)->udp_sent, 2);
    walk_close(&w);
}

static void udp_over_ipv6(void **state)
{
    if (!has_v6())
        skip();
    struct bench *b = bench_open(0);
    struct endpoint e = at("::1");
    int server = socket_bound(SOCK_DGRAM, &e);
    struct endpoint to = socket_at(server);
    send_udp(b, 1, &to);
    uint8_t wire[64];
    size_t len = sizeof wire;
    struct endpoint from = server_take(b, server, wire, &len);
    server_send(server, &from, "six", 3);
    RUN_UNTIL(&b->loop, b->replies[1] == 1);
    close(server);
    bench_close(b);
}

static void udp_takes_nothing_from_others_and_tells_what_is_too_long(void **state)
{
    static const uint8_t octets[1234];
    struct bench *b = bench_open(0);
    struct endpoint e = at("127.0.0.1"), other_at = at("127.0.0.2");
    int server = socket_bound(SOCK_DGRAM, &e), other = socket_bound(SOCK_DGRAM, &e),
        elsewhere = socket_bound(SOCK_DGRAM, &other_at);
    struct endpoint to = socket_at(server);
    send_udp(b, 1, &to);
    uint8_t wire[64];
    size_t len = sizeof wire;
    struct endpoint from = server_take(b, server, wire, &len);
    server_send(other, &from, "forged", 6);
    server_send(elsewhere, &from, "forged", 6);
    server_send(server, &from, octets, 1232);
    RUN_UNTIL(&b->loop, b->replies[1] == 1);
    assert_int_equal(b->last_len, 1232);
    server_send(server, &from, octets, sizeof octets); /* 1,234: one more than may be looked at */
    RUN_UNTIL(&b->loop, b->replies[1] == 2);
    run_ms(&b->loop, 5);
    assert_int_equal(b->replies[1], 2);
    assert_int_equal(b->last_len, 1233);
    close(server);
    close(other);
    close(elsewhere);
    bench_close(b);
}

static void udp_to_a_closed_port_is_refused(void **state)
{
    struct bench *b = bench_open(0);
    struct endpoint e = at("127.0.0.1");
    int gone = socket_bound(SOCK_DGRAM, &e);
    struct endpoint to = socket_at(gone);
    close(gone);
    send_udp(b, 1, &to);
    RUN_UNTIL(&b->loop, b->fails[1] == NET_REFUSED);
    assert_int_equal(counters(b)->udp_open, 0);
    bench_close(b);
}

/* Over the whole range, all different while they are open. */
static void udp_ports_are_drawn_from_the_whole_range(void **state)
{
    struct bench *b = bench_open(0);
    struct endpoint e = at("127.0.0.1");
    int server = socket_bound(SOCK_DGRAM, &e);
    struct endpoint to = socket_at(server);
    static uint8_t seen[65536];
    unsigned eighths[8] = {0};
    const unsigned n = 400;
    for (unsigned i = 0; i < n; i++) {
        send_udp(b, i, &to);
        uint8_t wire[64];
        size_t len = sizeof wire;
        struct endpoint from = server_take(b, server, wire, &len);
        assert_true(from.port >= 1024);
        assert_int_equal(seen[from.port], 0); /* by an open one */
        seen[from.port] = i % 2 == 0;
        eighths[(from.port - 1024u) / 8064u]++;
        if (i % 2)
            outbound_drop(b->o, i);
    }
    double chi = 0, want = n / 8.0;
    for (int i = 0; i < 8; i++)
        chi += (eighths[i] - want) * (eighths[i] - want) / want;
    assert_true(chi < 40); /* 7 degrees of freedom: p about 1e-6; the seed is fixed anyway */
    assert_int_equal(counters(b)->udp_open, n / 2);
    close(server);
    bench_close(b);
}

static void udp_leaves_from_the_addresses_set(void **state)
{
    struct bench *b = bench_open(0);
    outbound_close(b->o);
    struct addr sources[2] = {at("127.0.0.21").addr, at("127.0.0.22").addr};
    struct outbound_settings settings = {.udp_max = 1232, .source_v4 = sources, .source_v4_count = 2};
    struct outbound_events events = {on_reply, on_fail, b};
    b->o = outbound_new(&b->loop, &settings, &events, b->rng);
    struct endpoint e = at("127.0.0.1");
    int server = socket_bound(SOCK_DGRAM, &e);
    struct endpoint to = socket_at(server);
    unsigned count[2] = {0};
    for (unsigned i = 0; i < 40; i++) {
        send_udp(b, i, &to);
        uint8_t wire[64];
        size_t len = sizeof wire;
        struct endpoint from = server_take(b, server, wire, &len);
        count[0] += addr_equal(&from.addr, &sources[0]);
        count[1] += addr_equal(&from.addr, &sources[1]);
    }
    assert_int_equal(count[0] + count[1], 40);
    assert_true(count[0] > 5 && count[1] > 5);
    close(server);
    bench_close(b);
}

/* In a network of its own that has no routes, and sends nothing anywhere. */
static int without_routes(void)
{
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
        return 77;
    struct bench *b = bench_open(0);
    struct endpoint to = at("192.0.2.1@53"), to6 = at("2001:db8::1@53");
    send_udp(b, 1, &to);
    send_udp(b, 2, &to6);
    send_tcp(b, 3, &to, 3, true);
    for (int i = 0; i < 1000 && b->fails[3] == NO_FAIL; i++)
        step(&b->loop);
    bool right =
        b->fails[1] == NET_UNREACHABLE && b->fails[2] == NET_UNREACHABLE && b->fails[3] == NET_UNREACHABLE;
    bench_close(b);
    return right ? 0 : 1;
}

static void without_a_route_a_server_is_unreachable(void **state)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(without_routes());
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* Fault F11. No descriptor but the reserved one is left. */
static struct rlimit tighten(int last)
{
    struct rlimit old, tight;
    getrlimit(RLIMIT_NOFILE, &old);
    tight = old;
    tight.rlim_cur = (rlim_t)last + 1;
    setrlimit(RLIMIT_NOFILE, &tight);
    return old;
}

static void the_last_descriptor_is_for_one_send_and_others_wait(void **state)
{
    struct bench *b = bench_open(0);
    step(&b->loop);
    struct endpoint e = at("127.0.0.1");
    int server = socket_bound(SOCK_DGRAM, &e);
    struct endpoint to = socket_at(server);
    struct rlimit old = tighten(server);
    send_udp(b, 1, &to);
    send_udp(b, 2, &to);
    send_udp(b, 3, &to);
    assert_int_equal(counters(b)->waiting, 2);
    run_ms(&b->loop, 150);
    assert_int_equal(counters(b)->udp_sent, 1);
    outbound_drop(b->o, 1);
    RUN_UNTIL(&b->loop, counters(b)->udp_sent == 2);
    outbound_drop(b->o, 2);
    RUN_UNTIL(&b->loop, counters(b)->udp_sent == 3);
    for (unsigned i = 1; i <= 3; i++)
        assert_int_equal(b->fails[i], NO_FAIL);
    assert_int_equal(counters(b)->waiting, 0);
    setrlimit(RLIMIT_NOFILE, &old);
    close(server);
    bench_close(b);
}

static void what_waits_goes_on_once_the_limit_is_raised(void **state)
{
    struct bench *b = bench_open(0);
    step(&b->loop);
    struct endpoint e = at("127.0.0.1");
    int server = socket_bound(SOCK_DGRAM, &e);
    struct endpoint to = socket_at(server);
    struct rlimit old = tighten(server);
    for (unsigned i = 1; i <= 5; i++)
        send_udp(b, i, &to);
    outbound_drop(b->o, 5); /* dropped while it waits */
    run_ms(&b->loop, 5);
    assert_int_equal(counters(b)->waiting, 3);
    setrlimit(RLIMIT_NOFILE, &old);
    RUN_UNTIL(&b->loop, counters(b)->udp_sent == 4);
    assert_int_equal(counters(b)->waiting, 0);
    close(server);
    bench_close(b);
}

static void who_waits_for_a_second_is_told(void **state)
{
    struct bench *b = bench_open(0);
    step(&b->loop);
    struct endpoint to = at("127.0.0.1");
    to.port = 9;
    struct rlimit old = tighten(STDERR_FILENO); /* not even the reserved one may be used */
    send_udp(b, 1, &to);
    run_ms(&b->loop, 200);
    assert_int_equal(b->fails[1], NO_FAIL);
    assert_int_equal(counters(b)->waiting, 1);
    RUN_UNTIL(&b->loop, b->fails[1] == NET_LOCAL);
    assert_int_equal(counters(b)->waiting, 0);
    setrlimit(RLIMIT_NOFILE, &old);
    bench_close(b);
}

static void a_server_that_is_silent_for_long_gives_its_socket_to_who_waits(void **state)
{
    struct bench *b = bench_open(0);
    step(&b->loop);
    struct endpoint e = at("127.0.0.1");
    int server = socket_bound(SOCK_DGRAM, &e);
    struct endpoint to = socket_at(server);
    struct rlimit old = tighten(server);
    send_udp(b, 1, &to);
    send_udp(b, 2, &to);
    RUN_UNTIL(&b->loop, counters(b)->udp_sent == 2);
    assert_int_equal(counters(b)->deafened, 1);
    assert_int_equal(counters(b)->udp_open, 1);
    assert_int_equal(b->fails[1], NO_FAIL); /* whose it is has its own patience */
    outbound_drop(b->o, 1);
    assert_int_equal(counters(b)->udp_open, 1);
    setrlimit(RLIMIT_NOFILE, &old);
    close(server);
    bench_close(b);
}

/* ---- streams ---- */

static int listen_at(struct endpoint *to)
{
    struct endpoint e = at("127.0.0.1");
    int fd = socket_bound(SOCK_STREAM, &e);
    assert_int_equal(listen(fd, 16), 0);
    *to = socket_at(fd);
    return fd;
}

static int accept_one(struct bench *b, int listening)
{
    int fd = -1;
    for (int i = 0; i < STEPS_MAX && fd < 0; i++) {
        step(&b->loop);
        fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK);
    }
    assert_true(fd >= 0);
    return fd;
}

/* The first two octets of the next message of that stream. */
static uint16_t stream_take(struct bench *b, int fd)
{
    uint8_t octets[14];
    size_t got = 0;
    for (int i = 0; i < STEPS_MAX && got < sizeof octets; i++) {
        step(&b->loop);
        ssize_t n = recv(fd, octets + got, sizeof octets - got, 0);
        got += n > 0 ? (size_t)n : 0;
    }
    assert_int_equal(got, sizeof octets);
    assert_int_equal(get_u16(octets), 12);
    return get_u16(octets + 2);
}

static void stream_give(int fd, uint16_t first)
{
    uint8_t octets[6] = {0, 4, (uint8_t)(first >> 8), (uint8_t)first, 'r', 'e'};
    assert_int_equal(send(fd, octets, sizeof octets, MSG_NOSIGNAL), sizeof octets);
}

static bool nobody_connects(struct bench *b, int listening)
{
    run_ms(&b->loop, 10);
    return accept4(listening, NULL, NULL, SOCK_NONBLOCK) < 0;
}

static bool is_at_end(int fd)
{
    uint8_t octet;
    return recv(fd, &octet, 1, 0) == 0;
}

static void a_stream_carries_many_messages(void **state)
{
    struct bench *b = bench_open(60000);
    b->drop_on_reply = true;
    struct endpoint to;
    int listening = listen_at(&to);
    send_tcp(b, 1, &to, 0x0101, true);
    send_tcp(b, 2, &to, 0x0202, true);
    int fd = accept_one(b, listening);
    assert_int_equal(stream_take(b, fd), 0x0101);
    assert_int_equal(stream_take(b, fd), 0x0202);
    stream_give(fd, 0x0202);
    RUN_UNTIL(&b->loop, b->replies[2] == 1);
    assert_int_equal(b->replies[1], 0);
    stream_give(fd, 0x0101);
    RUN_UNTIL(&b->loop, b->replies[1] == 1);
    send_tcp(b, 3, &to, 0x0101, true); /* idle meanwhile */
    assert_int_equal(stream_take(b, fd), 0x0101);
    stream_give(fd, 0x0101);
    RUN_UNTIL(&b->loop, b->replies[3] == 1);
    assert_true(nobody_connects(b, listening));
    assert_int_equal(counters(b)->streams_open, 1);
    close(fd);
    RUN_UNTIL(&b->loop, counters(b)->streams_open == 0);
    close(listening);
    bench_close(b);
}

static void equal_first_octets_or_no_reuse_get_a_stream_of_their_own(void **state)
{
    struct bench *b = bench_open(60000);
    struct endpoint to;
    int listening = listen_at(&to);
    send_tcp(b, 1, &to, 7, true);
    send_tcp(b, 2, &to, 7, true);
    send_tcp(b, 3, &to, 9, false);
    int fds[3];
    for (int i = 0; i < 3; i++)
        fds[i] = accept_one(b, listening);
    assert_int_equal(counters(b)->streams_open, 3);
    for (int i = 0; i < 3; i++)
        stream_give(fds[i], stream_take(b, fds[i]));
    RUN_UNTIL(&b->loop, b->replies[1] + b->replies[2] + b->replies[3] == 3);
    outbound_drop(b->o, 3);
    assert_int_equal(counters(b)->streams_open, 2); /* not to be reused: closed at once */
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    close(listening);
    bench_close(b);
}

static void replies_that_nobody_waits_for_are_counted(void **state)
{
    struct bench *b = bench_open(60000);
    struct endpoint to;
    int listening = listen_at(&to);
    send_tcp(b, 1, &to, 1, true);
    send_tcp(b, 2, &to, 2, true);
    int fd = accept_one(b, listening);
    assert_int_equal(stream_take(b, fd), 1);
    assert_int_equal(stream_take(b, fd), 2);
    stream_give(fd, 0x5555);
    assert_int_equal(send(fd, "\0\0\0\1x", 5, 0), 5); /* no octets and one octet */
    RUN_UNTIL(&b->loop, counters(b)->stray == 3);
    /* A dropped message's reply must not be taken for that of a new one with the same octets. */
    outbound_drop(b->o, 1);
    send_tcp(b, 3, &to, 1, true);
    int fresh = accept_one(b, listening);
    stream_give(fd, 1);
    RUN_UNTIL(&b->loop, counters(b)->stray == 4);
    assert_int_equal(b->replies[3], 0);
    send_tcp(b, 4, &to, 1, true); /* fresh has 1 pending; the first stream is free of it again */
    assert_int_equal(stream_take(b, fd), 1);
    for (int i = 0; i < 100; i++)
        stream_give(fd, 0x7777);
    RUN_UNTIL(&b->loop, is_at_end(fd) || errno == ECONNRESET); /* enough is enough */
    close(fd);
    close(fresh);
    close(listening);
    bench_close(b);
}

static void a_stream_without_answer_times_out(void **state)
{
    struct bench *b = bench_open(60000);
    struct endpoint to;
    int listening = listen_at(&to);
    struct outbound_message m = {.transport = TRANSPORT_TCP, .len = 1, .reuse = true};
    m.deadline_ms = (int64_t)(uv_hrtime() / 1000000u) + 50;
    uint64_t start = uv_hrtime();
    send_message(b, 1, &to, m);
    int fd = accept_one(b, listening);
    send_tcp(b, 2, &to, 2, true);
    RUN_UNTIL(&b->loop, b->fails[1] == NET_TIMEOUT);
    assert_in_range((uv_hrtime() - start) / 1000000u, 40, 2000);
    assert_int_equal(b->fails[2], NO_FAIL);
    send_tcp(b, 3, &to, 3, true); /* not onto the one that did not answer */
    int fresh = accept_one(b, listening);
    assert_int_equal(stream_take(b, fresh), 3);
    outbound_drop(b->o, 2);
    assert_int_equal(counters(b)->streams_open, 1);
    close(fd);
    close(fresh);
    close(listening);
    bench_close(b);
}

static void a_closed_port_refuses_streams(void **state)
{
    struct bench *b = bench_open(60000);
    struct endpoint to;
    close(listen_at(&to));
    send_tcp(b, 1, &to, 1, true);
    send_tcp(b, 2, &to, 2, true);
    RUN_UNTIL(&b->loop, b->fails[1] == NET_REFUSED && b->fails[2] == NET_REFUSED);
    assert_int_equal(counters(b)->streams_open, 0);
    bench_close(b);
}

static void a_reused_stream_that_ends_is_tried_once_more(void **state)
{
    struct bench *b = bench_open(60000);
    b->drop_on_reply = true;
    struct endpoint to;
    int listening = listen_at(&to);
    send_tcp(b, 1, &to, 1, true);
    int fd = accept_one(b, listening);
    stream_give(fd, stream_take(b, fd));
    RUN_UNTIL(&b->loop, b->replies[1] == 1);
    send_tcp(b, 2, &to, 2, true);
    send_tcp(b, 3, &to, 3, true);
    assert_int_equal(stream_take(b, fd), 2);
    assert_int_equal(stream_take(b, fd), 3);
    close(fd);
    int again = accept_one(b, listening);
    assert_int_equal(stream_take(b, again), 2);
    assert_int_equal(stream_take(b, again), 3);
    stream_give(again, 3);
    RUN_UNTIL(&b->loop, b->replies[3] == 1);
    close(again); /* the second time it is a failure */
    RUN_UNTIL(&b->loop, b->fails[2] == NET_CLOSED);
    assert_true(nobody_connects(b, listening));
    close(listening);
    bench_close(b);
}

static void a_fresh_stream_that_ends_is_a_failure(void **state)
{
    struct bench *b = bench_open(60000);
    struct endpoint to;
    int listening = listen_at(&to);
    for (unsigned id = 1; id <= 2; id++) {
        send_tcp(b, id, &to, (uint16_t)id, true);
        int fd = accept_one(b, listening);
        stream_take(b, fd);
        struct linger reset = {.l_onoff = id == 2};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(fd);
        RUN_UNTIL(&b->loop, b->fails[id] == NET_CLOSED);
    }
    assert_int_equal(counters(b)->streams_open, 0);
    close(listening);
    bench_close(b);
}

static void idle_streams_are_closed(void **state)
{
    for (uint32_t idle = 0; idle <= 50; idle += 50) {
        struct bench *b = bench_open(idle);
        b->drop_on_reply = true;
        struct endpoint to;
        int listening = listen_at(&to);
        send_tcp(b, 1, &to, 1, true);
        int fd = accept_one(b, listening);
        stream_give(fd, stream_take(b, fd));
        RUN_UNTIL(&b->loop, b->replies[1] == 1);
        assert_int_equal(counters(b)->streams_open, idle ? 1 : 0);
        RUN_UNTIL(&b->loop, is_at_end(fd));
        assert_int_equal(counters(b)->streams_open, 0);
        close(fd);
        close(listening);
        bench_close(b);
    }
}

static void replies_may_be_split_at_any_octet(void **state)
{
    static const uint8_t octets[] = {0, 4, 0, 9, 'r', 'e', 0, 3, 0, 9, 'x'};
    struct bench *b = bench_open(60000);
    struct endpoint to;
    int listening = listen_at(&to);
    send_tcp(b, 1, &to, 9, true);
    int fd = accept_one(b, listening);
    stream_take(b, fd);
    for (size_t cut = 0; cut <= sizeof octets; cut++) {
        unsigned before = b->replies[1];
        assert_int_equal(send(fd, octets, cut, 0), cut);
        step(&b->loop);
        step(&b->loop);
        assert_int_equal(send(fd, octets + cut, sizeof octets - cut, 0), sizeof octets - cut);
        RUN_UNTIL(&b->loop, b->replies[1] == before + 2);
        assert_int_equal(b->last_len, 3);
    }
    close(fd);
    RUN_UNTIL(&b->loop, b->fails[1] == NET_CLOSED); /* answered, but by nothing the caller wanted */
    close(listening);
    bench_close(b);
}

static void a_reply_longer_than_any_udp_one_comes_whole(void **state)
{
    static uint8_t octets[2 + 65535] = {0xff, 0xff, 0, 1};
    struct bench *b = bench_open(60000);
    struct endpoint to;
    int listening = listen_at(&to);
    send_tcp(b, 1, &to, 1, true);
    int fd = accept_one(b, listening);
    stream_take(b, fd);
    for (size_t sent = 0; sent < sizeof octets;) {
        ssize_t n = send(fd, octets + sent, sizeof octets - sent, 0);
        sent += n > 0 ? (size_t)n : 0;
        step(&b->loop);
    }
    RUN_UNTIL(&b->loop, b->replies[1] == 1);
    assert_int_equal(b->last_len, 65535);
    close(fd);
    close(listening);
    bench_close(b);
}

static void everything_may_be_closed_by_a_reply(void **state)
{
    for (int tcp = 0; tcp <= 1; tcp++) {
        struct bench *b = bench_open(60000);
        b->close_on_reply = true;
        struct endpoint to, e = at("127.0.0.1");
        int server = tcp ? listen_at(&to) : socket_bound(SOCK_DGRAM, &e), fd = -1;
        if (tcp) {
            send_tcp(b, 1, &to, 1, true);
            send_tcp(b, 2, &to, 2, true);
            fd = accept_one(b, server);
            stream_take(b, fd);
            stream_give(fd, 1);
            stream_give(fd, 2);
        } else {
            to = socket_at(server);
            for (unsigned id = 1; id <= 2; id++)
                send_udp(b, id, &to);
            for (unsigned id = 1; id <= 2; id++) {
                uint8_t wire[64];
                size_t len = sizeof wire;
                struct endpoint from = server_take(b, server, wire, &len);
                if (b->o)
                    server_send(server, &from, "x", 1);
            }
        }
        RUN_UNTIL(&b->loop, b->o == NULL);
        run_ms(&b->loop, 5);
        assert_int_equal(b->replies[1] + b->replies[2], 1);
        if (fd >= 0)
            close(fd);
        close(server);
        bench_close(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(udp_replies_come_until_the_send_is_dropped),
        cmocka_unit_test(an_answered_sends_port_serves_the_message_that_names_it),
        cmocka_unit_test(what_the_address_before_sends_to_a_kept_port_is_not_heard),
        cmocka_unit_test(a_port_does_not_serve_again_towards_who_saw_it),
        cmocka_unit_test(a_port_serves_again_only_after_one_answer_and_in_the_same_turn),
        cmocka_unit_test(a_refused_message_from_a_kept_port_fails_like_any_other),
        cmocka_unit_test(a_kept_port_goes_where_descriptors_run_out),
        cmocka_unit_test(udp_over_ipv6),
        cmocka_unit_test(udp_takes_nothing_from_others_and_tells_what_is_too_long),
        cmocka_unit_test(udp_to_a_closed_port_is_refused),
        cmocka_unit_test(udp_ports_are_drawn_from_the_whole_range),
        cmocka_unit_test(udp_leaves_from_the_addresses_set),
        cmocka_unit_test(without_a_route_a_server_is_unreachable),
        cmocka_unit_test(the_last_descriptor_is_for_one_send_and_others_wait),
        cmocka_unit_test(what_waits_goes_on_once_the_limit_is_raised),
        cmocka_unit_test(who_waits_for_a_second_is_told),
        cmocka_unit_test(a_server_that_is_silent_for_long_gives_its_socket_to_who_waits),
        cmocka_unit_test(a_stream_carries_many_messages),
        cmocka_unit_test(equal_first_octets_or_no_reuse_get_a_stream_of_their_own),
        cmocka_unit_test(replies_that_nobody_waits_for_are_counted),
        cmocka_unit_test(a_stream_without_answer_times_out),
        cmocka_unit_test(a_closed_port_refuses_streams),
        cmocka_unit_test(a_reused_stream_that_ends_is_tried_once_more),
        cmocka_unit_test(a_fresh_stream_that_ends_is_a_failure),
        cmocka_unit_test(idle_streams_are_closed),
        cmocka_unit_test(replies_may_be_split_at_any_octet),
        cmocka_unit_test(a_reply_longer_than_any_udp_one_comes_whole),
        cmocka_unit_test(everything_may_be_closed_by_a_reply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
