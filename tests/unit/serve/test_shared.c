/* Finished answers: when one is kept, and who shares it. */
#include "fixture.h"

static const uint8_t ADDRESS[4] = {192, 0, 2, 1};

#define DO 0x8000u
#define CO 0x4000u

static struct rrset *address(struct fixture *f, const char *owner, unsigned count, uint8_t verdict)
{
    struct rrset *rs = fixture_rrset(f, owner, TYPE_A, 300, ADDRESS, 4, count);
    rs->verdict = verdict;
    return rs;
}

static struct rrset *alias(struct fixture *f, uint8_t verdict)
{
    struct rrset *rs = ARENA_NEW(&f->a, struct rrset);
    *rs = (struct rrset){.owner = fixture_name(f, "www.example."),
        .type = TYPE_CNAME,
        .class = CLASS_IN,
        .ttl = 200,
        .verdict = verdict};
    rrset_add(rs, (struct rdata){.data = (const uint8_t *)"\6target\7example", .len = 16}, &f->a);
    return rs;
}

static struct rrset *soa(struct fixture *f)
{
    return fixture_rrset(
        f, "example.", TYPE_SOA, 100, "\2ns\7example\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0", 33, 1);
}

static struct rrset *nsec(struct fixture *f, const char *owner)
{
    struct rrset *rs = fixture_rrset(f, owner, TYPE_NSEC, 90, "\1z\7example\0\0\1\x40", 14, 1);
    fixture_sign(f, rs, 64);
    return rs;
}

static struct rrset *signed_set(struct fixture *f, struct rrset *rs)
{
    fixture_sign(f, rs, 64);
    return rs;
}

static struct outcome known(uint16_t rcode, uint8_t verdict)
{
    return (struct outcome){.rcode = rcode, .verdict = verdict, .from_cache = true, .reason.ede = EDE_NONE};
}

/* ---- what may be found ---- */

enum kind {
    UNSIGNED,
    SIGNED,
    SIGNED_ALIAS,
    WILDCARD,
    DENIED,
    ALIAS_DENIED,       /* CNAME, then no data, both signed: what is for DO stands in both sections */
    ALIAS_DENIED_PLAIN, /* likewise, nothing signed */
    COMPACT,            /* a compact denial */
    PROOF_ASKED,        /* NSEC as data */
    WITH_ZONE,          /* positive, with the zone's servers beside */
    LARGE,              /* fits without signatures alone */
    UNCHECKED,
    BOGUS_BEHIND_ALIAS,
    KIND_COUNT
};

static struct outcome found(struct fixture *f, enum kind kind)
{
    struct arena *a = &f->a;
    struct outcome o = known(RCODE_NOERROR, VERDICT_SECURE);
    struct rrset *rs;
    struct rrset_list *proofs;
    switch (kind) {
    case UNSIGNED:
    case UNCHECKED:
        o.verdict = kind == UNSIGNED ? VERDICT_INSECURE : VERDICT_UNCHECKED;
        rrset_list_add(&o.answer, address(f, "www.example.", 3, o.verdict), a);
        break;
    case SIGNED:
        rrset_list_add(&o.answer, signed_set(f, address(f, "www.example.", 2, VERDICT_SECURE)), a);
        break;
    case SIGNED_ALIAS:
    case BOGUS_BEHIND_ALIAS:
        o.verdict = kind == SIGNED_ALIAS ? VERDICT_SECURE : VERDICT_INSECURE;
        rrset_list_add(&o.answer, signed_set(f, alias(f, o.verdict)), a);
        rs = address(f, "target.example.", 2, kind == SIGNED_ALIAS ? VERDICT_SECURE : VERDICT_BOGUS);
        rrset_list_add(&o.answer, signed_set(f, rs), a);
        break;
    case WILDCARD:
        proofs = ARENA_NEW(a, struct rrset_list);
        rrset_list_add(proofs, nsec(f, "a.example."), a);
        rs = signed_set(f, address(f, "www.example.", 1, VERDICT_SECURE));
        rs->proofs = proofs;
        rrset_list_add(&o.answer, rs, a);
        break;
    case ALIAS_DENIED:
        rrset_list_add(&o.answer, signed_set(f, alias(f, VERDICT_SECURE)), a);
        /* fallthrough */
    case DENIED:
    case COMPACT:
        o.rcode = kind == DENIED ? RCODE_NXDOMAIN : RCODE_NOERROR;
        o.no_name = kind == COMPACT;
        rrset_list_add(&o.authority, signed_set(f, soa(f)), a);
        rrset_list_add(&o.authority, nsec(f, "no.example."), a);
        break;
    case ALIAS_DENIED_PLAIN:
        o.verdict = VERDICT_INSECURE;
        rrset_list_add(&o.answer, alias(f, VERDICT_INSECURE), a);
        rrset_list_add(&o.authority, soa(f), a);
        break;
    case PROOF_ASKED:
        rrset_list_add(&o.answer, nsec(f, "www.example."), a);
        break;
    case WITH_ZONE:
        o.verdict = VERDICT_INSECURE;
        rrset_list_add(&o.answer, signed_set(f, address(f, "www.example.", 1, VERDICT_INSECURE)), a);
        rs = fixture_rrset(f, "example.", TYPE_NS, 70, "\2ns\7example", 12, 1);
        rs->rdata[0].data = (const uint8_t *)"\2ns\7example";
        rrset_list_add(&o.authority, rs, a);
        rrset_list_add(&o.additional, address(f, "ns.example.", 1, VERDICT_INSECURE), a);
        break;
    case LARGE:
        rs = address(f, "www.example.", 120, VERDICT_SECURE);
        fixture_sign(f, rs, ANSWER_OCTETS_MAX);
        rrset_list_add(&o.answer, rs, a);
        break;
    default:
        fail();
    }
    return o;
}

