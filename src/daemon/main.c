/* harkd: reads its configuration, binds, gives root away, and waits for a signal while the workers serve. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/arguments.h"
#include "daemon/pool.h"
#include "daemon/privileges.h"
#include "daemon/query_log.h"
#include "daemon/supervise.h"

#define DRAIN_MS_MAX 3000 /* after a signal, questions that still wait have so long */
#define DRAIN_LOOK_MS 20  /* how often it is looked whether they are done */
#define CONTROL_PATH_ROOT "/run/hark/control.sock"

enum exit_code { EXIT_ENDED = 0, EXIT_CONFIG = 1 };

/* The main thread: signals and the control socket. */
struct daemon {
    uv_loop_t loop;
    uv_signal_t term, interrupt;
    uv_timer_t drain;
    int64_t drain_until_ms;
    struct pool *pool;
    struct control *control;
    struct supervise *supervise;
    struct query_log *query_log;
    struct activation given;
    struct privileges who;
    struct arena lasting;
    bool ending;
};

/* ---- the end ---- */

static void close_all(struct daemon *d)
{
    if (uv_is_closing((uv_handle_t *)&d->drain))
        return;
    control_close(d->control);
    supervise_close(d->supervise);
    uv_close((uv_handle_t *)&d->term, NULL);
    uv_close((uv_handle_t *)&d->interrupt, NULL);
    uv_close((uv_handle_t *)&d->drain, NULL);
}

static void on_drain_look(uv_timer_t *timer)
{
    struct daemon *d = timer->data;
    if (pool_is_drained(d->pool) || now_read(false).mono_ms >= d->drain_until_ms)
        close_all(d);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct daemon *d = handle->data;
    if (d->ending) { /* asked twice: at once */
        close_all(d);
        return;
    }
    d->ending = true;
    log_notice("stopping: %s", number == SIGTERM ? "SIGTERM" : "SIGINT");
    supervise_stopping(d->supervise);
    pool_drain(d->pool);
    d->drain_until_ms = now_read(false).mono_ms + DRAIN_MS_MAX;
    uv_timer_start(&d->drain, on_drain_look, DRAIN_LOOK_MS, DRAIN_LOOK_MS);
}

/* ---- the start ---- */

/* Each question upstream has a socket of its own, each client connection one. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void figures(void *ctx, struct control_figures *out)
{
    pool_figures(ctx, out);
}

/* Where the socket goes when nothing is said; false: nowhere. */
static bool control_path_default(char *buf, size_t cap)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (geteuid() == 0)
        snprintf(buf, cap, "%s", CONTROL_PATH_ROOT);
    else if (runtime && runtime[0] == '/')
        snprintf(buf, cap, "%s/hark/control.sock", runtime);
    else
        return false;
    return strlen(buf) + 1 < cap;
}

/* A socket that was not asked for may fail to be; one that the configuration names may not. */
static bool open_control(struct daemon *d, const struct config *config)
{
    const struct privileges *who = &d->who;
    char standard[256];
    const char *path = config->control;
    if (path && !path[0])
        return true;
    if (!path && !control_path_default(standard, sizeof standard))
        return true;
    struct control_source source = {.figures = figures, .ctx = d->pool};
    const char *at = path ? path : standard;
    if (control_open(&d->control, &d->loop, at, &source)) {
        log_line(path ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "no control socket at %s: %s (control.socket)",
            at, strerror(errno));
        return path == NULL;
    }
    /* nobody is nobody's alone: then the socket stays root's. */
    if (who->wanted && strcmp(who->name, "nobody") != 0 && chown(at, who->uid, who->gid) < 0)
        log_warning("the control socket stays root's: %s", strerror(errno));
    log_info("control socket at %s", at);
    return true;
}

static void log_listeners(const struct daemon *d)
{
    size_t count;
    const struct endpoint *listen = pool_listen(d->pool, &count);
    for (size_t i = 0; i < count; i++) {
        char text[ENDPOINT_TEXT_LEN];
        log_notice("listening on %s, %s", endpoint_text(&listen[i], text),
            d->given.count ? "by sockets of the service manager" : "UDP and TCP");
    }
}

