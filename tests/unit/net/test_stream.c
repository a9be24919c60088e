#include "net/stream.h"

#include "loopback.h"

#include "net/listen.h"

#include <netinet/tcp.h>
#include <sys/resource.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "base/random.h"
#include "net/framing.h"
#include "net/stream_quota.h"

#define HELD_MAX 256

struct bench {
    uv_loop_t loop;
    struct stream_server *s;
    struct stream_quota *quota;
    unsigned queries;
    bool hold;          /* no reply at once: held[] */
    bool close_within;  /* a query closes the server */
    size_t reply_len;   /* 0: an echo, else so many octets */
    uint8_t log[65536]; /* first octet of each message, its length, in order of coming */
    size_t logged;
    struct stream_client *held[HELD_MAX];
    uint8_t held_wire[HELD_MAX][16];
    size_t held_len[HELD_MAX];
    unsigned held_count;
};

static uint8_t zeros[65535];

static void reply(struct bench *b, struct stream_client *c, const uint8_t *wire, size_t len)
{
    if (b->reply_len)
        stream_client_reply(c, zeros, b->reply_len);
    else
        stream_client_reply(c, wire, len);
}

static void on_query(void *ctx, struct stream_client *c, const uint8_t *wire, size_t len)
{
    struct bench *b = ctx;
    b->queries++;
    if (b->logged + 3 <= sizeof b->log) {
        b->log[b->logged++] = len ? wire[0] : 0;
        put_u16(b->log + b->logged, (uint16_t)len);
        b->logged += 2;
    }
    if (b->close_within && b->s) {
        stream_server_close(b->s);
        b->s = NULL;
    }
    if (!b->hold) {
        reply(b, c, wire, len);
        return;
    }
    assert_true(b->held_count < HELD_MAX && len <= sizeof b->held_wire[0]);
    b->held[b->held_count] = c;
    b->held_len[b->held_count] = len;
    memcpy(b->held_wire[b->held_count++], wire, len);
}

/* Latest first, so that replies come in another order than questions. */
static void reply_held(struct bench *b)
{
    while (b->held_count > 0) {
        unsigned i = --b->held_count;
        reply(b, b->held[i], b->held_wire[i], b->held_len[i]);
    }
}

static struct bench *bench_open(const char *where, const struct stream_limits *limits)
{
    struct endpoint e = at(where);
    struct bench *b = mem_alloc(sizeof *b);
    uv_loop_init(&b->loop);
    b->quota = stream_quota_new(limits, 1);
    assert_int_equal(
        stream_server_open(&b->s, &b->loop, listen_open(&e, SOCK_STREAM, false), b->quota, on_query, b),
        ERR_OK);
    return b;
}

static void bench_close(struct bench *b)
{
    if (b->s)
        stream_server_close(b->s);
    reply_held(b);
    loop_end(&b->loop);
    stream_quota_free(b->quota); /* everything was given back */
    mem_free(b);
}

static int client_open(struct bench *b)
{
    return socket_to(SOCK_STREAM, stream_server_at(b->s));
}

static const struct stream_counters *counters(const struct bench *b)
{
    return stream_server_counters(b->s);
}

static void client_send(int fd, const void *octets, size_t n)
{
    for (int i = 0; i < 1000 && send(fd, octets, n, MSG_NOSIGNAL) != (ssize_t)n; i++) {
        assert_true(errno == EAGAIN || errno == ENOTCONN);
        usleep(1000);
    }
}

/* Runs until so many octets came; gives fewer only at the end of the stream. */
static size_t client_read(struct bench *b, int fd, uint8_t *out, size_t n)
{
    size_t got = 0;
    for (int i = 0; i < STEPS_MAX && got < n; i++) {
        ssize_t r = recv(fd, out + got, n - got, 0);
        if (r > 0)
            got += (size_t)r;
        else if (r == 0 || errno != EAGAIN)
            return got;
        else
            step(&b->loop);
    }
    return got;
}

static bool client_cut_off(struct bench *b, int fd)
{
    uint8_t octet;
    step(&b->loop);
    ssize_t n = recv(fd, &octet, 1, 0);
    return n == 0 || (n < 0 && errno != EAGAIN);
}

