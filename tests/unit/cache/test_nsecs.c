#include "cache/nsecs.h"

#include <stdio.h>

#include "sample.h"

#define SIGNATURE "as long as of ECDSA: its fields are 18 octets, the signer, then 64 octets of r and s."

/* An NSEC of owner to next, with a bitmap of A and a signature that nobody checks here. */
static struct rrset *nsec_of(struct sample *s, const char *owner, const char *next, uint32_t ttl)
{
    struct rrset *rs = sample_rrset(&s->a, owner, TYPE_NSEC, ttl, "");
    uint8_t *rd = arena_alloc(&s->a, NAME_MAX_LEN + 3);
    size_t n = name_copy(rd, sample_name(&s->a, next));
    memcpy(rd + n, "\0\1\x40", 3);
    rs->rdata[0] = (struct rdata){.data = rd, .len = (uint16_t)(n + 3)};
    rs->sigs = ARENA_ARRAY(&s->a, struct rdata, 1);
    rs->sigs[0] = sample_rdata(&s->a, SIGNATURE);
    rs->sig_count = 1;
    return rs;
}

static struct rrset *soa_of(struct sample *s, const char *zone, uint32_t ttl)
{
    struct rrset *rs = nsec_of(s, zone, zone, ttl);
    rs->type = TYPE_SOA;
    rs->rdata[0] = sample_rdata(&s->a, "soa");
    return rs;
}

static const uint8_t *hash_of(struct sample *s, uint8_t first)
{
    uint8_t *hash = arena_alloc(&s->a, NSECS_HASH_LEN);
    memset(hash, 0x11, NSECS_HASH_LEN);
    hash[0] = first;
    return hash;
}

static struct rrset *nsec3_of(
    struct sample *s, const char *zone, const char *salt, const uint8_t *hash, const uint8_t *next)
{
    char text[300] = "";
    struct text t;
    text_init_fixed(&t, text, sizeof text);
    text_base32hex(&t, hash, NSECS_HASH_LEN);
    text_printf(&t, ".%s", zone);
    struct rrset *rs = nsec_of(s, text, ".", 300);
    rs->type = TYPE_NSEC3;
    uint8_t *rd = arena_alloc(&s->a, 64);
    size_t salt_len = strlen(salt), n = 0;
    rd[n++] = 1;
    rd[n++] = 0;
    rd[n++] = 0;
    rd[n++] = 5;
    rd[n++] = (uint8_t)salt_len;
    memcpy(rd + n, salt, salt_len);
    n += salt_len;
    rd[n++] = NSECS_HASH_LEN;
    memcpy(rd + n, next, NSECS_HASH_LEN);
    n += NSECS_HASH_LEN;
    memcpy(rd + n, "\0\1\x40", 3);
    rs->rdata[0] = (struct rdata){.data = rd, .len = (uint16_t)(n + 3)};
    return rs;
}

static bool put(struct sample *s, const char *zone, const struct rrset *rs, uint32_t now_s)
{
    return nsecs_put(cache_nsecs(s->c), sample_name(&s->a, zone), rs, now_s);
}

static const struct rrset *find(struct sample *s, const char *zone, const char *name, uint32_t now_s)
{
    return nsecs_find(cache_nsecs(s->c), sample_name(&s->a, zone), sample_name(&s->a, name), now_s, &s->a);
}

static void assert_found(struct sample *s, const char *zone, const char *name, const char *owner)
{
    const struct rrset *rs = find(s, zone, name, 0);
    if (!owner) {
        if (rs)
            fail_msg("%s is covered in %s", name, zone);
        return;
    }
    if (!rs || !name_equal(rs->owner, sample_name(&s->a, owner)))
        fail_msg("%s is not covered by %s in %s", name, owner, zone);
}

