/* The trace's views over a made-up walk. */
#include "cli/trace_page.h"
#include "cli/trace_svg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/msg.h"
#include "dnssec/verify.h"
#include "resolve/event_json.h"

/* Names of a walk, kept for its time. */
struct names {
    name_t qname[NAME_MAX_LEN], org[NAME_MAX_LEN], python[NAME_MAX_LEN], root_server[NAME_MAX_LEN],
        server[NAME_MAX_LEN], target[NAME_MAX_LEN];
};

static void name(name_t out[NAME_MAX_LEN], const char *text)
{
    assert_int_equal(name_from_text(out, text, strlen(text), NULL), ERR_OK);
}

static void names_init(struct names *n)
{
    name(n->qname, "www.python.org.");
    name(n->org, "org.");
    name(n->python, "python.org.");
    name(n->root_server, "a.root-servers.net.");
    name(n->server, "ns1.python.org.");
    name(n->target, "python.map.example.");
}

typedef void event_fn(void *ctx, const struct event *e);

/* A question to the root, a referral, silence, an answer over TCP, an alias with a sub-question,
 * a failure below. */
static void walk(event_fn *fn, void *ctx, const struct names *n)
{
    struct endpoint root = {.addr = addr_v4((const uint8_t[4]){198, 41, 0, 4}), .port = 53};
    struct endpoint own = {.addr = addr_v4((const uint8_t[4]){192, 0, 2, 53}), .port = 53};
    struct rdata rd[2] = {{(const uint8_t *)"\300\0\2\1", 4}, {(const uint8_t *)"\300\0\2\2", 4}};
    struct rrset a = {
        .owner = n->qname, .type = TYPE_A, .class = CLASS_IN, .ttl = 60, .count = 2, .rdata = rd};
    const struct event events[] = {
        {.kind = EVENT_QUESTION},
        {.kind = EVENT_CUT, .zone = NAME_ROOT, .count = 13, .glue = 26, .from_hints = true},
        {.kind = EVENT_SENT,
            .zone = NAME_ROOT,
            .server = n->root_server,
            .to = &root,
            .sent_name = n->org,
            .sent_type = TYPE_A,
            .send = 1},
        {.kind = EVENT_REPLY,
            .zone = NAME_ROOT,
            .server = n->root_server,
            .to = &root,
            .sent_name = n->org,
            .send = 1,
            .rtt_ms = 12},
        {.kind = EVENT_REFERRAL, .zone = NAME_ROOT, .child = n->org, .count = 6, .glue = 12, .ds = &a},
        {.kind = EVENT_SENT,
            .zone = n->org,
            .server = n->server,
            .to = &own,
            .sent_name = n->python,
            .sent_type = TYPE_A,
            .send = 2},
        {.kind = EVENT_TIMEOUT, .zone = n->org, .server = n->server, .to = &own, .send = 2},
        {.kind = EVENT_SENT,
            .zone = n->org,
            .server = n->server,
            .to = &own,
            .sent_name = n->python,
            .sent_type = TYPE_A,
            .send = 3},
        {.kind = EVENT_REPLY, .zone = n->org, .server = n->server, .to = &own, .send = 3, .rtt_ms = 3},
        {.kind = EVENT_SENT,
            .zone = n->org,
            .server = n->server,
            .to = &own,
            .sent_name = n->qname,
            .sent_type = TYPE_A,
            .send = 4},
        {.kind = EVENT_REPLY, .zone = n->org, .server = n->server, .to = &own, .send = 4, .rtt_ms = 3},
        {.kind = EVENT_TRUNCATED, .zone = n->org, .server = n->server, .to = &own},
        {.kind = EVENT_FALLBACK,
            .zone = n->org,
            .server = n->server,
            .to = &own,
            .tag = "tcp",
            .text = "asking over TCP"},
        {.kind = EVENT_SENT,
            .zone = n->org,
            .server = n->server,
            .to = &own,
            .sent_name = n->qname,
            .sent_type = TYPE_A,
            .send = 5,
            .transport = TRANSPORT_TCP},
        {.kind = EVENT_REPLY,
            .zone = n->org,
            .server = n->server,
            .to = &own,
            .send = 5,
            .rtt_ms = 9,
            .transport = TRANSPORT_TCP,
            .aa = true},
        {.kind = EVENT_ALIAS, .child = n->target},
        {.kind = EVENT_QUESTION,
            .depth = 1,
            .qname = n->target,
            .because = n->qname,
            .purpose = "alias target"},
        {.kind = EVENT_CACHE_HIT, .depth = 1, .qname = n->target, .rrset = &a, .from_cache = true},
        {.kind = EVENT_DONE, .depth = 1, .qname = n->target},
        {.kind = EVENT_SENT,
            .zone = n->org,
            .server = n->server,
            .to = &own,
            .sent_name = n->qname,
            .sent_type = TYPE_A,
            .send = 6},
        {.kind = EVENT_USELESS,
            .zone = n->org,
            .server = n->server,
            .to = &own,
            .send = 6,
            .tag = "port-closed",
            .text = "no name server listens at the address"},
        {.kind = EVENT_DONE},
    };
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        struct event e = events[i];
        if (!e.qname)
            e.qname = n->qname;
        e.qtype = TYPE_A;
        e.now.mono_ms = 1000 + 2 * (int64_t)i;
        fn(ctx, &e);
    }
}

