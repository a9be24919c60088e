#include "daemon/activation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/listen.h"

#define FIRST 3 /* SD_LISTEN_FDS_START */
#define MOST 4096l

/* A whole number from the environment; -1: none. */
static long number_of(const char *name)
{
    const char *text = getenv(name);
    char *end;
    if (!text || text[0] < '0' || text[0] > '9')
        return -1;
    errno = 0;
    long n = strtol(text, &end, 10);
    return errno || *end ? -1 : n;
}

/* The i-th of the names in LISTEN_FDNAMES, apart by colons; "" if there is none. */
static const char *name_of(const char *names, long i, struct arena *a)
{
    const char *p = names ? names : "";
    while (i-- > 0 && *p) {
        p += strcspn(p, ":");
        p += *p == ':';
    }
    char *name = arena_strdup(a, p);
    name[strcspn(name, ":")] = 0;
    return name;
}

enum err activation_read(struct activation *out, struct arena *a, struct text *complaint)
{
    long count = number_of("LISTEN_FDS");
    *out = (struct activation){0};
    if (count <= 0 || number_of("LISTEN_PID") != (long)getpid())
        return ERR_OK;
    const char *value = getenv("LISTEN_FDNAMES"), *names = value ? arena_strdup(a, value) : NULL;
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDNAMES");
    if (count > MOST) {
        text_printf(complaint, "%ld sockets were given (LISTEN_FDS); at most %ld are taken", count, MOST);
        return ERR_LIMIT;
    }
    out->sockets = ARENA_ARRAY(a, struct given_socket, count);
    for (long i = 0; i < count; i++) {
        struct given_socket *g = &out->sockets[i];
        g->fd = FIRST + (int)i;
        const char *wrong =
            fcntl(g->fd, F_SETFD, FD_CLOEXEC) < 0 ? "it is not open" : listen_judge(g->fd, &g->type, &g->at);
        if (wrong) {
            text_printf(complaint, "the service manager's socket %ld (%s) cannot be used: %s", i,
                name_of(names, i, a), wrong);
            return ERR_FORMAT;
        }
        out->count++;
    }
    return ERR_OK;
}

void activation_close(struct activation *given)
{
    for (size_t i = 0; i < given->count; i++)
        close(given->sockets[i].fd);
    given->count = 0;
}
