#include "cli/ctl_socket.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/now.h"
#include "cli/out.h"
#include "lib/config.h"

#define REPLY_OCTETS_MAX ((size_t)1 << 20)

int ctl_socket_dial(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof at.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(at.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) < 0) {
        int problem = errno;
        close(fd);
        errno = problem;
        return -1;
    }
    return fd;
}

int ctl_socket_open(const char *path)
{
    int fd = ctl_socket_dial(path), problem = errno;
    struct stat st;
    bool other = fd < 0 && problem == ECONNREFUSED && stat(path, &st) == 0 && !S_ISSOCK(st.st_mode);
    errno = problem;
    if (other)
        out_complain("%s is no socket; harkd's is named by its control.socket", path);
    else if (fd < 0)
        out_complain("no harkd answers at %s: %s%s", path, strerror(errno),
            errno == EACCES ? " (root and harkd's own group may)"
                            : "; does it run, with that control.socket?");
    return fd;
}

const char *ctl_socket_path(const char *named, char *buf, size_t cap)
{
    struct arena arena;
    struct config config;
    struct text ignored;
    if (named)
        return named;
    arena_init(&arena);
    text_init(&ignored);
    (void)config_load(&config, &arena, NULL, &ignored);
    bool set = config.control && config.control[0];
    if (config.control && !set)
        config.control = NULL;
    bool known = config_control_path(&config, buf, cap);
    text_fini(&ignored);
    arena_fini(&arena);
    return known && (set || access(buf, F_OK) == 0) ? buf : CONFIG_CONTROL_PATH;
}

/* {"verb": "nta", "arguments": ["add", "example."]} */
bool ctl_socket_send(int fd, const char *verb, const char *const *words, size_t word_count)
{
    json_t *arguments = json_array();
    for (size_t i = 0; i < word_count; i++)
        json_array_append_new(arguments, json_string(words[i]));
    json_t *request = json_pack("{s:s, s:o}", "verb", verb, "arguments", arguments);
    char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
    struct text line;
    text_init(&line);
    text_printf(&line, "%s\n", text ? text : "");
    bool sent = text && send(fd, line.data, line.len, MSG_NOSIGNAL) == (ssize_t)line.len;
    free(text);
    json_decref(request);
    text_fini(&line);
    return sent;
}

json_t *ctl_socket_receive(int fd, int patience_ms)
{
    struct text reply;
    int64_t until = now_read(false).mono_ms + patience_ms;
    ssize_t n = 1;
    text_init(&reply);
    while (n > 0 && reply.len < REPLY_OCTETS_MAX) {
        char buf[4096];
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int64_t left = until - now_read(false).mono_ms;
        errno = ETIMEDOUT;
        int polled = left > 0 ? poll(&ready, 1, (int)left) : 0;
        if (polled < 0 && errno == EINTR)
            continue;
        if (polled <= 0)
            break;
        n = recv(fd, buf, sizeof buf, 0);
        if (n > 0)
            text_add_n(&reply, buf, (size_t)n);
        else if (n == 0)
            errno = 0;
    }
    json_t *j = n == 0 ? json_loadb(reply.data, reply.len, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (j && !json_is_object(j)) {
        json_decref(j);
        j = NULL;
    }
    if (!j && n == 0 && reply.len)
        errno = EBADMSG;
    text_fini(&reply);
    return j;
}

const char *ctl_socket_trouble(void)
{
    switch (errno) {
    case 0:
        return "it closed the connection";
    case EBADMSG:
        return "what it sent cannot be read";
    case EAGAIN:
    case ETIMEDOUT:
        return "nothing came in time; is it stopped, or very busy?";
    case EPIPE:
    case ECONNRESET:
        return "it hung up; do too many ask it at a time?";
    default:
        return strerror(errno);
    }
}

json_t *ctl_socket_ask(int fd, const char *verb, const char *const *words, size_t word_count, int patience_ms)
{
    return ctl_socket_send(fd, verb, words, word_count) ? ctl_socket_receive(fd, patience_ms) : NULL;
}

void ctl_socket_wait(int fd, int patience_ms)
{
    const struct timeval t = {.tv_sec = patience_ms / 1000};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
}

/* ---- lines ---- */

void ctl_lines_init(struct ctl_lines *l, int fd)
{
    *l = (struct ctl_lines){.fd = fd};
    text_init(&l->text);
}

void ctl_lines_fini(struct ctl_lines *l)
{
    text_fini(&l->text);
}

/* What was given goes. False: no more comes. */
static bool read_more(struct ctl_lines *l)
{
    char buf[16384];
    ssize_t n;
    memmove(l->text.data, l->text.data + l->at, l->text.len - l->at + 1);
    l->text.len -= l->at;
    l->at = 0;
    errno = 0;
    if (l->text.len > REPLY_OCTETS_MAX)
        return false;
    do
        n = recv(l->fd, buf, sizeof buf, 0);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        text_add_n(&l->text, buf, (size_t)n);
    return n > 0;
}

json_t *ctl_lines_next(struct ctl_lines *l)
{
    const char *line, *end;
    while (!(end = memchr(l->text.data + l->at, '\n', l->text.len - l->at)))
        if (!read_more(l))
            return NULL;
    line = l->text.data + l->at;
    l->at += (size_t)(end - line) + 1;
    json_t *j = json_loadb(line, (size_t)(end - line), JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(j))
        return j;
    json_decref(j);
    errno = EBADMSG;
    return NULL;
}
