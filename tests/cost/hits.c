/* What an answer from the cache costs in instructions, from the datagram to the reply: net/udp.c with a
 * kernel that is ours (recvmmsg and sendmmsg below), serve/, cache/. tests/cost/run counts those between
 * entry and end of measured(), without those of our kernel.
 *
 *     hits plain|edns|do|cookie|addresses [batch]
 *
 * With `batch`, the memory of a batch's answers is fetched before they are made, as harkd does from four
 * queries on: more instructions, less time.
 *
 * Every reply is checked against the one that was composed. Prints how many there were, and how often memory
 * was asked for on the way. */
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "net/udp.h"
#include "serve/serve.h"

#define NAMES 64u
#define ROUNDS 16u /* batches */

static const struct kind {
    const char *name;
    uint16_t edns_size;
    bool dnssec_ok, cookie;
    unsigned addresses;
} KINDS[] = {
    {"plain", 0, false, false, 1},
    {"edns", 1232, false, false, 1},
    {"do", 1232, true, false, 1},
    {"cookie", 1232, false, true, 1},
    {"addresses", 1232, false, false, 4},
};

struct world {
    const struct kind *kind;
    struct cache *cache;
    struct serve *serve;
    struct request rq;
    now_t now;
    struct arena a;
    uint8_t queries[NAMES][512], replies[NAMES][UDP_REPLY_MAX];
    size_t query_lens[NAMES], reply_lens[NAMES];
    unsigned batches, right, wrong;
};

static struct world the_world;
static size_t allocations;

/* ---- our kernel ---- */

void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

/* All memory of hark comes by way of these (base/mem.c). */
void *__wrap_calloc(size_t n, size_t size)
{
    allocations++;
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    allocations++;
    return __real_realloc(p, size);
}

int recvmmsg(int fd, struct mmsghdr *in, unsigned count, int flags, struct timespec *timeout)
{
    struct world *w = &the_world;
    if (w->batches == ROUNDS) {
        errno = EAGAIN;
        return -1;
    }
    w->batches++;
    assert(count == NAMES);
    for (unsigned i = 0; i < count; i++) {
        struct sockaddr_in *from = in[i].msg_hdr.msg_name;
        *from = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)(2000 + i))};
        from->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        in[i].msg_hdr.msg_namelen = sizeof *from;
        memcpy(in[i].msg_hdr.msg_iov->iov_base, w->queries[i], w->query_lens[i]);
        in[i].msg_len = (unsigned)w->query_lens[i];
    }
    return (int)count;
}

int sendmmsg(int fd, struct mmsghdr *out, unsigned count, int flags)
{
    struct world *w = &the_world;
    for (unsigned i = 0; i < count; i++) {
        const struct iovec *iov = out[i].msg_hdr.msg_iov;
        /* TTLs are others, and addresses rotate: up to the first record all is the same. */
        size_t same = MSG_HEADER_LEN + 23 + 4;
        bool right = iov->iov_len == w->reply_lens[i] && memcmp(iov->iov_base, w->replies[i], same) == 0;
        right ? w->right++ : w->wrong++;
    }
    return (int)count;
}

/* ---- the server ---- */

static size_t on_query(void *ctx, struct udp_listener *l, const struct udp_path *path, const uint8_t *wire,
    size_t len, uint8_t out[UDP_REPLY_MAX])
{
    struct world *w = ctx;
    struct reply reply = {.data = out, .cap = UDP_REPLY_MAX};
    w->rq.transport = TRANSPORT_UDP;
    w->rq.client = path->peer.addr;
    w->rq.near = (uint8_t)path->near;
    return serve_query(w->serve, &w->rq, wire, len, &reply, w->now) == SERVE_DONE ? reply.len : 0;
}

static void on_near(void *ctx, unsigned near, const uint8_t *wire, size_t len)
{
    const struct world *w = ctx;
    serve_near(w->serve, near, wire, len);
}

static void on_nearer(void *ctx, unsigned near)
{
    const struct world *w = ctx;
    serve_nearer(w->serve, near);
}

static struct rrset *addresses(struct world *w, const name_t *owner)
{
    struct rrset *rs = ARENA_NEW(&w->a, struct rrset);
    *rs = (struct rrset){
        .owner = owner, .type = TYPE_A, .class = CLASS_IN, .ttl = 300, .verdict = VERDICT_SECURE};
    for (uint8_t i = 0; i < w->kind->addresses; i++) {
        const uint8_t address[4] = {192, 0, 2, i};
        rrset_add(rs, (struct rdata){.data = arena_copy(&w->a, address, 4), .len = 4}, &w->a);
    }
    uint8_t *sig = arena_alloc(&w->a, 18 + 9 + 64); /* of P-256, by "example.net." or the like */
    memcpy(sig + 18, "\7example", 9);
    rs->sigs = ARENA_NEW(&w->a, struct rdata);
    rs->sigs[0] = (struct rdata){.data = sig, .len = 18 + 9 + 64};
    rs->sig_count = 1;
    return rs;
}

