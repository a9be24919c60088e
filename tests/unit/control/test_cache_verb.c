/* `cache …` on the control socket: what is known is told with its life, and forgotten when that is asked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "control/control.h"
#include "dns/edns.h"
#include "dns/rdata.h"
#include "dns/rrtype.h"
#include "dnssec/fault.h"

#define NOW 100000u

static struct arena arena;
static struct cache_view view;

static int set_up(void **state)
{
    static const struct hash_key KEY = {1, 2};
    static const struct cache_settings SETTINGS = {.size = 4 << 20};
    arena_init(&arena);
    view = (struct cache_view){.cache = cache_new(&SETTINGS, &KEY), .now_s = NOW, .port = 53};
    return 0;
}

static int tear_down(void **state)
{
    cache_free(view.cache);
    arena_fini(&arena);
    return 0;
}

static const name_t *name_of(const char *text)
{
    name_t *n = arena_alloc(&arena, NAME_MAX_LEN);
    assert_int_equal(name_from_text(n, text, strlen(text), NULL), ERR_OK);
    return n;
}

static struct rrset *set_of(const char *owner, uint16_t type, const char *record, uint32_t ttl)
{
    struct rrset *s = ARENA_NEW(&arena, struct rrset);
    struct rdata rd;
    *s = (struct rrset){.owner = name_of(owner),
        .type = type,
        .class = CLASS_IN,
        .ttl = ttl,
        .rank = RANK_ANSWER,
        .verdict = VERDICT_SECURE};
    assert_int_equal(rdata_from_text(&rd, type, CLASS_IN, record, strlen(record), NULL, &arena), ERR_OK);
    rrset_add(s, rd, &arena);
    return s;
}

/* Up to three words. */
static json_t *ask_as(bool may_write, const char *a, const char *b, const char *c)
{
    const char *words[] = {a, b, c};
    json_t *j = control_cache_ask(&view, may_write, words, c ? 3 : b ? 2 : a ? 1 : 0);
    assert_non_null(j);
    return j;
}

static json_t *get(const char *name, const char *type)
{
    return ask_as(false, "get", name, type);
}

/* The first of a list, or a null. */
static json_t *first(json_t *reply, const char *list)
{
    return json_array_get(json_object_get(reply, list), 0);
}

static long long number(json_t *o, const char *name)
{
    assert_true(json_is_integer(json_object_get(o, name)));
    return json_integer_value(json_object_get(o, name));
}

static void assert_text(json_t *o, const char *name, const char *wanted)
{
    const char *got = json_string_value(json_object_get(o, name));
    assert_non_null(got);
    assert_string_equal(got, wanted);
}

static void records_are_told_with_ttl_age_rank_and_verdict(void **state)
{
    cache_rrset_put(view.cache, set_of("www.example.", TYPE_A, "192.0.2.1", 300), NOW - 20);
    json_t *j = get("WWW.example", NULL), *a = first(j, "records");
    assert_text(j, "name", "WWW.example.");
    assert_text(a, "type", "A");
    assert_int_equal(number(a, "ttl_s"), 280);
    assert_int_equal(number(a, "age_s"), 20);
    assert_true(json_is_false(json_object_get(a, "stale")));
    assert_text(a, "rank", "answer");
    assert_text(a, "verdict", "secure");
    assert_string_equal(json_string_value(json_array_get(json_object_get(a, "data"), 0)), "192.0.2.1");
    assert_int_equal(json_array_size(json_object_get(j, "records")), 1);
    json_decref(j);
    j = get("www.example.", "AAAA");
    assert_null(first(j, "records"));
    assert_text(j, "type", "AAAA");
    json_decref(j);
    j = get("www.example.", "a");
    assert_non_null(first(j, "records"));
    json_decref(j);
}

static void a_type_without_mnemonic_is_told_by_number(void **state)
{
    cache_rrset_put(view.cache, set_of("x.example.", 65280, "\\# 1 00", 300), NOW);
    json_t *j = get("x.example.", "TYPE65280");
    assert_text(first(j, "records"), "type", "TYPE65280");
    json_decref(j);
}

