/* hark ctl [VERB]: asks a running harkd by its control socket. Knows the verbs (defs/verbs.def) and the form
 * of replies (one JSON object), not the daemon's code. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/ctl_cache.h"
#include "cli/ctl_events.h"
#include "cli/ctl_help.h"
#include "cli/ctl_questions.h"
#include "cli/ctl_socket.h"
#include "cli/ctl_status.h"
#include "cli/ctl_trust.h"
#include "cli/progress.h"
#include "cli/status.h"
#include "resolve/event_json.h"

#define REPLY_MS_MAX 6000 /* harkd gives up after five seconds */
#define STATUS_APART_MS 500
#define COLUMN_VALUE 12u

/* ---- the reply as text ---- */

static void add_scalar(struct text *t, const json_t *v)
{
    if (json_is_string(v))
        text_add(t, json_string_value(v));
    else if (json_is_integer(v))
        text_printf(t, "%lld", (long long)json_integer_value(v));
    else if (json_is_real(v))
        text_printf(t, "%.3f", json_real_value(v));
    else
        text_add(t, json_is_true(v) ? "yes" : json_is_false(v) ? "no" : "-");
}

/* "root_keys_seen_s" is "root keys seen", and its value gets the unit. */
static bool is_seconds(const char *name, size_t len)
{
    return len > 2 && memcmp(name + len - 2, "_s", 2) == 0;
}

static void add_name(struct text *t, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < len - (is_seconds(name, len) ? 2 : 0); i++)
        text_char(t, name[i] == '_' ? ' ' : name[i]);
}

static void add_member(struct text *t, const char *name, const json_t *v)
{
    const char *inner;
    json_t *member;
    const char *before = "(";
    add_name(t, name);
    text_char(t, ' ');
    if (!json_is_object(v)) {
        add_scalar(t, v);
        text_add(t, is_seconds(name, strlen(name)) && json_is_integer(v) ? " s" : "");
        return;
    }
    text_add(t, json_object_size(v) == 0 ? "-" : "");
    json_object_foreach((json_t *)(uintptr_t)v, inner, member)
    {
        text_add(t, before);
        before = " + ";
        add_member(t, inner, member);
    }
    text_add(t, json_object_size(v) == 0 ? "" : ")");
}

/* A piece that stays on one line; between pieces a line may end. */
static void print_piece(struct out *out, const char *piece, bool last)
{
    size_t n = strlen(piece) + !last;
    if (out->column > COLUMN_VALUE && out->column + 1 + n > out->width) {
        out_end(out);
        out_column(out, COLUMN_VALUE);
    } else if (out->column > COLUMN_VALUE) {
        out_put(out, STYLE_PLAIN, " ");
    }
    out_printf(out, STYLE_PLAIN, "%s%s", piece, last ? "" : ",");
}

static void print_members(struct out *out, const json_t *v)
{
    size_t left = json_is_array(v) ? json_array_size(v) : json_object_size(v), i;
    const char *name;
    json_t *member;
    struct text t;
    text_init(&t);
    if (left == 0)
        out_put(out, STYLE_PLAIN, "-");
    if (json_is_array(v)) {
        json_array_foreach(v, i, member)
        {
            text_clear(&t);
            add_scalar(&t, member);
            print_piece(out, t.data, --left == 0);
        }
    } else {
        json_object_foreach((json_t *)(uintptr_t)v, name, member)
        {
            text_clear(&t);
            add_member(&t, name, member);
            print_piece(out, t.data, --left == 0);
        }
    }
    text_fini(&t);
}

static void print_row(struct out *out, const char *name, const json_t *v)
{
    struct text t;
    text_init(&t);
    add_name(&t, name);
    out_put(out, STYLE_DIM, t.data);
    out_column(out, COLUMN_VALUE);
    text_clear(&t);
    if (json_is_array(v) || json_is_object(v)) {
        print_members(out, v);
    } else {
        add_scalar(&t, v);
        out_put(out, STYLE_PLAIN, t.data);
    }
    out_end(out);
    text_fini(&t);
}

