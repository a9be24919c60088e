/* What the configuration means to the serve layer, and what of it outlives a reload. */
#ifndef HARK_DAEMON_SERVING_H
#define HARK_DAEMON_SERVING_H

#include "base/random.h"
#include "lib/config.h"
#include "serve/serve.h"

struct serving {
    struct cookie_secrets secrets; /* ours, where none is configured */
    struct strangers *strangers;
    char host[256];
};

void serving_init(struct serving *s, struct random *rng);
void serving_fini(struct serving *s);
/** Borrows from both. */
struct serve_settings serving_settings(const struct serving *s, const struct config *config);

#endif
