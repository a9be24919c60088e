#include "lib/system.h"

#include <dlfcn.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <nss.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "lib/hosts.h"

/* ---- one question, in the process that asks it ---- */

/* These two are in glibc itself since 2.34; their modules need not be there. */
static bool is_built_in(const char *source)
{
    return strcmp(source, "files") == 0 || strcmp(source, "dns") == 0;
}

static bool is_missing(const char *source)
{
    char file[NSSWITCH_NAME_LEN + 16];
    if (is_built_in(source))
        return false;
    snprintf(file, sizeof file, "libnss_%s.so.2", source);
    return dlopen(file, RTLD_NOW) == NULL;
}

static bool has_endpoint(const struct system_said *s, const struct endpoint *e)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (endpoint_equal(&s->addresses[i], e))
            return true;
    return false;
}

bool system_said_has(const struct system_said *s, const struct addr *a)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (addr_equal(&s->addresses[i].addr, a))
            return true;
    return false;
}

static void ask_name(struct system_said *out, const struct system_ask *ask)
{
    struct addrinfo hints = {.ai_family = ask->family, .ai_socktype = SOCK_STREAM, .ai_flags = ask->flags};
    struct addrinfo *list = NULL;
    out->error = getaddrinfo(ask->name, ask->service, &hints, &list);
    out->system_error = errno;
    if (out->error)
        return;
    if (list && list->ai_canonname)
        snprintf(out->name, sizeof out->name, "%s", list->ai_canonname);
    for (struct addrinfo *i = list; i && out->count < SYSTEM_ADDRESSES_MAX; i = i->ai_next) {
        struct endpoint e = endpoint_of_sockaddr(i->ai_addr);
        if (e.addr.family != FAMILY_NONE && !has_endpoint(out, &e))
            out->addresses[out->count++] = e;
    }
    freeaddrinfo(list);
}

static void ask_address(struct system_said *out, const struct system_ask *ask)
{
    struct sockaddr_storage sa;
    socklen_t len = endpoint_to_sockaddr(&ask->address, &sa);
    bool service = ask->address.port != 0;
    out->error = getnameinfo((struct sockaddr *)&sa, len, out->name, sizeof out->name,
        service ? out->service : NULL, service ? sizeof out->service : 0, NI_NAMEREQD);
    out->system_error = errno;
    if (out->error)
        out->name[0] = out->service[0] = 0;
}

void system_ask(struct system_said *out, const struct system_ask *ask, const char *source)
{
    *out = (struct system_said){0};
    if (source && is_missing(source)) {
        out->missing = true;
        out->error = EAI_NONAME;
        return;
    }
    if (source && __nss_configure_lookup("hosts", source) != 0) {
        out->error = EAI_SYSTEM;
        out->system_error = errno;
        return;
    }
    errno = 0;
    if (ask->name)
        ask_name(out, ask);
    else
        ask_address(out, ask);
}

/* ---- one question, in a process of its own ---- */

struct errand {
    const struct system_ask *ask;
    const char *source;
};

static size_t said_octets(uint32_t count)
{
    return offsetof(struct system_said, addresses) + count * sizeof(struct endpoint);
}

static void run_errand(void *argument, struct text *out)
{
    const struct errand *e = argument;
    struct system_said *said = mem_alloc(sizeof *said);
    system_ask(said, e->ask, e->source);
    text_add_n(out, (const char *)said, said_octets(said->count));
}

static void begin(struct system_part *p, const struct system_ask *ask)
{
    struct errand e = {ask, p->source ? p->source->name : NULL};
    child_begin(&p->child, run_errand, &e);
    p->begun = true;
}

/* A module ran in that process: what it wrote is read with care. */
static bool read_said(struct system_said *out, const struct text *bytes)
{
    *out = (struct system_said){0};
    if (bytes->len < said_octets(0) || bytes->len > sizeof *out)
        return false;
    memcpy(out, bytes->data, bytes->len);
    out->name[sizeof out->name - 1] = out->service[sizeof out->service - 1] = 0;
    return out->count <= SYSTEM_ADDRESSES_MAX && bytes->len == said_octets(out->count);
}