static void name_is_found_by_the_record_that_matches_or_covers_it(void **state)
{
    struct sample *s = *state;
    /* RFC 4034 6.1's example order, with gaps: z.example's and *.z.example's records are not known. */
    static const char *const chain[][2] = {
        {"example.", "a.example."},
        {"a.example.", "yljkjljk.a.example."},
        {"yljkjljk.a.example.", "Z.a.example."},
        {"Z.a.example.", "zABC.a.EXAMPLE."},
        {"zABC.a.EXAMPLE.", "z.example."},
        {"\\001.z.example.", "*.z.example."},
        {"\\200.z.example.", "example."},
    };
    for (unsigned i = 0; i < sizeof chain / sizeof *chain; i++)
        assert_true(put(s, "example.", nsec_of(s, chain[i][0], chain[i][1], 300), 0));
    assert_found(s, "example.", "EXAMPLE.", "example.");
    assert_found(s, "example.", "\\000.example.", "example.");
    assert_found(s, "example.", "0.example.", "example.");
    assert_found(s, "example.", "a.example.", "a.example.");
    assert_found(s, "example.", "b.a.example.", "a.example.");
    assert_found(s, "example.", "x.yljkjljk.a.example.", "yljkjljk.a.example.");
    assert_found(s, "example.", "z.A.example.", "z.a.example.");
    assert_found(s, "example.", "zabc\\000.a.example.", "zabc.a.example.");
    assert_found(s, "example.", "a\\000.example.", "zabc.a.example.");
    assert_found(s, "example.", "b.example.", "zabc.a.example.");
    assert_found(s, "example.", "z.example.", NULL);
    assert_found(s, "example.", "\\000.z.example.", NULL);
    assert_found(s, "example.", "\\000\\001.z.example.", NULL);
    assert_found(s, "example.", "\\001.z.example.", "\\001.z.example.");
    assert_found(s, "example.", "\\001\\000.z.example.", "\\001.z.example.");
    assert_found(s, "example.", "\\002.z.example.", "\\001.z.example.");
    assert_found(s, "example.", "*.z.example.", NULL);
    assert_found(s, "example.", "a.z.example.", NULL);
    assert_found(s, "example.", "\\199.z.example.", NULL);
    assert_found(s, "example.", "\\255.z.example.", "\\200.z.example.");
    assert_found(s, "example.", "zz.example.", "\\200.z.example.");
    assert_found(s, "example.", "other.", NULL);
}

static void only_record_of_a_zone_covers_all_of_it(void **state)
{
    struct sample *s = *state;
    put(s, "example.", nsec_of(s, "example.", "example.", 300), 0);
    assert_found(s, "example.", "example.", "example.");
    assert_found(s, "example.", "a.b.c.example.", "example.");
    assert_found(s, "example.", "test.", NULL);
}

static void zones_are_apart_and_the_root_is_one(void **state)
{
    struct sample *s = *state;
    put(s, ".", nsec_of(s, "dev.", "foo.", 300), 0);
    put(s, "foo.", nsec_of(s, "foo.", "b.foo.", 300), 0);
    put(s, "a.foo.", nsec_of(s, "a.foo.", "a.foo.", 300), 0);
    assert_found(s, ".", "example.", "dev.");
    assert_found(s, ".", "a.foo.", NULL);
    assert_found(s, "foo.", "x.a.foo.", "foo.");
    assert_found(s, "a.foo.", "x.a.foo.", "a.foo.");
    assert_found(s, "foo.", "c.foo.", NULL);
    assert_found(s, "bar.", "c.bar.", NULL);
}

static void deepest_zone_known_above_a_name_is_found(void **state)
{
    struct sample *s = *state;
    struct nsecs *n = cache_nsecs(s->c);
    assert_null(nsecs_deepest(n, sample_name(&s->a, "a.foo.")));
    put(s, "foo.", nsec_of(s, "foo.", "b.foo.", 300), 0);
    put(s, "c.b.foo.", soa_of(s, "c.b.foo.", 300), 0);
    const name_t *name = sample_name(&s->a, "x.B.foo.");
    assert_ptr_equal(nsecs_deepest(n, name), name_parent(name, 2));
    name = sample_name(&s->a, "x.C.B.foo.");
    assert_ptr_equal(nsecs_deepest(n, name), name_parent(name, 1));
    assert_null(nsecs_deepest(n, sample_name(&s->a, "afoo.")));
    put(s, ".", nsec_of(s, ".", "aaa.", 300), 0);
    assert_true(name_is_root(nsecs_deepest(n, sample_name(&s->a, "afoo."))));
    assert_true(name_is_root(nsecs_deepest(n, NAME_ROOT)));
}

static void ttl_goes_down_and_expiry_is_exact(void **state)
{
    struct sample *s = *state;
    put(s, "example.", nsec_of(s, "a.example.", "c.example.", 5), 100);
    const struct rrset *rs = find(s, "example.", "b.example.", 104);
    assert_non_null(rs);
    assert_int_equal(rs->ttl, 1);
    assert_int_equal(rs->sig_count, 1);
    assert_rdata(rs->sigs[0], SIGNATURE);
    rs = find(s, "example.", "b.example.", 50);
    assert_non_null(rs);
    assert_int_equal(rs->ttl, 5);
    assert_null(find(s, "example.", "b.example.", 105));
    assert_null(find(s, "example.", "b.example.", 104));
}

