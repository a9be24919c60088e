#include "lib/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "defs/limits.h"

#define QUERY_OCTETS                                                                                         \
    512u /* header, a name of 255 octets, an SOA, OPT with the options of struct edns: far below */
#define CLIENT_COOKIE_LEN 8u /* RFC 7873 4 */
/* Octets from the beginning of an OPT, whose owner is the root (RFC 6891 6.1.2). */
#define SERIAL_SOA_LEN 34u /* owner by pointer, 10 octets, two root names, five numbers */
#define OPT_FLAGS_AT 7u
#define OPT_RDLEN_AT 9u
#define STRAYS_MAX 1000u /* packets read in one wait: a flood of wrong ones ends it as silence does */

/* One question at one server. */
struct exchange {
    const struct ask_settings *settings;
    const struct msg_question *question;
    struct random *rng;
    struct arena *arena;
    struct ask_reply *out;
    uint8_t *query; /* behind two octets of its length, as TCP takes it */
    size_t query_len;
    int64_t start_ms; /* of the connection */
    uint16_t id;
    bool edns;
    bool following; /* the first of many messages was taken */
    uint8_t edns_version;
    uint8_t cookie[EDNS_COOKIE_MAX];
    uint8_t cookie_len; /* 0: none is sent */
};

static int64_t mono_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static size_t options_size(const struct ask_settings *s)
{
    size_t n = s->padding ? EDNS_OPTION_HEADER_LEN + s->padding : 0u;
    for (unsigned i = 0; i < s->option_count; i++)
        n += EDNS_OPTION_HEADER_LEN + s->options[i].len;
    return n;
}

/* Behind the OPT at `opt`, which ends the message: what struct edns has no field for. */
static void append_to_edns(struct exchange *x, size_t opt, size_t cap)
{
    const struct ask_settings *s = x->settings;
    struct writer w = writer_of(x->query, cap);
    w.pos = x->query_len;
    for (unsigned i = 0; i < s->option_count; i++) {
        write_u16(&w, s->options[i].code);
        write_u16(&w, s->options[i].len);
        write_octets(&w, s->options[i].data, s->options[i].len);
    }
    if (s->padding) {
        size_t over = (w.pos + EDNS_OPTION_HEADER_LEN) % s->padding, len = over ? s->padding - over : 0;
        write_u16(&w, EDNS_PADDING);
        write_u16(&w, (uint16_t)len);
        uint8_t *zeros = write_room(&w, len);
        if (zeros && len)
            memset(zeros, 0, len);
    }
    uint8_t *flags = x->query + opt + OPT_FLAGS_AT, *rdlen = x->query + opt + OPT_RDLEN_AT;
    put_u16(flags, get_u16(flags) | s->edns_flags);
    put_u16(rdlen, (uint16_t)(get_u16(rdlen) + (w.pos - x->query_len)));
    x->query_len = w.pos;
}

/* Before the OPT, an SOA of which only the serial says anything (RFC 1995 3). */
static void insert_serial(struct exchange *x, size_t opt)
{
    static const uint8_t head[] = {0xc0, 12, 0, TYPE_SOA, 0, CLASS_IN, 0, 0, 0, 0, 0, 22, 0, 0};
    uint8_t soa[SERIAL_SOA_LEN] = {0};
    memcpy(soa, head, sizeof head);
    put_u16(soa + 4, x->question->class);
    put_u32(soa + sizeof head, x->settings->serial);
    memmove(x->query + opt + sizeof soa, x->query + opt, x->query_len - opt);
    memcpy(x->query + opt, soa, sizeof soa);
    put_u16(x->query + 8, 1); /* NSCOUNT */
    x->query_len += sizeof soa;
}

static void build_query(struct exchange *x)
{
    const struct ask_settings *s = x->settings;
    struct edns e = {.present = x->edns,
        .version = x->edns_version,
        .udp_size = s->udp_size,
        .dnssec_ok = s->dnssec_ok,
        .nsid_asked = s->nsid,
        .cookie_len = x->cookie_len,
        .keepalive_present = s->keepalive && x->out->transport == TRANSPORT_TCP,
        .keepalive_100ms = 0xffff}; /* empty in a query, RFC 7828 3.1 */
    memcpy(e.cookie, x->cookie, x->cookie_len);
    e.subnet_present = s->subnet.addr.family != FAMILY_NONE;
    e.subnet = s->subnet.addr;
    e.subnet_source = s->subnet.bits;
    uint16_t flags = (uint16_t)((s->recursion ? FLAG_RD : 0) | (s->checking_disabled ? FLAG_CD : 0) |
                                s->more_flags | s->opcode << 11);
    size_t cap = QUERY_OCTETS + options_size(s);
    uint8_t *frame = arena_alloc(x->arena, 2 + cap);
    x->query = frame + 2;
    x->id = random_u16(x->rng);
    x->query_len = msg_query(x->query, cap, x->id, flags, x->question, &e);
    size_t opt = x->query_len - (x->edns ? edns_size(&e) : 0u);
    if (s->serial_held) {
        insert_serial(x, opt);
        opt += SERIAL_SOA_LEN;
    }
    if (x->edns)
        append_to_edns(x, opt, cap);
    put_u16(frame, (uint16_t)x->query_len);
    x->out->query = x->query;
    x->out->query_len = x->query_len;
}

