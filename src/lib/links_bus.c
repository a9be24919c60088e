/* Asking the bus: org.freedesktop.resolve1 and org.freedesktop.NetworkManager, by libdbus, which is loaded by
 * the process that asks. Nobody is started for it: a service that does not run has nothing to tell. Types are
 * looked at before values are: what is of another type than documented is passed over. */
#include <dbus/dbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "lib/library.h"
#include "lib/links.h"

#define LIBRARY "libdbus-1.so.3"
#define SOCKET "/run/dbus/system_bus_socket"
#define DNS_PORT 53
#define LOOPBACK 1 /* its index, on Linux */
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define RESOLVED "org.freedesktop.resolve1"
#define RESOLVED_PATH "/org/freedesktop/resolve1"
#define MANAGER "org.freedesktop.NetworkManager"

/* The functions of libdbus that are used. */
#define FUNCTIONS(FUNCTION)                                                                                  \
    FUNCTION(DBusConnection *, open, dbus_bus_get_private, (DBusBusType, DBusError *))                       \
    FUNCTION(DBusMessage *, new_call, dbus_message_new_method_call,                                          \
        (const char *, const char *, const char *, const char *))                                            \
    FUNCTION(void, set_auto_start, dbus_message_set_auto_start, (DBusMessage *, dbus_bool_t))                \
    FUNCTION(dbus_bool_t, append, dbus_message_append_args, (DBusMessage *, int, ...))                       \
    FUNCTION(DBusMessage *, call, dbus_connection_send_with_reply_and_block,                                 \
        (DBusConnection *, DBusMessage *, int, DBusError *))                                                 \
    FUNCTION(void, unref, dbus_message_unref, (DBusMessage *))                                               \
    FUNCTION(dbus_bool_t, begin, dbus_message_iter_init, (DBusMessage *, DBusMessageIter *))                 \
    FUNCTION(int, type, dbus_message_iter_get_arg_type, (DBusMessageIter *))                                 \
    FUNCTION(int, element, dbus_message_iter_get_element_type, (DBusMessageIter *))                          \
    FUNCTION(void, enter, dbus_message_iter_recurse, (DBusMessageIter *, DBusMessageIter *))                 \
    FUNCTION(dbus_bool_t, next, dbus_message_iter_next, (DBusMessageIter *))                                 \
    FUNCTION(void, basic, dbus_message_iter_get_basic, (DBusMessageIter *, void *))                          \
    FUNCTION(void, fixed, dbus_message_iter_get_fixed_array, (DBusMessageIter *, void *, int *))

struct libdbus {
    FUNCTIONS(LIBRARY_FIELD)
};

struct bus {
    struct libdbus f;
    DBusConnection *to;
    struct links *out;
    struct link entry; /* of NetworkManager, while it is read */
    bool splits;       /* NetworkManager has a server of its own that goes by domains */
    bool unmanaged;    /* but resolv.conf does not name it */
};

/* ---- values ---- */

/* Takes the value if it is of that type, and goes on behind it. */
static bool take(struct bus *b, DBusMessageIter *at, int type, void *value)
{
    bool is = b->f.type(at) == type;
    if (is)
        b->f.basic(at, value);
    b->f.next(at);
    return is;
}

/* Octets of an address, network order. */
static bool take_address(struct bus *b, DBusMessageIter *at, struct addr *out)
{
    DBusMessageIter array;
    const uint8_t *octets = NULL;
    int n = 0;
    if (b->f.type(at) == DBUS_TYPE_ARRAY && b->f.element(at) == DBUS_TYPE_BYTE) {
        b->f.enter(at, &array);
        b->f.fixed(&array, &octets, &n);
    }
    b->f.next(at);
    if (n == 4)
        *out = addr_v4(octets);
    else if (n == 16)
        *out = addr_v6(octets);
    return n == 4 || n == 16;
}

/* Steps through an array whose elements are of that type: false at its end. `at` begins as the array. */
static bool each(struct bus *b, DBusMessageIter *at, DBusMessageIter *inside, int type)
{
    if (b->f.type(at) != type)
        return false;
    b->f.enter(at, inside);
    b->f.next(at);
    return true;
}