static void open_loop(struct daemon *d)
{
    uv_loop_init(&d->loop);
    uv_signal_init(&d->loop, &d->term);
    uv_signal_init(&d->loop, &d->interrupt);
    uv_timer_init(&d->loop, &d->drain);
    d->term.data = d->interrupt.data = d->drain.data = d;
    uv_signal_start(&d->term, on_signal, SIGTERM);
    uv_signal_start(&d->interrupt, on_signal, SIGINT);
}

static void ask_beats(void *ctx)
{
    pool_ask_beats(ctx);
}

static unsigned beats_missing(void *ctx)
{
    return pool_beats_missing(ctx);
}

static void open_supervise(struct daemon *d)
{
    struct supervise_beats beats = {.ask = ask_beats, .missing = beats_missing, .ctx = d->pool};
    d->supervise = supervise_open(&d->loop, &beats);
}

static void say_ready(struct daemon *d)
{
    char status[64];
    unsigned n = pool_workers(d->pool);
    snprintf(status, sizeof status, "ready, %u %s", n, n == 1 ? "worker" : "workers");
    log_notice("%s", status);
    supervise_ready(d->supervise, status);
}

/* What needs the rights that harkd was started with. */
static enum err open_all(struct daemon *d, const struct config *config, struct text *complaint)
{
    struct privileges *who = &d->who;
    raise_file_limit();
    enum err err = privileges_plan(who, config->drop_privileges, config->user, complaint);
    if (!err)
        err = query_log_open(&d->query_log, config, who->wanted ? who->uid : (uid_t)-1, who->gid, complaint);
    if (!err)
        err = activation_read(&d->given, &d->lasting, complaint);
    if (!err)
        err = pool_new(&d->pool, config, &d->given, complaint);
    return err;
}

/* From here on with no right but to serve; threads start. */
static void start(struct daemon *d, const struct config *config)
{
    log_listeners(d);
    privileges_drop(&d->who, config->core_dumps);
    log_start();
    if (d->query_log)
        query_log_start(d->query_log);
    pool_start(d->pool, d->query_log);
    say_ready(d);
}

static int serve(const struct config *config)
{
    struct daemon d = {0};
    struct text complaint;
    text_init(&complaint);
    arena_init(&d.lasting);
    bool good = open_all(&d, config, &complaint) == ERR_OK;
    if (good) {
        open_loop(&d);
        open_supervise(&d);
        good = open_control(&d, config);
        if (good)
            start(&d, config);
        else
            close_all(&d);
        uv_run(&d.loop, UV_RUN_DEFAULT);
        uv_loop_close(&d.loop);
        pool_stop(d.pool);
        pool_free(d.pool);
    } else {
        log_error("%s", complaint.data);
    }
    query_log_close(d.query_log);
    activation_close(&d.given);
    arena_fini(&d.lasting);
    text_fini(&complaint);
    if (good)
        log_notice("stopped");
    log_stop();
    return good ? EXIT_ENDED : EXIT_CONFIG;
}

int main(int argc, char **argv)
{
    struct arena lasting;
    struct config config;
    struct arguments args;
    struct text complaint;
    int code = EXIT_CONFIG;
    signal(SIGPIPE, SIG_IGN);
    log_open();
    arena_init(&lasting);
    text_init(&complaint);
    switch (arguments_read(&args, argc, argv, &lasting, &complaint)) {
    case ARGUMENTS_HELP:
        code = printf("%s", ARGUMENTS_HELP_TEXT) < 0;
        break;
    case ARGUMENTS_VERSION:
        code = printf("harkd %s\n", HARK_VERSION) < 0;
        break;
    case ARGUMENTS_BAD:
        log_error("%s", complaint.data);
        break;
    case ARGUMENTS_RUN:
        if (config_load(&config, &lasting, args.config, &complaint)) {
            log_error("%s", complaint.data);
            break;
        }
        if (args.listen_count) {
            config.listen = args.listen;
            config.listen_count = args.listen_count;
        }
        log_set_level(config.log_level);
        log_set_form(config.log_json, config.log_time);
        log_notice("harkd %s starts%s%s", HARK_VERSION, config.file ? " with " : " without configuration",
            config.file ? config.file : "");
        code = serve(&config);
        break;
    }
    text_fini(&complaint);
    arena_fini(&lasting);
    return code;
}