bool ask_is_reply(const struct msg *m, uint16_t id, uint16_t opcode, const struct msg_question *q)
{
    if (m->id != id || !(m->flags & FLAG_QR) || m->opcode != opcode)
        return false;
    if (m->qdcount == 0) /* some servers leave the question out when they cannot read it */
        return m->rcode == RCODE_FORMERR || m->rcode == RCODE_NOTIMP || m->rcode == RCODE_SERVFAIL ||
               m->rcode == RCODE_REFUSED;
    return m->qdcount == 1 && m->question.type == q->type && m->question.class == q->class &&
           name_equal(m->question.name, q->name);
}

/* A cookie in the reply begins with what was sent, or it is forged (RFC 7873 5.3). */
static bool is_our_cookie(const struct exchange *x, const struct edns *e)
{
    return e->cookie_len == 0 || x->cookie_len < CLIENT_COOKIE_LEN ||
           memcmp(e->cookie, x->cookie, CLIENT_COOKIE_LEN) == 0;
}

/* Only the first of many messages has to say what was asked (RFC 5936 2.2.1). */
static bool is_next(const struct exchange *x, const struct msg *m)
{
    return x->following && m->qdcount == 0 && m->id == x->id && (m->flags & FLAG_QR) &&
           m->opcode == x->settings->opcode;
}

/* In memory of its own: what strays leave behind would add up, a thousand of them to a gigabyte. */
static bool is_wanted(const struct exchange *x, const uint8_t *wire, size_t len)
{
    struct arena trial;
    struct msg m;
    arena_init(&trial);
    bool wanted = msg_parse(&m, wire, len, &trial) == MSG_OK &&
                  (ask_is_reply(&m, x->id, x->settings->opcode, x->question) || is_next(x, &m)) &&
                  is_our_cookie(x, &m.edns);
    arena_fini(&trial);
    return wanted;
}

/* True if it is the reply; then out->msg is filled. */
static bool take(struct exchange *x, const uint8_t *wire, size_t len)
{
    struct ask_reply *out = x->out;
    if (!is_wanted(x, wire, len)) {
        out->strays++;
        return false;
    }
    out->wire = arena_copy(x->arena, wire, len);
    out->octets = len;
    return msg_parse(&out->msg, out->wire, len, x->arena) == MSG_OK;
}

/* Waits until the socket is ready; false when the time is up. */
static bool wait_for(int fd, short events, int64_t until)
{
    for (;;) {
        int64_t left = until - mono_ms();
        if (left <= 0)
            return false;
        struct pollfd p = {.fd = fd, .events = events};
        int n = poll(&p, 1, (int)left);
        if (n > 0)
            return true;
        if (n < 0 && errno != EINTR)
            return false;
    }
}

static enum ask_end end_of_errno(struct exchange *x)
{
    x->out->system_error = errno;
    switch (errno) {
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case ECONNRESET:
    case EPIPE:
    case EACCES: /* a packet filter's answer to send */
    case EPERM:
    case EADDRNOTAVAIL: /* no address of that family to send from */
    case EAFNOSUPPORT:
    case EINVAL: /* a link-local address without its interface */
        return ASK_UNREACHABLE;
    case ETIMEDOUT:
        return ASK_TIMEOUT;
    default:
        return ASK_LOCAL;
    }
}

static bool bind_source(int fd, const struct ask_settings *s)
{
    struct sockaddr_storage sa;
    struct endpoint from = {.addr = s->source, .port = s->source_port};
    if (s->source.family == FAMILY_NONE)
        return true;
    socklen_t len = endpoint_to_sockaddr(&from, &sa);
    return bind(fd, (struct sockaddr *)&sa, len) == 0;
}