static void record_put_again_replaces_the_old_one(void **state)
{
    struct sample *s = *state;
    put(s, "example.", nsec_of(s, "a.example.", "z.example.", 300), 0);
    put(s, "example.", nsec_of(s, "A.example.", "m.example.", 300), 10);
    assert_found(s, "example.", "b.example.", "a.example.");
    assert_found(s, "example.", "n.example.", NULL);
    struct nsecs_stats st;
    nsecs_read_stats(cache_nsecs(s->c), &st);
    assert_int_equal(st.items, 1);
    assert_int_equal(st.puts, 2);
}

static void same_record_is_written_again_only_when_its_time_runs_out(void **state)
{
    struct sample *s = *state;
    struct nsecs_stats st;
    struct rrset *rs = soa_of(s, "example.", 100);
    for (uint32_t now_s = 0; now_s <= 25; now_s++)
        put(s, "example.", rs, now_s);
    nsecs_read_stats(cache_nsecs(s->c), &st);
    assert_int_equal(st.puts, 1);
    assert_int_equal(st.kept, 25);
    put(s, "example.", rs, 26);
    nsecs_read_stats(cache_nsecs(s->c), &st);
    assert_int_equal(st.puts, 2);
    assert_int_equal(st.items, 1);
    assert_int_equal(nsecs_soa(cache_nsecs(s->c), rs->owner, 26, &s->a)->ttl, 100);
}

/* Threat P16, and records that were made for one answer. */
static void what_cannot_serve_is_not_kept(void **state)
{
    struct sample *s = *state;
    assert_false(put(s, "child.example.", nsec_of(s, "example.", "z.child.example.", 300), 0));
    assert_false(put(s, "child.example.", nsec_of(s, "child.example.", "victim.example.", 300), 0));
    assert_false(put(s, "example.", nsec_of(s, "notexample.", "a.example.", 300), 0));
    assert_false(put(s, "example.", nsec_of(s, "a.example.", "c.example.", 0), 0));
    assert_false(put(s, "example.", nsec_of(s, "a.example.", "\\000.a.example.", 300), 0));
    assert_false(put(s, "example.", sample_rrset(&s->a, "example.", TYPE_A, 300, "1234"), 0));
    assert_false(put(s, "example.", sample_rrset(&s->a, "a.example.", TYPE_NSEC, 300, "\3abc"), 0));
    assert_false(put(s, "example.", soa_of(s, "a.example.", 300), 0));
    struct rrset *unsigned_one = nsec_of(s, "a.example.", "c.example.", 300);
    unsigned_one->sig_count = 0;
    assert_false(put(s, "example.", unsigned_one, 0));

    const uint8_t *a = hash_of(s, 10), *b = hash_of(s, 20);
    uint8_t after[NSECS_HASH_LEN];
    memcpy(after, a, sizeof after);
    after[NSECS_HASH_LEN - 1]++;
    assert_false(put(s, "example.", nsec3_of(s, "example.", "", a, after), 0));
    assert_false(put(s, "example.", nsec3_of(s, "child.example.", "", a, b), 0));
    assert_false(put(s, "child.example.", nsec3_of(s, "example.", "", a, b), 0));
    struct rrset *other_hash = nsec3_of(s, "example.", "", a, b);
    ((uint8_t *)(uintptr_t)other_hash->rdata[0].data)[0] = 2;
    assert_false(put(s, "example.", other_hash, 0));
    struct nsecs_stats st;
    nsecs_read_stats(cache_nsecs(s->c), &st);
    assert_int_equal(st.items, 0);
}

static int found_hash(struct sample *s, const struct nsec3_chain *chain, uint8_t first)
{
    const struct rrset *rs = nsecs_find_hash(
        cache_nsecs(s->c), sample_name(&s->a, "example."), chain, hash_of(s, first), 0, &s->a);
    uint8_t hash[NSECS_HASH_LEN];
    if (!rs)
        return -1;
    text_unbase32hex((const char *)rs->owner + 1, rs->owner[0], hash, sizeof hash);
    return hash[0];
}

