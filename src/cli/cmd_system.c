/* hark NAME: as the system does, by getaddrinfo(3); of an address, getnameinfo(3); and where that comes from.
 */
#include "cli/command.h"
#include "cli/system_question.h"

#define COLUMN_VALUE 12u

/* "192.0.2.1", with its scope; where a service was asked for "192.0.2.1 port 443". */
static void add_address(struct text *t, const struct system_question *q, const struct endpoint *e, bool brief)
{
    char buf[ADDR_TEXT_LEN];
    bool bracket = brief && q->service && e->addr.family == FAMILY_V6;
    text_printf(t, "%s%s", bracket ? "[" : "", addr_text(&e->addr, buf));
    if (e->scope)
        text_printf(t, "%%%u", e->scope);
    if (q->service)
        text_printf(t, "%s%s%u", bracket ? "]" : "", brief ? ":" : " port ", e->port);
}

static void view_line(struct out *out, enum out_style style, const char *label, const char *value)
{
    out_put(out, STYLE_DIM, "  ");
    out_put(out, STYLE_DIM, label);
    if (out->terminal) {
        out_wrapped(out, style, COLUMN_VALUE, value);
        return;
    }
    out_column(out, COLUMN_VALUE);
    out_line(out, style, "%s", value);
}

/* ---- text ---- */

static void view_whence(struct out *out, const struct system_question *q)
{
    struct text t;
    text_init(&t);
    if (q->numeric)
        view_line(out, STYLE_PLAIN, "from", "the name itself: it is an address in another form");
    for (unsigned i = 0; i < q->look.conf.count; i++) {
        const struct system_part *p = &q->look.parts[i];
        if (!p->counts)
            continue;
        text_clear(&t);
        text_printf(&t, "%s: ", p->source->name);
        system_question_whence(&t, q, p->source);
        view_line(out, STYLE_PLAIN, "from", t.data);
    }
    if (q->nscd)
        view_line(out, STYLE_PLAIN, "or from",
            "the memory of nscd, which is asked first (/var/run/nscd/socket answers)");
    if (!q->look.agrees) {
        text_clear(&t);
        text_printf(&t, "asked one by one, the sources of %s say something else; hark why %s", NSSWITCH_PATH,
            q->query);
        view_line(out, STYLE_WARN, "but", t.data);
    }
    text_fini(&t);
}

static void add_flags(struct text *t, const struct system_question *q)
{
    text_printf(t, "getaddrinfo(): %s, SOCK_STREAM, AI_CANONNAME%s",
        q->ask.family == AF_INET    ? "AF_INET"
        : q->ask.family == AF_INET6 ? "AF_INET6"
                                    : "AF_UNSPEC",
        q->ask.flags & AI_ADDRCONFIG ? ", AI_ADDRCONFIG" : "");
    if (q->ask.family == AF_UNSPEC && q->v4 != q->v6)
        text_printf(t, ", which leaves %s: this machine has no other address", q->v4 ? "IPv4" : "IPv6");
}

static void add_part(struct text *t, const struct system_part *p)
{
    const struct system_said *s = &p->said;
    if (p->child.end == CHILD_LATE)
        text_add(t, "no answer");
    else if (p->child.end != CHILD_DONE)
        text_add(t, "its module crashed");
    else if (s->missing)
        text_add(t, "its module is not installed");
    else if (s->error)
        text_add(t, gai_strerror(s->error));
    else if (s->count)
        text_printf(t, "%u address%s", s->count, s->count == 1 ? "" : "es");
    else
        text_add(t, s->name);
    text_printf(t, ", %u.%u ms", p->child.time_us / 1000, p->child.time_us / 100 % 10);
}

static void view_how(struct out *out, const struct system_question *q)
{
    struct text t;
    text_init(&t);
    if (q->reverse) {
        view_line(out, STYLE_PLAIN, "asked", "getnameinfo(): NI_NAMEREQD");
    } else {
        add_flags(&t, q);
        view_line(out, STYLE_PLAIN, "asked", t.data);
        view_line(out, STYLE_PLAIN, "order", "RFC 6724, with the policy of /etc/gai.conf");
    }
    text_clear(&t);
    nsswitch_to_text(&t, &q->look.conf);
    if (q->look.conf.line)
        text_printf(&t, " (%s line %u)", NSSWITCH_PATH, q->look.conf.line);
    else
        text_printf(&t, " (the C library's own; %s has no hosts line)", NSSWITCH_PATH);
    view_line(out, STYLE_PLAIN, "sources", t.data);
    for (unsigned i = 0; i < q->look.conf.count; i++) {
        const struct system_part *p = &q->look.parts[i];
        text_clear(&t);
        if (p->begun)
            add_part(&t, p);
        else
            text_add(&t, "not asked: it was decided before");
        view_line(out, STYLE_PLAIN, p->source->name, t.data);
    }
    text_fini(&t);
}

static void view_text(struct out *out, const struct system_question *q, bool verbose)
{
    const struct system_said *said = &q->look.whole.said;
    struct text t;
    if (said->error && !verbose)
        return;
    out_put(out, STYLE_STRONG, q->query);
    out_line(out, STYLE_DIM, "  as this system looks names up");
    if (system_question_is_alias(q))
        view_line(out, STYLE_PLAIN, "known as", said->name);
    if (q->reverse && said->name[0])
        view_line(out, STYLE_PLAIN, "name", said->name);
    if (said->service[0])
        view_line(out, STYLE_PLAIN, "service", said->service);
    text_init(&t);
    for (uint32_t i = 0; i < said->count; i++) {
        text_clear(&t);
        add_address(&t, q, &said->addresses[i], false);
        view_line(out, STYLE_PLAIN, "address", t.data);
    }
    text_fini(&t);
    if (said->error == 0)
        view_whence(out, q);
    if (verbose)
        view_how(out, q);
}

/* ---- short ---- */

static void view_short(struct out *out, const struct system_question *q)
{
    const struct system_said *said = &q->look.whole.said;
    struct text t;
    text_init(&t);
    if (q->reverse && said->error == 0) {
        text_printf(&t, "%s%s%s", said->name, said->service[0] ? ":" : "", said->service);
        out_line(out, STYLE_PLAIN, "%s", t.data);
    }
    for (uint32_t i = 0; i < said->count; i++) {
        text_clear(&t);
        add_address(&t, q, &said->addresses[i], true);
        out_line(out, STYLE_PLAIN, "%s", t.data);
    }
    text_fini(&t);
}

static enum status look_up(const struct args *args, struct out *out, const char *word)
{
    struct arena arena;
    enum status status = STATUS_USAGE;
    arena_init(&arena);
    struct system_question *q = ARENA_NEW(&arena, struct system_question);
    if (system_question_read(q, args, word, &arena) == ERR_OK) {
        if (args->on[OPTION_VERBOSE])
            system_question_families(q);
        system_question_ask(q, out->format == OUT_SHORT ? SYSTEM_WHOLE_ONLY : SYSTEM_AS_PROGRAMS);
        status = system_question_status(q);
        if (out->format == OUT_JSON)
            out_json(out, system_question_to_json(q));
        else if (out->format == OUT_SHORT)
            view_short(out, q);
        else
            view_text(out, q, args->on[OPTION_VERBOSE]);
        system_question_fini(q);
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