/* The page of a walk that ended so. Free it. */
static char *page_of(
    void (*play)(event_fn *, void *, const struct names *), const struct names *n, bool whole)
{
    struct out out;
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    out_init(&out, f, OUT_TEXT);
    out.utf8 = false;
    struct trace_walk w;
    struct outcome o = {
        .rcode = RCODE_SERVFAIL, .reason = {EDE_NO_REACHABLE_AUTHORITY, "silent-servers", "no"}};
    struct text sum;
    trace_walk_init(&w, 1000);
    play(trace_walk_event, &w, n);
    trace_walk_end(&w, 42);
    trace_page_print(&out, &w, whole);
    text_init(&sum);
    trace_page_sum(&sum, &w, &o);
    out_put(&out, STYLE_DIM, sum.data);
    out_end(&out);
    text_fini(&sum);
    trace_walk_fini(&w);
    fclose(f);
    return text;
}

static void the_page_tells_the_walk(void **state)
{
    struct names n;
    names_init(&n);
    char *text = page_of(walk, &n, false);
    assert_string_equal(text,
        "    zone   server                   address                                 time\n"
        "    .      13 servers, 26 addresses                                     built in\n"
        " 1  .      a.root-servers.net       198.41.0.4               #             12 ms\n"
        "      org A?  ->  ask its 6 servers, 12 addresses, signed\n"
        "    org    ns1.python.org           192.0.2.53                 .        no reply\n"
        " 2  org    ns1.python.org           192.0.2.53                  #           3 ms\n"
        "      python.org A?  ->  no zone begins there\n"
        " 3  org    ns1.python.org           192.0.2.53                   #          3 ms\n"
        "      www.python.org A?  ->  too long for UDP; asking again over TCP\n"
        " 4  org    ns1.python.org           192.0.2.53 TCP                 #        9 ms\n"
        "      www.python.org A?  ->  an alias of python.map.example\n"
        "    python.map.example A  (alias target)\n"
        "    python.map.example A: A 192.0.2.1, 1 more                              cache\n"
        "    org    ns1.python.org           192.0.2.53                        .  refused\n"
        "4 hops, 42 ms, 6 messages (1 over TCP), 2 without a reply, failed\n");
    free(text);
}

static void collect(void *ctx, const struct event *e)
{
    json_array_append_new(ctx, event_to_json(e, 1000));
}

static const char *string_of(const json_t *j, const char *key)
{
    const char *s = json_string_value(json_object_get(j, key));
    return s ? s : "(none)";
}