/* ---- who asks ---- */

static const struct asker {
    uint16_t flags, edns;
} ASKERS[] = {
    {FLAG_RD, 0},
    {FLAG_RD | FLAG_AD, 0},
    {FLAG_RD, DO},
    {FLAG_RD, DO | CO},
    {FLAG_RD | FLAG_CD, 0},
    {FLAG_RD | FLAG_CD, DO},
    {FLAG_RD | FLAG_CD, DO | CO},
};
#define ASKER_COUNT (sizeof ASKERS / sizeof ASKERS[0])

static enum served ask(struct fixture *f, enum kind kind, const struct asker *asker)
{
    struct msg_question q = {.type = kind == PROOF_ASKED ? TYPE_NSEC : TYPE_A, .class = CLASS_IN};
    struct edns e = {
        .present = true, .udp_size = 1232, .dnssec_ok = asker->edns & DO, .compact_ok = asker->edns & CO};
    return fixture_ask_edns(f, TRANSPORT_TCP, "www.example.", &q, asker->flags, &e);
}

static uint64_t kept(struct fixture *f)
{
    struct store_stats st;
    cache_stats(f->cache, &st);
    return st.by_kind[STORE_ANSWER];
}

static void setup(struct fixture *f)
{
    f->settings.validates = true;
    f->settings.rotate = false; /* so that replies can be compared */
    fixture_settings(f);
}

/* Which kinds have one item for all, and which none that is shared with who asks without CD. */
static bool is_apart(enum kind kind)
{
    return kind == ALIAS_DENIED || kind == WITH_ZONE || kind == LARGE;
}

static bool is_untrue(enum kind kind)
{
    return kind == UNCHECKED || kind == BOGUS_BEHIND_ALIAS;
}

/* Whoever asked before: a hit has the octets that would have been composed. */
static void hit_is_what_would_be_composed(void **state)
{
    struct fixture *f = *state;
    static uint8_t want[MSG_MAX_LEN];
    setup(f);
    for (enum kind kind = 0; kind < KIND_COUNT; kind++)
        for (size_t first = 0; first < ASKER_COUNT; first++)
            for (size_t second = 0; second < ASKER_COUNT; second++) {
                const struct asker *a = &ASKERS[first], *b = &ASKERS[second];
                struct outcome o = found(f, kind);
                if (is_untrue(kind) && !((a->flags & FLAG_CD) && (b->flags & FLAG_CD)))
                    continue;
                cache_clear(f->cache);
                assert_int_equal(ask(f, kind, b), SERVE_PENDING);
                fixture_compose(f, &o);
                size_t len = f->reply.len;
                memcpy(want, f->data, len);
                cache_clear(f->cache);
                assert_int_equal(ask(f, kind, a), SERVE_PENDING);
                fixture_compose(f, &o);
                enum served served = ask(f, kind, b);
                bool same_form = !(a->edns & DO) == !(b->edns & DO),
                     cd_to_plain = (a->flags & FLAG_CD) && !(b->flags & FLAG_CD);
                if (served == SERVE_DONE) {
                    assert_int_equal(f->reply.len, len);
                    assert_memory_equal(f->data, want, len);
                }
                bool shared = same_form || !is_apart(kind);
                if (kind == LARGE && (b->edns & DO))
                    shared = false; /* too large to keep */
                if (cd_to_plain && (kind == ALIAS_DENIED_PLAIN || kind == WITH_ZONE))
                    shared = false; /* which of the two parts was judged how is not known */
                assert_int_equal(served, shared ? SERVE_DONE : SERVE_PENDING);
            }
}

