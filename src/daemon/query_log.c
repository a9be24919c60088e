#include "daemon/query_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sink.h"
#include "dns/rrtype.h"

#define FILE_MODE 0600
/* What RFC 8932 5.1.3.1 and appendix B ask for where addresses are kept: a network, not a household. */
#define PREFIX_V4 24u
#define PREFIX_V6 48u

struct query_log {
    const char *path; /* NULL: stderr, beside the log */
    enum config_clients clients;
    int fd; /* until started */
    struct sink *sink;
};

static int open_file(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, FILE_MODE);
}

enum err query_log_open(
    struct query_log **out, const struct config *config, uid_t owner, gid_t group, struct text *complaint)
{
    const char *path = config->query_log;
    *out = NULL;
    if (!path[0])
        return ERR_OK;
    bool beside = strcmp(path, "stderr") == 0;
    int fd = beside ? -1 : open_file(path);
    if (!beside && fd < 0) {
        text_printf(complaint, "cannot write the query log %s: %s (log.queries)", path, strerror(errno));
        return ERR_SYSTEM;
    }
    if (fd >= 0 && owner != (uid_t)-1 && fchown(fd, owner, group) < 0)
        log_warning("the query log stays root's: %s", strerror(errno));
    struct query_log *q = mem_alloc(sizeof *q);
    *q = (struct query_log){.path = beside ? NULL : path, .clients = config->query_log_clients, .fd = fd};
    *out = q;
    return ERR_OK;
}

static size_t lost_line(uint64_t lines, char *buf, size_t cap)
{
    struct text t;
    text_init_fixed(&t, buf, cap);
    text_add(&t, log_is_json() ? "{\"time\":\"" : "");
    log_time(&t);
    text_printf(
        &t, log_is_json() ? "\",\"lost\":%llu}\n" : " %llu lines are lost\n", (unsigned long long)lines);
    return t.len;
}

void query_log_start(struct query_log *q)
{
    if (!q->path)
        return;
    q->sink = sink_new(q->fd, lost_line);
    if (q->sink)
        q->fd = -1;
    else
        log_error("there is no query log: %s", strerror(errno));
}

/* ---- one line ---- */

static void client_text(struct text *t, enum config_clients how, const struct addr *client)
{
    char buf[ADDR_TEXT_LEN];
    if (how == CLIENTS_NONE) {
        text_char(t, '-');
        return;
    }
    struct addr shown = *client;
    unsigned bits = client->family == FAMILY_V4 ? PREFIX_V4 : PREFIX_V6;
    if (how == CLIENTS_PREFIX)
        memset(shown.ip + bits / 8, 0, sizeof shown.ip - bits / 8);
    text_add(t, addr_text(&shown, buf));
    if (how == CLIENTS_PREFIX)
        text_printf(t, "/%u", bits);
}

/* Keys of the JSON form, in the order of the text form. */
static const char *const keys[] = {"client", "transport", "name", "type", "rcode", "ms", "from", "ede"};
enum { KEYS = sizeof keys / sizeof keys[0], KEY_MS = 5 };
#define FIELD_MAX NAME_TEXT_LEN

static void fields_of(char fields[KEYS][FIELD_MAX], const struct query_log *q, const struct request *rq,
    const struct reply *reply, int64_t took_ms)
{
    static const char *const from[] = {[REPLY_FROM_NOWHERE] = "-",
        [REPLY_FROM_LOCAL] = "local",
        [REPLY_FROM_CACHE] = "cache",
        [REPLY_FROM_SERVERS] = "servers"};
    struct text t[KEYS];
    for (unsigned i = 0; i < KEYS; i++)
        text_init_fixed(&t[i], fields[i], FIELD_MAX);
    client_text(&t[0], q->clients, &rq->client);
    text_add(&t[1], rq->transport == TRANSPORT_UDP ? "udp" : "tcp");
    if (rq->question) {
        name_to_text(&t[2], rq->name);
        rrtype_to_text(&t[3], rq->type);
    } else {
        text_char(&t[2], '-');
        text_char(&t[3], '-');
    }
    rcode_to_text(&t[4], reply->rcode);
    text_printf(&t[KEY_MS], "%lld", (long long)took_ms);
    text_add(&t[6], from[reply->from]);
    if (rq->ede == EDE_NONE)
        text_char(&t[7], '-');
    else
        text_printf(&t[7], "%d", rq->ede);
}

void query_log_add(struct query_log *q, const struct request *rq, const struct reply *reply, int64_t took_ms)
{
    char fields[KEYS][FIELD_MAX], line[SINK_LINE_MAX];
    bool json = log_is_json();
    struct text t;
    fields_of(fields, q, rq, reply, took_ms);
    text_init_fixed(&t, line, sizeof line);
    text_add(&t, json ? "{\"time\":\"" : q->path ? "" : "query: ");
    log_time(&t);
    text_add(&t, json ? "\"" : "");
    for (unsigned i = 0; i < KEYS; i++) {
        if (json)
            text_printf(&t, ",\"%s\":", keys[i]);
        else
            text_char(&t, ' ');
        if (json && i != KEY_MS)
            text_json(&t, fields[i]);
        else
            text_add(&t, fields[i]);
    }
    text_add(&t, json ? "}" : "");
    if (q->sink) {
        line[t.len] = '\n'; /* in place of the terminating zero */
        sink_put(q->sink, line, t.len + 1);
    } else if (!q->path) {
        log_put(LOG_LEVEL_INFO, line);
    }
}

void query_log_reopen(struct query_log *q)
{
    if (!q->sink)
        return;
    int fd = open_file(q->path);
    if (fd < 0)
        log_warning(
            "the query log goes on in the old file; %s cannot be opened: %s", q->path, strerror(errno));
    else
        sink_turn(q->sink, fd);
}

uint64_t query_log_lost(const struct query_log *q)
{
    return q->sink ? sink_lost(q->sink) : 0;
}

void query_log_close(struct query_log *q)
{
    if (!q)
        return;
    sink_free(q->sink);
    if (q->fd >= 0)
        close(q->fd);
    mem_free(q);
}
