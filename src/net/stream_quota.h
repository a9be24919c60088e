/* What all stream servers of the process may use together: connections, connections of one client, octets of
 * buffers. Half of it is divided among the servers, so that whoever fills one cannot starve another; the
 * other half is for who needs it first (threat A19).
 */
#ifndef HARK_NET_STREAM_QUOTA_H
#define HARK_NET_STREAM_QUOTA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "net/stream.h"

struct stream_source; /* a client's address, counted */

/* What one server uses. Only its own thread touches it. */
struct stream_part {
    size_t connections, octets;
};

/** servers: how many will draw on it, at least 1. */
struct stream_quota *stream_quota_new(const struct stream_limits *limits, unsigned servers);
/** After all servers are gone. */
void stream_quota_free(struct stream_quota *q);
const struct stream_limits *stream_quota_limits(const struct stream_quota *q);

/** One more connection. False: there is no room. */
bool stream_quota_connect(struct stream_quota *q, struct stream_part *p);
void stream_quota_disconnect(struct stream_quota *q, struct stream_part *p);
/** Little is left for this server. */
bool stream_quota_is_pressed(const struct stream_quota *q, const struct stream_part *p);
/** Counts one more connection of that IPv4 address or IPv6 /56 in the whole process; NULL: it has its share.
 */
struct stream_source *stream_quota_source(struct stream_quota *q, const struct addr *client);
void stream_quota_source_release(struct stream_quota *q, struct stream_source *source);
/** So many octets of buffers more. False: there is no room. */
bool stream_quota_grow(struct stream_quota *q, struct stream_part *p, size_t octets);
void stream_quota_shrink(struct stream_quota *q, struct stream_part *p, size_t octets);

#endif
