#include "fixture.h"

static const struct msg_question A_IN = {.type = TYPE_A, .class = CLASS_IN};
static const uint8_t CLIENT_COOKIE[8] = "client's";

/* Asks for localhost with len octets of a cookie. */
static enum served ask_with(struct fixture *f, enum transport transport, const uint8_t *cookie, uint8_t len)
{
    struct edns e = {.present = true, .udp_size = 1232, .cookie_len = len};
    memcpy(e.cookie, cookie, len);
    return fixture_ask_edns(f, transport, "localhost.", &A_IN, FLAG_RD, &e);
}

/* A cookie as the server gives it. */
static void learn(struct fixture *f, uint8_t cookie[COOKIE_LEN])
{
    assert_int_equal(ask_with(f, TRANSPORT_UDP, CLIENT_COOKIE, 8), SERVE_DONE);
    assert_int_equal(f->got.edns.cookie_len, COOKIE_LEN);
    assert_memory_equal(f->got.edns.cookie, CLIENT_COOKIE, 8);
    memcpy(cookie, f->got.edns.cookie, COOKIE_LEN);
}

/* ---- cookies (RFC 7873, threat S6) ---- */

static void client_is_given_a_cookie_and_known_by_it(void **state)
{
    struct fixture *f = *state;
    uint8_t cookie[COOKIE_LEN];
    learn(f, cookie);
    assert_false(f->rq.cookie_good);
    assert_int_equal(f->got.rcode, RCODE_NOERROR);
    assert_int_equal(ask_with(f, TRANSPORT_UDP, cookie, COOKIE_LEN), SERVE_DONE);
    assert_true(f->rq.cookie_good);
    assert_memory_equal(f->got.edns.cookie, cookie, COOKIE_LEN);
    assert_int_equal(fixture_ask(f, TRANSPORT_UDP, "localhost.", TYPE_A, FLAG_RD, 1232, false), SERVE_DONE);
    assert_false(f->rq.cookie_good);
    assert_int_equal(f->got.edns.cookie_len, 0);
}

static void forged_old_future_and_foreign_cookies_are_as_none(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *client;
        int64_t later_s;
        int octet; /* changed; -1: none */
        bool good;
        const char *why;
    } rows[] = {
        {"127.0.0.1", 0, -1, true, "as given"},
        {"127.0.0.1", 3600, -1, true, "an hour old"},
        {"127.0.0.1", 3601, -1, false, "older"},
        {"127.0.0.1", -300, -1, true, "clocks that differ"},
        {"127.0.0.1", -301, -1, false, "from the future"},
        {"127.0.0.2", 0, -1, false, "another address"},
        {"::1", 0, -1, false, "another family"},
        {"127.0.0.1", 0, 0, false, "the client's part"},
        {"127.0.0.1", 0, 8, false, "the version"},
        {"127.0.0.1", 0, 10, false, "the reserved octets"},
        {"127.0.0.1", 0, 15, false, "the time"},
        {"127.0.0.1", 0, 23, false, "the hash"},
    };
    uint8_t cookie[COOKIE_LEN];
    learn(f, cookie);
    int64_t given = f->now.wall_s;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int require = 0; require < 2; require++) {
            uint8_t sent[COOKIE_LEN];
            memcpy(sent, cookie, sizeof sent);
            if (rows[i].octet >= 0)
                sent[rows[i].octet] ^= 1;
            f->settings.cookies_require = require;
            fixture_settings(f);
            f->now.wall_s = given + rows[i].later_s;
            fixture_client(f, rows[i].client);
            assert_int_equal(ask_with(f, TRANSPORT_UDP, sent, COOKIE_LEN), SERVE_DONE);
            if (f->rq.cookie_good != rows[i].good)
                fail_msg("%s", rows[i].why);
            assert_int_equal(f->got.rcode, rows[i].good || !require ? RCODE_NOERROR : RCODE_BADCOOKIE);
            assert_int_equal(f->got.counts[SECTION_ANSWER], f->got.rcode ? 0 : 1);
            /* The reply's is always a good one for whoever is there. */
            memcpy(sent, f->got.edns.cookie, COOKIE_LEN);
            assert_int_equal(ask_with(f, TRANSPORT_UDP, sent, COOKIE_LEN), SERVE_DONE);
            assert_true(f->rq.cookie_good);
            assert_int_equal(f->got.rcode, RCODE_NOERROR);
        }
}

