#include "answerer.h"

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "dns/present.h"

struct answerer {
    struct endpoint at;
    int udp, tcp, stop[2];
    pthread_t thread;
    _Atomic unsigned udp_count, tcp_count;
    uint16_t last_id;
};

static bool label_is(const name_t *n, const char *label)
{
    return n[0] == strlen(label) && strncasecmp((const char *)n + 1, label, n[0]) == 0;
}

static void add(struct msg_builder *b, const char *line, struct arena *a)
{
    struct rr rr;
    assert(rr_from_text(&rr, line, strlen(line), NULL, 60, a) == ERR_OK);
    msg_add_rr(b, SECTION_ANSWER, &rr);
}

static void add_data(struct msg_builder *b, const struct msg *q, bool tcp, struct arena *a)
{
    const name_t *name = q->question.name;
    char line[NAME_TEXT_LEN + 64], owner[NAME_TEXT_LEN];
    struct text t;
    name_text(name, owner);
    text_init_fixed(&t, line, sizeof line);
    if (label_is(name, "alias") || label_is(name, "loose")) {
        text_printf(&t, "%s CNAME target.example.", owner);
        add(b, line, a);
        if (label_is(name, "alias"))
            add(b, "target.example. A 192.0.2.1", a);
    } else if (label_is(name, "big") && tcp) {
        for (unsigned i = 0; i < 100; i++) {
            text_clear(&t);
            text_printf(&t, "%s A 192.0.2.%u", owner, i);
            add(b, line, a);
        }
    } else if (label_is(name, "hostile")) {
        text_printf(&t, "%s TXT \"\\027[2J\\226\\128\\174\\155\"", owner);
        add(b, line, a);
    } else if (q->question.type == TYPE_A) {
        text_printf(&t, "%s A 192.0.2.1", owner);
        add(b, line, a);
    } else if (q->question.type == TYPE_AAAA) {
        text_printf(&t, "%s AAAA 2001:db8::1", owner);
        add(b, line, a);
    } else if (q->question.type == TYPE_PTR) {
        text_printf(&t, "%s PTR pointer.example.", owner);
        add(b, line, a);
    }
}

static uint16_t rcode_of(const struct msg *q)
{
    const name_t *n = q->question.name;
    if (label_is(n, "nx"))
        return RCODE_NXDOMAIN;
    if (label_is(n, "expired") && !(q->flags & FLAG_CD))
        return RCODE_SERVFAIL;
    if (label_is(n, "servfail") || label_is(n, "bogus"))
        return RCODE_SERVFAIL;
    if (label_is(n, "refused"))
        return RCODE_REFUSED;
    if (label_is(n, "oldest") && q->edns.present)
        return RCODE_FORMERR;
    return RCODE_NOERROR;
}

/* The reply; 0: none. */
static size_t reply(uint8_t *buf, const uint8_t *wire, size_t len, bool tcp, struct arena *a)
{
    struct msg q;
    if (msg_parse(&q, wire, len, a) != MSG_OK)
        return 0;
    const name_t *n = q.question.name;
    bool cut = !tcp && (label_is(n, "big") || label_is(n, "closing"));
    uint16_t flags = (uint16_t)(FLAG_QR | FLAG_AA | FLAG_RA | (q.flags & FLAG_RD) | (cut ? FLAG_TC : 0));
    if (label_is(n, "proven"))
        flags = (uint16_t)((flags | FLAG_AD) & ~FLAG_AA);
    if (label_is(n, "unsigned"))
        flags &= (uint16_t)~FLAG_AA;
    struct msg_builder b;
    msg_build(&b, buf, MSG_MAX_LEN, q.id, flags, rcode_of(&q));
    if (label_is(n, "odd"))
        msg_add_question(&b, NAME_ROOT, TYPE_NS, CLASS_IN);
    else
        msg_add_question(&b, n, q.question.type, q.question.class);
    if (rcode_of(&q) == RCODE_NOERROR && !cut && !label_is(n, "nodata"))
        add_data(&b, &q, tcp, a);
    struct edns e = {.present = true, .udp_size = 1232};
    if (label_is(n, "expired"))
        e.ede[e.ede_count++] = (struct ede){EDE_SIGNATURE_EXPIRED, "signature of it expired 3 days ago"};
    if (label_is(n, "weak"))
        e.ede[e.ede_count++] = (struct ede){EDE_UNSUPPORTED_DNSKEY_ALGORITHM, ""};
    if (label_is(n, "bogus") || label_is(n, "hostile"))
        e.ede[e.ede_count++] = (struct ede){EDE_DNSSEC_BOGUS, "\033[2J \xe2\x80\xae"};
    if (q.edns.present && !label_is(n, "oldest"))
        msg_add_edns(&b, &e);
    return msg_finish(&b, false);
}