static void what_expired_is_stale_since_then(void **state)
{
    cache_rrset_put(view.cache, set_of("www.example.", TYPE_A, "192.0.2.1", 300), NOW - 1000);
    json_t *j = get("www.example.", "A"), *a = first(j, "records");
    assert_true(json_is_true(json_object_get(a, "stale")));
    assert_int_equal(number(a, "ttl_s"), 0);
    assert_int_equal(number(a, "expired_s"), 700);
    assert_int_equal(number(a, "age_s"), 1000);
    json_decref(j);
}

static void denials_say_what_they_deny(void **state)
{
    struct negative n = {
        .nxdomain = true, .verdict = VERDICT_INSECURE, .fault = FAULT_DS_ALGORITHM, .ttl = 60};
    rrset_list_add(
        &n.authority, set_of("example.", TYPE_SOA, "ns.example. root.example. 1 2 3 4 60", 60), &arena);
    cache_negative_put(view.cache, name_of("no.example."), TYPE_A, CLASS_IN, &n, NOW - 10);
    n.nxdomain = false;
    cache_negative_put(view.cache, name_of("www.example."), TYPE_MX, CLASS_IN, &n, NOW - 200);
    json_t *j = get("no.example.", NULL), *d = first(j, "denials");
    assert_text(d, "what", "NXDOMAIN");
    assert_null(json_object_get(d, "type"));
    assert_int_equal(number(d, "ttl_s"), 50);
    assert_text(d, "verdict", "insecure");
    assert_text(d, "reason", fault_tag(FAULT_DS_ALGORITHM));
    assert_text(d, "zone", "example.");
    assert_int_equal(json_array_size(json_object_get(j, "denials")), 1);
    json_decref(j);
    j = get("www.example.", NULL);
    d = first(j, "denials");
    assert_text(d, "what", "NODATA");
    assert_text(d, "type", "MX");
    assert_int_equal(number(d, "expired_s"), 140);
    json_decref(j);
    j = get("www.example.", "A");
    assert_null(first(j, "denials"));
    json_decref(j);
}

static void failures_say_why_and_until_when(void **state)
{
    struct failure f = {.ede = EDE_NO_REACHABLE_AUTHORITY, .tag = "silent", .text = "nobody answered"};
    for (unsigned i = 0; i < 3; i++)
        cache_failure_put(view.cache, name_of("www.example."), TYPE_A, CLASS_IN, &f, false, NOW);
    json_t *j = get("www.example.", NULL), *o = first(j, "failures");
    assert_text(o, "type", "A");
    assert_text(o, "tag", "silent");
    assert_text(o, "text", "nobody answered");
    assert_text(o, "reason", ede_text(EDE_NO_REACHABLE_AUTHORITY));
    assert_int_equal(number(o, "streak"), 3);
    assert_int_equal(number(o, "retry_s"), 4);
    json_decref(j);
}

static void a_zone_has_its_delegation_and_servers(void **state)
{
    struct addr addr = {.family = FAMILY_V4, .ip = {192, 0, 2, 53}};
    struct cut_server server = {.name = name_of("ns.example."), .addr_count = 1, .addrs = {addr}};
    struct cut cut = {.zone = name_of("example."), .ttl = 3600, .server_count = 1, .servers = &server};
    struct endpoint at = {.addr = addr, .port = 53};
    struct server_facts facts = {
        .srtt_ms = 12, .rttvar_ms = 3, .heard = 1, .edns = EDNS_FACT_WORKS, .loss = 51};
    cache_cut_put(view.cache, &cut, NOW - 600);
    cache_server_put(view.cache, &at, &facts, NOW);
    cache_lame_put(view.cache, name_of("example."), &addr, NOW);
    json_t *j = get("example.", NULL), *d = json_object_get(j, "delegation"), *s = first(j, "servers");
    assert_int_equal(number(d, "ttl_s"), 3000);
    assert_int_equal(number(d, "age_s"), 600);
    assert_text(first(d, "servers"), "name", "ns.example.");
    assert_text(s, "address", "192.0.2.53");
    assert_text(s, "edns", "works");
    assert_int_equal(number(s, "srtt_ms"), 12);
    assert_int_equal(number(s, "loss_percent"), 20);
    assert_true(json_is_true(json_object_get(s, "lame")));
    json_decref(j);
    j = get("www.example.", NULL);
    assert_true(json_is_null(json_object_get(j, "delegation")));
    assert_text(j, "closest_delegation", "example.");
    json_decref(j);
    view.now_s = NOW + 3100;
    j = get("example.", NULL);
    assert_int_equal(number(json_object_get(j, "delegation"), "expired_s"), 100);
    assert_int_equal(number(json_object_get(j, "delegation"), "age_s"), 3700);
    json_decref(j);
}