static void json_has_an_object_an_event(void **state)
{
    struct names n;
    names_init(&n);
    json_t *list = json_array();
    walk(collect, list, &n);
    const json_t *j;
    size_t i;
    json_array_foreach(list, i, j)
    {
        assert_true(json_is_string(json_object_get(j, "event")));
        assert_true(json_is_integer(json_object_get(j, "at_ms")));
        assert_true(json_is_integer(json_object_get(j, "depth")));
        assert_true(json_is_string(json_object_get(j, "qname")));
        assert_true(json_is_string(json_object_get(j, "qtype")));
    }
    j = json_array_get(list, 1);
    assert_string_equal(string_of(j, "event"), "cut");
    assert_string_equal(string_of(j, "from"), "hints");
    assert_int_equal(json_integer_value(json_object_get(j, "servers")), 13);
    j = json_array_get(list, 3);
    assert_string_equal(string_of(j, "event"), "reply");
    assert_string_equal(string_of(j, "server"), "a.root-servers.net.");
    assert_string_equal(string_of(j, "address"), "198.41.0.4");
    assert_string_equal(string_of(j, "transport"), "udp");
    assert_string_equal(string_of(j, "rcode"), "NOERROR");
    assert_int_equal(json_integer_value(json_object_get(j, "rtt_ms")), 12);
    assert_int_equal(json_integer_value(json_object_get(j, "at_ms")), 6);
    j = json_array_get(list, 4);
    assert_string_equal(string_of(j, "event"), "referral");
    assert_string_equal(string_of(j, "child"), "org.");
    assert_true(json_is_true(json_object_get(j, "signed")));
    json_decref(list);
}

/* DS of the key tag 12345, ED25519, SHA-256; of tag 1 and algorithm 13 before it. */
static const uint8_t ds_other[36] = {0, 1, 13, 2}, ds_own[36] = {0x30, 0x39, 15, 2};

/* What validation says of a walk from the root to a zone of each verdict. */
static void chain(event_fn *fn, void *ctx, const struct names *n)
{
    struct rdata rd[2] = {{ds_other, sizeof ds_other}, {ds_own, sizeof ds_own}};
    struct rrset ds = {.owner = n->org, .type = TYPE_DS, .class = CLASS_IN, .count = 2, .rdata = rd};
    struct rrset a = {.owner = n->qname, .type = TYPE_A, .class = CLASS_IN};
    struct rrsig sig = {
        .tag = 12345, .algorithm = 15, .inception = 1795392000, .expiration = 1796601600, .signer = n->org};
    struct rrset nsec = {.owner = n->org, .type = TYPE_NSEC, .class = CLASS_IN};
    struct rrsig odd = sig;
    odd.tag = 7;
    odd.algorithm = 200;
    odd.expiration = odd.inception + 3600;
    const struct event events[] = {
        {.kind = EVENT_CHAIN, .zone = NAME_ROOT, .anchor = true, .sig = &sig, .verdict = VERDICT_SECURE},
        {.kind = EVENT_CHAIN, .zone = n->org, .ds = &ds, .sig = &sig, .verdict = VERDICT_SECURE},
        {.kind = EVENT_CHAIN, .zone = n->org, .ds = &ds, .anchor = true, .verdict = VERDICT_SECURE},
        {.kind = EVENT_VALIDATED, .zone = n->org, .rrset = &a, .sig = &odd, .verdict = VERDICT_SECURE},
        {.kind = EVENT_VALIDATED, .zone = n->org, .rrset = &nsec, .sig = &sig, .verdict = VERDICT_SECURE},
        {.kind = EVENT_VALIDATED, .zone = n->org, .verdict = VERDICT_SECURE, .sig = &sig},
        {.kind = EVENT_CHAIN, .zone = n->python, .verdict = VERDICT_INSECURE, .text = "it has no DS"},
        {.kind = EVENT_VALIDATED,
            .zone = n->org,
            .rrset = &a,
            .verdict = VERDICT_BOGUS,
            .tag = "rrsig-expired",
            .ede = EDE_SIGNATURE_EXPIRED,
            .text = "signature of www.python.org A by key 12345 expired 3 days ago"},
    };
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        struct event e = events[i];
        e.qname = n->qname;
        e.qtype = TYPE_A;
        e.now = (now_t){.mono_ms = 1000, .wall_s = 1796000000, .wall_known = true};
        fn(ctx, &e);
    }
}

