#include "cli/servers.h"

#include <string.h>

#include "cli/address.h"
#include "cli/out.h"
#include "lib/resolvconf.h"

#define DNS_PORT 53
#define TRIES_DEFAULT 3u        /* UDP loses messages; three are lost together one time in a million at 1 % */
#define TIMEOUT_DEFAULT_MS 2000 /* longer than the slowest honest path, shorter than patience */

/* With mx and whois -4 and -6 speak of the hosts that are looked up. */
static enum family wanted_family(const struct args *a)
{
    if (a->command != COMMAND_ASK)
        return FAMILY_NONE;
    return a->on[OPTION_IPV4] ? FAMILY_V4 : a->on[OPTION_IPV6] ? FAMILY_V6 : FAMILY_NONE;
}

static enum status use_resolvconf(struct ask_settings *s, const struct args *a, struct arena *arena)
{
    struct resolvconf conf;
    enum family family = wanted_family(a);
    if (resolvconf_read(&conf, RESOLVCONF_PATH) != ERR_OK) {
        out_complain("cannot read %s; name a server: @ADDRESS", RESOLVCONF_PATH);
        return STATUS_INTERNAL;
    }
    struct endpoint *list = ARENA_ARRAY(arena, struct endpoint, RESOLVCONF_SERVERS_MAX);
    size_t n = 0;
    for (unsigned i = 0; i < conf.server_count; i++) {
        if (family != FAMILY_NONE && conf.servers[i].addr.family != family)
            continue;
        list[n] = conf.servers[i];
        if (a->port && a->command != COMMAND_WHOIS)
            list[n].port = a->port;
        n++;
    }
    if (n == 0) {
        out_complain("no server of %s has an %s address; name one: @ADDRESS", RESOLVCONF_PATH,
            family == FAMILY_V4 ? "IPv4" : "IPv6");
        return STATUS_USAGE;
    }
    s->servers = list;
    s->server_count = n;
    s->rotate = conf.rotate;
    s->tcp = conf.use_vc;
    if (conf.timeout_s)
        s->timeout_ms = conf.timeout_s * 1000;
    if (conf.attempts)
        s->tries = conf.attempts;
    return STATUS_ANSWER;
}

enum status servers_named(
    struct ask_settings *out, const struct args *a, const char *server, struct arena *arena, struct text *why)
{
    struct endpoint *list = NULL;
    uint16_t port = a->port && a->command != COMMAND_WHOIS ? a->port : DNS_PORT;
    out->tries = TRIES_DEFAULT;
    out->timeout_ms = TIMEOUT_DEFAULT_MS;
    enum err err = address_server(&list, &out->server_count, server, port, wanted_family(a), arena, why);
    out->servers = list;
    return err == ERR_OK ? STATUS_ANSWER : err == ERR_NOTFOUND ? STATUS_NO_REPLY : STATUS_USAGE;
}

/* Those that are given, in their order, as one list. */
static enum status use_named(struct ask_settings *s, const struct args *a, struct arena *arena)
{
    struct endpoint *all = NULL;
    size_t n = 0;
    for (size_t i = 0; i < a->server_count; i++) {
        struct text why;
        text_init(&why);
        enum status status = servers_named(s, a, a->servers[i], arena, &why);
        if (status != STATUS_ANSWER)
            out_complain("%s", why.data);
        text_fini(&why);
        if (status != STATUS_ANSWER)
            return status;
        struct endpoint *more = ARENA_ARRAY(arena, struct endpoint, n + s->server_count);
        if (n)
            memcpy(more, all, n * sizeof *all);
        memcpy(more + n, s->servers, s->server_count * sizeof *all);
        all = more;
        n += s->server_count;
    }
    s->servers = all;
    s->server_count = n;
    return STATUS_ANSWER;
}

enum status servers_choose(
    struct ask_settings *out, const struct args *a, bool *from_resolvconf, struct arena *arena)
{
    out->tries = TRIES_DEFAULT;
    out->timeout_ms = TIMEOUT_DEFAULT_MS;
    *from_resolvconf = a->server_count == 0;
    return a->server_count ? use_named(out, a, arena) : use_resolvconf(out, a, arena);
}
