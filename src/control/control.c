#include "control/control.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/table.h"

#define SOCKET_MODE 0660
#define FOLDER_MODE 0755
#define BACKLOG 8
#define GROUPS_MAX 256u /* of a user; with more it counts as a member of none but the first */
#define BLOCK 1024u     /* octets that a request grows by */
#define HANG_UP_LOOK_MS 1000

/* One connection: one request, one reply. Lives until both of its handles are closed. */
struct peer {
    struct control *control;
    struct peer *next;
    uv_pipe_t pipe;
    uv_timer_t patience;
    uv_write_t write;
    unsigned closing; /* handles still to be closed */
    char *request;
    size_t len, cap;
    struct control_call call;
    bool asked, closed;  /* asked: the reply is still to come, and the peer lives until then */
    bool streams, ended; /* lines instead of one reply; ended: of which the last was handed in */
    bool refused;        /* a line, for want of room */
    unsigned unwritten;  /* lines */
    char *reply;
};

/* A line on its way. */
struct line {
    uv_write_t write;
    struct peer *peer;
    char text[];
};

struct control {
    uv_pipe_t pipe;
    struct control_source source;
    char *path;
    struct peer *peers;
    unsigned peer_count;
    bool closed, pipe_closed;
};

/* ---- one connection ---- */

static void control_free_if_done(struct control *c)
{
    if (!c->pipe_closed || c->peer_count)
        return;
    mem_free(c->path);
    mem_free(c);
}

static void peer_free_if_done(struct peer *p)
{
    struct control *c = p->control;
    if (!p->closed || p->asked)
        return;
    for (struct peer **at = &c->peers; *at; at = &(*at)->next)
        if (*at == p) {
            *at = p->next;
            break;
        }
    c->peer_count--;
    free(p->reply);
    mem_free(p->request);
    mem_free(p);
    control_free_if_done(c);
}

static void on_peer_closed(uv_handle_t *handle)
{
    struct peer *p = handle->data;
    if (--p->closing)
        return;
    p->closed = true;
    peer_free_if_done(p);
}

static void peer_close(struct peer *p)
{
    if (p->closing || p->closed)
        return;
    p->closing = 2;
    uv_close((uv_handle_t *)&p->pipe, on_peer_closed);
    uv_close((uv_handle_t *)&p->patience, on_peer_closed);
    if (p->streams && p->asked && p->call.gone)
        p->call.gone(&p->call);
}

static void on_patience_ended(uv_timer_t *timer)
{
    peer_close(timer->data);
}

static void on_written(uv_write_t *write, int status)
{
    peer_close(write->data);
}

static void on_reply(struct control_call *call, json_t *reply)
{
    struct peer *p = HOLDER(call, struct peer, call);
    p->asked = false;
    if (p->closing || p->closed) { /* it was impatient */
        peer_free_if_done(p);
        return;
    }
    p->reply = json_dumps(reply, JSON_COMPACT);
    if (!p->reply) {
        peer_close(p);
        return;
    }
    uv_buf_t bufs[2] = {uv_buf_init(p->reply, (unsigned)strlen(p->reply)), uv_buf_init("\n", 1)};
    p->write.data = p;
    if (uv_write(&p->write, (uv_stream_t *)&p->pipe, bufs, 2, on_written) != 0)
        peer_close(p);
}

/* ---- lines ---- */

static void on_line_written(uv_write_t *write, int status)
{
    struct line *l = HOLDER(write, struct line, write);
    struct peer *p = l->peer;
    mem_free(l);
    p->unwritten--;
    if (status < 0 || (p->ended && p->unwritten == 0)) {
        peer_close(p);
    } else if (p->refused && p->unwritten == 0 && p->call.room && p->asked && !p->closing) {
        p->refused = false;
        p->call.room(&p->call);
    }
}

static void on_stream_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct peer *p = handle->data;
    *buf = uv_buf_init(p->request, (unsigned)p->cap);
}

/* Has the other side closed both ways? One that has no more to ask may still listen. */
static bool has_hung_up(uv_stream_t *stream)
{
    uv_os_fd_t fd;
    if (uv_fileno((uv_handle_t *)stream, &fd) != 0)
        return true;
    struct pollfd p = {.fd = fd};
    return poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLERR);
}

