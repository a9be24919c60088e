/* The settings in force: one file as it was read, and what the layers take from it. Immutable once it was
 * offered to the workers; each holds the one that it works by, and the last to let go frees it.
 *
 * The start's snapshot (shared->config) holds what only a restart changes: addresses, workers, the cache's
 * size. A later one has those values too, whatever its file says (config_keep_restart). */
#ifndef HARK_DAEMON_SNAPSHOT_H
#define HARK_DAEMON_SNAPSHOT_H

#include <stdatomic.h>

#include "daemon/serving.h"
#include "lib/config.h"
#include "net/outbound.h"

struct snapshot {
    struct arena lasting;
    struct config config;    /* points into lasting */
    struct anchors *anchors; /* owned; where validation begins */
    /* snapshot_settle() */
    struct serve_settings serve;
    uint16_t root_tags[ANCHOR_TAGS_MAX]; /* of the keys trusted for the root */
    struct resolve_settings resolve;
    struct outbound_settings outbound;
    struct snapshot
        *start;            /* held: values that only a restart changes are borrowed from it; NULL: own ones */
    struct snapshot *base; /* held: config is borrowed from it (snapshot_renew()); NULL: own one */
    atomic_uint holders;
};

/** Empty, with one holder: the caller, who fills in config. */
struct snapshot *snapshot_new(void);
struct snapshot *snapshot_hold(struct snapshot *s);
/** From any thread. NULL: nothing. */
void snapshot_release(struct snapshot *s);
/** What only a restart changes becomes as it is in the start's snapshot, which is held from now on. */
void snapshot_keep_restart(struct snapshot *s, struct snapshot *start);
/** The same settings, for other trust anchors. */
struct snapshot *snapshot_renew(struct snapshot *of);
/** Root servers, where the settings name none: the newest that there are (lib/roots.h). What is wrong is
 * logged. */
void snapshot_choose_roots(struct snapshot *s);
/** Its trust anchors become these, owned from now on. */
void snapshot_set_anchors(struct snapshot *s, struct anchors *anchors);
/** Derives the layers' settings from the configuration; listen: where we are served, which our own questions
 * must not go to. */
void snapshot_settle(
    struct snapshot *s, const struct serving *serving, const struct endpoint *listen, size_t listen_count);

#endif
