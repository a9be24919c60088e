/* What people give to `hark whois`, and what is looked up then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "cli/whois_target.h"

#define TEN "xxxxxxxxxx"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct {
    const char *word, *read; /* kind, what is asked for, of what name; or what is wrong with it */
} rows[] = {
    {"example.org", "domain example.org"},
    {"EXAMPLE.ORG.", "domain example.org"},
    {"b\303\274cher.example", "domain xn--bcher-kva.example"},
    {"xn--bcher-kva.example", "domain xn--bcher-kva.example"},
    {"_dmarc.example.org", "domain _dmarc.example.org"},
    {"org", "domain org"},
    {"localhost", "domain localhost"},
    {"AS3333", "asn 3333"},
    {"as3333", "asn 3333"},
    {"3333", "asn 3333"},
    {"AS1.10", "asn 65546"},
    {"ASN3333", "domain asn3333"},
    {"192.0.2.1", "network 192.0.2.1"},
    {"192.0.2.77/24", "network 192.0.2.0/24"},
    {"2001:DB8::1/32", "network 2001:db8::/32"},
    {"[192.0.2.1]", "network 192.0.2.1"},
    {"[2001:db8::1]", "network 2001:db8::1"},
    {"10.1.2.3", "network 10.1.2.3"},
    {"ABC1-ARIN", "entity ABC1-ARIN"},
    {"2.0.192.in-addr.arpa", "network 192.0.2.0/24 of 2.0.192.in-addr.arpa"},
    {"1.2.0.192.IN-ADDR.ARPA.", "network 192.0.2.1 of 1.2.0.192.in-addr.arpa"},
    {"_x.1.2.0.192.in-addr.arpa", "network 192.0.2.1 of _x.1.2.0.192.in-addr.arpa"},
    {"9.1.2.0.192.in-addr.arpa", "network 192.0.2.1 of 9.1.2.0.192.in-addr.arpa"},
    {"0-127.2.0.192.in-addr.arpa", "network 192.0.2.0/24 of 0-127.2.0.192.in-addr.arpa"},
    {"256.192.in-addr.arpa", "network 192.0.0.0/8 of 256.192.in-addr.arpa"},
    {"01.192.in-addr.arpa", "network 192.0.0.0/8 of 01.192.in-addr.arpa"},
    {"1000.192.in-addr.arpa", "network 192.0.0.0/8 of 1000.192.in-addr.arpa"},
    {"8.B.d.0.1.0.0.2.ip6.arpa", "network 2001:db8::/32 of 8.b.d.0.1.0.0.2.ip6.arpa"},
    {"0.8.b.d.0.1.0.0.2.ip6.arpa", "network 2001:db8::/36 of 0.8.b.d.0.1.0.0.2.ip6.arpa"},
    {"g.1.0.0.2.ip6.arpa", "network 2001::/16 of g.1.0.0.2.ip6.arpa"},
    {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
        "network 2001:db8::1 of 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"},
    {"in-addr.arpa", "domain in-addr.arpa"},
    {"x.in-addr.arpa", "domain x.in-addr.arpa"},
    {"192.notin-addr.arpa", "domain 192.notin-addr.arpa"},
    {"joe@example.org", "look up the domain of a mail address: hark whois example.org"},
    {"example.org/path", "names that are registered have no '/'"},
    {"example.org:443", "names that are registered have no ':'"},
    {"3333?", "names that are registered have no '?'"},
    {"foo\033bar.org", "names that are registered have no '\\027'"},
    {"AS 3333", "there is white space in it"},
    {"192.0.2", "no name ends in a number; a block of addresses is written 192.0.2.0/24"},
    {"192.0.2.0-192.0.2.255", "no name ends in a number; a block of addresses is written 192.0.2.0/24"},
    {"AS4294967296", "AS numbers end at 4294967295"},
    {"-x.org", "it begins with a hyphen"},
    {".", "nobody registers the root"},
    {HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED "x",
        "it is too long"},
};

static void each_word_is_read_as_a_person_means_it(void **state)
{
    static const char *const kinds[] = {
        [CARD_DOMAIN] = "domain", [CARD_NETWORK] = "network", [CARD_ASN] = "asn", [CARD_ENTITY] = "entity"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena a;
        struct text said;
        struct whois_target target;
        arena_init(&a);
        text_init(&said);
        const char *why = whois_target_read(&target, rows[i].word, &a);
        if (why)
            text_add(&said, why);
        else
            text_printf(&said, "%s %s%s%s", kinds[target.kind], target.asked, target.reverse ? " of " : "",
                target.reverse ? target.reverse : "");
        if (strcmp(said.data, rows[i].read) != 0)
            fail_msg("'%s': %s\nnot\n%s", rows[i].word, said.data, rows[i].read);
        text_fini(&said);
        arena_fini(&a);
    }
}

static void the_register_of_a_reverse_name_is_its_addresses(void **state)
{
    struct arena a;
    struct whois_target name, block;
    (void)state;
    arena_init(&a);
    assert_null(whois_target_read(&name, "6.0.193.in-addr.arpa", &a));
    assert_null(whois_target_read(&block, "193.0.6.0/24", &a));
    assert_string_equal(name.registry.rdap, block.registry.rdap);
    assert_string_equal(name.registry.whois, "whois.ripe.net");
    arena_fini(&a);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_word_is_read_as_a_person_means_it),
        cmocka_unit_test(the_register_of_a_reverse_name_is_its_addresses),
    };
    setenv("HARK_STATE", "/nonexistent", 1); /* what is compiled in, and nothing else */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