static size_t make_query(struct world *w, unsigned i, const struct edns *e)
{
    char text[64];
    struct msg_question q = {.type = TYPE_A, .class = CLASS_IN};
    int n = snprintf(text, sizeof text, "www.Site%04u.example.", i); /* 23 octets */
    enum err err = name_from_text(q.name, text, (size_t)n, NULL);
    assert(!err);
    (void)err;
    return msg_query(w->queries[i], sizeof w->queries[i], (uint16_t)(77 * i), FLAG_RD, &q, e);
}

/* Asks, and composes what then is kept. A cookie is asked for first. */
static void ask(struct world *w, unsigned i)
{
    struct edns e = {
        .present = w->kind->edns_size != 0, .udp_size = w->kind->edns_size, .dnssec_ok = w->kind->dnssec_ok};
    struct reply reply = {.data = w->replies[i], .cap = UDP_REPLY_MAX};
    w->rq.transport = TRANSPORT_UDP;
    w->rq.client = addr_v4((const uint8_t[]){127, 0, 0, 1});
    if (w->kind->cookie) {
        e.cookie_len = COOKIE_CLIENT_LEN;
        w->query_lens[i] = make_query(w, i, &e);
        serve_query(w->serve, &w->rq, w->queries[i], w->query_lens[i], &reply, w->now);
        e.cookie_len = COOKIE_LEN;
        memcpy(e.cookie, w->rq.cookie, COOKIE_LEN);
    }
    w->query_lens[i] = make_query(w, i, &e);
    enum served served = serve_query(w->serve, &w->rq, w->queries[i], w->query_lens[i], &reply, w->now);
    assert(served == SERVE_PENDING);
    (void)served;
    struct outcome o = {.verdict = VERDICT_SECURE, .from_cache = true, .reason.ede = EDE_NONE};
    rrset_list_add(&o.answer, addresses(w, name_dup(w->rq.name, &w->a)), &w->a);
    serve_compose(w->serve, &w->rq, &o, &reply, w->now);
    w->reply_lens[i] = reply.len;
}

__attribute__((noinline)) static void measured(struct udp_listener *l)
{
    udp_listener_stop(l); /* which first answers all that has come */
}

static void open_server(struct world *w)
{
    static struct prefix clients[2]; /* the default */
    prefix_parse(&clients[0], "127.0.0.0/8");
    prefix_parse(&clients[1], "::1");
    const struct serve_settings settings = {.access = {.items = clients, .count = 2},
        .snoopers = {.items = clients, .count = 2},
        .local_zones = true,
        .udp_size = 1232,
        .rotate = true,
        .cookies = true,
        .cookie_secrets = {.count = 1, .octets = {"a secret of ours"}},
        .validates = true,
        .sentinel = true};
    const struct cache_settings cache = {.size = 4 << 20};
    w->cache = cache_new(&cache, &(struct hash_key){1, 2});
    w->serve = serve_new(&settings, w->cache);
    w->now = (now_t){.cache_s = 1000, .mono_ms = 1000000, .wall_s = 1800000000, .wall_known = true};
    arena_init(&w->a);
}

/* Bound, but nothing is ever sent to it: it has a number and an address. */
static int socket_of_ours(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        perror("hits");
        exit(2);
    }
    return fd;
}

int main(int argc, char **argv)
{
    struct world *w = &the_world;
    uv_loop_t loop;
    struct udp_listener *l;
    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0] && argc >= 2; i++)
        if (strcmp(argv[1], KINDS[i].name) == 0)
            w->kind = &KINDS[i];
    if (!w->kind) {
        fprintf(stderr, "usage: hits plain|edns|do|cookie|addresses [batch]\n");
        return 2;
    }
    open_server(w);
    for (unsigned i = 0; i < NAMES; i++)
        ask(w, i);
    uv_loop_init(&loop);
    if (udp_listener_open(&l, &loop, socket_of_ours(), on_query, w))
        return 2;
    if (argc == 3)
        udp_listener_prepare(l, &(const struct udp_prepare){.near = on_near, .nearer = on_nearer});
    w->now.cache_s += 10; /* TTLs go down */
    allocations = 0;
    measured(l);
    size_t asked_for = allocations;
    udp_listener_close(l);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    serve_free(w->serve);
    cache_free(w->cache);
    arena_fini(&w->a);
    printf("%u right, %u wrong, %zu allocations\n", w->right, w->wrong, asked_for);
    return w->right == ROUNDS * NAMES && w->wrong == 0 && asked_for == 0 ? 0 : 1;
}