static bool enter_array(struct bus *b, DBusMessageIter *value, DBusMessageIter *out)
{
    if (b->f.type(value) != DBUS_TYPE_ARRAY)
        return false;
    b->f.enter(value, out);
    return true;
}

typedef void property_fn(struct bus *b, const char *name, DBusMessageIter *value, struct link *link);

/* a{sv} */
static void each_property(struct bus *b, DBusMessageIter *dict, property_fn *fn, struct link *link)
{
    DBusMessageIter entries, entry, value;
    const char *name;
    if (!enter_array(b, dict, &entries))
        return;
    while (each(b, &entries, &entry, DBUS_TYPE_DICT_ENTRY)) {
        if (!take(b, &entry, DBUS_TYPE_STRING, &name) || b->f.type(&entry) != DBUS_TYPE_VARIANT)
            continue;
        b->f.enter(&entry, &value);
        fn(b, name, &value, link);
    }
}

/* where: service, path, interface. */
static void ask_properties(struct bus *b, const char *const where[3], property_fn *fn, struct link *link)
{
    DBusMessageIter at;
    DBusMessage *call = b->f.new_call(where[0], where[1], PROPERTIES, "GetAll"), *reply = NULL;
    if (!call)
        return;
    b->f.set_auto_start(call, FALSE);
    if (b->f.append(call, DBUS_TYPE_STRING, &where[2], DBUS_TYPE_INVALID))
        reply = b->f.call(b->to, call, LINKS_BUS_MS_MAX, NULL);
    b->f.unref(call);
    if (!reply)
        return;
    if (b->f.begin(reply, &at))
        each_property(b, &at, fn, link);
    b->f.unref(reply);
}

/* ---- links ---- */

static struct link *add_link(struct links *l)
{
    if (l->count == LINKS_MAX) {
        l->left_out++;
        return NULL;
    }
    struct link *link = &l->list[l->count++];
    link->current = -1;
    return link;
}

/* A server of the machine itself at a loopback address is told to be the loopback's, which has no other. */
static struct link *link_of(struct links *l, int32_t index)
{
    if (index == LOOPBACK)
        index = 0;
    for (uint32_t i = 0; i < l->count; i++)
        if (l->list[i].index == (uint32_t)index)
            return &l->list[i];
    struct link *link = add_link(l);
    if (!link)
        return NULL;
    link->index = (uint32_t)index;
    link->default_route = index == 0;
    if (index > 0 && !if_indextoname(link->index, link->name))
        snprintf(link->name, sizeof link->name, "link %d", index);
    return link;
}

static void add_server(struct link *l, const struct endpoint *e)
{
    if (l->server_count < LINK_SERVERS_MAX)
        l->servers[l->server_count++] = *e;
    else
        l->left_out++;
}

/* Without a final dot. */
static void add_domain(struct link *l, const char *name, bool route_only)
{
    size_t len = strlen(name);
    if (len > 0 && name[len - 1] == '.')
        len--;
    if (l->domain_count == LINK_DOMAINS_MAX || len >= LINK_DOMAIN_LEN) {
        l->left_out++;
        return;
    }
    struct link_domain *d = &l->domains[l->domain_count++];
    memcpy(d->name, name, len);
    d->name[len] = 0;
    d->route_only = route_only;
}

/* ---- systemd-resolved, org.freedesktop.resolve1(5) ---- */

static bool take_server(struct bus *b, DBusMessageIter *at, struct endpoint *out)
{
    int32_t family;
    uint16_t port;
    *out = (struct endpoint){.port = DNS_PORT};
    if (!take(b, at, DBUS_TYPE_INT32, &family) || !take_address(b, at, &out->addr))
        return false;
    if (take(b, at, DBUS_TYPE_UINT16, &port) && port)
        out->port = port;
    return true;
}

static void scope_to(struct endpoint *e, const struct link *l)
{
    bool local = e->addr.family == FAMILY_V6 && e->addr.ip[0] == 0xfe && (e->addr.ip[1] & 0xc0) == 0x80;
    e->scope = local ? l->index : 0;
}

