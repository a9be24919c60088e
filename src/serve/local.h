/* Names that are answered here and never asked of the world: special-use names (RFC 6761 and those after it),
 * private reverse zones (RFC 6303). */
#ifndef HARK_SERVE_LOCAL_H
#define HARK_SERVE_LOCAL_H

#include "resolve/resolve.h"

struct local_zones;

/** The table of defs/local.def, in the arena. */
const struct local_zones *local_zones_new(struct arena *a);
/** False: the name is not of a local zone. Else the outcome, in the arena. Class IN. */
bool local_answer(
    const struct local_zones *z, const name_t *name, uint16_t type, struct arena *a, struct outcome *out);

#endif
