#include "sample.h"

static struct cut cut_of(struct sample *s, const char *zone, uint32_t ttl)
{
    struct cut cut = {.zone = sample_name(&s->a, zone), .ttl = ttl, .server_count = 2};
    cut.servers = ARENA_ARRAY(&s->a, struct cut_server, 2);
    cut.servers[0].name = sample_name(&s->a, "ns1.example.");
    cut.servers[0].addr_count = 2;
    addr_parse(&cut.servers[0].addrs[0], "192.0.2.1");
    addr_parse(&cut.servers[0].addrs[1], "2001:db8::1");
    cut.servers[1].name = sample_name(&s->a, "NS2.elsewhere.test.");
    return cut;
}

static void delegation_comes_back_whole(void **state)
{
    struct sample *s = *state;
    struct cut cut = cut_of(s, "Example.", 300);
    cut.listed_many = true;
    rrset_list_add(&cut.proofs, sample_rrset(&s->a, "example.", TYPE_DS, 200, "ds"), &s->a);
    cache_cut_put(s->c, &cut, 10);
    struct cut *got = cache_cut_get(s->c, sample_name(&s->a, "eXample."), 20, &s->a);
    assert_non_null(got);
    assert_true(name_same_case(got->zone, cut.zone));
    assert_int_equal(got->ttl, 290);
    assert_true(got->listed_many);
    assert_false(got->hint);
    assert_int_equal(got->server_count, 2);
    assert_true(name_equal(got->servers[0].name, cut.servers[0].name));
    assert_int_equal(got->servers[0].addr_count, 2);
    assert_true(addr_equal(&got->servers[0].addrs[0], &cut.servers[0].addrs[0]));
    assert_true(addr_equal(&got->servers[0].addrs[1], &cut.servers[0].addrs[1]));
    assert_true(name_same_case(got->servers[1].name, cut.servers[1].name));
    assert_int_equal(got->servers[1].addr_count, 0);
    assert_int_equal(got->proofs.count, 1);
    assert_int_equal(got->proofs.items[0]->ttl, 190);
    assert_rdata(got->proofs.items[0]->rdata[0], "ds");
}

static void proofs_live_no_longer_than_the_settings_let_them(void **state)
{
    struct sample *s = *state;
    struct cut cut = cut_of(s, "example.", 300);
    rrset_list_add(&cut.proofs, sample_rrset(&s->a, "example.", TYPE_DS, TTL_MAX_DEFAULT + 1, "ds"), &s->a);
    rrset_list_add(&cut.proofs, sample_rrset(&s->a, "example.", TYPE_NSEC, TTL_WIRE_MAX + 1, "no"), &s->a);
    cache_cut_put(s->c, &cut, 10);
    struct cut *got = cache_cut_get(s->c, cut.zone, 10, &s->a);
    assert_non_null(got);
    assert_int_equal(got->proofs.items[0]->ttl, TTL_MAX_DEFAULT);
    assert_int_equal(got->proofs.items[1]->ttl, 0);
}

static const char *deepest(struct sample *s, const char *name, uint32_t now_s)
{
    struct cut *cut = cache_cut_deepest(s->c, sample_name(&s->a, name), now_s, &s->a);
    return cut ? name_text(cut->zone, arena_alloc(&s->a, NAME_TEXT_LEN)) : "none";
}

static void deepest_is_found_at_or_above_the_name(void **state)
{
    struct sample *s = *state;
    assert_string_equal(deepest(s, "www.python.org.", 0), "none");
    static const struct {
        const char *zone;
        uint32_t ttl;
    } zones[] = {{".", 1000}, {"org.", 500}, {"python.org.", 100}};
    for (size_t i = 0; i < 3; i++) {
        struct cut cut = cut_of(s, zones[i].zone, zones[i].ttl);
        cut.hint = i == 0;
        cache_cut_put(s->c, &cut, 0);
    }
    assert_string_equal(deepest(s, "a.b.WWW.python.ORG.", 0), "python.org.");
    assert_string_equal(deepest(s, "python.org.", 0), "python.org.");
    assert_string_equal(deepest(s, "xpython.org.", 0), "org.");
    assert_string_equal(deepest(s, "org.", 0), "org.");
    assert_string_equal(deepest(s, "com.", 0), ".");
    assert_string_equal(deepest(s, ".", 0), ".");
    assert_true(cache_cut_get(s->c, NAME_ROOT, 0, &s->a)->hint);
    assert_string_equal(deepest(s, "www.python.org.", 99), "python.org.");
    assert_string_equal(deepest(s, "www.python.org.", 100), "org.");
    assert_string_equal(deepest(s, "www.python.org.", 500), ".");
    assert_string_equal(deepest(s, "www.python.org.", 1000), "none");
}

