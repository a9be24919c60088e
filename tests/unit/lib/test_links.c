/* Which link a name goes to, by the domains of each: the rules of systemd-resolved(8). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "lib/links.h"

#define LINKS 4u

/* "~corp.example" is no part of the search list; "." is the root. default: takes what nobody claims. */
static const struct {
    bool default_route;
    const char *domains[3];
} machine[LINKS] = {
    {true, {0}},                                   /* of the network */
    {false, {"corp.example", "~10.in-addr.arpa"}}, /* of a VPN */
    {false, {"~lab.corp.example"}},                /* of another within it */
    {true, {0}},                                   /* of the machine itself */
};

/* For each link: d its domain fits, s it searches, * by default, - not. */
static const struct {
    const char *name, *goes;
} cases[] = {
    {"www.python.org", "*--*"},
    {"git.corp.example", "-d--"},
    {"CORP.Example", "-d--"},
    {"xcorp.example", "*--*"},
    {"a.lab.corp.example", "--d-"},
    {"lab.corp.example", "--d-"},
    {"example", "-s--"},
    {"git", "-s--"},
    {"1.0.0.10.in-addr.arpa", "-d--"},
    {"printer.local", "----"},
    {"mylocal", "-s--"},
    {"www.localhost", "----"},
    {"localhost", "----"},
    {"_gateway", "----"},
    {"xlocalhost.example", "*--*"},
};

static void make(struct links *l)
{
    memset(l, 0, sizeof *l);
    l->by = LINKS_OF_RESOLVED;
    l->count = LINKS;
    for (uint32_t i = 0; i < LINKS; i++) {
        struct link *k = &l->list[i];
        k->index = i;
        k->default_route = machine[i].default_route;
        k->server_count = 1;
        for (const char *const *d = machine[i].domains; *d; d++) {
            struct link_domain *to = &k->domains[k->domain_count++];
            to->route_only = **d == '~';
            snprintf(to->name, sizeof to->name, "%s", *d + to->route_only);
        }
    }
}

static void expect(const struct links *l, const char *name, const char *goes)
{
    static const char marks[] = {[LINK_NOT] = '-',
        [LINK_BY_DOMAIN] = 'd',
        [LINK_BY_SEARCH] = 's',
        [LINK_BY_DEFAULT] = '*',
        [LINK_WITHOUT_A_DOT] = '-',
        [LINK_NOT_LOCAL] = '-',
        [LINK_ANSWERED] = '-'};
    char seen[LINKS + 1] = {0};
    bool before = true;
    for (uint32_t i = 0; i < l->count; i++) {
        uint32_t at = l->list[i].index;
        seen[at] = marks[l->list[i].route];
        assert_true(before || !link_is_asked(&l->list[i]));
        before = link_is_asked(&l->list[i]);
        assert_int_equal(before, seen[at] != '-');
    }
    if (strcmp(seen, goes) != 0)
        fail_msg("%s goes to %s, not %s", name, seen, goes);
}

static void a_name_goes_to_the_longest_domain_that_fits(void **state)
{
    (void)state;
    struct links *l = mem_alloc(sizeof *l);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        make(l);
        links_route(l, cases[i].name, true);
        expect(l, cases[i].name, cases[i].goes);
    }
    mem_free(l);
}

static void a_link_that_claims_the_root_takes_all_that_nobody_else_does(void **state)
{
    (void)state;
    struct links *l = mem_alloc(sizeof *l);
    make(l);
    l->list[2].domains[0].name[0] = 0;
    links_route(l, "www.python.org", true);
    expect(l, "www.python.org", "--d-");
    links_route(l, "git.corp.example", true);
    expect(l, "git.corp.example", "-d--");
    mem_free(l);
}

static void a_domain_may_claim_local_names(void **state)
{
    (void)state;
    struct links *l = mem_alloc(sizeof *l);
    make(l);
    snprintf(l->list[2].domains[0].name, LINK_DOMAIN_LEN, "local");
    links_route(l, "printer.local", true);
    expect(l, "printer.local", "--d-");
    links_route(l, "local", true); /* an address of one label is not asked for over DNS, claimed or not */
    expect(l, "local", "-s--");
    mem_free(l);
}

static void a_dnsmasq_knows_of_domains_and_of_the_default_alone(void **state)
{
    (void)state;
    struct links *l = mem_alloc(sizeof *l);
    make(l);
    l->by = LINKS_OF_MANAGER;
    links_route(l, "printer.local", true);
    expect(l, "printer.local", "*--*");
    links_route(l, "git", true);
    expect(l, "git", "*--*");
    mem_free(l);
}

static void a_link_without_servers_is_not_asked(void **state)
{
    (void)state;
    struct links *l = mem_alloc(sizeof *l);
    make(l);
    l->list[1].server_count = 0;
    links_route(l, "git.corp.example", true);
    expect(l, "git.corp.example", "*--*");
    mem_free(l);
}

static void a_name_without_a_dot_is_asked_of_nobody_who_does_not_search(void **state)
{
    (void)state;
    struct links *l = mem_alloc(sizeof *l);
    make(l);
    l->list[1].domain_count = 0;
    links_route(l, "git", true);
    expect(l, "git", "----");
    make(l);
    l->list[1].domain_count = 0;
    links_route(l, "git", false); /* other types are not held back */
    expect(l, "git", "*--*");
    mem_free(l);
}

static void what_does_not_get_to_its_end_tells_of_no_link(void **state)
{
    (void)state;
    struct links *l = mem_alloc(sizeof *l);
    struct child c = {.end = CHILD_LATE};
    make(l);
    text_init(&c.out);
    text_add_n(&c.out, (const char *)l, sizeof *l);
    links_read(l, &c);
    assert_int_equal(l->by, LINKS_OF_NOBODY);
    assert_int_equal(l->count, 0);
    text_fini(&c.out);
    mem_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_goes_to_the_longest_domain_that_fits),
        cmocka_unit_test(a_link_that_claims_the_root_takes_all_that_nobody_else_does),
        cmocka_unit_test(a_domain_may_claim_local_names),
        cmocka_unit_test(a_dnsmasq_knows_of_domains_and_of_the_default_alone),
        cmocka_unit_test(a_link_without_servers_is_not_asked),
        cmocka_unit_test(a_name_without_a_dot_is_asked_of_nobody_who_does_not_search),
        cmocka_unit_test(what_does_not_get_to_its_end_tells_of_no_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