static void servers_with_one_secret_know_each_others_cookies(void **state)
{
    struct fixture *f = *state;
    uint8_t cookie[COOKIE_LEN];
    learn(f, cookie);
    struct serve *other = serve_new(&f->settings, f->cache), *mine = f->serve;
    f->serve = other;
    ask_with(f, TRANSPORT_UDP, cookie, COOKIE_LEN);
    assert_true(f->rq.cookie_good);
    /* Rolled over: the old one is believed, the new one is what the client gets. */
    f->settings.cookie_secrets =
        (struct cookie_secrets){.count = 2, .octets = {"the newer secret", "a secret of ours"}};
    fixture_settings(f);
    ask_with(f, TRANSPORT_UDP, cookie, COOKIE_LEN);
    assert_true(f->rq.cookie_good);
    assert_memory_not_equal(f->got.edns.cookie, cookie, COOKIE_LEN);
    f->settings.cookie_secrets.count = 1;
    fixture_settings(f);
    ask_with(f, TRANSPORT_UDP, cookie, COOKIE_LEN);
    assert_false(f->rq.cookie_good);
    f->serve = mine;
    serve_free(other);
}

static void where_cookies_are_required_plain_clients_come_over_tcp(void **state)
{
    struct fixture *f = *state;
    f->settings.cookies_require = true;
    fixture_settings(f);
    assert_int_equal(fixture_ask(f, TRANSPORT_UDP, "localhost.", TYPE_A, FLAG_RD, 0, false), SERVE_DONE);
    assert_int_equal(f->got.rcode, RCODE_NOERROR);
    assert_true(f->got.flags & FLAG_TC);
    assert_int_equal(f->got.counts[SECTION_ANSWER], 0);
    assert_int_equal(fixture_ask(f, TRANSPORT_TCP, "localhost.", TYPE_A, FLAG_RD, 0, false), SERVE_DONE);
    assert_int_equal(f->got.counts[SECTION_ANSWER], 1);
    assert_int_equal(ask_with(f, TRANSPORT_UDP, CLIENT_COOKIE, 8), SERVE_DONE);
    assert_int_equal(f->got.rcode, RCODE_BADCOOKIE);
    assert_int_equal(ask_with(f, TRANSPORT_TCP, CLIENT_COOKIE, 8), SERVE_DONE);
    assert_int_equal(f->got.rcode, RCODE_NOERROR);
}

/* RFC 7873 5.4 */
static void cookie_alone_may_be_asked_for(void **state)
{
    struct fixture *f = *state;
    uint8_t cookie[COOKIE_LEN];
    learn(f, cookie);
    static const struct {
        uint8_t len;
        bool forged, cookies;
        int rcode;
    } rows[] = {
        {8, false, true, RCODE_NOERROR},
        {COOKIE_LEN, false, true, RCODE_NOERROR},
        {COOKIE_LEN, true, true, RCODE_BADCOOKIE},
        {8, false, false, RCODE_FORMERR},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct edns e = {.present = true, .udp_size = 1232, .cookie_len = rows[i].len};
        memcpy(e.cookie, cookie, rows[i].len);
        if (rows[i].forged)
            e.cookie[20] ^= 1;
        f->settings.cookies = rows[i].cookies;
        fixture_settings(f);
        uint8_t query[100] = {0x12, 0x34, [11] = 1};
        struct writer w = writer_of(query + MSG_HEADER_LEN, sizeof query - MSG_HEADER_LEN);
        edns_write(&w, &e);
        assert_int_equal(fixture_hand(f, TRANSPORT_UDP, query, MSG_HEADER_LEN + w.pos), SERVE_DONE);
        assert_int_equal(f->got.rcode, rows[i].rcode);
        assert_int_equal(f->got.qdcount, 0);
        assert_int_equal(f->got.edns.cookie_len, rows[i].cookies ? COOKIE_LEN : 0);
    }
}