/* DNSEx a(iiayqs), Domains a(isb) */
static void on_resolved(struct bus *b, const char *name, DBusMessageIter *value, struct link *unused)
{
    DBusMessageIter array, item;
    bool servers = strcmp(name, "DNSEx") == 0, domains = strcmp(name, "Domains") == 0;
    (void)unused;
    if ((!servers && !domains) || !enter_array(b, value, &array))
        return;
    while (each(b, &array, &item, DBUS_TYPE_STRUCT)) {
        int32_t index;
        struct endpoint e;
        const char *domain;
        dbus_bool_t route_only;
        struct link *l =
            take(b, &item, DBUS_TYPE_INT32, &index) && index >= 0 ? link_of(b->out, index) : NULL;
        if (l && servers && take_server(b, &item, &e)) {
            scope_to(&e, l);
            add_server(l, &e);
        } else if (l && domains && take(b, &item, DBUS_TYPE_STRING, &domain) &&
                   take(b, &item, DBUS_TYPE_BOOLEAN, &route_only)) {
            add_domain(l, domain, route_only);
        }
    }
}

/* DefaultRoute b, CurrentDNSServerEx (iayqs) */
static void on_resolved_link(struct bus *b, const char *name, DBusMessageIter *value, struct link *l)
{
    DBusMessageIter item;
    dbus_bool_t is;
    struct endpoint e;
    if (strcmp(name, "DefaultRoute") == 0 && take(b, value, DBUS_TYPE_BOOLEAN, &is)) {
        l->default_route = is;
    } else if (strcmp(name, "CurrentDNSServerEx") == 0 && b->f.type(value) == DBUS_TYPE_STRUCT) {
        b->f.enter(value, &item);
        if (!take_server(b, &item, &e))
            return;
        scope_to(&e, l);
        for (uint32_t i = 0; i < l->server_count; i++)
            if (endpoint_equal(&e, &l->servers[i]))
                l->current = (int32_t)i;
    }
}

static void ask_resolved(struct bus *b)
{
    ask_properties(b, (const char *const[]){RESOLVED, RESOLVED_PATH, RESOLVED ".Manager"}, on_resolved, NULL);
    for (uint32_t i = 0; i < b->out->count; i++) {
        char path[64];
        struct link *l = &b->out->list[i];
        if (l->index == 0)
            continue;
        /* A digit in the first place is written as its code: sd_bus_path_encode(3). */
        snprintf(path, sizeof path, RESOLVED_PATH "/link/_3%u", l->index);
        ask_properties(b, (const char *const[]){RESOLVED, path, RESOLVED ".Link"}, on_resolved_link, l);
    }
    b->out->by = b->out->count ? LINKS_OF_RESOLVED : LINKS_OF_NOBODY;
    b->out->routes = b->out->count > 0;
}

/* ---- NetworkManager, org.freedesktop.NetworkManager.DnsManager ---- */

/* "192.0.2.1", "192.0.2.1#name" */
static void add_server_text(struct link *l, const char *text)
{
    char address[ADDR_TEXT_LEN];
    size_t len = strcspn(text, "#");
    struct endpoint e = {.port = DNS_PORT};
    if (len < sizeof address) {
        memcpy(address, text, len);
        address[len] = 0;
    }
    if (len < sizeof address && addr_parse(&e.addr, address) == ERR_OK) {
        scope_to(&e, l);
        add_server(l, &e);
    } else {
        l->left_out++;
    }
}

/* interface s, vpn b, nameservers as, domains as */
static void on_entry(struct bus *b, const char *name, DBusMessageIter *value, struct link *l)
{
    DBusMessageIter array;
    const char *word;
    dbus_bool_t is;
    bool servers = strcmp(name, "nameservers") == 0, domains = strcmp(name, "domains") == 0;
    if (strcmp(name, "interface") == 0 && take(b, value, DBUS_TYPE_STRING, &word)) {
        snprintf(l->name, sizeof l->name, "%s", word);
        l->index = if_nametoindex(l->name);
    } else if (strcmp(name, "vpn") == 0 && take(b, value, DBUS_TYPE_BOOLEAN, &is)) {
        l->vpn = is;
    } else if ((servers || domains) && enter_array(b, value, &array)) {
        while (take(b, &array, DBUS_TYPE_STRING, &word)) {
            if (servers)
                add_server_text(l, word);
            else
                add_domain(l, word[0] == '~' ? word + 1 : word, word[0] == '~');
        }
    }
}

