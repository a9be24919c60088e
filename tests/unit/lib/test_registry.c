/* Who keeps which register: the table that is compiled in. */
#include "lib/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "base/addr.h"
#include "lib/registries/table.h"

static void check(const char *what, struct registry r, const char *rdap, const char *whois)
{
    if (rdap ? !r.rdap || strcmp(r.rdap, rdap) != 0 : r.rdap != NULL)
        fail_msg("%s: RDAP %s", what, r.rdap ? r.rdap : "none");
    if (whois ? !r.whois || strcmp(r.whois, whois) != 0 : r.whois != NULL)
        fail_msg("%s: WHOIS %s", what, r.whois ? r.whois : "none");
}

static void names_by_their_top_level_domain(void **state)
{
    (void)state;
    check("com", registry_of_name("example.com"), "https://rdap.verisign.com/com/v1/",
        "whois.verisign-grs.com");
    check("case", registry_of_name("EXAMPLE.Com"), "https://rdap.verisign.com/com/v1/",
        "whois.verisign-grs.com");
    check("deep", registry_of_name("a.b.example.org"), "https://rdap.publicinterestregistry.org/rdap/",
        "whois.publicinterestregistry.org");
    check("WHOIS alone", registry_of_name("example.de"), NULL, "whois.denic.de");
    check("@ twice", registry_of_name("example.uk"), "https://rdap.nominet.uk/uk/", "whois.nic.uk");
    check("a TLD itself", registry_of_name("com"), REGISTRY_IANA_RDAP, REGISTRY_IANA_WHOIS);
    check("unknown", registry_of_name("example.invalid"), NULL, NULL);
}

static void addresses_by_the_longest_prefix(void **state)
{
    static const struct {
        const char *address, *rdap, *whois;
    } rows[] = {
        {"193.0.6.139", "https://rdap.db.ripe.net/", "whois.ripe.net"},
        {"192.0.2.1", "https://rdap.arin.net/registry/", "whois.arin.net"},
        {"1.1.1.1", "https://rdap.apnic.net/", "whois.apnic.net"},
        {"200.160.2.3", "https://rdap.lacnic.net/rdap/", "whois.lacnic.net"},
        {"41.1.1.1", "https://rdap.afrinic.net/rdap/", "whois.afrinic.net"},
        {"2001:67c:2e8::1", "https://rdap.db.ripe.net/", "whois.ripe.net"},
        {"2001:4200::1", "https://rdap.afrinic.net/rdap/", "whois.afrinic.net"},
        {"2001:4400::1", "https://rdap.apnic.net/", "whois.apnic.net"},
        {"10.0.0.1", NULL, NULL},
        {"fe80::1", NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct addr a;
        assert_int_equal(addr_parse(&a, rows[i].address), ERR_OK);
        check(rows[i].address, registry_of_address(&a), rows[i].rdap, rows[i].whois);
    }
}

static void as_numbers_by_their_range(void **state)
{
    (void)state;
    check("3333", registry_of_asn(3333), "https://rdap.db.ripe.net/", "whois.ripe.net");
    check("4608", registry_of_asn(4608), "https://rdap.apnic.net/", "whois.apnic.net");
    check("701", registry_of_asn(701), "https://rdap.arin.net/registry/", "whois.arin.net");
    check("the last", registry_of_asn(UINT32_MAX), NULL, NULL);
    check("private", registry_of_asn(64512), NULL, NULL);
}

static void handles_by_their_tag(void **state)
{
    struct registry r;
    (void)state;
    assert_true(registry_of_handle(&r, "ABC1-ARIN"));
    assert_string_equal(r.rdap, "https://rdap.arin.net/registry/");
    assert_true(registry_of_handle(&r, "x-y-ripe"));
    assert_false(registry_of_handle(&r, "ARIN"));
    assert_false(registry_of_handle(&r, "ABC-XYZ"));
    assert_false(registry_of_handle(&r, "ABC-"));
}

static void the_table_is_in_order(void **state)
{
    (void)state;
    assert_int_equal(registries_dates_count, BOOTSTRAP_COUNT);
    for (int kind = 0; kind < BOOTSTRAP_COUNT; kind++)
        assert_int_equal(strlen(registry_date((enum bootstrap_kind)kind)), 10);
    assert_true(
        registries_tlds_count > 1300 && registries_asns_count > 2000 && registries_prefixes_count > 200);
    for (size_t i = 1; i < registries_tlds_count; i++)
        assert_true(strcmp(registries_text + registries_tlds[i - 1].tld,
                        registries_text + registries_tlds[i].tld) < 0);
    for (size_t i = 1; i < registries_asns_count; i++)
        assert_true(registries_asns[i - 1].last < registries_asns[i].first);
    for (size_t i = 1; i < registries_prefixes_count; i++)
        assert_true(registries_prefixes[i - 1].prefix.bits >= registries_prefixes[i].prefix.bits);
    for (size_t i = 0; i < registries_tlds_count; i++) {
        const char *rdap = registries_text + registries_tlds[i].rdap;
        assert_true(
            !*rdap || (strncmp(rdap, "http", 4) == 0 && rdap[strlen(rdap) - 1] == '/' && !strchr(rdap, '@')));
        assert_null(strchr(registries_text + registries_tlds[i].whois, '@'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_by_their_top_level_domain),
        cmocka_unit_test(addresses_by_the_longest_prefix),
        cmocka_unit_test(as_numbers_by_their_range),
        cmocka_unit_test(handles_by_their_tag),
        cmocka_unit_test(the_table_is_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