static void without_cookies_the_option_is_one_of_many(void **state)
{
    struct fixture *f = *state;
    f->settings.cookies = false;
    fixture_settings(f);
    assert_int_equal(ask_with(f, TRANSPORT_UDP, CLIENT_COOKIE, 8), SERVE_DONE);
    assert_true(f->got.edns.present);
    assert_int_equal(f->got.edns.cookie_len, 0);
    f->settings.cookies_require = true; /* then nobody can have a good one */
    fixture_settings(f);
    assert_int_equal(ask_with(f, TRANSPORT_UDP, CLIENT_COOKIE, 8), SERVE_DONE);
    assert_int_equal(f->got.rcode, RCODE_NOERROR);
    assert_true(f->got.flags & FLAG_TC);
}

static void answer_that_waited_has_its_cookie_too(void **state)
{
    struct fixture *f = *state;
    struct edns e = {.present = true, .udp_size = 1232, .cookie_len = 8};
    memcpy(e.cookie, CLIENT_COOKIE, 8);
    assert_int_equal(fixture_ask_edns(f, TRANSPORT_UDP, "www.example.", &A_IN, FLAG_RD, &e), SERVE_PENDING);
    struct outcome o = {.rcode = RCODE_SERVFAIL, .reason.ede = EDE_NONE};
    fixture_compose(f, &o);
    assert_int_equal(f->got.edns.cookie_len, COOKIE_LEN);
}

/* ---- strangers (threat A23) ---- */

static void tell_strangers_by_the_bucket(struct fixture *f, struct hash_key *key)
{
    f->settings.strangers = strangers_new(key);
    fixture_settings(f);
}

static void spoofed_stranger_is_told_so_a_few_times_and_sent_little(void **state)
{
    struct fixture *f = *state;
    struct hash_key key = {5, 6};
    tell_strangers_by_the_bucket(f, &key);
    fixture_client(f, "192.0.2.1");
    size_t in = 0, out = 0;
    unsigned replies = 0;
    for (unsigned i = 0; i < 10000; i++) { /* a second of 10,000 ANY */
        f->now.mono_ms = 5000000 + i / 10;
        enum served served = fixture_ask(f, TRANSPORT_UDP, "x.", TYPE_ANY, FLAG_RD, 4096, true);
        in += 12 + 3 + 4 + 11;
        if (served == SERVE_DONE) {
            assert_int_equal(f->got.rcode, RCODE_REFUSED);
            assert_true(f->reply.len <= 100);
            out += f->reply.len;
            replies++;
        } else {
            assert_int_equal(served, SERVE_SILENT);
        }
    }
    assert_in_range(replies, STRANGER_REFUSALS_BURST, STRANGER_REFUSALS_BURST + STRANGER_REFUSALS_PER_S);
    assert_true(out * 100 < in);
    strangers_free(f->settings.strangers);
}

static void stranger_whose_address_is_proven_is_always_told(void **state)
{
    struct fixture *f = *state;
    struct hash_key key = {5, 6};
    uint8_t cookie[COOKIE_LEN];
    tell_strangers_by_the_bucket(f, &key);
    fixture_client(f, "192.0.2.1");
    learn(f, cookie);
    assert_int_equal(f->got.rcode, RCODE_REFUSED);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(ask_with(f, TRANSPORT_UDP, cookie, COOKIE_LEN), SERVE_DONE);
        assert_int_equal(f->got.rcode, RCODE_REFUSED);
        assert_int_equal(fixture_ask(f, TRANSPORT_TCP, "x.", TYPE_A, FLAG_RD, 0, false), SERVE_DONE);
        assert_int_equal(f->got.rcode, RCODE_REFUSED);
    }
    strangers_free(f->settings.strangers);
}

static void clients_are_never_counted_as_strangers(void **state)
{
    struct fixture *f = *state;
    struct hash_key key = {5, 6};
    tell_strangers_by_the_bucket(f, &key);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(fixture_ask(f, TRANSPORT_UDP, "localhost.", TYPE_A, FLAG_RD, 0, false), SERVE_DONE);
    strangers_free(f->settings.strangers);
}

static void longer_prefix_decides_who_is_served(void **state)
{
    struct fixture *f = *state;
    struct prefix deny;
    assert_int_equal(prefix_parse(&deny, "127.9.0.0/16"), ERR_OK);
    f->settings.access_deny = (struct prefix_list){.items = &deny, .count = 1};
    fixture_settings(f);
    static const struct {
        const char *client;
        int rcode;
    } rows[] = {{"127.0.0.1", RCODE_NOERROR}, {"127.9.1.1", RCODE_REFUSED}, {"::1", RCODE_NOERROR},
        {"10.0.0.1", RCODE_REFUSED}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fixture_client(f, rows[i].client);
        fixture_ask(f, TRANSPORT_UDP, "localhost.", TYPE_A, FLAG_RD, 0, false);
        assert_int_equal(f->got.rcode, rows[i].rcode);
    }
}