/* Framing does not depend on where the network cuts. */
static void framing_gives_messages_however_they_are_split(void **state)
{
    static const size_t lens[] = {0, 1, 2, 12, 0, 300, 4093, 4094, 4095, 4096, 4097, 65535, 1, 0};
    static uint8_t all[200000];
    struct writer w = writer_of(all, sizeof all);
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        write_u16(&w, (uint16_t)lens[i]);
        for (size_t k = 0; k < lens[i]; k++)
            write_u8(&w, (uint8_t)(i + k));
    }
    struct random *rng = random_new((const uint8_t[32]){1});
    for (uint32_t max = 1; max < 100000; max = max * 3 + 1) {
        struct framing f = {0};
        size_t fed = 0, at_message = 0;
        while (fed < w.pos) {
            size_t room, n = 1 + random_below(rng, max);
            uint8_t *p = framing_room(&f, &room);
            n = n > room ? room : n;
            n = n > w.pos - fed ? w.pos - fed : n;
            memcpy(p, all + fed, n);
            framing_got(&f, n);
            fed += n;
            const uint8_t *wire;
            for (size_t len; framing_next(&f, &wire, &len); at_message++) {
                assert_int_equal(len, lens[at_message]);
                for (size_t k = 0; k < len; k++)
                    assert_true(wire[k] == (uint8_t)(at_message + k));
            }
            framing_trim(&f);
            assert_true(f.cap <= 2u + 65535u);
        }
        assert_int_equal(at_message, sizeof lens / sizeof *lens);
        assert_null(f.data);
    }
    random_free(rng);
}

static void framing_keeps_order_of_what_it_queues(void **state)
{
    struct framing f = {0};
    size_t in = 0, out = 0;
    for (int i = 0; i < 2000; i++) {
        uint8_t message[3] = {(uint8_t)(in >> 16), (uint8_t)(in >> 8), (uint8_t)in};
        framing_add(&f, message, sizeof message);
        in++;
        const uint8_t *wire;
        size_t len;
        if (i % 3 && framing_next(&f, &wire, &len)) {
            assert_int_equal((size_t)wire[1] << 8 | wire[2], out);
            out++;
        }
    }
    assert_int_equal(framing_left(&f), (in - out) * 5);
    framing_fini(&f);
}

static void memory_of_a_message_serves_the_next(void **state)
{
    struct framing_spares spares = {0};
    struct framing a = {.spares = &spares}, b = {.spares = &spares};
    framing_add(&a, (const uint8_t *)"first", 5);
    const uint8_t *piece = a.data;
    framing_add(&b, zeros, 65535); /* more than a piece: its own */
    framing_fini(&b);
    assert_int_equal(spares.count, 0);
    framing_fini(&a);
    assert_int_equal(spares.count, 1);
    framing_add(&b, (const uint8_t *)"second", 6);
    assert_ptr_equal(b.data, piece);
    assert_memory_equal(b.data, "\0\6second", 8);
    assert_int_equal(framing_left(&b), 8);
    framing_fini(&b);
    struct framing many[FRAMING_SPARES + 3];
    for (unsigned i = 0; i < FRAMING_SPARES + 3; i++) {
        many[i] = (struct framing){.spares = &spares};
        framing_add(&many[i], (const uint8_t *)"x", 1);
    }
    for (unsigned i = 0; i < FRAMING_SPARES + 3; i++)
        framing_fini(&many[i]);
    assert_int_equal(spares.count, FRAMING_SPARES);
    framing_spares_fini(&spares);
    assert_int_equal(spares.count, 0);
}