static void on_look(uv_timer_t *timer)
{
    struct peer *p = timer->data;
    if (has_hung_up((uv_stream_t *)&p->pipe))
        peer_close(p);
}

/* Nothing is expected but that it goes. Who closed one way is not told to go by the loop, and there may be
 * no line that cannot be written. */
static void on_stream_octets(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct peer *p = stream->data;
    if (n >= 0)
        return;
    uv_read_stop(stream);
    if (n != UV_EOF || has_hung_up(stream))
        peer_close(p);
    else if (!p->ended)
        uv_timer_start(&p->patience, on_look, HANG_UP_LOOK_MS, HANG_UP_LOOK_MS);
}

static bool write_line(struct peer *p, const char *text)
{
    size_t len = strlen(text);
    struct line *l = mem_alloc(sizeof *l + len + 1);
    l->peer = p;
    memcpy(l->text, text, len);
    l->text[len] = '\n';
    uv_buf_t buf = uv_buf_init(l->text, (unsigned)len + 1);
    p->unwritten++;
    if (uv_write(&l->write, (uv_stream_t *)&p->pipe, &buf, 1, on_line_written) != 0) {
        p->unwritten--;
        mem_free(l);
        return false;
    }
    return true;
}

static bool on_line(struct control_call *call, const char *text)
{
    struct peer *p = HOLDER(call, struct peer, call);
    if (p->closing || p->closed)
        return false;
    if (!p->streams) {
        p->streams = true;
        uv_timer_stop(&p->patience);
        uv_read_start((uv_stream_t *)&p->pipe, on_stream_room, on_stream_octets);
    }
    if (uv_stream_get_write_queue_size((uv_stream_t *)&p->pipe) > STREAM_QUEUE_MAX) {
        p->refused = true;
        return false;
    }
    return write_line(p, text);
}

static void on_end(struct control_call *call, const char *text)
{
    struct peer *p = HOLDER(call, struct peer, call);
    p->asked = false;
    p->ended = true;
    if (text && !p->closing && !p->closed)
        (void)write_line(p, text);
    if (p->closing || p->closed)
        peer_free_if_done(p);
    else if (p->unwritten == 0)
        peer_close(p);
    else
        uv_timer_start(&p->patience, on_patience_ended, CONTROL_MS_MAX, 0);
}

static void peer_ask(struct peer *p, size_t line_len)
{
    uv_read_stop((uv_stream_t *)&p->pipe);
    p->asked = true;
    p->call.reply = on_reply;
    p->call.line = on_line;
    p->call.end = on_end;
    control_ask(&p->control->source, &p->call, p->request, line_len);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct peer *p = handle->data;
    if (p->cap - p->len < BLOCK && p->cap < CONTROL_OCTETS_MAX) {
        p->cap += p->cap ? p->cap : BLOCK;
        p->request = mem_grow(p->request, p->cap);
    }
    *buf = uv_buf_init(
        p->request + p->len, (unsigned)(p->cap - p->len)); /* none left: UV_ENOBUFS, which closes */
}

static void on_octets(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct peer *p = stream->data;
    if (n == UV_EOF && p->len) { /* a last line may lack its end */
        peer_ask(p, p->len);
        return;
    }
    if (n < 0) {
        peer_close(p);
        return;
    }
    const char *end = n ? memchr(p->request + p->len, '\n', (size_t)n) : NULL;
    p->len += (size_t)n;
    if (end)
        peer_ask(p, (size_t)(end - p->request));
}

bool control_may_write(uid_t uid, gid_t gid, const gid_t *groups, size_t group_count)
{
    gid_t own = getegid();
    bool member = gid == own;
    for (size_t i = 0; i < group_count && !member; i++)
        member = groups[i] == own;
    return uid == 0 || uid == geteuid() || member;
}