static void print_any(struct out *out, json_t *reply)
{
    const char *name;
    json_t *v;
    json_object_foreach(reply, name, v)
    {
        print_row(out, name, v);
    }
}

static void print_reload(struct out *out, const json_t *reply)
{
    const json_t *changed = json_object_get(reply, "changed"), *restart = json_object_get(reply, "restart");
    const char *file = json_string_value(json_object_get(reply, "file"));
    size_t i;
    json_t *v;
    out_printf(out, STYLE_PLAIN, "%s is read: ", file ? file : "the file");
    if (json_array_size(changed) == 0)
        out_put(out, STYLE_PLAIN, "nothing changed");
    json_array_foreach(changed, i, v)
    {
        out_printf(out, STYLE_PLAIN, "%s%s", i ? ", " : "other values of ", json_string_value(v));
    }
    out_end(out);
    json_array_foreach(restart, i, v)
    {
        const char *setting = "?", *running = "?", *wanted = "?";
        (void)json_unpack(v, "{s:s, s:s, s:s}", "setting", &setting, "running", &running, "file", &wanted);
        out_line(out, STYLE_WARN, "%s waits for a restart: %s -> %s", setting, running, wanted);
    }
}

/* ---- the command ---- */

static void print_log(struct out *out, const json_t *reply)
{
    const char *level = json_string_value(json_object_get(reply, "level")),
               *before = json_string_value(json_object_get(reply, "before"));
    out_printf(out, STYLE_PLAIN, "log level %s", level ? level : "?");
    if (before)
        out_printf(out, STYLE_DIM, ", before it was %s; until a reload or a restart", before);
    out_end(out);
}

static void print_cache(struct out *out, const json_t *reply)
{
    if (json_object_get(reply, "kinds"))
        print_any(out, (json_t *)(uintptr_t)reply);
    else
        ctl_print_cache(out, reply);
}

static const struct {
    const char *verb;
    void (*print)(struct out *out, const json_t *reply);
} PRINTERS[] = {{"reload", print_reload}, {"anchors", ctl_print_anchors}, {"nta", ctl_print_nta},
    {"cache", print_cache}, {"recent", ctl_print_recent}, {"requests", ctl_print_requests},
    {"servers", ctl_print_servers}, {"stats", ctl_print_stats}, {"log", print_log}};

static void print_reply(struct out *out, const struct args *args, json_t *reply)
{
    const char *verb = args->verb;
    if (strcmp(verb, "stats") == 0 && args->verb_word_count) {
        out->folds = false; /* for a program, wherever it goes */
        ctl_print_prometheus(out, reply);
        return;
    }
    for (size_t i = 0; i < sizeof PRINTERS / sizeof PRINTERS[0]; i++)
        if (strcmp(verb, PRINTERS[i].verb) == 0) {
            PRINTERS[i].print(out, reply);
            return;
        }
    print_any(out, reply);
}

static void complain_error(const char *verb, const char *error)
{
    if (strcmp(error, "no such verb") == 0) /* it is in our table */
        out_complain("that harkd is older than this hark: it knows no '%s'", verb);
    else
        out_complain_lines(error);
}

static enum status show(const struct args *args, struct out *out, json_t *reply)
{
    const char *error = json_string_value(json_object_get(reply, "error"));
    enum status status = !error                                          ? STATUS_ANSWER
                         : json_is_true(json_object_get(reply, "usage")) ? STATUS_USAGE
                                                                         : STATUS_FAILURE;
    if (error)
        complain_error(args->verb, error);
    if (out->format == OUT_JSON)
        out_json(out, json_incref(reply));
    else if (!error)
        print_reply(out, args, reply);
    return status;
}

static bool is_streaming(const char *verb)
{
    return strcmp(verb, "events") == 0 || strcmp(verb, "walk") == 0;
}