static void messages_may_be_split_at_any_octet(void **state)
{
    static const uint8_t two[] = {
        0, 5, 'h', 'e', 'l', 'l', 'o', 0, 0, 0, 1, 'x', 0, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    struct bench *b = bench_open("127.0.0.1", &STREAM_LIMITS_DEFAULT);
    for (size_t cut = 0; cut <= sizeof two; cut++) {
        int fd = client_open(b);
        unsigned before = b->queries;
        client_send(fd, two, cut);
        step(&b->loop);
        step(&b->loop);
        client_send(fd, two + cut, sizeof two - cut);
        RUN_UNTIL(&b->loop, b->queries == before + 4);
        uint8_t got[sizeof two];
        assert_int_equal(client_read(b, fd, got, sizeof got), sizeof got);
        assert_memory_equal(got, two, sizeof two);
        close(fd);
    }
    bench_close(b);
}

static void answers_a_message_of_the_greatest_length(void **state)
{
    static uint8_t out[2 + 65535] = {0xff, 0xff, 7}, got[sizeof out];
    struct bench *b = bench_open("127.0.0.1", &STREAM_LIMITS_DEFAULT);
    int fd = client_open(b);
    size_t sent = 0, seen = 0;
    for (int i = 0; i < STEPS_MAX && seen < sizeof out; i++) {
        if (sent < sizeof out) {
            size_t n = sizeof out - sent < 7001 ? sizeof out - sent : 7001;
            ssize_t r = send(fd, out + sent, n, 0);
            sent += r > 0 ? (size_t)r : 0;
        }
        step(&b->loop);
        ssize_t r = recv(fd, got + seen, sizeof got - seen, 0);
        seen += r > 0 ? (size_t)r : 0;
    }
    assert_int_equal(seen, sizeof out);
    assert_memory_equal(got, out, sizeof out);
    close(fd);
    bench_close(b);
}

static void replies_come_in_any_order(void **state)
{
    static const uint8_t in[] = {0, 1, 'a', 0, 1, 'b', 0, 1, 'c'}, want[] = {0, 1, 'c', 0, 1, 'b', 0, 1, 'a'};
    struct bench *b = bench_open("127.0.0.1", &STREAM_LIMITS_DEFAULT);
    b->hold = true;
    int fd = client_open(b);
    client_send(fd, in, sizeof in);
    RUN_UNTIL(&b->loop, b->held_count == 3);
    struct endpoint me = socket_at(fd);
    assert_true(endpoint_equal(stream_client_peer(b->held[0]), &me));
    assert_true(endpoint_equal(stream_client_local(b->held[0]), stream_server_at(b->s)));
    reply_held(b);
    uint8_t got[sizeof want];
    assert_int_equal(client_read(b, fd, got, sizeof got), sizeof got);
    assert_memory_equal(got, want, sizeof want);
    close(fd);
    RUN_UNTIL(&b->loop, counters(b)->open == 0);
    bench_close(b);
}

/* tcp(7)'s structure, with what the kernel has added to it. */
struct segments {
    struct tcp_info info;
    uint64_t rates_and_octets[4];
    uint32_t segs_out, segs_in, not_sent, min_rtt, data_segs_in;
};

static void replies_of_one_turn_leave_in_one_write(void **state)
{
    struct bench *b = bench_open("127.0.0.1", &STREAM_LIMITS_DEFAULT);
    uint8_t out[50 * 12], in[sizeof out];
    for (unsigned i = 0; i < sizeof out; i += 12)
        memcpy(out + i, "\0\12ten octets", 12);
    int fd = client_open(b);
    client_send(fd, out, sizeof out);
    assert_int_equal(client_read(b, fd, in, sizeof in), sizeof in);
    assert_memory_equal(in, out, sizeof in);
    struct segments heard;
    socklen_t len = sizeof heard;
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &heard, &len), 0);
    assert_int_equal(len, sizeof heard);
    assert_int_equal(heard.data_segs_in, 1); /* TCP_NODELAY: each write is a segment */
    close(fd);
    bench_close(b);
}

