/* The index for aggressive use under foreign octets: RRsets of any content, put and looked for in any order,
 * in a region that is soon full. An input is a row of steps, each an octet that says what, then what it
 * needs:
 *
 *   zone and owner: names in wire form | RDATA: length 1, octets
 *
 * What is found lies in its zone and matches or covers what was looked for; what was put is found. */
#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "cache/nsecs.h"
#include "dns/rrtype.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define SIZE 16384u /* four pages: a few dozen records */

enum step { STEP_PUT, STEP_FIND, STEP_HASH, STEP_FLUSH, STEP_CLEAR, STEP_TIME, STEP_COUNT };

struct run {
    struct nsecs *n;
    struct reader r;
    struct arena a;
    uint32_t now_s;
};

static const name_t *take_name(struct run *f)
{
    size_t n = name_check(f->r.data + f->r.pos, reader_left(&f->r));
    if (n == 0)
        f->r.bad = true;
    return n ? read_octets(&f->r, n) : NULL;
}

static void check_nsec(const struct rrset *rs, const name_t *zone, const name_t *name)
{
    const name_t *next = rs->rdata[0].data;
    assert(rs->type == TYPE_NSEC && rs->count == 1 && rs->sig_count == 1 && rs->ttl > 0);
    assert(
        name_check(next, rs->rdata[0].len) && name_is_within(rs->owner, zone) && name_is_within(next, zone));
    if (name_equal(rs->owner, name))
        return;
    bool after = name_compare(rs->owner, name) < 0, before = name_compare(name, next) < 0;
    /* The last one of the chain, or all there is, leads round to the apex. */
    if (name_compare(next, rs->owner) <= 0)
        assert(after || before);
    else
        assert(after && before);
}

static bool same_rdata(const struct rrset *a, const struct rrset *b)
{
    return a->rdata[0].len == b->rdata[0].len &&
           memcmp(a->rdata[0].data, b->rdata[0].data, a->rdata[0].len) == 0;
}

static struct rrset *find_hash(struct run *f, const name_t *zone, const uint8_t hash[NSECS_HASH_LEN])
{
    struct nsec3_chain chains[NSECS_CHAINS_MAX];
    struct rrset *rs = NULL;
    unsigned count = nsecs_chains(f->n, zone, f->now_s, chains);
    assert(count <= NSECS_CHAINS_MAX);
    for (unsigned i = 0; i < count && !rs; i++)
        rs = nsecs_find_hash(f->n, zone, &chains[i], hash, f->now_s, &f->a);
    if (rs)
        assert(rs->type == TYPE_NSEC3 && rs->ttl > 0 && name_equal(name_parent(rs->owner, 1), zone));
    return rs;
}

static void put(struct run *f)
{
    static const uint16_t types[] = {TYPE_NSEC, TYPE_NSEC3, TYPE_SOA, TYPE_A};
    struct rrset rs = {.class = CLASS_IN, .count = 1, .sig_count = 1};
    uint8_t how = read_u8(&f->r);
    rs.type = types[how & 3];
    rs.ttl = how >> 2;
    const name_t *zone = take_name(f);
    rs.owner = zone ? take_name(f) : NULL;
    struct rdata rd = {.len = read_u8(&f->r)}, sig = {.data = (const uint8_t *)"sig", .len = 3};
    rd.data = read_octets(&f->r, rd.len);
    rs.rdata = &rd;
    rs.sigs = &sig;
    if (f->r.bad || !nsecs_put(f->n, zone, &rs, f->now_s))
        return;
    assert(rs.ttl > 0 && rs.type != TYPE_A && name_is_within(rs.owner, zone));
    const name_t *deepest = nsecs_deepest(f->n, zone);
    assert(deepest && name_equal(deepest, zone));
    if (rs.type == TYPE_SOA) {
        assert(same_rdata(nsecs_soa(f->n, zone, f->now_s, &f->a), &rs));
        return;
    }
    if (rs.type == TYPE_NSEC) {
        struct rrset *got = nsecs_find(f->n, zone, rs.owner, f->now_s, &f->a);
        assert(got && name_equal(got->owner, rs.owner) && same_rdata(got, &rs));
    }
}

static void find(struct run *f)
{
    const name_t *zone = take_name(f), *name = zone ? take_name(f) : NULL;
    if (f->r.bad)
        return;
    struct rrset *rs = nsecs_find(f->n, zone, name, f->now_s, &f->a);
    if (rs)
        check_nsec(rs, zone, name);
    const name_t *deepest = nsecs_deepest(f->n, name);
    assert(!deepest || name_is_within(name, deepest));
}

static void step(struct run *f)
{
    const name_t *zone;
    const uint8_t *hash;
    switch ((enum step)(read_u8(&f->r) % STEP_COUNT)) {
    case STEP_PUT:
        put(f);
        break;
    case STEP_FIND:
        find(f);
        break;
    case STEP_HASH:
        zone = take_name(f);
        hash = read_octets(&f->r, NSECS_HASH_LEN);
        if (zone && hash)
            find_hash(f, zone, hash);
        break;
    case STEP_FLUSH:
        zone = take_name(f);
        if (!zone)
            break;
        nsecs_flush(f->n, zone);
        zone = nsecs_deepest(f->n, zone);
        break;
    case STEP_CLEAR:
        nsecs_clear(f->n);
        break;
    case STEP_TIME:
        f->now_s += read_u8(&f->r);
        break;
    case STEP_COUNT:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct hash_key key = {1, 2};
    struct nsecs_stats st;
    struct run f = {.n = nsecs_new(SIZE, &key), .r = reader_of(data, len)};
    arena_init(&f.a);
    while (reader_left(&f.r) > 0) {
        step(&f);
        arena_reset(&f.a);
    }
    nsecs_read_stats(f.n, &st);
    assert(st.used <= st.size && st.size <= SIZE);
    arena_fini(&f.a);
    nsecs_free(f.n);
    return 0;
}