/* ---- RD=0 ---- */

static void only_who_may_look_is_told_what_is_cached(void **state)
{
    struct fixture *f = *state;
    static const uint8_t address[4] = {192, 0, 2, 1};
    f->settings.snoopers = (struct prefix_list){.items = &f->access[1], .count = 1}; /* ::1 */
    fixture_settings(f);
    struct rrset *rs = fixture_rrset(f, "www.example.", TYPE_A, 300, address, 4, 1);
    cache_rrset_put(f->cache, rs, f->now.cache_s);
    for (int finished = 0; finished < 2; finished++) { /* as a finished answer too */
        fixture_client(f, "127.0.0.1");
        assert_int_equal(fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_A, 0, 1232, false), SERVE_DONE);
        assert_int_equal(f->got.rcode, RCODE_REFUSED);
        assert_int_equal(f->got.edns.ede[0].code, EDE_PROHIBITED);
        /* Equal for what is not there: nothing is learnt from the refusal. */
        size_t len = f->reply.len;
        fixture_ask(f, TRANSPORT_UDP, "wwx.example.", TYPE_A, 0, 1232, false);
        assert_int_equal(f->got.rcode, RCODE_REFUSED);
        assert_int_equal(f->reply.len, len);
        fixture_ask(f, TRANSPORT_UDP, "localhost.", TYPE_A, 0, 1232, false);
        assert_int_equal(f->got.rcode, RCODE_NOERROR); /* ours, not the cache's */
        fixture_client(f, "::1");
        assert_int_equal(fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_A, 0, 1232, false), SERVE_DONE);
        assert_int_equal(f->got.rcode, RCODE_NOERROR);
        assert_int_equal(fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_A, FLAG_RD, 1232, false),
            finished ? SERVE_DONE : SERVE_PENDING);
        if (finished)
            continue;
        struct outcome o = {.reason.ede = EDE_NONE};
        rrset_list_add(&o.answer, rs, &f->a);
        fixture_compose(f, &o);
    }
}

/* ---- what we tell of ourselves ---- */

static void ch_txt_tells_what_the_settings_allow(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *name;
        uint16_t type, class;
        const char *identity, *version, *text; /* NULL: refused */
    } rows[] = {
        {"id.server.", TYPE_TXT, CLASS_CH, NULL, NULL, NULL},
        {"version.bind.", TYPE_TXT, CLASS_CH, NULL, NULL, NULL},
        {"id.server.", TYPE_TXT, CLASS_CH, "ns1", NULL, "ns1"},
        {"ID.Server.", TYPE_TXT, CLASS_CH, "ns1", NULL, "ns1"},
        {"hostname.bind.", TYPE_TXT, CLASS_CH, "ns1", NULL, "ns1"},
        {"version.server.", TYPE_TXT, CLASS_CH, "ns1", NULL, NULL},
        {"version.bind.", TYPE_TXT, CLASS_CH, NULL, "hark 9", "hark 9"},
        {"version.server.", TYPE_ANY, CLASS_CH, NULL, "hark 9", "hark 9"},
        {"version.bind.", TYPE_A, CLASS_CH, NULL, "hark 9", NULL},
        {"authors.bind.", TYPE_TXT, CLASS_CH, "ns1", "hark 9", NULL},
        {"x.id.server.", TYPE_TXT, CLASS_CH, "ns1", "hark 9", NULL},
        {"localhost.", TYPE_A, CLASS_CH, "ns1", "hark 9", NULL},
        {"id.server.", TYPE_TXT, CLASS_HS, "ns1", "hark 9", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct msg_question q = {.type = rows[i].type, .class = rows[i].class};
        struct edns none = {0};
        f->settings.identity = rows[i].identity;
        f->settings.version = rows[i].version;
        fixture_settings(f);
        assert_int_equal(fixture_ask_edns(f, TRANSPORT_UDP, rows[i].name, &q, 0, &none), SERVE_DONE);
        assert_int_equal(f->got.rcode, rows[i].text ? RCODE_NOERROR : RCODE_REFUSED);
        assert_int_equal(f->got.counts[SECTION_ANSWER], rows[i].text ? 1 : 0);
        if (!rows[i].text)
            continue;
        const struct rr *rr = &f->got.rrs[SECTION_ANSWER][0];
        assert_int_equal(rr->class, CLASS_CH);
        assert_int_equal(rr->type, TYPE_TXT);
        assert_int_equal(rr->ttl, 0);
        assert_int_equal(rr->rdata.len, strlen(rows[i].text) + 1);
        assert_memory_equal(rr->rdata.data + 1, rows[i].text, strlen(rows[i].text));
    }
    fixture_client(f, "192.0.2.1");
    struct msg_question q = {.type = TYPE_TXT, .class = CLASS_CH};
    struct edns none = {0};
    fixture_ask_edns(f, TRANSPORT_UDP, "id.server.", &q, 0, &none);
    assert_int_equal(f->got.rcode, RCODE_REFUSED);
}