/* However much one sends at once, the others have their turn after a few pieces of it. */
static void who_pipelines_much_does_not_hold_up_the_others(void **state)
{
    enum { MESSAGES = 1000, LEN = 60 };
    struct bench *b = bench_open("127.0.0.1", &STREAM_LIMITS_DEFAULT);
    static uint8_t greedy[MESSAGES * LEN];
    for (unsigned i = 0; i < sizeof greedy; i += LEN) {
        put_u16(greedy + i, LEN - 2);
        greedy[i + 2] = 'g';
    }
    int first = client_open(b), second = client_open(b);
    RUN_UNTIL(&b->loop, counters(b)->open == 2);
    client_send(first, greedy, sizeof greedy); /* what it gets back waits in the kernel */
    client_send(second, "\0\1m", 3);
    RUN_UNTIL(&b->loop, b->queries == MESSAGES + 1);
    size_t before = 0;
    while (before < b->logged / 3 && b->log[3 * before] != 'm')
        before++;
    assert_true(before < MESSAGES / 2);
    close(first);
    close(second);
    bench_close(b);
}

static void knows_the_asked_address_of_a_wildcard(void **state)
{
    struct bench *b = bench_open("0.0.0.0", &STREAM_LIMITS_DEFAULT);
    b->hold = true;
    struct endpoint e = at("127.0.0.9");
    e.port = stream_server_at(b->s)->port;
    int fd = socket_to(SOCK_STREAM, &e);
    client_send(fd, "\0\1x", 3);
    RUN_UNTIL(&b->loop, b->held_count == 1);
    assert_true(endpoint_equal(stream_client_local(b->held[0]), &e));
    close(fd);
    bench_close(b);
}

static void half_closed_clients_get_their_answers(void **state)
{
    static const uint8_t in[] = {0, 1, 'a', 0, 1, 'b', 0, 9, 'c'}; /* the last one never comes whole */
    struct bench *b = bench_open("127.0.0.1", &STREAM_LIMITS_DEFAULT);
    b->hold = true;
    int fd = client_open(b);
    client_send(fd, in, sizeof in);
    shutdown(fd, SHUT_WR);
    RUN_UNTIL(&b->loop, b->held_count == 2);
    run_ms(&b->loop, 20);
    reply_held(b);
    uint8_t got[16];
    assert_int_equal(client_read(b, fd, got, sizeof got), 6);
    assert_int_equal(counters(b)->open, 0);
    close(fd);
    bench_close(b);
}

static void too_many_pending_questions_pause_reading(void **state)
{
    struct stream_limits limits = STREAM_LIMITS_DEFAULT;
    limits.pending_max = 4;
    struct bench *b = bench_open("127.0.0.1", &limits);
    b->hold = true;
    int fd = client_open(b);
    for (int i = 0; i < 10; i++)
        client_send(fd, "\0\1x", 3);
    RUN_UNTIL(&b->loop, b->held_count == 4);
    run_ms(&b->loop, 20);
    assert_int_equal(b->queries, 4);
    stream_client_forget(b->held[--b->held_count]);
    RUN_UNTIL(&b->loop, b->queries == 5);
    reply_held(b);
    RUN_UNTIL(&b->loop, b->queries == 9);
    reply_held(b);
    RUN_UNTIL(&b->loop, b->queries == 10);
    reply_held(b);
    uint8_t got[27];
    assert_int_equal(client_read(b, fd, got, sizeof got), sizeof got); /* nine of ten: one was forgotten */
    close(fd);
    bench_close(b);
}

static struct stream_limits quick(void)
{
    struct stream_limits limits = STREAM_LIMITS_DEFAULT;
    limits.first_octet_ms = limits.message_ms = limits.idle_ms = limits.write_ms = 3600 * 1000;
    return limits;
}

static void cuts_off_who_sends_nothing(void **state)
{
    struct stream_limits limits = quick();
    limits.first_octet_ms = 100;
    struct bench *b = bench_open("127.0.0.1", &limits);
    int silent = client_open(b), other = client_open(b);
    client_send(other, "\0\1x", 3);
    RUN_UNTIL(&b->loop, client_cut_off(b, silent));
    assert_int_equal(counters(b)->open, 1);
    assert_int_equal(counters(b)->closed_slow, 1);
    close(silent);
    close(other);
    bench_close(b);
}