/* Packets that are no reply: another ID, too short, cut off, and no response at all. */
static void send_wrong(int fd, uint8_t *out, size_t len, const struct sockaddr *to, socklen_t to_len)
{
    out[0] ^= 1;
    sendto(fd, out, len, 0, to, to_len);
    out[0] ^= 1;
    sendto(fd, out, 3, 0, to, to_len);
    sendto(fd, out, len - 3, 0, to, to_len);
    out[2] &= 0x7f;
    sendto(fd, out, len, 0, to, to_len);
    out[2] |= 0x80;
}

static void serve_udp(struct answerer *s, uint8_t *in, uint8_t *out, struct arena *a)
{
    struct sockaddr_storage from;
    socklen_t from_len = sizeof from;
    ssize_t len = recvfrom(s->udp, in, MSG_MAX_LEN, 0, (struct sockaddr *)&from, &from_len);
    if (len < (ssize_t)MSG_HEADER_LEN)
        return;
    s->udp_count++;
    const name_t *n = in + MSG_HEADER_LEN;
    bool again = get_u16(in) == s->last_id;
    s->last_id = get_u16(in);
    if (label_is(n, "silent") || (label_is(n, "second") && !again))
        return;
    size_t n_out = reply(out, in, (size_t)len, false, a);
    if (n_out == 0)
        return;
    if (label_is(n, "wrong"))
        send_wrong(s->udp, out, n_out, (struct sockaddr *)&from, from_len);
    sendto(s->udp, out, n_out, 0, (struct sockaddr *)&from, from_len);
}

static void serve_tcp(struct answerer *s, uint8_t *in, uint8_t *out, struct arena *a)
{
    int fd = accept(s->tcp, NULL, NULL);
    if (fd < 0)
        return;
    uint8_t head[2];
    if (recv(fd, head, 2, MSG_WAITALL) == 2) {
        ssize_t len = recv(fd, in, get_u16(head), MSG_WAITALL);
        s->tcp_count++;
        size_t n =
            len > 0 && !label_is(in + MSG_HEADER_LEN, "closing") ? reply(out, in, (size_t)len, true, a) : 0;
        put_u16(head, (uint16_t)n);
        /* In pieces: a reader must put them together. */
        if (n && send(fd, head, 1, MSG_NOSIGNAL) == 1 && send(fd, head + 1, 1, MSG_NOSIGNAL) == 1)
            send(fd, out, n, MSG_NOSIGNAL);
    }
    close(fd);
}

static void *run(void *arg)
{
    struct answerer *s = arg;
    static uint8_t in[MSG_MAX_LEN], out[MSG_MAX_LEN];
    struct arena a;
    arena_init(&a);
    for (;;) {
        struct pollfd p[] = {{.fd = s->stop[0], .events = POLLIN}, {.fd = s->udp, .events = POLLIN},
            {.fd = s->tcp, .events = POLLIN}};
        if (poll(p, 3, -1) < 0 || p[0].revents)
            break;
        if (p[1].revents)
            serve_udp(s, in, out, &a);
        if (p[2].revents)
            serve_tcp(s, in, out, &a);
        arena_reset(&a);
    }
    arena_fini(&a);
    return NULL;
}

static int bound(int type, struct endpoint *at)
{
    struct sockaddr_storage sa;
    socklen_t len = endpoint_to_sockaddr(at, &sa);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&sa, len) != 0) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    len = sizeof sa;
    getsockname(fd, (struct sockaddr *)&sa, &len);
    *at = endpoint_of_sockaddr((struct sockaddr *)&sa);
    return fd;
}

static struct endpoint loopback(void)
{
    return (struct endpoint){.addr = addr_v4((const uint8_t[4]){127, 0, 0, 1})};
}

struct answerer *answerer_start(void)
{
    struct answerer *s = mem_alloc(sizeof *s);
    s->tcp = -1;
    /* The port that UDP gets may be taken for TCP. */
    for (unsigned i = 0; i < 50 && s->tcp < 0; i++) {
        s->at = loopback();
        s->udp = bound(SOCK_DGRAM, &s->at);
        assert(s->udp >= 0);
        s->tcp = bound(SOCK_STREAM, &s->at);
        if (s->tcp < 0)
            close(s->udp);
    }
    assert(s->tcp >= 0 && listen(s->tcp, 8) == 0 && pipe(s->stop) == 0);
    int rc = pthread_create(&s->thread, NULL, run, s);
    assert(rc == 0);
    (void)rc;
    return s;
}

void answerer_stop(struct answerer *s)
{
    close(s->stop[1]);
    pthread_join(s->thread, NULL);
    close(s->stop[0]);
    close(s->udp);
    close(s->tcp);
    mem_free(s);
}

const struct endpoint *answerer_at(const struct answerer *s)
{
    return &s->at;
}

unsigned answerer_udp_count(const struct answerer *s)
{
    return s->udp_count;
}

unsigned answerer_tcp_count(const struct answerer *s)
{
    return s->tcp_count;
}

struct endpoint answerer_nobody(void)
{
    struct endpoint at = loopback();
    int fd = bound(SOCK_DGRAM, &at);
    close(fd);
    return at;
}
