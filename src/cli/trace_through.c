#include "cli/trace_through.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/ctl_socket.h"
#include "cli/out.h"
#include "cli/progress.h"
#include "resolve/event_json.h"

#define SILENCE_S_MAX 15 /* harkd gives up on a question before that */
#define LINES_MAX 20000u /* whoever it is that sends them */

void trace_through_init(struct trace_through *t, const char *socket)
{
    *t = (struct trace_through){.lost = 0};
    t->path = ctl_socket_path(socket, t->buf, sizeof t->buf);
    arena_init(&t->arena);
}

void trace_through_fini(struct trace_through *t)
{
    arena_fini(&t->arena);
}

static int dial(const struct trace_through *t)
{
    int fd = ctl_socket_open(t->path);
    if (fd >= 0)
        ctl_socket_wait(fd, SILENCE_S_MAX * 1000);
    return fd;
}

static bool send_walk(int fd, const struct question *q)
{
    char name[NAME_TEXT_LEN], type[16];
    struct text t;
    text_init_fixed(&t, type, sizeof type);
    rrtype_to_text(&t, q->type);
    const char *words[] = {name_text(q->name, name), type};
    return ctl_socket_send(fd, "walk", words, 2);
}

static void complain_error(const struct trace_through *t, const char *error)
{
    if (strcmp(error, "no such verb") == 0)
        out_complain("the harkd at %s is older than this hark: it cannot show its walk", t->path);
    else
        out_complain("harkd at %s: %s", t->path, error);
}

/* One line. True: the outcome is there. */
static bool take(struct trace_through *t, const struct question *q, const json_t *line, enum err *err)
{
    struct event e;
    struct arena arena;
    const char *kind = json_string_value(json_object_get(line, "event"));
    if (kind && strcmp(kind, "outcome") == 0) {
        arena_reset(&t->arena);
        *err = outcome_from_json(&t->outcome, &t->time_ms, line, &t->arena);
        return *err == ERR_OK;
    }
    if (kind && strcmp(kind, "lost") == 0) {
        json_int_t count = json_integer_value(json_object_get(line, "count"));
        t->lost += count > 0 ? (uint64_t)count : 1;
        return false;
    }
    arena_init(&arena);
    *err = event_from_json(&e, line, &arena);
    if (*err == ERR_OK && q->observer)
        q->observer->event(q->observer->ctx, &e);
    else if (*err == ERR_UNKNOWN) /* of a later harkd */
        *err = ERR_OK;
    arena_fini(&arena);
    return false;
}

static bool listen_to(struct trace_through *t, const struct question *q, int fd, enum status *status)
{
    struct ctl_lines lines;
    bool ended = false;
    *status = STATUS_NO_REPLY;
    ctl_lines_init(&lines, fd);
    for (unsigned n = 0; !ended && n < LINES_MAX; n++) {
        enum err err = ERR_OK;
        json_t *line = ctl_lines_next(&lines);
        if (!line) {
            out_complain("harkd at %s ended its walk too early: %s", t->path, ctl_socket_trouble());
            break;
        }
        const char *error = json_string_value(json_object_get(line, "error"));
        if (error) {
            *status = STATUS_FAILURE;
            complain_error(t, error);
        } else {
            ended = take(t, q, line, &err);
            if (err != ERR_OK)
                out_complain("what harkd at %s tells of its walk cannot be read: %s", t->path, err_text(err));
        }
        json_decref(line);
        if (error || err != ERR_OK)
            break;
    }
    ctl_lines_fini(&lines);
    return ended;
}

const struct outcome *trace_through_ask(
    struct trace_through *t, const struct question *q, enum status *status)
{
    *status = STATUS_NO_REPLY;
    int fd = dial(t);
    if (fd < 0)
        return NULL;
    progress_says("harkd");
    bool ended = false;
    if (send_walk(fd, q))
        ended = listen_to(t, q, fd, status);
    else
        out_complain("harkd at %s takes no question: %s", t->path, strerror(errno));
    close(fd);
    if (t->lost)
        out_complain(
            "harkd was faster than hark: %llu of its events are missing here", (unsigned long long)t->lost);
    return ended ? &t->outcome : NULL;
}
