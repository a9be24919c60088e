/* The files by which this system looks names up: nsswitch.conf, hosts, resolv.conf, and those that tell of
 * name servers. Each input is read as each of them. What was understood keeps its invariants, and
 * nsswitch.conf's line reads back as it was understood. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "lib/dns_origin.h"
#include "lib/hosts.h"
#include "lib/nsswitch.h"
#include "lib/resolvconf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_nsswitch(const char *text, size_t len)
{
    struct nsswitch a, b;
    struct text t;
    nsswitch_parse(&a, text, len);
    assert(a.count <= NSSWITCH_SOURCES_MAX && !(a.broken && a.count));
    for (unsigned i = 0; i < a.count; i++)
        assert(a.sources[i].name[0] && memchr(a.sources[i].name, 0, NSSWITCH_NAME_LEN));
    text_init(&t);
    text_add(&t, "hosts: ");
    nsswitch_to_text(&t, &a);
    nsswitch_parse(&b, t.data, t.len);
    assert(a.count == b.count && memcmp(a.sources, b.sources, a.count * sizeof a.sources[0]) == 0);
    text_fini(&t);
}

static void check_hosts(const char *text, size_t len)
{
    static const uint8_t localhost[4] = {127, 0, 0, 1};
    struct addr here = addr_v4(localhost);
    struct hosts_matches m;
    hosts_find(&m, text, len, NULL, &here);
    for (size_t i = 0; i < m.count; i++) {
        assert(addr_equal(&m.items[i].addr, &here) && m.items[i].line > 0);
        assert(m.items[i].canonical[0] && memchr(m.items[i].canonical, 0, HOSTS_NAME_LEN));
    }
    hosts_find(&m, text, len, "localhost", NULL);
    assert(m.count <= HOSTS_MATCHES_MAX && (m.more == 0 || m.count == HOSTS_MATCHES_MAX));
}

static void check_resolvconf(const char *text, size_t len)
{
    struct resolvconf c;
    struct resolvconf_candidate name;
    unsigned n = 0;
    resolvconf_parse(&c, text, len);
    assert(c.server_count >= 1 && c.server_count <= RESOLVCONF_SERVERS_MAX);
    assert(c.search_count <= RESOLVCONF_SEARCH_MAX && c.ndots <= RESOLVCONF_NDOTS_MAX);
    while (resolvconf_candidate(&name, &c, "www.example", n)) {
        assert(strncmp(name.name, "www.example", 11) == 0);
        n++;
    }
    assert(n == c.search_count + 1);
}

static void check_origin(const char *text, size_t len)
{
    static const char *const keys[] = {"DNS", "nameserver", "option"};
    for (size_t i = 0; i < 3; i++) {
        struct text t;
        text_init(&t);
        bool any = dns_origin_servers(&t, text, len, keys[i]);
        assert(t.len <= DNS_ORIGIN_TEXT_LEN && (!any || t.len > 0));
        text_fini(&t);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    check_origin((const char *)data, len);
    check_nsswitch((const char *)data, len);
    check_hosts((const char *)data, len);
    check_resolvconf((const char *)data, len);
    return 0;
}
