#include "fixture.h"

#include <stdio.h>

#include "dns/rdata.h"
#include "serve/local.h"

enum { WORLD = -1 }; /* not answered here */

static const struct {
    const char *name;
    uint16_t type;
    int rcode;
    unsigned answers;
    const char *why;
} rows[] = {
    {"localhost.", TYPE_A, RCODE_NOERROR, 1, "RFC 6761 6.3"},
    {"localhost.", TYPE_AAAA, RCODE_NOERROR, 1, "RFC 6761 6.3"},
    {"localhost.", TYPE_MX, RCODE_NOERROR, 0, "RFC 6761 6.3"},
    {"a.b.LocalHost.", TYPE_A, RCODE_NOERROR, 1, "RFC 6761 6.3"},
    {"localhost.example.", TYPE_A, WORLD, 0, "only the last label counts"},
    {"xlocalhost.", TYPE_A, WORLD, 0, "another name"},
    {"invalid.", TYPE_A, RCODE_NXDOMAIN, 0, "RFC 6761 6.4"},
    {"x.invalid.", TYPE_SOA, RCODE_NXDOMAIN, 0, "RFC 6761 6.4"},
    {"x.test.", TYPE_A, RCODE_NXDOMAIN, 0, "RFC 6761 6.2"},
    {"printer.local.", TYPE_A, RCODE_NXDOMAIN, 0, "RFC 6762 22.1"},
    {"abc.onion.", TYPE_AAAA, RCODE_NXDOMAIN, 0, "RFC 7686 2"},
    {"x.alt.", TYPE_A, RCODE_NXDOMAIN, 0, "RFC 9476 3"},
    {"example.", TYPE_A, WORLD, 0, "RFC 6761 6.5: resolved like others"},
    {"arpa.", TYPE_NS, WORLD, 0, "above the local zones"},
    {"in-addr.arpa.", TYPE_NS, WORLD, 0, "above the local zones"},
    {"10.in-addr.arpa.", TYPE_SOA, RCODE_NOERROR, 1, "RFC 6303 3"},
    {"10.in-addr.arpa.", TYPE_NS, RCODE_NOERROR, 1, "RFC 6303 3"},
    {"10.in-addr.arpa.", TYPE_PTR, RCODE_NOERROR, 0, "RFC 6303 3"},
    {"10.in-addr.arpa.", TYPE_DS, WORLD, 0, "RFC 4035 3.1.4.1: the parent's"},
    {"1.2.3.10.in-addr.arpa.", TYPE_PTR, RCODE_NXDOMAIN, 0, "RFC 6303 4.1"},
    {"110.in-addr.arpa.", TYPE_PTR, WORLD, 0, "another name"},
    {"1.1.15.172.in-addr.arpa.", TYPE_PTR, WORLD, 0, "172.16/12 begins at 16"},
    {"1.1.16.172.in-addr.arpa.", TYPE_PTR, RCODE_NXDOMAIN, 0, "RFC 6303 4.1"},
    {"1.1.31.172.in-addr.arpa.", TYPE_PTR, RCODE_NXDOMAIN, 0, "RFC 6303 4.1"},
    {"1.1.32.172.in-addr.arpa.", TYPE_PTR, WORLD, 0, "172.16/12 ends at 31"},
    {"1.1.168.192.in-addr.arpa.", TYPE_PTR, RCODE_NXDOMAIN, 0, "RFC 6303 4.1"},
    {"1.1.63.100.in-addr.arpa.", TYPE_PTR, WORLD, 0, "100.64/10 begins at 64"},
    {"1.1.64.100.in-addr.arpa.", TYPE_PTR, RCODE_NXDOMAIN, 0, "RFC 7793 2"},
    {"1.1.127.100.in-addr.arpa.", TYPE_PTR, RCODE_NXDOMAIN, 0, "RFC 7793 2"},
    {"1.1.128.100.in-addr.arpa.", TYPE_PTR, WORLD, 0, "100.64/10 ends at 127"},
    {"1.0.0.127.in-addr.arpa.", TYPE_PTR, RCODE_NOERROR, 1, "RFC 6303 4.2"},
    {"2.0.0.127.in-addr.arpa.", TYPE_PTR, RCODE_NXDOMAIN, 0, "RFC 6303 4.2"},
    {"0.0.127.in-addr.arpa.", TYPE_PTR, RCODE_NOERROR, 0, "RFC 8020: a name below exists"},
    {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.", TYPE_PTR, RCODE_NOERROR, 1,
        "RFC 6303 4.3"},
    {"2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.", TYPE_PTR, WORLD, 0,
        "not a local name"},
    {"1.d.f.ip6.arpa.", TYPE_PTR, RCODE_NXDOMAIN, 0, "RFC 6303 4.4"},
    {"1.8.e.f.ip6.arpa.", TYPE_PTR, RCODE_NXDOMAIN, 0, "RFC 6303 4.5"},
    {"1.c.e.f.ip6.arpa.", TYPE_PTR, WORLD, 0, "not link-local"},
    {"x.home.arpa.", TYPE_A, RCODE_NXDOMAIN, 0, "RFC 8375 4"},
    {"home.arpa.", TYPE_DS, WORLD, 0, "RFC 8375 4"},
    {"_dns.resolver.arpa.", TYPE_SVCB, RCODE_NOERROR, 0, "RFC 9462 4: no designated resolver is NODATA"},
    {"resolver.arpa.", TYPE_DS, WORLD, 0, "RFC 4035 3.1.4.1: the parent's"},
    {"localhost.", TYPE_ANY, RCODE_NOERROR, 1, "RFC 8482 4.1: ANY of a name with records is not NODATA"},
    {"a.localhost.", TYPE_ANY, RCODE_NOERROR, 1, "RFC 8482 4.1"},
    {"1.0.0.127.in-addr.arpa.", TYPE_ANY, RCODE_NOERROR, 1, "RFC 8482 4.1"},
    {"10.in-addr.arpa.", TYPE_ANY, RCODE_NOERROR, 1, "RFC 8482 4.1"},
    {"0.0.127.in-addr.arpa.", TYPE_ANY, RCODE_NOERROR, 0, "RFC 8020: nothing at it"},
    {"x.10.in-addr.arpa.", TYPE_ANY, RCODE_NXDOMAIN, 0, "RFC 6303 4.1"},
    {"x.test.", TYPE_ANY, RCODE_NXDOMAIN, 0, "RFC 6761 6.2"},
    {"x.service.arpa.", TYPE_PTR, RCODE_NXDOMAIN, 0, "RFC 9665 10.1"},
    {"arpa.", TYPE_A, WORLD, 0, "above the local zones"},
    {"ipv4only.arpa.", TYPE_A, WORLD, 0, "RFC 8880 7.1: only with NAT64"},
    {"1.0.0.127.in-addr.arpa.", TYPE_SOA, RCODE_NOERROR, 0, "no zone of its own"},
    {"x.1.0.0.127.in-addr.arpa.", TYPE_PTR, RCODE_NXDOMAIN, 0, "RFC 8020"},
    {"1.0.0.f.f.f.3.ip6.arpa.", TYPE_PTR, RCODE_NXDOMAIN, 0, "RFC 9637"},
    {"1.1.f.f.f.3.ip6.arpa.", TYPE_PTR, WORLD, 0, "not of 3fff::/20"},
    {".", TYPE_NS, WORLD, 0, "the root"},
};