/* The kernel says who connected, with the groups of that moment. */
static bool peer_may_write(struct peer *p)
{
    struct ucred who;
    gid_t groups[GROUPS_MAX];
    uv_os_fd_t fd;
    socklen_t len = sizeof who, groups_len = sizeof groups;
    if (uv_fileno((uv_handle_t *)&p->pipe, &fd) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0)
        return false;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &groups_len) < 0)
        groups_len = 0;
    return control_may_write(who.uid, who.gid, groups, groups_len / sizeof groups[0]);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct control *c = server->data;
    if (status < 0)
        return;
    struct peer *p = mem_alloc(sizeof *p);
    p->control = c;
    p->next = c->peers;
    c->peers = p;
    c->peer_count++;
    uv_pipe_init(server->loop, &p->pipe, 0);
    uv_timer_init(server->loop, &p->patience);
    p->pipe.data = p->patience.data = p;
    if (uv_accept(server, (uv_stream_t *)&p->pipe) != 0 || c->peer_count > CONTROL_CONNECTIONS_MAX ||
        uv_read_start((uv_stream_t *)&p->pipe, on_room, on_octets) != 0) {
        peer_close(p);
        return;
    }
    p->call.may_write = peer_may_write(p);
    uv_timer_start(&p->patience, on_patience_ended, CONTROL_MS_MAX, 0);
}

/* ---- the socket ---- */

/* The folder that holds the socket is ours to make; folders above it are not. */
static void make_folder(const char *path)
{
    char folder[sizeof((struct sockaddr_un *)0)->sun_path];
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return;
    memcpy(folder, path, (size_t)(slash - path));
    folder[slash - path] = 0;
    if (mkdir(folder, FOLDER_MODE) < 0)
        return; /* it is there, or bind() will say why not */
}

/* A socket that a crashed harkd left behind stands in the way; one that somebody answers at stays. */
static enum err clear_way(const struct sockaddr_un *at)
{
    struct stat st;
    if (lstat(at->sun_path, &st) < 0)
        return ERR_OK;
    if (!S_ISSOCK(st.st_mode)) {
        errno = EEXIST;
        return ERR_SYSTEM;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return ERR_SYSTEM;
    int refused = connect(fd, (const struct sockaddr *)at, sizeof *at) < 0 && errno == ECONNREFUSED;
    close(fd);
    if (refused)
        return unlink(at->sun_path) < 0 ? ERR_SYSTEM : ERR_OK;
    errno = EADDRINUSE;
    return ERR_SYSTEM;
}

static int bind_socket(const struct sockaddr_un *at)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (bind(fd, (const struct sockaddr *)at, sizeof *at) < 0) {
        int problem = errno;
        close(fd);
        errno = problem;
        return -1;
    }
    /* Nobody can connect before listen(), so there is no moment at which the mode is too wide. */
    if (chmod(at->sun_path, SOCKET_MODE) < 0) {
        int problem = errno;
        unlink(at->sun_path);
        close(fd);
        errno = problem;
        return -1;
    }
    return fd;
}

enum err control_open(
    struct control **out, uv_loop_t *loop, const char *path, const struct control_source *source)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof at.sun_path) {
        errno = ENAMETOOLONG;
        return ERR_SYSTEM;
    }
    memcpy(at.sun_path, path, strlen(path) + 1);
    make_folder(path);
    if (clear_way(&at))
        return ERR_SYSTEM;
    int fd = bind_socket(&at);
    if (fd < 0)
        return ERR_SYSTEM;
    struct control *c = mem_alloc(sizeof *c);
    c->source = *source;
    c->path = mem_strdup(path);
    uv_pipe_init(loop, &c->pipe, 0);
    c->pipe.data = c;
    int bad = uv_pipe_open(&c->pipe, fd);
    if (!bad)
        bad = uv_listen((uv_stream_t *)&c->pipe, BACKLOG, on_connection);
    if (bad) {
        control_close(c);
        errno = -bad;
        return ERR_SYSTEM;
    }
    *out = c;
    return ERR_OK;
}

static void on_socket_closed(uv_handle_t *handle)
{
    struct control *c = handle->data;
    c->pipe_closed = true;
    control_free_if_done(c);
}

void control_close(struct control *c)
{
    if (!c || c->closed)
        return;
    c->closed = true;
    unlink(c->path);
    for (struct peer *p = c->peers; p; p = p->next)
        peer_close(p);
    uv_close((uv_handle_t *)&c->pipe, on_socket_closed);
}
