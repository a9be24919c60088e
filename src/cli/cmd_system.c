/* hark NAME: as the system does, by getaddrinfo(3); of an address, getnameinfo(3). */
#include <netdb.h>
#include <string.h>

#include "cli/address.h"
#include "cli/command.h"
#include "cli/record.h"

#define ADDRESSES_MAX 256u
#define COLUMN_VALUE 12u

/* What the system says of one name. */
struct found {
    const char *word;      /* as typed */
    const char *query;     /* as handed to the system: A-labels */
    const char *canonical; /* NULL: none, or the same */
    struct addr addrs[ADDRESSES_MAX];
    size_t addr_count;
    bool reverse;     /* of an address */
    const char *name; /* its name */
    int error;        /* EAI_… */
};

static enum status status_of_eai(int error)
{
    switch (error) {
    case 0:
        return STATUS_ANSWER;
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
        return STATUS_NO_DATA;
    case EAI_AGAIN: /* no server replied, or it failed for now: the system does not tell which */
        return STATUS_NO_REPLY;
    case EAI_FAIL:
        return STATUS_FAILURE;
    default:
        return STATUS_INTERNAL;
    }
}

/* What to do next, in words. */
static void add_hint(struct text *t, const struct found *f)
{
    switch (f->error) {
    case EAI_NONAME:
    case EAI_NODATA:
        text_printf(t, "; what DNS alone says: hark %s%s%s", f->reverse ? "-x " : "", f->query,
            f->reverse ? "" : " A");
        break;
    case EAI_AGAIN:
        text_add(t, "; is there a network, and do the servers of /etc/resolv.conf answer?");
        break;
    case EAI_FAIL:
        text_printf(t, "; why: hark trace %s", f->query);
        break;
    default:
        break;
    }
}

static void complain(const struct found *f)
{
    struct text t;
    text_init(&t);
    text_printf(&t, "%s: %s", f->word, gai_strerror(f->error));
    add_hint(&t, f);
    out_complain("%s", t.data);
    text_fini(&t);
}

static bool has(const struct found *f, const struct addr *a)
{
    for (size_t i = 0; i < f->addr_count; i++)
        if (addr_equal(&f->addrs[i], a))
            return true;
    return false;
}

static void look_up_name(struct found *f, int family, struct arena *arena)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = AI_CANONNAME},
                    *list = NULL;
    f->error = getaddrinfo(f->query, NULL, &hints, &list);
    if (f->error)
        return;
    if (list && list->ai_canonname && strcasecmp(list->ai_canonname, f->query) != 0)
        f->canonical = arena_strdup(arena, list->ai_canonname);
    for (struct addrinfo *i = list; i && f->addr_count < ADDRESSES_MAX; i = i->ai_next) {
        struct endpoint e = endpoint_of_sockaddr(i->ai_addr);
        if (e.addr.family != FAMILY_NONE && !has(f, &e.addr))
            f->addrs[f->addr_count++] = e.addr;
    }
    freeaddrinfo(list);
}

static void look_up_address(struct found *f, const struct addr *addr, struct arena *arena)
{
    char name[NI_MAXHOST];
    struct sockaddr_storage sa;
    struct endpoint e = {.addr = *addr};
    socklen_t len = endpoint_to_sockaddr(&e, &sa);
    f->error = getnameinfo((struct sockaddr *)&sa, len, name, sizeof name, NULL, 0, NI_NAMEREQD);
    if (f->error == 0)
        f->name = arena_strdup(arena, name);
}

static void view_line(struct out *out, const char *label, const char *value)
{
    out_put(out, STYLE_DIM, "  ");
    out_put(out, STYLE_DIM, label);
    out_column(out, COLUMN_VALUE);
    out_put(out, STYLE_PLAIN, value);
    out_end(out);
}

static void view_text(struct out *out, const struct found *f)
{
    char buf[ADDR_TEXT_LEN];
    out_put(out, STYLE_STRONG, f->query);
    out_put(out, STYLE_DIM, "  as this system looks names up (/etc/nsswitch.conf)");
    out_end(out);
    if (f->canonical)
        view_line(out, "known as", f->canonical);
    if (f->name)
        view_line(out, "name", f->name);
    for (size_t i = 0; i < f->addr_count; i++)
        view_line(out, "address", addr_text(&f->addrs[i], buf));
}

static void view_short(struct out *out, const struct found *f)
{
    char buf[ADDR_TEXT_LEN];
    if (f->name) {
        out_put(out, STYLE_PLAIN, f->name);
        out_end(out);
    }
    for (size_t i = 0; i < f->addr_count; i++) {
        out_put(out, STYLE_PLAIN, addr_text(&f->addrs[i], buf));
        out_end(out);
    }
}

static void view_json(struct out *out, const struct found *f)
{
    char buf[ADDR_TEXT_LEN];
    json_t *j = json_object(), *list = json_array();
    record_set_text(j, "name", f->query);
    json_object_set_new(j, "source", json_string("system"));
    if (f->canonical)
        record_set_text(j, "canonical", f->canonical);
    if (f->name)
        record_set_text(j, "pointer", f->name);
    for (size_t i = 0; i < f->addr_count; i++)
        json_array_append_new(list, json_string(addr_text(&f->addrs[i], buf)));
    json_object_set_new(j, "addresses", list);
    if (f->error)
        record_set_text(j, "error", gai_strerror(f->error));
    out_json(out, j);
}

static void view(struct out *out, const struct found *f)
{
    if (f->error)
        complain(f);
    if (out->format == OUT_JSON)
        view_json(out, f);
    else if (f->error == 0 && out->format == OUT_SHORT)
        view_short(out, f);
    else if (f->error == 0)
        view_text(out, f);
}

/* Names that are not ASCII become A-labels; others go to the system as they are (it knows more than DNS). */
static enum err to_query(struct found *f, struct arena *arena)
{
    name_t name[NAME_MAX_LEN];
    bool ascii = true;
    for (const char *p = f->word; *p; p++)
        ascii = ascii && (unsigned char)*p < 0x80;
    f->query = f->word;
    if (ascii)
        return ERR_OK;
    struct text why;
    text_init(&why);
    enum err err = address_name(name, f->word, &why);
    if (err) {
        out_complain("'%s' is not a domain name: %s", f->word, why.data);
    } else {
        text_clear(&why);
        name_to_text(&why, name);
        if (why.len > 1)
            why.data[why.len - 1] = 0; /* the final dot would keep the system from its hosts file */
        f->query = arena_strdup(arena, why.data);
    }
    text_fini(&why);
    return err;
}

static enum status look_up(const struct args *args, struct out *out, const char *word)
{
    struct arena arena;
    struct addr addr;
    enum status status = STATUS_USAGE;
    arena_init(&arena);
    struct found *f = ARENA_NEW(&arena, struct found);
    f->word = word;
    if (to_query(f, &arena) == ERR_OK) {
        int family = args->on[OPTION_IPV4] ? AF_INET : args->on[OPTION_IPV6] ? AF_INET6 : AF_UNSPEC;
        f->reverse = addr_parse(&addr, word) == ERR_OK;
        if (f->reverse)
            look_up_address(f, &addr, &arena);
        else
            look_up_name(f, family, &arena);
        view(out, f);
        status = status_of_eai(f->error);
    }
    arena_fini(&arena);
    return status;
}

enum status cmd_system(const struct args *args, struct out *out)
{
    enum status worst = STATUS_ANSWER;
    for (size_t i = 0; i < args->name_count && !out->error; i++)
        worst = status_worst(worst, look_up(args, out, args->names[i]));
    return worst;
}