static void cuts_off_who_drips(void **state)
{
    struct stream_limits limits = quick();
    limits.message_ms = 100;
    struct bench *b = bench_open("127.0.0.1", &limits);
    int fd = client_open(b), sent = 0;
    client_send(fd, "\0\xff", 2);
    while (sent < 200 && !client_cut_off(b, fd)) {
        sent += send(fd, "x", 1, MSG_NOSIGNAL) == 1;
        run_ms(&b->loop, 10);
    }
    assert_in_range(sent, 2, 60);
    assert_int_equal(counters(b)->closed_slow, 1);
    close(fd);
    bench_close(b);
}

static void closes_idle_connections_but_not_those_that_wait_for_us(void **state)
{
    struct stream_limits limits = quick();
    limits.idle_ms = 100;
    struct bench *b = bench_open("127.0.0.1", &limits);
    int idle = client_open(b);
    client_send(idle, "\0\1x", 3);
    RUN_UNTIL(&b->loop, b->queries == 1);
    b->hold = true;
    int waiting = client_open(b);
    client_send(waiting, "\0\1x", 3);
    uint8_t got[3];
    assert_int_equal(client_read(b, idle, got, 3), 3);
    RUN_UNTIL(&b->loop, client_cut_off(b, idle));
    assert_int_equal(counters(b)->closed_idle, 1);
    run_ms(&b->loop, 250);
    assert_int_equal(counters(b)->open, 1);
    reply_held(b);
    assert_int_equal(client_read(b, waiting, got, 3), 3);
    RUN_UNTIL(&b->loop, counters(b)->open == 0);
    close(idle);
    close(waiting);
    bench_close(b);
}

static void under_pressure_idle_connections_make_room(void **state)
{
    struct stream_limits limits = quick();
    limits.connections_max = 8;
    limits.pressed_idle_ms = 50;
    struct bench *b = bench_open("127.0.0.1", &limits);
    int fds[8];
    for (int i = 0; i < 8; i++)
        fds[i] = client_open(b);
    RUN_UNTIL(&b->loop, counters(b)->open == 8);
    int early = client_open(b);
    RUN_UNTIL(&b->loop, counters(b)->refused == 1);
    run_ms(&b->loop, 60);
    int late = client_open(b);
    client_send(late, "\0\1x", 3);
    uint8_t got[3];
    assert_int_equal(client_read(b, late, got, 3), 3);
    RUN_UNTIL(&b->loop, counters(b)->open < 8);
    for (int i = 0; i < 8; i++)
        close(fds[i]);
    close(early);
    close(late);
    bench_close(b);
}

static void one_address_gets_only_its_share(void **state)
{
    struct stream_limits limits = quick();
    limits.per_address_max = 2;
    struct bench *b = bench_open("127.0.0.1", &limits);
    int first = client_open(b), second = client_open(b);
    RUN_UNTIL(&b->loop, counters(b)->open == 2);
    int third = client_open(b);
    RUN_UNTIL(&b->loop, counters(b)->refused == 1);
    close(first);
    RUN_UNTIL(&b->loop, counters(b)->open == 1);
    int fourth = client_open(b);
    RUN_UNTIL(&b->loop, counters(b)->open == 2);
    assert_int_equal(counters(b)->refused, 1);
    close(second);
    close(third);
    close(fourth);
    bench_close(b);
}

static void who_has_its_share_pushes_out_nobody(void **state)
{
    struct stream_limits limits = quick();
    limits.connections_max = 2;
    limits.per_address_max = 1;
    limits.pressed_idle_ms = 20;
    limits.message_ms = 60000;
    struct bench *b = bench_open("127.0.0.1", &limits);
    struct endpoint elsewhere = at("127.0.0.2");
    struct sockaddr_storage sa;
    socklen_t len = endpoint_to_sockaddr(stream_server_at(b->s), &sa);
    int other = socket_bound(SOCK_STREAM, &elsewhere);
    assert_true(connect(other, (struct sockaddr *)&sa, len) == 0 || errno == EINPROGRESS);
    client_send(other, "", 1); /* half a length: longest in the midst of a message */
    RUN_UNTIL(&b->loop, counters(b)->open == 1);
    int first = client_open(b);
    client_send(first, "", 1);
    RUN_UNTIL(&b->loop, counters(b)->open == 2);
    run_ms(&b->loop, 60);
    int second = client_open(b);
    RUN_UNTIL(&b->loop, counters(b)->refused == 1);
    assert_int_equal(counters(b)->open, 2);
    assert_false(client_cut_off(b, other));
    close(other);
    close(first);
    close(second);
    bench_close(b);
}

