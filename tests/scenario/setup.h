/* What a scenario's configuration asks for, in the resolver's own settings. */
#ifndef HARK_SCENARIO_SETUP_H
#define HARK_SCENARIO_SETUP_H

#include "base/text.h"
#include "cache/cache.h"
#include "resolve/resolve.h"
#include "scenario.h"

enum minimise { MINIMISE_BOTH, MINIMISE_ON, MINIMISE_OFF };

#define SETUP_STUBS_MAX 4u

/* A zone whose server the configuration names: as if its parent had said so. */
struct setup_stub {
    name_t zone[NAME_MAX_LEN];
    struct addr addr;
};

/* Not to be copied: the settings point into it. */
struct setup {
    struct resolve_settings resolve;
    struct cache_settings cache;
    struct root_hint hint;
    name_t hint_name[NAME_MAX_LEN];
    bool serve_expired;
    bool local_zones; /* special-use names are answered by the server (RFC 6761) */
    enum minimise minimise;
    struct setup_stub stubs[SETUP_STUBS_MAX];
    unsigned stub_count;
    int64_t wall_s; /* the wall clock when the scenario begins */
    struct anchors *anchors;
};

/** False: a value is not of its form, and why says which. Switches that hark lacks are passed over:
 * see setup_lacks(). */
bool setup_read(struct setup *out, const struct scenario *s, struct text *why);
/** After setup_read(), whatever it said. */
void setup_fini(struct setup *s);
/** Appends the switches that the scenario needs and this player (or hark) lacks, separated by ", ";
 * returns their number. */
unsigned setup_lacks(const struct scenario *s, struct text *out);

#endif
