#include "daemon/reload.h"

#include <string.h>

#include "base/log.h"
#include "lib/option.h"

#define LOOK_MS 1 /* a turn of a busy worker takes about as long */

/* Who waits for an end. */
struct calls {
    struct control_call *items[CONTROL_CONNECTIONS_MAX];
    size_t count;
};

struct reload {
    uv_timer_t look; /* while one runs: have the workers taken it? */
    struct pool *pool;
    struct snapshot *now; /* last offered */
    struct snapshot *start;
    const struct arguments *args;
    struct supervise *supervise;
    bool running, again;
    bool offered;               /* the one that runs changes something */
    struct calls waiting, next; /* for the one that runs, for the one after it */
    json_t *reply;              /* of the one that runs */
};

/* ---- what is told ---- */

static void reply_all(struct calls *calls, json_t *reply)
{
    for (size_t i = 0; i < calls->count; i++)
        calls->items[i]->reply(calls->items[i], reply);
    calls->count = 0;
}

/* Names of live settings that are other than before. */
static json_t *changed_names(const struct config *old, const struct config *new, struct text *names)
{
    json_t *list = json_array();
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *o = &OPTIONS[i];
        if (o->apply != OPTION_LIVE || option_equal(o, old, new))
            continue;
        json_array_append_new(list, json_string(o->path));
        text_printf(names, "%s%s", names->len ? ", " : "", o->path);
    }
    return list;
}

static json_t *waiting_setting(
    const struct option *o, const struct config *running, const struct config *file)
{
    struct text old, new;
    text_init(&old);
    text_init(&new);
    option_text(o, running, &old);
    option_text(o, file, &new);
    log_warning("%s waits for a restart: %s -> %s", o->path, old.data, new.data);
    json_t *j = json_pack("{s:s, s:s, s:s}", "setting", o->path, "running", old.data, "file", new.data);
    text_fini(&old);
    text_fini(&new);
    return j;
}

static json_t *waiting_settings(const struct config *running, const struct config *file)
{
    json_t *list = json_array();
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (OPTIONS[i].apply == OPTION_RESTART && !option_equal(&OPTIONS[i], running, file))
            json_array_append_new(list, waiting_setting(&OPTIONS[i], running, file));
    return list;
}

static const char *file_of(const struct config *c)
{
    return c->file ? c->file : "the defaults (no file)";
}

/* What changes; the log is told at once, callers at the end. */
static json_t *describe(const struct reload *r, const struct config *file)
{
    struct text names;
    text_init(&names);
    json_t *changed = changed_names(&r->now->config, file, &names);
    log_notice("settings of %s: %s%s", file_of(file), names.len ? "other values of " : "nothing changed",
        names.data);
    text_fini(&names);
    return json_pack("{s:b, s:s, s:o, s:o}", "reloaded", 1, "file", file_of(file), "changed", changed,
        "restart", waiting_settings(&r->start->config, file));
}

/* ---- one reload ---- */

static void begin(struct reload *r);

static void end(struct reload *r)
{
    r->running = false;
    reply_all(&r->waiting, r->reply);
    json_decref(r->reply);
    r->reply = NULL;
    if (r->supervise)
        supervise_ready(r->supervise, "ready");
    if (r->again) {
        r->again = false;
        r->waiting = r->next;
        r->next.count = 0;
        begin(r);
    }
}

static void on_look(uv_timer_t *timer)
{
    struct reload *r = timer->data;
    if (!pool_is_settled(r->pool))
        return;
    uv_timer_stop(timer);
    /* Those finished by the old settings; nobody finishes one by them any more. */
    if (r->offered)
        pool_flush_answers(r->pool);
    end(r);
}

static struct snapshot *read_snapshot(const struct reload *r, struct text *complaint)
{
    struct snapshot *s = snapshot_new();
    /* The file of the start, which must still be there; without one, the usual places. */
    const char *path = r->args->config ? r->args->config : r->start->config.file;
    if (config_load(&s->config, &s->lasting, path, complaint)) {
        snapshot_release(s);
        return NULL;
    }
    arguments_overrule(r->args, &s->config);
    return s;
}

static void offer(struct reload *r, struct snapshot *s)
{
    json_t *changed = json_object_get(r->reply, "changed");
    if (json_array_size(changed) == 0) {
        snapshot_release(s);
        return;
    }
    snapshot_keep_restart(s, r->start);
    log_set_level(s->config.log_level);
    log_set_form(s->config.log_json, s->config.log_time);
    pool_offer(r->pool, s);
    r->offered = true;
    snapshot_release(r->now);
    r->now = s;
}

static void begin(struct reload *r)
{
    struct text complaint;
    text_init(&complaint);
    r->running = true;
    r->offered = false;
    if (r->supervise)
        supervise_reloading(r->supervise);
    struct snapshot *s = read_snapshot(r, &complaint);
    if (s) {
        r->reply = describe(r, &s->config);
        offer(r, s);
    } else {
        log_lines(LOG_LEVEL_ERROR, complaint.data);
        log_error("the settings stay as they were");
        r->reply = json_pack("{s:s}", "error", complaint.data);
    }
    uv_timer_start(&r->look, on_look, 0, LOOK_MS); /* the end comes from the loop in any case */
    text_fini(&complaint);
}

/* ---- from outside ---- */

struct reload *reload_open(uv_loop_t *loop, struct pool *pool, struct snapshot *start,
    const struct arguments *args, struct supervise *supervise)
{
    struct reload *r = mem_alloc(sizeof *r);
    r->pool = pool;
    r->start = start;
    r->now = snapshot_hold(start);
    r->args = args;
    r->supervise = supervise;
    uv_timer_init(loop, &r->look);
    r->look.data = r;
    return r;
}

void reload_ask(struct reload *r, struct control_call *call)
{
    struct calls *calls = r->running ? &r->next : &r->waiting;
    if (call && calls->count == CONTROL_CONNECTIONS_MAX) { /* no more connections than that are open */
        json_t *full = json_pack("{s:s}", "error", "too many wait for a reload");
        call->reply(call, full);
        json_decref(full);
        return;
    }
    if (call)
        calls->items[calls->count++] = call;
    if (r->running)
        r->again = true;
    else
        begin(r);
}

static void on_closed(uv_handle_t *handle)
{
    struct reload *r = handle->data;
    snapshot_release(r->now);
    mem_free(r);
}

void reload_close(struct reload *r)
{
    json_t *stopping = json_pack("{s:s}", "error", "harkd is stopping");
    reply_all(&r->waiting, stopping);
    reply_all(&r->next, stopping);
    json_decref(stopping);
    json_decref(r->reply);
    r->reply = NULL;
    r->running = r->again = false;
    uv_close((uv_handle_t *)&r->look, on_closed);
}