static void who_takes_nothing_makes_room_for_who_reads(void **state)
{
    struct stream_limits limits = quick();
    limits.write_ms = 60000;
    limits.octets_max = (size_t)512 * 1024;
    struct bench *b = bench_open("127.0.0.1", &limits);
    b->reply_len = sizeof zeros;
    int greedy[4], reader = -1;
    static uint8_t got[65537];
    for (int g = 0; g < 4; g++) {
        greedy[g] = client_open(b);
        for (int i = 0; i < 200; i++) {
            if (send(greedy[g], "\0\1x", 3, MSG_NOSIGNAL) < 0 && errno != EAGAIN && errno != ENOTCONN)
                break;
            step(&b->loop);
        }
    }
    reader = client_open(b);
    client_send(reader, "\0\1x", 3);
    assert_int_equal(client_read(b, reader, got, sizeof got), sizeof got);
    assert_true(counters(b)->closed_slow > 0);
    for (int g = 0; g < 4; g++)
        close(greedy[g]);
    close(reader);
    bench_close(b);
}

static void cuts_off_who_takes_no_replies(void **state)
{
    struct stream_limits limits = quick();
    limits.write_ms = 200;
    struct bench *b = bench_open("127.0.0.1", &limits);
    b->reply_len = sizeof zeros;
    int fd = client_open(b);
    for (int i = 0; i < 1000 && counters(b)->closed_slow == 0; i++) {
        if (send(fd, "\0\1x", 3, MSG_NOSIGNAL) < 0 && errno != EAGAIN && errno != ENOTCONN)
            break;
        step(&b->loop);
    }
    /* The queue stays bounded: reading paused long before a thousand replies of 64 KiB. */
    RUN_UNTIL(&b->loop, counters(b)->closed_slow == 1);
    assert_int_equal(counters(b)->open, 0);
    assert_true(b->queries < 500);
    close(fd);
    bench_close(b);
}

static void a_slow_reader_gets_everything(void **state)
{
    static uint8_t got[65537 * 40];
    struct bench *b = bench_open("127.0.0.1", &STREAM_LIMITS_DEFAULT);
    b->reply_len = sizeof zeros;
    int fd = client_open(b);
    for (int i = 0; i < 40; i++)
        client_send(fd, "\0\1x", 3);
    run_ms(&b->loop, 50);
    assert_int_equal(client_read(b, fd, got, sizeof got), sizeof got);
    assert_int_equal(b->queries, 40);
    close(fd);
    bench_close(b);
}

static void clients_that_die_leave_nothing_behind(void **state)
{
    struct bench *b = bench_open("127.0.0.1", &STREAM_LIMITS_DEFAULT);
    b->hold = true;
    for (int i = 0; i < 10; i++) {
        int fd = client_open(b);
        client_send(fd, "\0\1x", 3);
        RUN_UNTIL(&b->loop, b->held_count == (unsigned)i + 1);
        struct linger reset = {.l_onoff = 1};
        if (i % 2)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(fd);
    }
    run_ms(&b->loop, 20);
    reply_held(b);
    RUN_UNTIL(&b->loop, counters(b)->open == 0);
    bench_close(b);
}

static void a_client_may_be_closed_by_its_question(void **state)
{
    struct bench *b = bench_open("127.0.0.1", &STREAM_LIMITS_DEFAULT);
    b->hold = true;
    int fd = client_open(b);
    client_send(fd, "\0\1x\0\1y", 6);
    RUN_UNTIL(&b->loop, b->held_count == 2);
    stream_client_close(b->held[0]);
    assert_int_equal(counters(b)->open, 0);
    RUN_UNTIL(&b->loop, client_cut_off(b, fd));
    run_ms(&b->loop, 5);
    reply_held(b); /* both go nowhere; the last frees the client */
    close(fd);
    bench_close(b);
}

