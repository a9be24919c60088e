#include "net/stream_quota.h"

#include "loopback.h"

#include "base/mem.h"
#include "net/descriptors.h"
#include "net/listen.h"

#include <fcntl.h>
#include <sys/resource.h>

static struct stream_limits limits_of(unsigned connections, unsigned per_address, size_t octets)
{
    struct stream_limits limits = STREAM_LIMITS_DEFAULT;
    limits.connections_max = connections;
    limits.per_address_max = per_address;
    limits.octets_max = octets;
    return limits;
}

static unsigned connect_all(struct stream_quota *q, struct stream_part *p)
{
    unsigned n = 0;
    while (n < 1000 && stream_quota_connect(q, p))
        n++;
    return n;
}

static void give_back(struct stream_quota *q, struct stream_part *p)
{
    while (p->connections)
        stream_quota_disconnect(q, p);
    stream_quota_shrink(q, p, p->octets);
}

static void a_server_alone_has_all(void **state)
{
    struct stream_limits limits = limits_of(100, 64, 1000);
    struct stream_quota *q = stream_quota_new(&limits, 1);
    struct stream_part p = {0};
    assert_int_equal(connect_all(q, &p), 100);
    assert_true(stream_quota_grow(q, &p, 1000));
    assert_false(stream_quota_grow(q, &p, 1));
    stream_quota_shrink(q, &p, 1);
    assert_true(stream_quota_grow(q, &p, 1));
    give_back(q, &p);
    stream_quota_free(q);
}

static void nobody_can_take_the_share_of_another(void **state)
{
    struct stream_limits limits = limits_of(100, 64, 1000);
    struct stream_quota *q = stream_quota_new(&limits, 5);
    struct stream_part parts[5] = {0};
    assert_int_equal(connect_all(q, &parts[0]), 60); /* its tenth, and the common half */
    assert_false(stream_quota_is_pressed(q, &parts[1]));
    assert_true(stream_quota_is_pressed(q, &parts[0]));
    for (int i = 1; i < 5; i++)
        assert_int_equal(connect_all(q, &parts[i]), 10);
    assert_true(stream_quota_is_pressed(q, &parts[1]));
    stream_quota_disconnect(q, &parts[0]); /* of the common half: anybody's */
    assert_true(stream_quota_connect(q, &parts[4]));
    assert_false(stream_quota_connect(q, &parts[0]));
    stream_quota_disconnect(q, &parts[4]);
    stream_quota_disconnect(q, &parts[4]); /* its own */
    assert_true(stream_quota_connect(q, &parts[0]));
    assert_false(stream_quota_connect(q, &parts[0]));
    assert_true(stream_quota_connect(q, &parts[4]));
    for (int i = 0; i < 5; i++)
        give_back(q, &parts[i]);
    stream_quota_free(q);
}

static void a_grant_may_lie_across_share_and_common_half(void **state)
{
    struct stream_limits limits = limits_of(100, 64, 1000);
    struct stream_quota *q = stream_quota_new(&limits, 2);
    struct stream_part a = {0}, b = {0};
    assert_true(stream_quota_grow(q, &a, 200));
    assert_true(stream_quota_grow(q, &a, 500)); /* 50 of its own, 450 of the common 500 */
    assert_false(stream_quota_grow(q, &b, 301));
    assert_int_equal(b.octets, 0);
    assert_true(stream_quota_grow(q, &b, 300));
    stream_quota_shrink(q, &a, 600);
    assert_true(stream_quota_grow(q, &b, 450));
    assert_false(stream_quota_grow(q, &b, 1));
    give_back(q, &a);
    give_back(q, &b);
    stream_quota_free(q);
}

static struct addr addr_of(const char *text)
{
    struct addr a;
    assert_int_equal(addr_parse(&a, text), ERR_OK);
    return a;
}

static void addresses_count_in_the_whole_process(void **state)
{
    struct stream_limits limits = limits_of(100, 2, 1000);
    struct stream_quota *q = stream_quota_new(&limits, 4);
    struct addr v4 = addr_of("192.0.2.1"), near = addr_of("192.0.2.2");
    struct addr home[] = {addr_of("2001:db8:1:ff00::1"), addr_of("2001:db8:1:ff7f::2"),
        addr_of("2001:db8:1:ffff::3"), addr_of("2001:db8:1:fe00::1")};
    struct stream_source *s[6];
    assert_non_null(s[0] = stream_quota_source(q, &v4));
    assert_non_null(s[1] = stream_quota_source(q, &v4));
    assert_null(stream_quota_source(q, &v4));
    assert_non_null(s[2] = stream_quota_source(q, &near));
    assert_non_null(s[3] = stream_quota_source(q, &home[0]));
    assert_non_null(s[4] = stream_quota_source(q, &home[1])); /* the same /56 */
    assert_null(stream_quota_source(q, &home[2]));
    assert_non_null(s[5] = stream_quota_source(q, &home[3])); /* the next one */
    stream_quota_source_release(q, s[0]);
    assert_non_null(s[0] = stream_quota_source(q, &v4));
    for (int i = 0; i < 6; i++)
        stream_quota_source_release(q, s[i]);
    stream_quota_free(q);
}