/* RFC 5001: who asks is told, in any reply. */
static void nsid_is_the_identity(void **state)
{
    struct fixture *f = *state;
    for (int known = 0; known < 2; known++)
        for (int asked = 0; asked < 2; asked++) {
            struct edns e = {.present = true, .udp_size = 1232, .nsid_asked = asked};
            f->settings.identity = known ? "ns1.example" : NULL;
            fixture_settings(f);
            fixture_ask_edns(f, TRANSPORT_UDP, "localhost.", &A_IN, FLAG_RD, &e);
            assert_int_equal(f->got.edns.nsid.len, known && asked ? 11 : 0);
            assert_int_equal(f->got.edns.nsid_asked, known && asked);
            if (known && asked)
                assert_memory_equal(f->got.edns.nsid.data, "ns1.example", 11);
        }
}

/* The longest question and the longest identity: the rcode's upper bits and the cookie must be there still.
 */
static void explanations_give_way_where_there_is_no_room(void **state)
{
    struct fixture *f = *state;
    char identity[256], name[256];
    memset(identity, 'i', 255);
    identity[255] = 0;
    memset(name, 'n', sizeof name);
    name[63] = name[127] = name[191] = '.';
    name[253] = 0;
    f->settings.identity = identity;
    f->settings.cookies_require = true;
    fixture_settings(f);
    for (int stranger = 0; stranger < 2; stranger++) {
        struct edns e = {.present = true, .udp_size = 512, .nsid_asked = true, .cookie_len = 8};
        memcpy(e.cookie, CLIENT_COOKIE, 8);
        if (stranger)
            fixture_client(f, "192.0.2.1");
        fixture_ask_edns(f, TRANSPORT_UDP, name, &A_IN, FLAG_RD, &e);
        assert_int_equal(f->got.rcode, stranger ? RCODE_REFUSED : RCODE_BADCOOKIE);
        assert_int_equal(f->got.edns.cookie_len, COOKIE_LEN);
        assert_int_equal(f->got.edns.nsid.len, 0);
        assert_true(f->reply.len <= 512);
        fixture_ask_edns(f, TRANSPORT_UDP, "a.", &A_IN, FLAG_RD, &e);
        assert_int_equal(f->got.edns.nsid.len, 255);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(client_is_given_a_cookie_and_known_by_it),
        TEST(forged_old_future_and_foreign_cookies_are_as_none),
        TEST(servers_with_one_secret_know_each_others_cookies),
        TEST(where_cookies_are_required_plain_clients_come_over_tcp),
        TEST(cookie_alone_may_be_asked_for),
        TEST(without_cookies_the_option_is_one_of_many),
        TEST(answer_that_waited_has_its_cookie_too),
        TEST(spoofed_stranger_is_told_so_a_few_times_and_sent_little),
        TEST(stranger_whose_address_is_proven_is_always_told),
        TEST(clients_are_never_counted_as_strangers),
        TEST(longer_prefix_decides_who_is_served),
        TEST(only_who_may_look_is_told_what_is_cached),
        TEST(ch_txt_tells_what_the_settings_allow),
        TEST(nsid_is_the_identity),
        TEST(explanations_give_way_where_there_is_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