static void the_page_tells_the_chain(void **state)
{
    struct names n;
    names_init(&n);
    char *text = page_of(chain, &n, true);
    assert_string_equal(text,
        "      the root is secure: trust anchor, keys signed by key 12345 ED25519,\n"
        "        2026-11-23 to 2026-12-07\n"
        "      org is secure: DS 12345 SHA-256, keys signed by key 12345 ED25519,\n"
        "        2026-11-23 to 2026-12-07\n"
        "      org is secure: trust anchor 1 SHA-256\n"
        "      www.python.org A is secure: signed by key 7 algorithm 200 of org,\n"
        "        2026-11-23T00:00Z to 2026-11-23T01:00Z\n"
        "      the denial is secure: signed by key 12345 ED25519 of org, 2026-11-23 to\n"
        "        2026-12-07\n"
        "      python.org is insecure: it has no DS\n"
        "      www.python.org A is bogus: signature of www.python.org A by key 12345\n"
        "        expired 3 days ago\n"
        "0 hops, 42 ms, 0 messages, failed\n");
    free(text);
}

static void json_has_the_chain(void **state)
{
    struct names n;
    names_init(&n);
    json_t *list = json_array();
    chain(collect, list, &n);
    const json_t *j = json_array_get(list, 1), *sig = json_object_get(j, "signature");
    assert_string_equal(string_of(j, "event"), "chain");
    assert_string_equal(string_of(j, "zone"), "org.");
    assert_string_equal(string_of(j, "verdict"), "secure");
    assert_true(json_is_false(json_object_get(j, "anchor")));
    assert_int_equal(json_array_size(json_object_get(j, "ds")), 2);
    assert_string_equal(string_of(sig, "signer"), "org.");
    assert_string_equal(string_of(sig, "algorithm_name"), "ED25519");
    assert_int_equal(json_integer_value(json_object_get(sig, "key_tag")), 12345);
    assert_int_equal(json_integer_value(json_object_get(sig, "inception")), 1795392000);
    assert_int_equal(json_integer_value(json_object_get(sig, "expiration")), 1796601600);
    j = json_array_get(list, 7);
    assert_string_equal(string_of(j, "event"), "validated");
    assert_string_equal(string_of(j, "verdict"), "bogus");
    assert_string_equal(string_of(j, "tag"), "rrsig-expired");
    assert_null(json_object_get(j, "signature"));
    json_decref(list);
}

static void the_outcome_is_an_object_too(void **state)
{
    struct names n;
    names_init(&n);
    struct rdata rd = {(const uint8_t *)"\300\0\2\1", 4};
    struct rrset a = {.owner = n.qname,
                     .type = TYPE_A,
                     .class = CLASS_IN,
                     .ttl = 60,
                     .count = 1,
                     .rdata = &rd},
                 *items[] = {&a};
    struct question q = {.name = n.qname, .type = TYPE_A, .class = CLASS_IN};
    struct outcome o = {.answer = {items, 1, 1}, .reason = {.ede = EDE_NONE}, .messages = 4};
    json_t *j = outcome_to_json(&q, &o, 17);
    assert_string_equal(string_of(j, "event"), "outcome");
    assert_string_equal(string_of(j, "rcode"), "NOERROR");
    assert_string_equal(string_of(json_array_get(json_object_get(j, "answerRRs"), 0), "rdataA"), "192.0.2.1");
    assert_int_equal(json_integer_value(json_object_get(j, "messages")), 4);
    assert_int_equal(json_integer_value(json_object_get(j, "time_ms")), 17);
    assert_null(json_object_get(j, "ede"));
    json_decref(j);
}