static void the_server_may_be_closed_by_a_question(void **state)
{
    struct bench *b = bench_open("127.0.0.1", &STREAM_LIMITS_DEFAULT);
    b->close_within = b->hold = true;
    int fd = client_open(b);
    client_send(fd, "\0\1x\0\1y", 6);
    RUN_UNTIL(&b->loop, b->held_count == 1);
    run_ms(&b->loop, 5);
    close(fd);
    bench_close(b);
}

static void a_stopped_server_still_sends_pending_replies(void **state)
{
    struct bench *b = bench_open("127.0.0.1", &STREAM_LIMITS_DEFAULT);
    b->hold = true;
    int idle = client_open(b), fd = client_open(b);
    client_send(fd, "\0\1x", 3);
    RUN_UNTIL(&b->loop, b->held_count == 1 && counters(b)->open == 2);
    stream_server_stop(b->s);
    client_send(fd, "\0\1y", 3);
    RUN_UNTIL(&b->loop, client_cut_off(b, idle));
    assert_int_equal(b->queries, 1);
    reply_held(b);
    uint8_t got[3];
    assert_int_equal(client_read(b, fd, got, 3), 3);
    RUN_UNTIL(&b->loop, counters(b)->open == 0);
    close(idle);
    close(fd);
    bench_close(b);
}

static void without_descriptors_accepting_pauses_and_comes_back(void **state)
{
    struct stream_limits limits = quick();
    struct bench *b = bench_open("127.0.0.1", &limits);
    step(&b->loop);
    int fds[4];
    for (int i = 0; i < 4; i++)
        fds[i] = client_open(b);
    struct rlimit old, tight;
    getrlimit(RLIMIT_NOFILE, &old);
    tight = old;
    tight.rlim_cur = (rlim_t)fds[3] + 1;
    setrlimit(RLIMIT_NOFILE, &tight);
    run_ms(&b->loop, 250);
    assert_int_equal(counters(b)->open, 0);
    unsigned long refused = counters(b)->refused;
    setrlimit(RLIMIT_NOFILE, &old);
    assert_in_range(refused, 1, 3); /* one a pause: the others wait in the kernel's queue */
    RUN_UNTIL(&b->loop, counters(b)->open == 4 - refused);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    bench_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(framing_gives_messages_however_they_are_split),
        cmocka_unit_test(framing_keeps_order_of_what_it_queues),
        cmocka_unit_test(memory_of_a_message_serves_the_next),
        cmocka_unit_test(messages_may_be_split_at_any_octet),
        cmocka_unit_test(answers_a_message_of_the_greatest_length),
        cmocka_unit_test(replies_come_in_any_order),
        cmocka_unit_test(replies_of_one_turn_leave_in_one_write),
        cmocka_unit_test(who_pipelines_much_does_not_hold_up_the_others),
        cmocka_unit_test(knows_the_asked_address_of_a_wildcard),
        cmocka_unit_test(half_closed_clients_get_their_answers),
        cmocka_unit_test(too_many_pending_questions_pause_reading),
        cmocka_unit_test(cuts_off_who_sends_nothing),
        cmocka_unit_test(cuts_off_who_drips),
        cmocka_unit_test(closes_idle_connections_but_not_those_that_wait_for_us),
        cmocka_unit_test(under_pressure_idle_connections_make_room),
        cmocka_unit_test(one_address_gets_only_its_share),
        cmocka_unit_test(who_has_its_share_pushes_out_nobody),
        cmocka_unit_test(who_takes_nothing_makes_room_for_who_reads),
        cmocka_unit_test(cuts_off_who_takes_no_replies),
        cmocka_unit_test(a_slow_reader_gets_everything),
        cmocka_unit_test(clients_that_die_leave_nothing_behind),
        cmocka_unit_test(a_client_may_be_closed_by_its_question),
        cmocka_unit_test(the_server_may_be_closed_by_a_question),
        cmocka_unit_test(a_stopped_server_still_sends_pending_replies),
        cmocka_unit_test(without_descriptors_accepting_pauses_and_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