/* How many of these have an A record. */
static unsigned known(void)
{
    static const char *const NAMES[] = {"example.", "www.example.", "a.www.example.", "example.org.", "all."};
    unsigned n = 0;
    for (unsigned i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        json_t *j = get(NAMES[i], "A");
        n += first(j, "records") ? 1u << i : 0;
        json_decref(j);
    }
    return n;
}

static void put_all(void)
{
    static const char *const NAMES[] = {"example.", "www.example.", "a.www.example.", "example.org.", "all."};
    for (unsigned i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        cache_rrset_put(view.cache, set_of(NAMES[i], TYPE_A, "192.0.2.1", 300), NOW);
    assert_int_equal(known(), 31);
}

static void flushes_a_name_a_zone_or_all(void **state)
{
    static const struct {
        const char *words[2];
        const char *what;
        unsigned left;
        long long items;
    } ROWS[] = {{{"WWW.example"}, "name", 29, 1}, {{"--zone", "www.example."}, "zone", 25, 2},
        {{"--zone", "."}, "zone", 0, 5}, {{"all."}, "name", 15, 1}, {{"all"}, "all", 0, 5},
        {{"nothing.example."}, "name", 31, 0}};
    for (unsigned i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        put_all();
        json_t *j = ask_as(true, "flush", ROWS[i].words[0], ROWS[i].words[1]);
        assert_text(j, "flushed", ROWS[i].what);
        assert_int_equal(number(j, "items"), ROWS[i].items);
        assert_int_equal(known(), ROWS[i].left);
        json_decref(j);
    }
}

static void only_who_may_write_has_it_forget(void **state)
{
    put_all();
    json_t *j = ask_as(false, "flush", "all", NULL);
    assert_non_null(strstr(json_string_value(json_object_get(j, "error")), "not allowed"));
    assert_int_equal(known(), 31);
    json_decref(j);
}

static void what_is_not_understood_is_said(void **state)
{
    static const char *const ROWS[][3] = {{"get"}, {"get", "a..b"}, {"get", "a.", "NOTYPE"},
        {"get", "a.", "ANY"}, {"get", "a.", "OPT"}, {"flush"}, {"flush", "--zone"}, {"flush", "a.", "b."},
        {"flush", "a..b"}, {"flush", "--zone", "a..b"}, {"flush", "--name", "a."}, {"flush", "--all"},
        {"stats", "more"}, {"gets"}};
    put_all();
    for (unsigned i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        json_t *j = ask_as(true, ROWS[i][0], ROWS[i][1], ROWS[i][2]);
        const char *error = json_string_value(json_object_get(j, "error"));
        assert_non_null(error);
        assert_null(strchr(error, '\n'));
        json_decref(j);
    }
    assert_int_equal(known(), 31);
}

static void stats_count_items_by_kind(void **state)
{
    put_all();
    for (unsigned i = 0; i < 2; i++) {
        json_t *j = ask_as(false, i ? "stats" : NULL, NULL, NULL);
        assert_in_range(number(j, "size"), 3 << 20, 4 << 20); /* denials have theirs */
        assert_in_range(number(j, "used"), 1, 4 << 20);
        assert_int_equal(number(j, "items"), 5);
        assert_int_equal(number(json_object_get(j, "kinds"), "rrsets"), 5);
        assert_int_equal(number(json_object_get(j, "kinds"), "failures"), 0);
        assert_true(json_is_object(json_object_get(j, "proven_denials")));
        json_decref(j);
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(records_are_told_with_ttl_age_rank_and_verdict),
        T(a_type_without_mnemonic_is_told_by_number),
        T(what_expired_is_stale_since_then),
        T(denials_say_what_they_deny),
        T(failures_say_why_and_until_when),
        T(a_zone_has_its_delegation_and_servers),
        T(flushes_a_name_a_zone_or_all),
        T(only_who_may_write_has_it_forget),
        T(what_is_not_understood_is_said),
        T(stats_count_items_by_kind),
    };
    return cmocka_run_group_tests_name("cache_verb", tests, NULL, NULL);
}
