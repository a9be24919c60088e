#include "daemon/reload.h"

#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "defs/limits.h"
#include "lib/option.h"

#define LOOK_MS 1 /* a turn of a busy worker takes about as long */

/* Who waits for an end. */
struct calls {
    struct control_call *items[CONTROL_CONNECTIONS_MAX];
    size_t count;
};

/* Who waits for other anchors to be in force, each with a reply of its own. */
struct renewals {
    struct control_call *calls[CONTROL_CONNECTIONS_MAX];
    json_t *replies[CONTROL_CONNECTIONS_MAX];
    size_t count;
    bool wanted;
};

struct reload {
    uv_timer_t look;       /* while one runs: have the workers taken it? */
    uv_timer_t afterwards; /* after other anchors */
    struct reload_parts parts;
    struct snapshot *now; /* last offered */
    bool running, again;
    struct renewals renewing, renew_next; /* likewise; a reload gives other anchors too */
    bool reading;               /* the one that runs reads the file; else it gives other anchors alone */
    bool offered, judged;       /* it changes something; what was judged before is judged anew */
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
        "restart", waiting_settings(&r->parts.start->config, file));
}

/* ---- one reload ---- */

static void begin(struct reload *r);
static void begin_renewal(struct reload *r);

static void reply_renewals(struct renewals *n, json_t *instead)
{
    for (size_t i = 0; i < n->count; i++) {
        n->calls[i]->reply(n->calls[i], instead ? instead : n->replies[i]);
        json_decref(n->replies[i]);
    }
    *n = (struct renewals){0};
}

static void end(struct reload *r)
{
    r->running = false;
    reply_all(&r->waiting, r->reply);
    reply_renewals(&r->renewing, NULL);
    json_decref(r->reply);
    r->reply = NULL;
    if (r->reading && r->parts.supervise)
        supervise_ready(r->parts.supervise, "ready");
    r->reading = false;
    if (r->again) {
        r->again = false;
        r->waiting = r->next;
        r->next.count = 0;
        begin(r);
    } else if (r->renew_next.wanted) {
        begin_renewal(r);
    }
}

static void on_afterwards(uv_timer_t *timer)
{
    struct reload *r = timer->data;
    pool_flush_verdicts(r->parts.pool);
}

/* Now, and once more when the last question that was begun by the old anchors is over: what it found insecure
 * because of a negative one, say, lies in the cache since. */
static void flush_verdicts(struct reload *r)
{
    pool_flush_verdicts(r->parts.pool);
    uv_timer_start(&r->afterwards, on_afterwards, WORK_MS_MAX + 1000, 0);
}

static void on_look(uv_timer_t *timer)
{
    struct reload *r = timer->data;
    if (!pool_is_settled(r->parts.pool))
        return;
    uv_timer_stop(timer);
    /* Those finished by the old settings; nobody finishes one by them any more. */
    if (r->judged)
        flush_verdicts(r);
    else if (r->offered)
        pool_flush_answers(r->parts.pool);
    end(r);
}

static struct snapshot *read_snapshot(const struct reload *r, struct text *complaint)
{
    struct snapshot *s = snapshot_new();
    /* The file of the start, which must still be there; without one, the usual places. */
    const char *path = r->parts.args->config ? r->parts.args->config : r->parts.start->config.file;
    if (config_load(&s->config, &s->lasting, path, complaint)) {
        snapshot_release(s);
        return NULL;
    }
    arguments_overrule(r->parts.args, &s->config);
    snapshot_choose_roots(s);
    snapshot_set_anchors(s, trust_keeper_anchors(r->parts.trust, &s->config));
    return s;
}

/* Would it find secure, insecure or bogus what the other did not? */
static bool judges_alike(const struct snapshot *a, const struct snapshot *b)
{
    const struct dnssec_policy *p = &a->config.resolve.policy, *q = &b->config.resolve.policy;
    return a->config.trust.validate == b->config.trust.validate && anchors_equal(a->anchors, b->anchors) &&
           p->algorithms == q->algorithms && p->digests == q->digests && p->rsa_bits_min == q->rsa_bits_min &&
           p->all_algorithms == q->all_algorithms && p->nsec3_iterations_max == q->nsec3_iterations_max;
}

static void replace(struct reload *r, struct snapshot *s)
{
    r->offered = true;
    r->judged = !judges_alike(s, r->now);
    pool_offer(r->parts.pool, s);
    snapshot_release(r->now);
    r->now = s;
}

static void offer(struct reload *r, struct snapshot *s)
{
    json_t *changed = json_object_get(r->reply, "changed");
    /* The system's file of the root's keys may have changed, too. */
    if (json_array_size(changed) == 0 && judges_alike(s, r->now)) {
        snapshot_release(s);
        return;
    }
    snapshot_keep_restart(s, r->parts.start);
    log_set_level(s->config.log_level);
    log_set_form(s->config.log_json, s->config.log_time);
    replace(r, s);
}

static void begin(struct reload *r)
{
    struct text complaint;
    text_init(&complaint);
    r->running = r->reading = true;
    r->offered = r->judged = false;
    r->renewing = r->renew_next; /* other anchors come with it */
    r->renew_next = (struct renewals){0};
    if (r->parts.supervise)
        supervise_reloading(r->parts.supervise);
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

static void begin_renewal(struct reload *r)
{
    struct snapshot *s = snapshot_renew(r->now);
    r->running = true;
    r->offered = r->judged = false;
    r->renewing = r->renew_next;
    r->renew_next = (struct renewals){0};
    snapshot_set_anchors(s, trust_keeper_anchors(r->parts.trust, &s->config));
    replace(r, s);
    uv_timer_start(&r->look, on_look, 0, LOOK_MS);
}

/* ---- from outside ---- */

struct reload *reload_open(uv_loop_t *loop, const struct reload_parts *parts)
{
    struct reload *r = mem_alloc(sizeof *r);
    r->parts = *parts;
    r->now = snapshot_hold(parts->start);
    uv_timer_init(loop, &r->look);
    uv_timer_init(loop, &r->afterwards);
    r->look.data = r->afterwards.data = r;
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

void reload_renew(struct reload *r, struct control_call *call, json_t *reply)
{
    struct renewals *n = &r->renew_next;
    n->wanted = true;
    assert(!call || n->count < CONTROL_CONNECTIONS_MAX); /* no more connections than that are open */
    if (call) {
        n->calls[n->count] = call;
        n->replies[n->count++] = reply;
    }
    if (!r->running)
        begin_renewal(r);
}

const struct config *reload_settings(const struct reload *r)
{
    return &r->now->config;
}

static void on_closed(uv_handle_t *handle)
{
    struct reload *r = handle->data;
    snapshot_release(r->now);
    mem_free(r);
}

static void on_look_closed(uv_handle_t *handle)
{
    struct reload *r = handle->data;
    uv_close((uv_handle_t *)&r->afterwards, on_closed);
}

void reload_close(struct reload *r)
{
    json_t *stopping = json_pack("{s:s}", "error", "harkd is stopping");
    reply_all(&r->waiting, stopping);
    reply_all(&r->next, stopping);
    reply_renewals(&r->renewing, stopping);
    reply_renewals(&r->renew_next, stopping);
    json_decref(stopping);
    json_decref(r->reply);
    r->reply = NULL;
    r->running = r->again = false;
    uv_close((uv_handle_t *)&r->look, on_look_closed);
}