static enum nsswitch_status status_of(const struct system_said *s)
{
    switch (s->error) {
    case 0:
        return NSSWITCH_SUCCESS;
    case EAI_AGAIN:
        return NSSWITCH_TRYAGAIN;
    case EAI_SYSTEM:
    case EAI_FAIL:
        return NSSWITCH_UNAVAIL;
    default:
        return s->missing ? NSSWITCH_UNAVAIL : NSSWITCH_NOTFOUND;
    }
}

static void take(struct system_part *p)
{
    if (p->child.end == CHILD_DONE && !read_said(&p->said, &p->child.out))
        p->child.end = CHILD_DIED;
    if (p->child.end != CHILD_DONE)
        p->said = (struct system_said){.error = EAI_AGAIN};
    p->status = p->child.end == CHILD_DIED ? NSSWITCH_UNAVAIL : status_of(&p->said);
}

/* ---- all of them ---- */

void system_look_init(struct system_look *l, const struct nsswitch *conf)
{
    *l = (struct system_look){.conf = *conf, .agrees = true};
    for (unsigned i = 0; i < conf->count; i++)
        l->parts[i].source = &l->conf.sources[i];
}

void system_look_fini(struct system_look *l)
{
    for (unsigned i = 0; i <= l->conf.count; i++) {
        struct system_part *p = i == l->conf.count ? &l->whole : &l->parts[i];
        if (p->begun)
            child_fini(&p->child);
    }
}

static size_t list_begun(struct system_look *l, struct child **list)
{
    size_t n = 0;
    list[n++] = &l->whole.child;
    for (unsigned i = 0; i < l->conf.count; i++)
        if (l->parts[i].begun)
            list[n++] = &l->parts[i].child;
    return n;
}

/* Does the search end with this source? */
static bool ends_search(const struct system_part *p)
{
    return p->source->action[p->status] == NSSWITCH_RETURN;
}

static void tell(struct system_watch watch, const struct system_part *p, bool slow)
{
    if (watch.fn)
        watch.fn(watch.ctx, p->source, slow);
}

/* A name that no line of the hosts file has is not known to files; that needs no process to be found out. */
static bool files_know_nothing(struct system_part *p, const struct system_ask *ask)
{
    struct hosts_matches hosts;
    int64_t began_us = child_now_us();
    if (strcmp(p->source->name, "files") != 0 || !ask->name || access(HOSTS_PATH, R_OK) != 0)
        return false;
    hosts_find_in(&hosts, HOSTS_PATH, ask->name, NULL);
    if (hosts.count)
        return false;
    p->child = (struct child){.fd = -1, .end = CHILD_DONE, .began_us = began_us};
    p->child.time_us = (uint32_t)(child_now_us() - began_us);
    text_init(&p->child.out);
    p->said.error = EAI_NONAME;
    p->status = NSSWITCH_NOTFOUND;
    p->begun = true;
    return true;
}

static void ask_in_order(
    struct system_look *l, const struct system_ask *ask, int64_t until_us, struct system_watch watch)
{
    struct child *list[NSSWITCH_SOURCES_MAX + 1];
    for (unsigned i = 0; i < l->conf.count; i++) {
        struct system_part *p = &l->parts[i];
        tell(watch, p, false);
        if (!files_know_nothing(p, ask)) {
            begin(p, ask);
            size_t n = list_begun(l, list);
            int64_t slow_us = p->child.began_us + SYSTEM_SLOW_US;
            while (p->child.end == CHILD_RUNNING &&
                   child_wait_any(list, n, slow_us < until_us ? slow_us : until_us))
                ;
            if (p->child.end == CHILD_RUNNING)
                tell(watch, p, true);
            while (p->child.end == CHILD_RUNNING && child_wait_any(list, n, until_us))
                ;
            child_stop(&p->child);
            take(p);
        }
        if (ends_search(p))
            return;
    }
}