/* ---- two servers ---- */

struct bench {
    uv_loop_t loop;
    struct stream_server *s[2];
};

static void on_query(void *ctx, struct stream_client *c, const uint8_t *wire, size_t len)
{
    stream_client_reply(c, wire, len);
}

static unsigned open_count(const struct bench *b, int i)
{
    return stream_server_counters(b->s[i])->open;
}

static void two_servers_keep_one_account_of_an_address(void **state)
{
    struct stream_limits limits = limits_of(100, 2, 100000);
    struct stream_quota *q = stream_quota_new(&limits, 2);
    struct bench b;
    int fds[3];
    struct endpoint e = at("127.0.0.1");
    uv_loop_init(&b.loop);
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            stream_server_open(&b.s[i], &b.loop, listen_open(&e, SOCK_STREAM, false), q, on_query, &b),
            ERR_OK);
    fds[0] = socket_to(SOCK_STREAM, stream_server_at(b.s[0]));
    fds[1] = socket_to(SOCK_STREAM, stream_server_at(b.s[1]));
    RUN_UNTIL(&b.loop, open_count(&b, 0) == 1 && open_count(&b, 1) == 1);
    fds[2] = socket_to(SOCK_STREAM, stream_server_at(b.s[1]));
    RUN_UNTIL(&b.loop, stream_server_counters(b.s[1])->refused == 1);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    RUN_UNTIL(&b.loop, open_count(&b, 0) + open_count(&b, 1) == 0);
    for (int i = 0; i < 2; i++)
        stream_server_close(b.s[i]);
    loop_end(&b.loop);
    stream_quota_free(q); /* looks that all was given back */
}

/* Who sends the beginning of a long message holds memory, too. */
static void halves_of_messages_count_as_octets(void **state)
{
    struct stream_limits limits = limits_of(100, 64, 4 * 4096 + 100);
    struct stream_quota *q = stream_quota_new(&limits, 1);
    struct bench b;
    int fds[4];
    struct endpoint e = at("127.0.0.1");
    uv_loop_init(&b.loop);
    assert_int_equal(
        stream_server_open(&b.s[0], &b.loop, listen_open(&e, SOCK_STREAM, false), q, on_query, &b), ERR_OK);
    for (int i = 0; i < 4; i++) {
        fds[i] = socket_to(SOCK_STREAM, stream_server_at(b.s[0]));
        RUN_UNTIL(&b.loop, open_count(&b, 0) == (unsigned)i + 1);
        /* The last one is a whole message, which needs a piece for itself and one for its reply, for a
         * moment. */
        assert_int_equal(send(fds[i], i < 3 ? "\xff\xff" : "\0\1x", 3, MSG_NOSIGNAL), 3);
        run_ms(&b.loop, 20);
    }
    char got[3];
    assert_int_equal(recv(fds[3], got, 3, 0), 3);
    assert_int_equal(recv(fds[0], got, 1, 0), 0); /* the one that took longest made room */
    assert_int_equal(recv(fds[1], got, 1, 0), -1);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    stream_server_close(b.s[0]);
    loop_end(&b.loop);
    stream_quota_free(q);
}

/* ---- descriptors ---- */

static void the_last_descriptors_are_not_for_everything(void **state)
{
    struct rlimit old, tight;
    getrlimit(RLIMIT_NOFILE, &old);
    tight = old;
    tight.rlim_cur = 64;
    setrlimit(RLIMIT_NOFILE, &tight);
    assert_true(descriptor_may_be_kept(47, DESCRIPTOR_CLIENT));
    assert_false(descriptor_may_be_kept(48, DESCRIPTOR_CLIENT));
    assert_true(descriptor_may_be_kept(55, DESCRIPTOR_UPSTREAM));
    assert_false(descriptor_may_be_kept(56, DESCRIPTOR_UPSTREAM));
    tight.rlim_cur = 4; /* whoever sets that gets nothing, and no surprise */
    setrlimit(RLIMIT_NOFILE, &tight);
    assert_false(descriptor_may_be_kept(3, DESCRIPTOR_UPSTREAM));
    setrlimit(RLIMIT_NOFILE, &old);
    assert_true(descriptor_may_be_kept(48, DESCRIPTOR_CLIENT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_alone_has_all),
        cmocka_unit_test(nobody_can_take_the_share_of_another),
        cmocka_unit_test(a_grant_may_lie_across_share_and_common_half),
        cmocka_unit_test(addresses_count_in_the_whole_process),
        cmocka_unit_test(two_servers_keep_one_account_of_an_address),
        cmocka_unit_test(halves_of_messages_count_as_octets),
        cmocka_unit_test(the_last_descriptors_are_not_for_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
