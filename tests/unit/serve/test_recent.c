/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "base/mem.h"
#include "dns/msg.h"
#include "dns/rrtype.h"
#include "dnssec/verify.h"
#include "serve/recent.h"

static const name_t WWW[] = "\3WwW\7example", ZONE[] = "\7example", SERVER[] = "\2ns\7example";
static const struct outcome GOOD = {
    .rcode = RCODE_NOERROR, .verdict = VERDICT_SECURE, .messages = 2, .reason = {.ede = EDE_NONE}};

struct fixture {
    struct recent *r;
    now_t now;
    unsigned count;
    uint8_t last[RECENT_RECORD_MAX + 256];
    size_t len;
    int64_t previous_ms;
};

static int setup(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);
    f->r = recent_new(1);
    recent_switch(f->r, true);
    f->now = (now_t){.cache_s = 5000, .mono_ms = 9000000, .wall_s = 1800000000};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    recent_free(f->r);
    mem_free(f);
    return 0;
}

static void tell(const struct recent_walk *walk, struct event e)
{
    const struct observer *o = recent_observer(walk);
    assert_true(o->kinds & EVENT_BIT(e.kind));
    o->event(o->ctx, &e);
}

static struct recent_walk *begin(struct fixture *f, const name_t *name)
{
    struct recent_walk *walk = recent_begin(f->r, name, TYPE_A, f->now);
    recent_began(walk);
    return walk;
}

static const struct endpoint AT = {.addr = {.family = FAMILY_V4, .ip = {192, 0, 2, 1}}, .port = 53};

static struct event message(enum event_kind kind, uint64_t send)
{
    return (struct event){.kind = kind,
        .qname = ZONE,
        .zone = ZONE,
        .server = SERVER,
        .to = &AT,
        .sent_name = ZONE,
        .sent_type = TYPE_NS,
        .send = send,
        .rtt_ms = 7,
        .rcode = RCODE_NXDOMAIN};
}

static void count(void *ctx, const uint8_t *record, size_t len)
{
    struct fixture *f = ctx;
    struct recent_record r;
    assert_true(recent_read(&r, record, len));
    if (f->count++)
        assert_true(r.end_ms <= f->previous_ms);
    else
        memcpy(f->last, record, f->len = len);
    f->previous_ms = r.end_ms;
}

/* How many fn saw. */
static unsigned find(struct fixture *f, const name_t *name, uint16_t type, size_t most, size_t *all)
{
    f->count = 0;
    *all = recent_find(f->r, name, type, f->now.cache_s, most, count, f);
    return f->count;
}

static struct recent_record newest(struct fixture *f)
{
    struct recent_record r;
    size_t all;
    assert_true(find(f, NULL, TYPE_NONE, 1, &all) == 1);
    assert_true(recent_read(&r, f->last, f->len));
    return r;
}

static void who_was_asked_is_told(void **state)
{
    struct fixture *f = *state;
    struct rrsig sig = {.tag = 4711, .algorithm = 13};
    struct recent_entry e;
    struct recent_walk *walk = begin(f, WWW);
    tell(walk, message(EVENT_REPLY, 1));
    tell(walk, (struct event){.kind = EVENT_USELESS, .to = &AT, .tag = "lame"});
    tell(walk, message(EVENT_TIMEOUT, 2));
    struct event failed = message(EVENT_USELESS, 3);
    failed.tag = "port-closed";
    tell(walk, failed);
    tell(walk, (struct event){.kind = EVENT_CHAIN, .zone = ZONE, .verdict = VERDICT_SECURE, .sig = &sig});
    f->now.mono_ms += 40;
    recent_end(f->r, walk, &GOOD, f->now);

    struct recent_record r = newest(f);
    assert_true(name_same_case(r.name, (const name_t *)"\3www\7example"));
    assert_int_equal(r.type, TYPE_A);
    assert_int_equal(r.took_ms, 40);
    assert_int_equal(r.wall_s, f->now.wall_s);
    assert_int_equal(r.from, RECENT_FETCHED);
    assert_string_equal(r.tag, "");
    assert_true(recent_next(&r.entries, &e));
    assert_int_equal(e.kind, RECENT_MESSAGE);
    assert_int_equal(e.end, RECENT_ANSWERED);
    assert_int_equal(e.rtt_ms, 7);
    assert_int_equal(e.rcode, RCODE_NXDOMAIN);
    assert_int_equal(e.sent_type, TYPE_NS);
    assert_true(name_equal(e.zone, ZONE) && name_equal(e.server, SERVER) && name_equal(e.sent_name, ZONE));
    assert_true(addr_equal(&e.addr, &AT.addr) && e.port == 53);
    assert_true(recent_next(&r.entries, &e));
    assert_int_equal(e.kind, RECENT_TROUBLE);
    assert_string_equal(e.tag, "lame");
    assert_int_equal(e.message, 0);
    assert_true(recent_next(&r.entries, &e));
    assert_int_equal(e.end, RECENT_SILENT);
    assert_true(recent_next(&r.entries, &e));
    assert_int_equal(e.end, RECENT_FAILED);
    assert_true(recent_next(&r.entries, &e));
    assert_string_equal(e.tag, "port-closed");
    assert_int_equal(e.message, 2);
    assert_true(recent_next(&r.entries, &e));
    assert_int_equal(e.kind, RECENT_CHAIN);
    assert_int_equal(e.key_tag, 4711);
    assert_true(e.has_key && !e.anchor && e.verdict == VERDICT_SECURE);
    assert_false(recent_next(&r.entries, &e));
}