static void longest_name_is_walked_to_the_root(void **state)
{
    struct sample *s = *state;
    name_t name[NAME_MAX_LEN];
    for (size_t i = 0; i < 254; i += 2)
        memcpy(name + i, "\1a", 2);
    name[254] = 0;
    assert_int_equal(name_labels(name), NAME_MAX_LABELS);
    assert_null(cache_cut_deepest(s->c, name, 0, &s->a));
    struct cut cut = cut_of(s, ".", 10);
    cache_cut_put(s->c, &cut, 0);
    assert_non_null(cache_cut_deepest(s->c, name, 0, &s->a));
    cut.zone = name;
    cache_cut_put(s->c, &cut, 0);
    assert_true(name_equal(cache_cut_deepest(s->c, name, 0, &s->a)->zone, name));
}

static void removed_is_gone_and_ttl_0_is_not_stored(void **state)
{
    struct sample *s = *state;
    struct cut cut = cut_of(s, "org.", 10);
    cache_cut_put(s->c, &cut, 0);
    cache_cut_remove(s->c, sample_name(&s->a, "ORG."));
    assert_null(cache_cut_get(s->c, cut.zone, 0, &s->a));
    cut.ttl = 0;
    cache_cut_put(s->c, &cut, 0);
    assert_null(cache_cut_get(s->c, cut.zone, 0, &s->a));
}

static void flush_forgets_a_name_or_a_zone_and_nothing_else(void **state)
{
    static const char *const NAMES[] = {"example.", "a.example.", "b.a.example.", "ample.", "a.ample."};
    struct cache *c = cache_new(&(struct cache_settings){.size = 1 << 20}, &sample_key);
    struct addr server = addr_v4((const uint8_t[]){192, 0, 2, 1});
    struct arena a;
    arena_init(&a);
    name_t name[NAME_MAX_LEN];
    for (size_t i = 0; i < 5; i++) {
        name_from_text(name, NAMES[i], strlen(NAMES[i]), NULL);
        cache_cut_put(c, &(struct cut){.zone = name, .ttl = 100}, 0);
        cache_lame_put(c, name, &server, 0);
        cache_failure_put(c, name, TYPE_A, CLASS_IN, &(struct failure){.ede = 22}, false, 0);
    }
    name_from_text(name, "A.example.", 10, NULL);
    assert_int_equal(cache_flush_name(c, name), 3);
    assert_null(cache_cut_get(c, name, 0, &a));
    assert_false(cache_lame_get(c, name, &server, 0));
    name_from_text(name, "b.a.example.", 12, NULL);
    assert_non_null(cache_cut_get(c, name, 0, &a));
    name_from_text(name, "Ample.", 6, NULL);
    assert_int_equal(cache_flush_zone(c, name), 6);
    name_from_text(name, "example.", 8, NULL);
    assert_true(cache_lame_get(c, name, &server, 0));
    assert_int_equal(cache_flush_zone(c, name), 6);
    struct store_stats st;
    cache_stats(c, &st);
    assert_int_equal(st.items, 0);
    arena_fini(&a);
    cache_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flush_forgets_a_name_or_a_zone_and_nothing_else),
        SAMPLE_TEST(delegation_comes_back_whole),
        SAMPLE_TEST(proofs_live_no_longer_than_the_settings_let_them),
        SAMPLE_TEST(deepest_is_found_at_or_above_the_name),
        SAMPLE_TEST(longest_name_is_walked_to_the_root),
        SAMPLE_TEST(removed_is_gone_and_ttl_0_is_not_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