static void hash_is_found_in_its_chain_and_round_its_end(void **state)
{
    struct sample *s = *state;
    /* Two chains; of the first, 30 to 50 is not known. */
    static const uint8_t spans[][2] = {{20, 30}, {50, 200}, {200, 20}};
    for (unsigned i = 0; i < 3; i++)
        put(s, "example.", nsec3_of(s, "example.", "salt", hash_of(s, spans[i][0]), hash_of(s, spans[i][1])),
            0);
    put(s, "example.", nsec3_of(s, "example.", "", hash_of(s, 99), hash_of(s, 98)), 0);
    put(s, "example.", soa_of(s, "example.", 300), 0);
    put(s, "example.", nsec_of(s, "example.", "a.example.", 300), 0);
    struct nsec3_chain chains[NSECS_CHAINS_MAX];
    assert_int_equal(nsecs_chains(cache_nsecs(s->c), sample_name(&s->a, "Example."), 0, chains), 2);
    assert_int_equal(chains[0].iterations, 5);
    assert_int_equal(chains[0].salt_len, 0);
    assert_int_equal(chains[1].salt_len, 4);
    assert_memory_equal(chains[1].salt, "salt", 4);
    static const struct {
        unsigned chain;
        uint8_t hash;
        int found;
    } rows[] = {{1, 20, 20}, {1, 25, 20}, {1, 30, -1}, {1, 40, -1}, {1, 50, 50}, {1, 199, 50}, {1, 200, 200},
        {1, 255, 200}, {1, 0, 200}, {1, 19, 200}, {0, 99, 99}, {0, 0, 99}, {0, 97, 99}, {0, 98, -1}};
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(found_hash(s, &chains[rows[i].chain], rows[i].hash), rows[i].found);
    assert_int_equal(nsecs_chains(cache_nsecs(s->c), sample_name(&s->a, "test."), 0, chains), 0);
    assert_int_equal(nsecs_chains(cache_nsecs(s->c), sample_name(&s->a, "example."), 300, chains), 0);
}

static void flush_forgets_a_name_and_what_speaks_of_it(void **state)
{
    struct sample *s = *state;
    struct nsecs *n = cache_nsecs(s->c);
    put(s, "example.", nsec_of(s, "a.example.", "c.example.", 300), 0);
    put(s, "example.", nsec_of(s, "c.example.", "x.c.example.", 300), 0);
    put(s, "example.", nsec_of(s, "x.c.example.", "z.example.", 300), 0);
    put(s, "example.", nsec3_of(s, "example.", "", hash_of(s, 9), hash_of(s, 8)), 0);
    put(s, "sub.c.example.", nsec_of(s, "sub.c.example.", "sub.c.example.", 300), 0);
    put(s, "other.", nsec_of(s, "other.", "other.", 300), 0);
    nsecs_flush(n, sample_name(&s->a, "C.example."));
    assert_found(s, "example.", "b.example.", "a.example.");
    assert_found(s, "example.", "b.c.example.", NULL);
    assert_found(s, "example.", "y.c.example.", NULL);
    assert_found(s, "sub.c.example.", "b.sub.c.example.", NULL);
    assert_found(s, "other.", "b.other.", "other.");
    struct nsec3_chain chains[NSECS_CHAINS_MAX];
    assert_int_equal(nsecs_chains(n, sample_name(&s->a, "example."), 0, chains), 0);
    nsecs_flush(n, sample_name(&s->a, "b.example."));
    assert_found(s, "example.", "ab.example.", NULL);
    nsecs_clear(n);
    assert_found(s, "other.", "b.other.", NULL);
    put(s, "other.", nsec_of(s, "other.", "other.", 300), 0);
    assert_found(s, "other.", "b.other.", "other.");
}

static void clearing_the_cache_clears_the_index(void **state)
{
    struct sample *s = *state;
    put(s, "other.", nsec_of(s, "other.", "other.", 300), 0);
    cache_clear(s->c);
    assert_found(s, "other.", "b.other.", NULL);
}

/* Names that a stranger makes up do not drive out what is asked for, and the bound holds. */
static void busy_records_outlive_a_flood_within_the_bound(void **state)
{
    struct sample *s = *state;
    struct nsecs *n = nsecs_new(MIB, &sample_key);
    const name_t *zone = sample_name(&s->a, "busy."), *flooded = sample_name(&s->a, "flood.");
    nsecs_put(n, zone, soa_of(s, "busy.", 9000), 0);
    for (unsigned i = 0; i < 10; i++) {
        char owner[32], next[32];
        snprintf(owner, sizeof owner, "n%u.busy.", i);
        snprintf(next, sizeof next, "n%ux.busy.", i);
        nsecs_put(n, zone, nsec_of(s, owner, next, 9000), 0);
    }
    struct nsecs_stats st;
    for (unsigned i = 0; i < 30000; i++) {
        struct arena a = s->a;
        arena_init(&s->a);
        char owner[64], next[64];
        snprintf(owner, sizeof owner, "%05ua.flood.", (i * 7919) % 30000);
        snprintf(next, sizeof next, "%05ub.flood.", (i * 7919) % 30000);
        assert_true(nsecs_put(n, flooded, nsec_of(s, owner, next, 9000), i / 100));
        if (i % 100 == 0) {
            snprintf(owner, sizeof owner, "n%ua.busy.", i / 100 % 10);
            assert_non_null(nsecs_find(n, zone, sample_name(&s->a, owner), i / 100, &s->a));
            assert_non_null(nsecs_soa(n, zone, i / 100, &s->a));
        }
        arena_fini(&s->a);
        s->a = a;
    }
    nsecs_read_stats(n, &st);
    assert_true(st.used <= st.size && st.size <= MIB);
    assert_true(st.used > st.size / 10 * 8);
    assert_true(st.evicted > 20000);
    assert_true(st.items > 4000);
    nsecs_free(n);
}

