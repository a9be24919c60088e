/* Names that are answered here and never asked of the world: special-use names (RFC 6761 and those after it),
 * private reverse zones (RFC 6303). */
#ifndef HARK_SERVE_LOCAL_H
#define HARK_SERVE_LOCAL_H

#include "resolve/resolve.h"

struct local_zones;

/** The table of defs/local.def, in the arena, without the rows at and below the names off[count]: those are
 * asked of the world, even where they lie in another row. */
const struct local_zones *local_zones_new(const name_t *const *off, size_t count, struct arena *a);
/** Most names end in a label that no local zone ends in: seen from its length and first letter, before
 * anything is compared. */
static inline bool local_may_be(const name_t *last_label)
{
    switch (last_label[0]) {
    case 3:
        return (last_label[1] | 0x20) == 'a'; /* alt */
    case 4:
        return (last_label[1] | 0x20) == 'a' || (last_label[1] | 0x20) == 't'; /* arpa, test */
    case 5:
        return (last_label[1] | 0x20) == 'l' || (last_label[1] | 0x20) == 'o'; /* local, onion */
    case 7:
        return (last_label[1] | 0x20) == 'i'; /* invalid */
    case 9:
        return (last_label[1] | 0x20) == 'l'; /* localhost */
    default:
        return false;
    }
}
/** Of a name whose last label may be: false: the name is not of a local zone. Else the outcome, in the arena.
 * Class IN. */
bool local_answer(
    const struct local_zones *z, const name_t *name, uint16_t type, struct arena *a, struct outcome *out);

#endif