/* Of systemd-resolved's links NetworkManager only knows better which is a VPN's. Its own come one for IPv4
 * and one for IPv6. */
static void take_entry(struct bus *b)
{
    struct links *out = b->out;
    struct link *e = &b->entry, *l = NULL;
    for (uint32_t i = 0; i < out->count; i++)
        if (strcmp(out->list[i].name, e->name) == 0)
            l = &out->list[i];
    if (out->by == LINKS_OF_RESOLVED) {
        if (l && l->name[0])
            l->vpn = l->vpn || e->vpn;
        return;
    }
    if (!l && !(l = add_link(out)))
        return;
    memcpy(l->name, e->name, sizeof l->name);
    l->index = e->index;
    l->vpn = l->vpn || e->vpn;
    l->left_out += e->left_out;
    for (uint32_t i = 0; i < e->server_count; i++) {
        scope_to(&e->servers[i], e);
        add_server(l, &e->servers[i]);
    }
    for (uint32_t i = 0; i < e->domain_count; i++)
        add_domain(l, e->domains[i].name, e->domains[i].route_only);
    /* Its dnsmasq sends a VPN what belongs to the VPN's domains, where it has some. */
    l->default_route = !l->vpn || l->domain_count == 0;
}

/* Mode s, RcManager s, Configuration aa{sv} */
static void on_manager(struct bus *b, const char *name, DBusMessageIter *value, struct link *unused)
{
    DBusMessageIter list;
    const char *mode;
    (void)unused;
    if (strcmp(name, "Mode") == 0 && take(b, value, DBUS_TYPE_STRING, &mode)) {
        b->splits = strcmp(mode, "dnsmasq") == 0;
    } else if (strcmp(name, "RcManager") == 0 && take(b, value, DBUS_TYPE_STRING, &mode)) {
        b->unmanaged = strcmp(mode, "unmanaged") == 0;
    } else if (strcmp(name, "Configuration") == 0 && enter_array(b, value, &list)) {
        for (; b->f.type(&list) == DBUS_TYPE_ARRAY; b->f.next(&list)) {
            b->entry = (struct link){.current = -1};
            each_property(b, &list, on_entry, &b->entry);
            take_entry(b);
        }
    }
}

static void ask_manager(struct bus *b)
{
    bool resolved = b->out->by == LINKS_OF_RESOLVED;
    ask_properties(b,
        (const char *const[]){MANAGER, "/org/freedesktop/NetworkManager/DnsManager", MANAGER ".DnsManager"},
        on_manager, NULL);
    if (resolved || b->out->count == 0)
        return;
    b->out->by = LINKS_OF_MANAGER;
    b->out->routes = b->splits && !b->unmanaged;
}

/* ---- in a process of its own ---- */

static void ask_bus(void *argument, struct text *out)
{
    const bool *resolved = argument;
    struct bus *b = mem_alloc(sizeof *b);
    b->out = mem_alloc(sizeof *b->out);
    if (LIBRARY_LOAD(LIBRARY, FUNCTIONS, &b->f) && (b->to = b->f.open(DBUS_BUS_SYSTEM, NULL))) {
        if (*resolved)
            ask_resolved(b);
        ask_manager(b);
    }
    text_add_n(out, (const char *)b->out, sizeof *b->out);
    mem_free(b->out);
    mem_free(b);
}

bool links_begin(struct child *c, bool resolved)
{
    if (!getenv("DBUS_SYSTEM_BUS_ADDRESS") && access(SOCKET, F_OK) != 0)
        return false;
    child_begin(c, ask_bus, &resolved);
    return true;
}