/* The index against a plain list, in the names' own order. */
static void agrees_with_a_plain_search_for_made_up_zones(void **state)
{
    struct sample *s = *state;
    static const char *const alphabet[] = {"a", "B", "ab", "\\000", "\\001", "*", "-", "\\255", "_x", "0"};
    uint32_t seed = 1;
    const name_t *names[150], *zone = sample_name(&s->a, "z.");
    for (unsigned i = 0; i < 150; i++) {
        char text[64];
        unsigned n = 0;
        for (unsigned labels = 1 + i % 3; labels > 0; labels--) {
            seed = seed * 1664525u + 1013904223u;
            n += (unsigned)snprintf(text + n, sizeof text - n, "%s.", alphabet[(seed >> 16) % 10]);
        }
        snprintf(text + n, sizeof text - n, "z.");
        names[i] = sample_name(&s->a, text);
    }
    for (unsigned i = 0; i < 50; i++) {
        /* To the next greater of the names that are in the chain, or round to the apex. */
        const name_t *next = zone;
        for (unsigned k = 0; k < 50; k++) {
            if (name_compare(names[k], names[i]) > 0 && (next == zone || name_compare(names[k], next) < 0))
                next = names[k];
        }
        struct rrset *rs = nsec_of(s, "z.", "z.", 300);
        rs->owner = names[i];
        rs->rdata[0].len = (uint16_t)name_len(next);
        rs->rdata[0].data = next;
        if (!(next[0] == 1 && next[1] == 0))
            assert_true(nsecs_put(cache_nsecs(s->c), zone, rs, 0));
    }
    unsigned covered = 0;
    for (unsigned i = 0; i < 150; i++) {
        const name_t *want = NULL, *next = zone;
        for (unsigned k = 0; k < 50; k++) {
            int d = name_compare(names[k], names[i]);
            if (d <= 0 && (!want || name_compare(names[k], want) > 0))
                want = names[k];
        }
        for (unsigned k = 0; want && k < 50; k++) {
            if (name_compare(names[k], want) > 0 && (next == zone || name_compare(names[k], next) < 0))
                next = names[k];
        }
        if (next[0] == 1 && next[1] == 0)
            want = NULL;
        const struct rrset *rs = nsecs_find(cache_nsecs(s->c), zone, names[i], 0, &s->a);
        assert_int_equal(rs != NULL, want != NULL);
        if (rs) {
            assert_true(name_equal(rs->owner, want));
            covered++;
        }
    }
    assert_in_range(covered, 50, 149);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SAMPLE_TEST(name_is_found_by_the_record_that_matches_or_covers_it),
        SAMPLE_TEST(only_record_of_a_zone_covers_all_of_it),
        SAMPLE_TEST(zones_are_apart_and_the_root_is_one),
        SAMPLE_TEST(deepest_zone_known_above_a_name_is_found),
        SAMPLE_TEST(ttl_goes_down_and_expiry_is_exact),
        SAMPLE_TEST(record_put_again_replaces_the_old_one),
        SAMPLE_TEST(same_record_is_written_again_only_when_its_time_runs_out),
        SAMPLE_TEST(what_cannot_serve_is_not_kept),
        SAMPLE_TEST(hash_is_found_in_its_chain_and_round_its_end),
        SAMPLE_TEST(flush_forgets_a_name_and_what_speaks_of_it),
        SAMPLE_TEST(clearing_the_cache_clears_the_index),
        SAMPLE_TEST(busy_records_outlive_a_flood_within_the_bound),
        SAMPLE_TEST(agrees_with_a_plain_search_for_made_up_zones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