static void names_are_answered_here_or_in_the_world(void **state)
{
    struct fixture *f = *state;
    const struct local_zones *z = local_zones_new(NULL, 0, &f->a);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct outcome o;
        int got = local_answer(z, fixture_name(f, rows[i].name), rows[i].type, &f->a, &o) ? o.rcode : WORLD;
        if (got != rows[i].rcode)
            print_error("%s: %s\n", rows[i].name, rows[i].why);
        assert_int_equal(got, rows[i].rcode);
        if (got == WORLD)
            continue;
        const name_t *name = fixture_name(f, rows[i].name);
        assert_true(local_may_be(name_parent(name, name_labels(name) - 1)));
        assert_int_equal(o.answer.count, rows[i].answers);
        assert_int_equal(o.authority.count, rows[i].answers ? 0 : 1);
        assert_int_not_equal(o.verdict, VERDICT_SECURE);
    }
}

static void reply_is_authoritative_and_reads_well(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum served served = fixture_ask(f, TRANSPORT_UDP, rows[i].name, rows[i].type, FLAG_RD, 1232, true);
        assert_int_equal(served, rows[i].rcode == WORLD ? SERVE_PENDING : SERVE_DONE);
        if (served != SERVE_DONE)
            continue;
        assert_int_equal(f->got.rcode, rows[i].rcode);
        assert_true(f->got.flags & FLAG_AA);
        assert_int_equal(f->got.counts[SECTION_ANSWER], rows[i].answers);
    }
}

/* ---- every row ---- */

enum kind { LOOPBACK, POINTER, POINTED, NOWHERE, EMPTY, NODATA };

