/* hark why NAME: every mechanism of this system side by side, the winner, and what is odd about it. */
#include <string.h>
#include <strings.h>

#include "cli/command.h"
#include "cli/progress.h"
#include "cli/why.h"
#include "dns/name.h"
#include "dns/rrtype.h"
#include "lib/roots.h"
#include "lib/trust.h"

#define WALK_PATIENCE_MS 5000 /* of each type, as a client of harkd has it */
#define WALKS_US 12000000     /* two types, one after the other, and some */

/* ---- is it for the root to know? ---- */

static const char *const local_names[] = {
#define LOCAL(name, kind, source) name,
#include "defs/local.def"
#undef LOCAL
};

static bool is_at_or_below(const char *name, const char *zone)
{
    size_t n = strlen(name), z = strlen(zone);
    if (n > 0 && name[n - 1] == '.')
        n--;
    return n >= z && strncasecmp(name + n - z, zone, z) == 0 && (n == z || name[n - z - 1] == '.');
}

/* A name of this place alone is not told to the root's servers. */
static const char *why_not_walked(const char *name)
{
    name_t read[NAME_MAX_LEN];
    if (name_from_text(read, name, strlen(name), NULL) != ERR_OK)
        return "not asked: DNS has no such names";
    const char *dot = strchr(name, '.');
    for (size_t i = 0; i < sizeof local_names / sizeof local_names[0]; i++)
        if (is_at_or_below(name, local_names[i]))
            return "not asked: names like this one are no business of the root's";
    return dot && dot[1] ? NULL : "not asked: a name without a dot is no business of the root's";
}

/* ---- asking ---- */

struct walking {
    struct arena arena;
    struct config config;
    struct anchors *anchors;
    struct text complaint;
    bool ready;
};

static void walking_init(struct walking *k)
{
    *k = (struct walking){0};
    arena_init(&k->arena);
    text_init(&k->complaint);
    k->ready = config_load(&k->config, &k->arena, NULL, &k->complaint) == ERR_OK;
    if (k->ready)
        roots_settle(&k->config, &k->arena, &k->complaint);
    if (k->ready && k->config.trust.validate)
        k->anchors = trust_read_anchors(&k->config, &k->complaint);
    k->config.resolve.anchors = k->anchors;
    out_complain_lines(k->complaint.data);
}

static void walking_fini(struct walking *k)
{
    anchors_free(k->anchors);
    text_fini(&k->complaint);
    arena_fini(&k->arena);
}

static void begin_walk(
    struct why_walk *w, struct walking *k, const struct system_question *q, const char *name)
{
    struct walk_ask ask = {.config = &k->config,
        .name = name,
        .type = q->type,
        .reverse = q->reverse,
        .v4 = q->v4,
        .v6 = q->v6,
        .patience_ms = WALK_PATIENCE_MS};
    size_t len = strlen(name);
    if (len >= sizeof w->name)
        return;
    memcpy(w->name, name, len + 1);
    walk_begin(&w->child, &ask);
    w->begun = true;
}

static void end_walk(struct why_walk *w, int64_t until_us)
{
    if (!w->begun)
        return;
    child_wait(&(struct child *){&w->child}, 1, until_us);
    w->done = walk_read(&w->said, &w->child);
    child_fini(&w->child);
}

/* If a harkd on this machine gave the answer, or was asked in vain. */
static void recall_how(struct system_question *q, const struct stub_said *answer)
{
    for (unsigned i = 0; i < q->said_count; i++)
        if ((!answer || answer == &q->said[i]) && local_harkd_is(&q->harkd, &q->said[i].server))
            local_harkd_ask_recent(&q->harkd, q->said[i].name);
}

static void find_out(struct why *w)
{
    struct walking k;
    const char *name = w->q.reverse ? w->q.pointer : w->q.query;
    progress_says("all sources, name servers and the name's own servers");
    why_links_begin(&w->links);
    walking_init(&k);
    system_question_families(&w->q);
    w->no_walk = why_not_walked(name);
    if (!k.ready)
        w->no_walk = "not asked: the settings of harkd have mistakes";
    if (w->q.numeric)
        w->no_walk = "not asked: an address has no need of it";
    if (!w->no_walk)
        begin_walk(&w->typed, &k, &w->q, name);
    why_links_ask(&w->links, &w->q, w->no_walk == NULL);
    system_question_ask(&w->q, SYSTEM_ALL);
    const struct stub_said *s = system_question_server(&w->q);
    if (s && s->has_data && s->domain[0] && k.ready && !why_not_walked(s->name))
        begin_walk(&w->searched, &k, &w->q, s->name);
    int64_t until_us = child_now_us() + WALKS_US;
    int64_t limit_us = w->q.began_us + (int64_t)w->q.limit_s * 1000000;
    if (limit_us < until_us)
        until_us = limit_us;
    end_walk(&w->typed, until_us);
    end_walk(&w->searched, until_us);
    why_links_end(&w->links, until_us);
    if (w->type[0])
        recall_how(&w->q, s);
    dns_origin_read(&w->origin, "");
    walking_fini(&k);
}

/* Sources of nsswitch.conf can give addresses, of one family too, and names of addresses; the rest is DNS's
 * alone. */
static enum err take_type(struct why *w, uint16_t type)
{
    struct system_question *q = &w->q;
    struct text t;
    text_init_fixed(&t, w->type, sizeof w->type);
    if (q->reverse && type != TYPE_PTR) {
        out_complain("%s is an address: DNS has names of it (PTR), nothing else", q->word);
        return ERR_FORMAT;
    }
    rrtype_to_text(&t, type);
    memcpy(q->harkd.type, w->type, sizeof q->harkd.type);
    if (type == TYPE_A || type == TYPE_AAAA) {
        q->v4 = type == TYPE_A;
        q->v6 = type == TYPE_AAAA;
        q->ask.family = q->v4 ? AF_INET : AF_INET6;
        q->ask.flags &= ~AI_ADDRCONFIG;
    } else if (!q->reverse) {
        q->type = type;
        q->numeric = false;
    }
    return ERR_OK;
}

/* type: TYPE_NONE if none was named. */
static enum status look_at(const struct args *args, struct out *out, const char *word, uint16_t type)
{
    struct arena arena;
    enum status status = STATUS_USAGE;
    arena_init(&arena);
    struct why *w = ARENA_NEW(&arena, struct why);
    if (system_question_read(&w->q, args, word, &arena) == ERR_OK &&
        (type == TYPE_NONE || take_type(w, type) == ERR_OK)) {
        w->q.explained = true;
        find_out(w);
        why_notice(w);
        why_view(out, w);
        status = system_question_status(&w->q);
        for (size_t i = 0; i < w->notice_count; i++)
            mem_free(w->notices[i]);
        system_question_fini(&w->q);
    }
    arena_fini(&arena);
    return status;
}

enum status cmd_why(const struct args *args, struct out *out)
{
    enum status worst = STATUS_ANSWER;
    size_t types = args->type_count ? args->type_count : 1;
    for (size_t i = 0; i < args->name_count * types && !out->error; i++) {
        uint16_t type = args->type_count ? args->types[i % types] : TYPE_NONE;
        if (i > 0 && out->format == OUT_TEXT)
            out_end(out);
        worst = status_worst(worst, look_at(args, out, args->names[i / types], type));
    }
    return worst;
}
