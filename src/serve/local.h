/* Names that are answered here and never asked of the world: special-use names (RFC 6761 and those after it),
 * private reverse zones (RFC 6303). */
#ifndef HARK_SERVE_LOCAL_H
#define HARK_SERVE_LOCAL_H

#include "resolve/resolve.h"

struct local_zones;

/** The table of defs/local.def, in the arena, without the rows at and below the names off[count]: those are
 * asked of the world, even where they lie in another row. */
const struct local_zones *local_zones_new(const name_t *const *off, size_t count, struct arena *a);
/** False: the name is not of a local zone. Else the outcome, in the arena. Class IN. */
bool local_answer(
    const struct local_zones *z, const name_t *name, uint16_t type, struct arena *a, struct outcome *out);

#endif
