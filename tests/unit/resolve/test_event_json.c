/* Each kind of event as JSON, and what is read of it again. */
#include "resolve/event_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/msg.h"

#define NAME(n, text) assert_int_equal(name_from_text(n, text, strlen(text), NULL), ERR_OK)

static char *printed(json_t *j)
{
    char *s = json_dumps(j, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_SORT_KEYS);
    json_decref(j);
    assert_non_null(s);
    return s;
}

/* What it says is read, and said again in the same words. */
static void check_returns(const struct event *e, int64_t start_ms)
{
    struct arena arena;
    struct event again;
    arena_init(&arena);
    json_t *j = event_to_json(e, start_ms);
    assert_int_equal(event_from_json(&again, j, &arena), ERR_OK);
    assert_int_equal(again.kind, e->kind);
    char *first = printed(j), *second = printed(event_to_json(&again, 0));
    assert_string_equal(first, second);
    free(first);
    free(second);
    arena_fini(&arena);
}

struct sample {
    name_t name[NAME_MAX_LEN], zone[NAME_MAX_LEN], child[NAME_MAX_LEN], odd[NAME_MAX_LEN];
    struct endpoint to;
    struct rdata addresses[2], digest;
    struct rrset data, ds;
    struct rrsig sig;
    uint8_t ds_octets[36];
};

static void sample_init(struct sample *s)
{
    *s = (struct sample){.ds_octets = {0x30, 0x39, 15, 2}};
    NAME(s->name, "www.example.org.");
    NAME(s->zone, "org.");
    NAME(s->child, "example.org.");
    NAME(s->odd, "a\\.b\\032\\255.org.");
    s->to = (struct endpoint){.addr = addr_v6((const uint8_t[16]){0x20, 1, 0xd, 0xb8}), .port = 5353};
    s->addresses[0] = (struct rdata){(const uint8_t *)"\300\0\2\1", 4};
    s->addresses[1] = (struct rdata){(const uint8_t *)"\300\0\2\2", 4};
    s->digest = (struct rdata){s->ds_octets, sizeof s->ds_octets};
    s->data = (struct rrset){
        .owner = s->name, .type = TYPE_A, .class = CLASS_IN, .ttl = 60, .count = 2, .rdata = s->addresses};
    s->ds = (struct rrset){
        .owner = s->child, .type = TYPE_DS, .class = CLASS_IN, .ttl = 3600, .count = 1, .rdata = &s->digest};
    /* across the turn of 32 bits: 2106-02-07 */
    s->sig = (struct rrsig){
        .tag = 12345, .algorithm = 200, .inception = 0xfffffff0, .expiration = 0x10000, .signer = s->zone};
}

static void every_kind_of_event_returns(void **state)
{
    struct sample s;
    sample_init(&s);
    for (unsigned k = 0; k < EVENT_COUNT; k++) {
        struct event e = {.kind = (enum event_kind)k, .qname = s.name, .qtype = TYPE_A};
        e.zone = s.zone;
        e.child = s.child;
        e.to = &s.to;
        e.now.mono_ms = 1234;
        check_returns(&e, 1000); /* with as little as it may have */
        e.depth = 3;
        e.qtype = 65280;
        e.because = s.odd;
        e.purpose = "alias target";
        e.server = s.odd;
        e.transport = TRANSPORT_TCP;
        e.sent_name = s.child;
        e.sent_type = TYPE_NS;
        e.send = (uint64_t)1 << 40;
        e.rtt_ms = 17;
        e.rcode = 3841;
        e.aa = true;
        e.octets = 65535;
        e.count = 13;
        e.glue = 26;
        e.from_cache = true;
        e.rrset = &s.data;
        e.ds = &s.ds;
        e.tag = "some-tag";
        e.text = "some \"text\" \x01 of \xff octets";
        e.ede = EDE_SIGNATURE_EXPIRED;
        e.verdict = VERDICT_INDETERMINATE;
        e.anchor = true;
        e.sig = &s.sig;
        e.now.wall_s = 4294967296 + 100;
        check_returns(&e, 1000); /* with all that there is */
        e.from_cache = false;
        e.from_hints = true;
        check_returns(&e, 1234);
    }
}

static void what_is_read_is_what_was_meant(void **state)
{
    struct sample s;
    struct arena arena;
    struct event e, said = {.kind = EVENT_REFERRAL, .qtype = TYPE_A, .count = 2, .glue = 4};
    sample_init(&s);
    arena_init(&arena);
    said.qname = s.name;
    said.zone = s.zone;
    said.child = s.child;
    said.ds = &s.ds;
    said.to = &s.to;
    said.sig = &s.sig;
    said.now.wall_s = 4294967296;
    json_t *j = event_to_json(&said, 0);
    assert_int_equal(event_from_json(&e, j, &arena), ERR_OK);
    assert_true(name_equal(e.qname, s.name) && name_equal(e.zone, s.zone) && name_equal(e.child, s.child));
    assert_int_equal(e.count, 2);
    assert_int_equal(e.glue, 4);
    assert_int_equal(e.ds->type, TYPE_DS);
    assert_memory_equal(e.ds->rdata[0].data, s.ds_octets, sizeof s.ds_octets);
    assert_true(endpoint_equal(e.to, &s.to));
    assert_int_equal(e.sig->inception, s.sig.inception);
    assert_int_equal(e.sig->expiration, s.sig.expiration);
    assert_int_equal(rrsig_time(e.sig->inception, e.now.wall_s), 4294967280);
    assert_int_equal(rrsig_time(e.sig->expiration, e.now.wall_s), 4295032832);
    json_decref(j);
    arena_fini(&arena);
}