/* A connected socket, or -1 with errno set. Over TCP the connection is under way. */
static int open_socket(const struct endpoint *to, const struct ask_settings *s, int type)
{
    struct sockaddr_storage sa;
    socklen_t len = endpoint_to_sockaddr(to, &sa);
    int fd = socket(sa.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (!bind_source(fd, s) || (connect(fd, (struct sockaddr *)&sa, len) < 0 && errno != EINPROGRESS)) {
        int kept = errno;
        close(fd);
        errno = kept;
        return -1;
    }
    return fd;
}

/* Reads until the reply comes (ASK_REPLY), the time is up (ASK_TIMEOUT)
 * or the kernel says that nobody is there. */
static enum ask_end receive(struct exchange *x, int fd, uint8_t *buf, int64_t until)
{
    for (unsigned n = 0; n < STRAYS_MAX && wait_for(fd, POLLIN, until); n++) {
        ssize_t len = recv(fd, buf, MSG_MAX_LEN, 0);
        if (len < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (len < 0)
            return end_of_errno(x);
        if (take(x, buf, (size_t)len))
            return ASK_REPLY;
    }
    return ASK_TIMEOUT;
}

static enum ask_end try_udp(struct exchange *x, int fd)
{
    uint8_t *buf = arena_alloc(x->arena, MSG_MAX_LEN);
    for (unsigned i = 0; i < x->settings->tries; i++) {
        int64_t start = mono_ms();
        if (send(fd, x->query, x->query_len, 0) < 0 && errno != EAGAIN)
            return end_of_errno(x);
        enum ask_end end = receive(x, fd, buf, start + x->settings->timeout_ms);
        x->out->time_ms = (uint32_t)(mono_ms() - start);
        if (end != ASK_TIMEOUT)
            return end;
    }
    return ASK_TIMEOUT;
}

static enum ask_end ask_udp(struct exchange *x)
{
    x->out->transport = TRANSPORT_UDP;
    int fd = open_socket(&x->out->server, x->settings, SOCK_DGRAM);
    if (fd < 0)
        return end_of_errno(x);
    build_query(x);
    enum ask_end end = try_udp(x, fd);
    close(fd);
    return end;
}

/* All n octets in (POLLIN) or out (POLLOUT). */
static enum ask_end move_octets(struct exchange *x, int fd, short events, uint8_t *p, size_t n, int64_t until)
{
    size_t done = 0;
    while (done < n) {
        if (!wait_for(fd, events, until))
            return ASK_TIMEOUT;
        ssize_t k =
            events == POLLIN ? recv(fd, p + done, n - done, 0) : send(fd, p + done, n - done, MSG_NOSIGNAL);
        if (k == 0 && events == POLLIN) {
            x->out->system_error = ECONNRESET; /* the server closed before its reply was whole */
            return ASK_UNREACHABLE;
        }
        if (k < 0 && errno != EAGAIN && errno != EINTR)
            return end_of_errno(x);
        if (k > 0)
            done += (size_t)k;
    }
    return ASK_REPLY;
}

/* RFC 7766: two octets of length before each message. */
static enum ask_end read_message(struct exchange *x, int fd, int64_t until)
{
    uint8_t head[2];
    enum ask_end end = move_octets(x, fd, POLLIN, head, sizeof head, until);
    if (end != ASK_REPLY)
        return end;
    size_t len = get_u16(head);
    uint8_t *buf = arena_alloc(x->arena, len);
    end = move_octets(x, fd, POLLIN, buf, len, until);
    if (end != ASK_REPLY)
        return end;
    return take(x, buf, len) ? ASK_REPLY : ASK_MALFORMED;
}

/* What there is of a reply is a message at a time; in the end it is the first. */
static enum ask_end follow(struct exchange *x, int fd)
{
    const struct ask_settings *s = x->settings;
    const struct ask_reply first = *x->out;
    struct arena arena, *kept = x->arena;
    int64_t start = mono_ms(), patience = (int64_t)s->timeout_ms * s->tries;
    enum ask_end end = ASK_REPLY;
    arena_init(&arena);
    x->arena = &arena;
    x->out->end = end;
    while (end == ASK_REPLY && s->follow(s->follow_of, x->out)) {
        x->following = true;
        arena_reset(&arena);
        int64_t now = mono_ms(), last = start + TRANSFER_TIME_MS_MAX;
        end = read_message(x, fd, now + patience < last ? now + patience : last);
    }
    x->arena = kept;
    arena_fini(&arena);
    x->out->msg = first.msg;
    x->out->wire = first.wire;
    x->out->octets = first.octets;
    return end;
}

static enum ask_end try_tcp(struct exchange *x, int fd, int64_t until)
{
    enum ask_end end = move_octets(x, fd, POLLOUT, x->query - 2, 2 + x->query_len, until);
    if (end == ASK_REPLY)
        end = read_message(x, fd, until);
    if (end == ASK_REPLY && x->settings->follow) {
        x->out->time_ms = (uint32_t)(mono_ms() - x->start_ms);
        end = follow(x, fd);
    }
    return end;
}

static enum ask_end ask_tcp(struct exchange *x)
{
    x->out->transport = TRANSPORT_TCP;
    int64_t start = x->start_ms = mono_ms();
    int fd = open_socket(&x->out->server, x->settings, SOCK_STREAM);
    if (fd < 0)
        return end_of_errno(x);
    build_query(x);
    enum ask_end end = try_tcp(x, fd, start + (int64_t)x->settings->timeout_ms * x->settings->tries);
    x->out->time_ms = (uint32_t)(mono_ms() - start);
    close(fd);
    return end;
}

static enum ask_end ask_once(struct exchange *x)
{
    if (x->settings->tcp)
        return ask_tcp(x);
    enum ask_end end = ask_udp(x);
    if (end == ASK_REPLY && (x->out->msg.flags & FLAG_TC) && !x->settings->keep_truncated) {
        x->out->was_truncated = true;
        end = ask_tcp(x);
    }
    return end;
}

static void begin_cookie(struct exchange *x)
{
    const struct ask_settings *s = x->settings;
    x->cookie_len = (uint8_t)(s->cookie_len ? s->cookie_len : s->cookie ? CLIENT_COOKIE_LEN : 0u);
    if (s->cookie_len)
        memcpy(x->cookie, s->cookie_octets, s->cookie_len);
    else
        random_octets(x->rng, x->cookie, x->cookie_len);
}

/* BADCOOKIE, and with it the cookie that the server wants to see. */
static bool take_new_cookie(struct exchange *x)
{
    const struct msg *m = &x->out->msg;
    if (x->cookie_len == 0 || m->rcode != RCODE_BADCOOKIE || m->edns.cookie_len <= CLIENT_COOKIE_LEN ||
        x->settings->keep_refused_cookie)
        return false;
    x->cookie_len = m->edns.cookie_len;
    memcpy(x->cookie, m->edns.cookie, x->cookie_len);
    return true;
}

static bool knows_less_edns(const struct exchange *x)
{
    const struct msg *m = &x->out->msg;
    return x->edns && m->rcode == RCODE_BADVERS && m->edns.version < x->edns_version &&
           !x->settings->keep_refused_edns;
}

static bool knows_no_edns(const struct exchange *x)
{
    const struct msg *m = &x->out->msg;
    return x->edns && !m->edns.present && !x->settings->keep_refused_edns &&
           (m->rcode == RCODE_FORMERR || (m->rcode == RCODE_NOTIMP && m->opcode == OPCODE_QUERY));
}

static enum ask_end ask_server(struct exchange *x)
{
    struct ask_reply *out = x->out;
    x->edns = x->settings->edns;
    x->edns_version = x->settings->edns_version;
    begin_cookie(x);
    enum ask_end end = ask_once(x);
    if (end == ASK_REPLY && knows_less_edns(x)) {
        x->edns_version = out->msg.edns.version;
        out->with_less_edns = true;
        end = ask_once(x);
    }
    if (end == ASK_REPLY && take_new_cookie(x)) {
        out->with_new_cookie = true;
        end = ask_once(x);
    }
    if (end == ASK_REPLY && knows_no_edns(x)) {
        x->edns = false;
        out->without_edns = true;
        end = ask_once(x);
    }
    return end;
}

void ask(struct ask_reply *out, const struct ask_settings *settings, const struct msg_question *question,
    struct random *rng, struct arena *arena)
{
    *out = (struct ask_reply){.end = ASK_TIMEOUT};
    struct exchange x = {.settings = settings, .question = question, .rng = rng, .arena = arena, .out = out};
    size_t n = settings->server_count;
    size_t first = settings->rotate ? random_below(rng, (uint32_t)n) : 0;
    for (size_t i = 0; i < n; i++) {
        out->server = settings->servers[(first + i) % n];
        out->without_edns = out->with_less_edns = out->was_truncated = out->with_new_cookie = false;
        out->system_error = 0;
        out->strays = 0;
        out->end = ask_server(&x);
        if (out->end == ASK_REPLY || x.following)
            return;
    }
}

const char *ask_end_text(const struct ask_reply *r)
{
    switch (r->end) {
    case ASK_REPLY:
        return "replied";
    case ASK_TIMEOUT:
        return r->strays ? "sent nothing readable in time" : "did not reply in time";
    case ASK_MALFORMED:
        return "sent something that is no reply to the question";
    case ASK_UNREACHABLE:
    case ASK_LOCAL:
        break;
    }
    switch (r->system_error) {
    case ECONNREFUSED:
        return "refuses: nothing listens on that port";
    case ECONNRESET:
    case EPIPE:
        return "closed the connection before its reply";
    case ENETUNREACH:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case ENETDOWN:
        return "cannot be reached: no route to that network";
    case EHOSTUNREACH:
    case EHOSTDOWN:
        return "cannot be reached: no route to that host";
    case EACCES:
    case EPERM:
        return "cannot be reached: this system forbids it";
    case EINVAL:
        return "cannot be reached: a link-local address needs its interface (fe80::1%eth0)";
    default:
        return strerror(r->system_error);
    }
}