static void late_reply_takes_the_place_of_its_timeout(void **state)
{
    struct fixture *f = *state;
    struct recent_entry e;
    struct recent_walk *walk = begin(f, WWW);
    tell(walk, message(EVENT_TIMEOUT, 8));
    tell(walk, message(EVENT_TIMEOUT, 9));
    tell(walk, message(EVENT_REPLY, 8));
    recent_end(f->r, walk, &GOOD, f->now);
    struct recent_record r = newest(f);
    assert_true(recent_next(&r.entries, &e) && e.end == RECENT_ANSWERED && e.rtt_ms == 7);
    assert_true(recent_next(&r.entries, &e) && e.end == RECENT_SILENT);
    assert_false(recent_next(&r.entries, &e));
}

static void message_that_was_asked_again_in_another_way_is_told(void **state)
{
    struct fixture *f = *state;
    struct recent_entry e;
    struct recent_walk *walk = begin(f, WWW);
    struct event bare = message(EVENT_FALLBACK, 4);
    bare.tag = "no-edns";
    tell(walk, message(EVENT_NEAR_MISS, 1));
    tell(walk, message(EVENT_NEAR_MISS, 2));
    tell(walk, message(EVENT_NEAR_MISS, 2));
    tell(walk, message(EVENT_TIMEOUT, 2));
    tell(walk, message(EVENT_REPLY, 1)); /* the true one, after a guess */
    tell(walk, message(EVENT_REPLY, 3));
    tell(walk, message(EVENT_TRUNCATED, 0));
    tell(walk, (struct event){.kind = EVENT_FALLBACK, .to = &AT, .tag = "tcp"});
    tell(walk, bare);
    recent_end(f->r, walk, &GOOD, f->now);
    struct recent_record r = newest(f);
    assert_true(recent_next(&r.entries, &e) && e.end == RECENT_ANSWERED);
    assert_true(recent_next(&r.entries, &e) && e.end == RECENT_SPOILT);
    assert_true(recent_next(&r.entries, &e) && e.end == RECENT_ANSWERED);
    assert_true(recent_next(&r.entries, &e) && e.kind == RECENT_TROUBLE && e.message == 2);
    assert_string_equal(e.tag, "truncated");
    assert_true(recent_next(&r.entries, &e) && e.end == RECENT_FAILED && e.sent_type == TYPE_NS);
    assert_true(recent_next(&r.entries, &e) && e.kind == RECENT_TROUBLE && e.message == 3);
    assert_string_equal(e.tag, "no-edns");
    assert_false(recent_next(&r.entries, &e));
}