static void ask_all(
    struct system_look *l, const struct system_ask *ask, int64_t until_us, struct system_watch watch)
{
    struct child *list[NSSWITCH_SOURCES_MAX + 1];
    for (unsigned i = 0; i < l->conf.count; i++) {
        begin(&l->parts[i], ask);
        tell(watch, &l->parts[i], false);
    }
    child_wait(list, list_begun(l, list), until_us);
    for (unsigned i = 0; i < l->conf.count; i++)
        take(&l->parts[i]);
}

/* Where success goes on ([SUCCESS=continue], and merge), what comes after takes the place of what came
 * before: the last source that was asked is the answer, whatever it is. */
static void mark_what_counts(struct system_look *l)
{
    struct system_part *last = NULL;
    for (unsigned i = 0; i < l->conf.count && l->parts[i].begun; i++) {
        last = &l->parts[i];
        if (ends_search(last))
            break;
    }
    if (last)
        last->counts = last->status == NSSWITCH_SUCCESS;
}

static bool part_covers(const struct system_look *l, const struct addr *a)
{
    for (unsigned i = 0; i < l->conf.count; i++)
        if (l->parts[i].counts && system_said_has(&l->parts[i].said, a))
            return true;
    return false;
}

/* Each address of either is of the other, and so is the name of an address. */
static bool agree(const struct system_look *l, bool by_name)
{
    const struct system_said *whole = &l->whole.said;
    bool any = false;
    for (uint32_t i = 0; i < whole->count; i++)
        if (!part_covers(l, &whole->addresses[i].addr))
            return false;
    for (unsigned i = 0; i < l->conf.count; i++) {
        const struct system_said *part = &l->parts[i].said;
        if (!l->parts[i].counts)
            continue;
        any = true;
        if (!by_name && strcasecmp(part->name, whole->name) != 0)
            return false;
        for (uint32_t k = 0; k < part->count; k++)
            if (!system_said_has(whole, &part->addresses[k].addr))
                return false;
    }
    return any == (whole->error == 0);
}

void system_look_up(struct system_look *l, const struct system_ask *ask, enum system_depth depth,
    int64_t until_us, struct system_watch watch)
{
    begin(&l->whole, ask);
    if (depth == SYSTEM_AS_PROGRAMS)
        ask_in_order(l, ask, until_us, watch);
    else if (depth == SYSTEM_ALL)
        ask_all(l, ask, until_us, watch);
    child_wait(&(struct child *){&l->whole.child}, 1, until_us);
    take(&l->whole);
    if (depth == SYSTEM_WHOLE_ONLY || l->whole.child.end != CHILD_DONE)
        return;
    mark_what_counts(l);
    l->agrees = agree(l, ask->name != NULL);
}

/* ---- the system around ---- */

void system_families(bool *v4, bool *v6)
{
    static const uint8_t localhost[4] = {127, 0, 0, 1};
    struct addr here = addr_v4(localhost);
    struct ifaddrs *list = NULL;
    *v4 = *v6 = false;
    if (getifaddrs(&list) == 0) {
        for (struct ifaddrs *i = list; i; i = i->ifa_next) {
            struct endpoint e = {0};
            if (i->ifa_addr && (i->ifa_addr->sa_family == AF_INET || i->ifa_addr->sa_family == AF_INET6))
                e = endpoint_of_sockaddr(i->ifa_addr);
            if (e.addr.family == FAMILY_V4 && !addr_equal(&e.addr, &here))
                *v4 = true;
            if (e.addr.family == FAMILY_V6 && !addr_is_loopback(&e.addr))
                *v6 = true;
        }
        freeifaddrs(list);
    }
    if (!*v4 && !*v6)
        *v4 = *v6 = true;
}

bool system_has_nscd(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "/var/run/nscd/socket"};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool listens = fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) == 0;
    if (fd >= 0)
        close(fd);
    return listens;
}
