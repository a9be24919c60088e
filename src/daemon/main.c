/* harkd: reads its configuration, binds, gives root away, and waits for a signal while the workers serve. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/arguments.h"
#include "daemon/audience.h"
#include "daemon/key_maker.h"
#include "daemon/network.h"
#include "daemon/pool.h"
#include "daemon/privileges.h"
#include "daemon/query_log.h"
#include "daemon/reload.h"
#include "daemon/supervise.h"

#define DRAIN_MS_MAX 3000 /* after a signal, questions that still wait have so long */
#define DRAIN_LOOK_MS 20  /* how often it is looked whether they are done */

enum exit_code { EXIT_ENDED = 0, EXIT_CONFIG = 1 };

/* The main thread: signals and the control socket. */
struct daemon {
    uv_loop_t loop;
    uv_signal_t term, interrupt, hangup;
    uv_timer_t drain;
    int64_t drain_until_ms;
    struct pool *pool;
    struct control *control;
    struct supervise *supervise;
    struct network *network;
    struct reload *reload;
    struct trust_keeper *trust;
    struct query_log *query_log;
    struct audience *audience;
    struct activation given;
    struct privileges who;
    struct arena lasting;
    bool ending;
};

/* Those that end harkd, or have it read its settings, wait while nobody would hear them: at the start they
 * would end it half-way, or be lost where it is the first process of its namespace (pid_namespaces(7)); at
 * the end one more would cut it off. Threads are born with them blocked, so they come to the main thread. */
static void mask_signals(int how)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(how, &set, NULL);
}

/* ---- the end ---- */

static void close_all(struct daemon *d)
{
    if (uv_is_closing((uv_handle_t *)&d->drain))
        return;
    mask_signals(SIG_BLOCK);
    reload_close(d->reload);
    trust_keeper_close(d->trust);
    audience_close(d->audience);
    control_close(d->control);
    supervise_close(d->supervise);
    network_close(d->network);
    uv_close((uv_handle_t *)&d->term, NULL);
    uv_close((uv_handle_t *)&d->interrupt, NULL);
    uv_close((uv_handle_t *)&d->hangup, NULL);
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

/* The query log is opened anew, too: SIGHUP is what programs that rotate logs send. */
static void ask_reload(struct daemon *d, struct control_call *call)
{
    if (d->query_log)
        query_log_reopen(d->query_log);
    reload_ask(d->reload, call);
}

static void on_hangup(uv_signal_t *handle, int number)
{
    ask_reload(handle->data, NULL);
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
    struct daemon *d = ctx;
    pool_figures(d->pool, out);
    trust_keeper_figures(d->trust, &out->trust);
}

static json_t *anchors(void *ctx)
{
    struct daemon *d = ctx;
    return trust_keeper_json(d->trust);
}

static void nta(void *ctx, struct control_call *call, const struct control_nta *what)
{
    struct daemon *d = ctx;
    trust_keeper_nta(d->trust, call, what);
}

static void cache_of(void *ctx, struct cache_view *out)
{
    struct daemon *d = ctx;
    pool_cache(d->pool, out);
}

static size_t recent(void *ctx, struct control_recent *wanted, control_recent_fn *fn, void *fn_ctx)
{
    struct daemon *d = ctx;
    wanted->kept = reload_settings(d->reload)->recent;
    return pool_recent(d->pool, wanted, fn, fn_ctx);
}

static size_t requests(void *ctx, control_request_fn *fn, void *fn_ctx)
{
    struct daemon *d = ctx;
    return pool_requests(d->pool, fn, fn_ctx);
}

static void silences(void *ctx, control_silence_fn *fn, void *fn_ctx)
{
    struct daemon *d = ctx;
    pool_silences(d->pool, fn, fn_ctx);
}

static void walk(void *ctx, struct control_call *call, const name_t *name, uint16_t type)
{
    struct daemon *d = ctx;
    audience_walk(d->audience, call, name, type);
}

static void events(void *ctx, struct control_call *call, const struct event_filter *filter)
{
    struct daemon *d = ctx;
    audience_events(d->audience, call, filter);
}

static void probe_root(void *ctx)
{
    struct daemon *d = ctx;
    pool_probe_root(d->pool);
}

static void trust_changed(void *ctx, struct control_call *call, json_t *reply)
{
    struct daemon *d = ctx;
    reload_renew(d->reload, call, reply);
}

static void reload(void *ctx, struct control_call *call)
{
    ask_reload(ctx, call);
}

/* With the folder, if it is the standard one, so that the socket can be removed at the end. nobody is
 * nobody's alone: then the socket stays root's, and the next harkd that root starts finds it without a
 * listener and replaces it. */
static void give_control(const char *at, const struct privileges *who, bool standard)
{
    char folder[256];
    if (strcmp(who->name, "nobody") == 0)
        return;
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(at, '/') - at), at);
    if (chown(at, who->uid, who->gid) < 0 || (standard && chown(folder, who->uid, who->gid) < 0))
        log_warning("the control socket stays root's: %s", strerror(errno));
}