static const struct {
    const char *name;
    enum kind kind;
} table[] = {
#define LOCAL(name, kind, source) {name, kind},
#include "defs/local.def"
#undef LOCAL
};
#define TABLE_COUNT (sizeof table / sizeof table[0])

static const char *record(
    struct fixture *f, const struct rrset_list *list, const char *what, char *buf, size_t cap)
{
    struct text t;
    text_init_fixed(&t, buf, cap);
    if (list->count != 1 || list->items[0]->count != 1)
        fail_msg("%s: %zu RRsets", what, list->count);
    const struct rrset *rs = list->items[0];
    name_to_text(&t, rs->owner);
    text_printf(&t, " %u ", rs->ttl);
    rrtype_to_text(&t, rs->type);
    text_add(&t, " ");
    rdata_to_text(&t, rs->type, rs->class, &rs->rdata[0]);
    return buf;
}

static void expect_record(struct fixture *f, const struct local_zones *z, const char *name, uint16_t type,
    int rcode, bool answered, const char *expected)
{
    struct outcome o;
    char got[600];
    if (!local_answer(z, fixture_name(f, name), type, &f->a, &o))
        fail_msg("%s is not answered here", name);
    assert_int_equal(o.rcode, rcode);
    assert_int_equal(o.answer.count, answered ? 1 : 0);
    assert_int_equal(o.authority.count, answered ? 0 : 1);
    assert_string_equal(record(f, answered ? &o.answer : &o.authority, name, got, sizeof got), expected);
}

/* RFC 6303 3: "@ 10800 IN SOA @ nobody.invalid. 1 3600 1200 604800 10800" and "@ 10800 IN NS @". */
static void every_zone_has_the_contents_of_rfc_6303(void **state)
{
    struct fixture *f = *state;
    const struct local_zones *z = local_zones_new(NULL, 0, &f->a);
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        char soa[600], ns[300], below[200];
        bool zone = table[i].kind != NOWHERE && table[i].kind != POINTED;
        const char *name = table[i].name, *apex = table[i].kind == POINTED ? "127.in-addr.arpa" : name;
        snprintf(soa, sizeof soa, "%s. 10800 SOA %s. nobody.invalid. 1 3600 1200 604800 10800", apex, apex);
        snprintf(ns, sizeof ns, "%s. 10800 NS %s.", name, name);
        snprintf(below, sizeof below, "not-there.%s", name);
        int nowhere = table[i].kind == NOWHERE ? RCODE_NXDOMAIN : RCODE_NOERROR;
        expect_record(f, z, name, TYPE_SOA, nowhere, zone, soa);
        expect_record(f, z, name, TYPE_NS, nowhere, zone, zone ? ns : soa);
        expect_record(f, z, name, TYPE_MX, nowhere, false, soa);
        bool all_below = table[i].kind == LOOPBACK || table[i].kind == NODATA;
        expect_record(f, z, below, TYPE_MX, all_below ? RCODE_NOERROR : RCODE_NXDOMAIN, false, soa);
    }
}

static void every_row_can_be_switched_off_alone(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        const name_t *off = fixture_name(f, table[i].name);
        const struct local_zones *z = local_zones_new(&off, 1, &f->a);
        for (size_t k = 0; k < TABLE_COUNT; k++) {
            struct outcome o;
            bool answered = local_answer(z, fixture_name(f, table[k].name), TYPE_SOA, &f->a, &o);
            if (answered != !name_is_within(fixture_name(f, table[k].name), off))
                fail_msg("%s off: %s is%s answered", table[i].name, table[k].name, answered ? "" : " not");
        }
    }
}

static void name_above_switches_off_all_below_it(void **state)
{
    struct fixture *f = *state;
    const name_t *off[] = {fixture_name(f, "172.in-addr.arpa."), fixture_name(f, "TEST.")};
    const struct local_zones *z = local_zones_new(off, 2, &f->a);
    struct outcome o;
    assert_false(local_answer(z, fixture_name(f, "1.16.172.in-addr.arpa."), TYPE_PTR, &f->a, &o));
    assert_false(local_answer(z, fixture_name(f, "31.172.in-addr.arpa."), TYPE_SOA, &f->a, &o));
    assert_false(local_answer(z, fixture_name(f, "a.test."), TYPE_A, &f->a, &o));
    assert_true(local_answer(z, fixture_name(f, "1.10.in-addr.arpa."), TYPE_PTR, &f->a, &o));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            names_are_answered_here_or_in_the_world, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            reply_is_authoritative_and_reads_well, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            every_zone_has_the_contents_of_rfc_6303, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(every_row_can_be_switched_off_alone, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            name_above_switches_off_all_below_it, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