static void all_askers_share_one_item(void **state)
{
    struct fixture *f = *state;
    setup(f);
    for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
        if (is_apart(kind) || is_untrue(kind))
            continue;
        struct outcome o = found(f, kind);
        cache_clear(f->cache);
        for (size_t i = 0; i < ASKER_COUNT; i++)
            if (ask(f, kind, &ASKERS[i]) == SERVE_PENDING)
                fixture_compose(f, &o);
        assert_int_equal(kept(f), 1);
    }
}

static void untrue_data_are_for_cd_alone(void **state)
{
    struct fixture *f = *state;
    setup(f);
    for (enum kind kind = UNCHECKED; kind <= BOGUS_BEHIND_ALIAS; kind++) {
        struct outcome o = found(f, kind);
        for (unsigned with_do = 0; with_do < 2; with_do++) {
            const struct asker with_cd = {FLAG_RD | FLAG_CD, with_do ? DO : 0};
            cache_clear(f->cache);
            assert_int_equal(ask(f, kind, &with_cd), SERVE_PENDING);
            fixture_compose(f, &o);
            assert_int_equal(kept(f), 1);
            for (size_t i = 0; i < ASKER_COUNT; i++)
                if (!(ASKERS[i].flags & FLAG_CD))
                    assert_int_equal(ask(f, kind, &ASKERS[i]), SERVE_PENDING);
        }
    }
}

static void first_ask_is_not_kept_and_the_second_is(void **state)
{
    struct fixture *f = *state;
    static const struct {
        bool from_cache;
        uint32_t messages;
        bool stale;
        bool kept;
        const char *why;
    } rows[] = {
        {false, 3, false, false, "it was fetched"},
        {false, 0, false, false, "another question's messages brought it"},
        {true, 1, false, false, "a key was fetched to judge it"},
        {true, 0, true, false, "parts of it expired"},
        {true, 0, false, true, "all was there"},
    };
    setup(f);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct outcome o = found(f, SIGNED);
        o.from_cache = rows[i].from_cache;
        o.messages = rows[i].messages;
        o.stale = rows[i].stale;
        assert_int_equal(ask(f, SIGNED, &ASKERS[0]), SERVE_PENDING);
        serve_compose(f->serve, &f->rq, &o, &f->reply, f->now);
        assert_int_equal(kept(f), rows[i].kept);
    }
}

static void item_dies_with_the_first_of_its_parts(void **state)
{
    struct fixture *f = *state;
    setup(f);
    struct outcome o = found(f, WILDCARD);
    ask(f, WILDCARD, &ASKERS[0]);
    fixture_compose(f, &o);
    f->now.cache_s += 89; /* the proof has 90, the address 300 */
    assert_int_equal(ask(f, WILDCARD, &ASKERS[0]), SERVE_DONE);
    assert_int_equal(f->got.rrs[SECTION_ANSWER][0].ttl, 211);
    assert_int_equal(ask(f, WILDCARD, &ASKERS[2]), SERVE_DONE);
    assert_int_equal(f->got.rrs[SECTION_AUTHORITY][0].ttl, 1);
    f->now.cache_s++;
    assert_int_equal(ask(f, WILDCARD, &ASKERS[0]), SERVE_PENDING);
}

static void hit_longer_than_the_client_takes_is_truncated(void **state)
{
    struct fixture *f = *state;
    setup(f);
    struct outcome o = found(f, LARGE);
    ask(f, LARGE, &ASKERS[0]);
    fixture_compose(f, &o);
    assert_int_equal(fixture_ask(f, TRANSPORT_UDP, "www.example.", TYPE_A, FLAG_RD, 1232, false), SERVE_DONE);
    assert_true(f->got.flags & FLAG_TC);
    assert_int_equal(f->got.counts[SECTION_ANSWER], 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hit_is_what_would_be_composed),
        TEST(all_askers_share_one_item),
        TEST(untrue_data_are_for_cd_alone),
        TEST(first_ask_is_not_kept_and_the_second_is),
        TEST(item_dies_with_the_first_of_its_parts),
        TEST(hit_longer_than_the_client_takes_is_truncated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
