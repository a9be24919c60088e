#include "daemon/listeners.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/log.h"
#include "net/listen.h"

static const int TYPES[] = {SOCK_DGRAM, SOCK_STREAM};
#define TYPE_COUNT (sizeof TYPES / sizeof TYPES[0])

/* ::1 is served by default, and many a host has no IPv6. */
static bool is_dispensable(const struct endpoint *at, int problem)
{
    return at->addr.family == FAMILY_V6 && addr_is_loopback(&at->addr) &&
           (problem == EADDRNOTAVAIL || problem == EAFNOSUPPORT);
}

void listener_complain(const struct listener *l, int problem, struct text *complaint)
{
    char text[ENDPOINT_TEXT_LEN];
    const char *hint = "";
    if (problem == EACCES && l->at.port < 1024)
        hint = " (a port below 1024 takes root or CAP_NET_BIND_SERVICE)";
    else if (problem == EADDRINUSE)
        hint = " (another server is there)";
    else if (problem == EADDRNOTAVAIL)
        hint = " (freebind: yes waits for the address to come)";
    text_printf(complaint,
        "cannot listen on %s: %s%s; choose another with --listen ADDRESS@PORT or the setting listen:",
        endpoint_text(&l->at, text), strerror(problem), hint);
}

static int probe(const struct endpoint *at, bool freebind)
{
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        int problem = listen_probe(at, TYPES[i], freebind);
        if (problem)
            return problem;
    }
    return 0;
}

static enum err choose_own(
    struct listeners *out, const struct config *config, struct arena *a, struct text *complaint)
{
    struct listener *items = ARENA_ARRAY(a, struct listener, TYPE_COUNT * config->listen_count);
    struct endpoint *places = ARENA_ARRAY(a, struct endpoint, config->listen_count);
    out->items = items;
    out->places = places;
    for (size_t i = 0; i < config->listen_count; i++) {
        const struct endpoint *at = &config->listen[i];
        int problem = probe(at, out->freebind);
        if (problem && is_dispensable(at, problem)) {
            log_warning("this host has no IPv6 loopback: not listening there");
            continue;
        }
        for (size_t k = 0; k < TYPE_COUNT; k++)
            items[out->count++] = (struct listener){.at = *at, .type = TYPES[k], .given = -1};
        if (problem) {
            listener_complain(&items[out->count - 1], problem, complaint);
            return ERR_SYSTEM;
        }
        places[out->place_count++] = *at;
    }
    if (out->count > 0)
        return ERR_OK;
    text_add(
        complaint, "no address to listen on; name one with --listen ADDRESS@PORT or the setting listen:");
    return ERR_NOTFOUND;
}

static void add_place(struct endpoint *places, size_t *count, const struct endpoint *at)
{
    for (size_t i = 0; i < *count; i++)
        if (endpoint_equal(&places[i], at))
            return;
    places[(*count)++] = *at;
}

static void take_given(struct listeners *out, const struct activation *given, struct arena *a)
{
    struct listener *items = ARENA_ARRAY(a, struct listener, given->count);
    struct endpoint *places = ARENA_ARRAY(a, struct endpoint, given->count);
    for (size_t i = 0; i < given->count; i++) {
        const struct given_socket *g = &given->sockets[i];
        items[i] = (struct listener){.at = g->at, .type = g->type, .given = g->fd};
        for (size_t k = 0; k < i; k++)
            items[i].rank += items[k].type == g->type && endpoint_equal(&items[k].at, &g->at);
        add_place(places, &out->place_count, &g->at);
    }
    for (size_t i = 0; i < given->count; i++)
        for (size_t k = 0; k < given->count; k++)
            items[i].equal += items[k].type == items[i].type && endpoint_equal(&items[k].at, &items[i].at);
    out->items = items;
    out->count = given->count;
    out->places = places;
}

enum err listeners_choose(struct listeners *out, const struct config *config, const struct activation *given,
    struct arena *a, struct text *complaint)
{
    *out = (struct listeners){.freebind = config->freebind};
    if (given->count == 0)
        return choose_own(out, config, a, complaint);
    take_given(out, given, a);
    return ERR_OK;
}

bool listener_is_for(const struct listener *l, unsigned worker, unsigned workers)
{
    if (l->given < 0)
        return true;
    return l->equal < workers ? worker % l->equal == l->rank : l->rank % workers == worker;
}

int listener_open(const struct listeners *all, const struct listener *l)
{
    if (l->given >= 0)
        return fcntl(l->given, F_DUPFD_CLOEXEC, 3);
    return listen_open(&l->at, l->type, all->freebind);
}