/* A socket that was not asked for may fail to be; one that the configuration names may not. */
static bool open_control(struct daemon *d, const struct config *config)
{
    const struct privileges *who = &d->who;
    char at[256];
    const char *path = config->control;
    if ((path && !path[0]) || !config_control_path(config, at, sizeof at))
        return true;
    struct control_source source = {.figures = figures,
        .reload = reload,
        .anchors = anchors,
        .nta = nta,
        .cache = cache_of,
        .recent = recent,
        .requests = requests,
        .silences = silences,
        .walk = walk,
        .events = events,
        .ctx = d};
    if (control_open(&d->control, &d->loop, at, &source)) {
        log_line(path ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "no control socket at %s: %s (control.socket)",
            at, strerror(errno));
        return path == NULL;
    }
    if (who->wanted)
        give_control(at, who, !path);
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
    uv_signal_init(&d->loop, &d->hangup);
    uv_timer_init(&d->loop, &d->drain);
    d->term.data = d->interrupt.data = d->hangup.data = d->drain.data = d;
    uv_signal_start(&d->term, on_signal, SIGTERM);
    uv_signal_start(&d->interrupt, on_signal, SIGINT);
    uv_signal_start(&d->hangup, on_hangup, SIGHUP);
}

static void ask_beats(void *ctx)
{
    pool_ask_beats(ctx);
}

static unsigned beats_missing(void *ctx)
{
    return pool_beats_missing(ctx);
}

