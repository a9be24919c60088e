/* TCP service (RFC 7766): messages with two octets of length before them; many questions pipelined on a
 * connection, replies in any order, idle connections closed, slow ones cut off.
 *
 *   stream_quota_new(&limits, servers)            what all servers of the process share
 *   stream_server_open(&s, loop, listen_open(&at, SOCK_STREAM, false), quota, on_query, ctx)
 *       on_query(ctx, client, wire, len)         one whole message; client is valid until released
 *           stream_client_reply(client, …)        exactly once for each on_query, now or later; gives back
 *                                                 the hold that on_query was handed
 *   stream_server_close(s)
 */
#ifndef HARK_NET_STREAM_H
#define HARK_NET_STREAM_H

#include <uv.h>

#include "base/addr.h"
#include "base/err.h"

struct stream_limits {
    unsigned connections_max; /* of the process */
    unsigned per_address_max; /* from one IPv4 address or IPv6 /56 */
    unsigned pending_max;     /* questions without reply on a connection; beyond, reading pauses */
    unsigned first_octet_ms;  /* from accept to the first octet */
    unsigned message_ms;      /* from a message's first octet to its last */
    unsigned idle_ms;         /* between messages, none pending */
    unsigned pressed_idle_ms; /* the same when connections are near the maximum */
    unsigned write_ms;        /* a reply not taken by the client */
    size_t write_queue_max;   /* octets queued towards one client; beyond, reading pauses */
    size_t octets_max; /* of all buffers of the process; beyond, who has not taken longest is cut off */
};
/* 4096, 64, 64, 3000, 3000, 10000, 200, 3000, 256 KiB, 64 MiB: docs/threats.md A19 */
extern const struct stream_limits STREAM_LIMITS_DEFAULT;

struct stream_quota;
struct stream_server;
struct stream_client; /* one connection; stays allocated while questions of it are pending */

/** wire is valid during the call only. Each call hands over one pending question, ended by
 * stream_client_reply or stream_client_forget. */
typedef void stream_query_fn(void *ctx, struct stream_client *client, const uint8_t *wire, size_t len);

struct stream_counters {
    uint64_t accepted, refused, queries, replies, closed_slow, closed_idle;
    unsigned open; /* gauge */
};

/** Takes over fd, a listening socket (listen.h); the quota must outlive it. ERR_SYSTEM with errno: fd is
 * closed, or was negative (then errno is the caller's). */
enum err stream_server_open(struct stream_server **out, uv_loop_t *loop, int fd, struct stream_quota *quota,
    stream_query_fn *on_query, void *ctx);
const struct endpoint *stream_client_peer(const struct stream_client *c);
const struct endpoint *stream_client_local(const struct stream_client *c);
/** Sends (queues) one message and ends one pending question. If the connection is gone, nothing happens but
 * the ending. Several replies of one loop turn leave in one write. */
void stream_client_reply(struct stream_client *c, const uint8_t *wire, size_t len);
/** Ends one pending question without a reply. */
void stream_client_forget(struct stream_client *c);
/** Closes the connection at once (a message deserves no answer). Pending questions must still be ended. */
void stream_client_close(struct stream_client *c);
/** No new connections or messages; pending replies still go out. */
void stream_server_stop(struct stream_server *s);
void stream_server_close(struct stream_server *s);
const struct stream_counters *stream_server_counters(const struct stream_server *s);
const struct endpoint *stream_server_at(const struct stream_server *s);

#endif
