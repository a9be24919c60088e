#include "cli/local_harkd.h"

#include <errno.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/ctl_socket.h"

#define PATIENCE_MS 200 /* it is a socket of this machine, asked before the look-up */
#define DNS_PORT 53

static void read_status(struct local_harkd *h, const json_t *reply)
{
    const json_t *list = json_object_get(reply, "listen");
    const char *version = json_string_value(json_object_get(reply, "version"));
    size_t i;
    json_t *v;
    h->runs = true;
    snprintf(h->version, sizeof h->version, "%s", version ? version : "?");
    json_array_foreach(list, i, v)
    {
        const char *text = json_string_value(v);
        if (text && h->listen_count < LOCAL_HARKD_LISTEN_MAX &&
            endpoint_parse(&h->listen[h->listen_count], text, DNS_PORT) == ERR_OK)
            h->listen_count++;
    }
}

void local_harkd_init(struct local_harkd *h)
{
    *h = (struct local_harkd){.fd = -1, .recall = -1};
}

static int begin(struct local_harkd *h, const char *verb, const char *const *words, size_t word_count)
{
    if (!h->socket[0]) {
        char buf[sizeof h->socket];
        snprintf(h->socket, sizeof h->socket, "%s", ctl_socket_path(NULL, buf, sizeof buf));
    }
    int fd = ctl_socket_dial(h->socket);
    if (fd < 0 || ctl_socket_send(fd, verb, words, word_count))
        return fd;
    close(fd);
    return -1;
}

void local_harkd_begin(struct local_harkd *h)
{
    h->fd = begin(h, "status", NULL, 0);
}

void local_harkd_begin_recall(struct local_harkd *h, const char *name)
{
    h->recall = begin(h, "cache", (const char *[]){"get", name}, 2);
}

static json_t *hear(int *fd)
{
    json_t *reply = *fd >= 0 ? ctl_socket_receive(*fd, PATIENCE_MS) : NULL;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    return reply;
}

/* The data of a look-up, or the alias that stands in its place. */
static bool is_of_interest(const struct local_harkd *h, const char *type)
{
    if (h->type[0])
        return strcmp(type, h->type) == 0 || strcmp(type, "CNAME") == 0;
    return strcmp(type, "A") == 0 || strcmp(type, "AAAA") == 0 || strcmp(type, "CNAME") == 0 ||
           strcmp(type, "PTR") == 0;
}

static void read_records(struct local_harkd *h, const json_t *reply)
{
    size_t i;
    json_t *v;
    json_array_foreach(json_object_get(reply, "records"), i, v)
    {
        const char *type = json_string_value(json_object_get(v, "type"));
        const char *verdict = json_string_value(json_object_get(v, "verdict"));
        json_int_t age_s = json_integer_value(json_object_get(v, "age_s"));
        if (!type || !is_of_interest(h, type) || age_s < 0 || (h->remembers && age_s >= h->age_s))
            continue;
        h->remembers = true;
        h->age_s = (uint32_t)age_s;
        h->stale = json_is_true(json_object_get(v, "stale"));
        /* that of an alias says nothing of the data at its end */
        snprintf(h->verdict, sizeof h->verdict, "%s", verdict && strcmp(type, "CNAME") != 0 ? verdict : "");
    }
}

void local_harkd_hear(struct local_harkd *h)
{
    bool connected = h->fd >= 0;
    json_t *reply = hear(&h->fd);
    h->silent = h->silent || (connected && !reply && errno == ETIMEDOUT);
    json_t *remembered = hear(&h->recall);
    if (reply)
        read_status(h, reply);
    read_records(h, remembered);
    json_decref(reply);
    json_decref(remembered);
}

void local_harkd_recall(struct local_harkd *h, const char *name)
{
    h->remembers = h->stale = false;
    local_harkd_begin_recall(h, name);
    json_t *remembered = hear(&h->recall);
    read_records(h, remembered);
    json_decref(remembered);
}

void local_harkd_ask_recent(struct local_harkd *h, const char *name)
{
    int fd = begin(h, "recent", (const char *[]){name, h->type}, h->type[0] ? 2 : 1);
    json_t *reply = hear(&fd), *list = json_object_get(reply, "recent");
    json_decref(h->records);
    h->records = json_is_array(list) ? json_incref(list) : NULL;
    json_decref(reply);
}

void local_harkd_fini(struct local_harkd *h)
{
    json_decref(h->records);
    h->records = NULL;
    if (h->fd >= 0)
        close(h->fd);
    if (h->recall >= 0)
        close(h->recall);
    h->fd = h->recall = -1;
}

static bool is_any(const struct addr *a)
{
    static const uint8_t zero[16];
    return memcmp(a->ip, zero, addr_len(a)) == 0;
}

/* Is it an address of this machine? */
static bool is_own(const struct addr *a)
{
    struct ifaddrs *list = NULL;
    bool own = addr_is_loopback(a);
    if (own || getifaddrs(&list) != 0)
        return own;
    for (struct ifaddrs *i = list; i && !own; i = i->ifa_next) {
        int family = i->ifa_addr ? i->ifa_addr->sa_family : AF_UNSPEC;
        if (family != AF_INET && family != AF_INET6)
            continue;
        struct endpoint e = endpoint_of_sockaddr(i->ifa_addr);
        own = addr_equal(&e.addr, a);
    }
    freeifaddrs(list);
    return own;
}

bool local_harkd_is(const struct local_harkd *h, const struct endpoint *server)
{
    for (unsigned i = 0; i < h->listen_count; i++) {
        const struct endpoint *l = &h->listen[i];
        if (l->port != server->port)
            continue;
        if (addr_equal(&l->addr, &server->addr) || (is_any(&l->addr) && is_own(&server->addr)))
            return true;
    }
    return false;
}
