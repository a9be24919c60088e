#include "daemon/snapshot.h"

#include "base/log.h"
#include "daemon/own.h"
#include "lib/roots.h"

#define STREAM_IDLE_MS 2000u /* an upstream connection is kept so long for the next message */

struct snapshot *snapshot_new(void)
{
    struct snapshot *s = mem_alloc(sizeof *s);
    arena_init(&s->lasting);
    atomic_init(&s->holders, 1);
    return s;
}

struct snapshot *snapshot_hold(struct snapshot *s)
{
    atomic_fetch_add_explicit(&s->holders, 1, memory_order_relaxed);
    return s;
}

void snapshot_release(struct snapshot *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->holders, 1, memory_order_acq_rel) > 1)
        return;
    snapshot_release(s->start);
    snapshot_release(s->base);
    anchors_free(s->anchors);
    arena_fini(&s->lasting);
    mem_free(s);
}

void snapshot_keep_restart(struct snapshot *s, struct snapshot *start)
{
    s->start = snapshot_hold(start);
    config_keep_restart(&s->config, &start->config);
}

/* What clients see of validation follows from what the resolver does. */
static void settle_trust(struct snapshot *s)
{
    const struct anchor *root;
    s->serve.validates = s->resolve.anchors != NULL;
    s->serve.sentinel = s->config.sentinel && s->serve.validates;
    if (anchors_closest(s->resolve.anchors, NAME_ROOT, 0, &root, NULL) == TRUST_ANCHOR)
        s->serve.root_tag_count = anchor_tags(root, s->root_tags);
    s->serve.root_tags = s->root_tags;
}

struct snapshot *snapshot_renew(struct snapshot *of)
{
    struct snapshot *s = snapshot_new();
    s->config = of->config;
    s->base = snapshot_hold(of->base ? of->base : of);
    return s;
}

void snapshot_choose_roots(struct snapshot *s)
{
    struct text warnings;
    text_init(&warnings);
    roots_settle(&s->config, &s->lasting, &warnings);
    if (warnings.len)
        log_lines(LOG_LEVEL_WARNING, warnings.data);
    if (s->config.roots.from == ROOTS_UPDATED || s->config.roots.from == ROOTS_OF_SYSTEM) {
        char text[48];
        roots_text_fixed(&s->config.roots, text, sizeof text);
        log_notice("root servers: %s", text);
    }
    text_fini(&warnings);
}

void snapshot_set_anchors(struct snapshot *s, struct anchors *anchors)
{
    anchors_free(s->anchors);
    s->anchors = anchors;
}

void snapshot_settle(
    struct snapshot *s, const struct serving *serving, const struct endpoint *listen, size_t listen_count)
{
    const struct config *c = &s->config;
    s->serve = serving_settings(serving, c);
    s->resolve = c->resolve;
    s->resolve.anchors = c->trust.validate ? s->anchors : NULL;
    s->resolve.own = own_endpoints(listen, listen_count, &s->resolve.own_count, &s->lasting);
    s->outbound = (struct outbound_settings){
        .source_v4 = c->source_v4,
        .source_v4_count = c->source_v4_count,
        .source_v6 = c->source_v6,
        .source_v6_count = c->source_v6_count,
        .udp_max = c->resolve.udp_size,
        .stream_idle_ms = STREAM_IDLE_MS,
    };
    settle_trust(s);
}