/* A tag or entity of ours, and nothing else, begins with < or &. */
static void check_markup(const char *svg)
{
    static const char *const known[] = {"<?xml ", "<svg ", "</svg>", "<title>", "</title>", "<defs>",
        "</defs>", "<marker ", "</marker>", "<pattern ", "</pattern>", "<path ", "<rect ", "<g ", "</g>",
        "<text ", "</text>", "<tspan ", "</tspan>", "&lt;", "&gt;", "&amp;", "&quot;", "&#39;", "&#8230;",
        "&#8594;"};
    for (const char *s = svg; (s = strpbrk(s, "<&")); s++) {
        bool ours = false;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            ours = ours || strncmp(s, known[i], strlen(known[i])) == 0;
        if (!ours)
            print_message("%.60s\n", s);
        assert_true(ours);
    }
    for (const char *s = svg; *s; s++)
        assert_true((*s >= 0x20 && *s < 0x7f) || *s == '\n');
}

static void what_strangers_say_is_text_in_the_picture(void **state)
{
    static const char hostile[] = "</text><script>alert('&')</script>\x1b[2J\xe2\x80\xae\xff\"";
    name_t evil[NAME_MAX_LEN];
    name(evil, "<b>.\\\"&amp\\;\\255.");
    struct endpoint at = {.addr = addr_v4((const uint8_t[4]){192, 0, 2, 53}), .port = 53};
    struct trace_walk w;
    struct text svg;
    text_init(&svg);
    trace_walk_init(&w, 0);
    for (unsigned k = 0; k < EVENT_COUNT; k++) {
        struct event e = {
            .kind = (enum event_kind)k, .qname = evil, .qtype = TYPE_A, .zone = evil, .server = evil};
        e.to = &at;
        e.child = evil;
        e.sent_name = evil;
        e.send = k / 3;
        e.text = e.purpose = hostile;
        e.tag = "other";
        e.verdict = VERDICT_BOGUS;
        e.depth = k % 4;
        e.now.mono_ms = k;
        trace_walk_event(&w, &e);
    }
    trace_walk_end(&w, 10);
    struct question q = {.name = evil, .type = TYPE_A, .class = CLASS_IN};
    struct outcome o = {.rcode = RCODE_SERVFAIL, .reason = {EDE_DNSSEC_BOGUS, "tag", hostile}};
    trace_svg_draw(&svg, &w, &q, &o, hostile);
    check_markup(svg.data);
    assert_non_null(strstr(svg.data, "&lt;/text&gt;&lt;script&gt;alert(&#39;&amp;&#39;)"));
    text_fini(&svg);
    trace_walk_fini(&w);
}

static void a_picture_has_an_end(void **state)
{
    struct names n;
    struct trace_walk w;
    struct text svg;
    names_init(&n);
    text_init(&svg);
    trace_walk_init(&w, 1000);
    for (unsigned i = 0; i < 500; i++)
        walk(trace_walk_event, &w, &n);
    trace_walk_end(&w, 42);
    struct question q = {.name = n.qname, .type = TYPE_A, .class = CLASS_IN};
    struct outcome o = {.reason = {.ede = EDE_NONE}};
    trace_svg_draw(&svg, &w, &q, &o, "");
    assert_non_null(strstr(svg.data, "and more than a picture can show"));
    assert_true(svg.len < 200000);
    check_markup(svg.data);
    text_fini(&svg);
    trace_walk_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_tells_the_walk),
        cmocka_unit_test(json_has_an_object_an_event),
        cmocka_unit_test(the_page_tells_the_chain),
        cmocka_unit_test(json_has_the_chain),
        cmocka_unit_test(the_outcome_is_an_object_too),
        cmocka_unit_test(what_strangers_say_is_text_in_the_picture),
        cmocka_unit_test(a_picture_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
