/* What the cache knows of a name, and how full it is, for `hark ctl cache`. Reads as others do: what is shown
 * is what an answer would be made of. */
#ifndef HARK_CONTROL_CACHE_VIEW_H
#define HARK_CONTROL_CACHE_VIEW_H

#include <jansson.h>

#include "cache/cache.h"

struct cache_view {
    struct cache *cache; /* a handle of this thread's */
    uint32_t now_s;      /* now_t.cache_s */
    uint16_t port;       /* of name servers */
};

/** type TYPE_NONE: of all types with a mnemonic, its delegation, its servers. Class IN. */
json_t *cache_view_name(const struct cache_view *v, const name_t *name, uint16_t type);
json_t *cache_view_stats(const struct cache_view *v);

#endif