static void network_changed(void *ctx)
{
    pool_network_changed(ctx);
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
static enum err open_all(struct daemon *d, struct snapshot *settings, struct text *complaint)
{
    const struct config *config = &settings->config;
    struct privileges *who = &d->who;
    raise_file_limit();
    snapshot_choose_roots(settings);
    d->trust = trust_keeper_new(&settings->config);
    snapshot_set_anchors(settings, trust_keeper_anchors(d->trust, &settings->config));
    enum err err = privileges_plan(who, config->drop_privileges, config->user, complaint);
    if (!err)
        err = query_log_open(&d->query_log, config, who->wanted ? who->uid : (uid_t)-1, who->gid, complaint);
    if (!err)
        err = activation_read(&d->given, &d->lasting, complaint);
    if (!err)
        err = pool_new(&d->pool, settings, &d->given, complaint);
    if (!err)
        pool_set_trust(d->pool, d->trust);
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
    struct trust_keeper_hooks hooks = {.probe = probe_root, .changed = trust_changed, .ctx = d};
    trust_keeper_start(d->trust, &d->loop, &hooks);
    say_ready(d);
    mask_signals(SIG_UNBLOCK); /* also if whoever started it had blocked them */
}

static int serve(struct snapshot *settings, const struct arguments *args)
{
    const struct config *config = &settings->config;
    struct daemon d = {0};
    struct text complaint;
    text_init(&complaint);
    arena_init(&d.lasting);
    bool good = open_all(&d, settings, &complaint) == ERR_OK;
    if (good) {
        open_loop(&d);
        open_supervise(&d);
        d.network = network_open(&d.loop, network_changed, d.pool);
        struct reload_parts parts = {
            .pool = d.pool, .start = settings, .args = args, .supervise = d.supervise, .trust = d.trust};
        d.reload = reload_open(&d.loop, &parts);
        d.audience = audience_open(&d.loop, d.pool);
        good = open_control(&d, config);
        if (good)
            start(&d, config);
        else
            close_all(&d);
        uv_run(&d.loop, UV_RUN_DEFAULT);
        uv_loop_close(&d.loop);
        pool_stop(d.pool);
        pool_free(d.pool);
        audience_free(d.audience);
    } else {
        log_error("%s", complaint.data);
    }
    trust_keeper_free(d.trust);
    query_log_close(d.query_log);
    activation_close(&d.given);
    arena_fini(&d.lasting);
    text_fini(&complaint);
    if (good)
        log_notice("stopped");
    log_stop();
    return good ? EXIT_ENDED : EXIT_CONFIG;
}

/* ---- the configuration ---- */

static struct snapshot *load(const struct arguments *args, struct text *complaint)
{
    struct snapshot *s = snapshot_new();
    if (config_load(&s->config, &s->lasting, args->config, complaint)) {
        snapshot_release(s);
        return NULL;
    }
    arguments_overrule(args, &s->config);
    return s;
}

/* Are the settings good? Nothing else is looked at: no address is bound. */
static int check(const struct arguments *args, struct text *complaint)
{
    struct snapshot *s = load(args, complaint);
    if (!s) {
        fprintf(stderr, "%s\n", complaint->data);
        return EXIT_CONFIG;
    }
    int n =
        printf("%s: good\n", s->config.file ? s->config.file : "no file of settings, and the defaults are");
    snapshot_release(s);
    return n < 0;
}

static int print_config(const struct arguments *args, struct text *complaint)
{
    struct snapshot *s = load(args, complaint);
    if (!s) {
        fprintf(stderr, "%s\n", complaint->data);
        return EXIT_CONFIG;
    }
    struct text t;
    text_init(&t);
    config_print(&s->config, &t);
    bool failed = fwrite(t.data, 1, t.len, stdout) != t.len || fflush(stdout) != 0;
    text_fini(&t);
    snapshot_release(s);
    return failed;
}

static int run(const struct arguments *args, struct text *complaint)
{
    struct snapshot *start = load(args, complaint);
    if (!start) {
        log_lines(LOG_LEVEL_ERROR, complaint->data);
        return EXIT_CONFIG;
    }
    const struct config *config = &start->config;
    log_set_level(config->log_level);
    log_set_form(config->log_json, config->log_time);
    log_notice("harkd %s starts%s%s", HARK_VERSION, config->file ? " with " : " without configuration",
        config->file ? config->file : "");
    key_makers_limit();
    int code = serve(start, args);
    snapshot_release(start);
    return code;
}

int main(int argc, char **argv)
{
    struct arena lasting;
    struct arguments args;
    struct text complaint;
    int code = EXIT_CONFIG;
    mask_signals(SIG_BLOCK);
    signal(SIGPIPE, SIG_IGN);
    log_open();
    arena_init(&lasting);
    text_init(&complaint);
    enum arguments_want want = arguments_read(&args, argc, argv, &lasting, &complaint);
    if (want != ARGUMENTS_RUN)
        mask_signals(SIG_UNBLOCK);
    switch (want) {
    case ARGUMENTS_HELP:
        code = printf("%s", ARGUMENTS_HELP_TEXT) < 0;
        break;
    case ARGUMENTS_VERSION:
        code = printf("harkd %s\n", HARK_VERSION) < 0;
        break;
    case ARGUMENTS_BAD:
        log_error("%s", complaint.data);
        break;
    case ARGUMENTS_CHECK:
        code = check(&args, &complaint);
        break;
    case ARGUMENTS_PRINT:
        code = print_config(&args, &complaint);
        break;
    case ARGUMENTS_RUN:
        code = run(&args, &complaint);
        break;
    }
    text_fini(&complaint);
    arena_fini(&lasting);
    return code;
}