static void refuses_what_is_no_event(void **state)
{
    static const struct {
        const char *json;
        enum err err;
    } cases[] = {
        {"[]", ERR_FORMAT},
        {"{}", ERR_FORMAT},
        {"{\"event\":7}", ERR_FORMAT},
        {"{\"event\":\"referrals\",\"qname\":\"a.\"}", ERR_UNKNOWN},
        {"{\"event\":\"outcome\",\"qname\":\"a.\"}", ERR_UNKNOWN},
        {"{\"event\":\"reply\"}", ERR_FORMAT},
        {"{\"event\":\"reply\",\"qname\":\"a..\"}", ERR_FORMAT},
        {"{\"event\":\"reply\",\"qname\":\"a.\",\"rtt_ms\":-1}", ERR_RANGE},
        {"{\"event\":\"reply\",\"qname\":\"a.\",\"rtt_ms\":\"1\"}", ERR_FORMAT},
        {"{\"event\":\"reply\",\"qname\":\"a.\",\"rcode\":\"RCODE4096\"}", ERR_FORMAT},
        {"{\"event\":\"reply\",\"qname\":\"a.\",\"aa\":1}", ERR_FORMAT},
        {"{\"event\":\"reply\",\"qname\":\"a.\",\"depth\":65536}", ERR_RANGE},
        {"{\"event\":\"reply\",\"qname\":\"a.\",\"address\":\"192.0.2\"}", ERR_FORMAT},
        {"{\"event\":\"reply\",\"qname\":\"a.\",\"transport\":\"quic\"}", ERR_FORMAT},
        {"{\"event\":\"reply\",\"qname\":\"a.\",\"ede\":22}", ERR_FORMAT},
        {"{\"event\":\"reply\",\"qname\":\"a.\",\"verdict\":\"good\"}", ERR_FORMAT},
        {"{\"event\":\"sent\",\"qname\":\"a.\"}", ERR_FORMAT},
        {"{\"event\":\"cut\",\"qname\":\"a.\"}", ERR_FORMAT},
        {"{\"event\":\"alias\",\"qname\":\"a.\"}", ERR_FORMAT},
        {"{\"event\":\"answer\",\"qname\":\"a.\",\"rrs\":{}}", ERR_FORMAT},
        {"{\"event\":\"answer\",\"qname\":\"a.\",\"rrs\":[{\"NAME\":\"a.\",\"TYPE\":1,\"rdataA\":\"1.2.3\"}]"
         "}",
            ERR_FORMAT},
        {"{\"event\":\"answer\",\"qname\":\"a.\",\"rrs\":[{\"NAME\":\"a.\",\"TYPE\":1,\"rdataA\":\"1.2.3.4\"}"
         ","
         "{\"NAME\":\"b.\",\"TYPE\":1,\"rdataA\":\"1.2.3.4\"}]}",
            ERR_FORMAT},
        {"{\"event\":\"chain\",\"qname\":\"a.\",\"zone\":\"a.\",\"signature\":{\"key_tag\":1}}", ERR_FORMAT},
        {"{\"event\":\"chain\",\"qname\":\"a.\",\"zone\":\"a.\",\"signature\":{\"signer\":\"a.\","
         "\"inception\":9223372036854775807}}",
            ERR_RANGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena arena;
        struct event e;
        arena_init(&arena);
        json_t *j = json_loads(cases[i].json, 0, NULL);
        assert_non_null(j);
        enum err err = event_from_json(&e, j, &arena);
        if (err != cases[i].err)
            print_message("%s\n", cases[i].json);
        assert_int_equal(err, cases[i].err);
        json_decref(j);
        arena_fini(&arena);
    }
}

static void an_outcome_returns(void **state)
{
    struct sample s;
    struct arena arena;
    struct outcome again;
    uint32_t ms = 0;
    sample_init(&s);
    arena_init(&arena);
    struct rrset *items[] = {&s.data}, *proofs[] = {&s.ds};
    struct question q = {.name = s.name, .type = TYPE_A, .class = CLASS_IN};
    struct outcome o = {.answer = {items, 1, 1}, .authority = {proofs, 1, 1}, .messages = 4};
    o.verdict = VERDICT_INSECURE;
    o.reason = (struct reason){EDE_UNSUPPORTED_DNSKEY_ALGORITHM, "tag", "text"};
    json_t *j = outcome_to_json(&q, &o, 17);
    assert_int_equal(outcome_from_json(&again, &ms, j, &arena), ERR_OK);
    assert_int_equal(ms, 17);
    assert_int_equal(again.answer.items[0]->count, 2);
    char *first = printed(j), *second = printed(outcome_to_json(&q, &again, ms));
    assert_string_equal(first, second);
    free(first);
    free(second);
    o = (struct outcome){.rcode = RCODE_NXDOMAIN, .reason = {.ede = EDE_NONE}};
    j = outcome_to_json(&q, &o, 0);
    assert_int_equal(outcome_from_json(&again, &ms, j, &arena), ERR_OK);
    assert_int_equal(again.rcode, RCODE_NXDOMAIN);
    assert_int_equal(again.reason.ede, EDE_NONE);
    json_decref(j);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_event_returns),
        cmocka_unit_test(what_is_read_is_what_was_meant),
        cmocka_unit_test(refuses_what_is_no_event),
        cmocka_unit_test(an_outcome_returns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
