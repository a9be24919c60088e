/* What changes about trust while harkd runs: the root's keys (RFC 5011), negative anchors that the operator
 * sets for a time (RFC 7646), and whether the clock is to be believed.
 *
 *   trust_keeper_new()      reads what is remembered of the root's keys
 *   trust_keeper_anchors()  the set for a snapshot of settings
 *   trust_keeper_start()    from now on hooks are called: `probe` when the root's keys are to be looked at,
 * `changed` when trust_keeper_anchors() would give others trust_keeper_heard()    what the look brought
 *
 * All but trust_keeper_heard() runs in the main thread. */
#ifndef HARK_DAEMON_TRUST_KEEPER_H
#define HARK_DAEMON_TRUST_KEEPER_H

#include <jansson.h>
#include <uv.h>

#include "control/control.h"
#include "lib/config.h"
#include "resolve/resolve.h"

struct trust_keeper;

struct trust_keeper_hooks {
    void (*probe)(void *ctx);
    /* call: whom to tell `reply` (handed over) once the workers have taken the new set; may be NULL, both. */
    void (*changed)(void *ctx, struct control_call *call, json_t *reply);
    void *ctx;
};

/** What it cannot read it says in the log. */
struct trust_keeper *trust_keeper_new(const struct config *c);
/** The anchors of these settings, with what is known of the root's keys and the operator's negative ones;
 * from now on these settings say whether the root's keys are followed. anchors_free() it. What is wrong is
 * logged. */
struct anchors *trust_keeper_anchors(struct trust_keeper *k, const struct config *c);
void trust_keeper_start(struct trust_keeper *k, uv_loop_t *loop, const struct trust_keeper_hooks *hooks);
/** From any thread: the outcome of the root's DNSKEY question. */
void trust_keeper_heard(struct trust_keeper *k, const struct outcome *outcome);
/** `hark ctl anchors`. */
json_t *trust_keeper_json(const struct trust_keeper *k);
/** `hark ctl nta`: replied to here or through `changed`. */
void trust_keeper_nta(struct trust_keeper *k, struct control_call *call, const struct control_nta *nta);
/** In short, for `hark ctl status`. */
void trust_keeper_figures(const struct trust_keeper *k, struct control_trust *out);
/** Stops; memory is freed by trust_keeper_free() once the loop has run. */
void trust_keeper_close(struct trust_keeper *k);
void trust_keeper_free(struct trust_keeper *k);

#endif