static void complain_silence(const char *path)
{
    out_complain("harkd at %s did not reply: %s", path, ctl_socket_trouble());
}

/* The codes that `hark trace` has for the same. */
static enum status status_of_walk(const json_t *line)
{
    struct outcome outcome;
    struct arena arena;
    uint32_t time_ms;
    arena_init(&arena);
    enum err err = outcome_from_json(&outcome, &time_ms, line, &arena);
    enum status status = err == ERR_OK ? status_of_outcome(&outcome,
                                             (uint16_t)json_integer_value(json_object_get(line, "QTYPE")))
                                       : STATUS_ANSWER; /* one of another version: it was printed */
    arena_fini(&arena);
    return status;
}

static enum status stream(const struct args *args, struct out *out, int fd, const char *path)
{
    json_t *last = NULL;
    enum status status = STATUS_NO_REPLY;
    bool walk = strcmp(args->verb, "walk") == 0;
    if (!walk)
        progress_end(); /* it may be silent for as long as it likes */
    if (!ctl_socket_send(fd, args->verb, args->verb_words, args->verb_word_count)) {
        complain_silence(path);
        return status;
    }
    ctl_socket_wait(fd, REPLY_MS_MAX); /* for the first line, which comes at once */
    ctl_print_events(out, fd, &last);
    if (json_object_get(last, "error"))
        status = show(args, out, last);
    else if (last)
        status = status_of_walk(last);
    else if (out->error)
        status = STATUS_ANSWER; /* nobody reads any more, or main says what is wrong */
    else if (errno == EAGAIN)
        complain_silence(path);
    else
        out_complain("harkd at %s ended %s: %s", path, walk ? "its walk too early" : "what it told",
            ctl_socket_trouble());
    json_decref(last);
    return status;
}

static json_t *ask_once(const char *path, const char *verb, const char *const *words, size_t word_count)
{
    int fd = ctl_socket_open(path);
    if (fd < 0)
        return NULL;
    progress_says("harkd");
    json_t *reply = ctl_socket_ask(fd, verb, words, word_count, REPLY_MS_MAX);
    if (!reply)
        complain_silence(path);
    close(fd);
    return reply;
}

/* Twice: what happens a second is seen from two readings. */
static enum status show_status(const struct args *args, struct out *out, const char *path, json_t *first)
{
    const struct timespec while_between = {.tv_nsec = STATUS_APART_MS * 1000000L};
    if (out->format == OUT_JSON || json_object_get(first, "error"))
        return show(args, out, first);
    nanosleep(&while_between, NULL);
    json_t *second = ask_once(path, "status", NULL, 0);
    if (!second)
        return STATUS_NO_REPLY;
    json_t *recent = ask_once(path, "recent", NULL, 0);
    ctl_print_status(out, first, second, STATUS_APART_MS, recent);
    json_decref(recent);
    json_decref(second);
    return STATUS_ANSWER;
}

static enum status ask_streaming(const struct args *args, struct out *out, const char *path)
{
    int fd = ctl_socket_open(path);
    if (fd < 0)
        return STATUS_NO_REPLY;
    enum status status = stream(args, out, fd, path);
    close(fd);
    return status;
}

enum status cmd_ctl(const struct args *args, struct out *out)
{
    out->folds = true;
    char buf[256];
    if (strcmp(args->verb, "help") == 0)
        return ctl_help(out, args->verb_word_count ? args->verb_words[0] : NULL);
    const char *path = ctl_socket_path(args->socket, buf, sizeof buf);
    if (is_streaming(args->verb))
        return ask_streaming(args, out, path);
    json_t *reply = ask_once(path, args->verb, args->verb_words, args->verb_word_count);
    if (!reply)
        return STATUS_NO_REPLY;
    enum status status =
        strcmp(args->verb, "status") == 0 ? show_status(args, out, path, reply) : show(args, out, reply);
    json_decref(reply);
    return status;
}