static void what_is_wrong_is_said_of_the_message_that_it_is_wrong_with(void **state)
{
    struct fixture *f = *state;
    const struct event lame = {.kind = EVENT_USELESS, .to = &AT, .tag = "lame"};
    struct recent_entry e;
    unsigned messages = 0, troubles = 0;
    struct recent_walk *walk = begin(f, WWW);
    tell(walk, message(EVENT_TIMEOUT, 1));
    tell(walk, message(EVENT_REPLY, 2));
    tell(walk, message(EVENT_REPLY, 1)); /* the late one */
    tell(walk, lame);
    for (unsigned i = 3; i <= RECENT_MESSAGES_MAX; i++)
        tell(walk, message(EVENT_REPLY, i));
    tell(walk, message(EVENT_REPLY, 100)); /* finds no place, nor does what is wrong with it */
    tell(walk, lame);
    tell(walk, message(EVENT_TIMEOUT, 101)); /* nor do these, which end more than once */
    tell(walk, message(EVENT_TIMEOUT, 102));
    tell(walk, message(EVENT_REPLY, 101));
    tell(walk, message(EVENT_REPLY, 102));
    recent_end(f->r, walk, &GOOD, f->now);
    struct recent_record r = newest(f);
    assert_int_equal(r.left_out, 3);
    while (recent_next(&r.entries, &e)) {
        messages += e.kind == RECENT_MESSAGE;
        if (e.kind != RECENT_TROUBLE)
            continue;
        troubles++;
        assert_int_equal(e.message, 0);
    }
    assert_int_equal(messages, RECENT_MESSAGES_MAX);
    assert_int_equal(troubles, 1);
}

static void reason_is_kept_and_cut(void **state)
{
    struct fixture *f = *state;
    char text[500];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    struct outcome o = {
        .rcode = RCODE_SERVFAIL, .from_cache = true, .reason = {EDE_NO_REACHABLE_AUTHORITY, "silent", text}};
    recent_end(f->r, begin(f, WWW), &o, f->now);
    struct recent_record r = newest(f);
    assert_int_equal(r.ede, EDE_NO_REACHABLE_AUTHORITY);
    assert_int_equal(r.from, RECENT_CACHE);
    assert_string_equal(r.tag, "silent");
    assert_int_equal(strlen(r.text), 200);
}

static void who_joined_leaves_no_record(void **state)
{
    struct fixture *f = *state;
    size_t all;
    recent_end(f->r, recent_begin(f->r, WWW, TYPE_A, f->now), &GOOD, f->now);
    recent_end(f->r, begin(f, WWW), NULL, f->now);
    assert_int_equal(find(f, NULL, TYPE_NONE, 10, &all), 0);
}

static void records_are_found_by_name_and_type_newest_first(void **state)
{
    struct fixture *f = *state;
    size_t all;
    for (unsigned i = 0; i < 30; i++) {
        f->now.mono_ms += 5;
        recent_end(f->r, begin(f, i % 3 ? ZONE : WWW), &GOOD, f->now);
    }
    assert_int_equal(find(f, (const name_t *)"\3WWW\7EXAMPLE", TYPE_A, 4, &all), 4);
    assert_int_equal(all, 10);
    assert_int_equal(find(f, ZONE, TYPE_NONE, 100, &all), 20);
    assert_int_equal(find(f, ZONE, TYPE_AAAA, 100, &all), 0);
    assert_int_equal(find(f, NULL, TYPE_NONE, 100, &all), 30);
}

static void old_ones_are_not_told(void **state)
{
    struct fixture *f = *state;
    size_t all;
    recent_end(f->r, begin(f, WWW), &GOOD, f->now);
    f->now.cache_s += RECENT_AGE_S;
    recent_end(f->r, begin(f, ZONE), &GOOD, f->now);
    assert_int_equal(find(f, NULL, TYPE_NONE, 10, &all), 2);
    f->now.cache_s += 1;
    assert_int_equal(find(f, NULL, TYPE_NONE, 10, &all), 1);
    assert_int_equal(find(f, WWW, TYPE_NONE, 10, &all), 0);
}

static void old_ones_are_forgotten(void **state)
{
    struct fixture *f = *state;
    size_t all;
    assert_false(recent_forget(f->r, f->now.cache_s));
    recent_end(f->r, begin(f, WWW), &GOOD, f->now);
    f->now.cache_s += RECENT_AGE_S;
    recent_end(f->r, begin(f, ZONE), &GOOD, f->now);
    assert_true(recent_forget(f->r, f->now.cache_s));
    assert_int_equal(find(f, NULL, TYPE_NONE, 10, &all), 2);
    assert_true(recent_forget(f->r, f->now.cache_s + 1));
    assert_int_equal(find(f, NULL, TYPE_NONE, 10, &all), 1);
    assert_int_equal(find(f, ZONE, TYPE_NONE, 10, &all), 1);
    assert_false(recent_forget(f->r, f->now.cache_s + RECENT_AGE_S + 1));
    assert_int_equal(find(f, NULL, TYPE_NONE, 10, &all), 0);
}

static void number_and_octets_are_bounded(void **state)
{
    struct fixture *f = *state;
    struct recent *small = recent_new(1000); /* 10 records, 4 KiB */
    struct recent *whole = f->r;
    struct recent_record r;
    struct recent_entry e;
    size_t all;
    recent_switch(small, true);
    f->r = small;
    for (unsigned i = 0; i < 2000; i++) {
        name_t name[] = "\4name\7example";
        unsigned messages = i * 7 % 40, seen = 0;
        name[1 + i % 4] = (name_t)('a' + i % 26);
        struct recent_walk *walk = begin(f, name);
        for (unsigned k = 0; k < messages; k++)
            tell(walk, message(EVENT_REPLY, 100 + k));
        for (unsigned k = 0; k < 200 && i % 50 == 0; k++)
            tell(walk,
                (struct event){.kind = EVENT_CHAIN, .zone = ZONE, .tag = "a-reason-that-takes-its-place"});
        f->now.mono_ms++;
        recent_end(small, walk, &GOOD, f->now);
        assert_in_range(find(f, NULL, TYPE_NONE, 100, &all), 1, 10);
        assert_true(recent_read(&r, f->last, f->len));
        assert_true(name_equal(r.name, name));
        assert_in_range(f->len, 1, RECENT_RECORD_MAX + 128);
        while (recent_next(&r.entries, &e))
            seen += e.kind == RECENT_MESSAGE;
        assert_int_equal(seen, messages < RECENT_MESSAGES_MAX ? messages : RECENT_MESSAGES_MAX);
        if (messages > RECENT_MESSAGES_MAX || i % 50 == 0)
            assert_true(r.left_out >= messages - seen && r.left_out > 0);
    }
    recent_free(small);
    f->r = whole;
}

static void floods_leave_no_more_than_so_many_under_way(void **state)
{
    struct fixture *f = *state;
    static struct recent_walk *walks[RECENT_UNDER_WAY_MAX];
    for (unsigned i = 0; i < RECENT_UNDER_WAY_MAX; i++)
        assert_non_null(walks[i] = recent_begin(f->r, WWW, TYPE_A, f->now));
    assert_null(recent_begin(f->r, WWW, TYPE_A, f->now));
    assert_null(recent_observer(NULL));
    recent_end(f->r, NULL, &GOOD, f->now);
    recent_end(f->r, walks[5], &GOOD, f->now);
    assert_non_null(recent_begin(f->r, WWW, TYPE_A, f->now)); /* those left go with recent_free() */
}

static void off_forgets(void **state)
{
    struct fixture *f = *state;
    size_t all;
    recent_end(f->r, begin(f, WWW), &GOOD, f->now);
    struct recent_walk *walk = begin(f, WWW);
    recent_switch(f->r, false);
    recent_end(f->r, walk, &GOOD, f->now);
    assert_null(recent_begin(f->r, WWW, TYPE_A, f->now));
    assert_int_equal(find(f, NULL, TYPE_NONE, 10, &all), 0);
    recent_switch(f->r, true);
    recent_end(f->r, begin(f, WWW), &GOOD, f->now);
    assert_int_equal(find(f, NULL, TYPE_NONE, 10, &all), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_was_asked_is_told),
        TEST(late_reply_takes_the_place_of_its_timeout),
        TEST(message_that_was_asked_again_in_another_way_is_told),
        TEST(what_is_wrong_is_said_of_the_message_that_it_is_wrong_with),
        TEST(reason_is_kept_and_cut),
        TEST(who_joined_leaves_no_record),
        TEST(records_are_found_by_name_and_type_newest_first),
        TEST(old_ones_are_not_told),
        TEST(old_ones_are_forgotten),
        TEST(number_and_octets_are_bounded),
        TEST(floods_leave_no_more_than_so_many_under_way),
        TEST(off_forgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
